//! The plan of Ahornfurt, drawn by hand on straight paper: metres east and north of the market. `land.rs` bends it
//! gently, so that it looks grown. Nothing here is a real place; every name is invented or as common as "Hauptstraße".

use crate::model::AssetKind;
use maps::Class;

pub type Spot = (f64, f64);

/// How a street is built up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Homes {
    None,
    Rows,
    Houses,
    Works,
}

pub struct Street {
    pub name: &'static str,
    pub class: Class,
    pub points: &'static [Spot],
    pub homes: Homes,
}

const fn street(name: &'static str, class: Class, homes: Homes, points: &'static [Spot]) -> Street {
    Street { name, class, points, homes }
}

use Class::{Path, Pedestrian, Primary, Secondary, Street as Lane, Tertiary, Track};
use Homes::{Houses, None as Bare, Rows, Works};

pub const STREETS: &[Street] = &[
    street(
        "Hauptstraße",
        Primary,
        Houses,
        &[
            (-7200.0, 620.0),
            (-5200.0, 180.0),
            (-3600.0, 260.0),
            (-2100.0, 40.0),
            (-900.0, 0.0),
            (-340.0, 0.0),
            (0.0, 0.0),
            (340.0, 0.0),
            (900.0, -10.0),
            (2100.0, 70.0),
            (3500.0, -60.0),
            (5200.0, 330.0),
            (7200.0, 200.0),
        ],
    ),
    street("Bahnhofstraße", Secondary, Houses, &[(0.0, 0.0), (8.0, 285.0), (20.0, 700.0), (30.0, 1075.0)]),
    street("Brückenstraße", Tertiary, Rows, &[(0.0, -128.0), (0.0, -270.0), (0.0, -440.0), (0.0, -560.0)]),
    street(
        "Neustadter Straße",
        Secondary,
        Houses,
        &[
            (0.0, -560.0),
            (0.0, -1040.0),
            (40.0, -1700.0),
            (-260.0, -2600.0),
            (120.0, -4000.0),
            (-500.0, -5600.0),
            (-300.0, -7200.0),
        ],
    ),
    street(
        "Westwall",
        Tertiary,
        Houses,
        &[(-330.0, -310.0), (-345.0, 0.0), (-300.0, 150.0), (-250.0, 210.0), (-190.0, 250.0)],
    ),
    street(
        "Nordwall",
        Tertiary,
        Houses,
        &[(-190.0, 250.0), (-120.0, 274.0), (8.0, 285.0), (130.0, 274.0), (200.0, 250.0)],
    ),
    street(
        "Ostwall",
        Tertiary,
        Houses,
        &[(200.0, 250.0), (255.0, 210.0), (305.0, 145.0), (340.0, 0.0), (335.0, -315.0)],
    ),
    street(
        "Uferstraße",
        Tertiary,
        Houses,
        &[(-1000.0, -300.0), (-500.0, -325.0), (-330.0, -310.0), (0.0, -270.0), (335.0, -315.0), (870.0, -275.0)],
    ),
    street("Marktplatz", Pedestrian, Rows, &[(-85.0, -122.0), (62.0, -122.0)]),
    street(
        "Obere Gasse",
        Lane,
        Rows,
        &[(-310.0, 128.0), (-150.0, 125.0), (5.0, 140.0), (155.0, 130.0), (312.0, 128.0)],
    ),
    street("Schmiedgasse", Lane, Rows, &[(-180.0, 0.0), (-192.0, 126.0), (-190.0, 250.0)]),
    street("Kirchgasse", Lane, Rows, &[(130.0, 0.0), (136.0, -130.0), (125.0, -285.0)]),
    street("Webergasse", Lane, Rows, &[(150.0, 0.0), (160.0, 130.0), (150.0, 263.0)]),
    street("Gerbergasse", Lane, Rows, &[(-220.0, 0.0), (-205.0, -150.0), (-210.0, -295.0)]),
    street("Badgasse", Lane, Rows, &[(-338.0, -165.0), (-205.0, -160.0), (0.0, -175.0)]),
    street("Untere Gasse", Lane, Rows, &[(133.0, -180.0), (230.0, -175.0), (338.0, -160.0)]),
    street("Spitalgasse", Lane, Rows, &[(-85.0, 0.0), (-80.0, 126.0)]),
    street("Hafnergasse", Lane, Rows, &[(240.0, 0.0), (235.0, -175.0), (230.0, -300.0)]),
    street("Rosmaringasse", Lane, Rows, &[(-336.0, 58.0), (-186.0, 62.0)]),
    street(
        "Mühlweg",
        Lane,
        Houses,
        &[(-340.0, -200.0), (-520.0, -215.0), (-760.0, -195.0), (-1010.0, -170.0), (-1210.0, -120.0)],
    ),
    street(
        "Gartenstraße",
        Tertiary,
        Houses,
        &[(-900.0, 350.0), (-235.0, 350.0), (10.0, 350.0), (660.0, 350.0), (1010.0, 350.0)],
    ),
    street("Schillerstraße", Lane, Houses, &[(-900.0, 470.0), (0.0, 470.0), (860.0, 470.0)]),
    street("Goethestraße", Lane, Houses, &[(-900.0, 590.0), (0.0, 590.0), (860.0, 590.0)]),
    street("Lessingstraße", Lane, Houses, &[(-900.0, 710.0), (0.0, 710.0), (860.0, 710.0)]),
    street("Mozartstraße", Lane, Houses, &[(-660.0, 830.0), (0.0, 830.0), (660.0, 830.0), (900.0, 830.0)]),
    street(
        "Am Bahndamm",
        Lane,
        Houses,
        &[(-660.0, 830.0), (-640.0, 960.0), (-240.0, 985.0), (250.0, 985.0), (660.0, 975.0)],
    ),
    street("Lindenstraße", Tertiary, Houses, &[(-190.0, 250.0), (-235.0, 350.0), (-240.0, 700.0), (-240.0, 985.0)]),
    street("Kastanienallee", Tertiary, Houses, &[(660.0, -5.0), (660.0, 350.0), (660.0, 975.0)]),
    street("Eschenweg", Lane, Houses, &[(-450.0, 350.0), (-450.0, 830.0)]),
    street("Birkenweg", Lane, Houses, &[(-660.0, 0.0), (-665.0, 350.0), (-660.0, 830.0)]),
    street("Ahornweg", Lane, Houses, &[(240.0, 350.0), (245.0, 985.0)]),
    street("Buchenweg", Lane, Houses, &[(450.0, 350.0), (450.0, 830.0)]),
    street("Tannenweg", Lane, Houses, &[(860.0, -10.0), (865.0, 350.0), (860.0, 710.0), (900.0, 830.0)]),
    street("Rosenweg", Lane, Houses, &[(-112.0, 350.0), (-110.0, 710.0)]),
    street("Tulpenweg", Lane, Houses, &[(130.0, 470.0), (132.0, 830.0)]),
    street("Fliederweg", Lane, Houses, &[(345.0, 470.0), (345.0, 710.0)]),
    street("Dahlienweg", Lane, Houses, &[(555.0, 470.0), (555.0, 830.0)]),
    street("Nelkenweg", Lane, Houses, &[(-345.0, 590.0), (-345.0, 830.0)]),
    street("Asternweg", Lane, Houses, &[(-560.0, 470.0), (-556.0, 710.0)]),
    street("Schulstraße", Lane, Houses, &[(1010.0, 350.0), (1160.0, 365.0), (1330.0, 300.0), (1380.0, 45.0)]),
    street("Sportplatzweg", Lane, Houses, &[(1010.0, -5.0), (1000.0, 180.0), (1010.0, 350.0)]),
    street("Ziegelhüttenweg", Lane, Houses, &[(-900.0, 0.0), (-925.0, 200.0), (-900.0, 350.0), (-900.0, 710.0)]),
    street(
        "Handwerkerstraße",
        Lane,
        Works,
        &[(-1210.0, 10.0), (-1215.0, -120.0), (-1480.0, -190.0), (-1700.0, -150.0), (-1720.0, 30.0)],
    ),
    street(
        "Am Weinberg",
        Lane,
        Houses,
        &[(-900.0, 470.0), (-1120.0, 500.0), (-1180.0, 640.0), (-1060.0, 740.0), (-900.0, 710.0)],
    ),
    street(
        "Schlehenweg",
        Lane,
        Houses,
        &[(-1120.0, 500.0), (-1290.0, 430.0), (-1270.0, 250.0), (-1100.0, 190.0), (-925.0, 200.0)],
    ),
    street(
        "Lerchenfeld",
        Lane,
        Houses,
        &[(860.0, 590.0), (1120.0, 580.0), (1200.0, 700.0), (1120.0, 830.0), (900.0, 830.0)],
    ),
    street("Am Freibad", Lane, Houses, &[(1000.0, -5.0), (1030.0, -150.0), (960.0, -240.0), (870.0, -275.0)]),
    street(
        "An der Ostbrücke",
        Tertiary,
        Houses,
        &[(860.0, -10.0), (865.0, -150.0), (870.0, -275.0), (875.0, -430.0), (800.0, -560.0)],
    ),
    street(
        "Auenstraße",
        Tertiary,
        Houses,
        &[
            (-1150.0, -470.0),
            (-500.0, -475.0),
            (0.0, -440.0),
            (450.0, -470.0),
            (875.0, -430.0),
            (1350.0, -560.0),
            (2300.0, -1050.0),
            (3800.0, -1500.0),
            (5300.0, -2600.0),
            (7200.0, -2900.0),
        ],
    ),
    street("Wiesenstraße", Lane, Houses, &[(-800.0, -560.0), (0.0, -560.0), (800.0, -560.0)]),
    street("Feldstraße", Lane, Houses, &[(-800.0, -680.0), (0.0, -680.0), (800.0, -680.0)]),
    street("Sonnenstraße", Lane, Houses, &[(-800.0, -800.0), (0.0, -800.0), (800.0, -800.0)]),
    street("Talstraße", Lane, Houses, &[(-800.0, -920.0), (0.0, -920.0), (800.0, -920.0)]),
    street("Bergstraße", Lane, Houses, &[(-600.0, -1040.0), (0.0, -1040.0), (800.0, -1040.0)]),
    street(
        "Am Hang",
        Lane,
        Houses,
        &[(-600.0, -1040.0), (-520.0, -1150.0), (0.0, -1185.0), (520.0, -1160.0), (800.0, -1040.0)],
    ),
    street("Meisenweg", Lane, Houses, &[(-200.0, -560.0), (-200.0, -1040.0)]),
    street("Finkenweg", Lane, Houses, &[(-400.0, -470.0), (-400.0, -1040.0)]),
    street("Amselweg", Lane, Houses, &[(-600.0, -560.0), (-600.0, -1040.0)]),
    street("Zeisigweg", Lane, Houses, &[(-800.0, -472.0), (-800.0, -920.0)]),
    street("Lerchenweg", Lane, Houses, &[(200.0, -560.0), (200.0, -1040.0)]),
    street("Drosselweg", Lane, Houses, &[(400.0, -468.0), (400.0, -1040.0)]),
    street("Schwalbenweg", Lane, Houses, &[(600.0, -560.0), (600.0, -1040.0)]),
    street("Starenweg", Lane, Houses, &[(800.0, -560.0), (800.0, -1040.0)]),
    street(
        "Forststraße",
        Tertiary,
        Bare,
        &[
            (660.0, 975.0),
            (720.0, 1180.0),
            (1000.0, 1700.0),
            (900.0, 2600.0),
            (1500.0, 4000.0),
            (1300.0, 5600.0),
            (1700.0, 7200.0),
        ],
    ),
    street(
        "Weinbergstraße",
        Tertiary,
        Bare,
        &[
            (-1180.0, 640.0),
            (-1500.0, 760.0),
            (-2300.0, 1150.0),
            (-3400.0, 2400.0),
            (-5000.0, 3000.0),
            (-7200.0, 4300.0),
        ],
    ),
    street("", Track, Bare, &[(-1900.0, -1150.0), (-2700.0, -1500.0), (-3000.0, -2600.0), (-4300.0, -3300.0)]),
    street("", Track, Bare, &[(1800.0, -1250.0), (2300.0, -1900.0), (2100.0, -3200.0), (3200.0, -4300.0)]),
    street("", Track, Bare, &[(1000.0, 1700.0), (2000.0, 2000.0), (2900.0, 1700.0), (4200.0, 2300.0)]),
    street("", Track, Bare, &[(-2300.0, -420.0), (-3300.0, -700.0), (-4600.0, -450.0)]),
    street("Friedhofsweg", Lane, Bare, &[(-800.0, -800.0), (-900.0, -805.0)]),
    street("Bahnhofsplatz", Pedestrian, Bare, &[(-40.0, 1080.0), (110.0, 1080.0)]),
    street(
        "Waldweg",
        Track,
        Bare,
        &[(245.0, 985.0), (250.0, 1150.0), (200.0, 1330.0), (320.0, 1620.0), (240.0, 1900.0), (420.0, 2500.0)],
    ),
    street(
        "Jägersteig",
        Path,
        Bare,
        &[(-640.0, 1300.0), (-500.0, 1420.0), (-200.0, 1480.0), (205.0, 1400.0), (600.0, 1500.0), (1000.0, 1420.0)],
    ),
    street("Mühlsteg", Path, Bare, &[(-480.0, -325.0), (-480.0, -476.0)]),
    street("", Path, Bare, &[(352.0, 30.0), (430.0, 180.0), (500.0, 200.0), (650.0, 330.0)]),
    street("", Path, Bare, &[(360.0, 300.0), (430.0, 180.0), (420.0, 110.0), (520.0, 50.0), (652.0, 60.0)]),
    street("", Path, Bare, &[(500.0, 200.0), (585.0, 140.0), (652.0, 150.0)]),
    street(
        "Uferweg",
        Path,
        Bare,
        &[
            (-1000.0, -328.0),
            (-500.0, -352.0),
            (-250.0, -340.0),
            (0.0, -300.0),
            (335.0, -345.0),
            (870.0, -308.0),
            (1300.0, -385.0),
            (1900.0, -380.0),
        ],
    ),
    street("", Path, Bare, &[(-800.0, -730.0), (-560.0, -735.0), (-430.0, -760.0), (-405.0, -690.0)]),
    street("", Track, Bare, &[(-1700.0, -150.0), (-1900.0, -360.0), (-2300.0, -420.0)]),
    street("", Track, Bare, &[(800.0, -1040.0), (1050.0, -1120.0), (1400.0, -1080.0), (1800.0, -1250.0)]),
    street("", Track, Bare, &[(-800.0, -920.0), (-1050.0, -1000.0), (-1400.0, -960.0), (-1900.0, -1150.0)]),
    street("", Path, Bare, &[(1350.0, -560.0), (1500.0, -650.0), (1700.0, -700.0), (1950.0, -850.0)]),
];

