//! A PostgreSQL that is away, or that takes what is sent and is silent: frozen, or behind a network that swallows
//! everything. A door in front of a real server plays both.

use super::{SET, add, ids, until};
use crate::{Db, DbError, Kind, Settings, p, testing::TestDb, testing::databases};
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// What a test's database may be silent before it is given up.
const SILENCE: Duration = Duration::from_millis(400);
/// Nobody waits longer: for the answer, then for a connection in vain.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Found again so soon when it goes on.
const HEAL_MAX: Duration = Duration::from_secs(2);

/// A door to the server. Shut: connections end and new ones are refused. Silent: connections are taken and nothing comes
/// through until it goes on; then all of it does, as with a server that was frozen.
struct Door {
    address: SocketAddr,
    open: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    silence: Arc<Silence>,
}

#[derive(Default)]
struct Silence {
    silent: Mutex<bool>,
    changed: Condvar,
}

impl Silence {
    fn set(&self, silent: bool) {
        *self.silent.lock().unwrap() = silent;
        self.changed.notify_all();
    }

    fn wait(&self) {
        drop(self.changed.wait_while(self.silent.lock().unwrap(), |silent| *silent).unwrap());
    }
}

impl Door {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = Self {
            address: listener.local_addr().unwrap(),
            open: Arc::new(AtomicBool::new(true)),
            streams: Arc::default(),
            silence: Arc::default(),
        };
        let (is_open, held, silence) = (Arc::clone(&door.open), Arc::clone(&door.streams), Arc::clone(&door.silence));
        std::thread::spawn(move || {
            for outside in listener.incoming().map_while(Result::ok) {
                if !is_open.load(Ordering::SeqCst) {
                    continue;
                }
                let inside = TcpStream::connect(server).unwrap();
                for (from, to) in [(&outside, &inside), (&inside, &outside)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let silence = Arc::clone(&silence);
                    std::thread::spawn(move || pass(from, to, &silence));
                }
                held.lock().unwrap().extend([outside, inside]);
            }
        });
        door
    }

    fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    fn unlock(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, silence: &Silence) {
    let mut bytes = [0; 8192];
    while let Ok(number @ 1..) = from.read(&mut bytes) {
        silence.wait();
        if to.write_all(&bytes[..number]).is_err() {
            break;
        }
    }
    silence.wait();
    to.shutdown(Shutdown::Both).ok();
}

/// A door to this database, and the settings to go through it with one reader and one writer.
fn behind_a_door(test: &TestDb) -> Option<(Door, Settings)> {
    let config: ::postgres::Config = test.url.parse().unwrap();
    let Some(::postgres::config::Host::Tcp(host)) = config.get_hosts().first() else {
        eprintln!("skipped: this test needs a PostgreSQL that is reached by TCP");
        return None;
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let door = Door::to((host.as_str(), port).to_socket_addrs().unwrap().next().unwrap());
    let mut settings = test.settings();
    (settings.readers, settings.writers, settings.silence_max) = (1, 1, SILENCE);
    let user = config.get_user().unwrap_or("root");
    settings.url = format!("postgres://{user}@{}/{}", door.address, config.get_dbname().unwrap());
    Some((door, settings))
}

fn is_unavailable<T>(answer: &Result<T, DbError>) -> bool {
    matches!(answer, Err(DbError::Unavailable(_)))
}

async fn count(db: &Db, town: base::MunicipalityId) -> Result<Option<i64>, DbError> {
    db.read(town, |tx| tx.scalar("SELECT COUNT(*) FROM test_notes WHERE municipality = $1", p![])).await
}

#[tokio::test]
async fn a_silent_database_is_given_up_and_found_again() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let Some((door, settings)) = behind_a_door(&test) else { return };
        let (town, db) = (test.town().await, Db::open(settings).await.unwrap());
        add(&db, town, 1).await.unwrap();
        assert_eq!(count(&db, town).await, Ok(Some(1)));

        door.silence.set(true);
        let both = async { tokio::join!(add(&db, town, 2), count(&db, town)) };
        let (write, read) = timeout(WAIT_MAX, both).await.expect("everybody is answered");
        assert!(is_unavailable(&write) && is_unavailable(&read), "{write:?} {read:?}");
        assert!(!db.health(WAIT_MAX).await.is_good());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            let asked = Instant::now();
            assert!(is_unavailable(&timeout(WAIT_MAX, count(&db, town)).await.expect("answered")));
            assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
        }

        door.silence.set(false);
        let begun = Instant::now();
        while is_unavailable(&add(&db, town, 3).await) || is_unavailable(&count(&db, town).await) {
            assert!(begun.elapsed() < HEAL_MAX, "it comes back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(ids(&test.db, town).await, [1, 3]);
        db.close().await;
    }
}

