//! Opening hours of a week: read from what a clerk types ("8–12, 14–18"), kept as times, said in German and English.
//! Pure. Not here: holidays and single days off, which a notice tells. Invariant: the times of a day rise and do not
//! overlap.

use crate::{texts::Lang, words};
use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

/// From and to on one day.
pub type Span = (Time, Time);

/// A day has few counters' hours; more is a mistake.
const SPANS_MAX: usize = 4;

/// Öffnungszeiten: the spans of Monday to Sunday; a day without spans is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningHours([Vec<Span>; 7]);

impl OpeningHours {
    /// Monday is 0.
    pub fn set(&mut self, day: usize, spans: Vec<Span>) {
        if let Some(known) = self.0.get_mut(day) {
            *known = spans;
        }
    }

    pub fn day(&self, day: usize) -> &[Span] {
        self.0.get(day).map_or(&[], Vec::as_slice)
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// "Montag bis Mittwoch: 8 bis 16 Uhr": one line for each run of days with the same times; closed days say nothing.
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = vec![];
        let mut first = 0;
        for run in self.0.chunk_by(|one, next| one == next) {
            let last = first + run.len() - 1;
            if let Some(spans) = run.first().filter(|spans| !spans.is_empty()) {
                lines.push(format!("{}: {}", days(lang, first, last), times(lang, spans)));
            }
            first = last + 1;
        }
        lines
    }
}

fn day_name(lang: Lang, day: usize) -> &'static str {
    let number = i8::try_from(day).unwrap_or(0) + 1;
    Weekday::from_monday_one_offset(number).map_or("", |day| words::weekday(lang, day))
}

fn days(lang: Lang, first: usize, last: usize) -> String {
    let (from, to) = (day_name(lang, first), day_name(lang, last));
    let join = match (lang, last - first) {
        (_, 0) => return from.to_owned(),
        (Lang::De, 1) => " und ",
        (Lang::De, _) => " bis ",
        (Lang::En, 1) => " and ",
        (Lang::En, _) => " to ",
    };
    format!("{from}{join}{to}")
}

fn times(lang: Lang, spans: &[Span]) -> String {
    let (to, and, end) = if lang == Lang::De { ("bis", " und ", " Uhr") } else { ("to", " and ", "") };
    let all: Vec<String> =
        spans.iter().map(|(from, until)| format!("{} {to} {}", clock(lang, *from), clock(lang, *until))).collect();
    format!("{}{end}", all.join(and))
}

/// "8", "8.30" / "8:00", "8:30": English readers take a bare number for either half of the day.
fn clock(lang: Lang, time: Time) -> String {
    match (lang, time.minute()) {
        (Lang::De, 0) => time.hour().to_string(),
        (Lang::De, minute) => format!("{}.{minute:02}", time.hour()),
        (Lang::En, minute) => format!("{}:{minute:02}", time.hour()),
    }
}

/// What stands in the field of a day: "8–12, 14–18.30".
pub fn typed(spans: &[Span]) -> String {
    let one = |(from, until): &Span| format!("{}–{}", clock(Lang::De, *from), clock(Lang::De, *until));
    spans.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Reads the field of a day; empty: closed. `None`: that is no time, or the times do not rise.
pub fn read(text: &str) -> Option<Vec<Span>> {
    let normal = text.to_lowercase().replace("uhr", " ").replace(" und ", ",").replace(" bis ", "–");
    let mut spans: Vec<Span> = vec![];
    for part in normal.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let (from, until) = part.split_once(['–', '-', '—'])?;
        let (from, until) = (read_clock(from)?, read_clock(until)?);
        let rises = from < until && spans.last().is_none_or(|(_, before)| *before <= from);
        if !rises || spans.len() >= SPANS_MAX {
            return None;
        }
        spans.push((from, until));
    }
    Some(spans)
}

fn read_clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once([':', '.']).unwrap_or((text.trim(), "0"));
    let number = |part: &str| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(days: [&str; 7]) -> OpeningHours {
        let mut hours = OpeningHours::default();
        for (day, text) in days.into_iter().enumerate() {
            hours.set(day, read(text).unwrap());
        }
        hours
    }

    #[test]
    fn what_clerks_type_is_read() {
        let table = [
            ("", Some("")),
            ("8-12", Some("8–12")),
            ("8 bis 12 Uhr und 14 bis 18 Uhr", Some("8–12, 14–18")),
            ("08:00 – 12:30; 14.00–18:00", Some("8–12.30, 14–18")),
            ("0–23.59", Some("0–23.59")),
            ("geschlossen", None),
            ("12–8", None),
            ("8–8", None),
            ("8–12, 11–14", None),
            ("8–25", None),
            ("8–12.60", None),
            ("8", None),
            ("1–2,3–4,5–6,7–8,9–10", None),
            ("-8–12", None),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).map(|spans| typed(&spans)).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn days_with_the_same_times_are_one_line() {
        let hours = week(["8–16", "8–16", "8–16", "8–12, 14–18", "8-12.30", "", ""]);
        assert_eq!(
            hours.lines(Lang::De),
            ["Montag bis Mittwoch: 8 bis 16 Uhr", "Donnerstag: 8 bis 12 und 14 bis 18 Uhr", "Freitag: 8 bis 12.30 Uhr"]
        );
        assert_eq!(hours.lines(Lang::En)[1], "Thursday: 8:00 to 12:00 and 14:00 to 18:00");
        assert_eq!(week(["9–12", "9–12", "", "9–12", "", "", ""]).lines(Lang::De).len(), 2);
        assert_eq!(
            week(["", "", "", "", "", "10–14", "10–14"]).lines(Lang::De),
            ["Samstag und Sonntag: 10 bis 14 Uhr"]
        );
        assert!(OpeningHours::default().is_empty() && OpeningHours::default().lines(Lang::De).is_empty());
    }

    #[test]
    fn hours_survive_being_stored() {
        let hours = week(["8–12, 14–18", "", "", "", "", "", ""]);
        let stored = serde_json::to_string(&hours).unwrap();
        assert_eq!(serde_json::from_str::<OpeningHours>(&stored).unwrap(), hours);
    }
}
