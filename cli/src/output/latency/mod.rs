//! What `smbetw latency` found, in each of its forms.

pub(crate) mod compare;
pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod text;
mod units;

use std::{cmp::Reverse, sync::Arc};

use etw_runtime::FileTime;
use smbserver_analysis::{Command, Dimension, Key, Report};
use smbserver_etw::NtStatus;

/// A report, and what is known of the files beside it.
pub(crate) struct Findings {
    /// The files.
    pub(crate) files: Vec<FileFacts>,
    /// When the recordings began.
    pub(crate) start: Option<FileTime>,
    /// When they ended.
    pub(crate) end: Option<FileTime>,
    /// Records of other providers.
    pub(crate) others: u64,
    /// What the events said.
    pub(crate) report: Report,
    /// So many entries of each list are shown.
    pub(crate) top: usize,
    /// Tables beside those that are always there.
    pub(crate) by: Vec<Vec<Dimension>>,
    /// Whether the unanswered requests are listed.
    pub(crate) open: bool,
    /// Whether all pairs of a list of the slowest are shown.
    pub(crate) all_slow: bool,
}

/// What is known of a file.
pub(crate) struct FileFacts {
    pub(crate) name: Arc<str>,
    pub(crate) build: Option<u32>,
    pub(crate) build_known_by: &'static str,
    pub(crate) start: Option<FileTime>,
    pub(crate) end: Option<FileTime>,
    pub(crate) events_lost: u64,
    pub(crate) buffers_lost: u64,
}

impl Findings {
    /// The build, if it is one.
    pub(crate) fn build(&self) -> Option<u32> {
        let mut builds = self.files.iter().map(|file| file.build);
        let first = builds.next()??;
        builds.all(|build| build == Some(first)).then_some(first)
    }

    /// How many of the slowest pairs are shown.
    pub(crate) fn shown_slowest(&self) -> usize {
        if self.all_slow { usize::MAX } else { self.top }
    }

    /// Events that the sessions lost.
    pub(crate) fn events_lost(&self) -> u64 {
        self.files.iter().map(|file| file.events_lost).sum()
    }

    /// Buffers that the sessions lost.
    pub(crate) fn buffers_lost(&self) -> u64 {
        self.files.iter().map(|file| file.buffers_lost).sum()
    }
}

/// A final status but success.
pub(crate) struct StatusCount {
    pub(crate) status: NtStatus,
    pub(crate) count: u64,
    pub(crate) errors: u64,
    /// The commands that ended so, the most frequent first.
    pub(crate) commands: Vec<(Command, u64)>,
}

/// All statuses but success, the most frequent first.
pub(crate) fn statuses(report: &Report) -> Vec<StatusCount> {
    let mut all: Vec<StatusCount> = Vec::new();
    for group in report.groups(&[Dimension::Status, Dimension::Command]).unwrap_or_default() {
        let [Key::Status(status), Key::Command(command)] = group.keys.as_slice() else { continue };
        if status.0 == 0 {
            continue;
        }
        let found = all.iter().position(|known| known.status == *status);
        let index = found.unwrap_or_else(|| {
            all.push(StatusCount { status: *status, count: 0, errors: 0, commands: Vec::new() });
            all.len() - 1
        });
        if let Some(known) = all.get_mut(index) {
            known.count += group.figures.count();
            known.errors += group.figures.errors();
            known.commands.push((*command, group.figures.count()));
        }
    }
    all.sort_by_key(|status| (Reverse(status.count), status.status.0));
    for status in &mut all {
        status.commands.sort_by_key(|&(command, count)| (Reverse(count), command));
    }
    all
}
