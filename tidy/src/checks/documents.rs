//! Documents that must not rot: ARCHITECTURE.md stays short, and every path that it names exists; relative links and
//! pictures in all Markdown files lead somewhere.

use crate::{File, Finding, Tree};

const LINES_MAX: usize = 250;
/// The first parts of paths that are ours; `a/b` in a sentence is no path.
const ROOTS: [&str; 13] = [
    "stadtplatz",
    "platform",
    "rooms",
    "frontend",
    "e2e",
    "xtask",
    "tidy",
    "docs",
    ".ci",
    ".cargo",
    ".config",
    "simulators",
    "bench",
];

pub fn architecture(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file("ARCHITECTURE.md") else {
        return vec![Finding::new("ARCHITECTURE.md", 0, "it is missing")];
    };
    let mut found = Vec::new();
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        found.push(Finding::new(&file.path, 0, format!("{lines} lines, {LINES_MAX} are allowed")));
    }
    for (index, line) in file.text.lines().enumerate() {
        for path in line.split('`').skip(1).step_by(2).filter(|word| is_path(word)) {
            // `rooms/*/src/store.rs` stands for every room; what is before the star must exist.
            let fixed = path.split('*').next().unwrap_or_default();
            if !tree.exists(fixed) {
                found.push(Finding::new(&file.path, index + 1, format!("{path} does not exist")));
            }
        }
    }
    found
}

fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-*".contains(c));
    let root_file = !word.contains('/') && (word.ends_with(".md") || word.ends_with(".toml"));
    plain && (root_file || word.split_once('/').is_some_and(|(first, _)| ROOTS.contains(&first)))
}

pub fn links(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending("md") {
        for (index, line) in file.text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let target = target.split('#').next().unwrap_or_default();
                let foreign = target.is_empty() || target.contains(':');
                if !foreign && !tree.exists(&resolve(file, target)) {
                    found.push(Finding::new(&file.path, index + 1, format!("the link {target} leads nowhere")));
                }
            }
        }
    }
    found
}

fn resolve(file: &File, target: &str) -> String {
    let mut parts: Vec<&str> = file.path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    #[test]
    fn existing_paths_pass_and_others_do_not() {
        let text = "See `platform/db/src/lib.rs`, `rooms/*/src/store.rs`, `GET /melden`, `Tx` and `rooms/gone/src`.\n";
        let files = [("ARCHITECTURE.md", text), ("platform/db/src/lib.rs", ""), ("rooms/cases/src/store.rs", "")];
        assert_eq!(on(architecture, &files), ["ARCHITECTURE.md:1: rooms/gone/src does not exist"]);
    }

    #[test]
    fn a_long_or_missing_architecture_is_found() {
        assert_eq!(on(architecture, &[("ARCHITECTURE.md", &"x\n".repeat(251))]).len(), 1);
        assert_eq!(on(architecture, &[]).len(), 1);
    }

    #[test]
    fn links_are_followed_from_their_file() {
        let files = [
            ("docs/adr/a.md", "[b](b.md#x) [c](../../README.md) [d](https://example.org) [e](e.md)"),
            ("docs/adr/b.md", ""),
            ("README.md", "![home](docs/screens/home.png)"),
        ];
        let found = on(links, &files);
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
