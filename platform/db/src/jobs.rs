//! Jobs: work for later, stored with the transaction that wanted it. Claimed by lease, so several nodes may work and a
//! node may die; failed ones come back ever later and end in a list a person sees, never in silence. Jobs run at
//! least once: their effect and `Tx::finish_job` belong into one transaction. `last_error` holds kinds, no content.

use crate::{Db, DbError, Operating, Tx, p, record};
use base::{Chance, Moment, MunicipalityId, ToValue};
use std::time::Duration;
use uuid::Uuid;

/// After so many attempts a job waits for a person.
const ATTEMPTS_MAX: i64 = 12;
const FIRST_DELAY_SECONDS: i64 = 10;
const DELAY_SECONDS_MAX: i64 = 3_600;

/// A job to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    pub kind: &'static str,
    pub payload: serde_json::Value,
    /// `None`: as soon as possible.
    pub run_at: Option<Moment>,
    /// At most one waiting job per town, kind and key.
    pub key: Option<String>,
}

pub(crate) const INSERT_IN_TOWN: &str =
    "INSERT INTO jobs (municipality, id, kind, payload, state, unique_key, run_at, attempts, created_at)
     VALUES ($1, $2, $3, $4, 'waiting', $5, $6, 0, $7) ON CONFLICT DO NOTHING";

/// The arguments of `INSERT_IN_TOWN` from `$2` on.
pub(crate) struct JobArguments<'a> {
    job: &'a NewJob,
    id: &'a Uuid,
    now: &'a Moment,
    payload: String,
    run_at: Moment,
}

impl JobArguments<'_> {
    pub fn each(&self) -> [&dyn ToValue; 6] {
        [self.id, &self.job.kind, &self.payload, &self.job.key, &self.run_at, self.now]
    }
}

impl NewJob {
    pub(crate) fn arguments<'a>(&'a self, id: &'a Uuid, now: &'a Moment) -> JobArguments<'a> {
        JobArguments { job: self, id, now, payload: self.payload.to_string(), run_at: self.run_at.unwrap_or(*now) }
    }
}

/// The right to finish one run of a job. It is void as soon as the lease ran out and somebody else took the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobTicket {
    pub id: Uuid,
    pub attempt: i64,
}

/// A job in somebody's hands.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    pub ticket: JobTicket,
    /// `None`: a job that belongs to no town.
    pub municipality: Option<MunicipalityId>,
    pub kind: String,
    pub payload: serde_json::Value,
}

record! {
    struct Claimed {
        id: Uuid,
        municipality: Uuid,
        kind: String,
        payload: String,
        attempts: i64,
    }
}

record! {
    /// A job that waits for a person.
    #[derive(Debug, Clone, PartialEq)]
    pub struct StuckJob {
        pub id: Uuid,
        pub kind: String,
        pub attempts: i64,
        pub last_error: Option<String>,
        pub created_at: Moment,
    }
}

/// What happens to a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Again, each time later, until it is stuck.
    Later,
    At(Moment),
    /// No repetition will help.
    Stuck,
}

impl Db {
    /// Takes due jobs, and jobs whose holder did not come back. Nobody else gets them until the lease ends.
    pub async fn claim_jobs(&self, limit: i64, lease: Duration) -> Result<Vec<ClaimedJob>, DbError> {
        let seconds = i64::try_from(lease.as_secs()).unwrap_or(i64::MAX);
        self.operate(move |o| claim(o, limit, o.now().plus_seconds(seconds))).await
    }

    /// The run is done and the job gone. False: the ticket was void.
    pub async fn finish_job(&self, ticket: JobTicket) -> Result<bool, DbError> {
        self.operate(move |o| {
            let gone = o.exec(
                "DELETE FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'running'",
                p![ticket.id, ticket.attempt],
            )?;
            Ok(gone == 1)
        })
        .await
    }

    /// The run failed. `error_kind` is a word like `smtp.refused`. False: the ticket was void.
    pub async fn fail_job(&self, ticket: JobTicket, error_kind: &'static str, next: Next) -> Result<bool, DbError> {
        self.operate(move |o| fail(o, ticket, error_kind, next)).await
    }

