//! The kit through its real router, with a small room of its own: towns, access, errors, forms, headers. What a page of a
//! real room says is tested in that room.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod kept;
mod multipart;

use axum::response::Html;
use base::{AccountId, Grant, Permission, StaffActor};
use db::{Audit, DbError, Once};
use testkit::{TestSite, on_both_sites};
use web::{Access, Answer, Display, Form, PageError, Room, Routes, Visit};

fn rooms() -> Vec<Room> {
    vec![Room { routes, authenticate: Some(authenticate), ..Room::named("probe") }]
}

fn routes(routes: &mut Routes) {
    routes.get("/wer", Access::Public, |visit: Visit| async move {
        Ok::<_, PageError>(Html(format!("{} {} {}", visit.town.name, visit.t.lang.code(), visit.actor.trace())))
    });
    routes.get("/zettel/fertig/{token}", Access::Public, |_: Visit| async { Html("PIN 1234") });
    routes.get("/daten", Access::Public, |_: Visit| async { axum::Json([1, 2]) });
    routes.get("/offen", Access::Public, |_: Visit| async { ([("cache-control", "public, max-age=60")], "offen") });
    routes.get("/personal", Access::Staff, |_: Visit| async { "innen" });
    routes.get("/betrieb", Access::Needs(Permission::Operate), |_: Visit| async { "betrieb" });
    routes.get("/kaputt", Access::Public, |_: Visit| async {
        Err::<(), _>(PageError::because("could not open the vault")("geheimes Detail".into()))
    });
    routes.get("/panik", Access::Public, panics);
    routes.get("/voll", Access::Public, |_: Visit| async { Err::<(), _>(PageError::Busy) });
    routes.get("/langsam", Access::Public, |_: Visit| async { Err::<(), _>(PageError::TooSlow) });
    routes.post("/zettel", Access::Public, note);
}

async fn panics(visit: Visit) -> Answer {
    assert!(visit.path.is_empty(), "a handler that breaks");
    Err(PageError::NotFound)
}

/// Writes one audit line per once-only key.
async fn note(visit: Visit, form: Form) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let text = form.text("text").to_owned();
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::First => {}
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
            }
            let detail = serde_json::json!({ "length": text.len() });
            tx.audit(Audit { actor: "visitor".into(), action: "probe.noted", subject: "probe".into(), detail });
            Ok(tx.once_answer(key, "/wer")?)
        })
        .await?;
    Ok(visit.see_other_saying("/wer", "flash-job-retried"))
}

/// The session "drin" belongs to somebody without permissions, "chefin" to one who may operate.
fn authenticate(_: &db::Tx<'_>, token: &str) -> Result<Option<StaffActor>, DbError> {
    let grants = match token {
        "drin" => vec![],
        "chefin" => vec![Grant { permission: Permission::Operate, units: None }],
        _ => return Ok(None),
    };
    let account = AccountId(base::uuid::Uuid::from_u128(1));
    Ok(Some(StaffActor { account, name: "Jo".into(), email: "jo@example.org".into(), grants }))
}

async fn audit_lines(site: &TestSite, town: base::MunicipalityId) -> i64 {
    let verdict = site.site.db.read(town, db::verify_audit).await.unwrap();
    match verdict {
        db::Verdict::Whole { lines } => lines,
        db::Verdict::Broken { seq, why } => panic!("line {seq}: {why}"),
    }
}

#[tokio::test]
async fn the_host_chooses_the_town() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        site.found("zwei.example", "Zweistadt").await;
        site.visitor("eins.example").look("/wer").await.is(200).shows("Einsdorf de visitor");
        site.visitor("ZWEI.example:8443").look("/wer").await.is(200).shows("Zweistadt");
        site.visitor("drei.example").look("/wer").await.is(421).hides("Einsdorf");
    })
    .await;
}

#[tokio::test]
async fn no_header_but_host_chooses_the_town() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        site.found("zwei.example", "Zweistadt").await;
        let request = axum::http::Request::builder()
            .uri("/wer")
            .header("host", "eins.example")
            .header("x-forwarded-host", "zwei.example")
            .body(axum::body::Body::empty())
            .unwrap();
        let response = tower::ServiceExt::oneshot(site.router.clone(), request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&body).starts_with("Einsdorf"));
    })
    .await;
}

#[tokio::test]
async fn access_is_checked_before_the_handler() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let mut visitor = site.visitor("eins.example");
        let seen = visitor.look("/personal").await;
        assert_eq!(seen.is(303).location(), Some("/anmelden?zurueck=%2Fpersonal"));
        visitor.set_cookie("sitzung", "drin");
        visitor.look("/personal").await.is(200).shows("innen");
        visitor.look("/betrieb").await.is(403).shows("nicht für Sie freigegeben");
        visitor.set_cookie("sitzung", "chefin");
        visitor.look("/betrieb").await.is(200);
    })
    .await;
}

