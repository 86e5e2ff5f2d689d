//! Every setting, from flag, then environment, then the TOML file, then the default; each remembers where it came from,
//! so that `doctor` can say. Nothing is read from the environment anywhere else.

use crate::{address::without_secrets, uploads};
use anyhow::{Context, bail};
use serde::Deserialize;
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Flags and environment, the same for every command.
#[derive(clap::Args, Debug, Default, Clone)]
pub struct Given {
    /// Datei mit Einstellungen (TOML); ohne Angabe ./stadtplatz.toml, wenn es sie gibt
    #[arg(long, env = "STADTPLATZ_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Adresse und Port, auf denen die Seite antwortet
    #[arg(long, env = "STADTPLATZ_LISTEN", global = true)]
    pub listen: Option<String>,
    /// sqlite:PFAD oder postgres://…
    #[arg(long, env = "STADTPLATZ_DATABASE", global = true, hide_env_values = true)]
    pub database: Option<String>,
    /// Ordner für Datenbank, Uploads, Schlüssel und Postausgang
    #[arg(long, env = "STADTPLATZ_DATA", global = true)]
    pub data: Option<PathBuf>,
    /// Uploads in einem S3-Speicher: s3+https://host/bucket; ohne Angabe liegen sie im Ordner DATA/files
    #[arg(long, env = "STADTPLATZ_FILES", global = true)]
    pub files: Option<String>,
    /// Name des Zugangs zum S3-Speicher
    #[arg(long, env = "STADTPLATZ_FILES_KEY", global = true, hide_env_values = true)]
    pub files_key: Option<String>,
    /// Geheimnis des Zugangs zum S3-Speicher
    #[arg(long, env = "STADTPLATZ_FILES_SECRET", global = true, hide_env_values = true)]
    pub files_secret: Option<String>,
    /// Adresse der Seite nach außen, zum Beispiel `https://stadt.example`
    #[arg(long, env = "STADTPLATZ_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,
    /// Netze vertrauter Reverse-Proxys, mit Komma getrennt
    #[arg(long, env = "STADTPLATZ_TRUSTED_PROXIES", global = true)]
    pub trusted_proxies: Option<String>,
    /// Mailserver: smtp://name:passwort@host:587?tls=required; ohne Angabe landen Mails im Ordner DATA/mail
    #[arg(long, env = "STADTPLATZ_SMTP", global = true, hide_env_values = true)]
    pub smtp: Option<String>,
    /// Absender der Mails, zum Beispiel "Stadt Musterstadt <stadtplatz@stadt.example>"
    #[arg(long, env = "STADTPLATZ_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// Rechner im eigenen Netz, die das Programm fragen darf, als host:port mit Komma getrennt, zum Beispiel karten.intern:8080
    #[arg(long, env = "STADTPLATZ_INTRANET", global = true)]
    pub intranet: Option<String>,
    /// Form des Protokolls: text oder json
    #[arg(long, env = "STADTPLATZ_LOG", global = true)]
    pub log: Option<String>,
    /// Kennwort für /metrics von anderen Rechnern
    #[arg(long, env = "STADTPLATZ_METRICS_TOKEN", global = true, hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Bremse gegen Massenanfragen: an oder aus (aus nur für Last- und Browsertests)
    #[arg(long, env = "STADTPLATZ_LIMITS", global = true)]
    pub limits: Option<String>,
    /// So viele Sekunden meldet /readyz vor dem Ende schon „nicht bereit“, damit ein Verteiler niemanden mehr schickt
    #[arg(long, env = "STADTPLATZ_DRAIN", global = true)]
    pub drain: Option<String>,
}

/// The same by file. Unknown names are refused, so that a typing error is found.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: Option<String>,
    database: Option<String>,
    data: Option<PathBuf>,
    files: Option<String>,
    files_key: Option<String>,
    files_secret: Option<String>,
    public_url: Option<String>,
    trusted_proxies: Option<String>,
    smtp: Option<String>,
    mail_from: Option<String>,
    intranet: Option<String>,
    log: Option<String>,
    metrics_token: Option<String>,
    limits: Option<String>,
    drain: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    FlagOrEnvironment,
    File,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FlagOrEnvironment => "Aufruf oder Umgebung",
            Self::File => "Datei",
            Self::Default => "Vorgabe",
        })
    }
}

/// One setting for `doctor`: name, value without secrets, origin.
pub struct Shown {
    pub name: &'static str,
    pub value: String,
    pub source: Source,
}

pub struct Config {
    pub listen: SocketAddr,
    pub database: String,
    pub data: PathBuf,
    /// Where uploads are, if not in the data folder.
    pub s3: Option<files::S3>,
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub smtp: Option<String>,
    pub mail_from: String,
    pub intranet: Vec<String>,
    pub json_log: bool,
    pub metrics_token: Option<String>,
    pub limits: bool,
    /// Between the wish to stop and the first refused connection.
    pub drain: Duration,
    pub demo: bool,
    pub shown: Vec<Shown>,
}

