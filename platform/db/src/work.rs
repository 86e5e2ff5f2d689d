//! What travels through the queues: a transaction's closure and the way back to its caller. The threads see only
//! `run` and `settle`; types of rooms stay in here. A panicking closure is an error of its own transaction.

use crate::{DbError, Shared, Sql, tx::Args, tx::Conn};
use std::{ops::ControlFlow, panic::AssertUnwindSafe, sync::Arc};
use tokio::sync::oneshot;

pub(crate) enum Message {
    Job(Box<dyn Job>),
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    Keep,
    Undo,
}

pub(crate) trait Job: Send {
    /// Runs the closure. May be called again; the last run counts.
    fn run(&mut self, conn: &dyn Conn) -> Ran;

    /// Answers the caller: with what `run` found, or with the failure of the commit.
    fn settle(self: Box<Self>, outcome: Result<(), DbError>);
}

pub(crate) struct Work<F, T, E> {
    f: F,
    shared: Arc<Shared>,
    reply: oneshot::Sender<Result<T, E>>,
    result: Option<Result<(T, bool), E>>,
}

impl<F, T, E> Work<F, T, E> {
    pub fn new(f: F, shared: Arc<Shared>, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { f, shared, reply, result: None }
    }
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: Fn(&dyn Conn, &Shared) -> Result<(T, bool), E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, conn: &dyn Conn) -> Ran {
        let ran = std::panic::catch_unwind(AssertUnwindSafe(|| (self.f)(conn, &self.shared)));
        let result = ran.unwrap_or_else(|_| Err(DbError::other("the transaction's closure panicked").into()));
        let ran = if result.is_ok() { Ran::Keep } else { Ran::Undo };
        self.result = Some(result);
        ran
    }

    fn settle(self: Box<Self>, outcome: Result<(), DbError>) {
        let result = match (outcome, self.result) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(DbError::other("a transaction was settled without being run").into()),
        };
        if matches!(result, Ok((_, true))) {
            self.shared.wake.notify_one();
        }
        // A caller that went away (a closed browser) does not undo what was committed.
        drop(self.reply.send(result.map(|(value, _)| value)));
    }
}

/// Asks one connection whether it answers.
pub(crate) struct Probe {
    reply: oneshot::Sender<bool>,
    answered: bool,
}

impl Probe {
    pub fn new(reply: oneshot::Sender<bool>) -> Self {
        Self { reply, answered: false }
    }
}

impl Job for Probe {
    fn run(&mut self, conn: &dyn Conn) -> Ran {
        let nothing = Args { town: None, rest: &[] };
        self.answered = conn.rows(&Sql::from("SELECT 1"), &nothing, &mut |_| Ok(ControlFlow::Continue(()))).is_ok();
        if self.answered { Ran::Keep } else { Ran::Undo }
    }

    fn settle(self: Box<Self>, outcome: Result<(), DbError>) {
        // Nobody waits after the time limit.
        let _ = self.reply.send(outcome.is_ok() && self.answered);
    }
}
