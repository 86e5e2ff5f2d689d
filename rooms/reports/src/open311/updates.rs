//! Updates of requests, an extension by mySociety that most servers know: how public reports went on, as a feed for those
//! who show them elsewhere, and the other way what a program's people add to what they sent. Not here: what the town writes
//! to the person who reported, that is between the two. Invariants: the same `update_id` is taken once; a program adds only
//! to its own reports, and the town alone decides how a report stands.

use super::{
    Format, Node, NotTaken, Refusal, answer, check_jurisdiction, media, private, refuse, refuse_all,
    requests::{moment, window_of},
    sender_of, with_query, writer_of,
};
use crate::{
    report::{PublicState, public_steps},
    store::{self, Request, Wanted},
};
use base::Moment;
use db::{DbError, Once, OnceKey, Tx};
use uuid::Uuid;
use web::{Answer, Form, Visit};

/// Reports that moved in the window; more are left to a smaller one.
const REPORTS_MAX: i64 = 1_000;
/// Numbers in one look-up.
const CHUNK: usize = 50;

struct Update {
    number: String,
    at: Moment,
    state: PublicState,
}

impl Update {
    /// Words of the extension; what is closed without being fixed only ends.
    const fn status(&self) -> &'static str {
        match self.state {
            PublicState::Reported => "OPEN",
            PublicState::InWork => "IN_PROGRESS",
            PublicState::Planned => "ACTION_SCHEDULED",
            PublicState::Fixed => "FIXED",
            PublicState::Closed => "CLOSED",
        }
    }
}

fn find(tx: &Tx<'_>, (from, to): (Moment, Moment), sender: Option<Uuid>) -> Result<Vec<Update>, DbError> {
    let numbers = store::moved(tx, (from, to), sender, REPORTS_MAX)?;
    let mut updates = vec![];
    for chunk in numbers.chunks(CHUNK) {
        let most = i64::try_from(chunk.len()).unwrap_or(REPORTS_MAX);
        let rows = store::requests(tx, &Wanted::Numbers(chunk.to_vec()), sender, most, 0)?;
        let steps = store::steps_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        for Request { id, number, .. } in rows {
            // The first step is the report itself.
            let seen = public_steps(steps.get(&id).map_or(&[], Vec::as_slice)).skip(1);
            let seen = seen.filter(|(at, _)| *at >= from && *at <= to);
            updates.extend(seen.map(|(at, state)| Update { number: number.clone(), at, state }));
        }
    }
    updates.sort_by(|a, b| (a.at, &a.number).cmp(&(b.at, &b.number)));
    Ok(updates)
}

/// `GET /servicerequestupdates`, oldest first. Without a window it is the last day, which is what pollers ask for.
pub async fn list<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let format = Format::of(XML);
    let window = check_jurisdiction(&visit, &form).and_then(|()| window_of(&form, visit.site.clock.now()));
    let window = match window {
        Ok(window) => window,
        Err(refusal) => return refuse(format, &refusal),
    };
    let sender = match sender_of(&visit, &form).await? {
        Ok(sender) => sender.map(|(id, _)| id),
        Err(refusal) => return refuse(format, &refusal),
    };
    let updates = visit.read(move |tx| find(tx, window, sender)).await?;
    let node = |update: &Update| {
        Node::Fields(vec![
            ("update_id", Node::text(format!("{}-{}", update.number, update.at.micros()))),
            ("service_request_id", Node::text(update.number.as_str())),
            ("status", Node::text(update.status())),
            ("description", Node::text(update.state.label(visit.t))),
            ("updated_datetime", Node::text(update.at.rfc3339())),
            ("media_url", Node::Nothing),
        ])
    };
    let list = Node::List("request_update", updates.iter().map(node).collect());
    // Whose key it was decides what is in it.
    if sender.is_some() {
        private(format, "service_request_updates", &list)
    } else {
        answer(format, "service_request_updates", &list)
    }
}

/// A reply as long as one on the status page.
const TEXT_CHARACTERS_MAX: usize = 4_000;
const ID_CHARACTERS_MAX: usize = 200;
/// Words of the extension that call a matter over.
const ENDS: &[&str] = &[
    "CLOSED",
    "FIXED",
    "DUPLICATE",
    "NO_FURTHER_ACTION",
    "NOT_COUNCILS_RESPONSIBILITY",
    "INTERNAL_REFERRAL",
    "CANCELLED",
];
/// Does this status call a matter over?
pub fn is_end(status: &str) -> bool {
    ENDS.contains(&status.to_uppercase().as_str())
}

