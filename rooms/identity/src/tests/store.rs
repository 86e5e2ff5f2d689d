//! Every store function on both databases, and what must hold across them: sessions end, links work once, tries are
//! counted, one town never sees another's people.

use crate::{
    DEMO_PASSWORD, InviteRefusal, MIGRATIONS, NewInvitation, NewStaff, OrgUnit, PasswordHash, Role, RoleGrant,
    actor_of, authenticate,
    brake::{Brake, brakes},
    disable_staff, has_demo_accounts, invite_staff, people, seed,
    session::token_hash,
    standard_unit, store, unit_pages,
};
use base::{Actor, Land, MunicipalityId, OrgUnitId, Permission, Position, Scope, may};
use db::{
    Constraint, Db, DbError, Migrations, Tx,
    testing::{TestDb, on_both},
};
use mail::EmailAddress;
use std::time::Duration;
use web::{Town, TownKind};

const SETS: &[Migrations] = &[("identity", MIGRATIONS)];

fn hash() -> PasswordHash {
    PasswordHash("$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$AAAAAAAAAAAAAAAAAAAAAA".to_owned())
}

fn clerk(email: &str, unit: Option<OrgUnitId>) -> NewStaff {
    NewStaff {
        name: "Anna Beispiel".to_owned(),
        email: email.to_owned(),
        password: Some(hash()),
        roles: vec![("clerk".to_owned(), unit)],
        home_unit: unit,
    }
}

fn town_document() -> Town {
    let mut town = Town::new(
        "Ahornfurt",
        TownKind::City,
        Land::Bavaria,
        Position { lat: 49.9, lon: 11.6 },
        "https://ahornfurt.example",
    );
    town.email = "rathaus@ahornfurt.example".to_owned();
    town
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

fn unit(id: OrgUnitId, parent: Option<OrgUnitId>) -> OrgUnit {
    OrgUnit { id, parent, name: "Tiefbauamt".into(), short: "TBA".into(), email: String::new(), phone: "115".into() }
}

#[tokio::test]
async fn offices_are_put_changed_and_listed() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let (top, below) = (OrgUnitId(uuid::Uuid::from_u128(1)), OrgUnitId(uuid::Uuid::from_u128(2)));
        write(&test.db, town, move |tx| {
            store::put_org_unit(tx, &unit(top, None))?;
            store::put_org_unit(tx, &OrgUnit { name: "Bauhof".into(), ..unit(below, Some(top)) })?;
            store::put_org_unit(tx, &OrgUnit { phone: "09208 1".into(), ..unit(top, None) })
        })
        .await;
        let (all, one, tree, names) = test
            .db
            .read(town, move |tx| {
                let one = store::org_unit(tx, top)?;
                Ok::<_, DbError>((store::org_units(tx)?, one, store::tree(tx)?, store::unit_names(tx)?))
            })
            .await
            .unwrap();
        assert_eq!(all.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), ["Bauhof", "Tiefbauamt"]);
        assert_eq!(one.unwrap().phone, "09208 1");
        assert_eq!((tree.len(), names[&below].as_str()), (2, "Bauhof"));
    })
    .await;
}

#[tokio::test]
async fn an_address_belongs_to_one_account_of_a_town() {
    on_both(SETS, async |test: TestDb| {
        let (town, other) = (test.town().await, test.town().await);
        let account = write(&test.db, town, |tx| store::create_staff(tx, &clerk("Anna@rathaus.example", None))).await;
        let twin = test.db.write(town, |tx| {
            db::testing::unaudited(tx, "a test");
            store::create_staff(tx, &clerk("anna@RATHAUS.example", None))
        });
        assert!(twin.await.unwrap_err().violates(Constraint::Unique, "email_folded"));
        write(&test.db, other, |tx| store::create_staff(tx, &clerk("anna@rathaus.example", None))).await;
        let (names, found) = test
            .db
            .read(other, move |tx| {
                Ok::<_, DbError>((store::names(tx, &[account])?, store::credentials(tx, " ANNA@rathaus.example ")?))
            })
            .await
            .unwrap();
        assert!(names.is_empty(), "the other town's person has no name here");
        assert!(found.is_some_and(|found| found.account != account && found.active));
    })
    .await;
}

