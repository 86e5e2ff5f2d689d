//! A file on its way through a form: streamed to disk by `platform/files`, limited in size and number. Dropped, it is
//! gone; a room that wants it gives it a key before it writes the row that names it.

use crate::{PageError, Visit};
use axum::extract::multipart::Field;
use files::{Incoming, Refused, StoreError};
use std::sync::Arc;

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

/// `None` for an empty file field. A refused file is kept as refused, so that the form can say why and keep the rest.
pub async fn receive(
    field_name: String,
    field: Field<'_>,
    visit: &Visit,
    so_far: usize,
) -> Result<Option<Upload>, PageError> {
    let settings = &visit.site.settings;
    let name = field.file_name().unwrap_or("").to_owned();
    if so_far >= settings.uploads_max {
        let refused = Refused::TooLarge { limit: settings.upload_bytes_max };
        return Ok((!name.is_empty()).then_some(Upload { field: field_name, name, outcome: Err(refused) }));
    }
    let outcome = match visit.site.files.incoming(field, settings.upload_bytes_max).await {
        Ok(incoming) if incoming.size() == 0 => return Ok(None),
        Ok(incoming) => Ok(Arc::new(incoming)),
        // The rest of the body cannot be read any more: the whole form is too large.
        Err(StoreError::Refused(Refused::TooLarge { .. })) => return Err(PageError::TooLarge),
        Err(StoreError::Refused(refused)) => Err(refused),
        Err(StoreError::Interrupted) => return Err(PageError::BadRequest("the upload broke off")),
        Err(error) => return Err(PageError::because("could not take an upload to disk")(Box::new(error))),
    };
    Ok(Some(Upload { field: field_name, name, outcome }))
}
