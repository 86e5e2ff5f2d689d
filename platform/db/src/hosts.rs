//! Which town answers on which host. The town's address, colours and texts are kept elsewhere; here is only what is
//! needed before a transaction of a town can be opened.

use crate::{DbError, Operating, p, record};
use base::{Moment, MunicipalityId};

record! {
    /// Gemeinde: the tenant, as the operator knows it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Municipality {
        pub id: MunicipalityId,
        pub name: String,
        pub created_at: Moment,
        pub active: bool,
    }
}

impl Operating<'_> {
    /// Adds a town that answers on these hosts.
    pub fn add_municipality(&self, name: &str, hosts: &[&str]) -> Result<MunicipalityId, DbError> {
        let id = MunicipalityId(self.new_id());
        self.exec(
            "INSERT INTO municipalities (id, name, created_at, active) VALUES ($1, $2, $3, $4)",
            p![id, name, self.now(), true],
        )?;
        for host in hosts {
            self.add_host(id, host)?;
        }
        Ok(id)
    }

    pub fn add_host(&self, municipality: MunicipalityId, host: &str) -> Result<(), DbError> {
        self.exec(
            "INSERT INTO municipality_hosts (host, municipality) VALUES ($1, $2)",
            p![plain_host(host), municipality],
        )?;
        Ok(())
    }

    /// The town that answers on this host. With one active town and no host configured at all, that town answers
    /// everywhere: nobody has to know about hosts to try the program.
    pub fn municipality_by_host(&self, host: &str) -> Result<Option<Municipality>, DbError> {
        let named = self.query_one(
            "SELECT m.id, m.name, m.created_at, m.active
             FROM municipality_hosts h JOIN municipalities m ON m.id = h.municipality
             WHERE h.host = $1 AND m.active = $2",
            p![plain_host(host), true],
        )?;
        if named.is_some() || self.scalar::<String>("SELECT host FROM municipality_hosts LIMIT 1", p![])?.is_some() {
            return Ok(named);
        }
        let mut towns = self.municipalities()?;
        towns.retain(|town| town.active);
        Ok(if towns.len() == 1 { towns.pop() } else { None })
    }

    /// All towns, the oldest first.
    pub fn municipalities(&self) -> Result<Vec<Municipality>, DbError> {
        self.query("SELECT id, name, created_at, active FROM municipalities ORDER BY created_at, id", p![])
    }

    /// The hosts of a town, in order.
    pub fn hosts_of(&self, municipality: MunicipalityId) -> Result<Vec<String>, DbError> {
        let hosts: Vec<(String,)> =
            self.query("SELECT host FROM municipality_hosts WHERE municipality = $1 ORDER BY host", p![municipality])?;
        Ok(hosts.into_iter().map(|(host,)| host).collect())
    }

    /// False: the host led nowhere.
    pub fn remove_host(&self, host: &str) -> Result<bool, DbError> {
        Ok(self.exec("DELETE FROM municipality_hosts WHERE host = $1", p![plain_host(host)])? == 1)
    }

    /// False: there is no such town.
    pub fn set_municipality_active(&self, id: MunicipalityId, active: bool) -> Result<bool, DbError> {
        Ok(self.exec("UPDATE municipalities SET active = $2 WHERE id = $1", p![id, active])? == 1)
    }
}

/// A host without port and in small letters, as it is stored and looked up.
pub fn plain_host(host: &str) -> String {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    without_port.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::plain_host;

    #[test]
    fn hosts_lose_port_dot_and_capitals() {
        assert_eq!(plain_host("Musterstadt.Example:8080"), "musterstadt.example");
        assert_eq!(plain_host("musterstadt.example."), "musterstadt.example");
        assert_eq!(plain_host("[::1]:8080"), "[::1]");
        assert_eq!(plain_host("localhost"), "localhost");
    }
}
