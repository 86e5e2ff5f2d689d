//! `/verwaltung/personen`: who works here, with which roles; inviting, locking out, handing out roles. Whom a person may
//! touch is `role::may_manage` and `role::may_grant`. Invariants: nobody locks themselves out, and the town always keeps
//! one active administrator.

use crate::{
    invite::{self, InviteRefusal, NewInvitation, WHOLE_TOWN, invite_staff, role_of},
    role::{Role, RoleGrant, may_grant, may_manage},
    store::{self, StaffMember},
};
use axum::extract::Path;
use base::{AccountId, Actor, OrgUnitId};
use db::{Audit, DbError, Once, Tx};
use mail::EmailAddress;
use serde_json::json;
use std::collections::HashMap;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit};

/// For a select or radio field.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub aside: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: String::new(), aside: String::new() }
    }
}

/// "Sachbearbeitung, Bauhof".
pub fn role_words(grant: &RoleGrant, units: &HashMap<OrgUnitId, String>) -> String {
    let place = grant.unit.map_or("ganze Stadt", |unit| units.get(&unit).map_or("", String::as_str));
    format!("{}, {place}", grant.role.label())
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    wanted: String,
    people: Vec<PersonLine>,
}

struct PersonLine {
    href: String,
    name: String,
    email: String,
    unit: String,
    roles: Vec<String>,
    state: State,
}

/// How an account stands, as a tag: kind and words.
struct State {
    kind: &'static str,
    words: &'static str,
}

fn state_of(member: &StaffMember) -> State {
    match (member.active, member.has_password) {
        (false, _) => State { kind: "danger", words: "gesperrt" },
        (true, false) => State { kind: "warn", words: "eingeladen" },
        (true, true) => State { kind: "ok", words: "aktiv" },
    }
}

/// `GET /verwaltung/personen?q=`
pub async fn list(visit: Visit, form: Form) -> Answer {
    let asking = visit.clone();
    let (members, mut roles, units, desk) = visit
        .read(move |tx| {
            Ok::<_, DbError>((store::staff(tx)?, store::all_roles(tx)?, store::unit_names(tx)?, asking.desk(tx)?))
        })
        .await?;
    let wanted = form.text("q").to_owned();
    let key = store::sort_key(&wanted);
    let matches = |member: &StaffMember| {
        store::sort_key(&member.name).contains(&key) || store::sort_key(&member.email).contains(&key)
    };
    let people = members.into_iter().filter(matches).map(|member| PersonLine {
        href: format!("/verwaltung/personen/{}", member.account),
        unit: member.home_unit.and_then(|unit| units.get(&unit).cloned()).unwrap_or_default(),
        roles: roles.remove(&member.account).unwrap_or_default().iter().map(|g| role_words(g, &units)).collect(),
        state: state_of(&member),
        name: member.name,
        email: member.email,
    });
    let people = people.collect();
    web::render(&PeoplePage { page: visit.page("Personen").with_desk(desk), wanted, people })
}

#[derive(Template)]
#[template(path = "person-new.html")]
struct NewPersonPage {
    page: Page,
    form: FormState,
    roles: Vec<Choice>,
    units: Vec<Choice>,
}

fn role_choices() -> Vec<Choice> {
    let choice = |role: &Role| Choice { hint: role.explanation().to_owned(), ..Choice::new(role.word(), role.label()) };
    Role::ALL.iter().map(choice).collect()
}

/// The places for which this actor may give roles.
fn unit_choices(tx: &Tx<'_>, actor: &Actor) -> Result<Vec<Choice>, DbError> {
    let mut choices = vec![];
    if may_grant(actor, None) {
        choices.push(Choice::new(WHOLE_TOWN, "Ganze Stadt"));
    }
    let units = store::org_units(tx)?.into_iter().filter(|unit| may_grant(actor, Some(unit.id)));
    choices.extend(units.map(|unit| Choice::new(unit.id.to_string(), unit.name)));
    Ok(choices)
}

async fn new_person_page(visit: &Visit, form: FormState) -> Result<NewPersonPage, PageError> {
    let asking = visit.clone();
    let (units, desk) =
        visit.read(move |tx| Ok::<_, DbError>((unit_choices(tx, &asking.actor)?, asking.desk(tx)?))).await?;
    let page = visit.page("Person einladen").with_desk(desk);
    let page = if form.has_errors() { page.failed() } else { page };
    Ok(NewPersonPage { page, form, roles: role_choices(), units })
}

/// `GET /verwaltung/personen/neu`
pub async fn new(visit: Visit) -> Answer {
    let mut form = Form::default();
    form.set("role", Role::Clerk.word());
    web::render(&new_person_page(&visit, form.into()).await?)
}

