//! What a category is called, who gets its reports, what it is about and what stands above its problems. The same form
//! makes a new category, which starts with the one problem every category has.

use super::{Halt, KIND, explain, fields, href, preview_of, rule_of};
use crate::{
    category::{Category, Danger, Problem, Words},
    category_edit::{CATEGORIES_MAX, ICONS, NOTE_CHARACTERS_MAX, STOPS_MAX, changes, mark, offers_something, word_for},
    pages::{Choice, found, what::Group},
    store,
};
use axum::extract::Path;
use base::OrgUnitId;
use cases::Rule;
use db::{Audit, Once, Tx};
use places::AssetKind;
use serde_json::json;
use web::{Answer, DeskShell, Form, FormState, Page, PageError, Template, Visit};

const DAYS_MAX: i64 = 120;
const LABELS: &[(&str, &str)] = &[
    ("label-de", "Name"),
    ("label-en", "Name auf Englisch"),
    ("icon", "Zeichen"),
    ("active", "Wird angeboten"),
    ("public", "Darf öffentlich sein"),
    ("days", "Arbeitstage bis zur Antwort"),
    ("synonyms", "Suchwörter"),
    ("danger-de", "Warnung"),
    ("danger-en", "Warnung auf Englisch"),
    ("danger-phone", "Telefon bei Gefahr"),
    ("stop-0-de", "Wer stattdessen hilft"),
    ("stop-0-href", "Adresse oder Telefonnummer"),
];

#[derive(Template)]
#[template(path = "reports-category-basics.html")]
struct BasicsPage {
    page: Page,
    form: FormState,
    back: String,
    category: String,
    title: &'static str,
    action: String,
    units: Vec<Choice>,
    icons: &'static [(&'static str, &'static str)],
    kinds: Vec<Choice>,
    stops: Vec<StopFields>,
    theirs: Vec<(String, String)>,
    preview: Option<Group>,
}

/// Names of the fields of one message.
struct StopFields {
    title: String,
    de: String,
    en: String,
    href: String,
    link_de: String,
    link_en: String,
}

struct Gathered {
    /// `None`: a new one.
    category: Option<Category>,
    rule: Option<Rule>,
    units: Vec<identity::OrgUnit>,
    desk: DeskShell,
}

async fn gather(visit: &Visit, word: Option<&str>) -> Result<Gathered, PageError> {
    let (v, word) = (visit.clone(), word.map(str::to_owned));
    visit
        .read(move |tx| {
            let category = match &word {
                Some(word) => Some(found(store::category(tx, word)?)?),
                None => None,
            };
            let rule = rule_of(&cases::rules(tx)?, word.as_deref().unwrap_or(""));
            let rule = rule.filter(|_| category.is_some());
            Ok(Gathered { category, rule, units: identity::org_units(tx)?, desk: v.desk(tx)? })
        })
        .await
}

/// What a new category is before anybody typed: it offers what every category offers.
fn blank() -> Category {
    let other = Words { de: "Etwas anderes".to_owned(), en: "Something else".to_owned() };
    Category {
        word: String::new(),
        label: Words::default(),
        icon: "circle-help".to_owned(),
        active: false,
        public: false,
        asset_kinds: vec![],
        synonyms: String::new(),
        problems: vec![Problem {
            word: "other".to_owned(),
            label: other,
            things: vec![],
            needs_text: true,
            hidden: false,
            danger: Danger::default(),
            stop: crate::category::Stop::default(),
        }],
        questions: vec![],
        danger: Danger::default(),
        stops: vec![],
        department: String::new(),
        working_days: 5,
    }
}

/// What this form shows of a category: problems and questions have their own.
fn own_part(category: &Category) -> Category {
    Category { problems: vec![], questions: vec![], ..category.clone() }
}

fn stand(category: &Category, rule: Option<&Rule>) -> String {
    mark(&(own_part(category), rule.map(|rule| (rule.unit.to_string(), rule.working_days))))
}

