//! People who send reports until told to stop, and the ledger of what they were promised. Every text is there once in
//! the world, so a report that is missing or there twice is found by its text.
//! Invariant: acknowledged is only what the server answered with a number, in a complete answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::rounds::Round;
use super::town::{KEY, Town};
use super::wire::{self, Reply};

pub const SENDERS: usize = 4;
/// After a refusal.
const PAUSE: Duration = Duration::from_millis(100);
const WAIT: Duration = Duration::from_secs(120);

/// What the senders know.
#[derive(Default)]
pub struct Ledger {
    /// Text to number.
    acknowledged: BTreeMap<String, String>,
    /// Sent without an answer that says yes or no: either may be true.
    unsure: BTreeSet<String>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Answers of 503 that do not say when to come back.
    pub without_retry_after: usize,
    /// Connections that were refused or broke.
    pub broken: usize,
    /// The longest that anybody waited, for an answer or for the end of the connection.
    pub longest: Duration,
}

impl Ledger {
    fn note(&mut self, text: String, answer: std::io::Result<Reply>, took: Duration) -> bool {
        self.longest = self.longest.max(took);
        let Ok(reply) = answer else {
            self.broken += 1;
            self.unsure.insert(text);
            return false;
        };
        *self.statuses.entry(reply.status).or_default() += 1;
        if reply.status == 503 && reply.header("retry-after").is_none() {
            self.without_retry_after += 1;
        }
        let number = number_of(&reply);
        let acknowledged = number.is_some();
        match number {
            Some(number) => drop(self.acknowledged.insert(text, number)),
            None => drop(self.unsure.insert(text)),
        }
        acknowledged
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// What is promised by now, without the rest.
    pub fn promised(&self) -> Self {
        Self { acknowledged: self.acknowledged.clone(), ..Self::default() }
    }

    /// How many promised reports the town does not hold.
    pub fn missing(&self, town: &Town<'_>, word: &str) -> Result<usize> {
        let stored = stored(town, "reports_reports", word)?;
        let is_missing = |(text, number): &(&String, &String)| !stored.get(*text).is_some_and(|it| it.contains(number));
        Ok(self.acknowledged.iter().filter(is_missing).count())
    }

    pub fn unsure(&self) -> usize {
        self.unsure.len()
    }

    /// Answers with a status outside of these.
    pub fn other_than(&self, expected: &[u16]) -> usize {
        self.statuses.iter().filter(|(status, _)| !expected.contains(status)).map(|(_, count)| count).sum()
    }
}

/// What the sender was promised.
pub fn number_of(reply: &Reply) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(&reply.body).ok().filter(|_| reply.status == 200)?;
    answer[0]["service_request_id"].as_str().map(str::to_owned)
}

/// The address a report's confirmation goes to.
pub fn address_of(text: &str) -> String {
    format!("{}@example.org", text.replace(' ', "-"))
}

/// One report by Open311.
pub fn send(port: u16, service: &str, text: &str) -> std::io::Result<Reply> {
    let email = address_of(text);
    let fields = [
        ("api_key", KEY),
        ("service_code", service),
        ("description", text),
        ("lat", "51.163"),
        ("long", "10.447"),
        ("email", &email),
    ];
    wire::post_form(port, "/open311/v2/requests.json", &fields)
}

/// Senders at work while something happens.
pub struct Load<'l> {
    ledger: &'l Mutex<Ledger>,
    done: &'l AtomicUsize,
}

impl Load<'_> {
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many more were acknowledged from now on. Says how long it took.
    pub fn until_acknowledged(&self, more: usize) -> Result<Duration> {
        let (began, wanted) = (Instant::now(), self.done.load(Ordering::Relaxed) + more);
        while self.done.load(Ordering::Relaxed) < wanted {
            if began.elapsed() > WAIT {
                anyhow::bail!("no {more} reports were acknowledged within {} s", WAIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(began.elapsed())
    }
}

/// Lets people send while `act` breaks something; ends when `act` does.
pub fn under_load<T>(
    port: u16,
    service: &str,
    word: &str,
    act: impl FnOnce(&Load<'_>) -> Result<T>,
) -> (Ledger, Result<T>) {
    let (ledger, done, over) = (Mutex::new(Ledger::default()), AtomicUsize::new(0), AtomicBool::new(false));
    let result = std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (ledger, done, over) = (&ledger, &done, &over);
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let text = format!("{word} {sender} {number}");
                    let began = Instant::now();
                    let answer = send(port, service, &text);
                    let noted =
                        ledger.lock().unwrap_or_else(PoisonError::into_inner).note(text, answer, began.elapsed());
                    if noted {
                        done.fetch_add(1, Ordering::Relaxed);
                    } else {
                        // Nobody who was refused tries a thousand times a second.
                        std::thread::sleep(PAUSE);
                    }
                }
            });
        }
        let result = act(&Load { ledger: &ledger, done: &done });
        over.store(true, Ordering::Relaxed);
        result
    });
    (ledger.into_inner().unwrap_or_else(PoisonError::into_inner), result)
}

