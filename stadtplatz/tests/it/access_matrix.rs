//! Every route × every role × two towns, as one readable snapshot. Pages are really asked for; forms are really sent, as
//! they stand on their pages and filled in so that they work, so that a line also shows what a handler finds out about
//! the thing. A route without its form in `forms` fails, and so does a form that is not taken by who may send it.
//! Invariant: who is refused leaves nothing in the audit trail, who is not leaves a line.

use crate::{
    forms::{self, Looking, Sending, Trace},
    people::{self, LOCKED, STAFF, on_both_houses},
    store_plans, store_probe,
    things::{FILM, Made, Thing},
    world::{World, filled},
};
use std::fmt::Write as _;
use testkit::{Browser, Seen, TestSite, html::FoundForm};
use web::{Access, SeenRoute};

const OWN: &str = "eins.example";
const OTHER: &str = "zwei.example";
/// These end the sessions the other lines need, each less than the next.
pub const LAST: [&str; 4] = ["/konto/sitzungen", "/anmelden", "/konto/passwort", "/abmelden"];

/// Who tries.
struct Person {
    word: &'static str,
    browser: Browser,
    email: String,
}

async fn people(site: &TestSite, world: &World<'_>) -> Vec<Person> {
    let visitor = Person { word: "visitor", browser: site.visitor(OWN), email: people::address("clerk", OWN) };
    let mut all = vec![visitor];
    for (word, ..) in STAFF {
        let browser = people::signed_in(site, OWN, word).await;
        all.push(Person { word, browser, email: people::address(word, OWN) });
    }
    // Signed in, then locked out: the cookie is all they have left.
    let browser = people::signed_in(site, OWN, LOCKED).await;
    world.lock(LOCKED).await;
    all.push(Person { word: LOCKED, browser, email: people::address(LOCKED, OWN) });
    let home = people::signed_in(site, OTHER, "administrator").await;
    let mut abroad = site.visitor(OWN);
    abroad.set_cookie("sitzung", home.cookie("sitzung").expect("a session"));
    all.push(Person { word: "stranger", browser: abroad, email: people::address("administrator", OTHER) });
    all
}

