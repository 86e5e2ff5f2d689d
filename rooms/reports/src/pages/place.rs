//! Step 1, "Wo ist der Schaden?": address, tap, own position or photo, and the photo itself. Short on purpose: what is
//! there and what is wrong with it comes in step 2. Invariant: photos once sent are kept, whatever else is wrong.

use super::{draft_id, new_draft_id, photos};
use crate::{
    around::{self, Doubt, MapFrame, Offer, Placed, Question},
    journey::{Draft, PHOTOS_MAX, Step},
    store,
};
use axum::extract::Path;
use base::Position;
use db::{DbError, Tx};
use uuid::Uuid;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit};

#[derive(Template)]
#[template(path = "reports-place.html")]
struct PlacePage {
    page: Page,
    form: FormState,
    /// Named before anything is stored, so that whoever comes back with the browser's button goes on with the same.
    draft: String,
    /// Of a draft that is stored: it comes back from here if it expires meanwhile.
    copy: String,
    photos: Vec<PhotoRow>,
    hits: Vec<super::Choice>,
    /// Why the hits are offered, and how to answer.
    asks: &'static str,
    /// What lies where the photo was taken, to be offered.
    offer: String,
    /// The place chosen so far, in words.
    chosen: String,
    map: MapFrame,
}

pub struct PhotoRow {
    pub id: String,
    pub url: String,
}

/// What the page shows besides the form, read in one transaction.
struct Shown {
    draft: Option<(Uuid, Draft)>,
    map: MapFrame,
    offer: String,
}

/// The map stands at `asked`, else at the draft's place, else at `wished`.
fn shown(
    tx: &Tx<'_>,
    visit: &Visit,
    id: Option<Uuid>,
    asked: Option<Position>,
    wished: Option<Position>,
) -> Result<Shown, DbError> {
    let draft = match id {
        Some(id) => store::draft(tx, id)?.map(|draft| (id, draft)),
        None => None,
    };
    let known = asked.or(draft.as_ref().and_then(|(_, draft)| draft.position)).or(wished);
    let offered = draft.as_ref().and_then(|(_, draft)| draft.photo_position);
    let offer = offered.map(|at| around::spot(tx, at)).transpose()?.map(|spot| spot.place).unwrap_or_default();
    Ok(Shown { map: around::map_frame(tx, visit, known)?, draft, offer })
}

fn page_of(visit: &Visit, shown: Shown, form: FormState, question: Option<Question>) -> PlacePage {
    let mut page = visit.page(visit.t.s("reports-place-title")).script("karte");
    if form.has_errors() {
        page = page.failed();
    }
    let copy = shown.draft.as_ref().map(|(_, draft)| draft.copy()).unwrap_or_default();
    let (id, draft) = shown.draft.unwrap_or_else(|| (new_draft_id(visit), Draft::default()));
    let photos = draft
        .photos
        .iter()
        .map(|photo| PhotoRow { id: photo.blob.to_string(), url: format!("/melden/entwurf/{id}/{}", photo.blob) });
    let asks = visit.t.s(match question.as_ref().map(|question| question.doubt) {
        Some(Doubt::Unknown) => "reports-place-vague",
        Some(Doubt::Street) => "reports-place-street",
        Some(Doubt::Several) | None => "reports-place-several",
    });
    let hits = question.into_iter().flat_map(|question| question.offers).map(|offer| choice(visit, offer));
    PlacePage {
        page,
        form,
        photos: photos.collect(),
        hits: hits.collect(),
        asks,
        offer: shown.offer,
        chosen: draft.place,
        map: shown.map,
        draft: id.to_string(),
        copy,
    }
}

fn choice(visit: &Visit, offer: Offer) -> super::Choice {
    let kind = match (offer.is_street, offer.is_pin) {
        (true, _) => visit.t.s("reports-place-middle"),
        (_, true) => visit.t.s("reports-place-pin"),
        _ => "",
    };
    let hint = [offer.sub.as_str(), kind].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    super::Choice { hint, ..super::Choice::new(offer.value, offer.label) }
}

/// Puts what the draft knows into the fields that were not sent.
fn filled(mut form: Form, draft: Option<&Draft>) -> FormState {
    if let Some(draft) = draft {
        if !form.has("address") {
            form.set("address", draft.typed.as_str());
        }
        if let Some(at) = draft.position {
            form.set("lat", format!("{:.6}", at.lat));
            form.set("lon", format!("{:.6}", at.lon));
        }
    }
    form.into()
}

pub async fn show(visit: Visit, form: Form) -> Answer {
    let id = draft_id(&form);
    let at = form.number("lat").zip(form.number("lon")).and_then(|(lat, lon)| Position::new(lat, lon));
    let v = visit.clone();
    let shown = visit.read(move |tx| shown(tx, &v, id, None, at)).await?;
    let mut clean = Form::default();
    clean.set("kategorie", form.text("kategorie"));
    if let Some(at) = at {
        clean.set("lat", format!("{:.6}", at.lat));
        clean.set("lon", format!("{:.6}", at.lon));
    }
    let state = filled(clean, shown.draft.as_ref().map(|(_, draft)| draft));
    web::render(&page_of(&visit, shown, state, None))
}

/// What one sending of the form led to.
enum Next {
    Go(String),
    /// The same page with a question: radios for several places of that name.
    Again(Question),
    Mend(&'static str, &'static str),
}

