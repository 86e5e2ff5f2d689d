//! SQL behind Open311: reports as programs read them, the keys of those that send some. Invariant: as everywhere here, a
//! query for the public names `visibility = 'public'` itself; whoever shows a key reads its own reports besides.

use crate::report::ReportId;
use base::Moment;
use cases::Query;
use db::{DbError, Tx, p, record};
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
        r.opened_at, r.changed_at, r.closed_at, r.due, r.same_count,
        (SELECT f.id FROM reports_photos f WHERE f.municipality = $1 AND f.report = r.id AND f.public_blob IS NOT NULL
         ORDER BY f.rank LIMIT 1)
    FROM reports_reports r WHERE r.municipality = $1";

/// Which of them.
pub enum Wanted {
    /// With this id, which is its token.
    Token(Uuid),
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

/// A report is public, or this program sent it.
fn readable(query: &mut Query, sender: Option<Uuid>) {
    match sender {
        None => query.text("AND r.visibility = 'public'"),
        Some(sender) => query
            .text("AND (r.visibility = 'public' OR EXISTS (SELECT 1 FROM reports_sent s")
            .and("WHERE s.municipality = $1 AND s.report = r.id AND s.sender =", sender)
            .text("))"),
    };
}

/// Numbers of reports whose state moved in this time, both ends included: of public ones, and those `sender` sent.
pub fn moved(
    tx: &Tx<'_>,
    (from, to): (Moment, Moment),
    sender: Option<Uuid>,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let mut query = Query::new(
        "SELECT DISTINCT r.number FROM reports_steps m
         JOIN reports_reports r ON r.municipality = m.municipality AND r.id = m.report WHERE m.municipality = $1",
    );
    query.and("AND m.at >=", from).and("AND m.at <=", to);
    readable(&mut query, sender);
    let rows: Vec<(String,)> = query.text("ORDER BY r.number").limit(limit).all(tx)?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Newest first, after leaving out `skip` of them: public ones, and those `sender` sent.
pub fn requests(
    tx: &Tx<'_>,
    wanted: &Wanted,
    sender: Option<Uuid>,
    limit: i64,
    skip: i64,
) -> Result<Vec<Request>, DbError> {
    let mut query = Query::new(REQUEST);
    readable(&mut query, sender);
    match wanted {
        Wanted::Token(id) => {
            query.and("AND r.id =", *id);
        }
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

record! {
    /// A program that may send reports.
    pub struct KeyRow {
        pub id: Uuid,
        pub name: String,
        pub created_at: Moment,
        pub sent: i64,
    }
}

/// Keys in force, by name.
pub fn keys(tx: &Tx<'_>) -> Result<Vec<KeyRow>, DbError> {
    tx.query(
        "SELECT k.id, k.name, k.created_at,
            (SELECT COUNT(*) FROM reports_sent s WHERE s.municipality = $1 AND s.sender = k.id)
         FROM reports_keys k WHERE k.municipality = $1 AND k.revoked_at IS NULL ORDER BY k.name, k.id",
        p![],
    )
}

/// Whose key has this hash; a revoked one is nobody's.
pub fn key_by_hash(tx: &Tx<'_>, hash: &[u8]) -> Result<Option<(Uuid, String)>, DbError> {
    tx.query_one(
        "SELECT id, name FROM reports_keys WHERE municipality = $1 AND hash = $2 AND revoked_at IS NULL",
        p![hash],
    )
}

/// False if this very key is known already.
pub fn add_key(tx: &Tx<'_>, id: Uuid, name: &str, hash: &[u8]) -> Result<bool, DbError> {
    let rows = tx.exec(
        "INSERT INTO reports_keys (municipality, id, name, hash, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, NULL)
         ON CONFLICT DO NOTHING",
        p![id, name, hash, tx.now()],
    )?;
    Ok(rows == 1)
}

/// From now on it opens nothing. Says whether it did before.
pub fn revoke_key(tx: &Tx<'_>, id: Uuid) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE reports_keys SET revoked_at = $3 WHERE municipality = $1 AND id = $2 AND revoked_at IS NULL",
        p![id, tx.now()],
    )?;
    Ok(rows == 1)
}

/// Remembers which program sent the report.
pub fn add_sent(tx: &Tx<'_>, report: ReportId, sender: Uuid) -> Result<(), DbError> {
    tx.exec_later("INSERT INTO reports_sent (municipality, report, sender) VALUES ($1, $2, $3)", p![report, sender])
}

/// The case of a report this program sent; nobody else's.
pub fn case_sent_by(tx: &Tx<'_>, number: &str, sender: Uuid) -> Result<Option<(ReportId, Uuid)>, DbError> {
    tx.query_one(
        "SELECT r.id, r.case_id FROM reports_reports r
         JOIN reports_sent s ON s.municipality = r.municipality AND s.report = r.id
         WHERE r.municipality = $1 AND r.number = $2 AND s.sender = $3",
        p![number, sender],
    )
}

/// Adds a photo behind those the report has, hidden until somebody reviewed it; its id is the blob's, so that it is added
/// once. False: the report has as many as it may have, or has this one.
pub fn add_photo(tx: &Tx<'_>, report: ReportId, blob: Uuid, max: i64) -> Result<bool, DbError> {
    let rows = tx.exec(
        "INSERT INTO reports_photos (municipality, id, report, rank, blob, public_blob)
         SELECT $1, $2, $3, COUNT(*), $2, NULL FROM reports_photos WHERE municipality = $1 AND report = $3
         HAVING COUNT(*) < $4 ON CONFLICT DO NOTHING",
        p![blob, report, max],
    )?;
    Ok(rows == 1)
}

/// Was this record of another system taken already?
pub fn is_imported(tx: &Tx<'_>, source: &str, foreign: &str) -> Result<bool, DbError> {
    let found: Option<(Uuid,)> = tx.query_one(
        "SELECT report FROM reports_imported WHERE municipality = $1 AND source = $2 AND foreign_id = $3",
        p![source, foreign],
    )?;
    Ok(found.is_some())
}

/// Remembers where a report came from, and when it last changed there: nobody has to review it again.
pub fn add_imported(
    tx: &Tx<'_>,
    source: &str,
    foreign: &str,
    report: ReportId,
    changed: Moment,
) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO reports_imported (municipality, source, foreign_id, report) VALUES ($1, $2, $3, $4)",
        p![source, foreign, report],
    )?;
    tx.exec(
        "UPDATE reports_reports SET changed_at = $3, reviewed_at = $3 WHERE municipality = $1 AND id = $2",
        p![report, changed],
    )?;
    Ok(())
}
