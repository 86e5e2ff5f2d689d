//! Photos of an answer that came back to be mended. They are on disk, no row names them yet, and the form carries them as
//! signed words. Invariant: such a word is good for one case and a few hours, less than the sweep of unnamed blobs waits.

use super::access::admitted;
use crate::store::threads::{AttachmentKind, NewAttachment};
use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use base::uuid::Uuid;
use files::{BlobId, BlobKey, Part};
use web::{Answer, Form, FormState, PageError, Visit};

/// Photos of one answer.
pub const PHOTOS_MAX: usize = 5;
/// The field that carries the photos of an answer that came back.
pub const KEPT: &str = "behalten";
const PURPOSE: &str = "case-photo";
const HOURS: i64 = 12;

/// A photo that goes along when the form is sent again.
pub struct KeptPhoto {
    pub token: String,
    pub href: String,
    pub name: String,
}

pub fn keep(visit: &Visit, number: &str, photo: &NewAttachment) -> KeptPhoto {
    let until = visit.site.clock.now().plus_seconds(HOURS * 3_600);
    let token =
        visit.site.keys.seal(visit.town_id(), PURPOSE, &format!("{number} {} {}", photo.blob.0, photo.name), until);
    KeptPhoto { href: format!("/stand/{number}/foto/{token}"), token, name: photo.name.clone() }
}

fn kept(visit: &Visit, number: &str, token: &str) -> Option<NewAttachment> {
    let sealed = visit.site.keys.open(visit.town_id(), PURPOSE, token, visit.site.clock.now())?;
    let mut parts = sealed.splitn(3, ' ');
    let (case, blob, name) = (parts.next()?, parts.next()?, parts.next()?);
    let blob = BlobId(Uuid::try_parse(blob).ok()?);
    (case == number).then(|| NewAttachment { blob, name: name.to_owned(), kind: AttachmentKind::Picture })
}

/// The photos kept before and those sent now. What is refused is said at the field.
pub async fn take(visit: &Visit, number: &str, state: &mut FormState) -> Result<Vec<NewAttachment>, PageError> {
    let tokens = state.form.all(KEPT).filter_map(|token| kept(visit, number, token));
    let mut photos: Vec<NewAttachment> = tokens.take(PHOTOS_MAX).collect();
    let taken = web::take_photos(visit, state, "fotos", photos.len(), PHOTOS_MAX).await?;
    let new = |photo: web::Photo| NewAttachment { blob: photo.blob, name: photo.name, kind: AttachmentKind::Picture };
    photos.extend(taken.into_iter().map(new));
    Ok(photos)
}

/// `GET /stand/{number}/foto/{token}`: a kept photo, for whoever sent it.
pub async fn show(visit: Visit, Path((number, token)): Path<(String, String)>, _: Form) -> Answer {
    let number = admitted(&visit, &number).ok_or(PageError::NotFound)?;
    let photo = kept(&visit, &number, &token).ok_or(PageError::NotFound)?;
    let key = BlobKey::whole(visit.town_id(), photo.blob).part(Part::Small);
    let bytes = visit.site.files.get(key).await;
    let bytes = bytes.map_err(|error| PageError::of_files("could not read a photo", error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, bytes.ok_or(PageError::NotFound)?).into_response())
}
