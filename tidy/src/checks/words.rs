//! Identifiers against `docs/glossary.toml`: a German word that has an English one is not used in code, so that one
//! thing has one name. Statutory words that are marked `kept` may stay. CSS class names count as identifiers.
//! File names, URLs and texts are German for citizens and are not looked at.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::rust::{identifiers, scan, words_of};
use crate::{Finding, Tree};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Glossary {
    /// Everyday words that need no entry of their own, German = English.
    everyday: BTreeMap<String, String>,
    word: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    german: String,
    /// Spellings in identifiers, where they are not simply the German word.
    #[serde(default)]
    spelled: Vec<String>,
    code: String,
    #[serde(default)]
    kept: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "read by people; the field keeps the file's shape checked")]
    note: String,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file("docs/glossary.toml") else {
        return vec![Finding::new("docs/glossary.toml", 0, "the glossary is missing")];
    };
    let glossary: Glossary = match toml::from_str(&file.text) {
        Ok(glossary) => glossary,
        Err(error) => return vec![Finding::new(&file.path, 0, format!("cannot be read: {}", error.message()))],
    };
    let german = dictionary(&glossary);
    let mut found = Vec::new();
    for file in tree.rust() {
        let code = scan(&file.text).code;
        for (line, identifier) in identifiers(&code) {
            found.extend(judge(&german, &file.path, line, identifier));
        }
    }
    for file in tree.ending("css").filter(|file| file.path.starts_with("frontend/css")) {
        for (line, class) in css_classes(&file.text) {
            found.extend(judge(&german, &file.path, line, &class));
        }
    }
    found.dedup();
    found
}

fn judge(german: &BTreeMap<String, String>, path: &str, line: usize, identifier: &str) -> Option<Finding> {
    let (word, english) = words_of(identifier).into_iter().find_map(|word| Some((word.clone(), german.get(&word)?)))?;
    Some(Finding::new(path, line, format!("{identifier}: the glossary says {english} for {word}")))
}

fn dictionary(glossary: &Glossary) -> BTreeMap<String, String> {
    let mut german = glossary.everyday.clone();
    for word in glossary.word.iter().filter(|word| !word.kept) {
        let english = words_of(&word.code);
        for spelling in word.spelled.iter().cloned().chain([fold(&word.german)]) {
            // A word that both languages share (Position) is no German word.
            let single = spelling.chars().all(char::is_alphanumeric);
            if single && !english.contains(&spelling) {
                german.insert(spelling, word.code.clone());
            }
        }
    }
    german
}

/// As it would stand in an identifier: small letters, umlauts written out.
fn fold(word: &str) -> String {
    word.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss")
}

/// `.case-list` and the like, outside of declarations.
fn css_classes(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let selector = line.split('{').next().unwrap_or_default();
        if line.trim_start().starts_with(['/', '*']) || (selector.contains(':') && selector.trim_end().ends_with(';')) {
            continue;
        }
        for part in selector.split('.').skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect();
            if name.starts_with(|c: char| c.is_alphabetic()) {
                found.push((index + 1, name));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    const WORDS: (&str, &str) = (
        "docs/glossary.toml",
        "[everyday]\nkarte = 'map'\n[[word]]\ngerman = 'Vorgang'\nspelled = ['vorgaenge']\ncode = 'Case'\n\
         [[word]]\ngerman = 'Abwägung'\ncode = 'Abwaegung'\nkept = true\n",
    );

    #[test]
    fn english_kept_words_and_texts_pass() {
        let code = "//! Head.\n/// Vorgang: a case.\nstruct Case; struct Abwaegung; fn f() { say(\"Vorgang\"); }";
        assert!(on(check, &[WORDS, ("rooms/cases/src/lib.rs", code)]).is_empty());
    }

    #[test]
    fn german_identifiers_are_found() {
        let code = "struct VorgangList; fn open_vorgaenge() {}\nlet karte = 1;";
        let found = on(check, &[WORDS, ("rooms/cases/src/lib.rs", code)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("the glossary says Case for vorgang"));
    }

    #[test]
    fn css_classes_are_identifiers() {
        let css = "/* .karte */\n.map-karte, .list {\n  background: url(a.karte.png);\n}\n";
        assert_eq!(on(check, &[WORDS, ("frontend/css/map.css", css)]).len(), 1);
    }

    #[test]
    fn a_missing_or_broken_glossary_is_found() {
        assert_eq!(on(check, &[]).len(), 1);
        assert_eq!(on(check, &[("docs/glossary.toml", "word = 3")]).len(), 1);
    }
}
