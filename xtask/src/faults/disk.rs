//! Rows 10 and 11: the disk fills up; the disk fails to sync. The town lies on a small file system of its own; syncs are
//! made to fail by strace, from outside.
//! Invariant: the machine's own disk is never filled, and the small file system is unmounted whatever happens.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Yard;
use super::cluster::{Cluster, children};
use super::load::{Load, settle, under_load};
use super::rounds::{Round, Rounds};
use super::strain::{PHOTO_FIELD, PLACE, multipart, photo};
use super::town::{Base, Town};
use super::wire;

/// Above the reserve of 512 MiB that uploads leave to the database.
const DISK_MIB: u64 = 640;
/// Below the reserve: uploads are refused, reports are not.
const LOW_MIB: u64 = 300;
const BEFORE: usize = 40;
const FULL_LIMIT: Duration = Duration::from_secs(60);

/// A file system in a file.
struct SmallDisk<'a> {
    yard: &'a Yard<'a>,
    at: PathBuf,
}

impl<'a> SmallDisk<'a> {
    fn mount(yard: &'a Yard<'a>, name: &str) -> Result<Self> {
        let home = yard.shop.folder(name)?;
        let (image, at) = (home.join("image"), home.join("disk"));
        std::fs::create_dir_all(&at)?;
        std::fs::File::create(&image)?.set_len(DISK_MIB << 20)?;
        let mut make = Command::new("mkfs.ext4");
        make.args(["-q", "-m", "0", "-F"]).arg(&image);
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(&image).arg(&at);
        for (verb, command) in [("mkfs", &mut make), ("mount", &mut mount)] {
            let ended = yard.shop.run(&format!("{name}-{verb}"), command, FULL_LIMIT)?;
            ensure!(ended.ok, "{verb} {}: {}", ended.why, ended.log.trim());
        }
        yard.shop.janitor.enter_mount(&at);
        Ok(Self { yard, at })
    }

    /// Fills up until so much is free; no more than asked for.
    fn leave(&self, free_mib: u64) -> Result<()> {
        let ballast = self.at.join("ballast");
        let _missing = std::fs::remove_file(&ballast);
        let size = self.free_kib()?.saturating_sub(free_mib * 1024);
        let mut fill = Command::new("fallocate");
        fill.args(["-l", &format!("{size}KiB")]).arg(&ballast);
        let ended = self.yard.shop.run("fallocate", &mut fill, FULL_LIMIT)?;
        ensure!(ended.ok, "fallocate {}: {}", ended.why, ended.log.trim());
        Ok(())
    }

    /// To the last block.
    fn fill(&self) -> Result<()> {
        self.leave(1)?;
        let rest = self.at.join("ballast-rest");
        let _full = Command::new("dd")
            .args(["if=/dev/zero", &format!("of={}", rest.display()), "bs=4k"])
            .stderr(Stdio::null())
            .status();
        Ok(())
    }

    fn free(&self) {
        for name in ["ballast", "ballast-rest"] {
            let _missing = std::fs::remove_file(self.at.join(name));
        }
    }

