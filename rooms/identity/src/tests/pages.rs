//! Signing in, invitations and administration through the real router, without scripts, on both databases.

use crate::{DEMO_PASSWORD, NewStaff, StaffMember, hash_password_blocking, room, standard_unit, store};
use base::{MunicipalityId, OrgUnitId, Permission};
use std::{sync::Arc, time::Duration};
use testkit::{Browser, TestSite, on_both_sites};
use web::{Access, Room, Routes, Settings};

const HOST: &str = "ahornfurt.example";
const PASSWORD: &str = "vier wörter ohne sinn";

/// A desk to land on after signing in; the real one is another room's.
fn desk(routes: &mut Routes) {
    async fn show(visit: web::Visit) -> web::Answer {
        Ok(visit.see_other("/konto"))
    }
    routes.get("/arbeit", Access::Needs(Permission::CaseRead), show);
}

fn rooms() -> Vec<Room> {
    vec![room(), Room { routes: desk, ..Room::named("desk") }]
}

async fn hire(
    site: &TestSite,
    town: MunicipalityId,
    email: &'static str,
    role: &'static str,
    unit: Option<OrgUnitId>,
) -> StaffMember {
    let hash = hash_password_blocking(&base::SeededChance::new(3), PASSWORD).unwrap();
    let done = site.site.db.write::<_, db::DbError>(town, move |tx| {
        db::testing::unaudited(tx, "a test");
        let new = NewStaff {
            name: format!("Person {email}"),
            email: email.to_owned(),
            password: Some(hash.clone()),
            roles: vec![(role.to_owned(), unit)],
            home_unit: unit,
        };
        let account = store::create_staff(tx, &new)?;
        Ok(store::staff_member(tx, account)?.unwrap())
    });
    done.await.unwrap()
}

async fn sign_in(site: &TestSite, email: &str) -> Browser {
    let mut browser = site.visitor(HOST);
    let page = browser.visit("/anmelden").await;
    browser.send_only(&page, "/anmelden", &[("email", email), ("password", PASSWORD)]).await.is(303);
    assert!(browser.cookie("sitzung").is_some_and(|cookie| cookie.len() >= 40), "{email} is signed in");
    browser
}

#[tokio::test]
async fn a_clerk_signs_in_goes_back_where_they_came_from_and_out() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        hire(&site, town, "anna@rathaus.example", "clerk", None).await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit("/konto").await;
        page.shows("Diese Anmeldung ist für Beschäftigte");
        assert!(page.path.starts_with("/anmelden?zurueck="));
        let sent =
            anna.send_only(&page, "/anmelden", &[("email", " ANNA@rathaus.example"), ("password", PASSWORD)]).await;
        assert_eq!(sent.location(), Some("/konto"));
        let account = anna.visit("/konto").await;
        account
            .is(200)
            .shows("Person anna@rathaus.example")
            .shows("Sachbearbeitung, ganze Stadt")
            .shows("dieses Gerät");
        assert_eq!(anna.look("/anmelden").await.location(), Some("/arbeit"));
        anna.send(&account, "/abmelden", &[]).await;
        assert!(anna.look("/konto").await.location().is_some_and(|to| to.starts_with("/anmelden")));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        hire(&site, town, "anna@rathaus.example", "clerk", None).await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit("/anmelden?zurueck=//boese.example").await;
        let mut texts = vec![];
        for email in ["anna@rathaus.example", "niemand@rathaus.example"] {
            let seen = anna.send_only(&page, "/anmelden", &[("email", email), ("password", "falsches passwort")]).await;
            seen.is(422).shows("E-Mail-Adresse oder Passwort stimmen nicht.");
            assert!(!seen.html().contains("falsches passwort") && !seen.html().contains("boese"));
            texts.push(seen.text());
        }
        assert_eq!(texts[0], texts[1]);
        for _ in 0..4 {
            anna.send_only(&page, "/anmelden", &[("email", "anna@rathaus.example"), ("password", "falsch")])
                .await
                .is(422);
        }
        let right = [("email", "anna@rathaus.example"), ("password", PASSWORD)];
        anna.send_only(&page, "/anmelden", &right).await.is(422);
        site.clock.advance_seconds(901);
        let sent = anna.send_only(&page, "/anmelden", &right).await;
        assert_eq!(sent.location(), Some("/arbeit"), "a foreign way back is not taken");
    })
    .await;
}

