//! A map from elsewhere, against a local server that speaks real HTTP: hit, miss, stale, gap, nonsense, outage; and that
//! neither another town nor anybody's request has a part in it.

use super::store::small_town;
use crate::foreign::{cache_folder, sweep};
use crate::source::both;
use crate::{SourceHealth, TileSource, check_tile_source, set_tile_source};
use base::MunicipalityId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};
use testkit::{Browser, TestSite, databases, migrations};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use web::Settings;

const HOST: &str = "ahornfurt.example";
const OTHER: &str = "anderswo.example";

/// Answers with what was set last and remembers whole requests.
#[derive(Clone)]
struct Source {
    port: u16,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Source {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source =
            Self { port: listener.local_addr().unwrap().port(), answer: Arc::default(), asked: Arc::default() };
        let served = source.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let source = served.clone();
                tokio::spawn(async move {
                    let mut request = vec![0; 8192];
                    let read = stream.read(&mut request).await.unwrap_or(0);
                    source.asked.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
                    let answer = source.answer.lock().unwrap().clone();
                    // A client that hangs up early is what some tests want.
                    let _ = stream.write_all(&answer).await;
                });
            }
        });
        source
    }

    fn says(&self, head: &str, body: &[u8]) {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        *self.answer.lock().unwrap() = [head.as_bytes(), body].concat();
    }

    fn shows(&self, color: [u8; 3]) {
        self.says("200 OK\r\netag: \"a1\"\r\ncontent-type: image/png", &square(256, color));
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn of_town(&self) -> TileSource {
        TileSource {
            url_template: format!("http://127.0.0.1:{}/{{z}}/{{x}}/{{y}}.png?key=geheim", self.port),
            zoom_min: 6,
            zoom_max: 18,
            attribution: "© Landesvermessung".to_owned(),
            licence: "dl-de/by-2-0".to_owned(),
            is_photo: false,
        }
    }
}

