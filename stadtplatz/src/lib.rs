//! The binary's inside, as a library so that its tests can put the same site together. It reads the settings, puts the
//! rooms together and runs one command. No SQL, no HTML, no rule of any room lives here.

mod address;
pub mod cli;
pub mod config;
mod keys;
pub mod observe;
mod outside;
pub mod rooms;
pub mod serve;
pub mod start;
mod uploads;
pub mod worker;
