//! Lists against the one policy: over many random towns, a list shows exactly the cases that `may` allows and that
//! belong to it; counts, pages and search say the same.

use super::{SETS, account, clerk, furnish, keys, lamp, open_lamp, town_document, write};
use crate::{
    CaseHead, CaseId, State, head, open,
    store::{
        self, NewTexts, figures,
        lists::{self, CaseRow, ListKind, ListQuery, Sort},
    },
};
use base::{Actor, Chance, OrgUnitId, Permission, Scope, SeededChance, may, uuid::Uuid};
use db::{DbError, Tx, testing::on_both};
use identity::units_for;
use std::{collections::BTreeSet, sync::Arc};

const UNITS: u128 = 5;

fn unit(number: u64) -> OrgUnitId {
    OrgUnitId(Uuid::from_u128(100 + u128::from(number)))
}

/// Some cases in all kinds of situations.
fn scatter(tx: &Tx<'_>, chance: &SeededChance, people: &[Actor]) -> Result<Vec<CaseHead>, DbError> {
    let mut all = vec![];
    for _ in 0..40 {
        let opened = open(tx, &town_document(), &keys(), lamp(tx))?;
        let mut case = head(tx, opened.id)?.expect("a case that was just opened");
        case.unit = unit(chance.below(u64::try_from(UNITS).unwrap()));
        case.state = State::ALL[usize::try_from(chance.below(u64::try_from(State::ALL.len()).unwrap())).unwrap()];
        case.assignee = match chance.below(3) {
            0 => None,
            other => Some(account(&people[usize::try_from(other).unwrap() - 1])),
        };
        let hours = i64::try_from(chance.below(240)).unwrap() - 120;
        case.due = tx.now().plus_seconds(hours * 3_600);
        case.closed_at = (!case.state.is_open()).then(|| tx.now().plus_days(-i64::try_from(chance.below(30)).unwrap()));
        assert!(store::save(tx, &mut case)?);
        all.push(case);
    }
    Ok(all)
}

fn belongs(case: &CaseHead, kind: ListKind, me: &Actor, now: base::Moment) -> bool {
    let open = case.is_open();
    match kind {
        ListKind::Inbox => open && case.assignee.is_none(),
        ListKind::Mine => open && case.assignee == Some(account(me)),
        ListKind::Team => open,
        ListKind::DueToday => open && case.due.date() == now.date(),
        ListKind::Overdue => open && case.due < now,
        ListKind::Waiting => matches!(case.state, State::WaitingCitizen | State::WithOthers),
        ListKind::Done => !open,
    }
}

/// A list from its first to its last page.
fn all_pages(tx: &Tx<'_>, mut query: ListQuery) -> Result<Vec<CaseRow>, DbError> {
    query.limit = 7;
    let mut rows: Vec<CaseRow> = vec![];
    loop {
        let page = lists::list(tx, &query)?;
        let Some(last) = page.last() else { return Ok(rows) };
        query.after = Some(lists::key_of(query.kind, query.sort, last));
        rows.extend(page);
    }
}

fn check(tx: &Tx<'_>, all: &[CaseHead], actor: &Actor) -> Result<(), DbError> {
    let units = units_for(actor, Permission::CaseRead);
    let readable = |case: &CaseHead| may(actor, Permission::CaseRead, Scope::Unit(case.unit));
    let counts = lists::counts(tx, account(actor), &units)?;
    for kind in ListKind::ALL.iter().copied() {
        let expected: BTreeSet<&str> = all
            .iter()
            .filter(|case| readable(case) && belongs(case, kind, actor, tx.now()))
            .map(|case| case.number.as_str())
            .collect();
        for sort in Sort::ALL.iter().copied() {
            let query = ListQuery { sort, ..ListQuery::whole(kind, account(actor), units.clone()) };
            let rows = all_pages(tx, query.clone())?;
            assert_eq!(rows.len(), expected.len(), "{kind:?} {sort:?} shows a case twice or too few");
            let shown: BTreeSet<&str> = rows.iter().map(|row| row.number.as_str()).collect();
            assert_eq!(shown, expected, "{kind:?} {sort:?}");
            let keys: Vec<_> = rows.iter().map(|row| lists::key_of(kind, sort, row)).collect();
            let ascending = sort == Sort::Due && kind != ListKind::Done;
            assert!(keys.windows(2).all(|pair| (pair[0] < pair[1]) == ascending), "{kind:?} {sort:?} is out of order");
            let stated = ListQuery { state: Some(State::Planned), ..query };
            assert!(all_pages(tx, stated)?.iter().all(|row| row.state == State::Planned));
        }
        let counted = match kind {
            ListKind::Inbox => counts.inbox,
            ListKind::Mine => counts.mine,
            ListKind::Team => counts.team,
            ListKind::DueToday => counts.today,
            ListKind::Overdue => counts.overdue,
            ListKind::Waiting => counts.waiting,
            ListKind::Done => continue,
        };
        assert_eq!(usize::try_from(counted).unwrap(), expected.len(), "count of {kind:?}");
    }
    let found: BTreeSet<String> =
        lists::search(tx, &units, "MÜHLWEG laterne", 1_000)?.into_iter().map(|row| row.number).collect();
    let expected: BTreeSet<String> = all.iter().filter(|case| readable(case)).map(|case| case.number.clone()).collect();
    assert_eq!(found, expected, "search");
    assert!(lists::search(tx, &units, "100%_", 10)?.is_empty(), "wildcards are no letters");
    Ok(())
}

