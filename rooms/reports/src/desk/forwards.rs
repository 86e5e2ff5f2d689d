//! Weitergabe: a clerk hands a report to another office, sees what is under way and what did not arrive, and decides what
//! becomes of that. Not here: the offices themselves (`partners`) and the sending (`crate::partners`). Invariants: whoever
//! may work on the case may hand it on; what leaves the house stands in the form, word by word.

use crate::{
    pages::{Choice, found},
    partners::{WORDS_CHARACTERS_MAX, queue_send},
    report::{ForwardState, Visibility},
    store::{self, DeskReport, Forward, NewForward},
};
use axum::extract::Path;
use base::{Moment, Permission, Scope, may};
use cases::CaseId;
use db::{Audit, DbError, Once, Tx};
use identity::units_for;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, Lang, Page, PageError, Template, Visit, words};

const PATH: &str = "/arbeit/weitergaben";
const LIST: i64 = 200;

#[derive(Template)]
#[template(path = "reports-forward.html")]
struct FormPage {
    page: Page,
    form: FormState,
    number: String,
    case_href: String,
    title: String,
    meta: String,
    has_photo: bool,
    targets: Vec<Choice>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "reports-forwards.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
    ended: bool,
    is_cut: bool,
}

struct Row {
    id: String,
    number: String,
    case_href: String,
    title: String,
    partner: String,
    service: String,
    kind: &'static str,
    icon: &'static str,
    state: &'static str,
    more: String,
    /// A person may decide about it.
    is_open: bool,
    send_label: &'static str,
}

impl Row {
    fn of(forward: &Forward, may_work: bool, now: Moment) -> Self {
        let (kind, icon, state) = match forward.state {
            ForwardState::Waiting if forward.problem.is_empty() => ("info", "clock", "wird gesendet"),
            ForwardState::Waiting => ("warn", "history", "wartet"),
            ForwardState::Sent if forward.ended => ("ok", "circle-check", "dort erledigt"),
            ForwardState::Sent => ("ok", "circle-check", "angekommen"),
            ForwardState::Refused => ("danger", "ban", "abgelehnt"),
            ForwardState::Failed => ("danger", "triangle-alert", "nicht gesendet"),
            ForwardState::Cancelled => ("", "ban", "zurückgenommen"),
        };
        let is_open = matches!(forward.state, ForwardState::Waiting | ForwardState::Refused | ForwardState::Failed);
        Self {
            id: forward.id.to_string(),
            case_href: format!("/arbeit/fall/{}", forward.number),
            number: forward.number.clone(),
            title: forward.title.clone(),
            partner: forward.partner_name.clone(),
            service: forward.service_name.clone(),
            kind,
            icon,
            state,
            more: more(forward, now),
            is_open: is_open && may_work,
            send_label: if forward.state == ForwardState::Waiting { "Jetzt senden" } else { "Noch einmal senden" },
        }
    }
}

/// What there is to say beside the state.
fn more(forward: &Forward, now: Moment) -> String {
    let when = |at: Moment| words::when(Lang::De, at, now);
    match (forward.state, forward.next_at, forward.sent_at) {
        (ForwardState::Waiting, Some(next), _) => format!("{} Nächster Versuch {}.", forward.problem, when(next)),
        (ForwardState::Sent, _, Some(at)) if forward.foreign_id.is_empty() => {
            format!("Gesendet {}. Die Nummer dort kommt noch.", when(at))
        }
        (ForwardState::Sent, _, Some(at)) => format!("Nummer dort {}, gesendet {}.", forward.foreign_id, when(at)),
        _ => forward.problem.clone(),
    }
}

/// The report of this number or id, if this person may work on its case.
fn workable(visit: &Visit, tx: &Tx<'_>, name: &str) -> Result<DeskReport, PageError> {
    let report = match Uuid::try_parse(name) {
        Ok(id) => store::desk_report_by_id(tx, id)?,
        Err(_) => store::desk_report(tx, name)?,
    };
    let report = found(report)?;
    let head = cases::head(tx, CaseId(report.case_id))?.ok_or(PageError::NotFound)?;
    let permitted = may(&visit.actor, Permission::CaseWork, Scope::Unit(head.unit));
    if permitted { Ok(report) } else { Err(PageError::NotFound) }
}

/// Address of the photo that may leave the house: the public one.
fn photo_of(tx: &Tx<'_>, visit: &Visit, report: &DeskReport) -> Result<String, DbError> {
    let photos = store::public_photos(tx, report.id)?;
    Ok(photos.first().map(|(photo,)| visit.town.url(&format!("/bild/{photo}/gross.jpg"))).unwrap_or_default())
}

pub async fn form(visit: Visit, Path(number): Path<String>) -> Answer {
    web::render(&form_page(&visit, number, FormState::default()).await?)
}

async fn form_page(visit: &Visit, number: String, mut form: FormState) -> Result<FormPage, PageError> {
    let (v, failed) = (visit.clone(), form.has_errors());
    let (report, services, forwards, photo, desk) = visit
        .read(move |tx| {
            let report = workable(&v, tx, &number)?;
            let forwards = store::forwards_of(tx, report.id)?;
            let photo = photo_of(tx, &v, &report)?;
            Ok::<_, PageError>((report, store::all_services(tx)?, forwards, photo, v.desk(tx)?))
        })
        .await?;
    if !form.form.has("words") {
        // What a review cleared of names, where there was one.
        let is_public = report.visibility == Visibility::Public;
        let (title, body) =
            if is_public { (&report.public_title, &report.public_body) } else { (&report.title, &report.body) };
        form.form.set("words", format!("{title}\n\n{body}").trim());
    }
    let target = |(partner, name, code, service): (Uuid, String, String, String)| {
        Choice::new(format!("{partner}/{code}"), format!("{name}: {service}"))
    };
    let now = visit.site.clock.now();
    let mut page = visit.page("Weitergeben").with_desk(desk);
    if failed {
        page = page.failed();
    }
    Ok(FormPage {
        page,
        form,
        case_href: format!("/arbeit/fall/{}", report.number),
        title: report.title.clone(),
        meta: format!("{} · {}", report.number, report.place),
        has_photo: !photo.is_empty(),
        targets: services.into_iter().map(target).collect(),
        rows: forwards.iter().map(|forward| Row::of(forward, false, now)).collect(),
        number: report.number,
    })
}

