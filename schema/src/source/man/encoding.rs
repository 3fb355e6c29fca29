//! From bytes to text: UTF-8, and UTF-16 as the compiler of manifests and Windows' own tools write it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, Severity};
use crate::model::Place;

/// The encoding that the bytes themselves show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        })
    }
}

/// The text of a file.
pub(in crate::source) struct Decoded<'i> {
    pub(in crate::source) text: Cow<'i, str>,
    pub(in crate::source) encoding: Encoding,
    /// True when the text ends before the file does: what follows could not be decoded, and was reported.
    pub(in crate::source) cut: bool,
}

/// Decodes a file. What cannot be decoded is reported, and ends the text.
pub(in crate::source) fn decode<'i>(file: &Arc<str>, bytes: &'i [u8], found: &mut Diagnostics) -> Decoded<'i> {
    let start = Place::new(file, 1);
    let mut refuse = |what: &str| {
        found.error(
            &start,
            "encoding",
            format!("the file is {what}; expected UTF-8, or UTF-16 with a byte order mark"),
        );
    };
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            refuse("UTF-32");
            Decoded { text: Cow::Borrowed(""), encoding: Encoding::Utf8, cut: true }
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_utf8(file, rest, found),
        [0xFF, 0xFE, rest @ ..] => decode_utf16(file, rest, Encoding::Utf16Le, found),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(file, rest, Encoding::Utf16Be, found),
        [b'<', 0, ..] => {
            refuse("UTF-16 without a byte order mark");
            decode_utf16(file, bytes, Encoding::Utf16Le, found)
        }
        [0, b'<', ..] => {
            refuse("UTF-16 without a byte order mark");
            decode_utf16(file, bytes, Encoding::Utf16Be, found)
        }
        _ => decode_utf8(file, bytes, found),
    }
}

fn decode_utf8<'i>(file: &Arc<str>, bytes: &'i [u8], found: &mut Diagnostics) -> Decoded<'i> {
    let (text, cut) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => {
            let text = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or("");
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or(0);
            let message = format!("byte 0x{byte:02x} is not UTF-8; nothing from here on is read");
            found.error(&Place::new(file, line_at_end(text)), "encoding", message);
            (text, true)
        }
    };
    Decoded { text: Cow::Borrowed(text), encoding: Encoding::Utf8, cut }
}

fn decode_utf16(file: &Arc<str>, bytes: &[u8], encoding: Encoding, found: &mut Diagnostics) -> Decoded<'static> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| match encoding {
        Encoding::Utf16Be => u16::from_be_bytes(*pair),
        _ => u16::from_le_bytes(*pair),
    };
    let mut text = String::with_capacity(pairs.len());
    let mut wrong = None;
    for decoded in char::decode_utf16(pairs.iter().map(unit)) {
        match decoded {
            Ok(c) => text.push(c),
            Err(error) => {
                wrong = Some(format!("0x{:04x} is an unpaired surrogate", error.unpaired_surrogate()));
                break;
            }
        }
    }
    if wrong.is_none() && !odd.is_empty() {
        wrong = Some("the file ends in the middle of a character".to_owned());
    }
    if let Some(wrong) = &wrong {
        let message = format!("this is not {encoding}: {wrong}; nothing from here on is read");
        found.error(&Place::new(file, line_at_end(&text)), "encoding", message);
    }
    Decoded { text: Cow::Owned(text), encoding, cut: wrong.is_some() }
}

/// How many lines a text ends.
pub(in crate::source) fn line_breaks(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

fn line_at_end(text: &str) -> u32 {
    line_breaks(text).saturating_add(1)
}

/// What is wrong with the encoding that the XML declaration names, given what the bytes show.
///
/// `text` is what could be decoded, and `cut` says that it ends where a byte could not be decoded. A declared encoding that
/// is not read is then the likely reason, and the message says so.
pub(in crate::source) fn check_declared(
    declared: &str,
    shown: Encoding,
    text: &str,
    cut: bool,
) -> Option<(Severity, String)> {
    let is = |names: &[&str]| names.iter().any(|name| declared.eq_ignore_ascii_case(name));
    let fits = match shown {
        Encoding::Utf8 => is(&["UTF-8", "UTF8"]),
        // `Unicode` is what some Windows tools call it.
        Encoding::Utf16Le => is(&["UTF-16", "UTF-16LE", "Unicode"]),
        Encoding::Utf16Be => is(&["UTF-16", "UTF-16BE"]),
    };
    if fits {
        return None;
    }
    if cut && shown == Encoding::Utf8 {
        let message = format!(
            "declares the encoding `{declared}`, which is not read; save the file as UTF-8, or as UTF-16 with a byte order mark"
        );
        return Some((Severity::Error, message));
    }
    if shown == Encoding::Utf8 && text.is_ascii() && !declared.to_ascii_lowercase().starts_with("utf") {
        // Whatever single-byte encoding it is, ASCII means the same in it.
        return (!is(&["US-ASCII", "ASCII"])).then(|| {
            (Severity::Warning, format!("declares the encoding `{declared}`; read as UTF-8, as it holds ASCII only"))
        });
    }
    Some((Severity::Error, format!("declares the encoding `{declared}`, but the file is {shown}; read as that")))
}
