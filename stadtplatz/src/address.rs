//! Addresses of servers that may carry a password: `postgres://name:password@host/…?password=…`, `smtp://…`. Read by
//! hand, because one URL may name several hosts with ports, which the parser of the web refuses. Invariant: what cannot
//! be told apart is hidden, never shown.

use percent_encoding::percent_decode_str;

struct Address<'a> {
    scheme: &'a str,
    /// `name:password`.
    person: Option<&'a str>,
    /// Hosts and database.
    place: &'a str,
    query: Vec<&'a str>,
}

fn read(url: &str) -> Option<Address<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    // An @ behind the question mark belongs to a value, unless the password itself has a bare question mark.
    let at = rest.split('?').next().unwrap_or(rest).rfind('@').or_else(|| rest.rfind('@'));
    let (person, rest) = at.map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    Some(Address { scheme, person, place, query: query.split('&').filter(|pair| !pair.is_empty()).collect() })
}

/// Name and value of a part of the query, as the other side understands them.
fn understood(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (plain(name), plain(value))
}

/// `password` and `sslpassword`, and what a mail server's or a future driver's word for it may be.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "token", "_key"].iter().any(|word| name.contains(word))
}

/// For people and logs: no user name, no password.
pub fn without_secrets(url: &str) -> String {
    let Some(address) = read(url) else {
        return if url.starts_with("sqlite:") { url.to_owned() } else { "***".to_owned() };
    };
    let Address { scheme, person, place, query } = address;
    if person.is_some_and(|person| person.contains('?')) {
        return format!("{scheme}://***");
    }
    let hidden = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        if is_secret(&understood(pair).0) { format!("{name}=***") } else { (*pair).to_owned() }
    };
    let query: Vec<_> = query.iter().map(hidden).collect();
    joined(scheme, person.map(|_| "***"), place, &query)
}

/// For the arguments of a child, which every process of the machine may read: the address without its passwords, and
/// the one for the database. As for PostgreSQL, the last one counts. `sslpassword` has no other way than the address;
/// our own driver refuses it, so it opened no database that this would keep from being saved.
pub fn without_password(url: &str) -> (String, Option<String>) {
    let Some(Address { scheme, person, place, query }) = read(url) else { return (url.to_owned(), None) };
    let (name, inline) = match person.map(|person| person.split_once(':').unwrap_or((person, ""))) {
        Some((name, password)) => (Some(name), Some(password).filter(|password| !password.is_empty())),
        None => (None, None),
    };
    let asked = query.iter().map(|pair| understood(pair)).rfind(|(name, _)| name == "password").map(|(_, value)| value);
    let inline = inline.map(|password| percent_decode_str(password).decode_utf8_lossy().into_owned());
    let open: Vec<_> = query.into_iter().filter(|pair| !is_password(pair)).map(str::to_owned).collect();
    (joined(scheme, name, place, &open), asked.or(inline))
}

fn is_password(pair: &str) -> bool {
    ["password", "sslpassword"].contains(&understood(pair).0.as_str())
}

fn joined(scheme: &str, person: Option<&str>, place: &str, query: &[String]) -> String {
    let person = person.map(|person| format!("{person}@")).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{person}{place}{mark}{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::{without_password, without_secrets};

    #[test]
    fn no_secret_is_shown() {
        let table = [
            ("postgres://anna:geheim@db.example:5432/stadt", "postgres://***@db.example:5432/stadt"),
            (
                "postgres://anna@one:1,two:2/stadt?connect_timeout=3",
                "postgres://***@one:1,two:2/stadt?connect_timeout=3",
            ),
            ("postgres://db/stadt?password=geheim", "postgres://db/stadt?password=***"),
            (
                "postgres://db/x?user=anna&password=geheim&sslmode=require",
                "postgres://db/x?user=anna&password=***&sslmode=require",
            ),
            ("postgres://db/x?sslpassword=geheim", "postgres://db/x?sslpassword=***"),
            ("postgres://db/x?p%61ssword=geheim", "postgres://db/x?p%61ssword=***"),
            ("postgres://db/x?PASSWORD=geheim", "postgres://db/x?PASSWORD=***"),
            ("postgres://anna:ge@heim@db/x?password=geheim@b", "postgres://***@db/x?password=***"),
            ("postgres://anna:ge/heim@db/x", "postgres://***@db/x"),
            ("postgres://anna:ge?heim@db/x", "postgres://***"),
            ("postgres://db/x?user=a@b&password=geheim", "postgres://***"),
            ("smtp://anna:geheim@mail.example:587?tls=required", "smtp://***@mail.example:587?tls=required"),
            ("host=db user=stadt password=geheim", "***"),
            ("anna:geheim@mail.example:587", "***"),
            ("sqlite:/srv/stadt.db", "sqlite:/srv/stadt.db"),
            ("sqlite:///srv/stadt.db", "sqlite:///srv/stadt.db"),
        ];
        for (url, shown) in table {
            assert_eq!(without_secrets(url), shown, "{url}");
        }
    }

    #[test]
    fn the_password_leaves_the_address() {
        let table = [
            ("postgres://anna:ge%40heim@db:5432/x", "postgres://anna@db:5432/x", Some("ge@heim")),
            ("postgres://anna:ge/heim@db/x", "postgres://anna@db/x", Some("ge/heim")),
            (
                "postgres://anna:geheim@db/x?application_name=a@b",
                "postgres://anna@db/x?application_name=a@b",
                Some("geheim"),
            ),
            ("postgres://anna@db/x?password=ge%40heim", "postgres://anna@db/x", Some("ge@heim")),
            (
                "postgres://db/x?sslmode=require&password=geheim&user=anna",
                "postgres://db/x?sslmode=require&user=anna",
                Some("geheim"),
            ),
            ("postgres://anna:alt@db/x?password=geheim", "postgres://anna@db/x", Some("geheim")),
            ("postgres://anna@db/x?sslkey=/k.pem&sslpassword=geheim", "postgres://anna@db/x?sslkey=/k.pem", None),
            ("postgres://anna@one:1,two:2/x?p%61ssword=geheim", "postgres://anna@one:1,two:2/x", Some("geheim")),
            ("postgres://db/x", "postgres://db/x", None),
            ("postgres://anna:@db/x", "postgres://anna@db/x", None),
        ];
        for (url, address, password) in table {
            assert_eq!(without_password(url), (address.to_owned(), password.map(str::to_owned)), "{url}");
        }
    }
}
