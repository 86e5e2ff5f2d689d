//! The audit trail: one chain of hashes per town. Each line's hash covers the line and the hash before it, the head
//! row holds the last one, so a changed, removed or cut-off line is found. Not a log: lines carry ids, never names.

use crate::{DbError, Tx, p, record};
use aws_lc_rs::digest;
use base::{Moment, MunicipalityId};

/// A line about one change of state.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// `Actor::trace()`: an id or a word, never a name.
    pub actor: String,
    /// What was done: `report.published`.
    pub action: &'static str,
    /// To what: `report:0190…`.
    pub subject: String,
    pub detail: serde_json::Value,
}

record! {
    /// A line as it is stored, without its hash.
    #[derive(Debug, Clone, PartialEq)]
    pub struct AuditLine {
        pub seq: i64,
        pub at: Moment,
        pub actor: String,
        pub action: String,
        pub subject: String,
        pub detail: String,
    }
}

/// What checking the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Whole { lines: i64 },
    Broken { seq: i64, why: &'static str },
}

/// The hash before the first line.
const ORIGIN: [u8; 32] = [0; 32];
const PAGE: i64 = 500;

/// Appends the lines of a transaction. The update of the head row makes concurrent writers of a town wait for each
/// other from here to their commit, which is why it happens last.
pub(crate) fn append(tx: &Tx<'_>, lines: &[Audit]) -> Result<(), DbError> {
    if lines.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(lines.len()).map_err(|_| DbError::other("too many audit lines"))?;
    let (last, mut hash) = take_head(tx, count)?;
    for (seq, line) in (last - count + 1..).zip(lines) {
        let detail = line.detail.to_string();
        hash = link(&hash, tx.municipality(), &fields(seq, tx.now(), &line.actor, line.action, &line.subject, &detail));
        tx.bookkeep_later(
            "INSERT INTO audit (municipality, seq, at, actor, action, subject, detail, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            p![seq, tx.now(), line.actor, line.action, line.subject, detail, hash],
        )?;
    }
    tx.bookkeep_later("UPDATE audit_heads SET hash = $2 WHERE municipality = $1", p![hash])?;
    Ok(())
}

/// Reserves `count` numbers: the last of them, and the hash so far.
fn take_head(tx: &Tx<'_>, count: i64) -> Result<(i64, [u8; 32]), DbError> {
    const TAKE: &str = "UPDATE audit_heads SET seq = seq + $2 WHERE municipality = $1 RETURNING seq, hash";
    let mut head: Option<(i64, Vec<u8>)> = tx.query_one(TAKE, p![count])?;
    if head.is_none() {
        tx.bookkeep(
            "INSERT INTO audit_heads (municipality, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
            p![ORIGIN],
        )?;
        head = tx.query_one(TAKE, p![count])?;
    }
    let (seq, hash) = head.ok_or_else(|| DbError::other("the audit chain has no head"))?;
    let hash = hash.try_into().map_err(|_| DbError::WrongShape("the head of the audit chain is no hash".into()))?;
    Ok((seq, hash))
}

type Fields<'a> = (i64, Moment, [&'a str; 4]);

fn fields<'a>(seq: i64, at: Moment, actor: &'a str, action: &'a str, subject: &'a str, detail: &'a str) -> Fields<'a> {
    (seq, at, [actor, action, subject, detail])
}

/// Every field is preceded by its length: no two lines share an input.
fn link(before: &[u8; 32], town: MunicipalityId, (seq, at, texts): &Fields<'_>) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(before);
    context.update(town.0.as_bytes());
    context.update(&seq.to_be_bytes());
    context.update(&at.micros().to_be_bytes());
    for text in texts {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

record! {
    struct Stored {
        seq: i64,
        at: Moment,
        actor: String,
        action: String,
        subject: String,
        detail: String,
        hash: Vec<u8>,
    }
}

/// Recomputes the whole chain of a town, page by page. The town may be worked in meanwhile: what is newer than the
/// head that was read first is left for the next time.
pub fn verify_audit(tx: &Tx<'_>) -> Result<Verdict, DbError> {
    let head: Option<(i64, Vec<u8>)> =
        tx.query_one("SELECT seq, hash FROM audit_heads WHERE municipality = $1", p![])?;
    let (last, head_hash) = head.unwrap_or((0, ORIGIN.to_vec()));
    let (mut seq, mut hash) = (0, ORIGIN);
    loop {
        let page: Vec<Stored> = tx.query(
            "SELECT seq, at, actor, action, subject, detail, hash FROM audit
             WHERE municipality = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
            p![seq, last, PAGE],
        )?;
        if page.is_empty() {
            break;
        }
        for line in page {
            if line.seq != seq + 1 {
                return Ok(Verdict::Broken { seq: seq + 1, why: "a line is missing" });
            }
            seq = line.seq;
            let texts = fields(seq, line.at, &line.actor, &line.action, &line.subject, &line.detail);
            hash = link(&hash, tx.municipality(), &texts);
            if line.hash != hash {
                return Ok(Verdict::Broken { seq, why: "the line does not match its hash" });
            }
        }
    }
    if seq != last {
        return Ok(Verdict::Broken { seq: seq + 1, why: "the end of the chain is missing" });
    }
    if head_hash != hash {
        return Ok(Verdict::Broken { seq, why: "the head does not match the last line" });
    }
    Ok(Verdict::Whole { lines: seq })
}

/// The hash at the end of the chain: another one after every change of state of this town, and never an earlier one
/// again, not even where a restored database counts the same numbers twice. `None`: nothing happened yet.
pub fn audit_end(tx: &Tx<'_>) -> Result<Option<Vec<u8>>, DbError> {
    tx.audit_end(|| tx.scalar("SELECT hash FROM audit_heads WHERE municipality = $1", p![]))
}

/// Lines before `before`, newest first; of one subject or of all.
pub fn audit_page(
    tx: &Tx<'_>,
    subject: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditLine>, DbError> {
    let before = before.unwrap_or(i64::MAX);
    match subject {
        Some(subject) => tx.query(
            "SELECT seq, at, actor, action, subject, detail FROM audit
             WHERE municipality = $1 AND subject = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
            p![subject, before, limit],
        ),
        None => tx.query(
            "SELECT seq, at, actor, action, subject, detail FROM audit
             WHERE municipality = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
            p![before, limit],
        ),
    }
}
