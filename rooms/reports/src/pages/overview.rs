//! What the list of public reports says besides its rows: how many there are, where they lie, by what they can be
//! narrowed. The pins of the map are a document of their own, which only the map's script asks for. All of it costs more
//! with every report and is the same for everybody, so it is remembered. Invariant: a single
//! report stands on the map only as the data are now; counts over many may be older, the larger the older.

use super::{Choice, pin_kind};
use crate::{
    around::MapFrame,
    category::Words,
    report::{PINS_MAX, PublicState},
    store::{self, Filter, Pin, Pins},
};
use db::{DbError, Tx};
use serde_json::{Value, json};
use std::sync::Arc;
use web::{Gathered, Lang, Texts, Visit};

const PICTURE_PINS_MAX: usize = 60;
/// Seconds for which a number over many reports will do.
const STALE_SECONDS: i64 = 10;

/// By what the list can be narrowed.
pub struct Offer {
    /// Word and label.
    categories: Vec<(String, Words)>,
    districts: Vec<(String,)>,
}

impl Offer {
    pub fn categories(&self, lang: Lang) -> Vec<Choice> {
        self.categories.iter().map(|(word, label)| Choice::new(word.as_str(), label.of(lang))).collect()
    }

    pub fn districts(&self) -> Vec<Choice> {
        self.districts.iter().map(|(name,)| Choice::new(name.as_str(), name.as_str())).collect()
    }
}

pub fn offer(tx: &Tx<'_>, visit: &Visit) -> Result<Arc<Offer>, DbError> {
    visit.remembered(tx, ("reports.offer", String::new()), || {
        let public = store::categories(tx)?.into_iter().filter(|category| category.public);
        let categories: Vec<_> = public.map(|category| (category.word, category.label)).collect();
        let districts = store::districts(tx)?;
        let words = categories.iter().map(|(word, label)| 96 + word.len() + label.de.len() + label.en.len());
        let bytes = words.chain(districts.iter().map(|(name,)| 48 + name.len())).sum();
        Ok(Gathered { value: Offer { categories, districts }, bytes, stale_seconds: 0 })
    })
}

pub struct Overview {
    pub count: i64,
    /// The map without scripts, for light and dark.
    pub picture: String,
    pins: Pins,
}

/// `query`: the filter as words, which is the same from one request to the next.
pub fn overview(
    tx: &Tx<'_>,
    visit: &Visit,
    filter: &Filter,
    query: &str,
    map: &MapFrame,
) -> Result<Arc<Overview>, DbError> {
    visit.remembered(tx, ("reports.overview", query.to_owned()), || {
        let count = store::count(tx, filter)?;
        let pins = store::pins(tx, filter, count)?;
        let stale_seconds = if count <= PINS_MAX { 0 } else { STALE_SECONDS };
        let value = Overview { count, picture: picture(map, &pins), pins };
        Ok(Gathered { bytes: value.picture.len() + pins_bytes(&value.pins), value, stale_seconds })
    })
}

fn pins_bytes(pins: &Pins) -> usize {
    match pins {
        Pins::Single(single) => single.iter().map(|pin| size_of::<Pin>() + 40 + pin.title.len()).sum(),
        Pins::Fields(fields) => size_of_val(fields.as_slice()),
    }
}

/// The map without scripts: wide enough for a desk, and shown as wide as there is room.
fn picture(map: &MapFrame, pins: &Pins) -> String {
    let pins: Vec<String> = match pins {
        Pins::Single(single) => {
            let kind = |pin: &Pin| if PublicState::of(&pin.state).is_open() { "offen" } else { "fertig" };
            single.iter().map(|pin| format!("{:.5},{:.5},{}", pin.lat, pin.lon, kind(pin))).collect()
        }
        Pins::Fields(fields) => fields
            .iter()
            .map(|field| format!("{:.5},{:.5},ort,{}", field.lat, field.lon, field.count.clamp(1, 999)))
            .collect(),
    };
    let shown = pins.iter().take(PICTURE_PINS_MAX).cloned().collect::<Vec<_>>().join(";");
    format!("/karte/bild?lat={:.6}&lon={:.6}&zoom={}&w=720&h=480&pins={shown}", map.lat, map.lon, map.zoom)
}

/// Pins for the kit's map: position, words, link, colour.
pub fn pins_json(t: &Texts, overview: &Overview, query: &str) -> Value {
    match &overview.pins {
        Pins::Single(single) => single
            .iter()
            .map(|pin| {
                let state = PublicState::of(&pin.state);
                json!({ "lat": pin.lat, "lon": pin.lon, "label": format!("{}, {}", pin.title, state.label(t)),
                        "href": format!("/melden/{}", pin.number), "kind": pin_kind(state) })
            })
            .collect(),
        Pins::Fields(fields) => fields
            .iter()
            .map(|field| {
                let joint = if query.is_empty() { "" } else { "&" };
                json!({ "lat": field.lat, "lon": field.lon, "kind": "info", "count": field.count,
                        "label": t.with("reports-field", &[("count", field.count.into())]),
                        "href": format!("/meldungen?{query}{joint}feld={}", field.cell) })
            })
            .collect(),
    }
}
