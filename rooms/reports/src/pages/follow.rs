//! Following a report or an area by mail: wish, confirmation, end. Links in mails open a page with a button; the button
//! does it, because mail programs open links by themselves.

use super::{Choice, MessagePage, Thanks, found, read_email};
use crate::{
    around::{self, MapFrame},
    letters,
    report::{Visibility, token_hash},
    store,
};
use axum::extract::Path;
use base::{Actor, Position};
use db::{Audit, DbError, Once, Tx};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit};

#[derive(Template)]
#[template(path = "reports-follow.html")]
struct FollowPage {
    page: Page,
    form: FormState,
    number: String,
    title: String,
}

#[derive(Template)]
#[template(path = "reports-area.html")]
struct AreaPage {
    page: Page,
    form: FormState,
    map: MapFrame,
    radii: Vec<Choice>,
    /// The picture shows the circle.
    is_chosen: bool,
}

const RADII: [(&str, f64); 4] = [("250", 250.0), ("500", 500.0), ("1000", 1_000.0), ("3000", 3_000.0)];

pub async fn report(visit: Visit, Path(number): Path<String>) -> Answer {
    let row = found(visit.read(move |tx| store::public_report(tx, &number)).await?)?;
    let page = visit.page(visit.t.s("reports-follow-title"));
    web::render(&FollowPage { page, form: FormState::default(), number: row.number, title: row.title })
}

/// An address that can be written to, or the field says why not.
fn required_email(visit: &Visit, state: &mut FormState) -> Option<mail::EmailAddress> {
    match read_email(state.form.text("email")) {
        Ok(Some(email)) => return Some(email),
        Ok(None) => state.refuse("email", visit.t.s("reports-email-missing")),
        Err(_) => state.refuse("email", visit.t.s("reports-email-wrong")),
    }
    None
}

pub async fn report_sent(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    let Some(email) = required_email(&visit, &mut state) else {
        let row = found(visit.read(move |tx| store::public_report(tx, &number)).await?)?;
        let page = visit.page(visit.t.s("reports-follow-title")).failed();
        return Visit::unprocessable(&FollowPage { page, form: state, number: row.number, title: row.title });
    };
    let (v, fingerprint) = (visit.clone(), state.form.fingerprint());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let report = store::desk_report(tx, &number)?.filter(|report| report.visibility == Visibility::Public);
            let report = report.ok_or(PageError::NotFound)?;
            letters::ask_to_follow_report(tx, &v, &report, &email)?;
            tx.audit(audit("report.follow_asked", report.id.to_string()));
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other(&Thanks::Asked.path()))
}

fn audit(action: &'static str, subject: String) -> Audit {
    Audit { actor: Actor::Visitor.trace(), action, subject, detail: json!({}) }
}

async fn area_page(visit: &Visit, form: FormState) -> Result<AreaPage, PageError> {
    let (at, metres) = (position_of(&form.form), metres_of(&form.form));
    let v = visit.clone();
    let map = visit.read(move |tx| match at {
        Some(at) => around::circle_frame(tx, &v, at, metres),
        None => around::map_frame(tx, &v, None),
    });
    let map = map.await?;
    let t = visit.t;
    let mut page = visit.page(t.s("reports-area-title")).script("karte");
    if form.has_errors() {
        page = page.failed();
    }
    let radii = RADII.iter().map(|(word, metres)| Choice::new(*word, web::words::distance(t.lang, *metres))).collect();
    Ok(AreaPage { page, form, map, radii, is_chosen: at.is_some() })
}

fn position_of(form: &Form) -> Option<Position> {
    Position::new(form.number("lat")?, form.number("lon")?)
}

fn metres_of(form: &Form) -> f64 {
    RADII.iter().find(|(word, _)| *word == form.text("radius")).map_or(500.0, |(_, metres)| *metres)
}

pub async fn area(visit: Visit, form: Form) -> Answer {
    let mut form = form;
    if !form.has("radius") {
        form.set("radius", "500");
    }
    web::render(&area_page(&visit, form.into()).await?)
}

/// The centre a form means, and the words for it if they are new.
enum Centre {
    At(Position, Option<String>),
    NotFound,
    Missing,
}

/// The click on the picture, then the pin on the map, then the address: whichever changed since the page was shown.
fn centre(tx: &Tx<'_>, form: &Form) -> Result<Centre, DbError> {
    let (tapped, typed) = (position_of(form), form.text("address"));
    let pin_moved = form.text("pin-was") != format!("{},{}", form.text("lat"), form.text("lon"));
    if let Some(at) = around::clicked(form).or(tapped.filter(|_| pin_moved)) {
        return Ok(Centre::At(at, Some(around::spot(tx, at)?.place)));
    }
    let newly_typed = form.text("address-was") != typed;
    match tapped {
        Some(at) if typed.is_empty() || !newly_typed => Ok(Centre::At(at, None)),
        None if typed.is_empty() => Ok(Centre::Missing),
        _ => {
            let hit = places::search_places(tx, typed, None, 1)?.into_iter().next();
            Ok(hit.map_or(Centre::NotFound, |hit| Centre::At(hit.position, None)))
        }
    }
}

