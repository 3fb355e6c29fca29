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

impl Case {
    /// The digit of a number below 16.
    fn digit(self, nibble: u8) -> u8 {
        match (nibble, self) {
            (0..=9, _) => b'0' + nibble,
            (_, Self::Lower) => b'a' + (nibble & 15) - 10,
            (_, Self::Upper) => b'A' + (nibble & 15) - 10,
        }
    }

    /// The two digits of a byte.
    pub(super) fn pair(self, byte: u8) -> [u8; 2] {
        [self.digit(byte >> 4), self.digit(byte & 15)]
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
