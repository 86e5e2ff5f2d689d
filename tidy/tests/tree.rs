//! All checks on this repository. A finding says where and what; `tidy/exceptions.toml` may only shrink.
//! Each check is a test of its own, so that a failing run names the rule.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tidy::{Exceptions, Tree, checks, judge};

fn root() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("tidy has no parent folder")?.to_path_buf())
}

fn exceptions() -> Result<Exceptions> {
    Exceptions::read(&std::fs::read_to_string(root()?.join("tidy/exceptions.toml"))?)
}

fn run(name: &str) -> Result<()> {
    let tree = Tree::read(&root()?)?;
    ensure!(tree.rust().count() > 10, "the tree is not read");
    let (_, check) = checks::ALL.iter().find(|(known, _)| *known == name).context("no such check")?;
    let found = judge(name, check(&tree), &exceptions()?);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    ensure!(found.is_empty(), "{} findings of {name}:\n{}\n", found.len(), lines.join("\n"));
    Ok(())
}

macro_rules! checks {
    ($($test:ident $name:literal)*) => {
        $(#[test] fn $test() -> Result<()> { run($name) })*

        #[test]
        fn every_check_has_a_test_here() {
            let tested = [$($name),*];
            for (name, _) in checks::ALL {
                assert!(tested.contains(&name), "{name}");
            }
        }
    };
}

checks! {
    edges "edges"
    tables "tables"
    sql "sql"
    personal "personal"
    function_length "function-length"
    file_length "file-length"
    banned "banned"
    heads "heads"
    machines "machines"
    glossary "glossary"
    text_languages "text-languages"
    text_known "text-known"
    text_used "text-used"
    template_used "template-used"
    markup "markup"
    architecture "architecture"
    links "links"
}

#[test]
fn every_exception_names_a_check() -> Result<()> {
    for exception in exceptions()?.exception {
        assert!(checks::ALL.iter().any(|(name, _)| *name == exception.check), "{}", exception.check);
    }
    Ok(())
}
