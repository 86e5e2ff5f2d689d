//! `stadtplatz municipality`: a town comes to life with the standard departments, categories, rules and texts.

use super::{map, say};
use crate::{config::Config, start, worker};
use anyhow::{Context, ensure};
use base::{Land, MunicipalityId, Position};
use clap::{Subcommand, ValueEnum};
use db::Audit;
use serde_json::json;
use std::sync::Arc;
use web::{Site, Town, TownKind};

#[derive(Subcommand)]
pub enum Municipality {
    /// Eine Gemeinde anlegen
    Add {
        /// Hostname, unter dem sie erscheint, zum Beispiel stadtplatz.bindlach.example
        host: String,
        /// Name ohne "Stadt" oder "Gemeinde"
        name: String,
        /// Vorlage für Ämter, Kategorien, Regeln und Texte
        #[arg(long, value_enum, default_value = "standard")]
        template: Template,
        /// Wie sie sich nennt
        #[arg(long, value_enum, default_value = "gemeinde")]
        kind: Kind,
        /// Bundesland, zwei Buchstaben nach ISO 3166-2
        #[arg(long, default_value = "BY")]
        land: Land,
        /// Straße und Hausnummer der Verwaltung
        #[arg(long, default_value = "")]
        street: String,
        /// Postleitzahl und Ort
        #[arg(long, default_value = "")]
        place: String,
        #[arg(long, default_value = "115")]
        phone: String,
        #[arg(long, default_value = "")]
        email: String,
        /// Mitte der Karte als Breite,Länge; der Kartenimport setzt sie sonst
        #[arg(long, value_parser = position, default_value = "51.163,10.447")]
        centre: Position,
    },
    /// Alle Gemeinden zeigen
    List,
    /// Die Adresse ändern, mit der Links in Mails und auf Etiketten beginnen
    Address {
        /// Hostname der Gemeinde
        host: String,
        /// Zum Beispiel https://stadtplatz.bindlach.example
        url: String,
    },
    /// Zeigen oder festlegen, woher die Kartenbilder kommen
    Map(map::Wish),
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Template {
    Standard,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    #[value(name = "stadt")]
    City,
    #[value(name = "gemeinde")]
    Municipality,
    #[value(name = "markt")]
    Market,
}

impl From<Kind> for TownKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::City => Self::City,
            Kind::Municipality => Self::Municipality,
            Kind::Market => Self::Market,
        }
    }
}

fn position(text: &str) -> Result<Position, String> {
    let parts: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match parts[..] {
        [lat, lon] => Position::new(lat, lon).ok_or_else(|| "außerhalb der Erde".to_owned()),
        _ => Err("schreiben Sie Breite,Länge, zum Beispiel 49.98,11.61".to_owned()),
    }
}

pub async fn run(config: &Config, command: Municipality) -> anyhow::Result<()> {
    let site = start::site(config).await?;
    match command {
        Municipality::Add {
            host,
            name,
            template: Template::Standard,
            kind,
            land,
            street,
            place,
            phone,
            email,
            centre,
        } => {
            let named = host_of(&format!("https://{host}"));
            let is_host = named.is_some_and(|named| !named.is_empty() && named == db::plain_host(&host));
            ensure!(
                is_host,
                "»{host}« ist kein Name wie stadt.example: nennen Sie ihn ohne https:// und ohne Schrägstrich"
            );
            let base_url = address_of(config.public_url.as_deref(), &host);
            let mut town = Town::new(&name, kind.into(), land, centre, &base_url);
            (town.street, town.postcode_place, town.phone, town.email) = (street, place, phone, email);
            let id = found(&site, &[&host], town).await?;
            say(format_args!("{name} ist angelegt ({id}). Als Nächstes:"));
            say("  stadtplatz import osm DATEI.osm.pbf       Karte, Adressen und Objekte einlesen");
            say("  stadtplatz staff invite MAIL --role administrator   die erste Person einladen");
        }
        Municipality::Map(wish) => map::run(&site, &wish).await?,
        Municipality::List => {
            for town in site.db.look_up(|tables| tables.municipalities()).await? {
                let state = if town.active { "" } else { " (stillgelegt)" };
                let address = site.town(town.id).await?.map(|town| town.base_url.clone()).unwrap_or_default();
                say(format_args!("{}  {}  {address}{state}", town.id, town.name));
            }
        }
        Municipality::Address { host, url } => change_address(&site, &host, &url).await?,
    }
    site.db.close().await;
    Ok(())
}

