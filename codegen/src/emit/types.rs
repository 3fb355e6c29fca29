//! The runtime's types and methods for each kind of field.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, number};
use crate::plan::{Access, Extent, FieldPlan, Item, Kind, Plan, Scalar};

/// The runtime's names for a scalar.
struct Names {
    /// The Rust type that an accessor returns.
    rust: &'static str,
    /// The accessor of `Segment`.
    segment: &'static str,
    /// The variant of `Value`.
    value: &'static str,
    /// The element type of an `Array`.
    element: &'static str,
}

fn names(scalar: Scalar) -> Names {
    let (rust, segment, value, element) = match scalar {
        Scalar::I8 => ("i8", "i8", "I8", "i8"),
        Scalar::U8 => ("u8", "u8", "U8", "u8"),
        Scalar::I16 => ("i16", "i16", "I16", "i16"),
        Scalar::U16 => ("u16", "u16", "U16", "u16"),
        Scalar::I32 => ("i32", "i32", "I32", "i32"),
        Scalar::U32 => ("u32", "u32", "U32", "u32"),
        Scalar::I64 => ("i64", "i64", "I64", "i64"),
        Scalar::U64 => ("u64", "u64", "U64", "u64"),
        Scalar::F32 => ("f32", "f32", "F32", "f32"),
        Scalar::F64 => ("f64", "f64", "F64", "f64"),
        Scalar::Bool => ("bool", "boolean", "Bool", "Bool32"),
        Scalar::HexInt32 => ("u32", "u32", "HexInt32", "HexInt32"),
        Scalar::HexInt64 => ("u64", "u64", "HexInt64", "HexInt64"),
        Scalar::Guid => ("Guid", "guid", "Guid", "Guid"),
        Scalar::FileTime => ("FileTime", "file_time", "FileTime", "FileTime"),
        Scalar::SystemTime => ("SystemTime", "system_time", "SystemTime", "SystemTime"),
    };
    Names { rust, segment, value, element }
}

/// The element type of an array.
pub(super) fn element(scalar: Scalar) -> proc_macro2::Ident {
    ident(names(scalar).element)
}

/// The method of the runtime's `Segment` that reads a scalar, which is also that of its `Writer`.
pub(super) fn segment_method(scalar: Scalar) -> &'static str {
    names(scalar).segment
}

/// The runtime's names that a field of this kind needs.
pub(super) fn imports(kind: &Kind) -> Vec<&'static str> {
    match kind {
        Kind::Scalar(Scalar::Guid | Scalar::FileTime | Scalar::SystemTime) => vec![rust_name(kind)],
        Kind::Scalar(_) | Kind::Mapped(..) | Kind::Pointer => Vec::new(),
        Kind::Array(scalar) => {
            let element = names(*scalar).element;
            let own = element.starts_with(|c: char| c.is_ascii_uppercase());
            if own { vec!["Array", element] } else { vec!["Array"] }
        }
        Kind::List(item) => [Some("Extent"), Some("List"), item_name(item)].into_iter().flatten().collect(),
        Kind::Struct(_) => vec!["Nested"],
        _ => vec![rust_name(kind)],
    }
}

/// The runtime's type of a list's element; none for a struct, whose type is generated.
fn item_name(item: &Item) -> Option<&'static str> {
    Some(match item {
        Item::Utf16 => "Utf16",
        Item::Ansi => "Ansi",
        Item::Binary => "Binary",
        Item::SocketAddr => "SocketAddr",
        Item::Sid => "Sid",
        Item::Pointer => "Pointer",
        Item::Struct(_) => return None,
    })
}

/// Whether an accessor's value borrows from the payload.
pub(super) fn borrows(kind: &Kind) -> bool {
    !matches!(kind, Kind::Scalar(_) | Kind::Mapped(..) | Kind::Pointer)
}

fn rust_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Scalar(scalar) | Kind::Mapped(_, scalar) => names(*scalar).rust,
        Kind::Utf16 => "Utf16",
        Kind::Ansi => "Ansi",
        Kind::Binary => "Binary",
        Kind::SocketAddr => "SocketAddr",
        Kind::Sid => "Sid",
        Kind::Pointer => "u64",
        Kind::Array(_) => "Array",
        Kind::List(_) => "List",
        Kind::Struct(_) => "Nested",
    }
}

