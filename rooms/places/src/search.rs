//! The place search: a typed line to a few hits, tolerant of slips. Names are compared in memory, house numbers come from
//! the address register. Also what the publishing of a map derives: the list of names. No SQL here.

use crate::cache::Memo;
use crate::model::{Address, AssetKind, PlaceHit, PlaceKind};
use crate::register::{self, Folded, Query};
use crate::store::{self, NameRow, StreetDoor};
use base::Position;
use db::{DbError, Tx};
use maps::{Class, Geometry};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

struct Entry {
    kind: PlaceKind,
    label: String,
    place: String,
    position: Position,
    folded: Folded,
    place_folded: Folded,
}

/// A town's names stay in memory; a small town's take a few hundred kilobytes.
fn index(tx: &Tx<'_>) -> Result<Arc<Vec<Entry>>, DbError> {
    static MEMO: OnceLock<Memo<Vec<Entry>>> = OnceLock::new();
    let Some(map) = store::own_map(tx)? else { return Ok(Arc::new(vec![])) };
    MEMO.get_or_init(|| Memo::new(64)).get(tx.municipality(), map.version, || {
        let entry = |row: NameRow| Entry {
            folded: Folded::of(&row.label),
            place_folded: Folded::of(&row.place),
            kind: row.kind,
            position: Position { lat: row.lat, lon: row.lon },
            label: row.label,
            place: row.place,
        };
        Ok(store::names(tx)?.into_iter().map(entry).collect())
    })
}

/// Places that fit what was typed, best first: addresses, streets, playgrounds, parks, public buildings, and things of the
/// town by their number. `near` breaks ties.
pub fn search_places(tx: &Tx<'_>, text: &str, near: Option<Position>, limit: usize) -> Result<Vec<PlaceHit>, DbError> {
    let query = register::parse_query(text);
    let mut hits: Vec<(f64, PlaceHit)> = Vec::new();
    let whole = register::fold_name(text.get(..64).unwrap_or(text));
    if whole.bytes().any(|b| b.is_ascii_digit()) && whole.bytes().any(|b| b.is_ascii_alphabetic()) {
        for asset in store::assets_by_number(tx, &whole, 5)? {
            let sub = format!("{} {}", asset.kind.german(), asset.number);
            let (position, id) = (asset.position(), asset.id);
            hits.push((
                -1.0,
                PlaceHit { label: asset.title(), sub, position, kind: PlaceKind::Asset, asset: Some(id), exact: true },
            ));
        }
    }
    let index = index(tx)?;
    let mut names: Vec<(f64, &Entry)> =
        index.iter().filter_map(|entry| Some((score(&query, entry, near)?, entry))).collect();
    names.sort_by(|a, b| {
        a.0.total_cmp(&b.0).then_with(|| (a.1.kind, &a.1.label, &a.1.place).cmp(&(b.1.kind, &b.1.label, &b.1.place)))
    });
    names.truncate(limit.clamp(1, 50) * 2);
    if let Some(number) = &query.number {
        let best = names.first().map_or(0.0, |(score, _)| *score);
        let streets = names.iter().filter(|(score, entry)| entry.kind == PlaceKind::Street && *score <= best + 1.0);
        for (score, entry) in streets.take(5) {
            hits.extend(doors(tx, entry, number, &query)?.into_iter().map(|(far, hit)| (score + far, hit)));
        }
    }
    // A street stands behind its own door when a number was typed.
    let behind = if query.number.is_some() { 0.35 } else { 0.0 };
    let hit = |entry: &Entry| PlaceHit { exact: query.number.is_none() && !is_long(entry.kind), ..name_hit(entry) };
    hits.extend(names.iter().map(|(score, entry)| (score + behind, hit(entry))));
    hits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut seen = HashSet::new();
    hits.retain(|(_, hit)| seen.insert((hit.label.clone(), hit.sub.clone(), hit.kind)));
    Ok(hits.into_iter().take(limit).map(|(_, hit)| hit).collect())
}

/// Too long or wide for its name to say where something is.
const fn is_long(kind: PlaceKind) -> bool {
    matches!(kind, PlaceKind::Street | PlaceKind::District | PlaceKind::Water)
}

fn name_hit(entry: &Entry) -> PlaceHit {
    PlaceHit {
        label: entry.label.clone(),
        sub: entry.place.clone(),
        position: entry.position,
        kind: entry.kind,
        asset: None,
        exact: false,
    }
}

