//! Texts in a message table resource (`RT_MESSAGETABLE`), in which Windows DLLs keep them.
//!
//! The layout, all little-endian: a u32 count of blocks; for each block the lowest id, the highest id and the offset of
//! its first entry (u32 each); the entries of a block, one for each id, follow each other: a u16 length that includes
//! itself, u16 flags (1 for UTF-16), and the text, which ends with CR LF and is padded with NULs.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::RangeInclusive;

use crate::{Ansi, Utf16};

/// The size of the count of blocks, in bytes.
const HEADER: usize = 4;
/// The u32 numbers in a block's row.
const BLOCK: usize = 3;
/// The size of an entry before its text, in bytes.
const ENTRY: usize = 4;

/// A message table, borrowed from the bytes of the resource.
///
/// Any bytes are accepted without a panic, and a lookup reads each byte at most once.
///
/// ```no_run
/// # fn resource() -> &'static [u8] { &[] }
/// use etw_runtime::status::{BuiltIn, Chain, MessageTable, NtDll};
///
/// // The bytes of resource type 11, id 1, of an ntdll.dll. `MessageTable::from_dll`, with the feature `dll`, finds them.
/// let table = MessageTable::parse(resource())?;
/// let texts = Chain(NtDll { table }, BuiltIn);
/// # Ok::<(), etw_runtime::status::MessageTableError>(())
/// ```
#[derive(Clone, Copy)]
pub struct MessageTable<'a> {
    bytes: &'a [u8],
    blocks: &'a [BlockRow],
}

/// A text of a message table, without the line break and the padding at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageTableText<'a> {
    /// UTF-16.
    Utf16(Utf16<'a>),
    /// Text in the code page of the file's author, which the table does not name.
    Ansi(Ansi<'a>),
}

/// What is wrong with a message table, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTableError {
    /// The offset of the fault in the resource.
    pub offset: usize,
    /// What is wrong.
    pub kind: MessageTableErrorKind,
}

/// What is wrong with a message table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageTableErrorKind {
    /// The bytes end inside the count of blocks.
    NoHeader,
    /// The bytes end inside the rows of the blocks.
    BlocksTruncated {
        /// The number of blocks in the header.
        blocks: u32,
    },
    /// The highest id of a block is less than the lowest.
    IdsReversed {
        /// The lowest.
        low: u32,
        /// The highest.
        high: u32,
    },
    /// The bytes after a block's offset cannot hold an entry for each of its ids.
    EntriesTruncated {
        /// The offset of the block's entries.
        entries_at: u32,
        /// The number of ids.
        ids: u64,
    },
    /// The bytes end inside the entry, or its length is less than the size of its header.
    EntryTruncated {
        /// Its id.
        id: u32,
    },
    /// The entry's text has an unknown encoding.
    UnknownFlags {
        /// Its id.
        id: u32,
        /// The flags.
        flags: u16,
    },
    /// The blocks up to this entry hold more than the table has: they overlap.
    Overlap {
        /// The entry's id.
        id: u32,
    },
}

/// A block's row: lowest id, highest id, offset.
type BlockRow = [[u8; 4]; BLOCK];

/// A block.
#[derive(Clone, Copy)]
struct Block {
    low: u32,
    high: u32,
    offset: u32,
}

impl Block {
    fn read(row: BlockRow) -> Self {
        let [low, high, offset] = row.map(u32::from_le_bytes);
        Self { low, high, offset }
    }

    fn holds(self, id: u32) -> bool {
        self.low <= id && id <= self.high
    }

    /// The number of ids, each of which has an entry.
    fn ids(self) -> u64 {
        u64::from(self.high - self.low) + 1
    }

    /// What makes the block impossible in a table of these bytes.
    fn problem(self, bytes: &[u8]) -> Option<MessageTableErrorKind> {
        if self.high < self.low {
            return Some(MessageTableErrorKind::IdsReversed { low: self.low, high: self.high });
        }
        let entries = usize::try_from(self.offset).ok().and_then(|at| bytes.get(at..));
        let room = entries.map_or(0, |entries| entries.len() / ENTRY);
        let truncated = MessageTableErrorKind::EntriesTruncated { entries_at: self.offset, ids: self.ids() };
        (room as u64).lt(&self.ids()).then_some(truncated)
    }
}

impl<'a> MessageTable<'a> {
    /// Reads the bytes of the resource as a message table. Header and blocks are checked here, entries when they are
    /// looked up.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MessageTableError> {
        let (count, rows) = bytes
            .split_first_chunk::<HEADER>()
            .ok_or(MessageTableError { offset: 0, kind: MessageTableErrorKind::NoHeader })?;
        let count = u32::from_le_bytes(*count);
        let blocks = usize::try_from(count)
            .ok()
            .and_then(|count| rows.as_chunks().0.as_chunks::<BLOCK>().0.get(..count))
            .ok_or(MessageTableError { offset: 0, kind: MessageTableErrorKind::BlocksTruncated { blocks: count } })?;
        for (index, row) in blocks.iter().enumerate() {
            if let Some(kind) = Block::read(*row).problem(bytes) {
                return Err(MessageTableError { offset: HEADER + index * size_of::<BlockRow>(), kind });
            }
        }
        Ok(Self { bytes, blocks })
    }

    /// The text of an id. `None` if the table has none, or if its entry is damaged.
    ///
    /// If several blocks have the id, the first one counts.
    pub fn text(&self, id: u32) -> Option<MessageTableText<'a>> {
        let block = self.blocks.iter().map(|row| Block::read(*row)).find(|block| block.holds(id))?;
        let mut entries = self.bytes.get(usize::try_from(block.offset).ok()?..)?;
        // Entries differ in length, so all entries before this one are read. Each has at least four bytes; a shorter
        // one ends the search.
        for _ in block.low..id {
            (_, entries) = split_entry(entries)?;
        }
        let (entry, _) = split_entry(entries)?;
        MessageTableText::read(entry).ok()
    }

    /// All texts with their ids, block by block. An entry that cannot be read gives an error; if its length cannot be
    /// trusted, the rest of its block is left out. If there are more entries than a table of this size can hold, the
    /// iterator ends with an error.
    pub fn entries(&self) -> Entries<'a> {
        Entries { bytes: self.bytes, blocks: self.blocks.iter(), ids: None, rest: &[], budget: self.bytes.len() }
    }
}

