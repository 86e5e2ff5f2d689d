//! How often one client may do something. Kept in memory per node: a brake for bursts and scripts, not an account.
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
    /// Trying a secret: sign-in, PIN, invitation.
    Secret,
}

pub struct Limits {
    any: DefaultKeyedRateLimiter<IpAddr>,
    form: DefaultKeyedRateLimiter<IpAddr>,
    secret: DefaultKeyedRateLimiter<IpAddr>,
    off: bool,
}

const fn quota(per_minute: u32, burst: u32) -> Quota {
    let (Some(rate), Some(burst)) = (NonZeroU32::new(per_minute), NonZeroU32::new(burst)) else {
        panic!("limits are positive")
    };
    Quota::per_minute(rate).allow_burst(burst)
}

impl Limits {
    /// 100 requests a second are an office behind one address; 60 forms a minute too; ten tries at a secret are one person.
    pub fn standard() -> Self {
        Self {
            any: RateLimiter::keyed(quota(6_000, 600)),
            form: RateLimiter::keyed(quota(60, 60)),
            secret: RateLimiter::keyed(quota(10, 20)),
            off: false,
        }
    }

    /// Nothing is limited: for load tests and browser tests from one address. `serve` never uses it by itself.
    pub fn off() -> Self {
        Self { off: true, ..Self::standard() }
    }

    /// `Err` carries the seconds after which a new try makes sense.
    pub fn check(&self, kind: LimitKind, client: IpAddr) -> Result<(), u64> {
        if self.off {
            return Ok(());
        }
        let (limiter, wait) = match kind {
            LimitKind::Any => (&self.any, 5),
            LimitKind::Form => (&self.form, 20),
            LimitKind::Secret => (&self.secret, 60),
        };
        limiter.check_key(&household(client)).map_err(|_| wait)
    }

    /// Drops keys that are back at rest; called by the worker every minute.
    pub fn forget_idle(&self) {
        for limiter in [&self.any, &self.form, &self.secret] {
            limiter.retain_recent();
        }
    }
}

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
    fn secrets_run_out_and_neighbours_do_not_suffer() {
        let limits = Limits::standard();
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let refused = (0..100).filter(|_| limits.check(LimitKind::Secret, one).is_err()).count();
        assert!(refused >= 79, "{refused}");
        assert!(limits.check(LimitKind::Secret, other).is_ok());
        assert!(limits.check(LimitKind::Form, one).is_ok());
    }

    #[test]
    fn a_v6_household_counts_as_one() {
        let limits = Limits::standard();
        let refused = (0..100u128)
            .filter(|i| limits.check(LimitKind::Secret, IpAddr::V6(Ipv6Addr::from(0x2001_0db8 << 96 | i))).is_err())
            .count();
        assert!(refused >= 79, "{refused}");
    }
}
