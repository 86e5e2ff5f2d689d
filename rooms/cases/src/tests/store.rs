//! What must hold in the database, on both: numbers and claims under parallel writes, the life of a case, who reads
//! what, and that one town never sees another's.

use super::{DEPOT, ROADS, SETS, account, clerk, furnish, keys, lamp, open_lamp, town_document, write};
use crate::{
    CaseId, EntryKind, Outcome, State, acts,
    acts::ActError,
    by_number,
    case::Refusal,
    head,
    mails::{MailKind, may_send},
    normalise_number, open, pin, put_fact,
    seed::{SeedCase, SeedStep, Step},
    seed_case,
    store::{self, threads},
    timeline_for_citizen, upkeep,
};
use base::Actor;
use db::{Db, DbError, testing::on_both};
use std::collections::HashSet;

fn db_error(error: ActError) -> DbError {
    match error {
        ActError::Db(error) => error,
        other => DbError::WrongShape(other.to_string()),
    }
}

#[tokio::test]
async fn numbers_are_unique_under_parallel_writes() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        write(&test.db, town, furnish).await;
        let writes: Vec<_> = (0..24)
            .map(|_| {
                let db: Db = test.db.clone();
                tokio::spawn(async move { write(&db, town, open_lamp).await.number })
            })
            .collect();
        let mut numbers = HashSet::new();
        for one in writes {
            numbers.insert(one.await.unwrap());
        }
        let expected: HashSet<String> = (1..=24).map(|n| format!("2026-11-{n:04}")).collect();
        assert_eq!(numbers, expected);
    })
    .await;
}

#[tokio::test]
async fn a_new_case_has_unit_deadline_and_reason() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let opened = write(&test.db, town, |tx| {
            furnish(tx)?;
            open(tx, &town_document(), &keys(), lamp(tx))
        })
        .await;
        assert_eq!(opened.number, "2026-11-0001");
        assert_eq!(opened.unit, DEPOT);
        // Sunday 2026-11-22 and five working days: Friday, end of the working day.
        assert_eq!(opened.due.rfc3339(), "2026-11-27T15:00:00Z");
        assert!(opened.rule.starts_with("Regel: Schaden. Zuständig: Bauhof."), "{}", opened.rule);
        assert_eq!(opened.pin, pin(&keys(), opened.id));
        let other = test.town().await;
        let (here, there) = (opened.id, opened.number.clone());
        let seen = test.db.read(other, move |tx| Ok::<_, DbError>((head(tx, here)?, by_number(tx, &there)?))).await;
        let (by_id, by_number) = seen.unwrap();
        assert!(by_id.is_none() && by_number.is_none(), "another town sees the case");
    })
    .await;
}

#[tokio::test]
async fn of_two_clerks_at_once_one_wins_and_the_other_learns_who() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        for round in 0..8 {
            let case = write(&test.db, town, |tx| {
                furnish(tx)?;
                open_lamp(tx)
            })
            .await
            .id;
            let both = [clerk(10, None), clerk(11, None)].map(|actor| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    let me = account(&actor);
                    db.write::<_, ActError>(town, move |tx| acts::claim(tx, &actor, case).map(|_| ()))
                        .await
                        .map(|()| me)
                })
            });
            let mut winners = vec![];
            let mut told = vec![];
            for one in both {
                match one.await.unwrap() {
                    Ok(me) => winners.push(me),
                    Err(ActError::Taken(holder)) => told.push(holder),
                    Err(other) => panic!("round {round}: {other}"),
                }
            }
            assert_eq!((winners.len(), told.len()), (1, 1), "round {round}");
            assert_eq!(told[0], Some(winners[0]));
            let now = write(&test.db, town, move |tx| head(tx, case)).await.unwrap();
            assert_eq!((now.assignee, now.state), (Some(winners[0]), State::InProgress));
        }
    })
    .await;
}

#[tokio::test]
async fn a_stale_form_changes_nothing() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let refused = test
            .db
            .write::<(), ActError>(town, |tx| {
                furnish(tx)?;
                let old = open_lamp(tx)?;
                acts::note(tx, &clerk(10, None), old.clone(), "Ich fahre hin")?;
                acts::answer(tx, &clerk(11, None), old, "Guten Tag")?;
                Ok(())
            })
            .await;
        assert!(matches!(refused, Err(ActError::Stale)));
    })
    .await;
}

