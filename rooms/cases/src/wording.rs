//! What a case is called in the reader's language. The desk works in German; the town may have English words for kind,
//! title and facts as well. Nothing is translated here: what people or clerks typed stays as it is.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use web::Lang;

/// The English words of a case, kept with it as one document; empty where only German exists.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct English {
    pub title: String,
    pub category_label: String,
    /// Label and value of a fact, by its German label.
    pub facts: BTreeMap<String, (String, String)>,
}

impl English {
    /// Each fact in this language, in the order of the German ones.
    pub fn facts_in(&self, lang: Lang, german: Vec<(String, String)>) -> Vec<(String, String)> {
        let said = |fact: (String, String)| match self.facts.get(&fact.0) {
            Some(english) if lang == Lang::En => english.clone(),
            _ => fact,
        };
        german.into_iter().map(said).collect()
    }
}

/// The English if it is wanted and there is some, otherwise the German.
pub fn in_language<'w>(lang: Lang, german: &'w str, english: &'w str) -> &'w str {
    if lang == Lang::En && !english.is_empty() { english } else { german }
}
