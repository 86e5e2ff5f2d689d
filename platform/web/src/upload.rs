//! A file on its way through a form: streamed to disk by `platform/files`, limited in size and number. Dropped, it is
//! gone; a room that wants it gives it a key before it writes the row that names it.

use crate::{PageError, Visit};
use axum::extract::multipart::{Field, MultipartError};
use files::{Incoming, Refused, StoreError};
use http::StatusCode;
use std::sync::Arc;

const NAME_CHARACTERS_MAX: usize = 300;

#[derive(Clone)]
pub struct Upload {
    pub field: String,
    /// As the client named it: untrusted, to be cleaned by `files::attachment` before anybody sees it.
    pub name: String,
    pub outcome: Result<Arc<Incoming>, Refused>,
}

impl Upload {
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.outcome.as_ref().map_or([0; 32], |incoming| incoming.sha256())
    }
}

/// `None` for an empty file field. A refused file is kept as refused and read past, so that the form can say why and keep
/// the rest; only a body larger than all files together may be ends it.
pub async fn receive(
    field_name: String,
    mut field: Field<'_>,
    visit: &Visit,
    so_far: usize,
) -> Result<Option<Upload>, PageError> {
    let settings = &visit.site.settings;
    let name: String = field.file_name().unwrap_or("").chars().take(NAME_CHARACTERS_MAX).collect();
    let outcome = if so_far >= settings.uploads_max {
        Err(StoreError::Refused(Refused::TooMany))
    } else {
        visit.site.files.incoming(&mut field, settings.upload_bytes_max).await
    };
    let outcome = match outcome {
        Ok(incoming) if incoming.size() == 0 => return Ok(None),
        Ok(incoming) => Ok(Arc::new(incoming)),
        Err(StoreError::Refused(refused)) => Err(refused),
        // What broke it says the next read.
        Err(StoreError::Interrupted) => Err(Refused::Broken),
        Err(error) => return Err(PageError::of_files("could not take an upload to disk", error)),
    };
    while field.chunk().await.map_err(|error| broken(&error))?.is_some() {}
    if so_far >= settings.uploads_max && name.is_empty() {
        return Ok(None);
    }
    Ok(Some(Upload { field: field_name, name, outcome }))
}

/// Why a multipart body could not be read on.
pub fn broken(error: &MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::BadRequest("the multipart body broke off"),
    }
}
