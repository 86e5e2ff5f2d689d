//! Uploads: a blob store on the local disk or in an S3-compatible store, pictures that are re-encoded before anybody sees them, and attachments by
//! allow-list. Not a table of who may see what: the row that names a blob belongs to a room, and a blob without a row
//! is swept away. Invariant: when `put` or `keep` has returned, the bytes survive a power cut, or the file store has
//! acknowledged them.

pub mod attachment;
mod backup;
mod disk;
mod incoming;
mod key;
pub mod picture;
mod reading;
mod redact;
mod remote;
mod store;

pub use backup::{Damage, Inventory, verify};
pub use incoming::Incoming;
pub use key::{BlobId, BlobKey, Part};
pub use reading::Blob;
pub use redact::Area;
pub use remote::S3;
pub use store::{Settings, Store, StoreError, Swept};

/// Why an upload is not taken. Each variant is one clear sentence for the person who sent it; the sentence itself is
/// a text of the page, not of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The content is of no allowed kind, whatever its name says.
    #[error("the content is of no allowed kind")]
    WrongType,
    /// A photo as iPhones keep it: everybody has seen it on the phone, and nothing here reads it.
    #[error("the content is a HEIC photo")]
    Heic,
    /// More files than the form takes.
    #[error("there are more files than allowed")]
    TooMany,
    /// More bytes than allowed.
    #[error("the file is larger than the {limit} bytes allowed")]
    TooLarge { limit: u64 },
    /// More pixels than allowed, or more memory to decode than allowed (decompression bomb).
    #[error("the picture has more pixels than allowed")]
    TooManyPixels,
    /// The kind is right, but the content cannot be read to its end.
    #[error("the file is damaged or incomplete")]
    Broken,
    /// The disk is below its reserve: nothing is wrong with the file, the house has to make room.
    #[error("the disk is full up to its reserve")]
    DiskFull,
}

#[cfg(test)]
mod tests;
