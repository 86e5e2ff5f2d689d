//! A town under test: the real program on its own folder, port and database, started and killed at will, and the way past
//! it into the database. A key for Open311 is laid into the database, so that load needs no browser.
//! Invariant: what `ask` says comes from the database itself, never from the program.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Yard;
use super::cluster::Cluster;
use super::wire;
use crate::run::{self, Running};
use crate::say;

const LIMIT: Duration = Duration::from_secs(120);
/// What programs send along; only its hash is in the database.
pub const KEY: &str = "fault-campaign";
pub const DATABASE: &str = "stadtplatz";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Sqlite,
    Postgres,
}

impl Base {
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

pub struct Town<'a> {
    yard: &'a Yard<'a>,
    name: String,
    pub data: PathBuf,
    pub port: u16,
    /// `None`: SQLite in the data folder.
    pub cluster: Option<Cluster<'a>>,
    /// The address of the database, where it is another than the cluster's own.
    pub url: Option<String>,
    /// More settings for the program, by environment.
    pub settings: Vec<(&'static str, String)>,
    /// Words before the program's own, such as a tracer.
    pub before: Vec<String>,
    process: Option<Running<'a>>,
    starts: u32,
    pub service: String,
}

impl<'a> Town<'a> {
    /// A founded town with its key, not serving yet.
    pub fn found(yard: &'a Yard<'a>, name: &str, base: Base) -> Result<Self> {
        let folder = yard.shop.folder(&format!("{name}-{}", base.word()))?;
        let _missing = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let cluster = match base {
            Base::Sqlite => None,
            Base::Postgres => {
                let home = yard.shop.folder(&format!("{name}-cluster"))?;
                let _missing = std::fs::remove_dir_all(&home);
                std::fs::create_dir_all(&home)?;
                Some(Cluster::start(yard, &format!("{name}-cluster"), &home)?)
            }
        };
        Self::found_in(yard, &format!("{name}-{}", base.word()), folder, cluster)
    }

    /// The same in a folder that is there already, on a cluster that runs.
    pub fn found_in(yard: &'a Yard<'a>, name: &str, data: PathBuf, cluster: Option<Cluster<'a>>) -> Result<Self> {
        let town = Self {
            yard,
            name: name.to_owned(),
            data,
            port: free_port()?,
            cluster,
            url: None,
            settings: vec![],
            before: vec![],
            process: None,
            starts: 0,
            service: String::new(),
        };
        if let Some(cluster) = &town.cluster {
            cluster.create_database(DATABASE)?;
        }
        town.must(&["municipality", "add", "localhost", "Testdorf", "--template", "standard"])?;
        town.lay_key()?;
        Ok(town)
    }

    /// One more node of this town: the same database, folder and settings, another port. It is asked through the town.
    pub fn twin(&self, name: &str) -> Result<Self> {
        let own = self.cluster.as_ref().map(|cluster| cluster.url(DATABASE));
        Ok(Self {
            yard: self.yard,
            name: format!("{}-{name}", self.name),
            data: self.data.clone(),
            port: free_port()?,
            cluster: None,
            url: self.url.clone().or(own),
            settings: self.settings.clone(),
            before: vec![],
            process: None,
            starts: 0,
            service: String::new(),
        })
    }

    fn lay_key(&self) -> Result<()> {
        let digest = Command::new("sh").args(["-c", &format!("printf %s {KEY} | sha256sum")]).output()?;
        let digest = String::from_utf8_lossy(&digest.stdout).split(' ').next().unwrap_or_default().to_owned();
        ensure!(digest.len() == 64, "the command `sha256sum` is missing");
        let (id, hash) = match &self.cluster {
            None => ("randomblob(16)", format!("x'{digest}'")),
            Some(_) => ("gen_random_uuid()", format!("'\\x{digest}'::bytea")),
        };
        self.ask(&format!(
            "INSERT INTO reports_keys (municipality, id, name, hash, created_at)
             SELECT id, {id}, 'faults', {hash}, 0 FROM municipalities"
        ))
        .map(|_| ())
    }

