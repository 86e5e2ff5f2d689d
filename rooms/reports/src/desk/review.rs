//! Prüfung: what the public will see of a report. Words are edited in a copy, faces and number plates are covered in a
//! copy of the photo; the case keeps both as they came. Whoever reported reads what was decided and why.

use crate::{
    pages::{Choice, found, photos},
    report::{ReviewRefusal, Verdict, Visibility, blur_area, review},
    store::{self, DeskReport},
};
use axum::extract::Path;
use base::{Permission, Scope, may};
use bytes::Bytes;
use cases::CaseId;
use db::{Audit, DbError, Once, Tx};
use files::{Area, BlobId, BlobKey, Part, picture};
use identity::units_for;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Lang, Page, PageError, Template, Visit, words};

const LIST: i64 = 100;
const BOXES_MAX: usize = 40;

#[derive(Template)]
#[template(path = "reports-review.html")]
struct ReviewPage {
    page: Page,
    rows: Vec<Row>,
    open: Option<Open>,
    form: FormState,
}

struct Row {
    href: String,
    title: String,
    meta: String,
    complaint: bool,
    current: bool,
}

struct Open {
    number: String,
    case_href: String,
    title: String,
    body: String,
    meta: String,
    visibility: &'static str,
    visibility_kind: &'static str,
    public_href: String,
    photos: Vec<PhotoRow>,
    complaints: Vec<(String, String, String)>,
    reasons: Vec<Choice>,
    withdrawn: bool,
    /// Of a category that is never shown.
    never_public: bool,
    version: i64,
    /// What a colleague stored while this form was open; empty otherwise.
    stored_title: String,
    stored_body: String,
}

struct PhotoRow {
    id: String,
    image: String,
    is_public: bool,
    /// The picture is the public copy with its covered places, not the photo as it came.
    is_covered: bool,
    /// The public copy this page shows; sent back, so that nobody uncovers what a colleague covered.
    public_blob: String,
    action: String,
}

/// May this person review the report? As everywhere: by the unit that has the case.
fn allowed(visit: &Visit, tx: &Tx<'_>, report: &DeskReport) -> Result<(), PageError> {
    let head = cases::head(tx, CaseId(report.case_id))?.ok_or(PageError::NotFound)?;
    let permitted = may(&visit.actor, Permission::ReportModerate, Scope::Unit(head.unit));
    if permitted { Ok(()) } else { Err(PageError::NotFound) }
}

/// Reports this person may review, oldest first.
fn waiting(visit: &Visit, tx: &Tx<'_>) -> Result<Vec<DeskReport>, DbError> {
    store::to_review(tx, &units_for(&visit.actor, Permission::ReportModerate), LIST)
}

/// By number, or by id: the case's link was made before it had a number.
fn named(tx: &Tx<'_>, name: &str) -> Result<Option<DeskReport>, DbError> {
    match Uuid::try_parse(name) {
        Ok(id) => store::desk_report_by_id(tx, id),
        Err(_) => store::desk_report(tx, name),
    }
}

pub async fn list(visit: Visit) -> Answer {
    show_with(visit, None, FormState::default()).await
}

pub async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    show_with(visit, Some(name), FormState::default()).await
}

async fn show_with(visit: Visit, name: Option<String>, form: FormState) -> Answer {
    let (v, failed) = (visit.clone(), form.has_errors());
    let (rows, open, desk) = visit
        .read(move |tx| {
            let open = match &name {
                Some(name) => {
                    let report = found(named(tx, name)?)?;
                    allowed(&v, tx, &report)?;
                    let photos = store::photos_for_review(tx, report.id)?;
                    let complaints = store::complaints_of(tx, report.id)?;
                    Some((report, photos, complaints))
                }
                None => None,
            };
            Ok::<_, PageError>((waiting(&v, tx)?, open, v.desk(tx)?))
        })
        .await?;
    let mut form = form;
    let now = visit.site.clock.now();
    let current = open.as_ref().map(|(report, ..)| report.id);
    let rows = rows.iter().map(|report| Row {
        href: format!("/arbeit/meldung/{}", report.number),
        title: report.title.clone(),
        meta: format!("{} · {} · {}", report.number, report.place, words::when(Lang::De, report.opened_at, now)),
        complaint: report.complaints > 0,
        current: current == Some(report.id),
    });
    let rows = rows.collect();
    let open = open.map(|(report, photos, complaints)| {
        if !form.form.has("title") {
            form.form.set("title", report.public_title.as_str());
            form.form.set("body", report.public_body.as_str());
            form.form.set("reason", report.reason.as_str());
        }
        let mut open = open_of(&report, &photos, &complaints);
        if !visit.may(Permission::CaseRead) {
            open.case_href.clear();
        }
        if form.form.integer("version").is_some_and(|seen| seen != report.version) {
            open.stored_title.clone_from(&report.public_title);
            open.stored_body.clone_from(&report.public_body);
        }
        open
    });
    let mut page = visit.page("Prüfung").with_desk(desk);
    if failed {
        page = page.failed();
    }
    let template = ReviewPage { page, rows, open, form };
    if failed { Visit::unprocessable(&template) } else { web::render(&template) }
}

