//! Bad days: slow statements, full queues, lost connections, closing under load.

use super::{SET, add, cut_connections, hold, hold_all, ids, insert, until};
use crate::{Db, DbError, Kind, p, testing::databases, testing::on_both};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Needs notes in the town, and then minutes.
pub(super) const SLOW_UPDATE: &str = "UPDATE test_notes SET count = (
        WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000)
        SELECT COUNT(*) FROM n WHERE x > test_notes.id)
    WHERE municipality = $1";
const SLOW_READ: &str = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000)
    SELECT COUNT(*) FROM n WHERE x <> (SELECT COUNT(*) FROM test_notes WHERE municipality = $1)";

#[tokio::test]
async fn a_slow_statement_is_stopped() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let mut settings = test.settings();
        settings.statement_timeout = Duration::from_millis(80);
        let db = Db::open(settings).await.unwrap();
        add(&db, town, 1).await.unwrap();
        let begun = Instant::now();
        let read: Result<Option<i64>, DbError> = db.read(town, |tx| tx.scalar(SLOW_READ, p![])).await;
        assert_eq!(read, Err(DbError::Timeout));
        let write: Result<u64, DbError> = db.write(town, |tx| tx.exec(SLOW_UPDATE, p![])).await;
        assert_eq!(write, Err(DbError::Timeout));
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        add(&db, town, 2).await.unwrap();
        assert_eq!(ids(&db, town).await, [1, 2]);
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let mut settings = test.settings();
        (settings.queue, settings.writers) = (3, 1);
        let db = Db::open(settings).await.unwrap();
        let (release, held) = hold(&db, town).await;
        let waiting: Vec<_> = (1..=3)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { add(&db, town, id).await })
            })
            .collect();
        until("the queue is full", || db.load().writes_waiting == 3).await;
        let begun = Instant::now();
        assert_eq!(add(&db, town, 4).await, Err(DbError::Busy));
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(db.load().refused, 1);
        drop(release);
        held.await.unwrap().unwrap();
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert_eq!(ids(&db, town).await, [1, 2, 3]);
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_waits_and_refuses_what_comes() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let db = Db::open(test.settings()).await.unwrap();
        let (release, held) = hold_all(&test, &db, town).await;
        let waiting: Vec<_> = (1..=20)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { add(&db, town, id).await })
            })
            .collect();
        until("they wait", || db.load().writes_waiting == 20).await;
        let closing = {
            let db = db.clone();
            tokio::spawn(async move { db.close().await })
        };
        drop(release);
        closing.await.unwrap();
        for task in held {
            task.await.unwrap().unwrap();
        }
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert!(matches!(add(&db, town, 21).await, Err(DbError::Unavailable(_))));
        assert!(!db.health(Duration::from_secs(1)).await.is_good());
        assert_eq!(ids(&test.db, town).await.len(), 20);
    })
    .await;
}

#[tokio::test]
async fn health_tells_whether_both_directions_answer() {
    on_both(SET, async |test| {
        assert!(test.db.health(Duration::from_secs(5)).await.is_good());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_when_writing_hangs() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let (release, held) = hold_all(&test, &test.db, town).await;
        let health = test.db.health(Duration::from_millis(100)).await;
        assert_eq!((health.reads, health.writes), (true, false));
        drop(release);
        for task in held {
            task.await.unwrap().unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_unreachable_database_is_a_clear_error() {
    let mut settings = crate::Settings::new("postgres://anna:geheim@127.0.0.1:1/x");
    settings.readers = 1;
    let error = Db::open(settings).await.err().unwrap().to_string();
    assert!(!error.contains("geheim"), "{error}");
    let error = Db::open(crate::Settings::new("sqlite:/nowhere/such/town.db")).await.err().unwrap();
    assert!(matches!(error, DbError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_restart_of_the_server_goes_unnoticed() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let cut = cut_connections(&test);
        for id in 2..6 {
            cut();
            add(&test.db, town, id).await.unwrap();
            assert_eq!(ids(&test.db, town).await.len() as i64, id);
        }
        assert!(test.db.load().reconnected >= 4);
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_runs_the_transaction_once_more() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let town = test.town().await;
        let (runs, cut) = (Arc::new(AtomicUsize::new(0)), cut_connections(&test));
        let counted = Arc::clone(&runs);
        test.db
            .write(town, move |tx| {
                insert(tx, 1, "a")?;
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    cut();
                }
                insert(tx, 2, "b")
            })
            .await
            .unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert_eq!(ids(&test.db, town).await, [1, 2]);
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_read_runs_it_once_more() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let (runs, cut) = (Arc::new(AtomicUsize::new(0)), cut_connections(&test));
        let counted = Arc::clone(&runs);
        let read = test.db.read(town, move |tx| {
            let count = || tx.scalar::<i64>("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![]);
            let before = count()?;
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                cut();
            }
            Ok::<_, DbError>((before, count()?))
        });
        assert_eq!(read.await, Ok((Some(1), Some(1))));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn a_connection_lost_twice_is_an_error() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let (town, cut) = (test.town().await, cut_connections(&test));
        let got = test
            .db
            .write(town, move |tx| {
                cut();
                insert(tx, 1, "a")
            })
            .await;
        assert!(matches!(got, Err(DbError::Unavailable(_))), "{got:?}");
        assert!(ids(&test.db, town).await.is_empty());
    }
}

#[tokio::test]
async fn a_commit_without_an_answer_is_not_repeated() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let town = test.town().await;
        let (runs, cut) = (Arc::new(AtomicUsize::new(0)), cut_connections(&test));
        let counted = Arc::clone(&runs);
        let got: Result<(), DbError> = test
            .db
            .write(town, move |tx| {
                insert(tx, 1, "a")?;
                counted.fetch_add(1, Ordering::SeqCst);
                cut();
                Ok(())
            })
            .await;
        assert!(matches!(&got, Err(DbError::Unavailable(text)) if text.contains("unknown")), "{got:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        add(&test.db, town, 2).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_ahead_of_a_lost_commit_is_there_if_it_is_acknowledged() {
    on_both(SET, async |test| {
        if test.kind == Kind::Sqlite {
            return;
        }
        let (town, cut) = (test.town().await, cut_connections(&test));
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let got: Result<(), DbError> = test
            .db
            .write(town, move |tx| {
                tx.scalar::<i64>("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![])?;
                let sql = "INSERT INTO test_notes (municipality, id, title) VALUES ($1, 1, 'a')";
                tx.exec_later(sql, p![])?;
                crate::testing::unaudited(tx, "a test's note");
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    cut();
                }
                Ok(())
            })
            .await;
        let (runs, stored) = (runs.load(Ordering::SeqCst), ids(&test.db, town).await);
        match got {
            // The server took its leave before it came to the commit: that is known, and it is run again.
            Ok(()) => assert_eq!((runs, stored), (2, vec![1])),
            // It was only gone: nobody knows what became of the commit.
            Err(DbError::Unavailable(_)) => assert_eq!((runs, stored), (1, vec![])),
            other => panic!("{other:?}"),
        }
        add(&test.db, town, 2).await.unwrap();
    })
    .await;
}