    fn command(&self) -> Command {
        let mut words = self.before.clone();
        words.push(self.yard.binary.to_string_lossy().into_owned());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .current_dir(&self.data)
            .env("STADTPLATZ_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("STADTPLATZ_PUBLIC_URL", format!("http://localhost:{}", self.port))
            .env("STADTPLATZ_DATA", &self.data)
            .env("STADTPLATZ_LIMITS", "aus")
            .env("STADTPLATZ_LOG_LEVEL", "warn")
            .env_remove("STADTPLATZ_DATABASE")
            .env_remove("STADTPLATZ_SMTP");
        if let Some(url) = self.url.clone().or_else(|| self.cluster.as_ref().map(|it| it.url(DATABASE))) {
            command.env("STADTPLATZ_DATABASE", url);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs one command of the program to its end: whether it succeeded, and what it said.
    pub fn run(&self, words: &[&str]) -> Result<(bool, String)> {
        let name = format!("{}-{}", self.name, words[0]);
        let ended = self.yard.shop.run(&name, self.command().args(words), LIMIT)?;
        Ok((ended.ok, ended.log))
    }

    pub fn must(&self, words: &[&str]) -> Result<String> {
        let (ok, log) = self.run(words)?;
        if !ok {
            say::tail(&log, 20);
            bail!("`stadtplatz {}` failed", words.join(" "));
        }
        Ok(log)
    }

    /// Starts `serve` without waiting for it.
    pub fn begin(&mut self) -> Result<()> {
        self.starts += 1;
        let name = format!("{}-{}", self.name, self.starts);
        self.process = Some(self.yard.shop.start(&name, self.command().arg("serve"))?);
        Ok(())
    }

    /// Starts `serve` and waits until it is ready. Says how long that took.
    pub fn serve(&mut self) -> Result<Duration> {
        let began = Instant::now();
        self.begin()?;
        self.until_ready(LIMIT)?;
        if self.service.is_empty() {
            let services = wire::get(self.port, "/open311/v2/services.json")?.body;
            let services: serde_json::Value = serde_json::from_str(&services).context("services.json is no JSON")?;
            let plain = services.as_array().and_then(|all| all.iter().find(|it| it["metadata"] == false));
            let code = plain.and_then(|it| it["service_code"].as_str()).context("no service without questions")?;
            code.clone_into(&mut self.service);
        }
        Ok(began.elapsed())
    }

    /// Waits until `/readyz` says so.
    pub fn until_ready(&mut self, limit: Duration) -> Result<Duration> {
        let began = Instant::now();
        loop {
            if wire::get(self.port, "/readyz").is_ok_and(|reply| reply.status == 200) {
                return Ok(began.elapsed());
            }
            if let Some(process) = &mut self.process
                && let Some(status) = process.poll()?
            {
                say::tail(&run::read(&process.log_path), 20);
                bail!("the program ended by itself ({status})");
            }
            if began.elapsed() > limit {
                bail!("the program was not ready within {} s", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL: nothing gets a chance to tidy up.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop("KILL", Duration::from_secs(5));
        }
    }

    /// SIGTERM, and waits for the orderly end.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop("TERM", Duration::from_secs(40));
        }
    }

    /// The number of the running process.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.process.as_ref().context("the program does not run")?.id())
    }

    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.poll(), Ok(None)))
    }

    /// Rows of one statement, past the program.
    pub fn ask(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        match &self.cluster {
            Some(cluster) => cluster.ask(DATABASE, sql),
            None => sqlite(&self.data.join("stadtplatz.db"), sql),
        }
    }

    /// The first column of the first row, as a number.
    pub fn number(&self, sql: &str) -> Result<usize> {
        let rows = self.ask(sql)?;
        let first = rows.first().and_then(|row| row.first()).context("no row")?;
        first.parse().with_context(|| format!("{first} is no number"))
    }

    /// Is the audit chain whole, and is the file sound? `None`: yes.
    pub fn damage(&self) -> Result<Option<String>> {
        if self.cluster.is_none() {
            let said = self.ask("PRAGMA integrity_check")?;
            if said != [["ok"]] {
                return Ok(Some(format!("integrity_check: {said:?}")));
            }
        }
        // The exit code counts other findings too: the brake is off in tests.
        let (_, said) = self.run(&["doctor", "--audit"])?;
        Ok((!said.contains("ist heil")).then(|| format!("doctor: {said}")))
    }
}

pub fn sqlite(file: &Path, sql: &str) -> Result<Vec<Vec<String>>> {
    let mut shell = Command::new("sqlite3");
    shell.args(["-batch", "-noheader", "-cmd", ".timeout 10000", "-separator", "\u{1f}"]).arg(file).arg(sql);
    rows_of(&mut shell)
}

/// Runs a database's own shell and reads its rows.
pub fn rows_of(shell: &mut Command) -> Result<Vec<Vec<String>>> {
    let output = shell.output().with_context(|| format!("{:?} cannot start", shell.get_program()))?;
    if !output.status.success() {
        bail!("{:?}: {}", shell.get_program(), String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(|line| line.split('\u{1f}').map(str::to_owned).collect()).collect())
}

/// Below the range from which the machine gives ports to outgoing connections: a server that is down for a moment finds
/// its port again. `STADTPLATZ_FAULTS_PORT` moves the range.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::env::var("STADTPLATZ_FAULTS_PORT").ok().and_then(|port| port.parse::<u16>().ok());
    for _ in 0..100 {
        let port = first.unwrap_or(17_100) + NEXT.fetch_add(1, Ordering::Relaxed) % 100;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("a hundred ports are taken; set STADTPLATZ_FAULTS_PORT")
}
