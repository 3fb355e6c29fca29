//! A chunk in memory, read record by record.

use super::binxml::{Fault, Instance};
use super::checksum::{Checksummed, OF_HEADER, OF_RECORDS, check_chunk};
use super::chunk::{ChunkHeader, HEADER, RECORD, RECORDS, RecordHeader, SIZE, TRAILER, Templates};
use super::record::{LogRecord, Parts};
use super::stats::Stats;
use super::system::{System, SystemMap};
use super::values::{ValueType, Values};
use crate::bytes::Bytes;
use crate::error::{Error, ErrorKind};
use crate::record::Place;
use crate::source::Source;

/// The most wrong checksums of a log that are returned as errors; the rest are counted.
const MOST_TOLD: u64 = 16;

/// The position of a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChunkPlace {
    pub(super) offset: u64,
    pub(super) number: u64,
    /// The number of its first record; for a damaged chunk, that of the chunk before it.
    pub(super) first: u64,
}

/// The bytes of a chunk.
#[derive(Debug)]
enum Data<'a> {
    Slice(&'a [u8]),
    Owned,
}

/// A chunk and the position in it.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    pub(super) place: ChunkPlace,
    data: Data<'a>,
    owned: Vec<u8>,
    /// The offset at which to look for the next record.
    at: usize,
    /// The end of the log's records.
    free: usize,
    templates: Templates,
    /// Wrong checksums, returned before the records.
    wrong: Vec<Error>,
    /// An error to return after the records before it.
    trouble: Option<Error>,
}

impl Default for Chunk<'_> {
    fn default() -> Self {
        let data = Data::Slice(&[]);
        let owned = Vec::new();
        let templates = Templates::default();
        Self { place: ChunkPlace::default(), data, owned, at: 0, free: 0, templates, wrong: Vec::new(), trouble: None }
    }
}

/// A record that the filter lets pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    at: usize,
    pub(super) header: RecordHeader,
    pub(super) live: bool,
    outer: Part,
    inner: Option<Part>,
}

/// The instance and the template of a record, or of the data of its event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// `None` for elements that are not an instance of a template.
    instance: Option<Instance>,
    /// The offset of the template; `None` if it is lost.
    template: Option<usize>,
}

impl<'a> Chunk<'a> {
    fn bytes(&self) -> &[u8] {
        match self.data {
            Data::Slice(bytes) => bytes,
            Data::Owned => &self.owned,
        }
    }

    /// Reads a chunk. An error comes after the records that can be read.
    pub(super) fn load(&mut self, source: &mut Source<'a>, place: ChunkPlace, stats: &mut Stats) {
        self.place = place;
        self.templates.clear();
        self.data = Data::Slice(&[]);
        self.at = RECORDS;
        self.free = 0;
        if let Some(bytes) = source.slice(place.offset, SIZE) {
            self.data = Data::Slice(bytes);
        } else if let Err(error) = source.read(place.offset, SIZE, &mut self.owned) {
            self.trouble = Some(Error::new(place.offset, ErrorKind::Io(error)));
            return;
        } else {
            self.data = Data::Owned;
        }
        let bytes = self.bytes();
        let available = bytes.len();
        let header = ChunkHeader::parse(bytes);
        if header.is_signed {
            // An impossible number is ignored: the end is then where the records stop.
            self.free = if (RECORDS..=SIZE).contains(&header.free) { header.free } else { SIZE };
            if available < SIZE {
                let kind = ErrorKind::ChunkCut { available: available as u64 };
                self.trouble = Some(Error::new(place.offset, kind));
            } else {
                self.check_sums(stats);
            }
        } else if bytes.iter().all(|&byte| byte == 0) {
            stats.empty_bytes += available as u64;
            self.at = SIZE;
        } else {
            let found = Bytes(bytes).array(0).unwrap_or_default();
            self.trouble = Some(Error::new(place.offset, ErrorKind::ChunkSignature(found)));
            stats.unread_bytes += available as u64;
        }
    }

