//! Any bytes as a tile of a stranger's map: no panic and bounded memory, and a picture that is taken says its scale.
#![no_main]

use libfuzzer_sys::fuzz_target;
use maps::Raster;

fuzz_target!(|bytes: &[u8]| {
    let scale = Raster::scale_of(bytes);
    if Raster::decode(bytes).is_ok() {
        assert!(scale.is_ok());
    }
});
