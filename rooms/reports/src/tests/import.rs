//! Reports of another system: both spellings, the deviations of real servers, once each.

use super::open311::schemas;
use super::{HOST, rooms, town};
use crate::import::feed::{self, Unreadable};
use crate::import::{self, ImportError, Wish};
use base::MunicipalityId;
use db::DbError;
use serde_json::Value;
use testkit::{TestSite, on_both_sites};

fn wish() -> Wish {
    Wish { source: "alt.example".to_owned(), ..Wish::default() }
}

const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<service_requests>
  <request>
    <service_request_id>7</service_request_id><status>open</status>
    <service_name>Schlagloch</service_name><service_code>3.1</service_code>
    <description>Loch &amp; Kante &#228;&unknown;<![CDATA[ <b>]]></description>
    <requested_datetime>2026-10-01T08:00:00+02:00</requested_datetime>
    <updated_datetime>2026-09-01T08:00:00+02:00</updated_datetime>
    <address>Lindenstraße 5</address><lat>50.1201</lat><long>11.0301</long><zipcode/>
  </request>
  <request><service_request_id>8</service_request_id><status>neu</status><lat>1</lat><long>1</long>
    <requested_datetime>2026-10-01T08:00:00Z</requested_datetime></request>
</service_requests>"#;

#[test]
fn xml_and_json_give_the_same_and_deviations_are_read() {
    let xml = feed::read(XML.as_bytes()).unwrap();
    let first = xml[0].clone().unwrap();
    assert_eq!(first.description, "Loch & Kante ä <b>");
    assert_eq!((first.id.as_str(), first.is_open, first.address.as_str()), ("7", true, "Lindenstraße 5"));
    assert_eq!(first.updated, first.requested, "nothing changed before it was reported");
    assert_eq!(xml[1].clone().unwrap_err(), "8: status ist weder open noch closed");
    // Numbers as words, a wrapper, no description, the other name of the address, a token instead of the id.
    let json = br#"{"service_requests":[{"token":"t-1","status":"Closed","lat":"50,12","long":11.03,
        "requested_datetime":"2026-10-01T06:00:00Z","address_string":"Weg 1","service_code":3.2,"description":null}]}"#;
    let one = feed::read(json).unwrap().remove(0).unwrap();
    assert_eq!((one.id.as_str(), one.is_open, one.address.as_str()), ("t-1", false, "Weg 1"));
    assert_eq!((one.service_code.as_str(), one.description.as_str(), one.position.lat), ("3.2", "", 50.12));
}

