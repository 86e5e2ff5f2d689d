//! Requests: public reports as other programs read them, a list and one. The windows are the standard's: by default the
//! last 90 days or 1,000 reports, whichever is less, and no span above 90 days. Paging by `page` and `page_size`, and
//! `extensions=true`, are what most servers offer beyond the standard.

use super::{
    Format, Node, Refusal, answer, check_jurisdiction, named, private, refuse, sender_of,
    services::{code, name, split_code},
};
use crate::{
    category::Category,
    report::{PublicState, ReportId, public_steps},
    store::{self, Request, Wanted},
};
use axum::extract::Path;
use base::Moment;
use db::{DbError, Tx};
use std::collections::HashMap;
use uuid::Uuid;
use web::{Answer, Form, Visit};

/// GeoReport v2, GET Service Requests: "may not span more than 90 days".
const DAYS_MAX: i64 = 90;
/// "… or the first 1000 requests".
const ROWS_MAX: i64 = 1_000;
/// Requests that pages leave out at most; whoever wants more narrows the window instead.
const SKIP_MAX: i64 = 100_000;
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
        let numbers = listed(form, "service_request_id")?;
        let (extended, nothing) = (form.text("extensions") == "true", Form::default());
        // "If requesting by service_request_id, all other arguments are ignored."
        let form = if numbers.is_empty() { form } else { &nothing };
        let (from, to) = window(moment(form, "start_date")?, moment(form, "end_date")?, now)?;
        let services = listed(form, "service_code")?.into_iter().map(|code| {
            let parts = split_code(&code).map(|(category, problem)| (category.to_owned(), problem.to_owned()));
            parts.ok_or_else(|| Refusal::unknown("service_code"))
        });
        let page_size = whole(form, "page_size", ROWS_MAX, ROWS_MAX)?;
        let page = whole(form, "page", 1, i64::MAX)?;
        Ok(Self {
            numbers,
            services: services.collect::<Result<_, _>>()?,
            open: status(form)?,
            from,
            to,
            limit: page_size,
            skip: (page - 1).saturating_mul(page_size),
            extended,
        })
    }

    fn wanted(&self) -> Wanted {
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
        text => text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| {
            let end = if most == i64::MAX { String::new() } else { format!(" to {most}") };
            Refusal::wrong(format!("{field} is a number from 1{end}"))
        }),
    }
}

/// A time as W3C writes it, with an offset or Z.
pub(super) fn moment(form: &Form, field: &str) -> Result<Option<Moment>, Refusal> {
    // A plus of an offset, sent as it is, arrives as a blank.
    let text = form.text(field).replace(' ', "+");
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse::<jiff::Timestamp>().map(|at| Some(Moment::from_micros(at.as_microsecond())));
    read.map_err(|_| Refusal::wrong(format!("{field} is a time like 2026-11-23T08:00:00Z")))
}

/// The window of a feed: both ends, or none for the last day.
pub(super) fn window_of(form: &Form, now: Moment) -> Result<(Moment, Moment), Refusal> {
    match (moment(form, "start_date")?, moment(form, "end_date")?) {
        (None, None) => Ok((now.plus_days(-1), now)),
        (Some(start), Some(end)) => window(Some(start), Some(end), now),
        _ => Err(Refusal::wrong("start_date and end_date come together")),
    }
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
    /// Empty unless they were asked for.
    steps: HashMap<ReportId, Vec<(Moment, String)>>,
}

/// None where pages do not reach any more.
fn find(tx: &Tx<'_>, call: &Call, sender: Option<Uuid>) -> Result<Option<Found>, DbError> {
    let is_far = call.skip > SKIP_MAX;
    let limit = if is_far { 1 } else { call.limit };
    let rows = store::requests(tx, &call.wanted(), sender, limit, call.skip.min(SKIP_MAX))?;
    if is_far && !rows.is_empty() {
        return Ok(None);
    }
    let steps = if call.extended {
        store::steps_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?
    } else {
        HashMap::new()
    };
    Ok(Some(Found { rows, categories: store::categories(tx)?, steps }))
}

