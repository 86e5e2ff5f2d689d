//! The rules as tables: which step comes next and why, what an answer must look like, who sees what, what a review may
//! decide. No database.

use crate::{
    around::merged,
    category::{self, Category, Question, QuestionKind, QuestionOption, Words, answers_to, fold},
    journey::{AnswerRefusal, Draft, Missing, Step, check_answer, date_of_parts},
    pages::shortened,
    report::{
        After, PublicState, ReviewRefusal, Verdict, Visibility, blur_area, cell_of, first_visibility, mail_hash,
        reads_as_phone, review,
    },
};
use base::{Moment, Position};
use proptest::prelude::*;
use uuid::Uuid;

const HERE: Position = Position { lat: 50.12, lon: 11.03 };

fn standard() -> Vec<Category> {
    category::standard().unwrap()
}

fn draft(place: bool, category: &str, problem: &str, body: &str) -> Draft {
    Draft {
        position: place.then_some(HERE),
        category: category.to_owned(),
        problem: problem.to_owned(),
        body: body.to_owned(),
        ..Draft::default()
    }
}

#[test]
fn the_first_step_that_lacks_something_comes_next() {
    let categories = standard();
    let cases = [
        (draft(false, "", "", ""), Step::Place),
        (draft(false, "road", "pothole", ""), Step::Place),
        (draft(true, "", "", ""), Step::What),
        (draft(true, "road", "", ""), Step::What),
        (draft(true, "road", "pothole", ""), Step::Check),
        (draft(true, "playground", "chain", ""), Step::Check),
        (draft(true, "road", "other", ""), Step::What),
        (draft(true, "road", "other", "Da steht Wasser."), Step::Check),
        (draft(true, "road", "unknown", "x"), Step::What),
        (draft(true, "unknown", "pothole", "x"), Step::What),
        (draft(true, "noise", "site", "x"), Step::What),
    ];
    for (draft, step) in cases {
        assert_eq!(draft.next_step(&categories), step, "{}/{}", draft.category, draft.problem);
    }
}

#[test]
fn a_photo_says_what_words_would() {
    let mut with_photo = draft(true, "road", "other", "");
    assert_eq!(with_photo.missing(&standard()), [Missing::Description]);
    with_photo.photos.push(crate::journey::DraftPhoto {
        blob: Uuid::nil(),
        name: "loch.jpg".into(),
        digest: String::new(),
    });
    assert!(with_photo.missing(&standard()).is_empty());
}

#[test]
fn a_switched_off_category_is_no_choice_any_more() {
    let mut categories = standard();
    let draft = draft(true, "graffiti", "paint", "");
    assert!(draft.missing(&categories).is_empty());
    categories.iter_mut().for_each(|category| category.active = false);
    assert_eq!(draft.missing(&categories), [Missing::ProblemGone]);
}

#[test]
fn a_new_place_leaves_the_thing_of_the_old_one() {
    let mut draft = draft(true, "", "", "");
    draft.asset = Some(crate::journey::Thing {
        id: Uuid::nil(),
        label: "Schaukel".into(),
        kind: "play_equipment".into(),
        position: None,
    });
    draft.move_to(HERE, "Lindenpark".into(), String::new());
    assert!(draft.asset.is_some(), "the same place again");
    draft.move_to(Position { lat: 50.13, ..HERE }, "Mühlweg".into(), String::new());
    assert!(draft.asset.is_none());
}

#[test]
fn answers_fit_their_questions() {
    use AnswerRefusal::{Empty, NoDate, NoNumber, NoOption, TooLong};
    let option = QuestionOption { word: "deep".into(), label: Words::default() };
    let question = |kind, required| Question {
        word: "q".into(),
        label: Words::default(),
        kind,
        required,
        options: vec![option.clone()],
        ..Question::default()
    };
    let long = "a".repeat(501);
    let cases = [
        (QuestionKind::Text, false, "", Ok(())),
        (QuestionKind::Text, true, "  ", Err(Empty)),
        (QuestionKind::Text, true, "nachts", Ok(())),
        (QuestionKind::Text, false, long.as_str(), Err(TooLong)),
        (QuestionKind::Choice, false, "deep", Ok(())),
        (QuestionKind::Choice, false, "forged", Err(NoOption)),
        (QuestionKind::Number, false, "3", Ok(())),
        (QuestionKind::Number, false, "2,5", Ok(())),
        (QuestionKind::Number, false, "-1", Err(NoNumber)),
        (QuestionKind::Number, false, "viele", Err(NoNumber)),
        (QuestionKind::Number, false, "NaN", Err(NoNumber)),
        (QuestionKind::Date, false, "2026-11-05", Ok(())),
        (QuestionKind::Date, false, "2026-02-30", Err(NoDate)),
    ];
    for (kind, required, given, expected) in cases {
        assert_eq!(check_answer(&question(kind, required), given), expected, "{kind:?} {given:.20}");
    }
    assert_eq!(date_of_parts("5", "11", "2026"), "2026-11-05");
    assert_eq!(date_of_parts(" ", "", ""), "");
    assert!(check_answer(&question(QuestionKind::Date, false), &date_of_parts("5", "", "2026")).is_err());
}

