//! The small markup of the town's texts: headings (`##`, `###`), paragraphs, lists (`-`, `1.`), links `[text](where)` and
//! `**strong**`. Pure. Not Markdown: there is no raw HTML, no picture, no nesting. Invariant: every character of the
//! source is escaped, and a link leads to a page of the town, to http(s), mail or phone, or it is no link.

use identity::own_path;
use std::fmt::Write;

/// Renders a text as HTML, to be put below the page's own `h1`.
pub fn render(source: &str) -> String {
    let mut out = String::new();
    let normal = source.replace("\r\n", "\n");
    for block in normal.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        render_block(&mut out, block);
    }
    out
}

/// Lines of one block: a heading ends itself, lists and paragraphs run on.
fn render_block(out: &mut String, block: &str) {
    let mut open = Open::Nothing;
    for line in block.lines().map(str::trim) {
        let (kind, text) = read_line(line);
        if kind != open {
            close(out, open);
            open = kind;
            out.push_str(match kind {
                Open::Bullets => "<ul>",
                Open::Numbers => "<ol>",
                Open::Paragraph => "<p>",
                Open::Nothing | Open::Heading | Open::Subheading => "",
            });
        } else if kind == Open::Paragraph {
            out.push_str("<br>");
        }
        let (before, after) = match kind {
            Open::Bullets | Open::Numbers => ("<li>", "</li>"),
            Open::Heading => ("<h2>", "</h2>"),
            Open::Subheading => ("<h3>", "</h3>"),
            Open::Paragraph | Open::Nothing => ("", ""),
        };
        out.push_str(before);
        inline(out, text);
        out.push_str(after);
    }
    close(out, open);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Heading,
    Subheading,
    Paragraph,
    Bullets,
    Numbers,
}

fn read_line(line: &str) -> (Open, &str) {
    if let Some(text) = line.strip_prefix("### ") {
        return (Open::Subheading, text);
    }
    if let Some(text) = line.strip_prefix("## ").or_else(|| line.strip_prefix("# ")) {
        return (Open::Heading, text);
    }
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return (Open::Bullets, text);
    }
    match line.split_once(". ") {
        Some((number, text))
            if !number.is_empty() && number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            (Open::Numbers, text)
        }
        _ => (Open::Paragraph, line),
    }
}

fn close(out: &mut String, open: Open) {
    out.push_str(match open {
        Open::Bullets => "</ul>",
        Open::Numbers => "</ol>",
        Open::Paragraph => "</p>",
        Open::Nothing | Open::Heading | Open::Subheading => "",
    });
}

fn inline(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find(['[', '*']) {
        let (before, from) = rest.split_at(start);
        escape(out, before);
        if let Some((label, target, after)) = link(from) {
            match allowed(target) {
                Some(target) => {
                    out.push_str("<a href=\"");
                    escape(out, target);
                    out.push_str("\">");
                    escape(out, label);
                    out.push_str("</a>");
                }
                None => escape(out, label),
            }
            rest = after;
        } else if let Some((strong, after)) = from.strip_prefix("**").and_then(|inner| inner.split_once("**")) {
            out.push_str("<strong>");
            escape(out, strong);
            out.push_str("</strong>");
            rest = after;
        } else {
            let (one, after) = from.split_at(1);
            escape(out, one);
            rest = after;
        }
    }
    escape(out, rest);
}

/// `[label](target)` at the beginning, with what follows it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (target, after) = rest.split_once(')')?;
    (!label.contains(['[', '\n']) && !label.is_empty()).then_some((label, target.trim(), after))
}

/// The targets of links that `render` would drop, in their order: an editor is told before they save.
pub fn refused_links(source: &str) -> Vec<&str> {
    let mut refused = vec![];
    for line in source.lines() {
        let mut rest = line;
        while let Some(start) = rest.find('[') {
            let from = &rest[start..];
            match link(from) {
                Some((_, target, after)) => {
                    // A name in braces is filled in later, with something of ours.
                    if !target.starts_with('{') && allowed(target).is_none() {
                        refused.push(target);
                    }
                    rest = after;
                }
                None => rest = &from[1..],
            }
        }
    }
    refused
}

fn allowed(target: &str) -> Option<&str> {
    let outside = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| {
        target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && target.len() > scheme.len()
    });
    let plain = !target.chars().any(|c| c.is_control() || c.is_whitespace());
    if outside && plain { Some(target) } else { own_path(target) }
}

fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters mean nothing on a page; line ends were taken before.
            other if other.is_control() => {
                // Writing to a String cannot fail.
                write!(out, " ").ok();
            }
            other => out.push(other),
        }
    }
}

/// The same text without marks, for searching and for short extracts.
pub fn plain(source: &str) -> String {
    let mut out = String::new();
    for line in source.lines() {
        let (_, text) = read_line(line.trim());
        let mut rest = text;
        while let Some(start) = rest.find('[') {
            out.push_str(&rest[..start]);
            match link(&rest[start..]) {
                Some((label, _, after)) => {
                    out.push_str(label);
                    rest = after;
                }
                None => {
                    out.push('[');
                    rest = &rest[start + 1..];
                }
            }
        }
        out.push_str(rest);
        out.push(' ');
    }
    out.replace("**", "")
}
