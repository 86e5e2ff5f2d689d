//! Open311 GeoReport v2 under `/open311/v2`: other programs read what can be reported and what was reported. The
//! standard is at <https://wiki.open311.org/GeoReport_v2/>; JSON follows its "Spark" mapping. Not here: pages for people,
//! and any rule about reports. Invariant: without a key nothing is answered that is not on a public page, and a key opens
//! only what was sent with it besides.

mod media;
mod post;
mod requests;
mod services;
mod tree;
mod updates;

pub use media::{is_address, queue as queue_photo};
pub use updates::is_end;

use crate::{report::token_hash, store};
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use tree::Node;
use uuid::Uuid;
use web::{Access, Answer, Form, JobKind, PageError, Routes, Visit};

pub const JOB: JobKind = JobKind { kind: media::JOB, run: |run| Box::pin(media::run(run)) };

pub fn routes(routes: &mut Routes) {
    use Access::Public;
    routes.get("/open311/v2/discovery.json", Public, discovery::<false>);
    routes.get("/open311/v2/discovery.xml", Public, discovery::<true>);
    routes.get("/open311/v2/services.json", Public, services::list::<false>);
    routes.get("/open311/v2/services.xml", Public, services::list::<true>);
    routes.get("/open311/v2/services/{file}", Public, services::definition);
    routes.get("/open311/v2/requests.json", Public, requests::list::<false>);
    routes.get("/open311/v2/requests.xml", Public, requests::list::<true>);
    routes.get("/open311/v2/requests/{file}", Public, requests::one);
    routes.post("/open311/v2/requests.json", Public, post::create::<false>);
    routes.post("/open311/v2/requests.xml", Public, post::create::<true>);
    routes.get("/open311/v2/servicerequestupdates.json", Public, updates::list::<false>);
    routes.get("/open311/v2/servicerequestupdates.xml", Public, updates::list::<true>);
    routes.post("/open311/v2/servicerequestupdates.json", Public, updates::create::<false>);
    routes.post("/open311/v2/servicerequestupdates.xml", Public, updates::create::<true>);
    routes.get("/open311/v2/tokens/{file}", Public, requests::token);
}

/// How the answer is spelled: by the end of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Xml,
}

impl Format {
    const fn of(is_xml: bool) -> Self {
        if is_xml { Self::Xml } else { Self::Json }
    }

    /// `2026-11-0001.json` to number and format.
    fn split(file: &str) -> Option<(&str, Self)> {
        match file.rsplit_once('.')? {
            (name, "json") => Some((name, Self::Json)),
            (name, "xml") => Some((name, Self::Xml)),
            _ => None,
        }
    }
}

/// A wrong call. The standard knows 404 for what is not there, 403 for a key, 400 for everything else.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    status: StatusCode,
    description: String,
}

impl Refusal {
    fn unknown(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, description: format!("{what} was not found") }
    }

    /// No key, or one that opens nothing.
    fn key(description: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, description: description.to_owned() }
    }

    fn wrong(description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, description: description.into() }
    }
}

/// Why a call wrote nothing.
enum NotTaken {
    Page(PageError),
    Refused(Vec<Refusal>),
}

