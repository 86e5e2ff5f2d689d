//! Pictures of somebody else's map: one tile decoded under limits, several laid side by side under our own pins. What a
//! stranger sends is a square of pixels here or nothing. No requests, no cache. Invariant: where a tile is missing, the
//! town's own scene shows, so no picture has a hole.

use crate::draw::{Overlay, Scale, draw, finish};
use crate::look::Theme;
use crate::mercator::{MapRefusal, TILE_SIDE, View};
use crate::scene::Scene;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;
use std::ops::RangeInclusive;
use tiny_skia::{Pixmap, PremultipliedColorU8};

/// Sources send 256 or 512 pixels a side; nothing sensible is far from that.
const SIDES: RangeInclusive<u32> = 64..=1024;
/// For one decoded tile: 1024 by 1024 at 16 bits in four channels, and some room to work.
const DECODE_BYTES_MAX: u64 = 24 << 20;

/// One decoded tile.
pub struct Raster(Pixmap);

/// A tile and where it lies.
pub struct Patch {
    pub zoom: u8,
    pub x: u32,
    pub y: u32,
    pub raster: Raster,
}

/// How a foreign map looks in the dark theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Night {
    /// A drawn map: light paper becomes dark paper, hues stay.
    Inverted,
    /// An aerial picture: only less bright. Inverted it would be a negative.
    Dimmed,
}

/// Foreign tiles over what the town can draw itself.
pub struct Mosaic<'a> {
    pub patches: &'a [Patch],
    pub night: Night,
    pub ground: &'a Scene,
}

impl Raster {
    /// PNG, JPEG or WebP of a sensible size; everything else is refused before its pixels are decoded.
    pub fn decode(bytes: &[u8]) -> Result<Self, MapRefusal> {
        let (decoder, side) = decoder(bytes)?;
        let decoded = DynamicImage::from_decoder(decoder).map_err(|_| MapRefusal::NoPicture)?.into_rgba8();
        let mut pixmap = Pixmap::new(side, side).ok_or(MapRefusal::NoPicture)?;
        for (pixel, image::Rgba([red, green, blue, alpha])) in pixmap.pixels_mut().iter_mut().zip(decoded.pixels()) {
            // Upon white: transparent tiles are drawn for white pages.
            let on_white = |channel: u8| over(channel, *alpha);
            *pixel = opaque(on_white(*red), on_white(*green), on_white(*blue));
        }
        Ok(Self(pixmap))
    }

    /// Device pixels per pixel of the page that this tile has to offer, read from its head alone.
    pub fn scale_of(bytes: &[u8]) -> Result<Scale, MapRefusal> {
        let (_, side) = decoder(bytes)?;
        Ok(if side >= 2 * TILE_SIDE { Scale::Two } else { Scale::One })
    }

    fn at_night(&self, night: Night) -> Pixmap {
        let mut dark = self.0.clone();
        for pixel in dark.pixels_mut() {
            let [red, green, blue] = night_of([pixel.red(), pixel.green(), pixel.blue()], night);
            *pixel = opaque(red, green, blue);
        }
        dark
    }
}

/// What can decode these bytes, and the length of the picture's sides. No pixel is decoded yet.
fn decoder(bytes: &[u8]) -> Result<(impl ImageDecoder, u32), MapRefusal> {
    let format = image::guess_format(bytes).map_err(|_| MapRefusal::NoPicture)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(MapRefusal::NoPicture);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(*SIDES.end());
    limits.max_image_height = Some(*SIDES.end());
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|_| MapRefusal::NoPicture)?;
    let (width, height) = decoder.dimensions();
    if width != height || !SIDES.contains(&width) {
        return Err(MapRefusal::NoPicture);
    }
    Ok((decoder, width))
}

fn over(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    u8::try_from((channel * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

fn opaque(red: u8, green: u8, blue: u8) -> PremultipliedColorU8 {
    // Never `None`: no channel is larger than an alpha of 255.
    PremultipliedColorU8::from_rgba(red, green, blue, 255).unwrap_or(PremultipliedColorU8::TRANSPARENT)
}

/// Lightness turned over at the same hue and saturation, and pressed between the darkest and lightest of our own night.
pub(crate) fn night_of(color: [u8; 3], night: Night) -> [u8; 3] {
    let pressed = |value: u32| u8::try_from(24 + value * 200 / 255).unwrap_or(u8::MAX);
    match night {
        Night::Dimmed => color.map(|channel| u8::try_from(u32::from(channel) * 3 / 5).unwrap_or(u8::MAX)),
        Night::Inverted => {
            let [red, green, blue] = color.map(u32::from);
            let (low, high) = (red.min(green).min(blue), red.max(green).max(blue));
            [red, green, blue].map(|channel| pressed(255 + channel - low - high))
        }
    }
}

/// The tiles that cover a view: at its zoom, or from the last zoom the source has. None if the source begins closer.
pub fn tiles_of(view: View, zooms: &RangeInclusive<u8>) -> Vec<(u8, u32, u32)> {
    let zoom = view.zoom.min(*zooms.end());
    if !zooms.contains(&zoom) {
        return vec![];
    }
    let side = i64::from(TILE_SIDE) << (view.zoom - zoom);
    let last = (1i64 << zoom) - 1;
    let span = |from: i64, pixels: u32| {
        let to = from + i64::from(pixels) - 1;
        (from.div_euclid(side).clamp(0, last), to.div_euclid(side).clamp(0, last))
    };
    let ((left, right), (top, bottom)) = (span(view.left, view.width), span(view.top, view.height));
    let number = |value: i64| u32::try_from(value).unwrap_or_default();
    (top..=bottom).flat_map(|y| (left..=right).map(move |x| (zoom, number(x), number(y)))).collect()
}

/// A picture of a foreign map as PNG: a tile without `overlay`, a still image with it.
pub fn render_mosaic(
    mosaic: &Mosaic<'_>,
    view: View,
    theme: Theme,
    scale: Scale,
    overlay: Option<&Overlay<'_>>,
) -> Result<Vec<u8>, MapRefusal> {
    let mut canvas = draw(mosaic.ground, view, theme, scale)?;
    for patch in mosaic.patches {
        let side = i64::from(TILE_SIDE) << (view.zoom - patch.zoom.min(view.zoom));
        let (left, top) = (i64::from(patch.x) * side - view.left, i64::from(patch.y) * side - view.top);
        match theme {
            Theme::Light => canvas.picture(&patch.raster.0, left, top, side),
            Theme::Dark => canvas.picture(&patch.raster.at_night(mosaic.night), left, top, side),
        }
    }
    if let Some(overlay) = overlay {
        finish(&mut canvas, theme, overlay);
    }
    canvas.png_exact()
}
