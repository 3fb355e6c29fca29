//! An event's fields as every form of output shows them: with unique labels, and with the meaning of their values.

use std::{
    borrow::Cow,
    sync::{LazyLock, OnceLock},
};

use etw_runtime::{FieldInfo, InType, LayoutInfo};
use smbserver_etw::{Record, Value, schema::PROVIDER};

use crate::output::json_text;

/// The fields with their labels, in the payload's order. The label is the manifest's name; a second field of the same
/// name gets a different label, because most readers of JSON keep only one of two equal keys.
pub(crate) fn labelled<'a>(
    record: &impl Record<'a>,
) -> impl Iterator<Item = (Cow<'static, str>, &'static FieldInfo, Value<'a>)> {
    let layout = record.layout();
    record
        .fields()
        .enumerate()
        .map(move |(index, (field, value))| (label(layout, index).unwrap_or(Cow::Borrowed(field.name)), field, value))
}

/// The label of a layout's field.
pub(crate) fn label(layout: &'static LayoutInfo, index: usize) -> Option<Cow<'static, str>> {
    match Known::of(layout) {
        Some(known) => Some(Cow::Borrowed(known.fields.get(index)?.label.as_str())),
        None => Some(Cow::Owned(Known::new(layout).fields.into_iter().nth(index)?.label)),
    }
}

/// What all events of a layout share, computed once.
#[derive(Debug)]
pub(crate) struct Known {
    /// The pairs of JSON with the names of the event and its layout, separated by commas.
    pub(crate) names: Vec<u8>,
    /// The fields.
    pub(crate) fields: Vec<KnownField>,
    /// Whether a field may be an address.
    pub(crate) has_addresses: bool,
    /// The header of the first event, as pairs of JSON with a comma before each.
    pub(crate) header: OnceLock<(HeaderKey, Vec<u8>)>,
}

/// Channel, level, opcode, task and keywords.
pub(crate) type HeaderKey = (Option<u8>, u8, u8, u16, u64);

/// A field and its label.
#[derive(Debug)]
pub(crate) struct KnownField {
    /// Its label.
    pub(crate) label: String,
    /// The label as a key of JSON, with its colon.
    pub(crate) key: Vec<u8>,
}

/// A layout of the provider. What all its events share is computed at the first use.
struct Slot {
    layout: &'static LayoutInfo,
    known: OnceLock<Known>,
}

/// By the layouts' indexes.
static SLOTS: LazyLock<Vec<Slot>> = LazyLock::new(|| {
    let mut slots: Vec<_> = PROVIDER.layouts().map(|layout| Slot { layout, known: OnceLock::new() }).collect();
    slots.sort_by_key(|slot| slot.layout.index);
    slots
});

impl Known {
    /// What the events of a layout share; `None` for a layout of another provider.
    fn of(layout: &'static LayoutInfo) -> Option<&'static Self> {
        let slot = SLOTS.get(usize::from(layout.index))?;
        let is_ours = std::ptr::eq(slot.layout, layout) || slot.layout == layout;
        is_ours.then(|| slot.known.get_or_init(|| Self::new(layout)))
    }

    /// Hands over what the events of a layout share.
    pub(crate) fn with<T>(layout: &'static LayoutInfo, take: impl FnOnce(&Self) -> T) -> T {
        match Self::of(layout) {
            Some(known) => take(known),
            None => take(&Self::new(layout)),
        }
    }

    /// Computes what the events of a layout share.
    pub(crate) fn new(layout: &'static LayoutInfo) -> Self {
        let mut names = b"\"event\":".to_vec();
        json_text::put_text(&mut names, layout.event);
        names.extend_from_slice(format!(",\"id\":{},\"version\":{},\"layout\":", layout.id, layout.version).as_bytes());
        json_text::put_text(&mut names, layout.name);
        let is_address = |field: &FieldInfo| matches!(field.in_type, InType::Binary | InType::CountedBinary);
        Self {
            names,
            fields: (0..).zip(layout.fields).map(|(index, field)| KnownField::new(layout, index, field)).collect(),
            has_addresses: layout.fields.iter().any(is_address),
            header: OnceLock::new(),
        }
    }
}

impl KnownField {
    fn new(layout: &LayoutInfo, index: usize, field: &FieldInfo) -> Self {
        let label = match layout.count_namesakes_before(index) {
            0 => field.name.to_owned(),
            before => format!("{}#{}", field.name, before + 1),
        };
        let mut key = Vec::new();
        json_text::put_text(&mut key, &label);
        key.push(b':');
        Self { label, key }
    }
}

/// The name of a value in the manifest or in a specification.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// A number's name, or those of its bits.
    One(String),
    /// The names of an array's elements; at least one has a name.
    Each(Vec<Option<String>>),
}

impl Names {
    /// The names of a field's value. `None` if it has no name.
    pub(crate) fn from_value(field: &FieldInfo, value: &Value<'_>) -> Option<Self> {
        let Value::Array(elements) = value else { return name(field, value).map(Self::One) };
        let names: Vec<_> = elements.iter().map(|element| name(field, &element)).collect();
        names.iter().any(Option::is_some).then_some(Self::Each(names))
    }
}

fn name(field: &FieldInfo, value: &Value<'_>) -> Option<String> {
    field.name_value(value).map(|name| name.to_string())
}

#[cfg(test)]
mod tests {
    use etw_runtime::{ArrayValue, InType, MapEntry, MapInfo, Meaning, NamedValue, NamesInfo};

    use super::*;

    static RIGHTS: NamesInfo = NamesInfo::new(
        "Rights",
        "a test",
        &[NamedValue::new(1, 1, "READ"), NamedValue::new(0x8000_0000, 0x8000_0000, "ALL")],
    );
    static ENTRIES: &[MapEntry] = &[MapEntry::new(1, "One", &[]), MapEntry::new(2, "Two", &[])];
    static KINDS: MapInfo = MapInfo::new("Kinds", ENTRIES);
    static FLAGS: MapInfo = MapInfo::new("Flags", ENTRIES).of_bits();

    fn one(field: FieldInfo, value: Value<'_>) -> Option<String> {
        match Names::from_value(&field, &value) {
            Some(Names::One(name)) => Some(name),
            None => None,
            Some(Names::Each(names)) => panic!("{names:?}"),
        }
    }

    #[test]
    fn maps_name_values_and_bits() {
        let field = |map| FieldInfo::new("Kind", InType::UInt32).with_map(map);
        assert_eq!(one(field(&KINDS), Value::U32(2)).as_deref(), Some("Two"));
        assert_eq!(one(field(&KINDS), Value::U32(3)), None);
        assert_eq!(one(field(&KINDS), Value::U64(1 << 40)), None);
        assert_eq!(one(field(&FLAGS), Value::U32(7)).as_deref(), Some("One | Two"));
        assert_eq!(one(field(&FLAGS), Value::U32(4)), None);
    }

    #[test]
    fn meanings_name_what_has_a_name() {
        let field = |meaning| FieldInfo::new("Number", InType::Int32).with_meaning(meaning);
        let rights = field(Meaning::Bits(&RIGHTS));
        assert_eq!(one(rights, Value::I32(i32::MIN + 1)).as_deref(), Some("READ | ALL"));
        assert_eq!(one(rights, Value::I32(3)).as_deref(), Some("READ | 0x2"));
        assert_eq!(one(rights, Value::I32(0)), None);
        assert_eq!(one(field(Meaning::Values(&RIGHTS)), Value::I32(1)).as_deref(), Some("READ"));
        assert_eq!(one(field(Meaning::Values(&RIGHTS)), Value::I32(2)), None);
        assert_eq!(one(field(Meaning::Map(&KINDS)), Value::U16(1)).as_deref(), Some("One"));
        let status = field(Meaning::NtStatus);
        assert_eq!(one(status, Value::U32(0xC000_0022)).as_deref(), Some("STATUS_ACCESS_DENIED (0xc0000022)"));
        assert_eq!(one(status, Value::U32(0xC0FF_EE00)), None);
        assert_eq!(one(field(Meaning::Win32Error), Value::U32(5)), None);
        assert_eq!(one(status, Value::Bool(true)), None);
    }

    #[test]
    fn each_element_of_an_array_has_its_name() {
        let field = FieldInfo::new("Kinds", InType::UInt16).with_map(&KINDS);
        let of = |bytes| Names::from_value(&field, &ArrayValue::new(InType::UInt16, bytes).unwrap().into());
        assert_eq!(of(&[1, 0, 9, 0]), Some(Names::Each(vec![Some("One".to_owned()), None])));
        assert_eq!(of(&[9, 0]), None);
        assert_eq!(of(&[]), None);
    }
}