/// The address of a new town: the program's own if that is this town's, for one program serves many.
fn address_of(public_url: Option<&str>, host: &str) -> String {
    match public_url {
        Some(url) if host_of(url).is_some_and(|known| known == db::plain_host(host)) => url.to_owned(),
        _ => format!("https://{}", host.to_ascii_lowercase()),
    }
}

/// The host of an address, plain as hosts are kept.
pub fn host_of(url: &str) -> Option<String> {
    let uri: axum::http::Uri = url.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("https" | "http"));
    uri.host().filter(|_| is_web).map(db::plain_host)
}

async fn change_address(site: &Site, host: &str, url: &str) -> anyhow::Result<()> {
    let id = super::town(site, Some(host)).await?;
    let hosts = site.db.look_up(move |tables| tables.hosts_of(id)).await?;
    let named = host_of(url).with_context(|| format!("{url} ist keine Adresse wie https://{host}"))?;
    ensure!(hosts.contains(&named), "auf {named} antwortet diese Gemeinde nicht, nur auf {}", hosts.join(", "));
    let mut town = (*site.town(id).await?.context("die Gemeinde ist nicht fertig eingerichtet")?).clone();
    town.base_url = url.trim_end_matches('/').to_owned();
    let written = site.db.write(id, move |tx| {
        web::save_town(tx, &town)?;
        tx.audit(Audit {
            actor: "system".to_owned(),
            action: "municipality.address_changed",
            subject: format!("municipality:{}", tx.municipality()),
            detail: json!({ "url": town.base_url }),
        });
        Ok::<_, db::DbError>(())
    });
    written.await?;
    site.town_changed();
    say(format_args!("Links beginnen jetzt mit {url}. Schon gedruckte Etiketten führen an die alte Adresse."));
    Ok(())
}

/// Registers the town and gives it what every town starts with. Run again after a failure, it goes on where it stopped;
/// a town that is complete is left as it is. Towns are told apart by their host, or without one by their name.
pub async fn found(site: &Site, hosts: &[&str], town: Town) -> anyhow::Result<MunicipalityId> {
    ensure!(!town.name.trim().is_empty(), "der Name der Gemeinde fehlt");
    let (name, hosts) = (town.name.clone(), hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>());
    let id = site.db.operate(move |tables| register(tables, &name, &hosts)).await?;
    if site.town(id).await?.is_some() {
        return Ok(id);
    }
    let (rooms, town) = (Arc::clone(&site.rooms), Arc::new(town));
    site.db
        .write(id, move |tx| {
            web::save_town(tx, &town)?;
            let mut saved = (*town).clone();
            saved.id = tx.municipality();
            for room in rooms.iter() {
                (room.template)(tx, &saved)?;
            }
            worker::plan_upkeep(tx);
            tx.audit(Audit {
                actor: "system".to_owned(),
                action: "municipality.founded",
                subject: format!("municipality:{}", tx.municipality()),
                detail: json!({ "template": "standard" }),
            });
            Ok::<_, db::DbError>(())
        })
        .await
        .context("die Vorlage lässt sich nicht anwenden")?;
    site.town_changed();
    Ok(id)
}

/// The id of the town on this host, new or known. A host that belongs to a town of another name is refused.
fn register(tables: &db::Operating<'_>, name: &str, hosts: &[String]) -> anyhow::Result<MunicipalityId> {
    for host in hosts {
        let Some(known) = tables.municipality_by_host(host)? else { continue };
        // A town alone without any host answers everywhere; that makes it no other town's host.
        if tables.hosts_of(known.id)?.contains(&db::plain_host(host)) {
            ensure!(known.name == name, "auf {host} antwortet schon {}", known.name);
            return Ok(known.id);
        }
    }
    if hosts.is_empty()
        && let Some(known) = tables.municipalities()?.into_iter().find(|known| known.name == name)
    {
        return Ok(known.id);
    }
    Ok(tables.add_municipality(name, &hosts.iter().map(String::as_str).collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn a_town_has_the_address_of_its_own_host() {
        let rows = [
            (Some("https://eins.example"), "eins.example", "https://eins.example"),
            (Some("https://eins.example:8443"), "Eins.example", "https://eins.example:8443"),
            (Some("http://localhost:8080"), "localhost:8080", "http://localhost:8080"),
            (Some("https://eins.example"), "zwei.example", "https://zwei.example"),
            (None, "Zwei.example", "https://zwei.example"),
        ];
        for (public_url, host, address) in rows {
            assert_eq!(address_of(public_url, host), address, "{public_url:?} {host}");
        }
    }
}
