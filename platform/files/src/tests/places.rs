//! What the store promises wherever the blobs are: the same tests on a folder and on a real S3 server, which
//! `STADTPLATZ_TEST_S3=http://127.0.0.1:PORT/BUCKET` names. And what only a store in the network can do: be away.

use super::town;
use crate::{
    Area, BlobId, BlobKey, Damage, Inventory, Part, Refused, S3, Settings, Store, StoreError, Swept, picture,
    remote::Remote, verify,
};
use base::{Moment, SystemChance, SystemClock, uuid::Uuid};
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use std::{fs, sync::Once};

const VARIABLE: &str = "STADTPLATZ_TEST_S3";

/// Large enough to travel in three parts.
const LARGE: usize = 17 * 1024 * 1024 + 5;

/// Where blobs are, and a folder for uploads under way.
struct Place {
    folder: tempfile::TempDir,
    s3: Option<S3>,
}

impl Place {
    fn new(s3: Option<S3>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), s3 }
    }

    async fn store(&self) -> Store {
        let (folder, s3) = (self.folder.path().to_owned(), self.s3.clone());
        Store::open(Settings { folder, reserve_bytes: 0, s3 }).await.unwrap()
    }

    /// The same as another site would have it, empty.
    fn fresh(&self) -> Self {
        let other = |s3: &S3| S3 { prefix: unique(), ..s3.clone() };
        Self::new(self.s3.as_ref().map(other))
    }

    fn uploads_under_way(&self) -> usize {
        fs::read_dir(self.folder.path().join("files/.incoming")).unwrap().count()
    }
}

fn unique() -> String {
    format!("tests/{}", base::new_id(&SystemClock, &SystemChance))
}

fn s3_of(url: &str) -> S3 {
    let (endpoint, bucket) = url.rsplit_once('/').expect("http://HOST:PORT/BUCKET");
    let text = |text: &str| text.to_owned();
    S3 {
        endpoint: text(endpoint),
        bucket: text(bucket),
        prefix: unique(),
        region: text("us-east-1"),
        key_id: text("testing"),
        secret: text("testing"),
    }
}

fn server() -> Option<S3> {
    static SAID: Once = Once::new();
    let server = std::env::var(VARIABLE).ok().map(|url| s3_of(&url));
    if server.is_none() {
        SAID.call_once(|| eprintln!("skipped: files in an S3 store ({VARIABLE} is not set)"));
    }
    server
}

async fn on_each_place(test: impl AsyncFn(Place)) {
    test(Place::new(None)).await;
    if let Some(s3) = server() {
        eprintln!("on S3");
        test(Place::new(Some(s3))).await;
    }
}

fn key(number: u8) -> BlobKey {
    BlobKey::whole(town(1), BlobId(Uuid::from_bytes([number; 16])))
}

fn upload_of(bytes: &Bytes) -> impl stream::Stream<Item = Result<Bytes, &'static str>> + use<> {
    stream::iter(bytes.chunks(100_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect::<Vec<_>>())
}

fn large() -> Bytes {
    (0..LARGE).map(|at| (at / 251 % 256) as u8).collect()
}

async fn part_of(store: &Store, key: BlobKey, from: u64, length: u64) -> Vec<u8> {
    let blob = store.open_blob(key).await.unwrap().unwrap();
    let pieces: Vec<Bytes> = blob.part(from, length).await.unwrap().try_collect().await.unwrap();
    pieces.concat()
}

