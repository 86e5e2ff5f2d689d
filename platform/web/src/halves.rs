//! A map with a limit of bytes: two halves, and when the newer is full the older is forgotten. Invariant: never more than
//! twice the bytes of a half, as the callers count them. Not a cache by itself: what is still true, the callers know.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

struct Inner<K, V> {
    newer: HashMap<K, Arc<V>>,
    older: HashMap<K, Arc<V>>,
    newer_bytes: usize,
}

pub(crate) struct Halves<K, V> {
    half_bytes_max: usize,
    inner: Mutex<Inner<K, V>>,
}

impl<K: Eq + Hash, V> Halves<K, V> {
    pub fn of(half_bytes_max: usize) -> Self {
        let inner = Inner { newer: HashMap::new(), older: HashMap::new(), newer_bytes: 0 };
        Self { half_bytes_max, inner: Mutex::new(inner) }
    }

    pub fn find(&self, key: &K) -> Option<Arc<V>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.newer.get(key).or_else(|| inner.older.get(key)).cloned()
    }

    /// In the place of what this key had. More than half the limit at once is not kept.
    pub fn keep(&self, key: K, value: V, bytes: usize) {
        if bytes > self.half_bytes_max {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // What it replaces goes on being counted: the halves only change sooner.
        if inner.newer_bytes + bytes > self.half_bytes_max {
            inner.older = std::mem::take(&mut inner.newer);
            inner.newer_bytes = 0;
        }
        inner.newer_bytes += bytes;
        inner.newer.insert(key, Arc::new(value));
    }
}
