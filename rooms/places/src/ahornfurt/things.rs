//! What Ahornfurt looks after: playgrounds with their equipment, lamps along the streets, trees, benches, bins,
//! containers. Every thing has a number as a works depot gives it.

use super::build::Built;
use super::land::{Block, Dice, Way, bend, is_inside, position};
use super::plan::{self, Homes, Spot};
use crate::model::{AssetKind, NewAsset, Source};
use maps::Class;

/// An asset, and the number of the one it belongs to.
pub struct Thing {
    pub new: NewAsset,
    pub parent_number: Option<String>,
}

fn thing(kind: AssetKind, label: &str, number: String, at: Spot) -> Thing {
    let (source, source_ref, label) = (Source::Town, number.clone(), label.to_owned());
    Thing {
        new: NewAsset { source, source_ref, kind, label, number, parent: None, position: position(at) },
        parent_number: None,
    }
}

pub fn things(built: &Built) -> Vec<Thing> {
    let dice = Dice::new(0x7417);
    let mut all = playgrounds(&dice);
    all.extend(
        plan::SINGLE.iter().map(|(kind, label, number, at)| thing(*kind, label, (*number).to_owned(), bend(*at))),
    );
    all.extend(lamps(built));
    all.extend(trees(built, &dice));
    all.extend(benches(&dice));
    all
}

fn playgrounds(dice: &Dice) -> Vec<Thing> {
    let mut all = Vec::new();
    for (index, (name, middle)) in plan::PLAYGROUNDS.iter().enumerate() {
        let number = format!("SP-{:03}", index + 1);
        let block = Block::planned(*middle, (34.0, 26.0));
        all.push(thing(AssetKind::Playground, &format!("Spielplatz {name}"), number.clone(), block.middle));
        let count = if *name == "Lindenpark" { 7 } else { dice.between(3.0, 7.0) as usize };
        // Every playground has a slide and a swing, then what the chance brings, each once.
        let mut rest: Vec<&str> = plan::EQUIPMENT[2..].to_vec();
        let mut chosen: Vec<&str> = plan::EQUIPMENT[..2].to_vec();
        while chosen.len() < count {
            let next = *dice.pick(&rest);
            rest.retain(|label| *label != next);
            chosen.push(next);
        }
        for (place, label) in chosen.into_iter().enumerate() {
            let (column, row) = (place % 3, place / 3);
            let (along, across) = (column as f64 * 10.0 - 10.0, row as f64 * 8.0 - 8.0);
            let at = block.point(along + dice.between(-1.5, 1.5), across + dice.between(-1.5, 1.5));
            let mut new = thing(AssetKind::PlayEquipment, label, format!("{number}-{:02}", place + 1), at);
            new.parent_number = Some(number.clone());
            all.push(new);
        }
    }
    all
}

/// Alternating on both sides, closer in the old town.
fn lamps(built: &Built) -> Vec<Thing> {
    let mut all = Vec::new();
    for (street, way) in &built.ways {
        if street.name.is_empty() || matches!(street.class, Class::Path | Class::Track) {
            continue;
        }
        let (mut far, mut side) = (14.0, 1.0);
        while far < way.length() {
            let at = way.beside(far, side * 7.4);
            let is_within_town = at.0.abs() < 1250.0 && at.1.abs() < 1290.0;
            if is_within_town {
                all.push(thing(AssetKind::Lamp, "Straßenlaterne", format!("LA-{:04}", all.len() + 1), at));
            }
            far += if street.homes == Homes::Rows { 42.0 } else { 96.0 };
            side = -side;
        }
    }
    all
}

