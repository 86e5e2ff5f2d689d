//! The steps of `cargo xtask test` in the order in which they tell most: cheap first, browser last.
//! A step that fails does not stop the others: all failures are listed at the end.
//! Invariant: every step that cannot run is counted as failed, or as skipped with its reason, never left out.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Wish;
use crate::counts::{self, Counts};
use crate::faults;
use crate::html;
use crate::postgres::Cluster;
use crate::report::{Outcome, Report};
use crate::room;
use crate::run::{self, Shop};
use crate::s3;
use crate::say;
use crate::site::Site;
use crate::tools::{self, Tools};

const MINUTE: Duration = Duration::from_secs(60);
const SHOWN_LINES: usize = 80;

pub fn test(shop: &Shop, wish: &Wish) -> Result<ExitCode> {
    let browser = !wish.no_browser && wish.rooms.is_empty();
    let tools = tools::require(shop, browser)?;
    let cluster = Cluster::start(shop, &tools.postgres)?;
    let s3 = s3::Server::start(shop)?;
    let mut report = Report::default();
    let crates: Vec<String> = if wish.rooms.is_empty() {
        vec!["--workspace".to_owned()]
    } else {
        wish.rooms.iter().flat_map(|room| ["--package".to_owned(), room.clone()]).collect()
    };

    report.step("format", |_| format(shop, wish));
    report.step("lints", |_| {
        let mut clippy = cargo(shop, "clippy");
        clippy.args(&crates).args(["--all-targets", "--", "-D", "warnings"]);
        check(shop, "clippy", &mut clippy, 40 * MINUTE)
    });
    if wish.rooms.is_empty() {
        report.step("front end", |_| {
            let mut node = Command::new("node");
            node.args(["--test", "frontend/test/frontend.test.mjs"]).current_dir(&shop.root);
            check(shop, "frontend", &mut node, 2 * MINUTE)
        });
    }
    report
        .step("tests on SQLite and PostgreSQL", |report| tests(shop, &tools, (&cluster, s3.as_ref()), &crates, report));
    // Crates without a library have no examples and make cargo fail when they are named one by one.
    if tools.nextest && wish.rooms.is_empty() {
        report.step("examples in the documents", |_| doc_tests(shop, &crates));
    }
    report.step("documents", |_| {
        let mut doc = cargo(shop, "doc");
        doc.args(&crates).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings");
        check(shop, "doc", &mut doc, 20 * MINUTE)
    });
    if wish.rooms.is_empty() {
        report.step("a new room", |_| new_room(shop, &cluster));
        report.step("licences and banned crates", |report| deny(shop, &tools, report));
    }
    if wish.rooms.is_empty()
        && let Err(error) = faults::campaign(shop, &faults::Wish::short(), &mut report)
    {
        report.step("faults", |_| Err(error));
    }
    if browser {
        in_the_browser(shop, wish, &tools, &cluster, &mut report);
    }
    drop(cluster);
    Ok(report.close())
}

pub fn cargo(shop: &Shop, verb: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The `cargo run` around us sets these for xtask; the children must not inherit them as their own.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            command.env_remove(name);
        }
    }
    command.arg(verb).current_dir(&shop.root).env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1");
    command
}

/// A command that is one check: it passes or it fails.
fn check(shop: &Shop, name: &str, command: &mut Command, limit: Duration) -> Result<Outcome> {
    let ended = shop.run(name, command, limit)?;
    if ended.ok {
        return Ok(Outcome::new(Counts::PASSED, ""));
    }
    say::tail(&ended.log, SHOWN_LINES);
    Ok(Outcome::new(Counts::FAILED, format!("{name} {}", ended.why)))
}

fn format(shop: &Shop, wish: &Wish) -> Result<Outcome> {
    let mut fmt = cargo(shop, "fmt");
    if wish.rooms.is_empty() {
        fmt.arg("--all");
    }
    for room in &wish.rooms {
        fmt.args(["--package", room]);
    }
    check(shop, "fmt", fmt.arg("--check"), 2 * MINUTE)
}

