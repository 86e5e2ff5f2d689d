//! The citizen's side: number and PIN, the page that says what happens next and by when, answering, taking back, rating.
//! No account: a signed cookie (`access`) remembers that the PIN was right. Invariant: an unknown number and a wrong PIN
//! get the same answer, and a case that the cookie does not name does not exist.

pub mod access;
pub mod photos;
pub mod post;
mod view;

use crate::{
    acts::{self, ActError},
    case::{CaseId, Refusal},
    desk, number, open,
    store::{
        self, CaseHead,
        threads::{self, Attachment, AttachmentId, Entry, NewAttachment},
    },
};
use access::{access_cookie, admitted};
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse},
};
use base::Moment;
use db::{DbError, Once, Tx};
use view::{EntrancePage, StatusPage};
use web::{Answer, Form, FormState, PageError, Template, Town, Visit};

const TEXT_MAX: usize = 5_000;
/// How often a citizen's word is said again when a clerk was in the way.
const TRIES: u8 = 5;

/// What one status page shows, read in one transaction.
struct Status {
    head: CaseHead,
    texts: store::CaseTexts,
    entries: Vec<Entry>,
    attachments: Vec<Attachment>,
    unit: String,
    now: Moment,
}

fn read_status(tx: &Tx<'_>, number: &str) -> Result<Option<Status>, DbError> {
    let Some(head) = store::by_number(tx, number)? else { return Ok(None) };
    let Some(texts) = store::texts(tx, head.id)? else { return Ok(None) };
    Ok(Some(Status {
        entries: threads::visible_entries(tx, head.id)?,
        attachments: threads::visible_attachments(tx, head.id)?,
        unit: identity::org_unit(tx, head.unit)?.map(|unit| unit.name).unwrap_or_default(),
        now: tx.now(),
        texts,
        head,
    }))
}

/// `/stand`: asks for number and PIN.
pub async fn entrance(visit: Visit, form: Form) -> Answer {
    let mut state = FormState::default();
    state.form.set("nummer", form.text("nummer"));
    web::render(&EntrancePage { page: visit.page(visit.t.s("cases-entrance-title")), form: state })
}

/// Compares the PIN; for an unknown number with one that belongs to nothing, so that both take the same time.
pub async fn enter(visit: Visit, form: Form) -> Answer {
    visit.limit_secret().await?;
    let mut state = FormState::from(form);
    state.require("nummer", visit.t.s("cases-number-missing"));
    state.require("pin", visit.t.s("cases-pin-missing"));
    if !state.has_errors() {
        let wanted = number::normalise(state.form.text("nummer")).unwrap_or_default();
        let head = {
            let wanted = wanted.clone();
            visit.read(move |tx| store::by_number(tx, &wanted)).await?
        };
        let id = head.as_ref().map_or(CaseId(base::uuid::Uuid::nil()), |head| head.id);
        let fits = visit.site.keys.pin_matches("case", id.0.as_bytes(), state.form.text("pin"));
        if fits && head.is_some() {
            let mut response = visit.see_other(&format!("/stand/{wanted}"));
            response.headers_mut().append(header::SET_COOKIE, access_cookie(&visit, &wanted));
            return Ok(response);
        }
        state.refuse("nummer", visit.t.s("cases-entrance-wrong"));
    }
    state.form.set("pin", "");
    let page = visit.page(visit.t.s("cases-entrance-title")).failed();
    Visit::unprocessable(&EntrancePage { page, form: state })
}

/// The link in a mail: sets the cookie and goes on. It changes nothing, so a mail scanner may follow it.
pub async fn enter_by_link(visit: Visit, Path((number, token)): Path<(String, String)>, form: Form) -> Answer {
    visit.limit_secret().await?;
    let now = visit.site.clock.now();
    let sealed = visit.site.keys.open(visit.town_id(), "case-link", &token, now);
    let Some(number) = number::normalise(&number).filter(|number| sealed.as_ref() == Some(number)) else {
        return Ok(visit.see_other("/stand"));
    };
    let rating = form.integer("note").filter(|rating| (1..=5).contains(rating));
    let url = match rating {
        Some(rating) => format!("/stand/{number}?note={rating}#bewertung"),
        None => format!("/stand/{number}"),
    };
    let mut response = visit.see_other(&url);
    response.headers_mut().append(header::SET_COOKIE, access_cookie(&visit, &number));
    Ok(response)
}

