//! Migrations: each room's scripts in order, each once, recorded with a checksum, under a lock that keeps a second
//! node waiting. The old version serves on meanwhile, so a script that cannot have its tables at once steps back and comes
//! again, instead of standing in the way of everybody who comes after it. Scripts are only ever added; a changed one is an error that names it. No down scripts: a release
//! first widens, the next one narrows. A script may not contain a trigger, because it is cut at semicolons.

use crate::{DbError, Kind, Settings, postgres, sql, sqlite};
use aws_lc_rs::digest;
use rusqlite::Connection;
use std::{borrow::Cow, fmt::Write, time::Duration};

/// One script. The name begins with the date, `20261122_reports`, and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

/// A room's name and its scripts.
pub type Migrations = (&'static str, &'static [Migration]);

pub(crate) const OWN: Migrations = (
    "db",
    &[
        Migration { name: "20261122_db", sql: include_str!("../migrations/20261122_db.sql") },
        Migration { name: "20261122_db_locks", sql: include_str!("../migrations/20261122_db_locks.sql") },
        Migration { name: "20261130_db_installation", sql: include_str!("../migrations/20261130_db_installation.sql") },
    ],
);

const RECORDS: &str = "CREATE TABLE IF NOT EXISTS migrations (
    room TEXT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL,
    PRIMARY KEY (room, name))";

pub(crate) fn run(settings: &Settings, kind: Kind, sets: &[Migrations]) -> Result<usize, DbError> {
    let mut all = vec![OWN];
    all.extend(sets);
    match kind {
        Kind::Sqlite => on_sqlite(settings, &all),
        Kind::Postgres => postgres::on_own_connection(settings, |client| on_postgres(settings, client, &all)),
    }
}

fn checksum(text: &str) -> String {
    base::hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// One name for the state that these sets lead to: what a test's template database is called.
pub(crate) fn fingerprint(sets: &[Migrations]) -> String {
    let mut all = String::new();
    for (room, migrations) in std::iter::once(&OWN).chain(sets) {
        for migration in *migrations {
            write!(all, " {room} {} {}", migration.name, checksum(migration.sql)).ok();
        }
    }
    checksum(&all)[..16].to_owned()
}

/// Whether a script is due, given the checksum on record.
fn is_due(room: &str, migration: &Migration, recorded: Option<&str>) -> Result<bool, DbError> {
    match recorded {
        None => Ok(true),
        Some(known) if known == checksum(migration.sql) => Ok(false),
        Some(_) => Err(DbError::other(format!(
            "the migration {room}/{} was changed after it had been applied: add another one instead",
            migration.name
        ))),
    }
}

fn refused(room: &str, migration: &Migration, statement: &str, why: &str) -> DbError {
    let first_line = statement.lines().find(|line| !line.trim_start().starts_with("--")).unwrap_or_default();
    DbError::other(format!("the migration {room}/{} failed at `{first_line}`: {why}", migration.name))
}

fn on_sqlite(settings: &Settings, sets: &[Migrations]) -> Result<usize, DbError> {
    let broken = |error: rusqlite::Error| DbError::Unavailable(format!("migrations: {error}"));
    let conn = Connection::open(sqlite::path(&settings.url)).map_err(broken)?;
    // All in one transaction: another process waits here until everything is applied.
    conn.execute_batch("PRAGMA busy_timeout = 60000; PRAGMA foreign_keys = ON; BEGIN EXCLUSIVE").map_err(broken)?;
    conn.execute_batch(RECORDS).map_err(broken)?;
    let mut applied = 0;
    for (room, migrations) in sets {
        for migration in *migrations {
            let recorded = recorded_on_sqlite(&conn, room, migration.name).map_err(broken)?;
            if !is_due(room, migration, recorded.as_deref())? {
                continue;
            }
            for statement in sql::statements(migration.sql) {
                let text = in_one_tree(statement);
                conn.execute_batch(&text).map_err(|e| refused(room, migration, statement, &e.to_string()))?;
            }
            conn.execute(
                "INSERT INTO migrations (room, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
                (room, migration.name, checksum(migration.sql), settings.clock.now().micros()),
            )
            .map_err(broken)?;
            applied += 1;
        }
    }
    conn.execute_batch("COMMIT").map_err(broken)?;
    if applied > 0 {
        // A new index of which nothing is known is taken for the best one, or never. It works without, only slower.
        if let Err(error) = sqlite::count_each(&conn, |_| {}) {
            tracing::warn!(%error, "the tables could not be counted");
        }
    }
    Ok(applied)
}

/// Tables of ours with short rows that SQLite keeps in the tree of their primary key, instead of one for the rows and one
/// for the key: a third less to write. PostgreSQL has no such thing.
const IN_ONE_TREE: [&str; 4] = ["audit", "audit_heads", "outbox", "once_keys"];

fn in_one_tree(statement: &str) -> Cow<'_, str> {
    let mut words =
        statement.lines().filter(|line| !line.trim_start().starts_with("--")).flat_map(str::split_whitespace);
    let makes_a_table = (words.next(), words.next()) == (Some("CREATE"), Some("TABLE"));
    if makes_a_table && words.next().is_some_and(|name| IN_ONE_TREE.contains(&name)) {
        return Cow::Owned(format!("{statement} WITHOUT ROWID"));
    }
    Cow::Borrowed(statement)
}

