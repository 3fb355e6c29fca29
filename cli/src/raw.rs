//! An event as a source returns it: its header, its location and its payload, not decoded yet.

use std::sync::Arc;

use etw_runtime::{FileTime, Guid, LayoutInfo, PointerSize};
use serde_json::{Map, Value};
use smbserver_etw::{
    Build,
    descriptor::{Channel, Keywords},
};

use crate::failure::{Cause, Subject};

/// An event that is not decoded yet. One `Raw` is filled with each event, so that its memory is used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Raw {
    /// The name of the file, as it was given.
    pub(crate) file: Option<Arc<str>>,
    /// In a log the EventRecordID; in a trace the number of the record, from 0.
    pub(crate) record: Option<u64>,
    /// The line that it came on, from 1.
    pub(crate) line: Option<u64>,
    /// When it was written.
    pub(crate) time: Option<FileTime>,
    /// The build that wrote it, if known.
    pub(crate) build: Option<Build>,
    /// The id.
    pub(crate) id: u16,
    /// The version. `None` only if the input of `decode` has none.
    pub(crate) version: Option<u8>,
    /// The size of its pointers.
    pub(crate) pointer_size: PointerSize,
    /// The bytes of its fields.
    pub(crate) payload: Vec<u8>,
    /// The header, apart from the id; `None` if the source has only payloads.
    pub(crate) header: Option<Header>,
    /// The layout, if the names in a log settled it without a build.
    pub(crate) layout: Option<&'static LayoutInfo>,
    /// Why it cannot be decoded, for a reason other than its payload.
    pub(crate) fault: Option<Cause>,
    /// What to know about its reliability.
    pub(crate) notes: Vec<String>,
    /// Other keys of a JSON line, which are passed through.
    pub(crate) input: Option<Map<String, Value>>,
}

/// The header of a recorded event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) channel: Option<Channel>,
    pub(crate) level: u8,
    pub(crate) opcode: u8,
    pub(crate) task: u16,
    pub(crate) keywords: u64,
    pub(crate) pid: Option<u32>,
    pub(crate) tid: Option<u32>,
    pub(crate) cpu: Option<u16>,
    pub(crate) activity: Option<Guid>,
    pub(crate) related_activity: Option<Guid>,
    pub(crate) user: Option<String>,
    pub(crate) computer: Option<String>,
}

impl Raw {
    /// The event as an error names it.
    pub(crate) fn subject(&self) -> Subject {
        Subject { build: self.build, id: Some(self.id), version: self.version }
    }
}

/// The keyword bit of a channel: the first of the provider's channels has the highest bit.
pub(crate) fn channel_bit(channel: Channel) -> u64 {
    let first = Channel::PERFORMANCE.0;
    channel.0.checked_sub(first).and_then(|index| (1u64 << 63).checked_shr(index.into())).unwrap_or(0)
}

/// The names of the keywords, without the bit of the channel; bits without a name in hex.
pub(crate) fn keyword_names(keywords: u64, channel: Option<Channel>) -> Vec<String> {
    let bits = keywords & !channel.map_or(0, channel_bit);
    let rest = Keywords::NAMED
        .iter()
        .filter(|(bit, _)| Keywords(bits).contains(*bit))
        .fold(bits, |rest, (bit, _)| rest & !bit.0);
    let mut names: Vec<_> = Keywords(bits).display_names().map(|name| without_prefix(name).to_owned()).collect();
    if rest != 0 {
        names.push(format!("{rest:#x}"));
    }
    names
}

/// The name as Windows shows it, without the prefix that says where it is defined (`win:Error`).
pub(crate) fn without_prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bit_of_the_channel_is_no_keyword() {
        assert_eq!(keyword_names(0x8000_0000_0000_0001, Some(Channel::PERFORMANCE)), ["Request"]);
        assert_eq!(keyword_names(0x0810_0000_0000_0008, Some(Channel::SECURITY)), ["Operational", "AuditFailure"]);
        assert_eq!(keyword_names(0x8000_0000_0000_0001, None), ["Request", "0x8000000000000000"]);
        assert_eq!(channel_bit(Channel(3)), 0);
        assert_eq!(channel_bit(Channel(255)), 0);
    }
}
