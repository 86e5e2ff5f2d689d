//! A small brush over tiny-skia: shapes in one colour, soft blobs, glows. It knows nothing of what is drawn.
//! Invariant: the same strokes give the same pixels, so that the demo town looks the same everywhere.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

pub const WIDTH: f32 = 1200.0;
pub const HEIGHT: f32 = 900.0;
/// Pixels of the canvas per unit of drawing: as large as a page shows a photo.
const SCALE: f32 = 1000.0 / WIDTH;
const UPRIGHT: Transform = Transform { sx: SCALE, kx: 0.0, ky: 0.0, sy: SCALE, tx: 0.0, ty: 0.0 };

/// A colour as `0xRRGGBB`, with an opacity if it is not full.
#[derive(Debug, Clone, Copy)]
pub struct Ink(u32, f32);

impl From<u32> for Ink {
    fn from(rgb: u32) -> Self {
        Self(rgb, 1.0)
    }
}

impl From<(u32, f32)> for Ink {
    fn from((rgb, alpha): (u32, f32)) -> Self {
        Self(rgb, alpha)
    }
}

impl Ink {
    fn colour(self) -> Color {
        let [_, r, g, b] = self.0.to_be_bytes();
        let mut colour = Color::from_rgba8(r, g, b, 255);
        colour.set_alpha(self.1.clamp(0.0, 1.0));
        colour
    }
}

type Dot = (f32, f32);

pub struct Brush {
    map: Pixmap,
    turn: Transform,
    grain: u32,
}

impl Brush {
    /// A white canvas; `mirrored` swaps left and right for everything that follows.
    pub fn new(mirrored: bool) -> Option<Self> {
        let mut map = Pixmap::new(1000, 750)?;
        map.fill(Color::WHITE);
        let turn = if mirrored { Transform::from_row(-SCALE, 0.0, 0.0, SCALE, WIDTH * SCALE, 0.0) } else { UPRIGHT };
        Some(Self { map, turn, grain: 0x9E37_79B9 })
    }

    /// A number in `0..below` from the picture's own small generator: grass blades, stones, snowflakes.
    pub fn any(&mut self, below: f32) -> f32 {
        self.grain ^= self.grain << 13;
        self.grain ^= self.grain >> 17;
        self.grain ^= self.grain << 5;
        f32::from(self.grain.to_le_bytes()[1]) / 256.0 * below
            + f32::from(self.grain.to_le_bytes()[2]) / 65536.0 * below
    }

    fn fill(&mut self, path: Option<Path>, shader: Shader<'_>) {
        if let Some(path) = path {
            let paint = Paint { shader, anti_alias: true, ..Paint::default() };
            self.map.fill_path(&path, &paint, FillRule::Winding, self.turn, None);
        }
    }

    fn solid(&mut self, path: Option<Path>, ink: impl Into<Ink>) {
        self.fill(path, Shader::SolidColor(ink.into().colour()));
    }

    pub fn rect(&mut self, x: f32, y: f32, w: f32, h: f32, ink: impl Into<Ink>) {
        self.solid(Rect::from_xywh(x, y, w, h).map(PathBuilder::from_rect), ink);
    }

