//! What a record says about its event: the element `System`, whose values have other indices in each template.

use etw_runtime::{FileTime, Guid, Sid, Utf16};

use super::binxml::{Content, Template, Text};
use super::values::{Value, ValueType, Values};

/// Where each part of `System` is, and the event's data.
#[derive(Clone, Debug, Default)]
pub(super) struct SystemMap {
    provider_name: Option<Content>,
    provider: Option<Content>,
    id: Option<Content>,
    qualifiers: Option<Content>,
    version: Option<Content>,
    level: Option<Content>,
    task: Option<Content>,
    opcode: Option<Content>,
    keywords: Option<Content>,
    time: Option<Content>,
    record_id: Option<Content>,
    activity: Option<Content>,
    related_activity: Option<Content>,
    pid: Option<Content>,
    tid: Option<Content>,
    channel: Option<Content>,
    computer: Option<Content>,
    user: Option<Content>,
    /// The index of the value that holds the event's data.
    pub(super) data: Option<u16>,
}

/// An element or attribute of `System`, and its place in [`SystemMap`].
type Place = fn(&mut SystemMap) -> &mut Option<Content>;
const PLACES: [(&str, Option<&str>, Place); 18] = [
    ("Provider", Some("Name"), |map| &mut map.provider_name),
    ("Provider", Some("Guid"), |map| &mut map.provider),
    ("EventID", None, |map| &mut map.id),
    ("EventID", Some("Qualifiers"), |map| &mut map.qualifiers),
    ("Version", None, |map| &mut map.version),
    ("Level", None, |map| &mut map.level),
    ("Task", None, |map| &mut map.task),
    ("Opcode", None, |map| &mut map.opcode),
    ("Keywords", None, |map| &mut map.keywords),
    ("TimeCreated", Some("SystemTime"), |map| &mut map.time),
    ("EventRecordID", None, |map| &mut map.record_id),
    ("Correlation", Some("ActivityID"), |map| &mut map.activity),
    ("Correlation", Some("RelatedActivityID"), |map| &mut map.related_activity),
    ("Execution", Some("ProcessID"), |map| &mut map.pid),
    ("Execution", Some("ThreadID"), |map| &mut map.tid),
    ("Channel", None, |map| &mut map.channel),
    ("Computer", None, |map| &mut map.computer),
    ("Security", Some("UserID"), |map| &mut map.user),
];

impl SystemMap {
    /// The places by the names in a record's template.
    pub(super) fn from_template(template: &Template, chunk: &[u8]) -> Self {
        let mut map = Self::default();
        let is = |text: Option<Text>, name: &str| text.is_some_and(|text| text.is(chunk, name));
        for leaf in &template.leaves {
            if !is(leaf.section, "System") {
                if let Content::Value { index, kind } = leaf.content
                    && ValueType(kind) == ValueType::BIN_XML
                {
                    map.data.get_or_insert(index);
                }
                continue;
            }
            let place = PLACES.iter().find(|(element, attribute, _)| {
                is(Some(leaf.element), element)
                    && attribute.map_or(leaf.attribute.is_none(), |name| is(leaf.attribute, name))
            });
            if let Some((_, _, place)) = place {
                place(&mut map).get_or_insert(leaf.content);
            }
        }
        map
    }

    /// The places by the order in Windows' own templates, for records whose template is lost. The number of values says
    /// which template it was. If provider and channel are texts of the template, they are lost with it.
    pub(super) fn from_count(count: usize) -> Option<Self> {
        let value = |index| Some(Content::Value { index, kind: 0 });
        let mut map = Self {
            level: value(0),
            opcode: value(1),
            task: value(2),
            id: value(3),
            qualifiers: value(4),
            keywords: value(5),
            time: value(6),
            activity: value(7),
            pid: value(8),
            tid: value(9),
            record_id: value(10),
            version: value(11),
            user: value(12),
            ..Self::default()
        };
        match count {
            18 => {
                map.related_activity = value(13);
                map.provider_name = value(14);
                map.provider = value(15);
                map.channel = value(16);
                map.data = Some(17);
            }
            20 => {
                map.related_activity = value(18);
                map.data = Some(19);
            }
            _ => return None,
        }
        Some(map)
    }
}

/// What a record says about its event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct System<'a> {
    pub(super) provider_name: Option<Utf16<'a>>,
    pub(super) provider: Option<Guid>,
    pub(super) id: Option<u16>,
    pub(super) qualifiers: Option<u16>,
    pub(super) version: Option<u8>,
    pub(super) level: Option<u8>,
    pub(super) task: Option<u16>,
    pub(super) opcode: Option<u8>,
    pub(super) keywords: Option<u64>,
    pub(super) time: Option<FileTime>,
    pub(super) record_id: Option<u64>,
    pub(super) activity: Option<Guid>,
    pub(super) related_activity: Option<Guid>,
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<u32>,
    pub(super) channel: Option<Utf16<'a>>,
    pub(super) computer: Option<Utf16<'a>>,
    pub(super) user: Option<Sid<'a>>,
}

impl<'a> System<'a> {
    pub(super) fn read(map: &SystemMap, values: &Values<'a>) -> Self {
        let facts = Facts { values };
        Self {
            provider_name: facts.text(map.provider_name),
            provider: facts.guid(map.provider),
            id: facts.number(map.id),
            qualifiers: facts.number(map.qualifiers),
            version: facts.number(map.version),
            level: facts.number(map.level),
            task: facts.number(map.task),
            opcode: facts.number(map.opcode),
            keywords: facts.number(map.keywords),
            time: facts.value(map.time).and_then(|value| value.time()),
            record_id: facts.number(map.record_id),
            activity: facts.guid(map.activity),
            related_activity: facts.guid(map.related_activity),
            pid: facts.number(map.pid),
            tid: facts.number(map.tid),
            channel: facts.text(map.channel),
            computer: facts.text(map.computer),
            user: facts.value(map.user).and_then(|value| value.sid()),
        }
    }
}

/// Reads a part of `System` from its place: a value, or a text of the template.
struct Facts<'v, 'a> {
    values: &'v Values<'a>,
}

impl<'a> Facts<'_, 'a> {
    fn value(&self, content: Option<Content>) -> Option<Value<'a>> {
        match content? {
            Content::Value { index, .. } => self.values.get(index.into()),
            Content::Text(_) => None,
        }
    }

    fn text(&self, content: Option<Content>) -> Option<Utf16<'a>> {
        match content? {
            Content::Value { index, .. } => self.values.get(index.into())?.text(),
            Content::Text(text) => Some(text.of(self.values.chunk)),
        }
    }

    fn guid(&self, content: Option<Content>) -> Option<Guid> {
        match content? {
            Content::Value { index, .. } => self.values.get(index.into())?.guid(),
            Content::Text(text) => short(text.of(self.values.chunk))?.parse().ok(),
        }
        .filter(|guid| !guid.is_nil())
    }

    fn number<N: TryFrom<u64>>(&self, content: Option<Content>) -> Option<N> {
        let number = match content? {
            Content::Value { index, .. } => self.values.get(index.into())?.number(),
            Content::Text(text) => parse(&short(text.of(self.values.chunk))?),
        };
        number.and_then(|number| number.try_into().ok())
    }
}

/// A text that may be a number or a GUID.
fn short(text: Utf16<'_>) -> Option<String> {
    (text.len() <= 40).then(|| text.to_string())
}

fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
