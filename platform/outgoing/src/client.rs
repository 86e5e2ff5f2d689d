//! Requests and their answers: every hop checked, the whole under one time limit, the body read piece by piece and
//! dropped when it grows too large. Statuses are the caller's to judge.

use crate::{
    Lookup, OutgoingError, Refusal, SystemLookup,
    guard::{Guard, NoPublicAddress},
};
use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Method, Response, Url,
    header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH, LOCATION},
    redirect::Policy,
};
use std::{error::Error, sync::Arc, time::Duration};

const REDIRECTS_MAX: usize = 3;

#[derive(Debug, Clone)]
pub struct Settings {
    /// For everything: name, connection, redirects, the whole body.
    pub timeout: Duration,
    pub answer_bytes_max: u64,
    /// Hosts with private addresses that may be talked to all the same, each as `host:port`, exactly.
    pub intranet: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), answer_bytes_max: 10 * 1024 * 1024, intranet: Vec::new() }
    }
}

/// What a server said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    /// The server's name for this state of the answer.
    pub etag: Option<String>,
    pub body: Bytes,
}

#[derive(Clone)]
pub struct Outgoing {
    client: Client,
    guard: Guard,
    settings: Arc<Settings>,
}

/// One request before its first hop.
struct Request<'a> {
    method: Method,
    accept: &'a str,
    /// The state of the answer that is known already: 304 says that it still holds.
    known: Option<&'a str>,
    content_type: Option<&'a str>,
    body: Bytes,
    limit: u64,
}

impl Outgoing {
    pub fn new(settings: Settings) -> Result<Self, OutgoingError> {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    /// With another resolver. Its answers are checked like any other's.
    pub fn with_lookup(settings: Settings, lookup: Arc<dyn Lookup>) -> Result<Self, OutgoingError> {
        let guard = Guard::new(lookup, &settings.intranet)?;
        #[expect(clippy::disallowed_methods, reason = "this is the guarded client the others go through")]
        let client = Client::builder()
            .dns_resolver(Arc::new(guard.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("Stadtplatz/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            .build()
            .map_err(|_| OutgoingError::Configuration("TLS cannot be set up; are root certificates installed?"))?;
        Ok(Self { client, guard, settings: Arc::new(settings) })
    }

    /// May this address be private? Only one that the operator listed.
    pub fn is_intranet(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.guard.is_listed(&url))
    }

    pub async fn get(&self, url: &str) -> Result<Answer, OutgoingError> {
        self.get_limited(url, "*/*", self.settings.answer_bytes_max, None).await
    }

    /// `get` of a certain kind, with a limit of its own, and only if it is not the `known` state (an ETag) any more.
    pub async fn get_limited(
        &self,
        url: &str,
        accept: &str,
        bytes_max: u64,
        known: Option<&str>,
    ) -> Result<Answer, OutgoingError> {
        let limit = bytes_max.min(self.settings.answer_bytes_max);
        let request = Request { method: Method::GET, accept, known, content_type: None, body: Bytes::new(), limit };
        self.in_time(url, &request).await
    }

    /// Sends a body. It is never redirected: the new place was not asked whether it may have it.
    pub async fn post(&self, url: &str, content_type: &str, body: Bytes) -> Result<Answer, OutgoingError> {
        let limit = self.settings.answer_bytes_max;
        let request =
            Request { method: Method::POST, accept: "*/*", known: None, content_type: Some(content_type), body, limit };
        self.in_time(url, &request).await
    }

    async fn in_time(&self, url: &str, request: &Request<'_>) -> Result<Answer, OutgoingError> {
        let done = tokio::time::timeout(self.settings.timeout, self.follow(url, request)).await;
        done.unwrap_or(Err(OutgoingError::Timeout))
    }

    async fn follow(&self, url: &str, request: &Request<'_>) -> Result<Answer, OutgoingError> {
        let mut url = Url::parse(url).map_err(|_| Refusal::NoUrl)?;
        self.guard.check(&url, None)?;
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(url.clone(), request).await?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return read(response, request.limit).await;
            }
            if request.method != Method::GET {
                return Err(Refusal::RedirectedPost.into());
            }
            let next = next_url(&url, response.headers())?;
            self.guard.check(&next, Some(&url))?;
            url = next;
        }
        Err(Refusal::TooManyRedirects.into())
    }

    async fn send(&self, url: Url, request: &Request<'_>) -> Result<Response, OutgoingError> {
        let mut builder = self.client.request(request.method.clone(), url).header(ACCEPT, request.accept);
        if let Some(known) = request.known {
            builder = builder.header(IF_NONE_MATCH, known);
        }
        if let Some(content_type) = request.content_type {
            builder = builder.header(CONTENT_TYPE, content_type).body(request.body.clone());
        }
        builder.send().await.map_err(told_apart)
    }
}

/// Where a redirect leads, if it may.
pub(crate) fn next_url(from: &Url, headers: &HeaderMap) -> Result<Url, Refusal> {
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok()).ok_or(Refusal::NoUrl)?;
    let next = from.join(location).map_err(|_| Refusal::NoUrl)?;
    if from.scheme() == "https" && next.scheme() == "http" {
        return Err(Refusal::Downgrade);
    }
    Ok(next)
}

async fn read(mut response: Response, limit: u64) -> Result<Answer, OutgoingError> {
    let too_large = OutgoingError::TooLarge { limit };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large);
    }
    let status = response.status().as_u16();
    let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (content_type, etag) = (text(CONTENT_TYPE), text(ETAG));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(told_apart)? {
        if body.len() as u64 + chunk.len() as u64 > limit {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, content_type, etag, body: body.freeze() })
}

fn told_apart(error: reqwest::Error) -> OutgoingError {
    if error.is_timeout() {
        return OutgoingError::Timeout;
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if inner.is::<NoPublicAddress>() {
            return Refusal::NotPublic.into();
        }
        cause = inner.source();
    }
    OutgoingError::Unreachable(error.without_url())
}
