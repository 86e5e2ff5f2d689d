//! One addressed letter and its form on the wire (RFC 5322, MIME). The wire form depends only on the letter, the
//! sender and the time: same letter, same bytes, so a repetition is easy to recognise and to test.

use crate::{EmailAddress, MailError, compose::one_line};
use base::{Moment, uuid::Uuid};
use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

/// `<id@host>`: the id of the job that sends, and the town's host name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageId {
    id: Uuid,
    host: String,
}

impl MessageId {
    /// The host ends where a character stands that no host name has, such as the colon before a port.
    pub fn new(id: Uuid, host: &str) -> Self {
        let host: String = host.chars().take_while(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
        let host = host.trim_matches('.').to_owned();
        Self { id, host: if host.is_empty() { "localhost".to_owned() } else { host } }
    }

    pub const fn id(&self) -> Uuid {
        self.id
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}@{}>", self.id, self.host)
    }
}

/// A letter ready to be sent, made by `Mail::letter`.
#[derive(Clone)]
pub struct Letter {
    pub to: EmailAddress,
    pub message_id: MessageId,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The town's name beside the installation's address.
    pub from_name: Option<String>,
    pub reply_to: Option<EmailAddress>,
    /// Further headers, for instance `In-Reply-To`. Values are encoded and cannot end their line.
    pub headers: Vec<(&'static str, String)>,
}

impl Letter {
    #[must_use]
    pub fn from_name(mut self, name: impl Into<String>) -> Self {
        self.from_name = Some(name.into());
        self
    }

    #[must_use]
    pub fn reply_to(mut self, address: EmailAddress) -> Self {
        self.reply_to = Some(address);
        self
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// For letters people subscribed to (RFC 2369): the mail program shows a button that opens this page.
    #[must_use]
    pub fn unsubscribe(self, url: &str) -> Self {
        let url: String = url.chars().filter(|c| c.is_ascii_graphic() && !"<>,".contains(*c)).collect();
        self.header("List-Unsubscribe", format!("<{url}>"))
    }

    /// The message as it goes over the wire. No answering machine may answer it (RFC 3834), and it answers nothing.
    pub(crate) fn message(&self, from: &EmailAddress, now: Moment) -> Result<Message, MailError> {
        let name = self.from_name.as_deref().map(one_line).filter(|name| !name.is_empty());
        let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
        let mut builder = Message::builder()
            .from(Mailbox::new(name, address(from)?))
            .to(Mailbox::new(None, address(&self.to)?))
            .subject(one_line(&self.subject))
            .date(date)
            .message_id(Some(self.message_id.to_string()))
            .raw_header(header("Auto-Submitted", "auto-generated")?)
            .raw_header(header("X-Auto-Response-Suppress", "All")?);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
        }
        for (name, value) in &self.headers {
            builder = builder.raw_header(header(name, value)?);
        }
        builder.multipart(self.body()).map_err(|_| MailError::Permanent { code: None })
    }

    fn body(&self) -> MultiPart {
        // "=_" cannot occur in quoted-printable text, so no content ends the part early.
        MultiPart::alternative()
            .boundary(format!("=_{}", self.message_id.id.simple()))
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html))
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({})", self.message_id)
    }
}

fn address(address: &EmailAddress) -> Result<Address, MailError> {
    address.as_str().parse().map_err(|_| MailError::Permanent { code: None })
}

fn header(name: &str, value: &str) -> Result<HeaderValue, MailError> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| MailError::Permanent { code: None })?;
    Ok(HeaderValue::new(name, one_line(value)))
}

/// Quoted-printable always: umlauts survive every server, and the folder's files stay readable.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let body =
        Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
}
