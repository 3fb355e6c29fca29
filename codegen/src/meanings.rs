//! `meanings.toml`: the fields whose values have names, although no manifest gives them any.
//!
//! A [`MeaningType`] is a type of the generated crate; a [`FieldRule`] says which fields have it. [`read`] parses the
//! file, [`validate`] holds it against the schema: every rule must be about fields that are there, no field may get two
//! meanings, and no value may be lost or misnamed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::identifier;
use etw_schema::diagnostic::Diagnostics;
use etw_schema::model::schema::Schema;
use etw_schema::model::{Field, InType, Place};
use etw_schema::settings::one_line;

/// The types of the runtime that a meaning of the kind [`MeaningKind::Builtin`] may name.
pub const BUILTIN: &[&str] = &["NtStatus", "Win32Error", "HResult"];

/// The content of `meanings.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meanings {
    /// The types, in the order of the file.
    pub types: Vec<MeaningType>,
    /// Which fields have which meaning, in the order of the file.
    pub fields: Vec<FieldRule>,
}

/// What the values of some fields mean: a type of the generated crate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeaningType {
    /// The name of the Rust type; of the kind [`MeaningKind::Map`], the manifest's name for the map.
    pub name: String,
    /// The kind of the values.
    pub kind: MeaningKind,
    /// The integer that holds a value of every field with this meaning. None for the kinds that bring their own type.
    pub integer: Option<Integer>,
    /// The documentation.
    pub doc: String,
    /// Where the values are defined: `MS-SMB2 2.2.13`.
    pub source: String,
    /// The values that have a name, in the order of the file.
    #[serde(default)]
    pub values: Vec<MeaningValue>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// What the values of a [`MeaningType`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeaningKind {
    /// Each value has a name.
    Values,
    /// Each bit has a name.
    Bits,
    /// A type of the runtime, one of [`BUILTIN`].
    Builtin,
    /// A map of the manifest, which other fields use and these, with the same values, do not.
    Map,
}

/// An unsigned integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Integer {
    /// 8 bits.
    U8,
    /// 16 bits.
    U16,
    /// 32 bits.
    U32,
    /// 64 bits.
    U64,
}

/// A value that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeaningValue {
    /// The name of the constant.
    pub name: String,
    /// The value, or the bit.
    pub value: u64,
    /// Only of the kind [`MeaningKind::Bits`]: several bits that hold one number together. The name stands for
    /// `flags & mask == value`.
    pub mask: Option<u64>,
    /// The documentation; none where the name says it.
    pub doc: Option<String>,
}

/// Some fields and what they mean.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The [`MeaningType::name`].
    pub meaning: String,
    /// The field's name, as the manifest spells it.
    pub field: String,
    /// The events in which it has the meaning.
    pub events: EventSet,
    /// The inTypes with which it has the meaning.
    pub in_types: Vec<InType>,
    /// Who says so.
    pub source: String,
    /// Why that holds for these fields, if the source does not mention them.
    pub reason: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// Some events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a list of event ids, or \"all\"")]
pub enum EventSet {
    /// The events of these ids.
    Ids(Vec<u16>),
    /// Every event, where a name means the same in all.
    All(All),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum All {
    /// The word.
    #[serde(rename = "all")]
    All,
}

/// The file as TOML has it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeaningsFile {
    #[serde(default)]
    meaning: Vec<Spanned<MeaningType>>,
    #[serde(default)]
    field: Vec<Spanned<FieldRule>>,
}

/// Reads `meanings.toml`.
pub fn read(file: &str, text: &str) -> (Meanings, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let name: Arc<str> = file.into();
    let place = |span| Place::in_text(&name, text, span);
    let parsed: MeaningsFile = toml::from_str(text).unwrap_or_else(|error: toml::de::Error| {
        diagnostics.error(&error.span().map_or(Place::file(file), place), "TOML", one_line(error.message()));
        MeaningsFile::default()
    });
    let types = parsed.meaning.into_iter().map(|item| {
        let at = place(item.span());
        MeaningType { at, ..item.into_inner() }
    });
    let fields = parsed.field.into_iter().map(|item| {
        let at = place(item.span());
        FieldRule { at, ..item.into_inner() }
    });
    (Meanings { types: types.collect(), fields: fields.collect() }, diagnostics)
}

