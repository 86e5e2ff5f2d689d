//! Any bytes as another system's list: no panic, and every record that is taken keeps the limits of a report.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reports::import::feed::{RECORDS_MAX, read};

fuzz_target!(|bytes: &[u8]| {
    let Ok(records) = read(bytes) else { return };
    assert!(records.len() <= RECORDS_MAX);
    for record in records.into_iter().flatten() {
        assert!(!record.id.is_empty() && record.updated >= record.requested);
        assert!(record.description.chars().count() <= 4_000 && record.address.chars().count() <= 300);
        assert!(!record.description.contains('\0'));
        assert!(record.position.lat.abs() <= 90.0 && record.position.lon.abs() <= 180.0);
    }
});