#[tokio::test]
async fn what_is_put_is_there_until_it_is_deleted() {
    on_each_place(async |place| {
        let store = place.store().await;
        assert!(store.is_empty().await.unwrap());
        store.check_place().await.unwrap();
        assert!(store.is_empty().await.unwrap(), "a check leaves nothing");
        store.put(key(1), Bytes::from_static(b"eins")).await.unwrap();
        assert_eq!(store.get(key(1)).await.unwrap().unwrap(), "eins");
        assert_eq!(store.get(key(2)).await.unwrap(), None);
        assert!(store.open_blob(key(2)).await.unwrap().is_none());
        store.put(key(1), Bytes::from_static(b"anders")).await.unwrap();
        // Another process finds it as well, and nothing lies about half done.
        let again = place.store().await;
        assert_eq!(again.get(key(1)).await.unwrap().unwrap(), "anders");
        assert_eq!(again.list(town(1)).await.unwrap(), [key(1)]);
        assert_eq!(place.uploads_under_way(), 0);
        again.delete(key(1)).await.unwrap();
        again.delete(key(1)).await.unwrap();
        assert_eq!(store.get(key(1)).await.unwrap(), None);
        assert!(store.is_empty().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_blob_belongs_to_one_town_and_one_site() {
    on_each_place(async |place| {
        let store = place.store().await;
        store.put(key(1), Bytes::from_static(b"eins")).await.unwrap();
        let elsewhere = BlobKey::whole(town(2), key(1).id);
        assert_eq!(store.get(elsewhere).await.unwrap(), None);
        assert_eq!(store.list(town(2)).await.unwrap(), []);
        let other_site = place.fresh();
        let other = other_site.store().await;
        assert_eq!(other.get(key(1)).await.unwrap(), None);
        assert!(other.is_empty().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_upload_is_kept_whole_whether_small_or_large() {
    on_each_place(async |place| {
        let store = place.store().await;
        for (number, bytes) in [(1, Bytes::from_static(b"abc")), (2, large())] {
            let upload = store.incoming(upload_of(&bytes), LARGE as u64).await.unwrap();
            assert_eq!((upload.size(), upload.read().await.unwrap()), (bytes.len() as u64, bytes.clone()));
            store.keep(upload, key(number)).await.unwrap();
            assert!(store.get(key(number)).await.unwrap().unwrap() == bytes, "{} bytes", bytes.len());
            assert_eq!(place.uploads_under_way(), 0);
        }
        assert_eq!(store.list(town(1)).await.unwrap(), [key(1), key(2)]);
    })
    .await;
}

#[tokio::test]
async fn a_large_blob_is_sent_in_parts() {
    on_each_place(async |place| {
        let store = place.store().await;
        let bytes = large();
        let upload = store.incoming(upload_of(&bytes), u64::MAX).await.unwrap();
        store.keep(upload, key(1)).await.unwrap();
        assert_eq!(store.open_blob(key(1)).await.unwrap().unwrap().size(), LARGE as u64);
        for (from, length) in [(0, LARGE), (0, 1), (LARGE - 1, 1), (8_388_600, 1_000), (5, 0), (1, LARGE - 1)] {
            let part = part_of(&store, key(1), from as u64, length as u64).await;
            assert!(part == bytes[from..from + length], "{length} bytes from {from}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_or_breaks_off_leaves_nothing() {
    on_each_place(async |place| {
        let store = place.store().await;
        let refused = store.incoming(upload_of(&Bytes::from_static(b"abcd")), 3).await;
        assert!(matches!(refused, Err(StoreError::Refused(Refused::TooLarge { limit: 3 }))), "{refused:?}");
        let cut = stream::iter([Ok(Bytes::from_static(b"ab")), Err("gone")]);
        assert!(matches!(store.incoming(cut, 100).await, Err(StoreError::Interrupted)));
        drop(store.incoming(upload_of(&Bytes::from_static(b"abcd")), 4).await.unwrap());
        assert_eq!(place.uploads_under_way(), 0);
        assert!(store.is_empty().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_sweep_takes_what_is_old_and_unnamed() {
    on_each_place(async |place| {
        let store = place.store().await;
        for number in 1..=2 {
            store.put(key(number), Bytes::from_static(b"x")).await.unwrap();
        }
        let foreign = BlobKey::whole(town(2), key(1).id);
        store.put(foreign, Bytes::from_static(b"x")).await.unwrap();
        // Everything is younger than this: its row may still be on its way.
        let swept = store.sweep(town(1), Moment::from_micros(2_000), |_| false).await.unwrap();
        assert_eq!(swept, Swept { blobs: 0, leftovers: 0 });
        let far = Moment::from_micros(4_000_000_000_000_000);
        fs::write(place.folder.path().join("files/.incoming/1-0"), b"half").unwrap();
        let swept = store.sweep(town(1), far, |found| *found == key(1)).await.unwrap();
        assert_eq!(swept, Swept { blobs: 1, leftovers: 1 });
        assert_eq!(store.list(town(1)).await.unwrap(), [key(1)]);
        assert_eq!(store.list(town(2)).await.unwrap(), [foreign]);
    })
    .await;
}

#[tokio::test]
async fn a_picture_is_kept_in_three_parts_and_redacted_in_all() {
    let photo = picture::prepare(super::picture::photo_with_plate(), picture::Limits::default()).await.unwrap();
    on_each_place(async |place| {
        let store = place.store().await;
        store.put_picture(key(1), &photo).await.unwrap();
        assert_eq!(store.list(town(1)).await.unwrap(), Part::SIZES.map(|part| key(1).part(part)));
        let large = store.get(key(1).part(Part::Large)).await.unwrap().unwrap();
        let covered = picture::redact(large.clone(), vec![Area { x: 0.2, y: 0.2, w: 0.2, h: 0.2 }]).await.unwrap();
        store.put_picture(key(1), &covered).await.unwrap();
        for (part, size) in Part::SIZES.into_iter().zip(&covered.sizes) {
            assert_eq!(store.get(key(1).part(part)).await.unwrap().unwrap(), size.bytes);
        }
        assert_ne!(store.get(key(1).part(Part::Large)).await.unwrap().unwrap(), large);
        store.delete_all_parts(key(1)).await.unwrap();
        assert_eq!(store.list(town(1)).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_backup_comes_back_whole_into_an_empty_place() {
    on_each_place(async |place| {
        let (store, backup) = (place.store().await, tempfile::tempdir().unwrap());
        let elsewhere = BlobKey::whole(town(2), key(2).id).part(Part::Small);
        store.put(key(1), Bytes::from_static(b"eins")).await.unwrap();
        store.put(elsewhere, Bytes::from_static(b"zwei!")).await.unwrap();
        let target = backup.path().join("2026-11-22");
        assert_eq!(store.copy_all_to(&target).await.unwrap(), Inventory { blobs: 2, bytes: 9 });
        assert_eq!(verify(&target).await.unwrap(), []);

        let other_site = place.fresh();
        let other = other_site.store().await;
        assert_eq!(other.take_all_from(&target).await.unwrap(), Inventory { blobs: 2, bytes: 9 });
        assert_eq!(other.get(key(1)).await.unwrap().unwrap(), "eins");
        assert_eq!(other.get(elsewhere).await.unwrap().unwrap(), "zwei!");
        assert!(!other.is_empty().await.unwrap());
        // A folder is what a backup is, wherever the blobs came from: so a site moves from one place to the other.
        let moved = Store::open(Settings { folder: target.clone(), reserve_bytes: 0, s3: None }).await.unwrap();
        assert_eq!(moved.get(key(1)).await.unwrap().unwrap(), "eins");

        fs::write(target.join("files").join(key(1).object_name()), b"EINS").unwrap();
        let damages = verify(&target).await.unwrap();
        assert_eq!(damages, [Damage::Changed(format!("files/{}", key(1).object_name()))]);
    })
    .await;
}

#[tokio::test]
async fn what_was_changed_in_the_file_store_is_not_handed_out() {
    let Some(s3) = server() else { return };
    let place = Place::new(Some(s3));
    let (store, remote) = (place.store().await, Remote::open(place.s3.as_ref().unwrap()).unwrap());
    remote.put_as(&key(1).object_name(), Bytes::from_static(b"changed"), "00").await.unwrap();
    assert!(matches!(store.get(key(1)).await, Err(StoreError::Broken { .. })));
    let blob = store.open_blob(key(1)).await.unwrap().unwrap();
    let read: Result<Vec<Bytes>, _> = blob.part(0, 7).await.unwrap().try_collect().await;
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    let backup = tempfile::tempdir().unwrap();
    let copied = store.copy_all_to(backup.path()).await;
    assert!(matches!(&copied, Err(StoreError::Away { why, .. }) if why.contains(&key(1).object_name())), "{copied:?}");
    assert!(!backup.path().join("SHA256SUMS").exists(), "an unfinished backup has no list");
}

#[tokio::test]
async fn objects_of_others_in_the_bucket_stay_untouched() {
    let Some(s3) = server() else { return };
    let place = Place::new(Some(s3));
    let (store, remote) = (place.store().await, Remote::open(place.s3.as_ref().unwrap()).unwrap());
    let strange = [format!("{}/notes.txt", town(1)), format!("{}/01/notes.txt", town(1)), "readme".to_owned()];
    for name in &strange {
        remote.put(name, Bytes::from_static(b"not ours")).await.unwrap();
    }
    let backup = tempfile::tempdir().unwrap();
    assert_eq!(store.copy_all_to(backup.path()).await.unwrap(), Inventory { blobs: 0, bytes: 0 });
    let far = Moment::from_micros(4_000_000_000_000_000);
    assert_eq!(store.sweep(town(1), far, |_| false).await.unwrap().blobs, 0);
    for name in &strange {
        assert_eq!(remote.get(name).await.unwrap().unwrap(), "not ours");
    }
}

#[tokio::test]
async fn without_its_bucket_the_store_is_away_and_not_empty() {
    let Some(s3) = server() else { return };
    let place = Place::new(Some(S3 { bucket: "no-such-bucket".to_owned(), ..s3 }));
    let store = place.store().await;
    let missing = store.get(key(1)).await;
    assert!(matches!(missing, Err(StoreError::Away { .. })), "{missing:?}");
    assert!(store.is_empty().await.is_err());
    assert!(store.check_place().await.is_err());
}

/// Nobody listens on port 1. The site opens all the same, and nothing is acknowledged.
#[tokio::test]
async fn while_the_store_is_away_nothing_is_acknowledged() {
    let place = Place::new(Some(S3 { secret: "geheim".to_owned(), ..s3_of("http://127.0.0.1:1/bucket") }));
    let store = place.store().await;
    let upload = store.incoming(upload_of(&Bytes::from_static(b"abc")), 3).await.unwrap();
    let outcomes = [
        store.keep(upload, key(1)).await,
        store.put(key(1), Bytes::from_static(b"abc")).await,
        store.get(key(1)).await.map(drop),
        store.open_blob(key(1)).await.map(drop),
        store.delete(key(1)).await,
        store.sweep(town(1), Moment::from_micros(1), |_| false).await.map(drop),
        store.check_place().await,
    ];
    for outcome in outcomes {
        let Err(StoreError::Away { why, .. }) = outcome else { panic!("{outcome:?}") };
        assert!(!why.is_empty() && !why.contains("geheim"), "{why}");
    }
    assert_eq!(place.uploads_under_way(), 0);
    assert!(!format!("{store:?}").contains("geheim"));
}
