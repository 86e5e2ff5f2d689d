//! SQL of the drafts. The id is random and the only key to a draft: whoever has the link has the draft, nobody else.

use crate::{journey::Draft, report::DRAFT_HOURS};
use db::{DbError, Tx, p};
use uuid::Uuid;

/// An expired draft is not there any more, whether or not it was swept.
pub fn draft(tx: &Tx<'_>, id: Uuid) -> Result<Option<Draft>, DbError> {
    let content: Option<String> = tx.scalar(
        "SELECT content FROM reports_drafts WHERE municipality = $1 AND id = $2 AND expires_at > $3 AND content <> ''",
        p![id, tx.now()],
    )?;
    content.map(read).transpose()
}

/// Why drafts leave no audit lines.
const NOT_YET: &str = "a draft is not yet a report";

/// The same, and nobody else changes it before this transaction ends: for reading, adding and writing.
pub fn lock_draft(tx: &Tx<'_>, id: Uuid) -> Result<Option<Draft>, DbError> {
    let content: Option<String> = tx.unaudited(NOT_YET, || {
        tx.scalar(
            "UPDATE reports_drafts SET changed_at = $3
             WHERE municipality = $1 AND id = $2 AND expires_at > $3 AND content <> '' RETURNING content",
            p![id, tx.now()],
        )
    })?;
    content.map(read).transpose()
}

/// A draft that became a report, as opposed to one that expired: known for as long as it would have lived.
pub fn was_sent(tx: &Tx<'_>, id: Uuid) -> Result<bool, DbError> {
    let sent: Option<Uuid> =
        tx.scalar("SELECT id FROM reports_drafts WHERE municipality = $1 AND id = $2 AND content = ''", p![id])?;
    Ok(sent.is_some())
}

fn read(content: String) -> Result<Draft, DbError> {
    serde_json::from_str(&content).map_err(|_| DbError::WrongShape("reports_drafts.content".to_owned()))
}

fn document(draft: &Draft) -> Result<String, DbError> {
    serde_json::to_string(draft).map_err(|_| DbError::WrongShape("a draft that is no JSON".to_owned()))
}

/// False if there is one already, sent and expired ones too.
pub fn create_draft(tx: &Tx<'_>, id: Uuid, draft: &Draft) -> Result<bool, DbError> {
    let content = document(draft)?;
    let rows = tx.unaudited(NOT_YET, || {
        tx.exec(
            "INSERT INTO reports_drafts (municipality, id, content, changed_at, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            p![id, content, tx.now(), tx.now().plus_seconds(DRAFT_HOURS * 3_600)],
        )
    })?;
    Ok(rows == 1)
}

/// False if the draft expired or was sent meanwhile.
pub fn save_draft(tx: &Tx<'_>, id: Uuid, draft: &Draft) -> Result<bool, DbError> {
    let content = document(draft)?;
    let rows = tx.unaudited(NOT_YET, || {
        tx.exec(
            "UPDATE reports_drafts SET content = $3, changed_at = $4, expires_at = $5
             WHERE municipality = $1 AND id = $2 AND expires_at > $4 AND content <> ''",
            p![id, content, tx.now(), tx.now().plus_seconds(DRAFT_HOURS * 3_600)],
        )
    })?;
    Ok(rows == 1)
}

/// Empties the draft and hands it out: of two who send it at once, only one gets it.
pub fn take_draft(tx: &Tx<'_>, id: Uuid) -> Result<Option<Draft>, DbError> {
    let draft = lock_draft(tx, id)?;
    if draft.is_some() {
        tx.exec("UPDATE reports_drafts SET content = '' WHERE municipality = $1 AND id = $2", p![id])?;
    }
    Ok(draft)
}

pub fn forget_old_drafts(tx: &Tx<'_>) -> Result<u64, DbError> {
    tx.unaudited("an expired draft never was a report", || {
        tx.exec("DELETE FROM reports_drafts WHERE municipality = $1 AND expires_at <= $2", p![tx.now()])
    })
}
