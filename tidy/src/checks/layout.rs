//! What a file must begin with and must not contain: heads, `#[allow]`, notes to self, `dbg!`, `unwrap` outside tests,
//! and traces of the machine it was written on.

use crate::rust::{line_of, scan, without_tests};
use crate::{File, Finding, Tree};

const HEAD_LINES_MAX: usize = 8;
const NOTES: [&str; 3] = ["TODO", "FIXME", "XXX"];
const CODE: [&str; 8] = ["rs", "mjs", "js", "css", "html", "sql", "ftl", "toml"];
const MACHINES: [&str; 8] = [
    "/work/",
    "/home/",
    "/root/",
    "/tmp/bash",
    "registry.npmjs.org",
    "static.crates.io",
    "index.crates.io",
    "npmmirror",
];

pub fn banned(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let code = scan(&file.text).code;
        found.extend(places(file, &code, "#[allow", "use #[expect(lint, reason)] instead of #[allow]"));
        found.extend(places(file, &code, "#![allow", "use #![expect(lint, reason)] instead of #![allow]"));
        found.extend(places(file, &code, "dbg!(", "dbg! is for the desk, not for the repository"));
        if !file.is_test() {
            let what = "unwrap outside tests: handle it, or expect(why) under #[expect(clippy::expect_used, reason)]";
            found.extend(places(file, &without_tests(&code), ".unwrap()", what));
        }
    }
    for file in tree.files.iter().filter(|file| CODE.iter().any(|ending| file.ends(ending)) && !is_own(file)) {
        for note in NOTES {
            found.extend(notes(file, note));
        }
    }
    found
}

fn is_own(file: &File) -> bool {
    file.path.starts_with("tidy/")
}

fn places(file: &File, code: &str, needle: &str, what: &str) -> Vec<Finding> {
    code.match_indices(needle).map(|(at, _)| Finding::new(&file.path, line_of(code, at), what)).collect()
}

/// A note to self as a word of its own.
fn notes(file: &File, note: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == note) {
            found.push(Finding::new(&file.path, index + 1, format!("{note}: do it or write an issue")));
        }
    }
    found
}

/// Every Rust file says in its head what it is, what it is not, and its invariant.
pub fn heads(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending("rs") {
        let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
        if lines == 0 {
            found.push(Finding::new(&file.path, 1, "the file does not begin with a //! head"));
        } else if lines > HEAD_LINES_MAX {
            found.push(Finding::new(
                &file.path,
                1,
                format!("the head has {lines} lines, {HEAD_LINES_MAX} are allowed"),
            ));
        }
    }
    for file in tree.ending("sql").filter(|file| !file.text.trim_start().starts_with("--")) {
        found.push(Finding::new(&file.path, 1, "the file does not begin with a -- head"));
    }
    found
}

/// Nothing committed may know the machine or the registry mirror of whoever wrote it.
pub fn machines(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !is_own(file)) {
        for (index, line) in file.text.lines().enumerate() {
            for trace in MACHINES.iter().filter(|trace| line.contains(**trace)) {
                found.push(Finding::new(&file.path, index + 1, format!("a trace of one machine or registry: {trace}")));
            }
        }
        if file.name() == "package-lock.json" && file.text.contains("\"resolved\"") {
            let what = "the lock file names registry hosts: npm config omit-lockfile-registry-resolved=true";
            found.push(Finding::new(&file.path, 0, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    #[test]
    fn clean_code_passes() {
        let code = "//! Head.\n#[expect(dead_code, reason = \"x\")]\nfn f() { say(\"dbg!(.unwrap()\"); } // #[allow\n\
                    #[cfg(test)]\nmod tests { fn g() { x.unwrap(); } }\n";
        assert!(on(banned, &[("rooms/cases/src/lib.rs", code)]).is_empty());
        assert!(on(banned, &[("rooms/cases/src/tests/rules.rs", "fn g() { x.unwrap(); }")]).is_empty());
    }

    #[test]
    fn banned_things_are_found() {
        let code = "#[allow(dead_code)]\nfn f() { dbg!(x); x.unwrap(); }\n// TODO later\n";
        let found = on(banned, &[("rooms/cases/src/lib.rs", code)]);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(on(banned, &[("frontend/css/a.css", "/* FIXME */")])[0].contains("FIXME"));
        assert!(on(banned, &[("frontend/css/a.css", "/* METODOS */")]).is_empty());
    }

    #[test]
    fn heads_are_required_and_short() {
        let long = "//! x\n".repeat(9);
        let found = on(heads, &[("a.rs", "//! A.\n"), ("b.rs", "fn f() {}"), ("c.rs", &long), ("d.sql", "CREATE")]);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn traces_of_machines_are_found() {
        let lock = ("e2e/package-lock.json", "{\"resolved\": \"https://example.org/x.tgz\"}");
        assert_eq!(on(machines, &[lock, ("a.md", "see /home/anna/x"), ("b.md", "https://example.org/")]).len(), 2);
    }
}
