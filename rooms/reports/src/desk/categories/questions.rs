//! One question of a category: kind, words, choices, bounds. Answers are kept in reports with the words they were given
//! to, so a question may be changed or removed at any time.

use super::{Entry, Halt, after, change, explain, fields, href, preview_of};
use crate::{
    category::{Category, Question, QuestionKind},
    category_edit::{
        BOUND_MAX, LABEL_CHARACTERS_MAX, OPTIONS_MAX, OptionsRefusal, QUESTIONS_MAX, bound_of, changes, lines_of, mark,
        options_of, shift as shift_one, tidied, word_for,
    },
    pages::{Choice, found, what::Group},
    store,
};
use axum::extract::Path;
use serde_json::json;
use web::{Answer, DeskShell, Form, FormState, Page, PageError, Template, Visit};

const KINDS: &[(QuestionKind, &str, &str)] = &[
    (QuestionKind::Choice, "choice", "Auswahl"),
    (QuestionKind::Number, "number", "Zahl"),
    (QuestionKind::Date, "date", "Datum"),
    (QuestionKind::Text, "text", "Text"),
];

const LABELS: &[(&str, &str)] = &[
    ("label-de", "Frage"),
    ("label-en", "Frage auf Englisch"),
    ("hint-de", "Hilfe"),
    ("hint-en", "Hilfe auf Englisch"),
    ("kind", "Art der Antwort"),
    ("required", "Pflicht"),
    ("options-de", "Antworten"),
    ("options-en", "Antworten auf Englisch"),
    ("min", "Kleinste Zahl"),
    ("max", "Größte Zahl"),
    ("unit-de", "Einheit"),
    ("unit-en", "Einheit auf Englisch"),
];

#[derive(Template)]
#[template(path = "reports-question.html")]
struct QuestionPage {
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

fn kind_word(kind: QuestionKind) -> &'static str {
    KINDS.iter().find(|(known, _, _)| *known == kind).map_or("text", |(_, word, _)| word)
}

/// How the list of the category shows it.
pub(super) fn entry(category: &str, question: &Question) -> Entry {
    let kind = KINDS.iter().find(|(known, _, _)| *known == question.kind).map_or("", |(_, _, label)| label);
    let mut meta = vec![kind.to_owned()];
    if question.required {
        meta.push("Pflicht".to_owned());
    }
    if !question.options.is_empty() {
        meta.push(question.options.iter().map(|option| option.label.de.as_str()).collect::<Vec<_>>().join(" / "));
    }
    Entry {
        id: format!("frage-{}", question.word),
        href: format!("{}/frage/{}", href(category), question.word),
        label: question.label.de.clone(),
        meta,
        hidden: false,
        danger: false,
        stop: false,
        removable: true,
    }
}

fn question_of<'c>(category: &'c Category, word: &str) -> Option<&'c Question> {
    category.questions.iter().find(|question| question.word == word)
}

fn form_of(question: &Question) -> Form {
    let mut form = Form::default();
    fields::fill_words(&mut form, "label", &question.label);
    fields::fill_words(&mut form, "hint", &question.hint);
    fields::fill_words(&mut form, "unit", &question.unit);
    form.set("kind", kind_word(question.kind));
    form.set("required", fields::yes(question.required));
    let (german, english) = lines_of(&question.options);
    form.set("options-de", german);
    form.set("options-en", english);
    form.set("min", question.min.map(|n| n.to_string()).unwrap_or_default());
    form.set("max", question.max.map(|n| n.to_string()).unwrap_or_default());
    form.set("stand", mark(question));
    form
}

/// The question as typed; its word and the words of its choices are taken from `before`.
fn read_question(state: &mut FormState, before: Option<&Question>) -> Question {
    state.require("label-de", "Schreiben Sie die Frage, zum Beispiel „Wie tief ist es?“");
    let kind = KINDS.iter().find(|(_, word, _)| *word == state.form.text("kind")).map(|(kind, _, _)| *kind);
    if kind.is_none() {
        state.refuse("kind", "Wählen Sie, wie man antworten soll.");
    }
    let mut question = Question {
        word: before.map(|question| question.word.clone()).unwrap_or_default(),
        label: fields::read_label(state, "label"),
        hint: fields::read_note(state, "hint"),
        kind: kind.unwrap_or_default(),
        required: fields::is_yes(state, "required"),
        ..Question::default()
    };
    match question.kind {
        QuestionKind::Choice => read_options(state, &mut question, before),
        QuestionKind::Number => read_bounds(state, &mut question),
        QuestionKind::Text | QuestionKind::Date => {}
    }
    tidied(question)
}

