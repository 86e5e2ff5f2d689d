//! What citizens' browsers ask of the place register: tiles, still images, suggestions for a typed place. The search also
//! works as a plain page with a numbered map. Nothing here is stored, and no typed place is logged.

use crate::model::{PlaceHit, PlaceKind};
use crate::tiles::{self, Picture, PictureError, StillWish, TileWish};
use crate::{search, source};
use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::Position;
use maps::{Pin, PinKind, Ring, Scale, Theme};
use web::{Answer, Form, PageError, Visit};

const HITS_MAX: usize = 8;
const PINS_MAX: usize = 60;
/// Longest side of a still image in double resolution; single goes further.
const DOUBLE_SIDE_MAX: u32 = 1000;

impl From<PictureError> for PageError {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::NoMap | PictureError::Refused(_) => PageError::NotFound,
            PictureError::Busy => PageError::Busy,
            PictureError::Db(error) => error.into(),
        }
    }
}

/// `GET /karte/{theme}/{z}/{x}/{y}.png`, with `@2x` before the ending for dense screens.
pub async fn tile(visit: Visit, Path((theme, zoom, x, file)): Path<(String, u8, u32, String)>) -> Answer {
    let theme = Theme::from_word(&theme).ok_or(PageError::NotFound)?;
    let name = file.strip_suffix(".png").ok_or(PageError::NotFound)?;
    let (row, scale) = name.strip_suffix("@2x").map_or((name, Scale::One), |row| (row, Scale::Two));
    let y = row.parse().map_err(|_| PageError::NotFound)?;
    let wish = TileWish { theme, scale, zoom, x, y };
    let picture = tiles::tile(&visit.site, visit.town_id(), wish).await?;
    Ok(answer(&visit, picture, "public, max-age=3600, stale-while-revalidate=604800"))
}

/// `GET /karte/bild?lat&lon&zoom&w&h&theme&pins&kreis`: a still image. `pins` is a list `lat,lon,kind,number` separated by `;`,
/// kind one of `ort offen fertig ding`, number may be left out; `kreis` is `lat,lon,metres`.
pub async fn still(visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let wish = still_wish(&Form::from_urlencoded(query.as_deref().unwrap_or_default()));
    let picture = tiles::still(&visit.site, visit.town_id(), wish.ok_or(PageError::NotFound)?).await?;
    Ok(answer(&visit, picture, "private, max-age=600"))
}

fn still_wish(form: &Form) -> Option<StillWish> {
    let centre = Position::new(form.number("lat")?, form.number("lon")?)?;
    let whole = |name: &str, otherwise: u32| match form.text(name) {
        "" => Some(otherwise),
        text => text.parse::<u32>().ok(),
    };
    let (width, height) = (whole("w", 640)?, whole("h", 400)?);
    let theme = match form.text("theme") {
        "" => Theme::Light,
        word => Theme::from_word(word)?,
    };
    let scale = if width.max(height) <= DOUBLE_SIDE_MAX { Scale::Two } else { Scale::One };
    let zoom = u8::try_from(whole("zoom", 16)?).ok()?;
    let pins = form.text("pins").split(';').filter(|pin| !pin.is_empty()).take(PINS_MAX);
    let pins = pins.map(pin_of).collect::<Option<Vec<_>>>()?;
    let ring = match form.text("kreis") {
        "" => None,
        text => Some(ring_of(text)?),
    };
    Some(StillWish { centre, zoom, width, height, theme, scale, pins, ring })
}

fn ring_of(text: &str) -> Option<Ring> {
    let mut parts = text.split(',').map(|part| part.parse::<f64>().ok());
    let at = Position::new(parts.next()??, parts.next()??)?;
    let metres = parts.next()?.filter(|metres| (1.0..=50_000.0).contains(metres))?;
    parts.next().is_none().then_some(Ring { at, metres })
}

fn pin_of(text: &str) -> Option<Pin> {
    let mut parts = text.split(',');
    let at = Position::new(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)?;
    let kind = match parts.next().unwrap_or("ort") {
        "ort" => PinKind::Chosen,
        "offen" => PinKind::Open,
        "fertig" => PinKind::Done,
        "ding" => PinKind::Asset,
        _ => return None,
    };
    let number = parts.next().map(|number| number.parse::<u32>().ok().filter(|n| *n < 1000));
    if number == Some(None) {
        return None;
    }
    Some(Pin { at, kind, number: number.flatten() })
}

