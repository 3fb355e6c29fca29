//! Which build of Windows wrote a trace, and how certain that is.

use etw_runtime::Guid;

use super::{EVENT_TRACE, HeaderKind, Trace, TraceRecord};
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::record::Place;

/// The class of the records that a merging program writes about its machine.
pub const SYSTEM_CONFIG_EX: Guid = Guid::from_u128(0x9b79ee91_b5fd_41c0_a243_4248e266e9d0);
/// The opcode of the one with the build.
const BUILD_INFO: u8 = 32;
/// The opcode of the trace's own record with the build.
const BUILD_LAB: u8 = 66;
/// The most records about the build that are kept.
const MOST: usize = 16;

/// What a trace says about its build.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildReport {
    /// The number in the header, which is what `winver` shows.
    pub build: Option<u32>,
    /// Whether the file was merged from others. The number is then that of the machine on which it was merged.
    pub merged: bool,
    /// Texts about the build in the file.
    pub labs: Vec<BuildLab>,
}

/// A text like `22621.1.amd64fre.ni_release.220506-1250`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildLab {
    /// The text.
    pub text: String,
    /// The number at its start. If an enablement package is installed, it is that of the base build.
    pub number: Option<u32>,
    /// Who wrote it.
    pub source: LabSource,
    /// Its location in the file.
    pub place: Place,
}

/// Who wrote a [`BuildLab`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabSource {
    /// The session.
    Logger,
    /// The program that merged the file.
    Merger,
}

impl BuildReport {
    /// Whether the header's build may be that of another machine than the one the events come from: the file was
    /// merged, a text in it begins with another number, and an enablement package does not explain the difference.
    pub fn is_doubtful(&self) -> bool {
        let Some(build) = self.build.filter(|_| self.merged) else { return false };
        self.labs.iter().filter_map(|lab| lab.number).any(|base| !is_based_on(build, base))
    }
}

/// Whether `build` is `base` with an enablement package, which has the same files and a higher number.
fn is_based_on(build: u32, base: u32) -> bool {
    match base {
        19041 => (19041..=19045).contains(&build),
        22621 => build == 22621 || build == 22631,
        26100 => build == 26100 || build == 26200,
        other => build == other,
    }
}

impl Trace<'_> {
    /// What the trace says about its build. It reads a merged file to its end, because the merging program's texts may
    /// be there; of other files it reads the first buffer.
    ///
    /// Only a failing reader is an error here. Anything else that is wrong with the file is reported when its records
    /// are read.
    pub fn build_report(&mut self) -> Result<BuildReport, Error> {
        let merged = self.header().is_some_and(super::Header::is_merged);
        let mut report = BuildReport { build: self.build(), merged, labs: Vec::new() };
        let filter =
            std::mem::replace(&mut self.filter, Filter::new().provider(EVENT_TRACE).provider(SYSTEM_CONFIG_EX));
        let mut records = self.records();
        let mut failure = None;
        while let Some(record) = records.next() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    // Anything else that is wrong is reported when the records are read.
                    failure = failure.or(Some(error).filter(|error| matches!(error.kind(), ErrorKind::Io(_))));
                    continue;
                }
            };
            if !merged && record.place.container > 0 {
                break;
            }
            if let Some(lab) = read_lab(&record)
                && report.labs.len() < MOST
            {
                report.labs.push(lab);
            }
        }
        self.filter = filter;
        failure.map_or(Ok(report), Err)
    }
}

fn read_lab(record: &TraceRecord<'_>) -> Option<BuildLab> {
    let (text, source) = match record.kind() {
        HeaderKind::System if record.provider == EVENT_TRACE && record.opcode == BUILD_LAB => {
            (ansi(record.payload), LabSource::Logger)
        }
        HeaderKind::Classic if record.provider == SYSTEM_CONFIG_EX && record.opcode == BUILD_INFO => {
            // The text follows the time of the installation.
            (utf16(record.payload.get(8..)?), LabSource::Merger)
        }
        _ => return None,
    };
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    Some(BuildLab { number: digits.parse().ok(), text, source, place: record.place })
}

fn ansi(bytes: &[u8]) -> String {
    bytes.iter().take_while(|&&byte| byte != 0).map(|&byte| char::from(byte)).collect()
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes);
    char::decode_utf16(units.take_while(|&unit| unit != 0)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(merged: bool, build: u32, base: u32) -> BuildReport {
        let lab = BuildLab {
            text: format!("{base}.1.amd64fre"),
            number: Some(base),
            source: LabSource::Merger,
            place: Place::default(),
        };
        BuildReport { build: Some(build), merged, labs: vec![lab] }
    }

    #[test]
    fn only_merged_files_are_doubted_and_enablement_packages_are_known() {
        assert!(!report(true, 22631, 22621).is_doubtful());
        assert!(!report(true, 26200, 26100).is_doubtful());
        assert!(!report(true, 19045, 19041).is_doubtful());
        assert!(!report(true, 17763, 17763).is_doubtful());
        assert!(report(true, 26100, 22621).is_doubtful());
        assert!(report(true, 19046, 19041).is_doubtful());
        assert!(!report(false, 26100, 22621).is_doubtful());
    }
}