#[tokio::test]
async fn names_of_many_accounts_come_together() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let names = write(&test.db, town, |tx| {
            let mut accounts = vec![];
            for number in 0..19 {
                accounts.push(store::create_staff(tx, &clerk(&format!("person{number}@rathaus.example"), None))?);
            }
            accounts.push(base::AccountId(tx.new_id()));
            Ok((store::names(tx, &accounts)?.len(), store::names(tx, &[])?.len()))
        })
        .await;
        assert_eq!(names, (19, 0));
    })
    .await;
}

#[tokio::test]
async fn roles_are_given_once_and_unfold_over_the_tree() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let (top, below) = (OrgUnitId(uuid::Uuid::from_u128(1)), OrgUnitId(uuid::Uuid::from_u128(2)));
        let account = write(&test.db, town, move |tx| {
            store::put_org_unit(tx, &unit(top, None))?;
            store::put_org_unit(tx, &unit(below, Some(top)))?;
            let account = store::create_staff(tx, &clerk("anna@rathaus.example", Some(top)))?;
            store::put_role(tx, account, RoleGrant { role: Role::Clerk, unit: Some(top) })?;
            store::put_role(tx, account, RoleGrant { role: Role::Moderator, unit: None })?;
            Ok(account)
        })
        .await;
        let (roles, everybody, colleagues, actor) = test
            .db
            .read(town, move |tx| {
                let roles = store::roles_of(tx, account)?;
                Ok::<_, DbError>((roles, store::all_roles(tx)?, store::staff_of_unit(tx, top)?, actor_of(tx, account)?))
            })
            .await
            .unwrap();
        assert_eq!(roles.len(), 2);
        assert_eq!(everybody[&account], roles);
        assert_eq!(colleagues.len(), 1);
        let actor = Actor::Staff(actor.unwrap());
        assert!(
            may(&actor, Permission::CaseWork, Scope::Unit(below)) && !may(&actor, Permission::CaseWork, Scope::Town)
        );
        assert!(may(&actor, Permission::ReportModerate, Scope::Town));
        let moderator = RoleGrant { role: Role::Moderator, unit: None };
        let taken = write(&test.db, town, move |tx| {
            Ok((store::remove_role(tx, account, moderator)?, store::remove_role(tx, account, moderator)?))
        })
        .await;
        assert_eq!(taken, (true, false));
    })
    .await;
}

#[tokio::test]
async fn a_session_lives_while_it_is_used_and_its_holder_works_here() {
    on_both(SETS, async |test: TestDb| {
        let (town, other) = (test.town().await, test.town().await);
        let account = write(&test.db, town, |tx| {
            let account = store::create_staff(tx, &clerk("anna@rathaus.example", None))?;
            for secret in ["one", "two", "three"] {
                store::open_session(tx, account, token_hash(secret), "Firefox, Linux")?;
            }
            Ok(account)
        })
        .await;
        let who =
            async |town, secret: &'static str| test.db.read(town, move |tx| authenticate(tx, secret)).await.unwrap();
        assert_eq!(who(town, "one").await.map(|staff| staff.account), Some(account));
        assert!(who(town, "unknown").await.is_none());
        assert!(who(other, "one").await.is_none(), "a session of one town is nothing in another");
        // Seen every ten hours it lives on, although nothing was written.
        test.clock.advance_seconds(10 * 3_600);
        assert!(who(town, "one").await.is_some());
        test.clock.advance_seconds(10 * 3_600);
        assert!(who(town, "one").await.is_some());
        assert!(who(town, "two").await.is_none(), "twenty hours without a page");
        crate::write_sightings_in(&test.db, town).await.unwrap();
        assert!(
            crate::session::seen_in(town).is_empty(),
            "another node, or this one after a restart, starts with nothing"
        );
        test.clock.advance_seconds(10 * 3_600);
        assert!(who(town, "one").await.is_some(), "and knows all the same when she was seen");
        write(&test.db, town, store::tidy_up).await;
        let left = test.db.read(town, move |tx| store::sessions_of(tx, account)).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].token, token_hash("one"));
        write(&test.db, town, move |tx| disable_staff(tx, &Actor::System, account)).await;
        assert!(who(town, "one").await.is_none(), "a disabled person is out at once");
    })
    .await;
}

