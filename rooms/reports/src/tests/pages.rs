//! The journey through the real router, without scripts: three steps, one report, nothing lost, nothing public too
//! early, programs and blocked senders stay out.

use super::{HOST, SWING, number_of, publish, report, rooms, town};
use crate::{report::mail_hash, store};
use db::DbError;
use testkit::{TestSite, on_both_sites};

async fn reports(site: &TestSite, id: base::MunicipalityId) -> i64 {
    let count = site.site.db.read::<_, DbError>(id, |tx| store::to_review_count(tx, &identity::Units::All)).await;
    count.unwrap()
}

#[tokio::test]
async fn three_steps_make_a_report_with_number_and_pin() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        first.is(200).shows("Schritt 1 von 3").shows("Wo ist der Schaden?");
        let second = anna.send(&first, "/melden", &[("address", "Lindenstr 5")]).await;
        second
            .is(200)
            .shows("Schritt 2 von 3")
            .shows("Spielplatz Lindenpark – Schaukel")
            .shows("Kette oder Seil gerissen");
        let third = anna.send(&second, "/melden/was", &[("problem", "playground/chain")]).await;
        third.is(200).shows("Schritt 3 von 3").shows("Lindenstraße 5").shows("Kette oder Seil gerissen");
        let receipt = anna.send(&third, "/melden/pruefen", &[]).await;
        receipt.is(200).shows("Ihre Meldung ist da").shows("PIN").shows("Wir schauen nach bis");
        let number = number_of(&receipt);
        assert_eq!(reports(&site, id).await, 1);
        // The same browser may look at once; a stranger with the receipt's address alone may not.
        anna.visit(&format!("/stand/{number}")).await.is(200).shows(&number);
        let mut stranger = site.visitor(HOST);
        stranger.visit(&format!("/melden/fertig/{number}")).await.hides("PIN kopieren").hides("Ihre Meldung ist da");
        stranger.visit(&format!("/melden/{number}")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_problem_called_like_its_category_is_said_once() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let second = anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        let words = [("problem", "other/other"), ("body", "Auf dem Weg liegt ein Ast.")];
        let third = anna.send(&second, "/melden/was", &words).await;
        third.is(200).shows("Etwas anderes").hides("Etwas anderes – Etwas anderes");
    })
    .await;
}

#[tokio::test]
async fn the_receipt_says_what_is_true_about_mails() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let without = report(&site, "road/pothole", "", "").await;
        without.is(200).shows("Schreiben Sie beides auf").hides("Wir haben Ihnen eine E-Mail geschickt");
        let asked = report(&site, "road/pothole", "", "anna@example.org").await;
        asked.is(200).shows("Wir haben Ihnen eine E-Mail geschickt").hides("Schreiben Sie beides auf");
        // The PIN stands there in two groups, and any grouping opens the case.
        let html = asked.html();
        let pin = html.split("<dt>PIN</dt><dd>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        assert!(pin.len() == 9 && pin.as_bytes()[4] == b' ', "{pin}");
        let mut other = site.visitor(HOST);
        let door = other.visit("/stand").await;
        let number = number_of(&asked);
        let typed = pin.replace(' ', "-").to_lowercase();
        let status = other.send(&door, "/stand", &[("nummer", &number), ("pin", &typed)]).await;
        status.is(200).shows(pin);
    })
    .await;
}

#[tokio::test]
async fn a_place_in_a_form_is_only_what_the_town_knows() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut troll = site.visitor(HOST);
        let first = troll.visit("/melden").await;
        let forged = [("address", "x"), ("hits-for", "x"), ("hit", "50.1201,11.0301,,Kaufen Sie Pillen")];
        let second = troll.send(&first, "/melden", &forged).await;
        second.is(200).shows("Schritt 2 von 3").shows("Lindenstraße 5").hides("Pillen");
        let known = [("address", "x"), ("hits-for", "x"), ("hit", "50.1201,11.0301,,Spielplatz Lindenpark")];
        troll.send(&first, "/melden", &known).await.is(200).shows("Spielplatz Lindenpark");
    })
    .await;
}

