//! The values of a record: bytes with a type, and a name from the template.

use std::borrow::Cow;
use std::fmt;

use etw_runtime::{FileTime, Guid, Sid, Utf16};

use super::binxml::{Content, Template};

/// The type of a value: `BinXmlValueType`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueType(pub u8);

impl ValueType {
    /// No value.
    pub const NULL: Self = Self(0);
    /// UTF-16 text.
    pub const STRING: Self = Self(1);
    /// Text in a code page.
    pub const ANSI_STRING: Self = Self(2);
    /// Binary bytes.
    pub const BINARY: Self = Self(14);
    /// A GUID.
    pub const GUID: Self = Self(15);
    /// A number as wide as a pointer. Values have [`HEX_INT32`](Self::HEX_INT32) or [`HEX_INT64`](Self::HEX_INT64) instead.
    pub const SIZE_T: Self = Self(16);
    /// A time of 8 bytes.
    pub const FILETIME: Self = Self(17);
    /// A time of 16 bytes.
    pub const SYSTEMTIME: Self = Self(18);
    /// A security identifier.
    pub const SID: Self = Self(19);
    /// 4 bytes that are shown in hexadecimal.
    pub const HEX_INT32: Self = Self(20);
    /// 8 bytes that are shown in hexadecimal.
    pub const HEX_INT64: Self = Self(21);
    /// Binary XML.
    pub const BIN_XML: Self = Self(0x21);

    /// Whether the value is an array.
    pub const fn is_array(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The type of an array's elements; for other types the type itself.
    #[must_use]
    pub const fn element(self) -> Self {
        Self(self.0 & 0x7F)
    }

    /// The name; for an array that of its elements. `None` for an unknown number.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 & 0x7F {
            0 => "Null",
            1 => "String",
            2 => "AnsiString",
            3 => "Int8",
            4 => "UInt8",
            5 => "Int16",
            6 => "UInt16",
            7 => "Int32",
            8 => "UInt32",
            9 => "Int64",
            10 => "UInt64",
            11 => "Real32",
            12 => "Real64",
            13 => "Boolean",
            14 => "Binary",
            15 => "Guid",
            16 => "SizeT",
            17 => "FileTime",
            18 => "SysTime",
            19 => "Sid",
            20 => "HexInt32",
            21 => "HexInt64",
            0x20 => "EvtHandle",
            0x21 => "BinXml",
            0x23 => "EvtXml",
            _ => return None,
        })
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "{:#04x}", self.element().0)?,
        }
        f.write_str(if self.is_array() { "[]" } else { "" })
    }
}

impl fmt::Debug for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Value<'a> {
    /// The name in the template: that of the element, or its attribute `Name`. `None` if the template is lost.
    pub name: Option<Utf16<'a>>,
    /// The type in the template; `None` if the template is lost.
    pub declared: Option<ValueType>,
    /// The type of the bytes. It differs from `declared` for numbers as wide as a pointer and for empty values.
    pub kind: ValueType,
    /// The bytes as they were in the event's payload; the NUL at the end of a string may be missing.
    pub bytes: &'a [u8],
}

impl<'a> Value<'a> {
    /// An integer, of up to 8 bytes.
    pub(super) fn number(&self) -> Option<u64> {
        // A null value may still have bytes. They are left over from another record.
        let is_none = matches!(self.kind, ValueType::NULL | ValueType::STRING);
        if is_none || self.bytes.is_empty() || self.bytes.len() > 8 {
            return None;
        }
        Some(self.bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    pub(super) fn guid(&self) -> Option<Guid> {
        if self.kind != ValueType::GUID {
            return None;
        }
        self.bytes.try_into().ok().map(Guid::from_bytes)
    }

    pub(super) fn time(&self) -> Option<FileTime> {
        if self.kind == ValueType::FILETIME { self.number().map(FileTime::from_ticks) } else { None }
    }

    pub(super) fn sid(&self) -> Option<Sid<'a>> {
        if self.kind == ValueType::SID { Sid::new(self.bytes) } else { None }
    }

    /// The missing NUL, if the value is a string that lacks it.
    fn missing_nul(&self) -> &'static [u8] {
        // An empty string may be recorded as a null value.
        let kind = if self.kind == ValueType::NULL { self.declared.unwrap_or(self.kind) } else { self.kind };
        match kind {
            ValueType::STRING if !self.bytes.ends_with(&[0, 0]) => &[0, 0],
            ValueType::ANSI_STRING if !self.bytes.ends_with(&[0]) => &[0],
            _ => &[],
        }
    }

