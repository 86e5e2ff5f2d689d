//! SQL of following a report or an area by mail. Nothing is sent to an address that was not confirmed: the queries for
//! receivers say so themselves.

use crate::report::{ReportId, UNCONFIRMED_DAYS};
use base::{Moment, Position};
use db::{DbError, Tx, p, record};
use uuid::Uuid;

record! {
    /// Who follows what. No `Debug`: it holds an address.
    #[derive(Clone)]
    pub struct Follow {
        pub id: Uuid,
        pub report: Option<ReportId>,
        pub lat: f64,
        pub lon: f64,
        pub metres: f64,
        pub email: String,
        pub language: String,
        pub confirmed_at: Option<Moment>,
    }
}

const FOLLOW: &str =
    "SELECT id, report, lat, lon, metres, email, language, confirmed_at FROM reports_follows WHERE municipality = $1";

/// A wish to follow, before it is confirmed.
pub struct NewFollow {
    pub report: Option<ReportId>,
    pub position: Position,
    pub metres: f64,
    pub email: String,
    pub language: &'static str,
    pub token_hash: Vec<u8>,
}

pub fn add_follow(tx: &Tx<'_>, id: Uuid, new: &NewFollow) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO reports_follows (municipality, id, report, lat, lon, metres, email, language, token_hash, created_at,
             confirmed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)",
        p![id, new.report, new.position.lat, new.position.lon, new.metres, new.email, new.language, new.token_hash, tx.now()],
    )?;
    Ok(())
}

pub fn follow_by_token(tx: &Tx<'_>, token_hash: &[u8]) -> Result<Option<Follow>, DbError> {
    tx.query_one(db::Sql::join(&[FOLLOW, "AND token_hash = $2"]), p![token_hash])
}

pub fn confirm_follow(tx: &Tx<'_>, id: Uuid) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_follows SET confirmed_at = $3 WHERE municipality = $1 AND id = $2 AND confirmed_at IS NULL",
        p![id, tx.now()],
    )?;
    cases::answered(tx, id)
}

pub fn end_follow(tx: &Tx<'_>, id: Uuid) -> Result<(), DbError> {
    tx.exec("DELETE FROM reports_follows WHERE municipality = $1 AND id = $2", p![id])?;
    Ok(())
}

/// Confirmed followers of one report.
pub fn followers_of(tx: &Tx<'_>, report: ReportId) -> Result<Vec<Follow>, DbError> {
    tx.query(db::Sql::join(&[FOLLOW, "AND report = $2 AND confirmed_at IS NOT NULL ORDER BY id"]), p![report])
}

/// The widest area anybody can follow.
pub const AREA_METRES_MAX: f64 = 5_000.0;

/// Confirmed followers of an area that holds this place.
pub fn area_followers(tx: &Tx<'_>, at: Position) -> Result<Vec<Follow>, DbError> {
    let bounds = at.around(AREA_METRES_MAX);
    let all: Vec<Follow> = tx.query(
        db::Sql::join(&[
            FOLLOW,
            "AND report IS NULL AND confirmed_at IS NOT NULL AND lat >= $2 AND lat <= $3 AND lon >= $4 AND lon <= $5 ORDER BY id",
        ]),
        p![bounds.south, bounds.north, bounds.west, bounds.east],
    )?;
    let holds = |follow: &Follow| Position { lat: follow.lat, lon: follow.lon }.metres_to(at) <= follow.metres;
    Ok(all.into_iter().filter(holds).collect())
}

pub fn forget_unconfirmed(tx: &Tx<'_>) -> Result<u64, DbError> {
    tx.unaudited("nobody confirmed the address, so nothing was ever subscribed", || {
        tx.exec(
            "DELETE FROM reports_follows WHERE municipality = $1 AND confirmed_at IS NULL AND created_at < $2",
            p![tx.now().plus_days(-UNCONFIRMED_DAYS)],
        )
    })
}
