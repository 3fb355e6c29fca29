//! Payloads that fit a layout, made from its description.

use etw_runtime::{InType, Size};
use smbserver_etw::LayoutInfo;

/// The units of a UTF-16 string, and the bytes of an ANSI one.
const TEXT: &[u8] = b"server\\share";
/// A sockaddr of IPv4 has 16 bytes, and most binary fields are addresses.
const BINARY: &[u8; 16] = &[2, 0, 1, 189, 192, 168, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
/// The elements of an array.
const ELEMENTS: u16 = 3;

/// A payload of this layout, of the size that real ones have.
pub(crate) fn of_layout(layout: &LayoutInfo) -> Vec<u8> {
    let mut payload = Vec::new();
    for (index, field) in (0..).zip(layout.fields) {
        let elements = field.count.map_or(1, |count| number(count, ELEMENTS));
        for _ in 0..elements {
            write(&mut payload, layout, index, field.in_type, field.length);
        }
    }
    payload
}

/// Appends one element of a field.
fn write(payload: &mut Vec<u8>, layout: &LayoutInfo, index: u16, in_type: InType, length: Option<Size>) {
    let counted = length.map(|length| usize::from(number(length, default_length(in_type))));
    match (in_type, in_type.fixed_size()) {
        (InType::UnicodeString, _) => {
            payload.extend(repeat(TEXT, counted).flat_map(|byte| [byte, 0]));
            payload.extend(terminator(counted, 2));
        }
        (InType::AnsiString, _) => {
            payload.extend(repeat(TEXT, counted));
            payload.extend(terminator(counted, 1));
        }
        (InType::Binary, _) => payload.extend(repeat(BINARY, counted)),
        (_, Some(size)) => {
            let value = counter(layout, index).unwrap_or(0x0102_0300 + u64::from(index));
            payload.extend(value.to_le_bytes().into_iter().chain([0xA5; 8]).take(size));
        }
        (other, None) => panic!("{}: no field was ever of the type {other}", layout.name),
    }
}

/// The length of a string or binary that another field counts.
fn default_length(in_type: InType) -> u16 {
    let length = if in_type == InType::Binary { BINARY.len() } else { TEXT.len() };
    u16::try_from(length).expect("the texts are short")
}

fn number(size: Size, counted: u16) -> u16 {
    match size {
        Size::Fixed(number) => number,
        Size::Field(_) => counted,
    }
}

fn repeat(bytes: &[u8], len: Option<usize>) -> impl Iterator<Item = u8> {
    bytes.iter().copied().cycle().take(len.unwrap_or(bytes.len()))
}

/// The NUL of a string that is not counted.
fn terminator(counted: Option<usize>, unit: usize) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(0, if counted.is_none() { unit } else { 0 })
}

/// The value of a field that counts another one.
fn counter(layout: &LayoutInfo, index: u16) -> Option<u64> {
    let this = Some(Size::Field(index));
    let length = layout.fields.iter().find(|field| field.length == this).map(|field| default_length(field.in_type));
    let count = layout.fields.iter().find(|field| field.count == this).map(|_| ELEMENTS);
    length.or(count).map(u64::from)
}
