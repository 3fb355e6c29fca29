//! Event logs: `.evtx` files.
//!
//! A log is a header and chunks of 64 KiB, each of which can be read alone. A record holds the fields of its event as
//! typed values, and their names in a template. The bytes of the values, one after the other, are the payload that was
//! written.
//!
//! Chunks are read at their fixed offsets, whatever the header says. Reading begins with the chunk that has the lowest
//! record number, because a full log is overwritten from its start. [`Log::set_recover`] also finds records that the
//! log has deleted.

mod binxml;
mod build;
mod checksum;
mod chunk;
mod reading;
mod record;
mod stats;
mod system;
mod values;

use std::io::{Read, Seek};

pub use binxml::BinXmlError;
pub use build::{BootBuild, BuildSource, SystemBuilds};
pub use checksum::{Checksummed, WrongChecksum};
pub use record::{LogRecord, ProcessingError, Shape};
pub use stats::Stats;
pub use values::{Value, ValueType, Values, ValuesIter};

use crate::bytes::Bytes;
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::source::Source;
use chunk::{ChunkHeader, HEADER, RECORDS, SIGNATURE, SIZE};
use reading::{Chunk, ChunkPlace, Ready};

/// The first bytes of a log.
const FILE_SIGNATURE: &[u8; 8] = b"ElfFile\0";
/// The offset of the first chunk.
const FILE_HEADER: u64 = 4096;

/// What the header of a log says. If the log was not closed, it is out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The number of the oldest chunk.
    pub first_chunk: u64,
    /// The number of the newest chunk.
    pub last_chunk: u64,
    /// The number of the next record.
    pub next_record: u64,
    /// The format's version: 3.1, or 3.2.
    pub version: (u16, u16),
    /// The number of chunks.
    pub chunks: u16,
    /// Bits: 1 for a log that was not closed, 2 for one that is full.
    pub flags: u32,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let b = Bytes(bytes.strip_prefix(FILE_SIGNATURE)?);
        Some(Self {
            first_chunk: b.u64(0)?,
            last_chunk: b.u64(8)?,
            next_record: b.u64(16)?,
            version: (b.u16(30)?, b.u16(28)?),
            chunks: b.u16(34)?,
            flags: b.u32(112)?,
        })
    }
}

/// A log.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use etw_recording::evtx::Log;
///
/// let mut log = Log::open(std::fs::File::open("Operational.evtx")?)?;
/// let mut records = log.records();
/// while let Some(record) = records.next() {
///     let record = record?;
///     println!("{} {:?}", record.id(), record.key);
///     for value in record.values() {
///         println!("    {:?} {}: {} bytes", value.name, value.kind, value.bytes.len());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Log<'a> {
    source: Source<'a>,
    header: Option<Header>,
    /// Whether the header is not as it was written.
    wrong: Option<WrongChecksum>,
    filter: Filter,
    recover: bool,
}

impl<'a> Log<'a> {
    /// Opens a log and reads its header. The rest of the file is read later, chunk by chunk.
    pub fn open(reader: impl Read + Seek + Send + 'a) -> Result<Self, Error> {
        Self::new(Source::new(reader).map_err(|error| Error::new(0, ErrorKind::Io(error)))?)
    }

    /// Opens a log in memory. Records borrow from it.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::new(Source::Slice(bytes))
    }

    fn new(mut source: Source<'a>) -> Result<Self, Error> {
        let mut scratch = Vec::new();
        let io = |error| Error::new(0, ErrorKind::Io(error));
        let bytes = source.read(0, 128, &mut scratch).map_err(io)?;
        let header = Header::parse(bytes);
        let wrong = checksum::check_log_header(bytes).filter(|_| header.is_some());
        // A log without its header can still be read, if it has chunks.
        let chunk = source.read(FILE_HEADER, SIGNATURE.len(), &mut scratch).map_err(io)?;
        if header.is_none() && chunk != SIGNATURE {
            return Err(Error::new(0, ErrorKind::NotALog));
        }
        Ok(Self { source, header, wrong, filter: Filter::new(), recover: false })
    }

    /// What the log says about itself. `None` if its header is damaged.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The size of the file in bytes.
    pub fn file_size(&self) -> u64 {
        self.source.len()
    }

    /// Returns only records that the filter lets pass.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
    }

    /// Whether to look for deleted records in the bytes after the records of each chunk.
    ///
    /// Their templates may be overwritten. The values then have no names, and the texts of the template are lost, often
    /// the provider and the channel among them.
    pub fn set_recover(&mut self, recover: bool) {
        self.recover = recover;
    }

    /// The records, the oldest first.
    pub fn records(&mut self) -> LogRecords<'_, 'a> {
        let mut stats = Stats::default();
        let mut places = list_chunks(&mut self.source, &mut stats);
        places.reverse();
        stats.wrong_checksums += u64::from(self.wrong.is_some());
        LogRecords {
            source: &mut self.source,
            filter: &self.filter,
            recover: self.recover,
            wrong: self.wrong,
            places,
            chunk: Chunk::default(),
            stats,
        }
    }
}

