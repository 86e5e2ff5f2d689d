//! Tests of the store, of pictures and of attachments; each has its own folder and its own files made by hand.

mod attachment;
mod picture;
mod places;
mod store;

use base::MunicipalityId;

/// A town by number, for tests that need several.
fn town(number: u8) -> MunicipalityId {
    MunicipalityId(base::uuid::Uuid::from_bytes([number; 16]))
}
