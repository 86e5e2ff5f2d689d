//! `/darstellung` and `/sprache`: how a visitor wants to see the pages, kept in a cookie without an account. Invariant:
//! the way back leads to a page of this town.

use crate::small::with_cookie;
use axum::response::Response;
use identity::own_path;
use web::{Answer, Display, Form, FormState, Lang, Page, Template, Visit};

/// One choice of a radio field.
struct Choice {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    aside: &'static str,
}

#[derive(Template)]
#[template(path = "display.html")]
struct DisplayPage {
    page: Page,
    form: FormState,
    back: String,
    themes: Vec<Choice>,
    sizes: Vec<Choice>,
    motions: Vec<Choice>,
    links: Vec<Choice>,
    spacings: Vec<Choice>,
    keys: Vec<Choice>,
}

/// `GET /darstellung`
pub async fn show(visit: Visit, form: Form) -> Answer {
    let Display { theme, text_size, motion, links, spacing, keys, .. } = visit.display.clone();
    let now = Form::from_pairs([
        ("theme", theme),
        ("text_size", text_size),
        ("motion", motion),
        ("links", links),
        ("spacing", spacing),
        ("keys", keys),
    ]);
    let t = visit.t;
    let choice = |value, key| Choice { value, label: t.s(key), hint: "", aside: "" };
    let as_device = |key| choice("", key);
    web::render(&DisplayPage {
        page: visit.page(t.s("guide-display-title")),
        form: now.into(),
        back: own_path(form.text("zurueck")).unwrap_or("").to_owned(),
        themes: vec![
            as_device("guide-display-device"),
            choice("light", "guide-display-light"),
            choice("dark", "guide-display-dark"),
            choice("contrast", "guide-display-contrast"),
        ],
        sizes: vec![
            choice("100", "guide-display-100"),
            choice("125", "guide-display-125"),
            choice("150", "guide-display-150"),
            choice("200", "guide-display-200"),
        ],
        motions: vec![as_device("guide-display-device"), choice("reduced", "guide-display-still")],
        links: vec![as_device("guide-display-usual"), choice("underlined", "guide-display-underlined")],
        spacings: vec![as_device("guide-display-usual"), choice("wide", "guide-display-wide")],
        keys: vec![as_device("guide-display-keys-on"), choice("off", "guide-display-keys-off")],
    })
}

const YEAR_SECONDS: i64 = 365 * 86_400;

fn remember(response: Response, display: &Display) -> Response {
    with_cookie(response, web::cookie("darstellung", &display.to_cookie(), Some(YEAR_SECONDS)))
}

/// `POST /darstellung`
pub async fn save(visit: Visit, form: Form) -> Answer {
    let display = visit.display.from_form(&form);
    let back = own_path(form.text("zurueck")).unwrap_or("/darstellung");
    Ok(remember(visit.see_other_saying(back, "flash-guide-display"), &display))
}

/// `GET /sprache?zu=en&zurueck=/pfad`: a link, so that it works from every page without scripts.
pub async fn language(visit: Visit, form: Form) -> Answer {
    let mut display = visit.display.clone();
    display.lang = Lang::from_code(form.text("zu")).unwrap_or(display.lang);
    let back = own_path(form.text("zurueck")).unwrap_or("/");
    Ok(remember(visit.see_other(back), &display))
}
