//! The demo town's photos, drawn by code: one picture per kind of damage, each in two versions. No photo of a real
//! place, nothing to redact, no licence to ask for. Invariant: a scene and its version always give the same bytes.

mod backdrop;
mod brush;
mod green;
mod play;
mod streets;
mod town;
mod waste;

use brush::{Brush, HEIGHT, WIDTH};

/// What is on the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scene {
    Swing,
    Seesaw,
    Slide,
    Rocker,
    Sandpit,
    DarkLamp,
    LeaningLamp,
    Pothole,
    Drain,
    Slab,
    Puddle,
    Sign,
    TrafficLight,
    FullBin,
    Dumped,
    Containers,
    Glass,
    Graffiti,
    ScrapCar,
    FallenTree,
    Branch,
    Hedge,
    Brook,
    Ice,
    GritBox,
    Bench,
    Shelter,
    BikeStand,
    Fountain,
}

impl Scene {
    #[cfg(test)]
    pub const ALL: [Self; 29] = [
        Self::Swing,
        Self::Seesaw,
        Self::Slide,
        Self::Rocker,
        Self::Sandpit,
        Self::DarkLamp,
        Self::LeaningLamp,
        Self::Pothole,
        Self::Drain,
        Self::Slab,
        Self::Puddle,
        Self::Sign,
        Self::TrafficLight,
        Self::FullBin,
        Self::Dumped,
        Self::Containers,
        Self::Glass,
        Self::Graffiti,
        Self::ScrapCar,
        Self::FallenTree,
        Self::Branch,
        Self::Hedge,
        Self::Brook,
        Self::Ice,
        Self::GritBox,
        Self::Bench,
        Self::Shelter,
        Self::BikeStand,
        Self::Fountain,
    ];

    fn paint(self, b: &mut Brush) {
        match self {
            Self::Swing => play::swing(b),
            Self::Seesaw => play::seesaw(b),
            Self::Slide => play::slide(b),
            Self::Rocker => play::rocker(b),
            Self::Sandpit => play::sandpit(b),
            Self::DarkLamp => streets::dark_lamp(b),
            Self::LeaningLamp => streets::leaning_lamp(b),
            Self::Pothole => streets::pothole(b),
            Self::Drain => streets::drain(b),
            Self::Slab => streets::slab(b),
            Self::Puddle => streets::puddle(b),
            Self::Sign => streets::sign(b),
            Self::TrafficLight => streets::traffic_light(b),
            Self::FullBin => waste::full_bin(b),
            Self::Dumped => waste::dumped(b),
            Self::Containers => waste::containers(b),
            Self::Glass => waste::glass(b),
            Self::Graffiti => waste::graffiti(b),
            Self::ScrapCar => waste::scrap_car(b),
            Self::FallenTree => green::fallen_tree(b),
            Self::Branch => green::branch(b),
            Self::Hedge => green::hedge(b),
            Self::Brook => green::brook(b),
            Self::Ice => green::ice(b),
            Self::GritBox => green::grit_box(b),
            Self::Bench => town::bench(b),
            Self::Shelter => town::shelter(b),
            Self::BikeStand => town::bike_stand(b),
            Self::Fountain => town::fountain(b),
        }
    }

    /// Things reported so often that a second picture of them is worth its time.
    pub const fn is_frequent(self) -> bool {
        matches!(
            self,
            Self::Swing
                | Self::DarkLamp
                | Self::Pothole
                | Self::Slab
                | Self::FullBin
                | Self::Dumped
                | Self::Containers
                | Self::Graffiti
                | Self::Hedge
                | Self::Ice
                | Self::Bench
        )
    }

    /// The picture as PNG. The second version is the other way round, in the light of an evening. `None` only if there is
    /// no memory for the canvas.
    pub fn png(self, evening: bool) -> Option<Vec<u8>> {
        let mut brush = Brush::new(evening)?;
        self.paint(&mut brush);
        if evening {
            brush.fade(0.0, 0.0, WIDTH, HEIGHT, (0xFFB866, 0.20), (0x7A4A6A, 0.16));
            brush.glow(180.0, 120.0, 760.0, 0xFFE2A8, 0.30);
        }
        brush.finish()
    }
}
