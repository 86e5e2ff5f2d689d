//! The store's share of a backup: every blob copied to a folder with a list of SHA-256 sums that `sha256sum -c` reads
//! as well, and the check of such a folder. A blob is replaced as a whole and never written into, so copying while the
//! site runs is safe as long as the database is copied *first*: the rows in that copy then find their blobs.

use crate::{
    BlobKey, Incoming, Store, StoreError, disk, incoming,
    reading::Blob,
    remote::{Object, Remote},
    store,
};
use aws_lc_rs::digest;
use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

const LIST: &str = "SHA256SUMS";

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inventory {
    pub blobs: u64,
    pub bytes: u64,
}

/// One blob of a backup that is not what it was. The name is made of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    Missing(String),
    Changed(String),
}

impl Store {
    /// Copies all blobs of all towns to `folder/files`, synced, with the list `folder/SHA256SUMS` written last: a
    /// backup without its list is unfinished. Blobs deleted meanwhile are left out.
    pub async fn copy_all_to(&self, folder: &Path) -> Result<Inventory, StoreError> {
        if let Some(remote) = self.remote() {
            return fetch_all(remote, folder).await;
        }
        let (root, folder) = (self.root().to_owned(), folder.to_owned());
        store::blocking(move || copy_all(&root, &folder)).await
    }
}

impl Store {
    /// Whether no blob of any town is there. A file store may be shared; what this crate did not name is not looked at.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        match self.remote() {
            Some(remote) => Ok(blobs_in(remote).await?.is_empty()),
            None => {
                let root = self.root().to_owned();
                store::blocking(move || Ok(blobs_below(&root)?.is_empty())).await
            }
        }
    }

    /// The way back: stores every blob of a folder written by `copy_all_to`. Check the folder with `verify` before.
    pub async fn take_all_from(&self, folder: &Path) -> Result<Inventory, StoreError> {
        let root = folder.join("files");
        let from = root.clone();
        let names = store::blocking(move || blobs_below(&from)).await?;
        let mut inventory = Inventory { blobs: 0, bytes: 0 };
        for relative in names {
            let Some(key) = relative.to_str().and_then(BlobKey::from_object_name) else { continue };
            let file = tokio::fs::File::open(root.join(&relative)).await.map_err(disk::failed("read a copied blob"))?;
            let copy = Blob::from_file(file).await?;
            let size = copy.size();
            let upload = self.incoming(copy.part(0, size).await?, size).await?;
            self.keep(upload, key).await?;
            inventory = Inventory { blobs: inventory.blobs + 1, bytes: inventory.bytes + size };
        }
        Ok(inventory)
    }
}

/// The names of all blobs in a file store, sorted.
async fn blobs_in(remote: &Remote) -> Result<Vec<String>, StoreError> {
    let listed = remote.list("").await?;
    Ok(listed.into_iter().map(|object| object.name).filter(|name| BlobKey::from_object_name(name).is_some()).collect())
}

async fn fetch_all(remote: &Remote, folder: &Path) -> Result<Inventory, StoreError> {
    let target_root = folder.join("files");
    let (own, root) = (folder.to_owned(), target_root.clone());
    store::blocking(move || disk::create_folder_synced(&own, &root)).await?;
    let (mut inventory, mut list) = (Inventory { blobs: 0, bytes: 0 }, String::new());
    for name in blobs_in(remote).await? {
        let Some(object) = remote.open_object(&name).await? else { continue };
        let target = target_root.join(&name);
        let copy = fetch_one(remote, object, &name, folder).await?;
        inventory = Inventory { blobs: inventory.blobs + 1, bytes: inventory.bytes + copy.size() };
        let _ = writeln!(list, "{}  files/{name}", base::hex(&copy.sha256()));
        let folder = folder.to_owned();
        store::blocking(move || {
            disk::create_folder_synced(&folder, target.parent().unwrap_or(&folder))?;
            disk::place(copy.path(), &target)
        })
        .await?;
    }
    let folder = folder.to_owned();
    store::blocking(move || disk::write_synced(&folder, &folder.join(LIST), list.as_bytes())).await?;
    Ok(inventory)
}

/// To a temporary file in the backup's own folder, synced.
async fn fetch_one(remote: &Remote, object: Object, name: &str, folder: &Path) -> Result<Incoming, StoreError> {
    let size = object.size;
    let pieces = remote.part(object, 0, size).await?;
    match incoming::receive(folder, pieces, u64::MAX).await {
        Err(StoreError::Interrupted) => Err(StoreError::Away {
            doing: "copy a blob",
            why: format!("{name} broke off, or its bytes are not those that were stored"),
        }),
        received => received,
    }
}

fn copy_all(root: &Path, folder: &Path) -> Result<Inventory, StoreError> {
    let target_root = folder.join("files");
    disk::create_folder_synced(folder, &target_root)?;
    let (mut inventory, mut list) = (Inventory { blobs: 0, bytes: 0 }, String::new());
    for relative in blobs_below(root)? {
        let target = target_root.join(&relative);
        let Some((sum, bytes)) = copy_one(&root.join(&relative), &target, folder)? else { continue };
        inventory = Inventory { blobs: inventory.blobs + 1, bytes: inventory.bytes + bytes };
        let _ = writeln!(list, "{sum}  files/{}", relative.display());
    }
    disk::write_synced(folder, &folder.join(LIST), list.as_bytes())?;
    Ok(inventory)
}

/// `<town>/<xx>/<id>` of every blob, sorted; folders that begin with a dot hold unfinished uploads.
fn blobs_below(root: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for town in disk::entries(root)? {
        if town.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        for shard in disk::entries(&town.path())? {
            for blob in disk::entries(&shard.path())? {
                found.push(PathBuf::from(town.file_name()).join(shard.file_name()).join(blob.file_name()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `None` if the blob was deleted since it was listed.
fn copy_one(source: &Path, target: &Path, folder: &Path) -> Result<Option<(String, u64)>, StoreError> {
    disk::create_folder_synced(folder, target.parent().unwrap_or(folder))?;
    match fs::copy(source, target) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk::failed("copy a blob")(error)),
    }
    let copy = File::open(target).map_err(disk::failed("read a copied blob"))?;
    copy.sync_all().map_err(disk::failed("sync a copied blob"))?;
    disk::sync_folder(target.parent().unwrap_or(folder))?;
    sum_of(copy).map(Some).map_err(disk::failed("read a copied blob"))
}

fn sum_of(mut file: File) -> io::Result<(String, u64)> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let (mut buffer, mut bytes) = (vec![0u8; 128 * 1024], 0u64);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok((base::hex(hash.finish().as_ref()), bytes))
}

/// Checks a folder written by `copy_all_to` against its list. An empty answer means: whole.
pub async fn verify(folder: &Path) -> Result<Vec<Damage>, StoreError> {
    let folder = folder.to_owned();
    store::blocking(move || {
        let list = fs::read_to_string(folder.join(LIST)).map_err(disk::failed("read the list of sums"))?;
        let mut damages = Vec::new();
        for line in list.lines() {
            let Some((sum, name)) = line.split_once("  ") else {
                damages.push(Damage::Changed(LIST.to_owned()));
                continue;
            };
            match File::open(folder.join(name)).and_then(sum_of) {
                Ok((found, _)) if found == sum => {}
                Ok(_) => damages.push(Damage::Changed(name.to_owned())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    damages.push(Damage::Missing(name.to_owned()));
                }
                Err(error) => return Err(disk::failed("read a copied blob")(error)),
            }
        }
        Ok(damages)
    })
    .await
}
