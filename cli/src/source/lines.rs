//! Reads files and standard input line by line, with bounded memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// The longest line that is read. An event holds 64 KiB at most, 128 KiB in hex; this leaves room for separators.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// The size of the buffer. A larger one is not faster.
const BUFFER: usize = 64 * 1024;

/// The mark that some editors and shells put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Opens standard input for `-`, otherwise the file.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if is_stdin(path) {
        return Ok(Box::new(io::stdin()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The error with the name of the file it is about.
pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> io::Error {
    let name = if is_stdin(path) { "standard input".into() } else { path.to_string_lossy() };
    io::Error::new(error.kind(), format!("cannot read {name}: {error}"))
}

/// The bytes without a byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// A line of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Its bytes, without the line feed.
    Text(&'a [u8]),
    /// It has more than [`MAX_LINE`] bytes. They were skipped.
    TooLong,
}

/// Reads lines, and never holds more than one.
pub(crate) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(BUFFER, input), line: Vec::new(), number: 0 }
    }

    /// Whether the next line is already in memory. If not, reading it may have to wait.
    pub(crate) fn has_next_at_hand(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }

    /// The next line and its number, from 1. The last one may lack its line feed.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.line.clear();
        let mut length = 0usize;
        loop {
            let available = match self.input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                if length == 0 {
                    return Ok(None);
                }
                break;
            }
            let end = available.iter().position(|&byte| byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            length = length.saturating_add(part.len());
            if length <= MAX_LINE {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        let line = if length > MAX_LINE { Line::TooLong } else { Line::Text(self.text()) };
        Ok(Some((self.number, line)))
    }

    fn text(&self) -> &[u8] {
        if self.number == 1 { without_mark(&self.line) } else { &self.line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of an input that arrives one byte at a time, because a pipe may cut anywhere.
    fn lines(input: &[u8]) -> Vec<(u64, Option<Vec<u8>>)> {
        struct Drip<'a>(&'a [u8]);
        impl Read for Drip<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let size = buffer.len().min(1);
                self.0.read(&mut buffer[..size])
            }
        }
        let mut lines = Lines::new(Drip(input));
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, if let Line::Text(text) = line { Some(text.to_vec()) } else { None }));
        }
        all
    }

    #[test]
    fn lines_are_counted_and_the_last_may_lack_its_end() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a\n\nb"), [(1, Some(b"a".into())), (2, Some(b"".into())), (3, Some(b"b".into()))]);
        assert_eq!(lines(b"a\r\n"), [(1, Some(b"a\r".into()))]);
    }

    #[test]
    fn a_byte_order_mark_goes_only_from_the_start() {
        assert_eq!(
            lines(b"\xEF\xBB\xBFa\n\xEF\xBB\xBFb"),
            [(1, Some(b"a".into())), (2, Some(b"\xEF\xBB\xBFb".into()))]
        );
    }

    #[test]
    fn a_line_too_long_is_skipped_and_not_kept() {
        let mut input = vec![b'x'; MAX_LINE];
        input.push(b'\n');
        input.extend(vec![b'y'; MAX_LINE + 1]);
        input.extend(b"\nz\n");
        let mut lines = Lines::new(input.as_slice());
        assert!(matches!(lines.next(), Ok(Some((1, Line::Text(text)))) if text.len() == MAX_LINE));
        assert!(matches!(lines.next(), Ok(Some((2, Line::TooLong)))));
        assert!(lines.line.capacity() <= 2 * MAX_LINE);
        assert!(matches!(lines.next(), Ok(Some((3, Line::Text(b"z"))))));
        assert!(matches!(lines.next(), Ok(None)));
    }

    #[test]
    fn it_knows_whether_it_may_have_to_wait() {
        let mut lines = Lines::new(b"a\nb\nc".as_slice());
        assert!(!lines.has_next_at_hand());
        lines.next().unwrap();
        assert!(lines.has_next_at_hand());
        lines.next().unwrap();
        assert!(!lines.has_next_at_hand());
    }
}
