//! An e-mail address that can be sent to and harms nobody: one person, no line breaks, no quoting tricks. Whether
//! anybody reads mail there only a confirmation link can tell. Personal data: `Debug` prints `***`.

use base::{FromValue, ToValue, Value, WrongType};
use std::fmt;

/// RFC 5321, 4.5.3.1.3: a path has at most 256 octets, the angle brackets included.
const LENGTH_MAX: usize = 254;

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// The text is no address we would send to. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NoAddress;

impl EmailAddress {
    /// Reads what a person typed: spaces around it are forgiven, a domain with umlauts becomes its ASCII form. Quoted
    /// local parts, comments, IP addresses and local parts beyond ASCII are refused; no citizen's provider uses them,
    /// and each of them has been a way around somebody's checks.
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(NoAddress)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if local.is_empty() || local.len() > 64 || !local.chars().all(plain) || local.starts_with('-') {
            return Err(NoAddress);
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(NoAddress);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NoAddress)?;
        let last = domain.rsplit_once('.').map_or(domain.as_str(), |(_, last)| last);
        if domain.is_empty() || last.is_empty() || last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NoAddress);
        }
        if !domain.contains('.') && domain != "localhost" {
            return Err(NoAddress);
        }
        let address = format!("{local}@{domain}");
        if address.len() > LENGTH_MAX || address.parse::<lettre::Address>().is_err() {
            return Err(NoAddress);
        }
        Ok(Self(address))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For comparing and for unique columns: providers treat upper and lower case alike.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(***)")
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = NoAddress;

    fn try_from(text: String) -> Result<Self, NoAddress> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        Self::parse(text)
    }
}

impl ToValue for EmailAddress {
    fn to_value(&self) -> Value<'_> {
        Value::Text(&self.0)
    }
}

impl FromValue for EmailAddress {
    fn from_value(value: Value<'_>) -> Result<Self, WrongType> {
        // Only parsed addresses are written, so a stored text is one.
        String::from_value(value).map(Self)
    }
}
