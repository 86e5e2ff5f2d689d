//! Tiles, still images and the place search through the real router, and that two towns stay apart there too.

use super::at;
use super::store::small_town;
use crate::tiles::{drawing, drawing_threads, on_drawing_thread};
use testkit::{TestSite, on_both_sites};
use web::Room;

const HOST: &str = "ahornfurt.example";
const OTHER: &str = "anderswo.example";

fn rooms() -> Vec<Room> {
    vec![crate::room()]
}

async fn built(site: &TestSite) {
    let town = site.found(HOST, "Ahornfurt").await;
    site.found(OTHER, "Anderswo").await;
    assert!(site.site.db.write(town, small_town).await.unwrap());
}

#[tokio::test]
async fn tiles_are_drawn_tagged_and_bounded() {
    on_both_sites(rooms, async |site| {
        built(&site).await;
        let mut anna = site.visitor(HOST);
        let view = maps::View::around(super::HERE, 16, 1, 1).unwrap();
        let (x, y) = (view.left / 256, view.top / 256);
        let seen = anna.visit(&format!("/karte/hell/16/{x}/{y}.png")).await;
        seen.is(200);
        assert_eq!(seen.headers["content-type"], "image/png");
        assert!(seen.headers["cache-control"].to_str().unwrap().starts_with("public"));
        assert!(seen.headers["etag"].to_str().unwrap().starts_with("\"karte-"));
        let dense = anna.visit(&format!("/karte/dark/16/{x}/{y}@2x.png")).await;
        dense.is(200);
        let width = |png: &[u8]| u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!((width(&seen.body), width(&dense.body)), (256, 512));
        for wrong in [
            format!("/karte/bunt/16/{x}/{y}.png"),
            format!("/karte/hell/16/{x}/{y}.jpg"),
            format!("/karte/hell/9/{x}/{y}.png"),
            "/karte/hell/16/99999999/1.png".to_owned(),
            "/karte/hell/16/1/-1.png".to_owned(),
        ] {
            anna.visit(&wrong).await.is(404);
        }
        // Another town has no map here, and certainly not this one.
        site.visitor(OTHER).visit(&format!("/karte/hell/16/{x}/{y}.png")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn still_images_take_pins_and_refuse_nonsense() {
    on_both_sites(rooms, async |site| {
        built(&site).await;
        let mut anna = site.visitor(HOST);
        let place = at(100.0, 0.0);
        let base = format!("/karte/bild?lat={:.6}&lon={:.6}&zoom=17&w=400&h=300", place.lat, place.lon);
        let bare = anna.visit(&base).await;
        bare.is(200);
        let pin = format!("{base}&pins={:.6},{:.6},offen,3", place.lat, place.lon);
        let pinned = anna.visit(&pin).await;
        pinned.is(200);
        assert_ne!(bare.body, pinned.body);
        for wrong in [
            "/karte/bild".to_owned(),
            "/karte/bild?lat=95&lon=11".to_owned(),
            base.replace("w=400", "w=5000"),
            format!("{base}&pins=50.1"),
            format!("{base}&pins=50.1,11.0,rosa"),
            format!("{base}&theme=bunt"),
        ] {
            anna.visit(&wrong).await.is(404);
        }
    })
    .await;
}

#[tokio::test]
async fn the_place_search_is_a_page_and_keeps_what_was_typed() {
    on_both_sites(rooms, async |site| {
        built(&site).await;
        let mut anna = site.visitor(HOST);
        anna.visit("/orte").await.is(200).shows("Adresse oder Ort").hides("Treffer");
        let found = anna.visit("/orte?q=lindenstrase+5").await;
        found.is(200).shows("Lindenstraße 5 , 96999 Ahornfurt (Adresse)");
        let html = found.html();
        assert!(html.contains("value=\"lindenstrase 5\""));
        let picture = html.split("src=\"/karte/bild?").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let picture = format!("/karte/bild?{}", picture.replace("&amp;", "&").replace("&#38;", "&"));
        anna.visit(&picture).await.is(200);
        anna.visit("/orte?q=Quellenhof").await.is(200).shows("Wir haben dazu keinen Ort gefunden.");
        anna.visit("/orte?q=%3Cscript%3E").await.is(200);
        site.visitor(OTHER).visit("/orte?q=lindenstrase+5").await.is(200).shows("keinen Ort gefunden");
    })
    .await;
}

#[tokio::test]
async fn suggestions_come_as_data_for_those_who_ask() {
    on_both_sites(rooms, async |site| {
        built(&site).await;
        let town = site.site.town_by_host(HOST).await.unwrap().unwrap().id;
        let hits = site.site.db.read(town, |tx| crate::search_places(tx, "SP-014", None, 3)).await.unwrap();
        let data = crate::pages::hits_json(&hits);
        assert_eq!(data[0]["label"], "Spielplatz Lindenpark");
        assert_eq!(data[0]["kind"], "asset");
        assert!(data[0]["asset"].is_string());
        assert_eq!(crate::in_address("Lindenstraße 5 & Co"), "Lindenstra%C3%9Fe%205%20%26%20Co");
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_hangs_up_frees_no_thread_that_still_draws() {
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let mut held = vec![];
    for _ in 0..drawing_threads() {
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let started = started.clone();
        let visit = tokio::spawn(on_drawing_thread(move || {
            started.send(()).unwrap();
            ends.recv().unwrap();
            Ok(vec![])
        }));
        has_started.recv().await.unwrap();
        visit.abort();
        assert!(visit.await.unwrap_err().is_cancelled());
        held.push(end);
    }
    assert!(drawing().try_acquire().is_err(), "all threads still draw");
    held.iter().for_each(|end| end.send(()).unwrap());
    drop(drawing().acquire_many(u32::try_from(drawing_threads()).unwrap()).await.unwrap());
}
