//! Chunks: 64 KiB that can be read alone, with records and the names and templates that these share.

use std::collections::BTreeMap;

use super::binxml::{Fault, Instance, Template};
use super::system::SystemMap;
use crate::bytes::Bytes;

/// The size of a chunk.
pub(super) const SIZE: usize = 1 << 16;
/// The offset of the records in a chunk.
pub(super) const RECORDS: usize = 512;
/// The first bytes of a chunk.
pub(super) const SIGNATURE: &[u8; 8] = b"ElfChnk\0";
/// The first bytes of a record.
pub(super) const RECORD: [u8; 4] = *b"**\0\0";
/// The size of what comes before the contents of a record, in bytes.
pub(super) const HEADER: usize = 24;
pub(super) const TRAILER: usize = 4;
/// The most leaves and values of templates that are kept between records.
const KEPT: usize = 1 << 14;

/// The header of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordHeader {
    pub(super) size: usize,
    pub(super) id: u64,
    pub(super) written: u64,
}

impl RecordHeader {
    /// The header at an offset of a chunk. `None` if there is no complete record.
    pub(super) fn parse(chunk: &[u8], at: usize) -> Option<Self> {
        let b = Bytes(chunk);
        let header = Self { size: b.u32(at + 4)? as usize, id: b.u64(at + 8)?, written: b.u64(at + 16)? };
        let fits = header.size >= HEADER + TRAILER && b.get(at, header.size).is_some();
        (fits && b.array(at) == Some(RECORD)).then_some(header)
    }

    /// The size after the contents. In an intact record it equals the size before them.
    pub(super) fn last_size(&self, chunk: &[u8], at: usize) -> u32 {
        Bytes(chunk).u32(at + self.size - TRAILER).unwrap_or_default()
    }
}

/// A template, and which of its values are the elements of `System`.
#[derive(Debug)]
pub(super) struct Cached {
    pub(super) template: Template,
    pub(super) system: SystemMap,
}

/// The templates of a chunk that were used so far.
#[derive(Debug, Default)]
pub(super) struct Templates {
    by_offset: BTreeMap<usize, Cached>,
    weight: usize,
}

impl Templates {
    pub(super) fn clear(&mut self) {
        self.by_offset.clear();
        self.weight = 0;
    }

    /// Drops templates before a record if they are too many: templates that overlap can take more memory than the
    /// chunk.
    pub(super) fn bound(&mut self) {
        if self.weight > KEPT {
            self.clear();
        }
    }

    /// Reads the template of an instance. False if it is lost, because something else is at its offset.
    pub(super) fn learn(&mut self, chunk: &[u8], instance: &Instance) -> Result<bool, Fault> {
        let at = instance.template_at;
        if !self.by_offset.contains_key(&at) {
            let lost = Bytes(chunk).u32(at.saturating_add(4)) != Some(instance.template_id);
            if lost {
                return Ok(false);
            }
            self.insert(chunk, at, Template::parse(chunk, at)?);
        }
        Ok(self.get(at).is_some_and(|cached| cached.template.id() == instance.template_id))
    }

    /// Reads elements that are not an instance of a template.
    pub(super) fn learn_fragment(&mut self, chunk: &[u8], start: usize, end: usize) -> Result<(), Fault> {
        if !self.by_offset.contains_key(&start) {
            self.insert(chunk, start, Template::parse_fragment(chunk, start, end)?);
        }
        Ok(())
    }

    fn insert(&mut self, chunk: &[u8], at: usize, template: Template) {
        self.weight += template.weight();
        let system = SystemMap::from_template(&template, chunk);
        self.by_offset.insert(at, Cached { template, system });
    }

    pub(super) fn get(&self, at: usize) -> Option<&Cached> {
        self.by_offset.get(&at)
    }
}

/// What the header of a chunk says.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkHeader {
    pub(super) is_signed: bool,
    /// The number of the first record.
    pub(super) first: u64,
    /// Where the records end.
    pub(super) free: usize,
}

impl ChunkHeader {
    /// Reads the first bytes of a chunk and of its first record.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let b = Bytes(bytes);
        let is_record = b.array(RECORDS) == Some(RECORD);
        let first = if is_record { b.u64(RECORDS + 8) } else { b.u64(24) };
        Self {
            is_signed: bytes.starts_with(SIGNATURE),
            first: first.unwrap_or_default(),
            free: b.u32(48).unwrap_or_default() as usize,
        }
    }
}