#[tokio::test]
async fn other_devices_can_be_signed_out() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let counts = write(&test.db, town, |tx| {
            let account = store::create_staff(tx, &clerk("anna@rathaus.example", None))?;
            for secret in ["one", "two", "three"] {
                store::open_session(tx, account, token_hash(secret), "Firefox, Linux")?;
            }
            let others = store::end_other_sessions(tx, account, token_hash("two"))?;
            let kept = store::session(tx, token_hash("two"))?.is_some();
            let single = store::end_session(tx, token_hash("two"))?;
            Ok((others, kept, single, store::end_sessions_of(tx, account)?))
        })
        .await;
        assert_eq!(counts, (2, true, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn an_invitation_works_once_and_replaces_older_ones() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let new = NewInvitation {
            name: "Anna Beispiel".to_owned(),
            email: EmailAddress::parse("anna@rathaus.example").unwrap(),
            role: Role::Clerk,
            unit: None,
        };
        let invite = async |actor: Actor, secret: &'static str| {
            let new = new.clone();
            test.db.write(town, move |tx| invite_staff(tx, &town_document(), &actor, &new, secret)).await
        };
        assert!(matches!(invite(Actor::Visitor, "zero").await, Err(InviteRefusal::NotYours)));
        let account = invite(Actor::System, "one").await.unwrap();
        assert!(matches!(invite(Actor::System, "two").await, Err(InviteRefusal::AddressTaken)));
        let until = test.db.clock().now().plus_days(14);
        write(&test.db, town, move |tx| store::put_invitation(tx, account, token_hash("later"), until)).await;
        let good = async |secret: &'static str| {
            test.db.read(town, move |tx| store::invitation(tx, token_hash(secret))).await.unwrap().is_some()
        };
        assert!(!good("one").await, "a newer link ends the older one");
        assert!(good("later").await);
        let used = write(&test.db, town, |tx| {
            Ok((store::use_invitation(tx, token_hash("later"))?, store::use_invitation(tx, token_hash("later"))?))
        })
        .await;
        assert_eq!(used, (true, false));
        assert!(!good("later").await);
        let until = test.db.clock().now().plus_days(14);
        write(&test.db, town, move |tx| store::put_invitation(tx, account, token_hash("late"), until)).await;
        test.clock.advance_seconds(15 * 86_400);
        assert!(!good("late").await, "after fourteen days it is too late");
    })
    .await;
}

#[tokio::test]
async fn tries_are_counted_for_any_address_and_forgotten_after_success() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let attempt =
            async || write(&test.db, town, |tx| store::count_try(tx, &stranger("nobody@rathaus.example", 1))).await;
        let mut allowed = vec![];
        for _ in 0..7 {
            allowed.push(attempt().await);
        }
        assert_eq!(allowed, [true, true, true, true, true, false, false]);
        test.clock.advance_seconds(31);
        assert!(attempt().await, "after the wait one more try");
        assert!(!attempt().await);
        write(&test.db, town, |tx| store::forgive_tries(tx, &stranger("nobody@rathaus.example", 1))).await;
        assert!(attempt().await);
    })
    .await;
}

/// What tries from an unknown device in this network count against.
fn stranger(email: &str, network: u8) -> Vec<Brake> {
    brakes(email, std::net::Ipv4Addr::new(192, 0, 2, network).into(), None)
}

#[tokio::test]
async fn strangers_brake_each_other_and_never_a_known_device() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let attempt = async |brakes: Vec<Brake>| write(&test.db, town, move |tx| store::count_try(tx, &brakes)).await;
        let own = brakes("anna", "192.0.2.9".parse().unwrap(), Some("device"));
        let mut allowed = 0;
        for network in 0..60 {
            for _ in 0..6 {
                allowed += u32::from(attempt(stranger("anna", network)).await);
            }
        }
        assert_eq!(allowed, 200, "five for each network, until all of them together are too many");
        assert!(!attempt(stranger("anna", 200)).await, "a new network does not help");
        assert!(attempt(stranger("berta", 200)).await, "another person does not suffer");
        assert!(attempt(own.clone()).await, "nor does the person on their own device");
        // Whoever was refused cost the others nothing.
        test.clock.advance_seconds(31);
        assert!(attempt(stranger("anna", 201)).await);
        assert!(!attempt(stranger("anna", 202)).await);
        let mut guesses = 1;
        while attempt(own.clone()).await {
            guesses += 1;
        }
        assert_eq!(guesses, 5, "a stolen device does not guess on either");
        write(&test.db, town, move |tx| store::forgive_tries(tx, &own)).await;
        test.clock.advance_seconds(86_401);
        assert!(attempt(stranger("anna", 202)).await, "after a quiet day the count begins anew");
    })
    .await;
}

