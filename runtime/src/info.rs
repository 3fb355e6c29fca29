//! The schema as data: what generated code knows about its provider, for reflection and for choosing a layout.
//!
//! All of it is `static` in the generated crate; nothing here is built at run time.

use core::fmt;

use crate::{EventKey, Guid, InType, Meaning, OutType, StructInfo};

/// A provider: its builds and its events.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderInfo {
    /// The registered name.
    pub name: &'static str,
    /// The provider's id.
    pub guid: Guid,
    /// The captured builds, ascending.
    pub builds: &'static [u32],
    /// The events, by id.
    pub events: &'static [&'static EventInfo],
    /// The version of the binary that a build's manifest was taken from, where it is known, by build: `10.0.20348.4171`.
    /// Updates of one build may have different manifests.
    pub binary_versions: &'static [(u32, &'static str)],
}

/// An event: its id and its versions.
///
/// `Debug` prints id and name: it is part of errors.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct EventInfo {
    /// The id.
    pub id: u16,
    /// The event's name.
    pub name: &'static str,
    /// The versions, lowest first.
    pub versions: &'static [VersionInfo],
}

/// A version of an event: its layouts, that of the oldest build first.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionInfo {
    /// The number.
    pub version: u8,
    /// The layouts.
    pub layouts: &'static [&'static LayoutInfo],
}

/// A layout: the fields that an (id, version) has in some builds.
///
/// `Debug` prints name and builds: it is part of errors.
#[non_exhaustive]
pub struct LayoutInfo {
    /// The number of the layout in the dispatch of the generated crate.
    #[doc(hidden)]
    pub index: u16,
    /// The layout's name: that of its view, `Smb2ResponseReadV2Build26100`. It stays when builds are added.
    pub name: &'static str,
    /// The event's name.
    pub event: &'static str,
    /// The event's id.
    pub id: u16,
    /// The event's version.
    pub version: u8,
    /// The captured builds with this layout.
    pub builds: &'static [BuildRange],
    /// The fields, in the order of the payload.
    pub fields: &'static [FieldInfo],
    /// What the manifest says apart from the fields, oldest first. A header holds from its build to the one before the
    /// next header's.
    pub headers: &'static [HeaderInfo],
}

/// Captured builds from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BuildRange {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// A field of a payload.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldInfo {
    /// The name, as the manifest spells it.
    pub name: &'static str,
    /// The wire form.
    pub in_type: InType,
    /// The text form, if the manifest gives one.
    pub out_type: Option<OutType>,
    /// The length of a string (UTF-16 units, ANSI bytes) or binary (bytes).
    pub length: Option<Size>,
    /// The number of elements of an array.
    pub count: Option<Size>,
    /// The map that names the values.
    pub map: Option<&'static MapInfo>,
    /// What the values mean according to a specification.
    pub meaning: Option<Meaning>,
    /// The members, if the field is a struct or an array of structs.
    pub members: Option<&'static StructInfo>,
}

/// How a length or a count is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Size {
    /// A number.
    Fixed(u16),
    /// The value of the field with this index.
    Field(u16),
}

/// A map: texts for the values or bits of an integer.
#[derive(Debug)]
#[non_exhaustive]
pub struct MapInfo {
    /// The manifest's name for it.
    pub name: &'static str,
    /// True for a `bitMap`: the entries are bits.
    pub bits: bool,
    /// True if no capture contains the map: its texts are real, but which value has which text was inferred.
    pub inferred: bool,
    /// Values and texts, in the order of the manifest.
    pub entries: &'static [MapEntry],
}

/// A value or bit of a map and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapEntry {
    /// The value, or the bit.
    pub value: u32,
    /// Its text.
    pub text: &'static str,
    /// The captured builds that name it.
    pub builds: &'static [BuildRange],
}

/// The names of the levels that Windows defines, by number.
pub const LEVELS: [&str; 6] = ["LogAlways", "Critical", "Error", "Warning", "Informational", "Verbose"];

