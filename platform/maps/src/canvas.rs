//! A sheet of pixels that shows one view of the map: cuts geometry to the view, moves it to local pixels and hands it to
//! tiny-skia. It knows no classes and no colours of its own.

use crate::encode;
use crate::labels::{Placed, PlacedLetter};
use crate::mercator::{MapRefusal, Spot, View};
use crate::shape::{Geometry, Kind};
use crate::text::{self, OUTLINE_SIZE};
use tiny_skia::{
    Color, FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Stroke,
    StrokeDash, Transform,
};

/// Geometry is cut this many pixels outside the view: wider than half the widest line.
const MARGIN: f64 = 48.0;

pub struct Canvas {
    pixmap: Pixmap,
    pub view: View,
    /// Device pixels per pixel of the view.
    scale: f32,
}

type Point = (f64, f64);

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Pencil<'a> {
    pub width: f32,
    pub color: Color,
    pub round: bool,
    /// Lengths of strokes and gaps in pixels; empty for a full line.
    pub dash: &'a [f32],
}

impl Pencil<'_> {
    pub fn solid(width: f32, color: Color) -> Self {
        Self { width, color, round: true, dash: &[] }
    }
}

impl Canvas {
    pub fn new(view: View, scale: f32, ground: Color) -> Result<Self, MapRefusal> {
        let side = |pixels: u32| pixels * scale as u32;
        let mut pixmap = Pixmap::new(side(view.width), side(view.height)).ok_or(MapRefusal::Size)?;
        pixmap.fill(ground);
        Ok(Self { pixmap, view, scale })
    }

    pub fn png(&self) -> Result<Vec<u8>, MapRefusal> {
        encode::png(&self.pixmap)
    }

    /// With every colour: a foreign map may be a photo.
    pub fn png_exact(&self) -> Result<Vec<u8>, MapRefusal> {
        encode::exact(&self.pixmap)
    }

    /// Lays a square picture on the sheet; place and side are pixels of the view.
    pub fn picture(&mut self, picture: &Pixmap, left: i64, top: i64, side: i64) {
        let factor = side as f32 * self.scale / picture.width() as f32;
        let exact = (factor - 1.0).abs() < f32::EPSILON;
        let quality = if exact { FilterQuality::Nearest } else { FilterQuality::Bilinear };
        let (x, y) = (left as f32 * self.scale, top as f32 * self.scale);
        let paint = PixmapPaint { quality, ..PixmapPaint::default() };
        let place = Transform::from_row(factor, 0.0, 0.0, factor, x, y);
        self.pixmap.draw_pixmap(0, 0, picture.as_ref(), &paint, place, None);
    }

    #[cfg(test)]
    pub fn pixmap(&self) -> &Pixmap {
        &self.pixmap
    }

    /// The view with its margin, in pixels: west, north, east, south.
    fn frame(&self) -> [f64; 4] {
        [-MARGIN, -MARGIN, f64::from(self.view.width) + MARGIN, f64::from(self.view.height) + MARGIN]
    }

    fn local(&self, part: &[Spot]) -> Vec<Point> {
        part.iter().map(|spot| self.view.pixel(*spot)).collect()
    }

    fn transform(&self) -> Transform {
        Transform::from_scale(self.scale, self.scale)
    }

    /// Fills an area; holes stay open.
    pub fn fill(&mut self, geometry: &Geometry, color: Color) {
        if geometry.kind() != Kind::Area {
            return;
        }
        let mut builder = PathBuilder::new();
        for part in geometry.parts() {
            let ring = cut_ring(self.local(part), self.frame());
            if ring.len() >= 3 {
                trace(&mut builder, &ring);
                builder.close();
            }
        }
        if let Some(path) = builder.finish() {
            self.fill_path(&path, color, FillRule::EvenOdd, Transform::identity());
        }
    }

    /// Draws a line, or the edges of an area.
    pub fn stroke(&mut self, geometry: &Geometry, pencil: Pencil<'_>) {
        for part in geometry.parts() {
            let mut points = self.local(part);
            if geometry.kind() == Kind::Area {
                points.extend(points.first().copied());
            }
            for (offset, run) in cut_line(&points, self.frame()) {
                let mut builder = PathBuilder::new();
                trace(&mut builder, &run);
                if let Some(path) = builder.finish() {
                    self.stroke_path(&path, pencil, offset);
                }
            }
        }
    }

    pub fn stroke_path(&mut self, path: &Path, pencil: Pencil<'_>, offset: f64) {
        let period: f32 = pencil.dash.iter().sum();
        let dash = (period > 0.0).then(|| StrokeDash::new(pencil.dash.to_vec(), (offset % f64::from(period)) as f32));
        let stroke = Stroke {
            width: pencil.width,
            line_cap: if pencil.round { LineCap::Round } else { LineCap::Butt },
            line_join: LineJoin::Round,
            dash: dash.flatten(),
            ..Stroke::default()
        };
        self.pixmap.stroke_path(path, &paint(pencil.color), &stroke, self.transform(), None);
    }

    pub fn fill_path(&mut self, path: &Path, color: Color, rule: FillRule, inner: Transform) {
        self.pixmap.fill_path(path, &paint(color), rule, inner.post_concat(self.transform()), None);
    }

