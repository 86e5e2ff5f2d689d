//! Mängelmelder: how a citizen reports damage in public space, what the public sees of it, and what the town's staff let
//! through. The work itself is a case of the room `cases`, opened in the same transaction. Not here: deadlines, answers,
//! status pages. Invariants: nothing is public before a review unless the town says so; one sending makes one report.

mod around;
mod category;
mod category_edit;
mod desk;
mod events;
pub mod import;
mod journey;
mod letters;
mod open;
mod open311;
mod pages;
mod partners;
mod report;
mod seed;
mod store;

pub use partners::seed as seed_partners;
pub use seed::seed;

use base::Permission;
use db::{Audit, DbError, Migration, Tx};
use serde_json::json;
use web::{Access, AreaCard, CardLink, DemoPage, Gathered, News, Room, Routes, SearchHit, Stage, Texts, Town, Visit};

/// Lets another program send reports with this key; in the demo only, where the key stands in its summary.
pub fn allow_program(tx: &Tx<'_>, name: &str, key: &str) -> Result<(), DbError> {
    let id = tx.new_id();
    if store::add_key(tx, id, name, &report::token_hash(key))? {
        let (action, subject) = ("report.key_made", id.to_string());
        tx.audit(Audit { actor: base::Actor::System.trace(), action, subject, detail: json!({ "name": name }) });
    }
    Ok(())
}

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "20261122_reports", sql: include_str!("../migrations/20261122_reports.sql") },
    Migration { name: "20261122_reports_uses", sql: include_str!("../migrations/20261122_reports_uses.sql") },
    Migration { name: "20261123_reports_open311", sql: include_str!("../migrations/20261123_reports_open311.sql") },
    Migration { name: "20261123_reports_imported", sql: include_str!("../migrations/20261123_reports_imported.sql") },
    Migration { name: "20261124_reports_partners", sql: include_str!("../migrations/20261124_reports_partners.sql") },
    Migration { name: "20261130_reports_lists", sql: include_str!("../migrations/20261130_reports_lists.sql") },
    Migration { name: "20261130_reports_lists_old", sql: include_str!("../migrations/20261130_reports_lists_old.sql") },
    Migration { name: "20261130_reports_review", sql: include_str!("../migrations/20261130_reports_review.sql") },
    Migration {
        name: "20261130_reports_review_old",
        sql: include_str!("../migrations/20261130_reports_review_old.sql"),
    },
];

/// The manifest.
pub fn room() -> Room {
    Room {
        migrations: MIGRATIONS,
        texts: (include_str!("../texts/de.ftl"), include_str!("../texts/en.ftl")),
        routes,
        api: include_str!("../data/openapi.json"),
        listeners: events::LISTENERS,
        jobs: JOBS,
        desk_links: desk::links,
        case_links: desk::case_links,
        cards,
        news,
        search,
        upkeep,
        blobs,
        template,
        demo_pages,
        ..Room::named("reports")
    }
}

const JOBS: &[web::JobKind] = {
    let [services, send, pull] = partners::JOBS;
    &[open311::JOB, services, send, pull]
};