/// Sends again what got no clear answer, until it is taken.
pub fn repeat_unsure(town: &Town<'_>, ledger: &mut Ledger) -> Result<()> {
    for text in std::mem::take(&mut ledger.unsure) {
        let began = Instant::now();
        loop {
            let reply = send(town.port, &town.service, &text);
            if let Some(number) = reply.ok().as_ref().and_then(number_of) {
                ledger.acknowledged.insert(text, number);
                break;
            }
            if began.elapsed() > WAIT {
                anyhow::bail!("the repeated report was never taken: {text}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

/// Compares what was promised with what the database holds, and counts. Texts begin with `word`.
pub fn settle(town: &Town<'_>, word: &str, mut ledger: Ledger, round: &mut Round) -> Result<()> {
    round.count("acknowledged", ledger.acknowledged());
    round.count("unsure", ledger.unsure());
    let before = stored(town, "reports_reports", word)?;
    let unsure_stored = ledger.unsure.iter().filter(|text| before.contains_key(*text)).count();
    round.count("unsure_but_stored", unsure_stored);
    compare(&ledger, &before, "report", true, round);
    repeat_unsure(town, &mut ledger).context("reports without an answer could not be sent again")?;
    for table in ["reports_reports", "cases_cases"] {
        let after = stored(town, table, word)?;
        compare(&ledger, &after, table, false, round);
    }
    if let Some(damage) = town.damage()? {
        round.must(false, damage);
    }
    Ok(())
}

/// Numbers by text.
fn stored(town: &Town<'_>, table: &str, word: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in town.ask(&format!("SELECT body, number FROM {table} WHERE body LIKE '{word} %'"))? {
        if let [text, number] = row.as_slice() {
            stored.entry(text.clone()).or_default().push(number.clone());
        }
    }
    Ok(stored)
}

fn compare(
    ledger: &Ledger,
    stored: &BTreeMap<String, Vec<String>>,
    what: &str,
    may_hold_unsure: bool,
    round: &mut Round,
) {
    let Differences { lost, doubled, strange } = differences(ledger, stored, may_hold_unsure);
    round.count("lost", lost);
    round.count("doubled", doubled);
    round.must(lost == 0, format!("{lost} acknowledged reports are not in {what}"));
    round.must(doubled == 0, format!("{doubled} reports are twice in {what}"));
    round.must(strange == 0, format!("{strange} texts that nobody sent are in {what}"));
}

#[derive(Debug, PartialEq, Eq)]
struct Differences {
    lost: usize,
    doubled: usize,
    strange: usize,
}

/// Promised and not there under its number; there more than once; there and never sent.
fn differences(ledger: &Ledger, stored: &BTreeMap<String, Vec<String>>, may_hold_unsure: bool) -> Differences {
    let is_there = |text: &str, number: &String| stored.get(text).is_some_and(|numbers| numbers.contains(number));
    let is_expected =
        |text: &String| ledger.acknowledged.contains_key(text) || may_hold_unsure && ledger.unsure.contains(text);
    Differences {
        lost: ledger.acknowledged.iter().filter(|(text, number)| !is_there(text, number)).count(),
        doubled: stored.values().filter(|numbers| numbers.len() > 1).count(),
        strange: stored.keys().filter(|text| !is_expected(text)).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_doubled_or_strange_is_counted() {
        let mut ledger = Ledger::default();
        for (text, number) in [("a", "1"), ("b", "2"), ("c", "3")] {
            ledger.acknowledged.insert(text.to_owned(), number.to_owned());
        }
        ledger.unsure.insert("d".to_owned());
        let stored = |rows: &[(&str, &[&str])]| -> BTreeMap<String, Vec<String>> {
            let row = |(text, numbers): &(&str, &[&str])| {
                ((*text).to_owned(), numbers.iter().map(|number| (*number).to_owned()).collect())
            };
            rows.iter().map(row).collect()
        };
        let counted = |rows: &[(&str, &[&str])], may| {
            let Differences { lost, doubled, strange } = differences(&ledger, &stored(rows), may);
            (lost, doubled, strange)
        };
        let whole: [(&str, &[&str]); 3] = [("a", &["1"]), ("b", &["2"]), ("c", &["3"])];
        assert_eq!(counted(&whole, true), (0, 0, 0));
        assert_eq!(counted(&whole[1..], true), (1, 0, 0));
        assert_eq!(counted(&[("a", &["9"]), whole[1], whole[2]], true), (1, 0, 0), "under another number it is lost");
        assert_eq!(counted(&[("a", &["1", "4"]), whole[1], whole[2]], true), (0, 1, 0));
        let with_unsure = [whole[0], whole[1], whole[2], ("d", ["5"].as_slice())];
        assert_eq!(counted(&with_unsure, true), (0, 0, 0));
        assert_eq!(counted(&with_unsure, false), (0, 0, 1));
    }
}
