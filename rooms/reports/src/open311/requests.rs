//! Requests: public reports as other programs read them, a list and one. The windows are the standard's: by default the
//! last 90 days or 1,000 reports, whichever is less, and no span above 90 days. Paging by `page` and `page_size`, and
//! `extensions=true`, are what most servers offer beyond the standard.

use super::{
    Format, Node, Refusal, answer, check_jurisdiction, named, refuse,
    services::{code, name, split_code},
};
use crate::{
    category::Category,
    report::{PublicState, ReportId},
    store::{self, Request, Wanted},
};
use axum::extract::Path;
use base::{Moment, OrgUnitId};
use db::{DbError, Tx};
use std::collections::HashMap;
use web::{Answer, Form, Visit};

/// GeoReport v2, GET Service Requests: "may not span more than 90 days".
const DAYS_MAX: i64 = 90;
/// "… or the first 1000 requests".
const ROWS_MAX: i64 = 1_000;
/// Above this nobody pages on; a window is narrowed instead.
const PAGES_MAX: i64 = 100;
/// Numbers or services in one call; a statement has room for about a hundred values.
const NAMED_MAX: usize = 50;

/// What a call asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    numbers: Vec<String>,
    services: Vec<(String, String)>,
    open: Option<bool>,
    from: Moment,
    to: Moment,
    limit: i64,
    skip: i64,
    extended: bool,
}

impl Call {
    /// Pure: `now` is the end of a window that names none.
    pub fn read(form: &Form, now: Moment) -> Result<Self, Refusal> {
        let (from, to) = window(moment(form, "start_date")?, moment(form, "end_date")?, now)?;
        let services = listed(form, "service_code")?.into_iter().map(|code| {
            let parts = split_code(&code).map(|(category, problem)| (category.to_owned(), problem.to_owned()));
            parts.ok_or_else(|| Refusal::unknown("service_code"))
        });
        let page_size = whole(form, "page_size", ROWS_MAX, ROWS_MAX)?;
        let page = whole(form, "page", 1, PAGES_MAX)?;
        Ok(Self {
            numbers: listed(form, "service_request_id")?,
            services: services.collect::<Result<_, _>>()?,
            open: status(form)?,
            from,
            to,
            limit: page_size,
            skip: (page - 1) * page_size,
            extended: form.text("extensions") == "true",
        })
    }

    fn wanted(&self) -> Wanted {
        // "If requesting by service_request_id, all other arguments are ignored."
        if self.numbers.is_empty() {
            let (from, to, services, open) = (self.from, self.to, self.services.clone(), self.open);
            Wanted::Window { from, to, services, open }
        } else {
            Wanted::Numbers(self.numbers.clone())
        }
    }
}

/// Separated by commas; empty is none.
fn listed(form: &Form, field: &str) -> Result<Vec<String>, Refusal> {
    let parts = form.text(field).split(',').map(str::trim).filter(|part| !part.is_empty());
    let listed: Vec<String> = parts.map(str::to_owned).collect();
    if listed.len() > NAMED_MAX {
        return Err(Refusal::wrong(format!("{field} takes at most {NAMED_MAX} values")));
    }
    Ok(listed)
}

fn status(form: &Form) -> Result<Option<bool>, Refusal> {
    let mut asked = listed(form, "status")?;
    asked.sort_unstable();
    asked.dedup();
    match asked.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["closed", "open"] => Ok(None),
        ["open"] => Ok(Some(true)),
        ["closed"] => Ok(Some(false)),
        _ => Err(Refusal::wrong("status is open, closed or both, separated by a comma")),
    }
}

fn whole(form: &Form, field: &str, otherwise: i64, most: i64) -> Result<i64, Refusal> {
    match form.text(field) {
        "" => Ok(otherwise),
        text => text
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| Refusal::wrong(format!("{field} is a number from 1 to {most}"))),
    }
}

/// A time as W3C writes it, with an offset or Z.
fn moment(form: &Form, field: &str) -> Result<Option<Moment>, Refusal> {
    // A plus of an offset, sent as it is, arrives as a blank.
    let text = form.text(field).replace(' ', "+");
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse::<jiff::Timestamp>().map(|at| Some(Moment::from_micros(at.as_microsecond())));
    read.map_err(|_| Refusal::wrong(format!("{field} is a time like 2026-11-23T08:00:00Z")))
}

fn window(start: Option<Moment>, end: Option<Moment>, now: Moment) -> Result<(Moment, Moment), Refusal> {
    let (from, to) = match (start, end) {
        (None, None) => (now.plus_days(-DAYS_MAX), now),
        (Some(start), None) => (start, start.plus_days(DAYS_MAX).min(now.max(start))),
        (None, Some(end)) => (end.plus_days(-DAYS_MAX), end),
        (Some(start), Some(end)) => (start, end),
    };
    if to < from {
        return Err(Refusal::wrong("end_date lies before start_date"));
    }
    // An hour more: a window of ninety local days may hold a change of the clock.
    if to > from.plus_days(DAYS_MAX).plus_seconds(3_600) {
        return Err(Refusal::wrong(format!("start_date and end_date may not span more than {DAYS_MAX} days")));
    }
    Ok((from, to))
}

