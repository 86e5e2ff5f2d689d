//! What lies on the map: a class, a geometry, perhaps a label. The class words and the compact bytes of a geometry are
//! stored by `rooms/places`, so both keep their meaning for ever. Nothing here draws.

use crate::mercator::Spot;
use base::{Bounds, Position};

base::stored_words!(
    /// What a feature is; it decides colour, width, order and the zoom from which it shows.
    pub enum Class {
        // Areas, from the ground upwards.
        BuiltUp = "built_up",
        Farmland = "farmland",
        Meadow = "meadow",
        Forest = "forest",
        Grounds = "grounds",
        Allotments = "allotments",
        Cemetery = "cemetery",
        Park = "park",
        Pitch = "pitch",
        Playground = "playground",
        Parking = "parking",
        Square = "square",
        WaterArea = "water_area",
        Building = "building",
        PublicBuilding = "public_building",
        // Lines.
        Stream = "stream",
        River = "river",
        Steps = "steps",
        Path = "path",
        Track = "track",
        Service = "service",
        Pedestrian = "pedestrian",
        Street = "street",
        Tertiary = "tertiary",
        Secondary = "secondary",
        Primary = "primary",
        Motorway = "motorway",
        Rail = "rail",
        DistrictBorder = "district_border",
        // Points.
        Tree = "tree",
        HouseNumber = "house_number",
        Stop = "stop",
        Station = "station",
        Hamlet = "hamlet",
        DistrictName = "district_name",
        Village = "village",
        Town = "town",
    }
);

impl Class {
    pub(crate) fn is_road(self) -> bool {
        self >= Class::Steps && self <= Class::Rail
    }

    pub(crate) fn is_water(self) -> bool {
        matches!(self, Class::WaterArea | Class::Stream | Class::River)
    }

    /// Ground cover: drawn first, the largest lowest.
    pub(crate) fn is_ground(self) -> bool {
        self <= Class::Square
    }
}

/// Point, line or area in map units.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Geometry {
    kind: Kind,
    /// One ring or line each; of an area the first is the outer edge, but any order fills the same (even-odd).
    parts: Vec<Vec<Spot>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Point,
    Line,
    Area,
}

/// Stored bytes that are no geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored geometry cannot be read")]
pub struct Unreadable;

/// More points than any honest shape of one town has: such a shape is not made, and a damaged row that claims as many
/// does not take all memory.
const POINTS_MAX: u64 = 500_000;

impl Geometry {
    pub fn point(at: Position) -> Self {
        Self { kind: Kind::Point, parts: vec![vec![Spot::of(at)]] }
    }

    /// `None` with fewer than two different points.
    pub fn line(points: &[Position]) -> Option<Self> {
        let line = spots(points);
        (line.len() >= 2 && line.len() as u64 <= POINTS_MAX).then(|| Self { kind: Kind::Line, parts: vec![line] })
    }

    /// Rings are closed here if they are not; rings without area are dropped, and `None` if nothing remains.
    pub fn area(rings: &[Vec<Position>]) -> Option<Self> {
        let parts: Vec<_> = rings.iter().map(|ring| open_ring(spots(ring))).filter(|ring| ring.len() >= 3).collect();
        let points: usize = parts.iter().map(Vec::len).sum();
        (!parts.is_empty() && points as u64 <= POINTS_MAX).then_some(Self { kind: Kind::Area, parts })
    }

    pub fn bounds(&self) -> Bounds {
        let (low, high) = self.extent();
        let (north_west, south_east) = (low.position(), high.position());
        Bounds { south: south_east.lat, west: north_west.lon, north: north_west.lat, east: south_east.lon }
    }

    /// Is the position inside this area? Lines and points hold nothing.
    pub fn holds(&self, at: Position) -> bool {
        let spot = Spot::of(at);
        self.kind == Kind::Area
            && self.parts.iter().filter(|ring| ring_holds(ring, f64::from(spot.x), f64::from(spot.y))).count() % 2 == 1
    }

    /// A place to stand for the whole: inside an area, halfway along a line.
    pub fn middle(&self) -> Position {
        let part = &self.parts[0];
        match self.kind {
            Kind::Point => part[0].position(),
            Kind::Line => part[part.len() / 2].position(),
            Kind::Area => self.inner_spot().position(),
        }
    }

