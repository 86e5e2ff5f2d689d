//! Prüfung: what the public will see of a report. Words are edited in a copy, faces and number plates are covered in a
//! copy of the photo; the case keeps both as they came. Whoever reported reads what was decided and why.

mod photos;

pub use photos::photo;

use crate::{
    journey::BODY_CHARACTERS_MAX,
    pages::{Choice, found},
    report::{ReviewRefusal, Verdict, Visibility, review},
    store::{self, DeskReport},
};
use axum::extract::Path;
use base::{Permission, Scope, may};
use cases::CaseId;
use db::{Audit, DbError, Once, Tx};
use identity::units_for;
use photos::PhotoRow;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Lang, Page, PageError, Template, Visit, words};

const LIST: i64 = 100;
const TITLE_CHARACTERS_MAX: usize = 160;
const REASON_CHARACTERS_MAX: usize = 600;

#[derive(Template)]
#[template(path = "reports-review.html")]
struct ReviewPage {
    page: Page,
    rows: Vec<Row>,
    open: Option<Open>,
    form: FormState,
}

struct Row {
    href: String,
    title: String,
    meta: String,
    complaint: bool,
    current: bool,
}

struct Open {
    number: String,
    case_href: String,
    title: String,
    body: String,
    meta: String,
    visibility: &'static str,
    visibility_kind: &'static str,
    public_href: String,
    photos: Vec<PhotoRow>,
    complaints: Vec<(String, String, String)>,
    reasons: Vec<Choice>,
    withdrawn: bool,
    /// Of a category that is never shown.
    never_public: bool,
    version: i64,
    /// What a colleague stored while this form was open; empty otherwise.
    stored_title: String,
    stored_body: String,
}

impl Open {
    /// May its words become public at all?
    const fn has_words(&self) -> bool {
        !self.withdrawn && !self.never_public
    }

    /// There is something to send: words that may be public, or a photo.
    const fn has_form(&self) -> bool {
        self.has_words() || !self.photos.is_empty()
    }
}

/// May this person review the report? As everywhere: by the unit that has the case.
fn allowed(visit: &Visit, tx: &Tx<'_>, report: &DeskReport) -> Result<(), PageError> {
    let head = cases::head(tx, CaseId(report.case_id))?.ok_or(PageError::NotFound)?;
    let permitted = may(&visit.actor, Permission::ReportModerate, Scope::Unit(head.unit));
    if permitted { Ok(()) } else { Err(PageError::NotFound) }
}

/// Reports this person may review, oldest first.
fn waiting(visit: &Visit, tx: &Tx<'_>) -> Result<Vec<DeskReport>, DbError> {
    store::to_review(tx, &units_for(&visit.actor, Permission::ReportModerate), LIST)
}

/// By number, or by id: the case's link was made before it had a number.
fn named(tx: &Tx<'_>, name: &str) -> Result<Option<DeskReport>, DbError> {
    match Uuid::try_parse(name) {
        Ok(id) => store::desk_report_by_id(tx, id),
        Err(_) => store::desk_report(tx, name),
    }
}

pub async fn list(visit: Visit) -> Answer {
    show_with(visit, None, FormState::default()).await
}

pub async fn show(visit: Visit, Path(name): Path<String>) -> Answer {
    show_with(visit, Some(name), FormState::default()).await
}

async fn show_with(visit: Visit, name: Option<String>, form: FormState) -> Answer {
    let (v, failed) = (visit.clone(), form.has_errors());
    let (rows, open, desk) = visit
        .read(move |tx| {
            let open = match &name {
                Some(name) => {
                    let report = found(named(tx, name)?)?;
                    allowed(&v, tx, &report)?;
                    let photos = store::photos_for_review(tx, report.id)?;
                    let complaints = store::complaints_of(tx, report.id)?;
                    Some((report, photos, complaints))
                }
                None => None,
            };
            Ok::<_, PageError>((waiting(&v, tx)?, open, v.desk(tx)?))
        })
        .await?;
    let mut form = form;
    let now = visit.site.clock.now();
    let current = open.as_ref().map(|(report, ..)| report.id);
    let rows = rows.iter().map(|report| Row {
        href: format!("/arbeit/meldung/{}", report.number),
        title: report.title.clone(),
        meta: format!("{} · {} · {}", report.number, report.place, words::when(Lang::De, report.opened_at, now)),
        complaint: report.complaints > 0,
        current: current == Some(report.id),
    });
    let rows = rows.collect();
    let open = open.map(|(report, photos, complaints)| {
        if !form.form.has("title") {
            form.form.set("title", report.public_title.as_str());
            form.form.set("body", report.public_body.as_str());
            form.form.set("reason", report.reason.as_str());
        }
        let mut open = open_of(&report, &photos, &complaints, &form.form);
        if !visit.may(Permission::CaseRead) {
            open.case_href.clear();
        }
        if form.form.integer("version").is_some_and(|seen| seen != report.version) {
            open.stored_title.clone_from(&report.public_title);
            open.stored_body.clone_from(&report.public_body);
        }
        open
    });
    let mut page = visit.page("Prüfung").with_desk(desk);
    if failed {
        page = page.failed();
    }
    let template = ReviewPage { page, rows, open, form };
    if failed { Visit::unprocessable(&template) } else { web::render(&template) }
}

