//! Every SQL statement of this room: the town's own texts with all their versions, the notices of its front page,
//! and its film in sign language.
//! Functions that change something write no audit line: the caller knows who acted.

use crate::town_text::TextPage;
use base::{Actor, Moment};
use db::{DbError, Tx, p, record};
use files::BlobId;
use uuid::Uuid;
use web::Lang;

record! {
    /// One version of a text.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TextVersion {
        pub version: i64,
        pub body: String,
        pub changed_at: Moment,
        /// `Actor::trace()` of the person.
        pub changed_by: String,
    }
}

/// The town's own text, the newest version; `None`: the default holds.
pub fn newest_text(tx: &Tx<'_>, page: TextPage, lang: Lang) -> Result<Option<TextVersion>, DbError> {
    tx.query_one(
        "SELECT version, body, changed_at, changed_by FROM guide_texts
         WHERE municipality = $1 AND page = $2 AND lang = $3 ORDER BY version DESC LIMIT 1",
        p![page, lang.code()],
    )
}

pub fn text_version(tx: &Tx<'_>, page: TextPage, lang: Lang, version: i64) -> Result<Option<TextVersion>, DbError> {
    tx.query_one(
        "SELECT version, body, changed_at, changed_by FROM guide_texts
         WHERE municipality = $1 AND page = $2 AND lang = $3 AND version = $4",
        p![page, lang.code(), version],
    )
}

/// The latest versions first; twenty are enough to find what was lost.
pub fn text_versions(tx: &Tx<'_>, page: TextPage, lang: Lang) -> Result<Vec<TextVersion>, DbError> {
    tx.query(
        "SELECT version, body, changed_at, changed_by FROM guide_texts
         WHERE municipality = $1 AND page = $2 AND lang = $3 ORDER BY version DESC LIMIT 20",
        p![page, lang.code()],
    )
}

record! {
    /// The newest version of each text without its body, for the desk's list.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TextState {
        pub page: TextPage,
        pub lang: String,
        pub version: i64,
        pub changed_at: Moment,
    }
}

pub fn text_states(tx: &Tx<'_>) -> Result<Vec<TextState>, DbError> {
    tx.query(
        "SELECT page, lang, MAX(version), MAX(changed_at) FROM guide_texts
         WHERE municipality = $1 GROUP BY page, lang ORDER BY page, lang",
        p![],
    )
}

/// Stores a new version upon `base`, the version the editor started from (0: the default). False: somebody else stored
/// one meanwhile; nothing was written.
pub fn put_text(
    tx: &Tx<'_>,
    page: TextPage,
    lang: Lang,
    base: i64,
    body: &str,
    actor: &Actor,
) -> Result<bool, DbError> {
    let newest = newest_text(tx, page, lang)?.map_or(0, |text| text.version);
    if newest != base {
        return Ok(false);
    }
    // Of two writers with the same base one hits the key.
    let rows = tx.exec(
        "INSERT INTO guide_texts (municipality, page, lang, version, body, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        p![page, lang.code(), base + 1, body, tx.now(), actor.trace()],
    )?;
    Ok(rows == 1)
}

base::stored_words!(
    /// How a notice looks.
    pub enum NoticeKind {
        Info = "info",
        Warn = "warn",
        Ok = "ok",
    }
);

record! {
    /// Something to know now, on the front page for a while.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Notice {
        pub id: Uuid,
        pub kind: NoticeKind,
        pub title: String,
        pub body: String,
        /// Empty: no link.
        pub href: String,
        pub link: String,
        pub shown_from: Moment,
        pub shown_until: Moment,
    }
}

/// What is shown now, what ends first stands first.
pub fn current_notices(tx: &Tx<'_>, limit: i64) -> Result<Vec<Notice>, DbError> {
    tx.query(
        "SELECT id, kind, title, body, href, link, shown_from, shown_until FROM guide_notices
         WHERE municipality = $1 AND shown_until > $2 AND shown_from <= $2 ORDER BY shown_until, id LIMIT $3",
        p![tx.now(), limit],
    )
}

/// All that are not over for long, for the desk.
pub fn notices(tx: &Tx<'_>) -> Result<Vec<Notice>, DbError> {
    tx.query(
        "SELECT id, kind, title, body, href, link, shown_from, shown_until FROM guide_notices
         WHERE municipality = $1 AND shown_until > $2 ORDER BY shown_until DESC, id LIMIT 100",
        p![tx.now().plus_days(-90)],
    )
}

pub fn notice(tx: &Tx<'_>, id: Uuid) -> Result<Option<Notice>, DbError> {
    tx.query_one(
        "SELECT id, kind, title, body, href, link, shown_from, shown_until FROM guide_notices
         WHERE municipality = $1 AND id = $2",
        p![id],
    )
}

/// Inserts or changes a notice.
pub fn put_notice(tx: &Tx<'_>, notice: &Notice) -> Result<(), DbError> {
    let Notice { id, kind, title, body, href, link, shown_from, shown_until } = notice;
    tx.exec(
        "INSERT INTO guide_notices (municipality, id, kind, title, body, href, link, shown_from, shown_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (municipality, id) DO UPDATE SET kind = excluded.kind, title = excluded.title,
            body = excluded.body, href = excluded.href, link = excluded.link,
            shown_from = excluded.shown_from, shown_until = excluded.shown_until",
        p![*id, *kind, title, body, href, link, *shown_from, *shown_until],
    )?;
    Ok(())
}

pub fn remove_notice(tx: &Tx<'_>, id: Uuid) -> Result<u64, DbError> {
    tx.exec("DELETE FROM guide_notices WHERE municipality = $1 AND id = $2", p![id])
}

base::stored_words!(
    /// What browsers play without help.
    pub enum FilmKind {
        Mp4 = "mp4",
        WebM = "webm",
    }
);

impl FilmKind {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::WebM => "video/webm",
        }
    }
}

record! {
    /// The town's film in sign language with its words.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Film {
        pub blob: BlobId,
        pub kind: FilmKind,
        pub bytes: i64,
        pub transcript: String,
        /// WebVTT; empty: none.
        pub captions: String,
        pub changed_at: Moment,
    }
}

pub fn film(tx: &Tx<'_>) -> Result<Option<Film>, DbError> {
    tx.query_one(
        "SELECT blob, kind, bytes, transcript, captions, changed_at FROM guide_films WHERE municipality = $1",
        p![],
    )
}

/// Sets the film, in place of the one that was there.
pub fn put_film(tx: &Tx<'_>, film: &Film) -> Result<(), DbError> {
    let Film { blob, kind, bytes, transcript, captions, changed_at } = film;
    tx.exec(
        "INSERT INTO guide_films (municipality, blob, kind, bytes, transcript, captions, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (municipality) DO UPDATE SET blob = excluded.blob, kind = excluded.kind, bytes = excluded.bytes,
            transcript = excluded.transcript, captions = excluded.captions, changed_at = excluded.changed_at",
        p![*blob, *kind, *bytes, transcript, captions, *changed_at],
    )?;
    Ok(())
}

pub fn remove_film(tx: &Tx<'_>) -> Result<u64, DbError> {
    tx.exec("DELETE FROM guide_films WHERE municipality = $1", p![])
}

/// Every upload a row of this room names.
pub fn blobs(tx: &Tx<'_>) -> Result<Vec<BlobId>, DbError> {
    Ok(film(tx)?.map(|film| film.blob).into_iter().collect())
}
