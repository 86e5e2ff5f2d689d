//! Databases for tests, of this crate and of the rooms: each test its own, fresh and migrated. SQLite always;
//! PostgreSQL if `STADTPLATZ_TEST_POSTGRES` names a server where databases may be created. Copies of one migrated
//! template make both quick. Not for production: these databases do not sync.

use crate::{Db, DbError, Heard, Kind, Migrations, Settings, Tx, migrate};
use base::{Moment, MunicipalityId, SeededChance, TurnedClock};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, Once, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub const POSTGRES: &str = "STADTPLATZ_TEST_POSTGRES";
/// Sunday, 2026-11-22, 10:00 in UTC: where every test's clock stands first.
pub const START: Moment = Moment::from_micros(1_795_341_600_000_000);

/// One test's database with its clock and its chance. Removed when dropped.
pub struct TestDb {
    pub db: Db,
    pub clock: Arc<TurnedClock>,
    pub chance: Arc<SeededChance>,
    pub kind: Kind,
    pub url: String,
    /// Every statement of this database's transactions.
    pub heard: Heard,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Database { server: String, name: String },
}

impl TestDb {
    /// A new town without a host.
    pub async fn town(&self) -> MunicipalityId {
        let added = self.db.operate(|o| o.add_municipality("Musterstadt", &[])).await;
        wanted(added, "a town for the test")
    }

    /// The settings this database was opened with, to open it once more.
    pub fn settings(&self) -> Settings {
        Settings { heard: Some(Arc::clone(&self.heard)), ..settings(&self.url, &self.clock, &self.chance) }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        match &self.place {
            Place::Folder(folder) => {
                if let Err(error) = std::fs::remove_dir_all(folder) {
                    eprintln!("a test's folder stays behind: {error}");
                }
            }
            Place::Database { server, name } => {
                let (server, statement) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                let dropped = std::thread::spawn(move || administer(&server, |c| c.batch_execute(&statement))).join();
                if !matches!(dropped, Ok(Ok(()))) {
                    eprintln!("a test's database stays behind: {name}");
                }
            }
        }
    }
}

/// Frees a whole test transaction of its audit lines. The house itself frees single writes, with `Tx::unaudited`.
pub fn unaudited(tx: &Tx<'_>, why: &'static str) {
    tracing::trace!(why, "unaudited test");
    tx.free_of_audit();
}

/// The databases to test with, migrated with these sets.
pub async fn databases(sets: &[Migrations]) -> Vec<TestDb> {
    let mut all = vec![sqlite(sets).await];
    if let Some(db) = postgres(sets).await {
        all.push(db);
    }
    all
}

/// Runs a test on every database.
pub async fn on_both(sets: &[Migrations], test: impl AsyncFn(TestDb)) {
    for db in databases(sets).await {
        eprintln!("on {:?}", db.kind);
        test(db).await;
    }
}

fn wanted<T>(result: Result<T, DbError>, what: &str) -> T {
    #[expect(clippy::panic, reason = "a test without its database cannot go on")]
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn settings(url: &str, clock: &Arc<TurnedClock>, chance: &Arc<SeededChance>) -> Settings {
    let mut settings = Settings::new(url);
    settings.readers = 2;
    settings.writers = 2;
    settings.durable = false;
    settings.clock = Arc::<TurnedClock>::clone(clock);
    settings.chance = Arc::<SeededChance>::clone(chance);
    settings
}

async fn opened(kind: Kind, url: String, place: Place) -> TestDb {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let clock = Arc::new(TurnedClock::at(START));
    let chance = Arc::new(SeededChance::new(SEED.fetch_add(1, Ordering::Relaxed)));
    let heard = Heard::default();
    let settings = Settings { heard: Some(Arc::clone(&heard)), ..settings(&url, &clock, &chance) };
    let db = wanted(Db::open(settings).await, "a database for the test");
    TestDb { db, clock, chance, kind, url, heard, place }
}

/// A number that no other test of this process has.
fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Memory if the machine offers a folder there: tests wait for no disk.
fn fresh_folder(name: &str) -> Result<PathBuf, DbError> {
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let folder = root.join(format!("stadtplatz-{name}-{}-{}", std::process::id(), number()));
    let failed = |error: std::io::Error| DbError::Unavailable(format!("no folder: {error}"));
    // What a killed process with the same number left behind.
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    Ok(folder)
}

async fn sqlite(sets: &[Migrations]) -> TestDb {
    let folder = wanted(fresh_folder("test"), "a folder for the test");
    let file = folder.join("town.db");
    let url = format!("sqlite:{}", file.display());
    let template = wanted(sqlite_template(sets).await, "the migrated template");
    wanted(std::fs::write(&file, &*template).map_err(|e| DbError::Unavailable(e.to_string())), "the test's file");
    opened(Kind::Sqlite, url, Place::Folder(folder)).await
}

/// The bytes of a migrated database file, kept per set of migrations.
async fn sqlite_template(sets: &[Migrations]) -> Result<Arc<Vec<u8>>, DbError> {
    static KNOWN: Mutex<Vec<(String, Arc<Vec<u8>>)>> = Mutex::new(Vec::new());
    let name = migrate::fingerprint(sets);
    let find = |known: &Vec<(String, Arc<Vec<u8>>)>| known.iter().find(|k| k.0 == name).map(|k| Arc::clone(&k.1));
    if let Some(bytes) = find(&KNOWN.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(bytes);
    }
    let folder = fresh_folder("template")?;
    let file = folder.join("town.db");
    let mut settings = Settings::new(format!("sqlite:{}", file.display()));
    settings.durable = false;
    let db = Db::open(settings).await?;
    db.migrate(sets.to_vec()).await?;
    // Closing folds the log into the file.
    db.close().await;
    let failed = |error: std::io::Error| DbError::Unavailable(format!("no template: {error}"));
    let bytes = Arc::new(std::fs::read(&file).map_err(failed)?);
    std::fs::remove_dir_all(&folder).map_err(failed)?;
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).push((name, Arc::clone(&bytes)));
    Ok(bytes)
}

