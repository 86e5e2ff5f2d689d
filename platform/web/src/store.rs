//! The kit's own tables: the document of each town, and who tried secrets lately. Every SQL statement of the kit is here.

use crate::{
    Town,
    limits::{SECRET_EVERY_SECONDS, SECRETS_AT_ONCE},
};
use aws_lc_rs::digest;
use db::{DbError, Tx, p};
use std::net::IpAddr;

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

/// What is kept of an address, for minutes.
pub(crate) fn client_hash(household: IpAddr) -> Vec<u8> {
    digest::digest(&digest::SHA256, household.to_string().as_bytes()).as_ref().to_vec()
}

/// Counts one try, unless there were too many: then false. The row holds the moment at which all tries so far are paid
/// off, each with its seconds; it may lie as far ahead as so many tries at once reach. One statement, so that two nodes
/// that count at the same moment count both.
pub(crate) fn count_secret(tx: &Tx<'_>, client: &[u8]) -> Result<bool, DbError> {
    let (now, cost) = (tx.now(), SECRET_EVERY_SECONDS);
    let latest = now.plus_seconds(cost * (SECRETS_AT_ONCE - 1));
    let counted = tx.unaudited("a try at a secret changes nothing that anybody may see", || {
        tx.exec(
            "INSERT INTO web_tries (municipality, client, paid_off_at) VALUES ($1, $2, $3)
             ON CONFLICT (municipality, client) DO UPDATE
             SET paid_off_at = CASE WHEN web_tries.paid_off_at > $4 THEN web_tries.paid_off_at ELSE $4 END + $5
             WHERE web_tries.paid_off_at <= $6",
            p![client.to_vec(), now.plus_seconds(cost), now, cost * 1_000_000, latest],
        )
    })?;
    Ok(counted > 0)
}

/// Forgets whoever has nothing left to pay off.
pub fn forget_tries(tx: &Tx<'_>) -> Result<(), DbError> {
    tx.unaudited("tries come and go without a trace", || {
        tx.exec("DELETE FROM web_tries WHERE municipality = $1 AND paid_off_at <= $2", p![tx.now()])
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::testing::{TestDb, on_both};

    #[tokio::test]
    async fn tries_at_secrets_run_out_and_come_back_for_each_client_and_town() {
        on_both(&[("web", crate::MIGRATIONS)], async |test: TestDb| {
            let (town, other) = (test.town().await, test.town().await);
            let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|text| client_hash(text.parse().unwrap()));
            let tries = async |town, client: &Vec<u8>| {
                let client = client.clone();
                test.db.write(town, move |tx| count_secret(tx, &client)).await.unwrap()
            };
            for number in 0..SECRETS_AT_ONCE {
                assert!(tries(town, &one).await, "{number}");
            }
            assert!(!tries(town, &one).await);
            assert!(tries(town, &two).await, "neighbours do not suffer");
            assert!(tries(other, &one).await);
            test.clock.advance_seconds(SECRET_EVERY_SECONDS);
            assert!(tries(town, &one).await);
            assert!(!tries(town, &one).await, "a refused try costs nothing, and time brings one back");
            test.clock.advance_seconds(SECRET_EVERY_SECONDS * SECRETS_AT_ONCE);
            test.db.write(town, forget_tries).await.unwrap();
            let left = |tx: &Tx<'_>| tx.scalar::<i64>("SELECT count(*) FROM web_tries WHERE municipality = $1", p![]);
            assert_eq!(test.db.read(town, left).await.unwrap(), Some(0));
            assert_eq!(test.db.read(other, left).await.unwrap(), Some(1));
        })
        .await;
    }

    #[tokio::test]
    async fn two_nodes_that_count_at_once_count_both() {
        on_both(&[("web", crate::MIGRATIONS)], async |test: TestDb| {
            let (town, client) = (test.town().await, client_hash("2001:db8::".parse().unwrap()));
            let tries = (0..60).map(|_| {
                let (db, client) = (test.db.clone(), client.clone());
                tokio::spawn(async move { db.write(town, move |tx| count_secret(tx, &client)).await.unwrap() })
            });
            let mut taken = 0;
            for one in tries.collect::<Vec<_>>() {
                taken += i64::from(one.await.unwrap());
            }
            assert_eq!(taken, SECRETS_AT_ONCE);
        })
        .await;
    }
}
