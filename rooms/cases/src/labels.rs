//! What the desk calls things: states, deadlines, channels, entries of the timeline; German only, as the desk is. Pure.
//! The citizen's words are in the text files.

use crate::{
    case::{Outcome, State},
    store::threads::{Entry, EntryKind},
};
use base::Moment;
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

/// How near the deadline is, said in words and not by colour alone.
pub fn deadline(due: Moment, closed_at: Option<Moment>, now: Moment) -> DeadlineTag {
    if let Some(closed_at) = closed_at {
        let text = words::near_day(Lang::De, closed_at.date(), now.date());
        return DeadlineTag { kind: "", icon: "circle-check", text };
    }
    let (day, today) = (due.date(), now.date());
    if due < now {
        let text = match today.since(day).map_or(0, |span| span.get_days()) {
            0 => format!("{} fällig", words::when(Lang::De, due, now)),
            1 => "gestern fällig".to_owned(),
            days => format!("seit {days} Tagen fällig"),
        };
        return DeadlineTag { kind: "danger", icon: "triangle-alert", text };
    }
    let text = if day == today { words::when(Lang::De, due, now) } else { words::near_day(Lang::De, day, today) };
    let kind = match today.until(day).map_or(i32::MAX, |span| span.get_days()) {
        ..=0 => "warn",
        1..=4 => "info",
        _ => "ok",
    };
    DeadlineTag { kind, icon: "clock", text }
}

pub fn channel(word: &str) -> &'static str {
    match word {
        "phone" => "am Telefon",
        "mail" => "per E-Mail",
        "desk" => "vor Ort",
        "import" => "aus dem Bestand",
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

/// Good first sentences, inserted by a button so that nothing typed is lost. Word, label, text.
pub const TEXT_MODULES: &[(&str, &str, &str)] = &[
    (
        "done",
        "Ist behoben",
        "Guten Tag,\n\nder Schaden ist behoben. Danke, dass Sie uns Bescheid gegeben haben.\n\nFreundliche Grüße",
    ),
    (
        "ordered",
        "Ist beauftragt",
        "Guten Tag,\n\nwir haben die Reparatur beauftragt. Bis dahin ist die Stelle gesichert. Sobald alles fertig ist, \
         melden wir uns wieder.\n\nFreundliche Grüße",
    ),
    (
        "checked",
        "Geprüft, nichts gefunden",
        "Guten Tag,\n\nwir haben uns die Stelle angesehen und keinen Schaden gefunden. Haben wir am richtigen Ort \
         gesucht? Antworten Sie einfach, dann sehen wir noch einmal nach.\n\nFreundliche Grüße",
    ),
    (
        "other_office",
        "Andere Stelle ist zuständig",
        "Guten Tag,\n\ndafür ist nicht die Stadt zuständig. Wir haben Ihre Meldung weitergeleitet an: \n\nFreundliche Grüße",
    ),
    (
        "where",
        "Frage nach dem Ort",
        "Guten Tag,\n\nwir haben die Stelle nicht gefunden. Können Sie uns sagen, wo genau sie ist? Ein Foto hilft uns \
         auch.\n\nFreundliche Grüße",
    ),
];
