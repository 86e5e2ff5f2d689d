//! The category editor through the real router: what staff change is what citizens meet, nothing typed is lost, nobody
//! overwrites another, and reports that are there stay as they were.

use super::{HOST, number_of, report, rooms, staff, town};
use crate::store;
use base::MunicipalityId;
use db::DbError;
use testkit::{Browser, Seen, TestSite, on_both_sites};

const LIGHT: &str = "/arbeit/kategorien/street_light";

async fn category(site: &TestSite, id: MunicipalityId, word: &'static str) -> crate::category::Category {
    let found = site.site.db.read::<_, DbError>(id, move |tx| store::category(tx, word)).await;
    found.unwrap().expect("the category is there")
}

/// Step 2 as a citizen who typed an address.
async fn step_two(site: &TestSite) -> (Browser, Seen) {
    let mut anna = site.visitor(HOST);
    let first = anna.visit("/melden").await;
    let second = anna.send(&first, "/melden", &[("address", "Mühlweg 12")]).await;
    second.is(200).shows("Schritt 2 von 3");
    (anna, second)
}

#[tokio::test]
async fn an_editor_changes_a_category_and_its_office() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "editor").await;
        report(&site, "street_light/dark", "", "").await;
        let list = kim.visit("/arbeit/kategorien").await;
        list.is(200).shows("Straßenlaterne").shows("Grünflächenamt").shows("1 Meldung").shows("0 Meldungen");
        let path = format!("{LIGHT}/angaben");
        kim.visit(LIGHT).await.is(200).shows("Lampe flackert").shows("Angaben ändern");
        let page = kim.visit(&path).await;
        let wrong = [("days", "0"), ("label-de", ""), ("danger-phone", "Feuerwehr"), ("stop-0-href", "javascript:x")];
        let wrong = kim.send(&page, &path, &wrong).await;
        wrong.is(422).shows("Geben Sie der Kategorie einen Namen.").shows("von 1 bis 120").shows("aus Ziffern");
        assert!(wrong.html().contains("javascript:x") && wrong.html().contains("value=\"Feuerwehr\""), "kept");
        let unit = identity::standard_unit(id, "works_depot").to_string();
        let fields = [
            ("label-de", "Laternen"),
            ("label-en", ""),
            ("days", "2"),
            ("unit", unit.as_str()),
            ("danger-phone", "112"),
            ("stop-0-de", "Ampeln macht das Straßenbauamt."),
            ("stop-0-href", "0921 1234"),
            ("stop-0-link-de", "Anrufen"),
        ];
        kim.send(&wrong, &path, &fields).await.is(200).shows("Laternen").shows("Ampeln macht das");
        let light = category(&site, id, "street_light").await;
        assert_eq!((light.asset_kinds, light.problems.len()), (vec!["lamp".to_owned()], 7));
        assert_eq!(light.stops[0].href, "tel:09211234");
        site.site
            .db
            .read::<_, DbError>(id, move |tx| {
                let rule = cases::unit_for(tx, "report", "street_light", "")?.unwrap();
                assert_eq!((rule.unit.to_string(), rule.working_days), (unit.clone(), 2));
                Ok(())
            })
            .await
            .unwrap();
        // A second template run, as at every start of the demo, does not take it back.
        let town = site.town(id).await;
        let again = site.site.db.write::<_, DbError>(id, move |tx| (crate::room().template)(tx, &town)).await;
        again.unwrap();
        assert_eq!(category(&site, id, "street_light").await.label.de, "Laternen");
    })
    .await;
}

