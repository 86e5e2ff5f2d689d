//! Finished pictures of the town's map: tiles for the map in the browser, still images for pages without scripts, mails
//! and receipts. From the town's own geometry or from the source it named. Drawn on a bounded number of threads, kept in a bounded memory, keyed by the content's version.

use crate::cache::Pictures;
use crate::foreign::{self, Kept};
use crate::model::{TownMap, content_number};
use crate::publish;
use crate::source::{self, TileSource};
use axum::body::Bytes;
use base::MunicipalityId;
use base::Position;
use db::DbError;
use futures_util::future::join_all;
use maps::{
    MapRefusal, Mosaic, Night, Overlay, Patch, Pin, Raster, Ring, Scale, Scene, Theme, View, render_mosaic,
    render_static, render_tile,
};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use web::Site;

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
    /// A better one may come soon: the source is away, or has a gap here.
    pub is_passing: bool,
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
    pub ring: Option<Ring>,
}

impl StillWish {
    fn overlay<'a>(&'a self, attribution: &'a str) -> Overlay<'a> {
        Overlay { ring: self.ring, pins: &self.pins, attribution }
    }

    /// Wishes with the same words get the same picture.
    fn key(&self, view: View) -> String {
        let pins: Vec<_> = self.pins.iter().map(|pin| (view.project(pin.at), pin.kind, pin.number)).collect();
        let ring = self.ring.map(|ring| (view.project(ring.at), ring.metres));
        format!("{view:?} {:?} {:?} {pins:?} {ring:?}", self.theme, self.scale)
    }

    /// A picture around one place with a pin upon it.
    pub fn of_place(at: Position, width: u32, height: u32, theme: Theme) -> Self {
        let pins = vec![Pin { at, kind: maps::PinKind::Chosen, number: None }];
        Self { centre: at, zoom: 17, width, height, theme, scale: Scale::Two, pins, ring: None }
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
pub(crate) fn drawing_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    (cores - 1).clamp(1, 6)
}

pub(crate) fn drawing() -> &'static Semaphore {
    static DRAWING: OnceLock<Semaphore> = OnceLock::new();
    DRAWING.get_or_init(|| Semaphore::new(drawing_threads()))
}

/// The permit goes with the drawing: a browser that hangs up leaves it behind, and it is free only when the picture is done.
pub(crate) async fn on_drawing_thread(
    draw: impl FnOnce() -> Result<Vec<u8>, MapRefusal> + Send + 'static,
) -> Result<Bytes, PictureError> {
    let permit = tokio::time::timeout(WAIT, drawing().acquire()).await;
    let permit = permit.ok().and_then(Result::ok).ok_or(PictureError::Busy)?;
    let drawing = move || {
        let _permit = permit;
        draw()
    };
    match tokio::task::spawn_blocking(drawing).await {
        Ok(drawn) => Ok(Bytes::from(drawn?)),
        Err(_) => Err(PictureError::Refused(MapRefusal::Encoding)),
    }
}

/// What pictures are made from: the frame every page knows, the town's own scene, its source.
struct Ground {
    map: TownMap,
    scene: Option<Arc<Scene>>,
    own_attribution: String,
    source: Option<TileSource>,
}

async fn ground(site: &Site, town: MunicipalityId) -> Result<Ground, PictureError> {
    let read = site
        .db
        .read::<_, DbError>(town, |tx| Ok((source::town_map(tx)?, publish::scene(tx)?, source::tile_source(tx)?)));
    let (map, own, source) = read.await?;
    let map = map.ok_or(PictureError::NoMap)?;
    let (own_attribution, scene) = own.map_or((String::new(), None), |(own, scene)| (own.attribution, Some(scene)));
    Ok(Ground { map, scene, own_attribution, source })
}

impl Ground {
    fn is_near(&self, view: View) -> bool {
        let (shown, own) = (view.bounds(), self.map.bounds);
        shown.north >= own.south - MARGIN
            && shown.south <= own.north + MARGIN
            && shown.east >= own.west - MARGIN
            && shown.west <= own.east + MARGIN
    }

    /// The town's own drawing, or quiet paper.
    fn scene(&self) -> Arc<Scene> {
        self.scene.clone().unwrap_or_else(|| Arc::new(Scene::new(vec![])))
    }
}

