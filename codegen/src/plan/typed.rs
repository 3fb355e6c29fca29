//! The accessors of fields whose values have names: one returns the type with the names, the other the plain number.

use super::fields::{FieldPlan, Fields, Kind, Scalar};
use super::ir::Step;
use super::meanings::Context;
use super::types;
use crate::names_lock::{NameKind, NamesLock};

/// The type that has names for a field's values.
pub(super) struct NamedType {
    /// `rt::status::NtStatus`.
    pub(super) path: String,
    /// From the field's integer to it.
    pub(super) steps: Vec<Step>,
    /// What the documentation says of it, where the field's own line does not.
    pub(super) doc: Option<String>,
}

/// Whether a map or a meaning names the field's values.
fn has_names(field: &FieldPlan) -> bool {
    match field.kind {
        Kind::Mapped(..) => true,
        Kind::Scalar(_) => field.meaning.is_some(),
        Kind::Array(scalar) => field.meaning.is_some() || field.map.is_some() && can_be_a_key(scalar),
        Kind::One(_) | Kind::List(_) => false,
    }
}

/// Whether a map can name the integer: it has 32 bits at most.
fn can_be_a_key(scalar: Scalar) -> bool {
    use Scalar::{HexInt32, I8, I16, I32, U8, U16, U32};
    matches!(scalar, HexInt32 | I8 | I16 | I32 | U8 | U16 | U32)
}

/// Names the accessors of plain numbers. All fields have their names by now, and keep them.
pub(super) fn name_raw_accessors(fields: &mut Fields, lock: &mut NamesLock) {
    for (at, field) in fields.list.iter_mut().enumerate() {
        if !has_names(field) {
            continue;
        }
        let plain = lock.get(NameKind::Field, &field.field.name).unwrap_or(&field.accessor);
        let raw = format!("{}_raw", plain.trim_end_matches('_'));
        let raw = lock.claim(NameKind::RawField, &field.field.name, &[raw]);
        field.raw_accessor = Some(fields.accessors.claim(&raw, &format!("_{}", at + 1)));
    }
    for structure in &mut fields.structs {
        name_raw_accessors(&mut structure.fields, lock);
    }
}

/// The type that the field's accessor, or each element of what it returns, has in place of the plain number's.
pub(super) fn find(field: &FieldPlan, context: Context<'_>) -> Option<NamedType> {
    let (Kind::Scalar(scalar) | Kind::Mapped(_, scalar) | Kind::Array(scalar)) = field.kind else { return None };
    if !has_names(field) {
        return None;
    }
    if let Some(assigned) = &field.meaning {
        let meaning = &context.meanings[assigned.meaning];
        let doc = format!("Its meaning as {}: {}.", meaning.link(), assigned.source);
        return Some(NamedType {
            path: meaning.path.clone(),
            steps: convert_element(field, meaning.convert(scalar)),
            doc: Some(doc),
        });
    }
    let path = types::path_of_map(&context.maps[field.map?]);
    let mut steps = types::to_map_key(scalar);
    steps.push(Step::Wrap(path.clone()));
    Some(NamedType { path, steps: convert_element(field, steps), doc: None })
}

/// An array's elements in hexadecimal are newtypes of their own.
fn convert_element(field: &FieldPlan, mut steps: Vec<Step>) -> Vec<Step> {
    if matches!(field.kind, Kind::Array(Scalar::HexInt32 | Scalar::HexInt64)) {
        steps.insert(0, Step::Unwrap);
    }
    steps
}

/// The documentation of the plain number's accessor.
pub(super) fn describe_raw(field: &FieldPlan) -> Vec<String> {
    let what = if matches!(field.kind, Kind::Array(_)) { "numbers" } else { "number" };
    vec![format!("`{}` as the plain {what} behind [`Self::{}`].", field.field.name, field.accessor)]
}
