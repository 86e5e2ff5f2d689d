//! The desk's lists and counts. One function, `narrow`, says which cases belong to a list; the list, its count and the
//! place of the next case all go through it. Invariant: a list shows a case exactly if `may(actor, CaseRead, its unit)`.

use super::{CaseHead, query::Query};
use crate::case::{CaseId, State, fold};
use base::{AccountId, Moment, OrgUnitId, stored_words};
use db::{DbError, Tx, record};
use identity::Units;
use uuid::Uuid;

stored_words!(
    /// The lists of the left rail; the word is the URL's.
    pub enum ListKind {
        /// Open and nobody's.
        Inbox = "eingang",
        Mine = "meine",
        /// Everything open.
        Team = "team",
        DueToday = "heute",
        Overdue = "ueberfaellig",
        /// For the citizen's answer or for others.
        Waiting = "wartet",
        Done = "erledigt",
    }
);

stored_words!(
    pub enum Sort {
        Due = "frist",
        Newest = "neu",
        Changed = "bewegt",
    }
);

/// Which cases, in which order, from where.
#[derive(Clone)]
pub struct ListQuery {
    pub kind: ListKind,
    pub me: AccountId,
    pub units: Units,
    /// Empty: any.
    pub category: String,
    pub district: String,
    pub state: Option<State>,
    pub sort: Sort,
    /// Sort key and id of the last row shown.
    pub after: Option<(i64, Uuid)>,
    pub limit: i64,
}

impl ListQuery {
    /// The whole list of these units from its beginning.
    pub fn whole(kind: ListKind, me: AccountId, units: Units) -> Self {
        Self {
            kind,
            me,
            units,
            category: String::new(),
            district: String::new(),
            state: None,
            sort: Sort::Due,
            after: None,
            limit: 0,
        }
    }
}

record! {
    /// One line of a list.
    #[derive(Clone)]
    pub struct CaseRow {
        pub id: CaseId,
        pub number: String,
        pub kind: String,
        pub title: String,
        pub category_label: String,
        pub place: String,
        pub district: String,
        pub state: State,
        pub unit: OrgUnitId,
        pub assignee: Option<AccountId>,
        pub priority: i64,
        pub due: Moment,
        pub opened_at: Moment,
        pub changed_at: Moment,
        pub closed_at: Option<Moment>,
    }
}

const ROW: &str =
    "SELECT id, number, kind, title, category_label, place, district, state, unit, assignee, priority, due,
    opened_at, changed_at, closed_at FROM cases_cases WHERE municipality = $1";

/// First and last instant (exclusive) of today in the town.
fn today(now: Moment) -> (Moment, Moment) {
    let day = now.date();
    (Moment::start_of(day), Moment::start_of(day.tomorrow().unwrap_or(day)))
}

/// The definition of every list.
fn narrow(q: &mut Query, list: &ListQuery, now: Moment) {
    match list.kind {
        ListKind::Done => q.text("AND closed_at IS NOT NULL"),
        _ => q.text("AND is_open"),
    };
    let (start, end) = today(now);
    match list.kind {
        ListKind::Inbox => q.text("AND assignee IS NULL"),
        ListKind::Mine => q.and("AND assignee =", list.me),
        ListKind::DueToday => q.and("AND due >=", start).and("AND due <", end),
        ListKind::Overdue => q.and("AND due <", now),
        ListKind::Waiting => q.text("AND state IN ('waiting_citizen', 'with_others')"),
        ListKind::Team | ListKind::Done => q,
    };
    q.units(&list.units);
    if !list.category.is_empty() {
        q.and("AND category =", list.category.clone());
    }
    if !list.district.is_empty() {
        q.and("AND district =", list.district.clone());
    }
    if let Some(state) = list.state {
        q.and("AND state =", state);
    }
}

/// The condition of "after this row" and the order. Finished cases have no deadline any more: theirs is the end.
fn order(list: &ListQuery) -> (&'static str, &'static str) {
    match (list.kind, list.sort) {
        (ListKind::Done, Sort::Due) => ("AND (closed_at, id) < (", "ORDER BY closed_at DESC, id DESC"),
        (_, Sort::Due) => ("AND (due, id) > (", "ORDER BY due, id"),
        (_, Sort::Newest) => ("AND (opened_at, id) < (", "ORDER BY opened_at DESC, id DESC"),
        (_, Sort::Changed) => ("AND (changed_at, id) < (", "ORDER BY changed_at DESC, id DESC"),
    }
}

/// The sort key of a row, for the link to the next page.
pub fn key_of(kind: ListKind, sort: Sort, row: &CaseRow) -> (i64, Uuid) {
    key(kind, sort, [row.due, row.opened_at, row.changed_at, row.closed_at.unwrap_or(row.changed_at)], row.id)
}

/// The same for an open case: where it stands in a list.
pub fn key_of_head(kind: ListKind, sort: Sort, head: &CaseHead) -> (i64, Uuid) {
    key(kind, sort, [head.due, head.opened_at, head.changed_at, head.closed_at.unwrap_or(head.changed_at)], head.id)
}

