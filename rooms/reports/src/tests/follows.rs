//! Following: nothing before the confirmation, news after it, nothing after the end.

use super::{HOST, number_of, publish, report, rooms, town};
use crate::{events, store};
use base::MunicipalityId;
use db::DbError;
use serde_json::json;
use testkit::{TestSite, on_both_sites};
use web::Stage;

async fn stage(site: &TestSite, id: MunicipalityId) -> Stage {
    Stage { site: site.site.clone(), town: site.town(id).await }
}

/// Texts of the mails queued so far, with their receivers.
async fn queued(site: &TestSite, id: MunicipalityId) -> Vec<(String, String)> {
    let jobs = site.site.db.claim_jobs(100, std::time::Duration::from_secs(31_536_000)).await.unwrap();
    let mut mails = vec![];
    for job in jobs.into_iter().filter(|job| job.kind == web::MAIL_JOB && job.municipality == Some(id)) {
        let to = job.payload["to"].as_str().unwrap().to_owned();
        mails.push((to, job.payload.to_string()));
    }
    mails
}

/// The token in a queued mail's link.
fn token(mail: &str, path: &str) -> String {
    mail.split(path).nth(1).unwrap().split(['"', '\\', ' ', '<']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_follower_hears_only_after_confirming_and_until_the_end() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        publish(&site, id, &number).await;
        let mut ben = site.visitor(HOST);
        let page = ben.visit(&format!("/melden/{number}/folgen")).await;
        let wrong = ben.send(&page, &format!("/melden/{number}/folgen"), &[("email", "")]).await;
        wrong.is(422).shows("Geben Sie Ihre E-Mail-Adresse ein.");
        let asked = ben.send(&wrong, &format!("/melden/{number}/folgen"), &[("email", "ben@example.org")]).await;
        asked.is(200).shows("Bestätigen Sie Ihre Adresse");
        let mails = queued(&site, id).await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].0, "ben@example.org");
        let token = token(&mails[0].1, "/melden/folgen/");
        move_case(&site, id, &number, "in_progress").await;
        assert!(queued(&site, id).await.is_empty(), "not confirmed yet");
        let confirm = format!("/melden/folgen/{token}");
        let page = ben.visit(&confirm).await;
        ben.send(&page, &confirm, &[]).await.is(200).shows("Ihre Adresse ist bestätigt");
        move_case(&site, id, &number, "resolved").await;
        let mails = queued(&site, id).await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].1.contains("behoben") && mails[0].1.contains("/melden/abbestellen/"));
        let end = format!("/melden/abbestellen/{token}");
        let page = ben.visit(&end).await;
        ben.send(&page, &end, &[]).await.is(200).shows("keine E-Mails mehr");
        move_case(&site, id, &number, "reopened").await;
        assert!(queued(&site, id).await.is_empty());
        ben.visit(&end).await.is(410);
    })
    .await;
}

