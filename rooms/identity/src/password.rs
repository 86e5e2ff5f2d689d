//! Passwords: what is accepted, how it is kept (argon2id). Not where they are stored, and not how
//! long a wrong one makes wait: `brake`.
//! Invariant: hashing and checking take the same time whether an account exists or not, and never run in a `Tx`.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use base::Chance;
use std::sync::OnceLock;
use tokio::sync::Semaphore;
use web::PageError;

/// NIST SP 800-63B and BSI ORP.4: length counts, composition rules do not.
const LENGTH_MIN: usize = 12;
/// Longer texts are no passwords but an attempt to keep us busy.
const LENGTH_MAX: usize = 256;
/// Fewer different characters than this are one key held down.
const DIFFERENT_MIN: usize = 4;

/// OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, two rounds, one lane.
const MEMORY_KIB: u32 = 19_456;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;

/// Each hash takes 19 MiB: a flood of sign-ins must wait instead of eating the memory.
pub(crate) const HASHES_AT_ONCE: usize = 4;
pub(crate) static HASHING: Semaphore = Semaphore::const_new(HASHES_AT_ONCE);

/// The stored form of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

/// Why a password is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    TooShort,
    TooLong,
    /// On the list of those that are tried first, or hardly more than one character.
    Common,
    /// Made of the person's own name or address.
    Personal,
}

/// `about` are words an attacker would try first: name, address, town.
pub fn check_new_password(password: &str, about: &[&str]) -> Result<(), PasswordRefusal> {
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Err(PasswordRefusal::TooShort);
    }
    if length > LENGTH_MAX {
        return Err(PasswordRefusal::TooLong);
    }
    let plain = plain(password);
    let mut different: Vec<char> = plain.chars().collect();
    different.sort_unstable();
    different.dedup();
    // "Passwort" with a few digits behind it is still "Passwort".
    let stem = plain.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    if different.len() < DIFFERENT_MIN || COMMON.iter().any(|known| *known == plain || *known == stem) {
        return Err(PasswordRefusal::Common);
    }
    let own = about.iter().map(|word| self::plain(word)).filter(|word| word.len() >= 4);
    if own.into_iter().any(|word| stem == word || plain == format!("{word}{word}")) {
        return Err(PasswordRefusal::Personal);
    }
    Ok(())
}

fn plain(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect()
}

/// Our own choice of what people take when they are asked for twelve characters, in lower case and without blanks;
/// those that only differ in trailing digits are covered by their stem.
const COMMON: &[&str] = &[
    "passwort",
    "password",
    "passwortpasswort",
    "passwordpassword",
    "meinpasswort",
    "meinpasswortist",
    "geheimespasswort",
    "geheim",
    "geheimgeheim",
    "streng-geheim",
    "strenggeheim",
    "ichliebedich",
    "iloveyou",
    "iloveyouforever",
    "willkommen",
    "willkommen!",
    "welcome",
    "hallo",
    "hallohallo",
    "hallowelt",
    "hallo-welt",
    "helloworld",
    "schatz",
    "schatzischatzi",
    "sonnenschein",
    "sommersommer",
    "sommer",
    "winter",
    "fruehling",
    "frühling",
    "herbst",
    "weihnachten",
    "fussball",
    "fußball",
    "fussballfussball",
    "schalke",
    "bayernmuenchen",
    "bayernmünchen",
    "borussiadortmund",
    "deutschland",
    "bundesrepublik",
    "rathaus",
    "rathausrathaus",
    "stadtverwaltung",
    "gemeindeverwaltung",
    "verwaltung",
    "buergermeister",
    "bürgermeister",
    "bauhof",
    "feuerwehr",
    "stadtplatz",
    "administrator",
    "administratoradministrator",
    "adminadmin",
    "adminadminadmin",
    "testtesttest",
    "testpasswort",
    "qwertzuiopasdf",
    "qwertzuiopasdfghjkl",
    "qwertzuiop",
    "qwertzuiopü",
    "qwertyuiop",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "qwertzqwertz",
    "qwertyqwerty",
    "asdfghjkl",
    "asdfghjklö",
    "asdfasdfasdf",
    "yxcvbnmasdfghjkl",
    "yxcvbnmyxcvbnm",
    "1q2w3e4r5t6z",
    "1q2w3e4r5t6y",
    "1qay2wsx3edc",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcdefghijklmnop",
    "abcdefghijklmnopqrstuvwxyz",
    "abcabcabcabc",
    "abcd1234abcd",
    "abc123abc123",
    "1234567890ab",
    "123456123456",
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789123",
    "1234567890qwertz",
    "123123123123",
    "1234512345",
    "12341234",
    "123412341234",
    "0123456789",
    "012345678901",
    "098765432109",
    "987654321098",
    "9876543210",
    "111222333444",
    "112233445566",
    "121212121212",
    "correcthorsebatterystaple",
    "letmeinletmein",
    "changemechangeme",
    "changeme",
    "bittewechseln",
    "bitteaendern",
    "bitteändern",
    "neuespasswort",
    "startpasswort",
    "initialpasswort",
    "standardpasswort",
];

fn argon() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, ROUNDS, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Takes its time; not for async code and never inside a transaction. For the command line and the demo town.
pub fn hash_password_blocking(chance: &dyn Chance, password: &str) -> Option<PasswordHash> {
    let mut salt = [0u8; 16];
    chance.fill(&mut salt);
    let hash: phc::PasswordHash = argon()?.hash_password_with_salt(password.as_bytes(), &salt).ok()?;
    Some(PasswordHash(hash.to_string()))
}

/// Hashes a new password on a thread of its own.
pub async fn hash_password(site: &web::Site, password: String) -> Result<PasswordHash, PageError> {
    let site = site.clone();
    blocking(move || hash_password_blocking(&*site.chance, &password))
        .await?
        .ok_or_else(|| PageError::internal("a password could not be hashed"))
}

/// Does the password fit? Without a stored hash the answer is no, after the same work.
pub async fn password_fits(stored: Option<PasswordHash>, password: String) -> Result<bool, PageError> {
    blocking(move || match stored {
        Some(hash) => fits(&hash.0, &password),
        None => {
            // Only the time counts: even the decoy's own password opens nothing.
            std::hint::black_box(decoy().is_some_and(|hash| fits(hash, &password)));
            false
        }
    })
    .await
}

fn fits(hash: &str, password: &str) -> bool {
    // Nobody set a password that long, and hashing megabytes is work for an attacker to hand out.
    let password = if password.len() > LENGTH_MAX * 4 { "" } else { password };
    argon().is_some_and(|argon| argon.verify_password(password.as_bytes(), hash).is_ok())
}

/// A hash to compare with when there is no account, made with the same parameters.
fn decoy() -> Option<&'static str> {
    static DECOY: OnceLock<Option<String>> = OnceLock::new();
    DECOY
        .get_or_init(|| {
            let hash: phc::PasswordHash = argon()?.hash_password_with_salt(b"nobody", b"sixteen bytes ok").ok()?;
            Some(hash.to_string())
        })
        .as_deref()
}

/// The permit goes with the work: whoever hangs up leaves it behind, and it is free only when the memory is.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PageError> {
    let permit = HASHING.acquire().await.map_err(|_| PageError::internal("password hashing is closed"))?;
    let working = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(working).await.map_err(|_| PageError::internal("password hashing broke off"))
}
