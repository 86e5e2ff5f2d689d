//! The two forms that need no login: a question to the town, and a barrier on this website. Both become a case. Invariant:
//! whoever sends gets number and PIN on a page only they can open.

use crate::{
    pages::{self, Shown},
    town_text::TextPage,
};
use axum::extract::Path;
use base::Moment;
use cases::NewCase;
use db::Once;
use http::header;
use identity::own_path;
use mail::EmailAddress;
use web::{Answer, Form, FormState, Lang, Page, PageError, Template, Visit, words};

const TEXT_MAX: usize = 5_000;
const RECEIPT_PURPOSE: &str = "guide-receipt";
const RECEIPT_SECONDS: i64 = 3_600;

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage {
    page: Page,
    form: FormState,
    text: Shown,
}

async fn contact_page(visit: &Visit, form: FormState) -> Result<ContactPage, PageError> {
    let page = visit.page(visit.t.s("guide-contact-title"));
    let page = if form.has_errors() { page.failed() } else { page };
    Ok(ContactPage { page, form, text: pages::shown(visit, TextPage::Contact).await? })
}

/// `GET /kontakt`
pub async fn contact(visit: Visit) -> Answer {
    web::render(&contact_page(&visit, FormState::default()).await?)
}

/// `POST /kontakt`
pub async fn ask(visit: Visit, form: Form) -> Answer {
    let mut state = FormState::from(form);
    state.require("text", visit.t.s("guide-question-missing"));
    let email = read_common(&visit, &mut state);
    if state.has_errors() {
        return Visit::unprocessable(&contact_page(&visit, state).await?);
    }
    let body = state.form.text("text").to_owned();
    let case = new_case(&visit, "question", title_of(&body), body, email);
    send(visit, state.form, case).await
}

#[derive(Template)]
#[template(path = "barrier.html")]
struct BarrierPage {
    page: Page,
    form: FormState,
}

fn barrier_page(visit: &Visit, form: FormState) -> BarrierPage {
    let page = visit.page(visit.t.s("guide-barrier-title"));
    BarrierPage { page: if form.has_errors() { page.failed() } else { page }, form }
}

/// `GET /barriere-melden?seite=`: the page it is about is filled in, from the address or from where the person came.
pub async fn barrier(visit: Visit, form: Form) -> Answer {
    let referrer = visit.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let came_from = referrer.and_then(|url| path_of(url, &visit.town.base_url));
    let about = own_path(form.text("seite")).or(came_from).filter(|path| !path.starts_with("/barriere-melden"));
    let mut start = Form::default();
    start.set("seite", about.map(|path| visit.town.url(path)).unwrap_or_default());
    web::render(&barrier_page(&visit, start.into()))
}

/// The path of a URL of this town, without its query, which may carry what somebody typed.
pub fn path_of<'u>(url: &'u str, base: &str) -> Option<&'u str> {
    let path = url.strip_prefix(base)?;
    let path = path.split(['?', '#']).next().unwrap_or("");
    own_path(path)
}

/// `POST /barriere-melden`
pub async fn report_barrier(visit: Visit, form: Form) -> Answer {
    let mut state = FormState::from(form);
    state.require("text", visit.t.s("guide-barrier-missing"));
    state.limit("seite", 500, visit.t.s("guide-barrier-page-long"));
    let email = read_common(&visit, &mut state);
    if state.has_errors() {
        return Visit::unprocessable(&barrier_page(&visit, state));
    }
    let body = state.form.text("text").to_owned();
    let mut case = new_case(&visit, "barrier", title_of(&body), body, email);
    let about = state.form.text("seite");
    if !about.is_empty() {
        // The desk reads German, whoever wrote.
        let label = |lang| visit.site.texts().of(lang).s("guide-barrier-page").to_owned();
        case.english.facts.insert(label(Lang::De), (label(Lang::En), about.to_owned()));
        case.facts.push((label(Lang::De), about.to_owned()));
    }
    send(visit, state.form, case).await
}

/// Checks what both forms have: length of the text, the address, which may be empty.
fn read_common(visit: &Visit, state: &mut FormState) -> Option<EmailAddress> {
    state.limit("text", TEXT_MAX, visit.t.s("guide-text-long"));
    let typed = state.form.text("email").to_owned();
    if typed.is_empty() {
        return None;
    }
    let email = EmailAddress::parse(&typed).ok();
    if email.is_none() {
        state.refuse("email", visit.t.s("guide-email-wrong"));
    }
    email
}

/// The first line, cut at a word: what stands in the clerk's list.
pub fn title_of(body: &str) -> String {
    let line = body.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    if line.chars().count() <= 70 {
        return line.to_owned();
    }
    let cut: String = line.chars().take(70).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{} …", &cut[..end])
}

fn new_case(visit: &Visit, kind: &'static str, title: String, body: String, email: Option<EmailAddress>) -> NewCase {
    NewCase {
        kind,
        title,
        body,
        category: String::new(),
        category_label: String::new(),
        facts: vec![],
        english: cases::English::default(),
        place: String::new(),
        district: String::new(),
        position: None,
        email,
        phone: None,
        language: visit.t.lang,
        attachments: vec![],
        channel: "web",
        at: Moment::from_micros(0),
    }
}

/// Opens the case once and goes to its receipt. A field no person sees, filled in, opens nothing.
async fn send(visit: Visit, form: Form, case: NewCase) -> Answer {
    if !form.text("website").is_empty() {
        return Ok(visit.see_other_saying("/kontakt", "flash-guide-sent"));
    }
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let asking = visit.clone();
    let number = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(number) => return Ok(number),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let case = NewCase { at: tx.now(), ..case.clone() };
            let opened = cases::open(tx, &asking.town, &asking.site.keys, case)?;
            tx.once_answer(key, &opened.number)?;
            Ok(opened.number)
        })
        .await?;
    let now = visit.site.clock.now();
    let token = visit.site.keys.seal(visit.town_id(), RECEIPT_PURPOSE, &number, now.plus_seconds(RECEIPT_SECONDS));
    let mut response = visit.see_other(&format!("/kontakt/fertig/{token}"));
    response.headers_mut().append(header::SET_COOKIE, cases::access_cookie(&visit, &number));
    Ok(response)
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage {
    page: Page,
    number: String,
    pin: String,
    due: String,
}

/// `GET /kontakt/fertig/{token}`: number and PIN, for an hour.
pub async fn receipt(visit: Visit, Path(token): Path<String>) -> Answer {
    let now = visit.site.clock.now();
    let number = visit.site.keys.open(visit.town_id(), RECEIPT_PURPOSE, &token, now).ok_or(PageError::Gone)?;
    let head = visit.read(move |tx| cases::by_number(tx, &number)).await?.ok_or(PageError::Gone)?;
    let due = words::date(visit.t.lang, head.due.date(), now.date());
    web::render(&SentPage {
        page: visit.page(visit.t.s("guide-sent-title")),
        pin: cases::pin(&visit.site.keys, head.id),
        due: visit.t.with("guide-sent-due", &[("date", due.into())]),
        number: head.number,
    })
}
