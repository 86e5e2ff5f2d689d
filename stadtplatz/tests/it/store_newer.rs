//! The next version as far as the database is concerned: one more script that widens tables which the old version is just
//! reading and writing, and a statement that only the next version knows.

use base::MunicipalityId;
use db::{DbError, Migration, Tx, p};
use web::{Rooms, Site};

/// Columns more, an index, a table; and columns that prepared statements of the old version return get another type, so
/// that each of these statements must be prepared anew.
const WIDER: Migration = Migration {
    name: "29991231_reports_wider",
    sql:
        "ALTER TABLE reports_reports ADD COLUMN mood TEXT;
          ALTER TABLE reports_drafts ALTER COLUMN content TYPE VARCHAR;
          ALTER TABLE cases_cases ADD COLUMN weight BIGINT NOT NULL DEFAULT 7;
          CREATE INDEX cases_weight ON cases_cases (municipality, weight);
          ALTER TABLE jobs ADD COLUMN colour TEXT;
          ALTER TABLE jobs ALTER COLUMN payload TYPE VARCHAR;
          CREATE TABLE reports_moods (municipality UUID NOT NULL, mood TEXT NOT NULL, PRIMARY KEY (municipality, mood))",
};

pub fn rooms() -> Rooms {
    let mut rooms = stadtplatz::rooms::rooms().to_vec();
    let reports = rooms.iter_mut().find(|room| room.name == "reports").unwrap();
    reports.migrations = [reports.migrations, &[WIDER]].concat().leak();
    rooms.into()
}

/// How many cases there are, by the column that the old version does not know.
pub async fn weighed(site: &Site, town: MunicipalityId) -> i64 {
    let weigh = |tx: &Tx<'_>| {
        tx.scalar("SELECT COUNT(*) FROM cases_cases WHERE municipality = $1 AND weight = 7 AND body <> ''", p![])
    };
    site.db.read::<_, DbError>(town, weigh).await.unwrap().unwrap_or(0)
}
