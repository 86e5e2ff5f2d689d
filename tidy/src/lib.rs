//! Tests about the source itself: what the compiler cannot know and a reviewer forgets.
//! Every check is a function from a tree of files to findings and has its own test with a good and a bad sample;
//! `tests/tree.rs` runs them all on this repository.
//! Not a linter for style that rustfmt and clippy already keep.

pub mod checks;
mod exceptions;
mod rust;
mod sql;
mod toml_file;
mod tree;

pub use exceptions::{Exception, Exceptions, judge};
pub use tree::{File, Tree};

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// From 1; 0 where the whole file is meant.
    pub line: usize,
    pub what: String,
}

impl Finding {
    pub fn new(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line, what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}
