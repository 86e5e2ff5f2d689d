//! An upload on its way: streamed to a temporary file in the store's own file system, counted and hashed while it
//! comes. It has no name yet; dropped, it is gone. Never the whole file in memory, unless `read` is asked for.

use crate::{Refused, StoreError, disk};
use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// Enough for every magic number in the allow-list.
const HEAD_BYTES: usize = 4096;

/// A received upload that has no key yet.
#[derive(Debug)]
pub struct Incoming {
    file: TemporaryFile,
    size: u64,
    sha256: [u8; 32],
    head: Vec<u8>,
}

impl Incoming {
    pub const fn size(&self) -> u64 {
        self.size
    }

    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The first bytes, for recognising what it is.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The whole content, for pictures, which are decoded from memory.
    pub async fn read(&self) -> Result<Bytes, StoreError> {
        tokio::fs::read(&self.file.0).await.map(Bytes::from).map_err(disk::failed("read an upload"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.0
    }
}

/// Removes its file when dropped; after the rename there is nothing left to remove.
#[derive(Debug)]
struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) async fn receive<S, E>(folder: &Path, stream: S, limit: u64) -> Result<Incoming, StoreError>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let (path, file) = disk::create_temporary(folder)?;
    let temporary = TemporaryFile(path);
    let mut file = tokio::fs::File::from_std(file);
    let mut hash = digest::Context::new(&digest::SHA256);
    let (mut size, mut head) = (0u64, Vec::new());
    let mut stream = std::pin::pin!(stream);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| StoreError::Interrupted)?;
        size = size.saturating_add(chunk.len() as u64);
        if size > limit {
            return Err(Refused::TooLarge { limit }.into());
        }
        hash.update(&chunk);
        let wanted = HEAD_BYTES - head.len();
        head.extend_from_slice(&chunk[..wanted.min(chunk.len())]);
        file.write_all(&chunk).await.map_err(disk::failed("write an upload"))?;
    }
    file.flush().await.map_err(disk::failed("write an upload"))?;
    file.sync_all().await.map_err(disk::failed("sync an upload"))?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hash.finish().as_ref());
    Ok(Incoming { file: temporary, size, sha256, head })
}
