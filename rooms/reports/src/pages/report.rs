//! One public report, and the door to say that it does not belong here. A hidden report is 404, whatever the reason.

use super::{Thanks, also_reported, category_label, found};
use crate::{
    report::{PublicState, Visibility, public_steps},
    store,
};
use axum::extract::Path;
use base::Actor;
use cases::CaseId;
use db::{Audit, DbError, Once};
use serde_json::json;
use web::{Answer, Form, FormState, Page, PageError, Template, Visit, words};

#[derive(Template)]
#[template(path = "reports-report.html")]
struct ReportPage {
    page: Page,
    number: String,
    title: String,
    body: String,
    category: String,
    place: String,
    state: &'static str,
    state_kind: &'static str,
    state_icon: &'static str,
    is_open: bool,
    /// What to say when the promised day has passed; empty before.
    late: String,
    opened: String,
    due: String,
    due_iso: String,
    also: String,
    photos: Vec<String>,
    steps: Vec<StepRow>,
    image: String,
    again_href: String,
}

struct StepRow {
    label: &'static str,
    when: String,
    iso: String,
    kind: &'static str,
}

pub async fn show(visit: Visit, Path(number): Path<String>) -> Answer {
    let gathered = visit
        .read(move |tx| {
            let Some(row) = store::public_report(tx, &number)? else { return Ok::<_, DbError>(None) };
            let (photos, steps) = (store::public_photos(tx, row.id)?, store::steps(tx, row.id)?);
            Ok(Some((row, photos, steps, store::categories(tx)?)))
        })
        .await?;
    let (row, photos, steps, categories) = found(gathered)?;
    let (t, now) = (visit.t, visit.site.clock.now());
    let state = row.public_state();
    let step = |(at, state): (base::Moment, PublicState)| StepRow {
        label: state.label(t),
        when: words::date_time(t.lang, at),
        iso: at.rfc3339(),
        kind: state.kind(),
    };
    let steps: Vec<StepRow> = public_steps(&steps).map(step).collect();
    let district = if row.district.is_empty() { String::new() } else { format!(", {}", row.district) };
    web::render(&ReportPage {
        page: visit.page(row.title.as_str()),
        category: category_label(t, &categories, &row.category).to_owned(),
        place: format!("{}{district}", row.place),
        state: state.label(t),
        state_kind: state.kind(),
        state_icon: state.icon(),
        is_open: state.is_open(),
        late: late(t, &row, now),
        opened: words::date_time(t.lang, row.opened_at),
        due: words::date(t.lang, row.due.date(), now.date()),
        due_iso: row.due.date().to_string(),
        also: also_reported(t, row.same_count),
        photos: photos.iter().map(|(id,)| format!("/bild/{id}")).collect(),
        steps,
        image: format!(
            "/karte/bild?lat={:.6}&lon={:.6}&zoom=17&w=640&h=360&pins={:.6},{:.6},{}",
            row.lat,
            row.lon,
            row.lat,
            row.lon,
            if state.is_open() { "offen" } else { "fertig" }
        ),
        again_href: format!("/melden?lat={:.6}&lon={:.6}", row.lat, row.lon),
        number: row.number,
        title: row.title,
        body: row.body,
    })
}

/// A broken promise is said, not repeated.
fn late(t: &web::Texts, row: &store::Card, now: base::Moment) -> String {
    if row.due.date() >= now.date() {
        return String::new();
    }
    t.with("reports-due-missed", &[("day", words::date(t.lang, row.due.date(), now.date()).into())])
}

#[derive(Template)]
#[template(path = "reports-complaint.html")]
struct ComplaintPage {
    page: Page,
    form: FormState,
    number: String,
    title: String,
    reasons: Vec<super::Choice>,
}

fn complaint_of(visit: &Visit, row: &store::Card, form: FormState) -> ComplaintPage {
    let t = visit.t;
    let mut page = visit.page(t.s("reports-complaint-title"));
    if form.has_errors() {
        page = page.failed();
    }
    let reasons = vec![
        super::Choice::new("person", t.s("reports-complaint-person")),
        super::Choice::new("insult", t.s("reports-complaint-insult")),
        super::Choice::new("advertising", t.s("reports-complaint-advertising")),
        super::Choice::new("other", t.s("reports-complaint-other")),
    ];
    ComplaintPage { page, form, number: row.number.clone(), title: row.title.clone(), reasons }
}

pub async fn complain(visit: Visit, Path(number): Path<String>) -> Answer {
    let row = found(visit.read(move |tx| store::public_report(tx, &number)).await?)?;
    web::render(&complaint_of(&visit, &row, FormState::default()))
}

/// A complaint hides nothing by itself, or anybody could clear the map; it puts the report in front of a person.
pub async fn complained(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let key = visit.once_key(&form)?;
    let mut state = FormState::from(form);
    let reasons = ["person", "insult", "advertising", "other"];
    if !reasons.contains(&state.form.text("reason")) {
        state.refuse("reason", visit.t.s("reports-complaint-missing"));
    }
    state.limit("note", 1_000, visit.t.s("reports-answer-too-long"));
    if state.has_errors() {
        let row = found(visit.read(move |tx| store::public_report(tx, &number)).await?)?;
        return Visit::unprocessable(&complaint_of(&visit, &row, state));
    }
    let (form, fingerprint) = (state.form.clone(), state.form.fingerprint());
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            let report = store::desk_report(tx, &number)?.filter(|report| report.visibility == Visibility::Public);
            let report = report.ok_or(PageError::NotFound)?;
            store::add_complaint(tx, report.id, form.text("reason"), form.text("note"))?;
            let text = "Jemand findet diese öffentliche Meldung unangemessen. Bitte prüfen Sie sie unter „Prüfung“.";
            cases::remark(tx, CaseId(report.case_id), &Actor::Visitor, text, false)?;
            tx.audit(Audit {
                actor: Actor::Visitor.trace(),
                action: "report.complained",
                subject: report.id.to_string(),
                detail: json!({ "reason": form.text("reason") }),
            });
            tx.once_answer(key, "")?;
            Ok(())
        })
        .await?;
    Ok(visit.see_other(&Thanks::Complaint.path()))
}
