//! Vorgangsnummer: year, month, counter ("2026-11-4711"). It is read out on the phone, so it has no letters; it opens
//! nothing by itself, that takes the PIN. Pure: the counter comes from the store.

use jiff::civil::Date;

/// "2026-11", under which the counter runs.
pub fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

pub fn number(month: &str, counter: i64) -> String {
    format!("{month}-{counter:04}")
}

/// What people type: blanks, dashes, slashes and dots between the parts, or none; leading zeros of the counter may be
/// missing. `None` if it cannot be a number of ours.
pub fn normalise(typed: &str) -> Option<String> {
    if typed.chars().count() > 40 || typed.chars().any(char::is_alphabetic) {
        return None;
    }
    let mut parts: Vec<&str> = typed.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    if let [all] = parts[..] {
        parts = vec![all.get(..4)?, all.get(4..6)?, all.get(6..)?];
    }
    let [year, month, counter] = parts[..] else { return None };
    let month_number: u8 = month.parse().ok()?;
    if year.len() != 4 || month.len() > 2 || !(1..=12).contains(&month_number) {
        return None;
    }
    let counter: i64 = counter.parse().ok().filter(|n| (1..1_000_000_000).contains(n))?;
    Some(number(&format!("{year}-{month_number:02}"), counter))
}