fn routes(routes: &mut Routes) {
    use Access::{Needs, NeedsInTown, Public};
    use Permission::ReportModerate;
    use desk::{blocks, review};
    use pages::{check, follow, list, photos, place, report, same, what};
    routes.get("/melden", Public, place::show);
    routes.post("/melden", Public, place::sent);
    routes.get("/melden/was", Public, what::show);
    routes.post("/melden/was", Public, what::sent);
    routes.get("/melden/pruefen", Public, check::show);
    routes.post("/melden/pruefen", Public, check::sent);
    routes.get("/melden/fertig/{number}", Public, check::receipt);
    routes.get("/melden/danke", Public, pages::thanks);
    routes.get("/melden/entwurf/{draft}/{photo}", Public, photos::of_draft);
    routes.get("/o/{token}", Public, place::by_code);

    routes.kept("/meldungen", list::show);
    routes.kept("/meldungen/karte", list::pins);
    routes.get("/meldungen.rss", Public, list::rss);
    routes.get("/meldungen.geojson", Public, list::geojson);
    routes.get("/bild/{id}/{size}", Public, photos::public);
    routes.get("/melden/gebiet", Public, follow::area);
    routes.post("/melden/gebiet", Public, follow::area_sent);
    routes.get("/melden/folgen/{token}", Public, follow::confirm_page);
    routes.post("/melden/folgen/{token}", Public, follow::confirm);
    routes.get("/melden/abbestellen/{token}", Public, follow::end_page);
    routes.post("/melden/abbestellen/{token}", Public, follow::end);
    routes.kept("/melden/{number}", report::show);
    routes.get("/melden/{number}/meins", Public, same::show);
    routes.post("/melden/{number}/meins", Public, same::sent);
    routes.get("/melden/{number}/danke", Public, same::thanks);
    routes.get("/melden/{number}/folgen", Public, follow::report);
    routes.post("/melden/{number}/folgen", Public, follow::report_sent);
    routes.get("/melden/{number}/missbrauch", Public, report::complain);
    routes.post("/melden/{number}/missbrauch", Public, report::complained);

    routes.get("/arbeit/pruefung", Needs(ReportModerate), review::list);
    routes.get("/arbeit/meldung/{number}", Needs(ReportModerate), review::show);
    routes.post("/arbeit/meldung/{number}", Needs(ReportModerate), review::sent);
    routes.get("/arbeit/meldung/{number}/foto/{photo}", Needs(ReportModerate), review::photo);
    routes.get("/arbeit/sperren", NeedsInTown(ReportModerate), blocks::list);
    routes.post("/arbeit/sperren", NeedsInTown(ReportModerate), blocks::add);
    routes.post("/arbeit/sperren/{id}/aufhebung", NeedsInTown(ReportModerate), blocks::remove);
    let keys = NeedsInTown(Permission::StaffManage);
    routes.get("/verwaltung/schluessel", keys, desk::keys::list);
    routes.post("/verwaltung/schluessel", keys, desk::keys::add);
    routes.post("/verwaltung/schluessel/{id}/sperrung", keys, desk::keys::revoke);
    partner_routes(routes);
    category_routes(routes);
    open311::routes(routes);
}

fn partner_routes(routes: &mut Routes) {
    use Permission::{CaseRead, CaseWork, StaffManage};
    use desk::{forwards, partners};
    let in_town = Access::NeedsInTown(StaffManage);
    routes.get("/verwaltung/stellen", in_town, partners::list);
    routes.post("/verwaltung/stellen", in_town, partners::add);
    routes.post("/verwaltung/stellen/{id}/dienste", in_town, partners::read_again);
    routes.post("/verwaltung/stellen/{id}/ende", in_town, partners::end);
    routes.get("/arbeit/meldung/{number}/weitergabe", Access::Needs(CaseWork), forwards::form);
    routes.post("/arbeit/meldung/{number}/weitergabe", Access::Needs(CaseWork), forwards::send);
    routes.get("/arbeit/weitergaben", Access::Needs(CaseRead), forwards::list);
    routes.post("/arbeit/weitergaben/{id}", Access::Needs(CaseWork), forwards::decide);
}

