//! Messages: an event's text as Windows shows it.
//!
//! Generated code knows at compile time which literal text or which field comes next, and how the field is shown. It
//! calls a method of [`MessageWriter`] for each. Nothing is looked up by name and nothing is allocated.

use core::fmt::{self, Display, Write as _};

use crate::status::{BuiltIn, StatusKind, StatusText, write_status};
use crate::{Ansi, Binary, MapInfo, Record, Utf16, Value};

/// Writes the parts of a message, each in the form in which Windows shows it.
///
/// Each method returns the writer, so that a message is one chain of calls. After an error of the sink the remaining
/// calls do nothing, and [`MessageWriter::finish`] returns the error.
pub struct MessageWriter<'w, W: ?Sized> {
    out: &'w mut W,
    status_texts: &'w dyn StatusText,
    /// Whether line breaks inside of values are escaped.
    one_line_values: bool,
    result: fmt::Result,
}

impl<W: ?Sized> fmt::Debug for MessageWriter<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageWriter").field("result", &self.result).finish_non_exhaustive()
    }
}

/// A writer into any sink of text.
pub type AnyMessageWriter<'w> = MessageWriter<'w, dyn fmt::Write + 'w>;

impl<'w, W: fmt::Write + ?Sized> MessageWriter<'w, W> {
    /// A writer that asks `status_texts` for the texts of status codes.
    #[inline]
    pub fn new(out: &'w mut W, status_texts: &'w dyn StatusText) -> Self {
        Self { out, status_texts, one_line_values: false, result: Ok(()) }
    }

    /// The error of the sink, if there was one.
    #[inline]
    pub fn finish(&self) -> fmt::Result {
        self.result
    }

    #[inline]
    fn write(&mut self, write: impl FnOnce(&mut W) -> fmt::Result) -> &mut Self {
        if self.result.is_ok() {
            self.result = write(self.out);
        }
        self
    }

    /// Literal text of the template.
    #[inline]
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.write(|out| out.write_str(text))
    }

    /// A value whose `Display` is the message's text: integers, GUIDs, SIDs, addresses, structs with their texts.
    #[inline]
    pub fn show(&mut self, value: impl Display) -> &mut Self {
        if self.one_line_values {
            return self.value(value);
        }
        self.write(|out| write!(out, "{value}"))
    }

    /// `win:HexInt32` and its like: `0x` and upper-case digits without padding. Also binary: `0x` and pairs of digits.
    #[inline]
    pub fn hex(&mut self, value: impl fmt::UpperHex) -> &mut Self {
        self.write(|out| write!(out, "{value:#X}"))
    }

    /// Text, with a space for each NUL in it. What looks like an insert is printed as it is: the text may come from
    /// anybody who connects.
    pub fn utf16(&mut self, text: Utf16<'_>) -> &mut Self {
        let one_line = self.one_line_values;
        self.write(|out| {
            if text.units().all(|unit| unit != 0) && !one_line {
                return write!(out, "{text}");
            }
            let mut out = Values { out, one_line };
            text.chars().try_for_each(|c| out.write_char(if c == '\0' { ' ' } else { c }))
        })
    }

    /// A value that may be a text.
    fn value(&mut self, value: impl Display) -> &mut Self {
        let one_line = self.one_line_values;
        self.write(|out| write!(Values { out, one_line }, "{value}"))
    }

    /// Text of an unknown code page, up to its first NUL.
    pub fn ansi(&mut self, text: Ansi<'_>) -> &mut Self {
        self.value(text)
    }

    /// Text whose outType says that it is UTF-8, up to its first NUL.
    pub fn utf8(&mut self, text: Ansi<'_>) -> &mut Self {
        self.value(text.in_utf8())
    }

    /// `xs:dateTime`, with the left-to-right marks of Windows' messages.
    pub fn date_time(&mut self, time: impl Display) -> &mut Self {
        self.write(|out| write!(out, "{time:#}"))
    }

    /// An integer of 8 or 16 bits as `xs:string`: one character.
    pub fn character(&mut self, unit: impl TryInto<u32>) -> &mut Self {
        self.value(unit.try_into().ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// `win:Port`: an integer in network byte order.
    pub fn port(&mut self, port: u16) -> &mut Self {
        self.show(port.swap_bytes())
    }

    /// `win:NTSTATUS`, `win:Win32Error`, `win:HResult`: the system's text for the code.
    pub fn status(&mut self, kind: StatusKind, code: impl Code) -> &mut Self {
        let texts = self.status_texts;
        self.write(|mut out| write_status(kind, code.code(), texts, &mut out))
    }

    /// A value with a `valueMap`: its text, or the number if it has none.
    pub fn map(&mut self, map: &MapInfo, value: u32) -> &mut Self {
        match map.name_of(value) {
            Some(text) => self.text(text),
            None => self.show(value),
        }
    }

    /// A signed value with a `valueMap`.
    pub fn map_signed(&mut self, map: &MapInfo, value: i32) -> &mut Self {
        match map.name_of(value.cast_unsigned()) {
            Some(text) => self.text(text),
            None => self.show(value),
        }
    }

    /// A value with a `bitMap`: the texts of the bits that are set, or the number if none of them has a text.
    pub fn bits(&mut self, map: &MapInfo, value: u32) -> &mut Self {
        self.expanded_bits(map, value, |out, bit| out.map(map, bit))
    }

    /// [`MessageWriter::bits`], with special texts for some of the bits.
    pub fn expanded_bits(
        &mut self,
        map: &MapInfo,
        value: u32,
        each: impl Fn(&mut Self, u32) -> &mut Self,
    ) -> &mut Self {
        let mut bits = map.entries.iter().map(|entry| entry.value).filter(|bit| value & bit != 0);
        let Some(first) = bits.next() else { return self.show(value) };
        let out = each(self, first);
        bits.fold(out, |out, bit| each(out.text(" | "), bit))
    }

    /// An array: its elements with a comma between. How Windows shows one is not known.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        each: impl Fn(&mut Self, T) -> &mut Self,
    ) -> &mut Self {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.text(", ");
            }
            each(self, item);
        }
        self
    }

    /// Bytes of `win:IPv6`; printed as binary if they are not sixteen.
    pub fn ipv6(&mut self, bytes: Binary<'_>) -> &mut Self {
        match bytes.as_bytes().first_chunk() {
            Some(address) if bytes.len() == 16 => self.show(crate::Ipv6::from_bytes(*address)),
            _ => self.hex(bytes),
        }
    }

    /// A value in a printf format of the template, `%1!08x!`.
    pub fn formatted(&mut self, format: &Printf, value: &Value<'_>) -> &mut Self {
        self.value(Formatted(format, value))
    }
}

