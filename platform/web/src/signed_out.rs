//! A form of the desk that arrived after its session had ended: what was typed comes back on a page that leads to the
//! sign-in and sends it again. It shows nothing but what this very request brought, keeps nothing, and the second
//! sending is guarded like the first. Not for files, and not for forms with a password.

use crate::{
    Form, Page, PageError, Visit,
    form::{TEXT_BYTES_MAX, unread},
};
use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOutPage {
    page: Page,
    action: String,
    hidden: Vec<(String, String)>,
    typed: Vec<(String, String)>,
}

/// The page for this request, or `None` if it brought nothing of a person. Values without a blank are mostly
/// choices and numbers of ours: they travel along unseen.
pub async fn keep_words(visit: &Visit, request: Request) -> Result<Option<Response>, PageError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if request.method() != http::Method::POST || !kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(None);
    }
    let body = axum::body::to_bytes(request.into_body(), TEXT_BYTES_MAX).await.map_err(|error| unread(&error))?;
    let form = Form::from_urlencoded(&String::from_utf8_lossy(&body));
    if form.pairs().any(|(name, _)| name.contains("pass") || name.contains("secret")) {
        return Ok(None);
    }
    let is_typed = |pair: &(&str, &str)| pair.1.trim().contains(char::is_whitespace);
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let typed: Vec<_> = form.pairs().filter(is_typed).map(own).collect();
    if form.pairs().all(|(name, value)| name == "once" || value.trim().is_empty()) {
        return Ok(None);
    }
    let hidden = form.pairs().filter(|pair| !is_typed(pair)).map(own).collect();
    let page = visit.page(visit.t.s("kit-signed-out-title"));
    let action = visit.path_and_query.clone();
    let mut response = Visit::unprocessable(&SignedOutPage { page, action, hidden, typed })?;
    // Whoever sits at this device next must not find the words by pressing Back.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(Some(response))
}
