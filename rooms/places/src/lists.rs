//! The town's own lists: addresses as CSV, assets as GeoJSON. They come over what was derived from OpenStreetMap and
//! replace it: the address list as a whole, assets kind by kind. A line that cannot be used is named with its number.

use crate::import::{ImportError, OSM_ATTRIBUTION, Report, finish};
use crate::model::{AssetKind, NewAddress, NewAsset, NewShape, Source};
use crate::publish::MapFrame;
use crate::register;
use crate::store::{self, Table};
use base::{Bounds, MunicipalityId, Position};
use db::{Db, DbError, Tx};
use maps::{Class, Geometry};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

const FILE_BYTES_MAX: u64 = 256 << 20;
const LINES_MAX: usize = 2_000_000;
const FIELD_CHARS_MAX: usize = 160;
const BATCH: usize = 400;

/// Imports the town's address list: `strasse;hausnummer;plz;ort;lat;lon` with a header line, UTF-8 or Latin-1.
pub async fn addresses(db: &Db, town: MunicipalityId, path: &Path) -> Result<Report, ImportError> {
    let mut report = Report::default();
    let rows = read_addresses(&read_limited(path)?, &mut report)?;
    if rows.is_empty() {
        return Err(ImportError::Unusable("keine Zeile der Liste enthält eine Adresse".into()));
    }
    let bounds = bounds_of(rows.iter().map(|row| row.position));
    report.found.insert("Adressen".to_owned(), rows.len() as u64);
    let known = db.read(town, |tx| store::contents(tx, Table::Addresses, Source::Town)).await?;
    let references: HashSet<String> = rows.iter().map(|row| row.source_ref.clone()).collect();
    let fresh: Vec<NewAddress> =
        rows.into_iter().filter(|row| known.get(&row.source_ref) != Some(&row.content())).collect();
    report.written = in_batches(db, town, fresh, store::put_address).await?;
    let gone: Vec<String> = known.into_keys().filter(|reference| !references.contains(reference)).collect();
    report.removed =
        in_batches(db, town, gone, |tx, row| store::take_away(tx, Table::Addresses, Source::Town, row)).await?;
    report.removed += db
        .write(town, |tx| {
            tx.unaudited("part of an import; the import leaves one line at its end", || {
                store::remove_addresses(tx, Source::Osm)
            })
        })
        .await?;
    close(db, town, &mut report, bounds, "places.addresses_imported").await?;
    Ok(report)
}

/// Imports the town's assets: a GeoJSON FeatureCollection. Properties: `art` (a kind, German or by its word), `name`,
/// `nummer`, `gehoert_zu` (number of the playground). Kinds that occur replace the derived assets of that kind.
pub async fn assets(db: &Db, town: MunicipalityId, path: &Path) -> Result<Report, ImportError> {
    let mut report = Report::default();
    let rows = read_assets(&read_limited(path)?, &mut report)?;
    if rows.is_empty() {
        return Err(ImportError::Unusable("kein Eintrag der Liste ist ein Objekt".into()));
    }
    let bounds = bounds_of(rows.iter().map(|row| row.new.position));
    rows.iter().for_each(|row| report.find(row.new.kind.german()));
    let kinds: BTreeSet<AssetKind> = rows.iter().map(|row| row.new.kind).collect();
    let references: HashSet<String> = rows.iter().map(|row| row.new.source_ref.clone()).collect();
    // Playgrounds first, so that their swings find them.
    let (first, second): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.parent_number.is_none());
    report.written = in_batches(db, town, first, put_listed).await? + in_batches(db, town, second, put_listed).await?;
    let listed = kinds.clone();
    report.removed = db
        .write(town, move |tx| {
            tx.unaudited("part of an import; the import leaves one line at its end", || {
                let mut removed = 0;
                for kind in &listed {
                    removed += store::withdraw_kind(tx, Source::Osm, *kind)?;
                    for (reference, known) in store::references_of_kind(tx, Source::Town, *kind)? {
                        if known != 0 && !references.contains(&reference) {
                            removed += store::take_away(tx, Table::Assets, Source::Town, &reference)?;
                        }
                    }
                }
                Ok::<_, DbError>(removed)
            })
        })
        .await?;
    close(db, town, &mut report, bounds, "places.assets_imported").await?;
    Ok(report)
}

/// Publishes with the frame that is there; without a map yet, around what was imported.
async fn close(
    db: &Db,
    town: MunicipalityId,
    report: &mut Report,
    bounds: Bounds,
    action: &'static str,
) -> Result<(), ImportError> {
    let map = db.read(town, store::own_map).await?;
    let frame = match map {
        Some(map) => MapFrame {
            bounds: map.bounds,
            centre: map.centre,
            zoom_start: map.zoom_start,
            attribution: map.attribution,
        },
        None => MapFrame { bounds, centre: bounds.centre(), zoom_start: 15, attribution: OSM_ATTRIBUTION.to_owned() },
    };
    let (found, rows) = (report.found.clone(), report.written + report.removed);
    report.changed = finish(db, town, frame, action, found, rows).await?;
    Ok(())
}