/// The texts of a [`MessageTable`], in the order of its blocks.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    blocks: core::slice::Iter<'a, BlockRow>,
    /// What is left of a block: the ids, and the bytes from the entry of the first id on.
    ids: Option<RangeInclusive<u32>>,
    rest: &'a [u8],
    /// The bytes that entries may still use. Blocks do not overlap, so that all entries together are not larger than
    /// the table.
    budget: usize,
}

impl<'a> Entries<'a> {
    /// The next id, which may be the first of the next block.
    fn next_id(&mut self) -> Option<u32> {
        loop {
            if let Some(id) = self.ids.as_mut().and_then(RangeInclusive::next) {
                return Some(id);
            }
            let block = Block::read(*self.blocks.next()?);
            self.rest = usize::try_from(block.offset).ok().and_then(|at| self.bytes.get(at..)).unwrap_or_default();
            self.ids = Some(block.low..=block.high);
        }
    }

    fn entry(&mut self, id: u32) -> Result<MessageTableText<'a>, MessageTableErrorKind> {
        let Some((entry, rest)) = split_entry(self.rest) else {
            self.ids = None;
            return Err(MessageTableErrorKind::EntryTruncated { id });
        };
        let Some(budget) = self.budget.checked_sub(entry.len()) else {
            self.ids = None;
            self.blocks = [].iter();
            return Err(MessageTableErrorKind::Overlap { id });
        };
        self.budget = budget;
        self.rest = rest;
        MessageTableText::read(entry).map_err(|flags| MessageTableErrorKind::UnknownFlags { id, flags })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(u32, MessageTableText<'a>), MessageTableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next_id()?;
        let offset = self.bytes.len() - self.rest.len();
        Some(self.entry(id).map(|text| (id, text)).map_err(|kind| MessageTableError { offset, kind }))
    }
}

impl FusedIterator for Entries<'_> {}

/// The first entry with its header, and what follows it.
fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(u16::from_le_bytes(*bytes.first_chunk()?));
    if length < ENTRY { None } else { bytes.split_at_checked(length) }
}

impl<'a> MessageTableText<'a> {
    /// The text of an entry, or its flags if they are unknown. An unknown encoding is not guessed.
    fn read(entry: &'a [u8]) -> Result<Self, u16> {
        let (header, text) = entry.split_at_checked(ENTRY).unwrap_or_default();
        let flags = header.last_chunk().copied().map_or(u16::MAX, u16::from_le_bytes);
        match flags {
            0 => Ok(Self::Ansi(Ansi::new(without_end(text)))),
            1 => {
                let (units, _) = text.as_chunks::<2>();
                Utf16::new(without_wide_end(units).as_flattened()).map(Self::Utf16).ok_or(flags)
            }
            _ => Err(flags),
        }
    }
}

/// Cuts off the padding, then one line break.
fn without_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., 0] = text {
        text = rest;
    }
    text.strip_suffix(b"\r\n").unwrap_or(text)
}

/// As [`without_end`], on UTF-16 units.
fn without_wide_end(mut units: &[[u8; 2]]) -> &[[u8; 2]] {
    while let [rest @ .., [0, 0]] = units {
        units = rest;
    }
    units.strip_suffix(&[[b'\r', 0], [b'\n', 0]]).unwrap_or(units)
}

impl fmt::Debug for MessageTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes.len();
        f.debug_struct("MessageTable").field("blocks", &self.blocks.len()).field("bytes", &bytes).finish()
    }
}

impl fmt::Display for MessageTableText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16(text) => fmt::Display::fmt(text, f),
            Self::Ansi(text) => fmt::Display::fmt(text, f),
        }
    }
}

impl fmt::Display for MessageTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message table, offset {:#x}: ", self.offset)?;
        match self.kind {
            MessageTableErrorKind::NoHeader => f.write_str("the bytes end within the count of blocks"),
            MessageTableErrorKind::BlocksTruncated { blocks } => {
                write!(f, "the count of blocks is {blocks}, but the bytes end before as many")
            }
            MessageTableErrorKind::IdsReversed { low, high } => {
                write!(f, "a block goes from id {low:#x} down to {high:#x}")
            }
            MessageTableErrorKind::EntriesTruncated { entries_at, ids } => {
                write!(f, "a block has {ids} entries from offset {entries_at:#x} on, but the bytes end before as many")
            }
            MessageTableErrorKind::EntryTruncated { id } => {
                write!(f, "message {id:#010x} does not end inside the table")
            }
            MessageTableErrorKind::UnknownFlags { id, flags } => {
                write!(f, "message {id:#010x} has the unknown flags {flags:#x}")
            }
            MessageTableErrorKind::Overlap { id } => {
                write!(f, "message {id:#010x} overlaps other messages; the rest is not read")
            }
        }
    }
}

impl core::error::Error for MessageTableError {}
