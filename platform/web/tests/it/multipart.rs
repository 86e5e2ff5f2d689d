//! Multipart bodies of people who mean no good, and large ones of those who do.

use super::rooms;
use axum::{
    body::{Body, Bytes},
    http::Request,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use testkit::{TestSite, on_both_sites};

const MIB: usize = 1 << 20;

/// Posts `before`, so many bytes, and `after`; answers with the status and how many of the bytes were taken.
async fn post(site: &TestSite, before: &'static str, bytes: usize, after: &'static str) -> (u16, usize) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let piece = Bytes::from(vec![b'x'; 32 * 1024]);
    let pieces = (0..bytes / piece.len()).map(move |_| {
        counted.fetch_add(piece.len(), Ordering::Relaxed);
        piece.clone()
    });
    let whole = [Bytes::from(before)].into_iter().chain(pieces).chain([Bytes::from(after)]);
    let request = Request::post("/zettel")
        .header("host", "eins.example")
        .header("content-type", "multipart/form-data; boundary=grenze")
        .body(Body::from_stream(futures_util::stream::iter(whole.map(Ok::<_, std::io::Error>))))
        .unwrap();
    let response = tower::ServiceExt::oneshot(site.router.clone(), request).await.unwrap();
    (response.status().as_u16(), taken.load(Ordering::Relaxed))
}

#[tokio::test]
async fn what_lies_between_the_parts_of_a_form_may_be_only_so_long() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        for before in [
            "",
            "--grenze\r\nContent-Disposition: form-data; name=\"",
            "--grenze\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--grenze\r\nContent-Type: ",
            "--grenze\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\nx\r\n--grenze\r\nA: ",
        ] {
            let (status, taken) = post(&site, before, MIB, "").await;
            assert_eq!(status, 400, "{before}");
            assert!(taken <= MIB / 8, "{taken} bytes were read of {before}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_short_preamble_and_a_large_file_pass_and_a_long_name_does_not() {
    const START: &str = "Hallo\r\n--grenze\r\nContent-Disposition: form-data; name=\"once\"\r\n\r\n0123456789abcdef\r\n\
        --grenze\r\nContent-Disposition: form-data; name=\"bild\"; filename=\"a.png\"\r\n\r\n";
    const NAME: &str = "--grenze\r\nContent-Disposition: form-data; name=\"";
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let (status, taken) = post(&site, START, 8 * MIB, "\r\n--grenze--\r\n").await;
        assert_eq!((status, taken), (303, 8 * MIB));
        let (status, _) = post(&site, NAME, 32 * 1024, "\"\r\n\r\na\r\n--grenze--\r\n").await;
        assert_eq!(status, 413);
    })
    .await;
}

/// Who says beforehand that it is too much is answered before the first byte is waited for.
#[tokio::test]
async fn a_length_above_the_limit_is_refused_before_anything_is_read() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let request = Request::post("/zettel")
            .header("host", "eins.example")
            .header("content-type", "multipart/form-data; boundary=grenze")
            .header("content-length", "5000000000")
            .body(Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>()))
            .unwrap();
        let response = tower::ServiceExt::oneshot(site.router.clone(), request).await.unwrap();
        assert_eq!(response.status().as_u16(), 413);
    })
    .await;
}

/// Nobody is told that the words were too long when the line was.
#[tokio::test]
async fn a_form_that_breaks_off_is_not_called_too_long() {
    on_both_sites(rooms, async |site| {
        site.found("eins.example", "Einsdorf").await;
        let broken = [Ok(Bytes::from("a=1")), Err(std::io::Error::from(std::io::ErrorKind::TimedOut))];
        let request = Request::post("/zettel")
            .header("host", "eins.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from_stream(futures_util::stream::iter(broken)))
            .unwrap();
        let response = tower::ServiceExt::oneshot(site.router.clone(), request).await.unwrap();
        assert_eq!(response.status().as_u16(), 400);
    })
    .await;
}
