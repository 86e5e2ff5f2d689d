//! Web Mercator in whole numbers: the world is a square of 2^32 units, so a unit is 9 mm at the equator and 1/32 pixel at
//! zoom 19. Whole units make drawing independent of where a tile begins; no ellipsoid, no other projection.

use base::{Bounds, Position};

/// Pixels along one side of a tile.
pub const TILE_SIDE: u32 = 256;
pub const ZOOM_MIN: u8 = 10;
pub const ZOOM_MAX: u8 = 19;

/// Beyond this latitude the square map ends.
const LATITUDE_MAX: f64 = 85.051_128;
const WORLD: f64 = 4_294_967_296.0;

/// Why no picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MapRefusal {
    #[error("zoom must be {ZOOM_MIN} to {ZOOM_MAX}")]
    Zoom,
    #[error("there is no such tile at this zoom")]
    NoSuchTile,
    #[error("a side must be 1 to {max} pixels", max = crate::SIDE_MAX)]
    Size,
    #[error("the position is off the map")]
    OffTheMap,
    #[error("this is no picture of a map tile")]
    NoPicture,
    #[error("the picture could not be encoded")]
    Encoding,
}

/// A point of the square world; x grows east, y grows south.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    pub x: u32,
    pub y: u32,
}

impl Spot {
    pub fn of(at: Position) -> Self {
        let lat = at.lat.clamp(-LATITUDE_MAX, LATITUDE_MAX).to_radians();
        let x = (at.lon + 180.0) / 360.0;
        let y = f64::midpoint(1.0, -(lat.tan().asinh() / std::f64::consts::PI));
        Self { x: to_units(x), y: to_units(y) }
    }

    pub fn position(self) -> Position {
        position_of(f64::from(self.x), f64::from(self.y))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u32 before")]
fn to_units(share: f64) -> u32 {
    (share * WORLD).round().clamp(0.0, WORLD - 1.0) as u32
}

fn position_of(x: f64, y: f64) -> Position {
    let lon = x / WORLD * 360.0 - 180.0;
    let lat = (std::f64::consts::PI * (1.0 - 2.0 * y / WORLD)).sinh().atan().to_degrees();
    Position { lat, lon }
}

/// Units per pixel at a zoom: a power of two, so pixel coordinates are exact.
pub fn units_per_pixel(zoom: u8) -> f64 {
    f64::from(1u32 << (24 - zoom.min(24)))
}

/// Metres on the ground per pixel at this zoom and latitude.
pub fn metres_per_pixel(zoom: u8, lat: f64) -> f64 {
    40_075_016.7 * lat.to_radians().cos() / (f64::from(TILE_SIDE) * f64::from(1u32 << zoom.min(24)))
}

/// A rectangle of whole pixels at one zoom: a tile or a still image. It turns positions into pixels and back, so that a
/// tap on an image button becomes a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub zoom: u8,
    /// World pixel of the left edge.
    pub left: i64,
    /// World pixel of the upper edge.
    pub top: i64,
    pub width: u32,
    pub height: u32,
}

impl View {
    pub fn tile(zoom: u8, x: u32, y: u32) -> Result<Self, MapRefusal> {
        check_zoom(zoom)?;
        let count = 1u32 << zoom;
        if x >= count || y >= count {
            return Err(MapRefusal::NoSuchTile);
        }
        let side = i64::from(TILE_SIDE);
        Ok(Self { zoom, left: i64::from(x) * side, top: i64::from(y) * side, width: TILE_SIDE, height: TILE_SIDE })
    }

    /// The image of this size with `centre` in its middle, moved to whole pixels.
    pub fn around(centre: Position, zoom: u8, width: u32, height: u32) -> Result<Self, MapRefusal> {
        check_zoom(zoom)?;
        if Position::new(centre.lat, centre.lon).is_none() || centre.lat.abs() > LATITUDE_MAX {
            return Err(MapRefusal::OffTheMap);
        }
        let range = 1..=crate::SIDE_MAX;
        if !range.contains(&width) || !range.contains(&height) {
            return Err(MapRefusal::Size);
        }
        let (spot, unit) = (Spot::of(centre), units_per_pixel(zoom));
        let left = whole(f64::from(spot.x) / unit - f64::from(width) / 2.0);
        let top = whole(f64::from(spot.y) / unit - f64::from(height) / 2.0);
        Ok(Self { zoom, left, top, width, height })
    }

    /// The closest zoom at which a circle on the ground lies within a picture of this size, with some map around it.
    pub fn zoom_for(at: Position, metres: f64, side: u32) -> u8 {
        let fits = |zoom: &u8| 2.3 * metres / metres_per_pixel(*zoom, at.lat) <= f64::from(side);
        (ZOOM_MIN..=ZOOM_MAX).rev().find(fits).unwrap_or(ZOOM_MIN)
    }

    /// Pixel of a position, counted from the upper left corner; outside the image it is negative or too large.
    pub fn project(&self, at: Position) -> (f64, f64) {
        self.pixel(Spot::of(at))
    }

    /// Position under a pixel of this image.
    pub fn unproject(&self, x: f64, y: f64) -> Position {
        let unit = units_per_pixel(self.zoom);
        position_of((self.left as f64 + x) * unit, (self.top as f64 + y) * unit)
    }

    pub fn bounds(&self) -> Bounds {
        let upper = self.unproject(0.0, 0.0);
        let lower = self.unproject(f64::from(self.width), f64::from(self.height));
        Bounds { south: lower.lat, west: upper.lon, north: upper.lat, east: lower.lon }
    }

    pub(crate) fn pixel(&self, spot: Spot) -> (f64, f64) {
        let unit = units_per_pixel(self.zoom);
        (f64::from(spot.x) / unit - self.left as f64, f64::from(spot.y) / unit - self.top as f64)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a world has 2^27 pixels at most")]
fn whole(pixel: f64) -> i64 {
    pixel.round() as i64
}

fn check_zoom(zoom: u8) -> Result<(), MapRefusal> {
    if (ZOOM_MIN..=ZOOM_MAX).contains(&zoom) { Ok(()) } else { Err(MapRefusal::Zoom) }
}
