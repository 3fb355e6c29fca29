//! What is wrong with an input, where, and what was expected.

use std::fmt;

use crate::model::Place;
use crate::visible::visible;

/// Whether a diagnostic stops the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; the output is valid.
    Note,
    /// Something was left out or assumed.
    Warning,
    /// There is no output for what the diagnostic names.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding about an input file. Two are equal if they say the same of the same place.
#[derive(Clone, Debug)]
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

impl PartialEq for Diagnostic {
    fn eq(&self, other: &Self) -> bool {
        self.severity == other.severity
            && self.place.is_same(&other.place)
            && self.element == other.element
            && self.message == other.message
    }
}

impl Eq for Diagnostic {}

/// One line, without a character that a terminal would obey: names and texts of captures are in it.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        let element = visible(&self.element);
        let message = visible(&self.message);
        write!(f, "{}: {}: {element}: {message}", visible(&place), self.severity)
    }
}

/// Diagnostics in the order in which they are found: reading goes on after the first. The first thousand of each severity
/// are kept, the others are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    /// How many there were of each severity, including those that are not kept.
    counts: [usize; 3],
}

/// How many diagnostics of a severity are kept. More are of no use, and a file of one mistake after the other would take
/// many times its size in memory.
const MOST: usize = 1000;

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
        if self.has_room(severity) {
            let element = element.into();
            let message = message.into();
            self.found.push(Diagnostic { severity, place: place.clone(), element, message });
        }
    }

    /// Counts one; whether it is to be kept.
    fn has_room(&mut self, severity: Severity) -> bool {
        let count = &mut self.counts[severity as usize];
        *count += 1;
        *count <= MOST
    }

    /// Takes over what another step found.
    pub fn append(&mut self, other: Self) {
        let dropped = other.dropped();
        for diagnostic in other.found {
            if self.has_room(diagnostic.severity) {
                self.found.push(diagnostic);
            }
        }
        for (severity, more) in dropped {
            self.counts[severity as usize] += more;
        }
    }

    /// How many of each severity were not kept.
    fn dropped(&self) -> [(Severity, usize); 3] {
        [Severity::Error, Severity::Warning, Severity::Note]
            .map(|severity| (severity, self.counts[severity as usize].saturating_sub(MOST)))
    }

    /// What to print after the last one if some were not kept: `and 5 more errors`.
    pub fn remainder(&self) -> Option<String> {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let dropped = self.dropped().into_iter().filter(|(_, count)| *count > 0);
        let parts: Vec<String> =
            dropped.map(|(severity, count)| format!("{count} more {severity}{}", plural(count))).collect();
        (!parts.is_empty()).then(|| format!("and {}", parts.join(", ")))
    }

    /// How many of a severity there are, those that are not kept among them.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// How many errors there are, those that are not kept among them.
    pub fn error_count(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Puts them in the order of their lines.
    pub(crate) fn sort_by_line(&mut self) {
        self.found.sort_by_key(|diagnostic| diagnostic.place.line);
    }

    /// Those that are kept, in the order found.
    pub fn all(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Only the errors.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter().filter(|d| d.severity == Severity::Error)
    }

    /// Whether there is any error.
    pub fn has_errors(&self) -> bool {
        self.error_count() > 0
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
        if let Some(remainder) = self.remainder() {
            writeln!(f, "{remainder}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_anybody_reads_are_counted() {
        let mut many = Diagnostics::new();
        many.warning(&Place::default(), "first", "kept");
        for number in 0..MOST + 5 {
            many.error(&Place::new(&"x".into(), u32::try_from(number).unwrap()), "e", "wrong");
        }
        let mut all = Diagnostics::new();
        all.error(&Place::default(), "own", "wrong");
        all.append(many);
        assert_eq!((all.all().len(), all.error_count()), (MOST + 1, MOST + 6));
        assert_eq!(all.remainder().as_deref(), Some("and 6 more errors"));
        assert!(all.to_string().ends_with("and 6 more errors\n"));
        assert_eq!(all.all()[1].element, "first");
    }

    #[test]
    fn diagnostics_at_different_places_differ() {
        let at = |file: &str, line| {
            let mut diagnostics = Diagnostics::new();
            diagnostics.error(&Place::new(&file.into(), line), "event 1", "is wrong");
            diagnostics
        };
        assert_eq!(at("x", 1), at("x", 1));
        assert_ne!(at("x", 1), at("x", 2));
        assert_ne!(at("x", 1), at("y", 1));
    }

    #[test]
    fn a_name_cannot_forge_a_line_or_reach_the_terminal() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.warning(&Place::file("a\nb"), "event \u{1b}[31m", "unknown\r\u{202e}name");
        assert_eq!(diagnostics.to_string(), "a\\nb: warning: event \\u{1b}[31m: unknown\\r\\u{202e}name\n");
    }
}
