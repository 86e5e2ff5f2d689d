//! Builds Ahornfurt from its plan: shapes, districts, houses with their addresses. What the town looks after stands in
//! `things.rs`. The order is fixed, so a house keeps its number from run to run.

use super::land::{Block, Dice, Ground, Way, bend, curve, edge, is_inside, position, river, river_at};
use super::plan::{self, Homes, Spot, Street};
use crate::model::{NewAddress, NewDistrict, NewShape, Source};
use maps::{Class, Geometry};
use std::collections::BTreeMap;

pub const PLACE: &str = "Ahornfurt";
pub const POSTCODE: &str = "00000";

/// Everything that is stored of the town, apart from its things.
#[derive(Default)]
pub struct Built {
    pub shapes: Vec<NewShape>,
    pub districts: Vec<NewDistrict>,
    pub addresses: Vec<NewAddress>,
    /// Streets on bent paper, for lamps and trees.
    pub ways: Vec<(&'static Street, Way)>,
    pub ground: Ground,
}

impl Built {
    fn shape(&mut self, class: Class, label: Option<&str>, level: i8, geometry: Option<Geometry>) {
        let Some(geometry) = geometry else { return };
        let source_ref = format!("{}-{:04}", class.word(), self.shapes.len());
        let label = label.filter(|label| !label.is_empty()).map(str::to_owned);
        self.shapes.push(NewShape { source: Source::Town, source_ref, class, label, level, geometry });
    }

