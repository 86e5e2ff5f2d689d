//! Step 2, "Was ist los?": the things nearby, the problem types, questions, warnings and likely twins on one page. One
//! radio group over all categories, so the problem alone says the category; the groups are `details`, so the page works
//! and stays short without scripts.

use super::{Choice, ReportCard, card, draft_gone, draft_id, keep_draft, new_draft_id, step_url};
use crate::{
    around,
    category::{Category, Danger, Problem, Question, QuestionKind, Stop},
    category_edit::dialled,
    journey::{AnswerRefusal, BODY_CHARACTERS_MAX, Draft, Missing, Step, date_of_parts},
    report::SAME_METRES,
    store,
};
use db::{DbError, Tx};
use places::AssetNear;
use uuid::Uuid;
use web::{Answer, Form, FormState, Lang, Page, Template, Texts, Visit, words};

/// Things this near are offered by name.
const THINGS_METRES: f64 = 45.0;
const THINGS_MAX: usize = 8;
/// With a thing this near its group stands open.
const OPEN_METRES: f64 = 15.0;

#[derive(Template)]
#[template(path = "reports-what.html")]
struct WhatPage {
    page: Page,
    form: FormState,
    draft: String,
    /// What the draft knows, for the case that it expires before this page is sent.
    copy: String,
    object: String,
    place: String,
    /// The thing whose code was read.
    thing: String,
    groups: Vec<Group>,
    near: Vec<ReportCard>,
}

/// One category with all that belongs to it.
pub struct Group {
    pub label: String,
    pub icon: String,
    pub hint: String,
    pub open: bool,
    pub things: Vec<Choice>,
    pub things_name: String,
    pub problems: Vec<ProblemChoice>,
    pub questions: Vec<QuestionField>,
    pub danger: DangerNote,
    pub stops: Vec<StopNote>,
}

/// One radio with what has to be said beside it.
pub struct ProblemChoice {
    pub value: String,
    pub label: String,
    /// Ties the notes to the radio.
    pub note_id: String,
    pub danger: DangerNote,
    pub stop: Option<StopNote>,
}

impl ProblemChoice {
    pub fn has_note(&self) -> bool {
        self.stop.is_some() || !self.danger.text.is_empty()
    }
}

/// Whom to call first; without text there is no danger.
pub struct DangerNote {
    pub text: String,
    pub phone: String,
    pub dialled: String,
}

pub struct QuestionField {
    pub id: String,
    pub label: String,
    pub hint: String,
    pub kind: &'static str,
    pub options: Vec<Choice>,
}

pub struct StopNote {
    pub text: String,
    pub href: String,
    pub link: String,
}

/// All the page needs from the database.
struct Gathered {
    categories: Vec<Category>,
    draft: Option<Draft>,
    things: Vec<AssetNear>,
    near: Vec<(store::Card, f64)>,
}

fn gather(tx: &Tx<'_>, id: Option<Uuid>, object: &str) -> Result<Gathered, DbError> {
    let draft = match id {
        Some(id) => store::draft(tx, id)?,
        None if !object.is_empty() => around::draft_at(tx, object)?,
        None => None,
    };
    let categories = store::categories(tx)?.into_iter().filter(|category| category.active).collect();
    let at = draft.as_ref().and_then(|draft| draft.position);
    let (things, near) = match at {
        Some(at) => {
            let things = places::assets_near(tx, at, THINGS_METRES, THINGS_MAX)?;
            (things, store::near(tx, at, SAME_METRES, None, 3)?)
        }
        None => (vec![], vec![]),
    };
    Ok(Gathered { categories, draft, things, near })
}

pub async fn show(visit: Visit, form: Form) -> Answer {
    let (id, object) = (draft_id(&form), form.text("objekt").to_owned());
    let wanted = object.clone();
    let gathered = visit.read(move |tx| gather(tx, id, &wanted)).await?;
    let draft = match (gathered.draft.clone(), id) {
        (Some(draft), _) if draft.position.is_some() => draft,
        (Some(_), Some(id)) => return Ok(visit.see_other(&step_url(Step::Place, id))),
        (None, Some(id)) => return draft_gone(&visit, id).await,
        _ => return Ok(visit.see_other(Step::Place.path())),
    };
    let mut clean = Form::default();
    fill(&mut clean, &draft, &gathered.categories);
    let preset = draft.category.clone();
    let mut state = FormState::from(clean);
    // Somebody who chose and is back: a question may have come up meanwhile, or the choice is gone.
    if !draft.problem.is_empty() {
        say(&visit, &mut state, &draft, &gathered.categories);
    }
    web::render(&page_of(&visit, gathered, &draft, state, id, &object, &preset))
}

