//! The compiled manifest of a binary: the WEVT_TEMPLATE resource, which begins with `CRIM`.
//!
//! All offsets count from the resource's start. Any of them may be wrong: each access is checked, an error is
//! reported with its offset, and the rest is read. The reader takes no more memory than a small multiple of the input's
//! size: every byte counts against a budget, which a thousand items that point at one long text use up.
//!
//! The fields of a template are those of its descriptors. Of the binary XML only that of a `<UserData>` is read: any other says
//! what the descriptors say.
//!
//! What the resource does not hold: symbols, the names of templates, a channel's type, the provider's name in the older
//! form (3.1), and whether an outType was written or is the default of its inType.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::bytes::{Bytes, utf16};
use super::message_table::Texts;
use super::user_data;
use crate::diagnostic::Diagnostics;
use crate::model::{
    self, Channel, Event, EventKey, Field, FieldRef, Guid, InType, Keyword, Level, Manifest, Map, MapEntry, MapKind,
    Opcode, OutType, Place, Provider, Size, SizeProblem, Task, Template, builtin,
};

/// No message.
const NO_MESSAGE: u32 = u32::MAX;

/// The kinds of elements of a provider.
mod element {
    pub(super) const LEVELS: u32 = 0;
    pub(super) const TASKS: u32 = 1;
    pub(super) const OPCODES: u32 = 2;
    pub(super) const KEYWORDS: u32 = 3;
    pub(super) const EVENTS: u32 = 4;
    pub(super) const CHANNELS: u32 = 5;
    pub(super) const MAPS: u32 = 6;
    pub(super) const TEMPLATES: u32 = 7;
    pub(super) const ATTRIBUTES: u32 = 13;
}

/// What a descriptor's flags say.
mod flag {
    pub(super) const STRUCT: u32 = 1;
    pub(super) const LENGTH: u32 = 2;
    pub(super) const LENGTH_FIELD: u32 = 4;
    pub(super) const COUNT: u32 = 8;
    pub(super) const COUNT_FIELD: u32 = 0x10;
    pub(super) const ALL: u32 = STRUCT | LENGTH | LENGTH_FIELD | COUNT | COUNT_FIELD;
}

/// Reads a resource. Texts are taken from `messages`, by their ids.
pub fn read(file: &str, resource: &[u8], messages: &Texts) -> (Manifest, Diagnostics) {
    let (manifest, _, found) = read_and_mark(file, resource, messages);
    (manifest, found)
}

/// The texts that a resource refers to.
#[derive(Debug, Default)]
pub(super) struct Referred {
    /// The numbers of those that are in a table.
    pub(super) found: BTreeSet<u32>,
    /// How many are in none.
    pub(super) missing: usize,
}

/// The same, and which texts it refers to.
pub(super) fn read_and_mark(file: &str, resource: &[u8], messages: &Texts) -> (Manifest, Referred, Diagnostics) {
    let mut reader = Reader {
        bytes: Bytes(resource),
        at: Place::new(&Arc::from(file), 0),
        messages,
        budget: resource.len().saturating_mul(BUDGET),
        referred: Referred::default(),
        found: Diagnostics::new(),
    };
    let manifest = reader.read_manifest();
    let missing = reader.referred.missing;
    if missing > 0 {
        let message = format!("{missing} texts are in no message table; expected the binary's .mui among the files");
        reader.found.warning(&reader.at.clone(), "WEVT_TEMPLATE", message);
    }
    (manifest, reader.referred, reader.found)
}

/// The kind of a template whose author wrote how the event log shows it.
const USER_DATA: u32 = 2;

/// The memory that the reader may take, as a multiple of the resource's size. Real resources take about six times their size.
const BUDGET: usize = 24;

/// What an entry of an element takes in memory beside its names: no item is larger than an event.
const ENTRY: usize = size_of::<Event>() + size_of::<(u32, String)>();

/// What a field takes in memory while its template is read.
const FIELD: usize = size_of::<Descriptor>() + 2 * size_of::<Field>();

struct Reader<'b> {
    bytes: Bytes<'b>,
    at: Place,
    messages: &'b Texts,
    budget: usize,
    referred: Referred,
    found: Diagnostics,
}

