//! Where names stand. The layout of a zoom is made once for the whole town, important names first, so that no tile decides
//! for itself and no name is cut at a tile's edge. Positions are world pixels; colours and drawing are elsewhere.

use crate::mercator::{Spot, units_per_pixel};
use crate::scene::{Chain, Scene};
use crate::shape::{Class, Feature, Kind};
use crate::text::{self, Face, Letter};
use std::collections::HashMap;

/// Colour of a label, named by what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Text,
    Strong,
    Quiet,
    Green,
    Water,
    Public,
}

/// A small round sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    Playground,
    Stop,
}

/// A label that found its room.
#[derive(Debug, Clone)]
pub struct Placed {
    pub face: Face,
    pub size: f32,
    pub voice: Voice,
    pub badge: Option<Badge>,
    /// World pixel everything is counted from; a whole 1/16 pixel, so that tiles agree.
    pub at: (f64, f64),
    pub letters: Vec<PlacedLetter>,
    /// West, north, east, south in world pixels.
    pub reach: [f64; 4],
}

/// Start of a letter's baseline relative to the label, and its turn.
#[derive(Debug, Clone, Copy)]
pub struct PlacedLetter {
    pub glyph: u16,
    pub x: f32,
    pub y: f32,
    pub angle: f32,
}

/// How a class of things is named.
struct Manner {
    /// Lower is placed first.
    rank: u8,
    face: Face,
    voice: Voice,
    size: f32,
    badge: Option<Badge>,
}

const LINE_HEIGHT: f32 = 1.16;
/// Half the height of a capital: centres text upon its point or line.
const MIDDLE: f32 = 0.34;
const BADGE_RADIUS: f64 = 8.0;

fn manner(class: Class, zoom: u8) -> Option<Manner> {
    use Face::{Italic, Plain, Strong};
    let grow = f32::from(zoom.clamp(13, 19) - 13);
    let (rank, from, to, face, voice, size) = match class {
        Class::Town => (0, 10, 14, Strong, Voice::Strong, 17.0 + grow),
        Class::Village => (1, 10, 15, Strong, Voice::Strong, 14.0 + grow),
        Class::DistrictName => (2, 12, 16, Strong, Voice::Quiet, 12.5 + grow * 0.8),
        Class::Hamlet => (3, 13, 17, Strong, Voice::Text, 12.0 + grow * 0.6),
        Class::Station => (3, 14, 19, Strong, Voice::Public, 11.5 + grow * 0.4),
        Class::Motorway | Class::Primary => (4, 14, 19, Plain, Voice::Text, 11.0 + grow * 0.75),
        Class::Secondary => (5, 14, 19, Plain, Voice::Text, 11.0 + grow * 0.7),
        Class::River => (5, 13, 19, Italic, Voice::Water, 12.0 + grow * 0.8),
        Class::Park => (5, 14, 19, Strong, Voice::Green, 11.5 + grow * 0.7),
        Class::WaterArea => (6, 14, 19, Italic, Voice::Water, 11.5 + grow * 0.8),
        Class::Tertiary => (6, 15, 19, Plain, Voice::Text, 10.8 + grow * 0.65),
        Class::Square => (7, 16, 19, Strong, Voice::Text, 11.0 + grow * 0.6),
        Class::Forest | Class::Cemetery => (7, 14, 19, Plain, Voice::Green, 11.0 + grow * 0.5),
        Class::PublicBuilding | Class::Grounds => (8, 16, 19, Plain, Voice::Public, 10.5 + grow * 0.6),
        Class::Street | Class::Pedestrian => (9, 15, 19, Plain, Voice::Text, 10.4 + grow * 0.65),
        Class::Stream => (10, 15, 19, Italic, Voice::Water, 10.5 + grow * 0.5),
        Class::Playground => (10, 16, 19, Plain, Voice::Green, 10.0 + grow * 0.4),
        Class::Stop => (11, 16, 19, Plain, Voice::Green, 10.0 + grow * 0.3),
        Class::Meadow | Class::Allotments | Class::Pitch => (12, 16, 19, Plain, Voice::Green, 10.0 + grow * 0.4),
        Class::Service | Class::Track | Class::Path | Class::Steps => {
            (12, 16, 19, Plain, Voice::Quiet, 10.0 + grow * 0.4)
        }
        Class::Building => (13, 17, 19, Plain, Voice::Quiet, 10.0 + grow * 0.3),
        Class::HouseNumber => (14, 18, 19, Plain, Voice::Quiet, 8.0 + grow * 0.4),
        Class::Tree | Class::Rail | Class::DistrictBorder | Class::BuiltUp | Class::Farmland | Class::Parking => {
            return None;
        }
    };
    let badge = match class {
        Class::Playground => Some(Badge::Playground),
        Class::Stop => Some(Badge::Stop),
        _ => None,
    };
    (from..=to).contains(&zoom).then_some(Manner { rank, face, voice, size, badge })
}

