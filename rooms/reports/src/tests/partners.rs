//! Reports on their way to other offices, against a server that stands for theirs: what is sent and what is not, what is
//! tried again, and that nothing arrives twice.

use super::elsewhere::{Elsewhere, with_elsewhere, work};
use super::{HOST, employed, publish, report, rooms, staff, town};
use crate::partners::upkeep;
use base::MunicipalityId;
use db::DbError;
use serde_json::json;
use std::time::Duration;
use testkit::{Browser, Seen, TestSite, on_both_sites};

const LIST: &str = "/arbeit/weitergaben";
const PARTNERS: &str = "/verwaltung/stellen";
const SERVICES: &str = r#"[{"service_code":"L1","service_name":"Laterne","group":"Licht"},{"service_code":"S 2","service_name":"Straße"}]"#;

/// Enters the server as an office, and reads what it offers.
async fn enter(site: &TestSite, id: MunicipalityId, server: &Elsewhere) -> Browser {
    server.says("GET /v2/services.json", 200, "application/json", SERVICES);
    let mut admin = staff(site, id, "administrator").await;
    let page = admin.visit(PARTNERS).await;
    page.is(200).shows("Noch keine Stelle");
    let typed =
        [("name", "Stadtwerke"), ("endpoint", &server.url("/v2/")), ("jurisdiction", "ahorn"), ("key", "geheim")];
    let listed = admin.send(&page, PARTNERS, &typed).await;
    listed.is(200).shows("Stadtwerke").shows("noch nicht gelesen").hides("geheim");
    assert_eq!(work(site).await, [("report.partner".to_owned(), None)]);
    admin.visit(PARTNERS).await.shows("2 Dienste").hides("geheim");
    admin
}

async fn a_report(site: &TestSite, words: &str) -> String {
    let receipt = report(site, "road/pothole", words, "anna@example.org").await;
    super::number_of(&receipt)
}

/// Fills the form of this report as a clerk does.
async fn hand_on(head: &mut Browser, number: &str, words: &str) -> Seen {
    let path = format!("/arbeit/meldung/{number}/weitergabe");
    let page = head.visit(&path).await;
    let target = page.is(200).html();
    let target = target.split_once("<option value=\"").map(|(_, rest)| rest).unwrap_or_default();
    // The first option is "Bitte wählen".
    let target = target.split_once("<option value=\"").and_then(|(_, rest)| rest.split_once('"')).unwrap().0.to_owned();
    head.send(&page, &path, &[("target", &target), ("words", words)]).await
}

fn posts(server: &Elsewhere) -> Vec<String> {
    server.asked("POST /v2/requests.json")
}

/// Where the first row of the list sends its decision.
fn decision(page: &Seen) -> String {
    let actions = page.forms().into_iter().map(|form| form.action);
    actions.into_iter().find(|action| action.starts_with("/arbeit/weitergaben/")).expect("a row to decide about")
}

async fn keep_house(site: &TestSite, id: MunicipalityId) {
    site.site.db.write::<_, DbError>(id, upkeep).await.unwrap();
}

