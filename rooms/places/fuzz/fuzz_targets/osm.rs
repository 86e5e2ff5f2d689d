//! Any bytes as an extract of OpenStreetMap: no panic, and every place that comes out is one on Earth.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Write;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("room for it");
    for position in places::fuzzing::osm(file.path()) {
        assert!(position.lat.abs() <= 90.0 && position.lon.abs() <= 180.0);
    }
});