#[test]
fn numbers_keep_their_bounds() {
    use AnswerRefusal::{NoNumber, OutOfBounds};
    let cases = [
        (Some(1), Some(50), "1", Ok(())),
        (Some(1), Some(50), "50", Ok(())),
        (Some(1), Some(50), "49,5", Ok(())),
        (Some(1), Some(50), "0", Err(OutOfBounds)),
        (Some(1), Some(50), "50,1", Err(OutOfBounds)),
        (Some(1), Some(50), "tief", Err(NoNumber)),
        (Some(-20), None, "-20", Ok(())),
        (Some(-20), None, "-21", Err(OutOfBounds)),
        (None, Some(9), "9", Ok(())),
        (None, Some(9), "10", Err(OutOfBounds)),
        (None, Some(9), "-1", Err(NoNumber)),
    ];
    for (min, max, given, expected) in cases {
        let question = Question { kind: QuestionKind::Number, min, max, ..Question::default() };
        assert_eq!(check_answer(&question, given), expected, "{min:?} {max:?} {given}");
    }
}

#[test]
fn what_others_mend_is_not_reported_and_what_is_hidden_is_no_choice() {
    let mut categories = standard();
    let draft = draft(true, "road", "pothole", "");
    let change = |categories: &mut Vec<Category>, f: fn(&mut category::Problem)| {
        let road = categories.iter_mut().find(|c| c.word == "road").unwrap();
        f(road.problems.iter_mut().find(|p| p.word == "pothole").unwrap());
    };
    change(&mut categories, |p| p.stop.text.de = "Das macht das Straßenbauamt.".to_owned());
    assert_eq!(draft.missing(&categories), [Missing::NotOurs]);
    assert_eq!(draft.next_step(&categories), Step::What);
    change(&mut categories, |p| p.hidden = true);
    assert_eq!(draft.missing(&categories), [Missing::ProblemGone]);
    let road = categories.iter().find(|c| c.word == "road").unwrap();
    assert!(road.problems_for(None).iter().all(|p| p.word != "pothole"));
    assert!(!answers_to(road, "pothole") && road.problem("pothole").is_some(), "past reports still name it");
}

#[test]
fn nothing_is_public_before_a_review_unless_the_town_says_so() {
    assert_eq!(first_visibility(true, true), Visibility::Waiting);
    assert_eq!(first_visibility(true, false), Visibility::Public);
    assert_eq!(first_visibility(false, true), Visibility::Private);
    assert_eq!(first_visibility(false, false), Visibility::Private);
}

#[test]
fn a_review_decides_with_reasons() {
    use Verdict::{Publish, Refuse};
    use Visibility::{Private, Public, Refused, Waiting, Withdrawn};
    let cases = [
        (Waiting, Publish, "Loch", "", Ok(Public)),
        (Waiting, Publish, " ", "", Err(ReviewRefusal::TitleMissing)),
        (Waiting, Refuse, "Loch", "", Err(ReviewRefusal::ReasonMissing)),
        (Waiting, Refuse, "", "Zeigt Personen.", Ok(Refused)),
        (Public, Refuse, "Loch", "Beschwerde berechtigt.", Ok(Refused)),
        (Refused, Publish, "Loch", "", Ok(Public)),
        (Withdrawn, Publish, "Loch", "", Err(ReviewRefusal::Withdrawn)),
        (Withdrawn, Refuse, "Loch", "x", Err(ReviewRefusal::Withdrawn)),
        (Private, Publish, "Loch", "", Err(ReviewRefusal::NeverPublic)),
        (Private, Refuse, "Loch", "x", Err(ReviewRefusal::NeverPublic)),
    ];
    for (now, verdict, title, reason, expected) in cases {
        assert_eq!(review(now, verdict, title, reason), expected, "{now:?} {verdict:?}");
    }
}

