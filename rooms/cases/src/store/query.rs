//! Statements whose conditions vary: composed of fixed texts and bound values, so that no value can become SQL. Not a
//! query language. Invariant: placeholders are numbered in the order of binding, `$1` stays the municipality.

use base::ToValue;
use db::{DbError, FromRow, FromValue, Sql, Tx};
use identity::Units;

/// `$2` to `$121`.
const PLACEHOLDERS: [&str; 120] = [
    "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16", "$17", "$18",
    "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30", "$31", "$32", "$33", "$34",
    "$35", "$36", "$37", "$38", "$39", "$40", "$41", "$42", "$43", "$44", "$45", "$46", "$47", "$48", "$49", "$50",
    "$51", "$52", "$53", "$54", "$55", "$56", "$57", "$58", "$59", "$60", "$61", "$62", "$63", "$64", "$65", "$66",
    "$67", "$68", "$69", "$70", "$71", "$72", "$73", "$74", "$75", "$76", "$77", "$78", "$79", "$80", "$81", "$82",
    "$83", "$84", "$85", "$86", "$87", "$88", "$89", "$90", "$91", "$92", "$93", "$94", "$95", "$96", "$97", "$98",
    "$99", "$100", "$101", "$102", "$103", "$104", "$105", "$106", "$107", "$108", "$109", "$110", "$111", "$112",
    "$113", "$114", "$115", "$116", "$117", "$118", "$119", "$120", "$121",
];

/// More units than this in one grant are cut off in lists (and a grant for the whole town has no list of units): the
/// wrong side to err on would be to show too much.
const UNITS_MAX: usize = 90;

pub struct Query {
    sql: Sql,
    args: Vec<Box<dyn ToValue>>,
}

impl Query {
    pub fn new(text: &'static str) -> Self {
        Self { sql: text.into(), args: vec![] }
    }

    pub fn text(&mut self, text: &'static str) -> &mut Self {
        self.sql.push(text);
        self
    }

    /// "LIMIT rows", for few and constant numbers of rows (`Sql::push_rows`).
    pub fn limit(&mut self, rows: i64) -> &mut Self {
        self.sql.push("LIMIT").push_rows(rows);
        self
    }

    /// Puts the next placeholder here.
    pub fn bind(&mut self, value: impl ToValue + 'static) -> &mut Self {
        // Beyond the table the statement has more arguments than placeholders and is refused by the Tx.
        if let Some(placeholder) = PLACEHOLDERS.get(self.args.len()) {
            self.sql.push(placeholder);
        }
        self.args.push(Box::new(value));
        self
    }

    /// `text` and one value.
    pub fn and(&mut self, text: &'static str, value: impl ToValue + 'static) -> &mut Self {
        self.text(text).bind(value)
    }

    /// Only cases of these units.
    pub fn units(&mut self, units: &Units) -> &mut Self {
        let Units::Some(units) = units else { return self };
        if units.is_empty() {
            return self.text("AND 1 = 0");
        }
        if units.len() > UNITS_MAX {
            tracing::warn!(units = units.len(), "a list leaves out units: grant the whole town instead");
        }
        self.text("AND unit IN (");
        for (position, unit) in units.iter().take(UNITS_MAX).enumerate() {
            if position > 0 {
                self.text(",");
            }
            self.bind(*unit);
        }
        self.text(")")
    }

    fn args(&self) -> Vec<&dyn ToValue> {
        self.args.iter().map(|value| &**value as &dyn ToValue).collect()
    }

    /// How SQLite would find the rows.
    #[cfg(test)]
    pub fn plan(&self, tx: &Tx<'_>) -> Result<String, DbError> {
        let rows: Vec<(i64, i64, i64, String)> = tx.query(self.sql.behind("EXPLAIN QUERY PLAN"), &self.args())?;
        Ok(rows.into_iter().map(|(.., step)| step).collect::<Vec<_>>().join("; "))
    }

    pub fn all<R: FromRow>(&self, tx: &Tx<'_>) -> Result<Vec<R>, DbError> {
        tx.query(self.sql.clone(), &self.args())
    }

    pub fn one<R: FromRow>(&self, tx: &Tx<'_>) -> Result<Option<R>, DbError> {
        tx.query_one(self.sql.clone(), &self.args())
    }

    pub fn scalar<V: FromValue>(&self, tx: &Tx<'_>) -> Result<Option<V>, DbError> {
        tx.scalar(self.sql.clone(), &self.args())
    }
}
