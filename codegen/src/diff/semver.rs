//! What a schema's change is for users of the generated crate. The crate keeps every build that it knows, so that
//! nothing is ever taken out of it; but what is added can change the type of what was there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{Change, Side, Snapshot};
use crate::model::{Field, InType, OutType};

/// The part of the version that a release raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Semver {
    /// Nothing changes.
    None,
    /// Texts and the builds in which things hold.
    Patch,
    /// New events, versions, layouts, constants and map entries.
    Minor,
    /// A public item changes its type or its value.
    Major,
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// The release that a crate with the old side needs to take in the new one.
pub(super) fn of(changes: &[Change], old: &Snapshot, new: &Snapshot) -> Semver {
    let of_changes = changes.iter().map(of_change).max().unwrap_or(Semver::None);
    let shared = if of_changes == Semver::None { Semver::None } else { of_shared_accessors(old, new) };
    of_changes.max(shared)
}

fn of_change(change: &Change) -> Semver {
    match change {
        Change::Layout { .. } | Change::Event { side: Side::Added(_), .. } | Change::Declaration { old: None, .. } => {
            Semver::Minor
        }
        Change::Declaration { old: Some(old), new: Some(new), .. } => {
            let number = |of: &super::Attributes| of.get("number").or_else(|| of.get("mask")).cloned();
            if number(old) == number(new) { Semver::Patch } else { Semver::Major }
        }
        Change::Shown { old, new, .. } => {
            let rust = |(out, map): &(Option<OutType>, Option<String>)| (socket(*out), map.clone());
            if rust(old) == rust(new) { Semver::Patch } else { Semver::Major }
        }
        Change::Event { .. } | Change::Fact { .. } | Change::Declaration { .. } => Semver::Patch,
    }
}

/// An event's enum has an accessor for a field that its layouts share. It returns the value itself where all of them
/// have the field with one type; a layout without it makes an `Option` of that, or takes the accessor away.
fn of_shared_accessors(old: &Snapshot, new: &Snapshot) -> Semver {
    let mut shared: BTreeMap<u16, BTreeSet<RustType<'_>>> = BTreeMap::new();
    for (&(id, _), state) in &old.events {
        let fields: BTreeSet<RustType<'_>> = state.fields.iter().map(rust_type).collect();
        shared.entry(id).and_modify(|known| *known = known.intersection(&fields).copied().collect()).or_insert(fields);
    }
    let loses = new.events.iter().any(|(&(id, _), state)| {
        let fields: BTreeSet<RustType<'_>> = state.fields.iter().map(rust_type).collect();
        shared.get(&id).is_some_and(|known| !known.is_subset(&fields))
    });
    if loses { Semver::Major } else { Semver::None }
}

/// What decides an accessor's name and type.
type RustType<'f> = (&'f str, InType, bool, bool, Option<&'f str>);

fn rust_type(field: &Field) -> RustType<'_> {
    let map = field.map.as_deref().filter(|_| field.in_type.can_map());
    (&field.name, field.in_type, field.count.is_some(), socket(field.out_type), map)
}

fn socket(out_type: Option<OutType>) -> bool {
    out_type == Some(OutType::SocketAddress)
}
