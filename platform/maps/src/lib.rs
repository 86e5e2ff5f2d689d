//! The town's own map renderer: features in, PNG bytes out. It draws tiles for the map in the browser and still images
//! for pages without scripts, mails and receipts, so that no citizen's address ever reaches a map provider. No database,
//! no HTTP, no clock. The same scene gives the same bytes, and neighbouring tiles agree at their common edge.

mod canvas;
mod draw;
mod encode;
mod labels;
mod look;
mod mercator;
mod pin;
mod scene;
mod shape;
mod text;

pub use draw::{SIDE_MAX, Scale, render_static, render_tile};
pub use look::Theme;
pub use mercator::{MapRefusal, TILE_SIDE, View, ZOOM_MAX, ZOOM_MIN};
pub use pin::{Pin, PinKind};
pub use scene::Scene;
pub use shape::{Class, Feature, Geometry, Unreadable};

#[cfg(test)]
mod tests;
