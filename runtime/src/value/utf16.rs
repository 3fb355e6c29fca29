//! Text as Windows writes it: UTF-16, little-endian, anywhere in a payload.

use core::{
    char::{DecodeUtf16, decode_utf16},
    fmt, slice,
};

/// Borrowed UTF-16LE text of a `win:UnicodeString`, without the NUL that may have ended it.
///
/// The payload is packed, so the bytes need not be 2-aligned. They are not checked, so they may contain NULs and lone
/// surrogates. `Display` prints the text as it is, with U+FFFD for each lone surrogate; `Debug` prints it quoted and
/// escaped. A comparison with a `str` is exact: equal only if the units are the UTF-16 of the `str`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Utf16<'a> {
    /// Of even length.
    bytes: &'a [u8],
}

impl<'a> Utf16<'a> {
    /// The text in `bytes`; `None` if their number is odd.
    pub const fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len().is_multiple_of(2) { Some(Self { bytes }) } else { None }
    }

    /// The bytes as recorded: two for each unit, low byte first.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The number of UTF-16 units, which is not the number of characters.
    pub const fn len(self) -> usize {
        self.bytes.len() / 2
    }

    /// Whether there is no unit at all.
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The UTF-16 units.
    pub fn units(self) -> Units<'a> {
        Units(self.bytes.as_chunks().0.iter())
    }

    /// The characters, with U+FFFD for each lone surrogate.
    pub fn chars(self) -> Chars<'a> {
        Chars(self.chars_checked())
    }

    /// The characters, with an `Err` that holds the unit for each lone surrogate.
    pub fn chars_checked(self) -> CharsChecked<'a> {
        CharsChecked(decode_utf16(self.units()))
    }

    /// Whether the text equals `other`, apart from the case of ASCII letters.
    pub fn eq_ignore_ascii_case(self, other: &str) -> bool {
        self.units().map(fold_ascii).eq(other.encode_utf16().map(fold_ascii))
    }
}

/// The number of units that are turned into text together.
const PIECE: usize = 64;
/// The most bytes of their text: three for each unit, and one more for a pair of surrogates.
const PIECE_BYTES: usize = 3 * PIECE + 4;

impl Utf16<'_> {
    /// Calls `each` with the text as UTF-8, piece by piece, with U+FFFD for each lone surrogate. It is the text of
    /// `Display`, for writers of bytes.
    ///
    /// # Errors
    /// The first error of `each`, which is then not called again.
    pub fn try_for_each_str<E>(self, mut each: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let mut rest = self.bytes.as_chunks().0;
        let mut buffer = [0; PIECE_BYTES];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at_checked(PIECE).unwrap_or((rest, &[]));
            if let Some(text) = copy_ascii(piece, &mut buffer) {
                each(text)?;
                rest = after;
                continue;
            }
            let (length, taken) = transcode(rest, &mut buffer);
            let text = buffer.get(..length).unwrap_or_default();
            // The bytes are whole characters.
            each(core::str::from_utf8(text).unwrap_or("\u{FFFD}"))?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }
}

/// The units as text, if they are all ASCII, as nearly all text is.
fn copy_ascii<'b>(units: &[[u8; 2]], buffer: &'b mut [u8; PIECE_BYTES]) -> Option<&'b str> {
    let mut seen = 0;
    for (byte, &[low, high]) in buffer.iter_mut().zip(units) {
        *byte = low;
        // A high byte other than zero sets the bit that no ASCII character has.
        seen |= low | if high == 0 { 0 } else { 0x80 };
    }
    if !seen.is_ascii() {
        return None;
    }
    core::str::from_utf8(buffer.get(..units.len())?).ok()
}

/// Writes the characters at the front of `units` into the buffer. Returns the numbers of bytes written and of units
/// used. A character is never split.
fn transcode(units: &[[u8; 2]], buffer: &mut [u8; PIECE_BYTES]) -> (usize, usize) {
    let mut length = 0;
    let mut taken = 0;
    while taken < PIECE {
        let Some(unit) = units.get(taken).copied().map(u16::from_le_bytes) else { break };
        taken += 1;
        let char = match char::from_u32(unit.into()) {
            Some(char) => char,
            None => match units.get(taken).and_then(|&low| pair(unit, u16::from_le_bytes(low))) {
                Some(char) => {
                    taken += 1;
                    char
                }
                None => char::REPLACEMENT_CHARACTER,
            },
        };
        let Some(space) = buffer.get_mut(length..length + 4) else { break };
        length += char.encode_utf8(space).len();
    }
    (length, taken)
}

