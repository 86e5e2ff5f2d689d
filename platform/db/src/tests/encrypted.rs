//! PostgreSQL over TLS, against a real server with a certificate of our own: what is accepted, what is refused, and
//! that nothing falls back to plain text.

use super::SET;
use crate::{Db, DbError, Encryption, Settings, encryption};
use std::{
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const CERTIFICATE: &[u8] = include_bytes!("../../../testkit/certificates/server.pem");
const KEY: &[u8] = include_bytes!("../../../testkit/certificates/server.key");

fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/certificates").canonicalize().unwrap()
}

/// A server that demands TLS, in a folder of its own.
struct Server {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed outright it would leave its shared memory behind.
        let asked = Command::new("kill").arg("-QUIT").arg(self.process.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            self.process.kill().ok();
        }
        self.process.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Where `initdb` and `postgres` lie: Debian keeps them out of the path.
fn binaries() -> Option<PathBuf> {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian.chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").is_file())
}

/// PostgreSQL does not run as root: user and group of `postgres`, or of `nobody`.
fn other_user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}

impl Server {
    /// `None`, and a sentence why, where PostgreSQL is not installed.
    fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            eprintln!("skipped: PostgreSQL over TLS (initdb is neither in /usr/lib/postgresql nor in the path)");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("stadtplatz-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        let user = if is_root { other_user() } else { None };
        let lend = |path: &Path, mode: u32| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            if let Some((uid, gid)) = user {
                std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
            }
        };
        lend(&folder, 0o700);
        for (name, content) in [("server.pem", CERTIFICATE), ("server.key", KEY)] {
            std::fs::write(folder.join(name), content).unwrap();
            lend(&folder.join(name), 0o600);
        }
        let run = |name: &str| {
            let mut command = Command::new(binaries.join(name));
            command.current_dir(&folder).env("LC_ALL", "C").stdout(Stdio::null()).stderr(Stdio::null());
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command
        };
        let data = folder.join("data");
        let made = run("initdb")
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=anna", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        // Only encrypted connections are let in; who tries otherwise is told so.
        std::fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = run("postgres");
        server.arg("-D").arg(&data);
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("port={port}"),
            "unix_socket_directories=",
            "fsync=off",
            "ssl=on",
            &format!("ssl_cert_file={}", folder.join("server.pem").display()),
            &format!("ssl_key_file={}", folder.join("server.key").display()),
        ] {
            server.arg("-c").arg(setting);
        }
        let server = Self { process: server.spawn().unwrap(), folder, port };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn url(&self, host: &str, query: &str) -> String {
        format!("postgres://anna@{host}:{}/postgres?{query}", self.port)
    }
}

async fn open(url: &str) -> Result<Db, DbError> {
    let mut settings = Settings::new(url);
    (settings.readers, settings.writers) = (1, 1);
    // The server opens its port a moment before it lets anybody in.
    for _ in 0..100 {
        match Db::open(settings.clone()).await {
            Err(DbError::Unavailable(why)) if why.contains("57P03") => {
                tokio::time::sleep(Duration::from_millis(50)).await
            }
            done => return done,
        }
    }
    Db::open(settings).await
}

#[tokio::test]
async fn a_server_is_believed_by_its_certificate_only() {
    let Some(server) = Server::start() else { return };
    let ours = format!("sslrootcert={}", certificates().join("authority.pem").display());
    let strange = format!("sslrootcert={}", certificates().join("stranger.pem").display());
    let accepted = [
        ("localhost", format!("sslmode=verify-full&{ours}"), Encryption::Full),
        ("127.0.0.1", format!("sslmode=verify-ca&{ours}"), Encryption::Authority),
        ("127.0.0.1", format!("sslmode=require&{ours}"), Encryption::Authority),
        ("127.0.0.1", "sslmode=require".to_owned(), Encryption::Unverified),
    ];
    for (host, query, wanted) in &accepted {
        let url = server.url(host, query);
        assert_eq!(encryption(&url), Some(*wanted), "{query}");
        let db = open(&url).await.unwrap_or_else(|error| panic!("{host} {query}: {error}"));
        db.migrate(SET.to_vec()).await.unwrap();
        db.close().await;
    }
    let refused = [
        ("127.0.0.1", format!("sslmode=verify-full&{ours}"), "certificate"),
        ("localhost", format!("sslmode=verify-full&{strange}"), "certificate"),
        ("127.0.0.1", format!("sslmode=verify-ca&{strange}"), "certificate"),
        ("127.0.0.1", format!("sslmode=require&{strange}"), "certificate"),
        ("localhost", "sslmode=verify-full".to_owned(), "certificate"),
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere.pem".to_owned(), "/nowhere.pem"),
        // `pg_hba.conf` lets nobody in without TLS: plain is plain, and is not tried when more was asked for.
        ("127.0.0.1", "sslmode=disable".to_owned(), "28000"),
    ];
    for (host, query, why) in &refused {
        let error = open(&server.url(host, query)).await.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(why), "{host} {query}: {error}");
        assert!(!error.contains("anna"), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_hears_nothing_in_the_clear() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        // The request for TLS is eight bytes; `N` says no. What came after it would be a start-up packet in the clear.
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).unwrap();
        stream.write_all(b"N").unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).ok();
        (asked, rest)
    });
    let error = open(&format!("postgres://anna@127.0.0.1:{port}/x?sslmode=require")).await.err().unwrap().to_string();
    assert!(error.contains("TLS"), "{error}");
    let (asked, rest) = heard.join().unwrap();
    assert_eq!(asked[4..], 80_877_103_u32.to_be_bytes());
    assert!(rest.is_empty(), "{} bytes in the clear", rest.len());
}
