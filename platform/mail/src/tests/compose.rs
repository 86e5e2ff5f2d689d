//! Text and HTML carry the same facts, and nothing a stranger wrote becomes markup.

use super::receipt;
use crate::Mail;

#[test]
fn the_text_is_what_anna_reads() {
    let expected = "Guten Tag Anna Müller,\n\nwir haben Ihre Meldung erhalten.\nDanke!\n\nNummer: 2026-00017\n\
                    Ort: Bühlstraße 3\n\n> Tiefes Loch <vor> dem Haus\n> .. und Wasser\n\nStand ansehen:\n\
                    https://bindlach.example/stand?nummer=17&pin=4711\n\n-- \nGemeinde Bindlach, Rathausplatz 1\n";
    assert_eq!(receipt().text(), expected);
}

/// The HTML without its tags, as a screen reader would go over it.
fn read_aloud(html: &str) -> String {
    let body = html.split("<body").nth(1).unwrap();
    let (mut text, mut inside) = (String::new(), true);
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

#[test]
fn html_says_what_the_text_says() {
    let mail = receipt();
    let aloud = read_aloud(&mail.html());
    let words = mail.text().replace(['\n'], " ");
    for word in words.split(' ').filter(|word| !matches!(*word, "" | ">" | "--")) {
        assert!(aloud.contains(word.trim_end_matches(':')), "{word:?} is missing in {aloud}");
    }
}

#[test]
fn html_is_complete_and_in_german() {
    let html = receipt().html();
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"de\">"));
    assert!(html.contains("<title>Ihre Meldung: Schlagloch in der Bühlstraße</title>"));
    assert!(html.contains("href=\"https://bindlach.example/stand?nummer=17&amp;pin=4711\""));
    assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("src="), "nothing is loaded");
    let english = Mail::new("Your report").language("en").greeting().html();
    assert!(english.contains("<html lang=\"en\">") && english.contains("<p>Hello,</p>"));
    assert!(Mail::new("x").language("\"><script>").html().contains("lang=\"de\""));
}

#[test]
fn markup_by_strangers_stays_text() {
    let evil = "<img src=x onerror=alert(1)> \"'&";
    let mail = Mail::new(evil)
        .greeting_to(evil)
        .heading(evil)
        .paragraph(evil)
        .fact(evil, evil)
        .quote(evil)
        .button(evil, format!("https://x.example/{evil}"))
        .footer(evil);
    let html = mail.html();
    assert!(!html.contains("<img"), "{html}");
    // Title, greeting, heading, paragraph, label, value, quote, footer, and the button three times.
    assert_eq!(html.matches("&lt;img src=x onerror=alert(1)&gt; &quot;&#39;&amp;").count(), 11);
}

#[test]
fn a_button_goes_to_the_web_and_nowhere_else() {
    for url in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " javascript:alert(1)", "//x.example"]
    {
        let html = Mail::new("x").button("Weiter", url).html();
        assert!(!html.contains("<a "), "{url}: {html}");
        assert!(html.contains("Weiter: "));
    }
}

#[test]
fn control_characters_and_marks_of_direction_go() {
    let mail =
        Mail::new("Betreff\r\nBcc: eve@x.example\u{202e}").paragraph("a\0b\r\nc\rd\u{2028}e\u{202e}f\tg\u{1b}[0m");
    assert_eq!(mail.subject(), "Betreff Bcc: eve@x.example");
    assert_eq!(mail.text(), "ab\nc\nd\nef\tg[0m\n");
}

#[test]
fn a_mail_survives_a_job() {
    let json = serde_json::to_string(&receipt()).unwrap();
    let again: Mail = serde_json::from_str(&json).unwrap();
    assert!(again == receipt());
    assert_eq!(format!("{again:?}"), "Mail(***)");
}
