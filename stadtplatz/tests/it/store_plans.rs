//! No statement of the house reads a whole table, or all that one town has of what grows for years, now or with ten and a
//! hundred times as much: such a plan is quick in every test and takes the town down in its third year. No time is
//! measured here.
//! Invariant: every statement that any route has run is asked for its plan; what may read so much is named with its reason.

use crate::store_probe::{Grown, postgres_plan, sqlite_plan};
use db::Kind;
use testkit::TestDb;

/// Tables that are read as a whole on purpose.
const WHOLE: &[(&str, &str)] = &[
    ("municipalities", "one row for each town, read by operators and for a host nobody knows"),
    ("found", "no table: the districts of one town, each found by a step in its index"),
];

/// What a town has more of with every day.
const GROWING: &[&str] = &[
    "audit",
    "cases_attachments",
    "cases_cases",
    "cases_confirmations",
    "cases_entries",
    "cases_parties",
    "reports_complaints",
    "reports_follows",
    "reports_forwards",
    "reports_photos",
    "reports_reports",
    "reports_steps",
];

/// Beginnings of statements that read all of it on purpose.
const ALL_OF_A_TOWN: &[(&str, &str)] = &[
    (
        "SELECT f.id, r.case_id, r.unit",
        "what was handed on to other offices: a few of a hundred reports, on their own page",
    ),
    ("SELECT DISTINCT category, category_label FROM cases_cases", "open cases only, by an index that holds no others"),
    ("SELECT DISTINCT district FROM cases_cases", "open cases only, by an index that holds no others"),
];

/// Searches that exclude next to nothing: nearly all reports are public.
const ALIKE: &[&str] = &["municipality=?", "visibility=?"];

const SIZES: &[Grown] = &[Grown::Towns(10), Grown::Towns(100), Grown::RowsOfEachTown(10), Grown::RowsOfEachTown(100)];

/// Fails with every statement whose plan reads too much.
pub fn go_by_index(database: &TestDb) {
    let heard: Vec<String> = database.heard.lock().unwrap().iter().cloned().collect();
    for table in GROWING {
        assert!(
            heard.iter().any(|sql| sql.split([' ', '\n']).any(|word| word == *table)),
            "no statement names {table}"
        );
    }
    let mut wrong = vec![];
    let mut asked = 0;
    let growths = if database.kind == Kind::Sqlite { SIZES } else { &SIZES[..1] };
    for grown in growths {
        let plans = match database.url.strip_prefix("sqlite:") {
            Some(file) => sqlite_plan(file, *grown, &heard),
            None => postgres_plan(&database.url, &heard),
        };
        for (sql, plan) in heard.iter().zip(plans) {
            let Some(plan) = plan else { continue };
            asked += 1;
            let table = match grown {
                Grown::Towns(_) => whole_table(sql, &plan),
                Grown::RowsOfEachTown(_) => whole_town(sql, &plan),
            };
            wrong.extend(table.map(|table| format!("{table}, {grown:?}: {sql}\n{plan}\n")));
        }
    }
    assert!(asked > 150 * growths.len(), "only {asked} plans of {} statements were looked at", heard.len());
    assert!(wrong.is_empty(), "{} plans read too much:\n\n{}", wrong.len(), wrong.join("\n"));
}

/// The table that this plan reads from end to end.
fn whole_table<'s>(sql: &'s str, plan: &str) -> Option<&'s str> {
    let mut read =
        lines(plan).filter_map(|line| named(sql, line, "SCAN ").or_else(|| named(sql, line, "Seq Scan on ")));
    read.find(|table| !WHOLE.iter().any(|(whole, _)| whole == table))
}

/// The growing table of which this plan reads all that the town has.
fn whole_town<'s>(sql: &'s str, plan: &str) -> Option<&'s str> {
    let ends_early = is_limited(sql) && !plan.contains("USE TEMP B-TREE FOR ORDER BY");
    if ends_early || ALL_OF_A_TOWN.iter().any(|(start, _)| sql.starts_with(start)) {
        return None;
    }
    let all = |line: &&str| line.starts_with("SCAN ") || finds_all(line);
    let mut read =
        lines(plan).filter(all).filter_map(|line| named(sql, line, "SEARCH ").or_else(|| named(sql, line, "SCAN ")));
    read.find(|table| GROWING.contains(table))
}

