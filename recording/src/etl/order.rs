//! Records in the order of time: the processors' buffers, merged.
//!
//! Each processor's buffers are a stream whose records are in order. A heap holds the time of each stream's next
//! record. The stream with the earliest record is read until another one is earlier. One buffer of each stream is in
//! memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::Trace;
use super::buffer::{BufferHeader, HEADER};
use super::header::Header;
use super::loaded::{Loaded, Ready, Step};
use super::record::TraceRecord;
use super::stats::Stats;
use super::walk::{Found, Walk};
use crate::error::{Error, ErrorKind};

/// A buffer that is not in memory yet.
#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: u64,
    sequence: i64,
    number: u64,
    available: u32,
}

/// The buffers of a processor.
#[derive(Debug)]
struct Stream<'a> {
    /// The buffers that are still to come, the next one last.
    entries: Vec<Entry>,
    loaded: Loaded<'a>,
    /// The next record.
    ready: Option<Ready>,
}

/// The order of streams: time in ticks of the clock, and offset in the file.
type Key = (i64, u64);

/// The records of a trace in the order of time.
///
/// Not an iterator, because a record borrows the buffer that it is in.
#[derive(Debug)]
pub struct RecordsByTime<'t, 'a> {
    trace: &'t mut Trace<'a>,
    streams: Vec<Stream<'a>>,
    /// Streams that have a record, the earliest on top.
    heap: BinaryHeap<Reverse<(Key, usize)>>,
    /// The stream whose record was returned last.
    current: Option<usize>,
    /// Errors found before the first record: while the buffers were listed, and while the heap was filled.
    errors: Vec<Error>,
    /// Streams that have not been asked for their first record.
    unasked: usize,
    /// The walk over the buffers, which goes on if the file has grown.
    walk: Walk,
    held: u64,
    scratch: Vec<u8>,
    stats: Stats,
}

impl<'t, 'a> RecordsByTime<'t, 'a> {
    pub(super) fn new(trace: &'t mut Trace<'a>) -> Self {
        let mut stats = trace.first_stats();
        let mut walk = Walk::default();
        let (streams, mut errors) = list_streams(trace, &mut walk, &mut stats);
        stats.errors += errors.len() as u64;
        errors.reverse();
        Self {
            trace,
            unasked: streams.len(),
            streams,
            heap: BinaryHeap::new(),
            current: None,
            errors,
            walk,
            held: 0,
            scratch: Vec::new(),
            stats,
        }
    }

