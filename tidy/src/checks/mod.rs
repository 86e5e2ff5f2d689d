//! The checks, one file per subject. Each is `fn(&Tree) -> Vec<Finding>` and stands in `ALL` with the name that
//! exceptions use.

mod documents;
mod edges;
mod layout;
mod personal;
mod sizes;
mod statements;
mod tables;
mod templates;
mod texts;
mod words;

use crate::{Finding, Tree};

type Check = fn(&Tree) -> Vec<Finding>;

pub const ALL: [(&str, Check); 17] = [
    ("edges", edges::check),
    ("tables", tables::check),
    ("sql", statements::check),
    ("personal", personal::check),
    ("function-length", sizes::functions),
    ("file-length", sizes::files),
    ("banned", layout::banned),
    ("heads", layout::heads),
    ("machines", layout::machines),
    ("glossary", words::check),
    ("text-languages", texts::languages),
    ("text-known", texts::known),
    ("text-used", texts::used),
    ("template-used", templates::used),
    ("markup", templates::markup),
    ("architecture", documents::architecture),
    ("links", documents::links),
];

#[cfg(test)]
mod testing {
    //! Shorthand of the checks' own tests.

    use crate::{Finding, Tree};

    pub fn on(check: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.to_string()).collect()
    }
}
