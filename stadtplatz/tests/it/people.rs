//! A town with its people for tests of the whole house: one of every role, one case, one public report.

use base::{MunicipalityId, OrgUnitId};
use db::DbError;
use identity::{NewStaff, PasswordHash, hash_password_blocking, standard_unit};
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

/// Word in tests, role, unit (`None`: the whole town).
pub const STAFF: &[(&str, &str, Option<&str>)] = &[
    ("clerk", "clerk", Some("green_spaces")),
    ("other_clerk", "clerk", Some("public_order")),
    ("head", "head", Some("green_spaces")),
    ("moderator", "moderator", None),
    ("editor", "editor", None),
    ("administrator", "administrator", None),
];

fn password() -> PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    let make = || hash_password_blocking(&base::SeededChance::new(1), PASSWORD).expect("argon2 works");
    HASH.get_or_init(make).clone()
}

pub fn unit(town: MunicipalityId, word: &str) -> OrgUnitId {
    standard_unit(town, word)
}

fn address(word: &str, host: &str) -> String {
    format!("{word}@{host}")
}

/// Founds the town and gives it one person of every role.
pub async fn town(site: &TestSite, host: &str, name: &str) -> MunicipalityId {
    let id = site.found(host, name).await;
    let (hash, host) = (password(), host.to_owned());
    site.site
        .db
        .write::<(), DbError>(id, move |tx| {
            db::testing::unaudited(tx, "people for a test");
            for (word, role, unit_word) in STAFF {
                let unit = unit_word.map(|unit_word| unit(tx.municipality(), unit_word));
                let new = NewStaff {
                    name: format!("{word} von {host}"),
                    email: address(word, &host),
                    password: Some(hash.clone()),
                    roles: vec![((*role).to_owned(), unit)],
                    home_unit: unit,
                };
                identity::create_staff(tx, &new)?;
            }
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
