//! The records of a buffer: fourteen kinds of headers, distinguished by a marker.

use std::ops::Deref;

use etw_runtime::{EventKey, Guid, PointerSize, Sid};

use super::clock::Clock;
use super::group;
use super::items::{ItemKind, Items};
use crate::bytes::Bytes;
use crate::error::ErrorKind;
use crate::filter::Filter;
use crate::record::{Place, Record};

/// Records begin at multiples of this.
pub(super) const ALIGNMENT: usize = 8;

/// The size of an event's header.
const EVENT: usize = 80;

/// The kind of a record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeaderKind {
    /// `SYSTEM_TRACE_HEADER`: a record of the kernel.
    System,
    /// The same without processor times.
    Compact,
    /// `EVENT_TRACE_HEADER`: a classic event.
    Classic,
    /// `EVENT_INSTANCE_GUID_HEADER`: a classic event of an instance.
    Instance,
    /// `ERROR`: an error while logging an event.
    Error,
    /// `MESSAGE_TRACE_HEADER`: a WPP message.
    Message,
    /// `PERFINFO_TRACE_HEADER`: a short record of the kernel.
    PerfInfo,
    /// `EVENT_HEADER`: an event of a manifest, or one that describes itself.
    Event,
}

/// The shape of a record, before its contents are checked: its header and its size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    kind: HeaderKind,
    /// `None` if the kind of header does not say.
    pointer_size: Option<PointerSize>,
    /// Header and payload, not the padding.
    pub(super) size: usize,
    /// The size of what comes before extended items and payload, in bytes.
    fixed: usize,
    /// The size of the extended items in bytes, once they are checked.
    items: usize,
}

/// What is at an offset where a record may begin.
pub(super) enum Next {
    /// A record.
    Record(Shape),
    /// The end of the data.
    End,
}

impl Shape {
    /// Reads the marker and the size of the record at the front of `bytes`, which go to the end of the data.
    #[inline]
    pub(super) fn parse(bytes: &[u8]) -> Result<Next, ErrorKind> {
        let b = Bytes(bytes);
        // Fewer bytes are left than a marker has: no record fits.
        let Some(marker) = b.u32(0) else { return Ok(Next::End) };
        let [_, _, kind, family] = marker.to_le_bytes();
        let (kind, pointers, fixed, size_at) = if marker & 0xC000_0000 == 0xC000_0000 {
            if marker == u32::MAX {
                return Ok(Next::End);
            }
            header(kind).ok_or(ErrorKind::RecordType(kind))?
        } else if family & 0xF0 == 0x90 {
            (HeaderKind::Message, None, 8, 0)
        } else {
            return Err(ErrorKind::Marker(marker));
        };
        let size = usize::from(b.u16(size_at).unwrap_or_default());
        let fixed = match kind {
            HeaderKind::PerfInfo => fixed + counters(b.u16(0).unwrap_or_default()),
            HeaderKind::Message => fixed + message_parts(b.u16(6).unwrap_or_default()),
            _ => fixed,
        };
        if size < fixed || size > bytes.len() {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            return Err(ErrorKind::RecordSize { size: number(size), least: number(fixed), most: number(bytes.len()) });
        }
        Ok(Next::Record(Self { kind, pointer_size: pointers, size, fixed, items: 0 }))
    }

    /// The record's time, in ticks of the trace's clock.
    #[inline]
    pub(super) fn clock(&self, record: &[u8]) -> Option<i64> {
        let at = match self.kind {
            HeaderKind::PerfInfo => 8,
            HeaderKind::Message => message_part(record, MESSAGE_TIME)?,
            HeaderKind::Error => return None,
            _ => 0x10,
        };
        Bytes(record).i64(at)
    }

    fn provider(&self, record: &[u8]) -> Guid {
        let b = Bytes(record);
        let provider = match self.kind {
            HeaderKind::System | HeaderKind::Compact | HeaderKind::PerfInfo => b.u8(7).map(group::class),
            HeaderKind::Classic | HeaderKind::Instance | HeaderKind::Event => b.guid(0x18),
            HeaderKind::Message => message_part(record, MESSAGE_GUID).and_then(|at| b.guid(at)),
            HeaderKind::Error => None,
        };
        provider.unwrap_or_default()
    }

