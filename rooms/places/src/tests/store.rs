//! Every store function on both databases, and the public functions that stand upon them.

use super::{SETS, at};
use crate::model::*;
use crate::publish::{MapFrame, district_at, publish_map, scene};
use crate::store::{self, Table};
use crate::{nearest_address, search_places};
use base::{Bounds, MunicipalityId, Position};
use db::testing::{TestDb, on_both};
use db::{Db, DbError, Tx};
use maps::{Class, Geometry};

fn address(street: &str, number: &str, position: Position) -> NewAddress {
    NewAddress {
        source: Source::Town,
        source_ref: format!("{street} {number}"),
        street: street.into(),
        house_number: number.into(),
        postcode: "96999".into(),
        place: "Ahornfurt".into(),
        position,
    }
}

fn asset(kind: AssetKind, label: &str, number: &str, parent: Option<AssetId>, position: Position) -> NewAsset {
    let (source, source_ref) = (Source::Town, number.to_owned());
    NewAsset { source, source_ref, kind, label: label.into(), number: number.into(), parent, position }
}

fn square(south: f64, west: f64, side: f64) -> Geometry {
    let ring = vec![at(south, west), at(south, west + side), at(south + side, west + side), at(south + side, west)];
    Geometry::area(&[ring]).unwrap()
}

fn frame() -> MapFrame {
    let (low, high) = (at(-1500.0, -1500.0), at(1500.0, 1500.0));
    let bounds = Bounds { south: low.lat, west: low.lon, north: high.lat, east: high.lon };
    MapFrame { bounds, centre: super::HERE, zoom_start: 15, attribution: "Kartendaten: Stadt Ahornfurt".into() }
}

/// Two streets, a park with a playground and a swing, a lamp, two districts.
pub fn small_town(tx: &Tx<'_>) -> Result<bool, DbError> {
    db::testing::unaudited(tx, "a town for a test");
    for (index, number) in ["1", "2", "5", "5a", "12"].into_iter().enumerate() {
        store::put_address(tx, &address("Lindenstraße", number, at(10.0, index as f64 * 20.0)))?;
        store::put_address(tx, &address("Hauptstraße", number, at(-500.0, index as f64 * 20.0)))?;
    }
    let playground = asset(AssetKind::Playground, "Spielplatz Lindenpark", "SP-014", None, at(200.0, 0.0));
    let (playground, _) = store::put_asset(tx, &playground)?;
    store::put_asset(tx, &asset(AssetKind::PlayEquipment, "Schaukel", "SP-014-02", Some(playground), at(205.0, 0.0)))?;
    store::put_asset(tx, &asset(AssetKind::Lamp, "Straßenlaterne", "LA-0001", None, at(12.0, 5.0)))?;
    let (source, level) = (Source::Town, 0);
    for (reference, class, label, geometry) in [
        ("park", Class::Park, Some("Lindenpark"), square(150.0, -100.0, 200.0)),
        ("path", Class::Street, Some("Am Anger"), Geometry::line(&[at(-900.0, 0.0), at(-950.0, 300.0)]).unwrap()),
        ("house", Class::Building, None, square(0.0, 0.0, 12.0)),
    ] {
        let (source_ref, label) = (reference.to_owned(), label.map(str::to_owned));
        store::put_shape(tx, &NewShape { source, source_ref, class, label, level, geometry })?;
    }
    for (name, geometry) in
        [("Nordstadt", square(0.0, -1000.0, 2000.0)), ("Südstadt", square(-2000.0, -1000.0, 2000.0))]
    {
        store::put_district(tx, &NewDistrict { source, source_ref: name.into(), name: name.into(), geometry })?;
    }
    publish_map(tx, &frame())
}

async fn built(test: &TestDb) -> (Db, MunicipalityId) {
    let town = test.town().await;
    assert!(test.db.write(town, small_town).await.unwrap());
    (test.db.clone(), town)
}

async fn look<T: Send + 'static>(
    db: &Db,
    town: MunicipalityId,
    f: impl Fn(&Tx<'_>) -> Result<T, DbError> + Send + 'static,
) -> T {
    db.read(town, f).await.unwrap()
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    on_both(SETS, async |test| {
        let (db, town) = built(&test).await;
        let before = look(&db, town, store::own_map).await.unwrap();
        let tokens = look(&db, town, |tx| store::assets_of_kind(tx, AssetKind::Lamp, 9)).await;
        assert!(!db.write(town, small_town).await.unwrap());
        assert_eq!(look(&db, town, store::own_map).await.unwrap(), before);
        assert_eq!(look(&db, town, |tx| store::assets_of_kind(tx, AssetKind::Lamp, 9)).await, tokens);
        for (table, rows) in [(Table::Addresses, 10), (Table::Assets, 3), (Table::Shapes, 3), (Table::Districts, 2)] {
            assert_eq!(look(&db, town, move |tx| store::count(tx, table)).await, rows, "{table:?}");
        }
        let moved = address("Lindenstraße", "1", at(11.0, 0.0));
        let changed = db
            .write(town, move |tx| {
                db::testing::unaudited(tx, "test");
                store::put_address(tx, &moved)?;
                publish_map(tx, &frame())
            })
            .await;
        assert!(changed.unwrap());
        assert_ne!(look(&db, town, store::own_map).await.unwrap().version, before.version);
    })
    .await;
}

