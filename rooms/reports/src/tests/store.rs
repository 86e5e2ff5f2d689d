//! Stores on both databases: what the public queries show and hide, twins nearby, drafts that end, blocks, numbers.

use super::{SWING, rooms, town};
use crate::{
    category::fold,
    journey::Draft,
    report::{After, BlockKind, ReportId, Visibility, mail_hash},
    store::{self, Filter, NewReport, Shown},
};
use base::{Moment, Position};
use db::{DbError, Tx};
use testkit::on_both_sites;
use uuid::Uuid;

pub(super) fn new_report(
    tx: &Tx<'_>,
    number: &str,
    category: &str,
    at: Position,
    visibility: Visibility,
    state: &str,
) -> NewReport {
    let closed = (!crate::report::PublicState::of(state).is_open()).then(|| tx.now().plus_days(-1));
    NewReport {
        id: ReportId(tx.new_id()),
        case_id: tx.new_id(),
        unit: base::OrgUnitId(Uuid::from_u128(1)),
        number: number.to_owned(),
        category: category.to_owned(),
        problem: "pothole".to_owned(),
        title: format!("Meldung {number}"),
        body: "Glasscherben am Weg".to_owned(),
        place: "Lindenstraße 5".to_owned(),
        district: "Altstadt".to_owned(),
        position: at,
        asset: None,
        visibility,
        state: state.to_owned(),
        opened_at: tx.now().plus_days(-3),
        closed_at: closed,
        due: tx.now().plus_days(2),
        photos: vec![Uuid::from_u128(7)],
    }
}

pub(super) fn put(tx: &Tx<'_>, report: &NewReport) -> Result<ReportId, DbError> {
    db::testing::unaudited(tx, "a report of a test");
    store::insert(tx, report)?;
    Ok(report.id)
}

fn everything() -> Filter {
    Filter { shown: Shown::All, ..Filter::default() }
}

