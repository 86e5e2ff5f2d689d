//! The one HTTP client of the house. It reaches public addresses only, however a name or a redirect tries to lead it
//! elsewhere, and it takes bounded answers in bounded time. Not a browser: no cookies, no proxy from the environment,
//! no compressed bodies. Invariant: the address that was checked is the address that is connected to.

mod client;
mod guard;
mod operator;
mod tiles;

pub use client::{Answer, Outgoing, Settings};
pub use guard::{Found, Lookup, SystemLookup, is_public};
pub use operator::for_operators_server;
pub use tiles::{Fetched, Tile, XyzSource};

/// Why a request was not made or not followed. Nothing left the house for that hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this is no URL")]
    NoUrl,
    #[error("only http and https are spoken")]
    Scheme,
    #[error("user and password do not belong in a URL")]
    Credentials,
    #[error("the address is not a public one")]
    NotPublic,
    #[error("the redirect leads from https to http")]
    Downgrade,
    #[error("too many redirects")]
    TooManyRedirects,
    #[error("a request that sends something is not redirected")]
    RedirectedPost,
}

/// No variant repeats the URL: it may carry a key.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    #[error("the request was refused: {0}")]
    Refused(#[from] Refusal),
    #[error("no whole answer in time")]
    Timeout,
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the server could not be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The server answered, but not with what was asked for.
    #[error("the answer is of no use (status {status})")]
    Unexpected { status: u16 },
    #[error("outgoing requests are not set up rightly: {0}")]
    Configuration(&'static str),
}

#[cfg(test)]
mod tests;
