//! `stadtplatz import`: a town's map, addresses and assets from files, repeatable without doubles.

use super::{say, town};
use crate::{config::Config, start};
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
}

pub async fn run(config: &Config, import: Import) -> anyhow::Result<()> {
    let site = start::site(config).await?;
    let host = match &import {
        Import::Osm { from, .. } | Import::Addresses(from) | Import::Assets(from) => from.town.clone(),
    };
    let id = town(&site, host.as_deref()).await?;
    let report = match import {
        Import::Osm { from, centre } => {
            let name = site.town(id).await?.map(|town| town.name.clone());
            let wish = OsmWish { centre_name: centre.or(name), area: None };
            places::import::osm(&site.db, id, from.file, wish).await?
        }
        Import::Addresses(from) => places::lists::addresses(&site.db, id, &from.file).await?,
        Import::Assets(from) => places::lists::assets(&site.db, id, &from.file).await?,
    };
    site.db.analyze().await?;
    for line in report.lines() {
        say(line);
    }
    site.db.close().await;
    Ok(())
}
