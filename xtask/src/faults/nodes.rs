//! Two nodes on one PostgreSQL behind a balancer: one after the other is restarted under load, or one is killed. Nothing
//! else is shared by the nodes but the data folder's key and uploads.
//! Invariants: a rolling restart costs nobody an answer; a killed node costs each sender at most the one request that it
//! had there, and that request, sent again, is done once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Yard;
use super::away::{MailServer, waiting};
use super::balancer::{Balancer, Kind};
use super::load::{self, Load, SENDERS, settle, under_load};
use super::rounds::{Round, Rounds};
use super::town::{Town, free_port};

/// So many reports are acknowledged before something happens to a node, and after it.
const BEFORE: usize = 60;
const LETTERS_LIMIT: Duration = Duration::from_secs(120);
/// Longer than HAProxy needs to notice.
const DRAIN_SECONDS: &str = "3";

pub fn rolling_haproxy(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    rolling(yard, rounds, Kind::Haproxy)
}

pub fn rolling_nginx(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    rolling(yard, rounds, Kind::Nginx)
}

pub fn killed_haproxy(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    killed(yard, rounds, Kind::Haproxy)
}

pub fn killed_nginx(yard: &Yard<'_>, rounds: &mut Rounds<'_>) -> Result<()> {
    killed(yard, rounds, Kind::Nginx)
}

/// Both nodes are replaced, one after the other, as an update does it.
fn rolling(yard: &Yard<'_>, rounds: &mut Rounds<'_>, kind: Kind) -> Result<()> {
    on_two_nodes(yard, rounds, kind, |load, nodes, balancer, round| {
        for (number, node) in nodes.iter_mut().enumerate() {
            load.until_acknowledged(BEFORE)?;
            balancer.take_out(number)?;
            node.stop();
            round.longest("start", node.serve()?);
            balancer.take_in()?;
        }
        load.until_acknowledged(BEFORE)?;
        let ledger = load.ledger();
        round.longest("longest_wait", ledger.longest);
        round.count("failed_answers", ledger.unsure());
        let failed = format!("answers {:?}, {} connections broke", ledger.statuses, ledger.broken);
        round.must(ledger.unsure() == 0, format!("a rolling restart was noticed: {failed}"));
        Ok(())
    })
}

/// kill -9 on one node; it comes back later.
fn killed(yard: &Yard<'_>, rounds: &mut Rounds<'_>, kind: Kind) -> Result<()> {
    on_two_nodes(yard, rounds, kind, |load, nodes, _, round| {
        load.until_acknowledged(BEFORE)?;
        let began = Instant::now();
        let victim = round.number as usize % nodes.len();
        nodes[victim].kill();
        load.until_acknowledged(1)?;
        round.longest("answered_again_after", began.elapsed());
        load.until_acknowledged(BEFORE)?;
        nodes[victim].serve()?;
        load.until_acknowledged(BEFORE)?;
        let ledger = load.ledger();
        let others = ledger.other_than(&[200, 502, 503, 504]);
        round.longest("longest_wait", ledger.longest);
        round.count("failed_answers", ledger.unsure());
        round.must(others == 0, format!("answers {:?}", ledger.statuses));
        // Each sender has one request under way, so the kill can cost each of them one, and no more.
        let failed = format!("answers {:?}, {} connections broke", ledger.statuses, ledger.broken);
        round.must(ledger.unsure() <= SENDERS, format!("more failed than was under way: {failed}"));
        Ok(())
    })
}

fn on_two_nodes<'y>(
    yard: &'y Yard<'y>,
    rounds: &mut Rounds<'_>,
    kind: Kind,
    act: impl Fn(&Load<'_>, &mut [Town<'y>; 2], &Balancer<'_>, &mut Round) -> Result<()>,
) -> Result<()> {
    let mut town = Town::found(yard, rounds.row(), rounds.base)?;
    let letters = MailServer::open(free_port()?, 0)?;
    town.settings.push(("STADTPLATZ_SMTP", format!("smtp://127.0.0.1:{}?tls=none", letters.port)));
    town.settings.push(("STADTPLATZ_DRAIN", DRAIN_SECONDS.to_owned()));
    town.settings.push(("STADTPLATZ_TRUSTED_PROXIES", "127.0.0.1".to_owned()));
    let mut nodes = [town.twin("one")?, town.twin("two")?];
    for node in &mut nodes {
        node.serve()?;
    }
    nodes[0].service.clone_into(&mut town.service);
    let balancer = Balancer::start(yard, kind, [nodes[0].port, nodes[1].port])?;
    town.port = balancer.port;
    rounds.each(|round| {
        let word = format!("{} {}", kind.program(), round.number);
        let (ledger, acted) =
            under_load(balancer.port, &town.service, &word, |load| act(load, &mut nodes, &balancer, round));
        acted?;
        settle(&town, &word, ledger, round)?;
        count_letters(&town, &word, &letters, round)
    })
}

/// Every report of this round has its letter, and no second one.
fn count_letters(town: &Town<'_>, word: &str, server: &MailServer, round: &mut Round) -> Result<()> {
    let began = Instant::now();
    while waiting(town)? > 0 {
        ensure!(began.elapsed() < LETTERS_LIMIT, "{} jobs wait for ever", waiting(town)?);
        std::thread::sleep(Duration::from_millis(100));
    }
    let come: BTreeMap<String, Vec<String>> = server.letters();
    let texts = town.ask(&format!("SELECT body FROM reports_reports WHERE body LIKE '{word} %'"))?;
    let (mut owed, mut repeated, mut other) = (0, 0, vec![]);
    for text in texts.iter().filter_map(|row| row.first()) {
        let ids = come.get(&load::address_of(text)).cloned().unwrap_or_default();
        owed += usize::from(ids.is_empty());
        repeated += ids.len().saturating_sub(1);
        if ids.iter().collect::<BTreeSet<_>>().len() > 1 {
            other.push(ids);
        }
    }
    round.count("letters", texts.len() - owed);
    round.count("letters_repeated_with_the_same_id", repeated);
    round.must(owed == 0, format!("{owed} reports have no letter"));
    round.must(other.is_empty(), format!("reports with two letters: {other:?}"));
    Ok(())
}
