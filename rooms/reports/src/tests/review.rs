//! The desk: who may review, what publishing and refusing do, complaints, photos, the block list.

use super::{HOST, number_of, photo, png, publish, report, rooms, staff, town, with_photo};
use crate::{events, store};
use base::MunicipalityId;
use cases::{CaseId, timeline_for_citizen};
use db::DbError;
use serde_json::json;
use testkit::{TestSite, on_both_sites};
use web::Stage;

async fn visible_words(site: &TestSite, id: MunicipalityId, number: &str) -> String {
    let number = number.to_owned();
    site.site
        .db
        .read::<_, DbError>(id, move |tx| {
            let report = store::desk_report(tx, &number)?.unwrap();
            let entries = timeline_for_citizen(tx, CaseId(report.case_id))?;
            Ok(entries.into_iter().map(|entry| entry.text).collect::<Vec<_>>().join("\n"))
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_review_publishes_an_edited_copy_or_says_why_not() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let first = number_of(&report(&site, "litter/dumped", "Herr Beispiel aus Nummer 3 war es", "").await);
        let second = number_of(&report(&site, "road/pothole", "Loch", "").await);
        let mut kim = staff(&site, id, "moderator").await;
        kim.visit("/arbeit/pruefung").await.is(200).shows(&first).shows(&second);
        let path = format!("/arbeit/meldung/{first}");
        let page = kim.visit(&path).await;
        page.is(200).shows("Herr Beispiel").shows("noch nicht geprüft");
        let fields = [("body", "Jemand hat Abfall abgeladen."), ("title", "Abfall am Weg"), ("verdict", "publish")];
        kim.send(&page, &path, &fields).await.is(200);
        let public = site.visitor(HOST).visit(&format!("/melden/{first}")).await;
        public.is(200).shows("Abfall am Weg").shows("Jemand hat Abfall abgeladen.").hides("Beispiel");
        assert!(visible_words(&site, id, &first).await.contains("jetzt öffentlich"));

        let path = format!("/arbeit/meldung/{second}");
        let page = kim.visit(&path).await;
        let refused = kim.send(&page, &path, &[("verdict", "refuse")]).await;
        refused.is(422).shows("Schreiben Sie, warum");
        kim.send(&refused, &path, &[("verdict", "refuse"), ("reason", "Der Ort ist Privatgrund.")]).await.is(200);
        site.visitor(HOST).visit(&format!("/melden/{second}")).await.is(404);
        assert!(visible_words(&site, id, &second).await.contains("Der Ort ist Privatgrund."));
        kim.visit("/arbeit/pruefung").await.hides(&first).hides(&second);
    })
    .await;
}

#[tokio::test]
async fn only_moderators_review() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        let path = format!("/arbeit/meldung/{number}");
        site.visitor(HOST).look(&path).await.is(303);
        let mut clerk = staff(&site, id, "clerk").await;
        for page in [path.as_str(), "/arbeit/pruefung", "/arbeit/sperren", "/arbeit/kategorien"] {
            clerk.look(page).await.is(403);
        }
        clerk.post(&path, &[("verdict", "publish"), ("title", "x"), ("once", "a")]).await.is(403);
        site.visitor(HOST).visit(&format!("/melden/{number}")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_complaint_puts_a_public_report_before_a_person() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "graffiti/paint", "Wand", "").await);
        publish(&site, id, &number).await;
        let mut ben = site.visitor(HOST);
        let path = format!("/melden/{number}/missbrauch");
        let page = ben.visit(&path).await;
        ben.send(&page, &path, &[]).await.is(422).shows("Wählen Sie aus, was nicht stimmt.");
        ben.send(&page, &path, &[("reason", "person"), ("note", "Man sieht mein Auto")]).await.is(200).shows("Danke");
        ben.visit(&format!("/melden/{number}")).await.is(200);
        let mut kim = staff(&site, id, "moderator").await;
        kim.visit("/arbeit/pruefung").await.shows("Beschwerde").shows(&number);
        let desk = format!("/arbeit/meldung/{number}");
        let open = kim.visit(&desk).await;
        open.shows("Man sieht mein Auto");
        kim.send(&open, &desk, &[("verdict", "refuse"), ("reason", "Zeigt ein Kennzeichen.")]).await.is(200);
        ben.visit(&format!("/melden/{number}")).await.is(404);
        kim.visit("/arbeit/pruefung").await.hides(&number);
    })
    .await;
}

/// The id of the first photo under review.
pub fn photo_on(page: &testkit::Seen) -> String {
    let html = page.html();
    let (_, rest) = html.split_once("name=\"deed\" value=\"show ").expect("a photo to publish");
    rest.split('"').next().unwrap().to_owned()
}

