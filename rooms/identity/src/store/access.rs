//! Every SQL statement about sessions, invitations and tries at a password. Secrets come in as SHA-256 only.
//! Invariant: nothing here tells an expired thing from one that never was.

use crate::{
    brake::{Brake, TRIES_KEPT_SECONDS},
    session::{IDLE_SECONDS, TokenHash, WHOLE_SECONDS},
};
use base::{AccountId, Moment};
use db::{DbError, Tx, p, record};

record! {
    /// A session with its holder.
    pub struct SessionRow {
        pub account: AccountId,
        pub name: String,
        pub email: String,
        pub created_at: Moment,
        pub seen_at: Moment,
    }
}

/// The session behind a cookie, if its holder is active. Whether it is still good is `session::is_alive`.
pub fn session(tx: &Tx<'_>, token: TokenHash) -> Result<Option<SessionRow>, DbError> {
    tx.query_one(
        "SELECT a.id, a.name, a.email, s.created_at, s.seen_at FROM identity_sessions s
         JOIN identity_accounts a ON a.municipality = s.municipality AND a.id = s.account
         WHERE s.municipality = $1 AND s.token = $2 AND a.active = $3",
        p![token, true],
    )
}

pub fn open_session(tx: &Tx<'_>, account: AccountId, token: TokenHash, device: &str) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO identity_sessions (municipality, token, account, device, created_at, seen_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
        p![token, account, device, tx.now()],
    )?;
    Ok(())
}

record! {
    /// One session as its holder sees it.
    pub struct OwnSession {
        pub token: Vec<u8>,
        pub device: String,
        pub created_at: Moment,
        pub seen_at: Moment,
    }
}

/// The sessions of one person; the latest first.
pub fn sessions_of(tx: &Tx<'_>, account: AccountId) -> Result<Vec<OwnSession>, DbError> {
    tx.query(
        "SELECT token, device, created_at, seen_at FROM identity_sessions
         WHERE municipality = $1 AND account = $2 ORDER BY seen_at DESC, created_at DESC",
        p![account],
    )
}

pub fn end_session(tx: &Tx<'_>, token: TokenHash) -> Result<u64, DbError> {
    tx.exec("DELETE FROM identity_sessions WHERE municipality = $1 AND token = $2", p![token])
}

pub fn end_sessions_of(tx: &Tx<'_>, account: AccountId) -> Result<u64, DbError> {
    tx.exec("DELETE FROM identity_sessions WHERE municipality = $1 AND account = $2", p![account])
}

/// Ends all sessions of a person but the one that asks for it.
pub fn end_other_sessions(tx: &Tx<'_>, account: AccountId, keep: TokenHash) -> Result<u64, DbError> {
    tx.exec("DELETE FROM identity_sessions WHERE municipality = $1 AND account = $2 AND token <> $3", p![account, keep])
}

/// Writes down who was seen since the last time.
pub fn note_sightings(tx: &Tx<'_>, seen: &[(TokenHash, Moment)]) -> Result<(), DbError> {
    for (token, at) in seen {
        tx.exec(
            "UPDATE identity_sessions SET seen_at = $3 WHERE municipality = $1 AND token = $2 AND seen_at < $3",
            p![*token, *at],
        )?;
    }
    Ok(())
}

/// Deletes what has run out: sessions, invitations, old tries.
pub fn tidy_up(tx: &Tx<'_>) -> Result<(), DbError> {
    let now = tx.now();
    tx.exec(
        "DELETE FROM identity_sessions WHERE municipality = $1 AND (seen_at < $2 OR created_at < $3)",
        p![now.plus_seconds(-IDLE_SECONDS), now.plus_seconds(-WHOLE_SECONDS)],
    )?;
    tx.exec("DELETE FROM identity_invitations WHERE municipality = $1 AND expires_at < $2", p![now])?;
    tx.exec(
        "DELETE FROM identity_tries WHERE municipality = $1 AND last_at < $2",
        p![now.plus_seconds(-TRIES_KEPT_SECONDS)],
    )?;
    Ok(())
}

