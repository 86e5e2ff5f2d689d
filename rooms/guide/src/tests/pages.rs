//! Pages of visitors and editors through the real router, without scripts, on both databases.

use crate::room;
use identity::{NewStaff, PasswordHash, create_staff, hash_password_blocking};
use testkit::{Browser, TestSite, on_both_sites};
use web::Room;

const HOST: &str = "ahornfurt.example";
const PASSWORD: &str = "vier wörter ohne sinn";

fn rooms() -> Vec<Room> {
    vec![identity::room(), places::room(), cases::room(), reports::room(), room()]
}

/// Signs somebody in who has this role for the whole town.
async fn staff(site: &TestSite, town: base::MunicipalityId, role: &'static str) -> Browser {
    let hash: PasswordHash = hash_password_blocking(&base::SeededChance::new(3), PASSWORD).unwrap();
    let done = site.site.db.write(town, move |tx| {
        db::testing::unaudited(tx, "a test");
        create_staff(
            tx,
            &NewStaff {
                name: "Johanna Wirth".to_owned(),
                email: format!("{role}@ahornfurt.example"),
                password: Some(hash.clone()),
                roles: vec![(role.to_owned(), None)],
                home_unit: None,
            },
        )
    });
    done.await.unwrap();
    let mut browser = site.visitor(HOST);
    let page = browser.visit("/anmelden").await;
    let email = format!("{role}@ahornfurt.example");
    browser.send(&page, "/anmelden", &[("email", &email), ("password", PASSWORD)]).await.is(200);
    browser
}

#[tokio::test]
async fn the_desk_speaks_german_whatever_the_browser_prefers() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut johanna = staff(&site, town, "editor").await;
        johanna.visit("/sprache?zu=en&zurueck=/").await.is(200).shows("Report");
        assert!(johanna.visit("/").await.html().contains("<html lang=\"en\""));
        let desk = johanna.visit("/verwaltung/gemeinde").await;
        assert!(desk.is(200).html().contains("<html lang=\"de\""), "{}", desk.text());
        desk.hides("Skip to");
    })
    .await;
}

#[tokio::test]
async fn nothing_ticked_prints_nothing() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut head = staff(&site, town, "head").await;
        head.visit("/arbeit/objekte/bogen").await.is(200).shows("QR-Codes drucken");
        let asked = head.visit("/arbeit/objekte/bogen?auswahl=ja&art=bench").await;
        asked.is(422).shows("Kreuzen Sie mindestens ein Objekt an.").shows("Objekte und QR-Codes");
    })
    .await;
}

#[tokio::test]
async fn the_front_page_leads_only_where_something_is() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        let home = anna.visit("/").await;
        home.is(200).shows("Was möchten Sie in Ahornfurt erledigen?").shows("Schaden melden").hides("Gerade wichtig");
        let html = home.html();
        let links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let own: std::collections::BTreeSet<&str> =
            links.filter(|href| href.starts_with('/') && !href.starts_with("/-/")).collect();
        assert!(own.len() > 12, "{own:?}");
        for href in own {
            let seen = anna.clone().visit(href).await;
            assert!(seen.status.is_success(), "{href} answers {}", seen.status);
        }
        anna.visit("/rathaus").await.is(200).shows("So erreichen Sie uns");
    })
    .await;
}

#[tokio::test]
async fn owed_pages_exist_in_german_and_english() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        anna.visit("/impressum").await.is(200).shows("Stadt Ahornfurt").shows("§ 5 des Digitale-Dienste-Gesetzes");
        anna.visit("/datenschutz").await.shows("Bayerische Landesbeauftragte für den Datenschutz");
        anna.visit("/barrierefreiheit")
            .await
            .shows("teilweise vereinbar")
            .shows("Durchsetzungs- und Überwachungsstelle");
        anna.visit("/hilfe").await.shows("QR-Code");
        anna.visit("/gebaerdensprache").await.shows("Gebärdentelefon");
        anna.visit("/sprache?zu=en&zurueck=/impressum").await.is(200).shows("Who provides this website");
        let easy = anna.visit("/leichte-sprache").await;
        easy.shows("Das ist die Internet-Seite").shows("This text exists in German only.");
        assert!(easy.html().contains("<div class=\"prose\" lang=\"de\">"));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_away_by_the_language_link() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        let sent = anna.look("/sprache?zu=en&zurueck=%2F%2Fboese.example").await;
        assert_eq!(sent.location(), Some("/"));
        let sent = anna.look("/sprache?zu=xx&zurueck=/hilfe").await;
        assert_eq!(sent.location(), Some("/hilfe"));
    })
    .await;
}

