//! Writing to the terminal: colour only where there is one (`NO_COLOR` and `CLICOLOR` are heeded), and no complaint
//! when the reader at the other end of a pipe has enough.

use std::io::{self, Write};

use etw_schema::diff::Palette;
use etw_schema::visible::is_obeyed;
use serde::Serialize;

use crate::{Failure, Result};

/// The colours of a terminal. [`out`] takes them away where they do not belong.
pub const PALETTE: Palette = Palette {
    breaking: "\x1b[1;31m",
    attention: "\x1b[1;33m",
    compatible: "\x1b[1;32m",
    heading: "\x1b[1m",
    dim: "\x1b[2m",
    reset: "\x1b[0m",
};

/// Writes to standard output.
///
/// # Errors
/// The output cannot be written. A closed pipe is no error.
pub fn out(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = io::BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    let written = write(&mut out).and_then(|()| out.flush());
    // What a closed pipe did not take is not written again when the buffer goes.
    drop(out.into_parts());
    unless_closed(written, "standard output")
}

/// Writes a line to standard output.
///
/// # Errors
/// As [`out`].
pub fn line(line: &str) -> Result<()> {
    out(|out| writeln!(out, "{line}"))
}

/// Writes text to standard error.
///
/// # Errors
/// It cannot be written. A closed pipe is no error.
pub fn err(text: &str) -> Result<()> {
    let mut out = anstream::AutoStream::auto(io::stderr().lock());
    unless_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()), "standard error")
}

/// Says why a command failed. Where that cannot be said, the exit code says it alone.
pub fn error(message: &str) {
    let mut shown = String::new();
    push_escaped(&mut shown, message, |c| c.escape_default().to_string());
    let _ = err(&format!("\x1b[1;31merror\x1b[0m: {}\n", shown.trim_end()));
}

fn unless_closed(written: io::Result<()>, what: &str) -> Result<()> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::cannot_run(format!("cannot write to {what}: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a document for programs. Characters that a terminal would obey are escaped, as JSON allows for every character.
///
/// # Errors
/// The output cannot be written.
pub fn json(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", escape_json(&text))
}

/// JSON with an escape for each character that a terminal would obey.
pub fn escape_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // All of them are in the first plane, and only line breaks occur outside of a string.
    push_escaped(&mut escaped, text, |c| format!("\\u{:04x}", u32::from(c)));
    escaped
}

fn push_escaped(out: &mut String, text: &str, escape: impl Fn(char) -> String) {
    for c in text.chars() {
        if c != '\n' && is_obeyed(c) {
            *out += &escape(c);
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_value() {
        let value = "a\u{7f}b\u{9b}c\u{202e}d\n\u{1b}é";
        let mut written = Vec::new();
        json(&mut written, &[value]).expect("memory takes it");
        let text = String::from_utf8(written).expect("UTF-8");
        assert!(!text.contains(|c| c != '\n' && is_obeyed(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).expect("JSON"), [value]);
    }
}
