//! The front page and the town hall's page: what the rooms' manifests bring, and nothing else. Invariant: no entry leads
//! nowhere, because every card, link and notice comes from the room whose page it opens.

use db::DbError;
use reports::{PublicNumbers, PublicReport};
use web::{Answer, AreaCard, CardLink, News, Page, Template, Visit, words};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    page: Page,
    title: String,
    chips: Vec<CardLink>,
    cards: Vec<AreaCard>,
    news: Vec<News>,
    reports: Vec<ReportLine>,
    balance: Option<Balance>,
}

struct ReportLine {
    report: PublicReport,
    when: String,
    at: String,
}

/// "41 von 46" with its bar.
struct Balance {
    big: String,
    text: String,
    mean: String,
    /// For those who do not see the bar.
    words: String,
    bar: Bar,
}

/// Widths of the two parts, of 460.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub fixed: i64,
    pub open_from: i64,
    pub open: i64,
}

const BAR_WIDTH: i64 = 460;
const BAR_GAP: i64 = 4;

/// The bar of fixed and open reports; a part that is not zero is never invisible.
pub fn bar(fixed: i64, open: i64) -> Bar {
    let all = fixed + open;
    if all <= 0 || open <= 0 {
        return Bar { fixed: BAR_WIDTH, open_from: BAR_WIDTH, open: 0 };
    }
    if fixed <= 0 {
        return Bar { fixed: 0, open_from: 0, open: BAR_WIDTH };
    }
    let width = (BAR_WIDTH * fixed / all).clamp(8, BAR_WIDTH - BAR_GAP - 8);
    Bar { fixed: width, open_from: width + BAR_GAP, open: BAR_WIDTH - width - BAR_GAP }
}

fn balance(visit: &Visit, numbers: PublicNumbers) -> Option<Balance> {
    if numbers.reported == 0 {
        return None;
    }
    let t = visit.t;
    let mean = numbers
        .mean_seconds
        .map(|seconds| t.with("guide-balance-mean", &[("days", words::days(t.lang, seconds).into())]));
    let counts =
        [("fixed", numbers.fixed.into()), ("reported", numbers.reported.into()), ("days", numbers.last_days.into())];
    Some(Balance {
        big: t.with("guide-balance-big", &counts),
        text: t.with("guide-balance-text", &counts),
        mean: mean.unwrap_or_default(),
        words: t.with("guide-balance-words", &[("fixed", numbers.fixed.into()), ("open", numbers.open.into())]),
        bar: bar(numbers.fixed, numbers.open),
    })
}

/// Warnings before what is good to know, before good news.
pub fn by_urgency(mut news: Vec<News>) -> Vec<News> {
    news.sort_by_key(|one| match one.kind {
        "warn" => 0,
        "info" => 1,
        _ => 2,
    });
    news.truncate(3);
    news
}

fn all_cards(visit: &Visit) -> Vec<AreaCard> {
    visit.site.rooms.iter().flat_map(|room| (room.cards)(visit.t)).collect()
}

/// `GET /`
pub async fn home(visit: Visit) -> Answer {
    let asking = visit.clone();
    let (news, newest, numbers) = visit
        .read(move |tx| {
            let mut news = vec![];
            for room in asking.site.rooms.iter() {
                news.extend((room.news)(tx, &asking)?);
            }
            Ok::<_, DbError>((news, reports::newest(tx, asking.t, 4)?, reports::public_numbers(tx, &asking)?))
        })
        .await?;
    let now = visit.site.clock.now();
    let lines = newest.into_iter().map(|report| ReportLine {
        when: words::ago(visit.t.lang, report.opened_at, now),
        at: report.opened_at.rfc3339(),
        report,
    });
    let cards = all_cards(&visit);
    let reports = lines.collect();
    let title = visit.t.with("guide-home-title", &[("town", visit.town.name.clone().into())]);
    web::render(&HomePage {
        page: visit.page(visit.t.s("guide-home-tab")),
        title,
        // The first doors of the first room with cards: what most people come for.
        chips: cards.iter().flat_map(|card| &card.links).take(4).map(copy_of).collect(),
        cards,
        news: by_urgency(news),
        reports,
        balance: balance(&visit, numbers),
    })
}

fn copy_of(link: &CardLink) -> CardLink {
    CardLink { href: link.href, label: link.label, icon: link.icon }
}

/// The card's colour class.
fn tone(area: &str) -> &'static str {
    match area {
        "townhall" => "town",
        "market" => "market",
        "procurement" => "tender",
        "help" => "tender",
        _ => "life",
    }
}

#[derive(Template)]
#[template(path = "town-hall.html")]
struct TownHallPage {
    page: Page,
    cards: Vec<AreaCard>,
}

/// `GET /rathaus`
pub async fn town_hall(visit: Visit) -> Answer {
    let cards = all_cards(&visit);
    web::render(&TownHallPage { page: visit.page(visit.t.s("guide-townhall-title")), cards })
}