/// Middle line of the river Ahorn; it keeps its width.
pub const RIVER: &[Spot] = &[
    (-7400.0, -1250.0),
    (-6200.0, -700.0),
    (-5000.0, -1150.0),
    (-3700.0, -480.0),
    (-2600.0, -640.0),
    (-1600.0, -430.0),
    (-1000.0, -365.0),
    (-500.0, -398.0),
    (0.0, -352.0),
    (450.0, -400.0),
    (900.0, -350.0),
    (1500.0, -460.0),
    (2600.0, -320.0),
    (3500.0, -820.0),
    (4700.0, -420.0),
    (5900.0, -1000.0),
    (7400.0, -600.0),
];
pub const RIVER_HALF_WIDTH: f64 = 19.0;

/// A brook from the forest through the pond of the park into the river.
pub const BROOK: &[Spot] = &[
    (1900.0, 3600.0),
    (1650.0, 2800.0),
    (1250.0, 2300.0),
    (1150.0, 1500.0),
    (1040.0, 1000.0),
    (760.0, 860.0),
    (760.0, 360.0),
    (600.0, 200.0),
    (520.0, 120.0),
];
pub const BROOK_BELOW: &[Spot] = &[(470.0, 95.0), (420.0, -40.0), (440.0, -200.0), (445.0, -395.0)];

