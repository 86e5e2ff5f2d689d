//! Places on the map in WGS 84 degrees, and distances good enough inside one town. No projection beyond that, no shapes.

/// Latitude and longitude in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    pub lat: f64,
    pub lon: f64,
}

const METRES_PER_DEGREE: f64 = 111_195.0;

impl Position {
    /// `None` outside the globe or for NaN.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Self { lat, lon })
    }

    /// Distance in metres on a locally flat earth: below 0.1 % off within 50 km.
    pub fn metres_to(self, other: Self) -> f64 {
        let middle = f64::midpoint(self.lat, other.lat).to_radians();
        let (dy, dx) = (other.lat - self.lat, (other.lon - self.lon) * middle.cos());
        (dx * dx + dy * dy).sqrt() * METRES_PER_DEGREE
    }

    /// The box that holds every position within `metres`, for an index look-up before the exact distance.
    pub fn around(self, metres: f64) -> Bounds {
        let dy = metres / METRES_PER_DEGREE;
        let dx = dy / self.lat.to_radians().cos().max(0.01);
        Bounds { south: self.lat - dy, west: self.lon - dx, north: self.lat + dy, east: self.lon + dx }
    }
}

/// A box in degrees; it never crosses the date line here.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bounds {
    pub south: f64,
    pub west: f64,
    pub north: f64,
    pub east: f64,
}

impl Bounds {
    pub fn holds(&self, at: Position) -> bool {
        (self.south..=self.north).contains(&at.lat) && (self.west..=self.east).contains(&at.lon)
    }

    pub fn centre(&self) -> Position {
        Position { lat: f64::midpoint(self.south, self.north), lon: f64::midpoint(self.west, self.east) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_distance() {
        // Bindlach church to Bayreuth market square, about 4.9 km.
        let (a, b) = (Position { lat: 49.9815, lon: 11.6130 }, Position { lat: 49.9446, lon: 11.5761 });
        assert!((4_850.0..4_900.0).contains(&a.metres_to(b)), "{}", a.metres_to(b));
    }

    #[test]
    fn around_holds_its_edge() {
        let here = Position { lat: 50.0, lon: 11.5 };
        assert!(here.around(100.0).holds(Position { lat: 50.0 + 99.0 / METRES_PER_DEGREE, lon: 11.5 }));
        assert!(!here.around(100.0).holds(Position { lat: 50.0 + 101.0 / METRES_PER_DEGREE, lon: 11.5 }));
    }

    #[test]
    fn nonsense_is_no_position() {
        assert!(Position::new(91.0, 0.0).is_none());
        assert!(Position::new(f64::NAN, 0.0).is_none());
    }
}
