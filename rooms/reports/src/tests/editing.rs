//! The rules of the category editor as tables: words, choices from lines, bounds, links, order, marks, changes.

use crate::{
    category::{self, Question, QuestionKind, QuestionOption, Words},
    category_edit::{
        ICONS, OptionsRefusal, bound_of, changes, dialled, lines_of, link_target, mark, offers_something, options_of,
        shift, tidied, word_for,
    },
};
use proptest::prelude::*;
use serde_json::json;

fn option(word: &str, de: &str, en: &str) -> QuestionOption {
    QuestionOption { word: word.to_owned(), label: Words { de: de.to_owned(), en: en.to_owned() } }
}

#[test]
fn a_new_entry_gets_a_word_nobody_has() {
    let taken = ["schild_fehlt", "schild_fehlt_2"];
    let cases = [
        ("Schild fehlt", "schild_fehlt_3"),
        ("Äste & Büsche", "aeste_buesche"),
        ("neu", "neu_2"),
        ("!?", "eintrag"),
        ("猫", "eintrag"),
        ("Ein sehr langer Name, der nirgends mehr endet", "ein_sehr_langer_name_der_nirgends_mehr_e"),
    ];
    for (label, expected) in cases {
        assert_eq!(word_for(label, |word| taken.contains(&word)), expected, "{label}");
    }
}

#[test]
fn choices_are_read_from_lines() {
    let before = [option("flat", "flach", "flat"), option("deep", "tief", "deep")];
    let words = |options: Vec<QuestionOption>| options.into_iter().map(|o| o.word).collect::<Vec<_>>();
    let cases: [(&str, &str, &[&str]); 5] = [
        ("flach\n\n  tief ", "", &["flat", "deep"]),
        ("tief\nflach", "", &["deep", "flat"]),
        ("ganz flach\ntief", "", &["flat", "deep"]),
        ("flach\nmittel\ntief", "a\nb\nc", &["flat", "mittel", "deep"]),
        ("deep\ntief\nflat", "", &["deep_2", "deep", "flat_2"]),
    ];
    for (german, english, expected) in cases {
        assert_eq!(words(options_of(german, english, &before).unwrap()), expected, "{german}");
    }
    let long = format!("a\n{}", "b".repeat(101));
    let many = (0..31).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
    let refused = [
        ("", "", OptionsRefusal::TooFew),
        ("nur eine", "", OptionsRefusal::TooFew),
        (many.as_str(), "", OptionsRefusal::TooMany),
        ("a\nb\na", "", OptionsRefusal::Twice),
        (long.as_str(), "", OptionsRefusal::TooLong),
        ("a\nb", "x", OptionsRefusal::EnglishUneven),
    ];
    for (german, english, refusal) in refused {
        assert_eq!(options_of(german, english, &before), Err(refusal), "{german:.20}");
    }
    assert_eq!(lines_of(&before), ("flach\ntief".to_owned(), "flat\ndeep".to_owned()));
    assert_eq!(lines_of(&[option("a", "A", ""), option("b", "B", "")]).1, "");
}