#[tokio::test]
async fn display_settings_stay_without_an_account() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit("/darstellung").await;
        let saved = anna.send(&page, "/darstellung", &[("theme", "dark"), ("text_size", "150")]).await;
        saved.is(200).shows("Gespeichert.");
        let home = anna.visit("/").await.html();
        assert!(home.contains("data-theme=\"dark\"") && home.contains("data-text-size=\"150\""));
    })
    .await;
}

#[tokio::test]
async fn a_question_becomes_one_case_with_number_and_pin() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit("/kontakt").await;
        let empty = anna.send_only(&page, "/kontakt", &[("text", ""), ("email", "quatsch")]).await;
        empty.is(422).shows("Schreiben Sie Ihre Frage in das Feld.").shows("Prüfen Sie die E-Mail-Adresse");
        assert!(empty.html().contains("quatsch"), "what was typed is still there");
        let typed = [("text", "Wann öffnet das Freibad?"), ("email", "anna@example.org")];
        let receipt = anna.send(&page, "/kontakt", &typed).await;
        receipt.is(200).shows("Ihre Nachricht ist da").shows("2026-11-0001").shows("PIN");
        let again = anna.send(&page, "/kontakt", &typed).await;
        again.shows("2026-11-0001");
        assert_eq!(receipt.text(), again.text(), "sent twice, opened once");
        anna.visit("/stand/2026-11-0001").await.is(200).shows("Wann öffnet das Freibad?");
        let mut stranger = site.visitor(HOST);
        stranger.visit("/stand/2026-11-0001").await.hides("Freibad");
        site.clock.advance_seconds(3_700);
        anna.look(&receipt.path).await.is(410);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_of_one_town_opens_nothing_in_another() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        site.found("nachbar.example", "Nachbarort").await;
        let (mut anna, mut bela) = (site.visitor(HOST), site.visitor("nachbar.example"));
        let mut receipts = vec![];
        for (person, text) in [(&mut anna, "Wann öffnet das Freibad?"), (&mut bela, "Geheime Frage")] {
            let page = person.visit("/kontakt").await;
            receipts.push(person.send(&page, "/kontakt", &[("text", text)]).await);
        }
        receipts[0].shows("2026-11-0001");
        receipts[1].shows("2026-11-0001");
        bela.look(&receipts[0].path).await.is(410);
        let mut stranger = site.visitor("nachbar.example");
        stranger.set_cookie("stand", anna.cookie("stand").unwrap());
        stranger.visit("/stand/2026-11-0001").await.hides("Geheime Frage");
    })
    .await;
}

#[tokio::test]
async fn a_barrier_is_reported_with_the_page_it_is_about() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        let page = anna.visit("/barriere-melden?seite=/melden").await;
        assert!(page.html().contains("https://ahornfurt.example/melden"));
        anna.visit("/barriere-melden?seite=//boese.example").await.hides("boese");
        let sent = anna.send(&page, "/barriere-melden", &[("text", "Die Karte liest nichts vor.")]).await;
        sent.is(200).shows("Ihre Nachricht ist da");
        anna.visit("/stand/2026-11-0001").await.shows("Die Karte liest nichts vor.");
        let trapped = anna.send(&page, "/barriere-melden", &[("text", "Werbung"), ("website", "https://x")]).await;
        trapped.is(200).shows("Danke für Ihre Nachricht.");
        let second = site.site.db.read(town, |tx| cases::by_number(tx, "2026-11-0002")).await.unwrap();
        assert!(second.is_none(), "what fell into the trap is no case");
    })
    .await;
}

