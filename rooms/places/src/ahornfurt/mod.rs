//! Ahornfurt, the fictional town of the demonstration: its own map, addresses and things, drawn by code with a seeded
//! chance, so that it needs nobody's data. Seeding again changes nothing. No people and no reports live here.

mod build;
mod land;
mod plan;
mod things;

use crate::model::{NewAddress, NewAsset, NewDistrict, NewShape, Source};
use crate::publish::{MapFrame, publish_map};
use crate::register;
use crate::store::{self, Table};
use base::{Actor, Bounds, MunicipalityId};
use db::{Audit, Db, DbError, Tx};
use std::collections::HashMap;
use std::sync::Arc;

pub use land::MARKET;

/// Stands on every map of the demonstration.
pub const ATTRIBUTION: &str = "© Stadt Ahornfurt";

enum Piece {
    Shape(NewShape),
    District(NewDistrict),
    Address(NewAddress),
    Asset(NewAsset, Option<String>),
}

impl Piece {
    fn content(&self) -> (Table, &str, i64) {
        match self {
            Piece::Shape(new) => (Table::Shapes, &new.source_ref, new.content()),
            Piece::District(new) => (Table::Districts, &new.source_ref, new.content()),
            Piece::Address(new) => (Table::Addresses, &new.source_ref, new.content()),
            // Equipment carries the id of its playground in the database, so it is compared there.
            Piece::Asset(new, _) => (Table::Assets, &new.source_ref, new.content()),
        }
    }
}

const BATCH: usize = 500;

/// Builds the town in this municipality; says whether anything was new.
pub async fn seed(db: &Db, town: MunicipalityId) -> Result<bool, DbError> {
    let known = db
        .read(town, |tx| {
            let known = Table::ALL.map(|table| Ok((table, store::contents(tx, table, Source::Town)?)));
            known.into_iter().collect::<Result<HashMap<_, _>, DbError>>()
        })
        .await?;
    let is_new = |piece: &Piece| {
        let (table, reference, content) = piece.content();
        known.get(&table).and_then(|rows| rows.get(reference)) != Some(&content)
    };
    let pieces: Arc<Vec<Piece>> = Arc::new(pieces().into_iter().filter(is_new).collect());
    let (mut from, mut rows) = (0, 0);
    while from < pieces.len() {
        let (pieces, to) = (Arc::clone(&pieces), (from + BATCH).min(pieces.len()));
        rows += db
            .write(town, move |tx| {
                tx.unaudited("one batch of the demo town; one line follows at its end", || {
                    pieces[from..to].iter().try_fold(0, |sum, piece| Ok::<_, DbError>(sum + put(tx, piece)?))
                })
            })
            .await?;
        from = to;
    }
    db.write(town, move |tx| {
        let changed = publish_map(tx, &frame())? || rows > 0;
        if changed {
            let detail = serde_json::json!({ "rows": rows });
            tx.audit(Audit {
                actor: Actor::System.trace(),
                action: "places.demo_built",
                subject: "places".into(),
                detail,
            });
        }
        Ok(changed)
    })
    .await
}

fn frame() -> MapFrame {
    let ((west, south), (east, north)) = plan::EDGE;
    let (low, high) = (land::position((west, south)), land::position((east, north)));
    let bounds = Bounds { south: low.lat, west: low.lon, north: high.lat, east: high.lon };
    MapFrame {
        bounds,
        centre: land::position(land::bend((60.0, 20.0))),
        zoom_start: 16,
        attribution: ATTRIBUTION.to_owned(),
    }
}

fn pieces() -> Vec<Piece> {
    let built = build::build();
    let things = things::things(&built);
    let mut pieces: Vec<Piece> = built.shapes.into_iter().map(Piece::Shape).collect();
    pieces.extend(built.districts.into_iter().map(Piece::District));
    pieces.extend(built.addresses.into_iter().map(Piece::Address));
    pieces.extend(things.into_iter().map(|thing| Piece::Asset(thing.new, thing.parent_number)));
    pieces
}

fn put(tx: &Tx<'_>, piece: &Piece) -> Result<u64, DbError> {
    match piece {
        Piece::Shape(new) => store::put_shape(tx, new),
        Piece::District(new) => store::put_district(tx, new),
        Piece::Address(new) => store::put_address(tx, new),
        Piece::Asset(new, parent_number) => {
            let parent = match parent_number {
                Some(number) => store::asset_by_reference(tx, Source::Town, number)?,
                None => None,
            };
            Ok(store::put_asset(tx, &NewAsset { parent, ..new.clone() })?.1)
        }
    }
}

/// Is the town built already? Cheap, for the start of the demonstration.
pub fn is_built(tx: &Tx<'_>) -> Result<bool, DbError> {
    Ok(store::has_rows(tx, Table::Addresses, Source::Town)? && store::own_map(tx)?.is_some())
}

/// The number under which the search knows a thing: `SP-014-02`.
pub fn asset_by_number(tx: &Tx<'_>, number: &str) -> Result<Option<crate::Asset>, DbError> {
    Ok(store::assets_by_number(tx, &register::fold_name(number), 1)?.into_iter().next())
}