fn tests(
    shop: &Shop,
    tools: &Tools,
    (cluster, s3): (&Cluster, Option<&s3::Server>),
    crates: &[String],
    report: &mut Report,
) -> Result<Outcome> {
    let mut command = if tools.nextest {
        let mut command = cargo(shop, "nextest");
        command.args(["run", "--no-fail-fast", "--success-output", "immediate"]).args(crates);
        command
    } else {
        let mut command = cargo(shop, "test");
        command.args(["--no-fail-fast"]).args(crates).args(["--", "--show-output"]);
        command
    };
    command.env("STADTPLATZ_TEST_POSTGRES", cluster.url("postgres")).env("STADTPLATZ_RESEARCH_DATA", research(shop));
    match s3 {
        Some(server) => command.env("STADTPLATZ_TEST_S3", server.url()),
        None => command.env_remove("STADTPLATZ_TEST_S3"),
    };
    let ended = shop.run("tests", &mut command, 40 * MINUTE)?;
    let counted = if tools.nextest { counts::nextest(&ended.log) } else { counts::cargo_test(&ended.log) };
    report.skip_reasons(counts::reasons(&ended.log));
    judge(counted.map(|counted| counts::honest(counted, &ended.log)), &ended)
}

fn doc_tests(shop: &Shop, crates: &[String]) -> Result<Outcome> {
    let mut command = cargo(shop, "test");
    command.args(["--doc", "--no-fail-fast"]).args(crates);
    let ended = shop.run("doctests", &mut command, 20 * MINUTE)?;
    judge(counts::cargo_test(&ended.log), &ended)
}

/// What `cargo xtask new-room` writes must compile and pass its own tests.
fn new_room(shop: &Shop, cluster: &Cluster) -> Result<Outcome> {
    let manifest = room::throw_away(&shop.root, &shop.logs.join("new-room"))?;
    let mut command = cargo(shop, "test");
    command.arg("--manifest-path").arg(manifest).args(["--package", room::PROBE]);
    command.env("CARGO_TARGET_DIR", target(shop)).env("STADTPLATZ_TEST_POSTGRES", cluster.url("postgres"));
    let ended = shop.run("new-room", &mut command, 20 * MINUTE)?;
    judge(counts::cargo_test(&ended.log), &ended)
}

/// Counts and exit code must agree: a runner that failed without a failed test (it did not build) is one failure more.
fn judge(counted: Option<Counts>, ended: &run::Ended) -> Result<Outcome> {
    let mut counted = counted.unwrap_or_default();
    if ended.ok {
        return Ok(Outcome::new(counted, ""));
    }
    say::tail(&ended.log, SHOWN_LINES);
    counted.failed = counted.failed.max(1);
    Ok(Outcome::new(counted, format!("{}; log: {}", ended.why, ended.log_path.display())))
}

/// Where the research data lies: by default beside the repository.
fn research(shop: &Shop) -> PathBuf {
    std::env::var_os("STADTPLATZ_RESEARCH_DATA")
        .map_or_else(|| shop.root.join("../shared/data"), |named| shop.root.join(PathBuf::from(named)))
}

fn deny(shop: &Shop, tools: &Tools, report: &mut Report) -> Result<Outcome> {
    if !tools.deny {
        report.skip_reasons(vec!["licences and banned crates (cargo-deny is not installed)".to_owned()]);
        return Ok(Outcome::new(Counts::SKIPPED, "cargo-deny is not installed"));
    }
    let mut command = cargo(shop, "deny");
    command.args(["check", "bans", "licenses", "sources"]);
    check(shop, "deny", &mut command, 5 * MINUTE)
}

