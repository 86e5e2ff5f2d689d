//! Display settings of a visitor (text size, contrast, motion, links, spacing, single keys), kept in a cookie without an
//! account. Unknown or foreign values fall back to the default, so the cookie needs no signature.

use crate::{Form, texts::Lang};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Display {
    pub theme: &'static str,
    pub text_size: &'static str,
    pub motion: &'static str,
    pub links: &'static str,
    pub spacing: &'static str,
    pub keys: &'static str,
    pub lang: Lang,
}

impl Default for Display {
    fn default() -> Self {
        Self { theme: "", text_size: "100", motion: "", links: "", spacing: "", keys: "", lang: Lang::De }
    }
}

const THEMES: &[&str] = &["", "light", "dark", "contrast"];
const SIZES: &[&str] = &["100", "125", "150", "200"];
const MOTIONS: &[&str] = &["", "reduced"];
const LINKS: &[&str] = &["", "underlined"];
const SPACINGS: &[&str] = &["", "wide"];
const KEYS: &[&str] = &["", "off"];

fn known(allowed: &'static [&'static str], given: &str) -> &'static str {
    allowed.iter().find(|word| **word == given).or(allowed.first()).copied().unwrap_or("")
}

impl Display {
    /// From the cookie: six words and a language, separated by dots.
    pub fn from_cookie(text: &str) -> Self {
        let mut parts = text.split('.');
        let mut next = |allowed| known(allowed, parts.next().unwrap_or(""));
        Self {
            theme: next(THEMES),
            text_size: next(SIZES),
            motion: next(MOTIONS),
            links: next(LINKS),
            spacing: next(SPACINGS),
            keys: next(KEYS),
            lang: parts.next().and_then(Lang::from_code).unwrap_or(Lang::De),
        }
    }

    /// From the form on `/darstellung`; the language stays.
    #[must_use]
    pub fn from_form(&self, form: &Form) -> Self {
        Self {
            theme: known(THEMES, form.text("theme")),
            text_size: known(SIZES, form.text("text_size")),
            motion: known(MOTIONS, form.text("motion")),
            links: known(LINKS, form.text("links")),
            spacing: known(SPACINGS, form.text("spacing")),
            keys: known(KEYS, form.text("keys")),
            lang: self.lang,
        }
    }

    pub fn to_cookie(&self) -> String {
        let Self { theme, text_size, motion, links, spacing, keys, lang } = self;
        format!("{theme}.{text_size}.{motion}.{links}.{spacing}.{keys}.{}", lang.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_cookie_and_nonsense_does_not() {
        let mut display = Display { theme: "dark", text_size: "150", keys: "off", ..Display::default() };
        display.lang = Lang::En;
        assert_eq!(Display::from_cookie(&display.to_cookie()), display);
        assert_eq!(Display::from_cookie("<script>.999"), Display::default());
    }
}
