//! The way in: front page, search over all rooms, the pages every town owes, display settings, notices. It asks other
//! rooms by their manifests and public functions; nobody depends on it. Invariants: it shows only what exists, and a
//! person's way on never leaves the town.

mod authorities;
mod desk;
mod display;
mod film;
mod forms;
mod home;
mod markup;
mod notices;
mod pages;
mod ranges;
mod search;
mod seed;
mod small;
mod store;
mod town_data;
mod town_text;

pub use authorities::{Authorities, authorities};
pub use seed::seed;

use base::Permission;
use db::{DbError, Migration, Tx};
use web::{Access, AreaCard, CardLink, DemoPage, DeskContext, DeskGroup, DeskLink, Room, Routes, Texts};

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "20261122_guide", sql: include_str!("../migrations/20261122_guide.sql") },
    Migration { name: "20261123_film", sql: include_str!("../migrations/20261123_film.sql") },
];

/// The manifest.
pub fn room() -> Room {
    Room {
        migrations: MIGRATIONS,
        texts: (include_str!("../texts/de.ftl"), include_str!("../texts/en.ftl")),
        routes,
        nav: &[("/rathaus", "guide-townhall-title")],
        desk_links,
        cards,
        news: notices::news,
        search: search::own_pages,
        blobs: store::blobs,
        demo_pages,
        ..Room::named("guide")
    }
}

fn routes(routes: &mut Routes) {
    use Access::{NeedsInTown, Public};
    use Permission::TownEdit;
    routes.kept("/", home::home);
    routes.kept("/rathaus", home::town_hall);
    routes.get("/suche", Public, search::results);
    for (path, handler) in pages::PLAIN {
        routes.kept(path, handler);
    }
    routes.get("/gebaerdensprache", Public, film::show);
    routes.get("/gebaerdensprache/film", Public, film::send);
    routes.get("/gebaerdensprache/untertitel", Public, film::captions);
    routes.get("/kontakt", Public, forms::contact);
    routes.post("/kontakt", Public, forms::ask);
    routes.get("/barriere-melden", Public, forms::barrier);
    routes.post("/barriere-melden", Public, forms::report_barrier);
    routes.get("/kontakt/fertig/{token}", Public, forms::receipt);
    routes.get("/darstellung", Public, display::show);
    routes.post("/darstellung", Public, display::save);
    routes.get("/sprache", Public, display::language);
    routes.get("/robots.txt", Public, small::robots);
    routes.get("/sitemap.xml", Public, small::sitemap);
    routes.get("/favicon.ico", Public, small::icon);

    routes.get("/verwaltung/gemeinde", NeedsInTown(TownEdit), town_data::show);
    routes.post("/verwaltung/gemeinde", NeedsInTown(TownEdit), town_data::save);
    routes.get("/verwaltung/gebaerdensprache", NeedsInTown(TownEdit), film::edit);
    routes.post("/verwaltung/gebaerdensprache", NeedsInTown(TownEdit), film::save);
    routes.post("/verwaltung/gebaerdensprache/entfernung", NeedsInTown(TownEdit), film::remove);
    routes.get("/verwaltung/texte", NeedsInTown(TownEdit), desk::list);
    routes.get("/verwaltung/texte/{page}/{lang}", NeedsInTown(TownEdit), desk::edit);
    routes.post("/verwaltung/texte/{page}/{lang}", NeedsInTown(TownEdit), desk::save);
    routes.get("/verwaltung/hinweise", NeedsInTown(TownEdit), notices::list);
    routes.get("/verwaltung/hinweise/neu", NeedsInTown(TownEdit), notices::new);
    routes.post("/verwaltung/hinweise/neu", NeedsInTown(TownEdit), notices::create);
    routes.get("/verwaltung/hinweise/{id}", NeedsInTown(TownEdit), notices::edit);
    routes.post("/verwaltung/hinweise/{id}", NeedsInTown(TownEdit), notices::change);
    routes.post("/verwaltung/hinweise/{id}/entfernung", NeedsInTown(TownEdit), notices::remove);
}

fn desk_links(context: &DeskContext<'_>) -> Result<Vec<DeskGroup>, DbError> {
    if !base::may(context.actor, Permission::TownEdit, base::Scope::Town) {
        return Ok(vec![]);
    }
    let link = |href: &str, label: &str, icon| DeskLink {
        href: href.to_owned(),
        label: label.to_owned(),
        icon,
        count: None,
        counted: [""; 2],
        urgent: false,
        current: context.path.starts_with(href),
    };
    let links = vec![
        link("/verwaltung/gemeinde", "Gemeinde", "landmark"),
        link("/verwaltung/texte", "Texte", "file-text"),
        link("/verwaltung/hinweise", "Hinweise", "bell"),
        link("/verwaltung/gebaerdensprache", "Gebärdensprache", "hand"),
    ];
    Ok(vec![DeskGroup { title: "Verwaltung".to_owned(), links }])
}

fn cards(t: &Texts) -> Vec<AreaCard> {
    let link = |href, label, icon| CardLink { href, label, icon };
    vec![
        AreaCard {
            area: "help",
            icon: "message-square-text",
            title: t.s("guide-card-help-title"),
            text: t.s("guide-card-help-text"),
            links: vec![
                link("/kontakt", t.s("guide-card-ask"), "message-square"),
                link("/hilfe", t.s("guide-card-how"), "circle-help"),
                link("/kontakt#anschrift", t.s("guide-card-contact"), "phone"),
            ],
        },
        AreaCard {
            area: "access",
            icon: "heart-handshake",
            title: t.s("guide-card-access-title"),
            text: t.s("guide-card-access-text"),
            links: vec![
                link("/leichte-sprache", t.s("guide-easy-language-title"), "book-open"),
                link("/gebaerdensprache", t.s("guide-sign-language-title"), "hand"),
                link("/darstellung", t.s("guide-display-title"), "settings"),
                link("/barriere-melden", t.s("guide-barrier-title"), "flag"),
            ],
        },
    ]
}

fn demo_pages(_: &Tx<'_>) -> Result<Vec<DemoPage>, DbError> {
    let mut pages = vec![
        DemoPage::public("/", "home"),
        DemoPage::public("/rathaus", "town-hall"),
        DemoPage::public("/suche?q=Schaukel", "search"),
        DemoPage::public("/suche?q=xyzxyz", "search-empty"),
        DemoPage::public("/kontakt", "contact"),
        DemoPage::public("/barriere-melden", "barrier"),
        DemoPage::public("/darstellung", "display"),
        DemoPage::public("/gebaerdensprache", "gebaerdensprache"),
        DemoPage::staff("/verwaltung/gemeinde", "editor", "town-data"),
        DemoPage::staff("/verwaltung/gebaerdensprache", "editor", "film"),
        DemoPage::staff("/verwaltung/texte", "editor", "texts"),
        DemoPage::staff("/verwaltung/texte/impressum/de", "editor", "text"),
        DemoPage::staff("/verwaltung/hinweise", "editor", "notices"),
        DemoPage::staff("/verwaltung/hinweise/neu", "editor", "notice-new"),
    ];
    pages.extend(pages::PLAIN.iter().map(|(path, _)| DemoPage::public(*path, path.trim_start_matches('/'))));
    Ok(pages)
}

#[cfg(test)]
mod tests;
