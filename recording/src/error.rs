//! What can be wrong with a file, at which offset, and what was expected there.

use std::fmt;
use std::io;

use crate::etl::Lz77Error;
use crate::evtx::{BinXmlError, WrongChecksum};

/// Something in a file that cannot be read.
///
/// Reading goes on after an error: after a bad record with the next buffer, after a bad buffer at the next offset where
/// one may begin. Only an error of the reader itself ends the file.
#[derive(Debug)]
pub struct Error {
    start: u64,
    within: Option<u32>,
    kind: ErrorKind,
}

impl Error {
    /// At a file offset.
    pub(crate) fn new(start: u64, kind: ErrorKind) -> Self {
        Self { start, within: None, kind }
    }

    /// At an offset in a buffer or chunk that begins at `start`.
    pub(crate) fn within(start: u64, within: u32, kind: ErrorKind) -> Self {
        Self { start, within: Some(within), kind }
    }

    /// The file offset: of the buffer or chunk, if the fault is in one.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The offset from there, for a fault in a buffer or chunk. In a compressed buffer it counts unpacked bytes.
    pub fn offset_within(&self) -> Option<u32> {
        self.within
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {:#x}", self.start)?;
        if let Some(within) = self.within {
            write!(f, "+{within:#x}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// What is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The reader failed.
    Io(io::Error),
    /// The file is not a trace.
    NotATrace,
    /// The trace was written by Windows Vista or older.
    OldLayout {
        /// Major version of the layout.
        major: u8,
        /// Minor version of the layout.
        minor: u8,
    },
    /// The file ends inside the header of a buffer.
    BufferHeaderCut {
        /// Bytes that are left in the file.
        available: u64,
    },
    /// The size of a buffer is impossible.
    BufferSize {
        /// The size.
        size: u32,
        /// The least that is possible.
        least: u32,
        /// The most that is possible.
        most: u32,
    },
    /// The file ends inside a buffer.
    BufferCut {
        /// The buffer's size.
        size: u32,
        /// Bytes that are left in the file.
        available: u64,
    },
    /// The records of a buffer end at an impossible offset.
    DataEnd {
        /// The offset.
        end: u32,
        /// The least that is possible.
        least: u32,
        /// The most that is possible.
        most: u32,
    },
    /// A buffer is compressed in a format that this crate does not read.
    Compression {
        /// Its number: 2 for LZNT1, 4 for XPRESS with Huffman codes.
        format: u32,
    },
    /// A compressed buffer cannot be unpacked.
    Packed {
        /// The number of the format that the file names, if it names one.
        format: u32,
        /// The reason.
        error: Lz77Error,
    },
    /// Records in time order would need more memory for buffers than the limit allows.
    Memory {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// The marker at the start of a record is not that of any kind of record.
    Marker(u32),
    /// A record's header is of an unknown kind, or of one whose size is not known.
    RecordType(u8),
    /// The size of a record is impossible.
    RecordSize {
        /// The size.
        size: u32,
        /// The least that is possible.
        least: u32,
        /// The most that is possible.
        most: u32,
    },
    /// An extended item of a record has an impossible size.
    ItemSize {
        /// The size.
        size: u32,
        /// The least that is possible.
        least: u32,
        /// The most that is possible.
        most: u32,
    },
    /// The file is not an event log.
    NotALog,
    /// The file ends inside a chunk.
    ChunkCut {
        /// Bytes that are left in the file.
        available: u64,
    },
    /// A chunk does not begin with its signature.
    ChunkSignature([u8; 8]),
    /// A record of an event log does not begin with its signature.
    LogRecordSignature([u8; 4]),
    /// The size after a record differs from the size before it.
    LogRecordSizes {
        /// The size before it.
        first: u32,
        /// The size after it.
        last: u32,
    },
    /// Something in an event log is not as it was written. It is read all the same.
    Checksum(WrongChecksum),
    /// The contents of a record cannot be read.
    BinXml(BinXmlError),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::NotATrace => f.write_str("not a trace: expected the header of a buffer and a first record"),
            Self::OldLayout { major, minor } => {
                write!(f, "a trace of Windows Vista or older: layout version {major}.{minor}; expected 1.5 or later")
            }
            Self::BufferHeaderCut { available } => {
                write!(f, "the file ends in the header of a buffer, after {available} bytes; expected 72")
            }
            Self::BufferSize { size, least, most } => {
                write!(f, "a buffer of {size} bytes; expected {least} to {most}")
            }
            Self::BufferCut { size, available } => {
                write!(f, "the file ends in a buffer, after {available} bytes; expected {size}")
            }
            Self::DataEnd { end, least, most } => {
                write!(f, "the records of a buffer end at {end}; expected {least} to {most}")
            }
            Self::Compression { format } => {
                write!(f, "a buffer in compression format {format}; expected 3, plain LZ77")
            }
            Self::Packed { format, error } => {
                write!(f, "a compressed buffer is not plain LZ77 (format {format} in the file): {error}")
            }
            Self::Memory { needed, limit } => {
                write!(f, "the order of time needs {needed} bytes of buffers at once; allowed are {limit}")
            }
            Self::Marker(marker) => write!(f, "a record begins with {marker:#010x}; expected a marker"),
            Self::RecordType(kind) => write!(f, "a record of header type {kind}, which is not known"),
            Self::RecordSize { size, least, most } => write_size(f, "a record", *size, *least, *most),
            Self::ItemSize { size, least, most } => write_size(f, "an extended item", *size, *least, *most),
            Self::NotALog => f.write_str("not an event log: expected ElfFile or a chunk"),
            Self::ChunkCut { available } => {
                write!(f, "the file ends in a chunk, after {available} bytes; expected 65536")
            }
            Self::ChunkSignature(found) => write!(f, "a chunk begins with {}; expected ElfChnk", found.escape_ascii()),
            Self::LogRecordSignature(found) => {
                write!(f, "a record begins with {}; expected **", found.escape_ascii())
            }
            Self::LogRecordSizes { first, last } => {
                write!(f, "a record of {first} bytes ends with the size {last}; expected the same")
            }
            Self::Checksum(wrong) => write!(f, "{wrong}"),
            Self::BinXml(error) => write!(f, "{error}"),
        }
    }
}

/// Writes a size and its bounds. No size may be possible within them.
fn write_size(f: &mut fmt::Formatter<'_>, what: &str, size: u32, least: u32, most: u32) -> fmt::Result {
    if most < least {
        return write!(f, "{what} of which {most} bytes are there; expected at least {least}");
    }
    write!(f, "{what} of {size} bytes; expected {least} to {most}")
}
