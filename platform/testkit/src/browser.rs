//! A person who browses without JavaScript: keeps cookies, fills in the forms a page really has, follows redirects.

use crate::html::{FoundForm, forms, unescape};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
};
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use tower::ServiceExt;

/// What came back.
#[derive(Debug, Clone)]
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Where it was asked for.
    pub path: String,
}

impl Seen {
    pub fn html(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Without tags and escapes, spaces collapsed: what a person reads.
    pub fn text(&self) -> String {
        let html = self.html();
        let mut text = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' if inside => {
                    inside = false;
                    text.push(' ');
                }
                c if !inside => text.push(c),
                _ => {}
            }
        }
        unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok())
    }

    /// Asserts, with the page in the message.
    #[track_caller]
    pub fn shows(&self, words: &str) -> &Self {
        assert!(
            self.text().contains(words),
            "{} ({}) does not show “{words}”:\n{}",
            self.path,
            self.status,
            self.text()
        );
        self
    }

    #[track_caller]
    pub fn hides(&self, words: &str) -> &Self {
        assert!(!self.text().contains(words), "{} shows “{words}”:\n{}", self.path, self.text());
        self
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}:\n{}", self.path, self.text());
        self
    }

    pub fn forms(&self) -> Vec<FoundForm> {
        forms(&self.html())
    }

    /// The form that is sent to this path.
    #[track_caller]
    pub fn form(&self, action: &str) -> FoundForm {
        let own = self.path.split('?').next().unwrap_or("");
        let fits = |form: &FoundForm| {
            let target = if form.action.is_empty() { own } else { form.action.split('?').next().unwrap_or("") };
            target == action
        };
        self.forms()
            .into_iter()
            .find(fits)
            .unwrap_or_else(|| panic!("{} has no form to {action}:\n{}", self.path, self.html()))
    }
}

#[derive(Clone)]
pub struct Browser {
    router: Router,
    host: String,
    cookies: BTreeMap<String, String>,
}

const BOUNDARY: &str = "----stadtplatz-test";

impl Browser {
    pub(crate) fn new(router: Router, host: &str) -> Self {
        Self { router, host: host.to_owned(), cookies: BTreeMap::new() }
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(&format!("__Host-{name}")).map(String::as_str)
    }

    /// All of them, as the header of a request.
    pub fn cookie_line(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(format!("__Host-{name}"), value.to_owned());
    }

    /// GET without following redirects.
    pub async fn look(&mut self, path: &str) -> Seen {
        self.request("GET", path, None, vec![]).await
    }

    /// GET of a part (`Range`), without following redirects.
    pub async fn look_at_part(&mut self, path: &str, range: &str) -> Seen {
        let request = Request::get(path).header(header::HOST, &self.host).header(header::RANGE, range);
        self.answer(request, path, vec![]).await
    }

    /// GET, following redirects.
    pub async fn visit(&mut self, path: &str) -> Seen {
        let seen = self.look(path).await;
        self.follow(seen).await
    }

    /// POST of these fields as they are, without following.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let pairs: Vec<(String, String)> = fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        self.request("POST", path, Some("application/x-www-form-urlencoded"), urlencode(&pairs).into_bytes()).await
    }

    /// POST of fields and files as they are, as a program sends them: (field, file name, content type, content).
    pub async fn post_files(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &str, &[u8])],
    ) -> Seen {
        let pairs: Vec<(String, String)> = fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        self.send_files(path, &pairs, files).await
    }

    /// Any method, without a body.
    pub async fn ask(&mut self, method: &str, path: &str) -> Seen {
        self.request(method, path, None, vec![]).await
    }

    /// Fills in the page's form to `action`, sends it, and follows redirects. Fields the form lacks are added, as a
    /// clicked button would.
    pub async fn send(&mut self, page: &Seen, action: &str, filled: &[(&str, &str)]) -> Seen {
        let seen = self.send_only(page, action, filled).await;
        self.follow(seen).await
    }

    /// The same without following.
    pub async fn send_only(&mut self, page: &Seen, action: &str, filled: &[(&str, &str)]) -> Seen {
        let form = page.form(action);
        let target = if form.action.is_empty() { page.path.clone() } else { form.action.clone() };
        if form.method == "get" {
            let path = format!("{}?{}", target.split('?').next().unwrap_or(""), urlencode(&merged(&form, filled)));
            return self.look(&path).await;
        }
        self.send_form(&target, &form, filled, &[]).await
    }

    /// Like `send`, with files: (field, file name, content type, content).
    pub async fn send_with_files(
        &mut self,
        page: &Seen,
        action: &str,
        filled: &[(&str, &str)],
        files: &[(&str, &str, &str, &[u8])],
    ) -> Seen {
        let form = page.form(action);
        assert!(form.multipart, "the form to {action} takes no files");
        let target = if form.action.is_empty() { page.path.clone() } else { form.action.clone() };
        let seen = self.send_files(&target, &merged(&form, filled), files).await;
        self.follow(seen).await
    }

    /// Sends a form that somebody's page showed to this path, without following: what a borrowed or stale page can do.
    pub async fn send_form(
        &mut self,
        path: &str,
        form: &FoundForm,
        filled: &[(&str, &str)],
        files: &[(&str, &str, &str, &[u8])],
    ) -> Seen {
        let fields = merged(form, filled);
        if form.multipart {
            return self.send_files(path, &fields, files).await;
        }
        self.request("POST", path, Some("application/x-www-form-urlencoded"), urlencode(&fields).into_bytes()).await
    }

    async fn send_files(
        &mut self,
        path: &str,
        fields: &[(String, String)],
        files: &[(&str, &str, &str, &[u8])],
    ) -> Seen {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for (name, file_name, kind, content) in files {
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
                 Content-Type: {kind}\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.request("POST", path, Some(&format!("multipart/form-data; boundary={BOUNDARY}")), body).await
    }

    pub async fn follow(&mut self, mut seen: Seen) -> Seen {
        for _ in 0..5 {
            let Some(next) = seen.location().map(str::to_owned) else { return seen };
            let own = format!("https://{}", self.host);
            seen = self.look(next.strip_prefix(&own).unwrap_or(&next)).await;
        }
        panic!("{} redirects in a circle", seen.path)
    }

    async fn request(&mut self, method: &str, path: &str, kind: Option<&str>, body: Vec<u8>) -> Seen {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if method == "POST" {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookie_line());
        }
        self.answer(request, path, body).await
    }

    async fn answer(&mut self, request: Builder, path: &str, body: Vec<u8>) -> Seen {
        let request = request.body(Body::from(body)).expect("a request of the test is well-formed");
        let response = self.router.clone().oneshot(request).await.expect("the router always answers");
        let (parts, body) = response.into_parts();
        self.take_cookies(&parts.headers);
        let body = body.collect().await.expect("a complete body").to_bytes().to_vec();
        Seen { status: parts.status, headers: parts.headers, body, path: path.to_owned() }
    }

    fn take_cookies(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap_or("");
            let Some((name, rest)) = text.split_once('=') else { continue };
            let value = rest.split(';').next().unwrap_or("");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The form's own values with those of the person over them.
fn merged(form: &FoundForm, filled: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> =
        form.fields.iter().filter(|(name, _)| !filled.iter().any(|(f, _)| f == name)).cloned().collect();
    fields.extend(filled.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

fn urlencode(fields: &[(String, String)]) -> String {
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&")
}
