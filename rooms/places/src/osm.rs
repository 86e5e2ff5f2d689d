//! Reads an OpenStreetMap extract and hands out what a town needs of it, piece by piece: shapes of the map, addresses,
//! things the town looks after. Four walks over the file, so that memory holds only the nodes that are used. It knows no
//! database; what the tags mean is in `tags.rs`.

use crate::model::{AssetKind, NewAddress, NewAsset, NewDistrict, NewShape, Source};
use crate::tags::{Meaning, Tags, meaning};
use base::{Bounds, Position};
use maps::Geometry;
use osmpbf::{Element, ElementReader};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// More node references than a large German city has; a whole country is refused before memory runs out.
const REFERENCES_MAX: usize = 60_000_000;
const RELATIONS_MAX: usize = 300_000;

/// What comes out, in an order in which it can be stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Address(NewAddress),
    Shape(NewShape),
    District(NewDistrict),
    /// An asset; a piece of play equipment names the playground it stands on by its reference.
    Asset {
        new: NewAsset,
        playground: Option<String>,
    },
}

/// Why an extract cannot be read; the sentences are the operator's.
#[derive(Debug, thiserror::Error)]
pub enum OsmError {
    #[error("die Datei ist kein lesbarer Auszug aus OpenStreetMap (.osm.pbf)")]
    Unreadable(#[from] osmpbf::Error),
    #[error(
        "der Auszug ist zu groß für eine Gemeinde; schneiden Sie ihn auf ihr Gebiet zu, zum Beispiel mit osmium extract"
    )]
    TooLarge,
    /// The reader of the pieces went away.
    #[error("das Einlesen wurde abgebrochen")]
    Stopped,
}

/// Walks over the file and gives every piece to `take`, which answers false to stop.
pub fn read(path: &Path, area: Option<Bounds>, take: &mut dyn FnMut(Piece) -> bool) -> Result<(), OsmError> {
    let relations = walk_relations(path)?;
    let ways = walk_ways(path, &relations)?;
    let mut out = Out { area, take, stopped: false, doors: HashSet::new(), playgrounds: vec![], equipment: vec![] };
    let places = walk_nodes(path, ways.needed, &mut out)?;
    build_ways(path, &places, &mut out)?;
    for relation in &relations.wanted {
        let rings = rings_of(relation, &ways.members, &places);
        if let Some(geometry) = Geometry::area(&rings) {
            out.give_area(&format!("r{}", relation.id), &relation.meaning, geometry);
        }
    }
    out.give_equipment();
    if out.stopped { Err(OsmError::Stopped) } else { Ok(()) }
}

struct Relation {
    id: i64,
    meaning: Meaning,
    ways: Vec<i64>,
}

#[derive(Default)]
struct Relations {
    wanted: Vec<Relation>,
    ways: HashSet<i64>,
}

fn walk_relations(path: &Path) -> Result<Relations, OsmError> {
    let mut relations = Relations::default();
    ElementReader::from_path(path)?.for_each(|element| {
        let Element::Relation(relation) = element else { return };
        let tags = Tags::of(relation.tags());
        if !matches!(tags.get("type"), Some("multipolygon" | "boundary")) {
            return;
        }
        let meaning = meaning(&tags);
        if meaning.is_nothing() || relations.wanted.len() >= RELATIONS_MAX {
            return;
        }
        let ways: Vec<i64> =
            relation.members().filter(|m| m.member_type == osmpbf::RelMemberType::Way).map(|m| m.member_id).collect();
        relations.ways.extend(&ways);
        relations.wanted.push(Relation { id: relation.id(), meaning, ways });
    })?;
    Ok(relations)
}

struct Ways {
    /// Sorted ids of all nodes that a geometry needs.
    needed: Vec<i64>,
    /// Nodes of the ways that relations are made of.
    members: HashMap<i64, Vec<i64>>,
}

fn walk_ways(path: &Path, relations: &Relations) -> Result<Ways, OsmError> {
    let mut ways = Ways { needed: vec![], members: HashMap::new() };
    let mut too_large = false;
    ElementReader::from_path(path)?.for_each(|element| {
        let Element::Way(way) = element else { return };
        let member = relations.ways.contains(&way.id());
        if !member && meaning(&Tags::of(way.tags())).is_nothing() || too_large {
            return;
        }
        ways.needed.extend(way.refs());
        too_large = ways.needed.len() > REFERENCES_MAX;
        if member {
            ways.members.insert(way.id(), way.refs().collect());
        }
    })?;
    if too_large {
        return Err(OsmError::TooLarge);
    }
    ways.needed.sort_unstable();
    ways.needed.dedup();
    Ok(ways)
}

