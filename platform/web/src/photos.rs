//! Photos in a form, for every room alike: made upright, stripped of what the camera wrote, shrunk, and on disk before any
//! row names them. What is refused is said at the field, with the name of the file and how to mend it; the rest is kept.
//! Not here: which row names a photo, and who may see it.

use crate::{FormState, PageError, Texts, Upload, Visit};
use base::{Position, new_id};
use files::{BlobId, BlobKey, Refused, StoreError, attachment, picture};

/// A photo that is on disk and that no row names yet.
#[derive(Clone)]
pub struct Photo {
    pub blob: BlobId,
    /// As its owner called it, without paths and invisible characters.
    pub name: String,
    /// SHA-256 of the stored picture as hex: the same upload gives the same.
    pub digest: String,
    /// Where the camera says it was. Personal data: offer it, then forget it.
    pub exif_position: Option<Position>,
}

/// Stores the photos sent in this field, up to `max` together with the `known` ones. Refuses the others at the field.
pub async fn take_photos(
    visit: &Visit,
    state: &mut FormState,
    field: &str,
    known: usize,
    max: usize,
) -> Result<Vec<Photo>, PageError> {
    let uploads: Vec<Upload> = state.form.uploads.iter().filter(|upload| upload.field == field).cloned().collect();
    let mut photos = vec![];
    for upload in uploads {
        if known + photos.len() >= max {
            state.refuse(field, visit.t.count("kit-photo-many", i64::try_from(max).unwrap_or(i64::MAX)));
            break;
        }
        match take(visit, &upload).await {
            Ok(photo) => photos.push(photo),
            Err(StoreError::Refused(refused)) => {
                let name = attachment::shown_name(&upload.name);
                state.refuse(field, format!("{name}: {}", sentence(visit.t, refused)));
            }
            Err(error) => return Err(PageError::of_files("could not store a photo", error)),
        }
    }
    Ok(photos)
}

async fn take(visit: &Visit, upload: &Upload) -> Result<Photo, StoreError> {
    let incoming = upload.outcome.as_ref().map_err(|refused| StoreError::Refused(*refused))?;
    let picture = picture::prepare_upload(incoming, picture::Limits::default()).await?;
    let blob = BlobId(new_id(&*visit.site.clock, &*visit.site.chance));
    visit.site.files.put_picture(BlobKey::whole(visit.town_id(), blob), &picture).await?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &picture.sizes[0].bytes);
    let name = attachment::shown_name(&upload.name);
    Ok(Photo { blob, name, digest: base::hex(digest.as_ref()), exif_position: picture.exif_position })
}

fn sentence(t: &Texts, refused: Refused) -> &'static str {
    t.s(match refused {
        Refused::WrongType => "kit-photo-type",
        Refused::Heic => "kit-photo-heic",
        Refused::TooLarge { .. } | Refused::TooManyPixels => "kit-photo-large",
        Refused::Broken => "kit-photo-broken",
        Refused::DiskFull => "kit-photo-no-room",
        Refused::TooMany => "kit-photo-one-too-many",
    })
}