fn square(side: u32, color: [u8; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = color.iter().copied().cycle().take((side * side * 3) as usize).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

/// The most frequent colour of a picture.
fn colour(png: &[u8]) -> [u8; 3] {
    let mut decoder = png::Decoder::new(png);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    reader.next_frame(&mut pixels).unwrap();
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    pixels.chunks(3).for_each(|pixel| *counts.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).unwrap().0
}

/// A site that may ask this source, on every database, with the town and a second one.
async fn with_source(test: impl AsyncFn(TestSite, Source, MunicipalityId)) {
    for database in databases(&migrations(&[crate::room()])).await {
        let source = Source::start().await;
        let settings = Settings { intranet: vec![format!("127.0.0.1:{}", source.port)], ..Settings::default() };
        let site = TestSite::new(database, vec![crate::room()].into(), settings).await;
        let town = site.found(HOST, "Ahornfurt").await;
        site.found(OTHER, "Anderswo").await;
        test(site, source, town).await;
    }
}

async fn name(site: &TestSite, town: MunicipalityId, source: Option<TileSource>) {
    site.site.db.write(town, move |tx| set_tile_source(tx, source.as_ref())).await.unwrap();
}

/// A tile in the middle of the test town, `east` tiles away from it.
fn tile_path(theme: &str, zoom: u8, east: i64) -> String {
    let view = maps::View::around(super::HERE, zoom, 1, 1).unwrap();
    format!("/karte/{theme}/{zoom}/{}/{}.png", view.left / 256 + east, view.top / 256)
}

async fn seen_colour(browser: &mut Browser, path: &str) -> [u8; 3] {
    let seen = browser.visit(path).await;
    seen.is(200);
    assert_eq!(seen.headers["content-type"], "image/png");
    colour(&seen.body)
}

const BLUE: [u8; 3] = [10, 20, 200];
const GREEN: [u8; 3] = [10, 200, 20];
const PAPER: [u8; 3] = [0xf4, 0xf1, 0xea];

#[tokio::test]
async fn a_tile_is_fetched_once_asked_about_when_old_and_shown_while_the_source_is_away() {
    with_source(async |site, source, town| {
        name(&site, town, Some(source.of_town())).await;
        source.shows(BLUE);
        let (mut anna, path) = (site.visitor(HOST), tile_path("hell", 16, 0));
        assert_eq!(seen_colour(&mut anna, &path).await, BLUE);
        assert_eq!(seen_colour(&mut site.visitor(HOST), &path).await, BLUE);
        assert_eq!(source.asked().len(), 1, "the second comes from the disk");
        // Old: asked whether it still holds, and it does.
        site.clock.advance_seconds(8 * 86_400);
        source.says("304 Not Modified", b"");
        assert_eq!(seen_colour(&mut anna, &path).await, BLUE);
        assert!(source.asked()[1].to_lowercase().contains("if-none-match: \"a1\""), "{:?}", source.asked()[1]);
        assert_eq!(seen_colour(&mut anna, &path).await, BLUE);
        assert_eq!(source.asked().len(), 2, "and is fresh again");
        // Old, and there is a new one.
        site.clock.advance_seconds(8 * 86_400);
        source.shows(GREEN);
        assert_eq!(seen_colour(&mut anna, &path).await, GREEN);
        // Old, and the source is away: stale is better than none, and it is left alone for a while.
        site.clock.advance_seconds(8 * 86_400);
        source.says("503 Service Unavailable", b"");
        assert_eq!(seen_colour(&mut anna, &path).await, GREEN);
        assert_eq!(seen_colour(&mut anna, &path).await, GREEN);
        assert_eq!(source.asked().len(), 4);
        site.clock.advance_seconds(31);
        seen_colour(&mut anna, &path).await;
        assert_eq!(source.asked().len(), 5);
        // Too old to be shown at all: the own map or paper instead, for a minute only.
        site.clock.advance_seconds(90 * 86_400);
        let seen = anna.visit(&path).await;
        assert_eq!(
            (colour(&seen.body), seen.headers["cache-control"].to_str().unwrap()),
            (PAPER, "private, max-age=60")
        );
    })
    .await;
}

#[tokio::test]
async fn many_who_want_the_same_tile_ask_once() {
    with_source(async |site, source, town| {
        name(&site, town, Some(source.of_town())).await;
        source.shows(BLUE);
        let path = tile_path("hell", 15, 0);
        let visits = (0..12).map(|_| {
            let (mut visitor, path) = (site.visitor(HOST), path.clone());
            async move { seen_colour(&mut visitor, &path).await }
        });
        let seen = futures_util::future::join_all(visits).await;
        assert!(seen.iter().all(|color| *color == BLUE));
        assert_eq!(source.asked().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_source_sees_the_house_and_no_citizen() {
    with_source(async |site, source, town| {
        name(&site, town, Some(source.of_town())).await;
        source.shows(BLUE);
        let mut anna = site.visitor(HOST);
        anna.visit("/orte?q=Lindenpark").await;
        anna.visit(&tile_path("hell", 16, 0)).await.is(200);
        let asked = source.asked()[0].to_lowercase();
        let names: Vec<_> =
            asked.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        for name in &names {
            assert!(["host", "accept", "user-agent"].contains(name), "{name} in {asked}");
        }
        assert!(!asked.contains("ahornfurt") && !asked.contains("anderswo"), "{asked}");
    })
    .await;
}

#[tokio::test]
async fn nonsense_from_the_source_is_a_gap_and_never_a_broken_image() {
    with_source(async |site, source, town| {
        assert!(site.site.db.write(town, small_town).await.unwrap());
        let mut anna = site.visitor(HOST);
        let own = anna.visit(&tile_path("hell", 16, 0)).await.body;
        name(&site, town, Some(source.of_town())).await;
        let huge = vec![b'x'; 3 << 20];
        let mut cut = square(256, BLUE);
        cut.truncate(200);
        let answers: [(&str, Vec<u8>); 7] = [
            ("200 OK", huge),
            ("200 OK\r\ncontent-type: image/png", b"<html>Bitte anmelden</html>".to_vec()),
            ("200 OK", square(2000, BLUE)),
            ("200 OK", cut),
            // Beyond what a server has, some refuse instead of knowing nothing.
            ("403 Forbidden", vec![]),
            ("404 Not Found", vec![]),
            // It may not lead us to a neighbour in the private net, not even to one that is listed.
            ("302 Found\r\nlocation: http://169.254.169.254/latest/meta-data", vec![]),
        ];
        for (index, (head, body)) in answers.iter().enumerate() {
            source.says(head, body);
            // Each at a zoom of its own: none finds what another left.
            let zoom = u8::try_from(11 + index).unwrap();
            let seen = anna.visit(&tile_path("hell", zoom, 0)).await;
            seen.is(200);
            assert_eq!(&seen.body[1..4], b"PNG", "{head}");
            assert_eq!(seen.headers["cache-control"].to_str().unwrap(), "private, max-age=60", "{head}");
            if zoom == 16 {
                assert_eq!(seen.body, own, "the town's own drawing stands in");
            }
        }
        assert_eq!(source.asked().len(), answers.len());
        // Tiles of the source beside tiles of our own: the still image has no hole and names both sources.
        site.clock.advance_seconds(4_000);
        source.shows(BLUE);
        let still = format!("/karte/bild?lat={}&lon={}&zoom=16&w=300&h=200", super::HERE.lat, super::HERE.lon);
        assert_eq!(colour(&anna.visit(&still).await.body), BLUE);
        let night = seen_colour(&mut anna, &tile_path("dunkel", 16, 0)).await;
        assert!(night[2] > night[0] && night != BLUE, "blue, but of the night: {night:?}");
    })
    .await;
}

#[tokio::test]
async fn a_town_without_geometry_has_a_map_and_towns_share_no_tile() {
    with_source(async |site, source, town| {
        let other = site.site.town_by_host(OTHER).await.unwrap().unwrap().id;
        let (mut anna, mut olaf, path) = (site.visitor(HOST), site.visitor(OTHER), tile_path("hell", 16, 0));
        anna.visit(&path).await.is(404);
        name(&site, town, Some(source.of_town())).await;
        source.shows(BLUE);
        assert_eq!(seen_colour(&mut anna, &path).await, BLUE);
        // The other town named nothing: it sees none of it.
        olaf.visit(&path).await.is(404);
        // It names the very same source: fetched for itself, kept in its own folder.
        name(&site, other, Some(source.of_town())).await;
        source.shows(GREEN);
        assert_eq!(seen_colour(&mut olaf, &path).await, GREEN);
        assert_eq!(seen_colour(&mut anna, &path).await, BLUE);
        assert_eq!(std::fs::read_dir(cache_folder(&site.site)).unwrap().count(), 2);
        // Beyond the town the house fetches nothing: it is no proxy for the world.
        let before = source.asked().len();
        assert_eq!(seen_colour(&mut anna, "/karte/hell/16/1000/1000.png").await, PAPER);
        assert_eq!(source.asked().len(), before);
        // Closer than the source goes: its last zoom, stretched.
        assert_eq!(seen_colour(&mut anna, &tile_path("hell", 19, 0)).await, GREEN);
        assert!(source.asked().last().unwrap().starts_with("GET /18/"));
        // Another source, other tiles; and back to the own map there is nothing left of either.
        let changed = TileSource { zoom_max: 17, ..source.of_town() };
        name(&site, town, Some(changed)).await;
        assert_eq!(seen_colour(&mut anna, &path).await, GREEN);
        name(&site, town, None).await;
        anna.visit(&path).await.is(404);
    })
    .await;
}

#[tokio::test]
async fn the_operator_hears_what_is_wrong_with_a_source() {
    with_source(async |site, source, town| {
        let check = async |source: TileSource| check_tile_source(&site.site, town, &source).await.unwrap();
        source.shows(BLUE);
        assert!(matches!(check(source.of_town()).await, SourceHealth::Answers { .. }));
        source.says("404 Not Found", b"");
        assert!(matches!(check(source.of_town()).await, SourceHealth::Empty));
        source.says("200 OK", b"<html>");
        assert!(matches!(check(source.of_town()).await, SourceHealth::NoPicture));
        source.says("403 Forbidden", b"");
        assert!(matches!(check(source.of_town()).await, SourceHealth::Refused(_)));
        // A private address that nobody allowed is not even asked.
        let private = TileSource { url_template: "http://10.1.2.3/{z}/{x}/{y}".to_owned(), ..source.of_town() };
        let SourceHealth::Refused(error) = check(private).await else { panic!("not refused") };
        assert!(error.to_string().contains("not a public one"), "{error}");
        let broken = TileSource { url_template: "https://k.example/{z}".to_owned(), ..source.of_town() };
        assert!(broken.client(&site.site).is_err());
        assert_eq!(source.of_town().host(), format!("127.0.0.1:{}", source.port));
    })
    .await;
}

#[test]
fn the_line_of_thanks_names_every_source_once() {
    assert_eq!(both("© BKG", "Kartendaten: © OSM"), "© BKG · © OSM");
    assert_eq!(both("© BKG", ""), "© BKG");
    assert_eq!(both("© BKG, © OSM", "© OSM"), "© BKG, © OSM");
}

#[test]
fn the_oldest_tiles_make_room() {
    let now = base::Moment::from_micros(1_795_341_600_000_000);
    let seconds = |days: u64| UNIX_EPOCH + Duration::from_secs(1_795_341_600 - days * 86_400);
    let root = std::env::temp_dir().join(format!("map-sweep-{}", std::process::id()));
    let folder = root.join("town").join("source");
    std::fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, days: u64| {
        let path = folder.join(name);
        std::fs::write(&path, [0; 100]).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(seconds(days)).unwrap();
    };
    let left = || {
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    for (name, days) in [("a", 100), ("b", 9), ("c", 8), ("d", 1)] {
        put(name, days);
    }
    sweep(&folder.join("nowhere"), now, 1_000);
    sweep(&root, now, 1_000);
    assert_eq!(left(), ["b", "c", "d"], "too old to be shown");
    sweep(&root, now, 250);
    assert_eq!(left(), ["c", "d"]);
    sweep(&root, now, 250);
    assert_eq!(left(), ["c", "d"], "within the limit nothing goes");
    std::fs::remove_dir_all(&root).unwrap();
}