/// Picks by precedence and notes the origin.
fn pick<T>(given: Option<T>, written: Option<T>, default: impl FnOnce() -> T) -> (T, Source) {
    match (given, written) {
        (Some(value), _) => (value, Source::FlagOrEnvironment),
        (None, Some(value)) => (value, Source::File),
        (None, None) => (default(), Source::Default),
    }
}

fn optional<T>(given: Option<T>, written: Option<T>) -> (Option<T>, Source) {
    pick(given.map(Some), written.map(Some), || None)
}

impl Config {
    /// `demo` moves the data folder and allows demo accounts.
    pub fn read(given: Given, demo: bool) -> anyhow::Result<Self> {
        let written = read_file(given.config.as_deref())?;
        let folder = if demo { "./demo-data" } else { "./data" };
        let (listen, listen_from) = pick(given.listen, written.listen, || "127.0.0.1:8080".to_owned());
        let (data, data_from) = pick(given.data, written.data, || PathBuf::from(folder));
        let in_data = || format!("sqlite:{}", data.join("stadtplatz.db").display());
        let (database, database_from) = pick(given.database, written.database, in_data);
        let (files, files_from) = optional(given.files, written.files);
        let (files_key, key_from) = optional(given.files_key, written.files_key);
        let (files_secret, secret_from) = optional(given.files_secret, written.files_secret);
        let (public_url, url_from) = optional(given.public_url, written.public_url);
        let (proxies, proxies_from) = pick(given.trusted_proxies, written.trusted_proxies, String::new);
        let (smtp, smtp_from) = optional(given.smtp, written.smtp);
        let (mail_from, from_from) = pick(given.mail_from, written.mail_from, || "stadtplatz@localhost".to_owned());
        let (intranet, intranet_from) = pick(given.intranet, written.intranet, String::new);
        let (log, log_from) = pick(given.log, written.log, || "text".to_owned());
        let (metrics_token, token_from) = optional(given.metrics_token, written.metrics_token);
        let (limits, limits_from) = pick(given.limits, written.limits, || "an".to_owned());
        let (drain, drain_from) = pick(given.drain, written.drain, || "0".to_owned());
        let none = || "nicht gesetzt".to_owned();
        let hidden = |set: bool| if set { "gesetzt".to_owned() } else { none() };
        let show = |name, value, source| Shown { name, value, source };
        let shown = vec![
            show("listen", listen.clone(), listen_from),
            show("database", without_secrets(&database), database_from),
            show("data", data.display().to_string(), data_from),
            show("files", files.as_deref().map_or_else(none, without_secrets), files_from),
            show("files_key", hidden(files_key.is_some()), key_from),
            show("files_secret", hidden(files_secret.is_some()), secret_from),
            show("public_url", public_url.clone().unwrap_or_else(none), url_from),
            show("trusted_proxies", proxies.clone(), proxies_from),
            show("smtp", smtp.as_deref().map_or_else(none, without_secrets), smtp_from),
            show("mail_from", mail_from.clone(), from_from),
            show("intranet", intranet.clone(), intranet_from),
            show("log", log.clone(), log_from),
            show("metrics_token", hidden(metrics_token.is_some()), token_from),
            show("limits", limits.clone(), limits_from),
            show("drain", drain.clone(), drain_from),
        ];
        Ok(Self {
            listen: socket(&listen)?,
            trusted_proxies: networks(&proxies)?,
            json_log: word("log", &log, ["text", "json"])? == 1,
            limits: word("limits", &limits, ["an", "aus"])? == 0,
            drain: seconds(&drain)?,
            database: database_url(database)?,
            public_url: public_url.map(public).transpose()?,
            s3: uploads::s3(files.as_deref(), files_key, files_secret)?,
            data,
            smtp,
            mail_from,
            intranet: words(&intranet),
            metrics_token,
            demo,
            shown,
        })
    }
}

fn read_file(path: Option<&Path>) -> anyhow::Result<Written> {
    let path = match path {
        Some(path) => path,
        None if Path::new("stadtplatz.toml").exists() => Path::new("stadtplatz.toml"),
        None => return Ok(Written::default()),
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} ist nicht lesbar", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} ist keine gültige Einstellungsdatei", path.display()))
}

fn socket(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().with_context(|| format!("listen = {text} ist keine Adresse wie 127.0.0.1:8080"))
}

/// Longer than this no proxy needs to notice, and the service manager loses its patience.
const DRAIN_SECONDS_MAX: u64 = 60;

fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds = text.parse::<u64>().ok().filter(|seconds| *seconds <= DRAIN_SECONDS_MAX);
    let wrong = || format!("drain = {text} ist keine Zahl von Sekunden zwischen 0 und {DRAIN_SECONDS_MAX}");
    seconds.map(Duration::from_secs).with_context(wrong)
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The index of the word among those allowed.
fn word<const N: usize>(name: &str, value: &str, allowed: [&str; N]) -> anyhow::Result<usize> {
    allowed
        .iter()
        .position(|known| *known == value)
        .with_context(|| format!("{name} = {value} kennt nur: {}", allowed.join(", ")))
}

