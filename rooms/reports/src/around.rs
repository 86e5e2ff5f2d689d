//! The places a report is about, as this room needs them from the room `places`: what is at a position, which position
//! a form means. No SQL of its own.

use crate::{
    category::fold,
    journey::{Draft, Thing, agree},
};
use base::Position;
use db::{DbError, Tx};
use places::{AssetId, PlaceHit, PlaceKind};
use uuid::Uuid;
use web::{Form, Visit};

/// Below this the address is the place, above it is only near.
const AT_METRES: f64 = 25.0;
/// How many hits of the address search are offered.
const HITS_MAX: usize = 6;
/// Hits that read alike and lie this near to each other are one place for whoever chooses.
const ALIKE_METRES: f64 = 300.0;
/// A tap this far outside the town's map is no place of this town.
const BEYOND_DEGREES: f64 = 0.02;

/// A position with the words for it.
pub struct Spot {
    pub place: String,
    pub district: String,
}

pub fn spot(tx: &Tx<'_>, at: Position) -> Result<Spot, DbError> {
    let place = match places::nearest_address(tx, at)? {
        Some(address) if address.position().metres_to(at) <= AT_METRES => address.line(),
        Some(address) => format!("nahe {}", address.line()),
        None => format!("{:.5}, {:.5}", at.lat, at.lon),
    };
    Ok(Spot { place, district: places::district_at(tx, at)?.unwrap_or_default() })
}

/// What the map of a page shows.
pub struct MapFrame {
    pub lat: f64,
    pub lon: f64,
    pub zoom: u8,
    pub image: String,
    pub attribution: String,
}

/// Size of the picture that stands in for the map without scripts. Its button sends the pixel of the click as shown, so
/// it is shown in this size everywhere: it fits the narrowest phone.
pub const IMAGE_WIDTH: u32 = 288;
pub const IMAGE_HEIGHT: u32 = 320;
const ZOOM_NEAR: u8 = 17;

/// The whole town, or near a place that is already known.
/// The picture inside `noscript` is one of one theme: an image button knows no media queries.
pub fn map_frame(tx: &Tx<'_>, visit: &Visit, at: Option<Position>) -> Result<MapFrame, DbError> {
    let map = places::town_map(tx)?;
    let (centre, start, attribution) =
        map.map_or((visit.town.centre, 14, String::new()), |map| (map.centre, map.zoom_start, map.attribution));
    // Pages say "Kartendaten:" in front of it in their own language.
    let attribution = attribution.trim_start_matches("Kartendaten:").trim_start().to_owned();
    let (centre, zoom) = at.map_or((centre, start), |at| (at, ZOOM_NEAR));
    let pin = if at.is_some() { format!("&pins={:.6},{:.6},ort", centre.lat, centre.lon) } else { String::new() };
    let theme = if visit.display.theme == "dark" { "dark" } else { "light" };
    let image = format!(
        "/karte/bild?lat={:.6}&lon={:.6}&zoom={zoom}&w={IMAGE_WIDTH}&h={IMAGE_HEIGHT}&theme={theme}{pin}",
        centre.lat, centre.lon
    );
    Ok(MapFrame { lat: centre.lat, lon: centre.lon, zoom, image, attribution })
}

/// The same with a circle on it, from so near that the circle fills the picture.
pub fn circle_frame(tx: &Tx<'_>, visit: &Visit, at: Position, metres: f64) -> Result<MapFrame, DbError> {
    let frame = map_frame(tx, visit, Some(at))?;
    let zoom = maps::View::zoom_for(at, metres, IMAGE_WIDTH);
    let circle = format!("zoom={zoom}&kreis={:.6},{:.6},{metres}", at.lat, at.lon);
    Ok(MapFrame { image: frame.image.replace(&format!("zoom={}", frame.zoom), &circle), zoom, ..frame })
}

