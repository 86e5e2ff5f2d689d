//! `stadtplatz doctor`: what is configured, what is wrong, how to mend it. Like every command it brings the database up
//! to date first, and it writes, reads and deletes a small object in an S3 store; else it changes nothing. Exit code 1 if
//! anything is wrong, so that monitoring can call it.

use super::{map, municipality::host_of, say};
use crate::{config::Config, keys, start};
use base::MunicipalityId;
use db::{Encryption, Verdict};
use std::process::ExitCode;
use web::Site;

#[derive(Default)]
struct Findings {
    errors: usize,
    /// Nobody can be served yet, which is no error of a new installation.
    is_empty: bool,
}

impl Findings {
    fn good(&self, text: &str) {
        say(format_args!("  gut     {text}"));
    }

    fn note(&self, text: &str, mend: &str) {
        say(format_args!("  Hinweis {text}\n          → {mend}"));
    }

    fn bad(&mut self, text: &str, mend: &str) {
        self.errors += 1;
        say(format_args!("  FEHLER  {text}\n          → {mend}"));
    }
}

pub async fn run(config: &Config, audit: bool) -> anyhow::Result<ExitCode> {
    say("Einstellungen");
    for shown in &config.shown {
        say(format_args!("  {:<16} {}  ({})", shown.name, shown.value, shown.source));
    }
    say("\nPrüfung");
    let mut findings = Findings::default();
    match start::site(config).await {
        Ok(site) => {
            findings.good("Datenbank und Ordner sind erreichbar, der Schlüssel gehört zur Datenbank");
            check_surroundings(config, &site, &mut findings).await;
            check_towns(&site, audit, &mut findings).await?;
            site.db.close().await;
        }
        Err(error) => match error.downcast_ref::<keys::Unfit>() {
            Some(unfit) => findings.bad(&unfit.problem(), &format!("{}.", keys::Unfit::MEND)),
            None => findings.bad(&format!("{error:#}"), "Stimmen database und data, und ist die Datenbank gestartet?"),
        },
    }
    say(match findings.errors {
        0 if findings.is_empty => "\nKein Fehler, aber noch keine Gemeinde: Legen Sie eine an.".to_owned(),
        0 => "\nAlles in Ordnung.".to_owned(),
        1 => "\nEin Fehler.".to_owned(),
        n => format!("\n{n} Fehler."),
    });
    Ok(if findings.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn check_surroundings(config: &Config, site: &Site, findings: &mut Findings) {
    match site.mailer.check().await {
        Ok(()) if config.smtp.is_some() => findings.good("der Mailserver antwortet"),
        Ok(()) => findings.note("kein Mailserver: Mails landen im Ordner DATA/mail", "Setzen Sie STADTPLATZ_SMTP."),
        Err(error) => findings.bad(&format!("Mail: {error}"), "Prüfen Sie STADTPLATZ_SMTP."),
    }
    check_encryption(&config.database, findings);
    if config.s3.is_some() {
        match site.files.check_place().await {
            Ok(()) => findings.good("der S3-Speicher nimmt, gibt und löscht Dateien"),
            Err(error) => findings.bad(
                &format!("S3-Speicher: {error}"),
                "Prüfen Sie files, files_key und files_secret und ob der Zugang lesen, schreiben, auflisten und löschen darf.",
            ),
        }
    }
    match site.files.check_space().await {
        Ok(()) => findings.good("auf der Platte ist Platz"),
        Err(error) => findings.bad(&format!("Platz: {error}"), "Schaffen Sie Platz; Uploads werden sonst abgewiesen."),
    }
    if !config.listen.ip().is_loopback() && config.trusted_proxies.is_empty() {
        findings.note(
            "das Programm antwortet unverschlüsselt nach außen",
            "Stellen Sie einen Reverse-Proxy mit TLS davor und tragen Sie ihn in STADTPLATZ_TRUSTED_PROXIES ein.",
        );
    }
    if !config.limits {
        findings.bad("die Bremse gegen Massenanfragen ist aus", "Setzen Sie STADTPLATZ_LIMITS=an.");
    }
    match site.db.job_counts().await {
        Ok((waiting, 0)) => findings.good(&format!("Aufträge in der Warteschlange: {waiting}; keiner wartet auf Sie")),
        Ok((_, stuck)) => findings.bad(
            &(if stuck == 1 { "ein Auftrag ist gescheitert".into() } else { format!("{stuck} Aufträge sind gescheitert") }),
            "Sehen Sie unter /verwaltung/auftraege nach, beheben Sie die Ursache und versuchen Sie es dort noch einmal.",
        ),
        Err(error) => findings.bad(&format!("Aufträge: {error}"), "Ist die Datenbank gestartet?"),
    }
}

/// Whether the way to PostgreSQL can be overheard or led astray.
fn check_encryption(url: &str, findings: &mut Findings) {
    let mend = "Setzen Sie in STADTPLATZ_DATABASE sslmode=verify-full, bei eigener Zertifizierungsstelle mit sslrootcert=DATEI.";
    match db::encryption(url) {
        None => {}
        Some(Encryption::Local) => findings.good("die Datenbank ist auf diesem Rechner"),
        Some(Encryption::Full) => {
            findings.good("die Verbindung zur Datenbank ist verschlüsselt, ihr Zertifikat geprüft")
        }
        Some(Encryption::Authority) => findings.note("die Verbindung zur Datenbank prüft den Rechnernamen nicht", mend),
        Some(Encryption::Unverified) => {
            findings.bad("die Verbindung zur Datenbank ist verschlüsselt, aber niemand prüft, mit wem", mend)
        }
        Some(Encryption::Plain) => findings.bad("die Verbindung zur Datenbank ist nicht verschlüsselt", mend),
    }
}

/// A town whose map comes from elsewhere: does it come?
async fn check_map(site: &Site, town: MunicipalityId, name: &str, findings: &mut Findings) -> anyhow::Result<()> {
    let Some(source) = site.db.read(town, places::tile_source).await? else { return Ok(()) };
    let health = places::check_tile_source(site, town, &source).await?;
    let (text, mend) = map::words(&source, &health);
    match health {
        places::SourceHealth::Answers { .. } => findings.good(&format!("{name}: {text}")),
        places::SourceHealth::Empty => findings.note(&format!("{name}: {text}"), mend),
        _ => findings.bad(&format!("{name}: {text}"), mend),
    }
    Ok(())
}

/// Do the links in a town's mails lead to itself?
async fn check_address(site: &Site, id: MunicipalityId, name: &str, findings: &mut Findings) -> anyhow::Result<()> {
    let hosts = site.db.look_up(move |tables| tables.hosts_of(id)).await?;
    let Some(town) = site.town(id).await? else { return Ok(()) };
    if hosts.is_empty() || host_of(&town.base_url).is_some_and(|host| hosts.contains(&host)) {
        return Ok(());
    }
    findings.bad(
        &format!("{name}: Links in Mails führen nach {}, dort antwortet die Gemeinde nicht", town.base_url),
        &format!("stadtplatz municipality address {} https://{}", hosts[0], hosts[0]),
    );
    Ok(())
}

async fn check_towns(site: &Site, audit: bool, findings: &mut Findings) -> anyhow::Result<()> {
    let towns = site.db.look_up(|tables| tables.municipalities()).await?;
    if towns.is_empty() {
        findings.is_empty = true;
        findings.note(
            "es gibt noch keine Gemeinde",
            "Legen Sie eine an: stadtplatz municipality add HOST NAME (auf Debian stadtplatz-admin municipality add …).",
        );
    }
    for town in towns {
        if site.town(town.id).await?.is_none() {
            findings.bad(
                &format!("{} ist nicht fertig eingerichtet", town.name),
                "Führen Sie `stadtplatz municipality add` noch einmal mit denselben Angaben aus.",
            );
        }
        if !site.settings.demo && site.db.read(town.id, identity::has_demo_accounts).await? {
            findings.bad(
                &format!("{} enthält Vorführkonten mit bekanntem Kennwort", town.name),
                "Nehmen Sie für den Betrieb einen anderen Datenordner.",
            );
        }
        check_address(site, town.id, &town.name, findings).await?;
        check_map(site, town.id, &town.name, findings).await?;
        if audit {
            match site.db.read(town.id, db::verify_audit).await? {
                Verdict::Whole { lines } => {
                    findings.good(&format!("{}: Protokoll mit {lines} Zeilen ist heil", town.name))
                }
                Verdict::Broken { seq, why } => findings.bad(
                    &format!("{}: das Protokoll ist ab Zeile {seq} verändert ({why})", town.name),
                    "Sichern Sie den Stand und vergleichen Sie mit der letzten Sicherung.",
                ),
            }
        }
    }
    Ok(())
}
