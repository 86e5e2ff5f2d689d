//! What is costly to gather and the same for everybody in a town: kept until the town's data change. For numbers over many
//! rows, which would cost a large town more with every report, somebody says for how long an older answer will do.
//! Invariants: nothing that depends on who asks comes in here; what may not be old (a single report, its place) is kept
//! with no seconds and is handed out only at the version of the data at which it was gathered.

use crate::{Visit, halves::Halves, versions::Version};
use base::{Moment, MunicipalityId};
use db::{DbError, Tx};
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// Two halves of this, over all towns.
const HALF_BYTES_MAX: usize = 4 << 20;
/// Some answers depend on the time ("closed of late"): none gets older than this, even if nothing happens.
const AGE_SECONDS_MAX: i64 = 60;

/// What was gathered, how large it is, and for how long it will do after the data changed.
pub struct Gathered<T> {
    pub value: T,
    pub bytes: usize,
    /// 0: never an old one.
    pub stale_seconds: i64,
}

type Key = (MunicipalityId, &'static str, String);

struct Entry {
    version: Option<Version>,
    /// Microseconds. Moved when somebody begins to gather anew, so that the others do not.
    made_at: AtomicI64,
    stale_seconds: i64,
    value: Arc<dyn Any + Send + Sync>,
}

pub(crate) struct Memo(Halves<Key, Entry>);

impl Default for Memo {
    fn default() -> Self {
        Self(Halves::of(HALF_BYTES_MAX))
    }
}

impl Entry {
    fn holds(&self, version: Option<&Version>, now: Moment) -> bool {
        let age = now.seconds_since(Moment::from_micros(self.made_at.load(Ordering::Relaxed)));
        if self.stale_seconds == 0 {
            return age < AGE_SECONDS_MAX && self.version.as_ref() == version;
        }
        if age < self.stale_seconds {
            return true;
        }
        // Everybody else goes on with the old one meanwhile.
        self.made_at.store(now.micros(), Ordering::Relaxed);
        false
    }
}

impl Visit {
    /// `what` names the thing, `words` all it depends on besides the town and its data.
    pub fn remembered<T: Send + Sync + 'static>(
        &self,
        tx: &Tx<'_>,
        (what, words): (&'static str, String),
        gather: impl FnOnce() -> Result<Gathered<T>, DbError>,
    ) -> Result<Arc<T>, DbError> {
        if tx.has_changed() {
            return Ok(Arc::new(gather()?.value));
        }
        let memo = &self.site.memo().0;
        let key = (self.town_id(), what, words);
        // Read before the data: what is gathered is at least as new as the version it is kept with.
        let version = db::audit_end(tx)?;
        if let Some(entry) = memo.find(&key)
            && entry.holds(version.as_ref(), tx.now())
            && let Ok(value) = Arc::clone(&entry.value).downcast()
        {
            return Ok(value);
        }
        let Gathered { value, bytes, stale_seconds } = gather()?;
        let value = Arc::new(value);
        let made_at = AtomicI64::new(tx.now().micros());
        let bytes = bytes + size_of::<Key>() + size_of::<Entry>() + key.2.len();
        memo.keep(key, Entry { version, made_at, stale_seconds, value: Arc::clone(&value) as _ }, bytes);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(stale_seconds: i64) -> Entry {
        let made_at = AtomicI64::new(Moment::from_micros(0).micros());
        Entry { version: Some(vec![1]), made_at, stale_seconds, value: Arc::new(7_i64) }
    }

    #[test]
    fn exact_ones_end_with_the_version_and_after_a_minute() {
        let (same, other) = (vec![1], vec![2]);
        let at = |seconds: i64| Moment::from_micros(seconds * 1_000_000);
        assert!(entry(0).holds(Some(&same), at(59)));
        assert!(!entry(0).holds(Some(&same), at(60)));
        assert!(!entry(0).holds(Some(&other), at(0)) && !entry(0).holds(None, at(0)));
    }

    #[test]
    fn old_ones_are_gathered_by_one_while_the_others_go_on() {
        let (entry, newer) = (entry(10), vec![2]);
        let at = |seconds: i64| Moment::from_micros(seconds * 1_000_000);
        assert!(entry.holds(Some(&newer), at(9)));
        assert!(!entry.holds(Some(&newer), at(10)), "the first gathers");
        assert!(entry.holds(Some(&newer), at(10)), "the second does not wait");
        assert!(!entry.holds(Some(&newer), at(20)), "if that failed, somebody tries again");
    }
}
