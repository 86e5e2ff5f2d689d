//! Taking people in: an account without password and a link with a one-time secret that sets it. The same link mends a
//! forgotten password. Invariant: a link works once, for fourteen days, and never tells anybody's password.

use crate::{
    brake::Device,
    password::{PasswordRefusal, check_new_password, hash_password},
    role::{Role, RoleGrant, may_grant},
    session::{INVITATION_SECONDS, token_hash},
    sign_in,
    store::{self, Invitation, NewStaff},
};
use axum::extract::Path;
use base::{AccountId, Actor, OrgUnitId};
use db::{Audit, Constraint, DbError, Tx};
use http::header;
use mail::{EmailAddress, Mail};
use serde_json::json;
use web::{Answer, Form, FormState, Letterbox, Page, PageError, Template, Texts, Town, Visit};

/// Who is to be taken in, as what, where.
#[derive(Clone)]
pub struct NewInvitation {
    pub name: String,
    pub email: EmailAddress,
    pub role: Role,
    /// `None`: the whole town.
    pub unit: Option<OrgUnitId>,
}

#[derive(Debug, thiserror::Error)]
pub enum InviteRefusal {
    #[error("somebody with this address works here already")]
    AddressTaken,
    #[error("there is no such office")]
    UnknownUnit,
    #[error("the role reaches further than the one who gives it")]
    NotYours,
    #[error("the database refused")]
    Db(#[source] DbError),
}

impl From<DbError> for InviteRefusal {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Violated(violated) if violated.kind == Constraint::Unique => Self::AddressTaken,
            other => Self::Db(other),
        }
    }
}

/// The link behind a secret.
pub fn invitation_link(town: &Town, secret: &str) -> String {
    town.url(&format!("/einladung/{secret}"))
}

/// Makes the account and mails the link. `secret` comes from `Site::secret_token`, made outside the transaction.
pub fn invite_staff(
    tx: &Tx<'_>,
    town: &Town,
    actor: &Actor,
    new: &NewInvitation,
    secret: &str,
) -> Result<AccountId, InviteRefusal> {
    if !may_grant(actor, new.unit) {
        return Err(InviteRefusal::NotYours);
    }
    if store::credentials(tx, new.email.as_str())?.is_some() {
        return Err(InviteRefusal::AddressTaken);
    }
    if let Some(unit) = new.unit
        && store::org_unit(tx, unit)?.is_none()
    {
        return Err(InviteRefusal::UnknownUnit);
    }
    let account = store::create_staff(
        tx,
        &NewStaff {
            name: new.name.clone(),
            email: new.email.as_str().to_owned(),
            password: None,
            roles: vec![(new.role.word().to_owned(), new.unit)],
            home_unit: new.unit,
        },
    )?;
    tx.audit(Audit {
        actor: actor.trace(),
        action: "staff.invited",
        subject: account.to_string(),
        detail: json!({ "role": new.role.word(), "unit": new.unit.map(|unit| unit.to_string()) }),
    });
    send_link(tx, town, account, &new.name, &new.email, secret)?;
    Ok(account)
}

/// Stores a fresh link and mails it; older links of the person end.
pub fn send_link(
    tx: &Tx<'_>,
    town: &Town,
    account: AccountId,
    name: &str,
    email: &EmailAddress,
    secret: &str,
) -> Result<(), DbError> {
    store::put_invitation(tx, account, token_hash(secret), tx.now().plus_seconds(INVITATION_SECONDS))?;
    let mail = Mail::new(format!("Ihr Zugang zum Arbeitsplatz: {}", town.name))
        .greeting_to(name)
        .paragraph(format!(
            "für Sie ist ein Zugang zum Arbeitsplatz von {} eingerichtet. Öffnen Sie den Link und wählen Sie Ihr Passwort. \
             Der Link gilt 14 Tage und nur einmal.",
            town.name
        ))
        .button("Passwort wählen", invitation_link(town, secret))
        .paragraph("Sie haben damit nichts zu tun? Dann löschen Sie diese E-Mail. Ohne den Link geschieht nichts.")
        .footer(format!("{} {}", town.kind_name, town.name));
    Letterbox::send(tx, email, mail)
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    page: Page,
    form: FormState,
    token: String,
    email: String,
}

