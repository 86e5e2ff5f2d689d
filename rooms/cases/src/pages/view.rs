//! What the citizen's pages show, as plain texts in their language. Pure: everything was read before. Here is decided
//! what is said for each state: always what happens next and by when.

use super::{Status, photos::KeptPhoto, pin_of};
use crate::{
    case::{Outcome, State},
    labels,
    store::{
        CaseHead,
        threads::{Attachment, AttachmentKind, Entry, EntryKind},
    },
    wording::in_language,
};
use web::{FormState, Page, Template, Texts, Visit, words};

#[derive(Template)]
#[template(path = "stand.html")]
pub struct EntrancePage {
    pub page: Page,
    pub form: FormState,
}

#[derive(Template)]
#[template(path = "stand-fall.html")]
pub struct StatusPage {
    pub page: Page,
    pub form: FormState,
    pub number: String,
    pub pin: String,
    pub title: String,
    /// The title has no words in another language than German.
    pub is_german: bool,
    pub tag_kind: &'static str,
    pub tag_icon: &'static str,
    pub state: &'static str,
    pub next: String,
    pub late: String,
    pub outcome: Vec<(String, String)>,
    pub asks_you: bool,
    /// Photos of an answer that came back.
    pub kept: Vec<KeptPhoto>,
    pub can_reply: bool,
    pub reopens: bool,
    pub can_withdraw: bool,
    pub can_rate: bool,
    pub offer_again: bool,
    pub rated: String,
    pub facts: Vec<(String, String)>,
    pub body: String,
    pub map: String,
    pub map_alt: String,
    pub photos: Vec<PhotoView>,
    pub entries: Vec<EntryView>,
}

pub struct PhotoView {
    pub href: String,
    pub thumb: String,
    pub label: String,
}

pub struct EntryView {
    pub class: &'static str,
    pub title: String,
    pub when: String,
    pub when_full: String,
    pub iso: String,
    pub text: String,
    pub photos: Vec<PhotoView>,
}

/// Ratings up to this offer a second look.
const BAD_RATING: i64 = 2;

impl StatusPage {
    pub(super) fn new(visit: &Visit, status: &Status, form: FormState, kept: Vec<KeptPhoto>) -> Self {
        let (t, head) = (visit.t, &status.head);
        let (tag_kind, tag_icon) = labels::state_tag(head.state);
        let (open, withdrawn) = (head.is_open(), head.state == State::Withdrawn);
        let page = visit.page(format!("{} {}", t.s("cases-status-of"), head.number));
        let page = if form.has_errors() { page.failed() } else { page };
        let may_rate = !open && !withdrawn;
        let title = in_language(t.lang, &head.title, &status.texts.english().title).to_owned();
        Self {
            page,
            form,
            number: head.number.clone(),
            pin: pin_of(visit, head),
            is_german: head.title == title,
            title,
            tag_kind,
            tag_icon,
            state: state_text(t, head.state),
            next: next_step(t, status),
            late: late(t, status),
            outcome: outcome(t, status),
            asks_you: head.state == State::WaitingCitizen,
            kept,
            can_reply: !withdrawn,
            reopens: !open,
            can_withdraw: open,
            can_rate: may_rate && head.rating.is_none(),
            offer_again: may_rate && head.rating.is_some_and(|rating| rating <= BAD_RATING),
            rated: head.rating.filter(|_| may_rate).map(|rating| rating_text(t, rating)).unwrap_or_default(),
            facts: facts(t, status),
            body: status.texts.body.clone(),
            map: map(head),
            map_alt: format!("{}: {}", t.s("cases-map"), head.place),
            photos: photos(t, head, status.attachments.iter().filter(|one| one.kind == AttachmentKind::Picture)),
            entries: status.entries.iter().map(|entry| entry_view(t, status, entry)).collect(),
        }
    }
}

