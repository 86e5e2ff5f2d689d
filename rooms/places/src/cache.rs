//! Two short memories: one value per town and version (drawing scene, search index, district areas), and finished
//! pictures up to a number of bytes. Both forget the longest unused first; nothing here is ever the only copy.

use base::MunicipalityId;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Values of several towns, each for one version of its data.
pub struct Memo<T> {
    known: Mutex<Known<T>>,
    towns_max: usize,
}

struct Known<T> {
    values: HashMap<MunicipalityId, Entry<T>>,
    turn: u64,
}

struct Entry<T> {
    version: i64,
    value: Arc<T>,
    used: u64,
}

impl<T> Memo<T> {
    pub fn new(towns_max: usize) -> Self {
        Self { known: Mutex::new(Known { values: HashMap::new(), turn: 0 }), towns_max }
    }

    /// The value of this version, made if it is not known. Two who ask at once may both make it; they make the same.
    pub fn get<E>(&self, town: MunicipalityId, version: i64, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(value) = self.peek(town, version) {
            return Ok(value);
        }
        let value = Arc::new(make()?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.turn += 1;
        let entry = Entry { version, value: Arc::clone(&value), used: known.turn };
        known.values.insert(town, entry);
        if known.values.len() > self.towns_max {
            let oldest = known.values.iter().min_by_key(|(_, entry)| entry.used).map(|(town, _)| *town);
            if let Some(oldest) = oldest {
                known.values.remove(&oldest);
            }
        }
        Ok(value)
    }

    fn peek(&self, town: MunicipalityId, version: i64) -> Option<Arc<T>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.turn += 1;
        let turn = known.turn;
        let entry = known.values.get_mut(&town).filter(|entry| entry.version == version)?;
        entry.used = turn;
        Some(Arc::clone(&entry.value))
    }
}

/// Finished pictures, bounded in bytes.
pub struct Pictures<K> {
    shelf: Mutex<Shelf<K>>,
    bytes_max: usize,
}

struct Shelf<K> {
    pictures: HashMap<K, (axum::body::Bytes, u64)>,
    by_use: BTreeMap<u64, K>,
    bytes: usize,
    turn: u64,
}

/// What a picture costs besides its own bytes.
const OVERHEAD_BYTES: usize = 200;

impl<K: Hash + Eq + Clone> Pictures<K> {
    pub fn new(bytes_max: usize) -> Self {
        let shelf = Shelf { pictures: HashMap::new(), by_use: BTreeMap::new(), bytes: 0, turn: 0 };
        Self { shelf: Mutex::new(shelf), bytes_max }
    }

    pub fn get(&self, key: &K) -> Option<axum::body::Bytes> {
        let mut guard = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let shelf = &mut *guard;
        shelf.turn += 1;
        let (picture, used) = shelf.pictures.get_mut(key)?;
        shelf.by_use.remove(used);
        *used = shelf.turn;
        shelf.by_use.insert(shelf.turn, key.clone());
        Some(picture.clone())
    }

    pub fn put(&self, key: K, picture: axum::body::Bytes) {
        let cost = picture.len() + OVERHEAD_BYTES;
        if cost > self.bytes_max {
            return;
        }
        let mut guard = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let shelf = &mut *guard;
        shelf.turn += 1;
        if let Some((old, used)) = shelf.pictures.insert(key.clone(), (picture, shelf.turn)) {
            shelf.by_use.remove(&used);
            shelf.bytes -= old.len() + OVERHEAD_BYTES;
        }
        shelf.by_use.insert(shelf.turn, key);
        shelf.bytes += cost;
        while shelf.bytes > self.bytes_max {
            let Some((_, oldest)) = shelf.by_use.pop_first() else { break };
            if let Some((old, _)) = shelf.pictures.remove(&oldest) {
                shelf.bytes -= old.len() + OVERHEAD_BYTES;
            }
        }
    }

    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}
