//! The two links in our mails that change something: confirming an address, ending the mails. Opening them only shows a
//! button, because mail scanners open every link; pressing it does it. What the link may do is signed into it.

use super::access::access_cookie;
use crate::{
    mails::{self, MailKind},
    open,
    store::{
        self,
        threads::{self, PartyId},
    },
};
use axum::{extract::Path, http::header};
use base::Actor;
use db::{Audit, DbError, Tx};
use serde_json::json;
use web::{Answer, Form, Page, PageError, Template, Visit};

#[derive(Template)]
#[template(path = "stand-post.html")]
struct PostPage {
    page: Page,
    heading: &'static str,
    text: String,
    /// Empty when there is nothing to press.
    button: &'static str,
    action: String,
    link: String,
    link_text: &'static str,
}

fn party_in(visit: &Visit, purpose: &str, token: &str) -> Result<PartyId, PageError> {
    let sealed = visit.site.keys.open(visit.town_id(), purpose, token, visit.site.clock.now());
    sealed.and_then(|id| PartyId::parse(&id)).ok_or(PageError::Gone)
}

/// Title of the case, for people who get several such mails.
async fn title(visit: &Visit, party: PartyId) -> Result<String, PageError> {
    let lang = visit.t.lang;
    let found = visit
        .read(move |tx| {
            let Some(party) = threads::party(tx, party)? else { return Ok(None) };
            let Some(head) = store::head(tx, party.case)? else { return Ok(None) };
            open::title_in(tx, party.case, &head.title, lang).map(Some)
        })
        .await
        .map_err(|error: DbError| PageError::from(error))?;
    found.ok_or(PageError::Gone)
}

pub async fn confirm_page(visit: Visit, Path(token): Path<String>) -> Answer {
    visit.limit_secret().await?;
    let party = party_in(&visit, "case-mail", &token)?;
    let title = title(&visit, party).await?;
    web::render(&PostPage {
        page: visit.page(visit.t.s("cases-confirm-title")),
        heading: visit.t.s("cases-confirm-title"),
        text: visit.t.with("cases-confirm-text", &[("title", title.into())]),
        button: visit.t.s("cases-confirm-button"),
        action: format!("/post/bestaetigen/{token}"),
        link: String::new(),
        link_text: "",
    })
}

/// The number of the case that is written about from now on.
fn confirm_in(tx: &Tx<'_>, id: PartyId) -> Result<String, PageError> {
    let party = threads::party(tx, id)?.filter(|party| party.ended_at.is_none()).ok_or(PageError::Gone)?;
    let head = store::head(tx, party.case)?.ok_or(PageError::Gone)?;
    if threads::confirm_party(tx, id)? {
        open::answered(tx, id.0)?;
        tx.audit(Audit {
            actor: Actor::Visitor.trace(),
            action: "case.party_confirmed",
            subject: head.id.to_string(),
            detail: json!({ "party": id.to_string() }),
        });
        let payload = json!({ "case": head.id.to_string(), "number": head.number, "state": head.state.word(),
                              "party": id.to_string() });
        tx.emit("case.party_confirmed", payload);
        mails::queue(tx, id, MailKind::Received, None);
    }
    Ok(head.number)
}

/// Confirming twice is as good as once. The reporter's browser may then open the case: whoever reads this mailbox is the
/// reporter.
pub async fn confirm(visit: Visit, Path(token): Path<String>, _: Form) -> Answer {
    visit.limit_secret().await?;
    let party = party_in(&visit, "case-mail", &token)?;
    let number = visit.write(move |tx| confirm_in(tx, party)).await?;
    let mut response = visit.see_other_saying(&format!("/stand/{number}"), "flash-cases-confirmed");
    response.headers_mut().append(header::SET_COOKIE, access_cookie(&visit, &number));
    Ok(response)
}

pub async fn stop_page(visit: Visit, Path(token): Path<String>) -> Answer {
    visit.limit_secret().await?;
    let party = party_in(&visit, "case-stop", &token)?;
    let title = title(&visit, party).await?;
    web::render(&PostPage {
        page: visit.page(visit.t.s("cases-stop-title")),
        heading: visit.t.s("cases-stop-title"),
        text: visit.t.with("cases-stop-text", &[("title", title.into())]),
        button: visit.t.s("cases-stop-button"),
        action: format!("/post/abbestellen/{token}"),
        link: String::new(),
        link_text: "",
    })
}

/// Also what a mail program's own button for leaving sends (RFC 8058), hence no once-only key: ending twice is ending.
pub async fn stop(visit: Visit, Path(token): Path<String>, _: Form) -> Answer {
    visit.limit_secret().await?;
    let party = party_in(&visit, "case-stop", &token)?;
    visit
        .write(move |tx| {
            if threads::end_party(tx, party)? {
                tx.audit(Audit {
                    actor: Actor::Visitor.trace(),
                    action: "case.party_ended",
                    subject: party.to_string(),
                    detail: json!({}),
                });
            }
            Ok::<_, DbError>(())
        })
        .await?;
    web::render(&PostPage {
        page: visit.page(visit.t.s("cases-stopped-title")),
        heading: visit.t.s("cases-stopped-title"),
        text: visit.t.s("cases-stopped-text").to_owned(),
        button: "",
        action: String::new(),
        link: "/".to_owned(),
        link_text: visit.t.s("cases-to-home"),
    })
}
