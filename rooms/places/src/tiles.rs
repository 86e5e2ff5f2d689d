//! Finished pictures of the town's map: tiles for the map in the browser, still images for pages without scripts, mails
//! and receipts. Drawn on a bounded number of threads, kept in a bounded memory, keyed by the content's version.

use crate::cache::Pictures;
use crate::publish;
use axum::body::Bytes;
use base::MunicipalityId;
use base::Position;
use db::{Db, DbError};
use maps::{MapRefusal, Pin, Scale, Scene, Theme, View, render_static, render_tile};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PictureError {
    #[error("the town has no map yet")]
    NoMap,
    #[error("no such picture")]
    Refused(#[from] MapRefusal),
    #[error("too many pictures are being drawn")]
    Busy,
    #[error("the database refused")]
    Db(#[from] DbError),
}

/// A picture and the version of the map it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub png: Bytes,
    pub version: i64,
}

/// One tile as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileWish {
    pub theme: Theme,
    pub scale: Scale,
    pub zoom: u8,
    pub x: u32,
    pub y: u32,
}

/// A still image as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct StillWish {
    pub centre: Position,
    pub zoom: u8,
    pub width: u32,
    pub height: u32,
    pub theme: Theme,
    pub scale: Scale,
    pub pins: Vec<Pin>,
}

impl StillWish {
    /// A picture around one place with a pin upon it.
    pub fn of_place(at: Position, width: u32, height: u32, theme: Theme) -> Self {
        let pins = vec![Pin { at, kind: maps::PinKind::Chosen, number: None }];
        Self { centre: at, zoom: 17, width, height, theme, scale: Scale::Two, pins }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Tile(MunicipalityId, i64, TileWish),
    /// Beyond the town every tile is the same paper.
    Paper(Theme, Scale),
    Still(MunicipalityId, i64, String),
}

/// 48 MB: about 2,500 tiles.
const CACHE_BYTES_MAX: usize = 48 << 20;
/// Whoever waits longer for a free drawing thread is asked to come again.
const WAIT: Duration = Duration::from_secs(5);
/// Degrees around the town's bounds within which tiles are drawn.
const MARGIN: f64 = 0.04;

fn cache() -> &'static Pictures<Key> {
    static CACHE: OnceLock<Pictures<Key>> = OnceLock::new();
    CACHE.get_or_init(|| Pictures::new(CACHE_BYTES_MAX))
}

/// One drawing thread less than cores, so that drawing never starves the pages.
fn drawing() -> &'static Semaphore {
    static DRAWING: OnceLock<Semaphore> = OnceLock::new();
    DRAWING.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Semaphore::new((cores - 1).clamp(1, 6))
    })
}

async fn on_drawing_thread(
    draw: impl FnOnce() -> Result<Vec<u8>, MapRefusal> + Send + 'static,
) -> Result<Bytes, PictureError> {
    let permit = tokio::time::timeout(WAIT, drawing().acquire()).await;
    let _permit = permit.ok().and_then(Result::ok).ok_or(PictureError::Busy)?;
    match tokio::task::spawn_blocking(draw).await {
        Ok(drawn) => Ok(Bytes::from(drawn?)),
        Err(_) => Err(PictureError::Refused(MapRefusal::Encoding)),
    }
}

/// A tile of the town's map.
pub async fn tile(db: &Db, town: MunicipalityId, wish: TileWish) -> Result<Picture, PictureError> {
    let view = View::tile(wish.zoom, wish.x, wish.y)?;
    let (map, scene) = db.read(town, publish::scene).await?.ok_or(PictureError::NoMap)?;
    let (shown, own) = (view.bounds(), map.bounds);
    let is_near = shown.north >= own.south - MARGIN
        && shown.south <= own.north + MARGIN
        && shown.east >= own.west - MARGIN
        && shown.west <= own.east + MARGIN;
    let key = if is_near { Key::Tile(town, map.version, wish) } else { Key::Paper(wish.theme, wish.scale) };
    if let Some(png) = cache().get(&key) {
        return Ok(Picture { png, version: map.version });
    }
    let png = on_drawing_thread(move || {
        let TileWish { theme, scale, zoom, x, y } = wish;
        if is_near {
            render_tile(&scene, zoom, x, y, theme, scale)
        } else {
            render_tile(&Scene::new(vec![]), zoom, x, y, theme, scale)
        }
    })
    .await?;
    cache().put(key, png.clone());
    Ok(Picture { png, version: map.version })
}

/// A still image of the town's map, with its attribution.
pub async fn still(db: &Db, town: MunicipalityId, wish: StillWish) -> Result<Picture, PictureError> {
    let view = View::around(wish.centre, wish.zoom, wish.width, wish.height)?;
    let (map, scene) = db.read(town, publish::scene).await?.ok_or(PictureError::NoMap)?;
    // The view instead of the centre: wishes that differ by less than a pixel share a picture.
    let pins: Vec<_> = wish.pins.iter().map(|pin| (view.project(pin.at), pin.kind, pin.number)).collect();
    let key = Key::Still(town, map.version, format!("{view:?} {:?} {:?} {pins:?}", wish.theme, wish.scale));
    let version = map.version;
    if let Some(png) = cache().get(&key) {
        return Ok(Picture { png, version });
    }
    let png =
        on_drawing_thread(move || render_static(&scene, view, wish.theme, wish.scale, &wish.pins, &map.attribution))
            .await?;
    cache().put(key, png.clone());
    Ok(Picture { png, version })
}
