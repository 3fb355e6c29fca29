//! Event logs (`.evtx`) as a source.
//!
//! A log does not have the build that wrote an event, but the names of its fields. They are compared with the layouts.
//! Equal names and types settle the layout; if names differ, number, order and types must fit exactly one layout.

use std::sync::Arc;

use etw_recording::{
    Error, Utf16,
    evtx::{Log, LogRecord, LogRecords, SystemBuilds, ValueType},
};
use etw_runtime::{FieldInfo, InType, LayoutInfo};
use smbserver_etw::{Build, descriptor::Channel, schema::PROVIDER};

use super::{Prefilter, Progress};
use crate::{
    failure::{Cause, NamesError},
    raw::{Header, Raw},
};

/// Where the build of a log's events comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogBuild {
    /// The command line.
    pub(crate) given: Option<Build>,
    /// The `System.evtx` in the same folder.
    pub(crate) system: Option<Arc<SystemBuilds>>,
}

/// The SMBServer records of a log, the oldest first.
pub(crate) struct LogCursor<'l> {
    records: LogRecords<'l, 'static>,
    file: Arc<str>,
    build: LogBuild,
    progress: Progress,
}

impl<'l> LogCursor<'l> {
    /// A cursor at the first record.
    pub(crate) fn new(log: &'l mut Log<'static>, file: Arc<str>, build: LogBuild) -> Self {
        Self { records: log.records(), file, build, progress: Progress::default() }
    }

    /// Fills `raw` with the next event that is wanted. `None` after the last.
    pub(crate) fn next(&mut self, wanted: &Prefilter, raw: &mut Raw) -> Option<Result<(), Error>> {
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            self.progress.bytes = self.progress.bytes.max(record.place.start);
            let Some(key) = record.key.filter(|_| is_ours(&record)) else {
                self.progress.others += 1;
                continue;
            };
            self.progress.events += 1;
            if !wanted.admits(key.id, record.time) {
                continue;
            }
            raw.file = Some(Arc::clone(&self.file));
            raw.record = Some(record.event_record_id().unwrap_or(record.id()));
            raw.time = record.time;
            raw.id = key.id;
            raw.version = Some(key.version);
            raw.pointer_size = record.pointer_size.unwrap_or_default();
            raw.header = Some(header(&record));
            fill_payload(raw, &record, &self.build);
            return Some(Ok(()));
        }
    }

    /// The progress.
    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }
}

/// Whether SMBServer wrote it: by the GUID, or by the channel if the template with the GUID was overwritten.
fn is_ours(record: &LogRecord<'_>) -> bool {
    if !record.provider.is_nil() {
        return record.provider == PROVIDER.guid;
    }
    record.provider_name().is_some_and(|name| name == PROVIDER.name)
        || record.channel_name().and_then(channel).is_some()
}

fn channel(name: Utf16<'_>) -> Option<Channel> {
    Channel::NAMED.iter().find(|(_, known)| name == *known).map(|(channel, _)| *channel)
}

fn header(record: &LogRecord<'_>) -> Header {
    Header {
        channel: record.channel_name().and_then(channel),
        level: record.level,
        opcode: record.opcode,
        task: record.task,
        keywords: record.keywords,
        pid: record.pid,
        tid: record.tid,
        cpu: None,
        activity: record.activity,
        related_activity: record.related_activity,
        user: record.user.map(|user| user.to_string()),
        computer: record.computer().map(|name| name.to_string()),
    }
}

/// Fills in payload, build, layout and notes.
fn fill_payload(raw: &mut Raw, record: &LogRecord<'_>, build: &LogBuild) {
    raw.notes.clear();
    raw.layout = None;
    raw.fault = None;
    let at_the_time = || record.time.and_then(|time| build.system.as_ref()?.at(time)).map(Build::from);
    raw.build = build.given.or_else(at_the_time);
    raw.payload.clear();
    if let Some(error) = record.processing_error() {
        let code = error.code.map_or_else(String::new, |code| format!(" (error {code})"));
        raw.notes.push(format!(
            "the log service of Windows could not split the payload into fields{code}; this is the payload as the driver wrote it"
        ));
        raw.payload.extend_from_slice(error.payload);
        return;
    }
    let values: Vec<_> = record.values().into_iter().map(|value| Found::new(&value)).collect();
    let mut settled = settle(raw.id, raw.version.unwrap_or_default(), raw.build, &values);
    if matches!(settled, Settled::Not(_)) && build.given.is_none() && raw.build.is_some() {
        // The System.evtx may be from another time or another machine.
        if let yes @ Settled::Yes(..) = settle(raw.id, raw.version.unwrap_or_default(), None, &values) {
            let build = raw.build.take().map_or(0, Build::number);
            raw.notes.push(format!(
                "the System.evtx in the same folder has build {build}, but the names in the log are those of another build"
            ));
            settled = yes;
        }
    }
    match settled {
        Settled::Yes(layout, note) => {
            raw.payload.extend_from_slice(&record.payload(|index| layout.fields.get(index).is_some_and(ends_at_nul)));
            raw.layout = Some(layout);
            raw.notes.extend(note);
        }
        Settled::Not(error) => {
            raw.payload.extend_from_slice(&record.payload(|_| false));
            raw.fault = Some(Cause::Names(error));
        }
        Settled::Unknown => raw.payload.extend_from_slice(&record.payload(|_| false)),
    }
}

