//! Whole events and errors as objects: the keys that `smbetw` prints, so that programs and the tool use the same names.

use core::fmt::Display;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::meaning::ValueName;
use crate::named::without_prefix;
use crate::status::BuiltIn;
use crate::{
    Basis, BuildRange, Candidates, DecodeError, Decoded, Events, FaultKind, FieldInfo, LEVELS, LayoutInfo, Mismatch,
    MismatchKind, Provider, Record, Value, VersionInfo,
};

/// One object: which event it is and of which build, its header, `fields`, `message`, `names` of values, `addresses` as
/// text, and how the layout was chosen. A key without a value is left out.
///
/// Field names are the manifest's; the second field with the same name gets the suffix `#2`. Each value is serialised
/// as its type is.
impl<'a, E: Events<'a>> Serialize for Decoded<'a, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layout = self.layout();
        let mut map = serializer.serialize_map(None)?;
        put_known(&mut map, "build", self.build_number())?;
        map.serialize_entry("event", layout.event)?;
        map.serialize_entry("id", &layout.id)?;
        map.serialize_entry("version", &layout.version)?;
        map.serialize_entry("layout", layout.name)?;
        put_header(&mut map, self)?;
        map.serialize_entry("fields", &Fields(&self.event))?;
        let has_message = self.header().is_some_and(|header| header.message.is_some());
        put_known(&mut map, "message", has_message.then(|| AsText(self.message(&BuiltIn))))?;
        put_known(&mut map, "names", Some(Names(&self.event)).filter(Names::is_any))?;
        put_known(&mut map, "addresses", Some(Addresses(&self.event)).filter(Addresses::is_any))?;
        put_known(&mut map, "basis", Some(self.basis()).filter(Basis::says_more_than_the_build))?;
        put_known(&mut map, "also_fits", self.also_fits())?;
        let left_over = Some(self.left_over()).filter(|bytes| !bytes.is_empty());
        put_known(&mut map, "left_over", left_over.map(crate::Binary::new))?;
        put_known(&mut map, "unterminated", Some(true).filter(|_| self.unterminated()))?;
        map.end()
    }
}

fn put_known<M: SerializeMap>(map: &mut M, key: &'static str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
}

fn put_header<'a, E: Events<'a>, M: SerializeMap>(map: &mut M, decoded: &Decoded<'a, E>) -> Result<(), M::Error> {
    put_known(map, "channel", decoded.channel().map(AsText))?;
    let Some(header) = decoded.header() else { return Ok(()) };
    match LEVELS.get(usize::from(header.level)) {
        Some(name) => map.serialize_entry("level", name)?,
        None => map.serialize_entry("level", &AsText(decoded.level()))?,
    }
    if header.opcode != 0 {
        match E::Provider::name_opcode(decoded.opcode(), decoded.task()) {
            Some(name) => map.serialize_entry("opcode", without_prefix(name))?,
            None => map.serialize_entry("opcode", &AsText(decoded.opcode()))?,
        }
    }
    put_known(map, "task", Some(AsText(decoded.task())).filter(|_| header.task != 0))?;
    put_known(map, "keywords", Some(Keywords::<E::Provider>(decoded.keywords())).filter(|_| header.keywords != 0))
}

/// The names of keywords, and the bits without a name in hexadecimal.
struct Keywords<P: Provider>(P::Keywords);

impl<P: Provider> Serialize for Keywords<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(None)?;
        let mut rest: u64 = self.0.into();
        for bit in (0..u64::BITS).map(|bit| 1u64 << bit) {
            if rest & bit != 0 && P::names_keyword(bit.into()) {
                names.serialize_element(&AsText(P::Keywords::from(bit)))?;
                rest &= !bit;
            }
        }
        if rest != 0 {
            names.serialize_element(&AsText(format_args!("{rest:#x}")))?;
        }
        names.end()
    }
}

/// A value as the text that its `Display` prints.
struct AsText<T>(T);

impl<T: Display> Serialize for AsText<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The key of a field: its name, and its number among the fields of that name if it is not the first.
struct Label {
    name: &'static str,
    before: usize,
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.before {
            0 => serializer.serialize_str(self.name),
            before => serializer.collect_str(&format_args!("{}#{}", self.name, before + 1)),
        }
    }
}

