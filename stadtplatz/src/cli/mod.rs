//! The commands of the binary. Each file is one command or a small group; what they print is German and for operators.

mod backup;
mod demo;
mod doctor;
mod import;
mod map;
mod municipalities;
mod municipality;
mod serve;
mod staff;
mod told;

pub use told::told;

use crate::{
    config::{Config, Given},
    keys, observe, rooms, start,
};
use anyhow::Context;
use base::MunicipalityId;
use clap::{Parser, Subcommand};
use std::{fmt, path::PathBuf, process::ExitCode};
use web::Site;

/// Der digitale Stadtplatz einer Gemeinde.
#[derive(Parser)]
#[command(name = "stadtplatz", version, about, propagate_version = true)]
pub struct CommandLine {
    #[command(flatten)]
    given: Given,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Die Seite in Betrieb nehmen
    Serve,
    /// Die erfundene Stadt Ahornfurt zeigen, mit Beispieldaten und Konten zum Ausprobieren
    Demo(demo::Demo),
    /// Karte, Adressen, Objekte oder Meldungen eines anderen Systems einlesen, oder viele Gemeinden auf einmal anlegen
    #[command(subcommand)]
    Import(import::Import),
    /// Die Datenbank auf den Stand dieses Programms bringen
    Migrate {
        /// Der Schlüssel ist verloren: künftig mit dem arbeiten, der im Ordner liegt, oder mit einem neuen
        #[arg(long)]
        new_key: bool,
    },
    /// Alles sichern: Datenbank, Uploads, Schlüssel
    Backup {
        /// Neuer Ordner für die Sicherung
        folder: PathBuf,
    },
    /// Eine Sicherung in eine leere Installation einspielen
    Restore {
        /// Ordner der Sicherung
        folder: PathBuf,
    },
    /// Zeigen, was eingestellt ist, was nicht stimmt und wie Sie es beheben
    Doctor {
        /// Auch die Prüfkette des Protokolls jeder Gemeinde nachrechnen
        #[arg(long)]
        audit: bool,
    },
    /// Gemeinden anlegen und auflisten
    #[command(subcommand)]
    Municipality(municipality::Municipality),
    /// Beschäftigte einladen
    #[command(subcommand)]
    Staff(staff::Staff),
}

/// The one place that prints for operators.
pub fn say(text: impl fmt::Display) {
    #[expect(clippy::print_stdout, reason = "a command's answer belongs on standard output")]
    {
        println!("{text}");
    }
}

/// Beside the answer, for operators: what they probably wanted otherwise.
fn warn(text: impl fmt::Display) {
    #[expect(clippy::print_stderr, reason = "a command's warning does not belong into its answer")]
    {
        eprintln!("Achtung: {text}");
    }
}

pub async fn run(command_line: CommandLine) -> anyhow::Result<ExitCode> {
    let demo = matches!(command_line.command, Command::Demo(_));
    let config = Config::read(command_line.given, demo)?;
    observe::start_log(config.json_log);
    match command_line.command {
        Command::Serve => serve::run(&config).await?,
        Command::Demo(demo) => demo::run(&config, &demo).await?,
        Command::Import(import) => import::run(&config, import).await?,
        Command::Migrate { new_key } => migrate(&config, new_key).await?,
        Command::Backup { folder } => backup::backup(&config, &folder).await?,
        Command::Restore { folder } => backup::restore(&config, &folder).await?,
        Command::Doctor { audit } => return doctor::run(&config, audit).await,
        Command::Municipality(command) => municipality::run(&config, command).await?,
        Command::Staff(command) => staff::run(&config, command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(config: &Config, new_key: bool) -> anyhow::Result<()> {
    let db = start::database(config).await?;
    let applied = db.migrate(rooms::migrations(&rooms::rooms())).await?;
    say(format_args!("Die Datenbank ist aktuell. Neu angewendet: {applied}."));
    if new_key {
        say(match keys::adopt(&config.data, &db, &base::SystemChance).await? {
            true => {
                "Die Datenbank arbeitet jetzt mit dem Schlüssel in keys/site.key. Kopieren Sie ihn auf alle Knoten."
            }
            false => "Die Datenbank arbeitete schon mit diesem Schlüssel: nichts verändert.",
        });
    }
    db.close().await;
    Ok(())
}

/// The town a command is about: by host, or the only one there is.
async fn town(site: &Site, host: Option<&str>) -> anyhow::Result<MunicipalityId> {
    let (name, wanted) = (host.map(str::to_owned), host.map(|host| format!(" auf {host}")).unwrap_or_default());
    let (found, towns) = site
        .db
        .look_up::<_, db::DbError>(move |tables| {
            let towns = tables.municipalities()?;
            let found = match &name {
                Some(host) => tables.municipality_by_host(host)?.map(|town| town.id),
                None => (towns.len() == 1).then(|| towns[0].id),
            };
            Ok((found, towns.len()))
        })
        .await?;
    found.with_context(|| match towns {
        0 => "es gibt noch keine Gemeinde: Legen Sie eine an mit `stadtplatz municipality add HOST NAME`".to_owned(),
        _ => {
            format!("keine Gemeinde{wanted}: Nennen Sie sie mit --town HOST, `stadtplatz municipality list` zeigt alle")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_help_names_all_that_can_be_imported() {
        let mut whole = CommandLine::command();
        let import = whole.find_subcommand_mut("import").unwrap();
        for text in [import.render_help().to_string(), whole.render_help().to_string()] {
            for what in ["Karte", "Adressen", "Objekte", "Meldungen", "Gemeinden"] {
                assert!(text.contains(what), "{what} is missing:\n{text}");
            }
        }
    }
}
