//! The way back: each layout's fields as a plain struct that makes a payload.

use super::fields::{Access, Extent, FieldPlan, Fields, Item, Kind, Scalar, StructPlan};
use super::ir::{self, Encoder, EncoderMember, Length, Put, PutOne, Source, Step, Value};
use super::types;

/// A layout's or struct's encoder.
pub(super) fn plan(name: &str, docs: Vec<String>, fields: &Fields, maps: &[ir::Map], layout: Option<&str>) -> Encoder {
    let bools = list_held(fields).filter(|field| field.kind == Kind::Scalar(Scalar::Bool)).count();
    let members = list_held(fields).map(|field| EncoderMember {
        name: field.accessor.clone(),
        docs: vec![format!("`{}`, `{}`.", field.field.name, field.field.in_type)],
        ty: member_type(field.kind, &fields.structs, maps),
    });
    let puts =
        fields.list.iter().enumerate().map(|(at, field)| {
            if is_counter(at, fields) { put_count(at, field, fields) } else { put_field(at, field) }
        });
    Encoder {
        name: name.to_owned(),
        docs,
        borrows: borrows(fields),
        has_many_bools: bools > 3,
        members: members.collect(),
        puts: puts.collect(),
        layout: layout.map(str::to_owned),
        from_view: layout.and_then(|_| plan_from_view(fields)),
    }
}

/// Whether a field only says how long others are.
fn is_counter(at: usize, fields: &Fields) -> bool {
    let counter = Extent::Field(at);
    fields.list.iter().any(|field| field.access == Access::Own(counter.clone()) || field.each == counter)
}

/// The fields that the struct holds.
fn list_held(fields: &Fields) -> impl Iterator<Item = &FieldPlan> {
    fields.list.iter().enumerate().filter(|(at, _)| !is_counter(*at, fields)).map(|(_, field)| field)
}

fn borrows(fields: &Fields) -> bool {
    list_held(fields).any(|field| match field.kind {
        Kind::One(Item::Struct(at)) => borrows(&fields.structs[at].fields),
        kind => kind.borrows(),
    })
}

fn member_type(kind: Kind, structs: &[StructPlan], maps: &[ir::Map]) -> String {
    let structure = |at: usize| {
        let lifetime = if borrows(&structs[at].fields) { "<'a>" } else { "" };
        format!("{}{lifetime}", structs[at].name)
    };
    match kind {
        Kind::One(Item::Utf16) => "rt::encode::Text<'a>".to_owned(),
        Kind::One(Item::Ansi | Item::Binary | Item::SocketAddr) => "&'a [u8]".to_owned(),
        Kind::Array(scalar) => format!("rt::encode::Elements<'a, {}>", types::spell(scalar).element),
        Kind::List(Item::Utf16) => "&'a [rt::encode::Text<'a>]".to_owned(),
        Kind::List(Item::Ansi | Item::Binary | Item::SocketAddr) => "&'a [&'a [u8]]".to_owned(),
        Kind::List(Item::Sid) => "&'a [rt::Sid<'a>]".to_owned(),
        Kind::List(Item::Pointer) => "&'a [u64]".to_owned(),
        Kind::List(Item::Struct(at)) => format!("&'a [{}]", structure(at)),
        Kind::One(Item::Struct(at)) => structure(at),
        Kind::Scalar(_) | Kind::Mapped(..) | Kind::One(Item::Sid | Item::Pointer) => {
            types::value_type(kind, structs, maps)
        }
    }
}

/// Writes a length or count: the number on which all fields that it counts agree.
fn put_count(at: usize, field: &FieldPlan, fields: &Fields) -> Put {
    let counter = Extent::Field(at);
    let lengths = fields.list.iter().flat_map(|counted| {
        let length = |each, is_utf16| Length {
            member: counted.accessor.clone(),
            each,
            method: if is_utf16 { "units" } else { "len" },
        };
        let own = (counted.access == Access::Own(counter.clone()))
            .then(|| length(false, counted.kind == Kind::One(Item::Utf16)));
        let each = (counted.each == counter).then(|| length(true, counted.kind == Kind::List(Item::Utf16)));
        own.into_iter().chain(each)
    });
    let method = match field.kind {
        Kind::Scalar(scalar) | Kind::Mapped(_, scalar) => types::spell(scalar).method,
        _ => "u32", // no other kind can count
    };
    Put::Count { method, field: at, lengths: lengths.collect() }
}

