//! Builds the front end into OUT_DIR: `npm ci` when the lock file changed, then `node build.mjs`.
//! The source tree stays untouched, so an editor and a terminal may build side by side.
//! `STADTPLATZ_FRONTEND_DIST` names a folder built elsewhere, for machines without Node.
//! The crate includes the resulting table as `OUT_DIR/assets.rs`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// What the build reads; a change in any of it builds again. The README and the gallery are not among it.
const SOURCES: [&str; 9] =
    ["package.json", "package-lock.json", ".npmrc", "build.mjs", "icons.txt", "css", "js", "fonts", "images"];

fn main() -> ExitCode {
    match build().and_then(|dist| embed(&dist)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            println!("cargo::error={}", sentence.replace('\n', " | "));
            ExitCode::FAILURE
        }
    }
}

/// The folder that holds `assets.rs` and the files it names.
fn build() -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed=STADTPLATZ_FRONTEND_DIST");
    if let Some(prebuilt) = env::var_os("STADTPLATZ_FRONTEND_DIST") {
        println!("cargo::rerun-if-changed={}", Path::new(&prebuilt).join("assets.rs").display());
        return Ok(PathBuf::from(prebuilt));
    }
    let source = folder("CARGO_MANIFEST_DIR")?.join("../../frontend");
    let work = folder("OUT_DIR")?.join("frontend");
    for name in SOURCES {
        let from = source.join(name);
        println!("cargo::rerun-if-changed={}", from.display());
        mirror(&from, &work.join(name)).map_err(|error| format!("cannot copy {}: {error}", from.display()))?;
    }
    install(&work)?;
    let dist = work.join("dist");
    run(Command::new("node").arg("build.mjs").arg(&dist), &work, "node")?;
    Ok(dist)
}

/// The table names its files relative to itself; the crate includes it from elsewhere, so it gets full paths.
fn embed(dist: &Path) -> Result<(), String> {
    let table = dist.join("assets.rs");
    let text = fs::read_to_string(&table).map_err(|error| format!("cannot read {}: {error}", table.display()))?;
    let files =
        fs::canonicalize(dist).map_err(|error| format!("cannot find {}: {error}", dist.display()))?.join("files");
    let full = format!("(\"{}/", files.display().to_string().replace('\\', "/"));
    let target = folder("OUT_DIR")?.join("assets.rs");
    fs::write(&target, text.replace("(\"files/", &full))
        .map_err(|error| format!("cannot write {}: {error}", target.display()))
}

fn folder(variable: &str) -> Result<PathBuf, String> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {variable}"))
}

/// Packages are fetched again only when the lock file differs from the one of the last complete install.
fn install(work: &Path) -> Result<(), String> {
    let stamp = work.join("installed.json");
    let lock =
        fs::read(work.join("package-lock.json")).map_err(|error| format!("cannot read package-lock.json: {error}"))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]), work, "npm")?;
    fs::write(&stamp, lock).map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}

fn run(command: &mut Command, work: &Path, program: &str) -> Result<(), String> {
    let output = command.current_dir(work).output().map_err(|error| {
        format!(
            "The front end needs Node 20 or newer with npm, but `{program}` did not start ({error}). \
             Install Node, or set STADTPLATZ_FRONTEND_DIST to a folder built on another machine by `node frontend/build.mjs FOLDER`."
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<&str> = said.trim().lines().rev().take(15).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(format!("The front end build failed in `{program}`:\n{}", tail.join("\n")))
}

/// Copies a file or a folder; what is gone in the source goes in the copy as well.
fn mirror(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.is_dir() {
        if to.exists() {
            fs::remove_dir_all(to)?;
        }
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            mirror(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to).map(|_| ())
}
