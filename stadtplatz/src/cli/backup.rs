//! `stadtplatz backup` and `restore`: database, uploads and keys as one folder. The database is copied first: a blob may
//! then lack its row, which is swept later. A row lacks its blob only where somebody covered a public photo anew in the
//! moments between: its former copy goes at once, and the photo as it came is there. Works while the site serves.

use super::say;
use crate::{address::without_password, config::Config, keys, start, uploads};
use anyhow::{Context, bail, ensure};
use std::{fs, path::Path, process::Command};

const SQLITE_FILE: &str = "stadtplatz.db";
/// Where Debian and Red Hat keep the authorities that the machine trusts.
const AUTHORITIES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
const POSTGRES_FILE: &str = "stadtplatz.pgdump";

pub async fn backup(config: &Config, folder: &Path) -> anyhow::Result<()> {
    ensure!(!folder.exists(), "{} gibt es schon: nennen Sie einen neuen Ordner", folder.display());
    // Opening would make an empty one.
    if let Some(file) = db::sqlite_file(&config.database) {
        ensure!(
            file.exists(),
            "unter {} liegt keine Datenbank. Nennen Sie den Datenordner (STADTPLATZ_DATA); auf Debian rufen Sie stadtplatz-admin",
            file.display()
        );
    }
    start::private_folder(folder)?;
    if db::sqlite_file(&config.database).is_some() {
        let db = start::database(config).await?;
        let checked = db.backup(folder.join(SQLITE_FILE)).await.context("die Datenbank lässt sich nicht sichern")?;
        say(format_args!("Datenbank: {} Bytes, {} Tabellen, geprüft.", checked.bytes, checked.tables));
        db.close().await;
    } else {
        let target = folder.join(POSTGRES_FILE);
        postgres_tool("pg_dump", &["--format=custom", "--no-owner"], ("--file", &target), &config.database)?;
        say("Datenbank: mit pg_dump gesichert.");
    }
    let store = files::Store::open(uploads::settings(config)).await?;
    let inventory = store.copy_all_to(folder).await.context("die Uploads lassen sich nicht sichern")?;
    say(format_args!("Dateien der Uploads: {}.", inventory.blobs));
    copy_folder(&config.data.join("keys"), &folder.join("keys"))?;
    say(format_args!(
        "Die Sicherung liegt in {}. Sie enthält den Schlüssel: verwahren Sie sie wie einen.",
        folder.display()
    ));
    Ok(())
}

pub async fn restore(config: &Config, folder: &Path) -> anyhow::Result<()> {
    ensure!(folder.is_dir(), "den Ordner {} gibt es nicht", folder.display());
    let damage = files::verify(folder).await.context("die Uploads der Sicherung lassen sich nicht prüfen")?;
    ensure!(damage.is_empty(), "beschädigte Dateien in der Sicherung: {}; es wurde nichts verändert", damage.len());
    ensure!(
        !config.data.join("keys").exists(),
        "{} ist nicht leer; es wurde nichts verändert. Halten Sie den Dienst an und stellen Sie den Ordner beiseite",
        config.data.display()
    );
    let source = folder.join(SQLITE_FILE);
    let is_file = db::sqlite_file(&config.database).is_some();
    keys::check_backup(folder, |word| {
        let word = if is_file { db::remembered_in_backup(&source, word) } else { Ok(None) };
        word.context("die Datenbank der Sicherung ist beschädigt")
    })
    .context("es wurde nichts verändert")?;
    // Asked before anything changes: is it there, and is it empty?
    let store = match &config.s3 {
        Some(_) => Some(empty_store(config).await?),
        None => None,
    };
    if let Some(target) = db::sqlite_file(&config.database) {
        ensure!(!target.exists(), "{} gibt es schon; es wurde nichts verändert", target.display());
        db::check_backup(&source).context("die Datenbank der Sicherung ist beschädigt")?;
        start::private_folder(target.parent().unwrap_or(Path::new(".")))?;
        fs::copy(&source, target).context("die Datenbank lässt sich nicht einspielen")?;
        fs::File::open(target)?.sync_all()?;
    } else {
        let source = folder.join(POSTGRES_FILE);
        ensure!(source.exists(), "{} fehlt", source.display());
        let words = ["--no-owner", "--exit-on-error", "--single-transaction"];
        postgres_tool("pg_restore", &words, ("", &source), &config.database)?;
    }
    match store {
        Some(store) => {
            let stored = store.take_all_from(folder).await.context(UNFINISHED)?;
            say(format_args!("Dateien der Uploads im S3-Speicher: {}.", stored.blobs));
        }
        None => copy_folder(&folder.join("files"), &config.data.join("files"))?,
    }
    copy_folder(&folder.join("keys"), &config.data.join("keys"))?;
    say("Die Sicherung ist eingespielt. `stadtplatz doctor --audit` prüft das Ergebnis.");
    Ok(())
}

const UNFINISHED: &str = "die Uploads sind nicht vollständig eingespielt: leeren Sie Datenbank, Datenordner und den Ordner im S3-Speicher und beginnen Sie von vorn";

async fn empty_store(config: &Config) -> anyhow::Result<files::Store> {
    let store = files::Store::open(uploads::settings(config)).await?;
    let empty = store.is_empty().await.context("der S3-Speicher antwortet nicht; es wurde nichts verändert")?;
    ensure!(
        empty,
        "der S3-Speicher enthält schon Uploads; es wurde nichts verändert. Nennen Sie in files einen leeren Ordner"
    );
    Ok(store)
}

/// The password goes by environment, so that it never shows in the list of processes.
fn postgres_tool(tool: &str, words: &[&str], file: (&str, &Path), url: &str) -> anyhow::Result<()> {
    let (address, password) = without_password(url);
    let mut command = Command::new(tool);
    command.args(words).arg(format!("--dbname={address}"));
    if !file.0.is_empty() {
        command.arg(file.0);
    }
    command.arg(file.1);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    // As our own connection: without a word in the address another machine has to prove who it is. libpq alone would
    // go on unverified, even unencrypted ("prefer"). What the address or the operator's environment says counts more.
    if db::encryption(url) == Some(db::Encryption::Full) {
        let asked = |name| std::env::var_os(name).is_some();
        if !asked("PGSSLMODE") {
            command.env("PGSSLMODE", "verify-full");
        }
        let bundle = AUTHORITIES.iter().find(|file| Path::new(file).exists());
        if let (Some(bundle), false) = (bundle, asked("PGSSLROOTCERT")) {
            command.env("PGSSLROOTCERT", bundle);
        }
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("{tool} endete mit {status}"),
        Err(error) => Err(error).with_context(|| format!("{tool} fehlt: installieren Sie postgresql-client")),
    }
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    start::private_folder(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    fs::File::open(to)?.sync_all()?;
    Ok(())
}