    /// The run goes on: a longer lease. False: the ticket was void, stop.
    pub async fn extend_job(&self, ticket: JobTicket, lease: Duration) -> Result<bool, DbError> {
        let seconds = i64::try_from(lease.as_secs()).unwrap_or(i64::MAX);
        self.operate(move |o| {
            let held = o.exec(
                "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND attempts = $2 AND state = 'running'",
                p![ticket.id, ticket.attempt, o.now().plus_seconds(seconds)],
            )?;
            Ok(held == 1)
        })
        .await
    }

    /// How many jobs wait and are stuck, in all towns: for metrics.
    pub async fn job_counts(&self) -> Result<(i64, i64), DbError> {
        self.look_up(|o| {
            let waiting = o.scalar("SELECT COUNT(*) FROM jobs WHERE state = 'waiting'", p![])?;
            let stuck = o.scalar("SELECT COUNT(*) FROM jobs WHERE state = 'stuck'", p![])?;
            Ok((waiting.unwrap_or(0), stuck.unwrap_or(0)))
        })
        .await
    }
}

impl Tx<'_> {
    /// The job is done with this transaction. Fails if the ticket was void, so that the effect is undone with it.
    pub fn finish_job(&self, ticket: JobTicket) -> Result<(), DbError> {
        let gone = self.bookkeep(
            "DELETE FROM jobs WHERE municipality = $1 AND id = $2 AND attempts = $3 AND state = 'running'",
            p![ticket.id, ticket.attempt],
        )?;
        if gone == 1 { Ok(()) } else { Err(DbError::other("the lease of the job was lost")) }
    }

    /// The town's jobs that wait for a person, oldest first.
    pub fn stuck_jobs(&self, limit: i64) -> Result<Vec<StuckJob>, DbError> {
        self.query(
            "SELECT id, kind, attempts, last_error, created_at FROM jobs
             WHERE municipality = $1 AND state = 'stuck' ORDER BY id LIMIT $2",
            p![limit],
        )
    }

    /// Lets a stuck job try again from the start. False: there is no such stuck job, or an equal one waits already.
    pub fn retry_job(&self, id: Uuid) -> Result<bool, DbError> {
        let again = self.exec(
            "UPDATE jobs SET state = 'waiting', attempts = 0, run_at = $3, lease_until = NULL
             WHERE municipality = $1 AND id = $2 AND state = 'stuck' AND NOT EXISTS (
                 SELECT 1 FROM jobs o WHERE o.municipality = $1 AND o.kind = jobs.kind
                 AND o.unique_key = jobs.unique_key AND o.state = 'waiting')",
            p![id, self.now()],
        )?;
        Ok(again == 1)
    }
}

impl Operating<'_> {
    /// All jobs that wait for a person, oldest first.
    pub fn list_stuck(&self, limit: i64) -> Result<Vec<StuckJob>, DbError> {
        self.query(
            "SELECT id, kind, attempts, last_error, created_at FROM jobs WHERE state = 'stuck' ORDER BY id LIMIT $1",
            p![limit],
        )
    }
}

fn claim(o: &Operating<'_>, limit: i64, until: Moment) -> Result<Vec<ClaimedJob>, DbError> {
    let now = o.now();
    // A job that takes its worker down every time must not do so for ever.
    o.exec(
        "UPDATE jobs SET state = 'stuck', lease_until = NULL, last_error = 'lease.expired'
         WHERE state = 'running' AND lease_until < $1 AND attempts >= $2",
        p![now, ATTEMPTS_MAX],
    )?;
    // The conditions stand twice: a second claimer that waited for the row looks at them again and skips it.
    let rows: Vec<Claimed> = o.query(
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = $2
         WHERE id IN (SELECT id FROM jobs WHERE state = 'waiting' AND run_at <= $1 ORDER BY run_at, id LIMIT $3)
           AND state = 'waiting' AND run_at <= $1
         RETURNING id, municipality, kind, payload, attempts",
        p![now, until, limit],
    )?;
    let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
    let lost: Vec<Claimed> = if left <= 0 {
        Vec::new()
    } else {
        o.query(
            "UPDATE jobs SET attempts = attempts + 1, lease_until = $2
             WHERE id IN (SELECT id FROM jobs WHERE state = 'running' AND lease_until < $1 ORDER BY lease_until, id LIMIT $3)
               AND state = 'running' AND lease_until < $1
             RETURNING id, municipality, kind, payload, attempts",
            p![now, until, left],
        )?
    };
    rows.into_iter().chain(lost).filter_map(|row| claimed(o, row).transpose()).collect()
}

