//! Offices, staff, roles, sessions: who works for the town and what they may do. Citizens need no account, so nothing
//! here is about them. Invariants: a secret (password, session, invitation) is stored only as a hash; a disabled person
//! is out at once; nobody gives a role for more than they manage themselves.

mod account;
mod brake;
mod invite;
mod password;
mod paths;
mod people;
mod role;
mod seed;
mod session;
mod sign_in;
mod store;
mod unit_pages;
mod units;

pub use invite::{InviteRefusal, NewInvitation, invitation_link, invite_staff};
pub use password::{PasswordHash, PasswordRefusal, check_new_password, hash_password_blocking};
pub use paths::own_path;
pub use people::disable_staff;
pub use role::{Role, RoleGrant, Units, units_for};
pub use seed::{DEMO_PASSWORD, DemoAccount, seed};
pub use store::{
    NewStaff, OrgUnit, StaffMember, create_staff, has_demo_accounts, names, org_unit, org_units, put_org_unit,
    roles_of, staff, staff_member, staff_of_unit, unit_names,
};
pub use units::{STANDARD_UNITS, StandardUnit, standard_unit};

use base::{MunicipalityId, Permission, StaffActor};
use db::{Db, DbError, Migration, Tx};
use web::{Access, DemoPage, DeskContext, DeskGroup, DeskLink, Room, Routes, Stage};

pub const MIGRATIONS: &[Migration] =
    &[Migration { name: "20261122_identity", sql: include_str!("../migrations/20261122_identity.sql") }];

/// The manifest.
pub fn room() -> Room {
    Room {
        migrations: MIGRATIONS,
        texts: (include_str!("../texts/de.ftl"), include_str!("../texts/en.ftl")),
        routes,
        desk_links,
        authenticate: Some(authenticate),
        upkeep,
        template: units::template,
        demo_pages,
        ..Room::named("identity")
    }
}

fn routes(routes: &mut Routes) {
    use Permission::{StaffManage, TownEdit};
    routes.get("/anmelden", Access::Public, sign_in::form);
    routes.post("/anmelden", Access::Public, sign_in::send);
    routes.post("/abmelden", Access::Public, sign_in::sign_out);
    routes.get("/einladung/{token}", Access::Public, invite::form);
    routes.post("/einladung/{token}", Access::Public, invite::send);
    routes.get("/konto", Access::Staff, account::show);
    routes.post("/konto/name", Access::Staff, account::rename);
    routes.post("/konto/passwort", Access::Staff, account::change_password);
    routes.post("/konto/sitzungen", Access::Staff, account::end_others);
    routes.get("/verwaltung/personen", Access::Needs(StaffManage), people::list);
    routes.get("/verwaltung/personen/neu", Access::Needs(StaffManage), people::new);
    routes.post("/verwaltung/personen/neu", Access::Needs(StaffManage), people::invite);
    routes.get("/verwaltung/personen/{account}", Access::Needs(StaffManage), people::show);
    routes.post("/verwaltung/personen/{account}/amt", Access::Needs(StaffManage), people::move_home);
    routes.post("/verwaltung/personen/{account}/rollen", Access::Needs(StaffManage), people::give_role);
    routes.post("/verwaltung/personen/{account}/rollenentzug", Access::Needs(StaffManage), people::take_role);
    routes.post("/verwaltung/personen/{account}/einladung", Access::Needs(StaffManage), people::invite_again);
    routes.post("/verwaltung/personen/{account}/sperre", Access::Needs(StaffManage), people::disable);
    routes.post("/verwaltung/personen/{account}/freigabe", Access::Needs(StaffManage), people::enable);
    routes.get("/verwaltung/aemter", Access::Needs(TownEdit), unit_pages::list);
    routes.get("/verwaltung/aemter/neu", Access::Needs(TownEdit), unit_pages::new);
    routes.post("/verwaltung/aemter/neu", Access::Needs(TownEdit), unit_pages::create);
    routes.get("/verwaltung/aemter/{unit}", Access::Needs(TownEdit), unit_pages::edit);
    routes.post("/verwaltung/aemter/{unit}", Access::Needs(TownEdit), unit_pages::change);
}

