//! What generated number types have in common: names for their values, and operators for their bits.
//!
//! A generated type is a newtype over an integer, so that a value without a name survives. The traits are written once
//! here, as macros that generated code calls.

use core::fmt::{self, Display};

/// Writes the name, or the number if there is none.
#[doc(hidden)]
pub fn display_named(name: Option<&str>, number: impl Display, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name {
        Some(name) => f.pad(without_prefix(name)),
        None => number.fmt(f),
    }
}

/// A name without the prefix that says where it is defined: `Error` of `win:Error`.
pub(crate) fn without_prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// Writes the names of the bits that are set, and the bits without a name in hex, joined by ` | `; `0` for no bits. A
/// bit is `(value, mask, name)`: it is set where the bits under the mask are the value.
pub(crate) fn write_bits<'n>(
    f: &mut fmt::Formatter<'_>,
    bits: u64,
    named: impl IntoIterator<Item = (u64, u64, &'n str)>,
) -> fmt::Result {
    let mut rest = bits;
    let mut any = false;
    for (value, mask, name) in named {
        if mask == 0 || value == 0 || bits & mask != value {
            continue;
        }
        f.write_str(if any { " | " } else { "" })?;
        f.write_str(name)?;
        any = true;
        rest &= !mask;
    }
    match (any, rest) {
        (false, 0) => f.write_str("0"),
        (false, rest) => write!(f, "{rest:#x}"),
        (true, 0) => Ok(()),
        (true, rest) => write!(f, " | {rest:#x}"),
    }
}

/// [`write_bits`] for single bits, without the prefixes of their names.
#[doc(hidden)]
pub fn display_flags<'n>(
    bits: u64,
    named: impl Iterator<Item = (u64, &'n str)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write_bits(f, bits, named.map(|(bit, name)| (bit, bit, without_prefix(name))))
}

/// Implements the conversions from and to the integer, and a `Debug` that prints the name, for newtypes with `Display`.
#[doc(hidden)]
#[macro_export]
macro_rules! number_traits {
    ($name:ident: $int:ident) => {
        impl ::core::convert::From<$int> for $name {
            fn from(number: $int) -> Self {
                Self(number)
            }
        }

        impl ::core::convert::From<$name> for $int {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::write!(f, ::core::concat!(::core::stringify!($name), "({})"), self)
            }
        }

        $crate::serialize_number!($name);
    };
}

/// Implements `Serialize` for a newtype: as its number.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! serialize_number {
    ($name:ident) => {
        impl $crate::glue::serde::Serialize for $name {
            fn serialize<S: $crate::glue::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::glue::serde::Serialize::serialize(&self.0, serializer)
            }
        }
    };
}

/// Implements nothing: the feature `serde` is off.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serialize_number {
    ($name:ident) => {};
}

/// The traits of a channel, level, opcode or task: `Display` is what Windows shows, or the number.
#[doc(hidden)]
#[macro_export]
macro_rules! descriptor_traits {
    ($($name:ident: $int:ident),* $(,)?) => {$(
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::glue::display_named(self.display_name(), self.0, f)
            }
        }

        $crate::number_traits!($name: $int);
    )*};
}

/// The traits of a provider's keywords: `Display` is what Windows shows for each bit, and the bits without a name in
/// hex.
#[doc(hidden)]
#[macro_export]
macro_rules! keyword_traits {
    ($name:ident: $int:ident) => {
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let named = Self::NAMED.iter().filter(|(bit, _)| self.contains(*bit));
                $crate::glue::display_flags(self.0, named.zip(self.display_names()).map(|((bit, _), name)| (bit.0, name)), f)
            }
        }

        $crate::number_traits!($name: $int);
        $crate::flag_operators!($name: $int);
    };
}

/// The traits of a type whose values, or bits, are described by a [`Meaning`](crate::Meaning).
#[doc(hidden)]
#[macro_export]
macro_rules! named_traits {
    ($name:ident: $int:ident = $meaning:expr) => {
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&$meaning.describe(::core::convert::Into::into(self.0)), f)
            }
        }

        $crate::number_traits!($name: $int);
    };
}

