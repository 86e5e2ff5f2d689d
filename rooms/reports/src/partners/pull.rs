//! What the other offices say about what they got from us: their feed of updates, where they have one, and one look at each
//! report that no feed spoke of. It goes to the desk as a remark; whether the case is over, the clerk decides. Not here:
//! updates that others push to us (`open311::updates`). Invariant: each word comes once, whatever overlaps or runs again.

use super::{
    ASKED_DAYS, id_of, note_problem,
    server::{Server, Trouble, Update},
};
use crate::{
    open311::is_end,
    store::{self, Forward, Partner},
};
use base::{Actor, Moment};
use cases::CaseId;
use db::{DbError, Tx};
use uuid::Uuid;
use web::{JobError, JobRun};

/// Looks at single reports in one run.
const LOOKS_MAX: i64 = 30;
/// With a feed a report is looked at once a day besides: not every office puts every report into its feed.
const LOOK_AGAIN_SECONDS: i64 = 86_400;
/// Their updates may come late, and clocks differ.
const OVERLAP_SECONDS: i64 = 3_600;
/// The standard's widest window.
const WINDOW_DAYS: i64 = 89;
/// Ends the run before the job's own time does.
const RUN_SECONDS: u64 = 40;

pub async fn run(run: JobRun) -> Result<(), JobError> {
    let id = id_of(&run)?;
    let Some(partner) = super::partner_of(&run, id).await? else { return Ok(()) };
    let started = tokio::time::Instant::now();
    let server = Server { outgoing: &run.site.outgoing, partner: &partner };
    let has_feed = match feed(&run, &server, &partner).await? {
        Ok(()) => true,
        Err(Trouble::Refused(_)) => false,
        Err(trouble) => return note_problem(&run, id, trouble.words().to_owned()).await,
    };
    let now = run.site.clock.now();
    let unasked_since = if has_feed { now.plus_seconds(-LOOK_AGAIN_SECONDS) } else { now };
    let sent_after = now.plus_days(-ASKED_DAYS);
    let looks = run
        .site
        .db
        .read::<_, DbError>(run.town, move |tx| store::forwards_to_ask(tx, id, sent_after, unasked_since, LOOKS_MAX));
    for forward in looks.await? {
        if started.elapsed().as_secs() > RUN_SECONDS {
            break;
        }
        match look(&run, &server, forward).await? {
            // A number they do not know any more says nothing about the others.
            Ok(()) | Err(Trouble::Refused(_)) => {}
            Err(trouble) => return note_problem(&run, id, trouble.words().to_owned()).await,
        }
    }
    Ok(())
}

async fn feed(run: &JobRun, server: &Server<'_>, partner: &Partner) -> Result<Result<(), Trouble>, JobError> {
    let (id, now) = (partner.id, run.site.clock.now());
    let from = partner.pulled_to.map_or(now.plus_days(-1), |to| to.plus_seconds(-OVERLAP_SECONDS));
    let window = [from.max(now.plus_days(-WINDOW_DAYS)), now];
    let updates = match server.updates(window).await {
        Ok(updates) => updates,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let written = run.site.db.write::<_, DbError>(run.town, move |tx| take_all(tx, id, &updates, now));
    written.await?;
    Ok(Ok(()))
}

fn take_all(tx: &Tx<'_>, partner: Uuid, updates: &[Update], now: Moment) -> Result<(), DbError> {
    for update in updates {
        if let Some(forward) = store::forward_by_foreign(tx, partner, &update.request)? {
            take(tx, &forward, update)?;
        }
    }
    tx.unaudited("how far a feed was read", || store::set_pulled(tx, partner, now))
}

/// The one word, if it is new.
pub(super) fn take(tx: &Tx<'_>, forward: &Forward, update: &Update) -> Result<(), DbError> {
    let is_new = tx.unaudited("the remark is audited", || store::add_forward_update(tx, forward.id, &update.id))?;
    if !is_new {
        return Ok(());
    }
    let ended = is_end(&update.status);
    tx.unaudited("the remark is audited", || store::set_forward_status(tx, forward.id, &update.status, ended))?;
    let status = if update.status.is_empty() { String::new() } else { format!(" ({})", german(&update.status)) };
    let words = format!("{}{status}: {}", forward.partner_name, update.words);
    let end = if ended { "\n\nDort ist es erledigt. Prüfen Sie, ob Sie den Fall schließen." } else { "" };
    cases::remark(
        tx,
        CaseId(forward.case_id),
        &Actor::System,
        &format!("{}{end}", words.trim_end_matches([':', ' '])),
        false,
    )
}

/// One report: its number, if it had only a token, and how it stands.
async fn look(run: &JobRun, server: &Server<'_>, forward: Forward) -> Result<Result<(), Trouble>, JobError> {
    let number = match &*forward.foreign_id {
        "" => match server.number_of(&forward.token).await {
            Ok(number) => number.unwrap_or_default(),
            Err(Trouble::Refused(_)) => String::new(),
            Err(trouble) => return Ok(Err(trouble)),
        },
        known => known.to_owned(),
    };
    let standing = match number.as_str() {
        "" => None,
        number => match server.standing(number).await {
            Ok(standing) => Some(standing),
            Err(Trouble::Refused(_)) => None,
            Err(trouble) => return Ok(Err(trouble)),
        },
    };
    let written = run.site.db.write::<_, DbError>(run.town, move |tx| {
        tx.unaudited("when a report was looked at", || store::asked_forward(tx, forward.id, &number))?;
        // The feed may have spoken meanwhile.
        let Some(forward) = store::forward(tx, forward.id)? else { return Ok(()) };
        let Some(standing) = &standing else { return Ok(()) };
        if standing.is_open != forward.ended {
            return Ok(());
        }
        let status = if standing.is_open { "OPEN" } else { "CLOSED" };
        let update = Update {
            id: format!("stands {status} {}", standing.updated),
            request: number.clone(),
            status: status.to_owned(),
            words: standing.notes.clone(),
        };
        take(tx, &forward, &update)
    });
    written.await?;
    Ok(Ok(()))
}

/// Words of the extension as a clerk says them.
fn german(status: &str) -> String {
    let known = match status.to_uppercase().as_str() {
        "OPEN" | "REOPEN" => "offen",
        "INVESTIGATING" | "FOR_TRIAGE" => "wird geprüft",
        "IN_PROGRESS" => "in Arbeit",
        "ACTION_SCHEDULED" => "eingeplant",
        "FIXED" => "behoben",
        "CLOSED" => "geschlossen",
        "DUPLICATE" => "schon gemeldet",
        "NO_FURTHER_ACTION" => "keine weiteren Schritte",
        "NOT_COUNCILS_RESPONSIBILITY" => "nicht zuständig",
        "INTERNAL_REFERRAL" => "intern weitergegeben",
        "CANCELLED" => "zurückgenommen",
        _ => return status.to_owned(),
    };
    known.to_owned()
}