record! {
    /// An invitation that is still good, and whom it is for.
    pub struct Invitation {
        pub account: AccountId,
        pub name: String,
        pub email: String,
        pub has_password: bool,
    }
}

/// The invitation behind a link, if it was neither used nor has run out nor belongs to a locked account.
pub fn invitation(tx: &Tx<'_>, token: TokenHash) -> Result<Option<Invitation>, DbError> {
    tx.query_one(
        "SELECT a.id, a.name, a.email, a.password IS NOT NULL FROM identity_invitations i
         JOIN identity_accounts a ON a.municipality = i.municipality AND a.id = i.account
         WHERE i.municipality = $1 AND i.token = $2 AND i.used_at IS NULL AND i.expires_at > $3 AND a.active = $4",
        p![token, tx.now(), true],
    )
}

/// A link somebody kept must not open an account whose password was chosen anew, or that was locked.
pub fn forget_invitations(tx: &Tx<'_>, account: AccountId) -> Result<(), DbError> {
    tx.exec("DELETE FROM identity_invitations WHERE municipality = $1 AND account = $2", p![account])?;
    Ok(())
}

/// Replaces all older links of this person.
pub fn put_invitation(tx: &Tx<'_>, account: AccountId, token: TokenHash, expires_at: Moment) -> Result<(), DbError> {
    forget_invitations(tx, account)?;
    tx.exec(
        "INSERT INTO identity_invitations (municipality, token, account, expires_at) VALUES ($1, $2, $3, $4)",
        p![token, account, expires_at],
    )?;
    Ok(())
}

/// Uses the link up; false if somebody else just did.
pub fn use_invitation(tx: &Tx<'_>, token: TokenHash) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE identity_invitations SET used_at = $3 WHERE municipality = $1 AND token = $2 AND used_at IS NULL",
        p![token, tx.now()],
    )?;
    Ok(rows > 0)
}

/// Counts a try at a password before it is checked, so that parallel tries count too. False: too many in a row, wait.
/// A try that one brake refuses does not count for the next.
pub fn count_try(tx: &Tx<'_>, brakes: &[Brake]) -> Result<bool, DbError> {
    tx.unaudited("tries at a password are counted, not told", || {
        for brake in brakes {
            if !count_at(tx, *brake)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

fn count_at(tx: &Tx<'_>, brake: Brake) -> Result<bool, DbError> {
    let now = tx.now();
    let row: Option<(i64, Moment)> = tx.query_one(
        "INSERT INTO identity_tries (municipality, address, failures, blocked_until, last_at) VALUES ($1, $2, 1, 0, $3)
         ON CONFLICT (municipality, address) DO UPDATE SET
            failures = CASE WHEN identity_tries.last_at < $4 THEN 1 ELSE identity_tries.failures + 1 END,
            last_at = excluded.last_at
         RETURNING failures, blocked_until",
        p![brake.key, now, now.plus_seconds(-TRIES_KEPT_SECONDS)],
    )?;
    let (failures, blocked) = row.unwrap_or((1, Moment::from_micros(0)));
    if blocked > now {
        return Ok(false);
    }
    if let Some(until) = brake.blocked_until(failures, now) {
        tx.exec(
            "UPDATE identity_tries SET blocked_until = $3 WHERE municipality = $1 AND address = $2",
            p![brake.key, until],
        )?;
    }
    Ok(true)
}

/// After the right password the person's own counts begin anew; the count of all networks loses this one try.
pub fn forgive_tries(tx: &Tx<'_>, brakes: &[Brake]) -> Result<(), DbError> {
    tx.unaudited("tries at a password are counted, not told", || {
        for brake in brakes {
            if brake.clears {
                tx.exec("DELETE FROM identity_tries WHERE municipality = $1 AND address = $2", p![brake.key])?;
            } else {
                tx.exec(
                    "UPDATE identity_tries SET failures = failures - 1
                     WHERE municipality = $1 AND address = $2 AND failures > 0",
                    p![brake.key],
                )?;
            }
        }
        Ok(())
    })
}