#[test]
fn what_cannot_be_read_says_why() {
    let deep = "<a>".repeat(20);
    for (bytes, why) in [
        (&b"id;lat"[..], Unreadable::Neither),
        (b"", Unreadable::Neither),
        (b"\xff\xfe", Unreadable::Neither),
        (b"[{", Unreadable::Neither),
        (b"{\"error\":1}", Unreadable::NoList),
        (b"<a><b>", Unreadable::Xml),
        (deep.as_bytes(), Unreadable::Xml),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a/>", Unreadable::Doctype),
    ] {
        assert_eq!(feed::read(bytes), Err(why), "{}", String::from_utf8_lossy(bytes));
    }
    for (record, why) in [
        ("{}", "ohne service_request_id"),
        (r#"{"service_request_id":"1"}"#, "requested_datetime"),
        (r#"{"service_request_id":"1","requested_datetime":"2026-10-01T06:00:00Z","status":"open"}"#, "lat und long"),
        ("7", "ohne service_request_id"),
    ] {
        let read = feed::read(format!("[{record}]").as_bytes()).unwrap().remove(0);
        assert!(read.clone().unwrap_err().contains(why), "{record}: {read:?}");
    }
}

async fn taken(site: &TestSite, id: MunicipalityId, bytes: &[u8], wish: &Wish) -> import::Report {
    import::import(&site.site, id, bytes, wish).await.unwrap()
}

#[tokio::test]
async fn an_import_writes_each_record_once_with_its_case_and_its_times() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let json = r#"[
            {"service_request_id":"A1","status":"closed","status_notes":"Erneuert.","service_name":"Schlagloch",
             "service_code":"3.1","description":"Tief","requested_datetime":"2026-11-01T06:00:00Z",
             "updated_datetime":"2026-11-05T06:00:00Z","lat":50.1201,"long":11.0301},
            {"service_request_id":"A2","status":"open","service_name":"Wespennest","service_code":"9",
             "requested_datetime":"2026-11-10T06:00:00Z","lat":50.125,"long":11.035,"address":"Mühlweg 12"},
            {"service_request_id":"A3","status":"open","service_name":"Licht","service_code":"street_light.dark",
             "requested_datetime":"2026-11-11T06:00:00Z","lat":50.12,"long":11.03},
            {"service_request_id":"A4","status":"open","service_name":"Fern","requested_datetime":"2026-11-11T06:00:00Z",
             "lat":41.9,"long":-87.7},
            {"service_request_id":"A5","status":"open","service_name":"Auto","requested_datetime":"2026-11-11T06:00:00Z",
             "lat":50.12,"long":11.03}]"#;
        let wanted = Wish { services: [("Auto".to_owned(), "vehicle.car".to_owned())].into(), ..wish() };
        let probe = taken(&site, id, json.as_bytes(), &Wish { probe: true, ..wanted.clone() }).await;
        assert_eq!((probe.written, probe.known, probe.skipped_count), (4, 0, 1));
        let first = taken(&site, id, json.as_bytes(), &wanted).await;
        assert_eq!((first.written, first.known, first.skipped_count), (4, 0, 1), "the probe wrote nothing");
        assert!(first.skipped[0].contains("A4: liegt außerhalb"), "{:?}", first.skipped);
        let services: Vec<_> = first.services.keys().map(|(theirs, ours)| format!("{theirs} {ours}")).collect();
        assert_eq!(
            services,
            ["Auto vehicle.car", "Licht street_light.dark", "Schlagloch road.pothole", "Wespennest other.other"]
        );
        let again = taken(&site, id, json.as_bytes(), &wanted).await;
        assert_eq!((again.written, again.known), (0, 4));

        let mut anna = site.visitor(HOST);
        let list: Value =
            serde_json::from_slice(&anna.look("/open311/v2/requests.json").await.is(200).body).unwrap();
        let seen: Vec<_> = list.as_array().unwrap().iter().map(|one| (&one["description"], &one["status"])).collect();
        let words = |text: &str| Value::from(text);
        assert_eq!(
            seen,
            [
                (&words("Straßenlaterne: Lampe ist dunkel"), &words("open")),
                (&words("Wespennest"), &words("open")),
                (&words("Tief"), &words("closed"))
            ],
            "what is never public here does not become it"
        );
        assert_eq!(list[2]["requested_datetime"], "2026-11-01T06:00:00Z");
        assert_eq!(list[2]["updated_datetime"], "2026-11-05T06:00:00Z");
        let number = list[2]["service_request_id"].as_str().unwrap().to_owned();
        let heads = site.site.db.read::<_, DbError>(id, move |tx| cases::by_number(tx, &number));
        assert!(!heads.await.unwrap().unwrap().state.is_open());
    })
    .await;
}

#[tokio::test]
async fn a_service_the_town_does_not_have_stops_before_anything_is_written() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let wanted = Wish { otherwise: "nothing.at_all".to_owned(), ..wish() };
        let refused = import::import(&site.site, id, XML.replace("Schlagloch", "Wespen").as_bytes(), &wanted).await;
        assert!(matches!(refused, Err(ImportError::NoService(code)) if code == "nothing.at_all"));
        let taken = taken(&site, id, XML.as_bytes(), &wish()).await;
        assert_eq!((taken.written, taken.known, taken.skipped_count), (1, 0, 1));
    })
    .await;
}

#[tokio::test]
async fn real_records_of_chicago_and_cologne_come_in() {
    let Some(folder) = schemas() else {
        println!("skipped: no research data, set STADTPLATZ_RESEARCH_DATA");
        return;
    };
    on_both_sites(rooms, async |site| {
        // A town without a map, which takes what lies elsewhere.
        let id = site.found(HOST, "Ahornfurt").await;
        for (file, count) in [("chicago_open311_requests_2026-09.json", 10), ("koeln_open311_request_sample.json", 1)] {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let wanted = Wish { source: file.to_owned(), ..Wish::default() };
            let first = taken(&site, id, &bytes, &wanted).await;
            assert_eq!((first.written, first.skipped_count), (count, 0), "{file}: {:?}", first.skipped);
            assert_eq!(taken(&site, id, &bytes, &wanted).await.known, count, "{file}");
        }
        let mut anna = site.visitor(HOST);
        anna.look("/meldungen?stand=alle").await.is(200).shows("Amselweg 3").shows("Graffiti");
    })
    .await;
}

