//! What the town's staff may make of a category: words for new entries, choices from lines, bounds, links, order, and
//! what changed. Pure; which form said what is known in `desk/categories`. Invariant: a word once given never changes,
//! because reports, drafts and rules remember it.

use crate::category::{Category, Question, QuestionOption, Words, fold};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub const CATEGORIES_MAX: usize = 60;
pub const PROBLEMS_MAX: usize = 30;
/// A draft keeps the answers to at most forty questions.
pub const QUESTIONS_MAX: usize = 15;
pub const OPTIONS_MAX: usize = 30;
pub const STOPS_MAX: usize = 5;
pub const LABEL_CHARACTERS_MAX: usize = 100;
pub const NOTE_CHARACTERS_MAX: usize = 500;
pub const BOUND_MAX: i64 = 1_000_000_000;
const WORD_BYTES_MAX: usize = 40;

/// Icons of the sprite that say what can be damaged, with the words a clerk chooses them by.
pub const ICONS: &[(&str, &str)] = &[
    ("toy-brick", "Spielplatz"),
    ("lightbulb", "Licht"),
    ("construction", "Baustelle"),
    ("footprints", "Gehweg"),
    ("bike", "Fahrrad"),
    ("car", "Auto"),
    ("traffic-cone", "Verkehr"),
    ("trash-2", "Abfall"),
    ("recycle", "Wertstoffe"),
    ("tree-deciduous", "Baum"),
    ("armchair", "Sitzbank"),
    ("spray-can", "Farbe"),
    ("paint-bucket", "Anstrich"),
    ("snowflake", "Winter"),
    ("droplets", "Wasser"),
    ("waves", "Gewässer"),
    ("volume-2", "Lärm"),
    ("dog", "Tiere"),
    ("building-2", "Gebäude"),
    ("landmark", "Denkmal"),
    ("route", "Weg"),
    ("wrench", "Reparatur"),
    ("siren", "Notfall"),
    ("shield", "Sicherheit"),
    ("circle-help", "Sonstiges"),
];

