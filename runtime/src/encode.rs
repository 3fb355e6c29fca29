//! Encoding: from typed values to a payload. It needs the feature `encode`, and allocates.
//!
//! For tests of what consumes events: a generated type of the module `encode` holds a layout's fields, and
//! [`Encode::encode`] makes the payload that Windows would write for them. Lengths and counts are not fields there:
//! they follow from the data.

extern crate alloc;

use alloc::vec::Vec;
use core::fmt;

use crate::value::Element;
use crate::{Array, Bool32, FileTime, Guid, HexInt32, HexInt64, LayoutInfo, PointerSize, SystemTime, Utf16};

/// The fields of a layout, to be encoded.
pub trait Encode: Put {
    /// The layout.
    const LAYOUT: &'static LayoutInfo;

    /// The payload, with pointers of 64 bits.
    ///
    /// # Errors
    /// A value that its field cannot hold.
    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        self.encode_with(PointerSize::Bits64)
    }

    /// The payload, with pointers of this size.
    ///
    /// # Errors
    /// A value that its field cannot hold.
    fn encode_with(&self, pointers: PointerSize) -> Result<Vec<u8>, EncodeError> {
        let mut out = Writer { bytes: Vec::new(), pointers };
        match self.put(&mut out) {
            Ok(()) => Ok(out.bytes),
            Err(EncodeFault { field, member, kind }) => Err(EncodeError { layout: Self::LAYOUT, field, member, kind }),
        }
    }
}

/// Fields that can be written one by one: those of a layout or of a struct.
pub trait Put {
    /// Appends the fields.
    ///
    /// # Errors
    /// A value that its field cannot hold.
    fn put(&self, out: &mut Writer) -> Result<(), EncodeFault>;
}

/// Why a value could not be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeFaultKind {
    /// A NUL-terminated text contains a NUL.
    EmbeddedNul,
    /// The field has this length, or this number of elements.
    WrongLength {
        /// The length that the field has.
        expected: usize,
        /// The length of the value.
        found: usize,
    },
    /// The number does not fit the field.
    OutOfRange,
    /// Values that share a length or a count differ in length.
    LengthsDiffer,
}

/// A field that could not be encoded, before it is known which layout it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeFault {
    /// The index of the field.
    pub field: u16,
    /// The index of the member, where the field is a struct or an array of structs.
    pub member: Option<u16>,
    /// What is wrong.
    pub kind: EncodeFaultKind,
}

impl EncodeFault {
    /// A fault of the field with this index.
    #[must_use]
    pub const fn new(field: u16, kind: EncodeFaultKind) -> Self {
        Self { field, member: None, kind }
    }
}

/// A field that could not be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    layout: &'static LayoutInfo,
    field: u16,
    member: Option<u16>,
    kind: EncodeFaultKind,
}

impl EncodeError {
    /// The layout.
    pub fn layout(&self) -> &'static LayoutInfo {
        self.layout
    }

    /// The manifest's name of the field.
    pub fn field_name(&self) -> Option<&'static str> {
        self.layout.fields.get(usize::from(self.field)).map(|field| field.name)
    }

    /// The manifest's name of the struct's member, where the field is a struct or an array of structs.
    pub fn member_name(&self) -> Option<&'static str> {
        let members = self.layout.fields.get(usize::from(self.field))?.members?;
        members.fields.get(usize::from(self.member?)).map(|member| member.name)
    }

    /// What is wrong with it.
    pub fn kind(&self) -> EncodeFaultKind {
        self.kind
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): field {}", self.layout.key(), self.layout.name, self.field_name().unwrap_or("?"))?;
        self.member_name().map_or(Ok(()), |member| write!(f, ", member {member}"))?;
        f.write_str(": ")?;
        match self.kind {
            EncodeFaultKind::EmbeddedNul => f.write_str("the text ends at its NUL and cannot hold one"),
            EncodeFaultKind::WrongLength { expected, found } => {
                write!(f, "the length is {found}, but the field's is {expected}")
            }
            EncodeFaultKind::OutOfRange => f.write_str("the number does not fit"),
            EncodeFaultKind::LengthsDiffer => f.write_str("the values that it counts differ in length"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// Text for a UTF-16 field.
#[derive(Clone, Copy, PartialEq)]
pub enum Text<'a> {
    /// Text of the program.
    Str(&'a str),
    /// Text of a decoded event.
    Utf16(Utf16<'a>),
}

impl Text<'_> {
    /// The number of UTF-16 units.
    pub fn units(self) -> usize {
        match self {
            Self::Str(text) => text.encode_utf16().count(),
            Self::Utf16(text) => text.len(),
        }
    }

    fn holds_nul(self) -> bool {
        match self {
            Self::Str(text) => text.contains('\0'),
            Self::Utf16(text) => text.units().any(|unit| unit == 0),
        }
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Str("")
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(text)
    }
}

impl<'a> From<Utf16<'a>> for Text<'a> {
    fn from(text: Utf16<'a>) -> Self {
        Self::Utf16(text)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => fmt::Debug::fmt(text, f),
            Self::Utf16(text) => fmt::Debug::fmt(text, f),
        }
    }
}

