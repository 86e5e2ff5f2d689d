//! Rules without a database: return paths, passwords and how many are hashed at once, waits,
//! grants, who may manage whom.

use crate::{
    PasswordRefusal, Role, RoleGrant, Units,
    brake::{Device, brakes},
    check_new_password, own_path,
    password::{HASHES_AT_ONCE, HASHING, blocking, hash_password_blocking},
    role::{grants, makes_circle, may_edit_unit, may_grant, may_manage, unfold, units_for},
    session::{device, is_alive},
    sign_in::first_page,
};
use argon2::{Argon2, PasswordVerifier};
use base::{AccountId, Actor, Moment, OrgUnitId, Permission, SeededChance, StaffActor};
use uuid::Uuid;

#[test]
fn people_are_sent_back_to_pages_of_this_town_only() {
    let table = [
        ("/arbeit", true),
        ("/", true),
        ("/stand/2026-11-1?a=b#c", true),
        ("/melden?zurueck=//anderswo.example", true),
        ("//anderswo.example", false),
        ("/\\anderswo.example", false),
        ("\\\\anderswo.example", false),
        ("/a\\b", false),
        ("https://anderswo.example/", false),
        ("javascript:alert(1)", false),
        ("arbeit", false),
        ("", false),
        ("/\t/anderswo.example", false),
        ("/\n/anderswo.example", false),
    ];
    for (path, fine) in table {
        assert_eq!(own_path(path).is_some(), fine, "{path:?}");
    }
    assert_eq!(own_path(&format!("/{}", "a".repeat(3_000))), None);
}

#[test]
fn passwords_are_judged_by_length_and_habit() {
    use PasswordRefusal::{Common, Personal, TooLong, TooShort};
    let about = ["Anna Beispiel", "anna.beispiel@rathaus.example", "Ahornfurt"];
    let long = "x1".repeat(129);
    let table = [
        ("kurz", Err(TooShort)),
        ("elf-zeichen", Err(TooShort)),
        ("öäüöäüöäüöäü", Err(Common)),
        ("aaaaaaaaaaaaaaaa", Err(Common)),
        ("Passwort123456", Err(Common)),
        ("PASSWORT!2026!", Err(Common)),
        ("1234567890123", Err(Common)),
        ("qwertzuiopasdf", Err(Common)),
        ("Sommer2026!!!!!", Err(Common)),
        ("Ahornfurt2026", Err(Personal)),
        ("AnnaBeispiel1", Err(Personal)),
        ("Anna.Beispiel@rathaus.example", Err(Personal)),
        (long.as_str(), Err(TooLong)),
        ("pferd batterie heftklammer", Ok(())),
        ("nur-kleine-buchstaben", Ok(())),
        ("zwölf zeichen", Ok(())),
    ];
    for (password, verdict) in table {
        assert_eq!(check_new_password(password, &about), verdict, "{password:?}");
    }
}

#[test]
fn a_stored_password_is_argon2id_with_the_owasp_parameters() {
    let chance = SeededChance::new(1);
    let hash = hash_password_blocking(&chance, "pferd batterie heftklammer").unwrap();
    assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
    assert!(Argon2::default().verify_password(b"pferd batterie heftklammer", hash.0.as_str()).is_ok());
    assert!(Argon2::default().verify_password(b"pferd batterie", hash.0.as_str()).is_err());
    assert_ne!(hash_password_blocking(&chance, "pferd batterie heftklammer").unwrap(), hash);
    assert!(!format!("{hash:?}").contains("argon2id"));
}

