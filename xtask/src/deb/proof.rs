//! Proves the package on this machine: rights, unit, lintian; then installed, started as the unit starts it, stopped, removed
//! and purged. Where systemd is not the first process, the very command of the unit runs under its user, without its cage.
//! Invariant: a machine that already has a stadtplatz is left alone, and afterwards nothing of the package is left.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{TOOL_LIMIT, UNIT, run};
use crate::counts::Counts;
use crate::postgres::{free_port, ids_of};
use crate::report::{Outcome, Report};
use crate::run::Shop;
use crate::{say, tools};

const DATA: &str = "/var/lib/stadtplatz";
const SETTINGS: &str = "/etc/stadtplatz/stadtplatz.toml";
const INSTALLED_UNIT: &str = "/lib/systemd/system/stadtplatz.service";
/// Tenths of systemd's exposure, from 0 to 100.
const EXPOSURE_MAX: u32 = 20;
const START_LIMIT: Duration = Duration::from_secs(60);

pub fn steps(shop: &Shop, package: &Path, report: &mut Report) {
    if let Some(why) = obstacle() {
        report.skip_reasons(vec![format!("the Debian package was not installed ({why})")]);
        report.step("package installed", |_| Ok(Outcome::new(Counts::SKIPPED, "")));
        return;
    }
    let passed = |result: Result<()>| result.map(|()| Outcome::new(Counts::PASSED, ""));
    report.step("lintian", |_| passed(lintian(shop, package)));
    let installed = report.step("install", |_| passed(install(shop, package)));
    if installed {
        report.step("unit", |_| passed(unit(shop)));
        report.step("start, answer, stop", |_| passed(start(shop)));
        report.step("upgrade", |_| passed(upgrade(shop, package)));
    }
    report.step("remove and purge", |_| passed(remove(shop, package)));
}

/// Why this machine is no place for it.
fn obstacle() -> Option<&'static str> {
    if !tools::is_root() || !Path::new("/etc/debian_version").exists() {
        return Some("it needs root on Debian");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let there =
        Path::new(DATA).exists() || Path::new("/etc/stadtplatz").exists() || ids_of(&users, "stadtplatz").is_some();
    there.then_some("this machine already has a stadtplatz")
}

fn lintian(shop: &Shop, package: &Path) -> Result<()> {
    if tools::in_path("lintian").is_none() {
        say::line("    lintian is not installed: not asked");
        return Ok(());
    }
    // The package goes into no archive: there is no bug to close and no address of a maintainer.
    let known = "initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog";
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on", "error,warning", "--allow-root", "--suppress-tags", known]).arg(package);
    run(shop, "lintian", &mut lintian, TOOL_LIMIT).map(drop)
}

fn dpkg(shop: &Shop, name: &str, words: &[&str], package: Option<&Path>) -> Result<()> {
    let mut dpkg = Command::new("dpkg");
    dpkg.args(words).args(package).env("DEBIAN_FRONTEND", "noninteractive").env_remove("STADTPLATZ_PURGE_DATA");
    run(shop, name, &mut dpkg, TOOL_LIMIT).map(drop)
}

/// Rights and owner of a path of the installed package.
fn owned(path: &str, mode: u32, user: &str, group: &str) -> Result<()> {
    let metadata = std::fs::metadata(path).with_context(|| format!("{path} is missing"))?;
    let users = std::fs::read_to_string("/etc/passwd")?;
    let id = |name: &str| ids_of(&users, name).with_context(|| format!("there is no user {name}"));
    ensure!(
        metadata.permissions().mode() & 0o7777 == mode,
        "{path} has the rights {:o}",
        metadata.permissions().mode()
    );
    ensure!(metadata.uid() == id(user)?.0 && metadata.gid() == id(group)?.1, "{path} belongs to somebody else");
    Ok(())
}

fn install(shop: &Shop, package: &Path) -> Result<()> {
    dpkg(shop, "dpkg-install", &["--install"], Some(package))?;
    owned(DATA, 0o700, "stadtplatz", "stadtplatz")?;
    owned(SETTINGS, 0o640, "root", "stadtplatz")?;
    owned("/usr/share/doc/stadtplatz/THIRD-PARTY.txt.gz", 0o644, "root", "root")?;
    owned("/usr/bin/stadtplatz", 0o755, "root", "root")
}

