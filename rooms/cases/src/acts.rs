//! What people do with a case, each as one function in the caller's transaction: ask the rule, write the row if nobody
//! was faster, add to the timeline, leave an audit line, tell whoever listens. Who may is decided by the pages before;
//! no SQL and no HTTP here. Invariant: no change of state goes around `case::next`.

use crate::{
    case::{Action, CaseId, Outcome, Refusal, Side, State, next},
    mails::{self, MailKind},
    open,
    store::{
        self, CaseHead,
        threads::{self, EntryId, EntryKind, NewAttachment, NewEntry},
    },
};
use base::{AccountId, Actor, OrgUnitId};
use db::{Audit, DbError, Tx};
use serde_json::{Value, json};
use web::Town;

/// Why an act did not happen. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error("the rule refuses it")]
    Refused(Refusal),
    /// Somebody changed the case since it was read.
    #[error("the case changed meanwhile")]
    Stale,
    /// Somebody else has it.
    #[error("the case is taken")]
    Taken(Option<AccountId>),
    #[error("no such case")]
    Missing,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<Refusal> for ActError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Done = Result<CaseHead, ActError>;

/// One entry to be written with a change.
struct Line {
    kind: EntryKind,
    text: String,
    visible: bool,
    data: Value,
}

impl Line {
    fn shown(kind: EntryKind, text: &str) -> Self {
        Self { kind, text: text.to_owned(), visible: true, data: json!({}) }
    }

    fn inner(kind: EntryKind, text: &str) -> Self {
        Self { kind, text: text.to_owned(), visible: false, data: json!({}) }
    }

    fn with(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

/// Saves the changed head and everything that goes with a change; the id of the first entry.
fn commit(
    tx: &Tx<'_>,
    actor: &Actor,
    before: State,
    head: &mut CaseHead,
    action: &'static str,
    lines: Vec<Line>,
) -> Result<Option<EntryId>, ActError> {
    if !store::save(tx, head)? {
        return Err(ActError::Stale);
    }
    record(tx, actor, before, head, action, lines).map_err(ActError::Db)
}

/// Timeline, audit line and event of a change that is already in the row.
fn record(
    tx: &Tx<'_>,
    actor: &Actor,
    before: State,
    head: &CaseHead,
    action: &'static str,
    lines: Vec<Line>,
) -> Result<Option<EntryId>, DbError> {
    let mut first = None;
    for line in lines {
        let entry = NewEntry {
            at: tx.now(),
            version: head.version,
            kind: line.kind,
            actor: actor.trace(),
            text: line.text,
            visible: line.visible,
            data: line.data,
        };
        let id = threads::add_entry(tx, head.id, &entry)?;
        first.get_or_insert(id);
    }
    tx.audit(Audit {
        actor: actor.trace(),
        action,
        subject: head.id.to_string(),
        detail: json!({ "state": head.state.word(), "unit": head.unit.to_string(), "version": head.version }),
    });
    if before != head.state {
        emit(tx, "case.state", head);
        match head.state {
            State::Withdrawn => emit(tx, "case.withdrawn", head),
            state if !state.is_open() => emit(tx, "case.closed", head),
            _ => {}
        }
    }
    Ok(first)
}

fn emit(tx: &Tx<'_>, kind: &'static str, head: &CaseHead) {
    let payload = json!({ "case": head.id.to_string(), "number": head.number, "state": head.state.word(),
                          "kind": head.kind, "category": head.category });
    tx.emit(kind, payload);
}

fn unit_name(tx: &Tx<'_>, unit: OrgUnitId) -> Result<String, DbError> {
    Ok(identity::org_unit(tx, unit)?.map(|unit| unit.name).unwrap_or_default())
}

fn data_of_unit(tx: &Tx<'_>, head: &CaseHead) -> Result<Value, DbError> {
    Ok(json!({ "unit": unit_name(tx, head.unit)?, "state": head.state.word() }))
}

/// Whoever works on a case nobody has, has it.
fn take_if_free(actor: &Actor, head: &mut CaseHead) {
    if head.assignee.is_none() {
        head.assignee = actor.staff().map(|staff| staff.account);
    }
}

/// Gives the case to the acting person. Of two at once one wins; the other learns who.
pub fn claim(tx: &Tx<'_>, actor: &Actor, id: CaseId) -> Done {
    let before = store::head(tx, id)?.ok_or(ActError::Missing)?;
    let me = actor.staff().map(|staff| staff.account).ok_or(Refusal::NotYours)?;
    let state = next(before.state, Action::Claim, Side::Clerk)?;
    if !store::claim(tx, id, me, before.state, state)? {
        let now = store::head(tx, id)?.ok_or(ActError::Missing)?;
        return Err(match (now.is_open(), now.assignee) {
            (false, _) => Refusal::IsClosed.into(),
            (true, Some(holder)) => ActError::Taken(Some(holder)),
            (true, None) => ActError::Stale,
        });
    }
    let head = store::head(tx, id)?.ok_or(ActError::Missing)?;
    let line = Line::shown(EntryKind::Claimed, "").with(data_of_unit(tx, &head)?);
    record(tx, actor, before.state, &head, "case.claimed", vec![line])?;
    Ok(head)
}

/// Puts the case back into its unit's inbox.
pub fn release(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead) -> Done {
    let before = head.state;
    head.state = next(before, Action::Release, Side::Clerk)?;
    head.previous_assignee = head.assignee.take();
    head.arrived_at = tx.now();
    commit(tx, actor, before, &mut head, "case.released", vec![Line::inner(EntryKind::Released, "")])?;
    Ok(head)
}

/// Hands the case to another unit. The citizen learns to whom; the reason stays inside.
pub fn transfer(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead, to: OrgUnitId, reason: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Transfer, Side::Clerk)?;
    let (from, from_id, to_name) = (unit_name(tx, head.unit)?, head.unit.to_string(), unit_name(tx, to)?);
    head.unit = to;
    head.previous_assignee = head.assignee.take();
    head.arrived_at = tx.now();
    head.waiting_since = None;
    let lines = vec![
        Line::shown(EntryKind::Transferred, "").with(json!({ "from": from, "from_id": from_id, "unit": to_name })),
        Line::inner(EntryKind::Note, reason),
    ];
    commit(tx, actor, before, &mut head, "case.transferred", lines)?;
    emit(tx, "case.transferred", &head);
    Ok(head)
}

/// An internal note.
pub fn note(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Note, Side::Clerk)?;
    commit(tx, actor, before, &mut head, "case.noted", vec![Line::inner(EntryKind::Note, text)])?;
    Ok(head)
}

