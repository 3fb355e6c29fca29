//! Helpers for the tests of this module.

extern crate std;

pub(super) use std::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// The bytes of pairs of digits; blanks are left out.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter(|&c| c != ' ').map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

/// The UTF-16LE bytes of `text`.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Pseudo-random numbers, the same in every run.
pub(super) struct XorShift(test_support::XorShift);

impl XorShift {
    pub(super) fn new() -> Self {
        Self(test_support::XorShift::new(0x9E37_79B9_7F4A_7C15))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// A number less than `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.below(end)
    }

    /// That many bytes, with many zeros among them, as in payloads.
    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len)
            .map(|_| {
                let [byte, chance, ..] = self.next().to_le_bytes();
                if chance < 96 { 0 } else { byte }
            })
            .collect()
    }
}
