//! How a case comes into the house: unit and deadline by rule, number, timeline, parties, audit line and event, all in
//! the caller's transaction. Not here: what happens to it afterwards (`acts`).

use crate::{
    case::{CaseId, State},
    mails::{self, MailKind},
    routing::{self, Rule, RuleChoice},
    store::{
        self, CaseHead, NewTexts, confirmations,
        threads::{self, AttachmentKind, EntryKind, NewAttachment, NewEntry, NewParty, PartyId},
    },
    wording::{English, in_language},
};
use base::{Actor, Moment, OrgUnitId, Position, uuid::Uuid};
use db::{Audit, DbError, Tx};
use mail::EmailAddress;
use serde_json::json;
use web::{Keys, Lang, Town};

/// Working days where no rule speaks.
const WORKING_DAYS_DEFAULT: i64 = 10;

/// What another room hands over to open a case.
#[derive(Clone)]
pub struct NewCase {
    /// "report", "barrier", "question".
    pub kind: &'static str,
    pub title: String,
    pub body: String,
    /// The category's word; empty if the kind has none.
    pub category: String,
    pub category_label: String,
    /// Label and value, shown to the clerk and to the reporter.
    pub facts: Vec<(String, String)>,
    /// The same words for whoever reads English.
    pub english: English,
    pub place: String,
    pub district: String,
    pub position: Option<Position>,
    pub email: Option<EmailAddress>,
    pub phone: Option<String>,
    pub language: Lang,
    pub attachments: Vec<NewAttachment>,
    /// "web", "phone", "mail", "desk".
    pub channel: &'static str,
    pub at: Moment,
}

/// What the citizen's receipt says.
#[derive(Clone)]
pub struct Opened {
    pub id: CaseId,
    pub number: String,
    pub pin: String,
    pub unit: OrgUnitId,
    pub due: Moment,
    /// Why this unit and this deadline, in German words.
    pub rule: String,
}

/// Who would get such a case, by when, and why; `None` if the town has no org unit at all.
pub fn unit_for(tx: &Tx<'_>, kind: &str, category: &str, district: &str) -> Result<Option<RuleChoice>, DbError> {
    choice(tx, kind, category, category, district)
}

fn choice(
    tx: &Tx<'_>,
    kind: &str,
    category: &str,
    category_label: &str,
    district: &str,
) -> Result<Option<RuleChoice>, DbError> {
    let rules = store::rules_for(tx, kind, category, district)?;
    if let Some(rule) = routing::choose(&rules, kind, category, district)
        && let Some(named) = identity::org_unit(tx, rule.unit)?
    {
        let why = routing::explain(rule, category_label, &named.name);
        let Rule { unit, working_days, priority, .. } = *rule;
        return Ok(Some(RuleChoice { unit, unit_name: named.name, working_days, priority, why }));
    }
    let units = identity::org_units(tx)?;
    let first = units.iter().find(|unit| unit.parent.is_none()).or(units.first());
    Ok(first.map(|unit| RuleChoice {
        unit: unit.id,
        unit_name: unit.name.clone(),
        working_days: WORKING_DAYS_DEFAULT,
        priority: 0,
        why: routing::explain_fallback(&unit.name, WORKING_DAYS_DEFAULT),
    }))
}

