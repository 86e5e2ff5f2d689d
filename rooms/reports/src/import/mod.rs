//! Brings the requests of another Open311 server in: a file or an address, once each, as reports with their cases, with
//! the times they have there. For a town that moves here. Not here: reports that a program sends (`open311`). Invariants:
//! read again it changes nothing; what cannot be used is named, never dropped in silence; nothing lies in the future.

pub mod feed;

use crate::{
    category::{self, Category, Problem},
    report::{ReportId, Visibility, first_visibility},
    store::{self, NewReport},
};
use base::{Actor, MunicipalityId};
use cases::{NewCase, Outcome, SeedCase, SeedStep, Step};
use db::{Audit, DbError, Tx};
use feed::{Foreign, Unreadable};
use outgoing::OutgoingError;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};
use web::{Lang, Site, Town};

/// Read whole: some five times as much memory while it is sorted. 64 MiB are about 150,000 records.
const BYTES_MAX: u64 = 64 << 20;
/// Records in one transaction.
const BATCH: usize = 200;
const NAMED_MAX: usize = 200;
/// Where the other system says nothing about the end.
const CLOSED_THERE: &str = "Vor dem Umzug erledigt";

/// Why nothing was taken; the sentences are the operator's.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("Die Datei lässt sich nicht lesen")]
    File(#[from] std::io::Error),
    #[error("Die Datei ist größer als {} MB. Teilen Sie sie nach Zeiträumen.", BYTES_MAX >> 20)]
    TooLarge,
    #[error("Die Adresse gab keine Liste")]
    Address(#[from] OutgoingError),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("Nennen Sie mit --source, woher die Meldungen kommen, zum Beispiel melder.example.")]
    NoSource,
    #[error("Die Gemeinde hat keine Leistung {0}. Die Codes stehen unter /open311/v2/services.json.")]
    NoService(String),
    #[error("Die Gemeinde ist noch nicht eingerichtet.")]
    NoTown,
    #[error("Die Datenbank hat die Meldungen nicht angenommen")]
    Db(#[from] DbError),
}

/// How the records are to be taken.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Where they come from, in a word: with the id there it makes a record the same one.
    pub source: String,
    /// Foreign service, by code or name, to ours (`road.pothole`).
    pub services: BTreeMap<String, String>,
    /// Ours for everything else that answers to no category; empty: `other.other`.
    pub otherwise: String,
    /// Fetch the photos that are named.
    pub photos: bool,
    /// Only say what would happen.
    pub probe: bool,
}

/// What an import did, or would do.
#[derive(Debug, Default)]
pub struct Report {
    pub written: usize,
    pub known: usize,
    pub skipped: Vec<String>,
    pub skipped_count: usize,
    /// Written with the time of the import, because the list says they changed later than that.
    pub moved_to_now: usize,
    /// Wished services that no record of the list has.
    pub unused: Vec<String>,
    /// Their services and ours, with how many.
    pub services: BTreeMap<(String, String), usize>,
}

impl Report {
    fn skip(&mut self, why: String) {
        self.skipped_count += 1;
        if self.skipped.len() < NAMED_MAX {
            self.skipped.push(why);
        }
    }

    /// For the person at the terminal, in German.
    pub fn lines(&self, wish: &Wish) -> Vec<String> {
        let service = |((theirs, ours), count): (&(String, String), &usize)| format!("{count:>8}  {theirs} → {ours}");
        let mut lines: Vec<String> = self.services.iter().map(service).collect();
        let verb = if wish.probe { "Neu wären" } else { "Neu" };
        lines.push(format!("{verb}: {}. Schon da: {}.", self.written, self.known));
        if self.moved_to_now > 0 {
            lines.push(format!("updated_datetime in der Zukunft, auf jetzt gesetzt: {}.", self.moved_to_now));
        }
        if self.skipped_count > 0 {
            lines.push(format!("Übersprungen: {}.", self.skipped_count));
            lines.extend(self.skipped.iter().map(|why| format!("  {why}")));
        }
        lines
    }

    /// What the operator probably wanted otherwise, in German.
    pub fn warnings(&self) -> Vec<String> {
        let unused = |theirs: &String| {
            format!("--service „{theirs}“ passt zu keiner Meldung der Liste. Prüfen Sie die Schreibweise.")
        };
        self.unused.iter().map(unused).collect()
    }
}

/// The bytes of a file or of a public address, within limits.
pub async fn fetch(site: &Site, from: &str) -> Result<Vec<u8>, ImportError> {
    if from.starts_with("https://") || from.starts_with("http://") {
        let accept = "application/json,text/xml;q=0.9";
        let answer = site.outgoing.get_limited(from, accept, BYTES_MAX, None).await?;
        return match answer.status {
            200 => Ok(answer.body.to_vec()),
            status => Err(OutgoingError::Unexpected { status }.into()),
        };
    }
    let path = Path::new(from);
    if tokio::fs::metadata(path).await?.len() > BYTES_MAX {
        return Err(ImportError::TooLarge);
    }
    Ok(tokio::fs::read(path).await?)
}

/// Whether the wish can be kept at all: for before a list is asked for.
pub async fn check(site: &Site, town: MunicipalityId, wish: &Wish) -> Result<(), ImportError> {
    site.town(town).await?.ok_or(ImportError::NoTown)?;
    check_wish(&site.db.read::<_, DbError>(town, store::categories).await?, wish)
}

fn check_wish(categories: &[Category], wish: &Wish) -> Result<(), ImportError> {
    if wish.source.trim().is_empty() {
        return Err(ImportError::NoSource);
    }
    let otherwise = Some(wish.otherwise.as_str()).filter(|code| !code.is_empty());
    let mut ours = wish.services.values().map(String::as_str).chain(otherwise);
    ours.try_for_each(|code| known(categories, code).map(drop))
}

/// Takes the records of a list into this town.
pub async fn import(site: &Site, town: MunicipalityId, bytes: &[u8], wish: &Wish) -> Result<Report, ImportError> {
    let document = site.town(town).await?.ok_or(ImportError::NoTown)?;
    let categories = site.db.read::<_, DbError>(town, store::categories).await?;
    check_wish(&categories, wish)?;
    let (mut report, mut chosen, mut used) = (Report::default(), vec![], BTreeSet::new());
    for (record, line) in feed::read(bytes)?.into_iter().zip(1..) {
        match record {
            Ok(foreign) => {
                used.extend(wished(&foreign, wish).map(|(theirs, _)| theirs));
                let service = service(&categories, &foreign, wish)?;
                chosen.push((foreign, service));
            }
            Err(why) => report.skip(format!("Meldung {line}: {why}")),
        }
    }
    report.unused = wish.services.keys().filter(|theirs| !used.contains(theirs)).cloned().collect();
    let (wish, categories) = (Arc::new(wish.clone()), Arc::new(categories));
    for batch in chosen.chunks(BATCH) {
        let (batch, town_document) = (Arc::<[_]>::from(batch.to_vec()), Arc::clone(&document));
        let (wished, known) = (Arc::clone(&wish), Arc::clone(&categories));
        let part = Part { town: town_document, categories: known, wish: wished };
        let done = if wish.probe {
            site.db.read(town, move |tx| part.take_all(tx, &batch)).await?
        } else {
            site.db.write(town, move |tx| part.take_all(tx, &batch)).await?
        };
        report.written += done.written;
        report.known += done.known;
        report.moved_to_now += done.moved_to_now;
        done.skipped.into_iter().for_each(|why| report.skip(why));
        for (names, count) in done.services {
            *report.services.entry(names).or_default() += count;
        }
    }
    Ok(report)
}

/// What the operator says about this record's service.
fn wished<'w>(foreign: &Foreign, wish: &'w Wish) -> Option<(&'w String, &'w String)> {
    [&foreign.service_code, &foreign.service_name].into_iter().find_map(|name| wish.services.get_key_value(name))
}

