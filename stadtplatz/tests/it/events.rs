//! Events and upkeep reach every room, each in a transaction of its own: one that fails neither stops nor repeats the
//! others, and nobody's audit lines stand in for another's.

use crate::store_heard::{self, TABLE, put};
use db::{Audit, DbError, Tx};
use serde_json::{Value, json};
use testkit::{TestSite, on_both_sites};
use web::{Listener, Room, Stage};

const HOST: &str = "ahornfurt.example";
const NAMES: [&str; 20] =
    ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"];

fn heard(tx: &Tx<'_>, _: &Stage, _: &Value) -> Result<(), DbError> {
    tx.audit(Audit { actor: "system".into(), action: "test.heard", subject: "test".into(), detail: json!({}) });
    put(tx)
}

/// Writes and leaves no line.
fn careless(tx: &Tx<'_>, _: &Stage, _: &Value) -> Result<(), DbError> {
    put(tx)
}

fn broken(_: &Tx<'_>, _: &Stage, _: &Value) -> Result<(), DbError> {
    Err(DbError::WrongShape("broken on purpose".to_owned()))
}

const HEARD: &[Listener] = &[Listener { event: "test.happened", handle: heard }];

fn rooms() -> Vec<Room> {
    let mut rooms: Vec<Room> = NAMES.iter().map(|name| Room { listeners: HEARD, ..Room::named(name) }).collect();
    rooms[0].migrations = &[TABLE];
    rooms[3].listeners = &[Listener { event: "test.happened", handle: broken }];
    rooms[7].listeners = &[Listener { event: "test.happened", handle: careless }];
    rooms[2].upkeep = |tx, stage| heard(tx, stage, &json!({}));
    rooms[5].upkeep = |tx, stage| careless(tx, stage, &json!({}));
    rooms[9].upkeep = |tx, stage| heard(tx, stage, &json!({}));
    rooms
}

async fn rows(site: &TestSite, town: base::MunicipalityId) -> i64 {
    site.site.db.read(town, store_heard::rows).await.unwrap()
}

#[tokio::test]
async fn every_room_hears_an_event_once_whatever_the_others_do() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let happen = |tx: &Tx<'_>| {
            tx.emit("test.happened", json!({}));
            tx.emit("test.unheard", json!({}));
            Ok::<_, DbError>(())
        };
        site.site.db.write(town, happen).await.unwrap();
        stadtplatz::worker::run_until_idle(&site.site).await.unwrap();
        assert_eq!(rows(&site, town).await, 18);
        assert_eq!(site.site.db.job_counts().await.unwrap(), (2, 0), "two come back, alone");
        for _ in 0..12 {
            site.clock.advance_seconds(4_400);
            stadtplatz::worker::run_until_idle(&site.site).await.unwrap();
        }
        assert_eq!(rows(&site, town).await, 18, "nobody heard it twice");
        assert_eq!(site.site.db.job_counts().await.unwrap(), (0, 2), "two wait for a person");
    })
    .await;
}

#[tokio::test]
async fn the_upkeep_of_one_room_does_not_hang_on_another() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let plan = |tx: &Tx<'_>| {
            stadtplatz::worker::plan_upkeep(tx);
            Ok::<_, DbError>(())
        };
        site.site.db.write(town, plan).await.unwrap();
        for run in 1..=3 {
            // A town's own moment lies up to three quarters of an hour ahead, and the one after it beyond that.
            site.clock.advance_seconds(2_701);
            stadtplatz::worker::run_until_idle(&site.site).await.unwrap();
            assert_eq!(rows(&site, town).await, 2 * run, "both careful rooms, at each turn");
        }
    })
    .await;
}

/// A room is told of an event once: a second listener for it would never run.
#[test]
fn no_room_listens_to_one_event_twice() {
    for room in stadtplatz::rooms::rooms().iter() {
        let mut events: Vec<_> = room.listeners.iter().map(|listener| listener.event).collect();
        let all = events.len();
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), all, "{} listens twice to one of {events:?}", room.name);
    }
}

#[tokio::test]
async fn upkeep_and_sweep_that_always_fail_are_there_again_the_next_time() {
    fn failing() -> Vec<Room> {
        let blobs = |_: &Tx<'_>| Err(DbError::WrongShape("broken on purpose".to_owned()));
        vec![Room { upkeep: |tx, stage| broken(tx, stage, &json!({})), blobs, ..Room::named("a") }]
    }
    on_both_sites(failing, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let plan = |tx: &Tx<'_>| {
            stadtplatz::worker::plan_upkeep(tx);
            Ok::<_, DbError>(())
        };
        site.site.db.write(town, plan).await.unwrap();
        let mut stuck = 0;
        for _ in 0..3 {
            for _ in 0..48 {
                site.clock.advance_seconds(4_400);
                stadtplatz::worker::run_until_idle(&site.site).await.unwrap();
            }
            let jobs = site.site.db.read(town, |tx| tx.stuck_jobs(100)).await.unwrap();
            assert!(jobs.iter().any(|job| job.kind == "upkeep") && jobs.iter().any(|job| job.kind == "sweep"));
            assert!(jobs.len() > stuck, "they were tried again");
            stuck = jobs.len();
        }
        let (waiting, _) = site.site.db.job_counts().await.unwrap();
        assert!(waiting >= 2, "the next half hour and the next day are planned");
    })
    .await;
}
