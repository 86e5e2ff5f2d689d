//! Faces and number plates made unreadable, for good: each area becomes a mosaic of at most four by four cells, each
//! half its own mean colour and half the mean of the area, in sixteen steps. That is a few dozen bits for a whole face;
//! a fine mosaic or a soft blur can be calculated back, this cannot. It does not find the areas; people mark them.

use image::RgbImage;

/// A part of the picture in fractions of its width and height, from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

const CELLS: u32 = 4;
/// A JPEG mixes neighbours within blocks of up to 16 pixels, so an area grows to whole blocks: a halo of a letter just
/// outside the mark would tell the letter.
const BLOCK: u32 = 16;
const STEP: u64 = 16;

/// Covers the areas in place. What lies outside the picture, or is no number, is ignored.
pub(crate) fn cover(image: &mut RgbImage, areas: &[Area]) {
    for area in areas {
        let (left, right) = span(area.x, area.w, image.width());
        let (top, bottom) = span(area.y, area.h, image.height());
        if left < right && top < bottom {
            mosaic(image, left..right, top..bottom);
        }
    }
}

/// Fractions to pixels, grown outwards to whole blocks.
fn span(start: f64, length: f64, pixels: u32) -> (u32, u32) {
    if !start.is_finite() || !length.is_finite() || length <= 0.0 {
        return (0, 0);
    }
    let pixel = |fraction: f64| (fraction.clamp(0.0, 1.0) * f64::from(pixels)) as u32;
    let (first, last) = (pixel(start), pixel(start + length));
    if start >= 1.0 || start + length <= 0.0 {
        return (0, 0);
    }
    (first / BLOCK * BLOCK, ((last / BLOCK + 1) * BLOCK).min(pixels))
}

fn mosaic(image: &mut RgbImage, columns: std::ops::Range<u32>, rows: std::ops::Range<u32>) {
    let whole = mean(image, &columns, &rows);
    let mut cells = Vec::new();
    for row in parts(&rows) {
        for column in parts(&columns) {
            let own = mean(image, &column, &row);
            let colour = std::array::from_fn(|channel| {
                let mixed = u64::midpoint(own[channel], whole[channel]);
                u8::try_from(mixed / STEP * STEP + STEP / 2).unwrap_or(u8::MAX)
            });
            cells.push((column, row.clone(), image::Rgb(colour)));
        }
    }
    for (columns, rows, colour) in cells {
        for y in rows {
            for x in columns.clone() {
                image.put_pixel(x, y, colour);
            }
        }
    }
}

/// At most `CELLS` pieces, none of them smaller than a block.
fn parts(range: &std::ops::Range<u32>) -> Vec<std::ops::Range<u32>> {
    let size = (range.end - range.start).div_ceil(CELLS).max(BLOCK);
    (range.start..range.end).step_by(size as usize).map(|at| at..(at + size).min(range.end)).collect()
}

fn mean(image: &RgbImage, columns: &std::ops::Range<u32>, rows: &std::ops::Range<u32>) -> [u64; 3] {
    let mut sums = [0u64; 3];
    for y in rows.clone() {
        for x in columns.clone() {
            for (sum, value) in sums.iter_mut().zip(image.get_pixel(x, y).0) {
                *sum += u64::from(value);
            }
        }
    }
    let count = u64::from(columns.end - columns.start) * u64::from(rows.end - rows.start);
    sums.map(|sum| sum / count.max(1))
}
