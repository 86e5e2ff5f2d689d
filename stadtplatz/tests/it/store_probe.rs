//! Looks into a database past all of our own code: what is really there? Reads the SQLite file with a connection of its
//! own and asks PostgreSQL directly. Only reads, but for a database that a restore wants empty.

use base::MunicipalityId;
use db::{DbError, Kind, Tx, p};
use postgres::{Client, NoTls, SimpleQueryMessage};
use rusqlite::{Connection, types::Value};
use std::{collections::BTreeMap, path::Path};
use testkit::{TestDb, TestSite};

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

/// Takes everything out of a test's database, so that a backup can be played into it.
pub fn empty_postgres(url: &str) {
    let mut client = Client::connect(url, NoTls).unwrap();
    client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
}

/// How many lines the town's audit trail has.
pub async fn audit_lines(site: &TestSite, town: MunicipalityId) -> i64 {
    let lines = |tx: &Tx<'_>| tx.scalar("SELECT seq FROM audit_heads WHERE municipality = $1", p![]);
    site.site.db.read::<_, DbError>(town, lines).await.unwrap().unwrap_or(0)
}

/// Every table that holds rows of towns, and the town's rows in it.
pub type Contents = BTreeMap<String, Vec<String>>;

/// Everything that the database holds of this town, table by table, as text that is only good for comparing.
pub fn contents(database: &TestDb, town: MunicipalityId) -> Contents {
    match database.kind {
        Kind::Sqlite => sqlite_contents(database.url.strip_prefix("sqlite:").unwrap(), town),
        Kind::Postgres => on_postgres(&database.url, |ask| {
            let tables = ask("SELECT table_name FROM information_schema.columns
                 WHERE column_name = 'municipality' AND table_schema = current_schema()");
            let rows = |table: String| {
                let sql = format!("SELECT t::text FROM {table} t WHERE municipality = '{town}' ORDER BY 1");
                let rows = ask(&sql);
                (table, rows)
            };
            tables.into_iter().map(rows).collect()
        }),
    }
}

fn sqlite_contents(file: &str, town: MunicipalityId) -> Contents {
    let connection = Connection::open(file).unwrap();
    let tables = lines(
        &connection,
        "SELECT name FROM sqlite_master WHERE type = 'table'
         AND EXISTS (SELECT 1 FROM pragma_table_info(sqlite_master.name) c WHERE c.name = 'municipality')",
    );
    let rows = |table: String| {
        let sql = format!("SELECT * FROM {table} WHERE municipality = ?1");
        let mut statement = connection.prepare(&sql).unwrap();
        let columns = statement.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|column| row.get::<_, Value>(column));
            Ok(format!("{:?}", values.collect::<Result<Vec<_>, _>>()?))
        };
        let mut rows: Vec<String> =
            statement.query_map([town.0.as_bytes()], text).unwrap().map(Result::unwrap).collect();
        rows.sort();
        (table, rows)
    };
    tables.into_iter().map(rows).collect()
}

/// What there is more of than in the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grown {
    Towns(i64),
    RowsOfEachTown(i64),
}

/// How SQLite would run these statements if its tables had grown. `None`: it is no statement about rows.
pub fn sqlite_plan(file: &str, grown: Grown, statements: &[String]) -> Vec<Option<String>> {
    let connection = Connection::open(file).unwrap();
    connection.execute_batch("ANALYZE").unwrap();
    let stats: Vec<(i64, String)> = {
        let mut read = connection.prepare("SELECT rowid, stat FROM sqlite_stat1").unwrap();
        let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for (row, stat) in stats {
        // The first number counts the table, the second what one town has of it, the others what is alike in more.
        let (times, words) = match grown {
            Grown::Towns(times) => (times, 1),
            Grown::RowsOfEachTown(times) => (times, 2),
        };
        let numbers = stat.split(' ').enumerate().map(|(at, word)| match word.parse::<i64>() {
            Ok(number) if at < words => (number * times).to_string(),
            _ => word.to_owned(),
        });
        let stat = numbers.collect::<Vec<_>>().join(" ");
        connection.execute("UPDATE sqlite_stat1 SET stat = ?2 WHERE rowid = ?1", (row, stat)).unwrap();
    }
    connection.execute_batch("ANALYZE sqlite_schema").unwrap();
    let plan = |sql: &String| {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).ok()?;
        let mut rows = explained.raw_query();
        let mut lines = vec![];
        while let Some(row) = rows.next().unwrap() {
            lines.push(row.get::<_, String>(3).unwrap());
        }
        Some(lines.join("\n"))
    };
    statements.iter().map(plan).collect()
}

/// How PostgreSQL would run this statement if every table were so large that reading all of it is the last resort.
pub fn postgres_plan(url: &str, statements: &[String]) -> Vec<Option<String>> {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut client = Client::connect(url, NoTls).unwrap();
            client.batch_execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off").unwrap();
            let mut plan = |sql: &String| {
                let count = (1..100).take_while(|number| sql.contains(&format!("${number}"))).count();
                let prepared = client.simple_query(&format!("PREPARE asked AS {sql}"));
                prepared.ok()?;
                let nulls = vec!["NULL"; count].join(", ");
                let values = if count == 0 { String::new() } else { format!("({nulls})") };
                let said = client.simple_query(&format!("EXPLAIN EXECUTE asked{values}")).unwrap();
                client.simple_query("DEALLOCATE asked").unwrap();
                let line = |message: &SimpleQueryMessage| match message {
                    SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                    _ => None,
                };
                Some(said.iter().filter_map(line).collect::<Vec<_>>().join("\n"))
            };
            statements.iter().map(&mut plan).collect()
        });
        asked.join().unwrap()
    })
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
