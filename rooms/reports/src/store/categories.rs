//! SQL of the categories: one JSON document each, so that a new question or warning needs no migration.

use crate::category::Category;
use db::{DbError, Tx, p};

/// All categories in the town's order, switched-off ones too.
pub fn categories(tx: &Tx<'_>) -> Result<Vec<Category>, DbError> {
    let rows: Vec<(String,)> =
        tx.query("SELECT details FROM reports_categories WHERE municipality = $1 ORDER BY rank, word", p![])?;
    rows.iter().map(|(details,)| read(details)).collect()
}

pub fn category(tx: &Tx<'_>, word: &str) -> Result<Option<Category>, DbError> {
    let details: Option<String> =
        tx.scalar("SELECT details FROM reports_categories WHERE municipality = $1 AND word = $2", p![word])?;
    details.as_deref().map(read).transpose()
}

fn read(details: &str) -> Result<Category, DbError> {
    serde_json::from_str(details).map_err(|error| DbError::WrongShape(format!("reports_categories.details: {error}")))
}

/// Inserts or replaces; `None` keeps the rank of a known category. The caller writes the audit line.
pub fn put_category(tx: &Tx<'_>, category: &Category, rank: Option<i64>) -> Result<(), DbError> {
    let details =
        serde_json::to_string(category).map_err(|_| DbError::WrongShape("a category that is no JSON".to_owned()))?;
    let known: Option<i64> =
        tx.scalar("SELECT rank FROM reports_categories WHERE municipality = $1 AND word = $2", p![category.word])?;
    let rank = rank.or(known).unwrap_or(1_000);
    tx.exec(
        "INSERT INTO reports_categories (municipality, word, rank, active, details) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (municipality, word)
         DO UPDATE SET rank = excluded.rank, active = excluded.active, details = excluded.details",
        p![category.word, rank, category.active, details],
    )?;
    Ok(())
}
