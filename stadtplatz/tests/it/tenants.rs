//! Two towns in one installation never see each other: every page of one town is asked for with the ids of the other, by
//! everybody, and none shows a word of it.

use crate::people::{self, STAFF, on_both_houses};
use base::{MunicipalityId, Position};
use cases::NewCase;
use db::DbError;
use testkit::TestSite;
use web::Lang;

const HERE: &str = "eins.example";
const THERE: &str = "zwei.example";
/// Stands in every text of the other town's case and nowhere else.
const MARK: &str = "Zwickelmarke";

/// Opens a case of the green spaces office in this town, as the report form would.
pub async fn open_case(site: &TestSite, id: MunicipalityId, title: &str) -> String {
    let (town, inside, title) = (site.town(id).await, site.site.clone(), title.to_owned());
    site.site
        .db
        .write::<_, DbError>(id, move |tx| {
            let new = NewCase {
                kind: "report",
                title: title.clone(),
                body: format!("{title}: bitte bald."),
                category: "playground".to_owned(),
                category_label: "Spielplatz".to_owned(),
                facts: vec![("Gerät".to_owned(), title.clone())],
                english: cases::English::default(),
                place: format!("Spielplatz {title}"),
                district: "Altstadt".to_owned(),
                position: Position::new(50.12, 11.03),
                email: None,
                phone: None,
                language: Lang::De,
                desk_link: None,
                attachments: vec![],
                channel: "web",
                at: tx.now(),
            };
            let opened = cases::open(tx, &town, &inside.keys, new)?;
            db::testing::unaudited(tx, "a case for a test");
            Ok(opened.number)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn no_page_of_one_town_shows_the_other() {
    on_both_houses(async |site| {
        people::town(&site, HERE, "Einsdorf").await;
        let there = people::town(&site, THERE, "Zweistadt").await;
        let number = open_case(&site, there, MARK).await;
        stadtplatz::worker::run_until_idle(&site.site).await.unwrap();
        let mut browsers = vec![site.visitor(HERE)];
        for (word, ..) in STAFF {
            browsers.push(people::signed_in(&site, HERE, word).await);
        }
        let mut looked = 0;
        for route in site.routes.iter().filter(|route| route.method == "GET") {
            let path = route.path.replace("{number}", &number);
            // Part of the word, so that the word itself can only come from the case.
            let searched = format!("{path}?q={}&liste=team", &MARK[..8]);
            for browser in &browsers {
                let seen = browser.clone().look(&searched).await;
                assert!(!seen.html().contains(MARK), "{path} shows the other town:\n{}", seen.text());
                assert!(!seen.html().contains("Zweistadt"), "{path} names the other town");
                looked += 1;
            }
        }
        assert!(looked > 100, "only {looked} pages were looked at");
        let mut colleague = people::signed_in(&site, THERE, "head").await;
        colleague.look("/arbeit?liste=team").await.is(200).shows(MARK);
    })
    .await;
}

#[tokio::test]
async fn a_session_counts_in_its_own_town_only() {
    on_both_houses(async |site| {
        people::town(&site, HERE, "Einsdorf").await;
        people::town(&site, THERE, "Zweistadt").await;
        let person = people::signed_in(&site, THERE, "administrator").await;
        let mut here = site.visitor(HERE);
        here.set_cookie("sitzung", person.cookie("sitzung").expect("a session"));
        here.look("/arbeit").await.is(303);
        here.look("/verwaltung/personen").await.is(303);
    })
    .await;
}

#[tokio::test]
async fn a_link_or_cookie_of_one_town_opens_nothing_in_the_other() {
    on_both_houses(async |site| {
        let here = people::town(&site, HERE, "Einsdorf").await;
        let there = people::town(&site, THERE, "Zweistadt").await;
        let number = open_case(&site, there, MARK).await;
        assert_eq!(open_case(&site, here, "Eine andere Sache").await, number, "towns count alike");
        let now = site.site.clock.now();
        let (keys, until) = (&site.site.keys, now.plus_days(1));
        let link = format!("/stand/{number}/{}", keys.seal(there, "case-link", &number, until));
        let receipt = format!("/melden/fertig/{number}?beleg={}", keys.seal(there, "report-receipt", &number, until));
        let mut at_home = site.visitor(THERE);
        at_home.visit(&link).await.is(200).shows(MARK);
        let mut abroad = site.visitor(HERE);
        for path in [&link, &receipt] {
            abroad.visit(path).await.hides(MARK).hides("Eine andere Sache");
        }
        let value = at_home.cookie("stand").expect("the link sets a cookie").to_owned();
        abroad.set_cookie("stand", &value);
        abroad.visit(&format!("/stand/{number}")).await.hides(MARK).hides("Eine andere Sache");
    })
    .await;
}
