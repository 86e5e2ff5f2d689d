//! What hangs on a case: the timeline, the people who get word of it, the files. Invariant: a row with `visible` holds
//! nothing but what the citizen may read, so the citizen's view is a filter and not a censor.

use crate::case::CaseId;
use base::{Moment, stored_words};
use db::{DbError, Tx, p, record};
use files::BlobId;
use mail::EmailAddress;

base::typed_id!(
    /// Eintrag im Verlauf.
    pub struct EntryId
);
base::typed_id!(
    /// Beteiligte Person: reporter or follower, by mail address or phone number only.
    pub struct PartyId
);
base::typed_id!(
    /// Anhang eines Vorgangs.
    pub struct AttachmentId
);

stored_words!(
    pub enum EntryKind {
        Opened = "opened",
        Claimed = "claimed",
        Released = "released",
        Transferred = "transferred",
        Note = "note",
        Answer = "answer",
        Question = "question",
        State = "state",
        Closed = "closed",
        Reopened = "reopened",
        Reply = "reply",
        Withdrawn = "withdrawn",
        Rated = "rated",
        AskExpired = "ask_expired",
        /// A word of another room: published, not published and why.
        Remark = "remark",
    }
);

record! {
    /// One entry of the timeline.
    #[derive(Clone)]
    pub struct Entry {
        pub id: EntryId,
        pub at: Moment,
        pub version: i64,
        pub kind: EntryKind,
        /// `Actor::trace()`.
        pub actor: String,
        pub text: String,
        pub visible: bool,
        pub data: String,
    }
}

impl Entry {
    /// A text from the entry's data; empty if absent.
    pub fn datum(&self, key: &str) -> String {
        let data: serde_json::Value = serde_json::from_str(&self.data).unwrap_or_default();
        match data.get(key) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }
}

pub struct NewEntry {
    pub at: Moment,
    pub version: i64,
    pub kind: EntryKind,
    pub actor: String,
    pub text: String,
    pub visible: bool,
    pub data: serde_json::Value,
}

pub fn add_entry(tx: &Tx<'_>, case: CaseId, entry: &NewEntry) -> Result<EntryId, DbError> {
    let id = EntryId(tx.new_id());
    tx.exec_later(
        "INSERT INTO cases_entries (municipality, case_id, id, at, version, kind, actor, text, visible, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        p![
            case,
            id,
            entry.at,
            entry.version,
            entry.kind,
            entry.actor,
            entry.text,
            entry.visible,
            entry.data.to_string()
        ],
    )?;
    Ok(id)
}

/// The whole timeline, newest first: for the desk.
pub fn entries(tx: &Tx<'_>, case: CaseId) -> Result<Vec<Entry>, DbError> {
    tx.query(
        "SELECT id, at, version, kind, actor, text, visible, data FROM cases_entries
         WHERE municipality = $1 AND case_id = $2 ORDER BY at DESC, version DESC, id DESC",
        p![case],
    )
}

/// What the citizen may read, newest first.
pub fn visible_entries(tx: &Tx<'_>, case: CaseId) -> Result<Vec<Entry>, DbError> {
    tx.query(
        "SELECT id, at, version, kind, actor, text, visible, data FROM cases_entries
         WHERE municipality = $1 AND case_id = $2 AND visible ORDER BY at DESC, version DESC, id DESC",
        p![case],
    )
}

pub fn entry(tx: &Tx<'_>, case: CaseId, id: EntryId) -> Result<Option<Entry>, DbError> {
    tx.query_one(
        "SELECT id, at, version, kind, actor, text, visible, data FROM cases_entries
         WHERE municipality = $1 AND case_id = $2 AND id = $3",
        p![case, id],
    )
}

record! {
    /// Who opened the case and may be written to.
    #[derive(Clone)]
    pub struct Party {
        pub id: PartyId,
        pub case: CaseId,
        pub email: String,
        pub phone: String,
        pub language: String,
        pub confirmed_at: Option<Moment>,
        pub ended_at: Option<Moment>,
    }
}

pub struct NewParty<'a> {
    pub case: CaseId,
    pub email: Option<&'a EmailAddress>,
    pub phone: &'a str,
    pub language: &'a str,
    pub at: Moment,
    pub confirmed: bool,
}

