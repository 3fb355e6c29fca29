//! A value of any type.

use core::fmt;

use super::{
    Ansi, Array, ArrayValue, Binary, Bool32, Element, FileTime, Guid, HexInt32, HexInt64, Item, List, ListValue,
    Pointer, Sid, SocketAddr, StructValue, SystemTime, Utf16,
};

/// The value of a field whose type is known only at run time.
///
/// `Display` prints the text of Windows' XML, which ignores the outType: integers in decimal, `0x50032c000029`, `true`,
/// `{d604743a-bfc1-0009-d409-13d6c1bfdc01}`, bytes and socket addresses as pairs of upper-case digits, times as
/// `2020-06-24T15:57:30.511000000Z`, `S-1-5-18`. An array is printed in brackets, its elements separated by commas.
/// `Debug` prints the same with strings quoted and escaped.
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// `win:Int8`.
    I8(i8),
    /// `win:Int16`.
    I16(i16),
    /// `win:Int32`.
    I32(i32),
    /// `win:Int64`.
    I64(i64),
    /// `win:UInt8`.
    U8(u8),
    /// `win:UInt16`.
    U16(u16),
    /// `win:UInt32`.
    U32(u32),
    /// `win:UInt64`.
    U64(u64),
    /// `win:Float`.
    F32(f32),
    /// `win:Double`.
    F64(f64),
    /// `win:Boolean`.
    Bool(bool),
    /// `win:HexInt32`.
    HexInt32(u32),
    /// `win:HexInt64`.
    HexInt64(u64),
    /// `win:Pointer`, of either size.
    Pointer(u64),
    /// `win:GUID`.
    Guid(Guid),
    /// `win:FILETIME`.
    FileTime(FileTime),
    /// `win:SYSTEMTIME`.
    SystemTime(SystemTime),
    /// `win:SID`.
    Sid(Sid<'a>),
    /// `win:UnicodeString` or `win:CountedUnicodeString`.
    Utf16(Utf16<'a>),
    /// `win:AnsiString` or `win:CountedAnsiString`.
    Ansi(Ansi<'a>),
    /// `win:Binary` or `win:CountedBinary`.
    Binary(Binary<'a>),
    /// `win:Binary` with outType `win:SocketAddress`.
    SocketAddr(SocketAddr<'a>),
    /// A field with a `count` whose elements all have the same size.
    Array(ArrayValue<'a>),
    /// A field with a `count` whose elements may differ in size.
    List(ListValue<'a>),
    /// A struct.
    Struct(StructValue<'a>),
}

impl<'a> Value<'a> {
    /// What two values of one field are compared by: the bytes, or the bits of a value that is not held as bytes.
    pub(crate) fn identity(self) -> (&'a [u8], u128) {
        match self {
            Self::I8(value) => (&[], value.cast_unsigned().into()),
            Self::I16(value) => (&[], value.cast_unsigned().into()),
            Self::I32(value) => (&[], value.cast_unsigned().into()),
            Self::I64(value) => (&[], value.cast_unsigned().into()),
            Self::U8(value) => (&[], value.into()),
            Self::U16(value) => (&[], value.into()),
            Self::U32(value) | Self::HexInt32(value) => (&[], value.into()),
            Self::U64(value) | Self::HexInt64(value) | Self::Pointer(value) => (&[], value.into()),
            Self::F32(value) => (&[], value.to_bits().into()),
            Self::F64(value) => (&[], value.to_bits().into()),
            Self::Bool(value) => (&[], u128::from(value)),
            Self::FileTime(value) => (&[], value.ticks().into()),
            Self::Guid(value) => (&[], u128::from_le_bytes(value.to_bytes())),
            Self::SystemTime(value) => (&[], u128::from_le_bytes(value.to_bytes())),
            Self::Sid(value) => (value.as_bytes(), 0),
            Self::Utf16(value) => (value.as_bytes(), 0),
            Self::Ansi(value) => (value.as_bytes(), 0),
            Self::Binary(value) => (value.as_bytes(), 0),
            Self::SocketAddr(value) => (value.as_bytes(), 0),
            Self::Array(value) => (value.as_bytes(), 0),
            Self::List(value) => (value.as_bytes(), value.len() as u128),
            Self::Struct(value) => (value.as_bytes(), 0),
        }
    }
}

impl Value<'_> {
    /// The number, if it is an unsigned integer, hexadecimal or not. `None` for a pointer and a Boolean.
    pub const fn as_u64(self) -> Option<u64> {
        match self {
            Self::U8(value) => Some(value as u64),
            Self::U16(value) => Some(value as u64),
            Self::U32(value) | Self::HexInt32(value) => Some(value as u64),
            Self::U64(value) | Self::HexInt64(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if it is a signed integer.
    pub const fn as_i64(self) -> Option<i64> {
        match self {
            Self::I8(value) => Some(value as i64),
            Self::I16(value) => Some(value as i64),
            Self::I32(value) => Some(value as i64),
            Self::I64(value) => Some(value),
            _ => None,
        }
    }
}

/// Methods that return the value of one variant, if it is that.
macro_rules! variants {
    ($($method:ident $variant:ident $type:ty, $what:literal;)+) => {
        impl<'a> Value<'a> {
            $(
                #[doc = concat!("The ", $what, ", if it is one.")]
                pub const fn $method(self) -> Option<$type> {
                    match self {
                        Self::$variant(value) => Some(value),
                        _ => None,
                    }
                }
            )+
        }
    };
}

variants! {
    as_bool Bool bool, "Boolean";
    as_guid Guid Guid, "GUID";
    as_file_time FileTime FileTime, "FILETIME";
    as_sid Sid Sid<'a>, "SID";
    as_utf16 Utf16 Utf16<'a>, "UTF-16 text";
    as_socket_addr SocketAddr SocketAddr<'a>, "socket address";
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I8(value) => fmt::Display::fmt(value, f),
            Self::I16(value) => fmt::Display::fmt(value, f),
            Self::I32(value) => fmt::Display::fmt(value, f),
            Self::I64(value) => fmt::Display::fmt(value, f),
            Self::U8(value) => fmt::Display::fmt(value, f),
            Self::U16(value) => fmt::Display::fmt(value, f),
            Self::U32(value) => fmt::Display::fmt(value, f),
            Self::U64(value) => fmt::Display::fmt(value, f),
            Self::F32(value) => fmt::Display::fmt(value, f),
            Self::F64(value) => fmt::Display::fmt(value, f),
            Self::Bool(value) => fmt::Display::fmt(value, f),
            Self::HexInt32(value) => write!(f, "{value:#x}"),
            Self::HexInt64(value) | Self::Pointer(value) => write!(f, "{value:#x}"),
            Self::Guid(value) => fmt::Display::fmt(value, f),
            Self::FileTime(value) => fmt::Display::fmt(value, f),
            Self::SystemTime(value) => fmt::Display::fmt(value, f),
            Self::Sid(value) => fmt::Display::fmt(value, f),
            Self::Utf16(value) => fmt::Display::fmt(value, f),
            Self::Ansi(value) => fmt::Display::fmt(value, f),
            Self::Binary(value) => fmt::Display::fmt(value, f),
            Self::SocketAddr(value) => fmt::Display::fmt(&value.as_binary(), f),
            Self::Array(value) => fmt::Display::fmt(value, f),
            Self::List(value) => fmt::Display::fmt(value, f),
            Self::Struct(value) => fmt::Display::fmt(value, f),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16(value) => fmt::Debug::fmt(value, f),
            Self::Ansi(value) => fmt::Debug::fmt(value, f),
            Self::List(value) => fmt::Debug::fmt(value, f),
            Self::Struct(value) => fmt::Debug::fmt(value, f),
            _ => fmt::Display::fmt(self, f),
        }
    }
}

/// Converts each type into the variant that holds it.
macro_rules! from {
    ($($type:ty => $variant:ident,)+) => {
        $(
            impl<'a> From<$type> for Value<'a> {
                fn from(value: $type) -> Self {
                    Self::$variant(value.into())
                }
            }
        )+
    };
}

from! {
    i8 => I8,
    i16 => I16,
    i32 => I32,
    i64 => I64,
    u8 => U8,
    u16 => U16,
    u32 => U32,
    u64 => U64,
    f32 => F32,
    f64 => F64,
    bool => Bool,
    Bool32 => Bool,
    HexInt32 => HexInt32,
    HexInt64 => HexInt64,
    Guid => Guid,
    FileTime => FileTime,
    SystemTime => SystemTime,
    Sid<'a> => Sid,
    Utf16<'a> => Utf16,
    Ansi<'a> => Ansi,
    Binary<'a> => Binary,
    SocketAddr<'a> => SocketAddr,
    ArrayValue<'a> => Array,
    ListValue<'a> => List,
    StructValue<'a> => Struct,
}

impl From<Pointer> for Value<'_> {
    fn from(value: Pointer) -> Self {
        Self::Pointer(value.0)
    }
}

impl<'a, T: Item<'a>> From<List<'a, T>> for Value<'a> {
    fn from(value: List<'a, T>) -> Self {
        Self::List(value.into())
    }
}

impl<'a, T: Element> From<Array<'a, T>> for Value<'a> {
    fn from(value: Array<'a, T>) -> Self {
        Self::Array(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, format, hex, utf16},
        *,
    };

    #[test]
    fn display_is_the_text_of_xml() {
        let address = hex("1700EDB0000000000000000000000000000000000000000100000000");
        let sid = hex("010100000000000512000000");
        let text = utf16("a\"b");
        for (value, expected) in [
            // Vectors 2, 4, 8, 10, 14, 15, 28, 35, 48 to 51, 56.
            (SocketAddr::new(&address).into(), "1700EDB0000000000000000000000000000000000000000100000000"),
            (HexInt64(0x5003_2C00_0029).into(), "0x50032c000029"),
            (HexInt32(0xC000_0022).into(), "0xc0000022"),
            (14_u16.into(), "14"),
            (28_u32.into(), "28"),
            (353_151_u64.into(), "353151"),
            (FileTime::from_ticks(132_374_878_505_110_000).into(), "2020-06-24T15:57:30.511000000Z"),
            ((-1_i8).into(), "-1"),
            ((-300_i16).into(), "-300"),
            ((-5_i32).into(), "-5"),
            ((-1_i64).into(), "-1"),
            (u64::MAX.into(), "18446744073709551615"),
            (Sid::new(&sid).unwrap().into(), "S-1-5-18"),
            (Value::Pointer(0xFFFF_A38B_C000_0010), "0xffffa38bc0000010"),
            (Value::Pointer(0), "0x0"),
            (true.into(), "true"),
            (Bool32(0).into(), "false"),
            (Guid::NIL.into(), "{00000000-0000-0000-0000-000000000000}"),
            (Binary::new(&[0xAB, 0]).into(), "AB00"),
            (Binary::new(&[]).into(), ""),
            (0.1_f32.into(), "0.1"),
            (1e300_f64.into(), format!("1{}", "0".repeat(300)).as_str()),
            (f64::NAN.into(), "NaN"),
            (SystemTime::default().into(), "0000-00-00T00:00:00.000000000Z"),
            (Array::<u8>::new(&[1, 2]).unwrap().into(), "[1, 2]"),
        ] {
            assert_eq!(value.to_string(), expected);
            assert_eq!(format!("{value:?}"), expected);
        }
        let value = Value::from(Utf16::new(&text).unwrap());
        assert_eq!(format!("{value} {value:?}"), r#"a"b "a\"b""#);
        let value = Value::from(Ansi::new(b"ab\0c"));
        assert_eq!(format!("{value} {value:?}"), r#"ab b"ab\x00c""#);
    }

    #[test]
    fn as_u64_and_as_i64_follow_the_sign() {
        for value in [Value::U8(7), Value::U16(7), Value::U32(7), Value::U64(7), Value::HexInt32(7), Value::HexInt64(7)]
        {
            assert_eq!((value.as_u64(), value.as_i64()), (Some(7), None));
        }
        for value in [Value::I8(-7), Value::I16(-7), Value::I32(-7), Value::I64(-7)] {
            assert_eq!((value.as_u64(), value.as_i64()), (None, Some(-7)));
        }
        for value in [Value::Bool(true), Value::Pointer(7), Value::F32(7.0), Value::Binary(Binary::default())] {
            assert_eq!((value.as_u64(), value.as_i64()), (None, None));
        }
    }

    #[test]
    fn a_value_is_returned_as_its_own_type_alone() {
        let text = Value::Utf16(Utf16::default());
        assert_eq!((text.as_utf16(), text.as_guid(), text.as_bool()), (Some(Utf16::default()), None, None));
        assert_eq!((Value::Bool(true).as_bool(), Value::Bool(true).as_utf16()), (Some(true), None));
        assert_eq!(Value::Guid(Guid::NIL).as_guid(), Some(Guid::NIL));
        assert_eq!(Value::FileTime(FileTime::from_ticks(1)).as_file_time(), Some(FileTime::from_ticks(1)));
        assert_eq!(Value::Sid(Sid::default()).as_sid(), Some(Sid::default()));
        assert_eq!(Value::SocketAddr(SocketAddr::default()).as_socket_addr(), Some(SocketAddr::default()));
    }

    #[test]
    fn a_value_stays_small() {
        assert!(size_of::<Value<'_>>() <= 56);
    }
}
