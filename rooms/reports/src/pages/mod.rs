//! Citizens' pages of this room: the three steps, the receipt, the public list and report, following, complaints.
//! Handlers read the form, ask the rules, open one transaction and render; nothing here knows SQL.

pub mod check;
pub mod follow;
pub mod list;
mod overview;
pub mod photos;
pub mod place;
pub mod report;
pub mod same;
pub mod what;

use crate::{
    category::Category,
    journey::{Draft, Step},
    report::PublicState,
    store::{self, Card},
};
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};
use base::Moment;
use db::{DbError, Tx};
use uuid::Uuid;
use web::{Form, Page, PageError, Template, Texts, Visit, words};

/// One radio or option of the kit's macros.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub aside: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: String::new(), aside: String::new() }
    }
}

/// The draft a form or link names.
pub fn draft_id(form: &Form) -> Option<Uuid> {
    Uuid::try_parse(form.text("entwurf")).ok()
}

/// A fresh random id: the only key to the draft.
pub fn new_draft_id(visit: &Visit) -> Uuid {
    let mut bytes = [0; 16];
    visit.site.chance.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

pub fn step_url(step: Step, draft: Uuid) -> String {
    format!("{}?entwurf={draft}", step.path())
}

/// Where somebody says that this report is what the draft is about.
pub fn twin_url(number: &str, draft: Uuid) -> String {
    let number = percent_encoding::utf8_percent_encode(number, percent_encoding::NON_ALPHANUMERIC);
    format!("/melden/{number}/meins?entwurf={draft}")
}

/// Stores the draft under this id, or under a new one if it expired or was sent meanwhile. Says under which.
pub fn keep_draft(tx: &Tx<'_>, id: Option<Uuid>, fresh: Uuid, draft: &Draft) -> Result<Uuid, DbError> {
    if let Some(id) = id
        && store::save_draft(tx, id, draft)?
    {
        return Ok(id);
    }
    store::create_draft(tx, fresh, draft)?;
    Ok(fresh)
}

/// A report in a list or as a likely twin.
pub struct ReportCard {
    pub href: String,
    pub number: String,
    pub title: String,
    pub body: String,
    /// Place, distance, when.
    pub meta: String,
    pub opened_iso: String,
    pub state: &'static str,
    pub state_kind: &'static str,
    pub state_icon: &'static str,
    /// Empty without photo.
    pub photo: String,
    pub also: String,
}

pub fn card(t: &Texts, card: &Card, metres: Option<f64>, now: Moment) -> ReportCard {
    let state = card.public_state();
    let distance = metres.map(|m| format!("{} · ", words::distance(t.lang, m))).unwrap_or_default();
    let when = words::ago(t.lang, card.opened_at, now);
    let district = if card.district.is_empty() { String::new() } else { format!(", {}", card.district) };
    ReportCard {
        href: format!("/melden/{}", card.number),
        number: card.number.clone(),
        title: card.title.clone(),
        body: shortened(&card.body, 160),
        meta: format!("{distance}{}{district} · {when} ({})", card.place, words::short_date(card.opened_at.date())),
        opened_iso: card.opened_at.rfc3339(),
        state: state.label(t),
        state_kind: state.kind(),
        state_icon: state.icon(),
        photo: card.photo.map(|id| format!("/bild/{id}/klein.jpg")).unwrap_or_default(),
        also: also_reported(t, card.same_count),
    }
}

/// "Auch gemeldet von 3 weiteren", empty for nobody.
pub fn also_reported(t: &Texts, count: i64) -> String {
    if count == 0 { String::new() } else { t.with("reports-also", &[("count", count.into())]) }
}

/// Cut at a word, with an ellipsis.
pub fn shortened(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let cut: String = text.chars().take(characters).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{} …", cut[..end].trim_end_matches([',', ';', ' ']))
}

/// Colour of a pin: as the tag of its state.
pub const fn pin_kind(state: PublicState) -> &'static str {
    state.kind()
}