/// The character of a high surrogate and a low one.
fn pair(high: u16, low: u16) -> Option<char> {
    let (high, low) = (u32::from(high).checked_sub(0xD800)?, u32::from(low).checked_sub(0xDC00)?);
    if high < 0x400 && low < 0x400 { char::from_u32(0x1_0000 + (high << 10 | low)) } else { None }
}

/// `unit` in lower case if it is an ASCII letter.
fn fold_ascii(unit: u16) -> u16 {
    u8::try_from(unit).map_or(unit, |byte| byte.to_ascii_lowercase().into())
}

impl fmt::Display for Utf16<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.try_for_each_str(|text| f.write_str(text))
    }
}

impl fmt::Debug for Utf16<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.chars_checked() {
            match char {
                // `escape_debug` would escape it, which is not needed in double quotes.
                Ok('\'') => f.write_str("'")?,
                Ok(char) => fmt::Display::fmt(&char.escape_debug(), f)?,
                Err(surrogate) => write!(f, "\\u{{{surrogate:x}}}")?,
            }
        }
        f.write_str("\"")
    }
}

impl Utf16<'_> {
    /// Whether it begins with this text.
    pub fn starts_with(self, prefix: &str) -> bool {
        let mut units = self.units();
        prefix.encode_utf16().all(|unit| units.next() == Some(unit))
    }

    /// Whether it contains this text.
    pub fn contains(self, text: &str) -> bool {
        let mut rest = self.units();
        loop {
            let mut here = rest.clone();
            if text.encode_utf16().all(|unit| here.next() == Some(unit)) {
                return true;
            }
            if rest.next().is_none() {
                return false;
            }
        }
    }
}

/// The order of the UTF-16 units, which is not that of Rust's strings above U+D7FF.
impl Ord for Utf16<'_> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.units().cmp(other.units())
    }
}

impl PartialOrd for Utf16<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// As `Display`: a lone surrogate becomes U+FFFD.
#[cfg(feature = "alloc")]
impl From<Utf16<'_>> for alloc::string::String {
    fn from(text: Utf16<'_>) -> Self {
        let mut string = Self::with_capacity(text.len());
        let Ok(()) = text.try_for_each_str(|piece| {
            string.push_str(piece);
            Ok::<_, core::convert::Infallible>(())
        });
        string
    }
}

#[cfg(feature = "alloc")]
impl PartialEq<alloc::string::String> for Utf16<'_> {
    fn eq(&self, other: &alloc::string::String) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<str> for Utf16<'_> {
    fn eq(&self, other: &str) -> bool {
        self.units().eq(other.encode_utf16())
    }
}

impl PartialEq<&str> for Utf16<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<Utf16<'_>> for str {
    fn eq(&self, other: &Utf16<'_>) -> bool {
        other == self
    }
}

impl PartialEq<Utf16<'_>> for &str {
    fn eq(&self, other: &Utf16<'_>) -> bool {
        other == *self
    }
}

/// The units of a [`Utf16`].
#[derive(Clone, Debug)]
pub struct Units<'a>(slice::Iter<'a, [u8; 2]>);

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.0.next().copied().map(u16::from_le_bytes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<u16> {
        self.0.nth(n).copied().map(u16::from_le_bytes)
    }
}

impl DoubleEndedIterator for Units<'_> {
    fn next_back(&mut self) -> Option<u16> {
        self.0.next_back().copied().map(u16::from_le_bytes)
    }
}

impl ExactSizeIterator for Units<'_> {}
impl core::iter::FusedIterator for Units<'_> {}

/// The characters of a [`Utf16`], with U+FFFD for each lone surrogate.
#[derive(Clone, Debug)]
pub struct Chars<'a>(CharsChecked<'a>);

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        self.0.next().map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// The characters of a [`Utf16`], with an `Err` that holds the unit for each lone surrogate.
#[derive(Clone, Debug)]
pub struct CharsChecked<'a>(DecodeUtf16<Units<'a>>);

