//! What the layouts of an event have in common, and what sets them apart.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::Kind;
use super::ir::{Accessor, Body};
use super::meanings::FieldMeaning;
use super::views::Context;
use super::{Draft, meanings, types};

/// An accessor that several layouts of an event share.
pub(super) struct SharedField {
    /// The layout and the field that have it first.
    first: (usize, usize),
    pub(super) kind: Kind,
    /// What the values mean, where it is the same in all layouts.
    meaning: Option<FieldMeaning>,
    /// The layouts that have it. All of them: the accessor returns the value itself; some: an `Option`.
    layouts: Vec<usize>,
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

/// The accessors that an event's enum can offer: same name and same type wherever the field is.
pub(super) fn find_shared(drafts: &[Draft]) -> Vec<SharedField> {
    let mut shared: Vec<SharedField> = Vec::new();
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut contradictory: Vec<usize> = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        for (index, field) in draft.fields.list.iter().enumerate() {
            let Some(&known) = positions.get(field.accessor.as_str()) else {
                positions.insert(&field.accessor, shared.len());
                let meaning = field.meaning.clone();
                shared.push(SharedField { first: (at, index), kind: field.kind, meaning, layouts: vec![at] });
                continue;
            };
            if !shared[known].kind.has_type_of(field.kind) {
                contradictory.push(known);
                continue;
            }
            let is_same = |a: &FieldMeaning| field.meaning.as_ref().is_some_and(|b| a.meaning == b.meaning);
            shared[known].meaning = shared[known].meaning.take().filter(is_same);
            shared[known].layouts.push(at);
        }
    }
    let kept = shared.into_iter().enumerate().filter(|(at, _)| !contradictory.contains(at));
    kept.map(|(_, field)| field).collect()
}

/// The accessors of an event's enum.
pub(super) fn plan_accessors(shared: &[SharedField], drafts: &[Draft], context: Context<'_>) -> Vec<Accessor> {
    let first = |shared: &SharedField| &drafts[shared.first.0].fields.list[shared.first.1];
    let mut names: BTreeSet<&str> = shared.iter().map(|field| first(field).accessor.as_str()).collect();
    let mut accessors = Vec::new();
    for shared in shared {
        let fields = &drafts[shared.first.0].fields;
        let field = first(shared);
        let everywhere = shared.layouts.len() == drafts.len();
        let variants: Vec<String> = shared.layouts.iter().map(|at| drafts[*at].layout.variant.clone()).collect();
        let ty = types::return_type(shared.kind, &fields.structs, context.maps);
        let what = format!("`{}`, `{}`", field.field.name, field.field.in_type);
        let have = if variants.len() == 1 { "has" } else { "have" };
        let (doc, ty) = if everywhere {
            (format!("{what}."), ty)
        } else {
            (format!("{what}, which only {} {have}.", variants.join(", ")), format!("Option<{ty}>"))
        };
        accessors.push(Accessor {
            name: field.accessor.clone(),
            docs: vec![doc],
            ty,
            is_inline: false,
            body: Body::Match { accessor: field.accessor.clone(), variants, is_optional: !everywhere },
        });
        // A field of another layout may have the typed accessor's name.
        let typed = shared.meaning.as_ref().filter(|meaning| names.insert(&meaning.accessor));
        let typed =
            typed.and_then(|meaning| meanings::plan_shared_accessor(field, meaning, everywhere, context.meanings));
        accessors.extend(typed);
    }
    accessors
}
