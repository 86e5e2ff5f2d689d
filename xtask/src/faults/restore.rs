//! Row 26: a backup under load, everything wiped, restored, compared. And a backup at rest: the restored database has the
//! same rows, table by table, hash by hash.
//! Invariant: the restored town runs on a folder and a database that held nothing before.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::Yard;
use super::load::{Ledger, settle, under_load};
use super::rounds::{Round, Rounds};
use super::strain::{PHOTO_FIELD, PLACE, multipart, photo};
use super::town::Town;

const BEFORE: usize = 60;

pub fn backups(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    let picture = photo(yard)?;
    let kept = multipart(town.port, "/melden", &PLACE, &[(PHOTO_FIELD, "foto.png", &picture)])?;
    ensure!(kept.status == 303, "a photo was answered {}", kept.status);
    rounds.each(|round| {
        let word = format!("backup {}", round.number);
        let online = yard.shop.folder(&format!("backup-online-{}", round.number))?;
        let at_rest = yard.shop.folder(&format!("backup-at-rest-{}", round.number))?;
        for folder in [&online, &at_rest] {
            std::fs::remove_dir_all(folder)?;
        }
        let (port, service) = (town.port, town.service.clone());
        let mut promised = Ledger::default();
        let (ledger, done) = under_load(port, &service, &word, |load| {
            load.until_acknowledged(BEFORE)?;
            promised = load.ledger().promised();
            let began = Instant::now();
            town.must(&["backup", &online.to_string_lossy()])?;
            round.longest("backup", began.elapsed());
            load.until_acknowledged(BEFORE)?;
            Ok(())
        });
        done?;
        round.must(ledger.other_than(&[200]) == 0, format!("while the backup ran: {:?}", ledger.statuses));
        settle(&town, &word, ledger, round)?;
        town.stop();
        town.must(&["backup", &at_rest.to_string_lossy()])?;
        let rows = hashes(&town)?;
        let began = Instant::now();
        wipe_and_restore(&mut town, &at_rest.to_string_lossy())?;
        round.longest("restore", began.elapsed());
        let again = hashes(&town)?;
        round.count("tables_compared", rows.len());
        let differ: Vec<&String> = rows.keys().filter(|table| rows.get(*table) != again.get(*table)).collect();
        round.must(
            differ.is_empty() && rows.len() == again.len(),
            format!("tables differ after the restore: {differ:?}"),
        );
        wipe_and_restore(&mut town, &online.to_string_lossy())?;
        town.serve()?;
        // What was promised before the backup began is in it; what came later may be.
        restored(&town, &word, &promised, round)?;
        let photo = multipart(port, "/melden", &PLACE, &[(PHOTO_FIELD, "foto.png", &picture)])?.status;
        round.must(photo == 303, format!("a photo after the restore was answered {photo}"));
        for folder in [&online, &at_rest] {
            std::fs::remove_dir_all(folder)?;
        }
        Ok(())
    })
}

fn restored(town: &Town<'_>, word: &str, promised: &Ledger, round: &mut Round) -> Result<()> {
    let missing = promised.missing(town, word)?;
    round.count("promised_before_the_backup", promised.acknowledged());
    round.count("lost", missing);
    round.must(missing == 0, format!("{missing} reports promised before the backup are not in it"));
    if let Some(damage) = town.damage()? {
        round.must(false, damage);
    }
    Ok(())
}

/// Nothing is left of the town but the backup.
fn wipe_and_restore(town: &mut Town<'_>, backup: &str) -> Result<()> {
    for entry in std::fs::read_dir(&town.data)?.flatten() {
        let path = entry.path();
        if path.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
    }
    if let Some(cluster) = &town.cluster {
        cluster.ask(super::town::DATABASE, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")?;
    }
    town.must(&["restore", backup]).map(|_| ())
}

/// Each table's rows as one hash.
fn hashes(town: &Town<'_>) -> Result<BTreeMap<String, String>> {
    let tables = match &town.cluster {
        None => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Some(_) => "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    };
    let mut hashes = BTreeMap::new();
    for table in town.ask(tables)?.into_iter().flatten() {
        let hash = match &town.cluster {
            None => {
                let columns = town.ask(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
                let quoted: Vec<String> =
                    columns.into_iter().flatten().map(|column| format!("quote(\"{column}\")")).collect();
                let row = quoted.join(" || '|' || ");
                let rows = format!("SELECT {row} AS line FROM \"{table}\" ORDER BY 1");
                format!("SELECT hex(sha3_query('{}', 256))", rows.replace('\'', "''"))
            }
            Some(_) => format!(
                "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t"
            ),
        };
        let said = town.ask(&hash).with_context(|| format!("the rows of {table} cannot be compared"))?;
        hashes.insert(table, format!("{said:?}"));
    }
    ensure!(hashes.len() > 10, "only {} tables were compared", hashes.len());
    Ok(hashes)
}