fn open_of(report: &DeskReport, photos: &[store::ReviewPhoto], complaints: &[(base::Moment, String, String)]) -> Open {
    let (visibility, visibility_kind) = match report.visibility {
        Visibility::Waiting => ("noch nicht geprüft", "info"),
        Visibility::Public => ("öffentlich", "ok"),
        Visibility::Refused => ("nicht veröffentlicht", "warn"),
        Visibility::Private => ("Art der Meldung ist nie öffentlich", ""),
        Visibility::Withdrawn => ("zurückgezogen", ""),
    };
    let number = report.number.as_str();
    let photo = |photo: &store::ReviewPhoto| PhotoRow {
        id: photo.id.to_string(),
        image: match photo.covered() {
            Some(blob) => format!("/arbeit/meldung/{number}/foto/{}?stand={blob}", photo.id),
            None => format!("/arbeit/meldung/{number}/foto/{}", photo.id),
        },
        is_public: photo.public_blob.is_some(),
        is_covered: photo.covered().is_some(),
        public_blob: photo.public_blob.map(|blob| blob.to_string()).unwrap_or_default(),
        action: format!("/arbeit/meldung/{number}/foto/{}", photo.id),
    };
    let complaint = |(at, reason, note): &(base::Moment, String, String)| {
        let reason = match reason.as_str() {
            "person" => "zeigt eine Person oder ein Kennzeichen",
            "insult" => "beleidigt",
            "advertising" => "ist Werbung",
            _ => "anderer Grund",
        };
        (words::date_time(Lang::De, *at), reason.to_owned(), note.clone())
    };
    Open {
        case_href: format!("/arbeit/fall/{number}"),
        title: report.title.clone(),
        body: report.body.clone(),
        meta: format!("{} · {} · {}", report.number, report.place, words::date_time(Lang::De, report.opened_at)),
        visibility,
        visibility_kind,
        public_href: if report.visibility == Visibility::Public { format!("/melden/{number}") } else { String::new() },
        photos: photos.iter().map(photo).collect(),
        complaints: complaints.iter().map(complaint).collect(),
        reasons: vec![
            Choice::new("personal", "Text oder Foto zeigt Personen oder Kennzeichen."),
            Choice::new("private_ground", "Der Ort ist Privatgrund."),
            Choice::new("not_for_public", "Der Inhalt eignet sich nicht für die öffentliche Karte."),
            Choice::new("unclear", "Ort oder Schaden sind nicht klar genug."),
        ],
        withdrawn: report.visibility == Visibility::Withdrawn,
        never_public: report.visibility == Visibility::Private,
        version: report.version,
        stored_title: String::new(),
        stored_body: String::new(),
        number: report.number.clone(),
    }
}

/// The words for the citizen: a ready sentence, own words, or both.
fn reason_of(form: &Form) -> String {
    let ready = match form.text("ready-reason") {
        "personal" => "Text oder Foto zeigt Personen oder Kennzeichen.",
        "private_ground" => "Der Ort ist Privatgrund.",
        "not_for_public" => "Der Inhalt eignet sich nicht für die öffentliche Karte.",
        "unclear" => "Ort oder Schaden sind nicht klar genug.",
        _ => "",
    };
    format!("{ready} {}", form.text("reason")).trim().chars().take(600).collect()
}

/// Why a decision was not stored; the transaction is taken back.
enum NotStored {
    Page(PageError),
    Refused(ReviewRefusal),
    /// A colleague was faster.
    Stale,
}

