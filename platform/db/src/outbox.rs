//! The outbox: events stored in the transaction that caused them, with a job that tells the listeners later. Not a
//! queue of its own: delivery, retries and the list of stuck ones are the jobs'.

use crate::{DbError, NewJob, Tx, p, record};
use base::Moment;
use serde_json::json;
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

/// The kind of the job that delivers an event; its payload is `{"event": id}`.
pub(crate) const JOB: &str = "event";

pub(crate) fn store(tx: &Tx<'_>, kind: &'static str, payload: &serde_json::Value) -> Result<NewJob, DbError> {
    let id = tx.new_id();
    tx.bookkeep(
        "INSERT INTO outbox (municipality, id, at, kind, payload) VALUES ($1, $2, $3, $4, $5)",
        p![id, tx.now(), kind, payload.to_string()],
    )?;
    Ok(NewJob { kind: JOB, payload: json!({ "event": id }), run_at: None, key: None })
}

/// The event with this id.
pub fn event(tx: &Tx<'_>, id: Uuid) -> Result<Option<Event>, DbError> {
    tx.query_one("SELECT id, at, kind, payload FROM outbox WHERE municipality = $1 AND id = $2", p![id])
}

/// Deletes delivered events from before this moment. An event that still has a job is kept.
pub fn forget_events(tx: &Tx<'_>, before: Moment) -> Result<u64, DbError> {
    // Events first: one that is committed between the two questions is then missing here, not its job there.
    let old: Vec<(Uuid,)> = tx.query("SELECT id FROM outbox WHERE municipality = $1 AND at < $2", p![before])?;
    let waiting: Vec<(String,)> = tx
        .query("SELECT payload FROM jobs WHERE municipality = $1 AND kind = $2 AND created_at < $3", p![JOB, before])?;
    let kept: std::collections::HashSet<Uuid> = waiting
        .iter()
        .filter_map(|(payload,)| serde_json::from_str::<serde_json::Value>(payload).ok())
        .filter_map(|payload| Uuid::parse_str(payload.get("event")?.as_str()?).ok())
        .collect();
    let mut gone = 0;
    for (id,) in old.into_iter().filter(|(id,)| !kept.contains(id)) {
        gone += tx.bookkeep("DELETE FROM outbox WHERE municipality = $1 AND id = $2", p![id])?;
    }
    Ok(gone)
}
