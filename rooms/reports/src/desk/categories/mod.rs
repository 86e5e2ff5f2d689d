//! Kategorien: what citizens can report, edited by the town's staff: the list and its order, one category with its
//! problems and questions, and how citizens see it. The forms are in the files beside. Invariant: a change is made
//! under the category's lock, by a form that knows what it was made from; whoever comes second is told and loses nothing.

pub mod basics;
mod fields;
pub mod problems;
pub mod questions;

use crate::{
    category::{self, Category},
    category_edit,
    pages::{
        Choice, found,
        what::{self, Group},
    },
    store,
};
use axum::extract::Path;
use cases::Rule;
use db::{Audit, DbError, Once, Tx};
use places::AssetKind;
use serde_json::{Value, json};
use web::{Answer, DeskShell, Form, FormState, Page, PageError, Template, Visit};

const KIND: &str = "report";

/// Why a change was not made; nothing is written then, not even the once-only key.
enum Halt {
    Page(PageError),
    /// Somebody changed the same thing since the form was made.
    Stale,
    /// The thing was deleted since the form was made.
    Gone,
    Refused(&'static str, String),
}

impl From<DbError> for Halt {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

fn href(word: &str) -> String {
    format!("/arbeit/kategorien/{word}")
}

/// The rule that holds for this category in the whole town.
fn rule_of(rules: &[Rule], word: &str) -> Option<Rule> {
    rules.iter().find(|rule| rule.kind == KIND && rule.category == word && rule.district.is_empty()).cloned()
}

/// "12", or "mehr als 1.000".
fn counted(uses: i64) -> String {
    if uses > store::USES_COUNTED_MAX { "mehr als 1.000".to_owned() } else { uses.to_string() }
}

/// One change of one category: once, under its lock, with its audit line. `edit` answers what the line says.
async fn change(
    visit: &Visit,
    form: &Form,
    word: &str,
    action: &'static str,
    edit: impl Fn(&Tx<'_>, &mut Category) -> Result<Value, Halt> + Send + 'static,
) -> Result<(), Halt> {
    let key = visit.once_key(form).map_err(Halt::Page)?;
    let (fingerprint, actor, word) = (form.fingerprint(), visit.actor.trace(), word.to_owned());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                // Changed and sent once more from a page that was already saved: shown beside what is there now.
                Once::Conflict => return Err(Halt::Stale),
                Once::First => {}
            }
            let mut category = store::lock_category(tx, &word)?.ok_or(Halt::Page(PageError::NotFound))?;
            let detail = edit(tx, &mut category)?;
            store::put_category(tx, &category)?;
            tx.audit(Audit { actor: actor.clone(), action, subject: word.clone(), detail });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await
}

/// Says in the form why it was not saved, and answers what is saved now where it differs from what was typed.
fn explain(
    halt: Halt,
    state: &mut FormState,
    labels: &[(&str, &str)],
    saved: Option<&Form>,
    is_new: bool,
) -> Result<Vec<(String, String)>, PageError> {
    match (halt, saved) {
        (Halt::Page(error), _) => return Err(error),
        (Halt::Refused(field, message), _) => state.refuse(field, message),
        (Halt::Stale | Halt::Gone, Some(saved)) => {
            let theirs = fields::theirs(labels, &state.form, saved);
            state.form.set("stand", saved.text("stand"));
            state.refuse("", fields::STALE);
            return Ok(theirs);
        }
        (Halt::Stale | Halt::Gone, None) => state.refuse("", if is_new { fields::TWICE } else { fields::GONE }),
    }
    Ok(vec![])
}

#[derive(Template)]
#[template(path = "reports-categories.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
}

struct Row {
    word: String,
    href: String,
    label: String,
    icon: String,
    active: bool,
    public: bool,
    unit: String,
    days: String,
    uses: String,
}

pub async fn list(visit: Visit) -> Answer {
    let v = visit.clone();
    let (categories, rules, units, desk) = visit
        .read(move |tx| {
            let categories = store::categories(tx)?;
            let counted = categories.into_iter().map(|category| {
                let uses = store::category_uses(tx, &category.word)?;
                Ok((category, uses))
            });
            let categories = counted.collect::<Result<Vec<_>, DbError>>()?;
            Ok::<_, DbError>((categories, cases::rules(tx)?, identity::org_units(tx)?, v.desk(tx)?))
        })
        .await?;
    let row = |(category, uses): &(Category, i64)| {
        let rule = rule_of(&rules, &category.word);
        let unit = rule.as_ref().and_then(|rule| units.iter().find(|unit| unit.id == rule.unit));
        Row {
            word: category.word.clone(),
            href: href(&category.word),
            label: category.label.de.clone(),
            icon: category.icon.clone(),
            active: category.active,
            public: category.public,
            unit: unit.map_or_else(|| "noch kein Amt".to_owned(), |unit| unit.name.clone()),
            days: rule.map_or_else(String::new, |rule| rule.working_days.to_string()),
            uses: counted(*uses),
        }
    };
    let rows = categories.iter().map(row).collect();
    web::render(&ListPage { page: visit.page("Kategorien").with_desk(desk), rows })
}

/// One step up or down in the town's order.
pub async fn shift(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let (fingerprint, actor, up) = (form.fingerprint(), visit.actor.trace(), form.text("deed") == "auf");
    let moved = word.clone();
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let mut order = store::lock_order(tx)?;
            let at = found(order.iter().position(|(known, _)| *known == moved))?;
            category_edit::shift(&mut order, at, up);
            for (rank, (known, _)) in (0_i64..).zip(&order) {
                store::set_rank(tx, known, rank * 10)?;
            }
            let detail = json!({ "direction": if up { "up" } else { "down" } });
            tx.audit(Audit { actor: actor.clone(), action: "report.category_moved", subject: moved.clone(), detail });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying(&format!("/arbeit/kategorien#{word}"), "flash-report-saved"))
}

