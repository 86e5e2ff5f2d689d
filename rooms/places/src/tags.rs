//! What OpenStreetMap tags mean to a town. One pure function from tags to meaning; the geometry decides later whether
//! the point, the line or the area meaning applies. Tags that mean nothing here are dropped.

use crate::model::AssetKind;
use maps::Class;

/// The tags of one element; few, so a list is quicker than a map.
pub struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    pub fn of(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        Self(tags.collect())
    }

    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }
}

/// Hausnummer an einer Straße.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    pub street: String,
    pub house_number: String,
    pub postcode: String,
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meaning {
    pub point: Option<Class>,
    pub line: Option<Class>,
    pub area: Option<Class>,
    pub label: Option<String>,
    pub level: i8,
    pub door: Option<Door>,
    pub asset: Option<(AssetKind, String)>,
    pub number: Option<String>,
    /// Name of the district whose border this is.
    pub district: Option<String>,
}

impl Meaning {
    pub fn is_nothing(&self) -> bool {
        self.point.is_none()
            && self.line.is_none()
            && self.area.is_none()
            && self.door.is_none()
            && self.asset.is_none()
            && self.district.is_none()
    }
}

/// Longest name that is taken over.
const NAME_CHARS_MAX: usize = 120;

fn text(value: &str) -> String {
    value.trim().chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}

pub fn meaning(tags: &Tags<'_>) -> Meaning {
    if tags.0.is_empty() {
        return Meaning::default();
    }
    let asset = asset(tags);
    Meaning {
        point: point(tags),
        line: line(tags),
        area: area(tags),
        label: tags.get("name").or_else(|| tags.get("ref").filter(|_| line(tags) == Some(Class::Motorway))).map(text),
        level: level(tags),
        door: door(tags),
        number: asset.as_ref().and_then(|_| tags.get("ref")).map(text),
        asset,
        district: district(tags),
    }
}

fn door(tags: &Tags<'_>) -> Option<Door> {
    let house_number = tags.get("addr:housenumber")?;
    // In villages without street names the house number belongs to the village.
    let street = tags.get("addr:street").or_else(|| tags.get("addr:place"))?;
    let optional = |key| tags.get(key).map(text).unwrap_or_default();
    Some(Door {
        street: text(street),
        house_number: text(house_number),
        postcode: optional("addr:postcode"),
        place: optional("addr:city"),
    })
}

fn line(tags: &Tags<'_>) -> Option<Class> {
    if let Some(highway) = tags.get("highway") {
        return Some(match highway {
            "motorway" | "trunk" | "motorway_link" | "trunk_link" => Class::Motorway,
            "primary" | "primary_link" => Class::Primary,
            "secondary" | "secondary_link" => Class::Secondary,
            "tertiary" | "tertiary_link" => Class::Tertiary,
            "residential" | "unclassified" | "living_street" | "road" => Class::Street,
            "pedestrian" => Class::Pedestrian,
            "service" => Class::Service,
            "track" => Class::Track,
            "path" | "footway" | "cycleway" | "bridleway" => Class::Path,
            "steps" => Class::Steps,
            _ => return None,
        });
    }
    if matches!(tags.get("railway"), Some("rail" | "light_rail" | "tram" | "narrow_gauge")) {
        return Some(Class::Rail);
    }
    match tags.get("waterway") {
        Some("river" | "canal") => Some(Class::River),
        Some("stream" | "ditch" | "drain" | "brook") => Some(Class::Stream),
        _ => None,
    }
}

fn area(tags: &Tags<'_>) -> Option<Class> {
    if let Some(building) = tags.get("building").filter(|value| *value != "no") {
        return Some(if is_public(tags, building) { Class::PublicBuilding } else { Class::Building });
    }
    let by_key = |key: &str| tags.get(key).unwrap_or_default();
    match (by_key("leisure"), by_key("amenity"), by_key("natural"), by_key("landuse")) {
        ("playground", ..) => Some(Class::Playground),
        ("park" | "garden" | "dog_park" | "common", ..) => Some(Class::Park),
        ("pitch" | "track", ..) => Some(Class::Pitch),
        ("sports_centre" | "stadium" | "swimming_area" | "golf_course", ..) => Some(Class::Grounds),
        (_, "school" | "kindergarten" | "hospital" | "university" | "college", ..) => Some(Class::Grounds),
        (_, "parking", ..) => Some(Class::Parking),
        (_, "grave_yard", ..) | (.., "cemetery") => Some(Class::Cemetery),
        (_, _, "water", _) | (.., "reservoir" | "basin") => Some(Class::WaterArea),
        (_, _, "wood", _) | (.., "forest") => Some(Class::Forest),
        (_, _, "grassland" | "heath" | "scrub", _) => Some(Class::Meadow),
        (.., "meadow" | "grass" | "village_green" | "orchard" | "greenfield") => Some(Class::Meadow),
        (.., "recreation_ground") => Some(Class::Park),
        (.., "allotments") => Some(Class::Allotments),
        (.., "farmland" | "farmyard" | "farm" | "vineyard" | "plant_nursery") => Some(Class::Farmland),
        (.., "residential" | "commercial" | "industrial" | "retail") => Some(Class::BuiltUp),
        _ => other_area(tags),
    }
}

