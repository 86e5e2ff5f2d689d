//! Every SQL statement of this room; this file: cases, their numbers and rules. Timeline, parties and attachments are in
//! `threads`, the desk's lists in `lists`, its numbers in `figures`. No rule is decided here: `case.rs` did that before.

pub mod confirmations;
pub mod figures;
pub mod lists;
pub mod query;
pub mod threads;

use crate::{
    case::{CaseId, Outcome, State, fold},
    number,
    routing::Rule,
    wording::English,
};
use base::{AccountId, Moment, OrgUnitId};
use db::{DbError, Tx, p, record};

record! {
    /// A case without its texts: what decisions and lists need. Fields from `state` on may change.
    #[derive(Clone, PartialEq)]
    pub struct CaseHead {
        pub id: CaseId,
        pub number: String,
        pub kind: String,
        pub title: String,
        pub category: String,
        pub category_label: String,
        pub place: String,
        pub district: String,
        pub lat: Option<f64>,
        pub lon: Option<f64>,
        pub language: String,
        pub working_days: i64,
        pub priority: i64,
        pub opened_at: Moment,
        pub changed_at: Moment,
        /// Counts changes; a form carries it back.
        pub version: i64,
        pub state: State,
        pub unit: OrgUnitId,
        pub assignee: Option<AccountId>,
        pub previous_assignee: Option<AccountId>,
        pub due: Moment,
        pub due_rule: String,
        pub arrived_at: Moment,
        pub waiting_since: Option<Moment>,
        pub closed_at: Option<Moment>,
        pub outcome: Option<Outcome>,
        pub outcome_reason: String,
        pub rating: Option<i64>,
        pub rating_text: String,
    }
}

/// Titles and places can name people.
impl std::fmt::Debug for CaseHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseHead")
            .field("number", &self.number)
            .field("state", &self.state)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl CaseHead {
    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }
}

const HEAD: &str = "SELECT id, number, kind, title, category, category_label, place, district, lat, lon, language,
    working_days, priority, opened_at, changed_at, version, state, unit, assignee, previous_assignee, due, due_rule,
    arrived_at, waiting_since, closed_at, outcome, outcome_reason, rating, rating_text
    FROM cases_cases WHERE municipality = $1";

pub fn head(tx: &Tx<'_>, id: CaseId) -> Result<Option<CaseHead>, DbError> {
    tx.query_one(db::Sql::join(&[HEAD, "AND id = $2"]), p![id])
}

/// The same, and nobody else changes it before this transaction ends.
pub fn lock(tx: &Tx<'_>, id: CaseId) -> Result<Option<CaseHead>, DbError> {
    tx.unaudited("a lock changes nothing", || {
        tx.exec("UPDATE cases_cases SET version = version WHERE municipality = $1 AND id = $2", p![id])
    })?;
    head(tx, id)
}

/// `number` as stored; what people type goes through `number::normalise` first.
pub fn by_number(tx: &Tx<'_>, number: &str) -> Result<Option<CaseHead>, DbError> {
    tx.query_one(db::Sql::join(&[HEAD, "AND number = $2"]), p![number])
}

/// Number of the youngest case of a unit.
pub fn youngest_of_unit(tx: &Tx<'_>, unit: OrgUnitId) -> Result<Option<String>, DbError> {
    tx.scalar(
        "SELECT number FROM cases_cases WHERE municipality = $1 AND unit = $2 ORDER BY opened_at DESC, id DESC LIMIT 1",
        p![unit],
    )
}

record! {
    /// What the reporter sent, for the pages that show one case.
    #[derive(Clone)]
    pub struct CaseTexts {
        pub body: String,
        /// JSON list of label and value.
        pub facts: String,
        pub channel: String,
        /// JSON of `English`, or empty.
        pub english: String,
    }
}

impl CaseTexts {
    pub fn english(&self) -> English {
        serde_json::from_str(&self.english).unwrap_or_default()
    }

    pub fn facts(&self) -> Vec<(String, String)> {
        serde_json::from_str(&self.facts).unwrap_or_default()
    }
}

pub fn texts(tx: &Tx<'_>, id: CaseId) -> Result<Option<CaseTexts>, DbError> {
    tx.query_one(
        "SELECT body, facts, channel, english FROM cases_cases
         WHERE municipality = $1 AND id = $2",
        p![id],
    )
}

fn document(value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| DbError::WrongShape("facts of a case".to_owned()))
}

pub fn set_facts(tx: &Tx<'_>, id: CaseId, facts: &[(String, String)], english: &English) -> Result<u64, DbError> {
    tx.exec(
        "UPDATE cases_cases SET facts = $3, english = $4 WHERE municipality = $1 AND id = $2",
        p![id, document(&facts)?, document(english)?],
    )
}

/// The next number of the month of this day. Parallel transactions wait for each other at the counter.
pub fn next_number(tx: &Tx<'_>, at: Moment) -> Result<String, DbError> {
    let month = number::month_of(at.date());
    let counter: Option<i64> = tx.scalar(
        "INSERT INTO cases_numbers (municipality, month, last_number) VALUES ($1, $2, 1)
         ON CONFLICT (municipality, month) DO UPDATE SET last_number = cases_numbers.last_number + 1
         RETURNING last_number",
        p![month],
    )?;
    let counter = counter.ok_or_else(|| DbError::WrongShape("cases_numbers gave no number".to_owned()))?;
    Ok(number::number(&month, counter))
}

/// The texts of a new row, beside its head.
pub struct NewTexts {
    pub body: String,
    pub facts: Vec<(String, String)>,
    pub english: English,
    pub channel: String,
    /// Mail address and phone number: people search by them.
    pub contact: String,
}