    pub fn dot(&mut self, x: f64, y: f64, radius: f32, color: Color) {
        if let Some(path) = PathBuilder::from_circle(x as f32, y as f32, radius) {
            self.fill_path(&path, color, FillRule::Winding, Transform::identity());
        }
    }

    pub fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.fill_path(&PathBuilder::from_rect(rect), color, FillRule::Winding, Transform::identity());
        }
    }

    /// Writes a placed label: first the halo of all letters, then the letters.
    pub fn write(&mut self, label: &Placed, color: Color, halo: Color) {
        let x = (label.at.0 - self.view.left as f64) as f32;
        let y = (label.at.1 - self.view.top as f64) as f32;
        for pass in [true, false] {
            for letter in &label.letters {
                let Some(outline) = text::outline(label.face, letter.glyph) else { continue };
                let inner = letter_transform(letter, label.size, x, y);
                match (&outline.halo, pass) {
                    (Some(path), true) => self.fill_path(path, halo, FillRule::Winding, inner),
                    (_, false) => self.fill_path(&outline.body, color, FillRule::Winding, inner),
                    (None, true) => {}
                }
            }
        }
    }

    /// Writes a plain line of text whose baseline begins at a pixel of the view.
    pub fn write_line(&mut self, face: text::Face, line: &str, size: f32, x: f32, y: f32, color: Color) {
        let mut pen = x;
        for letter in text::letters(face, line) {
            if let Some(outline) = text::outline(face, letter.glyph) {
                let inner = Transform::from_scale(size / OUTLINE_SIZE, size / OUTLINE_SIZE).post_translate(pen, y);
                self.fill_path(&outline.body, color, FillRule::Winding, inner);
            }
            pen += letter.advance * size;
        }
    }
}

fn letter_transform(letter: &PlacedLetter, size: f32, x: f32, y: f32) -> Transform {
    let scale = size / OUTLINE_SIZE;
    let (sin, cos) = letter.angle.sin_cos();
    Transform::from_row(cos * scale, sin * scale, -sin * scale, cos * scale, x + letter.x, y + letter.y)
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(color);
    paint.anti_alias = true;
    paint
}

fn trace(builder: &mut PathBuilder, points: &[Point]) {
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            builder.move_to(*x as f32, *y as f32);
        } else {
            builder.line_to(*x as f32, *y as f32);
        }
    }
}

/// Cuts a ring to the frame, one side after the other (Sutherland and Hodgman).
pub fn cut_ring(ring: Vec<Point>, frame: [f64; 4]) -> Vec<Point> {
    if ring.iter().all(|&(x, y)| x >= frame[0] && x <= frame[2] && y >= frame[1] && y <= frame[3]) {
        return ring;
    }
    let [west, north, east, south] = frame;
    let ring = cut_side(&ring, |p| p.0 - west);
    let ring = cut_side(&ring, |p| east - p.0);
    let ring = cut_side(&ring, |p| p.1 - north);
    cut_side(&ring, |p| south - p.1)
}

fn cut_side(ring: &[Point], inside: impl Fn(Point) -> f64) -> Vec<Point> {
    let mut kept = Vec::with_capacity(ring.len() + 4);
    for (index, &point) in ring.iter().enumerate() {
        let before = ring[(index + ring.len() - 1) % ring.len()];
        let (here, there) = (inside(point), inside(before));
        if (here >= 0.0) != (there >= 0.0) {
            let share = there / (there - here);
            kept.push((before.0 + (point.0 - before.0) * share, before.1 + (point.1 - before.1) * share));
        }
        if here >= 0.0 {
            kept.push(point);
        }
    }
    kept
}

/// Cuts a line to the frame. Each piece comes with the length of line before it, so that dashes keep their step across
/// tiles.
pub fn cut_line(points: &[Point], frame: [f64; 4]) -> Vec<(f64, Vec<Point>)> {
    let mut runs: Vec<(f64, Vec<Point>)> = Vec::new();
    let (mut length, mut open) = (0.0, false);
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let step = (b.0 - a.0).hypot(b.1 - a.1);
        match shared_part(a, b, frame) {
            Some((from, to)) => {
                let at = |share: f64| (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share);
                if !open || from > 0.0 {
                    runs.push((length + step * from, vec![if from > 0.0 { at(from) } else { a }]));
                }
                if let Some((_, run)) = runs.last_mut() {
                    run.push(if to < 1.0 { at(to) } else { b });
                }
                open = to >= 1.0;
            }
            None => open = false,
        }
        length += step;
    }
    runs
}

/// The part of a segment inside the frame, as shares of its length (Liang and Barsky).
fn shared_part(a: Point, b: Point, frame: [f64; 4]) -> Option<(f64, f64)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let sides = [(-dx, a.0 - frame[0]), (dx, frame[2] - a.0), (-dy, a.1 - frame[1]), (dy, frame[3] - a.1)];
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (toward, room) in sides {
        if toward == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if toward < 0.0 {
            from = from.max(room / toward);
        } else {
            to = to.min(room / toward);
        }
    }
    (from < to).then_some((from, to))
}