/// Sets of bits: tests for bits, and the operators `|`, `&`, `-` and `!`.
#[doc(hidden)]
#[macro_export]
macro_rules! flag_operators {
    ($name:ident: $int:ident) => {
        impl $name {
            /// No bits.
            pub const fn empty() -> Self {
                Self(0)
            }

            /// Whether no bit is set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether all these bits are set.
            pub const fn contains(self, bits: Self) -> bool {
                self.0 & bits.0 == bits.0
            }

            /// Whether any of these bits is set.
            pub const fn intersects(self, bits: Self) -> bool {
                self.0 & bits.0 != 0
            }
        }

        $crate::flag_operators!(@binary $name BitOr::bitor |, BitOrAssign::bitor_assign);
        $crate::flag_operators!(@binary $name BitAnd::bitand &, BitAndAssign::bitand_assign);

        /// The bits that the other set lacks.
        impl ::core::ops::Sub for $name {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }

        impl ::core::ops::SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 &= !other.0;
            }
        }

        /// Every other bit of the integer, named or not.
        impl ::core::ops::Not for $name {
            type Output = Self;

            fn not(self) -> Self {
                Self(!self.0)
            }
        }
    };
    (@binary $name:ident $op:ident::$function:ident $sign:tt, $assign:ident::$assign_function:ident) => {
        impl ::core::ops::$op for $name {
            type Output = Self;

            fn $function(self, other: Self) -> Self {
                Self(self.0 $sign other.0)
            }
        }

        impl ::core::ops::$assign for $name {
            fn $assign_function(&mut self, other: Self) {
                self.0 = self.0 $sign other.0;
            }
        }
    };
}

#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "the macros are for public types, all of whose methods somebody may use")]
mod tests {
    extern crate std;

    use std::{format, string::ToString as _};

    use crate::{Meaning, NamedValue, NamesInfo};

    static ACCESS: NamesInfo =
        NamesInfo::new("Access", "a test", &[NamedValue::new(1, 1, "READ"), NamedValue::new(2, 2, "WRITE")]);

    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    struct Access(u32);
    named_traits!(Access: u32 = Meaning::Bits(&ACCESS));
    flag_operators!(Access: u32);

    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    struct Level(u8);
    descriptor_traits!(Level: u8);

    impl Level {
        fn display_name(self) -> Option<&'static str> {
            (self.0 == 2).then_some("win:Error")
        }
    }

    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    struct Keywords(u64);
    keyword_traits!(Keywords: u64);

    impl Keywords {
        const NAMED: &'static [(Self, &'static str)] = &[(Self(1), "ms:One"), (Self(4), "Four")];

        fn display_names(self) -> impl Iterator<Item = &'static str> {
            Self::NAMED.iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| *name)
        }
    }

    #[test]
    fn flags_are_sets() {
        let read = Access(1);
        let write = Access(2);
        let mut both = read | write;
        assert!(both.contains(read) && both.intersects(write) && !read.intersects(write));
        assert_eq!((both & write, both - write, !read & both), (write, read, write));
        both -= read;
        assert_eq!(both, write);
        both &= read;
        assert!(both.is_empty() && both == Access::empty());
        both |= write;
        assert_eq!(u32::from(both), 2);
        assert_eq!(Access::from(3), read | write);
    }

    #[test]
    fn names_are_shown_and_what_has_none_is_a_number() {
        assert_eq!(format!("{} {:?}", Access(3), Access(0x41)), "READ | WRITE Access(READ | 0x40)");
        assert_eq!(format!("{} {:?} {}", Level(2), Level(2), Level(9)), "Error Level(Error) 9");
        assert_eq!(
            (Keywords(13).to_string(), Keywords(0).to_string()),
            ("One | Four | 0x8".to_string(), "0".to_string())
        );
    }
}