/// The draft's values as fields of the form.
fn fill(form: &mut Form, draft: &Draft, categories: &[Category]) {
    if !draft.problem.is_empty() {
        form.set("problem", format!("{}/{}", draft.category, draft.problem));
    }
    if let Some(thing) = &draft.asset {
        for category in categories.iter().filter(|category| category.has_asset_kind(&thing.kind)) {
            form.set(&format!("thing-{}", category.word), thing.id.to_string());
        }
    }
    let chosen = categories.iter().find(|category| category.word == draft.category);
    for question in chosen.iter().flat_map(|category| &category.questions) {
        let Some(answer) = draft.answers.get(&question.word) else { continue };
        let id = question_id(&draft.category, question);
        let mut parts = answer.splitn(3, '-');
        if question.kind == QuestionKind::Date {
            for part in ["year", "month", "day"] {
                form.set(&format!("{id}-{part}"), parts.next().unwrap_or(""));
            }
        } else {
            form.set(&id, answer.as_str());
        }
    }
    form.set("body", draft.body.as_str());
}

fn question_id(category: &str, question: &Question) -> String {
    format!("q-{category}-{}", question.word)
}

fn page_of(
    visit: &Visit,
    gathered: Gathered,
    draft: &Draft,
    form: FormState,
    id: Option<Uuid>,
    object: &str,
    preset: &str,
) -> WhatPage {
    let mut page = visit.page(visit.t.s("reports-what-title"));
    if form.has_errors() {
        page = page.failed();
    }
    let now = visit.site.clock.now();
    let chosen = form.value("problem").split('/').next().unwrap_or("").to_owned();
    let open = if chosen.is_empty() { preset } else { chosen.as_str() };
    let mut groups: Vec<(f64, Group)> =
        gathered.categories.iter().map(|category| group(visit, category, draft, &gathered.things, open)).collect();
    groups.sort_by(|a, b| a.0.total_cmp(&b.0));
    WhatPage {
        page,
        form,
        draft: id.map(|id| id.to_string()).unwrap_or_default(),
        copy: draft.copy(),
        object: object.to_owned(),
        place: draft.place.clone(),
        thing: draft.asset.as_ref().map(|thing| thing.label.clone()).unwrap_or_default(),
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        near: gathered.near.iter().map(|(row, metres)| card(visit.t, row, Some(*metres), now)).collect(),
    }
}

/// The group and its distance for sorting: the chosen thing first, then what stands near, then the town's order.
fn group(visit: &Visit, category: &Category, draft: &Draft, things: &[AssetNear], open: &str) -> (f64, Group) {
    let lang = visit.t.lang;
    let here: Vec<&AssetNear> =
        things.iter().filter(|near| category.has_asset_kind(near.asset.kind.word())).take(5).collect();
    let own = draft.asset.as_ref().filter(|thing| category.has_asset_kind(&thing.kind));
    let distance = match (own, here.first()) {
        (Some(_), _) => -1.0,
        (None, Some(near)) => near.metres,
        (None, None) => f64::INFINITY,
    };
    let mut offered: Vec<Choice> = here
        .iter()
        .map(|near| Choice {
            hint: near.asset.number.clone(),
            aside: words::distance(lang, near.metres),
            ..Choice::new(near.asset.id.to_string(), near.asset.title())
        })
        .collect();
    if let Some(thing) = own.filter(|thing| offered.iter().all(|choice| choice.value != thing.id.to_string())) {
        offered.insert(0, Choice::new(thing.id.to_string(), thing.label.as_str()));
    }
    if !offered.is_empty() {
        offered.push(Choice::new("none", visit.t.s("reports-thing-none")));
    }
    let fits = own.map(|thing| (thing.kind.as_str(), thing.label.as_str()));
    let is_open = if open.is_empty() { distance <= OPEN_METRES } else { open == category.word };
    let group = Group {
        label: category.label.of(lang).to_owned(),
        icon: category.icon.clone(),
        hint: here
            .first()
            .map(|near| format!("{} · {}", near.asset.title(), words::distance(lang, near.metres)))
            .unwrap_or_default(),
        open: is_open,
        things_name: format!("thing-{}", category.word),
        things: offered,
        problems: category.problems_for(fits).into_iter().map(|p| problem_choice(lang, category, p)).collect(),
        questions: category.questions.iter().map(|question| question_field(visit.t, category, question)).collect(),
        danger: danger_note(lang, &category.danger),
        stops: category.stops.iter().map(|stop| stop_note(lang, stop)).collect(),
    };
    (distance, group)
}

