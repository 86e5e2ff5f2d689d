//! `stadtplatz import municipalities`: every line of the register of municipalities becomes a town of its own, on the host
//! `AGS.DOMAIN`. The file is read line by line, and each town is a transaction of its own; several are under way at once,
//! so that they share the disk's syncs. A town that is there is left as it is: the second run changes nothing, and one
//! that was cut off goes on.

use super::municipality;
use anyhow::{Context, bail, ensure};
use base::{Land, Position};
use serde::Deserialize;
use std::{fs::File, io::Read, path::PathBuf};
use tokio::task::JoinSet;
use web::{Site, Town, TownKind};

/// Towns under way at a time.
const AT_ONCE: usize = 16;
/// Where a town is whose position the file does not know: the middle of Germany.
const CENTRE: Position = Position { lat: 51.163, lon: 10.447 };

#[derive(clap::Args)]
pub struct Wish {
    file: PathBuf,
    /// Endung der Hostnamen: die Gemeinde 09472116 antwortet auf 09472116.DOMAIN
    #[arg(long, default_value = "stadtplatz.example")]
    domain: String,
}

#[derive(Deserialize)]
struct Line {
    ags: String,
    name: String,
    typ: String,
    land: String,
    #[serde(default)]
    plz_verwaltungssitz: String,
    lat: Option<f64>,
    lon: Option<f64>,
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Counts {
    founded: usize,
    known: usize,
}

pub async fn import(site: &Site, wish: &Wish) -> anyhow::Result<Vec<String>> {
    let file = File::open(&wish.file).with_context(|| format!("{} ist nicht lesbar", wish.file.display()))?;
    let Counts { founded, known } = read(site, file, &wish.domain).await?;
    Ok(vec![format!("Neu angelegte Gemeinden: {founded}, schon vorhandene: {known}.")])
}

async fn read(site: &Site, source: impl Read, domain: &str) -> anyhow::Result<Counts> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(source);
    let (mut counts, mut running) = (Counts::default(), JoinSet::new());
    for (line, read) in reader.deserialize::<Line>().enumerate() {
        // The heading is the first line.
        let (host, town) = town(&read?, domain).with_context(|| format!("Zeile {}", line + 2))?;
        if running.len() >= AT_ONCE {
            count(&mut counts, running.join_next().await)?;
        }
        running.spawn(found(site.clone(), host, town));
    }
    while let Some(ended) = running.join_next().await {
        count(&mut counts, Some(ended))?;
    }
    Ok(counts)
}

fn count(
    counts: &mut Counts,
    ended: Option<Result<anyhow::Result<bool>, tokio::task::JoinError>>,
) -> anyhow::Result<()> {
    match ended.context("keine Gemeinde war in Arbeit")?.context("das Anlegen brach ab")?? {
        true => counts.founded += 1,
        false => counts.known += 1,
    }
    Ok(())
}

/// False: it was there.
async fn found(site: Site, host: String, town: Town) -> anyhow::Result<bool> {
    let name = host.clone();
    if let Some(known) = site.db.look_up(move |tables| tables.municipality_by_host(&name)).await? {
        let id = known.id;
        let hosts = site.db.look_up(move |tables| tables.hosts_of(id)).await?;
        // Without its document it was cut off between its name and its contents.
        if hosts.contains(&host) && site.town(id).await?.is_some() {
            return Ok(false);
        }
    }
    let name = town.name.clone();
    municipality::found(&site, &[&host], town).await.with_context(|| format!("{name} lässt sich nicht anlegen"))?;
    Ok(true)
}

/// The host and the town of a line.
fn town(line: &Line, domain: &str) -> anyhow::Result<(String, Town)> {
    let is_key = line.ags.len() == 8 && line.ags.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(is_key, "{} ist kein Gemeindeschlüssel mit acht Ziffern", line.ags);
    let land = land(&line.land)?;
    // "Flensburg, Stadt": what follows the comma is its title.
    let name = line.name.split(',').next().unwrap_or_default().trim();
    let kind = match line.typ.as_str() {
        "STADT" | "KREISFREIE_STADT" | "STADTKREIS" | "GROSSE_KREISSTADT" => TownKind::City,
        "MARKT" => TownKind::Market,
        _ => TownKind::Municipality,
    };
    let centre = line.lat.zip(line.lon).and_then(|(lat, lon)| Position::new(lat, lon)).unwrap_or(CENTRE);
    let host = db::plain_host(&format!("{}.{domain}", line.ags));
    let mut town = Town::new(name, kind, land, centre, &format!("https://{host}"));
    town.postcode_place = format!("{} {name}", line.plz_verwaltungssitz).trim().to_owned();
    Ok((host, town))
}

