//! SQL of the past: what living reports get one by one from people, the demo town gets with given times. Only the seed
//! uses it. Invariant: writes rows of this room only.

use super::plan::Planned;
use crate::report::{ReportId, Visibility, token_hash};
use base::{Moment, Position};
use db::{DbError, Tx, p};
use uuid::Uuid;

/// What a review, other people and time have made of a report that was just inserted.
pub fn settle(tx: &Tx<'_>, report: ReportId, planned: &Planned) -> Result<(), DbError> {
    let changed = planned.story.steps.last().map_or(planned.opened, |step| step.at);
    let same = i64::try_from(planned.same.len()).unwrap_or(0);
    tx.exec(
        "UPDATE reports_reports SET reviewed_at = $3, changed_at = $4, reason = $5, same_count = $6, complaints = $7
         WHERE municipality = $1 AND id = $2",
        p![report, planned.reviewed, changed, planned.reason, same, i64::from(planned.complaint.is_some())],
    )?;
    if planned.visibility == Visibility::Public {
        tx.exec("UPDATE reports_photos SET public_blob = blob WHERE municipality = $1 AND report = $2", p![report])?;
    }
    for (at, note) in &planned.same {
        tx.exec(
            "INSERT INTO reports_same (municipality, id, report, at, note) VALUES ($1, $2, $3, $4, $5)",
            p![tx.new_id(), report, at, note],
        )?;
    }
    if let Some(at) = planned.complaint {
        tx.exec(
            "INSERT INTO reports_complaints (municipality, id, report, at, reason, note, handled_at)
             VALUES ($1, $2, $3, $4, $5, $6, NULL)",
            p![tx.new_id(), report, at, "other", "Das ist direkt vor unserem Haus. Muss das öffentlich sein?"],
        )?;
    }
    Ok(())
}

/// Somebody who has confirmed to hear of a report, or of everything around a place.
pub fn follow(
    tx: &Tx<'_>,
    report: Option<ReportId>,
    (at, metres): (Position, f64),
    address: &str,
    since: Moment,
) -> Result<(), DbError> {
    let id: Uuid = tx.new_id();
    tx.exec(
        "INSERT INTO reports_follows (municipality, id, report, lat, lon, metres, email, language, token_hash, created_at,
             confirmed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        p![id, report, at.lat, at.lon, metres, address, "de", token_hash(&format!("seed {id}")), since],
    )?;
    Ok(())
}
