//! The demo town's own words: opening hours on its contact page, three notices on its front page. Repeating it changes
//! nothing that somebody has edited.

use crate::{
    store::{self, Notice, NoticeKind},
    town_text::TextPage,
};
use base::{Actor, Moment};
use db::{Audit, DbError, Tx};
use serde_json::json;
use uuid::Uuid;
use web::Lang;

const OPENING_HOURS: &str = "
## Öffnungszeiten

Montag bis Mittwoch: 8 bis 16 Uhr
Donnerstag: 8 bis 18 Uhr
Freitag: 8 bis 12 Uhr

Der Eingang am Marktplatz hat keine Stufen. Eine Toilette für Rollstühle ist im Erdgeschoss.
";

const OPENING_HOURS_ENGLISH: &str = "
## Opening hours

Monday to Wednesday: 8 am to 4 pm
Thursday: 8 am to 6 pm
Friday: 8 am to 12 noon

The entrance on the market square has no steps. There is a toilet for wheelchair users on the ground floor.
";

/// Kind, title, text, path, words of the link, first and last day from today.
type Planned = (NoticeKind, &'static str, &'static str, &'static str, &'static str, i64, i64);

const NOTICES: [Planned; 3] = [
    (
        NoticeKind::Warn,
        "Mühlweg gesperrt",
        "Bis Freitag nächster Woche wird die Brücke erneuert. Die Umleitung führt über die Uferstraße.",
        "/meldungen",
        "Auf der Karte ansehen",
        -2,
        10,
    ),
    (
        NoticeKind::Info,
        "Bürgerbüro donnerstags bis 18 Uhr offen",
        "Ohne Termin kommen Sie von 8 bis 12 Uhr am schnellsten dran.",
        "/kontakt",
        "Alle Öffnungszeiten",
        -30,
        60,
    ),
    (
        NoticeKind::Info,
        "Laubabfuhr Nordstadt am Donnerstag",
        "Stellen Sie die Säcke bis 7 Uhr an die Straße.",
        "/kontakt",
        "Fragen zur Abfuhr",
        -1,
        5,
    ),
];

/// Puts opening hours and notices where nothing stands yet.
pub fn seed(tx: &Tx<'_>) -> Result<(), DbError> {
    let hours = [(Lang::De, OPENING_HOURS), (Lang::En, OPENING_HOURS_ENGLISH)];
    for (lang, hours) in hours {
        if store::newest_text(tx, TextPage::Contact, lang)?.is_none() {
            let body = format!("{}{hours}", TextPage::Contact.default_text(lang));
            store::put_text(tx, TextPage::Contact, lang, 0, &body, &Actor::System)?;
        }
    }
    let today = Moment::start_of(tx.now().date());
    for (number, (kind, title, body, href, link, first, last)) in (1_u128..).zip(NOTICES) {
        let id = Uuid::from_u128(number);
        if store::notice(tx, id)?.is_some_and(|known| known.shown_until > tx.now()) {
            continue;
        }
        store::put_notice(
            tx,
            &Notice {
                id,
                kind,
                title: title.to_owned(),
                body: body.to_owned(),
                href: href.to_owned(),
                link: link.to_owned(),
                shown_from: today.plus_days(first),
                shown_until: today.plus_days(last),
            },
        )?;
    }
    tx.audit(Audit {
        actor: Actor::System.trace(),
        action: "guide.seeded",
        subject: tx.municipality().to_string(),
        detail: json!({}),
    });
    Ok(())
}
