//! The town's film in German Sign Language: shown to everybody, sent in parts from our own store, changed by the staff.
//! Not a film library: one film, told by its first bytes, with its words beside it. Invariant: a film never stands alone,
//! its text is there for who neither signs nor sees (WCAG 1.2.1).

use crate::{
    pages::{self, Shown},
    ranges::{self, Wanted},
    store::{self, Film, FilmKind},
    town_text::TextPage,
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use db::{Audit, DbError, Once, Tx};
use files::{BlobId, BlobKey, Incoming, Refused};
use serde_json::json;
use std::sync::Arc;
use web::{Answer, Form, FormState, Page, PageError, Template, Upload, Visit};

const TRANSCRIPT_MAX: usize = 20_000;
const CAPTIONS_BYTES_MAX: u64 = 200_000;
const MEGABYTE: u64 = 1 << 20;

#[derive(Template)]
#[template(path = "sign-language.html")]
struct SignLanguagePage {
    page: Page,
    title: &'static str,
    text: Shown,
    film: Option<ShownFilm>,
}

/// A film as its page shows it.
struct ShownFilm {
    src: String,
    kind: &'static str,
    captions: String,
    transcript: Vec<String>,
}

/// `GET /gebaerdensprache`
pub async fn show(visit: Visit) -> Answer {
    let text = pages::shown(&visit, TextPage::SignLanguage).await?;
    let film = visit.read(store::film).await?.map(|film| ShownFilm {
        // The address changes with the film, so that nobody's browser keeps an old one.
        src: format!("/gebaerdensprache/film?v={}", film.blob),
        kind: film.kind.content_type(),
        captions: if film.captions.is_empty() { String::new() } else { "/gebaerdensprache/untertitel".to_owned() },
        transcript: film.transcript.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect(),
    });
    let title = visit.t.s(TextPage::SignLanguage.title());
    web::render(&SignLanguagePage { page: visit.page(title), title, text, film })
}

/// `GET /gebaerdensprache/untertitel`
pub async fn captions(visit: Visit) -> Answer {
    let film = visit.read(store::film).await?.filter(|film| !film.captions.is_empty()).ok_or(PageError::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "text/vtt; charset=utf-8")], film.captions).into_response())
}

/// `GET /gebaerdensprache/film`: the whole film or the part that was asked for, straight from the store.
pub async fn send(visit: Visit) -> Answer {
    let film = visit.read(store::film).await?.ok_or(PageError::NotFound)?;
    let key = BlobKey::whole(visit.town_id(), film.blob);
    let broken = |error| PageError::of_files("could not read the film", error);
    let film_file = visit.site.files.open_blob(key).await.map_err(broken)?.ok_or(PageError::Gone)?;
    let size = film_file.size();
    let tag = format!("\"{}\"", film.blob);
    let asked = |name| visit.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // A part of an older film must not be glued to this one (RFC 9110, section 13.1.5).
    let same = asked(header::IF_RANGE).is_none_or(|known| known == tag);
    let wanted = if same { ranges::wanted(asked(header::RANGE), size) } else { Wanted::Whole };
    let (status, from, length) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part { from, length } => (StatusCode::PARTIAL_CONTENT, from, length),
        Wanted::Outside => return Ok(outside(size)),
    };
    let body = Body::from_stream(film_file.part(from, length).await.map_err(broken)?);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(film.kind.content_type()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(range) = HeaderValue::from_str(&format!("bytes {from}-{}/{size}", from + length - 1))
    {
        headers.insert(header::CONTENT_RANGE, range);
    }
    Ok(response)
}

fn outside(size: u64) -> Response {
    let plain = (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned());
    let range = (header::CONTENT_RANGE, format!("bytes */{size}"));
    (StatusCode::RANGE_NOT_SATISFIABLE, [plain, range], "").into_response()
}

