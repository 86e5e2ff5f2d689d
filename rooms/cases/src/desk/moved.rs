//! A colleague gave the case away while somebody was writing: the words are shown once more with where the case is now,
//! so that they can be sent there by hand. Invariant: only who could work on the case before that transfer learns of it;
//! for everybody else it does not exist.

use crate::store::{self, CaseHead, threads};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse},
};
use base::{Actor, OrgUnitId, Permission, Scope, may};
use db::{DbError, Tx};
use web::{Answer, DeskShell, Form, Page, PageError, Template, Visit};

/// The fields of the pane that hold words, with what they are called there.
const TEXTS: [(&str, &str); 6] = [
    ("antwort", "Ihre Antwort"),
    ("grund", "Grund"),
    ("stand-text", "Satz für die meldende Person"),
    ("weitergabe", "Warum weitergeben"),
    ("wieder", "Warum wieder aufnehmen"),
    ("notiz", "Notiz"),
];

#[derive(Template)]
#[template(path = "arbeit-weitergegeben.html")]
struct MovedPage {
    page: Page,
    number: String,
    unit: String,
    contact: String,
    texts: Vec<(&'static str, &'static str, String)>,
}

struct Moved {
    unit: Option<identity::OrgUnit>,
    shell: DeskShell,
}

/// Was the case given away, after this form was made, by a unit this person works for?
fn was_theirs(tx: &Tx<'_>, actor: &Actor, head: &CaseHead, seen: i64) -> Result<bool, DbError> {
    if may(actor, Permission::CaseWork, Scope::Unit(head.unit)) {
        return Ok(false);
    }
    let entries = threads::entries(tx, head.id)?;
    Ok(entries.iter().filter(|entry| entry.kind == threads::EntryKind::Transferred && entry.version > seen).any(
        |entry| {
            let from = OrgUnitId::parse(&entry.datum("from_id"));
            from.is_some_and(|unit| may(actor, Permission::CaseWork, Scope::Unit(unit)))
        },
    ))
}

/// The words and the new office; `otherwise` for whoever has no business with the case.
pub async fn page(visit: &Visit, number: &str, form: &Form, otherwise: PageError) -> Answer {
    let Some(seen) = form.integer("version") else { return Err(otherwise) };
    let (again, wanted) = (visit.clone(), number.to_owned());
    let found = visit
        .read(move |tx| {
            let Some(head) = store::by_number(tx, &wanted)? else { return Ok::<_, DbError>(None) };
            if !was_theirs(tx, &again.actor, &head, seen)? {
                return Ok(None);
            }
            Ok(Some(Moved { unit: identity::org_unit(tx, head.unit)?, shell: again.desk(tx)? }))
        })
        .await?;
    let Some(Moved { unit, shell }) = found else { return Err(otherwise) };
    let texts = TEXTS.iter().map(|(field, label)| (*field, *label, form.raw(field).to_owned()));
    let (unit, contact) = unit.map(|unit| (unit.name, unit.phone)).unwrap_or_default();
    let html = MovedPage {
        page: visit.page("Der Fall ist weitergegeben").with_desk(shell),
        number: number.to_owned(),
        unit,
        contact,
        texts: texts.filter(|(.., text)| !text.trim().is_empty()).collect(),
    }
    .render()?;
    let mut response = (StatusCode::CONFLICT, Html(html)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
