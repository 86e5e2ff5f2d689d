//! Kartenquelle: whose pictures a town's map shows, if not those drawn from its own geometry. Who says so and what it
//! means for every page with a map; asking the source and keeping its tiles is next door in `foreign.rs`.

use crate::model::{TownMap, content_number};
use crate::store;
use base::MunicipalityId;
use db::{Audit, DbError, Tx, record};
use outgoing::{Fetched, OutgoingError, XyzSource};
use serde_json::json;
use std::ops::RangeInclusive;
use web::Site;

record! {
    /// Kartenquelle. No `Debug`: the URL may carry a key.
    #[derive(Clone, PartialEq)]
    pub struct TileSource {
        /// With placeholders, as `outgoing::XyzSource` reads them.
        pub url_template: String,
        pub zoom_min: i64,
        pub zoom_max: i64,
        /// Stands on every map: the licence of the pictures asks for it.
        pub attribution: String,
        /// Which licence, seen where: for the town's own files.
        pub licence: String,
        /// Aerial pictures are dimmed in the dark theme, drawn maps are inverted.
        pub is_photo: bool,
    }
}

impl TileSource {
    pub fn zooms(&self) -> RangeInclusive<u8> {
        let zoom = |value: i64| u8::try_from(value).unwrap_or(u8::MAX);
        zoom(self.zoom_min)..=zoom(self.zoom_max)
    }

    /// Changes with everything a kept tile depends on.
    pub fn version(&self) -> i64 {
        content_number(&[self.url_template.as_bytes(), &self.zoom_min.to_le_bytes(), &self.zoom_max.to_le_bytes()])
    }

    /// The host alone: what may be shown and logged of the URL.
    pub fn host(&self) -> &str {
        let rest = self.url_template.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Ready to be asked; refuses what no request could be made of.
    pub fn client(&self, site: &Site) -> Result<XyzSource, OutgoingError> {
        XyzSource::new(site.outgoing.clone(), &self.url_template, self.zooms())
    }
}

/// The source this town named, if any.
pub fn tile_source(tx: &Tx<'_>) -> Result<Option<TileSource>, DbError> {
    store::tile_source(tx)
}

/// Names a source, or with `None` goes back to the town's own geometry.
pub fn set_tile_source(tx: &Tx<'_>, source: Option<&TileSource>) -> Result<(), DbError> {
    if store::tile_source(tx)?.as_ref() == source {
        return Ok(());
    }
    store::put_tile_source(tx, source)?;
    tx.audit(Audit {
        actor: "system".to_owned(),
        action: if source.is_some() { "map.source_named" } else { "map.source_dropped" },
        subject: "map".to_owned(),
        detail: json!({ "host": source.map(TileSource::host) }),
    });
    Ok(())
}

/// No German municipality reaches farther from its middle.
const REACH_METRES: f64 = 30_000.0;

/// What every page with a map must know. A town that named a source has a map even before it brings its own geometry.
pub fn town_map(tx: &Tx<'_>) -> Result<Option<TownMap>, DbError> {
    let own = store::own_map(tx)?;
    let Some(source) = store::tile_source(tx)? else { return Ok(own) };
    if let Some(own) = own {
        let attribution = both(&source.attribution, &own.attribution);
        return Ok(Some(TownMap { attribution, ..own }));
    }
    bare_map(tx, source.attribution)
}

/// The map of a town without geometry: around its middle.
fn bare_map(tx: &Tx<'_>, attribution: String) -> Result<Option<TownMap>, DbError> {
    let town = web::load_town(tx)?;
    Ok(town.map(|town| TownMap {
        version: 0,
        bounds: town.centre.around(REACH_METRES),
        centre: town.centre,
        zoom_start: 14,
        attribution,
    }))
}

/// Where the source has no tile the own map shows, and the search knows its names: both are owed their line.
pub fn both(source: &str, own: &str) -> String {
    let own = own.trim_start_matches("Kartendaten:").trim();
    if own.is_empty() || source.contains(own) { source.to_owned() } else { format!("{source} · {own}") }
}

/// What `doctor` and the operator's command find out.
pub enum SourceHealth {
    Answers {
        bytes: usize,
    },
    /// It answers, but has no tile in the middle of the town.
    Empty,
    Refused(OutgoingError),
    /// It sends something that is no tile of a map.
    NoPicture,
}

/// Asks the source for one tile in the middle of the town, past every cache.
pub async fn check_tile_source(
    site: &Site,
    town: MunicipalityId,
    source: &TileSource,
) -> Result<SourceHealth, DbError> {
    // The source may be only about to be named.
    let middle = |tx: &Tx<'_>| match store::own_map(tx)? {
        Some(map) => Ok(Some(map)),
        None => bare_map(tx, String::new()),
    };
    let Some(map) = site.db.read::<_, DbError>(town, middle).await? else { return Ok(SourceHealth::Empty) };
    let zoom = map.zoom_start.clamp(*source.zooms().start(), *source.zooms().end());
    let zoom = zoom.clamp(maps::ZOOM_MIN, maps::ZOOM_MAX);
    let Ok(view) = maps::View::around(map.centre, zoom, 1, 1) else { return Ok(SourceHealth::Empty) };
    let Some(&(z, x, y)) = maps::tiles_of(view, &source.zooms()).first() else { return Ok(SourceHealth::Empty) };
    let asked = match source.client(site) {
        Ok(client) => client.fetch(z, x, y, None).await,
        Err(error) => Err(error),
    };
    Ok(match asked {
        Ok(Fetched::Tile(tile)) if maps::Raster::decode(&tile.bytes).is_ok() => {
            SourceHealth::Answers { bytes: tile.bytes.len() }
        }
        Ok(Fetched::Tile(_)) | Err(OutgoingError::Unexpected { status: 200 }) => SourceHealth::NoPicture,
        Ok(_) => SourceHealth::Empty,
        Err(error) => SourceHealth::Refused(error),
    })
}
