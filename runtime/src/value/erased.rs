//! Arrays whose element type is known only at run time.

use core::{fmt, slice::ChunksExact};

use super::{
    Bool32, FileTime, Guid, HexInt32, HexInt64, SystemTime,
    array::{Array, Element},
    binary::Binary,
    reflect::Value,
    types::InType,
};

/// Borrowed elements of one inType, without gaps: an [`Array`] without its type.
///
/// Two are equal if their inTypes and bytes are, so floats are compared by their bits. `Display` prints the elements as
/// in XML, in brackets, separated by commas; `Debug` prints a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArrayValue<'a> {
    /// A type of fixed size that is not 0.
    element: InType,
    /// A multiple of that size.
    bytes: &'a [u8],
}

impl<'a> ArrayValue<'a> {
    /// The elements in `bytes`; `None` if `element` has no fixed size or their number is not a multiple of it.
    pub const fn new(element: InType, bytes: &'a [u8]) -> Option<Self> {
        match element.fixed_size() {
            Some(size @ 1..) if bytes.len().is_multiple_of(size) => Some(Self { element, bytes }),
            _ => None,
        }
    }

    /// The inType of each element.
    pub const fn element(self) -> InType {
        self.element
    }

    /// The bytes as recorded.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The number of elements.
    pub fn len(self) -> usize {
        self.iter().len()
    }

    /// Whether there is no element.
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The element at `index`, counted from 0; `None` past the last.
    pub fn get(self, index: usize) -> Option<Value<'a>> {
        self.iter().nth(index)
    }

    /// The elements in their order.
    pub fn iter(self) -> ArrayValueIter<'a> {
        // The constructor refuses a type without a size. The 1 excludes a division by zero without relying on that.
        let size = self.element.fixed_size().unwrap_or(1).max(1);
        ArrayValueIter { element: self.element, chunks: self.bytes.chunks_exact(size) }
    }
}

/// The value in the bytes of one element, or of a field of fixed size.
pub(crate) fn read_fixed(element: InType, bytes: &[u8]) -> Value<'_> {
    match element {
        InType::Int8 => i8::read(bytes).value(),
        InType::UInt8 => u8::read(bytes).value(),
        InType::Int16 => i16::read(bytes).value(),
        InType::UInt16 => u16::read(bytes).value(),
        InType::Int32 => i32::read(bytes).value(),
        InType::UInt32 => u32::read(bytes).value(),
        InType::Int64 => i64::read(bytes).value(),
        InType::UInt64 => u64::read(bytes).value(),
        InType::Float => f32::read(bytes).value(),
        InType::Double => f64::read(bytes).value(),
        InType::Boolean => Bool32::read(bytes).value(),
        InType::HexInt32 => HexInt32::read(bytes).value(),
        InType::HexInt64 => HexInt64::read(bytes).value(),
        InType::Guid => Guid::read(bytes).value(),
        InType::FileTime => FileTime::read(bytes).value(),
        InType::SystemTime => SystemTime::read(bytes).value(),
        // No array has elements without a fixed size. If one had, its bytes would be the right answer.
        InType::Struct
        | InType::UnicodeString
        | InType::AnsiString
        | InType::Binary
        | InType::Pointer
        | InType::Sid
        | InType::CountedUnicodeString
        | InType::CountedAnsiString
        | InType::CountedBinary => Value::Binary(Binary::new(bytes)),
    }
}

/// Writes `values` in brackets, separated by a comma and a space.
pub(super) fn write_list<'v>(f: &mut fmt::Formatter<'_>, values: impl Iterator<Item = Value<'v>>) -> fmt::Result {
    f.write_str("[")?;
    for (at, value) in values.enumerate() {
        f.write_str(if at == 0 { "" } else { ", " })?;
        fmt::Display::fmt(&value, f)?;
    }
    f.write_str("]")
}

impl<'a, T: Element> From<Array<'a, T>> for ArrayValue<'a> {
    fn from(array: Array<'a, T>) -> Self {
        Self { element: T::IN_TYPE, bytes: array.as_bytes() }
    }
}

impl fmt::Display for ArrayValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, self.iter())
    }
}

impl fmt::Debug for ArrayValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for ArrayValue<'a> {
    type Item = Value<'a>;
    type IntoIter = ArrayValueIter<'a>;

    fn into_iter(self) -> ArrayValueIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &ArrayValue<'a> {
    type Item = Value<'a>;
    type IntoIter = ArrayValueIter<'a>;

    fn into_iter(self) -> ArrayValueIter<'a> {
        self.iter()
    }
}

/// The elements of an [`ArrayValue`].
#[derive(Clone, Debug)]
pub struct ArrayValueIter<'a> {
    element: InType,
    chunks: ChunksExact<'a, u8>,
}

impl<'a> Iterator for ArrayValueIter<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.chunks.next().map(|bytes| read_fixed(self.element, bytes))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Value<'a>> {
        self.chunks.nth(n).map(|bytes| read_fixed(self.element, bytes))
    }
}

impl<'a> DoubleEndedIterator for ArrayValueIter<'a> {
    fn next_back(&mut self) -> Option<Value<'a>> {
        self.chunks.next_back().map(|bytes| read_fixed(self.element, bytes))
    }
}

impl ExactSizeIterator for ArrayValueIter<'_> {}
impl core::iter::FusedIterator for ArrayValueIter<'_> {}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, Vec, format, hex},
        *,
    };

    #[test]
    fn an_array_keeps_its_elements_without_their_type() {
        let bytes = hex("02020311");
        let array = ArrayValue::from(Array::<u16>::new(&bytes).unwrap());
        assert_eq!(Some(array), ArrayValue::new(InType::UInt16, &bytes));
        assert_eq!((array.element(), array.len(), array.is_empty()), (InType::UInt16, 2, false));
        assert_eq!((array.get(1), array.get(2)), (Some(Value::U16(0x1103)), None));
        assert_eq!(array.iter().rev().collect::<Vec<_>>(), [Value::U16(0x1103), Value::U16(0x0202)]);
        assert_eq!(format!("{array} {array:?}"), "[514, 4355] [514, 4355]");
    }

    #[test]
    fn every_type_with_a_size_can_be_an_element() {
        let bytes = [0xA5; 48];
        for &element in InType::ALL {
            let array = ArrayValue::new(element, &bytes);
            assert_eq!(array.is_some(), element.fixed_size().is_some(), "{element}");
            let Some(array) = array else { continue };
            assert_eq!(Some(array.len()), element.fixed_size().map(|size| 48 / size));
            assert!(!matches!(array.get(0), None | Some(Value::Binary(_))), "{element}");
            let refused = element.fixed_size() != Some(1);
            assert_eq!(ArrayValue::new(element, &bytes[1..]).is_none(), refused, "{element}");
        }
    }

    #[test]
    fn elements_print_as_in_xml() {
        let guids = hex("3A7404D6C1BF0900D40913D6C1BFDC0100000000000000000000000000000000");
        assert_eq!(
            ArrayValue::new(InType::Guid, &guids).unwrap().to_string(),
            "[{d604743a-bfc1-0009-d409-13d6c1bfdc01}, {00000000-0000-0000-0000-000000000000}]"
        );
        let flags = hex("000000000100000002000000");
        assert_eq!(ArrayValue::new(InType::Boolean, &flags).unwrap().to_string(), "[false, true, true]");
        assert_eq!(ArrayValue::new(InType::HexInt32, &flags).unwrap().to_string(), "[0x0, 0x1, 0x2]");
        assert_eq!(ArrayValue::new(InType::HexInt32, &[]).unwrap().to_string(), "[]");
    }
}