fn recorded_on_sqlite(conn: &Connection, room: &str, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT checksum FROM migrations WHERE room = ?1 AND name = ?2")?;
    let mut rows = statement.query((room, name))?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

fn on_postgres(settings: &Settings, client: &mut ::postgres::Client, sets: &[Migrations]) -> Result<usize, DbError> {
    // The number is arbitrary and ours. It is released with the connection at the latest.
    client
        .batch_execute("SET statement_timeout = 0; SET lock_timeout = 60000; SELECT pg_advisory_lock(7283461550129)")
        .map_err(|e| postgres::failure(&e, "migrations lock"))?;
    // Whoever waits for a table makes all others wait behind it.
    client.batch_execute("SET lock_timeout = 500").map_err(|e| postgres::failure(&e, "lock_timeout"))?;
    client.batch_execute(RECORDS).map_err(|e| postgres::failure(&e, RECORDS))?;
    let mut applied = 0;
    for (room, migrations) in sets {
        for migration in *migrations {
            if apply_on_postgres(settings, client, room, migration)? {
                applied += 1;
            }
        }
    }
    Ok(applied)
}

fn apply_on_postgres(
    settings: &Settings,
    client: &mut ::postgres::Client,
    room: &str,
    migration: &Migration,
) -> Result<bool, DbError> {
    const FIND: &str = "SELECT checksum FROM migrations WHERE room = $1 AND name = $2";
    const RECORD: &str = "INSERT INTO migrations (room, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
    let found = client.query_opt(FIND, &[&room, &migration.name]).map_err(|e| postgres::failure(&e, FIND))?;
    let recorded: Option<String> = found.map(|row| row.get(0));
    if !is_due(room, migration, recorded.as_deref())? {
        return Ok(false);
    }
    let (sum, now) = (checksum(migration.sql), settings.clock.now().micros());
    for step_back in 0.. {
        let mut transaction = client.transaction().map_err(|e| postgres::failure(&e, "BEGIN"))?;
        match all_of(&mut transaction, migration) {
            Ok(()) => {
                let record = transaction.execute(RECORD, &[&room, &migration.name, &sum, &now]);
                record.map_err(|e| postgres::failure(&e, RECORD))?;
                transaction.commit().map_err(|e| postgres::failure(&e, "COMMIT"))?;
                break;
            }
            Err((_, error)) if is_taken(&error) && step_back < STEPS_BACK => {
                transaction.rollback().map_err(|e| postgres::failure(&e, "ROLLBACK"))?;
                // Those who waited behind us pass now.
                std::thread::sleep(PAUSE);
            }
            Err((statement, error)) => {
                let why = error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned());
                return Err(refused(room, migration, statement, &why));
            }
        }
    }
    Ok(true)
}

/// So often a script steps back before a table that others hold, about a minute and a half in all.
const STEPS_BACK: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// Every statement of a script; an error comes with the one it belongs to.
fn all_of<'m>(
    transaction: &mut ::postgres::Transaction<'_>,
    migration: &'m Migration,
) -> Result<(), (&'m str, ::postgres::Error)> {
    let mut statements = sql::statements(migration.sql).into_iter();
    statements.try_for_each(|statement| transaction.batch_execute(statement).map_err(|error| (statement, error)))
}

/// Others held a table for longer than `lock_timeout`, or two who wait wait for each other.
fn is_taken(error: &::postgres::Error) -> bool {
    use ::postgres::error::SqlState;
    [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::T_R_DEADLOCK_DETECTED].into_iter().any(|code| error.code() == Some(code))
}