    fn free_kib(&self) -> Result<u64> {
        let said = Command::new("df").args(["--output=avail", "-k"]).arg(&self.at).output()?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        said.lines().nth(1).and_then(|line| line.trim().parse().ok()).context("`df` named no free space")
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

pub fn full(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let disk = SmallDisk::mount(yard, &format!("disk-{}", rounds.base.word()))?;
    let data = disk.at.join("data");
    std::fs::create_dir_all(&data)?;
    let cluster = match rounds.base {
        Base::Sqlite => None,
        Base::Postgres => {
            let home = disk.at.join("cluster");
            std::fs::create_dir_all(&home)?;
            Some(Cluster::start(yard, "disk-cluster", &home)?)
        }
    };
    let mut town = Town::found_in(yard, &format!("disk-{}", rounds.base.word()), data, cluster)?;
    town.serve()?;
    rounds.each(|round| {
        low(&disk, &town, yard, round)?;
        let word = format!("disk {}", round.number);
        let (port, service) = (town.port, town.service.clone());
        let (ledger, filled) = under_load(port, &service, &word, |load| fill_and_free(&disk, &mut town, load, round));
        disk.free();
        filled?;
        let others = ledger.other_than(&[200, 503]);
        round.count("answers_503", ledger.statuses.get(&503).copied().unwrap_or_default());
        round.must(others == 0, format!("other answers than 200 and 503: {:?}", ledger.statuses));
        round.must(town.is_running(), "the program ended");
        settle(&town, &word, ledger, round)
    })
}

/// Below the reserve: an upload is refused with words, a report is taken.
fn low(disk: &SmallDisk<'_>, town: &Town<'_>, yard: &Yard<'_>, round: &mut Round) -> Result<()> {
    let picture = photo(yard)?;
    let upload = || -> Result<wire::Reply> {
        let parts = [(PHOTO_FIELD, "foto.png", picture.as_slice())];
        Ok(multipart(town.port, "/melden", &PLACE, &parts)?)
    };
    let before = upload()?.status;
    round.must(before == 303, format!("an upload with room was answered {before}"));
    disk.leave(LOW_MIB)?;
    let refused = upload()?;
    round.count("uploads_refused_early", usize::from(refused.status == 422));
    round.must(refused.status == 422, format!("an upload without room was answered {}", refused.status));
    let text = format!("low {}", round.number);
    let taken = super::load::send(town.port, &town.service, &text)?.status;
    round.must(taken == 200, format!("a report below the reserve was answered {taken}"));
    Ok(())
}

/// Full: nothing is acknowledged any more, pages are read; with room again everything goes on.
fn fill_and_free(disk: &SmallDisk<'_>, town: &mut Town<'_>, load: &Load<'_>, round: &mut Round) -> Result<()> {
    load.until_acknowledged(BEFORE)?;
    disk.fill()?;
    let began = Instant::now();
    while !load.ledger().statuses.contains_key(&503) {
        ensure!(began.elapsed() < FULL_LIMIT, "the full disk was never noticed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (mut read, mut unread) = (0, 0);
    for _ in 0..10 {
        let pages = ["/", "/meldungen", "/open311/v2/requests.json"];
        for page in pages {
            if wire::get(town.port, page).is_ok_and(|reply| reply.status == 200) { read += 1 } else { unread += 1 }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    round.count("pages_read_while_full", read);
    round.count("pages_unread_while_full", unread);
    // A PostgreSQL that cannot write its log stops altogether, and somebody has to start it again.
    let is_sqlite = town.cluster.is_none();
    round.must(!is_sqlite || unread == 0, format!("{unread} pages could not be read while the disk was full"));
    disk.free();
    heal(town, load, round)
}

/// Waits for the first report that is taken again, and starts a PostgreSQL that ended, as the service manager does.
fn heal(town: &mut Town<'_>, load: &Load<'_>, round: &mut Round) -> Result<()> {
    let (began, before) = (Instant::now(), load.ledger().acknowledged());
    while load.ledger().acknowledged() == before {
        ensure!(began.elapsed() < FULL_LIMIT, "nothing is acknowledged any more");
        if let Some(cluster) = &mut town.cluster
            && !cluster.is_running()
        {
            round.count("postgres_ended_and_started", 1);
            cluster.rise()?;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    round.longest("writes_after", began.elapsed());
    load.until_acknowledged(BEFORE)?;
    Ok(())
}

/// A tracer that lets every sync of these processes fail while it lives.
struct FailingSyncs(Child);

impl FailingSyncs {
    fn begin(processes: &[u32], log: &Path) -> Result<Self> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range", "-e"]);
        strace.arg("inject=fsync,fdatasync:error=EIO").arg("-o").arg(log);
        for process in processes {
            strace.args(["-p", &process.to_string()]);
        }
        let child = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let tracer = Self(child.context("strace cannot start")?);
        let began = Instant::now();
        let traced = |process: &u32| {
            let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
        };
        while !processes.first().is_some_and(traced) {
            if began.elapsed() > Duration::from_secs(10) {
                bail!("strace did not take hold of the process");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(tracer)
    }
}

impl Drop for FailingSyncs {
    fn drop(&mut self) {
        let _told = Command::new("sh").args(["-c", &format!("kill -s INT {}", self.0.id())]).status();
        let _status = self.0.wait();
    }
}

pub fn failing_syncs(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    let log = yard.shop.logs.join("failing-syncs.log");
    rounds.each(|round| {
        let word = format!("sync {}", round.number);
        let (port, service) = (town.port, town.service.clone());
        let (ledger, done) = under_load(port, &service, &word, |load| {
            load.until_acknowledged(BEFORE)?;
            fail_for_a_while(&mut town, load, &log, round)
        });
        done?;
        let others = ledger.other_than(&[200, 503]);
        round.must(others == 0, format!("other answers than 200 and 503: {:?}", ledger.statuses));
        settle(&town, &word, ledger, round)
    })
}

fn fail_for_a_while(town: &mut Town<'_>, load: &Load<'_>, log: &Path, round: &mut Round) -> Result<()> {
    let processes = match &town.cluster {
        None => vec![town.pid()?],
        Some(cluster) => {
            let postmaster = cluster.id()?;
            [vec![postmaster], children(postmaster)].concat()
        }
    };
    let tracer = FailingSyncs::begin(&processes, log)?;
    // What was synced before the tracer came may still be on its way to its sender.
    std::thread::sleep(Duration::from_millis(700));
    let before = load.ledger().acknowledged();
    std::thread::sleep(Duration::from_secs(2));
    let during = load.ledger().acknowledged() - before;
    drop(tracer);
    let failed = std::fs::read_to_string(log).unwrap_or_default().matches("(INJECTED)").count();
    round.count("syncs_failed", failed);
    round.must(failed > 0, "no sync failed: the row shows nothing");
    round.count("acknowledged_without_sync", during);
    round.must(during == 0, format!("{during} reports were acknowledged while no sync worked"));
    if town.cluster.is_none() && round.number.is_multiple_of(2) {
        // What the failed syncs left behind must not come back as something else.
        town.kill();
        town.serve()?;
    }
    heal(town, load, round)
}
