//! Goes from buffer to buffer, by the size in the header of each.

use super::buffer::{BufferHeader, HEADER, LARGEST};
use super::stats::Stats;
use crate::error::{Error, ErrorKind};
use crate::source::Source;

/// A buffer that was found: its header and its offset.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) offset: u64,
    /// Its number in the file.
    pub(super) number: u64,
    pub(super) header: BufferHeader,
    /// Bytes of it that are in the file.
    pub(super) available: u32,
}

/// The position in the file.
#[derive(Debug, Default)]
pub(super) struct Walk {
    at: u64,
    number: u64,
    scratch: Vec<u8>,
}

/// The number of bytes that are read at once when searching for a buffer.
const STEP: usize = 64 << 10;

/// Whether a buffer may begin at an offset.
fn is_header(source: &mut Source<'_>, at: u64, scratch: &mut Vec<u8>) -> bool {
    let bytes = source.read(at, HEADER as usize, scratch).unwrap_or_default();
    BufferHeader::parse(bytes).is_some_and(|header| header.is_plausible())
}

impl Walk {
    /// The next buffer. `None` at the end of the file.
    ///
    /// `plain` is the size of all buffers, if they are known to be equal. After a bad header, the next one is looked
    /// for at multiples of it.
    pub(super) fn next(
        &mut self,
        source: &mut Source<'_>,
        plain: Option<u32>,
        stats: &mut Stats,
    ) -> Option<Result<Found, Error>> {
        let mut left = self.left(source, HEADER).filter(|&left| left > 0)?;
        let offset = self.at;
        let bytes = match source.read(offset, HEADER as usize, &mut self.scratch) {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(self.give_up(left, ErrorKind::Io(error), stats))),
        };
        let empty = bytes.iter().all(|&byte| byte == 0);
        let Some(header) = BufferHeader::parse(bytes) else {
            if empty {
                return self.skip_zeros(source, plain, stats);
            }
            return Some(Err(self.give_up(left, ErrorKind::BufferHeaderCut { available: left }, stats)));
        };
        if empty {
            return self.skip_zeros(source, plain, stats);
        }
        if let Err(kind) = header.check_size().and_then(|()| self.check_plain(source, plain, header.size)) {
            return Some(Err(self.resync(source, plain, kind, stats)));
        }
        left = self.left(source, header.size).unwrap_or(left);
        stats.buffers += 1;
        stats.compressed_buffers += u64::from(header.is_compressed());
        stats.loss_marks += u64::from(header.follows_loss());
        stats.header_bytes += u64::from(HEADER);
        self.at = offset.saturating_add(header.size.into());
        self.number += 1;
        let available = u32::try_from(left).map_or(header.size, |left| left.min(header.size));
        Some(Ok(Found { offset, number: self.number - 1, header, available }))
    }

    /// The bytes from here to the end of the file. If they are less than `wanted`, a session may still be writing: it is looked
    /// whether there are more by now.
    fn left(&self, source: &mut Source<'_>, wanted: u32) -> Option<u64> {
        let is_short = self.at.saturating_add(wanted.into()) > source.len();
        if is_short && self.at != u64::MAX {
            // A reader that fails here fails when it is read, too.
            let _ = source.grow();
        }
        source.len().checked_sub(self.at)
    }

    /// Checks a size that differs from that of the other buffers: it must lead to another header. Files that several
    /// sessions appended to may have several sizes.
    fn check_plain(&mut self, source: &mut Source<'_>, plain: Option<u32>, size: u32) -> Result<(), ErrorKind> {
        let Some(plain) = plain.filter(|&plain| plain != size) else { return Ok(()) };
        let next = self.at.saturating_add(size.into());
        if next == source.len() || is_header(source, next, &mut self.scratch) {
            return Ok(());
        }
        Err(ErrorKind::BufferSize { size, least: plain, most: plain })
    }

    /// Gives up the rest of the file.
    fn give_up(&mut self, left: u64, kind: ErrorKind, stats: &mut Stats) -> Error {
        stats.unread_bytes += left;
        let error = Error::new(self.at, kind);
        self.at = u64::MAX;
        error
    }

    /// Moves to the next offset where a header may be, or to the end of the file.
    fn resync(&mut self, source: &mut Source<'_>, plain: Option<u32>, kind: ErrorKind, stats: &mut Stats) -> Error {
        let error = Error::new(self.at, kind);
        let length = source.len();
        let from = self.at;
        self.at = length;
        if let Some(plain) = plain.filter(|&plain| plain >= HEADER) {
            let mut at = from.saturating_add(plain.into());
            while at < length {
                if is_header(source, at, &mut self.scratch) {
                    self.at = at;
                    break;
                }
                at = at.saturating_add(plain.into());
            }
        }
        stats.unread_bytes += self.at - from;
        error
    }

    /// Skips zeros, to the end of the file or to the next error.
    fn skip_zeros(
        &mut self,
        source: &mut Source<'_>,
        plain: Option<u32>,
        stats: &mut Stats,
    ) -> Option<Result<Found, Error>> {
        let length = source.len();
        let mut at = self.at;
        while at < length {
            let zeros = match source.read(at, STEP, &mut self.scratch) {
                // The file became shorter while it was read.
                Ok([]) => break,
                Ok(bytes) if bytes.iter().all(|&byte| byte == 0) => bytes.len(),
                Ok(_) => {
                    let kind = ErrorKind::BufferSize { size: 0, least: HEADER, most: LARGEST };
                    return Some(Err(self.resync(source, plain, kind, stats)));
                }
                Err(error) => return Some(Err(self.give_up(length - self.at, ErrorKind::Io(error), stats))),
            };
            at += u64::try_from(zeros).unwrap_or(u64::MAX);
        }
        stats.preallocated_bytes += length - self.at;
        self.at = length;
        None
    }
}
