//! The open case beside the list: facts, files, timeline, and the forms of the clerk. Pure: everything was read before.
//! Invariant: what a clerk typed comes back with every answer, also when a colleague was faster.

use super::{
    Opened, account_of,
    selection::Selection,
    view::{Choice, time, who},
};
use crate::{
    case::{Outcome, State},
    labels, routing,
    store::threads::{Attachment, AttachmentKind, Entry, EntryKind, Party},
};
use base::{AccountId, Moment};
use std::collections::HashMap;
use web::{CaseLink, FormState, Lang, words};

/// A message at the top of the case.
#[derive(Clone)]
pub struct Alert {
    pub kind: &'static str,
    pub icon: &'static str,
    pub title: String,
    pub text: String,
}

impl Alert {
    pub fn warn((title, text): (String, String)) -> Self {
        Self { kind: "warn", icon: "triangle-alert", title, text }
    }

    pub fn done(title: &str, text: &str) -> Self {
        Self { kind: "ok", icon: "circle-check", title: title.to_owned(), text: text.to_owned() }
    }
}

/// What comes back into the pane after a press that did not go through.
#[derive(Default)]
pub struct PaneForm {
    pub state: FormState,
    pub alert: Option<Alert>,
    /// The version the clerk's form was made from: newer entries are shown as news.
    pub seen: Option<i64>,
}

pub struct PaneView {
    pub number: String,
    pub title: String,
    pub version: i64,
    pub selection: String,
    pub tag_kind: &'static str,
    pub tag_icon: &'static str,
    pub tag_text: String,
    pub state_kind: &'static str,
    pub state_icon: &'static str,
    pub state: &'static str,
    pub facts: Vec<(String, String)>,
    /// Unit, deadline and the rule behind them.
    pub reasons: Vec<(String, String)>,
    pub body: String,
    pub links: Vec<CaseLink>,
    pub map: String,
    pub map_alt: String,
    pub photos: Vec<FileView>,
    pub files: Vec<FileView>,
    pub entries: Vec<EntryView>,
    pub alert: Option<Alert>,
    pub form: FormState,
    /// Words for fields that the case in its new state has no more: id, label, text.
    pub unsent: Vec<(&'static str, &'static str, String)>,
    /// Where the list goes on: on a phone it is a page of its own.
    pub back_href: String,
    pub back_label: String,
    pub may_work: bool,
    pub is_open: bool,
    pub is_mine: bool,
    pub is_free: bool,
    pub hint: String,
    pub can_tell: &'static str,
    pub units: Vec<Choice>,
    pub outcomes: Vec<Choice>,
    pub progress: Vec<Choice>,
    pub modules: Vec<Choice>,
    pub fold_transfer: bool,
    pub fold_note: bool,
    pub fold_state: bool,
}

pub struct FileView {
    pub href: String,
    pub thumb: String,
    pub label: String,
}

pub struct EntryView {
    pub class: &'static str,
    pub title: String,
    pub who: String,
    pub when: String,
    pub when_full: String,
    pub iso: String,
    pub text: String,
    pub inner: bool,
    pub is_new: bool,
    pub photos: Vec<FileView>,
}

