//! Meanings as types, and which of a layout's fields have one.

use super::fields::{FieldMeaning, Fields, Kind, Scalar};
use super::ir::{self, InfoMeaning, Map, MeaningValue, Number, Step};
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
    pub(super) path: String,
    /// The integer that it holds.
    integer: Integer,
    /// What reflection says.
    pub(super) info: InfoMeaning,
}

/// The inputs for views, except for their fields.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) maps: &'c [Map],
    pub(super) meanings: &'c [MeaningPath],
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
pub(super) fn assign(fields: &mut Fields, event: u16, rules: &[FieldRule], meanings: &[MeaningPath]) {
    for field in &mut fields.list {
        let is_integer = matches!(field.kind, Kind::Scalar(scalar) | Kind::Array(scalar) if is_integer(scalar));
        let rule = rules.iter().find(|rule| rule.holds_for(event, &field.field));
        let Some(rule) = rule.filter(|_| is_integer) else { continue };
        let Some(meaning) = meanings.iter().position(|path| path.meaning == rule.meaning) else { continue };
        field.meaning = Some(FieldMeaning { meaning, source: rule.source.clone() });
    }
}

fn is_integer(scalar: Scalar) -> bool {
    use Scalar::{Bool, F32, F64, FileTime, Guid, SystemTime};
    !matches!(scalar, F32 | F64 | Bool | Guid | FileTime | SystemTime)
}

impl MeaningPath {
    /// The type in documentation.
    pub(super) fn link(&self) -> String {
        format!("[`{}`]({})", self.name, self.path)
    }

    /// From the integer of a field to the type.
    pub(super) fn convert(&self, scalar: Scalar) -> Vec<Step> {
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
