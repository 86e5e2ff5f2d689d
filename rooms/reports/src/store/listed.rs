//! The public lists: which reports belong to a filter, how many there are, where they lie. `narrow` is the one definition;
//! list, count and pins go through it. Invariants: only public reports; the filters people use most (what is open or ended
//! of late, a category, a district, a field of the map) are found by an index, and no count goes beyond its limit. A filter
//! of several that fits few of many reports still walks over the reports of one of them.

use super::{CARD, Card};
use crate::report::{After, COUNTED_MAX, PINS_MAX, closed_since};
use base::Moment;
use cases::Query;
use db::{DbError, Tx, record};

/// Which states a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Open ones and those closed of late.
    #[default]
    Current,
    Open,
    Fixed,
    All,
}

/// What a list of public reports is narrowed to; empty strings and zero do not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub category: String,
    pub district: String,
    pub shown: Shown,
    pub since: Option<Moment>,
    pub cell: i64,
}

/// What belongs to `Current` for two reasons is found by two indexes, if nobody asks for an order. PostgreSQL makes one
/// plan for all values: what it could not know of them stands in the text, or it would walk over the whole table.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Open,
    ClosedOfLate,
}

fn parts(shown: Shown) -> &'static [Part] {
    match shown {
        Shown::Current => &[Part::Open, Part::ClosedOfLate],
        Shown::Open => &[Part::Open],
        Shown::Fixed | Shown::All => &[Part::Whole],
    }
}

/// The conditions of a filter, only those it has: each then finds its index.
fn narrow(q: &mut Query, filter: &Filter, part: Part, now: Moment) {
    match (filter.shown, part) {
        (Shown::Current, Part::Whole) => q.text("AND (r.is_open OR").and("r.closed_at >=", closed_since(now)).text(")"),
        // The latitude excludes nothing: it makes the index of what is open, which goes on with this, the better one.
        (_, Part::Open) => q.text("AND r.is_open = TRUE AND r.lat >= -90"),
        (_, Part::ClosedOfLate) => q
            .and("AND NOT r.is_open AND r.closed_at BETWEEN", closed_since(now))
            .and("AND", Moment::from_micros(i64::MAX)),
        (Shown::Open, _) => q.text("AND r.is_open"),
        (Shown::Fixed, _) => q.text("AND r.state = 'resolved'"),
        (Shown::All, _) => q,
    };
    if !filter.category.is_empty() {
        q.and("AND r.category =", filter.category.clone());
    }
    if !filter.district.is_empty() {
        q.and("AND r.district =", filter.district.clone());
    }
    if let Some(since) = filter.since {
        q.and("AND r.opened_at >=", since);
    }
    if filter.cell != 0 {
        q.and("AND r.cell =", filter.cell);
    }
}

/// These columns of all reports of a filter, in no order.
fn each<'q>(q: &'q mut Query, columns: &'static str, filter: &Filter, now: Moment) -> &'q mut Query {
    for (position, part) in parts(filter.shown).iter().enumerate() {
        q.text(if position > 0 { "UNION ALL SELECT" } else { "SELECT" }).text(columns).text(PUBLIC);
        narrow(q, filter, *part, now);
    }
    q
}

const PUBLIC: &str = "FROM reports_reports r WHERE r.municipality = $1 AND r.visibility = 'public'";
const NEWEST: &str = "ORDER BY r.opened_at DESC, r.id DESC";

/// Public reports, newest first, after `after`.
pub fn list(tx: &Tx<'_>, filter: &Filter, after: After, limit: i64) -> Result<Vec<Card>, DbError> {
    let mut q = Query::new(CARD);
    narrow(&mut q, filter, Part::Whole, tx.now());
    if after != After::start() {
        q.and("AND (r.opened_at, r.id) < (", after.opened_at).and(",", after.id).text(")");
    }
    q.text(NEWEST).limit(limit).all(tx)
}

