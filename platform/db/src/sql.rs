//! SQL texts and what the house must know about them before a driver sees them: which `$N` they use, whether they
//! write, where one statement ends. Not a parser: a scanner that knows quotes and comments. Texts are made of static
//! parts only, so no value can ever become part of a statement.

use crate::DbError;
use std::{borrow::Cow, cell::RefCell, collections::HashMap};

/// One statement. `"…".into()` for a fixed text, `Sql::join` for a text composed of fixed parts.
#[derive(Debug, Clone)]
pub struct Sql(pub(crate) Cow<'static, str>);

impl Sql {
    /// Composes a statement from fixed parts, separated by a blank.
    pub fn join(parts: &[&'static str]) -> Self {
        Self(Cow::Owned(parts.join(" ")))
    }

    /// Appends a fixed part after a blank.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        let own = self.0.to_mut();
        own.push(' ');
        own.push_str(text);
        self
    }

    /// Appends a number of rows. In the text, not bound: where PostgreSQL weighs one plan for all values it takes a bound
    /// limit for a tenth of the table, so that plan sorts all rows to find the first twenty, or every call is planned
    /// anew. For constants: every number is a statement of its own.
    pub fn push_rows(&mut self, rows: i64) -> &mut Self {
        let own = self.0.to_mut();
        own.push(' ');
        own.push_str(&rows.max(0).to_string());
        self
    }

    /// This statement with "LIMIT rows" at its end.
    #[must_use]
    pub fn limit(mut self, rows: i64) -> Self {
        self.push("LIMIT").push_rows(rows);
        self
    }

    /// This statement behind a fixed part: `EXPLAIN`, say.
    #[must_use]
    pub fn behind(&self, text: &'static str) -> Self {
        Self(Cow::Owned(format!("{text} {}", self.0)))
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

/// What is known about a statement after one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Bit N is set if `$N` occurs.
    used: u128,
    highest: usize,
    /// INSERT, UPDATE or DELETE.
    pub writes: bool,
}

impl Facts {
    /// Every `$1..=$arguments` occurs, and nothing beyond: the same rule on both databases.
    pub fn fit(&self, arguments: usize) -> Result<(), DbError> {
        let all = if arguments == 0 { 0 } else { ((1u128 << arguments) - 1) << 1 };
        if self.used == all && arguments < 127 {
            return Ok(());
        }
        Err(DbError::other(format!(
            "{arguments} arguments (the municipality is $1) for placeholders up to ${} with gaps counted",
            self.highest
        )))
    }
}

/// Composed texts whose facts are remembered; there are a few hundred.
const COMPOSED_MAX: usize = 2_000;

thread_local! {
    /// Facts of static texts by address: a text is looked at once per thread, not once per call.
    static KNOWN: RefCell<HashMap<(usize, usize), Facts>> = RefCell::new(HashMap::new());
    /// The same for composed texts.
    static COMPOSED: RefCell<HashMap<String, Facts>> = RefCell::new(HashMap::new());
}

pub(crate) fn facts(sql: &Sql) -> Facts {
    match &sql.0 {
        Cow::Borrowed(text) => KNOWN.with_borrow_mut(|known| {
            *known.entry((text.as_ptr() as usize, text.len())).or_insert_with(|| look_at(text))
        }),
        Cow::Owned(text) => COMPOSED.with_borrow_mut(|known| {
            if let Some(facts) = known.get(text) {
                return *facts;
            }
            if known.len() >= COMPOSED_MAX {
                known.clear();
            }
            let facts = look_at(text);
            known.insert(text.clone(), facts);
            facts
        }),
    }
}

fn look_at(text: &str) -> Facts {
    let mut facts = Facts { used: 0, highest: 0, writes: false };
    for token in Tokens::of(text) {
        match token {
            Token::Placeholder(n) => {
                facts.highest = facts.highest.max(n);
                // A number out of reach can never fit any arguments.
                facts.used |= if n < 127 { 1 << n } else { 1 };
            }
            Token::Word(word) => {
                facts.writes |= ["INSERT", "UPDATE", "DELETE"].iter().any(|w| word.eq_ignore_ascii_case(w));
            }
            Token::Semicolon(_) => {}
        }
    }
    facts
}

/// The first table after FROM, JOIN, INTO or UPDATE that is not in the list: the fence around operating statements.
pub(crate) fn table_outside(text: &str, allowed: &[&str]) -> Option<String> {
    let mut tokens = Tokens::of(text).peekable();
    while let Some(token) = tokens.next() {
        let Token::Word(word) = token else { continue };
        let announces = ["FROM", "JOIN", "INTO", "UPDATE"].iter().any(|w| word.eq_ignore_ascii_case(w));
        let Some(Token::Word(table)) = tokens.peek().filter(|_| announces) else { continue };
        let is_clause = ["SET", "SELECT"].iter().any(|w| table.eq_ignore_ascii_case(w));
        if !is_clause && !allowed.contains(table) {
            return Some((*table).to_owned());
        }
    }
    None
}

/// Cuts a migration into its statements: at semicolons outside of quotes and comments.
pub(crate) fn statements(script: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for token in Tokens::of(script) {
        if let Token::Semicolon(at) = token {
            pieces.push(&script[start..at]);
            start = at + 1;
        }
    }
    pieces.push(&script[start..]);
    pieces.into_iter().map(str::trim).filter(|piece| Tokens::of(piece).next().is_some()).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Placeholder(usize),
    Semicolon(usize),
}

/// Walks over a text and skips strings, quoted names, comments, numbers and signs.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn skip_to(&mut self, end: &str, after: usize) {
        let from = (self.at + after).min(self.text.len());
        self.at = self.text[from..].find(end).map_or(self.text.len(), |found| from + found + end.len());
    }

    fn take_while(&mut self, from: usize, keep: impl Fn(u8) -> bool) -> &'t str {
        let bytes = self.text.as_bytes();
        let end = (from..bytes.len()).find(|i| !keep(bytes[*i])).unwrap_or(bytes.len());
        self.at = end;
        &self.text[from..end]
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            match rest {
                [] => return None,
                // A doubled quote inside a string reads as two adjacent strings, which is just as well here.
                [quote @ (b'\'' | b'"'), ..] => self.skip_to(if *quote == b'"' { "\"" } else { "'" }, 1),
                [b'-', b'-', ..] => self.skip_to("\n", 2),
                [b'/', b'*', ..] => self.skip_to("*/", 2),
                [b';', ..] => {
                    self.at += 1;
                    return Some(Token::Semicolon(self.at - 1));
                }
                [b'$', b'0'..=b'9', ..] => {
                    let digits = self.take_while(self.at + 1, |b| b.is_ascii_digit());
                    return Some(Token::Placeholder(digits.parse().unwrap_or(usize::MAX)));
                }
                [b, ..] if is_word(*b) => return Some(Token::Word(self.take_while(self.at, is_word))),
                _ => self.at += 1,
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_fit_their_arguments() {
        let facts =
            look_at("UPDATE t SET a = $3, b = '$9 it''s', c = \"$8\" WHERE m = $1 AND id = $2 -- $7\n /* $6 */");
        assert!(facts.writes);
        assert!(facts.fit(3).is_ok());
        assert!(facts.fit(2).is_err());
        assert!(facts.fit(4).is_err());
    }

    #[test]
    fn a_gap_is_an_error() {
        assert!(look_at("SELECT a FROM t WHERE m = $1 AND b = $3").fit(3).is_err());
        assert!(look_at("SELECT a FROM t WHERE b = $2").fit(2).is_err());
        assert!(look_at("SELECT a FROM t WHERE b = $999").fit(2).is_err());
        assert!(look_at("SELECT 1").fit(0).is_ok());
    }

    #[test]
    fn scripts_are_cut_outside_of_quotes_and_comments() {
        let script = "-- one; two\nCREATE TABLE a (b TEXT DEFAULT 'x;y');\n/* ; */ CREATE TABLE c (d TEXT);\n-- end;\n";
        let pieces = statements(script);
        assert_eq!(pieces.len(), 2);
        assert!(pieces[1].ends_with("(d TEXT)"));
    }

    #[test]
    fn the_fence_names_a_strange_table() {
        let ours = ["jobs", "hosts"];
        assert_eq!(table_outside("SELECT 1 FROM jobs JOIN reports ON 1 = 1", &ours).as_deref(), Some("reports"));
        assert_eq!(table_outside("INSERT INTO jobs (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = 1", &ours), None);
        assert_eq!(table_outside("UPDATE jobs SET a = 1 WHERE id IN (SELECT id FROM jobs)", &ours), None);
        assert_eq!(table_outside("SELECT id FROM (SELECT id FROM cases) x", &ours).as_deref(), Some("cases"));
    }
}
