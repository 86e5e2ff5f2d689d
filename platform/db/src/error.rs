//! What can go wrong between a room and its database, in words that mean the same on SQLite and PostgreSQL.
//! Not an error for people: pages turn it into theirs. No variant ever carries a stored value or a bound argument.

use base::WrongType;

/// `Clone`, because one failed commit answers every transaction that shared it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// Too much at once, or a conflict that did not go away by repeating. Later is fine: 503 with `Retry-After`.
    #[error("the database is busy")]
    Busy,
    /// The database does not answer, or it is unknown whether the commit happened.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    #[error("{0}")]
    Violated(Violated),
    /// A column holds something else than the program expects.
    #[error("wrong shape: {0}")]
    WrongShape(String),
    #[error("a statement took too long")]
    Timeout,
    /// A mistake in the program: wrong SQL, a missing audit line.
    #[error("database: {0}")]
    Other(String),
}

/// A violated constraint: the last word about what may be stored, to be turned into a field error where it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violated {
    pub kind: Constraint,
    /// Empty where the database does not tell: SQLite for checks and foreign keys.
    pub table: String,
    /// Empty for checks, and for foreign keys on SQLite.
    pub columns: Vec<String>,
    /// The name of a named check constraint.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    Unique,
    ForeignKey,
    NotNull,
    Check,
}

impl std::fmt::Display for Violated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, table, columns, name } = self;
        write!(f, "{kind:?} violated in {table} ({}) {name}", columns.join(", "))
    }
}

impl DbError {
    /// The violated constraint, if this is one of this kind that names this column.
    pub fn violates(&self, kind: Constraint, column: &str) -> bool {
        matches!(self, Self::Violated(v) if v.kind == kind && v.columns.iter().any(|c| c == column))
    }

    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::Other(text.into())
    }
}

impl From<WrongType> for DbError {
    fn from(wrong: WrongType) -> Self {
        Self::WrongShape(wrong.to_string())
    }
}
