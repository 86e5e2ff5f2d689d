//! Which list a clerk looks at, with its filters: read from the address, written back into links and forms, so that
//! opening, answering and going on never loses the place. Pure.

use crate::{
    case::State,
    store::lists::{ListKind, ListQuery, Sort},
};
use base::{Moment, Permission, StaffActor};
use identity::Units;
use uuid::Uuid;
use web::Form;

/// Rows of one page.
pub const PAGE_ROWS: i64 = 25;

#[derive(Clone, PartialEq)]
pub struct Selection {
    pub kind: ListKind,
    pub category: String,
    pub district: String,
    pub state: Option<State>,
    pub sort: Sort,
    pub after: Option<(i64, Uuid)>,
    /// A search instead of a list.
    pub search: String,
}

impl Selection {
    /// Unknown words fall back to the inbox: an address typed by hand is no error.
    pub fn read(form: &Form) -> Self {
        let after = form
            .text("nach")
            .split_once('.')
            .and_then(|(key, id)| Some((key.parse().ok()?, Uuid::try_parse(id).ok()?)));
        Self {
            kind: ListKind::from_word(form.text("liste")).unwrap_or(ListKind::Inbox),
            category: form.text("kategorie").to_owned(),
            district: form.text("ortsteil").to_owned(),
            state: State::from_word(form.text("stand")),
            sort: Sort::from_word(form.text("sortierung")).unwrap_or(Sort::Due),
            after,
            search: form.text("q").chars().take(200).collect(),
        }
    }

    /// From the hidden field of a form in the pane.
    pub fn of_form(form: &Form) -> Self {
        Self::read(&Form::from_urlencoded(form.text("auswahl")))
    }

    pub fn is_filtered(&self) -> bool {
        !self.category.is_empty() || !self.district.is_empty() || self.state.is_some()
    }

    /// "liste=meine&sortierung=neu": what differs from the default, without the place in the list.
    pub fn query(&self) -> String {
        let mut pairs: Vec<(&str, &str)> = vec![];
        if !self.search.is_empty() {
            pairs.push(("q", &self.search));
        }
        if self.kind != ListKind::Inbox {
            pairs.push(("liste", self.kind.word()));
        }
        if !self.category.is_empty() {
            pairs.push(("kategorie", &self.category));
        }
        if !self.district.is_empty() {
            pairs.push(("ortsteil", &self.district));
        }
        if let Some(state) = self.state {
            pairs.push(("stand", state.word()));
        }
        if self.sort != Sort::Due {
            pairs.push(("sortierung", self.sort.word()));
        }
        pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect::<Vec<_>>().join("&")
    }

    /// The same with the place, for links to a case of a later page.
    pub fn query_here(&self) -> String {
        match self.after {
            Some((key, id)) => joined(&self.query(), &format!("nach={key}.{id}")),
            None => self.query(),
        }
    }

    pub fn list_href(&self) -> String {
        with_query(self.list_path(), &self.query())
    }

    /// The page of the list that this place is on.
    pub fn list_href_here(&self) -> String {
        with_query(self.list_path(), &self.query_here())
    }

    const fn list_path(&self) -> &'static str {
        if self.search.is_empty() { "/arbeit" } else { "/arbeit/suche" }
    }

    /// Where the list is drawn anew from its beginning, with the open case beside it if there is one.
    pub fn fresh_href(&self, number: Option<&str>) -> String {
        number.map_or_else(|| self.list_href(), |number| self.case_href(number))
    }

    /// Counts what came into this list after `since`.
    pub fn poll_href(&self, since: Moment) -> String {
        with_query("/arbeit/neu", &joined(&self.query(), &format!("seit={}", since.micros())))
    }

    pub fn next_href(&self, key: (i64, Uuid)) -> String {
        with_query("/arbeit", &joined(&self.query(), &format!("nach={}.{}", key.0, key.1)))
    }

    pub fn case_href(&self, number: &str) -> String {
        with_query(&format!("/arbeit/fall/{number}"), &self.query_here())
    }

    pub fn list(&self, staff: &StaffActor, units: Units) -> ListQuery {
        ListQuery {
            kind: self.kind,
            me: staff.account,
            units,
            category: self.category.clone(),
            district: self.district.clone(),
            state: self.state,
            sort: self.sort,
            after: self.after,
            limit: PAGE_ROWS + 1,
        }
    }

    pub fn title(&self) -> &'static str {
        if !self.search.is_empty() {
            return "Suche";
        }
        title(self.kind)
    }
}

pub const fn title(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Inbox => "Eingang",
        ListKind::Mine => "Meine Fälle",
        ListKind::Team => "Team",
        ListKind::DueToday => "Frist heute",
        ListKind::Overdue => "Überfällig",
        ListKind::Waiting => "Wartet auf andere",
        ListKind::Done => "Erledigt",
    }
}

/// The units whose cases this person may see.
pub fn readable(actor: &base::Actor) -> Units {
    identity::units_for(actor, Permission::CaseRead)
}

fn joined(first: &str, second: &str) -> String {
    if first.is_empty() { second.to_owned() } else { format!("{first}&{second}") }
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Percent-encodes a value of a query; letters and digits of ASCII stay.
pub fn encode(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
