//! Which cases this browser may open without number and PIN: one signed cookie with the ones it opened lately, each for
//! thirty days. Not who the person is. Invariant: the list stays short, so that the cookie fits into every request; with
//! one case too many the one that was admitted longest ago falls out.

use crate::number;
use axum::http::HeaderValue;
use base::Moment;
use web::Visit;

const COOKIE: &str = "stand";
const PURPOSE: &str = "case-cookie";
const DAYS: i64 = 30;
pub(crate) const CASES_MAX: usize = 10;

/// Lets this browser open `/stand/{number}`, besides what it may open already.
pub fn access_cookie(visit: &Visit, number: &str) -> HeaderValue {
    let now = visit.site.clock.now();
    let until = now.plus_days(DAYS);
    let list = with(&list(visit), number, until, now);
    web::cookie(COOKIE, &visit.site.keys.seal(visit.town_id(), PURPOSE, &list, until), Some(DAYS * 86_400))
}

/// The number in the form it is stored, if this browser may open it.
pub(super) fn admitted(visit: &Visit, number: &str) -> Option<String> {
    let number = number::normalise(number)?;
    let list = list(visit);
    let known = entries(&list, visit.site.clock.now()).any(|(known, _)| known == number);
    known.then_some(number)
}

fn list(visit: &Visit) -> String {
    let sealed = visit.cookie(COOKIE);
    let now = visit.site.clock.now();
    sealed.and_then(|token| visit.site.keys.open(visit.town_id(), PURPOSE, token, now)).unwrap_or_default()
}

/// Number and last second of every case in the list, the youngest first: `2026-11-4711:1795000000 …`.
fn entries(list: &str, now: Moment) -> impl Iterator<Item = (&str, i64)> {
    let entries = list.split(' ').filter_map(|entry| entry.split_once(':'));
    let dated = entries.filter_map(|(number, until)| Some((number, until.parse().ok()?)));
    dated.filter(move |(_, until)| *until > seconds(now))
}

pub(crate) fn with(list: &str, number: &str, until: Moment, now: Moment) -> String {
    let others = entries(list, now).filter(|(known, _)| *known != number).take(CASES_MAX - 1);
    let all = std::iter::once((number, seconds(until))).chain(others);
    all.map(|(number, until)| format!("{number}:{until}")).collect::<Vec<_>>().join(" ")
}

const fn seconds(moment: Moment) -> i64 {
    moment.micros() / 1_000_000
}
