//! What must hold about the way in: rules by table, stores on both databases, pages through the real router.

mod pages;
mod rules;
mod store;
