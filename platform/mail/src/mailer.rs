//! The way out: SMTP if a server is configured, otherwise a folder. The caller need not know which. Errors say whether
//! to try again, to give up, or to wake the administrator, and never carry a server's words, which repeat addresses.

use crate::{EmailAddress, Folder, Letter, Smtp};
use base::{Clock, MunicipalityId};
use std::{fmt, path::PathBuf, sync::Arc};

/// How mail leaves the house.
#[derive(Clone)]
pub struct Settings {
    /// `smtp://user:password@host:587?tls=required` (also `tls=none`) or `smtps://host`; `None`: into the folder.
    pub url: Option<String>,
    /// The data folder; letters go to `mail` below it if there is no server.
    pub folder: PathBuf,
    /// The installation's address. Towns add their name.
    pub from: EmailAddress,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds a password.
        let url = self.url.as_ref().map(|_| "***");
        f.debug_struct("Settings").field("url", &url).field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Worth another try later: no connection, a timeout, a reply of the 4xx kind.
    #[error("the mail server could not take the letter now (reply {code:?})")]
    Transient { code: Option<u16> },
    /// Trying again will not help: a reply of the 5xx kind.
    #[error("the mail server refused the letter for good (reply {code:?})")]
    Permanent { code: Option<u16> },
    /// Nothing will leave until somebody mends the settings.
    #[error("mail is not set up rightly: {0}")]
    Configuration(&'static str),
    /// The folder could not be written.
    #[error("could not {doing}")]
    Folder { doing: &'static str, source: std::io::Error },
}

impl MailError {
    /// True if a job should try again by and by. Wrong settings count: they are mended while letters wait.
    pub const fn is_worth_a_retry(&self) -> bool {
        !matches!(self, Self::Permanent { .. })
    }
}

#[derive(Debug, Clone)]
pub enum Mailer {
    Smtp(Smtp),
    Folder(Folder),
}

impl Mailer {
    pub fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, MailError> {
        match &settings.url {
            Some(url) => Smtp::new(url, settings.from.clone(), clock).map(Self::Smtp),
            None => Ok(Self::Folder(Folder::new(settings.folder.join("mail"), settings.from.clone(), clock))),
        }
    }

    /// When this returns `Ok`, the server has taken responsibility, or the letter is synced to the folder.
    pub async fn send(&self, municipality: MunicipalityId, letter: &Letter) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp) => smtp.send(letter).await,
            Self::Folder(folder) => folder.send(municipality, letter).await,
        }
    }

    /// For `doctor`: can we talk to the server, can we write the folder?
    pub async fn check(&self) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Folder(folder) => folder.check().await,
        }
    }

    /// The folder, if letters stay in the house: the page `/_post` exists only then.
    pub const fn folder(&self) -> Option<&Folder> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Smtp(_) => None,
        }
    }
}
