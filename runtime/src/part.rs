//! The parts of a view, and how the index of a field leads to its value.
//!
//! Generated code says what parts a view holds. Which field is where in them follows from the types of the fields, by
//! the same rule in the generator and here: neighbours of fixed size share a segment, any other field is a part.

use core::hash::Hasher;

use crate::value::read_fixed;
use crate::{FieldInfo, OutType, Value};

/// A piece of the payload that a view holds.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Neighbouring fields of fixed size, without gaps.
    Segment(&'a [u8]),
    /// One field of variable size.
    Field(Value<'a>),
}

impl<'a> Part<'a> {
    /// What two parts of one layout are compared by: their bytes, and the bits of values that are not held as bytes.
    /// Floats are compared by their bits, so that every event equals itself.
    fn identity(self) -> (&'a [u8], u128) {
        match self {
            Self::Segment(bytes) => (bytes, 0),
            Self::Field(value) => value.identity(),
        }
    }
}

/// Whether two views of one layout hold equal parts.
pub(crate) fn parts_are_equal<'a, 'b>(
    one: impl Fn(usize) -> Option<Part<'a>>,
    other: impl Fn(usize) -> Option<Part<'b>>,
) -> bool {
    for at in 0.. {
        match (one(at), other(at)) {
            (None, None) => return true,
            (Some(one), Some(other)) if one.identity() == other.identity() => {}
            _ => return false,
        }
    }
    false
}

/// Hashes what [`parts_are_equal`] compares.
pub(crate) fn hash_parts<'a>(part: impl Fn(usize) -> Option<Part<'a>>, state: &mut dyn Hasher) {
    let parts = (0..).map_while(part).map(Part::identity);
    for (bytes, bits) in parts {
        state.write_usize(bytes.len());
        state.write(bytes);
        state.write_u128(bits);
    }
}

/// The position of a field: the part, and the offset in it. It steps from field to field.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    part: usize,
    offset: usize,
    /// Whether the part is a segment.
    in_segment: bool,
}

impl Position {
    /// Steps over a field. Returns its position, and its size if that is fixed.
    fn step(&mut self, field: &FieldInfo) -> (Self, Option<usize>) {
        let size = if field.count.is_none() { field.in_type.fixed_size() } else { None };
        if size.is_none() && self.in_segment {
            *self = Self { part: self.part + 1, ..Self::default() };
        }
        let here = *self;
        match size {
            Some(size) => *self = Self { offset: self.offset + size, in_segment: true, ..*self },
            None => self.part += 1,
        }
        (here, size)
    }
}

/// The value at this position.
fn value_at<'a>(
    field: &FieldInfo,
    (position, size): (Position, Option<usize>),
    part: impl FnOnce(usize) -> Option<Part<'a>>,
) -> Option<Value<'a>> {
    match (part(position.part)?, size) {
        (Part::Segment(bytes), Some(size)) => {
            Some(read_fixed(field.in_type, bytes.get(position.offset..)?.get(..size)?))
        }
        (Part::Field(Value::Ansi(text)), None) if field.out_type.is_some_and(OutType::is_utf8) => {
            Some(Value::Ansi(text.in_utf8()))
        }
        (Part::Field(value), None) => Some(value),
        _ => None,
    }
}

/// The value of the field with this index.
pub(crate) fn value_of<'a>(
    fields: &[FieldInfo],
    index: usize,
    part: impl FnOnce(usize) -> Option<Part<'a>>,
) -> Option<Value<'a>> {
    let mut position = Position::default();
    let before = fields.get(..index)?;
    let field = fields.get(index)?;
    for field in before {
        position.step(field);
    }
    value_at(field, position.step(field), part)
}

/// The fields and their values.
pub(crate) fn values<'a>(
    fields: &'static [FieldInfo],
    part: impl Fn(usize) -> Option<Part<'a>>,
) -> impl Iterator<Item = (&'static FieldInfo, Value<'a>)> {
    let mut position = Position::default();
    // Most fields share a segment. It is read from the view only once.
    let mut at_hand = (0, part(0));
    fields.iter().filter_map(move |field| {
        let here = position.step(field);
        let value = value_at(field, here, |index| {
            if index != at_hand.0 {
                at_hand = (index, part(index));
            }
            at_hand.1
        });
        Some((field, value?))
    })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::{InType, Size, Utf16};

    #[test]
    fn a_text_of_single_bytes_is_utf8_where_its_out_type_says_so() {
        let text = Part::Field(Value::Ansi(crate::Ansi::new("é\0".as_bytes())));
        for (out_type, shown) in [
            (Some(OutType::Utf8), "é"),
            (Some(OutType::Json), "é"),
            (Some(OutType::Xml), "é"),
            (Some(OutType::String), "\u{FFFD}\u{FFFD}"),
            (None, "\u{FFFD}\u{FFFD}"),
        ] {
            let mut field = FieldInfo::new("A", InType::AnsiString);
            field.out_type = out_type;
            let value = value_of(&[field], 0, |_| Some(text)).unwrap();
            assert_eq!(std::string::ToString::to_string(&value), shown, "{out_type:?}");
        }
    }

    #[test]
    fn neighbours_of_fixed_size_share_a_segment() {
        static FIELDS: &[FieldInfo] = &[
            FieldInfo::new("A", InType::UInt8),
            FieldInfo::new("B", InType::UInt32),
            FieldInfo::new("C", InType::UnicodeString),
            FieldInfo::new("D", InType::UnicodeString),
            FieldInfo::new("E", InType::UInt16),
            FieldInfo::new("F", InType::UInt16).with_count(Size::Fixed(2)),
        ];
        let part = |part| {
            Some(match part {
                0 => Part::Segment(&[1, 2, 0, 0, 0]),
                1 | 2 | 4 => Part::Field(Value::Utf16(Utf16::default())),
                3 => Part::Segment(&[3, 0]),
                _ => return None,
            })
        };
        let value = |index| value_of(FIELDS, index, part);
        assert_eq!((value(0), value(1), value(4)), (Some(Value::U8(1)), Some(Value::U32(2)), Some(Value::U16(3))));
        assert_eq!(value(2), Some(Value::Utf16(Utf16::default())));
        assert_eq!(value(6), None);
        let all: [Option<Value<'_>>; 6] = core::array::from_fn(value);
        assert!(values(FIELDS, part).map(|(_, value)| Some(value)).eq(all));
    }

    #[test]
    fn parts_that_are_not_those_of_the_fields_have_no_values() {
        let fields = [FieldInfo::new("A", InType::UInt32), FieldInfo::new("B", InType::Sid)];
        assert_eq!(value_of(&fields, 0, |_| Some(Part::Segment(&[1, 2, 3]))), None);
        assert_eq!(value_of(&fields, 0, |_| Some(Part::Field(Value::U8(1)))), None);
        assert_eq!(value_of(&fields, 1, |_| Some(Part::Segment(&[1, 2, 3]))), None);
    }
}
