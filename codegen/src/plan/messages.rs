//! How a layout's message is written: which text, which field, in which form.

use super::HeaderPlan;
use super::fields::{FieldPlan, Fields, Item, Kind, Scalar};
use super::values::MapPlan;
use etw_schema::message::{self, Piece};
use etw_schema::model::OutType;

/// The message of a layout, from a build on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MessagePlan {
    pub(crate) since: u32,
    pub(crate) parts: Vec<Part>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// A field, by its index.
    Field {
        index: usize,
        form: Form,
    },
}

/// How a field's value is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As its `Display` prints it.
    Plain,
    Utf16,
    Ansi,
    /// An ANSI string that is UTF-8.
    Utf8,
    Hex,
    Character,
    /// A number that stands for a truth value.
    Boolean,
    Port,
    IPv4,
    IPv6,
    DateTime,
    NtStatus,
    Win32Error,
    HResult,
    /// The text of a map's value.
    Map(usize),
    /// The same of a signed value.
    SignedMap(usize),
    /// The texts of a map's bits.
    Bits(usize),
    /// A map whose texts have inserts: the parts for each value that has some.
    Expanded {
        map: usize,
        texts: Vec<(u32, Vec<Part>)>,
    },
    /// An array of elements in another form.
    List(Box<Form>),
    /// A printf format.
    Printf(Format),
}

/// A printf format, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) left: bool,
    pub(crate) zeros: bool,
    pub(crate) alternate: bool,
    pub(crate) width: usize,
    pub(crate) precision: Option<usize>,
    pub(crate) conversion: &'static str,
}

/// The messages of a layout: one for each build at which the text changed.
pub(super) fn plan(headers: &[HeaderPlan], fields: &Fields, maps: &[MapPlan]) -> Vec<MessagePlan> {
    let mut plans: Vec<MessagePlan> = Vec::new();
    for header in headers {
        let template = header.message.as_deref().unwrap_or_default();
        let parts = parts(template, fields, &|field| form(field, fields, maps));
        if plans.last().is_none_or(|last| last.parts != parts) {
            plans.push(MessagePlan { since: header.since, parts });
        }
    }
    plans
}

/// A template's parts; an insert past the last field stays as text.
fn parts(template: &str, fields: &Fields, form_of: &dyn Fn(&FieldPlan) -> Form) -> Vec<Part> {
    let (pieces, _) = message::keep_unknown_inserts(message::parse(template), fields.fields.len());
    let part = |piece| match piece {
        Piece::Text(text) => Part::Text(text),
        Piece::Insert { number, format } => {
            let index = number - 1; // inserts count from 1, and the parser makes none of 0
            let field = &fields.fields[index];
            let form = match format.as_deref().and_then(parse_format) {
                Some(format) => Form::Printf(format),
                None => form_of(field),
            };
            Part::Field { index, form }
        }
    };
    pieces.into_iter().map(part).collect()
}

fn form(field: &FieldPlan, fields: &Fields, maps: &[MapPlan]) -> Form {
    let Kind::Mapped(map, _) = field.kind else { return form_without_expansion(field, maps) };
    let plain = |inner: &FieldPlan| form_without_expansion(inner, maps);
    let texts: Vec<(u32, Vec<Part>)> = maps[map]
        .entries
        .iter()
        .filter_map(|entry| Some((u32::try_from(entry.value).ok()?, parts(&entry.text, fields, &plain))))
        .filter(|(_, parts)| parts.iter().any(|part| matches!(part, Part::Field { .. })))
        .collect();
    if texts.is_empty() {
        return form_without_expansion(field, maps);
    }
    Form::Expanded { map, texts }
}