impl Meanings {
    /// The meaning of a field of an event: the name of its [`MeaningType`].
    pub fn assigned(&self, event_id: u16, field: &Field) -> Option<&str> {
        self.fields.iter().find(|rule| rule.holds_for(event_id, field)).map(|rule| rule.meaning.as_str())
    }

    /// The type of that name.
    pub fn named(&self, name: &str) -> Option<&MeaningType> {
        self.types.iter().find(|known| known.name == name)
    }
}

impl FieldRule {
    /// Whether the rule is about this field of this event.
    pub fn holds_for(&self, event_id: u16, field: &Field) -> bool {
        self.field == field.name && self.in_types.contains(&field.in_type) && self.events.contains(event_id)
    }

    fn element(&self) -> String {
        format!("[[field]] {}: {}", self.field, self.meaning)
    }
}

impl EventSet {
    /// Whether the event is one of them.
    pub fn contains(&self, id: u16) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(&id),
            Self::All(All::All) => true,
        }
    }
}

impl Integer {
    /// The number of bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::U8 => 8,
            Self::U16 => 16,
            Self::U32 => 32,
            Self::U64 => 64,
        }
    }

    /// The name in Rust.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
        }
    }

    /// Whether the value fits.
    pub fn holds(self, value: u64) -> bool {
        value.checked_shr(self.bits()).unwrap_or(0) == 0
    }

    /// Whether it takes every value of an inType without loss. A signed one must be as wide: its sign is a bit like
    /// the others.
    pub fn takes(self, in_type: InType) -> bool {
        let bits = in_type.fixed_size().and_then(|bytes| u32::try_from(bytes * 8).ok()).unwrap_or(0);
        match in_type {
            InType::UInt8 | InType::UInt16 | InType::UInt32 | InType::UInt64 | InType::HexInt32 | InType::HexInt64 => {
                bits <= self.bits()
            }
            InType::Int8 | InType::Int16 | InType::Int32 | InType::Int64 => bits == self.bits(),
            _ => false,
        }
    }
}

impl MeaningType {
    /// The integer that the Rust type holds, whether the crate or the runtime defines the type.
    pub fn integer(&self) -> Integer {
        self.integer.unwrap_or(Integer::U32)
    }

    fn element(&self) -> String {
        format!("[[meaning]] {}", self.name)
    }
}

/// Holds the meanings against a schema. `file` names the file in diagnostics about all of it.
pub fn validate(meanings: &Meanings, schema: &Schema, file: &str) -> Diagnostics {
    let mut check = Check { meanings, schema, found: Diagnostics::new() };
    if meanings.types.is_empty() && !meanings.fields.is_empty() {
        check.found.error(&Place::file(file), "meanings", "there are fields, but no [[meaning]]");
    }
    let mut names = BTreeSet::new();
    for meaning in &meanings.types {
        if !names.insert(meaning.name.as_str()) {
            check.error_type(meaning, "the name is given twice; one meaning a name is expected");
        }
        check.meaning(meaning);
    }
    for rule in &meanings.fields {
        check.rule(rule);
    }
    check.fields();
    check.found
}

struct Check<'a> {
    meanings: &'a Meanings,
    schema: &'a Schema,
    found: Diagnostics,
}