    fn id(&self, record: &[u8]) -> Option<u16> {
        if self.kind == HeaderKind::Event { Bytes(record).u16(0x28) } else { None }
    }

    /// Checks the extended items of an event. An error comes with its offset in the record.
    #[inline]
    pub(super) fn check_items(&mut self, record: &[u8]) -> Result<(), (usize, ErrorKind)> {
        if self.kind != HeaderKind::Event || Bytes(record).u16(4).unwrap_or_default() & 1 == 0 {
            return Ok(());
        }
        let payload = record.get(self.fixed..).unwrap_or_default();
        let items = Items::parse(payload).map_err(|(at, kind)| (self.fixed + at, kind))?;
        self.items = items.len();
        Ok(())
    }

    /// Whether a filter lets the record pass, apart from its time.
    #[inline]
    pub(super) fn is_admitted(&self, record: &[u8], filter: &Filter) -> bool {
        filter.admits_id(self.id(record)) && filter.admits_provider(self.provider(record))
    }
}

/// Kind, pointer size, fixed part and offset of the size for a header type.
#[inline]
fn header(kind: u8) -> Option<(HeaderKind, Option<PointerSize>, usize, usize)> {
    const NARROW: Option<PointerSize> = Some(PointerSize::Bits32);
    const WIDE: Option<PointerSize> = Some(PointerSize::Bits64);
    Some(match kind {
        1 => (HeaderKind::System, NARROW, 32, 4),
        2 => (HeaderKind::System, WIDE, 32, 4),
        3 => (HeaderKind::Compact, NARROW, 24, 4),
        4 => (HeaderKind::Compact, WIDE, 24, 4),
        10 => (HeaderKind::Classic, NARROW, 48, 0),
        20 => (HeaderKind::Classic, WIDE, 48, 0),
        11 => (HeaderKind::Instance, NARROW, 72, 0),
        21 => (HeaderKind::Instance, WIDE, 72, 0),
        13 => (HeaderKind::Error, None, 80, 0),
        16 => (HeaderKind::PerfInfo, NARROW, 16, 4),
        17 => (HeaderKind::PerfInfo, WIDE, 16, 4),
        18 => (HeaderKind::Event, NARROW, EVENT, 0),
        19 => (HeaderKind::Event, WIDE, EVENT, 0),
        _ => return None,
    })
}

/// The size of the counters before a PERFINFO payload, which its version gives.
fn counters(version: u16) -> usize {
    8 * usize::from((version >> 15) + (version >> 8 & 7))
}

const MESSAGE_SEQUENCE: u16 = 1;
const MESSAGE_GUID: u16 = 2;
const MESSAGE_COMPONENT: u16 = 4;
const MESSAGE_TIME: u16 = 8;
const MESSAGE_SYSTEM: u16 = 0x20;
const MESSAGE_POINTER32: u16 = 0x40;
const MESSAGE_POINTER64: u16 = 0x80;

/// The optional parts of a WPP message's header, in their order: flag and size.
const MESSAGE_PARTS: [(u16, usize); 5] =
    [(MESSAGE_SEQUENCE, 4), (MESSAGE_GUID, 16), (MESSAGE_COMPONENT, 4), (MESSAGE_TIME, 8), (MESSAGE_SYSTEM, 8)];

/// Whether a message with these flags has a part. A GUID and a component's number exclude each other.
fn has_part(flags: u16, part: u16) -> bool {
    flags & part != 0 && (part != MESSAGE_COMPONENT || flags & MESSAGE_GUID == 0)
}

fn message_parts(flags: u16) -> usize {
    MESSAGE_PARTS.iter().filter(|&&(part, _)| has_part(flags, part)).map(|&(_, size)| size).sum()
}

/// The offset of a part of a WPP message's header.
fn message_part(record: &[u8], wanted: u16) -> Option<usize> {
    let flags = Bytes(record).u16(6)?;
    let mut at = 8;
    for (part, size) in MESSAGE_PARTS {
        if !has_part(flags, part) {
            continue;
        }
        if part == wanted {
            return Some(at);
        }
        at += size;
    }
    None
}

/// A record of a trace: what all records have, by [`Deref`], and what only traces have.
#[derive(Clone, Copy, Debug)]
pub struct TraceRecord<'a> {
    record: Record<'a>,
    kind: HeaderKind,
    items: Items<'a>,
    bytes: &'a [u8],
}

