//! What a person typed: read with limits, given back untouched when something is wrong. `Form` is the raw input,
//! `FormState` adds what must be mended. Bad input is an answer (422), never an error.

use crate::{PageError, Upload, Visit, multipart};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::header;

/// Most forms of ours have below 60 fields; a review of three photos with forty marked areas each has some 500. More is
/// no person, and refused: cut off, the rest would be lost in silence.
pub(crate) const FIELDS_MAX: usize = 600;
/// As it travels, where a letter takes up to twelve bytes (`%F0%9F%98%80`). The longest text that a page takes has 60,000;
/// it must arrive, and much that is too long too, so that the page can say so at the field and keep the words.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;

/// Fields in the order they came; a name may come several times.
#[derive(Clone, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    pub uploads: Vec<Upload>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("fields", &self.fields.len()).field("uploads", &self.uploads.len()).finish()
    }
}

impl Form {
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { fields: pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), uploads: vec![] }
    }

    /// Reads `a=1&b=2`.
    pub fn from_urlencoded(text: &str) -> Self {
        let decode = |part: &str| {
            let spaced = part.replace('+', " ");
            harmless(&percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy())
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        });
        Self { fields: pairs.collect(), uploads: vec![] }
    }

    /// The first value, trimmed; empty if absent.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value as typed.
    pub fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }

    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.text(name).replace(',', ".").parse().ok().filter(|n: &f64| n.is_finite())
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.fields.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
    }

    /// Forgets every value of this name.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(key, _)| key != name);
    }

    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(crate) fn parts(&self) -> usize {
        self.fields.len() + self.uploads.len()
    }

    pub(crate) fn push(&mut self, name: String, value: String) {
        self.fields.push((name, value));
    }

    /// SHA-256 over the fields without the once-only key: same key with other content is a conflict.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.digest(self.pairs().filter(|(key, _)| *key != "once"))
    }

    /// The same for programs, which send their fields in any order and empty ones or none: what says something counts,
    /// without the fields named here.
    pub fn meaning(&self, without: &[&str]) -> [u8; 32] {
        let said = self.pairs().filter(|(key, value)| !value.trim().is_empty() && !without.contains(key));
        let mut said: Vec<(&str, &str)> = said.collect();
        said.sort_unstable();
        self.digest(said.into_iter())
    }

    fn digest<'f>(&self, fields: impl Iterator<Item = (&'f str, &'f str)>) -> [u8; 32] {
        use aws_lc_rs::digest::{Context, SHA256};
        let mut context = Context::new(&SHA256);
        for (key, value) in fields {
            for part in [key, value] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part.as_bytes());
            }
        }
        for upload in &self.uploads {
            context.update(&upload.sha256());
        }
        let mut result = [0; 32];
        result.copy_from_slice(context.finish().as_ref());
        result
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let visit = request
            .extensions()
            .get::<Visit>()
            .cloned()
            .ok_or_else(|| PageError::internal("no visit in the request"))?;
        if matches!(*request.method(), http::Method::GET | http::Method::HEAD) {
            return Ok(Self::from_urlencoded(request.uri().query().unwrap_or("")));
        }
        visit.limit(crate::LimitKind::Form)?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        if kind.starts_with("multipart/form-data") {
            return multipart::read(request, &visit).await;
        }
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(PageError::BadRequest("the form is neither urlencoded nor multipart"));
        }
        let body = axum::body::to_bytes(request.into_body(), TEXT_BYTES_MAX).await;
        let body: Bytes = body.map_err(|error| unread(&error))?;
        if body.split(|byte| *byte == b'&').count() > FIELDS_MAX {
            return Err(PageError::TooManyWords);
        }
        Ok(Self::from_urlencoded(&String::from_utf8_lossy(&body)))
    }
}

/// Too long, or a line that broke or stood still.
pub(crate) fn unread(error: &axum::Error) -> PageError {
    let cause = std::error::Error::source(error);
    match cause.is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>()) {
        true => PageError::TooManyWords,
        false => PageError::BadRequest("the body of the form broke off"),
    }
}

/// Drops control characters, which PostgreSQL cannot store (NUL) or XML cannot carry (most others), and the characters
/// that turn the direction of everything behind them (Unicode UAX #9), with which one text could garble another
/// person's page.
pub fn harmless(text: &str) -> String {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    // Non-characters are no control characters, but XML 1.0 knows neither.
    let is_harmful = |c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}');
    text.chars().filter(|c| !is_control(*c) && !is_harmful(*c)).collect()
}

/// One thing to mend. `field` is the id of the input it belongs to, empty for the form as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// A form as a page shows it: what was typed and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    pub form: Form,
    errors: Vec<FieldError>,
}

impl From<Form> for FormState {
    fn from(form: Form) -> Self {
        Self { form, errors: vec![] }
    }
}

impl FormState {
    pub fn value(&self, name: &str) -> &str {
        self.form.raw(name)
    }

    /// For radios and selects: is this the chosen value?
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.form.all(name).any(|chosen| chosen == value)
    }

    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.as_str())
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// `message` says how to mend it, in the visitor's language.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Refuses an empty field.
    pub fn require(&mut self, field: &str, message: impl Into<String>) {
        if self.form.text(field).is_empty() {
            self.refuse(field, message);
        }
    }

    /// Refuses a text with more characters than allowed. A line end counts once, as browsers count it: they send CRLF.
    pub fn limit(&mut self, field: &str, characters: usize, message: impl Into<String>) {
        if self.form.raw(field).chars().filter(|c| *c != '\r').count() > characters {
            self.refuse(field, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umlauts_pluses_and_repeats_are_read() {
        let form = Form::from_urlencoded("strasse=M%C3%BChlweg+12&art=a&art=b&leer=&x%00y=1");
        assert_eq!(form.text("strasse"), "Mühlweg 12");
        assert_eq!(form.all("art").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.has("leer") && form.text("leer").is_empty());
        assert!(form.has("xy"));
        assert_eq!(Form::from_urlencoded("a=vor%E2%80%AEnach").text("a"), "vornach");
    }

    #[test]
    fn only_line_ends_and_tabs_are_kept_of_the_control_characters() {
        let typed: String = (0..=0xA0).filter_map(char::from_u32).filter(|c| c.is_control()).collect();
        assert_eq!(harmless(&format!("a{typed}\u{FFFF}b")), "a\t\n\rb");
        assert_eq!(Form::from_urlencoded("a=vor%0Bnach").text("a"), "vornach");
    }

    #[test]
    fn the_fingerprint_ignores_the_key_and_nothing_else() {
        let first = Form::from_urlencoded("once=1&a=x&b=y");
        assert_eq!(first.fingerprint(), Form::from_urlencoded("once=2&a=x&b=y").fingerprint());
        assert_ne!(first.fingerprint(), Form::from_urlencoded("once=1&a=xb&=y").fingerprint());
    }

    #[test]
    fn a_line_end_counts_once() {
        let mut state = FormState::from(Form::from_pairs([("body", "a\r\nb")]));
        state.limit("body", 3, "too long");
        assert!(!state.has_errors());
        state.limit("body", 2, "too long");
        assert!(state.has_errors());
    }

    #[test]
    fn debug_shows_no_content() {
        assert!(!format!("{:?}", Form::from_urlencoded("mail=anna@example.org")).contains("anna"));
    }
}
