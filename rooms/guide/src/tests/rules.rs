//! Rules without a database: markup, placeholders, which text somebody gets, authorities of every Land, search, bar.

use crate::{
    authorities, forms, home, markup, notices,
    search::{GUESS, corrected, extract, fit, fold, grouped, nearly_same, score},
    town_text::{PLACEHOLDERS, TextPage, choose, fill},
};
use base::{Land, Position};
use uuid::Uuid;
use web::{Form, FormState, Lang, News, TextsOfAll, Town, TownKind};

fn town(kind: TownKind) -> Town {
    let mut town =
        Town::new("Ahornfurt", kind, Land::Bavaria, Position { lat: 49.9, lon: 11.6 }, "https://ahornfurt.example");
    town.street = "Marktplatz 1".to_owned();
    town.postcode_place = "00000 Ahornfurt".to_owned();
    town
}

#[test]
fn markup_knows_headings_lists_links_and_strong_words() {
    let table = [
        ("Guten Tag", "<p>Guten Tag</p>"),
        ("eins\nzwei", "<p>eins<br>zwei</p>"),
        ("eins\r\n\r\nzwei", "<p>eins</p><p>zwei</p>"),
        ("## Titel\n\nText", "<h2>Titel</h2><p>Text</p>"),
        ("### Klein", "<h3>Klein</h3>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("Dazu:\n- a", "<p>Dazu:</p><ul><li>a</li></ul>"),
        ("**fett** und mehr", "<p><strong>fett</strong> und mehr</p>"),
        ("[Kontakt](/kontakt)!", "<p><a href=\"/kontakt\">Kontakt</a>!</p>"),
        ("[Ruf](tel:112)", "<p><a href=\"tel:112\">Ruf</a></p>"),
        ("2026. Ein Jahr", "<p>2026. Ein Jahr</p>"),
        ("ein * Stern [und] Klammern", "<p>ein * Stern [und] Klammern</p>"),
        ("", ""),
    ];
    for (source, html) in table {
        assert_eq!(markup::render(source), html, "{source:?}");
    }
}

#[test]
fn nothing_in_a_text_becomes_a_tag_or_a_foreign_link() {
    let table = [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>x)</p>"),
        ("[x](//anderswo.example)", "<p>x</p>"),
        ("[x](data:text/html,y)", "<p>x</p>"),
        ("[<b>](/a\"onclick=\"b)", "<p><a href=\"/a&quot;onclick=&quot;b\">&lt;b&gt;</a></p>"),
        ("[x](https://a.example/\"><script>)", "<p><a href=\"https://a.example/&quot;&gt;&lt;script&gt;\">x</a></p>"),
        ("**<i>**", "<p><strong>&lt;i&gt;</strong></p>"),
        ("- <li>", "<ul><li>&lt;li&gt;</li></ul>"),
        ("## <h1>", "<h2>&lt;h1&gt;</h2>"),
        ("[x](https://)", "<p>x</p>"),
    ];
    for (source, html) in table {
        assert_eq!(markup::render(source), html, "{source:?}");
    }
    assert_eq!(markup::plain("## Titel\n[Wort](/pfad) und **fett** [offen"), "Titel Wort und fett [offen ");
}

#[test]
fn every_land_has_its_authorities() {
    for land in Land::ALL {
        let found = authorities(*land).unwrap_or_else(|| panic!("{land:?} has no authorities"));
        for text in [found.law, found.enforcement, found.enforcement_address, found.data_protection] {
            assert!(!text.is_empty(), "{land:?}");
        }
        for link in [found.enforcement_link, found.data_protection_link] {
            assert!(link.starts_with("https://"), "{land:?}: {link}");
        }
    }
}

#[test]
fn default_texts_are_whole_in_every_language_and_land() {
    for land in Land::ALL {
        let mut town = town(TownKind::City);
        town.land = land.word().to_owned();
        for page in TextPage::ALL {
            for lang in page.languages() {
                let text = fill(page.default_text(*lang), &town, *lang);
                assert!(text.len() > 300, "{page:?} {lang:?}");
                assert!(!text.contains('{') && !text.contains('}'), "{page:?} {lang:?} has an unknown name in braces");
                assert!(!text.contains("[]") && !text.contains("()"), "{page:?} {lang:?} has an empty link");
            }
        }
    }
}

