//! PostgreSQL that may be broken: durable as in a town hall, killed with all its processes or frozen, started again on
//! the same folder and port, copied to a standby, promoted. The cluster of the tests, without durability, is in `postgres`.
//! Invariant: it is never the machine's own cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Yard;
use super::town::free_port;
use crate::postgres::{self, as_user};
use crate::run::{self, Running};
use crate::say;

const LIMIT: Duration = Duration::from_secs(60);

pub struct Cluster<'a> {
    yard: &'a Yard<'a>,
    name: String,
    data: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
    settings: Vec<String>,
    pub port: u16,
    process: Option<Running<'a>>,
    starts: u32,
    /// Processes that were stopped where they stood.
    frozen: Vec<u32>,
}

impl<'a> Cluster<'a> {
    /// A new, empty cluster in `folder`, running.
    pub fn start(yard: &'a Yard<'a>, name: &str, folder: &Path) -> Result<Self> {
        let mut cluster = Self::lay_out(yard, name, folder)?;
        let mut initdb = Command::new(yard.postgres.join("initdb"));
        initdb.arg("--pgdata").arg(&cluster.data).args([
            "--username=stadtplatz",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        cluster.must("initdb", &mut initdb)?;
        cluster.rise()?;
        Ok(cluster)
    }

    fn lay_out(yard: &'a Yard<'a>, name: &str, folder: &Path) -> Result<Self> {
        let user = postgres::lend(folder)?;
        let settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=60", "timezone=UTC"];
        Ok(Self {
            yard,
            name: name.to_owned(),
            data: folder.join("data"),
            folder: folder.to_path_buf(),
            user,
            settings: settings.map(str::to_owned).to_vec(),
            port: free_port()?,
            process: None,
            starts: 0,
            frozen: vec![],
        })
    }

    /// A second cluster that follows this one, named in its `synchronous_standby_names` by `name`.
    pub fn standby(&self, name: &str, folder: &Path) -> Result<Self> {
        let mut standby = Self::lay_out(self.yard, name, folder)?;
        let mut copy = Command::new(self.yard.postgres.join("pg_basebackup"));
        copy.args(["--host=127.0.0.1", &format!("--port={}", self.port), "--username=stadtplatz"]);
        copy.args(["--wal-method=stream", "--checkpoint=fast", "--no-sync", "--pgdata"]).arg(&standby.data);
        standby.must("basebackup", &mut copy)?;
        std::fs::write(standby.data.join("standby.signal"), b"")?;
        if let Some((uid, gid)) = standby.user {
            std::os::unix::fs::chown(standby.data.join("standby.signal"), Some(uid), Some(gid))?;
        }
        standby.settings.push(format!(
            "primary_conninfo=host=127.0.0.1 port={} user=stadtplatz application_name={name}",
            self.port
        ));
        // A primary that is gone must not hold up the promotion.
        standby.settings.push("wal_retrieve_retry_interval=200ms".to_owned());
        standby.rise()?;
        Ok(standby)
    }

    fn must(&self, verb: &str, command: &mut Command) -> Result<()> {
        let name = format!("{}-{verb}", self.name);
        let ended = self.yard.shop.run(&name, as_user(command, self.user, &self.folder), LIMIT)?;
        if !ended.ok {
            say::tail(&ended.log, 20);
            bail!("{verb} {}", ended.why);
        }
        Ok(())
    }

    /// Starts the server on its folder, without waiting.
    pub fn begin(&mut self) -> Result<()> {
        self.starts += 1;
        let mut server = Command::new(self.yard.postgres.join("postgres"));
        server.arg("-D").arg(&self.data).arg("-c").arg(format!("port={}", self.port));
        for setting in &self.settings {
            server.arg("-c").arg(setting);
        }
        let name = format!("{}-{}", self.name, self.starts);
        self.process = Some(self.yard.shop.start(&name, as_user(&mut server, self.user, &self.folder))?);
        Ok(())
    }

    /// Starts the server on its folder and waits until it takes connections.
    pub fn rise(&mut self) -> Result<()> {
        self.begin()?;
        let began = Instant::now();
        while began.elapsed() < LIMIT {
            let Some(process) = &mut self.process else { break };
            if let Some(status) = process.poll()? {
                say::tail(&run::read(&process.log_path), 20);
                bail!("PostgreSQL ended at once ({status})");
            }
            if self.is_up() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("PostgreSQL did not answer within {} s", LIMIT.as_secs())
    }

    pub fn id(&self) -> Result<u32> {
        Ok(self.process.as_ref().context("the server does not run")?.id())
    }

    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.poll(), Ok(None)))
    }

