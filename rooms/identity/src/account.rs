//! `/konto`: one's own name, password and sessions. Not the rights: those others give. Invariant: a new password ends
//! every session but the one that chose it.

use crate::{
    invite::password_message,
    password::{check_new_password, hash_password, password_fits},
    session::{last_seen, token_hash},
    store,
};
use base::{AccountId, StaffActor};
use db::{Audit, DbError};
use serde_json::json;
use web::{Answer, Form, FormState, Page, PageError, Template, Texts, Visit, words};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    form: FormState,
    email: String,
    roles: Vec<String>,
    sessions: Vec<SessionLine>,
}

struct SessionLine {
    device: String,
    seen: String,
    since: String,
    here: bool,
}

fn me(visit: &Visit) -> Result<StaffActor, PageError> {
    visit.actor.staff().cloned().ok_or(PageError::Forbidden)
}

async fn account_page(visit: &Visit, form: FormState) -> Result<AccountPage, PageError> {
    let staff = me(visit)?;
    let account = staff.account;
    let asking = visit.clone();
    let (rows, roles, units, desk) = visit
        .read(move |tx| {
            Ok::<_, DbError>((
                store::sessions_of(tx, account)?,
                store::roles_of(tx, account)?,
                store::unit_names(tx)?,
                asking.desk(tx)?,
            ))
        })
        .await?;
    let now = visit.site.clock.now();
    let here = visit.session.as_deref().map(token_hash);
    let line = |own: store::OwnSession| {
        let known = <[u8; 32]>::try_from(own.token.as_slice()).ok();
        let seen = known
            .and_then(|token| last_seen(visit.town_id(), token))
            .map_or(own.seen_at, |later| later.max(own.seen_at));
        SessionLine {
            device: own.device,
            seen: words::when(visit.t.lang, seen, now),
            since: words::when(visit.t.lang, own.created_at, now),
            here: here.is_some_and(|here| known == Some(here)),
        }
    };
    let page = visit.page("Ihr Konto").with_desk(desk);
    Ok(AccountPage {
        page: if form.has_errors() { page.failed() } else { page },
        form,
        email: staff.email,
        roles: roles.iter().map(|grant| crate::people::role_words(grant, &units)).collect(),
        sessions: rows.into_iter().map(line).collect(),
    })
}

/// `GET /konto`
pub async fn show(visit: Visit) -> Answer {
    let mut form = Form::default();
    form.set("name", me(&visit)?.name);
    web::render(&account_page(&visit, form.into()).await?)
}

async fn again(visit: &Visit, mut state: FormState) -> Answer {
    if !state.form.has("name") {
        state.form.set("name", me(visit)?.name);
    }
    for field in ["old_password", "new_password"] {
        state.form.set(field, "");
    }
    Visit::unprocessable(&account_page(visit, state).await?)
}

fn line(account: AccountId, action: &'static str) -> Audit {
    let who = account.to_string();
    Audit { actor: format!("staff:{who}"), action, subject: who, detail: json!({}) }
}

/// `POST /konto/name`
pub async fn rename(visit: Visit, form: Form) -> Answer {
    let account = me(&visit)?.account;
    let mut state = FormState::from(form);
    state.require("name", visit.t.s("identity-name-missing"));
    state.limit("name", 120, visit.t.s("identity-name-long"));
    if state.has_errors() {
        return again(&visit, state).await;
    }
    let name = state.form.text("name").to_owned();
    visit
        .write(move |tx| {
            store::set_name(tx, account, &name)?;
            tx.audit(line(account, "account.renamed"));
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying("/konto", "flash-identity-saved"))
}

/// `POST /konto/passwort`
pub async fn change_password(visit: Visit, form: Form) -> Answer {
    visit.limit_secret().await?;
    let staff = me(&visit)?;
    let t: &'static Texts = visit.t;
    let mut state = FormState::from(form);
    let about = [staff.name.as_str(), staff.email.as_str(), visit.town.name.as_str()];
    if let Err(refusal) = check_new_password(state.form.raw("new_password"), &about) {
        state.refuse("new_password", password_message(t, refusal));
    }
    let email = staff.email.clone();
    let stored = visit.read(move |tx| store::credentials(tx, &email)).await?;
    let old = state.form.raw("old_password").to_owned();
    if !password_fits(stored.and_then(|credentials| credentials.password), old).await? {
        state.refuse("old_password", t.s("identity-old-password-wrong"));
    }
    if state.has_errors() {
        return again(&visit, state).await;
    }
    let hash = hash_password(&visit.site, state.form.raw("new_password").to_owned()).await?;
    let account = staff.account;
    let here = visit.session.as_deref().map(token_hash).ok_or(PageError::Forbidden)?;
    visit
        .write(move |tx| {
            store::set_password(tx, account, &hash)?;
            store::end_other_sessions(tx, account, here)?;
            tx.audit(line(account, "account.password_set"));
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying("/konto", "flash-identity-password"))
}

/// `POST /konto/sitzungen`: ends all but this one.
pub async fn end_others(visit: Visit, _form: Form) -> Answer {
    let account = me(&visit)?.account;
    let here = visit.session.as_deref().map(token_hash).ok_or(PageError::Forbidden)?;
    visit
        .write(move |tx| {
            store::end_other_sessions(tx, account, here)?;
            tx.audit(line(account, "account.sessions_ended"));
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying("/konto", "flash-identity-sessions"))
}
