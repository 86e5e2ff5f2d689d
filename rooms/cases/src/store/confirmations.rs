//! How often an address that nobody confirmed is asked: three slots per address, so that a stranger cannot make us write
//! more. Taking a slot is one statement, so of many at once no more than three get one. Not who confirmed what.

use base::uuid::Uuid;
use db::{DbError, Tx, p};

/// Open questions per address and day.
const SLOTS: i64 = 3;
const DAYS: i64 = 1;

/// Takes a slot for a question about `about`; false if none is free.
pub fn take(tx: &Tx<'_>, address: &str, about: Uuid) -> Result<bool, DbError> {
    let ask = |slot| {
        tx.exec(
            "INSERT INTO cases_confirmations (municipality, address, slot, about, asked_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (municipality, address, slot) DO UPDATE SET about = excluded.about, asked_at = excluded.asked_at
             WHERE cases_confirmations.asked_at <= $6",
            p![address, slot, about, tx.now(), tx.now().plus_days(-DAYS)],
        )
    };
    for slot in 0..SLOTS {
        let rows = tx.unaudited("a question for confirmation changes nothing yet", || ask(slot))?;
        if rows == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The question was answered: its slots are free again.
pub fn free(tx: &Tx<'_>, about: Uuid) -> Result<(), DbError> {
    tx.exec("DELETE FROM cases_confirmations WHERE municipality = $1 AND about = $2", p![about])?;
    Ok(())
}

/// Addresses are not kept longer than they count.
pub fn forget_old(tx: &Tx<'_>) -> Result<u64, DbError> {
    tx.unaudited("a question for confirmation that nobody answered never changed anything", || {
        tx.exec(
            "DELETE FROM cases_confirmations WHERE municipality = $1 AND asked_at <= $2",
            p![tx.now().plus_days(-DAYS)],
        )
    })
}
