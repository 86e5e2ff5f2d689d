//! Zuständigkeit: which unit gets a case and how many working days it has. Rules are data; the most specific one wins,
//! and every case keeps the explanation in words. Pure.

use base::OrgUnitId;

/// An empty category or district means any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub kind: String,
    pub category: String,
    pub district: String,
    pub unit: OrgUnitId,
    pub working_days: i64,
    /// 0 normal, 1 urgent, 2 danger: sorts before the deadline only on the badge, never hides one.
    pub priority: i64,
    /// For whoever keeps the rules: why it is so.
    pub note: String,
}

/// The answer to "who does this, by when, and why".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChoice {
    pub unit: OrgUnitId,
    pub unit_name: String,
    pub working_days: i64,
    pub priority: i64,
    /// "Regel: Straßenlaterne im Ortsteil Nordstadt. …"
    pub why: String,
}

impl Rule {
    fn fits(&self, kind: &str, category: &str, district: &str) -> bool {
        self.kind == kind
            && (self.category.is_empty() || self.category == category)
            && (self.district.is_empty() || self.district == district)
    }

    /// A category says more about who can mend it than a district does.
    fn weight(&self) -> u8 {
        u8::from(!self.category.is_empty()) * 2 + u8::from(!self.district.is_empty())
    }
}

/// The most specific fitting rule.
pub fn choose<'r>(rules: &'r [Rule], kind: &str, category: &str, district: &str) -> Option<&'r Rule> {
    rules.iter().filter(|rule| rule.fits(kind, category, district)).max_by_key(|rule| rule.weight())
}

/// What the desk calls a kind.
pub fn kind_label(kind: &str) -> &'static str {
    match kind {
        "report" => "Schaden",
        "barrier" => "Barriere",
        "question" => "Frage",
        _ => "Anliegen",
    }
}

/// Why this unit: in words a clerk and a citizen understand.
pub fn explain(rule: &Rule, category_label: &str, unit_name: &str) -> String {
    let what = if rule.category.is_empty() { kind_label(&rule.kind) } else { category_label };
    let place = if rule.district.is_empty() { String::new() } else { format!(" im Ortsteil {}", rule.district) };
    format!("Regel: {what}{place}. Zuständig: {unit_name}. {}", days_in_words(rule.working_days))
}

/// Why this unit when no rule speaks of it.
pub fn explain_fallback(unit_name: &str, working_days: i64) -> String {
    format!("Regel: keine passende gefunden, daher {unit_name}. {}", days_in_words(working_days))
}

fn days_in_words(days: i64) -> String {
    let count = if days == 1 { "1 Arbeitstag".to_owned() } else { format!("{days} Arbeitstage") };
    format!("Frist: {count}; Wochenenden und Feiertage zählen nicht mit.")
}
