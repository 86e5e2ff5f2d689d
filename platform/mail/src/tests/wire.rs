//! The message as bytes: headers, encodings, and that no value can end its header line.

use super::{anna, clock, message_id, receipt, sender};
use crate::{EmailAddress, Letter, Mail, MessageId};
use base::uuid::Uuid;

pub fn raw(letter: &Letter) -> String {
    String::from_utf8(letter.message(&sender(), clock().now()).unwrap().formatted()).unwrap()
}

/// The header lines, folded ones put together.
pub fn headers(raw: &str) -> Vec<String> {
    let head = raw.split("\r\n\r\n").next().unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

pub fn header(raw: &str, name: &str) -> Option<String> {
    let found: Vec<_> =
        headers(raw).into_iter().filter_map(|h| Some(h.strip_prefix(name)?.strip_prefix(": ")?.to_owned())).collect();
    assert!(found.len() < 2, "{name} is there twice");
    found.into_iter().next()
}

/// Quoted-printable undone.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'=' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

/// The plain text and the HTML of a message.
pub fn parts(raw: &str) -> (String, String) {
    let content_type = header(raw, "Content-Type").unwrap();
    assert!(content_type.starts_with("multipart/alternative"), "{content_type}");
    let boundary = content_type.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let parts: Vec<&str> = raw.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4, "before, text, HTML, end");
    let body = |part: &str, kind: &str| {
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(kind) && head.contains("quoted-printable"), "{head}");
        unquoted(body.trim_end_matches("\r\n"))
    };
    (body(parts[1], "text/plain; charset=utf-8"), body(parts[2], "text/html; charset=utf-8"))
}

#[test]
fn a_letter_has_the_headers_it_needs() {
    let reply_to = EmailAddress::parse("bauamt@bindlach.example").unwrap();
    let letter = receipt()
        .letter(anna(), message_id(1))
        .from_name("Gemeinde Bindlach")
        .reply_to(reply_to)
        .unsubscribe("https://bindlach.example/abo/ende?id=1");
    let raw = raw(&letter);
    let expected = [
        ("From", "\"Gemeinde Bindlach\" <post@stadtplatz.example>"),
        ("To", "anna@beispiel.example"),
        ("Reply-To", "bauamt@bindlach.example"),
        ("Date", "Mon, 02 Mar 2026 09:00:00 +0000"),
        ("Message-ID", "<01010101-0101-0101-0101-010101010101@bindlach.example>"),
        ("Auto-Submitted", "auto-generated"),
        ("List-Unsubscribe", "<https://bindlach.example/abo/ende?id=1>"),
        ("MIME-Version", "1.0"),
    ];
    for (name, value) in expected {
        assert_eq!(header(&raw, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(header(&raw, "Bcc"), None);
}

#[test]
fn both_parts_arrive_as_they_were_composed() {
    let mail = receipt();
    let (text, html) = parts(&raw(&mail.letter(anna(), message_id(1))));
    assert_eq!(text.trim_end(), mail.text().trim_end());
    assert_eq!(html.trim_end(), mail.html().trim_end());
}

#[test]
fn the_wire_is_seven_bit_and_its_lines_are_short() {
    let raw = raw(&Mail::new("Ü".repeat(300))
        .paragraph("Straße ".repeat(500))
        .letter(anna(), message_id(1))
        .from_name("Märkt Weidenberg"));
    assert!(raw.is_ascii());
    assert!(raw.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    assert!(header(&raw, "Subject").unwrap().starts_with("=?utf-8?b?"), "{:?}", header(&raw, "Subject"));
    assert!(header(&raw, "From").unwrap().ends_with("<post@stadtplatz.example>"));
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    let letter = receipt().letter(anna(), message_id(1));
    assert_eq!(raw(&letter), raw(&letter.clone()));
    let other = receipt().letter(anna(), message_id(2));
    assert_ne!(raw(&letter), raw(&other));
}

#[test]
fn no_value_ends_its_header() {
    let evil = "x\r\nBcc: eve@x.example\r\n\r\n<script>";
    let letter = Mail::new(evil)
        .greeting_to(evil)
        .letter(anna(), MessageId::new(Uuid::from_bytes([1; 16]), "x.example>\r\nBcc: eve@x.example"))
        .from_name(evil)
        .header("In-Reply-To", evil)
        .unsubscribe("https://x.example/>\r\nBcc: eve@x.example");
    // The fields are public, so the check must not lie in the constructor alone.
    let letter = Letter { subject: evil.to_owned(), ..letter };
    let raw = raw(&letter);
    for line in headers(&raw) {
        assert!(!line.to_lowercase().starts_with("bcc"), "{line}");
    }
    assert_eq!(header(&raw, "Message-ID").unwrap(), "<01010101-0101-0101-0101-010101010101@x.example>");
    let message = letter.message(&sender(), clock().now()).unwrap();
    assert_eq!(message.envelope().to().len(), 1);
    assert!(letter.header("Bad Name:", "x").message(&sender(), clock().now()).is_err());
}

#[test]
fn a_letter_keeps_quiet() {
    let letter = receipt().letter(anna(), message_id(1));
    let shown = format!("{letter:?}");
    assert!(!shown.contains("anna") && !shown.contains("Schlagloch"), "{shown}");
}
