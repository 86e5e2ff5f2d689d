//! The data layer: one synchronous `Tx` over SQLite and PostgreSQL, migrations, the audit chain, the outbox and the
//! jobs. The only crate that names a database driver. It is no ORM and knows no room.
//! Invariants: an acknowledged write is on disk; state change, audit line and event are one transaction; every
//! statement of a room is bound to the town its transaction was opened for; a full queue refuses at once.

mod audit;
mod backup;
mod error;
mod hosts;
mod installation;
mod jobs;
mod line;
mod migrate;
mod once;
mod outbox;
mod postgres;
mod sql;
mod sqlite;
pub mod testing;
mod tls;
mod tx;
mod typed;
mod work;

pub use audit::{Audit, AuditLine, Verdict, audit_end, audit_page, verify_audit};
pub use backup::{Checked, check_backup, remembered_in_backup};
pub use base::{FromValue, ToValue};
pub use error::{Constraint, DbError, Violated};
pub use hosts::{Municipality, plain_host};
pub use jobs::{ClaimedJob, JobTicket, NewJob, Next, StuckJob};
pub use migrate::{Migration, Migrations};
pub use once::{Once, OnceKey};
pub use outbox::{Event, delivery, event, forget_events};
pub use sql::Sql;
pub use sqlite::sqlite_file;
pub use tls::{Encryption, encryption};
pub use tx::{FromRow, Operating, Row, Tx};

use base::{Chance, Clock, MunicipalityId, SystemChance, SystemClock};
use crossbeam_channel::{Sender, TrySendError, bounded};
use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::{Notify, oneshot};
use work::{Message, Probe, Work};

/// Where the database is and how much it may be asked.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:/path/to/town.db`, or a PostgreSQL URL; several hosts with `target_session_attrs=read-write` work, and
    /// `sslmode` and `sslrootcert` as libpq has them; without, another machine is asked for `verify-full`.
    pub url: String,
    /// Reading threads; on PostgreSQL each is one connection.
    pub readers: usize,
    /// Writing threads on PostgreSQL. SQLite always has one, which commits in groups.
    pub writers: usize,
    /// Waiting calls per direction before `DbError::Busy`.
    pub queue: usize,
    pub statement_timeout: Duration,
    /// After so long without a word PostgreSQL is given up: a little more than it may take for one statement.
    pub silence_max: Duration,
    /// False only in tests: a commit may be lost when the machine stops.
    pub durable: bool,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    /// For tests: every statement that was run, so that its plan can be looked at.
    pub heard: Option<Heard>,
}

/// Texts of statements, without what was bound.
pub type Heard = Arc<Mutex<BTreeSet<String>>>;

impl Settings {
    pub fn new(url: impl Into<String>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            url: url.into(),
            readers: cores.clamp(2, 8),
            writers: cores.clamp(2, 8),
            queue: 1024,
            statement_timeout: Duration::from_secs(10),
            silence_max: Duration::from_secs(15),
            durable: true,
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
            heard: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// What the threads and the handle share.
pub(crate) struct Shared {
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub counters: Counters,
    pub wake: Notify,
    pub heard: Option<Heard>,
    /// Kinds of events that somebody listens to; not set: all of them.
    pub listened: OnceLock<HashSet<&'static str>>,
}

impl Shared {
    pub fn is_listened_to(&self, event: &str) -> bool {
        self.listened.get().is_none_or(|kinds| kinds.contains(event))
    }
}

#[derive(Default)]
pub(crate) struct Counters {
    pub reads: AtomicU64,
    pub writes: AtomicU64,
    pub commits: AtomicU64,
    pub refused: AtomicU64,
    pub repeated: AtomicU64,
    pub reconnected: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Numbers for the operator's metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    pub reads_waiting: usize,
    pub writes_waiting: usize,
    pub reads: u64,
    /// Write transactions run; on SQLite several share one commit.
    pub writes: u64,
    pub commits: u64,
    /// Calls refused because the queue was full.
    pub refused: u64,
    /// Transactions run again after a conflict or a lost connection.
    pub repeated: u64,
    pub reconnected: u64,
}

/// Whether the database answers, for the readiness probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    pub reads: bool,
    pub writes: bool,
}

impl Health {
    pub fn is_good(self) -> bool {
        self.reads && self.writes
    }
}

/// The handle to the database; cheap to clone. `read` and `write` are the only doors for rooms.
#[derive(Clone)]
pub struct Db {
    house: Arc<House>,
}

struct House {
    settings: Settings,
    kind: Kind,
    shared: Arc<Shared>,
    read: Sender<Message>,
    write: Sender<Message>,
    closing: AtomicBool,
    threads: Mutex<Threads>,
}

/// The running threads, by the queue they serve.
#[derive(Default)]
pub(crate) struct Threads {
    pub readers: Vec<JoinHandle<()>>,
    pub writers: Vec<JoinHandle<()>>,
}

impl Db {
    /// Connects and starts the threads. An unreachable database is an error here and a retry later on.
    pub async fn open(settings: Settings) -> Result<Self, DbError> {
        let kind = if sqlite_file(&settings.url).is_some() { Kind::Sqlite } else { Kind::Postgres };
        let shared = Arc::new(Shared {
            clock: Arc::clone(&settings.clock),
            chance: Arc::clone(&settings.chance),
            counters: Counters::default(),
            wake: Notify::new(),
            heard: settings.heard.clone(),
            listened: OnceLock::new(),
        });
        let (read, read_queue) = bounded(settings.queue);
        let (write, write_queue) = bounded(settings.queue);
        let (start, start_shared) = (settings.clone(), Arc::clone(&shared));
        let threads = on_thread(move || match kind {
            Kind::Sqlite => sqlite::start(&start, &start_shared, &read_queue, &write_queue),
            Kind::Postgres => postgres::start(&start, &start_shared, &read_queue, &write_queue),
        })
        .await?;
        let (closing, threads) = (AtomicBool::new(false), Mutex::new(threads));
        Ok(Self { house: Arc::new(House { settings, kind, shared, read, write, closing, threads }) })
    }

