//! `<template>`: the fields of a payload, and which earlier field each length and count names.

use std::collections::{HashMap, HashSet};

use super::draft::{Draft, Kind};
use super::value::clip;
use super::xml::{Cursor, Element};
use crate::model::{self, Field, InType, OutType, Size, SizeProblem, SizeProblemKind, Template};

/// A template while it is read.
struct Reading {
    /// What diagnostics call the owner of the fields: `template Foo`, `template Foo, struct Bar`.
    holder: String,
    /// Names of fields that could not be read. A length that names one is not reported again.
    unreadable: HashSet<String>,
    /// Whether a field is missing, so that the others would be laid out wrongly.
    broken: bool,
}

pub(super) fn parse_template(cursor: &mut Cursor<'_>, mut element: Element, draft: &mut Draft) {
    let Some(id) = cursor.required_name(&mut element, "tid") else { return };
    element.what = format!("template {}", clip(&id));
    element.discard(&["name"]);
    let (fields, user_data, broken) = parse_content(cursor, &element);
    let template = Template { id, fields, user_data, at: element.at.clone() };
    if broken {
        draft.lose(Kind::Template, template.id.clone());
        draft.broken_templates.push(template);
    } else {
        draft.provider.templates.push(template);
    }
}

/// Reads what a template holds: the fields, and whether one of them or the end could not be read.
pub(in crate::source) fn parse_fields(cursor: &mut Cursor<'_>, element: &Element) -> (Vec<Field>, bool) {
    let (fields, _, broken) = parse_content(cursor, element);
    (fields, broken)
}

fn parse_content(cursor: &mut Cursor<'_>, element: &Element) -> (Vec<Field>, Option<String>, bool) {
    let broken = !cursor.knows_attributes(element);
    let mut reading = Reading { holder: element.what.clone(), unreadable: HashSet::new(), broken };
    let mut fields = Vec::new();
    let mut user_data = None;
    while let Some(item) = cursor.child(element) {
        match item.name.as_str() {
            "data" => fields.extend(parse_data(cursor, item, &mut reading)),
            "struct" => fields.extend(parse_struct(cursor, item, &mut reading)),
            "UserData" => user_data = Some(cursor.xml_inside(&item).trim().to_owned()).filter(|xml| !xml.is_empty()),
            "binary" => cursor.note_ignored(&item, "is reserved for Windows"),
            _ => {
                unknown_field(cursor, &item, &reading.holder);
                reading.broken = true;
            }
        }
    }
    if !cursor.failed() {
        check_fields(cursor, &mut fields, &mut reading);
    }
    (fields, user_data, reading.broken || cursor.failed())
}

fn parse_struct(cursor: &mut Cursor<'_>, mut element: Element, reading: &mut Reading) -> Option<Field> {
    element.what = format!("{}, <struct>", reading.holder);
    let name = cursor.required_name(&mut element, "name");
    if let Some(name) = &name {
        element.what = format!("{}, struct {}", reading.holder, clip(name));
    }
    let count = cursor.size(&mut element, "count");
    reading.broken |= !cursor.knows_attributes(&element);

    let holder = std::mem::replace(&mut reading.holder, element.what.clone());
    let mut members = Vec::new();
    while let Some(item) = cursor.child(&element) {
        match item.name.as_str() {
            "data" => members.extend(parse_data(cursor, item, reading)),
            "struct" => {
                let message = "holds another struct; expected one level of structs";
                cursor.found_mut().error(&item.at, element.what.clone(), message);
                reading.broken = true;
            }
            _ => {
                unknown_field(cursor, &item, &reading.holder);
                reading.broken = true;
            }
        }
    }
    reading.holder = holder;
    if members.is_empty() && !reading.broken {
        cursor.warning(&element, "has no fields");
    }
    let field = |name, count| Field { name, count, members, at: element.at.clone(), ..Field::default() };
    finish_field(name, count, reading, field)
}

/// Reports an element that may be a field, misspelt: without it the others would be laid out wrongly.
fn unknown_field(cursor: &mut Cursor<'_>, item: &Element, holder: &str) {
    let message = format!("unknown element {} among the fields; expected <data> or <struct>", item.what);
    cursor.found_mut().error(&item.at, holder, message);
}

