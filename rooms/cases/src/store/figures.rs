//! The numbers above the lists, with their course over the last days: counted from the cases themselves, nothing is kept
//! twice. Pure arithmetic on what the statements give is here too, because it belongs to their shape.

use super::query::Query;
use base::{AccountId, Moment};
use db::{DbError, Tx};
use identity::Units;

pub const DAYS: usize = 14;
pub const WEEKS: usize = 8;
const DAY_MICROS: i64 = 86_400_000_000;
/// Rows read for a course; a unit with more overdue cases than this has no use for a finer curve.
const ROWS_MAX: i64 = 2_000;

/// A number and how it came about, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figure {
    pub value: i64,
    pub course: Vec<i64>,
}

/// What is the same for everybody who reads these units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitFigures {
    pub overdue: Figure,
    /// Seconds from opening to closing, mean of the last eight weeks; the course is by week.
    pub duration: Figure,
    pub done_this_week: Figure,
    /// Cases that were looked through for them.
    pub cases: i64,
}

pub fn of_units(tx: &Tx<'_>, units: &Units) -> Result<UnitFigures, DbError> {
    let (overdue, (duration, closed)) = (overdue(tx, units)?, duration(tx, units)?);
    let cases = overdue.value + closed;
    Ok(UnitFigures { overdue, duration, done_this_week: done(tx, units)?, cases })
}

/// The ends of the last fourteen days, today's last.
fn day_ends(now: Moment) -> Vec<Moment> {
    let end = Moment::start_of(now.date()).plus_days(1);
    (0..DAYS).rev().map(|back| end.plus_days(-i64::try_from(back).unwrap_or(0))).collect()
}

/// One span in which a case counted: from, and until (open end: still does).
type Span = (Moment, Option<Moment>);

/// How many spans were running at the end of each day; today by now.
fn running(spans: &[Span], now: Moment) -> Vec<i64> {
    let count = |at: Moment| {
        let on = spans.iter().filter(|(from, until)| *from <= at && until.is_none_or(|until| until > at)).count();
        i64::try_from(on).unwrap_or(i64::MAX)
    };
    day_ends(now).into_iter().map(|end| count(end.min(now))).collect()
}

/// What this person has in hand, and how many cases were looked through for it.
pub fn mine(tx: &Tx<'_>, me: AccountId, units: &Units) -> Result<(Figure, usize), DbError> {
    let mut open = Query::new("SELECT opened_at, closed_at FROM cases_cases WHERE municipality = $1 AND is_open");
    open.and("AND assignee =", me).units(units).limit(ROWS_MAX);
    let mut spans: Vec<Span> = open.all(tx)?;
    let value = i64::try_from(spans.len()).unwrap_or(i64::MAX);
    let since = tx.now().plus_days(-i64::try_from(DAYS).unwrap_or(0));
    let mut closed = Query::new("SELECT opened_at, closed_at FROM cases_cases WHERE municipality = $1");
    closed.and("AND closed_at >=", since).and("AND assignee =", me).units(units).limit(ROWS_MAX);
    spans.extend(closed.all::<Span>(tx)?);
    Ok((Figure { value, course: running(&spans, tx.now()) }, spans.len()))
}

fn overdue(tx: &Tx<'_>, units: &Units) -> Result<Figure, DbError> {
    let mut open = Query::new("SELECT due FROM cases_cases WHERE municipality = $1 AND is_open");
    open.and("AND due <", tx.now()).units(units).limit(ROWS_MAX);
    let open: Vec<(Moment,)> = open.all(tx)?;
    let mut spans: Vec<Span> = open.into_iter().map(|(due,)| (due, None)).collect();
    let value = i64::try_from(spans.len()).unwrap_or(i64::MAX);
    let since = tx.now().plus_days(-i64::try_from(DAYS).unwrap_or(0));
    let mut closed = Query::new("SELECT due, closed_at FROM cases_cases WHERE municipality = $1");
    closed.and("AND closed_at >=", since).text("AND due < closed_at").units(units).limit(ROWS_MAX);
    spans.extend(closed.all::<Span>(tx)?);
    Ok(Figure { value, course: running(&spans, tx.now()) })
}

/// And how many cases it is the mean of.
fn duration(tx: &Tx<'_>, units: &Units) -> Result<(Figure, i64), DbError> {
    let weeks = i64::try_from(WEEKS).unwrap_or(0);
    let since = day_ends(tx.now()).last().copied().unwrap_or(tx.now()).plus_days(-7 * weeks);
    let mut q = Query::new("SELECT (closed_at -");
    q.bind(since).and(") /", 7 * DAY_MICROS);
    q.text(", COUNT(*), CAST(SUM((closed_at - opened_at) / 1000000) AS BIGINT) FROM cases_cases");
    q.text("WHERE municipality = $1").and("AND closed_at >=", since).units(units).text("GROUP BY 1 ORDER BY 1");
    let rows: Vec<(i64, i64, i64)> = q.all(tx)?;
    let (cases, seconds) = rows.iter().fold((0, 0), |(n, s), row| (n + row.1, s + row.2));
    let mut course = vec![0; WEEKS];
    for (week, cases, seconds) in rows {
        if let Some(slot) = usize::try_from(week).ok().and_then(|week| course.get_mut(week)) {
            *slot = seconds / cases.max(1);
        }
    }
    Ok((Figure { value: if cases == 0 { 0 } else { seconds / cases }, course }, cases))
}

fn done(tx: &Tx<'_>, units: &Units) -> Result<Figure, DbError> {
    let today = tx.now().date();
    let back = i64::from(today.weekday().to_monday_zero_offset());
    let monday = Moment::start_of(today).plus_days(-back);
    let first = day_ends(tx.now()).first().copied().unwrap_or(tx.now()).plus_days(-1);
    let mut count = Query::new("SELECT COUNT(*) FROM cases_cases WHERE municipality = $1");
    count.and("AND closed_at >=", monday).units(units);
    let value = count.scalar(tx)?.unwrap_or(0);
    let mut q = Query::new("SELECT (closed_at -");
    q.bind(first).and(") /", DAY_MICROS).text(", COUNT(*) FROM cases_cases WHERE municipality = $1");
    q.and("AND closed_at >=", first).units(units).text("GROUP BY 1 ORDER BY 1");
    let mut course = vec![0; DAYS];
    for (day, cases) in q.all::<(i64, i64)>(tx)? {
        if let Some(slot) = usize::try_from(day).ok().and_then(|day| course.get_mut(day)) {
            *slot = cases;
        }
    }
    Ok(Figure { value, course })
}
