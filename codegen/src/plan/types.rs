//! How Rust spells what a field holds.

use super::fields::{Item, Kind, Scalar, StructPlan};
use super::ir::{Map, Step};

/// The runtime's names for a scalar.
pub(super) struct Spelling {
    /// The type that an accessor returns.
    pub(super) ty: &'static str,
    /// The method of `glue::Segment` that reads it, which is also that of the encoder's writer.
    pub(super) method: &'static str,
    /// The variant of `rt::Value`.
    pub(super) variant: &'static str,
    /// The element type of an array.
    pub(super) element: &'static str,
}

pub(super) fn spell(scalar: Scalar) -> Spelling {
    let (ty, method, variant, element) = match scalar {
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
        Scalar::Bool => ("bool", "boolean", "Bool", "rt::Bool32"),
        Scalar::HexInt32 => ("u32", "u32", "HexInt32", "rt::HexInt32"),
        Scalar::HexInt64 => ("u64", "u64", "HexInt64", "rt::HexInt64"),
        Scalar::Guid => ("rt::Guid", "guid", "Guid", "rt::Guid"),
        Scalar::FileTime => ("rt::FileTime", "file_time", "FileTime", "rt::FileTime"),
        Scalar::SystemTime => ("rt::SystemTime", "system_time", "SystemTime", "rt::SystemTime"),
    };
    Spelling { ty, method, variant, element }
}

/// The runtime's type of an item, which is also the variant of `rt::Value`.
pub(super) fn name_item(item: Item) -> &'static str {
    match item {
        Item::Utf16 => "Utf16",
        Item::Ansi => "Ansi",
        Item::Binary => "Binary",
        Item::SocketAddr => "SocketAddr",
        Item::Sid => "Sid",
        Item::Pointer => "Pointer",
        Item::Struct(_) => "Struct",
    }
}

/// The type of a value in an encoder.
pub(super) fn value_type(kind: Kind, structs: &[StructPlan], maps: &[Map]) -> String {
    match kind {
        Kind::Mapped(map, _) => path_of_map(&maps[map]),
        kind => plain_type(kind, structs),
    }
}

/// The iterator over an array's elements as another type.
pub(super) fn iterator_of(path: &str) -> String {
    format!("impl ExactSizeIterator<Item = {path}> + use<'a>")
}

/// The type that an accessor returns, where nothing names the values.
pub(super) fn plain_type(kind: Kind, structs: &[StructPlan]) -> String {
    match kind {
        Kind::Scalar(scalar) | Kind::Mapped(_, scalar) => spell(scalar).ty.to_owned(),
        Kind::Array(scalar) => format!("rt::Array<'a, {}>", spell(scalar).element),
        Kind::One(Item::Pointer) => "u64".to_owned(),
        Kind::One(item) => item_type(item, structs),
        Kind::List(item) => format!("rt::List<'a, {}>", item_type(item, structs)),
    }
}

fn item_type(item: Item, structs: &[StructPlan]) -> String {
    match item {
        Item::Struct(at) => format!("{}<'a>", structs[at].name),
        Item::Pointer => "rt::Pointer".to_owned(),
        item => format!("rt::{}<'a>", name_item(item)),
    }
}

/// The type of the member that holds a field of variable size.
pub(super) fn member_type(kind: Kind, structs: &[StructPlan]) -> String {
    let value = plain_type(kind, structs);
    if matches!(kind, Kind::One(Item::Struct(_))) { format!("glue::Nested<'a, {value}>") } else { value }
}

/// The type that a map is.
pub(super) fn path_of_map(map: &Map) -> String {
    format!("maps::{}", map.name)
}

/// The static that describes a map.
pub(super) fn path_of_map_info(map: &Map) -> String {
    format!("maps::{}", map.info)
}

/// From an integer to what maps know it as: 32 bits.
pub(super) fn to_map_key(scalar: Scalar) -> Vec<Step> {
    match scalar {
        Scalar::U8 | Scalar::U16 => vec![Step::Wrap("u32::from".to_owned())],
        Scalar::I8 | Scalar::I16 => vec![Step::Wrap("i32::from".to_owned()), Step::Call("cast_unsigned")],
        Scalar::I32 => vec![Step::Call("cast_unsigned")],
        _ => Vec::new(),
    }
}
