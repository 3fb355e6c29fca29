//! The binary XML of a template: `<EventData><Data Name='…'>%1</Data>…</EventData>`, with `ComplexData` for a struct.

use super::out::Out;
use crate::model::{Field, InType};

/// Start of a fragment, version 1.1, no flags.
pub(super) const FRAGMENT: [u8; 4] = [0x0F, 1, 1, 0];
pub(super) const OPEN: u8 = 0x01;
pub(super) const OPEN_WITH_ATTRIBUTES: u8 = 0x41;
pub(super) const CLOSE_START_TAG: u8 = 0x02;
pub(super) const END_ELEMENT: u8 = 0x04;
pub(super) const VALUE: u8 = 0x05;
pub(super) const ATTRIBUTE: u8 = 0x06;
pub(super) const SUBSTITUTION: u8 = 0x0D;
pub(super) const END_OF_FILE: u8 = 0x00;

/// The type of a text.
pub(super) const STRING: u8 = 0x01;
/// The flag of an array's type.
const ARRAY: u8 = 0x80;
/// The type of a struct.
const STRUCT: u8 = 0x8E;

/// Writes the body of a template with these fields, filled up to four bytes.
pub(super) fn write(out: &mut Out, fields: &[Field]) {
    out.bytes(&FRAGMENT);
    out.u8(OPEN);
    element(out, "EventData", |out| {
        out.u8(CLOSE_START_TAG);
        for (number, field) in (0u16..).zip(fields) {
            data(out, number, field);
        }
        out.u8(END_ELEMENT);
    });
    out.u8(END_OF_FILE);
    out.align(4);
}

/// What follows the token of an element: no dependency, the size, the name, the content.
fn element(out: &mut Out, tag: &str, content: impl FnOnce(&mut Out)) {
    out.u16(0xFFFF);
    let size = out.later();
    let start = out.len();
    name(out, tag);
    content(out);
    out.set(size, out.len() - start);
}

fn data(out: &mut Out, number: u16, field: &Field) {
    out.u8(OPEN_WITH_ATTRIBUTES);
    let tag = if field.in_type == InType::Struct { "ComplexData" } else { "Data" };
    element(out, tag, |out| {
        let size = out.later();
        let start = out.len();
        out.u8(ATTRIBUTE);
        name(out, "Name");
        out.u8(VALUE);
        out.u8(STRING);
        out.u16(units(&field.name));
        out.utf16(&field.name);
        out.set(size, out.len() - start);
        out.u8(CLOSE_START_TAG);
        out.u8(SUBSTITUTION);
        out.u16(number);
        out.u8(value_type(field));
        out.u8(END_ELEMENT);
    });
}

pub(super) fn value_type(field: &Field) -> u8 {
    match field.in_type {
        InType::Struct => STRUCT,
        in_type if field.count.is_some() => in_type.value() | ARRAY,
        in_type => in_type.value(),
    }
}

/// A name: its hash, the number of its units, the units, a NUL.
pub(super) fn name(out: &mut Out, name: &str) {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(unit)));
    out.bytes(&hash.to_le_bytes()[..2]);
    out.u16(units(name));
    out.utf16(name);
    out.u16(0);
}

/// The number of UTF-16 units; the readers of manifests take no name of more than a few thousand.
fn units(text: &str) -> u16 {
    u16::try_from(text.encode_utf16().count()).unwrap_or(u16::MAX)
}