    /// A rectangle that runs from one colour at its top to another at its foot.
    pub fn fade(&mut self, x: f32, y: f32, w: f32, h: f32, top: impl Into<Ink>, low: impl Into<Ink>) {
        let stops = vec![GradientStop::new(0.0, top.into().colour()), GradientStop::new(1.0, low.into().colour())];
        let (from, to) = (Point::from_xy(x, y), Point::from_xy(x, y + h));
        if let Some(shader) = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity()) {
            self.fill(Rect::from_xywh(x, y, w, h).map(PathBuilder::from_rect), shader);
        }
    }

    /// Light or dark that ends softly.
    pub fn glow(&mut self, x: f32, y: f32, r: f32, rgb: u32, alpha: f32) {
        let stops =
            vec![GradientStop::new(0.0, Ink(rgb, alpha).colour()), GradientStop::new(1.0, Ink(rgb, 0.0).colour())];
        let at = Point::from_xy(x, y);
        if let Some(shader) = RadialGradient::new(at, at, r, stops, SpreadMode::Pad, Transform::identity()) {
            self.fill(PathBuilder::from_circle(x, y, r), shader);
        }
    }

    pub fn round(&mut self, x: f32, y: f32, w: f32, h: f32, r: f32, ink: impl Into<Ink>) {
        let r = r.min(w / 2.0).min(h / 2.0);
        let mut path = PathBuilder::new();
        path.move_to(x + r, y);
        path.line_to(x + w - r, y);
        path.quad_to(x + w, y, x + w, y + r);
        path.line_to(x + w, y + h - r);
        path.quad_to(x + w, y + h, x + w - r, y + h);
        path.line_to(x + r, y + h);
        path.quad_to(x, y + h, x, y + h - r);
        path.line_to(x, y + r);
        path.quad_to(x, y, x + r, y);
        path.close();
        self.solid(path.finish(), ink);
    }

    pub fn circle(&mut self, x: f32, y: f32, r: f32, ink: impl Into<Ink>) {
        self.solid(PathBuilder::from_circle(x, y, r), ink);
    }

    pub fn oval(&mut self, x: f32, y: f32, rx: f32, ry: f32, ink: impl Into<Ink>) {
        let bounds = Rect::from_xywh(x - rx, y - ry, rx * 2.0, ry * 2.0);
        self.solid(bounds.and_then(PathBuilder::from_oval), ink);
    }

    /// What stands somewhere darkens the ground.
    pub fn shadow(&mut self, x: f32, y: f32, rx: f32, ry: f32) {
        for step in 0..4_u8 {
            let grow = 1.0 + 0.14 * f32::from(step);
            self.oval(x, y, rx * grow, ry * grow, (0x1B2430, 0.09));
        }
    }

    pub fn poly(&mut self, dots: &[Dot], ink: impl Into<Ink>) {
        let mut path = PathBuilder::new();
        for (i, (x, y)) in dots.iter().enumerate() {
            if i == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        path.close();
        self.solid(path.finish(), ink);
    }

    /// A closed shape without corners through the middles between these dots: crowns, puddles, clouds.
    pub fn blob(&mut self, dots: &[Dot], ink: impl Into<Ink>) {
        let middle = |a: Dot, b: Dot| (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1));
        let (Some(first), Some(last)) = (dots.first(), dots.last()) else { return };
        let mut path = PathBuilder::new();
        let start = middle(*last, *first);
        path.move_to(start.0, start.1);
        for (i, dot) in dots.iter().enumerate() {
            let next = dots.get(i + 1).unwrap_or(first);
            let to = middle(*dot, *next);
            path.quad_to(dot.0, dot.1, to.0, to.1);
        }
        path.close();
        self.solid(path.finish(), ink);
    }

    /// A line with round ends and corners.
    pub fn line(&mut self, dots: &[Dot], width: f32, ink: impl Into<Ink>) {
        let mut path = PathBuilder::new();
        for (i, (x, y)) in dots.iter().enumerate() {
            if i == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        self.draw(path.finish(), width, ink);
    }

    /// A curved line from the first to the last dot, drawn to the one between.
    pub fn bow(&mut self, from: Dot, by: Dot, to: Dot, width: f32, ink: impl Into<Ink>) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.quad_to(by.0, by.1, to.0, to.1);
        self.draw(path.finish(), width, ink);
    }

    pub fn ring(&mut self, x: f32, y: f32, r: f32, width: f32, ink: impl Into<Ink>) {
        self.draw(PathBuilder::from_circle(x, y, r), width, ink);
    }

    fn draw(&mut self, path: Option<Path>, width: f32, ink: impl Into<Ink>) {
        let Some(path) = path else { return };
        let paint = Paint { shader: Shader::SolidColor(ink.into().colour()), anti_alias: true, ..Paint::default() };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.map.stroke_path(&path, &paint, &stroke, self.turn, None);
    }

    /// Draws turned by these degrees around a dot.
    pub fn turned(&mut self, degrees: f32, x: f32, y: f32, draw: impl FnOnce(&mut Self)) {
        let before = self.turn;
        self.turn = before.pre_concat(Transform::from_rotate_at(degrees, x, y));
        draw(self);
        self.turn = before;
    }

    /// A breath of dark at the corners; then the picture as PNG.
    pub fn finish(mut self) -> Option<Vec<u8>> {
        self.turn = UPRIGHT;
        let stops = vec![
            GradientStop::new(0.0, Ink(0x10_1820, 0.0).colour()),
            GradientStop::new(0.62, Ink(0x10_1820, 0.0).colour()),
            GradientStop::new(1.0, Ink(0x10_1820, 0.26).colour()),
        ];
        let at = Point::from_xy(WIDTH / 2.0, HEIGHT / 2.0);
        if let Some(shader) = RadialGradient::new(at, at, 780.0, stops, SpreadMode::Pad, Transform::identity()) {
            self.fill(Rect::from_xywh(0.0, 0.0, WIDTH, HEIGHT).map(PathBuilder::from_rect), shader);
        }
        self.map.encode_png().ok()
    }
}
