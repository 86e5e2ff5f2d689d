//! The promises of the data layer, each on SQLite and on PostgreSQL. Here are the tables and the helpers; the tests
//! stand in the folder, by promise.

mod audit_chain;
mod encrypted;
mod faults;
mod groups;
mod job_queue;
mod keeping;
mod migrations;
mod silence;
mod towns;
mod values;
mod writes;

use crate::{Audit, Db, DbError, Kind, Migration, Migrations, Tx, p, testing::TestDb};
use base::MunicipalityId;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const SET: &[Migrations] = &[("test", &[Migration { name: "20261122_test", sql: TABLES }])];

const TABLES: &str = "
    CREATE TABLE test_notes (
        municipality UUID NOT NULL, id BIGINT NOT NULL, title TEXT NOT NULL, count BIGINT, weight DOUBLE PRECISION,
        done BOOLEAN, body BYTEA, other UUID,
        PRIMARY KEY (municipality, id), CONSTRAINT test_title_given CHECK (title <> '')
    );
    CREATE UNIQUE INDEX test_notes_title ON test_notes (municipality, title);
    CREATE TABLE test_links (
        municipality UUID NOT NULL, id BIGINT NOT NULL, note BIGINT NOT NULL,
        PRIMARY KEY (municipality, id),
        FOREIGN KEY (municipality, note) REFERENCES test_notes (municipality, id)
    );
    CREATE TABLE test_late_links (
        municipality UUID NOT NULL, id BIGINT NOT NULL, note BIGINT NOT NULL,
        PRIMARY KEY (municipality, id),
        FOREIGN KEY (municipality, note) REFERENCES test_notes (municipality, id) DEFERRABLE INITIALLY DEFERRED
    );";

fn insert(tx: &Tx<'_>, id: i64, title: &str) -> Result<(), DbError> {
    tx.exec("INSERT INTO test_notes (municipality, id, title, count) VALUES ($1, $2, $3, 0)", p![id, title])?;
    crate::testing::unaudited(tx, "a test's note");
    Ok(())
}

fn line(action: &'static str, subject: &str) -> Audit {
    Audit { actor: "system".into(), action, subject: subject.into(), detail: json!({ "n": 1 }) }
}

async fn add(db: &Db, town: MunicipalityId, id: i64) -> Result<(), DbError> {
    db.write(town, move |tx| insert(tx, id, &format!("note {id}"))).await
}

async fn ids(db: &Db, town: MunicipalityId) -> Vec<i64> {
    let rows: Result<Vec<(i64,)>, DbError> =
        db.read(town, |tx| tx.query("SELECT id FROM test_notes WHERE municipality = $1 ORDER BY id", p![])).await;
    rows.unwrap().into_iter().map(|(id,)| id).collect()
}

/// Waits until something is so, for five seconds at most.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..5_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("waited in vain: {what}");
}

/// A transaction that holds a writer from when this returns until the sender is dropped, however often it is run.
async fn hold(
    db: &Db,
    town: MunicipalityId,
) -> (std::sync::mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), DbError>>) {
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let holds = Arc::new(AtomicBool::new(false));
    let (db, signal) = (db.clone(), Arc::clone(&holds));
    let held = tokio::spawn(async move {
        db.write(town, move |_| {
            signal.store(true, Ordering::SeqCst);
            gate.recv_timeout(Duration::from_secs(10)).ok();
            Ok(())
        })
        .await
    });
    until("the writer is held", || holds.load(Ordering::SeqCst)).await;
    (release, held)
}

/// Holds all writers: SQLite has one, a test's PostgreSQL two.
async fn hold_all(
    test: &TestDb,
    db: &Db,
    town: MunicipalityId,
) -> (Vec<std::sync::mpsc::Sender<()>>, Vec<tokio::task::JoinHandle<Result<(), DbError>>>) {
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..if test.kind == Kind::Sqlite { 1 } else { 2 } {
        let (release, held) = hold(db, town).await;
        all.0.push(release);
        all.1.push(held);
    }
    all
}

/// Ends every other connection to this PostgreSQL database, as a restart of the server would.
fn cut_connections(test: &TestDb) -> impl Fn() + Send + 'static {
    let url = test.url.clone();
    move || {
        let url = url.clone();
        let cut = std::thread::spawn(move || {
            let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
            let others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                          WHERE datname = current_database() AND pid <> pg_backend_pid()";
            client.batch_execute(others).unwrap();
        });
        cut.join().unwrap();
    }
}