fn read_options(state: &mut FormState, question: &mut Question, before: Option<&Question>) {
    let known = before.map_or(&[][..], |question| &question.options);
    match options_of(state.form.raw("options-de"), state.form.raw("options-en"), known) {
        Ok(options) => question.options = options,
        Err(refusal) => {
            let (field, message) = match refusal {
                OptionsRefusal::TooFew => (
                    "options-de",
                    "Schreiben Sie mindestens zwei Antworten, jede in eine \
                    eigene Zeile."
                        .to_owned(),
                ),
                OptionsRefusal::TooMany => {
                    ("options-de", format!("Höchstens {OPTIONS_MAX} Antworten. Kürzen Sie die Liste."))
                }
                OptionsRefusal::Twice => (
                    "options-de",
                    "Eine Antwort steht doppelt da. Löschen Sie eine der beiden \
                    Zeilen."
                        .to_owned(),
                ),
                OptionsRefusal::TooLong => {
                    ("options-de", format!("Kürzen Sie jede Antwort auf {LABEL_CHARACTERS_MAX} Zeichen."))
                }
                OptionsRefusal::EnglishUneven => (
                    "options-en",
                    "Schreiben Sie zu jeder deutschen Antwort eine englische, in derselben Reihenfolge, oder lassen \
                        Sie das Feld leer."
                        .to_owned(),
                ),
            };
            state.refuse(field, message);
        }
    }
}

fn read_bounds(state: &mut FormState, question: &mut Question) {
    let bound = |state: &mut FormState, name: &str| {
        bound_of(state.form.text(name)).unwrap_or_else(|()| {
            state.refuse(
                name,
                format!(
                    "Geben Sie eine ganze Zahl bis {BOUND_MAX} ein oder lassen Sie das Feld \
                leer."
                ),
            );
            None
        })
    };
    question.min = bound(state, "min");
    question.max = bound(state, "max");
    question.unit = fields::read_label(state, "unit");
    let least = question.min.unwrap_or(0);
    if question.max.is_some_and(|max| max <= least) {
        state.refuse("max", format!("Die größte Zahl muss über {least} liegen."));
    }
}

async fn gather(visit: &Visit, word: &str) -> Result<(Category, DeskShell), PageError> {
    let (v, word) = (visit.clone(), word.to_owned());
    visit.read(move |tx| Ok((found(store::category(tx, &word)?)?, v.desk(tx)?))).await
}

fn page_of(visit: &Visit, category: &Category, desk: DeskShell, known: Option<&str>, form: FormState) -> QuestionPage {
    let title = if known.is_some() { "Frage bearbeiten" } else { "Neue Frage" };
    let mut page = visit.page(title).with_desk(desk);
    if form.has_errors() {
        page = page.failed();
    }
    QuestionPage {
        page,
        form,
        back: href(&category.word),
        category: category.label.de.clone(),
        title: title.to_owned(),
        action: format!("{}/frage/{}", href(&category.word), known.unwrap_or("neu")),
        kinds: KINDS.iter().map(|(_, word, label)| Choice::new(*word, *label)).collect(),
        theirs: vec![],
        preview: None,
    }
}

pub async fn new(visit: Visit, Path(word): Path<String>) -> Answer {
    let (category, desk) = gather(&visit, &word).await?;
    web::render(&page_of(&visit, &category, desk, None, FormState::default()))
}

pub async fn edit(visit: Visit, Path((word, question)): Path<(String, String)>) -> Answer {
    let (category, desk) = gather(&visit, &word).await?;
    let form = form_of(found(question_of(&category, &question))?);
    web::render(&page_of(&visit, &category, desk, Some(&question), form.into()))
}

