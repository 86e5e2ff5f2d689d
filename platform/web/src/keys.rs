//! The site's secret key and what is made from it: PINs, signed links, signed cookies. One purpose never accepts what
//! another signed. The key lives in a file outside the database, so a stolen database opens nothing.

use aws_lc_rs::{constant_time, hmac};
use base::{Moment, MunicipalityId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Letters and digits that cannot be mistaken for each other on paper or on the phone.
const PIN_ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// 8 letters of 32 are 40 bits; together with the rate limit on `/stand` guessing is hopeless.
const PIN_LENGTH: usize = 8;

pub struct Keys(hmac::Key);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Tells one key from another and nothing about it; may be stored.
    pub fn fingerprint(&self) -> String {
        base::hex(&self.tag("fingerprint", &[]).as_ref()[..16])
    }

    fn tag(&self, purpose: &str, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }

    /// The PIN that belongs to a thing; computed, never stored.
    pub fn pin(&self, purpose: &str, id: &[u8]) -> String {
        let tag = self.tag(purpose, &[id]);
        tag.as_ref().iter().take(PIN_LENGTH).map(|byte| char::from(PIN_ALPHABET[usize::from(byte & 31)])).collect()
    }

    /// "7K2M 9XPQ": two groups are read out and copied without mistakes.
    pub fn grouped_pin(&self, purpose: &str, id: &[u8]) -> String {
        let pin = self.pin(purpose, id);
        let (first, second) = pin.split_at(PIN_LENGTH / 2);
        format!("{first} {second}")
    }

    /// Compares in constant time; spaces, hyphens and case are forgiven.
    pub fn pin_matches(&self, purpose: &str, id: &[u8], typed: &str) -> bool {
        let typed: String =
            typed.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_uppercase();
        constant_time::verify_slices_are_equal(self.pin(purpose, id).as_bytes(), typed.as_bytes()).is_ok()
    }

    /// A token for links and cookies: `payload.expiry.signature`, URL- and cookie-safe. It opens in this town only: case
    /// numbers are the same everywhere, and so is the key.
    pub fn seal(&self, town: MunicipalityId, purpose: &str, payload: &str, until: Moment) -> String {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let expiry = (until.micros() / 1_000_000).to_string();
        let tag = self.tag(purpose, &[town.0.as_bytes(), payload.as_bytes(), expiry.as_bytes()]);
        format!("{payload}.{expiry}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    /// The payload, if the signature fits town and purpose and the time has not come.
    pub fn open(&self, town: MunicipalityId, purpose: &str, token: &str, now: Moment) -> Option<String> {
        let mut parts = token.splitn(3, '.');
        let (payload, expiry, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let expected = self.tag(purpose, &[town.0.as_bytes(), payload.as_bytes(), expiry.as_bytes()]);
        let given = URL_SAFE_NO_PAD.decode(signature).ok()?;
        constant_time::verify_slices_are_equal(expected.as_ref(), &given).ok()?;
        if expiry.parse::<i64>().ok()? <= now.micros() / 1_000_000 {
            return None;
        }
        String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: MunicipalityId = MunicipalityId(base::uuid::Uuid::from_u128(1));
    const THERE: MunicipalityId = MunicipalityId(base::uuid::Uuid::from_u128(2));
    const NOW: Moment = Moment::from_micros(1_000_000_000_000_000);

    #[test]
    fn a_token_opens_for_its_town_purpose_and_time_only() {
        let keys = Keys::new(&[7; 32]);
        let token = keys.seal(HERE, "status", "2026-11-4711", NOW.plus_seconds(60));
        assert_eq!(keys.open(HERE, "status", &token, NOW).as_deref(), Some("2026-11-4711"));
        assert_eq!(keys.open(HERE, "other", &token, NOW), None);
        assert_eq!(keys.open(HERE, "status", &token, NOW.plus_seconds(60)), None);
        assert_eq!(Keys::new(&[8; 32]).open(HERE, "status", &token, NOW), None);
        assert_eq!(keys.open(THERE, "status", &token, NOW), None);
        let forged = token.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
        assert_eq!(keys.open(HERE, "status", &forged, NOW), None);
    }

    #[test]
    fn a_fingerprint_is_the_same_for_one_key_and_another_for_another() {
        let prints = [[7; 32], [7; 32], [8; 32]].map(|key| Keys::new(&key).fingerprint());
        assert_eq!(prints[0], prints[1]);
        assert_ne!(prints[0], prints[2]);
        assert_eq!(prints[0].len(), 32);
    }

    #[test]
    fn a_pin_forgives_how_people_type() {
        let keys = Keys::new(&[7; 32]);
        let pin = keys.pin("case", b"id");
        assert_eq!(pin.len(), PIN_LENGTH);
        let spaced = format!("{} - {}", &pin[..4].to_lowercase(), &pin[4..]);
        assert!(keys.pin_matches("case", b"id", &spaced));
        assert!(keys.pin_matches("case", b"id", &keys.grouped_pin("case", b"id")));
        for grouped in [[2, 2, 2, 2].as_slice(), &[3, 3, 2], &[1; 8], &[8]] {
            let mut rest = pin.as_str();
            let groups = grouped.iter().map(|length| {
                let (group, behind) = rest.split_at(*length);
                rest = behind;
                group
            });
            assert!(keys.pin_matches("case", b"id", &groups.collect::<Vec<_>>().join("\u{a0}")), "{grouped:?}");
        }
        assert!(!keys.pin_matches("case", b"other", &spaced));
        assert!(!keys.pin_matches("case", b"id", ""));
    }
}
