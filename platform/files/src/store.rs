//! The blob store: put, get and delete by key, below `DIR/files` or in an S3-compatible store (`remote.rs`). Uploads under
//! way lie in `DIR/files/.incoming` in both cases. It knows no rows and no permissions. Invariant: a key shows the whole
//! content or nothing, also after `kill -9` and after a power cut.

use crate::{
    Blob, BlobKey, Incoming, Part, Refused, S3, disk, incoming,
    picture::Picture,
    remote::{Listed, Remote},
};
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
    /// Where the blobs are, if not in the folder.
    pub s3: Option<S3>,
}

impl Settings {
    pub fn below(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), reserve_bytes: 512 * 1024 * 1024, s3: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The sender stopped or the connection broke.
    #[error("the upload ended before its end")]
    Interrupted,
    /// The file store does not answer, or not as it should. Another try may succeed.
    #[error("the file store is away: could not {doing} ({why})")]
    Away { doing: &'static str, why: String },
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
    /// Then no blob is in the folder, only uploads under way.
    remote: Option<Remote>,
}

impl Store {
    pub async fn open(settings: Settings) -> Result<Self, StoreError> {
        blocking(move || {
            let root = settings.folder.join("files");
            disk::create_folder_synced(&settings.folder, &root.join(INCOMING))?;
            let remote = settings.s3.as_ref().map(Remote::open).transpose()?;
            let (reserve_bytes, synced) = (settings.reserve_bytes, Mutex::default());
            Ok(Self(Arc::new(Inner { root, reserve_bytes, synced, remote })))
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

    /// Whether the place of the blobs takes, gives and deletes. A folder was checked when it was opened.
    pub async fn check_place(&self) -> Result<(), StoreError> {
        match self.remote() {
            Some(remote) => remote.check().await,
            None => Ok(()),
        }
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
        if let Some(remote) = self.remote() {
            let (file, sum) = (upload.path().to_owned(), base::hex(&upload.sha256()));
            return remote.put_file(&key.object_name(), file, upload.size(), sum).await;
        }
        let store = Arc::clone(&self.0);
        blocking(move || disk::place(upload.path(), &store.ready_path(&key)?)).await
    }

    /// Stores these bytes under this key, replacing what was there. Afterwards the row that names it may be written.
    pub async fn put(&self, key: BlobKey, bytes: Bytes) -> Result<(), StoreError> {
        if let Some(remote) = self.remote() {
            return remote.put(&key.object_name(), bytes).await;
        }
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
        if let Some(remote) = self.remote() {
            return remote.get(&key.object_name()).await;
        }
        found(tokio::fs::read(self.path(&key)).await.map(Bytes::from))
    }

    /// For sending a large blob in parts.
    pub async fn open_blob(&self, key: BlobKey) -> Result<Option<Blob>, StoreError> {
        if let Some(remote) = self.remote() {
            let object = remote.open_object(&key.object_name()).await?;
            return Ok(object.map(|object| Blob::from_object(remote.clone(), object)));
        }
        match found(tokio::fs::File::open(self.path(&key)).await)? {
            Some(file) => Ok(Some(Blob::from_file(file).await?)),
            None => Ok(None),
        }
    }

    /// Removes the blob for good; an absent one is fine, since deletion is repeated after a crash.
    pub async fn delete(&self, key: BlobKey) -> Result<(), StoreError> {
        if let Some(remote) = self.remote() {
            return remote.delete(&key.object_name()).await;
        }
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
        let swept = match self.remote().cloned() {
            Some(remote) => self.sweep_remote(&remote, municipality, older_than, is_named).await?,
            None => {
                let store = Arc::clone(&self.0);
                blocking(move || store.sweep_folder(municipality, older_than, is_named)).await?
            }
        };
        if swept != Swept::default() {
            tracing::info!(%municipality, blobs = swept.blobs, leftovers = swept.leftovers, "swept unnamed uploads");
        }
        Ok(swept)
    }

    async fn sweep_remote(
        &self,
        remote: &Remote,
        municipality: MunicipalityId,
        older_than: Moment,
        is_named: impl Fn(&BlobKey) -> bool,
    ) -> Result<Swept, StoreError> {
        let store = Arc::clone(&self.0);
        let leftovers = blocking(move || store.sweep_incoming(older_than)).await?;
        let listed = remote.list(&municipality.to_string()).await?;
        let unnamed: Vec<BlobKey> = listed
            .iter()
            .filter(|object| object.modified_micros < older_than.micros())
            .filter_map(key_of)
            .filter(|key| !is_named(key))
            .collect();
        for key in &unnamed {
            remote.delete(&key.object_name()).await?;
        }
        Ok(Swept { blobs: unnamed.len() as u64, leftovers })
    }

    /// Every blob of this town, in the order of its name.
    pub async fn list(&self, municipality: MunicipalityId) -> Result<Vec<BlobKey>, StoreError> {
        if let Some(remote) = self.remote() {
            let listed = remote.list(&municipality.to_string()).await?;
            let mut keys: Vec<BlobKey> = listed.iter().filter_map(key_of).collect();
            keys.sort();
            return Ok(keys);
        }
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

    pub(crate) fn remote(&self) -> Option<&Remote> {
        self.0.remote.as_ref()
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

    fn sweep_folder(
        &self,
        municipality: MunicipalityId,
        older_than: Moment,
        is_named: impl Fn(&BlobKey) -> bool,
    ) -> Result<Swept, StoreError> {
        let leftovers = self.sweep_incoming(older_than)?;
        let mut blobs = 0;
        for shard in disk::entries(&self.root.join(municipality.to_string()))? {
            blobs += remove_older(disk::entries(&shard.path())?, older_than, |name| {
                BlobKey::from_file_name(municipality, name).is_some_and(|key| !is_named(&key))
            })?;
        }
        Ok(Swept { blobs, leftovers })
    }

    fn sweep_incoming(&self, older_than: Moment) -> Result<u64, StoreError> {
        remove_older(disk::entries(&self.root.join(INCOMING))?, older_than, |_| true)
    }
}

fn key_of(object: &Listed) -> Option<BlobKey> {
    BlobKey::from_object_name(&object.name)
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
