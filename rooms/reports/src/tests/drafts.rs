//! A report on its way through the three steps: what was typed once is there on every way forth and back, and no page
//! that is older than a change undoes it. Through the real router, on both databases.

use super::{HOST, field, number_of, photo, publish, report, rooms, staff, town, up_to_check, up_to_what};
use testkit::on_both_sites;

#[tokio::test]
async fn an_expired_draft_is_made_anew_from_what_was_sent() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let second = anna.send(&first, "/melden", &[("address", "Lindenstraße 7")]).await;
        site.clock.advance_seconds(49 * 3_600);
        let words = [("problem", "road/pothole"), ("body", "Ein tiefes Loch")];
        let third = anna.send(&second, "/melden/was", &words).await;
        third.is(200).shows("Schritt 3 von 3").shows("Lindenstraße 7").shows("Ein tiefes Loch");
        site.clock.advance_seconds(49 * 3_600);
        let contact = [("email", "anna@example.org"), ("phone", "0123 456")];
        let again = anna.send(&third, "/melden/pruefen", &contact).await;
        again.is(422).shows("abgelaufen").shows("Ein tiefes Loch").shows("Lindenstraße 7");
        assert!(again.html().contains("anna@example.org") && again.html().contains("0123 456"));
        number_of(&anna.send(&again, "/melden/pruefen", &[]).await);
    })
    .await;
}

#[tokio::test]
async fn contact_details_typed_once_come_back_with_the_draft() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let third = up_to_check(&mut anna, "road/pothole", "Loch").await;
        let contact = [("email", "anna(at)example.org"), ("phone", "0123 456")];
        anna.send(&third, "/melden/pruefen", &contact).await.is(422);
        let draft = field(&third, "/melden/pruefen", "entwurf");
        let page = anna.visit(&format!("/melden/pruefen?entwurf={draft}")).await;
        assert!(page.is(200).html().contains("anna(at)example.org") && page.html().contains("0123 456"));
    })
    .await;
}

#[tokio::test]
async fn whoever_goes_back_in_the_browser_goes_on_with_the_same_draft() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let file = photo(1);
        let files = [("photo", "loch.png", "image/png", file.as_slice())];
        let second = anna.send_with_files(&first, "/melden", &[("address", "Lindenstraße 5")], &files).await;
        let draft = field(&second, "/melden/was", "entwurf");
        // The page the browser kept, sent once more with the same photo: neither a second draft nor a second photo.
        let files = [("photo", "loch.png", "image/png", file.as_slice())];
        let again = anna.send_with_files(&first, "/melden", &[("address", "Lindenstraße 7")], &files).await;
        assert_eq!(field(again.is(200).shows("Lindenstraße 7"), "/melden/was", "entwurf"), draft);
        let html = anna.visit(&format!("/melden?entwurf={draft}")).await.html();
        assert_eq!(html.matches("name=\"remove-photo\"").count(), 1);
        // Once it is sent, the kept page begins another.
        let third = anna.send(&again, "/melden/was", &[("problem", "road/pothole")]).await;
        number_of(&anna.send(&third, "/melden/pruefen", &[]).await);
        let anew = anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await;
        assert_ne!(field(anew.is(200).shows("Schritt 2 von 3"), "/melden/was", "entwurf"), draft);
    })
    .await;
}

