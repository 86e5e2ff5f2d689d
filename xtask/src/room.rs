//! `cargo xtask new-room NAME`: lays out a room of the standard shape that compiles and passes its own tests, and says
//! which four lines elsewhere make it part of the program.
//! Not a framework: what it writes belongs to the room from then on. It never overwrites anything.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::say;

const FILES: [(&str, &str); 13] = [
    ("Cargo.toml", include_str!("../room/Cargo.toml.txt")),
    ("askama.toml", include_str!("../room/askama.toml.txt")),
    ("migrations/{{date}}_{{room}}.sql", include_str!("../room/migrations/room.sql.txt")),
    ("templates/entries.html", include_str!("../room/templates/entries.html.txt")),
    ("texts/de.ftl", include_str!("../room/texts/de.ftl.txt")),
    ("texts/en.ftl", include_str!("../room/texts/en.ftl.txt")),
    ("src/lib.rs", include_str!("../room/src/lib.rs.txt")),
    ("src/entry.rs", include_str!("../room/src/entry.rs.txt")),
    ("src/store.rs", include_str!("../room/src/store.rs.txt")),
    ("src/pages.rs", include_str!("../room/src/pages.rs.txt")),
    ("src/tests/mod.rs", include_str!("../room/src/tests/mod.rs.txt")),
    ("src/tests/rules.rs", include_str!("../room/src/tests/rules.rs.txt")),
    ("src/tests/store.rs", include_str!("../room/src/tests/store.rs.txt")),
];

pub fn create(root: &Path, name: &str) -> Result<ExitCode> {
    let written = write(&root.join("rooms"), name, &today()?)?;
    for path in &written {
        say::line(&format!("written: {}", path.strip_prefix(root).unwrap_or(path).display()));
    }
    say::line(&format!(
        "\nFour lines make the room part of the program:\n\
         Cargo.toml                 {name} = {{ path = \"rooms/{name}\" }}   below [workspace.dependencies]\n\
         stadtplatz/Cargo.toml      {name}.workspace = true                 below [dependencies]\n\
         stadtplatz/src/rooms.rs    {name}::room(),                         in the list of rooms\n\
         ARCHITECTURE.md            {name} -> web                           in the list of edges, with its sentence\n\
         Then `cargo xtask test -p {name}`. The access matrix wants to know how each form is filled in:\n\
         stadtplatz/tests/it/forms.rs."
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes the room below `rooms`; used for real and in a throw-away workspace by the test step.
pub fn write(rooms: &Path, name: &str, date: &str) -> Result<Vec<PathBuf>> {
    let plain = !name.is_empty() && name.starts_with(|c: char| c.is_ascii_lowercase());
    if !plain || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        bail!("a room's name is one English word in small letters, as it will stand in front of its tables: {name}");
    }
    let folder = rooms.join(name);
    if folder.exists() {
        bail!("{} exists already; nothing was changed", folder.display());
    }
    let fill = |text: &str| text.replace("{{room}}", name).replace("{{date}}", date);
    let mut written = Vec::new();
    for (path, text) in FILES {
        let path = folder.join(fill(path));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be created", parent.display()))?;
        }
        std::fs::write(&path, fill(text)).with_context(|| format!("{} cannot be written", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

/// A throw-away workspace below `folder` with nothing but a new room, so that a step can build and test it.
pub fn throw_away(root: &Path, folder: &Path) -> Result<PathBuf> {
    let _missing = std::fs::remove_dir_all(folder);
    write(&folder.join("rooms"), PROBE, "20261122")?;
    std::os::unix::fs::symlink(root.join("platform"), folder.join("platform"))?;
    for name in ["Cargo.lock", "rust-toolchain.toml", "clippy.toml", "rustfmt.toml"] {
        std::fs::copy(root.join(name), folder.join(name)).with_context(|| format!("{name} cannot be copied"))?;
    }
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    std::fs::write(folder.join("Cargo.toml"), probe_manifest(&manifest))?;
    Ok(folder.join("Cargo.toml"))
}

/// The name of the room in the throw-away workspace.
pub const PROBE: &str = "specimen";

/// The repository's manifest with the platform and the new room as its only members.
fn probe_manifest(manifest: &str) -> String {
    let lines = manifest.lines().filter(|line| !line.starts_with("default-members"));
    let own = lines.map(|line| match line.starts_with("members") {
        true => "members = [\"platform/*\", \"rooms/*\"]",
        false => line,
    });
    own.collect::<Vec<_>>().join("\n")
}

/// The day for the migration's name. `date` is asked, because std knows no calendar.
fn today() -> Result<String> {
    let output = Command::new("date").arg("+%Y%m%d").output().context("the command `date` is missing")?;
    let day = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if day.len() != 8 || !day.chars().all(|c| c.is_ascii_digit()) {
        bail!("`date +%Y%m%d` answered {day}");
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("stadtplatz-room-test-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_room_is_laid_out_once_and_without_left_over_placeholders() -> Result<()> {
        let rooms = folder("whole");
        let written = write(&rooms, "library", "20261122")?;
        assert_eq!(written.len(), FILES.len());
        assert!(rooms.join("library/migrations/20261122_library.sql").exists());
        for path in &written {
            let text = std::fs::read_to_string(path)?;
            assert!(!text.contains("{{room}}") && !text.contains("{{date}}"), "{}", path.display());
        }
        assert!(write(&rooms, "library", "20261122").is_err(), "an existing room stays as it is");
        std::fs::remove_dir_all(rooms)?;
        Ok(())
    }

    #[test]
    fn the_throw_away_workspace_keeps_versions_and_lints() {
        let manifest = "[workspace]\nmembers = [\"a\", \"xtask\"]\ndefault-members = [\"a\"]\n[workspace.lints.rust]";
        let own = probe_manifest(manifest);
        assert_eq!(own, "[workspace]\nmembers = [\"platform/*\", \"rooms/*\"]\n[workspace.lints.rust]");
    }

    #[test]
    fn names_that_are_no_words_are_refused() {
        let rooms = folder("names");
        for name in ["", "Library", "../escape", "bücher", "_library"] {
            assert!(write(&rooms, name, "20261122").is_err(), "{name}");
        }
        assert!(!rooms.exists());
    }
}
