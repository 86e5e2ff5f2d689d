//! What a letter says, as blocks: each is rendered once as plain text and once as simple HTML, so the two cannot
//! differ. No pictures, no tracking, no remote content. Text by strangers is escaped and cannot become markup.

use crate::{EmailAddress, Letter, MessageId};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

/// A letter without addressee. Can be kept as JSON in a job.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    subject: String,
    lang: String,
    blocks: Vec<Block>,
    footer: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Block {
    Greeting(Option<String>),
    Heading(String),
    Paragraph(String),
    Fact { label: String, value: String },
    Quote(String),
    Button { label: String, url: String },
}

impl Mail {
    /// In German, until `language` says otherwise.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: one_line(&subject.into()), lang: "de".to_owned(), blocks: Vec::new(), footer: Vec::new() }
    }

    /// The language tag of the texts that follow, for screen readers: `de`, `en`, `de-x-leicht`.
    #[must_use]
    pub fn language(mut self, tag: &str) -> Self {
        if !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            tag.clone_into(&mut self.lang);
        }
        self
    }

    /// „Guten Tag,“ or its like in the letter's language.
    #[must_use]
    pub fn greeting(self) -> Self {
        self.block(Block::Greeting(None))
    }

    #[must_use]
    pub fn greeting_to(self, name: impl Into<String>) -> Self {
        self.block(Block::Greeting(Some(one_line(&name.into()))))
    }

    #[must_use]
    pub fn heading(self, text: impl Into<String>) -> Self {
        self.block(Block::Heading(one_line(&text.into())))
    }

    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.block(Block::Paragraph(lines(&text.into())))
    }

    /// A name and its value on one line: number, place, deadline.
    #[must_use]
    pub fn fact(self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.block(Block::Fact { label: one_line(&label.into()), value: one_line(&value.into()) })
    }

    /// What somebody wrote, set apart from what the town says.
    #[must_use]
    pub fn quote(self, text: impl Into<String>) -> Self {
        self.block(Block::Quote(lines(&text.into())))
    }

    /// A link to follow. Anything but http and https is left out of the HTML as a link and stays readable text.
    #[must_use]
    pub fn button(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.block(Block::Button { label: one_line(&label.into()), url: one_line(&url.into()) })
    }

    /// Small print below a line: who writes, how to stop the mails. May be called several times.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.footer.push(lines(&text.into()));
        self
    }

    fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Addresses the mail. The Message-ID is the caller's, so that a repetition is recognised as one.
    pub fn letter(&self, to: EmailAddress, message_id: MessageId) -> Letter {
        Letter {
            to,
            message_id,
            subject: self.subject.clone(),
            text: self.text(),
            html: self.html(),
            from_name: None,
            reply_to: None,
            headers: Vec::new(),
        }
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn greeting_word(&self) -> &'static str {
        if self.lang.starts_with("en") { "Hello" } else { "Guten Tag" }
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut after_fact = false;
        for block in &self.blocks {
            let is_fact = matches!(block, Block::Fact { .. });
            if !out.is_empty() {
                out.push_str(if is_fact && after_fact { "\n" } else { "\n\n" });
            }
            after_fact = is_fact;
            // Writing to a String cannot fail.
            let _ = match block {
                Block::Greeting(None) => write!(out, "{},", self.greeting_word()),
                Block::Greeting(Some(name)) => write!(out, "{} {name},", self.greeting_word()),
                Block::Heading(text) | Block::Paragraph(text) => write!(out, "{text}"),
                Block::Fact { label, value } => write!(out, "{label}: {value}"),
                Block::Quote(text) => write!(out, "> {}", text.replace('\n', "\n> ")),
                Block::Button { label, url } => write!(out, "{label}:\n{url}"),
            };
        }
        if !self.footer.is_empty() {
            // The sign that mail programs know to fold away what follows.
            let _ = write!(out, "\n\n-- \n{}", self.footer.join("\n"));
        }
        out.push('\n');
        out
    }

    pub fn html(&self) -> String {
        let mut out = String::new();
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n</head>\n\
             <body style=\"{BODY}\">\n",
            Escaped(&self.lang),
            Escaped(&self.subject)
        );
        for block in &self.blocks {
            let _ = self.html_block(&mut out, block);
        }
        if !self.footer.is_empty() {
            out.push_str("<hr>\n");
        }
        for text in &self.footer {
            let _ = writeln!(out, "<p style=\"font-size: 0.875em\">{}</p>", Lines(text));
        }
        out.push_str("</body>\n</html>\n");
        out
    }

    fn html_block(&self, out: &mut String, block: &Block) -> fmt::Result {
        match block {
            Block::Greeting(None) => writeln!(out, "<p>{},</p>", self.greeting_word()),
            Block::Greeting(Some(name)) => writeln!(out, "<p>{} {},</p>", self.greeting_word(), Escaped(name)),
            Block::Heading(text) => writeln!(out, "<h2 style=\"font-size: 1.2em\">{}</h2>", Escaped(text)),
            Block::Paragraph(text) => writeln!(out, "<p>{}</p>", Lines(text)),
            Block::Fact { label, value } => {
                writeln!(
                    out,
                    "<p style=\"margin: 0.2em 0\"><strong>{}:</strong> {}</p>",
                    Escaped(label),
                    Escaped(value)
                )
            }
            Block::Quote(text) => writeln!(out, "<blockquote style=\"{QUOTE}\">{}</blockquote>", Lines(text)),
            Block::Button { label, url } if is_web(url) => {
                // The address stands below in full: some programs show no buttons, and people should see where it goes.
                let (label, url) = (Escaped(label), Escaped(url));
                writeln!(
                    out,
                    "<p><a href=\"{url}\" style=\"{BUTTON}\">{label}</a></p>\n\
                     <p style=\"font-size: 0.875em; word-break: break-all\">{url}</p>"
                )
            }
            Block::Button { label, url } => writeln!(out, "<p>{}: {}</p>", Escaped(label), Escaped(url)),
        }
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(***)")
    }
}

const BODY: &str = "font-family: Arial, Helvetica, sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em; \
                    margin: 0 auto; padding: 16px";
const QUOTE: &str = "margin: 1em 0; padding: 0 0 0 1em; border-left: 4px solid #767676";
const BUTTON: &str = "display: inline-block; padding: 12px 20px; border-radius: 4px; background: #1b4f8f; \
                      color: #ffffff; font-weight: bold";

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Line breaks of every kind become one, other control characters go.
fn lines(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let kept: String = unified.chars().filter(|c| *c == '\n' || !is_unwanted(*c)).collect();
    kept.trim_matches('\n').to_owned()
}

/// Everything on one line, for subjects, labels and names.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = lines(text).chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Control characters, and marks that turn the direction of writing and so could forge what a line says.
fn is_unwanted(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Escaped for HTML text and attributes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Escaped, with its line breaks.
struct Lines<'a>(&'a str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.0.split('\n').enumerate() {
            if number > 0 {
                f.write_str("<br>\n")?;
            }
            Escaped(line).fmt(f)?;
        }
        Ok(())
    }
}
