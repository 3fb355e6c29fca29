//! Where in a file a thing was read.

use std::fmt;
use std::sync::Arc;

/// A file and a line. Two places always compare equal: where a thing was read is no part of what it is, so that
/// a manifest equals itself read from another file or another format.
#[derive(Clone, Default)]
pub struct Place {
    /// The file's name as the caller gave it; empty where the source has none.
    pub file: Arc<str>,
    /// The line, from 1; 0 where the source has no lines.
    pub line: u32,
}

impl Place {
    /// A place in a file.
    pub fn new(file: &Arc<str>, line: u32) -> Self {
        Self { file: Arc::clone(file), line }
    }

    /// A place that is the whole of a file.
    pub fn file(name: &str) -> Self {
        Self { file: Arc::from(name), line: 0 }
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.is_empty(), self.line) {
            (true, 0) => f.write_str("(unknown place)"),
            (true, line) => write!(f, "line {line}"),
            (false, 0) => f.write_str(&self.file),
            (false, line) => write!(f, "{}:{line}", self.file),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
