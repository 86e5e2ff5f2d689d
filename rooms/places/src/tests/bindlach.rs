//! A real place: the extract of Bindlach and Heinersreuth is imported, counted, searched and drawn. Where the research
//! data is missing the test says so and ends.

use super::SETS;
use crate::import::{OsmWish, osm};
use crate::lists::addresses;
use crate::model::{AssetKind, PlaceKind};
use crate::store::{self, Table};
use crate::{search_places, still};
use db::testing::on_both;
use maps::{Class, Theme};
use std::path::PathBuf;

fn extract() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var("STADTPLATZ_RESEARCH_DATA").unwrap_or_else(|_| default.to_owned());
    let path = PathBuf::from(data).join("osm-bindlach/bindlach-heinersreuth-2014.osm.pbf");
    path.exists().then_some(path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bindlach_runs_with_its_real_streets() {
    let Some(path) = extract() else {
        println!("skipped: no research data, set STADTPLATZ_RESEARCH_DATA");
        return;
    };
    on_both(SETS, async |test| {
        let (db, town) = (test.db.clone(), test.town().await);
        let site = super::site_on(test).await;
        let wish = OsmWish { centre_name: Some("Bindlach".into()), area: None };
        let first = osm(&db, town, path.clone(), wish.clone()).await.unwrap();
        println!("{}", first.lines().join("\n"));
        let again = osm(&db, town, path.clone(), wish.clone()).await.unwrap();
        assert_eq!((again.written, again.removed, again.changed), (0, 0, false));
        let doors = db.read(town, |tx| store::count(tx, Table::Addresses)).await.unwrap();
        assert!((700..1_000).contains(&doors), "{doors} addresses");
        for (class, least) in [
            (Class::Street, 300),
            (Class::Building, 1_500),
            (Class::Playground, 3),
            (Class::Forest, 50),
            (Class::Rail, 5),
            (Class::Stop, 10),
            (Class::Village, 3),
        ] {
            let count = db.read(town, move |tx| store::count_shapes(tx, class)).await.unwrap();
            assert!(count >= least, "{class:?}: {count}");
        }
        let playgrounds = db.read(town, |tx| store::assets_of_kind(tx, AssetKind::Playground, 99)).await.unwrap();
        assert!(playgrounds.len() >= 3);
        for (typed, label, kind) in [
            ("Adam Weber Weg 10", "Adam-Weber-Weg 10", PlaceKind::Address),
            ("adam-webr-weg", "Adam-Weber-Weg", PlaceKind::Street),
            ("hetersreuth", "Hettersreuth", PlaceKind::District),
        ] {
            let hits = db.read(town, move |tx| search_places(tx, typed, None, 5)).await.unwrap();
            let first = hits.first().map(|hit| (hit.label.as_str(), hit.kind));
            assert_eq!(first, Some((label, kind)), "{typed}: {hits:?}");
        }
        let centre = db.read(town, store::own_map).await.unwrap().unwrap().centre;
        for (zoom, theme) in
            [(13, Theme::Light), (15, Theme::Light), (16, Theme::Dark), (17, Theme::Light), (18, Theme::Light)]
        {
            let wish = crate::StillWish { zoom, ..crate::StillWish::of_place(centre, 900, 640, theme) };
            let picture = still(&site.site, town, wish).await.unwrap();
            assert!(picture.png.len() > 15_000, "zoom {zoom}: {} bytes", picture.png.len());
            super::keep_picture(&format!("bindlach-{zoom}-{}.png", theme.word()), &picture.png);
        }
        let list = path.with_file_name("adressen.csv");
        let own = addresses(&db, town, &list).await.unwrap();
        assert_eq!((own.written, own.skipped_count), (788, 0));
        let third = osm(&db, town, path.clone(), wish).await.unwrap();
        assert!(third.removed == 0, "the town's own list stays");
        assert_eq!(db.read(town, |tx| store::count(tx, Table::Addresses)).await.unwrap(), 788);
    })
    .await;
}