/// The form of a field by its types and map. Inserts in a map's text are expanded once: where such a text is itself
/// inserted, they stay as they are.
fn form_without_expansion(field: &FieldPlan, maps: &[MapPlan]) -> Form {
    let mapped = |map: usize, scalar| match scalar {
        _ if maps[map].bits => Form::Bits(map),
        Scalar::I8 | Scalar::I16 | Scalar::I32 => Form::SignedMap(map),
        _ => Form::Map(map),
    };
    match &field.kind {
        Kind::Mapped(map, scalar) => mapped(*map, *scalar),
        Kind::Array(scalar) => Form::List(Box::new(match field.map {
            Some(map) => mapped(map, *scalar),
            None => scalar_form(*scalar, field.field.out_type),
        })),
        Kind::Scalar(scalar) => scalar_form(*scalar, field.field.out_type),
        Kind::Utf16 => Form::Utf16,
        Kind::Ansi if is_utf8(field.field.out_type) => Form::Utf8,
        Kind::Ansi => Form::Ansi,
        Kind::Binary if field.field.out_type == Some(OutType::IPv6) => Form::IPv6,
        Kind::Binary | Kind::Pointer => Form::Hex,
        Kind::SocketAddr | Kind::Sid | Kind::Struct(_) => Form::Plain,
        Kind::List(item) => Form::List(Box::new(item_form(item, field.field.out_type))),
    }
}

fn item_form(item: &Item, out_type: Option<OutType>) -> Form {
    match item {
        Item::Utf16 => Form::Utf16,
        Item::Ansi if is_utf8(out_type) => Form::Utf8,
        Item::Ansi => Form::Ansi,
        Item::Binary if out_type == Some(OutType::IPv6) => Form::IPv6,
        Item::Binary | Item::Pointer => Form::Hex,
        Item::SocketAddr | Item::Sid | Item::Struct(_) => Form::Plain,
    }
}

/// Whether an ANSI string's outType says that it is UTF-8.
fn is_utf8(out_type: Option<OutType>) -> bool {
    matches!(out_type, Some(OutType::Utf8 | OutType::Json | OutType::Xml))
}

/// The form of a value of fixed size. A pair of types that Windows does not know shows as the inType's default.
fn scalar_form(scalar: Scalar, out_type: Option<OutType>) -> Form {
    use OutType as O;
    let integer = !matches!(
        scalar,
        Scalar::F32 | Scalar::F64 | Scalar::Bool | Scalar::Guid | Scalar::FileTime | Scalar::SystemTime
    );
    match (scalar, out_type) {
        (Scalar::U32 | Scalar::HexInt32, Some(O::NtStatus)) => Form::NtStatus,
        (Scalar::U32 | Scalar::HexInt32, Some(O::Win32Error)) => Form::Win32Error,
        (Scalar::I32, Some(O::HResult)) => Form::HResult,
        (Scalar::U32, Some(O::IPv4)) => Form::IPv4,
        (Scalar::U16, Some(O::Port)) => Form::Port,
        (Scalar::I8 | Scalar::U8 | Scalar::I16 | Scalar::U16, Some(O::String)) => Form::Character,
        (Scalar::U8, Some(O::Boolean)) => Form::Boolean,
        (_, Some(O::HexInt8 | O::HexInt16 | O::HexInt32 | O::HexInt64 | O::ErrorCode)) if integer => Form::Hex,
        (Scalar::FileTime | Scalar::SystemTime, Some(O::DateTimeCultureInsensitive)) => Form::Plain,
        (Scalar::FileTime | Scalar::SystemTime, _) => Form::DateTime,
        (Scalar::HexInt32 | Scalar::HexInt64, _) => Form::Hex,
        _ => Form::Plain,
    }
}

/// Takes a printf format apart: flags, width, precision, and the letter at the end. None for a plain string format.
fn parse_format(format: &str) -> Option<Format> {
    let flags: String = format.chars().take_while(|c| "-0#+ ".contains(*c)).collect();
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let width = number(&format[flags.len()..]);
    let precision = format[flags.len() + width.len()..]
        .strip_prefix('.')
        .map(|rest| number(rest).parse::<u16>().unwrap_or(0).into());
    let conversion = match format.chars().last()? {
        'd' | 'i' => "Decimal",
        'u' => "Unsigned",
        'x' => "LowerHex",
        'X' | 'p' => "UpperHex",
        's' | 'S' if flags.is_empty() && width.is_empty() && precision.is_none() => return None,
        _ => "Plain",
    };
    Some(Format {
        left: flags.contains('-'),
        zeros: flags.contains('0'),
        alternate: flags.contains('#'),
        // No message is wider than a payload is long.
        width: width.parse::<u16>().unwrap_or(0).into(),
        precision,
        conversion,
    })
}