enum Wish<'a> {
    Along(&'a Chain),
    Upon(&'a Feature, Spot),
}

/// Lays out all labels of one zoom.
pub(crate) fn place(scene: &Scene, zoom: u8) -> Vec<Placed> {
    let mut wishes = Vec::new();
    for chain in scene.chains() {
        if let Some(manner) = manner(chain.class, zoom) {
            let weight = u32::MAX - u32::try_from(chain.points.len()).unwrap_or(u32::MAX);
            wishes.push(((manner.rank, weight, chain.label.as_str(), chain.points[0]), manner, Wish::Along(chain)));
        }
    }
    for feature in scene.features() {
        let named = feature.label.is_some() || matches!(feature.class, Class::Playground | Class::Stop);
        if feature.geometry.kind() == Kind::Line || !named {
            continue;
        }
        if let Some(manner) = manner(feature.class, zoom) {
            let spot = match feature.geometry.kind() {
                Kind::Area => feature.geometry.inner_spot(),
                _ => feature.geometry.parts()[0][0],
            };
            let (low, high) = feature.geometry.extent();
            let weight = u32::MAX - (high.x - low.x).max(high.y - low.y);
            let label = feature.label.as_deref().unwrap_or_default();
            wishes.push(((manner.rank, weight, label, spot), manner, Wish::Upon(feature, spot)));
        }
    }
    wishes.sort_by(|a, b| a.0.cmp(&b.0));
    let mut board = Board { unit: units_per_pixel(zoom), zoom, ..Board::default() };
    for (_, manner, wish) in wishes {
        match wish {
            Wish::Along(chain) => board.set_along(chain, &manner),
            Wish::Upon(feature, spot) => board.set_upon(feature, spot, &manner),
        }
    }
    board.placed
}

/// The sheet of one zoom: what stands already, and where it leaves room.
#[derive(Default)]
struct Board {
    unit: f64,
    zoom: u8,
    placed: Vec<Placed>,
    taken: HashMap<(i64, i64), Vec<[f64; 4]>>,
    named: HashMap<String, Vec<(f64, f64)>>,
}

/// One of these boxes (west, north, east, south) per line or letter.
type Boxes = Vec<[f64; 4]>;

impl Board {
    fn pixel(&self, spot: Spot) -> (f64, f64) {
        let snap = |units: u32| (f64::from(units) / self.unit * 16.0).round() / 16.0;
        (snap(spot.x), snap(spot.y))
    }

    fn is_free(&self, boxes: &Boxes) -> bool {
        boxes.iter().all(|b| {
            cells(b).all(|cell| {
                self.taken.get(&cell).is_none_or(|others| {
                    others.iter().all(|o| b[0] >= o[2] || b[2] <= o[0] || b[1] >= o[3] || b[3] <= o[1])
                })
            })
        })
    }

    /// Is the same name farther than `distance` pixels?
    fn is_news(&self, label: &str, at: (f64, f64), distance: f64) -> bool {
        let near = |other: &(f64, f64)| (other.0 - at.0).hypot(other.1 - at.1) < distance;
        !self.named.get(label).is_some_and(|others| others.iter().any(near))
    }

    fn keep(&mut self, label: &str, placed: Placed, boxes: Boxes) {
        for b in boxes {
            for cell in cells(&b) {
                self.taken.entry(cell).or_default().push(b);
            }
        }
        self.named.entry(label.to_owned()).or_default().push(placed.at);
        self.placed.push(placed);
    }

    /// A name upon a point or an area, in up to four short lines, with its sign if it has one.
    fn set_upon(&mut self, feature: &Feature, spot: Spot, manner: &Manner) {
        let at = self.pixel(spot);
        let label = feature.label.as_deref().unwrap_or_default();
        let apart = if feature.class == Class::HouseNumber { 0.0 } else { 220.0 };
        if !label.is_empty() && !self.is_news(label, at, apart) {
            return;
        }
        let spaced = feature.class == Class::DistrictName;
        let lines = if label.is_empty() { Vec::new() } else { set_lines(label, manner.face, spaced) };
        let widest = lines.iter().map(|line| text::width(line)).fold(0.0, f32::max) * manner.size;
        if feature.geometry.kind() == Kind::Area && manner.badge.is_none() && !self.has_room(feature, widest) {
            return;
        }
        let tall = f64::from(manner.size * LINE_HEIGHT) * lines.len() as f64;
        let text_from = if feature.class == Class::Stop { 18 } else { 17 };
        let tries: &[Option<f64>] = match manner.badge {
            None => &[Some(0.0)],
            Some(_) if self.zoom < text_from || lines.is_empty() => &[None],
            Some(_) => &[Some(BADGE_RADIUS + 2.0 + tall / 2.0), Some(-BADGE_RADIUS - 2.0 - tall / 2.0), None],
        };
        for shift in tries {
            let shown: &[Vec<Letter>] = if shift.is_some() { &lines } else { &[] };
            let (letters, mut boxes) = stand(shown, manner.size, at, shift.unwrap_or(0.0));
            if manner.badge.is_some() {
                let r = BADGE_RADIUS + 1.0;
                boxes.push([at.0 - r, at.1 - r, at.0 + r, at.1 + r]);
            }
            if self.is_free(&boxes) {
                let reach = reach(&boxes);
                let Manner { face, size, voice, badge, .. } = *manner;
                self.keep(label, Placed { face, size, voice, badge, at, letters, reach }, boxes);
                return;
            }
        }
    }

    /// Is the area large enough on this zoom to carry a text of this width without looking lost?
    fn has_room(&self, feature: &Feature, widest: f32) -> bool {
        let (low, high) = feature.geometry.extent();
        let wide = f64::from(high.x - low.x) / self.unit;
        let tall = f64::from(high.y - low.y) / self.unit;
        let share =
            if matches!(feature.class, Class::PublicBuilding | Class::Grounds | Class::Square) { 0.45 } else { 0.75 };
        wide.hypot(tall) >= f64::from(widest) * share && wide.min(tall) >= 8.0
    }

    /// A name along a line, repeated where the line is long.
    fn set_along(&mut self, chain: &Chain, manner: &Manner) {
        let points: Vec<(f64, f64)> = chain.points.iter().map(|spot| self.pixel(*spot)).collect();
        let road = Road::new(&points);
        let letters = text::letters(manner.face, &chain.label);
        let wide = f64::from(text::width(&letters) * manner.size);
        if road.length < wide + 6.0 {
            return;
        }
        let slots = (road.length / 460.0).floor().max(1.0);
        let slot = road.length / slots;
        let mut index = 0.0;
        while index < slots {
            let middle = (index + 0.5) * slot;
            index += 1.0;
            let room = ((slot.max(road.length / slots) - wide) / 2.0).max(0.0);
            let shifts = [0.0, 0.18, -0.18, 0.36, -0.36, 0.55, -0.55, 0.75, -0.75, 0.95, -0.95];
            // Straight pieces are read more easily, so they are tried first.
            let tries = [0.25, 0.7, 1.3].into_iter().flat_map(|bend| shifts.map(|shift| (bend, shift)));
            for (bend, shift) in tries {
                let start = middle + shift * room - wide / 2.0;
                if start < 1.0 || start + wide > road.length - 1.0 {
                    continue;
                }
                let Some((at, turned, boxes)) = road.walk(&letters, manner.size, start, wide, bend) else { continue };
                if self.is_news(&chain.label, at, 230.0) && self.is_free(&boxes) {
                    let reach = reach(&boxes);
                    let Manner { face, size, voice, .. } = *manner;
                    let placed = Placed { face, size, voice, badge: None, at, letters: turned, reach };
                    self.keep(&chain.label, placed, boxes);
                    break;
                }
            }
        }
    }
}

fn cells(b: &[f64; 4]) -> impl Iterator<Item = (i64, i64)> + use<> {
    let cell = |pixel: f64| (pixel / 64.0).floor() as i64;
    let (west, north, east, south) = (cell(b[0]), cell(b[1]), cell(b[2]), cell(b[3]));
    (west..=east).flat_map(move |x| (north..=south).map(move |y| (x, y)))
}

fn reach(boxes: &Boxes) -> [f64; 4] {
    boxes.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |r, b| {
        [r[0].min(b[0] - 3.0), r[1].min(b[1] - 3.0), r[2].max(b[2] + 3.0), r[3].max(b[3] + 3.0)]
    })
}

