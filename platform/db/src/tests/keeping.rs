//! Once keys, and backups that can be restored.

use super::{SET, add, ids, insert};
use crate::{Db, DbError, Kind, Once, OnceKey, Tx, check_backup, p, testing::databases, testing::on_both};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

const PRINT: [u8; 32] = [7; 32];

fn send(tx: &Tx<'_>, key: OnceKey, print: [u8; 32], id: i64) -> Result<Once, DbError> {
    let once = tx.once(key, print)?;
    if once == Once::First {
        insert(tx, id, &format!("note {id}"))?;
        tx.once_answer(key, &format!("/melden/{id}"))?;
    }
    Ok(once)
}

#[tokio::test]
async fn the_same_form_twice_has_one_effect() {
    on_both(SET, async |test| {
        let (town, other) = (test.town().await, test.town().await);
        let key = OnceKey::of("report.send", "token-1");
        assert_ne!(key, OnceKey::of("report.close", "token-1"));
        let first = test.db.write(town, move |tx| send(tx, key, PRINT, 1)).await.unwrap();
        assert_eq!(first, Once::First);
        let again = test.db.write(town, move |tx| send(tx, key, PRINT, 2)).await.unwrap();
        assert_eq!(again, Once::Again("/melden/1".into()));
        let conflict = test.db.write(town, move |tx| send(tx, key, [8; 32], 3)).await.unwrap();
        assert_eq!(conflict, Once::Conflict);
        assert_eq!(ids(&test.db, town).await, [1]);
        let elsewhere = test.db.write(other, move |tx| send(tx, key, PRINT, 1)).await.unwrap();
        assert_eq!(elsewhere, Once::First);
        // Kept for seven days, then free.
        test.clock.advance_seconds(6 * 86_400);
        assert_eq!(test.db.forget_once_keys().await.unwrap(), 0);
        test.clock.advance_seconds(2 * 86_400);
        assert_eq!(test.db.forget_once_keys().await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_refused_effect_leaves_its_key_free() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let key = OnceKey::of("report.send", "token-1");
        let refused: Result<(), DbError> = test
            .db
            .write(town, move |tx| {
                send(tx, key, PRINT, 1)?;
                Err(DbError::other("refused"))
            })
            .await;
        assert!(refused.is_err());
        assert_eq!(test.db.write(town, move |tx| send(tx, key, PRINT, 1)).await.unwrap(), Once::First);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_repetitions_wait_and_see_the_first_answer() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let key = OnceKey::of("report.send", "token-1");
        let next = Arc::new(AtomicI64::new(1));
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (db, next) = (test.db.clone(), Arc::clone(&next));
            senders.spawn(async move {
                db.write(town, move |tx| {
                    let id = next.fetch_add(1, Ordering::SeqCst);
                    let once = send(tx, key, PRINT, id)?;
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    Ok::<_, DbError>(once)
                })
                .await
            });
        }
        let outcomes: Vec<Once> = senders.join_all().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|o| **o == Once::First).count(), 1);
        let kept = ids(&test.db, town).await;
        assert_eq!(kept.len(), 1);
        let answer = Once::Again(format!("/melden/{}", kept[0]));
        assert_eq!(outcomes.iter().filter(|o| **o == answer).count(), 11);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_can_be_restored() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Sqlite) {
        let town = test.town().await;
        let stop = Arc::new(AtomicBool::new(false));
        let load = {
            let (db, stop) = (test.db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut id = 0;
                while !stop.load(Ordering::SeqCst) {
                    id += 1;
                    add(&db, town, id).await.unwrap();
                }
                id
            })
        };
        super::until("there is something to save", || test.db.load().writes > 100).await;
        let file = std::path::PathBuf::from(test.url.trim_start_matches("sqlite:").replace("town.db", "copy.db"));
        let acknowledged = ids(&test.db, town).await.len();
        let checked = test.db.backup(file.clone()).await.unwrap();
        stop.store(true, Ordering::SeqCst);
        let written = usize::try_from(load.await.unwrap()).unwrap();
        assert!(checked.bytes > 0 && checked.tables > 8 && checked.migrations == 4, "{checked:?}");

        let mut settings = test.settings();
        settings.url = format!("sqlite:{}", file.display());
        let restored = Db::open(settings).await.unwrap();
        let saved = ids(&restored, town).await;
        assert!((acknowledged..=written).contains(&saved.len()), "{acknowledged} {} {written}", saved.len());
        assert_eq!(saved, (1..=saved.len() as i64).collect::<Vec<_>>());
        add(&restored, town, 1_000_000).await.unwrap();
        restored.close().await;
    }
}

#[tokio::test]
async fn a_damaged_copy_is_not_taken_for_a_backup() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Sqlite) {
        let town = test.town().await;
        for id in 0..200 {
            add(&test.db, town, id).await.unwrap();
        }
        let file = std::path::PathBuf::from(test.url.trim_start_matches("sqlite:").replace("town.db", "copy.db"));
        test.db.backup(file.clone()).await.unwrap();
        assert!(check_backup(&file).is_ok());
        let mut names: Vec<_> =
            file.parent().unwrap().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["copy.db", "town.db", "town.db-shm", "town.db-wal"], "nothing else is left behind");
        let mut bytes = std::fs::read(&file).unwrap();
        for byte in bytes.iter_mut().skip(8_192) {
            *byte ^= 0x5a;
        }
        std::fs::write(&file, bytes).unwrap();
        assert!(check_backup(&file).is_err());
        std::fs::write(&file, b"not a database at all, only some text of a certain length").unwrap();
        assert!(check_backup(&file).is_err());
    }
}

#[tokio::test]
async fn postgres_is_backed_up_elsewhere_and_says_so() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let got = test.db.backup("/nowhere/copy.db".into()).await;
        assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("pg_dump")), "{got:?}");
    }
}

#[tokio::test]
async fn after_counting_the_database_knows_how_much_there_is() {
    on_both(SET, async |test| {
        let town = test.town().await;
        for id in 0..50 {
            add(&test.db, town, id).await.unwrap();
        }
        test.db.analyze().await.unwrap();
        let counted = match test.kind {
            Kind::Sqlite => {
                "SELECT CAST(substr(stat, 1, 2) AS BIGINT) FROM sqlite_stat1
                 WHERE idx = 'test_notes_title' AND $1 IS NOT NULL"
            }
            Kind::Postgres => {
                "SELECT CAST(reltuples AS BIGINT) FROM pg_class
                 WHERE relname = 'test_notes' AND CAST($1 AS UUID) IS NOT NULL"
            }
        };
        let rows: Result<Option<i64>, DbError> = test.db.read(town, move |tx| tx.scalar(counted, p![])).await;
        assert_eq!(rows, Ok(Some(50)));
    })
    .await;
}

#[tokio::test]
async fn while_sqlite_counts_its_indexes_others_write_in_between() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Sqlite) {
        let file = crate::sqlite_file(&test.url).unwrap();
        let (counting, writing) =
            (rusqlite::Connection::open(file).unwrap(), rusqlite::Connection::open(file).unwrap());
        writing.execute_batch("PRAGMA busy_timeout = 0; CREATE TABLE turns (n INTEGER)").unwrap();
        crate::sqlite::count_each(&counting, |_| writing.execute_batch("INSERT INTO turns VALUES (1)").unwrap())
            .unwrap();
        let number = |sql| writing.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let turns = number("SELECT COUNT(*) FROM turns");
        assert!(turns > 5 && turns == number("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'index'"), "{turns}");
    }
}