#[tokio::test]
async fn what_was_typed_comes_back() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let nothing = anna.send(&first, "/melden", &[]).await;
        nothing.is(422).shows("Geben Sie eine Adresse ein oder tippen Sie auf die Karte.");
        let unknown = anna.send(&nothing, "/melden", &[("address", "Xyzzyplugh 99")]).await;
        unknown.is(422).shows("Diesen Ort finden wir nicht");
        assert!(unknown.html().contains("Xyzzyplugh 99"));
        let second = anna.send(&unknown, "/melden", &[("address", "Lindenstraße 7")]).await;
        let wrong = anna.send(&second, "/melden/was", &[("body", "Es <b>quietscht</b> & klemmt")]).await;
        wrong.is(422).shows("Wählen Sie aus, was nicht stimmt.");
        assert!(wrong.html().contains("Es &#60;b&#62;quietscht"), "escaped and kept");
        let third = anna.send(&wrong, "/melden/was", &[("problem", "noise/site")]).await;
        third.is(422).shows("Beantworten Sie bitte diese Frage.");
        let third =
            anna.send(&third, "/melden/was", &[("q-noise-when", "nach 22 Uhr"), ("q-noise-times", "viel")]).await;
        third.is(422).shows("Geben Sie eine Zahl ein");
        let third = anna.send(&third, "/melden/was", &[("q-noise-times", "4")]).await;
        third.is(200).shows("nach 22 Uhr").shows("Es <b>quietscht</b> & klemmt");
        let mail =
            anna.send(&third, "/melden/pruefen", &[("email", "anna(at)example.org"), ("phone", "0123 456")]).await;
        mail.is(422).shows("Prüfen Sie die E-Mail-Adresse").hides("Diese Nummer können wir nicht wählen");
        assert!(mail.html().contains("anna(at)example.org") && mail.html().contains("0123 456"));
        // Back to the first step: the place is still there.
        let draft = mail.form("/melden/pruefen").fields.iter().find(|(name, _)| name == "entwurf").unwrap().1.clone();
        anna.visit(&format!("/melden?entwurf={draft}")).await.is(200).shows("Lindenstraße 7");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_number_or_a_whole_street_is_asked_about() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let unknown = ("Lindenstraße 9999", "Genau diese Adresse kennen wir nicht");
        for (typed, says) in [unknown, ("Lindenstraße", "Wir kennen die Straße. Wo etwa ist es?")] {
            let mut anna = site.visitor(HOST);
            let first = anna.visit("/melden").await;
            let asked = anna.send(&first, "/melden", &[("address", typed)]).await;
            asked.is(200).shows(says).shows("Mitte der Straße").hides("Schritt 2");
            // Once more without an answer: neither the middle of the street nor a former place is taken.
            let again = anna.send(&asked, "/melden", &[]).await;
            again.is(422).shows("Wählen Sie einen Ort aus oder tippen Sie auf die Karte.").shows("Mitte der Straße");
            // A tap on the map answers, however far from the middle of the street it is.
            let tapped = [("lat", "50.125900"), ("lon", "11.035900")];
            anna.send(&again, "/melden", &tapped).await.is(200).shows("Schritt 2 von 3").shows("nahe Mühlweg 12");
            // So does the choice, also of the whole street.
            let hit = asked.html().split("name=\"hit\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            anna.send(&asked, "/melden", &[("hit", &hit)]).await.is(200).shows("Schritt 2 von 3").shows("Lindenstraße");
        }
    })
    .await;
}

