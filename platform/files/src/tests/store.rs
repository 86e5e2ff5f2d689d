//! What is special about the store in a folder: its files, their age, the disk's space, and what a crash left. What holds
//! wherever the blobs are stands in `places.rs`.

use super::town;
use crate::{BlobId, BlobKey, Damage, Inventory, Part, Refused, Settings, Store, StoreError, Swept, verify};
use base::{Moment, uuid::Uuid};
use bytes::Bytes;
use futures_util::stream;
use std::{
    convert::Infallible,
    fs::{self, File},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

fn key(number: u8) -> BlobKey {
    BlobKey::whole(town(1), BlobId(Uuid::from_bytes([number; 16])))
}

async fn store(folder: &Path) -> Store {
    Store::open(Settings { folder: folder.to_owned(), reserve_bytes: 0, s3: None }).await.unwrap()
}

fn chunks(parts: &[&'static [u8]]) -> impl stream::Stream<Item = Result<Bytes, Infallible>> + use<> {
    stream::iter(parts.iter().map(|part| Ok(Bytes::from_static(part))).collect::<Vec<_>>())
}

fn incoming_files(folder: &Path) -> usize {
    fs::read_dir(folder.join("files/.incoming")).unwrap().count()
}

#[tokio::test]
async fn an_upload_is_counted_hashed_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let upload = store.incoming(chunks(&[b"a", b"b", b"c"]), 3).await.unwrap();
    assert_eq!((upload.size(), upload.head()), (3, &b"abc"[..]));
    assert_eq!(upload.read().await.unwrap(), "abc");
    // The published test vector of SHA-256 for "abc".
    assert_eq!(upload.sha256()[..4], [0xba, 0x78, 0x16, 0xbf]);
    store.keep(upload, key(3)).await.unwrap();
    assert_eq!(store.get(key(3)).await.unwrap().unwrap(), "abc");
    assert_eq!(incoming_files(folder.path()), 0);
}

#[tokio::test]
async fn below_the_reserve_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let full =
        Store::open(Settings { folder: folder.path().to_owned(), reserve_bytes: u64::MAX, s3: None }).await.unwrap();
    assert!(full.free_bytes().await.unwrap() > 0);
    let refused = full.put(key(1), Bytes::from_static(b"x")).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refused::DiskFull))), "{refused:?}");
    let refused = full.incoming(chunks(&[b"x"]), 10).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refused::DiskFull))), "{refused:?}");
    assert_eq!(full.get(key(1)).await.unwrap(), None);
}

fn age(path: &Path, micros: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_micros(micros)).unwrap();
}

#[tokio::test]
async fn a_sweep_takes_old_leftovers_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    for number in 1..=3 {
        store.put(key(number), Bytes::from_static(b"x")).await.unwrap();
    }
    let foreign = BlobKey::whole(town(2), key(1).id);
    store.put(foreign, Bytes::from_static(b"x")).await.unwrap();
    let path = |key: BlobKey| folder.path().join("files").join(key.object_name());
    // 1 is old and named, 2 is old and unnamed, 3 is unnamed but fresh: its row may still be on its way.
    age(&path(key(1)), 1_000);
    age(&path(key(2)), 1_000);
    age(&path(foreign), 1_000);
    let leftover = folder.path().join("files/.incoming/1-0");
    fs::write(&leftover, b"half").unwrap();
    age(&leftover, 1_000);
    fs::write(folder.path().join("files/.incoming/1-1"), b"under way").unwrap();
    let strange = path(key(2)).with_file_name("notes.txt");
    fs::write(&strange, b"not ours").unwrap();
    age(&strange, 1_000);

    let swept = store.sweep(town(1), Moment::from_micros(2_000), |found| *found == key(1)).await.unwrap();
    assert_eq!(swept, Swept { blobs: 1, leftovers: 1 });
    assert_eq!(store.list(town(1)).await.unwrap(), [key(1), key(3)]);
    assert_eq!(store.list(town(2)).await.unwrap(), [foreign]);
    assert_eq!(incoming_files(folder.path()), 1);
    assert!(strange.exists());
}

#[tokio::test]
async fn leftovers_of_a_dead_process_do_not_get_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    // In a container every process has the same number, so every name the counter will give is taken.
    for number in 0..200 {
        fs::write(folder.path().join(format!("files/.incoming/{}-{number}", std::process::id())), b"old").unwrap();
    }
    store.put(key(1), Bytes::from_static(b"new")).await.unwrap();
    assert_eq!(store.get(key(1)).await.unwrap().unwrap(), "new");
    assert_eq!(incoming_files(folder.path()), 200);
}

#[test]
fn a_key_cannot_leave_its_folder() {
    for text in ["../../etc/passwd", "..", "/etc/passwd", "a/b", "", "%2e%2e", "0190163d-8694-739b-aea5-966c26f8ad9\0"]
    {
        assert_eq!(BlobId::parse(text), None, "{text:?}");
    }
    let name = key(0xab).part(Part::Small).object_name();
    assert!(name.bytes().all(|b| b.is_ascii_hexdigit() || b"-/.small".contains(&b)), "{name}");
    assert_eq!(name.split('/').nth(1), Some("ab"));
    for part in Part::ALL {
        let key = key(7).part(part);
        let file = key.object_name().rsplit('/').next().unwrap().to_owned();
        assert_eq!(BlobKey::from_file_name(town(1), &file), Some(key));
    }
    assert_eq!(BlobKey::from_file_name(town(1), "notes.txt"), None);
    assert_eq!(BlobKey::from_file_name(town(1), &Uuid::from_bytes([7; 16]).simple().to_string()), None);
}

#[tokio::test]
async fn a_backup_is_whole_and_a_damaged_one_says_so() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store(folder.path()).await;
    store.put(key(1), Bytes::from_static(b"eins")).await.unwrap();
    store.put(BlobKey::whole(town(2), key(2).id), Bytes::from_static(b"zwei!")).await.unwrap();
    fs::write(folder.path().join("files/.incoming/9-9"), b"half").unwrap();
    let target = backup.path().join("2026-11-22");
    assert_eq!(store.copy_all_to(&target).await.unwrap(), Inventory { blobs: 2, bytes: 9 });
    assert_eq!(verify(&target).await.unwrap(), []);
    // A second run over the same folder is fine, and a backup is a data folder that a store can open.
    store.copy_all_to(&target).await.unwrap();
    let restored = self::store(&target).await;
    assert_eq!(restored.get(key(1)).await.unwrap().unwrap(), "eins");

    let name = |key: BlobKey| format!("files/{}", key.object_name());
    fs::write(target.join(name(key(1))), b"EINS").unwrap();
    fs::remove_file(target.join(name(BlobKey::whole(town(2), key(2).id)))).unwrap();
    let damages = verify(&target).await.unwrap();
    assert!(damages.contains(&Damage::Changed(name(key(1)))), "{damages:?}");
    assert!(damages.contains(&Damage::Missing(name(BlobKey::whole(town(2), key(2).id)))), "{damages:?}");
    assert_eq!(damages.len(), 2);
    assert!(verify(backup.path()).await.is_err(), "a folder without its list is no backup");
}
