//! Every SQL statement about offices, accounts and roles. Sessions, invitations and tries are in `store/access.rs`.
//! Functions that change something write no audit line: the caller knows who acted and why.

mod access;

pub use access::{
    Invitation, OwnSession, count_try, end_other_sessions, end_session, end_sessions_of, forgive_tries, invitation,
    note_sightings, open_session, put_invitation, session, sessions_of, tidy_up, use_invitation,
};

use crate::{
    password::PasswordHash,
    role::{Role, RoleGrant},
};
use base::{AccountId, FromValue, Moment, OrgUnitId, ToValue, Value, WrongType};
use db::{DbError, Tx, p, record};
use std::collections::HashMap;
use uuid::Uuid;

record! {
    /// Amt, Fachbereich or Team.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OrgUnit {
        pub id: OrgUnitId,
        pub parent: Option<OrgUnitId>,
        pub name: String,
        pub short: String,
        pub email: String,
        pub phone: String,
    }
}

record! {
    /// A person of the staff as other rooms see them.
    #[derive(Clone, PartialEq, Eq)]
    pub struct StaffMember {
        pub account: AccountId,
        pub name: String,
        pub email: String,
        pub active: bool,
        pub home_unit: Option<OrgUnitId>,
        /// False until the invitation was followed.
        pub has_password: bool,
    }
}

impl std::fmt::Debug for StaffMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffMember").field("account", &self.account).field("name", &"***").finish_non_exhaustive()
    }
}

impl ToValue for PasswordHash {
    fn to_value(&self) -> Value<'_> {
        Value::Text(&self.0)
    }
}

impl FromValue for PasswordHash {
    fn from_value(value: Value<'_>) -> Result<Self, WrongType> {
        String::from_value(value).map(Self)
    }
}

/// For sorting names as a German reader expects, the same on both databases.
pub(crate) fn sort_key(name: &str) -> String {
    name.to_lowercase().replace('ä', "a").replace('ö', "o").replace('ü', "u").replace('ß', "ss")
}

/// All offices, by name.
pub fn org_units(tx: &Tx<'_>) -> Result<Vec<OrgUnit>, DbError> {
    let mut units: Vec<OrgUnit> =
        tx.query("SELECT id, parent, name, short, email, phone FROM identity_org_units WHERE municipality = $1", p![])?;
    units.sort_by_cached_key(|unit| sort_key(&unit.name));
    Ok(units)
}

/// All offices with the one above, for unfolding grants.
pub fn tree(tx: &Tx<'_>) -> Result<Vec<(OrgUnitId, Option<OrgUnitId>)>, DbError> {
    tx.query("SELECT id, parent FROM identity_org_units WHERE municipality = $1", p![])
}

pub fn org_unit(tx: &Tx<'_>, id: OrgUnitId) -> Result<Option<OrgUnit>, DbError> {
    tx.query_one(
        "SELECT id, parent, name, short, email, phone FROM identity_org_units WHERE municipality = $1 AND id = $2",
        p![id],
    )
}

/// Inserts or changes an office. The caller has refused circles and writes the audit line.
pub fn put_org_unit(tx: &Tx<'_>, unit: &OrgUnit) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO identity_org_units (municipality, id, parent, name, short, email, phone)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (municipality, id) DO UPDATE SET parent = excluded.parent, name = excluded.name,
            short = excluded.short, email = excluded.email, phone = excluded.phone",
        p![unit.id, unit.parent, unit.name, unit.short, unit.email, unit.phone],
    )?;
    Ok(())
}

/// The person behind an account.
pub fn staff_member(tx: &Tx<'_>, account: AccountId) -> Result<Option<StaffMember>, DbError> {
    tx.query_one(
        "SELECT id, name, email, active, home_unit, password IS NOT NULL
         FROM identity_accounts WHERE municipality = $1 AND id = $2",
        p![account],
    )
}

/// All staff, by name, disabled ones too.
pub fn staff(tx: &Tx<'_>) -> Result<Vec<StaffMember>, DbError> {
    let mut all: Vec<StaffMember> = tx.query(
        "SELECT id, name, email, active, home_unit, password IS NOT NULL
         FROM identity_accounts WHERE municipality = $1",
        p![],
    )?;
    all.sort_by_cached_key(|member| sort_key(&member.name));
    Ok(all)
}

