//! What changed from one build to another, and what that means for a consumer of the events.
//!
//! [`Snapshot`]s are compared fact by fact; each [`Change`] holds the old and the new fact, so that a diff can be
//! applied to its old side ([`Diff::apply`]) and turned round ([`Change::inverse`]).

mod fields;
mod json;
mod render;
mod snapshot;

use std::collections::BTreeSet;

use serde::Serialize;

pub use fields::{FieldEdit, wire_type};
pub use json::JSON_FORMAT;
pub use render::{Palette, markdown, text};
pub use snapshot::{Attributes, EventState, Snapshot};

pub use crate::model::DeclarationKind;

use crate::merge::same_wire_form;
use crate::model::schema::Header;
use crate::model::{Field, OutType};

/// Everything that changed, the worst first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// What to call the old side, and its product.
    pub old: (String, String),
    /// What to call the new side, and its product.
    pub new: (String, String),
    /// The changes: breaking ones first, then by id and version.
    pub changes: Vec<Change>,
}

/// What a change means for a consumer that was written for the old side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same id and version has other bytes: a decoder that goes by id and version misreads it.
    Breaking,
    /// Payloads still decode, but what a consumer filters by, waits for or shows may not be what it was.
    NeedsAttention,
    /// A consumer of the old side goes on as before.
    Compatible,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An (id, version) that is on one side only. The event is new (or gone) if no other version of it is there.
    Event {
        /// The id.
        id: u16,
        /// The version.
        version: u8,
        /// Whether the other side has no version of the event at all.
        whole_event: bool,
        /// On which side it is, and what it says.
        side: Side<Box<EventState>>,
    },
    /// The same (id, version) with other bytes, or other names for them.
    Layout {
        /// The id.
        id: u16,
        /// The version.
        version: u8,
        /// The event's name.
        name: String,
        /// The old fields.
        old: Vec<Field>,
        /// The new fields.
        new: Vec<Field>,
        /// What became of each.
        edits: Vec<FieldEdit>,
    },
    /// A fact about the event that is not a field.
    Fact {
        /// The id.
        id: u16,
        /// The version.
        version: u8,
        /// The event's name.
        name: String,
        /// Which fact.
        fact: Fact,
        /// What it was.
        old: Option<String>,
        /// What it is.
        new: Option<String>,
    },
    /// How a field's value is shown: the bytes stay.
    Shown {
        /// The id.
        id: u16,
        /// The version.
        version: u8,
        /// The event's name.
        name: String,
        /// The field and its position.
        field: (usize, String),
        /// The old outType and map.
        old: (Option<OutType>, Option<String>),
        /// The new outType and map.
        new: (Option<OutType>, Option<String>),
        /// Both sides' members, for a struct.
        members: (Vec<Field>, Vec<Field>),
    },
    /// A channel, level, opcode, task, keyword, map or entry of a map.
    Declaration {
        /// The kind.
        kind: DeclarationKind,
        /// The name.
        name: String,
        /// The old text; none if there was none.
        old: Option<Attributes>,
        /// What it says; none where it is gone.
        new: Option<Attributes>,
    },
}

/// A thing that only one side has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side<T> {
    /// It came.
    Added(T),
    /// It went.
    Removed(T),
}

/// A fact about an event that is not a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The channel.
    Channel,
    /// The level.
    Level,
    /// The opcode.
    Opcode,
    /// The task.
    Task,
    /// The keywords, one a line.
    Keywords,
    /// The message's text.
    Message,
    /// The C symbol.
    Symbol,
}