#[test]
fn the_wait_grows_and_ends() {
    let now = Moment::from_micros(0);
    let network = "192.0.2.1".parse().unwrap();
    let (known, unknown) = (brakes("anna@x", network, Some("d")), brakes("anna@x", network, None));
    let table = [
        (known[0], [(4, None), (5, Some(30)), (6, Some(60)), (9, Some(480)), (10, Some(900)), (1_000, Some(900))]),
        (unknown[0], [(4, None), (5, Some(30)), (6, Some(60)), (9, Some(480)), (10, Some(900)), (1_000, Some(900))]),
        (unknown[1], [(5, None), (199, None), (200, Some(30)), (201, Some(60)), (205, Some(900)), (9_000, Some(900))]),
    ];
    for (brake, rows) in table {
        for (failures, wait) in rows {
            let seconds = brake.blocked_until(failures, now).map(|until| until.seconds_since(now));
            assert_eq!(seconds, wait, "{failures}");
        }
    }
}

#[test]
fn tries_count_where_they_come_from() {
    let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    let keys = |email, network, device| brakes(email, network, device).iter().map(|b| b.key).collect::<Vec<_>>();
    let (one, other) = (keys("anna@x", here, None), keys("anna@x", there, None));
    assert_ne!(one[0], other[0], "networks are counted apart");
    assert_eq!(one[1], other[1], "and once together");
    assert_eq!(keys("anna@x", here, Some("d")), keys("anna@x", there, Some("d")), "a known device may travel");
    assert!(keys("anna@x", here, Some("d")).iter().all(|key| !one.contains(key)), "strangers do not brake it");
    for (a, b) in [(None, None), (Some("d"), Some("d")), (Some("d"), Some("e"))] {
        let (anna, berta) = (keys("anna@x", here, a), keys("berta@x", here, b));
        assert!(anna.iter().all(|key| !berta.contains(key)), "every address has its own counts");
    }
}

#[test]
fn a_device_knows_the_last_eight_people() {
    let person = |n: u128| AccountId(Uuid::from_u128(n));
    let device = (1..=9).fold(Device::read(&format!("geheim {}", person(1))).unwrap(), |d, n| d.with(person(n)));
    assert!(!device.knows(person(1)) && (2..=9).all(|n| device.knows(person(n))));
    let again = device.clone().with(person(2)).with(person(10));
    assert!(again.knows(person(2)) && !again.knows(person(3)), "whoever signs in is the last to be forgotten");
    assert_eq!(Device::read(&device.text()), Some(device));
    for broken in ["", "geheim", "geheim anna", "geheim "] {
        assert_eq!(Device::read(broken), None, "{broken:?}");
    }
}

#[test]
fn a_session_ends_by_rest_and_by_age() {
    let begun = Moment::from_micros(0);
    let hours = |h: i64| begun.plus_seconds(h * 3_600);
    assert!(is_alive(begun, hours(0), hours(11)));
    assert!(!is_alive(begun, hours(0), hours(12)));
    assert!(is_alive(begun, hours(160), hours(167)));
    assert!(!is_alive(begun, hours(167), hours(168)));
}

#[test]
fn devices_are_named_by_browser_and_system() {
    let firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
    assert_eq!(device(firefox), "Firefox, Windows");
    assert_eq!(device(edge), "Edge, Windows");
    assert_eq!(device("curl/8"), "Unbekanntes Gerät");
}

fn unit(number: u128) -> OrgUnitId {
    OrgUnitId(Uuid::from_u128(number))
}

/// 1 above 2 above 3; 4 apart.
fn tree() -> Vec<(OrgUnitId, Option<OrgUnitId>)> {
    vec![(unit(3), Some(unit(2))), (unit(1), None), (unit(2), Some(unit(1))), (unit(4), None)]
}

fn actor(roles: &[RoleGrant]) -> Actor {
    Actor::Staff(StaffActor {
        account: AccountId(Uuid::from_u128(9)),
        name: "K".into(),
        email: "k@rathaus.example".into(),
        grants: grants(roles, &tree()),
    })
}

const fn role(role: Role, unit: Option<OrgUnitId>) -> RoleGrant {
    RoleGrant { role, unit }
}