#[tokio::test]
async fn a_new_category_is_offered_when_it_is_ready() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "editor").await;
        let page = kim.visit("/arbeit/kategorien/neu").await;
        let unit = identity::standard_unit(id, "works_depot").to_string();
        let nothing = kim.send(&page, "/arbeit/kategorien/neu", &[("label-de", "Friedhof")]).await;
        nothing.is(422).shows("Wählen Sie ein Zeichen.").shows("Wählen Sie das Amt");
        let fields = [("label-de", "Friedhof"), ("icon", "landmark"), ("unit", unit.as_str()), ("public", "ja")];
        let made = kim.send(&nothing, "/arbeit/kategorien/neu", &fields).await;
        made.is(200).shows("Friedhof").shows("ausgeblendet").shows("Etwas anderes");
        // The same form once more, as by a double click, makes no second one.
        kim.send(&nothing, "/arbeit/kategorien/neu", &fields).await.is(200).shows("Friedhof");
        let (_, step) = step_two(&site).await;
        step.hides("Friedhof");
        let path = "/arbeit/kategorien/friedhof/angaben";
        let page = kim.visit(path).await;
        kim.send(&page, path, &[("active", "ja")]).await.is(200).shows("wird angeboten");
        let (mut anna, step) = step_two(&site).await;
        step.shows("Friedhof");
        let check = anna.send(&step, "/melden/was", &[("problem", "friedhof/other"), ("body", "Tor klemmt")]).await;
        number_of(&anna.send(&check, "/melden/pruefen", &[]).await);
        // Behind all but what is meant for the rest, then one up.
        let list = kim.visit("/arbeit/kategorien").await;
        let html = list.html();
        let at = |html: &str, word: &str| html.find(&format!("id=\"{word}\"")).expect("the category is listed");
        assert!(at(&html, "noise") < at(&html, "friedhof") && at(&html, "friedhof") < at(&html, "other"));
        let up = kim.send(&list, "/arbeit/kategorien/friedhof/reihenfolge", &[("deed", "auf")]).await.html();
        assert!(at(&up, "friedhof") < at(&up, "noise"));
        // In use: it is not deleted, whatever a forged form says.
        kim.visit("/arbeit/kategorien/friedhof").await.hides("Kategorie löschen");
        let forged = [("once", "0190a0a0-0000-7000-8000-0000000000b1")];
        kim.post("/arbeit/kategorien/friedhof/loeschung", &forged).await.is(422).shows("nicht löschen");
        let fields = [("label-de", "Probe"), ("icon", "dog"), ("unit", unit.as_str())];
        let page = kim.visit("/arbeit/kategorien/neu").await;
        let probe = kim.send(&page, "/arbeit/kategorien/neu", &fields).await;
        kim.send(&probe, "/arbeit/kategorien/probe/loeschung", &[]).await.is(200).shows("Gelöscht").hides("Probe");
        let rule = site.site.db.read::<_, DbError>(id, cases::rules).await.unwrap();
        assert!(rule.iter().all(|rule| rule.category != "probe"));
    })
    .await;
}

#[tokio::test]
async fn citizens_see_a_new_question_and_its_bounds_hold() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "editor").await;
        let path = format!("{LIGHT}/frage/neu");
        let page = kim.visit(&path).await;
        let empty = kim.send(&page, &path, &[]).await;
        empty.is(422).shows("Schreiben Sie die Frage").shows("Wählen Sie, wie man antworten soll.");
        let wrong = [("label-de", "Wie hoch?"), ("kind", "number"), ("min", "5"), ("max", "5"), ("unit-de", "m")];
        let wrong = kim.send(&empty, &path, &wrong).await;
        wrong.is(422).shows("Die größte Zahl muss über 5 liegen.");
        let fields = [("max", "12"), ("required", "ja"), ("label-en", "How high?"), ("hint-de", "Ungefähr genügt.")];
        let preview = kim.send(&wrong, &path, &[&fields[..], &[("deed", "vorschau")]].concat()).await;
        preview.is(200).shows("Ungefähr genügt. Von 5 bis 12 m.");
        assert!(category(&site, id, "street_light").await.questions.is_empty(), "a preview saves nothing");
        kim.send(&preview, &path, &fields).await.is(200).shows("Wie hoch?").shows("Pflicht");
        kim.visit(&format!("{LIGHT}/vorschau")).await.is(200).shows("Wie hoch?").shows("Lampe flackert");
        kim.visit(&format!("{LIGHT}/vorschau?sprache=en")).await.is(200).shows("How high?").shows("Lamp flickers");

        let (mut anna, step) = step_two(&site).await;
        step.shows("Wie hoch?").shows("Von 5 bis 12 m.");
        let answer = |value| [("problem", "street_light/dark"), ("q-street_light-wie_hoch", value)];
        let high = anna.send(&step, "/melden/was", &answer("13")).await;
        high.is(422).shows("Geben Sie eine andere Zahl ein. Von 5 bis 12 m.");
        assert!(high.html().contains("value=\"13\""), "kept");
        anna.send(&high, "/melden/was", &answer("")).await.is(422).shows("Beantworten Sie bitte diese Frage.");
        let check = anna.send(&high, "/melden/was", &answer("6,5")).await;
        check.is(200).shows("Schritt 3 von 3").shows("6,5 m");
        let number = number_of(&anna.send(&check, "/melden/pruefen", &[]).await);

        // The question goes, the answer stays where it was given.
        let page = kim.visit(LIGHT).await;
        kim.send(&page, &format!("{LIGHT}/frage/wie_hoch/loeschung"), &[]).await.is(200).hides("Wie hoch?");
        let mut head = staff(&site, id, "head").await;
        head.visit(&format!("/arbeit/fall/{number}")).await.is(200).shows("Wie hoch?").shows("6,5 m");
        step_two(&site).await.1.hides("Wie hoch?");
    })
    .await;
}

