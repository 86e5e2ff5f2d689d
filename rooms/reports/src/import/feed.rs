//! The list of requests of another Open311 server, as JSON or XML, read with limits. Servers differ: Chicago sends no
//! description and a token besides, Köln calls the address `address_string`, some write numbers as words. What is missed
//! is missed record by record. Not here: what becomes of a record. Invariant: nothing in the file is followed, resolved
//! or run, and one broken record costs no other.

use base::{Moment, Position};
use quick_xml::{Reader, events::Event};
use serde_json::Value;
use std::collections::BTreeMap;

pub const RECORDS_MAX: usize = 200_000;
const DEPTH_MAX: usize = 8;
const TEXT_CHARACTERS_MAX: usize = 4_000;
const NAME_CHARACTERS_MAX: usize = 300;

/// One request as the other server tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    pub id: String,
    pub is_open: bool,
    pub status_notes: String,
    pub service_code: String,
    pub service_name: String,
    pub description: String,
    pub requested: Moment,
    pub updated: Moment,
    pub address: String,
    pub position: Position,
    pub media_url: String,
}

/// Why nothing of a file can be used; the sentence is the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("Die Datei ist weder JSON noch XML.")]
    Neither,
    #[error("Das JSON ist keine Liste von Meldungen.")]
    NoList,
    #[error("Das XML ist beschädigt oder zu tief geschachtelt.")]
    Xml,
    #[error("Das XML bringt eine DTD mit. Solche Dateien lesen wir nicht.")]
    Doctype,
    #[error("Die Datei hat mehr als 200.000 Meldungen. Teilen Sie sie nach Zeiträumen.")]
    TooMany,
}

/// Fields by name, whatever the spelling of the file.
pub type Record = BTreeMap<String, String>;

/// Every record, or what is wrong with it in German.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<Foreign, String>>, Unreadable> {
    Ok(records(bytes)?.iter().map(foreign).collect())
}

/// The records of any answer of such a server: requests, services, updates, errors.
pub fn records(bytes: &[u8]) -> Result<Vec<Record>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Neither)?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.chars().next() {
        Some('[' | '{') => from_json(text),
        Some('<') => from_xml(text),
        _ => Err(Unreadable::Neither),
    }
}

fn from_json(text: &str) -> Result<Vec<Record>, Unreadable> {
    let value: Value = serde_json::from_str(text).map_err(|_| Unreadable::Neither)?;
    // Some servers keep the wrapper that the standard's mapping drops.
    let list = match &value {
        Value::Array(list) => list,
        Value::Object(fields) => fields.values().find_map(Value::as_array).ok_or(Unreadable::NoList)?,
        _ => return Err(Unreadable::NoList),
    };
    if list.len() > RECORDS_MAX {
        return Err(Unreadable::TooMany);
    }
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let record = |one: &Value| -> Record {
        let fields = one.as_object().into_iter().flatten();
        fields.filter_map(|(name, value)| Some((name.clone(), word(value)?))).collect()
    };
    Ok(list.iter().map(record).collect())
}

fn from_xml(text: &str) -> Result<Vec<Record>, Unreadable> {
    let mut reader = Reader::from_str(text);
    let (mut path, mut records): (Vec<String>, Vec<Record>) = (vec![], vec![]);
    loop {
        match reader.read_event().map_err(|_| Unreadable::Xml)? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                if path.len() > DEPTH_MAX {
                    return Err(Unreadable::Xml);
                }
                if path.len() == 2 {
                    records.push(Record::new());
                }
            }
            Event::End(_) => drop(path.pop()),
            Event::Text(words) => add(&mut records, &path, &words),
            Event::CData(words) => add(&mut records, &path, &words),
            Event::GeneralRef(name) => add(&mut records, &path, &resolved(&name)),
            Event::DocType(_) => return Err(Unreadable::Doctype),
            Event::Eof if path.is_empty() => return Ok(records),
            Event::Eof => return Err(Unreadable::Xml),
            _ => {}
        }
        if records.len() > RECORDS_MAX {
            return Err(Unreadable::TooMany);
        }
    }
}

/// Text of a field; text between fields is only there to be read by people.
fn add(records: &mut [Record], path: &[String], words: &str) {
    if let ([_, _, field], Some(record)) = (path, records.last_mut()) {
        record.entry(field.clone()).or_default().push_str(words);
    }
}

/// The five names XML 1.0 knows (section 4.6) and numbers; any other name is dropped, for no DTD is read.
fn resolved(name: &str) -> String {
    match name {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        _ => {
            let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            });
            number.and_then(char::from_u32).map(String::from).unwrap_or_default()
        }
    }
}

fn foreign(record: &Record) -> Result<Foreign, String> {
    let text = |name: &str| record.get(name).map_or("", |text| text.trim());
    let clean = |name: &str, most: usize| -> String { web::harmless(text(name)).chars().take(most).collect() };
    let number = |name: &str| text(name).replace(',', ".").parse::<f64>().ok();
    let either = |first: &str, second: &str| {
        let found = clean(first, NAME_CHARACTERS_MAX);
        if found.is_empty() { clean(second, NAME_CHARACTERS_MAX) } else { found }
    };
    let id = either("service_request_id", "token");
    if id.is_empty() {
        return Err("ohne service_request_id".to_owned());
    }
    let wrong = |what: &str| format!("{id}: {what}");
    let position = number("lat").zip(number("long")).and_then(|(lat, lon)| Position::new(lat, lon));
    let requested = moment(text("requested_datetime")).ok_or_else(|| wrong("requested_datetime ist keine Zeit"))?;
    let is_open = match text("status").to_lowercase().as_str() {
        "open" => true,
        "closed" => false,
        _ => return Err(wrong("status ist weder open noch closed")),
    };
    Ok(Foreign {
        is_open,
        status_notes: clean("status_notes", TEXT_CHARACTERS_MAX),
        service_code: clean("service_code", NAME_CHARACTERS_MAX),
        service_name: clean("service_name", NAME_CHARACTERS_MAX),
        description: clean("description", TEXT_CHARACTERS_MAX),
        requested,
        // Some servers touch a request before they have it.
        updated: moment(text("updated_datetime")).unwrap_or(requested).max(requested),
        address: either("address", "address_string"),
        position: position.ok_or_else(|| wrong("ohne lat und long"))?,
        media_url: clean("media_url", 2_000),
        id,
    })
}

pub fn moment(text: &str) -> Option<Moment> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Moment::from_micros(at.as_microsecond()))
}
