//! The outbox: events stored in the transaction that caused them, with a job that tells the listeners later. Not a
//! queue of its own: delivery, retries and the list of stuck ones are the jobs'.

use crate::{DbError, NewJob, Tx, p, record};
use base::Moment;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

record! {
    /// An event as listeners get it.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Event {
        pub id: Uuid,
        pub at: Moment,
        pub kind: String,
        /// JSON.
        pub payload: String,
    }
}

impl Event {
    /// The payload, read; `None` if it is no JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&self.payload).ok()
    }
}

/// The kind of the job that delivers an event; its payload is `{"event": id}`, with `"room"` if only that room is meant.
pub(crate) const JOB: &str = "event";
/// Events deleted in one transaction; the next run takes the rest.
const FORGOTTEN_MAX: u64 = 2_000;
const PAGE: i64 = 500;

/// Delivers an event to all who listen, or to one room alone.
pub fn delivery(event: Uuid, room: Option<&'static str>) -> NewJob {
    let (payload, key) = match room {
        None => (json!({ "event": event }), event.to_string()),
        Some(room) => (json!({ "event": event, "room": room }), format!("{event}/{room}")),
    };
    NewJob { kind: JOB, payload, run_at: None, key: Some(key) }
}

pub(crate) fn store(tx: &Tx<'_>, kind: &'static str, payload: &serde_json::Value) -> Result<NewJob, DbError> {
    let id = tx.new_id();
    tx.bookkeep_later(
        "INSERT INTO outbox (municipality, id, at, kind, payload) VALUES ($1, $2, $3, $4, $5)",
        p![id, tx.now(), kind, payload.to_string()],
    )?;
    Ok(delivery(id, None))
}

/// The event with this id.
pub fn event(tx: &Tx<'_>, id: Uuid) -> Result<Option<Event>, DbError> {
    tx.query_one("SELECT id, at, kind, payload FROM outbox WHERE municipality = $1 AND id = $2", p![id])
}

/// Jobs that still need an event from before a key. The keys begin with the time, as the ids do.
pub(crate) const STILL_NEEDED: &str =
    "SELECT unique_key FROM jobs WHERE municipality = $1 AND kind = $2 AND unique_key < $3";
pub(crate) const OLD_EVENTS: &str =
    "SELECT id FROM outbox WHERE municipality = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4";

/// Deletes delivered events from before this moment, the oldest first and not too many at once. An event that still
/// has a job is kept.
pub fn forget_events(tx: &Tx<'_>, before: Moment) -> Result<u64, DbError> {
    let end = base::first_id_of(before);
    let needed: Vec<(String,)> = tx.query(STILL_NEEDED, p![JOB, end.to_string()])?;
    let needed: HashSet<Uuid> =
        needed.iter().filter_map(|(key,)| Uuid::parse_str(key.split('/').next().unwrap_or_default()).ok()).collect();
    let (mut gone, mut after) = (0, Uuid::nil());
    while gone < FORGOTTEN_MAX {
        let page: Vec<(Uuid,)> = tx.query(OLD_EVENTS, p![after, end, PAGE])?;
        let Some((last,)) = page.last() else { break };
        after = *last;
        for (id,) in page.iter().filter(|(id,)| !needed.contains(id)) {
            gone += tx.bookkeep("DELETE FROM outbox WHERE municipality = $1 AND id = $2", p![*id])?;
        }
    }
    Ok(gone)
}
