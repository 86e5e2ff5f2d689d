//! The pages through the real router, without JavaScript, on both databases: what the citizen sees and may do, what the
//! clerk does, and who is refused.

use super::{keys, lamp};
use crate::{CaseId, Opened, Rule, open, put_rule};
use base::MunicipalityId;
use db::DbError;
use identity::{NewStaff, create_staff, standard_unit};
use testkit::{Browser, TestSite, on_both_sites};
use web::{JobRun, Room};

pub(super) const HOST: &str = "ahornfurt.example";
const PASSWORD: &str = "Laterne-Brunnen-47";

pub(super) fn rooms() -> Vec<Room> {
    vec![identity::room(), crate::room()]
}

pub(super) struct Scene {
    pub town: MunicipalityId,
    pub opened: Opened,
}

/// A town with two clerks of the depot, one of the roads department, and one case.
pub(super) async fn scene(site: &TestSite) -> Scene {
    let town = site.found(HOST, "Ahornfurt").await;
    let document = site.town(town).await;
    let password = identity::hash_password_blocking(&*site.site.chance, PASSWORD).expect("a password hash");
    let opened = site
        .site
        .db
        .write::<_, DbError>(town, move |tx| {
            db::testing::unaudited(tx, "a test");
            let people = [
                ("anna", "works_depot"),
                ("ben", "works_depot"),
                ("cem", "civil_engineering"),
                ("dora", "green_spaces"),
            ];
            for (name, unit) in people {
                let unit = Some(standard_unit(tx.municipality(), unit));
                let new = NewStaff {
                    name: format!("{} Muster", name.replacen(&name[..1], &name[..1].to_uppercase(), 1)),
                    email: format!("{name}@ahornfurt.example"),
                    password: Some(password.clone()),
                    roles: vec![("clerk".to_owned(), unit)],
                    home_unit: unit,
                };
                create_staff(tx, &new)?;
            }
            let rule = Rule {
                kind: "report".to_owned(),
                category: String::new(),
                district: String::new(),
                unit: standard_unit(tx.municipality(), "works_depot"),
                working_days: 5,
                priority: 0,
                note: String::new(),
            };
            put_rule(tx, &rule)?;
            // The same secret as the test site's.
            open(tx, &document, &web::Keys::new(&[42; 32]), lamp(tx))
        })
        .await
        .expect("the scene is set");
    assert_ne!(opened.pin, crate::pin(&keys(), opened.id), "PINs hang on the site's secret");
    Scene { town, opened }
}

pub(super) async fn clerk(site: &TestSite, name: &str) -> Browser {
    let mut browser = site.visitor(HOST);
    let page = browser.visit("/anmelden").await;
    let email = format!("{name}@ahornfurt.example");
    let seen = browser.send_only(&page, "/anmelden", &[("email", &email), ("password", PASSWORD)]).await;
    seen.is(303);
    browser
}

pub(super) async fn citizen(site: &TestSite, scene: &Scene) -> Browser {
    let mut browser = site.visitor(HOST);
    let page = browser.visit("/stand").await;
    let typed = scene.opened.pin.to_lowercase();
    let seen = browser.send(&page, "/stand", &[("nummer", &scene.opened.number), ("pin", &typed)]).await;
    seen.is(200).shows("Laterne dunkel");
    browser
}

/// Runs every job that is due, as the worker would.
pub(super) async fn run_jobs(site: &TestSite) {
    // Mails are listed by time.
    site.clock.advance_seconds(1);
    loop {
        let claimed = site.site.db.claim_jobs(20, std::time::Duration::from_secs(60)).await.expect("jobs are read");
        if claimed.is_empty() {
            return;
        }
        for job in claimed {
            let town = job.municipality.expect("every job here belongs to a town");
            let run = JobRun { site: site.site.clone(), town, id: job.ticket.id, payload: job.payload.clone() };
            let kinds = crate::room().jobs;
            if let Some(kind) = kinds.iter().find(|kind| kind.kind == job.kind) {
                (kind.run)(run).await.expect("the job runs");
            } else if job.kind == web::MAIL_JOB {
                web::run_mail_job(run).await.expect("the mail goes out");
            }
            site.site.db.finish_job(job.ticket).await.expect("the job is finished");
        }
    }
}

