//! The header of a buffer: 72 bytes before its records.

use crate::bytes::Bytes;
use crate::error::ErrorKind;

/// The size of a buffer's header.
pub(super) const HEADER: u32 = 0x48;
/// The largest buffer that Windows makes (`MAX_ETW_BUFFER_SIZE`), with its header.
pub(super) const LARGEST: u32 = (16 << 20) + HEADER;

/// The header of a buffer: the fields that have a meaning in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BufferHeader {
    /// Bytes to the next buffer.
    pub(super) size: u32,
    /// `SavedOffset`: where the records end; for a compressed buffer, its unpacked size.
    pub(super) saved_offset: u32,
    /// `TimeStamp`: when the buffer was flushed, by the trace's clock; 0 in the first buffer of some files.
    pub(super) flushed: i64,
    /// `SequenceNumber` among the session's buffers.
    pub(super) sequence: i64,
    /// The processor that filled it.
    pub(super) cpu: u16,
    /// `LoggerId`: the session.
    pub(super) logger: u16,
    /// `State`; in the first buffer of a compressed file the format of compression.
    pub(super) state: u32,
    /// `Offset`: where the records end.
    pub(super) offset: u32,
    /// `BufferFlag`.
    pub(super) flags: u16,
    /// `BufferType`.
    pub(super) kind: u16,
}

/// `BufferFlag`: events were lost before this buffer.
const EVENTS_LOST: u16 = 2;
/// `BufferFlag`: buffers were lost before this one.
const BUFFER_LOST: u16 = 4;
/// `BufferFlag`: the processor is a number of 16 bits.
const PROC_INDEX: u16 = 0x20;
/// `BufferFlag`: what follows the header is compressed.
const COMPRESSED: u16 = 0x40;

impl BufferHeader {
    /// From the first bytes of a buffer.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let b = Bytes(bytes.get(..HEADER as usize)?);
        let flags = b.u16(0x34)?;
        let cpu = if flags & PROC_INDEX == 0 { b.u8(0x28)?.into() } else { b.u16(0x28)? };
        Some(Self {
            size: b.u32(0)?,
            saved_offset: b.u32(4)?,
            flushed: b.i64(0x10)?,
            sequence: b.i64(0x18)?,
            cpu,
            logger: b.u16(0x2A)?,
            state: b.u32(0x2C)?,
            offset: b.u32(0x30)?,
            flags,
            kind: b.u16(0x36)?,
        })
    }

    /// Whether what follows the header is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.flags & COMPRESSED != 0
    }

    /// Whether it is marked as the first after a loss of events or buffers.
    pub(super) fn follows_loss(&self) -> bool {
        self.flags & (EVENTS_LOST | BUFFER_LOST) != 0
    }

    /// Where the records end, counted in unpacked bytes.
    pub(super) fn end(&self) -> u32 {
        if self.is_compressed() || self.offset == 0 { self.saved_offset } else { self.offset }
    }

    /// Checks that the size is possible.
    pub(super) fn check_size(&self) -> Result<(), ErrorKind> {
        if (HEADER..=LARGEST).contains(&self.size) {
            return Ok(());
        }
        Err(ErrorKind::BufferSize { size: self.size, least: HEADER, most: LARGEST })
    }

    /// Whether these may be the first bytes of a buffer. This is how the next buffer is found if a size is wrong.
    pub(super) fn is_plausible(&self) -> bool {
        let end = self.end();
        self.check_size().is_ok()
            && self.kind <= 7
            && self.flags & !0x7F == 0
            && end >= HEADER
            && end <= if self.is_compressed() { LARGEST } else { self.size }
    }
}
