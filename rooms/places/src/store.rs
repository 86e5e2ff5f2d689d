//! Every SQL statement of the place register. Plain functions over one `Tx`; no rules, no drawing. Writes here come from
//! imports and seeds, and the caller leaves the audit line that says which.

use crate::desk::AssetFilter;
use crate::grid;
use crate::model::{
    Address, AddressId, Asset, AssetId, AssetKind, AssetNear, NewAddress, NewAsset, NewDistrict, NewShape, PlaceKind,
    Source, TownMap,
};
use crate::register;
use crate::source::TileSource;
use base::{Bounds, Position};
use db::{DbError, Sql, Tx, p, record};
use maps::{Class, Feature, Geometry};
use std::collections::HashMap;

/// The tables that an import fills, each with source, reference and content number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    Addresses,
    Assets,
    Shapes,
    Districts,
}

impl Table {
    pub const ALL: [Table; 4] = [Table::Addresses, Table::Assets, Table::Shapes, Table::Districts];

    const fn name(self) -> &'static str {
        match self {
            Table::Addresses => "places_addresses",
            Table::Assets => "places_assets",
            Table::Shapes => "places_shapes",
            Table::Districts => "places_districts",
        }
    }
}

// ---- addresses --------------------------------------------------------------------------------------------------

const ADDRESS_COLUMNS: &str =
    "SELECT id, street, house_number, postcode, place, district, lat, lon FROM places_addresses";

pub fn put_address(tx: &Tx<'_>, new: &NewAddress) -> Result<u64, DbError> {
    tx.exec(
        "INSERT INTO places_addresses (municipality, id, street, house_number, postcode, place, lat, lon, cell, \
         street_folded, source, source_ref, content) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (municipality, source, source_ref) DO UPDATE SET street = excluded.street, \
         house_number = excluded.house_number, postcode = excluded.postcode, place = excluded.place, \
         lat = excluded.lat, lon = excluded.lon, cell = excluded.cell, street_folded = excluded.street_folded, \
         content = excluded.content WHERE places_addresses.content <> excluded.content",
        p![
            tx.new_id(),
            new.street,
            new.house_number,
            new.postcode,
            new.place,
            new.position.lat,
            new.position.lon,
            grid::cell(new.position),
            register::fold_name(&new.street),
            new.source,
            new.source_ref,
            new.content()
        ],
    )
}

/// The address nearest to a position within `metres`.
pub fn nearest_address(tx: &Tx<'_>, at: Position, metres: f64) -> Result<Option<Address>, DbError> {
    let mut best: Option<(f64, AddressId)> = None;
    let bounds = at.around(metres);
    for (first, last) in grid::runs(bounds) {
        // All of it is in the index: the words are read for the nearest one only.
        let near: Vec<(AddressId, f64, f64)> = tx.query(
            "SELECT id, lat, lon FROM places_addresses WHERE municipality = $1 AND cell BETWEEN $2 AND $3
             AND lat BETWEEN $4 AND $5 AND lon BETWEEN $6 AND $7",
            p![first, last, bounds.south, bounds.north, bounds.west, bounds.east],
        )?;
        for (id, lat, lon) in near {
            let far = at.metres_to(Position { lat, lon });
            if far <= metres && best.is_none_or(|(nearest, _)| far < nearest) {
                best = Some((far, id));
            }
        }
    }
    best.map_or(Ok(None), |(_, id)| address(tx, id))
}

/// Addresses of the streets with this folded name.
pub fn addresses_of_street(tx: &Tx<'_>, street_folded: &str, limit: i64) -> Result<Vec<Address>, DbError> {
    let sql = [ADDRESS_COLUMNS, "WHERE municipality = $1 AND street_folded = $2 ORDER BY id LIMIT $3"];
    tx.query(Sql::join(&sql), p![street_folded, limit])
}

pub fn address(tx: &Tx<'_>, id: AddressId) -> Result<Option<Address>, DbError> {
    tx.query_one(Sql::join(&[ADDRESS_COLUMNS, "WHERE municipality = $1 AND id = $2"]), p![id])
}

