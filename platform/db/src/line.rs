//! One connection to PostgreSQL, on the thread that uses it: which host answers, and how long an answer may take. What
//! is said on it, and what an error means, is in `postgres`; how it is encrypted, in `tls`.
//! Invariant: nothing here waits longer than it says, even for a server that takes what is sent and is silent; a
//! connection that was silent is closed and never used again.

use crate::{
    DbError, Settings,
    postgres::failure,
    tls::{Tls, Wish},
    typed::{Bound, Kept},
};
use std::{
    borrow::Cow,
    cell::RefCell,
    error::Error as _,
    future::Future,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};
use tokio_postgres::{
    Client, Config, Error, Row, Statement,
    config::{Host, LoadBalanceHosts},
    types::ToSql,
};

/// For a host that swallows packets, or takes them and is silent; whoever waits meanwhile is answered within five
/// seconds.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(2);
/// When a connection that nobody uses is asked whether the other machine is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
const GOODBYE_TIME: Duration = Duration::from_secs(1);

/// So many statements travel ahead before somebody waits for their answers.
const AHEAD_MAX: usize = 64;

/// A command without an answer of its own.
type Ahead = Option<&'static str>;

/// A statement that was sent, and nobody has waited for its answer yet.
struct Sent {
    text: Cow<'static, str>,
    answer: Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>,
}

/// An error; `ahead` is the statement it is of, if that is another than the one that was waited for.
#[derive(Debug)]
pub(crate) struct Failed {
    pub error: Error,
    pub ahead: Option<Cow<'static, str>>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, ahead: None }
    }
}

pub(crate) struct Line {
    runtime: Runtime,
    client: Arc<Client>,
    sent: RefCell<Vec<Sent>>,
    /// Carries what is sent and received; moves only while somebody waits.
    talk: JoinHandle<()>,
    silence_max: Duration,
}

impl Line {
    pub fn connect(settings: &Settings) -> Result<Self, DbError> {
        let (config, tls) = config(settings)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| DbError::Unavailable(format!("no connection can be driven: {error}")))?;
        let mut last = DbError::Unavailable("no host is named".into());
        for host in one_by_one(&config) {
            match runtime.block_on(async { timeout(time_of(&host), host.connect(tls.clone())).await }) {
                Ok(Ok((client, connection))) => {
                    let talk = runtime.spawn(async move {
                        // Whoever waits for an answer learns of the error too.
                        drop(connection.await);
                    });
                    let (client, sent) = (Arc::new(client), RefCell::default());
                    return Ok(Self { runtime, client, sent, talk, silence_max: settings.silence_max });
                }
                Ok(Err(error)) => last = unconnected(&error),
                Err(_) => last = DbError::Unavailable("PostgreSQL takes connections and is silent".into()),
            }
        }
        Err(last)
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub fn batch_execute(&self, text: &str) -> Result<(), Failed> {
        self.wait(self.client.batch_execute(text))
    }

    pub fn prepare(&self, text: &str) -> Result<Statement, Failed> {
        self.wait(self.client.prepare(text))
    }

    /// Runs a statement; what is to be said `ahead` of it travels with it.
    pub fn execute(&self, ahead: Ahead, statement: &Statement, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Failed> {
        self.wait(self.after(ahead, self.client.execute(statement, values)))
    }

    pub fn query(
        &self,
        ahead: Ahead,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failed> {
        self.wait(self.after(ahead, self.client.query(statement, values)))
    }

    pub fn query_one(&self, text: &str) -> Result<Row, Failed> {
        self.wait(self.client.query_one(text, &[]))
    }

    /// Whoever sends more now waits first.
    pub fn is_far_ahead(&self) -> bool {
        self.sent.borrow().len() >= AHEAD_MAX
    }

    /// Sends a statement with the next one that is waited for, whose error is then this one's. An error here: it was not
    /// sent, for a value does not fit, and nothing that the server says later would tell of it.
    pub fn send(&self, text: Cow<'static, str>, statement: Statement, values: Vec<Kept>) -> Result<(), Failed> {
        let client = Arc::clone(&self.client);
        let mut answer: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
            let bound: Vec<Bound<'_>> = values.iter().map(Kept::bound).collect();
            let refs: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            client.execute(&statement, &refs).await
        });
        // The driver takes its place in the queue at the first poll.
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => self.sent.borrow_mut().push(Sent { text, answer }),
            Poll::Ready(ended) => drop(ended?),
        }
        Ok(())
    }

    /// Sends both and then waits for both answers: the order of first polls is the order on the wire.
    async fn after<T>(&self, ahead: Ahead, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(text) = ahead else { return answer.await };
        let (said, answer) = tokio::join!(biased; self.client.batch_execute(text), answer);
        said.and(answer)
    }

    /// Waits for an answer, and for those of all that was sent before it, for each as long as the patience reaches; after
    /// that the connection is closed, and the answer is that.
    fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Failed> {
        let sent = self.sent.take();
        // Each statement may take its time, one after the other.
        let patience = self.silence_max * u32::try_from(sent.len() + 1).unwrap_or(u32::MAX);
        self.runtime.block_on(async {
            let mut both = pin!(async { tokio::join!(biased; self.first_error(sent), answer) });
            let ended = timeout(patience, &mut both).await;
            let (before, answer) = if let Ok(ended) = ended {
                ended
            } else {
                self.give_up();
                both.await
            };
            before.and(answer.map_err(Failed::from))
        })
    }

    fn give_up(&self) {
        tracing::error!(silent_ms = self.silence_max.as_millis(), "PostgreSQL is silent, the connection is given up");
        self.talk.abort();
    }

    /// What failed first; the rest then failed for that reason.
    async fn first_error(&self, sent: Vec<Sent>) -> Result<(), Failed> {
        let mut first = Ok(());
        for Sent { text, mut answer } in sent {
            let answer = match timeout(self.silence_max, &mut answer).await {
                Ok(answer) => answer,
                Err(_) => {
                    self.give_up();
                    answer.await
                }
            };
            if let (Err(error), true) = (answer, first.is_ok()) {
                first = Err(Failed { error, ahead: Some(text) });
            }
        }
        first
    }

    /// Takes leave of the server, which would otherwise note that somebody ran away.
    pub fn close(self) {
        let Self { runtime, client, sent, talk, .. } = self;
        drop((client, sent));
        drop(runtime.block_on(async { timeout(GOODBYE_TIME, talk).await }));
    }
}

