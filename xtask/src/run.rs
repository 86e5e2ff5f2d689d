//! Runs one child process at a time to its end: own process group, output into a log file, a time limit, a line a
//! minute so that nobody takes a long build for a hang. Long-lived children (database, site) start here too.
//! Invariant: a child that outlives its limit is killed with everything it started.

use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::janitor::{self, Janitor};
use crate::say;

const HEARTBEAT: Duration = Duration::from_secs(60);

/// Where logs go and who tidies up.
pub struct Shop {
    pub root: PathBuf,
    pub logs: PathBuf,
    pub janitor: Janitor,
}

pub struct Ended {
    pub ok: bool,
    pub why: String,
    pub log: String,
    pub log_path: PathBuf,
}

impl Shop {
    pub fn open(root: PathBuf) -> Result<Self> {
        let logs = root.join("target/xtask");
        std::fs::create_dir_all(&logs).with_context(|| format!("{} cannot be created", logs.display()))?;
        Ok(Self { root, logs, janitor: Janitor::hire()? })
    }

    /// A temporary folder of this run; the janitor removes it.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = std::env::temp_dir().join(format!("stadtplatz-{}-{name}", std::process::id()));
        self.janitor.enter_folder(&path);
        std::fs::create_dir_all(&path).with_context(|| format!("{} cannot be created", path.display()))?;
        Ok(path)
    }

    /// Starts a child that lives on; its output goes to `NAME.log`.
    pub fn start(&self, name: &str, command: &mut Command) -> Result<Running<'_>> {
        let log_path = self.logs.join(format!("{name}.log"));
        let log = File::create(&log_path).with_context(|| format!("{} cannot be written", log_path.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{:?} cannot start", command.get_program()))?;
        self.janitor.enter_group(child.id());
        Ok(Running { child, log_path, janitor: &self.janitor, ended: None })
    }

    /// Runs a child to its end or to its limit.
    pub fn run(&self, name: &str, command: &mut Command, limit: Duration) -> Result<Ended> {
        let mut running = self.start(name, command)?;
        let began = Instant::now();
        let mut spoke = began;
        let status = loop {
            if let Some(status) = running.poll()? {
                break Some(status);
            }
            if began.elapsed() > limit {
                break None;
            }
            if spoke.elapsed() > HEARTBEAT {
                spoke = Instant::now();
                say::line(&format!("    still running after {} s", began.elapsed().as_secs()));
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let log_path = running.log_path.clone();
        drop(running);
        let log = read(&log_path);
        let (ok, why) = match status {
            Some(status) if status.success() => (true, String::new()),
            Some(status) => (false, ending(status)),
            None => (false, format!("stopped after its limit of {} s", limit.as_secs())),
        };
        Ok(Ended { ok, why, log, log_path })
    }
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

pub fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// A started child. Dropping it ends its whole process group.
pub struct Running<'a> {
    child: Child,
    pub log_path: PathBuf,
    janitor: &'a Janitor,
    ended: Option<ExitStatus>,
}

impl Running<'_> {
    /// The process, and the group it leads.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn poll(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().context("a child process cannot be asked for its state")?;
        }
        Ok(self.ended)
    }

    /// Asks the child to end and waits; kills it when it does not.
    pub fn stop(&mut self, signal: &str, patience: Duration) {
        let group = self.child.id();
        if matches!(self.poll(), Ok(None)) {
            janitor::signal(group, signal);
            let deadline = Instant::now() + patience;
            while matches!(self.poll(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        // The group may hold grandchildren although the child itself is gone.
        janitor::signal(group, "KILL");
        let _status = self.child.wait();
        self.janitor.leave_group(group);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.stop("TERM", Duration::from_secs(10));
    }
}
