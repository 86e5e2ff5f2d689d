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

/// The tables that grow.
const TABLES: [&str; 3] = ["cases_cases", "cases_entries", "reports_reports"];

struct Index {
    name: String,
    definition: String,
}

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
        let indexes = self.indexes()?;
        let mut sql = String::from(self.fast());
        for index in &indexes {
            writeln!(sql, "DROP INDEX {};", index.name)?;
        }
        sql.push_str("BEGIN;\n");
        self.numbers(&mut sql, copies)?;
        for (table, case) in TABLES.into_iter().zip(["t.id", "t.case_id", "t.case_id"]) {
            let columns = self.columns(table)?;
            let values: Vec<String> = columns.iter().map(|name| self.copied(name, copies)).collect();
            // Out of a table of its own: a database that reads what it writes keeps all of it twice meanwhile.
            writeln!(
                sql,
                "CREATE TEMP TABLE bench_base AS SELECT t.*, c.is_open AS bench_open FROM {table} t
                 JOIN cases_cases c ON c.municipality = t.municipality AND c.id = {case};
                 INSERT INTO {table} ({}) SELECT {} FROM bench_numbers k CROSS JOIN bench_base t
                 WHERE NOT t.bench_open OR k.k % {OPEN_EVERY} = 0;
                 DROP TABLE bench_base;",
                columns.join(", "),
                values.join(", ")
            )?;
        }
        sql.push_str("DROP TABLE bench_numbers;\nCOMMIT;\n");
        for index in &indexes {
            writeln!(sql, "{};", index.definition)?;
        }
        sql.push_str("ANALYZE;\n");
        self.ask(&sql)?;
        self.count()
    }

    /// Settings of this one session for much at once: if it dies, the data are made anew.
    fn fast(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => {
                "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;\n\
                 PRAGMA foreign_keys = OFF; PRAGMA cache_size = -4000000;\n"
            }
            Self::Postgres(_) => {
                "SET synchronous_commit = off; SET session_replication_role = replica; SET maintenance_work_mem = '512MB';\n"
            }
        }
    }

    /// The indexes of the grown tables that are no keys: built anew at the end, which takes a tenth of growing them.
    fn indexes(&self) -> Result<Vec<Index>> {
        let tables = TABLES.map(|table| format!("'{table}'")).join(", ");
        let rows = match self {
            Self::Sqlite(_) => self.ask(&format!(
                "SELECT name || char(9) || replace(sql, char(10), ' ') FROM sqlite_master
                 WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({tables});"
            ))?,
            Self::Postgres(_) => self.ask(&format!(
                "SELECT indexname || chr(9) || indexdef FROM pg_indexes WHERE tablename IN ({tables})
                 AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = indexname);"
            ))?,
        };
        let index = |row: &str| {
            let (name, definition) = row.split_once('\t')?;
            Some(Index { name: name.to_owned(), definition: definition.to_owned() })
        };
        Ok(rows.lines().filter_map(index).collect())
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
