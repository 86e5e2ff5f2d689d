//! Tests of the guarded client against small local servers and a resolver that lies.

mod client;
mod guard;
mod tiles;

use crate::{Found, Lookup, Outgoing, Settings};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Answers each path with given bytes and remembers what it was asked. `Stall` never ends its body.
pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
pub enum Reply {
    Bytes(Vec<u8>),
    Stall,
    /// Chunks without end and without a length.
    Flood,
}

impl Server {
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (Arc::clone(&asked), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                tokio::spawn(async move {
                    let mut request = vec![0; 8192];
                    let read = stream.read(&mut request).await.unwrap_or(0);
                    let request = String::from_utf8_lossy(&request[..read]).into_owned();
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    kept.lock().unwrap().push(request);
                    // A client that hangs up early is what the tests want to see.
                    let _ = match reply(&path) {
                        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
                        Reply::Stall => {
                            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nslow").await;
                            tokio::time::sleep(Duration::from_secs(60)).await;
                            Ok(())
                        }
                        Reply::Flood => flood(&mut stream).await,
                    };
                });
            }
        });
        Self { port, asked }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A client that may talk to this server.
    pub fn trusted(&self) -> Outgoing {
        Outgoing::new(self.settings()).unwrap()
    }

    pub fn settings(&self) -> Settings {
        Settings {
            timeout: Duration::from_secs(5),
            answer_bytes_max: 1000,
            intranet: vec![format!("127.0.0.1:{}", self.port)],
        }
    }
}

async fn flood(stream: &mut tokio::net::TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    loop {
        stream.write_all(b"64\r\n").await?;
        stream.write_all(&[b'x'; 100]).await?;
        stream.write_all(b"\r\n").await?;
    }
}

pub fn ok(body: &[u8]) -> Reply {
    with_head("HTTP/1.1 200 OK\r\ncontent-type: text/plain", body)
}

pub fn status(line: &str) -> Reply {
    with_head(&format!("HTTP/1.1 {line}"), b"")
}

pub fn redirect(to: &str) -> Reply {
    with_head(&format!("HTTP/1.1 302 Found\r\nlocation: {to}"), b"")
}

fn with_head(head: &str, body: &[u8]) -> Reply {
    let head = format!("{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// A resolver that gives one answer after the other, and the last for ever.
pub struct Scripted(Mutex<Vec<Vec<IpAddr>>>);

impl Scripted {
    pub fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().rev().map(parse).collect())))
    }
}

impl Lookup for Scripted {
    fn lookup(&self, _host: String) -> Found {
        let mut answers = self.0.lock().unwrap();
        let next = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        Box::pin(async move { Ok(next.unwrap_or_default()) })
    }
}
