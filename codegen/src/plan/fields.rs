//! How a layout's fields are read: which share a segment, which have a member of their own, and what each accessor returns.

use std::collections::BTreeMap;

use super::names::{self, Unique};
use super::public;
use crate::names_lock::{NameKind, NamesLock};
use etw_schema::model::{Field, FieldRef, InType, OutType, Scope, Size};

/// The meaning of a field.
#[derive(Clone, Debug)]
pub(super) struct FieldMeaning {
    /// Its index.
    pub(super) meaning: usize,
    /// What the rule rests on.
    pub(super) source: String,
}

/// A value of fixed size that a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Bool,
    HexInt32,
    HexInt64,
    Guid,
    FileTime,
    SystemTime,
}

/// A value of variable size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Utf16,
    Ansi,
    Binary,
    SocketAddr,
    Sid,
    Pointer,
    /// A struct of the layout, by its index.
    Struct(usize),
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar(Scalar),
    /// An integer whose values a map names: the map's index, and the integer.
    Mapped(usize, Scalar),
    /// Scalars, end to end.
    Array(Scalar),
    One(Item),
    /// Items, which may differ in size.
    List(Item),
}

/// How a field of variable size finds its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many units, bytes or elements.
    Fixed(u16),
    /// As many as an earlier field says: its index.
    Field(usize),
    /// At its NUL.
    UntilNul,
    /// It begins with the number of its bytes.
    Counted,
    /// It says itself: a SID, a pointer, a struct.
    Own,
}

/// Where a view finds a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// In a segment: the member that holds it, and the offset.
    Segment { member: String, offset: u16 },
    /// In a member of its own, named like the accessor.
    Own(Extent),
}

/// A field of a layout.
#[derive(Clone, Debug)]
pub(super) struct FieldPlan {
    /// The accessor's name.
    pub(super) accessor: String,
    /// The name of the accessor of the plain number, where the accessor's type has names for the values.
    pub(super) raw_accessor: Option<String>,
    pub(super) kind: Kind,
    pub(super) access: Access,
    /// How each element of a list finds its end.
    pub(super) each: Extent,
    /// The map that names its values, or those of its elements: its index in the plan.
    pub(super) map: Option<usize>,
    /// The field as the manifest has it.
    pub(super) field: Field,
    /// What its values mean, where that is known.
    pub(super) meaning: Option<FieldMeaning>,
}

impl FieldPlan {
    /// How it finds its end, or that of the list that it is.
    pub(super) fn extent(&self) -> &Extent {
        match &self.access {
            Access::Own(extent) => extent,
            Access::Segment { .. } => &Extent::Own,
        }
    }

    /// The accessor whose value is the one that the payload holds: the plain number, where there are two.
    pub(super) fn plain_accessor(&self) -> &str {
        self.raw_accessor.as_ref().unwrap_or(&self.accessor)
    }
}

/// A member of a view's struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Segment {
        name: String,
        size: u16,
        first_field: usize,
    },
    /// The field with this index.
    Field(usize),
}

/// A layout's fields and how its view holds them.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) list: Vec<FieldPlan>,
    pub(super) members: Vec<Member>,
    /// The structs among them.
    pub(super) structs: Vec<StructPlan>,
    /// The names of the accessors.
    pub(super) accessors: Unique,
}

/// A struct of a layout: a view of its own.
#[derive(Clone, Debug)]
pub(super) struct StructPlan {
    /// The view's name.
    pub(super) name: String,
    /// The name of the static that describes it.
    pub(super) info: String,
    /// The manifest's name for it.
    pub(super) field: String,
    pub(super) fields: Fields,
}

impl Kind {
    /// Whether its accessor's value borrows from the payload.
    pub(super) fn borrows(self) -> bool {
        !matches!(self, Self::Scalar(_) | Self::Mapped(..) | Self::One(Item::Pointer))
    }
}

impl Fields {
    /// Whether the view holds a part of the payload. A pointer is copied.
    pub(super) fn hold_payload(&self) -> bool {
        self.members.iter().any(|member| match member {
            Member::Segment { .. } => true,
            Member::Field(at) => self.list[*at].kind.borrows(),
        })
    }

