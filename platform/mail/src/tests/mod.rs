//! Tests of letters: what they say, what goes over the wire, and what comes of the answers.

mod address;
mod compose;
mod folder;
mod server;
mod smtp;
mod wire;

use crate::{EmailAddress, Mail, MessageId};
use base::{Clock, Moment, MunicipalityId, TurnedClock, uuid::Uuid};
use std::sync::Arc;

fn anna() -> EmailAddress {
    EmailAddress::parse("anna@beispiel.example").unwrap()
}

fn sender() -> EmailAddress {
    EmailAddress::parse("post@stadtplatz.example").unwrap()
}

fn town(number: u8) -> MunicipalityId {
    MunicipalityId(Uuid::from_bytes([number; 16]))
}

fn message_id(number: u8) -> MessageId {
    MessageId::new(Uuid::from_bytes([number; 16]), "bindlach.example:8080")
}

/// 2 March 2026, 10:00 in Bindlach.
fn clock() -> Arc<dyn Clock> {
    Arc::new(TurnedClock::at(Moment::from_micros(1_772_442_000_000_000)))
}

/// A confirmation as the reports room sends it.
fn receipt() -> Mail {
    Mail::new("Ihre Meldung: Schlagloch in der Bühlstraße")
        .greeting_to("Anna Müller")
        .paragraph("wir haben Ihre Meldung erhalten.\nDanke!")
        .fact("Nummer", "2026-00017")
        .fact("Ort", "Bühlstraße 3")
        .quote("Tiefes Loch <vor> dem Haus\n.. und Wasser")
        .button("Stand ansehen", "https://bindlach.example/stand?nummer=17&pin=4711")
        .footer("Gemeinde Bindlach, Rathausplatz 1")
}