fn score(query: &Query, entry: &Entry, near: Option<Position>) -> Option<f64> {
    let mut score = register::distance(&query.name, &entry.folded)?;
    if !query.place.is_empty() && register::distance(&query.place, &entry.place_folded).is_none() {
        score += 0.6;
    }
    // The nearer of two equals first; ten kilometres weigh less than one slip.
    let far = near.map_or(0.0, |here| here.metres_to(entry.position).min(10_000.0) / 25_000.0);
    Some(score + far)
}

/// Doors of a street that fit the typed number: exact, with a letter behind, or on a shared number.
fn doors(tx: &Tx<'_>, street: &Entry, number: &str, query: &Query) -> Result<Vec<(f64, PlaceHit)>, DbError> {
    let (typed, _) = register::number_key(number);
    let all = store::addresses_of_street(tx, &street.folded.whole, 2_000)?;
    let belongs = |door: &Address| {
        let here =
            street.place.is_empty() || door.place == street.place || door.district.as_ref() == Some(&street.place);
        let same_district = here || door.position().metres_to(street.position) < 3_000.0;
        same_district && query.postcode.as_ref().is_none_or(|code| door.postcode.is_empty() || door.postcode == *code)
    };
    let mut found = Vec::new();
    for door in all.iter().filter(|door| belongs(door)) {
        let folded = register::fold_number(&door.house_number);
        let far: f64 = if folded == number {
            0.0
        } else if folded.starts_with(number) && register::number_key(&folded).0 == typed {
            0.1
        } else if register::number_key(&folded).0 == typed {
            0.2
        } else {
            continue;
        };
        found.push((far, register::number_key(&folded), door));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let hit = |far: f64, door: &Address| PlaceHit {
        label: door.line(),
        sub: door.town_line(),
        position: door.position(),
        kind: PlaceKind::Address,
        asset: None,
        exact: far == 0.0,
    };
    Ok(found.into_iter().take(6).map(|(far, _, door)| (far, hit(far, door))).collect())
}

/// The names of the town, made from doors, shapes and playgrounds.
pub fn gather_names(tx: &Tx<'_>) -> Result<Vec<NameRow>, DbError> {
    let shapes = store::named_shapes(tx)?;
    let villages: Vec<(&str, Position)> = shapes
        .iter()
        .filter(|(class, ..)| place_kind(*class) == Some(PlaceKind::District))
        .map(|(_, label, geometry)| (label.as_str(), geometry.middle()))
        .collect();
    let districts = store::districts(tx)?;
    let place_of = |at: Position| place_of(at, &districts, &villages);
    let doors = store::street_doors(tx)?;
    let mut names = streets_of(&doors, &place_of);
    let known: HashSet<String> = names.iter().map(|name| name.folded.clone()).collect();
    names.extend(shapes_of(&shapes, &known, &place_of));
    for playground in store::assets_of_kind(tx, AssetKind::Playground, 20_000)? {
        let at = playground.position();
        names.push(name_row(PlaceKind::Playground, playground.title(), place_of(at), at));
    }
    names.sort_by(|a, b| {
        (&a.folded, a.kind, &a.place, &a.label)
            .cmp(&(&b.folded, b.kind, &b.place, &b.label))
            .then(a.lat.total_cmp(&b.lat))
    });
    names.dedup_by(|a, b| {
        (a.kind, &a.label, &a.place) == (b.kind, &b.label, &b.place) && a.kind != PlaceKind::Playground
    });
    Ok(names)
}

fn name_row(kind: PlaceKind, label: String, place: String, at: Position) -> NameRow {
    // The name of a village is not its own place.
    let place = if place == label { String::new() } else { place };
    NameRow { folded: register::fold_name(&label), kind, label, place, lat: at.lat, lon: at.lon }
}

/// The district that holds the position, or the nearest village within five kilometres.
fn place_of(at: Position, districts: &[(String, Geometry)], villages: &[(&str, Position)]) -> String {
    if let Some((name, _)) = districts.iter().find(|(_, area)| area.holds(at)) {
        return name.clone();
    }
    let nearest = villages.iter().map(|(name, position)| (at.metres_to(*position), *name));
    let nearest = nearest.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(metres, _)| *metres < 5_000.0);
    nearest.map(|(_, name)| name.to_owned()).unwrap_or_default()
}