// ---- assets -----------------------------------------------------------------------------------------------------

const ASSET_COLUMNS: &str = "SELECT a.id, a.kind, a.label, a.number, a.parent, parent.label, a.district, a.token, \
     a.active, a.lat, a.lon FROM places_assets a LEFT JOIN places_assets parent \
     ON parent.municipality = a.municipality AND parent.id = a.parent";

/// Stores an asset; says its id, which stays the same as long as source and reference do, and how many rows changed.
pub fn put_asset(tx: &Tx<'_>, new: &NewAsset) -> Result<(AssetId, u64), DbError> {
    let id = tx.new_id();
    let changed = tx.exec(
        "INSERT INTO places_assets (municipality, id, kind, label, number, number_folded, parent, lat, lon, cell, \
         token, active, source, source_ref, content) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, TRUE, $12, $13, $14) \
         ON CONFLICT (municipality, source, source_ref) DO UPDATE SET kind = excluded.kind, label = excluded.label, \
         number = excluded.number, number_folded = excluded.number_folded, parent = excluded.parent, \
         lat = excluded.lat, lon = excluded.lon, cell = excluded.cell, active = TRUE, content = excluded.content \
         WHERE places_assets.content <> excluded.content",
        p![
            id,
            new.kind,
            new.label,
            new.number,
            register::fold_name(&new.number),
            new.parent,
            new.position.lat,
            new.position.lon,
            grid::cell(new.position),
            token_of(id),
            new.source,
            new.source_ref,
            new.content()
        ],
    )?;
    let known = asset_by_reference(tx, new.source, &new.source_ref)?;
    let id = known.ok_or_else(|| DbError::Other("an asset just stored is not there".into()))?;
    Ok((id, changed))
}

pub fn asset_by_reference(tx: &Tx<'_>, source: Source, source_ref: &str) -> Result<Option<AssetId>, DbError> {
    tx.scalar(
        "SELECT id FROM places_assets WHERE municipality = $1 AND source = $2 AND source_ref = $3",
        p![source, source_ref],
    )
}

/// Ten letters and digits without those that look alike, from the random end of the id: short enough for a sticker.
fn token_of(id: base::uuid::Uuid) -> String {
    const SIGNS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let mut bits = id.as_u128();
    (0..10)
        .map(|_| {
            let sign = SIGNS[(bits & 31) as usize];
            bits >>= 5;
            char::from(sign)
        })
        .collect()
}

pub fn asset(tx: &Tx<'_>, id: AssetId) -> Result<Option<Asset>, DbError> {
    tx.query_one(Sql::join(&[ASSET_COLUMNS, "WHERE a.municipality = $1 AND a.id = $2"]), p![id])
}

/// The asset behind a sticker; whatever else stands in an address is no token.
pub fn asset_by_token(tx: &Tx<'_>, token: &str) -> Result<Option<Asset>, DbError> {
    if token.len() != 10 || !token.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    tx.query_one(Sql::join(&[ASSET_COLUMNS, "WHERE a.municipality = $1 AND a.token = $2 AND a.active"]), p![token])
}

/// Assets with this number, however dashes and blanks are typed.
pub fn assets_by_number(tx: &Tx<'_>, number_folded: &str, limit: i64) -> Result<Vec<Asset>, DbError> {
    let sql = [ASSET_COLUMNS, "WHERE a.municipality = $1 AND a.number_folded = $2 AND a.active ORDER BY a.id LIMIT $3"];
    tx.query(Sql::join(&sql), p![number_folded, limit])
}

/// What belongs to this asset: the equipment of a playground.
pub fn assets_of(tx: &Tx<'_>, parent: AssetId) -> Result<Vec<Asset>, DbError> {
    let sql = [ASSET_COLUMNS, "WHERE a.municipality = $1 AND a.parent = $2 AND a.active ORDER BY a.number, a.id"];
    tx.query(Sql::join(&sql), p![parent])
}

