//! TLS to PostgreSQL, with rustls and the crypto of the rest of the house. Reads `sslmode` and `sslrootcert` off the URL
//! as libpq names them. Invariant: without a word from the operator nothing travels in the clear but on this machine;
//! what was asked to be encrypted is never sent otherwise.

use crate::DbError;
use percent_encoding::percent_decode_str;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};

/// How far the connection to PostgreSQL can be trusted; for `doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// On this machine or through a socket.
    Local,
    /// `sslmode=disable` to another machine.
    Plain,
    /// `sslmode=require` without an authority: nobody can listen, but anybody can pretend to be the server.
    Unverified,
    /// The authority signed the server's certificate, whatever name it bears.
    Authority,
    /// The certificate is signed and names the host.
    Full,
}

/// The URL without what the driver does not know, and what it said.
pub(crate) struct Wish {
    pub url: String,
    mode: Option<String>,
    authority: Option<String>,
}

impl Wish {
    pub fn read(url: &str) -> Self {
        let mut wish = Self { url: url.to_owned(), mode: None, authority: None };
        let Some((place, query)) = url.split_once('?').filter(|_| url.contains("://")) else { return wish };
        let mut rest = vec![];
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "sslmode" => wish.mode = Some(value),
                "sslrootcert" => wish.authority = Some(value),
                _ => rest.push(pair),
            }
        }
        wish.url = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        wish
    }

    pub fn encryption(&self, config: &Config) -> Result<Encryption, DbError> {
        let authority = self.authority.as_deref().filter(|it| *it != "system");
        match self.mode.as_deref() {
            None if is_local(config) => Ok(Encryption::Local),
            Some(_) if config.get_hosts().iter().all(is_socket) && !config.get_hosts().is_empty() => {
                Ok(Encryption::Local)
            }
            Some("disable") if is_local(config) => Ok(Encryption::Local),
            Some("disable") => Ok(Encryption::Plain),
            Some("require") if self.authority.is_none() => Ok(Encryption::Unverified),
            Some("require" | "verify-ca") if authority.is_some() => Ok(Encryption::Authority),
            Some("require" | "verify-ca") => Err(DbError::other(
                "sslmode=verify-ca needs sslrootcert=FILE: without it any server with any certificate would do",
            )),
            None | Some("verify-full") => Ok(Encryption::Full),
            Some(_) => Err(DbError::other("sslmode is one of: verify-full, verify-ca, require, disable")),
        }
    }

    /// Puts the mode into the driver's configuration; the answer makes its connections.
    pub fn apply(&self, config: &mut Config) -> Result<Tls, DbError> {
        let encryption = self.encryption(config)?;
        if matches!(encryption, Encryption::Local | Encryption::Plain) {
            config.ssl_mode(SslMode::Disable);
            return Ok(Tls(None));
        }
        config.ssl_mode(SslMode::Require);
        let failed = |error: Error| DbError::other(format!("TLS to PostgreSQL cannot be set up: {error}"));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
        let authority = self.authority.as_deref().filter(|it| *it != "system");
        let client = match (encryption, authority) {
            (Encryption::Full, None) => builder.with_platform_verifier().map_err(failed)?.with_no_client_auth(),
            (Encryption::Full, Some(file)) => builder.with_root_certificates(roots(file)?).with_no_client_auth(),
            (_, file) => {
                let chain = file.map(|file| chain_of(file, Arc::clone(&provider))).transpose()?;
                let verifier = Arc::new(AnyName { chain, provider });
                builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
            }
        };
        Ok(Tls(Some(Arc::new(client))))
    }
}

/// How the connection of this URL will be encrypted; `None`: it is no PostgreSQL URL.
pub fn encryption(url: &str) -> Option<Encryption> {
    let wish = Wish::read(url);
    let config: Config = wish.url.parse().ok()?;
    wish.encryption(&config).ok()
}

fn is_socket(host: &Host) -> bool {
    !matches!(host, Host::Tcp(_))
}

