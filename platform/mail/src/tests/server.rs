//! A small real SMTP server for the tests: it speaks on a socket, keeps what it is given, and can be told to refuse.

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

const CERTIFICATE: &[u8] = include_bytes!("../../../testkit/certificates/server.pem");
const KEY: &[u8] = include_bytes!("../../../testkit/certificates/server.key");

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Clear,
    /// Begins in the clear and offers encryption.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
}

/// One message as it was handed over.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub auth: Option<String>,
    /// Without the dots that the protocol adds.
    pub data: String,
    /// Lines as they came over the wire.
    pub wire: Vec<String>,
    /// Was it handed over on an encrypted line?
    pub encrypted: bool,
}

pub struct Server {
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    /// Commands that came in the clear.
    clear: Arc<Mutex<Vec<String>>>,
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

impl Server {
    /// `answers` replaces the usual reply to a command: `("RCPT", "550 5.1.1 unknown")`; an empty reply means silence.
    pub async fn start(answers: &'static [(&'static str, &'static str)]) -> Self {
        Self::on(Line::Clear, answers).await
    }

    pub async fn on(line: Line, answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let clear = Arc::new(Mutex::new(Vec::new()));
        let (kept, heard) = (Arc::clone(&received), Arc::clone(&clear));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, heard) = (Arc::clone(&kept), Arc::clone(&heard));
                tokio::spawn(async move {
                    // A client that hangs up in the middle is part of the tests.
                    let _ = serve(stream, line, answers, &kept, &heard).await;
                });
            }
        });
        Self { port, received, clear }
    }

    pub fn heard_in_the_clear(&self) -> Vec<String> {
        self.clear.lock().unwrap().clone()
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    line: Line,
    answers: &[(&str, &str)],
    kept: &Mutex<Vec<Received>>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    match line {
        Line::Clear => converse(&mut stream, false, answers, kept).await,
        Line::Tls => converse(&mut acceptor().accept(stream).await?, true, answers, kept).await,
        Line::StartTls => {
            let mut clear = BufReader::new(&mut stream);
            say(&mut clear, "220 server.example ESMTP").await?;
            while let Some(command) = hear(&mut clear).await? {
                heard.lock().unwrap().push(command.clone());
                match command.as_str() {
                    "STARTTLS" => {
                        say(&mut clear, "220 go on").await?;
                        let mut encrypted = acceptor().accept(stream).await?;
                        return converse(&mut encrypted, true, answers, kept).await;
                    }
                    _ => say(&mut clear, "250-server.example\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN").await?,
                }
            }
            Ok(())
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    encrypted: bool,
    answers: &[(&str, &str)],
    kept: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    let answer = |command: &str, usual: &str| {
        let special = answers.iter().find(|(name, _)| *name == command);
        special.map_or(usual, |(_, reply)| reply).to_owned()
    };
    let mut stream = BufReader::new(stream);
    let mut message = Received { encrypted, ..Received::default() };
    // After STARTTLS the server does not greet again; lettre would take a greeting for an answer.
    if !encrypted || answers.iter().any(|(name, _)| *name == "CONNECT") {
        say(&mut stream, &answer("CONNECT", "220 server.example ESMTP")).await?;
    }
    while let Some(line) = hear(&mut stream).await? {
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let usual = match command.as_str() {
            "EHLO" => "250-server.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
            "AUTH" => {
                message.auth = line.strip_prefix("AUTH ").map(str::to_owned);
                "235 2.7.0 welcome"
            }
            "MAIL" => {
                message.from.clone_from(&line);
                "250 2.1.0 ok"
            }
            "RCPT" => {
                message.to.push(line.clone());
                "250 2.1.5 ok"
            }
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let reply = answer(&command, usual);
        say(&mut stream, &reply).await?;
        if reply.starts_with("354") {
            read_data(&mut stream, &mut message).await?;
            let reply = answer("END", "250 2.0.0 queued");
            if reply.starts_with("250") {
                kept.lock().unwrap().push(message.clone());
            }
            message = Received { auth: message.auth, encrypted, ..Received::default() };
            say(&mut stream, &reply).await?;
        }
    }
    Ok(())
}

async fn read_data<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    message: &mut Received,
) -> std::io::Result<()> {
    while let Some(line) = hear(stream).await? {
        if line == "." {
            return Ok(());
        }
        message.data.push_str(line.strip_prefix('.').unwrap_or(&line));
        message.data.push_str("\r\n");
        message.wire.push(line);
    }
    Ok(())
}

async fn hear<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, reply: &str) -> std::io::Result<()> {
    if reply.is_empty() {
        return Ok(());
    }
    stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await?;
    stream.get_mut().flush().await
}
