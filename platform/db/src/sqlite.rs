//! SQLite: a few reading threads with one snapshot per transaction, and one writing thread that commits all
//! transactions queued while the last commit was syncing together. Not a pool: a thread owns its connection.
//! Invariant: a failing transaction takes no other of its group with it: what it undid besides itself is run again.

use crate::{
    Constraint, DbError, Settings, Shared, Sql, Threads, Violated, count,
    sql::facts,
    tx::{Args, Conn, EachRow, Row, RowOf, storable},
    work::{Job, Message, Ran},
};
use base::{FromValue, Value};
use crossbeam_channel::Receiver;
use rusqlite::{
    Connection, ErrorCode,
    config::DbConfig,
    ffi,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    collections::VecDeque,
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// More transactions than this do not share a commit, so that the first caller of a group does not wait for long.
const GROUP_MAX: usize = 256;
const GROUP_TIME_MAX: Duration = Duration::from_millis(50);
const STATEMENTS_CACHED: usize = 512;
/// So much of the file is read through the memory of the kernel, without a copy of each page; no memory of ours.
const MAPPED_MAX: i64 = 64 << 30;
/// Virtual machine steps between two looks at the clock.
const STEPS_PER_LOOK: i32 = 2_000;

/// The file of `sqlite:/path/to/town.db`; `None`: no URL of ours. What follows the colon is the path as it stands, so
/// `sqlite://data/town.db` lies in `/data`: a slash more never leads to another, empty town in the working folder.
pub fn sqlite_file(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(Path::new)
}

pub(crate) fn path(url: &str) -> &Path {
    sqlite_file(url).unwrap_or(Path::new(url))
}

/// When the running statement must end, as microseconds since `start`.
#[derive(Clone)]
struct Limit {
    start: Instant,
    end: Arc<AtomicU64>,
    allowed: Duration,
}

impl Limit {
    fn micros(since: Duration) -> u64 {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn begin(&self) {
        self.end.store(Self::micros(self.start.elapsed() + self.allowed), Ordering::Relaxed);
    }

    fn lift(&self) {
        self.end.store(u64::MAX, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        Self::micros(self.start.elapsed()) > self.end.load(Ordering::Relaxed)
    }
}

/// A connection with the house's settings.
pub(crate) struct Sqlite {
    conn: Connection,
    limit: Limit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Reader,
    Writer,
}

impl Sqlite {
    fn open(settings: &Settings, role: Role) -> Result<Self, DbError> {
        let broken = |error: rusqlite::Error| DbError::Unavailable(format!("SQLite does not open: {}", plain(&error)));
        let mut conn = Connection::open(path(&settings.url)).map_err(broken)?;
        let sync = if settings.durable { "FULL" } else { "OFF" };
        let (query_only, cache_kib) = if role == Role::Reader { ("ON", 8_192) } else { ("OFF", 32_768) };
        conn.execute_batch(&format!(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {sync};
             PRAGMA foreign_keys = ON; PRAGMA mmap_size = {MAPPED_MAX}; PRAGMA cache_size = -{cache_kib};
             PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY; PRAGMA query_only = {query_only};"
        ))
        .map_err(broken)?;
        // One plan for one statement. Else it is planned anew for every other value, which costs more than most of them.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(broken)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        let limit = Limit {
            start: Instant::now(),
            end: Arc::new(AtomicU64::new(u64::MAX)),
            allowed: settings.statement_timeout,
        };
        let watch = limit.clone();
        conn.progress_handler(STEPS_PER_LOOK, Some(move || watch.is_over())).map_err(broken)?;
        Ok(Self { conn, limit })
    }

    fn plain(&self, text: &str) -> Result<(), DbError> {
        let done = self.conn.prepare_cached(text).and_then(|mut statement| statement.raw_execute());
        done.map(|_| ()).map_err(|error| failure(&error, text))
    }

    /// Prepares, binds by number, and runs under the time limit.
    fn with<T>(
        &self,
        sql: &Sql,
        args: &Args<'_>,
        run: impl FnOnce(&mut rusqlite::Statement<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let text: &str = &sql.0;
        let mut statement = self.conn.prepare_cached(text).map_err(|error| unprepared(&error, text))?;
        for index in 1..=statement.parameter_count() {
            let name = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse().ok());
            let number: usize = name.ok_or_else(|| DbError::other(format!("a placeholder is no $N in: {text}")))?;
            let value = args.value(number);
            storable(&value)?;
            statement.raw_bind_parameter(index, Bound(value)).map_err(|error| failure(&error, text))?;
        }
        self.limit.begin();
        let done = run(&mut statement);
        self.limit.lift();
        done
    }
}

/// Counts one index after the other and leaves the writer its turn in between: with ten million rows that are not in memory
/// all of them take ten seconds. Without an index a table is as good as uncounted: it has no plan to choose from.
pub(crate) fn analyze(settings: &Settings) -> Result<(), DbError> {
    let conn = Sqlite::open(settings, Role::Writer)?.conn;
    count_each(&conn, |held| std::thread::sleep(held * TURNS)).map_err(|error| failure(&error, "ANALYZE"))
}

/// The writer's turn, as a multiple of the time it had to wait.
const TURNS: u32 = 3;
/// A sample of each index is enough.
const SAMPLED: &str = "PRAGMA analysis_limit = 300";
/// The table that comes and goes changes the schema's number: only then do connections that are open, in whatever process,
/// read what was counted and plan anew.
const COUNTED: &str = "DROP TABLE IF EXISTS counted; CREATE TABLE counted (n INTEGER); DROP TABLE counted";

/// `between`: hears after each index how long writers had to wait for it. One that cannot be counted, for somebody writes
/// for long, is left for the next time; the first such error is the answer.
pub(crate) fn count_each(conn: &rusqlite::Connection, between: impl Fn(Duration)) -> rusqlite::Result<()> {
    conn.execute_batch(SAMPLED)?;
    let mut names = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut first = Ok(());
    for name in names {
        let since = Instant::now();
        let counted = conn.execute_batch(&format!("ANALYZE \"{}\"", name.replace('"', "\"\"")));
        between(since.elapsed());
        first = first.and(counted);
    }
    first.and(conn.execute_batch(COUNTED))
}

/// A value on its way into a statement.
struct Bound<'a>(Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match &self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(b) => ValueRef::Integer(i64::from(*b)),
            Value::Int(i) => ValueRef::Integer(*i),
            Value::Real(r) => ValueRef::Real(*r),
            Value::Text(t) => ValueRef::Text(t.as_bytes()),
            Value::Bytes(b) => ValueRef::Blob(b),
            Value::Uuid(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}

pub(crate) fn column<V: FromValue>(row: &rusqlite::Row<'_>, index: usize) -> Result<V, DbError> {
    let stored = row.get_ref(index).map_err(|_| DbError::WrongShape(format!("there is no column {index}")))?;
    let value = match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(i) => Value::Int(i),
        ValueRef::Real(r) => Value::Real(r),
        ValueRef::Text(t) => {
            Value::Text(std::str::from_utf8(t).map_err(|_| DbError::WrongShape("a text is no UTF-8".into()))?)
        }
        ValueRef::Blob(b) => Value::Bytes(b),
    };
    V::from_value(value).map_err(|wrong| DbError::WrongShape(format!("column {index}: {wrong}")))
}

impl Conn for Sqlite {
    fn exec(&self, sql: &Sql, args: &Args<'_>) -> Result<u64, DbError> {
        self.with(sql, args, |statement| {
            // A statement that answers rows is run to its end: PostgreSQL does not mind it either.
            if statement.column_count() > 0 {
                let mut rows = statement.raw_query();
                let mut touched = 0;
                while rows.next().map_err(|error| failure(&error, &sql.0))?.is_some() {
                    touched += 1;
                }
                return Ok(touched);
            }
            let touched = statement.raw_execute().map_err(|error| failure(&error, &sql.0))?;
            Ok(touched as u64)
        })
    }

    fn exec_later(&self, sql: &Sql, args: &Args<'_>) -> Result<(), DbError> {
        self.exec(sql, args).map(|_| ())
    }

    /// Its one writer holds everything.
    fn held(&self) -> &'static str {
        ""
    }

    fn rows(&self, sql: &Sql, args: &Args<'_>, each: EachRow<'_>) -> Result<(), DbError> {
        self.with(sql, args, |statement| {
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().map_err(|error| failure(&error, &sql.0))? {
                if each(&Row(RowOf::Sqlite(row, columns)))? == ControlFlow::Break(()) && !facts(sql).writes {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// The kind of failure without anything that could be content.
fn plain(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(failure) => format!("{:?} ({})", failure.code, failure.extended_code),
        None => match error {
            rusqlite::Error::MultipleStatement => "several statements in one text".into(),
            _ => "the driver refused it".into(),
        },
    }
}

/// A failure of a statement that ran.
fn failure(error: &rusqlite::Error, text: &str) -> DbError {
    let Some(failed) = error.sqlite_error() else {
        return DbError::other(format!("{} in: {text}", plain(error)));
    };
    match failed.code {
        ErrorCode::ConstraintViolation => violated(failed.extended_code, message(error)),
        ErrorCode::OperationInterrupted => DbError::Timeout,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => DbError::Busy,
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::OutOfMemory => DbError::Unavailable(plain(error)),
        ErrorCode::ReadOnly => DbError::other(format!("a read must not write: {text}")),
        _ => DbError::other(format!("{} in: {text}", plain(error))),
    }
}

/// A failure while preparing: SQLite has seen no row yet, so its message names tables and columns, never contents.
fn unprepared(error: &rusqlite::Error, text: &str) -> DbError {
    match failure(error, text) {
        DbError::Other(_) => DbError::other(format!("{} in: {text}", message(error))),
        known => known,
    }
}

fn message(error: &rusqlite::Error) -> &str {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message,
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        _ => "",
    }
}

/// Reads `UNIQUE constraint failed: table.column, table.column` and its kin.
fn violated(code: i32, message: &str) -> DbError {
    let named = message.split_once("failed: ").map_or("", |(_, rest)| rest);
    let kind = match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            Constraint::Unique
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Constraint::ForeignKey,
        ffi::SQLITE_CONSTRAINT_NOTNULL => Constraint::NotNull,
        ffi::SQLITE_CONSTRAINT_CHECK => Constraint::Check,
        other => return DbError::other(format!("a constraint failed ({other})")),
    };
    if kind == Constraint::Check {
        // An unnamed check answers its expression, which is part of the schema.
        return DbError::Violated(Violated { kind, table: String::new(), columns: Vec::new(), name: named.into() });
    }
    let mut table = String::new();
    let mut columns = Vec::new();
    for (owner, column) in named.split(", ").filter_map(|name| name.split_once('.')) {
        owner.clone_into(&mut table);
        columns.push(column.to_owned());
    }
    DbError::Violated(Violated { kind, table, columns, name: String::new() })
}

pub(crate) fn start(
    settings: &Settings,
    shared: &Arc<Shared>,
    read: &Receiver<Message>,
    write: &Receiver<Message>,
) -> Result<Threads, DbError> {
    // The writer first: it makes the file and switches it to WAL before a reader looks.
    let writer = Sqlite::open(settings, Role::Writer)?;
    let mut threads = Threads::default();
    for number in 0..settings.readers.max(1) {
        let (reader, queue) = (Sqlite::open(settings, Role::Reader)?, read.clone());
        threads.readers.push(spawn(format!("db-read-{number}"), move || read_loop(&reader, &queue))?);
    }
    let (queue, settings, shared) = (write.clone(), settings.clone(), Arc::clone(shared));
    let mut writer =
        Writer { sqlite: writer, settings, shared, queue, careful: 0, again: VecDeque::new(), refused: vec![] };
    threads.writers.push(spawn("db-write".into(), move || writer.run())?);
    Ok(threads)
}

pub(crate) fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DbError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(run)
        .map_err(|error| DbError::Unavailable(format!("no thread: {error}")))
}

fn read_loop(reader: &Sqlite, queue: &Receiver<Message>) {
    while let Ok(Message::Job(mut job)) = queue.recv() {
        if let Err(error) = reader.plain("BEGIN DEFERRED") {
            job.settle(Err(error));
            continue;
        }
        job.run(reader);
        // Ends the snapshot; there is nothing to lose.
        let ended = reader.plain("COMMIT").or_else(|_| reader.plain("ROLLBACK"));
        if let Err(error) = ended {
            tracing::error!(%error, "a reading transaction did not end");
        }
        job.settle(Ok(()));
    }
}

/// What became of a group while its transactions ran.
enum Group {
    Open(Vec<Box<dyn Job>>),
    /// Everything is undone (disk full, timeout, or a failure without a savepoint): the last one was the cause and has
    /// its error.
    Lost(Vec<Box<dyn Job>>, Box<dyn Job>),
}

/// Whether the group goes on after one of it, or one that failed took it along.
enum Confined {
    Alone,
    ByAll,
}

struct Writer {
    sqlite: Sqlite,
    settings: Settings,
    shared: Arc<Shared>,
    queue: Receiver<Message>,
    /// So many transactions still get a savepoint each.
    careful: u32,
    /// Of a group that was undone: they come before the queue.
    again: VecDeque<Box<dyn Job>>,
    /// They undid a group. They may have looked at what others of it did, so they are answered when that is on disk.
    refused: Vec<Box<dyn Job>>,
}

/// A savepoint copies every page its transaction touches, a tenth of what a report costs. So there is none until one
/// fails after it has written: its group is then undone and run again, and for so many transactions the next one that
/// fails takes nobody with it.
const CAREFUL_FOR: u32 = 200;

impl Writer {
    fn run(&mut self) {
        let mut stop = false;
        loop {
            let first = match self.again.pop_front() {
                Some(job) => job,
                None if stop => break,
                None => match self.queue.recv() {
                    Ok(Message::Job(job)) => job,
                    _ => break,
                },
            };
            if let Err(error) = self.begin() {
                first.settle(Err(error.clone()));
                self.answer_refused(&Err(error));
                continue;
            }
            match self.gather(first, &mut stop) {
                Group::Open(jobs) => {
                    let outcome = self.commit(jobs);
                    self.answer_refused(&outcome);
                }
                Group::Lost(others, culprit) => {
                    self.refused.push(culprit);
                    for job in others.into_iter().rev() {
                        count(&self.shared.counters.repeated);
                        self.again.push_front(job);
                    }
                    if self.again.is_empty() {
                        self.answer_refused(&Ok(()));
                    }
                }
            }
        }
        // Another process may be reading: then the log is folded in when it is opened next.
        let patience = self.sqlite.conn.busy_timeout(Duration::from_millis(500));
        let fold = || self.sqlite.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = patience.and_then(|()| fold()) {
            tracing::warn!(error = plain(&error), "the write-ahead log was not folded in while closing");
        }
    }

    /// Never run again: each undone group leaves one more here, so that the others come to an end.
    fn answer_refused(&mut self, outcome: &Result<(), DbError>) {
        self.refused.drain(..).for_each(|job| job.settle(outcome.clone()));
    }

    /// Opens a transaction, on a fresh connection if this one is in a state that cannot.
    fn begin(&mut self) -> Result<(), DbError> {
        match self.sqlite.plain("BEGIN IMMEDIATE") {
            Err(DbError::Busy) => Err(DbError::Busy),
            Err(first) => {
                tracing::error!(error = %first, "the writer's connection is opened anew");
                count(&self.shared.counters.reconnected);
                self.sqlite = Sqlite::open(&self.settings, Role::Writer)?;
                self.sqlite.plain("BEGIN IMMEDIATE")
            }
            ok => ok,
        }
    }

    /// Runs the first transaction and all that are waiting by now. Those of a group that was undone share a commit with
    /// nobody else: the next that fails must not undo them again.
    fn gather(&mut self, first: Box<dyn Job>, stop: &mut bool) -> Group {
        let begun = Instant::now();
        let once_more = !self.again.is_empty() || !self.refused.is_empty();
        let mut done = Vec::new();
        let mut next = first;
        loop {
            let ran = self.confined(&mut *next);
            if matches!(ran, Ok(Confined::ByAll)) {
                return Group::Lost(done, next);
            }
            match ran {
                Ok(_) => done.push(next),
                Err(error) => next.settle(Err(error)),
            }
            if done.len() >= GROUP_MAX || begun.elapsed() >= GROUP_TIME_MAX {
                return Group::Open(done);
            }
            next = match self.again.pop_front() {
                Some(job) => {
                    next = job;
                    continue;
                }
                None if once_more => return Group::Open(done),
                None => match self.queue.try_recv() {
                    Ok(Message::Job(job)) => job,
                    Ok(Message::Stop) => {
                        *stop = true;
                        return Group::Open(done);
                    }
                    Err(_) => return Group::Open(done),
                },
            };
        }
    }

    /// Runs one transaction of a group so that its failure is its own.
    fn confined(&mut self, job: &mut dyn Job) -> Result<Confined, DbError> {
        let (careful, before) = (self.careful > 0, self.sqlite.conn.total_changes());
        if careful {
            self.careful -= 1;
            self.sqlite.plain("SAVEPOINT one")?;
        }
        let failed = job.run(&self.sqlite) == Ran::Undo && self.sqlite.conn.total_changes() != before;
        if self.sqlite.conn.is_autocommit() {
            return Ok(Confined::ByAll);
        }
        if failed {
            self.careful = CAREFUL_FOR;
        }
        if failed && (!careful || self.sqlite.plain("ROLLBACK TO one").is_err()) {
            self.roll_back();
            return Ok(Confined::ByAll);
        }
        if careful && let Err(error) = self.sqlite.plain("RELEASE one") {
            // It stays open below the others of its name and ends with the commit.
            tracing::error!(%error, "a savepoint was not released");
        }
        Ok(Confined::Alone)
    }

    /// Answers everybody of the group; says what became of it.
    fn commit(&mut self, jobs: Vec<Box<dyn Job>>) -> Result<(), DbError> {
        match self.sqlite.plain("COMMIT") {
            Ok(()) => {
                count(&self.shared.counters.commits);
                for job in jobs {
                    job.settle(Ok(()));
                }
                Ok(())
            }
            // A deferred constraint speaks up at the commit and does not say whose it was.
            Err(DbError::Violated(_)) if jobs.len() > 1 => {
                self.roll_back();
                for job in jobs {
                    self.alone(job);
                }
                Ok(())
            }
            Err(error) => {
                self.roll_back();
                for job in jobs {
                    job.settle(Err(error.clone()));
                }
                Err(error)
            }
        }
    }

    fn roll_back(&self) {
        if !self.sqlite.conn.is_autocommit()
            && let Err(error) = self.sqlite.plain("ROLLBACK")
        {
            tracing::error!(%error, "a transaction was not rolled back");
        }
    }

    /// Runs a transaction again that lost its group without being the cause.
    fn alone(&mut self, mut job: Box<dyn Job>) {
        count(&self.shared.counters.repeated);
        if let Err(error) = self.begin() {
            return job.settle(Err(error));
        }
        let ran = job.run(&self.sqlite);
        if self.sqlite.conn.is_autocommit() {
            return job.settle(Ok(()));
        }
        if ran == Ran::Undo {
            self.roll_back();
            return job.settle(Ok(()));
        }
        let committed = self.sqlite.plain("COMMIT");
        if committed.is_ok() {
            count(&self.shared.counters.commits);
        } else {
            self.roll_back();
        }
        job.settle(committed);
    }
}

#[cfg(test)]
mod tests {
    use super::sqlite_file;
    use std::path::Path;

    #[test]
    fn the_file_is_what_follows_the_colon() {
        let table = [
            ("sqlite:town.db", Some("town.db")),
            ("sqlite:./data/town.db", Some("./data/town.db")),
            ("sqlite:/srv/town.db", Some("/srv/town.db")),
            ("sqlite:///srv/town.db", Some("/srv/town.db")),
            ("sqlite://data/town.db", Some("/data/town.db")),
            ("postgres://db/stadt", None),
            ("/srv/town.db", None),
        ];
        for (url, file) in table {
            assert_eq!(sqlite_file(url), file.map(Path::new), "{url}");
        }
    }
}