pub(super) fn path(scene: &Scene, rest: &str) -> String {
    format!("/stand/{}{rest}", scene.opened.number)
}

pub(super) fn desk(scene: &Scene, rest: &str) -> String {
    format!("/arbeit/fall/{}{rest}", scene.opened.number)
}

#[tokio::test]
async fn an_unknown_number_and_a_wrong_pin_get_the_same_answer() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut browser = site.visitor(HOST);
        let page = browser.visit("/stand").await;
        let number = scene.opened.number.clone();
        let wrong = browser.send(&page, "/stand", &[("nummer", &number), ("pin", "AAAAAAAA")]).await;
        let unknown = browser.send(&page, "/stand", &[("nummer", "2026-11-9999"), ("pin", "AAAAAAAA")]).await;
        wrong.is(422).shows("Nummer und PIN passen nicht zusammen");
        let without_number = |text: String| text.replace(&number, "N").replace("2026-11-9999", "N");
        assert_eq!(without_number(wrong.text()), without_number(unknown.text()));
        assert!(!wrong.html().contains("AAAAAAAA"), "the PIN is not shown again");
        // Without the cookie the page leads to the door, whether the case exists or not.
        assert_eq!(browser.look(&path(&scene, "")).await.location(), Some(format!("/stand?nummer={number}").as_str()));
        assert_eq!(browser.look("/stand/2026-11-9999").await.location(), Some("/stand?nummer=2026-11-9999"));
    })
    .await;
}

#[tokio::test]
async fn the_citizen_reads_what_comes_next_and_answers_once() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        page.is(200).shows("Bis Freitag, 27. November hören Sie von uns").shows("Mühlweg 12").shows("eine");
        let empty = anna.send(&page, &path(&scene, "/antwort"), &[]).await;
        empty.is(422).shows("Schreiben Sie etwas oder wählen Sie ein Foto aus");
        let words = [("text", "Es ist die zweite von links")];
        anna.send(&page, &path(&scene, "/antwort"), &words).await.is(200).shows("Ihre Nachricht ist angekommen");
        anna.send(&page, &path(&scene, "/antwort"), &words).await.is(200);
        let page = anna.visit(&path(&scene, "")).await;
        assert_eq!(page.text().matches("Es ist die zweite von links").count(), 1);
        let other = anna.send_only(&page, &path(&scene, "/antwort"), &[("text", "etwas anderes")]).await;
        other.is(303);
    })
    .await;
}

#[tokio::test]
async fn words_said_at_the_same_time_are_all_heard() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let anna = citizen(&site, &scene).await;
        let target = path(&scene, "/antwort");
        let sent: Vec<_> = (0..6)
            .map(|n| {
                let (mut tab, target) = (anna.clone(), target.clone());
                tokio::spawn(async move {
                    let once = format!("0190f3a0-0000-7000-8000-00000000000{n}");
                    let text = format!("Satz Nummer {n}");
                    tab.post(&target, &[("once", &once), ("text", &text)]).await.status.as_u16()
                })
            })
            .collect();
        for one in sent {
            assert_eq!(one.await.expect("the tab lives"), 303);
        }
        let page = anna.clone().visit(&path(&scene, "")).await;
        (0..6).for_each(|n| {
            page.shows(&format!("Satz Nummer {n}"));
        });
    })
    .await;
}