/// The type that an accessor returns.
pub(super) fn return_type(kind: &Kind, plan: &Plan<'_>) -> TokenStream {
    let name = ident(rust_name(kind));
    match kind {
        Kind::Scalar(_) | Kind::Pointer => quote!(#name),
        Kind::Mapped(map, _) => {
            let map = ident(&plan.maps[*map].name);
            quote!(maps::#map)
        }
        Kind::Array(scalar) => {
            let element = ident(names(*scalar).element);
            quote!(Array<'a, #element>)
        }
        Kind::List(item) => {
            let item = match item {
                Item::Struct(view) => {
                    let view = ident(view);
                    quote!(#view<'a>)
                }
                Item::Pointer => quote!(Pointer),
                item => {
                    let item = ident(item_name(item).unwrap_or_default());
                    quote!(#item<'a>)
                }
            };
            quote!(List<'a, #item>)
        }
        Kind::Struct(view) => {
            let view = ident(view);
            quote!(#view<'a>)
        }
        _ => quote!(#name<'a>),
    }
}

/// The type of the member that holds a field of variable size.
pub(super) fn member_type(kind: &Kind, plan: &Plan<'_>) -> TokenStream {
    let value = return_type(kind, plan);
    if matches!(kind, Kind::Struct(_)) { quote!(Nested<'a, #value>) } else { value }
}

/// The expression that reads a field of a segment as the integer or value it is on the wire. `base` is `self.` in
/// an accessor and nothing while the view is being read.
pub(super) fn raw(field: &FieldPlan, base: &TokenStream) -> TokenStream {
    let (Access::Segment { member, offset }, Kind::Scalar(scalar) | Kind::Mapped(_, scalar)) =
        (&field.access, &field.kind)
    else {
        let member = ident(&field.accessor);
        return quote!(#base #member);
    };
    let (member, method, offset) = (ident(member), ident(names(*scalar).segment), number(*offset));
    quote!(#base #member.#method::<#offset>())
}

/// The body of an accessor.
pub(super) fn accessor_body(field: &FieldPlan, plan: &Plan<'_>) -> TokenStream {
    let raw = raw(field, &quote!(self.));
    if matches!(field.kind, Kind::Struct(_)) {
        return quote!(#raw.view());
    }
    let Kind::Mapped(map, scalar) = &field.kind else { return raw };
    let (map, value) = (ident(&plan.maps[*map].name), map_key(*scalar, &raw));
    quote!(maps::#map(#value))
}

/// An integer as maps know it: 32 bits.
pub(super) fn map_key(scalar: Scalar, raw: &TokenStream) -> TokenStream {
    match scalar {
        Scalar::U8 | Scalar::U16 => quote!(u32::from(#raw)),
        Scalar::I8 | Scalar::I16 => quote!(i32::from(#raw).cast_unsigned()),
        Scalar::I32 => quote!(#raw.cast_unsigned()),
        _ => raw.clone(),
    }
}

/// The `Value` of a field.
pub(super) fn value(field: &FieldPlan) -> TokenStream {
    let accessor = ident(&field.accessor);
    match &field.kind {
        Kind::Mapped(_, scalar) => {
            let (variant, raw) = (ident(names(*scalar).value), raw(field, &quote!(self.)));
            quote!(Value::#variant(#raw))
        }
        Kind::Scalar(scalar) => {
            let variant = ident(names(*scalar).value);
            quote!(Value::#variant(self.#accessor()))
        }
        Kind::Array(_) => quote!(Value::Array(self.#accessor().into())),
        Kind::List(_) => quote!(Value::List(self.#accessor().into())),
        Kind::Struct(_) => quote!(Value::Struct(self.#accessor.value())),
        Kind::Pointer => quote!(Value::Pointer(self.#accessor())),
        kind => {
            let variant = ident(rust_name(kind));
            quote!(Value::#variant(self.#accessor()))
        }
    }
}

/// The expression that takes a field of variable size off the reader.
pub(super) fn read(index: usize, field: &FieldPlan, all: &[FieldPlan]) -> TokenStream {
    let index = number(index as u64);
    let Access::Own(extent) = &field.access else { return TokenStream::new() };
    let size = match extent {
        Extent::Fixed(n) => {
            let n = proc_macro2::Literal::u16_suffixed(*n);
            Some(quote!(#n))
        }
        Extent::Field(counter) => Some(raw(&all[*counter], &TokenStream::new())),
        Extent::UntilNul | Extent::Counted | Extent::Own => None,
    };
    match (&field.kind, size) {
        (Kind::List(_), Some(size)) => {
            let each = each(field, all);
            quote!(reader.list(#index, #size, #each)?)
        }
        (Kind::Struct(_), _) => quote!(reader.structure(#index)?),
        (Kind::Utf16, Some(size)) => quote!(reader.utf16(#index, #size)?),
        (Kind::Ansi, Some(size)) => quote!(reader.ansi(#index, #size)?),
        (Kind::Binary, Some(size)) => quote!(reader.binary(#index, #size)?),
        (Kind::SocketAddr, Some(size)) => quote!(SocketAddr::new(reader.binary(#index, #size)?.as_bytes())),
        (Kind::Array(_), Some(size)) => quote!(reader.array(#index, #size)?),
        (Kind::Utf16, None) if *extent == Extent::UntilNul => quote!(reader.utf16_until_nul(#index)?),
        (Kind::Ansi, None) if *extent == Extent::UntilNul => quote!(reader.ansi_until_nul(#index)?),
        (Kind::Utf16, None) => quote!(reader.counted_utf16(#index)?),
        (Kind::Ansi, None) => quote!(reader.counted_ansi(#index)?),
        (Kind::SocketAddr, None) => quote!(SocketAddr::new(reader.counted_binary(#index)?.as_bytes())),
        (Kind::Sid, _) => quote!(reader.sid(#index)?),
        (Kind::Pointer, _) => quote!(reader.pointer(#index)?),
        _ => quote!(reader.counted_binary(#index)?),
    }
}

/// How each element of a list finds its end.
fn each(field: &FieldPlan, all: &[FieldPlan]) -> TokenStream {
    match &field.each {
        Extent::Fixed(n) => {
            let n = number(*n);
            quote!(Extent::Units(#n))
        }
        Extent::Field(counter) => {
            let units = raw(&all[*counter], &TokenStream::new());
            quote!(Extent::Units(#units.into()))
        }
        Extent::Counted => quote!(Extent::Counted),
        Extent::UntilNul | Extent::Own => quote!(Extent::Own),
    }
}
