//! The manifest of a room: everything the binary and the kit need to know of it. A new room is a folder with one
//! function `room()` and one line in the binary's list.

use crate::{DeskGroup, Routes, Site, Texts, Town, Visit};
use base::{Actor, MunicipalityId, StaffActor, uuid::Uuid};
use db::{DbError, Migration, Tx};
use std::{future::Future, pin::Pin, sync::Arc};

/// What was typed and how many hits are wanted, to hits.
pub type SearchSource = fn(&Tx<'_>, &Texts, &str, i64) -> Result<Vec<SearchHit>, DbError>;

/// The secret of a session cookie to the person who holds it.
pub type Authenticate = fn(&Tx<'_>, &str) -> Result<Option<StaffActor>, DbError>;

/// Defaults (`..Room::named("x")`) are empty, so a room names only what it has.
#[derive(Clone)]
pub struct Room {
    pub name: &'static str,
    pub migrations: &'static [Migration],
    /// Fluent sources: German, English.
    pub texts: (&'static str, &'static str),
    pub routes: fn(&mut Routes),
    /// What programs may call, as JSON with `paths` and `schemas` of OpenAPI 3.1; empty if nothing.
    pub api: &'static str,
    /// Reacts to outbox events of any room, in its own transaction, each once; at most one for a kind of event.
    pub listeners: &'static [Listener],
    pub jobs: &'static [JobKind],
    /// Entries of the main navigation: path and text key.
    pub nav: &'static [(&'static str, &'static str)],
    /// Entries of the desk's left rail for this person.
    pub desk_links: DeskLinks,
    /// What else this person may do with a case that this room knows more about; nothing for any other case.
    pub case_links: CaseLinks,
    /// Area cards of the home page.
    pub cards: fn(&Texts) -> Vec<AreaCard>,
    /// "Gerade wichtig" and the like on the home page.
    pub news: fn(&Tx<'_>, &Visit) -> Result<Vec<News>, DbError>,
    /// Hits for the one search field, best first, at most `limit`.
    pub search: SearchSource,
    /// Who holds this session? Set by the room that keeps accounts.
    pub authenticate: Option<Authenticate>,
    /// Work of every half hour, per town: reminders, expiry, clean-up.
    pub upkeep: fn(&Tx<'_>, &Stage) -> Result<(), DbError>,
    /// Every upload a row of this room names: what nobody names is swept away after a day.
    pub blobs: fn(&Tx<'_>) -> Result<Vec<files::BlobId>, DbError>,
    /// Departments, categories, rules and texts of a new town.
    pub template: fn(&Tx<'_>, &Town) -> Result<(), DbError>,
    /// One example URL of every page of the room, for the demo's summary and the browser tests.
    pub demo_pages: fn(&Tx<'_>) -> Result<Vec<DemoPage>, DbError>,
}

/// What a room puts into the staff's rail for this person.
pub type DeskLinks = fn(&DeskContext<'_>) -> Result<Vec<DeskGroup>, DbError>;

/// What a room puts onto the page of this case for this person.
pub type CaseLinks = fn(&DeskContext<'_>, Uuid) -> Result<Vec<CaseLink>, DbError>;

/// A way from a case to a page of another room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLink {
    pub href: String,
    pub label: &'static str,
}

/// A page with the role it needs (`None`: everybody).
pub struct DemoPage {
    pub url: String,
    pub role: Option<&'static str>,
    pub name: &'static str,
    /// The status it answers with.
    pub status: u16,
}

impl DemoPage {
    pub fn public(url: impl Into<String>, name: &'static str) -> Self {
        Self { url: url.into(), role: None, name, status: 200 }
    }

    pub fn staff(url: impl Into<String>, role: &'static str, name: &'static str) -> Self {
        Self { url: url.into(), role: Some(role), name, status: 200 }
    }
}

/// The kit's own pages, and one that does not exist.
pub fn demo_pages() -> Vec<DemoPage> {
    vec![
        DemoPage::public("/_post", "demo-letters"),
        DemoPage { status: 404, ..DemoPage::public("/gibt-es-nicht", "not-found") },
        DemoPage::staff("/verwaltung/auftraege", "administrator", "stuck-jobs"),
    ]
}

impl Room {
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            migrations: &[],
            texts: ("", ""),
            routes: |_| {},
            api: "",
            listeners: &[],
            jobs: &[],
            nav: &[],
            desk_links: |_| Ok(vec![]),
            case_links: |_, _| Ok(vec![]),
            cards: |_| vec![],
            news: |_, _| Ok(vec![]),
            search: |_, _, _, _| Ok(vec![]),
            authenticate: None,
            upkeep: |_, _| Ok(()),
            blobs: |_| Ok(vec![]),
            template: |_, _| Ok(()),
            demo_pages: |_| Ok(vec![]),
        }
    }
}

impl Room {
    /// What this room does about an event of this kind, if anything.
    pub fn listener(&self, event: &str) -> Option<&'static Listener> {
        self.listeners.iter().find(|listener| listener.event == event)
    }
}

/// What listeners and upkeep may use besides their transaction.
#[derive(Clone)]
pub struct Stage {
    pub site: Site,
    pub town: Arc<Town>,
}

/// For the rail: who looks, from where.
pub struct DeskContext<'a> {
    pub tx: &'a Tx<'a>,
    pub actor: &'a Actor,
    pub path: &'a str,
}

pub struct Listener {
    pub event: &'static str,
    /// Runs in one transaction with the mark that this room handled the event; so its effect happens once.
    pub handle: fn(&Tx<'_>, &Stage, &serde_json::Value) -> Result<(), DbError>,
}

#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Worth trying again: the other side is away. The word goes to the list, so it carries no personal data.
    #[error("{0}")]
    Later(&'static str),
    /// Trying again will not help: a human must look.
    #[error("{0}")]
    Never(&'static str),
    #[error("the database refused")]
    Db(#[from] DbError),
}

/// One run of a job.
pub struct JobRun {
    pub site: Site,
    pub town: MunicipalityId,
    pub id: Uuid,
    pub payload: serde_json::Value,
}

type JobFuture = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// A kind of job; `run` must be safe to repeat.
pub struct JobKind {
    pub kind: &'static str,
    pub run: fn(JobRun) -> JobFuture,
}

/// A card of the home page: one area with its doors.
pub struct AreaCard {
    /// "townhall", "market" or "procurement": picks the colour.
    pub area: &'static str,
    pub icon: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    pub links: Vec<CardLink>,
}

pub struct CardLink {
    pub href: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
}

/// Something to know now.
pub struct News {
    pub icon: &'static str,
    /// "info", "warn" or "ok".
    pub kind: &'static str,
    pub title: String,
    pub text: String,
    pub href: String,
    pub link: String,
}

/// One hit of the one search.
pub struct SearchHit {
    /// Heading of its group, in the visitor's language.
    pub group: &'static str,
    pub href: String,
    pub title: String,
    pub text: String,
}