/// Positions of the needed nodes; 16 bytes a node.
struct Places {
    ids: Vec<i64>,
    at: Vec<(i32, i32)>,
}

const MISSING: (i32, i32) = (i32::MIN, i32::MIN);

impl Places {
    fn get(&self, id: i64) -> Option<Position> {
        let (lat, lon) = self.at[self.ids.binary_search(&id).ok()?];
        ((lat, lon) != MISSING).then(|| position(lat, lon))
    }

    /// The nodes of a way that the extract has; at its border some are missing.
    fn line(&self, nodes: impl Iterator<Item = i64>) -> Vec<Position> {
        nodes.filter_map(|id| self.get(id)).collect()
    }
}

fn position(lat: i32, lon: i32) -> Position {
    Position { lat: f64::from(lat) / 1e7, lon: f64::from(lon) / 1e7 }
}

fn walk_nodes(path: &Path, ids: Vec<i64>, out: &mut Out<'_>) -> Result<Places, OsmError> {
    let mut places = Places { at: vec![MISSING; ids.len()], ids };
    ElementReader::from_path(path)?.for_each(|element| {
        let (id, lat, lon, meaning) = match &element {
            Element::Node(node) => {
                (node.id(), node.decimicro_lat(), node.decimicro_lon(), meaning(&Tags::of(node.tags())))
            }
            Element::DenseNode(node) => {
                (node.id(), node.decimicro_lat(), node.decimicro_lon(), meaning(&Tags::of(node.tags())))
            }
            _ => return,
        };
        if let Ok(index) = places.ids.binary_search(&id) {
            places.at[index] = (lat, lon);
        }
        if !meaning.is_nothing() && !out.stopped {
            out.give_point(&format!("n{id}"), &meaning, position(lat, lon));
        }
    })?;
    Ok(places)
}

fn build_ways(path: &Path, places: &Places, out: &mut Out<'_>) -> Result<(), OsmError> {
    ElementReader::from_path(path)?.for_each(|element| {
        let Element::Way(way) = element else { return };
        if out.stopped {
            return;
        }
        let tags = Tags::of(way.tags());
        let meaning = meaning(&tags);
        if meaning.is_nothing() {
            return;
        }
        let reference = format!("w{}", way.id());
        let nodes: Vec<i64> = way.refs().collect();
        let closed = nodes.len() > 3 && nodes.first() == nodes.last();
        let line = places.line(nodes.into_iter());
        if meaning.line.is_some() && !(closed && tags.get("area") == Some("yes")) {
            if let Some(geometry) = Geometry::line(&line) {
                out.give_line(&reference, &meaning, geometry);
            }
        } else if closed && let Some(geometry) = Geometry::area(&[line]) {
            out.give_area(&reference, &meaning, geometry);
        }
    })?;
    Ok(())
}

/// Joins the ways of a relation to closed rings; what does not close, because the extract cuts it, is left out.
fn rings_of(relation: &Relation, members: &HashMap<i64, Vec<i64>>, places: &Places) -> Vec<Vec<Position>> {
    let mut pieces: Vec<&[i64]> = relation
        .ways
        .iter()
        .filter_map(|way| members.get(way))
        .map(Vec::as_slice)
        .filter(|nodes| nodes.len() > 1)
        .collect();
    let mut rings = Vec::new();
    while let Some(first) = pieces.pop() {
        let mut ring = first.to_vec();
        while ring.first() != ring.last() {
            let end = ring.last().copied();
            let next = pieces.iter().position(|piece| piece.first().copied() == end || piece.last().copied() == end);
            let Some(index) = next else { break };
            let piece = pieces.swap_remove(index);
            if piece.first().copied() == end {
                ring.extend(&piece[1..]);
            } else {
                ring.extend(piece.iter().rev().skip(1));
            }
        }
        let line = places.line(ring.iter().copied());
        if ring.first() == ring.last() && line.len() == ring.len() {
            rings.push(line);
        }
    }
    rings
}

