//! The seed's own chance: the same town gets the same past. Nothing secret comes from here.

use base::{Chance, SeededChance};

pub struct Dice(SeededChance);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededChance::new(seed))
    }

    /// A number in `0..below`.
    pub fn below(&self, below: u64) -> u64 {
        self.0.below(below)
    }

    /// From `low` to `high`, both possible.
    pub fn between(&self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    pub fn often(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// In `0.0..1.0`.
    pub fn part(&self) -> f64 {
        f64::from(u32::try_from(self.below(1 << 24)).unwrap_or(0)) / f64::from(1_u32 << 24)
    }

    pub fn pick<'t, T>(&self, from: &'t [T]) -> Option<&'t T> {
        from.get(usize::try_from(self.below(from.len() as u64)).unwrap_or(0))
    }

    /// One of these sentences; empty if there is none.
    pub fn say(&self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// The index whose weight is hit; `None` if all weigh nothing.
    pub fn weighed(&self, weights: &[u64]) -> Option<usize> {
        let sum: u64 = weights.iter().sum();
        let mut at = (sum > 0).then(|| self.below(sum))?;
        weights.iter().position(|weight| {
            let hit = at < *weight;
            at = at.saturating_sub(*weight);
            hit
        })
    }
}
