//! How German addresses and place names are written, folded and recognised: "Lindenstr. 5a" is "Lindenstraße 5 a", and a
//! slip of the finger still finds the street. Pure rules; no database, no map. Folding is stored, so it only ever grows
//! by way of a migration that folds again.

/// What somebody typed into the place field, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Street or name, folded.
    pub name: String,
    /// House number, folded: "5a".
    pub number: Option<String>,
    pub postcode: Option<String>,
    /// What follows the house number or a comma, folded: a town or village.
    pub place: String,
}

/// Longest text the search looks at; nobody types a longer place.
pub const QUERY_CHARS_MAX: usize = 120;

/// The house number in a typed address, folded: "5a". `None` where the text names none.
pub fn house_number(text: &str) -> Option<String> {
    parse_query(text).number
}

/// Do both typed lines name one street or place, slips forgiven? House numbers do not count.
pub fn name_alike(one: &str, other: &str) -> bool {
    distance(&parse_query(one).name, &Folded::of(&parse_query(other).name)).is_some()
}

/// Letters as they are compared: small, without umlauts and accents, one blank between words.
pub fn fold_words(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            'á' | 'à' | 'â' | 'ã' | 'å' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ě' => folded.push('e'),
            'í' | 'ì' | 'î' | 'ï' => folded.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ő' => folded.push('o'),
            'ú' | 'ù' | 'û' | 'ů' | 'ű' => folded.push('u'),
            'ç' | 'č' | 'ć' => folded.push('c'),
            'ñ' | 'ń' => folded.push('n'),
            'š' | 'ś' => folded.push('s'),
            'ž' | 'ź' | 'ż' => folded.push('z'),
            'ł' => folded.push('l'),
            _ if letter.is_alphanumeric() => folded.push(letter),
            '\'' | '’' | '´' | '`' | '\u{301}' | '\u{308}' => {}
            _ if !folded.is_empty() && !folded.ends_with(' ') => folded.push(' '),
            _ => {}
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Endings people write for "straße", the common slips among them.
const STREET_ENDINGS: [&str; 9] =
    ["strassse", "strasse", "strsse", "strase", "strass", "stasse", "srasse", "stras", "str"];

/// A street or place name as one word: "Adam-Weber-Weg" and "Adam Weber Weg" are the same, "Lindenstr." and
/// "Linden Straße" too.
pub fn fold_name(text: &str) -> String {
    let words = fold_words(text);
    let mut name = String::with_capacity(words.len());
    for word in words.split(' ') {
        let stem = STREET_ENDINGS.iter().find_map(|ending| word.strip_suffix(ending));
        match (word, stem) {
            ("st" | "skt" | "sankt", _) => name.push_str("sankt"),
            ("pl", _) => name.push_str("platz"),
            ("dr" | "doktor", _) => name.push_str("dr"),
            ("prof" | "professor", _) => name.push_str("prof"),
            (_, Some(stem)) => {
                name.push_str(stem);
                name.push_str("str");
            }
            (_, None) => match word.strip_suffix("pl").filter(|stem| stem.len() > 3) {
                Some(stem) => {
                    name.push_str(stem);
                    name.push_str("platz");
                }
                None => name.push_str(word),
            },
        }
    }
    name
}

/// "5 A" and "5a" are the same door.
pub fn fold_number(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Orders house numbers as people do: 2 before 10, 5 before 5a.
pub fn number_key(number: &str) -> (u32, String) {
    let folded = fold_number(number);
    let digits: String = folded.chars().take_while(char::is_ascii_digit).take(6).collect();
    let rest = folded[digits.len()..].to_owned();
    (digits.parse().unwrap_or(u32::MAX), rest)
}

fn is_postcode(word: &str) -> bool {
    word.len() == 5 && word.bytes().all(|b| b.is_ascii_digit())
}

/// A token that begins a house number: "5", "12a", "3-5", "7/2".
fn is_number(word: &str) -> bool {
    word.len() <= 8
        && word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.'))
        && word.chars().filter(char::is_ascii_alphabetic).count() <= 2
        && !is_postcode(word)
}

/// Takes a typed line apart: "Lindenstr. 5 a, 95463 Bindlach".
pub fn parse_query(text: &str) -> Query {
    let text: String = text.chars().take(QUERY_CHARS_MAX).collect();
    let (mut query, mut name, mut place) = (Query::default(), Vec::new(), Vec::new());
    for (part, piece) in text.split(',').enumerate() {
        let words: Vec<&str> = piece.split_whitespace().collect();
        let mut skip = false;
        for (index, word) in words.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            if is_postcode(word) {
                query.postcode = Some((*word).to_owned());
            } else if query.number.is_none() && !name.is_empty() && is_number(word) {
                // "5 a": a single letter right behind belongs to the number.
                let letter = words.get(index + 1).filter(|next| {
                    next.chars().count() == 1
                        && next.chars().all(char::is_alphabetic)
                        && word.chars().all(|c| c.is_ascii_digit())
                });
                skip = letter.is_some();
                query.number = Some(fold_number(&format!("{word}{}", letter.unwrap_or(&""))));
            } else if part > 0 && !name.is_empty()
                || query.number.is_some()
                || query.postcode.is_some() && !name.is_empty()
            {
                place.push(*word);
            } else {
                name.push(*word);
            }
        }
    }
    query.name = fold_name(&name.join(" "));
    query.place = fold_name(&place.join(" "));
    query
}

/// A name prepared for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    pub whole: String,
    /// Where words begin inside `whole`, the first excluded.
    starts: Vec<usize>,
    letters: u32,
}

