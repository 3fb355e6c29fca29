//! Why a command failed, and its exit code.

use std::process::ExitCode;

/// The result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a command failed: a text for a person, and the kind of the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The command ran and found a reason to stop: errors in a capture, a stale file. Exit code 1.
    pub fn found(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// The command could not run: a file that cannot be read or written, arguments that make no sense. Exit code 2, as for a
    /// command line that cannot be parsed.
    pub fn cannot_run(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// The text for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same with more to it.
    #[must_use]
    pub fn with(mut self, more: &str) -> Self {
        self.message += more;
        self
    }
}

/// Texts of libraries and of the system: the command could not run.
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::cannot_run(message)
    }
}

/// What the exit codes mean, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 the captures have errors, or differ where --fail-on asked;
2 wrong arguments, or a file that cannot be read or written. A closed pipe is no error.";

/// Prints why a command failed, and gives its exit code.
pub fn exit(done: Result<ExitCode>) -> ExitCode {
    match done {
        Ok(code) => code,
        Err(failure) => {
            crate::print::error(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// A number and its noun: `1 error`, `2 errors`, `3 entries`.
pub fn counted(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_agree_with_their_numbers() {
        assert_eq!(counted(0, "error"), "0 errors");
        assert_eq!(counted(1, "contradiction"), "1 contradiction");
        assert_eq!(counted(2, "entry"), "2 entries");
    }
}
