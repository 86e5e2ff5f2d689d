//! PostgreSQL: every thread owns one connection and its prepared statements. Reading connections cannot write.
//! Conflicts are repeated as a whole; a lost connection is opened again. Not here: how it is reached and what is sent ahead
//! of its answer, `line`; how values travel, `typed`.
//! Invariant: a transaction whose commit got no answer is never run again; its caller learns that it is unknown.

use crate::{
    Constraint, DbError, Settings, Shared, Sql, Threads, Violated, count,
    line::{self, Failed, Line},
    sql::facts,
    sqlite::spawn,
    tx::{Args, Conn, EachRow, Row, RowOf},
    typed::{Misfit, bind, keep},
    work::{Job, Message, Ran},
};
use crossbeam_channel::Receiver;
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::HashMap,
    error::Error as _,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_postgres::{Error, Statement, error::SqlState, types::ToSql};

/// How often a transaction is run in all before a conflict becomes `Busy`.
const RUNS_MAX: u32 = 5;
const STATEMENTS_CACHED: usize = 512;
/// How long one call waits for a lost database to come back; the next calls then fail at once for a while.
const PATIENCE: Duration = Duration::from_secs(2);
/// However long it was away, it is found again so soon: a try costs one connection.
const RECONNECT_MAX: Duration = Duration::from_secs(1);
/// All statements of a read see one moment. Costs no round trip that anybody waits for: it is said together with the
/// first statement, and its end after the answer was given.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Reader,
    Writer,
}

/// What the last transaction met that its closure need not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Conflict,
    Lost,
}

/// How far the server knows of the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    No,
    /// To be said with the first statement.
    Owed(&'static str),
    Yes,
}

pub(crate) struct Postgres {
    line: Line,
    statements: RefCell<HashMap<Cow<'static, str>, Statement>>,
    fault: Cell<Fault>,
    begun: Cell<Begun>,
    /// The loss was said of a statement sent ahead of the one that was waited for.
    refused_ahead: Cell<bool>,
    role: Role,
}

/// What every connection says first.
fn set_up(settings: &Settings, role: Role) -> String {
    let millis = settings.statement_timeout.as_millis();
    let read_only = if role == Role::Reader { "on" } else { "off" };
    let durable = if settings.durable { "on" } else { "off" };
    format!(
        "SET statement_timeout = {millis}; SET lock_timeout = {millis}; SET TIME ZONE 'UTC';
         SET idle_in_transaction_session_timeout = 60000; SET client_min_messages = warning;
         SET synchronous_commit = {durable}; SET default_transaction_read_only = {read_only}"
    )
}

impl Postgres {
    fn connect(settings: &Settings, role: Role) -> Result<Self, DbError> {
        let line = Line::connect(settings)?;
        line.batch_execute(&set_up(settings, role)).map_err(|e| failure(&e.error, "SET"))?;
        let statements = RefCell::default();
        let (fault, begun) = (Cell::new(Fault::None), Cell::new(Begun::No));
        Ok(Self { line, statements, fault, begun, refused_ahead: Cell::new(false), role })
    }

