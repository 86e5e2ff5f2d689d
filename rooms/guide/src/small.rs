//! What programs ask for: robots.txt, a site map, the old place of the icon. And the one way to add a cookie to an
//! answer.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use std::fmt::Write;
use web::{Answer, Visit};

pub fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn plain(kind: &'static str, text: String) -> Answer {
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// `GET /robots.txt`: the desk and personal pages are nobody's search result.
pub async fn robots(visit: Visit) -> Answer {
    let mut text = String::from("User-agent: *\n");
    for path in ["/arbeit", "/verwaltung", "/konto", "/anmelden", "/einladung", "/stand", "/post", "/suche", "/sprache"]
    {
        // Writing to a String cannot fail.
        writeln!(text, "Disallow: {path}").ok();
    }
    writeln!(text, "Sitemap: {}", visit.town.url("/sitemap.xml")).ok();
    plain("text/plain; charset=utf-8", text)
}

const PAGES: &[&str] = &[
    "/",
    "/rathaus",
    "/melden",
    "/meldungen",
    "/hilfe",
    "/kontakt",
    "/leichte-sprache",
    "/gebaerdensprache",
    "/barrierefreiheit",
    "/impressum",
    "/datenschutz",
];

/// `GET /sitemap.xml`
pub async fn sitemap(visit: Visit) -> Answer {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for path in PAGES {
        let url = visit.town.url(path).replace('&', "&amp;").replace('<', "&lt;");
        writeln!(text, "<url><loc>{url}</loc></url>").ok();
    }
    text.push_str("</urlset>\n");
    plain("application/xml; charset=utf-8", text)
}

/// `GET /favicon.ico`: browsers that do not read the page ask here.
pub async fn icon(visit: Visit) -> Answer {
    let page = visit.page("");
    Ok(visit.see_other(page.asset("favicon.svg")))
}
