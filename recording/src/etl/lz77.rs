//! Plain LZ77 ("XPRESS", [MS-XCA] 2.4): the compression of buffers.
//!
//! A word of 32 flags is followed by up to 32 items: 0 is a literal byte, 1 a match. A match is 16 bits, its offset and
//! its length, and up to three more numbers for long lengths.

use std::fmt;

/// Why a block cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lz77Error {
    /// The packed bytes end before everything is unpacked.
    Ends {
        /// Bytes unpacked so far.
        unpacked: usize,
        /// Bytes that were expected.
        expected: usize,
    },
    /// A match begins before the first byte.
    Reference {
        /// Bytes unpacked so far.
        unpacked: usize,
        /// How far back the match begins.
        distance: usize,
    },
    /// A match has a length that its encoding does not allow.
    Length {
        /// Bytes unpacked so far.
        unpacked: usize,
    },
    /// A match goes past the expected end.
    Overrun {
        /// Bytes that would have been unpacked.
        unpacked: usize,
        /// Bytes that were expected.
        expected: usize,
    },
}

impl std::error::Error for Lz77Error {}

impl fmt::Display for Lz77Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends { unpacked, expected } => {
                write!(f, "the packed bytes end after {unpacked} of {expected} unpacked bytes")
            }
            Self::Reference { unpacked, distance } => {
                write!(f, "after {unpacked} unpacked bytes a match begins {distance} bytes back")
            }
            Self::Length { unpacked } => write!(f, "after {unpacked} unpacked bytes a match has an impossible length"),
            Self::Overrun { unpacked, expected } => {
                write!(f, "a match unpacks to {unpacked} bytes; expected {expected}")
            }
        }
    }
}

/// The memory for a block at first, as a multiple of its packed size. Real blocks unpack to at most nine times their
/// packed size.
const FIRST_RATIO: usize = 16;
/// Literals and short matches are copied in pieces of these sizes, even if they are shorter.
const PIECE: usize = 32;
const SHORT: usize = 16;

/// Unpacks plain LZ77 ("XPRESS", [MS-XCA] 2.4) to exactly `size` bytes, and appends them to `out`. Buffers of
/// compressed traces are packed in this way.
///
/// On an error `out` holds what could be unpacked. Memory grows with what is unpacked, not with `size`.
///
/// ```
/// let packed = [0xff, 0xff, 0xff, 0x1f, b'a', b'b', b'c', 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01];
/// let mut unpacked = Vec::new();
/// etw_recording::etl::unpack_lz77(&packed, 300, &mut unpacked)?;
/// assert_eq!(unpacked, b"abc".repeat(100));
/// # Ok::<(), etw_recording::etl::Lz77Error>(())
/// ```
pub fn unpack_lz77(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), Lz77Error> {
    let base = out.len();
    let first = size.min(packed.len().saturating_mul(FIRST_RATIO));
    out.resize(base + first, 0);
    let mut unpacker = Unpacker { packed, at: 0, out, base, done: 0, size, half: None };
    let result = unpacker.run();
    let done = unpacker.done;
    out.truncate(base + done);
    result
}

struct Unpacker<'p, 'o> {
    packed: &'p [u8],
    at: usize,
    out: &'o mut Vec<u8>,
    /// The offset of the block in `out`.
    base: usize,
    /// Bytes unpacked.
    done: usize,
    size: usize,
    /// The offset of a byte whose upper half is the length of the next match.
    half: Option<usize>,
}