/// The fields with their keys.
fn label<'a, R: Record<'a>>(record: &R) -> impl Iterator<Item = (Label, &'static FieldInfo, Value<'a>)> {
    let layout = record.layout();
    let mut seen = Seen::default();
    record.fields().enumerate().map(move |(index, (field, value))| {
        // Comparing each name with all names before it would take longer than writing them.
        let before = if seen.may_have(field.name) { layout.count_namesakes_before(index) } else { 0 };
        (Label { name: field.name, before }, field, value)
    })
}

/// The names so far, with one bit for each. Several names may share a bit.
#[derive(Default)]
struct Seen([u128; 2]);

impl Seen {
    /// Whether this name may have occurred before. Adds it.
    fn may_have(&mut self, name: &str) -> bool {
        let bytes = name.as_bytes();
        let ends =
            [bytes.first(), bytes.get(bytes.len() / 2), bytes.last()].map(|byte| byte.copied().map_or(0, usize::from));
        let hash = ends.iter().fold(bytes.len(), |hash, byte| hash.wrapping_mul(31) ^ byte);
        let bit = 1 << (hash & 127);
        let [low, high] = &mut self.0;
        let word = if hash & 128 == 0 { low } else { high };
        let was_set = *word & bit != 0;
        *word |= bit;
        was_set
    }
}

/// The fields and their values as a map.
pub(crate) struct Fields<'r, R>(pub(crate) &'r R);

impl<'a, R: Record<'a>> Serialize for Fields<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(label(self.0).map(|(label, _, value)| (label, value)))
    }
}

/// The names of the values that have one.
struct Names<'r, R>(&'r R);

impl<'a, R: Record<'a>> Names<'_, R> {
    fn list(&self) -> impl Iterator<Item = (Label, NamesOfField<'a>)> {
        label(self.0).filter_map(|(label, field, value)| Some((label, NamesOfField::new(field, value)?)))
    }

    fn is_any(&self) -> bool {
        self.list().next().is_some()
    }
}

impl<'a, R: Record<'a>> Serialize for Names<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.list())
    }
}

/// The name of a field's value, or those of an array's elements.
struct NamesOfField<'a> {
    field: &'static FieldInfo,
    value: Value<'a>,
}

impl<'a> NamesOfField<'a> {
    /// `None` if no value has a name.
    fn new(field: &'static FieldInfo, value: Value<'a>) -> Option<Self> {
        let has_name = match value {
            Value::Array(elements) => elements.iter().any(|element| field.name_value(&element).is_some()),
            value => field.name_value(&value).is_some(),
        };
        has_name.then_some(Self { field, value })
    }
}

impl Serialize for NamesOfField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |value: &Value<'_>| self.field.name_value(value).map(AsText::<ValueName>);
        match self.value {
            Value::Array(elements) => serializer.collect_seq(elements.iter().map(|element| name(&element))),
            value => name(&value).serialize(serializer),
        }
    }
}

/// The fields that hold an IP address, as text.
struct Addresses<'r, R>(&'r R);

impl<'a, R: Record<'a>> Addresses<'_, R> {
    fn list(&self) -> impl Iterator<Item = (Label, AsText<crate::SocketAddr<'a>>)> {
        label(self.0).filter_map(|(label, _, value)| match value {
            Value::SocketAddr(address) => address.to_std().map(|_| (label, AsText(address))),
            _ => None,
        })
    }

    fn is_any(&self) -> bool {
        self.list().next().is_some()
    }
}

impl<'a, R: Record<'a>> Serialize for Addresses<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.list())
    }
}

/// What there is to say apart from the build: nothing for [`Basis::Captured`] and [`Basis::OnlyLayout`].
impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Between { lower, upper, same } => {
                map.serialize_entry("between", &[lower, upper])?;
                map.serialize_entry("same_layout", same)?;
            }
            Self::Newer { newest } => map.serialize_entry("newer_than", newest)?,
            Self::OtherBuild { has, as_of, .. } => {
                map.serialize_entry("other_build", has)?;
                put_known(&mut map, "capture_as_of", *as_of)?;
            }
            Self::Captured | Self::OnlyLayout => {}
        }
        map.end()
    }
}

