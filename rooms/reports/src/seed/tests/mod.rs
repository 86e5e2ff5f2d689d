//! Tests of the demo town's past: what it tells and what it leaves in the tables. Not the pages that show it.

mod store;
