//! TTBL: the templates, each with its binary XML, its item descriptors and their names.

use std::collections::BTreeMap;

use super::binxml;
use super::out::Out;
use super::user_data;
use crate::hash::{FNV_SEED, fnv_1a};
use crate::model::{Field, InType, Scope, Size, Template};

/// `EventData`, and `UserData`: how the event log shows the fields.
const EVENT_DATA: u32 = 1;
const USER_DATA: u32 = 2;

/// Writes a template. `maps` are the maps' offsets.
///
/// # Errors
/// A length or count that names no field of the template, or a `<UserData>` that cannot be read.
pub(super) fn write(template: &Template, maps: &BTreeMap<&str, u32>, out: &mut Out) -> Result<(), String> {
    let items = Items::new(&template.fields)?;
    let mut body = Out::default();
    match &template.user_data {
        Some(xml) => {
            user_data::write(&mut body, xml, &template.fields).map_err(|problem| format!("<UserData>: {problem}"))?;
        }
        None => binxml::write(&mut body, &template.fields),
    }
    let body = body.into_bytes();
    let start = out.len();
    out.bytes(b"TEMP");
    let size = out.later();
    out.count(template.fields.len());
    out.count(items.all.len());
    let first_item = out.later();
    out.u32(if template.user_data.is_some() { USER_DATA } else { EVENT_DATA });
    let guid = out.len();
    out.bytes(&[0; 16]);
    out.bytes(&body);
    out.set_here(first_item);
    let mut names = Vec::new();
    for item in &items.all {
        names.push(write_item(item, maps, out));
    }
    for (item, name) in items.all.iter().zip(names) {
        out.set_here(name);
        out.sized_text(&item.field.name);
    }
    out.set(size, out.len() - start);
    let hash = content_hash(template);
    out.patch(guid, &hash);
    Ok(())
}

/// An item of a template in the order of the descriptors: the fields, then the members of structs.
struct Item<'t> {
    field: &'t Field,
    /// The first member's index, and their number; of a struct.
    members: (u16, u16),
    length: Option<Number>,
    count: Option<Number>,
}

/// A length or a count.
#[derive(Clone, Copy)]
enum Number {
    Fixed(u16),
    /// The index of the item that holds it.
    Item(u16),
}

struct Items<'t> {
    all: Vec<Item<'t>>,
}

impl<'t> Items<'t> {
    fn new(fields: &'t [Field]) -> Result<Self, String> {
        let mut next = fields.len();
        let mut all = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            if field.in_type == InType::Struct && field.members.is_empty() {
                return Err(format!("struct {}: it has no fields", field.name));
            }
            let (length, count) = numbers(field, 0, at, 0)?;
            let members = (if field.members.is_empty() { 0 } else { index(next)? }, index(field.members.len())?);
            next += field.members.len();
            index(next)?;
            all.push(Item { field, members, length, count });
        }
        let mut first = fields.len();
        for (owner, field) in fields.iter().enumerate() {
            for (at, member) in field.members.iter().enumerate() {
                let (length, count) = numbers(member, first, at, owner)?;
                all.push(Item { field: member, members: (0, 0), length, count });
            }
            first += field.members.len();
        }
        Ok(Self { all })
    }
}

fn index(at: usize) -> Result<u16, String> {
    u16::try_from(at).map_err(|_| "it has more than 65535 fields".to_owned())
}

/// Length and count of a field. `first` is the index of the first item of its list, `before` the number of fields before
/// it there, `outside` that of the template's fields before the struct that holds it.
fn numbers(
    field: &Field,
    first: usize,
    before: usize,
    outside: usize,
) -> Result<(Option<Number>, Option<Number>), String> {
    let number = |size: &Size| match size {
        Size::Fixed(number) => Ok(Number::Fixed(*number)),
        Size::Field(counter) => {
            let at = usize::from(counter.index());
            match counter.scope() {
                Scope::Beside if at < before => Ok(Number::Item(index(first + at)?)),
                Scope::Outside if at < outside => Ok(Number::Item(counter.index())),
                _ => Err(format!("field {}: `{counter}` is not a field before it", field.name)),
            }
        }
    };
    let length = field.length.as_ref().filter(|_| field.in_type.takes_length()).map(number).transpose()?;
    Ok((length, field.count.as_ref().map(number).transpose()?))
}

fn write_item(item: &Item<'_>, maps: &BTreeMap<&str, u32>, out: &mut Out) -> super::out::Later {
    let is_struct = item.field.in_type == InType::Struct;
    let flag = |number: Option<Number>, fixed: u32, of_item: u32| match number {
        None => 0,
        Some(Number::Fixed(_)) => fixed,
        Some(Number::Item(_)) => of_item,
    };
    out.u32(u32::from(is_struct) | flag(item.length, 2, 4) | flag(item.count, 8, 0x10));
    if is_struct {
        out.u16(item.members.0);
        out.u16(item.members.1);
    } else {
        let out_type = item.field.out_type.or(item.field.in_type.default_out_type());
        out.u8(item.field.in_type.value());
        out.u8(out_type.map_or(0, crate::model::OutType::value));
        out.u16(0);
    }
    let map = item.field.map.as_deref().and_then(|map| maps.get(map));
    out.u32(map.copied().unwrap_or(0));
    let value = |number: Option<Number>| match number {
        None => 0,
        Some(Number::Fixed(number) | Number::Item(number)) => number,
    };
    // A single value counts as one.
    out.u16(value(item.count));
    out.u16(value(item.length));
    out.later()
}

/// What fields are, without the places where they were read.
fn describe(fields: &[Field], out: &mut String) {
    for Field { name, in_type, out_type, length, count, map, members, at: _ } in fields {
        *out += &format!("{:?}[", (name, in_type, out_type, length, count, map));
        describe(members, out);
        out.push(']');
    }
}

/// A seed other than [`FNV_SEED`], for the other half of a GUID.
const SECOND_SEED: u64 = FNV_SEED.rotate_left(32);

/// Sixteen bytes that equal content gives equal, marked as a GUID made of a name (version 5).
fn content_hash(template: &Template) -> [u8; 16] {
    let mut content = String::new();
    describe(&template.fields, &mut content);
    content.extend(template.user_data.as_deref());
    let low = fnv_1a(FNV_SEED, content.as_bytes()).to_le_bytes();
    let high = fnv_1a(SECOND_SEED, content.as_bytes()).to_le_bytes();
    let mut guid = [0; 16];
    guid[..8].copy_from_slice(&low);
    guid[8..].copy_from_slice(&high);
    guid[7] = (guid[7] & 0x0F) | 0x50;
    guid[8] = (guid[8] & 0x3F) | 0x80;
    guid
}
