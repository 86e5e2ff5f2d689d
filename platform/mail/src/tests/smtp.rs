//! The SMTP client against a server that takes, refuses, defers, or says nothing.

use super::{
    anna, clock, message_id, receipt, sender,
    server::{Line, Server},
    town, wire,
};
use crate::{Letter, Mail, MailError, Mailer, Settings, Smtp};
use std::{path::PathBuf, time::Duration};

fn mailer(url: &str) -> Result<Mailer, MailError> {
    let settings = Settings { url: Some(url.to_owned()), folder: PathBuf::from("unused"), from: sender() };
    Mailer::open(&settings, clock())
}

fn letter() -> Letter {
    receipt().letter(anna(), message_id(1)).from_name("Gemeinde Bindlach")
}

async fn send_to(answers: &'static [(&'static str, &'static str)]) -> (Server, Result<(), MailError>) {
    let server = Server::start(answers).await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}?tls=none", server.port)).unwrap();
    let result = mailer.send(town(1), &letter()).await;
    (server, result)
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let (server, result) = send_to(&[]).await;
    result.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].from.starts_with("MAIL FROM:<post@stadtplatz.example>"), "{}", received[0].from);
    assert_eq!(received[0].to, ["RCPT TO:<anna@beispiel.example>"]);
    assert_eq!(received[0].data.trim_end(), wire::raw(&letter()).trim_end());
    let (text, html) = wire::parts(&received[0].data);
    assert!(text.contains("Bühlstraße 3") && html.contains("Bühlstraße 3"));
}

#[tokio::test]
async fn lines_of_dots_arrive_whole() {
    let server = Server::start(&[]).await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}?tls=none", server.port)).unwrap();
    let mail = Mail::new("Punkte").paragraph("eins\n.\n..zwei\n.\nEnde");
    mailer.send(town(1), &mail.letter(anna(), message_id(3))).await.unwrap();
    let received = &server.received()[0];
    assert!(received.wire.iter().any(|line| line == ".."), "the dot was doubled on the wire: {:?}", received.wire);
    assert_eq!(wire::parts(&received.data).0.trim_end(), "eins\n.\n..zwei\n.\nEnde");
}

#[tokio::test]
async fn a_repeated_letter_has_the_same_message_id() {
    let server = Server::start(&[]).await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}?tls=none", server.port)).unwrap();
    for _ in 0..2 {
        mailer.send(town(1), &letter()).await.unwrap();
    }
    let ids: Vec<_> = server.received().iter().map(|mail| wire::header(&mail.data, "Message-ID")).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], Some("<01010101-0101-0101-0101-010101010101@bindlach.example>".to_owned()));
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn user_and_password_are_given_as_configured() {
    let server = Server::start(&[]).await;
    let mailer = mailer(&format!("smtp://stadt%40x:p%25w@127.0.0.1:{}?tls=none", server.port)).unwrap();
    assert!(!format!("{mailer:?}").contains("p%"));
    mailer.send(town(1), &letter()).await.unwrap();
    // "\0stadt@x\0p%w" in base64.
    assert_eq!(server.received()[0].auth.as_deref(), Some("PLAIN AHN0YWR0QHgAcCV3"));
}

#[tokio::test]
async fn answers_say_whether_to_try_again() {
    let (_, later) = send_to(&[("RCPT", "451 4.7.1 <anna@beispiel.example> try later")]).await;
    assert!(matches!(later, Err(MailError::Transient { code: Some(451) })), "{later:?}");
    let (_, later) = send_to(&[("CONNECT", "421 4.3.2 shutting down")]).await;
    assert!(matches!(later, Err(MailError::Transient { code: Some(421) })), "{later:?}");
    let (server, never) = send_to(&[("RCPT", "550 5.1.1 <anna@beispiel.example> unknown")]).await;
    assert!(matches!(never, Err(MailError::Permanent { code: Some(550) })), "{never:?}");
    assert!(server.received().is_empty());
    let (server, never) = send_to(&[("END", "554 5.7.1 anna@beispiel.example dislikes this")]).await;
    let never = never.unwrap_err();
    assert!(matches!(never, MailError::Permanent { code: Some(554) }), "{never:?}");
    assert!(!never.is_worth_a_retry() && server.received().is_empty());
    assert!(!format!("{never:?} {never}").contains("anna"), "a server's words repeat addresses");
}

#[tokio::test]
async fn a_wrong_password_is_nobodys_letters_fault() {
    let server = Server::start(&[("AUTH", "535 5.7.8 wrong")]).await;
    let mailer = mailer(&format!("smtp://stadt:falsch@127.0.0.1:{}?tls=none", server.port)).unwrap();
    let error = mailer.send(town(1), &letter()).await.unwrap_err();
    assert!(matches!(error, MailError::Configuration(_)), "{error:?}");
    assert!(error.is_worth_a_retry());
}

