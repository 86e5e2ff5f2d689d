//! The people's texts: every key is there in German and in English, every key that code asks for is defined, every
//! defined key is asked for. Leichte Sprache is by choice and not compared.
//! A key made at run time (`status-` + word) is announced by a string that ends with the fixed part and a `-`.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust::{line_of, scan};
use crate::{File, Finding, Tree};

fn is_text_file(file: &File, language: &str) -> bool {
    file.path.ends_with(&format!("/texts/{language}.ftl"))
}

/// Message keys with their lines; terms and attributes are no keys.
fn keys(file: &File) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some((key, _)) = line.split_once('=') {
            let key = key.trim_end();
            let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
                && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if plain {
                found.insert(key, index + 1);
            }
        }
    }
    found
}

pub fn languages(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| is_text_file(file, "de") || is_text_file(file, "en")) {
        let (folder, own) = file.path.rsplit_once('/').unwrap_or_default();
        let other = if own == "de.ftl" { "en.ftl" } else { "de.ftl" };
        let Some(twin) = tree.file(&format!("{folder}/{other}")) else {
            found.push(Finding::new(&file.path, 0, format!("{other} is missing beside it")));
            continue;
        };
        let known = keys(twin);
        for (key, line) in keys(file).into_iter().filter(|(key, _)| !known.contains_key(key)) {
            found.push(Finding::new(&file.path, line, format!("{key} is missing in {other}")));
        }
    }
    found
}

/// Where texts are asked for: Rust strings and templates, with their lines.
fn sources(tree: &Tree) -> Vec<(&str, usize, String)> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| !file.path.starts_with("xtask/")) {
        found.extend(
            scan(&file.text).literals.into_iter().map(|literal| (file.path.as_str(), literal.line, literal.text)),
        );
    }
    for file in tree.templates() {
        for (index, line) in file.text.lines().enumerate() {
            let inside = line.split('"').skip(1).step_by(2).chain(line.split('\'').skip(1).step_by(2));
            found.extend(inside.map(|text| (file.path.as_str(), index + 1, text.to_owned())));
            // A string inside an attribute: class="{{ t.s("key") }}" turns the quotes inside out.
            found.extend(line.split('"').step_by(2).map(|text| (file.path.as_str(), index + 1, text.to_owned())));
        }
    }
    found
}

fn defined(tree: &Tree) -> BTreeSet<&str> {
    tree.files.iter().filter(|file| is_text_file(file, "de")).flat_map(|file| keys(file).into_keys()).collect()
}

/// `.s("key")`, `.with("key", …)`, `.count("key", …)`: the key must be defined.
pub fn known(tree: &Tree) -> Vec<Finding> {
    let defined = defined(tree);
    let mut found = Vec::new();
    for file in tree.rust().chain(tree.templates()) {
        let code = if file.ends("rs") { scan(&file.text).code } else { file.text.clone() };
        for call in ["t.s(", ".with(", "t.count("] {
            for (at, _) in file.text.match_indices(call) {
                // In Rust the call itself must be code, not a comment or string.
                if code.get(at..at + call.len()) != Some(call) {
                    continue;
                }
                let rest = file.text[at + call.len()..].trim_start();
                let Some(key) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
                if key.contains('-') && !defined.contains(key) {
                    let what = format!("the text {key} is not defined in any de.ftl");
                    found.push(Finding::new(&file.path, line_of(&file.text, at), what));
                }
            }
        }
    }
    found
}

pub fn used(tree: &Tree) -> Vec<Finding> {
    let mut exact = BTreeSet::new();
    let mut families = BTreeSet::new();
    for (_, _, text) in sources(tree) {
        if let Some((family, _)) = text.split_once('{').filter(|(family, _)| family.ends_with('-')) {
            families.insert(family.to_owned());
        } else if text.len() > 2 && text.ends_with('-') {
            families.insert(text.clone());
        }
        exact.insert(text);
    }
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| is_text_file(file, "de")) {
        let all = file.text.clone();
        for (key, line) in keys(file) {
            let by_reference = all.contains(&format!("{{ {key} }}"));
            let in_family = families.iter().any(|family| is_plain(family) && key.starts_with(family.as_str()));
            if !exact.contains(key) && !in_family && !by_reference {
                found.push(Finding::new(&file.path, line, format!("nothing asks for the text {key}: delete it")));
            }
        }
    }
    found
}

/// A family is the beginning of a key, not the end of a sentence.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    const DE: (&str, &str) = ("rooms/cases/texts/de.ftl", "# a\ncases-title = Vorgänge\ncases-state-open = Offen\n");
    const EN: (&str, &str) = ("rooms/cases/texts/en.ftl", "cases-title = Cases\ncases-state-open = Open\n");
    const PAGE: (&str, &str) = ("rooms/cases/templates/list.html", "<h1 title=\"{{ page.t.s(\"cases-title\") }}\">");
    const CODE: (&str, &str) = ("rooms/cases/src/pages.rs", "fn f() { t.find(&format!(\"cases-state-{word}\")); }");

    #[test]
    fn complete_texts_pass() {
        for check in [languages, known, used] {
            assert_eq!(on(check, &[DE, EN, PAGE, CODE]), [""; 0]);
        }
    }

    #[test]
    fn a_text_in_one_language_only_is_found() {
        let en = ("rooms/cases/texts/en.ftl", "cases-title = Cases\ncases-more = More\n");
        assert_eq!(on(languages, &[DE, en]).len(), 2);
        assert_eq!(on(languages, &[DE]).len(), 1);
    }

    #[test]
    fn an_unknown_key_is_found() {
        let page = ("rooms/cases/templates/list.html", "<h1>{{ page.t.s(\"cases-tittle\") }}</h1>");
        let code = ("rooms/cases/src/pages.rs", "fn f() { visit.t.s(\n \"cases-none\"); } // t.s(\"cases-remark\")");
        let found = on(known, &[DE, EN, page, code]);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn an_unused_key_is_found() {
        let found = on(used, &[DE, EN, CODE]);
        assert_eq!(found, ["rooms/cases/texts/de.ftl:2: nothing asks for the text cases-title: delete it"]);
    }
}
