//! Tests of this room: rules as tables, stores on both databases, pages through the real router. Here is what they
//! share: a town with a street, a playground and its swing.

mod careful;
mod drafts;
mod editing;
mod editor;
mod elsewhere;
mod exchange;
mod follows;
mod import;
mod open311;
mod overview;
mod pages;
mod partners;
mod review;
mod rules;
mod store;

use base::{Bounds, MunicipalityId, Position};
use db::DbError;
use testkit::{Browser, Seen, TestSite};
use web::Room;

pub const HOST: &str = "ahornfurt.example";
/// In the middle of the town: at the swing.
pub const SWING: Position = Position { lat: 50.12, lon: 11.03 };

pub fn rooms() -> Vec<Room> {
    vec![identity::room(), places::room(), cases::room(), crate::room()]
}

/// A founded town with addresses and things.
pub async fn town(site: &TestSite) -> MunicipalityId {
    let town = site.found(HOST, "Ahornfurt").await;
    site.site.db.write(town, lay_out).await.unwrap();
    town
}

fn lay_out(tx: &db::Tx<'_>) -> Result<(), DbError> {
    use places::{AssetKind, NewAddress, NewAsset, Source};
    db::testing::unaudited(tx, "places of a test");
    let streets = [
        ("Lindenstraße", "5", 50.1201, 11.0301),
        ("Lindenstraße", "7", 50.1204, 11.0304),
        ("Mühlweg", "12", 50.125, 11.035),
    ];
    for (street, number, lat, lon) in streets {
        places::put_address(
            tx,
            &NewAddress {
                source: Source::Town,
                source_ref: format!("{street} {number}"),
                street: street.to_owned(),
                house_number: number.to_owned(),
                postcode: "96999".to_owned(),
                place: "Ahornfurt".to_owned(),
                position: Position { lat, lon },
            },
        )?;
    }
    let asset = |kind, label: &str, number: &str, parent, lat, lon| NewAsset {
        source: Source::Town,
        source_ref: number.to_owned(),
        kind,
        label: label.to_owned(),
        number: number.to_owned(),
        parent,
        position: Position { lat, lon },
    };
    let ground = asset(AssetKind::Playground, "Spielplatz Lindenpark", "SP-014", None, 50.1201, 11.0301);
    let (ground, _) = places::put_asset(tx, &ground)?;
    places::put_asset(
        tx,
        &asset(AssetKind::PlayEquipment, "Schaukel", "SP-014-02", Some(ground), SWING.lat, SWING.lon),
    )?;
    places::put_asset(tx, &asset(AssetKind::Lamp, "Laterne", "LA-0001", None, 50.1202, 11.0302))?;
    let frame = places::MapFrame {
        bounds: Bounds { south: 50.10, west: 11.00, north: 50.14, east: 11.06 },
        centre: SWING,
        zoom_start: 14,
        attribution: "Stadt Ahornfurt".to_owned(),
    };
    places::publish_map(tx, &frame)?;
    Ok(())
}

/// Signs in a person with this role for the whole town.
pub async fn staff(site: &TestSite, id: MunicipalityId, role: &'static str) -> Browser {
    employed(site, id, role, role, None).await
}

/// Signs in a person with this role in this office, or for the whole town; `name` stands before the @ of the address.
pub async fn employed(
    site: &TestSite,
    id: MunicipalityId,
    name: &str,
    role: &'static str,
    unit: Option<&'static str>,
) -> Browser {
    let email = format!("{name}@ahornfurt.example");
    let password = identity::hash_password_blocking(&*site.site.chance, "sehr-langes-kennwort-42").expect("a hash");
    let address = email.clone();
    let written = site.site.db.write::<_, DbError>(id, move |tx| {
        db::testing::unaudited(tx, "staff of a test");
        let unit = unit.map(|unit| identity::standard_unit(tx.municipality(), unit));
        let new = identity::NewStaff {
            name: "Kim Muster".to_owned(),
            email: address.clone(),
            password: Some(password.clone()),
            roles: vec![(role.to_owned(), unit)],
            home_unit: unit,
        };
        identity::create_staff(tx, &new).map(|_| ())
    });
    written.await.unwrap();
    let mut kim = site.visitor(HOST);
    let page = kim.visit("/anmelden").await;
    kim.send(&page, "/anmelden", &[("email", &email), ("password", "sehr-langes-kennwort-42")]).await;
    kim
}

/// Up to step 2, at Lindenstraße 5.
pub async fn up_to_what(anna: &mut Browser) -> Seen {
    let first = anna.visit("/melden").await;
    anna.send(&first, "/melden", &[("address", "Lindenstraße 5")]).await
}

/// Up to step 3.
pub async fn up_to_check(anna: &mut Browser, problem: &str, words: &str) -> Seen {
    let second = up_to_what(anna).await;
    anna.send(&second, "/melden/was", &[("problem", problem), ("body", words)]).await
}

/// Goes through the three steps without scripts; ends on the page after sending.
pub async fn report(site: &TestSite, problem: &str, words: &str, email: &str) -> Seen {
    let mut anna = site.visitor(HOST);
    let third = up_to_check(&mut anna, problem, words).await;
    anna.send(&third, "/melden/pruefen", &[("email", email)]).await
}

/// A report with one photo; its number.
pub async fn with_photo(anna: &mut Browser, file: &[u8]) -> String {
    let first = anna.visit("/melden").await;
    let files = [("photo", "auto.png", "image/png", file)];
    let second = anna.send_with_files(&first, "/melden", &[("address", "Lindenstraße 5")], &files).await;
    let third = anna.send(&second, "/melden/was", &[("problem", "road/pothole")]).await;
    number_of(&anna.send(&third, "/melden/pruefen", &[]).await)
}

/// A small picture of one colour; another shade is another photo.
pub fn photo(shade: u8) -> Vec<u8> {
    png(image::RgbImage::from_pixel(64, 48, image::Rgb([200, 120, shade])))
}

pub fn png(picture: image::RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// What a field of a form holds; empty if there is none.
pub fn field(page: &Seen, action: &str, name: &str) -> String {
    page.form(action).fields.into_iter().find(|(field, _)| field == name).map(|(_, value)| value).unwrap_or_default()
}

/// The number on a receipt.
pub fn number_of(receipt: &Seen) -> String {
    receipt.is(200).shows("Ihre Meldung ist da");
    let path = receipt.path.split('?').next().unwrap_or("");
    path.rsplit('/').next().unwrap().to_owned()
}

/// Lets the public see a report as a moderator would.
pub async fn publish(site: &TestSite, town: MunicipalityId, number: &str) {
    let number = number.to_owned();
    site.site
        .db
        .write(town, move |tx| {
            let report = crate::store::desk_report(tx, &number)?.expect("the report is there");
            tx.audit(db::Audit {
                actor: base::Actor::System.trace(),
                action: "report.published",
                subject: report.id.to_string(),
                detail: serde_json::json!({}),
            });
            let (title, body) = (report.title.clone(), report.body.clone());
            let public = crate::report::Visibility::Public;
            assert!(crate::store::reviewed(tx, &report, public, &title, &body, "", report.version)?);
            Ok(())
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
}
