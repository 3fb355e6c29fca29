//! A buffer in memory, read record by record.

use super::buffer::HEADER;
use super::lz77;
use super::record::{ALIGNMENT, Context, Next, Shape, TraceRecord};
use super::session::Session;
use super::stats::Stats;
use super::walk::Found;
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::record::Place;
use crate::source::Source;

/// The bytes of a buffer, unpacked.
#[derive(Debug)]
enum Data<'a> {
    /// A part of a file that is in memory.
    Slice(&'a [u8]),
    Owned,
}

/// A buffer in memory. It is used for many buffers of the file, so that memory is allocated once.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    found: Found,
    data: Data<'a>,
    /// The bytes of the buffer, if it was copied or unpacked.
    owned: Vec<u8>,
    packed: Vec<u8>,
    /// The offset of the next record, and the end of the last one.
    at: usize,
    end: usize,
    /// An error to return after the records before it.
    trouble: Option<Error>,
    /// The time of the previous record, in ticks of the clock.
    pub(super) last: Option<i64>,
}

/// A record that the filter lets pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    at: usize,
    shape: Shape,
    pub(super) clock: Option<i64>,
}

/// The next thing in a buffer.
pub(super) enum Step {
    Record(Ready),
    Error(Error),
    End,
}

impl<'a> Loaded<'a> {
    pub(super) fn new() -> Self {
        Self {
            found: Found::default(),
            data: Data::Slice(&[]),
            owned: Vec::new(),
            packed: Vec::new(),
            at: 0,
            end: 0,
            trouble: None,
            last: None,
        }
    }

    /// The memory it holds, in bytes.
    pub(super) fn held(&self) -> usize {
        self.owned.capacity() + self.packed.capacity()
    }

    /// The file offset of the buffer.
    pub(super) fn offset(&self) -> u64 {
        self.found.offset
    }

    pub(super) fn cpu(&self) -> u16 {
        self.found.header.cpu
    }

    fn bytes(&self) -> &[u8] {
        match self.data {
            Data::Slice(bytes) => bytes,
            Data::Owned => &self.owned,
        }
    }

    /// Makes the buffer an empty one.
    fn clear(&mut self, found: Found) {
        self.found = found;
        self.data = Data::Slice(&[]);
        self.at = HEADER as usize;
        self.end = HEADER as usize;
        self.trouble = None;
    }

    /// Reads a buffer, and unpacks it if it is compressed. An error comes after the records that can be read.
    pub(super) fn load(
        &mut self,
        source: &mut Source<'a>,
        found: Found,
        session: &Session,
        filter: &Filter,
        stats: &mut Stats,
    ) {
        self.clear(found);
        if session.is_unwanted(&found, filter) {
            stats.skipped_buffers += 1;
            stats.skipped_bytes += u64::from(found.available.saturating_sub(HEADER));
            return;
        }
        let header = found.header;
        let result =
            if header.is_compressed() { self.load_packed(source, session) } else { self.load_plain(source, stats) };
        if let Err(kind) = result {
            stats.unread_bytes += u64::from(found.available.saturating_sub(HEADER));
            self.trouble = Some(Error::new(found.offset, kind));
            self.end = self.at;
        } else if found.available < header.size {
            let available = found.available.into();
            self.trouble = Some(Error::new(found.offset, ErrorKind::BufferCut { size: header.size, available }));
        }
    }

    fn load_plain(&mut self, source: &mut Source<'a>, stats: &mut Stats) -> Result<(), ErrorKind> {
        let Found { offset, header, available, .. } = self.found;
        let end = check_end(header.end(), header.size)?.min(available);
        self.data = if let Some(bytes) = source.slice(offset, end as usize) {
            Data::Slice(bytes)
        } else {
            source.read(offset, end as usize, &mut self.owned).map_err(ErrorKind::Io)?;
            Data::Owned
        };
        self.end = self.bytes().len();
        stats.filler_bytes += u64::from(available - end);
        Ok(())
    }