/// Those who work in this office now, by name.
pub fn staff_of_unit(tx: &Tx<'_>, unit: OrgUnitId) -> Result<Vec<StaffMember>, DbError> {
    let mut all: Vec<StaffMember> = tx.query(
        "SELECT id, name, email, active, home_unit, password IS NOT NULL
         FROM identity_accounts WHERE municipality = $1 AND home_unit = $2 AND active = $3",
        p![unit, true],
    )?;
    all.sort_by_cached_key(|member| sort_key(&member.name));
    Ok(all)
}

/// The names behind accounts, for lists; unknown ids are left out.
pub fn names(tx: &Tx<'_>, accounts: &[AccountId]) -> Result<HashMap<AccountId, String>, DbError> {
    const SLOTS: usize = 8;
    let mut wanted = accounts.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = HashMap::new();
    for chunk in wanted.chunks(SLOTS) {
        // Empty slots repeat the first id.
        let slot = |index: usize| chunk.get(index).or(chunk.first()).copied();
        let rows: Vec<(AccountId, String)> = tx.query(
            "SELECT id, name FROM identity_accounts
             WHERE municipality = $1 AND id IN ($2, $3, $4, $5, $6, $7, $8, $9)",
            p![slot(0), slot(1), slot(2), slot(3), slot(4), slot(5), slot(6), slot(7)],
        )?;
        found.extend(rows);
    }
    Ok(found)
}

/// The names of offices, for lists.
pub fn unit_names(tx: &Tx<'_>) -> Result<HashMap<OrgUnitId, String>, DbError> {
    let rows: Vec<(OrgUnitId, String)> =
        tx.query("SELECT id, name FROM identity_org_units WHERE municipality = $1", p![])?;
    Ok(rows.into_iter().collect())
}

/// A person to be taken in.
#[derive(Clone)]
pub struct NewStaff {
    pub name: String,
    pub email: String,
    pub password: Option<PasswordHash>,
    /// Role word and unit; `None`: the whole town.
    pub roles: Vec<(String, Option<OrgUnitId>)>,
    pub home_unit: Option<OrgUnitId>,
}

/// Makes an account. A second one with the same address is `DbError::Violated`; an unknown role word is refused.
pub fn create_staff(tx: &Tx<'_>, new: &NewStaff) -> Result<AccountId, DbError> {
    let account = AccountId(tx.new_id());
    insert_account(tx, account, new, false)?;
    Ok(account)
}

/// The demo town's people have ids that stay and a password everybody may know.
pub(crate) fn create_demo_staff(tx: &Tx<'_>, account: AccountId, new: &NewStaff) -> Result<(), DbError> {
    insert_account(tx, account, new, true)
}

fn insert_account(tx: &Tx<'_>, account: AccountId, new: &NewStaff, demo: bool) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO identity_accounts
            (municipality, id, name, email, email_folded, password, active, home_unit, demo, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        p![account, new.name, new.email, new.email.to_lowercase(), new.password, true, new.home_unit, demo, tx.now()],
    )?;
    for (word, unit) in &new.roles {
        let role = Role::from_word(word).ok_or_else(|| DbError::WrongShape("an unknown role word".to_owned()))?;
        put_role(tx, account, RoleGrant { role, unit: *unit })?;
    }
    Ok(())
}

/// Stands for "the whole town" in a key column.
const WHOLE_TOWN: OrgUnitId = OrgUnitId(Uuid::nil());

/// Gives a role; giving it twice changes nothing.
pub fn put_role(tx: &Tx<'_>, account: AccountId, grant: RoleGrant) -> Result<(), DbError> {
    tx.exec(
        "INSERT INTO identity_roles (municipality, account, role, unit) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        p![account, grant.role, grant.unit.unwrap_or(WHOLE_TOWN)],
    )?;
    Ok(())
}

/// Takes a role; says whether it was there.
pub fn remove_role(tx: &Tx<'_>, account: AccountId, grant: RoleGrant) -> Result<bool, DbError> {
    let rows = tx.exec(
        "DELETE FROM identity_roles WHERE municipality = $1 AND account = $2 AND role = $3 AND unit = $4",
        p![account, grant.role, grant.unit.unwrap_or(WHOLE_TOWN)],
    )?;
    Ok(rows > 0)
}

fn grant((role, unit): (Role, OrgUnitId)) -> RoleGrant {
    RoleGrant { role, unit: (unit != WHOLE_TOWN).then_some(unit) }
}

