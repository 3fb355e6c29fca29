//! The header of an event, as recorded or as in the manifest, and the names in it.

use std::borrow::Cow;

use etw_runtime::LEVELS;
use smbserver_etw::descriptor::{Channel, Level, Opcode, Task};

use crate::{
    outcome::Answer,
    raw::{Header, Raw, without_prefix},
};

/// The header: that of the record, or else that of the manifest.
pub(crate) fn choose<'r>(raw: &'r Raw, answer: &Answer<'_>) -> Cow<'r, Header> {
    if let Some(header) = &raw.header {
        return Cow::Borrowed(header);
    }
    let Some(known) = answer.header() else { return Cow::Owned(Header::default()) };
    Cow::Owned(Header {
        channel: known.channel.map(Channel),
        level: known.level,
        opcode: known.opcode,
        task: known.task,
        keywords: known.keywords,
        ..Header::default()
    })
}

/// The name, or else the number.
pub(crate) fn channel(channel: Channel) -> String {
    named(channel.display_name(), channel.0)
}

/// The name, or else the number.
pub(crate) fn level(level: u8) -> String {
    let known = LEVELS.get(usize::from(level)).copied();
    named(known.or(Level(level).display_name()), level)
}

/// The name, or else the number.
pub(crate) fn opcode(opcode: u8) -> String {
    named(Opcode(opcode).display_name(), opcode)
}

/// The name, or else the number.
pub(crate) fn task(task: u16) -> String {
    named(Task(task).display_name(), task)
}

/// The level of that name or number.
pub(crate) fn parse_level(text: &str) -> Result<u8, String> {
    let known = LEVELS.iter().position(|name| name.eq_ignore_ascii_case(text));
    let known = known.and_then(|level| u8::try_from(level).ok());
    known.or_else(|| text.parse().ok()).ok_or_else(|| format!("unknown level; levels are {}", LEVELS.join(", ")))
}

fn named(name: Option<&str>, number: impl Into<u64>) -> String {
    name.map_or_else(|| number.into().to_string(), |name| without_prefix(name).to_owned())
}
