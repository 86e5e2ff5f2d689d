//! Brings a real town in: an OpenStreetMap extract, and over it the town's own lists of addresses and assets. Streaming,
//! in small transactions, repeatable: a second run of the same file changes nothing. What cannot be used is counted and
//! named by line, never dropped in silence.

use crate::grid;
use crate::model::{AssetKind, NewAsset, Source};
use crate::osm::{self, OsmError, Piece};
use crate::publish::{MapFrame, publish_map};
use crate::store::{self, Table};
use base::{Actor, Bounds, MunicipalityId, Position};
use db::{Audit, Db, DbError, Tx};
use maps::Class;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The line the licence of OpenStreetMap asks for.
pub const OSM_ATTRIBUTION: &str = "© OpenStreetMap-Mitwirkende (ODbL)";

/// Rows per transaction.
const BATCH: usize = 400;
/// Skipped lines that are named; more are only counted.
const SKIPPED_NAMED_MAX: usize = 200;

/// Why nothing was taken; the sentences are the operator's.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("Der Auszug aus OpenStreetMap wurde nicht eingelesen")]
    Osm(#[from] OsmError),
    #[error("Die Datenbank hat die Daten nicht angenommen")]
    Db(#[from] DbError),
    #[error("Die Datei lässt sich nicht lesen")]
    File(#[from] std::io::Error),
    #[error("Die Datei ist nicht brauchbar: {0}")]
    Unusable(String),
}

/// A line that was left out and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub line: u64,
    pub why: String,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What the file held, by German name.
    pub found: BTreeMap<String, u64>,
    /// Rows added or changed.
    pub written: u64,
    /// Rows taken away, because the file does not hold them any more or the town's own list came.
    pub removed: u64,
    pub skipped: Vec<Skipped>,
    pub skipped_count: u64,
    /// Did the town's map change at all?
    pub changed: bool,
}

impl Report {
    pub(crate) fn skip(&mut self, line: u64, why: impl Into<String>) {
        self.skipped_count += 1;
        if self.skipped.len() < SKIPPED_NAMED_MAX {
            self.skipped.push(Skipped { line, why: why.into() });
        }
    }

    pub(crate) fn find(&mut self, what: &str) {
        *self.found.entry(what.to_owned()).or_default() += 1;
    }

    /// For the person at the terminal, in German.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.found.iter().map(|(what, count)| format!("{count:>8}  {what}")).collect();
        lines.push(format!("Neu oder geändert: {}. Entfernt: {}.", self.written, self.removed));
        if !self.changed {
            lines.push("Am Ortsverzeichnis hat sich nichts geändert.".to_owned());
        }
        if self.skipped_count > 0 {
            lines.push(format!("Übersprungene Zeilen: {}.", self.skipped_count));
            lines.extend(self.skipped.iter().map(|skipped| format!("  Zeile {}: {}", skipped.line, skipped.why)));
        }
        lines
    }
}

/// What the operator may say about an extract.
#[derive(Debug, Clone, Default)]
pub struct OsmWish {
    /// Name of the town or village in the middle of the map.
    pub centre_name: Option<String>,
    /// Only what touches this area.
    pub area: Option<Bounds>,
}

/// Imports an OpenStreetMap extract. The town's own lists stay: addresses and kinds of assets that the town keeps itself
/// are not taken from the extract.
pub async fn osm(db: &Db, town: MunicipalityId, path: PathBuf, wish: OsmWish) -> Result<Report, ImportError> {
    std::fs::File::open(&path)?;
    let own = db.read(town, Own::of).await?;
    let known = db.read(town, known_contents).await?;
    let (sender, mut pieces) = mpsc::channel::<Vec<Piece>>(4);
    let area = wish.area;
    let reading = tokio::task::spawn_blocking(move || read_batches(path, area, &sender));
    let mut run = Run { report: Report::default(), seen: HashMap::new(), known, own, doors: vec![], centre: None };
    while let Some(batch) = pieces.recv().await {
        let batch = run.choose(batch, wish.centre_name.as_deref());
        if !batch.is_empty() {
            run.report.written += write_batch(db, town, batch).await?;
        }
    }
    match reading.await {
        Ok(done) => done?,
        Err(_) => return Err(ImportError::Unusable("das Lesen brach ab".into())),
    }
    run.report.removed = remove_vanished(db, town, &run).await?;
    let frame = run.frame()?;
    let (found, written, removed) = (run.report.found.clone(), run.report.written, run.report.removed);
    run.report.changed = finish(db, town, frame, "places.osm_imported", found, written + removed).await?;
    Ok(run.report)
}

