//! What is kept for everybody is handed to nobody it is not for: other towns, people with a session, a notice or a
//! draft, other languages and settings; and no write is missed, on no node.

use super::{authenticate, note};
use axum::{
    body::Body,
    http::{Request, header},
    response::Html,
};
use http_body_util::BodyExt;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::{Browser, TestSite, on_both_sites};
use tower::ServiceExt;
use web::{Access, Answer, PageError, Room, Routes, Site, Visit};

/// How often a page was really made, in all tests of this process: only whether it grows between two looks at one
/// number of one site is asked, by the page itself.
static MADE: AtomicU64 = AtomicU64::new(0);

fn rooms() -> Vec<Room> {
    vec![Room { routes, authenticate: Some(authenticate), ..Room::named("probe") }]
}

fn routes(routes: &mut Routes) {
    routes.kept("/tafel", board);
    routes.kept("/tafel/{number}", board);
    routes.kept("/formular", |_: Visit| async {
        Html(format!("<input name=\"once\" value=\"{}\">", MADE.fetch_add(1, Ordering::Relaxed)))
    });
    routes.kept("/fehlt", |_: Visit| async { Err::<(), _>(PageError::NotFound) });
    routes.kept("/keks", |_: Visit| async {
        ([(header::SET_COOKIE, "a=b")], Html(MADE.fetch_add(1, Ordering::Relaxed).to_string()))
    });
    routes.get("/lose", Access::Public, |_: Visit| async { MADE.fetch_add(1, Ordering::Relaxed).to_string() });
    routes.post("/zettel", Access::Public, note);
}

/// Says who looks, and which making this is.
async fn board(visit: Visit) -> Answer {
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let lines = visit.read(|tx| Ok::<_, PageError>(db::audit_page(tx, None, None, 50)?.len())).await?;
    let notice = if visit.page("").flash.is_some() { "notice" } else { "" };
    let (town, lang, path) = (&visit.town.name, visit.t.lang.code(), &visit.path_and_query);
    let (theme, who) = (visit.display.theme, visit.actor.trace());
    let text = format!("<p>{town} {lang} {theme} {who} {path} {lines} lines {notice} #{made}</p>");
    Ok(axum::response::IntoResponse::into_response(Html(text)))
}

/// A town with a history, so that it has a version.
async fn site_with_history(site: &TestSite, hosts: &[&str]) {
    for host in hosts {
        site.found(host, host.split('.').next().unwrap()).await;
        write(&mut site.visitor(host), host).await;
    }
}

async fn write(visitor: &mut Browser, word: &str) {
    let once = format!("{word:-<20}");
    let sent = visitor.clone().post("/zettel", &[("once", &once), ("text", "x")]).await;
    sent.is(303);
}

async fn text(visitor: &mut Browser, path: &str) -> String {
    visitor.look(path).await.is(200).text()
}

#[tokio::test]
async fn a_page_is_made_once_until_something_is_written() {
    on_both_sites(rooms, async |site| {
        site_with_history(&site, &["eins.example"]).await;
        let mut visitor = site.visitor("eins.example");
        let first = text(&mut visitor, "/tafel").await;
        assert_eq!(text(&mut visitor, "/tafel").await, first);
        assert_eq!(text(&mut site.visitor("eins.example"), "/tafel").await, first);
        write(&mut visitor, "another").await;
        let second = text(&mut visitor, "/tafel").await;
        assert!(first.contains(" 1 lines") && second.contains(" 2 lines"), "{first} {second}");
        // What stands there about the time is a few seconds old at most.
        site.clock.advance_seconds(6);
        assert_ne!(text(&mut visitor, "/tafel").await, second);
    })
    .await;
}

#[tokio::test]
async fn nobody_gets_what_is_not_for_them() {
    on_both_sites(rooms, async |site| {
        site_with_history(&site, &["eins.example", "zwei.example"]).await;
        let mut visitor = site.visitor("eins.example");
        let kept = text(&mut visitor, "/tafel").await;
        let other_town = text(&mut site.visitor("zwei.example"), "/tafel").await;
        assert!(kept.starts_with("eins de") && other_town.starts_with("zwei de"), "{kept} {other_town}");
        for (name, value) in [("sitzung", "drin"), ("hinweis", "flash-job-retried"), ("entwurf", "x"), ("stand", "y")] {
            let mut person = site.visitor("eins.example");
            person.set_cookie(name, value);
            let (seen, again) = (text(&mut person, "/tafel").await, text(&mut person, "/tafel").await);
            assert!(seen != kept && (again != seen || again == kept), "{name}: {seen} {again}");
            assert_eq!(seen.contains("notice"), name == "hinweis", "{seen}");
        }
        assert_eq!(text(&mut visitor, "/tafel").await, kept);
        assert!(kept.contains("visitor"), "{kept}");
    })
    .await;
}