#[test]
fn names_in_braces_are_filled_and_empty_lines_vanish() {
    let town = town(TownKind::City);
    assert_eq!(fill("{gemeinde}\n{strasse}", &town, Lang::De), "Stadt Ahornfurt\nMarktplatz 1");
    assert_eq!(fill("a\nMail: {email}\nb", &town, Lang::De), "a\nb");
    assert_eq!(fill("{unbekannt} {", &town, Lang::De), "{unbekannt} {");
    let starts =
        [(TownKind::City, "Die Stadt"), (TownKind::Municipality, "Die Gemeinde"), (TownKind::Market, "Der Markt")];
    for (kind, start) in starts {
        assert!(fill("{gemeinde_mit_artikel}", &self::town(kind), Lang::De).starts_with(start));
    }
    assert_eq!(fill("{gemeinde}", &town, Lang::En), "Town of Ahornfurt");
    let emptied = "## Zeiten\n\n{oeffnungszeiten}\n\n## Post\n\n{strasse}\n\n## Ende\n\n{aufsicht}";
    assert_eq!(fill(emptied, &town, Lang::De), "## Post\n\nMarktplatz 1\n");
    assert_eq!(fill("## Leer\n## Voll\nText", &town, Lang::De), "## Leer\n## Voll\nText");
    for (name, meaning) in PLACEHOLDERS {
        let braces = format!("x{{{name}}}");
        assert_ne!(fill(&braces, &town, Lang::De), braces, "{name}: {meaning}");
    }
}

#[test]
fn a_visitor_gets_the_towns_words_before_the_default_and_always_some() {
    let own = |text: &str| Some(text.to_owned());
    let table = [
        (TextPage::Help, Lang::De, None, None, (Lang::De, TextPage::Help.default_text(Lang::De))),
        (TextPage::Help, Lang::En, None, None, (Lang::En, TextPage::Help.default_text(Lang::En))),
        (TextPage::Help, Lang::De, own("unser"), own("unser"), (Lang::De, "unser")),
        (TextPage::Help, Lang::En, own("ours"), own("unser"), (Lang::En, "ours")),
        (TextPage::Help, Lang::En, None, own("unser"), (Lang::De, "unser")),
        (TextPage::EasyLanguage, Lang::En, None, None, (Lang::De, TextPage::EasyLanguage.default_text(Lang::De))),
        (TextPage::EasyLanguage, Lang::En, None, own("leicht"), (Lang::De, "leicht")),
    ];
    for (page, wanted, own, german, (lang, source)) in table {
        let chosen = choose(page, wanted, own, german);
        assert_eq!((chosen.lang, chosen.source.as_str()), (lang, source), "{page:?} {wanted:?}");
    }
}

#[test]
fn typing_errors_are_forgiven_once() {
    let table = [
        ("kontakt", "kontakt", true),
        ("kontakt", "kontat", true),
        ("kontakt", "konntakt", true),
        ("kontakt", "kontekt", true),
        ("kontakt", "kotnakt", true),
        ("kontakt", "kotekt", false),
        ("kontakt", "kontaktxy", false),
        ("a", "", true),
    ];
    for (one, other, same) in table {
        assert_eq!(nearly_same(one, other), same, "{one} {other}");
        assert_eq!(nearly_same(other, one), same, "{other} {one}");
    }
}

#[test]
fn a_page_answers_by_name_before_synonym_before_text() {
    let answer = |query: &str| score(query, "Kontakt", "Telefon Öffnungszeiten", "Wir helfen Ihnen gern weiter.");
    assert!(answer("Kontakt") > answer("Telefon"));
    assert!(answer("telefno") > answer("gern"));
    assert!(answer("ÖFFNUNGSZEITEN") > 0 && answer("oeffnungs") > 0);
    assert!(answer("gern helfen") > 0);
    for nothing in ["", "x", "Schwimmbad", "Kontakt Schwimmbad", "ge"] {
        assert_eq!(answer(nothing), 0, "{nothing}");
    }
    assert_eq!(fold("Straße, Ä-Ü!"), "strasse  ae ue ");
}

