//! What must not go wrong: a clerk's words survive a colleague's transfer, mails to addresses nobody confirmed quote
//! nobody, photos outlive a mistake, pictures fit a dark page, and the desk's filters cost no walk over the whole town.

use super::{
    SETS, clerk as person, furnish,
    pages::{HOST, citizen, clerk, desk, path, rooms, run_jobs, scene},
    write,
};
use crate::store::lists;
use base::Permission;
use db::{Kind, testing::on_both};
use identity::{standard_unit, units_for};
use testkit::on_both_sites;

#[tokio::test]
async fn an_answer_to_a_case_that_was_given_away_is_shown_with_its_new_office() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let (mut ben, mut anna) = (clerk(&site, "ben").await, clerk(&site, "anna").await);
        let (bens, annas) = (ben.visit(&desk(&scene, "")).await, anna.visit(&desk(&scene, "")).await);
        let green = standard_unit(scene.town, "green_spaces").to_string();
        let away = [("amt", green.as_str()), ("weitergabe", "Ein Ast davor")];
        anna.send(&annas, &desk(&scene, "/weitergabe"), &away).await.is(200);
        let words = [("aktion", "antworten"), ("antwort", "Mein langer Text")];
        let lost = ben.send(&bens, &desk(&scene, "/antwort"), &words).await;
        lost.is(409).shows("Grünflächenamt").shows("Mein langer Text").hides("Ein Ast davor");
        lost.shows("Anna Muster hat ihn weitergegeben (heute,");
        // Incomplete words are no reason to lose them either.
        let words = [("aktion", "schliessen"), ("antwort", "Noch ein Text"), ("ergebnis", "")];
        ben.send(&bens, &desk(&scene, "/antwort"), &words).await.is(409).shows("Noch ein Text");
        // Whoever never had the case learns nothing of it.
        let mut dora = clerk(&site, "dora").await;
        dora.visit(&desk(&scene, "")).await.is(200);
        let once = "0190f3a0-0000-7000-8000-000000000009";
        let guess = [("once", once), ("version", "1"), ("antwort", "x"), ("aktion", "antworten")];
        dora.post("/arbeit/fall/2026-11-9999/antwort", &guess).await.is(404);
        ben.look(&desk(&scene, "")).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn an_answer_sent_after_the_session_ended_comes_back_and_is_sent_later() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let session = ben.cookie("sitzung").expect("a session").to_owned();
        ben.set_cookie("sitzung", "");
        let answer = desk(&scene, "/antwort");
        let words = [("aktion", "antworten"), ("antwort", "Wir haben ein neues Leuchtmittel bestellt.")];
        let kept = ben.send(&page, &answer, &words).await;
        kept.is(422).shows("Ihre Anmeldung ist abgelaufen").shows("Wir haben ein neues Leuchtmittel bestellt.");
        kept.hides("Mühlweg 12");
        assert_eq!(kept.headers["cache-control"], "private, no-store", "words of a person, on a device of many");
        // Still signed out: nothing is lost and nothing is done.
        let again = ben.send(&kept, &answer, &[]).await;
        again.is(422).shows("Wir haben ein neues Leuchtmittel bestellt.");
        ben.set_cookie("sitzung", &session);
        ben.visit(&desk(&scene, "")).await.hides("Leuchtmittel");
        ben.send(&again, &answer, &[]).await.is(200).shows("Die Antwort ist gesendet").shows("Leuchtmittel");
        // Without words there is nothing to keep.
        let mut stranger = site.visitor(HOST);
        stranger.post(&desk(&scene, "/uebernahme"), &[("once", "0190f3a0-0000-7000-8000-000000000001")]).await.is(303);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_comes_back_keeps_its_photos() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        let (reply, png) = (path(&scene, "/antwort"), include_bytes!("lamp.png").as_slice());
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        let sent = [("fotos", "lampe.png", "image/png", png), ("fotos", "IMG_1.HEIC", "image/heic", heic.as_slice())];
        let back = anna.send_with_files(&page, &reply, &[("text", "Sie flackert")], &sent).await;
        back.is(422).shows("IMG_1.HEIC: Dieses iPhone-Format (HEIC)").shows("Foto mitschicken").shows("Sie flackert");
        let token = field(&back, &reply, "behalten");
        let photo = path(&scene, &format!("/foto/{token}"));
        assert_eq!(anna.look(&photo).await.is(200).headers["content-type"], "image/jpeg");
        site.visitor(HOST).look(&photo).await.is(404);
        // What is forged or belongs to another case is no photo.
        let forged = token.replace('.', "x");
        anna.send(&back, &reply, &[("behalten", &forged), ("text", "")]).await.is(422).hides("Foto mitschicken");
        let done = anna.send(&back, &reply, &[]).await;
        done.is(200).shows("Ihre Nachricht ist angekommen");
        assert!(done.html().contains(&path(&scene, "/anhang/")), "the photo went along");
    })
    .await;
}

/// The value of a field as the page gives it.
fn field(page: &testkit::Seen, action: &str, name: &str) -> String {
    let fields = page.form(action).fields;
    fields.into_iter().find(|(field, _)| field == name).map(|(_, value)| value).unwrap_or_default()
}

