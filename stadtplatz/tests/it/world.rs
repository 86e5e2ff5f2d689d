//! A town with somebody who may everything in it and makes what tests need: cases, reports, notices, offices, people, one
//! fresh thing at a time (`things`), or one of everything. Everything goes through the pages wherever they can do it.
//! Invariant: every text a world writes holds its mark, so that a test can see whose it is.

use crate::{
    forms::Sending,
    people::{self, KEEPER},
    things::{Made, Thing},
};
use base::{Actor, Bounds, MunicipalityId, Position};
use cases::{NewCase, Opened};
use db::{DbError, Tx};
use maps::{Class, Geometry};
use places::{AssetKind, NewAddress, NewAsset, NewDistrict, NewShape, Source, TileSource};
use std::collections::BTreeMap;
use testkit::{Browser, Seen, TestSite, html::FoundForm};
use web::Lang;

/// In the middle of every town of the kit.
pub const CENTRE: Position = Position { lat: 50.12, lon: 11.03 };

/// What stands for the parts in braces of a path or a field.
pub type Names = BTreeMap<&'static str, String>;

/// Puts the names into a path or a field.
pub fn filled(pattern: &str, names: &Names) -> String {
    let text = names.iter().fold(pattern.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
    assert!(!text.contains('{'), "{pattern} names something nobody made: {text}");
    text
}

pub struct World<'s> {
    pub site: &'s TestSite,
    pub host: &'static str,
    pub id: MunicipalityId,
    pub keeper: Browser,
    mark: &'static str,
    made: u32,
    asset: String,
}

impl<'s> World<'s> {
    /// Founds the town, with its people, a map and places on it.
    pub async fn found(site: &'s TestSite, host: &'static str, name: &str, mark: &'static str) -> Self {
        let id = people::town(site, host, name).await;
        // Two sessions: the page that ends the others offers it only then.
        people::signed_in(site, host, KEEPER).await;
        let keeper = people::signed_in(site, host, KEEPER).await;
        let mut world = Self { site, host, id, keeper, mark, made: 0, asset: String::new() };
        world.asset = world.write(move |tx| lay_out(tx, mark)).await;
        world
    }

    /// A new word with the mark in it.
    pub fn fresh(&mut self) -> String {
        self.made += 1;
        format!("{}{:03}", self.mark, self.made)
    }

    /// The same for where only letters and digits may stand, such as an address.
    pub fn fresh_word(&mut self) -> String {
        self.fresh().chars().filter(char::is_ascii_alphanumeric).collect()
    }

    /// What needs no thing: offices, texts, the map, a new word.
    pub fn names(&mut self) -> Names {
        let unit = |word| people::unit(self.id, word).to_string();
        let fixed = [
            ("green", unit("green_spaces")),
            ("order", unit("public_order")),
            ("page", "hilfe".to_owned()),
            ("lang", "de".to_owned()),
            ("theme", "light".to_owned()),
            ("zoom", "15".to_owned()),
            ("x", "17387".to_owned()),
            ("file", "11096.png".to_owned()),
            ("size", "klein.jpg".to_owned()),
            ("asset", self.asset.clone()),
        ];
        let mut names = Names::from(fixed);
        names.insert("fresh", self.fresh());
        names.insert("fresh_word", self.fresh_word());
        names
    }

    pub async fn write<T: Send + 'static>(&self, work: impl Fn(&Tx<'_>) -> Result<T, DbError> + Send + 'static) -> T {
        let unaudited = move |tx: &Tx<'_>| {
            db::testing::unaudited(tx, "the stage of a test");
            work(tx)
        };
        self.site.site.db.write(self.id, unaudited).await.unwrap()
    }

    /// The keeper fills in the form to `action` on this page; it must work.
    pub async fn pressed(&mut self, page: &str, action: &str, typed: &[(&str, &str)]) -> Seen {
        let shown = self.keeper.visit(page).await;
        let sent = self.keeper.send_only(&shown, action, typed).await;
        assert!([200, 303].contains(&sent.status.as_u16()), "{action} ({}):\n{}", sent.status, sent.text());
        sent
    }

    /// This form, as its page shows it to who may see it.
    pub async fn form_of(&mut self, sending: &Sending, made: &Made) -> FoundForm {
        if sending.page.is_empty() {
            let (id, action, method) = (String::new(), String::new(), "post".to_owned());
            return FoundForm { id, action, method, multipart: false, fields: vec![] };
        }
        let mut names = self.names();
        names.extend(made.names.clone());
        let path = filled(sending.page, &names);
        let of_staff = ["/arbeit", "/verwaltung", "/konto"].iter().any(|start| path.starts_with(start));
        let mut reader =
            if of_staff && path != "/kontakt" { self.keeper.clone() } else { self.site.visitor(self.host) };
        for (name, value) in &made.cookies {
            reader.set_cookie(name, value);
        }
        let shown = reader.look(&path).await;
        shown.is(200).form(&filled(sending.form, &names))
    }

    /// Locks this person of the town out.
    pub async fn lock(&self, word: &str) {
        let email = people::address(word, self.host);
        self.write(move |tx| {
            let known = identity::staff(tx)?.into_iter().find(|member| member.email == email);
            identity::disable_staff(tx, &Actor::System, known.expect("works here").account)?;
            Ok(())
        })
        .await;
    }

    pub async fn work_off(&self) {
        stadtplatz::worker::run_until_idle(&self.site.site).await.unwrap();
    }

    /// The last part of the newest link that begins so, of the mails to this address.
    pub async fn link(&self, email: &str, start: &str) -> String {
        self.work_off().await;
        let start = format!("https://{}{start}", self.host);
        let mails = self.site.mails(self.id).await;
        let links = mails.iter().filter(|mail| mail.to == email).flat_map(mail::Posted::links);
        let ends: Vec<String> = links.filter_map(|link| link.strip_prefix(&start)).map(str::to_owned).collect();
        ends.last().cloned().unwrap_or_else(|| panic!("no mail to {email} with a link to {start}"))
    }

    /// One of everything, and what no page can make: a foreign source of tiles, a try at a password, a lock.
    pub async fn furnish(&mut self) -> Vec<(Thing, Made)> {
        let mut all = vec![];
        for thing in Thing::ALL {
            all.push((*thing, self.make(*thing).await));
        }
        let mark = self.mark;
        self.write(move |tx| {
            let source = TileSource {
                url_template: format!("https://karten.example/{mark}/{{z}}/{{x}}/{{y}}.png"),
                zoom_min: 10,
                zoom_max: 18,
                attribution: mark.to_owned(),
                licence: mark.to_owned(),
                is_photo: false,
            };
            tx.lock("test.furnish")?;
            places::set_tile_source(tx, Some(&source))
        })
        .await;
        let help = "/verwaltung/texte/hilfe/de";
        self.pressed(help, help, &[("body", mark), ("deed", "speichern")]).await;
        // What others say about a public report.
        let report = self.make(Thing::PublicReport).await;
        let mut neighbour = self.site.visitor(self.host);
        for (path, typed) in [("meins", ("website", "")), ("missbrauch", ("reason", "insult"))] {
            let path = format!("/melden/{}/{path}", report.names["number"]);
            let page = neighbour.visit(&path).await;
            neighbour.send(&page, &path, &[typed, ("note", mark)]).await.is(200);
        }
        let page = self.site.visitor(self.host).visit("/anmelden").await;
        let wrong = [("email", "niemand@example.org"), ("password", mark)];
        self.site.visitor(self.host).send_only(&page, "/anmelden", &wrong).await.is(422);
        // Not worked off: a mail and an event that still wait.
        self.make(Thing::Invitation).await;
        self.open_case("Wartet", Some("wartet@example.org")).await;
        all
    }

    /// Opens a case of the green spaces office, as the report form would.
    pub async fn open_case(&self, title: &str, email: Option<&str>) -> Opened {
        open_case(self.site, self.id, &format!("{title} {}", self.mark), email).await
    }
}

