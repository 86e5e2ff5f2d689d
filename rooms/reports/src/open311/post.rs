//! A report from another program: read with the limits of the form for people, refused with every reason at once, opened
//! like any other. Not here: whether the public sees it, that is the review's. Invariants: without a key nothing is taken;
//! the same call again, after a lost answer say, gets the same answer.

use super::{
    Format, Node, NotTaken, Refusal, media, private, refuse_all,
    services::{offered, split_code},
    with_query, writer_of,
};
use crate::{
    around::{self, Placed},
    category::Category,
    journey::{ANSWER_CHARACTERS_MAX, AnswerRefusal, BODY_CHARACTERS_MAX, Draft, DraftPhoto, Missing, PHOTOS_MAX},
    open::{self, Desk, Sender},
    pages::{check::NotSent, read_email},
    report::reads_as_phone,
    store,
};
use base::Position;
use db::{Once, OnceKey, Tx};
use files::Refused;
use std::sync::Arc;
use uuid::Uuid;
use web::{Answer, Form, FormState, PageError, Visit, words};

/// Attributes the town did not ask for; more than these nobody reads.
const EXTRAS_MAX: usize = 20;
/// The standard knows no files, only `media_url`; programs that send some call them so.
const PHOTO_FIELD: &str = "media";

pub async fn create<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let (format, form) = (Format::of(XML), with_query(&visit, form));
    let sender = match writer_of(&visit, &form).await? {
        Ok(sender) => sender,
        Err(refusal) => return refuse_all(format, &[refusal]),
    };
    let account = form.text("account_id").to_owned();
    match taken(&visit, form, sender).await {
        Ok((number, notice)) => {
            let node = Node::Fields(vec![
                ("service_request_id", Node::text(number)),
                ("service_notice", Node::known(notice)),
                ("account_id", Node::known(account)),
            ]);
            private(format, "service_requests", &Node::List("request", vec![node]))
        }
        Err(NotTaken::Page(error)) => Err(error),
        Err(NotTaken::Refused(refusals)) => refuse_all(format, &refusals),
    }
}

async fn taken(visit: &Visit, form: Form, sender: (Uuid, String)) -> Result<Taken, NotTaken> {
    let mut call = Call::new(form, sender);
    if !call.form.uploads.is_empty() {
        // Photos are work, and room on the disk: not for a call that has its answer.
        let (once, fingerprint) = (call.once, call.fingerprint);
        if let Some(answer) = visit.read(move |tx| before(tx.once_seen(once, fingerprint)?)).await? {
            return Ok(answer);
        }
        call.along = photos(visit, &call.form).await.map_err(NotTaken::Page)?;
    }
    let call = Arc::new(call);
    let read = Arc::clone(&call);
    // Read and checked without holding up those who write.
    match visit.read(move |tx| look(tx, &read)).await? {
        Seen::Again(answer) => Ok(answer),
        Seen::New(new) => {
            let v = visit.clone();
            visit.write(move |tx| take(tx, &v, &call, &new)).await
        }
    }
}

/// Photos that came along and are on disk, and what is wrong with the others.
#[derive(Default)]
struct Along {
    photos: Vec<DraftPhoto>,
    wrong: Vec<String>,
}

/// As the form for people takes them; no file is dropped in silence.
async fn photos(visit: &Visit, form: &Form) -> Result<Along, PageError> {
    if form.uploads.iter().any(|upload| upload.field != PHOTO_FIELD) || form.uploads.len() > PHOTOS_MAX {
        let wrong = format!("files are taken in the field {PHOTO_FIELD} only, at most {PHOTOS_MAX} photos");
        return Ok(Along { photos: vec![], wrong: vec![wrong] });
    }
    // No fault of the call: it may be sent again when there is room.
    let full = form.uploads.iter().any(|upload| matches!(upload.outcome, Err(Refused::DiskFull)));
    if full || visit.site.files.check_space().await.is_err() {
        return Err(PageError::Busy);
    }
    let mut state = FormState::from(form.clone());
    let taken = web::take_photos(visit, &mut state, PHOTO_FIELD, 0, PHOTOS_MAX).await?;
    let photo = |photo: web::Photo| DraftPhoto { blob: photo.blob.0, name: photo.name, digest: photo.digest };
    Ok(Along {
        photos: taken.into_iter().map(photo).collect(),
        wrong: state.errors().iter().map(|error| error.message.clone()).collect(),
    })
}

/// What was sent, and by which program: its key and its name.
struct Call {
    form: Form,
    along: Along,
    sender: (Uuid, String),
    once: OnceKey,
    fingerprint: [u8; 32],
}

