//! How a layout's message is written: which text, which field, in which form.

use super::fields::{FieldPlan, Fields, Item, Kind, Scalar};
use super::ir::{Conversion, Expanded, Header, Map, Message, Printf, Show, Source, Step, Value, Write};
use super::types;
use super::values::MapTexts;
use etw_schema::message::{self, Piece};
use etw_schema::model::OutType;

/// How a field's value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// By a method of the message writer.
    By(&'static str),
    /// A number that means true or false.
    Boolean,
    IPv4,
    /// A status of that kind.
    Status(&'static str),
    /// The text of a map's value.
    Map(usize),
    /// The same of a signed value.
    SignedMap(usize),
    /// The texts of a map's bits.
    Bits(usize),
}

/// As its `Display` prints it.
const PLAIN: Form = Form::By("show");

/// What messages are made of.
#[derive(Clone, Copy)]
struct Context<'c> {
    fields: &'c Fields,
    maps: &'c [Map],
    texts: &'c [MapTexts],
}

/// The messages of a layout: one for each build at which the text changed; none where no build has a text.
pub(super) fn plan(headers: &[Header], fields: &Fields, maps: &[Map], texts: &[MapTexts]) -> Vec<Message> {
    let context = Context { fields, maps, texts };
    let mut messages: Vec<Message> = Vec::new();
    for header in headers {
        let message = context.message(header.since, header.message.as_deref().unwrap_or_default());
        let is_new = |last: &Message| (&last.expanded, &last.end) != (&message.expanded, &message.end);
        if messages.last().is_none_or(is_new) {
            messages.push(message);
        }
    }
    let is_silent = messages.iter().all(|message| message.expanded.is_empty() && message.end.is_empty());
    if is_silent { Vec::new() } else { messages }
}

impl Context<'_> {
    /// A template's steps; an insert past the last field stays as text.
    fn message(self, since: u32, template: &str) -> Message {
        let mut expanded = Vec::new();
        let mut end = Vec::new();
        for piece in self.pieces(template) {
            match self.expand(&piece) {
                Some(text) => expanded.push((std::mem::take(&mut end), text)),
                None => end.push(self.write(piece)),
            }
        }
        Message { since, expanded, end }
    }

    fn pieces(self, template: &str) -> Vec<Piece> {
        message::keep_unknown_inserts(message::parse(template), self.fields.list.len()).0
    }

    /// A step that writes a text or a field. Inserts in a map's text are expanded once: where such a text is itself
    /// inserted, they stay as they are.
    fn write(self, piece: Piece) -> Write {
        let (number, format) = match piece {
            Piece::Text(text) => return Write::Text(text),
            Piece::Insert { number, format } => (number, format),
        };
        // Inserts count from 1, and the parser makes none of 0 or past the last.
        let field = &self.fields.list[number - 1];
        if let Some(printf) = format.as_deref().and_then(parse_printf) {
            return Write::Printf(printf, super::views::reflect(field));
        }
        let form = self.choose_form(field);
        let is_mapped = matches!(field.kind, Kind::Mapped(..));
        let accessor = if is_mapped { &field.accessor } else { field.plain_accessor() };
        let mut value = Value { source: Source::Accessor(accessor.to_owned()), steps: Vec::new() };
        match field.kind {
            Kind::Mapped(..) => value.steps.push(Step::Unwrap),
            Kind::Array(_) | Kind::List(_) => return self.write_list(field, value, form),
            Kind::Scalar(_) | Kind::One(_) => {}
        }
        Write::Show(self.show(&form, value))
    }

    fn write_list(self, field: &FieldPlan, list: Value, form: Form) -> Write {
        if matches!(form, PLAIN) {
            return Write::List(list, None);
        }
        let steps = match field.kind {
            Kind::Array(Scalar::HexInt32) if field.map.is_some() => vec![Step::Unwrap],
            Kind::Array(scalar) if field.map.is_some() => types::to_map_key(scalar),
            _ => Vec::new(),
        };
        Write::List(list, Some(self.show(&form, Value { source: Source::Local("item"), steps })))
    }

    /// The text of a mapped field, if some text of its map has inserts of its own.
    fn expand(self, piece: &Piece) -> Option<Expanded> {
        let Piece::Insert { number, format } = piece else { return None };
        let field = self.fields.list.get(number - 1).filter(|_| format.as_deref().and_then(parse_printf).is_none())?;
        let Kind::Mapped(map, scalar) = field.kind else { return None };
        let texts: Vec<(u32, Vec<Write>)> = self.texts[map]
            .iter()
            .filter_map(|(value, text)| {
                let pieces = self.pieces(text);
                let has_insert = pieces.iter().any(|piece| matches!(piece, Piece::Insert { .. }));
                has_insert.then(|| (*value, pieces.into_iter().map(|piece| self.write(piece)).collect()))
            })
            .collect();
        if texts.is_empty() {
            return None;
        }
        let bits = self.maps[map].bits;
        let is_signed = matches!(scalar, Scalar::I8 | Scalar::I16 | Scalar::I32);
        let value = Value { source: Source::Local("value"), steps: Vec::new() };
        let other = if is_signed { Form::SignedMap(map) } else { Form::Map(map) };
        Some(Expanded {
            value: Value { source: Source::Accessor(field.accessor.clone()), steps: vec![Step::Unwrap] },
            bits_of: bits.then(|| types::path_of_map_info(&self.maps[map])),
            texts,
            other: self.show(&other, value),
        })
    }

    /// The call that shows a value in a form.
    fn show(self, form: &Form, mut value: Value) -> Show {
        let of_map = |map: &usize| Some(format!("&{}", types::path_of_map_info(&self.maps[*map])));
        let (method, of, step) = match form {
            Form::By(method) => (*method, None, None),
            Form::Boolean => ("show", None, Some(Step::IsNotZero)),
            Form::IPv4 => ("show", None, Some(Step::Wrap("rt::Ipv4".to_owned()))),
            Form::Status(kind) => ("status", Some(format!("rt::StatusKind::{kind}")), None),
            Form::Map(map) => ("map", of_map(map), None),
            Form::SignedMap(map) => ("map_signed", of_map(map), Some(Step::Call("cast_signed"))),
            Form::Bits(map) => ("bits", of_map(map), None),
        };
        value.steps.extend(step);
        Show { method, of, value }
    }

    /// The form of a field, or of each of its elements, by its types and map.
    fn choose_form(self, field: &FieldPlan) -> Form {
        let out_type = field.field.out_type;
        let mapped = |map: usize, scalar| match scalar {
            _ if self.maps[map].bits => Form::Bits(map),
            Scalar::I8 | Scalar::I16 | Scalar::I32 => Form::SignedMap(map),
            _ => Form::Map(map),
        };
        match field.kind {
            Kind::Mapped(map, scalar) => mapped(map, scalar),
            Kind::Array(scalar) => match field.map {
                Some(map) => mapped(map, scalar),
                None => choose_form_of_scalar(scalar, out_type),
            },
            Kind::Scalar(scalar) => choose_form_of_scalar(scalar, out_type),
            Kind::One(item) | Kind::List(item) => choose_form_of_item(item, out_type),
        }
    }
}