#[test]
fn every_state_of_a_case_reads_as_one_of_five() {
    for state in cases::State::ALL {
        assert_eq!(PublicState::of(state.word()).is_open(), state.is_open(), "{state:?}");
    }
    assert_eq!(PublicState::of("resolved"), PublicState::Fixed);
    assert_eq!(PublicState::of("refused"), PublicState::Closed);
}

#[test]
fn the_standard_categories_are_whole() {
    let categories = standard();
    assert!(categories.len() >= 14);
    for category in &categories {
        let words: std::collections::BTreeSet<_> = category.problems.iter().map(|p| &p.word).collect();
        assert_eq!(words.len(), category.problems.len(), "{}", category.word);
        assert!(category.problem("other").is_some(), "{}", category.word);
        let both = |words: &Words| !words.de.is_empty() && !words.en.is_empty();
        assert!(both(&category.label) && category.problems.iter().all(|p| both(&p.label)), "{}", category.word);
        assert!(category.questions.iter().all(|q| both(&q.label)), "{}", category.word);
        let known = identity::STANDARD_UNITS.iter().any(|unit| unit.word == category.department);
        assert!(known, "{}: {}", category.word, category.department);
        assert!(category.active && (1..=120).contains(&category.working_days));
    }
    let unique: std::collections::BTreeSet<_> = categories.iter().map(|c| &c.word).collect();
    assert_eq!(unique.len(), categories.len());
}

#[test]
fn problems_follow_the_thing() {
    let categories = standard();
    let ground = categories.iter().find(|c| c.word == "playground").unwrap();
    let has = |thing, word: &str| ground.problems_for(thing).iter().any(|p| p.word == word);
    assert!(has(None, "chain"));
    assert!(has(Some(("play_equipment", "Schaukel SP-014-02")), "chain"));
    assert!(!has(Some(("play_equipment", "Rutsche SP-014-01")), "chain"));
    assert!(has(Some(("playground", "Spielplatz Lindenpark")), "gate"));
    assert_eq!(ground.title("chain", "Schaukel SP-014-02"), "Schaukel SP-014-02: Kette oder Seil gerissen");
    assert_eq!(ground.title("other", ""), "Spielplatz");
    let named = |category: &Category, word| category.named(category.problem(word).unwrap(), " – ", web::Lang::De);
    assert_eq!(named(ground, "chain"), "Spielplatz – Kette oder Seil gerissen");
    let other = categories.iter().find(|c| c.word == "other").unwrap();
    assert_eq!(named(other, "other"), "Etwas anderes", "said once");
}

#[test]
fn one_fixed_report_is_not_many() {
    let (de, en) = crate::room().texts;
    let texts = web::TextsOfAll::load(&[("reports", de, en)]).unwrap();
    let said = |lang, fixed: i64, reported: i64| {
        texts.of(lang).with("reports-news-text", &[("fixed", fixed.into()), ("reported", reported.into())])
    };
    assert_eq!(said(web::Lang::De, 1, 1), "Die einzige Meldung der letzten 30 Tage ist schon erledigt.");
    assert_eq!(said(web::Lang::De, 1, 7), "1 von 7 Meldungen der letzten 30 Tage ist schon erledigt.");
    assert_eq!(said(web::Lang::De, 5, 7), "5 von 7 Meldungen der letzten 30 Tage sind schon erledigt.");
    assert_eq!(said(web::Lang::En, 1, 7), "1 of 7 reports of the last 30 days is already fixed.");
}

#[test]
fn people_find_categories_by_their_own_words() {
    let categories = standard();
    let cases = [
        ("Schlagloch", "road"),
        ("dunkle Laterne", ""),
        ("laterne", "street_light"),
        ("Sperrmüll", "litter"),
        ("pothole", "road"),
        ("Glatteis", "winter"),
        ("ab", ""),
    ];
    for (query, word) in cases {
        let found = categories.iter().find(|c| answers_to(c, &fold(query))).map_or("", |c| c.word.as_str());
        assert_eq!(found, word, "{query}");
    }
}

#[test]
fn boxes_outside_the_picture_are_no_boxes() {
    let area = blur_area(10.0, 20.0, 30.0, 40.0).unwrap();
    assert!((area.x - 0.1).abs() < 1e-9 && (area.h - 0.4).abs() < 1e-9);
    for (x, y, w, h) in [(-1.0, 0.0, 5.0, 5.0), (0.0, 101.0, 5.0, 5.0), (0.0, 0.0, 0.0, 5.0), (0.0, 0.0, 5.0, f64::NAN)]
    {
        assert!(blur_area(x, y, w, h).is_none());
    }
}

#[test]
fn a_mail_hash_forgives_case_and_blanks() {
    assert_eq!(mail_hash(" Anna@Example.org "), mail_hash("anna@example.org"));
    assert_ne!(mail_hash("anna@example.org"), mail_hash("anna@example.com"));
}