/// Fields that publish this photo with one box over it.
pub fn marked(photo: &str, box_of: [&str; 4]) -> Vec<(String, String)> {
    let sides = ["x", "y", "w", "h"].iter().zip(box_of);
    let sides = sides.map(|(side, value)| (format!("{side}-{photo}"), value.to_owned()));
    std::iter::once(("deed".to_owned(), format!("show {photo}"))).chain(sides).collect()
}

#[tokio::test]
async fn words_typed_in_a_review_outlive_the_publishing_of_a_photo() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = with_photo(&mut site.visitor(HOST), &photo(1)).await;
        let mut kim = staff(&site, id, "moderator").await;
        let action = format!("/arbeit/meldung/{number}");
        let page = kim.visit(&action).await;
        let show = format!("show {}", photo_on(&page));
        let typed = [("deed", show.as_str()), ("title", "Loch am Weg"), ("reason", "Vielleicht privat")];
        let page = kim.send_only(&page, &action, &typed).await;
        page.is(200).shows("So sieht es die Öffentlichkeit").shows("Das Foto ist gespeichert. Ihre übrigen Eingaben");
        let holds = |page: &testkit::Seen, name: &str, value: &str| {
            assert!(page.form(&action).fields.contains(&(name.to_owned(), value.to_owned())), "{name} is kept");
        };
        holds(&page, "title", "Loch am Weg");
        holds(&page, "reason", "Vielleicht privat");
        // Half a box covers nothing: the photo stays as it is, and the rest as typed.
        let photo = photo_on(&page);
        let half =
            [("x", "10"), ("y", "20"), ("w", "30"), ("h", "")].map(|(side, value)| (format!("{side}-{photo}"), value));
        let mut fields: Vec<_> = half.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        fields.push(("deed", &show));
        let refused = kim.send_only(&page, &action, &fields).await;
        refused.is(422).shows("Fläche 1 ist nicht vollständig.");
        holds(&refused, fields[2].0, "30");
        holds(&refused, "title", "Loch am Weg");
        // Marked places that no button sent are named before the words go out.
        let box_of = marked(&photo_on(&page), ["0", "0", "50", "100"]);
        let fields: Vec<_> = box_of[1..].iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let publish = [fields.as_slice(), &[("verdict", "publish")]].concat();
        let page = kim.send_only(&page, &action, &publish).await;
        page.is(422).shows("Veröffentlichen Sie zuerst das Foto");
        holds(&page, fields[3].0, "100");
        let long = "x".repeat(161);
        let empty: Vec<_> = fields.iter().map(|(name, _)| (*name, "")).collect();
        let too_long = [empty.as_slice(), &[("title", &long), ("verdict", "publish")]].concat();
        kim.send_only(&page, &action, &too_long).await.is(422).shows("Kürzen Sie den Titel auf 160 Zeichen.");
        kim.send_only(&page, &action, &[empty.as_slice(), &[("verdict", "publish")]].concat()).await.is(303);
        site.visitor(HOST).visit(&format!("/melden/{number}")).await.is(200).shows("Loch am Weg");
    })
    .await;
}

#[tokio::test]
async fn every_button_of_a_review_counts_and_an_unread_complaint_stays() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = with_photo(&mut site.visitor(HOST), &photo(1)).await;
        let mut kim = staff(&site, id, "moderator").await;
        let action = format!("/arbeit/meldung/{number}");
        let page = kim.visit(&action).await;
        let show = format!("show {}", photo_on(&page));
        // Pressed one after the other on the same page, as by an impatient hand.
        kim.send_only(&page, &action, &[("deed", &show)]).await.is(303);
        kim.send_only(&page, &action, &[("verdict", "publish")]).await.is(303);
        let mut ben = site.visitor(HOST);
        ben.visit(&format!("/melden/{number}")).await.is(200);
        // While Kim has the report open, somebody complains: nobody has read that yet.
        let open = kim.visit(&action).await;
        let path = format!("/melden/{number}/missbrauch");
        let form = ben.visit(&path).await;
        ben.send(&form, &path, &[("reason", "person"), ("note", "Mein Auto")]).await.is(200);
        let stale = kim.send_only(&open, &action, &[("verdict", "publish")]).await;
        stale.is(422).shows("Mein Auto");
        kim.visit("/arbeit/pruefung").await.shows("Beschwerde").shows(&number);
    })
    .await;
}