/// 304 if the browser has this version; the address names what is shown, the tag which state of it.
fn answer(visit: &Visit, picture: Picture, keep: &'static str) -> Response {
    let tag = format!("\"karte-{:x}\"", picture.version);
    let known = visit.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "image/png")], picture.png).into_response()
    };
    let headers = response.headers_mut();
    let keep = if picture.is_passing { "private, max-age=60" } else { keep };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[derive(Template)]
#[template(path = "places.html")]
pub(crate) struct PlacesPage {
    pub page: web::Page,
    pub query: String,
    pub hits: Vec<PlaceHit>,
    /// Address of the still image with the numbered hits.
    pub picture: Option<String>,
    pub attribution: String,
}

impl PlacesPage {
    /// Key of the word for a kind of place.
    pub(crate) fn kind_key(&self, kind: &PlaceKind) -> &'static str {
        match kind {
            PlaceKind::Address => "places-kind-address",
            PlaceKind::Asset => "places-kind-asset",
            PlaceKind::Street => "places-kind-street",
            PlaceKind::District => "places-kind-district",
            PlaceKind::Playground => "places-kind-playground",
            PlaceKind::Park => "places-kind-park",
            PlaceKind::Building => "places-kind-building",
            PlaceKind::Square => "places-kind-square",
            PlaceKind::Water => "places-kind-water",
            PlaceKind::Stop => "places-kind-stop",
        }
    }
}

/// `GET /orte?q=`: JSON for the suggestions under a place field (`Accept: application/json`), else a page.
pub async fn places(visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let form = Form::from_urlencoded(query.as_deref().unwrap_or_default());
    let typed: String = form.text("q").chars().take(crate::register::QUERY_CHARS_MAX).collect();
    let near = form.number("lat").zip(form.number("lon")).and_then(|(lat, lon)| Position::new(lat, lon));
    let text = typed.clone();
    let (hits, map) = visit
        .read(move |tx| Ok::<_, PageError>((search::search_places(tx, &text, near, HITS_MAX)?, source::town_map(tx)?)))
        .await?;
    let wants_json = visit.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if wants_json.is_some_and(|accept| accept.contains("application/json")) {
        return Ok(([(header::VARY, "Accept")], axum::Json(hits_json(&hits))).into_response());
    }
    let title = visit.t.s("places-title");
    let page = PlacesPage {
        picture: picture_of(&hits),
        page: visit.page(title),
        query: typed,
        hits,
        attribution: map.map(|map| map.attribution).unwrap_or_default(),
    };
    web::render(&page)
}

pub(crate) fn hits_json(hits: &[PlaceHit]) -> serde_json::Value {
    let one = |hit: &PlaceHit| {
        serde_json::json!({
            "label": hit.label,
            "sub": hit.sub,
            "lat": hit.position.lat,
            "lon": hit.position.lon,
            "kind": hit.kind.word(),
            "asset": hit.asset.map(|id| id.to_string()),
        })
    };
    hits.iter().map(one).collect()
}

/// The address of a picture that shows all hits with their numbers.
fn picture_of(hits: &[PlaceHit]) -> Option<String> {
    let first = hits.first()?.position;
    let edges = hits.iter().fold((first, first), |(low, high), hit| {
        let at = hit.position;
        (
            Position { lat: low.lat.min(at.lat), lon: low.lon.min(at.lon) },
            Position { lat: high.lat.max(at.lat), lon: high.lon.max(at.lon) },
        )
    });
    let (low, high) = edges;
    let centre = Position { lat: f64::midpoint(low.lat, high.lat), lon: f64::midpoint(low.lon, high.lon) };
    let fits = |zoom: &u8| {
        maps::View::around(centre, *zoom, 640, 400).is_ok_and(|view| {
            let ((left, bottom), (right, top)) = (view.project(low), view.project(high));
            left > 30.0 && right < 610.0 && top > 50.0 && bottom < 380.0
        })
    };
    let zoom = (maps::ZOOM_MIN..=17).rev().find(fits).unwrap_or(maps::ZOOM_MIN);
    let pins = hits.iter().enumerate();
    let pins: Vec<String> =
        pins.map(|(index, hit)| format!("{:.6},{:.6},ort,{}", hit.position.lat, hit.position.lon, index + 1)).collect();
    Some(format!(
        "/karte/bild?lat={:.6}&lon={:.6}&zoom={zoom}&w=640&h=400&pins={}",
        centre.lat,
        centre.lon,
        pins.join(";")
    ))
}
