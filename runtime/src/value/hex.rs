//! Bytes as pairs of hexadecimal digits.

use core::fmt;

/// The number of bytes that are turned into text at a time.
const CHUNK: usize = 32;

/// The case of the digits `a` to `f`.
#[derive(Clone, Copy)]
pub(super) enum Case {
    Lower,
    Upper,
}

/// The two digits of each byte.
static LOWER: [[u8; 2]; 256] = pairs(*b"0123456789abcdef");
static UPPER: [[u8; 2]; 256] = pairs(*b"0123456789ABCDEF");

const fn pairs(digits: [u8; 16]) -> [[u8; 2]; 256] {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
}

impl Case {
    /// The two digits of a byte.
    #[inline]
    pub(super) fn pair(self, byte: u8) -> [u8; 2] {
        let pairs = match self {
            Self::Lower => &LOWER,
            Self::Upper => &UPPER,
        };
        pairs[usize::from(byte)]
    }
}

/// Writes `bytes` as pairs without a prefix.
pub(super) fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8], case: Case) -> fmt::Result {
    for chunk in bytes.chunks(CHUNK) {
        let mut pairs = [[0; 2]; CHUNK];
        for (pair, &byte) in pairs.iter_mut().zip(chunk) {
            *pair = case.pair(byte);
        }
        let digits = pairs.get(..chunk.len()).unwrap_or_default().as_flattened();
        // The text is ASCII only.
        f.write_str(core::str::from_utf8(digits).map_err(|_| fmt::Error)?)?;
    }
    Ok(())
}
