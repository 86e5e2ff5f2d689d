//! The source files of the repository in memory: path relative to its root, with forward slashes, and text.
//! Build results, installed packages and data folders are not source and are left out.

use std::path::Path;

use anyhow::{Context, Result};

const LEFT_OUT: [&str; 5] = ["target", "node_modules", ".git", "test-results", "raw"];
/// Only directly in the repository: a room may have a folder `data` of its own.
const LEFT_OUT_ON_TOP: [&str; 2] = ["data", "demo-data"];
const TEXTS: [&str; 19] = [
    "rs", "toml", "md", "sql", "html", "css", "mjs", "js", "ftl", "json", "txt", "svg", "yml", "yaml", "sh", "lock",
    "npmrc", "snap", "eml",
];

#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn ends(&self, ending: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| end == ending)
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The room this file belongs to.
    pub fn room(&self) -> Option<&str> {
        self.path.strip_prefix("rooms/")?.split('/').next()
    }

    /// Test code as a whole file.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// All files, sorted by path.
#[derive(Debug, Default)]
pub struct Tree {
    pub files: Vec<File>,
    /// Everything that exists, files and folders, for checks of named paths.
    paths: std::collections::BTreeSet<String>,
}

impl Tree {
    /// A tree for a test of a check.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            let mut parent = *path;
            while let Some((above, _)) = parent.rsplit_once('/') {
                tree.paths.insert(above.to_owned());
                parent = above;
            }
            tree.paths.insert((*path).to_owned());
            tree.files.push(File { path: (*path).to_owned(), text: (*text).to_owned() });
        }
        tree
    }

    pub fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, root)?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    fn walk(&mut self, root: &Path, folder: &Path) -> Result<()> {
        let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let on_top = folder == root && LEFT_OUT_ON_TOP.contains(&name.as_str());
            if on_top || LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            let Ok(relative) = path.strip_prefix(root) else { continue };
            let relative = relative.to_string_lossy().replace('\\', "/");
            self.paths.insert(relative.clone());
            if path.is_dir() {
                self.walk(root, &path)?;
            } else if is_text(&name) {
                let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
                self.files.push(File { path: relative, text: String::from_utf8_lossy(&bytes).into_owned() });
            }
        }
        Ok(())
    }

    pub fn ending<'t>(&'t self, ending: &'t str) -> impl Iterator<Item = &'t File> {
        self.files.iter().filter(move |file| file.ends(ending))
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub fn exists(&self, path: &str) -> bool {
        self.paths.contains(path.trim_start_matches("./").trim_end_matches('/'))
    }

    /// Rust code that belongs to the program or its tests; not this crate, whose samples break every rule on purpose.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.ending("rs").filter(|file| !file.path.starts_with("tidy/"))
    }

    /// Page templates and mail templates.
    pub fn templates(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.contains("/templates/") && !file.path.starts_with("xtask/"))
    }
}

fn is_text(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, ending)) => TEXTS.contains(&ending),
        None => name == "LICENSE" || name == "run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_know_their_room_and_kind() {
        let tree = Tree::of(&[("rooms/cases/src/tests/store.rs", ""), ("platform/db/src/tx.rs", "")]);
        assert_eq!(tree.files[0].room(), Some("cases"));
        assert!(tree.files[0].is_test() && !tree.files[1].is_test());
        assert!(tree.exists("rooms/cases/") && !tree.exists("rooms/cards"));
    }
}
