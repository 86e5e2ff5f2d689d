//! From the straight plan to land that looks grown: curves through the points, a gentle bend of the whole paper, houses
//! along the streets. Pure geometry with an injected chance; the same seed builds the same town.

use super::plan::{self, Spot};
use base::{Chance, Position, SeededChance};
use std::collections::HashMap;
use std::sync::OnceLock;

/// The middle of the market square; somewhere in Germany where no such town is.
pub const MARKET: Position = Position { lat: 50.12, lon: 11.03 };

/// Metres on bent paper to degrees.
pub fn position((x, y): Spot) -> Position {
    Position { lat: MARKET.lat + y / 111_195.0, lon: MARKET.lon + x / (111_195.0 * MARKET.lat.to_radians().cos()) }
}

/// Bends the paper a little, so that nothing is a ruler's line and crossings stay crossings.
pub fn bend((x, y): Spot) -> Spot {
    let east = 46.0 * (y / 430.0 + 0.4).sin() + 17.0 * (x / 310.0).sin() + 0.045 * y;
    let north = 40.0 * (x / 560.0 + 0.9).sin() + 13.0 * (y / 270.0 + x / 700.0).sin() - 31.0 * 0.9_f64.sin();
    (x + east, y + north)
}

/// A smooth line through the points (Catmull and Rom), a point every few metres.
pub fn curve(points: &[Spot]) -> Vec<Spot> {
    let mut line = Vec::new();
    let point = |index: isize| points[index.clamp(0, points.len() as isize - 1) as usize];
    for index in 0..points.len() as isize - 1 {
        let (a, b, c, d) = (point(index - 1), point(index), point(index + 1), point(index + 2));
        let steps = ((c.0 - b.0).hypot(c.1 - b.1) / 14.0).ceil().max(1.0);
        let mut step = 0.0;
        while step < steps {
            let t = step / steps;
            let blend = |a: f64, b: f64, c: f64, d: f64| {
                let (linear, square) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d);
                0.5 * (2.0 * b + linear * t + square * t * t + (3.0 * b - 3.0 * c + d - a) * t * t * t)
            };
            line.push((blend(a.0, b.0, c.0, d.0), blend(a.1, b.1, c.1, d.1)));
            step += 1.0;
        }
    }
    line.extend(points.last());
    line
}

/// Corners with points between them, so that the bend shows on long edges.
pub fn edge(corners: &[Spot]) -> Vec<Spot> {
    let mut line = Vec::new();
    for (index, from) in corners.iter().enumerate() {
        let to = corners[(index + 1) % corners.len()];
        let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 40.0).ceil().max(1.0);
        let mut step = 0.0;
        while step < steps {
            let t = step / steps;
            line.push((from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t));
            step += 1.0;
        }
    }
    line
}

/// The middle line of the river on the plan.
pub fn river() -> &'static [Spot] {
    static RIVER: OnceLock<Vec<Spot>> = OnceLock::new();
    RIVER.get_or_init(|| curve(plan::RIVER))
}

/// How far north the river's middle line runs at this x. The river always flows east, so one look is enough.
pub fn river_at(x: f64) -> f64 {
    let river = river();
    let next = river.partition_point(|spot| spot.0 < x).min(river.len() - 1);
    let near = [river[next.saturating_sub(1)], river[next]];
    if (near[0].0 - x).abs() < (near[1].0 - x).abs() { near[0].1 } else { near[1].1 }
}

pub fn is_inside(at: Spot, ring: &[Spot]) -> bool {
    let mut inside = false;
    for (index, a) in ring.iter().enumerate() {
        let b = ring[(index + 1) % ring.len()];
        if (a.1 > at.1) != (b.1 > at.1) && at.0 < (b.0 - a.0) * (at.1 - a.1) / (b.1 - a.1) + a.0 {
            inside = !inside;
        }
    }
    inside
}

/// Chance in the ranges a builder thinks in.
pub struct Dice(SeededChance);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededChance::new(seed))
    }

    pub fn between(&self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.below(10_000) as f64 / 10_000.0
    }

    /// True this many times of a hundred.
    pub fn often(&self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    pub fn pick<'t, T>(&self, from: &'t [T]) -> &'t T {
        &from[self.0.below(from.len() as u64) as usize]
    }
}

/// A rectangle that stands anywhere: middle, direction of its width, half sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    pub middle: Spot,
    pub along: Spot,
    pub half: Spot,
}

impl Block {
    /// Upon bent paper where it stood straight on the plan.
    pub fn planned(middle: Spot, size: Spot) -> Self {
        let (a, b) = (bend((middle.0 - 5.0, middle.1)), bend((middle.0 + 5.0, middle.1)));
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let along = ((b.0 - a.0) / length, (b.1 - a.1) / length);
        Self { middle: bend(middle), along, half: (size.0 / 2.0, size.1 / 2.0) }
    }

