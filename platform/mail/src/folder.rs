//! Letters laid into a folder instead of sent: for the demo town, for tests, and for a town without a mail server yet.
//! Each is there twice: as `.eml`, the exact bytes a server would get, and as `.json` for the page that lists them.

use crate::{EmailAddress, Letter, MailError};
use base::{Clock, Moment, MunicipalityId, uuid::Uuid};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

#[derive(Clone)]
pub struct Folder {
    root: PathBuf,
    from: EmailAddress,
    clock: Arc<dyn Clock>,
}

/// A letter as the folder's page shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The id within the Message-ID; names the letter in the page's address.
    pub id: Uuid,
    pub message_id: String,
    /// Microseconds since 1970, see `sent_at`.
    at: i64,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Posted {
    pub const fn sent_at(&self) -> Moment {
        Moment::from_micros(self.at)
    }

    /// Every web address in the text, so that a demo or a test can follow it.
    pub fn links(&self) -> Vec<&str> {
        let words = self.text.split_whitespace();
        words.filter(|word| word.starts_with("https://") || word.starts_with("http://")).collect()
    }
}

impl fmt::Debug for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Posted({})", self.message_id)
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Folder({})", self.root.display())
    }
}

impl Folder {
    pub(crate) fn new(root: PathBuf, from: EmailAddress, clock: Arc<dyn Clock>) -> Self {
        Self { root, from, clock }
    }

    /// Where this town's letters lie.
    pub fn path(&self, municipality: MunicipalityId) -> PathBuf {
        self.root.join(municipality.to_string())
    }

    /// This town's letters, the newest first, at most `limit`.
    pub async fn list(&self, municipality: MunicipalityId, limit: usize) -> Result<Vec<Posted>, MailError> {
        let folder = self.path(municipality);
        blocking(move || list(&folder, limit)).await
    }

    pub async fn read(&self, municipality: MunicipalityId, id: Uuid) -> Result<Option<Posted>, MailError> {
        let path = self.path(municipality).join(format!("{id}.json"));
        blocking(move || posted(&path)).await
    }

    /// The letter as a mail server would have got it.
    pub async fn read_raw(&self, municipality: MunicipalityId, id: Uuid) -> Result<Option<Vec<u8>>, MailError> {
        let path = self.path(municipality).join(format!("{id}.eml"));
        blocking(move || present(fs::read(path)).map_err(failed("read a letter"))).await
    }

    /// A repeated letter replaces its first copy: same Message-ID, same name.
    pub(crate) async fn send(&self, municipality: MunicipalityId, letter: &Letter) -> Result<(), MailError> {
        let now = self.clock.now();
        let raw = letter.message(&self.from, now)?.formatted();
        let posted = Posted {
            id: letter.message_id.id(),
            message_id: letter.message_id.to_string(),
            at: now.micros(),
            to: letter.to.as_str().to_owned(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            html: letter.html.clone(),
        };
        let folder = self.path(municipality);
        blocking(move || {
            let json = serde_json::to_vec_pretty(&posted).map_err(|error| failed("write a letter")(error.into()))?;
            fs::create_dir_all(&folder).map_err(failed("create the mail folder"))?;
            // The list reads the JSON, so a letter in the list is whole.
            write_synced(&folder, &format!("{}.eml", posted.id), &raw).map_err(failed("write a letter"))?;
            write_synced(&folder, &format!("{}.json", posted.id), &json).map_err(failed("write a letter"))
        })
        .await
    }

    pub(crate) async fn check(&self) -> Result<(), MailError> {
        let root = self.root.clone();
        blocking(move || {
            fs::create_dir_all(&root).map_err(failed("create the mail folder"))?;
            write_synced(&root, ".check", b"").map_err(failed("write the mail folder"))
        })
        .await
    }
}

fn failed(doing: &'static str) -> impl FnOnce(io::Error) -> MailError {
    move |source| MailError::Folder { doing, source }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MailError> + Send + 'static,
) -> Result<T, MailError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| Err(failed("finish a file operation")(io::Error::other(stopped))))
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// There wholly or not at all, also after a power cut. Jobs run one at a time per letter, so the name is free.
fn write_synced(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{name}.tmp"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    File::open(folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn posted(path: &Path) -> Result<Option<Posted>, MailError> {
    let Some(json) = present(fs::read(path)).map_err(failed("read a letter"))? else { return Ok(None) };
    serde_json::from_slice(&json).map(Some).map_err(|error| failed("read a letter")(error.into()))
}

fn list(folder: &Path, limit: usize) -> Result<Vec<Posted>, MailError> {
    let Some(entries) = present(fs::read_dir(folder)).map_err(failed("list the mail folder"))? else {
        return Ok(Vec::new());
    };
    let mut letters = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed("list the mail folder"))?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            letters.extend(posted(&path)?);
        }
    }
    letters.sort_by_key(|letter| std::cmp::Reverse((letter.at, letter.id)));
    letters.truncate(limit);
    Ok(letters)
}