/// The elements of an array field.
#[derive(Clone, Copy)]
pub enum Elements<'a, T> {
    /// Elements of the program.
    Slice(&'a [T]),
    /// Elements of a decoded event.
    Array(Array<'a, T>),
}

impl<T: Element> Elements<'_, T> {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(elements) => elements.len(),
            Self::Array(elements) => elements.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Default for Elements<'_, T> {
    fn default() -> Self {
        Self::Slice(&[])
    }
}

impl<'a, T> From<&'a [T]> for Elements<'a, T> {
    fn from(elements: &'a [T]) -> Self {
        Self::Slice(elements)
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Elements<'a, T> {
    fn from(elements: &'a [T; N]) -> Self {
        Self::Slice(elements)
    }
}

impl<'a, T> From<Array<'a, T>> for Elements<'a, T> {
    fn from(elements: Array<'a, T>) -> Self {
        Self::Array(elements)
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for Elements<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slice(elements) => fmt::Debug::fmt(elements, f),
            Self::Array(elements) => fmt::Debug::fmt(elements, f),
        }
    }
}

/// The bytes of a `sockaddr`, for a field of outType `win:SocketAddress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketAddrBytes {
    bytes: [u8; 28],
    len: usize,
}

impl SocketAddrBytes {
    /// The 16 bytes of a `sockaddr_in`, or the 28 of a `sockaddr_in6`.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl From<core::net::SocketAddr> for SocketAddrBytes {
    fn from(address: core::net::SocketAddr) -> Self {
        let mut bytes = [0; 28];
        let mut put = |at: usize, field: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + field.len()) {
                place.copy_from_slice(field);
            }
        };
        put(2, &address.port().to_be_bytes());
        let len = match address {
            core::net::SocketAddr::V4(v4) => {
                put(0, &2_u16.to_le_bytes());
                put(4, &v4.ip().octets());
                16
            }
            core::net::SocketAddr::V6(v6) => {
                put(0, &23_u16.to_le_bytes());
                put(4, &v6.flowinfo().to_be_bytes());
                put(8, &v6.ip().octets());
                put(24, &v6.scope_id().to_le_bytes());
                28
            }
        };
        Self { bytes, len }
    }
}

/// A length or a count, determined by all the values that share it.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    field: u16,
    length: Option<usize>,
    differ: bool,
}

impl Count {
    /// A count that will be the value of the field with this index.
    pub const fn new(field: u16) -> Self {
        Self { field, length: None, differ: false }
    }

    /// A value's length.
    #[must_use]
    pub fn is(self, length: usize) -> Self {
        self.each([length])
    }

    /// The lengths of several values, which must all be the same.
    #[must_use]
    pub fn each(mut self, lengths: impl IntoIterator<Item = usize>) -> Self {
        for length in lengths {
            self.differ |= *self.length.get_or_insert(length) != length;
        }
        self
    }

    /// The count as the integer type of the field.
    ///
    /// # Errors
    /// Values that differ, or too many for the integer.
    pub fn fit<T: TryFrom<usize>>(self) -> Result<T, EncodeFault> {
        let fault = |kind| EncodeFault::new(self.field, kind);
        if self.differ {
            return Err(fault(EncodeFaultKind::LengthsDiffer));
        }
        T::try_from(self.length.unwrap_or(0)).map_err(|_| fault(EncodeFaultKind::OutOfRange))
    }
}

/// A payload under construction.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    pointers: PointerSize,
}

/// Methods that append a number.
macro_rules! numbers {
    ($($name:ident)+) => {$(
        #[doc = concat!("Appends a number of type `", stringify!($name), "`.")]
        pub fn $name(&mut self, value: $name) {
            self.bytes.extend(value.to_le_bytes());
        }
    )+};
}

impl Writer {
    numbers!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

