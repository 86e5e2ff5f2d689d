//! `cargo xtask deb`: the Debian package, put together by `dpkg-deb` from a release binary and the files in `xtask/deb`.
//! Not debhelper: there is one binary, one unit, one file of settings. Invariant: the package holds what this list names,
//! owned by root, and its settings are a conffile.

mod notices;
mod proof;

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::report::{Outcome, Report};
use crate::run::Shop;
use crate::say;
use crate::steps;

pub const HELP: &str = "\
cargo xtask deb [--binary PATH] [--test]
    Writes target/debian/stadtplatz_VERSION_ARCH.deb from a release build.
    --binary PATH  this binary instead of a release build
    --test         checks the unit and the package, then installs, starts, stops and removes it (root, Debian,
                   a machine without stadtplatz)";

const BUILD_LIMIT: Duration = Duration::from_secs(3600);
const TOOL_LIMIT: Duration = Duration::from_secs(300);
const MAINTAINER: &str = "Stadtplatz <stadtplatz@localhost>";

const UNIT: &str = include_str!("../../deb/stadtplatz.service");
const MANUAL: &str = include_str!("../../deb/stadtplatz.1");
/// Path in the package, content, rights.
const FILES: [(&str, &str, u32); 10] = [
    ("usr/sbin/stadtplatz-admin", include_str!("../../deb/stadtplatz-admin"), 0o755),
    ("lib/systemd/system/stadtplatz.service", UNIT, 0o644),
    ("etc/stadtplatz/stadtplatz.toml", include_str!("../../deb/stadtplatz.toml"), 0o640),
    ("usr/share/man/man1/stadtplatz.1", MANUAL, 0o644),
    ("usr/share/man/man8/stadtplatz-admin.8", ".so man1/stadtplatz.1\n", 0o644),
    ("usr/share/lintian/overrides/stadtplatz", include_str!("../../deb/lintian-overrides"), 0o644),
    ("DEBIAN/conffiles", "/etc/stadtplatz/stadtplatz.toml\n", 0o644),
    ("DEBIAN/postinst", include_str!("../../deb/postinst"), 0o755),
    ("DEBIAN/prerm", include_str!("../../deb/prerm"), 0o755),
    ("DEBIAN/postrm", include_str!("../../deb/postrm"), 0o755),
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    binary: Option<PathBuf>,
    test: bool,
}

fn wish(words: &[String]) -> Result<Wish> {
    let mut wish = Wish::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--test" => wish.test = true,
            "--binary" => wish.binary = Some(rest.next().context("--binary needs a path")?.into()),
            other => bail!("not understood: {other}\n{HELP}"),
        }
    }
    Ok(wish)
}

pub fn command(shop: &Shop, words: &[String]) -> Result<ExitCode> {
    let wish = wish(words)?;
    let mut report = Report::default();
    let mut package = None;
    report.step("Debian package", |_| {
        let binary = match &wish.binary {
            Some(binary) => binary.clone(),
            None => release(shop)?,
        };
        let written = build(shop, &binary)?;
        say::line(&format!("    {}", written.display()));
        package = Some(written);
        Ok(Outcome::new(Counts::PASSED, ""))
    });
    if let (Some(package), true) = (package, wish.test) {
        proof::steps(shop, &package, &mut report);
    }
    Ok(report.close())
}

fn release(shop: &Shop) -> Result<PathBuf> {
    let mut build = steps::cargo(shop, "build");
    run(shop, "build-release", build.args(["--release", "--package", "stadtplatz"]), BUILD_LIMIT)?;
    Ok(steps::target(shop).join("release/stadtplatz"))
}

fn run(shop: &Shop, name: &str, command: &mut Command, limit: Duration) -> Result<String> {
    let ended = shop.run(name, command, limit)?;
    if !ended.ok {
        say::tail(&ended.log, 40);
        bail!("{name} {}", ended.why);
    }
    Ok(ended.log)
}

fn build(shop: &Shop, binary: &Path) -> Result<PathBuf> {
    let (tree, out) = (shop.folder("deb")?, steps::target(shop).join("debian"));
    std::fs::create_dir_all(&out)?;
    for (path, content, mode) in FILES {
        write(&tree.join(path), content.as_bytes(), mode)?;
    }
    let program = tree.join("usr/bin/stadtplatz");
    let bytes = std::fs::read(binary).with_context(|| format!("{} cannot be read", binary.display()))?;
    write(&program, &bytes, 0o755)?;
    let mut strip = Command::new("strip");
    strip.args(["--strip-unneeded", "--remove-section=.comment", "--remove-section=.note"]).arg(&program);
    run(shop, "strip", &mut strip, TOOL_LIMIT)?;
    let stripped = std::fs::read(&program)?;

    let docs = tree.join("usr/share/doc/stadtplatz");
    let licence = std::fs::read_to_string(shop.root.join("LICENSE")).context("LICENSE cannot be read")?;
    write(&docs.join("copyright"), copyright(&licence).as_bytes(), 0o644)?;
    let manifest = std::fs::read_to_string(shop.root.join("Cargo.toml"))?;
    let version = version_in(&manifest).context("Cargo.toml names no version")?;
    write(&docs.join("changelog"), changelog(version, &date(shop, "%cD")?).as_bytes(), 0o644)?;
    write(&docs.join("THIRD-PARTY.txt"), notices::text(shop)?.as_bytes(), 0o644)?;
    for text in [
        docs.join("changelog"),
        docs.join("THIRD-PARTY.txt"),
        tree.join("usr/share/man/man1/stadtplatz.1"),
        tree.join(FILES[4].0),
    ] {
        run(shop, "gzip", Command::new("gzip").args(["-9n"]).arg(&text), TOOL_LIMIT)?;
    }

    let architecture = run(shop, "architecture", Command::new("dpkg").arg("--print-architecture"), TOOL_LIMIT)?;
    let architecture = architecture.trim();
    let kilobytes = size_of(&tree)? / 1024;
    let glibc = glibc_needed(&stripped).unwrap_or_else(|| "2.34".to_owned());
    let control = control(version, architecture, kilobytes, &glibc);
    write(&tree.join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    write(&tree.join("DEBIAN/md5sums"), md5sums(shop, &tree)?.as_bytes(), 0o644)?;
    open_folders(&tree)?;
    let package = out.join(format!("stadtplatz_{version}_{architecture}.deb"));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--build", "--root-owner-group"]).arg(&tree).arg(&package);
    pack.env("SOURCE_DATE_EPOCH", date(shop, "%ct")?);
    run(shop, "dpkg-deb", &mut pack, TOOL_LIMIT)?;
    Ok(package)
}

fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    std::fs::create_dir_all(path.parent().context("a file has a folder")?).with_context(failed)?;
    std::fs::write(path, content).with_context(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).with_context(failed)
}