#[tokio::test]
async fn failures_become_pages_without_inside_words() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let mut visitor = site.visitor("eins.example");
        visitor.look("/gibt-es-nicht").await.is(404).shows("Diese Seite gibt es nicht").shows("Einsdorf");
        visitor.look("/kaputt").await.is(500).shows("schiefgegangen").hides("vault").hides("geheimes");
        visitor.look("/panik").await.is(500).shows("schiefgegangen").hides("breaks");
        let busy = visitor.look("/voll").await;
        assert!(busy.is(503).headers.contains_key("retry-after"));
        visitor.look("/langsam").await.is(408).shows("zu langsam").shows("Zurück-Taste");
        assert_eq!(visitor.post("/wer", &[]).await.is(405).headers["allow"], "GET,HEAD");
    })
    .await;
}

#[tokio::test]
async fn the_same_form_twice_is_done_once_and_changed_content_is_refused() {
    on_both_sites(rooms, async |site| {
        let town = site.found("eins.example", "Einsdorf").await;
        let mut visitor = site.visitor("eins.example");
        let first = [("once", "0123456789abcdef"), ("text", "eins")];
        visitor.post("/zettel", &first).await.is(303);
        visitor.post("/zettel", &first).await.is(303);
        assert_eq!(audit_lines(&site, town).await, 1);
        visitor.post("/zettel", &[("once", "0123456789abcdef"), ("text", "zwei")]).await.is(409);
        visitor.post("/zettel", &[("text", "ohne Schlüssel")]).await.is(400);
        assert_eq!(audit_lines(&site, town).await, 1);
    })
    .await;
}

#[tokio::test]
async fn posts_from_other_sites_are_refused() {
    on_both_sites(rooms, async |site| {
        let town = site.found("eins.example", "Einsdorf").await;
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://boese.example")] {
            let request = axum::http::Request::builder()
                .method("POST")
                .uri("/zettel")
                .header("host", "eins.example")
                .header(name, value)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(axum::body::Body::from("once=0123456789abcdef&text=x"))
                .unwrap();
            let response = tower::ServiceExt::oneshot(site.router.clone(), request).await.unwrap();
            assert_eq!(response.status(), 403, "{name}");
        }
        assert_eq!(audit_lines(&site, town).await, 0);
    })
    .await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let mut visitor = site.visitor("eins.example");
        for path in ["/wer", "/gibt-es-nicht", "/kaputt", "/-/missing"] {
            let seen = visitor.look(path).await;
            let policy = seen.headers.get("content-security-policy").expect(path).to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(seen.headers.get("x-content-type-options").unwrap(), "nosniff", "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_notice_shows_once_and_a_known_page_is_not_sent_again() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let mut visitor = site.visitor("eins.example");
        visitor.set_cookie("hinweis", "flash-job-retried");
        visitor.look("/gibt-es-nicht").await.is(404).shows("Der Auftrag läuft noch einmal");
        visitor.look("/daten").await.is(200);
        assert!(visitor.cookie("hinweis").is_some(), "data shows no notice to anybody");
        assert!(visitor.look("/wer").await.is(200).headers.contains_key("etag"));
        assert!(visitor.cookie("hinweis").is_none());
        visitor.set_cookie("hinweis", "<script>");
        visitor.look("/gibt-es-nicht").await.is(404).hides("script");
    })
    .await;
}

#[tokio::test]
async fn the_language_and_display_come_from_the_cookie() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let mut visitor = site.visitor("eins.example");
        let display = Display { theme: "dark", text_size: "150", lang: web::Lang::En, ..Display::default() };
        visitor.set_cookie("darstellung", &display.to_cookie());
        visitor.look("/wer").await.is(200).shows("Einsdorf en");
        let page = visitor.look("/gibt-es-nicht").await;
        let html = page.html();
        assert!(
            html.contains("data-theme=\"dark\"")
                && html.contains("data-text-size=\"150\"")
                && html.contains("lang=\"en\"")
        );
    })
    .await;
}

#[tokio::test]
async fn what_one_person_sees_is_not_kept_for_the_next() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let mut person = site.visitor("eins.example");
        person.set_cookie("sitzung", "drin");
        let kept = |seen: &testkit::Seen| seen.headers.get("cache-control").unwrap().to_str().unwrap().to_owned();
        assert_eq!(kept(person.look("/personal").await.is(200)), "private, no-store");
        let pages = [
            ("/wer", "private, no-cache"),
            ("/wer?feld=entwurf&beleg-art=2", "private, no-cache"),
            ("/wer?lat=1&entwurf=6f1c", "private, no-store"),
            ("/wer?%65ntwurf=6f1c", "private, no-store"),
            ("/wer?beleg=abc", "private, no-store"),
            ("/zettel/fertig/abc", "private, no-store"),
            ("/offen?entwurf=6f1c", "public, max-age=60"),
        ];
        for (path, wanted) in pages {
            assert_eq!(kept(site.visitor("eins.example").look(path).await.is(200)), wanted, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_speaks_english_is_answered_in_english_until_the_person_chooses() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        for (wish, lang) in [("en-GB,en;q=0.9,de;q=0.5", "en"), ("de-DE,en;q=0.5", "de"), ("fr", "de")] {
            let request = axum::http::Request::builder()
                .uri("/wer")
                .header("host", "eins.example")
                .header("accept-language", wish)
                .body(axum::body::Body::empty())
                .unwrap();
            let response = tower::ServiceExt::oneshot(site.router.clone(), request).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            assert!(String::from_utf8_lossy(&body).contains(&format!(" {lang} ")), "{wish}");
        }
    })
    .await;
}