#[tokio::test]
async fn a_report_goes_out_once_without_the_person_and_its_news_come_back_once() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        enter(&site, id, &server).await;
        let number = a_report(&site, "Die Laterne brennt nicht.").await;
        let mut head = staff(&site, id, "head").await;
        head.visit(&format!("/arbeit/fall/{number}")).await.shows("An andere Stelle weitergeben");
        server.says("POST /v2/requests.json", 200, "application/json", r#"[{"service_request_id":77}]"#);
        let listed = hand_on(&mut head, &number, "Laterne dunkel & kaputt").await;
        listed.is(200).shows("wird gesendet").shows("Licht: Laterne");
        assert_eq!(work(&site).await, [("report.forward".to_owned(), None)]);
        let sent = posts(&server);
        assert_eq!(sent.len(), 1);
        for part in ["service_code=L1", "lat=50%2E1201", "api_key=geheim", "jurisdiction_id=ahorn", "dunkel%20%26"] {
            assert!(sent[0].contains(part), "{part} in {}", sent[0]);
        }
        assert!(sent[0].contains(&format!("Unser%20Zeichen%3A%20{}", number.replace('-', "%2D"))), "{}", sent[0]);
        assert!(!sent[0].contains("anna"), "the person's address went along: {}", sent[0]);
        head.visit(LIST).await.shows("angekommen").shows("Nummer dort 77");
        // The same office has it now.
        hand_on(&mut head, &number, "noch einmal").await.is(422).shows("hat die Meldung schon").shows("noch einmal");
        let desk = head.visit(&format!("/arbeit/fall/{number}")).await;
        desk.shows("Weitergegeben an: Stadtwerke. Nummer dort: 77.");

        let feed = json!([
            { "update_id": "u1", "service_request_id": "77", "status": "FIXED", "description": "Neues Leuchtmittel" },
            { "update_id": "u2", "service_request_id": "78", "status": "FIXED", "description": "Eine fremde Sache" },
        ]);
        server.says("GET /v2/servicerequestupdates.json", 200, "application/json", feed.to_string());
        for _ in 0..2 {
            site.clock.advance_seconds(1_800);
            keep_house(&site, id).await;
            work(&site).await;
        }
        assert!(server.asked("GET /v2/servicerequestupdates.json").len() >= 2, "asked again");
        let desk = head.visit(&format!("/arbeit/fall/{number}")).await;
        let html = desk.hides("Eine fremde Sache").html();
        assert_eq!(html.matches("Stadtwerke (behoben): Neues Leuchtmittel").count(), 1);
        head.visit(LIST).await.hides("77").shows("Nichts unterwegs");
        head.visit("/arbeit/weitergaben?stand=erledigt").await.shows("dort erledigt").shows("77");
        assert_eq!(posts(&server).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_office_that_is_away_is_tried_later_and_the_list_says_when() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        enter(&site, id, &server).await;
        let number = a_report(&site, "Ein Loch.").await;
        let mut head = staff(&site, id, "head").await;
        server.says("POST /v2/requests.json", 503, "text/plain", "busy");
        hand_on(&mut head, &number, "Ein Loch").await;
        work(&site).await;
        head.visit(LIST).await.shows("wartet").shows("überlastet").shows("Nächster Versuch");
        assert_eq!(work(&site).await, [], "not before its time");
        server.says(
            "POST /v2/requests.json",
            201,
            "text/xml",
            "<service_requests><request><service_request_id>A-9</service_request_id></request></service_requests>",
        );
        // Whoever presses the button does not wait.
        let page = head.visit(LIST).await;
        let action = decision(&page);
        head.send(&page, &action, &[("deed", "send")]).await.is(200);
        work(&site).await;
        head.visit(LIST).await.shows("angekommen").shows("A-9");
        site.clock.advance_seconds(3_600);
        work(&site).await;
        assert_eq!(posts(&server).len(), 2, "nobody looked for it in between, for it was certainly not taken");
        assert_eq!(server.asked("GET /v2/requests.json"), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn after_an_attempt_without_an_answer_the_office_is_asked_before_anything_is_sent_again() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        enter(&site, id, &server).await;
        let mut head = staff(&site, id, "head").await;
        for (arrived, sent) in [(true, 1), (false, 2)] {
            let number = a_report(&site, "Ein Loch.").await;
            let before = posts(&server).len();
            server.says("POST /v2/requests.json", 500, "text/plain", "lost");
            hand_on(&mut head, &number, "Ein Loch").await;
            work(&site).await;
            head.visit(LIST).await.shows("meldet einen Fehler");
            server.says("POST /v2/requests.json", 200, "application/json", r#"[{"service_request_id":"neu"}]"#);
            // Of another town with the same number, and ours if it arrived.
            let mut known = vec![json!({ "service_request_id": "fremd",
                "description": format!("x (Unser Zeichen: {number}, andere.example)") })];
            if arrived {
                let mark = format!("Ein Loch (Unser Zeichen: {number}, {HOST})");
                known.push(json!({ "service_request_id": "da", "description": mark }));
            }
            server.says("GET /v2/requests.json", 200, "application/json", serde_json::to_vec(&known).unwrap());
            site.clock.advance_seconds(61);
            work(&site).await;
            assert_eq!(posts(&server).len() - before, sent, "arrived: {arrived}");
            let says = if arrived { "Nummer dort: da." } else { "Nummer dort: neu." };
            head.visit(&format!("/arbeit/fall/{number}")).await.shows(says);
        }
    })
    .await;
}

#[tokio::test]
async fn where_nobody_can_know_a_person_decides() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        enter(&site, id, &server).await;
        let mut head = staff(&site, id, "head").await;
        let number = a_report(&site, "Ein Loch.").await;
        server.says("POST /v2/requests.json", 200, "text/html", "<html><p>");
        hand_on(&mut head, &number, "Ein Loch").await;
        work(&site).await;
        site.clock.advance_seconds(61);
        work(&site).await;
        assert_eq!(posts(&server).len(), 1, "the list of requests is a 404 there");
        let page = head.visit(LIST).await;
        page.shows("nicht gesendet").shows("Rufen Sie dort an");
        head.visit(&format!("/arbeit/fall/{number}")).await.shows("Nicht weitergegeben an: Stadtwerke");
        server.says("POST /v2/requests.json", 400, "application/json", r#"[{"code":400,"description":"lat fehlt"}]"#);
        let action = decision(&page);
        head.send(&page, &action, &[("deed", "send")]).await;
        work(&site).await;
        assert_eq!(posts(&server).len(), 2);
        let page = head.visit(LIST).await;
        page.shows("abgelehnt").shows("lat fehlt (400)");
        head.send(&page, &action, &[("deed", "cancel")]).await.is(200).shows("Nichts unterwegs");
        head.send(&page, &action, &[("deed", "send")]).await.shows("nichts mehr zu ändern");
        work(&site).await;
        assert_eq!(posts(&server).len(), 2, "what was taken back is not sent");
    })
    .await;
}

