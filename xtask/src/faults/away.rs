//! Rows 2 and 24: the mail server is away, hangs up in the middle of a letter, the worker dies with the program, the
//! search or the tiles break. Reports are taken all the while, and every consequence comes in the end.
//! Invariant: a letter that comes twice has one Message-ID; whoever reported gets no second letter.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Yard;
use super::load::{settle, under_load};
use super::rounds::{Round, Rounds};
use super::town::{Town, free_port};
use super::wire;

const REPORTS: usize = 12;
/// The first repetition comes after ten seconds, the next after twenty more.
const LETTERS_LIMIT: Duration = Duration::from_secs(120);

/// A mail server of a few lines: it notes what it took, and hangs up on the first letters before it says so.
pub struct MailServer {
    pub port: u16,
    /// Recipient to every Message-ID that came for them, as often as it came.
    letters: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Takes letters at this port; the first `cut` it takes without saying so.
    pub fn open(port: u16, cut: usize) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).context("the mail server has no port")?;
        listener.set_nonblocking(true)?;
        let (letters, over) = (Arc::new(Mutex::new(BTreeMap::new())), Arc::new(AtomicBool::new(false)));
        let (shelf, end, cut) = (Arc::clone(&letters), Arc::clone(&over), Arc::new(AtomicUsize::new(cut)));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                if let Ok((stream, _)) = listener.accept() {
                    let (shelf, cut) = (Arc::clone(&shelf), Arc::clone(&cut));
                    std::thread::spawn(move || drop(talk(stream, &shelf, &cut)));
                } else {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        });
        Ok(Self { port, letters, over, thread: Some(thread) })
    }

    pub fn letters(&self) -> BTreeMap<String, Vec<String>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

type Shelf = Mutex<BTreeMap<String, Vec<String>>>;

/// RFC 5321, the few words that a sender needs.
fn talk(stream: TcpStream, shelf: &Shelf, cut: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let (mut lines, mut out) = (BufReader::new(stream.try_clone()?).lines(), stream);
    out.write_all(b"220 faults.example\r\n")?;
    let mut to = String::new();
    while let Some(Ok(line)) = lines.next() {
        let word = line.to_ascii_uppercase();
        if word.starts_with("RCPT TO:") {
            line[8..].trim().trim_matches(['<', '>']).clone_into(&mut to);
        }
        if word.starts_with("DATA") {
            out.write_all(b"354 go on\r\n")?;
            // A sender that dies in the middle has sent no letter.
            let Some(id) = id_of_letter(lines.by_ref().map_while(Result::ok)) else { return Ok(()) };
            shelf.lock().unwrap_or_else(PoisonError::into_inner).entry(to.clone()).or_default().push(id);
            if cut.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                return Ok(());
            }
        }
        let answer: &[u8] = match word.split(' ').next() {
            Some("QUIT") => b"221 bye\r\n",
            Some("EHLO" | "HELO") => b"250 faults.example\r\n",
            _ => b"250 ok\r\n",
        };
        out.write_all(answer)?;
    }
    Ok(())
}

/// The Message-ID of a letter that came to its end, the line with nothing but a dot.
fn id_of_letter(lines: impl Iterator<Item = String>) -> Option<String> {
    let mut id = String::new();
    for line in lines {
        if line == "." {
            return Some(id);
        }
        if let Some(found) = line.strip_prefix("Message-ID:") {
            found.trim().clone_into(&mut id);
        }
    }
    None
}

