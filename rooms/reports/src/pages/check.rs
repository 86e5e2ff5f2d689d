//! Step 3, "Prüfen und senden", and the receipt. Invariant: report, case, photos' names and the end of the draft are one
//! transaction under the once-only key, so a double click, a retry or two open tabs make one report.

use super::{Choice, ReportCard, card, draft_id, found, read_email, step_url};
use crate::{
    around,
    category::Category,
    journey::{Draft, Step},
    open,
    report::{SAME_CATEGORY_METRES, SAME_METRES, reads_as_phone},
    store,
};
use axum::{extract::Path, http::header};
use base::Position;
use cases::MailState;
use db::{DbError, Once, OnceKey, Tx};
use uuid::Uuid;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit, words};

const RECEIPT: &str = "report-receipt";
const RECEIPT_HOURS: i64 = 24;
/// Of a wrong address or number a draft keeps this much.
const CONTACT_KEPT_MAX: usize = 300;

#[derive(Template)]
#[template(path = "reports-check.html")]
struct CheckPage {
    page: Page,
    form: FormState,
    draft: String,
    /// What the draft knows, for the case that it expires before this page is sent.
    copy: String,
    place: String,
    /// The address as typed, if the place is not quite it.
    stated: String,
    /// Picture of the place with its pin.
    image: String,
    what: String,
    answers: Vec<Choice>,
    body: String,
    photos: Vec<String>,
    near: Vec<ReportCard>,
    is_public: bool,
}

struct Gathered {
    draft: Option<Draft>,
    categories: Vec<Category>,
    near: Vec<(store::Card, f64)>,
}

fn gather(tx: &Tx<'_>, id: Option<Uuid>) -> Result<Gathered, DbError> {
    let draft = match id {
        Some(id) => store::draft(tx, id)?,
        None => None,
    };
    let categories = store::categories(tx)?;
    let near = match draft.as_ref().and_then(|draft| draft.spot().map(|at| (at, draft.category.as_str()))) {
        Some((at, category)) => {
            let mut near = store::near(tx, at, SAME_METRES, Some((category, SAME_CATEGORY_METRES)), 6)?;
            near.retain(|(card, _)| card.category == category);
            near.truncate(2);
            near
        }
        None => vec![],
    };
    Ok(Gathered { draft, categories, near })
}

/// The answers given to the questions of the chosen category, label and value, in the visitor's language.
pub fn answers(category: &Category, draft: &Draft, lang: web::Lang) -> Vec<(String, String)> {
    let given = category.questions.iter().filter_map(|question| {
        let answer = draft.answers.get(&question.word).filter(|answer| !answer.is_empty())?;
        let option = question.options.iter().find(|option| option.word == *answer);
        let unit = question.unit.of(lang);
        let shown = match option {
            Some(option) => option.label.of(lang).to_owned(),
            None if unit.is_empty() => readable(answer),
            None => format!("{answer} {unit}"),
        };
        Some((question.label.of(lang).to_owned(), shown))
    });
    given.collect()
}

/// A stored date as people write it; anything else as it is.
fn readable(answer: &str) -> String {
    answer.parse::<jiff::civil::Date>().map_or_else(|_| answer.to_owned(), words::short_date)
}

pub async fn show(visit: Visit, form: Form) -> Answer {
    let id = draft_id(&form);
    let gathered = visit.read(move |tx| gather(tx, id)).await?;
    let Some(id) = id else { return Ok(visit.see_other(Step::Place.path())) };
    let Some(draft) = gathered.draft.clone() else { return super::draft_gone(&visit, id).await };
    let step = draft.next_step(&gathered.categories);
    if step != Step::Check {
        return Ok(visit.see_other(&step_url(step, id)));
    }
    let mut clean = Form::default();
    clean.set("email", draft.email.as_str());
    clean.set("phone", draft.phone.as_str());
    web::render(&page_of(&visit, &gathered, &draft, id, clean.into()))
}

/// The map around a place, without its theme.
fn place_image(Position { lat, lon }: Position) -> String {
    format!("/karte/bild?lat={lat:.6}&lon={lon:.6}&zoom=17&w=640&h=300&pins={lat:.6},{lon:.6},ort")
}

