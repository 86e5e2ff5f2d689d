//! `/verwaltung/hinweise` and "Gerade wichtig": short notices of the town with a first and a last day. What is over
//! disappears by itself. Invariant: a notice's link leads to a page of this town or to https.

use crate::store::{self, Notice, NoticeKind};
use axum::extract::Path;
use base::Moment;
use db::{Audit, DbError, Once, Tx};
use identity::own_path;
use jiff::{ToSpan, civil::Date};
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Form, FormState, News, Page, PageError, Template, Visit, words};

/// The notices of the front page.
pub fn news(tx: &Tx<'_>, visit: &Visit) -> Result<Vec<News>, DbError> {
    let t = visit.t;
    let show = |notice: Notice| {
        let last_day = notice.shown_until.plus_seconds(-1).date();
        let until = t.with("guide-notice-until", &[("date", words::date(t.lang, last_day, tx.now().date()).into())]);
        News {
            icon: icon(notice.kind),
            kind: notice.kind.word(),
            title: notice.title,
            text: if notice.body.is_empty() { until } else { notice.body },
            href: notice.href,
            link: notice.link,
        }
    };
    Ok(store::current_notices(tx, 3)?.into_iter().map(show).collect())
}

const fn icon(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Info => "info",
        NoticeKind::Warn => "triangle-alert",
        NoticeKind::Ok => "circle-check",
    }
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    page: Page,
    notices: Vec<NoticeLine>,
}

struct NoticeLine {
    href: String,
    title: String,
    days: String,
    kind: &'static str,
    state: &'static str,
}

/// `GET /verwaltung/hinweise`
pub async fn list(visit: Visit) -> Answer {
    let asking = visit.clone();
    let (notices, desk) = visit.read(move |tx| Ok::<_, DbError>((store::notices(tx)?, asking.desk(tx)?))).await?;
    let now = visit.site.clock.now();
    let line = |notice: Notice| {
        let (kind, state) = match (notice.shown_from > now, notice.shown_until > now) {
            (true, _) => ("info", "geplant"),
            (false, true) => ("ok", "sichtbar"),
            (false, false) => ("", "vorbei"),
        };
        let last = notice.shown_until.plus_seconds(-1).date();
        NoticeLine {
            href: format!("/verwaltung/hinweise/{}", notice.id),
            days: format!("{} bis {}", words::short_date(notice.shown_from.date()), words::short_date(last)),
            title: notice.title,
            kind,
            state,
        }
    };
    let notices = notices.into_iter().map(line).collect();
    web::render(&NoticesPage { page: visit.page("Hinweise").with_desk(desk), notices })
}

/// One choice of the kind.
struct Choice {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    aside: &'static str,
}

const KINDS: [Choice; 3] = [
    Choice { value: "info", label: "Gut zu wissen", hint: "Öffnungszeiten, Termine", aside: "" },
    Choice { value: "warn", label: "Achtung", hint: "Sperrungen, Ausfälle, Warnungen", aside: "" },
    Choice { value: "ok", label: "Gute Nachricht", hint: "wieder offen, fertig", aside: "" },
];

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    page: Page,
    form: FormState,
    title: &'static str,
    action: String,
    removal: String,
    kinds: [Choice; 3],
}

async fn notice_page(visit: &Visit, id: Option<Uuid>, form: FormState) -> Result<NoticePage, PageError> {
    let asking = visit.clone();
    let desk = visit.read(move |tx| asking.desk(tx)).await?;
    let title = if id.is_some() { "Hinweis bearbeiten" } else { "Neuer Hinweis" };
    let page = visit.page(title).with_desk(desk);
    let own = id.map(|id| format!("/verwaltung/hinweise/{id}"));
    Ok(NoticePage {
        page: if form.has_errors() { page.failed() } else { page },
        form,
        title,
        removal: own.as_ref().map(|own| format!("{own}/entfernung")).unwrap_or_default(),
        action: own.unwrap_or_else(|| "/verwaltung/hinweise/neu".to_owned()),
        kinds: KINDS,
    })
}

fn set_date(form: &mut Form, name: &str, date: Date) {
    form.set(&format!("{name}-day"), date.day().to_string());
    form.set(&format!("{name}-month"), date.month().to_string());
    form.set(&format!("{name}-year"), date.year().to_string());
}

/// `GET /verwaltung/hinweise/neu`
pub async fn new(visit: Visit) -> Answer {
    let today = visit.site.clock.now().date();
    let mut form = Form::from_pairs([("kind", NoticeKind::Info.word())]);
    set_date(&mut form, "from", today);
    set_date(&mut form, "until", today.saturating_add(7.days()));
    web::render(&notice_page(&visit, None, form.into()).await?)
}

fn notice_id(text: &str) -> Result<Uuid, PageError> {
    Uuid::try_parse(text).map_err(|_| PageError::NotFound)
}