fn form_of(category: &Category, rule: Option<&Rule>) -> Form {
    let mut form = Form::default();
    fields::fill_words(&mut form, "label", &category.label);
    form.set("icon", category.icon.as_str());
    form.set("active", fields::yes(category.active));
    form.set("public", fields::yes(category.public));
    form.set("unit", rule.map(|rule| rule.unit.to_string()).unwrap_or_default());
    form.set("days", rule.map_or(category.working_days, |rule| rule.working_days).to_string());
    for kind in &category.asset_kinds {
        form.set(&format!("kind-{kind}"), "ja");
    }
    form.set("synonyms", category.synonyms.as_str());
    fields::fill_danger(&mut form, &category.danger);
    for (at, stop) in category.stops.iter().enumerate() {
        fields::fill_stop(&mut form, &format!("stop-{at}"), stop);
    }
    form.set("stand", stand(category, rule));
    form
}

/// Unit and days, as the rule gets them.
type Routing = (OrgUnitId, i64);

/// The category as typed and who gets its reports; `None`: the state says what to mend.
fn read_basics(state: &mut FormState, before: &Category) -> (Category, Option<Routing>) {
    state.require("label-de", "Geben Sie der Kategorie einen Namen.");
    let mut category = Category { label: fields::read_label(state, "label"), ..before.clone() };
    let icon = ICONS.iter().find(|(name, _)| *name == state.form.text("icon"));
    match icon {
        Some((name, _)) => (*name).clone_into(&mut category.icon),
        None => state.refuse("icon", "Wählen Sie ein Zeichen."),
    }
    category.active = fields::is_yes(state, "active");
    category.public = fields::is_yes(state, "public");
    if category.active && !offers_something(&category) {
        state.refuse(
            "active",
            "Legen Sie zuerst an, was los sein kann. Sonst können Bürgerinnen und Bürger nichts auswählen.",
        );
    }
    let kinds = AssetKind::ALL.iter().filter(|kind| fields::is_yes(state, &format!("kind-{}", kind.word())));
    category.asset_kinds = kinds.map(|kind| kind.word().to_owned()).collect();
    state.limit(
        "synonyms",
        NOTE_CHARACTERS_MAX,
        format!("Kürzen Sie die Suchwörter auf {NOTE_CHARACTERS_MAX} Zeichen."),
    );
    state.form.text("synonyms").clone_into(&mut category.synonyms);
    category.danger = fields::read_danger(state);
    let stops = (0..STOPS_MAX).map(|at| fields::read_stop(state, &format!("stop-{at}")));
    category.stops = stops.filter(|stop| !stop.is_empty()).collect();
    let days = state.form.integer("days").filter(|days| (1..=DAYS_MAX).contains(days));
    let unit = OrgUnitId::parse(state.form.text("unit"));
    if days.is_none() {
        state.refuse("days", format!("Geben Sie Arbeitstage von 1 bis {DAYS_MAX} an."));
    }
    if unit.is_none() {
        state.refuse("unit", "Wählen Sie das Amt, das diese Meldungen bekommt.");
    }
    (category, unit.zip(days))
}

