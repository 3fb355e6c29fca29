//! Traces: `.etl` files.
//!
//! A trace is a sequence of buffers, each filled by one processor. [`Trace::records`] reads them in the order of the
//! file; [`Trace::records_by_time`] merges the processors' buffers by time. Buffers may be compressed.

mod buffer;
mod build;
mod clock;
mod event_info;
mod group;
mod header;
mod items;
mod loaded;
mod lz77;
mod order;
mod record;
mod session;
mod stats;
mod walk;

use std::io::{Read, Seek};

use etw_runtime::Guid;

pub use build::{BuildLab, BuildReport, LabSource, SYSTEM_CONFIG_EX};
pub use clock::ClockType;
pub use event_info::{DecodingSource, EventInfo, Extent, MapInfo, MapKind, Property, PropertyKind};
pub use header::Header;
pub use items::{Item, ItemKind, Items, ItemsIter};
pub use lz77::{Lz77Error, unpack_lz77};
pub use order::RecordsByTime;
pub use record::{HeaderKind, Schema, TraceRecord};
pub use stats::Stats;

use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::source::Source;
use buffer::{BufferHeader, HEADER};
use loaded::{Loaded, Ready, Step};
use session::Session;
use walk::Walk;

/// The class of the trace's own records: the log file header, and others of group 0.
pub const EVENT_TRACE: Guid = Guid::from_u128(0x68fdd900_4a3e_11d1_84f4_0000f80464e3);
/// The class of the records in which a merged file holds the schema of its events: see [`TraceRecord::schema`].
pub const EVENT_METADATA: Guid = Guid::from_u128(0xbbccf6c1_6cd1_48c4_80ff_839482e37671);

/// The default limit of memory for buffers when records are merged by time.
const MEMORY_LIMIT: u64 = 1 << 30;

/// A trace.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use etw_recording::etl::Trace;
///
/// let bytes = std::fs::read("trace.etl")?;
/// let mut trace = Trace::from_bytes(&bytes)?;
/// let mut records = trace.records();
/// while let Some(record) = records.next() {
///     let record = record?;
///     println!("{:?} {:?} {} bytes", record.time, record.key, record.payload.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Trace<'a> {
    source: Source<'a>,
    header: Option<Header>,
    session: Session,
    filter: Filter,
    memory_limit: u64,
}

impl<'a> Trace<'a> {
    /// Opens a trace and reads its header. The rest of the file is read later, piece by piece.
    pub fn open(reader: impl Read + Seek + Send + 'a) -> Result<Self, Error> {
        Self::new(Source::new(reader).map_err(|error| Error::new(0, ErrorKind::Io(error)))?)
    }

