//! `cargo xtask bench`: starts the release binary on many reports, drives it with wrk between runs of a bare hello, and
//! writes `bench/RESULTS.md`. Never a test: nothing fails here because a machine is slow.
//! Invariant: every figure stands beside bare hello, the disk's own rate and what others took of the machine.

mod drive;
mod proc;
mod store;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::faults::wire;
use crate::postgres::free_port;
use crate::run::{Running, Shop};
use crate::say;
use drive::{Load, Measured, drive};
use store::Database;
use table::{Budget, Ground, Row};

pub const HELP: &str = "\
cargo xtask bench [--reports N] [--postgres URL] [--towns FILE] [--seconds N] [--data FOLDER] [--profile] [--only WORDS]
    Measures the release binary and writes bench/raw and bench/RESULTS.md.
    --reports N     about so many reports, 10000 without
    --postgres URL  an empty database of a cluster that keeps what it acknowledges; SQLite without
    --towns FILE    instead: imports this register of municipalities and measures the start
    --seconds N     for each load, 5 without
    --data FOLDER   keeps the town's data there, and takes what an earlier run left
    --profile       drives each load once more under perf, and keeps where the time went
    --only WORDS    only loads whose name holds these words; writes no page";

/// So long each load runs before it is measured.
const WARM_SECONDS: u64 = 2;
const BUILD_LIMIT: Duration = Duration::from_secs(2_400);
const LOAD_LIMIT: Duration = Duration::from_secs(3_600);
const START_LIMIT: Duration = Duration::from_secs(120);
const KEPT_MB: f64 = 150.0;

#[derive(Debug, PartialEq, Eq)]
pub struct Wish {
    reports: i64,
    postgres: Option<String>,
    towns: Option<PathBuf>,
    seconds: u64,
    data: Option<PathBuf>,
    profile: bool,
    only: String,
}

impl Wish {
    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut wish = Self {
            reports: 10_000,
            postgres: None,
            towns: None,
            seconds: 5,
            data: None,
            profile: false,
            only: String::new(),
        };
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().with_context(|| format!("{word} needs a value\n{HELP}"));
            match word.as_str() {
                "--reports" => wish.reports = value()?.parse().context("--reports needs a number")?,
                "--postgres" => wish.postgres = Some(value()?.clone()),
                "--towns" => wish.towns = Some(value()?.into()),
                "--data" => wish.data = Some(value()?.into()),
                "--profile" => wish.profile = true,
                "--only" => wish.only.clone_from(value()?),
                "--seconds" => wish.seconds = value()?.parse().context("--seconds needs a number")?,
                other => bail!("not understood: {other}\n{HELP}"),
            }
        }
        Ok(wish)
    }

    fn name(&self) -> String {
        let database = if self.postgres.is_some() { "postgres" } else { "sqlite" };
        if self.towns.is_some() { format!("{database}-towns") } else { format!("{database}-{}", self.reports) }
    }
}

/// One run: the program, its data, and where the figures go.
struct Bench<'s> {
    shop: &'s Shop,
    wish: &'s Wish,
    binary: PathBuf,
    data: PathBuf,
    raw: PathBuf,
    port: u16,
}

pub fn command(shop: &Shop, wish: &Wish) -> Result<ExitCode> {
    let mut build = Command::new("cargo");
    build.current_dir(&shop.root);
    build.args(["build", "--release", "-p", "stadtplatz", "--bin", "stadtplatz", "--example", "hello"]);
    let built = shop.run("bench-build", &mut build, BUILD_LIMIT)?;
    ensure!(built.ok, "the build {}: {}", built.why, built.log_path.display());
    let (target, raw) = (shop.root.join("target/release"), shop.root.join("bench/raw"));
    std::fs::create_dir_all(&raw)?;
    let data = match &wish.data {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            folder.canonicalize()?
        }
        None => shop.folder("bench")?,
    };
    let bench = Bench { shop, wish, binary: target.join("stadtplatz"), data, raw, port: free_port()? };
    let text = match &wish.towns {
        Some(file) => bench.towns(file)?,
        None => bench.reports(&target.join("examples/hello"))?,
    };
    if !wish.only.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::write(bench.raw.join(format!("{}.md", wish.name())), text)?;
    gather(&shop.root.join("bench"))?;
    Ok(ExitCode::SUCCESS)
}