#[tokio::test]
async fn address_language_and_settings_are_kept_apart() {
    on_both_sites(rooms, async |site| {
        site_with_history(&site, &["eins.example"]).await;
        let mut seen = vec![];
        for (path, settings) in [
            ("/tafel", None),
            ("/tafel", Some("dark.100.....de")),
            ("/tafel", Some(".100.....en")),
            ("/tafel?a=1", None),
            ("/tafel?a=2", None),
            ("/tafel/1", None),
            ("/tafel/2", None),
        ] {
            let mut visitor = site.visitor("eins.example");
            if let Some(settings) = settings {
                visitor.set_cookie("darstellung", settings);
            }
            let first = text(&mut visitor, path).await;
            assert_eq!(text(&mut visitor, path).await, first, "{path} is kept");
            assert!(first.contains(&format!(" {path} ")), "{first}");
            assert!(!seen.contains(&first));
            seen.push(first);
        }
        assert!(seen[1].contains(" dark ") && seen[2].contains(" en "), "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_one_persons_is_never_kept() {
    on_both_sites(rooms, async |site| {
        site_with_history(&site, &["eins.example"]).await;
        let mut visitor = site.visitor("eins.example");
        for path in ["/formular", "/keks", "/lose"] {
            let once = visitor.look(path).await.html();
            assert_ne!(visitor.look(path).await.html(), once, "{path}");
        }
        visitor.look("/fehlt").await.is(404);
        visitor.look("/fehlt").await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_write_on_one_node_is_seen_by_the_next_read_on_the_other() {
    on_both_sites(rooms, async |site| {
        site_with_history(&site, &["eins.example"]).await;
        // Another process has the same database and nothing else in common.
        let other = web::router(&neighbour(&site), axum::Router::new()).0;
        let path = "/tafel";
        let (first, there) = (text(&mut site.visitor("eins.example"), path).await, page(&other, path, "").await.0);
        assert!(first.contains(" 1 lines") && there.contains(" 1 lines"));
        for round in 2..6 {
            write(&mut site.visitor("eins.example"), &format!("round-{round}")).await;
            let (there, _) = page(&other, path, "").await;
            assert!(there.contains(&format!(" {round} lines")), "{there}");
        }
    })
    .await;
}

fn neighbour(site: &TestSite) -> Site {
    let parts = &site.site;
    let own = web::SiteParts {
        db: parts.db.clone(),
        files: parts.files.clone(),
        mailer: parts.mailer.clone(),
        outgoing: parts.outgoing.clone(),
        strangers: parts.strangers.clone(),
        cache: parts.cache.clone(),
        clock: std::sync::Arc::clone(&parts.clock),
        chance: std::sync::Arc::clone(&parts.chance),
        keys: web::Keys::new(&[42; 32]),
        limits: web::Limits::off(),
        settings: parts.settings.clone(),
        rooms: std::sync::Arc::clone(&parts.rooms),
    };
    Site::new(own).unwrap()
}

/// Body, packing and tag of an answer.
async fn page(router: &axum::Router, path: &str, packing: &str) -> (String, (Option<String>, Option<String>)) {
    let request = Request::get(path).header(header::HOST, "eins.example").header(header::ACCEPT_ENCODING, packing);
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let header = |name| answer.headers().get(&name).map(|value| value.to_str().unwrap().to_owned());
    let found = (header(header::CONTENT_ENCODING), header(header::ETAG));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (String::from_utf8_lossy(&body).into_owned(), found)
}

#[tokio::test]
async fn each_packing_is_kept_for_those_who_read_it_and_tags_work() {
    on_both_sites(rooms, async |site| {
        site_with_history(&site, &["eins.example"]).await;
        let long = format!("/tafel?lang={}", "a".repeat(200));
        for (asked, got) in [("", None), ("gzip, deflate", Some("gzip")), ("gzip, br", Some("br")), ("zstd", None)] {
            let first = page(&site.router, &long, asked).await;
            assert_eq!(first.1.0.as_deref(), got, "{asked}");
            assert_eq!(page(&site.router, &long, asked).await, first, "{asked}");
            let tag = first.1.1.unwrap();
            let request = Request::get(&long).header(header::HOST, "eins.example").header(header::IF_NONE_MATCH, &tag);
            let request = request.header(header::ACCEPT_ENCODING, asked).body(Body::empty()).unwrap();
            let answer = site.router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 304, "{asked}");
            assert!(answer.headers().contains_key("content-security-policy"));
        }
    })
    .await;
}
