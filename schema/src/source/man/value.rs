//! The values of attributes: numbers, booleans, GUIDs, sizes.

use crate::model::{FieldRef, Size};

/// Why a text is not a number of the wanted range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadNumber {
    /// It is no number at all.
    Malformed,
    /// It is one, but negative or above the range.
    OutOfRange,
}

/// Reads a decimal or `0x` number of at most `max`; white space around it does not matter.
pub(super) fn number(text: &str, max: u64) -> Result<u64, BadNumber> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(BadNumber::Malformed);
    }
    if negative {
        return Err(BadNumber::OutOfRange);
    }
    // Digits alone, so that what fails is only their number.
    u64::from_str_radix(digits, radix).ok().filter(|&n| n <= max).ok_or(BadNumber::OutOfRange)
}

/// Reads `true`, `false`, `1` or `0`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Reads a length or a count: a number, or else the name of a field, which may well begin with a digit.
pub(super) fn size(text: &str) -> Result<Size, BadNumber> {
    match number(text, u64::from(u16::MAX)) {
        Ok(n) => Ok(Size::Fixed(u16::try_from(n).unwrap_or(u16::MAX))),
        Err(BadNumber::OutOfRange) => Err(BadNumber::OutOfRange),
        Err(BadNumber::Malformed) => Ok(Size::Field(FieldRef::unresolved(text.trim().to_owned()))),
    }
}

/// The predefined entity or character that `&name;` stands for.
pub(crate) fn reference(name: &str) -> Option<char> {
    match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => {}
    }
    let digits = name.strip_prefix('#')?;
    let (radix, digits) = match digits.strip_prefix('x') {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|&c| is_xml_char(c))
}

/// Whether XML 1.0 allows the character at all.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// As much of a text as a diagnostic can carry. A name of a megabyte in every message about its template would
/// make the messages grow with the square of the file.
pub(in crate::source) fn clip(text: &str) -> String {
    const MOST: usize = 80;
    let mut chars = text.chars();
    let mut clipped: String = chars.by_ref().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() {
        clipped.push('…');
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hex_and_stay_in_range() {
        for (text, max, expected) in [
            ("0", 255, Ok(0)),
            (" 42\t", 255, Ok(42)),
            ("0xFf", 255, Ok(255)),
            ("0X10", 255, Ok(16)),
            ("007", 255, Ok(7)),
            ("0x8000000000000000", u64::MAX, Ok(1 << 63)),
            ("256", 255, Err(BadNumber::OutOfRange)),
            ("-1", 255, Err(BadNumber::OutOfRange)),
            ("-0x1", 255, Err(BadNumber::OutOfRange)),
            ("99999999999999999999", u64::MAX, Err(BadNumber::OutOfRange)),
            ("", 255, Err(BadNumber::Malformed)),
            ("-", 255, Err(BadNumber::Malformed)),
            ("0x", 255, Err(BadNumber::Malformed)),
            ("1 2", 255, Err(BadNumber::Malformed)),
            ("+1", 255, Err(BadNumber::Malformed)),
            ("1e3", 5000, Err(BadNumber::Malformed)),
            ("٣", 255, Err(BadNumber::Malformed)),
        ] {
            assert_eq!(number(text, max), expected, "{text:?}");
        }
    }

    #[test]
    fn references_are_predefined_or_characters() {
        for (name, expected) in [
            ("lt", Some('<')),
            ("quot", Some('"')),
            ("#10", Some('\n')),
            ("#x2015", Some('\u{2015}')),
            ("#0", None),
            ("#xD800", None),
            ("#x110000", None),
            ("#", None),
            ("#x", None),
            ("#-1", None),
            ("nbsp", None),
            ("", None),
        ] {
            assert_eq!(reference(name), expected, "{name:?}");
        }
    }

    #[test]
    fn sizes_are_numbers_or_names() {
        assert_eq!(size("16"), Ok(Size::Fixed(16)));
        assert_eq!(size("3Com"), Ok(Size::Field(FieldRef::unresolved("3Com".to_owned()))));
        assert_eq!(size("65536"), Err(BadNumber::OutOfRange));
    }

    #[test]
    fn booleans_are_four_words() {
        let read: Vec<_> = ["true", "0", " 1 ", "false", "yes", "TRUE", ""].map(boolean).into();
        assert_eq!(read, [Some(true), Some(false), Some(true), Some(false), None, None, None]);
    }

    #[test]
    fn diagnostics_carry_a_part_of_a_long_text() {
        assert_eq!(clip("short"), "short");
        assert_eq!(clip(&"x".repeat(1000)).chars().count(), 81);
        assert_eq!(clip("a\nb"), "a b");
    }
}
