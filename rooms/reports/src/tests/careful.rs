//! What must not go wrong between strangers and between colleagues: nobody sees another's photos, nobody overwrites
//! another's review, and nothing typed is lost when time runs out. Through the real router, on both databases.

use super::review::{marked, photo_on};
use super::{HOST, employed, field, number_of, photo, publish, report, rooms, town, up_to_check, with_photo};
use crate::{events, report::Visibility, store};
use base::MunicipalityId;
use db::DbError;
use identity::standard_unit;
use serde_json::json;
use testkit::{Browser, TestSite, on_both_sites};
use web::{JobRun, Stage};

const ONCE: &str = "0190a0a0-0000-7000-8000-0000000000a1";

/// Signs in the head of one unit and all below it, or of the whole town.
async fn staff(site: &TestSite, id: MunicipalityId, name: &'static str, unit: Option<&'static str>) -> Browser {
    employed(site, id, name, "head", unit).await
}

#[tokio::test]
async fn two_who_join_at_once_are_both_counted_and_a_blocked_word_joins_nowhere() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        publish(&site, id, &number).await;
        let path = format!("/melden/{number}/meins");
        let (mut anna, mut ben) = (site.visitor(HOST), site.visitor(HOST));
        for _ in 0..4 {
            let (annas, bens) = (anna.visit(&path).await, ben.visit(&path).await);
            let sent = tokio::join!(anna.send_only(&annas, &path, &[]), ben.send_only(&bens, &path, &[]));
            assert_eq!((sent.0.status.as_u16(), sent.1.status.as_u16()), (303, 303));
        }
        let mut kim = staff(&site, id, "kim", None).await;
        kim.visit(&format!("/arbeit/fall/{number}")).await.shows("8 weiteren Personen");

        let list = kim.visit("/arbeit/sperren").await;
        kim.send(&list, "/arbeit/sperren", &[("pattern", "troll@example.org")]).await.is(200);
        let page = ben.visit(&path).await;
        let refused = ben.send(&page, &path, &[("email", "troll@example.org")]).await;
        refused.is(422).shows("Ist das Ihr Schaden?");
        assert_eq!(field(&refused, &path, "email"), "troll@example.org");
        kim.visit(&format!("/arbeit/fall/{number}")).await.shows("8 weiteren Personen");
    })
    .await;
}

#[tokio::test]
async fn photos_of_another_person_stay_out_of_the_first_ones_status_page() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let third = up_to_check(&mut anna, "road/pothole", "").await;
        let number = number_of(&anna.send(&third, "/melden/pruefen", &[]).await);
        publish(&site, id, &number).await;
        let mut ben = site.visitor(HOST);
        let first = ben.visit("/melden").await;
        let file = photo(1);
        let files = [("photo", "ben.png", "image/png", file.as_slice())];
        let second = ben.send_with_files(&first, "/melden", &[("address", "Lindenstraße 5")], &files).await;
        let twin = ben.send(&second, "/melden/was", &[("mine", &number)]).await;
        ben.send(&twin, &format!("/melden/{number}/meins"), &[]).await.is(200).shows("dazugezählt");
        let status = anna.visit(&format!("/stand/{number}")).await;
        assert!(!status.is(200).html().contains("/anhang/"), "Ben's photo is nobody else's before a review");
        let mut kim = staff(&site, id, "kim", None).await;
        let desk = kim.visit(&format!("/arbeit/fall/{number}")).await.html();
        let inside = desk.split("/arbeit/anhang/").nth(1).expect("the desk has it").split(['"', '?']).next().unwrap();
        kim.look(&format!("/arbeit/anhang/{inside}")).await.is(200);
        anna.look(&format!("/stand/{number}/anhang/{inside}")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_stale_review_overwrites_no_redaction() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "litter/dumped", "Herr Beispiel war es", "").await);
        let path = format!("/arbeit/meldung/{number}");
        let (mut kim, mut lea) = (staff(&site, id, "kim", None).await, staff(&site, id, "lea", None).await);
        let (kims, leas) = (kim.visit(&path).await, lea.visit(&path).await);
        let redacted = [("title", "Abfall"), ("body", "Jemand war es."), ("verdict", "publish")];
        lea.send(&leas, &path, &redacted).await.is(200);
        let late = kim.send(&kims, &path, &[("title", "Mein Titel"), ("verdict", "publish")]).await;
        late.is(422).shows("inzwischen geprüft").shows("Jemand war es.");
        assert!(late.html().contains("Mein Titel") && late.html().contains("Herr Beispiel war es"), "both versions");
        site.visitor(HOST).visit(&format!("/melden/{number}")).await.shows("Jemand war es.").hides("Beispiel");
        // Whoever has seen both may still decide.
        kim.send(&late, &path, &[("body", "Es liegt Abfall da."), ("verdict", "publish")]).await.is(200);
        site.visitor(HOST).visit(&format!("/melden/{number}")).await.shows("Es liegt Abfall da.").shows("Mein Titel");
    })
    .await;
}

