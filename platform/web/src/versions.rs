//! Which state a town's data are in: one value that is another after every change of state, on every node, read from the
//! database itself. Requests that come while it is read share the next reading: each learns a version that was read
//! after it came, and hundreds of them cost one statement. Not a cache: nothing is remembered.

use crate::Site;
use base::MunicipalityId;
use std::{
    collections::{HashMap, hash_map},
    sync::{Mutex, PoisonError},
};
use tokio::sync::oneshot;

/// The hash at the end of the town's audit chain: every change of state moves it, in the same transaction.
pub(crate) type Version = Vec<u8>;

type Asking = oneshot::Sender<Option<Version>>;

#[derive(Default)]
pub(crate) struct Versions {
    /// Who waits, by town; a town is here while somebody reads its version.
    waiting: Mutex<HashMap<MunicipalityId, Vec<Asking>>>,
}

impl Versions {
    /// `None`: the town has no history yet, or the database does not answer.
    pub async fn of(&self, site: &Site, town: MunicipalityId) -> Option<Version> {
        let (tell, answer) = oneshot::channel();
        let is_first = match self.waiting.lock().unwrap_or_else(PoisonError::into_inner).entry(town) {
            hash_map::Entry::Occupied(mut known) => {
                known.get_mut().push(tell);
                false
            }
            hash_map::Entry::Vacant(free) => {
                free.insert(vec![tell]);
                true
            }
        };
        if is_first {
            tokio::spawn(read_for_all(site.clone(), town));
        }
        answer.await.ok().flatten()
    }

    /// Who waits for the next reading; nobody: the reading of this town ends.
    fn take(&self, town: MunicipalityId) -> Vec<Asking> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let asking = waiting.get_mut(&town).map(std::mem::take).unwrap_or_default();
        if asking.is_empty() {
            waiting.remove(&town);
        }
        asking
    }
}

async fn read_for_all(site: Site, town: MunicipalityId) {
    loop {
        let asking = site.versions().take(town);
        if asking.is_empty() {
            return;
        }
        let version = match site.db.read(town, db::audit_end).await {
            Ok(version) => version,
            Err(error) => {
                tracing::debug!(%error, "could not read the version of a town");
                None
            }
        };
        for tell in asking {
            // Who went away meanwhile needs no answer.
            let _ = tell.send(version.clone());
        }
    }
}