impl Fact {
    const ALL: [Self; 7] =
        [Self::Channel, Self::Level, Self::Opcode, Self::Task, Self::Keywords, Self::Message, Self::Symbol];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Level => "level",
            Self::Opcode => "opcode",
            Self::Task => "task",
            Self::Keywords => "keywords",
            Self::Message => "message",
            Self::Symbol => "symbol",
        }
    }

    fn of_header(self, header: &Header) -> Option<String> {
        match self {
            Self::Channel => header.channel.clone(),
            Self::Level => header.level.clone(),
            Self::Opcode => header.opcode.clone(),
            Self::Task => header.task.clone(),
            Self::Keywords => (!header.keywords.is_empty()).then(|| header.keywords.join("\n")),
            Self::Message => header.message.clone(),
            Self::Symbol => header.symbol.clone(),
        }
    }

    fn set(self, header: &mut Header, value: Option<String>) {
        match self {
            Self::Channel => header.channel = value,
            Self::Level => header.level = value,
            Self::Opcode => header.opcode = value,
            Self::Task => header.task = value,
            Self::Keywords => {
                header.keywords = value.map(|all| all.split('\n').map(str::to_owned).collect()).unwrap_or_default();
            }
            Self::Message => header.message = value,
            Self::Symbol => header.symbol = value,
        }
    }
}

impl Change {
    /// What it means for a consumer.
    pub fn verdict(&self) -> Verdict {
        let compatible = match self {
            Self::Layout { old, new, .. } if !fields::same_bytes(old, new) => return Verdict::Breaking,
            Self::Layout { .. } | Self::Shown { .. } => false,
            Self::Event { side, .. } => matches!(side, Side::Added(_)),
            Self::Fact { fact: Fact::Message, old, new, .. } => inserts(old.as_deref()) == inserts(new.as_deref()),
            Self::Fact { fact, .. } => *fact == Fact::Symbol,
            Self::Declaration { old, new, .. } => match (old, new) {
                (Some(old), Some(new)) => only_text_differs(old, new),
                (was, _) => was.is_none(),
            },
        };
        if compatible { Verdict::Compatible } else { Verdict::NeedsAttention }
    }

    /// The change of the way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut back = self.clone();
        match &mut back {
            Self::Event { side, .. } => {
                *side = match side.clone() {
                    Side::Added(state) => Side::Removed(state),
                    Side::Removed(state) => Side::Added(state),
                };
            }
            Self::Layout { old, new, edits, .. } => {
                std::mem::swap(old, new);
                *edits = fields::edits(old, new);
            }
            Self::Fact { old, new, .. } => std::mem::swap(old, new),
            Self::Shown { old, new, members, .. } => {
                std::mem::swap(old, new);
                std::mem::swap(&mut members.0, &mut members.1);
            }
            Self::Declaration { old, new, .. } => std::mem::swap(old, new),
        }
        back
    }

    /// The sort key of the change among others of its verdict.
    fn order(&self) -> (Verdict, u8, u16, u8, String) {
        let (rank, id, version, rest) = match self {
            Self::Layout { id, version, .. } => (0, *id, *version, String::new()),
            Self::Event { id, version, side, .. } => {
                let rank = if matches!(side, Side::Removed(_)) { 1 } else { 2 };
                (rank, *id, *version, String::new())
            }
            Self::Fact { id, version, fact, .. } => (3, *id, *version, format!("{fact:?}")),
            Self::Shown { id, version, field, .. } => (4, *id, *version, format!("{:05}", field.0)),
            Self::Declaration { kind, name, .. } => (5, *kind as u16, 0, name.clone()),
        };
        (self.verdict(), rank, id, version, rest)
    }
}

/// The inserts that a message refers to.
fn inserts(message: Option<&str>) -> BTreeSet<u32> {
    let text = message.unwrap_or_default();
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    text.split('%').skip(1).filter_map(digits).collect()
}

fn only_text_differs(old: &Attributes, new: &Attributes) -> bool {
    let rest = |of: &Attributes| of.iter().filter(|(key, _)| **key != "text").map(|(k, v)| (*k, v.clone())).collect();
    let (old, new): (Attributes, Attributes) = (rest(old), rest(new));
    old == new
}

impl Diff {
    /// Compares two snapshots. Where their captures are of different formats, the silence of a format that has no place for
    /// a fact is no change.
    pub fn new(old: &Snapshot, new: &Snapshot) -> Self {
        let of_two_formats = old.formats != new.formats;
        let (mut old, mut new) =
            if of_two_formats { Snapshot::comparable(old, new) } else { (old.clone(), new.clone()) };
        old.forget_unknown_numbers(&new);
        new.forget_unknown_numbers(&old);
        Self::from_comparable(&old, &new)
    }