/// A word nobody else has: `Schild fehlt` → `schild_fehlt`, the second one `schild_fehlt_2`.
pub fn word_for(label: &str, taken: impl Fn(&str) -> bool) -> String {
    let folded = fold(label);
    let kept =
        folded.chars().map(|c| if c == ' ' { '_' } else { c }).filter(|c| c.is_ascii_alphanumeric() || *c == '_');
    let mut word: String = kept.take(WORD_BYTES_MAX).collect();
    word = word.trim_matches('_').to_owned();
    if word.is_empty() {
        "eintrag".clone_into(&mut word);
    }
    // "neu" is the address of the form for a new one.
    let free = |word: &str| word != "neu" && !taken(word);
    if free(&word) {
        return word;
    }
    let numbered = (2..).map(|number: u32| format!("{word}_{number}"));
    numbered.into_iter().find(|word| free(word)).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionsRefusal {
    /// One thing to choose is no choice.
    TooFew,
    TooMany,
    Twice,
    TooLong,
    /// English lines are given, but not one for each German line.
    EnglishUneven,
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Reads the choices, one per line. A line that was there keeps its word, wherever it stands now; with as many lines as
/// before a new wording in the same place is the same choice.
pub fn options_of(de: &str, en: &str, before: &[QuestionOption]) -> Result<Vec<QuestionOption>, OptionsRefusal> {
    let (german, english) = (lines(de), lines(en));
    match german.len() {
        0 | 1 => return Err(OptionsRefusal::TooFew),
        n if n > OPTIONS_MAX => return Err(OptionsRefusal::TooMany),
        _ => {}
    }
    if !english.is_empty() && english.len() != german.len() {
        return Err(OptionsRefusal::EnglishUneven);
    }
    if german.iter().chain(&english).any(|line| line.chars().count() > LABEL_CHARACTERS_MAX) {
        return Err(OptionsRefusal::TooLong);
    }
    if german.iter().enumerate().any(|(at, line)| german.iter().take(at).any(|other| other == line)) {
        return Err(OptionsRefusal::Twice);
    }
    let known = |line: &str| before.iter().find(|option| option.label.de == line);
    let mut options: Vec<QuestionOption> = vec![];
    for (at, line) in german.iter().enumerate() {
        let here =
            before.get(at).filter(|option| german.len() == before.len() && !german.contains(&option.label.de.as_str()));
        let word = known(line).or(here).map_or_else(
            || word_for(line, |word| before.iter().chain(&options).any(|option| option.word == word)),
            |option| option.word.clone(),
        );
        let en = english.get(at).copied().unwrap_or_default().to_owned();
        options.push(QuestionOption { word, label: Words { de: (*line).to_owned(), en } });
    }
    Ok(options)
}

/// The choices as lines again, German and English. Without any English the second is empty.
pub fn lines_of(options: &[QuestionOption]) -> (String, String) {
    let german: Vec<&str> = options.iter().map(|option| option.label.de.as_str()).collect();
    let english: Vec<&str> = options.iter().map(|option| option.label.of(web::Lang::En)).collect();
    let some_english = options.iter().any(|option| !option.label.en.is_empty());
    (german.join("\n"), if some_english { english.join("\n") } else { String::new() })
}

/// A bound as typed: empty is none, a whole number is one, anything else is wrong.
pub fn bound_of(text: &str) -> Result<Option<i64>, ()> {
    match text.trim() {
        "" => Ok(None),
        typed => typed.parse().ok().filter(|n: &i64| n.abs() <= BOUND_MAX).map(Some).ok_or(()),
    }
}

/// The digits of a phone number as a link dials them. `None` if it is no number.
pub fn dialled(phone: &str) -> Option<String> {
    let allowed = phone.chars().all(|c| c.is_ascii_digit() || " +/-()".contains(c));
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let late_plus = phone.trim().chars().skip(1).any(|c| c == '+');
    (allowed && !late_plus && (3..=20).contains(&digits))
        .then(|| phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect())
}

/// Where a "stop here" message may lead: a page of ours, a page on the web, a phone number. Nothing that runs.
pub fn link_target(text: &str) -> Option<String> {
    let text = text.trim();
    let whole = !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"\\".contains(c));
    let ours = text.starts_with('/') && !text.starts_with("//");
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let on_the_web = host.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()));
    if whole && (ours || on_the_web) {
        return Some(text.to_owned());
    }
    dialled(text.strip_prefix("tel:").unwrap_or(text)).map(|digits| format!("tel:{digits}"))
}

/// One step up or down; at the end nothing happens.
pub fn shift<T>(list: &mut [T], at: usize, up: bool) {
    let other = if up { at.checked_sub(1) } else { at.checked_add(1) };
    if let Some(other) = other.filter(|other| *other < list.len() && at < list.len()) {
        list.swap(at, other);
    }
}

/// Can citizens still choose something here?
pub fn offers_something(category: &Category) -> bool {
    category.problems.iter().any(|problem| !problem.hidden)
}

/// What a form was made from: the form carries it back, and another mark then means somebody was faster.
pub fn mark(thing: &impl Serialize) -> String {
    let text = serde_json::to_string(thing).unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base::hex(&digest.as_ref()[..12])
}

/// What differs, for the audit: path → before and after.
pub fn changes(old: &impl Serialize, new: &impl Serialize) -> Value {
    let mut found = Map::new();
    let read = |value: Result<Value, serde_json::Error>| value.unwrap_or(Value::Null);
    compare("", &read(serde_json::to_value(old)), &read(serde_json::to_value(new)), &mut found);
    Value::Object(found)
}

fn compare(path: &str, old: &Value, new: &Value, found: &mut Map<String, Value>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in after {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, before.get(key).unwrap_or(&Value::Null), value, found);
            }
        }
        (old, new) if old != new => {
            found.insert(path.to_owned(), json!([old, new]));
        }
        _ => {}
    }
}

/// The question without what its kind does not have.
pub fn tidied(mut question: Question) -> Question {
    use crate::category::QuestionKind::{Choice, Number};
    if question.kind != Choice {
        question.options.clear();
    }
    if question.kind != Number {
        (question.min, question.max, question.unit) = (None, None, Words::default());
    }
    question
}
