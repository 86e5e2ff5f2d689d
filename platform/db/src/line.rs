//! One connection to PostgreSQL, on the thread that uses it: which host answers, and how long an answer may take. What
//! is said on it, and what an error means, is in `postgres`; how it is encrypted, in `tls`.
//! Invariant: nothing here waits longer than it says, even for a server that takes what is sent and is silent; a
//! connection that was silent is closed and never used again.

use crate::{
    DbError, Settings,
    postgres::failure,
    tls::{Tls, Wish},
};
use std::{error::Error as _, future::Future, net::IpAddr, pin::pin, time::Duration};
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

pub(crate) struct Line {
    runtime: Runtime,
    client: Client,
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
                    return Ok(Self { runtime, client, talk, silence_max: settings.silence_max });
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

    pub fn batch_execute(&self, text: &str) -> Result<(), Error> {
        self.wait(self.client.batch_execute(text))
    }

    pub fn prepare(&self, text: &str) -> Result<Statement, Error> {
        self.wait(self.client.prepare(text))
    }

    pub fn execute(&self, statement: &Statement, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        self.wait(self.client.execute(statement, values))
    }

    pub fn query(&self, statement: &Statement, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.wait(self.client.query(statement, values))
    }

    pub fn query_one(&self, text: &str) -> Result<Row, Error> {
        self.wait(self.client.query_one(text, &[]))
    }

    /// Waits for an answer as long as the patience reaches; after that the connection is closed, and the answer is that.
    fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.runtime.block_on(async {
            let mut answer = pin!(answer);
            if let Ok(answer) = timeout(self.silence_max, &mut answer).await {
                return answer;
            }
            tracing::error!(
                silent_ms = self.silence_max.as_millis(),
                "PostgreSQL is silent, the connection is given up"
            );
            self.talk.abort();
            answer.await
        })
    }

    /// Takes leave of the server, which would otherwise note that somebody ran away.
    pub fn close(self) {
        let Self { runtime, client, talk, .. } = self;
        drop(client);
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
