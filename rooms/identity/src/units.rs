//! The offices a town starts with, and how they get ids that are the same every time. Words, not ids, are what other
//! rooms' templates refer to. The town changes names and adds its own afterwards.

use crate::{OrgUnit, store};
use base::{AccountId, MunicipalityId, OrgUnitId};
use db::{DbError, Tx};
use web::Town;

/// An office of the standard template.
#[derive(Debug, Clone, Copy)]
pub struct StandardUnit {
    pub word: &'static str,
    pub name: &'static str,
    pub short: &'static str,
    /// Before the `@` of the town's domain.
    pub mailbox: &'static str,
    /// Word of the office above.
    pub parent: Option<&'static str>,
}

const fn unit(
    word: &'static str,
    name: &'static str,
    short: &'static str,
    mailbox: &'static str,
    parent: Option<&'static str>,
) -> StandardUnit {
    StandardUnit { word, name, short, mailbox, parent }
}

/// Parents stand before their children.
pub const STANDARD_UNITS: &[StandardUnit] = &[
    unit("main_office", "Hauptamt", "HA", "hauptamt", None),
    unit("citizens_office", "Bürgerbüro", "BB", "buergerbuero", Some("main_office")),
    unit("public_order", "Ordnungsamt", "OA", "ordnungsamt", None),
    unit("civil_engineering", "Tiefbauamt", "TBA", "tiefbau", None),
    unit("works_depot", "Bauhof", "BH", "bauhof", Some("civil_engineering")),
    unit("green_spaces", "Grünflächenamt", "GFA", "gruenflaechen", None),
    unit("street_lighting", "Stadtwerke, Straßenbeleuchtung", "SW", "beleuchtung", None),
    unit("environment", "Umweltamt", "UA", "umwelt", None),
];

/// A UUID that belongs to this town and these words, the same whenever it is computed.
fn stable(town: MunicipalityId, kind: &str, word: &str) -> uuid::Uuid {
    let text = format!("{town}/{kind}/{word}");
    let hash = crate::session::token_hash(&text);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The id of an office of the template in this town.
pub fn standard_unit(town: MunicipalityId, word: &str) -> OrgUnitId {
    OrgUnitId(stable(town, "unit", word))
}

/// The id of a person of the demo town.
pub(crate) fn demo_account_id(town: MunicipalityId, mailbox: &str) -> AccountId {
    AccountId(stable(town, "demo-account", mailbox))
}

/// Puts the standard offices; the template of a new town.
pub fn template(tx: &Tx<'_>, town: &Town) -> Result<(), DbError> {
    let domain = town.email.rsplit_once('@').map(|(_, domain)| domain);
    for standard in STANDARD_UNITS {
        let email = domain.map_or_else(|| town.email.clone(), |domain| format!("{}@{domain}", standard.mailbox));
        store::put_org_unit(
            tx,
            &OrgUnit {
                id: standard_unit(tx.municipality(), standard.word),
                parent: standard.parent.map(|word| standard_unit(tx.municipality(), word)),
                name: standard.name.to_owned(),
                short: standard.short.to_owned(),
                email,
                phone: town.phone.clone(),
            },
        )?;
    }
    Ok(())
}