#[tokio::test]
async fn only_public_reports_are_ever_shown() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let db = &site.site.db;
        db.write::<_, DbError>(id, |tx| {
            for (number, visibility) in [
                ("2026-11-1", Visibility::Public),
                ("2026-11-2", Visibility::Waiting),
                ("2026-11-3", Visibility::Refused),
                ("2026-11-4", Visibility::Private),
                ("2026-11-5", Visibility::Withdrawn),
            ] {
                let report = new_report(tx, number, "road", SWING, visibility, "received");
                put(tx, &report)?;
                let photo = store::photos_for_review(tx, report.id)?[0].id;
                assert!(store::set_public_photo(tx, photo, None, Some(Uuid::from_u128(9)))?);
            }
            Ok(())
        })
        .await
        .unwrap();
        let t = site.site.texts().of(web::Lang::De);
        db.read::<_, DbError>(id, move |tx| {
            let numbers: Vec<String> =
                store::list(tx, &everything(), After::start(), 50)?.into_iter().map(|card| card.number).collect();
            assert_eq!(numbers, ["2026-11-1"]);
            assert_eq!(store::count(tx, &everything())?, 1);
            assert_eq!(store::near(tx, SWING, 50.0, None, 9)?.len(), 1);
            assert_eq!(store::search(tx, "glasscherben", 9)?.len(), 1);
            assert_eq!(store::numbers(tx, tx.now().plus_days(-30))?.0, 1);
            assert_eq!(crate::numbers(tx)?.reported, 1);
            assert_eq!(crate::newest(tx, t, 9)?.len(), 1);
            let hits = (crate::room().search)(tx, t, "Glasscherben", 9)?;
            assert_eq!(hits.iter().filter(|hit| hit.href.contains("2026-11-")).count(), 1);
            for number in ["2026-11-2", "2026-11-3", "2026-11-4", "2026-11-5"] {
                assert!(store::public_report(tx, number)?.is_none(), "{number}");
                let hidden = store::desk_report(tx, number)?.expect("staff see it");
                assert!(store::public_photos(tx, hidden.id)?.is_empty(), "{number}");
                let photo = store::photos_for_review(tx, hidden.id)?[0].id;
                assert!(store::public_blob(tx, photo)?.is_none(), "{number}");
            }
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn twins_are_found_by_distance_and_farther_by_category() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        // About 11 m per 0.0001 degrees of latitude.
        let north = |steps: f64| Position { lat: SWING.lat + steps * 0.0001, ..SWING };
        site.site
            .db
            .write::<_, DbError>(id, move |tx| {
                put(tx, &new_report(tx, "1", "road", north(1.0), Visibility::Public, "received"))?;
                put(tx, &new_report(tx, "2", "road", north(8.0), Visibility::Public, "in_progress"))?;
                put(tx, &new_report(tx, "3", "litter", north(8.0), Visibility::Public, "received"))?;
                put(tx, &new_report(tx, "4", "road", north(1.0), Visibility::Public, "resolved"))?;
                put(tx, &new_report(tx, "5", "road", north(50.0), Visibility::Public, "received"))?;
                Ok(())
            })
            .await
            .unwrap();
        site.site
            .db
            .read::<_, DbError>(id, |tx| {
                let numbers = |found: Vec<(store::Card, f64)>| -> Vec<String> {
                    found.into_iter().map(|(card, _)| card.number).collect()
                };
                assert_eq!(numbers(store::near(tx, SWING, 60.0, None, 9)?), ["1"]);
                assert_eq!(numbers(store::near(tx, SWING, 60.0, Some(("road", 120.0)), 9)?), ["1", "2"]);
                let (_, metres) = store::near(tx, SWING, 60.0, None, 9)?.remove(0);
                assert!((10.0..13.0).contains(&metres), "{metres}");
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_list_goes_on_by_key_set_and_filters() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                for number in 0..45 {
                    let state = if number % 3 == 0 { "resolved" } else { "received" };
                    let category = if number % 2 == 0 { "road" } else { "litter" };
                    put(tx, &new_report(tx, &format!("{number:03}"), category, SWING, Visibility::Public, state))?;
                }
                Ok(())
            })
            .await
            .unwrap();
        site.site
            .db
            .read::<_, DbError>(id, |tx| {
                let (mut seen, mut after) = (vec![], After::start());
                loop {
                    let page = store::list(tx, &everything(), after, 20)?;
                    let Some(last) = page.last() else { break };
                    after = After { opened_at: last.opened_at, id: last.id.0 };
                    seen.extend(page.into_iter().map(|card| card.number));
                }
                assert_eq!(seen.len(), 45);
                seen.sort();
                seen.dedup();
                assert_eq!(seen.len(), 45, "no report twice");
                let count = |filter: &Filter| store::count(tx, filter);
                assert_eq!(count(&Filter { shown: Shown::Fixed, ..Filter::default() })?, 15);
                assert_eq!(count(&Filter { shown: Shown::Open, ..Filter::default() })?, 30);
                // The default: open ones, and those that ended of late.
                assert_eq!(count(&Filter::default())?, 45);
                let store::Pins::Single(pins) = store::pins(tx, &Filter::default(), 45)? else { panic!("few enough") };
                assert_eq!(pins.len(), 45);
                assert_eq!(count(&Filter { category: "road".into(), ..everything() })?, 23);
                assert_eq!(count(&Filter { district: "Nordstadt".into(), ..everything() })?, 0);
                assert_eq!(count(&Filter { since: Some(tx.now()), ..everything() })?, 0);
                assert_eq!(count(&Filter { cell: crate::report::cell_of(SWING), ..everything() })?, 45);
                Ok(())
            })
            .await
            .unwrap();
        // Closed reports leave the default list after two weeks.
        site.clock.advance_seconds(20 * 86_400);
        site.site
            .db
            .read::<_, DbError>(id, |tx| {
                assert_eq!(store::count(tx, &Filter::default())?, 30);
                assert_eq!(store::list(tx, &Filter::default(), After::start(), 50)?.len(), 30);
                let store::Pins::Single(pins) = store::pins(tx, &Filter::default(), 30)? else { panic!("few enough") };
                assert_eq!(pins.len(), 30);
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn many_pins_become_counts() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                for number in 0..502 {
                    let at = Position { lat: SWING.lat + f64::from(number % 5) * 0.01, ..SWING };
                    put(tx, &new_report(tx, &format!("{number:04}"), "road", at, Visibility::Public, "received"))?;
                }
                Ok(())
            })
            .await
            .unwrap();
        site.site
            .db
            .read::<_, DbError>(id, |tx| {
                let store::Pins::Fields(fields) = store::pins(tx, &everything(), store::count(tx, &everything())?)? else {
                    panic!("too many for single pins")
                };
                assert_eq!(fields.len(), 5);
                assert_eq!(fields.iter().map(|field| field.count).sum::<i64>(), 502);
                let one = Filter { cell: fields[0].cell, ..everything() };
                assert!(matches!(store::pins(tx, &one, store::count(tx, &one)?)?, store::Pins::Single(pins) if !pins.is_empty()));
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_draft_ends_after_two_days_and_is_taken_once() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let db = &site.site.db;
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let draft = Draft { body: "Kette gerissen".into(), ..Draft::default() };
        let kept = draft.clone();
        db.write::<_, DbError>(id, move |tx| {
            store::create_draft(tx, first, &draft)?;
            store::create_draft(tx, second, &draft)
        })
        .await
        .unwrap();
        site.clock.advance_seconds(47 * 3_600);
        let found = db.read::<_, DbError>(id, move |tx| store::draft(tx, first)).await.unwrap();
        assert!(found.as_ref() == Some(&kept));
        let saved = kept.clone();
        assert!(db.write::<_, DbError>(id, move |tx| store::save_draft(tx, first, &saved)).await.unwrap());
        site.clock.advance_seconds(2 * 3_600);
        assert!(db.read::<_, DbError>(id, move |tx| store::draft(tx, second)).await.unwrap().is_none());
        let late = kept.clone();
        assert!(!db.write::<_, DbError>(id, move |tx| store::save_draft(tx, second, &late)).await.unwrap());
        assert_eq!(db.write::<_, DbError>(id, store::forget_old_drafts).await.unwrap(), 1);
        let take = move |tx: &Tx<'_>| {
            db::testing::unaudited(tx, "a draft of a test");
            store::take_draft(tx, first)
        };
        assert!(db.write::<_, DbError>(id, take).await.unwrap() == Some(kept));
        assert!(db.write::<_, DbError>(id, take).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn blocked_senders_and_words_are_known() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                db::testing::unaudited(tx, "blocks of a test");
                store::add_block(tx, BlockKind::Mail, &mail_hash("troll@example.org"), "")?;
                store::add_block(tx, BlockKind::Text, &fold("Günstige Kredite"), "")?;
                store::add_block(tx, BlockKind::Text, &fold("Günstige Kredite"), "noch einmal")?;
                assert_eq!(store::blocks(tx)?.len(), 2);
                assert!(store::blocked(tx, "Troll@Example.org", "Loch")?);
                assert!(store::blocked(tx, "", "hier gibt es GÜNSTIGE   KREDITE!")?);
                assert!(!store::blocked(tx, "anna@example.org", "Loch im Weg")?);
                assert!(!store::blocked(tx, "", "")?);
                let first = store::blocks(tx)?[0].id;
                store::remove_block(tx, first)?;
                assert_eq!(store::blocks(tx)?.len(), 1);
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn numbers_tell_how_long_it_took() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                put(tx, &new_report(tx, "1", "road", SWING, Visibility::Public, "received"))?;
                put(tx, &new_report(tx, "2", "road", SWING, Visibility::Public, "resolved"))?;
                put(tx, &new_report(tx, "3", "road", SWING, Visibility::Public, "refused"))?;
                let numbers = crate::numbers(tx)?;
                assert_eq!((numbers.reported, numbers.fixed, numbers.open), (3, 1, 2));
                assert_eq!(numbers.mean_seconds, Some(2 * 86_400));
                let (reported, fixed, mean) = store::numbers(tx, Moment::from_micros(i64::MAX))?;
                assert_eq!((reported, fixed, mean), (0, 0, None));
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn categories_keep_their_order_and_count_what_uses_them() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                put(tx, &new_report(tx, "2026-11-1", "road", SWING, Visibility::Waiting, "received"))?;
                put(tx, &new_report(tx, "2026-11-2", "road", SWING, Visibility::Public, "resolved"))?;
                assert_eq!((store::category_uses(tx, "road")?, store::category_uses(tx, "noise")?), (2, 0));
                assert_eq!(store::problem_uses(tx, "road", "pothole")?, 2);
                assert_eq!(store::problem_uses(tx, "road", "drain")?, 0);
                let mut road = store::lock_category(tx, "road")?.unwrap();
                assert!(!store::add_category(tx, &road, 5)?, "its word is taken");
                road.label.de = "Straße".to_owned();
                road.active = false;
                store::put_category(tx, &road)?;
                let order = store::lock_order(tx)?;
                assert_eq!(order[2].0, "road", "a change of words moves nothing");
                store::set_rank(tx, "road", -1)?;
                assert_eq!(store::categories(tx)?[0], road);
                assert_eq!(store::lock_order(tx)?.len(), order.len());
                store::remove_category(tx, "noise")?;
                assert!(store::category(tx, "noise")?.is_none());
                assert!(store::lock_category(tx, "noise")?.is_none());
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}