/// Writes values, with their line breaks escaped if each is to stay on its line.
struct Values<'o, W: ?Sized> {
    out: &'o mut W,
    one_line: bool,
}

impl<W: fmt::Write + ?Sized> fmt::Write for Values<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.one_line {
            return self.out.write_str(text);
        }
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if self.one_line && matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            return write!(self.out, "{}", c.escape_default());
        }
        self.out.write_char(c)
    }
}

/// An integer that can be a status code.
pub trait Code: sealed::Sealed {
    /// Its 32 bits.
    fn code(self) -> u32;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u32 {}
    impl Sealed for i32 {}
    impl Sealed for crate::HexInt32 {}
}

impl Code for u32 {
    fn code(self) -> u32 {
        self
    }
}

impl Code for i32 {
    fn code(self) -> u32 {
        self.cast_unsigned()
    }
}

impl Code for crate::HexInt32 {
    fn code(self) -> u32 {
        self.0
    }
}

/// A printf format of a template, parsed when the code was generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printf {
    /// Padded on the right (`-`).
    pub left: bool,
    /// Padded with zeros (`0`).
    pub zeros: bool,
    /// With `0x` before a hexadecimal number other than zero, and a zero before an octal one (`#`).
    pub alternate: bool,
    /// What stands before a signed number that is not negative: a plus or a blank (`+`, ` `), or nothing.
    pub sign: &'static str,
    /// The least number of characters.
    pub width: usize,
    /// The least number of digits, or the most characters of a text (`.3`).
    pub precision: Option<usize>,
    /// How the value is written.
    pub conversion: Conversion,
}

/// How a printf format writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `d`, `i`.
    Decimal,
    /// `u`.
    Unsigned,
    /// `o`.
    Octal,
    /// `x`.
    LowerHex,
    /// `X`, `p`.
    UpperHex,
    /// `s`, `S` and all others: the value as it is.
    Plain,
}

