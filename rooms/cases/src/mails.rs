//! What the house writes to people about their case. A mail is queued as a job that names the party, not the text; the
//! job asks `may_send` and composes it then. Invariant: before an address is confirmed it gets the one mail that asks
//! for it, after its end nothing.

use crate::{
    case::{CaseId, Outcome, State},
    open,
    store::{
        self, CaseHead,
        threads::{self, Entry, EntryId, Party, PartyId},
    },
    wording::in_language,
};
use base::{Moment, MunicipalityId, stored_words};
use db::{DbError, NewJob, Once, OnceKey, Tx};
use mail::{EmailAddress, Mail};
use serde_json::json;
use web::{JobError, JobKind, JobRun, Keys, Lang, Letterbox, Site, Texts, Town, words};

pub const JOB: &str = "cases.mail";
const CONFIRM_DAYS: i64 = 14;
const ACCESS_DAYS: i64 = 180;
const STOP_DAYS: i64 = 730;

stored_words!(
    /// Which mail.
    pub enum MailKind {
        Confirm = "confirm",
        Received = "received",
        Answer = "answer",
        Question = "question",
        State = "state",
        Closed = "closed",
        Reopened = "reopened",
    }
);

/// The one rule about sending.
pub fn may_send(party: &Party, kind: MailKind) -> bool {
    if party.email.is_empty() || party.ended_at.is_some() {
        return false;
    }
    party.confirmed_at.is_none() == (kind == MailKind::Confirm)
}

/// Queues one mail to one party in this transaction.
pub fn queue(tx: &Tx<'_>, party: PartyId, kind: MailKind, entry: Option<EntryId>) {
    let payload = json!({ "party": party.to_string(), "mail": kind.word(), "entry": entry.map(|id| id.to_string()) });
    tx.enqueue(NewJob { kind: JOB, payload, run_at: None, key: None });
}

/// Queues a mail to everybody who may get it.
pub fn tell(tx: &Tx<'_>, case: CaseId, kind: MailKind, entry: Option<EntryId>) -> Result<(), DbError> {
    for party in threads::parties(tx, case)? {
        if may_send(&party, kind) {
            queue(tx, party.id, kind, entry);
        }
    }
    Ok(())
}

pub const JOBS: &[JobKind] = &[JobKind { kind: JOB, run: |run| Box::pin(run_job(run)) }];

async fn run_job(run: JobRun) -> Result<(), JobError> {
    let text = |name: &str| run.payload.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let (Some(party), Some(kind)) = (PartyId::parse(text("party")), MailKind::from_word(text("mail"))) else {
        return Err(JobError::Never("cases.mail.payload"));
    };
    let entry = EntryId::parse(text("entry"));
    let Some(town) = run.site.town(run.town).await? else { return Err(JobError::Never("cases.mail.no_town")) };
    let (site, job) = (run.site.clone(), run.id);
    run.site
        .db
        .write(run.town, move |tx| {
            // A job may run twice; its mail is queued once.
            if tx.once(OnceKey::of(JOB, &job.to_string()), [0; 32])? != Once::First {
                return Ok(());
            }
            send(tx, &site, &town, party, kind, entry)
        })
        .await
        .map_err(JobError::Db)
}

fn send(
    tx: &Tx<'_>,
    site: &Site,
    town: &Town,
    party: PartyId,
    kind: MailKind,
    entry: Option<EntryId>,
) -> Result<(), DbError> {
    let Some(party) = threads::party(tx, party)?.filter(|party| may_send(party, kind)) else { return Ok(()) };
    let Some(head) = store::head(tx, party.case)? else { return Ok(()) };
    let Ok(email) = EmailAddress::parse(&party.email) else { return Ok(()) };
    let entry = match entry {
        Some(id) => threads::entry(tx, party.case, id)?,
        None => None,
    };
    let lang = Lang::from_code(&party.language).unwrap_or(Lang::De);
    let unit = identity::org_unit(tx, head.unit)?.map(|unit| unit.name).unwrap_or_default();
    let english = store::texts(tx, party.case)?.map(|texts| texts.english()).unwrap_or_default();
    let (title, category) = (
        in_language(lang, &head.title, &english.title).to_owned(),
        in_language(lang, &head.category_label, &english.category_label).to_owned(),
    );
    let writer =
        Writer { t: site.texts().of(lang), lang, town, keys: &site.keys, now: tx.now(), unit, title, category };
    let mail = writer.compose(&head, &party, kind, entry.as_ref());
    if kind == MailKind::Confirm {
        Letterbox::send(tx, &email, mail)
    } else {
        Letterbox::send_to_subscriber(tx, &email, mail, writer.stop_url(party.id))
    }
}