impl Unpacker<'_, '_> {
    fn run(&mut self) -> Result<(), Lz77Error> {
        while self.done < self.size {
            let mut flags = u32::from_le_bytes(self.take()?);
            let mut left = 32;
            while left > 0 && self.done < self.size {
                let literals = flags.leading_zeros().min(left);
                if literals > 0 {
                    self.copy_literals(literals as usize)?;
                }
                left -= literals;
                // In two steps, because a shift by 32 bits overflows.
                flags = flags.checked_shl(literals).unwrap_or(0);
                if left > 0 && self.done < self.size {
                    self.copy_match()?;
                    left -= 1;
                    flags <<= 1;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Lz77Error> {
        let rest = self.packed.get(self.at..).unwrap_or_default();
        let bytes = *rest.first_chunk().ok_or_else(|| self.ends())?;
        self.at += N;
        Ok(bytes)
    }

    #[cold]
    fn ends(&self) -> Lz77Error {
        Lz77Error::Ends { unpacked: self.done, expected: self.size }
    }

    /// Makes room for more bytes: at least twice as much as there was.
    #[cold]
    fn grow(&mut self, more: usize) {
        let room = self.out.len() - self.base;
        let wanted = (self.done + more).max(room.saturating_mul(2)).min(self.size);
        self.out.resize(self.base + wanted, 0);
    }

    #[inline]
    fn copy_literals(&mut self, count: usize) -> Result<(), Lz77Error> {
        let to = self.base + self.done;
        let from = self.packed.get(self.at..);
        let into = self.out.get_mut(to..);
        if self.size - self.done >= PIECE
            && let Some(from) = from.and_then(|from| from.first_chunk::<PIECE>())
            && let Some(into) = into.and_then(|into| into.first_chunk_mut::<PIECE>())
        {
            // A copy of constant size is a few moves. The bytes that are too many are overwritten next.
            *into = *from;
            self.at += count;
            self.done += count;
            return Ok(());
        }
        self.copy_last_literals(count)
    }

    /// Literals near the end of the input, the output or the room.
    #[cold]
    fn copy_last_literals(&mut self, count: usize) -> Result<(), Lz77Error> {
        let wanted = count.min(self.size - self.done);
        if self.out.len() - self.base < self.done + wanted {
            self.grow(wanted);
        }
        let rest = self.packed.get(self.at..).unwrap_or_default();
        let there = wanted.min(rest.len());
        let to = self.base + self.done;
        self.out[to..to + there].copy_from_slice(&rest[..there]);
        self.at += there;
        self.done += there;
        if there < wanted { Err(self.ends()) } else { Ok(()) }
    }

    #[inline]
    fn copy_match(&mut self) -> Result<(), Lz77Error> {
        let token = usize::from(u16::from_le_bytes(self.take()?));
        let distance = (token >> 3) + 1;
        let length = if token & 7 == 7 { self.long_length()? } else { (token & 7) + 3 };
        if distance > self.done {
            return Err(Lz77Error::Reference { unpacked: self.done, distance });
        }
        let to = self.base + self.done;
        if length <= SHORT && distance >= SHORT && self.out.len() - to >= SHORT {
            self.out.copy_within(to - distance..to - distance + SHORT, to);
            // The room never goes past the size, so the length does not either.
            self.done += length;
            return Ok(());
        }
        self.copy_long_match(distance, length)
    }

    fn copy_long_match(&mut self, distance: usize, length: usize) -> Result<(), Lz77Error> {
        if length > self.size - self.done {
            let unpacked = self.done.saturating_add(length);
            return Err(Lz77Error::Overrun { unpacked, expected: self.size });
        }
        if self.out.len() - self.base - self.done < length {
            self.grow(length);
        }
        let to = self.base + self.done;
        let mut copied = 0;
        // What was copied is copied again: each round doubles the period.
        while copied < length {
            let piece = (distance + copied).min(length - copied);
            self.out.copy_within(to - distance..to - distance + piece, to + copied);
            copied += piece;
        }
        self.done += length;
        Ok(())
    }

    /// A length from 10 on, in half a byte, one byte, two or four.
    fn long_length(&mut self) -> Result<usize, Lz77Error> {
        let nibble = if let Some(at) = self.half.take() {
            self.packed.get(at).copied().unwrap_or_default() >> 4
        } else {
            let [byte] = self.take()?;
            self.half = Some(self.at - 1);
            byte & 0xF
        };
        if nibble < 15 {
            return Ok(usize::from(nibble) + 7 + 3);
        }
        let [byte] = self.take()?;
        if byte < 255 {
            return Ok(usize::from(byte) + 15 + 7 + 3);
        }
        let mut long = u32::from(u16::from_le_bytes(self.take()?));
        if long == 0 {
            long = u32::from_le_bytes(self.take()?);
        }
        // This is the whole length, minus the three that every match has.
        if long < 15 + 7 {
            return Err(Lz77Error::Length { unpacked: self.done });
        }
        usize::try_from(long).ok().and_then(|long| long.checked_add(3)).ok_or(Lz77Error::Length { unpacked: self.done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(packed: &[u8], size: usize) -> Result<Vec<u8>, Lz77Error> {
        let mut out = vec![0xEE];
        let result = unpack_lz77(packed, size, &mut out);
        assert_eq!(out.remove(0), 0xEE);
        result.map(|()| out)
    }

    /// The examples of [MS-XCA] 3.1 and 3.2.
    #[test]
    fn examples_of_the_specification() {
        let alphabet = b"abcdefghijklmnopqrstuvwxyz";
        let mut packed = vec![0x3f, 0, 0, 0];
        packed.extend(alphabet);
        assert_eq!(unpacked(&packed, 26).as_deref(), Ok(&alphabet[..]));

        let packed = [0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01];
        assert_eq!(unpacked(&packed, 300), Ok(b"abc".repeat(100)));
    }

    #[test]
    fn the_output_may_end_before_the_input() {
        let packed = [0x3f, 0, 0, 0, b'a', b'b', b'c', b'd'];
        assert_eq!(unpacked(&packed, 3).as_deref(), Ok(&b"abc"[..]));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(unpacked(&[0, 0, 0, 0, b'a'], 2), Err(Lz77Error::Ends { unpacked: 1, expected: 2 }));
        assert_eq!(unpacked(&[0, 0, 0], 2), Err(Lz77Error::Ends { unpacked: 0, expected: 2 }));
        // A match that begins four bytes back, after one literal.
        let packed = [0, 0, 0, 0x40, b'a', 0x18, 0];
        assert_eq!(unpacked(&packed, 9), Err(Lz77Error::Reference { unpacked: 1, distance: 4 }));
        // A match of four bytes where three are expected.
        let packed = [0, 0, 0, 0x40, b'a', 0x01, 0];
        assert_eq!(unpacked(&packed, 4), Err(Lz77Error::Overrun { unpacked: 5, expected: 4 }));
        // A length in two bytes that would have fitted into one.
        let packed = [0, 0, 0, 0x40, b'a', 0x07, 0, 0x0F, 0xFF, 5, 0];
        assert_eq!(unpacked(&packed, 400), Err(Lz77Error::Length { unpacked: 1 }));
    }

    #[test]
    fn room_grows_with_what_is_unpacked() {
        // A literal and a match of 16 MiB in sixteen bytes.
        let mut packed = vec![0, 0, 0, 0x40, b'x', 0x07, 0, 0x0F, 0xFF, 0, 0];
        packed.extend((16_u32 << 20).to_le_bytes());
        let size = (16 << 20) + 4;
        assert_eq!(unpacked(&packed, size), Ok(vec![b'x'; size]));
        let mut out = Vec::new();
        let promise = unpack_lz77(&packed[..5], usize::MAX / 4, &mut out);
        assert!(matches!(promise, Err(Lz77Error::Ends { unpacked: 1, .. })), "{promise:?}");
        assert!(out.capacity() <= 5 * FIRST_RATIO);
    }
}
