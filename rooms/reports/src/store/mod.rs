//! Every SQL statement of this room: reports here, the rest in the files beside. Plain functions over one `Tx`; no rule
//! and no HTML. Invariant: a query for the public names `visibility = 'public'` itself and trusts no caller for it.

mod categories;
mod drafts;
mod follows;
mod listed;
mod open311;
mod partners;
mod review;

pub use categories::{
    USES_COUNTED_MAX, add_category, categories, category, category_uses, hold_category, lock_category, lock_order,
    problem_uses, put_category, remove_category, set_rank,
};
pub use drafts::{create_draft, draft, forget_old_drafts, lock_draft, save_draft, take_draft, was_sent};
pub use follows::{
    Follow, NewFollow, add_follow, area_followers, confirm_follow, end_follow, follow_by_token, followers_of,
    forget_unconfirmed,
};
pub use listed::{Filter, Pin, Pins, Shown, count, districts, list, pins};
pub use open311::{
    KeyRow, Request, Wanted, add_imported, add_key, add_photo, add_sent, case_sent_by, is_imported, key_by_hash, keys,
    moved, requests, revoke_key, steps_of,
};
pub use partners::{
    Ended, Forward, NewForward, Partner, add_forward, add_forward_update, add_partner, all_services, asked_forward,
    cancel_forward, end_attempt, end_partner, forgotten_forwards, forward, forward_by_foreign, forwards,
    forwards_in_trouble, forwards_of, forwards_to_ask, has_partners, hold_forward, partner, partners, partners_to_ask,
    push_forward, set_forward_status, set_partner_problem, set_pulled, set_services,
};
pub use review::{
    BlockRow, ReviewPhoto, add_block, add_complaint, blocked, blocks, complaints_of, handle_complaints, photo_blobs,
    photos_for_review, remove_block, reviewed, set_public_photo, to_review, to_review_count,
};

use crate::{
    category::fold,
    report::{PublicState, ReportId, Visibility, cell_of},
};
use base::{Moment, OrgUnitId, Position};
use db::{DbError, Tx, p, record};
use uuid::Uuid;

record! {
    /// A public report as lists, cards and feeds show it.
    #[derive(Clone)]
    pub struct Card {
        pub id: ReportId,
        pub number: String,
        pub category: String,
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

impl Card {
    pub const fn position(&self) -> Position {
        Position { lat: self.lat, lon: self.lon }
    }