#[tokio::test]
async fn going_back_a_step_takes_along_what_was_typed() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let second = up_to_what(&mut anna).await;
        let words = [("body", "Tief, am Zaun"), ("problem", "road/pothole")];
        let place = anna.send(&second, "/melden/was", &[words.as_slice(), &[("to-place", "ja")]].concat()).await;
        place.is(200).shows("Schritt 1 von 3");
        let second = anna.send(&place, "/melden", &[("address", "Lindenstraße 7")]).await;
        assert_eq!(field(second.is(200).shows("Schritt 2 von 3"), "/melden/was", "body"), "Tief, am Zaun");
        let third = anna.send(&second, "/melden/was", &words).await;
        // What each of them changes is read out with it.
        third.shows("Ändern : Ort").shows("Ändern : Was");
        let contact = [("email", "anna@example.org"), ("phone", "0123 456")];
        let what = anna.send(&third, "/melden/pruefen", &[contact.as_slice(), &[("to", "what")]].concat()).await;
        let third = anna.send(what.is(200).shows("Schritt 2 von 3"), "/melden/was", &[]).await;
        assert_eq!(field(&third, "/melden/pruefen", "email"), "anna@example.org");
        assert_eq!(field(&third, "/melden/pruefen", "phone"), "0123 456");
        // Too long for the draft, it is not cut on the way back.
        let long = "x".repeat(4_001);
        let refused = anna.send(&second, "/melden/was", &[("body", &long), ("to-place", "ja")]).await;
        assert_eq!(field(refused.is(422), "/melden/was", "body").len(), 4_001);
    })
    .await;
}

#[tokio::test]
async fn photos_sent_at_the_same_time_are_all_kept() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let second = up_to_what(&mut anna).await;
        let draft = field(&second, "/melden/was", "entwurf");
        let url = format!("/melden?entwurf={draft}");
        let page = anna.visit(&url).await;
        let sending = (0..3_u8).map(|shade| {
            let (mut tab, page) = (anna.clone(), page.clone());
            async move {
                let file = photo(shade * 100);
                let files = [("photo", "loch.png", "image/png", file.as_slice())];
                tab.send_with_files(&page, "/melden", &[], &files).await.is(200);
            }
        });
        futures_util::future::join_all(sending).await;
        let html = anna.visit(&url).await.html();
        assert_eq!(html.matches("name=\"remove-photo\"").count(), 3);
    })
    .await;
}

#[tokio::test]
async fn two_tabs_that_begin_one_draft_at_once_lose_no_photo() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        for round in 0..4_u8 {
            let mut anna = site.visitor(HOST);
            let page = anna.visit("/melden").await;
            let draft = field(&page, "/melden", "entwurf");
            let sending = (0..3_u8).map(|shade| {
                let (mut tab, page) = (anna.clone(), page.clone());
                async move {
                    let file = photo(shade * 60 + round);
                    let files = [("photo", "loch.png", "image/png", file.as_slice())];
                    tab.send_with_files(&page, "/melden", &[("address", "Lindenstraße 5")], &files).await.is(200);
                }
            });
            futures_util::future::join_all(sending).await;
            let html = anna.visit(&format!("/melden?entwurf={draft}")).await.html();
            assert_eq!(html.matches("name=\"remove-photo\"").count(), 3, "round {round}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_step_brings_an_expired_draft_back_and_no_sent_one() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let third = up_to_check(&mut anna, "road/pothole", "Ein tiefes Loch").await;
        let place = anna.send(&third, "/melden/pruefen", &[("email", "anna@example.org"), ("to", "place")]).await;
        site.clock.advance_seconds(49 * 3_600);
        let second = anna.send(&place, "/melden", &[("address", "Lindenstraße 7")]).await;
        second.is(200).shows("Schritt 2 von 3").shows("Ihr Entwurf war abgelaufen").shows("Lindenstraße 7");
        assert_eq!(field(&second, "/melden/was", "body"), "Ein tiefes Loch");
        let third = anna.send(&second, "/melden/was", &[]).await;
        assert_eq!(field(&third, "/melden/pruefen", "email"), "anna@example.org");
        number_of(&anna.send(&third, "/melden/pruefen", &[]).await);
        let old = field(&second, "/melden/was", "entwurf");
        let typed = [("entwurf", old.as_str()), ("address", "Lindenstraße 5")];
        let anew = anna.send(&place, "/melden", &typed).await;
        assert_eq!(field(anew.is(200), "/melden/was", "body"), "", "what was sent is not sent once more");
    })
    .await;
}