fn read_batches(path: PathBuf, area: Option<Bounds>, sender: &mpsc::Sender<Vec<Piece>>) -> Result<(), OsmError> {
    let mut batch = Vec::with_capacity(BATCH);
    osm::read(&path, area, &mut |piece| {
        batch.push(piece);
        batch.len() < BATCH || sender.blocking_send(std::mem::take(&mut batch)).is_ok()
    })?;
    if sender.blocking_send(batch).is_err() {
        return Err(OsmError::Stopped);
    }
    Ok(())
}

/// What the town keeps itself.
#[derive(Debug, Clone)]
struct Own {
    addresses: bool,
    districts: bool,
    kinds: Vec<AssetKind>,
}

impl Own {
    fn of(tx: &Tx<'_>) -> Result<Self, DbError> {
        Ok(Self {
            addresses: store::has_rows(tx, Table::Addresses, Source::Town)?,
            districts: store::has_rows(tx, Table::Districts, Source::Town)?,
            kinds: store::asset_kinds_of(tx, Source::Town)?,
        })
    }
}

type Contents = HashMap<Table, HashMap<String, i64>>;

fn known_contents(tx: &Tx<'_>) -> Result<Contents, DbError> {
    Table::ALL.into_iter().map(|table| Ok((table, store::contents(tx, table, Source::Osm)?))).collect()
}

struct Run {
    report: Report,
    seen: HashMap<Table, HashSet<String>>,
    known: Contents,
    own: Own,
    /// Positions of doors, and whether they carry the wished name as their town: the map opens where people live.
    doors: Vec<(Position, bool)>,
    centre: Option<Position>,
}

impl Run {
    /// Counts the pieces and keeps those that are new or changed.
    fn choose(&mut self, batch: Vec<Piece>, centre_name: Option<&str>) -> Vec<Piece> {
        let mut kept = Vec::new();
        for piece in batch {
            let (table, reference, content) = match &piece {
                Piece::Address(new) => {
                    self.report.find("Adressen");
                    self.doors.push((new.position, centre_name == Some(new.place.as_str())));
                    (Table::Addresses, &new.source_ref, new.content())
                }
                Piece::Shape(new) => {
                    self.report.find(german_class(new.class));
                    let settlement =
                        matches!(new.class, Class::Town | Class::Village | Class::Hamlet | Class::DistrictName);
                    if settlement && centre_name.is_some() && new.label.as_deref() == centre_name {
                        self.centre = Some(new.geometry.middle());
                    }
                    (Table::Shapes, &new.source_ref, new.content())
                }
                Piece::District(new) => {
                    self.report.find("Ortsteile");
                    (Table::Districts, &new.source_ref, new.content())
                }
                Piece::Asset { new, .. } => {
                    self.report.find(new.kind.german());
                    (Table::Assets, &new.source_ref, new.content())
                }
            };
            let is_own = match &piece {
                Piece::Address(_) => self.own.addresses,
                Piece::District(_) => self.own.districts,
                Piece::Asset { new, .. } => self.own.kinds.contains(&new.kind),
                Piece::Shape(_) => false,
            };
            if is_own {
                continue;
            }
            let same = self.known.get(&table).and_then(|rows| rows.get(reference)) == Some(&content);
            self.seen.entry(table).or_default().insert(reference.clone());
            // Equipment is compared where its playground's id is known.
            if !same || matches!(piece, Piece::Asset { playground: Some(_), .. }) {
                kept.push(piece);
            }
        }
        kept
    }

    /// The map reaches as far as doors do. It opens in the named village or, if the extract cuts that off, where the
    /// doors that carry its name stand closest.
    fn frame(&self) -> Result<MapFrame, ImportError> {
        let none = || ImportError::Unusable("der Auszug enthält keine Adresse; ist es das richtige Gebiet?".into());
        let all: Vec<Position> = self.doors.iter().map(|(at, _)| *at).collect();
        let named: Vec<Position> = self.doors.iter().filter(|(_, named)| *named).map(|(at, _)| *at).collect();
        let densest = densest(if named.is_empty() { &all } else { &named }).ok_or_else(none)?;
        let reach = crate::lists::bounds_of(all.into_iter());
        let bounds = Bounds {
            south: reach.south - 0.01,
            west: reach.west - 0.015,
            north: reach.north + 0.01,
            east: reach.east + 0.015,
        };
        let centre = self.centre.unwrap_or(densest);
        Ok(MapFrame { bounds, centre, zoom_start: 15, attribution: OSM_ATTRIBUTION.to_owned() })
    }
}

