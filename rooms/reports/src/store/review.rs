//! SQL of the review: what waits, what was decided, which picture the public sees, complaints and blocked senders.

use super::{DESK, DeskReport};
use crate::{
    category::fold,
    report::{BlockKind, ReportId, Visibility, mail_hash},
};
use base::Moment;
use cases::Query;
use db::{DbError, Tx, p, record};
use identity::Units;
use uuid::Uuid;

/// Not reviewed yet. Where a town publishes at once, that is after the fact, and photos wait for it. The joined nothing
/// keeps the databases from indexes that begin with the visibility, nearly every report is public; theirs has it too.
const UNREVIEWED: &str = "AND visibility || '' IN ('waiting', 'public') AND reviewed_at IS NULL AND complaints = 0";

/// What waits for a look: public reports somebody complained about, then those not reviewed yet; oldest first.
pub fn to_review(tx: &Tx<'_>, units: &Units, limit: i64) -> Result<Vec<DeskReport>, DbError> {
    let oldest = |which: &'static str| {
        let mut query = Query::new(DESK);
        query.text(which).units(units).text("ORDER BY opened_at, id").limit(limit);
        query.all::<DeskReport>(tx)
    };
    let mut found = oldest("AND complaints > 0")?;
    let waiting = oldest(UNREVIEWED)?;
    found.extend(waiting);
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

pub fn to_review_count(tx: &Tx<'_>, units: &Units) -> Result<i64, DbError> {
    let count = |which: &'static str| {
        let mut query = Query::new("SELECT COUNT(*) FROM (SELECT id FROM reports_reports WHERE municipality = $1");
        query.text(which).units(units).limit(web::COUNT_MAX + 1).text(") AS counted");
        query.scalar::<i64>(tx)
    };
    Ok(count(UNREVIEWED)?.unwrap_or(0) + count("AND complaints > 0")?.unwrap_or(0))
}

/// Stores what a review decided, if nobody decided since `seen` was read; false otherwise. The search reads only what is
/// public.
pub fn reviewed(
    tx: &Tx<'_>,
    report: &DeskReport,
    visibility: Visibility,
    title: &str,
    body: &str,
    reason: &str,
    seen: i64,
) -> Result<bool, DbError> {
    let folded = fold(&format!("{title} {body} {} {}", report.place, report.number));
    let rows = tx.exec(
        "UPDATE reports_reports SET visibility = $3, public_title = $4, public_body = $5, reason = $6, folded = $7,
             reviewed_at = $8, changed_at = $8, version = version + 1
         WHERE municipality = $1 AND id = $2 AND version = $9",
        p![report.id, visibility, title, body, reason, folded, tx.now(), seen],
    )?;
    Ok(rows == 1)
}

record! {
    /// A photo under review: as it came, and as the public sees it.
    #[derive(Debug, Clone)]
    pub struct ReviewPhoto {
        pub id: Uuid,
        pub blob: Uuid,
        pub public_blob: Option<Uuid>,
    }
}

impl ReviewPhoto {
    /// The public copy, if it is another picture than the one that came.
    pub fn covered(&self) -> Option<Uuid> {
        self.public_blob.filter(|public| *public != self.blob)
    }
}

pub fn photos_for_review(tx: &Tx<'_>, report: ReportId) -> Result<Vec<ReviewPhoto>, DbError> {
    tx.query(
        "SELECT id, blob, public_blob FROM reports_photos WHERE municipality = $1 AND report = $2 ORDER BY rank",
        p![report],
    )
}

/// Compare and set: false if the public sees another copy by now than the one that was looked at.
pub fn set_public_photo(
    tx: &Tx<'_>,
    photo: Uuid,
    seen: Option<Uuid>,
    public_blob: Option<Uuid>,
) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE reports_photos SET public_blob = $3
         WHERE municipality = $1 AND id = $2 AND public_blob IS NOT DISTINCT FROM $4",
        p![photo, public_blob, seen],
    )?;
    Ok(rows == 1)
}