fn put_field(at: usize, field: &FieldPlan) -> Put {
    let value = Value { source: Source::Member(field.accessor.clone()), steps: Vec::new() };
    let extent = field.extent();
    match field.kind {
        Kind::Scalar(scalar) => Put::One(new_put(types::spell(scalar).method, value)),
        Kind::Mapped(_, scalar) => Put::One(put_mapped(at, scalar, value)),
        Kind::Array(_) => Put::One(match extent {
            Extent::Fixed(n) => PutOne { length: Some(*n), ..new_fallible_put("array_of", at, value) },
            _ => new_put("array", value),
        }),
        Kind::One(item) => Put::One(put_item(at, item, extent, value)),
        Kind::List(item) => {
            let element = Value { source: Source::Local("item"), steps: Vec::new() };
            let is_struct = matches!(item, Item::Struct(_));
            Put::List {
                member: field.accessor.clone(),
                field: at,
                count: match extent {
                    Extent::Fixed(n) => Some(*n),
                    _ => None,
                },
                by_reference: is_struct,
                item: if is_struct {
                    new_fallible_put("structure", at, element)
                } else {
                    put_item(at, item, &field.each, element)
                },
            }
        }
    }
}

/// A call that cannot fail.
fn new_put(method: &'static str, value: Value) -> PutOne {
    PutOne { method, field: None, value, is_borrowed: false, narrowed: None, length: None }
}

/// A call that can.
fn new_fallible_put(method: &'static str, field: usize, value: Value) -> PutOne {
    PutOne { field: Some(field), ..new_put(method, value) }
}

/// A map's newtype holds 32 bits, of which the field may have fewer.
fn put_mapped(at: usize, scalar: Scalar, mut value: Value) -> PutOne {
    let is_signed = matches!(scalar, Scalar::I8 | Scalar::I16 | Scalar::I32);
    let is_narrow = !matches!(scalar, Scalar::U32 | Scalar::HexInt32 | Scalar::I32);
    value.steps.push(Step::Unwrap);
    if is_signed {
        value.steps.push(Step::Call("cast_signed"));
    }
    PutOne { narrowed: is_narrow.then_some(at), ..new_put(types::spell(scalar).method, value) }
}

/// Writes one value of variable size.
fn put_item(at: usize, item: Item, extent: &Extent, mut value: Value) -> PutOne {
    let of_length = |method, n: u16, value| PutOne { length: Some(n), ..new_fallible_put(method, at, value) };
    match (item, extent) {
        (Item::Utf16, Extent::Fixed(n)) => of_length("utf16_of", *n, value),
        (Item::Utf16, Extent::UntilNul) => new_fallible_put("utf16_nul", at, value),
        (Item::Utf16, Extent::Counted) => new_fallible_put("utf16_counted", at, value),
        (Item::Utf16, _) => new_put("utf16", value),
        (Item::Ansi, Extent::Fixed(n)) => of_length("ansi_of", *n, value),
        (Item::Ansi, Extent::UntilNul) => new_fallible_put("ansi_nul", at, value),
        (Item::Ansi | Item::Binary | Item::SocketAddr, Extent::Counted) => new_fallible_put("bytes_counted", at, value),
        (Item::Binary | Item::SocketAddr, Extent::Fixed(n)) => of_length("bytes_of", *n, value),
        (Item::Ansi | Item::Binary | Item::SocketAddr, _) => new_put("bytes", value),
        (Item::Sid, _) => {
            value.steps.push(Step::Call("as_bytes"));
            new_put("bytes", value)
        }
        (Item::Pointer, _) => new_fallible_put("pointer", at, value),
        (Item::Struct(_), _) => PutOne { is_borrowed: true, ..new_fallible_put("structure", at, value) },
    }
}

/// How the accessors of a decoded event make the members, if none of them has to be collected.
fn plan_from_view(fields: &Fields) -> Option<Vec<ir::FromView>> {
    let is_gathered = |field: &FieldPlan| matches!(field.kind, Kind::List(_) | Kind::One(Item::Struct(_)));
    if fields.list.iter().any(is_gathered) {
        return None;
    }
    let member = |field: &FieldPlan| {
        let convert = match field.kind {
            Kind::One(Item::Utf16) | Kind::Array(_) => Some(Step::Call("into")),
            Kind::One(Item::Ansi | Item::Binary | Item::SocketAddr) => Some(Step::Call("as_bytes")),
            _ => None,
        };
        // A member holds the map's type, and of a meaning the plain number.
        let accessor = if matches!(field.kind, Kind::Mapped(..)) { &field.accessor } else { field.plain_accessor() };
        ir::FromView {
            member: field.accessor.clone(),
            accessor: accessor.to_owned(),
            steps: convert.into_iter().collect(),
        }
    };
    Some(list_held(fields).map(member).collect())
}
