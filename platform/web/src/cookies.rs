//! Cookies of the necessary kind only (§ 25 Abs. 2 Nr. 2 TDDDG): session, display settings, one-time notices. All carry
//! the `__Host-` prefix: Secure, Path=/, no Domain, so no neighbouring host can set or read them.

use http::{HeaderMap, HeaderValue, header};

/// A `Set-Cookie` value. `name` without the prefix; `max_age_seconds` `None` ends with the browser session. The value
/// must already be cookie-safe (tokens, base64url, digits).
pub fn cookie(name: &str, value: &str, max_age_seconds: Option<i64>) -> HeaderValue {
    let age = max_age_seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    let text = format!("__Host-{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| expired_cookie("ungueltig"))
}

/// Deletes the cookie.
pub fn expired_cookie(name: &str) -> HeaderValue {
    let text = format!("__Host-{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of one of our cookies, if it was sent.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key.strip_prefix("__Host-") == Some(name)).then_some(value))
}

/// Was no cookie of ours sent but, perhaps, this one? What others set under this host is not read anywhere.
pub fn none_but(headers: &HeaderMap, name: &str) -> bool {
    let lines = headers.get_all(header::COOKIE).iter();
    lines.map(|value| value.to_str().unwrap_or("__Host-?")).flat_map(|line| line.split(';')).all(|pair| {
        let key = pair.trim().split('=').next().unwrap_or("");
        key.strip_prefix("__Host-").is_none_or(|ours| ours == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_prefixed_cookie_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("sitzung=falsch; __Host-sitzung=richtig"));
        assert_eq!(read(&headers, "sitzung"), Some("richtig"));
        assert_eq!(read(&headers, "fehlt"), None);
    }

    #[test]
    fn others_cookies_do_not_count_as_ours() {
        let rows = [
            ("a=b; c=d", true),
            ("__Host-darstellung=dark; a=b", true),
            ("a=b; __Host-sitzung=x", false),
            ("__Host-darstellung=dark;__Host-hinweis=x", false),
            ("__Host-sitzung", false),
        ];
        for (line, alone) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            assert_eq!(none_but(&headers, "darstellung"), alone, "{line}");
        }
        assert!(none_but(&HeaderMap::new(), "darstellung"));
    }

    #[test]
    fn a_value_that_would_break_the_header_sets_nothing() {
        assert!(cookie("a", "x\r\nSet-Cookie: b=c", None).to_str().unwrap().contains("Max-Age=0"));
    }
}
