//! What the template of the desk shows: the list, its filters and the numbers above it, as plain texts. Pure: everything
//! was read before. The pane is built in `pane`.

use super::{
    Desk,
    pane::{PaneForm, PaneView, row_id},
    selection::{PAGE_ROWS, Selection, readable},
};
use crate::{
    case::State,
    labels, routing,
    store::{
        figures::Figure,
        lists::{self, CaseRow, ListKind, Sort},
    },
};
use base::{AccountId, Moment};
use identity::Units;
use std::collections::HashMap;
use web::{Form, FormState, Lang, Page, Template, Visit, words};

#[derive(Template)]
#[template(path = "arbeit.html")]
pub struct DeskPage {
    pub page: Page,
    pub tiles: Vec<Tile>,
    pub list: ListView,
    pub pane: Option<PaneView>,
}

/// What the row of keys names: with a case open, only what this case allows.
impl DeskPage {
    fn offers_note(&self) -> bool {
        self.pane.as_ref().is_none_or(|pane| pane.may_work)
    }

    fn offers_answer(&self) -> bool {
        self.pane.as_ref().is_none_or(|pane| pane.may_work && pane.is_open)
    }

    fn offers_take(&self) -> bool {
        self.pane.as_ref().is_none_or(|pane| pane.may_work && pane.is_open && pane.is_free)
    }
}

/// An option of a select.
#[derive(Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

pub struct Tile {
    pub value: String,
    pub label: String,
    pub kind: &'static str,
    /// The course in words.
    pub course: String,
    pub line: String,
    pub area: String,
}

pub struct ListView {
    pub title: String,
    pub rows: Vec<RowView>,
    pub more: String,
    /// Address that counts new cases; empty where none can come.
    pub poll: String,
    /// The page with them.
    pub fresh: String,
    pub filters: FormState,
    pub list_word: &'static str,
    pub is_search: bool,
    pub is_filtered: bool,
    pub reset: String,
    pub categories: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub states: Vec<Choice>,
    pub sorts: Vec<Choice>,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub due_head: &'static str,
}

pub struct RowView {
    pub id: String,
    pub href: String,
    pub title: String,
    pub kind: &'static str,
    pub number: String,
    pub place: String,
    pub tag_kind: &'static str,
    pub tag_icon: &'static str,
    pub tag_text: String,
    pub due_iso: String,
    pub due_full: String,
    /// The day in figures, where the tag says only how long ago it was.
    pub due_day: String,
    pub state: &'static str,
    pub who: String,
    pub current: bool,
    pub urgent: bool,
}

impl DeskPage {
    pub(super) fn new(visit: &Visit, selection: &Selection, desk: Desk, form: &PaneForm) -> Self {
        let me = visit.actor.staff().map(|staff| staff.account);
        let current = desk.opened.as_ref().map(|opened| opened.head.number.clone());
        let list = list_view(selection, &desk, me, current.as_deref());
        let tiles = tiles(&desk, whose(&readable(&visit.actor)));
        let pane = desk.opened.as_ref().map(|opened| PaneView::new(selection, opened, &desk.names, me, desk.now, form));
        let title = match &pane {
            Some(pane) => format!("{}, {}", pane.title, list.title),
            None => list.title.clone(),
        };
        let page = visit.page(title).with_desk(desk.shell);
        let page = if form.state.has_errors() { page.failed() } else { page };
        Self { page, tiles, list, pane }
    }
}

/// "Sie", a name, or "frei".
pub fn who(assignee: Option<AccountId>, me: Option<AccountId>, names: &HashMap<AccountId, String>) -> String {
    match assignee {
        None => "frei".to_owned(),
        some if some == me => "Sie".to_owned(),
        Some(other) => names.get(&other).cloned().unwrap_or_else(|| "eine andere Person".to_owned()),
    }
}