fn open_of(
    report: &DeskReport,
    photos: &[store::ReviewPhoto],
    complaints: &[(base::Moment, String, String)],
    form: &Form,
) -> Open {
    let (visibility, visibility_kind) = match report.visibility {
        Visibility::Waiting => ("noch nicht geprüft", "info"),
        Visibility::Public => ("öffentlich", "ok"),
        Visibility::Refused => ("nicht veröffentlicht", "warn"),
        Visibility::Private => ("Art der Meldung ist nie öffentlich", ""),
        Visibility::Withdrawn => ("zurückgezogen", ""),
    };
    let number = report.number.as_str();
    let complaint = |(at, reason, note): &(base::Moment, String, String)| {
        let reason = match reason.as_str() {
            "person" => "zeigt eine Person oder ein Kennzeichen",
            "insult" => "beleidigt",
            "advertising" => "ist Werbung",
            _ => "anderer Grund",
        };
        (words::date_time(Lang::De, *at), reason.to_owned(), note.clone())
    };
    Open {
        case_href: format!("/arbeit/fall/{number}"),
        title: report.title.clone(),
        body: report.body.clone(),
        meta: format!("{} · {} · {}", report.number, report.place, words::date_time(Lang::De, report.opened_at)),
        visibility,
        visibility_kind,
        public_href: if report.visibility == Visibility::Public { format!("/melden/{number}") } else { String::new() },
        photos: photos.iter().map(|photo| PhotoRow::of(number, photo, form)).collect(),
        complaints: complaints.iter().map(complaint).collect(),
        reasons: READY_REASONS.iter().map(|(word, sentence)| Choice::new(*word, *sentence)).collect(),
        withdrawn: report.visibility == Visibility::Withdrawn,
        never_public: report.visibility == Visibility::Private,
        version: report.version,
        stored_title: String::new(),
        stored_body: String::new(),
        number: report.number.clone(),
    }
}

/// Words of the form, and what the citizen reads.
const READY_REASONS: [(&str, &str); 4] = [
    ("personal", "Text oder Foto zeigt Personen oder Kennzeichen."),
    ("private_ground", "Der Ort ist Privatgrund."),
    ("not_for_public", "Der Inhalt eignet sich nicht für die öffentliche Karte."),
    ("unclear", "Ort oder Schaden sind nicht klar genug."),
];

/// The words for the citizen: a ready sentence, own words, or both.
fn reason_of(form: &Form) -> String {
    let chosen = form.text("ready-reason");
    let ready = READY_REASONS.iter().find(|(word, _)| *word == chosen).map_or("", |(_, sentence)| sentence);
    format!("{ready} {}", form.text("reason")).trim().to_owned()
}

/// Why a decision was not stored; the transaction is taken back.
enum NotStored {
    Page(PageError),
    Refused(ReviewRefusal),
    /// A colleague was faster.
    Stale,
}

