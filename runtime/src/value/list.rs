//! Arrays whose elements differ in size: strings, SIDs, pointers, structs.

use core::{fmt, marker::PhantomData};

use super::{Ansi, Binary, Pointer, Sid, SocketAddr, StructInfo, StructValue, Utf16, Value, erased::write_list};
use crate::reader::Reader;
use crate::{Fault, PointerSize};

/// How the end of an element of a [`List`] is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// By its NUL, or by its first bytes.
    Own,
    /// It begins with a `u16` that counts its bytes.
    Counted,
    /// After this number of UTF-16 units, or of bytes of an ANSI string or binary.
    Units(u32),
}

/// A type that can be an element of a [`List`].
pub trait Item<'a>: Copy {
    /// The kind of element, for code that knows it only at run time.
    const KIND: ItemKind;

    /// Takes one element off the front of a reader, for the field with this index.
    ///
    /// # Errors
    /// The reader's bytes end inside the element.
    fn take(reader: &mut Reader<'a>, field: u16, extent: Extent) -> Result<Self, Fault>;
}

/// What the elements of a [`List`] are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ItemKind {
    /// `win:UnicodeString`, `win:CountedUnicodeString`.
    Utf16,
    /// `win:AnsiString`, `win:CountedAnsiString`.
    Ansi,
    /// `win:Binary`, `win:CountedBinary`.
    Binary,
    /// `win:Binary` with outType `win:SocketAddress`.
    SocketAddr,
    /// `win:SID`.
    Sid,
    /// `win:Pointer`.
    Pointer,
    /// A struct.
    Struct(&'static StructInfo),
}

impl<'a> Item<'a> for Utf16<'a> {
    const KIND: ItemKind = ItemKind::Utf16;

    fn take(reader: &mut Reader<'a>, field: u16, extent: Extent) -> Result<Self, Fault> {
        match extent {
            Extent::Own => reader.utf16_until_nul(field),
            Extent::Counted => reader.counted_utf16(field),
            Extent::Units(units) => reader.utf16(field, units),
        }
    }
}

impl<'a> Item<'a> for Ansi<'a> {
    const KIND: ItemKind = ItemKind::Ansi;

    fn take(reader: &mut Reader<'a>, field: u16, extent: Extent) -> Result<Self, Fault> {
        match extent {
            Extent::Own => reader.ansi_until_nul(field),
            Extent::Counted => reader.counted_ansi(field),
            Extent::Units(bytes) => reader.ansi(field, bytes),
        }
    }
}

impl<'a> Item<'a> for Binary<'a> {
    const KIND: ItemKind = ItemKind::Binary;

    fn take(reader: &mut Reader<'a>, field: u16, extent: Extent) -> Result<Self, Fault> {
        match extent {
            Extent::Own | Extent::Counted => reader.counted_binary(field),
            Extent::Units(bytes) => reader.binary(field, bytes),
        }
    }
}

impl<'a> Item<'a> for SocketAddr<'a> {
    const KIND: ItemKind = ItemKind::SocketAddr;

    fn take(reader: &mut Reader<'a>, field: u16, extent: Extent) -> Result<Self, Fault> {
        Binary::take(reader, field, extent).map(|bytes| Self::new(bytes.as_bytes()))
    }
}

impl<'a> Item<'a> for Sid<'a> {
    const KIND: ItemKind = ItemKind::Sid;

    fn take(reader: &mut Reader<'a>, field: u16, _: Extent) -> Result<Self, Fault> {
        reader.sid(field)
    }
}

impl<'a> Item<'a> for Pointer {
    const KIND: ItemKind = ItemKind::Pointer;

    fn take(reader: &mut Reader<'a>, field: u16, _: Extent) -> Result<Self, Fault> {
        reader.pointer(field).map(Self)
    }
}

/// The bytes of a list and how to read them.
#[derive(Clone, Copy)]
struct Elements<'a> {
    bytes: &'a [u8],
    count: u32,
    extent: Extent,
    pointers: PointerSize,
}

impl<'a> Elements<'a> {
    /// Takes one element off the front with `take`, if one is left. All elements were read once before, so that `take`
    /// does not fail; if it did, the list would end.
    fn next<T>(&mut self, take: impl FnOnce(&mut Reader<'a>, Extent) -> Result<T, Fault>) -> Option<T> {
        self.count = self.count.checked_sub(1)?;
        let mut reader = Reader::new(self.bytes).with_pointers(self.pointers);
        let element = take(&mut reader, self.extent).ok();
        self.bytes = reader.rest();
        element
    }
}

/// Borrowed elements of one type that may differ in size, as in a field with a `count`.
///
/// All of them were checked when the payload was decoded; each is read again when it is used. `Display` prints them as
/// in XML, in brackets, separated by commas; `Debug` prints a list.
pub struct List<'a, T> {
    elements: Elements<'a>,
    item: PhantomData<fn() -> T>,
}

/// The most elements in a list of elements that take no bytes: as many as the largest payload has bytes.
const MOST_EMPTY: u32 = 0xFFFF;