#[tokio::test]
async fn a_draft_meets_a_question_that_came_up_meanwhile() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (mut anna, step) = step_two(&site).await;
        let check = anna.send(&step, "/melden/was", &[("problem", "street_light/dark")]).await;
        check.is(200).shows("Schritt 3 von 3");
        let mut kim = staff(&site, id, "editor").await;
        let path = format!("{LIGHT}/frage/neu");
        let page = kim.visit(&path).await;
        let fields = [("label-de", "Seit wann?"), ("kind", "date"), ("required", "ja")];
        kim.send(&page, &path, &fields).await.is(200).shows("Seit wann?");
        let back = anna.send(&check, "/melden/pruefen", &[]).await;
        back.is(200).shows("Schritt 2 von 3").shows("Beantworten Sie bitte diese Frage.");
        let word = "q-street_light-seit_wann";
        let date =
            [("day", "5"), ("month", "11"), ("year", "2026")].map(|(part, value)| (format!("{word}-{part}"), value));
        let date: Vec<(&str, &str)> = date.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let check = anna.send(&back, "/melden/was", &date).await;
        number_of(&anna.send(&check, "/melden/pruefen", &[]).await);
    })
    .await;
}

#[tokio::test]
async fn a_choice_is_renamed_without_losing_what_it_is() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "editor").await;
        let path = "/arbeit/kategorien/road/frage/depth";
        let page = kim.visit(path).await;
        let uneven = kim.send(&page, path, &[("options-de", "flach\nmittel\ntief"), ("options-en", "flat")]).await;
        uneven.is(422).shows("zu jeder deutschen Antwort eine englische");
        kim.send(&uneven, path, &[("options-en", "flat\nmiddle\ndeep")]).await.is(200).shows("flach / mittel / tief");
        let road = category(&site, id, "road").await;
        let words: Vec<&str> = road.questions[0].options.iter().map(|option| option.word.as_str()).collect();
        assert_eq!(words, ["flat", "middle", "deep"]);
    })
    .await;
}

#[tokio::test]
async fn problems_warn_stop_hide_and_move() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "street_light/dark", "", "").await);
        let mut kim = staff(&site, id, "editor").await;
        let path = format!("{LIGHT}/problem/neu");
        let page = kim.visit(&path).await;
        let wrong = [("label-de", "Ampel aus"), ("stop-href", "https://x.example"), ("danger-de", "Kabel hängt?")];
        let wrong = kim.send(&page, &path, &wrong).await;
        wrong.is(422).shows("Schreiben Sie, wer stattdessen hilft.").shows("Telefonnummer an, die man bei Gefahr");
        let fields =
            [("danger-phone", "110"), ("stop-de", "Ampeln macht das Straßenbauamt."), ("stop-link-de", "Dorthin")];
        let made = kim.send(&wrong, &path, &fields).await;
        made.is(200).shows("Ampel aus").shows("Gefahr").shows("andere zuständig");
        let light = category(&site, id, "street_light").await;
        assert_eq!(light.problems.last().unwrap().word, "other", "a new one stands before „Etwas anderes“");

        let (mut anna, step) = step_two(&site).await;
        step.shows("Ampeln macht das Straßenbauamt.").shows("Kabel hängt?").shows("110");
        let stopped = anna.send(&step, "/melden/was", &[("problem", "street_light/ampel_aus")]).await;
        stopped.is(422).shows("Dafür sind andere da: Ampeln macht das Straßenbauamt.").shows("Schritt 2 von 3");

        // In use: hidden, not deleted; the report keeps its words.
        let page = kim.visit(LIGHT).await;
        let forged = [("once", "0190a0a0-0000-7000-8000-0000000000c1")];
        kim.post(&format!("{LIGHT}/problem/dark/loeschung"), &forged).await.is(422).shows("Blenden Sie ihn aus");
        let hide = format!("{LIGHT}/problem/dark/sichtbarkeit");
        let hidden = kim.send(&page, &hide, &[("deed", "ausblenden")]).await;
        hidden.is(200).shows("ausgeblendet").shows("Einblenden");
        step_two(&site).await.1.hides("Lampe ist dunkel");
        let mut head = staff(&site, id, "head").await;
        head.visit(&format!("/arbeit/fall/{number}")).await.is(200).shows("Lampe ist dunkel");
        kim.send(&hidden, &hide, &[("deed", "einblenden")]).await.is(200).hides("ausgeblendet");
        let down = kim.send(&page, &format!("{LIGHT}/problem/dark/reihenfolge"), &[("deed", "ab")]).await.html();
        assert!(down.find("id=\"problem-flicker\"") < down.find("id=\"problem-dark\""));
        let gone = kim.send(&page, &format!("{LIGHT}/problem/ampel_aus/loeschung"), &[]).await;
        gone.is(200).hides("Ampel aus");
        // The last one of an offered category stays.
        let page = kim.visit("/arbeit/kategorien/other").await;
        kim.send(&page, "/arbeit/kategorien/other/problem/other/loeschung", &[])
            .await
            .is(422)
            .shows("letzte sichtbare");
    })
    .await;
}

