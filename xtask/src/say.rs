//! Everything xtask prints goes through here: plain sentences, no colours, no cursor tricks.
//! It is not a logger: the children's own output lies in log files under `target/xtask`.
//! A closed pipe is no reason to stop, so write errors are ignored.

use std::io::Write;

pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{text}");
    let _closed = out.flush();
}

/// The last lines of a log, indented, so that a failure can be read without opening the file.
pub fn tail(log: &str, lines: usize) {
    let all: Vec<&str> = log.lines().collect();
    let start = all.len().saturating_sub(lines);
    if start > 0 {
        line(&format!("    … {start} lines before this are in the log"));
    }
    for text in &all[start..] {
        line(&format!("    {text}"));
    }
}
