//! Arbeitsplatz: the lists of the staff, one case beside them, the numbers above. This file reads; what a press of a
//! button does is in `deeds`. Who sees what: lists filter by the units of the actor in SQL, a single case is checked
//! with `may` here; a case somebody may not see does not exist for them.

pub mod deeds;
mod moved;
mod pane;
pub(crate) mod race;
pub(crate) mod selection;
mod view;

use crate::{
    number,
    store::{
        self, CaseHead,
        figures::{self, Figure, UnitFigures},
        lists::{self, CaseRow, Choices, Counts, ListKind},
        threads::{self, Attachment, AttachmentId, AttachmentKind, Entry, Party},
    },
};
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base::{AccountId, Actor, Moment, Permission, Scope, may};
use db::{DbError, Tx};
use files::{BlobKey, Part};
use identity::Units;
use pane::PaneForm;
use selection::{Selection, readable, title};
use std::{collections::HashMap, sync::Arc};
use view::DeskPage;
use web::{Answer, CaseLink, DeskContext, DeskGroup, DeskLink, DeskShell, Form, Gathered, PageError, Template, Visit};

/// Hits of a search.
const HITS: i64 = 50;
/// So many open cases are looked through for every page.
const FEW: i64 = 300;
/// Over more than these a number may be so old.
const STALE_SECONDS: i64 = 60;

/// Everything a page of the desk shows, read in one transaction.
struct Desk {
    shell: DeskShell,
    rows: Vec<CaseRow>,
    mine: Arc<Figure>,
    figures: Arc<UnitFigures>,
    choices: Arc<Choices>,
    names: HashMap<AccountId, String>,
    opened: Option<Opened>,
    now: Moment,
}

/// The case in the pane.
struct Opened {
    head: CaseHead,
    texts: store::CaseTexts,
    entries: Vec<Entry>,
    parties: Vec<Party>,
    attachments: Vec<Attachment>,
    unit_name: String,
    units: Vec<identity::OrgUnit>,
    may_work: bool,
    /// What other rooms offer to do with it.
    links: Vec<CaseLink>,
}

/// The rail: what waits, what is late.
pub fn links(context: &DeskContext<'_>) -> Result<Vec<DeskGroup>, DbError> {
    let Some(staff) = context.actor.staff() else { return Ok(vec![]) };
    if !may(context.actor, Permission::CaseRead, Scope::Anywhere) {
        return Ok(vec![]);
    }
    let counts = lists::counts(context.tx, staff.account, &readable(context.actor))?;
    let current = current_list(context.path);
    let link = |kind: ListKind| {
        let (icon, count) = rail(kind, &counts);
        let href = match kind {
            ListKind::Inbox => "/arbeit".to_owned(),
            _ => format!("/arbeit?liste={}", kind.word()),
        };
        let urgent = matches!(kind, ListKind::DueToday | ListKind::Overdue) && count.is_some_and(|n| n > 0);
        let label = title(kind).to_owned();
        let counted = ["Fall", "Fälle"];
        DeskLink { href, label, icon, count, counted, urgent, current: current == Some(kind) }
    };
    Ok(vec![DeskGroup { title: "Fälle".to_owned(), links: ListKind::ALL.iter().copied().map(link).collect() }])
}

const fn rail(kind: ListKind, counts: &Counts) -> (&'static str, Option<i64>) {
    match kind {
        ListKind::Inbox => ("inbox", Some(counts.inbox)),
        ListKind::Mine => ("user", Some(counts.mine)),
        ListKind::Team => ("users", Some(counts.team)),
        ListKind::DueToday => ("clock", Some(counts.today)),
        ListKind::Overdue => ("triangle-alert", Some(counts.overdue)),
        ListKind::Waiting => ("eye", Some(counts.waiting)),
        ListKind::Done => ("circle-check", None),
    }
}

/// Which entry of the rail this address belongs to.
fn current_list(path_and_query: &str) -> Option<ListKind> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    if path != "/arbeit" && !path.starts_with("/arbeit/fall/") {
        return None;
    }
    let selection = Selection::read(&Form::from_urlencoded(query));
    selection.search.is_empty().then_some(selection.kind)
}

/// `/arbeit`. The workplace of everybody on the staff: whoever reads no cases starts at the first entry of their own rail.
pub async fn start(visit: Visit, form: Form) -> Answer {
    if visit.may(Permission::CaseRead) {
        return list(visit, form).await;
    }
    let v = visit.clone();
    let rail = visit.read(move |tx| v.desk(tx)).await?;
    let first = rail.groups.iter().flat_map(|group| &group.links).map(|link| link.href.as_str()).next();
    Ok(visit.see_other(first.unwrap_or("/konto")))
}

