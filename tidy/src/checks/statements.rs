//! SQL stands where everybody looks for it: in a room's `store`, in `platform/db`, in migrations, in the test kit.
//! A newcomer finds the statement behind a page in a minute because there is no other place.

use crate::rust::scan;
use crate::{File, Finding, Tree};

/// Beginnings of statements and the word that must follow, so that an English sentence is no SQL.
const STATEMENTS: [(&str, &str); 8] = [
    ("SELECT ", " FROM "),
    ("SELECT ", "$1"),
    ("INSERT INTO ", "("),
    ("UPDATE ", " SET "),
    ("DELETE FROM ", ""),
    ("CREATE TABLE ", ""),
    ("CREATE INDEX ", ""),
    ("WITH ", " AS ("),
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| !may_hold_sql(file)) {
        for literal in scan(&file.text).literals.iter().filter(|literal| is_sql(&literal.text)) {
            found.push(Finding::new(&file.path, literal.line, "SQL outside of a store"));
        }
    }
    found
}

fn may_hold_sql(file: &File) -> bool {
    file.path.starts_with("platform/db/")
        || file.path.starts_with("platform/testkit/")
        || file.path.starts_with("xtask/")
        || file.name().starts_with("store")
        || file.path.contains("/store/")
}

fn is_sql(text: &str) -> bool {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    STATEMENTS.iter().any(|(start, then)| line.strip_prefix(start).is_some_and(|rest| rest.contains(then)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    const CODE: &str = "fn f() { tx.query(\"SELECT id\n   FROM cases WHERE municipality = $1\", p![]) }";

    #[test]
    fn stores_may_hold_sql() {
        for path in ["rooms/cases/src/store.rs", "rooms/cases/src/store/lists.rs", "rooms/cases/src/tests/store.rs"] {
            assert!(on(check, &[(path, CODE)]).is_empty(), "{path}");
        }
    }

    #[test]
    fn pages_may_not() {
        let found = on(check, &[("rooms/cases/src/pages.rs", CODE), ("stadtplatz/src/main.rs", CODE)]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn sentences_are_no_sql() {
        let code = "fn f() { say(\"UPDATE the list\"); say(\"SELECT one\"); } // SELECT a FROM b";
        assert!(on(check, &[("rooms/cases/src/pages.rs", code)]).is_empty());
    }
}