/// What an answer says about the right to it.
fn outcome(route: &SeenRoute, seen: &Seen) -> String {
    let to = seen.location().unwrap_or("");
    // What was typed after the session ended comes back with the way to sign in.
    let kept = route.access != Access::Public && seen.html().contains("href=\"/anmelden\" target");
    match seen.status.as_u16() {
        303 if to.starts_with("/anmelden?zurueck=") => "sign-in".to_owned(),
        303 if to == "/stand" || to.starts_with("/stand?") => "entrance".to_owned(),
        422 if kept => "sign-in".to_owned(),
        200 | 303 => "ok".to_owned(),
        500.. => panic!("{} {} broke:\n{}", route.method, seen.path, seen.text()),
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

/// "ok: clerk, head | 403: editor".
fn grouped(outcomes: &[(&'static str, String)]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = vec![];
    for (word, outcome) in outcomes {
        match groups.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, words)) => words.push(word),
            None => groups.push((outcome, vec![word])),
        }
    }
    if let [(outcome, _)] = groups.as_slice() {
        return format!("{outcome}: everybody");
    }
    groups.sort_by_key(|(outcome, _)| (*outcome != "ok", *outcome));
    groups.iter().map(|(outcome, words)| format!("{outcome}: {}", words.join(", "))).collect::<Vec<_>>().join(" | ")
}

struct Matrix<'w, 's> {
    world: &'w mut World<'s>,
    people: Vec<Person>,
    lines: Vec<(String, String)>,
}

impl Matrix<'_, '_> {
    fn line(&mut self, route: &SeenRoute, note: &str, outcomes: &[(&'static str, String)]) {
        let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
        let head = format!("{} {}{note} | {}", route.method, route.path, needed(route.access));
        self.lines.push((
            format!("{} {} {}", route.room, route.path, route.method),
            format!("{head} | {}", grouped(outcomes)),
        ));
    }

    async fn page(&mut self, route: &SeenRoute, looking: &Looking) {
        let Made { mut names, cookies } = self.world.make(looking.about).await;
        names.extend(self.world.names());
        let path = filled(looking.asked, &names);
        let mut outcomes = vec![];
        for person in &self.people {
            let mut browser = person.browser.clone();
            for (name, value) in cookies.iter().filter(|_| !looking.without_key) {
                browser.set_cookie(name, value);
            }
            let seen = browser.look(&path).await;
            outcomes.push((person.word, outcome(route, &seen)));
        }
        self.line(route, looking.note, &outcomes);
    }

    async fn form(&mut self, route: &SeenRoute, sending: &Sending) {
        let (mut made, mut first, mut outcomes) = (self.world.make(sending.about).await, true, vec![]);
        let mut shown = self.world.form_of(sending, &made).await;
        for at in 0..self.people.len() {
            let before = store_probe::audit_lines(self.world.site, self.world.id).await;
            let (browser, seen) = self.sent(sending, &made, &shown, at).await;
            let lines = store_probe::audit_lines(self.world.site, self.world.id).await - before;
            let (person, outcome) = (&mut self.people[at], outcome(route, &seen));
            let told = outcome == "422" && sending.told.contains(&person.word);
            let sound = told || !["400", "409", "422"].contains(&outcome.as_str());
            let what = format!("{} {} ({}) by {}: {outcome}", route.method, route.path, sending.note, person.word);
            assert!(sound, "{what}: the form is no good:\n{}", seen.text());
            if outcome != "ok" {
                assert_eq!(lines, 0, "{what}, and yet it left a trace");
            } else if sending.trace == Trace::Each || (sending.trace == Trace::First && first) {
                assert!(lines > 0, "{what}, but nothing happened");
            }
            if outcome == "ok" {
                first = false;
                if route.path == "/anmelden" && person.word != "visitor" {
                    person.browser = browser;
                }
                if !sending.again {
                    made = self.world.make(sending.about).await;
                }
                shown = self.world.form_of(sending, &made).await;
            }
            outcomes.push((self.people[at].word, outcome));
        }
        self.line(route, sending.note, &outcomes);
    }

    /// One person sends the form, with the cookies of whoever the thing belongs to.
    async fn sent(&mut self, sending: &Sending, made: &Made, form: &FoundForm, at: usize) -> (Browser, Seen) {
        let mut names = self.world.names();
        names.extend(made.names.clone());
        names.insert("own_email", self.people[at].email.clone());
        let typed: Vec<_> = sending.typed.iter().map(|(field, value)| (*field, filled(value, &names))).collect();
        let once = format!("once-only-key-{}", names["fresh"]);
        let mut typed: Vec<_> = typed.iter().map(|(field, value)| (*field, value.as_str())).collect();
        typed.push(("once", &once));
        let files: &[(&str, &str, &str, &[u8])] =
            if sending.with_film { &[("film", "film.mp4", "video/mp4", FILM)] } else { &[] };
        let mut browser = self.people[at].browser.clone();
        for (name, value) in made.cookies.iter().filter(|_| !sending.without_key) {
            browser.set_cookie(name, value);
        }
        let seen = browser.send_form(&filled(sending.route, &names), form, &typed, files).await;
        (browser, seen)
    }
}

async fn matrix(site: &TestSite) -> String {
    people::town(site, OTHER, "Zweistadt").await;
    let mut world = World::found(site, OWN, "Einsdorf", "Beispiel").await;
    let people = people(site, &world).await;
    let mut routes = site.routes.clone();
    routes
        .sort_by_key(|route| (LAST.iter().position(|last| *last == route.path && route.method == "POST"), route.path));
    let gone = |method: &str, path: &str| !routes.iter().any(|route| (route.method, route.path) == (method, path));
    assert!(forms::all().all(|sending| !gone("POST", sending.route)), "a form of a route that is gone");
    assert!(forms::PAGES.iter().all(|page| !gone("GET", page.route)), "a page of a route that is gone");
    let mut matrix = Matrix { world: &mut world, people, lines: vec![] };
    for route in &routes {
        if route.method == "POST" {
            let sendings: Vec<_> = forms::all().filter(|sending| sending.route == route.path).collect();
            assert!(!sendings.is_empty(), "{} has no form in forms.rs", route.path);
            for sending in sendings {
                matrix.form(route, sending).await;
            }
            continue;
        }
        let plain =
            Looking { route: route.path, note: "", about: Thing::Nothing, asked: route.path, without_key: false };
        let about: Vec<_> = forms::PAGES.iter().filter(|page| page.route == route.path).collect();
        let is_about = route.path.contains('{');
        assert!(!(about.is_empty() && is_about), "{} has no thing in forms.rs", route.path);
        if about.is_empty() {
            matrix.page(route, &plain).await;
        }
        for page in about {
            matrix.page(route, page).await;
        }
    }
    let mut lines = matrix.lines;
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = String::from("method path (note) | needs | outcome: who\n");
    for (_, line) in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

#[tokio::test]
async fn every_route_and_role() {
    on_both_houses(async |site| {
        let text = matrix(&site).await;
        insta::assert_snapshot!("access_matrix", text);
        // By now every route has run its statements.
        store_plans::go_by_index(site.database());
    })
    .await;
}

/// What the rail of the desk offers, it opens.
#[tokio::test]
async fn no_link_of_the_rail_leads_to_a_closed_door() {
    on_both_houses(async |site| {
        people::town(&site, OWN, "Einsdorf").await;
        let mut doors = 0;
        for (word, ..) in STAFF {
            let mut browser = people::signed_in(&site, OWN, word).await;
            let desk = browser.look("/konto").await.is(200).html();
            let rail =
                desk.split("class=\"rail\"").nth(1).and_then(|rest| rest.split("</nav>").next()).expect("a rail");
            for link in rail.split("href=\"").skip(1) {
                let path = link.split('"').next().expect("a path").replace("&#38;", "&");
                let seen = browser.visit(&path).await;
                assert_eq!(seen.status.as_u16(), 200, "{word} is shown the way to {path}");
                doors += 1;
            }
        }
        assert!(doors > STAFF.len(), "only {doors} links were found");
    })
    .await;
}