/// Where a click on the picture lies. The form says which picture it was.
pub fn clicked(form: &Form) -> Option<Position> {
    let (x, y) = (form.number("point.x")?, form.number("point.y")?);
    let centre = Position::new(form.number("image-lat")?, form.number("image-lon")?)?;
    let zoom = u8::try_from(form.integer("image-zoom")?).ok()?;
    let view = maps::View::around(centre, zoom, IMAGE_WIDTH, IMAGE_HEIGHT).ok()?;
    let at = view.unproject(x.clamp(0.0, f64::from(IMAGE_WIDTH)), y.clamp(0.0, f64::from(IMAGE_HEIGHT)));
    Position::new(at.lat, at.lon)
}

/// One hit of the search as a radio of the form.
pub struct Offer {
    /// `lat,lon,asset,label`: all that is needed to take it, so no second search can answer differently.
    pub value: String,
    pub label: String,
    pub sub: String,
    pub position: Position,
    /// A whole street: its point is only its middle.
    pub is_street: bool,
    /// Where the person tapped.
    pub is_pin: bool,
}

impl Offer {
    fn of(hit: &PlaceHit) -> Self {
        let asset = hit.asset.map(|id| id.to_string()).unwrap_or_default();
        let at = hit.position;
        Self {
            value: format!("{:.6},{:.6},{asset},{}", at.lat, at.lon, hit.label),
            label: hit.label.clone(),
            sub: hit.sub.clone(),
            position: at,
            is_street: hit.kind == PlaceKind::Street,
            is_pin: false,
        }
    }
}

/// What became of the place somebody gave.
pub enum Placed {
    Known,
    /// Several places bear that name, or none is exactly it.
    Asked(Question),
    NotFound,
    Outside,
    Empty,
}

/// The address as typed, as much of it as any has.
pub fn typed(form: &Form) -> String {
    form.text("address").chars().take(200).collect()
}

/// What has to be asked before the place is known.
pub struct Question {
    /// Never empty, the best first.
    pub offers: Vec<Offer>,
    pub doubt: Doubt,
    /// The same was asked a moment ago, and nothing was chosen.
    pub again: bool,
}

/// Why it has to be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// More than one place fits.
    Several,
    /// None of them is the very place: the house number is unknown, say.
    Unknown,
    /// A street as it was named, and it is long.
    Street,
}

/// Finds out which place the form of the first step means, and puts it into the draft. A tap on the map is exact, an
/// address is what people know: if both were given and lie apart, the person decides.
pub fn resolve(tx: &Tx<'_>, form: &Form, draft: &mut Draft) -> Result<Placed, DbError> {
    let typed = typed(form);
    let was_asked = form.has("hits-for") && form.text("hits-for") == typed;
    draft.typed.clone_from(&typed);
    let placed = answer(tx, form, draft, was_asked)?;
    if matches!(placed, Placed::Known) {
        draft.found = typed;
    }
    Ok(placed)
}

fn answer(tx: &Tx<'_>, form: &Form, draft: &mut Draft, was_asked: bool) -> Result<Placed, DbError> {
    if let Some(at) = draft.photo_position.filter(|_| form.has("use-photo")) {
        return move_draft(tx, draft, at, None);
    }
    if let Some((at, asset, label)) = parse_hit(form.text("hit")).filter(|_| was_asked) {
        let label = known_label(tx, at, &label)?;
        let placed = move_draft(tx, draft, at, label)?;
        if let Some(asset) = asset {
            draft.asset = thing(tx, asset)?;
        }
        return Ok(placed);
    }
    let tapped = form.number("lat").zip(form.number("lon")).and_then(|(lat, lon)| Position::new(lat, lon));
    // Asked which place is meant, the person tapped it.
    let answers = was_asked && form.text("hits-at") != format!("{},{}", form.text("lat"), form.text("lon"));
    if let Some(at) = tapped.filter(|_| answers) {
        return move_draft(tx, draft, at, None);
    }
    let tapped = tapped.filter(|at| draft.position.is_none_or(|old| old.metres_to(*at) > 0.5));
    let asks = !draft.typed.is_empty() && draft.typed != draft.found;
    match (tapped, asks) {
        (None, false) if draft.position.is_some() => Ok(Placed::Known),
        (None, false) => Ok(Placed::Empty),
        (Some(at), false) => move_draft(tx, draft, at, None),
        (tapped, true) => asked_for(tx, draft, tapped, was_asked),
    }
}