    /// An error while commits wait for a standby that is away: the next one would wait behind them, and as it cannot be
    /// taken back, each would keep a connection of the server's.
    fn nobody_waits_for_a_standby(&self) -> Result<(), DbError> {
        const ASK: &str = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = current_user
             AND wait_event = 'SyncRep' AND query_start < clock_timestamp() - INTERVAL '5 seconds')";
        let row = self.line.query_one(ASK).map_err(|e| failure(&e.error, ASK))?;
        match row.get(0) {
            false => Ok(()),
            true => Err(DbError::Unavailable("commits wait for a standby".into())),
        }
    }

    /// Texts must sort the same on every installation, and in SQLite: by code point.
    fn look_around(&self) -> Result<(), DbError> {
        const ASK: &str = "SELECT pg_encoding_to_char(encoding)::TEXT, datcollate::TEXT FROM pg_database
                           WHERE datname = current_database()";
        let row = self.line.query_one(ASK).map_err(|e| failure(&e.error, ASK))?;
        let (encoding, collation): (String, String) = (row.get(0), row.get(1));
        if encoding != "UTF8" {
            return Err(DbError::other(format!("the database is encoded in {encoding}, not in UTF8")));
        }
        if !["C", "POSIX", "C.UTF-8", "C.utf8"].contains(&collation.as_str()) {
            tracing::warn!(collation, "the database sorts texts by this collation; create it with LC_COLLATE 'C'");
        }
        Ok(())
    }

    fn plain(&self, text: &str) -> Result<(), DbError> {
        self.line.batch_execute(text).map_err(|error| self.note(&error, text))
    }

    fn begin(&self, text: &'static str) {
        self.fault.set(Fault::None);
        self.refused_ahead.set(false);
        self.begun.set(Begun::Owed(text));
    }

    /// Says COMMIT or ROLLBACK, if there is something to end.
    fn end(&self, text: &'static str) -> Result<(), DbError> {
        match self.begun.replace(Begun::No) {
            Begun::Yes => self.plain(text),
            Begun::No | Begun::Owed(_) => Ok(()),
        }
    }

    /// What is still to be said before this statement, to be sent together with it. A statement that writes waits for
    /// the answer: should the server refuse to begin, it would be committed by itself.
    fn ahead(&self, sql: &Sql) -> Result<Option<&'static str>, DbError> {
        let Begun::Owed(text) = self.begun.get() else { return Ok(None) };
        self.begun.set(Begun::Yes);
        if self.role == Role::Writer && facts(sql).writes {
            return self.plain(text).map(|()| None);
        }
        Ok(Some(text))
    }

    fn prepared(&self, sql: &Sql) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.borrow().get(&sql.0) {
            return Ok(statement.clone());
        }
        let statement = self.line.prepare(&sql.0).map_err(|error| self.note(&error, &sql.0))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS_CACHED {
            statements.clear();
        }
        statements.insert(sql.0.clone(), statement.clone());
        Ok(statement)
    }

    /// Remembers what the error means for the whole transaction, and translates it. `text`: what was waited for.
    fn note(&self, failed: &Failed, text: &str) -> DbError {
        let (error, text) = (&failed.error, failed.ahead.as_deref().unwrap_or(text));
        let stale = error.code() == Some(&SqlState::INVALID_SQL_STATEMENT_NAME) || is_replanned(error);
        if stale {
            // A migration changed a table under a prepared statement.
            self.statements.borrow_mut().clear();
        }
        if is_lost(error, self.role) || self.line.is_closed() {
            self.fault.set(Fault::Lost);
            // The server itself said so before it came to the commit: nothing is unknown.
            self.refused_ahead.set(failed.ahead.is_some() && error.code().is_some());
        } else if is_conflict(error) || stale {
            self.fault.set(Fault::Conflict);
        }
        failure(error, text)
    }
}

impl Conn for Postgres {
    fn exec(&self, sql: &Sql, args: &Args<'_>) -> Result<u64, DbError> {
        let statement = self.prepared(sql)?;
        let bound = bind(args)?;
        let refs: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.line.execute(self.ahead(sql)?, &statement, &refs).map_err(|error| self.note(&error, &sql.0))
    }

    fn exec_later(&self, sql: &Sql, args: &Args<'_>) -> Result<(), DbError> {
        if self.role == Role::Reader || self.line.is_far_ahead() {
            return self.exec(sql, args).map(|_| ());
        }
        let statement = self.prepared(sql)?;
        if let Some(text) = self.ahead(sql)? {
            self.plain(text)?;
        }
        self.line.send(sql.0.clone(), statement, keep(args)?).map_err(|failed| self.note(&failed, &sql.0))
    }