pub fn add_party(tx: &Tx<'_>, party: &NewParty<'_>) -> Result<PartyId, DbError> {
    let id = PartyId(tx.new_id());
    let email = party.email.map_or("", EmailAddress::as_str);
    let confirmed_at = party.confirmed.then_some(party.at);
    tx.exec_later(
        "INSERT INTO cases_parties (municipality, id, case_id, role, email, phone, language, created_at, confirmed_at)
         VALUES ($1, $2, $3, 'reporter', $4, $5, $6, $7, $8)",
        p![id, party.case, email, party.phone, party.language, party.at, confirmed_at],
    )?;
    Ok(id)
}

pub fn party(tx: &Tx<'_>, id: PartyId) -> Result<Option<Party>, DbError> {
    tx.query_one(
        "SELECT id, case_id, email, phone, language, confirmed_at, ended_at FROM cases_parties
         WHERE municipality = $1 AND id = $2",
        p![id],
    )
}

pub fn parties(tx: &Tx<'_>, case: CaseId) -> Result<Vec<Party>, DbError> {
    tx.query(
        "SELECT id, case_id, email, phone, language, confirmed_at, ended_at FROM cases_parties
         WHERE municipality = $1 AND case_id = $2 ORDER BY created_at, id",
        p![case],
    )
}

/// True if it was not confirmed before.
pub fn confirm_party(tx: &Tx<'_>, id: PartyId) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE cases_parties SET confirmed_at = $3
         WHERE municipality = $1 AND id = $2 AND confirmed_at IS NULL AND ended_at IS NULL",
        p![id, tx.now()],
    )?;
    Ok(rows == 1)
}

/// True if it had not ended before.
pub fn end_party(tx: &Tx<'_>, id: PartyId) -> Result<bool, DbError> {
    let rows = tx.exec(
        "UPDATE cases_parties SET ended_at = $3 WHERE municipality = $1 AND id = $2 AND ended_at IS NULL",
        p![id, tx.now()],
    )?;
    Ok(rows == 1)
}

stored_words!(
    pub enum AttachmentKind {
        /// Re-encoded in three sizes.
        Picture = "picture",
        /// As it came, handed out as a download only.
        File = "file",
    }
);

record! {
    #[derive(Clone)]
    pub struct Attachment {
        pub id: AttachmentId,
        pub case: CaseId,
        pub entry: Option<EntryId>,
        pub blob: BlobId,
        pub name: String,
        pub kind: AttachmentKind,
        /// The reporter may see it: it came with the case or is part of the correspondence.
        pub visible: bool,
    }
}

/// A stored upload that becomes part of a case. The blob is on disk before this is written.
#[derive(Clone)]
pub struct NewAttachment {
    pub blob: BlobId,
    pub name: String,
    pub kind: AttachmentKind,
}

pub fn add_attachment(
    tx: &Tx<'_>,
    case: CaseId,
    entry: Option<EntryId>,
    at: Moment,
    new: &NewAttachment,
    visible: bool,
) -> Result<AttachmentId, DbError> {
    let id = AttachmentId(tx.new_id());
    tx.exec_later(
        "INSERT INTO cases_attachments (municipality, id, case_id, entry_id, blob, name, kind, visible, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        p![id, case, entry, new.blob, new.name, new.kind, visible, at],
    )?;
    Ok(id)
}

/// Everything, for the desk.
pub fn attachments(tx: &Tx<'_>, case: CaseId) -> Result<Vec<Attachment>, DbError> {
    tx.query(
        "SELECT id, case_id, entry_id, blob, name, kind, visible FROM cases_attachments
         WHERE municipality = $1 AND case_id = $2 ORDER BY id",
        p![case],
    )
}

/// What the reporter may see.
pub fn visible_attachments(tx: &Tx<'_>, case: CaseId) -> Result<Vec<Attachment>, DbError> {
    tx.query(
        "SELECT id, case_id, entry_id, blob, name, kind, visible FROM cases_attachments
         WHERE municipality = $1 AND case_id = $2 AND visible ORDER BY id",
        p![case],
    )
}

pub fn attachment(tx: &Tx<'_>, id: AttachmentId) -> Result<Option<Attachment>, DbError> {
    tx.query_one(
        "SELECT id, case_id, entry_id, blob, name, kind, visible FROM cases_attachments
         WHERE municipality = $1 AND id = $2",
        p![id],
    )
}

/// Every blob a row of this room names, for the sweep of the others.
pub fn blobs(tx: &Tx<'_>) -> Result<Vec<BlobId>, DbError> {
    let rows: Vec<(BlobId,)> = tx.query("SELECT blob FROM cases_attachments WHERE municipality = $1", p![])?;
    Ok(rows.into_iter().map(|(blob,)| blob).collect())
}