impl<'a, T: Item<'a>> List<'a, T> {
    /// Takes `count` elements off the front of a reader.
    pub(crate) fn take(reader: &mut Reader<'a>, field: u16, count: u32, extent: Extent) -> Result<Self, Fault> {
        let mut end = reader.strict();
        for _ in 0..count {
            let before = end.offset();
            T::take(&mut end, field, extent)?;
            if end.offset() == before {
                // Then all the others are empty too, and need not be read.
                if count > MOST_EMPTY {
                    return Err(reader.truncated(field, usize::try_from(count).unwrap_or(usize::MAX)));
                }
                break;
            }
        }
        let bytes = reader.advance_to(&end);
        let pointers = reader.pointers();
        Ok(Self { elements: Elements { bytes, count, extent, pointers }, item: PhantomData })
    }

    /// The number of elements.
    pub fn len(self) -> usize {
        usize::try_from(self.elements.count).unwrap_or(usize::MAX)
    }

    /// Whether there is no element.
    pub fn is_empty(self) -> bool {
        self.elements.count == 0
    }

    /// The bytes of all elements, as recorded.
    pub fn as_bytes(self) -> &'a [u8] {
        self.elements.bytes
    }

    /// The element at `index`, counted from 0; `None` past the last. Reads all elements before it.
    pub fn get(self, index: usize) -> Option<T> {
        self.iter().nth(index)
    }

    /// The elements in their order.
    pub fn iter(self) -> ListIter<'a, T> {
        ListIter { elements: self.elements, item: PhantomData }
    }
}

// Not derived: a derive would require the trait of `T` too.
impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<'a, T: Item<'a>> fmt::Display for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&ListValue::from(*self), f)
    }
}

impl<'a, T: Item<'a>> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&ListValue::from(*self), f)
    }
}

impl<'a, T: Item<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.elements.count == other.elements.count && self.iter().eq(other.iter())
    }
}

impl<'a, T: Item<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = ListIter<'a, T>;

    fn into_iter(self) -> ListIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Item<'a>> IntoIterator for &List<'a, T> {
    type Item = T;
    type IntoIter = ListIter<'a, T>;

    fn into_iter(self) -> ListIter<'a, T> {
        self.iter()
    }
}

/// The elements of a [`List`].
#[derive(Clone)]
pub struct ListIter<'a, T> {
    elements: Elements<'a>,
    item: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for ListIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListIter").field("left", &self.elements.count).finish_non_exhaustive()
    }
}

impl<'a, T: Item<'a>> Iterator for ListIter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.elements.next(|reader, extent| T::take(reader, 0, extent))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.elements.count).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl<'a, T: Item<'a>> ExactSizeIterator for ListIter<'a, T> {}
impl<'a, T: Item<'a>> core::iter::FusedIterator for ListIter<'a, T> {}

/// A [`List`] without its type.
///
/// Equal if kind, number and bytes of the elements are.
#[derive(Clone, Copy)]
pub struct ListValue<'a> {
    elements: Elements<'a>,
    kind: ItemKind,
}

impl<'a> ListValue<'a> {
    /// What the elements are.
    pub fn kind(self) -> ItemKind {
        self.kind
    }

    /// The number of elements.
    pub fn len(self) -> usize {
        usize::try_from(self.elements.count).unwrap_or(usize::MAX)
    }

    /// Whether there is no element.
    pub fn is_empty(self) -> bool {
        self.elements.count == 0
    }

    /// The bytes of all elements, as recorded.
    pub fn as_bytes(self) -> &'a [u8] {
        self.elements.bytes
    }

    /// The elements in their order.
    pub fn iter(self) -> ListValueIter<'a> {
        ListValueIter { list: self }
    }
}

impl<'a, T: Item<'a>> From<List<'a, T>> for ListValue<'a> {
    fn from(list: List<'a, T>) -> Self {
        Self { elements: list.elements, kind: T::KIND }
    }
}

impl PartialEq for ListValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.elements.count == other.elements.count
            && self.elements.extent == other.elements.extent
            && self.as_bytes() == other.as_bytes()
            && match (self.kind, other.kind) {
                (ItemKind::Struct(a), ItemKind::Struct(b)) => a == b,
                (a, b) => core::mem::discriminant(&a) == core::mem::discriminant(&b),
            }
    }
}

impl fmt::Display for ListValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, self.iter())
    }
}

impl fmt::Debug for ListValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for ListValue<'a> {
    type Item = Value<'a>;
    type IntoIter = ListValueIter<'a>;

    fn into_iter(self) -> ListValueIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &ListValue<'a> {
    type Item = Value<'a>;
    type IntoIter = ListValueIter<'a>;

    fn into_iter(self) -> ListValueIter<'a> {
        self.iter()
    }
}

/// The elements of a [`ListValue`].
#[derive(Clone, Debug)]
pub struct ListValueIter<'a> {
    list: ListValue<'a>,
}

impl<'a> Iterator for ListValueIter<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let kind = self.list.kind;
        self.list.elements.next(|reader, extent| take_value(kind, reader, extent))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.list.len(), Some(self.list.len()))
    }
}

impl ExactSizeIterator for ListValueIter<'_> {}
impl core::iter::FusedIterator for ListValueIter<'_> {}

/// Takes an element whose type is known only at run time.
fn take_value<'a>(kind: ItemKind, reader: &mut Reader<'a>, extent: Extent) -> Result<Value<'a>, Fault> {
    match kind {
        ItemKind::Utf16 => Utf16::take(reader, 0, extent).map(Value::Utf16),
        ItemKind::Ansi => Ansi::take(reader, 0, extent).map(Value::Ansi),
        ItemKind::Binary => Binary::take(reader, 0, extent).map(Value::Binary),
        ItemKind::SocketAddr => SocketAddr::take(reader, 0, extent).map(Value::SocketAddr),
        ItemKind::Sid => Sid::take(reader, 0, extent).map(Value::Sid),
        ItemKind::Pointer => Pointer::take(reader, 0, extent).map(|pointer| Value::Pointer(pointer.0)),
        ItemKind::Struct(info) => StructValue::take(info, reader).map(Value::Struct),
    }
}
