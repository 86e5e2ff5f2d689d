//! Any words as a town's list of addresses: no panic, and what is taken keeps its limits, each address once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fuzz_target!(|list: &str| {
    let Some(rows) = places::fuzzing::addresses(list) else { return };
    let mut seen = HashSet::new();
    for row in &rows {
        for text in [&row.street, &row.house_number, &row.postcode, &row.place] {
            assert!(text.chars().count() <= 160 && !text.contains(char::is_control));
        }
        assert!(!row.street.is_empty() && !row.house_number.is_empty());
        assert!(row.position.lat.abs() <= 90.0 && row.position.lon.abs() <= 180.0);
        assert!(seen.insert(&row.source_ref));
    }
});
