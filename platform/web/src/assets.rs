//! The front end's files, embedded by `build.rs` with their content hash in the name, so they may be cached for ever.
//! Served in the best encoding the client takes; nothing is compressed at run time.

use axum::{
    extract::{Path, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{collections::HashMap, sync::OnceLock};

/// One embedded file. `br` and `gz` are empty where compression would not help.
pub struct Asset {
    pub name: &'static str,
    pub path: &'static str,
    pub mime: &'static str,
    pub raw: &'static [u8],
    pub br: &'static [u8],
    pub gz: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Root-relative URL of an asset by its plain name; an unknown name is a programmer's error and shows as a 404 path.
pub fn url(name: &str) -> &'static str {
    static URLS: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    let urls = URLS.get_or_init(|| {
        ASSETS.iter().map(|asset| (asset.name, &*Box::leak(format!("/-/{}", asset.path).into_boxed_str()))).collect()
    });
    urls.get(name).copied().unwrap_or("/-/missing")
}

/// `GET /-/{*path}`
pub async fn serve(Path(path): Path<String>, request: Request) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let takes = |coding: &str| accepted.split(',').any(|part| part.trim().split(';').next() == Some(coding));
    let (body, coding) = if !asset.br.is_empty() && takes("br") {
        (asset.br, Some("br"))
    } else if !asset.gz.is_empty() && takes("gzip") {
        (asset.gz, Some("gzip"))
    } else {
        (asset.raw, None)
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}