#[tokio::test]
async fn search_finds_pages_and_never_ends_in_nothing() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut anna = site.visitor(HOST);
        anna.visit("/suche?q=Datenschtuz").await.is(200).shows("1 Treffer").shows("Datenschutz");
        anna.visit("/suche?q=Schaukel").await.is(200).hides("nichts gefunden");
        anna.visit("/suche?q=Schaukle").await.shows("Wir haben nach „schaukel“ gesucht.").shows("Spielplatz");
        anna.visit("/suche?q=Perso").await.shows("Kontakt").hides("Datenschutz Wir erheben");
        anna.visit("/suche?q=qqqqqq")
            .await
            .shows("Wir haben dazu nichts gefunden.")
            .shows("115")
            .shows("Frage stellen");
        anna.visit("/suche").await.is(200).shows("Hier geht es weiter");
        anna.visit("/suche?q=%3Cscript%3E").await.is(200);
    })
    .await;
}

#[tokio::test]
async fn an_editor_changes_a_text_after_a_look_at_it() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut johanna = staff(&site, town, "editor").await;
        let path = "/verwaltung/texte/hilfe/de";
        johanna.visit("/verwaltung/texte").await.is(200).shows("Standardtext").shows("Erklärung zur Barrierefreiheit");
        let page = johanna.visit(path).await;
        page.is(200).shows("Es gilt der Standardtext.");
        let body = "## Neu\n\nRufen Sie {telefon} an. <b>";
        let preview = johanna.send_only(&page, path, &[("body", body), ("deed", "vorschau")]).await;
        preview.is(200).shows("Noch nicht gespeichert.").shows("Rufen Sie 115 an. <b>");
        site.visitor(HOST).visit("/hilfe").await.shows("QR-Code");
        johanna
            .send(&preview, path, &[("body", body), ("deed", "speichern")])
            .await
            .shows("Gespeichert.")
            .shows("Fassung 1");
        site.visitor(HOST).visit("/hilfe").await.shows("Rufen Sie 115 an.").hides("QR-Code");
        let stale = johanna.send_only(&page, path, &[("body", "Älteres"), ("deed", "speichern")]).await;
        stale.is(422).shows("Jemand hat den Text inzwischen geändert");
        let html = stale.html();
        assert!(html.contains("Älteres") && html.contains("## Neu"), "both versions are shown");
        johanna.send(&stale, path, &[("deed", "speichern")]).await.shows("Fassung 2");
        johanna.visit(&format!("{path}?fassung=1")).await.shows("## Neu");
    })
    .await;
}

#[tokio::test]
async fn a_notice_appears_on_the_front_page_and_goes_by_itself() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut johanna = staff(&site, town, "editor").await;
        let page = johanna.visit("/verwaltung/hinweise/neu").await;
        let nowhere = [("title", "Mühlweg gesperrt"), ("kind", "warn"), ("link", "Zur Karte")];
        let page = johanna.send(&page, "/verwaltung/hinweise/neu", &nowhere).await;
        page.is(422).shows("wohin „Zur Karte“ führt");
        let filled = [("title", "Mühlweg gesperrt"), ("kind", "warn"), ("href", "/meldungen"), ("link", "Zur Karte")];
        johanna
            .send(&page, "/verwaltung/hinweise/neu", &filled)
            .await
            .is(200)
            .shows("Mühlweg gesperrt")
            .shows("sichtbar");
        site.visitor(HOST).visit("/").await.shows("Gerade wichtig").shows("Mühlweg gesperrt").shows("Zur Karte");
        site.clock.advance_seconds(9 * 86_400);
        site.visitor(HOST).visit("/").await.hides("Mühlweg gesperrt");
    })
    .await;
}