    /// The bytes of a payload, where all payloads have the same number of them.
    pub(super) fn fixed_size(&self) -> Option<usize> {
        self.members
            .iter()
            .map(|member| match member {
                Member::Segment { size, .. } => Some(usize::from(*size)),
                Member::Field(_) => None,
            })
            .sum()
    }
}

/// The largest ETW payload, and so the most fields and the largest segment that a layout can have.
const MAX_PAYLOAD: u16 = u16::MAX;

/// Plans the fields of a layout, whose view is called `owner`. What cannot be read is reported as (field, reason), all
/// of it.
pub(super) fn plan(
    fields: &[Field],
    owner: &str,
    maps: &BTreeMap<&str, usize>,
    lock: &mut NamesLock,
) -> Result<Fields, Vec<(String, String)>> {
    if let Some(problem) = check_size(fields) {
        return Err(vec![problem]);
    }
    let mut planner = FieldPlanner { out: Fields::default(), all: fields, next: 0, owner, maps, lock, open: None };
    let mut problems = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        planner.next = at;
        if let Err(reason) = planner.add(field) {
            problems.push((field.name.clone(), reason));
        }
    }
    if problems.is_empty() { Ok(planner.out) } else { Err(problems) }
}

/// Reports a layout that no payload can have: the first field that does not fit.
fn check_size(fields: &[Field]) -> Option<(String, String)> {
    let mut room = MAX_PAYLOAD;
    for (index, field) in fields.iter().enumerate() {
        let size = fixed_size(field.in_type).filter(|_| field.count.is_none()).unwrap_or(0);
        match room.checked_sub(size) {
            Some(left) if index < usize::from(MAX_PAYLOAD) => room = left,
            _ => {
                let reason = format!("the fields before it fill {MAX_PAYLOAD} bytes, the largest payload");
                return Some((field.name.clone(), reason));
            }
        }
    }
    None
}

struct FieldPlanner<'l> {
    out: Fields,
    /// The fields of the layout.
    all: &'l [Field],
    /// The index of the field that is planned.
    next: usize,
    /// The view's name.
    owner: &'l str,
    maps: &'l BTreeMap<&'l str, usize>,
    lock: &'l mut NamesLock,
    /// The segment that the next field of fixed size joins: its index among the members.
    open: Option<usize>,
}

