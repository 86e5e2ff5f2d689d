//! The site's secret key in `DATA/keys/site.key`: made at the first start, readable by its owner only, synced before it
//! is used. Several nodes share the folder or a copy of it.

use anyhow::{Context, ensure};
use base::Chance;
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
};

pub fn load_or_make(data: &Path, chance: &dyn Chance) -> anyhow::Result<[u8; 32]> {
    let folder = data.join("keys");
    fs::create_dir_all(&folder).with_context(|| format!("{} lässt sich nicht anlegen", folder.display()))?;
    let path = folder.join("site.key");
    match read(&path) {
        Ok(key) => return Ok(key),
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::NotFound) => {}
        Err(error) => return Err(error),
    }
    let mut key = [0u8; 32];
    chance.fill(&mut key);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(mut file) => {
            file.write_all(&key)?;
            file.sync_all()?;
            File::open(&folder)?.sync_all()?;
            Ok(key)
        }
        // Another node was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(&path),
        Err(error) => Err(error).with_context(|| format!("{} lässt sich nicht anlegen", path.display())),
    }
}

fn read(path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    ensure!(bytes.len() == 32, "{} ist beschädigt: es müssen 32 Bytes sein", path.display());
    let mut key = [0u8; 32];
    key.copy_from_slice(&bytes);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SystemChance;

    #[test]
    fn the_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_make(folder.path(), &SystemChance).unwrap();
        assert_eq!(load_or_make(folder.path(), &SystemChance).unwrap(), first);
        assert_ne!(first, [0; 32]);
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("keys")).unwrap();
        fs::write(folder.path().join("keys/site.key"), b"short").unwrap();
        assert!(load_or_make(folder.path(), &SystemChance).is_err());
    }
}
