//! Writing to the terminal: colour only where there is one (`NO_COLOR` and `CLICOLOR` are heeded), and no complaint
//! when the reader at the other end of a pipe has enough.

use std::io::{self, Write};

use etw_schema::diff::Palette;

use crate::Result;

/// The colours of a terminal. `out` takes them away where they do not belong.
pub(crate) const PALETTE: Palette = Palette {
    breaking: "\x1b[1;31m",
    attention: "\x1b[1;33m",
    compatible: "\x1b[1;32m",
    heading: "\x1b[1m",
    dim: "\x1b[2m",
    reset: "\x1b[0m",
};

/// Writes to standard output.
pub(crate) fn out(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
