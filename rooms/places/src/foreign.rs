//! Tiles of a town's source: fetched by the house, kept on disk, handed out while they are fresh, asked about when they
//! are old, and shown all the same while the source is away. Nothing of a citizen's request goes along: the source sees
//! the house and the number of a tile. Invariant: a kept tile lies in the folder of its town and its source's version.

use crate::source::TileSource;
use axum::body::Bytes;
use base::{Moment, MunicipalityId};
use outgoing::{Fetched, OutgoingError};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Semaphore;
use web::Site;

/// A tile as it was kept, and since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub since: Moment,
    etag: Option<String>,
    /// Empty: the source has no such tile.
    pub picture: Bytes,
}

/// As long a tile is handed out unasked.
const FRESH_SECONDS: i64 = 7 * 86_400;
/// The same for "there is none": a gap may be filled sooner than a street moves.
const GAP_FRESH_SECONDS: i64 = 3_600;
/// Older than this nothing is shown, whether the source answers or not.
const KEPT_SECONDS: i64 = 90 * 86_400;
/// A source that failed is left alone for this long.
const REST_SECONDS: i64 = 30;
/// A page waits no longer for a tile.
const PATIENCE: Duration = Duration::from_secs(6);
/// All towns together; the oldest make room.
const CACHE_BYTES_MAX: u64 = 2 << 30;
/// After so many new bytes the folder is measured.
const SWEEP_BYTES: u64 = 64 << 20;

/// At once, over all towns: a source is asked politely.
static ASKING: Semaphore = Semaphore::const_new(8);
/// Bytes since the folder was measured last. Begins so high that the first tile measures it.
static WRITTEN: AtomicU64 = AtomicU64::new(SWEEP_BYTES);

type Folders<T> = LazyLock<Mutex<HashMap<PathBuf, T>>>;
/// Until when a source is left alone, by its folder.
static RESTING: Folders<Moment> = LazyLock::new(Mutex::default);
/// Who is asking for this very tile: everybody else waits for that answer.
static FLIGHTS: Folders<Weak<tokio::sync::Mutex<()>>> = LazyLock::new(Mutex::default);

/// One tile, or `None` if there is none to show.
pub async fn tile(site: &Site, town: MunicipalityId, source: &TileSource, spot: (u8, u32, u32)) -> Option<Kept> {
    let folder = folder(site, town, source);
    let path = folder.join(format!("{}-{}-{}.tile", spot.0, spot.1, spot.2));
    let now = site.clock.now();
    let fresh = |kept: &Kept| now.seconds_since(kept.since) < kept.fresh_seconds();
    if let Some(kept) = read(&path, now).await.filter(fresh) {
        return kept.shown();
    }
    let flight = flight(&path);
    let _turn = flight.lock().await;
    // Whoever waited finds what the first one fetched.
    let kept = read(&path, now).await;
    if kept.as_ref().is_some_and(fresh) || is_resting(&folder, now) {
        return kept?.shown();
    }
    match ask(site, source, spot, kept.as_ref()).await {
        Ok(Some(new)) => {
            keep(site, &path, &new).await;
            new.shown()
        }
        Ok(None) => kept?.shown(),
        Err(error) => {
            tracing::warn!(host = source.host(), %error, "a map source did not answer rightly");
            lock(&RESTING).insert(folder, now.plus_seconds(REST_SECONDS));
            kept?.shown()
        }
    }
}

/// What is to be kept from now on; nothing new if the source was not asked or knows nothing better than what we have.
async fn ask(
    site: &Site,
    source: &TileSource,
    spot: (u8, u32, u32),
    known: Option<&Kept>,
) -> Result<Option<Kept>, OutgoingError> {
    let client = source.client(site)?;
    let etag = known.and_then(|kept| kept.etag.as_deref());
    // Waiting for a place among our own questions says nothing about the source.
    let Ok(_place) = tokio::time::timeout(PATIENCE, ASKING.acquire()).await else { return Ok(None) };
    let asked = tokio::time::timeout(PATIENCE, client.fetch(spot.0, spot.1, spot.2, etag));
    let since = site.clock.now();
    let gap = Kept { since, etag: None, picture: Bytes::new() };
    match (asked.await.unwrap_or(Err(OutgoingError::Timeout)), known) {
        (Ok(Fetched::Unchanged), Some(known)) => Ok(Some(Kept { since, ..known.clone() })),
        (Ok(Fetched::Tile(tile)), _) => {
            let picture = tile.bytes;
            let bytes = picture.clone();
            // Decoding is work, and a decoder that panics on a crafted file is a broken file, not a broken site.
            let decoded = tokio::task::spawn_blocking(move || maps::Raster::decode(&bytes).is_ok()).await;
            if decoded.unwrap_or(false) {
                return Ok(Some(Kept { since, etag: tile.etag.filter(|etag| is_plain(etag)), picture }));
            }
            Ok(unusable(known, gap))
        }
        (Ok(_), _) => Ok(Some(gap)),
        // Servers say 400 or 403 for a tile beyond what they have; nonsense, too, is about this one alone.
        (Err(OutgoingError::TooLarge { .. } | OutgoingError::Unexpected { status: 200 | 400 | 403 }), _) => {
            Ok(unusable(known, gap))
        }
        (Err(error), _) => Err(error),
    }
}

