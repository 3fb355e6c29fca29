//! The inTypes and outTypes of winmeta.xml, for code that looks at the schema at run time.

use core::fmt;

/// Declares an enum whose variants have a name in the manifest.
macro_rules! named_types {
    ($(#[$meta:meta])* $type:ident { $($variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $(#[doc = concat!("`", $name, "`.")] $variant,)+
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
    /// `Struct` is not a type of winmeta.xml but stands for the element `<struct>`, whose members stand in line.
    InType {
        Struct = "struct",
        UnicodeString = "win:UnicodeString",
        AnsiString = "win:AnsiString",
        Int8 = "win:Int8",
        UInt8 = "win:UInt8",
        Int16 = "win:Int16",
        UInt16 = "win:UInt16",
        Int32 = "win:Int32",
        UInt32 = "win:UInt32",
        Int64 = "win:Int64",
        UInt64 = "win:UInt64",
        Float = "win:Float",
        Double = "win:Double",
        Boolean = "win:Boolean",
        Binary = "win:Binary",
        Guid = "win:GUID",
        Pointer = "win:Pointer",
        FileTime = "win:FILETIME",
        SystemTime = "win:SYSTEMTIME",
        Sid = "win:SID",
        HexInt32 = "win:HexInt32",
        HexInt64 = "win:HexInt64",
        CountedUnicodeString = "win:CountedUnicodeString",
        CountedAnsiString = "win:CountedAnsiString",
        CountedBinary = "win:CountedBinary",
    }
}

named_types! {
    /// The text form of a field. `Display` prints the name in a manifest.
    OutType {
        String = "xs:string",
        DateTime = "xs:dateTime",
        Byte = "xs:byte",
        UnsignedByte = "xs:unsignedByte",
        Short = "xs:short",
        UnsignedShort = "xs:unsignedShort",
        Int = "xs:int",
        UnsignedInt = "xs:unsignedInt",
        Long = "xs:long",
        UnsignedLong = "xs:unsignedLong",
        Float = "xs:float",
        Double = "xs:double",
        Boolean = "xs:boolean",
        Guid = "xs:GUID",
        HexBinary = "xs:hexBinary",
        HexInt8 = "win:HexInt8",
        HexInt16 = "win:HexInt16",
        HexInt32 = "win:HexInt32",
        HexInt64 = "win:HexInt64",
        Pid = "win:PID",
        Tid = "win:TID",
        Port = "win:Port",
        IPv4 = "win:IPv4",
        IPv6 = "win:IPv6",
        SocketAddress = "win:SocketAddress",
        CimDateTime = "win:CIMDateTime",
        EtwTime = "win:ETWTIME",
        Xml = "win:Xml",
        ErrorCode = "win:ErrorCode",
        Win32Error = "win:Win32Error",
        NtStatus = "win:NTSTATUS",
        HResult = "win:HResult",
        DateTimeCultureInsensitive = "win:DateTimeCultureInsensitive",
        Json = "win:Json",
        Utf8 = "win:Utf8",
        Pkcs7WithTypeInfo = "win:Pkcs7WithTypeInfo",
    }
}

impl InType {
    /// The bytes of one value, where the type alone fixes them. Those of a pointer depend on the event's header.
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
}

#[cfg(test)]
mod tests {
    use super::{super::testing::ToString as _, *};

    #[test]
    fn names_are_those_of_a_manifest() {
        assert_eq!(InType::Guid.to_string(), "win:GUID");
        assert_eq!(InType::Struct.name(), "struct");
        assert_eq!(OutType::NtStatus.to_string(), "win:NTSTATUS");
        assert_eq!((InType::ALL.len(), OutType::ALL.len()), (25, 36));
        for &of_in in InType::ALL {
            assert_eq!(InType::ALL.iter().filter(|other| other.name() == of_in.name()).count(), 1);
        }
        for &of_out in OutType::ALL {
            assert_eq!(OutType::ALL.iter().filter(|other| other.name() == of_out.name()).count(), 1);
        }
    }

    #[test]
    fn sizes_are_those_of_the_wire() {
        assert_eq!(InType::Boolean.fixed_size(), Some(4));
        assert_eq!(InType::SystemTime.fixed_size(), Some(16));
        assert_eq!(InType::Pointer.fixed_size(), None);
        assert_eq!(InType::ALL.iter().filter(|t| t.fixed_size().is_some()).count(), 16);
    }
}
