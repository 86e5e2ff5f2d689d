//! The book of the campaign: a line of JSON for each round, written when the round is over, and what they add up to.
//! It judges nothing: a row says what must hold, the book keeps it.
//! Invariant: a round that did not end has no line, and a figure stands there only if somebody counted it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::town::Base;
use crate::say;

/// A figure whose name ends so is the largest of all rounds; every other one is added up.
const LARGEST: &str = "_max";

/// One line of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    number: u64,
    row: String,
    base: String,
    round: u64,
    failures: Vec<String>,
    figures: BTreeMap<String, u64>,
    at: String,
}

impl Line {
    fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let word = |name: &str| value[name].as_str().map(str::to_owned);
        let figures = value["figures"].as_object()?.iter();
        Some(Self {
            number: value["number"].as_u64()?,
            row: word("row")?,
            base: word("database")?,
            round: value["round"].as_u64()?,
            failures: value["failures"].as_array()?.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
            figures: figures.filter_map(|(name, number)| Some((name.clone(), number.as_u64()?))).collect(),
            at: word("at")?,
        })
    }

    fn json(&self) -> Value {
        json!({
            "number": self.number, "row": self.row, "database": self.base, "round": self.round,
            "ok": self.failures.is_empty(), "failures": self.failures, "figures": self.figures, "at": self.at,
        })
    }
}

/// All rounds that are over, in one file.
pub struct Book {
    file: File,
    lines: Vec<Line>,
}

impl Book {
    /// `resume`: what is there counts; otherwise the old book is laid aside.
    pub fn open(folder: &Path, name: &str, resume: bool) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        let path = folder.join(format!("{name}.jsonl"));
        if !resume && path.exists() {
            std::fs::rename(&path, folder.join(format!("{name}-before.jsonl")))?;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        let mut book = Self { file, lines: vec![] };
        text.lines().filter_map(Line::read).for_each(|line| book.keep(line));
        Ok(book)
    }

    /// A round that was run again counts as it ended last.
    fn keep(&mut self, line: Line) {
        let key = |line: &Line| (line.row.clone(), line.base.clone(), line.round);
        self.lines.retain(|other| key(other) != key(&line));
        self.lines.push(line);
    }

    fn add(&mut self, line: Line) -> Result<()> {
        writeln!(self.file, "{}", line.json()).context("the book of rounds cannot be written")?;
        self.file.sync_data()?;
        self.keep(line);
        Ok(())
    }

    /// One line for each row and database.
    pub fn show(&self) {
        let mut groups: BTreeMap<(u64, &str, &str), Vec<&Line>> = BTreeMap::new();
        for line in &self.lines {
            groups.entry((line.number, &line.row, &line.base)).or_default().push(line);
        }
        say::line("");
        for ((number, row, base), lines) in groups {
            let failed = lines.iter().filter(|line| !line.failures.is_empty()).count();
            let passed = lines.len() - failed;
            let last = lines.iter().map(|line| line.at.as_str()).max().unwrap_or_default();
            let figures = summed(lines.iter().map(|line| &line.figures));
            say::line(&format!("{number:>3} {row} on {base}: {passed} passed, {failed} failed, {last}; {figures}"));
        }
    }
}

fn summed<'a>(all: impl Iterator<Item = &'a BTreeMap<String, u64>>) -> String {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, number) in all.flatten() {
        let sum = sums.entry(name).or_default();
        *sum = if name.ends_with(LARGEST) { (*sum).max(*number) } else { *sum + number };
    }
    let words: Vec<String> = sums.iter().map(|(name, number)| format!("{name} {number}")).collect();
    words.join(", ")
}

/// The rounds of one row on one database.
pub struct Rounds<'b> {
    book: &'b mut Book,
    number: u32,
    row: &'static str,
    pub base: Base,
    wanted: u32,
}

impl<'b> Rounds<'b> {
    pub fn new(book: &'b mut Book, number: u32, row: &'static str, base: Base, wanted: u32) -> Self {
        Self { book, number, row, base, wanted }
    }