fn page_of(visit: &Visit, gathered: &Gathered, draft: &Draft, id: Uuid, form: FormState) -> CheckPage {
    let lang = visit.t.lang;
    let mut page = visit.page(visit.t.s("reports-check-title"));
    if form.has_errors() {
        page = page.failed();
    }
    let chosen = draft.chosen(&gathered.categories);
    let thing = draft.asset.as_ref().map(|thing| format!("{}: ", thing.label)).unwrap_or_default();
    let what = chosen
        .map_or_else(String::new, |(category, problem)| format!("{thing}{}", category.named(problem, " – ", lang)));
    let answers = chosen.map(|(category, _)| answers(category, draft, lang)).unwrap_or_default();
    let now = visit.site.clock.now();
    CheckPage {
        page,
        form,
        stated: around::stated(draft).unwrap_or_default().to_owned(),
        place: [draft.place.as_str(), draft.district.as_str()]
            .iter()
            .filter(|s| !s.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(", "),
        image: draft.spot().map(place_image).unwrap_or_default(),
        what,
        answers: answers.into_iter().map(|(label, value)| Choice::new(value, label)).collect(),
        body: draft.body.trim().to_owned(),
        photos: draft.photos.iter().map(|photo| format!("/melden/entwurf/{id}/{}", photo.blob)).collect(),
        near: gathered.near.iter().map(|(row, metres)| card(visit.t, row, Some(*metres), now)).collect(),
        is_public: chosen.is_some_and(|(category, _)| category.public),
        draft: id.to_string(),
        copy: draft.copy(),
    }
}

/// Why a sending did not become a report.
pub enum NotSent {
    Page(PageError),
    /// Expired, or sent already with another key.
    Gone,
    Incomplete(Step),
    Blocked,
}

impl From<DbError> for NotSent {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

pub async fn sent(visit: Visit, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let Some(id) = draft_id(&form) else { return Err(PageError::BadRequest("the form names no draft")) };
    // No person sees this field. Whoever fills it learns nothing and leaves no case.
    if !form.text("website").is_empty() {
        tracing::info!("a form filled by a program was dropped");
        return Ok(visit.see_other("/melden/danke"));
    }
    let mut state = FormState::from(form);
    if let Some(url) = elsewhere(&state.form, id) {
        let form = state.form.clone();
        let is_kept = visit.write(move |tx| remember(tx, id, &form)).await?;
        return if is_kept { Ok(visit.see_other(&url)) } else { mend(&visit, id, state).await };
    }
    let email = read_email(state.form.text("email"));
    if email.is_err() {
        state.refuse("email", visit.t.s("reports-email-wrong"));
    }
    if !reads_as_phone(state.form.text("phone")) {
        state.refuse("phone", visit.t.s("reports-phone-wrong"));
    }
    if state.has_errors() {
        return mend(&visit, id, state).await;
    }
    let sending =
        Sending { key, fingerprint: state.form.fingerprint(), draft: id, phone: state.form.text("phone").to_owned() };
    let (v, email) = (visit.clone(), email.unwrap_or(None));
    let outcome = visit.write(move |tx| send(tx, &v, &sending, email.clone())).await;
    match outcome {
        Ok((url, number)) => {
            let mut response = visit.see_other(&url);
            if let Some(number) = number {
                response.headers_mut().append(header::SET_COOKIE, cases::access_cookie(&visit, &number));
            }
            Ok(response)
        }
        Err(NotSent::Page(error)) => Err(error),
        Err(NotSent::Gone) => mend(&visit, id, state).await,
        Err(NotSent::Incomplete(step)) => {
            let form = state.form.clone();
            visit.write(move |tx| remember(tx, id, &form)).await?;
            Ok(visit.see_other(&step_url(step, id)))
        }
        Err(NotSent::Blocked) => {
            state.refuse("", visit.t.s("reports-blocked"));
            mend(&visit, id, state).await
        }
    }
}

/// Where one of the buttons leads that do not send the report: to an earlier step, or to its twin.
fn elsewhere(form: &Form, draft: Uuid) -> Option<String> {
    match form.text("to") {
        "" => None,
        "place" => Some(step_url(Step::Place, draft)),
        "what" => Some(step_url(Step::What, draft)),
        twin => Some(super::twin_url(twin, draft)),
    }
}

/// What the handler knows before it opens the transaction.
pub struct Sending {
    pub key: OnceKey,
    pub fingerprint: [u8; 32],
    pub draft: Uuid,
    pub phone: String,
}

/// The one transaction. Answers where to go, and the number if this run opened the case.
pub fn send(
    tx: &Tx<'_>,
    visit: &Visit,
    sending: &Sending,
    email: Option<mail::EmailAddress>,
) -> Result<(String, Option<String>), NotSent> {
    match tx.once(sending.key, sending.fingerprint)? {
        Once::Again(url) => return Ok((url, None)),
        Once::Conflict => return Err(NotSent::Page(PageError::Conflict)),
        Once::First => {}
    }
    // Whoever comes second with the same draft and another key finds it gone.
    let draft = store::take_draft(tx, sending.draft)?.ok_or(NotSent::Gone)?;
    let site = open::Desk { town: &visit.town, keys: &visit.site.keys, language: visit.t.lang };
    let sender = open::Sender { email, phone: sending.phone.clone(), ..open::Sender::default() };
    let opened = open::open(tx, &site, &draft, sender)?;
    let until = tx.now().plus_seconds(RECEIPT_HOURS * 3_600);
    let token = visit.site.keys.seal(visit.town_id(), RECEIPT, &opened.number, until);
    let url = format!("/melden/fertig/{}?beleg={token}", opened.number);
    tx.once_answer(sending.key, &url)?;
    Ok((url, Some(opened.number)))
}

/// Keeps the contact details with the draft: whoever goes back to an earlier step types them once.
fn remember(tx: &Tx<'_>, id: Uuid, form: &Form) -> Result<bool, DbError> {
    let Some(mut draft) = store::lock_draft(tx, id)? else { return Ok(false) };
    put_contact(&mut draft, form);
    store::save_draft(tx, id, &draft)
}

fn put_contact(draft: &mut Draft, form: &Form) {
    draft.email = form.text("email").chars().take(CONTACT_KEPT_MAX).collect();
    draft.phone = form.text("phone").chars().take(CONTACT_KEPT_MAX).collect();
}

/// A draft that expired while this page was open comes back from the copy in the form, under a new id.
fn renew(tx: &Tx<'_>, id: Uuid, fresh: Uuid, form: &Form) -> Result<(Uuid, Step), PageError> {
    // What was sent already is not offered for sending once more.
    if store::was_sent(tx, id)? {
        return Err(PageError::Gone);
    }
    let mut draft = around::draft_anew(tx, form.raw("copy"))?.ok_or(PageError::Gone)?;
    put_contact(&mut draft, form);
    store::create_draft(tx, fresh, &draft)?;
    Ok((fresh, draft.next_step(&store::categories(tx)?)))
}

/// The page again with everything typed, also when the draft expired meanwhile.
async fn mend(visit: &Visit, id: Uuid, mut state: FormState) -> Answer {
    let (fresh, form) = (super::new_draft_id(visit), state.form.clone());
    let kept = visit
        .write(move |tx| if remember(tx, id, &form)? { Ok((id, Step::Check)) } else { renew(tx, id, fresh, &form) })
        .await;
    let (kept, step) = match kept {
        Err(PageError::Gone) => return super::draft_gone(visit, id).await,
        kept => kept?,
    };
    if step != Step::Check {
        return Ok(visit.see_other_saying(&step_url(step, kept), "flash-report-draft"));
    }
    if kept != id {
        state.refuse("", visit.t.s("reports-draft-expired"));
    }
    let gathered = visit.read(move |tx| gather(tx, Some(kept))).await?;
    let Some(draft) = gathered.draft.clone() else { return Err(PageError::Gone) };
    Visit::unprocessable(&page_of(visit, &gathered, &draft, kept, state))
}

#[derive(Template)]
#[template(path = "reports-receipt.html")]
struct ReceiptPage {
    page: Page,
    number: String,
    pin: String,
    title: String,
    /// The title has no words in another language than German.
    is_german: bool,
    place: String,
    due: String,
    due_iso: String,
    image: String,
    again_href: String,
    /// How the sender hears from us, or how to keep number and PIN.
    news: &'static str,
    is_waiting: bool,
}

/// The receipt opens only with the token from the sending, because it shows the PIN.
pub async fn receipt(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let now = visit.site.clock.now();
    let named = visit.site.keys.open(visit.town_id(), RECEIPT, form.text("beleg"), now);
    if named.as_deref() != Some(number.as_str()) {
        return Ok(visit.see_other("/stand"));
    }
    let (wanted, lang) = (number.clone(), visit.t.lang);
    let known = visit
        .read(move |tx| {
            let Some((report, head)) = store::desk_report(tx, &wanted)?.zip(cases::by_number(tx, &wanted)?) else {
                return Ok(None);
            };
            let title = cases::title_in(tx, head.id, &report.title, lang)?;
            let mail = cases::mail_state(tx, head.id)?;
            Ok::<_, DbError>(Some((report, head, title, mail)))
        })
        .await?;
    let (report, head, title, mail) = found(known)?;
    let t = visit.t;
    let (lat, lon) = (report.lat, report.lon);
    web::render(&ReceiptPage {
        page: visit.page(t.s("reports-receipt-title")),
        pin: cases::pin(&visit.site.keys, head.id),
        number,
        is_german: report.title == title,
        title,
        place: report.place,
        due: words::date(t.lang, head.due.date(), now.date()),
        due_iso: head.due.date().to_string(),
        image: place_image(Position { lat, lon }),
        news: t.s(match mail {
            MailState::None => "reports-receipt-without",
            MailState::Asked => "reports-receipt-asked",
            MailState::Confirmed => "reports-receipt-confirmed",
        }),
        again_href: format!("/melden?lat={lat:.6}&lon={lon:.6}"),
        is_waiting: report.visibility == crate::report::Visibility::Waiting,
    })
}
