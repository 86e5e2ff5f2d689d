//! The account of one run: a line per step with seconds and counts, then the one closing line.
//! It adds up what the steps counted and invents nothing.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::counts::Counts;
use crate::say;

struct Line {
    name: String,
    took: Duration,
    counts: Counts,
    note: String,
}

#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
    skipped: Vec<String>,
}

/// What a step hands back: its counts and, where needed, a short remark.
pub struct Outcome {
    pub counts: Counts,
    pub note: String,
}

impl Outcome {
    pub fn new(counts: Counts, note: impl Into<String>) -> Self {
        Self { counts, note: note.into() }
    }
}

impl Report {
    /// Runs a step. An error inside is a failure of this step; the run goes on.
    pub fn step(&mut self, name: &str, act: impl FnOnce(&mut Self) -> anyhow::Result<Outcome>) -> bool {
        say::line(&format!("==> {name}"));
        let began = Instant::now();
        let outcome = act(self).unwrap_or_else(|error| Outcome::new(Counts::FAILED, format!("{error:#}")));
        let took = began.elapsed();
        let Counts { passed, failed, skipped } = outcome.counts;
        let word = if failed > 0 { "FAILED" } else { "ok" };
        say::line(&format!("    {word}: {passed} passed, {failed} failed, {skipped} skipped, {} s", took.as_secs()));
        if !outcome.note.is_empty() {
            say::line(&format!("    {}", outcome.note));
        }
        self.lines.push(Line { name: name.to_owned(), took, counts: outcome.counts, note: outcome.note });
        failed == 0
    }

    pub fn skip_reasons(&mut self, reasons: Vec<String>) {
        for reason in reasons {
            if !self.skipped.contains(&reason) {
                self.skipped.push(reason);
            }
        }
    }

    /// Prints the table and the closing line.
    pub fn close(self) -> ExitCode {
        let mut sum = Counts::default();
        let mut took = Duration::ZERO;
        say::line("");
        say::line("  seconds  passed  failed  skipped  step");
        for line in &self.lines {
            sum.add(line.counts);
            took += line.took;
            let Counts { passed, failed, skipped } = line.counts;
            let note = if failed > 0 && !line.note.is_empty() { format!(": {}", line.note) } else { String::new() };
            say::line(&format!(
                "  {:>7}  {passed:>6}  {failed:>6}  {skipped:>7}  {}{note}",
                line.took.as_secs(),
                line.name
            ));
        }
        for reason in &self.skipped {
            say::line(&format!("skipped: {reason}"));
        }
        say::line(&format!("{} s in all", took.as_secs()));
        say::line(&closing(sum));
        // A run that tested nothing has not passed.
        if sum.failed == 0 && sum.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn closing(sum: Counts) -> String {
    let Counts { passed, failed, skipped } = sum;
    if skipped > 0 {
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    } else {
        format!("{passed} passed, {failed} failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_names_skipped_tests_only_where_there_are_some() {
        assert_eq!(closing(Counts { passed: 3, failed: 1, skipped: 0 }), "3 passed, 1 failed");
        assert_eq!(closing(Counts { passed: 3, failed: 0, skipped: 2 }), "3 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn a_broken_step_is_a_failure_and_the_run_goes_on() {
        let mut report = Report::default();
        assert!(!report.step("broken", |_| anyhow::bail!("no such thing")));
        assert!(report.step("whole", |_| Ok(Outcome::new(Counts::PASSED, ""))));
        let failed: u64 = report.lines.iter().map(|line| line.counts.failed).sum();
        assert_eq!((report.lines.len(), failed), (2, 1));
    }
}