impl FieldPlanner<'_> {
    fn add(&mut self, field: &Field) -> Result<(), String> {
        let kind = self.find_kind(field)?;
        let index = self.out.list.len();
        let accessor = self.lock.claim(NameKind::Field, &field.name, &[names::field_name(&field.name)]);
        let accessor = self.out.accessors.claim(&accessor, &format!("_{}", index + 1));
        let mut each = Extent::Own;
        let access = if let (Kind::Scalar(_) | Kind::Mapped(..), Some(size)) = (&kind, fixed_size(field.in_type)) {
            self.put_in_segment(index, size)
        } else {
            self.open = None;
            let extent = match &field.count {
                Some(count) => {
                    each = self.find_end(field)?;
                    self.resolve_size(count)?
                }
                None => self.find_end(field)?,
            };
            self.out.members.push(Member::Field(index));
            Access::Own(extent)
        };
        let map = self.find_map(field);
        self.out.list.push(FieldPlan {
            accessor,
            raw_accessor: None,
            kind,
            access,
            each,
            map,
            field: field.clone(),
            meaning: None,
        });
        Ok(())
    }

    fn find_map(&self, field: &Field) -> Option<usize> {
        let name = field.map.as_deref().filter(|_| field.in_type.can_map())?;
        self.maps.get(name).copied()
    }

    fn find_kind(&mut self, field: &Field) -> Result<Kind, String> {
        if let Some(scalar) = find_scalar(field.in_type) {
            if field.count.is_some() {
                return Ok(Kind::Array(scalar));
            }
            return Ok(self.find_map(field).map_or(Kind::Scalar(scalar), |map| Kind::Mapped(map, scalar)));
        }
        let socket = field.out_type == Some(OutType::SocketAddress);
        let item = match field.in_type {
            InType::UnicodeString | InType::CountedUnicodeString => Item::Utf16,
            InType::AnsiString | InType::CountedAnsiString => Item::Ansi,
            InType::Binary | InType::CountedBinary if socket => Item::SocketAddr,
            InType::Binary | InType::CountedBinary => Item::Binary,
            InType::Sid => Item::Sid,
            InType::Pointer => Item::Pointer,
            InType::Struct => Item::Struct(self.plan_structure(field)?),
            other => return Err(format!("the layout of {other} is not known")),
        };
        Ok(if field.count.is_some() { Kind::List(item) } else { Kind::One(item) })
    }

    /// Plans a struct and returns its index.
    fn plan_structure(&mut self, field: &Field) -> Result<usize, String> {
        if field.members.is_empty() {
            return Err("the struct's members are not known".to_owned());
        }
        if let Some(inner) = field.members.iter().find(|member| member.in_type == InType::Struct) {
            return Err(format!("the struct holds the struct `{}`, which no manifest can declare", inner.name));
        }
        let plain = format!("{}{}", self.owner, names::type_name(&field.name));
        let key = match self.out.structs.iter().filter(|known| known.field == field.name).count() {
            0 => format!("{} {}", self.owner, field.name),
            known => format!("{} {} {}", self.owner, field.name, known + 1),
        };
        let name = self.lock.claim(NameKind::Struct, &key, &[plain.clone(), format!("{plain}Struct")]);
        let fields = plan(&field.members, &name, self.maps, self.lock).map_err(|problems| {
            let problems: Vec<String> =
                problems.into_iter().map(|(member, reason)| format!("member {member}: {reason}")).collect();
            problems.join("; ")
        })?;
        let info = public::claim_static(NameKind::Struct, &key, &name, self.lock);
        self.out.structs.push(StructPlan { name, info, field: field.name.clone(), fields });
        Ok(self.out.structs.len() - 1)
    }

    /// Puts a field of fixed size after the last one, or into a new segment.
    fn put_in_segment(&mut self, index: usize, field_size: u16) -> Access {
        if let Some(Member::Segment { name, size, .. }) = self.open.and_then(|at| self.out.members.get_mut(at)) {
            let offset = *size;
            *size += field_size; // `check_size` has seen to it that all of them together fit
            return Access::Segment { member: name.clone(), offset };
        }
        let name = match self.out.list.last() {
            None => names::private("head"),
            Some(before) => names::private(&format!("after_{}", before.accessor)),
        };
        self.open = Some(self.out.members.len());
        self.out.members.push(Member::Segment { name: name.clone(), size: field_size, first_field: index });
        Access::Segment { member: name, offset: 0 }
    }

    /// How a value, or each element of an array, finds its end.
    fn find_end(&self, field: &Field) -> Result<Extent, String> {
        Ok(match (&field.length, field.in_type) {
            (Some(length), in_type) if in_type.takes_length() => self.resolve_size(length)?,
            (_, InType::UnicodeString | InType::AnsiString) => Extent::UntilNul,
            (_, InType::Binary) if field.out_type == Some(OutType::IPv6) => Extent::Fixed(16),
            (_, InType::Binary) => return Err("win:Binary needs a length".to_owned()),
            (_, InType::CountedUnicodeString | InType::CountedAnsiString | InType::CountedBinary) => Extent::Counted,
            _ => Extent::Own,
        })
    }

    fn resolve_size(&self, size: &Size) -> Result<Extent, String> {
        Ok(match size {
            Size::Fixed(n) => Extent::Fixed(*n),
            Size::Field(counter) => Extent::Field(self.find_counter(counter)?),
        })
    }

    /// The index of the earlier field that gives a length or a count.
    fn find_counter(&self, counter: &FieldRef) -> Result<usize, String> {
        let at = usize::from(counter.index());
        let target = self.all.get(at).filter(|_| counter.scope() == Scope::Beside && at < self.next);
        match target.map(|target| (target.in_type, &target.count)) {
            Some((in_type, None)) if in_type.can_count() => Ok(at),
            Some((_, Some(_))) => Err(format!("`{counter}` is an array; a length or count is a single value")),
            Some((other, _)) => {
                Err(format!("`{counter}` is {other}; a length or count is an unsigned integer of up to 32 bits"))
            }
            None => Err(format!("`{counter}` is no earlier field beside it")),
        }
    }
}

