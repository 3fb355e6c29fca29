//! What numbers mean if no manifest says it: names that a specification gives to a field's values.

use core::fmt::{self, Display};

use crate::named::write_bits;
use crate::status::{HResult, NtStatus, Win32Error};
use crate::{FieldInfo, MapInfo, Value};

/// What the values of a field mean.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Meaning {
    /// An [`NtStatus`].
    NtStatus,
    /// A [`Win32Error`].
    Win32Error,
    /// An [`HResult`].
    HResult,
    /// Values of a map that the manifest has for other fields.
    Map(&'static MapInfo),
    /// Values with names.
    Values(&'static NamesInfo),
    /// Bits with names.
    Bits(&'static NamesInfo),
}

/// The names of some values or bits.
#[derive(Debug)]
#[non_exhaustive]
pub struct NamesInfo {
    /// The name of the type in the generated crate.
    pub name: &'static str,
    /// The specification that gives the names.
    pub source: &'static str,
    /// The names.
    pub entries: &'static [NamedValue],
}

/// A value, or the bits under a mask, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedValue {
    /// The value.
    pub value: u64,
    /// The bits that the value is compared in. For a single bit, that bit.
    pub mask: u64,
    /// The name in the specification.
    pub name: &'static str,
}

impl NamedValue {
    /// A name for a value under a mask.
    pub const fn new(value: u64, mask: u64, name: &'static str) -> Self {
        Self { value, mask, name }
    }
}

impl NamesInfo {
    /// The names that a specification gives to values or bits. `name` is the generated type's.
    #[must_use]
    pub const fn new(name: &'static str, source: &'static str, entries: &'static [NamedValue]) -> Self {
        Self { name, source, entries }
    }

    /// The name of a value.
    pub fn name_of(&self, value: u64) -> Option<&'static str> {
        self.entries.iter().find(|entry| entry.value == value).map(|entry| entry.name)
    }

    /// The names of the bits that are set.
    pub fn names_in(&self, bits: u64) -> impl Iterator<Item = &'static str> + use<'_> {
        self.set_in(bits).map(|entry| entry.name)
    }

    fn set_in(&self, bits: u64) -> impl Iterator<Item = &NamedValue> {
        self.entries.iter().filter(move |entry| entry.mask != 0 && bits & entry.mask == entry.value)
    }
}

impl Meaning {
    /// The name of the type: `NtStatus`, or that of the generated type.
    pub fn name(self) -> &'static str {
        match self {
            Self::NtStatus => "NtStatus",
            Self::Win32Error => "Win32Error",
            Self::HResult => "HResult",
            Self::Map(map) => map.name,
            Self::Values(names) | Self::Bits(names) => names.name,
        }
    }

    /// The value in words, for `Display`: a name, names joined by ` | `, or the number if it has no name.
    pub fn describe(self, value: u64) -> impl Display {
        Described { meaning: self, value }
    }
}

/// The name of a number in the manifest or in a specification: [`FieldInfo::name_value`].
#[derive(Clone, Copy, Debug)]
pub struct ValueName {
    meaning: Meaning,
    number: u64,
}

impl ValueName {
    fn new(meaning: Meaning, number: u64) -> Option<Self> {
        let code = u32::try_from(number).ok();
        let has_name = match meaning {
            Meaning::NtStatus => code.is_some_and(|code| NtStatus(code).name().is_some()),
            // There is no table of names for these.
            Meaning::Win32Error | Meaning::HResult => false,
            Meaning::Map(map) if map.bits => code.is_some_and(|code| list_bits(map, code).next().is_some()),
            Meaning::Map(map) => code.is_some_and(|code| map.name_of(code).is_some()),
            Meaning::Values(names) => names.name_of(number).is_some(),
            Meaning::Bits(names) => names.names_in(number).next().is_some(),
        };
        has_name.then_some(Self { meaning, number })
    }
}

