//! The audit chain is whole after any load, and every way of bending it is found.

use super::{SET, line};
use crate::{DbError, Tx, Verdict, audit_page, p, testing::TestDb, testing::on_both, verify_audit};
use base::MunicipalityId;

async fn verdict(test: &TestDb, town: MunicipalityId) -> Verdict {
    test.db.read(town, verify_audit).await.unwrap()
}

async fn append(test: &TestDb, town: MunicipalityId, lines: usize) {
    test.db
        .write(town, move |tx| {
            (0..lines).for_each(|n| tx.audit(line("note.add", if n % 2 == 0 { "note:even" } else { "note:odd" })));
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn parallel_writers_make_one_whole_chain_per_town() {
    on_both(SET, async |test| {
        let (town, other) = (test.town().await, test.town().await);
        assert_eq!(verdict(&test, town).await, Verdict::Whole { lines: 0 });
        let mut writers = tokio::task::JoinSet::new();
        for number in 0..60 {
            let db = test.db.clone();
            let town = if number % 3 == 0 { other } else { town };
            writers.spawn(async move {
                db.write(town, |tx| {
                    tx.audit(line("note.add", "note:1"));
                    tx.audit(line("note.change", "note:1"));
                    Ok::<_, DbError>(())
                })
                .await
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap().unwrap();
        }
        assert_eq!(verdict(&test, town).await, Verdict::Whole { lines: 80 });
        assert_eq!(verdict(&test, other).await, Verdict::Whole { lines: 40 });
    })
    .await;
}

/// Bends the chain of five lines and says what is found.
async fn bent(test: &TestDb, bend: fn(&Tx<'_>) -> Result<u64, DbError>) -> Verdict {
    let town = test.town().await;
    append(test, town, 5).await;
    assert_eq!(verdict(test, town).await, Verdict::Whole { lines: 5 });
    assert_ne!(test.db.write(town, bend).await.unwrap(), 0);
    verdict(test, town).await
}

#[tokio::test]
async fn every_bent_line_is_found() {
    on_both(SET, async |test| {
        let changed = bent(&test, |tx| {
            tx.bookkeep("UPDATE audit SET subject = 'note:other' WHERE municipality = $1 AND seq = 3", p![])
        });
        assert!(matches!(changed.await, Verdict::Broken { seq: 3, .. }));
        let moved =
            bent(&test, |tx| tx.bookkeep("UPDATE audit SET at = at + 1 WHERE municipality = $1 AND seq = 2", p![]));
        assert!(matches!(moved.await, Verdict::Broken { seq: 2, .. }));
        let removed = bent(&test, |tx| tx.bookkeep("DELETE FROM audit WHERE municipality = $1 AND seq = 4", p![]));
        assert!(matches!(removed.await, Verdict::Broken { seq: 4, .. }));
        let cut_off = bent(&test, |tx| tx.bookkeep("DELETE FROM audit WHERE municipality = $1 AND seq >= 4", p![]));
        assert!(matches!(cut_off.await, Verdict::Broken { seq: 4, .. }));
        let emptied = bent(&test, |tx| tx.bookkeep("DELETE FROM audit WHERE municipality = $1", p![]));
        assert!(matches!(emptied.await, Verdict::Broken { seq: 1, .. }));
        let head =
            bent(&test, |tx| tx.bookkeep("UPDATE audit_heads SET hash = $2 WHERE municipality = $1", p![[1_u8; 32]]));
        assert!(matches!(head.await, Verdict::Broken { seq: 5, .. }));
        // A cut with the head set back: the number fits, the hash does not.
        let set_back = bent(&test, |tx| {
            tx.bookkeep("DELETE FROM audit WHERE municipality = $1 AND seq = 5", p![])?;
            tx.bookkeep("UPDATE audit_heads SET seq = 4 WHERE municipality = $1", p![])
        });
        assert!(matches!(set_back.await, Verdict::Broken { seq: 4, .. }));
    })
    .await;
}

#[tokio::test]
async fn a_long_chain_is_checked_and_paged() {
    on_both(SET, async |test| {
        let town = test.town().await;
        for _ in 0..3 {
            append(&test, town, 400).await;
        }
        assert_eq!(verdict(&test, town).await, Verdict::Whole { lines: 1_200 });
        let (all, even) = test
            .db
            .read(town, |tx| {
                let all = audit_page(tx, None, Some(1_000), 10)?;
                Ok::<_, DbError>((all, audit_page(tx, Some("note:even"), None, 3)?))
            })
            .await
            .unwrap();
        assert_eq!(all.iter().map(|l| l.seq).collect::<Vec<_>>(), (990..1_000).rev().collect::<Vec<_>>());
        assert_eq!(even.iter().map(|l| l.seq).collect::<Vec<_>>(), [1_199, 1_197, 1_195]);
        assert_eq!(even[0].detail, r#"{"n":1}"#);
    })
    .await;
}