impl Check<'_> {
    fn error_type(&mut self, meaning: &MeaningType, message: impl Into<String>) {
        self.found.error(&meaning.at, meaning.element(), message);
    }

    fn error_rule(&mut self, rule: &FieldRule, message: impl Into<String>) {
        self.found.error(&rule.at, rule.element(), message);
    }

    /// Every field of every layout, in all its forms, with the id of its event.
    fn all_fields(&self) -> impl Iterator<Item = (u16, &Field)> {
        self.schema
            .layouts()
            .flat_map(|(id, _, layout)| layout.fields.iter().flat_map(|held| &held.value).map(move |field| (id, field)))
    }

    fn meaning(&mut self, meaning: &MeaningType) {
        if meaning.doc.trim().is_empty() || meaning.source.trim().is_empty() {
            self.error_type(meaning, "doc or source is empty; both are expected");
        }
        match meaning.kind {
            MeaningKind::Values | MeaningKind::Bits => self.own_type(meaning),
            MeaningKind::Builtin | MeaningKind::Map => self.foreign_type(meaning),
        }
        if !self.meanings.fields.iter().any(|rule| rule.meaning == meaning.name) {
            self.error_type(meaning, "no [[field]] has it");
        }
    }

    /// A type that the runtime or the manifest brings.
    fn foreign_type(&mut self, meaning: &MeaningType) {
        if meaning.integer.is_some() || !meaning.values.is_empty() {
            self.error_type(meaning, "integer or values are given, but the type brings its own");
        }
        if meaning.kind == MeaningKind::Builtin && !BUILTIN.contains(&meaning.name.as_str()) {
            self.error_type(
                meaning,
                format!("the runtime has no such type; one of {} is expected", BUILTIN.join(", ")),
            );
        }
        if meaning.kind == MeaningKind::Map && !self.schema.maps.iter().any(|held| held.value.name == meaning.name) {
            self.error_type(meaning, "the manifests have no map of that name");
        }
    }

    /// A type whose values the file lists.
    fn own_type(&mut self, meaning: &MeaningType) {
        if !identifier::is_type(&meaning.name) {
            self.error_type(meaning, "the name is expected to be one of a Rust type, `LikeThis`");
        }
        let like = |name: &str| name.eq_ignore_ascii_case(&meaning.name);
        if BUILTIN.iter().any(|name| like(name)) || self.schema.maps.iter().any(|held| like(&held.value.name)) {
            self.error_type(meaning, "a map of the manifest or a type of the runtime has that name");
        }
        if meaning.integer.is_none() || meaning.values.is_empty() {
            self.error_type(meaning, "integer and values are expected");
        }
        let mut names = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for value in &meaning.values {
            if let Some(problem) = value_problem(meaning, value) {
                self.error_type(meaning, format!("{}: {problem}", value.name));
            }
            if !names.insert(value.name.as_str()) || !numbers.insert((value.mask, value.value)) {
                self.error_type(meaning, format!("{}: its name or its value is given twice", value.name));
            }
        }
    }

    fn rule(&mut self, rule: &FieldRule) {
        if rule.source.trim().is_empty() || rule.reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            self.error_rule(rule, "the source or the reason is empty");
        }
        match self.meanings.named(&rule.meaning) {
            None => self.error_rule(rule, "there is no [[meaning]] of that name"),
            Some(meaning) => {
                let integer = meaning.integer();
                for in_type in rule.in_types.iter().filter(|in_type| !integer.takes(**in_type)) {
                    let message = format!("{} does not take every value of {in_type}", integer.name());
                    self.error_rule(rule, message);
                }
            }
        }
        let there: Vec<(u16, InType)> =
            self.all_fields().filter(|(_, f)| f.name == rule.field).map(|(id, f)| (id, f.in_type)).collect();
        let in_types = rule
            .in_types
            .iter()
            .filter(|in_type| !there.iter().any(|(id, found)| found == *in_type && rule.events.contains(*id)));
        for in_type in in_types {
            self.error_rule(rule, format!("no such field of these events is {in_type}"));
        }
        let EventSet::Ids(ids) = &rule.events else { return };
        for id in ids {
            if !there.iter().any(|(found, in_type)| found == id && rule.in_types.contains(in_type)) {
                self.error_rule(rule, format!("event {id} has no such field with one of the inTypes given"));
            }
        }
        if ids.is_empty() || ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
            self.error_rule(rule, "events is expected to list ids, each once");
        }
    }

    /// Checks the meanings of each field: reports a second meaning, and a meaning if the manifest gives a map.
    fn fields(&mut self) {
        let rules = self.meanings.fields.iter().enumerate();
        let mut twice = BTreeMap::new();
        let mut mapped = BTreeMap::new();
        for (id, field) in self.all_fields() {
            let mut matching = rules.clone().filter(|(_, rule)| rule.holds_for(id, field));
            let Some((first, _)) = matching.next() else { continue };
            twice.extend(matching.map(|(other, _)| ((other, first), id)));
            mapped.extend(field.map.as_ref().map(|map| (first, (id, map.clone()))));
        }
        for ((other, first), id) in twice {
            let other = &self.meanings.fields[other];
            let first = &self.meanings.fields[first];
            let message = format!("in event {id} the field already is {} by line {}", first.meaning, first.at.line);
            self.error_rule(other, message);
        }
        for (rule, (id, map)) in mapped {
            let message = format!("in event {id} the field has the manifest's map {map}, which goes before");
            self.error_rule(&self.meanings.fields[rule], message);
        }
    }
}

