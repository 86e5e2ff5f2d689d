//! Any words as a street, a house number and a search: no panic, and folding twice is folding once.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|typed: &str| places::fuzzing::words(typed));
