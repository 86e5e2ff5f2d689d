//! Where the demo town's reports can be and who works on them: read once from the registers of places and staff.
//! Invariant: only what those registers hold; without addresses there is nothing to report about.

use super::{dice::Dice, kinds::At};
use crate::category::{Category, fold};
use crate::store;
use base::{AccountId, OrgUnitId, Position};
use db::{DbError, Tx};
use places::AssetKind;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A place a report can be about.
#[derive(Debug, Clone)]
pub struct Place {
    pub position: Position,
    /// "Lindenstraße 14".
    pub address: String,
    pub street: String,
    pub district: String,
    /// The thing, its id and its label: "Schaukel".
    pub thing: Option<(Uuid, String)>,
    /// What people call it: the playground's name, else the address.
    pub called: String,
}

#[derive(Debug, Default)]
pub struct Ground {
    pub addresses: Vec<Place>,
    pub things: BTreeMap<&'static str, Vec<Place>>,
    /// By category: who gets its cases.
    pub units: BTreeMap<String, OrgUnitId>,
    /// By category: who of that unit works on them.
    pub staff: BTreeMap<String, Vec<AccountId>>,
    pub categories: BTreeMap<String, Category>,
}

const PROBES: u64 = 420;
const KINDS: [AssetKind; 7] = [
    AssetKind::Playground,
    AssetKind::PlayEquipment,
    AssetKind::Lamp,
    AssetKind::Bench,
    AssetKind::Bin,
    AssetKind::Container,
    AssetKind::Tree,
];

pub fn read(tx: &Tx<'_>) -> Result<Ground, DbError> {
    let dice = Dice::new(0x0A40_1217);
    let mut ground = Ground { addresses: addresses(tx, &dice)?, ..Ground::default() };
    for kind in KINDS.into_iter().chain([AssetKind::Fountain]) {
        ground.things.insert(kind.word(), things(tx, kind, &dice)?);
    }
    for category in store::categories(tx)? {
        if let Some(choice) = cases::unit_for(tx, "report", &category.word, "")? {
            let staff = identity::staff_of_unit(tx, choice.unit)?;
            ground.staff.insert(category.word.clone(), staff.into_iter().map(|member| member.account).collect());
            ground.units.insert(category.word.clone(), choice.unit);
        }
        ground.categories.insert(category.word.clone(), category);
    }
    Ok(ground)
}

/// Some hundred addresses, spread over the map: the one nearest to each of many random dots.
fn addresses(tx: &Tx<'_>, dice: &Dice) -> Result<Vec<Place>, DbError> {
    let Some(map) = places::town_map(tx)? else { return Ok(vec![]) };
    let mut found = BTreeMap::new();
    for _ in 0..PROBES {
        let at = Position {
            lat: map.bounds.south + (map.bounds.north - map.bounds.south) * dice.part(),
            lon: map.bounds.west + (map.bounds.east - map.bounds.west) * dice.part(),
        };
        if let Some(address) = places::nearest_address(tx, at)? {
            found.insert((address.street.clone(), address.house_number.clone()), address);
        }
    }
    let place = |address: places::Address| Place {
        position: address.position(),
        address: address.line(),
        called: address.line(),
        street: address.street,
        district: address.district.unwrap_or_default(),
        thing: None,
    };
    Ok(found.into_values().map(place).collect())
}

/// Up to 160 things of a kind with the address next to them.
fn things(tx: &Tx<'_>, kind: AssetKind, dice: &Dice) -> Result<Vec<Place>, DbError> {
    let mut assets = places::assets_of_kind(tx, kind, 2_000)?;
    while assets.len() > 160 {
        let away = usize::try_from(dice.below(assets.len() as u64)).unwrap_or(0);
        assets.swap_remove(away);
    }
    let mut places = Vec::with_capacity(assets.len());
    for asset in assets {
        let near = places::nearest_address(tx, asset.position())?;
        let address = near.as_ref().map(places::Address::line).unwrap_or_default();
        let called = match (&asset.parent_label, kind) {
            (Some(parent), _) => parent.clone(),
            (None, AssetKind::Playground | AssetKind::Container | AssetKind::Fountain) => asset.label.clone(),
            _ if address.is_empty() => asset.label.clone(),
            _ => address.clone(),
        };
        places.push(Place {
            position: asset.position(),
            street: near.map(|address| address.street).unwrap_or_else(|| called.clone()),
            address: if address.is_empty() { called.clone() } else { address },
            district: asset.district.unwrap_or_default(),
            thing: Some((asset.id.0, asset.label)),
            called,
        });
    }
    Ok(places)
}

impl Ground {
    /// A place for this kind of damage; an address if the town has no such thing.
    pub fn place(&self, dice: &Dice, at: At) -> Option<Place> {
        if let At::Thing(kind, label) = at {
            let fitting: Vec<&Place> =
                self.things.get(kind).into_iter().flatten().filter(|place| holds(place, label)).collect();
            if let Some(place) = dice.pick(&fitting) {
                return Some((*place).clone());
            }
        }
        let mut place = dice.pick(&self.addresses)?.clone();
        // Damage lies in front of the house, not in its kitchen.
        place.position = beside(dice, place.position, 14.0);
        Some(place)
    }
}

fn holds(place: &Place, label: &str) -> bool {
    place.thing.as_ref().is_some_and(|(_, name)| fold(name).contains(label))
}

/// Some metres away.
pub fn beside(dice: &Dice, at: Position, metres: f64) -> Position {
    let bounds = at.around(metres);
    Position {
        lat: bounds.south + (bounds.north - bounds.south) * dice.part(),
        lon: bounds.west + (bounds.east - bounds.west) * dice.part(),
    }
}
