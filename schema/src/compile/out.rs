//! Bytes that are written front to back, with offsets that are known only later.

/// The place of a number that is written later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later(usize);

/// What was written so far. Offsets count from its start.
#[derive(Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
}

impl Out {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// A number of things. `compile` reports a resource for which 32 bits are too few.
    pub(super) fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// UTF-16, without a NUL.
    pub(super) fn utf16(&mut self, text: &str) {
        text.encode_utf16().for_each(|unit| self.u16(unit));
    }

    /// Writes a text after its size, with a NUL, filled up to four bytes.
    pub(super) fn sized_text(&mut self, text: &str) {
        let size = self.later();
        let start = self.len() - 4;
        self.utf16(text);
        self.u16(0);
        self.align(4);
        self.set(size, self.len() - start);
    }

    /// Zeros up to the next multiple.
    pub(super) fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    /// Leaves room for a number.
    pub(super) fn later(&mut self) -> Later {
        self.u32(0);
        Later(self.bytes.len() - 4)
    }

    pub(super) fn set(&mut self, later: Later, value: usize) {
        let value = u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = self.bytes.get_mut(later.0..later.0 + 4) {
            place.copy_from_slice(&value);
        }
    }

    /// Overwrites the bytes at an offset.
    pub(super) fn patch(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// The offset of what is written next.
    pub(super) fn set_here(&mut self, later: Later) {
        self.set(later, self.len());
    }
}
