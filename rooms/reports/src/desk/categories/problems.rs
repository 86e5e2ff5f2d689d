//! One problem of a category: its words, the things it fits, whom to call in danger, and "stop here, others do it".

use super::{Entry, Halt, after, change, counted, explain, fields, href, preview_of};
use crate::{
    category::{Category, Problem, fold},
    category_edit::{PROBLEMS_MAX, changes, mark, offers_something, shift as shift_one, word_for},
    pages::{Choice, found, what::Group},
    store,
};
use axum::extract::Path;
use places::AssetKind;
use serde_json::json;
use web::{Answer, DeskShell, Form, FormState, Page, PageError, Template, Visit};

const THINGS_MAX: usize = 12;
const LABELS: &[(&str, &str)] = &[
    ("label-de", "Bezeichnung"),
    ("label-en", "Bezeichnung auf Englisch"),
    ("names", "Nur bei Dingen mit diesen Namen"),
    ("needs-text", "Beschreibung verlangen"),
    ("danger-de", "Warnung"),
    ("danger-en", "Warnung auf Englisch"),
    ("danger-phone", "Telefon bei Gefahr"),
    ("stop-de", "Wer stattdessen hilft"),
    ("stop-en", "Wer stattdessen hilft, auf Englisch"),
    ("stop-href", "Adresse oder Telefonnummer"),
    ("stop-link-de", "Text des Links"),
    ("stop-link-en", "Text des Links auf Englisch"),
];

#[derive(Template)]
#[template(path = "reports-problem.html")]
struct ProblemPage {
    page: Page,
    form: FormState,
    back: String,
    category: String,
    title: String,
    action: String,
    kinds: Vec<Choice>,
    theirs: Vec<(String, String)>,
    preview: Option<Group>,
}

/// How the list of the category shows it.
pub(super) fn entry(category: &str, problem: &Problem, uses: i64) -> Entry {
    let mut meta = vec![];
    match uses {
        0 => {}
        1 => meta.push("1 Meldung".to_owned()),
        uses => meta.push(format!("{} Meldungen", counted(uses))),
    }
    if problem.needs_text {
        meta.push("mit Beschreibung".to_owned());
    }
    if !problem.things.is_empty() {
        meta.push(format!("nur für {}", things_in_words(problem)));
    }
    Entry {
        id: format!("problem-{}", problem.word),
        href: format!("{}/problem/{}", href(category), problem.word),
        label: problem.label.de.clone(),
        meta,
        hidden: problem.hidden,
        danger: !problem.danger.text.is_empty(),
        stop: !problem.stop.is_empty(),
        removable: uses == 0,
    }
}

