//! One provider over many builds.
//!
//! The unit is the **layout**: the ordered fields that an (id, version) has in a build. (id, version) alone is no
//! key: at build 26100 twenty events of SMBServer changed fields in mid-record without a version bump. So an
//! event has versions, a version has layouts, and each layout says in which builds it holds.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::size::resolve_names;
use super::{Channel, FactKind, FactStatus, Field, Guid, Keyword, Level, Map, Opcode, Task};

/// A provider as all captured builds declare it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The registered name.
    pub provider: String,
    /// The GUID.
    #[serde(serialize_with = "super::bare_guid")]
    pub guid: Guid,
    /// The captured builds, oldest first.
    pub builds: Vec<Build>,
    /// Channels.
    pub channels: Vec<Held<Channel>>,
    /// The provider's own levels.
    pub levels: Vec<Held<Level>>,
    /// The provider's own opcodes.
    pub opcodes: Vec<Held<Opcode>>,
    /// Tasks.
    pub tasks: Vec<Held<Task>>,
    /// The provider's own keywords.
    pub keywords: Vec<Held<Keyword>>,
    /// Maps.
    pub maps: Vec<Held<Map>>,
    /// Events, by id.
    pub events: Vec<Event>,
}

/// A captured build and where the facts about it come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The Windows build number.
    pub number: u32,
    /// The product's name, `Windows Server 2022`.
    #[serde(default)]
    pub product: String,
    /// The version of the binary that the capture read, where it is known.
    #[serde(default)]
    pub binary_version: String,
    /// How many events (pairs of id and version) the manifest has: a check on what was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<usize>,
    /// Each kind of fact, and whether this build's own capture holds it.
    #[serde(default)]
    pub facts: BTreeMap<FactKind, Fact>,
    /// Where single events differ from [`Build::facts`].
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<Exception>,
}

impl Build {
    /// The number of a capture whose build is unknown. Every build is newer, so that the capture serves all builds.
    pub const UNKNOWN: u32 = 0;

    /// The version of the binary that the manifest is that of, if [`Build::binary_version`] begins with one:
    /// `10.0.20348.4171`. Where only a message table's version is known, the manifest's is not.
    pub fn as_of(&self) -> Option<&str> {
        let version = self.binary_version.split_whitespace().next()?;
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (version.split('.').count() == 4 && version.split('.').all(is_number)).then_some(version)
    }
}

/// Where a kind of fact comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Whether the build itself shows it.
    pub status: FactStatus,
    /// The source, as its row in `builds.toml` names it.
    pub source: String,
}

/// A fact about single events that has another source than its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The events: `551 v1`, or `1031` for all versions.
    pub events: Vec<String>,
    /// The kind of fact.
    pub fact: FactKind,
    /// What was done and why.
    pub note: String,
}

/// A thing and the builds in which it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held<T> {
    /// The builds.
    pub builds: Builds,
    /// The thing.
    pub value: T,
}

/// An event of the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The id.
    pub id: u16,
    /// The versions, lowest first.
    pub versions: Vec<Version>,
}

/// A version of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The number.
    pub version: u8,
    /// The layouts, that of the oldest build first.
    pub layouts: Vec<Layout>,
}

/// The ordered fields of an (id, version) in some builds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The builds with this layout.
    pub builds: Builds,
    /// The rest of the event: channel, level, message …, as each build has it. Oldest first.
    pub headers: Vec<Held<Header>>,
    /// The fields. All entries agree on what the bytes are (name, inType, length, count); they differ in how the
    /// values are shown (outType, map). Oldest first, nearly always one.
    #[serde(deserialize_with = "resolved_lists")]
    pub fields: Vec<Held<Vec<Field>>>,
}

/// What a build's manifest says of an event, except for its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The C symbol.
    pub symbol: Option<String>,
    /// The channel's id.
    pub channel: Option<String>,
    /// The level's name.
    pub level: Option<String>,
    /// The opcode's name.
    pub opcode: Option<String>,
    /// The task's name.
    pub task: Option<String>,
    /// The keywords' names.
    pub keywords: Vec<String>,
    /// The message text.
    pub message: Option<String>,
}

/// A set of captured builds, as ranges over the list of captures.
///
/// `20348-26100` means: the captures 20348 and 26100 and every capture between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Builds {
    ranges: Vec<BuildRange>,
}

/// Captures from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildRange {
    /// The first capture.
    pub first: u32,
    /// The last capture.
    pub last: u32,
}

impl Builds {
    /// Exactly one build.
    pub fn from_build(build: u32) -> Self {
        Self { ranges: vec![BuildRange { first: build, last: build }] }
    }

    /// The captured builds of a schema for which something holds.
    pub fn from_schema(schema: &Schema, holds: impl Fn(u32) -> bool) -> Self {
        let mut builds = Self::default();
        let mut previous = None;
        for build in schema.builds.iter().map(|build| build.number) {
            if holds(build) {
                builds.push(build, previous);
            }
            previous = Some(build);
        }
        builds
    }

