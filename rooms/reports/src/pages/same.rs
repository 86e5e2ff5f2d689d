//! "Das ist mein Schaden": somebody has what somebody else reported already. It is kept and counted, and with a mail
//! address it subscribes; no twin is made. The draft's photos and words stay with the first report's case. Invariant: they
//! join only a case somebody still works on; otherwise the draft stays and leads to a report of its own.

use super::{MessagePage, ReportCard, card, draft_gone, draft_id, found, read_email};
use crate::{letters, report::Visibility, store};
use axum::extract::Path;
use base::Actor;
use cases::{AttachmentKind, CaseId, NewAttachment};
use db::{Audit, DbError, Once, Tx};
use files::BlobId;
use mail::EmailAddress;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit};

#[derive(Template)]
#[template(path = "reports-same.html")]
struct SamePage {
    page: Page,
    form: FormState,
    draft: String,
    number: String,
    report: ReportCard,
    /// Somebody works on it; else nothing can be added.
    is_open: bool,
}

/// Why nothing was added; the transaction is taken back.
enum NotJoined {
    Page(PageError),
    Blocked,
    /// The case was closed meanwhile.
    Closed,
    /// The draft it names expired, or was sent already.
    Gone(Uuid),
}

impl From<DbError> for NotJoined {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

pub async fn show(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let id = draft_id(&form);
    let (row, draft) = visit
        .read(move |tx| {
            let draft = id.map(|id| store::draft(tx, id)).transpose()?.flatten();
            Ok::<_, DbError>((store::public_report(tx, &number)?, draft))
        })
        .await?;
    let mut clean = Form::default();
    clean.set("email", draft.map(|draft| draft.email).unwrap_or_default());
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    web::render(&page_of(&visit, &found(row)?, id, clean.into()))
}

fn page_of(visit: &Visit, row: &store::Card, draft: String, form: FormState) -> SamePage {
    let mut page = visit.page(visit.t.s("reports-same-title"));
    if form.has_errors() {
        page = page.failed();
    }
    let report = card(visit.t, row, None, visit.site.clock.now());
    SamePage { page, form, draft, number: row.number.clone(), report, is_open: row.public_state().is_open() }
}

pub async fn sent(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    if !form.text("website").is_empty() {
        return Ok(visit.see_other("/melden/danke"));
    }
    let mut state = FormState::from(form);
    let Ok(email) = read_email(state.form.text("email")) else {
        state.refuse("email", visit.t.s("reports-email-wrong"));
        let row = visit.read(move |tx| store::public_report(tx, &number)).await?;
        let draft = state.value("entwurf").to_owned();
        return Visit::unprocessable(&page_of(&visit, &found(row)?, draft, state));
    };
    let (v, fingerprint, draft) = (visit.clone(), state.form.fingerprint(), draft_id(&state.form));
    let wanted = number.clone();
    let sent = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(url) => return Ok(url),
                Once::Conflict => return Err(NotJoined::Page(PageError::Conflict)),
                Once::First => {}
            }
            let url = join(tx, &v, &wanted, draft, email.as_ref())?;
            tx.once_answer(key, &url)?;
            Ok(url)
        })
        .await;
    let is_open = match sent {
        Ok(url) => return Ok(visit.see_other(&url)),
        Err(NotJoined::Page(error)) => return Err(error),
        Err(NotJoined::Gone(id)) => return draft_gone(&visit, id).await,
        Err(NotJoined::Blocked) => {
            state.refuse("", visit.t.s("reports-blocked"));
            true
        }
        Err(NotJoined::Closed) => {
            state.refuse("", visit.t.s("reports-same-closed"));
            false
        }
    };
    let row = visit.read(move |tx| store::public_report(tx, &number)).await?;
    let draft = state.value("entwurf").to_owned();
    Visit::unprocessable(&SamePage { is_open, ..page_of(&visit, &found(row)?, draft, state) })
}

/// Adds the draft to the public report with this number; answers where to go.
fn join(
    tx: &Tx<'_>,
    visit: &Visit,
    number: &str,
    draft: Option<Uuid>,
    email: Option<&EmailAddress>,
) -> Result<String, NotJoined> {
    let report = store::desk_report(tx, number)?.filter(|report| report.visibility == Visibility::Public);
    let report = report.ok_or(NotJoined::Page(PageError::NotFound))?;
    let draft = match draft {
        Some(id) => store::take_draft(tx, id)?.ok_or(NotJoined::Gone(id))?,
        None => crate::journey::Draft::default(),
    };
    let (words, address) = (draft.body.trim(), email.map_or("", EmailAddress::as_str));
    if store::blocked(tx, address, words)? {
        return Err(NotJoined::Blocked);
    }
    let case = CaseId(report.case_id);
    // Nobody closes it between this look and what is added.
    if !cases::lock(tx, case)?.is_some_and(|head| head.state.is_open()) {
        return Err(NotJoined::Closed);
    }
    let count = store::add_same(tx, report.id, words)?;
    let (german, english) = match count {
        1 => ("einer weiteren Person".to_owned(), "one other".to_owned()),
        _ => (format!("{count} weiteren Personen"), format!("{count} others")),
    };
    cases::put_fact(tx, case, ["Auch gemeldet von", &german], ["Also reported by", &english])?;
    if !words.is_empty() {
        cases::remark(tx, case, &Actor::Visitor, &format!("Eine weitere Person schreibt dazu: {words}"), false)?;
    }
    for photo in &draft.photos {
        let (blob, name) = (BlobId(photo.blob), photo.name.clone());
        cases::attach(tx, case, &NewAttachment { blob, name, kind: AttachmentKind::Picture })?;
    }
    if let Some(email) = email {
        letters::ask_to_follow_report(tx, visit, &report, email)?;
    }
    tx.audit(Audit {
        actor: Actor::Visitor.trace(),
        action: "report.same",
        subject: report.id.to_string(),
        detail: json!({ "count": count }),
    });
    let asked = if email.is_some() { "?mail=ja" } else { "" };
    Ok(format!("/melden/{number}/danke{asked}"))
}

pub async fn thanks(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let wanted = number.clone();
    let row = visit.read(move |tx| store::public_report(tx, &wanted)).await?;
    found(row)?;
    let t = visit.t;
    let text = if form.has("mail") { t.s("reports-same-thanks-mail") } else { t.s("reports-same-thanks") };
    web::render(&MessagePage {
        page: visit.page(t.s("reports-same-thanks-title")),
        icon: "circle-check",
        kind: "ok",
        heading: t.s("reports-same-thanks-title").to_owned(),
        text: text.to_owned(),
        links: vec![
            (format!("/melden/{number}"), t.s("reports-same-back").to_owned()),
            ("/melden".to_owned(), t.s("reports-another").to_owned()),
        ],
    })
}