#[tokio::test]
async fn texts_are_changed_by_those_who_may() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut visitor = site.visitor(HOST);
        let sent = visitor.look("/verwaltung/texte").await;
        assert_eq!(sent.location(), Some("/anmelden?zurueck=%2Fverwaltung%2Ftexte"));
        let mut clerk = staff(&site, town, "clerk").await;
        for path in [
            "/verwaltung/gemeinde",
            "/verwaltung/gebaerdensprache",
            "/verwaltung/texte",
            "/verwaltung/texte/hilfe/de",
            "/verwaltung/hinweise",
            "/verwaltung/hinweise/neu",
        ] {
            clerk.look(path).await.is(403);
        }
        let mut editor = staff(&site, town, "editor").await;
        editor.look("/verwaltung/texte/unbekannt/de").await.is(404);
        editor.look("/verwaltung/texte/leichte-sprache/en").await.is(404);
        editor.look("/verwaltung/hinweise/keine-nummer").await.is(404);
    })
    .await;
}

#[tokio::test]
async fn programs_find_what_they_ask_for() {
    on_both_sites(rooms, async |site: TestSite| {
        site.found(HOST, "Ahornfurt").await;
        let mut robot = site.visitor(HOST);
        robot
            .look("/robots.txt")
            .await
            .is(200)
            .shows("Disallow: /arbeit")
            .shows("https://ahornfurt.example/sitemap.xml");
        robot.look("/sitemap.xml").await.is(200).shows("https://ahornfurt.example/melden");
        robot.look("/favicon.ico").await.is(303);
    })
    .await;
}

#[tokio::test]
async fn the_town_says_of_itself_what_its_staff_enter() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut johanna = staff(&site, town, "editor").await;
        let path = "/verwaltung/gemeinde";
        let page = johanna.visit(path).await;
        let older = johanna.visit(path).await;
        page.is(200).shows("Angaben zur Gemeinde").shows("https://ahornfurt.example");
        let wrong =
            [("place", "Ahornfurt"), ("phone", "Ruf an"), ("email", "quatsch"), ("hours-1", "früh"), ("name", "")];
        let refused = johanna.send_only(&page, path, &wrong).await;
        refused
            .is(422)
            .shows("Geben Sie die Postleitzahl mit fünf Ziffern")
            .shows("Geben Sie die Telefonnummer mit Ziffern an")
            .shows("Prüfen Sie die E-Mail-Adresse")
            .shows("Geben Sie die Zeiten so an: 8–12, 14–18")
            .shows("Geben Sie den Namen des Ortes ein");
        for (_, typed) in wrong {
            assert!(refused.html().contains(typed), "{typed} is still there");
        }
        let right = [
            ("name", "Ahornfurt"),
            ("legal_name", "Große Kreisstadt Ahornfurt"),
            ("street", "Rathausgasse 3"),
            ("place", "99999 Ahornfurt"),
            ("phone", "09999 4711"),
            ("email", "post@ahornfurt.example"),
            ("hours-1", "8-12, 14-18"),
            ("hours-2", "8-12, 14-18"),
            ("hours_note", "Bitte klingeln."),
            ("represented_by", "Bürgermeisterin Dr. Eva Lindner"),
            ("supervision", "Landratsamt Ahornfurt"),
        ];
        johanna.send(&page, path, &right).await.is(200).shows("Gespeichert.");
        let mut anna = site.visitor(HOST);
        anna.visit("/").await.shows("Große Kreisstadt Ahornfurt Rathausgasse 3 99999 Ahornfurt").shows("09999 4711");
        let contact = anna.visit("/kontakt").await;
        contact.shows("Montag und Dienstag: 8 bis 12 und 14 bis 18 Uhr").shows("Bitte klingeln.");
        anna.visit("/gibt-es-nicht").await.is(404).shows("09999 4711 Montag und Dienstag");
        anna.visit("/impressum").await.shows("Vertreten durch: Bürgermeisterin Dr. Eva Lindner").shows("Landratsamt");
        let late = johanna
            .send_only(
                &older,
                path,
                &[("phone", "115"), ("street", "Alt 1"), ("place", "99999 A"), ("email", "a@b.example")],
            )
            .await;
        late.is(422).shows("Gespeichert ist „09999 4711“");
        johanna.send(&late, path, &[]).await.is(200);
        anna.visit("/").await.shows("Alt 1");
    })
    .await;
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_named_before_it_is_saved() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let mut johanna = staff(&site, town, "editor").await;
        let path = "/verwaltung/texte/hilfe/de";
        let page = johanna.visit(path).await;
        let body =
            "[gut](/kontakt) und [Ruf]({telefon_link}) und [böse](javascript:alert(1)) und [x](//anders.example)";
        let refused = johanna.send_only(&page, path, &[("body", body), ("deed", "speichern")]).await;
        refused.is(422).shows("Diese Links führen nirgendwohin: „javascript:alert(1“, „//anders.example“.");
        assert!(refused.html().contains("[gut](/kontakt)"), "what was typed is still there");
        site.visitor(HOST).visit("/hilfe").await.shows("QR-Code");
    })
    .await;
}

