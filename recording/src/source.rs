//! The source of the bytes: a slice, which is borrowed, or a reader, which is read piece by piece.

use std::io::{self, Read, Seek, SeekFrom};

/// A reader that can seek. `Send`, so that its owner can be sent to another thread.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<R: Read + Seek + Send> ReadSeek for R {}

/// A file.
pub(crate) enum Source<'a> {
    Slice(&'a [u8]),
    Reader { reader: Box<dyn ReadSeek + 'a>, position: u64, length: u64 },
}

impl<'a> Source<'a> {
    pub(crate) fn new(mut reader: impl Read + Seek + Send + 'a) -> io::Result<Self> {
        let length = reader.seek(SeekFrom::End(0))?;
        Ok(Self::Reader { reader: Box::new(reader), position: length, length })
    }

    /// The size of the file in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Slice(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Reader { length, .. } => *length,
        }
    }

    /// Looks whether the file has become longer since it was opened. A slice never does.
    pub(crate) fn grow(&mut self) -> io::Result<bool> {
        let Self::Reader { reader, position, length } = self else { return Ok(false) };
        *position = u64::MAX;
        let now = reader.seek(SeekFrom::End(0))?;
        let has_grown = now > *length;
        *length = now.max(*length);
        Ok(has_grown)
    }

    /// Up to `length` bytes from an offset on; fewer only at the end of the file.
    ///
    /// The caller must bound `length`, and not by a number in the file: the bytes of a reader are put into a vector of
    /// this size.
    pub(crate) fn read<'b>(&'b mut self, offset: u64, length: usize, into: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        match self {
            Self::Slice(_) => Ok(self.slice(offset, length).unwrap_or_default()),
            Self::Reader { reader, position, length: all } => {
                read_into(reader, position, offset, length.min(available(*all, offset)), into)?;
                Ok(into)
            }
        }
    }

    /// The same bytes without a copy, if the file is a slice.
    pub(crate) fn slice(&self, offset: u64, length: usize) -> Option<&'a [u8]> {
        let Self::Slice(bytes) = self else { return None };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let rest = bytes.get(start..)?;
        rest.get(..length.min(rest.len()))
    }
}

/// The number of bytes from an offset to the end.
fn available(all: u64, offset: u64) -> usize {
    usize::try_from(all.saturating_sub(offset)).unwrap_or(usize::MAX)
}

fn read_into(
    reader: &mut Box<dyn ReadSeek + '_>,
    position: &mut u64,
    offset: u64,
    length: usize,
    into: &mut Vec<u8>,
) -> io::Result<()> {
    if *position != offset {
        // After an error the position of the reader is unknown.
        *position = u64::MAX;
        reader.seek(SeekFrom::Start(offset))?;
    }
    into.clear();
    // The file may have changed since it was opened: what is read now counts.
    let read = reader.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(into);
    *position = match &read {
        Ok(read) => offset.saturating_add(u64::try_from(*read).unwrap_or(0)),
        Err(_) => u64::MAX,
    };
    read.map(|_| ())
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("size", &self.len()).finish_non_exhaustive()
    }
}