/// The two columns of links are older versions'; rooms say now on the page itself what they link to.
pub fn insert(tx: &Tx<'_>, head: &CaseHead, texts: &NewTexts) -> Result<(), DbError> {
    let (facts, english) = (document(&texts.facts)?, document(&texts.english)?);
    let folded = fold(&format!(
        "{} {} {} {} {} {} {}",
        head.number, head.title, head.category_label, head.place, head.district, texts.contact, texts.body
    ));
    let h = head;
    tx.exec_later(
        "INSERT INTO cases_cases (municipality, id, number, kind, title, body, category, category_label, facts, place,
            district, lat, lon, state, is_open, unit, assignee, previous_assignee, due, due_rule, working_days, priority,
            opened_at, arrived_at, changed_at, version, waiting_since, closed_at, outcome, outcome_reason, rating,
            rating_text, language, channel, desk_link_label, desk_link_href, folded, english)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, '', '', $35, $36)",
        p![
            h.id, h.number, h.kind, h.title, texts.body, h.category, h.category_label, facts, h.place, h.district, h.lat,
            h.lon, h.state, h.is_open(), h.unit, h.assignee, h.previous_assignee, h.due, h.due_rule, h.working_days,
            h.priority, h.opened_at, h.arrived_at, h.changed_at, h.version, h.waiting_since, h.closed_at, h.outcome,
            h.outcome_reason, h.rating, h.rating_text, h.language, texts.channel, folded, english
        ],
    )
}

/// Writes what may change, if nobody changed the case since `head` was read; then `head.version` is the new one.
pub fn save(tx: &Tx<'_>, head: &mut CaseHead) -> Result<bool, DbError> {
    let h = &*head;
    let rows = tx.exec(
        "UPDATE cases_cases SET state = $4, is_open = $5, unit = $6, assignee = $7, previous_assignee = $8, due = $9,
            due_rule = $10, arrived_at = $11, waiting_since = $12, closed_at = $13, outcome = $14, outcome_reason = $15,
            rating = $16, rating_text = $17, working_days = $18, changed_at = $19, version = version + 1
         WHERE municipality = $1 AND id = $2 AND version = $3",
        p![
            h.id,
            h.version,
            h.state,
            h.is_open(),
            h.unit,
            h.assignee,
            h.previous_assignee,
            h.due,
            h.due_rule,
            h.arrived_at,
            h.waiting_since,
            h.closed_at,
            h.outcome,
            h.outcome_reason,
            h.rating,
            h.rating_text,
            h.working_days,
            tx.now()
        ],
    )?;
    head.version += 1;
    head.changed_at = tx.now();
    Ok(rows == 1)
}

/// Compare and set: gives the case to this person if it is open, nobody has it, and it still stands where it was read.
/// Of two at once one wins.
pub fn claim(tx: &Tx<'_>, id: CaseId, who: AccountId, from: State, to: State) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE cases_cases SET assignee = $3, state = $5, changed_at = $6, version = version + 1
         WHERE municipality = $1 AND id = $2 AND assignee IS NULL AND is_open AND state = $4",
        p![id, who, from, to, tx.now()],
    )?;
    Ok(rows == 1)
}

/// Open cases in this person's hands.
pub fn open_of(tx: &Tx<'_>, who: AccountId) -> Result<Vec<CaseHead>, DbError> {
    tx.query(db::Sql::join(&[HEAD, "AND assignee = $2 AND is_open"]), p![who])
}

/// Questions to citizens that nobody answered since `before`.
pub fn waiting_before(tx: &Tx<'_>, before: Moment, limit: i64) -> Result<Vec<CaseHead>, DbError> {
    tx.query(db::Sql::join(&[HEAD, "AND waiting_since < $2 ORDER BY waiting_since LIMIT $3"]), p![before, limit])
}

type RuleRow = (String, String, String, OrgUnitId, i64, i64, String);

fn rule((kind, category, district, unit, working_days, priority, note): RuleRow) -> Rule {
    Rule { kind, category, district, unit, working_days, priority, note }
}

pub fn rules(tx: &Tx<'_>) -> Result<Vec<Rule>, DbError> {
    let rows: Vec<RuleRow> = tx.query(
        "SELECT kind, category, district, unit, working_days, priority, note FROM cases_rules
         WHERE municipality = $1 ORDER BY kind, category, district",
        p![],
    )?;
    Ok(rows.into_iter().map(rule).collect())
}

/// The few rules that can fit.
pub fn rules_for(tx: &Tx<'_>, kind: &str, category: &str, district: &str) -> Result<Vec<Rule>, DbError> {
    let rows: Vec<RuleRow> = tx.query(
        "SELECT kind, category, district, unit, working_days, priority, note FROM cases_rules
         WHERE municipality = $1 AND kind = $2 AND category IN ('', $3) AND district IN ('', $4)",
        p![kind, category, district],
    )?;
    Ok(rows.into_iter().map(rule).collect())
}

/// The rule for exactly this kind, category and district is no more.
pub fn remove_rule(tx: &Tx<'_>, kind: &str, category: &str, district: &str) -> Result<(), DbError> {
    tx.exec(
        "DELETE FROM cases_rules WHERE municipality = $1 AND kind = $2 AND category = $3 AND district = $4",
        p![kind, category, district],
    )?;
    Ok(())
}

/// Inserts the rule or replaces the one for the same kind, category and district.
pub fn put_rule(tx: &Tx<'_>, rule: &Rule) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO cases_rules (municipality, kind, category, district, unit, working_days, priority, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (municipality, kind, category, district) DO UPDATE SET unit = excluded.unit,
            working_days = excluded.working_days, priority = excluded.priority, note = excluded.note",
        p![rule.kind, rule.category, rule.district, rule.unit, rule.working_days, rule.priority, rule.note],
    )?;
    Ok(())
}