/// The label of a category in the visitor's language; its word if it is gone.
pub fn category_label<'c>(t: &Texts, categories: &'c [Category], word: &'c str) -> &'c str {
    categories.iter().find(|category| category.word == word).map_or(word, |category| category.label.of(t.lang))
}

/// A page with a heading, a sentence and a way on: thanks, confirmed, ended.
#[derive(Template)]
#[template(path = "reports-message.html")]
pub struct MessagePage {
    pub page: Page,
    pub icon: &'static str,
    pub kind: &'static str,
    pub heading: String,
    pub text: String,
    pub links: Vec<(String, String)>,
}

/// What a page of thanks is for; it comes by GET, so that reload sends nothing twice.
#[derive(Clone, Copy)]
pub enum Thanks {
    /// A mail asks whether the address is theirs.
    Asked,
    Complaint,
}

impl Thanks {
    const ALL: [Self; 2] = [Self::Asked, Self::Complaint];

    const fn word(self) -> &'static str {
        match self {
            Self::Asked => "folgen",
            Self::Complaint => "hinweis",
        }
    }

    pub fn path(self) -> String {
        format!("/melden/danke?fuer={}", self.word())
    }
}

/// Thanks after a form. Without a purpose they say nothing about what became of it: for programs that fill every field.
pub async fn thanks(visit: Visit, form: Form) -> web::Answer {
    let t = visit.t;
    let list = ("/meldungen", "reports-list-title");
    let purpose = Thanks::ALL.into_iter().find(|one| one.word() == form.text("fuer"));
    let (icon, kind, title, text, (href, link)) = match purpose {
        Some(Thanks::Asked) => ("mail", "info", "reports-asked-title", "reports-asked-text", list),
        Some(Thanks::Complaint) => {
            ("circle-check", "ok", "reports-complaint-thanks-title", "reports-complaint-thanks", list)
        }
        None => ("circle-check", "ok", "reports-thanks-title", "reports-thanks-text", ("/", "kit-to-home")),
    };
    web::render(&MessagePage {
        page: visit.page(t.s(title)),
        icon,
        kind,
        heading: t.s(title).to_owned(),
        text: t.s(text).to_owned(),
        links: vec![(href.to_owned(), t.s(link).to_owned())],
    })
}

/// A draft nobody can go on with: sent already, or expired. Says which, and where it goes on.
pub async fn draft_gone(visit: &Visit, id: Uuid) -> web::Answer {
    let t = visit.t;
    let was_sent = visit.read(move |tx| store::was_sent(tx, id)).await?;
    let (icon, heading, text) = if was_sent {
        ("circle-check", t.s("reports-draft-sent-title"), t.s("reports-draft-sent-text"))
    } else {
        ("clock", t.s("reports-draft-gone-title"), t.s("reports-draft-gone-text"))
    };
    let mut links = vec![
        (Step::Place.path().to_owned(), t.s("reports-another").to_owned()),
        ("/stand".to_owned(), t.s("reports-card-status").to_owned()),
    ];
    if was_sent {
        links.swap(0, 1);
    }
    let page = MessagePage {
        page: visit.page(heading),
        icon,
        kind: if was_sent { "ok" } else { "warn" },
        heading: heading.to_owned(),
        text: text.to_owned(),
        links,
    };
    Ok((StatusCode::GONE, Html(page.render()?)).into_response())
}

/// Mail addresses as people type them. `Err` is for the field.
pub fn read_email(text: &str) -> Result<Option<mail::EmailAddress>, mail::NoAddress> {
    if text.is_empty() { Ok(None) } else { mail::EmailAddress::parse(text).map(Some) }
}

/// The absolute page must exist: turns a look-up into 404.
pub fn found<T>(thing: Option<T>) -> Result<T, PageError> {
    thing.ok_or(PageError::NotFound)
}