impl std::fmt::Debug for Log<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("size", &self.source.len()).field("header", &self.header).finish_non_exhaustive()
    }
}

/// The chunks of a file, the oldest first.
fn list_chunks(source: &mut Source<'_>, stats: &mut Stats) -> Vec<ChunkPlace> {
    let mut places: Vec<ChunkPlace> = Vec::new();
    let mut scratch = Vec::new();
    let mut offset = FILE_HEADER;
    let mut number = 0;
    while offset < source.len() {
        // An error is reported when the chunk is read.
        let head = source.read(offset, RECORDS + HEADER, &mut scratch).unwrap_or_default();
        let header = ChunkHeader::parse(head);
        let before = places.last().map_or(0, |place| place.first);
        places.push(ChunkPlace { offset, number, first: if header.is_signed { header.first } else { before } });
        offset += SIZE as u64;
        number += 1;
    }
    places.sort_by_key(|place| place.first);
    stats.chunks = number;
    places
}

/// The records of a log, the oldest first.
///
/// Not an iterator, because a record borrows the chunk that it is in.
#[derive(Debug)]
pub struct LogRecords<'l, 'a> {
    source: &'l mut Source<'a>,
    filter: &'l Filter,
    recover: bool,
    /// What is wrong with the log's header, until it is told.
    wrong: Option<WrongChecksum>,
    /// The chunks that are still to come, the next one last.
    places: Vec<ChunkPlace>,
    chunk: Chunk<'a>,
    stats: Stats,
}

impl LogRecords<'_, '_> {
    /// The next record, or the next error. `None` at the end of the file.
    #[expect(clippy::should_implement_trait, reason = "an iterator's items cannot borrow from it")]
    pub fn next(&mut self) -> Option<Result<LogRecord<'_>, Error>> {
        match self.advance()? {
            Ok(ready) => {
                self.stats.records += 1;
                self.stats.recovered += u64::from(!ready.live);
                Some(Ok(self.chunk.record(&ready)))
            }
            Err(error) => {
                self.stats.errors += 1;
                Some(Err(error))
            }
        }
    }

    /// What was read so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn advance(&mut self) -> Option<Result<Ready, Error>> {
        if let Some(wrong) = self.wrong.take() {
            return Some(Err(Error::within(0, checksum::OF_HEADER, ErrorKind::Checksum(wrong))));
        }
        loop {
            match self.chunk.find(self.recover, &mut self.stats) {
                Some(Ok((at, header, live))) => match self.chunk.prepare(at, header, live) {
                    Ok(ready) if self.is_wanted(&ready) => return Some(Ok(ready)),
                    Ok(_) => self.stats.filtered += 1,
                    // The damaged rest of a deleted record is not an error.
                    Err(_) if !live => {}
                    Err((within, error)) => {
                        self.stats.unread_bytes += header.size as u64;
                        let within = u32::try_from(within).unwrap_or(u32::MAX);
                        let kind = ErrorKind::BinXml(error);
                        return Some(Err(Error::within(self.chunk.place.offset, within, kind)));
                    }
                },
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    let place = self.places.pop()?;
                    self.chunk.load(self.source, place, &mut self.stats);
                }
            }
        }
    }

    fn is_wanted(&self, ready: &Ready) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        let system = self.chunk.system(ready);
        let time = system.time.unwrap_or(etw_runtime::FileTime::from_ticks(ready.header.written));
        self.filter.admits_id(system.id)
            && self.filter.admits_provider(system.provider.unwrap_or_default())
            && self.filter.admits_time(Some(time))
    }
}
