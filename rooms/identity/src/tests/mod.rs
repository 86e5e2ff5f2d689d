//! What must hold about offices, staff and sessions: rules by table, stores on both databases.

mod rules;
mod store;