/// Opens a case of the green spaces office in this town, as the report form would.
pub async fn open_case(site: &TestSite, id: MunicipalityId, title: &str, email: Option<&str>) -> Opened {
    let (town, inside, title) = (site.town(id).await, site.site.clone(), title.to_owned());
    let email = email.map(|email| mail::EmailAddress::parse(email).unwrap());
    site.site
        .db
        .write::<_, DbError>(id, move |tx| {
            let new = NewCase {
                kind: "report",
                title: title.clone(),
                body: format!("{title}: bitte bald."),
                category: "playground".to_owned(),
                category_label: "Spielplatz".to_owned(),
                facts: vec![("Gerät".to_owned(), title.clone())],
                english: cases::English::default(),
                place: format!("Spielplatz {title}"),
                district: "Altstadt".to_owned(),
                position: Some(CENTRE),
                email: email.clone(),
                phone: None,
                language: Lang::De,
                attachments: vec![],
                channel: "web",
                at: tx.now(),
            };
            let opened = cases::open(tx, &town, &inside.keys, new)?;
            db::testing::unaudited(tx, "a case for a test");
            Ok(opened)
        })
        .await
        .unwrap()
}

/// A street with a house, a playground with a swing, a park, a district, and the map of them; the code on the swing.
fn lay_out(tx: &Tx<'_>, mark: &str) -> Result<String, DbError> {
    let (source, position) = (Source::Town, CENTRE);
    let named = |what: &str| format!("{what} {mark}");
    places::put_address(
        tx,
        &NewAddress {
            source,
            source_ref: "1".to_owned(),
            street: named("Weg"),
            house_number: "5".to_owned(),
            postcode: "96999".to_owned(),
            place: named("Ort"),
            position,
        },
    )?;
    let asset = |kind, label: &str, number: &str, parent| NewAsset {
        source,
        source_ref: number.to_owned(),
        kind,
        label: named(label),
        number: named(number),
        parent,
        position,
    };
    let (ground, _) = places::put_asset(tx, &asset(AssetKind::Playground, "Spielplatz", "SP-1", None))?;
    let (swing, _) = places::put_asset(tx, &asset(AssetKind::PlayEquipment, "Schaukel", "SP-1-1", Some(ground)))?;
    let corners = [(-0.001, -0.001), (-0.001, 0.001), (0.001, 0.001), (0.001, -0.001)];
    let ring = corners.map(|(lat, lon)| Position { lat: CENTRE.lat + lat, lon: CENTRE.lon + lon });
    let geometry = Geometry::area(&[ring.to_vec()]).unwrap();
    let shape = |class, label: Option<String>| NewShape {
        source,
        source_ref: "park".to_owned(),
        class,
        label,
        level: 0,
        geometry: geometry.clone(),
    };
    places::put_shape(tx, &shape(Class::Park, Some(named("Park"))))?;
    let (source_ref, name) = ("district".to_owned(), named("Ortsteil"));
    places::put_district(tx, &NewDistrict { source, source_ref, name, geometry: geometry.clone() })?;
    let frame = places::MapFrame {
        bounds: Bounds { south: 50.10, west: 11.00, north: 50.14, east: 11.06 },
        centre: CENTRE,
        zoom_start: 14,
        attribution: named("Karten"),
    };
    places::publish_map(tx, &frame)?;
    Ok(places::asset(tx, swing)?.expect("the swing is there").token)
}
