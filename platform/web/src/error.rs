//! What can go wrong on the way to a page, in four kinds (STYLE.md, errors): missing or forbidden things, refused
//! rates, a busy house, a broken world. A handler returns it by `?`; the router's outermost layer turns it into a page
//! in the visitor's language. Bad input is not here: that is a `FormState` with 422.

use axum::response::{IntoResponse, Response};
use db::DbError;
use http::StatusCode;

pub type Answer = Result<Response, PageError>;

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Not there, or its existence is nobody's business here.
    #[error("not found")]
    NotFound,
    /// The address is there, for other methods: the router names them in `Allow`.
    #[error("the address does not know the method")]
    OtherMethod,
    /// Was there and is not any more: a used link, a withdrawn page.
    #[error("gone")]
    Gone,
    #[error("forbidden")]
    Forbidden,
    /// `back` is a root-relative path to return to after signing in.
    #[error("sign-in needed")]
    SignInNeeded { back: String },
    #[error("too many requests")]
    TooMany { retry_seconds: u64 },
    #[error("the request body is larger than allowed")]
    TooLarge,
    /// The same where no file is in question: too long words or too many fields.
    #[error("the words or fields of the form are more than allowed")]
    TooManyWords,
    /// The body dripped or stood still; see `pace`.
    #[error("the request came too slowly")]
    TooSlow,
    #[error("the request is malformed: {0}")]
    BadRequest(&'static str),
    /// The database or its queue cannot take this now.
    #[error("busy")]
    Busy,
    /// A once-only key came again with other content.
    #[error("already sent with other content")]
    Conflict,
    /// `what` says what we tried; the source chain is logged once at the edge, never shown.
    #[error("{what}")]
    Internal {
        what: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl PageError {
    pub const fn internal(what: &'static str) -> Self {
        Self::Internal { what, source: None }
    }

    /// Wraps a foreign error with what we tried.
    pub fn because(what: &'static str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        move |source| Self::Internal { what, source: Some(source) }
    }

    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::OtherMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Gone => StatusCode::GONE,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::SignInNeeded { .. } => StatusCode::SEE_OTHER,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge | Self::TooManyWords => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<DbError> for PageError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy | DbError::Unavailable(_) | DbError::Timeout => Self::Busy,
            other => Self::Internal { what: "the database refused a statement", source: Some(Box::new(other)) },
        }
    }
}

impl PageError {
    /// What the file store could not do. Away is no mistake of ours: the log says why, the page asks for another try.
    pub fn of_files(what: &'static str, error: files::StoreError) -> Self {
        if let files::StoreError::Away { .. } = &error {
            tracing::warn!(what, cause = %error, "the file store is away");
            return Self::Busy;
        }
        Self::because(what)(Box::new(error))
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Internal { what: "a template could not be rendered", source: Some(Box::new(error)) }
    }
}

/// Travels with an error response to the layer that renders it.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub status: StatusCode,
    /// What the page's texts are called, where the status says too little.
    pub texts: Option<&'static str>,
    pub sign_in_back: Option<String>,
    pub retry_seconds: Option<u64>,
    /// The whole chain, for the log.
    pub log: Option<String>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let trouble = Trouble {
            status: self.status(),
            texts: matches!(self, Self::TooManyWords).then_some("413-words"),
            retry_seconds: match &self {
                Self::TooMany { retry_seconds } => Some(*retry_seconds),
                Self::Busy => Some(2),
                _ => None,
            },
            log: matches!(self, Self::Internal { .. } | Self::Busy | Self::BadRequest(_)).then(|| chain(&self)),
            sign_in_back: match &self {
                Self::SignInNeeded { back } => Some(back.clone()),
                _ => None,
            },
        };
        let mut response = self.status().into_response();
        response.extensions_mut().insert(trouble);
        response
    }
}

/// `Display` of an error never repeats its source, so the chain is joined here.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