    pub fn row(&self) -> &'static str {
        self.row
    }

    fn mine(&self) -> impl Iterator<Item = &Line> {
        self.book.lines.iter().filter(|line| line.row == self.row && line.base == self.base.word())
    }

    fn is_done(&self, round: u32) -> bool {
        self.mine().any(|line| line.round == u64::from(round) && line.failures.is_empty())
    }

    pub fn all_done(&self) -> bool {
        (1..=self.wanted).all(|round| self.is_done(round))
    }

    pub fn passed_and_failed(&self) -> (u64, u64) {
        let failed = self.mine().filter(|line| !line.failures.is_empty()).count() as u64;
        (self.mine().count() as u64 - failed, failed)
    }

    pub fn summary(&self) -> String {
        summed(self.mine().map(|line| &line.figures))
    }

    /// Runs every round that the book does not hold yet. A round that fails does not stop the next.
    pub fn each(&mut self, mut act: impl FnMut(&mut Round) -> Result<()>) -> Result<()> {
        for number in 1..=self.wanted {
            if self.is_done(number) {
                continue;
            }
            let mut round = Round { number, began: Instant::now(), failures: vec![], figures: BTreeMap::new() };
            if let Err(error) = act(&mut round) {
                round.failures.push(format!("{error:#}"));
            }
            let took = round.began.elapsed();
            say::line(&format!("    round {number}, {} s: {}", took.as_secs(), summed([&round.figures].into_iter())));
            for failure in &round.failures {
                say::line(&format!("    FAILED: {failure}"));
            }
            let Round { failures, figures, .. } = round;
            let (row, base) = (self.row.to_owned(), self.base.word().to_owned());
            let (at, round) = (now(), u64::from(number));
            self.book.add(Line { number: u64::from(self.number), row, base, round, failures, figures, at })?;
        }
        Ok(())
    }
}

/// One round under way.
pub struct Round {
    pub number: u32,
    began: Instant,
    failures: Vec<String>,
    figures: BTreeMap<String, u64>,
}

impl Round {
    /// Adds to a figure.
    pub fn count(&mut self, name: &str, number: usize) {
        *self.figures.entry(name.to_owned()).or_default() += number as u64;
    }

    /// Keeps the longest time, in milliseconds.
    pub fn longest(&mut self, name: &str, took: Duration) {
        self.largest(&format!("{name}_ms"), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    }

    /// Keeps the largest number.
    pub fn largest(&mut self, name: &str, number: u64) {
        let figure = self.figures.entry(format!("{name}{LARGEST}")).or_default();
        *figure = (*figure).max(number);
    }

    /// What must hold; says what did not and goes on.
    pub fn must(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.failures.push(otherwise.into());
        }
    }
}

/// The day and time for the book, from the machine's own `date`.
fn now() -> String {
    let said = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output();
    said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("stadtplatz-book-{}-{name}", std::process::id()));
        let _missing = std::fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_resumed_campaign_runs_only_what_is_missing_or_failed() -> Result<()> {
        let folder = folder("resume");
        let mut book = Book::open(&folder, "rounds", false)?;
        let mut seen = vec![];
        let mut first = Rounds::new(&mut book, 1, "row", Base::Sqlite, 3);
        first.each(|round| {
            round.count("acknowledged", 5);
            round.must(round.number != 2, "two is wrong");
            Ok(())
        })?;
        assert_eq!(first.passed_and_failed(), (2, 1));
        drop(book);
        let mut book = Book::open(&folder, "rounds", true)?;
        let mut again = Rounds::new(&mut book, 1, "row", Base::Sqlite, 4);
        again.each(|round| {
            seen.push(round.number);
            Ok(())
        })?;
        assert_eq!(seen, [2, 4]);
        assert!(again.all_done());
        assert!(!Rounds::new(&mut book, 1, "row", Base::Postgres, 1).all_done());
        Ok(std::fs::remove_dir_all(folder)?)
    }

    #[test]
    fn figures_add_up_and_largest_ones_do_not() {
        let one = BTreeMap::from([("lost".to_owned(), 1), ("wait_ms_max".to_owned(), 40)]);
        let two = BTreeMap::from([("lost".to_owned(), 2), ("wait_ms_max".to_owned(), 30)]);
        assert_eq!(summed([&one, &two].into_iter()), "lost 3, wait_ms_max 40");
    }
}