    pub fn public_state(&self) -> PublicState {
        PublicState::of(&self.state)
    }
}

const CARD: &str =
    "SELECT r.id, r.number, r.category, r.public_title, r.public_body, r.place, r.district, r.lat, r.lon, r.state,
        r.opened_at, r.changed_at, r.closed_at, r.due, r.same_count,
        (SELECT f.id FROM reports_photos f WHERE f.municipality = $1 AND f.report = r.id AND f.public_blob IS NOT NULL
         ORDER BY f.rank LIMIT 1)
    FROM reports_reports r WHERE r.municipality = $1 AND r.visibility = 'public'";

record! {
    /// A report as the desk sees it.
    #[derive(Clone)]
    pub struct DeskReport {
        pub id: ReportId,
        pub case_id: Uuid,
        pub unit: OrgUnitId,
        pub number: String,
        pub category: String,
        pub title: String,
        pub body: String,
        pub public_title: String,
        pub public_body: String,
        pub place: String,
        pub district: String,
        pub lat: f64,
        pub lon: f64,
        pub state: String,
        pub visibility: Visibility,
        pub reason: String,
        pub opened_at: Moment,
        pub same_count: i64,
        pub complaints: i64,
        pub version: i64,
    }
}

const DESK: &str =
    "SELECT id, case_id, unit, number, category, title, body, public_title, public_body, place, district, lat, lon, state,
        visibility, reason, opened_at, same_count, complaints, version
    FROM reports_reports WHERE municipality = $1";

/// A report to be written together with its case.
pub struct NewReport {
    pub id: ReportId,
    pub case_id: Uuid,
    pub unit: OrgUnitId,
    pub number: String,
    pub category: String,
    pub problem: String,
    pub title: String,
    pub body: String,
    pub place: String,
    pub district: String,
    pub position: Position,
    pub asset: Option<Uuid>,
    pub visibility: Visibility,
    pub state: String,
    pub opened_at: Moment,
    pub closed_at: Option<Moment>,
    pub due: Moment,
    /// Photos as they came.
    pub photos: Vec<Uuid>,
}

pub fn insert(tx: &Tx<'_>, new: &NewReport) -> Result<(), DbError> {
    let is_open = PublicState::of(&new.state).is_open();
    let folded = fold(&format!("{} {} {} {}", new.title, new.body, new.place, new.number));
    tx.exec_later(
        "INSERT INTO reports_reports (municipality, id, case_id, number, category, problem, title, body, public_title,
             public_body, folded, place, district, lat, lon, cell, asset, state, is_open, visibility, reason, reviewed_at,
             opened_at, changed_at, closed_at, due, same_count, complaints, unit, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, '', NULL,
             $19, $20, $21, $22, 0, 0, $23, 1)",
        p![
            new.id, new.case_id, new.number, new.category, new.problem, new.title, new.body, folded, new.place, new.district,
            new.position.lat, new.position.lon, cell_of(new.position), new.asset, new.state, is_open, new.visibility,
            new.opened_at, new.closed_at.unwrap_or(new.opened_at), new.closed_at, new.due, new.unit
        ],
    )?;
    for (rank, blob) in (0_i64..).zip(&new.photos) {
        tx.exec_later(
            "INSERT INTO reports_photos (municipality, id, report, rank, blob, public_blob) VALUES ($1, $2, $3, $4, $5, NULL)",
            p![tx.new_id(), new.id, rank, blob],
        )?;
    }
    add_step(tx, new.id, new.opened_at, "received")
}

pub fn add_step(tx: &Tx<'_>, report: ReportId, at: Moment, state: &str) -> Result<(), DbError> {
    tx.exec_later(
        "INSERT INTO reports_steps (municipality, report, at, state) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        p![report, at, state],
    )
}

/// Takes over where the case stands. Says whether anything changed.
pub fn follow_case(
    tx: &Tx<'_>,
    report: ReportId,
    state: &str,
    closed_at: Option<Moment>,
    due: Moment,
) -> Result<bool, DbError> {
    let is_open = PublicState::of(state).is_open();
    let rows = tx.exec(
        "UPDATE reports_reports SET state = $3, is_open = $4, closed_at = $5, due = $6, changed_at = $7
         WHERE municipality = $1 AND id = $2 AND state <> $3",
        p![report, state, is_open, closed_at, due, tx.now()],
    )?;
    if rows == 1 {
        add_step(tx, report, tx.now(), state)?;
    }
    Ok(rows == 1)
}

/// The case belongs to another unit now. Says whether that is news.
pub fn set_unit(tx: &Tx<'_>, report: ReportId, unit: OrgUnitId) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE reports_reports SET unit = $3 WHERE municipality = $1 AND id = $2 AND unit <> $3",
        p![report, unit],
    )?;
    Ok(rows == 1)
}

pub fn set_visibility(tx: &Tx<'_>, report: ReportId, visibility: Visibility) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_reports SET visibility = $3, changed_at = $4, version = version + 1
         WHERE municipality = $1 AND id = $2",
        p![report, visibility, tx.now()],
    )?;
    Ok(())
}

pub fn desk_report(tx: &Tx<'_>, number: &str) -> Result<Option<DeskReport>, DbError> {
    tx.query_one(db::Sql::join(&[DESK, "AND number = $2"]), p![number])
}

pub fn desk_report_by_id(tx: &Tx<'_>, id: Uuid) -> Result<Option<DeskReport>, DbError> {
    tx.query_one(db::Sql::join(&[DESK, "AND id = $2"]), p![id])
}

pub fn by_case(tx: &Tx<'_>, case_id: Uuid) -> Result<Option<DeskReport>, DbError> {
    tx.query_one(db::Sql::join(&[DESK, "AND case_id = $2"]), p![case_id])
}

/// The same, and nobody else changes it before this transaction ends: for reading its case and taking over what it says.
pub fn lock_by_case(tx: &Tx<'_>, case_id: Uuid) -> Result<Option<DeskReport>, DbError> {
    tx.unaudited("a lock changes nothing", || {
        tx.exec("UPDATE reports_reports SET version = version WHERE municipality = $1 AND case_id = $2", p![case_id])
    })?;
    by_case(tx, case_id)
}

/// The public report with this number; a hidden one is not there.
pub fn public_report(tx: &Tx<'_>, number: &str) -> Result<Option<Card>, DbError> {
    tx.query_one(db::Sql::join(&[CARD, "AND r.number = $2"]), p![number])
}

/// How the state of a public report went on, oldest first.
pub fn steps(tx: &Tx<'_>, report: ReportId) -> Result<Vec<(Moment, String)>, DbError> {
    tx.query("SELECT at, state FROM reports_steps WHERE municipality = $1 AND report = $2 ORDER BY at", p![report])
}

/// Photos of a public report that may be shown.
pub fn public_photos(tx: &Tx<'_>, report: ReportId) -> Result<Vec<(Uuid,)>, DbError> {
    tx.query(
        "SELECT f.id FROM reports_photos f JOIN reports_reports r ON r.municipality = f.municipality AND r.id = f.report
         WHERE f.municipality = $1 AND f.report = $2 AND f.public_blob IS NOT NULL AND r.visibility = 'public' ORDER BY f.rank",
        p![report],
    )
}