impl Iterator for CharsChecked<'_> {
    type Item = Result<char, u16>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map_err(|e| e.unpaired_surrogate()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, Vec, format, utf16},
        *,
    };

    #[test]
    fn an_odd_number_of_bytes_is_no_text() {
        assert_eq!(Utf16::new(b"a"), None);
        assert_eq!(Utf16::new(b"a\0b"), None);
        assert_eq!(Utf16::new(b"").map(Utf16::len), Some(0));
    }

    #[test]
    fn text_prints_as_it_is() {
        // Vectors 13 and 16: the documented events 1006 and 1010.
        let path = utf16(r"\\*\EvtLabDeny");
        assert_eq!(Utf16::new(&path).unwrap().to_string(), r"\\*\EvtLabDeny");
        let name = utf16("TELEMETRY-DC-A  ");
        assert_eq!(Utf16::new(&name).unwrap().to_string(), "TELEMETRY-DC-A  ");
        // Vector 26.
        assert_eq!(Utf16::new(&[]).unwrap().to_string(), "");
        let nul = utf16("a\0b");
        assert_eq!(Utf16::new(&nul).unwrap().to_string(), "a\0b");
    }

    #[test]
    fn text_longer_than_the_buffer_comes_out_whole() {
        for filler in ["a", "é", "€", "𝄞"] {
            for before in 0..5 {
                let text = format!("{}{}", "x".repeat(before), filler.repeat(200));
                let bytes = utf16(&text);
                assert_eq!(Utf16::new(&bytes).unwrap().to_string(), text);
            }
        }
    }

    #[test]
    fn ascii_may_end_anywhere() {
        for (len, last) in (0..200).zip(["", "é", "\u{7F}", "\u{80}", "\u{6100}", "𝄞"].iter().cycle()) {
            let text = format!("{}{last}{}", "ab".repeat(len), "c".repeat(len % 3));
            let bytes = utf16(&text);
            assert_eq!(Utf16::new(&bytes).unwrap().to_string(), text);
        }
    }

    #[test]
    fn lone_surrogates_survive_as_units() {
        let bytes = [0x61, 0, 0x00, 0xD8, 0x62, 0, 0x00, 0xDC];
        let text = Utf16::new(&bytes).unwrap();
        assert_eq!(text.to_string(), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(format!("{text:?}"), r#""a\u{d800}b\u{dc00}""#);
        assert_eq!(text.chars_checked().collect::<Vec<_>>(), [Ok('a'), Err(0xD800), Ok('b'), Err(0xDC00)]);
        assert_ne!(text, "a\u{FFFD}b\u{FFFD}");
        assert_eq!(text, text);
    }

    #[test]
    fn debug_is_quoted_and_escaped() {
        let bytes = utf16("it's \"a\"\n\0\\");
        assert_eq!(format!("{:?}", Utf16::new(&bytes).unwrap()), r#""it's \"a\"\n\0\\""#);
    }

    #[test]
    fn units_run_both_ways_and_know_their_number() {
        let bytes = utf16("a𝄞");
        let units = Utf16::new(&bytes).unwrap().units();
        assert_eq!(units.len(), 3);
        assert_eq!(units.clone().nth(1), Some(0xD834));
        assert_eq!(units.rev().collect::<Vec<_>>(), [0xDD1E, 0xD834, 0x61]);
    }

    #[test]
    fn comparison_with_str_is_exact() {
        let bytes = utf16("Straße𝄞");
        let text = Utf16::new(&bytes).unwrap();
        assert_eq!(text, "Straße𝄞");
        assert_eq!("Straße𝄞", text);
        assert_eq!(text, *"Straße𝄞");
        assert_eq!(*"Straße𝄞", text);
        assert_ne!(text, "Straße");
        assert_ne!(text, "straße𝄞");
        assert!(text.eq_ignore_ascii_case("sTRAßE𝄞"));
        assert!(!text.eq_ignore_ascii_case("STRASSE𝄞"));
        // U+212A, the Kelvin sign, is `k` only beyond ASCII.
        let kelvin = utf16("\u{212A}");
        assert!(!Utf16::new(&kelvin).unwrap().eq_ignore_ascii_case("k"));
    }

    #[test]
    fn parts_are_found_and_order_is_that_of_the_units() {
        let bytes = utf16("größer 𝄞");
        let text = Utf16::new(&bytes).unwrap();
        assert!(text.starts_with("") && text.starts_with("grö") && !text.starts_with("größer 𝄞 "));
        assert!(text.contains("") && text.contains("ßer") && text.contains("𝄞") && !text.contains("x"));
        let other = utf16("groß");
        assert!(Utf16::new(&other).unwrap() < text);
        assert!(!Utf16::default().contains("a") && Utf16::default() < text);
    }

    #[test]
    fn alignment_does_not_matter() {
        let mut bytes = utf16("abc");
        bytes.insert(0, 0xFF);
        assert_eq!(Utf16::new(&bytes[1..]).unwrap(), "abc");
    }
}