#[tokio::test]
async fn an_office_without_a_feed_is_asked_for_each_report_in_xml_too() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        let services = "<services><service><service_code>1</service_code><service_name>Laub</service_name></service></services>";
        server.says("GET /v2/services.xml", 200, "text/xml", services);
        let mut admin = staff(&site, id, "administrator").await;
        let page = admin.visit(PARTNERS).await;
        let typed = [("name", "Bauhof"), ("endpoint", &server.url("/v2/services.json?jurisdiction_id=x"))];
        admin.send(&page, PARTNERS, &typed).await;
        work(&site).await;
        admin.visit(PARTNERS).await.shows("1 Dienst");
        let number = a_report(&site, "Laub.").await;
        publish(&site, id, &number).await;
        let mut head = staff(&site, id, "head").await;
        let token = "<service_requests><request><token>t/1</token></request></service_requests>";
        server.says("POST /v2/requests.xml", 200, "text/xml", token);
        hand_on(&mut head, &number, "Laub").await;
        work(&site).await;
        head.visit(LIST).await.shows("Die Nummer dort kommt noch");
        let named = "<service_requests><request><service_request_id>5</service_request_id></request></service_requests>";
        server.says("GET /v2/tokens/t%2F1.xml", 200, "text/xml", named);
        let closed = "<service_requests><request><status>closed</status><status_notes>Weggeräumt</status_notes></request></service_requests>";
        server.says("GET /v2/requests/5.xml", 200, "text/xml", closed);
        for _ in 0..3 {
            site.clock.advance_seconds(1_800);
            keep_house(&site, id).await;
            work(&site).await;
        }
        let html = head.visit(&format!("/arbeit/fall/{number}")).await.html();
        assert_eq!(html.matches("Bauhof (geschlossen): Weggeräumt").count(), 1);
        head.visit("/arbeit/weitergaben?stand=erledigt").await.shows("Nummer dort 5");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_died_is_taken_up_and_looks_first() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        enter(&site, id, &server).await;
        let number = a_report(&site, "Ein Loch.").await;
        let mut head = staff(&site, id, "head").await;
        hand_on(&mut head, &number, "Ein Loch").await;
        // Another run holds it and never comes back.
        let held = site.site.db.write::<_, DbError>(id, |tx| {
            db::testing::unaudited(tx, "a run that dies");
            let all = crate::store::forwards(tx, &identity::Units::All, false, 9)?;
            crate::store::hold_forward(tx, all[0].id, tx.now().plus_seconds(60))
        });
        assert!(held.await.unwrap().is_ok());
        assert_eq!(work(&site).await, [("report.forward".to_owned(), Some("report.forward.held"))]);
        server.says("POST /v2/requests.json", 200, "application/json", r#"[{"service_request_id":"1"}]"#);
        server.says("GET /v2/requests.json", 200, "application/json", "[]");
        site.clock.advance_seconds(120);
        work(&site).await;
        assert_eq!((server.asked("GET /v2/requests.json").len(), posts(&server).len()), (1, 1));
        head.visit(LIST).await.shows("angekommen");
        // Without any job, upkeep brings one.
        let second = a_report(&site, "Noch ein Loch.").await;
        hand_on(&mut head, &second, "Noch ein Loch").await;
        for job in site.site.db.claim_jobs(100, Duration::from_secs(60)).await.unwrap() {
            site.site.db.finish_job(job.ticket).await.unwrap();
        }
        site.clock.advance_seconds(3_600);
        keep_house(&site, id).await;
        work(&site).await;
        assert_eq!(posts(&server).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn wrong_offices_are_refused_with_a_reason_and_everything_typed() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut admin = staff(&site, id, "administrator").await;
        for (endpoint, says) in [
            ("", "beginnt mit https://"),
            ("ftp://stadt.example", "beginnt mit https://"),
            ("http://stadt.example/v2", "Ohne Verschlüsselung"),
            ("https://name:wort@stadt.example/v2", "aus der Adresse"),
        ] {
            let page = admin.visit(PARTNERS).await;
            let seen = admin.send(&page, PARTNERS, &[("name", "Nachbarort"), ("endpoint", endpoint)]).await;
            seen.is(422).shows(says);
            assert_eq!(super::field(&seen, PARTNERS, "name"), "Nachbarort");
        }
        let page = admin.visit(PARTNERS).await;
        admin
            .send(&page, PARTNERS, &[("endpoint", "https://stadt.example/v2")])
            .await
            .is(422)
            .shows("Nennen Sie die Stelle");
        // A public name that leads to the house itself.
        let typed = [("name", "Innen"), ("endpoint", "https://127.0.0.1/v2")];
        admin.send(&page, PARTNERS, &typed).await.is(200);
        work(&site).await;
        admin.visit(PARTNERS).await.shows("keine öffentliche");
    })
    .await;
}

