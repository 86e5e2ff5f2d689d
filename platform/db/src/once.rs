//! Once keys: a form sent twice, or an API call repeated after a lost answer, has one effect. The key lives in the
//! transaction of the effect, so it is remembered exactly if the effect is.

use crate::{Db, DbError, Tx, p};
use aws_lc_rs::digest;

const KEPT_DAYS: i64 = 7;

/// The name of one intent. Made from what it is for and the token of the form, so that a token sent to another form
/// is another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceKey([u8; 32]);

impl OnceKey {
    pub fn of(purpose: &str, token: &str) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(token.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        Self(key)
    }
}

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once {
    /// Never seen: do it, and store the answer with `Tx::once_answer`.
    First,
    /// Done before: the stored answer, empty if none was stored.
    Again(String),
    /// The same key for something else.
    Conflict,
}

impl Tx<'_> {
    /// Claims a key for this transaction. On PostgreSQL a parallel transaction with the same key waits here.
    pub fn once(&self, key: OnceKey, fingerprint: [u8; 32]) -> Result<Once, DbError> {
        let claimed = self.bookkeep(
            "INSERT INTO once_keys (municipality, once_key, fingerprint, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            p![key.0, fingerprint, self.now()],
        )?;
        if claimed == 1 {
            return Ok(Once::First);
        }
        // Forgotten between the two statements: repeating the request finds it free.
        match self.once_seen(key, fingerprint)? {
            Once::First => Err(DbError::Busy),
            known => Ok(known),
        }
    }

    /// What is known about a key, without claiming it.
    pub fn once_seen(&self, key: OnceKey, fingerprint: [u8; 32]) -> Result<Once, DbError> {
        let seen: Option<(Vec<u8>, Option<String>)> = self.query_one(
            "SELECT fingerprint, answer FROM once_keys WHERE municipality = $1 AND once_key = $2",
            p![key.0],
        )?;
        match seen {
            Some((seen, answer)) if seen == fingerprint => Ok(Once::Again(answer.unwrap_or_default())),
            Some(_) => Ok(Once::Conflict),
            None => Ok(Once::First),
        }
    }

    /// Stores what a repetition is answered.
    pub fn once_answer(&self, key: OnceKey, answer: &str) -> Result<(), DbError> {
        self.bookkeep_later(
            "UPDATE once_keys SET answer = $3 WHERE municipality = $1 AND once_key = $2",
            p![key.0, answer],
        )
    }
}

impl Db {
    /// Deletes keys older than seven days, in all towns.
    pub async fn forget_once_keys(&self) -> Result<u64, DbError> {
        self.operate(|o| o.exec("DELETE FROM once_keys WHERE at < $1", p![o.now().plus_days(-KEPT_DAYS)])).await
    }
}
