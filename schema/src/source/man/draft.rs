//! A provider while it is read.

use std::collections::HashSet;

use crate::model::{Provider, Template};

/// The kinds of items that others refer to by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Channel,
    Level,
    Opcode,
    Task,
    Keyword,
    Map,
    Template,
}

/// A provider as it is read, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) provider: Provider,
    /// Templates that are left out, as a field of theirs is unreadable. Their other fields are still checked.
    pub(super) broken_templates: Vec<Template>,
    /// Items that are there but left out. A reference to one is not dangling; its error is already reported.
    lost: HashSet<(Kind, String)>,
}

impl Draft {
    pub(super) fn lose(&mut self, kind: Kind, name: impl Into<String>) {
        self.lost.insert((kind, name.into()));
    }

    pub(super) fn lost(&self, kind: Kind, name: &str) -> bool {
        // Only a file with errors pays for the copy.
        !self.lost.is_empty() && self.lost.contains(&(kind, name.to_owned()))
    }
}
