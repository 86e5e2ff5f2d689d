//! From draft to report: opens the case, writes the report beside it, both in the caller's transaction. Used by the
//! citizens' pages; the demo town writes its past another way.

use crate::{
    journey::Draft,
    pages::check::{NotSent, answers},
    report::{PublicState, ReportId, Visibility, first_visibility},
    store::{self, NewReport},
};
use base::Actor;
use cases::{AttachmentKind, NewAttachment, NewCase, Opened};
use db::{Audit, Tx};
use files::BlobId;
use mail::EmailAddress;
use serde_json::json;
use web::{Keys, Lang, Town};

/// Who receives the report and how its sender reads.
pub struct Desk<'a> {
    pub town: &'a Town,
    pub keys: &'a Keys,
    pub language: Lang,
}

pub fn open(
    tx: &Tx<'_>,
    desk: &Desk<'_>,
    draft: &Draft,
    email: Option<EmailAddress>,
    phone: &str,
) -> Result<Opened, NotSent> {
    let categories = store::categories(tx)?;
    let (Some((category, problem)), Some(position)) = (draft.chosen(&categories), draft.position) else {
        return Err(NotSent::Incomplete(draft.next_step(&categories)));
    };
    if !draft.missing(&categories).is_empty() {
        return Err(NotSent::Incomplete(draft.next_step(&categories)));
    }
    let address = email.as_ref().map_or("", EmailAddress::as_str);
    if store::blocked(tx, address, &draft.body)? {
        return Err(NotSent::Blocked);
    }
    let thing = draft.asset.as_ref().map_or("", |thing| thing.label.as_str());
    let title = category.title(&problem.word, thing);
    let mut facts = vec![("Was".to_owned(), format!("{} – {}", category.label.de, problem.label.de))];
    if !thing.is_empty() {
        facts.push(("Gegenstand".to_owned(), thing.to_owned()));
    }
    // The clerk reads German, whatever language the citizen used.
    facts.extend(answers(category, draft, Lang::De));
    let attachments = draft.photos.iter().map(|photo| NewAttachment {
        blob: BlobId(photo.blob),
        name: photo.name.clone(),
        kind: AttachmentKind::Picture,
    });
    let visibility = first_visibility(category.public, desk.town.review_before_public);
    let body = draft.body.trim().to_owned();
    let id = ReportId(tx.new_id());
    let new = NewCase {
        kind: "report",
        title: title.clone(),
        body: body.clone(),
        category: category.word.clone(),
        category_label: category.label.de.clone(),
        facts,
        place: draft.place.clone(),
        district: draft.district.clone(),
        position: Some(position),
        email,
        phone: (!phone.is_empty()).then(|| phone.to_owned()),
        language: desk.language,
        // By id, because the number is known only when the case is.
        desk_link: Some(("Veröffentlichen und schwärzen".to_owned(), format!("/arbeit/meldung/{id}"))),
        attachments: attachments.collect(),
        channel: "web",
        at: tx.now(),
    };
    let opened = cases::open(tx, desk.town, desk.keys, new)?;
    let report = NewReport {
        id,
        case_id: opened.id.0,
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
    announce(tx, &report);
    Ok(opened)
}

fn announce(tx: &Tx<'_>, report: &NewReport) {
    debug_assert!(PublicState::of(&report.state).is_open());
    tx.audit(Audit {
        actor: Actor::Visitor.trace(),
        action: "report.opened",
        subject: report.id.to_string(),
        detail: json!({ "category": report.category, "visibility": report.visibility.word(), "photos": report.photos.len() }),
    });
    if report.visibility == Visibility::Public {
        tx.emit("report.published", json!({ "report": report.id.to_string(), "number": report.number }));
    }
}
