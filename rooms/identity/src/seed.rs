//! The people of the demo town: eight offices, forty staff, one password that everybody may know. Repeating it changes
//! nothing. Only `demo` calls it; `has_demo_accounts` keeps `serve` from ever starting with these accounts.

use crate::{
    Role,
    password::PasswordHash,
    standard_unit,
    store::{self, NewStaff},
    units::{self, STANDARD_UNITS, demo_account_id},
};
use base::OrgUnitId;
use db::{Audit, DbError, Tx};
use serde_json::json;
use web::Town;

/// Known to everybody who reads the sign-in page of the demo; never accepted elsewhere.
pub const DEMO_PASSWORD: &str = "ahorn-blatt-brunnen-markt";

/// One account of the demo, for the sign-in page and for `demo.json`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DemoAccount {
    pub role: &'static str,
    pub role_label: &'static str,
    pub name: &'static str,
    pub email: String,
    pub password: &'static str,
    /// Name of the office; empty for the whole town.
    pub unit: &'static str,
}

/// Name, role, word of the office; without an office the role is for the whole town.
type Person = (&'static str, Role, Option<&'static str>);

use Role::{Administrator, Clerk, Editor, Head, Moderator};

const PEOPLE: &[Person] = &[
    ("Katrin Seidel", Administrator, None),
    ("Emre Aydın", Administrator, None),
    ("Johanna Wirth", Editor, None),
    ("Luca Moretti", Editor, None),
    ("Nadine Kowalski", Moderator, None),
    ("Tobias Brandl", Moderator, None),
    ("Renate Ziegler", Head, Some("main_office")),
    ("Miriam Okafor", Clerk, Some("main_office")),
    ("Stefan Hübner", Clerk, Some("main_office")),
    ("Anke Lorenzen", Clerk, Some("main_office")),
    ("Birgit Fuchs", Head, Some("citizens_office")),
    ("Selin Demir", Clerk, Some("citizens_office")),
    ("Jan Novák", Clerk, Some("citizens_office")),
    ("Petra Schönfeld", Clerk, Some("citizens_office")),
    ("Olena Kovalenko", Clerk, Some("citizens_office")),
    ("Holger Steinbach", Head, Some("public_order")),
    ("Aylin Yıldız", Clerk, Some("public_order")),
    ("Marcel Dietrich", Clerk, Some("public_order")),
    ("Gülay Arslan", Clerk, Some("public_order")),
    ("Uwe Pohl", Clerk, Some("public_order")),
    ("Ingrid Maurer", Head, Some("civil_engineering")),
    ("Thomas Reichelt", Clerk, Some("civil_engineering")),
    ("Hoang Minh Tran", Clerk, Some("civil_engineering")),
    ("Sabine Grothe", Clerk, Some("civil_engineering")),
    ("Fabian Keller", Clerk, Some("civil_engineering")),
    ("Dieter Krause", Head, Some("works_depot")),
    ("Mehmet Kaya", Clerk, Some("works_depot")),
    ("Sandra Böhm", Clerk, Some("works_depot")),
    ("Piotr Zielinski", Clerk, Some("works_depot")),
    ("Ralf Thiele", Clerk, Some("works_depot")),
    ("Claudia Engel", Head, Some("green_spaces")),
    ("Farid Haddad", Clerk, Some("green_spaces")),
    ("Lena Vogt", Clerk, Some("green_spaces")),
    ("Matthias Oswald", Clerk, Some("green_spaces")),
    ("Jürgen Albrecht", Head, Some("street_lighting")),
    ("Daria Petrova", Clerk, Some("street_lighting")),
    ("Sven Lindqvist", Clerk, Some("street_lighting")),
    ("Martina Rösler", Head, Some("environment")),
    ("Kwame Mensah", Clerk, Some("environment")),
    ("Julia Baumgart", Clerk, Some("environment")),
];

/// Those the sign-in page offers: one for every role, and the busiest offices.
const OFFERED: &[&str] = &[
    "Mehmet Kaya",
    "Dieter Krause",
    "Daria Petrova",
    "Aylin Yıldız",
    "Nadine Kowalski",
    "Johanna Wirth",
    "Katrin Seidel",
];

/// "Aylin Yıldız" becomes "aylin.yildiz".
fn mailbox(name: &str) -> String {
    let mut out = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'ı' => out.push('i'),
            'á' => out.push('a'),
            ' ' => out.push('.'),
            other if other.is_ascii_alphanumeric() => out.push(other),
            _ => {}
        }
    }
    out
}

fn account(person: &Person, town: &Town) -> DemoAccount {
    let (name, role, unit) = *person;
    let domain = town.email.rsplit_once('@').map_or("ahornfurt.example", |(_, domain)| domain);
    let office = STANDARD_UNITS.iter().find(|standard| Some(standard.word) == unit);
    DemoAccount {
        role: role.word(),
        role_label: role.label(),
        name,
        email: format!("{}@{domain}", mailbox(name)),
        password: DEMO_PASSWORD,
        unit: office.map_or("", |office| office.name),
    }
}

/// What the demo's sign-in page shows.
pub(crate) fn offered_accounts(town: &Town) -> Vec<DemoAccount> {
    let find = |name: &&str| PEOPLE.iter().find(|person| person.0 == *name);
    OFFERED.iter().filter_map(find).map(|person| account(person, town)).collect()
}

/// Puts offices and staff. `password` is the hash of `DEMO_PASSWORD`, made outside the transaction because it takes its
/// time. Answers with all accounts, the offered ones first.
pub fn seed(tx: &Tx<'_>, town: &Town, password: &PasswordHash) -> Result<Vec<DemoAccount>, DbError> {
    units::template(tx, town)?;
    let mut made = 0;
    for person in PEOPLE {
        let demo = account(person, town);
        let id = demo_account_id(tx.municipality(), &mailbox(person.0));
        if store::staff_member(tx, id)?.is_some() {
            continue;
        }
        let unit: Option<OrgUnitId> = person.2.map(|word| standard_unit(tx.municipality(), word));
        store::create_demo_staff(
            tx,
            id,
            &NewStaff {
                name: demo.name.to_owned(),
                email: demo.email,
                password: Some(password.clone()),
                roles: vec![(demo.role.to_owned(), unit)],
                home_unit: unit.or_else(|| Some(standard_unit(tx.municipality(), "main_office"))),
            },
        )?;
        made += 1;
    }
    tx.audit(Audit {
        actor: "system".to_owned(),
        action: "staff.seeded",
        subject: tx.municipality().to_string(),
        detail: json!({ "made": made }),
    });
    let mut all: Vec<DemoAccount> = PEOPLE.iter().map(|person| account(person, town)).collect();
    all.sort_by_key(|demo| OFFERED.iter().position(|name| *name == demo.name).unwrap_or(OFFERED.len()));
    Ok(all)
}