/// A value in a printf format.
struct Formatted<'v>(&'v Printf, &'v Value<'v>);

impl Display for Formatted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(self.1, f)
    }
}

impl Printf {
    fn write(&self, value: &Value<'_>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In C zero has no prefix, and the prefix has the case of the digits.
        let prefix = |prefix, bits| if self.alternate && bits != 0 { prefix } else { "" };
        match (self.conversion, bits_of(value)) {
            (Conversion::LowerHex, Some(bits)) => self.digits(out, prefix("0x", bits), &format_args!("{bits:x}")),
            (Conversion::UpperHex, Some(bits)) => self.digits(out, prefix("0X", bits), &format_args!("{bits:X}")),
            (Conversion::Unsigned, Some(bits)) => self.digits(out, "", &bits),
            (Conversion::Decimal, Some(bits)) => match value.as_i64() {
                Some(negative @ ..0) => self.digits(out, "-", &negative.unsigned_abs()),
                _ => self.digits(out, self.sign, &bits),
            },
            (Conversion::Octal, Some(bits)) => {
                // In C the zero is one of the digits that a precision asks for.
                let has_zero = self.precision.unwrap_or(0) > characters(&format_args!("{bits:o}"))?;
                self.digits(out, if has_zero { "" } else { prefix("0", bits) }, &format_args!("{bits:o}"))
            }
            _ => self.text(out, value),
        }
    }

    /// Writes a number. With a precision the flag for zeros is ignored, as in C.
    fn digits(&self, out: &mut fmt::Formatter<'_>, prefix: &str, digits: &dyn Display) -> fmt::Result {
        let count = characters(digits)?;
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(count);
        let missing = self.width.saturating_sub(prefix.len() + zeros + count);
        let by_zeros = self.zeros && !self.left && self.precision.is_none();
        if by_zeros {
            zeros = missing;
        } else if !self.left {
            repeat(out, ' ', missing)?;
        }
        out.write_str(prefix)?;
        repeat(out, '0', zeros)?;
        digits.fmt(out)?;
        repeat(out, ' ', if self.left { missing } else { 0 })
    }

    /// Writes a text, or as much of it as the precision allows.
    fn text(&self, out: &mut fmt::Formatter<'_>, value: &dyn Display) -> fmt::Result {
        let most = self.precision.unwrap_or(usize::MAX);
        let missing = self.width.saturating_sub(characters(value)?.min(most));
        if !self.left {
            repeat(out, if self.zeros { '0' } else { ' ' }, missing)?;
        }
        write!(Front { out, left: most }, "{value}")?;
        repeat(out, ' ', if self.left { missing } else { 0 })
    }
}

/// The bits of an integer, at its own width.
fn bits_of(value: &Value<'_>) -> Option<u64> {
    Some(match *value {
        Value::I8(value) => value.cast_unsigned().into(),
        Value::I16(value) => value.cast_unsigned().into(),
        Value::I32(value) => value.cast_unsigned().into(),
        Value::I64(value) => value.cast_unsigned(),
        Value::Pointer(value) => value,
        _ => return value.as_u64(),
    })
}

fn repeat(out: &mut fmt::Formatter<'_>, c: char, times: usize) -> fmt::Result {
    (0..times).try_for_each(|_| out.write_char(c))
}

fn characters(value: &dyn Display) -> Result<usize, fmt::Error> {
    let mut counter = Counter(0);
    write!(counter, "{value}")?;
    Ok(counter.0)
}

/// Writes a limited number of characters and drops the rest.
struct Front<'o, 'f> {
    out: &'o mut fmt::Formatter<'f>,
    left: usize,
}

impl fmt::Write for Front<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.char_indices().nth(self.left).map_or(text.len(), |(at, _)| at);
        let front = text.get(..end).unwrap_or_default();
        self.left = self.left.saturating_sub(front.chars().count());
        self.out.write_str(front)
    }
}

/// Counts characters without keeping them.
struct Counter(usize);

impl fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}

/// A record's message, for `Display`.
#[derive(Clone, Copy)]
pub struct Message<'s, R> {
    record: R,
    build: u32,
    status_texts: &'s dyn StatusText,
    one_line_values: bool,
}

/// Prints the record; `Display` prints the text.
impl<R: fmt::Debug> fmt::Debug for Message<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("record", &self.record).field("build", &self.build).finish_non_exhaustive()
    }
}