fn invitation_page(visit: &Visit, invitation: &Invitation, token: String, form: FormState) -> InvitationPage {
    let page = visit.page(visit.t.s("identity-invitation-title"));
    InvitationPage {
        page: if form.has_errors() { page.failed() } else { page },
        form,
        token,
        email: invitation.email.clone(),
    }
}

async fn find(visit: &Visit, token: &str) -> Result<Invitation, PageError> {
    visit.limit_secret().await?;
    let hash = token_hash(token);
    visit.read(move |tx| store::invitation(tx, hash)).await?.ok_or(PageError::Gone)
}

/// `GET /einladung/{token}`
pub async fn form(visit: Visit, Path(token): Path<String>) -> Answer {
    let invitation = find(&visit, &token).await?;
    let mut form = Form::default();
    form.set("name", invitation.name.clone());
    web::render(&invitation_page(&visit, &invitation, token, form.into()))
}

/// What to tell a person about a refused password.
pub fn password_message(t: &'static Texts, refusal: PasswordRefusal) -> &'static str {
    match refusal {
        PasswordRefusal::TooShort => t.s("identity-password-short"),
        PasswordRefusal::TooLong => t.s("identity-password-long"),
        PasswordRefusal::Common => t.s("identity-password-common"),
        PasswordRefusal::Personal => t.s("identity-password-personal"),
    }
}

/// `POST /einladung/{token}`
pub async fn send(visit: Visit, Path(token): Path<String>, form: Form) -> Answer {
    let invitation = find(&visit, &token).await?;
    let mut state = FormState::from(form);
    state.require("name", visit.t.s("identity-name-missing"));
    state.limit("name", 120, visit.t.s("identity-name-long"));
    let about = [state.form.text("name"), invitation.email.as_str(), visit.town.name.as_str()];
    if let Err(refusal) = check_new_password(state.form.raw("password"), &about) {
        state.refuse("password", password_message(visit.t, refusal));
    }
    if state.has_errors() {
        state.form.set("password", "");
        return Visit::unprocessable(&invitation_page(&visit, &invitation, token, state));
    }
    let name = state.form.text("name").to_owned();
    let password = hash_password(&visit.site, state.form.raw("password").to_owned()).await?;
    let (hash, account, secret) = (token_hash(&token), invitation.account, visit.site.secret_token());
    let (session, device) = (token_hash(&secret), sign_in::device_of(&visit));
    let first_page = visit
        .write(move |tx| {
            if !store::use_invitation(tx, hash)? {
                return Err(PageError::Gone);
            }
            store::set_password(tx, account, &password)?;
            store::set_name(tx, account, &name)?;
            store::end_sessions_of(tx, account)?;
            let who = account.to_string();
            tx.audit(Audit {
                actor: format!("staff:{who}"),
                action: "account.password_set",
                subject: who,
                detail: json!({ "by": "link" }),
            });
            sign_in::open(tx, account, session, &device)?;
            let actor = crate::actor_of(tx, account)?.ok_or(PageError::Gone)?;
            Ok(sign_in::first_page(&Actor::Staff(actor)))
        })
        .await?;
    let mut response = visit.see_other_saying(first_page, "flash-identity-welcome");
    response.headers_mut().append(header::SET_COOKIE, web::cookie("sitzung", &secret, None));
    response.headers_mut().append(header::SET_COOKIE, Device::of(&visit).with(account).cookie(&visit));
    Ok(response)
}

/// In forms: the role holds in the whole town. A word of its own, so that nothing chosen never means everything.
pub const WHOLE_TOWN: &str = "stadt";

/// One role of a form: word and office, or the whole town. The error: which field, and how to mend it.
pub fn role_of(form: &Form) -> Result<RoleGrant, (&'static str, &'static str)> {
    let role = Role::from_word(form.text("role")).ok_or(("role", "Wählen Sie eine Rolle."))?;
    let unit = match form.text("unit") {
        WHOLE_TOWN => None,
        id => Some(OrgUnitId::parse(id).ok_or(("unit", "Wählen Sie, für welches Amt die Rolle gilt."))?),
    };
    Ok(RoleGrant { role, unit })
}
