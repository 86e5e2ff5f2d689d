//! Two towns in one installation never see each other: every page of one town is asked for with the ids of the other, by
//! everybody, and none shows a word of it; every form is sent so, and not a row of the other changes. Not who may what in
//! one town: that is the access matrix. Invariant: the other town has a row in every table there is.

use crate::{
    access_matrix::LAST,
    forms,
    people::{self, KEEPER, STAFF, on_both_houses},
    store_probe,
    things::{Made, Thing},
    world::{Names, World, filled, open_case},
};
use base::MunicipalityId;
use std::collections::BTreeSet;
use testkit::{Browser, Seen, TestSite};

const HERE: &str = "eins.example";
const THERE: &str = "zwei.example";
const NAME: &str = "Zweistadt";
/// Stands in every text of the other town and nowhere else.
const MARK: &str = "Zwickelmarke";

/// Tables of which a furnished town has no row, and why.
const EMPTY: &[(&str, &str)] =
    &[("web_tries", "the brake is off here; what it keeps is the hash of an address, asked by town and client")];

#[tokio::test]
async fn a_furnished_town_has_a_row_in_every_table() {
    on_both_houses(async |site| {
        let mut there = World::found(&site, THERE, NAME, MARK).await;
        there.furnish().await;
        let contents = store_probe::contents(site.database(), there.id);
        assert!(contents.len() > 30, "only {} tables were found", contents.len());
        let empty: Vec<_> =
            contents.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table.as_str()).collect();
        let known: Vec<_> = EMPTY.iter().map(|(table, _)| *table).collect();
        assert_eq!(empty, known, "what a town can hold, the furnished one holds");
    })
    .await;
}

/// Everybody here, with a word for messages.
async fn everybody(site: &TestSite) -> Vec<(&'static str, Browser)> {
    let mut all = vec![("visitor", site.visitor(HERE))];
    for (word, ..) in STAFF {
        all.push((word, people::signed_in(site, HERE, word).await));
    }
    all.push((KEEPER, people::signed_in(site, HERE, KEEPER).await));
    all
}

/// The browser with the cookies that the other town gave for this thing.
fn with_cookies(browser: &Browser, made: &Made) -> Browser {
    let mut browser = browser.clone();
    for (name, value) in &made.cookies {
        browser.set_cookie(name, value);
    }
    browser
}

/// The marked words of a text, in small letters.
fn marked(text: &str) -> BTreeSet<String> {
    let (text, mark) = (text.to_lowercase(), MARK.to_lowercase());
    let number = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
    text.split(&mark).skip(1).map(|rest| format!("{mark}{}", number(rest))).collect()
}

/// The answer works, holds no picture of the other town, and no marked word but those that were sent.
fn must_be_of_here(seen: &Seen, sent: &str, who: &str) {
    let path = &seen.path;
    assert!(seen.status.as_u16() < 500, "{path} broke for {who}:\n{}", seen.text());
    let strange: Vec<_> = marked(&seen.html()).difference(&marked(sent)).cloned().collect();
    assert!(strange.is_empty(), "{path} shows {who} the other town ({strange:?}):\n{}", seen.html());
    let kind = seen.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let is_file = ["image/", "video/", "application/octet"].iter().any(|start| kind.starts_with(start));
    let is_sent = is_file && seen.status.is_success() && !path.starts_with("/favicon.ico");
    assert!(!is_sent, "{path} sends {who} a file of the other town");
}

/// Asks here for every page there is, with the names of the things there.
async fn look_at_everything(site: &TestSite, names: &Names, all: &[(Thing, Made)]) {
    let browsers = everybody(site).await;
    let mut looked = 0;
    let thing = |thing: Thing| &all.iter().find(|(known, _)| *known == thing).expect("one of everything").1;
    for route in site.routes.iter().filter(|route| route.method == "GET") {
        let about: Vec<_> = forms::PAGES.iter().filter(|page| page.route == route.path).collect();
        let mut asked: Vec<_> = about.iter().map(|page| (page.asked, thing(page.about))).collect();
        if !route.path.contains('{') {
            asked.push((route.path, thing(Thing::Nothing)));
        }
        assert!(!asked.is_empty(), "{} has no thing in forms.rs", route.path);
        for (asked, made) in asked {
            let mut names = names.clone();
            names.extend(made.names.clone());
            let path = filled(asked, &names);
            let joint = if path.contains('?') { '&' } else { '?' };
            // Part of the word, so that the word itself can only come from the other town.
            let searched = format!("{path}{joint}q={}&liste=team", &MARK[..8]);
            for (word, browser) in &browsers {
                let seen = with_cookies(browser, made).look(&searched).await;
                must_be_of_here(&seen, &path, word);
                assert!(!seen.html().contains(NAME), "{path} names the other town to {word}");
                looked += 1;
            }
        }
    }
    assert!(looked > 1_000, "only {looked} pages were looked at");
}