    /// Compares the checksums of a whole chunk. Of a log that is wrong all over, the first few are told and the rest are counted.
    fn check_sums(&mut self, stats: &mut Stats) {
        for wrong in check_chunk(self.bytes(), self.free).into_iter().flatten() {
            stats.wrong_checksums += 1;
            if stats.wrong_checksums <= MOST_TOLD {
                let within = if wrong.of == Checksummed::Records { OF_RECORDS } else { OF_HEADER };
                self.wrong.push(Error::within(self.place.offset, within, ErrorKind::Checksum(wrong)));
            }
        }
    }

    /// The next record's offset and header, and whether it belongs to the log (and was not deleted).
    pub(super) fn find(
        &mut self,
        recover: bool,
        stats: &mut Stats,
    ) -> Option<Result<(usize, RecordHeader, bool), Error>> {
        if let Some(wrong) = self.wrong.pop() {
            return Some(Err(wrong));
        }
        if self.at < self.free {
            if let Some(found) = self.find_live(stats) {
                return Some(found);
            }
            self.at = self.at.max(self.free);
        }
        if let Some(trouble) = self.trouble.take() {
            return Some(Err(trouble));
        }
        if !recover {
            return None;
        }
        let (at, header) = scan(self.bytes(), self.at, SIZE)?;
        self.at = at + header.size;
        Some(Ok((at, header, false)))
    }

    /// The next record of the log. `None` at the end of its records.
    fn find_live(&mut self, stats: &mut Stats) -> Option<Result<(usize, RecordHeader, bool), Error>> {
        let bytes = self.bytes();
        let end = self.free.min(bytes.len());
        let at = self.at;
        let rest = bytes.get(at..end).unwrap_or_default();
        let header = RecordHeader::parse(bytes, at).filter(|header| at + header.size <= end);
        if let Some(header) = header
            && header.last_size(bytes, at) as usize == header.size
        {
            self.at += header.size;
            return Some(Ok((at, header, true)));
        }
        if rest.iter().all(|&byte| byte == 0) {
            return None;
        }
        // The chunk was cut, and that error is enough.
        if end < self.free && self.trouble.is_some() && Bytes(rest).array(0).is_none_or(|start| start == RECORD) {
            stats.unread_bytes += rest.len() as u64;
            return None;
        }
        let kind = wrong_record(rest);
        // The next complete record, if there is one.
        let next = scan(bytes, at + 1, end).map_or(end, |(next, _)| next);
        stats.unread_bytes += (next - at) as u64;
        self.at = if next == end { self.free } else { next };
        let within = u32::try_from(at).unwrap_or(u32::MAX);
        Some(Err(Error::within(self.place.offset, within, kind)))
    }

    /// Reads the templates that a record needs. An error comes with its offset in the chunk.
    pub(super) fn prepare(&mut self, at: usize, header: RecordHeader, live: bool) -> Result<Ready, Fault> {
        let chunk = match self.data {
            Data::Slice(bytes) => bytes,
            Data::Owned => &self.owned,
        };
        self.templates.bound();
        let outer = learn(&mut self.templates, chunk, at + HEADER, at + header.size - TRAILER, live)?;
        let mut ready = Ready { at, header, live, outer, inner: None };
        let Some((start, end)) = self.data(&ready) else { return Ok(ready) };
        let chunk = match self.data {
            Data::Slice(bytes) => bytes,
            Data::Owned => &self.owned,
        };
        if start < end {
            ready.inner = Some(learn(&mut self.templates, chunk, start, end, live)?);
        }
        Ok(ready)
    }