/// All assets of a kind, by number, a page at a time.
pub fn assets_of_kind(tx: &Tx<'_>, kind: AssetKind, limit: i64) -> Result<Vec<Asset>, DbError> {
    let sql =
        [ASSET_COLUMNS, "WHERE a.municipality = $1 AND a.kind = $2 AND a.active ORDER BY a.number, a.id LIMIT $3"];
    tx.query(Sql::join(&sql), p![kind, limit])
}

/// Active assets that fit, by number. `number` is the folded beginning of one, or empty; `after` ends the page before.
pub fn assets_listed(
    tx: &Tx<'_>,
    filter: &AssetFilter,
    number: &str,
    after: Option<&Asset>,
    limit: i64,
) -> Result<Vec<Asset>, DbError> {
    let (last_number, last_id) = after.map_or(("", base::uuid::Uuid::nil()), |last| (last.number.as_str(), last.id.0));
    let sql = [
        ASSET_COLUMNS,
        "WHERE a.municipality = $1 AND a.active AND ($2 = '' OR a.kind = $2) AND ($3 = '' OR a.district = $3) \
         AND ($4 = '' OR substr(a.number_folded, 1, length($4)) = $4) \
         AND (a.number > $5 OR (a.number = $5 AND a.id > $6)) ORDER BY a.number, a.id LIMIT $7",
    ];
    let kind = filter.kind.map_or("", AssetKind::word);
    tx.query(Sql::join(&sql), p![kind, filter.district, number, last_number, last_id, limit])
}

/// Kinds there are assets of.
pub fn asset_kinds(tx: &Tx<'_>) -> Result<Vec<AssetKind>, DbError> {
    let sql = "SELECT DISTINCT kind FROM places_assets WHERE municipality = $1 AND active ORDER BY kind";
    Ok(tx.query::<(AssetKind,)>(sql, p![])?.into_iter().map(|(kind,)| kind).collect())
}

/// Districts there are assets in.
pub fn asset_districts(tx: &Tx<'_>) -> Result<Vec<String>, DbError> {
    let sql = "SELECT DISTINCT district FROM places_assets \
               WHERE municipality = $1 AND active AND district IS NOT NULL ORDER BY district";
    Ok(tx.query::<(String,)>(sql, p![])?.into_iter().map(|(name,)| name).collect())
}

/// Active assets within `metres`, nearest first.
pub fn assets_near(tx: &Tx<'_>, at: Position, metres: f64, limit: usize) -> Result<Vec<AssetNear>, DbError> {
    let mut found = Vec::new();
    let sql = || Sql::join(&[ASSET_COLUMNS, "WHERE a.municipality = $1 AND a.cell BETWEEN $2 AND $3 AND a.active"]);
    for (first, last) in grid::runs(at.around(metres)) {
        for asset in tx.query::<Asset>(sql(), p![first, last])? {
            let far = at.metres_to(asset.position());
            if far <= metres {
                found.push(AssetNear { asset, metres: far });
            }
        }
    }
    found.sort_by(|a, b| a.metres.total_cmp(&b.metres).then_with(|| a.asset.id.cmp(&b.asset.id)));
    found.truncate(limit);
    Ok(found)
}

// ---- shapes and districts ---------------------------------------------------------------------------------------

pub fn put_shape(tx: &Tx<'_>, new: &NewShape) -> Result<u64, DbError> {
    tx.exec(
        "INSERT INTO places_shapes (municipality, id, class, label, level, geometry, source, source_ref, content) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (municipality, source, source_ref) DO UPDATE SET class = excluded.class, label = excluded.label, \
         level = excluded.level, geometry = excluded.geometry, content = excluded.content \
         WHERE places_shapes.content <> excluded.content",
        p![
            tx.new_id(),
            new.class,
            new.label,
            i64::from(new.level),
            new.geometry.encode(),
            new.source,
            new.source_ref,
            new.content()
        ],
    )
}

