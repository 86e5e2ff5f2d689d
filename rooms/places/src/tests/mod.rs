//! Tests of the place register: rules without a database, the store on both databases, lists, and a real extract.

mod ahornfurt;
mod bindlach;
mod desk;
mod foreign;
mod lists;
mod pages;
mod rules;
mod store;

use base::Position;
use db::Migrations;

pub const SETS: &[Migrations] = &[("places", crate::MIGRATIONS)];

pub const HERE: Position = Position { lat: 50.12, lon: 11.03 };

/// So many metres north and east of the middle of the test town.
pub fn at(north: f64, east: f64) -> Position {
    Position { lat: HERE.lat + north / 111_195.0, lon: HERE.lon + east / 71_290.0 }
}

/// Keeps a picture for the eye, if a folder for pictures is named.
pub fn keep_picture(name: &str, png: &[u8]) {
    if let Ok(folder) = std::env::var("STADTPLATZ_PICTURES") {
        std::fs::write(std::path::Path::new(&folder).join(name), png).unwrap();
    }
}

/// A site of this room alone upon a test's database.
pub async fn site_on(test: db::testing::TestDb) -> testkit::TestSite {
    testkit::TestSite::new(test, vec![crate::room()].into(), web::Settings::default()).await
}