/// What it seeks is the same in nearly every row of a town.
fn finds_all(line: &str) -> bool {
    let sought = line.rsplit_once('(').and_then(|(_, sought)| sought.strip_suffix(')'));
    sought.is_some_and(|sought| sought.split(" AND ").all(|one| ALIKE.contains(&one)))
}

/// The statement, or all that it counts, ends after so many rows; not just a subquery of it.
fn is_limited(sql: &str) -> bool {
    sql.starts_with("SELECT COUNT(*) FROM (") || sql.rsplit(')').next().is_some_and(|end| end.contains("LIMIT"))
}

fn lines(plan: &str) -> impl Iterator<Item = &str> {
    plan.lines().map(|line| line.trim_start_matches([' ', '-', '>']))
}

fn named<'s>(sql: &'s str, line: &str, start: &str) -> Option<&'s str> {
    table_of(sql, line.strip_prefix(start)?.split(' ').next()?)
}

/// The table behind this name in the statement; `None`: a subquery, or a row of constants.
fn table_of<'s>(sql: &'s str, name: &str) -> Option<&'s str> {
    let words: Vec<&str> = sql.split([' ', '\n', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let is_place = |word: &str| ["FROM", "JOIN", "UPDATE", "INTO"].contains(&word);
    words.windows(4).chain(words.windows(3)).chain(words.windows(2)).find_map(|at| {
        let table = at.get(1).filter(|_| is_place(at[0]))?;
        let alias = match (at.get(2), at.get(3)) {
            (Some(&"AS"), Some(alias)) => alias,
            (Some(alias), _) => alias,
            _ => table,
        };
        (*table == name || *alias == name).then_some(*table)
    })
}

#[test]
fn what_reads_too_much_is_found_in_the_plans_of_both_databases() {
    let join = "SELECT 1 FROM reports_reports r JOIN cases_cases AS c ON c.id = r.case_id WHERE r.municipality = $1";
    let page = "SELECT id FROM cases_cases WHERE municipality = $1 ORDER BY due LIMIT $2";
    let part = "SELECT (SELECT 1 FROM reports_photos LIMIT 1) FROM cases_cases WHERE municipality = $1";
    for (sql, plan, wanted) in [
        (join, "SCAN r USING COVERING INDEX x", Some("reports_reports")),
        (join, "SCAN CONSTANT ROW", None),
        (join, "  ->  Seq Scan on cases_cases c  (cost=0.00..1.05 rows=1 width=4)", Some("cases_cases")),
        (join, "  ->  Index Scan using x on cases_cases  (cost=0.14..8.16 rows=1 width=4)", None),
        ("SELECT COUNT(*) FROM (SELECT id FROM cases_cases LIMIT $2) AS counted", "SCAN counted", None),
        ("SELECT name FROM municipalities", "SCAN municipalities", None),
    ] {
        assert_eq!(whole_table(sql, plan), wanted, "{sql}: {plan}");
    }
    for (sql, plan, wanted) in [
        (join, "SEARCH c USING INDEX x (municipality=?)", Some("cases_cases")),
        (join, "SEARCH c USING INDEX x (municipality=? AND id=?)", None),
        (page, "SEARCH cases_cases USING INDEX x (municipality=?)", None),
        (
            page,
            "SEARCH cases_cases USING INDEX x (municipality=? AND visibility=?)\nUSE TEMP B-TREE FOR ORDER BY",
            Some("cases_cases"),
        ),
        (part, "SEARCH cases_cases USING INDEX x (municipality=?)", Some("cases_cases")),
        (page, "SEARCH cases_cases USING INDEX x (municipality=?)\nUSE TEMP B-TREE FOR ORDER BY", Some("cases_cases")),
    ] {
        assert_eq!(whole_town(sql, plan), wanted, "{sql}: {plan}");
    }
}
