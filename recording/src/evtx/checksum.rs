//! The checksums of a log: CRC-32 of its header, and of each chunk's header and records.

use std::fmt;

use crate::bytes::Bytes;

/// What a checksum is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checksummed {
    /// The log's header.
    LogHeader,
    /// A chunk's header, with its lists of names and templates.
    ChunkHeader,
    /// A chunk's records.
    Records,
}

impl fmt::Display for Checksummed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LogHeader => "the log's header",
            Self::ChunkHeader => "the header of a chunk",
            Self::Records => "the records of a chunk",
        })
    }
}

/// A checksum that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongChecksum {
    /// What it is of.
    pub of: Checksummed,
    /// The checksum in the file.
    pub stored: u32,
    /// That of the bytes.
    pub computed: u32,
}

impl fmt::Display for WrongChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, stored, computed } = self;
        write!(
            f,
            "the checksum of {of} is {stored:#010x}, but its bytes give {computed:#010x}: something was changed or lost"
        )
    }
}

/// Where the checksum of a chunk's records, and that of a header stand.
pub(super) const OF_RECORDS: u32 = 52;
pub(super) const OF_HEADER: u32 = 124;
/// Where a chunk's flags stand, and the one that says that it has no checksums.
const FLAGS: usize = 120;
const NONE: u32 = 4;

/// Whether a log's header, of which these are the first bytes, is not as it was written.
pub(super) fn check_log_header(bytes: &[u8]) -> Option<WrongChecksum> {
    compare(Checksummed::LogHeader, Bytes(bytes).u32(OF_HEADER as usize)?, Crc::default().with(bytes.get(..120)?))
}

/// What of a whole chunk, whose records end at `free`, is not as it was written.
pub(super) fn check_chunk(chunk: &[u8], free: usize) -> [Option<WrongChecksum>; 2] {
    let b = Bytes(chunk);
    if b.u32(FLAGS).is_none_or(|flags| flags & NONE != 0) {
        return [None; 2];
    }
    let check = |of, at: u32, parts: [Option<&[u8]>; 2]| {
        let crc = parts.into_iter().try_fold(Crc::default(), |crc, part| Some(crc.with(part?)))?;
        compare(of, b.u32(at as usize)?, crc)
    };
    [
        check(Checksummed::ChunkHeader, OF_HEADER, [chunk.get(..120), chunk.get(128..512)]),
        check(Checksummed::Records, OF_RECORDS, [chunk.get(512..free), Some(&[])]),
    ]
}

/// A checksum of 0 was never computed: Windows does that when it leaves a chunk.
fn compare(of: Checksummed, stored: u32, crc: Crc) -> Option<WrongChecksum> {
    let computed = !crc.0;
    (stored != 0 && stored != computed).then_some(WrongChecksum { of, stored, computed })
}

/// CRC-32 as in ZIP.
#[derive(Clone, Copy)]
struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

/// For each byte that is so many places before the last, what it does to the sum.
const TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "it is less than 256")]
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xEDB8_8320 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut place = 1;
    while place < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[place - 1][byte];
            tables[place][byte] = before >> 8 ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        place += 1;
    }
    tables
}

impl Crc {
    fn with(self, bytes: &[u8]) -> Self {
        let (eights, rest) = bytes.as_chunks::<8>();
        let look = |place: usize, byte: u8| TABLES[place][usize::from(byte)];
        let sum = eights.iter().fold(self.0, |sum, &[a, b, c, d, e, f, g, h]| {
            let [a, b, c, d] = (sum ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            look(7, a) ^ look(6, b) ^ look(5, c) ^ look(4, d) ^ look(3, e) ^ look(2, f) ^ look(1, g) ^ look(0, h)
        });
        Self(rest.iter().fold(sum, |sum, &byte| {
            let [low, ..] = sum.to_le_bytes();
            sum >> 8 ^ look(0, low ^ byte)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_zip() {
        assert_eq!(!Crc::default().with(b"123456789").0, 0xCBF4_3926);
        assert_eq!(!Crc::default().with(b"").0, 0);
        let text = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(!Crc::default().with(text).0, 0x414F_A339);
        for cut in 0..text.len() {
            assert_eq!(!Crc::default().with(&text[..cut]).with(&text[cut..]).0, 0x414F_A339, "{cut}");
        }
    }
}