fn category_routes(routes: &mut Routes) {
    use desk::categories::{self, basics, problems, questions};
    let access = Access::NeedsInTown(Permission::TownEdit);
    routes.get("/arbeit/kategorien", access, categories::list);
    routes.get("/arbeit/kategorien/neu", access, basics::new);
    routes.post("/arbeit/kategorien/neu", access, basics::create);
    routes.get("/arbeit/kategorien/{word}", access, categories::show);
    routes.get("/arbeit/kategorien/{word}/vorschau", access, categories::preview);
    routes.post("/arbeit/kategorien/{word}/reihenfolge", access, categories::shift);
    routes.post("/arbeit/kategorien/{word}/loeschung", access, categories::remove);
    routes.get("/arbeit/kategorien/{word}/angaben", access, basics::edit);
    routes.post("/arbeit/kategorien/{word}/angaben", access, basics::save);
    routes.get("/arbeit/kategorien/{word}/problem/neu", access, problems::new);
    routes.post("/arbeit/kategorien/{word}/problem/neu", access, problems::create);
    routes.get("/arbeit/kategorien/{word}/problem/{problem}", access, problems::edit);
    routes.post("/arbeit/kategorien/{word}/problem/{problem}", access, problems::save);
    routes.post("/arbeit/kategorien/{word}/problem/{problem}/reihenfolge", access, problems::shift);
    routes.post("/arbeit/kategorien/{word}/problem/{problem}/sichtbarkeit", access, problems::hide);
    routes.post("/arbeit/kategorien/{word}/problem/{problem}/loeschung", access, problems::remove);
    routes.get("/arbeit/kategorien/{word}/frage/neu", access, questions::new);
    routes.post("/arbeit/kategorien/{word}/frage/neu", access, questions::create);
    routes.get("/arbeit/kategorien/{word}/frage/{question}", access, questions::edit);
    routes.post("/arbeit/kategorien/{word}/frage/{question}", access, questions::save);
    routes.post("/arbeit/kategorien/{word}/frage/{question}/reihenfolge", access, questions::shift);
    routes.post("/arbeit/kategorien/{word}/frage/{question}/loeschung", access, questions::remove);
}

/// What the home page tells about reports. Public ones only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicNumbers {
    /// Over how many days.
    pub last_days: i64,
    pub reported: i64,
    /// Of those, how many are fixed by now.
    pub fixed: i64,
    /// From report to fixed; `None` if none is fixed.
    pub mean_seconds: Option<i64>,
    /// Of those, how many are still open or were closed otherwise.
    pub open: i64,
}

const NUMBERS_DAYS: i64 = 30;

/// Seconds for which numbers over more reports than a map shows singly will do.
const NUMBERS_STALE_SECONDS: i64 = 60;

pub fn public_numbers(tx: &Tx<'_>, visit: &Visit) -> Result<PublicNumbers, DbError> {
    let numbers = visit.remembered(tx, ("reports.numbers", String::new()), || {
        let value = numbers(tx)?;
        let stale_seconds = if value.reported > report::PINS_MAX { NUMBERS_STALE_SECONDS } else { 0 };
        Ok(Gathered { value, bytes: size_of::<PublicNumbers>(), stale_seconds })
    })?;
    Ok(*numbers)
}

fn numbers(tx: &Tx<'_>) -> Result<PublicNumbers, DbError> {
    let (reported, fixed, mean_seconds) = store::numbers(tx, tx.now().plus_days(-NUMBERS_DAYS))?;
    Ok(PublicNumbers { last_days: NUMBERS_DAYS, reported, fixed, mean_seconds, open: reported - fixed })
}

/// A public report for lists of other rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicReport {
    pub href: String,
    pub title: String,
    pub place: String,
    pub opened_at: base::Moment,
    /// Words, colour and icon of the state.
    pub state: &'static str,
    pub state_kind: &'static str,
    pub state_icon: &'static str,
    /// Path of a small photo; empty without one.
    pub photo: String,
}

/// The newest public reports.
pub fn newest(tx: &Tx<'_>, t: &Texts, limit: i64) -> Result<Vec<PublicReport>, DbError> {
    let filter = store::Filter { shown: store::Shown::All, ..store::Filter::default() };
    let cards = store::list(tx, &filter, report::After::start(), limit)?;
    let public = |card: &store::Card| PublicReport {
        href: format!("/melden/{}", card.number),
        title: card.title.clone(),
        place: card.place.clone(),
        opened_at: card.opened_at,
        state: card.public_state().label(t),
        state_kind: card.public_state().kind(),
        state_icon: card.public_state().icon(),
        photo: card.photo.map(|id| format!("/bild/{id}/klein.jpg")).unwrap_or_default(),
    };
    Ok(cards.iter().map(public).collect())
}

