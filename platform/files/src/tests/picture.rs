//! Photos as people and attackers send them: made by hand, byte by byte where the encoder would not do it.

use crate::{
    Area, Refused, Settings, Store, StoreError,
    picture::{Jpeg, Limits, Picture, SEATS, prepare, prepare_now, prepare_upload, redact, seated},
};
use base::Position;
use bytes::Bytes;
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use std::io::Cursor;

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Red on the left half, blue on the right: shows how it was turned.
fn two_halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) })
}

/// A grey wall with a finely striped plate at (0.2, 0.2).
pub fn photo_with_plate() -> Bytes {
    let image = RgbImage::from_fn(640, 480, |x, y| {
        let on_plate = (128..256).contains(&x) && (96..192).contains(&y);
        Rgb(if on_plate && x / 4 % 2 == 0 { [0; 3] } else { [200; 3] })
    });
    encoded(&image, ImageFormat::Png).into()
}

fn shown(jpeg: &Jpeg) -> RgbImage {
    image::load_from_memory_with_format(&jpeg.bytes, ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// An EXIF block in little endian: a description, an orientation and a position, as a phone writes them.
fn exif(description: &str, orientation: u16, latitude: Angle, longitude: Angle) -> Vec<u8> {
    let text = [description.as_bytes(), b"\0"].concat();
    let (ifd0, gps) = (8u32, 8 + 2 + 3 * 12 + 4);
    let rationals = gps + 2 + 4 * 12 + 4;
    let text_at = rationals + 48;
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let mut tiff = [b"II*\0".as_slice(), &ifd0.to_le_bytes(), &3u16.to_le_bytes()].concat();
    tiff.extend(entry(0x010E, 2, u32::try_from(text.len()).unwrap(), text_at));
    tiff.extend(entry(0x0112, 3, 1, u32::from(orientation)));
    tiff.extend(entry(0x8825, 4, 1, gps));
    tiff.extend([0; 4]);
    tiff.extend(4u16.to_le_bytes());
    tiff.extend(entry(1, 2, 2, u32::from(b'N')));
    tiff.extend(entry(2, 5, 3, rationals));
    tiff.extend(entry(3, 2, 2, u32::from(b'W')));
    tiff.extend(entry(4, 5, 3, rationals + 24));
    tiff.extend([0; 4]);
    for (numerator, denominator) in latitude.into_iter().chain(longitude) {
        tiff.extend(numerator.to_le_bytes());
        tiff.extend(denominator.to_le_bytes());
    }
    tiff.extend(text);
    tiff
}

/// Puts segments behind the start of a JPEG.
fn with_segments(jpeg: &[u8], segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    for (kind, content) in segments {
        bytes.extend([0xFF, *kind]);
        bytes.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        bytes.extend(*content);
    }
    bytes.extend(&jpeg[2..]);
    bytes
}

/// Degrees, minutes and seconds as fractions.
type Angle = [(u32, u32); 3];

const HERE: (Angle, Angle) = ([(49, 1), (58, 1), (5340, 100)], [(11, 1), (36, 1), (4680, 100)]);

fn phone_photo(width: u32, height: u32, orientation: u16) -> Vec<u8> {
    let app1 = [b"Exif\0\0".as_slice(), &exif("<script>alert('Anna')</script>", orientation, HERE.0, HERE.1)].concat();
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>Anna Beispiel</x:xmpmeta>";
    let icc = b"ICC_PROFILE\0\x01\x01not a profile";
    let jpeg = encoded(&two_halves(width, height), ImageFormat::Jpeg);
    with_segments(&jpeg, &[(0xE1, &app1), (0xE1, xmp), (0xE2, icc), (0xFE, b"Kommentar von Anna")])
}

#[tokio::test]
async fn a_photo_comes_in_three_sizes() {
    let photo = encoded(&two_halves(2400, 1200), ImageFormat::Jpeg);
    let picture = prepare(photo.into(), Limits::default()).await.unwrap();
    let sizes = picture.sizes.each_ref().map(|size| (size.width, size.height));
    assert_eq!(sizes, [(1600, 800), (800, 400), (240, 120)]);
    assert_eq!((picture.width, picture.height), (2400, 1200));
    for size in &picture.sizes {
        assert_eq!(shown(size).dimensions(), (size.width, size.height));
    }
    assert_eq!(picture.exif_position, None);
}

#[test]
fn a_large_photo_keeps_its_proportions_and_a_small_one_its_size() {
    let wide = prepare_now(&encoded(&two_halves(6000, 30), ImageFormat::Png), Limits::default()).unwrap();
    assert_eq!(wide.sizes.each_ref().map(|size| (size.width, size.height)), [(1600, 8), (800, 4), (240, 1)]);
    assert_eq!((wide.width, wide.height), (6000, 30));
    let tiny = prepare_now(&encoded(&two_halves(10, 7), ImageFormat::WebP), Limits::default()).unwrap();
    assert!(tiny.sizes.iter().all(|size| (size.width, size.height) == (10, 7)));
}

#[test]
fn a_photo_is_turned_upright() {
    // 6: the right side of what people see is the top row of what the sensor wrote.
    let picture = prepare_now(&phone_photo(640, 480, 6), Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height), (480, 640));
    let image = shown(&picture.sizes[0]);
    assert_eq!(image.dimensions(), (480, 640));
    let (top, bottom) = (image.get_pixel(240, 100).0, image.get_pixel(240, 540).0);
    assert!(top[0] > 150 && top[2] < 80, "{top:?}");
    assert!(bottom[2] > 150 && bottom[0] < 80, "{bottom:?}");
    // 3 stands on its head and keeps its shape.
    let picture = prepare_now(&phone_photo(640, 480, 3), Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height), (640, 480));
    assert!(shown(&picture.sizes[0]).get_pixel(100, 240).0[2] > 150);
}

