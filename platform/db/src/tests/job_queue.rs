//! Jobs and events: with their transaction or not at all, once at a time, never lost, never silent.

use super::{SET, ids, insert};
use crate::{
    ClaimedJob, DbError, JobTicket, NewJob, Next, Operating, Tx, delivery, event, forget_events,
    outbox::{OLD_EVENTS, STILL_NEEDED},
    p,
    postgres::on_own_connection,
    testing::{TestDb, on_both},
};
use base::MunicipalityId;
use serde_json::json;
use std::{collections::HashSet, time::Duration};
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(60);

fn job(kind: &'static str, key: Option<&str>) -> NewJob {
    NewJob { kind, payload: json!({ "to": 7 }), run_at: None, key: key.map(str::to_owned) }
}

async fn enqueue(test: &TestDb, town: MunicipalityId, job: NewJob) {
    let stored = test.db.write(town, move |tx| {
        tx.enqueue(job.clone());
        Ok::<_, DbError>(())
    });
    stored.await.unwrap();
}

async fn claim(test: &TestDb) -> Vec<ClaimedJob> {
    test.db.claim_jobs(10, LEASE).await.unwrap()
}

#[tokio::test]
async fn a_job_is_claimed_once_and_gone_when_done() {
    on_both(SET, async |test| {
        let town = test.town().await;
        enqueue(&test, town, job("mail", None)).await;
        let claimed = claim(&test).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!((claimed[0].kind.as_str(), claimed[0].municipality), ("mail", Some(town)));
        assert_eq!(claimed[0].payload, json!({ "to": 7 }));
        assert!(claim(&test).await.is_empty());
        assert!(test.db.finish_job(claimed[0].ticket).await.unwrap());
        assert!(!test.db.finish_job(claimed[0].ticket).await.unwrap());
        test.clock.advance_seconds(3_600);
        assert!(claim(&test).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_job_for_later_waits_and_one_without_town_works() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let later = Some(test.db.clock().now().plus_seconds(100));
        enqueue(&test, town, NewJob { run_at: later, ..job("mail", None) }).await;
        let sweep = |o: &crate::Operating<'_>| {
            o.enqueue(job("sweep", Some("nightly")));
            Ok::<_, DbError>(())
        };
        test.db.operate(sweep).await.unwrap();
        test.db.operate(sweep).await.unwrap();
        let claimed = claim(&test).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!((claimed[0].kind.as_str(), claimed[0].municipality), ("sweep", None));
        test.clock.advance_seconds(101);
        assert_eq!(claim(&test).await.iter().map(|c| c.kind.as_str()).collect::<Vec<_>>(), ["mail", "sweep"]);
    })
    .await;
}

