//! The main job from end to end, without JavaScript: a citizen reports a broken swing, a clerk takes the case, answers and
//! closes it, and the citizen sees every step. Also what happens when both try at once or send twice.

use crate::people::{self, on_both_houses};
use base::MunicipalityId;
use testkit::{Browser, Seen, TestSite};

const HOST: &str = "eins.example";

/// The first problem offered on the second page.
fn first_problem(page: &Seen) -> String {
    let html = page.html();
    let value = html.split("name=\"problem\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no problem offered:\n{}", page.text())).to_owned()
}

/// Fills in the first two pages; answers the third.
async fn until_check(citizen: &mut Browser, body: &str) -> Seen {
    let place = citizen.visit("/melden").await;
    place.is(200);
    let what = citizen.send(&place, "/melden", &[("lat", "50.1201"), ("lon", "11.0302")]).await;
    what.is(200);
    let problem = first_problem(&what);
    let check = citizen.send(&what, "/melden/was", &[("problem", &problem), ("body", body)]).await;
    check.is(200).shows(body);
    check
}

/// Reports and answers number and PIN from the receipt.
pub async fn report(citizen: &mut Browser, body: &str, email: &str) -> (String, String) {
    let check = until_check(citizen, body).await;
    let receipt = citizen.send(&check, "/melden/pruefen", &[("email", email)]).await;
    receipt.is(200);
    let html = receipt.html();
    let fact = |index: usize| {
        let inside = html.split("receipt-numbers").nth(1).and_then(|rest| rest.split("<dd>").nth(index));
        inside.and_then(|rest| rest.split("</dd>").next()).expect("number and PIN on the receipt").to_owned()
    };
    (fact(1), fact(2))
}

pub async fn work_off(site: &TestSite) {
    stadtplatz::worker::run_until_idle(&site.site).await.unwrap();
}

/// Who works on what the first problem leads to: the head of that unit would; here somebody for the whole town.
pub async fn clerk(site: &TestSite, town: MunicipalityId, word: &'static str, name: &'static str) -> Browser {
    let hash = identity::hash_password_blocking(&base::SeededChance::new(3), people::PASSWORD).expect("argon2 works");
    site.site
        .db
        .write::<_, db::DbError>(town, move |tx| {
            db::testing::unaudited(tx, "a clerk for a test");
            let new = identity::NewStaff {
                name: name.to_owned(),
                email: format!("{word}@{HOST}"),
                password: Some(hash.clone()),
                roles: vec![("clerk".to_owned(), None)],
                home_unit: None,
            };
            identity::create_staff(tx, &new)
        })
        .await
        .unwrap();
    people::signed_in(site, HOST, word).await
}

#[tokio::test]
async fn from_a_broken_swing_to_a_closed_case() {
    on_both_houses(async |site| {
        let town = people::town(&site, HOST, "Einsdorf").await;
        let mut citizen = site.visitor(HOST);
        let (number, pin) = report(&mut citizen, "Die Kette der Schaukel ist gerissen.", "anna@example.org").await;
        work_off(&site).await;
        confirm_mail(&site, town, &mut citizen).await;

        let mut clerk = clerk(&site, town, "erika", "Erika Muster").await;
        clerk.visit("/arbeit?liste=eingang").await.is(200).shows(&number);
        let case_path = format!("/arbeit/fall/{number}");
        let case = clerk.visit(&case_path).await;
        case.is(200).shows("Die Kette der Schaukel ist gerissen.");
        let claimed = clerk.send(&case, &format!("{case_path}/uebernahme"), &[]).await;
        claimed.is(200).shows("Erika Muster");
        let answered = clerk
            .send(
                &claimed,
                &format!("{case_path}/antwort"),
                &[("antwort", "Die Schaukel ist repariert."), ("ergebnis", "resolved"), ("aktion", "schliessen")],
            )
            .await;
        answered.is(200);
        work_off(&site).await;

        let mut elsewhere = site.visitor(HOST);
        let entrance = elsewhere.visit("/stand").await;
        elsewhere.send(&entrance, "/stand", &[("nummer", &number), ("pin", "FALSCH22")]).await.is(422);
        let status = elsewhere.send(&entrance, "/stand", &[("nummer", &number), ("pin", &pin)]).await;
        status.is(200).shows("Die Schaukel ist repariert.");
        assert!(site.mails(town).await.iter().any(|mail| mail.text.contains("Die Schaukel ist repariert.")));
        let rated = elsewhere.send(&status, &format!("/stand/{number}/bewertung"), &[("note", "5")]).await;
        rated.is(200);
        let replied =
            elsewhere.send(&rated, &format!("/stand/{number}/antwort"), &[("text", "Sie ist wieder kaputt.")]).await;
        replied.is(200).shows("Sie ist wieder kaputt.");
        clerk.visit(&case_path).await.shows("Sie ist wieder kaputt.");
    })
    .await;
}

/// Nothing but the question whether the address is right is sent before it is confirmed.
pub async fn confirm_mail(site: &TestSite, town: MunicipalityId, citizen: &mut Browser) {
    let mails = site.mails(town).await;
    let mails: Vec<_> = mails.iter().filter(|mail| mail.to == "anna@example.org").collect();
    assert_eq!(mails.len(), 1, "one mail before the address is confirmed");
    let links = mails[0].links();
    let link = links.iter().find(|link| link.contains("/post/bestaetigen/")).expect("a link to confirm");
    let path = link.strip_prefix(&format!("https://{HOST}")).expect("a link to this town").to_owned();
    let page = citizen.visit(&path).await;
    citizen.send(&page, &path, &[]).await.is(200);
}

#[tokio::test]
async fn a_form_sent_twenty_times_is_one_report() {
    on_both_houses(async |site| {
        let town = people::town(&site, HOST, "Einsdorf").await;
        let mut citizen = site.visitor(HOST);
        let check = until_check(&mut citizen, "Doppelklick").await;
        let sends = (0..20).map(|_| {
            let (mut same_person, page) = (citizen.clone(), check.clone());
            async move { same_person.send_only(&page, "/melden/pruefen", &[]).await }
        });
        let seen = futures_util::future::join_all(sends).await;
        let places: std::collections::BTreeSet<_> =
            seen.iter().map(|seen| seen.is(303).location().expect("a place to go").to_owned()).collect();
        assert_eq!(places.len(), 1, "{places:?}");
        let mut clerk = clerk(&site, town, "erika", "Erika Muster").await;
        let list = clerk.visit("/arbeit?liste=eingang").await;
        assert_eq!(list.html().matches("data-href=\"").count(), 1, "{}", list.text());
    })
    .await;
}

#[tokio::test]
async fn two_clerks_at_once_and_one_wins() {
    on_both_houses(async |site| {
        let town = people::town(&site, HOST, "Einsdorf").await;
        let number = crate::world::open_case(&site, town, "Laterne", None).await.number;
        let path = format!("/arbeit/fall/{number}");
        let mut one = clerk(&site, town, "erika", "Erika Muster").await;
        let mut two = clerk(&site, town, "max", "Max Beispiel").await;
        let two_sees = two.visit(&path).await;
        let one_sees = one.visit(&path).await;
        one.send(&one_sees, &format!("{path}/uebernahme"), &[]).await.is(200);
        let late = two.send(&two_sees, &format!("{path}/uebernahme"), &[]).await;
        late.shows("Erika Muster");
    })
    .await;
}
