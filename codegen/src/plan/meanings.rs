//! Meanings as types, which of a layout's fields have one, and the typed accessors.

use super::fields::{FieldPlan, Fields, Kind, Scalar};
use super::ir::{self, Accessor, Body, InfoMeaning, Map, MeaningValue, Number, Source, Step, Value};
use super::names::constant_name;
use super::types;
use crate::meanings::{FieldRule, Integer, MeaningKind, MeaningType, Meanings};
use crate::names_lock::{NameKind, NamesLock};

/// Where a meaning's type is.
#[derive(Debug)]
pub(super) struct MeaningPath {
    /// What `meanings.toml` calls it.
    meaning: String,
    /// `NtStatus`.
    name: String,
    /// `rt::status::NtStatus`.
    path: String,
    /// The integer that it holds.
    integer: Integer,
    /// What reflection says.
    pub(super) info: InfoMeaning,
}

/// The meaning of a field.
#[derive(Clone, Debug)]
pub(super) struct FieldMeaning {
    /// Its index.
    pub(super) meaning: usize,
    /// What the rule rests on.
    pub(super) source: String,
    /// The typed accessor's name.
    pub(super) accessor: String,
}

/// The meanings: where each one's type is, and the types that the crate brings.
pub(super) fn plan(meanings: &Meanings, maps: &[Map], lock: &mut NamesLock) -> (Vec<MeaningPath>, Vec<ir::Meaning>) {
    let mut paths = Vec::new();
    let mut own = Vec::new();
    for meaning in &meanings.types {
        let map = maps.iter().find(|map| map.text == meaning.name);
        match (meaning.kind, map) {
            (MeaningKind::Builtin, _) => paths.push(MeaningPath {
                meaning: meaning.name.clone(),
                name: meaning.name.clone(),
                path: format!("rt::status::{}", meaning.name),
                integer: Integer::U32,
                info: InfoMeaning { variant: meaning.name.clone(), of: None },
            }),
            (MeaningKind::Map, Some(map)) => paths.push(MeaningPath {
                meaning: meaning.name.clone(),
                name: map.name.clone(),
                path: types::path_of_map(map),
                integer: Integer::U32,
                info: InfoMeaning { variant: "Map".to_owned(), of: Some(types::path_of_map_info(map)) },
            }),
            (MeaningKind::Map, None) => {} // validation reports it
            (MeaningKind::Values | MeaningKind::Bits, _) => {
                let newtype = plan_newtype(meaning, lock);
                let variant = if newtype.bits { "Bits" } else { "Values" };
                paths.push(MeaningPath {
                    meaning: meaning.name.clone(),
                    name: newtype.name.clone(),
                    path: format!("meanings::{}", newtype.name),
                    integer: meaning.integer(),
                    info: InfoMeaning { variant: variant.to_owned(), of: Some(format!("meanings::{}", newtype.info)) },
                });
                own.push(newtype);
            }
        }
    }
    (paths, own)
}

fn plan_newtype(meaning: &MeaningType, lock: &mut NamesLock) -> ir::Meaning {
    let bits = meaning.kind == MeaningKind::Bits;
    let with_suffix = format!("{}Value", meaning.name);
    let candidates = [meaning.name.clone(), with_suffix];
    let reserved = usize::from(super::names::is_reserved_type(&meaning.name));
    let name = lock.claim(NameKind::Meaning, &meaning.name, &candidates[reserved..]);
    let constant = constant_name(&name);
    let info = lock.claim(NameKind::MeaningStatic, &meaning.name, &[constant.clone(), format!("{constant}_NAMES")]);
    let mut docs: Vec<String> = meaning.doc.lines().map(str::to_owned).collect();
    docs.extend([String::new(), format!("Source: {}.", meaning.source)]);
    let values = meaning.values.iter().map(|value| MeaningValue {
        name: value.name.clone(),
        value: if bits || value.value > 0xFF { Number::Hex(value.value) } else { Number::Decimal(value.value) },
        mask: bits.then(|| value.mask.unwrap_or(value.value)),
        docs: vec![value.doc.clone().unwrap_or_else(|| format!("`{}`.", value.name))],
    });
    ir::Meaning {
        info,
        name,
        integer: meaning.integer().name(),
        bits,
        source: meaning.source.clone(),
        docs,
        values: values.collect(),
    }
}

