//! `/verwaltung/aemter`: the tree of offices, with name, address and phone. Not who works there. Invariant: the tree has
//! no circles; an office is hung only where its editor may edit.

use crate::{
    people::Choice,
    role::{makes_circle, may_edit_unit},
    store::{self, OrgUnit},
};
use axum::extract::Path;
use base::OrgUnitId;
use db::{Audit, DbError, Once, Tx};
use mail::EmailAddress;
use serde_json::json;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit};

#[derive(Template)]
#[template(path = "units.html")]
struct UnitsPage {
    page: Page,
    units: Vec<UnitLine>,
}

struct UnitLine {
    unit: OrgUnit,
    /// Steps below the top: shown by words, not by space alone.
    above: String,
    editable: bool,
}

/// `GET /verwaltung/aemter`
pub async fn list(visit: Visit) -> Answer {
    let asking = visit.clone();
    let (units, desk) = visit.read(move |tx| Ok::<_, DbError>((store::org_units(tx)?, asking.desk(tx)?))).await?;
    let name_of = |id: Option<OrgUnitId>| {
        units.iter().find(|unit| Some(unit.id) == id).map(|unit| unit.name.clone()).unwrap_or_default()
    };
    let lines = units.iter().map(|unit| UnitLine {
        unit: unit.clone(),
        above: name_of(unit.parent),
        editable: may_edit_unit(&visit.actor, Some(unit.id)),
    });
    let units = lines.collect();
    web::render(&UnitsPage { page: visit.page("Ämter").with_desk(desk), units })
}

#[derive(Template)]
#[template(path = "unit.html")]
struct UnitPage {
    page: Page,
    form: FormState,
    title: String,
    action: String,
    parents: Vec<Choice>,
    /// Words for "below nothing"; empty: that is no choice here.
    top: &'static str,
}

async fn unit_page(visit: &Visit, unit: Option<OrgUnitId>, form: FormState) -> Result<UnitPage, PageError> {
    let asking = visit.clone();
    let (units, desk) = visit.read(move |tx| Ok::<_, DbError>((store::org_units(tx)?, asking.desk(tx)?))).await?;
    let tree: Vec<_> = units.iter().map(|other| (other.id, other.parent)).collect();
    // Where it hangs already is always a choice: whoever edits an office need not be allowed to move it.
    let (is_new, now) =
        (unit.is_none(), units.iter().find(|known| Some(known.id) == unit).and_then(|known| known.parent));
    let allowed = |parent: Option<OrgUnitId>| may_edit_unit(&visit.actor, parent) || (!is_new && parent == now);
    let possible = units.iter().filter(|other| unit.is_none_or(|unit| !makes_circle(&tree, unit, other.id)));
    let possible = possible.filter(|other| allowed(Some(other.id)));
    let parents = possible.map(|other| Choice::new(other.id.to_string(), other.name.clone())).collect();
    let title = if unit.is_some() { "Amt bearbeiten" } else { "Neues Amt" };
    let page = visit.page(title).with_desk(desk);
    Ok(UnitPage {
        page: if form.has_errors() { page.failed() } else { page },
        form,
        title: title.to_owned(),
        action: format!("/verwaltung/aemter/{}", unit.map_or_else(|| "neu".to_owned(), |unit| unit.to_string())),
        parents,
        top: if allowed(None) { "keinem anderen Amt" } else { "" },
    })
}

/// `GET /verwaltung/aemter/neu`
pub async fn new(visit: Visit) -> Answer {
    web::render(&unit_page(&visit, None, FormState::default()).await?)
}

fn unit_id(text: &str) -> Result<OrgUnitId, PageError> {
    OrgUnitId::parse(text).ok_or(PageError::NotFound)
}

/// The office of a path, if this person may edit it.
fn editable(visit: &Visit, unit: &str) -> Result<OrgUnitId, PageError> {
    let id = unit_id(unit)?;
    if may_edit_unit(&visit.actor, Some(id)) { Ok(id) } else { Err(PageError::Forbidden) }
}

/// `GET /verwaltung/aemter/{unit}`
pub async fn edit(visit: Visit, Path(unit): Path<String>) -> Answer {
    let id = editable(&visit, &unit)?;
    let unit = visit.read(move |tx| store::org_unit(tx, id)).await?.ok_or(PageError::NotFound)?;
    let parent = unit.parent.map(|parent| parent.to_string()).unwrap_or_default();
    let form = Form::from_pairs([
        ("name", unit.name),
        ("short", unit.short),
        ("email", unit.email),
        ("phone", unit.phone),
        ("parent", parent),
    ]);
    web::render(&unit_page(&visit, Some(id), form.into()).await?)
}

