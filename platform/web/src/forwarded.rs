//! Who asks: the connection's own address, or the one that trusted proxies passed on in `X-Forwarded-For`. The host is
//! never taken from a forwarded header: a proxy passes `Host` on, and a header it does not set would be the client's.

use http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The client behind this connection. From the right, every proxy of ours names whom it heard; the first that is none of
/// ours is the client. What cannot be read ends the search: left of it anything may stand that a client wrote.
pub fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    // A socket on [::] sees IPv4 clients as ::ffff:a.b.c.d, which would be neither a known proxy nor a household.
    let mut client = peer.to_canonical();
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("")).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while is_proxy(&client) {
        let Some(hop) = hops.next().and_then(address) else { break };
        client = hop;
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:8443`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:8443`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::client;
    use http::HeaderMap;

    #[test]
    fn only_what_our_proxies_saw_counts() {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let rows: &[(&str, &[&str], &str)] = &[
            ("192.0.2.9", &["198.51.100.1"], "192.0.2.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.5", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.1:4711"], "198.51.100.1"),
            ("fd00::1", &["203.0.113.5, [2001:db8::7]:4711"], "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]"], "2001:db8::7"),
            // Nothing left of what cannot be read is believed.
            ("10.0.0.1", &["203.0.113.5, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.5, _hidden, 10.0.0.2"], "10.0.0.2"),
        ];
        for (peer, lines, wanted) in rows {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let seen = client(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(seen.to_string(), *wanted, "{peer} {lines:?}");
        }
    }
}
