//! Photos under review: what of them the public may see. Faces and number plates are covered in a copy; the case keeps
//! the photo as it came. Not here: the words, and the decision about the report.

use super::{NotStored, allowed, named, refusal_text, show_with};
use crate::{
    pages::{found, photos},
    report::{ReviewRefusal, Visibility, blur_area},
    store::{self, DeskReport},
};
use axum::extract::Path;
use bytes::Bytes;
use db::{Audit, Once};
use files::{Area, BlobId, BlobKey, Part, picture};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, PageError, Visit};

const BOXES_MAX: usize = 40;

/// A photo as the review's page shows it.
pub(super) struct PhotoRow {
    pub id: String,
    pub image: String,
    pub is_public: bool,
    /// The picture is the public copy with its covered places, not the photo as it came.
    pub is_covered: bool,
    /// The public copy this page shows; sent back, so that nobody uncovers what a colleague covered.
    pub public_blob: String,
    /// Left, top, width, height in percent, as typed; a few empty rows behind them.
    pub boxes: Vec<[String; 4]>,
}

impl PhotoRow {
    pub fn of(number: &str, photo: &store::ReviewPhoto, form: &Form) -> Self {
        Self {
            id: photo.id.to_string(),
            image: match photo.covered() {
                Some(blob) => format!("/arbeit/meldung/{number}/foto/{}?stand={blob}", photo.id),
                None => format!("/arbeit/meldung/{number}/foto/{}", photo.id),
            },
            is_public: photo.public_blob.is_some(),
            is_covered: photo.covered().is_some(),
            public_blob: photo.public_blob.map(|blob| blob.to_string()).unwrap_or_default(),
            boxes: typed_boxes(form, photo.id),
        }
    }

    /// Came back with boxes that no button sent: nobody should have to look for them.
    pub fn is_marked(&self) -> bool {
        self.boxes.iter().flatten().any(|side| !side.trim().is_empty())
    }
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
pub(super) async fn publish(visit: Visit, name: String, photo: &str, hides: bool, form: Form) -> Answer {
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
pub(super) fn has_boxes(form: &Form) -> bool {
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
    let store_error = |error| PageError::of_files("could not read or store a photo under review", error);
    let jpeg: Option<Bytes> = match visit.site.files.get(key).await {
        Ok(jpeg) => jpeg,
        Err(error) => return Err(store_error(error)),
    };
    let prepared = picture::redact(found(jpeg)?, boxes)
        .await
        .map_err(|error| PageError::because("could not cover a photo")(Box::new(error)))?;
    let copy = BlobId(base::new_id(&*visit.site.clock, &*visit.site.chance));
    match visit.site.files.put_picture(BlobKey::whole(visit.town_id(), copy), &prepared).await {
        Ok(()) => Ok(copy.0),
        Err(error) => Err(store_error(error)),
    }
}