/// Every blob a row of this room names, for the sweep.
pub fn photo_blobs(tx: &Tx<'_>) -> Result<Vec<Uuid>, DbError> {
    let rows: Vec<(Uuid, Option<Uuid>)> =
        tx.query("SELECT blob, public_blob FROM reports_photos WHERE municipality = $1", p![])?;
    let mut blobs: Vec<Uuid> =
        rows.into_iter().flat_map(|(blob, public)| std::iter::once(blob).chain(public)).collect();
    let drafts: Vec<(String,)> =
        tx.query("SELECT content FROM reports_drafts WHERE municipality = $1 AND content <> ''", p![])?;
    for (content,) in drafts {
        let draft: crate::journey::Draft =
            serde_json::from_str(&content).map_err(|_| DbError::WrongShape("reports_drafts.content".to_owned()))?;
        blobs.extend(draft.photos.iter().map(|photo| photo.blob));
    }
    Ok(blobs)
}

/// Whoever is about to decide has not read it: their page is an old one now.
pub fn add_complaint(tx: &Tx<'_>, report: ReportId, reason: &str, note: &str) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO reports_complaints (municipality, id, report, at, reason, note, handled_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL)",
        p![tx.new_id(), report, tx.now(), reason, note],
    )?;
    tx.exec(
        "UPDATE reports_reports SET complaints = complaints + 1, version = version + 1 WHERE municipality = $1 AND id = $2",
        p![report],
    )?;
    Ok(())
}

/// Open complaints: when, why, in which words.
pub fn complaints_of(tx: &Tx<'_>, report: ReportId) -> Result<Vec<(Moment, String, String)>, DbError> {
    tx.query(
        "SELECT at, reason, note FROM reports_complaints
         WHERE municipality = $1 AND report = $2 AND handled_at IS NULL ORDER BY at",
        p![report],
    )
}

pub fn handle_complaints(tx: &Tx<'_>, report: ReportId) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_complaints SET handled_at = $3 WHERE municipality = $1 AND report = $2 AND handled_at IS NULL",
        p![report, tx.now()],
    )?;
    tx.exec("UPDATE reports_reports SET complaints = 0 WHERE municipality = $1 AND id = $2", p![report])?;
    Ok(())
}

record! {
    #[derive(Clone)]
    pub struct BlockRow {
        pub id: Uuid,
        pub kind: BlockKind,
        pub pattern: String,
        pub note: String,
        pub created_at: Moment,
    }
}

pub fn blocks(tx: &Tx<'_>) -> Result<Vec<BlockRow>, DbError> {
    tx.query(
        "SELECT id, kind, pattern, note, created_at FROM reports_blocks WHERE municipality = $1 ORDER BY created_at DESC, id",
        p![],
    )
}

/// The same pattern twice stays one block.
pub fn add_block(tx: &Tx<'_>, kind: BlockKind, pattern: &str, note: &str) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO reports_blocks (municipality, id, kind, pattern, note, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        p![tx.new_id(), kind, pattern, note, tx.now()],
    )?;
    Ok(())
}

/// False: there was none.
pub fn remove_block(tx: &Tx<'_>, id: Uuid) -> Result<bool, DbError> {
    Ok(tx.exec("DELETE FROM reports_blocks WHERE municipality = $1 AND id = $2", p![id])? > 0)
}

/// Is this sender or this text blocked?
pub fn blocked(tx: &Tx<'_>, email: &str, body: &str) -> Result<bool, DbError> {
    let (hash, text) = (mail_hash(email), fold(body));
    let blocks = blocks(tx)?;
    Ok(blocks.iter().any(|block| match block.kind {
        BlockKind::Mail => !email.is_empty() && block.pattern == hash,
        BlockKind::Text => !block.pattern.is_empty() && text.contains(&block.pattern),
    }))
}
