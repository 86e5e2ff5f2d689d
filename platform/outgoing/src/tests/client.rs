//! Whole requests: refused, followed, cut off, timed out.

use super::{Reply, Scripted, Server, ok, redirect, status};
use crate::{Outgoing, OutgoingError, Refusal, Settings, client::next_url};
use bytes::Bytes;
use reqwest::{
    Url,
    header::{HeaderMap, HeaderValue, LOCATION},
};
use std::time::{Duration, Instant};

fn refusal<T: std::fmt::Debug>(result: Result<T, OutgoingError>) -> Refusal {
    match result {
        Err(OutgoingError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn loopback_is_refused_unless_it_is_listed() {
    let server = Server::start(|_| ok(b"hallo")).await;
    let stranger = Outgoing::new(Settings::default()).unwrap();
    for url in [server.url("/"), format!("http://localhost:{}/", server.port), format!("http://[::1]:{}/", server.port)]
    {
        assert_eq!(refusal(stranger.get(&url).await), Refusal::NotPublic, "{url}");
    }
    assert!(server.asked().is_empty());
    let answer = server.trusted().get(&server.url("/a?b=c")).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..], answer.content_type.as_deref()),
        (200, &b"hallo"[..], Some("text/plain"))
    );
}

#[tokio::test]
async fn requests_say_who_asks_and_nothing_else() {
    let server = Server::start(|_| {
        Reply::Bytes(
            b"HTTP/1.1 200 OK\r\nset-cookie: id=1; Path=/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
        )
    })
    .await;
    let client = server.trusted();
    for _ in 0..2 {
        client.get(&server.url("/")).await.unwrap();
    }
    let asked = server.asked().join("\n").to_lowercase();
    assert!(asked.contains("user-agent: stadtplatz/"), "{asked}");
    for header in ["cookie", "referer", "accept-encoding", "authorization"] {
        assert!(!asked.contains(&format!("{header}:")), "{header} in {asked}");
    }
}

#[tokio::test]
async fn a_post_carries_its_body_and_is_not_redirected() {
    let server = Server::start(|path| if path == "/weiter" { redirect("/") } else { status("201 Created") }).await;
    let client = server.trusted();
    let answer = client.post(&server.url("/"), "application/json", Bytes::from_static(b"{\"a\":1}")).await.unwrap();
    assert_eq!(answer.status, 201);
    let asked = &server.asked()[0];
    assert!(
        asked.starts_with("POST / ") && asked.contains("application/json") && asked.ends_with("{\"a\":1}"),
        "{asked}"
    );
    let redirected = client.post(&server.url("/weiter"), "text/plain", Bytes::from_static(b"geheim")).await;
    assert_eq!(refusal(redirected), Refusal::RedirectedPost);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_checked_each_time() {
    let server = Server::start(|path| match path.trim_start_matches('/').parse::<u32>() {
        Ok(0) => ok(b"angekommen"),
        Ok(left) => redirect(&format!("/{}", left - 1)),
        Err(_) => redirect("http://169.254.169.254/latest/meta-data/"),
    })
    .await;
    let client = server.trusted();
    assert_eq!(client.get(&server.url("/3")).await.unwrap().body, "angekommen");
    assert_eq!(refusal(client.get(&server.url("/4")).await), Refusal::TooManyRedirects);
    assert_eq!(refusal(client.get(&server.url("/meta")).await), Refusal::NotPublic);
}

#[tokio::test]
async fn a_redirect_leads_to_no_other_local_server() {
    let secret = Server::start(|_| ok(b"geheim")).await;
    let target = secret.url("/");
    let server = Server::start(move |_| redirect(&target)).await;
    // Even if both are listed: being listed means being asked by us, not by each other.
    let intranet = vec![format!("127.0.0.1:{}", server.port), format!("127.0.0.1:{}", secret.port)];
    let client = Outgoing::new(Settings { intranet, ..server.settings() }).unwrap();
    assert_eq!(refusal(client.get(&server.url("/")).await), Refusal::NotPublic);
    assert!(secret.asked().is_empty());
    assert_eq!(client.get(&secret.url("/")).await.unwrap().body, "geheim");
}

#[test]
fn a_redirect_keeps_encryption() {
    let next = |from: &str, to: &'static str| {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(to))]);
        next_url(&Url::parse(from).unwrap(), &headers).map(String::from)
    };
    assert_eq!(next("https://x.example/", "http://x.example/"), Err(Refusal::Downgrade));
    assert_eq!(next("https://x.example/", "//y.example/a").unwrap(), "https://y.example/a");
    assert_eq!(next("http://x.example/", "https://x.example/").unwrap(), "https://x.example/");
    assert_eq!(next("https://x.example/a/b", "../c").unwrap(), "https://x.example/c");
    assert_eq!(next("https://x.example/", "http://["), Err(Refusal::NoUrl));
    assert_eq!(next_url(&Url::parse("https://x.example/").unwrap(), &HeaderMap::new()), Err(Refusal::NoUrl));
}