#[tokio::test]
async fn a_photo_in_a_reply_is_seen_by_both_sides_and_nobody_else() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        let reply = path(&scene, "/antwort");
        let text = anna.send_with_files(&page, &reply, &[], &[("fotos", "x.jpg", "image/jpeg", b"kein Bild")]).await;
        text.is(422).shows("x.jpg: Das ist kein Foto").shows("Nehmen Sie JPEG, PNG oder WebP");
        let png: &[u8] = include_bytes!("lamp.png");
        let page = anna.visit(&path(&scene, "")).await;
        anna.send_with_files(&page, &reply, &[], &[("fotos", "lampe.png", "image/png", png)]).await.is(200);
        let html = anna.visit(&path(&scene, "")).await.html();
        let start = html.find(&path(&scene, "/anhang/")).expect("the photo is linked");
        let link: String = html[start..].chars().take_while(|c| *c != '"' && *c != '?').collect();
        let photo = anna.look(&link).await;
        assert_eq!(photo.headers["content-type"], "image/jpeg");
        assert!(photo.body.starts_with(&[0xFF, 0xD8, 0xFF]));
        site.visitor(HOST).look(&link).await.is(404);
        let id = link.rsplit('/').next().unwrap_or_default();
        let inside = format!("/arbeit/anhang/{id}?g=klein");
        clerk(&site, "ben").await.look(&inside).await.is(200);
        clerk(&site, "dora").await.look(&inside).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_clerk_takes_answers_and_closes_and_the_citizen_rates() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let list = ben.visit("/arbeit").await;
        list.is(200).shows("Laterne dunkel").shows("Fr., 27. Nov.").shows("neu frei");
        list.shows("Eingang 1 Fall").hides("1 Fälle").shows("Überfällig 0 Fälle");
        list.shows("offen bei Ihnen").shows("überfällig in Ihrem Amt").shows("fertig seit Mo. in Ihrem Amt");
        let page = ben.visit(&desk(&scene, "")).await;
        page.is(200).shows("Regel: Schaden. Zuständig: Bauhof.").shows("anna@example.org (nicht bestätigt)");
        let page = ben.send(&page, &desk(&scene, "/uebernahme"), &[]).await;
        page.is(200).shows("Der Fall gehört jetzt Ihnen").shows("in Arbeit");
        let answer = desk(&scene, "/antwort");
        let fields = [("aktion", "schliessen"), ("antwort", "Leider nein"), ("ergebnis", "refused")];
        let missing = ben.send(&page, &answer, &fields).await;
        missing.is(422).shows("Nennen Sie den Grund in einem Satz").shows("Leider nein");
        let fields = [("aktion", "schliessen"), ("antwort", "Sie leuchtet wieder."), ("ergebnis", "resolved")];
        ben.send(&missing, &answer, &fields).await.is(200).shows("Der Fall ist abgeschlossen").hides("Mühlweg 12");
        ben.visit("/arbeit?liste=erledigt").await.shows("Laterne dunkel").shows("heute");

        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        page.shows("Erledigt am Sonntag, 22. November").shows("Sie leuchtet wieder.").shows("Entschieden hat Bauhof");
        page.hides("Ben Muster");
        let rate = path(&scene, "/bewertung");
        anna.send(&page, &rate, &[]).await.is(422).shows("Wählen Sie eine Bewertung");
        let page = anna.send(&page, &rate, &[("note", "1"), ("note-text", "Sie flackert")]).await;
        page.is(200).shows("Ich möchte, dass Sie noch einmal hinsehen");
        anna.send(&page, &rate, &[("wunsch", "Bitte")]).await.is(200).shows("wieder in Arbeit");
        let back = ben.visit("/arbeit").await;
        back.shows("Laterne dunkel").shows("wieder geöffnet frei");
        ben.visit(&desk(&scene, "")).await.shows("Zuletzt bearbeitet von: Sie").shows("Bewertung: 1 von 5");
    })
    .await;
}

