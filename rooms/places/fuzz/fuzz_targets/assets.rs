//! Any words as a town's list of assets (GeoJSON): no panic, and what is taken keeps its limits, each asset once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;

fuzz_target!(|list: &str| {
    let Some(rows) = places::fuzzing::assets(list) else { return };
    let mut seen = HashSet::new();
    for row in &rows {
        assert!(row.label.chars().count() <= 160 && !row.label.contains(char::is_control));
        assert!(row.position.lat.abs() <= 90.0 && row.position.lon.abs() <= 180.0);
        assert!(seen.insert(&row.source_ref));
    }
});