/// Makes the field where everything of it was readable. Where not, the template is broken.
fn finish_field<T>(
    name: Option<String>,
    rest: Option<T>,
    reading: &mut Reading,
    field: impl FnOnce(String, T) -> Field,
) -> Option<Field> {
    match (name, rest) {
        (Some(name), Some(rest)) => return Some(field(name, rest)),
        (Some(name), None) => {
            reading.unreadable.insert(name);
        }
        (None, _) => {}
    }
    reading.broken = true;
    None
}

fn parse_data(cursor: &mut Cursor<'_>, mut element: Element, reading: &mut Reading) -> Option<Field> {
    element.what = format!("{}, <data>", reading.holder);
    let name = cursor.required_name(&mut element, "name");
    if let Some(name) = &name {
        element.what = format!("{}, field {}", reading.holder, clip(name));
    }
    let in_type = parse_in_type(cursor, &mut element);
    let out_type = parse_out_type(cursor, &mut element, in_type);
    let length = cursor.size(&mut element, "length");
    let count = cursor.size(&mut element, "count");
    let map = cursor.name(&mut element, "map");
    let at = element.at.clone();
    if let (Some(in_type), Some(length)) = (in_type, &length) {
        reading.broken |= !check_length(cursor, &element, in_type, out_type, length.as_ref());
        if map.is_some() && !in_type.can_map() {
            cursor.error(&element, format!("{in_type} takes no map; expected an integer of at most 32 bits"));
        }
    }
    reading.broken |= !cursor.knows_attributes(&element);
    while let Some(child) = cursor.child(&element) {
        unknown_field(cursor, &child, &reading.holder);
        reading.broken = true;
    }
    let rest = in_type.zip(length).zip(count);
    finish_field(name, rest, reading, |name, ((in_type, length), count)| Field {
        name,
        in_type,
        out_type,
        length,
        count,
        map,
        members: Vec::new(),
        at,
    })
}

fn parse_in_type(cursor: &mut Cursor<'_>, element: &mut Element) -> Option<InType> {
    let text = cursor.required(element, "inType")?;
    let dialect = cursor.dialect();
    let name = cursor.scopes().type_name(text.trim());
    let name = dialect.in_type(&name);
    let found = InType::from_name(name).filter(|&t| t != InType::Struct);
    if found.is_none() {
        let hint = match InType::from_name(&format!("win:{name}")) {
            Some(meant) => format!("expected `{meant}`"),
            None if dialect.is_struct(name) => "it stands for a struct, whose members no dump holds".to_owned(),
            None => "expected a type of winmeta.xml, such as win:UInt32".to_owned(),
        };
        cursor.attribute_error(element, "inType", format!("unknown inType `{}`; {hint}", clip(&text)));
    }
    found
}

fn parse_out_type(cursor: &mut Cursor<'_>, element: &mut Element, in_type: Option<InType>) -> Option<OutType> {
    let text = element.take("outType")?;
    let mut name = cursor.scopes().type_name(text.trim());
    // Microsoft's own samples have these under the prefix of XML Schema.
    if let Some(rest) = name.strip_prefix("xs:HexInt") {
        name = format!("win:HexInt{rest}");
    }
    let Some(out_type) = OutType::from_name(&name) else {
        let default = in_type.and_then(InType::default_out_type).map(|t| format!("; {t} is shown")).unwrap_or_default();
        let message = format!("unknown outType `{}`{default}", clip(&text));
        cursor.attribute_warning(element, "outType", message);
        return None;
    };
    if let Some(in_type) = in_type
        && !goes_with(in_type, out_type)
    {
        let message = format!("{out_type} does not go with {in_type}; Windows shows the type's default");
        cursor.attribute_warning(element, "outType", message);
    }
    Some(out_type)
}