pub async fn sent(visit: Visit, form: Form) -> Answer {
    let id = draft_id(&form);
    let mut state = FormState::from(form);
    let taken = photos::take(&visit, &mut state).await?;
    let gone = Uuid::try_parse(state.form.text("remove-photo")).ok();
    let fresh = new_draft_id(&visit);
    let (sent, refused) = (state.form.clone(), state.has_errors());
    // Read and written in one go: another tab may have sent photos to the same draft a moment ago.
    let (id, next, all_fit, is_renewed) = visit
        .write(move |tx| {
            let (id, mut draft, is_renewed) = begin(tx, id, fresh, sent.raw("copy"))?;
            draft.photos.retain(|photo| Some(photo.blob) != gone);
            let all_fit = taken.add_to(&mut draft);
            let next = decide(tx, &sent, &mut draft, taken.any(), refused || !all_fit)?;
            store::save_draft(tx, id, &draft)?;
            Ok::<_, DbError>((id, next, all_fit, is_renewed))
        })
        .await?;
    if !all_fit {
        let most = i64::try_from(PHOTOS_MAX).unwrap_or(i64::MAX);
        state.refuse("photo", visit.t.count("kit-photo-many", most));
    }
    match next {
        Next::Go(path) if is_renewed => {
            Ok(visit.see_other_saying(&format!("{path}?entwurf={id}"), "flash-report-draft"))
        }
        Next::Go(path) => Ok(visit.see_other(&format!("{path}?entwurf={id}"))),
        Next::Again(question) => {
            if question.again {
                state.refuse("hit", visit.t.s("reports-place-choose"));
            }
            again(&visit, id, state, Some(question)).await
        }
        Next::Mend(field, key) => {
            if !key.is_empty() {
                state.refuse(field, visit.t.s(key));
            }
            again(&visit, id, state, None).await
        }
    }
}

/// The draft to go on with, locked. The first page names its draft before there is one: of two who send it at once, the
/// second waits here and finds what the first stored. One that expired comes back from the copy in the form; one that was
/// sent is not sent once more. Also says whether it came from the copy.
fn begin(tx: &Tx<'_>, id: Option<Uuid>, fresh: Uuid, copy: &str) -> Result<(Uuid, Draft, bool), DbError> {
    if let Some(id) = id {
        if copy.is_empty() {
            store::create_draft(tx, id, &Draft::default())?;
        }
        if let Some(known) = store::lock_draft(tx, id)? {
            return Ok((id, known, false));
        }
    }
    let was_sent = id.map(|id| store::was_sent(tx, id)).transpose()?.unwrap_or(false);
    let again = if was_sent { None } else { around::draft_anew(tx, copy)? };
    let is_renewed = again.is_some();
    let draft = again.unwrap_or_default();
    store::create_draft(tx, fresh, &draft)?;
    Ok((fresh, draft, is_renewed))
}

fn decide(tx: &Tx<'_>, form: &Form, draft: &mut Draft, new_photos: bool, refused: bool) -> Result<Next, DbError> {
    if draft.problem.is_empty() && !form.text("kategorie").is_empty() {
        draft.category = form.text("kategorie").chars().take(60).collect();
    }
    if let Some(at) = around::clicked(form) {
        // Newer than the address beside it, which stays in its field and is not looked for any more.
        draft.typed = around::typed(form);
        if matches!(around::move_draft(tx, draft, at, None)?, Placed::Outside) {
            return Ok(Next::Mend("address", "reports-place-outside"));
        }
        draft.found.clone_from(&draft.typed);
        return Ok(if refused { Next::Mend("photo", "") } else { Next::Go(Step::Place.path().to_owned()) });
    }
    let placed = around::resolve(tx, form, draft)?;
    if form.has("remove-photo") {
        return Ok(Next::Go(Step::Place.path().to_owned()));
    }
    Ok(match placed {
        Placed::Asked(question) => Next::Again(question),
        // An empty key: the photo's own message stands already.
        Placed::Known if refused => Next::Mend("photo", ""),
        Placed::Known => Next::Go(Step::What.path().to_owned()),
        Placed::Empty if new_photos && draft.photo_position.is_some() && refused => Next::Mend("photo", ""),
        Placed::Empty if new_photos && draft.photo_position.is_some() => Next::Go(Step::Place.path().to_owned()),
        Placed::Empty => Next::Mend("address", "reports-place-missing"),
        Placed::NotFound => Next::Mend("address", "reports-place-not-found"),
        Placed::Outside => Next::Mend("address", "reports-place-outside"),
    })
}

async fn again(visit: &Visit, id: Uuid, mut state: FormState, question: Option<Question>) -> Answer {
    let v = visit.clone();
    let asked = question.as_ref().and_then(|question| question.offers.first()).map(|offer| offer.position);
    let shown = visit.read(move |tx| shown(tx, &v, Some(id), asked, None)).await?;
    // An address that was found stands on the map, so that the pin can be moved to the very spot.
    if let Some(at) = shown.draft.as_ref().and_then(|(_, draft)| draft.position).filter(|_| asked.is_none()) {
        state.form.set("lat", format!("{:.6}", at.lat));
        state.form.set("lon", format!("{:.6}", at.lon));
    }
    // Which of several is a question, not a mistake.
    let asks = asked.is_some() && !state.has_errors();
    let page = page_of(visit, shown, state, question);
    if asks { web::render(&page) } else { Visit::unprocessable(&page) }
}

/// The code on a thing: skips this step. Reading it changes nothing, so a camera that only looks leaves no draft.
pub async fn by_code(visit: Visit, Path(token): Path<String>) -> Answer {
    let known = token.clone();
    let draft = visit.read(move |tx| around::draft_at(tx, &known)).await?;
    if draft.is_none() {
        return Err(PageError::NotFound);
    }
    let token = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
    Ok(visit.see_other(&format!("{}?objekt={token}", Step::What.path())))
}
