//! Works off the jobs of all towns: delivers events to listeners, sends mails, keeps house. Polls one table, wakes at
//! once when this process enqueued something, and never loses a job: what fails comes later or waits for a human.

use base::{Moment, MunicipalityId};
use db::{ClaimedJob, DbError, NewJob, Next, Tx};
use serde_json::json;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use web::{JobError, JobRun, Site, Stage};

const AT_ONCE: usize = 8;
/// What a killed process held is taken up again after this long.
const LEASE: Duration = Duration::from_secs(60);
/// A job that takes longer is given up, while its ticket still holds.
const JOB_SECONDS: u64 = LEASE.as_secs() - 5;
// A job that is given up between the server's "accepted" and its own end sends the letter once more; the seconds are for
// the few rows it reads before and writes after.
const _: () = assert!(mail::LETTER_SECONDS + 5 <= JOB_SECONDS, "a letter ends before its job does");
/// Jobs of other nodes, and those whose time has come, are seen after this long.
const POLL: Duration = Duration::from_secs(2);
const UPKEEP_JOB: &str = "upkeep";
const UPKEEP_SECONDS: i64 = 30 * 60;
const SWEEP_JOB: &str = "sweep";
const DAY_SECONDS: i64 = 86_400;
const EVENT_JOB: &str = "event";
const EVENTS_KEPT_DAYS: i64 = 90;

