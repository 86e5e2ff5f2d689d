//! Open311 in both directions beyond the first call: what a program adds to its report, the photo it only names, and
//! errors as programs read them.

use super::elsewhere::{Elsewhere, with_elsewhere, work};
use super::open311::{another_key, flat, json, key};
use super::{HOST, photo, publish, rooms, staff, town};
use base::MunicipalityId;
use db::DbError;
use serde_json::Value;
use testkit::{Browser, TestSite, on_both_sites};
use uuid::Uuid;
use web::JobRun;

/// A report sent with this key; its number.
async fn sent(client: &mut Browser, key: &str, more: &[(&str, &str)]) -> String {
    let mut call = vec![("api_key", key), ("service_code", "road.pothole"), ("lat", "50.1201"), ("long", "11.0301")];
    call.extend(more);
    let answer = client.post("/open311/v2/requests.json", &call).await;
    let answer: Value = serde_json::from_slice(&answer.is(200).body).unwrap();
    answer[0]["service_request_id"].as_str().unwrap().to_owned()
}

const UPDATES: &str = "/open311/v2/servicerequestupdates.json";

#[tokio::test]
async fn a_program_adds_to_its_own_report_and_each_word_comes_once() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (mut kim, key) = key(&site, id).await;
        let other = another_key(&mut kim).await;
        let mut client = site.visitor(HOST);
        let number = sent(&mut client, &key, &[]).await;
        let word = |more: &[(&'static str, &str)]| {
            let mut call = vec![
                ("api_key", key.clone()),
                ("service_request_id", number.clone()),
                ("update_id", "u-1".to_owned()),
                ("updated_datetime", "2026-11-23T08:00:00+01:00".to_owned()),
                ("status", "open".to_owned()),
                ("description", "Es ist tiefer geworden".to_owned()),
            ];
            call.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
            call.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
            call
        };
        let post = async |client: &mut Browser, call: &[(&str, String)]| {
            let call: Vec<_> = call.iter().map(|(name, value)| (*name, value.as_str())).collect();
            client.post(UPDATES, &call).await
        };
        for (wrong, status, says) in [
            (vec![("api_key", "")], 403, "api_key is missing"),
            (vec![("api_key", other.as_str())], 404, "service_request_id"),
            (vec![("service_request_id", "2026-11-77")], 404, "service_request_id"),
            (vec![("description", "")], 400, "description is needed"),
            (vec![("update_id", "")], 400, "update_id is needed"),
            (vec![("status", "SOLVED")], 400, "status is one of"),
            (vec![("updated_datetime", "gestern")], 400, "updated_datetime"),
            (vec![("media_url", "file:///etc/passwd")], 400, "media_url"),
        ] {
            let seen = post(&mut client, &word(&wrong)).await;
            let errors: Value = serde_json::from_slice(&seen.is(status).body).unwrap();
            assert_eq!(errors[0]["code"], status, "{wrong:?}");
            assert!(errors.to_string().contains(says), "{errors}");
        }
        let taken = post(&mut client, &word(&[])).await;
        let taken: Value = serde_json::from_slice(&taken.is(200).body).unwrap();
        assert_eq!(taken[0]["update_id"], "u-1");
        // A key is looked at for reading, too.
        client.look("/open311/v2/servicerequestupdates.json?api_key=falsch").await.is(403);
        // The answer was lost: once more, the same, here for XML.
        let call = word(&[]);
        let call: Vec<_> = call.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let again = client.post("/open311/v2/servicerequestupdates.xml", &call).await;
        assert!(flat(&again).contains(&"service_request_updates/request_update/update_id=u-1".to_owned()));
        post(&mut client, &word(&[("description", "Etwas ganz anderes")])).await.is(400).shows("update_id");
        let mut head = staff(&site, id, "head").await;
        let desk = head.visit(&format!("/arbeit/fall/{number}")).await;
        let html = desk.is(200).shows("Gesendet von Melde-App, Stand dort: OPEN").html();
        assert_eq!(html.matches("Es ist tiefer geworden").count(), 1, "once, and no refused one");
        desk.hides("Etwas ganz anderes");
    })
    .await;
}

/// Closes a case at the desk.
async fn close(head: &mut Browser, number: &str) {
    let page = head.visit(&format!("/arbeit/fall/{number}")).await;
    let page = head.send(&page, &format!("/arbeit/fall/{number}/uebernahme"), &[]).await;
    let words = [("aktion", "schliessen"), ("ergebnis", "resolved"), ("antwort", "Das Loch ist zu.")];
    head.send(&page, &format!("/arbeit/fall/{number}/antwort"), &words).await.is(200);
}

async fn state_of(site: &TestSite, id: MunicipalityId, number: &str) -> cases::State {
    let number = number.to_owned();
    let head = site.site.db.read::<_, DbError>(id, move |tx| cases::by_number(tx, &number));
    head.await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_closed_case_stays_closed_when_the_program_agrees_and_opens_when_it_does_not() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        let number = sent(&mut client, &key, &[]).await;
        let mut head = staff(&site, id, "head").await;
        close(&mut head, &number).await;
        let closed = state_of(&site, id, &number).await;
        assert!(!closed.is_open());
        let say = async |client: &mut Browser, update: &str, status: &str, text: &str| {
            let call = [
                ("api_key", key.as_str()),
                ("service_request_id", &number),
                ("update_id", update),
                ("status", status),
                ("description", text),
            ];
            client.post(UPDATES, &call).await.is(200);
        };
        say(&mut client, "u-1", "FIXED", "Auch bei uns erledigt").await;
        assert_eq!(state_of(&site, id, &number).await, closed);
        say(&mut client, "u-2", "REOPEN", "Wieder offen").await;
        assert!(state_of(&site, id, &number).await.is_open());
        head.visit(&format!("/arbeit/fall/{number}")).await.shows("Auch bei uns erledigt").shows("Wieder offen");
    })
    .await;
}

