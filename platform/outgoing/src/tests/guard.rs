//! Addresses and URLs, one by one.

use super::Scripted;
use crate::{OutgoingError, Refusal, guard::Guard, is_public};
use reqwest::{Url, dns::Resolve};
use std::net::IpAddr;

#[test]
fn private_and_special_addresses_are_told_from_public_ones() {
    let private = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.178.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for text in private {
        assert!(!is_public(text.parse::<IpAddr>().unwrap()), "{text}");
    }
    let public = [
        "1.1.1.1",
        "9.9.9.9",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2a00:1450::1",
        "2003:ec::1",
        "2620:fe::fe",
        "::ffff:9.9.9.9",
        "64:ff9b::909:909",
    ];
    for text in public {
        assert!(is_public(text.parse::<IpAddr>().unwrap()), "{text}");
    }
}

fn guard(intranet: &[&str]) -> Guard {
    let listed: Vec<String> = intranet.iter().map(|&entry| entry.to_owned()).collect();
    Guard::new(Scripted::new(&[&["9.9.9.9"]]), &listed).unwrap()
}

fn check(guard: &Guard, url: &str, from: Option<&str>) -> Result<(), Refusal> {
    let from = from.map(|from| Url::parse(from).unwrap());
    guard.check(&Url::parse(url).unwrap(), from.as_ref())
}

#[test]
fn every_spelling_of_a_private_address_is_refused() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "169.254.169.254",
        "[::1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[fd00::1]",
        // The same private address carried inside IPv6: mapped, compatible, NAT64, 6to4, Teredo.
        "[::ffff:10.0.0.1]",
        "[::ffff:a00:1]",
        "[0:0:0:0:0:ffff:192.168.1.1]",
        "[::10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::c0a8:101]",
        "[64:ff9b:1::a00:1]",
        "[2002:a00:1::]",
        "[2002:c0a8:101::1]",
        "[2001:0:a00:1::1]",
        "１２７.0.0.1",
    ] {
        assert_eq!(check(&guard(&[]), &format!("http://{host}/"), None), Err(Refusal::NotPublic), "{host}");
    }
    assert_eq!(check(&guard(&[]), "http://9.9.9.9/", None), Ok(()));
    assert_eq!(check(&guard(&[]), "https://[2620:fe::fe]:8443/", None), Ok(()));
}

#[test]
fn only_the_web_is_spoken() {
    for url in ["ftp://x.example/", "file:///etc/passwd", "gopher://x.example/", "data:text/plain,x", "unix:/run/x"] {
        assert_eq!(check(&guard(&[]), url, None), Err(Refusal::Scheme), "{url}");
    }
    assert_eq!(check(&guard(&[]), "https://a:b@x.example/", None), Err(Refusal::Credentials));
}

#[test]
fn an_intranet_host_is_reached_directly_and_at_its_port() {
    let guard = guard(&["karten.intern:8080", "10.0.0.5:80", "[fd00::1]:443"]);
    assert_eq!(check(&guard, "http://karten.intern:8080/x", None), Ok(()));
    assert_eq!(check(&guard, "http://KARTEN.intern:8080/x", None), Ok(()));
    assert_eq!(check(&guard, "http://10.0.0.5/", None), Ok(()));
    assert_eq!(check(&guard, "https://[fd00::1]/", None), Ok(()));
    for url in ["http://karten.intern/", "http://10.0.0.5:8080/", "http://10.0.0.6/", "https://10.0.0.5/"] {
        assert_eq!(check(&guard, url, None), Err(Refusal::NotPublic), "{url}");
    }
    // A stranger may not lead us in; the host itself may lead us on.
    assert_eq!(check(&guard, "http://10.0.0.5/", Some("https://x.example/")), Err(Refusal::NotPublic));
    assert_eq!(check(&guard, "http://10.0.0.5/b", Some("http://10.0.0.5/a")), Ok(()));
}

#[test]
fn a_list_nobody_can_read_is_an_error() {
    for entry in ["", "karten.intern", "10.0.0.0/8", "*:80", "karten.intern:", "a/b:80", "karten.intern:99999"] {
        let result = Guard::new(Scripted::new(&[]), &[entry.to_owned()]);
        assert!(matches!(result, Err(OutgoingError::Configuration(_))), "{entry:?}");
    }
}

#[tokio::test]
async fn of_mixed_answers_only_the_public_ones_are_used() {
    let mixed = Guard::new(Scripted::new(&[&["127.0.0.1", "9.9.9.9", "::1", "10.0.0.1"]]), &[]).unwrap();
    let found: Vec<_> =
        mixed.resolve("x.example".parse().unwrap()).await.unwrap().map(|a| a.ip().to_string()).collect();
    assert_eq!(found, ["9.9.9.9"]);
    let private = Guard::new(Scripted::new(&[&["10.0.0.1"]]), &["karten.intern:80".to_owned()]).unwrap();
    assert!(private.resolve("x.example".parse().unwrap()).await.is_err());
    assert!(private.resolve("karten.intern".parse().unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_name_gains_nothing_by_private_addresses_inside_ipv6() {
    let carried = ["::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "2002:a00:1::1", "::10.0.0.1"];
    for address in carried {
        let guard = Guard::new(Scripted::new(&[&[address]]), &[]).unwrap();
        assert!(guard.resolve("x.example".parse().unwrap()).await.is_err(), "{address}");
    }
    let open = Guard::new(Scripted::new(&[&["::ffff:9.9.9.9"]]), &[]).unwrap();
    assert!(open.resolve("x.example".parse().unwrap()).await.is_ok());
}
