//! What the desk calls things: states, deadlines, channels, entries of the timeline; German only, as the desk is. Pure.
//! The citizen's words are in the text files.

use crate::{
    case::{Outcome, State},
    store::threads::{Entry, EntryKind},
};
use base::Moment;
use jiff::{Unit, civil::Date};
use web::{Lang, words};

pub const fn state(state: State) -> &'static str {
    match state {
        State::Received => "neu",
        State::InProgress => "in Arbeit",
        State::WaitingCitizen => "wartet auf Antwort",
        State::CitizenAnswered => "Antwort ist da",
        State::WithOthers => "bei anderer Stelle",
        State::Planned => "geplant",
        State::Reopened => "wieder geöffnet",
        State::Resolved => "erledigt",
        State::Refused => "abgelehnt",
        State::NotResponsible => "nicht zuständig",
        State::Duplicate => "doppelt gemeldet",
        State::Withdrawn => "zurückgezogen",
    }
}

/// Colour and icon of a state's tag, also on the citizen's page.
pub const fn state_tag(state: State) -> (&'static str, &'static str) {
    match state {
        State::Received | State::Reopened => ("info", "inbox"),
        State::InProgress | State::Planned => ("info", "wrench"),
        State::WaitingCitizen => ("warn", "message-square"),
        State::CitizenAnswered => ("info", "message-square"),
        State::WithOthers => ("info", "users"),
        State::Resolved => ("ok", "circle-check"),
        State::Refused | State::NotResponsible | State::Duplicate | State::Withdrawn => ("", "info"),
    }
}

pub const fn outcome(outcome: Outcome) -> &'static str {
    state(outcome.state())
}

/// Colour, icon and words of a deadline.
pub struct DeadlineTag {
    pub kind: &'static str,
    pub icon: &'static str,
    pub text: String,
}

/// How near the deadline is, said in words and not by colour alone; short, for a column of a list.
pub fn deadline(due: Moment, closed_at: Option<Moment>, now: Moment) -> DeadlineTag {
    if let Some(closed_at) = closed_at {
        let text = words::near_day(Lang::De, closed_at.date(), now.date());
        return DeadlineTag { kind: "", icon: "circle-check", text };
    }
    let (day, today) = (due.date(), now.date());
    if due < now {
        let text = match days_between(day, today) {
            0 => format!("{} fällig", words::when(Lang::De, due, now)),
            1 => "gestern fällig".to_owned(),
            _ => format!("{} fällig", since(day, today)),
        };
        return DeadlineTag { kind: "danger", icon: "triangle-alert", text };
    }
    let text = if day == today { words::when(Lang::De, due, now) } else { words::near_day(Lang::De, day, today) };
    let kind = match days_between(today, day) {
        ..=0 => "warn",
        1..=4 => "info",
        _ => "ok",
    };
    DeadlineTag { kind, icon: "clock", text }
}

/// The same for the open case, where there is room: how far away, and which day that is.
pub fn deadline_in_full(due: Moment, closed_at: Option<Moment>, now: Moment) -> DeadlineTag {
    let tag = deadline(due, closed_at, now);
    if closed_at.is_some() {
        return DeadlineTag { text: format!("abgeschlossen {}", tag.text), ..tag };
    }
    let (day, today) = (due.date(), now.date());
    let text = match (due < now, days_between(today, day)) {
        (true, 0) => format!("überfällig seit {}", words::when(Lang::De, due, now)),
        (true, -1) => format!("überfällig seit gestern · {}", words::short_date(day)),
        (true, _) => format!("überfällig {} · {}", since(day, today), words::short_date(day)),
        (false, 0) => format!("Frist {}", tag.text),
        (false, 1) => format!("Frist morgen · {}", words::short_date(day)),
        (false, ahead) => format!("Frist in {ahead} Tagen · {}", words::short_date(day)),
    };
    DeadlineTag { text, ..tag }
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

/// "seit 3 Tagen", "seit 5 Wochen", "seit 14 Monaten": in the unit people count such a time in.
fn since(day: Date, today: Date) -> String {
    let months = day.until((Unit::Month, today)).map_or(0, |span| span.get_months());
    match (days_between(day, today), months) {
        (days @ ..14, _) => format!("seit {days} Tagen"),
        (days, ..2) => format!("seit {} Wochen", days / 7),
        (_, months @ ..24) => format!("seit {months} Monaten"),
        (_, months) => format!("seit {} Jahren", months / 12),
    }
}

pub fn channel(word: &str) -> &'static str {
    match word {
        "phone" => "am Telefon",
        "mail" => "per E-Mail",
        "desk" => "vor Ort",
        "import" => "aus dem Bestand",
        "open311" => "über ein anderes Programm",
        _ => "über die Website",
    }
}

