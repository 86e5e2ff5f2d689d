//! Kategorien: what a town's staff may change of them: names, warnings, whether they are offered and public, the office
//! and the days. Problem types and questions are edited as one line each, so that no second page is needed.

use crate::{
    category::{Category, Problem, Stop, Words, fold},
    pages::{Choice, found},
    store,
};
use axum::extract::Path;
use base::OrgUnitId;
use cases::Rule;
use db::{Audit, DbError, Once, Tx};
use serde_json::json;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit};

const KIND: &str = "report";
const DAYS_MAX: i64 = 120;

#[derive(Template)]
#[template(path = "reports-categories.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    label: String,
    icon: String,
    active: bool,
    public: bool,
    unit: String,
    days: String,
}

#[derive(Template)]
#[template(path = "reports-category.html")]
struct EditPage {
    page: Page,
    form: FormState,
    word: String,
    label: String,
    units: Vec<Choice>,
    questions: Vec<String>,
}

/// The rule that holds for this category in the whole town.
fn rule_of(rules: &[Rule], word: &str) -> Option<Rule> {
    rules.iter().find(|rule| rule.kind == KIND && rule.category == word && rule.district.is_empty()).cloned()
}

pub async fn list(visit: Visit) -> Answer {
    let v = visit.clone();
    let (categories, rules, units, desk) = visit
        .read(move |tx| {
            Ok::<_, DbError>((store::categories(tx)?, cases::rules(tx)?, identity::org_units(tx)?, v.desk(tx)?))
        })
        .await?;
    let row = |category: &Category| {
        let rule = rule_of(&rules, &category.word);
        let unit = rule.as_ref().and_then(|rule| units.iter().find(|unit| unit.id == rule.unit));
        Row {
            href: format!("/arbeit/kategorien/{}", category.word),
            label: category.label.de.clone(),
            icon: category.icon.clone(),
            active: category.active,
            public: category.public,
            unit: unit.map_or_else(|| "ohne Regel".to_owned(), |unit| unit.name.clone()),
            days: rule.map_or_else(String::new, |rule| rule.working_days.to_string()),
        }
    };
    let rows = categories.iter().map(row).collect();
    web::render(&ListPage { page: visit.page("Kategorien").with_desk(desk), rows })
}