/// The bytes of one value, as a segment counts them.
fn fixed_size(in_type: InType) -> Option<u16> {
    u16::try_from(in_type.fixed_size()?).ok()
}

fn find_scalar(in_type: InType) -> Option<Scalar> {
    Some(match in_type {
        InType::Int8 => Scalar::I8,
        InType::UInt8 => Scalar::U8,
        InType::Int16 => Scalar::I16,
        InType::UInt16 => Scalar::U16,
        InType::Int32 => Scalar::I32,
        InType::UInt32 => Scalar::U32,
        InType::Int64 => Scalar::I64,
        InType::UInt64 => Scalar::U64,
        InType::Float => Scalar::F32,
        InType::Double => Scalar::F64,
        InType::Boolean => Scalar::Bool,
        InType::HexInt32 => Scalar::HexInt32,
        InType::HexInt64 => Scalar::HexInt64,
        InType::Guid => Scalar::Guid,
        InType::FileTime => Scalar::FileTime,
        InType::SystemTime => Scalar::SystemTime,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, in_type: InType) -> Field {
        Field { name: name.to_owned(), in_type, ..Field::default() }
    }

    #[test]
    fn neighbours_of_fixed_size_share_a_segment() {
        let mut path = field("Path", InType::UnicodeString);
        path.length = Some(Size::Field(FieldRef::beside("PathLength", 1)));
        let fields = [field("Id", InType::UInt64), field("PathLength", InType::UInt16), path, field("G", InType::Guid)];
        let plan = plan(&fields, "V", &BTreeMap::new(), &mut NamesLock::default()).unwrap();
        assert_eq!(
            plan.members,
            [
                Member::Segment { name: "__head".into(), size: 10, first_field: 0 },
                Member::Field(2),
                Member::Segment { name: "__after_path".into(), size: 16, first_field: 3 },
            ]
        );
        assert_eq!(plan.list[1].access, Access::Segment { member: "__head".into(), offset: 8 });
        assert_eq!(plan.list[2].access, Access::Own(Extent::Field(1)));
    }

    #[test]
    fn a_count_is_one_value() {
        let reason = |counters: &[Field]| {
            let mut counted = field("Bytes", InType::UInt8);
            counted.count = Some(Size::Field(FieldRef::beside("N", 0)));
            let fields = [counters, &[counted]].concat();
            plan(&fields, "V", &BTreeMap::new(), &mut NamesLock::default()).unwrap_err().remove(0).1
        };
        let mut array = field("N", InType::UInt16);
        array.count = Some(Size::Fixed(2));
        assert_eq!(reason(&[array]), "`N` is an array; a length or count is a single value");
        let wide = field("N", InType::UInt64);
        assert!(reason(&[wide]).starts_with("`N` is win:UInt64"));
    }

    #[test]
    fn structs_of_one_name_are_types_of_two() {
        let structure = |member| Field { members: vec![field(member, InType::UInt8)], ..field("Pair", InType::Struct) };
        let fields = [structure("A"), structure("B")];
        let plan = plan(&fields, "V", &BTreeMap::new(), &mut NamesLock::default()).unwrap();
        let names: Vec<&str> = plan.structs.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["VPair", "VPairStruct"]);
    }

    #[test]
    fn a_layout_larger_than_any_payload_is_one_problem() {
        let fields: Vec<Field> = (0..100_000).map(|n| field(&format!("F{n}"), InType::UInt16)).collect();
        let problems = plan(&fields, "V", &BTreeMap::new(), &mut NamesLock::default()).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, "F32767");
    }

    #[test]
    fn what_cannot_be_read_is_all_reported() {
        let mut blob = field("Blob", InType::Binary);
        blob.length = Some(Size::Field(FieldRef::beside("Later", 1)));
        let problems =
            plan(&[blob, field("S", InType::Struct)], "V", &BTreeMap::new(), &mut NamesLock::default()).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].1, "`Later` is no earlier field beside it");
    }
}