pub const RAILS: &[&[Spot]] = &[
    &[
        (-7400.0, 1700.0),
        (-5000.0, 1500.0),
        (-2600.0, 1010.0),
        (-1200.0, 1090.0),
        (0.0, 1140.0),
        (1200.0, 1120.0),
        (2600.0, 980.0),
        (5000.0, 1500.0),
        (7400.0, 1350.0),
    ],
    &[(-500.0, 1120.0), (-300.0, 1142.0), (0.0, 1153.0), (300.0, 1154.0), (560.0, 1132.0)],
];

/// Grounds drawn as areas: class, name, corners.
pub const AREAS: &[(Class, Option<&str>, &[Spot])] = &[
    (Class::Park, Some("Lindenpark"), &[(356.0, 14.0), (650.0, 10.0), (650.0, 338.0), (330.0, 338.0), (312.0, 180.0)]),
    (
        Class::Park,
        Some("Stadtgarten"),
        &[(-440.0, 25.0), (-362.0, 25.0), (-320.0, 170.0), (-330.0, 250.0), (-440.0, 250.0)],
    ),
    (Class::Park, Some("Marienpark"), &[(-590.0, -692.0), (-410.0, -692.0), (-410.0, -788.0), (-590.0, -788.0)]),
    (
        Class::Meadow,
        Some("Auwiesen"),
        &[(-1900.0, -500.0), (-1250.0, -420.0), (-1180.0, -540.0), (-1250.0, -680.0), (-1900.0, -700.0)],
    ),
    (
        Class::Meadow,
        None,
        &[(-1150.0, -345.0), (-500.0, -345.0), (-400.0, -345.0), (-400.0, -455.0), (-1150.0, -455.0)],
    ),
    (
        Class::Meadow,
        None,
        &[
            (-400.0, -330.0),
            (0.0, -292.0),
            (335.0, -335.0),
            (870.0, -298.0),
            (1400.0, -370.0),
            (1400.0, -540.0),
            (875.0, -412.0),
            (450.0, -452.0),
            (0.0, -422.0),
            (-400.0, -455.0),
        ],
    ),
    (
        Class::Forest,
        Some("Auwald"),
        &[(1400.0, -520.0), (1800.0, -470.0), (2150.0, -600.0), (2100.0, -900.0), (1800.0, -1000.0), (1500.0, -860.0)],
    ),
    (
        Class::Forest,
        Some("Stadtwald"),
        &[
            (-1500.0, 1290.0),
            (-900.0, 1240.0),
            (-300.0, 1290.0),
            (300.0, 1250.0),
            (800.0, 1320.0),
            (1300.0, 1250.0),
            (1700.0, 1500.0),
            (1600.0, 2100.0),
            (800.0, 2350.0),
            (-400.0, 2300.0),
            (-1300.0, 2200.0),
            (-1700.0, 1700.0),
        ],
    ),
    (
        Class::Forest,
        None,
        &[(-700.0, -1330.0), (-350.0, -1300.0), (-250.0, -1500.0), (-450.0, -1750.0), (-850.0, -1650.0)],
    ),
    (
        Class::Cemetery,
        Some("Waldfriedhof"),
        &[(-1150.0, -720.0), (-905.0, -705.0), (-900.0, -880.0), (-1120.0, -900.0)],
    ),
    (
        Class::Allotments,
        Some("Kleingärten Sonnenhang"),
        &[(-1100.0, 850.0), (-740.0, 870.0), (-720.0, 1030.0), (-1080.0, 1020.0)],
    ),
    (Class::Grounds, Some("Sportpark"), &[(1030.0, 25.0), (1360.0, 40.0), (1320.0, 235.0), (1025.0, 235.0)]),
    (Class::Pitch, None, &[(1190.0, 60.0), (1300.0, 66.0), (1296.0, 134.0), (1186.0, 128.0)]),
    (Class::Pitch, None, &[(1190.0, 155.0), (1270.0, 160.0), (1268.0, 215.0), (1188.0, 210.0)]),
    (Class::Grounds, None, &[(1030.0, 250.0), (1200.0, 250.0), (1200.0, 340.0), (1030.0, 335.0)]),
    (Class::Grounds, None, &[(690.0, 368.0), (838.0, 368.0), (838.0, 456.0), (690.0, 456.0)]),
    (Class::Grounds, None, &[(420.0, -575.0), (585.0, -575.0), (585.0, -665.0), (420.0, -665.0)]),
    (Class::Grounds, Some("Freibad"), &[(1050.0, -40.0), (1240.0, -30.0), (1250.0, -210.0), (1060.0, -220.0)]),
    (Class::WaterArea, None, &[(1085.0, -75.0), (1140.0, -72.0), (1138.0, -97.0), (1083.0, -100.0)]),
    (Class::WaterArea, None, &[(1160.0, -130.0), (1190.0, -128.0), (1188.0, -150.0), (1158.0, -152.0)]),
    (Class::Square, Some("Marktplatz"), &[(-86.0, -118.0), (62.0, -118.0), (62.0, -10.0), (-86.0, -10.0)]),
    (Class::Square, None, &[(-45.0, 1070.0), (115.0, 1070.0), (115.0, 1096.0), (-45.0, 1096.0)]),
    (Class::Parking, None, &[(125.0, 1060.0), (225.0, 1060.0), (225.0, 1100.0), (125.0, 1100.0)]),
    (Class::Parking, None, &[(-440.0, -90.0), (-370.0, -90.0), (-370.0, -150.0), (-440.0, -150.0)]),
];

