//! Any words as a form's body: no panic, nothing that PostgreSQL or XML cannot carry, and the same words give the same
//! fingerprint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use web::Form;

fuzz_target!(|body: &str| {
    let form = Form::from_urlencoded(body);
    for (name, value) in form.pairs() {
        let is_harmful =
            |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t') || matches!(c, '\u{FFFE}' | '\u{FFFF}');
        assert!(!name.contains(is_harmful) && !value.contains(is_harmful));
        let _ = (form.number(name), form.integer(name), form.text(name));
    }
    assert_eq!(form.fingerprint(), Form::from_urlencoded(body).fingerprint());
});