/// Sends here every form that there has, made for the things there.
async fn send_everything(site: &TestSite, here: MunicipalityId, there: &mut World<'_>, all: &[(Thing, Made)]) {
    let mut forms = vec![];
    for sending in forms::all() {
        let made = &all.iter().find(|(known, _)| *known == sending.about).expect("one of everything").1;
        let mut names = there.names();
        names.extend(made.names.clone());
        names.insert("own_email", people::address("clerk", THERE));
        forms.push((sending, made, there.form_of(sending, made).await, names));
    }
    let before = store_probe::contents(site.database(), there.id);
    let browsers = everybody(site).await;
    // First what is about a thing: here there is none, so nothing happens here either.
    forms.sort_by_key(|(sending, ..)| sending.about == Thing::Nothing);
    for (sending, made, form, names) in &forms {
        // What ends the own session ends the walk; it takes nothing of the other town but a password.
        if LAST.contains(&sending.route) {
            continue;
        }
        let typed: Vec<_> = sending.typed.iter().map(|(field, value)| (*field, filled(value, names))).collect();
        let typed: Vec<_> = typed.iter().map(|(field, value)| (*field, value.as_str())).collect();
        let path = filled(sending.route, names);
        let own = form.fields.iter().map(|(_, value)| value.as_str());
        let sent =
            own.chain(typed.iter().map(|(_, value)| *value)).chain([path.as_str()]).collect::<Vec<_>>().join(" ");
        for (word, browser) in &browsers {
            let lines = store_probe::audit_lines(site, here).await;
            let seen = with_cookies(browser, made).send_form(&path, form, &typed, &[]).await;
            if sending.about == Thing::Nothing {
                // An honest form, wherever it was read: this town may take it, and may show its words from then on.
                assert!(seen.status.as_u16() < 500, "{path} broke for {word}:\n{}", seen.text());
                continue;
            }
            must_be_of_here(&seen, &sent, word);
            let is_new = store_probe::audit_lines(site, here).await > lines;
            assert!(!is_new, "{path} of the other town did something for {word}");
        }
    }
    let after = store_probe::contents(site.database(), there.id);
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "{table} of the other town changed");
    }
    // Sent at home the same is not nothing: the comparison would have seen it.
    let path = "/verwaltung/hinweise/neu";
    there.pressed(path, path, &[("title", MARK)]).await;
    assert_ne!(store_probe::contents(site.database(), there.id)["guide_notices"], after["guide_notices"]);
}

#[tokio::test]
async fn no_page_and_no_form_of_one_town_reaches_the_other() {
    on_both_houses(async |site| {
        let here = people::town(&site, HERE, "Einsdorf").await;
        let mut there = World::found(&site, THERE, NAME, MARK).await;
        let all = there.furnish().await;
        let names = there.names();
        look_at_everything(&site, &names, &all).await;
        // The same names lead somewhere at home.
        let case = &all.iter().find(|(thing, _)| *thing == Thing::Attachment).expect("one of everything").1;
        let path = filled("/arbeit/fall/{number}", &case.names);
        people::signed_in(&site, THERE, "head").await.look(&path).await.is(200).shows(MARK);
        send_everything(&site, here, &mut there, &all).await;
    })
    .await;
}

/// A form of this town with an office of the other one in it, from somebody who may everything here.
#[tokio::test]
async fn no_form_takes_an_office_of_the_other_town() {
    on_both_houses(async |site| {
        let mut here = World::found(&site, HERE, "Einsdorf", "Beispiel").await;
        let mut there = World::found(&site, THERE, NAME, MARK).await;
        let foreign = there.names();
        let names_an_office = |value: &str| ["{green}", "{order}"].contains(&value);
        let mut tried = 0;
        for sending in forms::all().filter(|sending| sending.typed.iter().any(|(_, value)| names_an_office(value))) {
            let made = here.make(sending.about).await;
            let form = here.form_of(sending, &made).await;
            let mut names = here.names();
            names.extend(made.names.clone());
            let of = |value: &str| filled(value, if names_an_office(value) { &foreign } else { &names });
            let typed: Vec<_> = sending.typed.iter().map(|(field, value)| (*field, of(value))).collect();
            let typed: Vec<_> = typed.iter().map(|(field, value)| (*field, value.as_str())).collect();
            let (path, lines) = (filled(sending.route, &names), store_probe::audit_lines(&site, here.id).await);
            let seen = here.keeper.clone().send_form(&path, &form, &typed, &[]).await;
            assert!(seen.status.is_client_error(), "{path} ({}): {}\n{}", sending.note, seen.status, seen.text());
            assert_eq!(store_probe::audit_lines(&site, here.id).await, lines, "{path} left a trace");
            tried += 1;
        }
        assert!(tried >= 10, "only {tried} forms name an office");
    })
    .await;
}

#[tokio::test]
async fn a_session_counts_in_its_own_town_only() {
    on_both_houses(async |site| {
        people::town(&site, HERE, "Einsdorf").await;
        people::town(&site, THERE, NAME).await;
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
        let there = people::town(&site, THERE, NAME).await;
        let number = open_case(&site, there, MARK, None).await.number;
        assert_eq!(open_case(&site, here, "Eine andere Sache", None).await.number, number, "towns count alike");
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