#[tokio::test]
async fn the_slower_clerk_is_told_who_was_faster_and_loses_no_word() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let (mut ben, mut cem) = (clerk(&site, "ben").await, clerk(&site, "cem").await);
        // The roads department stands above the depot, so both see the case.
        let (bens, cems) = (ben.visit(&desk(&scene, "")).await, cem.visit(&desk(&scene, "")).await);
        ben.send(&bens, &desk(&scene, "/uebernahme"), &[]).await.is(200);
        let lost = cem.send(&cems, &desk(&scene, "/uebernahme"), &[("antwort", "Mein Anfang")]).await;
        lost.is(409).shows("Ben Muster bearbeitet diesen Fall seit heute,").shows("Mein Anfang");
        let words = [("aktion", "antworten"), ("antwort", "Mein langer Text")];
        let stale = cem.send(&cems, &desk(&scene, "/antwort"), &words).await;
        stale.is(409).shows("Ben Muster hat den Fall inzwischen übernommen").shows("Das war heute,");
        stale.shows("Übernommen neu").shows("Mein langer Text");
        let sent = cem.send(&stale, &desk(&scene, "/antwort"), &[("aktion", "antworten")]).await;
        sent.is(200).shows("Die Antwort ist gesendet").shows("Mein langer Text");
    })
    .await;
}

#[tokio::test]
async fn a_case_does_not_exist_for_another_office_and_asks_strangers_to_sign_in() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut dora = clerk(&site, "dora").await;
        dora.look(&desk(&scene, "")).await.is(404);
        dora.visit("/arbeit?liste=team").await.is(200).hides("Laterne dunkel");
        dora.visit("/arbeit/suche?q=Laterne").await.is(200).hides("Mühlweg");
        dora.visit(&format!("/arbeit/suche?q={}", scene.opened.number)).await.is(200).shows("Nichts gefunden");
        let own = dora.visit("/arbeit").await;
        let form = own.form("/abmelden");
        let once =
            form.fields.iter().find(|(name, _)| name == "once").map(|(_, value)| value.clone()).unwrap_or_default();
        for deed in ["uebernahme", "freigabe"] {
            dora.post(&desk(&scene, &format!("/{deed}")), &[("once", &once)]).await.is(404);
        }
        dora.post(&desk(&scene, "/notiz"), &[("once", &once), ("notiz", "x")]).await.is(404);
        let mut stranger = site.visitor(HOST);
        let seen = stranger.look(&desk(&scene, "")).await;
        assert!(!seen.text().contains("Mühlweg"));
        assert_ne!(seen.status.as_u16(), 200);
    })
    .await;
}

#[tokio::test]
async fn a_case_is_handed_over_with_a_reason_that_stays_inside() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let transfer = desk(&scene, "/weitergabe");
        ben.send(&page, &transfer, &[])
            .await
            .is(422)
            .shows("Wählen Sie ein Amt")
            .shows("warum Sie den Fall weitergeben");
        let green = standard_unit(scene.town, "green_spaces").to_string();
        let away = ben.send(&page, &transfer, &[("amt", &green), ("weitergabe", "Ein Ast davor")]).await;
        away.is(200).shows("Der Fall ist weitergegeben");
        ben.look(&desk(&scene, "")).await.is(404);
        let mut dora = clerk(&site, "dora").await;
        dora.visit("/arbeit").await.shows("Laterne dunkel");
        dora.visit(&desk(&scene, "")).await.shows("Ein Ast davor").shows("Bauhof an Grünflächenamt");
        let mut anna = citizen(&site, &scene).await;
        anna.visit(&path(&scene, "")).await.shows("Weitergegeben an: Grünflächenamt").hides("Ein Ast davor");
    })
    .await;
}

