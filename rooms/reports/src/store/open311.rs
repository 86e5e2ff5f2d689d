//! SQL behind Open311: public reports as programs read them. Invariant: as everywhere here, a query for the public names
//! `visibility = 'public'` itself.

use crate::report::ReportId;
use base::{Moment, OrgUnitId};
use cases::Query;
use db::{DbError, Tx, record};
use std::collections::HashMap;
use uuid::Uuid;

record! {
    /// A public report with what Open311 asks for.
    #[derive(Clone)]
    pub struct Request {
        pub id: ReportId,
        pub number: String,
        pub category: String,
        pub problem: String,
        pub title: String,
        pub body: String,
        pub place: String,
        pub district: String,
        pub lat: f64,
        pub lon: f64,
        pub state: String,
        pub unit: OrgUnitId,
        pub opened_at: Moment,
        pub changed_at: Moment,
        pub closed_at: Option<Moment>,
        pub due: Moment,
        pub same_count: i64,
        /// The first photo that may be shown.
        pub photo: Option<Uuid>,
    }
}

const REQUEST: &str =
    "SELECT r.id, r.number, r.category, r.problem, r.public_title, r.public_body, r.place, r.district, r.lat, r.lon, r.state,
        r.unit, r.opened_at, r.changed_at, r.closed_at, r.due, r.same_count,
        (SELECT f.id FROM reports_photos f WHERE f.municipality = $1 AND f.report = r.id AND f.public_blob IS NOT NULL
         ORDER BY f.rank LIMIT 1)
    FROM reports_reports r WHERE r.municipality = $1 AND r.visibility = 'public'";

/// Which of them.
pub enum Wanted {
    /// With one of these numbers.
    Numbers(Vec<String>),
    /// Reported in this time, both ends included; of these services (category and problem), if any are named; `Some(true)`
    /// for open ones.
    Window { from: Moment, to: Moment, services: Vec<(String, String)>, open: Option<bool> },
}

/// Numbers bound in one statement.
const CHUNK: usize = 100;

/// How the states of these reports went on, oldest first.
pub fn steps_of(tx: &Tx<'_>, reports: &[ReportId]) -> Result<HashMap<ReportId, Vec<(Moment, String)>>, DbError> {
    let mut steps: HashMap<_, Vec<_>> = HashMap::new();
    for chunk in reports.chunks(CHUNK) {
        let mut query =
            Query::new("SELECT report, at, state FROM reports_steps WHERE municipality = $1 AND report IN (");
        for (position, report) in chunk.iter().enumerate() {
            query.text(if position > 0 { "," } else { "" }).bind(*report);
        }
        let rows: Vec<(ReportId, Moment, String)> = query.text(") ORDER BY at").all(tx)?;
        for (report, at, state) in rows {
            steps.entry(report).or_default().push((at, state));
        }
    }
    Ok(steps)
}

/// Newest first, after leaving out `skip` of them.
pub fn requests(tx: &Tx<'_>, wanted: &Wanted, limit: i64, skip: i64) -> Result<Vec<Request>, DbError> {
    let mut query = Query::new(REQUEST);
    match wanted {
        Wanted::Numbers(numbers) => {
            query.text("AND r.number IN (");
            for (position, number) in numbers.iter().enumerate() {
                query.text(if position > 0 { "," } else { "" }).bind(number.clone());
            }
            query.text(")");
        }
        Wanted::Window { from, to, services, open } => {
            query.and("AND r.opened_at >=", *from).and("AND r.opened_at <=", *to);
            if let Some(open) = open {
                query.and("AND r.is_open =", *open);
            }
            for (position, (category, problem)) in services.iter().enumerate() {
                query.text(if position > 0 { "OR" } else { "AND (" });
                query.and("(r.category =", category.clone()).and("AND r.problem =", problem.clone()).text(")");
            }
            query.text(if services.is_empty() { "" } else { ")" });
        }
    }
    query.text("ORDER BY r.opened_at DESC, r.id DESC").and("LIMIT", limit).and("OFFSET", skip).all(tx)
}