/// The kind of a film by its first bytes, whatever its name says.
pub fn recognise(head: &[u8]) -> Option<FilmKind> {
    match head {
        // ISO base media: the first box is `ftyp`. QuickTime calls itself `qt  `, which browsers do not play.
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if !brand.starts_with(b"qt  ") => Some(FilmKind::Mp4),
        // EBML, and the document type that tells WebM from other Matroska.
        [0x1A, 0x45, 0xDF, 0xA3, rest @ ..]
            if rest.iter().take(64).copied().collect::<Vec<_>>().windows(4).any(|four| four == b"webm") =>
        {
            Some(FilmKind::WebM)
        }
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "film.html")]
struct FilmPage {
    page: Page,
    form: FormState,
    /// Is there one already? Its size for people.
    present: Option<String>,
    has_captions: bool,
    megabytes_max: u64,
}

async fn film_page(visit: &Visit, form: FormState) -> Result<FilmPage, PageError> {
    let asking = visit.clone();
    let (film, desk) = visit.read(move |tx| Ok::<_, DbError>((store::film(tx)?, asking.desk(tx)?))).await?;
    let page = visit.page("Film in Gebärdensprache").with_desk(desk);
    Ok(FilmPage {
        page: if form.has_errors() { page.failed() } else { page },
        form,
        has_captions: film.as_ref().is_some_and(|film| !film.captions.is_empty()),
        present: film.map(|film| film_size(film.bytes)),
        megabytes_max: visit.site.settings.upload_bytes_max / MEGABYTE,
    })
}

fn film_size(bytes: i64) -> String {
    let megabyte = 1 << 20;
    if bytes < megabyte { "unter 1 MB".to_owned() } else { format!("{} MB", bytes / megabyte) }
}

/// `GET /verwaltung/gebaerdensprache`
pub async fn edit(visit: Visit) -> Answer {
    let transcript = visit.read(store::film).await?.map(|film| film.transcript).unwrap_or_default();
    let form = Form::from_pairs([("transcript", transcript)]);
    web::render(&film_page(&visit, form.into()).await?)
}

/// Takes the file of this field out of the form; a refused one is told at its field.
fn take(state: &mut FormState, field: &str, wrong: &str) -> Option<Arc<Incoming>> {
    let at = state.form.uploads.iter().position(|upload| upload.field == field)?;
    let Upload { outcome, .. } = state.form.uploads.remove(at);
    match outcome {
        Ok(incoming) => Some(incoming),
        Err(Refused::DiskFull) => {
            state.refuse(
                field,
                "Auf dem Server ist kein Platz mehr. Sagen Sie den Menschen Bescheid, die ihn betreiben.",
            );
            None
        }
        Err(Refused::TooLarge { limit }) => {
            let most = limit / MEGABYTE;
            state.refuse(field, format!("Diese Datei ist zu groß. Wählen Sie eine mit höchstens {most} MB."));
            None
        }
        Err(_) => {
            state.refuse(field, wrong);
            None
        }
    }
}

const WRONG_FILM: &str = "Wählen Sie einen Film als MP4 oder WebM.";
const WRONG_CAPTIONS: &str =
    "Wählen Sie Untertitel als VTT-Datei. Sie beginnt mit WEBVTT und ist höchstens 200 kB groß.";

/// The text of a file of captions, checked (WebVTT, section 4.1: the file begins with "WEBVTT").
async fn read_captions(incoming: &Incoming) -> Option<String> {
    if incoming.size() > CAPTIONS_BYTES_MAX {
        return None;
    }
    let bytes = incoming.read().await.ok()?;
    let text = std::str::from_utf8(&bytes).ok()?.trim_start_matches('\u{feff}');
    let signed = text.strip_prefix("WEBVTT").is_some_and(|rest| rest.starts_with(['\n', '\r', ' ', '\t']));
    (signed && !text.contains('\0')).then(|| text.to_owned())
}

