//! The documented schema of the provider as test data: a public page's event entries, its example events, and the named
//! exceptions where the page and the manifests differ. `data/documented/README.md` says where it comes from.

use serde::Deserialize;
use serde_json::Value;

/// One event entry of the page. Id and channel together name it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentedEvent {
    /// The event's id.
    pub id: u16,
    /// The heading.
    pub title: String,
    /// The channel, without the provider's name.
    pub channel: String,
    /// The level's display name. The page prints it only for entries with an example.
    pub level: Option<String>,
    /// The task's display name.
    pub task: String,
    /// The opcode's name, if it is not `Info`.
    pub opcode: Option<String>,
    /// The page's own summary.
    pub description: Option<String>,
    /// The message with its inserts; a line break is `\n`.
    pub message: Option<String>,
    /// The fields, in the page's order.
    pub fields: Vec<DocumentedField>,
}

/// A field of an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentedField {
    /// The name, with the prefix that some entries have.
    pub name: String,
    /// The inType without its prefix; `None` if the page prints none.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// What the page says about the values.
    #[serde(default)]
    pub note: Option<String>,
    /// Values that the page names.
    #[serde(default)]
    pub known_values: Vec<KnownValue>,
}

/// A value that the page names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownValue {
    /// The value as printed, a reference into a parameter message table (`%%1831`).
    pub value: String,
    /// The name.
    pub text: String,
}

/// An example event of an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The entry's id.
    pub id: u16,
    /// The entry's heading.
    pub title: String,
    /// The entry's channel.
    pub channel: String,
    /// The header as printed.
    pub system: System,
    /// The part of the XML with the values.
    pub part: Part,
    /// The values by name, in the order of the page.
    pub fields: Vec<(String, Value)>,
    /// The rendered message; empty if the recorder had none.
    pub message: Option<String>,
}

/// The header of an example event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The version; `None` in events of the trace consumer.
    pub version: Option<u8>,
    /// The level.
    pub level: Printed,
    /// The task.
    pub task: Option<u16>,
    /// The opcode.
    pub opcode: Printed,
    /// The keywords with the channel's bit; `None` in events of the trace consumer.
    pub keywords: Option<u64>,
    /// When the event was written.
    pub time_created: String,
    /// The channel's path, or the provider's name alone.
    pub channel: String,
    /// The machine.
    pub computer: String,
}

/// A header value by its number or by its display name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Printed {
    /// The number.
    Number(u8),
    /// The display name.
    Name(String),
}

/// The part of an event's XML that holds the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// `<EventData>`: elements named by the fields.
    EventData,
    /// `<UserData>`: elements named by the template's own XML.
    UserData,
}

/// The named exceptions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    /// The exceptions for entries.
    #[serde(rename = "entry")]
    pub entries: Vec<Rule<EntryEffect>>,
    /// The exceptions for examples.
    #[serde(rename = "example")]
    pub examples: Vec<Rule<ExampleEffect>>,
}

/// A named exception: some entries, how the page differs there, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule<E> {
    /// The name.
    #[serde(rename = "rule")]
    pub name: String,
    /// What the page prints instead.
    pub effect: E,
    /// Why.
    pub reason: String,
    /// The entries, as [`DocumentedEvent::key`] and [`Example::key`] write them.
    pub entries: Vec<String>,
}

/// What the page prints for an event instead of what the manifest declares.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryEffect {
    /// The message of the event's lowest version in the same build.
    MessageOfLowestVersion,
    /// The channel of the event's lowest version in the same build.
    ChannelOfLowestVersion,
    /// The task that a later build declares, for an event that has none.
    TaskOfNewerBuild,
    /// The task's message instead of its name.
    TaskMessage,
    /// `Operational` for an event that has no channel.
    OperationalForNoChannel,
    /// The level's number instead of its name.
    LevelAsNumber,
    /// The names of the fields and no types.
    NoFieldTypes,
    /// All fields with the prefix `EventData.` and then all fields.
    FieldsListedTwice,
    /// Two line breaks instead of each one.
    LineBreaksDoubled,
    /// Two underscores instead of each line break.
    LineBreaksAsUnderscores,
    /// `?` instead of U+2015.
    HorizontalBarLost,
}

/// What an example shows instead of what the manifest declares.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExampleEffect {
    /// The values in another order.
    Unordered,
    /// No values at all.
    NoValues,
    /// One value under another name.
    ElementName {
        /// The name in the example.
        printed: String,
        /// The field's name.
        field: String,
    },
    /// No task, for an event that has one.
    NoTask,
}

impl DocumentedEvent {
    /// The entry's name: id and channel, `551 Security`.
    pub fn key(&self) -> String {
        format!("{} {}", self.id, self.channel)
    }
}

impl Example {
    /// The name of the entry that the example belongs to.
    pub fn key(&self) -> String {
        format!("{} {}", self.id, self.channel)
    }
}

/// The entries, in the page's order.
///
/// # Panics
///
/// When the data does not have the shape of [`DocumentedEvent`].
pub fn events() -> Vec<DocumentedEvent> {
    serde_json::from_str(include_str!("../data/documented/events.json")).expect("events.json")
}

/// The example events, in the page's order.
///
/// # Panics
///
/// When the data does not have the shape of [`Example`].
pub fn examples() -> Vec<Example> {
    serde_json::from_str(include_str!("../data/documented/examples.json")).expect("examples.json")
}

/// The named exceptions.
///
/// # Panics
///
/// When the data does not have the shape of [`Exceptions`].
pub fn exceptions() -> Exceptions {
    toml::from_str(include_str!("../data/documented/exceptions.toml")).expect("exceptions.toml")
}