/// What stops a change.
pub(crate) enum Stop {
    Page(PageError),
    Refused(Refusal),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    NotYours,
    Yourself,
    LastAdministrator,
    AddressTaken,
    UnknownUnit,
}

impl Refusal {
    /// The field it belongs to and what to do.
    const fn message(self) -> (&'static str, &'static str) {
        match self {
            Self::NotYours => {
                ("", "Dafür reichen Ihre Rechte nicht. Fragen Sie die Verwaltung der Zugänge für die ganze Stadt.")
            }
            Self::Yourself => ("", "Sich selbst können Sie nicht sperren. Bitten Sie eine andere Person darum."),
            Self::LastAdministrator => {
                ("", "Das ist die letzte Person, die Zugänge verwaltet. Geben Sie diese Rolle erst jemand anderem.")
            }
            Self::AddressTaken => ("email", "Mit dieser E-Mail-Adresse gibt es schon einen Zugang."),
            Self::UnknownUnit => ("unit", "Wählen Sie ein Amt aus der Liste."),
        }
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<InviteRefusal> for Stop {
    fn from(refusal: InviteRefusal) -> Self {
        match refusal {
            InviteRefusal::AddressTaken => Self::Refused(Refusal::AddressTaken),
            InviteRefusal::UnknownUnit => Self::Refused(Refusal::UnknownUnit),
            InviteRefusal::NotYours => Self::Refused(Refusal::NotYours),
            InviteRefusal::Db(error) => Self::Page(error.into()),
        }
    }
}

/// `POST /verwaltung/personen/neu`
pub async fn invite(visit: Visit, form: Form) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let mut state = FormState::from(form);
    state.require("name", "Geben Sie den Namen ein.");
    state.limit("name", 120, "Kürzen Sie den Namen auf 120 Zeichen.");
    let email = EmailAddress::parse(state.form.text("email"));
    if email.is_err() {
        state.refuse("email", "Geben Sie eine E-Mail-Adresse ein, zum Beispiel: vorname.nachname@rathaus.example");
    }
    let role = role_of(&state.form);
    if let Err((field, message)) = role {
        state.refuse(field, message);
    }
    let (Ok(email), Ok(grant), false) = (email, role, state.has_errors()) else {
        return Visit::unprocessable(&new_person_page(&visit, state).await?);
    };
    let new = NewInvitation { name: state.form.text("name").to_owned(), email, role: grant.role, unit: grant.unit };
    let (asking, secret) = (visit.clone(), visit.site.secret_token());
    let done = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(url) => return Ok(url),
                Once::Conflict => return Err(Stop::Page(PageError::Conflict)),
                Once::First => {}
            }
            let account = invite_staff(tx, &asking.town, &asking.actor, &new, &secret)?;
            let url = format!("/verwaltung/personen/{account}");
            tx.once_answer(key, &url)?;
            Ok(url)
        })
        .await;
    match done {
        Ok(url) => Ok(visit.see_other_saying(&url, "flash-identity-invited")),
        Err(Stop::Page(error)) => Err(error),
        Err(Stop::Refused(refusal)) => {
            let (field, message) = refusal.message();
            state.refuse(field, message);
            Visit::unprocessable(&new_person_page(&visit, state).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    form: FormState,
    member: StaffMember,
    state: State,
    href: String,
    roles: Vec<RoleLine>,
    role_choices: Vec<Choice>,
    unit_choices: Vec<Choice>,
    home_choices: Vec<Choice>,
    since: String,
    manageable: bool,
    myself: bool,
}

struct RoleLine {
    words: String,
    role: &'static str,
    unit: String,
    mine_to_take: bool,
}

async fn person_page(visit: &Visit, account: AccountId, mut form: FormState) -> Result<PersonPage, PageError> {
    let asking = visit.clone();
    let found = visit
        .read(move |tx| {
            let Some(member) = store::staff_member(tx, account)? else { return Ok::<_, DbError>(None) };
            let roles = store::roles_of(tx, account)?;
            let rest =
                (store::unit_names(tx)?, unit_choices(tx, &asking.actor)?, store::org_units(tx)?, asking.desk(tx)?);
            Ok(Some((member, roles, store::created_at(tx, account)?, rest)))
        })
        .await?;
    let Some((member, roles, created, (names, unit_choices, units, desk))) = found else {
        return Err(PageError::NotFound);
    };
    let line = |grant: &RoleGrant| RoleLine {
        words: role_words(grant, &names),
        role: grant.role.word(),
        unit: grant.unit.map_or_else(|| WHOLE_TOWN.to_owned(), |unit| unit.to_string()),
        mine_to_take: may_grant(&visit.actor, grant.unit),
    };
    if !form.form.has("home") {
        form.form.set("home", member.home_unit.map(|unit| unit.to_string()).unwrap_or_default());
    }
    let page = visit.page(member.name.clone()).with_desk(desk);
    Ok(PersonPage {
        page: if form.has_errors() { page.failed() } else { page },
        state: state_of(&member),
        href: format!("/verwaltung/personen/{account}"),
        roles: roles.iter().map(line).collect(),
        role_choices: role_choices(),
        unit_choices,
        home_choices: units.into_iter().map(|unit| Choice::new(unit.id.to_string(), unit.name)).collect(),
        since: created.map(|at| web::words::short_date(at.date())).unwrap_or_default(),
        manageable: may_manage(&visit.actor, member.home_unit, &roles),
        myself: visit.actor.staff().is_some_and(|staff| staff.account == account),
        member,
        form,
    })
}

fn account_id(text: &str) -> Result<AccountId, PageError> {
    AccountId::parse(text).ok_or(PageError::NotFound)
}

/// `GET /verwaltung/personen/{account}`
pub async fn show(visit: Visit, Path(account): Path<String>) -> Answer {
    web::render(&person_page(&visit, account_id(&account)?, FormState::default()).await?)
}

/// Runs one change of one person: once, or back to the page with what to mend.
async fn change(
    visit: &Visit,
    account: &str,
    form: Form,
    flash: &'static str,
    work: impl Fn(&Tx<'_>, &Visit, &StaffMember) -> Result<(), Stop> + Send + 'static,
) -> Answer {
    let account = account_id(account)?;
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let asking = visit.clone();
    let done = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(Stop::Page(PageError::Conflict)),
                Once::First => {}
            }
            let member = store::staff_member(tx, account)?.ok_or(Stop::Page(PageError::NotFound))?;
            work(tx, &asking, &member)
        })
        .await;
    match done {
        Ok(()) => Ok(visit.see_other_saying(&format!("/verwaltung/personen/{account}"), flash)),
        Err(Stop::Page(error)) => Err(error),
        Err(Stop::Refused(refusal)) => {
            let mut state = FormState::from(form);
            let (field, message) = refusal.message();
            state.refuse(field, message);
            Visit::unprocessable(&person_page(visit, account, state).await?)
        }
    }
}

