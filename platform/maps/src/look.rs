//! How the map looks: colours of both themes, widths by zoom, sizes of letters. Soft paper, white streets with an edge,
//! green parks, blue water; the dark theme is the same town at night. Nothing here draws.

use crate::shape::Class;
use tiny_skia::Color;

/// Light paper or night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// The word in addresses: `/karte/hell/…`.
    pub const fn word(self) -> &'static str {
        match self {
            Theme::Light => "hell",
            Theme::Dark => "dunkel",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "hell" | "light" => Some(Theme::Light),
            "dunkel" | "dark" => Some(Theme::Dark),
            _ => None,
        }
    }

    pub(crate) fn palette(self) -> &'static Palette {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

/// A colour written as 0xRRGGBB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink(pub u32);

impl Ink {
    pub fn color(self) -> Color {
        self.faded(255)
    }

    pub fn faded(self, alpha: u8) -> Color {
        let [_, red, green, blue] = self.0.to_be_bytes();
        Color::from_rgba8(red, green, blue, alpha)
    }
}

/// Every colour of one theme.
pub(crate) struct Palette {
    pub paper: Ink,
    pub built_up: Ink,
    pub farmland: Ink,
    pub meadow: Ink,
    pub forest: Ink,
    pub grounds: Ink,
    pub allotments: Ink,
    pub cemetery: Ink,
    pub park: Ink,
    pub pitch: Ink,
    pub pitch_edge: Ink,
    pub playground: Ink,
    pub playground_edge: Ink,
    pub parking: Ink,
    pub square: Ink,
    pub square_edge: Ink,
    pub water: Ink,
    pub building: Ink,
    pub building_edge: Ink,
    pub public_building: Ink,
    pub public_edge: Ink,
    pub road: Ink,
    pub road_edge: Ink,
    pub main_road: Ink,
    pub main_edge: Ink,
    pub motorway: Ink,
    pub motorway_edge: Ink,
    pub path: Ink,
    pub bridge_edge: Ink,
    pub rail: Ink,
    pub rail_ground: Ink,
    pub border: Ink,
    pub tree: Ink,
    pub tree_edge: Ink,
    pub text: Ink,
    pub text_strong: Ink,
    pub text_quiet: Ink,
    pub text_green: Ink,
    pub text_water: Ink,
    pub text_public: Ink,
    pub halo: Ink,
    pub badge: Ink,
    pub badge_sign: Ink,
    pub pin_rim: Ink,
    pub credit_ground: Ink,
}

const LIGHT: Palette = Palette {
    paper: Ink(0xf4f1ea),
    built_up: Ink(0xefeae0),
    farmland: Ink(0xf3efdf),
    meadow: Ink(0xe0ecd0),
    forest: Ink(0xbcd9ad),
    grounds: Ink(0xeee8ec),
    allotments: Ink(0xd8e6c4),
    cemetery: Ink(0xd2e2c9),
    park: Ink(0xcfe6c3),
    pitch: Ink(0xbfe0bd),
    pitch_edge: Ink(0xa5cda3),
    playground: Ink(0xe3f0c4),
    playground_edge: Ink(0xb9d08a),
    parking: Ink(0xe9e4da),
    square: Ink(0xfaf6ee),
    square_edge: Ink(0xddd4c5),
    water: Ink(0xa9d3ee),
    building: Ink(0xe2dbd0),
    building_edge: Ink(0xcfc6b8),
    public_building: Ink(0xd9cfe8),
    public_edge: Ink(0xb9a9d1),
    road: Ink(0xffffff),
    road_edge: Ink(0xd5ccbd),
    main_road: Ink(0xffe3a3),
    main_edge: Ink(0xe0b65c),
    motorway: Ink(0xf7c987),
    motorway_edge: Ink(0xcf9440),
    path: Ink(0xb9a98d),
    bridge_edge: Ink(0x9d9483),
    rail: Ink(0x9a95a6),
    rail_ground: Ink(0xe4e0e6),
    border: Ink(0xa08fb8),
    tree: Ink(0x9ecb8b),
    tree_edge: Ink(0x7fb06d),
    text: Ink(0x4a4f63),
    text_strong: Ink(0x171a2b),
    text_quiet: Ink(0x7d7668),
    text_green: Ink(0x2d6a33),
    text_water: Ink(0x2b6c99),
    text_public: Ink(0x564477),
    halo: Ink(0xfdfbf7),
    badge: Ink(0x2f7d4f),
    badge_sign: Ink(0xffffff),
    pin_rim: Ink(0xffffff),
    credit_ground: Ink(0xffffff),
};