/// An answer to the citizen; the case stays open.
pub fn answer(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Answer, Side::Clerk)?;
    take_if_free(actor, &mut head);
    let line = Line::shown(EntryKind::Answer, text).with(data_of_unit(tx, &head)?);
    let entry = commit(tx, actor, before, &mut head, "case.answered", vec![line])?;
    emit(tx, "case.answered", &head);
    mails::tell(tx, head.id, MailKind::Answer, entry)?;
    Ok(head)
}

/// A question to the citizen.
pub fn ask(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Ask, Side::Clerk)?;
    head.waiting_since = Some(tx.now());
    take_if_free(actor, &mut head);
    let line = Line::shown(EntryKind::Question, text).with(data_of_unit(tx, &head)?);
    let entry = commit(tx, actor, before, &mut head, "case.asked", vec![line])?;
    mails::tell(tx, head.id, MailKind::Question, entry)?;
    Ok(head)
}

/// Says where the work stands; `text` (may be empty) is for the citizen.
pub fn progress(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead, to: State, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Progress(to), Side::Clerk)?;
    head.waiting_since = None;
    take_if_free(actor, &mut head);
    let line = Line::shown(EntryKind::State, text).with(data_of_unit(tx, &head)?);
    let entry = commit(tx, actor, before, &mut head, "case.progressed", vec![line])?;
    if before != head.state {
        mails::tell(tx, head.id, MailKind::State, entry)?;
    }
    Ok(head)
}

/// Answers and closes. `reason` is empty only for "resolved"; the pages see to that with a message at the field.
pub fn close(tx: &Tx<'_>, actor: &Actor, mut head: CaseHead, outcome: Outcome, reason: &str, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Close(outcome), Side::Clerk)?;
    take_if_free(actor, &mut head);
    head.outcome = Some(outcome);
    reason.clone_into(&mut head.outcome_reason);
    head.closed_at = Some(tx.now());
    head.waiting_since = None;
    let unit = unit_name(tx, head.unit)?;
    let data = json!({ "unit": unit, "outcome": outcome.word(), "reason": reason });
    let line = Line::shown(EntryKind::Closed, text).with(data);
    let entry = commit(tx, actor, before, &mut head, "case.closed", vec![line])?;
    mails::tell(tx, head.id, MailKind::Closed, entry)?;
    Ok(head)
}

/// Clears the end and puts the case back into the list; the last person is remembered as a hint, not as a burden.
fn open_again(tx: &Tx<'_>, town: &Town, head: &mut CaseHead) {
    head.previous_assignee = head.assignee.take().or(head.previous_assignee);
    head.closed_at = None;
    head.outcome = None;
    head.outcome_reason = String::new();
    head.rating = None;
    head.rating_text = String::new();
    head.arrived_at = tx.now();
    head.waiting_since = None;
    head.due = town.due(tx.now(), head.working_days);
}