#[tokio::test]
async fn a_door_the_town_does_not_know_reaches_the_desk_as_typed() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = super::staff(&site, id, "head").await;
        // Chosen from the list, tapped on the map; a known door says nothing twice.
        for (answer, typed) in [("hit", "Lindenstraße 9999"), ("tap", "Lindenstraße 9999"), ("", "Lindenstr. 5")] {
            let mut anna = site.visitor(HOST);
            let first = anna.visit("/melden").await;
            let asked = anna.send(&first, "/melden", &[("address", typed)]).await;
            let hit =
                asked.html().split("name=\"hit\" value=\"").nth(1).unwrap_or("").split('"').next().unwrap().to_owned();
            let second = match answer {
                "hit" => anna.send(&asked, "/melden", &[("hit", &hit)]).await,
                "tap" => anna.send(&asked, "/melden", &[("lat", "50.125900"), ("lon", "11.035900")]).await,
                _ => asked,
            };
            let third = anna.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
            let receipt = anna.send(&third, "/melden/pruefen", &[]).await;
            let number = number_of(&receipt);
            let desk = kim.visit(&format!("/arbeit/fall/{number}")).await;
            if answer.is_empty() {
                third.hides("Ihre Angabe");
                desk.is(200).hides("Angegebene Adresse");
            } else {
                third.shows("Ihre Angabe").shows(typed);
                desk.is(200).shows("Angegebene Adresse").shows(typed);
            }
            publish(&site, id, &number).await;
            site.visitor(HOST).visit(&format!("/melden/{number}")).await.is(200).hides("9999");
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_address_never_leaves_the_old_place() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let second = anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        let draft = second.form("/melden/was").fields.into_iter().find(|(name, _)| name == "entwurf").unwrap().1;
        let back = anna.visit(&format!("/melden?entwurf={draft}")).await;
        let unknown = anna.send(&back, "/melden", &[("address", "Xyzzyplugh 99")]).await;
        unknown.is(422).shows("Diesen Ort finden wir nicht");
        anna.send(&unknown, "/melden", &[]).await.is(422).shows("Diesen Ort finden wir nicht");
        // A click on the picture, outside the town, answers no address either.
        let away =
            [("image-lat", "48.0"), ("image-lon", "11.0"), ("image-zoom", "14"), ("point.x", "9"), ("point.y", "9")];
        let click = [away.as_slice(), &[("address", "Xyzzyplugh 98")]].concat();
        let outside = anna.send(&unknown, "/melden", &click).await;
        outside.is(422).shows("liegt nicht in unserem Gebiet");
        anna.send(&outside, "/melden", &[]).await.is(422).shows("Diesen Ort finden wir nicht");
    })
    .await;
}

#[tokio::test]
async fn a_chosen_thing_says_where_the_report_lies() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let second = anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        let html = second.html();
        let swing =
            html.split("name=\"thing-playground\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let swing = swing.filter(|value| *value != "none").map(str::to_owned);
        let mut reported = vec![];
        for thing in swing {
            let chosen = [("thing-playground", thing.as_str()), ("problem", "playground/chain")];
            let third = anna.send(&second, "/melden/was", &chosen).await;
            third.is(200).shows("Schritt 3 von 3");
            reported.push(third.html().split("pins=").nth(1).unwrap().split(",ort").next().unwrap().to_owned());
        }
        assert!(reported.contains(&format!("{:.6},{:.6}", super::SWING.lat, super::SWING.lon)), "{reported:?}");
    })
    .await;
}

#[tokio::test]
async fn several_places_are_offered() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        // A tap far from the typed address: the person decides.
        let far = [("address", "Mühlweg 12"), ("lat", "50.120100"), ("lon", "11.030100")];
        let asked = anna.send(&first, "/melden", &far).await;
        asked
            .is(200)
            .hides("Bitte prüfen Sie")
            .shows("Welchen Ort meinen Sie?")
            .shows("Lindenstraße 5")
            .shows("Mühlweg 12");
        let html = asked.html();
        let from = html.find("name=\"hit\" value=\"").unwrap() + "name=\"hit\" value=\"".len();
        let value = html[from..].split('"').next().unwrap().to_owned();
        let second = anna.send(&asked, "/melden", &[("hit", &value)]).await;
        second.is(200).shows("Schritt 2 von 3").shows("Lindenstraße 5");
        // The middle of a street near the tap is not what was typed: its house is.
        let mut ben = site.visitor(HOST);
        let fresh = ben.visit("/melden").await;
        let house = [("address", "Mühlweg 12"), ("lat", "50.128900"), ("lon", "11.038900")];
        ben.send(&fresh, "/melden", &house).await.is(200).shows("Welchen Ort meinen Sie?");
        // Beyond the map there is nothing of ours.
        let outside = anna.send(&first, "/melden", &[("lat", "48.1"), ("lon", "11.5")]).await;
        outside.is(422).shows("liegt nicht in unserem Gebiet");
    })
    .await;
}

#[tokio::test]
async fn a_click_on_the_picture_is_a_place() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let clicked = anna.send(&first, "/melden", &[("point.x", "144"), ("point.y", "160")]).await;
        clicked.is(200).shows("Schritt 1 von 3").shows("Gewählter Ort:").shows("Lindenstraße 5");
        anna.send(&clicked, "/melden", &[]).await.is(200).shows("Schritt 2 von 3");
    })
    .await;
}