/// Breaks a name into lines of about sixteen letters and shapes them. District names are set wide and in capitals.
fn set_lines(label: &str, face: Face, spaced: bool) -> Vec<Vec<Letter>> {
    let mut lines: Vec<String> = Vec::new();
    for word in label.split_whitespace().take(12) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 16 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.truncate(4);
    let shape = |line: String| {
        if !spaced {
            return text::letters(face, &line);
        }
        let mut letters = text::letters(face, &line.to_uppercase());
        letters.iter_mut().for_each(|letter| letter.advance += 0.09);
        letters
    };
    lines.into_iter().map(shape).collect()
}

/// Sets horizontal lines around a point, `shift` pixels below it.
fn stand(lines: &[Vec<Letter>], size: f32, at: (f64, f64), shift: f64) -> (Vec<PlacedLetter>, Boxes) {
    let (mut letters, mut boxes) = (Vec::new(), Vec::new());
    let first = shift as f32 - (lines.len() as f32 - 1.0) / 2.0 * size * LINE_HEIGHT;
    for (row, line) in lines.iter().enumerate() {
        let wide = text::width(line) * size;
        let y = first + row as f32 * size * LINE_HEIGHT;
        let mut x = -wide / 2.0;
        for letter in line {
            letters.push(PlacedLetter { glyph: letter.glyph, x, y: y + size * MIDDLE, angle: 0.0 });
            x += letter.advance * size;
        }
        let (half_wide, half_tall) = (f64::from(wide / 2.0 + 2.0), f64::from(size * LINE_HEIGHT / 2.0 + 1.0));
        let middle = at.1 + f64::from(y);
        boxes.push([at.0 - half_wide, middle - half_tall, at.0 + half_wide, middle + half_tall]);
    }
    (letters, boxes)
}