    pub fn point(&self, along: f64, across: f64) -> Spot {
        let (ax, ay) = self.along;
        (self.middle.0 + ax * along - ay * across, self.middle.1 + ay * along + ax * across)
    }

    pub fn corners(&self) -> Vec<Spot> {
        let (w, d) = self.half;
        vec![self.point(-w, -d), self.point(w, -d), self.point(w, d), self.point(-w, d)]
    }

    /// Do two rectangles overlap? Along each of their four directions their shadows must.
    pub fn meets(&self, other: &Self, gap: f64) -> bool {
        let directions = [self.along, (-self.along.1, self.along.0), other.along, (-other.along.1, other.along.0)];
        directions.iter().all(|direction| {
            let shadow = |block: &Self| {
                let all = block.corners().into_iter().map(|(x, y)| x * direction.0 + y * direction.1);
                all.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
            };
            let (mine, theirs) = (shadow(self), shadow(other));
            mine.0 < theirs.1 + gap && theirs.0 < mine.1 + gap
        })
    }
}

/// What is taken already, by squares of 60 metres.
#[derive(Default)]
pub struct Ground {
    blocks: HashMap<(i64, i64), Vec<Block>>,
    /// Points of roads with the half width to keep free.
    roads: HashMap<(i64, i64), Vec<(Spot, f64)>>,
    zones: Vec<Vec<Spot>>,
}

fn square_of((x, y): Spot) -> (i64, i64) {
    ((x / 60.0).floor() as i64, (y / 60.0).floor() as i64)
}

fn around((column, row): (i64, i64)) -> impl Iterator<Item = (i64, i64)> {
    (-1..=1).flat_map(move |dx| (-1..=1).map(move |dy| (column + dx, row + dy)))
}

impl Ground {
    pub fn keep_road(&mut self, line: &[Spot], half_width: f64) {
        for pair in line.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let steps = ((b.0 - a.0).hypot(b.1 - a.1) / 4.0).ceil().max(1.0);
            let mut step = 0.0;
            while step <= steps {
                let t = step / steps;
                let spot = (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
                self.roads.entry(square_of(spot)).or_default().push((spot, half_width));
                step += 1.0;
            }
        }
    }

    pub fn keep_zone(&mut self, ring: Vec<Spot>) {
        self.zones.push(ring);
    }

    pub fn take(&mut self, block: Block) {
        self.blocks.entry(square_of(block.middle)).or_default().push(block);
    }

    pub fn is_free(&self, block: &Block) -> bool {
        let (w, d) = block.half;
        let corners = block.corners();
        let mut probes =
            vec![block.middle, block.point(0.0, d), block.point(0.0, -d), block.point(w, 0.0), block.point(-w, 0.0)];
        probes.extend(&corners);
        if self.zones.iter().any(|zone| probes.iter().any(|probe| is_inside(*probe, zone))) {
            return false;
        }
        let mut squares = around(square_of(block.middle));
        squares.all(|square| {
            let roads = self.roads.get(&square).into_iter().flatten();
            let blocks = self.blocks.get(&square).into_iter().flatten();
            let clear = |(spot, half): &(Spot, f64)| {
                probes.iter().all(|probe| (probe.0 - spot.0).hypot(probe.1 - spot.1) > half + 1.0)
            };
            roads.clone().all(clear) && blocks.clone().all(|other| !block.meets(other, -0.2))
        })
    }
}

/// A line measured by its length.
pub struct Way {
    pub points: Vec<Spot>,
    marks: Vec<f64>,
}

impl Way {
    pub fn new(points: Vec<Spot>) -> Self {
        let mut marks = vec![0.0];
        for pair in points.windows(2) {
            let last = marks[marks.len() - 1];
            marks.push(last + (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1));
        }
        Self { points, marks }
    }

    pub fn length(&self) -> f64 {
        self.marks[self.marks.len() - 1]
    }

    pub fn at(&self, far: f64) -> Spot {
        let index = self.marks.partition_point(|mark| *mark < far).clamp(1, self.points.len() - 1);
        let (a, b) = (self.points[index - 1], self.points[index]);
        let step = (self.marks[index] - self.marks[index - 1]).max(0.001);
        let t = ((far - self.marks[index - 1]) / step).clamp(0.0, 1.0);
        (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
    }

    /// Direction of the line here, smoothed over the width of a house.
    pub fn heading(&self, far: f64) -> Spot {
        let (a, b) = (self.at((far - 6.0).max(0.0)), self.at((far + 6.0).min(self.length())));
        let length = (b.0 - a.0).hypot(b.1 - a.1).max(0.001);
        ((b.0 - a.0) / length, (b.1 - a.1) / length)
    }

    /// A point beside the line; positive is left.
    pub fn beside(&self, far: f64, aside: f64) -> Spot {
        let (at, (dx, dy)) = (self.at(far), self.heading(far));
        (at.0 - dy * aside, at.1 + dx * aside)
    }
}