/// A tile of the town's map.
pub async fn tile(site: &Site, town: MunicipalityId, wish: TileWish) -> Result<Picture, PictureError> {
    let TileWish { theme, scale, zoom, x, y } = wish;
    let view = View::tile(zoom, x, y)?;
    let ground = ground(site, town).await?;
    let is_near = ground.is_near(view);
    let mut is_passing = false;
    if is_near && let Some(source) = &ground.source {
        let tiles = kept_tiles(site, town, source, view).await;
        if let Some(found) = tiles.found.first() {
            // As dense as the source draws: more would only be larger.
            let scale = Raster::scale_of(&found.1.picture).unwrap_or(scale);
            return mosaic(town, &ground, source, view, (theme, scale), tiles, None).await;
        }
        is_passing = tiles.missing;
    }
    let version = ground.map.version;
    let key = if is_near { Key::Tile(town, version, wish) } else { Key::Paper(theme, scale) };
    if let Some(png) = cache().get(&key) {
        return Ok(Picture { png, version, is_passing });
    }
    let scene = if is_near { ground.scene() } else { Arc::new(Scene::new(vec![])) };
    let png = on_drawing_thread(move || render_tile(&scene, zoom, x, y, theme, scale)).await?;
    cache().put(key, png.clone());
    Ok(Picture { png, version, is_passing })
}

/// A still image of the town's map, with its attribution.
pub async fn still(site: &Site, town: MunicipalityId, wish: StillWish) -> Result<Picture, PictureError> {
    let view = View::around(wish.centre, wish.zoom, wish.width, wish.height)?;
    let ground = ground(site, town).await?;
    let mut is_passing = false;
    if ground.is_near(view)
        && let Some(source) = &ground.source
    {
        let tiles = kept_tiles(site, town, source, view).await;
        if !tiles.found.is_empty() {
            return mosaic(town, &ground, source, view, (wish.theme, wish.scale), tiles, Some(wish)).await;
        }
        is_passing = tiles.missing;
    }
    // The view instead of the centre: wishes that differ by less than a pixel share a picture.
    let version = ground.map.version;
    let key = Key::Still(town, version, wish.key(view));
    if let Some(png) = cache().get(&key) {
        return Ok(Picture { png, version, is_passing });
    }
    let (scene, attribution) = (ground.scene(), ground.own_attribution);
    let png =
        on_drawing_thread(move || render_static(&scene, view, wish.theme, wish.scale, &wish.overlay(&attribution)))
            .await?;
    cache().put(key, png.clone());
    Ok(Picture { png, version, is_passing })
}

/// What the source has of a view.
struct Tiles {
    found: Vec<((u8, u32, u32), Kept)>,
    /// Some are not there, for now or for good.
    missing: bool,
}

async fn kept_tiles(site: &Site, town: MunicipalityId, source: &TileSource, view: View) -> Tiles {
    let spots = maps::tiles_of(view, &source.zooms());
    let wanted = spots.len();
    let asked = spots.into_iter().map(async |spot| Some((spot, foreign::tile(site, town, source, spot).await?)));
    let found: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    Tiles { missing: found.len() < wanted, found }
}

/// Draws the source's tiles, over the own map where some are missing; with a wish pins and credit on top.
async fn mosaic(
    town: MunicipalityId,
    ground: &Ground,
    source: &TileSource,
    view: View,
    (theme, scale): (Theme, Scale),
    tiles: Tiles,
    wish: Option<StillWish>,
) -> Result<Picture, PictureError> {
    let states: Vec<_> = tiles.found.iter().map(|(spot, kept)| (*spot, kept.since.micros())).collect();
    let wished = wish.as_ref().map(|wish| wish.key(view));
    let state = format!("{view:?} {theme:?} {scale:?} {states:?} {wished:?} {}", source.is_photo);
    // The own map may show through, so its version counts too.
    let key = Key::Still(town, source.version() ^ ground.map.version, state);
    let version = |png: &Bytes| content_number(&[png]);
    let is_passing = tiles.missing;
    if let Some(png) = cache().get(&key) {
        return Ok(Picture { version: version(&png), png, is_passing });
    }
    let scene = if is_passing { ground.scene() } else { Arc::new(Scene::new(vec![])) };
    let attribution = if is_passing { ground.map.attribution.clone() } else { source.attribution.clone() };
    let night = if source.is_photo { Night::Dimmed } else { Night::Inverted };
    let png = on_drawing_thread(move || {
        let decoded = tiles.found.iter().map(|((zoom, x, y), kept)| {
            Ok(Patch { zoom: *zoom, x: *x, y: *y, raster: Raster::decode(&kept.picture)? })
        });
        let patches = decoded.collect::<Result<Vec<_>, MapRefusal>>()?;
        let mosaic = Mosaic { patches: &patches, night, ground: &scene };
        let overlay = wish.as_ref().map(|wish| wish.overlay(&attribution));
        render_mosaic(&mosaic, view, theme, scale, overlay.as_ref())
    })
    .await?;
    cache().put(key, png.clone());
    Ok(Picture { version: version(&png), png, is_passing })
}
