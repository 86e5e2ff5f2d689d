//! What the whole installation remembers, beyond all towns: a value for each word of the program. Not for settings, those
//! are the operator's; and not for secrets.

use crate::{DbError, Operating, p};

impl Operating<'_> {
    pub fn remembered(&self, word: &str) -> Result<Option<String>, DbError> {
        self.scalar("SELECT value FROM installation WHERE word = $1", p![word])
    }

    /// Remembers this value if there is none yet, and says which it is now: of nodes that start together the first one's.
    pub fn remember_first(&self, word: &str, value: &str) -> Result<String, DbError> {
        self.exec(
            "INSERT INTO installation (word, value, at) VALUES ($1, $2, $3) ON CONFLICT (word) DO NOTHING",
            p![word, value, self.now()],
        )?;
        self.remembered(word)?.ok_or(DbError::Busy)
    }

    /// Remembers this value instead of any other.
    pub fn remember(&self, word: &str, value: &str) -> Result<(), DbError> {
        self.exec(
            "INSERT INTO installation (word, value, at) VALUES ($1, $2, $3)
             ON CONFLICT (word) DO UPDATE SET value = excluded.value, at = excluded.at",
            p![word, value, self.now()],
        )?;
        Ok(())
    }
}