#[tokio::test]
async fn encryption_that_is_demanded_is_never_left_out() {
    // The server offers no STARTTLS; without `tls=none` nothing may be sent in the clear.
    let server = Server::start(&[]).await;
    for query in ["", "?tls=required"] {
        let mailer = mailer(&format!("smtp://stadt:geheim@127.0.0.1:{}{query}", server.port)).unwrap();
        let error = mailer.send(town(1), &letter()).await.unwrap_err();
        assert!(error.is_worth_a_retry(), "{error:?}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn silence_ends_in_time() {
    for silent in ["CONNECT", "EHLO", "DATA", "END"] {
        let answers: &'static [(&'static str, &'static str)] = match silent {
            "CONNECT" => &[("CONNECT", "")],
            "EHLO" => &[("EHLO", "")],
            "DATA" => &[("DATA", "")],
            _ => &[("END", "")],
        };
        let server = Server::start(answers).await;
        let url = format!("smtp://127.0.0.1:{}?tls=none", server.port);
        let short = (Duration::from_millis(150), Duration::from_millis(600));
        let smtp = Smtp::with_timeouts(&url, sender(), clock(), short).unwrap();
        let waited = tokio::time::timeout(Duration::from_secs(10), smtp.send(&letter())).await;
        let error = waited.expect("the client gave up by itself").unwrap_err();
        assert!(matches!(error, MailError::Transient { code: None }), "{silent}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_a_retry() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mailer = mailer(&format!("smtp://127.0.0.1:{gone}?tls=none")).unwrap();
    let error = mailer.send(town(1), &letter()).await.unwrap_err();
    assert!(matches!(error, MailError::Transient { code: None }), "{error:?}");
    assert!(mailer.check().await.is_err());
}

#[tokio::test]
async fn doctor_can_ask() {
    let server = Server::start(&[]).await;
    mailer(&format!("smtp://127.0.0.1:{}?tls=none", server.port)).unwrap().check().await.unwrap();
}

#[test]
fn wrong_settings_say_so_without_the_password() {
    for url in [
        "",
        "mail.example",
        "http://x.example",
        "smtp://",
        "smtp://u:geheim@x.example?tls=maybe",
        "smtps://u:geheim@x?tls=none",
    ] {
        let error = mailer(url).unwrap_err();
        assert!(matches!(error, MailError::Configuration(_)), "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("geheim"));
    }
    for url in ["smtp://x.example", "smtps://u:p@x.example", "smtp://x.example:2525?tls=none"] {
        assert!(mailer(url).is_ok(), "{url}");
    }
    let settings = Settings { url: Some("smtp://u:geheim@x".to_owned()), folder: PathBuf::new(), from: sender() };
    assert!(!format!("{settings:?}").contains("geheim"));
}

fn authority(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/certificates");
    folder.join(name).display().to_string()
}

/// Implicit TLS greets once, after the handshake.
const GREETING: &[(&str, &str)] = &[("CONNECT", "220 server.example ESMTP")];

#[tokio::test]
async fn an_encrypted_server_of_our_own_authority_is_believed() {
    let ours = authority("authority.pem");
    for (line, scheme, answers) in [(Line::StartTls, "smtp", &[] as &[_]), (Line::Tls, "smtps", GREETING)] {
        let server = Server::on(line, answers).await;
        let url = format!("{scheme}://stadt:geheim@localhost:{}?ca={ours}", server.port);
        mailer(&url).unwrap().send(town(1), &letter()).await.unwrap_or_else(|error| panic!("{line:?}: {error}"));
        let received = server.received();
        assert!(received.len() == 1 && received[0].encrypted && received[0].auth.is_some(), "{line:?}");
        let clear = server.heard_in_the_clear();
        assert!(clear.iter().all(|said| said.starts_with("EHLO") || said == "STARTTLS"), "{clear:?}");
    }
}

#[tokio::test]
async fn an_unknown_authority_or_another_name_hears_no_letter_and_no_password() {
    let (ours, strange) = (authority("authority.pem"), authority("stranger.pem"));
    let (ours, strange) = (format!("?ca={ours}"), format!("?ca={strange}"));
    // The certificate is good for `localhost` only; the system knows neither authority.
    for (host, query) in [("localhost", strange.as_str()), ("localhost", ""), ("127.0.0.1", ours.as_str())] {
        for (line, scheme, answers) in [(Line::StartTls, "smtp", &[] as &[_]), (Line::Tls, "smtps", GREETING)] {
            let server = Server::on(line, answers).await;
            let url = format!("{scheme}://stadt:geheim@{host}:{}{query}", server.port);
            let result = mailer(&url).unwrap().send(town(1), &letter()).await;
            assert!(result.is_err(), "{line:?} {host} {query}");
            assert!(server.received().is_empty(), "{line:?} {host} {query}");
            let clear = server.heard_in_the_clear();
            assert!(clear.iter().all(|said| said.starts_with("EHLO") || said == "STARTTLS"), "{clear:?}");
        }
    }
}

#[test]
fn a_file_that_is_no_authority_is_refused_at_once() {
    for file in ["/nowhere.pem".to_owned(), authority("README.md")] {
        let refused = mailer(&format!("smtp://u:geheim@x.example?ca={file}")).err();
        assert!(matches!(&refused, Some(MailError::Configuration(why)) if why.contains("ca=")), "{refused:?}");
    }
}