fn audit(tx: &Tx<'_>, visit: &Visit, account: AccountId, action: &'static str, detail: serde_json::Value) {
    tx.audit(Audit { actor: visit.actor.trace(), action, subject: account.to_string(), detail });
}

fn must_manage(tx: &Tx<'_>, actor: &Actor, member: &StaffMember) -> Result<Vec<RoleGrant>, Stop> {
    let roles = store::roles_of(tx, member.account)?;
    if may_manage(actor, member.home_unit, &roles) { Ok(roles) } else { Err(Stop::Refused(Refusal::NotYours)) }
}

/// Two who take the last two administrators away at the same moment would each find the other one still there. Before
/// anything is read about roles.
fn one_after_the_other(tx: &Tx<'_>) -> Result<(), DbError> {
    tx.lock("identity.administrators")
}

/// Somebody else must be able to manage the staff of the whole town after this person no longer can.
fn must_leave_an_administrator(tx: &Tx<'_>, account: AccountId, taken: &[RoleGrant]) -> Result<(), Stop> {
    let is_the_one = |grant: &RoleGrant| grant.role == Role::Administrator && grant.unit.is_none();
    if taken.iter().any(is_the_one) && store::other_administrators(tx, account)? == 0 {
        return Err(Stop::Refused(Refusal::LastAdministrator));
    }
    Ok(())
}

/// `POST …/amt`: the office a person belongs to.
pub async fn move_home(visit: Visit, Path(account): Path<String>, form: Form) -> Answer {
    let home = match form.text("home") {
        "" => None,
        id => Some(OrgUnitId::parse(id).ok_or(PageError::BadRequest("the office is no id"))?),
    };
    change(&visit, &account, form, "flash-identity-saved", move |tx, visit, member| {
        must_manage(tx, &visit.actor, member)?;
        if !may_grant(&visit.actor, home) {
            return Err(Stop::Refused(Refusal::NotYours));
        }
        if let Some(unit) = home
            && store::org_unit(tx, unit)?.is_none()
        {
            return Err(Stop::Refused(Refusal::UnknownUnit));
        }
        store::set_home_unit(tx, member.account, home)?;
        audit(tx, visit, member.account, "staff.moved", json!({ "unit": home.map(|unit| unit.to_string()) }));
        Ok(())
    })
    .await
}

