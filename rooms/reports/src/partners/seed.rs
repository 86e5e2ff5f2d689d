//! An office and what became of reports that went there, as the demo town and tests need them: written by the same
//! functions as in earnest, without any server. Never part of a real town. Invariant: asks nobody.

use super::{
    pull, send,
    server::{Taken, Trouble, Update},
};
use crate::store::{self, NewForward};
use db::{DbError, Tx};
use uuid::Uuid;

/// What became of a report that was handed on.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// It got this number, and they said this of it: status and words.
    Arrived(&'a str, Option<(&'a str, &'a str)>),
    /// With their reason.
    Refused(&'a str),
}

/// An office that offers these services (code and name).
pub fn office(tx: &Tx<'_>, name: &str, endpoint: &str, services: &[(&str, &str)]) -> Result<Uuid, DbError> {
    let id = tx.new_id();
    store::add_partner(tx, id, [name, endpoint, "", ""])?;
    let services: Vec<_> = services.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect();
    store::set_services(tx, id, "json", &services)?;
    Ok(id)
}

/// Hands the report of this number on, with the office's first service.
pub fn hand_on(tx: &Tx<'_>, number: &str, office: Uuid, outcome: Outcome<'_>) -> Result<Uuid, DbError> {
    let missing = || DbError::WrongShape("a report or an office of the seed".to_owned());
    let report = store::desk_report(tx, number)?.ok_or_else(missing)?;
    let services = store::all_services(tx)?;
    let (_, _, service, service_name) = services.iter().find(|(known, ..)| *known == office).ok_or_else(missing)?;
    let id = tx.new_id();
    let body = &report.public_title;
    store::add_forward(
        tx,
        &NewForward { id, report: report.id, partner: office, service, service_name, body, photo: "" },
    )?;
    let Ok(held) = store::hold_forward(tx, id, tx.now())? else { return Err(missing()) };
    let result = match outcome {
        Outcome::Arrived(number, _) => Ok(Taken { id: number.to_owned(), token: String::new() }),
        Outcome::Refused(reason) => Err(Trouble::Refused(reason.to_owned())),
    };
    send::settle(tx, &held, &result)?;
    if let (Outcome::Arrived(number, Some((status, words))), Some(sent)) = (outcome, store::forward(tx, id)?) {
        let [status, words] = [status, words].map(str::to_owned);
        pull::take(tx, &sent, &Update { id: "seed".to_owned(), request: number.to_owned(), status, words })?;
    }
    Ok(id)
}
