//! A town with its people for tests of the whole house: every role for the whole town and for one office, somebody
//! without any, and one who may everything to set the stage. Not what they work on: that is `world`.

use base::{AccountId, MunicipalityId, OrgUnitId};
use db::{DbError, Tx};
use identity::{NewStaff, PasswordHash, Role, hash_password_blocking, standard_unit};
use std::sync::OnceLock;
use testkit::{Browser, TestSite, databases, migrations};
use web::Settings;

pub const PASSWORD: &str = "ein langes Kennwort für Tests";

/// Runs a test on the whole site, on every database.
pub async fn on_both_houses(test: impl AsyncFn(TestSite)) {
    let rooms = stadtplatz::rooms::rooms();
    for database in databases(&migrations(&rooms)).await {
        eprintln!("on {:?}", database.kind);
        test(TestSite::new(database, stadtplatz::rooms::rooms(), Settings::default()).await).await;
    }
}

/// Word in tests, role (empty: none), unit (`None`: the whole town).
pub const STAFF: &[(&str, &str, Option<&str>)] = &[
    ("clerk", "clerk", Some("green_spaces")),
    ("other_clerk", "clerk", Some("public_order")),
    ("head", "head", Some("green_spaces")),
    ("other_head", "head", Some("public_order")),
    ("moderator", "moderator", None),
    ("office_moderator", "moderator", Some("green_spaces")),
    ("editor", "editor", None),
    ("office_editor", "editor", Some("green_spaces")),
    ("administrator", "administrator", None),
    ("office_administrator", "administrator", Some("green_spaces")),
    ("without_role", "", None),
];

/// Works for green spaces until somebody locks them out.
pub const LOCKED: &str = "locked";

/// Holds every role for the whole town: sets up what the tests of the others need, and is no role of real life.
pub const KEEPER: &str = "keeper";

fn password() -> PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    let make = || hash_password_blocking(&base::SeededChance::new(1), PASSWORD).expect("argon2 works");
    HASH.get_or_init(make).clone()
}

pub fn unit(town: MunicipalityId, word: &str) -> OrgUnitId {
    standard_unit(town, word)
}

pub fn address(word: &str, host: &str) -> String {
    format!("{word}@{host}")
}

/// Role and unit of each.
type Roles = Vec<(String, Option<OrgUnitId>)>;

fn hire(
    tx: &Tx<'_>,
    host: &str,
    word: &str,
    roles: Roles,
    unit: Option<OrgUnitId>,
    hash: &PasswordHash,
) -> Result<AccountId, DbError> {
    let (name, email) = (format!("{word} von {host}"), address(word, host));
    identity::create_staff(tx, &NewStaff { name, email, password: Some(hash.clone()), roles, home_unit: unit })
}

/// Founds the town and gives it its people.
pub async fn town(site: &TestSite, host: &str, name: &str) -> MunicipalityId {
    let id = site.found(host, name).await;
    let (hash, host) = (password(), host.to_owned());
    site.site
        .db
        .write::<(), DbError>(id, move |tx| {
            db::testing::unaudited(tx, "people for a test");
            for (word, role, unit_word) in STAFF {
                let unit = unit_word.map(|unit_word| unit(tx.municipality(), unit_word));
                let roles = if role.is_empty() { vec![] } else { vec![((*role).to_owned(), unit)] };
                hire(tx, &host, word, roles, unit, &hash)?;
            }
            let unit = unit(tx.municipality(), "green_spaces");
            hire(tx, &host, LOCKED, vec![("clerk".to_owned(), Some(unit))], Some(unit), &hash)?;
            let all = Role::ALL.iter().map(|role| (role.word().to_owned(), None)).collect();
            hire(tx, &host, KEEPER, all, None, &hash)?;
            Ok(())
        })
        .await
        .unwrap();
    id
}

/// Signs in through the form.
pub async fn signed_in(site: &TestSite, host: &str, word: &str) -> Browser {
    let mut browser = site.visitor(host);
    let page = browser.visit("/anmelden").await;
    let email = address(word, host);
    let seen = browser.send_only(&page, "/anmelden", &[("email", &email), ("password", PASSWORD)]).await;
    seen.is(303);
    browser
}