/// Whatever mask this process has, folders of a package may be entered by all.
fn open_folders(folder: &Path) -> Result<()> {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

fn md5sums(shop: &Shop, tree: &Path) -> Result<String> {
    let find = "find etc lib usr -type f -not -path 'etc/*' -print0 | sort -z | xargs -0 md5sum";
    run(shop, "md5sums", Command::new("sh").args(["-c", find]).current_dir(tree), TOOL_LIMIT)
}

/// Of the last commit, in this format of git: the same source gives the same package.
fn date(shop: &Shop, format: &str) -> Result<String> {
    let mut log = Command::new("git");
    log.args(["log", "-1"]).arg(format!("--format={format}")).current_dir(&shop.root);
    Ok(run(shop, "commit-date", &mut log, TOOL_LIMIT)?.trim().to_owned())
}

fn version_in(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find(|line| line.starts_with("version = "))?;
    line.split('"').nth(1)
}

/// The newest version of the C library that the binary names, as `dpkg-shlibdeps` would find it.
fn glibc_needed(binary: &[u8]) -> Option<String> {
    const WORD: &[u8] = b"GLIBC_2.";
    let minor = |at: usize| -> Option<u32> {
        let digits: String =
            binary[at + WORD.len()..].iter().take_while(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
        digits.parse().ok()
    };
    let found = binary.windows(WORD.len()).enumerate().filter(|(_, word)| *word == WORD);
    found.filter_map(|(at, _)| minor(at)).max().map(|minor| format!("2.{minor}"))
}

fn control(version: &str, architecture: &str, kilobytes: u64, glibc: &str) -> String {
    format!(
        "Package: stadtplatz\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {kilobytes}\nSection: web\nPriority: optional\n\
         Depends: libc6 (>= {glibc}), libgcc-s1, adduser, ca-certificates, init-system-helpers (>= 1.52)\n\
         Recommends: nginx | httpd\nSuggests: postgresql, postgresql-client\n\
         Description: digital town square of a municipality\n \
         Citizens report damage, follow their case and find what their town offers;\n \
         the staff works on it at one desk. One program serves one or many\n \
         municipalities, on SQLite or PostgreSQL.\n"
    )
}

fn changelog(version: &str, date: &str) -> String {
    format!(
        "stadtplatz ({version}) unstable; urgency=medium\n\n  * What changed: CHANGELOG.md in the source.\n\n -- {MAINTAINER}  {date}\n"
    )
}

/// The licence in full: Debian's common licences do not have it.
fn copyright(licence: &str) -> String {
    let mut text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
                    Upstream-Name: Stadtplatz\n\
                    Comment: The program contains works of others. They, their licences and the notices of\n \
                    their authors are in /usr/share/doc/stadtplatz/THIRD-PARTY.txt.gz\n\n\
                    Files: *\nCopyright: the authors of Stadtplatz\nLicense: EUPL-1.2\n\n\
                    License: EUPL-1.2\n"
        .to_owned();
    for line in licence.lines() {
        let _ = writeln!(text, " {}", if line.trim().is_empty() { "." } else { line.trim_end() });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_unknown_ones_refused() -> Result<()> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(wish(&words("--binary x/y --test"))?, Wish { binary: Some("x/y".into()), test: true });
        assert!(wish(&words("--binary")).is_err());
        assert!(wish(&words("--fast")).is_err());
        Ok(())
    }

    #[test]
    fn the_newest_c_library_counts() {
        let binary = b"..GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.17\0GLIBC_2.x";
        assert_eq!(glibc_needed(binary).as_deref(), Some("2.34"));
        assert_eq!(glibc_needed(b"static"), None);
    }

    #[test]
    fn the_licence_is_there_in_full_and_in_form() {
        let text = copyright("EUPL\n\nArticle 1  \n");
        assert!(text.ends_with("License: EUPL-1.2\n EUPL\n .\n Article 1\n"), "{text}");
        assert!(control("0.1.0", "amd64", 7, "2.34").ends_with("PostgreSQL.\n"));
    }

    #[test]
    fn settings_of_the_package_are_those_the_program_knows() {
        let known = include_str!("../../../stadtplatz/src/config.rs");
        for line in include_str!("../../deb/stadtplatz.toml").lines() {
            let Some((name, _)) = line.trim_start_matches("# ").split_once(" = ") else { continue };
            assert!(known.contains(&format!("    {name}: Option<")), "{name}");
        }
    }
}