/// What an event refers to by offset.
#[derive(Default)]
struct Offsets {
    channels: HashMap<u32, String>,
    levels: HashMap<u32, String>,
    tasks: HashMap<u32, String>,
    opcodes: HashMap<u32, String>,
    keywords: HashMap<u32, String>,
    maps: HashMap<u32, String>,
    templates: HashMap<u32, String>,
    task_names: HashMap<u16, String>,
}

/// An offset as an index.
fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Reader<'_> {
    fn error(&mut self, what: impl Into<String>, message: impl Into<String>) {
        let at = self.at.clone();
        self.found.error(&at, what, message);
    }

    /// Takes this number of bytes from the budget; false if it is used up.
    fn pay(&mut self, bytes: usize) -> bool {
        if let Some(left) = self.budget.checked_sub(bytes.max(1)) {
            self.budget = left;
            true
        } else {
            if self.budget != 0 {
                self.budget = 0;
                self.error("WEVT_TEMPLATE", "its parts overlap, more often than any real one's; the rest is not read");
            }
            false
        }
    }

    /// A text by the offset of its size.
    fn name(&mut self, offset: u32, what: &str) -> Option<String> {
        let at = index(offset);
        let size = self.bytes.u32(at).map(index);
        let text =
            size.and_then(|size| size.checked_sub(4)).and_then(|size| self.bytes.get(at.saturating_add(4), size));
        let Some(text) = text.filter(|_| offset != 0) else {
            self.error(what, format!("its name at {offset:#x} lies outside of the resource"));
            return None;
        };
        if !self.pay(text.len()) {
            return None;
        }
        let name = utf16(text);
        Some(name.trim_end_matches('\0').to_owned())
    }

    fn message(&mut self, id: u32) -> Option<String> {
        if id == NO_MESSAGE {
            return None;
        }
        let text = self.messages.text(id);
        if text.is_none() {
            self.referred.missing += 1;
        }
        let text = text?;
        self.referred.found.insert(id);
        // A text counts by its length: the table is bounded by its own size.
        self.budget = self.budget.saturating_add(text.len().min(64));
        self.pay(text.len()).then(|| text.to_owned())
    }

    fn read_manifest(&mut self) -> Manifest {
        let mut manifest = Manifest::default();
        let magic = self.bytes.get(0, 4);
        let size = self.bytes.u32(4);
        let (Some(b"CRIM"), Some(size), Some(major)) = (magic, size, self.bytes.u16(8)) else {
            self.error("CRIM at 0x0", "expected the header of a compiled manifest");
            return manifest;
        };
        if !matches!(major, 3 | 5) {
            self.error("CRIM at 0x0", format!("version {major}; expected 3 or 5"));
            return manifest;
        }
        if index(size) > self.bytes.0.len() {
            self.error("CRIM at 0x0", format!("the header gives {size} bytes, but there are {}", self.bytes.0.len()));
        }
        let count = self.bytes.u32(12).unwrap_or(0);
        for number in 0..index(count) {
            let entry = 16 + number.saturating_mul(20);
            let (Some(guid), Some(offset)) = (self.bytes.guid(entry), self.bytes.u32(entry.saturating_add(16))) else {
                self.error("CRIM at 0x0", format!("provider {number} of {count} lies outside of the resource"));
                break;
            };
            if !self.pay(20) {
                break;
            }
            manifest.providers.extend(self.read_provider(guid, offset));
        }
        manifest
    }

    fn read_provider(&mut self, guid: Guid, offset: u32) -> Option<Provider> {
        let at = index(offset);
        let what = format!("WEVT at {offset:#x}");
        let (Some(b"WEVT"), Some(message), Some(count)) =
            (self.bytes.get(at, 4), self.bytes.u32(at.saturating_add(8)), self.bytes.u32(at.saturating_add(12)))
        else {
            self.error(what, format!("expected the data of provider {guid}"));
            return None;
        };
        let mut elements = HashMap::new();
        for number in 0..index(count).min(64) {
            let pair = at.saturating_add(16).saturating_add(number * 8);
            if let (Some(kind), Some(element)) = (self.bytes.u32(pair), self.bytes.u32(pair.saturating_add(4)))
                && element != 0
            {
                elements.entry(kind).or_insert(element);
            }
        }
        let mut provider =
            Provider { guid, message: self.message(message), at: self.at.clone(), ..Provider::default() };
        provider.name =
            elements.get(&element::ATTRIBUTES).and_then(|at| self.read_provider_name(*at)).unwrap_or_else(|| {
                let message = "the resource does not hold the provider's name; the GUID stands for it";
                self.found.note(&self.at.clone(), what, message);
                provider.guid.to_string()
            });
        self.read_elements(&mut provider, &elements);
        Some(provider)
    }

    /// Reads the elements in the order in which they refer to one another.
    fn read_elements(&mut self, provider: &mut Provider, elements: &HashMap<u32, u32>) {
        let mut offsets = Offsets::default();
        let each =
            |this: &mut Self, kind: u32, signature: [u8; 4], size: usize, read: &mut dyn FnMut(&mut Self, u32)| {
                if let Some(at) = elements.get(&kind) {
                    for entry in this.read_entries(*at, signature, size) {
                        read(this, entry);
                    }
                }
            };
        each(self, element::CHANNELS, *b"CHAN", 16, &mut |this, at| {
            provider.channels.extend(this.read_channel(at, &mut offsets.channels));
        });
        each(self, element::LEVELS, *b"LEVL", 12, &mut |this, at| {
            provider.levels.extend(this.read_level(at, &mut offsets.levels));
        });
        each(self, element::TASKS, *b"TASK", 28, &mut |this, at| {
            provider.tasks.extend(this.read_task(at, &mut offsets));
        });
        each(self, element::OPCODES, *b"OPCO", 12, &mut |this, at| {
            provider.opcodes.extend(this.read_opcode(at, &mut offsets));
        });
        each(self, element::KEYWORDS, *b"KEYW", 16, &mut |this, at| {
            provider.keywords.extend(this.read_keyword(at, &mut offsets.keywords));
        });
        if let Some(at) = elements.get(&element::MAPS) {
            provider.maps = self.read_maps(*at, &mut offsets.maps);
        }
        if let Some(at) = elements.get(&element::TEMPLATES) {
            provider.templates = self.read_templates(*at, &mut offsets);
        }
        if let Some(at) = elements.get(&element::EVENTS) {
            // The entries follow one more number.
            for entry in self.read_entries_from(*at, *b"EVNT", 48, 16) {
                provider.events.extend(self.read_event(entry, &offsets));
            }
        }
    }

    fn read_entries(&mut self, at: u32, signature: [u8; 4], size: usize) -> Vec<u32> {
        self.read_entries_from(at, signature, size, 12)
    }

    /// The offsets of an element's entries: as many as lie in the resource.
    fn read_entries_from(&mut self, at: u32, signature: [u8; 4], size: usize, header: usize) -> Vec<u32> {
        let what = format!("{} at {at:#x}", String::from_utf8_lossy(&signature));
        let start = index(at);
        let (Some(found), Some(count)) = (self.bytes.get(start, 4), self.bytes.u32(start.saturating_add(8))) else {
            self.error(what, "lies outside of the resource");
            return Vec::new();
        };
        if found != signature {
            self.error(what, format!("the signature is {:?}", String::from_utf8_lossy(found)));
            return Vec::new();
        }
        let first = start.saturating_add(header);
        let room = self.bytes.0.len().saturating_sub(first) / size;
        let count = index(count);
        if count > room {
            self.error(what, format!("it has {count} entries, but the resource ends after {room}"));
        }
        let count = count.min(room);
        if !self.pay(count.saturating_mul(ENTRY)) {
            return Vec::new();
        }
        (0..count).filter_map(|number| u32::try_from(first + number * size).ok()).collect()
    }

    /// The number at an offset in an entry, which lies in the resource.
    fn number(&self, entry: u32, offset: usize) -> u32 {
        self.bytes.u32(index(entry).saturating_add(offset)).unwrap_or(0)
    }

    fn short(&self, entry: u32, offset: usize) -> u16 {
        self.bytes.u16(index(entry).saturating_add(offset)).unwrap_or(0)
    }

    fn byte(&self, entry: u32, offset: usize) -> u8 {
        self.bytes.u8(index(entry).saturating_add(offset)).unwrap_or(0)
    }

    fn read_provider_name(&mut self, at: u32) -> Option<String> {
        let entry = *self.read_entries(at, *b"PRVA", 8).first()?;
        let start = index(self.number(entry, 4));
        let rest = self.bytes.0.get(start..)?;
        let length = rest.chunks_exact(2).position(|unit| unit == [0, 0])? * 2;
        if !self.pay(length) {
            return None;
        }
        rest.get(..length).map(utf16).filter(|name| !name.is_empty())
    }

    fn read_channel(&mut self, at: u32, names: &mut HashMap<u32, String>) -> Option<Channel> {
        let name = self.name(self.number(at, 4), &format!("CHAN entry at {at:#x}"))?;
        names.insert(at, name.clone());
        Some(Channel {
            value: u8::try_from(self.number(at, 8)).ok(),
            message: self.message(self.number(at, 12)),
            imported: self.number(at, 0) & 1 != 0,
            id: name.clone(),
            name,
            at: self.at.clone(),
            ..Channel::default()
        })
    }

    fn read_level(&mut self, at: u32, names: &mut HashMap<u32, String>) -> Option<Level> {
        let what = format!("LEVL entry at {at:#x}");
        let name = self.name(self.number(at, 8), &what)?;
        let Ok(value) = u8::try_from(self.number(at, 0)) else {
            self.error(what, format!("level {name} is larger than 255"));
            return None;
        };
        names.insert(at, name.clone());
        let message = self.message(self.number(at, 4));
        let own = builtin::value_of(builtin::LEVELS, &name) != Some(value);
        own.then(|| Level { name, value, message, symbol: None, at: self.at.clone() })
    }

    fn read_task(&mut self, at: u32, offsets: &mut Offsets) -> Option<Task> {
        let what = format!("TASK entry at {at:#x}");
        let name = self.name(self.number(at, 24), &what)?;
        let Ok(value) = u16::try_from(self.number(at, 0)) else {
            self.error(what, format!("task {name} is larger than 65535"));
            return None;
        };
        offsets.tasks.insert(at, name.clone());
        offsets.task_names.insert(value, name.clone());
        let event_guid = self.bytes.guid(index(at).saturating_add(8));
        let event_guid = event_guid.filter(|guid| !guid.is_nil());
        let message = self.message(self.number(at, 4));
        let own = builtin::value_of(builtin::TASKS, &name) != Some(value);
        own.then(|| Task { name, value, event_guid, message, at: self.at.clone(), ..Task::default() })
    }

    fn read_opcode(&mut self, at: u32, offsets: &mut Offsets) -> Option<Opcode> {
        let what = format!("OPCO entry at {at:#x}");
        let name = self.name(self.number(at, 8), &what)?;
        let Ok(value) = u8::try_from(self.short(at, 2)) else {
            self.error(what, format!("opcode {name} is larger than 255"));
            return None;
        };
        offsets.opcodes.insert(at, name.clone());
        let message = self.message(self.number(at, 4));
        if builtin::value_of(builtin::OPCODES, &name) == Some(value) {
            return None;
        }
        let task = match self.short(at, 0) {
            0 => None,
            number => {
                if let Some(task) = offsets.task_names.get(&number) {
                    Some(task.clone())
                } else {
                    self.error(what, format!("opcode {name} belongs to task {number}, which is not there"));
                    return None;
                }
            }
        };
        Some(Opcode { name, value, task, symbol: None, message, at: self.at.clone() })
    }

    fn read_keyword(&mut self, at: u32, names: &mut HashMap<u32, String>) -> Option<Keyword> {
        let name = self.name(self.number(at, 12), &format!("KEYW entry at {at:#x}"))?;
        let mask = self.bytes.u64(index(at)).unwrap_or(0);
        names.insert(at, name.clone());
        let message = self.message(self.number(at, 8));
        let own = builtin::value_of(builtin::KEYWORDS, &name) != Some(mask);
        own.then(|| Keyword { name, mask, symbol: None, message, at: self.at.clone() })
    }

    /// The maps in the order in which they lie in the resource, which is that of the manifest.
    fn read_maps(&mut self, at: u32, names: &mut HashMap<u32, String>) -> Vec<Map> {
        let mut offsets: Vec<u32> =
            self.read_entries(at, *b"MAPS", 4).into_iter().map(|entry| self.number(entry, 0)).collect();
        offsets.sort_unstable();
        offsets.dedup();
        offsets.into_iter().filter_map(|offset| self.read_map(offset, names)).collect()
    }

    fn read_map(&mut self, at: u32, names: &mut HashMap<u32, String>) -> Option<Map> {
        let what = format!("map at {at:#x}");
        let name = self.name(self.number(at, 8), &what)?;
        let (kind, signature) = match self.number(at, 12) {
            0 => (MapKind::Value, b"VMAP"),
            _ => (MapKind::Bit, b"BMAP"),
        };
        // The count follows the name and the flag.
        let start = index(at);
        if self.bytes.get(start, 4) != Some(signature) {
            self.error(what, format!("map {name}: the signature and the flag do not agree"));
            return None;
        }
        let count = index(self.number(at, 16));
        let room = self.bytes.0.len().saturating_sub(start.saturating_add(20)) / 8;
        if count > room {
            self.error(what, format!("map {name} has {count} entries, but the resource ends after {room}"));
            return None;
        }
        if !self.pay(count.saturating_mul(size_of::<MapEntry>())) {
            return None;
        }
        let mut entries = Vec::new();
        for number in 0..count {
            let entry = start + 20 + number * 8;
            let value = self.bytes.u32(entry)?;
            let id = self.bytes.u32(entry + 4)?;
            entries.push(MapEntry { value, message: self.message(id), symbol: None, at: self.at.clone() });
        }
        names.insert(at, name.clone());
        Some(Map { name, kind, symbol: None, entries, at: self.at.clone() })
    }

    /// The templates, which follow one another.
    fn read_templates(&mut self, at: u32, offsets: &mut Offsets) -> Vec<Template> {
        let what = format!("TTBL at {at:#x}");
        let start = index(at);
        let (Some(b"TTBL"), Some(count)) = (self.bytes.get(start, 4), self.bytes.u32(start.saturating_add(8))) else {
            self.error(what, "expected the table of templates");
            return Vec::new();
        };
        let mut templates = Vec::new();
        let mut position = start.saturating_add(12);
        for number in 0..count {
            let (Some(b"TEMP"), Some(size)) = (self.bytes.get(position, 4), self.bytes.u32(position.saturating_add(4)))
            else {
                self.error(what, format!("template {number} of {count} is not at {position:#x}"));
                break;
            };
            let size = index(size);
            if let (Ok(offset), Some(fields)) = (u32::try_from(position), self.read_template(position, &offsets.maps)) {
                let id = format!("template_{number}");
                offsets.templates.insert(offset, id.clone());
                let user_data = self.read_user_data(position, size);
                templates.push(Template { id, fields, user_data, at: self.at.clone() });
            }
            position = position.saturating_add(size.max(40));
        }
        templates
    }

    /// The XML of a template of that kind. It says how an event is shown and nothing of its bytes, so that one which cannot be
    /// read is told, and the fields stay.
    fn read_user_data(&mut self, at: usize, size: usize) -> Option<String> {
        if self.bytes.u32(at + 20) != Some(USER_DATA) {
            return None;
        }
        let items = index(self.bytes.u32(at + 16)?);
        let end = if items > at { items.min(at.saturating_add(size)) } else { at.saturating_add(size) };
        let body = self.bytes.0.get(at + 40..end)?;
        // The text of names and contents: in UTF-16 there, with each name in two tags here.
        if !self.pay(body.len()) {
            return None;
        }
        match user_data::read(body) {
            Ok(xml) => Some(xml),
            Err(problem) => {
                let message = format!("{problem}; its <UserData> is not read");
                self.found.warning(&self.at.clone(), format!("TEMP at {at:#x}"), message);
                None
            }
        }
    }

    fn read_template(&mut self, at: usize, maps: &HashMap<u32, String>) -> Option<Vec<Field>> {
        let what = format!("TEMP at {at:#x}");
        let header = (self.bytes.u32(at + 8)?, self.bytes.u32(at + 12)?, self.bytes.u32(at + 16)?);
        let top = index(header.0);
        let total = index(header.1);
        let items = index(header.2);
        let room = self.bytes.0.len().saturating_sub(items) / 20;
        if total > room || top > total {
            self.error(
                what,
                format!("it has {top} fields of {total}, but the resource has room for {room}; it is left out"),
            );
            return None;
        }
        if !self.pay(total.saturating_mul(FIELD)) {
            return None;
        }
        let mut descriptors = Vec::new();
        for number in 0..total {
            descriptors.push(self.read_descriptor(items + number * 20, &what)?);
        }
        let mut fields = Vec::new();
        for number in 0..top {
            fields.push(self.read_field(number, 0..top, &descriptors, maps, &what)?);
        }
        self.check_sizes(&mut fields, &what).then_some(fields)
    }

    /// Holds lengths and counts to the rule of all manifests: the field is found by its name as well.
    fn check_sizes(&mut self, fields: &mut [Field], what: &str) -> bool {
        let names_field =
            |field: &Field| [&field.length, &field.count].iter().any(|size| matches!(size, Some(Size::Field(_))));
        if !fields.iter().any(|field| names_field(field) || field.members.iter().any(names_field)) {
            return true;
        }
        let told = fields.to_vec();
        let problems = model::resolve(fields);
        for SizeProblem { field, member, attribute, name, kind } in &problems {
            let member = member.and_then(|member| told[*field].members.get(member));
            let member = member.map(|member| format!(", field {}", member.name)).unwrap_or_default();
            let message = format!("{attribute} `{name}` {kind}; the template is left out");
            self.error(format!("{what}, field {}{member}", told[*field].name), message);
        }
        if problems.is_empty() && told != fields {
            let message = "a length or count is that of a field whose name leads to another; the template is left out";
            self.error(what, message);
        }
        problems.is_empty() && told == fields
    }

    fn read_descriptor(&mut self, at: usize, what: &str) -> Option<Descriptor> {
        let name = self.name(self.bytes.u32(at + 16)?, what)?;
        Some(Descriptor {
            flags: self.bytes.u32(at)?,
            in_type: self.bytes.u8(at + 4)?,
            out_type: self.bytes.u8(at + 5)?,
            first_member: self.bytes.u16(at + 4)?.into(),
            members: self.bytes.u16(at + 6)?.into(),
            map: self.bytes.u32(at + 8)?,
            count: self.bytes.u16(at + 12)?,
            length: self.bytes.u16(at + 14)?,
            name,
        })
    }

    /// A field of a template or of a struct, whose list is `beside`.
    fn read_field(
        &mut self,
        number: usize,
        beside: Range<usize>,
        all: &[Descriptor],
        maps: &HashMap<u32, String>,
        what: &str,
    ) -> Option<Field> {
        let descriptor = all.get(number)?;
        let what = format!("{what}, field {}", descriptor.name);
        let (length, count) = match descriptor.sizes(number, &beside, all) {
            Ok(sizes) => sizes,
            Err(problem) => {
                self.error(what, format!("{problem}; the template is left out"));
                return None;
            }
        };
        let mut field = Field { name: descriptor.name.clone(), length, count, at: self.at.clone(), ..Field::default() };
        if descriptor.flags & flag::STRUCT != 0 {
            let last = descriptor.first_member + descriptor.members;
            // A struct's members follow it and are no structs, so that the recursion ends.
            let inner = all.get(descriptor.first_member..last).filter(|_| descriptor.first_member > number);
            if inner.is_none_or(|inner| inner.iter().any(|member| member.flags & flag::STRUCT != 0)) {
                self.error(
                    what,
                    "the struct's members do not come after it, or are structs themselves; the template is left out",
                );
                return None;
            }
            // Several structs may claim the same members.
            if !self.pay(descriptor.members.saturating_mul(2 * size_of::<Field>())) {
                return None;
            }
            for member in descriptor.first_member..last {
                field.members.push(self.read_field(member, descriptor.first_member..last, all, maps, &what)?);
            }
            return Some(field);
        }
        let Some(in_type) = InType::from_value(descriptor.in_type).filter(|t| *t != InType::Struct) else {
            self.error(what, format!("inType {} is unknown; the template is left out", descriptor.in_type));
            return None;
        };
        field.in_type = in_type;
        if matches!(field.length, Some(Size::Fixed(_))) && !in_type.takes_length() {
            self.error(what, format!("{in_type} takes no length; the template is left out"));
            return None;
        }
        field.out_type = OutType::from_value(descriptor.out_type);
        if field.out_type.is_none() && descriptor.out_type != 0 {
            let default = in_type.default_out_type().map(|t| format!("; {t} is shown")).unwrap_or_default();
            let message = format!("unknown outType {}{default}", descriptor.out_type);
            self.found.warning(&self.at.clone(), what.as_str(), message);
        }
        if descriptor.map != 0 {
            field.map = maps.get(&descriptor.map).cloned();
            if field.map.is_none() {
                self.error(what, format!("there is no map at {:#x}", descriptor.map));
            }
        }
        Some(field)
    }

    fn read_event(&mut self, at: u32, offsets: &Offsets) -> Option<Event> {
        let id = self.short(at, 0);
        let version = self.byte(at, 2);
        let what = format!("{}, at {at:#x}", EventKey::new(id, version));
        let mut event = Event { id, version, at: self.at.clone(), ..Event::default() };
        event.message = self.message(self.number(at, 16));
        match (self.number(at, 20), offsets.templates.get(&self.number(at, 20))) {
            (0, _) => {}
            (_, Some(template)) => event.template = Some(template.clone()),
            (offset, None) => {
                self.error(what, format!("its template at {offset:#x} cannot be read; the event is left out"));
                return None;
            }
        }
        let refer = |this: &mut Self, kind: &str, position: usize, names: &HashMap<u32, String>| {
            let offset = this.number(at, position);
            let name = names.get(&offset);
            if offset != 0 && name.is_none() {
                this.error(what.clone(), format!("there is no {kind} at {offset:#x}"));
            }
            name.cloned().filter(|name| this.pay(name.len()))
        };
        event.opcode = refer(self, "opcode", 24, &offsets.opcodes);
        // Without the template the event would seem to have no fields.
        if event.opcode.is_none() && self.number(at, 24) != 0 {
            self.error(what.clone(), "its opcode cannot be read; the event is left out");
            return None;
        }
        event.level = refer(self, "level", 28, &offsets.levels);
        event.task = refer(self, "task", 32, &offsets.tasks);
        event.channel = refer(self, "channel", 44, &offsets.channels);
        if event.channel.is_none() {
            // A channel that every machine has is not among the provider's own.
            event.channel = builtin::name_of(builtin::CHANNELS, self.byte(at, 3));
        }
        if event.level.is_none() {
            event.level = builtin::name_of(builtin::LEVELS, self.byte(at, 4));
        }
        event.keywords = self.read_event_keywords(at, &what, &offsets.keywords);
        Some(event)
    }

    fn read_event_keywords(&mut self, at: u32, what: &str, names: &HashMap<u32, String>) -> Vec<String> {
        let count = index(self.number(at, 36));
        let start = index(self.number(at, 40));
        if count == 0 {
            return Vec::new();
        }
        // A mask has 64 bits.
        let array = if count <= 64 { self.bytes.get(start, count * 4) } else { None };
        let Some(array) = array.filter(|_| self.pay(count * 4)) else {
            self.error(what, format!("its {count} keywords at {start:#x} are not there"));
            return Vec::new();
        };
        let offsets = array.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        let mut keywords = Vec::new();
        for offset in offsets {
            match names.get(&offset) {
                Some(name) if self.pay(name.len()) => keywords.push(name.clone()),
                Some(_) => break,
                None => self.error(what, format!("there is no keyword at {offset:#x}")),
            }
        }
        keywords
    }
}