#[tokio::test]
async fn only_who_works_on_the_case_hands_it_on_and_an_ended_office_gets_nothing() {
    with_elsewhere(async |site: TestSite, [_, server]: [Elsewhere; 2], id| {
        let mut admin = enter(&site, id, &server).await;
        let number = a_report(&site, "Ein Loch.").await;
        let path = format!("/arbeit/meldung/{number}/weitergabe");
        let mut head = staff(&site, id, "head").await;
        let mut stranger = employed(&site, id, "fremd", "clerk", Some("public_order")).await;
        stranger.visit(&path).await.is(404);
        hand_on(&mut head, &number, "Ein Loch").await;
        let page = head.visit(LIST).await;
        let action = decision(&page);
        let list = stranger.visit(LIST).await;
        list.is(200).hides(&number);
        stranger.post(&action, &[("deed", "cancel")]).await.is(404);
        let page = admin.visit(PARTNERS).await;
        let end = page.forms().into_iter().map(|form| form.action).find(|action| action.ends_with("/ende")).unwrap();
        admin.send(&page, &end, &[]).await.is(200).shows("Noch keine Stelle");
        work(&site).await;
        assert_eq!(posts(&server), Vec::<String>::new());
        let left =
            site.site.db.read::<_, DbError>(id, |tx| crate::store::forwards(tx, &identity::Units::All, false, 9));
        assert_eq!(left.await.unwrap()[0].problem, "Die Stelle ist nicht mehr eingetragen.");
    })
    .await;
}