/// Collects and hands out. Play equipment waits until all playgrounds are known.
struct Out<'a> {
    area: Option<Bounds>,
    take: &'a mut dyn FnMut(Piece) -> bool,
    stopped: bool,
    /// Doors already given: an entrance and its house often carry the same address.
    doors: HashSet<String>,
    playgrounds: Vec<(String, Geometry)>,
    equipment: Vec<NewAsset>,
}

impl Out<'_> {
    fn give(&mut self, piece: Piece) {
        if !self.stopped && !(self.take)(piece) {
            self.stopped = true;
        }
    }

    fn is_inside(&self, bounds: Bounds) -> bool {
        self.area.is_none_or(|area| {
            bounds.north >= area.south
                && bounds.south <= area.north
                && bounds.east >= area.west
                && bounds.west <= area.east
        })
    }

    fn give_point(&mut self, reference: &str, meaning: &Meaning, at: Position) {
        let geometry = Geometry::point(at);
        if !self.is_inside(geometry.bounds()) {
            return;
        }
        self.give_registers(reference, meaning, at, &geometry);
        if let Some(class) = meaning.point {
            self.give_shape(reference, class, meaning, geometry);
        }
    }

    fn give_line(&mut self, reference: &str, meaning: &Meaning, geometry: Geometry) {
        if let Some(class) = meaning.line.filter(|_| self.is_inside(geometry.bounds())) {
            self.give_shape(reference, class, meaning, geometry);
        }
    }

    fn give_area(&mut self, reference: &str, meaning: &Meaning, geometry: Geometry) {
        if !self.is_inside(geometry.bounds()) {
            return;
        }
        let middle = geometry.middle();
        self.give_registers(reference, meaning, middle, &geometry);
        if let Some(name) = meaning.district.clone() {
            let source_ref = reference.to_owned();
            self.give(Piece::District(NewDistrict {
                source: Source::Osm,
                source_ref,
                name,
                geometry: geometry.clone(),
            }));
        }
        if let Some(class) = meaning.area {
            self.give_shape(reference, class, meaning, geometry);
        }
    }

    fn give_shape(&mut self, reference: &str, class: maps::Class, meaning: &Meaning, geometry: Geometry) {
        self.give(Piece::Shape(NewShape {
            source: Source::Osm,
            source_ref: reference.to_owned(),
            class,
            label: meaning.label.clone(),
            level: meaning.level,
            geometry,
        }));
    }

    fn give_registers(&mut self, reference: &str, meaning: &Meaning, at: Position, geometry: &Geometry) {
        if let Some(door) = &meaning.door {
            let key = format!("{}|{}|{}|{}", door.street, door.house_number, door.postcode, door.place).to_lowercase();
            if self.doors.insert(key) {
                self.give(Piece::Address(NewAddress {
                    source: Source::Osm,
                    source_ref: reference.to_owned(),
                    street: door.street.clone(),
                    house_number: door.house_number.clone(),
                    postcode: door.postcode.clone(),
                    place: door.place.clone(),
                    position: at,
                }));
            }
        }
        if let Some((kind, label)) = &meaning.asset {
            let new = NewAsset {
                source: Source::Osm,
                source_ref: reference.to_owned(),
                kind: *kind,
                label: label.clone(),
                number: meaning.number.clone().unwrap_or_default(),
                parent: None,
                position: at,
            };
            match kind {
                AssetKind::PlayEquipment => self.equipment.push(new),
                _ => self.give(Piece::Asset { new, playground: None }),
            }
            if *kind == AssetKind::Playground {
                self.playgrounds.push((reference.to_owned(), geometry.clone()));
            }
        }
    }

    /// A swing belongs to the playground it stands on, or to the nearest one within 60 metres.
    fn give_equipment(&mut self) {
        for new in std::mem::take(&mut self.equipment) {
            let near = |area: &Geometry| {
                if area.holds(new.position) { 0.0 } else { area.middle().metres_to(new.position) }
            };
            let best = self.playgrounds.iter().map(|(reference, area)| (near(area), reference));
            let best = best.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(metres, _)| *metres <= 60.0);
            let playground = best.map(|(_, reference)| reference.clone());
            self.give(Piece::Asset { new, playground });
        }
    }
}