fn unit(shop: &Shop) -> Result<()> {
    let mut verify = Command::new("systemd-analyze");
    let said = run(shop, "systemd-verify", verify.args(["verify", "--man=yes", INSTALLED_UNIT]), TOOL_LIMIT)?;
    ensure!(!said.contains("stadtplatz"), "systemd-analyze verify says: {said}");
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=yes", "--no-pager", &format!("--threshold={EXPOSURE_MAX}"), INSTALLED_UNIT]);
    let said = run(shop, "systemd-security", &mut security, TOOL_LIMIT)?;
    let overall = said.lines().rfind(|line| line.contains("exposure level")).unwrap_or_default();
    say::line(&format!("    {}", overall.trim().trim_start_matches("→ ")));
    Ok(())
}

/// The value of a line of the unit.
fn of_unit(name: &str) -> Result<&'static str> {
    let line = UNIT.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.with_context(|| format!("the unit has no {name}"))
}

/// As the unit does, but on a free port: this machine may have something on the usual one.
fn start(shop: &Shop) -> Result<()> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let (uid, gid) = ids_of(&users, of_unit("User")?).context("the user of the unit is missing")?;
    let (port, mut words) = (free_port()?, of_unit("ExecStart")?.split(' '));
    let (setting, value) = of_unit("Environment")?.split_once('=').context("Environment names no value")?;
    let mut serve = Command::new("setpriv");
    serve.args([format!("--reuid={uid}"), format!("--regid={gid}")]).args(["--clear-groups", "--no-new-privs", "--"]);
    serve.arg(words.next().context("ExecStart is empty")?).args(words);
    serve.env_clear().env(setting, value).env("STADTPLATZ_LISTEN", format!("127.0.0.1:{port}")).current_dir(DATA);
    let mut running = shop.start("stadtplatz-as-unit", &mut serve)?;
    let began = Instant::now();
    while !answers(port).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        if let Some(status) = running.poll()? {
            say::tail(&crate::run::read(&running.log_path), 20);
            bail!("the program ended at once ({status})");
        }
        ensure!(began.elapsed() < START_LIMIT, "/readyz did not answer 200 within {} s", START_LIMIT.as_secs());
        std::thread::sleep(Duration::from_millis(100));
    }
    let owner = std::fs::metadata(format!("/proc/{}", running.id()))?.uid();
    ensure!(owner == uid, "the program runs as user {owner}");
    owned("/var/lib/stadtplatz/keys", 0o700, "stadtplatz", "stadtplatz")?;
    let mut doctor = Command::new("/usr/sbin/stadtplatz-admin");
    let said = run(shop, "doctor", doctor.arg("doctor").current_dir("/"), TOOL_LIMIT)?;
    ensure!(said.contains("Kein Fehler, aber noch keine Gemeinde"), "doctor says: {said}");
    let mut told = Command::new("kill");
    run(shop, "sigterm", told.args(["-TERM", &running.id().to_string()]), TOOL_LIMIT)?;
    let began = Instant::now();
    loop {
        match running.poll()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("after SIGTERM the program ended with {status}"),
            None => ensure!(began.elapsed() < START_LIMIT, "the program does not stop on SIGTERM"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn answers(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Changed settings and their rights outlive the next version.
fn upgrade(shop: &Shop, package: &Path) -> Result<()> {
    let changed = format!("{}# changed\n", std::fs::read_to_string(SETTINGS)?);
    std::fs::write(SETTINGS, &changed)?;
    std::fs::set_permissions(SETTINGS, std::fs::Permissions::from_mode(0o440))?;
    dpkg(shop, "dpkg-upgrade", &["--install"], Some(package))?;
    ensure!(std::fs::read_to_string(SETTINGS)? == changed, "the upgrade replaced changed settings");
    owned(SETTINGS, 0o440, "root", "stadtplatz")
}

/// Removed, the settings stay; purged, the data stay; purged with the word for it, nothing stays.
fn remove(shop: &Shop, package: &Path) -> Result<()> {
    dpkg(shop, "dpkg-remove", &["--remove", "stadtplatz"], None)?;
    ensure!(!Path::new("/usr/bin/stadtplatz").exists(), "the binary is still there");
    ensure!(Path::new(SETTINGS).exists(), "removing took the settings away");
    dpkg(shop, "dpkg-purge", &["--purge", "stadtplatz"], None)?;
    ensure!(!Path::new("/etc/stadtplatz").exists(), "purging left the settings");
    ensure!(Path::new(DATA).join("stadtplatz.db").exists(), "purging took the data away");
    dpkg(shop, "dpkg-install-again", &["--install"], Some(package))?;
    let mut purge = Command::new("dpkg");
    purge.args(["--purge", "stadtplatz"]).env("STADTPLATZ_PURGE_DATA", "ja");
    run(shop, "dpkg-purge-data", &mut purge, TOOL_LIMIT)?;
    let left = obstacle();
    ensure!(left.is_none(), "something is left: {}", left.unwrap_or_default());
    Ok(())
}