/// Every blob that rows of this room name: what the sweep must not remove.
pub fn blobs(tx: &Tx<'_>) -> Result<Vec<files::BlobId>, DbError> {
    Ok(store::photo_blobs(tx)?.into_iter().map(files::BlobId).collect())
}

fn cards(t: &Texts) -> Vec<AreaCard> {
    let link = |href, label, icon| CardLink { href, label, icon };
    vec![AreaCard {
        area: "townhall",
        icon: "wrench",
        title: t.s("reports-card-title"),
        text: t.s("reports-card-text"),
        links: vec![
            link("/melden", t.s("reports-card-report"), "wrench"),
            link("/meldungen", t.s("reports-card-map"), "map"),
            link("/stand", t.s("reports-card-status"), "search"),
        ],
    }]
}

/// The latest fixed report: that reporting helps is news.
fn news(tx: &Tx<'_>, visit: &Visit) -> Result<Vec<News>, DbError> {
    let (t, numbers) = (visit.t, public_numbers(tx, visit)?);
    if numbers.fixed == 0 {
        return Ok(vec![]);
    }
    let text = t.with("reports-news-text", &[("reported", numbers.reported.into()), ("fixed", numbers.fixed.into())]);
    Ok(vec![News {
        icon: "circle-check",
        kind: "ok",
        title: t.s("reports-news-title").to_owned(),
        text,
        href: "/meldungen".to_owned(),
        link: t.s("reports-list-title").to_owned(),
    }])
}

/// Categories by what people call them, then public reports.
fn search(tx: &Tx<'_>, t: &Texts, query: &str, limit: i64) -> Result<Vec<SearchHit>, DbError> {
    let folded = category::fold(query);
    let categories = store::categories(tx)?;
    let most = usize::try_from(limit).unwrap_or(0);
    let matching = categories.iter().filter(|c| c.active && category::answers_to(c, &folded));
    let mut hits: Vec<SearchHit> = matching
        .take(most)
        .map(|category| SearchHit {
            group: t.s("reports-search-report"),
            href: format!("/melden?kategorie={}", category.word),
            title: t.with("reports-search-category", &[("category", category.label.of(t.lang).into())]),
            text: category.problems_for(None).iter().take(4).map(|p| p.label.of(t.lang)).collect::<Vec<_>>().join(", "),
        })
        .collect();
    hits.extend(store::search(tx, query, limit)?.iter().map(|card| SearchHit {
        group: t.s("reports-search-reports"),
        href: format!("/melden/{}", card.number),
        title: card.title.clone(),
        text: format!("{} · {}", card.place, card.public_state().label(t)),
    }));
    Ok(hits)
}

/// The words by which categories are found: against them the one search holds a misspelt word.
pub fn search_words(tx: &Tx<'_>, t: &Texts) -> Result<Vec<String>, DbError> {
    let words = |category: &category::Category| {
        let problems = category.problems.iter().map(|problem| problem.label.of(t.lang)).collect::<Vec<_>>().join(" ");
        format!("{} {} {problems}", category.label.of(t.lang), category.synonyms)
    };
    Ok(store::categories(tx)?.iter().filter(|category| category.active).map(words).collect())
}

fn upkeep(tx: &Tx<'_>, _: &Stage) -> Result<(), DbError> {
    store::forget_old_drafts(tx)?;
    store::forget_unconfirmed(tx)?;
    partners::upkeep(tx)?;
    Ok(())
}