/// One street per name and town or village, at the middle door of the district most of its doors lie in: a street may
/// cross several, and the point must lie where its name says.
fn streets_of(doors: &[StreetDoor], place_of: &dyn Fn(Position) -> String) -> Vec<NameRow> {
    let mut streets: BTreeMap<(&str, &str), Vec<&StreetDoor>> = BTreeMap::new();
    for door in doors {
        streets.entry((&door.street_folded, &door.place)).or_default().push(door);
    }
    let name = |((_, place), doors): ((&str, &str), Vec<&StreetDoor>)| {
        let mut votes: HashMap<&str, usize> = HashMap::new();
        doors.iter().filter_map(|door| door.district.as_deref()).for_each(|name| *votes.entry(name).or_default() += 1);
        let district = votes.into_iter().max_by_key(|(name, votes)| (*votes, std::cmp::Reverse(*name)));
        let district = district.map(|(name, _)| name);
        let doors: Vec<_> =
            doors.into_iter().filter(|door| district.is_none() || door.district.as_deref() == district).collect();
        let middle = middle_of(&doors)?;
        let at = Position { lat: middle.lat, lon: middle.lon };
        let place = match district {
            Some(name) => name.to_owned(),
            None if place.is_empty() => place_of(at),
            None => place.to_owned(),
        };
        Some(name_row(PlaceKind::Street, middle.street.clone(), place, at))
    };
    streets.into_iter().filter_map(name).collect()
}

/// The door nearest to where all of them have their middle.
fn middle_of<'d>(doors: &[&'d StreetDoor]) -> Option<&'d StreetDoor> {
    let count = doors.len() as f64;
    let sum = doors.iter().fold((0.0, 0.0), |sum, door| (sum.0 + door.lat, sum.1 + door.lon));
    let mean = Position { lat: sum.0 / count, lon: sum.1 / count };
    let far = |door: &StreetDoor| mean.metres_to(Position { lat: door.lat, lon: door.lon });
    doors.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b)))
}

/// Streets without doors, parks, waters, buildings: pieces of one name near each other are one place.
fn shapes_of(
    shapes: &[(Class, String, Geometry)],
    known_streets: &HashSet<String>,
    place_of: &dyn Fn(Position) -> String,
) -> Vec<NameRow> {
    let mut rows: Vec<NameRow> = Vec::new();
    let mut by_name: HashMap<(PlaceKind, String), Vec<usize>> = HashMap::new();
    for (class, label, geometry) in shapes {
        let Some(kind) = place_kind(*class) else { continue };
        let folded = register::fold_name(label);
        if folded.is_empty() || kind == PlaceKind::Street && known_streets.contains(&folded) {
            continue;
        }
        let at = geometry.middle();
        let twins = by_name.entry((kind, folded)).or_default();
        let near = |index: &usize| at.metres_to(Position { lat: rows[*index].lat, lon: rows[*index].lon }) < 2_500.0;
        if !twins.iter().any(near) {
            twins.push(rows.len());
            rows.push(name_row(kind, label.clone(), place_of(at), at));
        }
    }
    rows
}

fn place_kind(class: Class) -> Option<PlaceKind> {
    Some(match class {
        Class::Street
        | Class::Pedestrian
        | Class::Tertiary
        | Class::Secondary
        | Class::Primary
        | Class::Service
        | Class::Track
        | Class::Path
        | Class::Steps => PlaceKind::Street,
        Class::Park | Class::Forest | Class::Cemetery | Class::Allotments | Class::Meadow | Class::Pitch => {
            PlaceKind::Park
        }
        Class::PublicBuilding | Class::Building | Class::Grounds => PlaceKind::Building,
        Class::Square | Class::Parking => PlaceKind::Square,
        Class::WaterArea | Class::River | Class::Stream => PlaceKind::Water,
        Class::Stop | Class::Station => PlaceKind::Stop,
        Class::Town | Class::Village | Class::Hamlet | Class::DistrictName => PlaceKind::District,
        Class::BuiltUp
        | Class::Farmland
        | Class::Playground
        | Class::Motorway
        | Class::Rail
        | Class::DistrictBorder
        | Class::Tree
        | Class::HouseNumber => return None,
    })
}