impl Call {
    fn new(form: Form, sender: (Uuid, String)) -> Self {
        // Not the key, which may stand in the address as well, nor the town, which the host names too.
        let fingerprint = form.meaning(&["api_key", "jurisdiction_id"]);
        let once = OnceKey::of(&format!("open311 {}", sender.0), &base::hex(&fingerprint));
        Self { form, along: Along::default(), sender, once, fingerprint }
    }
}

/// Number of the report, and by when the town looks after it.
type Taken = (String, String);

enum Seen {
    New(Box<(Draft, Sender)>),
    Again(Taken),
}

/// The call as a draft. One that is refused today may have been taken yesterday: then it gets yesterday's answer.
fn look(tx: &Tx<'_>, call: &Call) -> Result<Seen, NotTaken> {
    match read(tx, &call.form, &call.along, &call.sender) {
        Ok(new) => Ok(Seen::New(Box::new(new))),
        Err(refused) => match before(tx.once_seen(call.once, call.fingerprint)?)? {
            Some(answer) => Ok(Seen::Again(answer)),
            None => Err(refused),
        },
    }
}

/// What the same call was answered before.
fn before(once: Once) -> Result<Option<Taken>, NotTaken> {
    match once {
        Once::Again(answer) => {
            let (number, notice) = answer.split_once('\n').unwrap_or((&answer, ""));
            Ok(Some((number.to_owned(), notice.to_owned())))
        }
        Once::Conflict => Err(NotTaken::Page(PageError::Conflict)),
        Once::First => Ok(None),
    }
}

/// The one transaction that writes.
fn take(tx: &Tx<'_>, visit: &Visit, call: &Call, (draft, contact): &(Draft, Sender)) -> Result<Taken, NotTaken> {
    if let Some(answer) = before(tx.once(call.once, call.fingerprint)?)? {
        return Ok(answer);
    }
    let desk = Desk { town: &visit.town, keys: &visit.site.keys, language: visit.t.lang };
    let opened = open::open(tx, &desk, draft, contact.clone()).map_err(|reason| match reason {
        NotSent::Page(error) => NotTaken::Page(error),
        NotSent::Blocked => Refusal::wrong(visit.t.s("reports-blocked")).into(),
        // The category changed between the two looks.
        NotSent::Incomplete(_) | NotSent::Gone => Refusal::unknown("service_code").into(),
    })?;
    let photo = call.form.text("media_url");
    if media::is_address(photo) {
        media::queue(tx, opened.id.0, photo);
    }
    let due = words::date(visit.t.lang, opened.due.date(), tx.now().date());
    let notice = visit.t.with("reports-open311-notice", &[("due", due.into())]);
    tx.once_answer(call.once, &format!("{}\n{notice}", opened.number))?;
    Ok((opened.number, notice))
}

/// The call as a draft and its sender, or everything that is wrong with it.
fn read(tx: &Tx<'_>, form: &Form, along: &Along, (key, program): &(Uuid, String)) -> Result<(Draft, Sender), NotTaken> {
    let code = form.text("service_code");
    if code.is_empty() {
        return Err(Refusal::wrong("service_code is needed").into());
    }
    // Only its own: reading all of them takes longer than everything else here.
    let named = split_code(code).map(|(word, _)| store::category(tx, word)).transpose()?.flatten();
    let categories: Vec<Category> = named.into_iter().collect();
    let Some((category, problem)) = offered(&categories, code) else {
        return Err(Refusal::unknown("service_code").into());
    };
    let body = form.raw("description").replace('\r', "");
    let mut draft = Draft { body, photos: along.photos.clone(), ..Draft::default() };
    draft.choose(&category.word, &problem.word);
    let mut wrong: Vec<Refusal> = along.wrong.iter().map(Refusal::wrong).collect();
    if draft.body.chars().count() > BODY_CHARACTERS_MAX {
        wrong.push(Refusal::wrong(format!("description has more than {BODY_CHARACTERS_MAX} characters")));
    }
    wrong.extend(place(tx, form, &mut draft)?.err());
    let facts = attributes(form, category, &mut draft, &mut wrong);
    for missing in draft.missing(&categories) {
        wrong.extend(match missing {
            Missing::Place => None,
            Missing::Answer(word, reason) => Some(Refusal::wrong(answer_refusal(&word, reason))),
            Missing::Description => Some(Refusal::wrong("description is needed for this service")),
            Missing::Problem | Missing::ProblemGone | Missing::NotOurs => Some(Refusal::unknown("service_code")),
        });
    }
    let email = read_email(form.text("email"));
    if email.is_err() {
        wrong.push(Refusal::wrong("email is no mail address"));
    }
    if !reads_as_phone(form.text("phone")) {
        wrong.push(Refusal::wrong("phone is no phone number"));
    }
    let photo = form.text("media_url");
    if !photo.is_empty() && !media::is_address(photo) {
        wrong.push(Refusal::wrong("media_url is no address of a photo (https://...)"));
    }
    let sender = Sender {
        email: email.unwrap_or(None),
        phone: form.text("phone").to_owned(),
        channel: "open311",
        facts: std::iter::once(("Gesendet von", "Sent by", program.clone())).chain(facts).collect(),
        program: Some(*key),
    };
    if wrong.is_empty() { Ok((draft, sender)) } else { Err(NotTaken::Refused(wrong)) }
}

