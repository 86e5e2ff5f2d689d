//! What happens to cases without anybody pressing a button: questions nobody answers, people who leave, and the rules a
//! new town starts with.

use crate::{
    acts::{self, ActError},
    routing::Rule,
    store,
};
use base::AccountId;
use db::{Audit, DbError, Tx};
use serde_json::json;
use web::{Stage, Town};

/// A question to the citizen waits this long.
pub const ASK_DAYS: i64 = 14;
/// Per run; the next half hour takes the rest.
const EXPIRED_MAX: i64 = 200;

/// Questions without an answer come back to the list.
pub fn half_hour(tx: &Tx<'_>, _: &Stage) -> Result<(), DbError> {
    store::confirmations::forget_old(tx)?;
    expire_questions(tx).map(|_| ())
}

pub fn expire_questions(tx: &Tx<'_>) -> Result<usize, DbError> {
    let waiting = store::waiting_before(tx, tx.now().plus_days(-ASK_DAYS), EXPIRED_MAX)?;
    let count = waiting.len();
    for head in waiting {
        // Any other refusal: answered in between, so nothing is waiting any more.
        if let Err(ActError::Db(error)) = acts::expire_question(tx, head) {
            return Err(error);
        }
    }
    Ok(count)
}

/// A person cannot work here any more: their open cases go back to the inboxes of their units.
pub fn staff_disabled(tx: &Tx<'_>, _: &Stage, event: &serde_json::Value) -> Result<(), DbError> {
    let account = event.get("account").and_then(serde_json::Value::as_str).and_then(AccountId::parse);
    match account {
        Some(account) => acts::release_all_of(tx, account).map(|_| ()),
        None => Err(DbError::WrongShape("staff.disabled without an account".to_owned())),
    }
}

/// A new town answers barriers and questions from the first day on; the rooms that open other kinds bring their rules.
pub fn template(tx: &Tx<'_>, _: &Town) -> Result<(), DbError> {
    let standard = [
        // BITV 2.0 wants an answer in good time; this house promises two weeks.
        ("barrier", "main_office", 10, "Barrieren gehen an das Hauptamt, weil es die Website verantwortet."),
        ("question", "citizens_office", 3, "Fragen ohne Thema beantwortet das Bürgerbüro oder gibt sie weiter."),
    ];
    for (kind, unit, working_days, note) in standard {
        store::put_rule(
            tx,
            &Rule {
                kind: kind.to_owned(),
                category: String::new(),
                district: String::new(),
                unit: identity::standard_unit(tx.municipality(), unit),
                working_days,
                priority: 0,
                note: note.to_owned(),
            },
        )?;
    }
    tx.audit(Audit {
        actor: base::Actor::System.trace(),
        action: "case.rules_set",
        subject: "standard".to_owned(),
        detail: json!({ "rules": standard.len() }),
    });
    Ok(())
}