#[tokio::test]
async fn equal_jobs_wait_once() {
    on_both(SET, async |test| {
        let (town, other) = (test.town().await, test.town().await);
        for _ in 0..3 {
            enqueue(&test, town, job("index", Some("case:1"))).await;
        }
        enqueue(&test, town, job("index", Some("case:2"))).await;
        enqueue(&test, other, job("index", Some("case:1"))).await;
        let first = claim(&test).await;
        assert_eq!(first.len(), 3);
        // While it runs things may have changed again: a new one waits.
        enqueue(&test, town, job("index", Some("case:1"))).await;
        assert_eq!(claim(&test).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_failed_job_gives_way_to_an_equal_one_and_hands_on_its_attempts() {
    on_both(SET, async |test| {
        let town = test.town().await;
        enqueue(&test, town, job("index", Some("case:1"))).await;
        let claimed = claim(&test).await;
        enqueue(&test, town, job("index", Some("case:1"))).await;
        assert!(test.db.fail_job(claimed[0].ticket, "index.locked", Next::Later).await.unwrap());
        assert_eq!(test.db.job_counts().await.unwrap(), (1, 0));
        assert!(claim(&test).await.is_empty(), "it waits as long as the failed one would have");
        test.clock.advance_seconds(60);
        assert_eq!(claim(&test).await[0].ticket.attempt, 2);
        assert!(!test.db.fail_job(claimed[0].ticket, "late", Next::Later).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn parallel_workers_share_the_jobs_without_overlap() {
    on_both(SET, async |test| {
        let town = test.town().await;
        test.db
            .write(town, |tx| {
                (0..90).for_each(|_| tx.enqueue(job("mail", None)));
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let db = test.db.clone();
            workers.spawn(async move {
                let mut mine = Vec::new();
                for _ in 0..60 {
                    mine.extend(db.claim_jobs(5, LEASE).await.unwrap().into_iter().map(|job| job.ticket.id));
                    if mine.len() >= 90 {
                        break;
                    }
                }
                mine
            });
        }
        let all: Vec<Uuid> = workers.join_all().await.into_iter().flatten().collect();
        assert_eq!(all.len(), 90);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 90);
    })
    .await;
}

#[tokio::test]
async fn a_lost_lease_is_taken_over_and_the_old_ticket_is_void() {
    on_both(SET, async |test| {
        let town = test.town().await;
        enqueue(&test, town, job("mail", None)).await;
        let first = claim(&test).await[0].ticket;
        test.clock.advance_seconds(50);
        assert!(test.db.extend_job(first, LEASE).await.unwrap());
        test.clock.advance_seconds(50);
        assert!(claim(&test).await.is_empty(), "the lease was extended");
        test.clock.advance_seconds(20);
        let second = claim(&test).await[0].ticket;
        assert_eq!((second.id, second.attempt), (first.id, 2));
        assert!(!test.db.extend_job(first, LEASE).await.unwrap());
        // The first worker wakes up late: its effect must not count twice.
        let effect = |ticket: JobTicket, id: i64| {
            test.db.write(town, move |tx| {
                insert(tx, id, &format!("sent {id}"))?;
                tx.finish_job(ticket)
            })
        };
        assert!(effect(first, 1).await.is_err());
        effect(second, 2).await.unwrap();
        assert_eq!(ids(&test.db, town).await, [2]);
        assert_eq!(test.db.job_counts().await.unwrap(), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_failing_job_comes_back_later_each_time_and_ends_before_a_person() {
    on_both(SET, async |test| {
        let town = test.town().await;
        enqueue(&test, town, job("mail", None)).await;
        let mut runs = 0;
        let mut waited = 0;
        while test.db.job_counts().await.unwrap() == (1, 0) {
            if let Some(job) = claim(&test).await.pop() {
                runs += 1;
                assert!(test.db.fail_job(job.ticket, "smtp.refused", Next::Later).await.unwrap());
            }
            test.clock.advance_seconds(60);
            waited += 1;
            assert!(waited < 2_000, "it must end");
        }
        assert_eq!(runs, 12);
        assert!(waited > 60, "the delays grow: {waited} minutes");
        let stuck = test.db.operate(|o| o.list_stuck(10)).await.unwrap();
        assert_eq!(stuck.len(), 1);
        assert_eq!(stuck[0].last_error.as_deref(), Some("smtp.refused"));
        let id = stuck[0].id;
        let retry = |tx: &crate::Tx<'_>| {
            tx.audit(super::line("job.retry", "job"));
            let stuck = tx.stuck_jobs(10)?;
            tx.retry_job(stuck.first().map_or(Uuid::nil(), |job| job.id))
        };
        assert!(test.db.write(town, retry).await.unwrap());
        assert!(!test.db.write(town, retry).await.unwrap());
        let again = claim(&test).await;
        assert_eq!((again[0].ticket.id, again[0].ticket.attempt), (id, 1));
        assert!(test.db.fail_job(again[0].ticket, "address.gone", Next::Stuck).await.unwrap());
        assert_eq!(test.db.job_counts().await.unwrap(), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_job_that_takes_its_worker_down_ends_before_a_person() {
    on_both(SET, async |test| {
        let town = test.town().await;
        enqueue(&test, town, job("picture", None)).await;
        for attempt in 1..=12 {
            assert_eq!(claim(&test).await[0].ticket.attempt, attempt);
            test.clock.advance_seconds(61);
        }
        assert!(claim(&test).await.is_empty());
        assert_eq!(test.db.job_counts().await.unwrap(), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_job_nobody_can_read_waits_for_a_person_and_keeps_nobody_waiting() {
    on_both(SET, async |test| {
        let town = test.town().await;
        for kind in ["broken", "mail", "picture"] {
            enqueue(&test, town, job(kind, None)).await;
        }
        let bend = |o: &Operating<'_>| o.exec("UPDATE jobs SET payload = '{\"to\":' WHERE kind = 'broken'", p![]);
        assert_eq!(test.db.operate(bend).await, Ok(1));
        let kinds = |claimed: &[ClaimedJob]| claimed.iter().map(|c| c.kind.clone()).collect::<HashSet<_>>();
        assert_eq!(kinds(&claim(&test).await), HashSet::from(["mail".to_owned(), "picture".to_owned()]));
        let stuck = test.db.look_up(|o| o.list_stuck(10)).await.unwrap();
        assert_eq!(stuck.iter().map(|s| s.kind.as_str()).collect::<Vec<_>>(), ["broken"]);
        assert_eq!(stuck[0].last_error.as_deref(), Some("job.payload"));
        // Also when it was bent while somebody worked on it: the lease ends, and the others are taken over.
        assert_eq!(
            test.db.operate(|o| o.exec("UPDATE jobs SET payload = '' WHERE kind = 'picture'", p![])).await,
            Ok(1)
        );
        test.clock.advance_seconds(61);
        assert_eq!(kinds(&claim(&test).await), HashSet::from(["mail".to_owned()]));
        assert_eq!(test.db.job_counts().await.unwrap(), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn an_event_arrives_as_a_job_with_its_transaction() {
    on_both(SET, async |test| {
        let town = test.town().await;
        test.db
            .write(town, |tx| {
                insert(tx, 1, "a")?;
                tx.emit("note.added", json!({ "note": 1 }));
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        let claimed = claim(&test).await;
        assert_eq!(claimed[0].kind, "event");
        let id = Uuid::parse_str(claimed[0].payload["event"].as_str().unwrap()).unwrap();
        let found = test.db.read(town, move |tx| event(tx, id)).await.unwrap().unwrap();
        assert_eq!((found.kind.as_str(), found.json()), ("note.added", Some(json!({ "note": 1 }))));
        // Undelivered events are kept, however old.
        test.clock.advance_seconds(1_000);
        let forget = |tx: &crate::Tx<'_>| forget_events(tx, tx.now());
        assert_eq!(test.db.write(town, forget).await.unwrap(), 0);
        test.db.finish_job(claimed[0].ticket).await.unwrap();
        assert_eq!(test.db.write(town, forget).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_event_is_kept_as_long_as_any_room_still_needs_it() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let emit = |tx: &Tx<'_>| {
            (0..3).for_each(|n| tx.emit("note.added", json!({ "note": n })));
            Ok::<_, DbError>(())
        };
        test.db.write(town, emit).await.unwrap();
        let events: Vec<Uuid> = claim(&test)
            .await
            .iter()
            .map(|job| Uuid::parse_str(job.payload["event"].as_str().unwrap()).unwrap())
            .collect();
        for job in events.clone() {
            // Much later than the event: as after a long stop, or when a person let a stuck one try again.
            test.clock.advance_seconds(10_000);
            enqueue(&test, town, delivery(job, Some("reports"))).await;
        }
        let forget = |tx: &Tx<'_>| forget_events(tx, tx.now().plus_seconds(-100));
        assert_eq!(test.db.write(town, forget).await.unwrap(), 0);
        test.db
            .operate(|o: &Operating<'_>| o.exec("DELETE FROM jobs WHERE payload NOT LIKE '%reports%'", p![]))
            .await
            .unwrap();
        assert_eq!(test.db.write(town, forget).await.unwrap(), 0);
        let room = claim(&test).await;
        assert_eq!((room.len(), room[0].payload["room"].as_str()), (3, Some("reports")));
        test.db.finish_job(room[1].ticket).await.unwrap();
        assert_eq!(test.db.write(town, forget).await.unwrap(), 1);
        let left = async |id: Uuid| test.db.read(town, move |tx| event(tx, id)).await.unwrap().is_some();
        let finished = Uuid::parse_str(room[1].payload["event"].as_str().unwrap()).unwrap();
        for id in events {
            assert_eq!(left(id).await, id != finished);
        }
    })
    .await;
}

/// How the database would answer this.
async fn plan_of(test: &TestDb, sql: String) -> String {
    let settings = test.settings();
    let explain = move || match settings.url.strip_prefix("sqlite:") {
        Some(path) => {
            let conn = rusqlite::Connection::open(path).unwrap();
            let mut asked = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = asked.query_map([], |row| row.get::<_, String>(3)).unwrap();
            steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
        }
        None => {
            let ask = |client: &mut ::postgres::Client| {
                let rows = client.query(&format!("EXPLAIN {sql}"), &[]).unwrap();
                Ok(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n"))
            };
            on_own_connection(&settings, ask).unwrap()
        }
    };
    std::thread::spawn(explain).join().unwrap()
}

#[tokio::test]
async fn keeping_house_reads_no_whole_table() {
    on_both(SET, async |test| {
        let towns = [test.town().await, test.town().await];
        for town in towns {
            let fill = |tx: &Tx<'_>| {
                (0..1_500).for_each(|n| tx.emit("note.added", json!({ "note": n })));
                (0..1_500).for_each(|_| tx.enqueue(job("mail", None)));
                Ok::<_, DbError>(())
            };
            test.db.write(town, fill).await.unwrap();
        }
        test.db.analyze().await.unwrap();
        let town = towns[0];
        let bound = base::first_id_of(test.db.clock().now().plus_days(-90));
        let (start, end) = (Uuid::nil().to_string(), bound.to_string());
        let questions = [
            (STILL_NEEDED, "jobs_key", vec![town.0.to_string(), "event".to_owned(), end.clone()]),
            (OLD_EVENTS, "outbox", vec![town.0.to_string(), start, end, "500".to_owned()]),
        ];
        for (sql, index, values) in questions {
            let literal = |sql: String, (number, value): (usize, &String)| {
                // In SQLite a UUID is a blob: the plan does not care which.
                let quote = if value == "500" { "" } else { "'" };
                sql.replace(&format!("${number}"), &format!("{quote}{value}{quote}"))
            };
            let filled = (1..).zip(&values).fold(sql.to_owned(), literal);
            let plan = plan_of(&test, filled).await;
            eprintln!("{plan}");
            assert!(plan.contains(index) && !plan.contains("Seq Scan") && !plan.contains("SCAN"), "{sql}: {plan}");
            assert!(["Index", "INDEX", "PRIMARY KEY"].iter().any(|word| plan.contains(word)), "{sql}: {plan}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_worker_is_woken_after_the_commit() {
    on_both(SET, async |test| {
        let town = test.town().await;
        let quiet = tokio::time::timeout(Duration::from_millis(30), test.db.enqueued()).await;
        assert!(quiet.is_err(), "nothing was enqueued");
        let refused: Result<(), DbError> = test
            .db
            .write(town, |tx| {
                tx.enqueue(job("mail", None));
                tx.exec("SELECT nothing_such FROM test_notes WHERE municipality = $1", p![]).map(|_| ())
            })
            .await;
        assert!(refused.is_err());
        let quiet = tokio::time::timeout(Duration::from_millis(30), test.db.enqueued()).await;
        assert!(quiet.is_err(), "nothing was committed");
        enqueue(&test, town, job("mail", None)).await;
        let woken = tokio::time::timeout(Duration::from_secs(5), test.db.enqueued()).await;
        assert!(woken.is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_event_nobody_listens_to_is_not_stored() {
    on_both(SET, async |test| {
        let town = test.town().await;
        test.db.deliver_only(["note.added"]);
        let emitted = test.db.write(town, |tx| {
            tx.emit("note.added", json!({ "note": 1 }));
            tx.emit("note.read", json!({ "note": 1 }));
            Ok::<_, DbError>(())
        });
        emitted.await.unwrap();
        let stored = test.db.read(town, |tx| tx.query("SELECT kind FROM outbox WHERE municipality = $1", p![]));
        let stored: Vec<(String,)> = stored.await.unwrap();
        assert_eq!(stored, [("note.added".to_owned(),)]);
        assert_eq!(claim(&test).await.len(), 1);
    })
    .await;
}
