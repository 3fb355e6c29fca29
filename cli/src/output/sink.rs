//! Standard output, which may be closed by its reader before the end.

use std::io::{self, BufWriter, Write};

/// A buffered output that stops without an error when its reader closes it.
pub(crate) struct Sink<W: Write> {
    output: BufWriter<W>,
    closed: bool,
}

impl<W: Write> Sink<W> {
    /// Buffers this output.
    pub(crate) fn new(output: W) -> Self {
        Self { output: BufWriter::with_capacity(64 * 1024, output), closed: false }
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.output.write_all(bytes);
        self.unless_closed(written)
    }

    /// Writes what is buffered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.output.flush();
        self.unless_closed(flushed)
    }

    /// A reader that closes the output, as `head` does, is not an error.
    fn unless_closed(&mut self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(io::Error::new(error.kind(), format!("cannot write: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Whether the reader has closed the output.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that fails with this kind of error.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write_into(output: Broken) -> (io::Result<()>, bool) {
        let mut sink = Sink::new(output);
        sink.write(b"something").unwrap();
        (sink.flush(), sink.is_closed())
    }

    #[test]
    fn a_closed_pipe_ends_quietly_and_a_full_disk_does_not() {
        assert!(matches!(write_into(Broken(io::ErrorKind::BrokenPipe)), (Ok(()), true)));
        assert!(matches!(write_into(Broken(io::ErrorKind::StorageFull)), (Err(_), false)));
    }
}
