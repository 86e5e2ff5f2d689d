//! One answer in two spellings. Open311 describes its answers as XML and maps them to JSON by dropping the elements that
//! only wrap a list ("Spark"), so both come from one tree. Not here: what an answer holds. Invariant: whatever a person
//! typed, the XML is well formed: characters that XML 1.0 does not know are left out.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use serde_json::{Map, Value};
use std::io;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Text(String),
    Number(f64),
    Integer(i64),
    Flag(bool),
    /// Not known: `null`, or an empty element.
    Nothing,
    /// Things of one kind: elements of this name, or an array.
    List(&'static str, Vec<Node>),
    Fields(Vec<(&'static str, Node)>),
}

impl Node {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Empty is nothing.
    pub fn known(text: impl Into<String>) -> Self {
        Some(text.into()).filter(|text| !text.is_empty()).map_or(Self::Nothing, Self::Text)
    }

    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
            Self::Integer(number) => Value::from(*number),
            Self::Flag(flag) => Value::from(*flag),
            Self::Nothing => Value::Null,
            Self::List(_, items) => items.iter().map(Self::json).collect(),
            Self::Fields(fields) => {
                let fields = fields.iter().map(|(name, node)| ((*name).to_owned(), node.json()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// A whole document. `root` is the element around it.
    pub fn xml(&self, root: &str) -> io::Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        self.write(&mut writer, root)?;
        Ok(writer.into_inner())
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, name: &str) -> io::Result<()> {
        let text = match self {
            Self::Text(text) => clean(text),
            Self::Number(number) => number.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Nothing => return writer.write_event(Event::Empty(BytesStart::new(name))),
            Self::List(..) | Self::Fields(_) => String::new(),
        };
        writer.write_event(Event::Start(BytesStart::new(name)))?;
        match self {
            Self::List(item, items) => items.iter().try_for_each(|node| node.write(writer, item))?,
            Self::Fields(fields) => fields.iter().try_for_each(|(name, node)| node.write(writer, name))?,
            _ => writer.write_event(Event::Text(BytesText::new(&text)))?,
        }
        writer.write_event(Event::End(BytesEnd::new(name)))
    }
}

/// Without what XML 1.0 (section 2.2, Char) forbids even as a reference.
fn clean(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}