/// It answers nonsense for this tile: what we have is better; without any this is a gap, and the others are still asked.
fn unusable(known: Option<&Kept>, gap: Kept) -> Option<Kept> {
    if known.is_some_and(|kept| !kept.picture.is_empty()) { None } else { Some(gap) }
}

/// Fit for one line of a file and for a header.
fn is_plain(etag: &str) -> bool {
    etag.len() <= 200 && etag.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

impl Kept {
    fn fresh_seconds(&self) -> i64 {
        if self.picture.is_empty() { GAP_FRESH_SECONDS } else { FRESH_SECONDS }
    }

    fn shown(self) -> Option<Self> {
        (!self.picture.is_empty()).then_some(self)
    }
}

fn lock<T>(folders: &'static Folders<T>) -> std::sync::MutexGuard<'static, HashMap<PathBuf, T>> {
    folders.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_resting(folder: &Path, now: Moment) -> bool {
    lock(&RESTING).get(folder).is_some_and(|until| now < *until)
}

fn flight(path: &Path) -> Arc<tokio::sync::Mutex<()>> {
    let mut flights = lock(&FLIGHTS);
    if let Some(flight) = flights.get(path).and_then(Weak::upgrade) {
        return flight;
    }
    flights.retain(|_, flight| flight.strong_count() > 0);
    let flight = Arc::default();
    flights.insert(path.to_owned(), Arc::downgrade(&flight));
    flight
}

// ---- the disk ---------------------------------------------------------------------------------------------------

pub fn cache_folder(site: &Site) -> PathBuf {
    site.cache.join("map")
}

fn folder(site: &Site, town: MunicipalityId, source: &TileSource) -> PathBuf {
    cache_folder(site).join(town.to_string()).join(format!("{:016x}", source.version()))
}

/// A file is one line, `tile MICROS BYTES ETAG`, and the picture. Whatever is not whole is not there.
async fn read(path: &Path, now: Moment) -> Option<Kept> {
    let file = Bytes::from(tokio::fs::read(path).await.ok()?);
    let end = file.iter().take(400).position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&file[..end]).ok()?;
    let mut words = head.strip_prefix("tile ")?.splitn(3, ' ');
    let since = Moment::from_micros(words.next()?.parse().ok()?);
    let bytes: usize = words.next()?.parse().ok()?;
    let etag = words.next().filter(|etag| !etag.is_empty()).map(str::to_owned);
    let picture = file.slice(end + 1..);
    let kept = Kept { since, etag, picture };
    (kept.picture.len() == bytes && now.seconds_since(since) < KEPT_SECONDS).then_some(kept)
}

/// A cache that cannot be written is slow, not broken: the tile is shown all the same.
async fn keep(site: &Site, path: &Path, kept: &Kept) {
    if site.files.check_space().await.is_err() {
        tracing::warn!("the disk is full up to its reserve, map tiles are not kept");
        return;
    }
    let etag = kept.etag.as_deref().unwrap_or_default();
    let head = format!("tile {} {} {etag}\n", kept.since.micros(), kept.picture.len());
    let file = [head.as_bytes(), &kept.picture].concat();
    let written = WRITTEN.fetch_add(file.len() as u64, Ordering::Relaxed) + file.len() as u64;
    if let Err(error) = write(path, &file).await {
        tracing::warn!(%error, "a map tile could not be kept");
    }
    if written >= SWEEP_BYTES {
        WRITTEN.store(0, Ordering::Relaxed);
        let (folder, now) = (cache_folder(site), site.clock.now());
        tokio::task::spawn_blocking(move || sweep(&folder, now, CACHE_BYTES_MAX));
    }
}

/// Counts the files being written, for names of their own.
static UNFINISHED: AtomicU64 = AtomicU64::new(0);

/// Under another name first, so that nobody reads half a tile. Not synced: what a power cut takes is fetched again.
async fn write(path: &Path, file: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    // Two visitors may bring the same tile at the same moment, also in two programs over one folder.
    let own = (std::process::id(), UNFINISHED.fetch_add(1, Ordering::Relaxed));
    let unfinished = path.with_extension(format!("{}-{}.new", own.0, own.1));
    tokio::fs::write(&unfinished, file).await?;
    tokio::fs::rename(&unfinished, path).await
}

/// Removes what is too old to be shown, then the oldest until the rest takes at most nine tenths of the limit.
pub fn sweep(folder: &Path, now: Moment, bytes_max: u64) {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    if let Err(error) = collect(folder, 0, &mut files)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the folder of map tiles could not be read");
    }
    let seconds = u64::try_from(now.plus_seconds(-KEPT_SECONDS).micros() / 1_000_000).unwrap_or(0);
    let oldest = UNIX_EPOCH + Duration::from_secs(seconds);
    files.sort();
    let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    let goal = if bytes > bytes_max { bytes_max / 10 * 9 } else { bytes_max };
    for (since, size, path) in files {
        if (bytes > goal || since < oldest) && std::fs::remove_file(&path).is_ok() {
            bytes -= size;
        }
    }
}

/// Town, version, tile: no deeper. Links are not followed.
fn collect(folder: &Path, depth: u8, files: &mut Vec<(SystemTime, u64, PathBuf)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() && depth < 2 {
            collect(&entry.path(), depth + 1, files)?;
        } else if meta.is_file() {
            files.push((meta.modified()?, meta.len(), entry.path()));
        }
    }
    Ok(())
}
