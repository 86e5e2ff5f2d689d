//! What people report in the demo town: one `Kind` per problem type with how often and when it happens, how people put
//! it, and what the office answers. Texts only, no logic but the season. Invariant: no names, no phone numbers, and
//! every category and problem word is one of the standard set.

mod green;
mod play;
mod roads;
mod town;
mod waste;

use super::scenes::Scene;

/// When in the year it happens, as weights from January to December.
pub type Season = [u64; 12];

pub const YEAR: Season = [5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4];
const DARK: Season = [8, 6, 4, 2, 2, 1, 1, 2, 4, 8, 9, 9];
const FROST: Season = [6, 9, 10, 7, 4, 2, 2, 2, 2, 3, 3, 4];
const SUMMER: Season = [0, 0, 2, 5, 8, 10, 10, 9, 6, 3, 1, 0];
const GROWTH: Season = [0, 0, 1, 3, 7, 10, 10, 8, 5, 3, 1, 0];
const LEAVES: Season = [1, 1, 1, 1, 1, 1, 1, 1, 3, 9, 10, 3];
const STORM: Season = [7, 8, 6, 3, 2, 3, 5, 5, 4, 7, 7, 5];
const ICE: Season = [10, 9, 3, 0, 0, 0, 0, 0, 0, 0, 3, 9];
const FEAST: Season = [10, 3, 3, 3, 4, 5, 6, 5, 4, 3, 3, 5];
const MAY: Season = [0, 0, 0, 2, 9, 10, 3, 0, 0, 0, 0, 0];

/// Where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At one of the town's things of this kind whose folded label holds this; "" is any.
    Thing(&'static str, &'static str),
    /// At an address.
    Address,
}

#[derive(Debug)]
pub struct Kind {
    pub category: &'static str,
    pub problem: &'static str,
    pub weight: u64,
    pub season: Season,
    pub at: At,
    pub scenes: &'static [Scene],
    /// How people put it. `{adr}`, `{str}`, `{since}`, `{when}` are filled in.
    pub told: &'static [&'static str],
    /// What the office says when it is done.
    pub done: &'static [&'static str],
    /// What it says before.
    pub begun: &'static [&'static str],
    /// What is only for the office.
    pub inner: &'static [&'static str],
}

pub fn all() -> Vec<&'static Kind> {
    [play::KINDS, roads::KINDS, waste::KINDS, green::KINDS, town::KINDS].into_iter().flatten().collect()
}
