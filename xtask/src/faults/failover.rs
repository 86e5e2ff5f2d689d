//! Row 3: PostgreSQL as primary and synchronous standby on two ports; the primary dies with all its processes under load,
//! the standby is promoted, and the program finds it by itself among the hosts of its address. Who promotes, and when, is
//! the business of a tool such as Patroni, not of the program.
//! Invariant: every round has a new standby, made from the primary of the round before.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Yard;
use super::cluster::Cluster;
use super::kill::judge;
use super::load::{settle, under_load};
use super::rounds::Rounds;
use super::town::{DATABASE, Town};

const BEFORE: usize = 100;
const FOLLOW_LIMIT: Duration = Duration::from_secs(30);
/// From the kill to the first report on the new primary.
const FOUND_MAX: Duration = Duration::from_secs(5);

pub fn primary(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    rounds.each(|round| {
        let word = format!("failover {}", round.number);
        let primary = town.cluster.as_ref().context("this row is about PostgreSQL")?;
        let standby = follow(yard, primary, round.number)?;
        town.url = Some(format!(
            "postgres://stadtplatz@127.0.0.1:{},127.0.0.1:{}/{DATABASE}?target_session_attrs=read-write",
            primary.port, standby.port
        ));
        town.serve()?;
        let (port, service, mut standby) = (town.port, town.service.clone(), Some(standby));
        let (ledger, broken) = under_load(port, &service, &word, |load| {
            load.until_acknowledged(BEFORE)?;
            let began = Instant::now();
            if let Some(cluster) = &mut town.cluster {
                round.count("processes_killed", cluster.kill()?);
            }
            if let Some(standby) = &standby {
                standby.promote()?;
            }
            town.cluster = standby.take();
            load.until_acknowledged(1)?;
            round.longest("found_after", began.elapsed());
            round.must(began.elapsed() <= FOUND_MAX, "the program found the new primary too late");
            load.until_acknowledged(BEFORE)?;
            Ok(())
        });
        broken?;
        judge(&ledger, round);
        settle(&town, &word, ledger, round)?;
        town.stop();
        Ok(())
    })
}

/// A standby without which the primary acknowledges nothing.
fn follow<'a>(yard: &'a Yard<'a>, primary: &Cluster<'a>, round: u32) -> Result<Cluster<'a>> {
    let home = yard.shop.folder(&format!("failover-standby-{round}"))?;
    let _missing = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home)?;
    let standby = primary.standby(&format!("standby_{round}"), &home)?;
    primary.set(&[("synchronous_standby_names", &format!("standby_{round}"))])?;
    let began = Instant::now();
    let count = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    while primary.ask(DATABASE, count)? != [["1"]] {
        if began.elapsed() > FOLLOW_LIMIT {
            bail!("the standby did not become synchronous within {} s", FOLLOW_LIMIT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(standby)
}
