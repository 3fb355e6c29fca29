//! What a merged file holds of its events' schema: `TRACE_EVENT_INFO` and `EVENT_MAP_INFO`, as the machine that merged it had
//! them registered.
//!
//! Offsets count from the start of the structure. Any of them may be wrong: what cannot be read is none.

use etw_runtime::{EventKey, Guid, Utf16};

use crate::bytes::Bytes;

/// Where the properties of an event begin, and the size of each.
const PROPERTIES: usize = 112;
const PROPERTY: usize = 24;
/// Where a map's entries begin, and the size of each.
const ENTRIES: usize = 16;
const ENTRY: usize = 8;
/// The most names of keywords that are returned: a mask has no more bits.
const MOST_KEYWORDS: usize = 64;

/// Where the description of an event comes from: `DECODING_SOURCE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodingSource {
    /// A manifest.
    Manifest,
    /// A class in WMI.
    Wbem,
    /// A WPP message.
    Wpp,
    /// The event itself.
    TraceLogging,
    /// Something else.
    Other(u32),
}

/// `TRACE_EVENT_INFO`: names, types and messages of one event.
#[derive(Clone, Copy, Debug)]
pub struct EventInfo<'a> {
    bytes: Bytes<'a>,
}

impl<'a> EventInfo<'a> {
    /// From the bytes of [`Schema::EventInfo`](super::Schema::EventInfo). None if they end before the properties do.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let info = Self { bytes: Bytes(bytes) };
        let properties = usize::try_from(info.word(100)).ok()?.checked_mul(PROPERTY)?;
        info.bytes.get(PROPERTIES, properties)?;
        (info.word(104) <= info.word(100)).then_some(info)
    }

    fn word(&self, at: usize) -> u32 {
        self.bytes.u32(at).unwrap_or_default()
    }

    /// The text that the offset at `at` leads to.
    fn text(&self, at: usize) -> Option<Utf16<'a>> {
        text(self.bytes, self.word(at))
    }

    /// The provider.
    pub fn provider(&self) -> Guid {
        self.bytes.guid(0).unwrap_or_default()
    }

    /// The GUID of the event's task in the older tracing API; none if it is all zero.
    pub fn event_guid(&self) -> Option<Guid> {
        self.bytes.guid(16).filter(|guid| !guid.is_nil())
    }

    /// Id and version.
    pub fn key(&self) -> EventKey {
        EventKey::new(self.bytes.u16(32).unwrap_or_default(), self.bytes.u8(34).unwrap_or_default())
    }

    /// The channel's number.
    pub fn channel(&self) -> u8 {
        self.bytes.u8(35).unwrap_or_default()
    }

    /// The level.
    pub fn level(&self) -> u8 {
        self.bytes.u8(36).unwrap_or_default()
    }

    /// The opcode.
    pub fn opcode(&self) -> u8 {
        self.bytes.u8(37).unwrap_or_default()
    }

    /// The task.
    pub fn task(&self) -> u16 {
        self.bytes.u16(38).unwrap_or_default()
    }

    /// The keywords.
    pub fn keywords(&self) -> u64 {
        self.bytes.u64(40).unwrap_or_default()
    }

    /// Where the description comes from.
    pub fn decoding_source(&self) -> DecodingSource {
        match self.word(48) {
            0 => DecodingSource::Manifest,
            1 => DecodingSource::Wbem,
            2 => DecodingSource::Wpp,
            3 => DecodingSource::TraceLogging,
            other => DecodingSource::Other(other),
        }
    }

    /// The provider's name.
    pub fn provider_name(&self) -> Option<Utf16<'a>> {
        self.text(52)
    }

    /// The level's name.
    pub fn level_name(&self) -> Option<Utf16<'a>> {
        self.text(56)
    }

    /// The channel's path.
    pub fn channel_name(&self) -> Option<Utf16<'a>> {
        self.text(60)
    }

    /// The names of keywords among the bits of the mask: not which is whose.
    pub fn keyword_names(&self) -> impl Iterator<Item = Utf16<'a>> {
        let bytes = self.bytes;
        let mut at = self.word(64);
        std::iter::from_fn(move || {
            let name = text(bytes, at)?;
            at = at.checked_add(u32::try_from(name.as_bytes().len()).ok()? + 2)?;
            Some(name)
        })
        .take(MOST_KEYWORDS)
    }

    /// The task's name.
    pub fn task_name(&self) -> Option<Utf16<'a>> {
        self.text(68)
    }

    /// The opcode's name.
    pub fn opcode_name(&self) -> Option<Utf16<'a>> {
        self.text(72)
    }

    /// The message, with its inserts.
    pub fn message(&self) -> Option<Utf16<'a>> {
        self.text(76)
    }

    /// What the provider is called for people.
    pub fn provider_message(&self) -> Option<Utf16<'a>> {
        self.text(80)
    }

    /// How many of the [`properties`](Self::properties) are the event's own; those behind them are members of structs.
    pub fn top_level(&self) -> usize {
        self.word(104) as usize
    }

    /// The fields in the payload's order, and behind them the members of structs.
    pub fn properties(&self) -> impl ExactSizeIterator<Item = Property<'a>> {
        let bytes = self.bytes;
        (0..self.word(100) as usize).map(move |index| Property::parse(bytes, PROPERTIES + index * PROPERTY))
    }
}

