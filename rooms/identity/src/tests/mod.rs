//! What must hold about offices, staff and sessions: rules by table, stores on both
//! databases, pages through the real router.

mod pages;
mod rules;
mod store;
