//! The blob store: put, get and delete by key, below `DIR/files`. A local folder today; the calls are those an object
//! store has, so that S3 can stand behind them. It knows no rows and no permissions. Invariant: a key shows the whole
//! content or nothing, also after `kill -9` and after a power cut.

use crate::{BlobKey, Incoming, Part, Refused, disk, incoming, picture::Picture};
use base::{Moment, MunicipalityId};
use bytes::Bytes;
use futures_util::Stream;
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

/// Where uploads under way are written: the same file system as the blobs, so that a rename is atomic.
pub(crate) const INCOMING: &str = ".incoming";

#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder; the store uses `files` below it.
    pub folder: PathBuf,
    /// Uploads are refused when less than this is free: the database on the same disk needs room to live.
    pub reserve_bytes: u64,
}

impl Settings {
    pub fn below(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), reserve_bytes: 512 * 1024 * 1024 }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The sender stopped or the connection broke.
    #[error("the upload ended before its end")]
    Interrupted,
    #[error("could not {doing}")]
    Broken { doing: &'static str, source: io::Error },
}

/// What a sweep took away.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    pub blobs: u64,
    pub leftovers: u64,
}

#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    reserve_bytes: u64,
    /// Folders this process has seen safely on disk; each costs a few syncs once.
    synced: Mutex<HashSet<PathBuf>>,
}

impl Store {
    pub async fn open(settings: Settings) -> Result<Self, StoreError> {
        blocking(move || {
            let root = settings.folder.join("files");
            disk::create_folder_synced(&settings.folder, &root.join(INCOMING))?;
            Ok(Self(Arc::new(Inner { root, reserve_bytes: settings.reserve_bytes, synced: Mutex::default() })))
        })
        .await
    }

    /// Bytes that may still be written before the disk is full, the reserve included.
    pub async fn free_bytes(&self) -> Result<u64, StoreError> {
        let store = Arc::clone(&self.0);
        blocking(move || disk::free_bytes(&store.root)).await
    }

    /// `Refused::DiskFull` when free space is below the reserve. Pages ask before they read a body.
    pub async fn check_space(&self) -> Result<(), StoreError> {
        if self.free_bytes().await? < self.0.reserve_bytes {
            return Err(Refused::DiskFull.into());
        }
        Ok(())
    }

