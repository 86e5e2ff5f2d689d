//! The blocking steps the store is made of: synced writes, synced folders, free space. Not async and without any
//! knowledge of keys; callers put it on the blocking pool.

use crate::{Refused, StoreError};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Turns an IO error into what the caller can act on: a full disk is a refusal, the rest a broken world.
pub(crate) fn failed(doing: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Refused(Refused::DiskFull),
        _ => StoreError::Broken { doing, source },
    }
}

/// Bytes an ordinary user may still write below `path`.
pub(crate) fn free_bytes(path: &Path) -> Result<u64, StoreError> {
    let stat = rustix::fs::statvfs(path).map_err(|errno| failed("ask for free disk space")(errno.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// A file nobody else has, in `folder`. The counter starts anew with each process and leftovers of a crash may bear
/// the same process number (in a container it is always 1), so a taken name is skipped.
pub(crate) fn create_temporary(folder: &Path) -> Result<(PathBuf, File), StoreError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("create a temporary file")(error)),
        }
    }
}

/// Writes, syncs and names a file so that after a power cut it is there wholly or not at all.
pub(crate) fn write_synced(temporary: &Path, target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let (path, mut file) = create_temporary(temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("write a blob"));
    match written.and_then(|()| place(&path, target)) {
        Ok(()) => Ok(()),
        Err(error) => {
            // The sweep takes it if this fails too.
            let _ = fs::remove_file(&path);
            Err(error)
        }
    }
}

/// Gives an already synced temporary file its name, and syncs the folder that now lists it.
pub(crate) fn place(temporary: &Path, target: &Path) -> Result<(), StoreError> {
    fs::rename(temporary, target).map_err(failed("name a blob"))?;
    sync_folder(target.parent().unwrap_or(Path::new(".")))
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync a folder"))
}

/// Makes `folder` below `root` and syncs every step from the root down. An existing folder is synced as well: another
/// process may have made it and died before its own sync.
pub(crate) fn create_folder_synced(root: &Path, folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(failed("create a folder"))?;
    let mut step = folder;
    while step != root {
        let Some(parent) = step.parent() else { break };
        sync_folder(parent)?;
        step = parent;
    }
    Ok(())
}

/// The entries of a folder; an absent folder has none.
pub(crate) fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list a folder")(error)),
    };
    listing.collect::<Result<Vec<_>, _>>().map_err(failed("list a folder"))
}
