//! Arrays whose elements all have the same size.

use core::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    slice::ChunksExact,
};

use super::{Bool32, FileTime, Guid, HexInt32, HexInt64, InType, SystemTime, Value, erased::write_list};

mod sealed {
    /// Only types of this crate can implement [`Element`](super::Element).
    pub trait Sealed {}
}

/// A type whose values all have the same number of bytes, so that an [`Array`] can hold them.
///
/// Sealed: the types are those of the inTypes whose [`fixed_size`](InType::fixed_size) is known.
pub trait Element: Copy + sealed::Sealed {
    /// The bytes that one element takes. Never 0.
    const SIZE: usize;
    /// The inType whose values have this type.
    const IN_TYPE: InType;

    /// Reads the element at the start of `bytes`.
    ///
    /// With fewer than [`SIZE`](Self::SIZE) bytes it reads zeros, so the caller has to check their number, as [`Array`]
    /// does.
    fn read(bytes: &[u8]) -> Self;

    /// The element as a value of any type.
    fn value(self) -> Value<'static>;
}

/// The first `N` bytes; zeros if there are fewer.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// Implements [`Element`] for types: the type, its inType, and how it is made from an array of its bytes.
macro_rules! elements {
    ($($type:ident $in_type:ident $size:literal $from_bytes:expr;)+) => {
        $(
            impl sealed::Sealed for $type {}

            impl Element for $type {
                const SIZE: usize = $size;
                const IN_TYPE: InType = InType::$in_type;

                fn read(bytes: &[u8]) -> Self {
                    $from_bytes(first::<$size>(bytes))
                }

                fn value(self) -> Value<'static> {
                    self.into()
                }
            }
        )+
    };
}

elements! {
    i8 Int8 1 i8::from_le_bytes;
    u8 UInt8 1 u8::from_le_bytes;
    i16 Int16 2 i16::from_le_bytes;
    u16 UInt16 2 u16::from_le_bytes;
    i32 Int32 4 i32::from_le_bytes;
    u32 UInt32 4 u32::from_le_bytes;
    i64 Int64 8 i64::from_le_bytes;
    u64 UInt64 8 u64::from_le_bytes;
    f32 Float 4 f32::from_le_bytes;
    f64 Double 8 f64::from_le_bytes;
    Bool32 Boolean 4 |bytes| Bool32(u32::from_le_bytes(bytes));
    HexInt32 HexInt32 4 |bytes| HexInt32(u32::from_le_bytes(bytes));
    HexInt64 HexInt64 8 |bytes| HexInt64(u64::from_le_bytes(bytes));
    Guid Guid 16 Guid::from_bytes;
    FileTime FileTime 8 |bytes| FileTime::from_ticks(u64::from_le_bytes(bytes));
    SystemTime SystemTime 16 SystemTime::from_bytes;
}

/// Borrowed elements of one type, without gaps, as in a field with a `count`.
///
/// Each element is read when it is used. `Display` prints them as in XML, in brackets, separated by commas; `Debug`
/// prints a list.
pub struct Array<'a, T> {
    /// A multiple of `T::SIZE`.
    bytes: &'a [u8],
    elements: PhantomData<T>,
}

impl<'a, T: Element> Array<'a, T> {
    /// The elements in `bytes`; `None` if their number is not a multiple of an element's size.
    pub const fn new(bytes: &'a [u8]) -> Option<Self> {
        const { assert!(T::SIZE > 0) };
        if bytes.len().is_multiple_of(T::SIZE) { Some(Self { bytes, elements: PhantomData }) } else { None }
    }

    /// The bytes as recorded.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The number of elements.
    pub const fn len(self) -> usize {
        self.bytes.len() / T::SIZE
    }

    /// Whether there is no element.
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The element at `index`, counted from 0; `None` past the last.
    pub fn get(self, index: usize) -> Option<T> {
        self.iter().nth(index)
    }

    /// The elements in their order.
    pub fn iter(self) -> ArrayIter<'a, T> {
        ArrayIter { chunks: self.bytes.chunks_exact(T::SIZE), elements: PhantomData }
    }
}

// Not derived: a derive would require the trait of `T` too.
impl<T> Clone for Array<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Array<'_, T> {}

impl<T> Default for Array<'_, T> {
    fn default() -> Self {
        Self { bytes: &[], elements: PhantomData }
    }
}

impl<T: Element> fmt::Display for Array<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, self.iter().map(T::value))
    }
}

impl<T: Element> fmt::Debug for Array<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(T::value)).finish()
    }
}

impl<T: Element + PartialEq> PartialEq for Array<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Element + Eq> Eq for Array<'_, T> {}

impl<T: Element + Hash> Hash for Array<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|element| element.hash(state));
    }
}

impl<T: Element + PartialEq> PartialEq<[T]> for Array<'_, T> {
    fn eq(&self, other: &[T]) -> bool {
        self.iter().eq(other.iter().copied())
    }
}

impl<T: Element + PartialEq> PartialEq<&[T]> for Array<'_, T> {
    fn eq(&self, other: &&[T]) -> bool {
        self == *other
    }
}

impl<T: Element + PartialEq, const N: usize> PartialEq<[T; N]> for Array<'_, T> {
    fn eq(&self, other: &[T; N]) -> bool {
        self == other.as_slice()
    }
}

