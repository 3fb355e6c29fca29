//! What traces and logs have in common: an event as it was recorded.

use etw_runtime::{EventKey, FileTime, Guid, PointerSize, RawEvent, Sid};

/// An event as it was recorded. The payload is borrowed from the file, or from the buffer that it was unpacked to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The provider; for a classic event, its class.
    pub provider: Guid,
    /// Id and version. `None` for records that have no manifest: classic events, and records of the kernel.
    pub key: Option<EventKey>,
    /// The channel's number. `None` in event logs, which have the names of channels instead.
    pub channel: Option<u8>,
    /// The level; 0 if the record has none.
    pub level: u8,
    /// The opcode; for a classic event, its type.
    pub opcode: u8,
    /// The task; 0 if the record has none.
    pub task: u16,
    /// The keywords; 0 if the record has none.
    pub keywords: u64,
    /// When the event was written. `None` if the clock of the file is unknown.
    pub time: Option<FileTime>,
    /// The same in ticks of the trace's clock.
    pub clock: Option<i64>,
    /// The process that wrote it.
    pub pid: Option<u32>,
    /// The thread that wrote it.
    pub tid: Option<u32>,
    /// The processor that it was written on.
    pub cpu: Option<u16>,
    /// The activity that it belongs to. `None` if all bytes are zero.
    pub activity: Option<Guid>,
    /// The activity that this one is related to.
    pub related_activity: Option<Guid>,
    /// The user of the thread that wrote it, if the file has it.
    pub user: Option<Sid<'a>>,
    /// The size of the payload's pointers, if the file has it.
    pub pointer_size: Option<PointerSize>,
    /// The Windows build, if the file has it.
    pub build: Option<u32>,
    /// The bytes of the event's fields.
    pub payload: &'a [u8],
    /// Its location in the file.
    pub place: Place,
}

impl<'a> Record<'a> {
    /// The event for a decoder. `None` for a record without id and version.
    ///
    /// If the file does not have the size of pointers, they are taken to be 64-bit.
    pub fn raw_event(&self) -> Option<RawEvent<'a>> {
        let mut raw = RawEvent::new(self.provider, self.key?, self.payload)
            .with_pointer_size(self.pointer_size.unwrap_or_default());
        raw.build = self.build;
        Some(raw)
    }
}

/// The location of a record in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file offset of the buffer or chunk.
    pub start: u64,
    /// The record's offset from there. In a compressed buffer it counts unpacked bytes.
    pub within: u32,
    /// The number of the buffer or chunk, in the order of the file, from 0.
    pub container: u64,
}
