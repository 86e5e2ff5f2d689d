//! Texts with their versions and notices, on both databases and in two towns.

use crate::{
    MIGRATIONS, seed,
    store::{self, Notice, NoticeKind},
    town_text::TextPage,
};
use base::{Actor, MunicipalityId};
use db::{
    Db, DbError, Migrations, Tx,
    testing::{TestDb, on_both},
};
use uuid::Uuid;
use web::{Lang, Town, TownKind, load_town, save_town};

const SETS: &[Migrations] = &[("web", web::MIGRATIONS), ("guide", MIGRATIONS)];

async fn write<T: Send + 'static>(
    db: &Db,
    town: MunicipalityId,
    f: impl Fn(&Tx<'_>) -> Result<T, DbError> + Send + 'static,
) -> T {
    let done = db.write(town, move |tx| {
        db::testing::unaudited(tx, "a test");
        f(tx)
    });
    done.await.unwrap()
}

fn put(tx: &Tx<'_>, base: i64, body: &str) -> Result<bool, DbError> {
    store::put_text(tx, TextPage::Help, Lang::De, base, body, &Actor::System)
}

#[tokio::test]
async fn every_version_is_kept_and_a_stale_one_is_refused() {
    on_both(SETS, async |test: TestDb| {
        let (town, other) = (test.town().await, test.town().await);
        let put_all =
            write(&test.db, town, |tx| Ok((put(tx, 0, "eins")?, put(tx, 1, "zwei")?, put(tx, 1, "alt")?))).await;
        assert_eq!(put_all, (true, true, false));
        let (newest, first, all, states) = test
            .db
            .read(town, |tx| {
                let first = store::text_version(tx, TextPage::Help, Lang::De, 1)?;
                let all = store::text_versions(tx, TextPage::Help, Lang::De)?;
                Ok::<_, DbError>((
                    store::newest_text(tx, TextPage::Help, Lang::De)?,
                    first,
                    all,
                    store::text_states(tx)?,
                ))
            })
            .await
            .unwrap();
        assert_eq!(newest.map(|text| (text.version, text.body)), Some((2, "zwei".to_owned())));
        assert_eq!(first.map(|text| text.body), Some("eins".to_owned()));
        assert_eq!(all.iter().map(|text| text.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((states.len(), states[0].version, states[0].lang.as_str()), (1, 2, "de"));
        let elsewhere = test.db.read(other, |tx| {
            Ok::<_, DbError>((store::newest_text(tx, TextPage::Help, Lang::De)?, store::text_states(tx)?))
        });
        assert_eq!(elsewhere.await.unwrap(), (None, vec![]));
    })
    .await;
}

#[tokio::test]
async fn of_two_editors_at_once_one_is_told() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let save = |body: &'static str| {
            let db = test.db.clone();
            tokio::spawn(async move { write(&db, town, move |tx| put(tx, 0, body)).await })
        };
        let (one, two) = (save("eins"), save("zwei"));
        let saved = [one.await.unwrap(), two.await.unwrap()];
        assert_eq!(saved.iter().filter(|saved| **saved).count(), 1, "{saved:?}");
    })
    .await;
}

#[tokio::test]
async fn notices_are_shown_between_their_days_only() {
    on_both(SETS, async |test: TestDb| {
        let (town, other) = (test.town().await, test.town().await);
        let now = test.db.clock().now();
        let notice = move |number: u128, from: i64, until: i64| Notice {
            id: Uuid::from_u128(number),
            kind: NoticeKind::Warn,
            title: format!("Hinweis {number}"),
            body: String::new(),
            href: String::new(),
            link: String::new(),
            shown_from: now.plus_days(from),
            shown_until: now.plus_days(until),
        };
        write(&test.db, town, move |tx| {
            for one in [notice(1, -2, 5), notice(2, -2, 2), notice(3, 1, 5), notice(4, -9, -1), notice(5, -200, -100)] {
                store::put_notice(tx, &one)?;
            }
            store::put_notice(tx, &Notice { title: "geändert".to_owned(), ..notice(1, -2, 5) })
        })
        .await;
        let (current, all) = test
            .db
            .read(town, |tx| Ok::<_, DbError>((store::current_notices(tx, 3)?, store::notices(tx)?)))
            .await
            .unwrap();
        let titles: Vec<_> = current.iter().map(|notice| notice.title.as_str()).collect();
        assert_eq!(titles, ["Hinweis 2", "geändert"]);
        assert_eq!(all.len(), 4, "what is over for long is not listed");
        let gone = write(&test.db, town, |tx| {
            let removed = store::remove_notice(tx, Uuid::from_u128(1))?;
            Ok((
                removed,
                store::notice(tx, Uuid::from_u128(1))?.is_none(),
                store::remove_notice(tx, Uuid::from_u128(1))?,
            ))
        })
        .await;
        assert_eq!(gone, (1, true, 0));
        assert!(test.db.read(other, store::notices).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_demo_towns_words_are_put_once_and_leave_edits_alone() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        write(&test.db, town, |tx| {
            let centre = base::Position { lat: 49.9, lon: 11.6 };
            save_town(
                tx,
                &Town::new("Ahornfurt", TownKind::City, base::Land::Bavaria, centre, "https://ahornfurt.example"),
            )
        })
        .await;
        test.db.write(town, seed).await.unwrap();
        let hours = test.db.read(town, load_town).await.unwrap().unwrap().hours_lines("de");
        assert_eq!(hours.first().map(String::as_str), Some("Montag bis Mittwoch: 8 bis 16 Uhr"));
        write(&test.db, town, |tx| {
            let mut edited = load_town(tx)?.expect("the town was just saved");
            edited.hours.set(0, vec![]);
            edited.represented_by = "Bürgermeister Heinz Ahorn".to_owned();
            save_town(tx, &edited)
        })
        .await;
        test.db.write(town, seed).await.unwrap();
        let (known, shown) =
            test.db.read(town, |tx| Ok::<_, DbError>((load_town(tx)?, store::current_notices(tx, 9)?))).await.unwrap();
        let known = known.unwrap();
        assert_eq!(known.hours.day(0), []);
        assert_eq!(known.represented_by, "Bürgermeister Heinz Ahorn");
        assert_eq!(shown.len(), 3);
    })
    .await;
}