/// What a log says about a value: its name and type.
struct Found {
    name: Option<String>,
    kind: ValueType,
}

impl Found {
    fn new(value: &etw_recording::evtx::Value<'_>) -> Self {
        let name = value.name.map(|name| name.to_string());
        // A null value has no type of its own; the template has one.
        Self { name, kind: value.declared.unwrap_or(value.kind) }
    }
}

/// What names and types say about the layout.
enum Settled {
    /// The layout, and perhaps a note about how it was found.
    Yes(&'static LayoutInfo, Option<String>),
    /// No layout fits, or several do.
    Not(NamesError),
    /// There are no layouts to choose from: the event, its version or the build is unknown.
    Unknown,
}

fn settle(id: u16, version: u8, build: Option<Build>, values: &[Found]) -> Settled {
    let Some(version) = PROVIDER.event(id).and_then(|event| event.version(version)) else { return Settled::Unknown };
    let layouts: Vec<_> = match build {
        Some(build) => {
            PROVIDER.capture_for(build.number()).and_then(|capture| version.layout_at(capture)).into_iter().collect()
        }
        None => version.layouts.to_vec(),
    };
    if layouts.is_empty() {
        return Settled::Unknown;
    }
    let by_type: Vec<_> = layouts.iter().copied().filter(|layout| types_agree(layout, values)).collect();
    let by_name: Vec<_> = by_type.iter().copied().filter(|layout| differing(layout, values).is_empty()).collect();
    match (by_name.as_slice(), by_type.as_slice()) {
        ([layout], _) => Settled::Yes(layout, None),
        ([], [layout]) => Settled::Yes(layout, Some(note(layout, values))),
        _ => Settled::Not(NamesError {
            found: values.iter().map(Found::described).collect(),
            several: by_type.len() > 1,
            layouts,
        }),
    }
}

impl Found {
    fn described(&self) -> (String, String) {
        (self.name.clone().unwrap_or_else(|| "?".to_owned()), self.kind.to_string())
    }
}

fn types_agree(layout: &LayoutInfo, values: &[Found]) -> bool {
    layout.fields.len() == values.len()
        && layout.fields.iter().zip(values).all(|(field, value)| type_agrees(field, value.kind))
}

fn type_agrees(field: &FieldInfo, kind: ValueType) -> bool {
    let element = kind.element();
    let expected = match field.in_type {
        InType::UnicodeString | InType::CountedUnicodeString => ValueType::STRING,
        InType::AnsiString | InType::CountedAnsiString => ValueType::ANSI_STRING,
        InType::Int8 => ValueType(3),
        InType::UInt8 => ValueType(4),
        InType::Int16 => ValueType(5),
        InType::UInt16 => ValueType(6),
        InType::Int32 => ValueType(7),
        InType::UInt32 => ValueType(8),
        InType::Int64 => ValueType(9),
        InType::UInt64 => ValueType(10),
        InType::Float => ValueType(11),
        InType::Double => ValueType(12),
        InType::Boolean => ValueType(13),
        InType::Binary | InType::CountedBinary => ValueType::BINARY,
        InType::Guid => ValueType::GUID,
        InType::Pointer => ValueType::SIZE_T,
        InType::FileTime => ValueType::FILETIME,
        InType::SystemTime => ValueType::SYSTEMTIME,
        InType::Sid => ValueType::SID,
        InType::HexInt32 => ValueType::HEX_INT32,
        InType::HexInt64 => ValueType::HEX_INT64,
        _ => return false,
    };
    // An empty value may be recorded as a null value; its type is lost if the template is.
    if kind == ValueType::NULL {
        return true;
    }
    let is_pointer =
        expected == ValueType::SIZE_T && (element == ValueType::HEX_INT32 || element == ValueType::HEX_INT64);
    (element == expected || is_pointer) && kind.is_array() == field.count.is_some()
}

/// The names that differ: in the log and in the layout.
fn differing<'v>(layout: &LayoutInfo, values: &'v [Found]) -> Vec<(Option<&'v str>, &'static str)> {
    let pairs = layout.fields.iter().zip(values).map(|(field, value)| (value.name.as_deref(), field.name));
    pairs.filter(|(found, name)| *found != Some(*name)).collect()
}

fn note(layout: &LayoutInfo, values: &[Found]) -> String {
    let differing = differing(layout, values);
    let named: Vec<_> =
        differing.iter().filter_map(|(found, name)| Some(format!("{} for {name}", (*found)?))).collect();
    if named.is_empty() {
        return "the log has lost the names of its fields; their number, order and types fit only one layout"
            .to_owned();
    }
    format!(
        "the log has other names of fields; their number, order and types fit only one layout: {}",
        named.join(", ")
    )
}

/// Whether the field is a NUL-terminated string, whose NUL a log may leave out.
fn ends_at_nul(field: &FieldInfo) -> bool {
    let is_text = matches!(field.in_type, InType::UnicodeString | InType::AnsiString);
    is_text && field.length.is_none() && field.count.is_none()
}
