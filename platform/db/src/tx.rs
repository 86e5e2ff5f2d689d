//! What a room sees of the database: `Tx`, one transaction of one town, and `Operating`, the few tables that span
//! towns. Synchronous on purpose: domain code inside a transaction has no futures and never waits for anything else.
//! Invariants: `$1` is the municipality the `Tx` was opened for; after a failed statement nothing more happens in the
//! transaction, on both databases (of `exec_later`: nothing more that stays); a write leaves an audit line or says why not.

use crate::{Audit, DbError, NewJob, Shared, Sql, audit, jobs, outbox, sql};
use base::{FromValue, Moment, MunicipalityId, ToValue, Value};
use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
    sync::PoisonError,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The tables an `Operating` statement may touch.
const OPERATING_TABLES: &[&str] =
    &["municipalities", "municipality_hosts", "jobs", "migrations", "once_keys", "installation"];

/// The arguments of a statement, the municipality first where there is one.
pub(crate) struct Args<'a> {
    pub town: Option<Uuid>,
    pub rest: &'a [&'a dyn ToValue],
}

impl Args<'_> {
    pub fn len(&self) -> usize {
        self.rest.len() + usize::from(self.town.is_some())
    }

    /// The value of `$number`.
    pub fn value(&self, number: usize) -> Value<'_> {
        match (self.town, number) {
            (Some(town), 1) => Value::Uuid(town),
            (Some(_), n) => self.rest.get(n.wrapping_sub(2)).map_or(Value::Null, |v| v.to_value()),
            (None, n) => self.rest.get(n.wrapping_sub(1)).map_or(Value::Null, |v| v.to_value()),
        }
    }
}

/// One row while it is being read.
pub struct Row<'r>(pub(crate) RowOf<'r>);

pub(crate) enum RowOf<'r> {
    Sqlite(&'r rusqlite::Row<'r>, usize),
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    pub fn get<V: FromValue>(&self, index: usize) -> Result<V, DbError> {
        match self.0 {
            RowOf::Sqlite(row, _) => crate::sqlite::column(row, index),
            RowOf::Postgres(row) => crate::typed::column(row, index),
        }
    }

    pub fn columns(&self) -> usize {
        match self.0 {
            RowOf::Sqlite(_, columns) => columns,
            RowOf::Postgres(row) => row.len(),
        }
    }

    /// A query and the struct it fills must name the same number of columns.
    pub fn must_have(&self, columns: usize, of: &'static str) -> Result<(), DbError> {
        if self.columns() == columns {
            return Ok(());
        }
        Err(DbError::WrongShape(format!("{of} has {columns} fields, the query has {} columns", self.columns())))
    }
}

/// Something that can be read from a row: a `record!`, or a tuple of values.
pub trait FromRow: Sized {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError>;
}

/// Declares a struct that is read from a row by the order of its fields.
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$inner:meta])* $fvis:vis $field:ident : $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$inner])* $fvis $field: $type),+ }

        impl $crate::FromRow for $name {
            fn from_row(row: &$crate::Row<'_>) -> ::std::result::Result<Self, $crate::DbError> {
                row.must_have([$(stringify!($field)),+].len(), stringify!($name))?;
                let mut columns = 0..;
                // The default is unreachable: the range has no end.
                Ok(Self { $($field: row.get::<$type>(columns.next().unwrap_or_default())?),+ })
            }
        }
    };
}