    /// Takes an upload from the network to disk, hashed, synced, and limited to `limit` bytes. It has no key yet.
    pub async fn incoming<S, E>(&self, stream: S, limit: u64) -> Result<Incoming, StoreError>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        self.check_space().await?;
        incoming::receive(&self.0.root.join(INCOMING), stream, limit).await
    }

    /// Gives a received upload its key. Afterwards the row that names it may be written.
    pub async fn keep(&self, upload: Incoming, key: BlobKey) -> Result<(), StoreError> {
        let store = Arc::clone(&self.0);
        blocking(move || disk::place(upload.path(), &store.ready_path(&key)?)).await
    }

    /// Stores these bytes under this key, replacing what was there. Afterwards the row that names it may be written.
    pub async fn put(&self, key: BlobKey, bytes: Bytes) -> Result<(), StoreError> {
        self.check_space().await?;
        let store = Arc::clone(&self.0);
        blocking(move || disk::write_synced(&store.root.join(INCOMING), &store.ready_path(&key)?, &bytes)).await
    }

    /// Stores the three sizes under the key's id. The upload itself is not kept: it carries the metadata.
    pub async fn put_picture(&self, key: BlobKey, picture: &Picture) -> Result<(), StoreError> {
        for (part, size) in Part::SIZES.into_iter().zip(&picture.sizes) {
            self.put(key.part(part), size.bytes.clone()).await?;
        }
        Ok(())
    }

    pub async fn get(&self, key: BlobKey) -> Result<Option<Bytes>, StoreError> {
        found(tokio::fs::read(self.path(&key)).await.map(Bytes::from))
    }

    /// For streaming a large blob: the open file and its length.
    pub async fn open_blob(&self, key: BlobKey) -> Result<Option<(tokio::fs::File, u64)>, StoreError> {
        let Some(file) = found(tokio::fs::File::open(self.path(&key)).await)? else { return Ok(None) };
        let length = file.metadata().await.map_err(disk::failed("measure a blob"))?.len();
        Ok(Some((file, length)))
    }

    /// Removes the blob for good; an absent one is fine, since deletion is repeated after a crash.
    pub async fn delete(&self, key: BlobKey) -> Result<(), StoreError> {
        let path = self.path(&key);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => disk::sync_folder(path.parent().unwrap_or(Path::new("."))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(disk::failed("delete a blob")(error)),
        })
        .await
    }

    /// Removes all parts stored under the key's id.
    pub async fn delete_all_parts(&self, key: BlobKey) -> Result<(), StoreError> {
        for part in Part::ALL {
            self.delete(key.part(part)).await?;
        }
        Ok(())
    }

    /// Removes this town's blobs that no row names, and uploads a crash left half done, if they were last written
    /// before `older_than`. That must lie further back than any transaction between `put` and its row can last: one day.
    /// `is_named` is asked after the blob was listed, so names read beforehand are right for everything old enough.
    pub async fn sweep(
        &self,
        municipality: MunicipalityId,
        older_than: Moment,
        is_named: impl Fn(&BlobKey) -> bool + Send + 'static,
    ) -> Result<Swept, StoreError> {
        let store = Arc::clone(&self.0);
        let swept = blocking(move || {
            let leftovers = remove_older(disk::entries(&store.root.join(INCOMING))?, older_than, |_| true)?;
            let mut blobs = 0;
            for shard in disk::entries(&store.root.join(municipality.to_string()))? {
                blobs += remove_older(disk::entries(&shard.path())?, older_than, |name| {
                    BlobKey::from_file_name(municipality, name).is_some_and(|key| !is_named(&key))
                })?;
            }
            Ok(Swept { blobs, leftovers })
        })
        .await?;
        if swept != Swept::default() {
            tracing::info!(%municipality, blobs = swept.blobs, leftovers = swept.leftovers, "swept unnamed uploads");
        }
        Ok(swept)
    }

    /// Every blob of this town, in the order of its name.
    pub async fn list(&self, municipality: MunicipalityId) -> Result<Vec<BlobKey>, StoreError> {
        let folder = self.0.root.join(municipality.to_string());
        blocking(move || {
            let mut keys = Vec::new();
            for shard in disk::entries(&folder)? {
                let names = disk::entries(&shard.path())?;
                keys.extend(names.iter().filter_map(|entry| {
                    entry.file_name().to_str().and_then(|name| BlobKey::from_file_name(municipality, name))
                }));
            }
            keys.sort();
            Ok(keys)
        })
        .await
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0.root
    }

    fn path(&self, key: &BlobKey) -> PathBuf {
        self.0.root.join(key.relative_path())
    }
}

impl Inner {
    /// Where the blob goes, its folder made and synced.
    fn ready_path(&self, key: &BlobKey) -> Result<PathBuf, StoreError> {
        let path = self.root.join(key.relative_path());
        let folder = path.parent().unwrap_or(&self.root);
        if !self.synced.lock().unwrap_or_else(PoisonError::into_inner).contains(folder) {
            disk::create_folder_synced(&self.root, folder)?;
            self.synced.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        }
        Ok(path)
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| {
        Err(StoreError::Broken { doing: "finish a file operation", source: io::Error::other(stopped) })
    })
}

fn found<T>(result: io::Result<T>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk::failed("read a blob")(error)),
    }
}

fn remove_older(
    entries: Vec<fs::DirEntry>,
    older_than: Moment,
    unwanted: impl Fn(&str) -> bool,
) -> Result<u64, StoreError> {
    let edge = UNIX_EPOCH + Duration::from_micros(u64::try_from(older_than.micros()).unwrap_or(0));
    let mut removed = 0;
    for entry in entries {
        // Somebody may delete the same file meanwhile; then there is nothing left to do.
        let Ok(metadata) = entry.metadata() else { continue };
        let old = metadata.is_file() && metadata.modified().is_ok_and(|written| written < edge);
        if old && entry.file_name().to_str().is_some_and(&unwanted) && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}