fn page_of(visit: &Visit, gathered: Gathered, form: FormState) -> BasicsPage {
    let word = gathered.category.as_ref().map(|category| category.word.clone());
    let title = if word.is_some() { "Angaben ändern" } else { "Neue Kategorie" };
    let mut page = visit.page(title).with_desk(gathered.desk);
    if form.has_errors() {
        page = page.failed();
    }
    // One message more than there are, so that another can be written.
    let used =
        (0..STOPS_MAX).filter(|at| !form.value(&format!("stop-{at}-de")).is_empty()).max().map_or(0, |at| at + 1);
    let stops = (0..STOPS_MAX.min(used + 1)).map(|at| StopFields {
        title: if at == 0 { "Hinweis".to_owned() } else { format!("Hinweis {}", at + 1) },
        de: format!("stop-{at}-de"),
        en: format!("stop-{at}-en"),
        href: format!("stop-{at}-href"),
        link_de: format!("stop-{at}-link-de"),
        link_en: format!("stop-{at}-link-en"),
    });
    BasicsPage {
        page,
        form,
        back: word.as_deref().map_or_else(|| "/arbeit/kategorien".to_owned(), href),
        category: gathered.category.map(|category| category.label.de).unwrap_or_default(),
        title,
        action: word.as_deref().map_or_else(|| href("neu"), |word| format!("{}/angaben", href(word))),
        units: gathered.units.iter().map(|unit| Choice::new(unit.id.to_string(), unit.name.as_str())).collect(),
        icons: ICONS,
        kinds: AssetKind::ALL.iter().map(|kind| Choice::new(format!("kind-{}", kind.word()), kind.german())).collect(),
        stops: stops.collect(),
        theirs: vec![],
        preview: None,
    }
}

pub async fn new(visit: Visit) -> Answer {
    let mut form = form_of(&blank(), None);
    form.set("icon", "");
    web::render(&page_of(&visit, gather(&visit, None).await?, form.into()))
}

pub async fn edit(visit: Visit, Path(word): Path<String>) -> Answer {
    let gathered = gather(&visit, Some(&word)).await?;
    let form = gathered.category.as_ref().map(|category| form_of(category, gathered.rule.as_ref()));
    web::render(&page_of(&visit, gathered, form.unwrap_or_default().into()))
}

pub async fn create(visit: Visit, form: Form) -> Answer {
    submit(&visit, None, form).await
}

pub async fn save(visit: Visit, Path(word): Path<String>, form: Form) -> Answer {
    submit(&visit, Some(&word), form).await
}

async fn submit(visit: &Visit, word: Option<&str>, form: Form) -> Answer {
    let gathered = gather(visit, word).await?;
    let mut state = FormState::from(form);
    let before = gathered.category.clone().unwrap_or_else(blank);
    let (typed, routing) = read_basics(&mut state, &before);
    let (Some(routing), false) = (routing, state.has_errors()) else {
        return Visit::unprocessable(&page_of(visit, gathered, state));
    };
    if state.form.text("deed") == "vorschau" {
        let preview = Some(preview_of(visit, &typed));
        return web::render(&BasicsPage { preview, ..page_of(visit, gathered, state) });
    }
    let done = match word {
        Some(word) => put(visit, &state.form, word, typed, routing).await,
        None => add(visit, &state.form, typed, routing).await,
    };
    match done {
        Ok(word) => Ok(visit.see_other_saying(&href(&word), "flash-report-saved")),
        Err(halt) => come_back(visit, word, state, halt).await,
    }
}

/// The form again, with everything typed and why it was not saved.
async fn come_back(visit: &Visit, word: Option<&str>, mut state: FormState, halt: Halt) -> Answer {
    let gathered = gather(visit, word).await?;
    let saved = gathered.category.as_ref().map(|category| form_of(category, gathered.rule.as_ref()));
    let came_second = matches!(halt, Halt::Stale | Halt::Gone);
    let mut theirs = explain(halt, &mut state, LABELS, saved.as_ref(), gathered.category.is_none())?;
    // The office is saved as an id and read as a name.
    if let Some(saved) = saved.filter(|saved| came_second && saved.text("unit") != state.form.text("unit"))
        && let Some(unit) = gathered.units.iter().find(|unit| unit.id.to_string() == saved.text("unit"))
    {
        theirs.push(("Zuständiges Amt".to_owned(), unit.name.clone()));
    }
    Visit::unprocessable(&BasicsPage { theirs, ..page_of(visit, gathered, state) })
}

