//! From settings to a running `Site`: opens the database, brings it up to date, opens the folders. Shared by every command
//! that needs the site, so that all see the same world.

use crate::{config::Config, keys, rooms, uploads};
use anyhow::Context;
use base::{SystemChance, SystemClock};
use db::Db;
use std::{path::Path, sync::Arc};
use web::{Limits, Rooms, Settings, Site, SiteParts};

/// Makes a folder that only its owner may enter: what lies in it are people's reports and photos. One that is there
/// already stays as its owner made it.
pub fn private_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(folder)
        .with_context(|| format!("der Ordner {} lässt sich nicht anlegen", folder.display()))
}

/// The database alone, for commands that need no site.
pub async fn database(config: &Config) -> anyhow::Result<Db> {
    private_folder(&config.data)?;
    let shown = crate::address::without_secrets(&config.database);
    Db::open(db::Settings::new(config.database.clone()))
        .await
        .with_context(|| format!("die Datenbank {shown} antwortet nicht"))
}

/// The whole site, migrated.
pub async fn site(config: &Config) -> anyhow::Result<Site> {
    site_of(config, rooms::rooms()).await
}

/// The same of these rooms.
pub async fn site_of(config: &Config, rooms: Rooms) -> anyhow::Result<Site> {
    let db = database(config).await?;
    let applied =
        db.migrate(rooms::migrations(&rooms)).await.context("die Datenbank lässt sich nicht aktualisieren")?;
    if applied > 0 {
        tracing::info!(applied, "migrations applied");
    }
    let chance = Arc::new(SystemChance);
    let keys = keys::of_database(&config.data, &db, &*chance).await?;
    let files = files::Store::open(uploads::settings(config))
        .await
        .context("der Ordner für Uploads lässt sich nicht öffnen")?;
    let mailer = mailer(config)?;
    let settings = Settings {
        trusted_proxies: config.trusted_proxies.clone(),
        demo: config.demo,
        intranet: config.intranet.clone(),
        ..Settings::default()
    };
    let outgoing = outgoing::Settings { intranet: settings.intranet.clone(), ..outgoing::Settings::default() };
    let outgoing = outgoing::Outgoing::new(outgoing)
        .context("intranet nennt Rechner als host:port, mit Komma getrennt, ohne Muster und Netze")?;
    let strangers = outgoing::Outgoing::new(outgoing::Settings::default())?;
    let limits = if config.limits { Limits::standard() } else { Limits::off() };
    let parts = SiteParts {
        db,
        files,
        mailer,
        outgoing,
        strangers,
        cache: config.data.join("cache"),
        clock: Arc::new(SystemClock),
        chance,
        keys,
        limits,
        settings,
        rooms,
    };
    Site::new(parts).context("ein Text des Programms ist nicht lesbar")
}

fn mailer(config: &Config) -> anyhow::Result<mail::Mailer> {
    let from = mail::EmailAddress::parse(&config.mail_from)
        .with_context(|| format!("mail_from = {} ist keine E-Mail-Adresse", config.mail_from))?;
    let settings = mail::Settings { url: config.smtp.clone(), folder: config.data.clone(), from };
    mail::Mailer::open(&settings, Arc::new(SystemClock)).context("smtp ist nicht richtig eingestellt")
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_its_owners_alone_and_an_old_one_stays() {
        use std::{fs, os::unix::fs::PermissionsExt, path::Path};

        let outer = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let new = outer.path().join("daten/tief");
        super::private_folder(&new).unwrap();
        assert_eq!((mode(&new), mode(&outer.path().join("daten"))), (0o700, 0o700));
        fs::set_permissions(&new, fs::Permissions::from_mode(0o750)).unwrap();
        super::private_folder(&new).unwrap();
        assert_eq!(mode(&new), 0o750);
    }
}
