//! What the kernel counted: time on the processors and private memory, from `/proc`. Ticks are hundredths of a second.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// User and system time of a process, its ended children left out; 0 for one that is gone.
pub fn ticks(pid: u32) -> u64 {
    fields(pid).map_or(0, |fields| number(&fields, 11) + number(&fields, 12))
}

/// The time of our own children that have ended.
pub fn ended_children() -> u64 {
    fields(std::process::id()).map_or(0, |fields| number(&fields, 13) + number(&fields, 14))
}

/// Behind the name, which may hold spaces: the state is field 0.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = stat.rsplit_once(')')?.1;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn number(fields: &[String], at: usize) -> u64 {
    fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// Of the whole machine: busy ticks and all ticks.
pub fn machine() -> Result<(u64, u64)> {
    let stat = fs::read_to_string("/proc/stat").context("/proc/stat cannot be read")?;
    Ok(read_machine(&stat))
}

fn read_machine(stat: &str) -> (u64, u64) {
    let first = stat.lines().next().unwrap_or("");
    let numbers: Vec<u64> = first.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
    let all = numbers.iter().sum();
    let idle: u64 = numbers.iter().skip(3).take(2).sum();
    (all - idle, all)
}

/// Private memory of a process in MB.
pub fn private_mb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).context("no RssAnon")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    Ok(kilobytes / 1024.0)
}

/// How often a second the disk below this folder takes 8 KB durably from one writer.
pub fn syncs_per_second(folder: &Path) -> Result<f64> {
    use std::io::{Seek, SeekFrom, Write};
    let path = folder.join("sync-probe");
    let mut file = fs::File::create(&path)?;
    let (block, began, mut done) = ([7_u8; 8192], Instant::now(), 0_u32);
    while began.elapsed() < Duration::from_secs(2) {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&block)?;
        file.sync_data()?;
        done += 1;
    }
    let rate = f64::from(done) / began.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_waiting_are_not_busy() {
        assert_eq!(read_machine("cpu  10 1 5 80 4 0 0 0 0 0\ncpu0 1 2 3"), (16, 100));
    }

    #[test]
    fn our_own_time_is_known() {
        assert!(fields(std::process::id()).is_some_and(|fields| fields.len() > 20));
        assert!(private_mb(std::process::id()).is_ok_and(|mb| mb > 0.1));
    }
}