/// The texts of all entries that share a bit with a number.
fn list_bits(map: &'static MapInfo, number: u32) -> impl Iterator<Item = &'static str> {
    map.entries.iter().filter(move |entry| number & entry.value != 0).map(|entry| entry.text)
}

impl Display for ValueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.meaning, u32::try_from(self.number)) {
            (Meaning::Map(map), Ok(number)) if map.bits => {
                for (at, text) in list_bits(map, number).enumerate() {
                    f.write_str(if at > 0 { " | " } else { "" })?;
                    f.write_str(text)?;
                }
                Ok(())
            }
            (meaning, _) => meaning.describe(self.number).fmt(f),
        }
    }
}

impl FieldInfo {
    /// The name of a value of this field: the map's text as the manifest has it, or the specification's name. `None` if
    /// the value has no name.
    pub fn name_value(&self, value: &Value<'_>) -> Option<ValueName> {
        // Signed fields can hold flags too; their sign is a bit like the others.
        let number = match *value {
            Value::I8(value) => value.cast_unsigned().into(),
            Value::I16(value) => value.cast_unsigned().into(),
            Value::I32(value) => value.cast_unsigned().into(),
            Value::I64(value) => value.cast_unsigned(),
            ref other => other.as_u64()?,
        };
        let by_map = self.map.and_then(|map| ValueName::new(Meaning::Map(map), number));
        by_map.or_else(|| ValueName::new(self.meaning?, number))
    }
}

struct Described {
    meaning: Meaning,
    value: u64,
}

impl Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        let Ok(code) = u32::try_from(value) else { return self.describe_names(f) };
        match self.meaning {
            Meaning::NtStatus => NtStatus(code).fmt(f),
            Meaning::Win32Error => Win32Error(code).fmt(f),
            Meaning::HResult => HResult(code).fmt(f),
            Meaning::Map(map) if map.bits => write_bits(
                f,
                value,
                map.entries.iter().map(|entry| (entry.value.into(), entry.value.into(), entry.text)),
            ),
            Meaning::Map(map) => match map.name_of(code) {
                Some(text) => f.write_str(text),
                None => value.fmt(f),
            },
            Meaning::Values(_) | Meaning::Bits(_) => self.describe_names(f),
        }
    }
}

impl Described {
    fn describe_names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.meaning {
            Meaning::Values(names) => match names.name_of(value) {
                Some(name) => f.write_str(name),
                None => value.fmt(f),
            },
            Meaning::Bits(names) => {
                write_bits(f, value, names.entries.iter().map(|entry| (entry.value, entry.mask, entry.name)))
            }
            _ => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    static ACCESS: NamesInfo = NamesInfo {
        name: "Access",
        source: "a test",
        entries: &[
            NamedValue { value: 1, mask: 1, name: "READ" },
            NamedValue { value: 2, mask: 2, name: "WRITE" },
            NamedValue { value: 0x10, mask: 0x30, name: "CACHED" },
        ],
    };

    #[test]
    fn bits_are_named_and_what_is_left_is_shown() {
        let shown = |bits| Meaning::Bits(&ACCESS).describe(bits).to_string();
        assert_eq!(shown(3), "READ | WRITE");
        assert_eq!(shown(0x41), "READ | 0x40");
        assert_eq!(shown(0x30), "0x30", "two bits under a mask are another value than one of them");
        assert_eq!(shown(0x12), "WRITE | CACHED");
        assert_eq!(shown(0), "0");
        assert_eq!(shown(1 << 40), "0x10000000000");
    }

    #[cfg(feature = "status-names")]
    #[test]
    fn values_have_a_name_or_stay_numbers() {
        let shown = |value| Meaning::Values(&ACCESS).describe(value).to_string();
        assert_eq!((shown(2).as_str(), shown(77).as_str()), ("WRITE", "77"));
        assert_eq!(Meaning::NtStatus.describe(0xC000_006D).to_string(), "STATUS_LOGON_FAILURE (0xc000006d)");
    }
}
