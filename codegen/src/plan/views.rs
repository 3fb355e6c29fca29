//! The views: how they hold a payload, and what their accessors do.

use super::fields::{Access, Extent, FieldPlan, Fields, Item, Kind, Member};
use super::ir::{self, Accessor, Body, Each, InSegment, Read, Size, Source, Step, Value};
use super::meanings::Context;
use super::{names, typed, types};

/// How a view holds the payload.
pub(super) fn plan_members(fields: &Fields) -> Vec<ir::Member> {
    let member = |member: &Member| match member {
        Member::Segment { name, size, first_field } => ir::Member {
            name: name.clone(),
            ty: format!("glue::Segment<'a, {size}>"),
            read: Read { method: "segment", field: *first_field, size: None, each: None, is_socket: false },
            part: Value {
                source: Source::Member(name.clone()),
                steps: vec![Step::Call("as_bytes"), Step::Wrap("glue::Part::Segment".to_owned())],
            },
        },
        Member::Field(at) => {
            let field = &fields.list[*at];
            let mut part = reflect(field);
            part.steps.push(Step::Wrap("glue::Part::Field".to_owned()));
            ir::Member {
                name: field.accessor.clone(),
                ty: types::member_type(field.kind, &fields.structs),
                read: plan_read(*at, field, &fields.list),
                part,
            }
        }
    };
    fields.members.iter().map(member).collect()
}

/// The member that holds the lifetime of a view that holds no part of the payload.
pub(super) fn plan_marker(fields: &Fields) -> Option<String> {
    (!fields.hold_payload()).then(|| names::private("marker"))
}

/// The value of a field as an `rt::Value`.
pub(super) fn reflect(field: &FieldPlan) -> Value {
    let mut value = find(field);
    let variant = match field.kind {
        Kind::Scalar(scalar) | Kind::Mapped(_, scalar) => types::spell(scalar).variant,
        Kind::Array(_) => {
            value.steps.push(Step::Call("into"));
            "Array"
        }
        Kind::List(_) => {
            value.steps.push(Step::Call("into"));
            "List"
        }
        Kind::One(Item::Struct(_)) => {
            value.steps.push(Step::Call("value"));
            "Struct"
        }
        Kind::One(item) => types::name_item(item),
    };
    value.steps.push(Step::Wrap(format!("rt::Value::{variant}")));
    value
}

/// Where a field's value is found, as it is on the wire.
fn find(field: &FieldPlan) -> Value {
    let source = find_in_segment(field).map_or_else(|| Source::Member(field.accessor.clone()), Source::Segment);
    Value { source, steps: Vec::new() }
}

fn find_in_segment(field: &FieldPlan) -> Option<InSegment> {
    let (Access::Segment { member, offset }, Kind::Scalar(scalar) | Kind::Mapped(_, scalar)) =
        (&field.access, field.kind)
    else {
        return None;
    };
    Some(InSegment { member: member.clone(), method: types::spell(scalar).method, offset: *offset })
}

/// The step of reading that takes a field of variable size off the reader.
fn plan_read(index: usize, field: &FieldPlan, all: &[FieldPlan]) -> Read {
    let extent = field.extent();
    let size = plan_size(extent, all);
    let sized = size.is_some();
    let until_nul = *extent == Extent::UntilNul;
    let method = match field.kind {
        Kind::List(_) => "list",
        Kind::Array(_) => "array",
        Kind::One(Item::Struct(_)) => "structure",
        Kind::One(Item::Utf16) if sized => "utf16",
        Kind::One(Item::Utf16) if until_nul => "utf16_until_nul",
        Kind::One(Item::Utf16) => "counted_utf16",
        Kind::One(Item::Ansi) if sized => "ansi",
        Kind::One(Item::Ansi) if until_nul => "ansi_until_nul",
        Kind::One(Item::Ansi) => "counted_ansi",
        Kind::One(Item::Binary | Item::SocketAddr) if sized => "binary",
        Kind::One(Item::Sid) => "sid",
        Kind::One(Item::Pointer) => "pointer",
        _ => "counted_binary",
    };
    Read {
        method,
        field: index,
        size,
        each: matches!(field.kind, Kind::List(_)).then(|| plan_each(&field.each, all)),
        is_socket: field.kind == Kind::One(Item::SocketAddr),
    }
}

fn plan_size(extent: &Extent, all: &[FieldPlan]) -> Option<Size> {
    match extent {
        Extent::Fixed(n) => Some(Size::Fixed(*n)),
        Extent::Field(counter) => find_in_segment(&all[*counter]).map(Size::Counter),
        Extent::UntilNul | Extent::Counted | Extent::Own => None,
    }
}

fn plan_each(extent: &Extent, all: &[FieldPlan]) -> Each {
    match (plan_size(extent, all), extent) {
        (Some(size), _) => Each::Units(size),
        (None, Extent::Counted) => Each::Counted,
        (None, _) => Each::Own,
    }
}

/// The accessors of a view: each field's own, then that of the plain number if there are two. `docs` are
/// those of the fields.
pub(super) fn plan_accessors(fields: &Fields, docs: Vec<Vec<String>>, context: Context<'_>) -> Vec<Accessor> {
    let mut accessors = Vec::new();
    for (field, docs) in fields.list.iter().zip(docs) {
        let value = find(field);
        let plain = |name: &str, docs| Accessor {
            name: name.to_owned(),
            docs,
            ty: types::plain_type(field.kind, &fields.structs),
            is_inline: true,
            body: Body::Value(value.clone()),
        };
        let (Some(named), Some(raw)) = (typed::find(field, context), &field.raw_accessor) else {
            let mut accessor = plain(&field.accessor, docs);
            if let (Kind::One(Item::Struct(_)), Body::Value(value)) = (field.kind, &mut accessor.body) {
                value.steps.push(Step::Call("view"));
            }
            accessors.push(accessor);
            continue;
        };
        let (ty, body) = if matches!(field.kind, Kind::Array(_)) {
            let body = Body::MapEach { accessor: raw.clone(), is_optional: false, steps: named.steps };
            (types::iterator_of(&named.path), body)
        } else {
            let value = Value { steps: [value.steps.clone(), named.steps].concat(), ..value.clone() };
            (named.path, Body::Value(value))
        };
        accessors.push(Accessor { name: field.accessor.clone(), docs, ty, is_inline: true, body });
        accessors.push(plain(raw, typed::describe_raw(field)));
    }
    accessors
}
