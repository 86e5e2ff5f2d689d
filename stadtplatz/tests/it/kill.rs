//! `kill -9` under load, again and again: what was acknowledged is there once, what was not may be sent again and is then
//! there once, the audit chain is whole, and every mail comes in the end.

use crate::{program::Program, store_probe, wire::Wire};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const ROUNDS: usize = 20;
const PEOPLE: usize = 4;
/// The program dies after so many reports of a round were acknowledged.
const ACKNOWLEDGED_PER_ROUND: usize = 8;

/// A report whose last step may or may not have reached the server.
struct Unsure {
    text: String,
    fields: Vec<(String, String)>,
    cookies_of: Wire,
}

#[derive(Default)]
struct Ledger {
    acknowledged: BTreeSet<String>,
    unsure: Vec<Unsure>,
}

pub fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

/// Fills in the three pages; `Err` if the server went away before the last one was sent.
pub fn write_report(address: SocketAddr, text: &str) -> std::io::Result<(Wire, Vec<(String, String)>)> {
    let mut wire = Wire::new(address);
    let gone = || std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    let page = wire.get("/melden")?;
    let mut fields = page.form("/melden").fields;
    set(&mut fields, "lat", "51.163");
    set(&mut fields, "lon", "10.447");
    let reply = wire.post("/melden", &fields)?;
    let next = reply.header("location").ok_or_else(gone)?.to_owned();
    let page = wire.get(&next)?;
    let mut fields = page.form("/melden/was").fields;
    let problem = page.body.split("name=\"problem\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    set(&mut fields, "problem", problem.ok_or_else(gone)?);
    set(&mut fields, "body", text);
    let reply = wire.post("/melden/was", &fields)?;
    let next = reply.header("location").ok_or_else(gone)?.to_owned();
    let page = wire.get(&next)?;
    let mut fields = page.form("/melden/pruefen").fields;
    set(&mut fields, "email", &format!("{}@example.org", text.replace(' ', "-")));
    Ok((wire, fields))
}

/// Sends the last page; true if the server acknowledged.
pub fn send(wire: &mut Wire, fields: &[(String, String)]) -> bool {
    wire.post("/melden/pruefen", fields).is_ok_and(|reply| {
        reply.status == 303 && reply.header("location").is_some_and(|to| to.contains("/melden/fertig/"))
    })
}

fn person(address: SocketAddr, name: &str, ledger: &Mutex<Ledger>, done: &AtomicUsize, over: &AtomicBool) {
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let text = format!("meldung {name} {number}");
        let Ok((mut wire, fields)) = write_report(address, &text) else { continue };
        let acknowledged = send(&mut wire, &fields);
        let mut ledger = ledger.lock().unwrap();
        if acknowledged {
            ledger.acknowledged.insert(text);
            done.fetch_add(1, Ordering::Relaxed);
        } else {
            ledger.unsure.push(Unsure { text, fields, cookies_of: wire });
        }
    }
}

/// Waits for a condition of another process; gives up loudly.
fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(180), "waited in vain: {what}");
        thread::park_timeout(Duration::from_millis(20));
    }
}

fn round(program: &mut Program, number: usize, ledger: &Arc<Mutex<Ledger>>) {
    program.serve();
    let (done, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let people: Vec<_> = (0..PEOPLE)
        .map(|who| {
            let (ledger, done, over) = (Arc::clone(ledger), Arc::clone(&done), Arc::clone(&over));
            let address = program.address;
            thread::spawn(move || person(address, &format!("{number} {who}"), &ledger, &done, &over))
        })
        .collect();
    until("reports of a round", || done.load(Ordering::Relaxed) >= ACKNOWLEDGED_PER_ROUND);
    program.kill();
    over.store(true, Ordering::Relaxed);
    for person in people {
        person.join().unwrap();
    }
}

/// Every letter of the folder: whom it went to, by which Message-ID.
fn mailed(data: &Path) -> Vec<(String, String)> {
    let mut mails = vec![];
    for town in std::fs::read_dir(data.join("mail")).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(town.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|end| end == "json") {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                let part = |name: &str| {
                    let rest = text.split(&format!("\"{name}\": \"")).nth(1)?;
                    rest.split('"').next().map(str::to_owned)
                };
                mails.extend(part("to").zip(part("message_id")));
            }
        }
    }
    mails
}

/// What is on disk when all is over.
type Bodies = fn(&Program, &str) -> BTreeMap<String, usize>;

fn survives(mut program: Program, database: &str, bodies: Bodies) {
    let start = Instant::now();
    let folder = program.data.clone();
    program.must(&["municipality", "add", "localhost", "Testdorf", "--template", "standard"]);
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    for number in 0..ROUNDS {
        round(&mut program, number, &ledger);
    }
    program.serve();
    let mut ledger = ledger.lock().unwrap();
    let unsure = std::mem::take(&mut ledger.unsure);
    let repeated = unsure.len();
    for Unsure { text, fields, mut cookies_of } in unsure {
        assert!(send(&mut cookies_of, &fields), "the repeated report {text} was not taken");
        ledger.acknowledged.insert(text);
    }
    let expected: BTreeSet<String> =
        ledger.acknowledged.iter().map(|text| format!("{}@example.org", text.replace(' ', "-"))).collect();
    let all_mailed = || expected.is_subset(&mailed(&folder).into_iter().map(|(to, _)| to).collect());
    until("every confirmation mail", all_mailed);
    assert!(program.stop(), "the program ends in order when asked to");
    // A letter sent again lies in the folder under its Message-ID, so a second one for the same person is another letter.
    let mut ids = BTreeMap::<String, BTreeSet<String>>::new();
    for (to, id) in mailed(&folder) {
        ids.entry(to).or_default().insert(id);
    }
    let twice: Vec<_> = ids.iter().filter(|(_, ids)| ids.len() != 1).collect();
    assert!(twice.is_empty(), "one Message-ID per report: {twice:?}");
    assert_eq!(ids.into_keys().collect::<BTreeSet<_>>(), expected, "nobody else gets a mail");
    let bodies = bodies(&program, database);
    for text in &ledger.acknowledged {
        assert_eq!(bodies.get(text), Some(&1), "{text}");
    }
    assert_eq!(bodies.len(), ledger.acknowledged.len(), "nothing that nobody sent");
    let (findings, _) = program.run(&["doctor", "--audit"]);
    assert!(findings.contains("ist heil"), "{findings}");
    eprintln!(
        "{} reports acknowledged, {repeated} of them after a repetition, in {} s",
        ledger.acknowledged.len(),
        start.elapsed().as_secs()
    );
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_twenty_kills() {
    let folder = tempfile::tempdir().unwrap();
    survives(Program::new(folder.path()), "", |program, _| store_probe::case_bodies(&program.data));
}

/// The program is killed; the database server lives on, with connections that hang in the middle of something.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_by_twenty_kills_on_postgres() {
    let rooms = stadtplatz::rooms::rooms();
    let databases = testkit::databases(&testkit::migrations(&rooms)).await;
    let Some(database) = databases.into_iter().find(|database| !database.url.starts_with("sqlite:")) else { return };
    let (folder, url) = (tempfile::tempdir().unwrap(), database.url.clone());
    let program = Program::on(folder.path(), &url);
    let run = move || survives(program, &url, |_, url| store_probe::case_bodies_on_postgres(url));
    tokio::task::spawn_blocking(run).await.unwrap();
}