/// The names of the register, by ISO 3166-2.
fn land(name: &str) -> anyhow::Result<Land> {
    let word = match name {
        "Baden-Württemberg" => "BW",
        "Bayern" => "BY",
        "Berlin" => "BE",
        "Brandenburg" => "BB",
        "Bremen" => "HB",
        "Hamburg" => "HH",
        "Hessen" => "HE",
        "Mecklenburg-Vorpommern" => "MV",
        "Niedersachsen" => "NI",
        "Nordrhein-Westfalen" => "NW",
        "Rheinland-Pfalz" => "RP",
        "Saarland" => "SL",
        "Sachsen" => "SN",
        "Sachsen-Anhalt" => "ST",
        "Schleswig-Holstein" => "SH",
        "Thüringen" => "TH",
        _ => bail!("{name} ist kein Bundesland"),
    };
    Land::from_word(word).context("das Bundesland fehlt im Kalender")
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::{TestSite, on_both_sites};

    const SMALL: &str = "ars;ags;name;typ;land;plz_verwaltungssitz;lat;lon\n\
        010010000000;01001000;Seestadt, Stadt;KREISFREIE_STADT;Schleswig-Holstein;24937;54.78;9.43\n\
        094720116116;09472116;Bachdorf;KREISANGEHOERIGE_GEMEINDE;Bayern;95463;;\n\
        094720117117;09472117;Neudorf, M;MARKT;Bayern;;49.9;11.6\n\
        094720118118;09472118;Neudorf, M;MARKT;Bayern;95464;49.8;11.5\n";

    fn rooms() -> Vec<web::Room> {
        crate::rooms::rooms().to_vec()
    }

    async fn rows(site: &TestSite) -> (usize, (i64, i64)) {
        let towns = site.site.db.look_up(|tables| tables.municipalities()).await.unwrap();
        (towns.len(), site.site.db.job_counts().await.unwrap())
    }

    #[tokio::test]
    async fn each_line_becomes_a_town_and_the_second_run_changes_nothing() {
        on_both_sites(rooms, async |site| {
            let first = read(&site.site, SMALL.as_bytes(), "land.example").await.unwrap();
            assert_eq!(first, Counts { founded: 4, known: 0 });
            let after = rows(&site).await;
            assert_eq!(after.0, 4);
            let again = read(&site.site, SMALL.as_bytes(), "land.example").await.unwrap();
            assert_eq!(again, Counts { founded: 0, known: 4 });
            assert_eq!(rows(&site).await, after);
            let town = site.site.town_by_host("01001000.land.example").await.unwrap().unwrap();
            assert_eq!((town.full_name().as_str(), town.land.as_str()), ("Stadt Seestadt", "SH"));
            assert_eq!((town.postcode_place.as_str(), town.centre.lat), ("24937 Seestadt", 54.78));
            site.visitor("09472117.land.example").look("/").await.is(200).shows("Markt");
            // Two towns of one name are two towns.
            site.visitor("09472118.land.example").look("/").await.is(200).shows("Neudorf");
        })
        .await;
    }

    #[tokio::test]
    async fn what_was_cut_off_between_name_and_contents_goes_on() {
        on_both_sites(rooms, async |site| {
            let half = |tables: &db::Operating<'_>| tables.add_municipality("Bachdorf", &["09472116.land.example"]);
            site.site.db.operate(half).await.unwrap();
            let counts = read(&site.site, SMALL.as_bytes(), "land.example").await.unwrap();
            assert_eq!(counts, Counts { founded: 4, known: 0 });
            assert_eq!(rows(&site).await.0, 4);
            site.visitor("09472116.land.example").look("/").await.is(200).shows("Bachdorf");
        })
        .await;
    }

    #[test]
    fn a_wrong_line_is_named() {
        let line = |ags: &str, land: &str| Line {
            ags: ags.to_owned(),
            name: "Bachdorf".to_owned(),
            typ: "STADT".to_owned(),
            land: land.to_owned(),
            plz_verwaltungssitz: String::new(),
            lat: None,
            lon: None,
        };
        assert!(town(&line("0947211", "Bayern"), "x.example").is_err());
        assert!(town(&line("../../..", "Bayern"), "x.example").is_err());
        assert!(town(&line("09472116", "Tirol"), "x.example").is_err());
        assert!(town(&line("09472116", "Bayern"), "x.example").is_ok());
    }

    #[test]
    fn the_whole_register_can_be_read() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/gemeinden/gemeinden_2021-11-30.csv");
        let Ok(file) = File::open(file) else { return };
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(file);
        let read = reader.deserialize::<Line>().map(|line| town(&line.unwrap(), "land.example").unwrap().0);
        assert_eq!(read.collect::<std::collections::BTreeSet<_>>().len(), 10_997);
    }
}
