//! Whose works the program contains: the crates linked into it, Rust's own library, what the front end brings, and fonts,
//! each with its licence and every notice its authors wrote. Equal texts stand there once. Not a judgement: which licences
//! may come in says `deny.toml`. Invariant: the same lock files give the same bytes, and no work is without a text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::run::Shop;

use super::{TOOL_LIMIT, run};

const HEAD: &str = "\
Stadtplatz contains the works of others. This file names each of them with its licence and the notices of its authors.
Where a licence leaves a choice (\"OR\", \"/\"), any of them may be chosen; all texts that the authors enclosed are given.
The numbers name the texts below.
";

/// Own texts for works whose authors enclosed none.
const STANDARD: [(&str, &str); 2] = [
    ("MIT", include_str!("../../deb/licences/MIT.txt")),
    ("BSD-3-Clause", include_str!("../../deb/licences/BSD-3-Clause.txt")),
];

/// Folders of the repository with works of others and their licence.
const FONTS: [(&str, &str); 2] =
    [("Fonts of the pages", "frontend/fonts"), ("Fonts of the maps", "platform/maps/fonts")];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Work {
    name: String,
    version: String,
    licence: String,
    /// Where it can be found.
    home: String,
    texts: Vec<String>,
}

/// The whole file.
pub fn text(shop: &Shop) -> Result<String> {
    let modules = front_end_installed(shop)?;
    let mut crates = crates(&shop.root)?;
    crates.push(rust()?);
    let groups = [
        ("Rust", crates),
        ("Front end", front_end(&shop.root, &modules)?),
        ("Fonts", FONTS.iter().map(|(name, folder)| fonts(&shop.root, name, folder)).collect::<Result<_>>()?),
    ];
    compose(&groups)
}

/// Lists every work and gives every text once, numbered as they are first named.
fn compose(groups: &[(&str, Vec<Work>)]) -> Result<String> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut texts: Vec<&str> = vec![];
    let mut out = HEAD.to_owned();
    for (title, works) in groups {
        let _ = writeln!(out, "\n{title}\n{}\n", "=".repeat(title.chars().count()));
        let mut works: Vec<&Work> = works.iter().collect();
        works.sort();
        for work in works {
            ensure!(!work.licence.is_empty(), "{} names no licence", work.name);
            ensure!(!work.texts.is_empty(), "{} has no licence text", work.name);
            let mut named: Vec<usize> = vec![];
            for text in &work.texts {
                let number = *numbers.entry(folded(text)).or_insert_with(|| {
                    texts.push(text);
                    texts.len()
                });
                named.push(number);
            }
            named.sort_unstable();
            named.dedup();
            let named: String = named.iter().map(|number| format!(" [{number}]")).collect();
            let title = format!("{} {}", work.name, work.version);
            let _ = writeln!(out, "{}\n    {}{named}", title.trim_end(), work.licence);
            if !work.home.is_empty() {
                let _ = writeln!(out, "    {}", work.home);
            }
        }
    }
    for (before, text) in texts.iter().enumerate() {
        let _ = write!(out, "\n{}\n[{}]\n\n{}\n", "-".repeat(80), before + 1, tidied(text));
    }
    Ok(out)
}

/// What makes two texts the same: the words, not how they are broken into lines.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without blanks at line ends, carriage returns and marks of byte order.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// What a cargo command prints. The lock file decides, not the day.
fn cargo(root: &Path, words: &[&str]) -> Result<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    printed(cargo.args(words).args(["--locked", "--color", "never"]).current_dir(root))
}

fn printed(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{:?} cannot start", command.get_program()))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    String::from_utf8(output.stdout).context("a tool printed no text")
}