/// Avenues, the park, the other greens and the bank of the river.
fn trees(built: &Built, dice: &Dice) -> Vec<Thing> {
    let mut spots: Vec<(Spot, &str)> = Vec::new();
    for (name, kind, step) in
        [("Kastanienallee", "Kastanie", 17.0), ("Lindenstraße", "Linde", 16.0), ("Gartenstraße", "Ahorn", 30.0)]
    {
        let Some((_, way)) = built.ways.iter().find(|(street, _)| street.name == name) else { continue };
        avenue(way, step, &mut |at| spots.push((at, kind)));
    }
    if let Some((_, way)) = built.ways.iter().find(|(street, _)| street.name == "Uferweg") {
        avenue(way, 46.0, &mut |at| spots.push((at, "Erle")));
    }
    for (class, name, corners) in plan::AREAS {
        let count = match (class, *name) {
            (Class::Park, Some("Lindenpark")) => 110,
            (Class::Park, _) => 32,
            (Class::Cemetery, _) => 40,
            _ => continue,
        };
        let ring: Vec<Spot> = super::land::edge(corners);
        let extent = ring.iter().fold((f64::MAX, f64::MAX, f64::MIN, f64::MIN), |e, spot| {
            (e.0.min(spot.0), e.1.min(spot.1), e.2.max(spot.0), e.3.max(spot.1))
        });
        let ((pond_x, pond_y), (wide, tall)) = plan::POND;
        for _ in 0..count {
            let at = (dice.between(extent.0 + 6.0, extent.2 - 6.0), dice.between(extent.1 + 6.0, extent.3 - 6.0));
            let in_pond = ((at.0 - pond_x) / (wide + 10.0)).hypot((at.1 - pond_y) / (tall + 10.0)) < 1.0;
            let on_playground =
                plan::PLAYGROUNDS.iter().any(|(_, p)| (p.0 - at.0).abs() < 22.0 && (p.1 - at.1).abs() < 18.0);
            if is_inside(at, &ring) && !in_pond && !on_playground {
                spots.push((bend(at), *dice.pick(&["Linde", "Ahorn", "Buche", "Eiche", "Birke"])));
            }
        }
    }
    let number = |index: usize| format!("B-{:04}", index + 1);
    spots.into_iter().enumerate().map(|(index, (at, kind))| thing(AssetKind::Tree, kind, number(index), at)).collect()
}

fn avenue(way: &Way, step: f64, plant: &mut dyn FnMut(Spot)) {
    let mut far = 22.0;
    while far < way.length() - 15.0 {
        plant(way.beside(far, 8.6));
        plant(way.beside(far + step / 2.0, -8.6));
        far += step;
    }
}

/// Benches with a bin at every second one: in the parks, on the market, along the river.
fn benches(dice: &Dice) -> Vec<Thing> {
    let mut spots: Vec<(Spot, &str)> = vec![
        ((-70.0, -30.0), "Sitzbank am Marktplatz"),
        ((40.0, -30.0), "Sitzbank am Marktplatz"),
        ((-60.0, -105.0), "Sitzbank am Marktplatz"),
        ((45.0, -105.0), "Sitzbank am Marktplatz"),
        ((55.0, 1090.0), "Sitzbank am Bahnhof"),
        ((90.0, 1090.0), "Sitzbank am Bahnhof"),
        ((550.0, 70.0), "Parkbank am Ententeich"),
        ((560.0, 150.0), "Parkbank am Ententeich"),
    ];
    for (name, middle) in plan::PLAYGROUNDS {
        let label = if *name == "Lindenpark" { "Sitzbank am Spielplatz Lindenpark" } else { "Sitzbank am Spielplatz" };
        spots.push(((middle.0 - 19.0, middle.1 + dice.between(-8.0, 8.0)), label));
    }
    for step in 0..24 {
        let x = f64::from(step) * 75.0 - 860.0;
        spots.push(((x, super::land::river_at(x) + 44.0), "Sitzbank am Uferweg"));
    }
    let mut all = Vec::new();
    let (mut benches, mut bins) = (1, 1);
    for (index, (at, label)) in spots.into_iter().enumerate() {
        benches += 1;
        all.push(thing(AssetKind::Bench, label, format!("BA-{benches:03}"), bend(at)));
        if index % 2 == 0 {
            bins += 1;
            let beside = bend((at.0 + 3.0, at.1 + 0.6));
            all.push(thing(AssetKind::Bin, AssetKind::Bin.german(), format!("AE-{bins:03}"), beside));
        }
    }
    all
}