/// The group as this form would show it to citizens: for whoever edits it.
pub fn preview(visit: &Visit, category: &Category) -> Group {
    group(visit, category, &Draft::default(), &[], &category.word).1
}

fn problem_choice(lang: Lang, category: &Category, problem: &Problem) -> ProblemChoice {
    ProblemChoice {
        value: format!("{}/{}", category.word, problem.word),
        label: problem.label.of(lang).to_owned(),
        note_id: format!("note-{}-{}", category.word, problem.word),
        danger: danger_note(lang, &problem.danger),
        stop: (!problem.stop.is_empty()).then(|| stop_note(lang, &problem.stop)),
    }
}

fn danger_note(lang: Lang, danger: &Danger) -> DangerNote {
    DangerNote {
        text: danger.text.of(lang).to_owned(),
        phone: danger.phone.clone(),
        dialled: dialled(&danger.phone).unwrap_or_default(),
    }
}

fn stop_note(lang: Lang, stop: &Stop) -> StopNote {
    StopNote { text: stop.text.of(lang).to_owned(), href: stop.href.clone(), link: stop.link.of(lang).to_owned() }
}

fn question_field(t: &Texts, category: &Category, question: &Question) -> QuestionField {
    let optional = if question.required { String::new() } else { format!(" {}", t.s("kit-optional")) };
    let hints = [question.hint.of(t.lang).to_owned(), bounds_hint(t, question)];
    QuestionField {
        id: question_id(&category.word, question),
        label: format!("{}{optional}", question.label.of(t.lang)),
        hint: hints.into_iter().filter(|hint| !hint.is_empty()).collect::<Vec<_>>().join(" "),
        kind: match question.kind {
            QuestionKind::Text => "text",
            QuestionKind::Choice => "choice",
            QuestionKind::Number => "number",
            QuestionKind::Date => "date",
        },
        options: question.options.iter().map(|o| Choice::new(o.word.as_str(), o.label.of(t.lang))).collect(),
    }
}

/// "Von 1 bis 50 cm." Empty where there is nothing to say.
fn bounds_hint(t: &Texts, question: &Question) -> String {
    let unit = question.unit.of(t.lang);
    let number = |n: i64| if unit.is_empty() { n.to_string() } else { format!("{n} {unit}") };
    match (question.min, question.max) {
        (Some(min), Some(max)) => {
            t.with("reports-number-between", &[("min", min.to_string().into()), ("max", number(max).into())])
        }
        (Some(min), None) => t.with("reports-number-from", &[("min", number(min).into())]),
        (None, Some(max)) => t.with("reports-number-to", &[("max", number(max).into())]),
        (None, None) if unit.is_empty() => String::new(),
        (None, None) => t.with("reports-number-unit", &[("unit", unit.into())]),
    }
}

/// Takes the form into the draft. Fields of groups that were not chosen do not count.
fn take(tx: &Tx<'_>, form: &Form, draft: &mut Draft, categories: &[Category]) -> Result<(), DbError> {
    // Browsers send line ends as CRLF; each counts once.
    draft.body = form.raw("body").replace('\r', "").chars().take(BODY_CHARACTERS_MAX + 1).collect();
    let Some((word, problem)) = form.text("problem").split_once('/') else { return Ok(()) };
    draft.choose(word, problem);
    let Some(category) = categories.iter().find(|category| category.word == word) else { return Ok(()) };
    for question in &category.questions {
        let id = question_id(word, question);
        let answer = if question.kind == QuestionKind::Date {
            let part = |name: &str| form.text(&format!("{id}-{name}")).to_owned();
            date_of_parts(&part("day"), &part("month"), &part("year"))
        } else {
            form.text(&id).to_owned()
        };
        draft.answers.insert(question.word.clone(), answer);
    }
    let field = format!("thing-{word}");
    match Uuid::try_parse(form.text(&field)) {
        // From the list of another place, in a page that is older than a change of the place, it would move the report.
        Ok(id) if draft.asset.as_ref().is_none_or(|thing| thing.id != id) => {
            let is_here = |thing: &crate::journey::Thing| {
                thing.position.zip(draft.position).is_some_and(|(a, b)| a.metres_to(b) <= THINGS_METRES)
            };
            draft.asset = around::thing(tx, id)?.filter(is_here);
        }
        Ok(_) => {}
        Err(_) => draft.asset = None,
    }
    Ok(())
}

/// What a sending leads to: on, back to the place, or to a twin.
enum Next {
    Go(String),
    Mend,
}

