//! Cases (Vorgänge): whatever a citizen brings to the town, with one number, one timeline, a responsible unit and a
//! deadline; the desk where clerks work on them, and the page where the citizen sees how it stands. It does not know what
//! a damage report is: other rooms open cases and listen to their events. Invariant: every change of state passes
//! `case::next` and leaves an entry, an audit line and an event in one transaction.

mod acts;
mod case;
mod desk;
mod labels;
mod mails;
mod number;
mod open;
mod pages;
mod routing;
mod seed;
mod store;
mod upkeep;
mod wording;

pub use acts::hand_on;
pub use case::{CaseId, Outcome, State};
pub use number::normalise as normalise_number;
pub use open::{
    MailState, NewCase, Opened, answered, attach, mail_state, may_ask, open, pictures, pin, put_fact, remark, title_in,
    unit_for,
};
pub use pages::access::access_cookie;
pub use routing::{Rule, RuleChoice};
pub use seed::{SeedCase, SeedStep, Step, seed_case};
pub use store::query::Query;
pub use store::{
    CaseHead, by_number, head, lock, put_rule, remove_rule, rules,
    threads::{AttachmentKind, Entry, EntryKind, NewAttachment, blobs, visible_entries as timeline_for_citizen},
};

pub use wording::English;

use base::Permission;
use db::{DbError, Migration, Tx};
use web::{Access, DemoPage, Listener, Room, Routes};

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "20261122_cases", sql: include_str!("../migrations/20261122_cases.sql") },
    Migration { name: "20261123_cases_counts", sql: include_str!("../migrations/20261123_cases_counts.sql") },
    Migration { name: "20261123_cases_english", sql: include_str!("../migrations/20261123_cases_english.sql") },
    Migration { name: "20261130_cases_figures", sql: include_str!("../migrations/20261130_cases_figures.sql") },
    Migration { name: "20261130_cases_figures_old", sql: include_str!("../migrations/20261130_cases_figures_old.sql") },
];

/// The manifest.
pub fn room() -> Room {
    Room {
        migrations: MIGRATIONS,
        texts: (include_str!("../texts/de.ftl"), include_str!("../texts/en.ftl")),
        routes,
        listeners: LISTENERS,
        jobs: mails::JOBS,
        desk_links: desk::links,
        upkeep: upkeep::half_hour,
        blobs: store::threads::blobs,
        template: upkeep::template,
        demo_pages,
        ..Room::named("cases")
    }
}

const LISTENERS: &[Listener] = &[Listener { event: "staff.disabled", handle: upkeep::staff_disabled }];

/// The demo's clerk works in the depot, so the example case is the depot's youngest.
fn demo_pages(tx: &Tx<'_>) -> Result<Vec<DemoPage>, DbError> {
    let mut pages = vec![
        DemoPage::public("/stand", "status-entrance"),
        DemoPage { status: 410, ..DemoPage::public("/post/bestaetigen/abgelaufen", "mail-link-gone") },
        DemoPage::staff("/arbeit", "clerk", "desk-inbox"),
        DemoPage::staff("/arbeit?liste=meine", "clerk", "desk-mine"),
        DemoPage::staff("/arbeit?liste=team", "head", "desk-team"),
        DemoPage::staff("/arbeit?liste=erledigt", "clerk", "desk-done"),
        DemoPage::staff("/arbeit/suche?q=Sitzbank", "clerk", "desk-search"),
    ];
    let depot = identity::standard_unit(tx.municipality(), "works_depot");
    if let Some(number) = store::youngest_of_unit(tx, depot)? {
        pages.push(DemoPage::staff(format!("/arbeit/fall/{number}"), "clerk", "desk-case"));
    }
    Ok(pages)
}

fn routes(routes: &mut Routes) {
    use Access::{Needs, Public, Staff};
    use Permission::{CaseRead, CaseWork};
    routes.get("/stand", Public, pages::entrance);
    routes.post("/stand", Public, pages::enter);
    routes.get("/stand/{number}", Public, pages::status);
    routes.post("/stand/{number}/antwort", Public, pages::reply);
    routes.post("/stand/{number}/zurueckziehen", Public, pages::withdraw);
    routes.post("/stand/{number}/bewertung", Public, pages::rate);
    routes.get("/stand/{number}/anhang/{id}", Public, pages::attachment);
    routes.get("/stand/{number}/foto/{token}", Public, pages::photos::show);
    routes.get("/stand/{number}/{token}", Public, pages::enter_by_link);
    routes.get("/post/bestaetigen/{token}", Public, pages::post::confirm_page);
    routes.post("/post/bestaetigen/{token}", Public, pages::post::confirm);
    routes.get("/post/abbestellen/{token}", Public, pages::post::stop_page);
    routes.post("/post/abbestellen/{token}", Public, pages::post::stop);

    routes.get("/arbeit", Staff, desk::start);
    routes.get("/arbeit/neu", Needs(CaseRead), desk::arrivals);
    routes.get("/arbeit/suche", Needs(CaseRead), desk::list);
    routes.get("/arbeit/fall/{number}", Needs(CaseRead), desk::show);
    routes.post("/arbeit/fall/{number}/uebernahme", Needs(CaseWork), desk::deeds::claim);
    routes.post("/arbeit/fall/{number}/freigabe", Needs(CaseWork), desk::deeds::release);
    routes.post("/arbeit/fall/{number}/weitergabe", Needs(CaseWork), desk::deeds::transfer);
    routes.post("/arbeit/fall/{number}/notiz", Needs(CaseWork), desk::deeds::note);
    routes.post("/arbeit/fall/{number}/antwort", Needs(CaseWork), desk::deeds::answer);
    routes.post("/arbeit/fall/{number}/stand", Needs(CaseWork), desk::deeds::progress);
    routes.post("/arbeit/fall/{number}/abschluss", Needs(CaseWork), desk::deeds::close);
    routes.post("/arbeit/fall/{number}/wiederaufnahme", Needs(CaseWork), desk::deeds::reopen);
    routes.get("/arbeit/anhang/{id}", Needs(CaseRead), desk::attachment);
}

#[cfg(test)]
mod tests;
