//! The other office's server: calls of GeoReport v2 and what its answers mean for us. JSON or XML, as it speaks. Not here:
//! when it is called and what is written down. Invariant: every failure says whether the other side may have taken the
//! report; what nobody can know is `Unclear`, never guessed.

use crate::{
    import::feed::{self, Record},
    store::Partner,
};
use base::{Moment, Position};
use bytes::Bytes;
use outgoing::{Answer, Outgoing, OutgoingError, Refusal};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// Of what the other side says to us.
const WORDS_CHARACTERS_MAX: usize = 300;
pub const SERVICES_MAX: usize = 2_000;
const FORM: &str = "application/x-www-form-urlencoded";

/// Why a call gave nothing. The words are for the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Not taken, and the same call never will be.
    Refused(String),
    /// Certainly not taken; later it may be.
    Away(&'static str),
    /// It may have been taken.
    Unclear(&'static str),
    /// It may have been taken, and their server cannot be asked: a person must.
    Unknowable,
}

const ASK_THEM: &str = "Ob die Meldung ankam, wissen wir nicht, und der Server der Stelle sagt es nicht. Rufen Sie dort an, bevor Sie noch einmal senden.";

impl Trouble {
    pub fn words(&self) -> &str {
        match self {
            Self::Refused(words) => words,
            Self::Away(words) | Self::Unclear(words) => words,
            Self::Unknowable => ASK_THEM,
        }
    }
}

/// What is reported to the other office. Nothing of the person who reported.
pub struct Parcel<'a> {
    pub service: &'a str,
    pub at: Position,
    pub place: &'a str,
    pub words: &'a str,
    /// Address of the public photo; empty without.
    pub photo: &'a str,
}

/// How the other office names what it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    /// Where it gives a number only later.
    pub token: String,
}

/// One word of theirs about one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    pub id: String,
    pub request: String,
    pub status: String,
    pub words: String,
}

/// How a request stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub is_open: bool,
    pub notes: String,
    /// As they write it.
    pub updated: String,
}

pub struct Server<'a> {
    pub outgoing: &'a Outgoing,
    pub partner: &'a Partner,
}

impl Server<'_> {
    /// What can be reported there, as code and name, and the format it speaks.
    pub async fn services(&self) -> Result<(&'static str, Vec<(String, String)>), Trouble> {
        let (format, records) = match self.get_as("json", "services", &[]).await {
            Ok(records) => ("json", records),
            // The standard demands XML and only allows JSON.
            Err(Trouble::Refused(_) | Trouble::Unclear(_)) => ("xml", self.get_as("xml", "services", &[]).await?),
            Err(away) => return Err(away),
        };
        let service = |record: &Record| {
            let code = word(record, "service_code");
            let (name, group) = (word(record, "service_name"), word(record, "group"));
            let name = if group.is_empty() || name.contains(&group) { name } else { format!("{group}: {name}") };
            (!code.is_empty()).then(|| (code.clone(), if name.is_empty() { code } else { name }))
        };
        let services: Vec<_> = records.iter().filter_map(service).take(SERVICES_MAX).collect();
        if services.is_empty() {
            return Err(Trouble::Refused("Unter der Adresse gibt es keine Liste von Diensten.".to_owned()));
        }
        Ok((format, services))
    }

    pub async fn send(&self, parcel: &Parcel<'_>) -> Result<Taken, Trouble> {
        let (lat, long) = (parcel.at.lat.to_string(), parcel.at.lon.to_string());
        let fields = [
            ("service_code", parcel.service),
            ("lat", &lat),
            ("long", &long),
            ("address_string", parcel.place),
            ("description", parcel.words),
            ("media_url", parcel.photo),
        ];
        let body = encoded(&self.with_key(&fields));
        let url = format!("{}/requests.{}", self.partner.endpoint, self.format());
        let records = judged(self.outgoing.post(&url, FORM, Bytes::from(body)).await)?;
        let taken = records.iter().map(|record| Taken { id: request_id(record), token: word(record, "token") });
        let known = taken.into_iter().find(|taken| !taken.id.is_empty() || !taken.token.is_empty());
        known.ok_or(Trouble::Unclear("Die Stelle hat geantwortet, aber keine Nummer genannt."))
    }

    /// The request whose description holds `mark`, if there is one.
    pub async fn find(&self, service: &str, mark: &str, [from, to]: [Moment; 2]) -> Result<Option<Taken>, Trouble> {
        let (from, to) = (from.rfc3339(), to.rfc3339());
        let fields = [("service_code", service), ("start_date", &from), ("end_date", &to)];
        let records = self.get("requests", &fields).await?;
        let marked = records.iter().find(|record| record.get("description").is_some_and(|text| text.contains(mark)));
        Ok(marked.map(|record| Taken { id: request_id(record), token: word(record, "token") }))
    }

    /// Its feed of updates; `Refused` where it has none.
    pub async fn updates(&self, [from, to]: [Moment; 2]) -> Result<Vec<Update>, Trouble> {
        let (from, to) = (from.rfc3339(), to.rfc3339());
        let records = self.get("servicerequestupdates", &[("start_date", &from), ("end_date", &to)]).await?;
        let update = |record: &Record| Update {
            id: word(record, "update_id"),
            request: word(record, "service_request_id"),
            status: word(record, "status"),
            words: long_word(record, "description"),
        };
        Ok(records.iter().map(update).filter(|update| !update.id.is_empty() && !update.request.is_empty()).collect())
    }

    /// How the request with this number stands.
    pub async fn standing(&self, id: &str) -> Result<Standing, Trouble> {
        let records = self.get(&format!("requests/{}", escaped(id)), &[]).await?;
        let record = records.first().ok_or(Trouble::Unclear("Die Stelle kennt die Nummer nicht mehr."))?;
        Ok(Standing {
            is_open: !word(record, "status").eq_ignore_ascii_case("closed"),
            notes: long_word(record, "status_notes"),
            updated: word(record, "updated_datetime"),
        })
    }

    /// The number behind a token, once there is one.
    pub async fn number_of(&self, token: &str) -> Result<Option<String>, Trouble> {
        let records = self.get(&format!("tokens/{}", escaped(token)), &[]).await?;
        Ok(records.first().map(request_id).filter(|id| !id.is_empty()))
    }

    fn format(&self) -> &str {
        if self.partner.format == "xml" { "xml" } else { "json" }
    }

    fn with_key<'f>(&'f self, fields: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        let own = [("api_key", self.partner.api_key.as_str()), ("jurisdiction_id", self.partner.jurisdiction.as_str())];
        own.iter().chain(fields).filter(|(_, value)| !value.is_empty()).copied().collect()
    }

    async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Result<Vec<Record>, Trouble> {
        self.get_as(self.format(), path, fields).await
    }

    async fn get_as(&self, format: &str, path: &str, fields: &[(&str, &str)]) -> Result<Vec<Record>, Trouble> {
        let query = encoded(&self.with_key(fields));
        let url = format!("{}/{path}.{format}?{query}", self.partner.endpoint);
        judged(self.outgoing.get_limited(url.trim_end_matches('?'), "*/*", ANSWER_BYTES_MAX, None).await)
    }
}