#[tokio::test]
async fn ready_texts_are_added_to_what_is_typed() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let fields = [("aktion", "baustein"), ("baustein", "where"), ("antwort", "Liebe Frau B.,")];
        let filled = ben.send(&page, &desk(&scene, "/antwort"), &fields).await;
        filled.is(200).shows("Liebe Frau B.,").shows("wir haben die Stelle nicht gefunden");
        // What a text speaks of is the outcome: "nicht zuständig" never goes out as "erledigt".
        let fields = [("aktion", "baustein"), ("baustein", "other_office"), ("ergebnis", "resolved")];
        let other = ben.send(&page, &desk(&scene, "/antwort"), &fields).await.form(&desk(&scene, "/antwort"));
        assert!(other.fields.contains(&("ergebnis".to_owned(), "not_responsible".to_owned())), "{:?}", other.fields);
        ben.visit(&desk(&scene, "")).await.hides("Liebe Frau B.");
        let asked = ben.send(&filled, &desk(&scene, "/antwort"), &[("aktion", "rueckfrage")]).await;
        asked.is(200).shows("Der Fall wartet jetzt auf Antwort").shows("wartet auf Antwort");
        let mut anna = citizen(&site, &scene).await;
        anna.visit(&path(&scene, "")).await.shows("Wir haben eine Frage an Sie").shows("Jetzt antworten");
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_a_case_that_was_closed_meanwhile_is_not_lost() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let mut anna_at_work = clerk(&site, "anna").await;
        let open_tab = ben.visit(&desk(&scene, "")).await;
        let page = anna_at_work.visit(&desk(&scene, "")).await;
        let closing = [("aktion", "schliessen"), ("ergebnis", "resolved"), ("antwort", "Die Lampe leuchtet wieder.")];
        anna_at_work.send(&page, &desk(&scene, "/antwort"), &closing).await.is(200);
        let late = [("aktion", "antworten"), ("antwort", "Wir bestellen ein neues Leuchtmittel.")];
        let refused = ben.send(&open_tab, &desk(&scene, "/antwort"), &late).await;
        refused
            .is(409)
            .shows("Anna Muster hat den Fall inzwischen abgeschlossen")
            .shows("Ihre Antwort, nicht gesendet")
            .shows("Wir bestellen ein neues Leuchtmittel.")
            .shows("Wieder aufnehmen");
    })
    .await;
}

#[tokio::test]
async fn what_was_typed_before_the_case_was_taken_comes_back_with_it() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let taken = ben.send(&page, &desk(&scene, "/uebernahme"), &[("antwort", "Guten Tag, wir")]).await;
        taken.is(200).shows("Der Fall gehört jetzt Ihnen").shows("Guten Tag, wir").hides("Mir zuweisen");
        // A reload sends the same once more and changes nothing.
        ben.send(&page, &desk(&scene, "/uebernahme"), &[("antwort", "Guten Tag, wir")]).await.is(200);
        let page = ben.visit(&desk(&scene, "")).await;
        page.hides("Guten Tag, wir");
        assert_eq!(page.text().matches("Übernommen").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_claim_of_a_case_that_was_closed_meanwhile_says_who_closed_it() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let (mut ben, mut anna) = (clerk(&site, "ben").await, clerk(&site, "anna").await);
        let (bens, annas) = (ben.visit(&desk(&scene, "")).await, anna.visit(&desk(&scene, "")).await);
        let closing = [("aktion", "schliessen"), ("ergebnis", "resolved"), ("antwort", "Sie leuchtet wieder.")];
        anna.send(&annas, &desk(&scene, "/antwort"), &closing).await.is(200);
        let lost = ben.send(&bens, &desk(&scene, "/uebernahme"), &[("antwort", "Mein Anfang")]).await;
        lost.is(409).shows("Anna Muster hat den Fall inzwischen abgeschlossen").shows("Mein Anfang");
        // The reason for another office has no field any more; it is not lost for that.
        let green = standard_unit(scene.town, "green_spaces").to_string();
        let away = [("amt", green.as_str()), ("weitergabe", "Ein Ast davor")];
        ben.send(&bens, &desk(&scene, "/weitergabe"), &away).await.is(409).shows("Ein Ast davor");
    })
    .await;
}