/// A length or a count of a [`Property`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A number. The length of a type that has one by itself is that; 0 is none.
    Fixed(u16),
    /// The value of the property with this index.
    Property(u16),
}

/// What a [`Property`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyKind<'a> {
    /// A value: the numbers of its inType and outType, and the name of its map.
    Value {
        /// `TDH_INTYPE_…`.
        in_type: u16,
        /// `TDH_OUTTYPE_…`; 0 for the usual one of the inType.
        out_type: u16,
        /// The map that names the values.
        map: Option<Utf16<'a>>,
    },
    /// A struct, whose members are so many properties from an index on.
    Struct {
        /// The index of the first.
        first: u16,
        /// How many.
        members: u16,
    },
}

/// `EVENT_PROPERTY_INFO`: a field of an event, or a member of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Property<'a> {
    /// The name.
    pub name: Option<Utf16<'a>>,
    /// What it is made of.
    pub kind: PropertyKind<'a>,
    /// The number of elements: 1 for what is no array.
    pub count: Extent,
    /// Whether it is an array though it has one element.
    pub is_array: bool,
    /// The length.
    pub length: Extent,
}

/// `PropertyStruct` and its neighbours.
const STRUCT: u32 = 1;
const LENGTH_OF_PROPERTY: u32 = 2;
const COUNT_OF_PROPERTY: u32 = 4;
const FIXED_COUNT: u32 = 0x20;

impl<'a> Property<'a> {
    /// The property at an offset, which lies in the structure.
    fn parse(bytes: Bytes<'a>, at: usize) -> Self {
        let word = |offset: usize| bytes.u32(at + offset).unwrap_or_default();
        let short = |offset: usize| bytes.u16(at + offset).unwrap_or_default();
        let flags = word(0);
        let kind = if flags & STRUCT == 0 {
            PropertyKind::Value { in_type: short(8), out_type: short(10), map: text(bytes, word(12)) }
        } else {
            PropertyKind::Struct { first: short(8), members: short(10) }
        };
        let extent = |of_property: u32, value: u16| {
            if flags & of_property == 0 { Extent::Fixed(value) } else { Extent::Property(value) }
        };
        let count = extent(COUNT_OF_PROPERTY, short(16));
        let is_array = flags & FIXED_COUNT != 0 || !matches!(count, Extent::Fixed(0 | 1));
        Self { name: text(bytes, word(4)), kind, count, is_array, length: extent(LENGTH_OF_PROPERTY, short(18)) }
    }
}

/// The kind of a [`MapInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapKind {
    /// A text a value.
    Value,
    /// A text a bit.
    Bits,
    /// Something else: its flags.
    Other(u32),
}

/// `EVENT_MAP_INFO`: a map, behind the GUID of its provider.
#[derive(Clone, Copy, Debug)]
pub struct MapInfo<'a> {
    provider: Guid,
    bytes: Bytes<'a>,
}

impl<'a> MapInfo<'a> {
    /// From the bytes of [`Schema::MapInfo`](super::Schema::MapInfo). None if they end before the entries do.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let provider = Bytes(bytes).guid(0)?;
        let info = Self { provider, bytes: Bytes(bytes.get(16..)?) };
        let entries = usize::try_from(info.bytes.u32(8)?).ok()?.checked_mul(ENTRY)?;
        info.bytes.get(ENTRIES, entries)?;
        Some(info)
    }

    /// The provider.
    pub fn provider(&self) -> Guid {
        self.provider
    }

    /// The map's name.
    pub fn name(&self) -> Option<Utf16<'a>> {
        text(self.bytes, self.bytes.u32(0)?)
    }

    /// Whether it names values or bits.
    pub fn kind(&self) -> MapKind {
        match self.bytes.u32(4).unwrap_or_default() {
            1 => MapKind::Value,
            2 => MapKind::Bits,
            other => MapKind::Other(other),
        }
    }

    /// Values and their texts.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (u32, Option<Utf16<'a>>)> {
        let bytes = self.bytes;
        (0..bytes.u32(8).unwrap_or_default() as usize).map(move |index| {
            let at = ENTRIES + index * ENTRY;
            (bytes.u32(at + 4).unwrap_or_default(), text(bytes, bytes.u32(at).unwrap_or_default()))
        })
    }
}

/// A text from an offset to its NUL; none for the offset 0, an empty text, and one without an end.
fn text(bytes: Bytes<'_>, at: u32) -> Option<Utf16<'_>> {
    let rest = bytes.0.get(usize::try_from(at).ok().filter(|&at| at > 0)?..)?;
    let units = rest.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]).filter(|&units| units > 0)?;
    Utf16::new(rest.get(..2 * units)?)
}