#[test]
fn an_extract_is_made_of_whole_words_and_lines_that_mean_something_alone() {
    assert_eq!(extract("## Titel\n\nDas ist {name}.\nHier [steht](/x) **viel**."), "Hier steht viel.");
    let long = extract(&"Wort ".repeat(60));
    assert!(long.ends_with("Wort …") && long.len() < 130, "{long}");
    assert_eq!(extract("{nur}"), "");
}

#[test]
fn the_bar_shows_every_part_that_is_there() {
    for (fixed, open) in [(0, 5), (5, 0), (1, 1_000), (1_000, 1), (41, 5), (0, 0)] {
        let bar = home::bar(fixed, open);
        assert!(bar.fixed >= 0 && bar.open >= 0 && bar.open_from + bar.open <= 460, "{bar:?}");
        assert_eq!(bar.fixed == 0, fixed == 0 && open > 0, "{fixed} {open}");
        assert_eq!(bar.open == 0, open == 0, "{fixed} {open}");
    }
    assert_eq!(home::bar(1, 1), home::Bar { fixed: 230, open_from: 234, open: 226 });
}

#[test]
fn one_report_is_not_many() {
    let (de, en) = crate::room().texts;
    let texts = TextsOfAll::load(&[("guide", de, en)]).unwrap();
    let said = |lang, fixed: i64, reported: i64| {
        let counts = [("fixed", fixed.into()), ("reported", reported.into()), ("days", 30.into())];
        texts.of(lang).with("guide-balance-text", &counts)
    };
    assert_eq!(said(Lang::De, 1, 1), "Meldung der letzten 30 Tage ist erledigt.");
    assert_eq!(said(Lang::De, 0, 2), "Meldungen der letzten 30 Tage sind erledigt.");
    assert_eq!(said(Lang::De, 1, 7), "Meldungen der letzten 30 Tage ist erledigt.", "1 von 7 …");
    assert_eq!(said(Lang::En, 1, 1), "report from the last 30 days is done.");
    assert_eq!(said(Lang::En, 2, 7), "reports from the last 30 days are done.");
}

#[test]
fn warnings_come_first_and_three_are_enough() {
    let news = |kind: &'static str, title: &str| News {
        icon: "info",
        kind,
        title: title.to_owned(),
        text: String::new(),
        href: String::new(),
        link: String::new(),
    };
    let sorted = home::by_urgency(vec![news("ok", "a"), news("info", "b"), news("warn", "c"), news("info", "d")]);
    assert_eq!(sorted.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["c", "b", "d"]);
}

#[test]
fn a_case_is_named_by_the_first_line() {
    assert_eq!(forms::title_of("\n  Wann ist offen?  \nDanke"), "Wann ist offen?");
    let long = forms::title_of(&"Wörter ".repeat(30));
    assert!(long.ends_with("Wörter …") && long.chars().count() <= 72, "{long}");
    assert_eq!(forms::title_of("ö".repeat(80).as_str()).chars().count(), 72);
}

#[test]
fn the_page_somebody_came_from_is_one_of_ours() {
    let base = "https://ahornfurt.example";
    let table = [
        ("https://ahornfurt.example/melden?q=geheim#x", Some("/melden")),
        ("https://ahornfurt.example/", Some("/")),
        ("https://ahornfurt.example", None),
        ("https://ahornfurt.example.boese.example/melden", None),
        ("https://ahornfurt.example//boese.example", None),
        ("https://anderswo.example/melden", None),
    ];
    for (url, path) in table {
        assert_eq!(forms::path_of(url, base), path, "{url}");
    }
}

