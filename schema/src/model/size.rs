//! Lengths and counts, and the one rule by which they name a field.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Field, InType};

/// How a manifest gives a length or a count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Size {
    /// A number.
    Fixed(u16),
    /// The value of an earlier field.
    Field(FieldRef),
}

/// The earlier field whose value is a length or a count: its index, and its name for people and files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct FieldRef {
    name: String,
    index: u16,
    scope: Scope,
}

/// Which list of fields a reference points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The list of the field itself.
    Beside,
    /// From a struct's member to the fields of the template.
    Outside,
}

impl FieldRef {
    /// A reference to the field with this name and index in the same list.
    pub fn beside(name: impl Into<String>, index: u16) -> Self {
        Self { name: name.into(), index, scope: Scope::Beside }
    }

    /// A reference from a struct's member to the template's field with this name and index.
    pub fn outside(name: impl Into<String>, index: u16) -> Self {
        Self { name: name.into(), index, scope: Scope::Outside }
    }

    /// A name that [`resolve`] has not looked up yet.
    pub(crate) fn unresolved(name: String) -> Self {
        Self { name, index: u16::MAX, scope: Scope::Beside }
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field's index in its list.
    pub fn index(&self) -> u16 {
        self.index
    }

    /// The list that the index counts in.
    pub fn scope(&self) -> Scope {
        self.scope
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl From<FieldRef> for String {
    fn from(field: FieldRef) -> Self {
        field.name
    }
}

impl From<String> for FieldRef {
    fn from(name: String) -> Self {
        Self::unresolved(name)
    }
}

/// A length or count whose name cannot be resolved to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeProblem {
    /// The index of the field among the template's.
    pub field: usize,
    /// The index of the member, where the field is a struct and the problem one of its members'.
    pub member: Option<usize>,
    /// `length` or `count`.
    pub attribute: &'static str,
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub kind: SizeProblemKind,
}

/// What is wrong with the name in a length or count. Lines are those of the fields; 0 where the source has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeProblemKind {
    /// No field has the name.
    Unknown,
    /// Several fields have the name.
    Ambiguous {
        /// How many.
        fields: usize,
        /// The line of the first.
        line: u32,
    },
    /// The field of that name comes later.
    Later {
        /// Its line.
        line: u32,
    },
    /// The field names itself.
    Itself,
    /// The name is that of the struct that holds the field.
    Holder,
    /// Its field is of a type that cannot count.
    Type(InType),
    /// Its field is an array.
    Array,
    /// The template has more fields than an index can tell apart.
    TooMany,
}

impl fmt::Display for SizeProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EXPECTED: &str = "expected a field before it";
        let at = |line: u32| if line == 0 { String::new() } else { format!(" at line {line}") };
        match *self {
            Self::Unknown => write!(f, "is not a field of the template; {EXPECTED}"),
            Self::Ambiguous { fields, line } => {
                write!(f, "could be any of {fields} fields, the first{}; expected a unique name", at(line))
            }
            Self::Later { line } => {
                let at = at(line);
                write!(f, "comes later{}{at}; {EXPECTED}", if at.is_empty() { "" } else { "," })
            }
            Self::Itself => write!(f, "is the field itself; {EXPECTED}"),
            Self::Holder => write!(f, "is the struct that holds the field; {EXPECTED}"),
            Self::Type(in_type) => {
                write!(f, "is of type {in_type}; expected win:UInt8, UInt16, UInt32 or HexInt32")
            }
            Self::Array => f.write_str("is an array; expected a single value"),
            Self::TooMany => f.write_str("cannot be found among so many fields"),
        }
    }
}

/// The fields of one list: how many have each name, and which of them come before the one that is looked at.
struct List<'f> {
    fields: &'f [Field],
    by_name: HashMap<&'f str, (usize, usize)>,
    before: usize,
    scope: Scope,
}

impl<'f> List<'f> {
    fn new(fields: &'f [Field], scope: Scope) -> Self {
        let mut by_name: HashMap<&str, (usize, usize)> = HashMap::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            by_name.entry(&field.name).or_insert((index, 0)).1 += 1;
        }
        Self { fields, by_name, before: 0, scope }
    }

    /// The field of that name, if the first of them comes before; what is wrong with it, if it cannot count.
    fn find(&self, name: &str) -> Option<Result<FieldRef, SizeProblemKind>> {
        let (first, same) = *self.by_name.get(name).filter(|(first, _)| *first < self.before)?;
        let target = &self.fields[first];
        Some(if same > 1 {
            Err(SizeProblemKind::Ambiguous { fields: same, line: target.at.line })
        } else if !target.in_type.can_count() {
            Err(SizeProblemKind::Type(target.in_type))
        } else if target.count.is_some() {
            Err(SizeProblemKind::Array)
        } else {
            let index = u16::try_from(first).map_err(|_| SizeProblemKind::TooMany);
            index.map(|index| FieldRef { name: name.to_owned(), index, scope: self.scope })
        })
    }
}