    /// Adds a build above all that are in the set. `previous` is the capture before it, if any: where the set
    /// holds that one, its range grows; otherwise a new range begins.
    pub fn push(&mut self, build: u32, previous: Option<u32>) {
        match self.ranges.last_mut() {
            Some(range) if Some(range.last) == previous => range.last = build,
            _ => self.ranges.push(BuildRange { first: build, last: build }),
        }
    }

    /// The ranges, lowest first.
    pub fn ranges(&self) -> &[BuildRange] {
        &self.ranges
    }

    /// Whether the captured build is in the set.
    pub fn contains(&self, build: u32) -> bool {
        self.ranges.iter().any(|r| r.first <= build && build <= r.last)
    }

    /// The lowest build.
    pub fn first(&self) -> Option<u32> {
        self.ranges.first().map(|r| r.first)
    }

    /// The highest build.
    pub fn last(&self) -> Option<u32> {
        self.ranges.last().map(|r| r.last)
    }
}

impl fmt::Display for BuildRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

impl fmt::Display for Builds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, range) in self.ranges.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{range}")?;
        }
        Ok(())
    }
}

/// Why a text is not a set of builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseBuildsError {
    /// It is not a build or a range of builds.
    NotARange(String),
    /// The ranges are not in ascending order, or overlap.
    OutOfOrder(Vec<BuildRange>),
}

impl fmt::Display for ParseBuildsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARange(text) => write!(f, "`{text}` is not a build or a range of builds"),
            Self::OutOfOrder(ranges) => write!(f, "build ranges out of order: {}", Builds { ranges: ranges.clone() }),
        }
    }
}

impl std::error::Error for ParseBuildsError {}

impl FromStr for BuildRange {
    type Err = ParseBuildsError;

    fn from_str(text: &str) -> Result<Self, ParseBuildsError> {
        let number = |s: &str| s.parse().map_err(|_| ParseBuildsError::NotARange(text.to_owned()));
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Ok(Self { first: number(first)?, last: number(last)? })
    }
}

impl TryFrom<Vec<String>> for Builds {
    type Error = ParseBuildsError;

    fn try_from(ranges: Vec<String>) -> Result<Self, ParseBuildsError> {
        let ranges = ranges.iter().map(|r| r.parse()).collect::<Result<Vec<BuildRange>, _>>()?;
        let ordered = ranges.iter().all(|r| r.first <= r.last) && ranges.windows(2).all(|w| w[0].last < w[1].first);
        if ordered { Ok(Self { ranges }) } else { Err(ParseBuildsError::OutOfOrder(ranges)) }
    }
}

impl From<Builds> for Vec<String> {
    fn from(builds: Builds) -> Self {
        builds.ranges.iter().map(ToString::to_string).collect()
    }
}

impl Header {
    /// The C symbol without the version that some symbols end in: what the event is called in all its versions.
    pub fn unversioned_symbol(&self, version: u8) -> Option<&str> {
        let symbol = self.symbol.as_deref()?;
        Some(symbol.strip_suffix(&format!("_V{version}")).unwrap_or(symbol))
    }
}

impl Layout {
    /// The newest build's fields: the ones to show if no build is given.
    pub fn newest_fields(&self) -> &[Field] {
        self.fields.last().map_or(&[], |held| &held.value)
    }

    /// The fields as a captured build shows them.
    pub fn fields_at(&self, build: u32) -> Option<&[Field]> {
        self.fields.iter().find(|held| held.builds.contains(build)).map(|held| held.value.as_slice())
    }

    /// The newest build's header.
    pub fn newest_header(&self) -> Option<&Header> {
        self.headers.last().map(|held| &held.value)
    }

    /// The header as a captured build has it.
    pub fn header_at(&self, build: u32) -> Option<&Header> {
        self.headers.iter().find(|held| held.builds.contains(build)).map(|held| &held.value)
    }
}

impl Schema {
    /// The capture whose layouts serve a build: the build itself or the nearest below it.
    pub fn capture_for(&self, build: u32) -> Option<u32> {
        self.builds.iter().map(|b| b.number).filter(|&n| n <= build).max()
    }

    /// Every layout with its event's id and version.
    pub fn layouts(&self) -> impl Iterator<Item = (u16, u8, &Layout)> {
        self.events
            .iter()
            .flat_map(|e| e.versions.iter().flat_map(move |v| v.layouts.iter().map(move |l| (e.id, v.version, l))))
    }
}

/// Reads lists of fields, which hold names only, and looks the names up.
fn resolved_lists<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Held<Vec<Field>>>, D::Error> {
    let mut lists = Vec::<Held<Vec<Field>>>::deserialize(deserializer)?;
    lists.iter_mut().try_for_each(|held| resolve_names(&mut held.value))?;
    Ok(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_grow_by_neighbours_and_keep_holes() {
        let mut builds = Builds::from_build(10240);
        builds.push(17763, Some(10240));
        builds.push(26100, Some(22631));
        assert_eq!(builds.to_string(), "10240-17763, 26100");
        assert!(builds.contains(17763) && !builds.contains(22631));
        let text: Vec<String> = builds.clone().into();
        assert_eq!(Builds::try_from(text), Ok(builds));
        assert!(Builds::try_from(vec!["5-1".to_owned()]).is_err());
    }
}