/// Notes the meanings of an event's fields.
pub(super) fn assign(
    fields: &mut Fields,
    event: u16,
    rules: &[FieldRule],
    meanings: &[MeaningPath],
    lock: &mut NamesLock,
) {
    for (at, field) in fields.list.iter_mut().enumerate() {
        let is_integer = matches!(field.kind, Kind::Scalar(scalar) | Kind::Array(scalar) if is_integer(scalar));
        let rule = rules.iter().find(|rule| rule.holds_for(event, &field.field));
        let Some(rule) = rule.filter(|_| is_integer) else { continue };
        let Some(meaning) = meanings.iter().position(|path| path.meaning == rule.meaning) else { continue };
        let plain = lock.get(NameKind::Field, &field.field.name).unwrap_or(&field.accessor);
        let typed = format!("{}_typed", plain.trim_end_matches('_'));
        let typed = lock.claim(NameKind::TypedField, &field.field.name, &[typed]);
        let accessor = fields.accessors.claim(&typed, &format!("_{}", at + 1));
        field.meaning = Some(FieldMeaning { meaning, source: rule.source.clone(), accessor });
    }
}

fn is_integer(scalar: Scalar) -> bool {
    use Scalar::{Bool, F32, F64, FileTime, Guid, SystemTime};
    !matches!(scalar, F32 | F64 | Bool | Guid | FileTime | SystemTime)
}

/// The typed accessor beside a field's own; none for a field without a meaning.
pub(super) fn plan_accessor(field: &FieldPlan, meanings: &[MeaningPath]) -> Option<Accessor> {
    let assigned = field.meaning.as_ref()?;
    let meaning = &meanings[assigned.meaning];
    let doc = format!("`{}` as {} ({}).", field.field.name, meaning.link(), assigned.source);
    let (scalar, is_array) = match field.kind {
        Kind::Scalar(scalar) => (scalar, false),
        Kind::Array(scalar) => (scalar, true),
        _ => return None,
    };
    let steps = meaning.convert(scalar);
    let (ty, body) = if is_array {
        let body = Body::Map { accessor: field.accessor.clone(), each: true, steps };
        (format!("impl Iterator<Item = {}> + use<'a>", meaning.path), body)
    } else {
        (meaning.path.clone(), Body::Value(Value { source: Source::Accessor(field.accessor.clone()), steps }))
    };
    Some(Accessor { name: assigned.accessor.clone(), docs: vec![doc], ty, is_inline: false, body })
}

/// The typed accessor of an event's enum, over the accessor that its layouts share.
pub(super) fn plan_shared_accessor(
    field: &FieldPlan,
    assigned: &FieldMeaning,
    everywhere: bool,
    meanings: &[MeaningPath],
) -> Option<Accessor> {
    let Kind::Scalar(scalar) = field.kind else { return None };
    let meaning = &meanings[assigned.meaning];
    let docs = vec![format!("`{}` as {}.", field.field.name, meaning.link())];
    let steps = meaning.convert(scalar);
    let (ty, body) = if everywhere {
        (meaning.path.clone(), Body::Value(Value { source: Source::Accessor(field.accessor.clone()), steps }))
    } else {
        let body = Body::Map { accessor: field.accessor.clone(), each: false, steps };
        (format!("Option<{}>", meaning.path), body)
    };
    Some(Accessor { name: assigned.accessor.clone(), docs, ty, is_inline: false, body })
}

impl MeaningPath {
    /// The type in documentation.
    fn link(&self) -> String {
        format!("[`{}`]({})", self.name, self.path)
    }

    /// From the integer of a field to the type.
    fn convert(&self, scalar: Scalar) -> Vec<Step> {
        let (bits, is_signed) = match scalar {
            Scalar::I8 => (8, true),
            Scalar::I16 => (16, true),
            Scalar::I32 => (32, true),
            Scalar::I64 => (64, true),
            Scalar::U8 => (8, false),
            Scalar::U16 => (16, false),
            Scalar::U64 | Scalar::HexInt64 => (64, false),
            _ => (32, false),
        };
        let mut steps = Vec::new();
        if is_signed {
            steps.push(Step::Call("cast_unsigned"));
        }
        if self.integer.bits() != bits {
            steps.push(Step::Wrap(format!("{}::from", self.integer.name())));
        }
        steps.push(Step::Wrap(self.path.clone()));
        steps
    }
}