fn other_area(tags: &Tags<'_>) -> Option<Class> {
    if tags.is("waterway", "riverbank") || tags.is("leisure", "swimming_pool") {
        return Some(Class::WaterArea);
    }
    let is_plaza = tags.is("place", "square") || matches!(tags.get("highway"), Some("pedestrian" | "footway"));
    (is_plaza && (tags.is("area", "yes") || tags.is("type", "multipolygon") || tags.is("place", "square")))
        .then_some(Class::Square)
}

const PUBLIC_AMENITIES: [&str; 16] = [
    "townhall",
    "school",
    "kindergarten",
    "library",
    "hospital",
    "fire_station",
    "police",
    "place_of_worship",
    "community_centre",
    "theatre",
    "university",
    "college",
    "courthouse",
    "arts_centre",
    "social_facility",
    "public_building",
];

fn is_public(tags: &Tags<'_>, building: &str) -> bool {
    let by_use = tags.get("amenity").is_some_and(|amenity| PUBLIC_AMENITIES.contains(&amenity));
    let by_shape = matches!(
        building,
        "church"
            | "cathedral"
            | "chapel"
            | "school"
            | "kindergarten"
            | "public"
            | "civic"
            | "hospital"
            | "train_station"
            | "university"
            | "fire_station"
    );
    by_use || by_shape || matches!(tags.get("tourism"), Some("museum"))
}

fn point(tags: &Tags<'_>) -> Option<Class> {
    if tags.is("highway", "bus_stop") {
        return Some(Class::Stop);
    }
    if matches!(tags.get("railway"), Some("station" | "halt")) {
        return Some(Class::Station);
    }
    if tags.is("leisure", "playground") {
        return Some(Class::Playground);
    }
    let named = tags.get("name").is_some();
    match tags.get("place").filter(|_| named) {
        Some("city" | "town") => return Some(Class::Town),
        Some("village") => return Some(Class::Village),
        Some("hamlet" | "isolated_dwelling" | "neighbourhood") => return Some(Class::Hamlet),
        Some("suburb" | "quarter" | "borough") => return Some(Class::DistrictName),
        _ => {}
    }
    let public = tags.get("amenity").is_some_and(|amenity| PUBLIC_AMENITIES.contains(&amenity));
    (named && public).then_some(Class::PublicBuilding)
}

fn asset(tags: &Tags<'_>) -> Option<(AssetKind, String)> {
    let plain = |kind: AssetKind| Some((kind, kind.german().to_owned()));
    if tags.is("leisure", "playground") {
        let name = tags.get("name").map(text).unwrap_or_default();
        let label = match name.as_str() {
            "" => "Spielplatz".to_owned(),
            name if name.to_lowercase().contains("spielplatz") => name.to_owned(),
            name => format!("Spielplatz {name}"),
        };
        return Some((AssetKind::Playground, label));
    }
    if let Some(device) = tags.get("playground").filter(|value| *value != "yes" && *value != "no") {
        return Some((AssetKind::PlayEquipment, equipment(device).to_owned()));
    }
    match (tags.get("amenity"), tags.get("highway"), tags.get("natural")) {
        (Some("bench"), ..) => plain(AssetKind::Bench),
        (Some("waste_basket"), ..) => plain(AssetKind::Bin),
        (Some("recycling"), ..) => plain(AssetKind::Container),
        (Some("fountain"), ..) => plain(AssetKind::Fountain),
        (_, Some("street_lamp"), _) => plain(AssetKind::Lamp),
        (.., Some("tree")) => {
            let species = tags.get("species:de").or_else(|| tags.get("genus:de")).map(text);
            Some((AssetKind::Tree, species.unwrap_or_else(|| AssetKind::Tree.german().to_owned())))
        }
        _ => None,
    }
}

fn equipment(device: &str) -> &'static str {
    match device {
        "swing" => "Schaukel",
        "basketswing" => "Nestschaukel",
        "slide" => "Rutsche",
        "sandpit" => "Sandkasten",
        "seesaw" => "Wippe",
        "climbingframe" | "climbing" | "climbing_wall" => "Klettergerüst",
        "springy" => "Federtier",
        "roundabout" => "Karussell",
        "zipwire" => "Seilbahn",
        "balancebeam" => "Balancierbalken",
        "horizontal_bar" => "Reckstange",
        "trampoline" | "cushion" => "Trampolin",
        "playhouse" => "Spielhaus",
        "water" | "splash_pad" => "Wasserspiel",
        "structure" => "Spielanlage",
        "rope_traverse" => "Seilgarten",
        _ => "Spielgerät",
    }
}

fn level(tags: &Tags<'_>) -> i8 {
    let has = |key| tags.get(key).is_some_and(|value| value != "no");
    let by_layer = tags.get("layer").and_then(|value| value.parse::<i8>().ok());
    match (has("bridge"), has("tunnel"), by_layer) {
        (true, _, layer) => layer.unwrap_or(1).clamp(1, 5),
        (_, true, layer) => layer.unwrap_or(-1).clamp(-5, -1),
        // A layer without bridge or tunnel is mostly a mistake on roads: the ground is meant.
        _ => 0,
    }
}

/// Borders of districts, levels 9 to 11. Level 8 is the municipality itself.
fn district(tags: &Tags<'_>) -> Option<String> {
    let is_border = tags.is("boundary", "administrative") && matches!(tags.get("admin_level"), Some("9" | "10" | "11"));
    is_border.then(|| tags.get("name").map(text)).flatten()
}
