//! A stored blob that was opened to be sent in parts: from the disk or from the file store, never whole in memory.
//! Not for pictures, which are small: `Store::get`. Invariant: all parts come from the content that was opened.

use crate::{
    StoreError, disk,
    remote::{Object, Remote},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use std::io::{self, SeekFrom};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

const PIECE_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub struct Blob {
    size: u64,
    source: Source,
}

#[derive(Debug)]
enum Source {
    File(tokio::fs::File),
    Object(Remote, Object),
}

impl Blob {
    pub(crate) async fn from_file(file: tokio::fs::File) -> Result<Self, StoreError> {
        let size = file.metadata().await.map_err(disk::failed("measure a blob"))?.len();
        Ok(Self { size, source: Source::File(file) })
    }

    pub(crate) fn from_object(remote: Remote, object: Object) -> Self {
        Self { size: object.size, source: Source::Object(remote, object) }
    }

    pub const fn size(&self) -> u64 {
        self.size
    }

    /// `length` bytes from `from` on, piece by piece. The caller keeps both within the size.
    pub async fn part(self, from: u64, length: u64) -> Result<BoxStream<'static, io::Result<Bytes>>, StoreError> {
        match self.source {
            Source::File(mut file) => {
                file.seek(SeekFrom::Start(from)).await.map_err(disk::failed("find a part of a blob"))?;
                Ok(ReaderStream::with_capacity(file.take(length), PIECE_BYTES).boxed())
            }
            Source::Object(remote, object) => remote.part(object, from, length).await,
        }
    }
}