/// The page for readers: what every run left, and what people wrote about it.
fn gather(folder: &Path) -> Result<()> {
    let mut runs: Vec<PathBuf> = std::fs::read_dir(folder.join("raw"))?.flatten().map(|entry| entry.path()).collect();
    runs.retain(|path| path.extension().is_some_and(|end| end == "md"));
    runs.sort();
    let mut page =
        "# Speed\n\nWritten by `cargo xtask bench`; the last part by people. Time on the processors is for one \
                    request, server and database apart; foreign is what others took of the machine meanwhile.\n\n"
            .to_owned();
    for run in runs {
        page.push_str(&std::fs::read_to_string(run)?);
        page.push('\n');
    }
    page.push_str(&std::fs::read_to_string(folder.join("NOTES.md")).unwrap_or_default());
    std::fs::write(folder.join("RESULTS.md"), page).context("bench/RESULTS.md cannot be written")
}

/// A load's name as part of a file's.
fn plain(load: &str) -> String {
    load.replace([' ', ',', '/'], "-")
}

impl Bench<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(words)
            .current_dir(&self.data)
            .env("STADTPLATZ_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("STADTPLATZ_PUBLIC_URL", format!("http://localhost:{}", self.port))
            .env("STADTPLATZ_DATA", &self.data)
            .env("STADTPLATZ_LIMITS", "aus")
            .env_remove("STADTPLATZ_DATABASE");
        if let Some(url) = &self.wish.postgres {
            command.env("STADTPLATZ_DATABASE", url);
        }
        command
    }

    fn must(&self, words: &[&str]) -> Result<Duration> {
        let began = Instant::now();
        let ended = self.shop.run("bench-command", &mut self.command(words), LOAD_LIMIT)?;
        ensure!(ended.ok, "stadtplatz {} {}: {}", words.join(" "), ended.why, ended.log);
        Ok(began.elapsed())
    }

    /// Starts it and waits for the first answer.
    fn start(&self, word: &str, host: &str) -> Result<(Running<'_>, Duration)> {
        let began = Instant::now();
        let mut server = self.shop.start("bench-server", &mut self.command(&[word]))?;
        let ask = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        while began.elapsed() < START_LIMIT {
            if wire::raw(self.port, ask.as_bytes()).is_ok_and(|reply| reply.status == 200) {
                return Ok((server, began.elapsed()));
            }
            ensure!(server.poll()?.is_none(), "the program ended: {}", crate::run::read(&server.log_path));
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("no answer within {} s", START_LIMIT.as_secs())
    }

    fn database(&self) -> Database {
        match &self.wish.postgres {
            Some(url) => Database::Postgres(url.clone()),
            None => Database::Sqlite(self.data.join("stadtplatz.db").display().to_string()),
        }
    }

    fn towns(&self, file: &Path) -> Result<String> {
        let file = file.canonicalize().context("the register cannot be found")?;
        let words = ["import", "municipalities", &file.display().to_string()];
        let (first, second) = (self.must(&words)?, self.must(&words)?);
        let mut text = format!(
            "## {}\n\nImport {:.1} s, a second time {:.1} s.\n\n",
            self.wish.name(),
            first.as_secs_f64(),
            second.as_secs_f64()
        );
        for _ in 0..3 {
            let (server, took) = self.start("serve", "09472116.stadtplatz.example")?;
            let mb = proc::private_mb(server.id())?;
            text.push_str(&format!("Start to first answer {:.0} ms, RssAnon {mb:.0} MB.\n", took.as_secs_f64() * 1e3));
        }
        Ok(text)
    }

    /// How many reports there are, after they were made or found.
    fn prepared(&self) -> Result<i64> {
        if !self.data.join("demo.json").exists() {
            self.must(&["demo", "--prepare-only"])?;
            return self.database().multiply(self.wish.reports);
        }
        self.must(&["migrate"])?;
        let found = self.database().count()?;
        // What earlier runs have reported is among them.
        let wanted = self.wish.reports;
        ensure!((wanted / 10 * 9..=wanted / 2 * 3).contains(&found), "--data holds {found} reports");
        Ok(found)
    }

    fn reports(&self, hello: &Path) -> Result<String> {
        let began = Instant::now();
        let reports = self.prepared()?;
        say::line(&format!("{reports} reports after {:.0} s", began.elapsed().as_secs_f64()));
        let syncs = proc::syncs_per_second(&self.data)?;
        let ground = Ground { postgres: self.wish.postgres.is_some(), syncs };
        let hello_port = free_port()?;
        let hello = self.shop.start("bench-hello", Command::new(hello).arg(format!("127.0.0.1:{hello_port}")))?;
        let (server, start) = self.start("demo", "localhost")?;
        // The numbers the worker counts after a start are not what is measured.
        std::thread::sleep(Duration::from_secs(5));
        let mut rows = vec![];
        for (load, budget) in self.loads()?.into_iter().filter(|(load, _)| load.name.contains(&self.wish.only)) {
            // What the disk holds and nobody has asked for yet is not what is measured.
            drive(self.shop, &load, server.id(), &[], WARM_SECONDS)?;
            let before = self.hello(hello_port, hello.id(), load.connections)?;
            let ours = drive(self.shop, &load, server.id(), &self.database().processes()?, self.wish.seconds)?;
            let after = self.hello(hello_port, hello.id(), load.connections)?;
            self.keep_raw(&load.name)?;
            if self.wish.profile {
                let file = format!("{}-{}.profile.txt", self.wish.name(), plain(&load.name));
                drive::profile(self.shop, &load, server.id(), &self.raw.join(file))?;
            }
            say::line(&format!("{ours:?}"));
            rows.push(Row { ours, hello: [before, after], budget });
        }
        let mb = proc::private_mb(server.id())?;
        let met = if mb <= KEPT_MB { "met" } else { "**not met**" };
        Ok(format!(
            "## {}: {reports} reports\n\nThe disk syncs {syncs:.0} times a second for one writer. The demo answered {:.0} ms \
             after its start. RssAnon after all loads: {mb:.0} MB (budget {KEPT_MB:.0} MB: {met}).\n\n{}",
            self.wish.name(),
            start.as_secs_f64() * 1e3,
            table::table(&rows, &ground)
        ))
    }

    fn hello(&self, port: u16, pid: u32, connections: u32) -> Result<Measured> {
        let load = Load {
            name: "hello".to_owned(),
            url: format!("http://127.0.0.1:{port}/"),
            connections,
            headers: vec![],
            script: None,
        };
        drive(self.shop, &load, pid, &[], 2)
    }

    fn keep_raw(&self, load: &str) -> Result<()> {
        let name = plain(load);
        let log = crate::run::read(&self.shop.logs.join(format!("bench-{name}.log")));
        std::fs::write(self.raw.join(format!("{}-{name}.txt", self.wish.name())), log)?;
        Ok(())
    }

    /// What is asked, and what it may cost.
    fn loads(&self) -> Result<Vec<(Load, Budget)>> {
        let summary: Value = serde_json::from_slice(&std::fs::read(self.data.join("demo.json"))?)?;
        let session = format!("Cookie: {}", self.signed_in(&summary)?);
        // A cookie of the house: its answer is made for this visitor alone.
        let own = "Cookie: __Host-entwurf=bench".to_owned();
        let get = |name: &str, connections, path: &str, headers: &[&String]| Load {
            name: name.to_owned(),
            url: format!("http://localhost:{}{path}", self.port),
            connections,
            headers: headers.iter().map(|header| (*header).clone()).collect(),
            script: None,
        };
        let packed = "Accept-Encoding: gzip, br".to_owned();
        let mut send = get("report accepted, durable", 64, "/open311/v2/requests.json", &[]);
        send.script = Some(self.script(&summary)?);
        Ok(vec![
            (get("home page, kept", 64, "/", &[]), Budget::Hello(0.5)),
            (get("public list, kept", 64, "/meldungen", &[]), Budget::Hello(0.5)),
            (get("public list, kept, packed", 64, "/meldungen", &[&packed]), Budget::Hello(0.5)),
            (get("public list of 20 from the database", 8, "/meldungen", &[&own]), Budget::Each(120.0, 350.0)),
            (get("public list, filtered", 8, "/meldungen?stand=alle&zeit=365", &[&own]), Budget::Each(120.0, 350.0)),
            (get("clerk list with counts", 8, "/arbeit", &[&session]), Budget::Each(1_500.0, 4_000.0)),
            (get("clerk list, all open", 8, "/arbeit?liste=offen", &[&session]), Budget::Each(1_500.0, 4_000.0)),
            (send, Budget::Durable(150.0, 1_000.0)),
        ])
    }

    fn signed_in(&self, summary: &Value) -> Result<String> {
        let accounts = summary["accounts"].as_array().context("the demo has no accounts")?;
        let clerk = accounts.iter().find(|account| account["role"] == "head").or(accounts.first());
        let clerk = clerk.context("the demo has no accounts")?;
        let word = |name: &str| clerk[name].as_str().unwrap_or_default().to_owned();
        let (email, password) = (word("email"), word("password"));
        let fields = [("email", email.as_str()), ("password", &password), ("zurueck", "/arbeit")];
        let reply = wire::post_form(self.port, "/anmelden", &fields)?;
        let cookie = reply.header("set-cookie").context("nobody was signed in")?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// Every report is another one, in this run and after earlier ones: one sent twice would be answered without a write.
    fn script(&self, summary: &Value) -> Result<PathBuf> {
        let key = summary["open311_api_key"].as_str().context("the demo has no key for programs")?;
        let services = wire::get(self.port, "/open311/v2/services.json")?;
        let services: Value = serde_json::from_str(&services.body)?;
        let all = services.as_array().context("no services")?;
        // Without questions that would have to be answered.
        let plain = all.iter().find(|service| service["metadata"] == false).context("every service asks more")?;
        let code = plain["service_code"].as_str().context("a service without code")?;
        let path = self.data.join("report.lua");
        let text = format!(
            "local n, run = 0, os.time()\nlocal headers = {{ ['Content-Type'] = 'application/x-www-form-urlencoded' }}\n\
             request = function()\n  n = n + 1\n  local body = 'api_key={key}&service_code={code}&lat=50.12&long=11.03\
             &description=Meldung+der+Messung+' .. run .. '+Nummer+' .. n\n  return wrk.format('POST', '/open311/v2/requests.json', headers, body)\nend\n"
        );
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() -> Result<()> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wish = Wish::read(&words("--reports 1000000 --seconds 9"))?;
        assert_eq!((wish.reports, wish.seconds, wish.name().as_str()), (1_000_000, 9, "sqlite-1000000"));
        assert_eq!(Wish::read(&words("--postgres postgres://x --towns a.csv"))?.name(), "postgres-towns");
        let wish = Wish::read(&words("--data kept --profile --only list"))?;
        assert!(wish.profile && wish.only == "list" && wish.data.is_some());
        assert!(Wish::read(&words("--reports")).is_err() && Wish::read(&words("--fast")).is_err());
        Ok(())
    }
}