#[tokio::test]
async fn a_refused_photo_is_said_also_beside_a_click_on_the_picture() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let html = first.html();
        let of = |name: &str| {
            let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\"")).expect("the picture's place");
            rest.split('"').next().unwrap().to_owned()
        };
        let at = [of("image-lat"), of("image-lon"), of("image-zoom")];
        let click = [
            ("point.x", "144"),
            ("point.y", "160"),
            ("image-lat", at[0].as_str()),
            ("image-lon", at[1].as_str()),
            ("image-zoom", at[2].as_str()),
        ];
        let files = [("photo", "brief.pdf", "application/pdf", b"%PDF-1.7 kein Bild".as_slice())];
        let refused = anna.send_with_files(&first, "/melden", &click, &files).await;
        refused.is(422).shows("brief.pdf");
        // The click counted all the same.
        let draft = field(&refused, "/melden", "entwurf");
        anna.visit(&format!("/melden/was?entwurf={draft}")).await.is(200).shows("Schritt 2 von 3");
    })
    .await;
}

#[tokio::test]
async fn a_copy_is_trusted_no_more_than_a_tap() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let second = up_to_what(&mut anna).await;
        site.clock.advance_seconds(49 * 3_600);
        let copy = r#"{"position":{"lat":0.0,"lon":0.0},"body":"Weit weg"}"#;
        let sent = anna.send(&second, "/melden/was", &[("problem", "road/pothole"), ("copy", copy)]).await;
        sent.is(200).hides("Schritt 3 von 3");
    })
    .await;
}

#[tokio::test]
async fn nothing_joins_a_case_that_was_closed_meanwhile() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        publish(&site, id, &number).await;
        let mut anna = site.visitor(HOST);
        let third = up_to_check(&mut anna, "road/pothole", "Jetzt noch tiefer").await;
        let path = format!("/melden/{number}/meins");
        let twin = anna.send(&third, "/melden/pruefen", &[("to", &number)]).await;
        let mut kim = staff(&site, id, "head").await;
        let desk = format!("/arbeit/fall/{number}");
        let page = kim.visit(&desk).await;
        let closing = [("aktion", "schliessen"), ("ergebnis", "resolved"), ("antwort", "Das Loch ist zu.")];
        kim.send(&page, &format!("{desk}/antwort"), &closing).await.is(200);
        let refused = anna.send(&twin, &path, &[("email", "anna@example.org")]).await;
        refused.is(422).shows("inzwischen abgeschlossen").shows("Weiter mit meiner Meldung");
        kim.visit(&desk).await.hides("Jetzt noch tiefer").hides("weiteren Person");
        // What Anna typed is still hers to send.
        let draft = field(&third, "/melden/pruefen", "entwurf");
        let own = anna.visit(&format!("/melden/pruefen?entwurf={draft}")).await;
        assert_ne!(number_of(&anna.send(&own, "/melden/pruefen", &[]).await), number);
        // The draft is gone now: a page that still names it says so.
        let second = number_of(&report(&site, "road/pothole", "", "").await);
        publish(&site, id, &second).await;
        let late = anna.visit(&format!("/melden/{second}/meins?entwurf={draft}")).await;
        let gone = anna.send(&late, &format!("/melden/{second}/meins"), &[("entwurf", &draft)]).await;
        gone.is(410);
    })
    .await;
}

#[tokio::test]
async fn the_place_of_a_photo_counts_beside_an_address_nobody_knows() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let first = anna.visit("/melden").await;
        let file = photo(1);
        let files = [("photo", "loch.png", "image/png", file.as_slice())];
        let typed = [("address", "Nirgendwo am Hang"), ("exif", "50.125000,11.035000")];
        let asked = anna.send_with_files(&first, "/melden", &typed, &files).await;
        asked.is(422).shows("Diesen Ort finden wir nicht").shows("Mühlweg 12");
        assert_eq!(field(&asked, "/melden", "address"), "Nirgendwo am Hang");
        let second = anna.send(&asked, "/melden", &[("use-photo", "ja")]).await;
        second.is(200).shows("Schritt 2 von 3").shows("Mühlweg 12");
        let third = anna.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
        // Without a house number the words name no door, so the desk has nothing to look for.
        third.is(200).shows("Mühlweg 12").hides("Nirgendwo");
    })
    .await;
}