    pub fn kind(&self) -> Kind {
        self.house.kind
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.house.settings.clock
    }

    pub fn chance(&self) -> &Arc<dyn Chance> {
        &self.house.settings.chance
    }

    /// Reads in one town, at one moment: what others commit meanwhile is seen by none of the closure's statements.
    /// The closure may run again when the connection was lost.
    pub async fn read<T, E>(
        &self,
        town: MunicipalityId,
        f: impl Fn(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        count(&self.house.shared.counters.reads);
        self.run(&self.house.read, move |conn, shared| {
            let tx = Tx::new(conn, shared, town);
            let value = f(&tx)?;
            Ok((value, tx.finish_read()?))
        })
        .await
    }

    /// One transaction in one town: all of it or nothing, on disk when this returns `Ok`. The closure may run again
    /// after a conflict, so it changes nothing but the database.
    pub async fn write<T, E>(
        &self,
        town: MunicipalityId,
        f: impl Fn(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        count(&self.house.shared.counters.writes);
        self.run(&self.house.write, move |conn, shared| {
            let tx = Tx::new(conn, shared, town);
            let value = f(&tx)?;
            Ok((value, tx.finish_write()?))
        })
        .await
    }

    /// One transaction over the tables that span towns.
    pub async fn operate<T, E>(&self, f: impl Fn(&Operating<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        count(&self.house.shared.counters.writes);
        self.run(&self.house.write, move |conn, shared| {
            let operating = Operating::new(conn, shared);
            let value = f(&operating)?;
            Ok((value, operating.finish()?))
        })
        .await
    }

    /// Reads from the tables that span towns, on the readers: which town does this host belong to?
    pub async fn look_up<T, E>(&self, f: impl Fn(&Operating<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        count(&self.house.shared.counters.reads);
        self.run(&self.house.read, move |conn, shared| {
            let operating = Operating::new(conn, shared);
            let value = f(&operating)?;
            Ok((value, operating.finish()?))
        })
        .await
    }

    async fn run<T, E>(
        &self,
        queue: &Sender<Message>,
        f: impl Fn(&dyn tx::Conn, &Shared) -> Result<(T, bool), E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Work::new(f, Arc::clone(&self.house.shared), reply);
        self.send(queue, Message::Job(Box::new(work)))?;
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(closed().into()),
        }
    }

    fn send(&self, queue: &Sender<Message>, message: Message) -> Result<(), DbError> {
        if self.house.closing.load(Ordering::Acquire) {
            return Err(closed());
        }
        queue.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => {
                count(&self.house.shared.counters.refused);
                DbError::Busy
            }
            TrySendError::Disconnected(_) => closed(),
        })
    }

    /// Applies what is missing of the platform's own and these rooms' migrations, in order, each once, under a lock.
    /// Says how many were applied.
    pub async fn migrate(&self, sets: Vec<Migrations>) -> Result<usize, DbError> {
        let house = Arc::clone(&self.house);
        on_thread(move || migrate::run(&house.settings, house.kind, &sets)).await
    }

    /// Lets the database count what its tables hold, so that it plans by facts: after an import, and every night.
    /// Without it PostgreSQL sorts all rows of a town to find the newest twenty.
    pub async fn analyze(&self) -> Result<(), DbError> {
        let house = Arc::clone(&self.house);
        on_thread(move || match house.kind {
            Kind::Sqlite => sqlite::analyze(&house.settings),
            Kind::Postgres => postgres::analyze(&house.settings),
        })
        .await
    }

    /// From now on events of other kinds are not stored: nobody would ever be told, and an event with its job costs a
    /// tenth of what a report does. Said once, before the first write. While two versions run side by side, a listener
    /// that only the newer one has hears nothing of what the older one does.
    pub fn deliver_only(&self, kinds: impl IntoIterator<Item = &'static str>) {
        let kinds: HashSet<&'static str> = kinds.into_iter().collect();
        if *self.house.shared.listened.get_or_init(|| kinds.clone()) != kinds {
            tracing::error!("somebody listens to events that are not stored: who listens was said before");
        }
    }

    /// Waits until a transaction of this process has enqueued a job. At most one waiter is woken per commit.
    pub async fn enqueued(&self) {
        self.house.shared.wake.notified().await;
    }

    /// Copies a SQLite database to a new file while it is in use, and checks the copy.
    pub async fn backup(&self, to: std::path::PathBuf) -> Result<Checked, DbError> {
        let house = Arc::clone(&self.house);
        on_thread(move || match house.kind {
            Kind::Sqlite => backup::copy(sqlite::path(&house.settings.url), &to),
            Kind::Postgres => Err(DbError::other("PostgreSQL is backed up with pg_dump or by its base backups")),
        })
        .await
    }

    /// Asks both directions for an answer within the time limit.
    pub async fn health(&self, limit: Duration) -> Health {
        let probe = async |queue: &Sender<Message>| {
            let (reply, answer) = oneshot::channel();
            let sent = self.send(queue, Message::Job(Box::new(Probe::new(reply))));
            sent.is_ok() && matches!(tokio::time::timeout(limit, answer).await, Ok(Ok(true)))
        };
        let (reads, writes) = tokio::join!(probe(&self.house.read), probe(&self.house.write));
        Health { reads, writes }
    }

    pub fn load(&self) -> Load {
        let counters = &self.house.shared.counters;
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Load {
            reads_waiting: self.house.read.len(),
            writes_waiting: self.house.write.len(),
            reads: number(&counters.reads),
            writes: number(&counters.writes),
            commits: number(&counters.commits),
            refused: number(&counters.refused),
            repeated: number(&counters.repeated),
            reconnected: number(&counters.reconnected),
        }
    }

    /// Refuses what comes, finishes what waits, checkpoints and ends the threads.
    pub async fn close(&self) {
        if self.house.closing.swap(true, Ordering::AcqRel) {
            return;
        }
        let house = Arc::clone(&self.house);
        let done = on_thread(move || {
            let threads = std::mem::take(&mut *house.threads.lock().unwrap_or_else(PoisonError::into_inner));
            // The readers first: SQLite's last checkpoint must not meet connections that are just closing.
            end(&house.read, threads.readers);
            end(&house.write, threads.writers);
            Ok(())
        });
        if let Err(error) = done.await {
            tracing::error!(%error, "the database did not close in order");
        }
    }
}

/// Asks each of these threads to stop after what waits, and waits for that.
fn end(queue: &Sender<Message>, threads: Vec<JoinHandle<()>>) {
    for _ in &threads {
        // An error means that they have ended already.
        queue.send(Message::Stop).ok();
    }
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a database thread ended by a panic");
        }
    }
}

fn closed() -> DbError {
    DbError::Unavailable("closed".into())
}

/// Runs blocking work on a thread of its own: the drivers must not stand on a thread of the async runtime.
async fn on_thread<T: Send + 'static>(f: impl FnOnce() -> Result<T, DbError> + Send + 'static) -> Result<T, DbError> {
    let (reply, answer) = oneshot::channel();
    let run = move || {
        // Nobody waits any more if the caller was dropped; then the answer is nobody's.
        drop(reply.send(f()));
    };
    std::thread::Builder::new()
        .name("db-task".into())
        .spawn(run)
        .map_err(|error| DbError::Unavailable(format!("no thread: {error}")))?;
    answer.await.unwrap_or_else(|_| Err(DbError::other("a database task panicked")))
}

#[cfg(test)]
mod tests;
