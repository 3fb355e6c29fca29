//! Reads a payload field by field by the rules of the wire format: where each field is, or which one does not fit.

use std::ops::Range;

use etw_schema::model::{Field, InType, OutType, Size};

use crate::encoder::{counter_of, is_terminated, width};
use crate::manifests::Layout;

/// Where a layout's fields are in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The bytes of each field, a terminator included.
    pub fields: Vec<Range<usize>>,
    /// Whether the last field is a string without its NUL, at the end of the payload.
    pub unterminated: bool,
}

impl Walk {
    /// The offset after the last field.
    pub fn end(&self) -> usize {
        self.fields.last().map_or(0, |range| range.end)
    }
}

/// The first field that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The field's position.
    pub field: usize,
    /// The offset at which it begins.
    pub offset: usize,
    /// The bytes that it needs; `None` for a string that lacks its NUL.
    pub needed: Option<usize>,
    /// The bytes that are left.
    pub available: usize,
}

/// Whether a last string may lack its NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// It must have its NUL.
    Required,
    /// It may lack its NUL. The string then takes the complete units that are left.
    Optional,
}

/// Walks over a payload. Bytes after the last field are ignored here.
///
/// # Errors
///
/// The first field that does not fit.
pub fn walk(fields: &[Field], payload: &[u8], terminator: Terminator) -> Result<Walk, Stop> {
    let mut walk = Walk { fields: Vec::new(), unterminated: false };
    for index in 0..fields.len() {
        let offset = walk.end();
        let rest = &payload[offset..];
        let stop = |needed| Stop { field: index, offset, needed, available: rest.len() };
        let size = match extent(fields, index, payload, &walk) {
            Extent::Bytes(size) if size <= rest.len() => size,
            Extent::Bytes(size) => return Err(stop(Some(size))),
            Extent::UntilNul { unit } => match position_of_nul(rest, unit) {
                Some(at) => at + unit,
                None if terminator == Terminator::Optional && index + 1 == fields.len() => {
                    walk.unterminated = true;
                    rest.len() / unit * unit
                }
                None => return Err(stop(None)),
            },
        };
        walk.fields.push(offset..offset + size);
    }
    Ok(walk)
}

/// Whether the payload fits the layout to its last byte.
pub fn fits(layout: &Layout, payload: &[u8]) -> bool {
    walk(layout.fields(), payload, Terminator::Required).is_ok_and(|walk| walk.end() == payload.len())
}

/// The layouts of the same id and version that the payload fits, apart from `layout`.
pub fn others_that_fit(layout: &Layout, payload: &[u8]) -> Vec<&'static Layout> {
    layout.family().filter(|other| other.name != layout.name && fits(other, payload)).collect()
}

/// How the end of a field is found.
enum Extent {
    Bytes(usize),
    UntilNul { unit: usize },
}

fn extent(fields: &[Field], index: usize, payload: &[u8], walk: &Walk) -> Extent {
    let field = &fields[index];
    let unit = if field.in_type == InType::UnicodeString { 2 } else { 1 };
    if is_terminated(field) {
        return Extent::UntilNul { unit };
    }
    let size_of_one = width(field.in_type).unwrap_or(unit);
    let size = match (field.count.as_ref().or(field.length.as_ref()), field.in_type) {
        (Some(Size::Fixed(count)), _) => usize::from(*count) * size_of_one,
        (Some(Size::Field(_)), _) => {
            let counter = counter_of(fields, index).expect("it is counted by a field");
            number(&payload[walk.fields[counter].clone()]) * size_of_one
        }
        (None, InType::Binary) => {
            assert_eq!(field.out_type, Some(OutType::IPv6), "{} has no length", field.name);
            16
        }
        (None, in_type) => width(in_type).unwrap_or_else(|| panic!("{}: {in_type} is not walked over", field.name)),
    };
    Extent::Bytes(size)
}

/// A little-endian number of up to 32 bits.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn position_of_nul(bytes: &[u8], unit: usize) -> Option<usize> {
    bytes.chunks_exact(unit).position(|unit| unit.iter().all(|byte| *byte == 0)).map(|at| at * unit)
}