async fn in_batches<T: Send + Sync + 'static>(
    db: &Db,
    town: MunicipalityId,
    rows: Vec<T>,
    put: fn(&Tx<'_>, &T) -> Result<u64, DbError>,
) -> Result<u64, DbError> {
    let (rows, mut written, mut from) = (Arc::new(rows), 0, 0);
    while from < rows.len() {
        let (rows, to) = (Arc::clone(&rows), (from + BATCH).min(rows.len()));
        written += db
            .write(town, move |tx| {
                tx.unaudited("one batch of an import; the import leaves one line at its end", || {
                    rows[from..to].iter().try_fold(0, |sum, row| Ok::<_, DbError>(sum + put(tx, row)?))
                })
            })
            .await?;
        from = to;
    }
    Ok(written)
}

pub(crate) fn bounds_of(positions: impl Iterator<Item = Position>) -> Bounds {
    let start = Bounds { south: 90.0, west: 180.0, north: -90.0, east: -180.0 };
    positions.fold(start, |b, at| Bounds {
        south: b.south.min(at.lat),
        west: b.west.min(at.lon),
        north: b.north.max(at.lat),
        east: b.east.max(at.lon),
    })
}

/// Reads the file; UTF-8, or Latin-1 as many offices export.
fn read_limited(path: &Path) -> Result<String, ImportError> {
    if std::fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(ImportError::Unusable(format!("sie ist größer als {} MB", FILE_BYTES_MAX >> 20)));
    }
    let bytes = std::fs::read(path)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    })
}

const COLUMNS: [(&str, &[&str]); 6] = [
    ("strasse", &["strasse", "straße", "street", "str"]),
    ("hausnummer", &["hausnummer", "hnr", "hausnr", "housenumber"]),
    ("plz", &["plz", "postleitzahl", "postcode"]),
    ("ort", &["ort", "gemeinde", "city"]),
    ("lat", &["lat", "latitude", "breite", "y"]),
    ("lon", &["lon", "lng", "longitude", "laenge", "länge", "x"]),
];

pub(crate) fn read_addresses(text: &str, report: &mut Report) -> Result<Vec<NewAddress>, ImportError> {
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(|name| name.trim().to_lowercase()).collect(),
        Err(_) => return Err(ImportError::Unusable("die Kopfzeile ist nicht lesbar".into())),
    };
    let mut columns = [0usize; 6];
    for (column, (wanted, aliases)) in columns.iter_mut().zip(COLUMNS) {
        let found = names.iter().position(|name| aliases.contains(&name.as_str()));
        *column = found.ok_or_else(|| ImportError::Unusable(format!("in der Kopfzeile fehlt die Spalte {wanted}")))?;
    }
    let (mut rows, mut seen) = (Vec::new(), HashMap::new());
    for (index, record) in reader.records().enumerate() {
        if index >= LINES_MAX {
            return Err(ImportError::Unusable(format!("sie hat mehr als {LINES_MAX} Zeilen")));
        }
        let line =
            record.as_ref().ok().and_then(csv::StringRecord::position).map_or(index as u64 + 2, csv::Position::line);
        match record
            .map_err(|_| "die Zeile ist keine gültige CSV-Zeile".to_owned())
            .and_then(|r| address_of(&r, columns))
        {
            Ok(row) => match seen.insert(row.source_ref.clone(), line) {
                None => rows.push(row),
                Some(first) => report.skip(line, format!("die Adresse steht schon in Zeile {first}")),
            },
            Err(why) => report.skip(line, why),
        }
    }
    Ok(rows)
}

fn address_of(record: &csv::StringRecord, columns: [usize; 6]) -> Result<NewAddress, String> {
    let field = |index: usize| record.get(columns[index]).map(str::trim).unwrap_or_default();
    for (index, (name, _)) in COLUMNS.iter().enumerate() {
        if field(index).chars().count() > FIELD_CHARS_MAX {
            return Err(format!("{name} ist länger als {FIELD_CHARS_MAX} Zeichen"));
        }
        if field(index).chars().any(char::is_control) {
            return Err(format!("{name} enthält Steuerzeichen"));
        }
    }
    if field(0).is_empty() || field(1).is_empty() {
        return Err("Straße oder Hausnummer fehlt".to_owned());
    }
    let degrees = |index: usize| field(index).replace(',', ".").parse::<f64>().ok();
    let position = degrees(4).zip(degrees(5)).and_then(|(lat, lon)| Position::new(lat, lon));
    let position = position.ok_or_else(|| "Breite oder Länge ist keine Zahl in Grad".to_owned())?;
    let key = [
        register::fold_name(field(0)),
        register::fold_number(field(1)),
        field(2).to_owned(),
        register::fold_name(field(3)),
    ];
    Ok(NewAddress {
        source: Source::Town,
        source_ref: key.join("|"),
        street: field(0).to_owned(),
        house_number: field(1).to_owned(),
        postcode: field(2).to_owned(),
        place: field(3).to_owned(),
        position,
    })
}