/// The head of a case as it comes in, and the name of its unit.
pub(crate) fn new_head(tx: &Tx<'_>, town: &Town, new: &NewCase) -> Result<(CaseHead, String), DbError> {
    let chosen = choice(tx, new.kind, &new.category, &new.category_label, &new.district)?
        .ok_or_else(|| DbError::WrongShape("the town has no org unit that could take a case".to_owned()))?;
    let head = CaseHead {
        id: CaseId(tx.new_id()),
        number: store::next_number(tx, new.at)?,
        kind: new.kind.to_owned(),
        title: new.title.clone(),
        category: new.category.clone(),
        category_label: new.category_label.clone(),
        place: new.place.clone(),
        district: new.district.clone(),
        lat: new.position.map(|at| at.lat),
        lon: new.position.map(|at| at.lon),
        language: new.language.code().to_owned(),
        working_days: chosen.working_days,
        priority: chosen.priority,
        opened_at: new.at,
        changed_at: new.at,
        version: 1,
        state: State::Received,
        unit: chosen.unit,
        assignee: None,
        previous_assignee: None,
        due: town.due(new.at, chosen.working_days),
        due_rule: chosen.why,
        arrived_at: new.at,
        waiting_since: None,
        closed_at: None,
        outcome: None,
        outcome_reason: String::new(),
        rating: None,
        rating_text: String::new(),
    };
    Ok((head, chosen.unit_name))
}

/// Writes the rows of a new case: itself, its opening entry, its attachments.
pub(crate) fn insert(tx: &Tx<'_>, head: &CaseHead, unit_name: &str, new: &NewCase) -> Result<(), DbError> {
    let email = new.email.as_ref().map_or("", EmailAddress::as_str);
    let phone = new.phone.as_deref().unwrap_or_default();
    let texts = NewTexts {
        body: new.body.clone(),
        facts: new.facts.clone(),
        english: new.english.clone(),
        channel: new.channel.to_owned(),
        contact: format!("{email} {phone}"),
    };
    store::insert(tx, head, &texts)?;
    let opened = NewEntry {
        at: new.at,
        version: 1,
        kind: EntryKind::Opened,
        actor: Actor::Visitor.trace(),
        text: String::new(),
        visible: true,
        data: json!({ "unit": unit_name, "channel": new.channel }),
    };
    let entry = threads::add_entry(tx, head.id, &opened)?;
    for attachment in &new.attachments {
        threads::add_attachment(tx, head.id, Some(entry), new.at, attachment, true)?;
    }
    Ok(())
}

/// Opens a case. A mail address gets one mail that asks for its confirmation, and nothing before that.
pub fn open(tx: &Tx<'_>, town: &Town, keys: &Keys, new: NewCase) -> Result<Opened, DbError> {
    let (head, unit_name) = new_head(tx, town, &new)?;
    insert(tx, &head, &unit_name, &new)?;
    if new.email.is_some() || new.phone.is_some() {
        let party = NewParty {
            case: head.id,
            email: new.email.as_ref(),
            phone: new.phone.as_deref().unwrap_or_default(),
            language: new.language.code(),
            at: new.at,
            confirmed: false,
        };
        let party = threads::add_party(tx, &party)?;
        if let Some(email) = &new.email {
            ask_to_confirm(tx, party, email)?;
        }
    }
    tx.audit(Audit {
        actor: Actor::Visitor.trace(),
        action: "case.opened",
        subject: head.id.to_string(),
        detail: json!({ "kind": head.kind, "category": head.category, "unit": head.unit.to_string() }),
    });
    tx.emit(
        "case.opened",
        json!({ "case": head.id.to_string(), "number": head.number, "state": head.state.word(), "kind": head.kind,
                "category": head.category, "unit": head.unit.to_string() }),
    );
    let pin = pin(keys, head.id);
    Ok(Opened { id: head.id, number: head.number, pin, unit: head.unit, due: head.due, rule: head.due_rule })
}

/// Silently nothing beyond the limit: who typed the address is not told whose it is.
fn ask_to_confirm(tx: &Tx<'_>, party: PartyId, email: &EmailAddress) -> Result<(), DbError> {
    if may_ask(tx, email, party.0)? {
        mails::queue(tx, party, MailKind::Confirm, None);
    }
    Ok(())
}

/// May an address be asked for its confirmation once more? Counts all rooms together: three open questions a day.
pub fn may_ask(tx: &Tx<'_>, email: &EmailAddress, about: Uuid) -> Result<bool, DbError> {
    confirmations::take(tx, &email.folded(), about)
}