impl From<DbError> for NotStored {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<PageError> for NotStored {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

const fn refusal_text(refusal: ReviewRefusal) -> (&'static str, &'static str) {
    match refusal {
        ReviewRefusal::Withdrawn => ("", "Die Meldung wurde zurückgezogen. Sie bleibt unsichtbar."),
        ReviewRefusal::NeverPublic => ("", "Meldungen dieser Art sind nie öffentlich."),
        ReviewRefusal::ReasonMissing => {
            ("reason", "Schreiben Sie, warum die Meldung nicht öffentlich wird. Die Person liest das.")
        }
        ReviewRefusal::TitleMissing => ("title", "Geben Sie der öffentlichen Meldung einen Titel."),
    }
}

/// One form for everything: what was typed beside a photo comes along when the photo is sent first.
pub async fn sent(visit: Visit, Path(name): Path<String>, form: Form) -> Answer {
    let photo = form.text("deed").split_once(' ').map(|(deed, photo)| (deed == "hide", photo.to_owned()));
    match photo {
        Some((hides, photo)) => photos::publish(visit, name, &photo, hides, form).await,
        None => decide(visit, name, form).await,
    }
}

/// What can be refused without looking at the report.
fn check(state: &mut FormState, verdict: Verdict) {
    if verdict == Verdict::Publish {
        state.limit("title", TITLE_CHARACTERS_MAX, format!("Kürzen Sie den Titel auf {TITLE_CHARACTERS_MAX} Zeichen."));
        state.limit("body", BODY_CHARACTERS_MAX, format!("Kürzen Sie den Text auf {BODY_CHARACTERS_MAX} Zeichen."));
    }
    state.limit(
        "reason",
        REASON_CHARACTERS_MAX,
        format!("Kürzen Sie die Begründung auf {REASON_CHARACTERS_MAX} Zeichen."),
    );
    if verdict == Verdict::Publish && photos::has_boxes(&state.form) {
        state.refuse(
            "",
            "Sie haben Flächen in einem Foto markiert. Veröffentlichen Sie zuerst das Foto, oder entfernen Sie die Markierungen.",
        );
    }
}

async fn decide(visit: Visit, name: String, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let verdict = if form.text("verdict") == "publish" { Verdict::Publish } else { Verdict::Refuse };
    let mut state = FormState::from(form);
    check(&mut state, verdict);
    if state.has_errors() {
        return show_with(visit, Some(name), state).await;
    }
    let (v, sent, wanted) = (visit.clone(), state.form.clone(), name.clone());
    let decided = visit
        .write(move |tx| {
            match tx.once(key, sent.fingerprint())? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(NotStored::Page(PageError::Conflict)),
                Once::First => {}
            }
            let report = found(named(tx, &wanted)?)?;
            allowed(&v, tx, &report)?;
            // What is kept back needs no words for the public; such as are too long for it change nothing.
            let fitting = |name, most, known| {
                Some(sent.text(name))
                    .filter(|text| text.chars().filter(|c| *c != '\r').count() <= most)
                    .unwrap_or(known)
            };
            let title = fitting("title", TITLE_CHARACTERS_MAX, report.public_title.as_str());
            let body = fitting("body", BODY_CHARACTERS_MAX, report.public_body.as_str());
            let reason = if verdict == Verdict::Refuse { reason_of(&sent) } else { String::new() };
            let visibility = review(report.visibility, verdict, title, &reason).map_err(NotStored::Refused)?;
            let seen = sent.integer("version").ok_or(NotStored::Stale)?;
            if !store::reviewed(tx, &report, visibility, title, body, &reason, seen)? {
                return Err(NotStored::Stale);
            }
            store_review(tx, &v, &report, visibility, [title, body, &reason])?;
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await;
    match decided {
        Ok(()) => return Ok(visit.see_other_saying("/arbeit/pruefung", "flash-report-reviewed")),
        Err(NotStored::Page(error)) => return Err(error),
        Err(NotStored::Refused(refusal)) => {
            let (field, text) = refusal_text(refusal);
            state.refuse(field, text);
        }
        Err(NotStored::Stale) => state.refuse(
            "title",
            "Jemand hat diese Meldung inzwischen geprüft. Vergleichen Sie beide Fassungen und entscheiden Sie noch einmal.",
        ),
    }
    show_with(visit, Some(name), state).await
}

/// What follows from a decision that was stored.
fn store_review(
    tx: &Tx<'_>,
    visit: &Visit,
    report: &DeskReport,
    visibility: Visibility,
    [title, body, reason]: [&str; 3],
) -> Result<(), DbError> {
    store::handle_complaints(tx, report.id)?;
    let changed = title != report.title || body != report.body;
    let text = match visibility {
        Visibility::Public if changed => {
            "Ihre Meldung ist jetzt öffentlich. Wir haben Text oder Titel gekürzt, damit keine persönlichen Angaben zu lesen sind."
                .to_owned()
        }
        Visibility::Public => "Ihre Meldung ist jetzt auf der öffentlichen Karte zu sehen.".to_owned(),
        _ => format!("Ihre Meldung wird bearbeitet, aber nicht öffentlich gezeigt. Grund: {reason}"),
    };
    if visibility != report.visibility || changed {
        cases::remark(tx, CaseId(report.case_id), &visit.actor, &text, true)?;
    }
    tx.audit(Audit {
        actor: visit.actor.trace(),
        action: if visibility == Visibility::Public { "report.published" } else { "report.refused" },
        subject: report.id.to_string(),
        detail: json!({ "edited": changed, "before": report.visibility.word() }),
    });
    if visibility == Visibility::Public && report.visibility != Visibility::Public {
        tx.emit("report.published", json!({ "report": report.id.to_string(), "number": report.number }));
    }
    Ok(())
}
