//! `/meldungen`: public reports as list and map, and the same as RSS and GeoJSON. Everything here reads through queries
//! that know only public reports. Pages go on by key set, the map gets a bounded number of pins or counts per field.

use super::{
    Choice, ReportCard, card, category_label,
    overview::{self, Offer, Overview},
};
use crate::{
    around::{self, MapFrame},
    report::{After, COUNTED_MAX},
    store::{self, Card, Filter, Shown},
};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use base::Moment;
use db::{DbError, Tx};
use serde_json::{Value, json};
use std::sync::Arc;
use web::{Answer, Form, FormState, Page, Template, Texts, Visit};

const PAGE: i64 = 20;
const FEED: i64 = 50;
const GEOJSON_MAX: i64 = 1_000;

#[derive(Template)]
#[template(path = "reports-list.html")]
struct ListPage {
    page: Page,
    form: FormState,
    categories: Vec<Choice>,
    districts: Vec<Choice>,
    states: Vec<Choice>,
    periods: Vec<Choice>,
    count: String,
    cards: Vec<ReportCard>,
    next: String,
    map: MapFrame,
    /// The map without scripts, for light and dark.
    picture: String,
    /// Where the map's script finds its pins.
    pins: String,
    is_narrowed: bool,
    /// The filters as a query, for feeds.
    query: String,
}

const FIELDS: [&str; 5] = ["kategorie", "stand", "ortsteil", "zeit", "feld"];

/// What the visitor narrowed the list to. Unknown words do not narrow.
fn filter_of(form: &Form, now: Moment) -> Filter {
    let days = match form.text("zeit") {
        "30" => Some(30),
        "90" => Some(90),
        "365" => Some(365),
        _ => None,
    };
    Filter {
        category: form.text("kategorie").chars().take(60).collect(),
        district: form.text("ortsteil").chars().take(80).collect(),
        shown: match form.text("stand") {
            "offen" => Shown::Open,
            "behoben" => Shown::Fixed,
            "alle" => Shown::All,
            _ => Shown::Current,
        },
        since: days.map(|days| now.plus_days(-days)),
        cell: form.integer("feld").unwrap_or(0),
    }
}

fn query_of(form: &Form) -> String {
    let escaped =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let given = FIELDS.iter().filter(|name| !form.text(name).is_empty());
    given.map(|name| format!("{name}={}", escaped(form.text(name)))).collect::<Vec<_>>().join("&")
}

struct Found {
    offer: Arc<Offer>,
    overview: Arc<Overview>,
    cards: Vec<Card>,
    map: MapFrame,
}

fn find(tx: &Tx<'_>, visit: &Visit, (filter, query): (&Filter, &str), after: After) -> Result<Found, DbError> {
    let map = around::map_frame(tx, visit, None)?;
    Ok(Found {
        offer: overview::offer(tx, visit)?,
        overview: overview::overview(tx, visit, filter, query, &map)?,
        cards: store::list(tx, filter, after, PAGE + 1)?,
        map,
    })
}

pub async fn show(visit: Visit, form: Form) -> Answer {
    let now = visit.site.clock.now();
    let filter = filter_of(&form, now);
    let after = After::parse(form.text("nach")).unwrap_or(After::start());
    let query = query_of(&form);
    let (v, words) = (visit.clone(), query.clone());
    let mut found = visit.read(move |tx| find(tx, &v, (&filter, &words), after)).await?;
    let t = visit.t;
    let page_size = usize::try_from(PAGE).unwrap_or(20);
    let more = found.cards.len() > page_size;
    found.cards.truncate(page_size);
    let next = found.cards.last().filter(|_| more).map(|last| {
        let after = After { opened_at: last.opened_at, id: last.id.0 }.text();
        let joint = if query.is_empty() { "" } else { "&" };
        format!("/meldungen?{query}{joint}nach={after}")
    });
    web::render(&ListPage {
        page: visit.page(t.s("reports-list-title")).script("karte"),
        categories: found.offer.categories(t.lang),
        districts: found.offer.districts(),
        states: vec![
            Choice::new("", t.s("reports-filter-current")),
            Choice::new("offen", t.s("reports-filter-open")),
            Choice::new("behoben", t.s("reports-filter-fixed")),
            Choice::new("alle", t.s("reports-filter-all")),
        ],
        periods: vec![
            Choice::new("", t.s("reports-period-all")),
            Choice::new("30", t.s("reports-period-30")),
            Choice::new("90", t.s("reports-period-90")),
            Choice::new("365", t.s("reports-period-365")),
        ],
        count: count_words(t, found.overview.count),
        cards: found.cards.iter().map(|row| card(t, row, None, now)).collect(),
        next: next.unwrap_or_default(),
        picture: found.overview.picture.clone(),
        map: found.map,
        pins: format!("/meldungen/karte{}{query}", if query.is_empty() { "" } else { "?" }),
        is_narrowed: !query.is_empty(),
        query,
        form: form.into(),
    })
}