/// Heading of an entry on the desk.
pub fn entry(entry: &Entry) -> String {
    let unit = entry.datum("unit");
    match entry.kind {
        EntryKind::Opened => format!("Eingegangen {}, zuständig: {unit}", channel(&entry.datum("channel"))),
        EntryKind::Claimed => "Übernommen".to_owned(),
        EntryKind::Released => "Zurück in den Eingang".to_owned(),
        EntryKind::Transferred => format!("Weitergegeben: {} an {unit}", entry.datum("from")),
        EntryKind::Note => "Interne Notiz".to_owned(),
        EntryKind::Answer => "Antwort an die meldende Person".to_owned(),
        EntryKind::Question => "Rückfrage gestellt".to_owned(),
        EntryKind::State => {
            let word = State::from_word(&entry.datum("state")).map_or("", state);
            format!("Stand: {word}")
        }
        EntryKind::Closed => {
            let word = Outcome::from_word(&entry.datum("outcome")).map_or("", outcome);
            let reason = entry.datum("reason");
            if reason.is_empty() {
                format!("Abgeschlossen: {word}")
            } else {
                format!("Abgeschlossen: {word} ({reason})")
            }
        }
        EntryKind::Reopened if entry.datum("wish") == "look_again" => "Bitte um einen zweiten Blick".to_owned(),
        EntryKind::Reopened => "Wieder geöffnet".to_owned(),
        EntryKind::Reply => "Die meldende Person schreibt".to_owned(),
        EntryKind::Withdrawn => "Von der meldenden Person zurückgezogen".to_owned(),
        EntryKind::Rated => format!("Bewertung: {} von 5", entry.datum("rating")),
        EntryKind::AskExpired => "14 Tage ohne Antwort auf die Rückfrage".to_owned(),
        EntryKind::Remark => "Hinweis".to_owned(),
    }
}

/// Class of the entry in the timeline's markup.
pub const fn entry_class(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Reply => "message",
        EntryKind::Closed => "ok",
        EntryKind::Question | EntryKind::Reopened | EntryKind::AskExpired => "warn",
        _ => "",
    }
}

/// Good first sentences, inserted by a button so that nothing typed is lost.
pub struct TextModule {
    pub word: &'static str,
    pub label: &'static str,
    pub text: &'static str,
    /// What a case is closed with when this is said; the button chooses it.
    pub outcome: Option<Outcome>,
}

pub const TEXT_MODULES: &[TextModule] = &[
    TextModule {
        word: "done",
        label: "Ist behoben",
        text: "Guten Tag,\n\nder Schaden ist behoben. Danke, dass Sie uns Bescheid gegeben haben.\n\nFreundliche Grüße",
        outcome: Some(Outcome::Resolved),
    },
    TextModule {
        word: "ordered",
        label: "Ist beauftragt",
        text: "Guten Tag,\n\nwir haben die Reparatur beauftragt. Bis dahin ist die Stelle gesichert. Sobald alles fertig ist, \
         melden wir uns wieder.\n\nFreundliche Grüße",
        outcome: None,
    },
    TextModule {
        word: "checked",
        label: "Geprüft, nichts gefunden",
        text: "Guten Tag,\n\nwir haben uns die Stelle angesehen und keinen Schaden gefunden. Haben wir am richtigen Ort \
         gesucht? Antworten Sie einfach, dann sehen wir noch einmal nach.\n\nFreundliche Grüße",
        outcome: Some(Outcome::Refused),
    },
    TextModule {
        word: "other_office",
        label: "Andere Stelle ist zuständig",
        text: "Guten Tag,\n\ndafür ist nicht die Stadt zuständig. Wir haben Ihre Meldung weitergeleitet an: \n\nFreundliche Grüße",
        outcome: Some(Outcome::NotResponsible),
    },
    TextModule {
        word: "where",
        label: "Frage nach dem Ort",
        text: "Guten Tag,\n\nwir haben die Stelle nicht gefunden. Können Sie uns sagen, wo genau sie ist? Ein Foto hilft uns \
         auch.\n\nFreundliche Grüße",
        outcome: None,
    },
];