#[tokio::test]
async fn a_stale_page_uncovers_no_photo() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut anna = site.visitor(HOST);
        let number = with_photo(&mut anna, &photo(2)).await;
        publish(&site, id, &number).await;
        let path = format!("/arbeit/meldung/{number}");
        let (mut kim, mut lea) = (staff(&site, id, "kim", None).await, staff(&site, id, "lea", None).await);
        let (kims, leas) = (kim.visit(&path).await, lea.visit(&path).await);
        let photo = photo_on(&kims);
        let boxes = marked(&photo, ["0", "0", "50", "50"]);
        let boxes: Vec<_> = boxes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        lea.send(&leas, &path, &boxes).await.is(200);
        let covered = anna.look(&format!("/bild/{photo}/gross.jpg")).await.body;
        kim.send(&kims, &path, &boxes[..1]).await.is(422).shows("inzwischen eine andere");
        let still = anna.look(&format!("/bild/{photo}/gross.jpg")).await.body;
        assert_eq!(covered, still);
    })
    .await;
}

#[tokio::test]
async fn what_is_never_public_cannot_be_published() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "vehicle/car", "", "").await);
        let path = format!("/arbeit/meldung/{number}");
        let mut kim = staff(&site, id, "kim", None).await;
        kim.visit(&path).await.is(200).shows("nie öffentlich").hides("Veröffentlichen");
        let sent = [("once", ONCE), ("verdict", "publish"), ("title", "Auto")];
        kim.post(&path, &sent).await.is(422).shows("nie öffentlich");
        site.visitor(HOST).visit(&format!("/melden/{number}")).await.is(404);
    })
    .await;
}

/// A head gives the case away at the desk, and the room hears of it as from the worker.
async fn hand_over(site: &TestSite, id: MunicipalityId, kim: &mut Browser, number: &str, unit: &'static str) {
    let desk = format!("/arbeit/fall/{number}");
    let page = kim.visit(&desk).await;
    let unit = standard_unit(id, unit).to_string();
    let fields = [("amt", unit.as_str()), ("weitergabe", "Das ist euer Teil")];
    kim.send(&page, &format!("{desk}/weitergabe"), &fields).await.is(200).shows("Der Fall ist weitergegeben");
    let stage = Stage { site: site.site.clone(), town: site.town(id).await };
    let number = number.to_owned();
    site.site
        .db
        .write::<_, DbError>(id, move |tx| {
            let report = store::desk_report(tx, &number)?.unwrap();
            let event = json!({ "case": report.case_id.to_string() });
            let listener = events::LISTENERS.iter().find(|one| one.event == "case.transferred").expect("a listener");
            (listener.handle)(tx, &stage, &event)
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn the_review_list_holds_the_reports_of_ones_own_units_and_follows_transfers() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let light = number_of(&report(&site, "street_light/dark", "", "").await);
        let road = number_of(&report(&site, "road/pothole", "", "").await);
        let mut kim = staff(&site, id, "kim", None).await;
        hand_over(&site, id, &mut kim, &light, "green_spaces").await;
        hand_over(&site, id, &mut kim, &road, "environment").await;
        let mut gina = staff(&site, id, "gina", Some("green_spaces")).await;
        gina.visit("/arbeit/pruefung").await.is(200).shows(&light).hides(&road).shows("Prüfung 1");
        hand_over(&site, id, &mut kim, &road, "green_spaces").await;
        gina.visit("/arbeit/pruefung").await.shows(&light).shows(&road).shows("Prüfung 2");
        hand_over(&site, id, &mut kim, &light, "environment").await;
        gina.visit("/arbeit/pruefung").await.hides(&light).shows(&road).shows("Prüfung 1");
    })
    .await;
}

