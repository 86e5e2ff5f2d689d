//! What a clerk is told who was slower than a colleague: who did what, and since when. Pure: the entries and the names are
//! handed in. Only for people who may see the case: the words name the staff.

use super::account_of;
use crate::store::threads::{Entry, EntryKind};
use base::{AccountId, Moment};
use std::collections::HashMap;
use web::{Lang, words};

/// Title and text of the message above the case.
pub type Words = (String, String);

/// Since when this person has the case. Entries are newest first; whoever answers a free case has it, too.
pub fn held_since(entries: &[Entry], holder: AccountId) -> Option<Moment> {
    let ends = |kind| matches!(kind, EntryKind::Released | EntryKind::Transferred | EntryKind::Reopened);
    let takes = |kind| matches!(kind, EntryKind::Claimed | EntryKind::Answer | EntryKind::Question | EntryKind::State);
    let current = entries.iter().take_while(|entry| !ends(entry.kind));
    current.filter(|entry| takes(entry.kind) && account_of(&entry.actor) == Some(holder)).last().map(|entry| entry.at)
}

/// For somebody who wanted a case that `holder` has.
pub fn taken(entries: &[Entry], holder: &str, account: AccountId, now: Moment) -> Words {
    let since = held_since(entries, account).map(|at| format!(" seit {}", words::when(Lang::De, at, now)));
    let title = format!("{holder} bearbeitet diesen Fall{}", since.unwrap_or_default());
    (title, "Es hat sich nichts geändert. Was Sie geschrieben haben, steht noch da.".to_owned())
}

/// For somebody whose form is older than the case. `seen` is the version of the form.
pub fn changed(
    entries: &[Entry],
    seen: i64,
    names: &HashMap<AccountId, String>,
    me: Option<AccountId>,
    now: Moment,
) -> Words {
    let text = "Gespeichert ist nichts. Was neu ist, ist im Verlauf markiert. Ihr Text steht noch da. Prüfen Sie ihn, \
                bevor Sie ihn noch einmal senden.";
    let news = || entries.iter().filter(|entry| entry.version > seen);
    // What ended or moved the case weighs more than what was said after it.
    let weighty = news().find(|entry| weighs(entry.kind)).or_else(|| news().next());
    let Some((entry, deed)) = weighty.and_then(|entry| Some((entry, deed(entry.kind)?))) else {
        return ("Der Fall hat sich inzwischen geändert".to_owned(), text.to_owned());
    };
    let title = format!("{} {deed}", subject(entry, names, me));
    (title, format!("Das war {}. {text}", words::when(Lang::De, entry.at, now)))
}

const fn weighs(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Closed | EntryKind::Withdrawn | EntryKind::Transferred | EntryKind::Reopened | EntryKind::Claimed
    )
}

/// What only the citizen does without an account.
const BY_CITIZENS: [EntryKind; 4] = [EntryKind::Reply, EntryKind::Withdrawn, EntryKind::Rated, EntryKind::Reopened];

/// Who did it, with the verb that goes on: "Ben Muster hat", "Sie haben", "Die meldende Person hat".
pub fn subject(entry: &Entry, names: &HashMap<AccountId, String>, me: Option<AccountId>) -> String {
    match account_of(&entry.actor) {
        Some(account) if Some(account) == me => "Sie haben".to_owned(),
        Some(account) => match names.get(&account) {
            Some(name) => format!("{name} hat"),
            None => "Eine andere Person hat".to_owned(),
        },
        None if BY_CITIZENS.contains(&entry.kind) => "Die meldende Person hat".to_owned(),
        // Whoever lost their access lost their cases, too.
        None => "Das Programm hat".to_owned(),
    }
}

/// What was done meanwhile, as the end of a sentence; `None` if nobody did it.
const fn deed(kind: EntryKind) -> Option<&'static str> {
    Some(match kind {
        EntryKind::Claimed => "den Fall inzwischen übernommen",
        EntryKind::Released => "den Fall inzwischen zurück in den Eingang gelegt",
        EntryKind::Transferred => "den Fall inzwischen weitergegeben",
        EntryKind::Note => "inzwischen eine Notiz geschrieben",
        EntryKind::Answer => "inzwischen geantwortet",
        EntryKind::Question => "inzwischen eine Rückfrage gestellt",
        EntryKind::State => "den Stand inzwischen geändert",
        EntryKind::Closed => "den Fall inzwischen abgeschlossen",
        EntryKind::Reopened => "den Fall inzwischen wieder geöffnet",
        EntryKind::Reply => "inzwischen geschrieben",
        EntryKind::Withdrawn => "den Fall inzwischen zurückgezogen",
        EntryKind::Rated => "den Fall inzwischen bewertet",
        EntryKind::Opened | EntryKind::AskExpired | EntryKind::Remark => return None,
    })
}
