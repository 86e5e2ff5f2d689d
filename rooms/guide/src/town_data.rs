//! `/verwaltung/gemeinde`: what the town says of itself on every page, in its letters and in its imprint. Not here: what
//! only the people who run the machine change (address of the website, Land, hosts). Invariant: nobody's change is lost;
//! who saves upon data that somebody changed meanwhile is told so, with everything typed still there.

use db::{Audit, DbError, Once};
use mail::EmailAddress;
use serde_json::json;
use web::{
    Answer, Form, FormState, Lang, Page, PageError, Template, Town, TownKind, Visit,
    hours::{self, OpeningHours},
    words,
};

/// One row of the opening hours: name of the field and of the day.
struct DayField {
    name: String,
    label: &'static str,
}

/// One choice of the kind.
struct Choice {
    value: &'static str,
    label: &'static str,
}

const KINDS: [(TownKind, Choice); 3] = [
    (TownKind::City, Choice { value: "city", label: "Stadt" }),
    (TownKind::Municipality, Choice { value: "municipality", label: "Gemeinde" }),
    (TownKind::Market, Choice { value: "market", label: "Markt" }),
];

#[derive(Template)]
#[template(path = "town-data.html")]
struct TownDataPage {
    page: Page,
    form: FormState,
    kinds: [Choice; 3],
    days: Vec<DayField>,
}

fn day_field(day: usize) -> String {
    format!("hours-{}", day + 1)
}

async fn town_data_page(visit: &Visit, form: FormState) -> Result<TownDataPage, PageError> {
    let asking = visit.clone();
    let desk = visit.read(move |tx| asking.desk(tx)).await?;
    let page = visit.page("Angaben zur Gemeinde").with_desk(desk);
    let label = |day: usize| {
        let weekday = jiff::civil::Weekday::from_monday_one_offset(i8::try_from(day).unwrap_or(0) + 1);
        weekday.map_or("", |weekday| words::weekday(Lang::De, weekday))
    };
    Ok(TownDataPage {
        page: if form.has_errors() { page.failed() } else { page },
        form,
        kinds: KINDS.map(|(_, choice)| choice),
        days: (0..7).map(|day| DayField { name: day_field(day), label: label(day) }).collect(),
    })
}

/// The town's data as the form shows them.
pub fn fields(town: &Town) -> Form {
    let kind = KINDS.into_iter().find(|(kind, _)| *kind == town.kind).map_or("", |(_, choice)| choice.value);
    let mut form = Form::from_pairs([
        ("kind", kind),
        ("name", &*town.name),
        ("legal_name", &*town.legal_name),
        ("street", &*town.street),
        ("place", &*town.postcode_place),
        ("phone", &*town.phone),
        ("email", &*town.email),
        ("represented_by", &*town.represented_by),
        ("supervision", &*town.supervision),
        ("hours_note", &*town.hours_note),
    ]);
    for day in 0..7 {
        form.set(&day_field(day), hours::typed(town.hours.day(day)));
    }
    form
}

/// Names this state of the data, so that a change upon an older one is noticed.
fn state_of(town: &Town) -> String {
    base::hex(&fields(town).fingerprint()[..16])
}

/// `GET /verwaltung/gemeinde`
pub async fn show(visit: Visit) -> Answer {
    let town = visit.read(web::load_town).await?.ok_or(PageError::NotFound)?;
    let mut form = fields(&town);
    form.set("state", state_of(&town));
    web::render(&town_data_page(&visit, form.into()).await?)
}