impl From<db::DbError> for NotTaken {
    fn from(error: db::DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

/// An answer that any cache may keep for a minute.
fn answer(format: Format, root: &str, node: &Node) -> Answer {
    let mut response = spelled(format, root, node)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}

/// An answer to whoever shows a key: no cache keeps it.
fn private(format: Format, root: &str, node: &Node) -> Answer {
    let mut response = spelled(format, root, node)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

fn refuse(format: Format, refusal: &Refusal) -> Answer {
    refuse_all(format, std::slice::from_ref(refusal))
}

/// Every reason; the status is the first one's.
fn refuse_all(format: Format, refusals: &[Refusal]) -> Answer {
    let error = |refusal: &Refusal| {
        let code = Node::Integer(i64::from(refusal.status.as_u16()));
        Node::Fields(vec![("code", code), ("description", Node::text(refusal.description.as_str()))])
    };
    let mut response = private(format, "errors", &Node::List("error", refusals.iter().map(error).collect()))?;
    *response.status_mut() = refusals.first().map_or(StatusCode::BAD_REQUEST, |refusal| refusal.status);
    Ok(response)
}

/// Whose key the call shows: id and name. None without one.
async fn sender_of(visit: &Visit, form: &Form) -> Result<Result<Option<(Uuid, String)>, Refusal>, PageError> {
    let key = form.text("api_key");
    if key.is_empty() {
        return Ok(Ok(None));
    }
    // Whoever tries keys is slowed down as whoever tries PINs.
    let hash = token_hash(key);
    let known = visit.read(move |tx| store::key_by_hash(tx, &hash)).await?;
    if known.is_none() {
        visit.limit_secret().await?;
    }
    Ok(known.map(Some).ok_or_else(|| Refusal::key("api_key is not known")))
}

/// Whose key the call shows, if this is its town and it may write at all.
async fn writer_of(visit: &Visit, form: &Form) -> Result<Result<(Uuid, String), Refusal>, PageError> {
    if let Err(refusal) = check_jurisdiction(visit, form) {
        return Ok(Err(refusal));
    }
    let known = sender_of(visit, form).await?;
    Ok(known.and_then(|sender| sender.ok_or_else(|| Refusal::key("api_key is missing"))))
}

/// A POST whose key stands in its address, as some programs send it: read as if it stood in the body.
fn with_query(visit: &Visit, mut form: Form) -> Form {
    let query = Form::from_urlencoded(visit.path_and_query.split_once('?').map_or("", |(_, query)| query));
    for name in ["api_key", "jurisdiction_id"] {
        if form.text(name).is_empty() && query.has(name) {
            form.set(name, query.text(name));
        }
    }
    form
}

fn spelled(format: Format, root: &str, node: &Node) -> Answer {
    let (body, kind) = match format {
        Format::Json => (node.json().to_string().into_bytes(), "application/json; charset=utf-8"),
        Format::Xml => {
            let body = node.xml(root);
            let body = body.map_err(|error| PageError::because("could not write XML")(Box::new(error)))?;
            (body, "text/xml; charset=utf-8")
        }
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Labels are in the reader's language.
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    // Any program may read what is public; cookies are of no use here.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

/// One town answers under one host name. An empty parameter is none (GeoReport v2, "jurisdiction_id").
fn check_jurisdiction(visit: &Visit, form: &Form) -> Result<(), Refusal> {
    let asked = form.text("jurisdiction_id");
    let own = visit.town.url("");
    let host = own.split_once("://").map_or(own.as_str(), |(_, host)| host);
    let is_ours = asked.is_empty() || asked.eq_ignore_ascii_case(host);
    if is_ours { Ok(()) } else { Err(Refusal::unknown("jurisdiction_id")) }
}

async fn discovery<const XML: bool>(visit: Visit) -> Answer {
    let formats = || Node::List("format", vec![Node::text("text/xml"), Node::text("application/json")]);
    let endpoint = Node::Fields(vec![
        ("specification", Node::text("http://wiki.open311.org/GeoReport_v2")),
        ("url", Node::text(visit.town.url("/open311/v2"))),
        ("changeset", Node::text(CHANGED)),
        ("type", Node::text(if visit.site.settings.demo { "test" } else { "production" })),
        ("formats", formats()),
    ]);
    let contact = visit.t.with("reports-open311-contact", &[("url", visit.town.url("/kontakt").into())]);
    let node = Node::Fields(vec![
        ("changeset", Node::text(CHANGED)),
        ("contact", Node::text(contact)),
        ("key_service", Node::text(visit.town.url("/kontakt"))),
        ("endpoints", Node::List("endpoint", vec![endpoint])),
    ]);
    answer(Format::of(XML), "discovery", &node)
}

/// When what this endpoint offers last changed.
const CHANGED: &str = "2026-11-23T00:00:00Z";

/// The last part of the path, and how the answer is wanted. Another ending is no address of ours.
fn named(Path(file): &Path<String>) -> Result<(String, Format), PageError> {
    let (name, format) = Format::split(file).ok_or(PageError::NotFound)?;
    Ok((name.to_owned(), format))
}
