//! A town as a running program for browser tests and screenshots: own data folder, own free port. Ahornfurt comes by
//! `demo`, Bindlach by the commands that an operator uses. Not a test: it only gets things ready.
//! It is ready when `/readyz` says so, not when the process exists.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::postgres::free_port;
use crate::run::{self, Running, Shop};
use crate::say;

const START_LIMIT: Duration = Duration::from_secs(300);

pub struct Site<'a> {
    _process: Running<'a>,
    pub base_url: String,
    /// Accounts and example pages of this site, for the browser tests.
    pub demo_json: PathBuf,
}

/// What every command of one site shares.
struct Place<'s> {
    shop: &'s Shop,
    binary: &'s Path,
    name: &'s str,
    data: PathBuf,
    port: u16,
}

impl<'s> Place<'s> {
    fn new(shop: &'s Shop, binary: &'s Path, name: &'s str) -> Result<Self> {
        Ok(Self { shop, binary, name, data: shop.folder(name)?, port: free_port()? })
    }

    fn base_url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn command(&self, database: Option<&str>) -> Command {
        let mut command = Command::new(self.binary);
        command
            .current_dir(&self.data)
            .env("STADTPLATZ_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("STADTPLATZ_PUBLIC_URL", self.base_url())
            .env("STADTPLATZ_DATA", &self.data)
            // All tests come from one address; the limits have tests of their own.
            .env("STADTPLATZ_LIMITS", "aus");
        match database {
            Some(url) => command.env("STADTPLATZ_DATABASE", url),
            None => command.env_remove("STADTPLATZ_DATABASE"),
        };
        command
    }

    /// Runs one command of the program to its end and hands back what it printed.
    fn ask(&self, database: Option<&str>, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(database);
        let verb = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let name = format!("{}-{}", self.name, verb.replace(' ', "-"));
        let ended = self.shop.run(&name, command.args(arguments), START_LIMIT)?;
        if !ended.ok {
            say::tail(&ended.log, 20);
            bail!("`stadtplatz {verb}` {}", ended.why);
        }
        Ok(ended.log)
    }

    fn ready(&self, mut process: Running<'s>, demo_json: PathBuf) -> Result<Site<'s>> {
        let began = Instant::now();
        loop {
            if let Some(status) = process.poll()? {
                say::tail(&run::read(&process.log_path), 30);
                bail!("the site ended before it answered ({status})");
            }
            if demo_json.exists() && answers(self.port, "/readyz") {
                return Ok(Site { _process: process, base_url: self.base_url(), demo_json });
            }
            if began.elapsed() > START_LIMIT {
                say::tail(&run::read(&process.log_path), 30);
                bail!("the site was not ready within {} s", START_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl<'a> Site<'a> {
    /// Starts `stadtplatz demo` on this database (`None`: SQLite in its data folder) and waits until it answers.
    pub fn demo(shop: &'a Shop, binary: &'a Path, name: &'a str, database: Option<&str>) -> Result<Self> {
        let place = Place::new(shop, binary, name)?;
        let process = shop.start(name, place.command(database).arg("demo"))?;
        let demo_json = place.data.join("demo.json");
        place.ready(process, demo_json)
    }

    /// Sets Bindlach up as an operator would, from its OpenStreetMap extract and its own addresses, and serves it.
    pub fn bindlach(shop: &'a Shop, binary: &'a Path, sources: &Path, database: Option<&str>) -> Result<Self> {
        let place = Place::new(shop, binary, "bindlach")?;
        let source = |file: &str| sources.join(file).to_string_lossy().into_owned();
        let mail = "leitung@bindlach.example";
        place.ask(database, &["municipality", "add", "localhost", "Bindlach", "--template", "standard"])?;
        place.ask(database, &["import", "osm", &source("bindlach-heinersreuth-2014.osm.pbf")])?;
        place.ask(database, &["import", "addresses", &source("adressen.csv")])?;
        let printed =
            place.ask(database, &["staff", "invite", mail, "--role", "head", "--name", "Erika Zimmermann"])?;
        let link = printed.split_whitespace().find(|word| word.contains("/einladung/"));
        let link = link.context("`stadtplatz staff invite` printed no link")?;
        let account = json!({
            "role": "head", "email": mail, "password": "leuchtturm am roten main", "invitation": link,
        });
        let demo_json = place.data.join("site.json");
        let site = json!({ "base_url": place.base_url(), "accounts": [account], "pages": [] });
        std::fs::write(&demo_json, serde_json::to_vec_pretty(&site)?)?;
        let process = shop.start("bindlach", place.command(database).arg("serve"))?;
        place.ready(process, demo_json)
    }
}

/// Whether a plain GET is answered with 200.
fn answers(port: u16, path: &str) -> bool {
    status_of(port, path).is_some_and(|head| head.starts_with("HTTP/1.1 200"))
}

fn status_of(port: u16, path: &str) -> Option<String> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut head = [0; 64];
    let length = stream.read(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn server(answer: &'static str) -> std::io::Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        std::thread::spawn(move || {
            if let Ok((mut stream, _)) = listener.accept() {
                let _read = stream.read(&mut [0; 512]);
                let _sent = stream.write_all(answer.as_bytes());
            }
        });
        Ok(port)
    }

    #[test]
    fn only_200_is_ready() -> std::io::Result<()> {
        assert!(answers(server("HTTP/1.1 200 OK\r\n\r\n")?, "/readyz"));
        assert!(!answers(server("HTTP/1.1 503 Service Unavailable\r\n\r\n")?, "/readyz"));
        Ok(())
    }
}