/// One asset of the list, perhaps with an area, perhaps upon a playground.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    pub new: NewAsset,
    pub parent_number: Option<String>,
    pub area: Option<Geometry>,
}

fn put_listed(tx: &Tx<'_>, row: &Listed) -> Result<u64, DbError> {
    let parent = match &row.parent_number {
        Some(number) => store::assets_by_number(tx, &register::fold_name(number), 1)?.first().map(|asset| asset.id),
        None => None,
    };
    let mut written = store::put_asset(tx, &NewAsset { parent, ..row.new.clone() })?.1;
    if let Some(geometry) = row.area.clone().filter(|_| row.new.kind == AssetKind::Playground) {
        let shape = NewShape {
            source: Source::Town,
            source_ref: row.new.source_ref.clone(),
            class: Class::Playground,
            label: Some(row.new.label.clone()),
            level: 0,
            geometry,
        };
        written += store::put_shape(tx, &shape)?;
    }
    Ok(written)
}

pub(crate) fn read_assets(text: &str, report: &mut Report) -> Result<Vec<Listed>, ImportError> {
    let whole: Value = serde_json::from_str(text)
        .map_err(|error| ImportError::Unusable(format!("in Zeile {} steht kein JSON", error.line())))?;
    let features = whole.get("features").and_then(Value::as_array);
    let features =
        features.ok_or_else(|| ImportError::Unusable("sie ist keine FeatureCollection nach GeoJSON".into()))?;
    if features.len() > LINES_MAX {
        return Err(ImportError::Unusable(format!("sie hat mehr als {LINES_MAX} Einträge")));
    }
    let (mut rows, mut seen) = (Vec::new(), HashSet::new());
    for (index, feature) in features.iter().enumerate() {
        match asset_of(feature) {
            Ok(row) if seen.insert(row.new.source_ref.clone()) => rows.push(row),
            Ok(_) => report.skip(index as u64 + 1, "die Nummer kommt schon vor"),
            Err(why) => report.skip(index as u64 + 1, why),
        }
    }
    Ok(rows)
}

fn asset_of(feature: &Value) -> Result<Listed, String> {
    let property = |names: &[&str]| {
        let value = names.iter().find_map(|name| feature.get("properties")?.get(*name));
        let text =
            value.and_then(|value| value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|n| n.to_string())));
        text.map(|text| text.trim().chars().filter(|c| !c.is_control()).take(FIELD_CHARS_MAX).collect::<String>())
            .filter(|text| !text.is_empty())
    };
    let word = property(&["art", "kind"]).ok_or("die Eigenschaft „art“ fehlt")?;
    let kind = asset_kind(&word).ok_or_else(|| format!("die Art „{word}“ ist unbekannt"))?;
    let geometry = feature.get("geometry").ok_or("die Geometrie fehlt")?;
    let coordinates = geometry.get("coordinates").ok_or("die Geometrie hat keine Koordinaten")?;
    let (position, area) = match geometry.get("type").and_then(Value::as_str) {
        Some("Point") => (point_of(coordinates).ok_or("die Koordinaten sind keine Grad")?, None),
        Some("Polygon") => {
            let rings = coordinates
                .as_array()
                .into_iter()
                .flatten()
                .map(|ring| ring.as_array().into_iter().flatten().filter_map(point_of).collect::<Vec<_>>());
            let area = Geometry::area(&rings.collect::<Vec<_>>()).ok_or("die Fläche ist leer")?;
            (area.middle(), Some(area))
        }
        _ => return Err("nur Punkte und Flächen werden übernommen".to_owned()),
    };
    let number = property(&["nummer", "number", "ref"]).unwrap_or_default();
    let source_ref = if number.is_empty() {
        format!("{}@{:.6},{:.6}", kind.word(), position.lat, position.lon)
    } else {
        number.clone()
    };
    let label = property(&["name", "bezeichnung", "label"]).unwrap_or_else(|| kind.german().to_owned());
    let new = NewAsset { source: Source::Town, source_ref, kind, label, number, parent: None, position };
    Ok(Listed { new, parent_number: property(&["gehoert_zu", "parent"]), area })
}

fn point_of(value: &Value) -> Option<Position> {
    Position::new(value.get(1)?.as_f64()?, value.get(0)?.as_f64()?)
}

fn asset_kind(word: &str) -> Option<AssetKind> {
    let folded = register::fold_name(word);
    let by_name = AssetKind::ALL.iter().find(|kind| register::fold_name(kind.german()) == folded);
    AssetKind::from_word(word).or(by_name.copied()).or(match folded.as_str() {
        "laterne" | "leuchte" | "strlaterne" => Some(AssetKind::Lamp),
        "bank" => Some(AssetKind::Bench),
        "papierkorb" | "muelleimer" | "abfallbehaelter" => Some(AssetKind::Bin),
        "container" | "glascontainer" => Some(AssetKind::Container),
        _ => None,
    })
}