/// Runs until `stop` changes; then finishes what it holds.
pub async fn run(site: Site, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    let mut housekeeping = tokio::time::interval(Duration::from_secs(60));
    let mut counting = tokio::time::interval(Duration::from_secs(86_400));
    while !*stop.borrow() {
        let free = AT_ONCE.saturating_sub(running.len());
        let claimed = match site.db.claim_jobs(i64::try_from(free).unwrap_or(0), LEASE).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, "could not look for jobs");
                vec![]
            }
        };
        let found = !claimed.is_empty();
        for job in claimed {
            running.spawn(handle(site.clone(), job));
        }
        if found && running.len() < AT_ONCE {
            continue;
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = site.db.enqueued(), if running.len() < AT_ONCE => {}
            Some(_) = running.join_next() => {}
            _ = housekeeping.tick() => keep_house(&site).await,
            _ = counting.tick() => count_tables(&site).await,
            () = tokio::time::sleep(POLL) => {}
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// Tells the other nodes, and this one after a restart, whom this one saw.
pub async fn write_sightings(site: &Site) {
    if let Err(error) = identity::write_sightings(&site.db).await {
        tracing::warn!(%error, "could not write down who was seen");
    }
}

/// Works until nothing is due any more: for commands that end, and for tests.
pub async fn run_until_idle(site: &Site) -> anyhow::Result<()> {
    loop {
        let jobs = site.db.claim_jobs(64, LEASE).await?;
        if jobs.is_empty() {
            return Ok(());
        }
        for job in jobs {
            handle(site.clone(), job).await;
        }
    }
}

/// Without fresh numbers PostgreSQL plans as if tables were empty.
async fn count_tables(site: &Site) {
    if let Err(error) = site.db.analyze().await {
        tracing::warn!(%error, "could not count the tables");
    }
}

async fn keep_house(site: &Site) {
    site.limits.forget_idle();
    write_sightings(site).await;
    if let Err(error) = site.db.forget_once_keys().await {
        tracing::warn!(%error, "could not forget old once-only keys");
    }
}

async fn handle(site: Site, job: ClaimedJob) {
    let (ticket, kind) = (job.ticket, job.kind.clone());
    let outcome = match timeout(Duration::from_secs(JOB_SECONDS), dispatch(&site, job)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(JobError::Later("job.too_slow")),
    };
    let (word, next) = match outcome {
        Ok(()) => return,
        Err(JobError::Later(word)) => (word, Next::Later),
        Err(JobError::Never(word)) => (word, Next::Stuck),
        Err(JobError::Db(error)) => {
            tracing::warn!(%error, kind, "a job met a database error");
            ("job.database", Next::Later)
        }
    };
    metrics::counter!("stadtplatz_jobs_failed_total", "kind" => kind.clone()).increment(1);
    tracing::warn!(kind, word, "a job failed");
    if let Err(error) = site.db.fail_job(ticket, word, next).await {
        // Its lease runs out and somebody takes it again.
        tracing::warn!(%error, kind, "could not note a failed job");
    }
}

async fn dispatch(site: &Site, job: ClaimedJob) -> Result<(), JobError> {
    let Some(town) = job.municipality else { return Err(JobError::Never("job.no_town")) };
    match job.kind.as_str() {
        EVENT_JOB => deliver(site, town, &job).await,
        UPKEEP_JOB => upkeep(site, town, &job).await,
        SWEEP_JOB => sweep(site, town, &job).await,
        kind => {
            let run = JobRun { site: site.clone(), town, id: job.ticket.id, payload: job.payload.clone() };
            if kind == web::MAIL_JOB {
                web::run_mail_job(run).await?;
            } else {
                let known = site.rooms.iter().flat_map(|room| room.jobs).find(|known| known.kind == kind);
                (known.ok_or(JobError::Never("job.unknown_kind"))?.run)(run).await?;
            }
            site.db.finish_job(job.ticket).await?;
            Ok(())
        }
    }
}

async fn stage(site: &Site, town: MunicipalityId) -> Result<Stage, JobError> {
    let town = site.town(town).await?.ok_or(JobError::Never("job.no_town"))?;
    Ok(Stage { site: site.clone(), town })
}

/// A listener and the end of its job are one transaction, so its effect happens once. If several rooms listen, each
/// gets a job of its own: none waits for another, repeats because of another, or owes another's audit lines.
async fn deliver(site: &Site, town: MunicipalityId, job: &ClaimedJob) -> Result<(), JobError> {
    let id = job.payload["event"].as_str().and_then(|id| base::uuid::Uuid::try_parse(id).ok());
    let id = id.ok_or(JobError::Never("event.payload"))?;
    let only = job.payload["room"].as_str().map(str::to_owned);
    let (stage, ticket) = (Arc::new(stage(site, town).await?), job.ticket);
    site.db
        .write(town, move |tx| {
            let event = db::event(tx, id)?.ok_or_else(|| DbError::WrongShape("the event of a job".to_owned()))?;
            let payload = event.json().ok_or_else(|| DbError::WrongShape("outbox.payload".to_owned()))?;
            let rooms = stage.site.rooms.iter().filter(|room| only.as_deref().is_none_or(|only| room.name == only));
            let listening: Vec<_> = rooms.filter_map(|room| Some((room.name, room.listener(&event.kind)?))).collect();
            match listening.as_slice() {
                [] => {}
                [(_, listener)] => (listener.handle)(tx, &stage, &payload)?,
                several => several.iter().for_each(|(room, _)| tx.enqueue(db::delivery(id, Some(room)))),
            }
            tx.finish_job(ticket)
        })
        .await?;
    Ok(())
}

/// Every half hour each room gets a job of its own, and the next half hour is planned with them: a room that fails or is
/// slow comes back until it works or a person looks, and neither the others nor the rhythm suffer.
async fn upkeep(site: &Site, town: MunicipalityId, job: &ClaimedJob) -> Result<(), JobError> {
    let (stage, ticket) = (Arc::new(stage(site, town).await?), job.ticket);
    let only = job.payload["room"].as_str().map(str::to_owned);
    site.db
        .write(town, move |tx| {
            tx.finish_job(ticket)?;
            let mut rooms = stage.site.rooms.iter();
            if let Some(only) = &only {
                return rooms.find(|room| room.name == only.as_str()).map_or(Ok(()), |room| (room.upkeep)(tx, &stage));
            }
            for room in rooms {
                let (payload, key) = (json!({ "room": room.name }), Some(room.name.to_owned()));
                tx.enqueue(NewJob { kind: UPKEEP_JOB, payload, run_at: None, key });
            }
            web::forget_tries(tx)?;
            db::forget_events(tx, tx.now().plus_days(-EVENTS_KEPT_DAYS))?;
            plan(tx, UPKEEP_JOB, UPKEEP_SECONDS);
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(())
}

/// Removes uploads no row names: photos of drafts nobody sent, of refused answers, of a crash in between. A day of grace
/// lies between an upload and the row that names it. The next day is planned first, so that a sweep that always fails
/// stops none of the later ones.
async fn sweep(site: &Site, town: MunicipalityId, job: &ClaimedJob) -> Result<(), JobError> {
    let plan_next = |tx: &Tx<'_>| {
        plan(tx, SWEEP_JOB, DAY_SECONDS);
        Ok::<_, DbError>(())
    };
    site.db.write(town, plan_next).await?;
    let rooms = Arc::clone(&site.rooms);
    let read_names = move |tx: &Tx<'_>| {
        let mut named = HashSet::new();
        for room in rooms.iter() {
            named.extend((room.blobs)(tx)?);
        }
        Ok::<_, DbError>(named)
    };
    let named = site.db.read(town, read_names).await?;
    let older_than = site.clock.now().plus_seconds(-DAY_SECONDS);
    let swept = site.files.sweep(town, older_than, move |key| named.contains(&key.id)).await;
    swept.map_err(|_| JobError::Later("sweep.disk"))?;
    site.db.finish_job(job.ticket).await?;
    Ok(())
}

/// Plans the housekeeping of this town; with the key there is never more than one of a kind.
pub fn plan_upkeep(tx: &Tx<'_>) {
    plan(tx, UPKEEP_JOB, UPKEEP_SECONDS);
    plan(tx, SWEEP_JOB, DAY_SECONDS);
}

fn plan(tx: &Tx<'_>, kind: &'static str, seconds: i64) {
    tx.enqueue(NewJob {
        kind,
        payload: json!({}),
        run_at: Some(turn(tx.municipality(), tx.now(), seconds)),
        key: Some(kind.to_owned()),
    });
}

/// When this town's turn comes next: every `seconds`, each town at a moment of its own. Ten thousand towns that were
/// founded in one minute, or waited together for a server that was away, are spread over the whole time again.
fn turn(town: MunicipalityId, now: Moment, seconds: i64) -> Moment {
    // The last bytes of an id are chance; the first ones are the time it was made.
    let chance = town.0.as_bytes()[8..].iter().fold(0_i64, |sum, byte| (sum * 256 + i64::from(*byte)) % seconds);
    let current = now.micros().div_euclid(1_000_000);
    // At least half the time from now, so that a town that was late is not asked twice in a moment.
    let earliest = current + seconds / 2;
    let wait = (chance - earliest).rem_euclid(seconds);
    Moment::from_micros((earliest + wait) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, SeededChance, SystemClock};

    #[test]
    fn ten_thousand_towns_take_turns() {
        let (chance, now) = (SeededChance::new(5), SystemClock.now());
        let mut minutes = [0; 46];
        for _ in 0..10_997 {
            let town = MunicipalityId(base::new_id(&SystemClock, &chance));
            let first = turn(town, now, UPKEEP_SECONDS);
            let wait = first.seconds_since(now);
            assert!((UPKEEP_SECONDS / 2 - 1..=UPKEEP_SECONDS * 3 / 2).contains(&wait), "{wait}");
            minutes[usize::try_from(wait / 60).unwrap()] += 1;
            // Late or not, the next turn is a whole time later.
            let next = turn(town, first.plus_seconds(30), UPKEEP_SECONDS);
            assert_eq!(next.seconds_since(first), UPKEEP_SECONDS);
        }
        assert!(minutes.iter().all(|towns| *towns < 550), "a crowd: {minutes:?}");
    }
}