/// `GET /verwaltung/hinweise/{id}`
pub async fn edit(visit: Visit, Path(id): Path<String>) -> Answer {
    let id = notice_id(&id)?;
    let notice = visit.read(move |tx| store::notice(tx, id)).await?.ok_or(PageError::NotFound)?;
    let mut form = Form::from_pairs([
        ("kind", notice.kind.word().to_owned()),
        ("title", notice.title),
        ("body", notice.body),
        ("href", notice.href),
        ("link", notice.link),
    ]);
    set_date(&mut form, "from", notice.shown_from.date());
    set_date(&mut form, "until", notice.shown_until.plus_seconds(-1).date());
    web::render(&notice_page(&visit, Some(id), form.into()).await?)
}

fn read_date(form: &Form, name: &str) -> Option<Date> {
    let part = |part: &str| form.integer(&format!("{name}-{part}"));
    let (year, month, day) = (part("year")?, part("month")?, part("day")?);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// What was typed as a notice; `None`: the state says what to mend.
pub fn read_notice(state: &mut FormState, id: Uuid) -> Option<Notice> {
    state.require("title", "Geben Sie eine Überschrift ein.");
    state.limit("title", 80, "Kürzen Sie die Überschrift auf 80 Zeichen.");
    state.limit("body", 240, "Kürzen Sie den Text auf 240 Zeichen.");
    let kind = NoticeKind::from_word(state.form.text("kind"));
    if kind.is_none() {
        state.refuse("kind", "Wählen Sie eine Art.");
    }
    let (from, until) = (read_date(&state.form, "from"), read_date(&state.form, "until"));
    if from.is_none() {
        state.refuse("from", "Geben Sie den ersten Tag an, zum Beispiel 24 11 2026.");
    }
    match (from, until) {
        (_, None) => state.refuse("until", "Geben Sie den letzten Tag an, zum Beispiel 28 11 2026."),
        (Some(from), Some(until)) if until < from => state.refuse("until", "Der letzte Tag liegt vor dem ersten."),
        _ => {}
    }
    let href = state.form.text("href").to_owned();
    let leads_well = href.is_empty() || href.starts_with("https://") || own_path(&href).is_some();
    if !leads_well {
        state.refuse(
            "href",
            "Geben Sie einen Pfad dieser Website an, zum Beispiel /meldungen, oder eine Adresse mit https://.",
        );
    }
    let link = state.form.text("link").to_owned();
    if !href.is_empty() && link.is_empty() {
        state.refuse("link", "Schreiben Sie, wohin der Link führt, zum Beispiel: Umleitung ansehen");
    }
    if href.is_empty() && !link.is_empty() {
        state.refuse("href", format!("Geben Sie an, wohin „{link}“ führt, oder leeren Sie den Text des Links."));
    }
    let (Some(kind), Some(from), Some(until), false) = (kind, from, until, state.has_errors()) else { return None };
    let text = |name: &str| state.form.text(name).to_owned();
    Some(Notice {
        id,
        kind,
        title: text("title"),
        body: text("body"),
        href,
        link,
        shown_from: Moment::start_of(from),
        shown_until: Moment::start_of(until.saturating_add(1.day())),
    })
}

/// `POST /verwaltung/hinweise/neu`
pub async fn create(visit: Visit, form: Form) -> Answer {
    save(visit, None, form).await
}

/// `POST /verwaltung/hinweise/{id}`
pub async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Answer {
    let id = notice_id(&id)?;
    save(visit, Some(id), form).await
}

async fn save(visit: Visit, id: Option<Uuid>, form: Form) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let mut state = FormState::from(form);
    let Some(notice) = read_notice(&mut state, id.unwrap_or_else(Uuid::nil)) else {
        return Visit::unprocessable(&notice_page(&visit, id, state).await?);
    };
    let actor = visit.actor.clone();
    visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(PageError::Conflict),
                Once::First => {}
            }
            if let Some(id) = id
                && store::notice(tx, id)?.is_none()
            {
                return Err(PageError::NotFound);
            }
            let notice = Notice { id: id.unwrap_or_else(|| tx.new_id()), ..notice.clone() };
            store::put_notice(tx, &notice)?;
            let action = if id.is_some() { "notice.changed" } else { "notice.created" };
            tx.audit(Audit { actor: actor.trace(), action, subject: notice.id.to_string(), detail: json!({}) });
            Ok(())
        })
        .await?;
    Ok(visit.see_other_saying("/verwaltung/hinweise", "flash-guide-saved"))
}

/// `POST /verwaltung/hinweise/{id}/entfernung`
pub async fn remove(visit: Visit, Path(id): Path<String>, _form: Form) -> Answer {
    let id = notice_id(&id)?;
    let actor = visit.actor.clone();
    visit
        .write(move |tx| {
            if store::remove_notice(tx, id)? > 0 {
                let subject = id.to_string();
                tx.audit(Audit { actor: actor.trace(), action: "notice.removed", subject, detail: json!({}) });
            }
            Ok::<_, DbError>(())
        })
        .await?;
    Ok(visit.see_other_saying("/verwaltung/hinweise", "flash-guide-removed"))
}