#[tokio::test]
async fn a_stranger_who_guesses_does_not_lock_a_clerk_out_of_their_own_device() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        hire(&site, town, "anna@rathaus.example", "clerk", None).await;
        let mut anna = sign_in(&site, "anna@rathaus.example").await;
        let account = anna.visit("/konto").await;
        let out = anna.send_only(&account, "/abmelden", &[]).await;
        assert_eq!(out.is(303).headers.get("clear-site-data").unwrap(), "\"cache\"", "no page comes back");
        assert!(anna.cookie("geraet").is_some_and(|cookie| !cookie.contains("anna")), "the device stays known");
        let right = [("email", "anna@rathaus.example"), ("password", PASSWORD)];
        let mut stranger = site.visitor(HOST);
        let page = stranger.visit("/anmelden").await;
        for _ in 0..8 {
            let guess = [("email", "anna@rathaus.example"), ("password", "geraten geraten")];
            stranger.send_only(&page, "/anmelden", &guess).await.is(422);
        }
        stranger.send_only(&page, "/anmelden", &right).await.is(422);
        assert!(stranger.cookie("geraet").is_none(), "guessing makes no device known");
        // The cookie of one person says nothing about another, and a forged one nothing at all.
        for forged in ["unsinn", "Z2VoZWlt.99999999999.AAAA"] {
            stranger.set_cookie("geraet", forged);
            stranger.send_only(&page, "/anmelden", &right).await.is(422);
        }
        let page = anna.visit("/anmelden").await;
        anna.send_only(&page, "/anmelden", &right).await.is(303);
    })
    .await;
}

#[tokio::test]
async fn an_invited_person_chooses_a_password_once() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        hire(&site, town, "admin@rathaus.example", "administrator", None).await;
        let mut admin = sign_in(&site, "admin@rathaus.example").await;
        let path = "/verwaltung/personen/neu";
        let page = admin.visit(path).await;
        admin
            .send_only(&page, path, &[("name", ""), ("email", "quatsch")])
            .await
            .is(422)
            .shows("Geben Sie den Namen ein.")
            .shows("Wählen Sie, für welches Amt die Rolle gilt.");
        let depot = standard_unit(town, "works_depot").to_string();
        let fields =
            [("name", "Mehmet Kaya"), ("email", "mehmet@rathaus.example"), ("role", "clerk"), ("unit", depot.as_str())];
        let person = admin.send(&page, path, &fields).await;
        person.is(200).shows("Die Einladung ist unterwegs.").shows("eingeladen").shows("Sachbearbeitung, Bauhof");
        let twin = admin.visit(path).await;
        admin
            .send_only(&twin, path, &fields)
            .await
            .is(422)
            .shows("Mit dieser E-Mail-Adresse gibt es schon einen Zugang.");

        let link = invitation_path(&site, town).await;
        let mut mehmet = site.visitor(HOST);
        let page = mehmet.visit(&link).await;
        page.is(200).shows("mehmet@rathaus.example");
        mehmet.send_only(&page, &link, &[("password", "kurz")]).await.is(422).shows("mindestens 12 Zeichen");
        mehmet.send_only(&page, &link, &[("password", "Passwort123456")]).await.is(422).shows("Angreifer");
        let inside = mehmet.send(&page, &link, &[("name", "Mehmet Kaya"), ("password", PASSWORD)]).await;
        inside.is(200).shows("Willkommen.").shows("Mehmet Kaya");
        assert!(mehmet.cookie("geraet").is_some(), "strangers who guess elsewhere do not keep him out");
        site.visitor(HOST).look(&link).await.is(410);
        site.visitor(HOST).look("/einladung/geraten").await.is(410);
        sign_in(&site, "mehmet@rathaus.example").await;
    })
    .await;
}

/// The link in the mail that went out.
async fn invitation_path(site: &TestSite, town: MunicipalityId) -> String {
    for job in site.site.db.claim_jobs(10, Duration::from_secs(60)).await.unwrap() {
        assert_eq!((job.kind.as_str(), job.municipality), (web::MAIL_JOB, Some(town)));
        let run = web::JobRun { site: site.site.clone(), town, id: job.ticket.id, payload: job.payload };
        web::run_mail_job(run).await.unwrap();
        site.site.db.finish_job(job.ticket).await.unwrap();
    }
    let mails = site.mails(town).await;
    let text = &mails.last().unwrap().text;
    let start = text.find("/einladung/").unwrap();
    text[start..].split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_locked_person_is_out_at_once_and_nobody_locks_themselves_out() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let admin_account = hire(&site, town, "admin@rathaus.example", "administrator", None).await.account;
        let anna_account = hire(&site, town, "anna@rathaus.example", "clerk", None).await.account;
        let mut admin = sign_in(&site, "admin@rathaus.example").await;
        let mut anna = sign_in(&site, "anna@rathaus.example").await;
        anna.look("/verwaltung/personen").await.is(403);

        let (own, hers) =
            (format!("/verwaltung/personen/{admin_account}"), format!("/verwaltung/personen/{anna_account}"));
        let page = admin.visit(&own).await;
        page.hides("Zugang sperren");
        let once = page.form(&format!("{own}/amt")).fields.iter().find(|(name, _)| name == "once").unwrap().1.clone();
        admin
            .post(&format!("{own}/sperre"), &[("once", &once)])
            .await
            .is(422)
            .shows("Sich selbst können Sie nicht sperren");
        let taken = format!("{own}/rollenentzug");
        admin.send_only(&page, &taken, &[]).await.is(422).shows("Das ist die letzte Person");

        let page = admin.visit(&hers).await;
        let locked = admin.send(&page, &format!("{hers}/sperre"), &[]).await;
        locked.is(200).shows("Der Zugang ist gesperrt.").shows("gesperrt");
        assert!(anna.look("/konto").await.location().is_some_and(|to| to.starts_with("/anmelden")));
        admin.send(&locked, &format!("{hers}/freigabe"), &[]).await.shows("Der Zugang ist wieder offen.");
        sign_in(&site, "anna@rathaus.example").await;
    })
    .await;
}