fn networks(text: &str) -> anyhow::Result<Vec<ipnet::IpNet>> {
    let parse = |part: &str| {
        let net = part.parse::<ipnet::IpNet>().or_else(|_| part.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
        net.with_context(|| format!("trusted_proxies: {part} ist kein Netz wie 10.0.0.0/8"))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(parse).collect()
}

fn database_url(url: String) -> anyhow::Result<String> {
    if url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(url);
    }
    bail!("database = {} beginnt weder mit sqlite: noch mit postgres://", without_secrets(&url))
}

fn public(url: String) -> anyhow::Result<String> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    bail!("public_url = {url} beginnt nicht mit https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_beat_defaults_and_secrets_stay_hidden() {
        let given = Given {
            database: Some("postgres://anna:geheim@db.example/stadt?password=geheim".into()),
            smtp: Some("smtp://anna:geheim@mail.example".into()),
            listen: Some("127.0.0.1:9000".into()),
            trusted_proxies: Some("10.0.0.0/8, 192.0.2.7".into()),
            intranet: Some("karten.intern:8080, 10.0.0.5:80,".into()),
            ..Given::default()
        };
        let config = Config::read(given, false).unwrap();
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.intranet, ["karten.intern:8080", "10.0.0.5:80"]);
        assert!(config.shown.iter().all(|s| !s.value.contains("geheim") && !s.value.contains("anna")));
        assert!(config.data.ends_with("data"));
    }

    /// A table of the manual: the names of each row and what it says of the default.
    fn rows<'t>(text: &'t str, first: &str) -> Vec<(Vec<&'t str>, &'t str)> {
        let begin = text.find(first).expect("the table is there");
        let lines = text[begin..].lines().skip(2).take_while(|line| line.starts_with('|'));
        let row = |line: &'t str| {
            let mut cells = line.split('|').skip(1).map(str::trim);
            let names = cells.next().unwrap_or_default().split('`').skip(1).step_by(2).collect();
            (names, cells.next().unwrap_or_default())
        };
        lines.map(row).collect()
    }

    #[test]
    fn the_manuals_name_every_setting_with_its_default() {
        let command = <Given as clap::Args>::augment_args(clap::Command::new("stadtplatz"));
        let known: Vec<String> = command.get_arguments().map(|one| one.get_id().to_string()).collect();
        for name in known.iter().filter(|name| *name != "config") {
            assert!(toml::from_str::<Written>(&format!("{name} = \"x\"")).is_ok(), "no line of the file sets {name}");
        }
        let config = Config::read(Given::default(), false).unwrap();
        let default_of = |name: &str| match name {
            "config" => "./stadtplatz.toml".to_owned(),
            "log_level" => "info".to_owned(),
            name => config
                .shown
                .iter()
                .find(|one| one.name == name)
                .map(|one| one.value.replace("./data/", "DATA/"))
                .unwrap(),
        };
        let readme = rows(include_str!("../../README.md"), "| Variable |");
        let manual = rows(include_str!("../../docs/betrieb/einstellungen.md"), "| Name |");
        for (table, more, unset) in [(readme, Some("log_level"), "none"), (manual, None, "nicht gesetzt")] {
            let plain = |name: &&str| name.trim_start_matches("STADTPLATZ_").to_lowercase();
            let mut named: Vec<String> = table.iter().flat_map(|(names, _)| names).map(plain).collect();
            let mut expected: Vec<String> = known.iter().cloned().chain(more.map(str::to_owned)).collect();
            named.sort_unstable();
            expected.sort_unstable();
            assert_eq!(named, expected, "the table and the program");
            for (name, said) in
                table.iter().flat_map(|(names, said)| names.iter().map(plain).map(move |name| (name, said)))
            {
                let is_said = match default_of(&name).as_str() {
                    "" | "nicht gesetzt" => said.starts_with(unset),
                    value => said.starts_with(&format!("`{value}`")),
                };
                assert!(is_said, "{name} is {}, not {said}", default_of(&name));
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |given| Config::read(given, false).err().map(|e| format!("{e:#}")).unwrap_or_default();
        assert!(wrong(Given { listen: Some("8080".into()), ..Given::default() }).contains("listen = 8080"));
        assert!(wrong(Given { database: Some("mysql://x".into()), ..Given::default() }).contains("sqlite:"));
        assert!(wrong(Given { log: Some("xml".into()), ..Given::default() }).contains("text, json"));
        assert!(wrong(Given { drain: Some("3s".into()), ..Given::default() }).contains("drain = 3s"));
        assert!(wrong(Given { drain: Some("61".into()), ..Given::default() }).contains("zwischen 0 und 60"));
    }
}
