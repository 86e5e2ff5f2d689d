//! `tidy/exceptions.toml`: what a check found and we live with, each with its reason. The list may only shrink: an entry
//! that matches nothing any more is itself a finding.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::Finding;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub check: String,
    pub path: String,
    /// A part of the finding's text; empty: all findings of this check in this file.
    #[serde(default)]
    pub what: String,
    pub reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    #[serde(default)]
    pub exception: Vec<Exception>,
}

impl Exceptions {
    pub fn read(text: &str) -> Result<Self> {
        toml::from_str(text).context("tidy/exceptions.toml cannot be read")
    }
}

/// Findings without those that are excepted, plus exceptions of this check that are not needed any more or say no why.
pub fn judge(check: &str, found: Vec<Finding>, exceptions: &Exceptions) -> Vec<Finding> {
    let own: Vec<&Exception> = exceptions.exception.iter().filter(|exception| exception.check == check).collect();
    let covers = |exception: &Exception, finding: &Finding| {
        exception.path == finding.path && finding.what.contains(&exception.what)
    };
    let mut left: Vec<Finding> =
        found.iter().filter(|finding| !own.iter().any(|exception| covers(exception, finding))).cloned().collect();
    for exception in own {
        if !found.iter().any(|finding| covers(exception, finding)) {
            let what = format!("the exception for {check} in {} is not needed any more: delete it", exception.path);
            left.push(Finding::new("tidy/exceptions.toml", 0, what));
        }
        if exception.reason.split_whitespace().count() < 4 {
            let what = format!("the exception for {check} in {} gives no reason", exception.path);
            left.push(Finding::new("tidy/exceptions.toml", 0, what));
        }
    }
    left.sort();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[exception]]
        check = "sizes"
        path = "a.rs"
        what = "lines"
        reason = "a table that reads better whole"
    "#;

    #[test]
    fn an_exception_covers_its_finding_and_no_other() -> Result<()> {
        let list = Exceptions::read(LIST)?;
        let found = vec![Finding::new("a.rs", 0, "700 lines"), Finding::new("b.rs", 0, "700 lines")];
        let left = judge("sizes", found, &list);
        assert_eq!(left, [Finding::new("b.rs", 0, "700 lines")]);
        Ok(())
    }

    #[test]
    fn an_exception_that_covers_nothing_is_a_finding() -> Result<()> {
        let left = judge("sizes", vec![], &Exceptions::read(LIST)?);
        assert!(left.len() == 1 && left[0].what.contains("not needed"));
        Ok(())
    }

    #[test]
    fn a_reason_is_required() -> Result<()> {
        let list = Exceptions::read("[[exception]]\ncheck='sizes'\npath='a.rs'\nreason='because'")?;
        let left = judge("sizes", vec![Finding::new("a.rs", 0, "x")], &list);
        assert!(left.len() == 1 && left[0].what.contains("no reason"));
        Ok(())
    }
}