/// The middle of the doors around the cell with most doors in and beside it.
fn densest(doors: &[Position]) -> Option<Position> {
    let mut cells: BTreeMap<i64, Vec<Position>> = BTreeMap::new();
    for at in doors {
        cells.entry(grid::cell(*at)).or_default().push(*at);
    }
    let around = |cell: i64| grid::beside(cell).into_iter().filter_map(|cell| cells.get(&cell)).flatten();
    let best = cells.keys().max_by_key(|cell| (around(**cell).count(), std::cmp::Reverse(**cell)))?;
    let count = around(*best).count() as f64;
    let sum = around(*best).fold((0.0, 0.0), |sum, at| (sum.0 + at.lat, sum.1 + at.lon));
    Some(Position { lat: sum.0 / count, lon: sum.1 / count })
}

async fn write_batch(db: &Db, town: MunicipalityId, batch: Vec<Piece>) -> Result<u64, DbError> {
    let batch = Arc::new(batch);
    db.write(town, move |tx| {
        tx.unaudited("one batch of an import; the import leaves one line at its end", || {
            batch.iter().try_fold(0, |written, piece| Ok::<_, DbError>(written + put_piece(tx, piece)?))
        })
    })
    .await
}

fn put_piece(tx: &Tx<'_>, piece: &Piece) -> Result<u64, DbError> {
    match piece {
        Piece::Address(new) => store::put_address(tx, new),
        Piece::Shape(new) => store::put_shape(tx, new),
        Piece::District(new) => store::put_district(tx, new),
        Piece::Asset { new, playground } => {
            let parent = match playground {
                Some(reference) => store::asset_by_reference(tx, new.source, reference)?,
                None => None,
            };
            Ok(store::put_asset(tx, &NewAsset { parent, ..new.clone() })?.1)
        }
    }
}

/// Takes away what the extract held once and holds no more.
async fn remove_vanished(db: &Db, town: MunicipalityId, run: &Run) -> Result<u64, DbError> {
    let empty = HashSet::new();
    let mut gone: Vec<(Table, String)> = Vec::new();
    for (table, rows) in &run.known {
        let seen = run.seen.get(table).unwrap_or(&empty);
        // 0: withdrawn before.
        let vanished = rows.iter().filter(|(reference, content)| **content != 0 && !seen.contains(*reference));
        gone.extend(vanished.map(|(reference, _)| (*table, reference.clone())));
    }
    let mut removed = 0;
    for batch in gone.chunks(BATCH) {
        let batch = batch.to_vec();
        removed += db
            .write(town, move |tx| {
                tx.unaudited("one batch of an import; the import leaves one line at its end", || {
                    batch.iter().try_fold(0, |sum, (table, reference)| {
                        Ok::<_, DbError>(sum + store::take_away(tx, *table, Source::Osm, reference)?)
                    })
                })
            })
            .await?;
    }
    Ok(removed)
}

pub(crate) async fn finish(
    db: &Db,
    town: MunicipalityId,
    frame: MapFrame,
    action: &'static str,
    found: BTreeMap<String, u64>,
    rows: u64,
) -> Result<bool, DbError> {
    db.write(town, move |tx| {
        let changed = publish_map(tx, &frame)? || rows > 0;
        if changed {
            let detail = serde_json::json!({ "rows": rows, "found": found });
            tx.audit(Audit { actor: Actor::System.trace(), action, subject: "places".into(), detail });
        }
        Ok(changed)
    })
    .await
}

fn german_class(class: Class) -> &'static str {
    match class {
        Class::Building | Class::PublicBuilding => "Gebäude",
        Class::Stream | Class::River | Class::WaterArea => "Gewässer",
        Class::Path | Class::Track | Class::Steps => "Wege",
        Class::Service
        | Class::Pedestrian
        | Class::Street
        | Class::Tertiary
        | Class::Secondary
        | Class::Primary
        | Class::Motorway => "Straßen",
        Class::Rail => "Gleise",
        Class::Stop | Class::Station => "Haltestellen",
        Class::Town | Class::Village | Class::Hamlet | Class::DistrictName => "Orte",
        Class::Playground => "Spielplatzflächen",
        _ => "Flächen",
    }
}