/// An item descriptor of a template.
struct Descriptor {
    flags: u32,
    in_type: u8,
    out_type: u8,
    first_member: usize,
    members: usize,
    map: u32,
    count: u16,
    length: u16,
    name: String,
}

impl Descriptor {
    /// Length and count. `number` is the index of this descriptor in all, `beside` its list.
    fn sizes(
        &self,
        number: usize,
        beside: &Range<usize>,
        all: &[Self],
    ) -> Result<(Option<Size>, Option<Size>), String> {
        if self.flags & !flag::ALL != 0 {
            return Err(format!("its flags {:#x} are unknown", self.flags & !flag::ALL));
        }
        let size = |what: &str, fixed: u32, field: u32, value: u16| match (self.flags & fixed, self.flags & field) {
            (0, 0) => Ok(None),
            (_, 0) => Ok(Some(Size::Fixed(value))),
            (0, _) => {
                let at = usize::from(value);
                let target = all.get(at).filter(|_| at < number);
                let target =
                    target.ok_or_else(|| format!("its {what} is that of field {at}, which is not before it"))?;
                let at = if beside.contains(&at) { at - beside.start } else { at };
                let index =
                    u16::try_from(at).map_err(|_| format!("its {what} cannot be found among so many fields"))?;
                Ok(Some(Size::Field(if beside.contains(&usize::from(value)) {
                    FieldRef::beside(&target.name, index)
                } else {
                    FieldRef::outside(&target.name, index)
                })))
            }
            _ => Err(format!("its {what} is both a number and that of a field")),
        };
        let length = size("length", flag::LENGTH, flag::LENGTH_FIELD, self.length)?;
        Ok((length, size("count", flag::COUNT, flag::COUNT_FIELD, self.count)?))
    }
}