fn asked_for(tx: &Tx<'_>, draft: &mut Draft, tapped: Option<Position>, again: bool) -> Result<Placed, DbError> {
    let hits = merged(places::search_places(tx, &draft.typed, tapped.or(draft.position), HITS_MAX)?);
    let doubt = match hits.iter().all(|hit| !hit.exact) {
        false => Doubt::Several,
        true if hits.iter().all(|hit| hit.kind == PlaceKind::Street) && names_no_door(&draft.typed) => Doubt::Street,
        true => Doubt::Unknown,
    };
    if let Some(at) = tapped {
        // A whole street agrees with most taps: where the very address is known, only that counts.
        let near = match clear_hit(&draft.typed, &hits) {
            Some(hit) => agree(at, hit.position),
            None => hits.iter().any(|hit| agree(at, hit.position)),
        };
        if hits.is_empty() || near {
            return move_draft(tx, draft, at, None);
        }
        let spot = spot(tx, at)?;
        let on_map = Offer {
            value: format!("{:.6},{:.6},,{}", at.lat, at.lon, spot.place),
            label: spot.place,
            sub: spot.district,
            position: at,
            is_street: false,
            is_pin: true,
        };
        let offers = std::iter::once(on_map).chain(hits.iter().map(Offer::of)).collect();
        return Ok(Placed::Asked(Question { offers, doubt: Doubt::Several, again }));
    }
    match clear_hit(&draft.typed, &hits) {
        Some(hit) => {
            let placed = move_draft(tx, draft, hit.position, Some(hit.label.clone()))?;
            if let Some(asset) = hit.asset {
                draft.asset = thing(tx, asset.0)?;
            }
            Ok(placed)
        }
        None if hits.is_empty() => Ok(Placed::NotFound),
        None => Ok(Placed::Asked(Question { offers: hits.iter().map(Offer::of).collect(), doubt, again })),
    }
}

/// Finds the one place that these words name, without asking back.
pub fn look_up(tx: &Tx<'_>, draft: &mut Draft, words: &str) -> Result<Placed, DbError> {
    words.clone_into(&mut draft.typed);
    let placed = asked_for(tx, draft, None, false)?;
    if matches!(placed, Placed::Known) {
        words.clone_into(&mut draft.found);
    }
    Ok(placed)
}

fn names_no_door(typed: &str) -> bool {
    places::house_number(typed).is_none()
}

/// The typed address, where the place that was chosen for it has another house number or none: the door the town's list
/// lacks is what the desk looks for.
pub fn stated(draft: &Draft) -> Option<&str> {
    let typed = Some(draft.typed.trim()).filter(|typed| *typed == draft.found.trim())?;
    let number = places::house_number(typed)?;
    let thing = draft.asset.as_ref().map_or("", |thing| thing.label.as_str());
    let is_named = fold(&format!("{} {thing}", draft.place)).contains(&fold(typed));
    let is_there = places::house_number(&draft.place) == Some(number) && places::name_alike(typed, &draft.place);
    (!is_named && !is_there).then_some(typed)
}

/// A park and the playground in it may bear one name: nobody can choose between two rows that read alike. The first is
/// the best.
pub fn merged(hits: Vec<PlaceHit>) -> Vec<PlaceHit> {
    let mut kept: Vec<PlaceHit> = vec![];
    for hit in hits {
        let alike = |known: &PlaceHit| {
            fold(&known.label) == fold(&hit.label)
                && fold(&known.sub) == fold(&hit.sub)
                && known.position.metres_to(hit.position) <= ALIKE_METRES
        };
        if !kept.iter().any(alike) {
            kept.push(hit);
        }
    }
    kept
}

/// The hit that needs no question: the only one, the very address, or the only address, if it is exactly what was typed.
/// The next step names the place, so a wrong guess is seen.
fn clear_hit<'h>(typed: &str, hits: &'h [PlaceHit]) -> Option<&'h PlaceHit> {
    if let [only] = hits {
        return only.exact.then_some(only);
    }
    let short = |text: &str| fold(text).replace("strasse", "str");
    let mut addresses = hits.iter().filter(|hit| hit.kind == PlaceKind::Address && hit.exact);
    let (first, second) = (addresses.next()?, addresses.next());
    // Two villages of one town may both have a Dorfstraße 1.
    let is_typed = |hit: &PlaceHit| short(&hit.label) == short(typed);
    second.is_none_or(|second| is_typed(first) && !is_typed(second)).then_some(first)
}

