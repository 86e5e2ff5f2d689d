//! How long somebody stays signed in, and the memory of who was seen just now. A page view does not write to the
//! database: sightings are kept here, and every node writes its own every minute and when it stops. Not the sessions themselves: `store`.

use aws_lc_rs::digest;
use base::{Moment, MunicipalityId};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, OnceLock, PoisonError},
};

/// Twelve hours without a page and the session is over; after seven days it is over in any case.
pub const IDLE_SECONDS: i64 = 12 * 3_600;
pub const WHOLE_SECONDS: i64 = 7 * 86_400;
/// An invitation is good for this long.
pub const INVITATION_SECONDS: i64 = 14 * 86_400;

pub type TokenHash = [u8; 32];

/// What is stored instead of a secret.
pub fn token_hash(secret: &str) -> TokenHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

/// Is a session of this age still good?
pub fn is_alive(created_at: Moment, seen_at: Moment, now: Moment) -> bool {
    now.seconds_since(seen_at) < IDLE_SECONDS && now.seconds_since(created_at) < WHOLE_SECONDS
}

type Sightings = Mutex<HashMap<(MunicipalityId, TokenHash), Moment>>;

fn sightings() -> &'static Sightings {
    static SIGHTINGS: OnceLock<Sightings> = OnceLock::new();
    SIGHTINGS.get_or_init(Sightings::default)
}

/// Notes that the holder of this session asked for a page.
pub fn saw(town: MunicipalityId, token: TokenHash, at: Moment) {
    sightings().lock().unwrap_or_else(PoisonError::into_inner).insert((town, token), at);
}

/// The last sighting that is not in the database yet.
pub fn last_seen(town: MunicipalityId, token: TokenHash) -> Option<Moment> {
    sightings().lock().unwrap_or_else(PoisonError::into_inner).get(&(town, token)).copied()
}

/// The towns in which somebody was seen whose sighting is not written yet.
pub fn towns_with_sightings() -> Vec<MunicipalityId> {
    let all = sightings().lock().unwrap_or_else(PoisonError::into_inner);
    all.keys().map(|(town, _)| *town).collect::<HashSet<_>>().into_iter().collect()
}

/// All sightings in a town, for writing them down. They stay until `written`, because a transaction may be repeated.
pub fn seen_in(town: MunicipalityId) -> Vec<(TokenHash, Moment)> {
    let all = sightings().lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().filter(|((of, _), _)| *of == town).map(|((_, token), at)| (*token, *at)).collect()
}

/// Drops what is in the database now, unless the person was seen again meanwhile.
pub fn written(town: MunicipalityId, seen: &[(TokenHash, Moment)]) {
    let mut all = sightings().lock().unwrap_or_else(PoisonError::into_inner);
    for (token, at) in seen {
        if all.get(&(town, *token)) == Some(at) {
            all.remove(&(town, *token));
        }
    }
}

/// "Firefox, Windows": enough to recognise one's own devices, no fingerprint.
pub fn device(user_agent: &str) -> String {
    let browsers =
        [("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unbekanntes Gerät".to_owned(),
    }
}