/// A unit of another town, or one that is gone, is no unit.
fn put_rule(tx: &Tx<'_>, word: &str, (unit, working_days): Routing, category: &Category) -> Result<(), Halt> {
    if identity::org_unit(tx, unit)?.is_none() {
        return Err(Halt::Refused("unit", "Dieses Amt gibt es nicht mehr. Wählen Sie ein anderes.".to_owned()));
    }
    let known = rule_of(&cases::rules(tx)?, word);
    let urgent = i64::from(!category.danger.text.is_empty());
    cases::put_rule(
        tx,
        &Rule {
            kind: KIND.to_owned(),
            category: word.to_owned(),
            district: String::new(),
            unit,
            working_days,
            priority: known.as_ref().map_or(urgent, |rule| rule.priority),
            note: known.map(|rule| rule.note).unwrap_or_default(),
        },
    )?;
    Ok(())
}

async fn put(visit: &Visit, form: &Form, word: &str, typed: Category, routing: Routing) -> Result<String, Halt> {
    let seen = form.text("stand").to_owned();
    super::change(visit, form, word, "report.category_changed", move |tx, category| {
        let rule = rule_of(&cases::rules(tx)?, &category.word);
        if stand(category, rule.as_ref()) != seen {
            return Err(Halt::Stale);
        }
        let (problems, questions) = (category.problems.clone(), category.questions.clone());
        let new = Category { problems, questions, ..typed.clone() };
        if new.active && !offers_something(&new) {
            return Err(Halt::Refused(
                "active",
                "Alle Einträge sind ausgeblendet. Blenden Sie zuerst einen ein.".to_owned(),
            ));
        }
        put_rule(tx, &category.word, routing, &new)?;
        let detail = json!({
            "changes": changes(&own_part(category), &own_part(&new)),
            "unit": routing.0.to_string(),
            "working_days": routing.1,
        });
        *category = new;
        Ok(detail)
    })
    .await?;
    Ok(word.to_owned())
}

/// "Anderes": the category of every standard town for what fits nowhere else.
const REST: &str = "other";

/// Comes last in the town's order, but before what is meant for the rest. Answers its word, also to a second press of the button.
async fn add(visit: &Visit, form: &Form, typed: Category, routing: Routing) -> Result<String, Halt> {
    let key = visit.once_key(form).map_err(Halt::Page)?;
    let (fingerprint, actor) = (form.fingerprint(), visit.actor.trace());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(word) => return Ok(word),
                Once::Conflict => return Err(Halt::Stale),
                Once::First => {}
            }
            let order = store::lock_order(tx)?;
            if order.len() >= CATEGORIES_MAX {
                let message = format!("Mehr als {CATEGORIES_MAX} Kategorien findet niemand durch.");
                return Err(Halt::Refused("label-de", message));
            }
            let same = store::categories(tx)?.iter().any(|known| known.label.de == typed.label.de);
            if same {
                return Err(Halt::Refused(
                    "label-de",
                    "Diese Kategorie gibt es schon. Wählen Sie einen anderen Namen.".to_owned(),
                ));
            }
            let word = word_for(&typed.label.de, |word| order.iter().any(|(known, _)| known == word));
            let category = Category { word: word.clone(), ..typed.clone() };
            let rank = match order.last() {
                Some((rest, rank)) if rest == REST => {
                    store::set_rank(tx, rest, rank + 10)?;
                    *rank
                }
                last => last.map_or(0, |(_, rank)| rank + 10),
            };
            if !store::add_category(tx, &category, rank)? {
                // Somebody made one of the same name at the same moment: the next try finds it.
                return Err(Halt::Page(PageError::Busy));
            }
            put_rule(tx, &word, routing, &category)?;
            tx.audit(Audit {
                actor: actor.clone(),
                action: "report.category_added",
                subject: word.clone(),
                detail: json!({ "label": category.label.de, "unit": routing.0.to_string(), "working_days": routing.1 }),
            });
            tx.once_answer(key, &word)?;
            Ok(word)
        })
        .await
}