/// The arguments of a statement: `p![id, title]`. `$1` is not among them, the `Tx` binds it.
#[macro_export]
macro_rules! p {
    ($($value:expr),* $(,)?) => { &[$(&$value as &dyn $crate::ToValue),*] };
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $index:tt),+;)+) => { $(
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
                row.must_have($count, "the tuple")?;
                Ok(($(row.get::<$name>($index)?,)+))
            }
        }
    )+ };
}
tuples! {
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
    7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

pub(crate) type EachRow<'f> = &'f mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>;

/// What both drivers offer. Facts about the text have been checked before.
pub(crate) trait Conn {
    fn exec(&self, text: &Sql, args: &Args<'_>) -> Result<u64, DbError>;
    fn rows(&self, text: &Sql, args: &Args<'_>, each: EachRow<'_>) -> Result<(), DbError>;
    /// Like `exec`; an error may come as that of a later statement, or of the commit.
    fn exec_later(&self, text: &Sql, args: &Args<'_>) -> Result<(), DbError>;
    /// What keeps the rows of a SELECT as they are until the transaction ends.
    fn held(&self) -> &'static str;
}

/// One transaction on one connection; `Tx` and `Operating` are its two faces.
pub(crate) struct Session<'c> {
    conn: &'c dyn Conn,
    shared: &'c Shared,
    now: Moment,
    /// The first failed statement. PostgreSQL refuses everything after it; so do we, on both.
    doomed: RefCell<Option<DbError>>,
    changed: Cell<bool>,
    jobs: RefCell<Vec<NewJob>>,
    last_id: Cell<u128>,
}

impl<'c> Session<'c> {
    fn new(conn: &'c dyn Conn, shared: &'c Shared) -> Self {
        let now = shared.clock.now();
        let (changed, last_id) = (Cell::new(false), Cell::new(0));
        Self { conn, shared, now, doomed: RefCell::default(), changed, jobs: RefCell::default(), last_id }
    }

    /// Ids of one transaction sort as they were made, even within a millisecond.
    fn new_id(&self) -> Uuid {
        let made = base::new_id(&*self.shared.clock, &*self.shared.chance).as_u128();
        self.last_id.set(made.max(self.last_id.get() + 1));
        Uuid::from_u128(self.last_id.get())
    }

    fn guard<T>(&self, run: impl FnOnce() -> Result<T, DbError>) -> Result<T, DbError> {
        if let Some(first) = &*self.doomed.borrow() {
            return Err(first.clone());
        }
        run().inspect_err(|error| {
            self.doomed.borrow_mut().get_or_insert_with(|| error.clone());
        })
    }

    fn hear(&self, text: &Sql) {
        if let Some(heard) = &self.shared.heard {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if !heard.contains(text.0.as_ref()) {
                heard.insert(text.0.to_string());
            }
        }
    }

    fn exec(&self, text: &Sql, args: &Args<'_>) -> Result<u64, DbError> {
        self.hear(text);
        self.guard(|| {
            sql::facts(text).fit(args.len())?;
            timed(text, || self.conn.exec(text, args))
        })
    }

    fn exec_later(&self, text: &Sql, args: &Args<'_>) -> Result<(), DbError> {
        self.hear(text);
        self.guard(|| {
            sql::facts(text).fit(args.len())?;
            timed(text, || self.conn.exec_later(text, args))
        })
    }

    fn each(&self, text: &Sql, args: &Args<'_>, each: EachRow<'_>) -> Result<(), DbError> {
        self.hear(text);
        self.guard(|| {
            sql::facts(text).fit(args.len())?;
            timed(text, || self.conn.rows(text, args, each))
        })
    }

    fn all<R: FromRow>(&self, text: &Sql, args: &Args<'_>) -> Result<Vec<R>, DbError> {
        let mut rows = Vec::new();
        self.each(text, args, &mut |row| {
            rows.push(R::from_row(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    fn first<T>(
        &self,
        text: &Sql,
        args: &Args<'_>,
        read: impl Fn(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut found = None;
        self.each(text, args, &mut |row| {
            found = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    fn intact(&self) -> Result<(), DbError> {
        self.doomed.borrow().clone().map_or(Ok(()), Err)
    }
}

/// A statement that takes longer is named to the operator. On PostgreSQL it may have waited for those sent ahead of it.
const SLOW: Duration = Duration::from_millis(500);

fn timed<T>(sql: &Sql, run: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let done = run();
    let took = since.elapsed();
    if took >= SLOW {
        tracing::warn!(ms = took.as_millis(), statement = %sql.0, "a statement was slow");
    }
    done
}

/// A transaction of one town.
pub struct Tx<'c> {
    session: Session<'c>,
    town: MunicipalityId,
    audits: RefCell<Vec<Audit>>,
    free_of_audit: Cell<bool>,
    events: RefCell<Vec<(&'static str, serde_json::Value)>>,
    audit_end: RefCell<Option<Option<Vec<u8>>>>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(conn: &'c dyn Conn, shared: &'c Shared, town: MunicipalityId) -> Self {
        let session = Session::new(conn, shared);
        Self {
            session,
            town,
            audits: RefCell::default(),
            free_of_audit: Cell::new(false),
            events: RefCell::default(),
            audit_end: RefCell::default(),
        }
    }

    /// The town this transaction belongs to: always `$1`.
    pub fn municipality(&self) -> MunicipalityId {
        self.town
    }

    /// The time of this transaction; the same however often it is asked.
    pub fn now(&self) -> Moment {
        self.session.now
    }

    /// A new id; later ids sort later, within a transaction always.
    pub fn new_id(&self) -> Uuid {
        self.session.new_id()
    }

    fn args<'a>(&self, rest: &'a [&'a dyn ToValue]) -> Args<'a> {
        Args { town: Some(self.town.0), rest }
    }

    fn note_change(&self, sql: &Sql, rows: u64) {
        if rows > 0 && sql::facts(sql).writes {
            self.session.changed.set(true);
        }
    }

    /// Runs a statement without an answer; says how many rows it touched.
    pub fn exec(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<u64, DbError> {
        let sql = sql.into();
        let rows = self.session.exec(&sql, &self.args(args))?;
        self.note_change(&sql, rows);
        Ok(rows)
    }

    /// Runs a statement that fails only if something is broken: an insert under an id that was just made. PostgreSQL gets
    /// it together with the next one, whose error may be this one's; what it does is seen by all that follow.
    pub fn exec_later(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<(), DbError> {
        let sql = sql.into();
        self.session.exec_later(&sql, &self.args(args))?;
        self.note_change(&sql, 1);
        Ok(())
    }

    /// This SELECT, and nobody changes or deletes its rows before this transaction ends; others may read and hold them.
    pub fn held(&self, sql: impl Into<Sql>) -> Sql {
        let mut sql = sql.into();
        match self.session.conn.held() {
            "" => {}
            words => drop(sql.push(words)),
        }
        sql
    }

    pub fn query<R: FromRow>(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<Vec<R>, DbError> {
        let sql = sql.into();
        let rows = self.session.all(&sql, &self.args(args))?;
        self.note_change(&sql, rows.len() as u64);
        Ok(rows)
    }

    /// The first row, if there is one.
    pub fn query_one<R: FromRow>(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<Option<R>, DbError> {
        let sql = sql.into();
        let row = self.session.first(&sql, &self.args(args), R::from_row)?;
        self.note_change(&sql, u64::from(row.is_some()));
        Ok(row)
    }

    /// The first column of the first row. Where it may be NULL (`MAX` of nothing), ask for `Option<V>`.
    pub fn scalar<V: FromValue>(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<Option<V>, DbError> {
        let sql = sql.into();
        let value = self.session.first(&sql, &self.args(args), |row| row.get::<V>(0))?;
        self.note_change(&sql, u64::from(value.is_some()));
        Ok(value)
    }

    /// A line for the audit chain, written with this transaction or not at all.
    pub fn audit(&self, line: Audit) {
        self.audits.borrow_mut().push(line);
    }

    /// What `work` writes needs no audit line, because `why`: a session, a draft, a cache. What is written before and
    /// after it, by the caller or by another room in the same transaction, needs its line as ever.
    pub fn unaudited<T>(&self, why: &'static str, work: impl FnOnce() -> T) -> T {
        tracing::trace!(why, "unaudited write");
        let owed = self.session.changed.get();
        let done = work();
        self.session.changed.set(owed);
        done
    }

    /// Something was written that owes an audit line: what is read now may never come to be.
    pub fn has_changed(&self) -> bool {
        self.session.changed.get()
    }

    /// For tests only, through `testing::unaudited`: nothing in this transaction needs a line.
    pub(crate) fn free_of_audit(&self) {
        self.free_of_audit.set(true);
    }

    /// The end of the audit chain as this transaction sees it; read once, for a read sees one moment and a write appends
    /// its own lines last.
    pub(crate) fn audit_end(
        &self,
        read: impl FnOnce() -> Result<Option<Vec<u8>>, DbError>,
    ) -> Result<Option<Vec<u8>>, DbError> {
        if let Some(known) = &*self.audit_end.borrow() {
            return Ok(known.clone());
        }
        let found = read()?;
        self.audit_end.replace(Some(found.clone()));
        Ok(found)
    }

    /// From here to its end, no other transaction of this town holds the lock of this name: for rules that look at
    /// several rows, where two parallel transactions would each find the rule kept and break it together.
    pub fn lock(&self, name: &'static str) -> Result<(), DbError> {
        self.bookkeep(
            "INSERT INTO locks (municipality, name) VALUES ($1, $2)
             ON CONFLICT (municipality, name) DO UPDATE SET name = excluded.name",
            p![name],
        )?;
        Ok(())
    }

    /// An event for whoever listens later, written with this transaction or not at all.
    pub fn emit(&self, kind: &'static str, payload: serde_json::Value) {
        self.events.borrow_mut().push((kind, payload));
    }

    /// A job for the worker, written with this transaction or not at all.
    pub fn enqueue(&self, job: NewJob) {
        self.session.jobs.borrow_mut().push(job);
    }

    /// A write of the platform's own bookkeeping: no change of state that an audit line would describe.
    pub(crate) fn bookkeep(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<u64, DbError> {
        self.session.exec(&sql.into(), &self.args(args))
    }

    /// The same for a statement that fails only if something is broken (`exec_later`).
    pub(crate) fn bookkeep_later(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<(), DbError> {
        self.session.exec_later(&sql.into(), &self.args(args))
    }

    pub(crate) fn finish_read(self) -> Result<bool, DbError> {
        self.session.intact()?;
        let idle = self.audits.borrow().is_empty() && self.events.borrow().is_empty();
        if idle && self.session.jobs.borrow().is_empty() {
            return Ok(false);
        }
        Err(DbError::other("a read cannot audit, emit or enqueue"))
    }

    /// Writes what was gathered; true if a worker should be woken after the commit.
    pub(crate) fn finish_write(self) -> Result<bool, DbError> {
        self.session.intact()?;
        let audits = self.audits.take();
        if self.session.changed.get() && audits.is_empty() && !self.free_of_audit.get() {
            return Err(DbError::other("write without audit line: call Tx::audit, or write within Tx::unaudited"));
        }
        for (kind, payload) in self.events.take() {
            if self.session.shared.is_listened_to(kind) {
                let job = outbox::store(&self, kind, &payload)?;
                self.enqueue(job);
            }
        }
        let jobs = self.session.jobs.take();
        for job in &jobs {
            let id = self.new_id();
            self.bookkeep_later(jobs::INSERT_IN_TOWN, &job.arguments(&id, &self.now()).each())?;
        }
        // Last, because it holds the town's head row until the commit.
        audit::append(&self, &audits)?;
        Ok(!jobs.is_empty())
    }
}

/// The tables that span towns: hosts, jobs, migrations. `$1` is the first argument here.
pub struct Operating<'c> {
    session: Session<'c>,
}

impl<'c> Operating<'c> {
    pub(crate) fn new(conn: &'c dyn Conn, shared: &'c Shared) -> Self {
        Self { session: Session::new(conn, shared) }
    }

    pub fn now(&self) -> Moment {
        self.session.now
    }

    pub fn new_id(&self) -> Uuid {
        self.session.new_id()
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.session.shared
    }

    fn fence(sql: &Sql) -> Result<(), DbError> {
        sql::table_outside(&sql.0, OPERATING_TABLES).map_or(Ok(()), |table| {
            Err(DbError::other(format!("{table} is no operating table: open a Tx of its town")))
        })
    }

    pub fn exec(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<u64, DbError> {
        let sql = sql.into();
        self.session.guard(|| Self::fence(&sql))?;
        self.session.exec(&sql, &Args { town: None, rest: args })
    }

    pub fn query<R: FromRow>(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<Vec<R>, DbError> {
        let sql = sql.into();
        self.session.guard(|| Self::fence(&sql))?;
        self.session.all(&sql, &Args { town: None, rest: args })
    }

    pub fn query_one<R: FromRow>(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<Option<R>, DbError> {
        let sql = sql.into();
        self.session.guard(|| Self::fence(&sql))?;
        self.session.first(&sql, &Args { town: None, rest: args }, R::from_row)
    }

    pub fn scalar<V: FromValue>(&self, sql: impl Into<Sql>, args: &[&dyn ToValue]) -> Result<Option<V>, DbError> {
        let sql = sql.into();
        self.session.guard(|| Self::fence(&sql))?;
        self.session.first(&sql, &Args { town: None, rest: args }, |row| row.get::<V>(0))
    }

    /// A job that belongs to no town: a sweep, a heartbeat.
    pub fn enqueue(&self, job: NewJob) {
        self.session.jobs.borrow_mut().push(job);
    }

    pub(crate) fn finish(self) -> Result<bool, DbError> {
        self.session.intact()?;
        let jobs = self.session.jobs.take();
        for job in &jobs {
            let (id, now) = (self.new_id(), self.now());
            let nowhere = Uuid::nil();
            let arguments = job.arguments(&id, &now);
            let mut all: Vec<&dyn ToValue> = vec![&nowhere];
            all.extend(arguments.each());
            self.exec(jobs::INSERT_IN_TOWN, &all)?;
        }
        Ok(!jobs.is_empty())
    }
}

/// Refused on both databases, because they disagree: PostgreSQL knows no NUL in a text, SQLite turns NaN into NULL.
pub(crate) fn storable(value: &Value<'_>) -> Result<(), DbError> {
    match value {
        Value::Text(text) if text.contains('\0') => Err(DbError::WrongShape("a text contains a NUL character".into())),
        Value::Real(real) if !real.is_finite() => Err(DbError::WrongShape("a number is not finite".into())),
        _ => Ok(()),
    }
}
