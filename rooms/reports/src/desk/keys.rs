//! Schlüssel für Programme: who may send reports by Open311. A key is shown once, when it is made; afterwards the town
//! has only its hash. Not here: what a key opens, that is `open311`'s.

use crate::{report::token_hash, store};
use axum::extract::Path;
use db::{Audit, DbError, Once};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit, words};

const PATH: &str = "/verwaltung/schluessel";
const NAME_CHARACTERS_MAX: usize = 80;
/// 192 bits: nobody guesses them, and they still fit on a line.
const KEY_BYTES: usize = 24;

#[derive(Template)]
#[template(path = "reports-keys.html")]
struct KeysPage {
    page: Page,
    form: FormState,
    rows: Vec<Row>,
    /// The key just made; empty otherwise.
    fresh: String,
    endpoint: String,
}

struct Row {
    id: String,
    name: String,
    since: String,
    sent: i64,
}

async fn page_of(visit: &Visit, form: FormState, fresh: String) -> Result<KeysPage, PageError> {
    let v = visit.clone();
    let (rows, desk) = visit.read(move |tx| Ok::<_, DbError>((store::keys(tx)?, v.desk(tx)?))).await?;
    let row = |row: store::KeyRow| Row {
        id: row.id.to_string(),
        since: words::short_date(row.created_at.date()),
        name: row.name,
        sent: row.sent,
    };
    let mut page = visit.page("Schlüssel für Programme").with_desk(desk);
    if form.has_errors() {
        page = page.failed();
    }
    let endpoint = visit.town.url("/open311/v2");
    Ok(KeysPage { page, form, rows: rows.into_iter().map(row).collect(), fresh, endpoint })
}

pub async fn list(visit: Visit) -> Answer {
    web::render(&page_of(&visit, FormState::default(), String::new()).await?)
}

/// The page that answers shows the key, so it is no redirect; sent again it says that the key was shown already.
pub async fn add(visit: Visit, form: Form) -> Answer {
    let once = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    if state.form.text("name").is_empty() {
        state.refuse("name", "Nennen Sie das Programm oder wer es betreibt.");
    }
    state.limit("name", NAME_CHARACTERS_MAX, format!("Kürzen Sie den Namen auf {NAME_CHARACTERS_MAX} Zeichen."));
    if state.has_errors() {
        return Visit::unprocessable(&page_of(&visit, state, String::new()).await?);
    }
    let mut bytes = [0; KEY_BYTES];
    visit.site.chance.fill(&mut bytes);
    let key = base::hex(&bytes);
    let (actor, name, hash) = (visit.actor.trace(), state.form.text("name").to_owned(), token_hash(&key));
    let fingerprint = state.form.fingerprint();
    let is_new = visit
        .write(move |tx| {
            match tx.once(once, fingerprint)? {
                Once::Again(_) => return Ok(false),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let id = tx.new_id();
            store::add_key(tx, id, &name, &hash)?;
            tx.audit(Audit {
                actor: actor.clone(),
                action: "report.key_made",
                subject: id.to_string(),
                detail: json!({ "name": name }),
            });
            tx.once_answer(once, "")?;
            Ok(true)
        })
        .await?;
    if !is_new {
        return Ok(visit.see_other_saying(PATH, "flash-report-key-shown"));
    }
    web::render(&page_of(&visit, FormState::default(), key).await?)
}

/// Revoking it twice is the same as once.
pub async fn revoke(visit: Visit, Path(id): Path<String>) -> Answer {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let actor = visit.actor.trace();
    visit
        .write(move |tx| {
            if store::revoke_key(tx, id)? {
                let (action, subject) = ("report.key_revoked", id.to_string());
                tx.audit(Audit { actor: actor.clone(), action, subject, detail: json!({}) });
            }
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying(PATH, "flash-report-key-revoked"))
}