/// Every address stays on this machine.
fn is_local(config: &Config) -> bool {
    let is_loopback = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
        _ => true,
    };
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(is_loopback),
        addresses => addresses.iter().all(std::net::IpAddr::is_loopback),
    }
}

fn roots(file: &str) -> Result<RootCertStore, DbError> {
    let unreadable = || DbError::other(format!("sslrootcert={file} is no readable file of certificates (PEM)"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| unreadable())? {
        roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
    }
    if roots.is_empty() { Err(unreadable()) } else { Ok(roots) }
}

fn chain_of(file: &str, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, DbError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots(file)?), provider)
        .build()
        .map_err(|error| DbError::other(format!("sslrootcert={file}: {error}")))
}

/// `verify-ca` and `require`: the chain if there is an authority, never the name; the server must hold the key.
#[derive(Debug)]
struct AnyName {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // The name is looked at last: everything else was in order.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Makes the driver's connections; without a configuration there is nothing to encrypt.
#[derive(Clone)]
pub(crate) struct Tls(Option<Arc<ClientConfig>>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Handshake> {
        Ok(Handshake { config: self.0.clone(), host: host.to_owned() })
    }
}

pub(crate) struct Handshake {
    config: Option<Arc<ClientConfig>>,
    host: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let config = self.config.ok_or_else(|| io::Error::other("no encryption was asked for"))?;
            let name = ServerName::try_from(self.host).map_err(io::Error::other)?;
            Ok(Encrypted(tokio_rustls::TlsConnector::from(config).connect(name, stream).await?))
        })
    }
}

pub(crate) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_plain_without_a_word() {
        use Encryption::{Authority, Full, Local, Plain, Unverified};
        let table = [
            ("postgres://a@127.0.0.1/x", Some(Local)),
            ("postgres://a@localhost:5433/x?connect_timeout=3", Some(Local)),
            ("postgres://a@[::1]/x", Some(Local)),
            ("postgres://a@%2Frun%2Fpostgresql/x", Some(Local)),
            ("postgres://a@%2Frun%2Fpostgresql/x?sslmode=verify-full", Some(Local)),
            ("postgres://a@db.example/x", Some(Full)),
            ("postgres://a@127.0.0.1,db.example/x?target_session_attrs=read-write", Some(Full)),
            ("postgres://a@one.example,two.example/x?sslmode=disable", Some(Plain)),
            ("postgres://a@db.example/x?sslmode=require", Some(Unverified)),
            ("postgres://a@db.example/x?sslmode=require&sslrootcert=/ca.pem", Some(Authority)),
            ("postgres://a@db.example/x?sslmode=verify-ca&sslrootcert=/ca.pem", Some(Authority)),
            ("postgres://a@db.example/x?sslmode=verify-ca", None),
            ("postgres://a@db.example/x?sslmode=verify-ca&sslrootcert=system", None),
            ("postgres://a@db.example/x?sslmode=verify-full&sslrootcert=system", Some(Full)),
            ("postgres://a@127.0.0.1/x?sslmode=verify-full", Some(Full)),
            ("postgres://a@db.example/x?sslmode=prefer", None),
            ("postgres://a@db.example/x?sslmode=verify_full", None),
            ("sqlite:/x", None),
        ];
        for (url, wanted) in table {
            assert_eq!(encryption(url), wanted, "{url}");
        }
    }

    #[test]
    fn the_driver_gets_the_rest_of_the_url() {
        let wish = Wish::read("postgres://a@h/x?sslmode=require&connect_timeout=3&sslrootcert=%2Fetc%2Fca%20one.pem");
        assert_eq!(wish.url, "postgres://a@h/x?connect_timeout=3");
        assert_eq!(wish.authority.as_deref(), Some("/etc/ca one.pem"));
        assert_eq!(Wish::read("postgres://a@h/x?sslmode=require").url, "postgres://a@h/x");
        assert_eq!(Wish::read("host=h dbname=x").url, "host=h dbname=x");
    }
}