/// The blob behind a public picture; `None` unless its report is public and the picture was let through.
pub fn public_blob(tx: &Tx<'_>, photo: Uuid) -> Result<Option<Uuid>, DbError> {
    tx.scalar(
        "SELECT f.public_blob FROM reports_photos f
         JOIN reports_reports r ON r.municipality = f.municipality AND r.id = f.report
         WHERE f.municipality = $1 AND f.id = $2 AND f.public_blob IS NOT NULL AND r.visibility = 'public'",
        p![photo],
    )
}

/// Public open reports around a place with their distance, nearest first. Those of `category` may lie farther away.
pub fn near(
    tx: &Tx<'_>,
    at: Position,
    metres: f64,
    category: Option<(&str, f64)>,
    limit: usize,
) -> Result<Vec<(Card, f64)>, DbError> {
    let reach = category.map_or(metres, |(_, wider)| wider.max(metres));
    let bounds = at.around(reach);
    let cards: Vec<Card> = tx.query(
        db::Sql::join(&[
            CARD,
            "AND r.is_open = TRUE AND r.lat >= $2 AND r.lat <= $3 AND r.lon >= $4 AND r.lon <= $5 ORDER BY r.opened_at DESC LIMIT 200",
        ]),
        p![bounds.south, bounds.north, bounds.west, bounds.east],
    )?;
    let mut near: Vec<(Card, f64)> = cards
        .into_iter()
        .map(|card| {
            let distance = card.position().metres_to(at);
            (card, distance)
        })
        .filter(|(card, distance)| {
            let reach = category.filter(|(word, _)| *word == card.category).map_or(metres, |(_, wider)| wider);
            *distance <= reach
        })
        .collect();
    near.sort_by(|a, b| a.1.total_cmp(&b.1));
    near.truncate(limit);
    Ok(near)
}

/// Public reports whose words begin like the folded query, newest first.
pub fn search(tx: &Tx<'_>, query: &str, limit: i64) -> Result<Vec<Card>, DbError> {
    let folded = fold(query);
    let mut words: Vec<&str> = folded.split(' ').filter(|word| word.chars().count() > 1).collect();
    // The longest word says most; the others narrow in memory.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let Some(longest) = words.first() else { return Ok(vec![]) };
    let pattern = format!("%{longest}%");
    let found: Vec<Card> = tx.query(
        db::Sql::join(&[CARD, "AND r.folded LIKE $2 ORDER BY r.opened_at DESC, r.id DESC LIMIT 100"]),
        p![pattern],
    )?;
    let all = |card: &Card| {
        let text = fold(&format!("{} {} {} {}", card.title, card.body, card.place, card.number));
        words.iter().all(|word| text.contains(word))
    };
    Ok(found.into_iter().filter(all).take(usize::try_from(limit).unwrap_or(0)).collect())
}

/// Public reports since then: all, fixed ones, and the mean seconds until they were fixed.
pub fn numbers(tx: &Tx<'_>, since: Moment) -> Result<(i64, i64, Option<i64>), DbError> {
    let reported: Option<i64> = tx.scalar(
        "SELECT COUNT(*) FROM reports_reports WHERE municipality = $1 AND visibility = 'public' AND opened_at >= $2",
        p![since],
    )?;
    let fixed: Option<(i64, Option<i64>)> = tx.query_one(
        "SELECT COUNT(*), CAST(AVG(closed_at - opened_at) AS BIGINT) FROM reports_reports
         WHERE municipality = $1 AND visibility = 'public' AND opened_at >= $2 AND state = 'resolved'",
        p![since],
    )?;
    let (fixed, micros) = fixed.unwrap_or((0, None));
    Ok((reported.unwrap_or(0), fixed, micros.map(|m| m / 1_000_000)))
}

/// Keeps that somebody else has the same damage; says how many have by now. Others wait until this transaction ends.
pub fn add_same(tx: &Tx<'_>, report: ReportId, note: &str) -> Result<i64, DbError> {
    tx.exec(
        "INSERT INTO reports_same (municipality, id, report, at, note) VALUES ($1, $2, $3, $4, $5)",
        p![tx.new_id(), report, tx.now(), note],
    )?;
    let count = tx.scalar(
        "UPDATE reports_reports SET same_count = same_count + 1 WHERE municipality = $1 AND id = $2 RETURNING same_count",
        p![report],
    )?;
    Ok(count.unwrap_or(0))
}

/// For the demo town and its second start.
pub fn any(tx: &Tx<'_>) -> Result<bool, DbError> {
    Ok(tx.scalar::<String>("SELECT number FROM reports_reports WHERE municipality = $1 LIMIT 1", p![])?.is_some())
}
