//! What the first buffer says about all others.

use super::buffer::{BufferHeader, LARGEST};
use super::clock::Clock;
use super::header::Header;
use super::walk::Found;
use crate::filter::Filter;

/// `LogFileMode`: buffers are compressed, and the state of the first one gives the format.
const COMPRESSED: u32 = 0x0400_0000;
/// `LogFileMode`: several sessions wrote the file, one after the other.
const APPEND: u32 = 4;
/// Plain LZ77.
const XPRESS: u32 = 3;

/// What all buffers share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    /// None without a log file header.
    pub(super) clock: Option<Clock>,
    pub(super) build: Option<u32>,
    /// The size of all buffers, if they are equal.
    pub(super) plain: Option<u32>,
    /// The largest size that a compressed buffer may unpack to.
    pub(super) largest: u32,
    /// The number of the compression format.
    pub(super) compression: u32,
}

impl Session {
    /// What is known before the log file header is read.
    pub(super) fn unknown() -> Self {
        Self { clock: None, build: None, plain: None, largest: LARGEST, compression: XPRESS }
    }

    pub(super) fn new(first: &BufferHeader, header: &Header) -> Self {
        let uniform = header.mode & (COMPRESSED | APPEND) == 0 && !header.is_merged();
        let named = header.mode & COMPRESSED != 0 && first.state & 0xFFFF != 0;
        Self {
            clock: Some(header.clock()),
            build: Some(header.build),
            plain: (uniform && first.size == header.buffer_size).then_some(first.size),
            largest: if header.buffer_size == 0 { LARGEST } else { header.buffer_size.min(LARGEST) },
            compression: if named { first.state & 0xFFFF } else { XPRESS },
        }
    }

    /// Whether no record of a buffer can pass the filter, because it was flushed too early.
    ///
    /// The first buffer has the log file header and may have a time of 0. If the clock can be set, the time of the
    /// buffer proves nothing.
    pub(super) fn is_unwanted(&self, found: &Found, filter: &Filter) -> bool {
        let Some(clock) = self.clock.filter(Clock::is_steady) else { return false };
        found.number > 0
            && found.header.flushed > 0
            && clock.time(found.header.flushed).is_some_and(|last| filter.refuses_all_until(last))
    }
}
