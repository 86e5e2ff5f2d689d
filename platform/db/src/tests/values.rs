//! Values mean the same on both databases, and mistakes in statements are caught the same way.

use super::{SET, insert};
use crate::{DbError, Sql, p, record, testing::on_both};
use uuid::Uuid;

record! {
    #[derive(Debug, Clone, PartialEq)]
    struct Note {
        id: i64,
        title: String,
        count: Option<i64>,
        weight: Option<f64>,
        done: Option<bool>,
        body: Option<Vec<u8>>,
        other: Option<Uuid>,
    }
}

const ALL: &str =
    "SELECT id, title, count, weight, done, body, other FROM test_notes WHERE municipality = $1 ORDER BY id";

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let full = Note {
            id: i64::MAX,
            title: "Straße 🌳 'x' \"y\" $2 ; --".into(),
            count: Some(i64::MIN),
            weight: Some(2.0),
            done: Some(true),
            body: Some(vec![0, 255, 7]),
            other: Some(Uuid::from_u128(u128::MAX - 5)),
        };
        let empty =
            Note { id: 1, title: "x".into(), count: None, weight: None, done: None, body: Some(vec![]), other: None };
        let notes = vec![empty, full];
        let sent = notes.clone();
        let store = move |tx: &crate::Tx<'_>| {
            for n in &sent {
                tx.exec(
                    // Out of order on purpose: $N is a number, not a position.
                    "INSERT INTO test_notes (other, body, done, weight, count, title, id, municipality)
                     VALUES ($8, $7, $6, $5, $4, $3, $2, $1)",
                    p![n.id, n.title, n.count, n.weight, n.done, n.body, n.other],
                )?;
            }
            crate::testing::unaudited(tx, "a test");
            Ok::<_, DbError>(())
        };
        test.db.write(town, store).await.unwrap();
        let found: Vec<Note> = test.db.read(town, |tx| tx.query::<Note>(ALL, p![])).await.unwrap();
        assert_eq!(found, notes);
    })
    .await;
}

#[tokio::test]
async fn a_number_may_be_used_twice_and_out_of_order() {
    on_both(SET, async |test| {
        let town = test.town().await;
        test.db
            .write(town, |tx| {
                insert(tx, 1, "a")?;
                insert(tx, 2, "b")?;
                insert(tx, 3, "c")
            })
            .await
            .unwrap();
        let found: Vec<(i64,)> = test
            .db
            .read(town, |tx| {
                tx.query(
                    "SELECT id FROM test_notes WHERE (id > $3 OR id = $2) AND municipality = $1 AND id <> $2 ORDER BY id",
                    p![3_i64, 1_i64],
                )
            })
            .await
            .unwrap();
        assert_eq!(found, [(2,)]);
    })
    .await;
}

#[tokio::test]
async fn statements_that_do_not_fit_are_refused_before_they_run() {
    on_both(SET, async |test| {
        let town = test.town().await;
        for (sql, what) in [
            ("SELECT id FROM test_notes WHERE municipality = $1 AND id = $2", "one argument too few"),
            ("SELECT id FROM test_notes", "no municipality"),
            ("SELECT id FROM test_notes WHERE id = $2", "no municipality but an argument"),
        ] {
            let got: Result<Option<i64>, DbError> = test.db.read(town, move |tx| tx.scalar(sql, p![])).await;
            assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("$1")), "{what}: {got:?}");
        }
        let got: Result<Option<i64>, DbError> = test
            .db
            .read(town, |tx| tx.scalar("SELECT id FROM test_notes WHERE municipality = $1", p!["too much"]))
            .await;
        assert!(matches!(got, Err(DbError::Other(_))), "{got:?}");
    })
    .await;
}

#[tokio::test]
async fn wrong_sql_names_itself() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let got: Result<Option<i64>, DbError> = test
            .db
            .read(town, |tx| tx.scalar("SELECT nothing_such FROM test_notes WHERE municipality = $1", p![]))
            .await;
        let text = got.unwrap_err().to_string();
        assert!(text.contains("nothing_such"), "{text}");
        let two: Result<u64, DbError> = test
            .db
            .write(town, |tx| tx.exec("DELETE FROM test_links WHERE municipality = $1; DELETE FROM test_notes", p![]))
            .await;
        assert!(matches!(two, Err(DbError::Other(_))), "{two:?}");
    })
    .await;
}

#[tokio::test]
async fn what_one_database_could_not_store_neither_does() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let nul = test.db.write(town, |tx| insert(tx, 1, "a\0b")).await;
        assert!(matches!(nul, Err(DbError::WrongShape(_))), "{nul:?}");
        let nan: Result<u64, DbError> = test
            .db
            .write(town, |tx| tx.exec("UPDATE test_notes SET weight = $2 WHERE municipality = $1", p![f64::NAN]))
            .await;
        assert!(matches!(nan, Err(DbError::WrongShape(_))), "{nan:?}");
    })
    .await;
}

#[tokio::test]
async fn a_struct_and_its_query_have_the_same_width() {
    on_both(SET, async |test| {
        let town = test.town().await;
        super::add(&test.db, town, 1).await.unwrap();
        let narrow: Result<Vec<Note>, DbError> =
            test.db.read(town, |tx| tx.query("SELECT id, title FROM test_notes WHERE municipality = $1", p![])).await;
        assert!(matches!(&narrow, Err(DbError::WrongShape(text)) if text.contains("Note")), "{narrow:?}");
        let text: Result<Option<i64>, DbError> =
            test.db.read(town, |tx| tx.scalar("SELECT title FROM test_notes WHERE municipality = $1", p![])).await;
        let text = text.unwrap_err();
        assert!(matches!(text, DbError::WrongShape(_)), "{text:?}");
        assert!(!text.to_string().contains("note 1"), "no contents in errors: {text}");
    })
    .await;
}

#[tokio::test]
async fn counting_and_asking_whether_work_without_casts() {
    on_both(SET, async |test| {
        let town = test.town().await;
        super::add(&test.db, town, 1).await.unwrap();
        let (count, exists): (i64, bool) = test
            .db
            .read(town, |tx| {
                let row: Option<(i64, bool)> = tx.query_one(
                    Sql::join(&[
                        "SELECT COUNT(*), EXISTS (SELECT 1 FROM test_notes WHERE municipality = $1 AND done = FALSE)",
                        "FROM test_notes WHERE municipality = $1",
                    ]),
                    p![],
                )?;
                row.ok_or_else(|| DbError::other("no row"))
            })
            .await
            .unwrap();
        assert_eq!((count, exists), (1, false));
    })
    .await;
}

#[tokio::test]
async fn texts_sort_by_code_point() {
    on_both(SET, async |test| {
        let town = test.town().await;
        test.db
            .write(town, |tx| {
                for (id, title) in (1..).zip(["b", "ä", "B", "a", "Ä", "a b", "a-c"]) {
                    insert(tx, id, title)?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        let found: Vec<(String,)> = test
            .db
            .read(town, |tx| tx.query("SELECT title FROM test_notes WHERE municipality = $1 ORDER BY title", p![]))
            .await
            .unwrap();
        let found: Vec<&str> = found.iter().map(|(title,)| title.as_str()).collect();
        assert_eq!(found, ["B", "a", "a b", "a-c", "b", "Ä", "ä"]);
    })
    .await;
}