/// `None`: the payload cannot be read, and the job waits for a person. As an error it would undo the whole claim, and
/// the same job would come first again the next time, for all towns.
fn claimed(o: &Operating<'_>, row: Claimed) -> Result<Option<ClaimedJob>, DbError> {
    let ticket = JobTicket { id: row.id, attempt: row.attempts };
    let Ok(payload) = serde_json::from_str(&row.payload) else {
        tracing::error!(id = %row.id, kind = row.kind, "the payload of a job is no JSON");
        return fail(o, ticket, "job.payload", Next::Stuck).map(|_| None);
    };
    let municipality = (!row.municipality.is_nil()).then_some(MunicipalityId(row.municipality));
    Ok(Some(ClaimedJob { ticket, municipality, kind: row.kind, payload }))
}

fn fail(o: &Operating<'_>, ticket: JobTicket, error_kind: &'static str, next: Next) -> Result<bool, DbError> {
    let run_at = match next {
        Next::Stuck => None,
        Next::Later if ticket.attempt >= ATTEMPTS_MAX => None,
        Next::Later => Some(o.now().plus_seconds(delay_seconds(ticket.attempt, &*o.shared().chance))),
        Next::At(moment) => Some(moment),
    };
    let Some(run_at) = run_at else {
        let stuck = o.exec(
            "UPDATE jobs SET state = 'stuck', lease_until = NULL, last_error = $3
             WHERE id = $1 AND attempts = $2 AND state = 'running'",
            p![ticket.id, ticket.attempt, error_kind],
        )?;
        return Ok(stuck == 1);
    };
    let waits = o.exec(
        "UPDATE jobs SET state = 'waiting', lease_until = NULL, run_at = $3, last_error = $4
         WHERE id = $1 AND attempts = $2 AND state = 'running' AND NOT EXISTS (
             SELECT 1 FROM jobs o WHERE o.municipality = jobs.municipality AND o.kind = jobs.kind
             AND o.unique_key = jobs.unique_key AND o.state = 'waiting')",
        p![ticket.id, ticket.attempt, run_at, error_kind],
    )?;
    if waits == 1 {
        return Ok(true);
    }
    give_way(o, ticket, run_at, error_kind)
}

/// An equal job was enqueued while this one ran: that one does the work, and inherits attempts and delay, so that a
/// job which always fails still ends before a person.
fn give_way(o: &Operating<'_>, ticket: JobTicket, run_at: Moment, error_kind: &'static str) -> Result<bool, DbError> {
    let inherited = o.exec(
        "UPDATE jobs SET attempts = $2, run_at = $3, last_error = $4
         WHERE state = 'waiting' AND EXISTS (
             SELECT 1 FROM jobs mine WHERE mine.id = $1 AND mine.attempts = $2 AND mine.state = 'running'
             AND mine.municipality = jobs.municipality AND mine.kind = jobs.kind AND mine.unique_key = jobs.unique_key)",
        p![ticket.id, ticket.attempt, run_at, error_kind],
    )?;
    if inherited == 0 {
        return Ok(false);
    }
    o.exec("DELETE FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'running'", p![ticket.id, ticket.attempt])?;
    Ok(true)
}

/// 10 s, 20 s, 40 s … one hour at most; up to a fifth earlier or later, so that a thousand mails that failed together
/// do not come back together.
fn delay_seconds(attempt: i64, chance: &dyn Chance) -> i64 {
    let doubled = u32::try_from(attempt - 1).unwrap_or(0).min(16);
    let plain = FIRST_DELAY_SECONDS.saturating_mul(1 << doubled).min(DELAY_SECONDS_MAX);
    let spread = u64::try_from(plain * 2 / 5).unwrap_or(0);
    plain - plain / 5 + i64::try_from(chance.below(spread + 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SeededChance;

    #[test]
    fn delays_grow_to_an_hour_and_spread() {
        let chance = SeededChance::new(3);
        for (attempt, plain) in [(1, 10), (2, 20), (5, 160), (11, 3_600), (40, 3_600)] {
            for _ in 0..50 {
                let delay = delay_seconds(attempt, &chance);
                assert!((plain * 4 / 5..=plain * 6 / 5).contains(&delay), "{attempt}: {delay}");
            }
        }
    }
}
