//! SQL of the offices that take reports of this town: who they are, what goes to them, what they said of it. Not here: what
//! is sent and how an answer is read (`partners`). Invariant: whoever wants to send a forward holds it first, and only the
//! holder of its last attempt says how that ended.

use crate::report::{ForwardState, ReportId};
use base::{Moment, OrgUnitId};
use cases::Query;
use db::{DbError, Tx, p, record};
use identity::Units;
use uuid::Uuid;

record! {
    /// Not `Debug`: the key is in it.
    #[derive(Clone)]
    pub struct Partner {
        pub id: Uuid,
        pub name: String,
        pub endpoint: String,
        pub jurisdiction: String,
        pub api_key: String,
        pub format: String,
        pub read_at: Option<Moment>,
        pub problem: String,
        pub pulled_to: Option<Moment>,
        /// How many services it offers.
        pub services: i64,
    }
}

const PARTNER: &str =
    "SELECT p.id, p.name, p.endpoint, p.jurisdiction, p.api_key, p.format, p.read_at, p.problem, p.pulled_to,
        (SELECT COUNT(*) FROM reports_partner_services s WHERE s.municipality = $1 AND s.partner = p.id)
    FROM reports_partners p WHERE p.municipality = $1 AND p.ended_at IS NULL";

/// Those in use, by name.
pub fn partners(tx: &Tx<'_>) -> Result<Vec<Partner>, DbError> {
    tx.query(db::Sql::join(&[PARTNER, "ORDER BY p.name, p.id"]), p![])
}

pub fn partner(tx: &Tx<'_>, id: Uuid) -> Result<Option<Partner>, DbError> {
    tx.query_one(db::Sql::join(&[PARTNER, "AND p.id = $2"]), p![id])
}

pub fn has_partners(tx: &Tx<'_>) -> Result<bool, DbError> {
    let first: Option<Uuid> =
        tx.scalar("SELECT id FROM reports_partners WHERE municipality = $1 AND ended_at IS NULL LIMIT 1", p![])?;
    Ok(first.is_some())
}

pub fn add_partner(tx: &Tx<'_>, id: Uuid, [name, endpoint, jurisdiction, key]: [&str; 4]) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO reports_partners (municipality, id, name, endpoint, jurisdiction, api_key, format, created_at, problem)
         VALUES ($1, $2, $3, $4, $5, $6, '', $7, '')",
        p![id, name, endpoint, jurisdiction, key, tx.now()],
    )?;
    Ok(())
}

/// Says whether it was in use before.
pub fn end_partner(tx: &Tx<'_>, id: Uuid) -> Result<bool, DbError> {
    // The key opens a door elsewhere: it goes with the partner.
    let rows = tx.exec(
        "UPDATE reports_partners SET ended_at = $3, api_key = '' WHERE municipality = $1 AND id = $2 AND ended_at IS NULL",
        p![id, tx.now()],
    )?;
    Ok(rows == 1)
}

pub fn set_partner_problem(tx: &Tx<'_>, id: Uuid, problem: &str) -> Result<(), DbError> {
    tx.exec("UPDATE reports_partners SET problem = $3 WHERE municipality = $1 AND id = $2", p![id, problem])?;
    Ok(())
}

/// What it offers from now on: code and name, in its own order.
pub fn set_services(tx: &Tx<'_>, id: Uuid, format: &str, services: &[(String, String)]) -> Result<(), DbError> {
    tx.exec("DELETE FROM reports_partner_services WHERE municipality = $1 AND partner = $2", p![id])?;
    for ((code, name), rank) in services.iter().zip(0_i64..) {
        tx.exec(
            "INSERT INTO reports_partner_services (municipality, partner, rank, code, name) VALUES ($1, $2, $3, $4, $5)",
            p![id, rank, code, name],
        )?;
    }
    tx.exec(
        "UPDATE reports_partners SET format = $3, read_at = $4, problem = '' WHERE municipality = $1 AND id = $2",
        p![id, format, tx.now()],
    )?;
    Ok(())
}

/// Everything that can be reported somewhere: partner, its name, code, name of the service.
pub fn all_services(tx: &Tx<'_>) -> Result<Vec<(Uuid, String, String, String)>, DbError> {
    tx.query(
        "SELECT p.id, p.name, s.code, s.name FROM reports_partner_services s
         JOIN reports_partners p ON p.municipality = s.municipality AND p.id = s.partner
         WHERE s.municipality = $1 AND p.ended_at IS NULL ORDER BY p.name, p.id, s.rank",
        p![],
    )
}

record! {
    #[derive(Clone)]
    pub struct Forward {
        pub id: Uuid,
        pub case_id: Uuid,
        pub unit: OrgUnitId,
        pub number: String,
        pub title: String,
        pub place: String,
        pub lat: f64,
        pub lon: f64,
        pub partner: Uuid,
        pub partner_name: String,
        pub service: String,
        pub service_name: String,
        pub body: String,
        pub photo: String,
        pub state: ForwardState,
        pub attempts: i64,
        pub tries: i64,
        pub unclear: bool,
        pub problem: String,
        pub created_at: Moment,
        pub next_at: Option<Moment>,
        pub sent_at: Option<Moment>,
        pub foreign_id: String,
        pub token: String,
        pub foreign_status: String,
        pub ended: bool,
    }
}

