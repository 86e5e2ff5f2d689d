//! The kit's own table: the document of each town. Every SQL statement of the kit is here.

use crate::Town;
use db::{DbError, Tx, p};

/// The town of this transaction, if its document was ever saved.
pub fn load_town(tx: &Tx<'_>) -> Result<Option<Town>, DbError> {
    let details: Option<String> = tx.scalar("SELECT details FROM web_towns WHERE municipality = $1", p![])?;
    let Some(details) = details else { return Ok(None) };
    let mut town: Town = serde_json::from_str(&details)
        .map_err(|error| DbError::WrongShape(format!("web_towns.details line {}", error.line())))?;
    town.id = tx.municipality();
    town.finish();
    Ok(Some(town))
}

/// Writes the town's document; the caller writes the audit line, because it knows who and why.
pub fn save_town(tx: &Tx<'_>, town: &Town) -> Result<(), DbError> {
    let details = serde_json::to_string(town).map_err(|_| DbError::WrongShape("town document".to_owned()))?;
    tx.exec(
        "INSERT INTO web_towns (municipality, details) VALUES ($1, $2)
         ON CONFLICT (municipality) DO UPDATE SET details = excluded.details",
        p![details],
    )?;
    Ok(())
}
