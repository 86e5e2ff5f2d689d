//! The people's texts: Fluent files of every room, German and English. Messages without arguments are resolved once at
//! start into `&'static str`, because a page looks up dozens of them. A missing English text falls back to German.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_syntax::ast;
use std::collections::HashMap;
use unic_langid::LanguageIdentifier;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    De,
    En,
}

impl Lang {
    pub const fn code(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "de" => Some(Self::De),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// All texts of one language.
pub struct Texts {
    pub lang: Lang,
    fixed: HashMap<&'static str, &'static str>,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// The text without arguments. An unknown key shows itself; `tidy` finds it before people do.
    pub fn s(&self, key: &'static str) -> &'static str {
        self.fixed.get(key).copied().unwrap_or(key)
    }

    /// The same for keys made at run time (`status-` + word); `None` if there is no such text.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        self.fixed.get(key).copied()
    }

    /// The text with arguments, for plurals and names.
    pub fn with(&self, key: &'static str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in arguments {
            args.set(*name, value.clone());
        }
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, Some(&args), &mut vec![]).into_owned()
    }

    /// `with` for the most common case: one count named `n`.
    pub fn count(&self, key: &'static str, n: i64) -> String {
        self.with(key, &[("n", FluentValue::from(n))])
    }
}

/// Both languages, made once at start and kept for the life of the process.
#[derive(Clone, Copy)]
pub struct TextsOfAll {
    pub de: &'static Texts,
    pub en: &'static Texts,
}

/// A text file that Fluent cannot read: a mistake in our source, reported at start and in tests.
#[derive(Debug, thiserror::Error)]
#[error("text file {file} in {lang}: {problem}")]
pub struct BrokenTexts {
    file: &'static str,
    lang: &'static str,
    problem: String,
}

impl TextsOfAll {
    /// `sources`: (room, German file, English file).
    pub fn load(sources: &[(&'static str, &'static str, &'static str)]) -> Result<Self, BrokenTexts> {
        let german: Vec<_> = sources.iter().map(|(room, de, _)| (*room, *de)).collect();
        let english: Vec<_> = sources.iter().map(|(room, _, en)| (*room, *en)).collect();
        let de: &'static Texts = Box::leak(Box::new(load(Lang::De, &german, None)?));
        let en: &'static Texts = Box::leak(Box::new(load(Lang::En, &english, Some(de))?));
        Ok(Self { de, en })
    }

    pub const fn of(self, lang: Lang) -> &'static Texts {
        match lang {
            Lang::De => self.de,
            Lang::En => self.en,
        }
    }
}

fn load(lang: Lang, sources: &[(&'static str, &'static str)], fallback: Option<&Texts>) -> Result<Texts, BrokenTexts> {
    let id: LanguageIdentifier = lang.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Arguments here are numbers and names inside German or English text of known direction.
    bundle.set_use_isolating(false);
    let mut fixed = fallback.map(|t| t.fixed.clone()).unwrap_or_default();
    for (file, source) in sources {
        let broken = |problem: String| BrokenTexts { file, lang: lang.code(), problem };
        let resource = FluentResource::try_new((*source).to_owned()).map_err(|(_, e)| broken(format!("{e:?}")))?;
        let keys: Vec<&'static str> = resource
            .entries()
            .filter_map(|entry| match entry {
                ast::Entry::Message(message) => Some(&*Box::leak(message.id.name.to_owned().into_boxed_str())),
                _ => None,
            })
            .collect();
        bundle.add_resource(resource).map_err(|e| broken(format!("{e:?}")))?;
        for key in keys {
            let mut errors = vec![];
            let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else { continue };
            let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
            if errors.is_empty() {
                fixed.insert(key, Box::leak(text.into_boxed_str()));
            }
        }
    }
    Ok(Texts { lang, fixed, bundle })
}
