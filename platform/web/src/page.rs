//! What a layout needs around any page: title, town, texts, navigation, display settings. Made by `Visit::page`.
//! Not the content: that is each room's own template struct with a field `page`.

use crate::{Display, Texts, Town, assets};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavLink {
    pub href: String,
    pub label: String,
    pub current: bool,
}

impl NavLink {
    pub fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into(), current: false }
    }
}

#[derive(Debug, Clone)]
pub struct FooterGroup {
    pub title: String,
    pub links: Vec<NavLink>,
}

/// Counts on a page stop one above this: whoever has more than a thousand cases needs no exact number.
pub const COUNT_MAX: i64 = 1_000;

/// "31", "1.000+".
pub fn count_text(count: i64) -> String {
    match count {
        ..COUNT_MAX => count.to_string(),
        COUNT_MAX => "1.000".to_owned(),
        _ => "1.000+".to_owned(),
    }
}

/// One entry of the desk's left rail.
#[derive(Debug, Clone)]
pub struct DeskLink {
    pub href: String,
    pub label: String,
    /// Name in the icon sprite.
    pub icon: &'static str,
    pub count: Option<i64>,
    /// What is counted, for screen readers, one and many: "Fall", "Fälle".
    pub counted: [&'static str; 2],
    /// Something is late: the count is shown in red with a word for screen readers.
    pub urgent: bool,
    pub current: bool,
}

impl DeskLink {
    pub fn count_text(&self) -> Option<String> {
        self.count.map(count_text)
    }

    pub const fn counted_text(&self) -> &'static str {
        let [one, many] = self.counted;
        if matches!(self.count, Some(1)) { one } else { many }
    }
}

#[derive(Debug, Clone)]
pub struct DeskGroup {
    pub title: String,
    pub links: Vec<DeskLink>,
}

/// The staff layout's rail and search field.
#[derive(Debug, Clone)]
pub struct DeskShell {
    pub groups: Vec<DeskGroup>,
    /// What was searched for, to keep it in the field.
    pub search: String,
    /// May this person look into cases at all? Others get no field that leads to a closed door.
    pub may_search: bool,
}

pub struct Page {
    /// Without the town's name; the layout adds it. Begins with "Fehler: " when a form came back.
    pub title: String,
    pub town: Arc<Town>,
    pub t: &'static Texts,
    pub lang: &'static str,
    pub theme: &'static str,
    pub text_size: &'static str,
    pub motion: &'static str,
    pub links: &'static str,
    pub spacing: &'static str,
    pub keys: &'static str,
    pub nav: Vec<NavLink>,
    pub footer: Vec<FooterGroup>,
    pub legal: Vec<NavLink>,
    pub staff_name: Option<String>,
    pub path: String,
    pub other_language: NavLink,
    /// A fresh once-only key for this page's POST forms.
    pub once: String,
    /// One notice after a redirect: "Gespeichert."
    pub flash: Option<&'static str>,
    pub demo: bool,
    pub scripts: Vec<&'static str>,
    pub desk: Option<DeskShell>,
}

impl Page {
    /// Has this page the desk's search field and key help?
    pub fn searches_cases(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.may_search)
    }

    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }

    pub fn icons(&self) -> &'static str {
        assets::url("icons.svg")
    }

    #[must_use]
    pub fn script(mut self, name: &'static str) -> Self {
        self.scripts.push(name);
        self
    }

    #[must_use]
    pub fn with_desk(mut self, desk: DeskShell) -> Self {
        self.desk = Some(desk);
        self.scripts.push("arbeit");
        self
    }

    /// Marks the title of a form that came back (WCAG 2.4.2 in spirit: the tab says so first).
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.title = format!("{} {}", self.t.s("kit-error-title"), self.title);
        self
    }

    pub(crate) fn display(&mut self, display: &Display) {
        self.theme = display.theme;
        self.text_size = display.text_size;
        self.motion = display.motion;
        self.links = display.links;
        self.spacing = display.spacing;
        self.keys = display.keys;
    }
}
