//! An S3 server for one test run: moto, where Python has it (`pip install "moto[server]"`), on a free port of 127.0.0.1 with
//! one bucket. It keeps everything in memory. Where it is missing, the tests that need it say that they were skipped.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::postgres::free_port;
use crate::run::{self, Running, Shop};
use crate::say;

const START_LIMIT: Duration = Duration::from_secs(60);
const BUCKET: &str = "stadtplatz";
const PYTHON: &str = "python3";

pub struct Server<'a> {
    process: Running<'a>,
    port: u16,
}

impl<'a> Server<'a> {
    /// `None` where it is not installed.
    pub fn start(shop: &'a Shop) -> Result<Option<Self>> {
        if !installed() {
            return Ok(None);
        }
        let port = free_port()?;
        let mut server = Command::new(PYTHON);
        server.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let mut server = Self { process: shop.start("moto", &mut server)?, port };
        server.wait()?;
        Ok(Some(server))
    }

    /// What `STADTPLATZ_TEST_S3` names.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{BUCKET}", self.port)
    }

    /// Makes the bucket; the server is there when it has.
    fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < START_LIMIT {
            if let Some(status) = self.process.poll()? {
                say::tail(&run::read(&self.process.log_path), 20);
                bail!("moto ended at once ({status})");
            }
            if self.make_bucket().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        bail!("moto did not answer within {} s", START_LIMIT.as_secs())
    }

    fn make_bucket(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let request =
            format!("PUT /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

fn installed() -> bool {
    let asked = Command::new(PYTHON)
        .args(["-c", "import moto.server, flask, flask_cors"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}