/// Name and version of every crate that is part of the program on this machine. `cargo metadata` would also name what the
/// features of tests bring, and crates that no feature switches on.
fn linked(root: &Path) -> Result<Vec<(String, String)>> {
    let words = ["tree", "--package", "stadtplatz", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let mut linked: Vec<(String, String)> = vec![];
    for line in cargo(root, &words)?.lines().filter(|line| !line.is_empty()) {
        let mut parts = line.split(' ');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let version = version.strip_prefix('v').with_context(|| format!("cargo tree said: {line}"))?;
        linked.push((name.to_owned(), version.to_owned()));
    }
    linked.sort();
    linked.dedup();
    Ok(linked)
}

fn host() -> Result<String> {
    let said = printed(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// Every package that cargo knows for this machine. Ours have no source.
fn packages(root: &Path) -> Result<Vec<Value>> {
    let words = ["metadata", "--format-version", "1", "--filter-platform", &host()?];
    let mut metadata: Value = serde_json::from_str(&cargo(root, &words)?)?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => bail!("cargo metadata names no packages"),
    }
}

fn crates(root: &Path) -> Result<Vec<Work>> {
    let packages = packages(root)?;
    let mut works = vec![];
    for (name, version) in linked(root)? {
        let is_it = |package: &&Value| package["name"] == name.as_str() && package["version"] == version.as_str();
        let package = packages.iter().find(is_it).with_context(|| format!("cargo metadata has no {name} {version}"))?;
        if !package["source"].is_null() {
            works.push(crate_of(package)?);
        }
    }
    Ok(works)
}

fn crate_of(package: &Value) -> Result<Work> {
    let word = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(word("manifest_path"));
    let folder = manifest.parent().context("a manifest lies in a folder")?;
    let mut texts = texts_below(folder)?;
    if let Some(named) = package["license_file"].as_str() {
        texts.push(read(&folder.join(named))?);
    }
    let licence = word("license");
    if texts.is_empty() {
        let authors: Vec<&str> =
            package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        texts.push(standard(&licence, &authors).with_context(|| format!("{} has no licence text", word("name")))?);
    }
    let home = if word("repository").is_empty() { word("homepage") } else { word("repository") };
    Ok(Work { name: word("name"), version: word("version"), licence, home, texts })
}

/// The text of one of these licences, below the names that the authors gave themselves.
fn standard(licence: &str, authors: &[&str]) -> Result<String> {
    let offered: Vec<&str> = licence.split([' ', '/', '(', ')']).collect();
    let known = STANDARD.iter().find(|(name, _)| offered.contains(name));
    let (_, text) = known.with_context(|| format!("its licence is {licence:?}; put a text into xtask/deb/licences"))?;
    let authors = if authors.is_empty() { "the authors".to_owned() } else { authors.join(", ") };
    Ok(format!("Copyright (c) {authors}\n\n{text}"))
}

/// Linked into every program; its licences come with the compiler.
fn rust() -> Result<Work> {
    let version = printed(Command::new("rustc").arg("--version"))?;
    let version = version.split(' ').nth(1).context("rustc names no version")?.to_owned();
    let licence = "MIT OR Apache-2.0".to_owned();
    let texts = vec![standard(&licence, &["The Rust Project Developers"])?];
    let home = "https://github.com/rust-lang/rust".to_owned();
    Ok(Work { name: "std (Rust's standard library)".to_owned(), version, licence, home, texts })
}

/// Installs what the front end ships, and nothing that only builds it. A build did so before: npm has it at hand.
fn front_end_installed(shop: &Shop) -> Result<PathBuf> {
    let folder = shop.folder("deb-npm")?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        let from = shop.root.join("frontend").join(name);
        std::fs::copy(&from, folder.join(name)).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
    run(shop, "deb-npm-ci", npm.current_dir(&folder), TOOL_LIMIT)?;
    Ok(folder)
}

/// What the lock file ships; `installed` is the folder with `node_modules`.
fn front_end(root: &Path, installed: &Path) -> Result<Vec<Work>> {
    let lock: Value = serde_json::from_str(&read(&root.join("frontend/package-lock.json"))?)?;
    let packages = lock["packages"].as_object().context("package-lock.json names no packages")?;
    let shipped = packages.iter().filter(|(path, package)| !path.is_empty() && package["dev"] != true);
    let mut works = vec![];
    for (path, package) in shipped {
        let word = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        let name = path.trim_start_matches("node_modules/").to_owned();
        let home = format!("https://www.npmjs.com/package/{name}");
        let texts = texts_below(&installed.join(path))?;
        works.push(Work { name, version: word("version"), licence: word("license"), home, texts });
    }
    Ok(works)
}

fn fonts(root: &Path, name: &str, folder: &str) -> Result<Work> {
    let texts = vec![read(&root.join(folder).join("OFL.txt"))?];
    let (version, home) = (String::new(), String::new());
    Ok(Work { name: format!("{name} ({folder})"), version, licence: "OFL-1.1".to_owned(), home, texts })
}

fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// All notices in a folder and below: what was taken into a crate has its own.
fn texts_below(folder: &Path) -> Result<Vec<String>> {
    let failed = || format!("{} cannot be listed", folder.display());
    let entries = std::fs::read_dir(folder).with_context(failed)?.collect::<std::io::Result<Vec<_>>>();
    let mut paths: Vec<PathBuf> = entries.with_context(failed)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let mut texts = vec![];
    for path in paths {
        if path.is_dir() {
            texts.extend(texts_below(&path)?);
        } else if is_notice(&path) {
            texts.push(read(&path)?);
        }
    }
    Ok(texts)
}

fn is_notice(path: &Path) -> bool {
    const BEGINNINGS: [&str; 7] = ["license", "licence", "copying", "copyright", "notice", "unlicense", "ofl"];
    // The icon of a copyright sign is no notice.
    const OTHERS: [&str; 11] = ["c", "css", "h", "html", "js", "json", "map", "mjs", "py", "rs", "svg"];
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_other = path.extension().is_some_and(|ending| OTHERS.iter().any(|known| ending == *known));
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) && !is_other
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn work(name: &str, texts: &[&str]) -> Work {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let (version, licence) = ("1.0.0".to_owned(), "MIT".to_owned());
        Work { name: name.to_owned(), version, licence, home: String::new(), texts }
    }

    #[test]
    fn every_linked_crate_is_named_with_a_text() -> Result<()> {
        let written = compose(&[("Rust", crates(&root())?)])?;
        let ours = packages(&root())?.into_iter().filter(|package| package["source"].is_null()).collect::<Vec<_>>();
        let is_ours = |name: &str| ours.iter().any(|package| package["name"] == name);
        let linked = linked(&root())?;
        assert!(linked.len() > 200, "{} crates", linked.len());
        let lines: BTreeSet<&str> = written.lines().collect();
        for (name, version) in &linked {
            assert_eq!(lines.contains(format!("{name} {version}").as_str()), !is_ours(name), "{name} {version}");
        }
        // What the manifests of the linked rooms say, without asking `cargo tree`.
        let of_linked = ours.iter().filter(|package| linked.iter().any(|(name, _)| package["name"] == name.as_str()));
        for dependency in of_linked.flat_map(|package| package["dependencies"].as_array().into_iter().flatten()) {
            let name = dependency["name"].as_str().unwrap_or_default();
            if dependency["kind"].is_null() && dependency["optional"] == false && !is_ours(name) {
                assert!(written.contains(&format!("\n{name} ")), "{name}");
            }
        }
        Ok(())
    }

    #[test]
    fn what_is_written_does_not_depend_on_order() -> Result<()> {
        let (one, two) = (work("one", &["Copyright One\n\nWords.", "Apache"]), work("two", &["Apache \r\n"]));
        let written = compose(&[("Rust", vec![two.clone(), one.clone()])])?;
        assert_eq!(written, compose(&[("Rust", vec![one, two])])?);
        assert!(written.contains("one 1.0.0\n    MIT [1] [2]\ntwo 1.0.0\n    MIT [2]\n"), "{written}");
        assert!(
            written.contains("[1]\n\nCopyright One\n\nWords.\n\n--") && written.ends_with("[2]\n\nApache\n"),
            "{written}"
        );
        Ok(())
    }

    #[test]
    fn a_work_without_a_text_stops_the_package() {
        assert!(compose(&[("Rust", vec![work("bare", &[])])]).is_err());
        assert!(standard("Proprietary", &[]).is_err());
        let text = standard("Apache-2.0/MIT", &["Anna"]).unwrap_or_default();
        assert!(text.starts_with("Copyright (c) Anna\n\nPermission is hereby granted"), "{text}");
    }

    #[test]
    fn what_the_front_end_ships_is_named_and_what_builds_it_is_not() -> Result<()> {
        let installed = std::env::temp_dir().join(format!("stadtplatz-notices-{}", std::process::id()));
        for name in ["@kern-ux/native", "leaflet", "lucide-static"] {
            let folder = installed.join("node_modules").join(name);
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("LICENSE"), format!("Copyright {name}"))?;
            std::fs::write(folder.join("copyright.mjs.map"), "an icon")?;
        }
        let works = front_end(&root(), &installed);
        std::fs::remove_dir_all(&installed)?;
        let works = works?;
        let named: Vec<&str> = works.iter().map(|work| work.name.as_str()).collect();
        assert_eq!(named, ["@kern-ux/native", "leaflet", "lucide-static"]);
        assert_eq!(works[1].texts, ["Copyright leaflet"]);
        let manual = include_str!("../../../docs/betrieb/debian.md");
        for work in &works {
            assert!(
                manual.contains(&format!("| `{}` | {} |", work.name, work.licence)),
                "the manual lacks {}",
                work.name
            );
        }
        for (name, folder) in FONTS {
            assert!(manual.contains(&format!("| `{folder}` | OFL-1.1 |")), "the manual lacks {folder}");
            assert!(fonts(&root(), name, folder)?.texts[0].contains("SIL OPEN FONT LICENSE"), "{folder}");
        }
        Ok(())
    }
}