impl<'a> Deref for TraceRecord<'a> {
    type Target = Record<'a>;

    fn deref(&self) -> &Record<'a> {
        &self.record
    }
}

/// What all records of a buffer share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) clock: Option<Clock>,
    pub(super) build: Option<u32>,
    pub(super) cpu: u16,
}

impl<'a> TraceRecord<'a> {
    /// Reads a record whose size and items were checked.
    #[inline]
    pub(super) fn new(shape: Shape, bytes: &'a [u8], context: &Context, clock: Option<i64>, place: Place) -> Self {
        let (head, payload) = bytes.split_at_checked(shape.fixed + shape.items).unwrap_or_default();
        let record = Record {
            provider: Guid::NIL,
            key: None,
            channel: None,
            level: 0,
            opcode: 0,
            task: 0,
            keywords: 0,
            time: clock.and_then(|raw| context.clock?.time(raw)),
            clock,
            pid: None,
            tid: None,
            cpu: Some(context.cpu),
            activity: None,
            related_activity: None,
            user: None,
            pointer_size: shape.pointer_size,
            build: context.build,
            payload,
            place,
        };
        let items = Items::checked(head.get(shape.fixed..).unwrap_or_default());
        let mut this = Self { record, kind: shape.kind, items, bytes };
        if let (HeaderKind::Event, Some(header)) = (shape.kind, bytes.first_chunk()) {
            this.read_event(header);
        } else {
            this.read_other(&shape);
        }
        this
    }

    /// The size of the header is a constant here, so that its fields need no check.
    #[inline]
    fn read_event(&mut self, header: &[u8; EVENT]) {
        let b = Bytes(header);
        let record = &mut self.record;
        record.provider = b.guid(0x18).unwrap_or_default();
        record.tid = b.u32(8);
        record.pid = b.u32(12);
        let [id0, id1, version, channel, level, opcode, task0, task1] = b.array(0x28).unwrap_or_default();
        record.key = Some(EventKey::new(u16::from_le_bytes([id0, id1]), version));
        record.channel = Some(channel);
        record.level = level;
        record.opcode = opcode;
        record.task = u16::from_le_bytes([task0, task1]);
        record.keywords = b.u64(0x30).unwrap_or_default();
        record.activity = b.guid(0x40).filter(|activity| !activity.is_nil());
        if self.items.len() > 0 {
            self.read_items();
        }
    }

    fn read_items(&mut self) {
        let related = self.items.find(ItemKind::RELATED_ACTIVITYID);
        self.record.related_activity = related.and_then(|data| data.first_chunk().copied()).map(Guid::from_bytes);
        self.record.user = self.items.find(ItemKind::SID).and_then(Sid::split).map(|(sid, _)| sid);
    }

    fn read_other(&mut self, shape: &Shape) {
        self.record.provider = shape.provider(self.bytes);
        match shape.kind {
            HeaderKind::Classic | HeaderKind::Instance => self.read_classic(),
            HeaderKind::System | HeaderKind::Compact => self.read_system(),
            HeaderKind::PerfInfo => self.record.opcode = Bytes(self.bytes).u8(6).unwrap_or_default(),
            HeaderKind::Message => self.read_message(),
            HeaderKind::Event | HeaderKind::Error => {}
        }
    }

    fn read_classic(&mut self) {
        let b = Bytes(self.bytes);
        let record = &mut self.record;
        record.opcode = b.u8(4).unwrap_or_default();
        record.level = b.u8(5).unwrap_or_default();
        record.tid = b.u32(8);
        record.pid = b.u32(12);
    }

    fn read_system(&mut self) {
        let b = Bytes(self.bytes);
        self.record.opcode = b.u8(6).unwrap_or_default();
        self.record.tid = b.u32(8);
        self.record.pid = b.u32(12);
    }

    fn read_message(&mut self) {
        let b = Bytes(self.bytes);
        if let Some(at) = message_part(self.bytes, MESSAGE_SYSTEM) {
            self.record.tid = b.u32(at);
            self.record.pid = b.u32(at + 4);
        }
        self.record.pointer_size = match b.u16(6).unwrap_or_default() {
            flags if flags & MESSAGE_POINTER64 != 0 => Some(PointerSize::Bits64),
            flags if flags & MESSAGE_POINTER32 != 0 => Some(PointerSize::Bits32),
            _ => None,
        };
    }