    /// The start and the end of the event's data.
    fn data(&self, ready: &Ready) -> Option<(usize, usize)> {
        let index = self.with_map(&ready.outer, |map| map.data)?;
        let instance = ready.outer.instance?;
        let table = instance.table(self.bytes());
        let size = |entry: &[u8; 4]| usize::from(u16::from_le_bytes([entry[0], entry[1]]));
        let before: usize = table.get(..index.into())?.iter().map(size).sum();
        let entry = table.get(usize::from(index)).filter(|entry| entry[2] == ValueType::BIN_XML.0)?;
        let start = instance.values + before;
        Some((start, start + size(entry)))
    }

    /// Calls `read` with the places of the elements of `System`: by the template or, if it is lost, by the number of
    /// values.
    fn with_map<T: Default>(&self, outer: &Part, read: impl FnOnce(&SystemMap) -> T) -> T {
        if let Some(cached) = outer.template.and_then(|at| self.templates.get(at)) {
            return read(&cached.system);
        }
        let map = outer.instance.and_then(|instance| SystemMap::from_count(instance.count));
        map.as_ref().map(read).unwrap_or_default()
    }

    fn values(&self, part: &Part) -> Values<'_> {
        let chunk = self.bytes();
        let template = part.template.and_then(|at| self.templates.get(at)).map(|cached| &cached.template);
        let Some(instance) = part.instance else { return Values { chunk, template, table: &[], bytes: &[] } };
        let bytes = chunk.get(instance.values..instance.end).unwrap_or_default();
        Values { chunk, template, table: instance.table(chunk), bytes }
    }

    pub(super) fn system(&self, ready: &Ready) -> System<'_> {
        let values = self.values(&ready.outer);
        self.with_map(&ready.outer, |map| System::read(map, &values))
    }

    pub(super) fn record(&self, ready: &Ready) -> LogRecord<'_> {
        let RecordHeader { id, written, .. } = ready.header;
        let values = ready.inner.as_ref().map(|inner| self.values(inner)).unwrap_or_default();
        let within = u32::try_from(ready.at).unwrap_or(u32::MAX);
        let place = Place { start: self.place.offset, within, container: self.place.number };
        LogRecord::new(&Parts { id, written, live: ready.live, system: self.system(ready), values, place })
    }
}

/// Reads an instance and its template, or elements without a template.
fn learn(templates: &mut Templates, chunk: &[u8], start: usize, end: usize, live: bool) -> Result<Part, Fault> {
    let Some(instance) = Instance::parse(chunk, start, end)? else {
        templates.learn_fragment(chunk, start, end)?;
        return Ok(Part { instance: None, template: Some(start) });
    };
    let is_there = match templates.learn(chunk, &instance) {
        // The bytes that overwrote a template may look like one.
        Err(_) if !live => false,
        result => result?,
    };
    Ok(Part { instance: Some(instance), template: is_there.then_some(instance.template_at) })
}

/// The error for the record at the front of `bytes`.
fn wrong_record(bytes: &[u8]) -> ErrorKind {
    let b = Bytes(bytes);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    match (b.array(0), b.u32(4)) {
        (Some(RECORD), Some(size)) => {
            let least = number(HEADER + TRAILER);
            let most = number(bytes.len());
            if (least..=most).contains(&size) {
                let behind = b.u32(size as usize - TRAILER).unwrap_or_default();
                return ErrorKind::LogRecordSizes { first: size, last: behind };
            }
            ErrorKind::RecordSize { size, least, most }
        }
        (found, _) => ErrorKind::LogRecordSignature(found.unwrap_or_default()),
    }
}

/// The first complete record from an offset on.
fn scan(chunk: &[u8], from: usize, end: usize) -> Option<(usize, RecordHeader)> {
    let end = end.min(chunk.len());
    let places = from..end.saturating_sub(HEADER + TRAILER - 1);
    places.filter(|&at| chunk.get(at) == Some(&RECORD[0])).find_map(|at| {
        let header = RecordHeader::parse(chunk, at).filter(|header| at + header.size <= end)?;
        (header.last_size(chunk, at) as usize == header.size).then_some((at, header))
    })
}
