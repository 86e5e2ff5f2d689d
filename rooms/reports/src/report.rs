//! Meldung: what the public may see of it, and when. Pure rules about visibility, states as citizens read them, map
//! cells and blocked senders; `now` is a parameter.

use base::{Moment, Position};
use uuid::Uuid;

base::typed_id!(
    /// Meldung: the public face of a case.
    pub struct ReportId
);

base::stored_words!(
    /// Who may see a report.
    pub enum Visibility {
        /// Nobody but staff: it waits for review.
        Waiting = "waiting",
        Public = "public",
        /// Reviewed and kept back, with a reason the citizen reads.
        Refused = "refused",
        /// Of a category that is never shown.
        Private = "private",
        /// Its author took it back.
        Withdrawn = "withdrawn",
    }
);

base::stored_words!(
    /// What a blocked sender is recognised by.
    pub enum BlockKind {
        /// SHA-256 of the mail address.
        Mail = "mail",
        /// Folded words in the text.
        Text = "text",
    }
);

base::stored_words!(
    /// How far a report came on its way to another office.
    pub enum ForwardState {
        /// It goes out, now or at its next time.
        Waiting = "waiting",
        Sent = "sent",
        /// The other office does not take it.
        Refused = "refused",
        /// It could not be sent, or nobody knows whether it was: a person decides.
        Failed = "failed",
        Cancelled = "cancelled",
    }
);

/// Closed reports stay on the map this long.
pub const CLOSED_DAYS_SHOWN: i64 = 14;
/// Most pins sent to one map.
pub const PINS_MAX: i64 = 500;
/// A list of more reports than these is not counted further, and its map shows so many: nobody waits for a million.
pub const COUNTED_MAX: i64 = 10_000;
/// How near a report must be to be offered as the same thing.
pub const SAME_METRES: f64 = 60.0;
/// The same for reports of the same category.
pub const SAME_CATEGORY_METRES: f64 = 120.0;
/// Drafts live this long.
pub const DRAFT_HOURS: i64 = 48;
/// An unconfirmed wish to follow is forgotten after this.
pub const UNCONFIRMED_DAYS: i64 = 7;

/// Fewest digits of a number somebody answers (115), and more than any has with its exits and extensions.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=24;
const PHONE_CHARACTERS_MAX: usize = 60;

/// Could this be a phone number? Light on purpose: people write them in many ways, from many countries, and the clerk
/// who dials understands them all. Only what cannot be dialled at all is sent back. Empty is fine.
pub fn reads_as_phone(text: &str) -> bool {
    let text = text.trim();
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let fits = |c: char| c.is_numeric() || c.is_whitespace() || "+/-–—‐‑‒−()[].,;:*#".contains(c);
    // "Tel.", "Durchwahl 12", "ext. 12", "abends": a word or two beside the number does no harm.
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).count();
    let is_plain = text.chars().all(|c| fits(c) || c.is_alphabetic()) && words <= 3;
    text.is_empty() || (is_plain && PHONE_DIGITS.contains(&digits) && text.chars().count() <= PHONE_CHARACTERS_MAX)
}

/// The visibility a new report starts with.
pub const fn first_visibility(category_is_public: bool, review_before_public: bool) -> Visibility {
    match (category_is_public, review_before_public) {
        (false, _) => Visibility::Private,
        (true, true) => Visibility::Waiting,
        (true, false) => Visibility::Public,
    }
}

/// What a review decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Publish,
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewRefusal {
    /// The author took it back; it stays away.
    Withdrawn,
    /// Of a category that is never shown: there is nothing to decide.
    NeverPublic,
    /// Not showing it needs a reason.
    ReasonMissing,
    /// A public report needs a title.
    TitleMissing,
}

/// May this review be stored, and what follows from it?
pub fn review(now: Visibility, verdict: Verdict, title: &str, reason: &str) -> Result<Visibility, ReviewRefusal> {
    match (now, verdict) {
        (Visibility::Withdrawn, _) => Err(ReviewRefusal::Withdrawn),
        (Visibility::Private, _) => Err(ReviewRefusal::NeverPublic),
        (_, Verdict::Refuse) if reason.trim().is_empty() => Err(ReviewRefusal::ReasonMissing),
        (_, Verdict::Refuse) => Ok(Visibility::Refused),
        (_, Verdict::Publish) if title.trim().is_empty() => Err(ReviewRefusal::TitleMissing),
        (_, Verdict::Publish) => Ok(Visibility::Public),
    }
}