fn in_the_browser(shop: &Shop, wish: &Wish, tools: &Tools, cluster: &Cluster, report: &mut Report) {
    let binary = target(shop).join("debug/stadtplatz");
    let built = report.step("program", |_| {
        let mut build = cargo(shop, "build");
        check(shop, "build", build.args(["--package", "stadtplatz"]), 40 * MINUTE)
    });
    let ready = report.step("browser tools", |_| npm_ci(shop));
    let out = |database: &str| shop.logs.join(format!("e2e-{database}"));
    for database in ["sqlite", "postgres"] {
        report.step(&format!("browser on {database}"), |_| {
            if !built || !ready {
                bail!("not run: a step before it failed");
            }
            let url = match database {
                "postgres" => Some(cluster.create_database(shop, "demo")?),
                _ => None,
            };
            let name = format!("demo-{database}");
            let site = Site::demo(shop, &binary, &name, url.as_deref())?;
            playwright(shop, wish, tools, &site, database, &out(database))
        });
    }
    let sources = research(shop).join("osm-bindlach");
    report.step("browser on Bindlach", |report| {
        if !sources.is_dir() {
            let reason = format!("browser on Bindlach ({} is missing)", sources.display());
            report.skip_reasons(vec![reason]);
            return Ok(Outcome::new(Counts::SKIPPED, "the research data is missing"));
        }
        if !built || !ready {
            bail!("not run: a step before it failed");
        }
        let site = Site::bindlach(shop, &binary, &sources, None)?;
        playwright(shop, wish, tools, &site, "bindlach", &out("bindlach"))
    });
    report.step("HTML of every page", |_| {
        let java = tools.java.as_ref().context("Java is missing")?;
        html::check(shop, java, &out("sqlite").join("html"))
    });
}

pub fn target(shop: &Shop) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| shop.root.join("target"), PathBuf::from)
}

/// Installs e2e's packages once per lock file.
fn npm_ci(shop: &Shop) -> Result<Outcome> {
    let folder = shop.root.join("e2e");
    let lock = std::fs::read(folder.join("package-lock.json")).context("e2e/package-lock.json cannot be read")?;
    let stamp = folder.join("node_modules/.installed-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(Outcome::new(Counts::PASSED, ""));
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts"]).current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    let outcome = check(shop, "npm-ci", &mut npm, 10 * MINUTE)?;
    if outcome.counts.failed == 0 {
        std::fs::write(stamp, lock)?;
    }
    Ok(outcome)
}

fn node_in_e2e(shop: &Shop, tools: &Tools, site: &Site) -> Result<Command> {
    let chromium = tools.chromium.as_ref().context("Chromium is missing")?;
    let mut node = Command::new("node");
    node.current_dir(shop.root.join("e2e"))
        .env("NO_COLOR", "1")
        .env("CI", "1")
        .env("CHROMIUM", chromium)
        .env("STADTPLATZ_BASE_URL", &site.base_url)
        .env("STADTPLATZ_DEMO_JSON", &site.demo_json);
    Ok(node)
}

fn playwright(shop: &Shop, wish: &Wish, tools: &Tools, site: &Site, site_name: &str, out: &Path) -> Result<Outcome> {
    // Left-overs of an earlier run must not be counted.
    let _missing = std::fs::remove_dir_all(out);
    std::fs::create_dir_all(out)?;
    let mut node = node_in_e2e(shop, tools, site)?;
    node.args(["node_modules/@playwright/test/cli.js", "test"])
        .env("STADTPLATZ_E2E_SITE", site_name)
        .env("STADTPLATZ_E2E_OUT", out);
    if wish.full {
        node.env("STADTPLATZ_E2E_FULL", "1");
    }
    let limit = if wish.full { 60 * MINUTE } else { 20 * MINUTE };
    let ended = shop.run(&format!("browser-{site_name}"), &mut node, limit)?;
    judge(counts::playwright(&run::read(&out.join("report.json"))), &ended)
}

/// Pictures of the demo town for README and for a look beside the design.
pub fn screenshots(shop: &Shop) -> Result<ExitCode> {
    let tools = tools::require(shop, true)?;
    let mut report = Report::default();
    let built = report.step("program", |_| {
        let mut build = cargo(shop, "build");
        check(shop, "build", build.args(["--package", "stadtplatz"]), 40 * MINUTE)
    });
    let ready = report.step("browser tools", |_| npm_ci(shop));
    report.step("pictures", |_| {
        if !built || !ready {
            bail!("not run: a step before it failed");
        }
        let binary = target(shop).join("debug/stadtplatz");
        let site = Site::demo(shop, &binary, "demo-screens", None)?;
        let mut node = node_in_e2e(shop, &tools, &site)?;
        node.arg("screens.mjs").arg(shop.root.join("docs/screens"));
        check(shop, "screens", &mut node, 20 * MINUTE)
    });
    Ok(report.close())
}