#[tokio::test]
async fn typed_places_are_found() {
    on_both(SETS, async |test| {
        let (db, town) = built(&test).await;
        let table = [
            ("Lindenstr 5", "Lindenstraße 5", PlaceKind::Address),
            ("lindenstrase 5", "Lindenstraße 5", PlaceKind::Address),
            ("Lindenstraße 5 A, 96999 Ahornfurt", "Lindenstraße 5a", PlaceKind::Address),
            ("Haupstr. 12", "Hauptstraße 12", PlaceKind::Address),
            ("Haupstr.", "Hauptstraße", PlaceKind::Street),
            ("lindenpark", "Lindenpark", PlaceKind::Park),
            ("Spielplatz Lindenpark", "Spielplatz Lindenpark", PlaceKind::Playground),
            ("am anger", "Am Anger", PlaceKind::Street),
            ("sp 014 02", "Spielplatz Lindenpark – Schaukel", PlaceKind::Asset),
            ("la-0001", "Straßenlaterne", PlaceKind::Asset),
        ];
        for (typed, label, kind) in table {
            let hits = look(&db, town, move |tx| search_places(tx, typed, None, 5)).await;
            let first = hits.first().unwrap_or_else(|| panic!("nothing for {typed}"));
            assert_eq!((first.label.as_str(), first.kind), (label, kind), "{typed}");
        }
        let hits = look(&db, town, |tx| search_places(tx, "Lindenstraße 5", None, 9)).await;
        let labels: Vec<_> = hits.iter().map(|hit| hit.label.as_str()).collect();
        assert_eq!(labels[..3], ["Lindenstraße 5", "Lindenstraße 5a", "Lindenstraße"]);
        for nothing in ["", "   ", "Quellenhof", "%", "5", "\u{0}"] {
            assert_eq!(look(&db, town, move |tx| search_places(tx, nothing, None, 5)).await, vec![], "{nothing:?}");
        }
        let street = look(&db, town, |tx| search_places(tx, "Hauptstraße", None, 1)).await;
        assert_eq!(street[0].sub, "Südstadt");
    })
    .await;
}

#[tokio::test]
async fn a_long_street_stands_in_the_district_it_is_named_after() {
    on_both(SETS, async |test| {
        let (db, town) = built(&test).await;
        // Most of its doors lie in the south; the door nearest to the middle of all of them lies in the north.
        let doors = [(-500.0, "1"), (-495.0, "2"), (-490.0, "3"), (5.0, "20"), (1_400.0, "90")];
        let long = db.write(town, move |tx| {
            db::testing::unaudited(tx, "a street for a test");
            for (north, number) in doors {
                store::put_address(tx, &address("Lange Zeile", number, at(north, 0.0)))?;
            }
            publish_map(tx, &frame())
        });
        assert!(long.await.unwrap());
        let hits = look(&db, town, |tx| search_places(tx, "Lange Zeile", None, 1)).await;
        assert_eq!((hits[0].sub.as_str(), hits[0].kind), ("Südstadt", PlaceKind::Street));
        let position = hits[0].position;
        let district = look(&db, town, move |tx| crate::district_at(tx, position)).await;
        assert_eq!(district.as_deref(), Some("Südstadt"));
    })
    .await;
}