#[test]
fn the_position_is_handed_over_apart() {
    let picture = prepare_now(&phone_photo(64, 48, 1), Limits::default()).unwrap();
    let Position { lat, lon } = picture.exif_position.unwrap();
    assert!((lat - 49.981_5).abs() < 1e-6 && (lon + 11.613).abs() < 1e-6, "{lat} {lon}");
    assert!(!format!("{picture:?}").contains("49"), "a position is personal data");
}

#[test]
fn positions_that_mean_nothing_are_none() {
    let zero = [(0, 1); 3];
    let table = [(zero, zero), ([(49, 0), (0, 1), (0, 1)], HERE.1), ([(491, 1), (0, 1), (0, 1)], HERE.1)];
    for (lat, lon) in table {
        let app1 = [b"Exif\0\0".as_slice(), &exif("", 1, lat, lon)].concat();
        let photo = with_segments(&encoded(&two_halves(16, 16), ImageFormat::Jpeg), &[(0xE1, &app1)]);
        assert_eq!(prepare_now(&photo, Limits::default()).unwrap().exif_position, None, "{lat:?}");
    }
}

#[test]
fn damaged_metadata_does_not_cost_the_photo() {
    for cut in [0, 4, 9, 30, 60, 100] {
        let block = exif("x", 6, HERE.0, HERE.1);
        let app1 = [b"Exif\0\0".as_slice(), &block[..cut.min(block.len())]].concat();
        let photo = with_segments(&encoded(&two_halves(32, 16), ImageFormat::Jpeg), &[(0xE1, &app1)]);
        let picture = prepare_now(&photo, Limits::default()).unwrap();
        assert_eq!(picture.exif_position, None, "cut at {cut}");
    }
}

fn assert_bare(picture: &Picture) {
    for size in &picture.sizes {
        for trace in [&b"Exif"[..], b"xmpmeta", b"ICC_PROFILE", b"script", b"Anna", b"PK\x03\x04", b"http"] {
            assert!(!contains(&size.bytes, trace), "{:?} in {size:?}", String::from_utf8_lossy(trace));
        }
        // Only the JFIF header among the application segments, no comment, and nothing behind the end.
        let markers: Vec<u8> = size.bytes.windows(2).filter(|w| w[0] == 0xFF).map(|w| w[1]).collect();
        assert!(!markers.iter().any(|m| (0xE1..=0xEF).contains(m) || *m == 0xFE), "{markers:x?}");
        assert!(size.bytes.ends_with(&[0xFF, 0xD9]));
    }
}

#[test]
fn no_metadata_survives() {
    let photo = phone_photo(640, 480, 1);
    for trace in [&b"Exif"[..], b"xmpmeta", b"ICC_PROFILE", b"script", b"Anna"] {
        assert!(contains(&photo, trace), "the test's photo carries it");
    }
    assert_bare(&prepare_now(&photo, Limits::default()).unwrap());
}

#[test]
fn nothing_hides_behind_a_photo() {
    let mut polyglot = encoded(&two_halves(64, 64), ImageFormat::Jpeg);
    polyglot.extend(b"PK\x03\x04<script>alert(1)</script>");
    assert_bare(&prepare_now(&polyglot, Limits::default()).unwrap());
}

#[test]
fn transparency_becomes_paper() {
    let image = RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 0]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let picture = prepare_now(&bytes.into_inner(), Limits::default()).unwrap();
    assert!(shown(&picture.sizes[0]).get_pixel(32, 32).0.iter().all(|c| *c > 250));
}

fn refused(bytes: &[u8], limits: Limits) -> Refused {
    prepare_now(bytes, limits).err().unwrap_or_else(|| panic!("{} bytes were taken", bytes.len()))
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
        crc
    })
}