const FORWARD: &str =
    "SELECT f.id, r.case_id, r.unit, r.number, r.title, r.place, r.lat, r.lon, f.partner, p.name, f.service,
        f.service_name, f.body, f.photo, f.state, f.attempts, f.tries, f.unclear, f.problem, f.created_at, f.next_at,
        f.sent_at, f.foreign_id, f.token, f.foreign_status, f.ended
    FROM reports_forwards f
    JOIN reports_reports r ON r.municipality = f.municipality AND r.id = f.report
    JOIN reports_partners p ON p.municipality = f.municipality AND p.id = f.partner
    WHERE f.municipality = $1";

/// What a clerk sends where.
pub struct NewForward<'a> {
    pub id: Uuid,
    pub report: ReportId,
    pub partner: Uuid,
    pub service: &'a str,
    pub service_name: &'a str,
    pub body: &'a str,
    pub photo: &'a str,
}

/// False: this office has the report, or it is on its way there.
pub fn add_forward(tx: &Tx<'_>, new: &NewForward<'_>) -> Result<bool, DbError> {
    let rows = tx.exec(
        "INSERT INTO reports_forwards (municipality, id, report, partner, service, service_name, body, photo, state,
             attempts, tries, unclear, problem, created_at, foreign_id, token, foreign_status, ended)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, 0, $9, '', $10, '', '', '', $9) ON CONFLICT DO NOTHING",
        p![new.id, new.report, new.partner, new.service, new.service_name, new.body, new.photo, false, tx.now()],
    )?;
    Ok(rows == 1)
}

pub fn forward(tx: &Tx<'_>, id: Uuid) -> Result<Option<Forward>, DbError> {
    tx.query_one(db::Sql::join(&[FORWARD, "AND f.id = $2"]), p![id])
}

/// Of these units: what needs a person first, then the youngest. `ended` ones only if asked for.
pub fn forwards(tx: &Tx<'_>, units: &Units, ended: bool, limit: i64) -> Result<Vec<Forward>, DbError> {
    let mut query = Query::new(FORWARD);
    query.and("AND f.ended =", ended).text("AND f.state <> 'cancelled'").units(units);
    query.text("ORDER BY CASE WHEN f.state IN ('refused', 'failed') THEN 0 ELSE 1 END, f.created_at DESC, f.id DESC");
    query.limit(limit).all(tx)
}

/// How many of these units wait for a person.
pub fn forwards_in_trouble(tx: &Tx<'_>, units: &Units) -> Result<i64, DbError> {
    let mut query = Query::new(
        "SELECT COUNT(*) FROM reports_forwards f
         JOIN reports_reports r ON r.municipality = f.municipality AND r.id = f.report
         WHERE f.municipality = $1 AND f.state IN ('refused', 'failed')",
    );
    Ok(query.units(units).scalar(tx)?.unwrap_or(0))
}

/// Of one report, oldest first.
pub fn forwards_of(tx: &Tx<'_>, report: ReportId) -> Result<Vec<Forward>, DbError> {
    tx.query(
        db::Sql::join(&[FORWARD, "AND f.report = $2 AND f.state <> 'cancelled' ORDER BY f.created_at, f.id"]),
        p![report],
    )
}

/// Takes it for one attempt. `None`: it waits no more, or somebody holds it (then true).
pub fn hold_forward(tx: &Tx<'_>, id: Uuid, until: Moment) -> Result<Result<Forward, bool>, DbError> {
    let held = tx.exec(
        "UPDATE reports_forwards SET attempts = attempts + 1, tries = tries + 1, held_until = $3
         WHERE municipality = $1 AND id = $2 AND state = 'waiting' AND (held_until IS NULL OR held_until < $4)",
        p![id, until, tx.now()],
    )?;
    let found = forward(tx, id)?;
    let waits = found.as_ref().is_some_and(|forward| forward.state == ForwardState::Waiting);
    match found {
        Some(forward) if held == 1 => {
            // The forward as read says whether an earlier attempt has no known end; this one has none yet.
            tx.exec("UPDATE reports_forwards SET unclear = $3 WHERE municipality = $1 AND id = $2", p![id, true])?;
            Ok(Ok(forward))
        }
        _ => Ok(Err(waits)),
    }
}

/// How an attempt ended. False: it was not the last one any more, and nothing changed.
pub struct Ended<'a> {
    pub state: ForwardState,
    pub unclear: bool,
    pub problem: &'a str,
    pub next_at: Option<Moment>,
    pub foreign_id: &'a str,
    pub token: &'a str,
}

