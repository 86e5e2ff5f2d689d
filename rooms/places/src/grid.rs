//! A grid of cells of about 200 metres: what lies near is found by an ordinary index on both databases, without spatial
//! extensions. The exact distance is worked out afterwards. Cell numbers are stored, so the grid never changes.

use base::{Bounds, Position};

const ROW_DEGREES: f64 = 0.002;
const COLUMN_DEGREES: f64 = 0.003;
/// More than the 120,000 columns around the globe.
const COLUMNS: i64 = 131_072;
/// A look-up never reads more rows of cells than this: about seven kilometres.
const ROWS_MAX: i64 = 64;

fn row(lat: f64) -> i64 {
    ((lat + 90.0) / ROW_DEGREES).floor() as i64
}

fn column(lon: f64) -> i64 {
    ((lon + 180.0) / COLUMN_DEGREES).floor() as i64
}

pub fn cell(at: Position) -> i64 {
    row(at.lat) * COLUMNS + column(at.lon)
}

/// Runs of neighbouring cells that cover the box: one pair of first and last cell per row.
pub fn runs(bounds: Bounds) -> Vec<(i64, i64)> {
    let (first, last) = (row(bounds.south), row(bounds.north).min(row(bounds.south) + ROWS_MAX));
    (first..=last).map(|row| (row * COLUMNS + column(bounds.west), row * COLUMNS + column(bounds.east))).collect()
}

/// A cell and the eight around it.
pub fn beside(cell: i64) -> [i64; 9] {
    std::array::from_fn(|index| cell + (index as i64 / 3 - 1) * COLUMNS + index as i64 % 3 - 1)
}