/// The pond: middle and half axes.
pub const POND: (Spot, Spot) = ((497.0, 108.0), (62.0, 34.0));

/// Public buildings: name, middle, size, street and number.
pub const PUBLIC: &[(&str, Spot, Spot, &str, &str)] = &[
    ("Rathaus", (-120.0, -62.0), (46.0, 70.0), "Marktplatz", "1"),
    ("St. Martin", (92.0, -66.0), (26.0, 62.0), "Kirchgasse", "2"),
    ("Stadtbücherei", (60.0, 52.0), (44.0, 26.0), "Hauptstraße", "12"),
    ("Stadthalle", (-400.0, -50.0), (54.0, 38.0), "Westwall", "30"),
    ("Lindenschule", (764.0, 414.0), (84.0, 30.0), "Gartenstraße", "61"),
    ("Gymnasium", (1110.0, 296.0), (96.0, 40.0), "Schulstraße", "4"),
    ("Kindergarten Sonnenblume", (-300.0, -740.0), (40.0, 26.0), "Feldstraße", "22"),
    ("Kita Regenbogen", (-500.0, 650.0), (34.0, 24.0), "Goethestraße", "47"),
    ("Feuerwehr", (-1080.0, -70.0), (44.0, 34.0), "Hauptstraße", "140"),
    ("Krankenhaus", (1010.0, 705.0), (110.0, 52.0), "Lerchenfeld", "10"),
    ("Polizei", (66.0, 410.0), (34.0, 26.0), "Bahnhofstraße", "28"),
    ("Bahnhof", (30.0, 1112.0), (84.0, 18.0), "Bahnhofsplatz", "1"),
    ("Seniorenheim St. Anna", (300.0, -858.0), (56.0, 30.0), "Sonnenstraße", "35"),
    ("Südschule", (500.0, -620.0), (90.0, 28.0), "Wiesenstraße", "40"),
    ("St. Johannes", (100.0, -740.0), (24.0, 44.0), "Feldstraße", "5"),
];