pub fn end_attempt(tx: &Tx<'_>, id: Uuid, attempt: i64, ended: &Ended<'_>) -> Result<bool, DbError> {
    let sent = (ended.state == ForwardState::Sent).then(|| tx.now());
    let rows = tx.exec(
        "UPDATE reports_forwards SET state = $4, unclear = $5, problem = $6, next_at = $7, foreign_id = $8, token = $9,
             sent_at = $10, held_until = NULL
         WHERE municipality = $1 AND id = $2 AND attempts = $3 AND state = 'waiting'",
        p![id, attempt, ended.state, ended.unclear, ended.problem, ended.next_at, ended.foreign_id, ended.token, sent],
    )?;
    Ok(rows == 1)
}

/// A person wants it sent (again). A failed one is sent without looking whether it arrived: they did. False: it arrived.
pub fn push_forward(tx: &Tx<'_>, id: Uuid) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE reports_forwards SET unclear = CASE WHEN state = 'waiting' THEN unclear ELSE $3 END, state = 'waiting',
             tries = 0, problem = '', next_at = NULL
         WHERE municipality = $1 AND id = $2 AND state IN ('waiting', 'refused', 'failed')",
        p![id, false],
    )?;
    Ok(rows == 1)
}

/// A person wants it sent no more. False: it arrived, or is on its way this very moment.
pub fn cancel_forward(tx: &Tx<'_>, id: Uuid) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE reports_forwards SET state = 'cancelled' WHERE municipality = $1 AND id = $2
         AND state IN ('waiting', 'refused', 'failed') AND (held_until IS NULL OR held_until < $3)",
        p![id, tx.now()],
    )?;
    Ok(rows == 1)
}

/// Waiting ones whose time came and whose job is gone.
pub fn forgotten_forwards(tx: &Tx<'_>, before: Moment, limit: i64) -> Result<Vec<Uuid>, DbError> {
    let rows: Vec<(Uuid,)> = tx.query(
        "SELECT id FROM reports_forwards WHERE municipality = $1 AND state = 'waiting' AND created_at < $2
         AND (next_at IS NULL OR next_at < $2) AND (held_until IS NULL OR held_until < $2) ORDER BY created_at LIMIT $3",
        p![before, limit],
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Offices that may have news of something.
pub fn partners_to_ask(tx: &Tx<'_>, sent_after: Moment) -> Result<Vec<Uuid>, DbError> {
    let rows: Vec<(Uuid,)> = tx.query(
        "SELECT p.id FROM reports_partners p WHERE p.municipality = $1 AND p.ended_at IS NULL AND EXISTS (
             SELECT 1 FROM reports_forwards f WHERE f.municipality = $1 AND f.partner = p.id AND f.state = 'sent'
             AND f.sent_at > $2)",
        p![sent_after],
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What arrived at this office and was not looked at singly since then, longest first.
pub fn forwards_to_ask(
    tx: &Tx<'_>,
    partner: Uuid,
    sent_after: Moment,
    unasked_since: Moment,
    limit: i64,
) -> Result<Vec<Forward>, DbError> {
    tx.query(
        db::Sql::join(&[
            FORWARD,
            "AND f.partner = $2 AND f.state = 'sent' AND f.sent_at > $3
             AND COALESCE(f.checked_at, f.sent_at) < $4 ORDER BY COALESCE(f.checked_at, f.sent_at), f.id LIMIT $5",
        ]),
        p![partner, sent_after, unasked_since, limit],
    )
}

/// What has this number there.
pub fn forward_by_foreign(tx: &Tx<'_>, partner: Uuid, foreign: &str) -> Result<Option<Forward>, DbError> {
    tx.query_one(
        db::Sql::join(&[FORWARD, "AND f.partner = $2 AND f.foreign_id = $3 AND f.state = 'sent'"]),
        p![partner, foreign],
    )
}

/// False: this word of theirs is known.
pub fn add_forward_update(tx: &Tx<'_>, forward: Uuid, update: &str) -> Result<bool, DbError> {
    let rows = tx.exec(
        "INSERT INTO reports_forward_updates (municipality, forward, update_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        p![forward, update],
    )?;
    Ok(rows == 1)
}

pub fn set_forward_status(tx: &Tx<'_>, forward: Uuid, status: &str, ended: bool) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_forwards SET foreign_status = $3, ended = $4 WHERE municipality = $1 AND id = $2",
        p![forward, status, ended],
    )?;
    Ok(())
}

/// It was looked at; its number there, if it had none before.
pub fn asked_forward(tx: &Tx<'_>, forward: Uuid, foreign: &str) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_forwards SET checked_at = $3, foreign_id = CASE WHEN foreign_id = '' THEN $4 ELSE foreign_id END
         WHERE municipality = $1 AND id = $2",
        p![forward, tx.now(), foreign],
    )?;
    Ok(())
}

pub fn set_pulled(tx: &Tx<'_>, partner: Uuid, to: Moment) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_partners SET pulled_to = $3, problem = '' WHERE municipality = $1 AND id = $2",
        p![partner, to],
    )?;
    Ok(())
}
