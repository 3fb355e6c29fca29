//! Writes characters to a formatter, many at a time.

use core::fmt::{self, Write as _};

/// The bytes that are collected before they are written: a few times the longest character.
const SIZE: usize = 64;

/// Collects characters on the stack, because one `write_str` for each character is slow for every sink.
pub(super) struct TextBuffer<'a, 'f> {
    out: &'a mut fmt::Formatter<'f>,
    bytes: [u8; SIZE],
    len: usize,
}

impl<'a, 'f> TextBuffer<'a, 'f> {
    pub(super) fn new(out: &'a mut fmt::Formatter<'f>) -> Self {
        Self { out, bytes: [0; SIZE], len: 0 }
    }

    /// Writes all of `chars`.
    pub(super) fn write_all(mut self, chars: impl Iterator<Item = char>) -> fmt::Result {
        for char in chars {
            self.push(char)?;
        }
        self.flush()
    }

    fn push(&mut self, char: char) -> fmt::Result {
        if SIZE - self.len < char.len_utf8() {
            self.flush()?;
        }
        match self.bytes.get_mut(self.len..).filter(|space| space.len() >= char.len_utf8()) {
            Some(space) => self.len += char.encode_utf8(space).len(),
            // Cannot happen, since the buffer has just been emptied; but it would be right.
            None => self.out.write_char(char)?,
        }
        Ok(())
    }

    fn flush(&mut self) -> fmt::Result {
        let written = self.bytes.get(..self.len).unwrap_or_default();
        // Only whole characters were pushed.
        let text = core::str::from_utf8(written).map_err(|_| fmt::Error)?;
        self.len = 0;
        self.out.write_str(text)
    }
}
