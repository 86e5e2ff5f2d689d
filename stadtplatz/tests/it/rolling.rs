//! A rolling update from one version to the next: the old process serves on while a newer one widens the database, then
//! both serve, then the old one ends. Nobody is refused, nothing is lost. PostgreSQL only: SQLite has one node.

use crate::{
    kill::{send, write_report},
    program::Program,
    store_newer, store_probe,
    wire::Wire,
};
use stadtplatz::{
    config::{Config, Given},
    serve, start, worker,
};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch};
use web::Site;

const WRITERS: usize = 3;
/// So many reports in every part of the update: each connection has each statement prepared by then.
const ENOUGH: usize = 12;
/// Pages without an account: kept ones, and such as are made for each visit.
const PAGES: [&str; 5] = ["/", "/meldungen", "/melden", "/stand", "/suche?q=laterne"];

/// What people at one node saw.
#[derive(Default)]
struct Seen {
    acknowledged: Mutex<BTreeSet<String>>,
    pages: Mutex<usize>,
    refused: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Seen {
    fn writes(&self, address: SocketAddr, name: &str) {
        for number in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let text = format!("meldung {name} {number}");
            match write_report(address, &text).map(|(mut wire, fields)| send(&mut wire, &fields)) {
                Ok(true) => drop(self.acknowledged.lock().unwrap().insert(text)),
                other => self.refused.lock().unwrap().push(format!("{text}: {other:?}")),
            }
        }
    }

    fn reads(&self, address: SocketAddr) {
        for path in PAGES.iter().cycle() {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            match Wire::new(address).get(path).map(|reply| reply.status) {
                Ok(200) => *self.pages.lock().unwrap() += 1,
                other => self.refused.lock().unwrap().push(format!("{path}: {other:?}")),
            }
        }
    }

    fn reports(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Until so many more reports were taken and pages read.
    fn until_more(&self, what: &str) {
        let (begun, reports, pages) = (Instant::now(), self.reports(), *self.pages.lock().unwrap());
        while self.reports() < reports + ENOUGH || *self.pages.lock().unwrap() < pages + PAGES.len() {
            let refused = self.refused.lock().unwrap().clone();
            assert!(refused.is_empty(), "{what}: {refused:?}");
            assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

/// People who write and read at one node until they are told to stop.
struct People {
    seen: Arc<Seen>,
    threads: Vec<JoinHandle<()>>,
}

impl People {
    fn at(address: SocketAddr, name: &'static str) -> Self {
        let seen = Arc::<Seen>::default();
        let mut threads: Vec<_> = (0..WRITERS)
            .map(|who| {
                let seen = Arc::clone(&seen);
                thread::spawn(move || seen.writes(address, &format!("{name} {who}")))
            })
            .collect();
        let reader = Arc::clone(&seen);
        threads.push(thread::spawn(move || reader.reads(address)));
        Self { seen, threads }
    }

    /// What was acknowledged; nothing may have been refused.
    fn go_home(self) -> BTreeSet<String> {
        self.seen.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let refused = self.seen.refused.lock().unwrap().clone();
        assert!(refused.is_empty(), "{refused:?}");
        self.seen.acknowledged.lock().unwrap().clone()
    }
}

/// The next version, by the same code as the program: the same start, the same worker, the same server.
struct Newer {
    site: Site,
    address: SocketAddr,
    tell: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Newer {
    async fn start(data: &Path, database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let given = Given {
            data: Some(data.to_path_buf()),
            database: Some(database.to_owned()),
            limits: Some("aus".to_owned()),
            public_url: Some(format!("http://localhost:{}", address.port())),
            ..Given::default()
        };
        let config = Config::read(given, false).unwrap();
        let site = start::site_of(&config, store_newer::rooms()).await.unwrap();
        let (router, _) = web::router(&site, axum::Router::new());
        let (tell, stop) = watch::channel(false);
        let (served, stopped) = (stop.clone(), site.clone());
        let tasks = vec![
            tokio::spawn(async move { serve::run(listener, router, served).await.unwrap() }),
            tokio::spawn(async move { worker::run(stopped, stop).await }),
        ];
        Self { site, address, tell, tasks }
    }

    async fn stop(self) {
        self.tell.send(true).unwrap();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.site.db.close().await;
    }
}

/// A report written at one node; its receipt opens at the other.
fn a_receipt_opens_elsewhere(here: SocketAddr, there: SocketAddr) {
    let (mut wire, fields) = write_report(here, "meldung quittung").unwrap();
    let reply = wire.post("/melden/pruefen", &fields).unwrap();
    let receipt = reply.header("location").unwrap().to_owned();
    assert_eq!(wire.moved_to(there).get(&receipt).unwrap().status, 200, "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_version_serves_on_while_a_newer_one_widens_the_database_and_takes_over() {
    let rooms = stadtplatz::rooms::rooms();
    let databases = testkit::databases(&testkit::migrations(&rooms)).await;
    let Some(database) = databases.into_iter().find(|database| !database.url.starts_with("sqlite:")) else { return };
    let (folder, url) = (tempfile::tempdir().unwrap(), database.url.clone());
    let mut old = Program::on(folder.path(), &url);
    old.must(&["municipality", "add", "localhost", "Testdorf", "--template", "standard"]);
    old.serve();
    let at_the_old = People::at(old.address, "alt");
    let seen = Arc::clone(&at_the_old.seen);
    let more = move |what: &'static str| {
        let seen = Arc::clone(&seen);
        tokio::task::spawn_blocking(move || seen.until_more(what))
    };
    more("the old one alone").await.unwrap();

    let newer = Newer::start(folder.path(), &url).await;
    more("the old one on the newer schema").await.unwrap();
    let at_the_newer = People::at(newer.address, "neu");
    let seen = Arc::clone(&at_the_newer.seen);
    tokio::task::spawn_blocking(move || seen.until_more("both")).await.unwrap();
    let (here, there) = (old.address, newer.address);
    let receipts = move || {
        a_receipt_opens_elsewhere(here, there);
        a_receipt_opens_elsewhere(there, here);
    };
    tokio::task::spawn_blocking(receipts).await.unwrap();

    // As the balancer does it: nobody is sent to the old one any more, then it ends.
    let mut acknowledged = tokio::task::spawn_blocking(move || at_the_old.go_home()).await.unwrap();
    assert!(tokio::task::spawn_blocking(move || old.stop()).await.unwrap(), "the old one ends in order");
    let seen = Arc::clone(&at_the_newer.seen);
    tokio::task::spawn_blocking(move || seen.until_more("the newer one alone")).await.unwrap();
    acknowledged.extend(tokio::task::spawn_blocking(move || at_the_newer.go_home()).await.unwrap());

    let town = newer.site.db.look_up(|tables| tables.municipalities()).await.unwrap()[0].id;
    let weighed = store_newer::weighed(&newer.site, town).await;
    newer.stop().await;
    let bodies = tokio::task::spawn_blocking(move || store_probe::case_bodies_on_postgres(&url)).await.unwrap();
    let lost: Vec<_> = acknowledged.iter().filter(|text| bodies.get(*text) != Some(&1)).collect();
    assert!(lost.is_empty(), "lost or doubled: {lost:?}");
    assert_eq!(bodies.values().sum::<usize>(), acknowledged.len() + 2, "nothing that nobody sent");
    assert_eq!(usize::try_from(weighed).unwrap(), acknowledged.len() + 2, "the newer one reads what the old one wrote");
    eprintln!("{} reports acknowledged through the update", acknowledged.len());
}
