//! All of a transaction or nothing; the audit rule; violated constraints; what a read sees and may not do.

use super::{SET, add, ids, insert, line};
use crate::{Constraint, Db, DbError, Kind, NewJob, Tx, Violated, p, testing::on_both};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test]
async fn a_refused_transaction_leaves_nothing() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let got: Result<(), DbError> = test
            .db
            .write(town, |tx| {
                insert(tx, 1, "a")?;
                tx.emit("noted", json!({}));
                tx.audit(line("note.add", "note:1"));
                Err(DbError::other("refused by a rule"))
            })
            .await;
        assert_eq!(got, Err(DbError::other("refused by a rule")));
        assert!(ids(&test.db, town).await.is_empty());
        let counts = test.db.job_counts().await.unwrap();
        assert_eq!(counts, (0, 0));
        add(&test.db, town, 2).await.unwrap();
        assert_eq!(ids(&test.db, town).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn what_was_acknowledged_is_read() {
    on_both(SET, async |test| {
        let town = test.town().await;
        for id in 1..=30 {
            add(&test.db, town, id).await.unwrap();
            assert_eq!(ids(&test.db, town).await.len() as i64, id);
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_sees_one_moment() {
    on_both(SET, async |test| {
        let (db, town) = (test.db.clone(), test.town().await);
        add(&db, town, 1).await.unwrap();
        let (writer, runtime) = (db.clone(), tokio::runtime::Handle::current());
        let read = db.read(town, move |tx| {
            let count = || tx.scalar::<i64>("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![]);
            let before = count()?;
            runtime.block_on(add(&writer, town, 2))?;
            Ok::<_, DbError>((before, count()?))
        });
        assert_eq!(read.await, Ok((Some(1), Some(1))));
        assert_eq!(ids(&db, town).await, [1, 2], "and the next one the next moment");
    })
    .await;
}

#[tokio::test]
async fn a_failed_read_leaves_nothing_to_the_next() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let mut settings = test.settings();
        settings.readers = 1;
        let db = Db::open(settings).await.unwrap();
        let count = |tx: &Tx<'_>| tx.scalar::<i64>("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![]);
        let read: Result<Option<i64>, DbError> = db
            .read(town, move |tx| {
                count(tx)?;
                tx.scalar("SELECT nothing FROM test_notes WHERE municipality = $1", p![])
            })
            .await;
        assert!(matches!(read, Err(DbError::Other(_))), "{read:?}");
        add(&test.db, town, 1).await.unwrap();
        assert_eq!(db.read(town, count).await, Ok(Some(1)));
        db.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_write_without_audit_line_is_an_error() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let bare =
            |tx: &crate::Tx<'_>| tx.exec("INSERT INTO test_notes (municipality, id, title) VALUES ($1, 1, 'a')", p![]);
        let got: Result<u64, DbError> = test.db.write(town, bare).await;
        assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("audit")), "{got:?}");
        // A write that hides in a query is one too.
        let got: Result<Option<i64>, DbError> = test
            .db
            .write(town, |tx| {
                tx.scalar("INSERT INTO test_notes (municipality, id, title) VALUES ($1, 1, 'a') RETURNING id", p![])
            })
            .await;
        assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("audit")), "{got:?}");
        assert!(ids(&test.db, town).await.is_empty());
        // Nothing changed: nothing to tell.
        let nothing: Result<u64, DbError> =
            test.db.write(town, |tx| tx.exec("DELETE FROM test_notes WHERE municipality = $1", p![])).await;
        assert_eq!(nothing, Ok(0));
    })
    .await;
}

#[tokio::test]
async fn a_read_cannot_write() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let got = test.db.read(town, |tx| insert(tx, 1, "a")).await;
        assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("a read must not write")), "{got:?}");
        let got = test.db.read(town, |tx| insert_later(tx, 1)).await;
        assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("a read must not write")), "{got:?}");
        let got: Result<(), DbError> = test
            .db
            .read(town, |tx| {
                tx.enqueue(NewJob { kind: "x", payload: json!({}), run_at: None, key: None });
                Ok(())
            })
            .await;
        assert!(matches!(got, Err(DbError::Other(_))), "{got:?}");
        assert!(ids(&test.db, town).await.is_empty());
        assert_eq!(test.db.job_counts().await.unwrap(), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_written_beside_an_unaudited_write_still_owes_its_line() {
    on_both(SET, async |test| {
        let town = test.town().await;
        const ADD: &str = "INSERT INTO test_notes (municipality, id, title) VALUES ($1, $2, 'a' || CAST($3 AS TEXT))";
        let add = |tx: &Tx<'_>, id: i64| tx.exec(ADD, p![id, id.to_string()]);
        let write = async |order: &'static [(bool, i64)]| {
            let work = move |tx: &Tx<'_>| {
                for (free, id) in order {
                    if *free {
                        tx.unaudited("a test", || add(tx, *id))?
                    } else {
                        add(tx, *id)?
                    };
                }
                Ok::<_, DbError>(())
            };
            test.db.write(town, work).await
        };
        write(&[(true, 1), (true, 2)]).await.unwrap();
        for order in [&[(true, 3), (false, 4)], &[(false, 5), (true, 6)]] {
            let got = write(order).await;
            assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("audit")), "{got:?}");
        }
        assert_eq!(ids(&test.db, town).await, [1, 2]);
    })
    .await;
}