    /// Compact bytes: kind, number of parts, then each part as zigzag differences of 7 bits a byte.
    pub fn encode(&self) -> Vec<u8> {
        let points: usize = self.parts.iter().map(Vec::len).sum();
        let mut bytes = Vec::with_capacity(points * 5 + 8);
        bytes.push(self.kind as u8);
        put(&mut bytes, self.parts.len() as u64);
        let (mut x, mut y) = (0i64, 0i64);
        for part in &self.parts {
            put(&mut bytes, part.len() as u64);
            for spot in part {
                let (next_x, next_y) = (i64::from(spot.x), i64::from(spot.y));
                put(&mut bytes, zigzag(next_x - x));
                put(&mut bytes, zigzag(next_y - y));
                (x, y) = (next_x, next_y);
            }
        }
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader(bytes);
        let (kind, least) = match reader.byte()? {
            0 => (Kind::Point, 1),
            1 => (Kind::Line, 2),
            2 => (Kind::Area, 3),
            _ => return Err(Unreadable),
        };
        let count = reader.number().filter(|n| (1..=POINTS_MAX).contains(n)).ok_or(Unreadable)?;
        let (mut parts, mut x, mut y, mut left) = (Vec::new(), 0i64, 0i64, POINTS_MAX);
        for _ in 0..count {
            let length = reader.number().filter(|n| (least..=left).contains(n)).ok_or(Unreadable)?;
            left -= length;
            let mut part = Vec::new();
            for _ in 0..length {
                x = x.wrapping_add(reader.difference()?);
                y = y.wrapping_add(reader.difference()?);
                let spot = (u32::try_from(x), u32::try_from(y));
                let (Ok(x), Ok(y)) = spot else { return Err(Unreadable) };
                part.push(Spot { x, y });
            }
            parts.push(part);
        }
        if reader.0.is_empty() { Ok(Self { kind, parts }) } else { Err(Unreadable) }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn parts(&self) -> &[Vec<Spot>] {
        &self.parts
    }

    /// Upper left and lower right corner.
    pub(crate) fn extent(&self) -> (Spot, Spot) {
        let mut low = Spot { x: u32::MAX, y: u32::MAX };
        let mut high = Spot { x: 0, y: 0 };
        for spot in self.parts.iter().flatten() {
            low = Spot { x: low.x.min(spot.x), y: low.y.min(spot.y) };
            high = Spot { x: high.x.max(spot.x), y: high.y.max(spot.y) };
        }
        (low, high)
    }

    /// The inner point farthest from the edge, to within a fifteenth of the size: a good place for a label.
    pub(crate) fn inner_spot(&self) -> Spot {
        const STEPS: u32 = 15;
        let (low, high) = self.extent();
        let middle = Spot { x: u32::midpoint(low.x, high.x), y: u32::midpoint(low.y, high.y) };
        let mut best = (-1.0, middle);
        for row in 0..STEPS {
            for column in 0..STEPS {
                let x = f64::from(low.x) + f64::from(high.x - low.x) * (f64::from(column) + 0.5) / f64::from(STEPS);
                let y = f64::from(low.y) + f64::from(high.y - low.y) * (f64::from(row) + 0.5) / f64::from(STEPS);
                if self.parts.iter().filter(|ring| ring_holds(ring, x, y)).count() % 2 == 0 {
                    continue;
                }
                let room = self.parts.iter().map(|ring| edge_distance(ring, x, y)).fold(f64::MAX, f64::min);
                if room > best.0 {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two u32")]
                    let spot = Spot { x: x as u32, y: y as u32 };
                    best = (room, spot);
                }
            }
        }
        best.1
    }
}

/// One thing on the map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    pub class: Class,
    pub label: Option<String>,
    /// Level above the ground: bridges 1 and more, tunnels -1 and less.
    pub level: i8,
    pub geometry: Geometry,
}

impl Feature {
    pub fn new(class: Class, label: Option<&str>, geometry: Geometry) -> Self {
        Self { class, label: label.map(str::to_owned), level: 0, geometry }
    }

    pub fn at_level(mut self, level: i8) -> Self {
        self.level = level;
        self
    }
}

fn spots(points: &[Position]) -> Vec<Spot> {
    let mut spots: Vec<Spot> = points.iter().map(|at| Spot::of(*at)).collect();
    spots.dedup();
    spots
}

fn open_ring(mut ring: Vec<Spot>) -> Vec<Spot> {
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// Edges of a ring that is stored open.
fn edges(ring: &[Spot]) -> impl Iterator<Item = ((f64, f64), (f64, f64))> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| ((f64::from(a.x), f64::from(a.y)), (f64::from(b.x), f64::from(b.y))))
}

fn ring_holds(ring: &[Spot], x: f64, y: f64) -> bool {
    let crossings =
        edges(ring).filter(|&((ax, ay), (bx, by))| (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax);
    crossings.count() % 2 == 1
}

fn edge_distance(ring: &[Spot], x: f64, y: f64) -> f64 {
    edges(ring)
        .map(|((ax, ay), (bx, by))| {
            let (dx, dy) = (bx - ax, by - ay);
            let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(1.0)).clamp(0.0, 1.0);
            (ax + along * dx - x).hypot(ay + along * dy - y)
        })
        .fold(f64::MAX, f64::min)
}

#[expect(clippy::cast_sign_loss, reason = "zigzag turns the sign into the lowest bit")]
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.0.split_first().ok_or(Unreadable)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..42).step_by(7) {
            let byte = self.byte().ok()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn difference(&mut self) -> Result<i64, Unreadable> {
        let number = self.number().ok_or(Unreadable)?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}
