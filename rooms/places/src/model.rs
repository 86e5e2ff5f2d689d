//! The words of the place register: addresses, assets, shapes, districts, the town's map. Plain values; reading and
//! writing them is in `store.rs`.

use base::{Bounds, Position};
use db::record;
use maps::{Class, Geometry};

base::typed_id!(
    /// Adresse.
    pub struct AddressId
);
base::typed_id!(
    /// Gegenstand der Stadt: Spielgerät, Laterne, Bank.
    pub struct AssetId
);

base::stored_words!(
    /// Where a row comes from. The town's own lists replace what was derived from OpenStreetMap.
    pub enum Source {
        Osm = "osm",
        Town = "town",
    }
);

base::stored_words!(
    /// Kinds of things a town looks after.
    pub enum AssetKind {
        Playground = "playground",
        PlayEquipment = "play_equipment",
        Lamp = "lamp",
        Bench = "bench",
        Bin = "bin",
        Container = "container",
        Tree = "tree",
        Fountain = "fountain",
        Other = "other",
    }
);

impl AssetKind {
    /// What people call it.
    pub const fn german(self) -> &'static str {
        match self {
            AssetKind::Playground => "Spielplatz",
            AssetKind::PlayEquipment => "Spielgerät",
            AssetKind::Lamp => "Straßenlaterne",
            AssetKind::Bench => "Sitzbank",
            AssetKind::Bin => "Abfalleimer",
            AssetKind::Container => "Wertstoffcontainer",
            AssetKind::Tree => "Baum",
            AssetKind::Fountain => "Brunnen",
            AssetKind::Other => "Gegenstand",
        }
    }
}

base::stored_words!(
    /// What a hit of the place search is; the order breaks ties.
    pub enum PlaceKind {
        Address = "address",
        Asset = "asset",
        District = "district",
        Street = "street",
        Playground = "playground",
        Park = "park",
        Building = "building",
        Square = "square",
        Water = "water",
        Stop = "stop",
    }
);

/// One suggestion of the place search.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceHit {
    pub label: String,
    /// A second line: postcode and town, district, number of the asset.
    pub sub: String,
    pub position: Position,
    pub kind: PlaceKind,
    /// Set when the hit is a thing of the town.
    pub asset: Option<AssetId>,
    /// One spot, and the one that was typed: not a whole street, not a street or neighbour for an unknown house number.
    pub exact: bool,
}

record! {
    /// Adresse, as it is shown.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Address {
        pub id: AddressId,
        pub street: String,
        pub house_number: String,
        pub postcode: String,
        pub place: String,
        pub district: Option<String>,
        pub lat: f64,
        pub lon: f64,
    }
}

impl Address {
    pub fn position(&self) -> Position {
        Position { lat: self.lat, lon: self.lon }
    }

    /// "Lindenstraße 5".
    pub fn line(&self) -> String {
        format!("{} {}", self.street, self.house_number).trim_end().to_owned()
    }

    /// "95463 Bindlach".
    pub fn town_line(&self) -> String {
        format!("{} {}", self.postcode, self.place).trim().to_owned()
    }
}

record! {
    /// Gegenstand der Stadt.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Asset {
        pub id: AssetId,
        pub kind: AssetKind,
        pub label: String,
        /// The town's own number, may be empty.
        pub number: String,
        pub parent: Option<AssetId>,
        /// Label of what it belongs to: the playground of a swing.
        pub parent_label: Option<String>,
        pub district: Option<String>,
        pub token: String,
        pub active: bool,
        pub lat: f64,
        pub lon: f64,
    }
}

impl Asset {
    pub fn position(&self) -> Position {
        Position { lat: self.lat, lon: self.lon }
    }

    /// "Spielplatz Lindenpark – Schaukel".
    pub fn title(&self) -> String {
        match &self.parent_label {
            Some(parent) => format!("{parent} – {}", self.label),
            None => self.label.clone(),
        }
    }
}

/// An asset and how far it is from where somebody stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetNear {
    pub asset: Asset,
    pub metres: f64,
}

/// An address to be stored. Same source and reference: the same row.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAddress {
    pub source: Source,
    pub source_ref: String,
    pub street: String,
    pub house_number: String,
    pub postcode: String,
    pub place: String,
    pub position: Position,
}

/// An asset to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAsset {
    pub source: Source,
    pub source_ref: String,
    pub kind: AssetKind,
    pub label: String,
    pub number: String,
    pub parent: Option<AssetId>,
    pub position: Position,
}

/// A feature of the map to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewShape {
    pub source: Source,
    pub source_ref: String,
    pub class: Class,
    pub label: Option<String>,
    pub level: i8,
    pub geometry: Geometry,
}

/// Ortsteil to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDistrict {
    pub source: Source,
    pub source_ref: String,
    pub name: String,
    pub geometry: Geometry,
}

/// What every page with a map must know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TownMap {
    /// Changes with the content of the map; equal versions draw equal tiles.
    pub version: i64,
    pub bounds: Bounds,
    pub centre: Position,
    pub zoom_start: u8,
    /// Stands on every map: the licence of the data asks for it.
    pub attribution: String,
}

/// A number for a content: equal contents have equal numbers, so that an import writes only what changed (FNV-1a).
pub fn content_number(parts: &[&[u8]]) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    // 0 stands for "withdrawn".
    i64::from_le_bytes(hash.to_le_bytes()) | 1
}

fn place_bytes(at: Position) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&at.lat.to_le_bytes());
    bytes[8..].copy_from_slice(&at.lon.to_le_bytes());
    bytes
}

impl NewAddress {
    pub fn content(&self) -> i64 {
        let texts = [&self.street, &self.house_number, &self.postcode, &self.place];
        let [street, number, postcode, place] = texts.map(|text| text.as_bytes());
        content_number(&[street, number, postcode, place, &place_bytes(self.position)])
    }
}

impl NewAsset {
    pub fn content(&self) -> i64 {
        let parent = self.parent.map(|id| *id.0.as_bytes()).unwrap_or_default();
        let (kind, label, number) = (self.kind.word().as_bytes(), self.label.as_bytes(), self.number.as_bytes());
        content_number(&[kind, label, number, &parent, &place_bytes(self.position)])
    }
}

impl NewShape {
    pub fn content(&self) -> i64 {
        let label = self.label.as_deref().unwrap_or_default().as_bytes();
        content_number(&[self.class.word().as_bytes(), label, &[self.level.to_le_bytes()[0]], &self.geometry.encode()])
    }
}

impl NewDistrict {
    pub fn content(&self) -> i64 {
        content_number(&[self.name.as_bytes(), &self.geometry.encode()])
    }
}
