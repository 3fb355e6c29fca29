//! What a manifest says, as plain data: no XML in it, no Rust, no build.
//!
//! [`Manifest`] is one file (or one binary) as it was read. [`schema::Schema`] is the same provider over many
//! builds. References between items stay names, as in the manifest; `validate` says which of them dangle.

pub mod builtin;
mod declarations;
pub(crate) mod kinds;
pub mod place;
pub mod schema;
mod size;

use serde::{Deserialize, Serialize, Serializer};

pub use declarations::{Declaration, DeclarationKind, Declare};
pub use etw_runtime::{EventKey, Guid, InType, OutType};
pub use kinds::{ChannelType, FactKind, FactStatus, Isolation};
pub use place::Place;
pub use size::{FieldRef, Scope, Size, SizeProblem, SizeProblemKind, resolve};

/// The most layouts that one (id, version) can have: more cannot be told apart by [`etw_runtime::Candidates`].
pub const MAX_LAYOUTS: usize = etw_runtime::Candidates::MAX;

/// An instrumentation manifest: what one file or one binary declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The providers, in the order of the file.
    pub providers: Vec<Provider>,
    /// The messages that belong to no provider: `<messageTable>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

/// A message that a program looks up by its number: a provider of the classic event log, or for FormatMessage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The number in the message table.
    pub value: u32,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The text.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// One ETW provider and everything it declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// The registered name, `Microsoft-Windows-SMBServer`.
    pub name: String,
    /// The GUID; nil where the source has no readable one.
    #[serde(serialize_with = "bare_guid")]
    pub guid: Guid,
    /// The C symbol for the GUID.
    pub symbol: Option<String>,
    /// The file that holds the binary template resource.
    pub resource_file: Option<String>,
    /// The file that holds the message table.
    pub message_file: Option<String>,
    /// The file that holds the texts of `%%n` inserts.
    pub parameter_file: Option<String>,
    /// The display name.
    pub message: Option<String>,
    /// Channels, in file order.
    pub channels: Vec<Channel>,
    /// Levels that the provider declares itself (`win:*` are [`builtin`]).
    pub levels: Vec<Level>,
    /// Opcodes that the provider declares itself, those of one task among them.
    pub opcodes: Vec<Opcode>,
    /// Tasks, in file order.
    pub tasks: Vec<Task>,
    /// Keywords that the provider declares itself.
    pub keywords: Vec<Keyword>,
    /// Value and bit maps, in file order.
    pub maps: Vec<Map>,
    /// Templates, in file order.
    pub templates: Vec<Template>,
    /// Events, in file order.
    pub events: Vec<Event>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// A channel: the log or trace session that an event is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// The name that events use: `chid`, or the path where there is none.
    pub id: String,
    /// The path, `Microsoft-Windows-SMBServer/Operational`.
    pub name: String,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The audience of its events; unknown where the source does not give it.
    pub kind: Option<ChannelType>,
    /// The number in an event's header. Where it is not given, the manifest compiler counts from 16.
    pub value: Option<u8>,
    /// Whether the channel is on by default.
    pub enabled: Option<bool>,
    /// Whose access rights it shares.
    pub isolation: Option<Isolation>,
    /// True for `<importChannel>`: another provider declares it.
    pub imported: bool,
    /// The display name.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// A severity of the provider's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The name that events use.
    pub name: String,
    /// The number in an event's header.
    pub value: u8,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The display name.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// A step of an activity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opcode {
    /// The name that events use.
    pub name: String,
    /// The number in an event's header.
    pub value: u8,
    /// The task that it belongs to; none for an opcode of the whole provider.
    pub task: Option<String>,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The display name.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// A component or activity of the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The name that events use.
    pub name: String,
    /// The number in an event's header.
    pub value: u16,
    /// Whether the number is made up, because no capture gives the real one. A manifest cannot do without a number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_placeholder: bool,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The GUID of the task's events in the older tracing API.
    #[serde(serialize_with = "bare_guids")]
    pub event_guid: Option<Guid>,
    /// The display name.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

impl Task {
    /// The number, where it is known.
    pub fn number(&self) -> Option<u16> {
        (!self.is_placeholder).then_some(self.value)
    }

    /// Whether it is the same task in another capture: by number, or by name where a number is not known.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(own), Some(others)) => own == others,
            _ => self.name == other.name,
        }
    }
}

/// A bit of an event's keyword mask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyword {
    /// The name that events use, prefix and all (`ut:Packet`).
    pub name: String,
    /// The mask.
    pub mask: u64,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The display name.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// Whether a map names values or bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapKind {
    /// `<valueMap>`: one text a value.
    #[default]
    Value,
    /// `<bitMap>`: one text a bit.
    Bit,
}

/// Texts for the values of an integer field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// The name that fields use.
    pub name: String,
    /// Values or bits.
    pub kind: MapKind,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The entries, in file order.
    pub entries: Vec<MapEntry>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// One value of a map and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapEntry {
    /// The value, or the bit mask.
    pub value: u32,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The text.
    pub message: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// The ordered fields of one or more events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The name that events use.
    pub id: String,
    /// The fields, in the order of the payload.
    #[serde(deserialize_with = "size::resolved_list")]
    pub fields: Vec<Field>,
    /// The XML inside of `<UserData>`, in which the event log shows the fields: `%1` is the first. None where it shows them as
    /// `<EventData>`, and where the source does not hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// A field of a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name, as the manifest spells it.
    pub name: String,
    /// The wire form.
    pub in_type: InType,
    /// The text form; none where the manifest does not give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_type: Option<OutType>,
    /// The length of one string (UTF-16 units, or bytes of an ANSI string) or binary (bytes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Size>,
    /// The number of elements of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Size>,
    /// The map that names the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// The members, when [`Field::in_type`] is [`InType::Struct`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Field>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

/// One (id, version) of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The id, `EventDescriptor.Id`.
    pub id: u16,
    /// The version, `EventDescriptor.Version`.
    pub version: u8,
    /// The C symbol.
    pub symbol: Option<String>,
    /// The [`Channel::id`].
    pub channel: Option<String>,
    /// The level's name.
    pub level: Option<String>,
    /// The opcode's name.
    pub opcode: Option<String>,
    /// The task's name.
    pub task: Option<String>,
    /// The keywords' names.
    pub keywords: Vec<String>,
    /// The [`Template::id`]; none for an event without fields.
    pub template: Option<String>,
    /// The message text, inserts and all, as the string table holds it.
    pub message: Option<String>,
    /// Why the fields may be wrong. The event is left out unless another capture shows the same.
    #[serde(skip)]
    pub doubt: Option<String>,
    /// Source location.
    #[serde(skip)]
    pub at: Place,
}

impl Event {
    /// Its id and version.
    pub const fn key(&self) -> EventKey {
        EventKey::new(self.id, self.version)
    }
}

/// A GUID without its braces, for people and files.
pub fn guid_text(guid: Guid) -> String {
    guid.to_string().trim_matches(['{', '}']).to_owned()
}

fn bare_guid<S: Serializer>(guid: &Guid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&guid_text(*guid))
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn bare_guids<S: Serializer>(guid: &Option<Guid>, serializer: S) -> Result<S::Ok, S::Error> {
    guid.map(guid_text).serialize(serializer)
}
