//! The way of a report from place to sending, as a pure object: what is known, what is missing, which step comes next.
//! No database, no HTTP, no texts. Invariant: going back never loses what was typed, because a draft only ever gains
//! or replaces values a person gave.

use crate::category::{Category, Problem, Question, QuestionKind};
use base::Position;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const PHOTOS_MAX: usize = 3;
pub const BODY_CHARACTERS_MAX: usize = 4_000;
pub const ANSWER_CHARACTERS_MAX: usize = 500;

/// Entwurf. Everything a person gave so far; serialised as one document.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// What was typed into the address field.
    pub typed: String,
    /// The typed address that `position` answers; another one has still to be looked for.
    pub found: String,
    pub position: Option<Position>,
    /// The place as people say it: nearest address or name.
    pub place: String,
    pub district: String,
    pub asset: Option<Thing>,
    pub photos: Vec<DraftPhoto>,
    /// Read from a photo, to be offered once; dropped with the next step.
    pub photo_position: Option<Position>,
    pub category: String,
    pub problem: String,
    pub answers: BTreeMap<String, String>,
    pub body: String,
    pub email: String,
    pub phone: String,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft")
            .field("category", &self.category)
            .field("photos", &self.photos.len())
            .finish_non_exhaustive()
    }
}

/// Most answers a copy may hold; no category asks as much.
const COPY_ANSWERS_MAX: usize = 40;

/// An asset as the draft remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thing {
    pub id: Uuid,
    pub label: String,
    pub kind: String,
    /// Where the town's list says it stands.
    #[serde(default)]
    pub position: Option<Position>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftPhoto {
    pub blob: Uuid,
    pub name: String,
    /// SHA-256 of the stored picture: one photo sent twice is one photo.
    #[serde(default)]
    pub digest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Place,
    What,
    Check,
}

impl Step {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Place => "/melden",
            Self::What => "/melden/was",
            Self::Check => "/melden/pruefen",
        }
    }
}

/// What keeps a draft from being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    Place,
    Problem,
    /// The category or problem was switched off meanwhile.
    ProblemGone,
    /// Others take care of it: nothing is reported here.
    NotOurs,
    Description,
    /// Word of the question.
    Answer(String, AnswerRefusal),
}

