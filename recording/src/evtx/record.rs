//! A record of an event log.

use std::borrow::Cow;
use std::ops::Deref;

use etw_runtime::{EventKey, FileTime, Guid, PointerSize, Utf16};

use super::binxml::{Content, Leaf, Template};
use super::system::System;
use super::values::{ValueType, Values};
use crate::record::{Place, Record};

/// The parts of a record.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) id: u64,
    pub(super) written: u64,
    pub(super) live: bool,
    pub(super) system: System<'a>,
    pub(super) values: Values<'a>,
    pub(super) place: Place,
}

/// A record of an event log: what all records have, by [`Deref`], and what only logs have.
///
/// The payload of the record is the bytes of its values, one after the other. A NUL-terminated string may lack its NUL
/// there: [`payload`](Self::payload) adds it. [`values`](Self::values) has the names and types from the template. They
/// can be compared with a layout, since the log does not have the build.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    record: Record<'a>,
    id: u64,
    written: FileTime,
    live: bool,
    system: System<'a>,
    values: Values<'a>,
    error: Option<ProcessingError<'a>>,
}

impl<'a> Deref for LogRecord<'a> {
    type Target = Record<'a>;

    fn deref(&self) -> &Record<'a> {
        &self.record
    }
}

/// Why the log service could not split the payload into fields: its manifest was older than the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessingError<'a> {
    /// The error code: 15005 and similar ones.
    pub code: Option<u32>,
    /// The field that did not fit.
    pub item: Option<Utf16<'a>>,
    /// The whole payload as the driver wrote it.
    pub payload: &'a [u8],
}

/// The form of a record's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// `<EventData><Data Name="…">`: values have labels.
    EventData,
    /// `<UserData>` with elements of the manifest's author: values have the names of elements.
    UserData,
    /// The data are texts instead of values: another tool than Windows wrote them.
    Text,
    /// No data, or the template is lost.
    Unknown,
}

impl<'a> LogRecord<'a> {
    pub(super) fn new(parts: &Parts<'a>) -> Self {
        let Parts { id, written, live, system, values, place } = *parts;
        let error = ProcessingError::from_values(&values);
        let key = system.id.map(|id| EventKey::new(id, system.version.unwrap_or_default()));
        let written = FileTime::from_ticks(written);
        let record = Record {
            provider: system.provider.unwrap_or_default(),
            key,
            channel: None,
            level: system.level.unwrap_or_default(),
            opcode: system.opcode.unwrap_or_default(),
            task: system.task.unwrap_or_default(),
            keywords: system.keywords.unwrap_or_default(),
            time: Some(system.time.unwrap_or(written)),
            clock: None,
            pid: system.pid,
            tid: system.tid,
            cpu: None,
            activity: system.activity,
            related_activity: system.related_activity,
            user: system.user,
            pointer_size: pointer_size(&values),
            build: None,
            payload: error.map_or(values.bytes, |error| error.payload),
            place,
        };
        Self { record, id, written, live, system, values, error }
    }

    /// What all records have.
    pub fn record(&self) -> &Record<'a> {
        &self.record
    }

    /// The record's number in the log.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// `EventRecordID`, which is the same in logs that Windows wrote, and a different one in logs that were exported.
    pub fn event_record_id(&self) -> Option<u64> {
        self.system.record_id
    }

    /// When the log service wrote it: a little later than the event.
    pub fn written(&self) -> FileTime {
        self.written
    }

    /// Whether it is a record of the log. False for one that the log has deleted.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// The provider's name. Compare the GUID instead, if there is one.
    pub fn provider_name(&self) -> Option<Utf16<'a>> {
        self.system.provider_name
    }

    /// The channel's name.
    pub fn channel_name(&self) -> Option<Utf16<'a>> {
        self.system.channel
    }

    /// The machine's name.
    pub fn computer(&self) -> Option<Utf16<'a>> {
        self.system.computer
    }

    /// The upper half of the id, for an event from before there were manifests.
    pub fn qualifiers(&self) -> Option<u16> {
        self.system.qualifiers
    }

    /// The values of the event's fields. With a [`processing_error`](Self::processing_error) they are something else.
    pub fn values(&self) -> Values<'a> {
        self.values
    }

    /// Set if the log service could not split the payload into fields. The payload is then what the driver wrote.
    pub fn processing_error(&self) -> Option<ProcessingError<'a>> {
        self.error
    }

    /// The payload, with the missing NULs of NUL-terminated strings. `ends_at_nul` says by index whether a field is
    /// one. Nothing is copied if no NUL is missing.
    pub fn payload(&self, ends_at_nul: impl Fn(usize) -> bool) -> Cow<'a, [u8]> {
        if self.error.is_some() { Cow::Borrowed(self.record.payload) } else { self.values.payload(ends_at_nul) }
    }

    /// The GUID of the template of the event's data: a hint at its fields, but not a key of the event.
    pub fn template(&self) -> Option<Guid> {
        self.values.template.map(|template| template.guid).filter(|guid| !guid.is_nil())
    }

    /// The form of the data.
    pub fn shape(&self) -> Shape {
        let Some(template) = self.values.template else { return Shape::Unknown };
        let is_value = |leaf: &&Leaf| matches!(leaf.content, Content::Value { .. });
        match template.leaves.iter().find(is_value) {
            Some(leaf) if leaf.element.is(self.values.chunk, "Data") => Shape::EventData,
            Some(_) => Shape::UserData,
            None if self.texts().next().is_some() => Shape::Text,
            None => Shape::Unknown,
        }
    }

    /// The names and texts of data in the form [`Shape::Text`].
    pub fn texts(&self) -> impl Iterator<Item = (Utf16<'a>, Utf16<'a>)> {
        let chunk = self.values.chunk;
        let template: Option<&Template> = self.values.template.filter(|_| self.values.is_empty());
        let leaves = template.map(|template| template.leaves.iter()).unwrap_or_default();
        leaves.filter_map(move |leaf| match leaf.content {
            Content::Text(text) if leaf.attribute.is_none() => {
                Some((leaf.label.unwrap_or(leaf.element).of(chunk), text.of(chunk)))
            }
            _ => None,
        })
    }
}

impl<'a> ProcessingError<'a> {
    fn from_values(values: &Values<'a>) -> Option<Self> {
        let root = values.template?.root?;
        if !root.is(values.chunk, "ProcessingErrorData") {
            return None;
        }
        Some(Self {
            code: values.find("ErrorCode").and_then(|value| value.number()).and_then(|code| code.try_into().ok()),
            item: values.find("DataItemName").and_then(|value| value.text()),
            payload: values.find("EventPayload").filter(|value| value.kind == ValueType::BINARY)?.bytes,
        })
    }
}

/// The size of the first value that is as wide as a pointer.
fn pointer_size(values: &Values<'_>) -> Option<PointerSize> {
    let mut values = values.into_iter();
    let value = values.find(|value| value.declared.is_some_and(|declared| declared.element() == ValueType::SIZE_T))?;
    match value.kind.element() {
        ValueType::HEX_INT32 => Some(PointerSize::Bits32),
        ValueType::HEX_INT64 => Some(PointerSize::Bits64),
        _ => None,
    }
}
