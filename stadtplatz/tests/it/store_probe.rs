//! Looks into a database past all of our own code: what is really there? Reads the SQLite file with a connection of its
//! own and asks PostgreSQL directly. Only reads.

use postgres::{Client, NoTls, SimpleQueryMessage};
use rusqlite::Connection;
use std::{collections::BTreeMap, path::Path};

/// How often each case text stands in the SQLite file of this folder, which is checked for damage first.
pub fn case_bodies(data: &Path) -> BTreeMap<String, usize> {
    let connection = Connection::open(data.join("stadtplatz.db")).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    counted(lines(&connection, "SELECT body FROM cases_cases"))
}

/// The same on PostgreSQL.
pub fn case_bodies_on_postgres(url: &str) -> BTreeMap<String, usize> {
    counted(on_postgres(url, |ask| ask("SELECT body FROM cases_cases")))
}

fn counted(bodies: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for body in bodies {
        *counts.entry(body).or_insert(0) += 1;
    }
    counts
}

/// The first column of every row.
fn lines(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// On a thread of its own: this client brings its own runtime, which does not go into another one.
fn on_postgres<T: Send>(url: &str, look: impl FnOnce(&dyn Fn(&str) -> Vec<String>) -> T + Send) -> T {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let client = std::cell::RefCell::new(Client::connect(url, NoTls).unwrap());
            look(&|sql| {
                let messages = client.borrow_mut().simple_query(sql).unwrap();
                let first = |message: &SimpleQueryMessage| match message {
                    SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("").to_owned()),
                    _ => None,
                };
                messages.iter().filter_map(first).collect()
            })
        });
        asked.join().unwrap()
    })
}
