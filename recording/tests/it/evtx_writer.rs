//! A writer of event logs, written from the description of the format. It shares no code with the reader.

use std::collections::BTreeMap;

/// An element of a template.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, Content)>,
    pub(crate) content: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Element(Element),
    Content(Content),
}

/// The content of an element or attribute.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(String),
    /// Index and type of a value.
    Value(u16, u8),
}

pub(crate) fn element(name: &str, attributes: &[(&str, Content)], content: Vec<Node>) -> Element {
    let attributes = attributes.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
    Element { name: name.to_owned(), attributes, content }
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn value(index: u16, kind: u8) -> Content {
    Content::Value(index, kind)
}

/// An element that contains a value or a text.
pub(crate) fn leaf(name: &str, content: Content) -> Node {
    Node::Element(element(name, &[], vec![Node::Content(content)]))
}

/// A template: its GUID and its outermost element.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) guid: [u8; 16],
    pub(crate) root: Element,
}

/// A value of an instance.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Bytes(u8, Vec<u8>),
    /// Binary XML: an instance of a template.
    Instance(Template, Vec<Value>),
    /// Binary XML: elements without a template.
    Fragment(Element),
}

impl Value {
    pub(crate) fn null() -> Self {
        Self::Bytes(0, Vec::new())
    }

    pub(crate) fn u16(number: u16) -> Self {
        Self::Bytes(6, number.to_le_bytes().into())
    }

    pub(crate) fn u32(number: u32) -> Self {
        Self::Bytes(8, number.to_le_bytes().into())
    }

    /// A string without a NUL.
    pub(crate) fn string(text: &str) -> Self {
        Self::Bytes(1, utf16(text))
    }
}

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The two templates of a record that Windows has: one with provider and channel as values, one with them as texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outer {
    Values,
    Texts,
}

pub(crate) const PROVIDER: &str = "{d48ce617-33a2-4bc3-a5c7-11aa4f29619e}";
pub(crate) const PROVIDER_BYTES: [u8; 16] =
    [0x17, 0xe6, 0x8c, 0xd4, 0xa2, 0x33, 0xc3, 0x4b, 0xa5, 0xc7, 0x11, 0xaa, 0x4f, 0x29, 0x61, 0x9e];

/// An event of a log.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) outer: Outer,
    pub(crate) id: u16,
    pub(crate) version: u8,
    pub(crate) time: u64,
    pub(crate) provider: [u8; 16],
    pub(crate) provider_name: &'static str,
    pub(crate) data: Value,
}

impl Default for Event {
    fn default() -> Self {
        let data = Value::Instance(user_data(&[("Name", 1)]), vec![Value::string("value")]);
        Self {
            outer: Outer::Values,
            id: 551,
            version: 2,
            time: 133_780_036_187_975_099,
            provider: PROVIDER_BYTES,
            provider_name: "Provider",
            data,
        }
    }
}

/// `<EventData xmlns=…>` inside `UserData`, with an element for each field.
pub(crate) fn user_data(fields: &[(&str, u8)]) -> Template {
    let names = fields.iter().zip(0..).map(|((name, kind), index)| leaf(name, value(index, *kind)));
    let root = element("EventData", &[("xmlns", text("Smb"))], names.collect());
    Template { guid: guid(b'u', fields), root }
}

/// `<EventData>` with an element `Data` for each field.
pub(crate) fn event_data(fields: &[(&str, u8)]) -> Template {
    let names = fields.iter().zip(0..).map(|((name, kind), index)| {
        Node::Element(element("Data", &[("Name", text(name))], vec![Node::Content(value(index, *kind))]))
    });
    Template { guid: guid(b'e', fields), root: element("EventData", &[], names.collect()) }
}

/// A GUID for these fields.
fn guid(kind: u8, fields: &[(&str, u8)]) -> [u8; 16] {
    let mut guid = [kind; 16];
    for (at, byte) in fields.iter().flat_map(|(name, kind)| name.bytes().chain([*kind])).enumerate() {
        guid[at % 16] = guid[at % 16].wrapping_mul(31).wrapping_add(byte);
    }
    guid
}

