//! What people type stays text: a town in which every text is a script, and every page of it, for everybody. The policy
//! of the pages would stop the script; here it must not even be one. Not the mails: their letters are tested where they
//! are made.
//! Invariant: the text does stand on the pages, escaped, or nothing was tested.

use crate::{
    forms,
    people::{self, KEEPER, STAFF, on_both_houses},
    things::Thing,
    world::{World, filled},
};

const HERE: &str = "eins.example";
/// Ends an attribute in either quotes, a comment and a script, and begins an element that acts by itself.
const SCRIPT: &str = "'\"--></script><svg/onload=alert(1)>";
/// What of it must not stand in a page as it was typed.
const RAW: [&str; 2] = ["<svg/onload", "</script><"];
const ESCAPED: &str = "&#60;svg/onload";

#[tokio::test]
async fn no_text_becomes_a_script_on_any_page() {
    on_both_houses(async |site| {
        let mut world = World::found(&site, HERE, "Einsdorf", SCRIPT).await;
        let all = world.furnish().await;
        let names = world.names();
        let mut browsers = vec![site.visitor(HERE)];
        for (word, ..) in STAFF {
            browsers.push(people::signed_in(&site, HERE, word).await);
        }
        browsers.push(people::signed_in(&site, HERE, KEEPER).await);
        let (mut looked, mut shown) = (0, 0);
        let thing = |thing: Thing| &all.iter().find(|(known, _)| *known == thing).expect("one of everything").1;
        for route in site.routes.iter().filter(|route| route.method == "GET") {
            let pages = forms::PAGES.iter().filter(|page| page.route == route.path);
            let mut asked: Vec<_> = pages.map(|page| (page.asked, thing(page.about))).collect();
            if !route.path.contains('{') {
                asked.push((route.path, thing(Thing::Nothing)));
            }
            for (asked, made) in asked {
                let mut names = names.clone();
                names.extend(made.names.clone());
                let path = filled(asked, &names);
                let joint = if path.contains('?') { '&' } else { '?' };
                let searched =
                    format!("{path}{joint}q=%27%22--%3E%3C%2Fscript%3E%3Csvg%2Fonload%3Dalert(1)%3E&liste=team");
                for browser in &browsers {
                    let mut browser = browser.clone();
                    for (name, value) in &made.cookies {
                        browser.set_cookie(name, value);
                    }
                    let seen = browser.look(&searched).await;
                    let kind = seen.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("");
                    if !kind.starts_with("text/html") {
                        continue;
                    }
                    let html = seen.html();
                    for raw in RAW {
                        assert!(!html.contains(raw), "{path} lets a text be a script:\n{html}");
                    }
                    looked += 1;
                    shown += usize::from(html.contains(ESCAPED));
                }
            }
        }
        assert!(looked > 500 && shown > 200, "{looked} pages, and on {shown} of them the text was to be seen");
    })
    .await;
}
