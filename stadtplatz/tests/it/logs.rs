//! Nothing personal is logged: a whole journey with marked names, addresses, texts and secrets, and with everything that
//! goes wrong on the way, while every line of the log is kept and searched.

use crate::{
    journeys::{clerk, confirm_mail, report, work_off},
    people::{self, on_both_houses},
};
use std::{
    io,
    sync::{Arc, Mutex},
};
use testkit::TestSite;

const HOST: &str = "eins.example";

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// What goes wrong: wrong passwords, wrong PINs, links that are none, pages that do not exist.
async fn stumble(site: &TestSite, number: &str) {
    let mut stranger = site.visitor(HOST);
    let page = stranger.visit("/anmelden").await;
    let guess = [("email", "markadresse@example.org"), ("password", "Markpasswort-geraten")];
    stranger.send_only(&page, "/anmelden", &guess).await.is(422);
    let page = stranger.visit("/stand").await;
    stranger.send_only(&page, "/stand", &[("nummer", number), ("pin", "MARK2222")]).await.is(422);
    for path in
        ["/einladung/Marktoken-1", "/post/bestaetigen/Marktoken-2", "/Marktoken-3?q=Marksuche", "/suche?q=Marksuche"]
    {
        stranger.look(path).await;
    }
}

#[tokio::test]
async fn no_line_of_the_log_names_a_person_or_a_secret() {
    let kept = Kept::default();
    let lines = kept.clone();
    // As much as an operator can ask for.
    tracing_subscriber::fmt()
        .with_env_filter(stadtplatz::observe::filter("trace"))
        .with_ansi(false)
        .with_writer(move || lines.clone())
        .init();
    on_both_houses(async |site| {
        let town = people::town(&site, HOST, "Einsdorf").await;
        let mut citizen = site.visitor(HOST);
        let (number, pin) = report(&mut citizen, "Marktext: die Kette ist gerissen.", "anna@example.org").await;
        work_off(&site).await;
        confirm_mail(&site, town, &mut citizen).await;
        stumble(&site, &number).await;
        let mut clerk = clerk(&site, town, "erika", "Erika Markname").await;
        let session = clerk.cookie("sitzung").unwrap().to_owned();
        let path = format!("/arbeit/fall/{number}");
        let case = clerk.visit(&path).await;
        let claimed = clerk.send(&case, &format!("{path}/uebernahme"), &[]).await;
        let answer = [("antwort", "Markantwort: sie ist heil."), ("ergebnis", "resolved"), ("aktion", "schliessen")];
        clerk.send(&claimed, &format!("{path}/antwort"), &answer).await.is(200);
        work_off(&site).await;
        let bare: String = pin.chars().filter(char::is_ascii_alphanumeric).collect();
        let log = kept.text();
        assert!(!log.is_empty(), "the log was listened to");
        let mails = site.mails(town).await;
        let links: Vec<&str> = mails.iter().flat_map(|mail| mail.links()).collect();
        let tokens = links.iter().filter_map(|link| link.rsplit('/').next()).filter(|part| part.len() > 20);
        let marks = [
            "Mark",
            "mark",
            "MARK2222",
            "anna@example.org",
            "erika@",
            people::PASSWORD,
            pin.as_str(),
            bare.as_str(),
            session.as_str(),
            "50.1201",
            "11.0302",
        ];
        for mark in marks.into_iter().chain(tokens) {
            let found = log.lines().find(|line| line.contains(mark));
            assert!(found.is_none(), "{mark:?} is logged: {found:?}");
        }
    })
    .await;
}
