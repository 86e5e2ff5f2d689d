//! The town behind a host name: what its pages show of itself. A municipality is data; nothing here asks which one it is.
//! Which hosts it has is `platform/db`'s table; the rest is one JSON document of ours, so a new setting needs no migration.

use crate::{hours::OpeningHours, texts::Lang};
use base::{Land, Moment, MunicipalityId, Position, WorkingDays};
use db::Migration;
use serde::{Deserialize, Serialize};

/// The kit's own tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "20261122_web", sql: include_str!("../migrations/20261122_web.sql") },
    Migration { name: "20261124_web_tries", sql: include_str!("../migrations/20261124_web_tries.sql") },
];

/// How the town calls itself: "Stadt Ahornfurt", "Gemeinde Bindlach".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TownKind {
    City,
    Municipality,
    Market,
}

/// Gemeinde as its pages and letters show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Town {
    #[serde(skip, default = "nobody")]
    pub id: MunicipalityId,
    /// The proper name: "Ahornfurt".
    pub name: String,
    pub kind: TownKind,
    /// "Stadt", "Gemeinde", "Markt": for the line above the header.
    #[serde(skip)]
    pub kind_name: &'static str,
    #[serde(skip)]
    pub official_line: String,
    /// ISO code of the Land, for holidays and the enforcement body: "BY".
    pub land: String,
    pub street: String,
    pub postcode_place: String,
    /// As people read it: "09208 6640".
    pub phone: String,
    /// For `tel:` links: digits and a leading plus only.
    #[serde(skip)]
    pub phone_href: String,
    pub email: String,
    /// As the imprint names it, if not "Stadt Ahornfurt" made of kind and name.
    #[serde(default)]
    pub legal_name: String,
    /// Who represents the town, with title: "Bürgermeisterin Dr. Eva Lindner".
    #[serde(default)]
    pub represented_by: String,
    /// Who watches over the town by law: "Landratsamt Ahornfurt".
    #[serde(default)]
    pub supervision: String,
    #[serde(default)]
    pub hours: OpeningHours,
    /// One sentence on the way in: "Der Eingang am Marktplatz hat keine Stufen."
    #[serde(default)]
    pub hours_note: String,
    /// Absolute, without a slash at the end: `https://ahornfurt.example`.
    pub base_url: String,
    /// Sanitised SVG of the coat of arms; ours by default.
    pub arms_svg: String,
    pub centre: Position,
    /// Days without work below the level of the Land, as RFC 3339 dates.
    #[serde(default)]
    pub extra_holidays: Vec<jiff::civil::Date>,
    /// Are reports public only after a clerk has looked? On by default.
    #[serde(default = "yes")]
    pub review_before_public: bool,
    /// Shown sign-in accounts, `/_post`: only `stadtplatz demo` sets it.
    #[serde(skip)]
    pub demo: bool,
}

const fn nobody() -> MunicipalityId {
    MunicipalityId(base::uuid::Uuid::nil())
}

const fn yes() -> bool {
    true
}

/// A neutral shield until the town gives its own.
const DEFAULT_ARMS: &str = include_str!("../templates/arms.svg");

impl Town {
    pub fn new(name: &str, kind: TownKind, land: Land, centre: Position, base_url: &str) -> Self {
        let mut town = Self {
            id: nobody(),
            name: name.to_owned(),
            kind,
            kind_name: "",
            official_line: String::new(),
            land: land.word().to_owned(),
            street: String::new(),
            postcode_place: String::new(),
            phone: "115".to_owned(),
            phone_href: String::new(),
            email: String::new(),
            legal_name: String::new(),
            represented_by: String::new(),
            supervision: String::new(),
            hours: OpeningHours::default(),
            hours_note: String::new(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            arms_svg: DEFAULT_ARMS.to_owned(),
            centre,
            extra_holidays: vec![],
            review_before_public: true,
            demo: false,
        };
        town.finish();
        town
    }

    /// Fills in what follows from the rest and is not stored.
    pub(crate) fn finish(&mut self) {
        self.kind_name = match self.kind {
            TownKind::City => "Stadt",
            TownKind::Municipality => "Gemeinde",
            TownKind::Market => "Markt",
        };
        let genitive = match self.kind {
            TownKind::City => "der Stadt",
            TownKind::Municipality => "der Gemeinde",
            TownKind::Market => "des Marktes",
        };
        let digits: String = self.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        self.phone_href = format!("tel:{digits}");
        self.official_line = format!("Offizielle Website {genitive} {}", self.name);
    }

    /// "Stadt Ahornfurt", as the town's own papers say it.
    pub fn full_name(&self) -> String {
        if self.legal_name.is_empty() { format!("{} {}", self.kind_name, self.name) } else { self.legal_name.clone() }
    }

    /// The opening hours for people, a line for each run of days; none: the town did not say.
    pub fn hours_lines(&self, lang: &str) -> Vec<String> {
        self.hours.lines(Lang::from_code(lang).unwrap_or(Lang::De))
    }

    pub fn working_days(&self) -> WorkingDays {
        let land = Land::from_word(&self.land).unwrap_or(Land::Bavaria);
        WorkingDays::new(land, self.extra_holidays.clone())
    }

    /// The end of the working day that lies `days` working days after `from`: 16:00 local.
    pub fn due(&self, from: Moment, days: i64) -> Moment {
        let count = u32::try_from(days).unwrap_or(0);
        Moment::at(self.working_days().after(from.date(), count), 16, 0)
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}
