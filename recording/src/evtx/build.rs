//! The build of the machine on which a log was written. Its `System.evtx` has it; other logs do not.

use etw_runtime::{FileTime, Guid};

use super::{Log, LogRecord, ValueType};
use crate::error::{Error, ErrorKind};

/// Microsoft-Windows-Kernel-General, which logs event 12 at each start.
const KERNEL_GENERAL: Guid = Guid::from_u128(0xa68ca8b7_004f_d7b6_a698_07e2de0f1f5d);
/// The id of that event.
const STARTED: u16 = 12;
/// The id of the event in which EventLog logs the version at each start.
const VERSION: u16 = 6009;
/// The most starts that are kept: many times those of a System.evtx of the usual size.
const MOST: usize = 1 << 16;

/// Which event gave the build of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BuildSource {
    /// `BuildVersion` of Kernel-General's event 12: the base build, without an enablement package.
    KernelGeneral,
    /// EventLog's event 6009: the number that `winver` shows.
    EventLog,
}

/// The build that a machine was started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootBuild {
    /// The time of the start.
    pub time: FileTime,
    /// The build.
    pub build: u32,
    /// Which event gave it.
    pub source: BuildSource,
}

/// The builds that a machine was started with, from its `System.evtx`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemBuilds {
    boots: Vec<BootBuild>,
}

impl SystemBuilds {
    /// Reads a `System.evtx`. Records that cannot be read are skipped; only an error of the reader is an error here.
    pub fn read(log: &mut Log<'_>) -> Result<Self, Error> {
        let mut boots = Vec::new();
        let mut records = log.records();
        while let Some(record) = records.next() {
            match record {
                Ok(record) if boots.len() < MOST => boots.extend(boot(&record)),
                Err(error) if matches!(error.kind(), ErrorKind::Io(_)) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        boots.sort_by_key(|boot| boot.time);
        Ok(Self { boots })
    }

    /// The starts, in the order of time. A start may have two entries.
    pub fn boots(&self) -> &[BootBuild] {
        &self.boots
    }

    /// The build at a time: that of the last start before it, or of the first one known.
    ///
    /// The two events of a start come within minutes of each other. The one with the number that `winver` shows counts.
    pub fn at(&self, time: FileTime) -> Option<u32> {
        let after = self.boots.partition_point(|boot| boot.time <= time);
        let last = self.boots.get(after.saturating_sub(1))?;
        let near = |boot: &&BootBuild| boot.time.ticks().abs_diff(last.time.ticks()) < NEAR;
        let best = self.boots.iter().filter(near).max_by_key(|boot| (boot.source, boot.time));
        Some(best.unwrap_or(last).build)
    }
}

/// Ten minutes: the log service starts within this time after the kernel.
const NEAR: u64 = 10 * 60 * 10_000_000;

fn boot(record: &LogRecord<'_>) -> Option<BootBuild> {
    let (build, source) = match record.key?.id {
        STARTED if record.provider == KERNEL_GENERAL => {
            let value = record.values().find("BuildVersion")?;
            (u32::try_from(value.number()?).ok()?, BuildSource::KernelGeneral)
        }
        VERSION if record.provider_name().is_some_and(|name| name == "EventLog") => {
            (second_text(record)?.parse().ok()?, BuildSource::EventLog)
        }
        _ => return None,
    };
    Some(BootBuild { time: record.time?, build, source })
}

/// The second of a record's strings, which is a value or an element of an array.
fn second_text(record: &LogRecord<'_>) -> Option<String> {
    let mut texts = record.values().into_iter().filter(|value| value.kind.element() == ValueType::STRING);
    let first = texts.next()?;
    let text = if first.kind.is_array() {
        let units = first.bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes);
        let skipped = units.skip_while(|&unit| unit != 0).skip(1).take_while(|&unit| unit != 0);
        char::decode_utf16(skipped.take(16)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        texts.next()?.text()?.to_string()
    };
    Some(text)
}
