//! Other offices that take reports by Open311: a neighbouring town, the Fachverfahren of a works department. A clerk hands a
//! report on, a job carries it over and comes back until it arrived or a person must look, and every half hour the desk
//! hears what became of it. Not here: pages (`desk`), and reports that others send to us (`open311`). Invariants: nothing of
//! the person who reported leaves the house; after an attempt whose end nobody knows the other side is asked before
//! anything is sent again; each word of theirs reaches the desk once.

mod pull;
pub mod seed;
mod send;
mod server;

use crate::store;
use db::{DbError, NewJob, Tx};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{JobError, JobKind, JobRun};

pub const JOBS: [JobKind; 3] = [
    JobKind { kind: SERVICES, run: |run| Box::pin(read_services(run)) },
    JobKind { kind: SEND, run: |run| Box::pin(send::run(run)) },
    JobKind { kind: PULL, run: |run| Box::pin(pull::run(run)) },
];

const SERVICES: &str = "report.partner";
const SEND: &str = "report.forward";
const PULL: &str = "report.pull";

/// What arrived longer ago than this is not asked for any more.
const ASKED_DAYS: i64 = 180;
const SERVICES_DAYS: i64 = 1;
/// Of the words a clerk sends along.
pub const WORDS_CHARACTERS_MAX: usize = 3_000;

/// Reads what can be reported there, soon.
pub fn queue_services(tx: &Tx<'_>, partner: Uuid) {
    enqueue(tx, SERVICES, partner, partner.to_string());
}

/// Sends it soon. Whoever pressed the button does not wait for the next time the job chose itself.
pub fn queue_send(tx: &Tx<'_>, forward: Uuid) {
    enqueue(tx, SEND, forward, format!("{forward} now"));
}

fn enqueue(tx: &Tx<'_>, kind: &'static str, id: Uuid, key: String) {
    tx.enqueue(NewJob { kind, payload: json!({ "id": id }), run_at: None, key: Some(key) });
}

fn id_of(run: &JobRun) -> Result<Uuid, JobError> {
    let id = run.payload.get("id").and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or(JobError::Never("report.partner.payload"))
}

async fn partner_of(run: &JobRun, id: Uuid) -> Result<Option<store::Partner>, JobError> {
    Ok(run.site.db.read::<_, DbError>(run.town, move |tx| store::partner(tx, id)).await?)
}

/// Notes what goes wrong with an office: its page shows it. The next half hour tries again.
async fn note_problem(run: &JobRun, partner: Uuid, problem: String) -> Result<(), JobError> {
    let noted = run.site.db.write::<_, DbError>(run.town, move |tx| {
        tx.unaudited("how another server answers", || store::set_partner_problem(tx, partner, &problem))
    });
    Ok(noted.await?)
}

async fn read_services(run: JobRun) -> Result<(), JobError> {
    let id = id_of(&run)?;
    let Some(partner) = partner_of(&run, id).await? else { return Ok(()) };
    let server = server::Server { outgoing: &run.site.outgoing, partner: &partner };
    match server.services().await {
        Ok((format, services)) => {
            let written = run.site.db.write::<_, DbError>(run.town, move |tx| {
                tx.unaudited("a copy of another server's list", || store::set_services(tx, id, format, &services))
            });
            Ok(written.await?)
        }
        Err(trouble) => note_problem(&run, id, trouble.words().to_owned()).await,
    }
}

/// Every half hour: asks for news, reads what is offered once a day, and starts what lost its job.
pub fn upkeep(tx: &Tx<'_>) -> Result<(), DbError> {
    for partner in store::partners(tx)? {
        if partner.read_at.is_none_or(|at| at < tx.now().plus_days(-SERVICES_DAYS)) {
            queue_services(tx, partner.id);
        }
    }
    for partner in store::partners_to_ask(tx, tx.now().plus_days(-ASKED_DAYS))? {
        enqueue(tx, PULL, partner, partner.to_string());
    }
    for forward in store::forgotten_forwards(tx, tx.now().plus_seconds(-600), 500)? {
        queue_send(tx, forward);
    }
    Ok(())
}
