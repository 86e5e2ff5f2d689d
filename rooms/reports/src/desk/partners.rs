//! Andere Stellen: the offices that take reports of this town by Open311, as the administrator enters them. The key is typed
//! once and shown never. Not here: what goes there (`forwards`), and how it is called (`crate::partners`).

use crate::{partners::queue_services, store};
use axum::extract::Path;
use base::Actor;
use db::{Audit, DbError, Once, Tx};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Lang, Page, PageError, Template, Visit, words};

const PATH: &str = "/verwaltung/stellen";
const NAME_CHARACTERS_MAX: usize = 80;
const ADDRESS_CHARACTERS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "reports-partners.html")]
struct PartnersPage {
    page: Page,
    form: FormState,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    endpoint: String,
    services: String,
    problem: String,
}

async fn page_of(visit: &Visit, form: FormState) -> Result<PartnersPage, PageError> {
    let v = visit.clone();
    let (partners, desk) = visit.read(move |tx| Ok::<_, DbError>((store::partners(tx)?, v.desk(tx)?))).await?;
    let now = visit.site.clock.now();
    let row = |partner: store::Partner| Row {
        id: partner.id.to_string(),
        services: match (partner.read_at, partner.services) {
            (None, _) => "noch nicht gelesen".to_owned(),
            (Some(at), 1) => format!("1 Dienst, gelesen {}", words::when(Lang::De, at, now)),
            (Some(at), many) => format!("{many} Dienste, gelesen {}", words::when(Lang::De, at, now)),
        },
        name: partner.name,
        endpoint: partner.endpoint,
        problem: partner.problem,
    };
    let mut page = visit.page("Andere Stellen").with_desk(desk);
    if form.has_errors() {
        page = page.failed();
    }
    Ok(PartnersPage { page, form, rows: partners.into_iter().map(row).collect() })
}

pub async fn list(visit: Visit) -> Answer {
    web::render(&page_of(&visit, FormState::default()).await?)
}

/// The address without what people copy along with it.
fn endpoint(typed: &str) -> &str {
    let plain = typed.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let file =
        ["/services.json", "/services.xml", "/discovery.json", "/discovery.xml", "/requests.json", "/requests.xml"];
    file.iter().find_map(|end| plain.strip_suffix(end)).unwrap_or(plain)
}

fn check(visit: &Visit, state: &mut FormState) {
    if state.form.text("name").is_empty() {
        state.refuse("name", "Nennen Sie die Stelle.");
    }
    state.limit("name", NAME_CHARACTERS_MAX, format!("Kürzen Sie den Namen auf {NAME_CHARACTERS_MAX} Zeichen."));
    let address = endpoint(state.form.text("endpoint")).to_owned();
    let is_plain = address.starts_with("http://");
    // The key and what somebody wrote go there: in the clear only where the operator vouches for the line.
    if is_plain && !visit.site.outgoing.is_intranet(&address) {
        state.refuse(
            "endpoint",
            "Geben Sie eine Adresse an, die mit https:// beginnt. Ohne Verschlüsselung senden wir nichts.",
        );
    } else if !is_plain && !address.starts_with("https://") {
        state.refuse("endpoint", "Geben Sie die Adresse des Servers an. Sie beginnt mit https://.");
    } else if address.contains('@') {
        state.refuse(
            "endpoint",
            "Nehmen Sie Name und Passwort aus der Adresse. Ein Schlüssel gehört in sein eigenes Feld.",
        );
    }
    for (field, what) in [("endpoint", "die Adresse"), ("jurisdiction", "die Kennung"), ("key", "den Schlüssel")] {
        state.limit(field, ADDRESS_CHARACTERS_MAX, format!("Kürzen Sie {what} auf {ADDRESS_CHARACTERS_MAX} Zeichen."));
    }
}

pub async fn add(visit: Visit, form: Form) -> Answer {
    let once = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    check(&visit, &mut state);
    if state.has_errors() {
        return Visit::unprocessable(&page_of(&visit, state).await?);
    }
    let (actor, form) = (visit.actor.trace(), state.form);
    visit
        .write(move |tx| {
            match tx.once(once, form.fingerprint())? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let (id, address) = (tx.new_id(), endpoint(form.text("endpoint")));
            store::add_partner(tx, id, [form.text("name"), address, form.text("jurisdiction"), form.text("key")])?;
            queue_services(tx, id);
            tx.audit(Audit {
                actor: actor.clone(),
                action: "report.partner_added",
                subject: id.to_string(),
                detail: json!({ "name": form.text("name"), "endpoint": address }),
            });
            tx.once_answer(once, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying(PATH, "flash-report-partner-added"))
}

pub async fn read_again(visit: Visit, Path(id): Path<String>) -> Answer {
    let actor = visit.actor.clone();
    change(&visit, &id, move |tx, id| {
        if store::partner(tx, id)?.is_some() {
            queue_services(tx, id);
            note(tx, &actor, "report.partner_read", id);
        }
        Ok(())
    })
    .await?;
    Ok(visit.see_other_saying(PATH, "flash-report-partner-read"))
}

/// Ending it twice is the same as once. What arrived there stays in the list.
pub async fn end(visit: Visit, Path(id): Path<String>) -> Answer {
    let actor = visit.actor.clone();
    change(&visit, &id, move |tx, id| {
        if store::end_partner(tx, id)? {
            note(tx, &actor, "report.partner_ended", id);
        }
        Ok(())
    })
    .await?;
    Ok(visit.see_other_saying(PATH, "flash-report-partner-ended"))
}

fn note(tx: &Tx<'_>, actor: &Actor, action: &'static str, id: Uuid) {
    tx.audit(Audit { actor: actor.trace(), action, subject: id.to_string(), detail: json!({}) });
}

async fn change(
    visit: &Visit,
    id: &str,
    work: impl Fn(&Tx<'_>, Uuid) -> Result<(), DbError> + Send + 'static,
) -> Result<(), PageError> {
    let id = Uuid::try_parse(id).map_err(|_| PageError::NotFound)?;
    Ok(visit.write(move |tx| work(tx, id)).await?)
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn what_was_copied_along_is_taken_off() {
        for (typed, kept) in [
            ("https://stadt.example/open311/v2", "https://stadt.example/open311/v2"),
            ("https://stadt.example/open311/v2/", "https://stadt.example/open311/v2"),
            ("https://stadt.example/open311/v2/services.xml?jurisdiction_id=x", "https://stadt.example/open311/v2"),
            ("https://stadt.example/v2/discovery.json", "https://stadt.example/v2"),
        ] {
            assert_eq!(endpoint(typed), kept);
        }
    }
}