#[tokio::test]
async fn the_citizen_never_reads_what_is_internal() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let case = write(&test.db, town, |tx| {
            furnish(tx)?;
            let me = clerk(10, None);
            let head = open_lamp(tx)?;
            let head = acts::claim(tx, &me, head.id).map_err(db_error)?;
            let head = acts::note(tx, &me, head, "GEHEIM Notiz").map_err(db_error)?;
            let head = acts::answer(tx, &me, head, "Wir kommen morgen").map_err(db_error)?;
            let head = acts::release(tx, &me, head).map_err(db_error)?;
            let head = acts::transfer(tx, &me, head, ROADS, "GEHEIM Grund").map_err(db_error)?;
            let head = acts::close(tx, &me, head, Outcome::Resolved, "", "Fertig").map_err(db_error)?;
            let head = acts::reopen(tx, &town_document(), &me, head, "GEHEIM Anlass").map_err(db_error)?;
            Ok(head.id)
        })
        .await;
        let entries = write(&test.db, town, move |tx| timeline_for_citizen(tx, case)).await;
        let kinds: Vec<EntryKind> = entries.iter().rev().map(|entry| entry.kind).collect();
        use EntryKind as E;
        assert_eq!(kinds, [E::Opened, E::Claimed, E::Answer, E::Transferred, E::Closed, E::Reopened]);
        for entry in &entries {
            assert!(!format!("{} {}", entry.text, entry.data).contains("GEHEIM"), "{:?}", entry.kind);
            assert!(!format!("{} {}", entry.text, entry.data).contains("Person 10"), "{:?}", entry.kind);
        }
        let all = write(&test.db, town, move |tx| threads::entries(tx, case)).await;
        assert_eq!(all.iter().filter(|entry| entry.text.contains("GEHEIM")).count(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_word_on_a_closed_case_opens_it_again() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let (before, after) = write(&test.db, town, |tx| {
            furnish(tx)?;
            let me = clerk(10, None);
            let head = open_lamp(tx)?;
            let head = acts::close(tx, &me, head, Outcome::Refused, "Kein Geld", "Leider nein").map_err(db_error)?;
            let head = acts::rate(tx, head, 1, "schade").map_err(db_error)?;
            let before = head.clone();
            let after = acts::reply(tx, &town_document(), head, "Es ist immer noch dunkel", &[]).map_err(db_error)?;
            Ok((before, after))
        })
        .await;
        assert_eq!((before.state, before.rating), (State::Refused, Some(1)));
        assert_eq!(before.assignee, Some(account(&clerk(10, None))));
        assert_eq!(after.state, State::Reopened);
        assert_eq!((after.assignee, after.previous_assignee), (None, before.assignee));
        assert_eq!((after.closed_at, after.outcome, after.rating), (None, None, None));
        let id = after.id;
        let stored = write(&test.db, town, move |tx| head(tx, id)).await.unwrap();
        assert_eq!(stored, after);
    })
    .await;
}

#[tokio::test]
async fn a_case_is_rated_once_per_closing_and_may_be_looked_at_again() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let id = write(&test.db, town, |tx| {
            furnish(tx)?;
            let head = open_lamp(tx)?;
            let head = acts::close(tx, &clerk(10, None), head, Outcome::Resolved, "", "Fertig").map_err(db_error)?;
            acts::rate(tx, head, 2, "Nein").map(|head| head.id).map_err(db_error)
        })
        .await;
        let twice = test
            .db
            .write::<_, ActError>(town, move |tx| {
                let head = head(tx, id)?.ok_or(ActError::Missing)?;
                acts::rate(tx, head, 5, "")
            })
            .await;
        assert!(matches!(twice, Err(ActError::Refused(Refusal::AlreadyRated))));
        let again = test
            .db
            .write::<_, ActError>(town, move |tx| {
                let head = head(tx, id)?.ok_or(ActError::Missing)?;
                acts::look_again(tx, &town_document(), head, "Sie flackert")
            })
            .await;
        assert_eq!(again.ok().map(|head| head.state), Some(State::Reopened));
    })
    .await;
}

#[tokio::test]
async fn an_unanswered_question_comes_back_after_two_weeks() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let id = write(&test.db, town, |tx| {
            furnish(tx)?;
            let head = open_lamp(tx)?;
            acts::ask(tx, &clerk(10, None), head, "Wo genau?").map(|head| head.id).map_err(db_error)
        })
        .await;
        test.clock.advance_seconds(13 * 86_400);
        assert_eq!(write(&test.db, town, upkeep::expire_questions).await, 0);
        test.clock.advance_seconds(86_401);
        assert_eq!(write(&test.db, town, upkeep::expire_questions).await, 1);
        assert_eq!(write(&test.db, town, upkeep::expire_questions).await, 0);
        let now = write(&test.db, town, move |tx| head(tx, id)).await.unwrap();
        assert_eq!((now.state, now.waiting_since), (State::InProgress, None));
    })
    .await;
}

