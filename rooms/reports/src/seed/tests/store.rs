//! The seed is looked at as a reader would: enough variety, honest times, nothing waiting that should be public, photos
//! that can be opened. On both databases.

use crate::seed::{Photos, Stock, ground, kinds, plan, scenes::Scene, seed, write_first};
use crate::{category, report::PublicState};
use base::{Moment, MunicipalityId};
use db::{DbError, p};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use testkit::{TestSite, on_both_sites};
use web::Room;

/// Number, state, visibility, text, opened, closed, and the state of the case.
type Row = (String, String, String, String, Moment, Option<Moment>, String);

fn rooms() -> Vec<Room> {
    vec![identity::room(), places::room(), cases::room(), crate::room()]
}

/// A town with staff and places.
async fn demo_town(site: &TestSite) -> MunicipalityId {
    let id = site.found("ahornfurt.example", "Ahornfurt").await;
    let town = site.town(id).await;
    let password = identity::hash_password_blocking(&*site.site.chance, identity::DEMO_PASSWORD).unwrap();
    site.site.db.write::<_, DbError>(id, move |tx| identity::seed(tx, &town, &password)).await.unwrap();
    places::ahornfurt::seed(&site.site.db, id).await.unwrap();
    id
}

#[test]
fn every_kind_is_of_the_standard_set_and_has_words() {
    let standard = category::standard().unwrap();
    for kind in kinds::all() {
        let category = standard.iter().find(|category| category.word == kind.category);
        assert!(category.is_some_and(|c| c.problem(kind.problem).is_some()), "{}/{}", kind.category, kind.problem);
        for texts in [kind.told, kind.done, kind.begun, kind.inner] {
            assert!(
                texts.iter().all(|text| !text.is_empty()) && !texts.is_empty(),
                "{}/{}",
                kind.category,
                kind.problem
            );
        }
    }
    for category in &standard {
        assert!(kinds::all().iter().any(|kind| kind.category == category.word), "nothing is told of {}", category.word);
    }
}

#[test]
fn a_scene_is_the_same_every_time_and_other_in_the_evening() {
    let day = Scene::Swing.png(false).unwrap();
    assert_eq!(day, Scene::Swing.png(false).unwrap());
    assert_ne!(day, Scene::Swing.png(true).unwrap());
    let used: HashSet<Scene> = kinds::all().iter().flat_map(|kind| kind.scenes).copied().collect();
    assert_eq!(used.len(), Scene::ALL.len(), "a scene that no kind shows");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_town_has_a_believable_past() {
    on_both_sites(rooms, async |site| {
        let town = demo_town(&site).await;
        stop_in_the_middle(&site, town).await;
        seed(&site.site, town).await.unwrap();
        let rows: Vec<Row> = site
            .site
            .db
            .read(town, |tx| {
                tx.query::<Row>(
                    "SELECT r.number, r.state, r.visibility, r.body, r.opened_at, r.closed_at, c.state
                 FROM reports_reports r JOIN cases_cases c ON c.municipality = r.municipality AND c.id = r.case_id
                 WHERE r.municipality = $1 ORDER BY r.opened_at",
                    p![],
                )
            })
            .await
            .unwrap();
        look_at(&rows, base::Clock::now(&*site.clock));
        let photos: i64 = site
            .site
            .db
            .read(town, |tx| {
                Ok::<_, DbError>(
                    tx.scalar("SELECT COUNT(*) FROM reports_photos WHERE municipality = $1", p![])?.unwrap_or(0),
                )
            })
            .await
            .unwrap();
        assert!((230..=400).contains(&photos), "{photos} photos");
        // A second run changes nothing.
        seed(&site.site, town).await.unwrap();
        let again: i64 = site
            .site
            .db
            .read(town, |tx| {
                Ok::<_, DbError>(
                    tx.scalar("SELECT COUNT(*) FROM reports_reports WHERE municipality = $1", p![])?.unwrap_or(0),
                )
            })
            .await
            .unwrap();
        assert_eq!(usize::try_from(again).unwrap(), rows.len());
        let mut visitor = site.visitor("ahornfurt.example");
        visitor.visit("/meldungen").await.is(200);
        let shown: Option<uuid::Uuid> = site
            .site
            .db
            .read(town, |tx| {
                tx.scalar::<uuid::Uuid>(
                    "SELECT id FROM reports_photos WHERE municipality = $1 AND public_blob IS NOT NULL ORDER BY id LIMIT 1",
                    p![],
                )
            })
            .await
            .unwrap();
        visitor.visit(&format!("/bild/{}/klein.jpg", shown.unwrap())).await.is(200);
    })
    .await;
}

/// Stops the writing after the first report, in the middle and at its end, as a kill before the commit does: nothing of
/// it stays, so that the next run writes the whole past.
async fn stop_in_the_middle(site: &TestSite, town: MunicipalityId) {
    let document = site.town(town).await;
    let ground = site.site.db.read::<_, DbError>(town, ground::read).await.unwrap();
    let now = base::Clock::now(&*site.clock);
    let plan = plan::plan(&ground, &document.working_days(), now);
    // The pictures are files without a row until the commit; this run has none.
    let stock = Arc::new(Stock { town: document, ground, plan, photos: Photos::new() });
    for written in [1, 300, stock.plan.len()] {
        let stock = Arc::clone(&stock);
        let stopped = site.site.db.write::<(), DbError>(town, move |tx| {
            let first = write_first(tx, &stock, written)?;
            assert_eq!(first.len(), written);
            Err(DbError::WrongShape("stopped on purpose".to_owned()))
        });
        stopped.await.unwrap_err();
        let left: Option<i64> = site
            .site
            .db
            .read::<_, DbError>(town, |tx| {
                tx.scalar(
                    "SELECT (SELECT COUNT(*) FROM reports_reports WHERE municipality = $1)
                          + (SELECT COUNT(*) FROM reports_follows WHERE municipality = $1)",
                    p![],
                )
            })
            .await
            .unwrap();
        assert_eq!(left, Some(0), "stopped after {written}");
    }
}

fn look_at(rows: &[Row], now: Moment) {
    assert_eq!(rows.len(), 1_000);
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, state, visibility, body, opened, closed, case_state) in rows {
        assert_eq!(state, case_state, "{number}");
        assert!(
            *opened < now && *opened > now.plus_days(-732) && closed.is_none_or(|at| at < now && at > *opened),
            "{number}"
        );
        assert_eq!(closed.is_some(), !PublicState::of(state).is_open(), "{number}");
        assert!(!body.contains('{') && !body.contains('}'), "{body}");
        *states.entry(state).or_default() += 1;
        *shown.entry(visibility).or_default() += 1;
    }
    let expected = [
        "received",
        "in_progress",
        "waiting_citizen",
        "citizen_answered",
        "with_others",
        "reopened",
        "planned",
        "resolved",
        "refused",
        "not_responsible",
        "duplicate",
        "withdrawn",
    ];
    for state in expected {
        assert!(states.contains_key(state), "no report is {state}: {states:?}");
    }
    assert!(states["resolved"] > 700, "{states:?}");
    assert!((15..=25).contains(&shown["waiting"]), "{shown:?}");
    let bodies: HashSet<&str> = rows.iter().map(|row| row.3.as_str()).filter(|body| body.len() > 20).collect();
    assert!(bodies.len() > 780, "only {} different texts", bodies.len());
}
