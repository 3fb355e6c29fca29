//! The inTypes and outTypes of winmeta.xml, for code that looks at the schema at run time.

use core::fmt;

/// Declares an enum whose variants have a name in the manifest.
macro_rules! named_types {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $value:literal $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$doc])* #[doc = concat!("`", $name, "`.")] $variant,)+
        }

        impl $type {
            /// Every type, in the order of its number in a compiled manifest.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in a manifest, prefix included.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The variant's name.
            #[doc(hidden)]
            pub const fn ident(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// The number in a compiled manifest.
            pub const fn value(self) -> u8 {
                match self {
                    $(Self::$variant => $value,)+
                }
            }

            /// The type of that number.
            pub const fn from_value(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The type of that name. Windows ignores case (`win:NTStatus` is `win:NTSTATUS`).
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|t| t.name().eq_ignore_ascii_case(name))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

named_types! {
    /// The wire form of a field. `Display` prints the name in a manifest.
    ///
    /// `Struct` is not a type of winmeta.xml: it is the element `<struct>`, whose members follow each other in the
    /// payload.
    #[derive(Default)]
    InType {
        #[default]
        Struct = 0 "struct",
        UnicodeString = 1 "win:UnicodeString",
        AnsiString = 2 "win:AnsiString",
        Int8 = 3 "win:Int8",
        UInt8 = 4 "win:UInt8",
        Int16 = 5 "win:Int16",
        UInt16 = 6 "win:UInt16",
        Int32 = 7 "win:Int32",
        UInt32 = 8 "win:UInt32",
        Int64 = 9 "win:Int64",
        UInt64 = 10 "win:UInt64",
        Float = 11 "win:Float",
        Double = 12 "win:Double",
        Boolean = 13 "win:Boolean",
        Binary = 14 "win:Binary",
        Guid = 15 "win:GUID",
        Pointer = 16 "win:Pointer",
        FileTime = 17 "win:FILETIME",
        SystemTime = 18 "win:SYSTEMTIME",
        Sid = 19 "win:SID",
        HexInt32 = 20 "win:HexInt32",
        HexInt64 = 21 "win:HexInt64",
        CountedUnicodeString = 22 "win:CountedUnicodeString",
        CountedAnsiString = 23 "win:CountedAnsiString",
        CountedBinary = 25 "win:CountedBinary",
    }
}

named_types! {
    /// The text form of a field. `Display` prints the name in a manifest.
    OutType {
        String = 1 "xs:string",
        DateTime = 2 "xs:dateTime",
        Byte = 3 "xs:byte",
        UnsignedByte = 4 "xs:unsignedByte",
        Short = 5 "xs:short",
        UnsignedShort = 6 "xs:unsignedShort",
        Int = 7 "xs:int",
        UnsignedInt = 8 "xs:unsignedInt",
        Long = 9 "xs:long",
        UnsignedLong = 10 "xs:unsignedLong",
        Float = 11 "xs:float",
        Double = 12 "xs:double",
        Boolean = 13 "xs:boolean",
        Guid = 14 "xs:GUID",
        HexBinary = 15 "xs:hexBinary",
        HexInt8 = 16 "win:HexInt8",
        HexInt16 = 17 "win:HexInt16",
        HexInt32 = 18 "win:HexInt32",
        HexInt64 = 19 "win:HexInt64",
        Pid = 20 "win:PID",
        Tid = 21 "win:TID",
        Port = 22 "win:Port",
        IPv4 = 23 "win:IPv4",
        IPv6 = 24 "win:IPv6",
        SocketAddress = 25 "win:SocketAddress",
        CimDateTime = 26 "win:CIMDateTime",
        EtwTime = 27 "win:ETWTIME",
        Xml = 28 "win:Xml",
        ErrorCode = 29 "win:ErrorCode",
        Win32Error = 30 "win:Win32Error",
        NtStatus = 31 "win:NTSTATUS",
        HResult = 32 "win:HResult",
        DateTimeCultureInsensitive = 33 "win:DateTimeCultureInsensitive",
        Json = 34 "win:Json",
        Utf8 = 35 "win:Utf8",
        Pkcs7WithTypeInfo = 36 "win:Pkcs7WithTypeInfo",
        CodePointer = 37 "win:CodePointer",
        DateTimeUtc = 38 "win:DateTimeUtc",
    }
}

impl OutType {
    /// Whether it says that a text in single bytes is UTF-8.
    pub const fn is_utf8(self) -> bool {
        matches!(self, Self::Utf8 | Self::Json | Self::Xml)
    }
}

impl InType {
    /// The number of bytes of one value, if the type alone fixes it. That of a pointer depends on the event's header.
    pub const fn fixed_size(self) -> Option<usize> {
        Some(match self {
            Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::UInt32 | Self::Float | Self::Boolean | Self::HexInt32 => 4,
            Self::Int64 | Self::UInt64 | Self::Double | Self::FileTime | Self::HexInt64 => 8,
            Self::Guid | Self::SystemTime => 16,
            Self::Struct
            | Self::UnicodeString
            | Self::AnsiString
            | Self::Binary
            | Self::Pointer
            | Self::Sid
            | Self::CountedUnicodeString
            | Self::CountedAnsiString
            | Self::CountedBinary => return None,
        })
    }

    /// Whether a field of this type can give the length or count of a later one.
    pub const fn can_count(self) -> bool {
        matches!(self, Self::UInt8 | Self::UInt16 | Self::UInt32 | Self::HexInt32)
    }

    /// Whether each value contains its own length. `length=` is then ignored.
    pub const fn carries_length(self) -> bool {
        matches!(self, Self::CountedUnicodeString | Self::CountedAnsiString | Self::CountedBinary | Self::Sid)
    }

    /// Whether a map can name the values.
    pub const fn can_map(self) -> bool {
        matches!(
            self,
            Self::UInt8 | Self::UInt16 | Self::UInt32 | Self::HexInt32 | Self::Int8 | Self::Int16 | Self::Int32
        )
    }

    /// Whether `length=` means anything: strings and binary whose size the type does not carry.
    pub const fn takes_length(self) -> bool {
        matches!(self, Self::UnicodeString | Self::AnsiString | Self::Binary)
    }

    /// The outType that applies if a manifest gives none.
    pub const fn default_out_type(self) -> Option<OutType> {
        Some(match self {
            Self::Struct => return None,
            Self::UnicodeString
            | Self::AnsiString
            | Self::Sid
            | Self::CountedUnicodeString
            | Self::CountedAnsiString => OutType::String,
            Self::Int8 => OutType::Byte,
            Self::UInt8 => OutType::UnsignedByte,
            Self::Int16 => OutType::Short,
            Self::UInt16 => OutType::UnsignedShort,
            Self::Int32 => OutType::Int,
            Self::UInt32 => OutType::UnsignedInt,
            Self::Int64 => OutType::Long,
            Self::UInt64 => OutType::UnsignedLong,
            Self::Float => OutType::Float,
            Self::Double => OutType::Double,
            Self::Boolean => OutType::Boolean,
            Self::Binary | Self::CountedBinary => OutType::HexBinary,
            Self::Guid => OutType::Guid,
            Self::Pointer | Self::HexInt64 => OutType::HexInt64,
            Self::FileTime | Self::SystemTime => OutType::DateTime,
            Self::HexInt32 => OutType::HexInt32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::ToString as _, *};

    #[test]
    fn names_are_those_of_a_manifest() {
        assert_eq!(InType::Guid.to_string(), "win:GUID");
        assert_eq!(InType::Struct.name(), "struct");
        assert_eq!(OutType::NtStatus.to_string(), "win:NTSTATUS");
        assert_eq!((InType::ALL.len(), OutType::ALL.len()), (25, 38));
        for &of_in in InType::ALL {
            assert_eq!(InType::ALL.iter().filter(|other| other.name() == of_in.name()).count(), 1);
        }
        for &of_out in OutType::ALL {
            assert_eq!(OutType::ALL.iter().filter(|other| other.name() == of_out.name()).count(), 1);
        }
    }

    #[test]
    fn numbers_and_names_lead_back_to_the_type() {
        for &of_in in InType::ALL {
            assert_eq!(InType::from_value(of_in.value()), Some(of_in));
            assert_eq!(InType::from_name(of_in.name()), Some(of_in));
        }
        for &of_out in OutType::ALL {
            assert_eq!(OutType::from_value(of_out.value()), Some(of_out));
            assert_eq!(OutType::from_name(of_out.name()), Some(of_out));
        }
        assert_eq!(OutType::from_name("win:NTStatus"), Some(OutType::NtStatus));
        assert_eq!((InType::from_value(24), OutType::from_value(0)), (None, None));
    }

    #[test]
    fn sizes_are_those_of_the_wire() {
        assert_eq!(InType::Boolean.fixed_size(), Some(4));
        assert_eq!(InType::SystemTime.fixed_size(), Some(16));
        assert_eq!(InType::Pointer.fixed_size(), None);
        assert_eq!(InType::ALL.iter().filter(|t| t.fixed_size().is_some()).count(), 16);
    }
}