#[test]
fn a_role_reaches_everything_below_its_office() {
    let mut below = unfold(&tree(), unit(1));
    below.sort_unstable();
    assert_eq!(below, [unit(1), unit(2), unit(3)]);
    assert_eq!(unfold(&tree(), unit(4)), [unit(4)]);
    let circle = [(unit(1), Some(unit(2))), (unit(2), Some(unit(1)))];
    assert_eq!(unfold(&circle, unit(1)).len(), 2);
}

#[test]
fn lists_and_the_policy_agree() {
    let roles = [role(Role::Clerk, Some(unit(2))), role(Role::Head, Some(unit(4)))];
    let actors = [actor(&roles), actor(&[role(Role::Clerk, None)]), actor(&[]), Actor::Visitor, Actor::System];
    for actor in &actors {
        for permission in Permission::ALL {
            for number in 1..=4 {
                let listed = match units_for(actor, *permission) {
                    Units::All => true,
                    Units::Some(units) => units.contains(&unit(number)),
                };
                let allowed = base::may(actor, *permission, base::Scope::Unit(unit(number)));
                assert_eq!(listed, allowed, "{actor:?} {permission:?} {number}");
            }
        }
    }
}

#[test]
fn no_office_hangs_below_itself() {
    assert!(makes_circle(&tree(), unit(1), unit(3)));
    assert!(makes_circle(&tree(), unit(2), unit(2)));
    assert!(!makes_circle(&tree(), unit(3), unit(1)));
    assert!(!makes_circle(&tree(), unit(4), unit(3)));
}

#[test]
fn an_administrator_of_one_office_has_no_power_beyond_it() {
    let small = actor(&[role(Role::Administrator, Some(unit(2)))]);
    let big = actor(&[role(Role::Administrator, None)]);
    let clerk = actor(&[role(Role::Clerk, None)]);
    assert!(may_grant(&small, Some(unit(3))) && !may_grant(&small, Some(unit(1))) && !may_grant(&small, None));
    assert!(may_grant(&big, None) && may_grant(&big, Some(unit(4))));
    assert!(!may_grant(&clerk, Some(unit(2))));
    let colleague = [role(Role::Clerk, Some(unit(3)))];
    assert!(may_manage(&small, Some(unit(2)), &colleague));
    assert!(!may_manage(&small, Some(unit(2)), &[role(Role::Administrator, None)]));
    assert!(!may_manage(&small, None, &colleague));
    assert!(may_edit_unit(&small, Some(unit(3))) && !may_edit_unit(&small, None));
}

#[test]
fn everybody_starts_on_a_page_they_may_see() {
    let table = [
        (Some(Role::Clerk), "/arbeit"),
        (Some(Role::Head), "/arbeit"),
        (Some(Role::Moderator), "/arbeit/pruefung"),
        (Some(Role::Editor), "/verwaltung/texte"),
        (Some(Role::Administrator), "/verwaltung/personen"),
        (None, "/konto"),
    ];
    for (given, page) in table {
        let roles: Vec<RoleGrant> = given.map(|given| role(given, None)).into_iter().collect();
        assert_eq!(first_page(&actor(&roles)), page, "{given:?}");
    }
}

#[tokio::test]
async fn who_hangs_up_frees_no_memory_that_is_still_in_use() {
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let mut held = vec![];
    for _ in 0..HASHES_AT_ONCE {
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let started = started.clone();
        let visit = tokio::spawn(blocking(move || {
            started.send(()).unwrap();
            ends.recv().unwrap();
        }));
        has_started.recv().await.unwrap();
        visit.abort();
        assert!(visit.await.unwrap_err().is_cancelled());
        held.push(end);
    }
    assert!(HASHING.try_acquire().is_err(), "all hashes are still being made");
    held.iter().for_each(|end| end.send(()).unwrap());
    drop(HASHING.acquire_many(u32::try_from(HASHES_AT_ONCE).unwrap()).await.unwrap());
}
