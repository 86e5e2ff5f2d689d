//! What roles allow, and where: grants unfolded over the tree of offices, and who may hand them out. Pure.
//! Roles are stored as words; what a word allows is decided here and nowhere else.

use base::{Actor, Grant, OrgUnitId, Permission, Scope, may};
use std::collections::HashSet;

base::stored_words!(
    /// Rolle: a bundle of permissions, granted for a unit with everything below it, or for the whole town.
    pub enum Role {
        /// Sachbearbeitung.
        Clerk = "clerk",
        /// Leitung.
        Head = "head",
        Moderator = "moderator",
        Editor = "editor",
        Administrator = "administrator",
    }
);

impl Role {
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::{CaseRead, CaseWork, Operate, ReportModerate, StaffManage, TownEdit};
        match self {
            Self::Clerk => &[CaseRead, CaseWork],
            Self::Head => &[CaseRead, CaseWork, ReportModerate],
            Self::Moderator => &[ReportModerate],
            Self::Editor => &[TownEdit],
            Self::Administrator => &[StaffManage, TownEdit, Operate],
        }
    }

    /// As staff read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Clerk => "Sachbearbeitung",
            Self::Head => "Leitung",
            Self::Moderator => "Moderation",
            Self::Editor => "Redaktion",
            Self::Administrator => "Verwaltung der Zugänge",
        }
    }

    /// One line for the person who chooses.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Clerk => "Fälle des Amtes sehen, übernehmen, beantworten und abschließen",
            Self::Head => "wie Sachbearbeitung, dazu Meldungen für die Öffentlichkeit freigeben",
            Self::Moderator => "Meldungen prüfen, schwärzen und freigeben",
            Self::Editor => "Texte, Kategorien und Ämter pflegen",
            Self::Administrator => "Personen einladen und sperren, Rollen vergeben, Betrieb ansehen",
        }
    }
}

/// One role of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleGrant {
    pub role: Role,
    /// `None`: the whole town.
    pub unit: Option<OrgUnitId>,
}

/// Every unit with the one above it.
pub type Tree = [(OrgUnitId, Option<OrgUnitId>)];

/// The unit and everything below it. A circle in the data ends the walk instead of hanging it.
pub fn unfold(tree: &Tree, top: OrgUnitId) -> Vec<OrgUnitId> {
    let mut found = vec![top];
    let mut seen = HashSet::from([top]);
    let mut next = 0;
    while let Some(unit) = found.get(next).copied() {
        for (child, parent) in tree {
            if *parent == Some(unit) && seen.insert(*child) {
                found.push(*child);
            }
        }
        next += 1;
    }
    found
}

/// The permissions behind the roles.
pub fn grants(roles: &[RoleGrant], tree: &Tree) -> Vec<Grant> {
    let mut grants = vec![];
    for grant in roles {
        let units = grant.unit.map(|unit| unfold(tree, unit));
        grants.extend(grant.role.permissions().iter().map(|p| Grant { permission: *p, units: units.clone() }));
    }
    grants
}

/// Would hanging `unit` below `parent` close a circle?
pub fn makes_circle(tree: &Tree, unit: OrgUnitId, parent: OrgUnitId) -> bool {
    unfold(tree, unit).contains(&parent)
}

/// Where a permission reaches, for filtering lists in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    All,
    /// Sorted, without doubles; empty: nowhere.
    Some(Vec<OrgUnitId>),
}

/// The units in which this actor has the permission: the same answer as `may`, unit by unit.
pub fn units_for(actor: &Actor, permission: Permission) -> Units {
    let staff = match actor {
        Actor::System => return Units::All,
        Actor::Visitor => return Units::Some(vec![]),
        Actor::Staff(staff) => staff,
    };
    let mut units = vec![];
    for grant in staff.grants.iter().filter(|grant| grant.permission == permission) {
        match &grant.units {
            None => return Units::All,
            Some(some) => units.extend(some),
        }
    }
    units.sort_unstable();
    units.dedup();
    Units::Some(units)
}

fn reach(unit: Option<OrgUnitId>) -> Scope {
    unit.map_or(Scope::Town, Scope::Unit)
}

/// May this actor give or take a role for this unit? For the whole town only who manages the whole town.
pub fn may_grant(actor: &Actor, unit: Option<OrgUnitId>) -> bool {
    may(actor, Permission::StaffManage, reach(unit))
}

/// May this actor lock this person out or change them? Only who manages everything the person may do, so that the
/// administrator of one office has no power over the town's.
pub fn may_manage(actor: &Actor, home: Option<OrgUnitId>, roles: &[RoleGrant]) -> bool {
    may_grant(actor, home) && roles.iter().all(|grant| may_grant(actor, grant.unit))
}

/// May this actor change the office, or hang something below it?
pub fn may_edit_unit(actor: &Actor, unit: Option<OrgUnitId>) -> bool {
    may(actor, Permission::TownEdit, reach(unit))
}
