//! `cargo xtask faults`: starts the real program, breaks something under load, counts what is left. Each row is one way
//! to break; its figures are kept as JSON lines in `target/faults`, so that a run can be resumed.
//! Not a load test: nothing here is a statement about speed.
//! Invariant: a round passes only if what was acknowledged is there exactly once and the audit chain is whole.

mod away;
mod balancer;
mod cluster;
mod disk;
mod doors;
mod failover;
mod kill;
mod load;
mod nodes;
mod once;
mod restore;
mod rounds;
mod strain;
mod town;
pub mod wire;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::report::{Outcome, Report};
use crate::run::Shop;
use crate::say;
use crate::tools;
use rounds::{Book, Rounds};
use town::Base;

pub const HELP: &str = "\
cargo xtask faults [--row NAME]… [--rounds N] [--short] [--resume] [--binary FILE] [--table]
    Breaks the running program in every way the rows know and counts what is lost or doubled.
    --row NAME    only this row (or all rows of this number); may be given several times
    --rounds N    rounds of each row, 10 without
    --short       few rounds of the quick rows, as `cargo xtask test` runs them
    --resume      skips rounds that target/faults/rounds.jsonl already holds
    --binary FILE this program instead of target/debug/stadtplatz
    --table       only shows what target/faults/rounds.jsonl holds";

const ROUNDS: u32 = 10;
/// The book of the long form, and that of the short one, which must not put the other aside.
const LONG: &str = "rounds";
const SHORT: &str = "short";
const BUILD_LIMIT: Duration = Duration::from_secs(2_400);

/// On which databases a row says something of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Both,
    Sqlite,
    Postgres,
}

/// The row must be run by root.
const ROOT: &str = "root";

/// One way to break.
struct Row {
    number: u32,
    name: &'static str,
    on: On,
    /// Rounds of the short form; 0: only in the long one.
    short: u32,
    /// Programs that must be there, or `ROOT`.
    needs: &'static [&'static str],
    act: fn(&Yard<'_>, &mut Rounds<'_>) -> Result<()>,
}

const ROWS: &[Row] = &[
    Row { number: 1, name: "kill-server", on: On::Both, short: 2, needs: &[], act: kill::server },
    Row { number: 1, name: "kill-postgres", on: On::Postgres, short: 1, needs: &[], act: kill::postgres },
    Row { number: 2, name: "mail-and-worker", on: On::Both, short: 0, needs: &[], act: away::mail_and_worker },
    Row { number: 3, name: "failover", on: On::Postgres, short: 1, needs: &[], act: failover::primary },
    Row { number: 3, name: "standby-away", on: On::Postgres, short: 0, needs: &[], act: kill::standby_away },
    Row { number: 4, name: "once-only", on: On::Both, short: 1, needs: &[], act: once::keys },
    Row { number: 10, name: "disk-full", on: On::Both, short: 0, needs: &[ROOT], act: disk::full },
    Row { number: 11, name: "failing-syncs", on: On::Both, short: 0, needs: &[ROOT], act: disk::failing_syncs },
    Row { number: 12, name: "restart-postgres", on: On::Postgres, short: 1, needs: &[], act: kill::restart },
    Row { number: 12, name: "freeze-postgres", on: On::Postgres, short: 1, needs: &[], act: kill::freeze },
    Row {
        number: 13,
        name: "rolling-haproxy",
        on: On::Postgres,
        short: 1,
        needs: &["haproxy"],
        act: nodes::rolling_haproxy,
    },
    Row { number: 13, name: "rolling-nginx", on: On::Postgres, short: 0, needs: &["nginx"], act: nodes::rolling_nginx },
    Row {
        number: 13,
        name: "kill-node-haproxy",
        on: On::Postgres,
        short: 1,
        needs: &["haproxy"],
        act: nodes::killed_haproxy,
    },
    Row {
        number: 13,
        name: "kill-node-nginx",
        on: On::Postgres,
        short: 0,
        needs: &["nginx"],
        act: nodes::killed_nginx,
    },
    Row { number: 14, name: "slow-clients", on: On::Sqlite, short: 1, needs: &[], act: strain::slow_clients },
    Row { number: 15, name: "hostile-uploads", on: On::Sqlite, short: 1, needs: &[], act: strain::hostile_uploads },
    Row { number: 17, name: "cross-site", on: On::Sqlite, short: 1, needs: &[], act: doors::cross_site },
    Row { number: 20, name: "forged-address", on: On::Sqlite, short: 1, needs: &[], act: doors::forged_address },
    Row { number: 24, name: "parts-away", on: On::Both, short: 1, needs: &[], act: away::parts_away },
    Row { number: 25, name: "default-secrets", on: On::Sqlite, short: 1, needs: &[], act: doors::default_secrets },
    Row { number: 26, name: "restore", on: On::Both, short: 1, needs: &[], act: restore::backups },
];

/// What every row needs.
pub struct Yard<'a> {
    shop: &'a Shop,
    binary: PathBuf,
    postgres: PathBuf,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wish {
    rows: Vec<String>,
    rounds: Option<u32>,
    short: bool,
    resume: bool,
    binary: Option<PathBuf>,
    table: bool,
}