#[test]
fn links_lead_to_pages_and_phones_and_run_nothing() {
    let cases = [
        ("https://www.autobahn.de/kontakt", Some("https://www.autobahn.de/kontakt")),
        ("http://bayreuth.de", Some("http://bayreuth.de")),
        ("/kontakt", Some("/kontakt")),
        ("tel:110", Some("tel:110")),
        ("0921 / 12 34-5", Some("tel:092112345")),
        ("+49 921 1234", Some("tel:+499211234")),
        ("//fremd.example", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("https://a b.de", None),
        ("https://a.de/\"onclick", None),
        ("1+2+3", None),
        ("11", None),
        ("www.autobahn.de", None),
    ];
    for (typed, expected) in cases {
        assert_eq!(link_target(typed).as_deref(), expected, "{typed}");
    }
    assert_eq!(dialled("112").as_deref(), Some("112"));
    assert_eq!(dialled("Feuerwehr"), None);
}

#[test]
fn bounds_are_whole_numbers_or_empty() {
    let cases = [("", Ok(None)), (" 5 ", Ok(Some(5))), ("-20", Ok(Some(-20))), ("2,5", Err(())), ("viel", Err(()))];
    for (typed, expected) in cases {
        assert_eq!(bound_of(typed), expected, "{typed}");
    }
    assert_eq!(bound_of("1000000001"), Err(()));
}

#[test]
fn a_step_beyond_the_end_moves_nothing() {
    let cases = [
        (0, true, [1, 2, 3]),
        (2, false, [1, 2, 3]),
        (9, true, [1, 2, 3]),
        (1, true, [2, 1, 3]),
        (1, false, [1, 3, 2]),
    ];
    for (at, up, expected) in cases {
        let mut list = [1, 2, 3];
        shift(&mut list, at, up);
        assert_eq!(list, expected, "{at} {up}");
    }
}

#[test]
fn a_question_keeps_only_what_its_kind_has() {
    let full = Question {
        options: vec![option("a", "A", "")],
        min: Some(1),
        max: Some(2),
        unit: Words { de: "cm".to_owned(), en: String::new() },
        ..Question::default()
    };
    let number = tidied(Question { kind: QuestionKind::Number, ..full.clone() });
    assert!(number.options.is_empty() && number.max == Some(2) && number.unit.de == "cm");
    let choice = tidied(Question { kind: QuestionKind::Choice, ..full.clone() });
    assert!(choice.options.len() == 1 && choice.min.is_none() && choice.unit.is_empty());
    assert_eq!(tidied(full), Question::default());
}

#[test]
fn the_audit_names_what_changed_and_nothing_else() {
    let old = Question { word: "depth".to_owned(), ..Question::default() };
    let mut new = old.clone();
    new.label.de = "Wie tief?".to_owned();
    new.max = Some(50);
    assert_eq!(changes(&old, &new), json!({ "label.de": ["", "Wie tief?"], "max": [null, 50] }));
    assert_eq!(changes(&old, &old), json!({}));
    assert_eq!(mark(&old), mark(&old.clone()));
    assert_ne!(mark(&old), mark(&new));
}

#[test]
fn every_icon_is_in_the_sprite_and_every_standard_category_can_be_edited() {
    let sprite: Vec<&str> = include_str!("../../../../frontend/icons.txt").split_whitespace().collect();
    for (icon, label) in ICONS {
        assert!(sprite.contains(icon) && !label.is_empty(), "{icon}");
    }
    for category in category::standard().unwrap() {
        assert!(ICONS.iter().any(|(icon, _)| *icon == category.icon), "{}", category.word);
        assert!(offers_something(&category));
        let stops = category.stops.iter().chain(category.problems.iter().map(|p| &p.stop));
        for stop in stops.filter(|stop| !stop.href.is_empty()) {
            assert_eq!(link_target(&stop.href).as_ref(), Some(&stop.href), "{}", category.word);
        }
        let dangers = category.problems.iter().map(|p| &p.danger).chain([&category.danger]);
        for danger in dangers.filter(|danger| !danger.text.is_empty()) {
            assert!(dialled(&danger.phone).is_some(), "{}", category.word);
        }
    }
}

proptest! {
    #[test]
    fn foreign_lines_never_panic(german in "\\PC{0,200}", english in "\\PC{0,80}") {
        if let Ok(options) = options_of(&german, &english, &[]) {
            let words: std::collections::BTreeSet<_> = options.iter().map(|o| &o.word).collect();
            prop_assert_eq!(words.len(), options.len());
        }
    }

    #[test]
    fn a_link_never_runs(text in "\\PC{0,60}") {
        let target = link_target(&text);
        prop_assert!(target.is_none_or(|to| ["/", "https://", "http://", "tel:"].iter().any(|s| to.starts_with(s))));
    }
}
