//! Pictures as small PNG files: a map has few flat colours and many shades at their smoothed edges. Flat colours stay
//! exact, shades are rounded until 256 colours suffice; a tile then weighs a third. Deterministic; no shape is lost.

use crate::mercator::MapRefusal;
use std::collections::{HashMap, HashSet};
use tiny_skia::{Pixmap, PremultipliedColorU8};

/// A colour that covers more than one of so many pixels is flat and stays as it is: the most frequent of them, so many
/// that the coarsest rounding (five values a channel, 125 colours) always leaves room.
const FLAT_SHARE: usize = 1_500;
const FLAT_MAX: usize = 130;
/// Rounding of the shades, tried in this order.
const STEPS: [u16; 6] = [1, 4, 8, 16, 32, 64];

pub fn png(pixmap: &Pixmap) -> Result<Vec<u8>, MapRefusal> {
    let pixels = pixmap.pixels();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    let mut run = (0, 0);
    for pixel in pixels {
        let color = packed(*pixel);
        if color == run.0 {
            run.1 += 1;
        } else {
            *counts.entry(run.0).or_default() += run.1;
            run = (color, 1);
        }
    }
    *counts.entry(run.0).or_default() += run.1;
    let (palette, index_of) = reduce(&counts, pixels.len() / FLAT_SHARE);
    let mut last = (packed(pixels[0]), index_of[&packed(pixels[0])]);
    let indexes: Vec<u8> = pixels
        .iter()
        .map(|pixel| {
            let color = packed(*pixel);
            if color != last.0 {
                last = (color, index_of[&color]);
            }
            last.1
        })
        .collect();
    write(pixmap.width(), pixmap.height(), Some(palette), &indexes).map_err(|_| MapRefusal::Encoding)
}

/// Every colour as it is: with a palette if 256 suffice, else in full.
pub fn exact(pixmap: &Pixmap) -> Result<Vec<u8>, MapRefusal> {
    let mut colors = HashSet::new();
    let few = pixmap.pixels().iter().all(|pixel| {
        colors.insert(packed(*pixel));
        colors.len() <= 256
    });
    if few {
        return png(pixmap);
    }
    let channels: Vec<u8> =
        pixmap.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    write(pixmap.width(), pixmap.height(), None, &channels).map_err(|_| MapRefusal::Encoding)
}

/// Maps are opaque, so the three channels are the colour.
fn packed(pixel: PremultipliedColorU8) -> u32 {
    u32::from_be_bytes([0, pixel.red(), pixel.green(), pixel.blue()])
}

/// A palette of at most 256 colours, and the place of every colour in it.
fn reduce(counts: &HashMap<u32, usize>, flat_from: usize) -> (Vec<u8>, HashMap<u32, u8>) {
    let mut flat: Vec<(usize, u32)> = counts.iter().map(|(color, count)| (*count, *color)).collect();
    flat.retain(|(count, _)| *count > flat_from);
    flat.sort_unstable_by(|a, b| b.cmp(a));
    let flat: HashSet<u32> = flat.into_iter().take(FLAT_MAX).map(|(_, color)| color).collect();
    let mut palette = Vec::new();
    let mut used_step = 1;
    let shown = |color: u32, step: u16| if flat.contains(&color) { color } else { round(color, step) };
    for step in STEPS {
        used_step = step;
        palette = counts.keys().map(|color| shown(*color, step)).collect();
        palette.sort_unstable();
        palette.dedup();
        if palette.len() <= 256 {
            break;
        }
    }
    let place = |color: u32| u8::try_from(palette.partition_point(|known| *known < color)).unwrap_or(u8::MAX);
    let index_of = counts.keys().map(|color| (*color, place(shown(*color, used_step)))).collect();
    (palette.iter().flat_map(|color| color.to_be_bytes().into_iter().skip(1)).collect(), index_of)
}

fn round(color: u32, step: u16) -> u32 {
    let [_, red, green, blue] = color.to_be_bytes();
    let near = |channel: u8| u8::try_from((u16::from(channel) + step / 2) / step * step).unwrap_or(u8::MAX);
    u32::from_be_bytes([0, near(red), near(green), near(blue)])
}

/// With a palette the pixels are places in it, without one red, green and blue.
fn write(width: u32, height: u32, palette: Option<Vec<u8>>, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Default);
    if let Some(palette) = palette {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette);
        encoder.set_filter(png::FilterType::NoFilter);
    } else {
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_filter(png::FilterType::Paeth);
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
