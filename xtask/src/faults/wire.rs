//! Plain HTTP/1.1 over a socket, one request per connection, every byte in our hand: requests may be wrong, slow or cut.
//! No cookies, no redirects, no TLS.
//! Invariant: an answer counts only if it is complete.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Whoever waits longer for an answer waits in vain.
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, body) = (String::from_utf8_lossy(&bytes[..end]).into_owned(), &bytes[end + 4..]);
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut reply = Self { status, head, body: String::new() };
        let whole = match reply.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
            Some(length) if body.len() < length => return None,
            _ if reply.header("transfer-encoding") == Some("chunked") => unchunked(body)?,
            _ => body.to_vec(),
        };
        reply.body = String::from_utf8_lossy(&whole).into_owned();
        Some(reply)
    }
}

fn unchunked(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = vec![];
    loop {
        let line = raw.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..line]).ok()?.trim(), 16).ok()?;
        raw = &raw[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(..size)?);
        raw = raw.get(size + 2..)?;
    }
}

pub fn connect(port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends these bytes as they are and reads until the server closes.
pub fn raw(port: u16, bytes: &[u8]) -> io::Result<Reply> {
    let mut stream = connect(port)?;
    // A server that refuses early closes while we still send: its answer is worth reading all the same.
    let sent = stream.write_all(bytes);
    finish(&mut stream).or_else(|error| sent.and(Err(error)))
}

/// The same, and says that nothing more will come.
pub fn cut(port: u16, bytes: &[u8]) -> io::Result<Reply> {
    let mut stream = connect(port)?;
    let sent = stream.write_all(bytes);
    let _closed_already = stream.shutdown(Shutdown::Write);
    finish(&mut stream).or_else(|error| sent.and(Err(error)))
}

/// The rest of the answer.
fn finish(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut bytes = vec![];
    let ended = stream.read_to_end(&mut bytes);
    match Reply::read(&bytes) {
        Some(reply) => Ok(reply),
        None => Err(ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())),
    }
}

pub fn get(port: u16, path: &str) -> io::Result<Reply> {
    raw(port, head("GET", path, &[]).as_bytes())
}

pub fn post(port: u16, path: &str, kind: &str, body: &[u8], headers: &[(&str, &str)]) -> io::Result<Reply> {
    let length = body.len().to_string();
    let mut all = vec![("Content-Type", kind), ("Content-Length", &length)];
    all.extend_from_slice(headers);
    raw(port, &[head("POST", path, &all).as_bytes(), body].concat())
}

/// A form as browsers send it, encoded.
pub fn post_form(port: u16, path: &str, fields: &[(&str, &str)]) -> io::Result<Reply> {
    post(port, path, "application/x-www-form-urlencoded", encoded(fields).as_bytes(), &[])
}

pub fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&")
}

fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_answer_is_none() {
        let whole = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\nbusy";
        let read = |bytes: &[u8]| Reply::read(bytes);
        let reply = read(whole);
        assert!(reply.is_some_and(|it| it.status == 503 && it.header("retry-after") == Some("2") && it.body == "busy"));
        assert!(read(&whole[..whole.len() - 1]).is_none());
        assert!(read(&whole[..20]).is_none());
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert!(read(chunked).is_some_and(|it| it.body == "abc"));
        assert!(read(&chunked[..chunked.len() - 5]).is_none());
    }

    #[test]
    fn fields_are_encoded() {
        assert_eq!(encoded(&[("a b", "ü&=")]), "a%20b=%C3%BC%26%3D");
    }
}
