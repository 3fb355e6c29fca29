//! What is wrong with an input, where, and what was expected.

use std::fmt;

use crate::model::Place;

/// Whether a diagnostic stops the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; the output stands.
    Note,
    /// Something was left out or assumed.
    Warning,
    /// There is no output for what the diagnostic names.
    Error,
}

/// One finding about an input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file and line.
    pub place: Place,
    /// The element, as a reader would point at it: `event 551 version 3`, `<data name="Path">`.
    pub element: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{}: {severity}: {}: {}", self.place, self.element, self.message)
    }
}

/// Diagnostics as they are found: nothing stops at the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error.
    pub fn error(&mut self, place: &Place, element: impl Into<String>, message: impl Into<String>) {
        self.push(Severity::Error, place, element, message);
    }

    /// Adds a warning.
    pub fn warning(&mut self, place: &Place, element: impl Into<String>, message: impl Into<String>) {
        self.push(Severity::Warning, place, element, message);
    }

    /// Adds a note.
    pub fn note(&mut self, place: &Place, element: impl Into<String>, message: impl Into<String>) {
        self.push(Severity::Note, place, element, message);
    }

    /// Adds one.
    pub fn push(&mut self, severity: Severity, place: &Place, element: impl Into<String>, message: impl Into<String>) {
        self.found.push(Diagnostic {
            severity,
            place: place.clone(),
            element: element.into(),
            message: message.into(),
        });
    }

    /// Takes over what another step found.
    pub fn append(&mut self, mut other: Self) {
        self.found.append(&mut other.found);
    }

    /// All of them, in the order found.
    pub fn all(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Only the errors.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter().filter(|d| d.severity == Severity::Error)
    }

    /// Whether there is any error.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.found {
            writeln!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}
