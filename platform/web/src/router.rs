//! Puts the rooms' routes behind the layers every request passes: address, limits, town, session, texts, then the
//! handler, then errors as pages and security headers. Invariant: what leaves here is a complete page or asset, also
//! when something broke, and no error text of the inside.

use crate::{
    ClientAddress, Display, Form, Lang, LimitKind, NavLink, Page, PageError, Routes, SeenRoute, Site, Town, Trouble,
    Visit, access::InGerman, api, assets, cookies, forwarded, headers, kept, operations, pace, spelled,
    visit::flash_of,
};
use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use base::{Actor, new_id};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, DefaultPredicate,
        predicate::{NotForContentType, Predicate},
    },
    csrf::CsrfLayer,
};

/// The whole site, and the list of its routes for the access matrix. `outside` are the binary's own routes (health,
/// metrics), which belong to no town.
pub fn router(site: &Site, outside: Router) -> (Router, Vec<SeenRoute>) {
    let mut routes = Routes { room: "web", ..Routes::default() };
    operations::routes(&mut routes);
    api::routes(&mut routes);
    for room in site.rooms.iter() {
        routes.room = room.name;
        (room.routes)(&mut routes);
    }
    let Routes { router, seen, kept, .. } = routes;
    let keeper = kept::Keeper { site: site.clone(), paths: kept.into() };
    let pages = router
        .fallback(|| async { PageError::NotFound })
        // Axum adds which methods there are (`Allow`); HEAD is answered by GET.
        .method_not_allowed_fallback(|| async { PageError::OtherMethod })
        .layer(from_fn(without_nul))
        // Browsers say where a POST comes from; an answer from elsewhere is refused without any token in the form.
        .layer(CsrfLayer::new())
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            PageError::internal("a handler panicked").into_response()
        }))
        .layer(from_fn(pace::keep))
        .layer(from_fn(errors_as_pages))
        .layer(from_fn_with_state(site.clone(), enter))
        .layer(from_fn(headers::tag))
        // A film is packed already, and a part of it must keep its bytes.
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::new("video/"))));
    let whole = Router::new()
        .route("/-/{*path}", get(assets::serve))
        .merge(outside)
        .merge(pages)
        .layer(axum::extract::DefaultBodyLimit::max(site.settings.form_bytes_max()))
        .layer(from_fn(headers::secure))
        // Outermost: a kept page is handed out with all its headers.
        .layer(from_fn_with_state(keeper, kept::keep));
    (whole, seen)
}

/// Finds out who visits which town and hands it on as `Visit`.
async fn enter(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let client = client_of(&site, &request);
    let host = host_of(&request);
    if site.limits.check(LimitKind::Any, client).is_err() {
        return bare(request.uri(), StatusCode::TOO_MANY_REQUESTS, "5");
    }
    let town = match site.town_by_host(&host).await {
        Ok(Some(town)) => town,
        Ok(None) => return no_town(),
        Err(error) => {
            tracing::error!(%error, "could not look up the town of a request");
            return bare(request.uri(), StatusCode::SERVICE_UNAVAILABLE, "2");
        }
    };
    let visit =
        match make_visit(&site, town, ClientAddress(client), request.headers().clone(), request.uri().clone()).await {
            Ok(visit) => visit,
            Err(error) => {
                tracing::error!(%error, "could not read a session");
                return bare(request.uri(), StatusCode::SERVICE_UNAVAILABLE, "2");
            }
        };
    let flashed = visit.flash.is_some();
    // What only one person may see is not kept for whoever sits at this device next and presses Back.
    let personal = visit.actor.staff().is_some() || is_key(request.uri());
    request.extensions_mut().insert(visit);
    let mut response = next.run(request).await;
    if personal && !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    // A picture or a feed that was asked for in between has shown the notice to nobody.
    if flashed && response.status() == StatusCode::OK && is_page(&response) {
        response.headers_mut().append(header::SET_COOKIE, crate::expired_cookie("hinweis"));
    }
    response
}

/// No database keeps a NUL, so no address with one names anything. In forms and queries it is dropped where they are read.
async fn without_nul(request: Request, next: Next) -> Response {
    if request.uri().path().contains("%00") { PageError::NotFound.into_response() } else { next.run(request).await }
}

/// The address of who asks, after trusted proxies were taken off.
pub(crate) fn client_of(site: &Site, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    forwarded::client(peer, request.headers(), &site.settings.trusted_proxies)
}