#[tokio::test]
async fn lists_counts_and_search_equal_the_policy() {
    on_both(SETS, async |test| {
        for seed in 0..6 {
            let town = test.town().await;
            let chance = Arc::new(SeededChance::new(seed));
            write(&test.db, town, move |tx| {
                furnish(tx)?;
                let some = |chance: &SeededChance| {
                    let units = (0..u64::try_from(UNITS).unwrap()).filter(|_| chance.below(2) == 1).map(unit);
                    Some(units.collect::<Vec<_>>())
                };
                let people = [clerk(10, some(&chance)), clerk(11, None), clerk(12, Some(vec![]))];
                let all = scatter(tx, &chance, &people)?;
                people.iter().try_for_each(|person| check(tx, &all, person))
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn new_cases_are_counted_from_the_moment_the_list_was_drawn() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let me = clerk(10, None);
        let inbox = ListQuery::whole(ListKind::Inbox, account(&me), units_for(&me, Permission::CaseRead));
        let drawn = write(&test.db, town, |tx| {
            furnish(tx)?;
            open(tx, &town_document(), &keys(), lamp(tx))?;
            Ok(tx.now())
        })
        .await;
        test.clock.advance_seconds(5);
        let counted = write(&test.db, town, move |tx| {
            let before = lists::arrived_since(tx, &inbox, drawn)?;
            open(tx, &town_document(), &keys(), lamp(tx))?;
            Ok((before, lists::arrived_since(tx, &inbox, drawn)?))
        })
        .await;
        assert_eq!(counted, (0, 1));
    })
    .await;
}

#[tokio::test]
async fn the_numbers_above_the_list_are_counted_not_guessed() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let me = clerk(10, None);
        let units = units_for(&me, Permission::CaseRead);
        let mine = account(&me);
        // The clock stands on Sunday 2026-11-22.
        let figures = write(&test.db, town, move |tx| {
            furnish(tx)?;
            let make = |opened: i64, due: i64, closed: Option<i64>| {
                let mut new = lamp(tx);
                new.at = tx.now().plus_days(-opened);
                let opened = open(tx, &town_document(), &keys(), new)?;
                let mut case = head(tx, opened.id)?.expect("a case that was just opened");
                case.assignee = Some(mine);
                case.due = tx.now().plus_days(-due);
                case.closed_at = closed.map(|days| tx.now().plus_days(-days));
                case.state = if closed.is_some() { State::Resolved } else { State::InProgress };
                store::save(tx, &mut case)
            };
            make(10, 3, None)?;
            make(2, -3, None)?;
            make(8, -3, Some(2))?;
            make(20, 9, Some(8))?;
            Ok::<_, DbError>((figures::mine(tx, mine, &units)?.0, figures::of_units(tx, &units)?))
        })
        .await;
        let (in_hand, figures) = figures;
        assert_eq!(in_hand.value, 2);
        assert_eq!(in_hand.course.last(), Some(&2));
        assert_eq!(figures.overdue.value, 1);
        assert_eq!(figures.overdue.course.last(), Some(&1));
        // Six and twelve days.
        assert_eq!(figures.duration.value, 9 * 86_400);
        // Since Monday only the one of Friday.
        assert_eq!(figures.done_this_week.value, 1);
        assert_eq!(figures.done_this_week.course.iter().sum::<i64>(), 2);
        assert_eq!(figures.done_this_week.course.len(), figures::DAYS);
        assert_eq!(figures.duration.course.len(), figures::WEEKS);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_offered_new_cases_that_the_filter_hides() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let me = clerk(10, None);
        let inbox = ListQuery::whole(ListKind::Inbox, account(&me), units_for(&me, Permission::CaseRead));
        write(&test.db, town, move |tx| {
            furnish(tx)?;
            open_lamp(tx)?;
            let before = tx.now().plus_seconds(-1);
            let count = |category: &str| {
                let list = ListQuery { category: category.to_owned(), ..inbox.clone() };
                lists::arrived_since(tx, &list, before)
            };
            assert_eq!((count("lamp")?, count("road")?), (1, 0));
            Ok(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn counts_stop_where_nobody_reads_them_any_more() {
    on_both(SETS, async |test| {
        let town = test.town().await;
        let me = clerk(10, None);
        let units = units_for(&me, Permission::CaseRead);
        let most = web::COUNT_MAX + 1;
        let counts = write(&test.db, town, move |tx| {
            furnish(tx)?;
            let mut head = open_lamp(tx)?;
            for copy in 0..=most {
                head.id = CaseId(tx.new_id());
                head.number = format!("copy {copy}");
                let (body, channel, contact) = (String::new(), "web".to_owned(), String::new());
                let texts = NewTexts { body, facts: vec![], channel, contact, english: crate::English::default() };
                store::insert(tx, &head, &texts)?;
            }
            lists::counts(tx, account(&me), &units)
        })
        .await;
        assert_eq!((counts.inbox, counts.team, counts.mine), (most, most, 0));
        assert_eq!((web::count_text(counts.inbox), web::count_text(1_000)), ("1.000+".to_owned(), "1.000".to_owned()));
    })
    .await;
}