#[tokio::test]
async fn the_code_on_a_thing_skips_the_first_step() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let token = site.site.db.read::<_, DbError>(id, |tx| {
            let near = places::assets_near(tx, SWING, 2.0, 1)?;
            Ok(near[0].asset.token.clone())
        });
        let token = token.await.unwrap();
        let mut anna = site.visitor(HOST);
        let second = anna.visit(&format!("/o/{token}")).await;
        second.is(200).shows("Schritt 2 von 3").shows("Schaukel SP-014-02").hides("Zaun oder Tor defekt");
        let third = anna.send(&second, "/melden/was", &[("problem", "playground/chain")]).await;
        third.is(200).shows("Schaukel SP-014-02");
        number_of(&anna.send(&third, "/melden/pruefen", &[]).await);
        anna.visit("/o/unbekannt").await.is(404);
    })
    .await;
}

#[tokio::test]
async fn the_same_key_twenty_times_at_once_is_one_report() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let second = anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        let third = anna.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
        let sending = (0..20).map(|_| {
            let (mut anna, third) = (anna.clone(), third.clone());
            async move { anna.send_only(&third, "/melden/pruefen", &[]).await }
        });
        let answers = futures_util::future::join_all(sending).await;
        let places: std::collections::BTreeSet<_> =
            answers.iter().map(|seen| seen.location().unwrap().to_owned()).collect();
        assert_eq!(places.len(), 1, "all are led to the one receipt: {places:?}");
        assert_eq!(reports(&site, id).await, 1);
        // Another key, as from a second tab, finds the draft gone.
        let again =
            anna.send_only(&third, "/melden/pruefen", &[("once", "0190a0a0-0000-7000-8000-000000000001")]).await;
        again.is(410);
        assert_eq!(reports(&site, id).await, 1);
    })
    .await;
}

#[tokio::test]
async fn programs_and_blocked_senders_leave_no_report() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.site
            .db
            .write::<_, DbError>(id, |tx| {
                db::testing::unaudited(tx, "a block of a test");
                store::add_block(tx, crate::report::BlockKind::Mail, &mail_hash("troll@example.org"), "")
            })
            .await
            .unwrap();
        let mut robot = site.visitor(HOST);
        let first = robot.visit("/melden").await;
        let second = robot.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        let third = robot.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
        let filled = robot.send(&third, "/melden/pruefen", &[("website", "https://spam.example")]).await;
        filled.is(200).shows("Vielen Dank").hides("Nummer");
        assert_eq!(reports(&site, id).await, 0);
        let troll = robot.send(&third, "/melden/pruefen", &[("email", "Troll@example.org")]).await;
        troll.is(422).shows("Bitte rufen Sie uns an.");
        assert_eq!(reports(&site, id).await, 0);
        // The draft is still there for somebody who was stopped by mistake.
        number_of(&robot.send(&troll, "/melden/pruefen", &[("email", "")]).await);
    })
    .await;
}

/// A JPEG of two by two pixels would be shrunk to itself; that is enough to be a photo.
fn photo() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    let image = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 120, 40]));
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn an_address_that_was_found_stands_on_the_map_when_a_photo_is_refused() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let bad = b"MZ this is a program".to_vec();
        let files = [("photo", "x.jpg", "image/jpeg", bad.as_slice())];
        let again = anna.send_with_files(&first, "/melden", &[("address", "Lindenstraße 5")], &files).await;
        again.is(422).shows("Das ist kein Foto");
        let value = |name: &str| {
            let fields = again.form("/melden").fields;
            fields.into_iter().find(|(field, _)| field == name).map(|(_, value)| value).unwrap_or_default()
        };
        assert!(value("lat").parse::<f64>().is_ok() && value("lon").parse::<f64>().is_ok(), "{:?}", value("lat"));
    })
    .await;
}

