//! The traits of decoded events, which generated code implements.

use core::fmt;
use core::hash::Hasher;

use crate::message::{AnyMessageWriter, Message, MessageWriter};
use crate::part::{Part, hash_parts, parts_are_equal, value_of, values};
use crate::reader::Reader;
use crate::status::{BuiltIn, StatusText};
use crate::{Fault, FieldInfo, LayoutInfo, Mismatch, PointerSize, Value};

/// A decoded event: a view of one layout, or an enum of views. It gives access to the values without knowing the type.
///
/// Only generated code implements it; a later version may have more required items.
pub trait Record<'a>: Copy {
    /// The view of the layout that the payload was read as.
    fn view(&self) -> &dyn AnyView<'a>;

    /// The layout that the payload was read as.
    fn layout(&self) -> &'static LayoutInfo {
        self.view().layout()
    }

    /// The value of the field with this index; `None` past the last.
    fn value(&self, field: usize) -> Option<Value<'a>> {
        let view = self.view();
        value_of(view.layout().fields, field, |part| view.part(part))
    }

    /// Writes the message as the given build words it. Writes nothing if its manifest has no message.
    fn write_message(&self, build: u32, out: &mut AnyMessageWriter<'_>) -> fmt::Result {
        self.view().write_message(build, out)
    }

    /// The message in its newest wording, for `Display`, with the texts of status codes from `status_texts`. `Display`
    /// of the record itself is the same with the built-in texts.
    fn message<'s>(&self, status_texts: &'s dyn StatusText) -> Message<'s, Self> {
        Message::new(*self, u32::MAX, status_texts)
    }

    /// The fields and their values, in the order of the payload.
    fn fields(&self) -> impl Iterator<Item = (&'static FieldInfo, Value<'a>)> {
        let record = *self;
        values(self.layout().fields, move |part| record.view().part(part))
    }

    /// The value of the first field with this name, as the manifest spells it.
    fn field(&self, name: &str) -> Option<Value<'a>> {
        let index = self.layout().fields.iter().position(|field| field.name == name)?;
        self.value(index)
    }
}

/// A view whose type is known only at run time: what [`Record::view`] gives.
pub trait AnyView<'a> {
    /// The layout.
    fn layout(&self) -> &'static LayoutInfo;

    /// [`View::part`].
    fn part(&self, part: usize) -> Option<Part<'a>>;

    /// [`View::write`].
    fn write_message(&self, build: u32, out: &mut AnyMessageWriter<'_>) -> fmt::Result;
}

/// A typed view over the payload of one layout.
///
/// Only generated code implements it; a later version may have more required items.
///
/// A view borrows: it holds slices of the payload, and reads a field when it is asked for.
pub trait View<'a>: Copy {
    /// The layout.
    const INFO: &'static LayoutInfo;

    /// Whether a payload of this layout can fit another of the same id and version to its last byte. False if all of
    /// them have fixed, different sizes.
    const CONFUSABLE: bool = false;

    /// The parts that the view holds, in the order of the payload. The fields of [`View::INFO`] say what is in them.
    fn part(&self, part: usize) -> Option<Part<'a>>;

    /// Writes the message as the given build words it. Writes nothing if its manifest has no message.
    ///
    /// This is the fast way to a message: the writer's type is known, and nothing goes through a
    /// [`Formatter`](fmt::Formatter).
    ///
    /// # Errors
    /// Those of the writer.
    fn write<W: fmt::Write + ?Sized>(&self, build: u32, out: &mut MessageWriter<'_, W>) -> fmt::Result;

    /// Appends the newest message, with the built-in texts of status codes, to a text that can be used again.
    ///
    /// # Errors
    /// Those of the writer; a `String` has none.
    #[inline]
    fn write_to<W: fmt::Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        self.write(u32::MAX, &mut MessageWriter::new(out, &BuiltIn))
    }

    /// Takes the layout's fields off the front of a reader. The bytes after them stay in the reader.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault>;

    /// The view of a payload that fits to its last byte: [`View::parse`] without a reason.
    #[inline]
    fn fits(payload: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        match Self::read(&mut reader) {
            Ok(view) if reader.rest().is_empty() => Some(view),
            _ => None,
        }
    }

    /// Decodes a payload, to its last byte. Its pointers are those of a 64-bit process.
    ///
    /// # Errors
    /// The field that cannot be read, or the bytes left over after the last one.
    #[inline]
    fn parse(payload: &'a [u8]) -> Result<Self, Mismatch> {
        Self::parse_with(PointerSize::Bits64, payload)
    }

    /// [`View::parse`] for payloads with pointers of this size.
    ///
    /// # Errors
    /// Those of [`View::parse`].
    #[inline]
    fn parse_with(pointers: PointerSize, payload: &'a [u8]) -> Result<Self, Mismatch> {
        let mut reader = Reader::new(payload).with_pointers(pointers);
        let view = Self::read(&mut reader);
        finish(Self::INFO, view, &reader)
    }
}

