//! Rows 14 and 15: clients that are slow on purpose, uploads that are wrong on purpose. The server runs with its own
//! limits of size; memory and disk are watched.
//! Invariant: while they strain, an ordinary page is asked for again and again, and comes.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Yard;
use super::rounds::{Round, Rounds};
use super::town::Town;
use super::wire::{self, Reply};

pub const PHOTO_FIELD: &str = "photo";
/// With it a form with a good photo goes on to the next page, so that 422 is about the photo.
pub const PLACE: [(&str, &str); 2] = [("lat", "51.163"), ("lon", "10.447")];
const SLOW_CLIENTS: usize = 300;
const SLOW_FOR: Duration = Duration::from_secs(15);
const HEALTHY_EACH: Duration = Duration::from_millis(500);
/// An ordinary page has come so soon, whatever else goes on.
const HEALTHY_MAX: Duration = Duration::from_secs(2);
/// A refusal has come so soon.
const REFUSED_MAX: Duration = Duration::from_secs(5);
/// What the server's own memory may grow by while it refuses.
const GROWTH_KIB_MAX: u64 = 200 * 1024;
const MIB: usize = 1 << 20;

/// A real photograph-sized picture: the repository has one.
pub fn photo(yard: &Yard<'_>) -> Result<Vec<u8>> {
    std::fs::read(yard.shop.root.join("docs/screens/report.png")).context("docs/screens/report.png is missing")
}

fn body(fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = vec![];
    for (name, value) in fields {
        let part = format!("--grenze\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (name, file, bytes) in files {
        let head = format!(
            "--grenze\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: image/jpeg\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--grenze--\r\n");
    body
}

const KIND: &str = "multipart/form-data; boundary=grenze";

/// A form with files.
pub fn multipart(
    port: u16,
    path: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &str, &[u8])],
) -> std::io::Result<Reply> {
    wire::post(port, path, KIND, &body(fields, files), &[])
}

/// Row 14.
pub fn slow_clients(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    rounds.each(|round| {
        let (port, over) = (town.port, AtomicBool::new(false));
        let began = Instant::now();
        let held = std::thread::scope(|scope| {
            let over = &over;
            let drip = move || drip_all(port, over);
            let dripping = scope.spawn(drip);
            while began.elapsed() < SLOW_FOR {
                let asked = Instant::now();
                let healthy = wire::get(port, "/").is_ok_and(|reply| reply.status == 200);
                round.count("healthy_asked", 1);
                round.count("healthy_answered", usize::from(healthy));
                round.must(healthy, "an ordinary page did not come");
                round.longest("healthy", asked.elapsed());
                round.must(asked.elapsed() <= HEALTHY_MAX, "an ordinary page came late");
                std::thread::sleep(HEALTHY_EACH.saturating_sub(asked.elapsed()));
            }
            over.store(true, Ordering::Relaxed);
            dripping.join().unwrap_or_default()
        });
        round.count("slow_clients", SLOW_CLIENTS);
        round.count("slow_clients_held_to_the_end", held);
        Ok(())
    })
}

/// Half of them send a line of the head, half a byte of the body, every two seconds. How many still could at the end.
fn drip_all(port: u16, over: &AtomicBool) -> usize {
    let mut clients = vec![];
    for number in 0..SLOW_CLIENTS {
        let Ok(mut stream) = wire::connect(port) else { continue };
        let slow_head = number % 2 == 0;
        let first = if slow_head {
            "GET / HTTP/1.1\r\nHost: localhost\r\n".to_owned()
        } else {
            wire::head(
                "POST",
                "/melden",
                &[("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "1000")],
            )
        };
        if stream.write_all(first.as_bytes()).is_ok() {
            clients.push((stream, slow_head));
        }
    }
    let mut line = 0;
    while !over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_secs(2));
        line += 1;
        clients.retain_mut(|(stream, slow_head)| {
            let drop = if *slow_head { format!("X-Line-{line}: a\r\n") } else { "a".to_owned() };
            stream.write_all(drop.as_bytes()).is_ok()
        });
    }
    clients.len()
}

/// One wrong upload.
struct Hostile {
    name: &'static str,
    bytes: Vec<u8>,
    /// Statuses that refuse it; 0: the connection was closed without an answer, which a sender of nonsense may get.
    refused: &'static [u16],
    send: fn(u16, &[u8]) -> std::io::Result<Reply>,
}

impl Hostile {
    fn new(name: &'static str, refused: &'static [u16], bytes: Vec<u8>) -> Self {
        Self { name, bytes, refused, send: wire::raw }
    }
}