/// `POST /verwaltung/aemter/neu`
pub async fn create(visit: Visit, form: Form) -> Answer {
    save(visit, None, form).await
}

/// `POST /verwaltung/aemter/{unit}`
pub async fn change(visit: Visit, Path(unit): Path<String>, form: Form) -> Answer {
    let id = editable(&visit, &unit)?;
    save(visit, Some(id), form).await
}

/// What was typed, checked; `None`: the state says what to mend.
fn read_unit(state: &mut FormState) -> Option<(Option<OrgUnitId>, [String; 4])> {
    state.require("name", "Geben Sie den Namen des Amtes ein.");
    state.limit("name", 120, "Kürzen Sie den Namen auf 120 Zeichen.");
    state.limit("short", 12, "Kürzen Sie die Abkürzung auf 12 Zeichen.");
    state.limit("phone", 40, "Kürzen Sie die Telefonnummer auf 40 Zeichen.");
    let email = state.form.text("email").to_owned();
    if !email.is_empty() && EmailAddress::parse(&email).is_err() {
        state.refuse("email", "Prüfen Sie die E-Mail-Adresse, zum Beispiel: bauhof@rathaus.example");
    }
    let parent = match state.form.text("parent") {
        "" => None,
        id => OrgUnitId::parse(id).map(Some).unwrap_or_else(|| {
            state.refuse("parent", "Wählen Sie ein Amt aus der Liste.");
            None
        }),
    };
    let text = |name: &str| state.form.text(name).to_owned();
    (!state.has_errors()).then(|| (parent, [text("name"), text("short"), email, text("phone")]))
}

/// What stops a change; either way nothing is written, not even the once-only key.
pub(crate) enum Stop {
    Page(PageError),
    Circle,
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

/// The office above exists and is not below this one. Under a lock: two who hang two offices below each other at the
/// same moment would each find no circle.
pub(crate) fn must_hang_well(tx: &Tx<'_>, id: OrgUnitId, parent: Option<OrgUnitId>) -> Result<(), Stop> {
    let Some(parent) = parent else { return Ok(()) };
    tx.lock("identity.org_units")?;
    let tree = store::tree(tx)?;
    let is_known = tree.iter().any(|(known, _)| *known == parent);
    if is_known && !makes_circle(&tree, id, parent) { Ok(()) } else { Err(Stop::Circle) }
}

async fn save(visit: Visit, id: Option<OrgUnitId>, form: Form) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let mut state = FormState::from(form);
    let Some((parent, texts)) = read_unit(&mut state) else {
        return Visit::unprocessable(&unit_page(&visit, id, state).await?);
    };
    let actor = visit.actor.clone();
    let saved = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(Stop::Page(PageError::Conflict)),
                Once::First => {}
            }
            let old = match id {
                Some(id) => Some(store::org_unit(tx, id)?.ok_or(Stop::Page(PageError::NotFound))?),
                None => None,
            };
            let moved = old.as_ref().is_none_or(|old| old.parent != parent);
            if moved && !may_edit_unit(&actor, parent) {
                return Err(Stop::Page(PageError::Forbidden));
            }
            let id = id.unwrap_or_else(|| OrgUnitId(tx.new_id()));
            must_hang_well(tx, id, parent)?;
            let [name, short, email, phone] = texts.clone();
            store::put_org_unit(tx, &OrgUnit { id, parent, name, short, email, phone })?;
            let action = if old.is_some() { "org_unit.changed" } else { "org_unit.created" };
            tx.audit(Audit {
                actor: actor.trace(),
                action,
                subject: id.to_string(),
                detail: json!({ "moved": moved }),
            });
            Ok(())
        })
        .await;
    match saved {
        Ok(()) => Ok(visit.see_other_saying("/verwaltung/aemter", "flash-identity-saved")),
        Err(Stop::Page(error)) => Err(error),
        Err(Stop::Circle) => {
            state.refuse("parent", "Ein Amt kann nicht unter sich selbst stehen. Wählen Sie ein anderes Amt.");
            Visit::unprocessable(&unit_page(&visit, id, state).await?)
        }
    }
}