#[tokio::test]
async fn who_leaves_leaves_no_case_behind() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let (mine, hers) = write(&test.db, town, |tx| {
            furnish(tx)?;
            let (first, second) = (open_lamp(tx)?, open_lamp(tx)?);
            acts::claim(tx, &clerk(10, None), first.id).map_err(db_error)?;
            acts::claim(tx, &clerk(11, None), second.id).map_err(db_error)?;
            Ok((first.id, second.id))
        })
        .await;
        let gone = account(&clerk(10, None));
        assert_eq!(write(&test.db, town, move |tx| acts::release_all_of(tx, gone)).await, 1);
        // The event may be delivered twice.
        assert_eq!(write(&test.db, town, move |tx| acts::release_all_of(tx, gone)).await, 0);
        let now = |id: CaseId| {
            let db = test.db.clone();
            async move { write(&db, town, move |tx| head(tx, id)).await.unwrap() }
        };
        assert_eq!(now(mine).await.assignee, None);
        assert_eq!(now(mine).await.previous_assignee, Some(gone));
        assert_eq!(now(hers).await.assignee, Some(account(&clerk(11, None))));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_before_the_address_is_confirmed_or_after_its_end() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let id = write(&test.db, town, |tx| {
            furnish(tx)?;
            Ok(open_lamp(tx)?.id)
        })
        .await;
        let allowed = |confirm: bool, end: bool| {
            let db = test.db.clone();
            async move {
                write(&db, town, move |tx| {
                    for party in threads::parties(tx, id)? {
                        if confirm {
                            threads::confirm_party(tx, party.id)?;
                        }
                        if end {
                            threads::end_party(tx, party.id)?;
                        }
                    }
                    let mut allowed = vec![];
                    for party in threads::parties(tx, id)? {
                        let kinds = MailKind::ALL.iter().filter(|kind| may_send(&party, **kind));
                        allowed.push(kinds.copied().collect::<Vec<_>>());
                    }
                    Ok(allowed)
                })
                .await
            }
        };
        use MailKind as M;
        assert_eq!(allowed(false, false).await, [vec![M::Confirm]]);
        assert_eq!(
            allowed(true, false).await,
            [vec![M::Received, M::Answer, M::Question, M::State, M::Closed, M::Reopened]]
        );
        assert_eq!(allowed(false, true).await, [Vec::<M>::new()]);
    })
    .await;
}

#[tokio::test]
async fn facts_are_replaced_and_added() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let facts = write(&test.db, town, |tx| {
            furnish(tx)?;
            let id = open_lamp(tx)?.id;
            put_fact(tx, id, ["Auch gemeldet von", "1 weiteren Person"], ["Also reported by", "1 other"])?;
            put_fact(tx, id, ["Auch gemeldet von", "2 weiteren Personen"], ["Also reported by", "2 others"])?;
            let texts = store::texts(tx, id)?.expect("the case is there");
            let english = texts.english().facts_in(web::Lang::En, texts.facts());
            let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
            assert_eq!(english, [pair("How many?", "one"), pair("Also reported by", "2 others")]);
            Ok(texts.facts())
        })
        .await;
        assert_eq!(facts.len(), 2);
        assert_eq!(facts[1], ("Auch gemeldet von".to_owned(), "2 weiteren Personen".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_seeded_past_obeys_the_rules() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let who = account(&clerk(10, None));
        let seeded = write(&test.db, town, move |tx| {
            furnish(tx)?;
            let start = tx.now().plus_days(-40);
            let mut new = lamp(tx);
            new.at = start;
            let step = |days: i64, step: Step| SeedStep { at: start.plus_days(days), step };
            let close = Step::Close { outcome: Outcome::Resolved, reason: String::new(), text: "Leuchtet".to_owned() };
            let steps = vec![
                step(1, Step::Claim(who)),
                step(2, Step::Progress(State::Planned, "Ersatz ist bestellt".to_owned())),
                step(6, close),
                step(7, Step::Rate(5, "Danke".to_owned())),
            ];
            let seed = SeedCase { new, unit: Some(ROADS), steps };
            let (id, number) = seed_case(tx, &town_document(), &seed)?;
            assert_eq!(normalise_number(&number).as_deref(), Some("2026-10-0001"));
            head(tx, id)
        })
        .await
        .unwrap();
        assert_eq!((seeded.state, seeded.rating, seeded.unit), (State::Resolved, Some(5), ROADS));
        assert_eq!(seeded.closed_at.map(|at| at.seconds_since(seeded.opened_at)), Some(6 * 86_400));
        let wrong = test
            .db
            .write::<_, DbError>(town, |tx| {
                let steps = vec![SeedStep { at: tx.now(), step: Step::Rate(5, String::new()) }];
                seed_case(tx, &town_document(), &SeedCase { new: lamp(tx), unit: None, steps })
            })
            .await;
        assert!(wrong.is_err(), "an open case was rated");
    })
    .await;
}

#[tokio::test]
async fn every_act_leaves_an_audit_line() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let me = clerk(10, None);
        test.db
            .write::<_, DbError>(town, move |tx| {
                furnish(tx)?;
                let head = open_lamp(tx)?;
                let head = acts::claim(tx, &me, head.id).map_err(db_error)?;
                acts::withdraw(tx, head, "").map_err(db_error)
            })
            .await
            .unwrap();
        let lines = test.db.read(town, |tx| db::audit_page(tx, None, None, 50)).await.unwrap();
        let seen: Vec<(&str, &str)> = lines.iter().map(|line| (line.actor.as_str(), line.action.as_str())).collect();
        let clerk = Actor::trace(&clerk(10, None));
        assert_eq!(seen, [("visitor", "case.withdrawn"), (clerk.as_str(), "case.claimed"), ("visitor", "case.opened")]);
        assert!(lines.iter().all(|line| !line.detail.contains("anna") && !line.detail.contains("Laterne")));
    })
    .await;
}