/// Row 15.
pub fn hostile_uploads(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    let picture = photo(yard)?;
    let good = multipart(town.port, "/melden", &PLACE, &[(PHOTO_FIELD, "gut.png", &picture)])?;
    anyhow::ensure!(good.status == 303, "a good photo was answered {}", good.status);
    let hostile = hostile(&picture);
    rounds.each(|round| {
        let stored = files_below(&town.data.join("files"));
        let before = memory_kib(town.pid()?)?;
        let mut largest = before;
        for upload in &hostile {
            let began = Instant::now();
            let status = std::thread::scope(|scope| {
                let sent = scope.spawn(|| (upload.send)(town.port, &upload.bytes).map_or(0, |reply| reply.status));
                while !sent.is_finished() {
                    largest = largest.max(town.pid().and_then(memory_kib).unwrap_or_default());
                    std::thread::sleep(Duration::from_millis(5));
                }
                sent.join().unwrap_or_default()
            });
            round.count("uploads", 1);
            round.longest("refused_after", began.elapsed());
            round.must(began.elapsed() <= REFUSED_MAX, format!("{} was refused late", upload.name));
            round.must(upload.refused.contains(&status), format!("{} was answered {status}", upload.name));
        }
        round.largest("memory_growth_kib", largest.saturating_sub(before));
        round.must(largest - before <= GROWTH_KIB_MAX, format!("memory grew by {} KiB", largest - before));
        round.must(
            wire::get(town.port, "/").is_ok_and(|reply| reply.status == 200),
            "the town does not answer after it",
        );
        left_over(&town, &stored, round);
        Ok(())
    })
}

/// Nothing that was refused stays on the disk, and nothing was written beside the folder.
fn left_over(town: &Town<'_>, stored: &[String], round: &mut Round) {
    let began = Instant::now();
    loop {
        let left: Vec<String> =
            files_below(&town.data.join("files")).into_iter().filter(|file| !stored.contains(file)).collect();
        if left.is_empty() || began.elapsed() > Duration::from_secs(5) {
            round.count("files_left", left.len());
            round.must(left.is_empty(), format!("refused uploads left {left:?}"));
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn hostile(picture: &[u8]) -> Vec<Hostile> {
    let big = vec![b'x'; 31 * MIB];
    let post = |body: &[u8]| {
        let length = body.len().to_string();
        let head = wire::head("POST", "/melden", &[("Content-Type", KIND), ("Content-Length", &length)]);
        [head.as_bytes(), body].concat()
    };
    let file = |name: &str, bytes: &[u8]| post(&body(&PLACE, &[(PHOTO_FIELD, name, bytes)]));
    let bomb = bomb();
    let cut = post(&body(&PLACE, &[(PHOTO_FIELD, "halb.png", picture)]));
    let many: Vec<(&str, &str)> = vec![("a", "1"); 10_000];
    let huge = wire::head("POST", "/melden", &[("Content-Type", KIND), ("Content-Length", "5000000000")]);
    let half = &picture[..picture.len() / 2];
    let endless = [b"--grenze\r\nContent-Disposition: form-data; name=\"".as_slice(), &big[..2 * MIB]].concat();
    let in_chunks = chunked(&body(&PLACE, &[(PHOTO_FIELD, "gross.jpg", &big)]));
    let mut all = vec![
        Hostile::new("31 MiB with its length", &[422, 413, 0], file("gross.jpg", &big)),
        Hostile::new("31 MiB in chunks", &[422, 413, 0], in_chunks),
        Hostile::new("a length of 5 GB", &[413], huge.into_bytes()),
        Hostile::new("30,000 x 30,000 pixels", &[422], file("bombe.png", &bomb)),
        Hostile::new("a script named jpg", &[422], file("bild.jpg", b"<svg onload=alert(1)>")),
        Hostile::new("a program named jpg", &[422], file("bild.jpg", b"\x7fELF\x02\x01\x01")),
        Hostile::new("a picture cut in the middle", &[422], file("halb.png", half)),
        Hostile::new("a body cut in the middle", &[400, 0], cut[..cut.len() / 2].to_vec()),
        Hostile::new("10,000 parts", &[413, 0], post(&body(&many, &[]))),
        Hostile::new("a name with ../", &[422], file("../../../../etc/boese.jpg", b"no picture")),
        Hostile::new("a name with NUL", &[422, 400], file("a\0b.jpg", b"no picture")),
        Hostile::new("a head without end", &[400, 413, 0], post(&endless)),
    ];
    for upload in all.iter_mut().filter(|upload| upload.name == "a body cut in the middle") {
        upload.send = wire::cut;
    }
    all
}

/// Sent without a length.
fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes =
        wire::head("POST", "/melden", &[("Content-Type", KIND), ("Transfer-Encoding", "chunked")]).into_bytes();
    for piece in body.chunks(MIB) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// The head of a PNG that says 30,000 x 30,000, with the right checksum: 3.6 GB once unpacked.
fn bomb() -> Vec<u8> {
    let mut head = b"IHDR".to_vec();
    head.extend_from_slice(&30_000_u32.to_be_bytes());
    head.extend_from_slice(&30_000_u32.to_be_bytes());
    head.extend_from_slice(&[8, 6, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&crc32(&head).to_be_bytes());
    let data = b"IDAT".as_slice();
    bytes.extend_from_slice(&0_u32.to_be_bytes());
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(&crc32(data).to_be_bytes());
    bytes
}

/// The checksum of PNG (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    let add = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, add)
}

/// The process's own memory, without what it maps from files.
fn memory_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).context("no RssAnon")?;
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).context("no number in RssAnon")
}

fn files_below(folder: &std::path::Path) -> Vec<String> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path.display().to_string());
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_png() {
        // The checksum of an empty IEND chunk stands at the end of every PNG.
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
    }
}
