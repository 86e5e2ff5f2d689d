//! Rows 1 and 12: the server, or every process of PostgreSQL, is killed while people send; PostgreSQL restarts in order.
//! Not the failover to another machine, that is `failover`.
//! Invariant: while the database is away nobody gets anything but 503 with `Retry-After`, and nobody waits over 5 s.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Yard;
use super::load::{Load, settle, under_load};
use super::rounds::{Round, Rounds};
use super::town::Town;

/// So many reports are acknowledged before something breaks, and again after it is mended.
const BEFORE: usize = 100;
/// How long the database is away, by round.
const AWAY: [Duration; 3] = [Duration::from_secs(13), Duration::from_secs(4), Duration::from_secs(7)];
/// No request may hang longer while the database is away.
const WAIT_MAX: Duration = Duration::from_secs(5);
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
    away(yard, rounds, |town, round| {
        let cluster = town.cluster.as_mut().context("this row is about PostgreSQL")?;
        round.count("processes_killed", cluster.kill()?);
        Ok(())
    })
}

/// A restart in order, as a package upgrade does it.
pub fn restart(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    away(yard, rounds, |town, _| {
        town.cluster.as_mut().context("this row is about PostgreSQL")?.stop();
        Ok(())
    })
}

fn away(
    yard: &Yard<'_>,
    rounds: &mut Rounds<'_>,
    break_it: impl Fn(&mut Town<'_>, &mut Round) -> Result<()>,
) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    rounds.each(|round| {
        let word = format!("away {}", round.number);
        let (port, service) = (town.port, town.service.clone());
        let (ledger, broken) = under_load(port, &service, &word, |load| {
            load.until_acknowledged(BEFORE)?;
            break_it(&mut town, round)?;
            // Long enough for the patience of every thread of the pool to end; the longer it was away, the longer it
            // must not be thought away.
            std::thread::sleep(AWAY[round.number as usize % AWAY.len()]);
            let cluster = town.cluster.as_mut().context("this row is about PostgreSQL")?;
            cluster.rise()?;
            heal(load, round)
        });
        broken?;
        round.must(town.is_running(), "the program ended");
        judge(&ledger, round);
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
    round.must(ledger.longest <= WAIT_MAX, format!("somebody waited {} ms", ledger.longest.as_millis()));
}
