//! Any bytes as a photo: no panic, no memory beyond the limit, and what comes out is a JPEG within its size.
#![no_main]

use files::picture::{Limits, prepare_now};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { pixels: 4_000_000, memory_bytes: 32 * 1024 * 1024, ..Limits::default() };
    if let Ok(picture) = prepare_now(bytes, limits) {
        for size in &picture.sizes {
            assert!(size.bytes.starts_with(&[0xFF, 0xD8]) && size.width <= 1600 && size.height <= 1600);
        }
    }
});