pub fn put_district(tx: &Tx<'_>, new: &NewDistrict) -> Result<u64, DbError> {
    tx.exec(
        "INSERT INTO places_districts (municipality, id, name, geometry, source, source_ref, content) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (municipality, source, source_ref) DO UPDATE SET name = excluded.name, \
         geometry = excluded.geometry, content = excluded.content WHERE places_districts.content <> excluded.content",
        p![tx.new_id(), new.name, new.geometry.encode(), new.source, new.source_ref, new.content()],
    )
}

/// All districts with their areas, by name.
pub fn districts(tx: &Tx<'_>) -> Result<Vec<(String, Geometry)>, DbError> {
    let sql = "SELECT name, geometry FROM places_districts WHERE municipality = $1 ORDER BY name, id";
    let rows = tx.query::<(String, Vec<u8>)>(sql, p![])?;
    rows.into_iter().map(|(name, bytes)| Ok((name, geometry(&bytes)?))).collect()
}

fn geometry(bytes: &[u8]) -> Result<Geometry, DbError> {
    Geometry::decode(bytes).map_err(|error| DbError::WrongShape(error.to_string()))
}

/// Everything that is drawn: shapes, and from the registers house numbers, trees and district borders.
pub fn features(tx: &Tx<'_>) -> Result<Vec<Feature>, DbError> {
    let shapes = tx.query::<(Class, Option<String>, i64, Vec<u8>)>(
        "SELECT class, label, level, geometry FROM places_shapes WHERE municipality = $1",
        p![],
    )?;
    let mut features = Vec::with_capacity(shapes.len());
    for (class, label, level, bytes) in shapes {
        let level = i8::try_from(level).unwrap_or(0);
        features.push(Feature { class, label, level, geometry: geometry(&bytes)? });
    }
    let point = |lat, lon| Geometry::point(Position { lat, lon });
    let doors = tx.query::<(String, f64, f64)>(
        "SELECT house_number, lat, lon FROM places_addresses WHERE municipality = $1",
        p![],
    )?;
    features.extend(
        doors.iter().map(|(number, lat, lon)| Feature::new(Class::HouseNumber, Some(number), point(*lat, *lon))),
    );
    let trees = tx.query::<(f64, f64)>(
        "SELECT lat, lon FROM places_assets WHERE municipality = $1 AND kind = $2 AND active",
        p![AssetKind::Tree],
    )?;
    features.extend(trees.iter().map(|(lat, lon)| Feature::new(Class::Tree, None, point(*lat, *lon))));
    let borders = districts(tx)?.into_iter();
    features.extend(borders.map(|(_, area)| Feature::new(Class::DistrictBorder, None, area)));
    Ok(features)
}

// ---- names ------------------------------------------------------------------------------------------------------

record! {
    /// One name the search knows.
    #[derive(Debug, Clone, PartialEq)]
    pub struct NameRow {
        pub kind: PlaceKind,
        pub label: String,
        /// District or village.
        pub place: String,
        pub lat: f64,
        pub lon: f64,
        pub folded: String,
    }
}

pub fn names(tx: &Tx<'_>) -> Result<Vec<NameRow>, DbError> {
    tx.query(
        "SELECT kind, label, place, lat, lon, folded FROM places_names WHERE municipality = $1 \
         ORDER BY folded, kind, place, label",
        p![],
    )
}

pub fn replace_names(tx: &Tx<'_>, names: &[NameRow]) -> Result<(), DbError> {
    tx.exec("DELETE FROM places_names WHERE municipality = $1", p![])?;
    for name in names {
        tx.exec(
            "INSERT INTO places_names (municipality, id, kind, label, place, lat, lon, folded) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            p![tx.new_id(), name.kind, name.label, name.place, name.lat, name.lon, name.folded],
        )?;
    }
    Ok(())
}

record! {
    /// What the names of streets are made from.
    pub struct StreetDoor {
        pub street: String,
        pub street_folded: String,
        pub place: String,
        pub district: Option<String>,
        pub lat: f64,
        pub lon: f64,
    }
}