impl Event {
    /// The template of the record, and its values.
    fn instance(&self) -> (Template, Vec<Value>) {
        let is_values = self.outer == Outer::Values;
        let provider =
            if is_values { (value(14, 1), value(15, 15)) } else { (text(self.provider_name), text(PROVIDER)) };
        let related = value(if is_values { 13 } else { 18 }, 15);
        let system = vec![
            Node::Element(element("Provider", &[("Name", provider.0), ("Guid", provider.1)], vec![])),
            Node::Element(element("EventID", &[("Qualifiers", value(4, 6))], vec![Node::Content(value(3, 6))])),
            leaf("Version", value(11, 4)),
            leaf("Level", value(0, 4)),
            leaf("Task", value(2, 6)),
            leaf("Opcode", value(1, 4)),
            leaf("Keywords", value(5, 21)),
            Node::Element(element("TimeCreated", &[("SystemTime", value(6, 17))], vec![])),
            leaf("EventRecordID", value(10, 10)),
            Node::Element(element(
                "Correlation",
                &[("ActivityID", value(7, 15)), ("RelatedActivityID", related)],
                vec![],
            )),
            Node::Element(element("Execution", &[("ProcessID", value(8, 8)), ("ThreadID", value(9, 8))], vec![])),
            leaf("Channel", if is_values { value(16, 1) } else { text("A/Channel") }),
            leaf("Computer", text("machine.example")),
            Node::Element(element("Security", &[("UserID", value(12, 19))], vec![])),
        ];
        let data = Node::Content(value(if is_values { 17 } else { 19 }, 0x21));
        let content =
            vec![Node::Element(element("System", &[], system)), Node::Element(element("UserData", &[], vec![data]))];
        let root = element("Event", &[("xmlns", text("http://schemas"))], content);
        (Template { guid: [self.outer as u8 + 1; 16], root }, self.values())
    }

    fn values(&self) -> Vec<Value> {
        let mut values = vec![
            Value::Bytes(4, vec![3]),
            Value::Bytes(4, vec![5]),
            Value::u16(self.id),
            Value::u16(self.id),
            Value::null(),
            Value::Bytes(21, 0x810_0000_0000_0008_u64.to_le_bytes().into()),
            Value::Bytes(17, self.time.to_le_bytes().into()),
            Value::Bytes(15, vec![0x55; 16]),
            Value::u32(4),
            Value::u32(340),
            Value::Bytes(10, 99_u64.to_le_bytes().into()),
            Value::Bytes(4, vec![self.version]),
            Value::Bytes(19, vec![1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]),
        ];
        match self.outer {
            Outer::Values => values.extend([
                Value::null(),
                Value::string(self.provider_name),
                Value::Bytes(15, self.provider.into()),
                Value::string("A/Channel"),
            ]),
            Outer::Texts => {
                values.extend(vec![Value::null(); 5]);
                values.push(Value::Bytes(15, vec![0x66; 16]));
            }
        }
        values.push(self.data.clone());
        values
    }
}

/// The offset of the records in a chunk.
const HEADER: usize = 512;
const CHUNK: usize = 1 << 16;

/// A chunk under construction.
#[derive(Debug)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    names: BTreeMap<String, u32>,
    templates: BTreeMap<[u8; 16], u32>,
    first: Option<u64>,
    last: u64,
    last_at: u32,
}

impl Chunk {
    pub(crate) fn new() -> Self {
        let (names, templates) = (BTreeMap::new(), BTreeMap::new());
        Self { bytes: vec![0; HEADER], names, templates, first: None, last: 0, last_at: 0 }
    }

    /// The offset of the next record.
    pub(crate) fn at(&self) -> usize {
        self.bytes.len()
    }

    fn u16(&mut self, number: u16) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn u32(&mut self, number: usize) {
        self.bytes.extend(u32::try_from(number).expect("small").to_le_bytes());
    }

    fn patch(&mut self, at: usize, number: usize) {
        self.bytes[at..at + 4].copy_from_slice(&u32::try_from(number).expect("small").to_le_bytes());
    }

    /// Writes an event as a record.
    pub(crate) fn push(&mut self, id: u64, event: &Event) {
        let start = self.at();
        self.bytes.extend(b"**\0\0");
        self.u32(0);
        self.bytes.extend(id.to_le_bytes());
        self.bytes.extend((event.time + 500).to_le_bytes());
        let (template, values) = event.instance();
        self.instance(&template, &values);
        self.bytes.push(0);
        let end = (self.at() + 4).next_multiple_of(8);
        self.bytes.resize(end - 4, 0);
        self.u32(end - start);
        self.patch(start + 4, end - start);
        self.first.get_or_insert(id);
        self.last = id;
        self.last_at = u32::try_from(start).expect("small");
    }

