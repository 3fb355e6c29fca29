//! Sources of events: traces and event logs, lines of JSON, hex on the command line. Each makes a `Raw`.

pub(crate) mod described;
pub(crate) mod files;
pub(crate) mod hex;
pub(crate) mod json_line;
pub(crate) mod lines;
pub(crate) mod log;
pub(crate) mod paths;
pub(crate) mod trace;

use std::ops::RangeInclusive;

use etw_runtime::FileTime;

/// The conditions that can be tested before a record is copied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefilter {
    /// The ids that are wanted; all ids if empty.
    pub(crate) ids: Vec<RangeInclusive<u16>>,
    /// The ids that are not wanted.
    pub(crate) without: Vec<RangeInclusive<u16>>,
    /// The earliest time.
    pub(crate) since: Option<FileTime>,
    /// The end of the time, not included.
    pub(crate) until: Option<FileTime>,
}

impl Prefilter {
    /// Whether an event with this id and time is wanted.
    pub(crate) fn admits(&self, id: u16, time: Option<FileTime>) -> bool {
        let is_in = |ranges: &[RangeInclusive<u16>]| ranges.iter().any(|range| range.contains(&id));
        (self.ids.is_empty() || is_in(&self.ids))
            && !is_in(&self.without)
            && self.since.is_none_or(|since| time.is_some_and(|time| since <= time))
            && self.until.is_none_or(|until| time.is_some_and(|time| time < until))
    }
}

/// The progress of a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The highest offset that was read.
    pub(crate) bytes: u64,
    /// Events of SMBServer, wanted or not.
    pub(crate) events: u64,
    /// Records of other providers.
    pub(crate) others: u64,
}