#[test]
fn a_notice_has_a_kind_a_title_and_days_in_order() {
    let good =
        "kind=warn&title=Gesperrt&from-day=24&from-month=11&from-year=2026&until-day=28&until-month=11&until-year=2026";
    let read = |text: &str| {
        let mut state = FormState::from(Form::from_urlencoded(text));
        let notice = notices::read_notice(&mut state, Uuid::nil());
        (notice, state.errors().iter().map(|error| error.field.clone()).collect::<Vec<_>>())
    };
    let (notice, errors) = read(good);
    let notice = notice.unwrap();
    assert!(errors.is_empty());
    assert_eq!(notice.shown_from.rfc3339(), "2026-11-23T23:00:00Z");
    assert_eq!(notice.shown_until.rfc3339(), "2026-11-28T23:00:00Z", "the last day counts whole");
    let table = [
        (good.replace("title=Gesperrt", "title="), "title"),
        (good.replace("kind=warn", "kind=laut"), "kind"),
        (good.replace("from-day=24", "from-day=31"), "from"),
        (good.replace("until-day=28", "until-day=23"), "until"),
        (good.replace("until-year=2026", "until-year="), "until"),
        (format!("{good}&href=javascript:x&link=a"), "href"),
        (format!("{good}&href=/meldungen"), "link"),
    ];
    for (text, field) in table {
        let (notice, errors) = read(&text);
        assert!(notice.is_none());
        assert_eq!(errors, [field], "{text}");
    }
}

#[test]
fn films_are_told_by_their_content() {
    use crate::{film::recognise, store::FilmKind};
    let table: [(&[u8], Option<FilmKind>); 7] = [
        (b"\0\0\0\x20ftypisom", Some(FilmKind::Mp4)),
        (b"\0\0\0\x14ftypqt  ", None),
        (b"\x1A\x45\xDF\xA3\x01\0\0\0\0\0\0\x1F\x42\x82\x84webm", Some(FilmKind::WebM)),
        (b"\x1A\x45\xDF\xA3\x01\0\0\0\0\0\0\x1F\x42\x82\x88matroska", None),
        (b"<html>", None),
        (b"ftyp", None),
        (b"", None),
    ];
    for (head, kind) in table {
        assert_eq!(recognise(head), kind, "{head:?}");
    }
}

#[test]
fn what_was_typed_stands_before_what_was_guessed() {
    let hit = |href: &str, title: &str, text: &str| web::SearchHit {
        group: if href == "/orte" { "Orte" } else { "Melden" },
        href: href.to_owned(),
        title: title.to_owned(),
        text: text.to_owned(),
    };
    let table = [
        ("/melden", "müll", "Müll und wilder Abfall: Schaden melden", "", 0),
        ("/orte", "Strasse", "Neustadter Straße", "Südstadt", 0),
        ("/melden", "laterne", "Straßenlaterne: Lampe ist dunkel", "", 1),
        ("/melden", "schaukel lindenpark", "Schaukel: Kette gerissen", "Spielplatz Lindenpark", 1),
        ("/orte", "müll", "Mühlweg", "Nordstadt", GUESS),
        ("/melden?kategorie=playground", "schaukel", "Spielplatz: Schaden melden", "", 1),
    ];
    for (href, query, title, text, expected) in table {
        assert_eq!(fit(query, &hit(href, title, text)), expected, "{query} in {title}");
    }
    let hits = vec![
        hit("/orte", "Mühlweg", ""),
        hit("/melden", "Spielplatz", "Müll im Sand"),
        hit("/abfall", "Müll und Abfall", ""),
        hit("/melden", "Spielplatz", ""),
    ];
    let groups = grouped("müll", hits);
    assert_eq!(groups.iter().map(|group| group.title).collect::<Vec<_>>(), ["Melden", "Orte"]);
    assert_eq!(groups[0].hits.iter().map(|hit| hit.href.as_str()).collect::<Vec<_>>(), ["/abfall", "/melden"]);
    let known = ["Spielplatz Schaukel Rutsche".to_owned(), "Straßenlaterne".to_owned()];
    let table = [
        ("Schaukle", Some("schaukel")),
        ("kaputte schaukle", Some("kaputte schaukel")),
        ("Schaukel", None),
        ("Rutche", Some("rutsche")),
        ("Bus", None),
        ("", None),
    ];
    for (query, expected) in table {
        assert_eq!(corrected(query, &known).as_deref(), expected, "{query}");
    }
    assert!(score("perso", "Datenschutz", "", "Personen") == 0, "the beginning of another word is no hit");
    assert!(score("meldung", "Hilfe", "", "Ihre Meldungen") > 0);
}