fn row_view(
    row: &CaseRow,
    selection: &Selection,
    desk: &Desk,
    me: Option<AccountId>,
    current: Option<&str>,
) -> RowView {
    let tag = labels::deadline(row.due, row.closed_at, desk.now);
    let shown = row.closed_at.unwrap_or(row.due);
    let place = [row.place.as_str(), row.district.as_str()].into_iter().filter(|part| !part.is_empty());
    let is_near = shown.plus_days(1).date() >= desk.now.date();
    RowView {
        id: row_id(&row.number),
        // On a phone the rail and the search stand above the case: the link leads past them.
        href: format!("{}#pane", selection.case_href(&row.number)),
        title: row.title.clone(),
        kind: routing::kind_label(&row.kind),
        number: row.number.clone(),
        place: place.collect::<Vec<_>>().join(", "),
        tag_kind: tag.kind,
        tag_icon: tag.icon,
        tag_text: tag.text,
        due_iso: shown.rfc3339(),
        due_full: words::date_time(Lang::De, shown),
        due_day: if tag.kind == "danger" && !is_near { words::short_date(shown.date()) } else { String::new() },
        state: labels::state(row.state),
        who: who(row.assignee, me, &desk.names),
        current: current == Some(row.number.as_str()),
        urgent: row.priority > 0 && row.closed_at.is_none(),
    }
}

fn list_view(selection: &Selection, desk: &Desk, me: Option<AccountId>, current: Option<&str>) -> ListView {
    let shown = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
    let searching = !selection.search.is_empty();
    let rows = if searching { &desk.rows[..] } else { desk.rows.get(..shown).unwrap_or(&desk.rows) };
    let more = match (rows.last(), me) {
        (Some(last), Some(_)) if !searching && desk.rows.len() > shown => {
            selection.next_href(lists::key_of(selection.kind, selection.sort, last))
        }
        _ => String::new(),
    };
    let offers_new =
        !searching && selection.after.is_none() && matches!(selection.kind, ListKind::Inbox | ListKind::Team);
    let (empty_title, empty_text) = empty(selection);
    ListView {
        title: if searching { format!("Suche: {}", selection.search) } else { selection.title().to_owned() },
        rows: rows.iter().map(|row| row_view(row, selection, desk, me, current)).collect(),
        more,
        poll: if offers_new { selection.poll_href(desk.now) } else { String::new() },
        fresh: selection.fresh_href(current),
        filters: FormState::from(Form::from_urlencoded(&selection.query())),
        list_word: selection.kind.word(),
        is_search: searching,
        is_filtered: selection.is_filtered(),
        reset: format!("/arbeit?liste={}", selection.kind.word()),
        categories: desk.choices.categories.iter().map(|(word, label)| Choice::new(word, label)).collect(),
        districts: desk.choices.districts.iter().map(|name| Choice::new(name, name)).collect(),
        states: State::ALL
            .iter()
            .filter(|state| state.is_open() == (selection.kind != ListKind::Done))
            .map(|state| Choice::new(state.word(), labels::state(*state)))
            .collect(),
        sorts: vec![
            Choice::new(
                Sort::Due.word(),
                if selection.kind == ListKind::Done { "nach Abschluss" } else { "nach Frist" },
            ),
            Choice::new(Sort::Newest.word(), "neueste zuerst"),
            Choice::new(Sort::Changed.word(), "zuletzt bewegt"),
        ],
        empty_title,
        empty_text,
        due_head: if selection.kind == ListKind::Done && !searching { "Abschluss" } else { "Frist" },
    }
}

fn empty(selection: &Selection) -> (&'static str, &'static str) {
    if !selection.search.is_empty() {
        return ("Nichts gefunden", "Suchen Sie nach Nummer, Straße, Stichwort oder E-Mail-Adresse.");
    }
    if selection.is_filtered() {
        return ("Kein Fall passt zum Filter", "Nehmen Sie eine Angabe heraus, dann sehen Sie mehr.");
    }
    match selection.kind {
        ListKind::Inbox => ("Der Eingang ist leer", "Kommt ein neuer Fall, bieten wir ihn hier an."),
        ListKind::Mine => ("Sie haben keine offenen Fälle", "Im Eingang liegt, was noch niemand hat."),
        ListKind::DueToday => ("Heute läuft keine Frist ab", "Überfälliges steht in der Liste „Überfällig“."),
        ListKind::Overdue => ("Nichts ist überfällig", "Gut so."),
        ListKind::Waiting => ("Sie warten auf niemanden", "Rückfragen und Fälle bei anderen Stellen stehen hier."),
        ListKind::Team | ListKind::Done => ("Hier ist noch nichts", "Sobald es Fälle gibt, stehen sie hier."),
    }
}

