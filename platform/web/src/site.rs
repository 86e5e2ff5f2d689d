//! The running site: the database, the folders, the clock, the secrets, and the rooms' manifests, shared by all requests
//! and jobs. Also the short memory of towns by host, so that most requests need no look-up for it.

use crate::{
    Keys, Limits, Room, TextsOfAll, Town, form::TEXT_BYTES_MAX, kept::Kept, load_town, memo::Memo, texts::BrokenTexts,
    versions::Versions,
};
use base::{Chance, Clock, Moment, MunicipalityId};
use db::{Db, DbError};
use ipnet::IpNet;
use std::{
    collections::HashMap,
    ops::Deref,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

/// How the site presents itself to the outside.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Forwarded headers count only from these networks.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest single upload, in bytes.
    pub upload_bytes_max: u64,
    /// Photos per form.
    pub uploads_max: usize,
    /// `stadtplatz demo`: offers accounts on the sign-in page and `/_post`.
    pub demo: bool,
    /// Hosts with private addresses that the house may ask, each as `host:port`.
    pub intranet: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { trusted_proxies: vec![], upload_bytes_max: 30 << 20, uploads_max: 5, demo: false, intranet: vec![] }
    }
}

impl Settings {
    /// Largest body of a form: all its files and a good deal of text.
    pub fn form_bytes_max(&self) -> usize {
        let files = usize::try_from(self.upload_bytes_max).unwrap_or(usize::MAX).saturating_mul(self.uploads_max);
        files.saturating_add(2 * TEXT_BYTES_MAX)
    }
}

/// Every room's manifest, in the order of the navigation.
pub type Rooms = Arc<[Room]>;

pub struct SiteParts {
    pub db: Db,
    pub files: files::Store,
    pub mailer: mail::Mailer,
    pub outgoing: outgoing::Outgoing,
    /// The same for addresses that strangers name: it knows no host of the intranet, or they could make the house ask it.
    pub strangers: outgoing::Outgoing,
    /// A folder for what can be fetched again at any time. It is in no backup.
    pub cache: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub keys: Keys,
    pub limits: Limits,
    pub settings: Settings,
    pub rooms: Rooms,
}

pub struct SiteInner {
    pub parts: SiteParts,
    pub texts: TextsOfAll,
    towns: RwLock<HashMap<String, (Arc<Town>, Moment)>>,
    kept: Kept,
    versions: Versions,
    memo: Memo,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<SiteInner>);

impl Deref for Site {
    type Target = SiteParts;

    fn deref(&self) -> &SiteParts {
        &self.0.parts
    }
}

/// A changed town document is seen by other nodes after this long.
const TOWN_MEMORY_SECONDS: i64 = 5;
/// Hosts nobody serves must not fill the memory.
const TOWN_MEMORY_MAX: usize = 20_000;

impl Site {
    pub fn new(parts: SiteParts) -> Result<Self, BrokenTexts> {
        let mut sources = vec![("web", include_str!("../texts/de.ftl"), include_str!("../texts/en.ftl"))];
        sources.extend(parts.rooms.iter().map(|room| (room.name, room.texts.0, room.texts.1)));
        let texts = TextsOfAll::load(&sources)?;
        parts.db.deliver_only(parts.rooms.iter().flat_map(|room| room.listeners).map(|listener| listener.event));
        Ok(Self(Arc::new(SiteInner {
            parts,
            texts,
            towns: RwLock::default(),
            kept: Kept::default(),
            versions: Versions::default(),
            memo: Memo::default(),
        })))
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.0.kept
    }

    pub(crate) fn versions(&self) -> &Versions {
        &self.0.versions
    }

    pub(crate) fn memo(&self) -> &Memo {
        &self.0.memo
    }

    pub fn texts(&self) -> TextsOfAll {
        self.0.texts
    }

    /// The town of this host; `None`: no town lives here.
    pub async fn town_by_host(&self, host: &str) -> Result<Option<Arc<Town>>, DbError> {
        let now = self.clock.now();
        let known = self.0.towns.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned();
        if let Some((town, since)) = known
            && now.seconds_since(since) < TOWN_MEMORY_SECONDS
        {
            return Ok(Some(town));
        }
        let name = host.to_owned();
        let Some(id) = self.db.look_up(move |tables| tables.municipality_by_host(&name)).await? else {
            return Ok(None);
        };
        let town = self.town(id.id).await?;
        if let Some(town) = &town {
            let mut towns = self.0.towns.write().unwrap_or_else(PoisonError::into_inner);
            if towns.len() >= TOWN_MEMORY_MAX {
                towns.clear();
            }
            towns.insert(host.to_owned(), (Arc::clone(town), now));
        }
        Ok(town)
    }

    /// The town by its id, for jobs.
    pub async fn town(&self, id: MunicipalityId) -> Result<Option<Arc<Town>>, DbError> {
        let town = self.db.read(id, load_town).await?;
        let demo = self.settings.demo;
        Ok(town.map(|mut town| {
            town.demo = demo;
            Arc::new(town)
        }))
    }

    /// Forgets remembered towns after a change on this node.
    pub fn town_changed(&self) {
        self.0.towns.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// 32 random bytes as text, for sessions and invitations.
    pub fn secret_token(&self) -> String {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let mut bytes = [0u8; 32];
        self.chance.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}