pub(crate) fn config(settings: &Settings) -> Result<(Config, Tls), DbError> {
    let wish = Wish::read(&settings.url);
    // The error of the parser may quote the URL, and the URL a password.
    let mut config: Config =
        wish.url.parse().map_err(|_| DbError::other("the database URL is neither sqlite: nor PostgreSQL's"))?;
    let tls = wish.apply(&mut config)?;
    if config.get_application_name().is_none() {
        config.application_name("stadtplatz");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIME);
    }
    if config.get_keepalives_interval().is_none() && config.get_keepalives_retries().is_none() {
        config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE / 3).keepalives_retries(3);
    }
    config.tcp_user_timeout(Duration::from_secs(15));
    Ok((config, tls))
}

/// A configuration for each host. Given all at once, the driver stays for ever with the first one that takes the
/// connection and is silent.
fn one_by_one(all: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    let number = hosts.len().max(addresses.len());
    let fits = |given: usize| given <= 1 || given == number;
    if number <= 1 || all.get_load_balance_hosts() != LoadBalanceHosts::Disable || !fits(ports.len()) {
        return vec![all.clone()];
    }
    let one = |index: usize| {
        let mut one = without_hosts(all);
        match hosts.get(index) {
            Some(Host::Tcp(name)) => Some(one.host(name)),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => Some(one.host_path(folder)),
            None => None,
        };
        addresses.get(index).map(|it| one.hostaddr(*it));
        ports.get(index).or_else(|| ports.first()).map(|it| one.port(*it));
        one
    };
    (0..number).map(one).collect()
}

fn without_hosts(all: &Config) -> Config {
    let mut one = Config::new();
    all.get_user().map(|it| one.user(it));
    all.get_password().map(|it| one.password(it));
    all.get_dbname().map(|it| one.dbname(it));
    all.get_options().map(|it| one.options(it));
    all.get_application_name().map(|it| one.application_name(it));
    all.get_connect_timeout().map(|it| one.connect_timeout(*it));
    all.get_tcp_user_timeout().map(|it| one.tcp_user_timeout(*it));
    all.get_keepalives_interval().map(|it| one.keepalives_interval(it));
    all.get_keepalives_retries().map(|it| one.keepalives_retries(it));
    one.keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .target_session_attrs(all.get_target_session_attrs())
        .channel_binding(all.get_channel_binding());
    one
}

/// How long the whole of connecting may take: a name may stand for two addresses, of which the first swallows packets.
fn time_of(config: &Config) -> Duration {
    let tries = |host: &Host| match host {
        Host::Tcp(name) if name.parse::<IpAddr>().is_err() => 2,
        _ => 1,
    };
    let tries = if config.get_hostaddrs().is_empty() { config.get_hosts().iter().map(tries).sum() } else { 1 };
    *config.get_connect_timeout().unwrap_or(&CONNECT_TIME) * tries.max(1)
}

/// A handshake that failed says why: it is about certificates and host names, never about rows.
pub(crate) fn unconnected(error: &Error) -> DbError {
    let text = error.to_string();
    if !text.contains("TLS handshake") {
        return failure(error, "connect");
    }
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    DbError::Unavailable(format!("PostgreSQL: {text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named_without_the_password() {
        let settings = Settings::new("postgres://anna:geheim@127.0.0.1/x?sslmode=prefer");
        let error = config(&settings).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("sslmode"), "{error}");
        assert!(!error.contains("geheim"), "{error}");
        let error = config(&Settings::new("postgres://anna:geheim@[")).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(!error.is_empty() && !error.contains("geheim"), "{error}");
    }
}
