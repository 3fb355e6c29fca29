//! What traces and logs have in common: an event as it was recorded.

use etw_runtime::{EventKey, FileTime, Guid, PointerSize, RawEvent, Sid};

/// An event as it was recorded. The payload is borrowed from the file, or from the buffer that it was unpacked to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The provider, or the class of a classic event.
    pub provider: Guid,
    /// Id and version. Records that are no events of a manifest (classic events, the kernel's own) have none.
    pub key: Option<EventKey>,
    /// The channel's number; event logs know channels by name.
    pub channel: Option<u8>,
    /// The level; 0 where the record has none.
    pub level: u8,
    /// The opcode; the type of a classic event.
    pub opcode: u8,
    /// The task; 0 where the record has none.
    pub task: u16,
    /// The keywords; 0 where the record has none.
    pub keywords: u64,
    /// When the event was written. None if the file's clock cannot be told.
    pub time: Option<FileTime>,
    /// The same in the units of the trace's clock.
    pub clock: Option<i64>,
    /// The process that wrote it.
    pub pid: Option<u32>,
    /// The thread that wrote it.
    pub tid: Option<u32>,
    /// The processor that it was written on.
    pub cpu: Option<u16>,
    /// The activity that it belongs to, unless it is all zero.
    pub activity: Option<Guid>,
    /// The activity that this one is related to.
    pub related_activity: Option<Guid>,
    /// The user in whose name it was written, where the file tells.
    pub user: Option<Sid<'a>>,
    /// The size of the payload's pointers, where the file tells.
    pub pointer_size: Option<PointerSize>,
    /// The Windows build, where the file tells.
    pub build: Option<u32>,
    /// The bytes of the event's fields.
    pub payload: &'a [u8],
    /// Where it was found.
    pub place: Place,
}

impl<'a> Record<'a> {
    /// What a decoder takes. None for a record that is no event of a manifest.
    ///
    /// Without a word of the file the pointers are taken to be 64-bit.
    pub fn raw_event(&self) -> Option<RawEvent<'a>> {
        let mut raw = RawEvent::new(self.provider, self.key?, self.payload)
            .with_pointer_size(self.pointer_size.unwrap_or_default());
        raw.build = self.build;
        Some(raw)
    }
}

/// Where in the file a record was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file offset of the buffer or chunk.
    pub start: u64,
    /// The record's offset from there. In a compressed buffer it counts unpacked bytes.
    pub within: u32,
    /// The number of the buffer or chunk, in the order of the file from 0.
    pub container: u64,
}