/// The roles of one account.
pub fn roles_of(tx: &Tx<'_>, account: AccountId) -> Result<Vec<RoleGrant>, DbError> {
    let rows = tx.query(
        "SELECT role, unit FROM identity_roles WHERE municipality = $1 AND account = $2 ORDER BY role, unit",
        p![account],
    )?;
    Ok(rows.into_iter().map(grant).collect())
}

/// The roles of everybody, for the list of people.
pub fn all_roles(tx: &Tx<'_>) -> Result<HashMap<AccountId, Vec<RoleGrant>>, DbError> {
    let rows: Vec<(AccountId, Role, OrgUnitId)> =
        tx.query("SELECT account, role, unit FROM identity_roles WHERE municipality = $1 ORDER BY role, unit", p![])?;
    let mut all: HashMap<AccountId, Vec<RoleGrant>> = HashMap::new();
    for (account, role, unit) in rows {
        all.entry(account).or_default().push(grant((role, unit)));
    }
    Ok(all)
}

/// How many active people besides this one manage the staff of the whole town. Who never accepted the invitation
/// cannot sign in and does not count.
pub fn other_administrators(tx: &Tx<'_>, account: AccountId) -> Result<i64, DbError> {
    let count = tx.scalar(
        "SELECT COUNT(*) FROM identity_roles r
         JOIN identity_accounts a ON a.municipality = r.municipality AND a.id = r.account
         WHERE r.municipality = $1 AND r.role = $2 AND r.unit = $3 AND a.active = $4 AND r.account <> $5
           AND a.password IS NOT NULL",
        p![Role::Administrator, WHOLE_TOWN, true, account],
    )?;
    Ok(count.unwrap_or(0))
}

record! {
    /// What signing in needs to know of an account.
    pub struct Credentials {
        pub account: AccountId,
        pub password: Option<PasswordHash>,
        pub active: bool,
    }
}

/// The account with this address.
pub fn credentials(tx: &Tx<'_>, email: &str) -> Result<Option<Credentials>, DbError> {
    tx.query_one(
        "SELECT id, password, active FROM identity_accounts WHERE municipality = $1 AND email_folded = $2",
        p![email.trim().to_lowercase()],
    )
}

pub fn set_password(tx: &Tx<'_>, account: AccountId, password: &PasswordHash) -> Result<(), DbError> {
    // A password chosen by the person ends the demo's.
    tx.exec(
        "UPDATE identity_accounts SET password = $3, demo = $4 WHERE municipality = $1 AND id = $2",
        p![account, *password, false],
    )?;
    access::forget_invitations(tx, account)
}

pub fn set_name(tx: &Tx<'_>, account: AccountId, name: &str) -> Result<(), DbError> {
    tx.exec("UPDATE identity_accounts SET name = $3 WHERE municipality = $1 AND id = $2", p![account, name])?;
    Ok(())
}

pub fn set_home_unit(tx: &Tx<'_>, account: AccountId, unit: Option<OrgUnitId>) -> Result<(), DbError> {
    tx.exec("UPDATE identity_accounts SET home_unit = $3 WHERE municipality = $1 AND id = $2", p![account, unit])?;
    Ok(())
}

/// Locks an account or opens it again; says whether that changed anything.
pub fn set_active(tx: &Tx<'_>, account: AccountId, active: bool) -> Result<bool, DbError> {
    if !active {
        access::forget_invitations(tx, account)?;
    }
    let rows = tx.exec(
        "UPDATE identity_accounts SET active = $3 WHERE municipality = $1 AND id = $2 AND active <> $3",
        p![account, active],
    )?;
    Ok(rows > 0)
}

/// Does anybody here still have the demo's well-known password? Then `serve` must not start.
pub fn has_demo_accounts(tx: &Tx<'_>) -> Result<bool, DbError> {
    let one: Option<AccountId> =
        tx.scalar("SELECT id FROM identity_accounts WHERE municipality = $1 AND demo = $2 LIMIT 1", p![true])?;
    Ok(one.is_some())
}

/// When an account was made; for the page of one person.
pub fn created_at(tx: &Tx<'_>, account: AccountId) -> Result<Option<Moment>, DbError> {
    tx.scalar("SELECT created_at FROM identity_accounts WHERE municipality = $1 AND id = $2", p![account])
}