#[tokio::test]
async fn a_lock_lets_one_transaction_of_a_town_in_at_a_time() {
    on_both(SET, async |test| {
        let (town, other) = (test.town().await, test.town().await);
        let inside = Arc::new(AtomicUsize::new(0));
        let mut all = tokio::task::JoinSet::new();
        for town in [town, town, town, town, other, other] {
            let (db, inside) = (test.db.clone(), Arc::clone(&inside));
            all.spawn(async move {
                db.write(town, move |tx| {
                    tx.lock("test.rule")?;
                    let mine = tx.scalar::<i64>("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![])?;
                    inside.fetch_add(1, Ordering::SeqCst);
                    let id = mine.unwrap_or(0) + 1;
                    insert(tx, id, &format!("note {id}"))
                })
                .await
            });
        }
        for done in all.join_all().await {
            done.unwrap();
        }
        assert_eq!(inside.load(Ordering::SeqCst), 6, "nobody had to run again: each counted what the others left");
        assert_eq!((ids(&test.db, town).await, ids(&test.db, other).await), (vec![1, 2, 3, 4], vec![1, 2]));
    })
    .await;
}

#[tokio::test]
async fn after_a_failed_statement_nothing_more_happens() {
    on_both(SET, async |test| {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let got: Result<(), DbError> = test
            .db
            .write(town, |tx| {
                insert(tx, 2, "b")?;
                // Swallowed: PostgreSQL would turn the commit into a rollback and say yes.
                let swallowed = insert(tx, 1, "again");
                assert!(swallowed.is_err());
                assert_eq!(insert(tx, 3, "c"), swallowed);
                Ok(())
            })
            .await;
        assert!(matches!(got, Err(DbError::Violated(_))), "{got:?}");
        assert_eq!(ids(&test.db, town).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_own_transaction() {
    on_both(SET, async |test| {
        let town = test.town().await;
        for _ in 0..4 {
            let got: Result<(), DbError> = test
                .db
                .write(town, |tx| {
                    insert(tx, 1, "a")?;
                    panic!("a mistake in a room, on purpose")
                })
                .await;
            assert!(matches!(got, Err(DbError::Other(_))), "{got:?}");
            let got: Result<(), DbError> = test.db.read(town, |_| panic!("a mistake in a room, on purpose")).await;
            assert!(matches!(got, Err(DbError::Other(_))), "{got:?}");
        }
        add(&test.db, town, 1).await.unwrap();
        assert_eq!(ids(&test.db, town).await, [1]);
    })
    .await;
}

fn violation(got: Result<u64, DbError>) -> Violated {
    match got {
        Err(DbError::Violated(violated)) => violated,
        other => panic!("no violation: {other:?}"),
    }
}

#[tokio::test]
async fn violated_constraints_have_one_shape() {
    on_both(SET, async |test| {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let attempt = async |sql: &'static str| violation(test.db.write(town, move |tx| tx.exec(sql, p![])).await);

        let v = attempt("INSERT INTO test_notes (municipality, id, title) VALUES ($1, 2, 'note 1')").await;
        assert_eq!((v.kind, v.table.as_str()), (Constraint::Unique, "test_notes"));
        assert_eq!(v.columns, ["municipality", "title"]);
        assert!(DbError::Violated(v.clone()).violates(Constraint::Unique, "title"));
        assert!(!v.to_string().contains("note 1"), "no contents: {v}");

        let v = attempt("INSERT INTO test_notes (municipality, id, title) VALUES ($1, 1, 'new')").await;
        assert_eq!((v.kind, v.columns), (Constraint::Unique, vec!["municipality".to_owned(), "id".to_owned()]));

        let v = attempt("UPDATE test_notes SET title = NULL WHERE municipality = $1").await;
        assert_eq!(
            (v.kind, v.table.as_str(), v.columns),
            (Constraint::NotNull, "test_notes", vec!["title".to_owned()])
        );

        let v = attempt("UPDATE test_notes SET title = '' WHERE municipality = $1").await;
        assert_eq!((v.kind, v.name.as_str()), (Constraint::Check, "test_title_given"));

        let v = attempt("INSERT INTO test_links (municipality, id, note) VALUES ($1, 1, 99)").await;
        assert_eq!(v.kind, Constraint::ForeignKey);

        let late: Result<u64, DbError> = test
            .db
            .write(town, |tx| {
                crate::testing::unaudited(tx, "a test");
                tx.exec("INSERT INTO test_late_links (municipality, id, note) VALUES ($1, 1, 99)", p![])
            })
            .await;
        assert_eq!(violation(late).kind, Constraint::ForeignKey);
    })
    .await;
}

#[tokio::test]
async fn the_time_stands_still_in_a_transaction_and_ids_do_not() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let clock = Arc::clone(&test.clock);
        let (first, second, ids) = test
            .db
            .read(town, move |tx| {
                let first = tx.now();
                let ids: Vec<_> = (0..100).map(|_| tx.new_id()).collect();
                clock.advance_seconds(60);
                Ok::<_, DbError>((first, tx.now(), ids))
            })
            .await
            .unwrap();
        assert_eq!(first, second);
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    })
    .await;
}

#[tokio::test]
async fn parallel_writers_lose_no_update() {
    on_both(SET, async |test| {
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let db = test.db.clone();
            writers.spawn(async move {
                db.write(town, |tx| {
                    tx.audit(line("note.count", "note:1"));
                    tx.exec("UPDATE test_notes SET count = count + 1 WHERE municipality = $1 AND id = 1", p![])
                })
                .await
            });
        }
        while let Some(done) = writers.join_next().await {
            assert_eq!(done.unwrap(), Ok(1));
        }
        let count: Option<i64> = test
            .db
            .read(town, |tx| tx.scalar::<i64>("SELECT count FROM test_notes WHERE municipality = $1", p![]))
            .await
            .unwrap();
        assert_eq!(count, Some(40));
    })
    .await;
}

#[tokio::test]
async fn a_deadlock_is_repeated_until_both_are_through() {
    on_both(SET, async |test| {
        if test.kind == Kind::Sqlite {
            // One writer: there is nothing to wait for crosswise.
            return;
        }
        let town = test.town().await;
        add(&test.db, town, 1).await.unwrap();
        add(&test.db, town, 2).await.unwrap();
        // The server says it of the second statement, or of the commit that follows a statement sent ahead.
        for (round, later) in (1..).zip([false, true]) {
            let (barrier, runs) = (Arc::new(std::sync::Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
            let crosswise = |order: [i64; 2]| {
                let (db, barrier, runs) = (test.db.clone(), Arc::clone(&barrier), Arc::clone(&runs));
                tokio::spawn(async move {
                    db.write(town, move |tx| {
                        let sql = "UPDATE test_notes SET count = count + 1 WHERE municipality = $1 AND id = $2";
                        tx.exec(sql, p![order[0]])?;
                        if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                            barrier.wait();
                        }
                        crate::testing::unaudited(tx, "a test");
                        if later { tx.exec_later(sql, p![order[1]]) } else { tx.exec(sql, p![order[1]]).map(|_| ()) }
                    })
                    .await
                })
            };
            let (a, b) = (crosswise([1, 2]), crosswise([2, 1]));
            assert_eq!((a.await.unwrap(), b.await.unwrap()), (Ok(()), Ok(())));
            assert_eq!(runs.load(Ordering::SeqCst), 3);
            assert_eq!(test.db.load().repeated, round);
            let sum = "SELECT CAST(SUM(count) AS BIGINT) FROM test_notes WHERE municipality = $1";
            let sum: Result<Option<i64>, DbError> = test.db.read(town, move |tx| tx.scalar(sum, p![])).await;
            assert_eq!(sum, Ok(Some(4 * i64::try_from(round).unwrap())));
        }
    })
    .await;
}

fn insert_later(tx: &Tx<'_>, id: i64) -> Result<(), DbError> {
    let sql = "INSERT INTO test_notes (municipality, id, title, body) VALUES ($1, $2, $3, $4)";
    tx.exec_later(sql, p![id, format!("note {id}"), vec![7_u8; 3]])?;
    crate::testing::unaudited(tx, "a test's note");
    Ok(())
}

fn count(tx: &Tx<'_>) -> Result<Option<i64>, DbError> {
    tx.scalar("SELECT COUNT(*) FROM test_notes WHERE municipality = $1 AND body = $2", p![vec![7_u8; 3]])
}

#[tokio::test]
async fn what_is_sent_later_is_seen_by_what_follows_and_undone_with_the_rest() {
    on_both(SET, async |test| {
        let town = test.town().await;
        // More than travel ahead.
        let all = |tx: &Tx<'_>| (1..=200).try_for_each(|id| insert_later(tx, id)).and_then(|()| count(tx));
        let refused: Result<(), DbError> = test
            .db
            .write(town, move |tx| {
                assert_eq!(all(tx)?, Some(200));
                insert_later(tx, 201)?;
                Err(DbError::other("refused by a rule"))
            })
            .await;
        assert_eq!(refused, Err(DbError::other("refused by a rule")));
        assert!(ids(&test.db, town).await.is_empty());
        test.db.write(town, |tx| (1..=3).try_for_each(|id| insert_later(tx, id))).await.unwrap();
        assert_eq!(ids(&test.db, town).await, [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn an_error_of_what_was_sent_later_undoes_everything_and_names_its_statement() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let mut settings = test.settings();
        settings.writers = 1;
        let db = Db::open(settings).await.unwrap();
        add(&db, town, 1).await.unwrap();
        let unique = |got: &Result<(), DbError>| {
            matches!(got, Err(DbError::Violated(Violated { kind: Constraint::Unique, table, .. })) if table == "test_notes")
        };
        let with_the_commit = db.write(town, |tx| insert_later(tx, 2).and_then(|()| insert_later(tx, 1))).await;
        assert!(unique(&with_the_commit), "{with_the_commit:?}");
        let with_the_next = db
            .write(town, |tx| {
                insert_later(tx, 2)?;
                insert_later(tx, 1)?;
                count(tx).map(|_| ())
            })
            .await;
        assert!(unique(&with_the_next), "{with_the_next:?}");
        let wrong: Result<(), DbError> = db
            .write(town, |tx| {
                tx.exec_later("UPDATE test_notes SET id = id / (id - id) WHERE municipality = $1", p![])?;
                tx.exec("UPDATE test_notes SET title = 'x' WHERE municipality = $1", p![]).map(|_| ())
            })
            .await;
        if test.kind == Kind::Postgres {
            assert!(matches!(&wrong, Err(DbError::Other(text)) if text.contains("id - id")), "{wrong:?}");
        }
        // Never sent, for a text is no number: the server has nothing to refuse, and would commit the rest.
        let misfit = db
            .write(town, |tx| {
                insert_later(tx, 2)?;
                tx.exec_later("UPDATE test_notes SET count = $2 WHERE municipality = $1", p!["many"])
            })
            .await;
        if test.kind == Kind::Postgres {
            assert!(matches!(misfit, Err(DbError::WrongShape(_))), "{misfit:?}");
        } else {
            assert!(misfit.is_ok(), "SQLite's columns take everything: {misfit:?}");
            db.write(town, |tx| {
                crate::testing::unaudited(tx, "a test's note");
                tx.exec("DELETE FROM test_notes WHERE municipality = $1 AND id = 2", p![])
            })
            .await
            .unwrap();
        }
        assert_eq!(ids(&db, town).await, [1]);
        add(&db, town, 3).await.unwrap();
        assert_eq!(ids(&db, town).await, [1, 3], "the same connection goes on");
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_held_are_shared_and_stay_as_they_are() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let mut settings = test.settings();
        settings.statement_timeout = std::time::Duration::from_millis(200);
        let db = Db::open(settings).await.unwrap();
        add(&db, town, 1).await.unwrap();
        let hold = |tx: &Tx<'_>| {
            let sql = tx.held("SELECT title FROM test_notes WHERE municipality = $1 AND id = 1");
            tx.scalar::<String>(sql, p![])
        };
        if test.kind == Kind::Sqlite {
            assert!(db.write(town, hold).await.unwrap().is_some());
            return;
        }
        let (other, runtime) = (db.clone(), tokio::runtime::Handle::current());
        let both = db
            .write(town, move |tx| {
                let here = hold(tx)?;
                let there = runtime.block_on(other.write(town, hold))?;
                let change = |tx: &Tx<'_>| {
                    let rows = tx.exec("UPDATE test_notes SET title = 'x' WHERE municipality = $1", p![])?;
                    crate::testing::unaudited(tx, "a test's note");
                    Ok(rows)
                };
                let changed: Result<u64, DbError> = runtime.block_on(other.write(town, change));
                Ok::<_, DbError>((here, there, changed))
            })
            .await;
        let (here, there, changed) = both.unwrap();
        assert!(here.is_some() && here == there);
        assert!(matches!(changed, Err(DbError::Busy | DbError::Timeout)), "{changed:?}");
        db.close().await;
    })
    .await;
}
