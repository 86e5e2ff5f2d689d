//! Every route × every role × two towns, as one readable snapshot. A new route without a line here fails; a line that
//! changes is seen in review. GET is really called; POST is called without a once-only key, so that it passes the guard
//! (400, 404, 422) or not (sign-in, 403) and changes nothing.

use crate::people::{self, STAFF, on_both_houses};
use std::fmt::Write as _;
use testkit::{Browser, TestSite};
use web::{Access, SeenRoute};

const OWN: &str = "eins.example";
const OTHER: &str = "zwei.example";

/// A path of this shape with the example things of the own town.
fn example(path: &str, number: &str) -> String {
    let nil = "00000000-0000-0000-0000-000000000000";
    [
        ("{number}", number),
        ("{theme}", "light"),
        ("{zoom}", "15"),
        ("{x}", "17000"),
        ("{file}", "11000.png"),
        ("{size}", "small"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (from, to)| path.replace(from, to))
    .split('/')
    .map(|part| if part.starts_with('{') { part.replace(part, nil) } else { part.to_owned() })
    .collect::<Vec<_>>()
    .join("/")
}

async fn outcome(browser: &mut Browser, route: &SeenRoute, path: &str) -> String {
    let seen = if route.method == "GET" { browser.look(path).await } else { browser.post(path, &[]).await };
    let to_sign_in = seen.location().is_some_and(|to| to.starts_with("/anmelden?zurueck="));
    match seen.status.as_u16() {
        303 if to_sign_in => "sign-in".to_owned(),
        200 | 303 => "ok".to_owned(),
        500.. => panic!("{} {path} broke:\n{}", route.method, seen.text()),
        status => status.to_string(),
    }
}

fn needed(access: Access) -> String {
    match access {
        Access::Public => "public".to_owned(),
        Access::Staff => "staff".to_owned(),
        Access::Needs(permission) => permission.word().to_owned(),
        Access::NeedsInTown(permission) => format!("{} in town", permission.word()),
    }
}

async fn matrix(site: &TestSite) -> String {
    let town = people::town(site, OWN, "Einsdorf").await;
    people::town(site, OTHER, "Zweistadt").await;
    let number = crate::tenants::open_case(site, town, "Kette der Schaukel gerissen").await;
    let mut text = String::from("method path | needs | visitor");
    for (word, ..) in STAFF {
        let _ = write!(text, " | {word}");
    }
    text.push_str(" | administrator of the other town\n");
    let mut people = vec![site.visitor(OWN)];
    for (word, ..) in STAFF {
        people.push(people::signed_in(site, OWN, word).await);
    }
    let stranger = people::signed_in(site, OTHER, "administrator").await;
    let mut stranger_here = site.visitor(OWN);
    stranger_here.set_cookie("sitzung", stranger.cookie("sitzung").expect("a session"));
    people.push(stranger_here);
    let mut routes = site.routes.clone();
    routes.sort_by_key(|route| (route.room, route.path, route.method));
    for route in &routes {
        let path = example(route.path, &number);
        let _ = write!(text, "{} {} | {}", route.method, route.path, needed(route.access));
        for person in &people {
            // Signing out would end the session the next routes need.
            let outcome = if route.path == "/abmelden" && person.cookie("sitzung").is_some() {
                "not tried".to_owned()
            } else {
                outcome(&mut person.clone(), route, &path).await
            };
            let _ = write!(text, " | {outcome}");
        }
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn every_route_and_role() {
    on_both_houses(async |site| {
        let text = matrix(&site).await;
        insta::assert_snapshot!("access_matrix", text);
    })
    .await;
}
