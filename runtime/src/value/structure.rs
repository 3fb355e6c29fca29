//! Structs: fields inside a field.

use core::fmt;
use core::hash::Hasher;

use super::{Extent, Item, ItemKind, Value};
use crate::part::{Part, hash_parts, parts_are_equal, value_of, values};
use crate::reader::Reader;
use crate::{Fault, FieldInfo, PointerSize};

/// A generated view over a struct of a payload.
///
/// Like a view of a whole payload it borrows, and reads a member when it is used.
pub trait Struct<'a>: Copy {
    /// The struct.
    const INFO: &'static StructInfo;

    /// Takes the members off the front of a reader.
    ///
    /// # Errors
    /// The reader's bytes end inside a member; the fault names it by its index in the struct.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault>;

    /// The parts that the view holds, as [`View::part`](crate::View::part).
    fn part(&self, part: usize) -> Option<Part<'a>>;
}

/// A struct of a template: its name and its members.
#[derive(Debug)]
#[non_exhaustive]
pub struct StructInfo {
    /// The name of its view.
    pub name: &'static str,
    /// The members, in the order of the payload.
    pub fields: &'static [FieldInfo],
    /// Takes a struct off a reader and gives the value of the member with that index: [`member_of`] of its view.
    #[doc(hidden)]
    pub read: for<'r> fn(&mut Reader<'r>, usize) -> Result<Option<Value<'r>>, Fault>,
}

impl StructInfo {
    /// A struct with its members, in the order of the payload. `read` is what [`read_struct!`](crate::read_struct)
    /// makes for its view.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        fields: &'static [FieldInfo],
        read: for<'r> fn(&mut Reader<'r>, usize) -> Result<Option<Value<'r>>, Fault>,
    ) -> Self {
        Self { name, fields, read }
    }
}

/// The function that a [`StructInfo`] holds for a view.
#[doc(hidden)]
#[macro_export]
macro_rules! read_struct {
    ($($view:ident)::+) => {{
        fn read<'a>(
            reader: &mut $crate::glue::Reader<'a>,
            member: usize,
        ) -> ::core::result::Result<::core::option::Option<$crate::Value<'a>>, $crate::Fault> {
            $crate::glue::member_of::<$($view)::+<'a>>(reader, member)
        }
        read
    }};
}

/// Takes a struct off a reader and gives the value of one member.
#[doc(hidden)]
pub fn member_of<'a, S: Struct<'a>>(reader: &mut Reader<'a>, member: usize) -> Result<Option<Value<'a>>, Fault> {
    let view = S::read(reader)?;
    Ok(value_of(S::INFO.fields, member, |part| view.part(part)))
}

/// Structs are the same when their views are.
impl PartialEq for StructInfo {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other) || (self.name == other.name && core::ptr::eq(self.fields, other.fields))
    }
}

impl Eq for StructInfo {}

impl<'a, S: Struct<'a>> Item<'a> for S {
    const KIND: ItemKind = ItemKind::Struct(S::INFO);

    fn take(reader: &mut Reader<'a>, field: u16, _: Extent) -> Result<Self, Fault> {
        S::read(reader).map_err(|fault| Fault { field, ..fault })
    }
}

/// A struct that is a whole field: its view, and the bytes that it was read from.
#[derive(Clone, Copy)]
pub struct Nested<'a, S> {
    view: S,
    value: StructValue<'a>,
}

impl<'a, S: Struct<'a>> Nested<'a, S> {
    /// Takes the struct off the front of a reader.
    pub(crate) fn take(reader: &mut Reader<'a>, field: u16) -> Result<Self, Fault> {
        let mut end = reader.strict();
        let view = S::take(&mut end, field, Extent::Own)?;
        Ok(Self { view, value: StructValue::between(S::INFO, reader, &end) })
    }

    /// The view.
    #[inline]
    pub fn view(self) -> S {
        self.view
    }

    /// The struct without its type.
    #[inline]
    pub fn value(self) -> StructValue<'a> {
        self.value
    }
}

impl<S> fmt::Debug for Nested<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

/// A struct whose type is known only at run time.
///
/// Equal if struct and bytes are. `Display` prints the members as `{Name: value, …}`, the values as in XML.
#[derive(Clone, Copy)]
pub struct StructValue<'a> {
    info: &'static StructInfo,
    bytes: &'a [u8],
    pointers: PointerSize,
}

impl<'a> StructValue<'a> {
    /// Takes a struct off the front of a reader.
    pub(super) fn take(info: &'static StructInfo, reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let mut end = reader.strict();
        (info.read)(&mut end, usize::MAX)?;
        Ok(Self::between(info, reader, &end))
    }

    /// The struct between the position of a reader and that of a copy that has read further.
    fn between(info: &'static StructInfo, reader: &mut Reader<'a>, end: &Reader<'a>) -> Self {
        Self { info, bytes: reader.advance_to(end), pointers: reader.pointers() }
    }