#[tokio::test]
async fn a_picture_stands_once_in_the_case() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        let png: &[u8] = include_bytes!("lamp.png");
        let files: [(&str, &str, &str, &[u8]); 1] = [("fotos", "lampe.png", "image/png", png)];
        anna.send_with_files(&page, &path(&scene, "/antwort"), &[], &files).await.is(200);
        let html = clerk(&site, "ben").await.visit(&desk(&scene, "")).await.html();
        assert_eq!(html.matches("<img src=\"/arbeit/anhang/").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_case_leads_back_to_its_place_in_the_list() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "?liste=team&ortsteil=Nordstadt")).await;
        let back = format!("href=\"/arbeit?liste=team&#38;ortsteil=Nordstadt#fall-{}\"", scene.opened.number);
        assert!(page.is(200).html().contains(&back), "{}", page.html());
        let list = ben.visit("/arbeit?liste=team&ortsteil=Nordstadt").await;
        assert!(list.html().contains(&format!("<tr id=\"fall-{}\"", scene.opened.number)), "{}", list.html());
    })
    .await;
}

#[tokio::test]
async fn a_mail_greets_once_and_says_who_writes() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        run_jobs(&site).await;
        let confirm = party_path(&site, &scene, crate::mails::confirm_path).await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit(&confirm).await;
        anna.send(&page, &confirm, &[]).await.is(200);
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let words = "Guten Tag, die Lampe leuchtet wieder. Freundliche Grüße, Ihr Bauhof";
        let closing = [("aktion", "schliessen"), ("ergebnis", "resolved"), ("antwort", words)];
        ben.send(&page, &desk(&scene, "/antwort"), &closing).await.is(200);
        run_jobs(&site).await;
        let mails = site.mails(scene.town).await;
        let closed = mails.iter().find(|mail| mail.text.contains(words)).expect("the mail with the answer");
        assert_eq!(closed.text.matches("Guten Tag").count(), 1, "{}", closed.text);
        assert!(closed.text.contains("Das schreiben wir Ihnen dazu ("), "{}", closed.text);
        assert_eq!(closed.text.matches("Freundliche Grüße").count(), 1, "{}", closed.text);
        assert!(closed.text.contains("Bauhof\nStadt Ahornfurt\nTelefon "), "{}", closed.text);
        let first = closed.text.lines().next().unwrap_or_default();
        assert_eq!(first, "Ihre Meldung „Laterne dunkel, Mühlweg 12“ ist abgeschlossen. Das Ergebnis: erledigt.");
        let received = mails.iter().find(|mail| mail.subject.starts_with("Ihre Meldung ist da")).expect("the receipt");
        assert!(received.text.contains(&format!("PIN: {}", scene.opened.pin)), "grouped as everywhere");
    })
    .await;
}

#[tokio::test]
async fn mails_wait_for_the_confirmation_and_stop_when_told() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        run_jobs(&site).await;
        let mails = site.mails(scene.town).await;
        assert_eq!(mails.len(), 1, "only the mail that asks");
        assert_eq!(mails[0].subject, "Bitte bestätigen Sie Ihre Meldung: Straßenlaterne, Mühlweg 12");
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let words = [("aktion", "antworten"), ("antwort", "Wir kommen am Montag.")];
        ben.send(&page, &desk(&scene, "/antwort"), &words).await.is(200);
        run_jobs(&site).await;
        assert_eq!(site.mails(scene.town).await.len(), 1, "an answer went to an unconfirmed address");

        let confirm = party_path(&site, &scene, crate::mails::confirm_path).await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit(&confirm).await;
        page.is(200).shows("Ja, das ist meine Adresse");
        anna.send(&page, &confirm, &[])
            .await
            .is(200)
            .shows("Ihre E-Mail-Adresse ist bestätigt")
            .shows("Laterne dunkel");
        run_jobs(&site).await;
        let page = ben.visit(&desk(&scene, "")).await;
        page.hides("nicht bestätigt");
        let words = [("aktion", "schliessen"), ("antwort", "Sie leuchtet."), ("ergebnis", "resolved")];
        ben.send(&page, &desk(&scene, "/antwort"), &words).await.is(200);
        run_jobs(&site).await;
        let subjects: Vec<String> = site.mails(scene.town).await.into_iter().skip(1).map(|mail| mail.subject).collect();
        assert_eq!(
            subjects,
            ["Ihre Meldung ist da: Laterne dunkel, Mühlweg 12", "Erledigt: Laterne dunkel, Mühlweg 12"]
        );

        let stop = party_path(&site, &scene, crate::mails::stop_path).await;
        let page = anna.visit(&stop).await;
        anna.send(&page, &stop, &[]).await.is(200).shows("Sie bekommen keine E-Mails mehr");
        anna.visit(&confirm).await.is(200);
        let page = ben.visit(&desk(&scene, "")).await;
        ben.send(&page, &desk(&scene, "/wiederaufnahme"), &[("wieder", "Nachgesehen")]).await.is(200);
        run_jobs(&site).await;
        assert_eq!(site.mails(scene.town).await.len(), 3, "a mail after the end");
        anna.visit("/post/bestaetigen/unsinn").await.is(410);
    })
    .await;
}

