//! The semver verdict on a schema's change, for users of the generated crate. The crate keeps every build that it knows,
//! so that nothing is ever removed from it. But an addition can change the type of an existing item.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use etw_schema::diff::{Attributes, Change, Diff, Side, Snapshot};
use etw_schema::model::{Field, InType, OutType};
use serde::Serialize;
use serde_json::Value;

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

impl Semver {
    /// The release with which a crate that holds the old side takes in the new one.
    pub fn from_diff(diff: &Diff, old: &Snapshot, new: &Snapshot) -> Self {
        let changes = diff.changes.iter().map(of_change).max().unwrap_or(Self::None);
        let accessors = if changes == Self::None { Self::None } else { of_shared_accessors(old, new) };
        changes.max(accessors)
    }

    /// The verdict as a sentence, for the summary of a diff.
    pub fn remark(self) -> String {
        format!("Semver of the generated crate: {self}.")
    }

    /// The diff as JSON, with this verdict in its summary.
    pub fn add_to_json(self, diff: &Diff) -> Result<Value, serde_json::Error> {
        let mut json = serde_json::to_value(diff)?;
        if let Some(summary) = json.get_mut("summary").and_then(Value::as_object_mut) {
            summary.insert("semver".to_owned(), serde_json::to_value(self)?);
        }
        Ok(json)
    }
}

fn of_change(change: &Change) -> Semver {
    match change {
        Change::Layout { .. } | Change::Event { side: Side::Added(_), .. } | Change::Declaration { old: None, .. } => {
            Semver::Minor
        }
        Change::Declaration { old: Some(old), new: Some(new), .. } => {
            let number = |of: &Attributes| of.get("number").or_else(|| of.get("mask")).cloned();
            if number(old) == number(new) { Semver::Patch } else { Semver::Major }
        }
        Change::Shown { old, new, .. } => {
            let rust = |(out, map): &(Option<OutType>, Option<String>)| (is_socket(*out), map.clone());
            if rust(old) == rust(new) { Semver::Patch } else { Semver::Major }
        }
        Change::Event { .. } | Change::Fact { .. } | Change::Declaration { .. } => Semver::Patch,
    }
}

/// An event's enum has an accessor for a field that its layouts share. It returns the value itself if all of them
/// have the field with one type. A layout without the field makes the accessor an `Option`, or removes it.
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
    (&field.name, plain_type(field), field.count.is_some(), is_socket(field.out_type), map)
}

/// The inType whose accessor returns the same type: the form in which a number is shown does not change the type. An array's
/// elements differ.
fn plain_type(field: &Field) -> InType {
    match field.in_type {
        InType::HexInt32 if field.count.is_none() => InType::UInt32,
        InType::HexInt64 | InType::Pointer if field.count.is_none() => InType::UInt64,
        in_type => in_type,
    }
}

fn is_socket(out_type: Option<OutType>) -> bool {
    out_type == Some(OutType::SocketAddress)
}
