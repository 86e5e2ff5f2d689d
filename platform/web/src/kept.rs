//! Pages kept for visitors without an account: rendered and compressed once, handed out until the town's data changes.
//! No HTTP cache for others: browsers still ask every time. Invariants: kept is only what a route offers (`Routes::kept`)
//! and what everybody with the same host, address, language and display settings would get, never an answer to somebody
//! with a session, a notice or any other cookie of ours, never one that sets a cookie or holds a once-only key; handed
//! out is only what was made at the version that the database names after the request came.

use crate::{Display, LimitKind, Site, Town, cookies, halves::Halves, router, versions::Version};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use std::sync::Arc;

/// One answer larger than this is not kept.
const PAGE_BYTES_MAX: usize = 512 << 10;
/// What is kept in all: two halves of this.
const HALF_BYTES_MAX: usize = 16 << 20;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    host: String,
    path_and_query: String,
    display: Display,
    packing: &'static str,
}

impl Key {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.host.len() + self.path_and_query.len()
    }
}

struct Entry {
    version: Version,
    /// The town as its document was: read anew every few seconds, which ends every page with words about the time.
    town: Arc<Town>,
    headers: HeaderMap,
    body: Bytes,
}

pub(crate) struct Kept(Halves<Key, Entry>);

impl Default for Kept {
    fn default() -> Self {
        Self(Halves::of(HALF_BYTES_MAX))
    }
}

impl Kept {
    fn find(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.find(key)
    }

    fn keep(&self, key: Key, entry: Entry) {
        // Headers are few and short; a page of their size stands for them.
        let bytes = key.bytes() + entry.body.len() + 1024;
        self.0.keep(key, entry, bytes);
    }
}

/// Set on a request whose answer might be kept: nobody looks into the others.
#[derive(Clone, Copy)]
struct Wanted;

/// Set on the answer of a route that offers its pages, if the page is everybody's.
#[derive(Clone, Copy)]
struct ForEverybody;

/// Around the handler of a route that offers its pages: looks into the page before it is packed.
pub(crate) async fn offer(request: Request, next: Next) -> Response {
    if request.extensions().get::<Wanted>().is_none() {
        return next.run(request).await;
    }
    let response = next.run(request).await;
    let size = http_body::Body::size_hint(response.body()).exact();
    if response.status() != StatusCode::OK || size.is_none_or(|size| size > PAGE_BYTES_MAX as u64) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, PAGE_BYTES_MAX).await else {
        parts.status = StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(parts, Body::empty());
    };
    // A form's once-only key is one person's: two people with the same one would get the same answer.
    if !contains(&bytes, b"name=\"once\"") {
        parts.extensions.insert(ForEverybody);
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// What the layer needs: the site, and which paths may have kept pages.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub site: Site,
    pub paths: Arc<[&'static str]>,
}

impl Keeper {
    fn offers(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| fits(pattern, path))
    }
}

/// `/melden/{number}` fits `/melden/12`.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut steps, mut patterns) = (path.split('/'), pattern.split('/'));
    loop {
        match (patterns.next(), steps.next()) {
            (None, None) => return true,
            (Some(pattern), Some(step)) if pattern == step || pattern.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Answers from what is kept, else lets the page be made and keeps it.
pub(crate) async fn keep(State(keeper): State<Keeper>, mut request: Request, next: Next) -> Response {
    let site = &keeper.site;
    let Some(key) = key_of(&keeper, &request) else { return next.run(request).await };
    let Ok(Some(town)) = site.town_by_host(&key.host).await else { return next.run(request).await };
    // Read before the page is made: what is written meanwhile has a newer version than the page.
    let Some(version) = site.versions().of(site, town.id).await else { return next.run(request).await };
    if let Some(entry) = site.kept().find(&key)
        && entry.version == version
        && Arc::ptr_eq(&entry.town, &town)
    {
        if site.limits.check(LimitKind::Any, router::client_of(site, &request)).is_err() {
            return next.run(request).await;
        }
        return answer(&entry, request.headers());
    }
    request.extensions_mut().insert(Wanted);
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(key.packing));
    let response = next.run(request).await;
    store(site, key, version, town, response).await
}

/// `None`: this request is not one of everybody's.
fn key_of(keeper: &Keeper, request: &Request) -> Option<Key> {
    let headers = request.headers();
    let is_plain = request.method() == http::Method::GET
        && keeper.offers(request.uri().path())
        && !headers.contains_key(header::RANGE)
        && !headers.contains_key(header::AUTHORIZATION)
        && cookies::none_but(headers, "darstellung");
    is_plain.then(|| Key {
        host: router::host_of(request),
        path_and_query: request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned(),
        display: router::display_of(headers),
        packing: packing(headers),
    })
}

/// The one of the house's packings that the client takes, so that few variants are kept.
fn packing(headers: &HeaderMap) -> &'static str {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut best = "identity";
    for wish in lines.flat_map(|line| line.split(',')) {
        match wish.trim() {
            "br" => return "br",
            "gzip" => best = "gzip",
            _ => {}
        }
    }
    best
}

async fn store(site: &Site, key: Key, version: Version, town: Arc<Town>, response: Response) -> Response {
    let headers = response.headers();
    let is_private = headers.get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().ends_with(b"no-store"));
    let for_everybody = response.extensions().get::<ForEverybody>().is_some();
    if response.status() != StatusCode::OK || !for_everybody || is_private || headers.contains_key(header::SET_COOKIE) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, PAGE_BYTES_MAX).await else {
        parts.status = StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    site.kept().keep(key, Entry { version, town, headers: parts.headers.clone(), body: body.clone() });
    Response::from_parts(parts, Body::from(body))
}

fn answer(entry: &Entry, asked: &HeaderMap) -> Response {
    let tag = entry.headers.get(header::ETAG);
    let is_known = tag.is_some() && asked.get(header::IF_NONE_MATCH) == tag;
    let mut response = Response::new(if is_known { Body::empty() } else { Body::from(entry.body.clone()) });
    *response.headers_mut() = entry.headers.clone();
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_step_by_step() {
        let rows = [
            ("/", "/", true),
            ("/meldungen", "/meldungen", true),
            ("/melden/{number}", "/melden/12", true),
            ("/melden/{number}", "/melden/12/meins", false),
            ("/melden/{number}", "/melden", false),
            ("/meldungen", "/meldungen/", false),
        ];
        for (pattern, path, fit) in rows {
            assert_eq!(fits(pattern, path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_kept_stays_below_its_limit() {
        let kept = Kept::default();
        let town = Arc::new(Town::new(
            "A",
            crate::TownKind::City,
            base::Land::Bavaria,
            base::Position { lat: 50.0, lon: 11.0 },
            "https://a.example",
        ));
        let key = |n: usize| Key {
            host: "a.example".to_owned(),
            path_and_query: format!("/meldungen?feld={n}"),
            display: Display::default(),
            packing: "br",
        };
        for n in 0..200 {
            let body = Bytes::from(vec![0; 500 << 10]);
            let entry = Entry { version: Version::default(), town: Arc::clone(&town), headers: HeaderMap::new(), body };
            kept.keep(key(n), entry);
        }
        let bytes: usize = (0..200).filter_map(|n| kept.find(&key(n))).map(|entry| entry.body.len()).sum();
        assert!(bytes <= 2 * HALF_BYTES_MAX && bytes > HALF_BYTES_MAX / 2, "{bytes}");
        assert!(kept.find(&key(199)).is_some() && kept.find(&key(0)).is_none());
    }
}