/// Whether the address itself opens what one person typed: the key of a draft or a receipt in its query, or the house's
/// words for how a matter stands (`/stand/…`) and for what follows a sending (`…/fertig/…`). A room that has others sets
/// `Cache-Control` itself.
fn is_key(uri: &Uri) -> bool {
    let query = || Form::from_urlencoded(uri.query().unwrap_or(""));
    uri.path().starts_with("/stand/")
        || uri.path().contains("/fertig/")
        || query().pairs().any(|(name, _)| ["entwurf", "beleg"].contains(&name))
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

async fn make_visit(
    site: &Site,
    town: Arc<Town>,
    client: ClientAddress,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Visit, db::DbError> {
    let display = display_of(&headers);
    let t = site.texts().of(display.lang);
    let flash = flash_of(&headers, t);
    let session = cookies::read(&headers, "sitzung").filter(|token| !token.is_empty()).map(str::to_owned);
    let actor = match (&session, site.rooms.iter().find_map(|room| room.authenticate)) {
        (Some(token), Some(authenticate)) => {
            let token = token.clone();
            let staff = site.db.read(town.id, move |tx| authenticate(tx, &token)).await?;
            staff.map_or(Actor::Visitor, Actor::Staff)
        }
        _ => Actor::Visitor,
    };
    let path = uri.path().to_owned();
    let path_and_query = uri.path_and_query().map_or_else(|| path.clone(), |p| p.as_str().to_owned());
    Ok(Visit { site: site.clone(), town, actor, t, display, client, session, headers, path, path_and_query, flash })
}

/// As the person chose, or as the browser wishes.
pub(crate) fn display_of(headers: &HeaderMap) -> Display {
    let display = cookies::read(headers, "darstellung").map(Display::from_cookie);
    display.unwrap_or_else(|| Display { lang: wished_language(headers), ..Display::default() })
}

/// The first language of the browser, until the person chooses: English if it says so, else German, the language of the
/// office (§ 23 Abs. 1 VwVfG).
fn wished_language(headers: &HeaderMap) -> Lang {
    let wish = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if wish.trim_start().to_ascii_lowercase().starts_with("en") { Lang::En } else { Lang::De }
}

/// Lower case, without port.
pub(crate) fn host_of(request: &Request) -> String {
    let given = request.headers().get(header::HOST).and_then(|v| v.to_str().ok());
    db::plain_host(given.or_else(|| request.uri().host()).unwrap_or(""))
}

fn bare(uri: &Uri, status: StatusCode, retry_after: &'static str) -> Response {
    if let Some(mut answer) = spelled::error(uri.path(), status) {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(retry_after));
        return answer;
    }
    let text = "Der Dienst ist gerade ausgelastet. Bitte versuchen Sie es in einem Augenblick noch einmal.\n\
                In dringenden Fällen rufen Sie die 115 an.\n";
    (status, [(header::RETRY_AFTER, retry_after), (header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
        .into_response()
}

fn no_town() -> Response {
    let text = "Unter diesem Namen gibt es hier keine Gemeinde.\n";
    (StatusCode::MISDIRECTED_REQUEST, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    number: u16,
    heading: &'static str,
    text: &'static str,
    next: Vec<NavLink>,
    /// Empty if nothing of ours broke.
    incident: String,
}

/// Turns `Trouble` and bare error statuses into pages in the visitor's language, and logs what is worth it, once.
async fn errors_as_pages(request: Request, next: Next) -> Response {
    let visit = request.extensions().get::<Visit>().cloned();
    let response = next.run(request).await;
    let is_german = response.extensions().get::<InGerman>().is_some();
    let status = response.status();
    let is_page = response.headers().contains_key(header::CONTENT_TYPE);
    let trouble = response.extensions().get::<Trouble>().cloned();
    let Some(mut visit) = visit else { return response };
    if is_german {
        visit.speak_german();
    }
    if let Some(back) = trouble.as_ref().and_then(|t| t.sign_in_back.as_deref()) {
        let back = percent_encoding::utf8_percent_encode(back, percent_encoding::NON_ALPHANUMERIC);
        return visit.see_other(&format!("/anmelden?zurueck={back}"));
    }
    if trouble.is_none() && (is_page || !(status.is_client_error() || status.is_server_error())) {
        return response;
    }
    let incident = status.is_server_error().then(|| incident_number(&visit));
    if let Some(log) = trouble.as_ref().and_then(|t| t.log.as_deref()) {
        let incident = incident.as_deref().unwrap_or("-");
        if status.is_server_error() {
            tracing::error!(
                incident,
                status = status.as_u16(),
                area = area(&visit.path),
                cause = log,
                "a request failed"
            );
        } else {
            tracing::info!(status = status.as_u16(), cause = log, "a request was malformed");
        }
    }
    let mut page = spelled::error(&visit.path, status)
        .unwrap_or_else(|| render_trouble(&visit, status, trouble.as_ref().and_then(|t| t.texts), incident));
    let retry = trouble.and_then(|t| t.retry_seconds).or(status.is_server_error().then_some(5));
    if let Some(value) = retry.and_then(|s| HeaderValue::from_str(&s.to_string()).ok()) {
        page.headers_mut().insert(header::RETRY_AFTER, value);
    }
    page
}

/// The first step of a path: the rest may be a secret link or name a person's case.
fn area(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or("")
}

/// Short enough to be read out on the phone, long enough to be found in the log.
fn incident_number(visit: &Visit) -> String {
    let id = new_id(&*visit.site.clock, &*visit.site.chance).simple().to_string();
    id[id.len() - 8..].to_uppercase()
}

fn render_trouble(visit: &Visit, status: StatusCode, texts: Option<&str>, incident: Option<String>) -> Response {
    let kind = texts.unwrap_or(match status.as_u16() {
        403 => "403",
        408 => "408",
        409 => "409",
        410 => "410",
        413 => "413",
        429 => "429",
        503 => "503",
        404 | 405 => "404",
        400..=499 => "400",
        _ => "500",
    });
    let text = |part: &str| visit.t.find(&format!("kit-{kind}-{part}")).unwrap_or("");
    let doors: &[(&str, &'static str)] = if visit.actor.staff().is_some() {
        &[("/arbeit", "kit-desk"), ("/", "kit-to-home"), ("/hilfe", "kit-help")]
    } else {
        &[("/", "kit-to-home"), ("/stand", "kit-status"), ("/hilfe", "kit-help")]
    };
    let template = ErrorPage {
        page: visit.page(text("title")),
        number: status.as_u16(),
        heading: text("title"),
        text: text("text"),
        next: doors.iter().map(|(href, key)| NavLink::new(*href, visit.t.s(key))).collect(),
        incident: incident.unwrap_or_default(),
    };
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, Body::empty()).into_response(),
    }
}