/// How many there are, or one more than are counted.
pub fn count(tx: &Tx<'_>, filter: &Filter) -> Result<i64, DbError> {
    let mut q = Query::new("SELECT COUNT(*) FROM (");
    each(&mut q, "r.id", filter, tx.now()).limit(COUNTED_MAX + 1).text(") AS counted");
    Ok(q.scalar(tx)?.unwrap_or(0))
}

/// What a map shows: single pins, or counts per field of the grid when there are too many.
pub enum Pins {
    Single(Vec<Pin>),
    Fields(Vec<FieldCount>),
}

record! {
    /// One report on a map.
    #[derive(Debug, Clone)]
    pub struct Pin {
        pub number: String,
        pub title: String,
        pub lat: f64,
        pub lon: f64,
        pub state: String,
    }
}

record! {
    /// Several reports in one field of the grid.
    #[derive(Debug, Clone)]
    pub struct FieldCount {
        pub cell: i64,
        pub count: i64,
        pub lat: f64,
        pub lon: f64,
    }
}

/// `count`: how many there are, which decides what is read. Of more than are counted the newest are on the map: of
/// those closed of late, the last that closed.
pub fn pins(tx: &Tx<'_>, filter: &Filter, count: i64) -> Result<Pins, DbError> {
    if count <= PINS_MAX {
        let mut q = Query::new("SELECT number, public_title, lat, lon, state FROM (");
        each(&mut q, "r.number, r.public_title, r.lat, r.lon, r.state, r.opened_at, r.id", filter, tx.now());
        return Ok(Pins::Single(q.text(") AS shown ORDER BY opened_at DESC, id DESC").limit(PINS_MAX).all(tx)?));
    }
    let mut q = Query::new("SELECT cell + 0, COUNT(*), AVG(lat), AVG(lon) FROM (");
    if count > COUNTED_MAX {
        newest(&mut q, filter, tx.now());
    } else {
        each(&mut q, "r.cell, r.lat, r.lon", filter, tx.now());
    }
    // By the number plus nothing: else the order of the index by field is taken, and with it every report of the town.
    q.text(") AS shown GROUP BY cell + 0 ORDER BY cell + 0").limit(PINS_MAX);
    Ok(Pins::Fields(q.all(tx)?))
}

/// Where the newest lie, not more than are counted. Of several parts as many of each: to find them among all reports, one
/// would walk over years of those that closed long ago.
fn newest(q: &mut Query, filter: &Filter, now: Moment) {
    q.text("SELECT cell, lat, lon FROM (");
    for (position, part) in parts(filter.shown).iter().enumerate() {
        q.text(if position > 0 { "UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
        q.text("SELECT r.cell, r.lat, r.lon, r.opened_at, r.id").text(PUBLIC);
        narrow(q, filter, *part, now);
        q.text(match part {
            Part::Whole => NEWEST,
            // Plus nothing: else the order of all reports is taken, and with it years of those that ended.
            Part::Open => "ORDER BY r.opened_at + 0 DESC, r.id DESC",
            Part::ClosedOfLate => "ORDER BY r.closed_at DESC",
        });
        q.limit(COUNTED_MAX).text(") AS part");
    }
    q.text(") AS all_parts ORDER BY opened_at DESC, id DESC").limit(COUNTED_MAX);
}

/// Districts that have public reports, each found by one step in its index.
pub fn districts(tx: &Tx<'_>) -> Result<Vec<(String,)>, DbError> {
    tx.query(
        "WITH RECURSIVE found (name) AS (
             SELECT MIN(district) FROM reports_reports WHERE municipality = $1 AND visibility = 'public' AND district > ''
             UNION ALL
             SELECT (SELECT MIN(r.district) FROM reports_reports r
                     WHERE r.municipality = $1 AND r.visibility = 'public' AND r.district > found.name)
             FROM found WHERE found.name IS NOT NULL)
         SELECT name FROM found WHERE name IS NOT NULL ORDER BY name",
        db::p![],
    )
}