impl<'a, T: Element> IntoIterator for Array<'a, T> {
    type Item = T;
    type IntoIter = ArrayIter<'a, T>;

    fn into_iter(self) -> ArrayIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Element> IntoIterator for &Array<'a, T> {
    type Item = T;
    type IntoIter = ArrayIter<'a, T>;

    fn into_iter(self) -> ArrayIter<'a, T> {
        self.iter()
    }
}

/// The elements of an [`Array`].
#[derive(Clone, Debug)]
pub struct ArrayIter<'a, T> {
    chunks: ChunksExact<'a, u8>,
    elements: PhantomData<T>,
}

impl<T: Element> Iterator for ArrayIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.chunks.next().map(T::read)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<T> {
        self.chunks.nth(n).map(T::read)
    }
}

impl<T: Element> DoubleEndedIterator for ArrayIter<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        self.chunks.next_back().map(T::read)
    }
}

impl<T: Element> ExactSizeIterator for ArrayIter<'_, T> {}
impl<T: Element> core::iter::FusedIterator for ArrayIter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, Vec, format, hex},
        *,
    };

    #[test]
    fn elements_are_read_where_they_stand() {
        let bytes = hex("0202100200030203 1103");
        let dialects = Array::<u16>::new(&bytes).unwrap();
        assert_eq!(dialects, [0x0202, 0x0210, 0x0300, 0x0302, 0x0311]);
        assert_eq!(dialects, *[0x0202, 0x0210, 0x0300, 0x0302, 0x0311].as_slice());
        assert_ne!(dialects, [0x0202].as_slice());
        assert_eq!((dialects.len(), dialects.is_empty()), (5, false));
        assert_eq!((dialects.get(1), dialects.get(4), dialects.get(5)), (Some(0x0210), Some(0x0311), None));
        assert_eq!(dialects.get(usize::MAX), None);
        assert_eq!(dialects.iter().rev().collect::<Vec<_>>(), [0x0311, 0x0302, 0x0300, 0x0210, 0x0202]);
        assert_eq!(dialects.iter().len(), 5);
        assert_eq!(dialects.to_string(), "[514, 528, 768, 770, 785]");
        assert_eq!(format!("{dialects:?}"), "[514, 528, 768, 770, 785]");
    }

    #[test]
    fn a_part_of_an_element_is_refused() {
        for len in 0..64 {
            let bytes = [0; 64];
            assert_eq!(Array::<Guid>::new(&bytes[..len]).is_some(), len % 16 == 0);
            assert!(Array::<u8>::new(&bytes[..len]).is_some());
        }
        let none = Array::<Guid>::new(&[]).unwrap();
        assert!(none.is_empty() && none.get(0).is_none() && none == Array::default());
        assert_eq!(format!("{none}{none:?}"), "[][]");
    }

    fn check<T: Element + fmt::Debug + PartialEq>(bytes: &str, element: T, text: &str) {
        let bytes = hex(bytes);
        assert_eq!((T::SIZE, T::IN_TYPE.fixed_size()), (bytes.len(), Some(bytes.len())), "{text}");
        assert_eq!(T::read(&bytes), element);
        assert_eq!(element.value().to_string(), text);
        let twice = [bytes.as_slice(), bytes.as_slice()].concat();
        let array = Array::<T>::new(&twice).unwrap();
        assert_eq!(array, [element, element]);
        assert_eq!(array.to_string(), format!("[{text}, {text}]"));
    }

    #[test]
    fn every_element_type_reads_its_wire_form() {
        // Vectors 48, 49, 50, 51, 52 are among these.
        check("FF", -1_i8, "-1");
        check("80", 128_u8, "128");
        check("FEFF", -2_i16, "-2");
        check("0E00", 14_u16, "14");
        check("FBFFFFFF", -5_i32, "-5");
        check("1C000000", 28_u32, "28");
        check("FFFFFFFFFFFFFFFF", -1_i64, "-1");
        check("FFFFFFFFFFFFFFFF", u64::MAX, "18446744073709551615");
        check("0000C03F", 1.5_f32, "1.5");
        check("9A9999999999B93F", 0.1_f64, "0.1");
        check("02000000", Bool32(2), "true");
        check("220000C0", HexInt32(0xC000_0022), "0xc0000022");
        check("2900002C03500000", HexInt64(0x5003_2C00_0029), "0x50032c000029");
        check("F0897B2A404AD601", FileTime::from_ticks(132_374_878_505_110_000), "2020-06-24T15:57:30.511000000Z");
        let guid = Guid::from_u128(0xd604_743a_bfc1_0009_d409_13d6_c1bf_dc01);
        check("3A7404D6C1BF0900D40913D6C1BFDC01", guid, "{d604743a-bfc1-0009-d409-13d6c1bfdc01}");
        let time = hex("E4070600030018000F0039001E00FF01");
        let time = SystemTime::from_bytes(time.try_into().unwrap());
        check("E4070600030018000F0039001E00FF01", time, "2020-06-24T15:57:30.511000000Z");
    }

    #[test]
    fn too_few_bytes_read_as_zeros() {
        assert_eq!(u32::read(&[1, 2, 3]), 0);
        assert_eq!(Guid::read(&[]), Guid::NIL);
        assert_eq!(u16::read(&[1, 2, 3]), 0x0201);
    }
}