#[tokio::test]
async fn a_line_break_counts_once_however_the_browser_sends_it() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let second = up_to_what(&mut anna).await;
        let full = "x\r\n".repeat(2_000);
        let fields = [("problem", "road/pothole"), ("body", full.as_str())];
        let third = anna.send(&second, "/melden/was", &fields).await;
        third.is(200).shows("Schritt 3 von 3");
        assert!(!third.html().contains('\r'));
        let fuller = format!("{full}x");
        let fields = [("problem", "road/pothole"), ("body", fuller.as_str())];
        anna.send(&second, "/melden/was", &fields).await.is(422).shows("4.000 Zeichen");
    })
    .await;
}

#[tokio::test]
async fn a_thing_from_the_list_of_another_place_does_not_move_the_report() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let old = up_to_what(&mut anna).await;
        let html = old.html();
        let radio = html.split("name=\"thing-playground\" value=\"").nth(1).expect("the playground is offered");
        let ground = radio.split('"').next().unwrap();
        let fields = [("problem", "playground/chain"), ("thing-playground", ground)];
        anna.send(&old, "/melden/was", &fields).await.is(200).shows("Spielplatz Lindenpark SP-014");
        // In another tab the place was changed since.
        let place = anna.visit(&format!("/melden?entwurf={}", field(&old, "/melden/was", "entwurf"))).await;
        anna.send(&place, "/melden", &[("address", "Mühlweg 12")]).await.is(200).shows("Mühlweg 12");
        let third = anna.send(&old, "/melden/was", &fields).await;
        third.is(200).shows("Schritt 3 von 3").shows("Mühlweg 12").hides("SP-014");
    })
    .await;
}

#[tokio::test]
async fn a_text_far_above_its_limit_stays_in_the_form_whatever_its_letters() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let second = up_to_what(&mut anna).await;
        for letter in ["a", "ü", "€", "😀"] {
            let words = letter.repeat(50_000);
            let back = anna.send(&second, "/melden/was", &[("problem", "road/pothole"), ("body", &words)]).await;
            back.is(422).shows("Kürzen Sie die Beschreibung auf höchstens 4.000 Zeichen.");
            assert!(field(&back, "/melden/was", "body") == words, "what was typed of {letter} is still there");
        }
    })
    .await;
}

#[tokio::test]
async fn far_too_many_words_are_refused_with_the_way_back_to_them() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        let second = up_to_what(&mut anna).await;
        let words = "Wort ".repeat(220_000);
        let plain = anna.send(&second, "/melden/was", &[("body", &words)]).await;
        let first = anna.visit("/melden").await;
        let with_files = anna.send_with_files(&first, "/melden", &[("address", &words)], &[]).await;
        for refused in [plain, with_files] {
            refused.is(413).shows("Der Text ist zu lang").shows("Zurück-Taste").hides("150 MB");
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_that_fits_another_street_hides_no_typed_address() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        for (typed, is_stated) in [("Gartenweg 12", true), ("Muehlweg 12", false)] {
            let first = anna.visit("/melden").await;
            let tapped = [("address", typed), ("lat", "50.125000"), ("lon", "11.035000")];
            let second = anna.send(&first, "/melden", &tapped).await;
            let third = anna.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
            third.is(200).shows("Mühlweg 12");
            if is_stated {
                third.shows("Ihre Angabe").shows(typed)
            } else {
                third.hides("Ihre Angabe")
            };
        }
    })
    .await;
}