/// As an array of two numbers.
impl Serialize for BuildRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.first, self.last].serialize(serializer)
    }
}

/// The layouts with their builds.
impl Serialize for Candidates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(LayoutObject))
    }
}

struct LayoutObject(&'static LayoutInfo);

impl Serialize for LayoutObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("layout", self.0.name)?;
        map.serialize_entry("builds", self.0.builds)?;
        map.end()
    }
}

/// One object: `kind`, which stays the same from release to release; `message`, which may change; and what is known.
impl Serialize for DecodeError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.kind())?;
        map.serialize_entry("message", &AsText(self))?;
        // These two hold the fault of a layout, and have a kind of their own.
        if let Self::OtherLayout { mismatch, .. } | Self::NoLayoutFits { newest: mismatch, .. } = self {
            map.serialize_entry("mismatch", mismatch.kind())?;
        }
        self.mismatch().map_or(Ok(()), |mismatch| put_mismatch(&mut map, mismatch))?;
        if let Self::UnknownEvent { build: Some(asked), .. } | Self::UnknownVersion { build: Some(asked), .. } = self {
            put_known(&mut map, "consulted_build", (asked.capture != asked.build).then_some(asked.capture))?;
            put_known(&mut map, "capture_as_of", asked.as_of)?;
        }
        match self {
            Self::OtherProvider { provider } => map.serialize_entry("provider", provider)?,
            Self::UnknownBuild { oldest, .. } => map.serialize_entry("oldest_build", oldest)?,
            Self::UnknownEvent { known: Some(event), .. } | Self::UnknownVersion { event, .. } => {
                map.serialize_entry("event", event.name)?;
                map.serialize_entry("known_versions", event.versions)?;
            }
            Self::OtherLayout { fits, .. } => map.serialize_entry("fits", fits)?,
            Self::NoLayoutFits { tried, .. } => map.serialize_entry("tried", tried)?,
            Self::Ambiguous { candidates, .. } => {
                put_known(&mut map, "event", candidates.iter().next().map(|layout| layout.event))?;
                map.serialize_entry("candidates", candidates)?;
            }
            Self::UnknownEvent { known: None, .. } | Self::Mismatch(_) => {}
        }
        map.end()
    }
}

fn put_mismatch<M: SerializeMap>(map: &mut M, mismatch: &Mismatch) -> Result<(), M::Error> {
    map.serialize_entry("event", mismatch.layout().event)?;
    map.serialize_entry("layout", mismatch.layout().name)?;
    put_known(map, "field", mismatch.field_name())?;
    map.serialize_entry("offset", &mismatch.offset())?;
    let fault = match mismatch.reason() {
        MismatchKind::LeftOver { bytes, .. } => return map.serialize_entry("left_over", &bytes),
        MismatchKind::Field(fault) => fault,
    };
    match fault.kind {
        FaultKind::Truncated { needed, available } => {
            map.serialize_entry("needed", &needed)?;
            map.serialize_entry("available", &available)
        }
        FaultKind::Unterminated { available } => map.serialize_entry("available", &available),
        FaultKind::NoSid { revision, sub_authorities } => {
            map.serialize_entry("revision", &revision)?;
            map.serialize_entry("sub_authorities", &sub_authorities)
        }
        FaultKind::OddLength { bytes } => map.serialize_entry("bytes", &bytes),
        FaultKind::UnknownLayout => Ok(()),
    }
}

/// The version with the builds that have it.
impl Serialize for VersionInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("builds", &AllRanges(self))?;
        map.end()
    }
}

/// The builds of all layouts of a version, ascending.
struct AllRanges<'v>(&'v VersionInfo);

impl AllRanges<'_> {
    fn list(&self) -> impl Iterator<Item = &'static BuildRange> {
        self.0.layouts.iter().flat_map(|layout| layout.builds)
    }
}

impl Serialize for AllRanges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ranges = serializer.serialize_seq(None)?;
        let mut before = None;
        // There are few, and without an allocator there is no memory to sort them in.
        while let Some(next) =
            self.list().filter(|range| before.is_none_or(|last| range.first > last)).min_by_key(|r| r.first)
        {
            ranges.serialize_element(next)?;
            before = Some(next.first);
        }
        ranges.end()
    }
}