/// What a manifest says of an event apart from its fields, from one build on.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderInfo {
    /// The first captured build that has it.
    pub since: u32,
    /// The channel's number.
    pub channel: Option<u8>,
    /// The level.
    pub level: u8,
    /// The opcode.
    pub opcode: u8,
    /// The task; 0 means none.
    pub task: u16,
    /// Whether the task's number is made up, because no capture gives it. Recorded events have a different number.
    pub task_is_placeholder: bool,
    /// The keywords that the manifest gives the event, without the bit of its channel.
    pub keywords: u64,
    /// The message's text with its inserts; `None` if the manifest has none.
    pub message: Option<&'static str>,
}

impl ProviderInfo {
    /// A provider with its captured builds, ascending, and its events, by id.
    #[must_use]
    pub const fn new(
        name: &'static str,
        guid: Guid,
        builds: &'static [u32],
        events: &'static [&'static EventInfo],
    ) -> Self {
        Self { name, guid, builds, events, binary_versions: &[] }
    }

    /// The same provider with the versions of the binaries.
    #[must_use]
    pub const fn with_binary_versions(mut self, versions: &'static [(u32, &'static str)]) -> Self {
        self.binary_versions = versions;
        self
    }

    /// The version of the binary that a captured build's manifest was taken from; none where it is not known.
    pub fn binary_version(&self, build: u32) -> Option<&'static str> {
        self.binary_versions.iter().find(|(captured, _)| *captured == build).map(|(_, version)| *version)
    }

    /// The capture that is used for a build: the build itself, or the nearest below it. `None` for a build before the
    /// oldest capture.
    #[inline]
    pub fn capture_for(&self, build: u32) -> Option<u32> {
        self.builds.iter().rev().copied().find(|&captured| captured <= build)
    }

    /// The capture after the one that is used for a build.
    pub fn capture_after(&self, build: u32) -> Option<u32> {
        self.builds.iter().copied().find(|&captured| captured > build)
    }

    /// The event of that id.
    pub fn event(&self, id: u16) -> Option<&'static EventInfo> {
        self.events.binary_search_by_key(&id, |event| event.id).ok().map(|at| self.events[at])
    }

    /// Every layout of every event.
    pub fn layouts(&self) -> impl Iterator<Item = &'static LayoutInfo> {
        self.events.iter().flat_map(|e| e.versions).flat_map(|v| v.layouts.iter().copied())
    }
}

impl fmt::Debug for EventInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventInfo").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for LayoutInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayoutInfo").field("name", &self.name).field("builds", &self.builds).finish_non_exhaustive()
    }
}

impl EventInfo {
    /// An event with its versions, lowest first.
    #[must_use]
    pub const fn new(id: u16, name: &'static str, versions: &'static [VersionInfo]) -> Self {
        Self { id, name, versions }
    }

    /// The version of that number.
    pub fn version(&self, version: u8) -> Option<&'static VersionInfo> {
        self.versions.iter().find(|known| known.version == version)
    }
}

impl VersionInfo {
    /// A version with its layouts, that of the oldest build first.
    #[must_use]
    pub const fn new(version: u8, layouts: &'static [&'static LayoutInfo]) -> Self {
        Self { version, layouts }
    }

    /// The layout that a captured build has.
    #[inline]
    pub fn layout_at(&self, capture: u32) -> Option<&'static LayoutInfo> {
        self.layouts.iter().copied().find(|layout| layout.holds_in(capture))
    }
}

impl BuildRange {
    /// The builds from the first to the last.
    pub const fn new(first: u32, last: u32) -> Self {
        Self { first, last }
    }

