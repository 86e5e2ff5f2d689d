//! Any bytes with any name as an attachment: no panic, and a name that stays a name in a header.
#![no_main]

use files::attachment::{Kind, disposition, recognise, safe_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| {
    let (name, head) = input;
    let kind = recognise(head, name).unwrap_or(Kind::Pdf);
    assert!(!safe_name(name, kind).contains(['/', '\\', '\r', '\n', '"']));
    assert_eq!(disposition(name).matches('"').count(), 2);
});