impl PaneView {
    pub(super) fn new(
        selection: &Selection,
        opened: &Opened,
        names: &HashMap<AccountId, String>,
        me: Option<AccountId>,
        now: Moment,
        form: &PaneForm,
    ) -> Self {
        let head = &opened.head;
        let tag = labels::deadline_in_full(head.due, head.closed_at, now);
        let (state_kind, state_icon) = labels::state_tag(head.state);
        let (photos, files) = first_files(opened);
        let entries = opened.entries.iter().map(|entry| entry_view(entry, opened, names, me, now, form.seen)).collect();
        let has = |field: &str| !form.state.value(field).is_empty() || form.state.error(field).is_some();
        Self {
            number: head.number.clone(),
            title: head.title.clone(),
            version: head.version,
            selection: selection.query_here(),
            tag_kind: tag.kind,
            tag_icon: tag.icon,
            tag_text: tag.text,
            state_kind,
            state_icon,
            state: labels::state(head.state),
            facts: facts(opened, names, me, now),
            reasons: reasons(opened),
            body: opened.texts.body.clone(),
            links: opened.links.clone(),
            map: map(head.lat, head.lon),
            map_alt: format!("Karte mit Markierung: {}", head.place),
            photos,
            files,
            entries,
            alert: form.alert.clone(),
            form: form.state.clone(),
            unsent: unsent(&form.state, head.is_open()),
            back_href: format!("{}#{}", selection.list_href_here(), row_id(&head.number)),
            back_label: selection.title().to_owned(),
            may_work: opened.may_work,
            is_open: head.is_open(),
            is_mine: head.assignee.is_some() && head.assignee == me,
            is_free: head.assignee.is_none(),
            hint: hint(opened, names, me),
            can_tell: can_tell(&opened.parties),
            units: opened
                .units
                .iter()
                .filter(|unit| unit.id != head.unit)
                .map(|unit| Choice::new(unit.id.to_string(), &unit.name))
                .collect(),
            outcomes: Outcome::ALL
                .iter()
                .map(|outcome| Choice::new(outcome.word(), labels::outcome(*outcome)))
                .collect(),
            progress: [State::InProgress, State::WithOthers, State::Planned]
                .map(|state| Choice::new(state.word(), labels::state(state)))
                .to_vec(),
            modules: labels::TEXT_MODULES.iter().map(|one| Choice::new(one.word, one.label)).collect(),
            fold_transfer: has("amt") || has("weitergabe"),
            fold_note: has("notiz"),
            fold_state: has("neuer-stand") || has("stand-text"),
        }
    }
}

/// The anchor of a case in the list.
pub fn row_id(number: &str) -> String {
    format!("fall-{number}")
}

/// The fields of the pane that hold words, with what they are called there and whether a closed case has them.
pub const TEXTS: [(&str, &str, bool); 6] = [
    ("antwort", "Ihre Antwort", false),
    ("grund", "Grund", false),
    ("stand-text", "Satz für die meldende Person", false),
    ("weitergabe", "Warum weitergeben", false),
    ("wieder", "Warum wieder aufnehmen", true),
    ("notiz", "Notiz", true),
];

/// A case that was closed or opened meanwhile has other fields: what was typed into the old ones is shown beside them.
fn unsent(form: &FormState, is_open: bool) -> Vec<(&'static str, &'static str, String)> {
    let gone = |field: &str, when_closed: bool| if is_open { field == "wieder" } else { !when_closed };
    let texts = TEXTS.iter().filter(|(field, _, when_closed)| gone(field, *when_closed));
    let texts = texts.map(|(field, label, _)| (*field, *label, form.value(field).to_owned()));
    texts.filter(|(.., text)| !text.trim().is_empty()).collect()
}

/// The town's own picture of the place; empty without a position.
fn map(lat: Option<f64>, lon: Option<f64>) -> String {
    match (lat, lon) {
        (Some(lat), Some(lon)) => {
            format!("/karte/bild?lat={lat:.6}&lon={lon:.6}&zoom=17&w=640&h=320&pins={lat:.6},{lon:.6},ort")
        }
        _ => String::new(),
    }
}

fn facts(
    opened: &Opened,
    names: &HashMap<AccountId, String>,
    me: Option<AccountId>,
    now: Moment,
) -> Vec<(String, String)> {
    let head = &opened.head;
    let place = [head.place.as_str(), head.district.as_str()].into_iter().filter(|part| !part.is_empty());
    let kind = routing::kind_label(&head.kind);
    let mut facts = vec![
        ("Fall".to_owned(), format!("{kind} {}", head.number)),
        ("Ort".to_owned(), place.collect::<Vec<_>>().join(", ")),
        ("Kategorie".to_owned(), head.category_label.clone()),
        (
            "Gemeldet".to_owned(),
            format!("{} {}", words::when(Lang::De, head.opened_at, now), labels::channel(&opened.texts.channel)),
        ),
    ];
    facts.extend(opened.texts.facts());
    let reporter = opened.parties.iter().find(|party| party.ended_at.is_none());
    if let Some(reporter) = reporter {
        let unconfirmed = if reporter.confirmed_at.is_none() { " (nicht bestätigt)" } else { "" };
        if !reporter.email.is_empty() {
            facts.push(("E-Mail".to_owned(), format!("{}{unconfirmed}", reporter.email)));
        }
        facts.push(("Telefon".to_owned(), reporter.phone.clone()));
    }
    facts.push(("Bearbeitung".to_owned(), who(head.assignee, me, names)));
    if let Some(rating) = head.rating {
        facts.push(("Bewertung".to_owned(), format!("{rating} von 5. {}", head.rating_text)));
    }
    facts.retain(|(_, value)| !value.trim().is_empty());
    facts
}