    /// Opens a trace in memory. Records of uncompressed buffers borrow from it.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::new(Source::Slice(bytes))
    }

    fn new(source: Source<'a>) -> Result<Self, Error> {
        let session = Session::unknown();
        let mut trace = Self { source, header: None, session, filter: Filter::new(), memory_limit: MEMORY_LIMIT };
        let first = trace.read_first_header()?;
        let header = trace.read_header()?;
        if let Some(header) = &header {
            let (major, minor) = header.layout_version;
            if (major, minor) < (1, 5) {
                return Err(Error::new(0, ErrorKind::OldLayout { major, minor }));
            }
            trace.session = Session::new(&first, header);
        }
        trace.header = header;
        Ok(trace)
    }

    /// The header of the first buffer; an error if the file is not a trace.
    fn read_first_header(&mut self) -> Result<BufferHeader, Error> {
        let mut scratch = Vec::new();
        let bytes = self.source.read(0, HEADER as usize, &mut scratch).map_err(|e| Error::new(0, ErrorKind::Io(e)))?;
        let header = BufferHeader::parse(bytes).filter(BufferHeader::is_plausible);
        header.ok_or_else(|| Error::new(0, ErrorKind::NotATrace))
    }

    /// The log file header. `None` if the first buffer begins with something else: the file was cut out of other data,
    /// or its first buffer was overwritten.
    fn read_header(&mut self) -> Result<Option<Header>, Error> {
        let mut records = self.records();
        match records.next() {
            Some(Ok(record)) => {
                let is_header = record.place.container == 0
                    && record.kind() == HeaderKind::System
                    && record.group() == Some(group::EVENT_TRACE)
                    && record.opcode == 0;
                Ok(record.clock.filter(|_| is_header).and_then(|raw0| Header::parse(record.payload, raw0)))
            }
            // The error is reported again when the records are read. But if the first bytes are not a record, only the
            // numbers in the buffer's header say that this is a trace: that is not enough.
            Some(Err(error)) if matches!(error.kind(), ErrorKind::Marker(_) | ErrorKind::RecordType(_)) => {
                Err(Error::new(0, ErrorKind::NotATrace))
            }
            Some(Err(_)) | None => Ok(None),
        }
    }

    /// What the trace says about itself. `None` if its first buffer is lost.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The build of Windows that wrote the file. See [`build_report`](Self::build_report) for how certain it is.
    pub fn build(&self) -> Option<u32> {
        self.session.build
    }

    /// The size of the file in bytes.
    pub fn file_size(&self) -> u64 {
        self.source.len()
    }

    /// Returns only records that the filter lets pass. Buffers that cannot hold any are not unpacked.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
    }

    /// Limits the memory for buffers in [`records_by_time`](Self::records_by_time), by default to 1 GiB. It needs one
    /// buffer for each processor of the machine.
    pub fn set_memory_limit(&mut self, bytes: u64) {
        self.memory_limit = bytes;
    }

    /// The records in the order of the file.
    pub fn records(&mut self) -> Records<'_, 'a> {
        let stats = self.first_stats();
        Records { trace: self, walk: Walk::default(), loaded: Loaded::new(), last: Vec::new(), stats }
    }

    /// The records in the order of time, merged over the processors.
    ///
    /// The headers of all buffers are read at once. Records of one processor keep their order even if the clock was set
    /// back; records with equal times come in the order of the file.
    pub fn records_by_time(&mut self) -> RecordsByTime<'_, 'a> {
        RecordsByTime::new(self)
    }

    /// Stats with the losses that the header counts.
    fn first_stats(&self) -> Stats {
        let mut stats = Stats::default();
        if let Some(header) = &self.header {
            stats.events_lost = header.events_lost.into();
            stats.buffers_lost = header.buffers_lost.into();
        }
        stats
    }
}

impl std::fmt::Debug for Trace<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").field("size", &self.source.len()).field("header", &self.header).finish_non_exhaustive()
    }
}

/// The records of a trace in the order of the file.
///
/// Not an iterator, because a record borrows the buffer that it is in.
#[derive(Debug)]
pub struct Records<'t, 'a> {
    trace: &'t mut Trace<'a>,
    walk: Walk,
    loaded: Loaded<'a>,
    /// The last time of each processor so far.
    last: Vec<(u16, Option<i64>)>,
    stats: Stats,
}

impl Records<'_, '_> {
    /// The next record, or the next error. `None` at the end of the file.
    #[expect(clippy::should_implement_trait, reason = "an iterator's items cannot borrow from it")]
    #[inline]
    pub fn next(&mut self) -> Option<Result<TraceRecord<'_>, Error>> {
        match self.advance()? {
            Ok(ready) => Some(Ok(self.loaded.record(ready, &self.trace.session))),
            Err(error) => Some(Err(error)),
        }
    }

    #[inline]
    fn advance(&mut self) -> Option<Result<Ready, Error>> {
        loop {
            match self.loaded.step(&self.trace.session, &self.trace.filter, &mut self.stats) {
                Step::Record(ready) => return Some(Ok(ready)),
                Step::Error(error) => return Some(Err(error)),
                Step::End => {}
            }
            if let Err(error) = self.load_next()? {
                self.stats.errors += 1;
                return Some(Err(error));
            }
        }
    }

    /// Loads the next buffer.
    fn load_next(&mut self) -> Option<Result<(), Error>> {
        let Trace { source, session, filter, .. } = &mut *self.trace;
        let found = match self.walk.next(source, session.plain, &mut self.stats)? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        remember(&mut self.last, self.loaded.cpu(), self.loaded.last);
        self.loaded.load(source, found, session, filter, &mut self.stats);
        self.loaded.last = recall(&self.last, found.header.cpu);
        Some(Ok(()))
    }

    /// What was read so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

/// Remembers the last time of a processor.
fn remember(all: &mut Vec<(u16, Option<i64>)>, cpu: u16, last: Option<i64>) {
    match all.binary_search_by_key(&cpu, |&(cpu, _)| cpu) {
        Ok(at) => all[at].1 = last,
        Err(at) if last.is_some() => all.insert(at, (cpu, last)),
        Err(_) => {}
    }
}

fn recall(all: &[(u16, Option<i64>)], cpu: u16) -> Option<i64> {
    all.binary_search_by_key(&cpu, |&(cpu, _)| cpu).ok().and_then(|at| all[at].1)
}