/// `POST /verwaltung/gebaerdensprache`: a new film, or other words for the one that is there.
pub async fn save(visit: Visit, form: Form) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let known = visit.read(store::film).await?;
    let mut state = FormState::from(form);
    state.require(
        "transcript",
        "Schreiben Sie auf, was im Film gesagt wird: für alle, die ihn nicht sehen oder nicht gebärden.",
    );
    state.limit("transcript", TRANSCRIPT_MAX, "Kürzen Sie den Text auf 20.000 Zeichen.");
    let film = take(&mut state, "film", WRONG_FILM);
    let kind = film.as_ref().and_then(|film| recognise(film.head()));
    if film.is_some() && kind.is_none() {
        state.refuse("film", WRONG_FILM);
    }
    if film.is_none() && known.is_none() && state.error("film").is_none() {
        state.refuse("film", "Wählen Sie einen Film aus.");
    }
    let captions = match take(&mut state, "captions", WRONG_CAPTIONS) {
        None => None,
        Some(file) => {
            let text = read_captions(&file).await;
            if text.is_none() {
                state.refuse("captions", WRONG_CAPTIONS);
            }
            text
        }
    };
    if state.has_errors() {
        return Visit::unprocessable(&film_page(&visit, state).await?);
    }
    // On disk before the row that names it; if the row is not written, the file is swept away.
    let new = match (film, kind) {
        (Some(film), Some(kind)) => Some(keep(&visit, film, kind).await?),
        _ => None,
    };
    let change = Change {
        new,
        captions,
        drop_captions: state.form.text("drop_captions") == "ja",
        transcript: state.form.text("transcript").replace("\r\n", "\n"),
    };
    let actor = visit.actor.clone();
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let film = change.upon(store::film(tx)?, tx).ok_or(PageError::NotFound)?;
            store::put_film(tx, &film)?;
            let detail = json!({ "blob": film.blob.to_string(), "bytes": film.bytes });
            tx.audit(Audit {
                actor: actor.trace(),
                action: "film.changed",
                subject: tx.municipality().to_string(),
                detail,
            });
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying("/verwaltung/gebaerdensprache", "flash-guide-saved"))
}

/// A film that is on disk and not yet named: where, what, how large.
#[derive(Clone, Copy)]
struct Kept {
    blob: BlobId,
    kind: FilmKind,
    bytes: i64,
}

async fn keep(visit: &Visit, film: Arc<Incoming>, kind: FilmKind) -> Result<Kept, PageError> {
    let film = Arc::into_inner(film).ok_or(PageError::internal("an upload is held twice"))?;
    let blob = BlobId(base::new_id(&*visit.site.clock, &*visit.site.chance));
    let bytes = i64::try_from(film.size()).unwrap_or(i64::MAX);
    let kept = visit.site.files.keep(film, BlobKey::whole(visit.town_id(), blob)).await;
    kept.map_err(|error| PageError::of_files("could not keep a film", error))?;
    Ok(Kept { blob, kind, bytes })
}

/// What the form asks for.
struct Change {
    new: Option<Kept>,
    captions: Option<String>,
    drop_captions: bool,
    transcript: String,
}

impl Change {
    /// The film as it becomes; `None`: there is none to change. A new film does not inherit the captions of the old one.
    fn upon(&self, known: Option<Film>, tx: &Tx<'_>) -> Option<Film> {
        let Kept { blob, kind, bytes } = self
            .new
            .or_else(|| known.as_ref().map(|film| Kept { blob: film.blob, kind: film.kind, bytes: film.bytes }))?;
        let before = known.filter(|_| self.new.is_none() && !self.drop_captions).map(|film| film.captions);
        let captions = self.captions.clone().or(before).unwrap_or_default();
        Some(Film { blob, kind, bytes, transcript: self.transcript.clone(), captions, changed_at: tx.now() })
    }
}

/// `POST /verwaltung/gebaerdensprache/entfernung`: the file itself goes with the next sweep.
pub async fn remove(visit: Visit, _form: Form) -> Answer {
    let actor = visit.actor.clone();
    visit
        .write(move |tx| {
            if store::remove_film(tx)? > 0 {
                let subject = tx.municipality().to_string();
                tx.audit(Audit { actor: actor.trace(), action: "film.removed", subject, detail: json!({}) });
            }
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying("/verwaltung/gebaerdensprache", "flash-guide-film-removed"))
}
