//! Many reports out of the demo town's few: each is copied with a new id and number, moved back in time and a little in
//! place, so that states, departments, categories and districts keep the shape they have. Past the program, which would
//! take hours; never for anything but the bench. Open ones are copied seldom: an office of years has mostly closed ones.

use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Three years, in microseconds: as far as the copies reach back.
const SPAN: i64 = 3 * 365 * 86_400 * 1_000_000;
/// Every so many copies the open ones are among them.
const OPEN_EVERY: i64 = 20;

pub enum Database {
    Sqlite(String),
    Postgres(String),
}

const TIMES: [&str; 8] =
    ["opened_at", "arrived_at", "changed_at", "waiting_since", "closed_at", "due", "reviewed_at", "at"];

impl Database {
    pub fn ask(&self, sql: &str) -> Result<String> {
        let mut command = match self {
            Self::Sqlite(file) => {
                let mut command = Command::new("sqlite3");
                command.args(["-batch", "-bail", file]);
                command
            }
            Self::Postgres(url) => {
                let mut command = Command::new("psql");
                command.args(["-qAt", "-v", "ON_ERROR_STOP=1", url]);
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("sqlite3 or psql cannot start")?;
        child.stdin.take().context("no way to talk to the database")?.write_all(sql.as_bytes())?;
        let ended = child.wait_with_output()?;
        if !ended.status.success() {
            bail!("the database refused: {}", String::from_utf8_lossy(&ended.stderr));
        }
        Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned())
    }

    fn columns(&self, table: &str) -> Result<Vec<String>> {
        let names = match self {
            Self::Sqlite(_) => self.ask(&format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid;"))?,
            Self::Postgres(_) => self.ask(&format!(
                "SELECT column_name FROM information_schema.columns
                 WHERE table_name = '{table}' ORDER BY ordinal_position;"
            ))?,
        };
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// The processes that serve this database.
    pub fn processes(&self) -> Result<Vec<u32>> {
        match self {
            Self::Sqlite(_) => Ok(vec![]),
            Self::Postgres(_) => {
                let pids = self.ask("SELECT pid FROM pg_stat_activity WHERE datname = current_database();")?;
                Ok(pids.lines().filter_map(|line| line.parse().ok()).collect())
            }
        }
    }

    pub fn count(&self) -> Result<i64> {
        self.ask("SELECT COUNT(*) FROM reports_reports;")?.parse().context("no count")
    }

    /// Until there are about so many reports.
    pub fn multiply(&self, wanted: i64) -> Result<i64> {
        let (closed, all) = (self.ask("SELECT COUNT(*) FROM reports_reports WHERE NOT is_open;")?, self.count()?);
        let closed: i64 = closed.parse().context("no count")?;
        let copies = ((wanted - all) * OPEN_EVERY / (closed * (OPEN_EVERY - 1) + all).max(1)).max(0);
        let mut sql = String::new();
        if let Self::Sqlite(_) = self {
            sql.push_str("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;\n");
        }
        sql.push_str("BEGIN;\n");
        self.numbers(&mut sql, copies)?;
        let open = format!("(NOT c.is_open OR k.k % {OPEN_EVERY} = 0)");
        let join = "JOIN cases_cases c ON c.municipality = t.municipality AND c.id =";
        for (table, case) in [
            ("cases_cases", "t.id".to_owned()),
            ("cases_entries", "t.case_id".to_owned()),
            ("reports_reports", "t.case_id".to_owned()),
        ] {
            let columns = self.columns(table)?;
            let values: Vec<String> = columns.iter().map(|name| self.copied(name, copies)).collect();
            // Only what was there before: the numbers of copies hold a stroke.
            writeln!(
                sql,
                "INSERT INTO {table} ({}) SELECT {} FROM bench_numbers k, {table} t {join} {case}
                 WHERE {open} AND c.number NOT LIKE '%/%';",
                columns.join(", "),
                values.join(", ")
            )?;
        }
        sql.push_str("DROP TABLE bench_numbers;\nCOMMIT;\nANALYZE;\n");
        self.ask(&sql)?;
        self.count()
    }

    fn numbers(&self, sql: &mut String, copies: i64) -> Result<()> {
        match self {
            Self::Postgres(_) => writeln!(
                sql,
                "CREATE TEMP TABLE bench_numbers AS SELECT k, lpad(to_hex(k), 6, '0') AS hex FROM generate_series(1, {copies}) k;
                 ANALYZE bench_numbers;"
            )?,
            Self::Sqlite(_) => {
                sql.push_str("CREATE TEMP TABLE bench_bytes (b INTEGER PRIMARY KEY, x BLOB);\n");
                for byte in 0..=255 {
                    writeln!(sql, "INSERT INTO bench_bytes VALUES ({byte}, x'{byte:02x}');")?;
                }
                writeln!(
                    sql,
                    "CREATE TEMP TABLE bench_numbers AS
                     WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {copies})
                     SELECT k, (SELECT x FROM bench_bytes WHERE b = k / 65536) || (SELECT x FROM bench_bytes WHERE b = k / 256 % 256)
                         || (SELECT x FROM bench_bytes WHERE b = k % 256) AS hex FROM n;"
                )?;
            }
        }
        Ok(())
    }

    fn copied(&self, column: &str, copies: i64) -> String {
        match column {
            "id" | "case_id" => match self {
                // The first bytes of an id are its time, the same for all of a demo; the copy's number stands there.
                Self::Sqlite(_) => format!("CAST(k.hex || substr(t.{column}, 4) AS BLOB)"),
                Self::Postgres(_) => format!("(k.hex || substr(t.{column}::text, 7))::uuid"),
            },
            "number" => "t.number || '/' || k.k".to_owned(),
            "lat" | "lon" => format!("t.{column} + (k.k % 97 - 48) * 0.0001"),
            time if TIMES.contains(&time) => format!("t.{time} - k.k * {}", SPAN / copies.max(1)),
            other => format!("t.{other}"),
        }
    }
}
