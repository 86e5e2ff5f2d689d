//! Migrations: in order, each once, whole or not at all, unchanged, under a lock.

use super::{SET, add, ids};
use crate::{
    Db, DbError, Kind, Migration, Migrations, p,
    testing::{databases, on_both, unaudited},
};
use std::{
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

const FIRST: Migration = Migration { name: "1_first", sql: "CREATE TABLE more_things (municipality UUID NOT NULL)" };
const SECOND: Migration = Migration {
    name: "2_second",
    sql: "-- adds; a column\nALTER TABLE more_things ADD COLUMN title TEXT; CREATE INDEX more_i ON more_things (municipality)",
};
const CHANGED: Migration = Migration { name: "1_first", sql: "CREATE TABLE more_things (municipality UUID)" };
const BROKEN: Migration =
    Migration { name: "3_broken", sql: "CREATE TABLE half_done (municipality UUID); SELECT nothing_such FROM nowhere" };

fn with(more: &'static [Migration]) -> Vec<Migrations> {
    let mut sets = SET.to_vec();
    sets.push(("more", more));
    sets
}

#[tokio::test]
async fn each_runs_once_and_later_ones_are_added() {
    on_both(SET, async |test| {
        assert_eq!(test.db.migrate(SET.to_vec()).await.unwrap(), 0);
        assert_eq!(test.db.migrate(with(&[FIRST])).await.unwrap(), 1);
        assert_eq!(test.db.migrate(with(&[FIRST, SECOND])).await.unwrap(), 1);
        assert_eq!(test.db.migrate(with(&[FIRST, SECOND])).await.unwrap(), 0);
        let known: Vec<(String, String)> = test
            .db
            .look_up(|o| o.query("SELECT room, name FROM migrations ORDER BY room, name", p![]))
            .await
            .unwrap_or_else(|e: DbError| panic!("{e}"));
        let known: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(
            known,
            ["20261122_db", "20261122_db_locks", "20261130_db_installation", "1_first", "2_second", "20261122_test"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_changed_migration_is_named() {
    on_both(SET, async |test| {
        test.db.migrate(with(&[FIRST])).await.unwrap();
        let error = test.db.migrate(with(&[CHANGED])).await.unwrap_err().to_string();
        assert!(error.contains("more/1_first"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_broken_migration_leaves_nothing_and_is_named() {
    on_both(SET, async |test| {
        let error = test.db.migrate(with(&[FIRST, BROKEN])).await.unwrap_err().to_string();
        assert!(error.contains("more/3_broken") && error.contains("nothing_such"), "{error}");
        const REPAIRED: Migration = Migration { name: "3_broken", sql: "CREATE TABLE half_done (municipality UUID)" };
        assert!(test.db.migrate(with(&[FIRST, REPAIRED])).await.unwrap() >= 1);
    })
    .await;
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    on_both(SET, async |test| {
        let (a, b) = (Db::open(test.settings()).await.unwrap(), Db::open(test.settings()).await.unwrap());
        let sets = with(&[FIRST, SECOND]);
        let (x, y) = tokio::join!(a.migrate(sets.clone()), b.migrate(sets));
        assert_eq!(x.unwrap() + y.unwrap(), 2);
        a.close().await;
        b.close().await;
    })
    .await;
}

#[tokio::test]
async fn statements_prepared_before_a_migration_work_after_it() {
    on_both(SET, async |test| {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        assert_eq!(ids(&test.db, town).await, [1]);
        const WIDER: Migration = Migration { name: "1_wider", sql: "ALTER TABLE test_notes ADD COLUMN extra TEXT" };
        const STAR: &str = "SELECT * FROM test_notes WHERE municipality = $1";
        let read_all = async || {
            let first: Result<Option<i64>, DbError> = test
                .db
                .read(town, |tx| {
                    tx.scalar::<uuid::Uuid>(STAR, p![])?;
                    tx.scalar("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![])
                })
                .await;
            first
        };
        for _ in 0..4 {
            assert_eq!(read_all().await, Ok(Some(1)));
        }
        test.db.migrate(with(&[WIDER])).await.unwrap();
        for _ in 0..4 {
            assert_eq!(read_all().await, Ok(Some(1)));
        }
        for id in 2..6 {
            add(&test.db, town, id).await.unwrap();
        }
        assert_eq!(ids(&test.db, town).await, [1, 2, 3, 4, 5]);
    })
    .await;
}

#[tokio::test]
async fn statements_that_write_and_answer_outlive_a_change_of_their_columns() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let count = async || {
            let done: Result<Option<String>, DbError> = test
                .db
                .write(town, |tx| {
                    unaudited(tx, "a test's note");
                    tx.scalar("UPDATE test_notes SET count = count + 1 WHERE municipality = $1 RETURNING title", p![])
                })
                .await;
            done
        };
        for _ in 0..4 {
            assert_eq!(count().await, Ok(Some("note 1".to_owned())));
        }
        const OTHER: Migration =
            Migration { name: "1_other", sql: "ALTER TABLE test_notes ALTER COLUMN title TYPE VARCHAR" };
        test.db.migrate(with(&[OTHER])).await.unwrap();
        for _ in 0..4 {
            assert_eq!(count().await, Ok(Some("note 1".to_owned())));
        }
    }
}

#[tokio::test]
async fn a_migration_that_must_wait_for_a_table_makes_nobody_else_wait() {
    on_both(SET, async |test| {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let (tell_held, held) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (released, db) = (Mutex::new(released), test.db.clone());
        let holder = tokio::spawn(async move {
            db.read(town, move |tx| {
                let count = "SELECT COUNT(*) FROM test_notes WHERE municipality = $1";
                let count: Option<i64> = tx.scalar(count, p![])?;
                tell_held.send(()).unwrap();
                released.lock().unwrap().recv().unwrap();
                Ok::<_, DbError>(count)
            })
            .await
        });
        tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
        const WIDER: Migration = Migration { name: "1_wider", sql: "ALTER TABLE test_notes ADD COLUMN extra TEXT" };
        let db = test.db.clone();
        let migrating = tokio::spawn(async move { db.migrate(with(&[WIDER])).await });
        // Long enough for the script to come twice; whoever stood behind it would wait for its statement's time to end.
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(2_500) {
            let asked = Instant::now();
            assert_eq!(ids(&test.db, town).await, [1], "the old version serves on");
            assert!(asked.elapsed() < Duration::from_secs(5), "somebody stood behind the migration");
        }
        release.send(()).unwrap();
        assert_eq!(holder.await.unwrap(), Ok(Some(1)));
        assert_eq!(migrating.await.unwrap(), Ok(1));
    })
    .await;
}