pub const STOPS: &[(&str, Spot)] = &[
    ("Marktplatz", (-40.0, 6.0)),
    ("Bahnhof", (0.0, 1066.0)),
    ("Lindenpark", (560.0, 2.0)),
    ("Sportpark", (1130.0, 8.0)),
    ("Westwall", (-380.0, 8.0)),
    ("Handwerkerstraße", (-1230.0, 16.0)),
    ("Schillerstraße", (22.0, 480.0)),
    ("Mozartstraße", (32.0, 820.0)),
    ("Gartenstraße", (-450.0, 358.0)),
    ("Gymnasium", (1160.0, 372.0)),
    ("Krankenhaus", (1130.0, 590.0)),
    ("Brückenstraße", (8.0, -500.0)),
    ("Sonnenstraße", (10.0, -790.0)),
    ("Am Hang", (14.0, -1170.0)),
    ("Ostbrücke", (880.0, -450.0)),
    ("Auenstraße", (-500.0, -484.0)),
];

/// Playgrounds: name and middle. The number is the place in this list.
pub const PLAYGROUNDS: &[(&str, Spot)] = &[
    ("Stadtgarten", (-392.0, 175.0)),
    ("Bahnhofstraße", (76.0, 530.0)),
    ("Schillerstraße", (-346.0, 528.0)),
    ("Goethestraße", (398.0, 650.0)),
    ("Mozartstraße", (-560.0, 770.0)),
    ("Lerchenfeld", (960.0, 510.0)),
    ("Am Weinberg", (-1030.0, 605.0)),
    ("Schlehenweg", (-1140.0, 345.0)),
    ("Mühlweg", (-620.0, -262.0)),
    ("Uferwiese", (560.0, -225.0)),
    ("Auwiesen", (-1060.0, -545.0)),
    ("Sportpark", (1090.0, 110.0)),
    ("Wiesenstraße", (300.0, -620.0)),
    ("Lindenpark", (418.0, 262.0)),
    ("Marienpark", (-500.0, -735.0)),
    ("Sonnenstraße", (700.0, -860.0)),
    ("Bergstraße", (-300.0, -980.0)),
    ("Am Hang", (300.0, -1105.0)),
];