#[tokio::test]
async fn an_administrator_of_one_office_stays_within_it() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let (depot, above) = (standard_unit(town, "works_depot"), standard_unit(town, "civil_engineering"));
        hire(&site, town, "klein@rathaus.example", "administrator", Some(depot)).await;
        let boss = hire(&site, town, "gross@rathaus.example", "administrator", None).await.account;
        let mut small = sign_in(&site, "klein@rathaus.example").await;
        let path = format!("/verwaltung/personen/{boss}");
        let page = small.visit(&path).await;
        page.is(200).hides("Zugang sperren").hides("Entziehen");
        let new = small.visit("/verwaltung/personen/neu").await;
        new.shows("Bauhof").hides("Ganze Stadt").hides("Tiefbauamt");
        let above = above.to_string();
        for unit in ["stadt", above.as_str()] {
            let fields = [("name", "X"), ("email", "x@rathaus.example"), ("role", "clerk"), ("unit", unit)];
            small.send_only(&new, "/verwaltung/personen/neu", &fields).await.is(422).shows("reichen Ihre Rechte nicht");
        }
        for act in ["sperre", "einladung"] {
            let fresh = small.visit("/verwaltung/personen/neu").await.form("/verwaltung/personen/neu");
            let once = fresh.fields.iter().find(|(name, _)| name == "once").unwrap().1.clone();
            let refused = small.post(&format!("{path}/{act}"), &[("once", &once)]).await;
            refused.is(422).shows("reichen Ihre Rechte nicht");
        }
        let still = site.site.db.read(town, move |tx| store::staff_member(tx, boss)).await.unwrap();
        assert!(still.unwrap().active);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_devices() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        hire(&site, town, "anna@rathaus.example", "clerk", None).await;
        let mut desk = sign_in(&site, "anna@rathaus.example").await;
        let mut phone = sign_in(&site, "anna@rathaus.example").await;
        let page = desk.visit("/konto").await;
        page.shows("Alle anderen Geräte abmelden");
        let wrong = [("old_password", "stimmt nicht ganz"), ("new_password", "fünf andere wörter bitte")];
        desk.send_only(&page, "/konto/passwort", &wrong).await.is(422).shows("Das bisherige Passwort stimmt nicht.");
        phone.visit("/konto").await.is(200).shows("Person anna");
        let right = [("old_password", PASSWORD), ("new_password", "fünf andere wörter bitte")];
        desk.send(&page, "/konto/passwort", &right).await.is(200).shows("Ihr Passwort ist geändert.");
        assert!(phone.look("/konto").await.location().is_some(), "the phone is signed out");
        desk.visit("/konto").await.is(200).hides("Alle anderen Geräte abmelden");
        let page = desk.visit("/konto").await;
        desk.send(&page, "/konto/name", &[("name", "Anna Neu")]).await.shows("Anna Neu");
    })
    .await;
}

#[tokio::test]
async fn an_editor_of_one_office_opens_no_other() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let own = standard_unit(town, "works_depot");
        hire(&site, town, "karl@rathaus.example", "editor", Some(own)).await;
        let mut karl = sign_in(&site, "karl@rathaus.example").await;
        let mine = format!("/verwaltung/aemter/{own}");
        let page = karl.visit(&mine).await;
        page.is(200);
        let other = format!("/verwaltung/aemter/{}", standard_unit(town, "public_order"));
        karl.look(&other).await.is(403);
        let form = page.form(&mine);
        let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        karl.post(&other, &fields).await.is(403);
        karl.send(&page, &mine, &[("phone", "09208 78")]).await.is(200).shows("09208 78");
    })
    .await;
}

