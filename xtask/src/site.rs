//! The demo town as a running program for browser tests and screenshots: own data folder, own free port.
//! It is ready when `/readyz` says so and `demo.json` lies in the data folder, not when the process exists.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::postgres::free_port;
use crate::run::{self, Running, Shop};
use crate::say;

const START_LIMIT: Duration = Duration::from_secs(300);

pub struct Site<'a> {
    _process: Running<'a>,
    pub base_url: String,
    pub demo_json: PathBuf,
}

impl<'a> Site<'a> {
    /// Starts `stadtplatz demo` on this database (`None`: SQLite in its data folder) and waits until it answers.
    pub fn demo(shop: &'a Shop, binary: &PathBuf, name: &str, database: Option<&str>) -> Result<Self> {
        let data = shop.folder(name)?;
        let port = free_port()?;
        let base_url = format!("http://localhost:{port}");
        let mut command = Command::new(binary);
        command
            .arg("demo")
            .current_dir(&shop.root)
            .env("STADTPLATZ_LISTEN", format!("127.0.0.1:{port}"))
            .env("STADTPLATZ_PUBLIC_URL", &base_url)
            .env("STADTPLATZ_DATA", &data);
        match database {
            Some(url) => command.env("STADTPLATZ_DATABASE", url),
            None => command.env_remove("STADTPLATZ_DATABASE"),
        };
        let mut process = shop.start(name, &mut command)?;
        let demo_json = data.join("demo.json");
        let began = Instant::now();
        loop {
            if let Some(status) = process.poll()? {
                say::tail(&run::read(&process.log_path), 30);
                bail!("the demo ended before it answered ({status})");
            }
            if demo_json.exists() && answers(port, "/readyz") {
                return Ok(Self { _process: process, base_url, demo_json });
            }
            if began.elapsed() > START_LIMIT {
                say::tail(&run::read(&process.log_path), 30);
                bail!("the demo was not ready within {} s", START_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
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
