//! How often one client may do something: a brake for bursts and scripts, not an account. Requests and forms are counted
//! in memory, per node; tries at a secret in the database (`store::count_secret`), so that more nodes are no more tries.
//! Addresses are kept as keys for minutes only and never logged.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Any request.
    Any,
    /// Sending a form.
    Form,
}

pub struct Limits {
    any: DefaultKeyedRateLimiter<IpAddr>,
    form: DefaultKeyedRateLimiter<IpAddr>,
    off: bool,
}

const fn quota(per_minute: u32, burst: u32) -> Quota {
    let (Some(rate), Some(burst)) = (NonZeroU32::new(per_minute), NonZeroU32::new(burst)) else {
        panic!("limits are positive")
    };
    Quota::per_minute(rate).allow_burst(burst)
}

impl Limits {
    /// 100 requests a second are an office behind one address; 60 forms a minute too.
    pub fn standard() -> Self {
        Self { any: RateLimiter::keyed(quota(6_000, 600)), form: RateLimiter::keyed(quota(60, 60)), off: false }
    }

    /// Nothing is limited: for load tests and browser tests from one address. `serve` never uses it by itself.
    pub fn off() -> Self {
        Self { off: true, ..Self::standard() }
    }

    pub(crate) fn are_off(&self) -> bool {
        self.off
    }

    /// `Err` carries the seconds after which a new try makes sense.
    pub fn check(&self, kind: LimitKind, client: IpAddr) -> Result<(), u64> {
        if self.off {
            return Ok(());
        }
        let (limiter, wait) = match kind {
            LimitKind::Any => (&self.any, 5),
            LimitKind::Form => (&self.form, 20),
        };
        limiter.check_key(&household(client)).map_err(|_| wait)
    }

    /// Drops keys that are back at rest; called by the worker every minute.
    pub fn forget_idle(&self) {
        for limiter in [&self.any, &self.form] {
            limiter.retain_recent();
        }
    }
}

/// Ten tries at a secret in a minute are one person.
pub(crate) const SECRET_EVERY_SECONDS: i64 = 6;
/// So many at once, by an office behind one address.
pub(crate) const SECRETS_AT_ONCE: i64 = 20;
/// When a new try makes sense.
pub(crate) const SECRET_WAIT_SECONDS: u64 = 60;

/// One IPv6 household has a /64: counting single addresses there would count nothing.
pub(crate) fn household(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !((1u128 << 64) - 1);
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_run_out_and_neighbours_do_not_suffer() {
        let limits = Limits::standard();
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let refused = (0..100).filter(|_| limits.check(LimitKind::Form, one).is_err()).count();
        assert!(refused >= 38, "{refused}");
        assert!(limits.check(LimitKind::Form, other).is_ok());
        assert!(limits.check(LimitKind::Any, one).is_ok());
    }

    #[test]
    fn a_v6_household_counts_as_one() {
        let limits = Limits::standard();
        let refused = (0..100u128)
            .filter(|i| limits.check(LimitKind::Form, IpAddr::V6(Ipv6Addr::from(0x2001_0db8 << 96 | i))).is_err())
            .count();
        assert!(refused >= 38, "{refused}");
    }
}
