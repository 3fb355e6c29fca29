//! Where in a file a thing was read.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file, a line, and the bytes of the file's text if they are known. Two places always compare equal: a place is no
/// part of the thing that was read there, so that a manifest equals itself read from another file or another format.
/// [`Place::is_same`] compares them.
#[derive(Clone, Default)]
pub struct Place {
    /// The file's name as the caller gave it; empty where the source has none.
    pub file: Arc<str>,
    /// The line, from 1; 0 where the source has no lines.
    pub line: u32,
    /// The bytes of the file's text, as [`crate::source::text`] gives it.
    pub span: Option<Range<u32>>,
}

impl Place {
    /// A place in a file.
    pub fn new(file: &Arc<str>, line: u32) -> Self {
        Self { file: Arc::clone(file), line, span: None }
    }

    /// The place of bytes of a file's text.
    pub fn in_text(file: &Arc<str>, text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Self::new(file, u32::try_from(line).unwrap_or(0)).spanning(span)
    }

    /// The same place with the bytes that it takes.
    #[must_use]
    pub fn spanning(mut self, span: Range<usize>) -> Self {
        let end = u32::try_from(span.end).ok();
        self.span = end.and_then(|end| Some(u32::try_from(span.start).ok()?..end));
        self
    }

    /// A place that is the whole of a file.
    pub fn file(name: &str) -> Self {
        Self { file: Arc::from(name), line: 0, span: None }
    }

    /// Whether both are the same place of the same file.
    pub fn is_same(&self, other: &Self) -> bool {
        self.file == other.file && self.line == other.line && self.span == other.span
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
