//! The tile source: right URLs, only tiles, and absent ones told from broken servers.

use super::{Reply, Server, ok, status};
use crate::{Fetched, Outgoing, OutgoingError, Settings, XyzSource};
use std::ops::RangeInclusive;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

fn source(template: &str, zooms: RangeInclusive<u8>) -> Result<XyzSource, OutgoingError> {
    XyzSource::new(Outgoing::new(Settings::default()).unwrap(), template, zooms)
}

#[test]
fn templates_become_urls() {
    let table = [
        ("https://k.example/{z}/{x}/{y}.png", "https://k.example/3/2/1.png"),
        ("https://k.example/{z}/{x}/{-y}.png", "https://k.example/3/2/6.png"),
        ("https://k.example/wmts/{TileMatrix}/{TileRow}/{TileCol}", "https://k.example/wmts/3/1/2"),
        ("http://k.example/?M={TileMatrix}&R={TileRow}&C={TileCol}", "http://k.example/?M=3&R=1&C=2"),
    ];
    for (template, url) in table {
        assert_eq!(source(template, 0..=19).unwrap().url(3, 2, 1).as_deref(), Some(url), "{template}");
    }
}

#[test]
fn templates_that_cannot_work_are_refused() {
    for template in [
        "",
        "https://k.example/{z}/{x}",
        "ftp://k.example/{z}/{x}/{y}",
        "https://{x}.example/{z}/{x}/{y}",
        "https://u@k.example/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
        "https://k.example?{z}{x}{y}",
    ] {
        assert!(matches!(source(template, 0..=19), Err(OutgoingError::Configuration(_))), "{template}");
    }
    let template = "https://k.example/{z}/{x}/{y}";
    assert!(source(template, 0..=25).is_err());
    #[expect(clippy::reversed_empty_ranges, reason = "a settings file may hold it")]
    let reversed = source(template, 9..=3);
    assert!(reversed.is_err());
}

#[test]
fn there_are_no_tiles_outside_the_world() {
    let source = source("https://k.example/{z}/{x}/{y}", 2..=24).unwrap();
    for (z, x, y) in [(1, 0, 0), (25, 0, 0), (255, 0, 0), (2, 4, 0), (2, 0, 4), (24, u32::MAX, 0)] {
        assert_eq!(source.url(z, x, y), None, "{z}/{x}/{y}");
    }
    assert!(source.url(24, (1 << 24) - 1, 0).is_some());
}

#[tokio::test]
async fn tiles_come_and_everything_else_does_not() {
    let server = Server::start(|path| match path {
        "/1/0/0" => ok(PNG),
        "/1/0/1" => status("404 Not Found"),
        "/1/1/0" => status("503 Busy"),
        _ => ok(b"<html>please log in</html>"),
    })
    .await;
    let source = XyzSource::new(server.trusted(), &server.url("/{z}/{x}/{y}"), 0..=3).unwrap();
    let Fetched::Tile(tile) = source.fetch(1, 0, 0, None).await.unwrap() else { panic!("no tile") };
    assert_eq!((tile.content_type, &tile.bytes[..], tile.etag), ("image/png", PNG, None));
    assert!(matches!(source.fetch(1, 0, 1, None).await.unwrap(), Fetched::Absent));
    assert!(matches!(source.fetch(1, 2, 0, None).await.unwrap(), Fetched::Absent));
    assert_eq!(server.asked().len(), 2, "a tile outside the world is not asked for");
    assert!(matches!(source.fetch(1, 1, 0, None).await, Err(OutgoingError::Unexpected { status: 503 })));
    assert!(matches!(source.fetch(1, 1, 1, None).await, Err(OutgoingError::Unexpected { status: 200 })));
    assert!(server.asked()[0].contains("image/png"));
}

#[tokio::test]
async fn a_known_tile_is_only_asked_whether_it_still_holds() {
    let server = Server::start(|path| match path {
        "/1/0/0" => {
            let head = format!("HTTP/1.1 200 OK\r\netag: \"a1\"\r\ncontent-length: {}\r\n\r\n", PNG.len());
            Reply::Bytes([head.as_bytes(), PNG].concat())
        }
        _ => status("304 Not Modified"),
    })
    .await;
    let source = XyzSource::new(server.trusted(), &server.url("/{z}/{x}/{y}"), 0..=3).unwrap();
    let Fetched::Tile(tile) = source.fetch(1, 0, 0, None).await.unwrap() else { panic!("no tile") };
    assert_eq!(tile.etag.as_deref(), Some("\"a1\""));
    assert!(matches!(source.fetch(1, 0, 1, Some("\"a1\"")).await.unwrap(), Fetched::Unchanged));
    assert!(server.asked()[1].to_lowercase().contains("if-none-match: \"a1\""));
    assert!(source.fetch(1, 0, 1, None).await.is_err(), "nothing is known, so nothing can be unchanged");
}