impl Folded {
    pub fn of(label: &str) -> Self {
        let (mut whole, mut starts) = (String::new(), Vec::new());
        for word in fold_words(label).split(' ') {
            if !whole.is_empty() {
                starts.push(whole.len());
            }
            whole.push_str(&fold_name(word));
        }
        let letters = letter_set(&whole);
        Self { whole, starts, letters }
    }
}

fn letter_set(text: &str) -> u32 {
    text.bytes().fold(0, |set, byte| match byte {
        b'a'..=b'z' => set | 1 << (byte - b'a'),
        b'0'..=b'9' => set | 1 << 26,
        _ => set | 1 << 27,
    })
}

/// How many slips a word of this length may hold and still be meant.
fn slips_allowed(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=7 => 1,
        8..=12 => 2,
        _ => 3,
    }
}

/// How far a typed, folded name is from a known one; smaller is nearer, `None` is something else. Exact, then beginning,
/// then a later word, then the inside, then slips of the finger.
pub fn distance(typed: &str, known: &Folded) -> Option<f64> {
    if typed.is_empty() {
        return None;
    }
    if typed == known.whole {
        return Some(0.0);
    }
    let excess = known.whole.len().saturating_sub(typed.len()) as f64 * 0.01;
    if known.whole.starts_with(typed) {
        return Some(0.2 + excess);
    }
    if known.starts.iter().any(|start| known.whole[*start..].starts_with(typed)) {
        return Some(0.5 + excess);
    }
    if typed.len() >= 4 && known.whole.contains(typed) {
        return Some(0.9 + excess);
    }
    let allowed = slips_allowed(typed.len());
    let strange = (letter_set(typed) & !known.letters).count_ones() as usize;
    if allowed == 0 || strange > allowed {
        return None;
    }
    let (whole, start) = slips(typed.as_bytes(), known.whole.as_bytes());
    if whole <= allowed {
        return Some(1.2 + whole as f64 * 0.5);
    }
    (start <= allowed && typed.len() >= 5).then_some(1.5 + start as f64 * 0.5 + excess)
}

/// Slips between two words (letters added, left out, changed, swapped), for the whole known word and for its best
/// beginning.
fn slips(typed: &[u8], known: &[u8]) -> (usize, usize) {
    let columns = known.len() + 1;
    let mut oldest = vec![0usize; columns];
    let mut before: Vec<usize> = (0..columns).collect();
    let mut current = vec![0usize; columns];
    for (i, letter) in typed.iter().enumerate() {
        current[0] = i + 1;
        for j in 1..columns {
            let change = before[j - 1] + usize::from(*letter != known[j - 1]);
            let mut least = change.min(before[j] + 1).min(current[j - 1] + 1);
            if i > 0 && j > 1 && *letter == known[j - 2] && typed[i - 1] == known[j - 1] {
                least = least.min(oldest[j - 2] + 1);
            }
            current[j] = least;
        }
        std::mem::swap(&mut oldest, &mut before);
        std::mem::swap(&mut before, &mut current);
    }
    (before[columns - 1], before.iter().copied().min().unwrap_or(usize::MAX))
}