/// Ours for what answers to nothing else.
fn rest(wish: &Wish) -> &str {
    if wish.otherwise.is_empty() { "other.other" } else { &wish.otherwise }
}

fn known(categories: &[Category], code: &str) -> Result<(String, String), ImportError> {
    find(categories, code).ok_or_else(|| ImportError::NoService(code.to_owned()))
}

/// Our service for theirs: as the operator says, the same code, a category that answers to the name, else the rest.
fn service(categories: &[Category], foreign: &Foreign, wish: &Wish) -> Result<(String, String), ImportError> {
    if let Some((_, ours)) = wished(foreign, wish) {
        return known(categories, ours);
    }
    if let Some(same) = find(categories, &foreign.service_code) {
        return Ok(same);
    }
    if let Some(alike) = alike(categories, &category::fold(&foreign.service_name)) {
        return Ok(alike);
    }
    known(categories, rest(wish))
}

/// The problem that is called so, else the category that answers to it. No name is like nothing, also not like an empty one.
fn alike(categories: &[Category], folded: &str) -> Option<(String, String)> {
    if folded.is_empty() {
        return None;
    }
    let is_called =
        |problem: &&Problem| [&problem.label.de, &problem.label.en].iter().any(|l| category::fold(l) == folded);
    let active = || categories.iter().filter(|category| category.active);
    let exact = active().find_map(|category| {
        category.problems.iter().find(is_called).map(|problem| (category.word.clone(), problem.word.clone()))
    });
    exact.or_else(|| {
        let answering = active().find(|category| category::answers_to(category, folded))?;
        Some((answering.word.clone(), answering.problem("other")?.word.clone()))
    })
}

fn find(categories: &[Category], code: &str) -> Option<(String, String)> {
    let (category, problem) = code.split_once('.')?;
    let known = categories.iter().find(|known| known.word == category)?;
    Some((known.word.clone(), known.problem(problem)?.word.clone()))
}

/// What one transaction needs.
struct Part {
    town: Arc<Town>,
    categories: Arc<Vec<Category>>,
    wish: Arc<Wish>,
}