/// The standard categories and who gets them. What a town changed stays changed.
fn template(tx: &Tx<'_>, town: &Town) -> Result<(), DbError> {
    let standard =
        category::standard().map_err(|error| DbError::WrongShape(format!("standard categories: {error}")))?;
    let known = store::categories(tx)?;
    for (rank, category) in (0_i64..).zip(&standard) {
        if known.iter().any(|old| old.word == category.word) {
            continue;
        }
        store::add_category(tx, category, rank * 10)?;
        cases::put_rule(
            tx,
            &cases::Rule {
                kind: "report".to_owned(),
                category: category.word.clone(),
                district: String::new(),
                unit: identity::standard_unit(town.id, &category.department),
                working_days: category.working_days,
                // Danger alone is no hurry: almost everything in a street can be dangerous, and for that people phone.
                priority: i64::from(!category.danger.text.is_empty() && category.working_days <= 1),
                note: "Grundausstattung".to_owned(),
            },
        )?;
    }
    tx.audit(Audit {
        actor: "system".to_owned(),
        action: "report.categories_standard",
        subject: "reports".to_owned(),
        detail: json!({ "known": known.len(), "standard": standard.len() }),
    });
    Ok(())
}

/// Pages that need something of the town take the newest of it.
fn demo_pages(tx: &Tx<'_>) -> Result<Vec<DemoPage>, DbError> {
    let mut pages = vec![
        DemoPage::public("/melden", "report-place"),
        DemoPage::public("/melden/danke", "report-thanks"),
        DemoPage::public("/melden/gebiet", "report-area"),
        DemoPage { status: 410, ..DemoPage::public("/melden/folgen/abgelaufen", "follow-gone") },
        DemoPage::public("/meldungen", "reports"),
        DemoPage::public("/meldungen?stand=alle", "reports-all"),
        DemoPage::public("/meldungen?kategorie=unbekannt", "reports-empty"),
        DemoPage::staff("/arbeit/pruefung", "moderator", "review-list"),
        DemoPage::staff("/arbeit/sperren", "moderator", "blocks"),
        DemoPage::staff("/arbeit/kategorien", "editor", "categories"),
        DemoPage::staff("/verwaltung/schluessel", "administrator", "keys"),
        DemoPage::staff("/verwaltung/stellen", "administrator", "partners"),
        DemoPage::staff("/arbeit/weitergaben", "clerk", "forwards"),
        DemoPage::staff("/arbeit/kategorien/neu", "editor", "category-new"),
        DemoPage::staff("/arbeit/kategorien/playground", "editor", "category"),
        DemoPage::staff("/arbeit/kategorien/playground/angaben", "editor", "category-basics"),
        DemoPage::staff("/arbeit/kategorien/playground/vorschau", "editor", "category-preview"),
        DemoPage::staff("/arbeit/kategorien/playground/problem/chain", "editor", "category-problem"),
        DemoPage::staff("/arbeit/kategorien/road/frage/depth", "editor", "category-question"),
    ];
    let filter = store::Filter { shown: store::Shown::Open, ..store::Filter::default() };
    for card in store::list(tx, &filter, report::After::start(), 1)? {
        for (end, name) in [
            ("", "report"),
            ("/meins", "report-same"),
            ("/folgen", "report-follow"),
            ("/missbrauch", "report-complaint"),
        ] {
            pages.push(DemoPage::public(format!("/melden/{}{end}", card.number), name));
        }
    }
    if let Some(forward) = store::forwards(tx, &identity::Units::All, false, 1)?.first() {
        pages.push(DemoPage::staff(format!("/arbeit/meldung/{}/weitergabe", forward.number), "clerk", "forward"));
    }
    if let Some(waiting) = store::to_review(tx, &identity::Units::All, 1)?.first() {
        pages.push(DemoPage::staff(format!("/arbeit/meldung/{}", waiting.number), "moderator", "review"));
    }
    if let Some(near) = places::town_map(tx)?.map(|map| places::assets_near(tx, map.centre, 2_000.0, 1)).transpose()?
        && let Some(first) = near.first()
    {
        pages.push(DemoPage::public(format!("/melden/was?objekt={}", first.asset.token), "report-what"));
    }
    Ok(pages)
}

#[cfg(test)]
mod tests;
