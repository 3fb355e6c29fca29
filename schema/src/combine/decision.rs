//! Decisions about contradictions: what they are about, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::kinds::words;
use crate::model::{DeclarationKind, EventKey};

/// A contradiction between two captures of one build, decided: an entry `[[contradiction]]` of `overrides.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Row")]
pub struct Contradiction {
    /// The build.
    pub build: u32,
    /// What the captures contradict each other about.
    pub subject: Subject,
    /// Which fact about it.
    pub fact: FactName,
    /// The file to believe.
    pub take: String,
    /// Why.
    pub reason: String,
}

words! {
    /// A fact that captures can contradict each other about.
    FactName {
        /// The name.
        Name = "name",
        /// The C symbol.
        Symbol = "symbol",
        /// The text that people see.
        Message = "message",
        /// The bytes of an event: its fields, their inTypes, lengths and counts.
        Layout = "layout",
        /// The channel of an event.
        Channel = "channel",
        /// The level of an event.
        Level = "level",
        /// The opcode of an event.
        Opcode = "opcode",
        /// The task of an event.
        Task = "task",
        /// The keywords of an event.
        Keywords = "keywords",
        /// The outType of a field.
        OutType = "out_type",
        /// The map of a field.
        Map = "map",
        /// The type of a channel.
        Type = "type",
        /// The number of a channel.
        Value = "value",
        /// Whether a channel is on by default.
        Enabled = "enabled",
        /// Whose access rights a channel shares.
        Isolation = "isolation",
        /// The GUID of a task.
        EventGuid = "event_guid",
        /// Whether a map names values or bits.
        Kind = "kind",
        /// The file with the compiled manifest.
        ResourceFile = "resource_file",
        /// The file with the texts.
        MessageFile = "message_file",
        /// The file with the texts of parameters.
        ParameterFile = "parameter_file",
    }
}

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The provider itself.
    Provider,
    /// An event, or one of its fields. A member of a struct is named `Struct.Member`.
    Event(EventKey, Option<String>),
    /// Something that events use, by its name; where captures differ in the name, by its number or path.
    Declaration(DeclarationKind, String),
    /// An entry of a map: the map's name and the value.
    MapEntry(String, u32),
}

impl Subject {
    /// A field of this event, or a member of this field.
    pub(super) fn field(&self, name: &str) -> Self {
        match self {
            Self::Event(key, Some(holder)) => Self::Event(*key, Some(format!("{holder}.{name}"))),
            Self::Event(key, None) => Self::Event(*key, Some(name.to_owned())),
            other => other.clone(),
        }
    }

    /// The keys by which `overrides.toml` names it.
    pub(super) fn toml(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        match self {
            Self::Provider => String::new(),
            Self::Event(EventKey { id, version }, None) => format!("event = {id}, version = {version}, "),
            Self::Event(EventKey { id, version }, Some(field)) => {
                format!("event = {id}, version = {version}, field = {}, ", text(field))
            }
            Self::Declaration(kind, name) => format!("{} = {}, ", kind.word(), text(name)),
            Self::MapEntry(map, value) => format!("map = {}, value = {value}, ", text(map)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider => f.write_str("provider"),
            Self::Event(key, None) => key.fmt(f),
            Self::Event(key, Some(field)) => write!(f, "{key}, field {field}"),
            Self::Declaration(kind, name) => write!(f, "{} {name}", kind.word()),
            Self::MapEntry(map, value) => write!(f, "map {map}, value {value}"),
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[contradiction]] {}: {}", self.subject, self.fact)
    }
}

/// The entry as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    build: u32,
    event: Option<u16>,
    version: Option<u8>,
    field: Option<String>,
    channel: Option<String>,
    level: Option<String>,
    opcode: Option<String>,
    task: Option<String>,
    keyword: Option<String>,
    map: Option<String>,
    value: Option<u32>,
    fact: FactName,
    take: String,
    reason: String,
}

/// Why an entry is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BadRow;

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected `event` and `version` (with `field` for one of its fields), or one of `channel`, `level`, \
             `opcode`, `task`, `keyword` and `map` (with `value` for one of its entries), or none for the provider",
        )
    }
}

impl TryFrom<Row> for Contradiction {
    type Error = BadRow;

    fn try_from(row: Row) -> Result<Self, BadRow> {
        let names = [
            (DeclarationKind::Channel, row.channel),
            (DeclarationKind::Level, row.level),
            (DeclarationKind::Opcode, row.opcode),
            (DeclarationKind::Task, row.task),
            (DeclarationKind::Keyword, row.keyword),
            (DeclarationKind::Map, row.map),
        ];
        let mut given: Vec<_> = names.into_iter().filter_map(|(kind, name)| Some((kind, name?))).collect();
        let subject = match (row.event, row.version, row.field, given.pop(), row.value) {
            (Some(id), Some(version), field, None, None) => Subject::Event(EventKey::new(id, version), field),
            (None, None, None, Some((DeclarationKind::Map, map)), Some(value)) => Subject::MapEntry(map, value),
            (None, None, None, Some((kind, name)), None) => Subject::Declaration(kind, name),
            (None, None, None, None, None) => Subject::Provider,
            _ => return Err(BadRow),
        };
        if !given.is_empty() {
            return Err(BadRow);
        }
        Ok(Self { build: row.build, subject, fact: row.fact, take: row.take, reason: row.reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &str) -> Result<Subject, String> {
        let text = format!("build = 1\nfact = \"message\"\ntake = \"a.man\"\nreason = \"seen\"\n{keys}");
        toml::from_str::<Contradiction>(&text).map(|row| row.subject).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn an_entry_says_as_data_what_it_is_about() {
        let key = EventKey::new(5, 1);
        let of_event = |field: Option<&str>| Ok(Subject::Event(key, field.map(str::to_owned)));
        assert_eq!(read("event = 5\nversion = 1"), of_event(None));
        assert_eq!(read("event = 5\nversion = 1\nfield = \"S.M\""), of_event(Some("S.M")));
        assert_eq!(read("task = \"T\""), Ok(Subject::Declaration(DeclarationKind::Task, "T".to_owned())));
        assert_eq!(read("map = \"M\"\nvalue = 3"), Ok(Subject::MapEntry("M".to_owned(), 3)));
        assert_eq!(read(""), Ok(Subject::Provider));
        for wrong in ["event = 5", "task = \"T\"\nvalue = 3", "task = \"T\"\nmap = \"M\"", "about = \"event 5\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_subject_reads_back_from_the_keys_that_it_prints() {
        for subject in [
            Subject::Event(EventKey::new(5, 1), Some("A \"b\"".to_owned())),
            Subject::Declaration(DeclarationKind::Keyword, "ut:K".to_owned()),
            Subject::MapEntry("M".to_owned(), 3),
        ] {
            let keys = subject.toml().trim_end_matches(", ").replace(", ", "\n");
            assert_eq!(read(&keys), Ok(subject));
        }
    }
}