#[tokio::test]
async fn a_film_in_sign_language_is_shown_and_sent_in_parts() {
    on_both_sites(rooms, async |site: TestSite| {
        let town = site.found(HOST, "Ahornfurt").await;
        let (mut johanna, mut anna) = (staff(&site, town, "editor").await, site.visitor(HOST));
        anna.visit("/gebaerdensprache").await.is(200).shows("haben wir noch nicht");
        anna.look("/gebaerdensprache/film").await.is(404);
        let path = "/verwaltung/gebaerdensprache";
        let page = johanna.visit(path).await;
        let words = [("transcript", "Guten Tag.\nHier melden Sie einen Schaden.")];
        let no_film = [("film", "film.mp4", "video/mp4", &b"<script>alert(1)</script>"[..])];
        let refused = johanna.send_with_files(&page, path, &words, &no_film).await;
        refused.is(422).shows("Wählen Sie einen Film als MP4 oder WebM.");
        assert!(refused.html().contains("Hier melden Sie einen Schaden."), "what was typed is still there");
        let mut film = b"\0\0\0\x18ftypmp42".to_vec();
        film.extend((0..2_000_u32).map(|number| (number % 251) as u8));
        let captions = b"WEBVTT\n\n00:00.000 --> 00:02.000\nGuten Tag.\n";
        let sent = [("film", "x.mp4", "video/mp4", &film[..]), ("captions", "x.vtt", "text/vtt", &captions[..])];
        johanna.send_with_files(&refused, path, &words, &sent).await.is(200).shows("Ein Film ist da");
        let shown = anna.visit("/gebaerdensprache").await;
        shown.shows("Hier melden Sie einen Schaden.").hides("haben wir noch nicht");
        assert!(shown.html().contains("<video controls") && !shown.html().contains("autoplay"));
        let whole = anna.look("/gebaerdensprache/film").await;
        assert_eq!(whole.is(200).body, film);
        assert_eq!(whole.headers["content-type"], "video/mp4");
        let part = anna.look_at_part("/gebaerdensprache/film", "bytes=100-199").await;
        assert_eq!(part.is(206).body, film[100..200]);
        assert_eq!(part.headers["content-range"], format!("bytes 100-199/{}", film.len()));
        anna.look_at_part("/gebaerdensprache/film", "bytes=99999-").await.is(416);
        anna.look("/gebaerdensprache/untertitel").await.is(200).shows("WEBVTT");
        let named = site.site.db.read(town, crate::store::blobs).await.unwrap();
        assert_eq!(named.len(), 1, "the film is not swept away");
        let page = johanna.visit(path).await;
        johanna.send(&page, "/verwaltung/gebaerdensprache/entfernung", &[]).await.is(200).shows("entfernt");
        anna.look("/gebaerdensprache/film").await.is(404);
    })
    .await;
}