/// The page that confirms the address.
pub fn confirm_path(keys: &Keys, town: MunicipalityId, party: PartyId, now: Moment) -> String {
    let token = keys.seal(town, "case-mail", &party.to_string(), now.plus_days(CONFIRM_DAYS));
    format!("/post/bestaetigen/{token}")
}

/// The page that ends the mails.
pub fn stop_path(keys: &Keys, town: MunicipalityId, party: PartyId, now: Moment) -> String {
    let token = keys.seal(town, "case-stop", &party.to_string(), now.plus_days(STOP_DAYS));
    format!("/post/abbestellen/{token}")
}

/// Opens the status page without number and PIN.
pub fn access_path(keys: &Keys, town: MunicipalityId, number: &str, now: Moment) -> String {
    let token = keys.seal(town, "case-link", number, now.plus_days(ACCESS_DAYS));
    format!("/stand/{number}/{token}")
}

const GREETINGS: &[&str] = &["Guten ", "Sehr geehrte", "Liebe", "Hallo", "Grüß", "Moin", "Dear ", "Hello"];
/// With these the office's own words end; a second farewell would read badly.
const SIGN_OFFS: &[&str] = &["Grüße", "Grüßen", "Gruß", "regards", "sincerely"];

/// Composes mails in one language.
pub struct Writer<'a> {
    pub t: &'static Texts,
    pub lang: Lang,
    pub town: &'a Town,
    pub keys: &'a Keys,
    pub now: Moment,
    pub unit: String,
    /// In the reader's language, as far as the town has the words.
    pub title: String,
    pub category: String,
}