    /// The next record, or the next error. `None` after the last.
    ///
    /// Errors that do not belong to a stream come first.
    #[expect(clippy::should_implement_trait, reason = "an iterator's items cannot borrow from it")]
    pub fn next(&mut self) -> Option<Result<TraceRecord<'_>, Error>> {
        match self.advance()? {
            Ok((stream, ready)) => Some(Ok(self.streams.get(stream)?.loaded.record(ready, &self.trace.session))),
            Err(error) => Some(Err(error)),
        }
    }

    fn advance(&mut self) -> Option<Result<(usize, Ready), Error>> {
        loop {
            match self.advance_listed() {
                None if self.list_more() => {}
                next => return next,
            }
        }
    }

    /// Lists the buffers that were written since. False if there are none. All streams have ended.
    fn list_more(&mut self) -> bool {
        let (streams, mut errors) = list_streams(self.trace, &mut self.walk, &mut self.stats);
        self.stats.errors += errors.len() as u64;
        errors.reverse();
        self.unasked = streams.len();
        self.streams = streams;
        self.errors = errors;
        self.unasked > 0 || !self.errors.is_empty()
    }

    fn advance_listed(&mut self) -> Option<Result<(usize, Ready), Error>> {
        if let Some(error) = self.errors.pop() {
            return Some(Err(error));
        }
        while let Some(next) = self.unasked.checked_sub(1) {
            self.unasked = next;
            if let Err(error) = self.prepare(next) {
                // The same stream goes on after its error.
                self.unasked += 1;
                return Some(Err(error));
            }
            self.heap.extend(self.key(next).map(|key| Reverse((key, next))));
        }
        if let Some(current) = self.current.take() {
            if let Err(error) = self.prepare(current) {
                self.current = Some(current);
                return Some(Err(error));
            }
            // As long as no other stream is earlier, the heap stays as it is.
            let key = self.key(current).map(|key| (key, current));
            match (key, self.heap.peek()) {
                (Some(key), Some(&Reverse(top))) if key > top => self.heap.push(Reverse(key)),
                (Some(_), _) => return self.hand_out(current),
                (None, _) => {}
            }
        }
        let Reverse((_, stream)) = self.heap.pop()?;
        self.hand_out(stream)
    }

    fn hand_out(&mut self, stream: usize) -> Option<Result<(usize, Ready), Error>> {
        self.current = Some(stream);
        let ready = self.streams.get_mut(stream)?.ready.take()?;
        Some(Ok((stream, ready)))
    }

    /// The key of a stream's next record; `None` after its last.
    fn key(&self, index: usize) -> Option<Key> {
        let stream = self.streams.get(index)?;
        // A record without a time keeps its position after the previous one.
        let time = stream.ready?.clock.or(stream.loaded.last).unwrap_or(i64::MIN);
        Some((time, stream.loaded.offset()))
    }

    /// Finds a stream's next record.
    fn prepare(&mut self, index: usize) -> Result<(), Error> {
        let Some(stream) = self.streams.get_mut(index) else { return Ok(()) };
        let Trace { source, session, filter, memory_limit, .. } = &mut *self.trace;
        loop {
            match stream.loaded.step(session, filter, &mut self.stats) {
                Step::Record(ready) => {
                    stream.ready = Some(ready);
                    return Ok(());
                }
                Step::Error(error) => return Err(error),
                Step::End => {}
            }
            let Some(entry) = stream.entries.pop() else {
                // The stream has ended.
                self.held -= stream.loaded.held() as u64;
                stream.loaded = Loaded::new();
                return Ok(());
            };
            let bytes = source.read(entry.offset, HEADER as usize, &mut self.scratch);
            let bytes = bytes.map_err(|error| Error::new(entry.offset, ErrorKind::Io(error)))?;
            // It was there when the buffers were listed, unless the file has changed.
            let Some(header) = BufferHeader::parse(bytes) else { continue };
            let Entry { offset, number, mut available, .. } = entry;
            if available < header.size && source.grow().is_ok_and(|has_grown| has_grown) {
                let left = source.len().saturating_sub(offset);
                available = u32::try_from(left).map_or(header.size, |left| left.min(header.size));
            }
            let before = stream.loaded.held() as u64;
            let needed = self.held - before + u64::from(header.end().max(header.size));
            if needed > *memory_limit {
                self.stats.errors += 1;
                self.stats.unread_bytes += u64::from(available.saturating_sub(HEADER));
                return Err(Error::new(offset, ErrorKind::Memory { needed, limit: *memory_limit }));
            }
            stream.loaded.load(source, Found { offset, number, header, available }, session, filter, &mut self.stats);
            self.held = self.held - before + stream.loaded.held() as u64;
        }
    }

    /// What was read so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

/// The buffers of the file by processor, and the errors between them.
fn list_streams<'a>(trace: &mut Trace<'a>, walk: &mut Walk, stats: &mut Stats) -> (Vec<Stream<'a>>, Vec<Error>) {
    let is_circular = trace.header.as_ref().is_some_and(Header::is_circular);
    let is_one = trace.header.as_ref().is_some_and(Header::is_one_stream);
    let mut errors = Vec::new();
    let mut streams: BTreeMap<u16, Vec<Entry>> = BTreeMap::new();
    while let Some(found) = walk.next(&mut trace.source, trace.session.plain, stats) {
        match found {
            Ok(Found { offset, number, header, available }) => {
                let entry = Entry { offset, sequence: header.sequence, number, available };
                streams.entry(if is_one { 0 } else { header.cpu }).or_default().push(entry);
            }
            Err(error) => errors.push(error),
        }
    }
    let streams = streams.into_values().map(|mut entries| {
        if is_circular {
            // When a circular file is full, new buffers overwrite old ones, except the first buffer, which stays.
            entries.sort_by_key(|entry| (entry.offset > 0, entry.sequence));
        }
        entries.reverse();
        Stream { entries, loaded: Loaded::new(), ready: None }
    });
    (streams.collect(), errors)
}
