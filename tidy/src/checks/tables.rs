//! Tables of the rooms: the room's prefix, `municipality` first in the row, in the primary key and in every index,
//! column types that mean the same on both databases, foreign keys only along crate edges.
//! So a provider can distribute by that column, and a room can be taken out with its tables.

use crate::checks::edges::read_edges;
use crate::sql::{self, Statement, strip};
use crate::{File, Finding, Tree};

const KINDS: [&str; 6] = ["UUID", "BIGINT", "DOUBLE", "BOOLEAN", "TEXT", "BYTEA"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending("sql").filter(|file| file.path.contains("/migrations/")) {
        let Some(room) = file.room() else { continue };
        for statement in sql::statements(&file.text) {
            found.extend(table(file, room, &statement));
            found.extend(index(file, room, &statement));
            found.extend(foreign_keys(tree, file, room, &statement));
        }
    }
    found
}

fn table(file: &File, room: &str, statement: &Statement) -> Vec<Finding> {
    let Some(table) = statement.table() else { return Vec::new() };
    let mut found = Vec::new();
    let mut say = |line: usize, what: String| found.push(Finding::new(&file.path, line, what));
    if !table.name.starts_with(&format!("{room}_")) {
        say(table.line, format!("the table {} does not begin with {room}_", table.name));
    }
    let first = table.columns.first();
    if !first.is_some_and(|column| column.name == "municipality" && column.kind == "UUID") {
        say(table.line, format!("the first column of {} is not municipality UUID", table.name));
    }
    if !squeeze(&table.text).contains("PRIMARYKEY(MUNICIPALITY") {
        say(table.line, format!("the primary key of {} does not begin with municipality", table.name));
    }
    for column in table.columns.iter().filter(|column| !KINDS.contains(&column.kind.as_str())) {
        say(column.line, format!("{}: the type {} is not one that both databases share", column.name, column.kind));
    }
    found
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_uppercase()
}

fn index(file: &File, room: &str, statement: &Statement) -> Vec<Finding> {
    let Some(rest) = strip(&statement.text, "CREATE INDEX ").or_else(|| strip(&statement.text, "CREATE UNIQUE INDEX "))
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let name = rest.split_whitespace().next().unwrap_or_default();
    if !name.starts_with(&format!("{room}_")) {
        found.push(Finding::new(&file.path, statement.line, format!("the index {name} does not begin with {room}_")));
    }
    let columns = rest.split_once('(').map(|(_, columns)| squeeze(columns)).unwrap_or_default();
    if !columns.starts_with("MUNICIPALITY,") && !columns.starts_with("MUNICIPALITY)") {
        found.push(Finding::new(
            &file.path,
            statement.line,
            format!("the index {name} does not begin with municipality"),
        ));
    }
    found
}

fn foreign_keys(tree: &Tree, file: &File, room: &str, statement: &Statement) -> Vec<Finding> {
    let mut found = Vec::new();
    let upper = statement.text.to_uppercase();
    let edges = read_edges(tree).map(|(edges, _)| edges).unwrap_or_default();
    for (at, _) in upper.match_indices("REFERENCES ") {
        let target: String =
            statement.text[at + 11..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let own = target.starts_with(&format!("{room}_"));
        let along =
            edges.get(room).is_some_and(|rooms| rooms.iter().any(|other| target.starts_with(&format!("{other}_"))));
        if !own && !along {
            let what = format!("a foreign key points to {target}, but {room} may not know that room");
            found.push(Finding::new(&file.path, statement.line, what));
        }
        let columns = upper[at..].split_once('(').map(|(_, columns)| columns.trim_start());
        if !columns.is_some_and(|columns| columns.starts_with("MUNICIPALITY")) {
            let what = format!("a foreign key to {target} does not carry municipality");
            found.push(Finding::new(&file.path, statement.line, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    const EDGES: (&str, &str) = ("ARCHITECTURE.md", "```edges\ncases -> identity\n```\n");
    const PATH: &str = "rooms/cases/migrations/20261122_cases.sql";

    fn found(sql: &str) -> Vec<String> {
        on(check, &[EDGES, (PATH, sql)])
    }

    #[test]
    fn a_good_table_passes() {
        let sql = "CREATE TABLE cases_cases (\n municipality UUID NOT NULL,\n id UUID NOT NULL,\n unit UUID,\n\
                   PRIMARY KEY (municipality, id),\n\
                   FOREIGN KEY (municipality, unit) REFERENCES identity_units (municipality, id)\n);\n\
                   CREATE UNIQUE INDEX cases_by_unit ON cases_cases (municipality, unit, id);\n";
        assert_eq!(found(sql), [""; 0]);
    }

    #[test]
    fn prefix_first_column_key_and_type_are_checked() {
        let sql = "CREATE TABLE notes (\n id UUID,\n at INTEGER,\n PRIMARY KEY (id)\n);\n";
        let found = found(sql);
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn indexes_and_foreign_keys_are_checked() {
        let sql = "CREATE INDEX by_unit ON cases_cases (unit);\n\
                   CREATE TABLE cases_a (\n municipality UUID NOT NULL,\n id UUID,\n\
                   PRIMARY KEY (municipality, id),\n FOREIGN KEY (id) REFERENCES reports_reports (id)\n);\n";
        let found = found(sql);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[3].contains("does not carry municipality"));
    }
}