/// `/stand/{number}`
pub async fn status(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let Some(number) = admitted(&visit, &number) else { return Ok(to_entrance(&visit, &number)) };
    let mut state = FormState::default();
    if let Some(rating) = form.integer("note").filter(|rating| (1..=5).contains(rating)) {
        state.form.set("note", rating.to_string());
    }
    show(&visit, number, state, StatusCode::OK).await
}

fn to_entrance(visit: &Visit, number: &str) -> axum::response::Response {
    let known = number::normalise(number).map(|number| format!("?nummer={number}")).unwrap_or_default();
    visit.see_other(&format!("/stand{known}"))
}

async fn show(visit: &Visit, number: String, form: FormState, code: StatusCode) -> Answer {
    show_again(visit, number, form, &[], code).await
}

/// The page with a form to be mended and the photos that came with it.
async fn show_again(
    visit: &Visit,
    number: String,
    form: FormState,
    kept: &[NewAttachment],
    code: StatusCode,
) -> Answer {
    let kept = kept.iter().map(|photo| photos::keep(visit, &number, photo)).collect();
    let status = visit.read(move |tx| read_status(tx, &number)).await?.ok_or(PageError::NotFound)?;
    let html = StatusPage::new(visit, &status, form, kept).render()?;
    let mut response = (code, Html(html)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// Why a citizen's act did not happen.
enum Failed {
    Page(PageError),
    Refused(Refusal),
    /// A clerk wrote in the same instant: say it once more.
    Stale,
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<ActError> for Failed {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Refused(refusal) => Self::Refused(refusal),
            ActError::Db(error) => Self::Page(error.into()),
            ActError::Missing => Self::Page(PageError::NotFound),
            ActError::Stale | ActError::Taken(_) => Self::Stale,
        }
    }
}

/// What a citizen's act gets.
struct Word<'a> {
    tx: &'a Tx<'a>,
    town: &'a Town,
    form: &'a Form,
    files: &'a [NewAttachment],
}

type Say = fn(&Word<'_>, CaseHead) -> Result<CaseHead, ActError>;

/// The frame around every act of a citizen: once only, do it, back to the page.
async fn perform(
    visit: Visit,
    number: String,
    form: Form,
    files: Vec<NewAttachment>,
    flash: &'static str,
    say: Say,
) -> Answer {
    let mut tries = 1..=TRIES;
    let written = loop {
        match write_once(&visit, &number, &form, &files, say).await {
            Err(Failed::Stale) if tries.next().is_some() => {}
            written => break written,
        }
    };
    match written {
        Ok(url) => Ok(visit.see_other_saying(&url, flash)),
        Err(Failed::Page(error)) => Err(error),
        Err(Failed::Stale) => Err(PageError::Busy),
        Err(Failed::Refused(refusal)) => {
            let mut state = FormState::from(form);
            state.refuse("", visit.t.s(refusal_key(refusal)));
            show_again(&visit, number, state, &files, StatusCode::CONFLICT).await
        }
    }
}

async fn write_once(
    visit: &Visit,
    number: &str,
    form: &Form,
    files: &[NewAttachment],
    say: Say,
) -> Result<String, Failed> {
    let key = visit.once_key(form).map_err(Failed::Page)?;
    let (town, typed, wanted, files) = (visit.town.clone(), form.clone(), number.to_owned(), files.to_vec());
    visit
        .write(move |tx| {
            let url = format!("/stand/{wanted}");
            match tx.once(key, typed.fingerprint())? {
                Once::Again(_) => return Ok(url),
                Once::Conflict => return Err(Failed::Page(PageError::Conflict)),
                Once::First => {}
            }
            let head = store::by_number(tx, &wanted)?.ok_or(Failed::Page(PageError::NotFound))?;
            say(&Word { tx, town: &town, form: &typed, files: &files }, head)?;
            tx.once_answer(key, &url)?;
            Ok(url)
        })
        .await
}

const fn refusal_key(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::IsClosed => "cases-refused-closed",
        Refusal::WasWithdrawn => "cases-refused-withdrawn",
        Refusal::AlreadyRated => "cases-refused-rated",
        Refusal::IsOpen | Refusal::NotYours | Refusal::NotAWorkingState | Refusal::NotWaiting => "cases-refused-open",
    }
}

