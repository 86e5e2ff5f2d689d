//! What this room does when something happened elsewhere: a case moved on, a report became public. Each runs once per
//! event, in one transaction with the mark that it was handled.

use crate::{
    letters,
    report::{PublicState, Visibility},
    store,
};
use cases::CaseId;
use db::{Audit, DbError, Tx};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Listener, Stage};

pub const LISTENERS: &[Listener] = &[
    Listener { event: "case.state", handle: case_moved },
    Listener { event: "case.transferred", handle: case_transferred },
    Listener { event: "report.published", handle: published },
];

fn id_of(payload: &Value, field: &str) -> Option<Uuid> {
    payload.get(field).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok())
}

/// The public face follows its case. The case is read anew, so events that come late or twice do no harm; it is read
/// behind the lock of the report, so that of two workers the later one does not write what the earlier one saw.
pub fn case_moved(tx: &Tx<'_>, stage: &Stage, payload: &Value) -> Result<(), DbError> {
    let Some(case) = id_of(payload, "case") else { return Ok(()) };
    let (Some(report), Some(head)) = (store::lock_by_case(tx, case)?, cases::head(tx, CaseId(case))?) else {
        return Ok(());
    };
    if !store::follow_case(tx, report.id, head.state.word(), head.closed_at, head.due)? {
        return Ok(());
    }
    tx.audit(Audit {
        actor: "system".to_owned(),
        action: "report.followed_case",
        subject: report.id.to_string(),
        detail: json!({ "state": head.state.word() }),
    });
    if head.state == cases::State::Withdrawn {
        return store::set_visibility(tx, report.id, Visibility::Withdrawn);
    }
    let (before, after) = (PublicState::of(&report.state), PublicState::of(head.state.word()));
    if report.visibility == Visibility::Public && before != after {
        letters::tell_followers(tx, stage, &report, after)?;
    }
    Ok(())
}

/// Whoever has the case reviews the report.
pub fn case_transferred(tx: &Tx<'_>, _: &Stage, payload: &Value) -> Result<(), DbError> {
    let Some(case) = id_of(payload, "case") else { return Ok(()) };
    let (Some(report), Some(head)) = (store::lock_by_case(tx, case)?, cases::head(tx, CaseId(case))?) else {
        return Ok(());
    };
    if store::set_unit(tx, report.id, head.unit)? {
        tx.audit(Audit {
            actor: "system".to_owned(),
            action: "report.followed_transfer",
            subject: report.id.to_string(),
            detail: json!({ "unit": head.unit.to_string() }),
        });
    }
    Ok(())
}

/// Somebody may have asked to hear of new reports here.
pub fn published(tx: &Tx<'_>, stage: &Stage, payload: &Value) -> Result<(), DbError> {
    let Some(number) = payload.get("number").and_then(Value::as_str) else { return Ok(()) };
    let Some(card) = store::public_report(tx, number)? else { return Ok(()) };
    let category = store::category(tx, &card.category)?;
    let label = category.map(|category| category.label).unwrap_or_default();
    letters::tell_area(tx, stage, &card, &label)
}