#[tokio::test]
async fn whoever_saves_second_is_told_and_loses_nothing() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "editor").await;
        let mut lea = kim.clone();
        let dark = format!("{LIGHT}/problem/dark");
        let (kims, leas) = (kim.visit(&dark).await, lea.visit(&dark).await);
        lea.send(&leas, &dark, &[("label-de", "Licht ist aus")]).await.is(200);
        let late = kim.send(&kims, &dark, &[("label-de", "Lampe defekt")]).await;
        late.is(422).shows("inzwischen geändert").shows("Licht ist aus");
        assert!(late.html().contains("value=\"Lampe defekt\""), "kept");
        kim.send(&late, &dark, &[]).await.is(200).shows("Lampe defekt");
        // Another entry of the same category is nobody's conflict.
        let flicker = format!("{LIGHT}/problem/flicker");
        let (kims, basics) = (kim.visit(&flicker).await, lea.visit(&format!("{LIGHT}/angaben")).await);
        lea.send(&basics, &format!("{LIGHT}/angaben"), &[("label-de", "Licht")]).await.is(200);
        kim.send(&kims, &flicker, &[("label-de", "Lampe zuckt")]).await.is(200).shows("Lampe zuckt");
        let late = kim.send(&basics, &format!("{LIGHT}/angaben"), &[("label-de", "Lampe")]).await;
        late.is(422).shows("inzwischen geändert").shows("Licht");
        // Back in the browser, changed and sent once more: one's own words, too, are not overwritten unseen.
        let path = format!("{LIGHT}/frage/neu");
        let page = kim.visit(&path).await;
        kim.send(&page, &path, &[("label-de", "Seit wann?"), ("kind", "date")]).await.is(200).shows("Seit wann?");
        let again = kim.send(&page, &path, &[("label-de", "Wie oft?"), ("kind", "text")]).await;
        again.is(422).shows("schon gespeichert");
        kim.send(&again, &path, &[]).await.is(200).shows("Seit wann?").shows("Wie oft?");
        // Deleted under somebody's hands: the words are still there, and saving makes it anew.
        let row = format!("{LIGHT}/problem/row");
        let (kims, leas) = (kim.visit(&row).await, lea.visit(LIGHT).await);
        lea.send(&leas, &format!("{row}/loeschung"), &[]).await.is(200).hides("Ganze Straße");
        let late = kim.send(&kims, &row, &[("label-de", "Alles dunkel")]).await;
        late.is(422).shows("inzwischen gelöscht");
        kim.send(&late, &format!("{LIGHT}/problem/neu"), &[]).await.is(200).shows("Alles dunkel");
    })
    .await;
}