/// The records of an answer, or what it means that there are none.
fn judged(answer: Result<Answer, OutgoingError>) -> Result<Vec<Record>, Trouble> {
    let answer = answer.map_err(|error| match error {
        OutgoingError::Refused(Refusal::RedirectedPost | Refusal::Downgrade | Refusal::TooManyRedirects) => {
            Trouble::Refused("Die Adresse leitet woandershin. Tragen Sie das Ziel selbst ein.".to_owned())
        }
        OutgoingError::Refused(_) | OutgoingError::Configuration(_) => {
            Trouble::Refused("Die Adresse ist keine öffentliche.".to_owned())
        }
        OutgoingError::Unreachable(error) if error.is_connect() => Trouble::Away("Die Stelle ist nicht erreichbar."),
        OutgoingError::Unreachable(_) => Trouble::Unclear("Die Verbindung brach ab."),
        OutgoingError::Timeout => Trouble::Unclear("Die Stelle antwortet nicht."),
        OutgoingError::TooLarge { .. } | OutgoingError::Unexpected { .. } => {
            Trouble::Unclear("Die Antwort der Stelle ist zu groß.")
        }
    })?;
    match answer.status {
        200..=299 => {
            feed::records(&answer.body).map_err(|_| Trouble::Unclear("Die Antwort der Stelle ist nicht zu lesen."))
        }
        429 | 503 => Err(Trouble::Away("Die Stelle ist überlastet.")),
        408 | 500.. => Err(Trouble::Unclear("Die Stelle meldet einen Fehler.")),
        status => Err(Trouble::Refused(refused(status, &answer.body))),
    }
}

/// What they say of a call they do not take (`errors/error/description`).
fn refused(status: u16, body: &[u8]) -> String {
    let said = feed::records(body).ok().and_then(|records| records.first().map(|one| word(one, "description")));
    match said.filter(|words| !words.is_empty()) {
        Some(words) => format!("{words} ({status})"),
        None => format!("Antwort {status} ohne Erklärung"),
    }
}

fn cut(record: &Record, name: &str, most: usize) -> String {
    let text = record.get(name).map_or("", String::as_str);
    web::harmless(text.trim()).chars().take(most).collect()
}

fn word(record: &Record, name: &str) -> String {
    cut(record, name, WORDS_CHARACTERS_MAX)
}

fn long_word(record: &Record, name: &str) -> String {
    cut(record, name, 4_000)
}

/// Some servers say null as a word.
fn request_id(record: &Record) -> String {
    let id = word(record, "service_request_id");
    if id == "null" { String::new() } else { id }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}
