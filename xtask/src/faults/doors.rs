//! Rows 17, 20 and 25: requests that another site makes a browser send, addresses that a client makes up, secrets that
//! everybody knows. The program runs as in production, brake and all.
//! Invariant: each refusal is checked beside a request that is allowed, so that a dead server refuses nothing.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::Yard;
use super::load::{number_of, send};
use super::rounds::{Round, Rounds};
use super::town::Town;
use super::wire::{self, Reply};

const FORM: &str = "application/x-www-form-urlencoded";
/// Twenty tries at once and ten a minute; a few more while we count.
const TRIES_MAX: usize = 25;
const TRIES: usize = 120;

/// Row 17.
pub fn cross_site(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    rounds.each(|round| {
        let form = [("email", "anna@example.org"), ("password", "falsch"), ("lat", "51.163"), ("lon", "10.447")];
        let body = wire::encoded(&form);
        let post = |path: &str, kind: &str, headers: &[(&str, &str)]| -> Result<Reply> {
            Ok(wire::post(town.port, path, kind, body.as_bytes(), headers)?)
        };
        let foreign: [&[(&str, &str)]; 4] = [
            &[("Origin", "https://boese.example")],
            &[("Origin", "null")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site"), ("Origin", "https://nebenan.example")],
        ];
        let before = changes(&town)?;
        for path in ["/melden", "/anmelden", "/abmelden", "/stand", "/darstellung"] {
            for headers in foreign {
                let status = post(path, FORM, headers)?.status;
                round.count("foreign_posts", 1);
                round.must(status == 403, format!("POST {path} with {headers:?} was answered {status}"));
            }
            let status = post(path, "text/plain", foreign[0])?.status;
            round.must(status == 403, format!("POST {path} as text/plain was answered {status}"));
        }
        for path in ["/melden/pruefen", "/abmelden", "/anmelden", "/darstellung"] {
            let reply = wire::get(town.port, &format!("{path}?{body}"))?;
            round.count("gets_of_what_changes", 1);
            let gives_cookie = reply.header("set-cookie").is_some_and(|cookie| cookie.contains("sitzung"));
            round.must(!gives_cookie, format!("GET {path} changed the session"));
        }
        round.must(changes(&town)? == before, "a foreign request or a GET changed something");
        credentials(&town, round)?;
        let own = post("/melden", FORM, &[("Sec-Fetch-Site", "same-origin")])?.status;
        round.must(own == 303, format!("the town's own form was answered {own}"));
        Ok(())
    })
}

/// Other sites may read what is public, and never as somebody.
fn credentials(town: &Town<'_>, round: &mut Round) -> Result<()> {
    for path in ["/", "/melden", "/anmelden", "/open311/v2/requests.json"] {
        let reply = wire::raw(town.port, wire::head("GET", path, &[("Origin", "https://boese.example")]).as_bytes())?;
        let allowed = reply.header("access-control-allow-origin").unwrap_or_default().to_owned();
        round.must(reply.header("access-control-allow-credentials").is_none(), format!("{path} allows credentials"));
        round.must(!allowed.contains("boese"), format!("{path} echoes a foreign origin"));
        round.must(allowed.is_empty() || path.starts_with("/open311/"), format!("{path} may be read by other sites"));
    }
    Ok(())
}

/// Drafts, cases and audit lines together.
fn changes(town: &Town<'_>) -> Result<usize> {
    town.number(
        "SELECT (SELECT count(*) FROM reports_drafts) + (SELECT count(*) FROM cases_cases)
              + (SELECT coalesce(sum(seq), 0) FROM audit_heads)",
    )
}

/// Row 20.
pub fn forged_address(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.settings.push(("STADTPLATZ_LIMITS", "an".to_owned()));
    rounds.each(|round| {
        // The brake keeps its counts in memory: a new process counts anew.
        town.serve()?;
        let mut let_through = 0;
        for number in 0..TRIES {
            let made_up = format!("203.0.{}.{}", number / 250, number % 250 + 1);
            let forwarded = format!("for={made_up}");
            let headers = [
                ("X-Forwarded-For", made_up.as_str()),
                ("Forwarded", forwarded.as_str()),
                ("X-Real-IP", made_up.as_str()),
                ("Sec-Fetch-Site", "same-origin"),
            ];
            let body = wire::encoded(&[("number", "2026-11-0001"), ("pin", "AAAA AAAA")]);
            let status = wire::post(town.port, "/stand", FORM, body.as_bytes(), &headers)?.status;
            let_through += usize::from(status != 429);
            ensure!(status < 500, "a try at a PIN was answered {status}");
        }
        round.count("tries", TRIES);
        round.largest("tries_let_through", let_through as u64);
        round.must(let_through > 0, "nothing was let through: the row shows nothing");
        round.must(let_through <= TRIES_MAX, format!("{let_through} of {TRIES} tries were let through"));
        town.stop();
        Ok(())
    })
}

/// Row 25.
pub fn default_secrets(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let (name, base) = (rounds.row(), rounds.base);
    rounds.each(|round| {
        let mut keys = BTreeSet::new();
        for copy in ["one", "two"] {
            let town = Town::found(yard, &format!("{name}-{copy}"), base)?;
            let key = std::fs::read(town.data.join("keys/site.key")).context("there is no key")?;
            round.must(key.len() == 32 && key.iter().any(|byte| *byte != 0), "the key is empty");
            keys.insert(key);
        }
        round.must(keys.len() == 2, "two installations have the same key");
        let mut town = Town::found(yard, &format!("{name}-three"), base)?;
        town.serve()?;
        closed(&town, round)?;
        town.stop();
        demo_data_is_refused(&mut town, round)
    })
}

/// As it comes, nothing opens: no known account, no letters for everybody, no numbers through a proxy.
fn closed(town: &Town<'_>, round: &mut Round) -> Result<()> {
    let number = number_of(&send(town.port, &town.service, &format!("default {}", round.number))?);
    round.must(number.is_some(), "the town does not work at all");
    for path in ["/_post", "/demo.json", "/keys/site.key", "/stadtplatz.db"] {
        let status = wire::get(town.port, path)?.status;
        round.count("doors_tried", 1);
        round.must(status == 404, format!("GET {path} was answered {status}"));
    }
    let proxied = wire::head("GET", "/metrics", &[("X-Forwarded-For", "203.0.113.7")]);
    let status = wire::raw(town.port, proxied.as_bytes())?.status;
    round.must(status == 404, format!("/metrics through a proxy was answered {status}"));
    let accounts = town.number("SELECT count(*) FROM identity_accounts")?;
    round.must(accounts == 0, format!("{accounts} accounts exist before anybody was invited"));
    let staff = ["/arbeit", "/verwaltung/auftraege", "/verwaltung/personen"];
    for path in staff {
        let reply = wire::get(town.port, path)?;
        round.count("doors_tried", 1);
        let to_sign_in = reply.header("location").is_some_and(|to| to.starts_with("/anmelden"));
        round.must(reply.status == 303 && to_sign_in, format!("GET {path} was answered {}", reply.status));
    }
    Ok(())
}

/// The accounts of the demo have a password that stands in the manual.
fn demo_data_is_refused(town: &mut Town<'_>, round: &mut Round) -> Result<()> {
    let data = town.data.join("demo");
    std::fs::create_dir_all(&data)?;
    let folder = data.to_string_lossy();
    town.must(&["demo", "--prepare-only", "--data", &folder])?;
    let (ok, said) = town.run(&["serve", "--data", &folder])?;
    round.must(!ok && said.contains("Vorführkonten"), format!("serve on demo data: {said}"));
    Ok(())
}
