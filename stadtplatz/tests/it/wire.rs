//! A person's browser on the wire, for tests that start the real process: plain HTTP/1.1 over a socket, one request per
//! connection, cookies kept. Not a client for anybody else's server.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};
use testkit::html::{FoundForm, forms};

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn form(&self, action: &str) -> FoundForm {
        let fits = |form: &FoundForm| form.action.split('?').next() == Some(action);
        forms(&self.body).into_iter().find(fits).unwrap_or_else(|| panic!("no form to {action} in:\n{}", self.body))
    }
}

pub struct Wire {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new() }
    }

    /// The same browser, at the same site on another port.
    pub fn moved_to(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    pub fn get(&mut self, path: &str) -> io::Result<Reply> {
        self.request("GET", path, "", b"")
    }

    pub fn post(&mut self, path: &str, fields: &[(String, String)]) -> io::Result<Reply> {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        self.request("POST", path, "application/x-www-form-urlencoded", body.join("&").as_bytes())
    }

    /// The same with a picture in the field `photo`.
    pub fn post_with_photo(&mut self, path: &str, fields: &[(String, String)], photo: &[u8]) -> io::Result<Reply> {
        const EDGE: &str = "edge-of-the-parts";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let about = "Content-Disposition: form-data; name=\"photo\"; filename=\"bild.png\"\r\nContent-Type: image/png";
        body.extend_from_slice(format!("--{EDGE}\r\n{about}\r\n\r\n").as_bytes());
        body.extend_from_slice(photo);
        body.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
        self.request("POST", path, &format!("multipart/form-data; boundary={EDGE}"), &body)
    }

    fn request(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> io::Result<Reply> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let _ = write!(head, "Cookie: {}\r\n", line.join("; "));
        }
        if method == "POST" {
            let _ = write!(
                head,
                "Content-Type: {content_type}\r\nSec-Fetch-Site: same-origin\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        stream.write_all(&[format!("{head}\r\n").as_bytes(), body].concat())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        self.read(&bytes)
    }

    fn read(&mut self, bytes: &[u8]) -> io::Result<Reply> {
        let broken = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is not complete");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|l| l.split(' ').nth(1)?.parse().ok()).ok_or_else(broken)?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            if let Some((name, value)) = value.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let raw = &bytes[end + 4..];
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, v)| v.parse().ok());
        let body = if chunked { unchunk(raw).ok_or_else(broken)? } else { raw.to_vec() };
        if length.is_some_and(|length: usize| body.len() < length) {
            return Err(broken());
        }
        Ok(Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn unchunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = raw.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..line]).ok()?.split(';').next()?.trim(), 16).ok()?;
        raw = &raw[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(..size)?);
        raw = raw.get(size + 2..)?;
    }
}
