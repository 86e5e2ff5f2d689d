//! Sperrliste: mail addresses (kept as hashes) and pieces of text that no report is taken from. A small list for the
//! moderators; whoever is stopped reads a phone number, so nobody is shut out of the town.

use crate::{
    category::fold,
    report::{BlockKind, mail_hash},
    store,
};
use axum::extract::Path;
use db::{Audit, DbError, Once};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit, words};

#[derive(Template)]
#[template(path = "reports-blocks.html")]
struct BlocksPage {
    page: Page,
    form: FormState,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    kind: &'static str,
    pattern: String,
    note: String,
    since: String,
}

async fn page_of(visit: &Visit, form: FormState) -> Result<BlocksPage, PageError> {
    let v = visit.clone();
    let (rows, desk) = visit.read(move |tx| Ok::<_, DbError>((store::blocks(tx)?, v.desk(tx)?))).await?;
    let row = |row: &store::BlockRow| Row {
        id: row.id.to_string(),
        kind: if row.kind == BlockKind::Mail { "E-Mail-Adresse" } else { "Text" },
        // A hash tells nobody anything but whether two are the same.
        pattern: if row.kind == BlockKind::Mail { row.pattern.chars().take(8).collect() } else { row.pattern.clone() },
        note: row.note.clone(),
        since: words::short_date(row.created_at.date()),
    };
    let mut page = visit.page("Sperrliste").with_desk(desk);
    if form.has_errors() {
        page = page.failed();
    }
    Ok(BlocksPage { page, form, rows: rows.iter().map(row).collect() })
}

pub async fn list(visit: Visit) -> Answer {
    web::render(&page_of(&visit, FormState::default()).await?)
}

pub async fn add(visit: Visit, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    let typed = state.form.text("pattern").to_owned();
    let kind = if typed.contains('@') { BlockKind::Mail } else { BlockKind::Text };
    let pattern = if kind == BlockKind::Mail { mail_hash(&typed) } else { fold(&typed) };
    if pattern.chars().count() < 4 {
        state.refuse("pattern", "Geben Sie eine E-Mail-Adresse ein oder mindestens vier Zeichen Text.");
    }
    state.limit("note", 200, "Fassen Sie die Notiz kürzer: höchstens 200 Zeichen.");
    if state.has_errors() {
        return Visit::unprocessable(&page_of(&visit, state).await?);
    }
    let (actor, fingerprint, note) =
        (visit.actor.trace(), state.form.fingerprint(), state.form.text("note").to_owned());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            store::add_block(tx, kind, &pattern, &note)?;
            tx.audit(Audit {
                actor: actor.clone(),
                action: "report.sender_blocked",
                subject: "reports".to_owned(),
                detail: json!({ "kind": kind.word() }),
            });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying("/arbeit/sperren", "flash-report-saved"))
}

/// Removing it twice is the same as once.
pub async fn remove(visit: Visit, Path(id): Path<String>) -> Answer {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let actor = visit.actor.trace();
    visit
        .write(move |tx| {
            if store::remove_block(tx, id)? {
                let (action, subject) = ("report.sender_unblocked", id.to_string());
                tx.audit(Audit { actor: actor.clone(), action, subject, detail: json!({}) });
            }
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying("/arbeit/sperren", "flash-report-saved"))
}
