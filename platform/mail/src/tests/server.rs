//! A small real SMTP server for the tests: it speaks on a socket, keeps what it is given, and can be told to refuse.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

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
}

pub struct Server {
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// `answers` replaces the usual reply to a command: `("RCPT", "550 5.1.1 unknown")`; an empty reply means silence.
    pub async fn start(answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    // A client that hangs up in the middle is part of the tests.
                    let _ = converse(stream, answers, &kept).await;
                });
            }
        });
        Self { port, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, answers: &[(&str, &str)], kept: &Mutex<Vec<Received>>) -> std::io::Result<()> {
    let answer = |command: &str, usual: &str| {
        let special = answers.iter().find(|(name, _)| *name == command);
        special.map_or(usual, |(_, reply)| reply).to_owned()
    };
    let mut stream = BufReader::new(stream);
    let mut message = Received::default();
    say(&mut stream, &answer("CONNECT", "220 server.example ESMTP")).await?;
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
            message = Received { auth: message.auth, ..Received::default() };
            say(&mut stream, &reply).await?;
        }
    }
    Ok(())
}

async fn read_data(stream: &mut BufReader<TcpStream>, message: &mut Received) -> std::io::Result<()> {
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

async fn hear(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn say(stream: &mut BufReader<TcpStream>, reply: &str) -> std::io::Result<()> {
    if reply.is_empty() {
        return Ok(());
    }
    stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await
}
