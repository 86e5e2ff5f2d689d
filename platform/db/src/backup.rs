//! Backups of a SQLite database while it is in use, and the check that a copy can be restored. PostgreSQL is backed
//! up by its own tools. A copy appears under its name only after it has been checked and synced.

use crate::DbError;
use rusqlite::{Connection, OpenFlags, OptionalExtension, backup::Backup, backup::StepResult};
use std::{fs::File, path::Path, time::Duration};

/// What a checked copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub bytes: u64,
    pub tables: i64,
    pub migrations: i64,
}

fn failed(what: &str, error: &dyn std::error::Error) -> DbError {
    DbError::Unavailable(format!("{what}: {error}"))
}

/// Copies `from` in one snapshot: in WAL mode that keeps no writer waiting, and no writer makes it start over.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<Checked, DbError> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    if part.exists() {
        std::fs::remove_file(part).map_err(|e| failed("an earlier part of a backup cannot be removed", &e))?;
    }
    {
        let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(|e| failed("the database does not open", &e))?;
        source.busy_timeout(Duration::from_secs(5)).map_err(|e| failed("the database does not open", &e))?;
        let mut target = Connection::open(part).map_err(|e| failed("the copy does not open", &e))?;
        let backup = Backup::new(&source, &mut target).map_err(|e| failed("the backup does not start", &e))?;
        if backup.step(-1).map_err(|e| failed("the backup stopped", &e))? != StepResult::Done {
            return Err(DbError::Busy);
        }
    }
    let checked = check_backup(part)?;
    File::open(part).and_then(|file| file.sync_all()).map_err(|e| failed("the copy was not synced", &e))?;
    std::fs::rename(part, to).map_err(|e| failed("the copy was not renamed", &e))?;
    if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|file| file.sync_all()).map_err(|e| failed("the folder was not synced", &e))?;
    }
    Ok(checked)
}

/// What the installation of this copy remembers under a word (`Operating::remembered`); a copy of before that table: nothing.
pub fn remembered_in_backup(file: &Path, word: &str) -> Result<Option<String>, DbError> {
    let broken = |e: rusqlite::Error| failed("the copy is damaged", &e);
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(broken)?;
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'installation'";
    if !conn.prepare(table).and_then(|mut statement| statement.exists([])).map_err(broken)? {
        return Ok(None);
    }
    let value = conn.query_row("SELECT value FROM installation WHERE word = ?1", [word], |row| row.get(0));
    value.optional().map_err(broken)
}

/// Reads a copy wholly: structure, indexes, foreign keys, and that it is a database of this program.
pub fn check_backup(file: &Path) -> Result<Checked, DbError> {
    let broken = |e: rusqlite::Error| failed("the copy is damaged", &e);
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(broken)?;
    let sound: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(broken)?;
    if sound != "ok" {
        return Err(DbError::Unavailable("the copy is damaged: the integrity check failed".into()));
    }
    let orphans = conn.prepare("PRAGMA foreign_key_check").and_then(|mut s| s.exists([])).map_err(broken)?;
    if orphans {
        return Err(DbError::Unavailable("the copy is damaged: a foreign key points nowhere".into()));
    }
    let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(broken);
    let tables = number("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'")?;
    let migrations = number("SELECT COUNT(*) FROM migrations")?;
    let bytes = std::fs::metadata(file).map_err(|e| failed("the copy cannot be measured", &e))?.len();
    Ok(Checked { bytes, tables, migrations })
}
