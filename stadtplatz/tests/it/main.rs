//! The whole house put together, as it is shipped: who may call what, two towns that never meet, a report from end to end,
//! and the real process killed under load. What one room does alone is tested in that room.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod access_matrix;
mod addresses;
mod api;
mod backup;
mod events;
mod forms;
mod journeys;
mod kill;
mod logs;
mod nodes;
mod people;
mod program;
mod rolling;
mod scripts;
mod site_key;
mod store_heard;
mod store_newer;
mod store_plans;
mod store_probe;
mod tenants;
mod things;
mod uploads;
mod wire;
mod world;