    /// Writes ` 10240-17763, 20348`: each range after a space.
    pub(crate) fn write_list(ranges: &[Self], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in ranges.iter().enumerate() {
            write!(f, "{} {range}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// `10240-17763`, or `20348` if first and last are the same.
impl fmt::Display for BuildRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { first, last } if first == last => write!(f, "{first}"),
            Self { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

impl LayoutInfo {
    /// A layout of an event's version, with the name of its view. It has no builds, fields and headers yet. `index` is its
    /// place among all layouts of the provider.
    #[must_use]
    pub const fn new(index: u16, key: EventKey, event: &'static str, name: &'static str) -> Self {
        let EventKey { id, version } = key;
        Self { index, name, event, id, version, builds: &[], fields: &[], headers: &[] }
    }

    /// The same layout with the captured builds that have it.
    #[must_use]
    pub const fn with_builds(mut self, builds: &'static [BuildRange]) -> Self {
        self.builds = builds;
        self
    }

    /// The same layout with its fields, in the order of the payload.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'static [FieldInfo]) -> Self {
        self.fields = fields;
        self
    }

    /// The same layout with what the manifest says apart from the fields, oldest first.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'static [HeaderInfo]) -> Self {
        self.headers = headers;
        self
    }

    /// The id and version that it is a layout of.
    pub const fn key(&self) -> EventKey {
        EventKey::new(self.id, self.version)
    }

    /// How many fields before the one with this index have the same name. It tells fields of one name apart.
    pub fn count_namesakes_before(&self, index: usize) -> usize {
        let Some(field) = self.fields.get(index) else { return 0 };
        self.fields.iter().take(index).filter(|other| other.name == field.name).count()
    }

    /// The header as of a build.
    pub fn header(&self, build: u32) -> Option<&'static HeaderInfo> {
        self.headers.iter().rev().find(|header| header.since <= build).or(self.headers.first())
    }

    /// The newest header.
    pub fn newest_header(&self) -> Option<&'static HeaderInfo> {
        self.headers.last()
    }
}

/// Compares index and name: they belong to one layout of a provider.
impl PartialEq for LayoutInfo {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.name) == (other.index, other.name)
    }
}

impl Eq for LayoutInfo {}

impl FieldInfo {
    /// A field of which the manifest gives only name and inType.
    pub const fn new(name: &'static str, in_type: InType) -> Self {
        Self { name, in_type, out_type: None, length: None, count: None, map: None, meaning: None, members: None }
    }

    /// The same field with an outType.
    #[must_use]
    pub const fn shown_as(mut self, out_type: OutType) -> Self {
        self.out_type = Some(out_type);
        self
    }

    /// The same field with a length.
    #[must_use]
    pub const fn with_length(mut self, length: Size) -> Self {
        self.length = Some(length);
        self
    }

    /// The same field as an array.
    #[must_use]
    pub const fn with_count(mut self, count: Size) -> Self {
        self.count = Some(count);
        self
    }

    /// The same field as a struct, or an array of structs.
    #[must_use]
    pub const fn with_members(mut self, members: &'static StructInfo) -> Self {
        self.members = Some(members);
        self
    }

    /// The same field with a map.
    #[must_use]
    pub const fn with_map(mut self, map: &'static MapInfo) -> Self {
        self.map = Some(map);
        self
    }

    /// The same field with a meaning.
    #[must_use]
    pub const fn with_meaning(mut self, meaning: Meaning) -> Self {
        self.meaning = Some(meaning);
        self
    }

    /// The number of bytes of the field, if it is the same in every payload.
    pub fn fixed_size(&self) -> Option<usize> {
        let one = match (self.in_type, self.length) {
            (InType::UnicodeString, Some(Size::Fixed(units))) => usize::from(units) * 2,
            (InType::AnsiString | InType::Binary, Some(Size::Fixed(bytes))) => usize::from(bytes),
            (in_type, _) => in_type.fixed_size()?,
        };
        match self.count {
            None => Some(one),
            Some(Size::Fixed(count)) => Some(one * usize::from(count)),
            Some(Size::Field(_)) => None,
        }
    }
}

impl HeaderInfo {
    /// The header as of a captured build, without channel, opcode, task, keywords and message.
    #[must_use]
    pub const fn new(since: u32, level: u8) -> Self {
        Self { since, channel: None, level, opcode: 0, task: 0, task_is_placeholder: false, keywords: 0, message: None }
    }

    /// The same header with a channel.
    #[must_use]
    pub const fn with_channel(mut self, channel: u8) -> Self {
        self.channel = Some(channel);
        self
    }

