//! Looks into the SQLite file of a stopped program, past all of our own code: what is really on disk?

use rusqlite::{Connection, OpenFlags};
use std::{collections::BTreeMap, path::Path};

/// How often each case text stands in the database.
pub fn case_bodies(data: &Path) -> BTreeMap<String, usize> {
    let file = data.join("stadtplatz.db");
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let mut statement = connection.prepare("SELECT body FROM cases_cases").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut counts = BTreeMap::new();
    for body in rows {
        *counts.entry(body.unwrap()).or_insert(0) += 1;
    }
    counts
}