pub async fn sent(visit: Visit, form: Form) -> Answer {
    let (id, object) = (draft_id(&form), form.text("objekt").to_owned());
    let (fresh, sent, wanted) = (new_draft_id(&visit), form.clone(), object.clone());
    let outcome = visit
        .write(move |tx| {
            let gathered = gather(tx, id, &wanted)?;
            let known = match id.filter(|_| gathered.draft.is_some()) {
                // Nobody adds a photo between reading and writing.
                Some(id) => store::lock_draft(tx, id)?,
                None => gathered.draft.clone(),
            };
            let expired = known.is_none();
            // What was sent already is not offered for sending once more.
            let was_sent = match id {
                Some(id) if expired => store::was_sent(tx, id)?,
                _ => false,
            };
            let anew = if expired && !was_sent { around::draft_anew(tx, sent.raw("copy"))? } else { None };
            let Some(mut draft) = known.or(anew) else { return Ok::<_, DbError>(None) };
            take(tx, &sent, &mut draft, &gathered.categories)?;
            let id = keep_draft(tx, id, fresh, &draft)?;
            let next = next_of(&sent, &draft, &gathered.categories, id);
            Ok(Some((id, draft, gathered, next, expired)))
        })
        .await?;
    let Some((id, draft, gathered, next, expired)) = outcome else {
        return match id {
            Some(id) => draft_gone(&visit, id).await,
            None => Ok(visit.see_other(Step::Place.path())),
        };
    };
    match next {
        Next::Go(url) if expired => Ok(visit.see_other_saying(&url, "flash-report-draft")),
        Next::Go(url) => Ok(visit.see_other(&url)),
        Next::Mend => {
            let mut state = FormState::from(form);
            say(&visit, &mut state, &draft, &gathered.categories);
            Visit::unprocessable(&page_of(&visit, gathered, &draft, state, Some(id), &object, ""))
        }
    }
}

fn next_of(form: &Form, draft: &Draft, categories: &[Category], id: Uuid) -> Next {
    let too_long = draft.body.chars().count() > BODY_CHARACTERS_MAX;
    let twin = form.text("mine");
    if !twin.is_empty() && !too_long {
        return Next::Go(super::twin_url(twin, id));
    }
    if form.has("to-place") && !too_long {
        return Next::Go(step_url(Step::Place, id));
    }
    match draft.next_step(categories) {
        Step::Place => Next::Go(step_url(Step::Place, id)),
        Step::Check if !too_long => Next::Go(step_url(Step::Check, id)),
        _ => Next::Mend,
    }
}

/// Says at each field what is missing, and how to mend it.
fn say(visit: &Visit, state: &mut FormState, draft: &Draft, categories: &[Category]) {
    let t = visit.t;
    let category = categories.iter().find(|category| category.word == draft.category);
    for one in draft.missing(categories) {
        match one {
            Missing::Place => {}
            Missing::Problem => state.refuse("problem", t.s("reports-problem-missing")),
            Missing::ProblemGone => state.refuse("problem", t.s("reports-problem-gone")),
            Missing::NotOurs => {
                let problem = draft.chosen(categories).map(|(_, problem)| problem.stop.text.of(t.lang));
                state.refuse("problem", format!("{}: {}", t.s("reports-stop-title"), problem.unwrap_or_default()));
            }
            Missing::Description => state.refuse("body", t.s("reports-body-missing")),
            Missing::Answer(word, refusal) => {
                let question = category.and_then(|category| category.questions.iter().find(|q| q.word == word));
                let text = question.map(|question| refusal_text(t, question, refusal)).unwrap_or_default();
                state.refuse(&format!("q-{}-{word}", draft.category), text);
            }
        }
    }
    if draft.body.chars().count() > BODY_CHARACTERS_MAX {
        state.refuse("body", t.s("reports-body-too-long"));
    }
}

fn refusal_text(t: &Texts, question: &Question, refusal: AnswerRefusal) -> String {
    let key = match refusal {
        AnswerRefusal::Empty => "reports-answer-missing",
        AnswerRefusal::NoNumber => "reports-answer-no-number",
        AnswerRefusal::NoDate => "reports-answer-no-date",
        AnswerRefusal::NoOption => "reports-answer-no-option",
        AnswerRefusal::TooLong => "reports-answer-too-long",
        AnswerRefusal::OutOfBounds => {
            let bounds = bounds_hint(t, question);
            return t.with("reports-answer-out-of-bounds", &[("bounds", bounds.into())]);
        }
    };
    t.s(key).to_owned()
}