pub fn street_doors(tx: &Tx<'_>) -> Result<Vec<StreetDoor>, DbError> {
    tx.query(
        "SELECT street, street_folded, place, district, lat, lon FROM places_addresses WHERE municipality = $1 \
         ORDER BY street_folded, place, house_number, id",
        p![],
    )
}

pub fn named_shapes(tx: &Tx<'_>) -> Result<Vec<(Class, String, Geometry)>, DbError> {
    let sql = "SELECT class, label, geometry FROM places_shapes WHERE municipality = $1 AND label IS NOT NULL \
               ORDER BY label, source_ref";
    let rows = tx.query::<(Class, String, Vec<u8>)>(sql, p![])?;
    rows.into_iter().map(|(class, label, bytes)| Ok((class, label, geometry(&bytes)?))).collect()
}

// ---- the map as a whole -----------------------------------------------------------------------------------------

/// Of the town's own geometry.
pub fn own_map(tx: &Tx<'_>) -> Result<Option<TownMap>, DbError> {
    record! {
        struct MapRow {
            version: i64,
            south: f64,
            west: f64,
            north: f64,
            east: f64,
            centre_lat: f64,
            centre_lon: f64,
            zoom_start: i64,
            attribution: String,
        }
    }
    let row = tx.query_one::<MapRow>(
        "SELECT version, south, west, north, east, centre_lat, centre_lon, zoom_start, attribution FROM places_map \
         WHERE municipality = $1",
        p![],
    )?;
    Ok(row.map(|row| TownMap {
        version: row.version,
        bounds: Bounds { south: row.south, west: row.west, north: row.north, east: row.east },
        centre: Position { lat: row.centre_lat, lon: row.centre_lon },
        zoom_start: u8::try_from(row.zoom_start).unwrap_or(maps::ZOOM_MIN),
        attribution: row.attribution,
    }))
}

pub fn put_map(tx: &Tx<'_>, map: &TownMap) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO places_map (municipality, version, south, west, north, east, centre_lat, centre_lon, zoom_start, \
         attribution) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (municipality) DO UPDATE SET version = excluded.version, south = excluded.south, \
         west = excluded.west, north = excluded.north, east = excluded.east, centre_lat = excluded.centre_lat, \
         centre_lon = excluded.centre_lon, zoom_start = excluded.zoom_start, attribution = excluded.attribution",
        p![
            map.version,
            map.bounds.south,
            map.bounds.west,
            map.bounds.north,
            map.bounds.east,
            map.centre.lat,
            map.centre.lon,
            i64::from(map.zoom_start),
            map.attribution
        ],
    )?;
    Ok(())
}

pub fn tile_source(tx: &Tx<'_>) -> Result<Option<TileSource>, DbError> {
    tx.query_one(
        "SELECT url_template, zoom_min, zoom_max, attribution, licence, is_photo FROM places_tile_sources \
         WHERE municipality = $1",
        p![],
    )
}

pub fn put_tile_source(tx: &Tx<'_>, source: Option<&TileSource>) -> Result<(), DbError> {
    tx.exec("DELETE FROM places_tile_sources WHERE municipality = $1", p![])?;
    if let Some(new) = source {
        tx.exec(
            "INSERT INTO places_tile_sources (municipality, url_template, zoom_min, zoom_max, attribution, licence, \
             is_photo, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            p![new.url_template, new.zoom_min, new.zoom_max, new.attribution, new.licence, new.is_photo, tx.now()],
        )?;
    }
    Ok(())
}

/// Writes into addresses and assets the district they lie in; says how many rows changed.
pub fn assign_districts(tx: &Tx<'_>) -> Result<u64, DbError> {
    let areas = districts(tx)?;
    let mut changed = 0;
    for (select, update) in [
        (
            "SELECT id, lat, lon, district FROM places_addresses WHERE municipality = $1",
            "UPDATE places_addresses SET district = $2 WHERE municipality = $1 AND id = $3",
        ),
        (
            "SELECT id, lat, lon, district FROM places_assets WHERE municipality = $1",
            "UPDATE places_assets SET district = $2 WHERE municipality = $1 AND id = $3",
        ),
    ] {
        for (id, lat, lon, known) in tx.query::<(base::uuid::Uuid, f64, f64, Option<String>)>(select, p![])? {
            let here = areas.iter().find(|(_, area)| area.holds(Position { lat, lon })).map(|(name, _)| name);
            if here != known.as_ref() {
                changed += tx.exec(update, p![here, id])?;
            }
        }
    }
    Ok(changed)
}

