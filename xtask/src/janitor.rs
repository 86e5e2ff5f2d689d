//! A second copy of xtask that tidies up after the first: it holds the reading end of a pipe and learns by its end that
//! the first is gone, whether it ended well, by Ctrl-C or by `kill -9`.
//! Not a supervisor: it starts nothing and judges nothing.
//! Invariant: every process group, mount and folder that was entered and not taken back is gone when the janitor ends.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long a process group may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

pub struct Janitor {
    child: Mutex<Option<Child>>,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Janitor {
    pub fn hire() -> Result<Self> {
        let own = std::env::current_exe().context("the path of xtask itself is unknown")?;
        // Its own process group: Ctrl-C in the terminal must not reach it.
        let mut child = Command::new(own)
            .arg("janitor")
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("the tidying helper process cannot start")?;
        let pipe = child.stdin.take();
        Ok(Self { child: Mutex::new(Some(child)), pipe: Mutex::new(pipe) })
    }

    pub fn enter_group(&self, group: u32) {
        self.tell(&format!("group {group}"));
    }

    pub fn leave_group(&self, group: u32) {
        self.tell(&format!("gone {group}"));
    }

    pub fn enter_folder(&self, folder: &Path) {
        self.tell(&format!("folder {}", folder.display()));
    }

    /// A file system that must be let go before its folder can be removed.
    pub fn enter_mount(&self, at: &Path) {
        self.tell(&format!("mount {}", at.display()));
    }

    fn tell(&self, order: &str) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = pipe.as_mut() {
            let _gone = writeln!(pipe, "{order}");
        }
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(mut child) = self.child.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _status = child.wait();
        }
    }
}

/// What the second process does: read orders until the pipe ends, then tidy.
pub fn serve() {
    let mut groups = BTreeSet::new();
    let (mut folders, mut mounts) = (Vec::new(), Vec::new());
    for order in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
        match order.split_once(' ') {
            Some(("group", number)) => drop(number.parse::<u32>().map(|group| groups.insert(group))),
            Some(("gone", number)) => drop(number.parse::<u32>().map(|group| groups.remove(&group))),
            Some(("folder", path)) => folders.push(PathBuf::from(path)),
            Some(("mount", path)) => mounts.push(PathBuf::from(path)),
            _ => {}
        }
    }
    for group in &groups {
        signal(*group, "TERM");
    }
    let deadline = Instant::now() + GRACE;
    while groups.iter().any(|group| is_alive(*group)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    for group in &groups {
        signal(*group, "KILL");
    }
    for mount in mounts {
        let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        let _gone_already = quiet(Command::new("umount").arg("--lazy").arg(mount));
    }
    for folder in folders {
        let _missing = std::fs::remove_dir_all(folder);
    }
}

/// Sends a signal to a whole process group. The shell's own `kill` is used: a bare Debian has no `/bin/kill`.
pub fn signal(group: u32, name: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("kill -s {name} -- -{group}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn is_alive(group: u32) -> bool {
    signal(group, "0")
}
