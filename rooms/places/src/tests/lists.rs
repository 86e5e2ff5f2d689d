//! The town's own lists: what is read, what is skipped with its line, and that they replace what was derived.

use super::{SETS, at};
use crate::import::Report;
use crate::lists::{addresses, assets, read_addresses, read_assets};
use crate::model::{AssetKind, NewAddress, NewAsset, Source};
use crate::store::{self, Table};
use db::DbError;
use db::testing::on_both;
use std::path::PathBuf;

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("stadtplatz-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn good_lines_are_read_and_bad_ones_named() {
    let list = "strasse;hausnummer;plz;ort;lat;lon\n\
                Lindenstraße;5;96999;Ahornfurt;50.12;11.03\n\
                Lindenstr.;5;96999;Ahornfurt;50.12;11.03\n\
                ;7;96999;Ahornfurt;50.12;11.03\n\
                Ringweg;8;96999;Ahornfurt;hier;dort\n\
                Ringweg;9;96999;Ahornfurt;50,1301;11,0301\n\
                Ringweg;10;96999;Ahornfurt;150.0;11.0\n\
                Ringweg;11\n\
                Ring\u{0}weg;12;96999;Ahornfurt;50.12;11.03\n";
    let mut report = Report::default();
    let rows = read_addresses(list, &mut report).unwrap();
    let lines: Vec<_> = rows.iter().map(|row| format!("{} {}", row.street, row.house_number)).collect();
    assert_eq!(lines, ["Lindenstraße 5", "Ringweg 9"]);
    assert_eq!(rows[1].position.lat, 50.1301);
    let skipped: Vec<_> = report.skipped.iter().map(|skipped| (skipped.line, skipped.why.as_str())).collect();
    assert_eq!(
        skipped,
        [
            (3, "die Adresse steht schon in Zeile 2"),
            (4, "Straße oder Hausnummer fehlt"),
            (5, "Breite oder Länge ist keine Zahl in Grad"),
            (7, "Breite oder Länge ist keine Zahl in Grad"),
            (8, "Breite oder Länge ist keine Zahl in Grad"),
            (9, "strasse enthält Steuerzeichen"),
        ]
    );
    let columns = "Straße,HausNr,PLZ,Gemeinde,Breite,Länge\nRingweg,1,96999,Ahornfurt,50.1,11.0\n";
    assert_eq!(read_addresses(columns, &mut Report::default()).unwrap().len(), 1);
    let missing = read_addresses("strasse;plz\n", &mut Report::default()).unwrap_err();
    assert_eq!(missing.to_string(), "Die Datei ist nicht brauchbar: in der Kopfzeile fehlt die Spalte hausnummer");
}

const ASSETS: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[11.030,50.120],[11.031,50.120],[11.031,50.121],[11.030,50.121],[11.030,50.120]]]},
  "properties":{"art":"Spielplatz","name":"Spielplatz Auwiese","nummer":"SP-003"}},
 {"type":"Feature","geometry":{"type":"Point","coordinates":[11.0305,50.1205]},"properties":{"art":"play_equipment","name":"Wippe","nummer":"SP-003-01","gehoert_zu":"SP-003"}},
 {"type":"Feature","geometry":{"type":"Point","coordinates":[11.04,50.13]},"properties":{"art":"Laterne","nummer":17}},
 {"type":"Feature","geometry":{"type":"Point","coordinates":[11.04,50.13]},"properties":{"art":"Laterne","nummer":17}},
 {"type":"Feature","geometry":{"type":"LineString","coordinates":[[11,50],[12,51]]},"properties":{"art":"Bank"}},
 {"type":"Feature","geometry":{"type":"Point","coordinates":["x"]},"properties":{"art":"Bank"}},
 {"type":"Feature","geometry":{"type":"Point","coordinates":[11.04,50.13]},"properties":{"art":"Raumschiff"}},
 {"type":"Feature","geometry":null,"properties":null}
]}"#;