#[tokio::test]
async fn signing_in_every_day_from_new_devices_never_brakes() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        for _ in 0..210 {
            let allowed = write(&test.db, town, |tx| {
                let allowed = store::count_try(tx, &stranger("anna", 1))?;
                store::forgive_tries(tx, &stranger("anna", 1))?;
                Ok(allowed)
            });
            assert!(allowed.await);
            test.clock.advance_seconds(60);
        }
    })
    .await;
}

/// Runs two transactions so that the second begins when the first has done its work but not yet committed. A lock makes
/// the second wait; without one both see the state before.
async fn race<F>(test: &TestDb, town: MunicipalityId, first: F, second: F) -> [bool; 2]
where
    F: Fn(&Tx<'_>) -> Result<bool, DbError> + Send + 'static,
{
    let (at_work, begin) = tokio::sync::oneshot::channel();
    let (second_done, gate) = std::sync::mpsc::channel::<()>();
    let at_work = std::sync::Mutex::new(Some(at_work));
    let db = test.db.clone();
    let one = tokio::spawn(async move {
        db.write(town, move |tx| {
            let outcome = first(tx)?;
            at_work.lock().unwrap().take().map(|signal| signal.send(()));
            gate.recv_timeout(Duration::from_millis(400)).ok();
            Ok::<_, DbError>(outcome)
        })
        .await
    });
    begin.await.unwrap();
    let other = test.db.write(town, second).await.unwrap();
    second_done.send(()).ok();
    [one.await.unwrap().unwrap(), other]
}

#[tokio::test]
async fn two_administrators_who_lock_each_other_out_at_once_leave_one() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let (a, b) = write(&test.db, town, |tx| {
            let admin =
                NewStaff { roles: vec![("administrator".to_owned(), None)], ..clerk("a@rathaus.example", None) };
            let a = store::create_staff(tx, &admin)?;
            Ok((a, store::create_staff(tx, &NewStaff { email: "b@rathaus.example".into(), ..admin })?))
        })
        .await;
        let lock_out = |actor, member| {
            move |tx: &Tx<'_>| {
                let actor = Actor::Staff(actor_of(tx, actor)?.unwrap());
                let member = store::staff_member(tx, member)?.unwrap();
                Ok(people::lock_out(tx, &actor, &member).is_ok())
            }
        };
        // On SQLite the second may find itself locked out already.
        let second_in_time = move |tx: &Tx<'_>| match actor_of(tx, b)? {
            Some(_) => lock_out(b, a)(tx),
            None => Ok(false),
        };
        let first = lock_out(a, b);
        let outcome = race(&test, town, Box::new(first) as BoxedWork, Box::new(second_in_time)).await;
        assert_eq!(outcome, [true, false]);
        let left = test.db.read(town, store::staff).await.unwrap().into_iter().filter(|member| member.active).count();
        assert_eq!(left, 1);
    })
    .await;
}

type BoxedWork = Box<dyn Fn(&Tx<'_>) -> Result<bool, DbError> + Send>;

#[tokio::test]
async fn two_offices_hung_below_each_other_at_once_make_no_circle() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let (a, b) = (OrgUnitId(uuid::Uuid::from_u128(1)), OrgUnitId(uuid::Uuid::from_u128(2)));
        write(&test.db, town, move |tx| {
            store::put_org_unit(tx, &unit(a, None))?;
            store::put_org_unit(tx, &unit(b, None))
        })
        .await;
        let hang = |id, parent| {
            move |tx: &Tx<'_>| {
                db::testing::unaudited(tx, "a test");
                if unit_pages::must_hang_well(tx, id, Some(parent)).is_err() {
                    return Ok(false);
                }
                store::put_org_unit(tx, &unit(id, Some(parent)))?;
                Ok(true)
            }
        };
        assert_eq!(race(&test, town, hang(a, b), hang(b, a)).await, [true, false]);
        let tree = test.db.read(town, store::tree).await.unwrap();
        assert!(tree.contains(&(a, Some(b))) && tree.contains(&(b, None)), "{tree:?}");
    })
    .await;
}

