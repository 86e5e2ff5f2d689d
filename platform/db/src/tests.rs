//! The promises of the data layer, each on SQLite and on PostgreSQL.
