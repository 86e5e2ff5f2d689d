//! The demo town's own words: opening hours and who represents it, three notices on its front page. Repeating it changes
//! nothing that somebody has edited.

use crate::store::{self, Notice, NoticeKind};
use base::{Actor, Moment};
use db::{Audit, DbError, Tx};
use serde_json::json;
use uuid::Uuid;

/// Monday to Sunday, as a clerk types them.
const HOURS: [&str; 7] = ["8–16", "8–16", "8–16", "8–18", "8–12", "", ""];
const HOURS_NOTE: &str = "Der Eingang am Marktplatz hat keine Stufen. Eine Toilette für Rollstühle ist im Erdgeschoss.";

/// Kind, title, text, path, words of the link, first and last day from today.
type Planned = (NoticeKind, &'static str, &'static str, &'static str, &'static str, i64, i64);

const NOTICES: [Planned; 3] = [
    (
        NoticeKind::Warn,
        "Mühlweg gesperrt",
        "Die Brücke wird erneuert. Die Umleitung führt über die Uferstraße.",
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
        "Laubabfuhr in der Nordstadt diese Woche",
        "Stellen Sie die Säcke am Tag der Abfuhr bis 7 Uhr an die Straße.",
        "/kontakt",
        "Fragen zur Abfuhr",
        -1,
        5,
    ),
];

/// Puts opening hours and notices where nothing stands yet.
pub fn seed(tx: &Tx<'_>) -> Result<(), DbError> {
    if let Some(mut town) = web::load_town(tx)?
        && town.hours.is_empty()
    {
        for (day, typed) in HOURS.into_iter().enumerate() {
            town.hours.set(day, web::hours::read(typed).unwrap_or_default());
        }
        town.hours_note = HOURS_NOTE.to_owned();
        town.represented_by = "Bürgermeisterin Dr. Eva Lindner".to_owned();
        town.supervision = "Landratsamt Ahornfurt".to_owned();
        web::save_town(tx, &town)?;
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