impl Writer<'_> {
    fn day(&self, moment: Moment) -> String {
        words::date(self.lang, moment.date(), self.now.date())
    }

    fn stop_url(&self, party: PartyId) -> String {
        self.town.url(&stop_path(self.keys, self.town.id, party, self.now))
    }

    fn access_url(&self, number: &str) -> String {
        self.town.url(&access_path(self.keys, self.town.id, number, self.now))
    }

    fn start(&self, subject: String) -> Mail {
        Mail::new(subject).language(self.lang.code()).greeting()
    }

    /// The office's own words often begin with a greeting; two would read badly.
    fn start_saying(&self, subject: String, said: Option<&str>) -> Mail {
        let greets = |text: &str| GREETINGS.iter().any(|greeting| text.trim_start().starts_with(greeting));
        if said.is_some_and(greets) { Mail::new(subject).language(self.lang.code()) } else { self.start(subject) }
    }

    /// What it is about and where, for subjects and first lines.
    fn what(&self, head: &CaseHead) -> String {
        with_place(&self.title, head)
    }

    pub fn compose(&self, head: &CaseHead, party: &Party, kind: MailKind, entry: Option<&Entry>) -> Mail {
        let said = entry.map(|entry| entry.text.as_str()).filter(|text| !text.is_empty());
        let mail = match kind {
            MailKind::Confirm => self.confirm(head, party),
            MailKind::Received => self.received(head),
            MailKind::Answer | MailKind::Question | MailKind::State => self.word(head, kind, said),
            MailKind::Closed => self.closed(head, said),
            MailKind::Reopened => self.reopened(head),
        };
        let unit = if kind == MailKind::Confirm { "" } else { self.unit.as_str() };
        let signs = |text: &str| SIGN_OFFS.iter().any(|words| text.contains(words));
        let mail = web::signed(mail, self.t, self.town, unit, !said.is_some_and(signs));
        if kind == MailKind::Confirm {
            return mail.footer(self.t.s("cases-mail-not-you"));
        }
        let stop = self.stop_url(party.id);
        mail.footer(self.t.s("cases-mail-from")).footer(self.t.with("cases-mail-stop", &[("url", stop.into())]))
    }

    /// No word that somebody typed: whoever gave this address may be a stranger who wants us to deliver theirs. Kind and
    /// place are the town's own words.
    fn confirm(&self, head: &CaseHead, party: &Party) -> Mail {
        let url = self.town.url(&confirm_path(self.keys, self.town.id, party.id, self.now));
        let (subject, text) = if self.category.is_empty() {
            (self.t.s("cases-mail-confirm-subject").to_owned(), self.t.s("cases-mail-confirm-text").to_owned())
        } else {
            let what = [("what", with_place(&self.category, head).into())];
            (
                self.t.with("cases-mail-confirm-subject-about", &what),
                self.t.with("cases-mail-confirm-text-about", &what),
            )
        };
        self.start(subject)
            .paragraph(text)
            .fact(self.t.s("cases-number"), &head.number)
            .button(self.t.s("cases-mail-confirm-button"), url)
    }

    fn received(&self, head: &CaseHead) -> Mail {
        let what = ("what", self.what(head).into());
        let mail = self.start(self.t.with("cases-mail-received-subject", std::slice::from_ref(&what)));
        let mail = if head.is_open() {
            let (unit, day) = (("unit", self.unit.as_str().into()), ("day", self.day(head.due).into()));
            mail.paragraph(self.t.with("cases-mail-received-text", &[what, unit, day]))
        } else {
            mail.paragraph(self.t.with("cases-mail-received-closed", &[what]))
        };
        mail.fact(self.t.s("cases-number"), &head.number)
            .fact(self.t.s("cases-pin"), open::pin(self.keys, head.id))
            .button(self.t.s("cases-mail-status-button"), self.access_url(&head.number))
    }

    fn to_status(&self, mail: Mail, head: &CaseHead, button: &'static str) -> Mail {
        mail.fact(self.t.s("cases-number"), &head.number).button(self.t.s(button), self.access_url(&head.number))
    }

    /// An answer, a question, or a new state with or without words.
    fn word(&self, head: &CaseHead, kind: MailKind, said: Option<&str>) -> Mail {
        let what = ("what", self.what(head).into());
        let (subject, text, named) = match kind {
            MailKind::Question => ("cases-mail-question-subject", "cases-mail-question-text", ""),
            MailKind::Answer => ("cases-mail-answer-subject", "cases-mail-answer-text", self.unit.as_str()),
            _ => ("cases-mail-state-subject", "cases-mail-state-text", self.state(head.state)),
        };
        let mail = self.start_saying(self.t.with(subject, std::slice::from_ref(&what)), said);
        let mail = mail.paragraph(self.t.with(text, &[what, ("unit", named.into()), ("state", named.into())]));
        let mail = match said {
            Some(said) => mail.quote(said),
            None => mail,
        };
        let button = if kind == MailKind::Question { "cases-mail-question-button" } else { "cases-mail-status-button" };
        self.to_status(mail, head, button)
    }

    fn state(&self, state: State) -> &'static str {
        self.t.find(&format!("cases-state-{}", state.word())).unwrap_or_default()
    }

    fn closed(&self, head: &CaseHead, said: Option<&str>) -> Mail {
        let what = ("what", self.what(head).into());
        let subject = match head.outcome.unwrap_or(Outcome::Resolved) {
            Outcome::Resolved => "cases-mail-closed-subject-resolved",
            Outcome::Refused => "cases-mail-closed-subject-refused",
            Outcome::NotResponsible => "cases-mail-closed-subject-not_responsible",
            Outcome::Duplicate => "cases-mail-closed-subject-duplicate",
        };
        let state = ("state", self.state(head.state).into());
        let mut mail = self
            .start_saying(self.t.with(subject, std::slice::from_ref(&what)), said)
            .paragraph(self.t.with("cases-mail-closed-text", &[what, state]));
        if let Some(said) = said {
            let unit = ("unit", self.unit.as_str().into());
            mail = mail.paragraph(self.t.with("cases-mail-closed-said", &[unit])).quote(said);
        }
        if !head.outcome_reason.is_empty() {
            mail = mail.fact(self.t.s("cases-reason"), &head.outcome_reason);
        }
        let mail = mail.fact(self.t.s("cases-decided-by"), &self.unit);
        let mut mail = self
            .to_status(mail, head, "cases-mail-status-button")
            .paragraph(self.t.s("cases-mail-closed-next"))
            .paragraph(self.t.s("cases-mail-rate"));
        let url = self.access_url(&head.number);
        for (rating, key) in RATINGS {
            mail = mail.button(self.t.s(key), format!("{url}?note={rating}"));
        }
        mail
    }

    fn reopened(&self, head: &CaseHead) -> Mail {
        let (what, day) = (("what", self.what(head).into()), ("day", self.day(head.due).into()));
        let mail = self.start(self.t.with("cases-mail-reopened-subject", std::slice::from_ref(&what)));
        let mail = mail.paragraph(self.t.with("cases-mail-reopened-text", &[what, day]));
        self.to_status(mail, head, "cases-mail-status-button")
    }
}

fn with_place(what: &str, head: &CaseHead) -> String {
    [what, head.place.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

const RATINGS: [(i64, &str); 5] =
    [(5, "kit-rating-5"), (4, "kit-rating-4"), (3, "kit-rating-3"), (2, "kit-rating-2"), (1, "kit-rating-1")];
