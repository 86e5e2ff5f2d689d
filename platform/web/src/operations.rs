//! The kit's own pages: mails of the demo town, and jobs that wait for a human. No room's business, so they stand here.

use crate::{Access, Answer, DeskContext, DeskGroup, DeskLink, Form, Page, PageError, Routes, Visit, render, words};
use askama::Template;
use axum::extract::Path;
use base::{Permission, Scope, may, uuid::Uuid};
use db::{Audit, DbError, Once};
use mail::Posted;
use serde_json::json;

const LETTERS_SHOWN: usize = 100;
const JOBS_SHOWN: i64 = 200;
const JOBS: &str = "/verwaltung/auftraege";

pub fn routes(routes: &mut Routes) {
    routes.get("/_post", Access::Public, letters);
    routes.get("/_post/{id}", Access::Public, letter);
    routes.get(JOBS, Access::NeedsInTown(Permission::Operate), stuck_jobs);
    routes.post("/verwaltung/auftraege/{id}/wiederholung", Access::NeedsInTown(Permission::Operate), retry_job);
}

/// The rail's way to the jobs, with how many wait for a human.
pub fn desk_links(context: &DeskContext<'_>) -> Result<Vec<DeskGroup>, DbError> {
    if !may(context.actor, Permission::Operate, Scope::Town) {
        return Ok(vec![]);
    }
    let stuck = i64::try_from(context.tx.stuck_jobs(JOBS_SHOWN)?.len()).unwrap_or(JOBS_SHOWN);
    let link = DeskLink {
        href: JOBS.to_owned(),
        label: "Aufträge".to_owned(),
        icon: "wrench",
        count: (stuck > 0).then_some(stuck),
        counted: ["Auftrag", "Aufträge"],
        urgent: stuck > 0,
        current: context.path.starts_with(JOBS),
    };
    Ok(vec![DeskGroup { title: "Verwaltung".to_owned(), links: vec![link] }])
}

struct ShownLetter {
    id: Uuid,
    to: String,
    subject: String,
    at: String,
}

#[derive(Template)]
#[template(path = "letters.html")]
struct LettersPage {
    page: Page,
    letters: Vec<ShownLetter>,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    page: Page,
    letter: Posted,
    at: String,
    links: Vec<String>,
}

/// Only the demo shows mails to everybody; elsewhere the page does not exist.
fn demo_folder(visit: &Visit) -> Result<mail::Folder, PageError> {
    if !visit.site.settings.demo {
        return Err(PageError::NotFound);
    }
    visit.site.mailer.folder().cloned().ok_or(PageError::NotFound)
}

async fn letters(visit: Visit) -> Answer {
    let folder = demo_folder(&visit)?;
    let posted = folder
        .list(visit.town_id(), LETTERS_SHOWN)
        .await
        .map_err(|error| PageError::because("could not list the demo's mails")(Box::new(error)))?;
    let now = visit.site.clock.now();
    let shown = |posted: Posted| ShownLetter {
        id: posted.id,
        at: words::when(visit.t.lang, posted.sent_at(), now),
        to: posted.to,
        subject: posted.subject,
    };
    let letters = posted.into_iter().map(shown).collect();
    render(&LettersPage { page: visit.page(visit.t.s("kit-letters-title")), letters })
}

async fn letter(visit: Visit, Path(id): Path<String>) -> Answer {
    let folder = demo_folder(&visit)?;
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let posted = folder
        .read(visit.town_id(), id)
        .await
        .map_err(|error| PageError::because("could not read one of the demo's mails")(Box::new(error)))?;
    let letter = posted.ok_or(PageError::NotFound)?;
    let at = words::date_time(visit.t.lang, letter.sent_at());
    let links = letter.links().into_iter().map(str::to_owned).collect();
    render(&LetterPage { page: visit.page(letter.subject.clone()), letter, at, links })
}

struct ShownJob {
    id: Uuid,
    kind: String,
    attempts: i64,
    error: String,
    since: String,
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    page: Page,
    jobs: Vec<ShownJob>,
}

async fn stuck_jobs(visit: Visit) -> Answer {
    let inside = visit.clone();
    let (jobs, desk) = visit.read(move |tx| Ok::<_, DbError>((tx.stuck_jobs(JOBS_SHOWN)?, inside.desk(tx)?))).await?;
    let now = visit.site.clock.now();
    let shown = |job: db::StuckJob| ShownJob {
        id: job.id,
        kind: job.kind,
        attempts: job.attempts,
        error: job.last_error.unwrap_or_default(),
        since: words::when(visit.t.lang, job.created_at, now),
    };
    let jobs = jobs.into_iter().map(shown).collect();
    render(&JobsPage { page: visit.page("Aufträge, die auf Sie warten").with_desk(desk), jobs })
}

async fn retry_job(visit: Visit, Path(id): Path<String>, form: Form) -> Answer {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let (key, fingerprint, actor) = (visit.once_key(&form)?, form.fingerprint(), visit.actor.trace());
    visit
        .write(move |tx| {
            if tx.once(key, fingerprint)? != Once::First {
                return Ok(());
            }
            if !tx.retry_job(id)? {
                return Err(PageError::NotFound);
            }
            tx.audit(Audit {
                actor: actor.clone(),
                action: "job.retried",
                subject: format!("job:{id}"),
                detail: json!({}),
            });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying(JOBS, "flash-job-retried"))
}