#[tokio::test]
async fn only_editors_edit_and_every_change_is_in_the_audit() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut clerk = staff(&site, id, "clerk").await;
        let once = [("once", "0190a0a0-0000-7000-8000-0000000000d1"), ("label-de", "x")];
        for path in ["angaben", "problem/neu", "problem/dark", "frage/neu"] {
            clerk.look(&format!("{LIGHT}/{path}")).await.is(403);
            clerk.post(&format!("{LIGHT}/{path}"), &once).await.is(403);
        }
        for path in ["reihenfolge", "loeschung", "problem/dark/loeschung", "problem/dark/sichtbarkeit"] {
            clerk.post(&format!("{LIGHT}/{path}"), &once).await.is(403);
        }
        clerk.look(&format!("{LIGHT}/vorschau")).await.is(403);
        let mut kim = staff(&site, id, "editor").await;
        for unknown in
            ["/arbeit/kategorien/nichts", &format!("{LIGHT}/problem/nichts"), &format!("{LIGHT}/frage/nichts")]
        {
            kim.look(unknown).await.is(404);
        }
        kim.post(&format!("{LIGHT}/problem/neu"), &[("label-de", "x")]).await.is(400);
        assert_eq!(category(&site, id, "street_light").await.problems.len(), 7);
    })
    .await;
}

#[tokio::test]
async fn a_draft_that_is_gone_says_so_and_leads_on() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let (mut anna, step) = step_two(&site).await;
        let draft = step.form("/melden/was").fields.iter().find(|(name, _)| name == "entwurf").unwrap().1.clone();
        let check = anna.send(&step, "/melden/was", &[("problem", "road/pothole")]).await;
        number_of(&anna.send(&check, "/melden/pruefen", &[]).await);
        for path in ["/melden/was", "/melden/pruefen"] {
            let sent = anna.visit(&format!("{path}?entwurf={draft}")).await;
            sent.is(410).shows("schon gesendet").shows("Stand meiner Meldung").shows("Noch etwas melden");
        }
        // Back in the browser and sent once more: no second report.
        anna.send(&step, "/melden/was", &[("problem", "road/pothole")]).await.is(410).shows("schon gesendet");
        anna.send(
            &check,
            "/melden/pruefen",
            &[("email", "neu@example.org"), ("once", "0190a0a0-0000-7000-8000-0000000000e1")],
        )
        .await
        .is(410)
        .shows("schon gesendet");

        let (mut ben, step) = step_two(&site).await;
        let draft = step.form("/melden/was").fields.iter().find(|(name, _)| name == "entwurf").unwrap().1.clone();
        site.clock.advance_seconds(49 * 3_600);
        for path in ["/melden/was", "/melden/pruefen"] {
            let expired = ben.visit(&format!("{path}?entwurf={draft}")).await;
            expired.is(410).shows("Dieser Entwurf ist abgelaufen").shows("Noch etwas melden");
        }
        // A broken copy of an expired draft: the same explanation, not a blank start.
        let broken = [("problem", "road/pothole"), ("copy", "{"), ("entwurf", draft.as_str())];
        ben.send(&step, "/melden/was", &broken).await.is(410).shows("abgelaufen");
    })
    .await;
}

#[tokio::test]
async fn no_report_is_left_without_its_category() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut kim = staff(&site, id, "editor").await;
        let unit = identity::standard_unit(id, "works_depot").to_string();
        let (mut sent, mut removed) = (0, 0);
        for round in 0..12 {
            let name = format!("Probe {round}");
            let page = kim.visit("/arbeit/kategorien/neu").await;
            let fields = [("label-de", name.as_str()), ("icon", "dog"), ("unit", unit.as_str()), ("active", "ja")];
            let shown = kim.send(&page, "/arbeit/kategorien/neu", &fields).await;
            let word = shown.path.rsplit('/').next().unwrap().to_owned();
            let edit = format!("/arbeit/kategorien/{word}/angaben");
            let page = kim.visit(&edit).await;
            kim.send(&page, &edit, &[("active", "ja")]).await.is(200);
            let shown = kim.visit(&format!("/arbeit/kategorien/{word}")).await;
            let (mut anna, step) = step_two(&site).await;
            let problem = format!("{word}/other");
            let check = anna.send(&step, "/melden/was", &[("problem", &problem), ("body", "Tor klemmt")]).await;
            let removal = format!("/arbeit/kategorien/{word}/loeschung");
            let mut kim = kim.clone();
            let (receipt, gone) =
                tokio::join!(anna.send_only(&check, "/melden/pruefen", &[]), kim.send_only(&shown, &removal, &[]));
            let is_sent = receipt.location().is_some_and(|to| to.starts_with("/melden/fertig/"));
            assert!(!(is_sent && gone.status == 303), "{word} is deleted and a report names it");
            sent += i32::from(is_sent);
            removed += i32::from(gone.status == 303);
        }
        assert_eq!(sent + removed, 12, "one of the two wins");
    })
    .await;
}
