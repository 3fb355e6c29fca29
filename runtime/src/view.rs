//! The contract between generated code and this crate: what a decoded event can tell of itself.

use core::fmt;

use crate::message::{Message, MessageWriter};
use crate::status::StatusText;
use crate::{Fault, FieldInfo, LayoutInfo, Mismatch, PointerSize, Reader, Value};

/// A decoded event: a view of one layout, or an enum of views. The generic way to its values.
pub trait Record<'a>: Copy {
    /// The layout that the payload was read as.
    fn layout(&self) -> &'static LayoutInfo;

    /// The value of the field with this index; none past the last.
    fn value(&self, field: usize) -> Option<Value<'a>>;

    /// Writes the message, in the words that the given build has for it. Nothing, where its manifest has none.
    fn write_message(&self, build: u32, out: &mut MessageWriter<'_, '_>) -> fmt::Result;

    /// The message in the newest words, to be displayed, with the texts of status codes from `status_texts`.
    /// `Display` of the record itself is the same with the built-in texts.
    fn message<'s>(&self, status_texts: &'s dyn StatusText) -> Message<'s, Self> {
        Message::new(*self, u32::MAX, status_texts)
    }

    /// The fields and their values, in the order of the payload.
    fn fields(&self) -> impl Iterator<Item = (&'static FieldInfo, Value<'a>)> {
        let record = *self;
        let fields = self.layout().fields.iter().enumerate();
        fields.filter_map(move |(index, field)| Some((field, record.value(index)?)))
    }

    /// The value of the first field with this name, as the manifest spells it.
    fn field(&self, name: &str) -> Option<Value<'a>> {
        let index = self.layout().fields.iter().position(|field| field.name == name)?;
        self.value(index)
    }
}

/// A typed view over the payload of one layout.
///
/// A view borrows: it holds slices of the payload, and reads a field when it is asked for.
pub trait View<'a>: Copy {
    /// The layout.
    const INFO: &'static LayoutInfo;

    /// [`Record::value`] of this layout.
    fn value_at(&self, field: usize) -> Option<Value<'a>>;

    /// [`Record::write_message`] of this layout.
    fn write(&self, build: u32, out: &mut MessageWriter<'_, '_>) -> fmt::Result;

    /// Takes the layout's fields off the front of a reader. Bytes behind them stay in the reader.
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
    /// The field that cannot be read, or the bytes left over behind the last.
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

impl<'a, V: View<'a>> Record<'a> for V {
    fn layout(&self) -> &'static LayoutInfo {
        V::INFO
    }

    fn value(&self, field: usize) -> Option<Value<'a>> {
        self.value_at(field)
    }

    fn write_message(&self, build: u32, out: &mut MessageWriter<'_, '_>) -> fmt::Result {
        self.write(build, out)
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

/// Serialises a record as a map from the manifest's field names to values.
#[cfg(feature = "serde")]
#[doc(hidden)]
pub fn serialize_record<'a, S: serde::Serializer>(record: &impl Record<'a>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(record.fields().map(|(field, value)| (field.name, value)))
}

/// Implements `Debug`, `Display` and, with this crate's feature `serde`, `Serialize` for records.
#[doc(hidden)]
#[macro_export]
macro_rules! record_traits {
    ($($record:ident),* $(,)?) => {$(
        impl ::core::fmt::Debug for $record<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::debug_record(self, f)
            }
        }

        impl ::core::fmt::Display for $record<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::display_record(self, f)
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
        impl $crate::serde::Serialize for $record<'_> {
            fn serialize<S: $crate::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::serialize_record(self, serializer)
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