/// A PNG of 60 bytes that says it has these dimensions.
fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    for (name, content) in [(b"IHDR", header.as_slice()), (b"IDAT", &[0x78, 0x9C, 3, 0, 0, 0, 0, 1]), (b"IEND", &[])] {
        let body = [name.as_slice(), content].concat();
        bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend(&body);
        bytes.extend(crc(&body).to_be_bytes());
    }
    bytes
}

#[test]
fn bombs_are_refused_by_their_header() {
    assert_eq!(refused(&png_bomb(30_000, 30_000), Limits::default()), Refused::TooManyPixels);
    assert_eq!(refused(&png_bomb(u32::MAX >> 1, 1), Limits::default()), Refused::TooManyPixels);
    // A JPEG whose frame header was rewritten to the largest size there is.
    let mut jpeg = encoded(&two_halves(64, 64), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    assert_eq!(refused(&jpeg, Limits::default()), Refused::TooManyPixels);
    // Few pixels for the rule, but more memory than allowed.
    let image = encoded(&two_halves(1000, 1000), ImageFormat::Png);
    let tight = Limits { memory_bytes: 1_000_000, ..Limits::default() };
    assert_eq!(refused(&image, tight), Refused::TooManyPixels);
    let limits = Limits { pixels: 999_999, ..Limits::default() };
    assert_eq!(refused(&image, limits), Refused::TooManyPixels);
    assert!(prepare_now(&image, Limits { pixels: 1_000_000, ..Limits::default() }).is_ok());
}

#[test]
fn a_promise_without_pixels_is_broken() {
    assert_eq!(refused(&png_bomb(100, 100), Limits::default()), Refused::Broken);
}

#[test]
fn too_many_bytes_are_refused_before_they_are_read() {
    let limits = Limits { bytes: 10, ..Limits::default() };
    assert_eq!(refused(&[0xFF; 11], limits), Refused::TooLarge { limit: 10 });
}

#[test]
fn the_name_does_not_matter_the_content_does() {
    for content in [&b"MZ\x90\0rest of a program"[..], b"GIF89a", b"<svg>", b"BM", b"%PDF-1.7", b"", b"\xFF\xD8"] {
        assert_eq!(refused(content, Limits::default()), Refused::WrongType, "{content:?}");
    }
}

#[test]
fn a_photo_of_an_iphone_is_known_and_not_read() {
    for brand in [&b"heic"[..], b"heix", b"mif1"] {
        let content = [&b"\0\0\0\x18ftyp"[..], brand, b"\0\0\0\0mif1heic"].concat();
        assert_eq!(refused(&content, Limits::default()), Refused::Heic);
    }
    assert_eq!(refused(b"\0\0\0\x18ftypmp42\0\0\0\0", Limits::default()), Refused::WrongType, "a film");
}

#[test]
fn a_photo_cut_off_is_broken() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        // Noise, so that the pixels take up most of the file.
        let noise = RgbImage::from_fn(120, 90, |x, y| Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]));
        let whole = encoded(&noise, format);
        assert!(prepare_now(&whole, Limits::default()).is_ok(), "{format:?}");
        for share in [30, 50, 90] {
            let cut = &whole[..whole.len() * share / 100];
            assert_eq!(refused(cut, Limits::default()), Refused::Broken, "{format:?} at {share} %");
        }
    }
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_the_photo() {
    let app1 = [b"Exif\0\0".as_slice(), &[0xFF, 0xD9]].concat();
    let photo = with_segments(&encoded(&two_halves(64, 64), ImageFormat::Jpeg), &[(0xE1, &app1)]);
    assert!(prepare_now(&photo, Limits::default()).is_ok());
    assert_eq!(refused(&photo[..photo.len() - 2], Limits::default()), Refused::Broken);
}

#[tokio::test]
async fn a_covered_area_tells_nothing_and_the_rest_is_as_it_was() {
    let original = prepare(photo_with_plate(), Limits::default()).await.unwrap();
    let before = shown(&original.sizes[0]);
    let area = Area { x: 0.2, y: 0.2, w: 0.2, h: 0.2 };
    let covered = redact(original.sizes[0].bytes.clone(), vec![area]).await.unwrap();
    let after = shown(&covered.sizes[0]);
    let spread = |image: &RgbImage| {
        let row = (130..250).map(|x| image.get_pixel(x, 144).0[1]);
        row.clone().max().unwrap() - row.min().unwrap()
    };
    assert!(spread(&before) > 150, "the plate was readable");
    assert!(spread(&after) < 40, "{}", spread(&after));
    let untouched = (0..640).filter(|x| *x < 112 || *x > 288).all(|x| {
        let (a, b) = (before.get_pixel(x, 300).0, after.get_pixel(x, 300).0);
        a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 12)
    });
    assert!(untouched);
    assert_eq!(covered.sizes.len(), 3);
    assert_eq!(shown(&covered.sizes[2]).dimensions(), (240, 180));
}