#[tokio::test]
async fn photos_are_kept_over_mistakes_and_wrong_ones_are_named() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let (good, bad) = (photo(), b"MZ this is a program".to_vec());
        let files =
            [("photo", "loch.png", "image/png", good.as_slice()), ("photo", "x.jpg", "image/jpeg", bad.as_slice())];
        let mixed = anna.send_with_files(&first, "/melden", &[], &files).await;
        mixed.is(422).shows("Das ist kein Foto").shows("Foto entfernen");
        let src = mixed.html().split("src=\"/melden/entwurf/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let shown = anna.look(&format!("/melden/entwurf/{src}")).await;
        shown.is(200);
        assert_eq!(shown.headers["content-type"], "image/jpeg");
        let second = anna.send(&mixed, "/melden", &[("address", "Lindenstraße 5")]).await;
        let third = anna.send(&second, "/melden/was", &[("problem", "road/other")]).await;
        let number = number_of(&anna.send(&third, "/melden/pruefen", &[]).await);
        let wanted = number.clone();
        let photo = site.site.db.read::<_, DbError>(id, move |tx| {
            let report = store::desk_report(tx, &wanted)?.unwrap();
            let photos = store::photos_for_review(tx, report.id)?;
            assert_eq!(photos.len(), 1);
            assert_eq!(crate::blobs(tx)?.len(), 1);
            Ok(photos[0].id)
        });
        let photo = photo.await.unwrap();
        // Published text does not publish the photo.
        publish(&site, id, &number).await;
        anna.look(&format!("/bild/{photo}/mittel.jpg")).await.is(404);
        anna.visit(&format!("/melden/{number}")).await.is(200).hides("Foto der Meldung");
    })
    .await;
}

#[tokio::test]
async fn the_unreviewed_is_nowhere_and_the_reviewed_everywhere() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "litter/glass", "Viele Scherben\u{b} am Rand", "").await);
        let mut visitor = site.visitor(HOST);
        let pages = ["/meldungen?stand=alle".to_owned(), "/meldungen.rss".to_owned(), "/meldungen.geojson".to_owned()];
        for page in &pages {
            let seen = visitor.visit(page).await;
            assert!(!seen.is(200).html().contains(&number), "{page}");
        }
        visitor.visit(&format!("/melden/{number}")).await.is(404);
        visitor.visit(&format!("/melden/{number}/meins")).await.is(404);
        publish(&site, id, &number).await;
        for page in &pages {
            let seen = visitor.visit(page).await;
            assert!(seen.is(200).html().contains(&number), "{page}");
            assert!(!seen.html().contains(|c: char| c.is_control() && c != '\n'), "XML knows no other: {page}");
        }
        let one = visitor.visit(&format!("/melden/{number}")).await;
        one.is(200).shows("Viele Scherben am Rand").shows("gemeldet");
        let (mut german, mut english) = (site.visitor(HOST), site.visitor(HOST));
        german.visit("/meldungen?kategorie=road").await.is(200).shows("Keine Meldungen gefunden");
        let cookie = web::Display { lang: web::Lang::En, ..web::Display::default() };
        english.set_cookie("darstellung", &cookie.to_cookie());
        english.visit("/meldungen").await.is(200).shows("Reports").shows("1 report");
        let (ours, theirs) = (german.visit("/meldungen.rss").await, english.visit("/meldungen.rss").await);
        assert_ne!(ours.html(), theirs.html());
        let vary: Vec<_> = ours.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.contains(&"Accept-Language, Cookie"), "{vary:?}");
        english.visit("/melden").await.is(200).shows("Where is the damage?");
    })
    .await;
}

#[tokio::test]
async fn the_same_damage_is_counted_not_doubled() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "playground/chain", "", "").await);
        publish(&site, id, &number).await;
        let mut ben = site.visitor(HOST);
        let first = ben.visit("/melden").await;
        let second = ben.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        second.shows("Hier wurde schon etwas gemeldet").shows("Das ist mein Schaden");
        let twin = ben.send(&second, "/melden/was", &[("mine", &number), ("body", "Auch der Sitz ist lose")]).await;
        twin.is(200).shows("Ist das Ihr Schaden?");
        let thanks = ben.send(&twin, &format!("/melden/{number}/meins"), &[("email", "ben@example.org")]).await;
        thanks.is(200).shows("dazugezählt").shows("E-Mail");
        ben.visit(&format!("/melden/{number}")).await.shows("Auch von einer weiteren Person gemeldet");
        let wanted = number.clone();
        site.site
            .db
            .read::<_, DbError>(id, move |tx| {
                assert_eq!(store::desk_report(tx, &wanted)?.unwrap().same_count, 1);
                assert_eq!(store::count(tx, &store::Filter::default())?, 1, "no twin");
                Ok(())
            })
            .await
            .unwrap();
    })
    .await;
}
