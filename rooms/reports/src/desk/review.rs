//! Prüfung: what the public will see of a report. Words are edited in a copy, faces and number plates are covered in a
//! copy of the photo; the case keeps both as they came. Whoever reported reads what was decided and why.

use crate::{
    journey::BODY_CHARACTERS_MAX,
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
const TITLE_CHARACTERS_MAX: usize = 160;
const REASON_CHARACTERS_MAX: usize = 600;

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
    /// There is something to send: words that may be public, or a photo.
    has_form: bool,
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

impl Open {
    /// May its words become public at all?
    const fn has_words(&self) -> bool {
        !self.withdrawn && !self.never_public
    }
}

struct PhotoRow {
    id: String,
    image: String,
    is_public: bool,
    /// The picture is the public copy with its covered places, not the photo as it came.
    is_covered: bool,
    /// The public copy this page shows; sent back, so that nobody uncovers what a colleague covered.
    public_blob: String,
    /// Left, top, width, height in percent, as typed; a few empty rows behind them.
    boxes: Vec<[String; 4]>,
}

impl PhotoRow {
    /// Came back with boxes that no button sent: nobody should have to look for them.
    fn is_marked(&self) -> bool {
        self.boxes.iter().flatten().any(|side| !side.trim().is_empty())
    }
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
        let mut open = open_of(&report, &photos, &complaints, &form.form);
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

fn open_of(
    report: &DeskReport,
    photos: &[store::ReviewPhoto],
    complaints: &[(base::Moment, String, String)],
    form: &Form,
) -> Open {
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
        boxes: typed_boxes(form, photo.id),
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
        has_form: !photos.is_empty() || !matches!(report.visibility, Visibility::Withdrawn | Visibility::Private),
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
    format!("{ready} {}", form.text("reason")).trim().to_owned()
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

/// One form for everything: what was typed beside a photo comes along when the photo is sent first.
pub async fn sent(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let photo = form.text("deed").split_once(' ').map(|(deed, photo)| (deed == "hide", photo.to_owned()));
    match photo {
        Some((hides, photo)) => publish_photo(visit, name, &photo, hides, form).await,
        None => decide(visit, name, form).await,
    }
}

/// What can be refused without looking at the report.
fn check(state: &mut FormState, verdict: Verdict) {
    if verdict == Verdict::Publish {
        state.limit("title", TITLE_CHARACTERS_MAX, format!("Kürzen Sie den Titel auf {TITLE_CHARACTERS_MAX} Zeichen."));
        state.limit("body", BODY_CHARACTERS_MAX, format!("Kürzen Sie den Text auf {BODY_CHARACTERS_MAX} Zeichen."));
    }
    state.limit(
        "reason",
        REASON_CHARACTERS_MAX,
        format!("Kürzen Sie die Begründung auf {REASON_CHARACTERS_MAX} Zeichen."),
    );
    if verdict == Verdict::Publish && has_boxes(&state.form) {
        state.refuse(
            "",
            "Sie haben Flächen in einem Foto markiert. Veröffentlichen Sie zuerst das Foto, oder entfernen Sie die Markierungen.",
        );
    }
}

async fn decide(visit: Visit, name: String, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let verdict = if form.text("verdict") == "publish" { Verdict::Publish } else { Verdict::Refuse };
    let mut state = FormState::from(form);
    check(&mut state, verdict);
    if state.has_errors() {
        return show_with(visit, Some(name), state).await;
    }
    let (v, sent, wanted) = (visit.clone(), state.form.clone(), name.clone());
    let decided = visit
        .write(move |tx| {
            match tx.once(key, sent.fingerprint())? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(NotStored::Page(PageError::Conflict)),
                Once::First => {}
            }
            let report = found(named(tx, &wanted)?)?;
            allowed(&v, tx, &report)?;
            // What is kept back needs no words for the public; such as are too long for it change nothing.
            let fitting = |name, most, known| {
                Some(sent.text(name))
                    .filter(|text| text.chars().filter(|c| *c != '\r').count() <= most)
                    .unwrap_or(known)
            };
            let title = fitting("title", TITLE_CHARACTERS_MAX, report.public_title.as_str());
            let body = fitting("body", BODY_CHARACTERS_MAX, report.public_body.as_str());
            let reason = if verdict == Verdict::Refuse { reason_of(&sent) } else { String::new() };
            let visibility = review(report.visibility, verdict, title, &reason).map_err(NotStored::Refused)?;
            let seen = sent.integer("version").ok_or(NotStored::Stale)?;
            if !store::reviewed(tx, &report, visibility, title, body, &reason, seen)? {
                return Err(NotStored::Stale);
            }
            store_review(tx, &v, &report, visibility, [title, body, &reason])?;
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await;
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
async fn publish_photo(visit: Visit, name: String, photo: &str, hides: bool, form: Form) -> Answer {
    // Each button of the form is a deed of its own: covering takes a moment, and the next one may be pressed meanwhile.
    let key = visit.once_key_of(&form, form.text("deed"))?;
    let (report, row) = photo_of(&visit, &name, photo).await?;
    let mut state = FormState::from(form);
    if report.visibility == Visibility::Private && !hides {
        state.refuse("", refusal_text(ReviewRefusal::NeverPublic).1);
        return show_with(visit, Some(name), state).await;
    }
    let public = match boxes(&state.form, row.id) {
        _ if hides => None,
        Ok(boxes) => Some(covered(&visit, &row, boxes).await?),
        Err(message) => {
            state.refuse("", message);
            return show_with(visit, Some(name), state).await;
        }
    };
    let old = Uuid::try_parse(state.form.text(&format!("public-{}", row.id))).ok();
    let (v, fingerprint) = (visit.clone(), state.form.fingerprint());
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
    after_photo(visit, report, row.id, state).await
}

/// On to the page by GET, unless something typed is not stored yet: then the page comes back with it.
async fn after_photo(visit: Visit, report: DeskReport, photo: Uuid, mut state: FormState) -> Answer {
    for side in SIDES {
        state.form.remove(&format!("{side}-{photo}"));
    }
    if !typed_more(&report, &state.form) {
        return Ok(visit.see_other_saying(&format!("/arbeit/meldung/{}", report.number), "flash-report-photo"));
    }
    let mut visit = visit;
    visit.say("flash-report-photo-only");
    show_with(visit, Some(report.number), state).await
}

/// Holds the form words or boxes that nobody stored?
fn typed_more(report: &DeskReport, form: &Form) -> bool {
    let stored = [("title", &report.public_title), ("body", &report.public_body), ("reason", &report.reason)];
    // Browsers send line ends as CRLF.
    let differs = |(name, stored): &(&str, &String)| {
        form.has(name) && form.text(name).replace('\r', "") != stored.trim().replace('\r', "")
    };
    stored.iter().any(differs) || !form.text("ready-reason").is_empty() || has_boxes(form)
}

/// Marked boxes that no button sent yet.
fn has_boxes(form: &Form) -> bool {
    let is_box =
        |name: &str| SIDES.iter().any(|side| name.strip_prefix(side).is_some_and(|rest| rest.starts_with('-')));
    form.pairs().any(|(name, value)| is_box(name) && !value.trim().is_empty())
}

/// Fields of a box: left, top, width, height; the photo's id stands behind the name.
const SIDES: [&str; 4] = ["x", "y", "w", "h"];
/// Rows for boxes without scripts.
const EMPTY_BOXES: usize = 3;

/// The boxes of one photo as typed, and at least a few rows.
fn typed_boxes(form: &Form, photo: Uuid) -> Vec<[String; 4]> {
    let sides = SIDES.map(|side| form.all(&format!("{side}-{photo}")).map(str::to_owned).collect::<Vec<_>>());
    let typed = sides.iter().map(Vec::len).max().unwrap_or(0);
    let row = |number: usize| sides.each_ref().map(|side| side.get(number).cloned().unwrap_or_default());
    (0..typed.max(EMPTY_BOXES)).map(row).collect()
}

/// The marked areas. The error says how to mend a row that is none: left out in silence, a face would go public.
fn boxes(form: &Form, photo: Uuid) -> Result<Vec<Area>, String> {
    let number = |text: &String| text.replace(',', ".").trim_end_matches('%').trim().parse().unwrap_or(f64::NAN);
    let rows = typed_boxes(form, photo).into_iter().enumerate();
    let marked: Vec<_> = rows.filter(|(_, row)| row.iter().any(|side| !side.trim().is_empty())).collect();
    if marked.len() > BOXES_MAX {
        return Err(format!("Markieren Sie höchstens {BOXES_MAX} Flächen, oder fassen Sie mehrere zusammen."));
    }
    let area = |(index, row): (usize, [String; 4])| {
        let [x, y, w, h] = row.each_ref().map(number);
        let message = "ist nicht vollständig. Geben Sie links, oben, breit und hoch als Zahl bis 100 an.";
        blur_area(x, y, w, h).ok_or_else(|| format!("Fläche {} {message}", index + 1))
    };
    marked.into_iter().map(area).collect()
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
