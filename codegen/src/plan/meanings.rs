//! Meanings as types, and which of a layout's fields have one.

use super::fields::{Fields, Kind, Scalar};
use super::values::MapPlan;
use crate::meanings::{FieldRule, Integer, MeaningKind, MeaningType, Meanings};

/// A meaning that some field has.
#[derive(Debug)]
pub(crate) struct MeaningPlan {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) source: String,
    pub(crate) form: MeaningForm,
}

/// The Rust type of a meaning.
#[derive(Debug)]
pub(crate) enum MeaningForm {
    /// A type of the runtime.
    Runtime,
    /// The type of the manifest's map with this index.
    Map(usize),
    /// A newtype of its own.
    Newtype { integer: Integer, bits: bool, values: Vec<NamedValue> },
}

/// A constant of a meaning's newtype.
#[derive(Debug)]
pub(crate) struct NamedValue {
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) mask: u64,
    pub(crate) doc: Option<String>,
}

/// The meaning of a field: the meaning's index, and what the rule rests on.
#[derive(Clone, Debug)]
pub(crate) struct FieldMeaning {
    pub(crate) meaning: usize,
    pub(crate) source: String,
}

pub(super) fn plan(meanings: &Meanings, maps: &[MapPlan]) -> Vec<MeaningPlan> {
    meanings.types.iter().map(|meaning| plan_type(meaning, maps)).collect()
}

fn plan_type(meaning: &MeaningType, maps: &[MapPlan]) -> MeaningPlan {
    let map = maps.iter().position(|map| map.map == meaning.name);
    let form = match (meaning.kind, map) {
        (MeaningKind::Builtin, _) => MeaningForm::Runtime,
        (MeaningKind::Map, Some(map)) => MeaningForm::Map(map),
        (kind, _) => MeaningForm::Newtype {
            integer: meaning.integer(),
            bits: kind == MeaningKind::Bits,
            values: meaning
                .values
                .iter()
                .map(|value| NamedValue {
                    name: value.name.clone(),
                    value: value.value,
                    mask: value.mask.unwrap_or(value.value),
                    doc: value.doc.clone(),
                })
                .collect(),
        },
    };
    MeaningPlan { name: meaning.name.clone(), doc: meaning.doc.clone(), source: meaning.source.clone(), form }
}

/// Notes the meanings of an event's fields.
pub(super) fn assign(fields: &mut Fields, event: u16, meanings: &Meanings) {
    for field in &mut fields.fields {
        let integer = matches!(&field.kind, Kind::Scalar(scalar) | Kind::Array(scalar) if is_integer(*scalar));
        let rule = meanings.fields.iter().find(|rule: &&FieldRule| rule.holds_for(event, &field.field));
        let Some(rule) = rule.filter(|_| integer) else { continue };
        field.meaning = meanings
            .types
            .iter()
            .position(|meaning| meaning.name == rule.meaning)
            .map(|meaning| FieldMeaning { meaning, source: rule.source.clone() });
    }
}

fn is_integer(scalar: Scalar) -> bool {
    matches!(
        scalar,
        Scalar::I8
            | Scalar::U8
            | Scalar::I16
            | Scalar::U16
            | Scalar::I32
            | Scalar::U32
            | Scalar::I64
            | Scalar::U64
            | Scalar::HexInt32
            | Scalar::HexInt64
    )
}