fn state_text(t: &'static Texts, state: State) -> &'static str {
    t.find(&format!("cases-state-{}", state.word())).unwrap_or("")
}

fn rating_text(t: &'static Texts, rating: i64) -> String {
    t.find(&format!("kit-rating-{rating}")).unwrap_or("").to_owned()
}

fn day(t: &'static Texts, status: &Status, moment: base::Moment) -> String {
    words::date(t.lang, moment.date(), status.now.date())
}

/// What happens next and by when.
fn next_step(t: &'static Texts, status: &Status) -> String {
    let head = &status.head;
    let key = match head.state {
        State::Received => "cases-next-received",
        State::InProgress => "cases-next-in-progress",
        State::WaitingCitizen => "cases-next-waiting-citizen",
        State::CitizenAnswered => "cases-next-citizen-answered",
        State::WithOthers => "cases-next-with-others",
        State::Planned => "cases-next-planned",
        State::Reopened => "cases-next-reopened",
        State::Resolved => "cases-next-resolved",
        State::Refused => "cases-next-refused",
        State::NotResponsible => "cases-next-not-responsible",
        State::Duplicate => "cases-next-duplicate",
        State::Withdrawn => "cases-next-withdrawn",
    };
    let named = head.closed_at.unwrap_or(head.due);
    t.with(key, &[("unit", status.unit.as_str().into()), ("day", day(t, status, named).into())])
}

/// A broken promise is said, not hidden.
fn late(t: &'static Texts, status: &Status) -> String {
    let head = &status.head;
    if !head.is_open() || head.due >= status.now || head.state == State::WaitingCitizen {
        return String::new();
    }
    t.with("cases-late", &[("day", day(t, status, head.due).into())])
}

/// Result, reason, who decided: what "closed" needs so that it does not read as being sent away.
fn outcome(t: &'static Texts, status: &Status) -> Vec<(String, String)> {
    let head = &status.head;
    let Some(outcome) = head.outcome else { return vec![] };
    let mut rows = vec![(t.s("cases-outcome").to_owned(), state_text(t, outcome.state()).to_owned())];
    if !head.outcome_reason.is_empty() {
        rows.push((t.s("cases-reason").to_owned(), head.outcome_reason.clone()));
    }
    rows.push((t.s("cases-decided-by").to_owned(), status.unit.clone()));
    rows
}

fn facts(t: &'static Texts, status: &Status) -> Vec<(String, String)> {
    let head = &status.head;
    let place = [head.place.as_str(), head.district.as_str()].into_iter().filter(|part| !part.is_empty());
    let english = status.texts.english();
    let kind = in_language(t.lang, &head.category_label, &english.category_label);
    let mut facts = vec![
        (t.s("cases-number").to_owned(), head.number.clone()),
        (t.s("cases-category").to_owned(), kind.to_owned()),
        (t.s("cases-place").to_owned(), place.collect::<Vec<_>>().join(", ")),
        (t.s("cases-opened").to_owned(), words::date_time(t.lang, head.opened_at)),
        (t.s("cases-unit").to_owned(), status.unit.clone()),
    ];
    facts.extend(english.facts_in(t.lang, status.texts.facts()));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn map(head: &CaseHead) -> String {
    match (head.lat, head.lon) {
        (Some(lat), Some(lon)) => {
            format!("/karte/bild?lat={lat:.6}&lon={lon:.6}&zoom=17&w=640&h=320&pins={lat:.6},{lon:.6},ort")
        }
        _ => String::new(),
    }
}

fn photos<'a>(t: &'static Texts, head: &CaseHead, list: impl Iterator<Item = &'a Attachment>) -> Vec<PhotoView> {
    (1..)
        .zip(list)
        .map(|(position, one)| {
            let href = format!("/stand/{}/anhang/{}", head.number, one.id);
            PhotoView { thumb: format!("{href}?g=mittel"), href, label: format!("{} {position}", t.s("cases-photo")) }
        })
        .collect()
}

fn entry_view(t: &'static Texts, status: &Status, entry: &Entry) -> EntryView {
    let mine = status.attachments.iter().filter(|one| one.entry == Some(entry.id));
    let pictures = mine.filter(|one| one.kind == AttachmentKind::Picture && entry.kind != EntryKind::Opened);
    EntryView {
        class: labels::entry_class(entry.kind),
        title: entry_title(t, entry),
        when: words::when(t.lang, entry.at, status.now),
        when_full: words::date_time(t.lang, entry.at),
        iso: entry.at.rfc3339(),
        text: entry.text.clone(),
        photos: photos(t, &status.head, pictures),
    }
}

fn entry_title(t: &'static Texts, entry: &Entry) -> String {
    let unit = entry.datum("unit");
    let unit = ("unit", unit.as_str().into());
    match entry.kind {
        EntryKind::Opened => t.with("cases-entry-opened", &[unit]),
        EntryKind::Claimed => t.with("cases-entry-claimed", &[unit]),
        EntryKind::Transferred => t.with("cases-entry-transferred", &[unit]),
        EntryKind::Answer => t.with("cases-entry-answer", &[unit]),
        EntryKind::Question => t.with("cases-entry-question", &[unit]),
        EntryKind::State => State::from_word(&entry.datum("state")).map_or("", |state| state_text(t, state)).to_owned(),
        EntryKind::Closed => {
            let outcome = Outcome::from_word(&entry.datum("outcome"));
            outcome.map_or("", |outcome| state_text(t, outcome.state())).to_owned()
        }
        EntryKind::Rated => {
            let rating = entry.datum("rating").parse().unwrap_or(0);
            format!("{} {}", t.s("cases-entry-rated"), rating_text(t, rating))
        }
        EntryKind::Reopened if entry.datum("wish") == "look_again" => t.s("cases-entry-look-again").to_owned(),
        EntryKind::Reopened => t.s("cases-entry-reopened").to_owned(),
        EntryKind::Reply => t.s("cases-entry-reply").to_owned(),
        EntryKind::Withdrawn => t.s("cases-entry-withdrawn").to_owned(),
        EntryKind::AskExpired => t.s("cases-entry-ask-expired").to_owned(),
        EntryKind::Remark | EntryKind::Note | EntryKind::Released => t.s("cases-entry-remark").to_owned(),
    }
}