    /// What all records have.
    pub fn record(&self) -> &Record<'a> {
        &self.record
    }

    /// The kind of its header.
    pub fn kind(&self) -> HeaderKind {
        self.kind
    }

    /// The whole record: header, extended items and payload, without the padding to the next.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The extended items of an event; none for other kinds.
    pub fn items(&self) -> Items<'a> {
        self.items
    }

    /// `EVENT_HEADER.Flags` as in the file, without the two bits of the pointer size. 0 for other kinds.
    pub fn flags(&self) -> u16 {
        self.event_word(4)
    }

    /// `EVENT_HEADER.EventProperty`; 0 for other kinds.
    pub fn property(&self) -> u16 {
        self.event_word(6)
    }

    fn event_word(&self, at: usize) -> u16 {
        if self.kind == HeaderKind::Event { Bytes(self.bytes).u16(at).unwrap_or_default() } else { 0 }
    }

    /// The version in the header, for all kinds that have one. An event has it in its key too; records of the kernel
    /// have counters in the upper bits.
    pub fn version(&self) -> Option<u16> {
        let b = Bytes(self.bytes);
        match self.kind {
            HeaderKind::Event => self.record.key.map(|key| key.version.into()),
            HeaderKind::Classic | HeaderKind::Instance => b.u16(6),
            HeaderKind::System | HeaderKind::Compact | HeaderKind::PerfInfo => b.u16(0),
            HeaderKind::Message | HeaderKind::Error => None,
        }
    }

    /// The group, for a record of the kernel.
    pub fn group(&self) -> Option<u8> {
        match self.kind {
            HeaderKind::System | HeaderKind::Compact | HeaderKind::PerfInfo => Bytes(self.bytes).u8(7),
            _ => None,
        }
    }

    /// `ProcessorTime`, or kernel and user time in 32 bits each.
    pub fn processor_time(&self) -> Option<u64> {
        let b = Bytes(self.bytes);
        match self.kind {
            HeaderKind::Event => b.u64(0x38),
            HeaderKind::Classic | HeaderKind::Instance => b.u64(0x28),
            HeaderKind::System => b.u64(0x18),
            _ => None,
        }
    }

    /// The message number, for a WPP message.
    pub fn message_number(&self) -> Option<u16> {
        if self.kind == HeaderKind::Message { Bytes(self.bytes).u16(4) } else { None }
    }

    /// Whether the event contains its own schema: TraceLogging, or the manifest of an EventSource.
    pub fn is_self_describing(&self) -> bool {
        const MANIFEST: u16 = 0xFFFE;
        const TRACE_LOGGING: u8 = 11;
        self.kind == HeaderKind::Event
            && (self.record.channel == Some(TRACE_LOGGING)
                || self.record.key.is_some_and(|key| key.id == MANIFEST)
                || self.items.find(ItemKind::EVENT_SCHEMA_TL).is_some())
    }

    /// Whether the event is one UTF-16 string instead of fields.
    pub fn is_string_only(&self) -> bool {
        self.flags() & 4 != 0
    }
}

/// A part of the schema that a merged file holds for its events, as registered on the machine that merged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schema<'a> {
    /// `TRACE_EVENT_INFO`: one event's names, types and messages, for [`EventInfo::parse`](super::EventInfo::parse).
    EventInfo(&'a [u8]),
    /// A provider's GUID and `EVENT_MAP_INFO`: one map, for [`MapInfo::parse`](super::MapInfo::parse).
    MapInfo(&'a [u8]),
}

impl<'a> TraceRecord<'a> {
    /// The schema that the record holds, if it is one of [`EVENT_METADATA`](super::EVENT_METADATA).
    pub fn schema(&self) -> Option<Schema<'a>> {
        if self.kind != HeaderKind::Classic || self.record.provider != super::EVENT_METADATA {
            return None;
        }
        match self.record.opcode {
            32 => Some(Schema::EventInfo(self.record.payload)),
            33 => Some(Schema::MapInfo(self.record.payload)),
            _ => None,
        }
    }
}