/// As if the desk had moved the case: the public state follows, followers are told.
async fn move_case(site: &TestSite, id: MunicipalityId, number: &str, state: &'static str) {
    let stage = stage(site, id).await;
    site.clock.advance_seconds(60);
    let number = number.to_owned();
    site.site
        .db
        .write::<_, DbError>(id, move |tx| {
            db::testing::unaudited(tx, "a case moved by a test");
            let report = store::desk_report(tx, &number)?.unwrap();
            let closed = (state == "resolved").then(|| tx.now());
            assert!(store::follow_case(tx, report.id, state, closed, tx.now())?);
            assert!(
                !store::follow_case(tx, report.id, state, closed, tx.now())?,
                "the same event again changes nothing"
            );
            crate::letters::tell_followers(tx, &stage, &report, crate::report::PublicState::of(state))
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_area_hears_of_new_public_reports() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut carla = site.visitor(HOST);
        let page = carla.visit("/melden/gebiet").await;
        let fields = [("address", "Lindenstraße 7"), ("radius", "250"), ("email", "carla@example.org")];
        carla.send(&page, "/melden/gebiet", &fields).await.is(200).shows("Bestätigen Sie Ihre Adresse");
        let mails = queued(&site, id).await;
        let confirm = format!("/melden/folgen/{}", token(&mails[0].1, "/melden/folgen/"));
        let page = carla.visit(&confirm).await;
        carla.send(&page, &confirm, &[]).await.is(200);
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        let stage = stage(&site, id).await;
        let event = json!({ "number": number });
        let announce = |stage: Stage, event: serde_json::Value| {
            site.site.db.write::<_, DbError>(id, move |tx| events::published(tx, &stage, &event))
        };
        announce(stage.clone(), event.clone()).await.unwrap();
        assert!(queued(&site, id).await.iter().all(|(to, _)| to != "carla@example.org"), "not public yet");
        publish(&site, id, &number).await;
        announce(stage, event).await.unwrap();
        let mails = queued(&site, id).await;
        assert_eq!(mails.iter().filter(|(to, _)| to == "carla@example.org").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn wishes_nobody_confirms_are_forgotten() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut ben = site.visitor(HOST);
        let page = ben.visit("/melden/gebiet").await;
        let fields = [("address", "Mühlweg 12"), ("email", "ben@example.org")];
        ben.send(&page, "/melden/gebiet", &fields).await.is(200);
        site.clock.advance_seconds(6 * 86_400);
        assert_eq!(site.site.db.write::<_, DbError>(id, store::forget_unconfirmed).await.unwrap(), 0);
        site.clock.advance_seconds(2 * 86_400);
        assert_eq!(site.site.db.write::<_, DbError>(id, store::forget_unconfirmed).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_area_is_chosen_on_the_picture_without_scripts() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut carla = site.visitor(HOST);
        let page = carla.visit("/melden/gebiet").await;
        assert!(!page.html().contains("kreis="));
        // A click on the picture: nothing is asked for yet, and what was typed stays.
        let click = [("point.x", "150"), ("point.y", "160"), ("radius", "250"), ("email", "carla@example.org")];
        let chosen = carla.send(&page, "/melden/gebiet", &click).await;
        chosen.is(200).shows("Der Kreis zeigt Ihr Gebiet");
        let html = chosen.html().to_owned();
        assert!(html.contains("carla@example.org") && html.contains("kreis="), "{html}");
        let picture = html.split("src=\"/karte/bild?").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let picture = picture.replace("&amp;", "&").replace("&#38;", "&");
        assert!(picture.ends_with("ort") && picture.contains(",250"), "{picture}");
        assert!(queued(&site, id).await.is_empty());
        // Another radius is drawn closer or farther.
        let wider = carla.send(&chosen, "/melden/gebiet", &[("show", "ja"), ("radius", "3000")]).await;
        wider.is(200);
        assert!(wider.html().contains(",3000") && !wider.html().contains(&picture));
        // An address typed afterwards wins over the click, because it is newer.
        let typed = [("show", "ja"), ("address", "Mühlweg 12"), ("radius", "250")];
        let moved = carla.send(&wider, "/melden/gebiet", &typed).await;
        moved.is(200);
        assert!(moved.html().contains("kreis=50.125"), "{}", moved.html());
        // A place nobody knows is said so.
        let unknown = carla.send(&moved, "/melden/gebiet", &[("show", "ja"), ("address", "Quellenhof 99")]).await;
        unknown.is(422).shows("Diesen Ort finden wir nicht");
        assert!(unknown.html().contains("Quellenhof 99"));
        // Sent again unchanged it is still unknown: the old circle is not taken for it.
        carla.send(&unknown, "/melden/gebiet", &[("show", "ja")]).await.is(422);
        let done = [("email", "carla@example.org"), ("address", "Mühlweg 12"), ("radius", "250")];
        carla.send(&moved, "/melden/gebiet", &done).await.is(200).shows("Bestätigen Sie Ihre Adresse");
        assert_eq!(queued(&site, id).await.len(), 1);
    })
    .await;
}