    fn load_packed(&mut self, source: &mut Source<'a>, session: &Session) -> Result<(), ErrorKind> {
        let Found { offset, header, available, .. } = self.found;
        if let 2 | 4 = session.compression {
            return Err(ErrorKind::Compression { format: session.compression });
        }
        let end = check_end(header.saved_offset, session.largest)?;
        let start = offset + u64::from(HEADER);
        let length = (available - HEADER) as usize;
        let packed = match source.slice(start, length) {
            Some(packed) => packed,
            None => source.read(start, length, &mut self.packed).map_err(ErrorKind::Io)?,
        };
        self.owned.clear();
        // Room for the header, so that offsets count from it. Its bytes are not used here.
        self.owned.resize(HEADER as usize, 0);
        let size = (end - HEADER) as usize;
        // What was unpacked before the error is still good.
        if let Err(error) = lz77::unpack_lz77(packed, size, &mut self.owned)
            && available == header.size
        {
            return Err(ErrorKind::Packed { format: session.compression, error });
        }
        self.data = Data::Owned;
        self.end = self.owned.len();
        Ok(())
    }

    /// Moves to the next record that the filter lets pass.
    #[inline]
    pub(super) fn step(&mut self, session: &Session, filter: &Filter, stats: &mut Stats) -> Step {
        loop {
            let rest = self.bytes().get(self.at..self.end).unwrap_or_default();
            let mut shape = match Shape::parse(rest) {
                Ok(Next::Record(shape)) => shape,
                Ok(Next::End) => return self.finish(stats),
                Err(kind) => return Step::Error(self.fail(0, kind, stats)),
            };
            let bytes = rest.get(..shape.size).unwrap_or_default();
            let clock = shape.clock(bytes);
            let wanted = shape.is_admitted(bytes, filter)
                && (!filter.asks_time() || filter.admits_time(clock.and_then(|raw| session.clock?.time(raw))));
            let checked = if wanted { shape.check_items(bytes) } else { Ok(()) };
            if let Err((at, kind)) = checked {
                return Step::Error(self.fail(at, kind, stats));
            }
            let at = self.at;
            let taken = shape.size.next_multiple_of(ALIGNMENT).min(rest.len());
            self.at += taken;
            stats.record_bytes += taken as u64;
            if let Some(clock) = clock {
                stats.out_of_order += u64::from(self.last.is_some_and(|last| clock < last));
                self.last = Some(clock);
            }
            if wanted {
                stats.records += 1;
                return Step::Record(Ready { at, shape, clock });
            }
            stats.filtered += 1;
        }
    }

    /// The end of the data: returns the pending error, once.
    #[cold]
    fn finish(&mut self, stats: &mut Stats) -> Step {
        // The rest is too short for a record, or filler.
        stats.filler_bytes += (self.end - self.at) as u64;
        self.at = self.end;
        match self.trouble.take() {
            Some(error) => {
                stats.errors += 1;
                Step::Error(error)
            }
            None => Step::End,
        }
    }

    /// Skips the rest of the buffer.
    #[cold]
    fn fail(&mut self, at: usize, kind: ErrorKind, stats: &mut Stats) -> Error {
        let within = u32::try_from(self.at + at).unwrap_or(u32::MAX);
        stats.unread_bytes += (self.end - self.at) as u64;
        stats.errors += 1;
        self.at = self.end;
        // If the buffer was cut, its last record was cut too.
        self.trouble.take().unwrap_or_else(|| Error::within(self.found.offset, within, kind))
    }

    /// The record that [`step`](Self::step) found last.
    #[inline]
    pub(super) fn record(&self, ready: Ready, session: &Session) -> TraceRecord<'_> {
        let Ready { at, shape, clock } = ready;
        let bytes = self.bytes().get(at..).and_then(|rest| rest.get(..shape.size)).unwrap_or_default();
        let place = Place {
            start: self.found.offset,
            within: u32::try_from(at).unwrap_or(u32::MAX),
            container: self.found.number,
        };
        let context = Context { clock: session.clock, build: session.build, cpu: self.found.header.cpu };
        TraceRecord::new(shape, bytes, &context, clock, place)
    }
}

/// Checks that records can end at this offset.
fn check_end(end: u32, most: u32) -> Result<u32, ErrorKind> {
    if (HEADER..=most).contains(&end) { Ok(end) } else { Err(ErrorKind::DataEnd { end, least: HEADER, most }) }
}
