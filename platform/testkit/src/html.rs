//! Just enough reading of our own HTML to fill in forms as a browser without scripts does. Not a parser for anybody
//! else's pages: it relies on the quoting our templates use, and panics where they do not.

/// Undoes the escapes askama writes.
pub fn unescape(text: &str) -> String {
    let pairs = [("&#38;", "&"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'")];
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    pairs.iter().chain(&named).fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The value of an attribute inside one tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = tag[start..].find('"')? + start;
    Some(unescape(&tag[start..end]))
}

fn has_flag(tag: &str, name: &str) -> bool {
    tag.trim_end_matches(['>', '/']).split_whitespace().any(|word| word == name)
}

/// Every tag of this name with the text behind it up to the next tag.
fn tags<'h>(html: &'h str, name: &'h str) -> impl Iterator<Item = (&'h str, &'h str)> {
    let open = format!("<{name}");
    html.match_indices(&open.clone()).map(|(at, _)| at).collect::<Vec<_>>().into_iter().filter_map(move |at| {
        let rest = &html[at..];
        let boundary = rest.as_bytes().get(open.len()).copied().unwrap_or(b'>');
        if !(boundary == b' ' || boundary == b'>' || boundary == b'\n') {
            return None;
        }
        let end = rest.find('>')? + 1;
        let text = rest[end..].split('<').next().unwrap_or("");
        Some((&rest[..end], text))
    })
}

/// A form of a page with the values it would send untouched.
#[derive(Debug, Clone)]
pub struct FoundForm {
    pub id: String,
    pub action: String,
    pub method: String,
    pub multipart: bool,
    pub fields: Vec<(String, String)>,
}

/// All forms of a page. An empty action is the page itself.
pub fn forms(html: &str) -> Vec<FoundForm> {
    let mut found = vec![];
    let mut rest = html;
    while let Some(start) = rest.find("<form") {
        let end = rest[start..].find("</form>").map_or(rest.len(), |e| start + e);
        found.push(form(&rest[start..end]));
        rest = &rest[end..];
        rest = rest.strip_prefix("</form>").unwrap_or(rest);
    }
    let elsewhere: Vec<FoundForm> = tags(html, "button").filter_map(|(tag, _)| sent_elsewhere(&found, tag)).collect();
    found.extend(elsewhere);
    found
}

/// A button with its own target sends the form it belongs to there.
fn sent_elsewhere(forms: &[FoundForm], button: &str) -> Option<FoundForm> {
    let (action, id) = (attribute(button, "formaction")?, attribute(button, "form")?);
    let form = forms.iter().find(|form| form.id == id)?;
    Some(FoundForm { action, ..form.clone() })
}

fn form(html: &str) -> FoundForm {
    let head = &html[..html.find('>').map_or(html.len(), |end| end + 1)];
    let mut fields = vec![];
    for (tag, _) in tags(html, "input") {
        let Some(name) = attribute(tag, "name") else { continue };
        let kind = attribute(tag, "type").unwrap_or_else(|| "text".to_owned());
        let value = attribute(tag, "value");
        match kind.as_str() {
            "radio" | "checkbox" if !has_flag(tag, "checked") => {}
            "radio" | "checkbox" => fields.push((name, value.unwrap_or_else(|| "on".to_owned()))),
            "submit" | "image" | "file" | "button" => {}
            _ => fields.push((name, value.unwrap_or_default())),
        }
    }
    for (tag, text) in tags(html, "textarea") {
        if let Some(name) = attribute(tag, "name") {
            fields.push((name, unescape(text)));
        }
    }
    fields.extend(selects(html));
    FoundForm {
        id: attribute(head, "id").unwrap_or_default(),
        action: attribute(head, "action").unwrap_or_default(),
        method: attribute(head, "method").unwrap_or_else(|| "get".to_owned()).to_lowercase(),
        multipart: attribute(head, "enctype").as_deref() == Some("multipart/form-data"),
        fields,
    }
}

fn selects(html: &str) -> Vec<(String, String)> {
    let mut chosen = vec![];
    let mut rest = html;
    while let Some(start) = rest.find("<select") {
        let end = rest[start..].find("</select>").map_or(rest.len(), |e| start + e);
        let select = &rest[start..end];
        let options: Vec<_> = tags(select, "option").collect();
        let pick = options.iter().find(|(tag, _)| has_flag(tag, "selected")).or(options.first());
        let name = tags(select, "select").next().and_then(|(tag, _)| attribute(tag, "name"));
        if let (Some(name), Some((tag, text))) = (name, pick) {
            chosen.push((name, attribute(tag, "value").unwrap_or_else(|| unescape(text.trim()))));
        }
        rest = &rest[end..];
        rest = rest.strip_prefix("</select>").unwrap_or(rest);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_would() {
        let html = r#"<form action="/melden" method="post" enctype="multipart/form-data">
            <input type="hidden" name="once" value="abc"><input name="adresse" value="M&#38;M">
            <input type="radio" name="ding" value="a"><input type="radio" name="ding" value="b" checked>
            <select name="art"><option value="x">X</option><option value="y" selected>Y</option></select>
            <textarea name="text" rows="3">Hallo &lt;Welt&gt;</textarea><button>Weiter</button></form>
            <form id="x" action="/a"><input name="wort" value="1"></form><button form="x" formaction="/b">B</button>"#;
        let form = &forms(html)[0];
        let elsewhere = &forms(html)[2];
        assert_eq!((elsewhere.action.as_str(), elsewhere.fields.len()), ("/b", 1));
        assert_eq!((form.action.as_str(), form.method.as_str(), form.multipart), ("/melden", "post", true));
        let fields: Vec<_> = form.fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            fields,
            [("once", "abc"), ("adresse", "M&M"), ("ding", "b"), ("text", "Hallo <Welt>"), ("art", "y")]
        );
    }
}
