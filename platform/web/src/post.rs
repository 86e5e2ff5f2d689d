//! Mail from rooms: stored as a job in the transaction that wants it, sent by the worker, repeated with the same
//! Message-ID until the server took it. Not here: what a mail says (rooms) and how it travels (`platform/mail`).

use crate::{
    Texts, Town,
    room::{JobError, JobRun},
};
use base::uuid::Uuid;
use db::{DbError, NewJob, Tx};
use mail::{EmailAddress, Mail, MailError, MessageId};
use serde::{Deserialize, Serialize};

/// The kind of the job.
pub const MAIL_JOB: &str = "mail";

#[derive(Serialize, Deserialize)]
struct Posting {
    /// Chosen when the mail is queued, so that every try carries the same Message-ID.
    id: Uuid,
    to: String,
    mail: Mail,
    /// For mails people subscribed to: the page that ends it.
    unsubscribe: Option<String>,
}

/// Where rooms drop their mails.
pub struct Letterbox;

impl Letterbox {
    /// Queues the mail in this transaction. The caller has made sure that the address is confirmed, or that this mail is
    /// the one that asks for the confirmation.
    pub fn send(tx: &Tx<'_>, to: &EmailAddress, mail: Mail) -> Result<(), DbError> {
        Self::queue(tx, to, mail, None)
    }

    /// The same for mails of a subscription; `unsubscribe` is an absolute URL.
    pub fn send_to_subscriber(tx: &Tx<'_>, to: &EmailAddress, mail: Mail, unsubscribe: String) -> Result<(), DbError> {
        Self::queue(tx, to, mail, Some(unsubscribe))
    }

    fn queue(tx: &Tx<'_>, to: &EmailAddress, mail: Mail, unsubscribe: Option<String>) -> Result<(), DbError> {
        let posting = Posting { id: tx.new_id(), to: to.as_str().to_owned(), mail, unsubscribe };
        let payload =
            serde_json::to_value(posting).map_err(|_| DbError::WrongShape("a mail to be queued".to_owned()))?;
        tx.enqueue(NewJob { kind: MAIL_JOB, payload, run_at: None, key: None });
        Ok(())
    }
}

/// Who writes, below what is said: the office if one is named, the town and its phone. `with_regards`: the farewell is not
/// said yet.
pub fn signed(mail: Mail, t: &Texts, town: &Town, unit: &str, with_regards: bool) -> Mail {
    let regards = if with_regards { t.s("kit-mail-regards") } else { "" };
    let name = format!("{} {}", town.kind_name, town.name);
    let phone = if town.phone.is_empty() { String::new() } else { format!("{} {}", t.s("kit-phone"), town.phone) };
    let lines = [regards, unit, name.trim(), phone.as_str()];
    mail.paragraph(lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// Sends one queued mail.
pub async fn run_mail_job(run: JobRun) -> Result<(), JobError> {
    let posting: Posting = serde_json::from_value(run.payload).map_err(|_| JobError::Never("mail.payload"))?;
    let to = EmailAddress::parse(&posting.to).map_err(|_| JobError::Never("mail.address"))?;
    let Some(town) = run.site.town(run.town).await? else { return Err(JobError::Never("mail.no_town")) };
    let host = town.base_url.split("://").nth(1).unwrap_or("localhost").to_owned();
    let mut letter = posting.mail.letter(to, MessageId::new(posting.id, &host)).from_name(&town.name);
    if let Some(url) = &posting.unsubscribe {
        letter = letter.unsubscribe(url);
    }
    match run.site.mailer.send(run.town, &letter).await {
        Ok(()) => Ok(()),
        Err(MailError::Permanent { .. }) => Err(JobError::Never("mail.refused")),
        Err(MailError::Transient { .. }) => Err(JobError::Later("mail.server_away")),
        Err(MailError::Configuration(_)) => Err(JobError::Later("mail.settings")),
        Err(MailError::Folder { .. }) => Err(JobError::Later("mail.folder")),
    }
}
