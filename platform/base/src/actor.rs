//! Who acts, and the one rule for what they may do. Lists filter by the same grants in SQL; this function is the
//! check for a single thing. Roles and their permissions are data in `rooms/identity`; here are only the words.

use crate::{AccountId, OrgUnitId};

/// Who is behind a request or a trace.
#[derive(Clone, PartialEq)]
pub enum Actor {
    /// Nobody signed in. Most citizens.
    Visitor,
    Staff(StaffActor),
    /// The program itself: a job, an import, the demo town.
    System,
}

/// A person of the town's staff with their grants, resolved once per request.
#[derive(Clone, PartialEq)]
pub struct StaffActor {
    pub account: AccountId,
    pub name: String,
    pub email: String,
    pub grants: Vec<Grant>,
}

impl std::fmt::Debug for StaffActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffActor").field("account", &self.account).field("name", &"***").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.trace())
    }
}

/// A permission within a set of org units: the unit named in the role and everything below it, already unfolded.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    pub permission: Permission,
    /// `None`: the whole town.
    pub units: Option<Vec<OrgUnitId>>,
}

crate::stored_words!(
    /// What a role can allow. The words are stored in role definitions and never change.
    pub enum Permission {
        /// See cases of the unit and their personal data.
        CaseRead = "case.read",
        /// Claim, answer, transfer, close.
        CaseWork = "case.work",
        /// Review what becomes public, redact, block senders.
        ReportModerate = "report.moderate",
        /// Change texts, categories, departments of the town.
        TownEdit = "town.edit",
        /// Invite and disable staff.
        StaffManage = "staff.manage",
        /// See and retry stuck jobs, see the audit trail.
        Operate = "operate",
    }
);

/// Where a permission is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Anywhere at all: is there a menu entry for this person?
    Anywhere,
    Unit(OrgUnitId),
    /// The whole town, not just a unit.
    Town,
}

impl Actor {
    /// The stable word for audit lines: never a name.
    pub fn trace(&self) -> String {
        match self {
            Actor::Visitor => "visitor".into(),
            Actor::System => "system".into(),
            Actor::Staff(staff) => format!("staff:{}", staff.account),
        }
    }

    pub fn staff(&self) -> Option<&StaffActor> {
        match self {
            Actor::Staff(staff) => Some(staff),
            _ => None,
        }
    }
}

/// The one policy.
pub fn may(actor: &Actor, permission: Permission, scope: Scope) -> bool {
    match actor {
        Actor::System => true,
        Actor::Visitor => false,
        Actor::Staff(staff) => {
            staff.grants.iter().filter(|g| g.permission == permission).any(|g| match (scope, &g.units) {
                (Scope::Anywhere, _) | (_, None) => true,
                (Scope::Unit(unit), Some(units)) => units.contains(&unit),
                (Scope::Town, Some(_)) => false,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn clerk(units: Option<Vec<OrgUnitId>>) -> Actor {
        let grants = vec![Grant { permission: Permission::CaseRead, units }];
        Actor::Staff(StaffActor {
            account: AccountId(Uuid::nil()),
            name: "K".into(),
            email: "k@example.org".into(),
            grants,
        })
    }

    #[test]
    fn a_grant_reaches_its_units_and_no_further() {
        let (mine, other) = (OrgUnitId(Uuid::from_u128(1)), OrgUnitId(Uuid::from_u128(2)));
        let actor = clerk(Some(vec![mine]));
        assert!(may(&actor, Permission::CaseRead, Scope::Unit(mine)));
        assert!(may(&actor, Permission::CaseRead, Scope::Anywhere));
        assert!(!may(&actor, Permission::CaseRead, Scope::Unit(other)));
        assert!(!may(&actor, Permission::CaseRead, Scope::Town));
        assert!(!may(&actor, Permission::CaseWork, Scope::Unit(mine)));
        assert!(may(&clerk(None), Permission::CaseRead, Scope::Town));
        assert!(!may(&Actor::Visitor, Permission::CaseRead, Scope::Anywhere));
    }

    #[test]
    fn debug_hides_the_person() {
        assert!(!format!("{:?}", clerk(None)).contains("example.org"));
    }
}
