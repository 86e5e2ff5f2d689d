//! What a clerk's press of a button does. Every form carries the version of the case it was made from: if somebody was
//! faster, nothing happens, the page shows what is new, and everything typed is still there.

use super::{
    account_of, moved,
    pane::{Alert, PaneForm},
    race,
    selection::{Selection, readable},
    show_again,
    view::who,
};
use crate::{
    acts::{self, ActError},
    case::{Outcome, Refusal, State},
    labels,
    store::{self, CaseHead, lists, threads},
};
use axum::{extract::Path, http::StatusCode};
use base::{Actor, OrgUnitId, Permission, Scope, may};
use db::{DbError, Once, Tx};
use web::{Answer, Form, FormState, PageError, Town, Visit};

/// Characters of an answer, a note, a reason.
const TEXT_MAX: usize = 10_000;
const REASON_MAX: usize = 500;

/// Why a deed did not happen.
enum Failed {
    Page(PageError),
    Act(ActError),
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

impl From<PageError> for Failed {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl From<ActError> for Failed {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Db(error) => Self::Page(error.into()),
            ActError::Missing => Self::Page(PageError::NotFound),
            other => Self::Act(other),
        }
    }
}

/// What a deed gets.
struct Deed<'a> {
    tx: &'a Tx<'a>,
    town: &'a Town,
    actor: &'a Actor,
    form: &'a Form,
}

type Run = fn(&Deed<'_>, CaseHead) -> Result<CaseHead, ActError>;

/// A deed on the case as the clerk saw it.
async fn perform(visit: Visit, number: String, form: Form, flash: &'static str, run: Run) -> Answer {
    // A version that is no number fits no case.
    let seen = form.has("version").then(|| form.integer("version").unwrap_or(-1));
    perform_on(visit, number, form, seen, flash, run).await
}

/// The frame around every deed: once only, may they, is it fresh, do it, where to next.
async fn perform_on(
    visit: Visit,
    number: String,
    form: Form,
    seen: Option<i64>,
    flash: &'static str,
    run: Run,
) -> Answer {
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let selection = Selection::of_form(&form);
    let (again, typed, chosen, wanted) = (visit.clone(), form.clone(), selection.clone(), number.clone());
    let written = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(url) => return Ok(url),
                Once::Conflict => return Err(Failed::Page(PageError::Conflict)),
                Once::First => {}
            }
            let head = workable(tx, &again.actor, &wanted)?;
            if seen.is_some_and(|seen| seen != head.version) {
                return Err(Failed::Act(ActError::Stale));
            }
            let following = next_in_list(tx, &again.actor, &chosen, &head)?;
            let deed = Deed { tx, town: &again.town, actor: &again.actor, form: &typed };
            let head = run(&deed, head)?;
            let url = place_after(&again.actor, &chosen, &head, following);
            tx.once_answer(key, &url)?;
            Ok(url)
        })
        .await;
    match written {
        Ok(url) => Ok(visit.see_other_saying(&url, flash)),
        Err(Failed::Page(error @ (PageError::NotFound | PageError::Forbidden))) => {
            moved::page(&visit, &number, &form, error).await
        }
        Err(Failed::Page(error)) => Err(error),
        Err(Failed::Act(error)) => refused(&visit, &selection, &number, form, &error).await,
    }
}

/// The case, if this person may work on it. One they may not even see does not exist for them.
fn workable(tx: &Tx<'_>, actor: &Actor, number: &str) -> Result<CaseHead, PageError> {
    let head = store::by_number(tx, number)?.ok_or(PageError::NotFound)?;
    if may(actor, Permission::CaseWork, Scope::Unit(head.unit)) {
        return Ok(head);
    }
    let readable = may(actor, Permission::CaseRead, Scope::Unit(head.unit));
    Err(if readable { PageError::Forbidden } else { PageError::NotFound })
}

/// The case that stands below this one in the list.
fn next_in_list(tx: &Tx<'_>, actor: &Actor, selection: &Selection, head: &CaseHead) -> Result<Option<String>, DbError> {
    let Some(staff) = actor.staff().filter(|_| selection.search.is_empty()) else { return Ok(None) };
    let mut list = selection.list(staff, readable(actor));
    list.after = Some(lists::key_of_head(list.kind, list.sort, head));
    list.limit = 1;
    Ok(lists::list(tx, &list)?.into_iter().next().map(|row| row.number))
}

/// A closed or given away case makes room for the next one; any other stays open.
fn place_after(actor: &Actor, selection: &Selection, head: &CaseHead, following: Option<String>) -> String {
    let still_here = head.is_open() && may(actor, Permission::CaseRead, Scope::Unit(head.unit));
    match following {
        _ if still_here => selection.case_href(&head.number),
        Some(number) => selection.case_href(&number),
        None => selection.list_href(),
    }
}