/// Row 2.
pub fn mail_and_worker(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    let port = free_port()?;
    town.settings.push(("STADTPLATZ_SMTP", format!("smtp://127.0.0.1:{port}?tls=none")));
    rounds.each(|round| {
        town.serve()?;
        let wanted: Vec<String> =
            (0..REPORTS).map(|number| format!("mail-{}-{number}@example.org", round.number)).collect();
        for (number, address) in wanted.iter().enumerate() {
            if number == REPORTS / 2 {
                // The worker goes with the program, letters in its hands.
                town.kill();
                town.serve()?;
            }
            follow(&town, address)?;
        }
        round.count("letters_owed", wanted.len());
        let began = Instant::now();
        // Away for so long that the first try of every letter failed.
        std::thread::sleep(Duration::from_secs(2));
        let server = MailServer::open(port, 3)?;
        let come = || wanted.iter().filter(|address| server.letters().contains_key(*address)).count();
        while come() < wanted.len() || waiting(&town)? > 0 {
            ensure!(
                began.elapsed() < LETTERS_LIMIT,
                "only {} of {} letters came, {} jobs wait",
                come(),
                wanted.len(),
                waiting(&town)?
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        round.longest("all_letters_after", began.elapsed());
        let letters = server.letters();
        let copies: usize = letters.values().map(Vec::len).sum();
        round.count("letters_come", letters.len());
        round.count("letters_repeated_with_the_same_id", copies - letters.len());
        let other: Vec<&String> = letters
            .iter()
            .filter(|(_, ids)| ids.iter().collect::<BTreeSet<_>>().len() > 1)
            .map(|(address, _)| address)
            .collect();
        round.count("doubled", other.len());
        round.must(other.is_empty(), format!("a second letter with another Message-ID: {other:?}"));
        round.must(copies > letters.len(), "no letter was repeated: the row shows nothing");
        ensure!(server.port == port, "the mail server moved");
        town.stop();
        Ok(())
    })
}

/// A report by a person who wants to hear about it.
fn follow(town: &Town<'_>, address: &str) -> Result<()> {
    let text = address.replace('@', " ");
    let fields = [
        ("api_key", super::town::KEY),
        ("service_code", town.service.as_str()),
        ("description", text.as_str()),
        ("lat", "51.163"),
        ("long", "10.447"),
        ("email", address),
    ];
    let reply = wire::post_form(town.port, "/open311/v2/requests.json", &fields)?;
    ensure!(reply.status == 200, "a report was answered {} while the mail server was away", reply.status);
    Ok(())
}

/// Jobs that are about this round: housekeeping waits for its hour.
pub fn waiting(town: &Town<'_>) -> Result<usize> {
    town.number("SELECT count(*) FROM jobs WHERE kind NOT IN ('upkeep', 'sweep')")
}

/// Row 24.
pub fn parts_away(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    let nobody = free_port()?;
    town.settings.push(("STADTPLATZ_SMTP", format!("smtp://127.0.0.1:{nobody}?tls=none")));
    town.settings.push(("STADTPLATZ_INTRANET", format!("127.0.0.1:{nobody}")));
    let source = format!("http://127.0.0.1:{nobody}/{{z}}/{{x}}/{{y}}.png");
    let (_, said) = town.run(&["municipality", "map", "localhost", "--tiles", &source, "--attribution", "faults"])?;
    ensure!(said.contains(&nobody.to_string()), "the source of tiles was not taken: {said}");
    town.serve()?;
    rounds.each(|round| {
        let tile = wire::get(town.port, "/karte/light/15/17335/10930.png")?;
        round.count("tiles_answered", usize::from(tile.status < 500));
        round.must(tile.status == 200, format!("a tile without its source was answered {}", tile.status));
        intake(&town, "mail and tiles", round)
    })
}

fn intake(town: &Town<'_>, what: &str, round: &mut Round) -> Result<()> {
    let word = format!("without {what} {}", round.number);
    let (ledger, done) = under_load(town.port, &town.service, &word, |load| load.until_acknowledged(40).map(|_| ()));
    done?;
    round.must(ledger.other_than(&[200]) == 0, format!("intake without {what}: {:?}", ledger.statuses));
    round.longest("longest_wait", ledger.longest);
    settle(town, &word, ledger, round)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_letter_is_none() {
        let read = |text: &str| id_of_letter(text.lines().map(str::to_owned));
        assert_eq!(read("Subject: a\nMessage-ID: <1@x>\n\nb\n."), Some("<1@x>".to_owned()));
        assert_eq!(read("Subject: a\nMessage-ID: <1@x>\n\nb"), None);
        assert_eq!(read("Subject: a"), None);
    }
}
