//! A whole site for tests: any rooms, a fresh database, a turned clock, a mail folder, and people who browse it through
//! the real router without JavaScript. It knows no room. Everything here panics instead of returning errors: a test
//! without its site cannot go on.
#![expect(clippy::expect_used, clippy::panic, reason = "only tests use this crate")]

mod browser;
pub mod html;

pub use browser::{Browser, Seen};
pub use db::testing::{TestDb, databases, on_both};

use base::{Land, MunicipalityId, Position, TurnedClock};
use std::sync::Arc;
use web::{Keys, Limits, Room, Rooms, SeenRoute, Settings, Site, SiteParts, Town, TownKind};

/// A site on one test database.
pub struct TestSite {
    pub site: Site,
    pub clock: Arc<TurnedClock>,
    pub router: axum::Router,
    pub routes: Vec<SeenRoute>,
    /// Removed at the end.
    _folder: tempfile::TempDir,
    database: TestDb,
}

/// The migrations of the kit and of these rooms.
pub fn migrations(rooms: &[Room]) -> Vec<db::Migrations> {
    let own = std::iter::once(("web", web::MIGRATIONS));
    own.chain(rooms.iter().map(|room| (room.name, room.migrations))).collect()
}

/// Runs a test on a site of these rooms, on every database.
pub async fn on_both_sites(rooms: fn() -> Vec<Room>, test: impl AsyncFn(TestSite)) {
    for database in databases(&migrations(&rooms())).await {
        eprintln!("on {:?}", database.kind);
        test(TestSite::new(database, rooms().into(), Settings::default()).await).await;
    }
}

impl TestSite {
    pub async fn new(database: TestDb, rooms: Rooms, settings: Settings) -> Self {
        Self::beside(database, rooms, settings, vec![]).await
    }

    /// The same, where these servers of the test (`host:port`) count as public: strangers may name them.
    pub async fn beside(database: TestDb, rooms: Rooms, settings: Settings, servers: Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for uploads and mails");
        let clock: Arc<TurnedClock> = Arc::clone(&database.clock);
        let files = files::Store::open(files::Settings { folder: folder.path().into(), reserve_bytes: 0, s3: None })
            .await
            .expect("a folder for uploads");
        let from = mail::EmailAddress::parse("stadtplatz@example.org").expect("a sender");
        let mail_settings = mail::Settings { url: None, folder: folder.path().into(), from };
        let mailer = mail::Mailer::open(&mail_settings, Arc::<TurnedClock>::clone(&clock)).expect("a mail folder");
        let client = |intranet| {
            let settings = outgoing::Settings { intranet, ..outgoing::Settings::default() };
            outgoing::Outgoing::new(settings).expect("an outgoing client")
        };
        let parts = SiteParts {
            db: database.db.clone(),
            files,
            mailer,
            outgoing: client(settings.intranet.clone()),
            strangers: client(servers),
            cache: folder.path().join("cache"),
            clock: Arc::<TurnedClock>::clone(&clock),
            chance: Arc::<base::SeededChance>::clone(&database.chance),
            keys: Keys::new(&[42; 32]),
            limits: Limits::off(),
            settings,
            rooms,
        };
        let site = Site::new(parts).expect("the rooms' texts are readable");
        let (router, routes) = web::router(&site, axum::Router::new());
        Self { site, clock, router, routes, _folder: folder, database }
    }

    /// Founds a town with every room's template; it answers on `https://HOST`.
    pub async fn found(&self, host: &str, name: &str) -> MunicipalityId {
        let (host_name, town_name) = (host.to_owned(), name.to_owned());
        let id = self
            .site
            .db
            .operate(move |tables| tables.add_municipality(&town_name, &[&host_name]))
            .await
            .unwrap_or_else(|error| panic!("could not register {host}: {error}"));
        let centre = Position { lat: 50.12, lon: 11.03 };
        let mut town = Town::new(name, TownKind::City, Land::Bavaria, centre, &format!("https://{host}"));
        town.id = id;
        let rooms = Arc::clone(&self.site.rooms);
        self.site
            .db
            .write::<(), db::DbError>(id, move |tx| {
                db::testing::unaudited(tx, "a town for a test");
                web::save_town(tx, &town)?;
                rooms.iter().try_for_each(|room| (room.template)(tx, &town))
            })
            .await
            .unwrap_or_else(|error| panic!("could not found {host}: {error}"));
        id
    }

    /// The database below, for tests that look into it past the house's own code.
    pub fn database(&self) -> &TestDb {
        &self.database
    }

    /// A new visitor of the town on this host, without cookies.
    pub fn visitor(&self, host: &str) -> Browser {
        Browser::new(self.router.clone(), host)
    }

    /// The town as its pages see it.
    pub async fn town(&self, id: MunicipalityId) -> Arc<Town> {
        self.site.town(id).await.expect("the database answers").expect("the town was founded")
    }

    /// Mails of this town so far, oldest first.
    pub async fn mails(&self, id: MunicipalityId) -> Vec<mail::Posted> {
        let folder = self.site.mailer.folder().expect("mails go to a folder");
        let mut mails = folder.list(id, 1_000).await.expect("the mail folder is readable");
        mails.reverse();
        mails
    }
}