type Chosen = (Foreign, (String, String));

impl Part {
    fn take_all(&self, tx: &Tx<'_>, batch: &[Chosen]) -> Result<Report, DbError> {
        let mut report = Report::default();
        for (foreign, (category, problem)) in batch {
            if store::is_imported(tx, &self.wish.source, &foreign.id)? {
                report.known += 1;
                continue;
            }
            if foreign.requested > tx.now() {
                report.skip(format!("{}: requested_datetime liegt in der Zukunft", foreign.id));
                continue;
            }
            if !crate::around::is_ours(tx, foreign.position)? {
                report.skip(format!("{}: liegt außerhalb der Karte", foreign.id));
                continue;
            }
            if !self.wish.probe {
                let believed = Foreign { updated: foreign.updated.min(tx.now()), ..foreign.clone() };
                self.take(tx, &believed, category, problem)?;
            }
            report.written += 1;
            report.moved_to_now += usize::from(foreign.updated > tx.now());
            let theirs = if foreign.service_name.is_empty() { &foreign.service_code } else { &foreign.service_name };
            *report.services.entry((theirs.clone(), format!("{category}.{problem}"))).or_default() += 1;
        }
        if !self.wish.probe && report.written > 0 {
            tx.audit(Audit {
                actor: Actor::System.trace(),
                action: "report.imported",
                subject: self.wish.source.clone(),
                detail: json!({ "written": report.written, "known": report.known, "skipped": report.skipped_count }),
            });
        }
        Ok(report)
    }

    fn take(&self, tx: &Tx<'_>, foreign: &Foreign, category: &str, problem: &str) -> Result<(), DbError> {
        let known = self.categories.iter().find(|known| known.word == category);
        let known = known.ok_or_else(|| DbError::WrongShape(format!("no category {category}")))?;
        let spot = crate::around::spot(tx, foreign.position)?;
        let place = if foreign.address.is_empty() { spot.place } else { foreign.address.clone() };
        let case = self.case(foreign, (known, problem), &place, &spot.district);
        let title = case.new.title.clone();
        let (id, number) = cases::seed_case(tx, &self.town, &case)?;
        let head =
            cases::head(tx, id)?.ok_or_else(|| DbError::WrongShape("an imported case is not there".to_owned()))?;
        // It is public where it comes from; a kind that never is public here stays hidden.
        let visibility = match first_visibility(known.public, true) {
            Visibility::Waiting => Visibility::Public,
            hidden => hidden,
        };
        let report = NewReport {
            id: ReportId(tx.new_id()),
            case_id: id.0,
            unit: head.unit,
            number,
            category: category.to_owned(),
            problem: problem.to_owned(),
            title,
            body: foreign.description.clone(),
            place,
            district: spot.district,
            position: foreign.position,
            asset: None,
            visibility,
            state: head.state.word().to_owned(),
            opened_at: foreign.requested,
            closed_at: head.closed_at,
            due: head.due,
            photos: vec![],
        };
        store::insert(tx, &report)?;
        if !foreign.is_open {
            store::add_step(tx, report.id, foreign.updated, head.state.word())?;
        }
        store::add_imported(tx, &self.wish.source, &foreign.id, report.id, foreign.updated)?;
        if self.wish.photos && crate::open311::is_address(&foreign.media_url) {
            crate::open311::queue_photo(tx, id.0, &foreign.media_url);
        }
        Ok(())
    }

    fn case(&self, foreign: &Foreign, (category, problem): (&Category, &str), place: &str, district: &str) -> SeedCase {
        let is_rest = problem == "other";
        let title = match foreign.service_name.as_str() {
            name if is_rest && !name.is_empty() => name.to_owned(),
            _ => category.title(problem, ""),
        };
        let mut facts = vec![
            ("Übernommen aus".to_owned(), self.wish.source.clone()),
            ("Nummer dort".to_owned(), foreign.id.clone()),
        ];
        if !foreign.media_url.is_empty() {
            facts.push(("Foto (Link)".to_owned(), foreign.media_url.clone()));
        }
        let words = if foreign.status_notes.is_empty() { CLOSED_THERE } else { &foreign.status_notes };
        let close = Step::Close { outcome: Outcome::Resolved, reason: String::new(), text: words.to_owned() };
        let steps = if foreign.is_open { vec![] } else { vec![SeedStep { at: foreign.updated, step: close }] };
        let new = NewCase {
            kind: "report",
            title,
            body: foreign.description.clone(),
            category: category.word.clone(),
            category_label: category.label.de.clone(),
            facts,
            english: cases::English { category_label: category.label.en.clone(), ..cases::English::default() },
            place: place.to_owned(),
            district: district.to_owned(),
            position: Some(foreign.position),
            email: None,
            phone: None,
            language: Lang::De,
            attachments: vec![],
            channel: "open311",
            at: foreign.requested,
        };
        SeedCase { new, unit: None, steps }
    }
}