/// The question was answered: it does not count any more.
pub fn answered(tx: &Tx<'_>, about: Uuid) -> Result<(), DbError> {
    confirmations::free(tx, about)
}

/// The secret beside the number, in groups as people copy it: computed, never stored.
pub fn pin(keys: &Keys, id: CaseId) -> String {
    keys.grouped_pin("case", id.0.as_bytes())
}

/// What whoever opened a case may expect in the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    None,
    /// The address was given and waits for its confirmation.
    Asked,
    Confirmed,
}

pub fn mail_state(tx: &Tx<'_>, case: CaseId) -> Result<MailState, DbError> {
    let parties = threads::parties(tx, case)?;
    let written_to = parties.iter().find(|party| !party.email.is_empty() && party.ended_at.is_none());
    Ok(written_to.map_or(MailState::None, |party| match party.confirmed_at {
        Some(_) => MailState::Confirmed,
        None => MailState::Asked,
    }))
}

/// Sets or replaces one fact of a case ("Auch gemeldet von": "3 weiteren Personen"), in German and English. The caller
/// writes the audit line.
pub fn put_fact(tx: &Tx<'_>, case: CaseId, [label, value]: [&str; 2], english: [&str; 2]) -> Result<(), DbError> {
    let Some(texts) = store::texts(tx, case)? else { return Ok(()) };
    let (mut facts, mut words) = (texts.facts(), texts.english());
    words.facts.insert(label.to_owned(), english.map(str::to_owned).into());
    match facts.iter_mut().find(|(known, _)| known == label) {
        Some(fact) => value.clone_into(&mut fact.1),
        None => facts.push((label.to_owned(), value.to_owned())),
    }
    store::set_facts(tx, case, &facts, &words)?;
    Ok(())
}

/// This German title in the reader's language, as far as the town has English words for it.
pub fn title_in(tx: &Tx<'_>, case: CaseId, german: &str, lang: Lang) -> Result<String, DbError> {
    let own = store::head(tx, case)?.is_some_and(|head| head.title == german);
    let texts = if own && lang == Lang::En { store::texts(tx, case)? } else { None };
    let english = texts.map(|texts| texts.english().title).unwrap_or_default();
    Ok(in_language(lang, german, &english).to_owned())
}

/// A word of another room in the timeline, for example that a report is public now, or why not. `visible`: the citizen
/// reads it too.
pub fn remark(tx: &Tx<'_>, case: CaseId, actor: &Actor, text: &str, visible: bool) -> Result<(), DbError> {
    let Some(head) = store::head(tx, case)? else { return Ok(()) };
    let entry = NewEntry {
        at: tx.now(),
        version: head.version,
        kind: EntryKind::Remark,
        actor: actor.trace(),
        text: text.to_owned(),
        visible,
        data: json!({}),
    };
    threads::add_entry(tx, case, &entry)?;
    tx.audit(Audit {
        actor: actor.trace(),
        action: "case.remarked",
        subject: case.to_string(),
        detail: json!({ "visible": visible }),
    });
    Ok(())
}

/// Adds what another person sent to a case; the blob is already on disk. The desk sees it, whoever opened the case does
/// not: nobody has looked at it yet. The caller writes the audit line.
pub fn attach(tx: &Tx<'_>, case: CaseId, attachment: &NewAttachment) -> Result<(), DbError> {
    threads::add_attachment(tx, case, None, tx.now(), attachment, false)?;
    Ok(())
}

/// Pictures of a case, oldest first: for the rooms that publish them.
pub fn pictures(tx: &Tx<'_>, case: CaseId) -> Result<Vec<NewAttachment>, DbError> {
    let rows = threads::attachments(tx, case)?;
    let pictures = rows.into_iter().filter(|row| row.kind == AttachmentKind::Picture);
    Ok(pictures.map(|row| NewAttachment { blob: row.blob, name: row.name, kind: row.kind }).collect())
}