/// One problem or question in the list of its category.
struct Entry {
    id: String,
    href: String,
    label: String,
    meta: Vec<String>,
    hidden: bool,
    danger: bool,
    stop: bool,
    removable: bool,
}

#[derive(Template)]
#[template(path = "reports-category.html")]
struct ShowPage {
    page: Page,
    form: FormState,
    category: Category,
    href: String,
    unit: String,
    days: String,
    kinds: String,
    uses: String,
    removable: bool,
    problems: Vec<Entry>,
    questions: Vec<Entry>,
}

/// A category with what its own page tells.
struct Gathered {
    category: Category,
    uses: i64,
    problem_uses: Vec<i64>,
    rule: Option<Rule>,
    unit: String,
    desk: DeskShell,
}

fn gather(tx: &Tx<'_>, visit: &Visit, word: &str) -> Result<Gathered, PageError> {
    let category = found(store::category(tx, word)?)?;
    let counts = category.problems.iter().map(|problem| store::problem_uses(tx, word, &problem.word));
    let rule = rule_of(&cases::rules(tx)?, word);
    let unit = match &rule {
        Some(rule) => identity::org_unit(tx, rule.unit)?.map(|unit| unit.name),
        None => None,
    };
    Ok(Gathered {
        uses: store::category_uses(tx, word)?,
        problem_uses: counts.collect::<Result<_, _>>()?,
        unit: unit.unwrap_or_else(|| "noch kein Amt".to_owned()),
        desk: visit.desk(tx)?,
        category,
        rule,
    })
}

pub async fn show(visit: Visit, Path(word): Path<String>) -> Answer {
    web::render(&show_page(&visit, &word, FormState::default()).await?)
}

