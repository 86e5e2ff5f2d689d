//! Pins on still images: a drop whose tip stands on the place, with a white dot or a number. Colours match the pins of
//! the map in the browser; the kind is never told by colour alone, the page beside the image says it in words.

use crate::canvas::{Canvas, Pencil};
use crate::look::{Ink, Palette};
use crate::mercator::metres_per_pixel;
use crate::text::{self, Face};
use base::Position;
use tiny_skia::{FillRule, Path, PathBuilder, Transform};

/// What a pin marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// The chosen place.
    Chosen,
    /// A report that waits or is being worked on.
    Open,
    /// A report that is done.
    Done,
    /// A thing of the town: swing, lamp, bench.
    Asset,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pin {
    pub at: Position,
    pub kind: PinKind,
    /// Shown inside instead of the dot.
    pub number: Option<u32>,
}

/// A circle on the ground: the area somebody follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ring {
    pub at: Position,
    pub metres: f64,
}

impl PinKind {
    fn ink(self) -> Ink {
        match self {
            PinKind::Chosen => Ink(0xb3190f),
            PinKind::Open => Ink(0x8a5300),
            PinKind::Done => Ink(0x1d6b3f),
            PinKind::Asset => Ink(0x1f3fa8),
        }
    }
}

/// The area is tinted so little that the map below stays readable; its edge has a rim against every ground.
pub fn draw_ring(canvas: &mut Canvas, palette: &Palette, ring: Ring) {
    let (x, y) = canvas.view.project(ring.at);
    let radius = (ring.metres / metres_per_pixel(canvas.view.zoom, ring.at.lat)) as f32;
    let ink = PinKind::Asset.ink();
    canvas.dot(x, y, radius, ink.faded(36));
    if let Some(circle) = PathBuilder::from_circle(x as f32, y as f32, radius) {
        canvas.stroke_path(&circle, Pencil::solid(5.0, palette.pin_rim.faded(200)), 0.0);
        canvas.stroke_path(&circle, Pencil::solid(2.5, ink.color()), 0.0);
    }
}

/// Pins farther north first, so that the nearer one covers the farther.
pub fn draw_pins(canvas: &mut Canvas, palette: &Palette, pins: &[Pin]) {
    let mut sorted: Vec<&Pin> = pins.iter().collect();
    sorted.sort_by(|a, b| b.at.lat.total_cmp(&a.at.lat).then(a.at.lon.total_cmp(&b.at.lon)));
    for pin in sorted {
        let (x, y) = canvas.view.project(pin.at);
        let (wide, tall) = (f64::from(canvas.view.width), f64::from(canvas.view.height));
        if (-20.0..wide + 20.0).contains(&x) && (-5.0..tall + 45.0).contains(&y) {
            draw_pin(canvas, palette, pin, x as f32, y as f32);
        }
    }
}

fn draw_pin(canvas: &mut Canvas, palette: &Palette, pin: &Pin, x: f32, y: f32) {
    let shadow = Ink(0x171a2b).faded(60);
    if let Some(oval) = tiny_skia::Rect::from_xywh(x - 7.0, y - 2.5, 14.0, 5.0).and_then(PathBuilder::from_oval) {
        canvas.fill_path(&oval, shadow, FillRule::Winding, Transform::identity());
    }
    let Some(drop) = drop_path() else { return };
    let Some(placed) = drop.transform(Transform::from_translate(x, y)) else { return };
    canvas.stroke_path(&placed, Pencil::solid(4.0, palette.pin_rim.color()), 0.0);
    canvas.fill_path(&placed, pin.kind.ink().color(), FillRule::Winding, Transform::identity());
    match pin.number {
        None => canvas.dot(f64::from(x), f64::from(y) - 23.0, 5.0, palette.pin_rim.color()),
        Some(number) => {
            let line = number.to_string();
            let size = if line.len() > 2 { 10.0 } else { 14.0 };
            let wide = text::width(&text::letters(Face::Strong, &line)) * size;
            canvas.write_line(
                Face::Strong,
                &line,
                size,
                x - wide / 2.0,
                y - 23.0 + size * 0.35,
                palette.pin_rim.color(),
            );
        }
    }
}

/// A drop of 26 by 36 pixels with its tip at 0, 0.
fn drop_path() -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(0.0, 0.0);
    path.cubic_to(-3.0, -6.5, -13.0, -13.0, -13.0, -23.0);
    path.cubic_to(-13.0, -30.2, -7.2, -36.0, 0.0, -36.0);
    path.cubic_to(7.2, -36.0, 13.0, -30.2, 13.0, -23.0);
    path.cubic_to(13.0, -13.0, 3.0, -6.5, 0.0, 0.0);
    path.close();
    path.finish()
}