/// What is wrong with a value, if anything.
fn value_problem(meaning: &MeaningType, value: &MeaningValue) -> Option<String> {
    let all = value.value | value.mask.unwrap_or(0);
    if !identifier::is_constant(&value.name) {
        return Some("the name is expected to be one of a Rust constant, `LIKE_THIS`".to_owned());
    }
    if !meaning.integer().holds(all) {
        return Some(format!("{all:#x} does not fit into {}", meaning.integer().name()));
    }
    let problem = match (meaning.kind, value.mask) {
        (MeaningKind::Bits, None) if !value.value.is_power_of_two() => "a single bit is expected, or a mask",
        (MeaningKind::Bits, Some(mask)) if mask.count_ones() < 2 => "the mask is expected to have several bits",
        (MeaningKind::Bits, Some(mask)) if value.value & !mask != 0 => "the value has bits outside of its mask",
        (MeaningKind::Values, Some(_)) => "a mask is for meanings of the kind bits",
        _ => return None,
    };
    Some(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use etw_schema::model::schema::{Builds, Event, Held, Layout, Version};
    use etw_schema::model::{Map, MapEntry};

    /// Event 1: `A` UInt8, `B` Int32, `C` UInt32 with map `M`. Event 2: `A` UInt16.
    fn schema() -> Schema {
        let field = |name: &str, in_type| Field { name: name.to_owned(), in_type, ..Field::default() };
        let mapped = Field { map: Some("M".to_owned()), ..field("C", InType::UInt32) };
        let event = |id, fields| {
            let fields = vec![Held { builds: Builds::from_build(1), value: fields }];
            let layout = Layout { builds: Builds::from_build(1), fields, ..Layout::default() };
            Event { id, versions: vec![Version { version: 0, layouts: vec![layout] }] }
        };
        let map = Map { name: "M".to_owned(), entries: vec![MapEntry::default()], ..Map::default() };
        Schema {
            maps: vec![Held { builds: Builds::from_build(1), value: map }],
            events: vec![
                event(1, vec![field("A", InType::UInt8), field("B", InType::Int32), mapped]),
                event(2, vec![field("A", InType::UInt16)]),
            ],
            ..Schema::default()
        }
    }

    const TYPE: &str = "[[meaning]]\nname = \"T\"\nkind = \"values\"\ninteger = \"u8\"\ndoc = \"D.\"\nsource = \"S\"\n\
                        values = [{ name = \"ONE\", value = 1 }]\n";
    const RULE: &str =
        "[[field]]\nmeaning = \"T\"\nfield = \"A\"\nevents = [1]\nin_types = [\"win:UInt8\"]\nsource = \"S\"\n";

    /// What is found in a file.
    fn found(text: &str) -> String {
        let (meanings, mut diagnostics) = read("m.toml", text);
        diagnostics.append(validate(&meanings, &schema(), "m.toml"));
        diagnostics.to_string()
    }

    #[test]
    fn a_sound_file_is_read() {
        let text = format!("{TYPE}\n{RULE}");
        assert_eq!(found(&text), "");
        let (meanings, _) = read("m.toml", &text);
        assert_eq!((meanings.types[0].at.line, meanings.fields[0].at.line), (1, 9));
        let field = |in_type| Field { name: "A".to_owned(), in_type, ..Field::default() };
        assert_eq!(meanings.assigned(1, &field(InType::UInt8)), Some("T"));
        assert_eq!(meanings.assigned(1, &field(InType::UInt16)), None);
        assert_eq!(meanings.assigned(2, &field(InType::UInt8)), None);
        let all = text.replace("events = [1]", "events = \"all\"");
        assert_eq!(found(&all), "");
        assert_eq!(read("m.toml", &all).0.assigned(9, &field(InType::UInt8)), Some("T"));
    }

    #[test]
    fn a_mistake_in_the_file_is_reported_with_its_line() {
        let (_, diagnostics) = read("m.toml", &format!("{TYPE}bogus = 1\n"));
        assert!(diagnostics.to_string().starts_with("m.toml:"), "{diagnostics}");
        assert!(diagnostics.to_string().contains("bogus"), "{diagnostics}");
        let (_, diagnostics) = read("m.toml", &RULE.replace("[1]", "\"some\""));
        assert!(diagnostics.to_string().contains("a list of event ids, or \"all\""), "{diagnostics}");
    }

    #[track_caller]
    fn refused(from: &str, to: &str, expected: &str) {
        let text = format!("{TYPE}{RULE}");
        assert!(text.contains(from), "{from}");
        let found = found(&text.replace(from, to));
        assert!(found.contains(expected), "{found}");
        assert!(found.starts_with("m.toml:"), "{found}");
    }

    #[test]
    fn a_broken_type_is_refused() {
        refused("name = \"T\"", "name = \"t\"", "one of a Rust type");
        refused("name = \"T\"", "name = \"m\"", "a map of the manifest");
        refused("name = \"T\"", "name = \"NtStatus\"", "a type of the runtime has that name");
        refused("doc = \"D.\"", "doc = \"\"", "doc or source is empty");
        refused("integer = \"u8\"\n", "", "integer and values are expected");
        refused("value = 1", "value = 256", "0x100 does not fit into u8");
        refused("name = \"ONE\"", "name = \"One\"", "one of a Rust constant");
        refused("value = 1 }", "value = 1 }, { name = \"ONE\", value = 2 }", "given twice");
        refused("value = 1 }", "value = 1 }, { name = \"TWO\", value = 1 }", "given twice");
        refused("value = 1 }", "value = 1, mask = 3 }", "a mask is for");
        refused("kind = \"values\"", "kind = \"builtin\"", "the runtime has no such type");
        refused("kind = \"values\"", "kind = \"map\"", "no map of that name");
        refused("kind = \"values\"", "kind = \"map\"", "the type brings its own");
        refused(RULE, "", "no [[field]] has it");
        refused(RULE, &format!("{TYPE}{RULE}"), "the name is given twice");
    }

    #[test]
    fn bits_are_single_or_masked() {
        let bits = |value: &str| {
            let text = format!("{TYPE}{RULE}").replace("\"values\"", "\"bits\"");
            found(&text.replace("value = 1", value))
        };
        assert_eq!(bits("value = 0x80"), "");
        assert_eq!(bits("value = 0, mask = 0x30"), "");
        assert!(bits("value = 3").contains("a single bit is expected"));
        assert!(bits("value = 0").contains("a single bit is expected"));
        assert!(bits("value = 1, mask = 1").contains("several bits"));
        assert!(bits("value = 4, mask = 3").contains("outside of its mask"));
    }

    #[test]
    fn a_broken_rule_is_refused() {
        refused("meaning = \"T\"", "meaning = \"X\"", "there is no [[meaning]] of that name");
        refused("field = \"A\"", "field = \"Z\"", "event 1 has no such field");
        refused("events = [1]", "events = [1, 2]", "event 2 has no such field with one of the inTypes");
        refused("events = [1]", "events = [1, 1]", "each once");
        refused("events = [1]", "events = []", "expected to list ids");
        refused("[\"win:UInt8\"]", "[\"win:UInt8\", \"win:UInt32\"]", "no such field of these events is win:UInt32");
        refused(RULE, &RULE.replace("\"S\"", "\"\""), "the source or the reason is empty");
        let wider = RULE.replace("[1]", "[2]").replace("UInt8", "UInt16");
        refused(RULE, &wider, "u8 does not take every value of win:UInt16");
        let signed = RULE.replace("\"A\"", "\"B\"").replace("UInt8", "Int32");
        refused(RULE, &signed, "u8 does not take every value of win:Int32");
        refused(RULE, &format!("{RULE}{RULE}"), "in event 1 the field already is T by line 8");
        let mapped = format!("{TYPE}{RULE}").replace("u8", "u32").replace("\"A\"", "\"C\"").replace("UInt8", "UInt32");
        assert!(found(&mapped).contains("in event 1 the field has the manifest's map M"));
    }

    #[test]
    fn integers_take_what_they_can_hold() {
        assert!(Integer::U8.holds(255) && !Integer::U8.holds(256));
        assert!(Integer::U64.holds(u64::MAX) && !Integer::U32.holds(1 << 32));
        assert!(Integer::U32.takes(InType::Int32) && !Integer::U32.takes(InType::Int16));
        assert!(Integer::U32.takes(InType::HexInt32) && !Integer::U32.takes(InType::HexInt64));
        assert!(!Integer::U64.takes(InType::Guid));
    }
}