    fn door(&mut self, street: &str, number: &str, at: Spot) {
        self.addresses.push(NewAddress {
            source: Source::Town,
            source_ref: format!("{street} {number}"),
            street: street.to_owned(),
            house_number: number.to_owned(),
            postcode: POSTCODE.to_owned(),
            place: PLACE.to_owned(),
            position: position(at),
        });
    }
}

fn area(ring: &[Spot]) -> Option<Geometry> {
    Geometry::area(&[ring.iter().map(|spot| position(*spot)).collect()])
}

fn line(points: &[Spot]) -> Option<Geometry> {
    Geometry::line(&points.iter().map(|spot| position(*spot)).collect::<Vec<_>>())
}

fn bent(points: &[Spot]) -> Vec<Spot> {
    points.iter().map(|spot| bend(*spot)).collect()
}

/// Half the width of a road as it is drawn, in metres.
fn half_width(class: Class) -> f64 {
    match class {
        Class::Primary => 6.5,
        Class::Secondary | Class::Tertiary => 5.8,
        Class::Path | Class::Track => 2.0,
        _ => 4.8,
    }
}

pub fn build() -> Built {
    let mut built = Built::default();
    let dice = Dice::new(0x0A40);
    lay_fields(&mut built, &dice);
    lay_grounds(&mut built);
    lay_water(&mut built);
    lay_roads(&mut built);
    set_public_buildings(&mut built);
    for index in 0..built.ways.len() {
        set_houses(&mut built, index, &dice);
    }
    set_names(&mut built);
    set_districts(&mut built);
    built
}

/// Fields as far as the eye reaches; meadows, woods and fallow land upon them as loose shapes; wet meadows on the river.
fn lay_fields(built: &mut Built, dice: &Dice) {
    let far = plan::LAND_REACH + 300.0;
    built.shape(Class::Farmland, None, 0, area(&[(-far, -far), (far, -far), (far, far), (-far, far)]));
    let mut row = -plan::LAND_REACH;
    while row < plan::LAND_REACH {
        let mut column = -plan::LAND_REACH;
        while column < plan::LAND_REACH {
            let middle = (column + dice.between(-190.0, 190.0), row + dice.between(-190.0, 190.0));
            let reach = dice.between(110.0, 330.0);
            lay_patch(built, middle, reach, dice);
            column += 480.0;
        }
        row += 430.0;
    }
    let river = river();
    let wide = |x: f64| 105.0 + 45.0 * (x / 340.0).sin() + 25.0 * (x / 130.0).sin();
    let mut ring: Vec<Spot> = river.iter().map(|(x, y)| (*x, y + wide(*x))).collect();
    ring.extend(river.iter().rev().map(|(x, y)| (*x, y - wide(x + 900.0))));
    built.shape(Class::Meadow, None, 0, area(&bent(&ring)));
    for ring in [
        [(-960.0, 290.0), (1400.0, 290.0), (1260.0, 860.0), (700.0, 1030.0), (-680.0, 1030.0), (-960.0, 760.0)]
            .as_slice(),
        [(-1340.0, 150.0), (-900.0, 150.0), (-900.0, 800.0), (-1230.0, 730.0), (-1340.0, 470.0)].as_slice(),
        [
            (-1060.0, 300.0),
            (-1230.0, 90.0),
            (-1230.0, -160.0),
            (-1060.0, -322.0),
            (-500.0, -350.0),
            (0.0, -296.0),
            (335.0, -340.0),
            (1050.0, -290.0),
            (1420.0, -20.0),
            (1400.0, 300.0),
        ]
        .as_slice(),
        [(-1780.0, 70.0), (-1780.0, -235.0), (-1180.0, -235.0), (-1180.0, 70.0)].as_slice(),
        [
            (-1160.0, -440.0),
            (0.0, -415.0),
            (875.0, -405.0),
            (1000.0, -520.0),
            (860.0, -600.0),
            (860.0, -1080.0),
            (520.0, -1230.0),
            (-560.0, -1230.0),
            (-860.0, -960.0),
            (-860.0, -520.0),
            (-1160.0, -510.0),
        ]
        .as_slice(),
    ] {
        built.shape(Class::BuiltUp, None, 0, area(&bent(&edge(ring))));
    }
}

/// One loose patch, unless it would lie in the town or its named woods.
fn lay_patch(built: &mut Built, middle: Spot, reach: f64, dice: &Dice) {
    let corners: Vec<Spot> = (0..9)
        .map(|step| {
            let angle = (f64::from(step) + dice.between(-0.25, 0.25)) / 9.0 * std::f64::consts::TAU;
            let far = reach * dice.between(0.6, 1.15);
            (middle.0 + far * 1.25 * angle.cos(), middle.1 + far * 0.85 * angle.sin())
        })
        .collect();
    let is_free = corners.iter().all(|at| {
        let in_town = (at.0 / 1500.0).hypot((at.1 + 60.0) / 1330.0) < 1.0;
        let in_wood = plan::AREAS.iter().any(|(class, _, ring)| *class == Class::Forest && is_inside(*at, ring));
        let in_village = plan::NEIGHBOURS.iter().any(|(_, (x, y))| (at.0 - x).hypot(at.1 - y) < 420.0);
        !in_town && !in_wood && !in_village && (at.1 - river_at(at.0)).abs() > 60.0
    });
    let class = match dice.between(0.0, 100.0) {
        share if share < 42.0 => Class::Meadow,
        share if share < 66.0 && middle.0.hypot(middle.1) > 2100.0 => Class::Forest,
        _ => return,
    };
    // Woods are soft at the edge, fields have corners.
    let ring = if class == Class::Forest { closed_curve(&corners) } else { edge(&corners) };
    if is_free {
        built.shape(class, None, 0, area(&bent(&ring)));
    }
}

/// A smooth ring through the corners.
fn closed_curve(corners: &[Spot]) -> Vec<Spot> {
    let mut wrapped = corners.to_vec();
    wrapped.extend_from_slice(&corners[..3]);
    let line = curve(&wrapped);
    let from = line.iter().position(|spot| *spot == corners[1]).unwrap_or(0);
    let to = line.iter().rposition(|spot| *spot == corners[1]).unwrap_or(line.len());
    line[from..to].to_vec()
}

fn lay_grounds(built: &mut Built) {
    for (class, name, corners) in plan::AREAS {
        let ring = if *class == Class::Forest { closed_curve(corners) } else { edge(corners) };
        let ring = bent(&ring);
        built.shape(*class, *name, 0, area(&ring));
        if *class != Class::Meadow {
            built.ground.keep_zone(ring);
        }
    }
    for (name, middle) in plan::PLAYGROUNDS {
        let ring = Block::planned(*middle, (34.0, 26.0)).corners();
        built.shape(Class::Playground, Some(&format!("Spielplatz {name}")), 0, area(&ring));
        built.ground.keep_zone(Block::planned(*middle, (46.0, 38.0)).corners());
    }
}

fn lay_water(built: &mut Built) {
    let way = Way::new(bent(river()));
    let steps = (way.length() / 20.0).floor();
    let bank = |side: f64| {
        let mut points = Vec::new();
        let mut step = 0.0;
        while step <= steps {
            let far = step * 20.0;
            points.push(way.beside(far, side * (plan::RIVER_HALF_WIDTH + 3.0 * (far / 130.0).sin())));
            step += 1.0;
        }
        points
    };
    let (mut ring, mut other) = (bank(1.0), bank(-1.0));
    other.reverse();
    ring.extend(other);
    built.shape(Class::WaterArea, None, 0, area(&ring));
    built.ground.keep_zone(ring);
    built.shape(Class::River, Some("Ahorn"), 0, line(&way.points));
    for brook in [plan::BROOK, plan::BROOK_BELOW] {
        let points = bent(&curve(brook));
        built.ground.keep_road(&points, 3.0);
        built.shape(Class::Stream, Some("Lindenbach"), 0, line(&points));
    }
    let ((x, y), (wide, tall)) = plan::POND;
    let pond: Vec<Spot> = (0..40)
        .map(|step| {
            let angle = f64::from(step) / 40.0 * std::f64::consts::TAU;
            let wobble = 1.0 + 0.09 * (angle * 3.0 + 0.7).sin();
            bend((x + wide * wobble * angle.cos(), y + tall * wobble * angle.sin()))
        })
        .collect();
    built.shape(Class::WaterArea, Some("Ententeich"), 0, area(&pond));
}

/// Streets and rails; where a street crosses the river, a bridge.
fn lay_roads(built: &mut Built) {
    for rail in plan::RAILS {
        let points = bent(&curve(rail));
        built.ground.keep_road(&points, 14.0);
        built.shape(Class::Rail, None, 0, line(&points));
    }
    for street in plan::STREETS {
        let planned = curve(street.points);
        let over: Vec<bool> = planned.iter().map(|spot| (spot.1 - river_at(spot.0)).abs() < 30.0).collect();
        let points = bent(&planned);
        let crosses = street.name != "Uferweg" && over.iter().any(|wet| *wet);
        if crosses {
            let first = over.iter().position(|wet| *wet).unwrap_or(0).saturating_sub(1);
            let last = (over.iter().rposition(|wet| *wet).unwrap_or(0) + 1).min(points.len() - 1);
            for (piece, level) in [(&points[..=first], 0), (&points[first..=last], 1), (&points[last..], 0)] {
                built.shape(street.class, Some(street.name), level, line(piece));
            }
        } else {
            built.shape(street.class, Some(street.name), 0, line(&points));
        }
        built.ground.keep_road(&points, half_width(street.class));
        built.ways.push((street, Way::new(points)));
    }
}

fn set_public_buildings(built: &mut Built) {
    for (name, middle, size, street, number) in plan::PUBLIC {
        let block = Block::planned(*middle, *size);
        let mut ring = block.corners();
        if size.0.max(size.1) > 70.0 {
            // Large houses have a wing.
            let (w, d) = block.half;
            ring = vec![
                block.point(-w, -d),
                block.point(w, -d),
                block.point(w, d),
                block.point(w * 0.45, d),
                block.point(w * 0.45, d * 0.1),
                block.point(-w * 0.45, d * 0.1),
                block.point(-w * 0.45, d),
                block.point(-w, d),
            ];
        }
        if name.starts_with("St. ") {
            ring = church(&block);
        }
        built.shape(Class::PublicBuilding, Some(name), 0, area(&ring));
        built.ground.take(block);
        // The zone keeps neighbours a little away.
        built.ground.keep_zone(Block::planned(*middle, (size.0 + 8.0, size.1 + 8.0)).corners());
        built.door(street, number, block.middle);
    }
}

/// A tower at one end, a rounded choir at the other.
fn church(block: &Block) -> Vec<Spot> {
    let (w, d) = block.half;
    let mut ring = vec![
        block.point(-w * 0.55, -d),
        block.point(w * 0.55, -d),
        block.point(w * 0.55, -d * 0.66),
        block.point(w, -d * 0.66),
        block.point(w, d * 0.6),
    ];
    ring.extend((0..=6).map(|step| {
        let angle = f64::from(step) / 6.0 * std::f64::consts::PI;
        block.point(w * 0.62 * angle.cos(), d * 0.6 + d * 0.4 * angle.sin())
    }));
    ring.extend([block.point(-w, d * 0.6), block.point(-w, -d * 0.66), block.point(-w * 0.55, -d * 0.66)]);
    ring
}

/// Width, depth, distance from the street and to the neighbour.
fn house_of(homes: Homes, in_old_town: bool, dice: &Dice) -> (f64, f64, f64, f64) {
    match homes {
        Homes::Works => (dice.between(36.0, 70.0), dice.between(24.0, 40.0), 9.0, dice.between(12.0, 26.0)),
        Homes::Rows => (dice.between(9.0, 15.0), dice.between(11.0, 16.0), 2.2, if dice.often(80) { 0.3 } else { 4.0 }),
        _ if in_old_town => {
            (dice.between(10.0, 17.0), dice.between(11.0, 16.0), 2.4, if dice.often(70) { 0.4 } else { 5.0 })
        }
        _ => (dice.between(10.0, 15.0), dice.between(9.0, 12.5), dice.between(5.0, 8.0), dice.between(7.0, 15.0)),
    }
}

fn set_houses(built: &mut Built, index: usize, dice: &Dice) {
    let street = built.ways[index].0;
    if street.homes == Homes::None {
        return;
    }
    let public: BTreeMap<&str, ()> = plan::PUBLIC.iter().filter(|p| p.3 == street.name).map(|p| (p.4, ())).collect();
    for (side, first) in [(1.0, 1u32), (-1.0, 2u32)] {
        let (mut far, mut number) = (9.0, first);
        while far < built.ways[index].1.length() - 9.0 {
            let here = built.ways[index].1.at(far);
            if (here.0 / 1480.0).hypot(here.1 / 1420.0) > 1.0 && street.homes != Homes::Works {
                far += 20.0;
                continue;
            }
            let in_old_town = (here.0.abs() < 380.0) && here.1 > -330.0 && here.1 < 300.0;
            let (wide, deep, back, gap) = house_of(street.homes, in_old_town, dice);
            let way = &built.ways[index].1;
            let from_middle = half_width(street.class) + back + deep / 2.0;
            let block = Block {
                middle: way.beside(far + wide / 2.0, side * from_middle),
                along: way.heading(far + wide / 2.0),
                half: (wide / 2.0, deep / 2.0),
            };
            if !built.ground.is_free(&block) {
                far += 5.0;
                continue;
            }
            while public.contains_key(number.to_string().as_str()) {
                number += 2;
            }
            set_house(built, street, &block, side, number, dice);
            number += 2;
            far += wide + gap;
        }
    }
}

fn set_house(built: &mut Built, street: &Street, block: &Block, side: f64, number: u32, dice: &Dice) {
    let (w, d) = block.half;
    let ring = if dice.often(35) {
        // A notch at the back: an angle house.
        let (cut, deep) = (w * dice.between(-0.1, 0.5), d * dice.between(0.1, 0.5) * side);
        let (front, rear) = (-d * side, d * side);
        vec![
            block.point(-w, front),
            block.point(w, front),
            block.point(w, deep),
            block.point(cut, deep),
            block.point(cut, rear),
            block.point(-w, rear),
        ]
    } else {
        block.corners()
    };
    built.shape(Class::Building, None, 0, area(&ring));
    built.ground.take(*block);
    built.door(street.name, &number.to_string(), block.middle);
    let shed = Block { middle: block.point(w + 4.6, d * 0.6 * side), along: block.along, half: (3.0, 3.4) };
    if street.homes == Homes::Houses && dice.often(32) && built.ground.is_free(&shed) {
        built.shape(Class::Building, None, 0, area(&shed.corners()));
        built.ground.take(shed);
    }
}

fn set_names(built: &mut Built) {
    for (name, (x, y)) in plan::NEIGHBOURS {
        let corners: Vec<Spot> = (0..8)
            .map(|step| {
                let angle = f64::from(step) / 8.0 * std::f64::consts::TAU;
                let far = 190.0 + 60.0 * (angle * 2.0 + x).sin();
                (x + far * 1.4 * angle.cos(), y + far * angle.sin())
            })
            .collect();
        built.shape(Class::BuiltUp, None, 0, area(&bent(&closed_curve(&corners))));
        built.shape(Class::Village, Some(name), 0, Some(Geometry::point(position(bend((*x, *y))))));
    }
    let names = [
        (Class::Town, PLACE, (0.0, -30.0)),
        (Class::DistrictName, "Altstadt", (-120.0, 190.0)),
        (Class::DistrictName, "Nordstadt", (-250.0, 655.0)),
        (Class::DistrictName, "Südstadt", (-110.0, -860.0)),
        (Class::Station, "Bahnhof Ahornfurt", (30.0, 1142.0)),
    ];
    let stops = plan::STOPS.iter().map(|(name, at)| (Class::Stop, *name, *at));
    for (class, name, at) in names.into_iter().chain(stops) {
        built.shape(class, Some(name), 0, Some(Geometry::point(position(bend(at)))));
    }
}

/// Three districts that share their borders: the river, and the edge of the old town.
fn set_districts(built: &mut Built) {
    let (west, east) = (plan::BORDER_WEST, plan::BORDER_EAST);
    let stream: Vec<Spot> = river().iter().copied().filter(|spot| spot.0 > west && spot.0 < east).collect();
    let part = |from: f64, to: f64| stream.iter().copied().filter(move |spot| spot.0 > from && spot.0 < to);
    let (left, right) = (plan::OLD_TOWN_WEST, plan::OLD_TOWN_EAST);
    let (mouth_left, mouth_right) = ((left, river_at(left)), (right, river_at(right)));
    // From the eastern end of the river round by the border to its western end.
    let border = |points: &[Spot]| {
        let mut all = vec![(west, river_at(west))];
        all.extend(points);
        all.push((east, river_at(east)));
        let mut line = curve(&all);
        line.reverse();
        line
    };

    let mut old_town = vec![mouth_left];
    old_town.extend(plan::OLD_TOWN_EDGE);
    old_town.push(mouth_right);
    let mut back: Vec<Spot> = part(left, right).collect();
    back.reverse();
    old_town.extend(back);

    let mut northern: Vec<Spot> = part(west, left).collect();
    northern.push(mouth_left);
    northern.extend(plan::OLD_TOWN_EDGE);
    northern.push(mouth_right);
    northern.extend(part(right, east));
    northern.extend(border(plan::BORDER_NORTH));

    let mut southern = stream.clone();
    southern.extend(border(plan::BORDER_SOUTH));

    for (name, ring) in [("Altstadt", old_town), ("Nordstadt", northern), ("Südstadt", southern)] {
        let Some(geometry) = area(&bent(&edge(&ring))) else { continue };
        let (source, source_ref) = (Source::Town, name.to_owned());
        built.districts.push(NewDistrict { source, source_ref, name: name.to_owned(), geometry });
    }
}