pub async fn list<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let format = Format::of(XML);
    let call = check_jurisdiction(&visit, &form).and_then(|()| Call::read(&form, visit.site.clock.now()));
    match call {
        Ok(call) => found(&visit, format, call, &form).await,
        Err(refusal) => refuse(format, &refusal),
    }
}

/// `GET /tokens/{token}`: every report has its number at once, so a token is only another name of it.
pub async fn token(visit: Visit, file: Path<String>, form: Form) -> Answer {
    let (token, format) = named(&file)?;
    let sender = match check_jurisdiction(&visit, &form) {
        Ok(()) => sender_of(&visit, &form).await?,
        Err(refusal) => Err(refusal),
    };
    let sender = match sender {
        Ok(sender) => sender.map(|(id, _)| id),
        Err(refusal) => return refuse(format, &refusal),
    };
    let Ok(id) = Uuid::try_parse(&token) else { return refuse(format, &Refusal::unknown("token")) };
    let rows = visit.read(move |tx| store::requests(tx, &Wanted::Token(id), sender, 1, 0)).await?;
    let Some(row) = rows.first() else { return refuse(format, &Refusal::unknown("token")) };
    let named = vec![("service_request_id", Node::text(row.number.as_str())), ("token", Node::text(token))];
    private(format, "service_requests", &Node::List("request", vec![Node::Fields(named)]))
}

pub async fn one(visit: Visit, file: Path<String>, form: Form) -> Answer {
    let (number, format) = named(&file)?;
    let mut only = Form::from_pairs([("service_request_id", number.as_str())]);
    only.set("extensions", form.text("extensions"));
    let call = check_jurisdiction(&visit, &form).and_then(|()| Call::read(&only, visit.site.clock.now()));
    match call {
        Ok(call) if call.numbers.len() == 1 => found(&visit, format, call, &form).await,
        Ok(_) => refuse(format, &Refusal::unknown("service_request_id")),
        Err(refusal) => refuse(format, &refusal),
    }
}

async fn found(visit: &Visit, format: Format, call: Call, form: &Form) -> Answer {
    let (is_one, extended) = (call.numbers.len() == 1, call.extended);
    let sender = match sender_of(visit, form).await? {
        Ok(sender) => sender.map(|(id, _)| id),
        Err(refusal) => return refuse(format, &refusal),
    };
    let Some(found) = visit.read(move |tx| find(tx, &call, sender)).await? else {
        let why = format!("pages reach about {SKIP_MAX} requests; name less in start_date and end_date");
        return refuse(format, &Refusal::wrong(why));
    };
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
    let list = Node::List("request", nodes.collect());
    if sender.is_some() {
        private(format, "service_requests", &list)
    } else {
        answer(format, "service_requests", &list)
    }
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
        // Which office has it is not on the public page, and moves inside the house show nowhere outside.
        ("agency_responsible", Node::text(visit.town.full_name())),
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
        ("token", Node::text(row.id.to_string())),
        ("title", Node::text(row.title.as_str())),
        ("detailed_status", Node::text(PublicState::of(&row.state).word())),
        ("district", Node::known(row.district.as_str())),
        ("also_reported", Node::Integer(row.same_count)),
        ("url", Node::text(visit.town.url(&format!("/melden/{}", row.number)))),
    ]);
    let note = |at: Moment, state: PublicState| {
        Node::Fields(vec![
            ("datetime", Node::text(at.rfc3339())),
            ("status", Node::text(state.word())),
            ("description", Node::text(state.label(visit.t))),
        ])
    };
    let notes = public_steps(steps).map(|(at, state)| note(at, state));
    [("extended_attributes", extended), ("notes", Node::List("note", notes.collect()))]
}