    /// The struct.
    pub fn info(self) -> &'static StructInfo {
        self.info
    }

    /// Its bytes, as recorded.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The value of the member with this index; `None` past the last.
    pub fn value(self, member: usize) -> Option<Value<'a>> {
        let mut reader = Reader::new(self.bytes).with_pointers(self.pointers);
        (self.info.read)(&mut reader, member).ok().flatten()
    }

    /// The members and their values, in the order of the payload.
    pub fn fields(self) -> impl Iterator<Item = (&'static FieldInfo, Value<'a>)> {
        let members = self.info.fields.iter().enumerate();
        members.filter_map(move |(index, member)| Some((member, self.value(index)?)))
    }
}

impl PartialEq for StructValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.info == other.info && self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Display for StructValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_members(self.fields(), f)
    }
}

impl fmt::Debug for StructValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_members(self.info, self.fields(), f)
    }
}

fn write_members<'v>(
    members: impl Iterator<Item = (&'static FieldInfo, Value<'v>)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.write_str("{")?;
    for (at, (member, value)) in members.enumerate() {
        write!(f, "{}{}: {value}", if at == 0 { "" } else { ", " }, member.name)?;
    }
    f.write_str("}")
}

fn debug_members<'v>(
    info: &StructInfo,
    members: impl Iterator<Item = (&'static FieldInfo, Value<'v>)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut out = f.debug_struct(info.name);
    for (member, value) in members {
        out.field(member.name, &value);
    }
    out.finish()
}

/// The members of a view and their values.
fn members<'a, S: Struct<'a>>(view: &S) -> impl Iterator<Item = (&'static FieldInfo, Value<'a>)> {
    let view = *view;
    values(S::INFO.fields, move |part| view.part(part))
}

/// Debug of a struct's view: its name and its members, named as in the manifest.
#[doc(hidden)]
pub fn debug_struct<'a>(view: &impl Struct<'a>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    debug_members(info_of(view), members(view), f)
}

fn info_of<'a, S: Struct<'a>>(_: &S) -> &'static StructInfo {
    S::INFO
}

/// Whether two views of a struct hold the same bytes.
#[doc(hidden)]
pub fn structs_are_equal<'a, S: Struct<'a>>(one: &S, other: &S) -> bool {
    parts_are_equal(|part| one.part(part), |part| other.part(part))
}

/// Hashes what [`structs_are_equal`] compares.
#[doc(hidden)]
pub fn hash_struct<'a>(view: &impl Struct<'a>, state: &mut impl Hasher) {
    hash_parts(|part| view.part(part), state);
}

/// Display of a struct's view: that of [`StructValue`].
#[doc(hidden)]
pub fn display_struct<'a>(view: &impl Struct<'a>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write_members(members(view), f)
}

/// Serialises a struct as a map from the manifest's names to values.
#[cfg(feature = "serde")]
#[doc(hidden)]
pub fn serialize_struct<'a, S: serde::Serializer>(view: &impl Struct<'a>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members(view).map(|(member, value)| (member.name, value)))
}

#[cfg(feature = "serde")]
impl serde::Serialize for StructValue<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields().map(|(member, value)| (member.name, value)))
    }
}

/// Implements `Clone`, `Copy`, `PartialEq`, `Eq`, `Hash`, `Debug`, `Display` and, with this crate's feature `serde`, `Serialize` for views of structs.
#[doc(hidden)]
#[macro_export]
macro_rules! struct_traits {
    ($($view:ident),* $(,)?) => {$(
        // Not derived: a derive costs compile time for each member, in every build, and gains nothing.
        #[allow(clippy::expl_impl_clone_on_copy)]
        impl ::core::clone::Clone for $view<'_> {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl ::core::marker::Copy for $view<'_> {}

        impl ::core::fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::glue::debug_struct(self, f)
            }
        }

        impl ::core::fmt::Display for $view<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::glue::display_struct(self, f)
            }
        }

        /// Two are equal if they hold the same bytes.
        impl ::core::cmp::PartialEq for $view<'_> {
            fn eq(&self, other: &Self) -> bool {
                $crate::glue::structs_are_equal(self, other)
            }
        }

        impl ::core::cmp::Eq for $view<'_> {}

        impl ::core::hash::Hash for $view<'_> {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                $crate::glue::hash_struct(self, state);
            }
        }

        $crate::serialize_struct_traits!($view);
    )*};
}

/// Implements `Serialize` for a struct's view.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! serialize_struct_traits {
    ($view:ident) => {
        impl $crate::glue::serde::Serialize for $view<'_> {
            fn serialize<S: $crate::glue::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::glue::serialize_struct(self, serializer)
            }
        }
    };
}

/// Implements nothing: the feature `serde` is off.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serialize_struct_traits {
    ($view:ident) => {};
}
