//! Randomness as a parameter: the system's in production, a seeded one in tests and in the demo town.

use std::sync::Mutex;

/// Source of random bytes. `SystemChance` is fit for secrets, `SeededChance` never is.
pub trait Chance: Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]);

    /// A number in `0..below`; `below` must be positive. The slight modulo bias does not matter where this is used
    /// (demo data, jitter); secrets use `fill`.
    fn below(&self, below: u64) -> u64 {
        let mut bytes = [0u8; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes) % below.max(1)
    }
}

/// The operating system's generator.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness no id and no secret may be made: stopping is right"
        )]
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// SplitMix64: the same seed gives the same town.
#[derive(Debug)]
pub struct SeededChance(Mutex<u64>);

impl SeededChance {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (mut a, mut b) = ([0u8; 20], [0u8; 20]);
        SeededChance::new(7).fill(&mut a);
        SeededChance::new(7).fill(&mut b);
        assert_eq!(a, b);
        SeededChance::new(8).fill(&mut b);
        assert_ne!(a, b);
    }
}