#[test]
fn assets_are_read_with_their_playground() {
    let mut report = Report::default();
    let rows = read_assets(ASSETS, &mut report).unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| (row.new.kind, row.new.number.as_str())).collect();
    let expected =
        [(AssetKind::Playground, "SP-003"), (AssetKind::PlayEquipment, "SP-003-01"), (AssetKind::Lamp, "17")];
    assert_eq!(kinds, expected);
    assert_eq!(rows[1].parent_number.as_deref(), Some("SP-003"));
    assert_eq!(rows[2].new.label, "Straßenlaterne");
    assert_eq!(report.skipped_count, 5);
    assert_eq!(report.skipped[3].why, "die Art „Raumschiff“ ist unbekannt");
    assert!(read_assets("{\"type\":\"Feature\"}", &mut Report::default()).is_err());
    assert!(read_assets("kein JSON", &mut Report::default()).is_err());
}

#[tokio::test]
async fn own_lists_replace_derived_rows() {
    on_both(SETS, async |test| {
        let (db, town) = (test.db.clone(), test.town().await);
        let derived = db.write(town, |tx| {
            db::testing::unaudited(tx, "test");
            let (source, position) = (Source::Osm, at(0.0, 0.0));
            let text = |text: &str| text.to_owned();
            store::put_address(
                tx,
                &NewAddress {
                    source,
                    source_ref: text("n1"),
                    street: text("Alter Weg"),
                    house_number: text("1"),
                    postcode: text(""),
                    place: text(""),
                    position,
                },
            )?;
            for (reference, kind) in [("n2", AssetKind::Lamp), ("n3", AssetKind::Bench)] {
                let (number, label, parent) = (text(""), kind.german().to_owned(), None);
                store::put_asset(
                    tx,
                    &NewAsset { source, source_ref: text(reference), kind, label, number, parent, position },
                )?;
            }
            Ok::<_, DbError>(())
        });
        derived.await.unwrap();
        // Latin-1, as many offices export.
        let list = file("list.csv", b"strasse;hausnummer;plz;ort;lat;lon\nM\xfchlweg;1;96999;Ahornfurt;50.12;11.03\n");
        let first = addresses(&db, town, &list).await.unwrap();
        assert_eq!((first.written, first.removed, first.changed), (1, 1, true));
        let again = addresses(&db, town, &list).await.unwrap();
        assert_eq!((again.written, again.removed, again.changed), (0, 0, false));
        assert!(again.lines().contains(&"Am Ortsverzeichnis hat sich nichts geändert.".to_owned()));
        let streets = db.read(town, store::street_doors).await.unwrap();
        assert_eq!(streets.iter().map(|door| door.street.as_str()).collect::<Vec<_>>(), ["Mühlweg"]);

        let geojson = file("list.geojson", ASSETS.as_bytes());
        let first = assets(&db, town, &geojson).await.unwrap();
        assert_eq!((first.removed, first.changed, first.skipped_count), (1, true, 5));
        let again = assets(&db, town, &geojson).await.unwrap();
        assert_eq!((again.written, again.removed, again.changed), (0, 0, false));
        let lamps = db.read(town, |tx| store::assets_of_kind(tx, AssetKind::Lamp, 9)).await.unwrap();
        assert_eq!(lamps.iter().map(|lamp| lamp.number.as_str()).collect::<Vec<_>>(), ["17"]);
        let benches = db.read(town, |tx| store::assets_of_kind(tx, AssetKind::Bench, 9)).await.unwrap();
        assert_eq!(benches.len(), 1, "the list names no bench, so the derived one stays");
        let swing = db.read(town, |tx| store::assets_by_number(tx, "sp00301", 1)).await.unwrap().remove(0);
        assert_eq!(swing.title(), "Spielplatz Auwiese – Wippe");
        let verdict = db.read(town, db::verify_audit).await.unwrap();
        assert_eq!(verdict, db::Verdict::Whole { lines: 2 });
        assert_eq!(db.read(town, |tx| store::count(tx, Table::Addresses)).await.unwrap(), 1);
        std::fs::remove_file(list).unwrap();
        std::fs::remove_file(geojson).unwrap();
    })
    .await;
}