async fn show_page(visit: &Visit, word: &str, form: FormState) -> Result<ShowPage, PageError> {
    let (v, wanted) = (visit.clone(), word.to_owned());
    let gathered = visit.read(move |tx| gather(tx, &v, &wanted)).await?;
    let category = gathered.category;
    let mut page = visit.page(category.label.de.as_str()).with_desk(gathered.desk);
    if form.has_errors() {
        page = page.failed();
    }
    let kinds = category.asset_kinds.iter().filter_map(|word| AssetKind::from_word(word)).map(AssetKind::german);
    let counts = category.problems.iter().zip(&gathered.problem_uses);
    Ok(ShowPage {
        page,
        form,
        href: href(word),
        unit: gathered.unit,
        days: gathered.rule.map_or_else(String::new, |rule| rule.working_days.to_string()),
        kinds: kinds.collect::<Vec<_>>().join(", "),
        uses: counted(gathered.uses),
        removable: gathered.uses == 0 && !is_standard(word),
        problems: counts.map(|(problem, uses)| problems::entry(word, problem, *uses)).collect(),
        questions: category.questions.iter().map(|question| questions::entry(word, question)).collect(),
        category,
    })
}

/// Answers a press of a button in the lists of a category.
async fn after(visit: &Visit, word: &str, anchor: &str, done: Result<(), Halt>) -> Answer {
    let message = match done {
        Ok(()) => return Ok(visit.see_other_saying(&format!("{}#{anchor}", href(word)), "flash-report-saved")),
        Err(Halt::Page(error)) => return Err(error),
        Err(Halt::Stale | Halt::Gone) => {
            "Jemand hat diese Kategorie inzwischen geändert. Sehen Sie sie noch einmal an.".to_owned()
        }
        Err(Halt::Refused(_, message)) => message,
    };
    let mut state = FormState::default();
    state.refuse("", message);
    Visit::unprocessable(&show_page(visit, word, state).await?)
}

/// What every start of the program brings back is hidden, not deleted.
fn is_standard(word: &str) -> bool {
    category::standard().is_ok_and(|standard| standard.iter().any(|category| category.word == word))
}

/// Deletes a category that no report names. One in use is only taken out of the offer.
pub async fn remove(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let (fingerprint, actor, gone) = (form.fingerprint(), visit.actor.trace(), word.clone());
    let removed = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(Halt::Page(PageError::Conflict)),
                Once::First => {}
            }
            let category = store::lock_category(tx, &gone)?.ok_or(Halt::Page(PageError::NotFound))?;
            if store::category_uses(tx, &gone)? > 0 || is_standard(&gone) {
                let message = "Diese Kategorie können Sie nicht löschen. Nehmen Sie unter „Angaben ändern“ das \
                    Häkchen bei „Wird angeboten“ weg.";
                return Err(Halt::Refused("", message.to_owned()));
            }
            store::remove_category(tx, &gone)?;
            cases::remove_rule(tx, KIND, &gone, "")?;
            let detail = json!({ "label": category.label.de, "problems": category.problems.len() });
            tx.audit(Audit { actor: actor.clone(), action: "report.category_removed", subject: gone.clone(), detail });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await;
    match removed {
        Ok(()) => Ok(visit.see_other_saying("/arbeit/kategorien", "flash-report-removed")),
        refused => after(&visit, &word, "", refused).await,
    }
}

#[derive(Template)]
#[template(path = "reports-preview.html")]
struct PreviewPage {
    page: Page,
    form: FormState,
    group: Group,
    back: String,
    active: bool,
    languages: [Choice; 2],
}

/// The step as a citizen sees it, in the citizens' own layout; `sprache` chooses German or English.
pub async fn preview(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    let wanted = word.clone();
    let category = found(visit.read(move |tx| store::category(tx, &wanted)).await?)?;
    let mut citizen = visit.clone();
    let texts = visit.site.texts();
    citizen.t = if form.text("sprache") == "en" { texts.en } else { texts.de };
    let path = format!("{}/vorschau", href(&word));
    web::render(&PreviewPage {
        page: citizen.page(citizen.t.s("reports-what-title")),
        form: FormState::default(),
        group: what::preview(&citizen, &category),
        back: href(&word),
        active: category.active,
        languages: [Choice::new(path.as_str(), "Deutsch"), Choice::new(format!("{path}?sprache=en"), "Englisch")],
    })
}

/// A preview of words not yet saved, in German: the English one has its own page.
fn preview_of(visit: &Visit, category: &Category) -> Group {
    let mut citizen = visit.clone();
    citizen.t = visit.site.texts().de;
    what::preview(&citizen, category)
}