fn key(kind: ListKind, sort: Sort, times: [Moment; 4], id: CaseId) -> (i64, Uuid) {
    let [due, opened_at, changed_at, closed_at] = times;
    let moment = match (kind, sort) {
        (ListKind::Done, Sort::Due) => closed_at,
        (_, Sort::Due) => due,
        (_, Sort::Newest) => opened_at,
        (_, Sort::Changed) => changed_at,
    };
    (moment.micros(), id.0)
}

pub fn list(tx: &Tx<'_>, list: &ListQuery) -> Result<Vec<CaseRow>, DbError> {
    let mut q = Query::new(ROW);
    narrow(&mut q, list, tx.now());
    let (beyond, order_by) = order(list);
    if let Some((key, id)) = list.after {
        q.and(beyond, key).and(",", id).text(")");
    }
    q.text(order_by).limit(list.limit);
    q.all(tx)
}

/// Numbers of the left rail; each stops counting one above `web::COUNT_MAX`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub team: i64,
    pub inbox: i64,
    pub mine: i64,
    pub today: i64,
    pub overdue: i64,
    pub waiting: i64,
}

/// How many cases the list has, or one more than anybody reads: nobody waits for a walk over a million.
fn count(tx: &Tx<'_>, me: AccountId, units: &Units, kind: ListKind) -> Result<i64, DbError> {
    let mut q = Query::new("SELECT COUNT(*) FROM (SELECT id FROM cases_cases WHERE municipality = $1");
    narrow(&mut q, &ListQuery::whole(kind, me, units.clone()), tx.now());
    q.limit(web::COUNT_MAX + 1).text(") AS counted");
    Ok(q.scalar(tx)?.unwrap_or(0))
}

/// Finished cases are not counted, because that number grows for ever and helps nobody.
pub fn counts(tx: &Tx<'_>, me: AccountId, units: &Units) -> Result<Counts, DbError> {
    let count = |kind| count(tx, me, units, kind);
    Ok(Counts {
        team: count(ListKind::Team)?,
        inbox: count(ListKind::Inbox)?,
        mine: count(ListKind::Mine)?,
        today: count(ListKind::DueToday)?,
        overdue: count(ListKind::Overdue)?,
        waiting: count(ListKind::Waiting)?,
    })
}

/// Cases of this list that came to its units after `since` and that nobody has.
pub fn arrived_since(tx: &Tx<'_>, list: &ListQuery, since: Moment) -> Result<i64, DbError> {
    let mut q = Query::new("SELECT COUNT(*) FROM (SELECT id FROM cases_cases WHERE municipality = $1");
    narrow(&mut q, list, tx.now());
    q.and("AND assignee IS NULL AND arrived_at >", since).limit(web::COUNT_MAX + 1).text(") AS counted");
    Ok(q.scalar(tx)?.unwrap_or(0))
}

/// What open cases can be filtered by.
pub struct Choices {
    /// Word and label.
    pub categories: Vec<(String, String)>,
    pub districts: Vec<String>,
}

fn category_choices(units: &Units) -> Query {
    let mut categories = Query::new(
        "SELECT DISTINCT category, category_label FROM cases_cases
         WHERE municipality = $1 AND is_open AND category <> ''",
    );
    categories.units(units).text("ORDER BY category_label, category");
    categories
}

fn district_choices(units: &Units) -> Query {
    let mut districts =
        Query::new("SELECT DISTINCT district FROM cases_cases WHERE municipality = $1 AND is_open AND district <> ''");
    districts.units(units).text("ORDER BY district");
    districts
}

/// Both are read from an index of open cases alone, and still from its beginning to its end.
pub fn choices(tx: &Tx<'_>, units: &Units) -> Result<Choices, DbError> {
    let districts: Vec<(String,)> = district_choices(units).all(tx)?;
    let districts = districts.into_iter().map(|(district,)| district).collect();
    Ok(Choices { categories: category_choices(units).all(tx)?, districts })
}

/// How many open cases the town has, as far as `most`.
pub fn open_up_to(tx: &Tx<'_>, most: i64) -> Result<i64, DbError> {
    // By deadline: that index has open cases alone, in any other one they are looked for among all.
    let mut q =
        Query::new("SELECT COUNT(*) FROM (SELECT id FROM cases_cases WHERE municipality = $1 AND is_open ORDER BY due");
    q.limit(most).text(") AS counted");
    Ok(q.scalar(tx)?.unwrap_or(0))
}

/// How SQLite finds them.
#[cfg(test)]
pub fn plans_of_choices(tx: &Tx<'_>, units: &Units) -> Result<Vec<String>, DbError> {
    Ok(vec![category_choices(units).plan(tx)?, district_choices(units).plan(tx)?])
}

/// Words a search may have.
const WORDS_MAX: usize = 6;

/// Cases that contain every word, newest first.
pub fn search(tx: &Tx<'_>, units: &Units, text: &str, limit: i64) -> Result<Vec<CaseRow>, DbError> {
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).collect();
    if words.is_empty() {
        return Ok(vec![]);
    }
    let mut q = Query::new(ROW);
    for word in words {
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        q.and("AND folded LIKE", format!("%{escaped}%")).text("ESCAPE '\\'");
    }
    q.units(units).text("ORDER BY opened_at DESC, id DESC").limit(limit);
    q.all(tx)
}