    /// The text of a UTF-16 string, without the NUL that may end it.
    pub fn text(&self) -> Option<Utf16<'a>> {
        if self.kind != ValueType::STRING {
            return None;
        }
        Utf16::new(self.bytes.strip_suffix(&[0, 0]).filter(|rest| rest.len() % 2 == 0).unwrap_or(self.bytes))
    }
}

/// The values of a record, in the order of the event's fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values<'a> {
    pub(super) chunk: &'a [u8],
    pub(super) template: Option<&'a Template>,
    /// Sizes and types.
    pub(super) table: &'a [[u8; 4]],
    /// The bytes of the values, one after the other.
    pub(super) bytes: &'a [u8],
}

impl<'a> Values<'a> {
    /// The number of values.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The value at an index.
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        let before = self.table.get(..index)?.iter().map(|&entry| size(entry)).sum();
        let bytes = self.bytes.get(before..)?;
        self.value(index, bytes).map(|(value, _)| value)
    }

    /// The first value with a name.
    pub fn find(&self, name: &str) -> Option<Value<'a>> {
        self.into_iter().find(|value| value.name.is_some_and(|there| there == name))
    }

    /// A value and the bytes after it.
    fn value(&self, index: usize, bytes: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        let entry = *self.table.get(index)?;
        let (bytes, rest) = bytes.split_at_checked(size(entry))?;
        let leaf = self.template.and_then(|template| template.leaf(index));
        let name = leaf.map(|leaf| leaf.attribute.or(leaf.label).unwrap_or(leaf.element).of(self.chunk));
        let declared = leaf.and_then(|leaf| match leaf.content {
            Content::Value { kind, .. } => Some(ValueType(kind)),
            Content::Text(_) => None,
        });
        Some((Value { name, declared, kind: ValueType(entry[2]), bytes }, rest))
    }

    /// The payload: the bytes of all values, with the missing NULs of NUL-terminated strings.
    ///
    /// Only the event's layout has the fields that end at a NUL: `ends_at_nul` says it by index. If no NUL is missing,
    /// nothing is copied.
    pub fn payload(&self, ends_at_nul: impl Fn(usize) -> bool) -> Cow<'a, [u8]> {
        let lacks = |index, value: &Value<'_>| if ends_at_nul(index) { value.missing_nul() } else { &[] };
        if self.into_iter().enumerate().all(|(index, value)| lacks(index, &value).is_empty()) {
            return Cow::Borrowed(self.bytes);
        }
        let mut payload = Vec::with_capacity(self.bytes.len() + 2 * self.len());
        for (index, value) in self.into_iter().enumerate() {
            payload.extend_from_slice(value.bytes);
            payload.extend_from_slice(lacks(index, &value));
        }
        Cow::Owned(payload)
    }
}

fn size([low, high, ..]: [u8; 4]) -> usize {
    u16::from_le_bytes([low, high]).into()
}

impl<'a> IntoIterator for Values<'a> {
    type Item = Value<'a>;
    type IntoIter = ValuesIter<'a>;

    fn into_iter(self) -> ValuesIter<'a> {
        ValuesIter { rest: self.bytes, index: 0, values: self }
    }
}

/// Iterator over [`Values`].
#[derive(Clone, Debug)]
pub struct ValuesIter<'a> {
    values: Values<'a>,
    index: usize,
    rest: &'a [u8],
}

impl<'a> Iterator for ValuesIter<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let (value, rest) = self.values.value(self.index, self.rest)?;
        self.index += 1;
        self.rest = rest;
        Some(value)
    }
}