#[tokio::test]
async fn parallel_tries_cannot_slip_through() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let tries = (0..20).map(|_| {
            let db = test.db.clone();
            tokio::spawn(async move { write(&db, town, |tx| store::count_try(tx, &stranger("anna", 1))).await })
        });
        let mut allowed = 0;
        for attempt in tries.collect::<Vec<_>>() {
            allowed += u32::from(attempt.await.unwrap());
        }
        assert_eq!(allowed, 5);
    })
    .await;
}

#[tokio::test]
async fn accounts_change_and_the_last_administrator_is_counted() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let seen = write(&test.db, town, |tx| {
            let admin =
                NewStaff { roles: vec![("administrator".to_owned(), None)], ..clerk("a@rathaus.example", None) };
            let first = store::create_staff(tx, &admin)?;
            let never_came = NewStaff { email: "c@rathaus.example".into(), password: None, ..admin.clone() };
            store::create_staff(tx, &never_came)?;
            let alone = store::other_administrators(tx, first)?;
            let second = store::create_staff(tx, &NewStaff { email: "b@rathaus.example".into(), ..admin })?;
            let together = store::other_administrators(tx, first)?;
            store::set_active(tx, second, false)?;
            let again_alone = store::other_administrators(tx, first)?;
            store::set_name(tx, first, "Neuer Name")?;
            store::set_password(tx, first, &hash())?;
            store::set_home_unit(tx, first, None)?;
            let member = store::staff_member(tx, first)?.map(|member| (member.name, member.has_password));
            assert!(store::created_at(tx, first)?.is_some());
            Ok((alone, together, again_alone, member))
        })
        .await;
        assert_eq!(seen, (0, 1, 0, Some(("Neuer Name".to_owned(), true))));
    })
    .await;
}

#[tokio::test]
async fn a_link_is_void_once_the_password_was_chosen_or_the_account_locked() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        let seen = write(&test.db, town, |tx| {
            let account = store::create_staff(tx, &clerk("a@rathaus.example", None))?;
            let (later, mut seen) = (tx.now().plus_days(1), vec![]);
            for token in [[1; 32], [2; 32]] {
                store::put_invitation(tx, account, token, later)?;
                seen.push(store::invitation(tx, token)?.is_some());
                match token[0] {
                    1 => store::set_password(tx, account, &hash())?,
                    _ => {
                        store::set_active(tx, account, false)?;
                        store::set_active(tx, account, true)?;
                    }
                }
                seen.push(store::invitation(tx, token)?.is_some());
            }
            Ok(seen)
        })
        .await;
        assert_eq!(seen, [true, false, true, false]);
    })
    .await;
}

#[tokio::test]
async fn the_demo_town_has_its_forty_people_however_often_it_is_seeded() {
    on_both(SETS, async |test: TestDb| {
        let town = test.town().await;
        assert!(!test.db.read(town, has_demo_accounts).await.unwrap());
        let mut accounts = vec![];
        for _ in 0..2 {
            accounts = test.db.write(town, |tx| seed(tx, &town_document(), &hash())).await.unwrap();
        }
        let (staff, units) =
            test.db.read(town, |tx| Ok::<_, DbError>((store::staff(tx)?, store::org_units(tx)?))).await.unwrap();
        assert_eq!((staff.len(), units.len(), accounts.len()), (40, 8, 40));
        assert!(test.db.read(town, has_demo_accounts).await.unwrap());
        for account in &accounts {
            assert!(EmailAddress::parse(&account.email).is_ok(), "{}", account.email);
            assert_eq!(account.password, DEMO_PASSWORD);
        }
        for role in Role::ALL {
            assert!(accounts.iter().take(7).any(|account| account.role == role.word()), "{role:?} is offered");
        }
        let depot = standard_unit(town, "works_depot");
        assert!(units.iter().any(|unit| unit.id == depot && unit.name == "Bauhof"));
        assert!(staff.iter().filter(|member| member.home_unit == Some(depot)).count() >= 4);
    })
    .await;
}