/// Whose cases the numbers of the units count: the first tile counts only one's own.
const fn whose(units: &Units) -> &'static str {
    match units {
        Units::All => "in allen Ämtern",
        Units::Some(some) if some.len() == 1 => "in Ihrem Amt",
        Units::Some(_) => "in Ihren Ämtern",
    }
}

fn tiles(desk: &Desk, whose: &str) -> Vec<Tile> {
    let (mine, f) = (&desk.mine, &desk.figures);
    let late = if f.overdue.value > 0 { "danger" } else { "" };
    vec![
        tile(
            web::count_text(mine.value),
            "offen bei Ihnen".to_owned(),
            "",
            mine,
            "am Ende jedes Tages",
            ToString::to_string,
        ),
        tile(
            web::count_text(f.overdue.value),
            format!("überfällig {whose}"),
            late,
            &f.overdue,
            "am Ende jedes Tages",
            ToString::to_string,
        ),
        tile(
            words::days(Lang::De, f.duration.value),
            format!("mittlere Dauer {whose}"),
            "",
            &f.duration,
            "je Woche",
            |seconds| words::days(Lang::De, *seconds),
        ),
        tile(
            f.done_this_week.value.to_string(),
            format!("fertig seit Mo. {whose}"),
            "ok",
            &f.done_this_week,
            "je Tag",
            ToString::to_string,
        ),
    ]
}

fn tile(
    value: String,
    label: String,
    kind: &'static str,
    figure: &Figure,
    per: &str,
    say: impl Fn(&i64) -> String,
) -> Tile {
    let (line, area) = spark(&figure.course);
    let points = figure.course.iter().map(say).collect::<Vec<_>>().join(", ");
    Tile { value, label, kind, course: format!("Verlauf {per}: {points}"), line, area }
}

/// Paths of a little curve in a box of 96 by 28.
fn spark(course: &[i64]) -> (String, String) {
    const WIDTH: i64 = 96;
    const HEIGHT: i64 = 28;
    let top = course.iter().copied().max().unwrap_or(0).max(1);
    let steps = i64::try_from(course.len()).unwrap_or(1).saturating_sub(1).max(1);
    let mut line = String::new();
    for (position, value) in (0i64..).zip(course) {
        let x = position * WIDTH / steps;
        // Two units of air above and below, so that the stroke is never cut.
        let y = HEIGHT - 2 - value.clamp(&0, &top) * (HEIGHT - 4) / top;
        line.push_str(&format!("{}{x} {y}", if position == 0 { "M" } else { " L" }));
    }
    let area = if line.is_empty() { String::new() } else { format!("{line} L{WIDTH} {HEIGHT} L0 {HEIGHT} Z") };
    (line, area)
}

/// Relative and absolute time together.
pub fn time(moment: Moment, now: Moment) -> (String, String, String) {
    (words::when(Lang::De, moment, now), words::date_time(Lang::De, moment), moment.rfc3339())
}

#[cfg(test)]
mod tests {
    use super::spark;

    #[test]
    fn a_curve_stays_in_its_box() {
        let (line, area) = spark(&[0, 5, 10, 5]);
        assert_eq!(line, "M0 26 L32 14 L64 2 L96 14");
        assert!(area.ends_with("L96 28 L0 28 Z"));
        assert_eq!(spark(&[]), (String::new(), String::new()));
        assert_eq!(spark(&[0, 0]).0, "M0 26 L96 26");
    }
}
