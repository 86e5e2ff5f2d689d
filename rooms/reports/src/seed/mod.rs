//! The demo town's two years of reports: believable texts, places from the registers, photos drawn by code, stories of
//! the offices. Never part of a real town. Invariant: the past is written whole or not at all, so a run that was stopped
//! anywhere is made good by the next one, and a second run changes nothing.

mod dice;
mod ground;
mod kinds;
mod plan;
mod scenes;
mod store;
mod story;
mod texts;

#[cfg(test)]
mod tests;

use crate::{
    report::ReportId,
    store::{self as reports, NewReport},
};
use base::{Actor, Moment, MunicipalityId};
use bytes::Bytes;
use cases::{AttachmentKind, CaseId, NewAttachment, NewCase, SeedCase, State, Step};
use db::{Audit, DbError, Tx};
use files::{BlobId, BlobKey, Refused, StoreError, picture};
use mail::EmailAddress;
use plan::Planned;
use scenes::Scene;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use story::{Fate, NUMBER_OF_SAME};
use web::{Site, Town};

/// Why the past could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("the town has no document yet")]
    NoTown,
    #[error("a drawn photo was not taken")]
    Photo(#[from] Refused),
    #[error("a drawn photo was not stored")]
    Store(#[from] StoreError),
    #[error("the demo town's reports were not written")]
    Db(#[from] DbError),
}

/// Which picture is under which blob; reports that show the same scene share it.
type Photos = BTreeMap<(Scene, bool), BlobId>;

/// What the writing needs.
struct Stock {
    town: Arc<Town>,
    ground: ground::Ground,
    plan: Vec<Planned>,
    photos: Photos,
}

/// Writes the past of this town, unless it has reports already.
pub async fn seed(site: &Site, town: MunicipalityId) -> Result<(), SeedError> {
    if site.db.read::<_, DbError>(town, reports::any).await? {
        return Ok(());
    }
    let stock = Arc::new(prepare(site, town).await?);
    let since = plan::beginning(site.clock.now());
    site.db.write::<_, DbError>(town, move |tx| write_all(tx, &stock, since)).await?;
    Ok(())
}

/// Plans the past and stores its pictures. Stopped here, only files are left over that no row names.
async fn prepare(site: &Site, town: MunicipalityId) -> Result<Stock, SeedError> {
    let document = site.town(town).await?.ok_or(SeedError::NoTown)?;
    let ground = site.db.read::<_, DbError>(town, ground::read).await?;
    let plan = plan::plan(&ground, &document.working_days(), site.clock.now());
    let photos = put_photos(site, town, &plan).await?;
    Ok(Stock { town: document, ground, plan, photos })
}

/// Draws, prepares and stores the pictures the plan needs, two at a time.
async fn put_photos(site: &Site, town: MunicipalityId, plan: &[Planned]) -> Result<Photos, SeedError> {
    let wanted: BTreeSet<(Scene, bool)> = plan.iter().filter_map(|planned| planned.photo).collect();
    let mut photos = Photos::new();
    let wanted: Vec<(Scene, bool)> = wanted.into_iter().collect();
    for pair in wanted.chunks(2) {
        let drawing: Vec<_> = pair
            .iter()
            .map(|what| {
                (
                    *what,
                    tokio::task::spawn_blocking({
                        let what = *what;
                        move || draw(what)
                    }),
                )
            })
            .collect();
        for (what, drawn) in drawing {
            let picture = drawn.await.unwrap_or(Err(Refused::Broken))?;
            let id = BlobId(base::new_id(&*site.clock, &*site.chance));
            site.files.put_picture(BlobKey::whole(town, id), &picture).await?;
            photos.insert(what, id);
        }
    }
    Ok(photos)
}

fn draw((scene, evening): (Scene, bool)) -> Result<picture::Picture, Refused> {
    let png = scene.png(evening).ok_or(Refused::Broken)?;
    picture::prepare_now(&Bytes::from(png), picture::Limits::default())
}

/// All reports and followers in one transaction: a plan of another day would not fit to a beginning of this one.
fn write_all(tx: &Tx<'_>, stock: &Stock, since: Moment) -> Result<(), DbError> {
    let numbers = write_first(tx, stock, stock.plan.len())?;
    let area_followers = follow_areas(tx, stock, since)?;
    hand_on(tx, stock, &numbers)?;
    tx.audit(Audit {
        actor: Actor::System.trace(),
        action: "report.seeded",
        subject: "reports".to_owned(),
        detail: json!({ "reports": numbers.len(), "area_followers": area_followers }),
    });
    Ok(())
}

/// The oldest reports of the plan; their numbers.
fn write_first(tx: &Tx<'_>, stock: &Stock, count: usize) -> Result<Vec<String>, DbError> {
    let mut numbers: Vec<String> = Vec::with_capacity(count);
    for (index, planned) in stock.plan.iter().enumerate().take(count) {
        numbers.push(write(tx, stock, planned, index, &numbers)?);
    }
    Ok(numbers)
}

fn write(tx: &Tx<'_>, stock: &Stock, planned: &Planned, index: usize, numbers: &[String]) -> Result<String, DbError> {
    let case = seed_case_of(stock, planned, index, numbers);
    let blobs: Vec<uuid::Uuid> = case.new.attachments.iter().map(|photo| photo.blob.0).collect();
    let (id, number) = cases::seed_case(tx, &stock.town, &case)?;
    let head = cases::head(tx, id)?.ok_or_else(|| DbError::WrongShape("a seeded case is not there".to_owned()))?;
    let report = NewReport {
        id: ReportId(tx.new_id()),
        case_id: id.0,
        unit: head.unit,
        number: number.clone(),
        category: case.new.category,
        problem: planned.kind.problem.to_owned(),
        title: case.new.title,
        body: case.new.body,
        place: case.new.place,
        district: case.new.district,
        position: planned.place.position,
        asset: planned.place.thing.as_ref().map(|(asset, _)| *asset),
        visibility: planned.visibility,
        state: head.state.word().to_owned(),
        opened_at: planned.opened,
        closed_at: head.closed_at,
        due: head.due,
        photos: blobs,
    };
    reports::insert(tx, &report)?;
    let mut before = State::Received;
    for (at, state) in &planned.story.states {
        if *state != before {
            reports::add_step(tx, report.id, *at, state.word())?;
        }
        before = *state;
    }
    store::settle(tx, report.id, planned)?;
    join_in(tx, &report, planned, id, index)?;
    Ok(number)
}

/// Others with the same damage, and followers.
fn join_in(tx: &Tx<'_>, report: &NewReport, planned: &Planned, case: CaseId, index: usize) -> Result<(), DbError> {
    if !planned.same.is_empty() {
        let others = match planned.same.len() {
            1 => "einer weiteren Person".to_owned(),
            more => format!("{more} weiteren Personen"),
        };
        let english = match planned.same.len() {
            1 => "one other person".to_owned(),
            more => format!("{more} others"),
        };
        cases::put_fact(tx, case, ["Auch gemeldet von", &others], ["Also reported by", &english])?;
    }
    let since = planned.reviewed.unwrap_or(planned.opened);
    for follower in 0..planned.followers {
        let address = format!("folgt.{index:04}.{follower}@example.org");
        store::follow(tx, Some(report.id), (planned.place.position, 0.0), &address, since)?;
    }
    Ok(())
}

fn seed_case_of(stock: &Stock, planned: &Planned, index: usize, numbers: &[String]) -> SeedCase {
    let kind = planned.kind;
    let category = stock.ground.categories.get(kind.category);
    let thing = planned.place.thing.as_ref().map_or("", |(_, label)| label.as_str());
    let photo = planned.photo.and_then(|what| stock.photos.get(&what));
    let attachment =
        |blob: &BlobId| NewAttachment { blob: *blob, name: "Foto.jpg".to_owned(), kind: AttachmentKind::Picture };
    let mut steps = planned.story.steps.clone();
    if let Fate::SameAs(other) = planned.fate {
        let number = numbers.get(other).map_or("", String::as_str);
        for step in &mut steps {
            if let Step::Close { reason, text, .. } = &mut step.step {
                *reason = reason.replace(NUMBER_OF_SAME, number);
                *text = text.replace(NUMBER_OF_SAME, number);
            }
        }
    }
    let email = planned.with_mail.then(|| EmailAddress::parse(&format!("meldung.{index:04}@example.org")).ok());
    SeedCase {
        new: NewCase {
            kind: "report",
            title: category.map(|category| category.title(kind.problem, thing)).unwrap_or_default(),
            body: planned.body.clone(),
            category: kind.category.to_owned(),
            category_label: category.map(|category| category.label.de.clone()).unwrap_or_default(),
            facts: planned.facts.clone(),
            english: cases::English {
                title: category.map(|category| category.english_title(kind.problem)).unwrap_or_default(),
                category_label: category.map(|category| category.label.en.clone()).unwrap_or_default(),
                ..cases::English::default()
            },
            place: planned.place.called.clone(),
            district: planned.place.district.clone(),
            position: Some(planned.place.position),
            email: email.flatten(),
            phone: None,
            language: planned.language,
            attachments: photo.map(attachment).into_iter().collect(),
            channel: "web",
            at: planned.opened,
        },
        unit: None,
        steps,
    }
}

/// Rubbish in the fields is the county's: of the latest reports one is planned there, one they gave back, one is done.
fn hand_on(tx: &Tx<'_>, stock: &Stock, numbers: &[String]) -> Result<(), DbError> {
    use crate::partners::seed::{Outcome, hand_on, office};
    let services = [("muell.wild", "Abfall: wilder Müll"), ("muell.tonne", "Abfall: Tonne nicht geleert")];
    let office = office(tx, "Kreisabfallwirtschaft", "https://open311.landkreis.example/v2", &services)?;
    let litter = stock.plan.iter().zip(numbers).rev().filter(|(planned, _)| {
        planned.kind.category == "litter" && planned.visibility == crate::report::Visibility::Public
    });
    let outcomes = [
        Outcome::Arrived("KA-20881", Some(("ACTION_SCHEDULED", "Abfuhr am Donnerstag."))),
        Outcome::Refused("Das Flurstück gehört der Bahn. (400)"),
        Outcome::Arrived("KA-20794", Some(("FIXED", "Abgeholt, 3 Reifen."))),
        Outcome::Arrived("KA-20790", None),
    ];
    for ((_, number), outcome) in litter.zip(outcomes) {
        hand_on(tx, number, office, outcome)?;
    }
    Ok(())
}

/// A dozen people hear of everything around where they live.
fn follow_areas(tx: &Tx<'_>, stock: &Stock, since: Moment) -> Result<usize, DbError> {
    let every = (stock.ground.addresses.len() / 12).max(1);
    let homes: Vec<_> = stock.ground.addresses.iter().step_by(every).take(12).collect();
    for (index, home) in homes.iter().enumerate() {
        let address = format!("umkreis.{index:02}@example.org");
        store::follow(tx, None, (home.position, 300.0), &address, since)?;
    }
    Ok(homes.len())
}