#[test]
fn long_texts_end_at_a_word() {
    assert_eq!(shortened("kurz", 10), "kurz");
    assert_eq!(shortened("Die Kette der Schaukel", 12), "Die Kette …");
}

#[test]
fn a_drafts_debug_names_nobody() {
    let mut draft = draft(true, "road", "pothole", "Herr Beispiel war es");
    draft.email = "anna@example.org".into();
    let shown = format!("{draft:?}");
    assert!(!shown.contains("Beispiel") && !shown.contains("anna"), "{shown}");
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn a_place_in_a_list_survives_its_link(micros in 0i64..4_000_000_000_000_000, bits in any::<u128>()) {
        let after = After { opened_at: Moment::from_micros(micros), id: Uuid::from_u128(bits) };
        prop_assert_eq!(After::parse(&after.text()), Some(after));
    }

    #[test]
    fn neighbours_share_a_cell_or_touch(lat in 47.0f64..55.0, lon in 6.0f64..15.0) {
        let at = Position { lat, lon };
        let next = cell_of(Position { lat: lat + 0.004, lon }) - cell_of(at);
        prop_assert!((1_000_000..=2_000_000).contains(&next) || next == 0, "{}", next);
    }
}

#[test]
fn phone_numbers_are_read_kindly() {
    let real = [
        "",
        "115",
        "09208 6640",
        "09208/6640-12",
        "0171 1234567",
        "(0921) 25-0",
        "+49 (0) 9208 / 66 40",
        "0049921250",
        "+43 1 4000-0",
        "+41 44 412 11 11",
        "+420 222 222 222",
        "+33 1 42 76 40 40",
        "+1 (212) 555-0100 ext. 12",
        "001.212.555.0100",
        "+90 312 123 45 67",
        "0921–25 12 34",
        "0171\u{a0}1234567",
        "Tel. 0921 250, abends",
        "+31 (0)20 14020",
        "0800 3301000",
        "٠٣٤٥ ٦٧٨",
        "+886 2 2720 8889 #12",
    ];
    for number in real {
        assert!(reads_as_phone(number), "{number}");
    }
    let wrong = [
        "anna@example.org",
        "keine",
        "12",
        "0171 <b>1234567</b>",
        "Rufen Sie mich bitte abends an 0921 250",
        "1234567890123456789012345",
        "0171 1234567 / 0921 250 / 0922 250 / 0923 250 / 0924 250 / 0925",
    ];
    for number in wrong {
        assert!(!reads_as_phone(number), "{number}");
    }
}

#[test]
fn places_that_read_alike_and_lie_together_are_one() {
    use places::{PlaceHit, PlaceKind};
    let hit = |label: &str, sub: &str, lat: f64, kind| PlaceHit {
        label: label.to_owned(),
        sub: sub.to_owned(),
        position: Position { lat, lon: 11.03 },
        kind,
        asset: None,
        exact: true,
    };
    let hits = vec![
        hit("Lindenpark", "Nordstadt", 50.12, PlaceKind::Park),
        hit("Lindenpark", "Nordstadt", 50.1205, PlaceKind::Playground),
        hit("lindenpark", "Nordstadt", 50.1206, PlaceKind::Square),
        hit("Lindenpark", "Südstadt", 50.1201, PlaceKind::Park),
        hit("Lindenpark", "Nordstadt", 50.14, PlaceKind::Street),
    ];
    let kept: Vec<_> = merged(hits).into_iter().map(|hit| (hit.sub, hit.kind)).collect();
    let expected = [("Nordstadt", PlaceKind::Park), ("Südstadt", PlaceKind::Park), ("Nordstadt", PlaceKind::Street)];
    assert_eq!(kept, expected.map(|(sub, kind)| (sub.to_owned(), kind)));
}

#[test]
fn moves_inside_the_office_look_the_same_from_outside() {
    use crate::report::{PublicState, public_steps};
    let words =
        ["received", "in_progress", "waiting_citizen", "citizen_answered", "with_others", "planned", "resolved"];
    let steps: Vec<_> = (0..).zip(words).map(|(at, word)| (base::Moment::from_micros(at), word.to_owned())).collect();
    let seen: Vec<_> = public_steps(&steps).map(|(at, state)| (at.micros(), state)).collect();
    let (reported, in_work) = (PublicState::Reported, PublicState::InWork);
    assert_eq!(seen, [(0, reported), (1, in_work), (5, PublicState::Planned), (6, PublicState::Fixed)]);
}