/// `/arbeit` for whoever reads cases, and `/arbeit/suche`.
pub async fn list(visit: Visit, form: Form) -> Answer {
    let selection = Selection::read(&form);
    if let Some(number) = number::normalise(&selection.search) {
        let actor = visit.actor.clone();
        let found = visit.read(move |tx| visible_head(tx, &actor, &number)).await?;
        if let Some(head) = found {
            return Ok(visit.see_other(&selection.case_href(&head.number)));
        }
    }
    let desk = load(&visit, &selection, None).await?;
    web::render(&DeskPage::new(&visit, &selection, desk, &PaneForm::default()))
}

/// `/arbeit/fall/{number}`: the list with this case beside it.
pub async fn show(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let selection = Selection::read(&form);
    let desk = load(&visit, &selection, Some(number)).await?;
    if desk.opened.is_none() {
        return Err(PageError::NotFound);
    }
    web::render(&DeskPage::new(&visit, &selection, desk, &PaneForm::default()))
}

/// The same page again, with what was typed and what is to be done about it.
async fn show_again(visit: &Visit, selection: &Selection, number: &str, form: PaneForm, status: StatusCode) -> Answer {
    let desk = load(visit, selection, Some(number.to_owned())).await?;
    match &desk.opened {
        None => return moved::page(visit, number, &form.state.form, PageError::NotFound).await,
        Some(opened) if !opened.may_work => {
            return moved::page(visit, number, &form.state.form, PageError::Forbidden).await;
        }
        Some(_) => {}
    }
    let html = DeskPage::new(visit, selection, desk, &form).render()?;
    Ok((status, Html(html)).into_response())
}

async fn load(visit: &Visit, selection: &Selection, number: Option<String>) -> Result<Desk, PageError> {
    let (again, selection) = (visit.clone(), selection.clone());
    visit
        .read(move |tx| {
            let Some(staff) = again.actor.staff() else { return Err(PageError::Forbidden) };
            let units = readable(&again.actor);
            let rows = if selection.search.is_empty() {
                lists::list(tx, &selection.list(staff, units.clone()))?
            } else {
                lists::search(tx, &units, &selection.search, HITS)?
            };
            let opened = match &number {
                Some(number) => open_case(tx, &again, number)?,
                None => None,
            };
            let choices = choices(tx, &again, &units)?;
            let mut shell = again.desk(tx)?;
            shell.search.clone_from(&selection.search);
            let names = names(tx, &rows, opened.as_ref())?;
            let mine = mine(tx, &again, staff.account, &units)?;
            let figures = figures(tx, &again, &units)?;
            Ok(Desk { shell, rows, mine, figures, choices, names, opened, now: tx.now() })
        })
        .await
}

/// By what these units' lists can be narrowed. Where many cases are open a new word may come a minute late: every page of
/// the desk has them, and looking for them costs more than all the rest of it.
fn choices(tx: &Tx<'_>, visit: &Visit, units: &Units) -> Result<Arc<Choices>, DbError> {
    visit.remembered(tx, ("cases.choices", format!("{units:?}")), || {
        let many = lists::open_up_to(tx, FEW + 1)? > FEW;
        let value = lists::choices(tx, units)?;
        let categories = value.categories.iter().map(|(word, label)| 96 + word.len() + label.len());
        let bytes = categories.chain(value.districts.iter().map(|name| 48 + name.len())).sum();
        Ok(Gathered { value, bytes, stale_seconds: if many { STALE_SECONDS } else { 0 } })
    })
}

/// The numbers above these units' lists. Over many cases they may be a minute old, like the choices.
fn figures(tx: &Tx<'_>, visit: &Visit, units: &Units) -> Result<Arc<UnitFigures>, DbError> {
    visit.remembered(tx, ("cases.figures", format!("{units:?}")), || {
        let value = figures::of_units(tx, units)?;
        let stale_seconds = if value.cases > FEW { STALE_SECONDS } else { 0 };
        Ok(Gathered {
            value,
            bytes: size_of::<UnitFigures>() + 8 * (2 * figures::DAYS + figures::WEEKS),
            stale_seconds,
        })
    })
}

/// What this person has in hand; a minute old for whoever had very much of late.
fn mine(tx: &Tx<'_>, visit: &Visit, me: AccountId, units: &Units) -> Result<Arc<Figure>, DbError> {
    visit.remembered(tx, ("cases.mine", format!("{me:?} {units:?}")), || {
        let (value, looked) = figures::mine(tx, me, units)?;
        let many = i64::try_from(looked).is_ok_and(|looked| looked > FEW);
        let bytes = size_of::<Figure>() + 8 * figures::DAYS;
        Ok(Gathered { value, bytes, stale_seconds: if many { STALE_SECONDS } else { 0 } })
    })
}

