//! Just enough Rust to look at: what is code, what is comment, what is a string, where test modules and functions
//! begin and end. Not a parser: it never judges whether the code is right.
//! Invariant: masked text has the same length in lines and bytes as the source, so positions agree.

/// A string literal: its line (from 1) and its content as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    pub line: usize,
    pub text: String,
}

pub struct Scanned {
    /// The source with comments, strings and characters blanked out.
    pub code: String,
    pub literals: Vec<Literal>,
}

/// A function with its first and last line.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first: usize,
    pub last: usize,
}

pub fn scan(source: &str) -> Scanned {
    let bytes = source.as_bytes();
    let mut code = bytes.to_vec();
    let mut literals = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => find(bytes, at, b"\n").unwrap_or(bytes.len()),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment(bytes, at),
            b'"' => {
                let end = quoted(bytes, at);
                push(&mut literals, source, at, at + 1, end.saturating_sub(1));
                end
            }
            b'r' if !is_word(bytes, at.wrapping_sub(1)) && raw_hashes(bytes, at + 1).is_some() => {
                let hashes = raw_hashes(bytes, at + 1).unwrap_or(0);
                let start = at + 2 + hashes;
                let mut mark = vec![b'"'];
                mark.extend(std::iter::repeat_n(b'#', hashes));
                let close = find(bytes, start, &mark).unwrap_or(bytes.len());
                push(&mut literals, source, at, start, close);
                (close + mark.len()).min(bytes.len())
            }
            b'\'' => character(bytes, at),
            _ => at + 1,
        };
        if end > at + 1 || bytes[at] == b'"' {
            blank(&mut code[at..end]);
        }
        at = end.max(at + 1);
    }
    Scanned { code: String::from_utf8_lossy(&code).into_owned(), literals }
}

fn push(literals: &mut Vec<Literal>, source: &str, at: usize, start: usize, end: usize) {
    if let Some(text) = source.get(start..end.max(start)) {
        literals.push(Literal { line: line_of(source, at), text: text.to_owned() });
    }
}

fn blank(part: &mut [u8]) {
    for byte in part.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|found| from + found)
}

fn is_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn raw_hashes(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes.get(from..)?.iter().take_while(|byte| **byte == b'#').count();
    (bytes.get(from + hashes) == Some(&b'"')).then_some(hashes)
}

fn block_comment(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0;
    let mut here = at;
    while here < bytes.len() {
        if bytes[here..].starts_with(b"/*") {
            depth += 1;
            here += 2;
        } else if bytes[here..].starts_with(b"*/") {
            depth -= 1;
            here += 2;
            if depth == 0 {
                return here;
            }
        } else {
            here += 1;
        }
    }
    bytes.len()
}

fn quoted(bytes: &[u8], at: usize) -> usize {
    let mut here = at + 1;
    while here < bytes.len() {
        match bytes[here] {
            b'\\' => here += 2,
            b'"' => return here + 1,
            _ => here += 1,
        }
    }
    bytes.len()
}

/// The end of a character literal; a lifetime is only its quote.
fn character(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        return find(bytes, at + 3, b"'").map_or(bytes.len(), |end| end + 1);
    }
    // One character has up to four bytes, then the closing quote.
    (at + 2..=at + 5)
        .find(|end| bytes.get(*end) == Some(&b'\''))
        .filter(|end| std::str::from_utf8(&bytes[at + 1..*end]).is_ok_and(|inner| inner.chars().count() == 1))
        .map_or(at + 1, |end| end + 1)
}

pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// The byte after the brace that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// The code with `#[cfg(test)]` modules and items blanked out.
pub fn without_tests(code: &str) -> String {
    let mut kept = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code.get(from..).and_then(|rest| rest.find("#[cfg(test)]")) {
        let start = from + found;
        let open = code[start..].find(['{', ';']).map_or(code.len(), |at| start + at);
        let end = if code.as_bytes().get(open) == Some(&b'{') { closing(code, open) } else { open };
        blank(&mut kept[start..end]);
        from = end.max(start + 1);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Every function with a body. `code` is masked.
pub fn functions(code: &str) -> Vec<Function> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find(bytes, from, b"fn ") {
        from = at + 3;
        if is_word(bytes, at.wrapping_sub(1)) {
            continue;
        }
        let name: String = code[from..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue;
        }
        if let Some(open) = body(bytes, from) {
            found.push(Function { name, first: line_of(code, at), last: line_of(code, closing(code, open)) });
        }
    }
    found
}

/// Where the body opens; `None` for a declaration without one. A `;` in `[u8; 4]` does not end the signature.
fn body(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Identifiers with their lines.
pub fn identifiers(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        found.extend(
            words.filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_')).map(|w| (index + 1, w)),
        );
    }
    found
}

/// `CaseReference` and `case_reference` are both case, reference.
pub fn words_of(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in identifier.chars() {
        let starts = letter.is_uppercase() && before_lower;
        if !letter.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            last.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blanked_and_collected() {
        let scanned =
            scan("let a = \"x // \\\" y\"; // dbg!\n/* a /* b */ c */ let c = '\"'; let l: &'a str = r#\"q\"w\"#;");
        assert!(!scanned.code.contains("dbg!") && !scanned.code.contains("b */"));
        assert!(scanned.code.contains("let c =") && scanned.code.contains("&'a str"));
        let texts: Vec<&str> = scanned.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(texts, ["x // \\\" y", "q\"w"]);
        assert_eq!(scanned.literals[1].line, 2);
    }

    #[test]
    fn umlauts_keep_positions() {
        let source = "// Straße\nlet ü = 'ß'; f(\"ä\");";
        let scanned = scan(source);
        assert_eq!(scanned.code.lines().count(), 2);
        assert_eq!(scanned.literals[0].text, "ä");
    }

    #[test]
    fn functions_are_measured_over_signatures_with_arrays() {
        let code = "fn a(x: [u8; 4]) -> [u8; 2] {\n  {}\n}\ntrait T { fn b(); }\npub async fn c() {}";
        let found = functions(code);
        let spans: Vec<(&str, usize, usize)> = found.iter().map(|f| (f.name.as_str(), f.first, f.last)).collect();
        assert_eq!(spans, [("a", 1, 3), ("c", 5, 5)]);
    }

    #[test]
    fn test_modules_are_left_out() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { x.unwrap() } }\nfn c() {}\n#[cfg(test)]\nmod more;";
        let kept = without_tests(code);
        assert!(kept.contains("fn a") && kept.contains("fn c") && !kept.contains("unwrap"));
    }

    #[test]
    fn identifiers_fall_into_words() {
        assert_eq!(words_of("CaseReference"), ["case", "reference"]);
        assert_eq!(words_of("MAX_case_v2"), ["max", "case", "v2"]);
    }
}
