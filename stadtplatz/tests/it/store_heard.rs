//! The table of a test: one row for each time somebody heard of an event.

use db::{DbError, Migration, Tx, p};

pub const TABLE: Migration = Migration {
    name: "20261122_heard",
    sql: "CREATE TABLE test_heard (municipality UUID NOT NULL, id UUID NOT NULL, PRIMARY KEY (municipality, id))",
};

pub fn put(tx: &Tx<'_>) -> Result<(), DbError> {
    tx.exec("INSERT INTO test_heard (municipality, id) VALUES ($1, $2)", p![tx.new_id()]).map(|_| ())
}

pub fn rows(tx: &Tx<'_>) -> Result<i64, DbError> {
    Ok(tx.scalar("SELECT COUNT(*) FROM test_heard WHERE municipality = $1", p![])?.unwrap_or(0))
}
