//! Any words as a mail address: no panic, and what is taken harms no header and no list, and reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::EmailAddress;

fuzz_target!(|typed: &str| {
    let Ok(address) = EmailAddress::parse(typed) else { return };
    let text = address.as_str();
    assert!(text.is_ascii() && text.len() <= 254);
    assert!(!text.contains(|c: char| c.is_ascii_control() || c.is_ascii_whitespace() || "<>()[],;:\\\"".contains(c)));
    assert_eq!(text.matches('@').count(), 1);
    assert_eq!(EmailAddress::parse(text).as_ref().map(EmailAddress::as_str), Ok(text));
});
