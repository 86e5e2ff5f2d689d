//! From draft to report: opens the case, writes the report beside it, both in the caller's transaction. Used by the
//! citizens' pages and by Open311; the demo town writes its past another way.

use crate::{
    around,
    category::{Category, Problem},
    journey::Draft,
    pages::check::{NotSent, answers},
    report::{PublicState, ReportId, Visibility, first_visibility},
    store::{self, NewReport},
};
use base::{Actor, Position};
use cases::{AttachmentKind, English, NewAttachment, NewCase, Opened};
use db::{Audit, Tx};
use files::BlobId;
use mail::EmailAddress;
use serde_json::json;
use uuid::Uuid;
use web::{Keys, Lang, Town};

/// Who receives the report and how its sender reads.
pub struct Desk<'a> {
    pub town: &'a Town,
    pub keys: &'a Keys,
    pub language: Lang,
}

/// Whom the desk may answer, and by what way the report came.
#[derive(Clone, Default)]
pub struct Sender {
    pub email: Option<EmailAddress>,
    pub phone: String,
    /// Empty for the website.
    pub channel: &'static str,
    /// What the sender says besides: German label, English label, words. For the desk only.
    pub facts: Vec<(&'static str, &'static str, String)>,
    /// The key of the program that sends it: it may read what it sent before the public does.
    pub program: Option<Uuid>,
}

pub fn open(tx: &Tx<'_>, desk: &Desk<'_>, draft: &Draft, sender: Sender) -> Result<Opened, NotSent> {
    // Held: nobody deletes or changes the category between here and the report that names it.
    let known: Vec<Category> = store::hold_category(tx, &draft.category)?.into_iter().collect();
    let (Some((category, problem)), Some(position)) = (draft.chosen(&known), draft.spot()) else {
        return Err(NotSent::Incomplete(draft.next_step(&known)));
    };
    if !draft.missing(&known).is_empty() {
        return Err(NotSent::Incomplete(draft.next_step(&known)));
    }
    let address = sender.email.as_ref().map_or("", EmailAddress::as_str);
    if store::blocked(tx, address, &draft.body)? {
        return Err(NotSent::Blocked);
    }
    let id = ReportId(tx.new_id());
    let mut new = case_of(tx, desk, draft, (category, problem, position));
    for (german, english, words) in sender.facts {
        new.facts.push((german.to_owned(), words.clone()));
        new.english.facts.insert(german.to_owned(), (english.to_owned(), words));
    }
    let phone = Some(sender.phone).filter(|phone| !phone.is_empty());
    let channel = if sender.channel.is_empty() { new.channel } else { sender.channel };
    let new = NewCase { email: sender.email, phone, channel, ..new };
    let (title, body) = (new.title.clone(), new.body.clone());
    let visibility = first_visibility(category.public, desk.town.review_before_public);
    let opened = cases::open(tx, desk.town, desk.keys, new)?;
    let report = NewReport {
        id,
        case_id: opened.id.0,
        unit: opened.unit,
        number: opened.number.clone(),
        category: category.word.clone(),
        problem: problem.word.clone(),
        title,
        body,
        place: draft.place.clone(),
        district: draft.district.clone(),
        position,
        asset: draft.asset.as_ref().map(|thing| thing.id),
        visibility,
        state: "received".to_owned(),
        opened_at: tx.now(),
        closed_at: None,
        due: opened.due,
        photos: draft.photos.iter().map(|photo| photo.blob).collect(),
    };
    store::insert(tx, &report)?;
    if let Some(program) = sender.program {
        store::add_sent(tx, report.id, program)?;
    }
    announce(tx, &report, sender.program);
    Ok(opened)
}

/// What the desk gets, in German whatever language the citizen used. Contact details are the caller's.
fn case_of(
    tx: &Tx<'_>,
    desk: &Desk<'_>,
    draft: &Draft,
    (category, problem, position): (&Category, &Problem, Position),
) -> NewCase {
    let thing = draft.asset.as_ref().map_or("", |thing| thing.label.as_str());
    let said = |lang: Lang, [what, item, address]: [&str; 3]| {
        let mut facts = vec![(what.to_owned(), category.named(problem, " – ", lang))];
        if !thing.is_empty() {
            facts.push((item.to_owned(), thing.to_owned()));
        }
        facts.extend(around::stated(draft).map(|typed| (address.to_owned(), typed.to_owned())));
        facts.extend(answers(category, draft, lang));
        facts
    };
    let facts = said(Lang::De, ["Was", "Gegenstand", "Angegebene Adresse"]);
    let labels = facts.iter().map(|(label, _)| label.clone());
    let english = English {
        title: category.english_title(&problem.word),
        category_label: category.label.en.clone(),
        facts: labels.zip(said(Lang::En, ["What", "Item", "Address given"])).collect(),
    };
    let attachments = draft.photos.iter().map(|photo| NewAttachment {
        blob: BlobId(photo.blob),
        name: photo.name.clone(),
        kind: AttachmentKind::Picture,
    });
    NewCase {
        kind: "report",
        title: category.title(&problem.word, thing),
        body: draft.body.trim().to_owned(),
        category: category.word.clone(),
        category_label: category.label.de.clone(),
        facts,
        english,
        place: draft.place.clone(),
        district: draft.district.clone(),
        position: Some(position),
        email: None,
        phone: None,
        language: desk.language,
        attachments: attachments.collect(),
        channel: "web",
        at: tx.now(),
    }
}

fn announce(tx: &Tx<'_>, report: &NewReport, program: Option<Uuid>) {
    debug_assert!(PublicState::of(&report.state).is_open());
    let mut detail =
        json!({ "category": report.category, "visibility": report.visibility.word(), "photos": report.photos.len() });
    if let Some(program) = program {
        detail["program"] = json!(program.to_string());
    }
    let (action, subject) = ("report.opened", report.id.to_string());
    tx.audit(Audit { actor: Actor::Visitor.trace(), action, subject, detail });
    if report.visibility == Visibility::Public {
        tx.emit("report.published", json!({ "report": report.id.to_string(), "number": report.number }));
    }
}