async fn postgres(sets: &[Migrations]) -> Option<TestDb> {
    static SAID: Once = Once::new();
    let Ok(server) = std::env::var(POSTGRES) else {
        SAID.call_once(|| eprintln!("skipped: PostgreSQL ({POSTGRES} is not set)"));
        return None;
    };
    let (sets, asked) = (sets.to_vec(), server.clone());
    let name = crate::on_thread(move || postgres_copy(&asked, &sets)).await;
    let name = wanted(name, "a PostgreSQL database for the test");
    let url = with_database(&server, &name);
    Some(opened(Kind::Postgres, url, Place::Database { server, name }).await)
}

/// The server's URL, or its key-value form, with another database. Of two `dbname`s the last one counts.
fn with_database(server: &str, name: &str) -> String {
    let Some((scheme, rest)) = server.split_once("://") else { return format!("{server} dbname={name}") };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    query.map_or_else(|| format!("{scheme}://{host}/{name}"), |query| format!("{scheme}://{host}/{name}?{query}"))
}

fn administer<T>(
    server: &str,
    f: impl FnOnce(&mut ::postgres::Client) -> Result<T, ::postgres::Error>,
) -> Result<T, DbError> {
    let failed = |error: &::postgres::Error| crate::postgres::failure(error, "a test's administration");
    let mut config: ::postgres::Config = server.parse().map_err(|e| failed(&e))?;
    config.connect_timeout(Duration::from_secs(5));
    let mut client = config.connect(::postgres::NoTls).map_err(|e| failed(&e))?;
    f(&mut client).map_err(|e| failed(&e))
}

/// A new database, copied from the template of these migrations, which the first test of all makes.
fn postgres_copy(server: &str, sets: &[Migrations]) -> Result<String, DbError> {
    static MADE: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let template = format!("stadtplatz_template_{}", migrate::fingerprint(sets));
    let copy = format!("stadtplatz_test_{}_{}", std::process::id(), number());
    {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(&template) {
            postgres_template(server, &template, sets)?;
            made.push(template.clone());
        }
    }
    administer(server, |client| {
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {copy} WITH (FORCE)"))?;
        client.batch_execute(&format!("CREATE DATABASE {copy} TEMPLATE {template}"))
    })?;
    Ok(copy)
}

/// Makes the template under another name and renames it when it is whole. Other processes wait at the lock.
fn postgres_template(server: &str, template: &str, sets: &[Migrations]) -> Result<(), DbError> {
    let mut outcome = Ok(());
    administer(server, |client| {
        client.batch_execute("SELECT pg_advisory_lock(7283461550130)")?;
        if client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&template])?.is_some() {
            return Ok(());
        }
        let part = format!("{template}_part");
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {part} WITH (FORCE)"))?;
        client.batch_execute(&format!("CREATE DATABASE {part} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"))?;
        outcome = migrate::run(&Settings::new(with_database(server, &part)), Kind::Postgres, sets).map(|_| ());
        if outcome.is_ok() {
            client.batch_execute(&format!("ALTER DATABASE {part} RENAME TO {template}"))?;
        }
        Ok(())
    })?;
    outcome
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_is_replaced_in_both_forms() {
        assert_eq!(with_database("postgres://root@127.0.0.1:5432/postgres", "x"), "postgres://root@127.0.0.1:5432/x");
        assert_eq!(with_database("postgres://h/p?connect_timeout=3", "x"), "postgres://h/x?connect_timeout=3");
        assert_eq!(with_database("host=/run/postgresql user=root", "x"), "host=/run/postgresql user=root dbname=x");
    }
}