/// `/meldungen/karte`: the pins of the list's map.
pub async fn pins(visit: Visit, form: Form) -> Answer {
    let filter = filter_of(&form, visit.site.clock.now());
    let query = query_of(&form);
    let (v, words) = (visit.clone(), query.clone());
    let overview =
        visit.read(move |tx| overview::overview(tx, &v, &filter, &words, &around::map_frame(tx, &v, None)?)).await?;
    Ok(axum::Json(overview::pins_json(visit.t, &overview, &query)).into_response())
}

fn count_words(t: &Texts, count: i64) -> String {
    let (key, count) = if count > COUNTED_MAX { ("reports-count-more", COUNTED_MAX) } else { ("reports-count", count) };
    t.with(key, &[("count", count.into())])
}

/// The same list for programs.
pub async fn geojson(visit: Visit, form: Form) -> Answer {
    let now = visit.site.clock.now();
    let filter = filter_of(&form, now);
    let cards = visit.read(move |tx| store::list(tx, &filter, After::start(), GEOJSON_MAX)).await?;
    let features: Vec<Value> = cards.iter().map(|card| feature(&visit, card)).collect();
    let body = json!({ "type": "FeatureCollection", "features": features }).to_string();
    Ok(of_kind(body, "application/geo+json; charset=utf-8"))
}

fn feature(visit: &Visit, card: &Card) -> Value {
    json!({
        "type": "Feature",
        "id": card.number,
        "geometry": { "type": "Point", "coordinates": [card.lon, card.lat] },
        "properties": {
            "number": card.number, "title": card.title, "description": card.body, "category": card.category,
            "state": card.public_state().word(), "open": card.public_state().is_open(), "place": card.place, "district": card.district,
            "opened": card.opened_at.rfc3339(), "changed": card.changed_at.rfc3339(),
            "closed": card.closed_at.map(Moment::rfc3339), "same": card.same_count,
            "url": visit.town.url(&format!("/melden/{}", card.number)),
            "photo": card.photo.map(|id| visit.town.url(&format!("/bild/{id}/mittel.jpg"))),
        }
    })
}

#[derive(Template)]
#[template(path = "reports-feed.xml")]
struct Feed {
    title: String,
    description: String,
    lang: &'static str,
    link: String,
    own: String,
    items: Vec<FeedItem>,
}

struct FeedItem {
    title: String,
    text: String,
    category: String,
    link: String,
    at: String,
}

pub async fn rss(visit: Visit, form: Form) -> Answer {
    let now = visit.site.clock.now();
    let filter = filter_of(&form, now);
    let (categories, cards) = visit
        .read(move |tx| Ok::<_, DbError>((store::categories(tx)?, store::list(tx, &filter, After::start(), FEED)?)))
        .await?;
    let t = visit.t;
    let item = |card: &Card| FeedItem {
        title: format!("{} ({})", card.title, card.public_state().label(t)),
        text: if card.body.is_empty() { card.place.clone() } else { format!("{} – {}", card.place, card.body) },
        category: category_label(t, &categories, &card.category).to_owned(),
        link: visit.town.url(&format!("/melden/{}", card.number)),
        at: card.opened_at.http_date(),
    };
    let query = query_of(&form);
    let mark = if query.is_empty() { "" } else { "?" };
    let feed = Feed {
        title: format!("{} – {}", t.s("reports-list-title"), visit.town.name),
        description: t.s("reports-list-lead").to_owned(),
        lang: t.lang.code(),
        link: visit.town.url(&format!("/meldungen{mark}{query}")),
        own: visit.town.url(&format!("/meldungen.rss{mark}{query}")),
        items: cards.iter().map(item).collect(),
    };
    let mut response = of_kind(feed.render()?, "application/rss+xml; charset=utf-8");
    // Its words are the reader's: what a cache keeps for one must not reach who reads another language. The GeoJSON has
    // no words of ours.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    Ok(response)
}

fn of_kind(body: String, kind: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}