#[tokio::test]
async fn a_name_that_turns_private_gains_nothing() {
    let server = Server::start(|_| ok(b"geheim")).await;
    let settings = || Settings { timeout: Duration::from_secs(2), ..Settings::default() };
    let url = format!("http://rebind.example:{}/", server.port);
    // Public when somebody looked before, private when we connect: what we connect to is what is checked.
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    let client = Outgoing::with_lookup(settings(), lookup).unwrap();
    assert_eq!(refusal(client.get(&url).await), Refusal::NotPublic);
    // The same with a public address beside it: the private one is not even tried second.
    let lookup = Scripted::new(&[&["192.88.99.1", "127.0.0.1"]]);
    let client = Outgoing::with_lookup(settings(), lookup).unwrap();
    assert_eq!(refusal(client.get(&url).await), Refusal::NotPublic);
    let lookup = Scripted::new(&[&[], &["127.0.0.1"]]);
    let client = Outgoing::with_lookup(settings(), lookup).unwrap();
    for _ in 0..2 {
        assert_eq!(refusal(client.get(&url).await), Refusal::NotPublic);
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_listed_name_is_reached_at_the_address_that_was_checked() {
    let server = Server::start(|_| ok(b"Karte")).await;
    let intranet = vec![format!("karten.intern:{}", server.port)];
    let client =
        Outgoing::with_lookup(Settings { intranet, ..server.settings() }, Scripted::new(&[&["127.0.0.1"]])).unwrap();
    let answer = client.get(&format!("http://karten.intern:{}/", server.port)).await.unwrap();
    assert_eq!(answer.body, "Karte");
    assert!(server.asked()[0].to_lowercase().contains(&format!("host: karten.intern:{}", server.port)));
}

#[tokio::test]
async fn too_much_is_refused_with_and_without_a_length() {
    let server = Server::start(|path| match path {
        "/flood" => Reply::Flood,
        "/exact" => ok(&[b'x'; 1000]),
        _ => ok(&[b'x'; 1001]),
    })
    .await;
    let client = server.trusted();
    assert_eq!(client.get(&server.url("/exact")).await.unwrap().body.len(), 1000);
    for path in ["/length", "/flood"] {
        let result = client.get(&server.url(path)).await;
        assert!(matches!(result, Err(OutgoingError::TooLarge { limit: 1000 })), "{path}: {result:?}");
    }
    let result = client.get_limited(&server.url("/exact"), "*/*", 999, None).await;
    assert!(matches!(result, Err(OutgoingError::TooLarge { limit: 999 })), "{result:?}");
}

#[tokio::test]
async fn a_slow_body_ends_in_time() {
    let server = Server::start(|_| Reply::Stall).await;
    let settings = Settings { timeout: Duration::from_millis(300), ..server.settings() };
    let started = Instant::now();
    let result = Outgoing::new(settings).unwrap().get(&server.url("/")).await;
    assert!(matches!(result, Err(OutgoingError::Timeout)), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn errors_do_not_repeat_the_url() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let settings = Settings { intranet: vec![format!("127.0.0.1:{gone}")], ..Settings::default() };
    let error =
        Outgoing::new(settings).unwrap().get(&format!("http://127.0.0.1:{gone}/?key=geheim")).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Unreachable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("geheim"));
    assert_eq!(refusal(Outgoing::new(Settings::default()).unwrap().get("kein url").await), Refusal::NoUrl);
}