fn choose_form_of_item(item: Item, out_type: Option<OutType>) -> Form {
    match item {
        Item::Utf16 => Form::By("utf16"),
        Item::Ansi if out_type.is_some_and(OutType::is_utf8) => Form::By("utf8"),
        Item::Ansi => Form::By("ansi"),
        Item::Binary if out_type == Some(OutType::IPv6) => Form::By("ipv6"),
        Item::Binary | Item::Pointer => Form::By("hex"),
        Item::SocketAddr | Item::Sid | Item::Struct(_) => PLAIN,
    }
}

/// The form of a value of fixed size. A pair of types that Windows does not know shows as the inType's default.
fn choose_form_of_scalar(scalar: Scalar, out_type: Option<OutType>) -> Form {
    use OutType as O;
    let integer = !matches!(
        scalar,
        Scalar::F32 | Scalar::F64 | Scalar::Bool | Scalar::Guid | Scalar::FileTime | Scalar::SystemTime
    );
    match (scalar, out_type) {
        (Scalar::U32 | Scalar::HexInt32, Some(O::NtStatus)) => Form::Status("NtStatus"),
        (Scalar::U32 | Scalar::HexInt32, Some(O::Win32Error)) => Form::Status("Win32"),
        (Scalar::I32, Some(O::HResult)) => Form::Status("HResult"),
        (Scalar::U32, Some(O::IPv4)) => Form::IPv4,
        (Scalar::U16, Some(O::Port)) => Form::By("port"),
        (Scalar::I8 | Scalar::U8 | Scalar::I16 | Scalar::U16, Some(O::String)) => Form::By("character"),
        (Scalar::U8, Some(O::Boolean)) => Form::Boolean,
        (_, Some(O::HexInt8 | O::HexInt16 | O::HexInt32 | O::HexInt64 | O::ErrorCode | O::CodePointer)) if integer => {
            Form::By("hex")
        }
        (Scalar::FileTime | Scalar::SystemTime, Some(O::DateTimeCultureInsensitive)) => PLAIN,
        (Scalar::FileTime | Scalar::SystemTime, _) => Form::By("date_time"),
        (Scalar::HexInt32 | Scalar::HexInt64, _) => Form::By("hex"),
        _ => PLAIN,
    }
}

/// Takes a printf format apart: flags, width, precision, and the letter at the end. None for a plain string format.
///
/// A width or precision of `*` is that of another insert where a program calls `FormatMessage` with numbers. An event's
/// inserts are texts, which give none: the value is shown without.
fn parse_printf(format: &str) -> Option<Printf> {
    let flags: String = format.chars().take_while(|c| "-0#+ ".contains(*c)).collect();
    let number = |text: &str| text.chars().take_while(|c| c.is_ascii_digit() || *c == '*').collect::<String>();
    let width = number(&format[flags.len()..]);
    let precision = format[flags.len() + width.len()..]
        .strip_prefix('.')
        .map(number)
        .filter(|digits| !digits.contains('*'))
        .map(|digits| if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u16::MAX).into() });
    let conversion = match format.chars().last()? {
        'd' | 'i' => Conversion::Decimal,
        'u' => Conversion::Unsigned,
        'o' => Conversion::Octal,
        'x' => Conversion::LowerHex,
        'X' | 'p' => Conversion::UpperHex,
        's' | 'S' if flags.is_empty() && width.is_empty() && precision.is_none() => return None,
        _ => Conversion::Plain,
    };
    Some(Printf {
        left: flags.contains('-'),
        zeros: flags.contains('0'),
        alternate: flags.contains('#'),
        // In C a plus sign overrides a blank.
        sign: [("+", '+'), (" ", ' ')].iter().find(|(_, flag)| flags.contains(*flag)).map_or("", |(sign, _)| *sign),
        // No message is wider than a payload is long.
        width: width.parse::<u16>().unwrap_or(0).into(),
        precision,
        conversion,
    })
}