/// `lat` and `long`, or words. Where both are given the position counts, and the desk reads the words besides.
fn place(tx: &Tx<'_>, form: &Form, draft: &mut Draft) -> Result<Result<(), Refusal>, db::DbError> {
    let words: String = form.text("address_string").chars().take(200).collect();
    let given = [form.text("lat"), form.text("long")];
    let position = form.number("lat").zip(form.number("long")).and_then(|(lat, lon)| Position::new(lat, lon));
    let placed = match position {
        None if given.iter().any(|text| !text.is_empty()) => {
            return Ok(Err(Refusal::wrong("lat and long are numbers in degrees (WGS84), both of them")));
        }
        Some(at) => {
            draft.typed.clone_from(&words);
            draft.found = words;
            around::move_draft(tx, draft, at, None)?
        }
        None if words.is_empty() => Placed::Empty,
        None => around::look_up(tx, draft, &words)?,
    };
    Ok(match placed {
        Placed::Known => Ok(()),
        Placed::Outside => Err(Refusal::wrong("lat and long lie outside of this town")),
        Placed::Asked(_) | Placed::NotFound => {
            Err(Refusal::wrong("address_string names no single place; send lat and long"))
        }
        Placed::Empty => {
            Err(Refusal::wrong("lat and long, or address_string, are needed; address_id is not known here"))
        }
    })
}

/// `attribute[code]=value`: answers to the category's questions. What nobody asked for is kept for the desk.
fn attributes(
    form: &Form,
    category: &Category,
    draft: &mut Draft,
    wrong: &mut Vec<Refusal>,
) -> Vec<(&'static str, &'static str, String)> {
    let mut facts = vec![];
    let name = [form.text("first_name"), form.text("last_name")].join(" ");
    let said = [("Name", "Name", name.trim()), ("Foto (Link)", "Photo (link)", form.text("media_url"))];
    facts.extend(
        said.into_iter().filter(|(.., words)| !words.is_empty()).map(|(de, en, words)| (de, en, words.to_owned())),
    );
    let mut extras = vec![];
    for (field, value) in form.pairs() {
        let Some(code) =
            field.strip_prefix("attribute[").and_then(|rest| rest.trim_end_matches("[]").strip_suffix(']'))
        else {
            continue;
        };
        let value = value.trim();
        match category.questions.iter().find(|question| question.word == code) {
            Some(question) if question.kind == crate::category::QuestionKind::Date => {
                // A time is welcome; the question asks for the day.
                let day = value.split('T').next().unwrap_or(value);
                draft.answers.insert(code.to_owned(), day.to_owned());
            }
            Some(_) => drop(draft.answers.insert(code.to_owned(), value.to_owned())),
            None if value.is_empty() => {}
            None => extras.push(format!("{code}: {value}")),
        }
    }
    if extras.len() > EXTRAS_MAX {
        wrong.push(Refusal::wrong(format!("more than {EXTRAS_MAX} attributes that nobody asked for")));
    }
    if !extras.is_empty() {
        facts.push(("Weitere Angaben", "More details", extras.join("\n")));
    }
    let long = |(.., words): &(&str, &str, String)| words.chars().count() > ANSWER_CHARACTERS_MAX * 4;
    if facts.iter().any(long) {
        wrong.push(Refusal::wrong("first_name, last_name, media_url or an attribute is too long"));
    }
    facts
}

fn answer_refusal(word: &str, reason: AnswerRefusal) -> String {
    let reason = match reason {
        AnswerRefusal::Empty => "is needed",
        AnswerRefusal::NoNumber => "is no number",
        AnswerRefusal::NoDate => "is no date",
        AnswerRefusal::NoOption => "is none of the keys of the service definition",
        AnswerRefusal::TooLong => "is too long",
        AnswerRefusal::OutOfBounds => "is out of bounds",
    };
    format!("attribute[{word}] {reason}")
}
