//! Open311 as a stranger's program meets it: both formats, the published schemas, windows and pages, exact refusals.

use super::store::{new_report, put};
use super::{HOST, SWING, photo, publish, rooms, staff, town};
use crate::report::Visibility;
use base::MunicipalityId;
use db::DbError;
use quick_xml::{Reader, events::Event};
use serde_json::Value;
use std::path::PathBuf;
use testkit::{Browser, Seen, TestSite, on_both_sites};

pub async fn json(someone: &mut Browser, path: &str) -> Value {
    let seen = someone.look(path).await;
    assert_eq!(seen.headers["content-type"], "application/json; charset=utf-8", "{path}");
    serde_json::from_slice(&seen.is(200).body).expect("JSON")
}

/// Elements and texts of a document, as `a/b/c=text`.
pub fn flat(seen: &Seen) -> Vec<String> {
    assert_eq!(seen.headers["content-type"], "text/xml; charset=utf-8");
    let text = seen.html();
    let mut reader = Reader::from_str(&text);
    let (mut path, mut found) = (vec![], vec![]);
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => path.push(start.name().as_ref().to_owned()),
            Event::End(_) => drop(path.pop()),
            Event::Empty(empty) => found.push(format!("{}/{}=", path.join("/"), empty.name().as_ref())),
            Event::Text(text) => found.push(format!("{}={}", path.join("/"), &*text)),
            Event::GeneralRef(name) => found.push(format!("{}=&{};", path.join("/"), &*name)),
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// Three public reports of the last days, one hidden; the oldest public one is closed.
async fn filled(site: &TestSite) -> MunicipalityId {
    let id = town(site).await;
    let written = site.site.db.write::<_, DbError>(id, |tx| {
        for (day, number, category, visibility, state) in [
            (-9, "2026-11-1", "road", Visibility::Public, "resolved"),
            (-5, "2026-11-2", "road", Visibility::Public, "in_progress"),
            (-3, "2026-11-3", "road", Visibility::Waiting, "received"),
            (-1, "2026-11-4", "noise", Visibility::Public, "received"),
        ] {
            let mut report = new_report(tx, number, category, SWING, visibility, state);
            report.opened_at = tx.now().plus_days(day);
            report.body = "Scherben <am> Weg & \u{1}Zaun".to_owned();
            put(tx, &report)?;
        }
        Ok(())
    });
    written.await.unwrap();
    id
}

fn numbers(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["service_request_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_stranger_reads_services_definitions_and_requests_in_both_formats() {
    on_both_sites(rooms, async |site| {
        filled(&site).await;
        let mut client = site.visitor(HOST);
        let services = json(&mut client, "/open311/v2/services.json").await;
        let pothole = services.as_array().unwrap().iter().find(|one| one["service_code"] == "road.pothole").unwrap();
        assert_eq!(pothole["service_name"], "Fahrbahn: Schlagloch");
        let other = services.as_array().unwrap().iter().find(|one| one["service_code"] == "other.other").unwrap();
        assert_eq!(other["service_name"], "Etwas anderes");
        assert_eq!(
            (&pothole["metadata"], &pothole["type"], &pothole["group"]),
            (&true.into(), &"realtime".into(), &"Fahrbahn".into())
        );
        let xml = flat(&client.look("/open311/v2/services.xml").await);
        assert!(xml.contains(&"services/service/service_code=road.pothole".to_owned()), "{xml:?}");

        let definition = json(&mut client, "/open311/v2/services/road.pothole.json").await;
        assert_eq!(definition["service_code"], "road.pothole");
        let depth = &definition["attributes"][0];
        assert_eq!((&depth["datatype"], &depth["order"]), (&"singlevaluelist".into(), &1.into()));
        assert!(depth["values"].as_array().unwrap().iter().all(|value| value["key"].is_string()));
        let xml = flat(&client.look("/open311/v2/services/road.pothole.xml").await);
        let key = "service_definition/attributes/attribute/values/value/key=";
        assert!(xml.iter().any(|line| line.starts_with(key)), "{xml:?}");

        let requests = json(&mut client, "/open311/v2/requests.json").await;
        assert_eq!(numbers(&requests), ["2026-11-4", "2026-11-2", "2026-11-1"], "newest first, and no hidden one");
        let oldest = &requests[2];
        assert_eq!((&oldest["status"], &oldest["service_code"]), (&"closed".into(), &"road.pothole".into()));
        assert_eq!(oldest["lat"], 50.12);
        assert_eq!(oldest["address"], "Lindenstraße 5, Altstadt");
        let xml = client.look("/open311/v2/requests/2026-11-2.xml").await;
        let lines = flat(xml.is(200));
        assert!(lines.contains(&"service_requests/request/service_request_id=2026-11-2".to_owned()), "{lines:?}");
        // What people typed is text, whatever it looks like; what XML forbids is left out.
        assert!(xml.html().contains("Scherben &lt;am&gt; Weg &amp; Zaun"), "{}", xml.html());
        let discovery = json(&mut client, "/open311/v2/discovery.json").await;
        assert_eq!(discovery["endpoints"][0]["formats"][1], "application/json");
        assert!(
            flat(&client.look("/open311/v2/discovery.xml").await)
                .contains(&"discovery/endpoints/endpoint/type=production".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn lists_are_narrowed_paged_and_extended() {
    on_both_sites(rooms, async |site| {
        filled(&site).await;
        let mut client = site.visitor(HOST);
        let now = base::Clock::now(&*site.clock);
        let day = |days: i64| now.plus_days(days).rfc3339();
        let table = [
            ("status=open".to_owned(), vec!["2026-11-4", "2026-11-2"]),
            ("status=closed".to_owned(), vec!["2026-11-1"]),
            ("status=open,closed".to_owned(), vec!["2026-11-4", "2026-11-2", "2026-11-1"]),
            ("service_code=noise.pothole".to_owned(), vec!["2026-11-4"]),
            ("service_code=noise.pothole,road.pothole&status=open".to_owned(), vec!["2026-11-4", "2026-11-2"]),
            ("service_request_id=2026-11-1,2026-11-3&status=open&page=2&start_date=x".to_owned(), vec!["2026-11-1"]),
            (format!("start_date={}", day(-6)), vec!["2026-11-4", "2026-11-2"]),
            (format!("end_date={}", day(-2)), vec!["2026-11-2", "2026-11-1"]),
            (format!("start_date={}&end_date={}", day(-6), day(-4)), vec!["2026-11-2"]),
            ("page_size=1&page=2".to_owned(), vec!["2026-11-2"]),
            ("page_size=2&page=3".to_owned(), vec![]),
            // Behind the end there is nothing, however far behind.
            ("page=101".to_owned(), vec![]),
            ("page_size=1&page=101".to_owned(), vec![]),
            ("page=9223372036854775807".to_owned(), vec![]),
            // One end alone makes a window of ninety days.
            (format!("start_date={}", day(-100)), vec![]),
            (format!("start_date={}", day(-97)), vec!["2026-11-1"]),
            (format!("start_date={}", day(1)), vec![]),
            (format!("end_date={}", day(80)), vec!["2026-11-4", "2026-11-2", "2026-11-1"]),
            (format!("jurisdiction_id={HOST}"), vec!["2026-11-4", "2026-11-2", "2026-11-1"]),
            ("jurisdiction_id=&page=&status=".to_owned(), vec!["2026-11-4", "2026-11-2", "2026-11-1"]),
        ];
        for (query, expected) in table {
            let list = json(&mut client, &format!("/open311/v2/requests.json?{query}")).await;
            assert_eq!(numbers(&list), expected, "{query}");
        }
        let list = json(&mut client, "/open311/v2/requests.json?extensions=true").await;
        assert_eq!(list[1]["extended_attributes"]["detailed_status"], "in_work");
        assert_eq!(list[1]["notes"][0]["status"], "reported");
        // Ninety days later nothing of this is in the window that nobody named.
        site.clock.advance_seconds(100 * 86_400);
        assert_eq!(numbers(&json(&mut client, "/open311/v2/requests.json").await), Vec::<&str>::new());
        assert_eq!(
            numbers(&json(&mut client, "/open311/v2/requests.json?service_request_id=2026-11-4").await),
            ["2026-11-4"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_wrong_call_gets_the_exact_code() {
    on_both_sites(rooms, async |site| {
        filled(&site).await;
        let mut client = site.visitor(HOST);
        for (path, status) in [
            ("services/road.unknown.json", 404),
            ("services/nothing.json", 404),
            ("requests/2026-11-3.json", 404),
            ("requests/2026-11-1,2026-11-2.json", 404),
            ("requests.json?service_request_id=2026-11-9", 404),
            ("requests.json?service_code=x", 404),
            ("requests.json?jurisdiction_id=koeln.de", 404),
            ("services.json?jurisdiction_id=koeln.de", 404),
            ("requests.json?status=new", 400),
            ("requests.json?start_date=gestern", 400),
            ("requests.json?start_date=2026-11-20", 400),
            ("requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-04-02T02:00:00Z", 400),
            ("requests.json?start_date=2026-11-20T00:00:00Z&end_date=2026-11-19T00:00:00Z", 400),
            ("requests.json?page_size=1001", 400),
            ("requests.json?page=0", 400),
            ("requests.json?page=-1", 400),
        ] {
            let seen = client.look(&format!("/open311/v2/{path}")).await;
            assert_eq!(seen.status.as_u16(), status, "{path}");
            let errors: Value = serde_json::from_slice(&seen.body).expect("JSON");
            assert_eq!(errors[0]["code"], status, "{path}");
            assert!(errors[0]["description"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
            let seen = client.look(&format!("/open311/v2/{}", path.replacen(".json", ".xml", 1))).await;
            assert_eq!(seen.status.as_u16(), status, "{path}");
            assert!(flat(&seen).contains(&format!("errors/error/code={status}")), "{path}");
        }
        client.look("/open311/v2/requests/2026-11-1.csv").await.is(404);
        let many = vec!["2026-11-1"; 51].join(",");
        client.look(&format!("/open311/v2/requests.json?service_request_id={many}")).await.is(400);
    })
    .await;
}

pub fn schemas() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var("STADTPLATZ_RESEARCH_DATA").unwrap_or_else(|_| default.to_owned());
    let folder = PathBuf::from(data).join("open311");
    folder.exists().then_some(folder)
}

#[tokio::test]
async fn what_is_answered_fits_the_published_schemas() {
    let Some(folder) = schemas() else {
        println!("skipped: no research data, set STADTPLATZ_RESEARCH_DATA");
        return;
    };
    let read = |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap() };
    on_both_sites(rooms, async |site| {
        filled(&site).await;
        let mut client = site.visitor(HOST);
        for (path, schema, part) in [
            ("services.json", "services.json", "service.json"),
            ("services/road.pothole.json", "service-definition.json", "service.json"),
            ("requests.json", "requests.json", "request.json"),
            ("requests.json?extensions=true", "requests.json", "request.json"),
        ] {
            let answer = json(&mut client, &format!("/open311/v2/{path}")).await;
            let mut whole = read(schema);
            // The list's schema names the thing's by its file.
            if let Some(items) = whole.get_mut("items").filter(|items| items.get("$ref").is_some()) {
                assert_eq!(items["$ref"], part);
                *items = read(part);
            }
            let validator = jsonschema::draft4::new(&whole).expect("a schema");
            let wrong: Vec<String> = validator.iter_errors(&answer).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{path}: {wrong:?}");
            assert!(answer.as_array().is_none_or(|list| !list.is_empty()), "{path} has something to look at");
        }
    })
    .await;
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A key of a program, made by the administrator; the page that shows it.
pub async fn key(site: &TestSite, id: MunicipalityId) -> (Browser, String) {
    let mut kim = staff(site, id, "administrator").await;
    let page = kim.visit("/verwaltung/schluessel").await;
    let made = kim.send_only(&page, "/verwaltung/schluessel", &[("name", "Melde-App")]).await;
    let html = made.is(200).shows("Wir zeigen ihn nur dieses eine Mal").html();
    let key = shown_key(&html);
    assert_eq!(key.len(), 48);
    // Sent twice it is made once, and shown no second time.
    kim.send(&page, "/verwaltung/schluessel", &[("name", "Melde-App")])
        .await
        .is(200)
        .shows("schon gezeigt")
        .hides(&key);
    (kim, key)
}

/// The key on the page that shows it this once.
fn shown_key(html: &str) -> String {
    html.split("class=\"figures\"><code>").nth(1).expect("the key").split('<').next().unwrap().to_owned()
}

/// A key for a second program.
pub async fn another_key(kim: &mut Browser) -> String {
    let page = kim.visit("/verwaltung/schluessel").await;
    shown_key(&kim.send_only(&page, "/verwaltung/schluessel", &[("name", "Andere")]).await.html())
}

#[tokio::test]
async fn a_program_with_a_key_reports_and_finds_its_report() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (mut kim, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        let call = [
            ("api_key", key.as_str()),
            ("service_code", "road.pothole"),
            ("lat", "50.1201"),
            ("long", "11.0301"),
            ("description", "Ein tiefes Loch\r\nam Zaun"),
            ("attribute[depth]", "deep"),
            ("attribute[external_id]", "4711"),
            ("first_name", "Anna"),
            ("email", "anna@example.org"),
            ("account_id", "a-1"),
        ];
        let sent = client.post("/open311/v2/requests.json", &call).await;
        let answer: Value = serde_json::from_slice(&sent.is(200).body).unwrap();
        let number = answer[0]["service_request_id"].as_str().expect("a number").to_owned();
        assert_eq!(answer[0]["account_id"], "a-1");
        let notice = answer[0]["service_notice"].as_str().unwrap().to_owned();
        assert!(notice.contains("Wir schauen nach bis"));
        // The same words in another order, with fields that say nothing: the same report.
        let mut turned: Vec<(&str, &str)> = call.iter().rev().copied().collect();
        turned.extend([("first_name", ""), ("jurisdiction_id", HOST)]);
        let again = client.post("/open311/v2/requests.xml", &turned).await;
        assert!(flat(&again).contains(&format!("service_requests/request/service_request_id={number}")));
        // The answer was lost and the call comes again: the same answer, also an hour later and as XML.
        site.clock.advance_seconds(3_600);
        let again = client.post("/open311/v2/requests.json", &call).await;
        assert_eq!(serde_json::from_slice::<Value>(&again.is(200).body).unwrap(), answer);
        let again = flat(&client.post("/open311/v2/requests.xml", &call).await);
        assert!(again.contains(&format!("service_requests/request/service_request_id={number}")));
        assert!(again.contains(&format!("service_requests/request/service_notice={notice}")), "{again:?}");

        // Before the review only the sender reads it.
        let path = format!("/open311/v2/requests/{number}.json");
        client.look(&path).await.is(404);
        client.visit(&format!("/melden/{number}")).await.is(404);
        let own = json(&mut client, &format!("{path}?api_key={key}&extensions=true")).await;
        assert_eq!((&own[0]["status"], &own[0]["address"]), (&"open".into(), &"Lindenstraße 5".into()));
        let token = own[0]["extended_attributes"]["token"].as_str().unwrap();
        let named = json(&mut client, &format!("/open311/v2/tokens/{token}.json?api_key={key}")).await;
        assert_eq!(named[0]["service_request_id"], number.as_str());
        client.look(&format!("/open311/v2/tokens/{token}.json")).await.is(404);
        publish(&site, id, &number).await;
        assert_eq!(numbers(&json(&mut client, &path).await), [number.as_str()]);

        let mut head = staff(&site, id, "head").await;
        let desk = head.visit(&format!("/arbeit/fall/{number}")).await;
        desk.is(200).shows("über ein anderes Programm").shows("Gesendet von Melde-App").shows("external_id: 4711");
        desk.shows("anna@example.org").shows("Ein tiefes Loch").shows("tiefer als 8 cm");
        // A revoked key opens nothing any more; what is public stays readable without it.
        let page = kim.visit("/verwaltung/schluessel").await;
        page.shows("Melde-App").shows("1");
        let (_, rest) =
            page.html().split_once("/verwaltung/schluessel/").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let revoke = format!("/verwaltung/schluessel/{}", rest.split('"').next().unwrap());
        kim.send(&page, &revoke, &[]).await.is(200).shows("Der Schlüssel ist gesperrt");
        client.post("/open311/v2/requests.json", &call).await.is(403);
        client.look(&format!("{path}?api_key={key}")).await.is(403);
        client.look(&path).await.is(200);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_report_is_refused_with_every_reason_and_leaves_nothing() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        let good = [("api_key", key.as_str()), ("service_code", "road.pothole"), ("lat", "50.12"), ("long", "11.03")];
        let long = "x".repeat(4_001);
        let table: [(Fields, u16, usize, &str); 15] = [
            (&[("api_key", "")], 403, 1, "api_key is missing"),
            (&[("api_key", "falsch")], 403, 1, "api_key is not known"),
            (&[("jurisdiction_id", "koeln.de")], 404, 1, "jurisdiction_id"),
            (&[("service_code", "road.nothing")], 404, 1, "service_code"),
            (&[("service_code", "")], 400, 1, "service_code is needed"),
            (&[("media_url", "foto.jpg")], 400, 1, "media_url"),
            (&[("lat", "")], 400, 1, "both of them"),
            (&[("lat", "abc")], 400, 1, "both of them"),
            (&[("lat", "0"), ("long", "0")], 400, 1, "outside of this town"),
            (&[("lat", ""), ("long", "")], 400, 1, "address_string"),
            (&[("lat", ""), ("long", ""), ("address_string", "Nirgendwo 7")], 400, 1, "no single place"),
            (&[("attribute[depth]", "very")], 400, 1, "attribute[depth]"),
            (&[("email", "kein@")], 400, 1, "email"),
            (&[("phone", "ruf mich an")], 400, 1, "phone"),
            (&[("description", &long), ("email", "kein@"), ("lat", "")], 400, 3, "description"),
        ];
        for (wrong, status, count, says) in table {
            let mut call = good.to_vec();
            call.retain(|(name, _)| wrong.iter().all(|(other, _)| other != name));
            call.extend(wrong);
            let seen = client.post("/open311/v2/requests.json", &call).await;
            let errors: Value = serde_json::from_slice(&seen.is(status).body).unwrap();
            assert_eq!(
                (errors.as_array().unwrap().len(), &errors[0]["code"]),
                (count, &status.into()),
                "{wrong:?}: {errors}"
            );
            assert!(errors.to_string().contains(says), "{errors}");
        }
        let list = json(&mut client, &format!("/open311/v2/requests.json?api_key={key}")).await;
        assert_eq!(list, Value::Array(vec![]), "nothing was taken");
        // By address instead of a position.
        let mut call = good[..2].to_vec();
        call.push(("address_string", "Mühlweg 12"));
        client.post("/open311/v2/requests.json", &call).await.is(200);
        let list = json(&mut client, &format!("/open311/v2/requests.json?api_key={key}")).await;
        assert_eq!(list[0]["address"], "Mühlweg 12");
    })
    .await;
}

#[tokio::test]
async fn photos_sent_along_wait_for_the_review_and_no_file_is_lost_in_silence() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (_, key) = key(&site, id).await;
        let mut client = site.visitor(HOST);
        let call = [("api_key", key.as_str()), ("service_code", "road.pothole"), ("lat", "50.12"), ("long", "11.03")];
        let (first, second) = (photo(7), photo(9));
        let path = "/open311/v2/requests.json";
        let files: [(&str, &str, &str, &[u8]); 2] =
            [("media", "loch.png", "image/png", &first), ("media", "rand.png", "image/png", &second)];
        let sent = client.post_files(path, &call, &files).await;
        let answer: Value = serde_json::from_slice(&sent.is(200).body).unwrap();
        let again = client.post_files(path, &call, &files).await;
        assert_eq!(serde_json::from_slice::<Value>(&again.is(200).body).unwrap(), answer, "once, with its photos");
        let number = answer[0]["service_request_id"].as_str().unwrap();
        let mut head = staff(&site, id, "head").await;
        let desk = head.visit(&format!("/arbeit/fall/{number}")).await;
        assert_eq!(desk.is(200).html().matches("<img src=\"/arbeit/anhang/").count(), 2, "{}", desk.html());
        publish(&site, id, number).await;
        let seen = json(&mut client, &format!("/open311/v2/requests/{number}.json")).await;
        assert_eq!(seen[0]["media_url"], Value::Null, "nobody has looked at it yet");

        let many: Vec<(&str, &str, &str, &[u8])> = (0..4).map(|_| ("media", "a.png", "image/png", &*first)).collect();
        for (files, says) in [
            (vec![("photo", "loch.png", "image/png", &*first)], "media"),
            (vec![("media", "brief.pdf", "application/pdf", b"%PDF-1.7".as_slice())], "brief.pdf"),
            (many, "3"),
        ] {
            let seen = client.post_files(path, &[&call[..], &[("account_id", says)]].concat(), &files).await;
            let errors: Value = serde_json::from_slice(&seen.is(400).body).unwrap();
            assert_eq!(errors[0]["code"], 400, "{says}");
            assert!(errors.to_string().contains(says), "{errors}");
        }
        let add =
            [("api_key", key.as_str()), ("service_request_id", number), ("update_id", "1"), ("description", "Da")];
        let path = "/open311/v2/servicerequestupdates.xml";
        let seen = client.post_files(path, &add, &files).await;
        assert!(flat(seen.is(400)).iter().any(|line| line.contains("media_url")), "{}", seen.html());
        let list = json(&mut client, &format!("/open311/v2/requests.json?api_key={key}")).await;
        assert_eq!(numbers(&list), [number], "what was refused left nothing");
    })
    .await;
}

#[tokio::test]
async fn a_method_the_address_does_not_know_is_answered_with_those_it_does() {
    on_both_sites(rooms, async |site| {
        filled(&site).await;
        let mut client = site.visitor(HOST);
        for (path, allowed) in [
            ("discovery.json", "GET,HEAD"),
            ("services.json", "GET,HEAD"),
            ("services/road.pothole.json", "GET,HEAD"),
            ("requests.json", "GET,HEAD,POST"),
            ("requests/2026-11-1.json", "GET,HEAD"),
            ("servicerequestupdates.json", "GET,HEAD,POST"),
            ("tokens/x.json", "GET,HEAD"),
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
                if allowed.contains(method) {
                    continue;
                }
                let seen = client.ask(method, &format!("/open311/v2/{path}")).await;
                assert_eq!(
                    (seen.status.as_u16(), seen.headers["allow"].to_str().unwrap()),
                    (405, allowed),
                    "{method} {path}"
                );
                let errors: Value = serde_json::from_slice(&seen.body).expect("JSON");
                assert_eq!(errors[0]["code"], 405, "{method} {path}");
                let seen = client.ask(method, &format!("/open311/v2/{}", path.replacen(".json", ".xml", 1))).await;
                assert_eq!(
                    (seen.status.as_u16(), seen.headers["allow"].to_str().unwrap()),
                    (405, allowed),
                    "{method} {path}"
                );
                assert!(flat(&seen).contains(&"errors/error/code=405".to_owned()), "{method} {path}");
            }
        }
        assert!(client.ask("DELETE", "/open311/v2/nothing.json").await.is(404).headers.get("allow").is_none());
        // A NUL in an address names nothing, whatever asks the database for it.
        for (method, path) in
            [("GET", "requests/%00.json"), ("GET", "requests/a%00b.json"), ("POST", "requests/%00.json")]
        {
            let seen = client.ask(method, &format!("/open311/v2/{path}")).await;
            let errors: Value = serde_json::from_slice(&seen.body).expect("JSON");
            assert_eq!((seen.status.as_u16(), &errors[0]["code"]), (404, &Value::from(404)), "{method} {path}");
        }
        for path in ["/melden/%00", "/melden/%00/folgen", "/open311/v2/requests/%00.xml"] {
            client.ask("GET", path).await.is(404);
        }
        assert!(client.ask("HEAD", "/open311/v2/requests.json").await.is(200).body.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_key_of_one_program_opens_nothing_of_another() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let (mut kim, ours) = key(&site, id).await;
        let theirs = another_key(&mut kim).await;
        let mut client = site.visitor(HOST);
        let call = [("api_key", ours.as_str()), ("service_code", "road.pothole"), ("lat", "50.12"), ("long", "11.03")];
        client.post("/open311/v2/requests.json", &call).await.is(200);
        let list = |key: &str| format!("/open311/v2/requests.json?api_key={key}");
        assert_eq!(numbers(&json(&mut client, &list(&ours)).await).len(), 1);
        assert_eq!(numbers(&json(&mut client, &list(&theirs)).await).len(), 0);
        let page = kim.visit("/verwaltung/schluessel").await;
        kim.send_only(&page, "/verwaltung/schluessel", &[("name", " ")]).await.is(422).shows("Nennen Sie das Programm");
    })
    .await;
}

#[tokio::test]
async fn updates_tell_how_public_reports_went_on() {
    on_both_sites(rooms, async |site| {
        let id = filled(&site).await;
        let written = site.site.db.write::<_, DbError>(id, |tx| {
            db::testing::unaudited(tx, "moves of a test");
            for (number, moves) in
                [("2026-11-4", vec!["in_progress", "with_others", "resolved"]), ("2026-11-3", vec!["resolved"])]
            {
                let report = crate::store::desk_report(tx, number)?.unwrap();
                for (second, state) in (0..).zip(moves) {
                    crate::store::add_step(tx, report.id, tx.now().plus_seconds(second - 60), state)?;
                }
            }
            Ok(())
        });
        written.await.unwrap();
        let mut client = site.visitor(HOST);
        let list = json(&mut client, "/open311/v2/servicerequestupdates.json").await;
        let seen: Vec<_> =
            list.as_array().unwrap().iter().map(|one| (&one["service_request_id"], &one["status"])).collect();
        let number = Value::from("2026-11-4");
        assert_eq!(
            seen,
            [(&number, &"IN_PROGRESS".into()), (&number, &"FIXED".into())],
            "once for each public state, none hidden"
        );
        assert_ne!(list[0]["update_id"], list[1]["update_id"]);
        let day = |days: i64| base::Clock::now(&*site.clock).plus_days(days).rfc3339();
        let old = format!("start_date={}&end_date={}", day(-3), day(-2));
        assert_eq!(
            json(&mut client, &format!("/open311/v2/servicerequestupdates.json?{old}")).await,
            Value::Array(vec![])
        );
        let one_end = format!("/open311/v2/servicerequestupdates.json?start_date={}", day(-3));
        client.look(&one_end).await.is(400);
        let xml = flat(&client.look("/open311/v2/servicerequestupdates.xml").await);
        assert!(xml.contains(&"service_request_updates/request_update/status=FIXED".to_owned()), "{xml:?}");
    })
    .await;
}

#[tokio::test]
async fn no_program_learns_what_the_office_does_inside() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let written = site.site.db.write::<_, DbError>(id, |tx| {
            for (number, state) in
                [("2026-11-1", "waiting_citizen"), ("2026-11-2", "citizen_answered"), ("2026-11-3", "with_others")]
            {
                put(tx, &new_report(tx, number, "road", SWING, Visibility::Public, state))?;
            }
            Ok(())
        });
        written.await.unwrap();
        let mut client = site.visitor(HOST);
        let list: Value = serde_json::from_slice(&client.look("/meldungen.geojson").await.is(200).body).unwrap();
        let states: Vec<_> =
            list["features"].as_array().unwrap().iter().map(|one| one["properties"]["state"].clone()).collect();
        assert_eq!(states, ["in_work", "in_work", "in_work"]);
        let words = client.look("/open311/v2/requests.json?extensions=true").await.html();
        assert!(!["waiting", "answered", "with_others"].iter().any(|word| words.contains(word)), "{words}");
    })
    .await;
}
