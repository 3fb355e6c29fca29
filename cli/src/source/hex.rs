//! Hex as people paste it: with or without separators, prefixes and line breaks.

use std::{collections::BTreeSet, fmt};

/// What is wrong with a text that should be hex, and the offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HexError {
    /// The offset of the wrong byte.
    pub(crate) at: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Neither a digit nor a separator.
    NotHex(u8),
    /// A byte with only one digit.
    HalfByte,
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.at + 1;
        match self.kind {
            Kind::NotHex(byte) if byte.is_ascii_graphic() => {
                write!(f, "'{}' at position {position} is not a hex digit", char::from(byte))
            }
            Kind::NotHex(byte) => write!(f, "the byte 0x{byte:02x} at position {position} is not a hex digit"),
            Kind::HalfByte => write!(f, "the digit at position {position} has no second; a byte is two digits"),
        }
    }
}

/// The bytes that a text in hex stands for.
///
/// The forms of C literals, `\x01\x00` and `{0x01, 0x00}`, are among them. Separators are allowed between bytes but not inside one: `1 2 34` could mean two bytes or three, and nothing is
/// guessed.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut at = 0;
    let mut group_begins = true;
    while let Some(&first) = text.get(at) {
        let second = text.get(at + 1).copied();
        if is_separator(first) {
            group_begins = true;
            at += 1;
            continue;
        }
        let is_x = matches!(second, Some(b'x' | b'X'));
        let prefix = is_x && (first == b'\\' || first == b'0' && group_begins);
        if !prefix {
            bytes.push(byte(at, first, second)?);
        }
        group_begins = false;
        at += 2;
    }
    Ok(bytes)
}

/// The bytes of a text in hex, or in base64 if it cannot be hex: it has the length and the padding of base64, and
/// several characters that hex does not have. A text with one wrong digit is mistyped hex.
pub(crate) fn parse_payload(text: &[u8]) -> Result<Vec<u8>, HexError> {
    parse(text).or_else(|error| {
        let text = text.trim_ascii();
        let foreign: BTreeSet<u8> = text.iter().copied().filter(|&byte| digit(byte).is_none()).collect();
        let is_meant = text.ends_with(b"=") || foreign.len() >= FOREIGN;
        if is_meant { base64(text).ok_or(error) } else { Err(error) }
    })
}

/// The number of different characters, other than hex digits, from which on a text is base64.
const FOREIGN: usize = 4;

/// Base64 with padding, in the usual alphabet or the one for URLs.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let digits = text.get(..text.len() - padding).filter(|_| padding <= 2)?;
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut word = 0;
        for at in 0..4 {
            word = word << 6 | group.get(at).map_or(Some(0), |&digit| sextet(digit))?;
        }
        let [_, three @ ..] = u32::to_be_bytes(word);
        let (whole, rest) = three.split_at(group.len().checked_sub(1)?);
        // Bits after the last byte must be zero; otherwise the text was cut.
        if rest.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b':' | b'-' | b',' | b'{' | b'}' | 0x0B)
}

/// The byte of the digit at `at` and the next one.
fn byte(at: usize, first: u8, second: Option<u8>) -> Result<u8, HexError> {
    let high = digit(first).ok_or(HexError { at, kind: Kind::NotHex(first) })?;
    match second {
        Some(second) if !is_separator(second) => match digit(second) {
            Some(low) => Ok(high << 4 | low),
            None => Err(HexError { at: at + 1, kind: Kind::NotHex(second) }),
        },
        _ => Err(HexError { at, kind: Kind::HalfByte }),
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Bytes as upper-case hex, as in the text of values.
pub(crate) fn print(bytes: &[u8]) -> String {
    use fmt::Write;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn both_cases_and_nothing_at_all() {
        assert_eq!(parse(b"01abCDeF"), Ok(vec![0x01, 0xAB, 0xCD, 0xEF]));
        assert_eq!(parse(b""), Ok(vec![]));
        assert_eq!(parse(b" \r\n"), Ok(vec![]));
    }

    #[test]
    fn separators_may_stand_between_bytes() {
        for text in ["01 00 ff", "01:00:FF", "01-00-FF", "01,00,FF", "0100\r\n\tff\n", ":01::00 - ff,", "01\x0B00FF"] {
            assert_eq!(parse(text.as_bytes()), Ok(vec![1, 0, 255]), "{text:?}");
        }
    }

    #[test]
    fn a_prefix_may_begin_a_group() {
        for text in [
            "0x0100ff",
            "0X0100FF",
            "0x01, 0x00, 0xff",
            r"\x01\x00\xff",
            "{0x01,0x00,0xFF}",
            "01 0x00FF",
            "\n0x01-00-0xff",
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(vec![1, 0, 255]), "{text:?}");
        }
        assert_eq!(parse(b"0x"), Ok(vec![]));
        assert_eq!(message("010x00"), "'x' at position 4 is not a hex digit");
        assert_eq!(message("0x0x01"), "'x' at position 4 is not a hex digit");
    }

    #[test]
    fn half_a_byte_is_refused() {
        assert_eq!(message("012"), "the digit at position 3 has no second; a byte is two digits");
        assert_eq!(message("0 12"), "the digit at position 1 has no second; a byte is two digits");
        assert_eq!(message("0x1"), "the digit at position 3 has no second; a byte is two digits");
        assert_eq!(message("01 2-3"), "the digit at position 4 has no second; a byte is two digits");
    }

    #[test]
    fn what_is_no_digit_is_named_with_its_place() {
        assert_eq!(message("01g0"), "'g' at position 3 is not a hex digit");
        assert_eq!(message("0z"), "'z' at position 2 is not a hex digit");
        assert_eq!(message("01\0"), "the byte 0x00 at position 3 is not a hex digit");
        assert_eq!(message("é"), "the byte 0xc3 at position 1 is not a hex digit");
    }

    #[test]
    fn base64_is_taken_where_it_is_no_hex() {
        for (text, bytes) in
            [("AQAAAA==", &[1, 0, 0, 0][..]), ("_-8=", &[0xFF, 0xEF]), ("qw==", &[0xAB]), ("Zm9vYmFy", b"foobar")]
        {
            assert_eq!(parse_payload(text.as_bytes()).as_deref(), Ok(bytes), "{text}");
        }
        // A text that can be hex is hex.
        assert_eq!(parse_payload(b"ABCD"), Ok(vec![0xAB, 0xCD]));
        for text in ["AQAAAA=", "AQ==AQ==", "A===", "qx==", "zzz", "01g0", "01g00h0i"] {
            assert!(parse_payload(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn printing_and_parsing_are_inverse() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(print(&all).as_bytes()), Ok(all));
        assert_eq!(print(&[0xAB, 0]), "AB00");
    }
}
