//! Rows 1, 3 and 12: the server, or every process of PostgreSQL, is killed while people send; PostgreSQL restarts in order,
//! is frozen and goes on, or waits for its standby. Not the failover to another machine, that is `failover`.
//! Invariant: while the database is away nobody gets anything but 503 with `Retry-After`, and nobody waits over 5 s; over
//! 20 s if it takes connections and is silent, because a statement may take ten and looks the same meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Yard;
use super::cluster::Cluster;
use super::load::{Load, settle, under_load};
use super::rounds::{Round, Rounds};
use super::town::Town;

/// So many reports are acknowledged before something breaks, and again after it is mended.
const BEFORE: usize = 100;
/// How long the database is away, by round. Long enough for the patience of every thread of the pool to end; the longer
/// it was away, the longer it must not be thought away.
const AWAY: [Duration; 3] = [Duration::from_secs(13), Duration::from_secs(4), Duration::from_secs(7)];
/// The first is shorter than the silence that the program bears, the others are longer.
const FROZEN: [Duration; 3] = [Duration::from_secs(6), Duration::from_secs(24), Duration::from_secs(40)];
/// No request may hang longer while the database is away.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// So many threads of the program write at most.
const WRITERS_MAX: usize = 8;
const WAIT_MAX_FROZEN: Duration = Duration::from_secs(20);
/// The pool has healed so soon after the database takes connections again.
const HEAL_MAX: Duration = Duration::from_secs(2);

/// kill -9 on the program itself.
pub fn server(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    rounds.each(|round| {
        let word = format!("kill {}", round.number);
        town.serve()?;
        let (port, service) = (town.port, town.service.clone());
        let (ledger, killed) = under_load(port, &service, &word, |load| {
            load.until_acknowledged(BEFORE)?;
            town.kill();
            Ok(())
        });
        killed?;
        round.longest("start", town.serve()?);
        settle(&town, &word, ledger, round)?;
        town.stop();
        Ok(())
    })
}

/// kill -9 on every process of PostgreSQL at once; then it is started again.
pub fn postgres(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let break_it = |cluster: &mut Cluster<'_>, round: &mut Round| {
        round.count("processes_killed", cluster.kill()?);
        Ok(())
    };
    away(yard, rounds, &Outage { lasts: AWAY, wait_max: WAIT_MAX, break_it, mend: |cluster| cluster.rise() })
}

/// A restart in order, as a package upgrade does it.
pub fn restart(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let break_it = |cluster: &mut Cluster<'_>, _: &mut Round| {
        cluster.stop();
        Ok(())
    };
    away(yard, rounds, &Outage { lasts: AWAY, wait_max: WAIT_MAX, break_it, mend: |cluster| cluster.rise() })
}

/// Every process of PostgreSQL stops where it stands, and goes on later.
pub fn freeze(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let break_it = |cluster: &mut Cluster<'_>, round: &mut Round| {
        round.count("processes_frozen", cluster.freeze()?);
        Ok(())
    };
    away(yard, rounds, &Outage { lasts: FROZEN, wait_max: WAIT_MAX_FROZEN, break_it, mend: |cluster| cluster.thaw() })
}

/// The only standby is gone: nothing can be committed, everything can be read. Each writer of the program may leave one
/// commit waiting at the server, and no more: they cannot be taken back and would fill it.
pub fn standby_away(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let break_it = |cluster: &mut Cluster<'_>, _: &mut Round| cluster.set(&[("synchronous_standby_names", "nobody")]);
    let mend = |cluster: &mut Cluster<'_>| {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        let waiting = cluster.ask("postgres", waiting)?.concat().concat();
        cluster.set(&[("synchronous_standby_names", "")])?;
        let waiting: usize = waiting.parse().context("the waiting commits cannot be counted")?;
        ensure!(waiting <= WRITERS_MAX, "{waiting} commits wait at the server");
        Ok(())
    };
    away(yard, rounds, &Outage { lasts: FROZEN, wait_max: WAIT_MAX_FROZEN, break_it, mend })
}

/// What happens to PostgreSQL, for how long, and what may be asked of the program meanwhile.
struct Outage {
    lasts: [Duration; 3],
    wait_max: Duration,
    break_it: fn(&mut Cluster<'_>, &mut Round) -> Result<()>,
    mend: fn(&mut Cluster<'_>) -> Result<()>,
}

fn away(yard: &Yard<'_>, rounds: &mut Rounds<'_>, outage: &Outage) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    rounds.each(|round| {
        let word = format!("away {}", round.number);
        let (port, service) = (town.port, town.service.clone());
        let cluster = town.cluster.as_mut().context("this row is about PostgreSQL")?;
        let (ledger, broken) = under_load(port, &service, &word, |load| {
            load.until_acknowledged(BEFORE)?;
            (outage.break_it)(cluster, round)?;
            std::thread::sleep(outage.lasts[round.number as usize % outage.lasts.len()]);
            (outage.mend)(cluster)?;
            heal(load, round)
        });
        broken?;
        round.must(town.is_running(), "the program ended");
        judge_within(&ledger, outage.wait_max, round);
        settle(&town, &word, ledger, round)
    })
}

/// The database takes connections again: from now on the pool has little time.
fn heal(load: &Load<'_>, round: &mut Round) -> Result<()> {
    let began = Instant::now();
    load.until_acknowledged(1)?;
    let healed = began.elapsed();
    round.longest("healed_after", healed);
    round.must(healed <= HEAL_MAX, format!("the pool healed only after {} ms", healed.as_millis()));
    load.until_acknowledged(BEFORE)?;
    Ok(())
}

/// Errors were honest and short.
pub fn judge(ledger: &super::load::Ledger, round: &mut Round) {
    judge_within(ledger, WAIT_MAX, round);
}

fn judge_within(ledger: &super::load::Ledger, wait_max: Duration, round: &mut Round) {
    let others = ledger.other_than(&[200, 503]);
    round.count("answers_503", ledger.statuses.get(&503).copied().unwrap_or_default());
    round.count("answers_of_other_kinds", others + ledger.broken);
    round.longest("longest_wait", ledger.longest);
    round.must(others == 0, format!("other answers than 200 and 503: {:?}", ledger.statuses));
    round.must(ledger.broken == 0, format!("{} connections broke", ledger.broken));
    round.must(
        ledger.without_retry_after == 0,
        format!("{} answers of 503 without Retry-After", ledger.without_retry_after),
    );
    round.must(ledger.longest <= wait_max, format!("somebody waited {} ms", ledger.longest.as_millis()));
}
