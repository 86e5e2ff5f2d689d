//! Folding, typed lines, slips, the grid, the meaning of tags, the two memories: pure tables.

use super::{HERE, at};
use crate::cache::{Memo, Pictures};
use crate::grid;
use crate::model::AssetKind;
use crate::register::{Folded, distance, fold_name, fold_number, fold_words, number_key, parse_query};
use crate::tags::{Tags, meaning};
use base::MunicipalityId;
use base::uuid::Uuid;
use maps::Class;
use proptest::prelude::*;

#[test]
fn street_names_fold_to_one_form() {
    for written in
        ["Lindenstraße", "Lindenstr.", "lindenstrasse", "Linden Straße", "LINDENSTRASSE", "Linden-Str", "lindenstrase"]
    {
        assert_eq!(fold_name(written), "lindenstr", "{written}");
    }
    assert_eq!(fold_name("Adam-Weber-Weg"), fold_name("adam weber weg"));
    assert_eq!(fold_name("Straße der Einheit"), fold_name("Str. der Einheit"));
    assert_eq!(fold_name("Marktpl."), fold_name("Marktplatz"));
    assert_eq!(fold_name("St.-Georg-Straße"), fold_name("Sankt Georg Str."));
    assert_eq!(fold_name("Mühlweg"), "muehlweg");
    assert_eq!(fold_words("  Çelik’s Café / Eck "), "celiks cafe eck");
    assert_ne!(fold_name("Lindenweg"), fold_name("Lindenstraße"));
}

#[test]
fn house_numbers_compare_as_people_do() {
    assert_eq!(fold_number(" 5 A"), "5a");
    let mut numbers = ["10", "5a", "5", "2", "7 b", "7a", "ohne"];
    numbers.sort_by_key(|number| number_key(number));
    assert_eq!(numbers, ["2", "5", "5a", "7a", "7 b", "10", "ohne"]);
}

#[test]
fn a_typed_line_is_taken_apart() {
    let table = [
        ("Lindenstr. 5", "lindenstr", Some("5"), None, ""),
        ("lindenstrase 5 a", "lindenstr", Some("5a"), None, ""),
        ("Adam-Weber-Weg 12-14, 95463 Bindlach", "adamweberweg", Some("12-14"), Some("95463"), "bindlach"),
        ("Hauptstraße 7 95463 Bindlach", "hauptstr", Some("7"), Some("95463"), "bindlach"),
        ("Marktplatz, Altstadt", "marktplatz", None, None, "altstadt"),
        ("Straße des 17. Juni", "strdes", Some("17."), None, "juni"),
        ("5", "5", None, None, ""),
        ("", "", None, None, ""),
        ("95463 Bindlach", "bindlach", None, Some("95463"), ""),
    ];
    for (typed, name, number, postcode, place) in table {
        let query = parse_query(typed);
        let parts = (query.name.as_str(), query.number.as_deref(), query.postcode.as_deref(), query.place.as_str());
        assert_eq!(parts, (name, number, postcode, place), "{typed}");
    }
}

#[test]
fn slips_find_the_street_and_strangers_do_not() {
    let far = |typed: &str, known: &str| distance(&fold_name(typed), &Folded::of(known));
    assert_eq!(far("Hauptstraße", "Hauptstraße"), Some(0.0));
    for typed in ["Haupstr.", "Hauptstrasse", "Hautpstraße", "Haupt", "hauptstrase", "Hauptstrr"] {
        assert!(far(typed, "Hauptstraße").is_some(), "{typed}");
    }
    for typed in ["Bahnhofstraße", "Ring", "x", "Haselweg", ""] {
        assert!(far(typed, "Hauptstraße").is_none(), "{typed}");
    }
    assert!(far("Weber", "Adam-Weber-Weg").is_some());
    assert!(far("Linden", "Lindenstraße") < far("Linden", "Am Lindenhof"));
    assert!(far("Lindenstraße", "Lindenstraße") < far("Lindnstraße", "Lindenstraße"));
    assert!(far("ententeich", "Ententeich") < far("entenetich", "Ententeich"));
}

proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
        let words = fold_words(&text);
        prop_assert_eq!(fold_words(&words), words);
    }

    #[test]
    fn one_swapped_pair_still_finds_the_name(index in 1usize..10) {
        let known = Folded::of("Kastanienallee");
        let mut letters: Vec<char> = known.whole.chars().collect();
        letters.swap(index, index + 1);
        let typed: String = letters.into_iter().collect();
        prop_assert!(distance(&typed, &known).is_some_and(|far| far <= 1.7));
    }

    #[test]
    fn any_line_is_parsed(text in "\\PC{0,200}") {
        let query = parse_query(&text);
        prop_assert!(query.number.is_none_or(|number| number.len() <= 12));
    }

    #[test]
    fn the_cells_around_hold_every_neighbour(north in -400.0..400.0f64, east in -400.0..400.0f64) {
        let there = at(north, east);
        let metres = HERE.metres_to(there);
        let cell = grid::cell(there);
        prop_assert!(grid::runs(HERE.around(metres + 0.1)).iter().any(|(first, last)| (*first..=*last).contains(&cell)));
    }
}

#[test]
fn tags_mean_what_a_town_needs() {
    let of = |tags: &[(&'static str, &'static str)]| meaning(&Tags::of(tags.iter().copied()));
    let street = of(&[("highway", "residential"), ("name", "Lindenstraße")]);
    assert_eq!((street.line, street.label.as_deref()), (Some(Class::Street), Some("Lindenstraße")));
    assert_eq!(of(&[("highway", "primary"), ("bridge", "yes")]).level, 1);
    assert_eq!(of(&[("railway", "rail"), ("tunnel", "yes"), ("layer", "-2")]).level, -2);
    assert_eq!(of(&[("highway", "residential"), ("layer", "3")]).level, 0);
    let school = of(&[("building", "yes"), ("amenity", "school"), ("name", "Grundschule")]);
    assert_eq!(school.area, Some(Class::PublicBuilding));
    let house =
        of(&[("building", "house"), ("addr:street", "Am Ring"), ("addr:housenumber", "3"), ("addr:city", "Au")]);
    assert_eq!(house.area, Some(Class::Building));
    assert_eq!(
        house.door.map(|door| (door.street, door.house_number, door.place)),
        Some(("Am Ring".into(), "3".into(), "Au".into()))
    );
    let playground = of(&[("leisure", "playground"), ("name", "Lindenpark"), ("ref", "SP-014")]);
    assert_eq!(playground.asset, Some((AssetKind::Playground, "Spielplatz Lindenpark".to_owned())));
    assert_eq!(playground.number.as_deref(), Some("SP-014"));
    assert_eq!(of(&[("playground", "swing")]).asset, Some((AssetKind::PlayEquipment, "Schaukel".to_owned())));
    assert_eq!(of(&[("highway", "street_lamp")]).asset.map(|(kind, _)| kind), Some(AssetKind::Lamp));
    let border = of(&[("boundary", "administrative"), ("admin_level", "10"), ("name", "Altstadt")]);
    assert_eq!(border.district.as_deref(), Some("Altstadt"));
    assert!(of(&[("boundary", "administrative"), ("admin_level", "8"), ("name", "Ahornfurt")]).is_nothing());
    assert!(of(&[("building", "no")]).is_nothing());
    assert!(of(&[("shop", "bakery"), ("name", "Lindner")]).is_nothing());
    assert!(of(&[]).is_nothing());
}

#[test]
fn pictures_stay_within_their_bytes_and_the_oldest_goes() {
    let pictures: Pictures<u32> = Pictures::new(3_700);
    let picture = |fill: u8| axum::body::Bytes::from(vec![fill; 1_000]);
    (0..3).for_each(|key| pictures.put(key, picture(1)));
    assert!(pictures.get(&0).is_some());
    pictures.put(3, picture(2));
    assert!(pictures.get(&1).is_none(), "the longest unused one goes");
    assert!(pictures.get(&0).is_some() && pictures.get(&2).is_some() && pictures.get(&3).is_some());
    pictures.put(3, picture(3));
    assert_eq!(pictures.get(&3).unwrap()[0], 3);
    pictures.put(9, axum::body::Bytes::from(vec![0; 5_000]));
    assert!(pictures.get(&9).is_none(), "larger than the whole shelf");
    assert_eq!(pictures.bytes(), 3_600);
}

#[test]
fn a_new_version_is_made_anew() {
    let memo: Memo<u32> = Memo::new(2);
    let town = |number| MunicipalityId(Uuid::from_u128(number));
    let get = |number, version, value: u32| *memo.get(town(number), version, || Ok::<_, ()>(value)).unwrap();
    assert_eq!(get(1, 1, 10), 10);
    assert_eq!(get(1, 1, 11), 10, "known");
    assert_eq!(get(1, 2, 12), 12, "other version");
    assert_eq!((get(2, 1, 20), get(3, 1, 30)), (20, 30));
    assert_eq!(get(1, 2, 13), 13, "the longest unused town was forgotten");
    assert_eq!(memo.get(town(9), 1, || Err::<u32, _>("broken")), Err("broken"));
}