/// POST `/stand/{number}/antwort`: text, photos, or both.
pub async fn reply(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let Some(number) = admitted(&visit, &number) else { return Ok(to_entrance(&visit, &number)) };
    let mut state = FormState::from(form);
    state.limit("text", TEXT_MAX, visit.t.s("cases-text-long"));
    let files = photos::take(&visit, &number, &mut state).await?;
    if state.form.text("text").is_empty() && files.is_empty() && !state.has_errors() {
        state.refuse("text", visit.t.s("cases-text-missing"));
    }
    if state.has_errors() {
        return show_again(&visit, number, state, &files, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    perform(visit, number, state.form, files, "flash-cases-replied", |word, head| {
        acts::reply(word.tx, word.town, head, word.form.text("text"), word.files)
    })
    .await
}

/// POST `/stand/{number}/zurueckziehen`
pub async fn withdraw(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let Some(number) = admitted(&visit, &number) else { return Ok(to_entrance(&visit, &number)) };
    let mut state = FormState::from(form);
    state.limit("warum", TEXT_MAX, visit.t.s("cases-text-long"));
    if state.form.text("sicher") != "ja" {
        state.refuse("sicher", visit.t.s("cases-withdraw-sure-missing"));
    }
    if state.has_errors() {
        return show(&visit, number, state, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    perform(visit, number, state.form, vec![], "flash-cases-withdrawn", |word, head| {
        acts::withdraw(word.tx, head, word.form.text("warum"))
    })
    .await
}

/// POST `/stand/{number}/bewertung`: a rating, or the wish that somebody looks again.
pub async fn rate(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let Some(number) = admitted(&visit, &number) else { return Ok(to_entrance(&visit, &number)) };
    let mut state = FormState::from(form);
    let again = state.form.text("nochmal") == "ja";
    let field = if again { "wunsch" } else { "note-text" };
    state.limit(field, TEXT_MAX, visit.t.s("cases-text-long"));
    if !again && !state.form.integer("note").is_some_and(|rating| (1..=5).contains(&rating)) {
        state.refuse("note", visit.t.s("cases-rating-missing"));
    }
    if state.has_errors() {
        return show(&visit, number, state, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if again {
        return perform(visit, number, state.form, vec![], "flash-cases-looking-again", |word, head| {
            acts::look_again(word.tx, word.town, head, word.form.text("wunsch"))
        })
        .await;
    }
    perform(visit, number, state.form, vec![], "flash-cases-rated", |word, head| {
        let rating = word.form.integer("note").unwrap_or(3);
        acts::rate(word.tx, head, rating, word.form.text("note-text"))
    })
    .await
}

/// A photo or file of a case this browser may open.
pub async fn attachment(visit: Visit, Path((number, id)): Path<(String, String)>, form: Form) -> Answer {
    let number = admitted(&visit, &number).ok_or(PageError::NotFound)?;
    let id = AttachmentId::parse(&id).ok_or(PageError::NotFound)?;
    let found = visit
        .read(move |tx| {
            let head = store::by_number(tx, &number)?;
            let attachment = threads::attachment(tx, id)?;
            Ok::<_, DbError>(attachment.filter(|one| one.visible && head.is_some_and(|head| head.id == one.case)))
        })
        .await?;
    desk::serve(&visit, &found.ok_or(PageError::NotFound)?, form.text("g")).await
}

/// The PIN of the case, for the page that shows it once more.
fn pin_of(visit: &Visit, head: &CaseHead) -> String {
    open::pin(&visit.site.keys, head.id)
}
