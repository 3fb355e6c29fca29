//! Numbers that are printed in a special way because of their inType.

use core::fmt;

/// A `win:Boolean`: four bytes, and true if any bit is set.
///
/// Two values are equal if their numbers are. To compare the truth alone, use a `bool` or [`get`](Self::get). `Display`
/// and `Debug` print `true` or `false`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Bool32(
    /// The number as recorded: normally 0 or 1.
    pub u32,
);

impl Bool32 {
    /// Whether it is true: not zero.
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}

impl From<Bool32> for bool {
    fn from(value: Bool32) -> Self {
        value.get()
    }
}

impl PartialEq<bool> for Bool32 {
    fn eq(&self, other: &bool) -> bool {
        self.get() == *other
    }
}

impl fmt::Display for Bool32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

impl fmt::Debug for Bool32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Declares a number that prints in hexadecimal.
macro_rules! hex_int {
    ($(#[$meta:meta])* $type:ident($int:ident)) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(
            /// The number.
            pub $int,
        );

        impl From<$int> for $type {
            fn from(value: $int) -> Self {
                Self(value)
            }
        }

        impl From<$type> for $int {
            fn from(value: $type) -> Self {
                value.0
            }
        }

        impl fmt::LowerHex for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.0, f)
            }
        }

        impl fmt::UpperHex for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::UpperHex::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

hex_int! {
    /// A `win:HexInt32`.
    ///
    /// `Display` and `Debug` print `0xc0000022`, the text of Windows' XML; `{:#X}` prints `0xC0000022`, that of a
    /// message. Neither is padded, and zero is `0x0`.
    HexInt32(u32)
}

hex_int! {
    /// A `win:HexInt64`.
    ///
    /// `Display` and `Debug` print `0x50032c000029`, the text of Windows' XML; `{:#X}` prints `0x50032C000029`, that
    /// of a message. Neither is padded, and zero is `0x0`.
    HexInt64(u64)
}

hex_int! {
    /// A `win:Pointer` of either size, as an element of a list. (A pointer that is a field by itself is a `u64`.)
    ///
    /// It prints as a [`HexInt64`] does.
    Pointer(u64)
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{ToString as _, format},
        *,
    };

    #[test]
    fn hex_numbers_have_both_texts_of_windows() {
        // Vectors 3 to 8 and 22.
        let session = HexInt64(u64::from_le_bytes([0x29, 0, 0, 0x2C, 0x03, 0x50, 0, 0]));
        assert_eq!(format!("{session:#X}"), "0x50032C000029");
        assert_eq!(session.to_string(), "0x50032c000029");
        assert_eq!(format!("{:#X}", HexInt64(0x1_FC00_0000_0061)), "0x1FC0000000061");
        assert_eq!(format!("{:#X} {:#X}", HexInt32(0x80), HexInt32(0)), "0x80 0x0");
        assert_eq!(
            format!("{:#X} {0} {0:?} {0:x}", HexInt32(0xC000_0022)),
            "0xC0000022 0xc0000022 0xc0000022 c0000022"
        );
        assert_eq!(HexInt32(0).to_string(), "0x0");
    }

    #[test]
    fn any_bit_makes_a_boolean_true() {
        // Vectors 36 to 38.
        for (number, truth, text) in
            [(0, false, "false"), (1, true, "true"), (2, true, "true"), (1 << 31, true, "true")]
        {
            assert_eq!(Bool32(number), truth);
            assert_eq!(bool::from(Bool32(number)), truth);
            assert_eq!(Bool32(number).to_string(), text);
        }
        assert_ne!(Bool32(1), Bool32(2));
    }
}
