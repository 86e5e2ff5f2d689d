//! The pages every town owes: which there are, their default texts, what is filled in, and which text a visitor gets.
//! Pure. Defaults are files of this crate; a town's own words are in the store. Invariant: somebody always gets a text,
//! and a text in another language than theirs says so.

use crate::authorities::authorities;
use base::Land;
use web::{Lang, Town, TownKind};

base::stored_words!(
    /// A page with a text of the town. The words are stored and stand in the desk's addresses.
    pub enum TextPage {
        Imprint = "impressum",
        Privacy = "datenschutz",
        Accessibility = "barrierefreiheit",
        Contact = "kontakt",
        Help = "hilfe",
        EasyLanguage = "leichte-sprache",
        SignLanguage = "gebaerdensprache",
    }
);

impl TextPage {
    /// Where people read it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Imprint => "/impressum",
            Self::Privacy => "/datenschutz",
            Self::Accessibility => "/barrierefreiheit",
            Self::Contact => "/kontakt",
            Self::Help => "/hilfe",
            Self::EasyLanguage => "/leichte-sprache",
            Self::SignLanguage => "/gebaerdensprache",
        }
    }

    /// The key of its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Imprint => "guide-imprint-title",
            Self::Privacy => "guide-privacy-title",
            Self::Accessibility => "guide-accessibility-title",
            Self::Contact => "guide-contact-title",
            Self::Help => "guide-help-title",
            Self::EasyLanguage => "guide-easy-language-title",
            Self::SignLanguage => "guide-sign-language-title",
        }
    }

    /// Words people search for that need not stand in the text.
    pub const fn synonyms(self) -> &'static str {
        match self {
            Self::Imprint => "impressum anbieter verantwortlich imprint legal notice",
            Self::Privacy => "datenschutz cookies daten dsgvo löschen auskunft privacy gdpr",
            Self::Accessibility => "barrierefreiheit erklärung behinderung wcag bitv accessibility",
            Self::Contact => {
                "kontakt telefon anschrift adresse öffnungszeiten mail frage sprechzeiten termin bürgerbüro ausweis \
                 personalausweis perso reisepass ummelden contact phone opening hours passport identity card"
            }
            Self::Help => "hilfe anleitung pin vergessen nummer verloren wie geht help",
            Self::EasyLanguage => "leichte sprache einfache easy language",
            Self::SignLanguage => "gebärdensprache dgs gehörlos video sign language deaf",
        }
    }

    /// Leichte Sprache is German by nature.
    pub const fn languages(self) -> &'static [Lang] {
        match self {
            Self::EasyLanguage => &[Lang::De],
            _ => &[Lang::De, Lang::En],
        }
    }

    pub const fn default_text(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Imprint, Lang::De) => include_str!("../pages/impressum.de.txt"),
            (Self::Imprint, Lang::En) => include_str!("../pages/impressum.en.txt"),
            (Self::Privacy, Lang::De) => include_str!("../pages/datenschutz.de.txt"),
            (Self::Privacy, Lang::En) => include_str!("../pages/datenschutz.en.txt"),
            (Self::Accessibility, Lang::De) => include_str!("../pages/barrierefreiheit.de.txt"),
            (Self::Accessibility, Lang::En) => include_str!("../pages/barrierefreiheit.en.txt"),
            (Self::Contact, Lang::De) => include_str!("../pages/kontakt.de.txt"),
            (Self::Contact, Lang::En) => include_str!("../pages/kontakt.en.txt"),
            (Self::Help, Lang::De) => include_str!("../pages/hilfe.de.txt"),
            (Self::Help, Lang::En) => include_str!("../pages/hilfe.en.txt"),
            (Self::EasyLanguage, _) => include_str!("../pages/leichte-sprache.de.txt"),
            (Self::SignLanguage, Lang::De) => include_str!("../pages/gebaerdensprache.de.txt"),
            (Self::SignLanguage, Lang::En) => include_str!("../pages/gebaerdensprache.en.txt"),
        }
    }
}

/// A text as a visitor gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub lang: Lang,
    pub source: String,
}

/// The town's own words in the visitor's language; else its own German ones, because a default translation may say
/// something else; else the default.
pub fn choose(page: TextPage, wanted: Lang, own: Option<String>, own_german: Option<String>) -> Chosen {
    let lang = if page.languages().contains(&wanted) { wanted } else { Lang::De };
    if let Some(source) = own.filter(|_| lang == wanted) {
        return Chosen { lang, source };
    }
    match own_german {
        Some(source) => Chosen { lang: Lang::De, source },
        None => Chosen { lang, source: page.default_text(lang).to_owned() },
    }
}

