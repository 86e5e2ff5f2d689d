//! Working days in Germany: weekends and the public holidays of each Land, computed, so that no list runs out.
//! Regional holidays below the Land (Augsburg, Fronleichnam in parts of Saxony and Thuringia) are not here: they are data
//! of a municipality. Sources: the holiday laws of the Länder, state of November 2026; cited beside each rule.

use jiff::{ToSpan, civil::Date, civil::Weekday};

crate::stored_words!(
    /// Bundesland, by its ISO 3166-2 code without "DE-".
    pub enum Land {
        BadenWuerttemberg = "BW",
        Bavaria = "BY",
        Berlin = "BE",
        Brandenburg = "BB",
        Bremen = "HB",
        Hamburg = "HH",
        Hesse = "HE",
        MecklenburgVorpommern = "MV",
        LowerSaxony = "NI",
        NorthRhineWestphalia = "NW",
        RhinelandPalatinate = "RP",
        Saarland = "SL",
        Saxony = "SN",
        SaxonyAnhalt = "ST",
        SchleswigHolstein = "SH",
        Thuringia = "TH",
    }
);

/// The text names no Land.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown Land code: use the two letters of ISO 3166-2, such as BY")]
pub struct UnknownLand;

impl std::str::FromStr for Land {
    type Err = UnknownLand;

    fn from_str(text: &str) -> Result<Self, UnknownLand> {
        Self::from_word(text).ok_or(UnknownLand)
    }
}

/// Easter Sunday of the Gregorian calendar (anonymous Gregorian algorithm, Meeus/Jones/Butcher).
pub fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    Date::new(year, i8::try_from(month).unwrap_or(4), i8::try_from(day).unwrap_or(1)).unwrap_or(Date::MIN)
}

/// Is this a public holiday in the whole of the Land?
pub fn is_public_holiday(land: Land, day: Date) -> bool {
    use Land::*;
    let from_easter = easter_sunday(day.year()).until(day).map_or(i32::MAX, |span| span.get_days());
    let everywhere = matches!((day.month(), day.day()), (1 | 5, 1) | (10, 3) | (12, 25 | 26));
    if everywhere || matches!(from_easter, -2 | 1 | 39 | 50) {
        return true;
    }
    match (day.month(), day.day()) {
        // Heilige Drei Könige: FTG BW § 1, BayFTG Art. 1, FeiertG LSA § 2.
        (1, 6) => matches!(land, BadenWuerttemberg | Bavaria | SaxonyAnhalt),
        // Internationaler Frauentag: Berlin since 2019, Mecklenburg-Vorpommern since 2023.
        (3, 8) => land == Berlin && day.year() >= 2019 || land == MecklenburgVorpommern && day.year() >= 2023,
        // Mariä Himmelfahrt: whole of Saarland; in Bavaria by municipality (BayFTG Art. 1 (1) 2), so data there.
        (8, 15) => land == Saarland,
        // Weltkindertag: ThürFtG § 2, since 2019.
        (9, 20) => land == Thuringia && day.year() >= 2019,
        // Reformationstag: the eastern Länder, and since 2018 the northern ones; 2017 once everywhere.
        (10, 31) => {
            matches!(land, Brandenburg | MecklenburgVorpommern | Saxony | SaxonyAnhalt | Thuringia)
                || matches!(land, Bremen | Hamburg | LowerSaxony | SchleswigHolstein) && day.year() >= 2018
                || day.year() == 2017
        }
        (11, 1) => matches!(land, BadenWuerttemberg | Bavaria | NorthRhineWestphalia | RhinelandPalatinate | Saarland),
        _ => {
            // Fronleichnam, 60 days after Easter Sunday.
            let corpus_christi = matches!(
                land,
                BadenWuerttemberg | Bavaria | Hesse | NorthRhineWestphalia | RhinelandPalatinate | Saarland
            );
            from_easter == 60 && corpus_christi
                // FTG Brandenburg § 2 names Easter Sunday and Whit Sunday themselves.
                || land == Brandenburg && matches!(from_easter, 0 | 49)
                // Buß- und Bettag: SächsSFG § 1, the Wednesday before 23 November.
                || land == Saxony && day.month() == 11 && (16..=22).contains(&day.day()) && day.weekday() == Weekday::Wednesday
        }
    }
}

/// Counts working days (Monday to Friday without holidays) for one municipality.
#[derive(Debug, Clone)]
pub struct WorkingDays {
    land: Land,
    /// Further days on which this municipality does not work: regional holidays, as data.
    extra: Vec<Date>,
}

impl WorkingDays {
    pub const fn new(land: Land, extra: Vec<Date>) -> Self {
        Self { land, extra }
    }

    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !is_public_holiday(self.land, day)
            && !self.extra.contains(&day)
    }

    /// The day `count` working days after `start`; the start day itself is not counted (§ 187 Abs. 1 BGB). With
    /// `count` 0 the next working day on or after the start (§ 193 BGB).
    pub fn after(&self, start: Date, count: u32) -> Date {
        let next = |day: Date| day.checked_add(1.day()).unwrap_or(Date::MAX);
        let mut day = start;
        for _ in 0..count {
            day = next(day);
            while !self.is_working_day(day) && day < Date::MAX {
                day = next(day);
            }
        }
        while !self.is_working_day(day) && day < Date::MAX {
            day = next(day);
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_of_known_years() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter_sunday(year), date(year, month, day));
        }
    }

    #[test]
    fn holidays_differ_by_land() {
        let cases = [
            (Land::Bavaria, date(2026, 11, 1), true),
            (Land::Berlin, date(2026, 11, 1), false),
            (Land::Berlin, date(2026, 3, 8), true),
            (Land::Saxony, date(2026, 11, 18), true),
            (Land::Bavaria, date(2026, 11, 18), false),
            (Land::Hesse, date(2026, 6, 4), true),
            (Land::Hamburg, date(2026, 6, 4), false),
            (Land::Thuringia, date(2026, 9, 20), true),
            (Land::Hamburg, date(2017, 10, 31), true),
            (Land::Hamburg, date(2016, 10, 31), false),
            (Land::NorthRhineWestphalia, date(2026, 5, 14), true),
            (Land::SchleswigHolstein, date(2026, 5, 25), true),
        ];
        for (land, day, expected) in cases {
            assert_eq!(is_public_holiday(land, day), expected, "{land:?} {day}");
        }
    }

    #[test]
    fn working_days_jump_over_weekends_and_holidays() {
        let bavaria = WorkingDays::new(Land::Bavaria, vec![]);
        assert_eq!(bavaria.after(date(2026, 12, 23), 2), date(2026, 12, 28));
        assert_eq!(bavaria.after(date(2026, 11, 20), 3), date(2026, 11, 25));
        assert_eq!(bavaria.after(date(2026, 11, 21), 0), date(2026, 11, 23));
        let with_feast = WorkingDays::new(Land::Bavaria, vec![date(2026, 11, 25)]);
        assert_eq!(with_feast.after(date(2026, 11, 20), 3), date(2026, 11, 26));
    }
}
