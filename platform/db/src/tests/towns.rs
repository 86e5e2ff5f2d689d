//! Towns do not see each other, hosts lead to towns, and operating statements stay in their tables.

use super::{SET, add, ids};
use crate::{DbError, p, testing::on_both};

#[tokio::test]
async fn a_transaction_reaches_only_its_town() {
    on_both(SET, async |test| {
        let (here, there) = (test.town().await, test.town().await);
        add(&test.db, here, 1).await.unwrap();
        add(&test.db, there, 1).await.unwrap();
        add(&test.db, there, 2).await.unwrap();
        assert_eq!(ids(&test.db, here).await, [1]);
        let gone: u64 = test
            .db
            .write(here, |tx| {
                assert_ne!(tx.municipality().0, uuid::Uuid::nil());
                crate::testing::unaudited(tx, "a test");
                tx.exec("DELETE FROM test_notes WHERE municipality = $1", p![])
            })
            .await
            .unwrap_or_else(|e: DbError| panic!("{e}"));
        assert_eq!(gone, 1);
        assert_eq!(ids(&test.db, there).await, [1, 2]);
    })
    .await;
}

#[tokio::test]
async fn the_installation_remembers_the_first_word_until_told_otherwise() {
    on_both(SET, async |test| {
        let known = async || test.db.look_up(|o| o.remembered("key")).await.unwrap_or_else(|e: DbError| panic!("{e}"));
        assert_eq!(known().await, None);
        let first = async |value: &'static str| test.db.operate(move |o| o.remember_first("key", value)).await;
        let (one, two): (Result<_, DbError>, _) = tokio::join!(first("one"), first("two"));
        assert_eq!(one, two, "of two that start together both hear the same");
        assert_eq!(known().await, one.ok());
        test.db.operate(|o| o.remember("key", "three")).await.unwrap_or_else(|e: DbError| panic!("{e}"));
        assert_eq!(first("four").await.as_deref(), Ok("three"));
    })
    .await;
}

#[tokio::test]
async fn hosts_lead_to_towns() {
    on_both(SET, async |test| {
        let find = async |host: &'static str| {
            let found = test.db.look_up(move |o| o.municipality_by_host(host)).await;
            found.unwrap().map(|town| town.name)
        };
        assert_eq!(find("localhost").await, None);
        let first = test.db.operate(|o| o.add_municipality("Adorf", &[])).await.unwrap();
        assert_eq!(find("localhost:8080").await.as_deref(), Some("Adorf"));
        test.clock.advance_seconds(1);
        test.db.operate(|o| o.add_municipality("Bestadt", &["bestadt.example", "www.Bestadt.example"])).await.unwrap();
        assert_eq!(find("localhost").await, None, "a host is configured now");
        assert_eq!(find("WWW.bestadt.example:443").await.as_deref(), Some("Bestadt"));
        test.db.operate(move |o| o.add_host(first, "adorf.example")).await.unwrap();
        assert_eq!(find("adorf.example").await.as_deref(), Some("Adorf"));
        let twice = test.db.operate(move |o| o.add_host(first, "bestadt.example")).await;
        assert!(matches!(twice, Err(DbError::Violated(_))), "{twice:?}");
        assert!(test.db.operate(move |o| o.set_municipality_active(first, false)).await.unwrap());
        assert_eq!(find("adorf.example").await, None);
        let hosts = async || test.db.look_up(move |o| o.hosts_of(first)).await.unwrap();
        assert_eq!(hosts().await, ["adorf.example"]);
        assert!(test.db.operate(|o| o.remove_host("Adorf.example:443")).await.unwrap());
        assert!(!test.db.operate(|o| o.remove_host("adorf.example")).await.unwrap());
        assert!(hosts().await.is_empty());
        let names: Vec<String> =
            test.db.look_up(|o| o.municipalities()).await.unwrap().into_iter().map(|town| town.name).collect();
        assert_eq!(names, ["Adorf", "Bestadt"]);
    })
    .await;
}

#[tokio::test]
async fn an_operating_statement_cannot_reach_a_rooms_table() {
    on_both(SET, async |test| {
        let got: Result<Option<i64>, DbError> = test.db.operate(|o| o.scalar("SELECT id FROM test_notes", p![])).await;
        assert!(matches!(&got, Err(DbError::Other(text)) if text.contains("test_notes")), "{got:?}");
    })
    .await;
}