/// Rows with the words around them.
struct Found {
    rows: Vec<Request>,
    categories: Vec<Category>,
    units: HashMap<OrgUnitId, String>,
    /// Empty unless they were asked for.
    steps: HashMap<ReportId, Vec<(Moment, String)>>,
}

fn find(tx: &Tx<'_>, call: &Call) -> Result<Found, DbError> {
    let rows = store::requests(tx, &call.wanted(), call.limit, call.skip)?;
    let steps = if call.extended {
        store::steps_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?
    } else {
        HashMap::new()
    };
    Ok(Found { rows, categories: store::categories(tx)?, units: identity::unit_names(tx)?, steps })
}

pub async fn list<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let format = Format::of(XML);
    let call = check_jurisdiction(&visit, &form).and_then(|()| Call::read(&form, visit.site.clock.now()));
    match call {
        Ok(call) => found(&visit, format, call).await,
        Err(refusal) => refuse(format, &refusal),
    }
}

pub async fn one(visit: Visit, file: Path<String>, form: Form) -> Answer {
    let (number, format) = named(&file)?;
    let mut only = Form::from_pairs([("service_request_id", number.as_str())]);
    only.set("extensions", form.text("extensions"));
    let call = check_jurisdiction(&visit, &form).and_then(|()| Call::read(&only, visit.site.clock.now()));
    match call {
        Ok(call) if call.numbers.len() == 1 => found(&visit, format, call).await,
        Ok(_) => refuse(format, &Refusal::unknown("service_request_id")),
        Err(refusal) => refuse(format, &refusal),
    }
}

async fn found(visit: &Visit, format: Format, call: Call) -> Answer {
    let (is_one, extended) = (call.numbers.len() == 1, call.extended);
    let found = visit.read(move |tx| find(tx, &call)).await?;
    if is_one && found.rows.is_empty() {
        return refuse(format, &Refusal::unknown("service_request_id"));
    }
    let nodes = found.rows.iter().map(|row| {
        let mut fields = fields_of(visit, row, &found);
        if extended {
            fields.extend(extensions(visit, row, found.steps.get(&row.id).map_or(&[], Vec::as_slice)));
        }
        Node::Fields(fields)
    });
    answer(format, "service_requests", &Node::List("request", nodes.collect()))
}

fn fields_of(visit: &Visit, row: &Request, found: &Found) -> Vec<(&'static str, Node)> {
    let (t, state) = (visit.t, PublicState::of(&row.state));
    let category = found.categories.iter().find(|category| category.word == row.category);
    let known = category.and_then(|category| Some((category, category.problem(&row.problem)?)));
    let service = known.map(|(category, problem)| name(category, problem, t.lang)).unwrap_or_default();
    let words = if row.body.is_empty() { row.title.as_str() } else { row.body.as_str() };
    let address = if row.district.is_empty() { row.place.clone() } else { format!("{}, {}", row.place, row.district) };
    // "For requests with status=closed, this will be the date the request was closed."
    let updated = row.closed_at.filter(|_| !state.is_open()).unwrap_or(row.changed_at);
    let photo = row.photo.map(|id| visit.town.url(&format!("/bild/{id}/gross.jpg"))).unwrap_or_default();
    vec![
        ("service_request_id", Node::text(row.number.as_str())),
        ("status", Node::text(if state.is_open() { "open" } else { "closed" })),
        ("status_notes", Node::text(state.label(t))),
        ("service_name", Node::known(service)),
        ("service_code", Node::text(code(&row.category, &row.problem))),
        ("description", Node::known(words)),
        ("agency_responsible", Node::known(found.units.get(&row.unit).cloned().unwrap_or_default())),
        ("service_notice", Node::Nothing),
        ("requested_datetime", Node::text(row.opened_at.rfc3339())),
        ("updated_datetime", Node::text(updated.rfc3339())),
        ("expected_datetime", if state.is_open() { Node::text(row.due.rfc3339()) } else { Node::Nothing }),
        ("address", Node::known(address)),
        ("address_id", Node::Nothing),
        ("zipcode", Node::Nothing),
        ("lat", Node::Number(row.lat)),
        ("long", Node::Number(row.lon)),
        ("media_url", Node::known(photo)),
    ]
}

/// What `extensions=true` adds, by the names other servers use.
fn extensions(visit: &Visit, row: &Request, steps: &[(Moment, String)]) -> [(&'static str, Node); 2] {
    let extended = Node::Fields(vec![
        ("title", Node::text(row.title.as_str())),
        ("detailed_status", Node::text(PublicState::of(&row.state).word())),
        ("district", Node::known(row.district.as_str())),
        ("also_reported", Node::Integer(row.same_count)),
        ("url", Node::text(visit.town.url(&format!("/melden/{}", row.number)))),
    ]);
    let note = |(at, state): &(Moment, String)| {
        let state = PublicState::of(state);
        Node::Fields(vec![
            ("datetime", Node::text(at.rfc3339())),
            ("status", Node::text(state.word())),
            ("description", Node::text(state.label(visit.t))),
        ])
    };
    [("extended_attributes", extended), ("notes", Node::List("note", steps.iter().map(note).collect()))]
}
