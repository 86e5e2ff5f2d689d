//! Ortsverzeichnis: where things are in a town. Addresses, things the town looks after, districts, and the geometry its
//! map is drawn from. Other rooms ask here by the same `Tx`; they never read these tables. No reports, no people.
//! Invariant: what is drawn and what is found come from the town's own database, so no position leaves the house.

pub mod ahornfurt;
mod cache;
mod desk;
mod foreign;
mod grid;
pub mod import;
pub mod lists;
mod model;
mod osm;
mod pages;
mod publish;
mod register;
mod search;
mod source;
mod store;
mod tags;
mod tiles;

pub use model::{
    Address, AddressId, Asset, AssetId, AssetKind, AssetNear, NewAddress, NewAsset, NewDistrict, NewShape, PlaceHit,
    PlaceKind, Source, TownMap,
};
pub use publish::{MapFrame, district_at, publish_map, scene};
pub use register::{house_number, name_alike};
pub use search::search_places;
pub use source::{SourceHealth, TileSource, check_tile_source, set_tile_source, tile_source, town_map};
pub use store::{
    address, asset, asset_by_token, assets_near, assets_of, assets_of_kind, put_address, put_asset, put_district,
    put_shape,
};
pub use tiles::{Picture, PictureError, StillWish, TileWish, still, tile};

use base::{Permission, Position};
use db::{DbError, Migration, Tx};
use web::{Access, DemoPage, Room, Routes, SearchHit, Texts};

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "20261122_places", sql: include_str!("../migrations/20261122_places.sql") },
    Migration {
        name: "20261122_places_tile_source",
        sql: include_str!("../migrations/20261122_places_tile_source.sql"),
    },
    Migration { name: "20261130_places_near", sql: include_str!("../migrations/20261130_places_near.sql") },
    Migration { name: "20261130_places_near_old", sql: include_str!("../migrations/20261130_places_near_old.sql") },
];

/// The address nearest to a position, within a quarter of a kilometre.
pub fn nearest_address(tx: &Tx<'_>, at: Position) -> Result<Option<Address>, DbError> {
    match store::nearest_address(tx, at, 60.0)? {
        Some(address) => Ok(Some(address)),
        None => store::nearest_address(tx, at, 250.0),
    }
}

/// The manifest.
pub fn room() -> Room {
    Room {
        migrations: MIGRATIONS,
        texts: (include_str!("../texts/de.ftl"), include_str!("../texts/en.ftl")),
        routes,
        api: include_str!("../data/openapi.json"),
        search: hits_of,
        demo_pages: |_| {
            Ok(vec![
                DemoPage::public("/orte?q=Hauptstr", "places"),
                DemoPage::public("/orte", "places-empty"),
                DemoPage::staff("/arbeit/objekte", "clerk", "assets"),
                DemoPage::staff("/arbeit/objekte/bogen?art=playground", "clerk", "asset-labels"),
            ])
        },
        ..Room::named("places")
    }
}

fn routes(routes: &mut Routes) {
    routes.get("/karte/{theme}/{zoom}/{x}/{file}", Access::Public, pages::tile);
    routes.get("/karte/bild", Access::Public, pages::still);
    routes.get("/orte", Access::Public, pages::places);

    let reader = Access::Needs(Permission::CaseRead);
    routes.get("/arbeit/objekte", reader, desk::list);
    routes.get("/arbeit/objekte/bogen", reader, desk::labels);
}

/// Places in the one search of the home page.
fn hits_of(tx: &Tx<'_>, t: &Texts, text: &str, limit: i64) -> Result<Vec<SearchHit>, DbError> {
    let limit = usize::try_from(limit).unwrap_or(0);
    let hits = search_places(tx, text, None, limit)?;
    let hit = |hit: PlaceHit| SearchHit {
        group: t.s("places-title"),
        href: format!("/orte?q={}", in_address(&format!("{} {}", hit.label, hit.sub))),
        title: hit.label,
        text: hit.sub,
    };
    Ok(hits.into_iter().map(hit).collect())
}

/// A text as a value in an address.
fn in_address(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.trim().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(test)]
mod tests;