pub async fn area_sent(visit: Visit, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let only_looks = form.has("point.x") || form.has("show");
    let sent = form.clone();
    let meant = visit.read(move |tx| centre(tx, &sent)).await?;
    let mut state = FormState::from(form);
    let at = match meant {
        Centre::At(at, words) => {
            // Written back, so that the next sending starts from there.
            state.form.set("lat", format!("{:.6}", at.lat));
            state.form.set("lon", format!("{:.6}", at.lon));
            words.into_iter().for_each(|words| state.form.set("address", words));
            Some(at)
        }
        Centre::NotFound => {
            state.refuse("address", visit.t.s("reports-place-not-found"));
            None
        }
        Centre::Missing => {
            state.refuse("address", visit.t.s("reports-place-missing"));
            None
        }
    };
    if only_looks && at.is_some() {
        return web::render(&area_page(&visit, state).await?);
    }
    let email = if only_looks { None } else { required_email(&visit, &mut state) };
    let metres = metres_of(&state.form);
    let (Some(at), Some(email), false) = (at, email, state.has_errors()) else {
        return Visit::unprocessable(&area_page(&visit, state).await?);
    };
    let (v, fingerprint) = (visit.clone(), state.form.fingerprint());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let id = letters::ask_to_follow_area(tx, &v, at, metres, &email)?;
            tx.audit(audit("report.area_follow_asked", id.to_string()));
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other(&Thanks::Asked.path()))
}

/// A button that confirms or ends, with what it is about.
#[derive(Template)]
#[template(path = "reports-token.html")]
struct TokenPage {
    page: Page,
    heading: &'static str,
    text: &'static str,
    button: &'static str,
    action: String,
}

/// What a link in our mails asks for, and how it is done. The names are keys of texts.
struct Deed {
    path: &'static str,
    asks: [&'static str; 3],
    audit: &'static str,
    write: fn(&Tx<'_>, Uuid) -> Result<(), DbError>,
    icon: &'static str,
    said: [&'static str; 2],
}

const CONFIRM: Deed = Deed {
    path: "/melden/folgen",
    asks: ["reports-confirm-title", "reports-confirm-text", "reports-confirm-button"],
    audit: "report.follow_confirmed",
    write: store::confirm_follow,
    icon: "bell",
    said: ["reports-confirmed-title", "reports-confirmed-text"],
};

const END: Deed = Deed {
    path: "/melden/abbestellen",
    asks: ["reports-end-title", "reports-end-text", "reports-end-button"],
    audit: "report.follow_ended",
    write: store::end_follow,
    icon: "circle-check",
    said: ["reports-ended-title", "reports-ended-text"],
};

async fn by_token(visit: &Visit, token: &str) -> Result<store::Follow, PageError> {
    visit.limit_secret().await?;
    let hash = token_hash(token);
    let follow = visit.read(move |tx| store::follow_by_token(tx, &hash)).await?;
    follow.ok_or(PageError::Gone)
}

async fn ask(visit: Visit, token: String, deed: &Deed) -> Answer {
    by_token(&visit, &token).await?;
    let [heading, text, button] = deed.asks.map(|key| visit.t.s(key));
    let action = format!("{}/{token}", deed.path);
    web::render(&TokenPage { page: visit.page(heading), heading, text, button, action })
}

/// Doing it twice is the same as once, so no key is needed. Answered at once, without a redirect: mail programs end a
/// subscription by this request themselves and follow none (RFC 8058, section 3.1).
async fn done(visit: Visit, token: String, deed: &'static Deed) -> Answer {
    let follow = by_token(&visit, &token).await?;
    visit
        .write(move |tx| {
            tx.audit(audit(deed.audit, follow.id.to_string()));
            (deed.write)(tx, follow.id)
        })
        .await?;
    let [heading, text] = deed.said.map(|key| visit.t.s(key));
    web::render(&MessagePage {
        page: visit.page(heading),
        icon: deed.icon,
        kind: "ok",
        heading: heading.to_owned(),
        text: text.to_owned(),
        links: vec![("/meldungen".to_owned(), visit.t.s("reports-list-title").to_owned())],
    })
}

pub async fn confirm_page(visit: Visit, Path(token): Path<String>) -> Answer {
    ask(visit, token, &CONFIRM).await
}

pub async fn confirm(visit: Visit, Path(token): Path<String>) -> Answer {
    done(visit, token, &CONFIRM).await
}

pub async fn end_page(visit: Visit, Path(token): Path<String>) -> Answer {
    ask(visit, token, &END).await
}

pub async fn end(visit: Visit, Path(token): Path<String>) -> Answer {
    done(visit, token, &END).await
}