pub async fn create(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    submit(&visit, &word, None, form).await
}

pub async fn save(visit: Visit, Path((word, question)): Path<(String, String)>, form: Form) -> Answer {
    submit(&visit, &word, Some(&question), form).await
}

async fn submit(visit: &Visit, word: &str, known: Option<&str>, form: Form) -> Answer {
    let (category, desk) = gather(visit, word).await?;
    let mut state = FormState::from(form);
    let before = known.and_then(|known| question_of(&category, known));
    let typed = read_question(&mut state, before);
    if state.form.text("deed") == "vorschau" && !state.has_errors() {
        let mut shown = category.clone();
        put(&mut shown, typed);
        let page = page_of(visit, &category, desk, known, state);
        return web::render(&QuestionPage { preview: Some(preview_of(visit, &shown)), ..page });
    }
    if state.has_errors() {
        return Visit::unprocessable(&page_of(visit, &category, desk, known, state));
    }
    let (stand, is_new) = (state.form.text("stand").to_owned(), known.is_none());
    let done = change(visit, &state.form, word, "report.question_changed", move |_, category| {
        let old = question_of(category, &typed.word).cloned();
        match &old {
            None if !is_new => return Err(Halt::Gone),
            None if category.questions.len() >= QUESTIONS_MAX => {
                let message = format!(
                    "Mehr als {QUESTIONS_MAX} Fragen beantwortet niemand. Löschen Sie zuerst \
                    eine."
                );
                return Err(Halt::Refused("label-de", message));
            }
            Some(old) if mark(old) != stand => return Err(Halt::Stale),
            _ => {}
        }
        let new = put(category, typed.clone());
        Ok(json!({ "question": new.word, "changes": changes(&old, &new) }))
    })
    .await;
    match done {
        Ok(()) => {
            let anchor = known.map(|known| format!("frage-{known}")).unwrap_or_else(|| "questions".to_owned());
            Ok(visit.see_other_saying(&format!("{}#{anchor}", href(word)), "flash-report-saved"))
        }
        Err(halt) => come_back(visit, word, known, state, halt).await,
    }
}

/// Puts the question where it was; a new one gets a word and comes last.
fn put(category: &mut Category, mut question: Question) -> Question {
    if let Some(known) = category.questions.iter_mut().find(|known| known.word == question.word) {
        known.clone_from(&question);
        return question;
    }
    question.word = word_for(&question.label.de, |word| question_of(category, word).is_some());
    category.questions.push(question.clone());
    question
}

/// The form again, with everything typed and why it was not saved.
async fn come_back(visit: &Visit, word: &str, known: Option<&str>, mut state: FormState, halt: Halt) -> Answer {
    let (category, desk) = gather(visit, word).await?;
    let saved = known.and_then(|known| question_of(&category, known)).map(form_of);
    let theirs = explain(halt, &mut state, LABELS, saved.as_ref(), known.is_none())?;
    let known = known.filter(|_| saved.is_some());
    Visit::unprocessable(&QuestionPage { theirs, ..page_of(visit, &category, desk, known, state) })
}

pub async fn shift(visit: Visit, Path((word, question)): Path<(String, String)>, form: Form) -> Answer {
    let (up, moved) = (form.text("deed") == "auf", question.clone());
    let done = change(&visit, &form, &word, "report.question_moved", move |_, category| {
        let at = category.questions.iter().position(|known| known.word == moved).ok_or(Halt::Gone)?;
        shift_one(&mut category.questions, at, up);
        Ok(json!({ "question": moved, "direction": if up { "up" } else { "down" } }))
    });
    let done = done.await;
    after(&visit, &word, &format!("frage-{question}"), done).await
}

pub async fn remove(visit: Visit, Path((word, question)): Path<(String, String)>, form: Form) -> Answer {
    let done = change(&visit, &form, &word, "report.question_removed", move |_, category| {
        let at = category.questions.iter().position(|known| known.word == question).ok_or(Halt::Gone)?;
        let gone = category.questions.remove(at);
        Ok(json!({ "question": question, "label": gone.label.de }))
    });
    let done = done.await;
    after(&visit, &word, "questions", done).await
}
