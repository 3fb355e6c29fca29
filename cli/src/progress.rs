//! Progress on standard error, if that is a terminal.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use crate::source::Progress;

/// The time between two updates.
const EVERY: Duration = Duration::from_millis(200);

/// Shows the progress.
pub(crate) struct Meter {
    shown: bool,
    size: u64,
    begun: Instant,
    last: Instant,
    calls: u32,
    is_visible: bool,
}

impl Meter {
    /// A meter for files with this total size.
    pub(crate) fn new(quiet: bool, size: u64) -> Self {
        // On a terminal that also shows events it would disturb them.
        let shown = !quiet && io::stderr().is_terminal() && !io::stdout().is_terminal();
        let now = Instant::now();
        Self { shown, size, begun: now, last: now, calls: 0, is_visible: false }
    }

    /// Called before each event.
    pub(crate) fn tick(&mut self, progress: impl FnOnce() -> Progress) {
        self.calls = self.calls.wrapping_add(1);
        // Do not read the clock for each event.
        if !self.shown || !self.calls.is_multiple_of(256) || self.last.elapsed() < EVERY {
            return;
        }
        self.last = Instant::now();
        self.is_visible = true;
        let text = line(progress(), self.size, self.begun.elapsed());
        let _ = write!(io::stderr(), "\r\x1b[K{text}");
    }

    /// Removes the progress from the terminal.
    pub(crate) fn clear(&mut self) {
        if self.is_visible {
            self.is_visible = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with three digits")]
fn line(progress: Progress, size: u64, taken: Duration) -> String {
    let part = if size == 0 { 1.0 } else { (progress.bytes as f64 / size as f64).min(1.0) };
    let seconds = taken.as_secs_f64().max(0.001);
    let records = progress.events + progress.others;
    let left = if part > 0.01 { format!(", {:.0} s left", seconds / part - seconds) } else { String::new() };
    format!(
        "{:.0} % of {:.1} MiB, {} events, {:.0} records/s{left}",
        part * 100.0,
        size as f64 / 1_048_576.0,
        progress.events,
        records as f64 / seconds,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_done_and_what_is_left() {
        let progress = Progress { bytes: 512 << 10, events: 100, others: 100 };
        let line = line(progress, 1 << 20, Duration::from_secs(2));
        assert_eq!(line, "50 % of 1.0 MiB, 100 events, 100 records/s, 2 s left");
    }
}