/// Runs the jobs of cases and mails that are due.
async fn run_jobs(site: &TestSite) {
    site.clock.advance_seconds(1);
    loop {
        let claimed = site.site.db.claim_jobs(50, std::time::Duration::from_secs(60)).await.expect("jobs are read");
        if claimed.is_empty() {
            return;
        }
        for job in claimed {
            let town = job.municipality.expect("every job here belongs to a town");
            let run = JobRun { site: site.site.clone(), town, id: job.ticket.id, payload: job.payload.clone() };
            if let Some(kind) = cases::room().jobs.iter().find(|kind| kind.kind == job.kind) {
                (kind.run)(run).await.expect("the job runs");
            } else if job.kind == web::MAIL_JOB {
                web::run_mail_job(run).await.expect("the mail goes out");
            }
            site.site.db.finish_job(job.ticket).await.expect("the job is finished");
        }
    }
}

#[tokio::test]
async fn a_strangers_address_gets_three_questions_a_day_and_no_typed_word() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let mut last = String::new();
        for spelling in ["Opfer@example.org", "opfer@example.org", "OPFER@example.org", "opfer@Example.org"] {
            last = number_of(&report(&site, "road/other", "Kaufen Sie Pillen", spelling).await);
        }
        publish(&site, id, &last).await;
        let mut troll = site.visitor(HOST);
        let page = troll.visit(&format!("/melden/{last}/folgen")).await;
        let follow = troll.send(&page, &format!("/melden/{last}/folgen"), &[("email", "opfer@example.org")]).await;
        follow.is(200).shows("Bestätigen Sie Ihre Adresse");
        run_jobs(&site).await;
        let mails = site.mails(id).await;
        assert_eq!(mails.len(), 3, "one question too many");
        for mail in &mails {
            assert!(!format!("{} {}", mail.subject, mail.text).contains("Pillen"));
        }
        site.clock.advance_seconds(86_400);
        report(&site, "road/other", "Kaufen Sie Pillen", "opfer@example.org").await;
        run_jobs(&site).await;
        assert_eq!(site.mails(id).await.len(), 4, "a new day");
    })
    .await;
}

#[tokio::test]
async fn the_question_whether_to_follow_quotes_nobody() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        let wanted = number.clone();
        site.site
            .db
            .write::<_, DbError>(id, move |tx| {
                db::testing::unaudited(tx, "a title of a test");
                let report = store::desk_report(tx, &wanted)?.unwrap();
                store::reviewed(tx, &report, Visibility::Public, "Pillen kaufen", "", "", report.version)
            })
            .await
            .unwrap();
        let mut troll = site.visitor(HOST);
        let path = format!("/melden/{number}/folgen");
        let page = troll.visit(&path).await;
        troll.send(&page, &path, &[("email", "opfer@example.org")]).await.is(200);
        run_jobs(&site).await;
        let mails = site.mails(id).await;
        assert_eq!(mails.len(), 1);
        let expected = format!("Bitte bestätigen: Nachrichten zur Meldung {number}, Fahrbahn, Lindenstraße 5");
        assert_eq!(mails[0].subject, expected);
        assert!(!mails[0].text.contains("Pillen"), "{}", mails[0].text);
    })
    .await;
}

#[tokio::test]
async fn whoever_chose_dark_gets_dark_maps() {
    on_both_sites(rooms, async |site| {
        town(&site).await;
        let mut anna = site.visitor(HOST);
        assert!(anna.visit("/melden").await.html().contains("theme=light"));
        let dark = web::Display { theme: "dark", ..web::Display::default() };
        anna.set_cookie("darstellung", &dark.to_cookie());
        for page in ["/melden", "/meldungen"] {
            let html = anna.visit(page).await.html();
            assert!(html.contains("theme=dark") && !html.contains("theme=light"), "{page}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_broken_promise_is_said_and_not_repeated() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        let number = number_of(&report(&site, "road/pothole", "", "").await);
        publish(&site, id, &number).await;
        let path = format!("/melden/{number}");
        site.visitor(HOST).visit(&path).await.shows("Nächste Nachricht bis").hides("in Verzug");
        site.clock.advance_seconds(60 * 86_400);
        site.visitor(HOST).visit(&path).await.shows("in Verzug").hides("Nächste Nachricht bis");
        let mut english = site.visitor(HOST);
        let display = web::Display { lang: web::Lang::En, ..web::Display::default() };
        english.set_cookie("darstellung", &display.to_cookie());
        english.visit(&path).await.shows("We are late").hides("Next news by");
    })
    .await;
}