/// A link as it stands in the mail of the reporter.
async fn party_path(
    site: &TestSite,
    scene: &Scene,
    make: fn(&web::Keys, MunicipalityId, crate::store::threads::PartyId, base::Moment) -> String,
) -> String {
    let case: CaseId = scene.opened.id;
    let parties = site.site.db.read(scene.town, move |tx| crate::store::threads::parties(tx, case)).await;
    let party = parties.expect("parties are read").remove(0).id;
    make(&site.site.keys, scene.town, party, site.site.clock.now())
}

#[tokio::test]
async fn a_link_in_a_mail_opens_the_case_and_picks_the_rating() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let link = crate::mails::access_path(&site.site.keys, scene.town, &scene.opened.number, site.site.clock.now());
        let mut anna = site.visitor(HOST);
        let seen = anna.look(&format!("{link}?note=5")).await;
        assert_eq!(seen.location(), Some(format!("{}?note=5#bewertung", path(&scene, "")).as_str()));
        anna.visit(&path(&scene, "")).await.is(200).shows("Laterne dunkel");
        // A link to one case opens no other, and a broken one opens nothing.
        let token = link.rsplit('/').next().unwrap_or_default();
        let mut other = site.visitor(HOST);
        assert_eq!(other.look(&format!("/stand/2026-11-0002/{token}")).await.location(), Some("/stand"));
        site.clock.advance_seconds(181 * 86_400);
        assert_eq!(other.look(&link).await.location(), Some("/stand"));
    })
    .await;
}

#[tokio::test]
async fn who_takes_it_back_confirms_it_and_is_asked_to_report_anew() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        let withdraw = path(&scene, "/zurueckziehen");
        anna.send(&page, &withdraw, &[]).await.is(422).shows("Bestätigen Sie");
        let done = anna.send(&page, &withdraw, &[("sicher", "ja"), ("warum", "Sie geht wieder")]).await;
        done.is(200).shows("zurückgezogen");
        let (action, reply) = (path(&scene, "/antwort"), ("text", "doch nicht"));
        let once = "0190f3a0-0000-7000-8000-000000000001";
        anna.post(&action, &[("once", once), reply]).await.is(409).shows("Melden Sie es bitte neu");
    })
    .await;
}

#[tokio::test]
async fn english_speakers_read_english() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let english = web::Display { lang: web::Lang::En, ..web::Display::default() };
        anna.set_cookie("darstellung", &english.to_cookie());
        let page = anna.visit(&path(&scene, "")).await;
        page.shows("You will hear from us by Friday, 27 November").hides("Wie es weitergeht");
        page.shows("Lamp is dark").shows("Street lamp").shows("How many?").shows("one");
        page.hides("Laterne dunkel").hides("Wie viele?").hides("Straßenlaterne");
    })
    .await;
}