/// The office takes a closed case up again; `reason` stays inside.
pub fn reopen(tx: &Tx<'_>, town: &Town, actor: &Actor, mut head: CaseHead, reason: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Reopen, Side::Clerk)?;
    open_again(tx, town, &mut head);
    let lines =
        vec![Line::shown(EntryKind::Reopened, "").with(data_of_unit(tx, &head)?), Line::inner(EntryKind::Note, reason)];
    let entry = commit(tx, actor, before, &mut head, "case.reopened", lines)?;
    mails::tell(tx, head.id, MailKind::Reopened, entry)?;
    Ok(head)
}

/// The citizen writes. On a closed case this opens it again, so that no word reaches nobody.
pub fn reply(tx: &Tx<'_>, town: &Town, mut head: CaseHead, text: &str, files: &[NewAttachment]) -> Done {
    let before = head.state;
    head.state = next(before, Action::Reply, Side::Citizen)?;
    head.waiting_since = None;
    let mut lines = vec![Line::shown(EntryKind::Reply, text)];
    if !before.is_open() {
        open_again(tx, town, &mut head);
        lines.push(Line::shown(EntryKind::Reopened, "").with(data_of_unit(tx, &head)?));
    }
    let entry = commit(tx, &Actor::Visitor, before, &mut head, "case.replied", lines)?;
    for file in files {
        threads::add_attachment(tx, head.id, entry, tx.now(), file, true)?;
    }
    Ok(head)
}

/// Another program hands on what its sender says: the sender's own reply. Where the case is over and the program calls
/// it over too, nothing is asked of anybody, so only the desk reads it. False: the case was withdrawn.
pub fn hand_on(tx: &Tx<'_>, town: &Town, case: CaseId, text: &str, is_end: bool) -> Result<bool, DbError> {
    let Some(head) = store::lock(tx, case)? else { return Ok(false) };
    if is_end && !head.state.is_open() {
        open::remark(tx, case, &Actor::Visitor, text, false)?;
        return Ok(true);
    }
    match reply(tx, town, head, text, &[]) {
        Ok(_) => Ok(true),
        Err(ActError::Db(error)) => Err(error),
        Err(ActError::Refused(_) | ActError::Missing | ActError::Stale | ActError::Taken(_)) => Ok(false),
    }
}

/// The citizen takes it back.
pub fn withdraw(tx: &Tx<'_>, mut head: CaseHead, reason: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Withdraw, Side::Citizen)?;
    head.closed_at = Some(tx.now());
    head.waiting_since = None;
    let line = Line::shown(EntryKind::Withdrawn, reason);
    commit(tx, &Actor::Visitor, before, &mut head, "case.withdrawn", vec![line])?;
    Ok(head)
}

/// The citizen says how content they are, once per closing.
pub fn rate(tx: &Tx<'_>, mut head: CaseHead, rating: i64, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::Rate, Side::Citizen)?;
    if head.rating.is_some() {
        return Err(Refusal::AlreadyRated.into());
    }
    head.rating = Some(rating.clamp(1, 5));
    text.clone_into(&mut head.rating_text);
    let line = Line::shown(EntryKind::Rated, text).with(json!({ "rating": rating }));
    commit(tx, &Actor::Visitor, before, &mut head, "case.rated", vec![line])?;
    Ok(head)
}

/// The citizen is not content: the case comes back to the list.
pub fn look_again(tx: &Tx<'_>, town: &Town, mut head: CaseHead, text: &str) -> Done {
    let before = head.state;
    head.state = next(before, Action::LookAgain, Side::Citizen)?;
    open_again(tx, town, &mut head);
    let mut lines = vec![Line::shown(EntryKind::Reopened, "").with(json!({ "wish": "look_again" }))];
    if !text.is_empty() {
        lines.insert(0, Line::shown(EntryKind::Reply, text));
    }
    commit(tx, &Actor::Visitor, before, &mut head, "case.look_again", lines)?;
    Ok(head)
}

/// Nobody answered the question: the case moves on without it.
pub fn expire_question(tx: &Tx<'_>, mut head: CaseHead) -> Done {
    let before = head.state;
    head.state = next(before, Action::AskExpired, Side::System)?;
    head.waiting_since = None;
    let line = Line::shown(EntryKind::AskExpired, "");
    commit(tx, &Actor::System, before, &mut head, "case.ask_expired", vec![line])?;
    Ok(head)
}

/// A person left or was locked: their open cases go back to the inboxes.
pub fn release_all_of(tx: &Tx<'_>, who: AccountId) -> Result<usize, DbError> {
    let cases = store::open_of(tx, who)?;
    let count = cases.len();
    for head in cases {
        match release(tx, &Actor::System, head) {
            Ok(_) => {}
            Err(ActError::Db(error)) => return Err(error),
            // Somebody changed it in between; the next delivery of the event sees it anew.
            Err(_) => return Err(DbError::Busy),
        }
    }
    Ok(count)
}