#[tokio::test]
async fn one_file_that_is_too_large_loses_nothing_else() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let page = anna.visit(&path(&scene, "")).await;
        let (reply, png) = (path(&scene, "/antwort"), include_bytes!("lamp.png").as_slice());
        let large = vec![0xFF; (30 << 20) + 1];
        let sent = [("fotos", "film.jpg", "image/jpeg", large.as_slice()), ("fotos", "lampe.png", "image/png", png)];
        let back = anna.send_with_files(&page, &reply, &[("text", "Sie flackert")], &sent).await;
        back.is(422).shows("film.jpg: Dieses Foto ist zu groß").shows("Foto mitschicken").shows("Sie flackert");
        let one_more = ("fotos", "film.jpg", "image/jpeg", large.as_slice());
        let all = anna.send_with_files(&page, &reply, &[("text", "x")], &[one_more; 6]).await;
        all.is(413).shows("größer als 150 MB");
    })
    .await;
}

#[tokio::test]
async fn the_question_for_confirmation_quotes_nobody() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        run_jobs(&site).await;
        let mails = site.mails(scene.town).await;
        assert_eq!(mails.len(), 1);
        assert!(!format!("{} {}", mails[0].subject, mails[0].text).contains("Laterne dunkel"), "a typed title");
    })
    .await;
}

#[tokio::test]
async fn maps_fit_a_dark_page() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut anna = citizen(&site, &scene).await;
        let mut ben = clerk(&site, "ben").await;
        for page in [anna.visit(&path(&scene, "")).await, ben.visit(&desk(&scene, "")).await] {
            let html = page.is(200).html();
            assert!(html.contains("(prefers-color-scheme: dark)") && html.contains("theme=dark"), "{}", page.path);
        }
    })
    .await;
}

#[tokio::test]
async fn the_choices_of_the_filters_are_read_from_an_index_of_open_cases() {
    on_both(SETS, async |test| {
        if test.kind != Kind::Sqlite {
            return;
        }
        let town = test.town().await;
        let (everywhere, some) = (person(10, None), person(11, Some(vec![super::DEPOT, super::ROADS])));
        let plans = write(&test.db, town, move |tx| {
            furnish(tx)?;
            let mut plans = vec![];
            for actor in [&everywhere, &some] {
                plans.extend(lists::plans_of_choices(tx, &units_for(actor, Permission::CaseRead))?);
            }
            Ok(plans)
        })
        .await;
        assert_eq!(plans.len(), 4);
        for plan in plans {
            assert!(plan.contains("COVERING INDEX cases_cases_open_"), "{plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_row_of_keys_names_only_what_the_open_case_allows() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let keys = |page: &testkit::Seen| {
            let html = page.is(200).html();
            let (_, bar) = html.split_once("key-bar").expect("a row of keys");
            let bar = bar.split("</div>").next().unwrap_or_default().to_owned();
            ["Z", "A", "W", "E"].map(|key| bar.contains(&format!("<kbd>{key}</kbd>")))
        };
        let page = ben.visit(&desk(&scene, "")).await;
        assert_eq!(keys(&page), [true; 4], "free");
        let page = ben.send(&page, &desk(&scene, "/uebernahme"), &[]).await;
        assert_eq!(keys(&page), [false, true, true, true], "taken");
        let closing = [("aktion", "schliessen"), ("ergebnis", "resolved"), ("antwort", "Sie leuchtet wieder.")];
        ben.send(&page, &desk(&scene, "/antwort"), &closing).await.is(200);
        assert_eq!(keys(&ben.visit(&desk(&scene, "")).await), [false, false, false, true], "closed");
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_at_the_desk_is_said_in_german_and_to_citizens_in_theirs() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let english = web::Display { lang: web::Lang::En, ..web::Display::default() };
        let mut ben = clerk(&site, "ben").await;
        ben.set_cookie("darstellung", &english.to_cookie());
        let missing = ben.look("/arbeit/fall/2020-01-0001").await;
        missing.is(404).shows("Diese Seite gibt es nicht").hides("This page does not exist");
        assert!(missing.html().contains("<html lang=\"de\""));
        let public = ben.look("/gibt-es-nicht").await;
        public.is(404).hides("Diese Seite gibt es nicht");
        assert!(public.html().contains("<html lang=\"en\""));
        assert!(ben.visit(&path(&scene, "")).await.html().contains("<html lang=\"en\""));
    })
    .await;
}

#[tokio::test]
async fn one_word_outlives_the_end_of_a_session() {
    on_both_sites(rooms, async |site| {
        let scene = scene(&site).await;
        let mut ben = clerk(&site, "ben").await;
        let page = ben.visit(&desk(&scene, "")).await;
        let page = ben.send(&page, &desk(&scene, "/uebernahme"), &[]).await;
        let session = ben.cookie("sitzung").expect("a session").to_owned();
        ben.set_cookie("sitzung", "");
        let late = ben.send_only(&page, &desk(&scene, "/notiz"), &[("notiz", "Erledigt.")]).await;
        late.is(422).shows("Anmeldung");
        assert!(late.html().contains("value=\"Erledigt.\""));
        // Signed in again in another tab, the same page sends it.
        ben.set_cookie("sitzung", &session);
        ben.send(&late, &desk(&scene, "/notiz"), &[]).await.is(200).shows("Erledigt.");
    })
    .await;
}
