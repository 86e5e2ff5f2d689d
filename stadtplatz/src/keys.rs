//! The site's secret key in `DATA/keys/site.key`: made at the first start, readable by its owner only, synced before it
//! is used. Several nodes share the folder or a copy of it.
//! Invariant: a database that has seen a key works with no other one, until the operator says so. Without that, PINs and
//! links would stop to open without a word.

use crate::start;
use anyhow::{Context, ensure};
use base::Chance;
use db::Db;
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};
use web::Keys;

/// What the installation remembers the fingerprint under.
const WORD: &str = "site.key";

/// The key in the folder is not the one that the database knows.
#[derive(Debug)]
pub struct Unfit {
    path: PathBuf,
    missing: bool,
}

impl Unfit {
    pub const MEND: &str = "Kopieren Sie keys/site.key von einem anderen Knoten oder aus der Sicherung. Ist der Schlüssel \
        verloren: `stadtplatz migrate --new-key`; PINs und Links, die Bürgerinnen und Bürger schon haben, öffnen dann nichts mehr";

    pub fn problem(&self) -> String {
        let path = self.path.display();
        match self.missing {
            true => format!("der Schlüssel {path} fehlt, und die Datenbank arbeitet schon mit einem"),
            false => format!("{path} ist nicht der Schlüssel, mit dem die Datenbank arbeitet"),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.problem(), Self::MEND)
    }
}

impl std::error::Error for Unfit {}

/// The key that this database works with. At the first start of all it is made and its fingerprint remembered.
pub async fn of_database(data: &Path, db: &Db, chance: &dyn Chance) -> anyhow::Result<Keys> {
    let known = db.look_up::<_, db::DbError>(|tables| tables.remembered(WORD)).await?;
    let path = data.join("keys/site.key");
    if known.is_some() && !path.try_exists().with_context(|| format!("{} lässt sich nicht lesen", path.display()))? {
        return Err(Unfit { path, missing: true }.into());
    }
    let keys = Keys::new(&load_or_make(data, chance)?);
    let own = keys.fingerprint();
    let known = match known {
        Some(known) => known,
        None => {
            let own = own.clone();
            db.operate::<_, db::DbError>(move |tables| tables.remember_first(WORD, &own)).await?
        }
    };
    if known == own { Ok(keys) } else { Err(Unfit { path, missing: false }.into()) }
}

/// Whether the key in a backup is one, and that of the database beside it (its fingerprint, if it knows one).
pub fn check_backup(folder: &Path, known: impl FnOnce(&str) -> anyhow::Result<Option<String>>) -> anyhow::Result<()> {
    let path = folder.join("keys/site.key");
    let own =
        Keys::new(&read(&path).with_context(|| format!("{} ist nicht zu gebrauchen", path.display()))?).fingerprint();
    let known = known(WORD)?;
    ensure!(
        known.is_none_or(|known| known == own),
        "{} ist nicht der Schlüssel der gesicherten Datenbank",
        path.display()
    );
    Ok(())
}

/// From now on the database works with the key in the folder, which is made if there is none. False: it did before.
pub async fn adopt(data: &Path, db: &Db, chance: &dyn Chance) -> anyhow::Result<bool> {
    let own = Keys::new(&load_or_make(data, chance)?).fingerprint();
    let changed = db.operate::<_, db::DbError>(move |tables| {
        let is_new = tables.remembered(WORD)?.as_deref() != Some(own.as_str());
        tables.remember(WORD, &own)?;
        Ok(is_new)
    });
    Ok(changed.await?)
}

fn load_or_make(data: &Path, chance: &dyn Chance) -> anyhow::Result<[u8; 32]> {
    let folder = data.join("keys");
    start::private_folder(&folder)?;
    let path = folder.join("site.key");
    match read(&path) {
        Ok(key) => return Ok(key),
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::NotFound) => {}
        Err(error) => return Err(error),
    }
    let mut key = [0u8; 32];
    chance.fill(&mut key);
    // Whole under another name first: killed in between, or read by another node, the key is there or not, never half.
    let unfinished = folder.join(format!("site.key.{}", chance.below(u64::MAX)));
    write(&unfinished, &key).with_context(|| format!("{} lässt sich nicht anlegen", unfinished.display()))?;
    let linked = fs::hard_link(&unfinished, &path);
    fs::remove_file(&unfinished)?;
    match linked {
        Ok(()) => {
            File::open(&folder)?.sync_all()?;
            Ok(key)
        }
        // Another node was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(&path),
        Err(error) => Err(error).with_context(|| format!("{} lässt sich nicht anlegen", path.display())),
    }
}

/// A new file, its owner's alone, on disk.
fn write(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key)?;
    file.sync_all()
}

fn read(path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() == 32,
        "{} ist beschädigt: es müssen 32 Bytes sein. Kopieren Sie die Datei von einem anderen Knoten oder aus der Sicherung",
        path.display()
    );
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
        let left = fs::read_dir(folder.path().join("keys")).unwrap().count();
        assert_eq!(left, 1, "nothing else stays");
    }

    #[test]
    fn of_many_who_start_at_once_all_have_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| load_or_make(folder.path(), &SystemChance).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_start_that_was_killed_leaves_nothing_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("keys")).unwrap();
        fs::write(folder.path().join("keys/site.key.0190f3a0"), b"").unwrap();
        load_or_make(folder.path(), &SystemChance).unwrap();
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("keys")).unwrap();
        fs::write(folder.path().join("keys/site.key"), b"short").unwrap();
        assert!(load_or_make(folder.path(), &SystemChance).is_err());
    }
}
