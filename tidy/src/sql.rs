//! Just enough SQL to look at migrations: statements, columns, keys, and the remark behind each column.
//! Not a parser: what it does not understand it hands on as text.

#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    pub line: usize,
    pub name: String,
    pub kind: String,
    pub remark: String,
}

#[derive(Debug)]
pub struct Table {
    pub line: usize,
    pub name: String,
    pub columns: Vec<Column>,
    /// The statement without comments, one blank between words.
    pub text: String,
}

#[derive(Debug)]
pub struct Statement {
    pub line: usize,
    /// Without comments, one blank between words.
    pub text: String,
    raw: String,
}

/// Statements end at `;` outside of comments and quotes.
pub fn statements(source: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut raw = String::new();
    let mut first = 1;
    for (index, line) in source.lines().enumerate() {
        let (code, _) = split_remark(line);
        if raw.trim().is_empty() {
            raw.clear();
            first = index + 1;
        }
        raw.push_str(line);
        raw.push('\n');
        if code.trim_end().ends_with(';') {
            found.push(statement(first, std::mem::take(&mut raw)));
        }
    }
    if !raw.trim().is_empty() {
        found.push(statement(first, raw));
    }
    found.retain(|statement| !statement.text.is_empty());
    found
}

fn statement(line: usize, raw: String) -> Statement {
    let code: Vec<&str> = raw.lines().map(|line| split_remark(line).0).collect();
    let text = code.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    // Comments above the statement are not its line.
    let skipped = raw.lines().take_while(|line| split_remark(line).0.trim().is_empty()).count();
    Statement {
        line: line + skipped,
        text: text.trim_end_matches(';').trim().to_owned(),
        raw: raw.lines().skip(skipped).collect::<Vec<_>>().join("\n"),
    }
}

/// Code and remark of a line; `--` inside quotes is no remark.
pub fn split_remark(line: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, letter) in line.char_indices() {
        if letter == '\'' {
            quoted = !quoted;
        }
        if !quoted && line[at..].starts_with("--") {
            return (&line[..at], line[at + 2..].trim());
        }
    }
    (line, "")
}

impl Statement {
    pub fn table(&self) -> Option<Table> {
        let rest = strip(&self.text, "CREATE TABLE ")?;
        let rest = strip(rest, "IF NOT EXISTS ").unwrap_or(rest);
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        Some(Table { line: self.line, name, columns: self.columns(), text: self.text.clone() })
    }

    fn columns(&self) -> Vec<Column> {
        let mut found = Vec::new();
        let mut depth = 0i32;
        for (index, line) in self.raw.lines().enumerate() {
            let (code, remark) = split_remark(line);
            for piece in pieces(code, &mut depth) {
                let mut words = piece.split_whitespace();
                let (Some(name), Some(kind)) = (words.next(), words.next()) else { continue };
                if is_name(name) && !KEYWORDS.contains(&name.to_uppercase().as_str()) {
                    let kind = kind.trim_end_matches([',', ')', ';']).to_uppercase();
                    found.push(Column {
                        line: self.line + index,
                        name: name.to_lowercase(),
                        kind,
                        remark: remark.to_owned(),
                    });
                }
            }
        }
        found
    }
}

const KEYWORDS: [&str; 7] = ["CREATE", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "CONSTRAINT", "REFERENCES"];

fn is_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The parts of one line that begin at the level of columns, inside the first bracket.
fn pieces(code: &str, depth: &mut i32) -> Vec<String> {
    let mut found = vec![String::new()];
    for letter in code.chars() {
        let here = *depth;
        match letter {
            '(' => *depth += 1,
            ')' => *depth -= 1,
            _ => {}
        }
        if (letter == '(' && here == 0) || (letter == ',' && here == 1) {
            found.push(String::new());
        } else if let Some(last) = found.last_mut().filter(|_| here == 1 && *depth == 1) {
            last.push(letter);
        }
    }
    found
}

/// Like `strip_prefix`, whatever the case.
pub fn strip<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let head = text.get(..start.len())?;
    head.eq_ignore_ascii_case(start).then(|| &text[start.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "-- head\nCREATE TABLE cases_cases (\n  municipality UUID NOT NULL,\n  id UUID NOT NULL, state TEXT NOT NULL CHECK (state IN ('a;', 'b')), -- word\n  note TEXT, -- personal\n  PRIMARY KEY (municipality, id)\n);\n\nCREATE INDEX cases_x ON cases_cases (municipality, id);\n";

    #[test]
    fn statements_keep_their_lines() {
        let found = statements(SAMPLE);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[1].line), (2, 9));
        assert_eq!(found[1].text, "CREATE INDEX cases_x ON cases_cases (municipality, id)");
    }

    #[test]
    fn columns_carry_type_and_remark() {
        let table = statements(SAMPLE)[0].table().unwrap();
        assert_eq!(table.name, "cases_cases");
        let seen: Vec<(usize, &str, &str, &str)> =
            table.columns.iter().map(|c| (c.line, c.name.as_str(), c.kind.as_str(), c.remark.as_str())).collect();
        assert_eq!(
            seen,
            [
                (3, "municipality", "UUID", ""),
                (4, "id", "UUID", "word"),
                (4, "state", "TEXT", "word"),
                (5, "note", "TEXT", "personal")
            ]
        );
    }
}