/// The label of a chosen hit if the town knows such a place there: it came back in a form, stands in lists and mails
/// later, and so may hold no words of a stranger.
fn known_label(tx: &Tx<'_>, at: Position, label: &str) -> Result<Option<String>, DbError> {
    let hits = places::search_places(tx, label, Some(at), HITS_MAX)?;
    let known = hits.into_iter().find(|hit| hit.label == label && hit.position.metres_to(at) <= ALIKE_METRES);
    Ok(known.map(|hit| hit.label))
}

fn parse_hit(value: &str) -> Option<(Position, Option<Uuid>, String)> {
    let mut parts = value.splitn(4, ',');
    let lat = parts.next()?.parse().ok()?;
    let lon = parts.next()?.parse().ok()?;
    let asset = Uuid::try_parse(parts.next()?).ok();
    let label = parts.next()?.chars().take(200).collect();
    Some((Position::new(lat, lon)?, asset, label))
}

/// Does this lie in the town, or so near that nobody argues? Without a map everything does.
pub fn is_ours(tx: &Tx<'_>, at: Position) -> Result<bool, DbError> {
    let Some(map) = places::town_map(tx)? else { return Ok(true) };
    let bounds = base::Bounds {
        south: map.bounds.south - BEYOND_DEGREES,
        west: map.bounds.west - BEYOND_DEGREES,
        north: map.bounds.north + BEYOND_DEGREES,
        east: map.bounds.east + BEYOND_DEGREES,
    };
    Ok(bounds.holds(at))
}

/// Puts a place into the draft, if it is one of this town. Without a label the words are looked up.
pub fn move_draft(tx: &Tx<'_>, draft: &mut Draft, at: Position, label: Option<String>) -> Result<Placed, DbError> {
    if !is_ours(tx, at)? {
        return Ok(Placed::Outside);
    }
    let spot = spot(tx, at)?;
    draft.move_to(at, label.unwrap_or(spot.place), spot.district);
    Ok(Placed::Known)
}

/// The asset as a draft remembers it.
pub fn thing(tx: &Tx<'_>, id: Uuid) -> Result<Option<Thing>, DbError> {
    let asset = places::asset(tx, AssetId(id))?;
    Ok(asset.filter(|asset| asset.active).map(|asset| of_asset(&asset)))
}

pub fn of_asset(asset: &places::Asset) -> Thing {
    let number = if asset.number.is_empty() { String::new() } else { format!(" {}", asset.number) };
    Thing {
        id: asset.id.0,
        label: format!("{}{number}", asset.label),
        kind: asset.kind.word().to_owned(),
        position: Some(asset.position()),
    }
}

/// A draft that expired, made anew from the copy in a form: what the town knows is looked up again.
pub fn draft_anew(tx: &Tx<'_>, copy: &str) -> Result<Option<Draft>, DbError> {
    let Some(mut draft) = Draft::of_copy(copy) else { return Ok(None) };
    let named = draft.asset.take();
    (draft.place, draft.district) = (String::new(), String::new());
    if let Some(at) = draft.position
        && matches!(move_draft(tx, &mut draft, at, None)?, Placed::Outside)
    {
        draft.position = None;
    }
    if draft.position.is_some() {
        draft.asset = match named {
            Some(named) => thing(tx, named.id)?,
            None => None,
        };
    }
    Ok(Some(draft))
}

/// A draft that begins at an asset: the code on it was read.
pub fn draft_at(tx: &Tx<'_>, token: &str) -> Result<Option<Draft>, DbError> {
    let Some(asset) = places::asset_by_token(tx, token)? else { return Ok(None) };
    let mut draft = Draft::default();
    let spot = spot(tx, asset.position())?;
    let place = asset.parent_label.clone().unwrap_or(spot.place);
    draft.move_to(asset.position(), place, spot.district);
    draft.asset = Some(of_asset(&asset));
    Ok(Some(draft))
}
