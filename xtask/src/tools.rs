//! Looks what this machine has, and as root on Debian installs what is missing. Otherwise it names the packages and
//! leaves the machine alone.
//! Not a version manager: Rust comes by rust-toolchain.toml, Node has to be there.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::run::Shop;
use crate::say;

/// The oldest Node that the front end and the browser tests run on.
const NODE_MIN: u32 = 20;
const APT_LIMIT: Duration = Duration::from_secs(900);

#[derive(Debug, Clone)]
pub struct Tools {
    pub postgres: PathBuf,
    pub chromium: Option<PathBuf>,
    pub java: Option<PathBuf>,
    pub nextest: bool,
    pub deny: bool,
}

struct Wanted {
    what: &'static str,
    debian: &'static str,
    found: fn() -> bool,
}

const DATABASE: Wanted = Wanted { what: "PostgreSQL", debian: "postgresql", found: || postgres().is_some() };
const BROWSER: [Wanted; 2] = [
    Wanted { what: "Chromium", debian: "chromium", found: || chromium().is_some() },
    Wanted {
        what: "Java (for the HTML checker vnu)",
        debian: "default-jre-headless",
        found: || in_path("java").is_some(),
    },
];

/// What the fault campaign looks and breaks with.
const FAULTS: [Wanted; 2] = [
    Wanted { what: "the shell of SQLite", debian: "sqlite3", found: || in_path("sqlite3").is_some() },
    Wanted { what: "strace", debian: "strace", found: || in_path("strace").is_some() },
];

/// Hands back where PostgreSQL is.
pub fn require_for_faults(shop: &Shop) -> Result<PathBuf> {
    let mut wanted = vec![DATABASE];
    wanted.extend(FAULTS);
    all_there(shop, &wanted)?;
    let Some(postgres) = postgres() else { bail!("PostgreSQL is missing: install the package postgresql") };
    Ok(postgres)
}

pub fn require(shop: &Shop, browser: bool) -> Result<Tools> {
    node()?;
    let mut wanted = vec![DATABASE];
    if browser {
        wanted.extend(BROWSER);
    }
    all_there(shop, &wanted)?;
    let Some(postgres) = postgres() else { bail!("PostgreSQL is missing: install the package postgresql") };
    Ok(Tools {
        postgres,
        chromium: chromium(),
        java: in_path("java"),
        nextest: in_path("cargo-nextest").is_some(),
        deny: in_path("cargo-deny").is_some(),
    })
}

fn all_there(shop: &Shop, wanted: &[Wanted]) -> Result<()> {
    let missing: Vec<&Wanted> = wanted.iter().filter(|wanted| !(wanted.found)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|wanted| wanted.what).collect();
    let packages: Vec<&str> = missing.iter().map(|wanted| wanted.debian).collect();
    install(shop, &names, &packages)?;
    match missing.iter().find(|wanted| !(wanted.found)()) {
        Some(still) => bail!("{} is still missing after its package {} was installed", still.what, still.debian),
        None => Ok(()),
    }
}

fn node() -> Result<()> {
    let Some(version) = printed("node", "--version") else {
        bail!("Node.js is missing: install Node {NODE_MIN} or newer together with npm, then start again")
    };
    let major: u32 = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if major < NODE_MIN {
        bail!("Node {} is too old: install Node {NODE_MIN} or newer", version.trim());
    }
    if in_path("npm").is_none() {
        bail!("npm is missing: install it together with Node {NODE_MIN} or newer");
    }
    Ok(())
}

fn install(shop: &Shop, names: &[&str], packages: &[&str]) -> Result<()> {
    let debian = Path::new("/etc/debian_version").exists() && in_path("apt-get").is_some();
    if !debian || !is_root() {
        bail!("these are missing: {}. On Debian: apt-get install {}", names.join(", "), packages.join(" "));
    }
    say::line(&format!("Installing what is missing: {}", packages.join(" ")));
    let mut update = Command::new("apt-get");
    update.args(["update", "-q"]);
    let mut install = Command::new("apt-get");
    install.args(["install", "-q", "-y", "--no-install-recommends"]).args(packages);
    for (name, command) in [("apt-update", &mut update), ("apt-install", &mut install)] {
        let ended = shop.run(name, command.env("DEBIAN_FRONTEND", "noninteractive"), APT_LIMIT)?;
        if !ended.ok {
            say::tail(&ended.log, 20);
            bail!("{name} {}; the log is {}", ended.why, ended.log_path.display());
        }
    }
    Ok(())
}

/// Root is read from /proc: std has no `geteuid`, and a crate for one number is not worth it.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The folder with `initdb` and `postgres`, the newest version first.
fn postgres() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for parent in ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt", "/usr"] {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        folders.extend(entries.flatten().map(|entry| entry.path().join("bin")));
    }
    folders.retain(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    folders.sort_by_key(|folder| version_in(folder));
    folders.pop().or_else(|| {
        let initdb = std::fs::canonicalize(in_path("initdb")?).ok()?;
        initdb.parent().map(Path::to_path_buf)
    })
}

fn version_in(folder: &Path) -> u32 {
    let digits: String = folder.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return named.exists().then_some(named);
    }
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].into_iter().find_map(in_path).or_else(
        || {
            let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
            mac.exists().then_some(mac)
        },
    )
}

pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn printed(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