    fn instance(&mut self, template: &Template, values: &[Value]) {
        self.bytes.extend([0x0F, 1, 1, 0, 0x0C, 1]);
        self.bytes.extend(&template.guid[..4]);
        if let Some(&at) = self.templates.get(&template.guid) {
            self.u32(at as usize);
        } else {
            let at = self.at() + 4;
            self.u32(at);
            self.templates.insert(template.guid, u32::try_from(at).expect("small"));
            self.u32(0);
            self.bytes.extend(template.guid);
            self.u32(0);
            let start = self.at();
            self.bytes.extend([0x0F, 1, 1, 0]);
            self.element(&template.root);
            self.bytes.push(0);
            self.patch(start - 4, self.at() - start);
        }
        self.u32(values.len());
        let table = self.at();
        self.bytes.resize(table + 4 * values.len(), 0);
        for (index, value) in values.iter().enumerate() {
            let start = self.at();
            let kind = match value {
                Value::Bytes(kind, bytes) => {
                    self.bytes.extend(bytes);
                    *kind
                }
                Value::Instance(template, values) => {
                    self.instance(template, values);
                    self.bytes.push(0);
                    0x21
                }
                Value::Fragment(element) => {
                    self.bytes.extend([0x0F, 1, 1, 0]);
                    self.element(element);
                    self.bytes.push(0);
                    0x21
                }
            };
            let [low, high, ..] = (self.at() - start).to_le_bytes();
            self.bytes[table + 4 * index..][..4].copy_from_slice(&[low, high, kind, 0]);
        }
    }

    fn element(&mut self, element: &Element) {
        let has_attributes = !element.attributes.is_empty();
        self.bytes.push(if has_attributes { 0x41 } else { 0x01 });
        self.u16(0xFFFF);
        self.u32(0);
        let start = self.at();
        self.name(&element.name);
        if has_attributes {
            self.u32(0);
            let attributes = self.at();
            for (place, (name, content)) in element.attributes.iter().enumerate() {
                self.bytes.push(if place + 1 < element.attributes.len() { 0x46 } else { 0x06 });
                self.name(name);
                self.content(content);
            }
            self.patch(attributes - 4, self.at() - attributes);
        }
        if element.content.is_empty() {
            self.bytes.push(3);
        } else {
            self.bytes.push(2);
            for node in &element.content {
                match node {
                    Node::Element(element) => self.element(element),
                    Node::Content(content) => self.content(content),
                }
            }
            self.bytes.push(4);
        }
        self.patch(start - 4, self.at() - start);
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Text(text) => {
                self.bytes.extend([5, 1]);
                self.u16(u16::try_from(text.len()).expect("short"));
                self.bytes.extend(utf16(text));
            }
            Content::Value(index, kind) => {
                self.bytes.push(0x0E);
                self.u16(*index);
                self.bytes.push(*kind);
            }
        }
    }

    fn name(&mut self, name: &str) {
        if let Some(&at) = self.names.get(name) {
            return self.u32(at as usize);
        }
        let at = self.at() + 4;
        self.names.insert(name.to_owned(), u32::try_from(at).expect("small"));
        self.u32(at);
        self.u32(0);
        self.u16(0xABCD);
        self.u16(u16::try_from(name.len()).expect("short"));
        self.bytes.extend(utf16(name));
        self.u16(0);
    }

    /// The whole chunk.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let free = self.at();
        assert!(free <= CHUNK, "{free} bytes in a chunk");
        let first = self.first.unwrap_or(u64::MAX);
        self.bytes.resize(CHUNK, 0);
        self.bytes[..8].copy_from_slice(b"ElfChnk\0");
        for (at, number) in [(8, first), (16, self.last), (24, first), (32, self.last)] {
            self.bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        self.patch(40, 128);
        self.patch(44, self.last_at as usize);
        self.patch(48, free);
        self.bytes
    }
}

/// Puts in the checksums of a log that one of the functions here made.
pub(crate) fn sign(log: &mut [u8]) {
    let (header, chunks) = log.split_at_mut(4096);
    let sum = crc(&[&header[..120]]);
    header[124..128].copy_from_slice(&sum.to_le_bytes());
    for chunk in chunks.chunks_mut(CHUNK) {
        let free = u32::from_le_bytes(chunk[48..52].try_into().expect("4 bytes")) as usize;
        let sum = crc(&[&chunk[512..free]]);
        chunk[52..56].copy_from_slice(&sum.to_le_bytes());
        let sum = crc(&[&chunk[..120], &chunk[128..512]]);
        chunk[124..128].copy_from_slice(&sum.to_le_bytes());
    }
}

/// CRC-32, bit by bit.
fn crc(parts: &[&[u8]]) -> u32 {
    !parts.concat().iter().fold(u32::MAX, |sum, byte| {
        let step = |sum: u32, _| if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xEDB8_8320 };
        (0..8).fold(sum ^ u32::from(*byte), step)
    })
}

/// A log of these chunks.
pub(crate) fn log(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"ElfFile\0".to_vec();
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend((chunks.len() as u64).saturating_sub(1).to_le_bytes());
    bytes.extend(100_u64.to_le_bytes());
    bytes.extend(128_u32.to_le_bytes());
    for word in [1_u16, 3, 4096, u16::try_from(chunks.len()).expect("few")] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.resize(4096, 0);
    bytes.extend(chunks.concat());
    bytes
}
