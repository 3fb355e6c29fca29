//! Text in the code page of the machine that recorded it.

use core::fmt::{self, Write as _};
use core::hash::{Hash, Hasher};

use super::text::TextBuffer;

/// Borrowed bytes of a `win:AnsiString`, in a code page that the record does not name.
///
/// `Display` prints them up to the first NUL: ASCII as it is, and U+FFFD for each other byte, because a wrong guess of
/// the code page would print a wrong name that looks right. The NUL matters: event 1015 of SMBServer fills its
/// AnsiString with UTF-16, of which Windows prints the first letter. `Debug` prints all bytes, as in a Rust byte string.
///
/// Where the manifest says that a field's text is UTF-8 (outType `win:Utf8`, `win:Json` or `win:Xml`), reflection and
/// serialization return it as [`Ansi::in_utf8`], which prints all characters.
#[derive(Clone, Copy, Default)]
pub struct Ansi<'a> {
    bytes: &'a [u8],
    is_utf8: bool,
}

impl<'a> Ansi<'a> {
    /// The text in `bytes`. Any bytes are accepted.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, is_utf8: false }
    }

    /// The same text, known to be UTF-8. Invalid UTF-8 prints as U+FFFD.
    #[must_use]
    pub const fn in_utf8(mut self) -> Self {
        self.is_utf8 = true;
        self
    }

    /// The bytes as recorded, NULs included.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The number of bytes.
    pub const fn len(self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no byte at all.
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// What comes before the first NUL; everything if there is no NUL.
    #[must_use]
    pub fn until_nul(self) -> Self {
        Self { bytes: self.bytes.split(|&byte| byte == 0).next().unwrap_or_default(), ..self }
    }
}

/// The character of an ASCII byte; U+FFFD for one that depends on the code page.
fn ascii_or_replacement(byte: u8) -> char {
    if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER }
}

impl fmt::Display for Ansi<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.until_nul().bytes;
        if self.is_utf8 {
            return bytes.utf8_chunks().try_for_each(|chunk| {
                f.write_str(chunk.valid())?;
                if chunk.invalid().is_empty() { Ok(()) } else { f.write_char(char::REPLACEMENT_CHARACTER) }
            });
        }
        TextBuffer::new(f).write_all(bytes.iter().copied().map(ascii_or_replacement))
    }
}

impl fmt::Debug for Ansi<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("b\"")?;
        for &byte in self.bytes {
            match byte {
                // `escape_default` would escape it, which is not needed in double quotes.
                b'\'' => f.write_str("'")?,
                _ => fmt::Display::fmt(&core::ascii::escape_default(byte), f)?,
            }
        }
        f.write_str("\"")
    }
}

/// Equal by their bytes.
impl PartialEq for Ansi<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Ansi<'_> {}

impl Hash for Ansi<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

/// Equal if `other` is ASCII and has the same bytes. Beyond ASCII equality would depend on the code page.
impl PartialEq<str> for Ansi<'_> {
    fn eq(&self, other: &str) -> bool {
        other.is_ascii() && self.bytes == other.as_bytes()
    }
}

/// As for `str`.
impl PartialEq<&str> for Ansi<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<Ansi<'_>> for str {
    fn eq(&self, other: &Ansi<'_>) -> bool {
        other == self
    }
}

impl PartialEq<Ansi<'_>> for &str {
    fn eq(&self, other: &Ansi<'_>) -> bool {
        other == *self
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, format, hex},
        *,
    };

    #[test]
    fn text_prints_up_to_the_first_nul() {
        // Vector 18: UTF-16 in an AnsiString.
        let bytes = hex("5C005C00310030002E0032002E00310030002E0031003100");
        let text = Ansi::new(&bytes);
        assert_eq!(text.to_string(), r"\");
        assert_eq!(text.len(), 24);
        assert_eq!(text.until_nul(), r"\");
        // Vector 59, NUL included.
        assert_eq!(Ansi::new(b"abc\0").to_string(), "abc");
        assert_eq!(Ansi::new(b"").to_string(), "");
        assert_eq!(Ansi::new(b"\0a").to_string(), "");
        assert_eq!(Ansi::new(b"abc").until_nul().len(), 3);
    }

    #[test]
    fn no_code_page_is_guessed() {
        let text = Ansi::new(b"caf\xE9");
        assert_eq!(text.to_string(), "caf\u{FFFD}");
        assert_eq!(format!("{text:?}"), r#"b"caf\xe9""#);
        assert_ne!(text, "café");
        assert_ne!(Ansi::new("café".as_bytes()), "café");
    }

    #[test]
    fn debug_shows_every_byte() {
        assert_eq!(format!("{:?}", Ansi::new(b"it's\0\"\\\n")), r#"b"it's\x00\"\\\n""#);
    }

    #[test]
    fn comparison_with_str_is_by_bytes() {
        assert_eq!(Ansi::new(b"abc"), "abc");
        assert_eq!("abc", Ansi::new(b"abc"));
        assert_eq!(*"abc", Ansi::new(b"abc"));
        assert_ne!(Ansi::new(b"abc\0"), "abc");
        assert_ne!(Ansi::new(b"abc"), "ABC");
    }
}
