//! `media_url`: the photo another program only names is fetched by a job, through the guarded client, and treated like one
//! that was uploaded: written anew without what the camera put in, hidden until somebody reviewed it. Not here: files a
//! caller sends along (`post`). Invariants: the job may run again and leaves one photo or
//! one remark, since its own id is the once-only key; whoever names an address makes the house ask nobody inside.

use crate::{journey::PHOTOS_MAX, store};
use base::{Actor, uuid::Uuid};
use cases::{AttachmentKind, CaseId, NewAttachment};
use db::{Audit, DbError, NewJob, Once, OnceKey, Tx};
use files::{BlobId, BlobKey, Refused, picture};
use outgoing::OutgoingError;
use serde_json::{Value, json};
use web::{JobError, JobRun};

pub const JOB: &str = "report.photo";
const ACCEPT: &str = "image/jpeg,image/png,image/webp";
/// Of the address that becomes the photo's name.
const NAME_CHARACTERS_MAX: usize = 80;

/// Whether somebody could fetch it: an address of the web, not too long.
pub fn is_address(url: &str) -> bool {
    url.len() <= 2_000 && (url.starts_with("https://") || url.starts_with("http://"))
}

pub fn queue(tx: &Tx<'_>, case: Uuid, url: &str) {
    let key = base::hex(&crate::report::token_hash(&format!("{case} {url}")));
    tx.enqueue(NewJob { kind: JOB, payload: json!({ "case": case, "url": url }), run_at: None, key: Some(key) });
}

/// What became of the address.
enum Fetched {
    Picture(Box<picture::Picture>),
    /// Asking again will not help; the reason as the desk reads it.
    Useless(&'static str),
}

pub async fn run(run: JobRun) -> Result<(), JobError> {
    let text = |name: &str| run.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let url = text("url");
    let Ok(case) = Uuid::try_parse(&text("case")) else { return Err(JobError::Never("report.photo.payload")) };
    let fetched = fetch(&run, &url).await?;
    let blob = BlobId(run.id);
    if let Fetched::Picture(picture) = &fetched {
        let stored = run.site.files.put_picture(BlobKey::whole(run.town, blob), picture).await;
        stored.map_err(|_| JobError::Later("report.photo.disk"))?;
    }
    let written = run.site.db.write::<_, DbError>(run.town, move |tx| {
        let key = OnceKey::of(JOB, &run.id.to_string());
        if tx.once(key, [0; 32])? != Once::First {
            return Ok(());
        }
        match &fetched {
            Fetched::Picture(_) => add(tx, case, blob, &url)?,
            Fetched::Useless(reason) => {
                let words = format!("Foto nicht abgeholt: {reason}. {url}");
                cases::remark(tx, CaseId(case), &Actor::System, &words, false)?;
            }
        }
        tx.once_answer(key, "")
    });
    Ok(written.await?)
}

async fn fetch(run: &JobRun, url: &str) -> Result<Fetched, JobError> {
    let limits = picture::Limits::default();
    match run.site.strangers.get_limited(url, ACCEPT, limits.bytes, None).await {
        Ok(answer) if answer.status == 200 => match picture::prepare(answer.body, limits).await {
            Ok(picture) => Ok(Fetched::Picture(Box::new(picture))),
            Err(Refused::DiskFull) => Err(JobError::Later("report.photo.disk")),
            Err(_) => Ok(Fetched::Useless("Unter der Adresse liegt kein Bild, das wir lesen können")),
        },
        Ok(answer) if answer.status == 429 || answer.status >= 500 => Err(JobError::Later("report.photo.answer")),
        Ok(_) => Ok(Fetched::Useless("Unter der Adresse liegt nichts mehr")),
        Err(OutgoingError::Timeout | OutgoingError::Unreachable(_)) => Err(JobError::Later("report.photo.away")),
        Err(OutgoingError::TooLarge { .. }) => Ok(Fetched::Useless("Das Bild ist zu groß")),
        Err(_) => Ok(Fetched::Useless("Die Adresse ist keine öffentliche")),
    }
}

fn add(tx: &Tx<'_>, case: Uuid, blob: BlobId, url: &str) -> Result<(), DbError> {
    let Some(report) = store::lock_by_case(tx, case)? else { return Ok(()) };
    if !store::add_photo(tx, report.id, blob.0, i64::try_from(PHOTOS_MAX).unwrap_or(i64::MAX))? {
        return Ok(());
    }
    let name = url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let name = files::attachment::shown_name(&name.chars().take(NAME_CHARACTERS_MAX).collect::<String>());
    cases::attach(tx, CaseId(case), &NewAttachment { blob, name, kind: AttachmentKind::Picture })?;
    tx.audit(Audit {
        actor: Actor::System.trace(),
        action: "report.photo_fetched",
        subject: report.id.to_string(),
        detail: json!({ "blob": blob.0.to_string() }),
    });
    Ok(())
}
