//! Letters of the map: three embedded Fira Sans faces (SIL Open Font License, fonts/OFL.txt) cut to Latin letters, shaped
//! with kerning, as outlines with a halo. No system font is ever read, so every machine draws the same bytes.

use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use std::sync::OnceLock;
use tiny_skia::{LineJoin, Path, PathBuilder, Stroke};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Plain,
    Strong,
    Italic,
}

/// Outlines are kept at this size and scaled when drawn.
pub const OUTLINE_SIZE: f32 = 100.0;
/// Halo on each side, as a share of the letter size.
const HALO: f32 = 0.15;

/// One shaped letter; lengths as a share of the letter size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Letter {
    pub glyph: u16,
    pub advance: f32,
}

/// The shape of one letter, y downwards, baseline at 0.
pub struct Outline {
    pub body: Path,
    pub halo: Option<Path>,
}

struct Store {
    face: rustybuzz::Face<'static>,
    outlines: Vec<OnceLock<Option<Outline>>>,
}

static PLAIN: &[u8] = include_bytes!("../fonts/FiraSans-Medium.ttf");
static STRONG: &[u8] = include_bytes!("../fonts/FiraSans-SemiBold.ttf");
static ITALIC: &[u8] = include_bytes!("../fonts/FiraSans-MediumItalic.ttf");

fn store(face: Face) -> &'static Store {
    static STORES: OnceLock<[Store; 3]> = OnceLock::new();
    let stores = STORES.get_or_init(|| [PLAIN, STRONG, ITALIC].map(open));
    match face {
        Face::Plain => &stores[0],
        Face::Strong => &stores[1],
        Face::Italic => &stores[2],
    }
}

fn open(bytes: &'static [u8]) -> Store {
    #[expect(clippy::expect_used, reason = "the fonts are compiled in; a test opens all three")]
    let face = rustybuzz::Face::from_slice(bytes, 0).expect("the embedded font can be read");
    let outlines = (0..face.number_of_glyphs()).map(|_| OnceLock::new()).collect();
    Store { face, outlines }
}

/// Shapes one line of text, left to right.
pub fn letters(face: Face, text: &str) -> Vec<Letter> {
    let store = store(face);
    let size = f32::from(i16::try_from(store.face.units_per_em()).unwrap_or(1000));
    let mut buffer = rustybuzz::UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.set_direction(rustybuzz::Direction::LeftToRight);
    let shaped = rustybuzz::shape(&store.face, &[], buffer);
    let pairs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    pairs
        .map(|(info, position)| Letter {
            glyph: u16::try_from(info.glyph_id).unwrap_or(0),
            advance: position.x_advance as f32 / size,
        })
        .collect()
}

/// Width as a share of the letter size.
pub fn width(letters: &[Letter]) -> f32 {
    letters.iter().map(|letter| letter.advance).sum()
}

/// The outline of a letter, made once; `None` for a space.
pub fn outline(face: Face, glyph: u16) -> Option<&'static Outline> {
    let store = store(face);
    store.outlines.get(usize::from(glyph))?.get_or_init(|| draw_outline(&store.face, glyph)).as_ref()
}

fn draw_outline(face: &rustybuzz::Face<'_>, glyph: u16) -> Option<Outline> {
    let mut pen = Pen { path: PathBuilder::new(), scale: OUTLINE_SIZE / face.units_per_em() as f32 };
    face.outline_glyph(GlyphId(glyph), &mut pen)?;
    let body = pen.path.finish()?;
    let stroke = Stroke { width: HALO * 2.0 * OUTLINE_SIZE, line_join: LineJoin::Round, ..Stroke::default() };
    let halo = body.stroke(&stroke, 1.0);
    Some(Outline { body, halo })
}

struct Pen {
    path: PathBuilder,
    scale: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(x * self.scale, -y * self.scale);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(x * self.scale, -y * self.scale);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let s = self.scale;
        self.path.quad_to(x1 * s, -y1 * s, x * s, -y * s);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let s = self.scale;
        self.path.cubic_to(x1 * s, -y1 * s, x2 * s, -y2 * s, x * s, -y * s);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
