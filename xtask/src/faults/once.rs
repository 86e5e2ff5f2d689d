//! Row 4: the same sending arrives in parallel, one after the other, after a restart, and with another body under the
//! same once-only key. One intent is one report.
//! Invariant: what is compared is the number that each sender was told.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::Yard;
use super::load::{number_of, send};
use super::rounds::{Round, Rounds};
use super::town::Town;
use super::wire::{self, Reply};

const AT_ONCE: usize = 12;

pub fn keys(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    town.serve()?;
    rounds.each(|round| {
        programs(&mut town, round)?;
        people(&town, round)
    })
}

/// Open311: the whole call is its own key.
fn programs(town: &mut Town<'_>, round: &mut Round) -> Result<()> {
    let text = format!("once {} parallel", round.number);
    let mut numbers = BTreeSet::new();
    let replies: Vec<std::io::Result<Reply>> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| send(town.port, &town.service, &text))).collect();
        senders.into_iter().filter_map(|sender| sender.join().ok()).collect()
    });
    round.count("sent_in_parallel", replies.len());
    for reply in replies {
        let reply = reply.context("a parallel sending broke")?;
        round.must(reply.status == 200, format!("a parallel sending was answered {}", reply.status));
        numbers.extend(number_of(&reply));
    }
    for _ in 0..3 {
        numbers.extend(number_of(&send(town.port, &town.service, &text)?));
    }
    town.kill();
    town.serve()?;
    numbers.extend(number_of(&send(town.port, &town.service, &text)?));
    round.count("sent_in_sequence", 4);
    round.must(numbers.len() == 1, format!("senders were told {} numbers", numbers.len()));
    let other = number_of(&send(town.port, &town.service, &format!("{text} changed"))?);
    round.must(other.is_some_and(|it| !numbers.contains(&it)), "another text was taken for the same report");
    for table in ["reports_reports", "cases_cases"] {
        let stored = town.number(&format!("SELECT count(*) FROM {table} WHERE body = '{text}'"))?;
        round.count("doubled", stored.saturating_sub(1));
        round.must(stored == 1, format!("{stored} rows in {table}"));
    }
    Ok(())
}

/// The form for people: a key in the page, the words beside it.
fn people(town: &Town<'_>, round: &mut Round) -> Result<()> {
    let text = format!("once {} by form", round.number);
    let place = hidden(&wire::get(town.port, "/melden")?.body, "/melden");
    let mut fields = place;
    set(&mut fields, "lat", "51.163");
    set(&mut fields, "lon", "10.447");
    let next = location(&form(town, "/melden", &fields)?)?;
    let page = wire::get(town.port, &next)?.body;
    let mut fields = hidden(&page, "/melden/was");
    let problem = page.split("name=\"problem\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    set(&mut fields, "problem", problem.context("no problem to choose")?);
    set(&mut fields, "body", &text);
    let next = location(&form(town, "/melden/was", &fields)?)?;
    let fields = hidden(&wire::get(town.port, &next)?.body, "/melden/pruefen");
    ensure!(fields.iter().any(|(name, _)| name == "once"), "the last page has no key");
    let mut receipts = BTreeSet::new();
    for _ in 0..3 {
        receipts.insert(location(&form(town, "/melden/pruefen", &fields)?)?);
    }
    round.count("forms_sent", 3);
    round.must(receipts.len() == 1, format!("the same form led to {} receipts", receipts.len()));
    let mut changed = fields;
    set(&mut changed, "email", "jemand@example.org");
    let status = form(town, "/melden/pruefen", &changed)?.status;
    round.must(status == 409, format!("the same key with other words was answered {status}"));
    let stored = town.number(&format!("SELECT count(*) FROM cases_cases WHERE body = '{text}'"))?;
    round.must(stored == 1, format!("{stored} cases of one form"));
    Ok(())
}

fn form(town: &Town<'_>, path: &str, fields: &[(String, String)]) -> Result<Reply> {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(wire::post_form(town.port, path, &fields)?)
}

fn location(reply: &Reply) -> Result<String> {
    let to = reply.header("location").map(str::to_owned);
    to.with_context(|| format!("a form was answered {} and leads nowhere", reply.status))
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

/// The hidden fields of the form that posts to `action`.
fn hidden(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page.split("<form").find(|part| part.contains(&format!("action=\"{action}\"")));
    let form = form.and_then(|part| part.split("</form>").next()).unwrap_or_default();
    let value = |tag: &str, name: &str| {
        let rest = tag.split(&format!("{name}=\"")).nth(1)?;
        rest.split('"').next().map(plain)
    };
    let tags = form.split("<input").filter(|tag| tag.contains("type=\"hidden\""));
    tags.filter_map(|tag| Some((value(tag, " name")?, value(tag, " value")?))).collect()
}

fn plain(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&quot;", "\"").replace("&#39;", "'").replace("&#38;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_fields_are_read_from_the_right_form() {
        let page = r#"<form action="/suche"><input type="hidden" name="x" value="1"></form>
            <form class="a" action="/melden"><input type="hidden" name="once" value="7">
            <input type="text" name="t" value="2"><input type="hidden" name="copy" id="c" value="{&#34;a&#34;}"></form>"#;
        let wanted = [("once", "7"), ("copy", "{\"a\"}")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(hidden(page, "/melden"), wanted);
    }
}
