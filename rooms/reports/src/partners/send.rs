//! Carries one report over. Held while it is under way, so that no two jobs send it; if an earlier attempt has no known end,
//! the other side is asked first. Not here: what the other side answers and means (`server`). Invariant: what arrived is
//! sent no more; what was not taken stays in the list until a person decides.

use super::{
    SEND, id_of,
    server::{Parcel, Server, Taken, Trouble},
};
use crate::{
    report::ForwardState,
    store::{self, Ended, Forward, Partner},
};
use base::{Actor, Moment, Position};
use cases::CaseId;
use db::{Audit, DbError, NewJob, Tx};
use serde_json::json;
use web::{JobError, JobRun};

/// Longer than any run of a job.
const HELD_SECONDS: i64 = 60;
/// After so many attempts, that is three days, a person has to look.
const TRIES_MAX: i64 = 28;
/// Clocks differ.
const HOUR: i64 = 3_600;

/// Seconds until the next attempt after this many.
const fn delay(tries: i64) -> i64 {
    match tries {
        ..=1 => 60,
        2 => 300,
        3 => 900,
        4 => HOUR,
        _ => 3 * HOUR,
    }
}

pub async fn run(run: JobRun) -> Result<(), JobError> {
    let id = id_of(&run)?;
    let held = run.site.db.write::<_, DbError>(run.town, move |tx| {
        let until = tx.now().plus_seconds(HELD_SECONDS);
        tx.unaudited("how an attempt ended is audited", || store::hold_forward(tx, id, until))
    });
    let forward = match held.await? {
        Ok(forward) => forward,
        Err(false) => return Ok(()),
        Err(true) => return Err(JobError::Later("report.forward.held")),
    };
    let partner = super::partner_of(&run, forward.partner).await?;
    let host = match run.site.town(run.town).await? {
        Some(town) => town.base_url.split("://").nth(1).unwrap_or_default().to_owned(),
        None => return Err(JobError::Never("report.forward.no_town")),
    };
    let result = match &partner {
        Some(partner) => carry(&run, partner, &forward, &host).await,
        None => Err(Trouble::Refused("Die Stelle ist nicht mehr eingetragen.".to_owned())),
    };
    let written = run.site.db.write::<_, DbError>(run.town, move |tx| settle(tx, &forward, &result));
    Ok(written.await?)
}

/// By this the report is found again at the other office: our number and whose number it is.
fn mark(forward: &Forward, host: &str) -> String {
    format!("(Unser Zeichen: {}, {host})", forward.number)
}

async fn carry(run: &JobRun, partner: &Partner, forward: &Forward, host: &str) -> Result<Taken, Trouble> {
    let server = Server { outgoing: &run.site.outgoing, partner };
    let mark = mark(forward, host);
    if forward.unclear {
        let now = run.site.clock.now();
        let window = [forward.created_at.plus_seconds(-HOUR), now.plus_seconds(HOUR)];
        match server.find(&forward.service, &mark, window).await {
            Ok(Some(taken)) => return Ok(taken),
            Ok(None) => {}
            // Still nobody knows.
            Err(Trouble::Away(words) | Trouble::Unclear(words)) => return Err(Trouble::Unclear(words)),
            Err(Trouble::Refused(_) | Trouble::Unknowable) => return Err(Trouble::Unknowable),
        }
    }
    let words = format!("{}\n\n{mark}", forward.body);
    let parcel = Parcel {
        service: &forward.service,
        at: Position { lat: forward.lat, lon: forward.lon },
        place: &forward.place,
        words: words.trim(),
        photo: &forward.photo,
    };
    server.send(&parcel).await
}

/// Writes down how it ended: state, audit line and the next attempt in one transaction.
pub(super) fn settle(tx: &Tx<'_>, forward: &Forward, result: &Result<Taken, Trouble>) -> Result<(), DbError> {
    let next = |tx: &Tx<'_>| (forward.tries < TRIES_MAX).then(|| tx.now().plus_seconds(delay(forward.tries)));
    let waits = |next_at: Option<Moment>| if next_at.is_some() { ForwardState::Waiting } else { ForwardState::Failed };
    let (state, unclear, next_at) = match result {
        Ok(_) => (ForwardState::Sent, false, None),
        Err(Trouble::Unknowable) => (ForwardState::Failed, true, None),
        Err(Trouble::Refused(_)) => (ForwardState::Refused, false, None),
        Err(trouble) => {
            let next_at = next(tx);
            (waits(next_at), matches!(trouble, Trouble::Unclear(_)), next_at)
        }
    };
    let nothing = Taken::default();
    let taken = result.as_ref().unwrap_or(&nothing);
    let problem = result.as_ref().err().map_or("", Trouble::words);
    let ended = Ended { state, unclear, problem, next_at, foreign_id: &taken.id, token: &taken.token };
    if !store::end_attempt(tx, forward.id, forward.attempts, &ended)? {
        // Somebody took it back meanwhile, or a later attempt has the word.
        return Ok(());
    }
    tx.audit(Audit {
        actor: Actor::System.trace(),
        action: "report.forward_tried",
        subject: forward.id.to_string(),
        detail: json!({ "state": state.word(), "attempt": forward.attempts }),
    });
    if let Some(at) = next_at {
        let (payload, key) = (json!({ "id": forward.id }), Some(forward.id.to_string()));
        tx.enqueue(NewJob { kind: SEND, payload, run_at: Some(at), key });
    }
    tell(tx, forward, state, taken, problem)
}

/// The citizen reads that it arrived, the desk that it did not.
fn tell(tx: &Tx<'_>, forward: &Forward, state: ForwardState, taken: &Taken, problem: &str) -> Result<(), DbError> {
    let name = &forward.partner_name;
    let (words, visible) = match state {
        ForwardState::Sent if taken.id.is_empty() => (format!("Weitergegeben an: {name}."), true),
        ForwardState::Sent => (format!("Weitergegeben an: {name}. Nummer dort: {}.", taken.id), true),
        ForwardState::Refused => (format!("{name} nimmt die Meldung nicht an: {problem}"), false),
        ForwardState::Failed => (format!("Nicht weitergegeben an: {name}. {problem}"), false),
        ForwardState::Waiting | ForwardState::Cancelled => return Ok(()),
    };
    cases::remark(tx, CaseId(forward.case_id), &Actor::System, &words, visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_end_after_three_days_and_never_come_closer() {
        let waits: Vec<i64> = (1..TRIES_MAX).map(delay).collect();
        assert!(waits.is_sorted());
        let whole: i64 = waits.iter().sum();
        assert!((2 * 86_400..4 * 86_400).contains(&whole), "{whole}");
    }
}