/// The page again, with who was faster, with what happened meanwhile, and with everything typed.
async fn refused(visit: &Visit, selection: &Selection, number: &str, form: Form, error: &ActError) -> Answer {
    let seen = form.integer("version");
    let told = told(visit, number, seen, error).await?;
    let pane = PaneForm { state: FormState::from(form), alert: Some(Alert::warn(told)), seen };
    show_again(visit, selection, number, pane, StatusCode::CONFLICT).await
}

async fn told(visit: &Visit, number: &str, seen: Option<i64>, error: &ActError) -> Result<race::Words, PageError> {
    if let ActError::Refused(refusal) = error
        && (*refusal != Refusal::IsClosed || seen.is_none())
    {
        return Ok(("Das geht bei diesem Fall gerade nicht".to_owned(), refusal_text(*refusal).to_owned()));
    }
    let (number, me) = (number.to_owned(), visit.actor.staff().map(|staff| staff.account));
    let holder = if let ActError::Taken(holder) = error { *holder } else { None };
    visit
        .read(move |tx| {
            let Some(head) = store::by_number(tx, &number)? else { return Err(PageError::NotFound) };
            let entries = threads::entries(tx, head.id)?;
            let accounts: Vec<_> = entries.iter().filter_map(|entry| account_of(&entry.actor)).chain(holder).collect();
            let names = identity::names(tx, &accounts)?;
            Ok(match holder {
                Some(account) => race::taken(&entries, &who(Some(account), me, &names), account, tx.now()),
                None => race::changed(&entries, seen.unwrap_or(i64::MAX), &names, me, tx.now()),
            })
        })
        .await
}

const fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::IsClosed => "Er ist schon abgeschlossen. Nehmen Sie ihn wieder auf, wenn noch etwas zu tun ist.",
        Refusal::IsOpen => "Er ist noch offen.",
        Refusal::NotAWorkingState => "Diesen Stand kann man nicht von Hand setzen.",
        Refusal::NotYours => "Das kann nur die meldende Person.",
        Refusal::WasWithdrawn => "Die meldende Person hat ihn zurückgezogen.",
        Refusal::NotWaiting => "Er wartet auf keine Antwort.",
        Refusal::AlreadyRated => "Er ist schon bewertet.",
    }
}