impl Missing {
    pub const fn step(&self) -> Step {
        match self {
            Self::Place => Step::Place,
            _ => Step::What,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerRefusal {
    Empty,
    NoNumber,
    NoDate,
    NoOption,
    TooLong,
    OutOfBounds,
}

impl Draft {
    /// What the pages carry along, so that an expired draft can be made anew. Photos are not in it: a name typed into
    /// a form must not give anybody a photo.
    pub fn copy(&self) -> String {
        let copy = Self { photos: vec![], photo_position: None, ..self.clone() };
        serde_json::to_string(&copy).unwrap_or_default()
    }

    /// Reads a copy that came back in a form, and trusts it no more than anything typed. Place and thing are only ids
    /// and positions here: their words have to be looked up again.
    pub fn of_copy(text: &str) -> Option<Self> {
        let mut draft: Self = serde_json::from_str(text).ok()?;
        draft.photos.clear();
        draft.photo_position = None;
        draft.position = draft.position.and_then(|at| Position::new(at.lat, at.lon));
        let short = |text: &mut String, characters: usize| *text = text.chars().take(characters).collect();
        for field in [
            &mut draft.typed,
            &mut draft.found,
            &mut draft.category,
            &mut draft.problem,
            &mut draft.email,
            &mut draft.phone,
        ] {
            short(field, 300);
        }
        short(&mut draft.body, BODY_CHARACTERS_MAX + 1);
        let answers = std::mem::take(&mut draft.answers).into_iter().take(COPY_ANSWERS_MAX);
        draft.answers = answers
            .map(|(word, answer)| {
                let cut = |text: String, most: usize| text.chars().take(most).collect::<String>();
                (cut(word, 60), cut(answer, ANSWER_CHARACTERS_MAX + 1))
            })
            .collect();
        Some(draft)
    }

    /// Where the report lies: at the chosen thing, which the town knows better than a tap or an address.
    pub fn spot(&self) -> Option<Position> {
        self.position.map(|at| self.asset.as_ref().and_then(|thing| thing.position).unwrap_or(at))
    }

    pub fn chosen<'c>(&self, categories: &'c [Category]) -> Option<(&'c Category, &'c Problem)> {
        let category = categories.iter().find(|category| category.active && category.word == self.category)?;
        Some((category, category.problem(&self.problem).filter(|problem| !problem.hidden)?))
    }

    /// Everything still missing, in the order of the steps.
    pub fn missing(&self, categories: &[Category]) -> Vec<Missing> {
        let mut missing = vec![];
        if self.position.is_none() {
            missing.push(Missing::Place);
        }
        if self.problem.is_empty() {
            missing.push(Missing::Problem);
            return missing;
        }
        let Some((category, problem)) = self.chosen(categories) else {
            missing.push(Missing::ProblemGone);
            return missing;
        };
        if !problem.stop.is_empty() {
            missing.push(Missing::NotOurs);
            return missing;
        }
        for question in &category.questions {
            let given = self.answers.get(&question.word).map_or("", String::as_str);
            if let Err(refusal) = check_answer(question, given) {
                missing.push(Missing::Answer(question.word.clone(), refusal));
            }
        }
        if (problem.needs_text || problem.word == "other") && self.body.trim().is_empty() && self.photos.is_empty() {
            missing.push(Missing::Description);
        }
        missing
    }

    /// The first step that still lacks something.
    pub fn next_step(&self, categories: &[Category]) -> Step {
        self.missing(categories).iter().map(Missing::step).min().unwrap_or(Step::Check)
    }

    /// Takes a new place. An asset chosen elsewhere does not move along.
    pub fn move_to(&mut self, position: Position, place: String, district: String) {
        let moved = self.position.is_none_or(|old| old.metres_to(position) > 1.0);
        if moved {
            self.asset = None;
        }
        self.position = Some(position);
        self.place = place;
        self.district = district;
        self.photo_position = None;
    }

    /// Chooses what is wrong; answers to questions of another category are kept, they only do not count.
    pub fn choose(&mut self, category: &str, problem: &str) {
        category.clone_into(&mut self.category);
        problem.clone_into(&mut self.problem);
    }
}

/// Is this an answer to that question? Empty is fine unless it is required.
pub fn check_answer(question: &Question, given: &str) -> Result<(), AnswerRefusal> {
    let given = given.trim();
    if given.is_empty() {
        return if question.required { Err(AnswerRefusal::Empty) } else { Ok(()) };
    }
    if given.chars().count() > ANSWER_CHARACTERS_MAX {
        return Err(AnswerRefusal::TooLong);
    }
    match question.kind {
        QuestionKind::Text => Ok(()),
        QuestionKind::Choice if question.options.iter().any(|option| option.word == given) => Ok(()),
        QuestionKind::Choice => Err(AnswerRefusal::NoOption),
        QuestionKind::Number => check_number(question, given),
        QuestionKind::Date => given.parse::<jiff::civil::Date>().map(|_| ()).map_err(|_| AnswerRefusal::NoDate),
    }
}

#[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^52, see the editor's limits")]
fn check_number(question: &Question, given: &str) -> Result<(), AnswerRefusal> {
    let number: Option<f64> = given.replace(',', ".").parse().ok().filter(|n: &f64| n.is_finite());
    let number = number.ok_or(AnswerRefusal::NoNumber)?;
    match (question.min, question.max) {
        (None, _) if number < 0.0 => Err(AnswerRefusal::NoNumber),
        (Some(min), _) if number < min as f64 => Err(AnswerRefusal::OutOfBounds),
        (_, Some(max)) if number > max as f64 => Err(AnswerRefusal::OutOfBounds),
        _ => Ok(()),
    }
}

/// Day, month and year as typed to `2026-11-05`; empty if all three are, as typed (and refused later) otherwise.
pub fn date_of_parts(day: &str, month: &str, year: &str) -> String {
    let (day, month, year) = (day.trim(), month.trim(), year.trim());
    if day.is_empty() && month.is_empty() && year.is_empty() {
        return String::new();
    }
    format!("{year:0>4}-{month:0>2}-{day:0>2}")
}

/// Two positions a person gave at once, on the map and by address: do they mean the same place?
pub fn agree(map: Position, address: Position) -> bool {
    map.metres_to(address) <= 300.0
}