#[tokio::test]
async fn the_public_sees_the_covered_copy_of_a_photo() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let stripes = image::RgbImage::from_fn(320, 240, |x, _| image::Rgb(if x % 8 < 4 { [255; 3] } else { [0; 3] }));
        let number = with_photo(&mut anna, &png(stripes)).await;
        publish(&site, id, &number).await;
        let mut kim = staff(&site, id, "moderator").await;
        let action = format!("/arbeit/meldung/{number}");
        let page = kim.visit(&action).await;
        // A moderator may not look into cases: no field and no link leads there.
        page.hides("Fall, Person oder Adresse suchen").hides("Zum Fall").shows("Zurück zur Liste");
        let photo = photo_on(&page);
        // Left half; then once more without a box; then the right half: what was covered stays covered.
        let (left, right) = (marked(&photo, ["0", "0", "50", "100"]), marked(&photo, ["50", "0", "50", "100"]));
        let mut page = page;
        for (boxes, covered) in [(&left[..], 150), (&left[..1], 150), (&right[..], 300)] {
            let boxes: Vec<_> = boxes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            page = kim.send(&page, &action, &boxes).await;
            page.is(200).shows("So sieht es die Öffentlichkeit");
            let shown = anna.look(&format!("/bild/{photo}/gross.jpg")).await;
            shown.is(200);
            let picture = image::load_from_memory(&shown.body).unwrap().into_rgb8();
            let inside: Vec<u8> =
                picture.enumerate_pixels().filter(|(x, ..)| *x < covered).map(|(.., p)| p[0]).collect();
            let contrast = inside.iter().max().unwrap() - inside.iter().min().unwrap();
            assert!(contrast < 60, "the stripes left of {covered} are gone: {contrast}");
        }
        anna.visit(&format!("/melden/{number}")).await.is(200);
        let page = kim.visit(&format!("/arbeit/meldung/{number}")).await;
        kim.send(&page, &action, &[("deed", &format!("hide {photo}"))]).await.is(200);
        anna.look(&format!("/bild/{photo}/gross.jpg")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_town_may_publish_at_once_but_photos_wait() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                db::testing::unaudited(tx, "a setting of a test");
                let mut town = web::load_town(tx)?.expect("the town was founded");
                town.review_before_public = false;
                web::save_town(tx, &town)
            })
            .await
            .unwrap();
        site.site.town_changed();
        let number = number_of(&report(&site, "road/pothole", "Tiefes Loch", "").await);
        site.visitor(HOST).visit(&format!("/melden/{number}")).await.is(200).shows("Tiefes Loch");
        let private = number_of(&report(&site, "vehicle/car", "", "").await);
        site.visitor(HOST).visit(&format!("/melden/{private}")).await.is(404);
        let mut kim = staff(&site, id, "moderator").await;
        kim.visit("/arbeit/pruefung").await.shows(&number).hides(&private);
        let path = format!("/arbeit/meldung/{number}");
        let page = kim.visit(&path).await;
        kim.send(&page, &path, &[("verdict", "publish")]).await.is(200);
        kim.visit("/arbeit/pruefung").await.hides(&number);
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_report_disappears() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let second = anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        let third = anna.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
        let number = number_of(&anna.send(&third, "/melden/pruefen", &[]).await);
        publish(&site, id, &number).await;
        let status = anna.visit(&format!("/stand/{number}")).await;
        let path = format!("/stand/{number}/zurueckziehen");
        anna.send(&status, &path, &[("sicher", "ja")]).await.is(200);
        let stage = Stage { site: site.site.clone(), town: site.town(id).await };
        let wanted = number.clone();
        site.site
            .db
            .write::<_, DbError>(id, move |tx| {
                let report = store::desk_report(tx, &wanted)?.unwrap();
                events::case_moved(tx, &stage, &json!({ "case": report.case_id.to_string() }))
            })
            .await
            .unwrap();
        anna.visit(&format!("/melden/{number}")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn the_block_list_is_kept_by_moderators() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "moderator").await;
        let page = kim.visit("/arbeit/sperren").await;
        kim.send(&page, "/arbeit/sperren", &[("pattern", "ab")]).await.is(422).shows("mindestens vier Zeichen");
        let list = kim.send(&page, "/arbeit/sperren", &[("pattern", "troll@example.org"), ("note", "Werbung")]).await;
        list.is(200).shows("E-Mail-Adresse").hides("troll@example.org");
        let lift = list.forms().into_iter().map(|form| form.action).find(|a| a.ends_with("/aufhebung")).unwrap();
        kim.send(&list, &lift, &[]).await.is(200).shows("Niemand ist gesperrt");
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_back_needs_no_title_that_fits() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "Loch", "").await);
        let mut kim = staff(&site, id, "moderator").await;
        let action = format!("/arbeit/meldung/{number}");
        let page = kim.visit(&action).await;
        let long = "x".repeat(161);
        let keep = [("title", long.as_str()), ("verdict", "refuse"), ("ready-reason", "private_ground")];
        kim.send_only(&page, &action, &keep).await.is(303);
        // The title that did not fit changed nothing.
        kim.visit(&action).await.is(200).shows("nicht veröffentlicht").shows("Fahrbahn").hides("xxx");
    })
    .await;
}
