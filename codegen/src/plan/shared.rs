//! What the layouts of an event have in common, and what sets them apart.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{FieldPlan, Fields, Kind};
use super::ir::{Accessor, Body, Step};
use super::meanings::Context;
use super::{Draft, docs, typed, types};

/// An accessor of one layout, as the event's enum could offer it.
#[derive(PartialEq, Eq)]
struct Offer {
    ty: String,
    /// Of an array whose elements have a type with names: the accessor of the array, and the way to the type.
    each: Option<(String, Vec<Step>)>,
    /// Whether it is that of a field's plain number, beside the one that has a type.
    is_raw: bool,
}

/// An accessor, and the layouts that have it.
struct Shared<'d> {
    offer: Offer,
    /// The field that has it first.
    field: &'d FieldPlan,
    layouts: Vec<usize>,
    /// Whether it returns the same type in all layouts that have it.
    agrees: bool,
}

/// Notes which layouts a payload can be mistaken for. Layouts of fixed, different sizes cannot be taken for each other;
/// others might be.
pub(super) fn mark_confusable(drafts: &mut [Draft]) {
    let sizes: Vec<(u8, Option<usize>)> =
        drafts.iter().map(|draft| (draft.layout.version, draft.fields.fixed_size())).collect();
    for (at, draft) in drafts.iter_mut().enumerate() {
        let version = draft.layout.version;
        let size = sizes[at].1;
        let mut others = sizes.iter().enumerate().filter(|(other, (of, _))| *other != at && *of == version);
        draft.layout.confusable = others.any(|(_, (_, other))| size.is_none() || other.is_none() || size == *other);
    }
}

/// The accessors of an event's enum, by which users read the fields without asking for the layout: those that have the
/// same name and type in every layout that has them. Where all layouts have one it returns the value itself, else an
/// `Option`.
pub(super) fn plan_accessors(drafts: &[Draft], context: Context<'_>) -> Vec<Accessor> {
    let shared = find_shared(drafts, context);
    let agreed: BTreeSet<&str> =
        shared.iter().filter(|(_, shared)| shared.agrees).map(|(name, _)| name.as_str()).collect();
    // Of the two accessors of a field with names, neither is offered without the other.
    let is_offered = |shared: &Shared<'_>| {
        let other = if shared.offer.is_raw { Some(&shared.field.accessor) } else { shared.field.raw_accessor.as_ref() };
        shared.agrees && other.is_none_or(|other| agreed.contains(other.as_str()))
    };
    let offered = shared.iter().filter(|(_, shared)| is_offered(shared));
    offered.map(|(name, shared)| accessor(name, shared, drafts)).collect()
}

/// The accessors of all layouts by name, in the order of their first layout's fields.
fn find_shared<'d>(drafts: &'d [Draft], context: Context<'_>) -> Vec<(String, Shared<'d>)> {
    let mut shared: Vec<(String, Shared<'d>)> = Vec::new();
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        for field in &draft.fields.list {
            for (name, offer) in list_offers(field, &draft.fields, context) {
                if let Some(&known) = positions.get(&name) {
                    let known = &mut shared[known].1;
                    known.agrees &= known.offer == offer;
                    known.layouts.push(at);
                } else {
                    positions.insert(name.clone(), shared.len());
                    shared.push((name, Shared { offer, field, layouts: vec![at], agrees: true }));
                }
            }
        }
    }
    shared
}

/// The accessors of a field: its own, and that of the plain number where there are two.
fn list_offers(field: &FieldPlan, fields: &Fields, context: Context<'_>) -> Vec<(String, Offer)> {
    let plain_type = types::plain_type(field.kind, &fields.structs);
    let (Some(named), Some(raw)) = (typed::find(field, context), &field.raw_accessor) else {
        return vec![(field.accessor.clone(), Offer { ty: plain_type, each: None, is_raw: false })];
    };
    let typed = if matches!(field.kind, Kind::Array(_)) {
        Offer { ty: types::iterator_of(&named.path), each: Some((raw.clone(), named.steps)), is_raw: false }
    } else {
        Offer { ty: named.path, each: None, is_raw: false }
    };
    vec![(field.accessor.clone(), typed), (raw.clone(), Offer { ty: plain_type, each: None, is_raw: true })]
}

fn accessor(name: &str, shared: &Shared<'_>, drafts: &[Draft]) -> Accessor {
    let is_optional = shared.layouts.len() < drafts.len();
    let variants: Vec<String> = shared.layouts.iter().map(|at| drafts[*at].layout.variant.clone()).collect();
    let ty = if is_optional { format!("Option<{}>", shared.offer.ty) } else { shared.offer.ty.clone() };
    let docs = describe(shared, is_optional.then_some(&variants));
    let body = match &shared.offer.each {
        Some((raw, steps)) => Body::MapEach { accessor: raw.clone(), is_optional, steps: steps.clone() },
        None => Body::Match { accessor: name.to_owned(), variants, is_optional },
    };
    Accessor { name: name.to_owned(), docs, ty, is_inline: false, body }
}

/// The documentation. `only` are the layouts that have it, where not all have.
fn describe(shared: &Shared<'_>, only: Option<&Vec<String>>) -> Vec<String> {
    let field = &shared.field.field;
    let mut lines = if shared.offer.is_raw {
        typed::describe_raw(shared.field)
    } else {
        vec![format!("`{}`, `{}`.{}", field.name, field.in_type, docs::name_unit(field))]
    };
    if let (Some(variants), Some(first)) = (only, lines.first_mut()) {
        let have = if variants.len() == 1 { "has" } else { "have" };
        *first += &format!(" Only {} {have} it.", variants.join(", "));
    }
    lines
}
