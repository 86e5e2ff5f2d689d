//! A point in time with one meaning on both databases: microseconds since 1970 in UTC. People read it in
//! Europe/Berlin. The clock is handed in; nothing else in the house asks for the time.

use crate::{FromValue, ToValue, Value, WrongType};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use std::sync::{
    OnceLock,
    atomic::{AtomicI64, Ordering},
};

/// Microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The first instant of this day in Europe/Berlin.
    pub fn start_of(date: Date) -> Self {
        date.to_zoned(berlin()).map_or(Self(0), |zoned| Self(zoned.timestamp().as_microsecond()))
    }

    /// This wall-clock time on this day in Europe/Berlin.
    pub fn at(date: Date, hour: i8, minute: i8) -> Self {
        let civil = date.at(hour, minute, 0, 0);
        civil.to_zoned(berlin()).map_or(Self(0), |zoned| Self(zoned.timestamp().as_microsecond()))
    }

    /// In Europe/Berlin, the legal time of every municipality here (§ 4 EinhZeitG).
    pub fn local(self) -> Zoned {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(berlin())
    }

    pub fn date(self) -> Date {
        self.local().date()
    }

    /// RFC 3339 in UTC and whole seconds, for machines: `2026-11-22T18:46:00Z`. No fraction: HTML's
    /// `datetime` attribute takes three digits of one at most, and no reader of ours needs any.
    pub fn rfc3339(self) -> String {
        Timestamp::from_second(self.0.div_euclid(1_000_000)).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
    }

    /// RFC 9110 date for HTTP headers and RSS: `Sun, 22 Nov 2026 18:46:00 GMT`.
    pub fn http_date(self) -> String {
        Timestamp::from_microsecond(self.0)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC)
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }

    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }

    /// Whole seconds from `earlier` to `self`; negative if `earlier` is later.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0) / 1_000_000
    }
}

impl ToValue for Moment {
    fn to_value(&self) -> Value<'_> {
        Value::Int(self.0)
    }
}

impl FromValue for Moment {
    fn from_value(value: Value<'_>) -> Result<Self, WrongType> {
        i64::from_value(value).map(Self)
    }
}

/// Europe/Berlin, loaded once from the bundled time zone database.
fn berlin() -> TimeZone {
    static BERLIN: OnceLock<TimeZone> = OnceLock::new();
    BERLIN
        .get_or_init(|| {
            #[expect(clippy::expect_used, reason = "the time zone database is compiled in; a test reads it")]
            TimeZone::get("Europe/Berlin").expect("the bundled time zone database knows Europe/Berlin")
        })
        .clone()
}

/// The one source of the current time.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Moment;
}

#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
        let now = Timestamp::now();
        Moment(now.as_microsecond())
    }
}

/// A clock that stands still until it is turned: for tests and for the demo town's past.
#[derive(Debug)]
pub struct TurnedClock(AtomicI64);

impl TurnedClock {
    pub const fn at(moment: Moment) -> Self {
        Self(AtomicI64::new(moment.0))
    }

    pub fn turn_to(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn berlin_has_summer_and_winter() {
        assert_eq!(Moment::at(date(2026, 7, 1), 12, 0).rfc3339(), "2026-07-01T10:00:00Z");
        assert_eq!(Moment::at(date(2026, 12, 1), 12, 0).rfc3339(), "2026-12-01T11:00:00Z");
        let odd = Moment::from_micros(Moment::at(date(2026, 12, 1), 12, 0).micros() + 999_999);
        assert_eq!(odd.rfc3339(), "2026-12-01T11:00:00Z", "HTML takes no six digits of a fraction");
    }

    #[test]
    fn a_day_starts_at_local_midnight() {
        assert_eq!(Moment::start_of(date(2026, 11, 22)).rfc3339(), "2026-11-21T23:00:00Z");
        assert_eq!(Moment::start_of(date(2026, 11, 22)).date(), date(2026, 11, 22));
    }

    #[test]
    fn headers_carry_gmt() {
        assert_eq!(Moment::at(date(2026, 11, 22), 19, 46).http_date(), "Sun, 22 Nov 2026 18:46:00 GMT");
    }
}
