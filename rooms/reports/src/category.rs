//! Kategorie: what can be reported, with its problem types, questions and warnings. Data of the town, not code: this
//! file only knows the shape and what follows from it. Pure; labels come in German and English.

use serde::{Deserialize, Serialize};
use web::Lang;

/// A short text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    pub de: String,
    #[serde(default)]
    pub en: String,
}

impl Words {
    /// English falls back to German.
    pub fn of(&self, lang: Lang) -> &str {
        if lang == Lang::En && !self.en.is_empty() { &self.en } else { &self.de }
    }

    pub fn is_empty(&self) -> bool {
        self.de.is_empty()
    }
}

/// What is wrong with the thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub word: String,
    pub label: Words,
    /// Only for things whose folded label or kind holds one of these; empty: for all.
    #[serde(default)]
    pub things: Vec<String>,
    /// The label does not say it all: a description is needed.
    #[serde(default)]
    pub needs_text: bool,
    /// Not offered any more, but known: past reports name it.
    #[serde(default)]
    pub hidden: bool,
    /// Gefahr: with this problem somebody has to be called first.
    #[serde(default)]
    pub danger: Danger,
    /// With a text: nothing is reported here, others do it.
    #[serde(default)]
    pub stop: Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuestionKind {
    #[default]
    Text,
    Choice,
    Number,
    Date,
}

/// Frage: asked besides the problem type.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Question {
    pub word: String,
    pub label: Words,
    #[serde(default)]
    pub hint: Words,
    pub kind: QuestionKind,
    #[serde(default)]
    pub required: bool,
    /// For a choice: what can be chosen.
    #[serde(default)]
    pub options: Vec<QuestionOption>,
    /// For a number: bounds, both inclusive. Without a lower one nothing below zero is taken.
    #[serde(default)]
    pub min: Option<i64>,
    #[serde(default)]
    pub max: Option<i64>,
    /// For a number: "cm"; empty if it only counts.
    #[serde(default)]
    pub unit: Words,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOption {
    pub word: String,
    pub label: Words,
}

/// "Stop here, do this instead": a neighbouring matter that is not ours to mend.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stop {
    pub text: Words,
    /// A phone number or an address of a page; empty if the text says it all.
    #[serde(default)]
    pub href: String,
    #[serde(default)]
    pub link: Words,
}

impl Stop {
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Danger: whom to call first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Danger {
    pub text: Words,
    pub phone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub word: String,
    pub label: Words,
    /// Name in the icon sprite.
    pub icon: String,
    #[serde(default)]
    pub active: bool,
    /// May reports of this category ever be shown to the public?
    #[serde(default)]
    pub public: bool,
    /// Kinds of asset that belong here.
    #[serde(default)]
    pub asset_kinds: Vec<String>,
    /// What people call it when they search.
    #[serde(default)]
    pub synonyms: String,
    pub problems: Vec<Problem>,
    #[serde(default)]
    pub questions: Vec<Question>,
    #[serde(default)]
    pub danger: Danger,
    #[serde(default)]
    pub stops: Vec<Stop>,
    /// Word of the standard department that gets these cases in a new town.
    #[serde(default)]
    pub department: String,
    /// Working days until the citizen hears from us, in a new town.
    #[serde(default = "five")]
    pub working_days: i64,
}

const fn five() -> i64 {
    5
}

impl Category {
    pub fn problem(&self, word: &str) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.word == word)
    }

    /// The problem types that fit a thing of this kind and label; without a thing all of them.
    pub fn problems_for(&self, thing: Option<(&str, &str)>) -> Vec<&Problem> {
        let offered = self.problems.iter().filter(|problem| !problem.hidden);
        let Some((kind, label)) = thing else { return offered.collect() };
        let label = fold(label);
        let fits = |problem: &&Problem| {
            problem.things.is_empty() || problem.things.iter().any(|word| word == kind || label.contains(word.as_str()))
        };
        offered.filter(fits).collect()
    }

    /// "Fahrbahn" and "Schlagloch", with what stands between them; a problem called like its category is said once.
    pub fn named(&self, problem: &Problem, between: &str, lang: Lang) -> String {
        match (self.label.of(lang), problem.label.of(lang)) {
            (group, same) if group == same => group.to_owned(),
            (group, problem) => format!("{group}{between}{problem}"),
        }
    }

    pub fn has_asset_kind(&self, kind: &str) -> bool {
        self.asset_kinds.iter().any(|known| known == kind)
    }

    /// "Schaukel: Kette gerissen"; where the problem says nothing of its own, the category alone.
    pub fn title(&self, problem: &str, thing: &str) -> String {
        let head = if thing.is_empty() { self.label.de.as_str() } else { thing };
        match self.problem(problem) {
            Some(problem) if problem.word != "other" => format!("{head}: {}", problem.label.de),
            _ => head.to_owned(),
        }
    }

    /// The same in English, without the thing, whose name is German; empty if the town has no English words for it.
    pub fn english_title(&self, problem: &str) -> String {
        match self.problem(problem) {
            _ if self.label.en.is_empty() => String::new(),
            Some(problem) if problem.word == "other" => self.label.en.clone(),
            Some(problem) if !problem.label.en.is_empty() => format!("{}: {}", self.label.en, problem.label.en),
            _ => String::new(),
        }
    }
}

/// Folds for comparing what people type with what is stored: lower case, umlauts spelt out, one blank.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Does the category answer to what somebody searches for?
pub fn answers_to(category: &Category, folded: &str) -> bool {
    let names = fold(&format!("{} {} {}", category.label.de, category.label.en, category.synonyms));
    let own = category.problems.iter().filter(|p| p.word != "other" && !p.hidden);
    let problems = own.map(|p| fold(&format!("{} {}", p.label.de, p.label.en))).collect::<Vec<_>>().join(" ");
    let all = format!(" {names} {problems}");
    folded.split(' ').filter(|word| word.len() > 2).all(|word| all.contains(&format!(" {word}")))
        && folded.split(' ').any(|word| word.len() > 2)
}

/// What a new town starts with.
pub fn standard() -> Result<Vec<Category>, serde_json::Error> {
    serde_json::from_str(include_str!("../data/categories.json"))
}
