//! The demo town: complete, plausible, the same every time, and lovely to look at (the last by eye).

use super::SETS;
use crate::model::{AssetKind, PlaceKind};
use crate::publish::district_at;
use crate::store::{self, Table};
use crate::{ahornfurt, search_places, still};
use base::Position;
use db::testing::on_both;
use maps::{Class, Theme};
use std::collections::HashSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ahornfurt_is_a_whole_town() {
    on_both(SETS, async |test| {
        let (db, town) = (test.db.clone(), test.town().await);
        let site = super::site_on(test).await;
        assert!(!db.read(town, ahornfurt::is_built).await.unwrap());
        assert!(ahornfurt::seed(&db, town).await.unwrap());
        assert!(db.read(town, ahornfurt::is_built).await.unwrap());
        assert!(!ahornfurt::seed(&db, town).await.unwrap(), "a second time changes nothing");

        let doors = db.read(town, store::street_doors).await.unwrap();
        let streets: HashSet<&str> = doors.iter().map(|door| door.street.as_str()).collect();
        assert!(streets.len() >= 55, "{} streets", streets.len());
        assert!(doors.len() > 1_500, "{} houses", doors.len());
        for (kind, range) in [
            (AssetKind::Playground, 18..19),
            (AssetKind::PlayEquipment, 60..130),
            (AssetKind::Lamp, 350..700),
            (AssetKind::Tree, 300..900),
            (AssetKind::Bench, 40..80),
            (AssetKind::Bin, 20..60),
            (AssetKind::Container, 12..13),
        ] {
            let all = db.read(town, move |tx| store::assets_of_kind(tx, kind, 5_000)).await.unwrap();
            assert!(range.contains(&all.len()), "{kind:?}: {}", all.len());
            assert_eq!(all.iter().map(|asset| &asset.number).collect::<HashSet<_>>().len(), all.len());
            assert!(all.iter().all(|asset| asset.district.is_some()), "{kind:?} outside every district");
        }
        assert_eq!(db.read(town, |tx| store::count(tx, Table::Districts)).await.unwrap(), 3);
        let swing = db.read(town, |tx| ahornfurt::asset_by_number(tx, "SP-014-02")).await.unwrap().unwrap();
        assert_eq!(swing.title(), "Spielplatz Lindenpark – Schaukel");
        let near = db.read(town, move |tx| store::assets_near(tx, swing.position(), 40.0, 30)).await.unwrap();
        assert!(near.iter().any(|near| near.asset.title() == "Spielplatz Lindenpark – Rutsche"));
        for (typed, label, kind) in [
            ("Lindenpark", "Lindenpark", PlaceKind::Park),
            ("Ententeich", "Ententeich", PlaceKind::Water),
            ("Rathaus", "Rathaus", PlaceKind::Building),
            ("Marktplatz 1", "Marktplatz 1", PlaceKind::Address),
            ("haupstr 5", "Hauptstraße 5", PlaceKind::Address),
            ("spielplatz lindenpark", "Spielplatz Lindenpark", PlaceKind::Playground),
        ] {
            let hits = db.read(town, move |tx| search_places(tx, typed, None, 5)).await.unwrap();
            assert_eq!(hits.first().map(|hit| (hit.label.as_str(), hit.kind)), Some((label, kind)), "{typed}");
        }
        let market = ahornfurt::MARKET;
        let at = move |north: f64| Position { lat: market.lat + north / 111_195.0, lon: market.lon };
        for (north, name) in [(0.0, "Altstadt"), (700.0, "Nordstadt"), (-800.0, "Südstadt")] {
            let here = db.read(town, move |tx| district_at(tx, at(north))).await.unwrap();
            assert_eq!(here.as_deref(), Some(name));
        }
        assert!(db.read(town, |tx| store::count_shapes(tx, Class::Building)).await.unwrap() > 1_500);
        for (zoom, theme) in [
            (13, Theme::Light),
            (14, Theme::Light),
            (15, Theme::Light),
            (16, Theme::Light),
            (16, Theme::Dark),
            (17, Theme::Light),
            (18, Theme::Light),
            (14, Theme::Dark),
        ] {
            let centre =
                if zoom >= 17 { Position { lat: market.lat + 0.0009, lon: market.lon + 0.0035 } } else { market };
            let wish = crate::StillWish { zoom, pins: vec![], ..crate::StillWish::of_place(centre, 1000, 720, theme) };
            let picture = still(&site.site, town, wish).await.unwrap();
            assert!(picture.png.len() > 20_000, "zoom {zoom}: {} bytes", picture.png.len());
            super::keep_picture(&format!("ahornfurt-{zoom}-{}.png", theme.word()), &picture.png);
        }
    })
    .await;
}