/// What stands on playgrounds; the park's begins with slide and swing.
pub const EQUIPMENT: &[&str] = &[
    "Rutsche",
    "Schaukel",
    "Sandkasten",
    "Klettergerüst",
    "Wippe",
    "Federtier",
    "Nestschaukel",
    "Karussell",
    "Balancierbalken",
    "Seilbahn",
    "Spielhaus",
];

/// Single things at a place: kind, label, number, middle.
pub const SINGLE: &[(AssetKind, &str, &str, Spot)] = &[
    (AssetKind::Fountain, "Marktbrunnen", "BR-01", (-12.0, -64.0)),
    (AssetKind::Fountain, "Brunnen am Bahnhofsplatz", "BR-02", (70.0, 1084.0)),
    (AssetKind::Bench, "Parkbank am Ententeich", "BA-001", (442.0, 148.0)),
    (AssetKind::Bin, "Abfalleimer am Ententeich", "AE-001", (452.0, 152.0)),
    (AssetKind::Container, "Wertstoffcontainer Stadthalle", "WC-01", (-380.0, -120.0)),
    (AssetKind::Container, "Wertstoffcontainer Bahnhof", "WC-02", (215.0, 1066.0)),
    (AssetKind::Container, "Wertstoffcontainer Gartenstraße", "WC-03", (-640.0, 362.0)),
    (AssetKind::Container, "Wertstoffcontainer Sportpark", "WC-04", (1040.0, 60.0)),
    (AssetKind::Container, "Wertstoffcontainer Lerchenfeld", "WC-05", (1150.0, 620.0)),
    (AssetKind::Container, "Wertstoffcontainer Weinberg", "WC-06", (-1150.0, 560.0)),
    (AssetKind::Container, "Wertstoffcontainer Auenstraße", "WC-07", (-300.0, -472.0)),
    (AssetKind::Container, "Wertstoffcontainer Südschule", "WC-08", (430.0, -580.0)),
    (AssetKind::Container, "Wertstoffcontainer Talstraße", "WC-09", (-620.0, -910.0)),
    (AssetKind::Container, "Wertstoffcontainer Am Hang", "WC-10", (520.0, -1150.0)),
    (AssetKind::Container, "Wertstoffcontainer Friedhof", "WC-11", (-890.0, -815.0)),
    (AssetKind::Container, "Wertstoffcontainer Handwerkerstraße", "WC-12", (-1300.0, -130.0)),
];

