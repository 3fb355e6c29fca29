//! A run of fixed-size fields, read in place.

use crate::{FileTime, Guid, SystemTime};

/// `N` bytes of a payload that hold fixed-size fields at known offsets.
///
/// Taking a segment from a [`Reader`](crate::glue::Reader) costs one bounds check for all its fields. The offsets are
/// constants: one that does not fit `N` fails to compile, so no accessor can panic. Integers are little-endian and
/// unaligned, as ETW writes them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Segment<'a, const N: usize>(&'a [u8; N]);

/// Declares an accessor for a type whose value is made from its bytes.
macro_rules! accessor {
    ($(#[$doc:meta])* $name:ident -> $type:ty, $size:literal, $convert:path) => {
        $(#[$doc])*
        #[inline]
        pub fn $name<const AT: usize>(self) -> $type {
            $convert(self.bytes::<AT, $size>())
        }
    };
}

impl<'a, const N: usize> Segment<'a, N> {
    /// A segment over these bytes.
    #[inline]
    pub const fn new(bytes: &'a [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes of the whole segment.
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8; N] {
        self.0
    }

    /// The `LEN` bytes at offset `AT`.
    #[inline]
    pub fn bytes<const AT: usize, const LEN: usize>(self) -> [u8; LEN] {
        const { assert!(AT + LEN <= N, "the field lies outside of its segment") };
        let mut out = [0; LEN];
        out.copy_from_slice(&self.0[AT..AT + LEN]);
        out
    }

    /// The `LEN` bytes at offset `AT`, borrowed.
    #[inline]
    pub fn slice<const AT: usize, const LEN: usize>(self) -> &'a [u8] {
        const { assert!(AT + LEN <= N, "the field lies outside of its segment") };
        &self.0[AT..AT + LEN]
    }

    accessor!(/// `win:UInt8` at offset `AT`.
        u8 -> u8, 1, u8::from_le_bytes);
    accessor!(/// `win:Int8` at offset `AT`.
        i8 -> i8, 1, i8::from_le_bytes);
    accessor!(/// `win:UInt16` at offset `AT`.
        u16 -> u16, 2, u16::from_le_bytes);
    accessor!(/// `win:Int16` at offset `AT`.
        i16 -> i16, 2, i16::from_le_bytes);
    accessor!(/// `win:UInt32` or `win:HexInt32` at offset `AT`.
        u32 -> u32, 4, u32::from_le_bytes);
    accessor!(/// `win:Int32` at offset `AT`.
        i32 -> i32, 4, i32::from_le_bytes);
    accessor!(/// `win:UInt64` or `win:HexInt64` at offset `AT`.
        u64 -> u64, 8, u64::from_le_bytes);
    accessor!(/// `win:Int64` at offset `AT`.
        i64 -> i64, 8, i64::from_le_bytes);
    accessor!(/// `win:Float` at offset `AT`.
        f32 -> f32, 4, f32::from_le_bytes);
    accessor!(/// `win:Double` at offset `AT`.
        f64 -> f64, 8, f64::from_le_bytes);
    accessor!(/// `win:GUID` at offset `AT`.
        guid -> Guid, 16, Guid::from_bytes);
    accessor!(/// `win:SYSTEMTIME` at offset `AT`.
        system_time -> SystemTime, 16, SystemTime::from_bytes);

    /// `win:Boolean` at offset `AT`: four bytes, any bit set is true.
    #[inline]
    pub fn boolean<const AT: usize>(self) -> bool {
        self.u32::<AT>() != 0
    }

    /// `win:FILETIME` at offset `AT`.
    #[inline]
    pub fn file_time<const AT: usize>(self) -> FileTime {
        FileTime::from_ticks(self.u64::<AT>())
    }
}

impl<const N: usize> core::fmt::Debug for Segment<'_, N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Segment<{N}>({})", crate::Binary::new(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_little_endian_at_odd_offsets() {
        let bytes = [0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 0x80];
        let segment = Segment::new(&bytes);
        assert_eq!(segment.u64::<1>(), 0x0807_0605_0403_0201);
        assert_eq!(segment.u16::<1>(), 0x0201);
        assert_eq!(segment.i8::<9>(), -128);
        assert!(segment.boolean::<6>());
        assert_eq!(segment.slice::<8, 2>(), [8, 0x80]);
    }
}
