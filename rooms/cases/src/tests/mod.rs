//! Tests of the room, and what they share: a town with two offices, clerks, and cases.

mod careful;
mod lists;
mod pages;
mod rules;
mod store;

use crate::{CaseHead, MIGRATIONS, NewCase, Rule, head, open, put_rule};
use base::{AccountId, Actor, Grant, Land, MunicipalityId, OrgUnitId, Permission, Position, StaffActor, uuid::Uuid};
use db::{Db, DbError, Migrations, Tx};
use identity::OrgUnit;
use mail::EmailAddress;
use web::{Keys, Lang, Town, TownKind};

const SETS: &[Migrations] = &[("identity", identity::MIGRATIONS), ("cases", MIGRATIONS)];

const DEPOT: OrgUnitId = OrgUnitId(Uuid::from_u128(1));
const ROADS: OrgUnitId = OrgUnitId(Uuid::from_u128(2));

fn keys() -> Keys {
    Keys::new(&[7; 32])
}

fn town_document() -> Town {
    let centre = Position { lat: 50.1, lon: 11.0 };
    Town::new("Ahornfurt", TownKind::City, Land::Bavaria, centre, "https://ahornfurt.example")
}

fn clerk(number: u128, units: Option<Vec<OrgUnitId>>) -> Actor {
    let permissions = [Permission::CaseRead, Permission::CaseWork];
    Actor::Staff(StaffActor {
        account: AccountId(Uuid::from_u128(number)),
        name: format!("Person {number}"),
        email: format!("person{number}@example.org"),
        grants: permissions.map(|permission| Grant { permission, units: units.clone() }).to_vec(),
    })
}

fn account(actor: &Actor) -> AccountId {
    actor.staff().unwrap().account
}

/// A damage report, as the room that takes them would hand it over.
fn lamp(tx: &Tx<'_>) -> NewCase {
    NewCase {
        kind: "report",
        title: "Laterne dunkel".to_owned(),
        body: "Seit Montag.\n\nBitte bald.".to_owned(),
        category: "lamp".to_owned(),
        category_label: "Straßenlaterne".to_owned(),
        facts: vec![("Wie viele?".to_owned(), "eine".to_owned())],
        english: crate::English {
            title: "Lamp is dark".to_owned(),
            category_label: "Street lamp".to_owned(),
            facts: [("Wie viele?".to_owned(), ("How many?".to_owned(), "one".to_owned()))].into(),
        },
        place: "Mühlweg 12".to_owned(),
        district: "Nordstadt".to_owned(),
        position: Position::new(50.1, 11.0),
        email: Some(EmailAddress::parse("anna@example.org").unwrap()),
        phone: None,
        language: Lang::De,
        attachments: vec![],
        channel: "web",
        at: tx.now(),
    }
}

/// Two offices and the rule that lamps belong to the depot.
fn furnish(tx: &Tx<'_>) -> Result<(), DbError> {
    for (id, name) in [(DEPOT, "Bauhof"), (ROADS, "Tiefbauamt")] {
        let unit = OrgUnit {
            id,
            parent: None,
            name: name.to_owned(),
            short: name.chars().take(2).collect(),
            email: String::new(),
            phone: String::new(),
        };
        identity::put_org_unit(tx, &unit)?;
    }
    put_rule(
        tx,
        &Rule {
            kind: "report".to_owned(),
            category: String::new(),
            district: String::new(),
            unit: DEPOT,
            working_days: 5,
            priority: 0,
            note: String::new(),
        },
    )
}

async fn write<T: Send + 'static>(
    db: &Db,
    town: MunicipalityId,
    f: impl Fn(&Tx<'_>) -> Result<T, DbError> + Send + 'static,
) -> T {
    let done = db.write(town, move |tx| {
        db::testing::unaudited(tx, "a test");
        f(tx)
    });
    done.await.unwrap()
}

fn open_lamp(tx: &Tx<'_>) -> Result<CaseHead, DbError> {
    let opened = open(tx, &town_document(), &keys(), lamp(tx))?;
    Ok(head(tx, opened.id)?.expect("a case that was just opened"))
}