impl<'s, R> Message<'s, R> {
    pub(crate) fn new(record: R, build: u32, status_texts: &'s dyn StatusText) -> Self {
        Self { record, build, status_texts, one_line_values: false }
    }

    /// The same message with line breaks inside of values as `\n`: a name with line breaks, which anybody may choose who
    /// connects, cannot look like lines of the message. Windows prints them.
    #[must_use]
    pub fn with_one_line_values(mut self) -> Self {
        self.one_line_values = true;
        self
    }
}

impl<'a, R: Record<'a>> Display for Message<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer: AnyMessageWriter<'_> = MessageWriter::new(f, self.status_texts);
        writer.one_line_values = self.one_line_values;
        self.record.write_message(self.build, &mut writer)
    }
}

/// `Display` of a record: its newest message, with the built-in status texts.
#[doc(hidden)]
pub fn display_record<'a>(record: &impl Record<'a>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    record.write_message(u32::MAX, &mut MessageWriter::new(f, &BuiltIn))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString as _;

    #[test]
    fn formats_are_those_of_c() {
        let plain = Printf {
            sign: "",
            left: false,
            zeros: false,
            alternate: false,
            width: 0,
            precision: None,
            conversion: Conversion::Plain,
        };
        let number = Value::U32(10);
        let signed = Value::I32(-7);
        let text = Value::Ansi(Ansi::new(b"abc"));
        let hex = Printf { conversion: Conversion::LowerHex, ..plain };
        let decimal = Printf { conversion: Conversion::Decimal, ..plain };
        let octal = Printf { conversion: Conversion::Octal, ..plain };
        // Expected is what the shell's printf prints for the same formats and values.
        let rows = [
            (Printf { width: 8, precision: Some(3), ..hex }, number, "     00a"),
            (Printf { left: true, width: 8, precision: Some(3), ..decimal }, signed, "-007    "),
            (Printf { zeros: true, width: 8, precision: Some(3), ..decimal }, Value::U32(7), "     007"),
            (Printf { alternate: true, zeros: true, width: 6, ..hex }, Value::U32(255), "0x00ff"),
            (Printf { precision: Some(2), ..plain }, text, "ab"),
            (Printf { width: 5, precision: Some(1), ..plain }, text, "    a"),
            (Printf { left: true, width: 5, precision: Some(1), ..plain }, text, "a    "),
            (Printf { alternate: true, zeros: true, width: 8, ..octal }, Value::U32(8), "00000010"),
            (Printf { zeros: true, width: 5, ..decimal }, signed, "-0007"),
            (Printf { left: true, width: 5, ..decimal }, Value::U32(7), "7    "),
            (Printf { precision: Some(5), ..decimal }, signed, "-00007"),
            (Printf { width: 3, ..decimal }, Value::U32(12345), "12345"),
            (Printf { sign: "+", width: 5, zeros: true, ..decimal }, Value::U32(7), "+0007"),
            (Printf { sign: " ", ..decimal }, Value::U32(7), " 7"),
            (Printf { sign: "+", ..decimal }, signed, "-7"),
            (octal, Value::U32(8), "10"),
            (Printf { alternate: true, ..octal }, Value::U32(8), "010"),
            (Printf { alternate: true, precision: Some(5), ..octal }, Value::U32(8), "00010"),
            (Printf { alternate: true, ..octal }, Value::U32(0), "0"),
            (Printf { alternate: true, ..hex }, number, "0xa"),
            (Printf { alternate: true, conversion: Conversion::UpperHex, ..hex }, number, "0XA"),
            (Printf { alternate: true, zeros: true, width: 4, ..hex }, Value::U32(0), "0000"),
        ];
        for (format, value, expected) in rows {
            assert_eq!(Formatted(&format, &value).to_string(), expected, "{format:?}");
        }
    }

    #[test]
    fn a_precision_counts_characters_not_bytes() {
        let format = Printf {
            sign: "",
            left: false,
            zeros: false,
            alternate: false,
            width: 4,
            precision: Some(2),
            conversion: Conversion::Plain,
        };
        let bytes: std::vec::Vec<u8> = "größe".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = Value::Utf16(Utf16::new(&bytes).unwrap_or_default());
        assert_eq!(Formatted(&format, &text).to_string(), "  gr");
    }
}
