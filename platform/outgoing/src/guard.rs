//! Who may be talked to. Names are resolved here, and only addresses that passed the check are handed to the connector,
//! so a name that changes its address between check and connection (DNS rebinding) gains nothing. Hosts of the
//! administrator's own intranet pass if they are listed exactly, with their port.

use crate::{OutgoingError, Refusal};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    collections::HashSet,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Turns a name into addresses, all of them, unchecked.
pub trait Lookup: Send + Sync + 'static {
    fn lookup(&self, host: String) -> Found;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> Found {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// The check of URLs, and of names at the moment of connecting.
#[derive(Clone)]
pub(crate) struct Guard {
    lookup: Arc<dyn Lookup>,
    intranet: Arc<HashSet<(String, u16)>>,
}

impl Guard {
    pub(crate) fn new(lookup: Arc<dyn Lookup>, intranet: &[String]) -> Result<Self, OutgoingError> {
        let listed = intranet.iter().map(|entry| host_and_port(entry)).collect::<Option<HashSet<_>>>();
        let listed = listed.ok_or(OutgoingError::Configuration("intranet hosts are written as host:port"))?;
        Ok(Self { lookup, intranet: Arc::new(listed) })
    }

    /// Checks everything that can be told without asking for addresses. `from` is the page that redirected here: no
    /// stranger may lead us to an intranet host.
    pub(crate) fn check(&self, url: &Url, from: Option<&Url>) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(Refusal::NoUrl);
        };
        if self.intranet.contains(&(host.to_owned(), port)) {
            let stays =
                from.is_none_or(|from| from.host_str() == Some(host) && from.port_or_known_default() == Some(port));
            return if stays { Ok(()) } else { Err(Refusal::NotPublic) };
        }
        if self.knows_host(host) {
            // Listed, but with another port: the resolver would let it pass.
            return Err(Refusal::NotPublic);
        }
        // Names are checked when they are resolved; addresses never are resolved.
        match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) if !is_public(address) => Err(Refusal::NotPublic),
            _ => Ok(()),
        }
    }

    pub(crate) fn is_listed(&self, url: &Url) -> bool {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        self.intranet.contains(&(host.to_owned(), port))
    }

    fn knows_host(&self, host: &str) -> bool {
        self.intranet.iter().any(|(listed, _)| listed == host)
    }
}

fn host_and_port(entry: &str) -> Option<(String, u16)> {
    let (host, port) = entry.rsplit_once(':')?;
    // The URL parser's spelling, so that both sides compare alike.
    let url = Url::parse(&format!("http://{host}/")).ok()?;
    // A star is a name to the URL parser, but whoever writes one means a pattern, and there are none.
    (url.path() == "/" && url.port().is_none() && !host.contains('*')).then_some(())?;
    Some((url.host_str()?.to_owned(), port.parse().ok()?))
}

/// The resolver's own refusal, found again in the chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
pub(crate) struct NoPublicAddress;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let may_be_private = self.knows_host(&host);
        let found = self.lookup.lookup(host);
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| may_be_private || is_public(*address));
            if addresses.is_empty() {
                return Err(NoPublicAddress.into());
            }
            let sockets: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(sockets)
        })
    }
}

/// True for addresses anybody on the internet could reach. The lists follow the special-purpose registries of IANA
/// (RFC 6890); whatever is not known to be public is not.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    match (a, b) {
        // NAT64 (RFC 6052): as public as the address within.
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => {
            let ([g1, g2], [h1, h2]) = (g.to_be_bytes(), h.to_be_bytes());
            is_public_v4(Ipv4Addr::new(g1, g2, h1, h2))
        }
        // Protocol assignments with Teredo, documentation, 6to4, documentation again.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        // Only this eighth of the space is given out as global unicast.
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}