/// Whether winmeta.xml lets the inType be shown so.
fn goes_with(in_type: InType, out_type: OutType) -> bool {
    use OutType as O;
    let others: &[O] = match in_type {
        InType::UnicodeString | InType::CountedUnicodeString => &[O::Xml, O::Json],
        InType::AnsiString | InType::CountedAnsiString => &[O::Xml, O::Json, O::Utf8],
        InType::Int8 => &[O::String, O::HexInt8],
        InType::UInt8 => &[O::String, O::HexInt8, O::Boolean],
        InType::Int16 => &[O::String, O::HexInt16],
        InType::UInt16 => &[O::String, O::HexInt16, O::Port],
        InType::Int32 => &[O::HResult, O::HexInt32, O::Long],
        InType::UInt32 => &[
            O::HexInt32,
            O::Pid,
            O::Tid,
            O::IPv4,
            O::ErrorCode,
            O::Win32Error,
            O::NtStatus,
            O::HResult,
            O::EtwTime,
            O::CimDateTime,
            O::CodePointer,
        ],
        InType::HexInt32 => &[O::ErrorCode, O::Win32Error, O::NtStatus, O::HResult],
        InType::Int64 => &[O::HexInt64],
        InType::UInt64 => &[O::HexInt64, O::EtwTime, O::CodePointer],
        InType::Pointer => &[O::HexInt32, O::Long, O::UnsignedLong, O::UnsignedInt, O::CodePointer],
        InType::FileTime | InType::SystemTime => &[O::DateTimeCultureInsensitive, O::DateTimeUtc],
        InType::Binary | InType::CountedBinary => &[O::IPv6, O::SocketAddress, O::Pkcs7WithTypeInfo],
        InType::Guid => &[O::HexBinary],
        _ => &[],
    };
    in_type.default_out_type() == Some(out_type) || others.contains(&out_type)
}

/// Reports a length that is missing or out of place. False if the field's number of bytes is unknown.
fn check_length(
    cursor: &mut Cursor<'_>,
    element: &Element,
    in_type: InType,
    out_type: Option<OutType>,
    length: Option<&Size>,
) -> bool {
    match (in_type, length) {
        (InType::Binary, None) if out_type != Some(OutType::IPv6) => {
            cursor.warning(element, "win:Binary has no `length`, so that its end is unknown");
        }
        (t, Some(_)) if t.carries_length() => {
            cursor.found_mut().note(
                &element.at,
                element.what.clone(),
                format!("`length` is ignored: {in_type} carries its own"),
            );
        }
        (_, Some(_)) if !in_type.takes_length() => {
            let expected = "expected it on win:UnicodeString, win:AnsiString and win:Binary only";
            cursor.error(element, format!("{in_type} takes no `length`; {expected}"));
            return false;
        }
        _ => {}
    }
    true
}

/// Reports fields of one name, and looks up what lengths and counts name.
fn check_fields(cursor: &mut Cursor<'_>, fields: &mut [Field], reading: &mut Reading) {
    let mut names = HashMap::new();
    for field in &*fields {
        let what = field_text(&reading.holder, field);
        check_name(cursor, &mut names, field, &what);
        let mut own = HashMap::new();
        for member in &field.members {
            check_name(cursor, &mut own, member, &format!("{what}, field {}", clip(&member.name)));
        }
    }
    for SizeProblem { field, member, attribute, name, kind } in model::resolve(fields) {
        reading.broken = true;
        // That it cannot be read was reported.
        if kind == SizeProblemKind::Unknown && reading.unreadable.contains(&name) {
            continue;
        }
        let field = &fields[field];
        let mut what = field_text(&reading.holder, field);
        let member = member.and_then(|member| field.members.get(member));
        if let Some(member) = member {
            what += &format!(", field {}", clip(&member.name));
        }
        let message = format!("{attribute}=\"{}\" {kind}", clip(&name));
        cursor.found_mut().error(&member.unwrap_or(field).at, what, message);
    }
}

fn field_text(holder: &str, field: &Field) -> String {
    let kind = if field.in_type == InType::Struct { "struct" } else { "field" };
    format!("{holder}, {kind} {}", clip(&field.name))
}

fn check_name<'f>(cursor: &mut Cursor<'_>, seen: &mut HashMap<&'f str, u32>, field: &'f Field, what: &str) {
    if let Some(line) = seen.get(field.name.as_str()) {
        cursor.found_mut().warning(&field.at, what, format!("duplicate field name; first used at line {line}"));
    }
    seen.entry(&field.name).or_insert(field.at.line);
}
