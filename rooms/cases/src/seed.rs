//! Cases of the past, for the demo town: replayed through the same rules as living ones, with given times, many in one
//! transaction, but without mails and events, because nobody waits for them. Not an import interface.

use crate::{
    case::{Action, CaseId, Outcome, Side, State, next},
    open::{self, NewCase},
    store::{
        self,
        threads::{self, EntryKind, NewEntry, NewParty},
    },
};
use base::{AccountId, Actor, Moment, OrgUnitId};
use db::{Audit, DbError, Tx};
use serde_json::{Value, json};
use web::Town;

/// One case with everything that happened to it.
#[derive(Clone)]
pub struct SeedCase {
    /// `new.at` is when it came in. A mail address counts as confirmed.
    pub new: NewCase,
    /// Instead of the rule's choice.
    pub unit: Option<OrgUnitId>,
    /// In the order of time.
    pub steps: Vec<SeedStep>,
}

#[derive(Clone)]
pub struct SeedStep {
    pub at: Moment,
    pub step: Step,
}

#[derive(Clone)]
pub enum Step {
    Claim(AccountId),
    Note(String),
    Answer(String),
    Ask(String),
    Reply(String),
    /// In progress, with others, planned; with a word for the citizen.
    Progress(State, String),
    Close {
        outcome: Outcome,
        reason: String,
        text: String,
    },
    Rate(i64, String),
    LookAgain(String),
    Withdraw(String),
}

impl Step {
    const fn action(&self) -> (Action, Side) {
        match self {
            Self::Claim(_) => (Action::Claim, Side::Clerk),
            Self::Note(_) => (Action::Note, Side::Clerk),
            Self::Answer(_) => (Action::Answer, Side::Clerk),
            Self::Ask(_) => (Action::Ask, Side::Clerk),
            Self::Reply(_) => (Action::Reply, Side::Citizen),
            Self::Progress(state, _) => (Action::Progress(*state), Side::Clerk),
            Self::Close { outcome, .. } => (Action::Close(*outcome), Side::Clerk),
            Self::Rate(..) => (Action::Rate, Side::Citizen),
            Self::LookAgain(_) => (Action::LookAgain, Side::Citizen),
            Self::Withdraw(_) => (Action::Withdraw, Side::Citizen),
        }
    }
}

/// Writes the case as it stands after its steps; its id and number. A step the rules refuse is a mistake in the seed.
pub fn seed_case(tx: &Tx<'_>, town: &Town, seed: &SeedCase) -> Result<(CaseId, String), DbError> {
    let (mut head, mut unit) = open::new_head(tx, town, &seed.new)?;
    if let Some(other) = seed.unit.filter(|other| *other != head.unit) {
        head.unit = other;
        unit = identity::org_unit(tx, other)?.map(|unit| unit.name).unwrap_or_default();
    }
    let mut entries = vec![];
    for step in &seed.steps {
        entries.push(replay(&mut head, step, town, &unit)?);
    }
    open::insert(tx, &head, &unit, &seed.new)?;
    for entry in &entries {
        threads::add_entry(tx, head.id, entry)?;
    }
    if seed.new.email.is_some() || seed.new.phone.is_some() {
        let party = NewParty {
            case: head.id,
            email: seed.new.email.as_ref(),
            phone: seed.new.phone.as_deref().unwrap_or_default(),
            language: seed.new.language.code(),
            at: seed.new.at,
            confirmed: true,
        };
        threads::add_party(tx, &party)?;
    }
    tx.audit(Audit {
        actor: Actor::System.trace(),
        action: "case.seeded",
        subject: head.id.to_string(),
        detail: json!({ "state": head.state.word(), "unit": head.unit.to_string() }),
    });
    Ok((head.id, head.number))
}

/// Moves the head by one step and says what the timeline keeps of it.
fn replay(head: &mut store::CaseHead, step: &SeedStep, town: &Town, unit: &str) -> Result<NewEntry, DbError> {
    let (action, side) = step.step.action();
    head.state = next(head.state, action, side)
        .map_err(|refusal| DbError::WrongShape(format!("a seeded step is refused: {action:?}, {refusal:?}")))?;
    head.changed_at = step.at;
    head.version += 1;
    head.waiting_since = matches!(step.step, Step::Ask(_)).then_some(step.at);
    let state = head.state.word();
    let mut actor = head.assignee.map_or(Actor::System.trace(), |account| format!("staff:{account}"));
    let (kind, text, visible, data) = match &step.step {
        Step::Claim(who) => {
            head.assignee = Some(*who);
            actor = format!("staff:{who}");
            (EntryKind::Claimed, "", true, json!({ "unit": unit, "state": state }))
        }
        Step::Note(text) => (EntryKind::Note, text.as_str(), false, json!({})),
        Step::Answer(text) => (EntryKind::Answer, text.as_str(), true, json!({ "unit": unit, "state": state })),
        Step::Ask(text) => (EntryKind::Question, text.as_str(), true, json!({ "unit": unit, "state": state })),
        Step::Progress(_, text) => (EntryKind::State, text.as_str(), true, json!({ "unit": unit, "state": state })),
        Step::Close { outcome, reason, text } => {
            head.outcome = Some(*outcome);
            head.outcome_reason.clone_from(reason);
            head.closed_at = Some(step.at);
            let data = json!({ "unit": unit, "outcome": outcome.word(), "reason": reason });
            (EntryKind::Closed, text.as_str(), true, data)
        }
        other => {
            actor = Actor::Visitor.trace();
            citizen_step(head, other, step.at, town, unit)
        }
    };
    Ok(NewEntry { at: step.at, version: head.version, kind, actor, text: text.to_owned(), visible, data })
}

fn citizen_step<'s>(
    head: &mut store::CaseHead,
    step: &'s Step,
    at: Moment,
    town: &Town,
    unit: &str,
) -> (EntryKind, &'s str, bool, Value) {
    match step {
        Step::Rate(rating, text) => {
            head.rating = Some((*rating).clamp(1, 5));
            head.rating_text.clone_from(text);
            (EntryKind::Rated, text, true, json!({ "rating": rating }))
        }
        Step::Withdraw(text) => {
            head.closed_at = Some(at);
            (EntryKind::Withdrawn, text, true, json!({}))
        }
        Step::Reply(text) | Step::LookAgain(text) => {
            let reopened = head.closed_at.is_some();
            if reopened {
                head.previous_assignee = head.assignee.take();
                head.closed_at = None;
                head.outcome = None;
                head.outcome_reason = String::new();
                head.rating = None;
                head.rating_text = String::new();
                head.arrived_at = at;
                head.due = town.due(at, head.working_days);
            }
            (EntryKind::Reply, text, true, json!({ "unit": unit }))
        }
        _ => (EntryKind::Remark, "", false, json!({})),
    }
}
