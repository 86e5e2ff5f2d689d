//! The workshop: `cargo xtask test`, `cargo xtask faults`, `cargo xtask bench`, `cargo xtask deb`,
//! `cargo xtask screenshots`, `cargo xtask new-room NAME`.
//! It needs nothing but std, so that it is there seconds after a clone.
//! Invariant: whatever it starts (database, site, browser) is ended and removed, however it ends itself.

mod bench;
mod counts;
mod deb;
mod faults;
mod html;
mod janitor;
mod postgres;
mod report;
mod room;
mod run;
mod s3;
mod say;
mod site;
mod steps;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const HELP: &str = "\
cargo xtask test [--full] [--no-browser] [-p ROOM]
    Formats, lints, tests on SQLite and PostgreSQL, documents, browser journeys, accessibility, HTML.
    --full        every combination of device, theme, script and database in the browser
    --no-browser  everything but the browser
    -p ROOM       only this crate, without the browser (may be given several times)
cargo xtask faults
    Breaks the running program in many ways and counts; `cargo xtask faults --help` says more.
cargo xtask deb [--binary PATH] [--test]
    The Debian package from a release build; with --test installed, started and removed on this machine.
cargo xtask bench
    Measures the release binary beside a bare hello; `cargo xtask bench --help` says more.
cargo xtask screenshots
    Starts the demo town and takes the pictures in docs/screens.
cargo xtask new-room NAME
    Lays out a new room in rooms/NAME.";

/// What `cargo xtask test` was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub full: bool,
    pub no_browser: bool,
    pub rooms: Vec<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match act(&arguments) {
        Ok(code) => code,
        Err(error) => {
            say::line(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn act(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first().map(|(command, rest)| (command.as_str(), rest)) {
        Some(("test", rest)) => steps::test(&run::Shop::open(root()?)?, &wish(rest)?),
        Some(("faults", [word])) if word == "--help" => {
            say::line(faults::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Some(("faults", rest)) => faults::command(&run::Shop::open(root()?)?, &faults::Wish::read(rest)?),
        Some(("deb", [word])) if word == "--help" => {
            say::line(deb::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Some(("deb", rest)) => deb::command(&run::Shop::open(root()?)?, rest),
        Some(("bench", [word])) if word == "--help" => {
            say::line(bench::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Some(("bench", rest)) => bench::command(&run::Shop::open(root()?)?, &bench::Wish::read(rest)?),
        Some(("screenshots", [])) => steps::screenshots(&run::Shop::open(root()?)?),
        Some(("new-room", [name])) => room::create(&root()?, name),
        Some(("janitor", [])) => {
            janitor::serve();
            Ok(ExitCode::SUCCESS)
        }
        None | Some(("help" | "--help" | "-h", _)) => {
            say::line(HELP);
            Ok(ExitCode::SUCCESS)
        }
        Some((command, rest)) => bail!("not understood: {command} {}\n{HELP}", rest.join(" ")),
    }
}

fn wish(arguments: &[String]) -> Result<Wish> {
    let mut wish = Wish::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--full" => wish.full = true,
            "--no-browser" => wish.no_browser = true,
            "-p" | "--package" => {
                let room = rest.next().context("-p needs the name of a crate")?;
                wish.rooms.push(room.clone());
            }
            other => bail!("not understood: {other}\n{HELP}"),
        }
    }
    Ok(wish)
}

/// The repository: cargo names this crate's folder, the repository is its parent.
fn root() -> Result<PathBuf> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map(PathBuf::from).context("xtask has no parent folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read() -> Result<()> {
        let read = wish(&words("--full -p cases --no-browser -p reports"))?;
        assert_eq!(read, Wish { full: true, no_browser: true, rooms: words("cases reports") });
        Ok(())
    }

    #[test]
    fn unknown_options_are_refused() {
        assert!(wish(&words("--fast")).is_err());
        assert!(wish(&words("-p")).is_err());
        assert!(act(&words("tset")).is_err());
    }
}
