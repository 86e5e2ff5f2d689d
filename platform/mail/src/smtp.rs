//! The SMTP client behind `Mailer`: a connection for each letter, encrypted unless the settings say `tls=none` aloud,
//! every step under a time limit. No pool: a kept connection dies unnoticed, and lettre's pool panics when it is dropped
//! after the runtime. It tells errors apart by reply code and drops the server's text.

use crate::{EmailAddress, Letter, MailError};
use base::Clock;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use url::Url;

/// For one reply of the server.
const STEP_SECONDS: u64 = 20;
/// For a whole letter, connection included. Shorter than the job that sends it may take, as the worker asserts: a late
/// "accepted" must leave the job time to note it, else the letter goes out once more.
pub const LETTER_SECONDS: u64 = 45;

#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: EmailAddress,
    clock: Arc<dyn Clock>,
    letter_timeout: Duration,
}

impl Smtp {
    pub(crate) fn new(url: &str, from: EmailAddress, clock: Arc<dyn Clock>) -> Result<Self, MailError> {
        let steps = (Duration::from_secs(STEP_SECONDS), Duration::from_secs(LETTER_SECONDS));
        Self::with_timeouts(url, from, clock, steps)
    }

    pub(crate) fn with_timeouts(
        url: &str,
        from: EmailAddress,
        clock: Arc<dyn Clock>,
        (step, letter_timeout): (Duration, Duration),
    ) -> Result<Self, MailError> {
        let url = Url::parse(url).map_err(|_| MailError::Configuration("the address of the mail server is no URL"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(MailError::Configuration("the mail server has no host name"))?.to_owned();
        let (tls, port) = encryption(&url, &host)?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(step));
        if !url.username().is_empty() {
            let password = decoded(url.password().unwrap_or_default())?;
            builder = builder.credentials(Credentials::new(decoded(url.username())?, password));
        }
        Ok(Self { transport: builder.build(), from, clock, letter_timeout })
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = letter.message(&self.from, self.clock.now())?;
        self.in_time(self.transport.send(message)).await.map(|_| ())
    }

    pub(crate) async fn check(&self) -> Result<(), MailError> {
        match self.in_time(self.transport.test_connection()).await? {
            true => Ok(()),
            false => Err(MailError::Transient { code: None }),
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, smtp::Error>>) -> Result<T, MailError> {
        match tokio::time::timeout(self.letter_timeout, work).await {
            Ok(done) => done.map_err(|error| told_apart(&error)),
            Err(_) => Err(MailError::Transient { code: None }),
        }
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp(***)")
    }
}

/// How to encrypt, and the usual port for it. A misspelt `tls=` must not lead to letters in the clear.
fn encryption(url: &Url, host: &str) -> Result<(Tls, u16), MailError> {
    let wanted = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
    let authority = url.query_pairs().find(|(key, _)| key == "ca").map(|(_, value)| value.into_owned());
    let parameters = || {
        let mut parameters = TlsParameters::builder(host.to_owned());
        if let Some(file) = &authority {
            parameters =
                parameters.certificate_store(CertificateStore::None).add_root_certificate(certificate_of(file)?);
        }
        parameters.build_rustls().map_err(|_| MailError::Configuration("TLS for the mail server cannot be set up"))
    };
    match (url.scheme(), wanted.as_deref()) {
        ("smtps", None | Some("required")) => Ok((Tls::Wrapper(parameters()?), 465)),
        ("smtp", None | Some("required")) => Ok((Tls::Required(parameters()?), 587)),
        ("smtp", Some("none")) => Ok((Tls::None, 25)),
        ("smtp" | "smtps", Some(_)) => Err(MailError::Configuration("tls= is `required` or, with smtp://, `none`")),
        _ => Err(MailError::Configuration("the address of the mail server begins with smtp:// or smtps://")),
    }
}

/// `ca=FILE`: the authority of a mail server inside the town hall, and then no other.
fn certificate_of(file: &str) -> Result<Certificate, MailError> {
    let refused = |_| MailError::Configuration("ca= of the mail server names no readable file of certificates (PEM)");
    let pem = std::fs::read(file).map_err(|_| refused(()))?;
    if !pem.windows(17).any(|part| part == b"BEGIN CERTIFICATE") {
        return Err(refused(()));
    }
    Certificate::from_pem(&pem).map_err(|_| refused(()))
}

/// Undoes the percent-encoding of a user name or password.
fn decoded(text: &str) -> Result<String, MailError> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).map_err(|_| MailError::Configuration("user name or password is not UTF-8"))
}

fn told_apart(error: &smtp::Error) -> MailError {
    let code = error.status().and_then(|code| code.to_string().parse::<u16>().ok());
    if error.is_tls() {
        return MailError::Configuration("the mail server's certificate or encryption does not fit");
    }
    match code {
        // RFC 4954: authentication is missing, wrong, or too weak. No letter is to blame.
        Some(530 | 534 | 535 | 538) => MailError::Configuration("the mail server does not accept user and password"),
        Some(code) if error.is_permanent() => MailError::Permanent { code: Some(code) },
        // The client's own refusal, before a word was said: STARTTLS demanded and not offered, no common mechanism.
        None if error.is_client() => MailError::Configuration("the mail server does not offer what is demanded of it"),
        code => MailError::Transient { code },
    }
}
