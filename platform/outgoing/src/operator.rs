//! The bare client for a server that the operator named in the settings, such as the store of uploads. No visitor and no
//! row of a town can choose its address, so it may be a private one. Not for any other address: those go through
//! `Outgoing`. Invariant: no redirect, no proxy from the environment, no silence without end.

use crate::OutgoingError;
use reqwest::{Client, redirect::Policy};
use std::time::Duration;

/// `silence` is how long the server may say nothing; a long body that goes on coming or going is no silence.
pub fn for_operators_server(connect: Duration, silence: Duration) -> Result<Client, OutgoingError> {
    #[expect(clippy::disallowed_methods, reason = "the only client besides the guarded one is made beside it")]
    let builder = Client::builder();
    builder
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("Stadtplatz/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect)
        .read_timeout(silence)
        .build()
        .map_err(|_| OutgoingError::Configuration("TLS cannot be set up; are root certificates installed?"))
}
