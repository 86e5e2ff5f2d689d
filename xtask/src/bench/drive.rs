//! One load by wrk, and what it cost: time on the processors of the server and of its database for each request, and the
//! share of the machine that others took meanwhile. wrk waits for an answer before it asks again on a connection, so
//! its slowest answers are not corrected for the questions that were not asked.

use super::proc;
use crate::run::{Shop, read};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// One thing to be asked, again and again.
pub struct Load {
    pub name: String,
    pub url: String,
    pub connections: u32,
    pub headers: Vec<String>,
    /// For wrk: what changes from request to request.
    pub script: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct Measured {
    pub name: String,
    pub per_second: f64,
    pub p50: String,
    pub p99: String,
    /// Microseconds a request.
    pub server: f64,
    pub database: f64,
    /// Percent of the machine.
    pub foreign: f64,
    pub failed: u64,
}

fn wrk(load: &Load, seconds: u64) -> Command {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "--latency", "--timeout", "10s", &format!("-c{}", load.connections), &format!("-d{seconds}s")]);
    for header in &load.headers {
        wrk.args(["-H", header]);
    }
    if let Some(script) = &load.script {
        wrk.arg("-s").arg(script);
    }
    wrk.arg(&load.url);
    wrk
}

/// Drives the load once more while perf looks at the server, and keeps the functions in which it was met most often.
pub fn profile(shop: &Shop, load: &Load, server: u32, to: &Path) -> Result<()> {
    let data = to.with_extension("data");
    let mut perf = Command::new("perf");
    perf.args(["record", "-q", "-F", "999", "-p", &server.to_string(), "-o"]).arg(&data).args(["--", "sleep", "4"]);
    let mut recorder = shop.start("bench-perf", &mut perf)?;
    let driven = shop.run("bench-profile", &mut wrk(load, 5), Duration::from_secs(60))?;
    recorder.stop("INT", Duration::from_secs(20));
    ensure!(driven.ok, "the load {}", driven.why);
    let mut report = Command::new("perf");
    report.args(["report", "--stdio", "--no-children", "--percent-limit", "0.5", "-i"]).arg(&data);
    let told = shop.run("bench-perf-report", &mut report, Duration::from_secs(120))?;
    ensure!(told.ok, "perf report {}", told.why);
    let lines: Vec<&str> = told.log.lines().map(str::trim_end).filter(|line| line.contains('%')).collect();
    std::fs::write(to, lines.join("\n") + "\n")?;
    std::fs::remove_file(data)?;
    Ok(())
}

/// `databases`: the processes that serve the database, none for SQLite.
pub fn drive(shop: &Shop, load: &Load, server: u32, databases: &[u32], seconds: u64) -> Result<Measured> {
    let sum = || databases.iter().map(|pid| proc::ticks(*pid)).sum::<u64>();
    let before = (proc::ticks(server), sum(), proc::ended_children(), proc::machine()?);
    let name = format!("bench-{}", load.name.replace([' ', ',', '/'], "-"));
    let ended = shop.run(&name, &mut wrk(load, seconds), Duration::from_secs(seconds + 60))?;
    if !ended.ok {
        bail!("wrk {}: {}", ended.why, read(&ended.log_path));
    }
    let after = (proc::ticks(server), sum(), proc::ended_children(), proc::machine()?);
    let (server, database, wrk) = (after.0 - before.0, after.1.saturating_sub(before.1), after.2 - before.2);
    let (busy, all) = (after.3.0 - before.3.0, after.3.1 - before.3.1);
    let (requests, read) = understood(&ended.log).with_context(|| format!("wrk said: {}", ended.log))?;
    let each = |ticks: u64| ticks as f64 * 10_000.0 / requests.max(1) as f64;
    let foreign = busy.saturating_sub(server + database + wrk) as f64 * 100.0 / all.max(1) as f64;
    Ok(Measured { name: load.name.clone(), server: each(server), database: each(database), foreign, ..read })
}

/// The number of requests, and what wrk knows of them.
fn understood(log: &str) -> Option<(u64, Measured)> {
    let after = |word: &str| {
        let line = log.lines().find(|line| line.trim_start().starts_with(word))?;
        line.trim_start().strip_prefix(word)?.split_whitespace().next().map(str::to_owned)
    };
    let requests = log.lines().find(|line| line.contains(" requests in "))?.split_whitespace().next()?.parse().ok()?;
    let measured = Measured {
        name: String::new(),
        per_second: after("Requests/sec:")?.parse().ok()?,
        p50: after("50%")?,
        p99: after("99%")?,
        server: 0.0,
        database: 0.0,
        foreign: 0.0,
        failed: after("Non-2xx or 3xx responses:").and_then(|count| count.parse().ok()).unwrap_or(0),
    };
    Some((requests, measured))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_understood() {
        let log = "  Latency Distribution\n     50%    1.20ms\n     75%    2.00ms\n     99%    9.87ms\n  \
                   800 requests in 2.00s, 1.00MB read\n  Non-2xx or 3xx responses: 3\nRequests/sec:    400.00\n";
        let read = understood(log);
        assert!(read.is_some_and(|(requests, it)| requests == 800 && it.p99 == "9.87ms" && it.failed == 3));
        assert!(understood("connection refused").is_none());
    }
}