/// A line measured by its own length.
struct Road<'a> {
    points: &'a [(f64, f64)],
    /// Length up to each point.
    marks: Vec<f64>,
    length: f64,
}

impl<'a> Road<'a> {
    fn new(points: &'a [(f64, f64)]) -> Self {
        let mut marks = vec![0.0];
        let mut length = 0.0;
        for pair in points.windows(2) {
            length += (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
            marks.push(length);
        }
        Self { points, marks, length }
    }

    fn at(&self, way: f64) -> (f64, f64) {
        let way = way.clamp(0.0, self.length);
        let index = self.marks.partition_point(|mark| *mark < way).clamp(1, self.points.len() - 1);
        let (a, b) = (self.points[index - 1], self.points[index]);
        let step = self.marks[index] - self.marks[index - 1];
        let share = if step > 0.0 { (way - self.marks[index - 1]) / step } else { 0.0 };
        (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
    }

    /// Sets letters along the line from `start`; `None` where the whole bends more than `bend` or two letters would clash.
    fn walk(
        &self,
        letters: &[Letter],
        size: f32,
        start: f64,
        wide: f64,
        bend: f64,
    ) -> Option<((f64, f64), Vec<PlacedLetter>, Boxes)> {
        let (head, tail) = (self.at(start), self.at(start + wide));
        // Text reads from left to right; on a plumb line from bottom to top, as on the back of a book.
        let backwards = tail.0 - head.0 < -0.01 || ((tail.0 - head.0).abs() <= 0.01 && tail.1 > head.1);
        let middle = self.at(start + wide / 2.0);
        let at = ((middle.0 * 16.0).round() / 16.0, (middle.1 * 16.0).round() / 16.0);
        let (mut turned, mut boxes) = (Vec::with_capacity(letters.len()), Vec::new());
        let (mut way, mut first, mut last) = (0.0, None::<f64>, None::<f64>);
        let half = f64::from(size) * 0.62;
        for letter in letters {
            let advance = f64::from(letter.advance * size);
            let centre = way + advance / 2.0;
            way += advance;
            let place = if backwards { start + wide - centre } else { start + centre };
            let (mut a, mut b) = (self.at(place - half), self.at(place + half));
            if backwards {
                std::mem::swap(&mut a, &mut b);
            }
            let angle = (b.1 - a.1).atan2(b.0 - a.0);
            let from_first = difference(angle, *first.get_or_insert(angle));
            let from_last = last.map_or(0.0, |before| difference(angle, before));
            if from_first > bend || from_last > 0.28 {
                return None;
            }
            last = Some(angle);
            // On bends the middle of the chord smooths the line's corners.
            let on = self.at(place);
            let point = ((a.0 + b.0 + 2.0 * on.0) / 4.0, (a.1 + b.1 + 2.0 * on.1) / 4.0);
            let (sin, cos) = angle.sin_cos();
            let (back, down) = (advance / 2.0, f64::from(size * MIDDLE));
            let x = point.0 - cos * back - sin * down - at.0;
            let y = point.1 - sin * back + cos * down - at.1;
            turned.push(PlacedLetter { glyph: letter.glyph, x: x as f32, y: y as f32, angle: angle as f32 });
            boxes.push([point.0 - half, point.1 - half, point.0 + half, point.1 + half]);
        }
        Some((at, turned, boxes))
    }
}

fn difference(a: f64, b: f64) -> f64 {
    let turn = (a - b).rem_euclid(std::f64::consts::TAU);
    turn.min(std::f64::consts::TAU - turn)
}
