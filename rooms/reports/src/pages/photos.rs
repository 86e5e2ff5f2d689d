//! Photos on their way in: stored by the kit, and only then named by a draft. And on their way out: to the draft's owner, and to the public once a review let them through.

use crate::{
    journey::{Draft, DraftPhoto, PHOTOS_MAX},
    store,
};
use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use base::Position;
use bytes::Bytes;
use files::{BlobId, BlobKey, Part};
use uuid::Uuid;
use web::{Answer, FormState, PageError, Visit};

/// Photos that were stored and that no draft names yet.
#[derive(Clone, Default)]
pub struct Taken {
    photos: Vec<DraftPhoto>,
    position: Option<Position>,
    /// Read by the browser before it shrank the photo: counts more.
    from_browser: Option<Position>,
}

impl Taken {
    pub fn any(&self) -> bool {
        !self.photos.is_empty()
    }

    /// Names them in the draft as it stands now. False if it had no room for all.
    pub fn add_to(&self, draft: &mut Draft) -> bool {
        let mut all_fit = true;
        for photo in &self.photos {
            // Sent again by a double click or by the browser's back button.
            if draft.photos.iter().any(|known| !photo.digest.is_empty() && known.digest == photo.digest) {
                continue;
            }
            if draft.photos.len() < PHOTOS_MAX {
                draft.photos.push(photo.clone());
            } else {
                all_fit = false;
            }
        }
        if !draft.photos.is_empty() {
            draft.photo_position = self.from_browser.or(draft.photo_position).or(self.position);
        }
        all_fit
    }
}

/// Stores the uploads of this form. What is refused is said at the field; the rest is kept.
pub async fn take(visit: &Visit, state: &mut FormState) -> Result<Taken, PageError> {
    let photos = web::take_photos(visit, state, "photo", 0, PHOTOS_MAX).await?;
    Ok(Taken {
        position: photos.iter().find_map(|photo| photo.exif_position),
        photos: photos
            .into_iter()
            .map(|photo| DraftPhoto { blob: photo.blob.0, name: photo.name, digest: photo.digest })
            .collect(),
        from_browser: from_browser(state.form.text("exif")),
    })
}

/// The browser shrinks photos and reads their position before it is lost.
fn from_browser(text: &str) -> Option<Position> {
    let (lat, lon) = text.split_once(',')?;
    Position::new(lat.trim().parse().ok()?, lon.trim().parse().ok()?)
}

/// A photo of a draft, for whoever has the draft's link.
pub async fn of_draft(visit: Visit, Path((draft, photo)): Path<(String, String)>) -> Answer {
    let (Ok(draft), Ok(photo)) = (Uuid::try_parse(&draft), Uuid::try_parse(&photo)) else {
        return Err(PageError::NotFound);
    };
    let found = visit.read(move |tx| store::draft(tx, draft)).await?;
    let named = found.is_some_and(|draft| draft.photos.iter().any(|known| known.blob == photo));
    if !named {
        return Err(PageError::NotFound);
    }
    serve(&visit, photo, Part::Small, "private, no-store").await
}

/// A published photo. Names of sizes are for people who look at addresses.
pub async fn public(visit: Visit, Path((photo, size)): Path<(String, String)>) -> Answer {
    let part = match size.as_str() {
        "gross.jpg" => Part::Large,
        "mittel.jpg" => Part::Medium,
        "klein.jpg" => Part::Small,
        _ => return Err(PageError::NotFound),
    };
    let photo = Uuid::try_parse(&photo).map_err(|_| PageError::NotFound)?;
    let blob = visit.read(move |tx| store::public_blob(tx, photo)).await?.ok_or(PageError::NotFound)?;
    // Not for long: what was published may have to be taken back.
    serve(&visit, blob, part, "public, max-age=300").await
}

pub async fn serve(visit: &Visit, blob: Uuid, part: Part, cache: &'static str) -> Answer {
    let key = BlobKey::whole(visit.town_id(), BlobId(blob)).part(part);
    let bytes = visit.site.files.get(key).await;
    let bytes = bytes.map_err(|error| PageError::of_files("could not read a photo", error))?;
    Ok(jpeg(bytes.ok_or(PageError::NotFound)?, cache))
}

fn jpeg(bytes: Bytes, cache: &'static str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
