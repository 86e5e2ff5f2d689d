//! The W3C checker (vnu) over every page that the browser tests saved, in one Java process.
//! One file is one test: it fails with its first error. Warnings and hints are not errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::counts::Counts;
use crate::report::Outcome;
use crate::run::Shop;
use crate::say;

const LIMIT: Duration = Duration::from_secs(300);
const SHOWN: usize = 20;

pub fn check(shop: &Shop, java: &Path, folder: &Path) -> Result<Outcome> {
    let pages = pages_in(folder)?;
    if pages.is_empty() {
        bail!("the browser tests saved no page in {}", folder.display());
    }
    let jar = shop.root.join("e2e/node_modules/vnu-jar/build/dist/vnu.jar");
    let mut command = Command::new(java);
    command.arg("-jar").arg(jar).args(["--errors-only", "--format", "json"]).args(&pages);
    let ended = shop.run("vnu", &mut command, LIMIT)?;
    let wrong =
        errors(&ended.log).with_context(|| format!("vnu did not answer in JSON: {}", ended.log_path.display()))?;
    for (page, message) in wrong.iter().take(SHOWN) {
        say::line(&format!("    {page}: {message}"));
    }
    let total = u64::try_from(pages.len()).unwrap_or(0);
    let failed = u64::try_from(wrong.len()).unwrap_or(0);
    Ok(Outcome::new(Counts { passed: total.saturating_sub(failed), failed, skipped: 0 }, ""))
}

fn pages_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} is not there", folder.display()))?;
    let mut pages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    pages.retain(|path| path.extension().is_some_and(|end| end == "html"));
    pages.sort();
    Ok(pages)
}

/// The first error of each page.
fn errors(log: &str) -> Option<BTreeMap<String, String>> {
    let report: Value = serde_json::from_str(log.trim()).ok()?;
    let mut wrong = BTreeMap::new();
    for message in report.get("messages")?.as_array()? {
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let page = text("url").rsplit('/').next().unwrap_or_default().to_owned();
        let line = message.get("lastLine").and_then(Value::as_u64).unwrap_or(0);
        wrong.entry(page).or_insert_with(|| format!("line {line}: {}", text("message")));
    }
    Some(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_once_however_many_errors_it_has() {
        let log = r#"{"messages":[
            {"type":"error","url":"file:/tmp/home.html","lastLine":3,"message":"Stray end tag"},
            {"type":"error","url":"file:/tmp/home.html","lastLine":9,"message":"Duplicate ID"}]}"#;
        let wrong = errors(log).unwrap();
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong["home.html"], "line 3: Stray end tag");
        assert!(errors("Exception in thread main").is_none());
    }
}