#[tokio::test]
async fn two_different_plates_look_the_same_when_covered() {
    // Both have the same mean in every cell: stripes to the left or to the right of each pair.
    let plate = |shift: u32| {
        let image =
            RgbImage::from_fn(320, 320, |x, _| Rgb([if (x / 2 + shift).is_multiple_of(2) { 0 } else { 200 }; 3]));
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 100).encode_image(&image).unwrap();
        Bytes::from(bytes)
    };
    let everything = vec![Area { x: -1.0, y: 0.0, w: 3.0, h: 1.0 }];
    assert_ne!(plate(0), plate(1));
    let (first, second) =
        (redact(plate(0), everything.clone()).await.unwrap(), redact(plate(1), everything).await.unwrap());
    assert_eq!(first.sizes[0].bytes, second.sizes[0].bytes);
}

#[tokio::test]
async fn areas_that_are_none_change_nothing_but_never_panic() {
    let jpeg = prepare(photo_with_plate(), Limits::default()).await.unwrap().sizes[0].bytes.clone();
    let none = redact(jpeg.clone(), vec![]).await.unwrap();
    let strange = [
        Area { x: f64::NAN, y: 0.0, w: 1.0, h: 1.0 },
        Area { x: 0.0, y: 0.0, w: f64::INFINITY, h: 1.0 },
        Area { x: 1.0, y: 0.5, w: 0.5, h: 0.5 },
        Area { x: 0.5, y: 0.5, w: -0.5, h: 0.5 },
        Area { x: -2.0, y: 0.0, w: 1.0, h: 1.0 },
    ];
    let same = redact(jpeg, strange.to_vec()).await.unwrap();
    assert_eq!(none.sizes[0].bytes, same.sizes[0].bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Magic numbers and noise: an answer comes, whatever it is, and no size is larger than promised.
    #[test]
    fn noise_never_panics(kind in 0usize..4, noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let magic: [&[u8]; 4] = [b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n", b"RIFF\x60\0\0\0WEBPVP8 ", b""];
        let bytes = [magic[kind], &noise].concat();
        if let Ok(picture) = prepare_now(&bytes, Limits::default()) {
            prop_assert!(picture.sizes[0].width <= 1600 && picture.sizes[0].height <= 1600);
        }
    }

    /// Real photos with a few bytes changed.
    #[test]
    fn damage_never_panics(kind in 0usize..3, hits in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
        let mut bytes = match formats[kind] {
            ImageFormat::Jpeg => phone_photo(48, 32, 6),
            format => encoded(&two_halves(48, 32), format),
        };
        for (at, value) in hits {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        // A rewritten header may ask for any size below the limit; a small one keeps the test quick.
        let limits = Limits { pixels: 1_000_000, ..Limits::default() };
        if let Ok(picture) = prepare_now(&bytes, limits) {
            prop_assert!(picture.sizes.iter().all(|size| size.bytes.starts_with(&[0xFF, 0xD8])));
        }
    }
}

/// What stands in the file when the seat is free is what is read: so nothing was in memory before.
#[tokio::test]
async fn an_upload_waits_for_its_seat_on_disk_and_not_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Settings { folder: folder.path().into(), reserve_bytes: 0, s3: None }).await.unwrap();
    let receive = async |width: u32| {
        let bytes = Bytes::from(encoded(&two_halves(width, 40), ImageFormat::Png));
        let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
        store.incoming(stream, u64::MAX).await.unwrap()
    };
    let (upload, other) = (receive(60).await, receive(80).await);
    let seats = SEATS.acquire_many(2).await.unwrap();
    let mut preparing = std::pin::pin!(prepare_upload(&upload, Limits::default()));
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), preparing.as_mut()).await;
    assert!(early.is_err(), "no seat was free");
    std::fs::copy(other.path(), upload.path()).unwrap();
    drop(seats);
    assert_eq!(preparing.await.unwrap().width, 80);
    let small = Limits { bytes: 10, ..Limits::default() };
    let refused = prepare_upload(&upload, small).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refused::TooLarge { limit: 10 })));
}

#[tokio::test]
async fn who_hangs_up_leaves_the_seat_to_the_work_that_goes_on() {
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let mut held = vec![];
    for _ in 0..2 {
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let started = started.clone();
        let visit = tokio::spawn(seated(move || {
            started.send(()).unwrap();
            ends.recv().map_err(|_| Refused::Broken)
        }));
        has_started.recv().await.unwrap();
        visit.abort();
        assert!(visit.await.unwrap_err().is_cancelled());
        held.push(end);
    }
    assert!(SEATS.try_acquire().is_err(), "both pictures are still in work");
    held.iter().for_each(|end| end.send(()).unwrap());
    drop(SEATS.acquire_many(2).await.unwrap());
}
