//! Updates of requests, an extension by mySociety that most servers know: how public reports went on, as a feed for those
//! who show them elsewhere. Not here: what the town writes to the person who reported, that is between the two.

use super::{Format, Node, answer, check_jurisdiction, refuse, requests::window_of};
use crate::{
    report::{PublicState, public_steps},
    store::{self, Request, Wanted},
};
use base::Moment;
use db::{DbError, Tx};
use web::{Answer, Form, Visit};

/// Reports that moved in the window; more are left to a smaller one.
const REPORTS_MAX: i64 = 1_000;
/// Numbers in one look-up.
const CHUNK: usize = 50;

struct Update {
    number: String,
    at: Moment,
    state: PublicState,
}

impl Update {
    /// Words of the extension; what is closed without being fixed only ends.
    const fn status(&self) -> &'static str {
        match self.state {
            PublicState::Reported => "OPEN",
            PublicState::InWork => "IN_PROGRESS",
            PublicState::Planned => "ACTION_SCHEDULED",
            PublicState::Fixed => "FIXED",
            PublicState::Closed => "CLOSED",
        }
    }
}

fn find(tx: &Tx<'_>, from: Moment, to: Moment) -> Result<Vec<Update>, DbError> {
    let numbers = store::moved(tx, from, to, REPORTS_MAX)?;
    let mut updates = vec![];
    for chunk in numbers.chunks(CHUNK) {
        let most = i64::try_from(chunk.len()).unwrap_or(REPORTS_MAX);
        let rows = store::requests(tx, &Wanted::Numbers(chunk.to_vec()), None, most, 0)?;
        let steps = store::steps_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        for Request { id, number, .. } in rows {
            // The first step is the report itself.
            let seen = public_steps(steps.get(&id).map_or(&[], Vec::as_slice)).skip(1);
            let seen = seen.filter(|(at, _)| *at >= from && *at <= to);
            updates.extend(seen.map(|(at, state)| Update { number: number.clone(), at, state }));
        }
    }
    updates.sort_by(|a, b| (a.at, &a.number).cmp(&(b.at, &b.number)));
    Ok(updates)
}

/// `GET /servicerequestupdates`, oldest first. Without a window it is the last day, which is what pollers ask for.
pub async fn list<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let format = Format::of(XML);
    let window = check_jurisdiction(&visit, &form).and_then(|()| window_of(&form, visit.site.clock.now()));
    let (from, to) = match window {
        Ok(window) => window,
        Err(refusal) => return refuse(format, &refusal),
    };
    let updates = visit.read(move |tx| find(tx, from, to)).await?;
    let node = |update: &Update| {
        Node::Fields(vec![
            ("update_id", Node::text(format!("{}-{}", update.number, update.at.micros()))),
            ("service_request_id", Node::text(update.number.as_str())),
            ("status", Node::text(update.status())),
            ("description", Node::text(update.state.label(visit.t))),
            ("updated_datetime", Node::text(update.at.rfc3339())),
            ("media_url", Node::Nothing),
        ])
    };
    answer(format, "service_request_updates", &Node::List("request_update", updates.iter().map(node).collect()))
}