fn desk_links(context: &DeskContext<'_>) -> Result<Vec<DeskGroup>, DbError> {
    let entries = [
        (Permission::StaffManage, "/verwaltung/personen", "Personen", "users"),
        (Permission::TownEdit, "/verwaltung/aemter", "Ämter", "building-2"),
    ];
    let links: Vec<DeskLink> = entries
        .into_iter()
        .filter(|(permission, ..)| base::may(context.actor, *permission, base::Scope::Anywhere))
        .map(|(_, href, label, icon)| DeskLink {
            href: href.to_owned(),
            label: label.to_owned(),
            icon,
            count: None,
            counted: [""; 2],
            urgent: false,
            current: context.path.starts_with(href),
        })
        .collect();
    Ok(if links.is_empty() { vec![] } else { vec![DeskGroup { title: "Verwaltung".to_owned(), links }] })
}

/// Who holds this session: one query for the person, one for the roles, one for the tree where a role has a unit.
pub fn authenticate(tx: &Tx<'_>, secret: &str) -> Result<Option<StaffActor>, DbError> {
    let token = session::token_hash(secret);
    let Some(row) = store::session(tx, token)? else { return Ok(None) };
    let town = tx.municipality();
    let seen_at = session::last_seen(town, token).map_or(row.seen_at, |seen| seen.max(row.seen_at));
    if !session::is_alive(row.created_at, seen_at, tx.now()) {
        return Ok(None);
    }
    session::saw(town, token, tx.now());
    staff_actor(tx, row.account, row.name, row.email).map(Some)
}

/// The actor behind an account: for tests and for jobs that act for a person.
pub fn actor_of(tx: &Tx<'_>, account: base::AccountId) -> Result<Option<StaffActor>, DbError> {
    let Some(member) = store::staff_member(tx, account)?.filter(|member| member.active) else { return Ok(None) };
    staff_actor(tx, account, member.name, member.email).map(Some)
}

fn staff_actor(tx: &Tx<'_>, account: base::AccountId, name: String, email: String) -> Result<StaffActor, DbError> {
    let roles = store::roles_of(tx, account)?;
    let tree = if roles.iter().any(|grant| grant.unit.is_some()) { store::tree(tx)? } else { vec![] };
    Ok(StaffActor { account, name, email, grants: role::grants(&roles, &tree) })
}

fn upkeep(tx: &Tx<'_>, _: &Stage) -> Result<(), DbError> {
    tx.unaudited("sessions and tries come and go without a trace", || store::tidy_up(tx))
}

/// Writes down who was seen by this node, so that every node knows it and a restart signs nobody out. Called every
/// minute and before the process ends; what cannot be written stays for the next time.
pub async fn write_sightings(db: &Db) -> Result<(), DbError> {
    for town in session::towns_with_sightings() {
        write_sightings_in(db, town).await?;
    }
    Ok(())
}

async fn write_sightings_in(db: &Db, town: MunicipalityId) -> Result<(), DbError> {
    let seen = session::seen_in(town);
    let noted = seen.clone();
    db.write(town, move |tx| {
        tx.unaudited("where somebody clicks is nobody's business", || store::note_sightings(tx, &noted))
    })
    .await?;
    session::written(town, &seen);
    Ok(())
}

fn demo_pages(tx: &Tx<'_>) -> Result<Vec<DemoPage>, DbError> {
    let depot = standard_unit(tx.municipality(), "works_depot");
    let mut pages = vec![
        DemoPage::public("/anmelden", "sign-in"),
        DemoPage { status: 410, ..DemoPage::public("/einladung/abgelaufen", "invitation-gone") },
        DemoPage::staff("/konto", "clerk", "account"),
        DemoPage::staff("/verwaltung/personen", "administrator", "people"),
        DemoPage::staff("/verwaltung/personen/neu", "administrator", "person-new"),
        DemoPage::staff("/verwaltung/aemter", "editor", "units"),
        DemoPage::staff("/verwaltung/aemter/neu", "editor", "unit-new"),
        DemoPage::staff(format!("/verwaltung/aemter/{depot}"), "editor", "unit"),
    ];
    if let Some(member) = store::staff_of_unit(tx, depot)?.first() {
        pages.push(DemoPage::staff(format!("/verwaltung/personen/{}", member.account), "administrator", "person"));
    }
    Ok(pages)
}

#[cfg(test)]
mod tests;
