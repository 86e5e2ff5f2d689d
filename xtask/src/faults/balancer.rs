//! HAProxy or nginx in front of two nodes, with the examples that the handbook shows to operators: only addresses and
//! the TLS lines are others here.
//! Invariant: what the campaign proves holds for the files in `docs/betrieb/beispiele`, not for others.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Yard;
use super::town::free_port;
use super::wire;
use crate::run::Running;
use crate::tools;

const LIMIT: Duration = Duration::from_secs(20);
/// HAProxy asks each node once a second.
const NOTICED: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Haproxy,
    Nginx,
}

impl Kind {
    pub fn program(self) -> &'static str {
        match self {
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
        }
    }
}

pub struct Balancer<'a> {
    yard: &'a Yard<'a>,
    kind: Kind,
    folder: PathBuf,
    nodes: [u16; 2],
    pub port: u16,
    _process: Option<Running<'a>>,
}

impl<'a> Balancer<'a> {
    /// Passes requests on to these two ports, which answer already.
    pub fn start(yard: &'a Yard<'a>, kind: Kind, nodes: [u16; 2]) -> Result<Self> {
        let folder = yard.shop.folder(&format!("balancer-{}", kind.program()))?;
        let mut balancer = Self { yard, kind, folder, nodes, port: free_port()?, _process: None };
        balancer.write(None)?;
        let mut command = balancer.command();
        balancer._process = Some(yard.shop.start(&format!("balancer-{}", kind.program()), &mut command)?);
        let began = Instant::now();
        while !wire::get(balancer.port, "/readyz").is_ok_and(|reply| reply.status == 200) {
            ensure!(began.elapsed() < LIMIT, "{} did not answer within {} s", kind.program(), LIMIT.as_secs());
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(balancer)
    }

    fn command(&self) -> Command {
        let program = tools::in_path(self.kind.program()).unwrap_or_else(|| self.kind.program().into());
        let mut command = Command::new(program);
        match self.kind {
            Kind::Haproxy => command.arg("-db").arg("-f").arg(self.folder.join("haproxy.cfg")),
            Kind::Nginx => command.arg("-p").arg(&self.folder).arg("-c").arg(self.folder.join("whole.conf")),
        };
        command.current_dir(&self.folder);
        command
    }

    /// The handbook's example with our addresses; one node may be out.
    fn write(&self, out: Option<usize>) -> Result<()> {
        let name = match self.kind {
            Kind::Haproxy => "haproxy.cfg",
            Kind::Nginx => "nginx.conf",
        };
        let example = self.yard.shop.root.join("docs/betrieb/beispiele").join(name);
        let text = std::fs::read_to_string(&example).with_context(|| format!("{} is missing", example.display()))?;
        std::fs::write(self.folder.join(name), adapted(&text, self.port, self.nodes, out)?)?;
        if self.kind == Kind::Nginx {
            let root = if tools::is_root() { "user root;\n" } else { "" };
            let whole = format!(
                "{root}daemon off;\npid nginx.pid;\nerror_log stderr crit;\nevents {{}}\nhttp {{\naccess_log off;\n\
                 client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path f;\nuwsgi_temp_path u;\n\
                 scgi_temp_path s;\ninclude nginx.conf;\n}}\n"
            );
            std::fs::write(self.folder.join("whole.conf"), whole)?;
        }
        Ok(())
    }

    /// What an operator does before one node is restarted; HAProxy finds out by itself.
    pub fn take_out(&self, node: usize) -> Result<()> {
        self.tell(Some(node))
    }

    /// What an operator does when the node is ready again.
    pub fn take_in(&self) -> Result<()> {
        self.tell(None)?;
        std::thread::sleep(NOTICED);
        Ok(())
    }

    fn tell(&self, out: Option<usize>) -> Result<()> {
        if self.kind == Kind::Haproxy {
            return Ok(());
        }
        self.write(out)?;
        let ended = self.yard.shop.run("nginx-reload", self.command().args(["-s", "reload"]), LIMIT)?;
        ensure!(ended.ok, "nginx -s reload {}: {}", ended.why, ended.log);
        // The reload is done when no worker with the old words takes connections; nginx says so to nobody.
        std::thread::sleep(Duration::from_secs(1));
        Ok(())
    }
}

const EXAMPLE: [&str; 2] = ["10.0.0.11:8080", "10.0.0.12:8080"];

fn adapted(example: &str, port: u16, nodes: [u16; 2], out: Option<usize>) -> Result<String> {
    let mut lines = vec![];
    for line in example.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        let mut line = match word {
            "bind" => format!("    bind 127.0.0.1:{port}"),
            "listen" => format!("    listen 127.0.0.1:{port};"),
            "ssl_certificate" | "ssl_certificate_key" => continue,
            _ => line.to_owned(),
        };
        for (number, address) in EXAMPLE.iter().enumerate() {
            if line.contains(address) {
                line = line.replace(address, &format!("127.0.0.1:{}", nodes[number]));
                if out == Some(number) {
                    line = line.replace(';', " down;");
                }
            }
        }
        lines.push(line);
    }
    let text = lines.join("\n") + "\n";
    ensure!(nodes.iter().all(|node| text.contains(&format!("127.0.0.1:{node}"))), "the example names no two nodes");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_gets_our_addresses() -> Result<()> {
        let example = "server 10.0.0.11:8080 x;\n server 10.0.0.12:8080;\n  listen 443 ssl;\n ssl_certificate a;\n";
        let text = adapted(example, 5, [6, 7], Some(1))?;
        assert_eq!(text, "server 127.0.0.1:6 x;\n server 127.0.0.1:7 down;\n    listen 127.0.0.1:5;\n");
        assert!(adapted("server 10.0.0.11:8080;", 5, [6, 7], None).is_err());
        Ok(())
    }
}
