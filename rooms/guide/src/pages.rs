//! The pages every town owes, shown: one template, one text each. Which text, `town_text` decides.

use crate::{
    markup, store,
    town_text::{self, TextPage},
};
use db::DbError;
use std::{future::Future, pin::Pin};
use web::{Answer, Lang, Page, PageError, Template, Visit};

/// A text ready for a page.
pub struct Shown {
    /// Rendered by `markup`, which escapes everything.
    pub html: String,
    pub lang: &'static str,
    /// The text is not in the visitor's language: the page says so.
    pub foreign: bool,
}

#[derive(Template)]
#[template(path = "town-text.html")]
struct TownTextPage {
    page: Page,
    title: &'static str,
    text: Shown,
}

/// The town's text for this visitor.
pub async fn shown(visit: &Visit, page: TextPage) -> Result<Shown, PageError> {
    let wanted = visit.t.lang;
    let (own, german) = visit
        .read(move |tx| {
            let own = store::newest_text(tx, page, wanted)?;
            let german = if wanted == Lang::De { None } else { store::newest_text(tx, page, Lang::De)? };
            Ok::<_, DbError>((own, german))
        })
        .await?;
    let chosen = town_text::choose(page, wanted, own.map(|text| text.body), german.map(|text| text.body));
    let html = markup::render(&town_text::fill(&chosen.source, &visit.town, chosen.lang));
    Ok(Shown { html, lang: chosen.lang.code(), foreign: chosen.lang != wanted })
}

async fn show(visit: Visit, page: TextPage) -> Answer {
    let text = shown(&visit, page).await?;
    let title = visit.t.s(page.title());
    web::render(&TownTextPage { page: visit.page(title), title, text })
}

type Shows = fn(Visit) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Paths and handlers of the pages that are a text and nothing more.
pub const PLAIN: &[(&str, Shows)] = &[
    ("/impressum", |visit| Box::pin(show(visit, TextPage::Imprint))),
    ("/datenschutz", |visit| Box::pin(show(visit, TextPage::Privacy))),
    ("/barrierefreiheit", |visit| Box::pin(show(visit, TextPage::Accessibility))),
    ("/hilfe", |visit| Box::pin(show(visit, TextPage::Help))),
    ("/leichte-sprache", |visit| Box::pin(show(visit, TextPage::EasyLanguage))),
];