#[tokio::test]
async fn a_commit_into_the_silence_is_unknown_and_not_repeated() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let Some((door, settings)) = behind_a_door(&test) else { return };
        let (town, db) = (test.town().await, Db::open(settings).await.unwrap());
        let (runs, silence) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&door.silence));
        let counted = Arc::clone(&runs);
        let write = db.write(town, move |tx| {
            super::insert(tx, 1, "a")?;
            counted.fetch_add(1, Ordering::SeqCst);
            silence.set(true);
            Ok::<_, DbError>(())
        });
        let got = timeout(WAIT_MAX, write).await.expect("the caller is answered");
        assert!(matches!(&got, Err(DbError::Unavailable(text)) if text.contains("unknown")), "{got:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 1);

        // What lay in the network arrives: it had not happened when the caller was answered, and it does now.
        assert!(ids(&test.db, town).await.is_empty());
        door.silence.set(false);
        let begun = Instant::now();
        while ids(&test.db, town).await != [1] {
            assert!(begun.elapsed() < WAIT_MAX, "the commit arrives");
            tokio::task::yield_now().await;
        }
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_before_a_silent_database_refuses_and_is_answered() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let Some((door, mut settings)) = behind_a_door(&test) else { return };
        settings.queue = 3;
        let (town, db) = (test.town().await, Db::open(settings).await.unwrap());
        door.silence.set(true);
        let mut waiting = vec![];
        for id in 0..4 {
            let (waiter, before) = (db.clone(), db.load());
            waiting.push(tokio::spawn(async move { timeout(WAIT_MAX, add(&waiter, town, id)).await }));
            until("it waits, the first at the server", || {
                let load = db.load();
                load.writes > before.writes
                    && (id == 0 && load.writes_waiting == 0 || load.writes_waiting == id as usize)
            })
            .await;
        }
        let begun = Instant::now();
        assert_eq!(add(&db, town, 9).await, Err(DbError::Busy));
        assert!(begun.elapsed() < SILENCE);
        for waiter in waiting {
            assert!(is_unavailable(&waiter.await.unwrap().expect("everybody is answered")));
        }
        door.silence.set(false);
        db.close().await;
    }
}

#[tokio::test]
async fn a_silent_host_is_passed_over_for_the_next_one() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let (Some((frozen, settings)), Some((other, _))) = (behind_a_door(&test), behind_a_door(&test)) else { return };
        let town = test.town().await;
        let here = frozen.address.to_string();
        let url = settings.url.replace(&here, &format!("{here},{}", other.address));
        let url = format!("{url}?target_session_attrs=read-write&connect_timeout=1");
        let db = Db::open(Settings { url, ..settings }).await.unwrap();
        frozen.silence.set(true);
        timeout(WAIT_MAX, add(&db, town, 1)).await.expect("answered").unwrap();
        assert_eq!(ids(&test.db, town).await, [1]);
        db.close().await;
    }
}

#[tokio::test]
async fn while_the_database_is_away_calls_fail_fast_and_then_it_works_again() {
    for test in databases(SET).await.into_iter().filter(|test| test.kind == Kind::Postgres) {
        let Some((door, settings)) = behind_a_door(&test) else { return };
        let (town, db) = (test.town().await, Db::open(settings).await.unwrap());
        add(&db, town, 1).await.unwrap();

        door.shut();
        let begun = Instant::now();
        assert!(matches!(add(&db, town, 2).await, Err(DbError::Unavailable(_))));
        assert!(begun.elapsed() < Duration::from_secs(4), "patient, but not for long: {:?}", begun.elapsed());
        let begun = Instant::now();
        for _ in 0..20 {
            assert!(matches!(add(&db, town, 2).await, Err(DbError::Unavailable(_))));
        }
        assert!(begun.elapsed() < Duration::from_millis(500), "then at once: {:?}", begun.elapsed());
        assert!(!db.health(Duration::from_secs(4)).await.is_good());

        door.unlock();
        let begun = Instant::now();
        while add(&db, town, 3).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "it comes back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(ids(&test.db, town).await, [1, 3]);
        assert!(db.load().reconnected >= 1);
        db.close().await;
    }
}