/// 422 with the messages at the fields.
async fn incomplete(visit: &Visit, number: &str, state: FormState) -> Answer {
    let selection = Selection::of_form(&state.form);
    let pane = PaneForm { state, alert: None, seen: None };
    show_again(visit, &selection, number, pane, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Refuses an empty or endless text.
fn check_text(state: &mut FormState, field: &str, max: usize, message: &str) {
    state.require(field, message);
    state.limit(field, max, format!("Kürzen Sie den Text auf {max} Zeichen"));
}

/// The button belongs to the form of the answer: what is already written there comes back with the case.
pub async fn claim(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let typed = form.clone();
    // No version is asked for: compare and set on the assignee decides, and says who was faster.
    let run: Run = |deed, head| acts::claim(deed.tx, deed.actor, head.id);
    let done = perform_on(visit.clone(), number.clone(), form, None, "flash-cases-claimed", run).await?;
    if !done.status().is_redirection() || typed.text("antwort").is_empty() {
        return Ok(done);
    }
    let selection = Selection::of_form(&typed);
    let alert = Alert::done(
        "Der Fall gehört jetzt Ihnen",
        "Was Sie schon geschrieben haben, steht im Feld. Gesendet ist es noch nicht.",
    );
    let pane = PaneForm { state: FormState::from(typed), alert: Some(alert), seen: None };
    show_again(&visit, &selection, &number, pane, StatusCode::OK).await
}

pub async fn release(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    perform(visit, number, form, "flash-cases-released", |deed, head| acts::release(deed.tx, deed.actor, head)).await
}

pub async fn transfer(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let mut state = FormState::from(form);
    state.require("amt", "Wählen Sie ein Amt");
    check_text(&mut state, "weitergabe", REASON_MAX, "Schreiben Sie, warum Sie den Fall weitergeben");
    let unit = OrgUnitId::parse(state.form.text("amt"));
    let known = match unit {
        Some(unit) => visit.read(move |tx| identity::org_unit(tx, unit)).await?.is_some(),
        None => false,
    };
    if !known && !state.form.text("amt").is_empty() {
        state.refuse("amt", "Wählen Sie ein Amt aus der Liste");
    }
    if state.has_errors() {
        return incomplete(&visit, &number, state).await;
    }
    perform(visit, number, state.form, "flash-cases-transferred", |deed, head| {
        let unit = OrgUnitId::parse(deed.form.text("amt")).ok_or(ActError::Missing)?;
        acts::transfer(deed.tx, deed.actor, head, unit, deed.form.text("weitergabe"))
    })
    .await
}

pub async fn note(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let mut state = FormState::from(form);
    check_text(&mut state, "notiz", TEXT_MAX, "Schreiben Sie eine Notiz");
    if state.has_errors() {
        return incomplete(&visit, &number, state).await;
    }
    perform(visit, number, state.form, "flash-cases-noted", |deed, head| {
        acts::note(deed.tx, deed.actor, head, deed.form.text("notiz"))
    })
    .await
}

/// Three buttons of one form: answer, ask, answer and close; a fourth only puts a ready text into the field.
pub async fn answer(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    match form.text("aktion") {
        "baustein" => insert_module(&visit, &number, form).await,
        // Ctrl+Enter presses no button: it sends and closes.
        "schliessen" | "" => close(visit, Path(number), form).await,
        "rueckfrage" => {
            let mut state = FormState::from(form);
            check_text(&mut state, "antwort", TEXT_MAX, "Schreiben Sie Ihre Frage");
            if state.has_errors() {
                return incomplete(&visit, &number, state).await;
            }
            perform(visit, number, state.form, "flash-cases-asked", |deed, head| {
                acts::ask(deed.tx, deed.actor, head, deed.form.text("antwort"))
            })
            .await
        }
        _ => {
            let mut state = FormState::from(form);
            check_text(&mut state, "antwort", TEXT_MAX, "Schreiben Sie eine Antwort");
            if state.has_errors() {
                return incomplete(&visit, &number, state).await;
            }
            perform(visit, number, state.form, "flash-cases-answered", |deed, head| {
                acts::answer(deed.tx, deed.actor, head, deed.form.text("antwort"))
            })
            .await
        }
    }
}

/// Appends a ready text to what is typed, and chooses the outcome it speaks of; nothing is stored.
async fn insert_module(visit: &Visit, number: &str, mut form: Form) -> Answer {
    if let Some(module) = labels::TEXT_MODULES.iter().find(|module| module.word == form.text("baustein")) {
        let (typed, text) = (form.text("antwort"), module.text);
        let joined = if typed.is_empty() { text.to_owned() } else { format!("{typed}\n\n{text}") };
        form.set("antwort", joined);
        if let Some(outcome) = module.outcome {
            form.set("ergebnis", outcome.word());
        }
    }
    let selection = Selection::of_form(&form);
    let seen = form.integer("version");
    let pane = PaneForm { state: FormState::from(form), alert: None, seen };
    show_again(visit, &selection, number, pane, StatusCode::OK).await
}

pub async fn close(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let mut state = FormState::from(form);
    check_text(&mut state, "antwort", TEXT_MAX, "Schreiben Sie, was das Ergebnis ist");
    match Outcome::from_word(state.form.text("ergebnis")) {
        None => state.refuse("ergebnis", "Wählen Sie ein Ergebnis"),
        Some(outcome) if outcome.needs_reason() => {
            check_text(&mut state, "grund", REASON_MAX, "Nennen Sie den Grund in einem Satz");
        }
        Some(_) => state.limit("grund", REASON_MAX, format!("Kürzen Sie den Grund auf {REASON_MAX} Zeichen")),
    }
    if state.has_errors() {
        return incomplete(&visit, &number, state).await;
    }
    perform(visit, number, state.form, "flash-cases-closed", |deed, head| {
        let outcome = Outcome::from_word(deed.form.text("ergebnis")).ok_or(ActError::Missing)?;
        acts::close(deed.tx, deed.actor, head, outcome, deed.form.text("grund"), deed.form.text("antwort"))
    })
    .await
}

pub async fn progress(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let mut state = FormState::from(form);
    if State::from_word(state.form.text("neuer-stand")).is_none() {
        state.refuse("neuer-stand", "Wählen Sie einen Stand");
    }
    state.limit("stand-text", TEXT_MAX, format!("Kürzen Sie den Text auf {TEXT_MAX} Zeichen"));
    if state.has_errors() {
        return incomplete(&visit, &number, state).await;
    }
    perform(visit, number, state.form, "flash-cases-progressed", |deed, head| {
        let to = State::from_word(deed.form.text("neuer-stand")).ok_or(ActError::Missing)?;
        acts::progress(deed.tx, deed.actor, head, to, deed.form.text("stand-text"))
    })
    .await
}

pub async fn reopen(visit: Visit, Path(number): Path<String>, form: Form) -> Answer {
    let mut state = FormState::from(form);
    check_text(&mut state, "wieder", REASON_MAX, "Schreiben Sie, warum es weitergeht");
    if state.has_errors() {
        return incomplete(&visit, &number, state).await;
    }
    perform(visit, number, state.form, "flash-cases-reopened", |deed, head| {
        acts::reopen(deed.tx, deed.town, deed.actor, head, deed.form.text("wieder"))
    })
    .await
}
