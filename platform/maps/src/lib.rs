//! The town's own map renderer: features in, PNG bytes out; or the tiles of a foreign map, laid together. It draws tiles
//! for the map in the browser and still images for pages without scripts, mails and receipts, so that no citizen's
//! address ever reaches a map provider. No database, no HTTP, no clock. The same scene gives the same bytes, and
//! neighbouring tiles agree at their common edge.

mod canvas;
mod draw;
mod encode;
mod foreign;
mod labels;
mod look;
mod mercator;
mod pin;
mod scene;
mod shape;
mod text;

pub use draw::{Overlay, SIDE_MAX, Scale, render_static, render_tile};
pub use foreign::{Mosaic, Night, Patch, Raster, render_mosaic, tiles_of};
pub use look::Theme;
pub use mercator::{MapRefusal, TILE_SIDE, View, ZOOM_MAX, ZOOM_MIN};
pub use pin::{Pin, PinKind, Ring};
pub use scene::Scene;
pub use shape::{Class, Feature, Geometry, Unreadable};

#[cfg(test)]
mod tests;
