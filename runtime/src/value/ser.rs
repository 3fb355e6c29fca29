//! Serialisation: numbers and Booleans as numbers and Booleans, arrays as sequences, everything else as text.

use core::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Ansi, Array, ArrayValue, Binary, Bool32, Element, FileTime, Guid, HexInt32, HexInt64, InType, Ipv4, Ipv6, Item,
    List, ListValue, OutType, Pointer, Sid, SocketAddr, SystemTime, Utf16, Value,
};

/// Serialises each type as the string that its `Display` prints.
macro_rules! as_display {
    ($($type:ty,)+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }
        )+
    };
}

as_display! {
    Utf16<'_>,
    Ansi<'_>,
    FileTime,
    SystemTime,
    Sid<'_>,
    Binary<'_>,
    HexInt32,
    HexInt64,
    Pointer,
    Ipv4,
    Ipv6,
}

/// Written as one text, because payloads are full of GUIDs.
impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(&self.to_ascii()) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_str(self),
        }
    }
}

impl Serialize for Bool32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.get())
    }
}

/// As the text of XML, which is the bytes, whatever the address family.
impl Serialize for SocketAddr<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_binary().serialize(serializer)
    }
}

impl Serialize for InType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for OutType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Deserialises each type from the text that it is serialised as.
macro_rules! from_text {
    ($($type:ty, $expected:literal, $read:expr;)+) => {
        $(
            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Text;

                    impl Visitor<'_> for Text {
                        type Value = $type;

                        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                            f.write_str($expected)
                        }

                        fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                            let read: fn(&str) -> Option<$type> = $read;
                            read(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                        }
                    }

                    deserializer.deserialize_str(Text)
                }
            }
        )+
    };
}

from_text! {
    InType, "the name of an inType, such as win:UInt32", InType::from_name;
    OutType, "the name of an outType, such as xs:string", OutType::from_name;
    Guid, "a GUID", |text| text.parse().ok();
}

impl<T: Element> Serialize for Array<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(T::value))
    }
}

impl Serialize for ArrayValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'a, T: Item<'a>> Serialize for List<'a, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ListValue::from(*self).serialize(serializer)
    }
}

impl Serialize for ListValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::I8(value) => value.serialize(serializer),
            Self::I16(value) => value.serialize(serializer),
            Self::I32(value) => value.serialize(serializer),
            Self::I64(value) => value.serialize(serializer),
            Self::U8(value) => value.serialize(serializer),
            Self::U16(value) => value.serialize(serializer),
            Self::U32(value) => value.serialize(serializer),
            Self::U64(value) => value.serialize(serializer),
            Self::F32(value) => value.serialize(serializer),
            Self::F64(value) => value.serialize(serializer),
            Self::Bool(value) => value.serialize(serializer),
            Self::Array(value) => value.serialize(serializer),
            Self::List(value) => value.serialize(serializer),
            Self::Struct(value) => value.serialize(serializer),
            Self::Guid(value) => value.serialize(serializer),
            Self::Utf16(value) => value.serialize(serializer),
            // For these, `Display` prints the text of XML.
            Self::HexInt32(_)
            | Self::HexInt64(_)
            | Self::Pointer(_)
            | Self::FileTime(_)
            | Self::SystemTime(_)
            | Self::Sid(_)
            | Self::Ansi(_)
            | Self::Binary(_)
            | Self::SocketAddr(_) => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{hex, utf16},
        *,
    };

    /// The JSON of a value, both as its own type and as a [`Value`].
    fn check<'a>(value: impl Serialize + Into<Value<'a>>, json: &str) {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::to_string(&value.into()).unwrap(), json);
    }

    #[test]
    fn types_and_guids_read_back() {
        assert_eq!(serde_json::from_str::<InType>(r#""win:UInt32""#).unwrap(), InType::UInt32);
        assert_eq!(serde_json::from_str::<OutType>(r#""win:NTStatus""#).unwrap(), OutType::NtStatus);
        assert_eq!(serde_json::from_str::<Guid>(r#""{00000000-0000-0000-0000-000000000000}""#).unwrap(), Guid::NIL);
        assert!(serde_json::from_str::<InType>(r#""win:Number""#).is_err());
        assert!(serde_json::from_str::<Guid>("5").is_err());
    }

    #[test]
    fn numbers_stay_numbers() {
        check(-1_i8, "-1");
        check(-1_i16, "-1");
        check(-1_i32, "-1");
        check(i64::MIN, "-9223372036854775808");
        check(255_u8, "255");
        check(14_u16, "14");
        check(28_u32, "28");
        check(u64::MAX, "18446744073709551615");
        check(1.5_f32, "1.5");
        check(0.1_f64, "0.1");
        check(true, "true");
        check(Bool32(2), "true");
    }

    #[test]
    fn the_rest_is_text() {
        check(HexInt32(0xC000_0022), r#""0xc0000022""#);
        check(HexInt64(0x5003_2C00_0029), r#""0x50032c000029""#);
        check(Guid::NIL, r#""{00000000-0000-0000-0000-000000000000}""#);
        check(FileTime::from_ticks(0), r#""1601-01-01T00:00:00.000000000Z""#);
        check(SystemTime::default(), r#""0000-00-00T00:00:00.000000000Z""#);
        check(Sid::new(&hex("010100000000000512000000")).unwrap(), r#""S-1-5-18""#);
        check(Utf16::new(&utf16("a\"é\0")).unwrap(), r#""a\"é\u0000""#);
        check(Ansi::new(b"ab\0c"), r#""ab""#);
        check(Binary::new(&[0xAB, 0]), r#""AB00""#);
        check(SocketAddr::new(&hex("0200B2AE010203040000000000000000")), r#""0200B2AE010203040000000000000000""#);
        assert_eq!(serde_json::to_string(&Value::Pointer(0x1000)).unwrap(), r#""0x1000""#);
        assert_eq!(serde_json::to_string(&Ipv4(0x0403_0201)).unwrap(), r#""1.2.3.4""#);
        assert_eq!(serde_json::to_string(&Ipv6::default()).unwrap(), r#""::""#);
        assert_eq!(serde_json::to_string(&InType::Guid).unwrap(), r#""win:GUID""#);
        assert_eq!(serde_json::to_string(&OutType::DateTime).unwrap(), r#""xs:dateTime""#);
    }

    #[test]
    fn arrays_are_sequences() {
        let bytes = hex("0202110302000000");
        check(Array::<u16>::new(&bytes).unwrap(), "[514,785,2,0]");
        check(Array::<HexInt32>::new(&bytes).unwrap(), r#"["0x3110202","0x2"]"#);
        check(Array::<Bool32>::new(&bytes).unwrap(), "[true,true]");
        check(ArrayValue::new(InType::UInt8, &[]).unwrap(), "[]");
    }
}