const GOES_ON: &[&str] = &["OPEN", "REOPEN", "INVESTIGATING", "IN_PROGRESS", "ACTION_SCHEDULED", "FOR_TRIAGE"];

/// A word for one report, checked.
struct Word {
    update: String,
    number: String,
    text: String,
    is_end: bool,
    photo: String,
}

fn read(form: &Form, program: &str) -> Result<Word, Vec<Refusal>> {
    let mut wrong = vec![];
    let mut needed = |name: &str, most: usize| {
        let text = form.text(name);
        if text.is_empty() {
            wrong.push(Refusal::wrong(format!("{name} is needed")));
        } else if text.chars().count() > most {
            wrong.push(Refusal::wrong(format!("{name} has more than {most} characters")));
        }
        text.to_owned()
    };
    let (number, update) = (needed("service_request_id", ID_CHARACTERS_MAX), needed("update_id", ID_CHARACTERS_MAX));
    let said = needed("description", TEXT_CHARACTERS_MAX);
    let status = form.text("status").to_uppercase();
    if !status.is_empty() && ![ENDS, GOES_ON].iter().any(|words| words.contains(&status.as_str())) {
        wrong.push(Refusal::wrong(format!("status is one of {}, {}", GOES_ON.join(", "), ENDS.join(", "))));
    }
    wrong.extend(moment(form, "updated_datetime").err());
    let photo = form.text("media_url").to_owned();
    if !photo.is_empty() && !media::is_address(&photo) {
        wrong.push(Refusal::wrong("media_url is an address that begins with https:// or http://"));
    }
    if !form.uploads.is_empty() {
        wrong.push(Refusal::wrong("files are not taken here; name a photo in media_url"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let there = if status.is_empty() { String::new() } else { format!(", Stand dort: {status}") };
    let text = format!("{said}\n\n(Gesendet von {program}{there})");
    Ok(Word { update, number, text, is_end: is_end(&status), photo })
}

/// `POST /servicerequestupdates`: goes to the desk as a reply of whoever reported.
pub async fn create<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let (format, form) = (Format::of(XML), with_query(&visit, form));
    let (sender, program) = match writer_of(&visit, &form).await? {
        Ok(sender) => sender,
        Err(refusal) => return refuse_all(format, &[refusal]),
    };
    let word = match read(&form, &program) {
        Ok(word) => word,
        Err(wrong) => return refuse_all(format, &wrong),
    };
    let (v, update) = (visit.clone(), word.update.clone());
    let fingerprint = form.fingerprint();
    match visit.write(move |tx| take(tx, &v, &word, sender, fingerprint)).await {
        Ok(()) => {}
        Err(NotTaken::Page(error)) => return Err(error),
        Err(NotTaken::Refused(refusals)) => return refuse_all(format, &refusals),
    }
    let node = Node::Fields(vec![("update_id", Node::text(update))]);
    private(format, "service_request_updates", &Node::List("request_update", vec![node]))
}

/// The one transaction. A refused call leaves nothing, so that it may come again mended.
fn take(tx: &Tx<'_>, visit: &Visit, word: &Word, sender: Uuid, fingerprint: [u8; 32]) -> Result<(), NotTaken> {
    let sent = store::case_sent_by(tx, &word.number, sender)?;
    let (_, case) = sent.ok_or_else(|| Refusal::unknown("service_request_id"))?;
    let key = OnceKey::of(&format!("open311 update {sender}"), &word.update);
    match tx.once(key, fingerprint)? {
        Once::Again(_) => return Ok(()),
        Once::Conflict => return Err(Refusal::wrong("update_id came with another update before").into()),
        Once::First => {}
    }
    if !cases::hand_on(tx, &visit.town, cases::CaseId(case), &word.text, word.is_end)? {
        return Err(Refusal::wrong("this request was withdrawn").into());
    }
    if !word.photo.is_empty() {
        media::queue(tx, case, &word.photo);
    }
    tx.once_answer(key, "")?;
    Ok(())
}