async fn photos_under_review(site: &TestSite, id: MunicipalityId, number: &str) -> usize {
    let number = number.to_owned();
    let photos = site.site.db.read::<_, DbError>(id, move |tx| {
        let report = crate::store::desk_report(tx, &number)?.unwrap();
        crate::store::photos_for_review(tx, report.id)
    });
    photos.await.unwrap().len()
}

#[tokio::test]
async fn a_photo_that_is_only_named_is_fetched_once_and_waits_for_the_review() {
    with_elsewhere(async |site: TestSite, [server, _]: [Elsewhere; 2], id| {
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        // Nobody is there yet: later.
        server.says("GET /loch.png", 503, "text/plain", "gleich");
        let number = sent(&mut client, &key, &[("media_url", &server.url("/loch.png?a=1"))]).await;
        assert_eq!(work(&site).await, [("report.photo".to_owned(), Some("report.photo.answer"))]);
        assert_eq!(photos_under_review(&site, id, &number).await, 0);
        server.says("GET /loch.png", 200, "image/png", photo(7));
        site.clock.advance_seconds(60);
        assert_eq!(work(&site).await, [("report.photo".to_owned(), None)]);
        assert_eq!(photos_under_review(&site, id, &number).await, 1);
        assert_eq!(server.asked("GET /loch.png?a=1").len(), 2, "and not again once it is here");
        publish(&site, id, &number).await;
        let list = json(&mut client, &format!("/open311/v2/requests/{number}.json")).await;
        assert_eq!(list[0]["media_url"], Value::Null, "nobody reviewed the photo");
        let mut head = staff(&site, id, "head").await;
        head.visit(&format!("/arbeit/fall/{number}")).await.is(200).shows("loch.png");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_photo_is_told_to_the_desk_and_not_tried_again() {
    with_elsewhere(async |site: TestSite, [server, inner]: [Elsewhere; 2], id| {
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        server.says("GET /seite", 200, "image/png", "<html>");
        let mut head = staff(&site, id, "head").await;
        inner.says("GET /foto.png", 200, "image/png", photo(7));
        for (url, says) in [
            (server.url("/seite"), "kein Bild"),
            (server.url("/weg.png"), "nichts mehr"),
            (inner.url("/foto.png"), "keine öffentliche"),
        ] {
            let number = sent(&mut client, &key, &[("media_url", &url), ("description", says)]).await;
            assert_eq!(work(&site).await, [("report.photo".to_owned(), None)], "{url}");
            assert_eq!(photos_under_review(&site, id, &number).await, 0);
            head.visit(&format!("/arbeit/fall/{number}")).await.shows("Foto nicht abgeholt").shows(says);
        }
        assert_eq!(inner.asked(""), Vec::<String>::new(), "a stranger made the house ask its own intranet");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_runs_again_leaves_one_photo_or_one_remark() {
    with_elsewhere(async |site: TestSite, [server, _]: [Elsewhere; 2], id| {
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        server.says("GET /loch.png", 200, "image/png", photo(9));
        let number = sent(&mut client, &key, &[]).await;
        let wanted = number.clone();
        let head = site.site.db.read::<_, DbError>(id, move |tx| cases::by_number(tx, &wanted)).await;
        let case = head.unwrap().unwrap().id.0;
        let job = crate::room().jobs.iter().find(|job| job.kind == "report.photo").unwrap();
        for (first, path) in [(1_u128, "/loch.png"), (2, "/weg.png")] {
            for _ in 0..2 {
                let payload = serde_json::json!({ "case": case, "url": server.url(path) });
                let run = JobRun { site: site.site.clone(), town: id, id: Uuid::from_u128(first), payload };
                (job.run)(run).await.unwrap();
            }
        }
        assert_eq!(photos_under_review(&site, id, &number).await, 1);
        let desk = staff(&site, id, "head").await.visit(&format!("/arbeit/fall/{number}")).await.html();
        assert_eq!(desk.matches("Foto nicht abgeholt").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn errors_of_the_house_are_spelled_for_programs_and_a_key_may_stand_in_the_address() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        for path in ["/open311/v2/nothing.json", "/open311/v2/services/a/b.json"] {
            let seen = client.look(path).await;
            let errors: Value = serde_json::from_slice(&seen.is(404).body).expect("JSON");
            assert_eq!(errors[0]["code"], 404);
        }
        let seen = client.look("/open311/v2/nothing.xml").await;
        assert!(flat(seen.is(404)).contains(&"errors/error/code=404".to_owned()));
        let call = [("service_code", "road.pothole"), ("lat", "50.12"), ("long", "11.03")];
        client.post("/open311/v2/requests.json", &call).await.is(403);
        client.post(&format!("/open311/v2/requests.json?api_key={key}"), &call).await.is(200);
    })
    .await;
}
