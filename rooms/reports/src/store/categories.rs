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

/// The same, and nobody changes or removes it before this transaction ends; others may hold it too.
pub fn hold_category(tx: &Tx<'_>, word: &str) -> Result<Option<Category>, DbError> {
    let sql = tx.held("SELECT details FROM reports_categories WHERE municipality = $1 AND word = $2");
    let details: Option<String> = tx.scalar(sql, p![word])?;
    details.as_deref().map(read).transpose()
}

/// The same, and nobody else holds or changes it before this transaction ends: for reading, comparing and writing.
pub fn lock_category(tx: &Tx<'_>, word: &str) -> Result<Option<Category>, DbError> {
    let details: Option<String> = tx.scalar(
        "UPDATE reports_categories SET rank = rank WHERE municipality = $1 AND word = $2 RETURNING details",
        p![word],
    )?;
    details.as_deref().map(read).transpose()
}

fn read(details: &str) -> Result<Category, DbError> {
    serde_json::from_str(details).map_err(|error| DbError::WrongShape(format!("reports_categories.details: {error}")))
}

fn document(category: &Category) -> Result<String, DbError> {
    serde_json::to_string(category).map_err(|_| DbError::WrongShape("a category that is no JSON".to_owned()))
}

/// Inserts a category of the town's own template or staff. False if its word is taken. The caller writes the audit line.
pub fn add_category(tx: &Tx<'_>, category: &Category, rank: i64) -> Result<bool, DbError> {
    let rows = tx.exec(
        "INSERT INTO reports_categories (municipality, word, rank, active, details) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        p![category.word, rank, category.active, document(category)?],
    )?;
    Ok(rows == 1)
}

/// Replaces a known category; its place in the order stays. The caller writes the audit line.
pub fn put_category(tx: &Tx<'_>, category: &Category) -> Result<(), DbError> {
    tx.exec(
        "UPDATE reports_categories SET active = $3, details = $4 WHERE municipality = $1 AND word = $2",
        p![category.word, category.active, document(category)?],
    )?;
    Ok(())
}

pub fn remove_category(tx: &Tx<'_>, word: &str) -> Result<(), DbError> {
    tx.exec("DELETE FROM reports_categories WHERE municipality = $1 AND word = $2", p![word])?;
    Ok(())
}

/// Words with their ranks in the town's order; nobody else reorders before this transaction ends.
pub fn lock_order(tx: &Tx<'_>) -> Result<Vec<(String, i64)>, DbError> {
    let mut order: Vec<(String, i64)> =
        tx.query("UPDATE reports_categories SET rank = rank WHERE municipality = $1 RETURNING word, rank", p![])?;
    order.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    Ok(order)
}

pub fn set_rank(tx: &Tx<'_>, word: &str, rank: i64) -> Result<(), DbError> {
    tx.exec("UPDATE reports_categories SET rank = $3 WHERE municipality = $1 AND word = $2", p![word, rank])?;
    Ok(())
}

/// Counting stops here: whether a thousand or a million use it changes nothing for whoever edits.
pub const USES_COUNTED_MAX: i64 = 1_000;

/// How many reports are of this category, counted up to one more than the most.
pub fn category_uses(tx: &Tx<'_>, word: &str) -> Result<i64, DbError> {
    let count = tx.scalar(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM reports_reports WHERE municipality = $1 AND category = $2 LIMIT $3)
         AS used",
        p![word, USES_COUNTED_MAX + 1],
    )?;
    Ok(count.unwrap_or(0))
}

/// The same for one problem of a category.
pub fn problem_uses(tx: &Tx<'_>, word: &str, problem: &str) -> Result<i64, DbError> {
    let count = tx.scalar(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM reports_reports
            WHERE municipality = $1 AND category = $2 AND problem = $3 LIMIT $4) AS used",
        p![word, problem, USES_COUNTED_MAX + 1],
    )?;
    Ok(count.unwrap_or(0))
}