/// Puts what was typed into the town; where something must be mended, the form says so.
pub fn read_into(state: &mut FormState, town: &mut Town) {
    state.require("name", "Geben Sie den Namen des Ortes ein, zum Beispiel Ahornfurt.");
    state.require("phone", "Geben Sie eine Telefonnummer an. Sie steht auf jeder Seite.");
    // § 5 Abs. 1 Nr. 1 und 2 DDG: Anschrift und eine Adresse der elektronischen Post.
    state.require("street", "Geben Sie Straße und Hausnummer an. Sie gehören ins Impressum.");
    state.require("email", "Geben Sie eine E-Mail-Adresse an. Sie gehört ins Impressum.");
    for (field, most) in [("name", 80), ("legal_name", 120), ("street", 120), ("represented_by", 160)] {
        state.limit(field, most, format!("Kürzen Sie die Angabe auf {most} Zeichen."));
    }
    state.limit("supervision", 200, "Kürzen Sie die Angabe auf 200 Zeichen.");
    state.limit("hours_note", 300, "Kürzen Sie die Angabe auf 300 Zeichen.");
    let kind = KINDS.into_iter().find(|(_, choice)| choice.value == state.form.text("kind")).map(|(kind, _)| kind);
    match kind {
        Some(kind) => town.kind = kind,
        None => state.refuse("kind", "Wählen Sie Stadt, Gemeinde oder Markt."),
    }
    if !is_place(state.form.text("place")) {
        state.refuse(
            "place",
            "Geben Sie die Postleitzahl mit fünf Ziffern und den Ort an, zum Beispiel 95463 Bindlach.",
        );
    }
    let phone = state.form.text("phone").to_owned();
    if !phone.is_empty() && !is_phone(&phone) {
        state.refuse("phone", "Geben Sie die Telefonnummer mit Ziffern an, zum Beispiel 09208 6640 oder 115.");
    }
    let email = state.form.text("email").to_owned();
    if !email.is_empty() && EmailAddress::parse(&email).is_err() {
        state.refuse("email", "Prüfen Sie die E-Mail-Adresse, zum Beispiel rathaus@gemeinde.example.");
    }
    let mut week = OpeningHours::default();
    for day in 0..7 {
        let field = day_field(day);
        match hours::read(state.form.text(&field)) {
            Some(spans) => week.set(day, spans),
            None => {
                state.refuse(&field, "Geben Sie die Zeiten so an: 8–12, 14–18. Ist geschlossen, bleibt das Feld leer.")
            }
        }
    }
    let text = |name: &str| state.form.text(name).to_owned();
    (town.name, town.legal_name, town.street, town.postcode_place) =
        (text("name"), text("legal_name"), text("street"), text("place"));
    (town.phone, town.email, town.hours, town.hours_note) = (phone, email, week, text("hours_note"));
    (town.represented_by, town.supervision) = (text("represented_by"), text("supervision"));
}

/// Five digits and a name.
fn is_place(text: &str) -> bool {
    let Some((code, place)) = text.split_once(' ') else { return false };
    let place = place.trim();
    code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit()) && !place.is_empty() && place.len() <= 120
}

/// Digits as people group them; 115 is a number too.
fn is_phone(text: &str) -> bool {
    let known = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '–' | '/' | '(' | ')');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.strip_prefix('+').unwrap_or(text).chars().all(known) && (3..=20).contains(&digits) && text.len() <= 40
}

/// What stops a change; either way nothing is written.
enum Stop {
    Page(PageError),
    Stale(Box<Town>),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

/// `POST /verwaltung/gemeinde`
pub async fn save(visit: Visit, form: Form) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let mut state = FormState::from(form);
    let mut checked = Town::clone(&visit.town);
    read_into(&mut state, &mut checked);
    if state.has_errors() {
        return Visit::unprocessable(&town_data_page(&visit, state).await?);
    }
    let (actor, typed) = (visit.actor.clone(), state.form.clone());
    let saved = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(Stop::Page(PageError::Conflict)),
                Once::First => {}
            }
            let mut town = web::load_town(tx)?.ok_or(Stop::Page(PageError::NotFound))?;
            if state_of(&town) != typed.text("state") {
                return Err(Stop::Stale(Box::new(town)));
            }
            let before = fields(&town);
            read_into(&mut FormState::from(typed.clone()), &mut town);
            let after = fields(&town);
            let changed: Vec<&str> =
                after.pairs().filter(|(name, value)| before.raw(name) != *value).map(|(name, _)| name).collect();
            web::save_town(tx, &town)?;
            tx.audit(Audit {
                actor: actor.trace(),
                action: "town.changed",
                subject: tx.municipality().to_string(),
                detail: json!({ "fields": changed }),
            });
            Ok(())
        })
        .await;
    match saved {
        Ok(()) => {
            visit.site.town_changed();
            Ok(visit.see_other_saying("/verwaltung/gemeinde", "flash-guide-saved"))
        }
        Err(Stop::Page(error)) => Err(error),
        Err(Stop::Stale(theirs)) => {
            tell_what_changed(&mut state, &theirs);
            Visit::unprocessable(&town_data_page(&visit, state).await?)
        }
    }
}

/// Names each field in which the stored data differ from what was typed; saving once more replaces them.
fn tell_what_changed(state: &mut FormState, theirs: &Town) {
    let stored = fields(theirs);
    let different: Vec<(String, String)> = stored
        .pairs()
        .filter(|(name, value)| state.form.text(name) != *value)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in different {
        let value = if value.is_empty() { "nichts".to_owned() } else { format!("„{value}“") };
        state.refuse(
            &name,
            format!("Gespeichert ist {value}. Speichern Sie noch einmal, wenn Ihre Angabe gelten soll."),
        );
    }
    if !state.has_errors() {
        state.refuse("", "Jemand hat die Angaben inzwischen geändert. Prüfen Sie sie und speichern Sie noch einmal.");
    }
    state.form.set("state", state_of(theirs));
}
