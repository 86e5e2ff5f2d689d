//! How wrong passwords make wait. A stranger must neither guess on nor keep a clerk out by guessing wrong: tries are
//! counted by address and network, slowly by address alone, and apart from both by device, once a person signed in on
//! it. Pure but for the cookie. Invariant: an address without account is counted like one with.

use crate::session::{TokenHash, token_hash};
use base::{AccountId, Moment};
use std::net::IpAddr;
use web::Visit;

/// Tries without any wait; people mistype.
const FREE_TRIES: i64 = 5;
/// All networks together: about two days of one stranger who never tires, or a botnet in its first minutes.
const FREE_TRIES_OF_ALL: i64 = 200;
const WAIT_MAX_SECONDS: i64 = 900;
/// After a day without tries the count begins anew.
pub const TRIES_KEPT_SECONDS: i64 = 86_400;

/// One count of tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brake {
    pub key: TokenHash,
    free: i64,
    /// Does the right password clear the count? Otherwise it takes back only its own try.
    pub clears: bool,
}

impl Brake {
    /// Until when tries are refused after so many in a row.
    pub fn blocked_until(self, failures: i64, now: Moment) -> Option<Moment> {
        let beyond = u32::try_from(failures - self.free).ok()?;
        let seconds = 30i64.saturating_mul(1 << beyond.min(10)).min(WAIT_MAX_SECONDS);
        Some(now.plus_seconds(seconds))
    }
}

/// What a try counts against, in this order; the first that refuses ends it. On a device this person signed in on
/// before, what strangers do elsewhere does not count.
pub fn brakes(email: &str, network: IpAddr, known_device: Option<&str>) -> Vec<Brake> {
    let key = |kind: &str, place: &str| token_hash(&format!("{kind}\n{place}\n{email}"));
    match known_device {
        Some(device) => vec![Brake { key: key("device", device), free: FREE_TRIES, clears: true }],
        None => vec![
            Brake { key: key("network", &network.to_string()), free: FREE_TRIES, clears: true },
            Brake { key: key("all", ""), free: FREE_TRIES_OF_ALL, clears: false },
        ],
    }
}

const COOKIE: &str = "geraet";
const PURPOSE: &str = "identity.device";
const KNOWN_SECONDS: i64 = 180 * 86_400;
/// A shared machine at the counter knows several people.
const PEOPLE_MAX: usize = 8;

/// A browser and who signed in on it, from its sealed cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: String,
    people: Vec<AccountId>,
}

impl Device {
    /// The device behind a visit; a new one if it brought no cookie of ours.
    pub fn of(visit: &Visit) -> Self {
        let sealed = visit.cookie(COOKIE);
        let opened = sealed.and_then(|it| visit.site.keys.open(visit.town_id(), PURPOSE, it, visit.site.clock.now()));
        opened
            .and_then(|text| Self::read(&text))
            .unwrap_or_else(|| Self { id: visit.site.secret_token(), people: vec![] })
    }

    pub fn read(text: &str) -> Option<Self> {
        let (id, people) = text.split_once(' ')?;
        let people = people.split(' ').map(AccountId::parse).collect::<Option<_>>()?;
        Some(Self { id: id.to_owned(), people })
    }

    pub fn text(&self) -> String {
        let people: Vec<String> = self.people.iter().map(ToString::to_string).collect();
        format!("{} {}", self.id, people.join(" "))
    }

    pub fn knows(&self, account: AccountId) -> bool {
        self.people.contains(&account)
    }

    /// This person signed in here just now; who did so longest ago is forgotten first.
    pub fn with(mut self, account: AccountId) -> Self {
        self.people.retain(|known| *known != account);
        self.people.insert(0, account);
        self.people.truncate(PEOPLE_MAX);
        self
    }

    /// The cookie that makes the device known.
    pub fn cookie(&self, visit: &Visit) -> http::HeaderValue {
        let until = visit.site.clock.now().plus_seconds(KNOWN_SECONDS);
        let sealed = visit.site.keys.seal(visit.town_id(), PURPOSE, &self.text(), until);
        web::cookie(COOKIE, &sealed, Some(KNOWN_SECONDS))
    }
}
