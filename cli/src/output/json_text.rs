//! The texts and numbers of JSON, appended to bytes: what serde_json writes, without a call for each character.

use std::fmt::{self, Display, Write as _};

use etw_runtime::{Guid, Utf16};

/// Appends a text in quotes.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    put_escaped(out, text);
    out.push(b'"');
}

/// Appends the `Display` text of a value in quotes.
pub(crate) fn put_display(out: &mut Vec<u8>, value: impl Display) {
    out.push(b'"');
    // Appending cannot fail.
    let _ = write!(Escaped(out), "{value}");
    out.push(b'"');
}

/// Appends UTF-16 in quotes.
pub(crate) fn put_utf16(out: &mut Vec<u8>, text: Utf16<'_>) {
    out.push(b'"');
    let Ok(()) = text.try_for_each_str(|piece| {
        put_escaped(out, piece);
        Ok::<_, std::convert::Infallible>(())
    });
    out.push(b'"');
}

/// Appends a GUID in quotes and braces.
pub(crate) fn put_guid(out: &mut Vec<u8>, guid: Guid) {
    let mut text = [b'"'; 40];
    text[1..39].copy_from_slice(&guid.to_ascii());
    out.extend_from_slice(&text);
}

/// A writer that escapes its text.
struct Escaped<'o>(&'o mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        put_escaped(self.0, text);
        Ok(())
    }
}

/// Appends a text, escaped for JSON.
fn put_escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    loop {
        let plain = count_plain(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&byte) = rest.get(plain) else { return };
        put_escape(out, byte);
        rest = &rest[plain + 1..];
    }
}

fn put_escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0C => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// The number of bytes at the front that need no escape. Tests eight bytes at a time.
fn count_plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte of 0 borrows from the next one, so that only the first byte found is certain.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, tail) = bytes.as_chunks();
    for (at, &word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = controls | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    bytes.len() - tail.len() + tail.iter().position(|byte| !is_plain(byte)).unwrap_or(tail.len())
}

/// Appends a number in decimal.
pub(crate) fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a number in decimal.
pub(crate) fn put_i64(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a number in hexadecimal, with `0x` and in quotes.
pub(crate) fn put_hex(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'"'; 20];
    let mut at = digits.len() - 1;
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[usize::from(number.to_le_bytes()[0] & 15)];
        number >>= 4;
        if number == 0 {
            break;
        }
    }
    at -= 3;
    digits[at..at + 3].copy_from_slice(b"\"0x");
    out.extend_from_slice(&digits[at..]);
}

/// Appends bytes as pairs of upper-case digits, in quotes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(2 * bytes.len() + 2);
    out.push(b'"');
    for &byte in bytes {
        out.extend_from_slice(&[byte >> 4, byte & 15].map(|digit| b"0123456789ABCDEF"[usize::from(digit)]));
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_those_of_serde_json() {
        let all: String = (0..0x180).filter_map(char::from_u32).collect();
        for (from, _) in all.char_indices() {
            for to in [from + 1, from + 7, from + 9, all.len()] {
                let Some(text) = all.get(from..to) else { continue };
                let expected = serde_json::to_string(text).unwrap();
                assert_eq!(put(|out| put_text(out, text)), expected);
                assert_eq!(put(|out| put_display(out, text)), expected);
                let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                assert_eq!(put(|out| put_utf16(out, Utf16::new(&units).unwrap())), expected);
            }
        }
        for byte in 0..0x80_u8 {
            for at in 0..17 {
                let mut text = "x".repeat(17);
                text.replace_range(at..=at, &char::from(byte).to_string());
                assert_eq!(put(|out| put_text(out, &text)), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let powers = (0..20).map(|power| 10_u64.pow(power)).chain((0..64).map(|power| 1 << power));
        for number in powers.flat_map(|power| [power - 1, power, power + 1]).chain([u64::MAX]) {
            assert_eq!(put(|out| put_u64(out, number)), number.to_string());
            assert_eq!(put(|out| put_i64(out, number.cast_signed())), number.cast_signed().to_string());
            assert_eq!(put(|out| put_hex(out, number)), format!("\"{number:#x}\""));
        }
        assert_eq!(put(|out| put_i64(out, i64::MIN)), i64::MIN.to_string());
    }

    #[test]
    fn bytes_and_guids_are_those_of_the_runtime() {
        let guid = Guid::from_u128(0xd48c_e617_33a2_4bc3_a5c7_11aa_4f29_619e);
        assert_eq!(put(|out| put_guid(out, guid)), format!("\"{guid}\""));
        assert_eq!(put(|out| put_bytes(out, &[0xAB, 0])), "\"AB00\"");
        assert_eq!(put(|out| put_bytes(out, &[])), "\"\"");
    }
}