/// Looks up the fields that the lengths and counts of a template name: the only one of that name, before the field, in
/// its own list or, for a member of a struct, among the template's fields; an unsigned integer of up to 32 bits and no array.
/// A name that cannot be resolved stays as it was and is returned.
pub fn resolve(fields: &mut [Field]) -> Vec<SizeProblem> {
    let mut problems = Vec::new();
    let mut resolved = Vec::new();
    let mut top = List::new(fields, Scope::Outside);
    for (at, field) in fields.iter().enumerate() {
        top.before = at;
        top.scope = Scope::Beside;
        look_up(field, (at, None), &[&top], None, &mut resolved, &mut problems);
        top.scope = Scope::Outside;
        let mut own = List::new(&field.members, Scope::Beside);
        for (member_at, member) in field.members.iter().enumerate() {
            own.before = member_at;
            let place = (at, Some(member_at));
            look_up(member, place, &[&own, &top], Some(&field.name), &mut resolved, &mut problems);
        }
    }
    for ((at, member), attribute, found) in resolved {
        let field = match member {
            Some(member) => &mut fields[at].members[member],
            None => &mut fields[at],
        };
        let size = if attribute == "length" { &mut field.length } else { &mut field.count };
        *size = Some(Size::Field(found));
    }
    problems
}

/// A field's place: its index, and that of the member.
type At = (usize, Option<usize>);

fn look_up(
    field: &Field,
    at: At,
    lists: &[&List<'_>],
    holder: Option<&str>,
    resolved: &mut Vec<(At, &'static str, FieldRef)>,
    problems: &mut Vec<SizeProblem>,
) {
    for (attribute, size) in [("length", &field.length), ("count", &field.count)] {
        let Some(Size::Field(FieldRef { name, .. })) = size else { continue };
        let found = lists.iter().find_map(|list| list.find(name)).unwrap_or_else(|| {
            let later = lists.iter().find_map(|list| Some(list.fields[list.by_name.get(name.as_str())?.0].at.line));
            Err(match later {
                _ if *name == field.name => SizeProblemKind::Itself,
                _ if holder == Some(name) => SizeProblemKind::Holder,
                Some(line) => SizeProblemKind::Later { line },
                None => SizeProblemKind::Unknown,
            })
        });
        match found {
            Ok(found) => resolved.push((at, attribute, found)),
            Err(kind) => {
                problems.push(SizeProblem { field: at.0, member: at.1, attribute, name: name.clone(), kind });
            }
        }
    }
}

/// Reads a list of fields, which holds names only, and looks the names up.
pub(super) fn resolved_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Field>, D::Error> {
    let mut list = Vec::<Field>::deserialize(deserializer)?;
    resolve_names(&mut list)?;
    Ok(list)
}

/// Looks up the names in a list of fields that was read from a file.
pub(super) fn resolve_names<E: serde::de::Error>(fields: &mut [Field]) -> Result<(), E> {
    match resolve(fields).first() {
        None => Ok(()),
        Some(SizeProblem { attribute, name, kind, .. }) => Err(E::custom(format!("{attribute} `{name}` {kind}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, in_type: InType) -> Field {
        Field { name: name.to_owned(), in_type, ..Field::default() }
    }

    fn counted(name: &str, by: &str) -> Field {
        Field { count: Some(Size::Field(FieldRef::unresolved(by.to_owned()))), ..field(name, InType::UInt8) }
    }

    fn problem(fields: &[Field]) -> String {
        resolve(&mut fields.to_vec()).first().map(|problem| problem.kind.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_name_is_that_of_one_earlier_integer() {
        let n = field("N", InType::UInt16);
        assert_eq!(problem(&[n.clone(), counted("A", "N")]), "");
        assert!(problem(&[counted("A", "N"), n.clone()]).starts_with("comes later"));
        assert!(problem(&[n.clone(), n.clone(), counted("A", "N")]).starts_with("could be any of 2 fields"));
        assert!(problem(&[n.clone(), counted("A", "N"), n.clone()]).starts_with("could be any of 2 fields"));
        assert!(problem(&[n.clone(), counted("A", "M")]).starts_with("is not a field"));
        assert!(problem(&[counted("A", "A")]).starts_with("is the field itself"));
        assert!(problem(&[field("N", InType::UInt64), counted("A", "N")]).starts_with("is of type win:UInt64"));
        let array = Field { count: Some(Size::Fixed(2)), ..n };
        assert!(problem(&[array, counted("A", "N")]).starts_with("is an array"));
    }

    #[test]
    fn a_member_finds_its_neighbours_first() {
        let members = vec![field("N", InType::UInt8), counted("A", "N"), counted("B", "M")];
        let holder = Field { members, ..field("S", InType::Struct) };
        let mut fields = [field("M", InType::UInt8), field("N", InType::UInt8), holder];
        assert_eq!(resolve(&mut fields), []);
        assert_eq!(fields[2].members[1].count, Some(Size::Field(FieldRef::beside("N", 0))));
        assert_eq!(fields[2].members[2].count, Some(Size::Field(FieldRef::outside("M", 0))));
    }
}