/// The state of a case as the public reads it: fewer words than the desk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicState {
    Reported,
    InWork,
    Planned,
    Fixed,
    Closed,
}

impl PublicState {
    pub fn of(word: &str) -> Self {
        match word {
            "received" => Self::Reported,
            "planned" => Self::Planned,
            "resolved" => Self::Fixed,
            "refused" | "not_responsible" | "duplicate" | "withdrawn" => Self::Closed,
            _ => Self::InWork,
        }
    }

    /// Colour of its tag.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Reported => "info",
            Self::InWork | Self::Planned => "warn",
            Self::Fixed => "ok",
            Self::Closed => "",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            Self::Reported => "inbox",
            Self::InWork => "wrench",
            Self::Planned => "calendar-clock",
            Self::Fixed => "circle-check",
            Self::Closed => "circle-x",
        }
    }

    /// For programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::InWork => "in_work",
            Self::Planned => "planned",
            Self::Fixed => "fixed",
            Self::Closed => "closed",
        }
    }

    pub const fn is_open(self) -> bool {
        matches!(self, Self::Reported | Self::InWork | Self::Planned)
    }

    pub fn label(self, t: &web::Texts) -> &'static str {
        match self {
            Self::Reported => t.s("reports-state-reported"),
            Self::InWork => t.s("reports-state-in-work"),
            Self::Planned => t.s("reports-state-planned"),
            Self::Fixed => t.s("reports-state-fixed"),
            Self::Closed => t.s("reports-state-closed"),
        }
    }
}

/// How the state went on as the public reads it: moves inside the office look the same from outside.
pub fn public_steps(steps: &[(Moment, String)]) -> impl Iterator<Item = (Moment, PublicState)> {
    let mut last = None;
    let seen = steps.iter().map(|(at, word)| (*at, PublicState::of(word)));
    seen.filter(move |(_, state)| last.replace(*state) != Some(*state))
}

/// One field of the coarse grid (about 450 × 430 m): for clusters and their look-up without a spatial index.
#[expect(clippy::cast_possible_truncation, reason = "degrees times 250 fit into any integer")]
pub fn cell_of(at: Position) -> i64 {
    let row = (at.lat / 0.004).floor() as i64;
    let column = (at.lon / 0.006).floor() as i64;
    row * 1_000_000 + column
}

/// Since when the default list shows closed reports.
pub fn closed_since(now: Moment) -> Moment {
    now.plus_days(-CLOSED_DAYS_SHOWN)
}

/// Where a keyset list goes on: after this report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    pub opened_at: Moment,
    pub id: Uuid,
}

impl After {
    /// The first page: after the end of time.
    pub const fn start() -> Self {
        Self { opened_at: Moment::from_micros(i64::MAX), id: Uuid::max() }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once('-')?;
        Some(Self { opened_at: Moment::from_micros(micros.parse().ok()?), id: Uuid::try_parse(id).ok()? })
    }

    pub fn text(self) -> String {
        format!("{}-{}", self.opened_at.micros(), self.id.simple())
    }
}

/// A mail address as the block list keeps it: hashed, so that the list names nobody.
pub fn mail_hash(address: &str) -> String {
    let lower = address.trim().to_lowercase();
    base::hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, lower.as_bytes()).as_ref())
}

/// SHA-256 of a token: the database keeps only this, so a stolen copy confirms and ends nothing.
pub fn token_hash(token: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

/// A blur box in percent of the picture, as the desk's form sends it. `None` if it is no box.
pub fn blur_area(x: f64, y: f64, w: f64, h: f64) -> Option<files::Area> {
    let inside = |value: f64| (0.0..=100.0).contains(&value);
    (inside(x) && inside(y) && w > 0.0 && h > 0.0 && w <= 100.0 && h <= 100.0).then(|| files::Area {
        x: x / 100.0,
        y: y / 100.0,
        w: w / 100.0,
        h: h / 100.0,
    })
}