fn things_in_words(problem: &Problem) -> String {
    let word = |thing: &String| {
        AssetKind::from_word(thing).map_or_else(|| format!("„{thing}“"), |kind| kind.german().to_owned())
    };
    problem.things.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn form_of(problem: &Problem) -> Form {
    let mut form = Form::default();
    fields::fill_words(&mut form, "label", &problem.label);
    form.set("needs-text", fields::yes(problem.needs_text));
    let (kinds, names): (Vec<&String>, Vec<&String>) =
        problem.things.iter().partition(|thing| AssetKind::from_word(thing).is_some());
    for kind in kinds {
        form.set(&format!("kind-{kind}"), "ja");
    }
    form.set("names", names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    fields::fill_danger(&mut form, &problem.danger);
    fields::fill_stop(&mut form, "stop", &problem.stop);
    form.set("stand", mark(problem));
    form
}

/// The problem as typed; what the form does not show is taken from `before`.
fn read_problem(state: &mut FormState, before: Option<&Problem>) -> Problem {
    state.require("label-de", "Schreiben Sie, was los sein kann, zum Beispiel „Glas ist zerbrochen“.");
    let label = fields::read_label(state, "label");
    let kinds = AssetKind::ALL.iter().filter(|kind| fields::is_yes(state, &format!("kind-{}", kind.word())));
    let mut things: Vec<String> = kinds.map(|kind| kind.word().to_owned()).collect();
    let names = state.form.text("names").split([',', '\n']).map(fold).filter(|name| !name.is_empty());
    things.extend(names.collect::<Vec<_>>());
    if things.len() > THINGS_MAX || things.iter().any(|thing| thing.len() > 60) {
        state.refuse("names", format!("Nennen Sie höchstens {THINGS_MAX} kurze Namen."));
    }
    Problem {
        word: before.map(|problem| problem.word.clone()).unwrap_or_default(),
        label,
        things,
        needs_text: fields::is_yes(state, "needs-text"),
        hidden: before.is_some_and(|problem| problem.hidden),
        danger: fields::read_danger(state),
        stop: fields::read_stop(state, "stop"),
    }
}

async fn gather(visit: &Visit, word: &str) -> Result<(Category, DeskShell), PageError> {
    let (v, word) = (visit.clone(), word.to_owned());
    visit.read(move |tx| Ok((found(store::category(tx, &word)?)?, v.desk(tx)?))).await
}

fn page_of(visit: &Visit, category: &Category, desk: DeskShell, known: Option<&str>, form: FormState) -> ProblemPage {
    let title = if known.is_some() { "Eintrag bearbeiten" } else { "Neuer Eintrag" };
    let mut page = visit.page(title).with_desk(desk);
    if form.has_errors() {
        page = page.failed();
    }
    // Kinds of the category, and what an older state of it left.
    let here = AssetKind::ALL
        .iter()
        .filter(|kind| category.has_asset_kind(kind.word()) || fields::is_yes(&form, &format!("kind-{}", kind.word())));
    ProblemPage {
        page,
        kinds: here.map(|kind| Choice::new(format!("kind-{}", kind.word()), kind.german())).collect(),
        form,
        back: href(&category.word),
        category: category.label.de.clone(),
        title: title.to_owned(),
        action: format!("{}/problem/{}", href(&category.word), known.unwrap_or("neu")),
        theirs: vec![],
        preview: None,
    }
}

pub async fn new(visit: Visit, Path(word): Path<String>) -> Answer {
    let (category, desk) = gather(&visit, &word).await?;
    web::render(&page_of(&visit, &category, desk, None, FormState::default()))
}

pub async fn edit(visit: Visit, Path((word, problem)): Path<(String, String)>) -> Answer {
    let (category, desk) = gather(&visit, &word).await?;
    let form = form_of(found(category.problem(&problem))?);
    web::render(&page_of(&visit, &category, desk, Some(&problem), form.into()))
}

pub async fn create(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    submit(&visit, &word, None, form).await
}

pub async fn save(visit: Visit, Path((word, problem)): Path<(String, String)>, form: Form) -> Answer {
    submit(&visit, &word, Some(&problem), form).await
}

async fn submit(visit: &Visit, word: &str, known: Option<&str>, form: Form) -> Answer {
    let (category, desk) = gather(visit, word).await?;
    let mut state = FormState::from(form);
    let before = known.and_then(|known| category.problem(known));
    let typed = read_problem(&mut state, before);
    if state.form.text("deed") == "vorschau" && !state.has_errors() {
        let mut shown = category.clone();
        put(&mut shown, Problem { hidden: false, ..typed });
        let page = page_of(visit, &category, desk, known, state);
        return web::render(&ProblemPage { preview: Some(preview_of(visit, &shown)), ..page });
    }
    if state.has_errors() {
        return Visit::unprocessable(&page_of(visit, &category, desk, known, state));
    }
    let (stand, is_new) = (state.form.text("stand").to_owned(), known.is_none());
    let wanted = typed.clone();
    let done = change(visit, &state.form, word, "report.problem_changed", move |_, category| {
        let old = category.problem(&wanted.word).cloned();
        match &old {
            None if !is_new => return Err(Halt::Gone),
            None if category.problems.len() >= PROBLEMS_MAX => {
                let message =
                    format!("Mehr als {PROBLEMS_MAX} Einträge findet niemand durch. Löschen Sie zuerst einen.");
                return Err(Halt::Refused("label-de", message));
            }
            Some(old) if mark(old) != stand => return Err(Halt::Stale),
            _ => {}
        }
        let same = |other: &Problem| other.word != wanted.word && other.label.de == wanted.label.de;
        if category.problems.iter().any(same) {
            return Err(Halt::Refused(
                "label-de",
                "Diesen Eintrag gibt es schon. Wählen Sie eine andere Bezeichnung.".to_owned(),
            ));
        }
        let new = put(category, wanted.clone());
        Ok(json!({ "problem": new.word, "changes": changes(&old, &new) }))
    })
    .await;
    match done {
        Ok(()) => {
            let anchor = known.map(|known| format!("problem-{known}")).unwrap_or_else(|| "problems".to_owned());
            Ok(visit.see_other_saying(&format!("{}#{anchor}", href(word)), "flash-report-saved"))
        }
        Err(halt) => come_back(visit, word, known, state, halt).await,
    }
}

/// Puts the problem where it was; a new one gets a word and stands before "Etwas anderes".
fn put(category: &mut Category, mut problem: Problem) -> Problem {
    if let Some(known) = category.problems.iter_mut().find(|known| known.word == problem.word) {
        known.clone_from(&problem);
        return problem;
    }
    problem.word = word_for(&problem.label.de, |word| category.problem(word).is_some());
    let last = category.problems.last().is_some_and(|last| last.word == "other");
    let at = category.problems.len() - usize::from(last);
    category.problems.insert(at, problem.clone());
    problem
}

/// The form again, with everything typed and why it was not saved.
async fn come_back(visit: &Visit, word: &str, known: Option<&str>, mut state: FormState, halt: Halt) -> Answer {
    let (category, desk) = gather(visit, word).await?;
    let saved = known.and_then(|known| category.problem(known)).map(form_of);
    let theirs = explain(halt, &mut state, LABELS, saved.as_ref(), known.is_none())?;
    let known = known.filter(|_| saved.is_some());
    Visit::unprocessable(&ProblemPage { theirs, ..page_of(visit, &category, desk, known, state) })
}

pub async fn shift(visit: Visit, Path((word, problem)): Path<(String, String)>, form: Form) -> Answer {
    let (up, moved) = (form.text("deed") == "auf", problem.clone());
    let done = change(&visit, &form, &word, "report.problem_moved", move |_, category| {
        let at = category.problems.iter().position(|known| known.word == moved).ok_or(Halt::Gone)?;
        shift_one(&mut category.problems, at, up);
        Ok(json!({ "problem": moved, "direction": if up { "up" } else { "down" } }))
    });
    let done = done.await;
    after(&visit, &word, &format!("problem-{problem}"), done).await
}

const LAST: &str = "Das ist der letzte sichtbare Eintrag. Legen Sie zuerst einen anderen an oder nehmen Sie die \
    Kategorie aus dem Angebot.";

/// Takes the problem out of the offer, or back in. Reports that name it keep it.
pub async fn hide(visit: Visit, Path((word, problem)): Path<(String, String)>, form: Form) -> Answer {
    let (hidden, wanted) = (form.text("deed") == "ausblenden", problem.clone());
    let done = change(&visit, &form, &word, "report.problem_hidden", move |_, category| {
        let known = category.problems.iter_mut().find(|known| known.word == wanted).ok_or(Halt::Gone)?;
        known.hidden = hidden;
        if category.active && !offers_something(category) {
            return Err(Halt::Refused("", LAST.to_owned()));
        }
        Ok(json!({ "problem": wanted, "hidden": hidden }))
    });
    let done = done.await;
    after(&visit, &word, &format!("problem-{problem}"), done).await
}

/// Deletes a problem no report names.
pub async fn remove(visit: Visit, Path((word, problem)): Path<(String, String)>, form: Form) -> Answer {
    let done = change(&visit, &form, &word, "report.problem_removed", move |tx, category| {
        let at = category.problems.iter().position(|known| known.word == problem).ok_or(Halt::Gone)?;
        if store::problem_uses(tx, &category.word, &problem)? > 0 {
            let message = "Es gibt Meldungen zu diesem Eintrag. Blenden Sie ihn aus, dann bleiben sie lesbar.";
            return Err(Halt::Refused("", message.to_owned()));
        }
        let gone = category.problems.remove(at);
        if category.active && !offers_something(category) {
            return Err(Halt::Refused("", LAST.to_owned()));
        }
        Ok(json!({ "problem": problem, "label": gone.label.de }))
    });
    let done = done.await;
    after(&visit, &word, "problems", done).await
}