impl<'a, V: View<'a>> AnyView<'a> for V {
    fn layout(&self) -> &'static LayoutInfo {
        V::INFO
    }

    fn part(&self, part: usize) -> Option<Part<'a>> {
        View::part(self, part)
    }

    fn write_message(&self, build: u32, out: &mut AnyMessageWriter<'_>) -> fmt::Result {
        self.write(build, out)
    }
}

impl<'a, V: View<'a>> Record<'a> for V {
    fn view(&self) -> &dyn AnyView<'a> {
        self
    }
}

/// Strict decoding's last step: the fields were read and nothing is left.
#[inline]
pub(crate) fn finish<T>(
    layout: &'static LayoutInfo,
    read: Result<T, Fault>,
    reader: &Reader<'_>,
) -> Result<T, Mismatch> {
    match read {
        Ok(value) if reader.rest().is_empty() => Ok(value),
        Ok(_) => Err(Mismatch::left_over(layout, reader.offset(), reader.rest().len())),
        Err(fault) => Err(Mismatch::of_field(layout, fault)),
    }
}

/// Debug of a record: the layout's name and its fields, named as in the manifest.
#[doc(hidden)]
pub fn debug_record<'a>(record: &impl Record<'a>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut out = f.debug_struct(record.layout().name);
    for (field, value) in record.fields() {
        out.field(field.name, &value);
    }
    out.finish()
}

/// Whether two records are of one layout and hold the same bytes.
#[doc(hidden)]
pub fn records_are_equal<'a, 'b>(one: &impl Record<'a>, other: &impl Record<'b>) -> bool {
    views_are_equal(one.view(), other.view())
}

fn views_are_equal(one: &dyn AnyView<'_>, other: &dyn AnyView<'_>) -> bool {
    one.layout() == other.layout() && parts_are_equal(|part| one.part(part), |part| other.part(part))
}

/// Hashes what [`records_are_equal`] compares.
#[doc(hidden)]
pub fn hash_record<'a>(record: &impl Record<'a>, state: &mut impl Hasher) {
    hash_view(record.view(), state);
}

fn hash_view(view: &dyn AnyView<'_>, state: &mut dyn Hasher) {
    state.write_u16(view.layout().index);
    hash_parts(|part| view.part(part), state);
}

/// Serialises a record as a map from the manifest's field names to values.
#[cfg(feature = "serde")]
#[doc(hidden)]
pub fn serialize_record<'a, S: serde::Serializer>(record: &impl Record<'a>, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&crate::serialize::Fields(record), serializer)
}

/// Implements `Clone`, `Copy`, `PartialEq`, `Eq`, `Hash`, `Debug`, `Display` and, with this crate's feature `serde`, `Serialize` for records.
#[doc(hidden)]
#[macro_export]
macro_rules! record_traits {
    ($($record:ident),* $(,)?) => {$(
        // Not derived: a derive costs compile time for each member, in every build, and gains nothing.
        #[allow(clippy::expl_impl_clone_on_copy)]
        impl ::core::clone::Clone for $record<'_> {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl ::core::marker::Copy for $record<'_> {}

        impl ::core::fmt::Debug for $record<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::glue::debug_record(self, f)
            }
        }

        impl ::core::fmt::Display for $record<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::glue::display_record(self, f)
            }
        }

        /// Two are equal if they are of one layout and hold the same bytes.
        impl ::core::cmp::PartialEq for $record<'_> {
            fn eq(&self, other: &Self) -> bool {
                $crate::glue::records_are_equal(self, other)
            }
        }

        impl ::core::cmp::Eq for $record<'_> {}

        impl ::core::hash::Hash for $record<'_> {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                $crate::glue::hash_record(self, state);
            }
        }

        $crate::serialize_traits!($record);
    )*};
}

/// Implements `Serialize` for a record.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! serialize_traits {
    ($record:ident) => {
        impl $crate::glue::serde::Serialize for $record<'_> {
            fn serialize<S: $crate::glue::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::glue::serialize_record(self, serializer)
            }
        }
    };
}

/// Implements nothing: the feature `serde` is off.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serialize_traits {
    ($record:ident) => {};
}