/// Names that may stand in braces, and what they mean. German, because the town's staff types them.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("ortsname", "Name des Ortes"),
    ("gemeinde", "Stadt, Gemeinde oder Markt mit Namen"),
    ("gemeinde_mit_artikel", "dasselbe mit Artikel am Satzanfang"),
    ("strasse", "Straße und Hausnummer"),
    ("ort", "Postleitzahl und Ort"),
    ("vertretung", "Wer die Gemeinde vertritt"),
    ("aufsicht", "Aufsichtsbehörde"),
    ("oeffnungszeiten", "Öffnungszeiten, eine Zeile je Tag"),
    ("hinweis_zeiten", "Hinweis zu den Öffnungszeiten"),
    ("telefon", "Telefonnummer"),
    ("telefon_link", "Telefonnummer für einen Link"),
    ("email", "E-Mail-Adresse"),
    ("adresse", "Adresse dieser Website"),
    ("recht", "Recht des Landes zur Barrierefreiheit"),
    ("durchsetzung", "Durchsetzungsstelle des Landes"),
    ("durchsetzung_anschrift", "Anschrift der Durchsetzungsstelle"),
    ("durchsetzung_link", "Website der Durchsetzungsstelle"),
    ("datenschutz", "Aufsicht für den Datenschutz"),
    ("datenschutz_link", "Website der Aufsicht"),
];

fn value(name: &str, town: &Town, lang: Lang) -> Option<String> {
    let land = Land::from_word(&town.land).and_then(authorities);
    let of_land = |pick: fn(&crate::authorities::Authorities) -> &'static str| land.map(pick).unwrap_or("").to_owned();
    let article = match (lang, town.kind) {
        (Lang::En, _) => "The",
        (Lang::De, TownKind::Market) => "Der",
        (Lang::De, _) => "Die",
    };
    let official = match (lang, town.kind) {
        _ if !town.legal_name.is_empty() => town.legal_name.clone(),
        (Lang::De, _) => town.full_name(),
        (Lang::En, TownKind::City) => format!("Town of {}", town.name),
        (Lang::En, _) => format!("Municipality of {}", town.name),
    };
    Some(match name {
        "ortsname" => town.name.clone(),
        "gemeinde" => official,
        "gemeinde_mit_artikel" => format!("{article} {official}"),
        "vertretung" if !town.represented_by.is_empty() => town.represented_by.clone(),
        "vertretung" if lang == Lang::De => "die Bürgermeisterin oder den Bürgermeister".to_owned(),
        "vertretung" => "its mayor".to_owned(),
        "aufsicht" => town.supervision.clone(),
        "oeffnungszeiten" => town.hours_lines(lang.code()).join("\n"),
        "hinweis_zeiten" => town.hours_note.clone(),
        "strasse" => town.street.clone(),
        "ort" => town.postcode_place.clone(),
        "telefon" => town.phone.clone(),
        "telefon_link" => town.phone_href.clone(),
        "email" => town.email.clone(),
        "adresse" => town.base_url.clone(),
        "recht" => of_land(|land| land.law),
        "durchsetzung" => of_land(|land| land.enforcement),
        "durchsetzung_anschrift" => of_land(|land| land.enforcement_address),
        "durchsetzung_link" => of_land(|land| land.enforcement_link),
        "datenschutz" => of_land(|land| land.data_protection),
        "datenschutz_link" => of_land(|land| land.data_protection_link),
        _ => return None,
    })
}

/// Fills the town in. A line about something the town does not have disappears, and so does a heading when nothing else
/// stood below it; unknown names stay as they are.
pub fn fill(source: &str, town: &Town, lang: Lang) -> String {
    let mut out: Vec<String> = vec![];
    // Below the last heading: was a line dropped, and has one stayed?
    let (mut dropped, mut kept, mut heading) = (false, false, None);
    for line in source.lines() {
        if line.starts_with('#') {
            if let (Some(at), true, false) = (heading, dropped, kept) {
                out.truncate(at);
            }
            (dropped, kept, heading) = (false, false, Some(out.len()));
        }
        match fill_line(line, town, lang) {
            Some(filled) => {
                kept |= !filled.trim().is_empty() && !line.starts_with('#');
                out.push(filled);
            }
            None => dropped = true,
        }
    }
    if let (Some(at), true, false) = (heading, dropped, kept) {
        out.truncate(at);
    }
    out.join("\n")
}

fn fill_line(line: &str, town: &Town, lang: Lang) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').and_then(|(name, after)| Some((value(name, town, lang)?, after))) {
            Some((value, _)) if value.is_empty() => return None,
            Some((value, after)) => {
                out.push_str(&value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}