    fn held(&self) -> &'static str {
        "FOR SHARE"
    }

    fn rows(&self, sql: &Sql, args: &Args<'_>, each: EachRow<'_>) -> Result<(), DbError> {
        let statement = self.prepared(sql)?;
        let bound = bind(args)?;
        let refs: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.line.query(self.ahead(sql)?, &statement, &refs).map_err(|error| self.note(&error, &sql.0))?;
        for row in &rows {
            if each(&Row(RowOf::Postgres(row)))? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

fn is_conflict(error: &Error) -> bool {
    error
        .code()
        .is_some_and(|code| [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code))
}

/// "cached plan must not change result type": whatever language the server speaks, its code names the place.
fn is_replanned(error: &Error) -> bool {
    error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
        && error.as_db_error().and_then(tokio_postgres::error::DbError::routine) == Some("RevalidateCachedQuery")
}

fn is_lost(error: &Error, role: Role) -> bool {
    let Some(code) = error.code() else {
        let io = error.source().is_some_and(|source| source.is::<std::io::Error>());
        return io || error.is_closed();
    };
    // A server that was demoted while we held the connection suddenly refuses to write.
    let demoted = role == Role::Writer && *code == SqlState::READ_ONLY_SQL_TRANSACTION;
    demoted || code.code().starts_with("08") || code.code().starts_with("57P")
}

/// Translates an error. Its detail may quote rows, so only codes, and names out of the schema, are kept.
pub(crate) fn failure(error: &Error, text: &str) -> DbError {
    let Some(db) = error.as_db_error() else {
        if let Some(misfit) = error.source().and_then(|source| source.downcast_ref::<Misfit>()) {
            return DbError::WrongShape(format!("{misfit} in: {text}"));
        }
        if is_lost(error, Role::Reader) {
            return DbError::Unavailable("the connection to PostgreSQL was lost".into());
        }
        return DbError::Unavailable(format!("PostgreSQL: the driver gave up at: {text}"));
    };
    let columns = || db.detail().map(columns_of).unwrap_or_default();
    let table = || db.table().unwrap_or_default().to_owned();
    let violated = |kind, columns, name| DbError::Violated(Violated { kind, table: table(), columns, name });
    match db.code().code() {
        "23505" => violated(Constraint::Unique, columns(), String::new()),
        "23503" => violated(Constraint::ForeignKey, columns(), String::new()),
        "23502" => violated(Constraint::NotNull, db.column().map(str::to_owned).into_iter().collect(), String::new()),
        "23514" => violated(Constraint::Check, Vec::new(), db.constraint().unwrap_or_default().to_owned()),
        "57014" => DbError::Timeout,
        "55P03" | "40001" | "40P01" => DbError::Busy,
        "25006" => DbError::other(format!("a read must not write: {text}")),
        code if ["08", "53", "57", "58"].contains(&&code[..2]) => DbError::Unavailable(format!("PostgreSQL {code}")),
        // Class 42 is about the text of the statement, which we wrote.
        code if code.starts_with("42") => DbError::other(format!("{} ({code}) in: {text}", db.message())),
        code => DbError::other(format!("PostgreSQL {code} in: {text}")),
    }
}

/// `Key (municipality, email)=(…) already exists.`: the names before `)=(`, in whatever language the server speaks.
fn columns_of(detail: &str) -> Vec<String> {
    let names = detail.split_once(")=(").and_then(|(before, _)| before.split_once('('));
    let names = names.map_or("", |(_, names)| names);
    names.split(", ").filter(|name| !name.is_empty()).map(|name| name.trim_matches('"').to_owned()).collect()
}

/// Runs something on a connection of its own, on the thread that calls, however long it takes.
pub(crate) fn on_own_connection<T>(
    settings: &Settings,
    f: impl FnOnce(&mut ::postgres::Client) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let (config, tls) = line::config(settings)?;
    let mut client = ::postgres::Config::from(config).connect(tls).map_err(|e| line::unconnected(&e))?;
    client.batch_execute(&set_up(settings, Role::Writer)).map_err(|e| failure(&e, "SET"))?;
    f(&mut client)
}

pub(crate) fn analyze(settings: &Settings) -> Result<(), DbError> {
    on_own_connection(settings, |client| {
        client.batch_execute("SET statement_timeout = 0; ANALYZE").map_err(|error| failure(&error, "ANALYZE"))
    })
}

pub(crate) fn start(
    settings: &Settings,
    shared: &Arc<Shared>,
    read: &Receiver<Message>,
    write: &Receiver<Message>,
) -> Result<Threads, DbError> {
    let mut threads = Threads::default();
    let roles =
        [(Role::Reader, settings.readers, read, "db-read"), (Role::Writer, settings.writers, write, "db-write")];
    for (role, number, queue, name) in roles {
        for index in 0..number.max(1) {
            let postgres = Postgres::connect(settings, role)?;
            if index == 0 && role == Role::Writer {
                postgres.look_around()?;
            }
            let (settings, shared, queue) = (settings.clone(), Arc::clone(shared), queue.clone());
            let mut worker = Worker { postgres: Some(postgres), settings, shared, role, down: None, doubtful: false };
            let thread = spawn(format!("{name}-{index}"), move || worker.run(&queue))?;
            match role {
                Role::Reader => threads.readers.push(thread),
                Role::Writer => threads.writers.push(thread),
            }
        }
    }
    Ok(threads)
}

/// A thread with its connection.
struct Worker {
    postgres: Option<Postgres>,
    settings: Settings,
    shared: Arc<Shared>,
    role: Role,
    /// When to try again, and how long to wait after that, while the database is away.
    down: Option<(Instant, Duration)>,
    /// The last commit got no answer.
    doubtful: bool,
}

/// What to do with a transaction after one run.
enum After {
    Settle(Result<(), DbError>),
    /// It may be committed or not.
    Unknown,
    Repeat(Fault),
}

impl Worker {
    fn run(&mut self, queue: &Receiver<Message>) {
        while let Ok(Message::Job(mut job)) = queue.recv() {
            let outcome = self.finish(&mut *job);
            // First the answer: the end of a read changes nothing for whoever asked.
            job.settle(outcome);
            self.end_read();
        }
        if let Some(postgres) = self.postgres.take() {
            postgres.line.close();
        }
    }

    /// Runs a transaction until it is committed, refused or hopeless.
    fn finish(&mut self, job: &mut dyn Job) -> Result<(), DbError> {
        let mut lost = 0;
        for run in 0..RUNS_MAX {
            if run > 0 {
                count(&self.shared.counters.repeated);
            }
            self.connect()?;
            let Some(postgres) = &self.postgres else { break };
            let after = match self.role {
                Role::Reader => Self::read(postgres, job),
                Role::Writer => self.write(postgres, job),
            };
            match after {
                After::Settle(outcome) => return outcome,
                After::Unknown => {
                    (self.postgres, self.doubtful) = (None, true);
                    return Err(DbError::Unavailable("it is unknown whether the commit happened".into()));
                }
                After::Repeat(Fault::Lost) => {
                    self.postgres = None;
                    lost += 1;
                    if lost > 1 {
                        return Err(DbError::Unavailable("the connection to PostgreSQL was lost twice".into()));
                    }
                }
                After::Repeat(_) => {
                    self.end_read();
                    self.pause(run);
                }
            }
        }
        Err(DbError::Busy)
    }

    fn read(postgres: &Postgres, job: &mut dyn Job) -> After {
        postgres.begin(BEGIN_READ);
        job.run(postgres);
        match postgres.fault.get() {
            Fault::None => After::Settle(Ok(())),
            fault => After::Repeat(fault),
        }
    }

    /// Lets the snapshot of a read go; after a failed statement the server takes this for a rollback. A connection that
    /// cannot even do that would show the next read an old moment, so it is given up.
    fn end_read(&mut self) {
        let ended = self.postgres.as_ref().is_none_or(|it| it.end("COMMIT").is_ok());
        if !ended {
            self.postgres = None;
        }
    }

    fn write(&self, postgres: &Postgres, job: &mut dyn Job) -> After {
        postgres.begin(BEGIN_WRITE);
        let ran = job.run(postgres);
        let fault = postgres.fault.get();
        if fault == Fault::Lost {
            return After::Repeat(fault);
        }
        if fault == Fault::Conflict || ran == Ran::Undo {
            // If this fails the connection is gone and the transaction with it, or something sent ahead had failed.
            if let Err(error) = postgres.end("ROLLBACK") {
                tracing::debug!(%error, "while rolling back");
            }
            return if fault == Fault::None { After::Settle(Ok(())) } else { After::Repeat(fault) };
        }
        match postgres.end("COMMIT") {
            Ok(()) => {
                count(&self.shared.counters.commits);
                After::Settle(Ok(()))
            }
            Err(error) => match postgres.fault.get() {
                Fault::Conflict => After::Repeat(Fault::Conflict),
                Fault::Lost if postgres.refused_ahead.get() => After::Repeat(Fault::Lost),
                Fault::Lost => After::Unknown,
                Fault::None => After::Settle(Err(error)),
            },
        }
    }

    /// A few milliseconds, more each time, different for each.
    fn pause(&self, run: u32) {
        let most = 4_u64 << run.min(6);
        std::thread::sleep(Duration::from_millis(1 + self.shared.chance.below(most)));
    }

    fn reach(&self) -> Result<Postgres, DbError> {
        let postgres = Postgres::connect(&self.settings, self.role)?;
        if self.doubtful {
            postgres.nobody_waits_for_a_standby()?;
        }
        Ok(postgres)
    }

    /// Opens the connection again if it was lost: patiently for the first call, then at once an error until it is
    /// time to try again, so that the queue does not fill with callers who wait for nothing.
    fn connect(&mut self) -> Result<(), DbError> {
        let gone = self.postgres.as_ref().is_none_or(|postgres| postgres.line.is_closed());
        if !gone {
            return Ok(());
        }
        self.postgres = None;
        let away = || DbError::Unavailable("PostgreSQL is away".into());
        if self.down.is_some_and(|(again, _)| Instant::now() < again) {
            return Err(away());
        }
        let since = Instant::now();
        let mut wait = Duration::from_millis(50);
        loop {
            match self.reach() {
                Ok(postgres) => {
                    count(&self.shared.counters.reconnected);
                    self.postgres = Some(postgres);
                    (self.down, self.doubtful) = (None, false);
                    return Ok(());
                }
                Err(error) if since.elapsed() + wait > PATIENCE || self.down.is_some() => {
                    let pause = pause_after(self.down.map_or(wait / 2, |(_, last)| last));
                    self.down = Some((Instant::now() + pause, pause));
                    tracing::error!(%error, "PostgreSQL is away");
                    return Err(away());
                }
                Err(_) => {
                    std::thread::sleep(wait);
                    wait *= 2;
                }
            }
        }
    }
}

/// How long to leave a database alone that did not answer after the last pause either.
fn pause_after(last: Duration) -> Duration {
    (last * 2).min(RECONNECT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_was_away_the_next_try_is_near() {
        let mut pause = Duration::from_millis(50);
        for _ in 0..20 {
            let next = pause_after(pause);
            assert!(next > pause || next == pause && pause <= Duration::from_secs(1), "{pause:?} {next:?}");
            pause = next;
        }
        assert!(PATIENCE + line::CONNECT_TIME < Duration::from_secs(5), "nobody waits for five seconds");
    }

    #[test]
    fn names_are_read_and_values_left() {
        let names = columns_of("Schlüssel »(municipality, email)=(…, anna@example.org)« existiert bereits.");
        assert_eq!(names, ["municipality", "email"]);
        assert!(columns_of("something else").is_empty());
    }
}