/// Content number by reference of all rows of one source.
pub fn contents(tx: &Tx<'_>, table: Table, source: Source) -> Result<HashMap<String, i64>, DbError> {
    let sql = ["SELECT source_ref, content FROM", table.name(), "WHERE municipality = $1 AND source = $2"];
    Ok(tx.query::<(String, i64)>(Sql::join(&sql), p![source])?.into_iter().collect())
}

/// Are there rows of this source?
pub fn has_rows(tx: &Tx<'_>, table: Table, source: Source) -> Result<bool, DbError> {
    let sql = ["SELECT content FROM", table.name(), "WHERE municipality = $1 AND source = $2 LIMIT 1"];
    Ok(tx.scalar::<i64>(Sql::join(&sql), p![source])?.is_some())
}

/// Kinds of assets the town keeps its own list of.
pub fn asset_kinds_of(tx: &Tx<'_>, source: Source) -> Result<Vec<AssetKind>, DbError> {
    let sql =
        "SELECT DISTINCT kind FROM places_assets WHERE municipality = $1 AND source = $2 AND active ORDER BY kind";
    Ok(tx.query::<(AssetKind,)>(sql, p![source])?.into_iter().map(|(kind,)| kind).collect())
}

/// References and content numbers of one kind.
pub fn references_of_kind(tx: &Tx<'_>, source: Source, kind: AssetKind) -> Result<Vec<(String, i64)>, DbError> {
    let sql = "SELECT source_ref, content FROM places_assets WHERE municipality = $1 AND source = $2 AND kind = $3";
    tx.query(sql, p![source, kind])
}

/// Takes a row away. An asset is only withdrawn: reports may name it.
pub fn take_away(tx: &Tx<'_>, table: Table, source: Source, source_ref: &str) -> Result<u64, DbError> {
    if table == Table::Assets {
        return tx.exec(
            "UPDATE places_assets SET active = FALSE, content = 0 \
             WHERE municipality = $1 AND source = $2 AND source_ref = $3 AND active",
            p![source, source_ref],
        );
    }
    let sql = ["DELETE FROM", table.name(), "WHERE municipality = $1 AND source = $2 AND source_ref = $3"];
    tx.exec(Sql::join(&sql), p![source, source_ref])
}

/// Withdraws the derived assets of a kind, because the town's own list of that kind has come.
pub fn withdraw_kind(tx: &Tx<'_>, source: Source, kind: AssetKind) -> Result<u64, DbError> {
    tx.exec(
        "UPDATE places_assets SET active = FALSE, content = 0 \
         WHERE municipality = $1 AND source = $2 AND kind = $3 AND active",
        p![source, kind],
    )
}

/// Removes the derived addresses, because the town's own list has come.
pub fn remove_addresses(tx: &Tx<'_>, source: Source) -> Result<u64, DbError> {
    tx.exec("DELETE FROM places_addresses WHERE municipality = $1 AND source = $2", p![source])
}

/// How many rows a table holds for this town.
#[cfg(test)]
pub fn count(tx: &Tx<'_>, table: Table) -> Result<i64, DbError> {
    let sql = ["SELECT COUNT(*) FROM", table.name(), "WHERE municipality = $1"];
    Ok(tx.scalar(Sql::join(&sql), p![])?.unwrap_or(0))
}

/// How many shapes of a class the map has.
#[cfg(test)]
pub fn count_shapes(tx: &Tx<'_>, class: Class) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) FROM places_shapes WHERE municipality = $1 AND class = $2";
    Ok(tx.scalar(sql, p![class])?.unwrap_or(0))
}