#[tokio::test]
async fn what_lies_in_the_future_is_not_believed_and_said() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let now = base::Clock::now(&*site.clock);
        let record = |number: &str, status: &str, requested: i64, updated: i64| {
            let at = |days: i64| now.plus_days(days).rfc3339();
            format!(
                r#"{{"service_request_id":"{number}","status":"{status}","service_name":"Licht","lat":50.12,"long":11.03,
                "service_code":"street_light.dark","requested_datetime":"{}","updated_datetime":"{}"}}"#,
                at(requested),
                at(updated)
            )
        };
        let list = [record("Z1", "open", 1, 1), record("Z2", "closed", -2, 30), record("Z3", "closed", -3, -1)];
        let json = format!("[{}]", list.join(","));
        let probe = taken(&site, id, json.as_bytes(), &Wish { probe: true, ..wish() }).await;
        assert_eq!((probe.written, probe.skipped_count, probe.moved_to_now), (2, 1, 1));
        let report = taken(&site, id, json.as_bytes(), &wish()).await;
        assert_eq!((report.written, report.skipped_count, report.moved_to_now), (2, 1, 1));
        assert_eq!(report.skipped, ["Z1: requested_datetime liegt in der Zukunft"]);
        let said = report.lines(&wish()).join("\n");
        assert!(said.contains("updated_datetime in der Zukunft, auf jetzt gesetzt: 1."), "{said}");
        let list = site.visitor(HOST).look("/open311/v2/requests.json").await;
        let list: Value = serde_json::from_slice(&list.is(200).body).unwrap();
        let updated: Vec<_> = list.as_array().unwrap().iter().map(|one| one["updated_datetime"].clone()).collect();
        assert_eq!(updated, [now.rfc3339(), now.plus_days(-1).rfc3339()]);
        // When its time has come, it comes in; what was moved counts as known.
        site.clock.advance_seconds(2 * 86_400);
        let later = taken(&site, id, json.as_bytes(), &wish()).await;
        assert_eq!((later.written, later.known, later.moved_to_now), (1, 2, 0));
    })
    .await;
}

#[tokio::test]
async fn a_wish_that_cannot_be_kept_is_refused_before_anything_is_read() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let services = |theirs: &str, ours: &str| [(theirs.to_owned(), ours.to_owned())].into();
        let unknown = "Die Gemeinde hat keine Leistung nothing.at_all.";
        for (wanted, why) in [
            (Wish { otherwise: "nothing.at_all".to_owned(), ..wish() }, unknown),
            (Wish { services: services("9", "nothing.at_all"), ..wish() }, unknown),
            (Wish { source: " ".to_owned(), ..wish() }, "Nennen Sie mit --source"),
        ] {
            for probe in [false, true] {
                let wanted = Wish { probe, ..wanted.clone() };
                // Not even a list.
                let refused = import::import(&site.site, id, b"?", &wanted).await.unwrap_err();
                assert!(refused.to_string().contains(why), "{refused}");
                let refused = import::check(&site.site, id, &wanted).await.unwrap_err();
                assert!(refused.to_string().contains(why), "{refused}");
            }
        }
        import::check(&site.site, id, &wish()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_service_that_no_record_has_is_said() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let to = |theirs: &str| (theirs.to_owned(), "road.pothole".to_owned());
        // By code, by a name that no code hides, by a name that one does, and by nothing at all.
        let services = ["3.1", "Wespennest", "Schlagloch", "3.7"].map(to).into();
        let xml = XML.replace(
            "</service_requests>",
            "<request><service_request_id>9</service_request_id>
            <status>open</status><requested_datetime>2026-10-01T08:00:00Z</requested_datetime><lat>50.12</lat>
            <long>11.03</long><service_name>Wespennest</service_name></request></service_requests>",
        );
        let report = taken(&site, id, xml.as_bytes(), &Wish { services, probe: true, ..wish() }).await;
        assert_eq!(
            report.warnings(),
            [
                "--service „3.7“ passt zu keiner Meldung der Liste. Prüfen Sie die Schreibweise.",
                "--service „Schlagloch“ passt zu keiner Meldung der Liste. Prüfen Sie die Schreibweise."
            ]
        );
        assert!(taken(&site, id, xml.as_bytes(), &wish()).await.warnings().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_operator_reads_german() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        for (from, why) in [
            ("/gibt/es/nicht.json", "Die Datei lässt sich nicht lesen"),
            ("https://127.0.0.1/requests.json", "Die Adresse gab keine Liste"),
        ] {
            let refused = import::fetch(&site.site, from).await.unwrap_err();
            assert!(refused.to_string().contains(why), "{refused}");
        }
        let refused = import::import(&site.site, id, b"?", &wish()).await.unwrap_err();
        assert_eq!(refused.to_string(), "Die Datei ist weder JSON noch XML.");
    })
    .await;
}