/// The offices a form offers to hang another one below.
fn parents_offered(page: &testkit::Seen) -> Vec<String> {
    let html = page.html();
    let select = html.split("name=\"parent\"").nth(1).and_then(|rest| rest.split("</select>").next()).unwrap();
    select.split("<option value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_office_hangs_only_where_its_editor_may_hang_it() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let own = standard_unit(town, "works_depot");
        hire(&site, town, "karl@rathaus.example", "editor", Some(own)).await;
        hire(&site, town, "johanna@rathaus.example", "editor", None).await;
        let mut johanna = sign_in(&site, "johanna@rathaus.example").await;
        let all = parents_offered(&johanna.visit("/verwaltung/aemter/neu").await);
        assert_eq!(all.len(), crate::STANDARD_UNITS.len() + 1, "every office, and none");
        let mut karl = sign_in(&site, "karl@rathaus.example").await;
        let page = karl.visit("/verwaltung/aemter/neu").await;
        assert_eq!(parents_offered(&page), [own.to_string()]);
        karl.send(&page, "/verwaltung/aemter/neu", &[("name", "Werkstatt")]).await.is(200).shows("Werkstatt");
        for elsewhere in [String::new(), standard_unit(town, "public_order").to_string()] {
            let sent = [("name", "Nebenstelle"), ("parent", elsewhere.as_str())];
            let page = karl.visit("/verwaltung/aemter/neu").await;
            karl.send_only(&page, "/verwaltung/aemter/neu", &sent).await.is(403);
        }
        // The own office stays where it hangs, though nothing may be hung there.
        let kept = parents_offered(&karl.visit(&format!("/verwaltung/aemter/{own}")).await);
        assert_eq!(kept, [standard_unit(town, "civil_engineering").to_string()]);
    })
    .await;
}

#[tokio::test]
async fn offices_are_hung_without_circles() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        hire(&site, town, "johanna@rathaus.example", "editor", None).await;
        let mut johanna = sign_in(&site, "johanna@rathaus.example").await;
        johanna.visit("/verwaltung/aemter").await.is(200).shows("Bauhof").shows("Tiefbauamt");
        let (top, below) = (standard_unit(town, "civil_engineering"), standard_unit(town, "works_depot").to_string());
        let path = format!("/verwaltung/aemter/{top}");
        let page = johanna.visit(&path).await;
        johanna.send_only(&page, &path, &[("parent", &below)]).await.is(422).shows("nicht unter sich selbst");
        johanna
            .send_only(&page, &path, &[("name", ""), ("email", "quatsch")])
            .await
            .is(422)
            .shows("Geben Sie den Namen");
        johanna.send(&page, &path, &[("phone", "09208 77")]).await.is(200).shows("09208 77");
        let page = johanna.visit("/verwaltung/aemter/neu").await;
        let new = [("name", "Stadtarchiv"), ("short", "StA"), ("parent", &below)];
        johanna.send(&page, "/verwaltung/aemter/neu", &new).await.is(200).shows("Stadtarchiv");
        johanna.look("/verwaltung/aemter/keine-nummer").await.is(404);
    })
    .await;
}

#[tokio::test]
async fn a_session_of_one_town_is_nothing_in_another() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        site.found("nachbar.example", "Nachbarort").await;
        let person = hire(&site, town, "admin@rathaus.example", "administrator", None).await;
        let admin = sign_in(&site, "admin@rathaus.example").await;
        let mut stranger = site.visitor("nachbar.example");
        stranger.set_cookie("sitzung", admin.cookie("sitzung").unwrap());
        for path in ["/konto", "/verwaltung/personen", &format!("/verwaltung/personen/{}", person.account)] {
            let seen = stranger.look(path).await;
            assert!(seen.location().is_some_and(|to| to.starts_with("/anmelden")), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_demo_offers_accounts() {
    for demo in [true, false] {
        let database = testkit::databases(&testkit::migrations(&rooms())).await.remove(0);
        let settings = Settings { demo, ..Settings::default() };
        let site = TestSite::new(database, Arc::from(rooms()), settings).await;
        let town = site.found(HOST, "Ahornfurt").await;
        let hash = hash_password_blocking(&base::SeededChance::new(3), DEMO_PASSWORD).unwrap();
        let document = site.town(town).await;
        site.site.db.write(town, move |tx| crate::seed(tx, &document, &hash)).await.unwrap();
        let mut visitor = site.visitor(HOST);
        let page = visitor.visit("/anmelden").await;
        assert_eq!(page.text().contains(DEMO_PASSWORD), demo);
        assert_eq!(page.text().contains("Konten der Vorführung"), demo);
        if demo {
            let offered = page.forms().into_iter().filter(|form| form.action == "/anmelden").count();
            assert!(offered >= 6, "one form to type and one per offered account, found {offered}");
        }
    }
}
