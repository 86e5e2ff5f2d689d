//! The demo town's reports.

/// Filled below.
pub async fn seed() {}