    /// The same header with an opcode.
    #[must_use]
    pub const fn with_opcode(mut self, opcode: u8) -> Self {
        self.opcode = opcode;
        self
    }

    /// The same header with a task.
    #[must_use]
    pub const fn with_task(mut self, task: u16) -> Self {
        self.task = task;
        self
    }

    /// The same header with a task whose number is not known.
    #[must_use]
    pub const fn with_placeholder_task(mut self, task: u16) -> Self {
        self.task = task;
        self.task_is_placeholder = true;
        self
    }

    /// The same header with keywords.
    #[must_use]
    pub const fn with_keywords(mut self, keywords: u64) -> Self {
        self.keywords = keywords;
        self
    }

    /// The same header with a message.
    #[must_use]
    pub const fn with_message(mut self, message: &'static str) -> Self {
        self.message = Some(message);
        self
    }
}

impl MapInfo {
    /// A map of values.
    #[must_use]
    pub const fn new(name: &'static str, entries: &'static [MapEntry]) -> Self {
        Self { name, bits: false, inferred: false, entries }
    }

    /// The same map, of bits.
    #[must_use]
    pub const fn of_bits(mut self) -> Self {
        self.bits = true;
        self
    }

    /// The same map, as one that no capture contains.
    #[must_use]
    pub const fn inferred(mut self) -> Self {
        self.inferred = true;
        self
    }

    /// The names of the bits that are set, for a `bitMap`.
    pub fn names_in(&self, bits: u32) -> impl Iterator<Item = &'static str> + use<'_> {
        self.entries
            .iter()
            .filter(move |entry| entry.value != 0 && bits & entry.value == entry.value)
            .map(|entry| entry.text)
    }

    /// The name of a value: its text in the manifest. For a `bitMap`, the text of exactly that bit.
    pub fn name_of(&self, value: u32) -> Option<&'static str> {
        self.entries.iter().find(|entry| entry.value == value).map(|entry| entry.text)
    }
}

/// Since when and until when something exists. Written once for everything that has builds.
macro_rules! history {
    ($($type:ident: $ranges:expr;)*) => {$(
        impl $type {
            /// The first captured build that has it.
            pub fn since(&self) -> Option<u32> {
                $ranges(self).map(|range| range.first).min()
            }

            /// The last captured build that has it. If that is the newest capture, later builds may have it too.
            pub fn until(&self) -> Option<u32> {
                $ranges(self).map(|range| range.last).max()
            }

            /// Whether the captured build has it.
            #[inline]
            pub fn holds_in(&self, capture: u32) -> bool {
                $ranges(self).any(|range| range.first <= capture && capture <= range.last)
            }
        }
    )*};
}

history! {
    EventInfo: |event: &Self| event.versions.iter().flat_map(|v| v.layouts.iter()).flat_map(|l| l.builds.iter());
    VersionInfo: |version: &Self| version.layouts.iter().flat_map(|layout| layout.builds.iter());
    LayoutInfo: |layout: &Self| layout.builds.iter();
    MapEntry: |entry: &Self| entry.builds.iter();
}

impl EventInfo {
    /// The layouts that have a field of this name: their [`LayoutInfo::builds`] are those in which the field is there.
    pub fn layouts_with<'n>(&self, field: &'n str) -> impl Iterator<Item = &'static LayoutInfo> + use<'n> {
        let layouts = self.versions.iter().flat_map(|version| version.layouts.iter().copied());
        layouts.filter(move |layout| layout.fields.iter().any(|known| known.name == field))
    }

    /// The first captured build in which the event, in any version, has a field of this name.
    pub fn field_since(&self, field: &str) -> Option<u32> {
        self.layouts_with(field).filter_map(LayoutInfo::since).min()
    }

    /// The last captured build in which it has one.
    pub fn field_until(&self, field: &str) -> Option<u32> {
        self.layouts_with(field).filter_map(LayoutInfo::until).max()
    }
}

impl MapEntry {
    /// An entry.
    pub const fn new(value: u32, text: &'static str, builds: &'static [BuildRange]) -> Self {
        Self { value, text, builds }
    }
}
