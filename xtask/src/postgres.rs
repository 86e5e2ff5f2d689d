//! A PostgreSQL cluster for one test run: own folder, own port on 127.0.0.1, no durability, gone afterwards.
//! Never the machine's own cluster: tests create and drop databases at will.
//! `initdb` refuses root, so root lends the folder to another user.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run::{Running, Shop};
use crate::say;
use crate::tools;

const START_LIMIT: Duration = Duration::from_secs(60);

pub struct Cluster<'a> {
    process: Running<'a>,
    binaries: PathBuf,
    port: u16,
}

impl<'a> Cluster<'a> {
    pub fn start(shop: &'a Shop, binaries: &Path) -> Result<Self> {
        let folder = shop.folder("postgres")?;
        let data = folder.join("data");
        let user = lend(&folder)?;

        let mut initdb = Command::new(binaries.join("initdb"));
        initdb.arg("--pgdata").arg(&data).args([
            "--username=stadtplatz",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let ended = shop.run("initdb", as_user(&mut initdb, user, &folder), START_LIMIT)?;
        if !ended.ok {
            say::tail(&ended.log, 20);
            bail!("initdb {}", ended.why);
        }
        let port = free_port()?;
        let mut server = Command::new(binaries.join("postgres"));
        server.arg("-D").arg(&data);
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("port={port}"),
            "unix_socket_directories=",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=200",
            "shared_buffers=64MB",
            "timezone=UTC",
        ] {
            server.arg("-c").arg(setting);
        }
        let process = shop.start("postgres", as_user(&mut server, user, &folder))?;
        let mut cluster = Self { process, binaries: binaries.to_path_buf(), port };
        cluster.wait()?;
        Ok(cluster)
    }

    /// The address of one database of the cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://stadtplatz@127.0.0.1:{}/{database}", self.port)
    }

    pub fn create_database(&self, shop: &Shop, name: &str) -> Result<String> {
        let mut create = Command::new(self.binaries.join("createdb"));
        create.args(["--host=127.0.0.1", &format!("--port={}", self.port), "--username=stadtplatz", name]);
        let ended = shop.run(&format!("createdb-{name}"), &mut create, START_LIMIT)?;
        if !ended.ok {
            say::tail(&ended.log, 10);
            bail!("the database {name} cannot be created: createdb {}", ended.why);
        }
        Ok(self.url(name))
    }

    fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < START_LIMIT {
            if let Some(status) = self.process.poll()? {
                say::tail(&crate::run::read(&self.process.log_path), 20);
                bail!("PostgreSQL ended at once ({status})");
            }
            let mut ask = Command::new(self.binaries.join("pg_isready"));
            ask.args(["--quiet", "--host=127.0.0.1", &format!("--port={}", self.port)]);
            if ask.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("PostgreSQL did not answer within {} s", START_LIMIT.as_secs())
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown: it ends sessions instead of waiting for them.
        self.process.stop("INT", Duration::from_secs(20));
    }
}

pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Hands the folder to the user that the server will run as: `None` is ourselves.
pub fn lend(folder: &Path) -> Result<Option<(u32, u32)>> {
    let user = if tools::is_root() { Some(other_user()?) } else { None };
    if let Some((uid, gid)) = user {
        chown(folder, Some(uid), Some(gid)).context("the database folder cannot be handed to another user")?;
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(user)
}

pub fn as_user<'c>(command: &'c mut Command, user: Option<(u32, u32)>, folder: &Path) -> &'c mut Command {
    command.current_dir(folder).env("LC_ALL", "C").env("HOME", folder);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// `postgres` where the package made that user, else `nobody`.
fn other_user() -> Result<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| ids_of(&users, name))
        .context("initdb must not run as root, and there is neither a user postgres nor nobody")
}

pub fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_read_from_the_password_file() {
        let users = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
        assert_eq!(ids_of(users, "postgres"), Some((101, 104)));
        assert_eq!(ids_of(users, "post"), None);
    }
}
