//! Which addresses are taken, and that they keep quiet.

use crate::{EmailAddress, NoAddress};

#[test]
fn usual_addresses_are_taken() {
    let table = [
        ("anna@beispiel.example", "anna@beispiel.example"),
        ("  anna@beispiel.example\n", "anna@beispiel.example"),
        ("Anna.Maria+stadt@Beispiel.Example", "Anna.Maria+stadt@beispiel.example"),
        ("o'neill_x@sub.beispiel.example", "o'neill_x@sub.beispiel.example"),
        ("info@müller.example", "info@xn--mller-kva.example"),
        ("anna@localhost", "anna@localhost"),
    ];
    for (typed, kept) in table {
        assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), kept, "{typed}");
    }
    assert_eq!(EmailAddress::parse("Anna@Beispiel.example").unwrap().folded(), "anna@beispiel.example");
}

#[test]
fn everything_else_is_refused() {
    let long = format!("{}@beispiel.example", "a".repeat(65));
    let table = [
        "",
        "anna",
        "@beispiel.example",
        "anna@",
        "anna@beispiel",
        "anna@.example",
        "anna@beispiel..example",
        "anna@beispiel.example.",
        "a b@beispiel.example",
        "anna@bei spiel.example",
        "anna@beispiel.example, eve@beispiel.example",
        "anna@beispiel.example\r\nBcc: eve@beispiel.example",
        "anna\r\nRCPT TO:<eve@beispiel.example>@beispiel.example",
        "anna@beispiel.example>",
        "<anna@beispiel.example>",
        "\"anna eve\"@beispiel.example",
        "anna@eve@beispiel.example",
        "anna(eve)@beispiel.example",
        ".anna@beispiel.example",
        "an..na@beispiel.example",
        "-oQ/tmp@beispiel.example",
        "anna@[127.0.0.1]",
        "anna@127.0.0.1",
        "änna@beispiel.example",
        "anna@beispiel.example\0",
        &long,
    ];
    for typed in table {
        assert_eq!(EmailAddress::parse(typed), Err(NoAddress), "{typed:?}");
        assert!(!NoAddress.to_string().contains("anna"));
    }
}

#[test]
fn an_address_keeps_quiet_and_is_checked_when_read_from_json() {
    let address = EmailAddress::parse("anna@beispiel.example").unwrap();
    assert_eq!(format!("{address:?}"), "EmailAddress(***)");
    let json = serde_json::to_string(&address).unwrap();
    assert_eq!(json, "\"anna@beispiel.example\"");
    assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap(), address);
    assert!(serde_json::from_str::<EmailAddress>("\"anna\"").is_err());
}