const DARK: Palette = Palette {
    paper: Ink(0x171a29),
    built_up: Ink(0x1b1e2f),
    farmland: Ink(0x1a1e29),
    meadow: Ink(0x1a2a2c),
    forest: Ink(0x1b3830),
    grounds: Ink(0x211f36),
    allotments: Ink(0x1d302c),
    cemetery: Ink(0x1f322f),
    park: Ink(0x1f3d33),
    pitch: Ink(0x22463a),
    pitch_edge: Ink(0x2f5a4a),
    playground: Ink(0x2e4632),
    playground_edge: Ink(0x4c6a48),
    parking: Ink(0x202438),
    square: Ink(0x262a40),
    square_edge: Ink(0x3a4060),
    water: Ink(0x1c4566),
    building: Ink(0x2a2f47),
    building_edge: Ink(0x3a4060),
    public_building: Ink(0x3f3762),
    public_edge: Ink(0x5f5490),
    road: Ink(0x434a6b),
    road_edge: Ink(0x11131f),
    main_road: Ink(0x7d6634),
    main_edge: Ink(0x11131f),
    motorway: Ink(0x8f6a2c),
    motorway_edge: Ink(0x11131f),
    path: Ink(0x5a6186),
    bridge_edge: Ink(0x8d93b0),
    rail: Ink(0x7c82a0),
    rail_ground: Ink(0x262a3f),
    border: Ink(0x8274b3),
    tree: Ink(0x2d5a43),
    tree_edge: Ink(0x3b7256),
    text: Ink(0xd5d9ee),
    text_strong: Ink(0xf1f2f8),
    text_quiet: Ink(0x9a9fb9),
    text_green: Ink(0x8fdca9),
    text_water: Ink(0x8cc8f2),
    text_public: Ink(0xcbbdf5),
    halo: Ink(0x11131f),
    badge: Ink(0x2f8a5a),
    badge_sign: Ink(0xffffff),
    pin_rim: Ink(0xffffff),
    credit_ground: Ink(0x11131f),
};

/// Ten widths for the zooms 10 to 19, in pixels; 0 means not shown.
pub(crate) fn line_width(class: Class, zoom: u8) -> f32 {
    let widths: [f32; 10] = match class {
        Class::Motorway => [2.0, 2.6, 3.4, 4.4, 6.0, 8.5, 12.0, 17.0, 26.0, 40.0],
        Class::Primary => [1.4, 1.9, 2.6, 3.6, 5.2, 7.5, 10.5, 15.0, 23.0, 36.0],
        Class::Secondary => [1.0, 1.5, 2.2, 3.0, 4.6, 6.8, 9.8, 14.0, 21.0, 33.0],
        Class::Tertiary => [0.0, 0.8, 1.4, 2.4, 3.8, 6.0, 9.0, 13.0, 20.0, 31.0],
        Class::Street | Class::Pedestrian => [0.0, 0.0, 0.7, 1.4, 2.6, 4.6, 7.6, 11.5, 18.0, 28.0],
        Class::Service => [0.0, 0.0, 0.0, 0.0, 1.2, 2.2, 4.0, 6.5, 10.0, 16.0],
        Class::Track => [0.0, 0.0, 0.0, 0.6, 0.9, 1.3, 1.8, 2.6, 3.6, 5.0],
        Class::Path | Class::Steps => [0.0, 0.0, 0.0, 0.0, 0.7, 1.1, 1.6, 2.2, 3.0, 4.2],
        Class::Rail => [0.7, 0.9, 1.1, 1.4, 1.9, 2.4, 3.0, 3.6, 4.6, 6.0],
        Class::River => [1.2, 1.8, 2.6, 3.6, 5.0, 7.5, 11.0, 17.0, 30.0, 54.0],
        Class::Stream => [0.0, 0.0, 0.6, 0.9, 1.3, 1.9, 2.8, 4.4, 7.5, 13.0],
        Class::DistrictBorder => [0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6],
        _ => [0.0; 10],
    };
    widths[usize::from(zoom.clamp(10, 19) - 10)]
}

/// Width of the edge on each side of a road.
pub(crate) fn edge_width(zoom: u8) -> f32 {
    [0.4, 0.5, 0.6, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0, 2.4][usize::from(zoom.clamp(10, 19) - 10)]
}

/// Fill of an area and, from some zoom on, its edge.
pub(crate) fn area_inks(class: Class, palette: &Palette) -> Option<(Ink, Option<(Ink, u8)>)> {
    Some(match class {
        Class::BuiltUp => (palette.built_up, None),
        Class::Farmland => (palette.farmland, None),
        Class::Meadow => (palette.meadow, None),
        Class::Forest => (palette.forest, None),
        Class::Grounds => (palette.grounds, None),
        Class::Allotments => (palette.allotments, None),
        Class::Cemetery => (palette.cemetery, None),
        Class::Park => (palette.park, None),
        Class::Pitch => (palette.pitch, Some((palette.pitch_edge, 15))),
        Class::Playground => (palette.playground, Some((palette.playground_edge, 15))),
        Class::Parking => (palette.parking, None),
        Class::Square | Class::Pedestrian => (palette.square, Some((palette.square_edge, 15))),
        Class::WaterArea => (palette.water, None),
        Class::Building => (palette.building, Some((palette.building_edge, 15))),
        Class::PublicBuilding => (palette.public_building, Some((palette.public_edge, 14))),
        _ => return None,
    })
}

/// The zoom from which an area, a point or its sign is drawn.
pub(crate) fn shown_from(class: Class) -> u8 {
    match class {
        Class::Building => 14,
        Class::PublicBuilding | Class::Playground | Class::Parking | Class::Pitch => 13,
        Class::Tree => 17,
        Class::HouseNumber => 18,
        _ => 10,
    }
}

/// Fill and edge of a road.
pub(crate) fn road_inks(class: Class, palette: &Palette) -> (Ink, Ink) {
    match class {
        Class::Motorway => (palette.motorway, palette.motorway_edge),
        Class::Primary | Class::Secondary => (palette.main_road, palette.main_edge),
        _ => (palette.road, palette.road_edge),
    }
}