impl Wish {
    pub fn short() -> Self {
        Self { short: true, ..Self::default() }
    }

    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut wish = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().with_context(|| format!("{argument} needs a value\n{HELP}"));
            match argument.as_str() {
                "--row" => wish.rows.push(value()?.clone()),
                "--rounds" => wish.rounds = Some(value()?.parse().context("--rounds needs a number")?),
                "--binary" => wish.binary = Some(PathBuf::from(value()?)),
                "--short" => wish.short = true,
                "--resume" => wish.resume = true,
                "--table" => wish.table = true,
                other => bail!("not understood: {other}\n{HELP}"),
            }
        }
        if let Some(unknown) = wish.rows.iter().find(|name| !ROWS.iter().any(|row| row.is_called(name))) {
            let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
            bail!("there is no row {unknown}; there are: {}", names.join(", "));
        }
        Ok(wish)
    }

    fn rounds_of(&self, row: &Row) -> u32 {
        let called = self.rows.is_empty() || self.rows.iter().any(|name| row.is_called(name));
        match (called, self.rounds, self.short) {
            (false, ..) => 0,
            (true, Some(rounds), _) => rounds,
            (true, None, true) => row.short,
            (true, None, false) => ROUNDS,
        }
    }
}

impl Row {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.number.to_string() == name
    }

    /// Why the row cannot run here.
    fn missing(&self) -> Option<String> {
        self.needs.iter().find_map(|need| match *need {
            ROOT => (!tools::is_root()).then(|| "only root may mount and trace".to_owned()),
            program => tools::in_path(program).is_none().then(|| format!("{program} is not installed")),
        })
    }

    fn bases(&self) -> &'static [Base] {
        match self.on {
            On::Both => &[Base::Sqlite, Base::Postgres],
            On::Sqlite => &[Base::Sqlite],
            On::Postgres => &[Base::Postgres],
        }
    }
}

/// The command of its own.
pub fn command(shop: &Shop, wish: &Wish) -> Result<ExitCode> {
    let folder = shop.root.join("target/faults");
    if wish.table {
        Book::open(&folder, LONG, true)?.show();
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    campaign(shop, wish, &mut report)?.show();
    Ok(report.close())
}

/// Runs the rows asked for, a step of the report for each row and database.
pub fn campaign(shop: &Shop, wish: &Wish, report: &mut Report) -> Result<Book> {
    let yard = Yard {
        shop,
        binary: match &wish.binary {
            Some(binary) => std::fs::canonicalize(binary).context("--binary names no file")?,
            None => build(shop)?,
        },
        postgres: tools::require_for_faults(shop)?,
    };
    let mut book = Book::open(&shop.root.join("target/faults"), if wish.short { SHORT } else { LONG }, wish.resume)?;
    for row in ROWS {
        let wanted = wish.rounds_of(row);
        if wanted == 0 {
            continue;
        }
        for base in row.bases() {
            let step = format!("fault {} {} on {}", row.number, row.name, base.word());
            if let Some(missing) = row.missing() {
                report.skip_reasons(vec![format!("{step} ({missing})")]);
                report.step(&step, |_| Ok(Outcome::new(Counts::SKIPPED, missing)));
                continue;
            }
            report.step(&step, |_| {
                let mut rounds = Rounds::new(&mut book, row.number, row.name, *base, wanted);
                if !rounds.all_done() {
                    (row.act)(&yard, &mut rounds)?;
                }
                let (passed, failed) = rounds.passed_and_failed();
                let counts = Counts { passed, failed, skipped: 0 };
                Ok(Outcome::new(counts, rounds.summary()))
            });
        }
    }
    Ok(book)
}

fn build(shop: &Shop) -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--package", "stadtplatz"]).current_dir(&shop.root);
    let ended = shop.run("faults-build", &mut cargo, BUILD_LIMIT)?;
    if !ended.ok {
        say::tail(&ended.log, 40);
        bail!("the program does not build: cargo {}", ended.why);
    }
    Ok(crate::steps::target(shop).join("debug/stadtplatz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Result<Wish> {
        Wish::read(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn rows_are_chosen_by_name_or_number() -> Result<()> {
        let by_number = wish("--row 1 --rounds 3")?;
        let chosen: Vec<(&str, u32)> = ROWS.iter().map(|row| (row.name, by_number.rounds_of(row))).collect();
        assert_eq!(chosen[0], ("kill-server", 3));
        assert_eq!(chosen[1], ("kill-postgres", 3));
        assert!(chosen[2..].iter().all(|(_, rounds)| *rounds == 0));
        assert_eq!(wish("--row kill-postgres")?.rounds_of(&ROWS[0]), 0);
        assert!(wish("--row kill-mayor").is_err());
        assert!(wish("--rounds").is_err());
        Ok(())
    }

    #[test]
    fn names_are_there_once() {
        let names: std::collections::BTreeSet<&str> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
    }
}
