//! All features of one town, ready to draw: sorted by drawing order, indexed by place, street pieces of one name joined
//! for their labels. A scene never changes; the label layout of each zoom is worked out once and kept.

use crate::labels::{self, Placed};
use crate::mercator::{Spot, ZOOM_MAX, ZOOM_MIN};
use crate::shape::{Class, Feature, Kind};
use rstar::{AABB, RTree, primitives::GeomWithData, primitives::Rectangle};
use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) type Tree = RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>;

const LAYERS: usize = (ZOOM_MAX - ZOOM_MIN + 1) as usize;

/// The features of one town in one version.
pub struct Scene {
    features: Vec<Feature>,
    tree: Tree,
    chains: Vec<Chain>,
    layers: [OnceLock<LabelLayer>; LAYERS],
}

/// Pieces of a street or stream joined to one long line, so that the name is set once and not per piece.
#[derive(Debug, PartialEq)]
pub(crate) struct Chain {
    pub label: String,
    pub class: Class,
    pub points: Vec<Spot>,
}

/// The labels of one zoom for the whole town: neighbouring tiles read the same list.
pub(crate) struct LabelLayer {
    placed: Vec<Placed>,
    tree: Tree,
}

impl Scene {
    pub fn new(mut features: Vec<Feature>) -> Self {
        features.sort_by_cached_key(|feature| (drawing_order(feature), feature.clone()));
        features.dedup();
        let tree = tree_of(features.iter().map(|feature| {
            let (low, high) = feature.geometry.extent();
            [f64::from(low.x), f64::from(low.y), f64::from(high.x), f64::from(high.y)]
        }));
        let chains = join_lines(&features);
        Self { features, tree, chains, layers: std::array::from_fn(|_| OnceLock::new()) }
    }

    pub fn len(&self) -> usize {
        self.features.len()
    }

    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    pub(crate) fn features(&self) -> &[Feature] {
        &self.features
    }

    pub(crate) fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Features that touch a box of map units, in drawing order.
    pub(crate) fn within(&self, low: [f64; 2], high: [f64; 2]) -> Vec<&Feature> {
        in_box(&self.tree, low, high).into_iter().map(|index| &self.features[index]).collect()
    }

    /// Labels that touch a box of world pixels of this zoom.
    pub(crate) fn labels_within(&self, zoom: u8, low: [f64; 2], high: [f64; 2]) -> Vec<&Placed> {
        let layer = self.layers[usize::from(zoom.clamp(ZOOM_MIN, ZOOM_MAX) - ZOOM_MIN)].get_or_init(|| {
            let placed = labels::place(self, zoom);
            let tree = tree_of(placed.iter().map(|label| label.reach));
            LabelLayer { placed, tree }
        });
        in_box(&layer.tree, low, high).into_iter().map(|index| &layer.placed[index]).collect()
    }
}

fn tree_of(boxes: impl Iterator<Item = [f64; 4]>) -> Tree {
    let entry = |(index, [x0, y0, x1, y1]): (usize, [f64; 4])| {
        GeomWithData::new(Rectangle::from_corners([x0, y0], [x1, y1]), index)
    };
    RTree::bulk_load(boxes.enumerate().map(entry).collect())
}

fn in_box(tree: &Tree, low: [f64; 2], high: [f64; 2]) -> Vec<usize> {
    let hits = tree.locate_in_envelope_intersecting(&AABB::from_corners(low, high));
    let mut indexes: Vec<usize> = hits.map(|entry| entry.data).collect();
    indexes.sort_unstable();
    indexes
}

/// Lower is drawn first. Ground by size, so that the small lies upon the large; roads by level, then by rank.
fn drawing_order(feature: &Feature) -> (u8, i64) {
    let class = feature.class;
    match class {
        _ if class.is_ground() => {
            let (low, high) = feature.geometry.extent();
            (0, -(i64::from((high.x - low.x) >> 2) * i64::from((high.y - low.y) >> 2)))
        }
        Class::WaterArea => (1, 0),
        Class::Stream | Class::River => (2, 0),
        Class::Building => (3, 0),
        Class::PublicBuilding => (4, 0),
        _ if class.is_road() => {
            // Rails lie below streets of their own level: a level crossing is paved.
            let rank = if class == Class::Rail { 0 } else { class as i64 };
            (5, i64::from(feature.level) * 100 + rank)
        }
        Class::DistrictBorder => (6, 0),
        _ => (7, 0),
    }
}

type Piece<'a> = (&'a [Spot], Class);

/// Joins lines of one name end to end, straight on where there is a choice. Order of input does not matter: the features
/// are sorted.
fn join_lines(features: &[Feature]) -> Vec<Chain> {
    let mut by_name: HashMap<(&str, bool), Vec<Piece<'_>>> = HashMap::new();
    for feature in features {
        let lines = feature.class.is_water() || feature.class.is_road() && feature.class != Class::Rail;
        if let (Some(label), Kind::Line, true) = (&feature.label, feature.geometry.kind(), lines) {
            let group = by_name.entry((label, feature.class.is_water())).or_default();
            group.push((&feature.geometry.parts()[0], feature.class));
        }
    }
    let mut names: Vec<_> = by_name.into_iter().collect();
    names.sort_by_key(|(name, _)| *name);
    names.into_iter().flat_map(|((label, _), pieces)| chains_of(label, pieces)).collect()
}

fn chains_of(label: &str, mut pieces: Vec<Piece<'_>>) -> Vec<Chain> {
    let mut chains = Vec::new();
    while let Some((first, mut class)) = pieces.pop() {
        let mut points = first.to_vec();
        for _ in 0..2 {
            // First the tail, then, turned round, the head.
            while let Some((index, forward)) = best_continuation(&points, &pieces) {
                let (piece, piece_class) = pieces.swap_remove(index);
                class = class.max(piece_class);
                if forward {
                    points.extend_from_slice(&piece[1..]);
                } else {
                    points.extend(piece.iter().rev().skip(1));
                }
            }
            points.reverse();
        }
        chains.push(Chain { label: label.to_owned(), class, points });
    }
    chains
}

/// The piece that goes on from the end of the line with the least bend; none if it would turn back.
fn best_continuation(points: &[Spot], pieces: &[Piece<'_>]) -> Option<(usize, bool)> {
    let (end, before) = (points[points.len() - 1], points[points.len() - 2]);
    let heading = direction(before, end);
    let mut best: Option<(f64, usize, bool)> = None;
    for (index, (piece, _)) in pieces.iter().enumerate() {
        let ends = [(piece[0], piece[1], true), (piece[piece.len() - 1], piece[piece.len() - 2], false)];
        for (start, next, forward) in ends {
            if start == end {
                let straight = (direction(start, next) - heading).cos();
                if straight > 0.3 && best.is_none_or(|(so_far, ..)| straight > so_far) {
                    best = Some((straight, index, forward));
                }
            }
        }
    }
    best.map(|(_, index, forward)| (index, forward))
}

fn direction(from: Spot, to: Spot) -> f64 {
    (f64::from(to.y) - f64::from(from.y)).atan2(f64::from(to.x) - f64::from(from.x))
}