/// Borders of the three districts that are not the river.
pub const OLD_TOWN_EDGE: &[Spot] =
    &[(-470.0, 0.0), (-470.0, 300.0), (-235.0, 345.0), (10.0, 345.0), (655.0, 345.0), (655.0, 0.0)];
pub const OLD_TOWN_WEST: f64 = -470.0;
pub const OLD_TOWN_EAST: f64 = 655.0;
/// Villages of the neighbours: only their names and their ground.
pub const NEIGHBOURS: &[(&str, Spot)] = &[
    ("Hinterau", (-3600.0, 300.0)),
    ("Kirchlohe", (5200.0, 380.0)),
    ("Steinfurt", (-260.0, -2650.0)),
    ("Waldau", (1480.0, 3950.0)),
    ("Neuhof", (3800.0, -1540.0)),
    ("Grünlohe", (-3400.0, 2380.0)),
];

/// The town's own border north and south of the river, from west to east.
pub const BORDER_NORTH: &[Spot] = &[
    (-2350.0, 200.0),
    (-2650.0, 900.0),
    (-2100.0, 1500.0),
    (-2000.0, 2300.0),
    (-1000.0, 2750.0),
    (200.0, 2450.0),
    (1400.0, 2800.0),
    (2100.0, 1900.0),
    (2050.0, 1100.0),
    (2500.0, 400.0),
];
pub const BORDER_SOUTH: &[Spot] = &[
    (-2450.0, -1100.0),
    (-1900.0, -1500.0),
    (-1500.0, -2100.0),
    (-500.0, -1900.0),
    (500.0, -2250.0),
    (1500.0, -1800.0),
    (2300.0, -1300.0),
];
/// Where the border meets the river.
pub const BORDER_WEST: f64 = -2300.0;
pub const BORDER_EAST: f64 = 2400.0;
/// South-west and north-east corner around the town.
pub const EDGE: (Spot, Spot) = ((-2700.0, -2300.0), (2600.0, 2900.0));
/// The land is drawn this far from the market.
pub const LAND_REACH: f64 = 7200.0;