fn grant_detail(grant: RoleGrant) -> serde_json::Value {
    json!({ "role": grant.role.word(), "unit": grant.unit.map(|unit| unit.to_string()) })
}

/// `POST …/rollen`
pub async fn give_role(visit: Visit, Path(account): Path<String>, form: Form) -> Answer {
    let grant = match role_of(&form) {
        Ok(grant) => grant,
        Err((field, message)) => {
            let account = AccountId::parse(&account).ok_or(PageError::NotFound)?;
            let mut state = FormState::from(form);
            state.refuse(field, message);
            return Visit::unprocessable(&person_page(&visit, account, state).await?);
        }
    };
    change(&visit, &account, form, "flash-identity-saved", move |tx, visit, member| {
        if !may_grant(&visit.actor, grant.unit) {
            return Err(Stop::Refused(Refusal::NotYours));
        }
        if let Some(unit) = grant.unit
            && store::org_unit(tx, unit)?.is_none()
        {
            return Err(Stop::Refused(Refusal::UnknownUnit));
        }
        store::put_role(tx, member.account, grant)?;
        audit(tx, visit, member.account, "staff.role_given", grant_detail(grant));
        Ok(())
    })
    .await
}

/// `POST …/rollenentzug`
pub async fn take_role(visit: Visit, Path(account): Path<String>, form: Form) -> Answer {
    let grant = role_of(&form).map_err(|_| PageError::BadRequest("the role is none of ours"))?;
    change(&visit, &account, form, "flash-identity-saved", move |tx, visit, member| {
        if !may_grant(&visit.actor, grant.unit) {
            return Err(Stop::Refused(Refusal::NotYours));
        }
        one_after_the_other(tx)?;
        must_leave_an_administrator(tx, member.account, &[grant])?;
        if store::remove_role(tx, member.account, grant)? {
            audit(tx, visit, member.account, "staff.role_taken", grant_detail(grant));
        }
        Ok(())
    })
    .await
}

/// `POST …/einladung`: a fresh link, also for a forgotten password.
pub async fn invite_again(visit: Visit, Path(account): Path<String>, form: Form) -> Answer {
    let secret = visit.site.secret_token();
    change(&visit, &account, form, "flash-identity-invited", move |tx, visit, member| {
        must_manage(tx, &visit.actor, member)?;
        let email = EmailAddress::parse(&member.email)
            .map_err(|_| Stop::Page(PageError::internal("a stored address is none")))?;
        invite::send_link(tx, &visit.town, member.account, &member.name, &email, &secret)?;
        audit(tx, visit, member.account, "staff.invited", json!({ "again": true }));
        Ok(())
    })
    .await
}

/// `POST …/sperre`: out at once, everywhere. Other rooms hear `staff.disabled`.
pub async fn disable(visit: Visit, Path(account): Path<String>, form: Form) -> Answer {
    change(&visit, &account, form, "flash-identity-disabled", |tx, visit, member| lock_out(tx, &visit.actor, member))
        .await
}

pub(crate) fn lock_out(tx: &Tx<'_>, actor: &Actor, member: &StaffMember) -> Result<(), Stop> {
    if actor.staff().is_some_and(|staff| staff.account == member.account) {
        return Err(Stop::Refused(Refusal::Yourself));
    }
    one_after_the_other(tx)?;
    let roles = must_manage(tx, actor, member)?;
    must_leave_an_administrator(tx, member.account, &roles)?;
    disable_staff(tx, actor, member.account)?;
    Ok(())
}

/// Locks an account, ends its sessions and tells the other rooms. False: it was locked already.
pub fn disable_staff(tx: &Tx<'_>, actor: &Actor, account: AccountId) -> Result<bool, DbError> {
    if !store::set_active(tx, account, false)? {
        return Ok(false);
    }
    store::end_sessions_of(tx, account)?;
    let subject = account.to_string();
    tx.emit("staff.disabled", json!({ "account": subject }));
    tx.audit(Audit { actor: actor.trace(), action: "staff.disabled", subject, detail: json!({}) });
    Ok(true)
}

/// `POST …/freigabe`
pub async fn enable(visit: Visit, Path(account): Path<String>, form: Form) -> Answer {
    change(&visit, &account, form, "flash-identity-enabled", |tx, visit, member| {
        must_manage(tx, &visit.actor, member)?;
        if store::set_active(tx, member.account, true)? {
            audit(tx, visit, member.account, "staff.enabled", json!({}));
        }
        Ok(())
    })
    .await
}
