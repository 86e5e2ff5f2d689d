//! The group commit of SQLite: those who share a commit share nothing else.

use super::{SET, add, hold, ids, insert, until};
use crate::{Db, DbError, Kind, Sql, Tx, p, testing::TestDb, testing::databases};
use base::MunicipalityId;
use std::{
    borrow::Cow,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::task::JoinHandle;

async fn sqlite() -> TestDb {
    let all = databases(SET).await;
    all.into_iter().find(|test| test.kind == Kind::Sqlite).unwrap()
}

/// Queues a transaction behind those that wait already.
async fn queue<T: Send + 'static>(
    db: &Db,
    town: MunicipalityId,
    f: impl Fn(&Tx<'_>) -> Result<T, DbError> + Send + 'static,
) -> JoinHandle<Result<T, DbError>> {
    let (before, handle) = (db.load().writes_waiting, db.clone());
    let task = tokio::spawn(async move { handle.write(town, f).await });
    until("the transaction is queued", || db.load().writes_waiting > before).await;
    task
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_transaction_takes_nobody_with_it() {
    let test = sqlite().await;
    fails_alone(&test.db, test.town().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_one_has_failed_the_next_is_undone_without_its_group() {
    let test = sqlite().await;
    let (db, town) = (&test.db, test.town().await);
    let failed = db.write(town, |tx| {
        insert(tx, 9, "x")?;
        Err::<(), _>(DbError::other("refused"))
    });
    assert!(failed.await.is_err());
    let repeated = db.load().repeated;
    fails_alone(db, town).await;
    assert_eq!(db.load().repeated, repeated, "each had a savepoint");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_before_it_writes_undoes_nobody() {
    let test = sqlite().await;
    let (db, town) = (&test.db, test.town().await);
    let (release, held) = hold(db, town).await;
    let a = queue(db, town, |tx| insert(tx, 1, "a")).await;
    let refuses = queue(db, town, |_| Err::<(), _>(DbError::other("refused"))).await;
    drop(release);
    held.await.unwrap().unwrap();
    assert_eq!((a.await.unwrap(), refuses.await.unwrap()), (Ok(()), Err(DbError::other("refused"))));
    assert_eq!(db.load().repeated, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_undone_once_is_on_disk_before_the_next_can_fail() {
    let test = sqlite().await;
    let (db, town) = (&test.db, test.town().await);
    let (release, held) = hold(db, town).await;
    let commits = db.load().commits;
    let a = queue(db, town, |tx| insert(tx, 1, "a")).await;
    let fails = || {
        queue(db, town, |tx| {
            insert(tx, 2, "b")?;
            Err::<(), _>(DbError::other("refused"))
        })
    };
    let (first, second) = (fails().await, fails().await);
    let c = queue(db, town, |tx| insert(tx, 3, "c")).await;
    drop(release);
    held.await.unwrap().unwrap();
    assert_eq!((a.await.unwrap(), c.await.unwrap()), (Ok(()), Ok(())));
    assert!(first.await.unwrap().is_err() && second.await.unwrap().is_err());
    assert_eq!(ids(db, town).await, [1, 3]);
    // The one that held the writer and the first of the four ran twice, nobody else; their commit was their own.
    assert_eq!((db.load().repeated, db.load().commits - commits), (2, 2));
}

/// Of five that share a commit three fail in different ways.
async fn fails_alone(db: &Db, town: MunicipalityId) {
    let (release, held) = hold(db, town).await;
    let commits = db.load().commits;
    let a = queue(db, town, |tx| insert(tx, 1, "a")).await;
    let fails = queue(db, town, |tx| {
        insert(tx, 2, "b")?;
        insert(tx, 1, "again")
    })
    .await;
    let refuses = queue(db, town, |tx| {
        insert(tx, 3, "c")?;
        Err::<(), _>(DbError::other("refused"))
    })
    .await;
    let panics = queue(db, town, |tx| {
        insert(tx, 4, "d")?;
        if tx.now().micros() > 0 {
            panic!("a mistake in a room, on purpose");
        }
        Ok(())
    })
    .await;
    // It reads what stood before it in the group, and nothing of those that failed.
    let e = queue(db, town, |tx| {
        let seen: Vec<(i64,)> = tx.query("SELECT id FROM test_notes WHERE municipality = $1", p![])?;
        insert(tx, 5, "e")?;
        Ok(seen)
    })
    .await;
    drop(release);
    held.await.unwrap().unwrap();
    assert_eq!(a.await.unwrap(), Ok(()));
    assert!(matches!(fails.await.unwrap(), Err(DbError::Violated(_))));
    assert_eq!(refuses.await.unwrap(), Err(DbError::other("refused")));
    assert!(matches!(panics.await.unwrap(), Err(DbError::Other(_))));
    assert_eq!(e.await.unwrap(), Ok(vec![(1,)]));
    assert_eq!(ids(db, town).await, [1, 5]);
    // At most: who was undone, who came after, and the last alone, because a panic takes its time.
    assert!(db.load().commits <= commits + 3, "they shared commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_constraint_that_speaks_up_at_the_commit_finds_its_transaction() {
    let test = sqlite().await;
    let (db, town) = (&test.db, test.town().await);
    let (release, held) = hold(db, town).await;
    let a = queue(db, town, |tx| insert(tx, 1, "a")).await;
    let late = queue(db, town, |tx| {
        crate::testing::unaudited(tx, "a test");
        tx.exec("INSERT INTO test_late_links (municipality, id, note) VALUES ($1, 1, 99)", p![])
    })
    .await;
    let b = queue(db, town, |tx| insert(tx, 2, "b")).await;
    drop(release);
    held.await.unwrap().unwrap();
    assert_eq!((a.await.unwrap(), b.await.unwrap()), (Ok(()), Ok(())));
    assert!(matches!(late.await.unwrap(), Err(DbError::Violated(_))));
    assert_eq!(ids(db, town).await, [1, 2]);
}

/// SQLite undoes the whole group when a writing statement is interrupted: the others are run again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_undo_everything_do_not_undo_each_other_for_ever() {
    let test = sqlite().await;
    let mut settings = test.settings();
    settings.statement_timeout = Duration::from_millis(60);
    let (db, town) = (&Db::open(settings).await.unwrap(), test.town().await);
    add(db, town, 100).await.unwrap();
    let (release, held) = hold(db, town).await;
    // Well the first time, as on a disk that is full only when it is run again.
    let runs = AtomicU32::new(0);
    let first = queue(db, town, move |tx| {
        crate::testing::unaudited(tx, "a test");
        let is_first = runs.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first { Ok(0) } else { tx.exec(super::faults::SLOW_UPDATE, p![]) }
    })
    .await;
    let second = queue(db, town, |tx| {
        crate::testing::unaudited(tx, "a test");
        tx.exec(super::faults::SLOW_UPDATE, p![])
    })
    .await;
    let good = queue(db, town, |tx| insert(tx, 1, "a")).await;
    drop(release);
    let all = async { (held.await.unwrap(), first.await.unwrap(), second.await.unwrap(), good.await.unwrap()) };
    let all = tokio::time::timeout(Duration::from_secs(10), all).await.expect("everybody is answered");
    assert_eq!(all, (Ok(()), Err(DbError::Timeout), Err(DbError::Timeout), Ok(())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_in_a_group_hits_only_its_own() {
    let test = sqlite().await;
    let mut settings = test.settings();
    settings.statement_timeout = std::time::Duration::from_millis(60);
    let (db, town) = (&Db::open(settings).await.unwrap(), test.town().await);
    add(db, town, 100).await.unwrap();
    let (release, held) = hold(db, town).await;
    let a = queue(db, town, |tx| insert(tx, 1, "a")).await;
    let slow = queue(db, town, |tx| {
        crate::testing::unaudited(tx, "a test");
        tx.exec(super::faults::SLOW_UPDATE, p![])
    })
    .await;
    let b = queue(db, town, |tx| insert(tx, 2, "b")).await;
    drop(release);
    held.await.unwrap().unwrap();
    assert_eq!(slow.await.unwrap(), Err(DbError::Timeout));
    assert_eq!((a.await.unwrap(), b.await.unwrap()), (Ok(()), Ok(())));
    assert_eq!(ids(db, town).await, [1, 2, 100]);
    assert!(db.load().repeated >= 1, "the group was lost and run again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_the_rest_goes_on() {
    let test = sqlite().await;
    let (db, town) = (&test.db, test.town().await);
    add(db, town, 1).await.unwrap();
    let limit = |pages: i64| {
        move |o: &crate::Operating<'_>| {
            let now: Option<i64> = o.scalar("PRAGMA page_count", p![])?;
            let text = format!("PRAGMA max_page_count = {}", now.unwrap_or(0) + pages);
            o.scalar::<i64>(Sql(Cow::Owned(text)), p![])
        }
    };
    db.operate(limit(30)).await.unwrap();
    let (release, held) = hold(db, town).await;
    let a = queue(db, town, |tx| insert(tx, 2, "b")).await;
    let huge = queue(db, town, |tx| {
        crate::testing::unaudited(tx, "a test");
        let body = vec![7_u8; 1_000_000];
        tx.exec("UPDATE test_notes SET body = $2 WHERE municipality = $1 AND id = 1", p![body])
    })
    .await;
    let b = queue(db, town, |tx| insert(tx, 3, "c")).await;
    drop(release);
    held.await.unwrap().unwrap();
    assert!(matches!(huge.await.unwrap(), Err(DbError::Unavailable(_))));
    assert_eq!((a.await.unwrap(), b.await.unwrap()), (Ok(()), Ok(())));
    assert_eq!(ids(db, town).await, [1, 2, 3]);
    // Space again: it works as before.
    db.operate(limit(100_000)).await.unwrap();
    add(db, town, 4).await.unwrap();
    assert_eq!(ids(db, town).await, [1, 2, 3, 4]);
}