#[tokio::test]
async fn what_is_near_is_found_by_distance() {
    on_both(SETS, async |test| {
        let (db, town) = built(&test).await;
        let near = look(&db, town, |tx| store::assets_near(tx, at(203.0, 0.0), 50.0, 5)).await;
        let titles: Vec<_> = near.iter().map(|near| (near.asset.title(), near.metres.round())).collect();
        assert_eq!(
            titles,
            [("Spielplatz Lindenpark – Schaukel".to_owned(), 2.0), ("Spielplatz Lindenpark".to_owned(), 3.0)]
        );
        assert_eq!(near[0].asset.district.as_deref(), Some("Nordstadt"));
        assert_eq!(look(&db, town, |tx| store::assets_near(tx, at(203.0, 0.0), 50.0, 1)).await.len(), 1);
        let door = look(&db, town, |tx| nearest_address(tx, at(14.0, 42.0))).await.unwrap();
        assert_eq!((door.line().as_str(), door.town_line().as_str()), ("Lindenstraße 5", "96999 Ahornfurt"));
        assert_eq!(door.district.as_deref(), Some("Nordstadt"));
        assert_eq!(look(&db, town, move |tx| store::address(tx, door.id)).await.unwrap().house_number, "5");
        assert!(look(&db, town, |tx| nearest_address(tx, at(5_000.0, 0.0))).await.is_none());
        assert_eq!(look(&db, town, |tx| district_at(tx, at(-10.0, 0.0))).await.as_deref(), Some("Südstadt"));
        assert_eq!(look(&db, town, |tx| district_at(tx, at(9_000.0, 0.0))).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_sticker_leads_to_its_asset_until_it_is_withdrawn() {
    on_both(SETS, async |test| {
        let (db, town) = built(&test).await;
        let swing = look(&db, town, |tx| store::assets_by_number(tx, "sp01402", 1)).await.remove(0);
        assert_eq!(swing.token.len(), 10);
        let (token, id) = (swing.token.clone(), swing.id);
        let by_token = look(&db, town, move |tx| store::asset_by_token(tx, &token)).await;
        assert_eq!(by_token.as_ref(), Some(&swing));
        for wrong in ["", "abc", "zzzzzzzzzz", "\u{0}bcdefghij", "' OR 1=1 --"] {
            assert!(look(&db, town, move |tx| store::asset_by_token(tx, wrong)).await.is_none(), "{wrong:?}");
        }
        let parent = swing.parent.unwrap();
        assert_eq!(look(&db, town, move |tx| store::assets_of(tx, parent)).await, vec![swing.clone()]);
        let gone = db.write(town, |tx| {
            db::testing::unaudited(tx, "test");
            store::take_away(tx, Table::Assets, Source::Town, "SP-014-02")
        });
        assert_eq!(gone.await.unwrap(), 1);
        let token = swing.token.clone();
        assert!(look(&db, town, move |tx| store::asset_by_token(tx, &token)).await.is_none());
        let kept = look(&db, town, move |tx| store::asset(tx, id)).await.unwrap();
        assert!(!kept.active, "reports may still name it");
    })
    .await;
}

#[tokio::test]
async fn towns_do_not_see_each_other() {
    on_both(SETS, async |test| {
        let (db, _) = built(&test).await;
        let other = test.town().await;
        assert!(look(&db, other, |tx| search_places(tx, "Lindenstraße", None, 5)).await.is_empty());
        assert!(look(&db, other, |tx| store::assets_near(tx, at(203.0, 0.0), 500.0, 5)).await.is_empty());
        assert!(look(&db, other, store::own_map).await.is_none());
        assert!(look(&db, other, |tx| Ok(scene(tx)?.is_none())).await);
        assert!(look(&db, other, |tx| nearest_address(tx, at(14.0, 42.0))).await.is_none());
        assert_eq!(look(&db, other, |tx| district_at(tx, at(-10.0, 0.0))).await, None);
    })
    .await;
}

#[tokio::test]
async fn the_map_is_drawn_from_the_registers() {
    on_both(SETS, async |test| {
        let (db, town) = built(&test).await;
        let other = test.town().await;
        let test = super::site_on(test).await;
        let site = &test.site;
        let wish = crate::StillWish::of_place(at(100.0, 0.0), 640, 400, maps::Theme::Light);
        let first = crate::still(site, town, wish.clone()).await.unwrap();
        assert_eq!(first.png[1..4], *b"PNG");
        assert_eq!(crate::still(site, town, wish).await.unwrap(), first);
        super::keep_picture("small-town.png", &first.png);
        let view = maps::View::around(super::HERE, 16, 1, 1).unwrap();
        let (x, y) = (u32::try_from(view.left / 256).unwrap(), u32::try_from(view.top / 256).unwrap());
        let (theme, scale) = (maps::Theme::Dark, maps::Scale::One);
        let near = crate::tile(site, town, crate::TileWish { theme, scale, zoom: 16, x, y }).await.unwrap();
        let far = crate::tile(site, town, crate::TileWish { theme, scale, zoom: 16, x: 0, y: 0 }).await.unwrap();
        assert!(near.png.len() > far.png.len());
        let refused = crate::tile(site, town, crate::TileWish { theme, scale, zoom: 25, x, y }).await;
        assert_eq!(refused, Err(crate::PictureError::Refused(maps::MapRefusal::Zoom)));
        let none = crate::tile(site, other, crate::TileWish { theme, scale, zoom: 16, x, y }).await;
        assert_eq!(none, Err(crate::PictureError::NoMap));
        let features = look(&db, town, store::features).await;
        assert_eq!(features.iter().filter(|feature| feature.class == Class::HouseNumber).count(), 10);
        assert_eq!(features.iter().filter(|feature| feature.class == Class::DistrictBorder).count(), 2);
    })
    .await;
}