fn reasons(opened: &Opened) -> Vec<(String, String)> {
    vec![
        ("Amt".to_owned(), opened.unit_name.clone()),
        ("Frist".to_owned(), words::date_time(Lang::De, opened.head.due)),
        ("Warum hier?".to_owned(), opened.head.due_rule.clone()),
    ]
}

/// Who had it before, when it came back.
fn hint(opened: &Opened, names: &HashMap<AccountId, String>, me: Option<AccountId>) -> String {
    match (opened.head.assignee, opened.head.previous_assignee) {
        (None, Some(previous)) if opened.head.is_open() => {
            format!("Zuletzt bearbeitet von: {}", who(Some(previous), me, names))
        }
        _ => String::new(),
    }
}

/// How the answer reaches the person.
fn can_tell(parties: &[Party]) -> &'static str {
    let reporter = parties.iter().find(|party| party.ended_at.is_none());
    match reporter {
        Some(party) if !party.email.is_empty() && party.confirmed_at.is_some() => {
            "Die Antwort geht per E-Mail und steht auf der Statusseite."
        }
        Some(party) if !party.phone.is_empty() => {
            "Die Antwort steht auf der Statusseite. Eine bestätigte E-Mail-Adresse gibt es nicht, aber eine Telefonnummer."
        }
        _ => "Die Antwort steht auf der Statusseite. Die Person sieht sie dort mit Nummer und PIN.",
    }
}

fn file_view(attachment: &Attachment, position: usize) -> FileView {
    let href = format!("/arbeit/anhang/{}", attachment.id);
    let label = if attachment.name.is_empty() { format!("Foto {position}") } else { attachment.name.clone() };
    FileView { thumb: format!("{href}?g=mittel"), href, label }
}

/// Is this a picture that a later entry of the timeline shows?
fn belongs_to(attachment: &Attachment, entry: &Entry) -> bool {
    entry.kind != EntryKind::Opened && attachment.kind == AttachmentKind::Picture && attachment.entry == Some(entry.id)
}

/// Photos and other files that came with the case or were added to it as a whole; every picture is shown once.
fn first_files(opened: &Opened) -> (Vec<FileView>, Vec<FileView>) {
    let later = |attachment: &&Attachment| opened.entries.iter().any(|entry| belongs_to(attachment, entry));
    let (photos, files): (Vec<_>, Vec<_>) = opened
        .attachments
        .iter()
        .filter(|attachment| !later(attachment))
        .partition(|attachment| attachment.kind == AttachmentKind::Picture);
    let view = |list: Vec<&Attachment>| (1..).zip(list).map(|(position, one)| file_view(one, position)).collect();
    (view(photos), view(files))
}

fn entry_view(
    entry: &Entry,
    opened: &Opened,
    names: &HashMap<AccountId, String>,
    me: Option<AccountId>,
    now: Moment,
    seen: Option<i64>,
) -> EntryView {
    let (when, when_full, iso) = time(entry.at, now);
    let photos = opened.attachments.iter().filter(|attachment| belongs_to(attachment, entry));
    EntryView {
        class: labels::entry_class(entry.kind),
        title: labels::entry(entry),
        who: account_of(&entry.actor).map(|account| who(Some(account), me, names)).unwrap_or_default(),
        when,
        when_full,
        iso,
        text: entry.text.clone(),
        inner: !entry.visible,
        is_new: seen.is_some_and(|seen| entry.version > seen),
        photos: (1..).zip(photos).map(|(position, one)| file_view(one, position)).collect(),
    }
}