/// The case of this number, if this person may see it.
fn visible_head(tx: &Tx<'_>, actor: &Actor, number: &str) -> Result<Option<CaseHead>, DbError> {
    let head = store::by_number(tx, number)?;
    Ok(head.filter(|head| may(actor, Permission::CaseRead, Scope::Unit(head.unit))))
}

fn open_case(tx: &Tx<'_>, visit: &Visit, number: &str) -> Result<Option<Opened>, DbError> {
    let actor = &visit.actor;
    let Some(head) = visible_head(tx, actor, number)? else { return Ok(None) };
    let Some(texts) = store::texts(tx, head.id)? else { return Ok(None) };
    let units = identity::org_units(tx)?;
    let unit_name = units.iter().find(|unit| unit.id == head.unit).map(|unit| unit.name.clone()).unwrap_or_default();
    Ok(Some(Opened {
        entries: threads::entries(tx, head.id)?,
        parties: threads::parties(tx, head.id)?,
        attachments: threads::attachments(tx, head.id)?,
        may_work: may(actor, Permission::CaseWork, Scope::Unit(head.unit)),
        links: visit.case_links(tx, head.id.0)?,
        unit_name,
        units,
        texts,
        head,
    }))
}

/// Names of everybody the page mentions.
fn names(tx: &Tx<'_>, rows: &[CaseRow], opened: Option<&Opened>) -> Result<HashMap<AccountId, String>, DbError> {
    let mut accounts: Vec<AccountId> = rows.iter().filter_map(|row| row.assignee).collect();
    if let Some(opened) = opened {
        accounts.extend(opened.head.assignee);
        accounts.extend(opened.head.previous_assignee);
        accounts.extend(opened.entries.iter().filter_map(|entry| account_of(&entry.actor)));
    }
    accounts.sort_unstable();
    accounts.dedup();
    identity::names(tx, &accounts)
}

/// The account behind an actor's trace.
fn account_of(trace: &str) -> Option<AccountId> {
    trace.strip_prefix("staff:").and_then(AccountId::parse)
}

/// How many cases came into this list since it was drawn: asked every half minute, changes nothing on the page.
pub async fn arrivals(visit: Visit, form: Form) -> Answer {
    let since = Moment::from_micros(form.integer("seit").unwrap_or(i64::MAX));
    let Some(staff) = visit.actor.staff() else { return Err(PageError::Forbidden) };
    let list = Selection::read(&form).list(staff, readable(&visit.actor));
    let count = visit.read(move |tx| lists::arrived_since(tx, &list, since)).await?;
    let words = match count {
        1 => "1 neuen Fall anzeigen".to_owned(),
        more => format!("{} neue Fälle anzeigen", web::count_text(more)),
    };
    let mut response = axum::Json(serde_json::json!({ "count": count, "words": words })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A file of a case this person may see.
pub async fn attachment(visit: Visit, Path(id): Path<String>, form: Form) -> Answer {
    let id = AttachmentId::parse(&id).ok_or(PageError::NotFound)?;
    let actor = visit.actor.clone();
    let found = visit
        .read(move |tx| {
            let Some(attachment) = threads::attachment(tx, id)? else { return Ok(None) };
            let head = store::head(tx, attachment.case)?;
            let visible = head.is_some_and(|head| may(&actor, Permission::CaseRead, Scope::Unit(head.unit)));
            Ok::<_, DbError>(visible.then_some(attachment))
        })
        .await?;
    serve(&visit, &found.ok_or(PageError::NotFound)?, form.text("g")).await
}

/// Pictures are shown (`klein`, `mittel`, else large), anything else is a download.
pub(crate) async fn serve(visit: &Visit, attachment: &Attachment, size: &str) -> Answer {
    let whole = BlobKey::whole(visit.town_id(), attachment.blob);
    let key = match (attachment.kind, size) {
        (AttachmentKind::File, _) => whole,
        (AttachmentKind::Picture, "klein") => whole.part(Part::Small),
        (AttachmentKind::Picture, "mittel") => whole.part(Part::Medium),
        (AttachmentKind::Picture, _) => whole.part(Part::Large),
    };
    let bytes =
        visit.site.files.get(key).await.map_err(|error| PageError::of_files("could not read an attachment", error))?;
    let Some(bytes) = bytes else { return Err(PageError::Gone) };
    let mut response: Response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    match attachment.kind {
        AttachmentKind::Picture => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
        }
        AttachmentKind::File => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            let disposition = files::attachment::disposition(&attachment.name);
            let value = HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
    }
    Ok(response)
}