/// One problem per line: `word | Deutsch | English`, a `*` behind the word: needs a description.
fn problems_text(problems: &[Problem]) -> String {
    let line = |p: &Problem| {
        let star = if p.needs_text { "*" } else { "" };
        format!("{}{star} | {} | {}", p.word, p.label.de, p.label.en)
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reads the lines back; `Err` is the number of the first line that cannot be read. What a line does not say, like the
/// kinds of thing it fits, is kept from before.
pub fn read_problems(text: &str, before: &[Problem]) -> Result<Vec<Problem>, usize> {
    let mut problems: Vec<Problem> = vec![];
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut parts = line.split('|').map(str::trim);
        let (word, de) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let (word, needs_text) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
        let well_made =
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !well_made || de.is_empty() || problems.iter().any(|known| known.word == word) {
            return Err(number + 1);
        }
        let things = before.iter().find(|old| old.word == word).map(|old| old.things.clone()).unwrap_or_default();
        let label = Words { de: de.to_owned(), en: parts.next().unwrap_or("").to_owned() };
        problems.push(Problem { word: word.to_owned(), label, things, needs_text });
    }
    if problems.is_empty() { Err(1) } else { Ok(problems) }
}

fn form_of(category: &Category, rule: Option<&Rule>) -> Form {
    let yes = |flag: bool| if flag { "ja" } else { "" };
    let stop = category.stops.first().cloned().unwrap_or_default();
    let mut form = Form::from_pairs([
        ("label-de", category.label.de.as_str()),
        ("label-en", category.label.en.as_str()),
        ("active", yes(category.active)),
        ("public", yes(category.public)),
        ("danger-de", category.danger.text.de.as_str()),
        ("danger-en", category.danger.text.en.as_str()),
        ("danger-phone", category.danger.phone.as_str()),
        ("stop-de", stop.text.de.as_str()),
        ("stop-en", stop.text.en.as_str()),
        ("synonyms", category.synonyms.as_str()),
    ]);
    form.set("problems", problems_text(&category.problems));
    form.set("unit", rule.map(|rule| rule.unit.to_string()).unwrap_or_default());
    form.set("days", rule.map_or(5, |rule| rule.working_days).to_string());
    form
}

struct Gathered {
    category: Category,
    rule: Option<Rule>,
    units: Vec<identity::OrgUnit>,
    desk: web::DeskShell,
}

fn gather(tx: &Tx<'_>, visit: &Visit, word: &str) -> Result<Gathered, PageError> {
    let category = found(store::category(tx, word)?)?;
    Ok(Gathered {
        category,
        rule: rule_of(&cases::rules(tx)?, word),
        units: identity::org_units(tx)?,
        desk: visit.desk(tx)?,
    })
}

fn page_of(visit: &Visit, gathered: Gathered, form: FormState) -> EditPage {
    let mut page = visit.page(gathered.category.label.de.as_str()).with_desk(gathered.desk);
    if form.has_errors() {
        page = page.failed();
    }
    EditPage {
        page,
        form,
        word: gathered.category.word,
        label: gathered.category.label.de,
        units: gathered.units.iter().map(|unit| Choice::new(unit.id.to_string(), unit.name.as_str())).collect(),
        questions: gathered.category.questions.iter().map(|question| question.label.de.clone()).collect(),
    }
}

pub async fn edit(visit: Visit, Path(word): Path<String>) -> Answer {
    let v = visit.clone();
    let gathered = visit.read(move |tx| gather(tx, &v, &word)).await?;
    let form = form_of(&gathered.category, gathered.rule.as_ref());
    web::render(&page_of(&visit, gathered, form.into()))
}

pub async fn save(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    let days = state.form.integer("days").filter(|days| (1..=DAYS_MAX).contains(days));
    let unit = OrgUnitId::parse(state.form.text("unit"));
    state.require("label-de", "Geben Sie der Kategorie einen Namen.");
    if days.is_none() {
        state.refuse("days", "Geben Sie Arbeitstage von 1 bis 120 an.");
    }
    if unit.is_none() {
        state.refuse("unit", "Wählen Sie das Amt, das diese Meldungen bekommt.");
    }
    if let Err(line) = read_problems(state.form.raw("problems"), &[]) {
        state.refuse("problems", format!("Zeile {line} ist nicht lesbar. Schreiben Sie: wort | Deutsch | Englisch."));
    }
    let (Some(days), Some(unit), false) = (days, unit, state.has_errors()) else {
        let v = visit.clone();
        let gathered = visit.read(move |tx| gather(tx, &v, &word)).await?;
        return Visit::unprocessable(&page_of(&visit, gathered, state));
    };
    let (v, form, fingerprint) = (visit.clone(), state.form.clone(), state.form.fingerprint());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let old = found(store::category(tx, &word)?)?;
            // A unit of another town, or one that is gone, is no unit.
            found(identity::org_unit(tx, unit)?)?;
            store::put_category(tx, &changed(&old, &form), None)?;
            let note = rule_of(&cases::rules(tx)?, &word);
            let priority = note.as_ref().map_or(0, |rule| rule.priority);
            let note = note.map(|rule| rule.note).unwrap_or_default();
            let (kind, district) = (KIND.to_owned(), String::new());
            cases::put_rule(tx, &Rule { kind, category: word.clone(), district, unit, working_days: days, priority, note })?;
            tx.audit(Audit {
                actor: v.actor.trace(),
                action: "report.category_changed",
                subject: word.clone(),
                detail: json!({ "active": form.text("active") == "ja", "unit": unit.to_string(), "working_days": days }),
            });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying("/arbeit/kategorien", "flash-report-saved"))
}

/// The category with what the form says; what the form does not show stays.
fn changed(old: &Category, form: &Form) -> Category {
    let words = |name: &str| Words {
        de: form.text(&format!("{name}-de")).to_owned(),
        en: form.text(&format!("{name}-en")).to_owned(),
    };
    let mut new = old.clone();
    new.label = words("label");
    new.active = form.text("active") == "ja";
    new.public = form.text("public") == "ja";
    new.danger.text = words("danger");
    form.text("danger-phone").clone_into(&mut new.danger.phone);
    form.text("synonyms").clone_into(&mut new.synonyms);
    let stop = words("stop");
    match (new.stops.first_mut(), stop.is_empty()) {
        (Some(_), true) => drop(new.stops.remove(0)),
        (Some(first), false) => first.text = stop,
        (None, false) => new.stops.push(Stop { text: stop, ..Stop::default() }),
        (None, true) => {}
    }
    if let Ok(problems) = read_problems(form.raw("problems"), &old.problems) {
        new.problems = problems;
    }
    new
}

/// Does the category answer to what somebody searches for?
pub fn answers_to(category: &Category, folded: &str) -> bool {
    let names = fold(&format!("{} {} {}", category.label.de, category.label.en, category.synonyms));
    let own = category.problems.iter().filter(|p| p.word != "other");
    let problems = own.map(|p| fold(&format!("{} {}", p.label.de, p.label.en))).collect::<Vec<_>>().join(" ");
    let all = format!(" {names} {problems}");
    folded.split(' ').filter(|word| word.len() > 2).all(|word| all.contains(&format!(" {word}")))
        && folded.split(' ').any(|word| word.len() > 2)
}
