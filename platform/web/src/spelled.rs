//! Errors for programs: whoever asked for an address that ends in `.json`, `.geojson` or `.xml` gets the reason in that
//! spelling and not as a page. The shape is the one of Open311 (GeoReport v2, "Errors"): a list of code and description.
//! Not here: errors a room spells itself. Invariant: the words are ours and the same for everybody, so they need no
//! escaping and tell nothing of the inside.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// The answer to a program; `None`: a person asks, show a page.
pub fn error(path: &str, status: StatusCode) -> Option<Response> {
    let (code, words) = (status.as_u16(), words(status));
    let (body, kind) = match path.rsplit_once('.')?.1 {
        "json" | "geojson" => {
            (format!(r#"[{{"code":{code},"description":"{words}"}}]"#), "application/json; charset=utf-8")
        }
        "xml" => (
            format!(
                r#"<?xml version="1.0" encoding="utf-8"?><errors><error><code>{code}</code><description>{words}</description></error></errors>"#
            ),
            "text/xml; charset=utf-8",
        ),
        _ => return None,
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Some(response)
}

const fn words(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "this is not allowed",
        404 => "there is nothing under this address",
        405 => "this address does not know the method",
        408 => "the request came too slowly; send it again over a better line",
        409 => "the same key came with other content before",
        410 => "this is gone",
        413 => "the request is larger than allowed",
        429 => "too many requests; try again after the seconds named by Retry-After",
        503 => "busy; try again after the seconds named by Retry-After",
        500..=599 => "something broke here; nothing was stored",
        _ => "the request is malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_address_says_how_an_error_is_spelled() {
        for (path, kind) in [
            ("/open311/v2/nothing.json", Some("application/json; charset=utf-8")),
            ("/meldungen.geojson", Some("application/json; charset=utf-8")),
            ("/open311/v2/nothing.xml", Some("text/xml; charset=utf-8")),
            ("/melden/2026-1", None),
            ("/bild/1/gross.jpg", None),
        ] {
            let kind_given = error(path, StatusCode::NOT_FOUND);
            let kind_given = kind_given.as_ref().map(|answer| answer.headers()[header::CONTENT_TYPE].to_str().unwrap());
            assert_eq!(kind_given, kind, "{path}");
        }
    }
}
