//! A colleague gave the case away while somebody was writing: the words are shown once more with where the case is now,
//! so that they can be sent there by hand. Invariant: only who could work on the case before that transfer learns of it;
//! for everybody else it does not exist.

use super::{account_of, pane::TEXTS, race};
use crate::store::{
    self, CaseHead,
    threads::{self, Entry, EntryKind},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse},
};
use base::{AccountId, Actor, OrgUnitId, Permission, Scope, may};
use db::{DbError, Tx};
use web::{Answer, DeskShell, Form, Lang, Page, PageError, Template, Visit, words};

#[derive(Template)]
#[template(path = "arbeit-weitergegeben.html")]
struct MovedPage {
    page: Page,
    number: String,
    deed: String,
    unit: String,
    contact: String,
    texts: Vec<(&'static str, &'static str, String)>,
}

struct Moved {
    /// "Anna Muster hat ihn heute, 14:02 weitergegeben"
    deed: String,
    unit: Option<identity::OrgUnit>,
    shell: DeskShell,
}

/// The entry of giving the case away, after this form was made, by a unit this person works for.
fn taken_away(tx: &Tx<'_>, actor: &Actor, head: &CaseHead, seen: i64) -> Result<Option<Entry>, DbError> {
    if may(actor, Permission::CaseWork, Scope::Unit(head.unit)) {
        return Ok(None);
    }
    let theirs = |entry: &Entry| {
        let from = OrgUnitId::parse(&entry.datum("from_id"));
        from.is_some_and(|unit| may(actor, Permission::CaseWork, Scope::Unit(unit)))
    };
    let mut entries = threads::entries(tx, head.id)?.into_iter();
    Ok(entries.find(|entry| entry.kind == EntryKind::Transferred && entry.version > seen && theirs(entry)))
}

/// Who gave it away and when.
fn deed(tx: &Tx<'_>, actor: &Actor, entry: &Entry) -> Result<String, DbError> {
    let accounts: Vec<AccountId> = account_of(&entry.actor).into_iter().collect();
    let names = identity::names(tx, &accounts)?;
    let subject = race::subject(entry, &names, actor.staff().map(|staff| staff.account));
    Ok(format!("{subject} ihn weitergegeben ({})", words::when(Lang::De, entry.at, tx.now())))
}

/// The words and the new office; `otherwise` for whoever has no business with the case.
pub async fn page(visit: &Visit, number: &str, form: &Form, otherwise: PageError) -> Answer {
    let Some(seen) = form.integer("version") else { return Err(otherwise) };
    let (again, wanted) = (visit.clone(), number.to_owned());
    let found = visit
        .read(move |tx| {
            let Some(head) = store::by_number(tx, &wanted)? else { return Ok::<_, DbError>(None) };
            let Some(entry) = taken_away(tx, &again.actor, &head, seen)? else { return Ok(None) };
            let (deed, unit) = (deed(tx, &again.actor, &entry)?, identity::org_unit(tx, head.unit)?);
            Ok(Some(Moved { deed, unit, shell: again.desk(tx)? }))
        })
        .await?;
    let Some(Moved { deed, unit, shell }) = found else { return Err(otherwise) };
    let texts = TEXTS.iter().map(|(field, label, _)| (*field, *label, form.raw(field).to_owned()));
    let (unit, contact) = unit.map(|unit| (unit.name, unit.phone)).unwrap_or_default();
    let html = MovedPage {
        page: visit.page("Der Fall ist weitergegeben").with_desk(shell),
        number: number.to_owned(),
        deed,
        unit,
        contact,
        texts: texts.filter(|(.., text)| !text.trim().is_empty()).collect(),
    }
    .render()?;
    let mut response = (StatusCode::CONFLICT, Html(html)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