    /// A number as another integer.
    ///
    /// # Errors
    /// It does not fit.
    pub fn narrow<T, N: TryInto<T>>(field: u16, number: N) -> Result<T, EncodeFault> {
        number.try_into().map_err(|_| EncodeFault::new(field, EncodeFaultKind::OutOfRange))
    }

    /// Checks the number of elements or bytes of a field that fixes it.
    ///
    /// # Errors
    /// The number is a different one.
    pub fn check_length(field: u16, found: usize, expected: usize) -> Result<(), EncodeFault> {
        if found == expected {
            return Ok(());
        }
        Err(EncodeFault::new(field, EncodeFaultKind::WrongLength { expected, found }))
    }

    /// Appends a `win:Boolean`.
    pub fn boolean(&mut self, value: bool) {
        self.u32(value.into());
    }

    /// Appends a `win:GUID`.
    pub fn guid(&mut self, value: Guid) {
        self.bytes.extend(value.to_bytes());
    }

    /// Appends a `win:FILETIME`.
    pub fn file_time(&mut self, value: FileTime) {
        self.u64(value.ticks());
    }

    /// Appends a `win:SYSTEMTIME`.
    pub fn system_time(&mut self, value: SystemTime) {
        self.bytes.extend(value.to_bytes());
    }

    /// Appends a `win:Pointer`.
    ///
    /// # Errors
    /// A 32-bit pointer whose value does not fit.
    pub fn pointer(&mut self, field: u16, value: u64) -> Result<(), EncodeFault> {
        match self.pointers {
            PointerSize::Bits64 => self.u64(value),
            PointerSize::Bits32 => {
                let value = Self::narrow(field, value)?;
                self.u32(value);
            }
        }
        Ok(())
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Appends exactly `expected` bytes.
    ///
    /// # Errors
    /// There are more or fewer.
    pub fn bytes_of(&mut self, field: u16, bytes: &[u8], expected: usize) -> Result<(), EncodeFault> {
        Self::check_length(field, bytes.len(), expected)?;
        self.bytes(bytes);
        Ok(())
    }

    /// Appends a `u16` that counts bytes, and the bytes.
    ///
    /// # Errors
    /// There are more than 65,535.
    pub fn bytes_counted(&mut self, field: u16, bytes: &[u8]) -> Result<(), EncodeFault> {
        let count = Self::narrow(field, bytes.len())?;
        self.u16(count);
        self.bytes(bytes);
        Ok(())
    }

    /// Appends an ANSI text and its NUL.
    ///
    /// # Errors
    /// It holds a NUL.
    pub fn ansi_nul(&mut self, field: u16, text: &[u8]) -> Result<(), EncodeFault> {
        if text.contains(&0) {
            return Err(EncodeFault::new(field, EncodeFaultKind::EmbeddedNul));
        }
        self.bytes(text);
        self.u8(0);
        Ok(())
    }

    /// Appends an ANSI text of `expected` bytes, filled up with NULs.
    ///
    /// # Errors
    /// It is longer.
    pub fn ansi_of(&mut self, field: u16, text: &[u8], expected: usize) -> Result<(), EncodeFault> {
        let missing = padding(field, text.len(), expected)?;
        self.bytes(text);
        self.bytes.extend(core::iter::repeat_n(0, missing));
        Ok(())
    }

    /// Appends a text.
    pub fn utf16(&mut self, text: Text<'_>) {
        match text {
            Text::Str(text) => text.encode_utf16().for_each(|unit| self.u16(unit)),
            Text::Utf16(text) => self.bytes(text.as_bytes()),
        }
    }

    /// Appends a text and its NUL.
    ///
    /// # Errors
    /// It holds a NUL.
    pub fn utf16_nul(&mut self, field: u16, text: Text<'_>) -> Result<(), EncodeFault> {
        if text.holds_nul() {
            return Err(EncodeFault::new(field, EncodeFaultKind::EmbeddedNul));
        }
        self.utf16(text);
        self.u16(0);
        Ok(())
    }

    /// Appends a text of `expected` units, filled up with NULs.
    ///
    /// # Errors
    /// It is longer.
    pub fn utf16_of(&mut self, field: u16, text: Text<'_>, expected: usize) -> Result<(), EncodeFault> {
        let missing = padding(field, text.units(), expected)?;
        self.utf16(text);
        (0..missing).for_each(|_| self.u16(0));
        Ok(())
    }

    /// Appends a `u16` that counts bytes, and the text.
    ///
    /// # Errors
    /// It has more than 65,535 bytes.
    pub fn utf16_counted(&mut self, field: u16, text: Text<'_>) -> Result<(), EncodeFault> {
        let count = Self::narrow(field, text.units() * 2)?;
        self.u16(count);
        self.utf16(text);
        Ok(())
    }

    /// Appends elements.
    pub fn array<T: Written>(&mut self, elements: Elements<'_, T>) {
        match elements {
            Elements::Slice(elements) => elements.iter().for_each(|element| element.write(self)),
            Elements::Array(elements) => self.bytes(elements.as_bytes()),
        }
    }

    /// Appends exactly `expected` elements.
    ///
    /// # Errors
    /// There are more or fewer.
    pub fn array_of<T: Written>(
        &mut self,
        field: u16,
        elements: Elements<'_, T>,
        expected: usize,
    ) -> Result<(), EncodeFault> {
        Self::check_length(field, elements.len(), expected)?;
        self.array(elements);
        Ok(())
    }

    /// Appends a struct.
    ///
    /// # Errors
    /// A member that cannot hold its value.
    pub fn structure(&mut self, field: u16, structure: &impl Put) -> Result<(), EncodeFault> {
        structure.put(self).map_err(|fault| EncodeFault { field, member: Some(fault.field), kind: fault.kind })
    }
}

fn padding(field: u16, found: usize, expected: usize) -> Result<usize, EncodeFault> {
    let fault = EncodeFault::new(field, EncodeFaultKind::WrongLength { expected, found });
    expected.checked_sub(found).ok_or(fault)
}

/// An element that can be written.
pub trait Written: Element {
    /// Appends it.
    fn write(&self, out: &mut Writer);
}

/// Implements [`Written`] for types of elements: the type, and how it is appended.
macro_rules! written {
    ($($type:ty => $method:ident $(. $part:tt)?;)+) => {$(
        impl Written for $type {
            fn write(&self, out: &mut Writer) {
                out.$method((*self)$(.$part)?);
            }
        }
    )+};
}

written! {
    u8 => u8;
    i8 => i8;
    u16 => u16;
    i16 => i16;
    u32 => u32;
    i32 => i32;
    u64 => u64;
    i64 => i64;
    f32 => f32;
    f64 => f64;
    Bool32 => u32.0;
    HexInt32 => u32.0;
    HexInt64 => u64.0;
    Guid => guid;
    FileTime => file_time;
    SystemTime => system_time;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_or_say_so() {
        assert_eq!(Count::new(3).is(7).is(7).fit(), Ok(7_u8));
        assert_eq!(Count::new(3).fit(), Ok(0_u16));
        let fault = |kind| Err::<u8, _>(EncodeFault::new(3, kind));
        assert_eq!(Count::new(3).is(7).is(8).fit(), fault(EncodeFaultKind::LengthsDiffer));
        assert_eq!(Count::new(3).is(256).fit(), fault(EncodeFaultKind::OutOfRange));
        assert_eq!(Count::new(3).each([2, 2, 3]).fit(), fault(EncodeFaultKind::LengthsDiffer));
    }

    #[test]
    fn socket_addresses_are_those_of_windows() {
        let v4 = SocketAddrBytes::from(core::net::SocketAddr::from(([1, 2, 3, 4], 445)));
        assert_eq!(v4.as_bytes(), [2, 0, 1, 0xBD, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(crate::SocketAddr::new(v4.as_bytes()).to_std(), Some(([1, 2, 3, 4], 445).into()));
        let link = core::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 445, 0, 5);
        let v6 = SocketAddrBytes::from(core::net::SocketAddr::V6(link));
        assert_eq!(v6.as_bytes().len(), 28);
        assert_eq!(crate::SocketAddr::new(v6.as_bytes()).to_std(), Some(link.into()));
    }

    #[test]
    fn text_that_does_not_fit_is_refused() {
        let mut out = Writer { bytes: Vec::new(), pointers: PointerSize::Bits32 };
        assert!(out.utf16_nul(0, "a\0b".into()).is_err());
        assert!(out.ansi_of(0, b"abc", 2).is_err());
        assert!(out.pointer(0, 1 << 32).is_err());
        assert!(out.bytes.is_empty());
        out.utf16_of(0, "ä".into(), 2).unwrap();
        out.ansi_nul(0, b"x").unwrap();
        out.pointer(0, 0xFFFF_FFFF).unwrap();
        assert_eq!(out.bytes, [0xE4, 0, 0, 0, b'x', 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
}
