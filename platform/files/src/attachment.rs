//! Files that are no photos: a short list of allowed kinds, told by their content, with a name made harmless. They are
//! kept as they came and therefore never shown by the site, only handed out as a download (`disposition`, together
//! with `X-Content-Type-Options: nosniff`).

use crate::{Refused, picture};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may be attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    Text,
    Odt,
    Docx,
    Jpeg,
    Png,
    WebP,
}

impl Kind {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain; charset=utf-8",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    /// Allowed endings of the name, the usual one first.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Text => &["txt", "csv", "md"],
            Self::Odt => &["odt"],
            Self::Docx => &["docx"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::WebP => &["webp"],
        }
    }
}

/// Tells the kind by the first bytes (`Incoming::head`). Two kinds need the name as well: a text has no magic number,
/// and a DOCX is a ZIP among others.
pub fn recognise(head: &[u8], name: &str) -> Result<Kind, Refused> {
    let ending = ending_of(name).unwrap_or_default();
    let kind = match head {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Kind::Pdf),
        [0xFF, 0xD8, 0xFF, ..] => Some(Kind::Jpeg),
        [0x89, b'P', b'N', b'G', ..] if picture::is_picture(head) => Some(Kind::Png),
        [b'R', b'I', b'F', b'F', ..] if picture::is_picture(head) => Some(Kind::WebP),
        [b'P', b'K', 3, 4, ..] => zipped_kind(head, &ending),
        _ if Kind::Text.endings().contains(&ending.as_str()) && is_text(head) => Some(Kind::Text),
        _ => None,
    };
    kind.ok_or(Refused::WrongType)
}

/// ODT writes its type uncompressed as the first member, for exactly this purpose. DOCX begins with one of a few known
/// members; one with macros would have to be called DOCM to run them.
fn zipped_kind(head: &[u8], ending: &str) -> Option<Kind> {
    let name_length = usize::from(u16::from_le_bytes([*head.get(26)?, *head.get(27)?]));
    let member = head.get(30..30 + name_length)?;
    let content = head.get(30 + name_length..)?;
    let odt = Kind::Odt.content_type().as_bytes();
    if member == b"mimetype" {
        // Templates and masters have longer types that begin alike; the next local header tells the end.
        let is_odt = content.starts_with(odt) && content[odt.len()..].starts_with(b"PK");
        return (is_odt && ending == "odt").then_some(Kind::Odt);
    }
    let first_of_docx: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/.rels", b"docProps/", b"word/"];
    (ending == "docx" && first_of_docx.iter().any(|first| member.starts_with(first))).then_some(Kind::Docx)
}

/// UTF-8 without control characters. The head may end in the middle of a letter.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

fn ending_of(name: &str) -> Option<String> {
    name.trim_end().rsplit_once('.').map(|(_, ending)| ending.to_lowercase())
}

/// Characters kept of the name, its ending not counted.
const NAME_CHARS: usize = 80;

/// A name that harms neither the page that shows it nor the computer that stores it: no path, no control characters,
/// no marks that turn the direction of writing (`rechnung\u{202e}fdp.exe`), no names reserved on Windows, and an
/// ending that fits the content.
pub fn safe_name(name: &str, kind: Kind) -> String {
    let clean: String = last_part(name)
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | ';' | '%') { '-' } else { c })
        .collect();
    let clean = clean.trim_matches(is_edge);
    let (stem, ending) = match clean.rsplit_once('.') {
        Some((stem, ending)) if kind.endings().contains(&ending.to_lowercase().as_str()) => (stem, ending),
        _ => (clean, kind.endings()[0]),
    };
    let stem: String = stem.chars().take(NAME_CHARS).collect();
    let stem = stem.trim_matches(is_edge);
    let stem = if stem.is_empty() || is_reserved(stem) { "Datei" } else { stem };
    format!("{stem}.{}", ending.to_lowercase())
}

/// What no name begins or ends with.
fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// The name in a sentence to whoever sent the file: as they know it, whatever the content is.
pub fn shown_name(name: &str) -> String {
    let clean: String = last_part(name).take(NAME_CHARS).collect();
    let clean = clean.trim();
    if clean.is_empty() { "Datei".to_owned() } else { clean.to_owned() }
}

/// Without the folders before it and what cannot be seen.
fn last_part(name: &str) -> impl Iterator<Item = char> + '_ {
    name.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(|c| !is_invisible(*c))
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{FEFF}' | '\u{FFFC}' | '\u{FFFD}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{E0000}'..='\u{E007F}')
}

/// Device names of Windows, with or without an ending of their own.
fn is_reserved(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    match first.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" => true,
        device => {
            let number = device.strip_prefix("COM").or_else(|| device.strip_prefix("LPT"));
            number.is_some_and(|n| n.chars().count() == 1 && n.chars().all(|c| c.is_ascii_digit()))
        }
    }
}

/// What RFC 8187 lets stand unencoded.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The value of `Content-Disposition` (RFC 6266): always a download, the name once in ASCII for old programs and once
/// in full. Ends no header and opens no quote, whatever the name is.
pub fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ' | '(' | ')') { c } else { '_' })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTRIBUTE))
}
