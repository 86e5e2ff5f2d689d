//! Fields that several forms of the editor share: words in two languages, whom to call in danger, who else helps.
//! Reading refuses with a sentence at the field; filling is its reverse.

use crate::{
    category::{Danger, Stop, Words},
    category_edit::{LABEL_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, dialled, link_target},
};
use web::{Form, FormState};

pub const STALE: &str = "Jemand hat das inzwischen geändert. Ihre Eingaben sind noch da. Vergleichen Sie beides und \
    speichern Sie dann noch einmal.";
pub const GONE: &str = "Jemand hat diesen Eintrag inzwischen gelöscht. Ihre Eingaben sind noch da. Wenn Sie \
    speichern, legen wir ihn neu an.";

pub const TWICE: &str = "Das haben Sie schon gespeichert, mit anderem Inhalt. Wenn Sie noch einmal speichern, legen \
    wir einen weiteren Eintrag an.";

pub const fn yes(flag: bool) -> &'static str {
    if flag { "ja" } else { "" }
}

pub fn is_yes(state: &FormState, name: &str) -> bool {
    state.form.text(name) == "ja"
}

pub fn fill_words(form: &mut Form, name: &str, words: &Words) {
    form.set(&format!("{name}-de"), words.de.as_str());
    form.set(&format!("{name}-en"), words.en.as_str());
}

/// German and English of one text, each with at most so many characters.
fn read_words(state: &mut FormState, name: &str, characters: usize) -> Words {
    let (german, english) = (format!("{name}-de"), format!("{name}-en"));
    for field in [&german, &english] {
        state.limit(field, characters, format!("Kürzen Sie den Text auf {characters} Zeichen."));
    }
    let words = Words { de: state.form.text(&german).to_owned(), en: state.form.text(&english).to_owned() };
    if words.de.is_empty() && !words.en.is_empty() {
        state.refuse(&german, "Schreiben Sie den deutschen Text dazu.");
    }
    words
}

pub fn read_label(state: &mut FormState, name: &str) -> Words {
    read_words(state, name, LABEL_CHARACTERS_MAX)
}

pub fn read_note(state: &mut FormState, name: &str) -> Words {
    read_words(state, name, NOTE_CHARACTERS_MAX)
}

pub fn fill_danger(form: &mut Form, danger: &Danger) {
    fill_words(form, "danger", &danger.text);
    form.set("danger-phone", danger.phone.as_str());
}

/// A warning without a number, or a number without a warning, helps nobody in danger.
pub fn read_danger(state: &mut FormState) -> Danger {
    let text = read_note(state, "danger");
    let phone = state.form.text("danger-phone").to_owned();
    if phone.is_empty() && !text.is_empty() {
        state.refuse(
            "danger-phone",
            "Geben Sie die Telefonnummer an, die man bei Gefahr zuerst anruft, zum Beispiel 112.",
        );
    } else if !phone.is_empty() && dialled(&phone).is_none() {
        state.refuse(
            "danger-phone",
            "Geben Sie eine Telefonnummer aus Ziffern ein, zum Beispiel 112 oder 0921 \
            1234.",
        );
    }
    if !phone.is_empty() && text.is_empty() && state.error("danger-de").is_none() {
        state.refuse("danger-de", "Schreiben Sie, bei welcher Gefahr man anrufen soll.");
    }
    Danger { text, phone }
}

pub fn fill_stop(form: &mut Form, prefix: &str, stop: &Stop) {
    fill_words(form, prefix, &stop.text);
    form.set(&format!("{prefix}-href"), stop.href.strip_prefix("tel:").unwrap_or(&stop.href));
    fill_words(form, &format!("{prefix}-link"), &stop.link);
}

pub fn read_stop(state: &mut FormState, prefix: &str) -> Stop {
    let text = read_note(state, prefix);
    let link = read_label(state, &format!("{prefix}-link"));
    let (href_field, link_field) = (format!("{prefix}-href"), format!("{prefix}-link-de"));
    let typed = state.form.text(&href_field).to_owned();
    let href = if typed.is_empty() { Some(String::new()) } else { link_target(&typed) };
    if href.is_none() || typed.chars().count() > NOTE_CHARACTERS_MAX {
        state.refuse(&href_field, "Geben Sie eine Adresse ein, die mit https:// beginnt, oder eine Telefonnummer.");
    }
    if !typed.is_empty() && link.is_empty() {
        state.refuse(&link_field, "Schreiben Sie, wie der Link heißen soll, zum Beispiel „Straßenbauamt anrufen“.");
    }
    if typed.is_empty() && !link.is_empty() {
        state.refuse(&href_field, "Geben Sie an, wohin der Link führt.");
    }
    let text_field = format!("{prefix}-de");
    if text.is_empty() && !(typed.is_empty() && link.is_empty()) && state.error(&text_field).is_none() {
        state.refuse(&text_field, "Schreiben Sie, wer stattdessen hilft.");
    }
    Stop { text, href: href.unwrap_or_default(), link }
}

/// What is saved now where it differs from what was typed: label and saved value, for whoever came second.
pub fn theirs(labels: &[(&str, &str)], typed: &Form, saved: &Form) -> Vec<(String, String)> {
    let differs = labels.iter().filter(|(name, _)| typed.text(name).replace("\r\n", "\n") != saved.text(name));
    let shown = |value: &str| match value {
        "" => "leer".to_owned(),
        value => value.to_owned(),
    };
    differs.map(|(name, label)| ((*label).to_owned(), shown(saved.text(name)))).collect()
}
