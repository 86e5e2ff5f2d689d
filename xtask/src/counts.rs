//! Reads the number of tests out of what the test runners print: nextest, `cargo test`, Playwright's JSON report.
//! It never guesses: a runner that printed no summary counts as one failed check.
//! Tests that find their input missing print `skipped: why`; they count as skipped, not as passed.

use serde_json::Value;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Counts {
    pub const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    pub const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    pub const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// `Summary [ 1.0s] 4/5 tests run: 2 passed (1 slow, 1 flaky), 1 failed, 1 timed out, 3 skipped`
pub fn nextest(log: &str) -> Option<Counts> {
    let line = log.lines().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, list) = line.split_once("run:")?;
    let mut counts = Counts::default();
    for part in without_brackets(list).split(',') {
        let Some((number, word)) = part.trim().split_once(' ') else { continue };
        let number: u64 = number.parse().ok()?;
        match word.trim() {
            "passed" => counts.passed += number,
            "skipped" => counts.skipped += number,
            _ => counts.failed += number,
        }
    }
    Some(counts)
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0;
    let mut kept = String::new();
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            other if depth == 0 => kept.push(other),
            _ => {}
        }
    }
    kept
}

/// The sum of all `test result: ok. 5 passed; 0 failed; 1 ignored; …` lines.
pub fn cargo_test(log: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut seen = false;
    for line in log.lines().filter(|line| line.starts_with("test result:")) {
        seen = true;
        for part in line.split(['.', ';']) {
            let Some((number, word)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => counts.passed += number,
                "failed" => counts.failed += number,
                "ignored" => counts.skipped += number,
                _ => {}
            }
        }
    }
    seen.then_some(counts)
}

/// `stats` of Playwright's JSON report. A flaky test failed once, so it is a failure.
pub fn playwright(report: &str) -> Option<Counts> {
    let report: Value = serde_json::from_str(report).ok()?;
    let stats = report.get("stats")?;
    let number = |name: &str| stats.get(name).and_then(Value::as_u64);
    Some(Counts {
        passed: number("expected")?,
        failed: number("unexpected")? + number("flaky")?,
        skipped: number("skipped")?,
    })
}

/// The reasons that tests printed after `skipped:`, each once.
pub fn reasons(log: &str) -> Vec<String> {
    let mut found: Vec<String> = log.lines().filter_map(skip_reason).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

/// Moves tests that skipped themselves from passed to skipped.
pub fn honest(counts: Counts, log: &str) -> Counts {
    let moved = u64::try_from(log.lines().filter_map(skip_reason).count()).unwrap_or(0).min(counts.passed);
    Counts { passed: counts.passed - moved, skipped: counts.skipped + moved, failed: counts.failed }
}

fn skip_reason(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("skipped:").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextest_summaries_are_read_with_their_brackets() {
        let log = "noise\n     Summary [   0.004s] 7/9 tests run: 4 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 3 skipped\nmore";
        assert_eq!(nextest(log), Some(Counts { passed: 4, failed: 3, skipped: 3 }));
    }

    #[test]
    fn one_test_is_enough_for_nextest() {
        let log = "     Summary [   0.004s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(nextest(log), Some(Counts { passed: 1, failed: 0, skipped: 0 }));
    }

    #[test]
    fn a_log_without_summary_counts_nothing() {
        assert_eq!(nextest("error: could not compile"), None);
        assert_eq!(cargo_test("error: could not compile"), None);
        assert_eq!(playwright("{}"), None);
    }

    #[test]
    fn cargo_test_lines_are_added_up() {
        let log = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                   test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s";
        assert_eq!(cargo_test(log), Some(Counts { passed: 7, failed: 3, skipped: 1 }));
    }

    #[test]
    fn flaky_browser_tests_are_failures() {
        let report = r#"{"stats":{"expected":10,"unexpected":1,"flaky":2,"skipped":3}}"#;
        assert_eq!(playwright(report), Some(Counts { passed: 10, failed: 3, skipped: 3 }));
    }

    #[test]
    fn tests_that_skip_themselves_do_not_count_as_passed() {
        let log = "    skipped: no data\nfine\nskipped: no data\n";
        let counts = honest(Counts { passed: 5, failed: 1, skipped: 0 }, log);
        assert_eq!(counts, Counts { passed: 3, failed: 1, skipped: 2 });
        assert_eq!(reasons(log), ["no data"]);
    }
}
