//! Traces (`.etl`) as a source.

use std::sync::Arc;

use etw_recording::{
    Error, Guid,
    etl::{EVENT_METADATA, EVENT_TRACE, RecordsByTime, SYSTEM_CONFIG_EX, Trace},
};
use smbserver_etw::{Build, descriptor::Channel, schema::PROVIDER};

use super::{Prefilter, Progress, described::Described};
use crate::raw::{Header, Raw};

/// Whether records of this class are the trace's own, or those of the program that put it together.
fn is_of_the_trace(class: Guid) -> bool {
    [EVENT_TRACE, EVENT_METADATA, SYSTEM_CONFIG_EX].contains(&class)
}

/// The SMBServer records of a trace, in the order of time.
pub(crate) struct TraceCursor<'t> {
    records: RecordsByTime<'t, 'static>,
    file: Arc<str>,
    build: Option<Build>,
    described: Described,
    /// The number of the next record.
    next: u64,
    progress: Progress,
}

impl<'t> TraceCursor<'t> {
    /// A cursor at the first record. `build` is that of the command line; the trace has its own.
    pub(crate) fn new(trace: &'t mut Trace<'static>, file: Arc<str>, build: Option<Build>) -> Self {
        let build = build.or_else(|| trace.build().map(Build::from));
        let described = Described::read(trace, build);
        Self { records: trace.records_by_time(), file, build, described, next: 0, progress: Progress::default() }
    }

    /// Fills `raw` with the next event that is wanted. `None` after the last.
    pub(crate) fn next(&mut self, wanted: &Prefilter, raw: &mut Raw) -> Option<Result<(), Error>> {
        loop {
            let record = match self.records.next()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            let number = self.next;
            self.next += 1;
            self.progress.bytes = self.progress.bytes.max(record.place.start);
            let Some(key) = record.key.filter(|_| record.provider == PROVIDER.guid) else {
                self.progress.others += u64::from(!is_of_the_trace(record.provider));
                continue;
            };
            self.progress.events += 1;
            if !wanted.admits(key.id, record.time) {
                continue;
            }
            // A clone counts the name's owners, for which threads would wait for each other.
            if raw.file.as_ref().is_none_or(|file| !Arc::ptr_eq(file, &self.file)) {
                raw.file = Some(Arc::clone(&self.file));
            }
            // `raw` may have held an event of a log.
            raw.fault = None;
            raw.record = Some(number);
            raw.time = record.time;
            raw.build = self.build;
            raw.notes.clear();
            raw.layout = None;
            if let Some(comparison) = self.described.get(key) {
                raw.layout = comparison.same;
                raw.notes.extend(comparison.note.clone());
            }
            raw.id = key.id;
            raw.version = Some(key.version);
            raw.pointer_size = record.pointer_size.unwrap_or_default();
            raw.payload.clear();
            raw.payload.extend_from_slice(record.payload);
            raw.header = Some(Header {
                channel: record.channel.filter(|&number| number != 0).map(Channel),
                level: record.level,
                opcode: record.opcode,
                task: record.task,
                keywords: record.keywords,
                pid: record.pid,
                tid: record.tid,
                cpu: record.cpu,
                activity: record.activity,
                related_activity: record.related_activity,
                user: record.user.map(|user| user.to_string()),
                computer: None,
            });
            return Some(Ok(()));
        }
    }

    /// The progress.
    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }
}