    fn from_comparable(old: &Snapshot, new: &Snapshot) -> Self {
        let mut changes = Vec::new();
        let has_id = |of: &Snapshot, id: u16| of.events.range((id, 0)..=(id, u8::MAX)).next().is_some();
        for (&(id, version), state) in &old.events {
            if let Some(other) = new.events.get(&(id, version)) {
                event_changes(&mut changes, id, version, state, other);
                continue;
            }
            let side = Side::Removed(Box::new(state.clone()));
            changes.push(Change::Event { id, version, whole_event: !has_id(new, id), side });
        }
        for (&(id, version), state) in new.events.iter().filter(|(key, _)| !old.events.contains_key(key)) {
            let side = Side::Added(Box::new(state.clone()));
            changes.push(Change::Event { id, version, whole_event: !has_id(old, id), side });
        }
        let keys = old.declarations.keys().chain(new.declarations.keys().filter(|k| !old.declarations.contains_key(k)));
        for key in keys {
            let was = old.declarations.get(key);
            let is = new.declarations.get(key);
            if was != is {
                let (kind, name) = key.clone();
                changes.push(Change::Declaration { kind, name, old: was.cloned(), new: is.cloned() });
            }
        }
        changes.sort_by_cached_key(Change::order);
        let side = |of: &Snapshot| (of.label.clone(), of.product.clone());
        Self { old: side(old), new: side(new), changes }
    }

    /// Makes the new side of the old one.
    pub fn apply(&self, snapshot: &Snapshot) -> Snapshot {
        let mut out = snapshot.clone();
        (out.label, out.product) = self.new.clone();
        for change in &self.changes {
            apply(change, &mut out);
        }
        out
    }

    /// The changes with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.verdict() == verdict)
    }
}

fn event_changes(changes: &mut Vec<Change>, id: u16, version: u8, old: &EventState, new: &EventState) {
    // The older name, whichever way the comparison goes, so that a diff and its mirror say the same.
    let name = old.name(version).min(new.name(version)).to_owned();
    for fact in Fact::ALL {
        let was = fact.of_header(&old.header);
        let is = fact.of_header(&new.header);
        if was != is {
            changes.push(Change::Fact { id, version, name: name.clone(), fact, old: was, new: is });
        }
    }
    if !same_wire_form(&old.fields, &new.fields) {
        let old = old.fields.clone();
        let new = new.fields.clone();
        let edits = fields::edits(&old, &new);
        changes.push(Change::Layout { id, version, name, old, new, edits });
        return;
    }
    for (at, (was, is)) in old.fields.iter().zip(&new.fields).enumerate().filter(|(_, (was, is))| was != is) {
        changes.push(Change::Shown {
            id,
            version,
            name: name.clone(),
            field: (at, was.name.clone()),
            old: (was.out_type, was.map.clone()),
            new: (is.out_type, is.map.clone()),
            members: (was.members.clone(), is.members.clone()),
        });
    }
}

fn apply(change: &Change, out: &mut Snapshot) {
    match change {
        Change::Event { id, version, side: Side::Added(state), .. } => {
            out.events.insert((*id, *version), (**state).clone());
        }
        Change::Event { id, version, .. } => drop(out.events.remove(&(*id, *version))),
        Change::Declaration { kind, name, new, .. } => {
            let key = (*kind, name.clone());
            match new {
                Some(attributes) => drop(out.declarations.insert(key, attributes.clone())),
                None => drop(out.declarations.remove(&key)),
            }
        }
        Change::Layout { id, version, new, .. } => {
            if let Some(event) = out.events.get_mut(&(*id, *version)) {
                event.fields.clone_from(new);
            }
        }
        Change::Fact { id, version, fact, new, .. } => {
            if let Some(event) = out.events.get_mut(&(*id, *version)) {
                fact.set(&mut event.header, new.clone());
            }
        }
        Change::Shown { id, version, field, new, members, .. } => {
            if let Some(shown) = out.events.get_mut(&(*id, *version)).and_then(|event| event.fields.get_mut(field.0)) {
                (shown.out_type, shown.map) = new.clone();
                shown.members.clone_from(&members.1);
            }
        }
    }
}
