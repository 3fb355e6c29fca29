//! The edits of each field from one layout to another.

use serde::Serialize;

use crate::model::{Field, Size};

/// One edit of a field list. Positions count from 0: `at_old` in the old list, `at_new` in the new one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
#[allow(missing_docs)] // the members say what they are by their names; the positions are explained above
pub enum FieldEdit {
    /// A new field after all others.
    Appended { field: String, r#type: String, at_new: usize },
    /// A new field before or between others: everything after it moves.
    Inserted { field: String, r#type: String, at_new: usize },
    /// The last fields are gone.
    Cut { field: String, r#type: String, at_old: usize },
    /// A field before or between others is gone: everything after it moves.
    Removed { field: String, r#type: String, at_old: usize },
    /// The same bytes under another name.
    Renamed { old: String, new: String, at_old: usize, at_new: usize },
    /// The same name with another inType, length or count.
    Retyped { field: String, old: String, new: String, at_old: usize, at_new: usize },
    /// The same field at another place among the others.
    Reordered { field: String, at_old: usize, at_new: usize },
    /// There are no fields any more.
    Emptied { fields: usize },
    /// There were no fields before.
    Filled { fields: usize },
}

impl FieldEdit {
    /// The edit of the way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        match self.clone() {
            Self::Appended { field, r#type, at_new } => Self::Cut { field, r#type, at_old: at_new },
            Self::Cut { field, r#type, at_old } => Self::Appended { field, r#type, at_new: at_old },
            Self::Inserted { field, r#type, at_new } => Self::Removed { field, r#type, at_old: at_new },
            Self::Removed { field, r#type, at_old } => Self::Inserted { field, r#type, at_new: at_old },
            Self::Renamed { old, new, at_old, at_new } => {
                Self::Renamed { old: new, new: old, at_old: at_new, at_new: at_old }
            }
            Self::Retyped { field, old, new, at_old, at_new } => {
                Self::Retyped { field, old: new, new: old, at_old: at_new, at_new: at_old }
            }
            Self::Reordered { field, at_old, at_new } => Self::Reordered { field, at_old: at_new, at_new: at_old },
            Self::Emptied { fields } => Self::Filled { fields },
            Self::Filled { fields } => Self::Emptied { fields },
        }
    }

    /// The sort key of the edit.
    fn position(&self) -> usize {
        match self {
            Self::Appended { at_new, .. } | Self::Inserted { at_new, .. } => *at_new,
            Self::Cut { at_old, .. } | Self::Removed { at_old, .. } => *at_old,
            Self::Renamed { at_old, at_new, .. }
            | Self::Retyped { at_old, at_new, .. }
            | Self::Reordered { at_old, at_new, .. } => *at_old.min(at_new),
            Self::Emptied { .. } | Self::Filled { .. } => 0,
        }
    }
}

/// The wire form of a field in the words of a manifest: `win:Binary, length AddressLength`.
pub fn wire_type(field: &Field) -> String {
    let mut text = field.in_type.name().to_owned();
    for (what, size) in [("length", &field.length), ("count", &field.count)] {
        match size {
            Some(Size::Fixed(n)) => text += &format!(", {what} {n}"),
            Some(Size::Field(name)) => text += &format!(", {what} {name}"),
            None => {}
        }
    }
    if !field.members.is_empty() {
        let members: Vec<String> = field.members.iter().map(|m| format!("{} {}", m.name, wire_type(m))).collect();
        text += &format!(" {{ {} }}", members.join("; "));
    }
    text
}

/// Whether two lists lay out the same bytes, whatever the names.
pub(super) fn same_bytes(old: &[Field], new: &[Field]) -> bool {
    fn same_size(old: Option<&Size>, new: Option<&Size>) -> bool {
        match (old, new) {
            (Some(Size::Field(old)), Some(Size::Field(new))) => {
                (old.scope(), old.index()) == (new.scope(), new.index())
            }
            (old, new) => old == new,
        }
    }
    let same = |(a, b): (&Field, &Field)| {
        a.in_type == b.in_type
            && same_size(a.length.as_ref(), b.length.as_ref())
            && same_size(a.count.as_ref(), b.count.as_ref())
            && same_bytes(&a.members, &b.members)
    };
    old.len() == new.len() && old.iter().zip(new).all(same)
}

/// The edits from one list to another, by position.
pub(super) fn edits(old: &[Field], new: &[Field]) -> Vec<FieldEdit> {
    match (old.len(), new.len()) {
        (0, 0) => return Vec::new(),
        (fields, 0) => return vec![FieldEdit::Emptied { fields }],
        (0, fields) => return vec![FieldEdit::Filled { fields }],
        _ => {}
    }
    // Where two alignments are equally good, the direction of comparison must not decide: a diff read backwards is
    // the diff of the way back.
    let key = |fields: &[Field]| fields.iter().map(|f| (f.name.clone(), wire_type(f))).collect::<Vec<_>>();
    let mut edits =
        if key(old) <= key(new) { align(old, new) } else { align(new, old).iter().map(FieldEdit::inverse).collect() };
    edits.sort_by_key(|edit| (edit.position(), edit.clone()));
    edits
}

fn align(old: &[Field], new: &[Field]) -> Vec<FieldEdit> {
    let pairs = best_pairs(old, new);
    let mut edits = Vec::new();
    for &(at_old, at_new) in &pairs {
        let a = &old[at_old];
        let b = &new[at_new];
        if a.name != b.name {
            edits.push(FieldEdit::Renamed { old: a.name.clone(), new: b.name.clone(), at_old, at_new });
        } else if wire_type(a) != wire_type(b) {
            let old = wire_type(a);
            let new = wire_type(b);
            edits.push(FieldEdit::Retyped { field: a.name.clone(), old, new, at_old, at_new });
        }
    }
    let free = |len: usize, taken: Vec<usize>| (0..len).filter(move |at| !taken.contains(at)).collect::<Vec<_>>();
    let gone = free(old.len(), pairs.iter().map(|(at, _)| *at).collect());
    let mut come = free(new.len(), pairs.iter().map(|(_, at)| *at).collect());
    let (last_old, last_new) = pairs.last().map_or((0, 0), |(a, b)| (a + 1, b + 1));
    for at_old in gone {
        let field = old[at_old].name.clone();
        // The same field, taken out here and put in there.
        let moved =
            come.iter().position(|at| new[*at].name == field && wire_type(&new[*at]) == wire_type(&old[at_old]));
        let r#type = wire_type(&old[at_old]);
        edits.push(match moved {
            Some(at) => FieldEdit::Reordered { field, at_old, at_new: come.remove(at) },
            None if at_old >= last_old && last_old > 0 => FieldEdit::Cut { field, r#type, at_old },
            None => FieldEdit::Removed { field, r#type, at_old },
        });
    }
    for at_new in come {
        let field = new[at_new].name.clone();
        let r#type = wire_type(&new[at_new]);
        edits.push(if at_new >= last_new && last_new > 0 {
            FieldEdit::Appended { field, r#type, at_new }
        } else {
            FieldEdit::Inserted { field, r#type, at_new }
        });
    }
    edits
}

/// The fields that are taken for the same, in order: the pairs whose likeness adds up to the most.
fn best_pairs(old: &[Field], new: &[Field]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut best = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let skip = best[(i + 1) * width + j].max(best[i * width + j + 1]);
            let alike = likeness(&old[i], &new[j]);
            let take = if alike > 0 { alike + best[(i + 1) * width + j + 1] } else { 0 };
            best[i * width + j] = skip.max(take);
        }
    }
    let mut i = 0;
    let mut j = 0;
    let mut pairs = Vec::new();
    while i < old.len() && j < new.len() {
        let here = best[i * width + j];
        let alike = likeness(&old[i], &new[j]);
        if alike > 0 && here == alike + best[(i + 1) * width + j + 1] {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if here == best[(i + 1) * width + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// How similar two fields are; 0 if they cannot be the same field. The same name outweighs everything; a
/// renamed field keeps its type and at least half of its name.
fn likeness(old: &Field, new: &Field) -> u32 {
    let same_type = wire_type(old) == wire_type(new);
    if old.name == new.name {
        return if same_type { 1000 } else { 900 };
    }
    let a = old.name.as_bytes();
    let b = new.name.as_bytes();
    let shorter = a.len().min(b.len());
    let front = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count().min(shorter - front);
    let shared = front + back;
    if same_type && shared * 2 >= shorter { u32::try_from(shared).unwrap_or(0) } else { 0 }
}
