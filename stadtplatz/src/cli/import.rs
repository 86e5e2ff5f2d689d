//! `stadtplatz import`: a town's map, addresses and assets from files, and reports of the system before this one;
//! or many towns at once; repeatable without doubles.

use super::{municipalities, say, town, warn};
use crate::{config::Config, start};
use base::MunicipalityId;
use clap::Subcommand;
use places::import::OsmWish;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct From {
    file: PathBuf,
    /// Hostname der Gemeinde, wenn es mehrere gibt
    #[arg(long)]
    town: Option<String>,
}

#[derive(Subcommand)]
pub enum Import {
    /// Ein Auszug aus OpenStreetMap (.osm.pbf): Karte, Adressen, Spielplätze, Leuchten, Bänke …
    Osm {
        #[command(flatten)]
        from: From,
        /// Ort in der Mitte der Karte, wenn er anders heißt als die Gemeinde
        #[arg(long)]
        centre: Option<String>,
    },
    /// Das eigene Adressverzeichnis (CSV: strasse;hausnummer;plz;ort;lat;lon)
    Addresses(From),
    /// Das eigene Objektverzeichnis (GeoJSON mit kind, label, number)
    Assets(From),
    /// Meldungen eines anderen Systems: eine Liste nach Open311 (JSON oder XML), aus einer Datei oder von einer Adresse
    Reports(Reports),
    /// Viele Gemeinden auf einmal: das Gemeindeverzeichnis (CSV mit ags;name;typ;land;plz_verwaltungssitz;lat;lon)
    Municipalities(municipalities::Wish),
}

#[derive(clap::Args)]
pub struct Reports {
    /// Datei oder https://…/requests.json?start_date=…
    from: String,
    /// Hostname der Gemeinde, wenn es mehrere gibt
    #[arg(long)]
    town: Option<String>,
    /// Woher die Meldungen kommen, zum Beispiel sags-uns.stadt-koeln.de: Mit der Nummer dort macht das jede einmalig
    #[arg(long)]
    source: String,
    /// Fremde Leistung (Code oder Name) = eigene, zum Beispiel "3.2=road.pothole"; mehrfach möglich
    #[arg(long = "service", value_parser = pair)]
    services: Vec<(String, String)>,
    /// Eigene Leistung für alles, was keiner Kategorie gleicht
    #[arg(long, default_value = "other.other")]
    otherwise: String,
    /// Fotos abholen, die unter media_url stehen
    #[arg(long)]
    photos: bool,
    /// Nur zeigen, was geschähe
    #[arg(long)]
    probe: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (theirs, ours) = text.rsplit_once('=').ok_or("schreiben Sie fremde=eigene, zum Beispiel 3.2=road.pothole")?;
    Ok((theirs.trim().to_owned(), ours.trim().to_owned()))
}

async fn reports(site: &web::Site, id: MunicipalityId, wanted: Reports) -> anyhow::Result<Vec<String>> {
    let wish = reports::import::Wish {
        source: wanted.source.trim().to_owned(),
        services: wanted.services.into_iter().collect(),
        otherwise: wanted.otherwise,
        photos: wanted.photos,
        probe: wanted.probe,
    };
    reports::import::check(site, id, &wish).await?;
    let bytes = reports::import::fetch(site, &wanted.from).await?;
    let report = reports::import::import(site, id, &bytes, &wish).await?;
    report.warnings().into_iter().for_each(warn);
    Ok(report.lines(&wish))
}

pub async fn run(config: &Config, import: Import) -> anyhow::Result<()> {
    let site = start::site(config).await?;
    let lines = read(&site, import).await?;
    site.db.analyze().await?;
    lines.into_iter().for_each(say);
    site.db.close().await;
    Ok(())
}

async fn read(site: &web::Site, import: Import) -> anyhow::Result<Vec<String>> {
    let host = match &import {
        Import::Municipalities(wish) => return municipalities::import(site, wish).await,
        Import::Osm { from, .. } | Import::Addresses(from) | Import::Assets(from) => from.town.clone(),
        Import::Reports(wanted) => wanted.town.clone(),
    };
    let id = town(site, host.as_deref()).await?;
    Ok(match import {
        Import::Municipalities(_) => vec![],
        Import::Osm { from, centre } => {
            let name = site.town(id).await?.map(|town| town.name.clone());
            let wish = OsmWish { centre_name: centre.or(name), area: None };
            places::import::osm(&site.db, id, from.file, wish).await?.lines()
        }
        Import::Addresses(from) => places::lists::addresses(&site.db, id, &from.file).await?.lines(),
        Import::Assets(from) => places::lists::assets(&site.db, id, &from.file).await?.lines(),
        Import::Reports(wanted) => reports(site, id, wanted).await?,
    })
}