/// Why nothing was handed on.
enum NotSent {
    Page(PageError),
    Refused(&'static str),
}

impl From<DbError> for NotSent {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<PageError> for NotSent {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

pub async fn send(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let once = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    if state.form.text("target").is_empty() {
        state.refuse("target", "Wählen Sie, wohin die Meldung geht.");
    }
    if state.form.text("words").is_empty() {
        state.refuse("words", "Schreiben Sie, was gemeldet wurde.");
    }
    state.limit("words", WORDS_CHARACTERS_MAX, format!("Kürzen Sie den Text auf {WORDS_CHARACTERS_MAX} Zeichen."));
    if state.has_errors() {
        return Visit::unprocessable(&form_page(&visit, number, state).await?);
    }
    let (v, sent, wanted) = (visit.clone(), state.form.clone(), number.clone());
    let done = visit
        .write(move |tx| {
            match tx.once(once, sent.fingerprint())? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(NotSent::Page(PageError::Conflict)),
                Once::First => {}
            }
            let report = workable(&v, tx, &wanted)?;
            hand_on(tx, &v, &report, &sent)?;
            tx.once_answer(once, "")?;
            Ok(())
        })
        .await;
    match done {
        Ok(()) => Ok(visit.see_other_saying(PATH, "flash-report-forwarded")),
        Err(NotSent::Page(error)) => Err(error),
        Err(NotSent::Refused(text)) => {
            state.refuse("target", text);
            Visit::unprocessable(&form_page(&visit, number, state).await?)
        }
    }
}

fn hand_on(tx: &Tx<'_>, visit: &Visit, report: &DeskReport, form: &Form) -> Result<(), NotSent> {
    let target = form.text("target");
    let services = store::all_services(tx)?;
    let chosen = services.iter().find(|(partner, _, code, _)| target == format!("{partner}/{code}"));
    let Some((partner, _, code, name)) = chosen else {
        return Err(NotSent::Refused("Diesen Dienst gibt es dort nicht mehr. Wählen Sie einen anderen."));
    };
    let (id, photo) = (tx.new_id(), photo_of(tx, visit, report)?);
    let new = NewForward {
        id,
        report: report.id,
        partner: *partner,
        service: code,
        service_name: name,
        body: form.text("words"),
        photo: &photo,
    };
    if !store::add_forward(tx, &new)? {
        return Err(NotSent::Refused("Diese Stelle hat die Meldung schon, oder sie ist auf dem Weg dorthin."));
    }
    queue_send(tx, id);
    tx.audit(Audit {
        actor: visit.actor.trace(),
        action: "report.forwarded",
        subject: report.id.to_string(),
        detail: json!({ "forward": id, "partner": partner, "service": code }),
    });
    Ok(())
}

/// What is under way; with `?stand=erledigt` what is over there.
pub async fn list(visit: Visit, form: Form) -> Answer {
    let (v, ended) = (visit.clone(), form.text("stand") == "erledigt");
    let (forwards, desk) = visit
        .read(move |tx| {
            let units = units_for(&v.actor, Permission::CaseRead);
            Ok::<_, DbError>((store::forwards(tx, &units, ended, LIST + 1)?, v.desk(tx)?))
        })
        .await?;
    let most = usize::try_from(LIST).unwrap_or(usize::MAX);
    let now = visit.site.clock.now();
    let may_work = |forward: &Forward| may(&visit.actor, Permission::CaseWork, Scope::Unit(forward.unit));
    let rows = forwards.iter().take(most).map(|forward| Row::of(forward, may_work(forward), now)).collect();
    let page = visit.page("Weitergaben").with_desk(desk);
    web::render(&ListPage { page, rows, ended, is_cut: forwards.len() > most })
}

/// Two buttons: send now, or never. Pressed twice it is the same as once.
pub async fn decide(visit: Visit, Path(id): Path<String>, form: Form) -> Answer {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let (v, sends) = (visit.clone(), form.text("deed") == "send");
    if !sends && form.text("deed") != "cancel" {
        return Err(PageError::BadRequest("the form says neither send nor cancel"));
    }
    let done = visit
        .write(move |tx| {
            let forward = found(store::forward(tx, id)?)?;
            if !may(&v.actor, Permission::CaseWork, Scope::Unit(forward.unit)) {
                return Err(PageError::NotFound);
            }
            let done = if sends { store::push_forward(tx, id)? } else { store::cancel_forward(tx, id)? };
            if done {
                if sends {
                    queue_send(tx, id);
                }
                tx.audit(Audit {
                    actor: v.actor.trace(),
                    action: if sends { "report.forward_pushed" } else { "report.forward_cancelled" },
                    subject: id.to_string(),
                    detail: json!({}),
                });
            }
            Ok::<_, PageError>(done)
        })
        .await?;
    let says = match (done, sends) {
        (true, true) => "flash-report-forwarded",
        (true, false) => "flash-report-forward-cancelled",
        (false, _) => "flash-report-forward-late",
    };
    Ok(visit.see_other_saying(PATH, says))
}