    fn is_up(&self) -> bool {
        let mut ask = Command::new(self.yard.postgres.join("pg_isready"));
        ask.args(["--quiet", "--host=127.0.0.1", &format!("--port={}", self.port)]);
        ask.status().is_ok_and(|status| status.success())
    }

    /// SIGKILL to every process of the server at once. Says how many there were.
    pub fn kill(&mut self) -> Result<usize> {
        let process = self.process.take().context("the server does not run")?;
        let postmaster = process.id();
        let mut all = children(postmaster);
        all.insert(0, postmaster);
        signal("KILL", &all)?;
        drop(process);
        Ok(all.len())
    }

    /// SIGSTOP to every process of the server, the one that starts others first: the kernel still takes connections and
    /// what is sent, and nobody answers. Says how many there were.
    pub fn freeze(&mut self) -> Result<usize> {
        let postmaster = self.id()?;
        signal("STOP", &[postmaster])?;
        self.frozen.push(postmaster);
        let others = children(postmaster);
        // Each leads its own group; whatever becomes of us, none must stay behind like this.
        others.iter().for_each(|id| self.yard.shop.janitor.enter_group(*id));
        self.frozen.extend(&others);
        signal("STOP", &others)?;
        Ok(self.frozen.len())
    }

    /// The frozen server goes on where it stood.
    pub fn thaw(&mut self) -> Result<()> {
        let frozen = std::mem::take(&mut self.frozen);
        if frozen.is_empty() {
            return Ok(());
        }
        let done = signal("CONT", &frozen);
        frozen.iter().skip(1).for_each(|id| self.yard.shop.janitor.leave_group(*id));
        done
    }

    /// PostgreSQL's fast shutdown, as a package upgrade does it.
    pub fn stop(&mut self) {
        if let Err(error) = self.thaw() {
            say::line(&format!("{error:#}"));
        }
        if let Some(mut process) = self.process.take() {
            process.stop("INT", Duration::from_secs(20));
        }
    }

    pub fn promote(&self) -> Result<()> {
        self.ask("postgres", "SELECT pg_promote(false)").map(|_| ())
    }

    pub fn set(&self, settings: &[(&str, &str)]) -> Result<()> {
        for (name, value) in settings {
            self.ask("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'"))?;
        }
        self.ask("postgres", "SELECT pg_reload_conf()").map(|_| ())
    }

    pub fn create_database(&self, name: &str) -> Result<()> {
        self.ask("postgres", &format!("CREATE DATABASE {name}")).map(|_| ())
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://stadtplatz@127.0.0.1:{}/{database}", self.port)
    }

    /// Rows of one statement, past the program.
    pub fn ask(&self, database: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        let mut psql = Command::new(self.yard.postgres.join("psql"));
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-F", "\u{1f}", "-c", sql]).arg(self.url(database));
        super::town::rows_of(&mut psql)
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

fn signal(name: &str, processes: &[u32]) -> Result<()> {
    let words: Vec<String> = processes.iter().map(u32::to_string).collect();
    let done = Command::new("sh").args(["-c", &format!("kill -s {name} {}", words.join(" "))]).status()?;
    ensure!(done.success(), "the processes of PostgreSQL could not be sent SIG{name}");
    Ok(())
}

/// The server's own processes: each is in a group of its own, so a signal to the group would reach the first only.
pub fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let pid = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let is_child = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name stands in brackets and may hold blanks.
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        rest.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    entries.flatten().filter_map(pid).filter(is_child).collect()
}
