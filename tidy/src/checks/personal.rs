//! Columns that look as if they hold personal data say whether they do: `-- personal` or `-- impersonal: why`.
//! Erasure, export and the log rules read these marks; a column that nobody thought about must not slip through.

use crate::sql::{self, Column};
use crate::{Finding, Tree};

/// Words in a column's name that mean a person, or text that a person typed.
const WORDS: [&str; 38] = [
    "name",
    "surname",
    "firstname",
    "email",
    "mail",
    "phone",
    "mobile",
    "fax",
    "ip",
    "address",
    "street",
    "house",
    "postcode",
    "born",
    "birthday",
    "iban",
    "signature",
    "note",
    "notes",
    "comment",
    "message",
    "body",
    "description",
    "remark",
    "reply",
    "answer",
    "answers",
    "question",
    "text",
    "subject",
    "title",
    "photo",
    "recipient",
    "sender",
    "agent",
    "reporter",
    "contact",
    "login",
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending("sql").filter(|file| file.path.contains("/migrations/")) {
        for table in sql::statements(&file.text).iter().filter_map(sql::Statement::table) {
            for column in table.columns.iter().filter(|column| !is_marked(column)) {
                let what = format!(
                    "{}.{} looks personal: end its line with `-- personal` or `-- impersonal: why`",
                    table.name, column.name
                );
                found.push(Finding::new(&file.path, column.line, what));
            }
        }
    }
    found
}

fn is_marked(column: &Column) -> bool {
    let looks_personal = column.kind == "TEXT" && column.name.split('_').any(|word| WORDS.contains(&word));
    if !looks_personal {
        return true;
    }
    match column.remark.strip_prefix("impersonal:") {
        Some(why) => !why.trim().is_empty(),
        None => {
            column.remark == "personal"
                || column.remark.starts_with("personal:")
                || column.remark.starts_with("personal,")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    const PATH: &str = "rooms/cases/migrations/20261122_cases.sql";

    #[test]
    fn marked_columns_pass() {
        let sql = "CREATE TABLE cases_a (\n reporter_name TEXT, -- personal\n unit_name TEXT, -- impersonal: an office\n\
                   state TEXT,\n mail_wanted BOOLEAN\n);";
        assert!(on(check, &[(PATH, sql)]).is_empty());
    }

    #[test]
    fn unmarked_columns_and_empty_reasons_do_not() {
        let sql =
            "CREATE TABLE cases_a (\n reporter_name TEXT,\n note TEXT, -- impersonal:\n phone TEXT -- call me\n);";
        let found = on(check, &[(PATH, sql)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("rooms/cases/migrations/20261122_cases.sql:2:"));
    }
}
