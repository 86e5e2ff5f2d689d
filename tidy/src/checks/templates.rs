//! Templates: each is named by code or by another template, and none carries what the content security policy forbids:
//! inline styles, inline handlers, inline scripts (data blocks are allowed).

use std::collections::BTreeSet;

use crate::rust::scan;
use crate::{Finding, Tree};

pub fn used(tree: &Tree) -> Vec<Finding> {
    let mut named = BTreeSet::new();
    for file in tree.rust() {
        named.extend(scan(&file.text).literals.into_iter().map(|literal| literal.text));
    }
    for file in tree.templates() {
        named.extend(file.text.split('"').map(str::to_owned));
    }
    tree.templates()
        .filter_map(|file| Some((file, file.path.split_once("/templates/")?.1)))
        .filter(|(_, name)| !named.iter().any(|text| text == name || text.ends_with(&format!("/templates/{name}"))))
        .map(|(file, name)| Finding::new(&file.path, 0, format!("nothing names the template {name}: delete it")))
        .collect()
}

pub fn markup(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.templates().filter(|file| file.ends("html")) {
        // Mails have no policy and need inline styles; they stand in a folder of that name.
        if file.path.contains("/templates/mail/") {
            continue;
        }
        let lower = file.text.to_lowercase();
        for (at, what) in inline(&lower) {
            found.push(Finding::new(&file.path, crate::rust::line_of(&lower, at), what));
        }
    }
    for file in tree.files.iter().filter(|file| file.ends("mjs") && file.path.starts_with("frontend/js")) {
        for (index, line) in file.text.lines().enumerate() {
            if line.contains("style=\"") || line.contains("setAttribute('style'") || line.contains("eval(") {
                found.push(Finding::new(&file.path, index + 1, "the policy forbids inline styles and eval"));
            }
        }
    }
    found
}

fn inline(html: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in html.match_indices('<') {
        let tag = html[at..].split_inclusive('>').next().unwrap_or_default();
        if !tag[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        if tag.starts_with("<style") {
            found.push((at, "an inline <style>: put it into frontend/css".to_owned()));
        }
        let is_script = tag.starts_with("<script");
        if is_script && !tag.contains(" src=") && !tag.contains("type=\"application/json\"") {
            found.push((at, "an inline <script>: put it into frontend/js".to_owned()));
        }
        for name in attributes(tag) {
            if name == "style" {
                found.push((at, "an inline style attribute: use a class".to_owned()));
            }
            if name.len() > 2 && name.starts_with("on") {
                found.push((at, format!("an inline handler {name}: use a script")));
            }
        }
        if tag.contains("javascript:") {
            found.push((at, "a javascript: address".to_owned()));
        }
    }
    found
}

/// Names of attributes of one tag, as far as they stand before a `=`; values in quotes are skipped.
fn attributes(tag: &str) -> Vec<&str> {
    tag.split('"')
        .step_by(2)
        .filter_map(|outside| outside.strip_suffix('='))
        .filter_map(|outside| outside.rsplit(char::is_whitespace).next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    #[test]
    fn named_templates_pass_and_forgotten_ones_do_not() {
        let files = [
            ("rooms/cases/src/pages.rs", "#[template(path = \"list.html\")]\nstruct List;"),
            ("rooms/cases/templates/list.html", "{% extends \"layout.html\" %}"),
            ("platform/web/templates/layout.html", "<html lang=\"de\">"),
            ("rooms/cases/templates/old.html", ""),
        ];
        assert_eq!(
            on(used, &files),
            ["rooms/cases/templates/old.html:0: nothing names the template old.html: delete it"]
        );
    }

    #[test]
    fn clean_markup_passes() {
        let html = "<script type=\"module\" src=\"/a.mjs\"></script><script type=\"application/json\" id=\"x\">{}</script>\n\
                    <a href=\"/on=1?style=2\" class=\"once\">x</a> a < b, style=\"x\"";
        assert_eq!(on(markup, &[("rooms/cases/templates/a.html", html)]), [""; 0]);
    }

    #[test]
    fn inline_things_are_found() {
        let html = "<p style=\"color:red\">\n<b onclick=\"x()\">\n<script>x()</script>\n<style>p{}</style>\n<a href=\"javascript:x\">";
        assert_eq!(on(markup, &[("rooms/cases/templates/a.html", html)]).len(), 5);
        assert_eq!(on(markup, &[("frontend/js/a.mjs", "x.innerHTML = '<p style=\"a\">';")]).len(), 1);
    }
}
