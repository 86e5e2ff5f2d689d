//! Mails of this room: to confirm a wish to follow, and the news that follow. Invariant: the only mail that goes to an
//! unconfirmed address is the one that asks for the confirmation. Tokens are sent, hashes are kept.

use crate::{
    around,
    category::Words,
    report::{PublicState, token_hash},
    store::{self, Card, DeskReport, Follow, NewFollow},
};
use base::Position;
use cases::CaseId;
use db::{DbError, Tx};
use mail::{EmailAddress, Mail};
use uuid::Uuid;
use web::{Lang, Letterbox, Site, Stage, Texts, Town, Visit};

/// The purpose of the token that ends a subscription: derived, so that every mail can carry it and none stores it.
const TOKEN: &str = "report-follow";

/// Confirmation and end use one token per follow: whoever can confirm an address may also end it.
fn token_of(site: &Site, id: Uuid) -> String {
    format!("{}{}", id.simple(), site.keys.pin(TOKEN, id.as_bytes()))
}

pub fn ask_to_follow_report(
    tx: &Tx<'_>,
    visit: &Visit,
    report: &DeskReport,
    email: &EmailAddress,
) -> Result<Uuid, DbError> {
    let at = Position { lat: report.lat, lon: report.lon };
    let new = NewFollow {
        report: Some(report.id),
        position: at,
        metres: 0.0,
        email: email.as_str().to_owned(),
        language: visit.t.lang.code(),
        token_hash: vec![],
    };
    // Kind and place are the town's own words; what somebody typed is not delivered to an address nobody confirmed.
    let category = store::category(tx, &report.category)?.map(|category| category.label).unwrap_or_default();
    let what = format!("{}, {}", category.of(visit.t.lang), report.place);
    let named = [("number", report.number.as_str().into()), ("what", what.into())];
    let subject = visit.t.with("reports-mail-confirm-report-subject", &named);
    ask(tx, visit, new, email, &subject, &visit.t.with("reports-mail-confirm-report", &named))
}

pub fn ask_to_follow_area(
    tx: &Tx<'_>,
    visit: &Visit,
    at: Position,
    metres: f64,
    email: &EmailAddress,
) -> Result<Uuid, DbError> {
    let new = NewFollow {
        report: None,
        position: at,
        metres,
        email: email.as_str().to_owned(),
        language: visit.t.lang.code(),
        token_hash: vec![],
    };
    let named = [
        ("place", around::spot(tx, at)?.place.into()),
        ("distance", web::words::distance(visit.t.lang, metres).into()),
    ];
    let subject = visit.t.with("reports-mail-confirm-area-subject", &named);
    ask(tx, visit, new, email, &subject, &visit.t.with("reports-mail-confirm-area", &named))
}

fn ask(
    tx: &Tx<'_>,
    visit: &Visit,
    mut new: NewFollow,
    email: &EmailAddress,
    subject: &str,
    text: &str,
) -> Result<Uuid, DbError> {
    let id = tx.new_id();
    // Silently nothing beyond the limit: whoever typed the address learns nothing about it.
    if !cases::may_ask(tx, email, id)? {
        return Ok(id);
    }
    let token = token_of(&visit.site, id);
    new.token_hash = token_hash(&token);
    store::add_follow(tx, id, &new)?;
    let t = visit.t;
    let mail = Mail::new(subject)
        .language(t.lang.code())
        .greeting()
        .paragraph(text)
        .button(t.s("reports-confirm-button"), visit.town.url(&format!("/melden/folgen/{token}")));
    let mail = web::signed(mail, t, &visit.town, "", true).footer(t.s("reports-mail-not-you"));
    Letterbox::send(tx, email, mail)?;
    Ok(id)
}

fn texts_of<'s>(stage: &'s Stage, follow: &Follow) -> &'s Texts {
    stage.site.texts().of(Lang::from_code(&follow.language).unwrap_or(Lang::De))
}

fn send(tx: &Tx<'_>, stage: &Stage, follow: &Follow, mail: Mail) -> Result<(), DbError> {
    let Ok(to) = EmailAddress::parse(&follow.email) else {
        tracing::warn!(follow = %follow.id, "a stored address cannot be written to");
        return Ok(());
    };
    let end = stage.town.url(&format!("/melden/abbestellen/{}", token_of(&stage.site, follow.id)));
    let t = texts_of(stage, follow);
    let mail = web::signed(mail, t, &stage.town, "", true).footer(format!("{} {end}", t.s("reports-mail-end")));
    Letterbox::send_to_subscriber(tx, &to, mail, end)
}

/// News to everybody who follows this report.
pub fn tell_followers(tx: &Tx<'_>, stage: &Stage, report: &DeskReport, state: PublicState) -> Result<(), DbError> {
    for follow in store::followers_of(tx, report.id)? {
        let t = texts_of(stage, &follow);
        let title = cases::title_in(tx, CaseId(report.case_id), &report.public_title, t.lang)?;
        let what = format!("{title}, {}", report.place);
        let named = [("what", what.into()), ("state", state.label(t).into())];
        let mail = Mail::new(t.with("reports-mail-news-subject", &named))
            .language(t.lang.code())
            .greeting()
            .paragraph(t.with("reports-mail-news", &named))
            .fact(t.s("reports-number"), report.number.as_str())
            .button(t.s("reports-mail-open"), link(&stage.town, &report.number));
        send(tx, stage, &follow, mail)?;
    }
    Ok(())
}

/// News of a fresh public report to everybody who follows its area.
pub fn tell_area(tx: &Tx<'_>, stage: &Stage, card: &Card, category: &Words) -> Result<(), DbError> {
    for follow in store::area_followers(tx, card.position())? {
        let t = texts_of(stage, &follow);
        let title = match store::desk_report(tx, &card.number)? {
            Some(report) => cases::title_in(tx, CaseId(report.case_id), &card.title, t.lang)?,
            None => card.title.clone(),
        };
        let what = format!("{title}, {}", card.place);
        let named = [("what", what.into())];
        let mut mail = Mail::new(t.with("reports-mail-area-subject", &named))
            .language(t.lang.code())
            .greeting()
            .paragraph(t.with("reports-mail-area", &named))
            .fact(t.s("reports-category-label"), category.of(t.lang))
            .fact(t.s("reports-number"), card.number.as_str());
        if !card.body.is_empty() {
            mail = mail.quote(card.body.as_str());
        }
        send(tx, stage, &follow, mail.button(t.s("reports-mail-open"), link(&stage.town, &card.number)))?;
    }
    Ok(())
}

fn link(town: &Town, number: &str) -> String {
    town.url(&format!("/melden/{number}"))
}