impl From<DbError> for NotStored {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<PageError> for NotStored {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

const fn refusal_text(refusal: ReviewRefusal) -> (&'static str, &'static str) {
    match refusal {
        ReviewRefusal::Withdrawn => ("", "Die Meldung wurde zurückgezogen. Sie bleibt unsichtbar."),
        ReviewRefusal::NeverPublic => ("", "Meldungen dieser Art sind nie öffentlich."),
        ReviewRefusal::ReasonMissing => {
            ("reason", "Schreiben Sie, warum die Meldung nicht öffentlich wird. Die Person liest das.")
        }
        ReviewRefusal::TitleMissing => ("title", "Geben Sie der öffentlichen Meldung einen Titel."),
    }
}

pub async fn decide(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let verdict = if form.text("verdict") == "publish" { Verdict::Publish } else { Verdict::Refuse };
    let (v, sent, wanted) = (visit.clone(), form.clone(), name.clone());
    let decided = visit
        .write(move |tx| {
            match tx.once(key, sent.fingerprint())? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(NotStored::Page(PageError::Conflict)),
                Once::First => {}
            }
            let report = found(named(tx, &wanted)?)?;
            allowed(&v, tx, &report)?;
            let title: String = sent.text("title").chars().take(160).collect();
            let body: String = sent.text("body").chars().take(4_000).collect();
            let reason = if verdict == Verdict::Refuse { reason_of(&sent) } else { String::new() };
            let visibility = review(report.visibility, verdict, &title, &reason).map_err(NotStored::Refused)?;
            let seen = sent.integer("version").ok_or(NotStored::Stale)?;
            if !store::reviewed(tx, &report, visibility, &title, &body, &reason, seen)? {
                return Err(NotStored::Stale);
            }
            store_review(tx, &v, &report, visibility, [&title, &body, &reason])?;
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await;
    let mut state = FormState::from(form);
    match decided {
        Ok(()) => return Ok(visit.see_other_saying("/arbeit/pruefung", "flash-report-reviewed")),
        Err(NotStored::Page(error)) => return Err(error),
        Err(NotStored::Refused(refusal)) => {
            let (field, text) = refusal_text(refusal);
            state.refuse(field, text);
        }
        Err(NotStored::Stale) => state.refuse(
            "title",
            "Jemand hat diese Meldung inzwischen geprüft. Vergleichen Sie beide Fassungen und entscheiden Sie noch einmal.",
        ),
    }
    show_with(visit, Some(name), state).await
}

/// What follows from a decision that was stored.
fn store_review(
    tx: &Tx<'_>,
    visit: &Visit,
    report: &DeskReport,
    visibility: Visibility,
    [title, body, reason]: [&str; 3],
) -> Result<(), DbError> {
    store::handle_complaints(tx, report.id)?;
    let changed = title != report.title || body != report.body;
    let text = match visibility {
        Visibility::Public if changed => {
            "Ihre Meldung ist jetzt öffentlich. Wir haben Text oder Titel gekürzt, damit keine persönlichen Angaben zu lesen sind."
                .to_owned()
        }
        Visibility::Public => "Ihre Meldung ist jetzt auf der öffentlichen Karte zu sehen.".to_owned(),
        _ => format!("Ihre Meldung wird bearbeitet, aber nicht öffentlich gezeigt. Grund: {reason}"),
    };
    if visibility != report.visibility || changed {
        cases::remark(tx, CaseId(report.case_id), &visit.actor, &text, true)?;
    }
    tx.audit(Audit {
        actor: visit.actor.trace(),
        action: if visibility == Visibility::Public { "report.published" } else { "report.refused" },
        subject: report.id.to_string(),
        detail: json!({ "edited": changed, "before": report.visibility.word() }),
    });
    if visibility == Visibility::Public && report.visibility != Visibility::Public {
        tx.emit("report.published", json!({ "report": report.id.to_string(), "number": report.number }));
    }
    Ok(())
}

/// The report and one of its photos, if this person may review it.
async fn photo_of(visit: &Visit, name: &str, photo: &str) -> Result<(DeskReport, store::ReviewPhoto), PageError> {
    let photo = Uuid::try_parse(photo).map_err(|_| PageError::NotFound)?;
    let (v, name) = (visit.clone(), name.to_owned());
    visit
        .read(move |tx| {
            let report = found(named(tx, &name)?)?;
            allowed(&v, tx, &report)?;
            let photos = store::photos_for_review(tx, report.id)?;
            Ok((report, found(photos.into_iter().find(|row| row.id == photo))?))
        })
        .await
}

/// The photo as it came, or as the public sees it with `?stand=`.
pub async fn photo(visit: Visit, Path((name, photo)): Path<(String, String)>, form: Form) -> Answer {
    let (_, row) = photo_of(&visit, &name, &photo).await?;
    let blob = if form.has("stand") { found(row.public_blob)? } else { row.blob };
    photos::serve(&visit, blob, Part::Large, "private, no-store").await
}

/// Shows a photo to the public, with the marked boxes made unreadable in a copy, or takes it away again.
pub async fn publish_photo(visit: Visit, Path((name, photo)): Path<(String, String)>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let (report, row) = photo_of(&visit, &name, &photo).await?;
    let hides = form.text("deed") == "hide";
    if report.visibility == Visibility::Private && !hides {
        let mut state = FormState::default();
        state.refuse("", refusal_text(ReviewRefusal::NeverPublic).1);
        return show_with(visit, Some(name), state).await;
    }
    let public = if hides { None } else { Some(covered(&visit, &row, boxes(&form)).await?) };
    let (v, fingerprint, old) = (visit.clone(), form.fingerprint(), Uuid::try_parse(form.text("public")).ok());
    let written = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(NotStored::Page(PageError::Conflict)),
                Once::First => {}
            }
            if !store::set_public_photo(tx, row.id, old, public)? {
                return Err(NotStored::Stale);
            }
            tx.audit(Audit {
                actor: v.actor.trace(),
                action: if public.is_some() { "report.photo_published" } else { "report.photo_hidden" },
                subject: report.id.to_string(),
                detail: json!({ "photo": row.id.to_string(), "covered": public.is_some_and(|blob| blob != row.blob) }),
            });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await;
    match written {
        Ok(()) => {}
        Err(NotStored::Page(error)) => return Err(error),
        Err(NotStored::Refused(_) | NotStored::Stale) => {
            let mut state = FormState::default();
            state.refuse(
                "",
                "Dieses Foto hat inzwischen eine andere öffentliche Fassung. Sehen Sie sie an, bevor Sie sie ändern.",
            );
            return show_with(visit, Some(name), state).await;
        }
    }
    // A former public copy is named by nobody now; the sweep would find it, but a covered face should go at once.
    if let Some(old) = old.filter(|old| *old != row.blob && Some(*old) != public) {
        let key = BlobKey::whole(visit.town_id(), BlobId(old));
        if let Err(error) = visit.site.files.delete_all_parts(key).await {
            tracing::warn!(%error, "a replaced public photo waits for the sweep");
        }
    }
    Ok(visit.see_other_saying(&format!("/arbeit/meldung/{}", report.number), "flash-report-photo"))
}

fn boxes(form: &Form) -> Vec<Area> {
    let numbers = |name: &str| -> Vec<f64> {
        form.all(name).map(|text| text.replace(',', ".").parse().unwrap_or(f64::NAN)).collect()
    };
    let (xs, ys, ws, hs) = (numbers("x"), numbers("y"), numbers("w"), numbers("h"));
    let all = xs.into_iter().zip(ys).zip(ws.into_iter().zip(hs)).take(BOXES_MAX);
    all.filter_map(|((x, y), (w, h))| blur_area(x, y, w, h)).collect()
}

/// The blob the public may see: the photo itself without boxes, else a covered copy. What is covered stays so: boxes are
/// added to the copy that is public, and none of them leaves it as it is. Only a photo that was hidden begins anew.
async fn covered(visit: &Visit, row: &store::ReviewPhoto, boxes: Vec<Area>) -> Result<Uuid, PageError> {
    let from = row.covered().unwrap_or(row.blob);
    if boxes.is_empty() {
        return Ok(from);
    }
    let key = BlobKey::whole(visit.town_id(), BlobId(from)).part(Part::Large);
    let store_error = PageError::because("could not read or store a photo under review");
    let jpeg: Option<Bytes> = match visit.site.files.get(key).await {
        Ok(jpeg) => jpeg,
        Err(error) => return Err(store_error(Box::new(error))),
    };
    let prepared = picture::redact(found(jpeg)?, boxes)
        .await
        .map_err(|error| PageError::because("could not cover a photo")(Box::new(error)))?;
    let copy = BlobId(base::new_id(&*visit.site.clock, &*visit.site.chance));
    match visit.site.files.put_picture(BlobKey::whole(visit.town_id(), copy), &prepared).await {
        Ok(()) => Ok(copy.0),
        Err(error) => Err(store_error(Box::new(error))),
    }
}
