//! Signing in and out. Invariants: an unknown address, a wrong password and too many tries get the same answer after
//! the same work; a session's secret is new at every sign-in.

use crate::{
    DEMO_PASSWORD, DemoAccount,
    brake::{Brake, Device, brakes},
    own_path,
    password::password_fits,
    seed,
    session::{self, token_hash},
    store,
};
use base::{AccountId, Actor, Permission, Scope, may};
use db::{Audit, DbError, Tx};
use http::header;
use serde_json::json;
use web::{Answer, Form, FormState, Page, Template, Visit};

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    page: Page,
    form: FormState,
    /// Where to go afterwards; empty: to the first page this person may see.
    back: String,
    /// Only on the demo.
    accounts: Vec<DemoAccount>,
    demo_password: &'static str,
}

fn sign_in_page(visit: &Visit, form: FormState) -> SignInPage {
    let demo = visit.site.settings.demo;
    let page = visit.page(visit.t.s("identity-sign-in-title"));
    SignInPage {
        page: if form.has_errors() { page.failed() } else { page },
        back: own_path(form.form.text("zurueck")).unwrap_or("").to_owned(),
        accounts: if demo { seed::offered_accounts(&visit.town) } else { vec![] },
        demo_password: if demo { DEMO_PASSWORD } else { "" },
        form,
    }
}

/// `GET /anmelden`
pub async fn form(visit: Visit, form: Form) -> Answer {
    if visit.actor.staff().is_some() {
        let to = own_path(form.text("zurueck")).unwrap_or_else(|| first_page(&visit.actor));
        return Ok(visit.see_other(to));
    }
    web::render(&sign_in_page(&visit, form.into()))
}

/// `POST /anmelden`
pub async fn send(visit: Visit, form: Form) -> Answer {
    visit.limit_secret().await?;
    let mut state = FormState::from(form);
    state.require("email", visit.t.s("identity-email-missing"));
    state.require("password", visit.t.s("identity-password-missing"));
    if state.has_errors() {
        return again(&visit, state);
    }
    let email = state.form.text("email").to_lowercase();
    let (device, network) = (Device::of(&visit), visit.client.household());
    let here = device.clone();
    let (allowed, found, counted) = visit
        .write(move |tx| {
            let found = store::credentials(tx, &email)?;
            let known = found.as_ref().is_some_and(|credentials| here.knows(credentials.account));
            let brakes = brakes(&email, network, known.then_some(here.id.as_str()));
            Ok::<_, DbError>((store::count_try(tx, &brakes)?, found, brakes))
        })
        .await?;
    let usable = found.filter(|credentials| allowed && credentials.active);
    let account = usable.as_ref().map(|credentials| credentials.account);
    let password = state.form.raw("password").to_owned();
    let fits = password_fits(usable.and_then(|credentials| credentials.password), password).await?;
    let back = own_path(state.form.text("zurueck")).map(str::to_owned);
    if let Some(account) = account.filter(|_| fits)
        && let Some(start) = begin(&visit, account, counted).await?
    {
        let mut response = visit.see_other(back.as_deref().unwrap_or(start.first_page));
        response.headers_mut().append(header::SET_COOKIE, web::cookie("sitzung", &start.secret, None));
        response.headers_mut().append(header::SET_COOKIE, device.with(account).cookie(&visit));
        return Ok(response);
    }
    state.refuse("email", visit.t.s("identity-sign-in-refused"));
    again(&visit, state)
}

fn again(visit: &Visit, mut state: FormState) -> Answer {
    // A password never travels back.
    state.form.set("password", "");
    Visit::unprocessable(&sign_in_page(visit, state))
}

struct Start {
    secret: String,
    first_page: &'static str,
}

/// `None`: disabled between the check of the password and now.
async fn begin(visit: &Visit, account: AccountId, counted: Vec<Brake>) -> Result<Option<Start>, web::PageError> {
    let secret = visit.site.secret_token();
    let (token, old) = (token_hash(&secret), visit.session.as_deref().map(token_hash));
    let device = device_of(visit);
    let first_page = visit
        .write(move |tx| {
            let Some(actor) = crate::actor_of(tx, account)? else { return Ok::<_, DbError>(None) };
            if let Some(old) = old {
                store::end_session(tx, old)?;
            }
            store::forgive_tries(tx, &counted)?;
            open(tx, account, token, &device)?;
            Ok(Some(first_page(&Actor::Staff(actor))))
        })
        .await?;
    Ok(first_page.map(|first_page| Start { secret, first_page }))
}

/// Opens a session and says so in the audit trail.
pub fn open(tx: &Tx<'_>, account: AccountId, token: [u8; 32], device: &str) -> Result<(), DbError> {
    store::open_session(tx, account, token, device)?;
    let who = account.to_string();
    tx.audit(Audit { actor: format!("staff:{who}"), action: "account.signed_in", subject: who, detail: json!({}) });
    Ok(())
}

pub fn device_of(visit: &Visit) -> String {
    session::device(visit.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or(""))
}

/// The page a person starts from: the first one their permissions open.
pub fn first_page(actor: &Actor) -> &'static str {
    let pages = [
        (Permission::CaseRead, "/arbeit"),
        (Permission::ReportModerate, "/arbeit/pruefung"),
        (Permission::StaffManage, "/verwaltung/personen"),
        (Permission::TownEdit, "/verwaltung/texte"),
    ];
    pages
        .into_iter()
        .find(|(permission, _)| may(actor, *permission, Scope::Anywhere))
        .map_or("/konto", |(_, path)| path)
}

/// `POST /abmelden`
pub async fn sign_out(visit: Visit) -> Answer {
    if let (Some(secret), Some(staff)) = (&visit.session, visit.actor.staff()) {
        let (token, who) = (token_hash(secret), staff.account.to_string());
        visit
            .write(move |tx| {
                store::end_session(tx, token)?;
                tx.audit(Audit {
                    actor: format!("staff:{who}"),
                    action: "account.signed_out",
                    subject: who.clone(),
                    detail: json!({}),
                });
                Ok::<_, DbError>(())
            })
            .await?;
    }
    let mut response = visit.see_other_saying("/", "flash-identity-signed-out");
    response.headers_mut().append(header::SET_COOKIE, web::expired_cookie("sitzung"));
    // Pages of the desk must not come back by the back button for whoever sits there next.
    response.headers_mut().insert("clear-site-data", http::HeaderValue::from_static("\"cache\""));
    Ok(response)
}
