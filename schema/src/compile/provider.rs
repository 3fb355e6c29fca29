//! WEVT: a provider and its elements.

use std::collections::{BTreeMap, BTreeSet};

use super::messages::{Messages, NONE, Owner};
use super::out::{Later, Out};
use super::template;
use crate::diagnostic::Diagnostics;
use crate::model::{Channel, Event, Keyword, Level, MapKind, Opcode, Place, Provider, builtin};

/// The numbers of the elements' kinds, in the order in which they are written.
const CHANNELS: u32 = 5;
const MAPS: u32 = 6;
const TEMPLATES: u32 = 7;
const ATTRIBUTES: u32 = 13;
const OPCODES: u32 = 2;
const LEVELS: u32 = 0;
const TASKS: u32 = 1;
const KEYWORDS: u32 = 3;
const EVENTS: u32 = 4;

/// The attribute that holds the provider's name.
const NAME: u32 = 0x1000_0001;

/// The offsets of what events and templates refer to.
#[derive(Default)]
struct Offsets<'p> {
    /// By name and id: the number, the offset and the bit that the channel's events have in their keywords.
    channels: BTreeMap<&'p str, (u8, u32, u64)>,
    maps: BTreeMap<&'p str, u32>,
    templates: BTreeMap<&'p str, u32>,
    /// By task (none for the provider's) and name: value and offset.
    opcodes: BTreeMap<(Option<String>, String), (u8, u32)>,
    levels: BTreeMap<String, (u8, u32)>,
    tasks: BTreeMap<&'p str, (u16, u32)>,
    keywords: BTreeMap<String, (u64, u32)>,
}

struct ProviderWriter<'p, 'o, 't> {
    provider: &'p Provider,
    number: u32,
    out: &'o mut Out,
    messages: &'o mut Messages<'t>,
    found: &'o mut Diagnostics,
    offsets: Offsets<'p>,
}

/// Writes a provider. What cannot be written is reported and left out.
pub(super) fn write(
    provider: &Provider,
    number: u32,
    out: &mut Out,
    messages: &mut Messages<'_>,
    found: &mut Diagnostics,
) {
    let start = out.len();
    out.bytes(b"WEVT");
    let size = out.later();
    let mut writer = ProviderWriter { provider, number, out, messages, found, offsets: Offsets::default() };
    let message = writer.message(provider.message.as_ref(), Owner::Provider, 1, &provider.at, "provider");
    writer.out.u32(message);
    let mut kinds = vec![TEMPLATES, ATTRIBUTES, OPCODES, LEVELS, TASKS, KEYWORDS, EVENTS];
    if !provider.maps.is_empty() {
        kinds.insert(0, MAPS);
    }
    if !provider.channels.is_empty() {
        kinds.insert(0, CHANNELS);
    }
    writer.out.count(kinds.len());
    let places: Vec<(u32, Later)> = kinds
        .into_iter()
        .map(|kind| {
            writer.out.u32(kind);
            (kind, writer.out.later())
        })
        .collect();
    for (kind, place) in places {
        if kind == EVENTS {
            writer.out.align(8);
        }
        writer.out.set_here(place);
        writer.element(kind);
    }
    let end = out.len();
    out.set(size, end - start);
}

/// The predefined values that the events use, and the provider's own.
fn used<T: Copy + Ord>(table: &[(&str, T)], names: impl Iterator<Item = String>) -> BTreeMap<String, T> {
    names.filter_map(|name| builtin::value_of(table, &name).map(|value| (name, value))).collect()
}

impl ProviderWriter<'_, '_, '_> {
    fn element(&mut self, kind: u32) {
        match kind {
            CHANNELS => self.channels(),
            MAPS => self.maps(),
            TEMPLATES => self.templates(),
            ATTRIBUTES => self.attributes(),
            OPCODES => self.opcodes(),
            LEVELS => self.levels(),
            TASKS => self.tasks(),
            KEYWORDS => self.keywords(),
            _ => self.events(),
        }
    }

    fn error(&mut self, at: &Place, what: impl Into<String>, message: impl Into<String>) {
        self.found.error(at, what, message);
    }

    fn message(&mut self, text: Option<&String>, owner: Owner, wanted: u32, at: &Place, what: &str) -> u32 {
        self.messages.add(text, owner, self.number, wanted).unwrap_or_else(|problem| {
            self.error(at, what, problem);
            NONE
        })
    }

    /// Writes an element of entries that each end in, or hold, the offset of a name: `entry` writes one and returns the
    /// place for that offset.
    fn named<T>(
        &mut self,
        signature: [u8; 4],
        items: &[T],
        name: impl Fn(&T) -> &str,
        mut entry: impl FnMut(&mut Self, &T) -> Later,
    ) {
        let start = self.out.len();
        self.out.bytes(&signature);
        let size = self.out.later();
        self.out.count(items.len());
        let places: Vec<Later> = items.iter().map(|item| entry(self, item)).collect();
        for (item, place) in items.iter().zip(places) {
            self.out.set_here(place);
            self.out.sized_text(name(item));
        }
        // An element without entries has no size either.
        if !items.is_empty() {
            self.out.set(size, self.out.len() - start);
        }
    }

    fn here(&self) -> u32 {
        u32::try_from(self.out.len()).unwrap_or(u32::MAX)
    }

    fn channels(&mut self) {
        let channels: Vec<&Channel> = self.provider.channels.iter().collect();
        // Other providers' channels count as well.
        let mut position = 0u32;
        self.named(
            *b"CHAN",
            &channels,
            |channel| &channel.name,
            |this, channel| {
                let value = channel.value.unwrap_or_else(|| {
                    this.error(&channel.at, format!("channel {}", channel.name), "it has no number");
                    0
                });
                let at = this.here();
                let bit = (1 << 63u64) >> position.min(63);
                position += 1;
                this.offsets.channels.insert(&channel.name, (value, at, bit));
                this.offsets.channels.insert(&channel.id, (value, at, bit));
                this.out.u32(channel.imported.into());
                let name = this.out.later();
                this.out.u32(value.into());
                let message =
                    this.message(channel.message.as_ref(), Owner::Channel, value.into(), &channel.at, "channel");
                this.out.u32(message);
                name
            },
        );
    }

    fn maps(&mut self) {
        let maps = &self.provider.maps;
        let start = self.out.len();
        self.out.bytes(b"MAPS");
        let size = self.out.later();
        self.out.count(maps.len());
        let mut by_name: Vec<usize> = (0..maps.len()).collect();
        by_name.sort_by_key(|at| &maps[*at].name);
        let places: BTreeMap<usize, Later> = by_name.into_iter().map(|at| (at, self.out.later())).collect();
        let mut names = Vec::new();
        for (at, map) in maps.iter().enumerate() {
            if let Some(place) = places.get(&at) {
                self.out.set_here(*place);
            }
            let offset = self.here();
            self.offsets.maps.insert(&map.name, offset);
            let (signature, flag, owner) = match map.kind {
                MapKind::Value => (b"VMAP", 0, Owner::ValueMap),
                MapKind::Bit => (b"BMAP", 1, Owner::BitMap),
            };
            self.out.bytes(signature);
            self.out.count(20 + 8 * map.entries.len());
            names.push((self.out.later(), &map.name));
            self.out.u32(flag);
            self.out.count(map.entries.len());
            for entry in &map.entries {
                self.out.u32(entry.value);
                let message = self.message(entry.message.as_ref(), owner, 1, &entry.at, "map");
                self.out.u32(message);
            }
        }
        for (place, name) in names {
            self.out.set_here(place);
            self.out.sized_text(name);
        }
        self.out.set(size, self.out.len() - start);
    }

    fn templates(&mut self) {
        let start = self.out.len();
        self.out.bytes(b"TTBL");
        let size = self.out.later();
        let count = self.out.later();
        let mut written = 0;
        for template in &self.provider.templates {
            let offset = self.here();
            match template::write(template, &self.offsets.maps, self.out) {
                Ok(()) => {
                    written += 1;
                    self.offsets.templates.insert(&template.id, offset);
                }
                Err(problem) => self.error(&template.at, format!("template {}", template.id), problem),
            }
        }
        self.out.set(count, written);
        self.out.set(size, self.out.len() - start);
    }

    fn attributes(&mut self) {
        let start = self.out.len();
        self.out.bytes(b"PRVA");
        let size = self.out.later();
        self.out.count(1);
        self.out.u32(NAME);
        let name = self.out.later();
        self.out.set_here(name);
        self.out.utf16(&self.provider.name);
        self.out.u16(0);
        self.out.align(4);
        self.out.set(size, self.out.len() - start);
    }

    fn opcodes(&mut self) {
        let names = self.provider.events.iter().filter_map(|event| event.opcode.clone());
        let declared = |name: &String| self.provider.opcodes.iter().any(|own| own.name == *name && own.task.is_none());
        let predefined = used(builtin::OPCODES, names).into_iter().filter(|(name, _)| !declared(name));
        let predefined = predefined.map(|(name, value)| {
            let message = builtin::text_of(builtin::OPCODE_TEXTS, &name);
            Opcode { name, value, message, ..Opcode::default() }
        });
        let mut opcodes: Vec<Opcode> = predefined.chain(self.provider.opcodes.iter().cloned()).collect();
        let tasks: BTreeMap<&str, u16> = self.provider.tasks.iter().map(|t| (t.name.as_str(), t.value)).collect();
        let number = |opcode: &Opcode| opcode.task.as_deref().and_then(|task| tasks.get(task)).copied().unwrap_or(0);
        opcodes.sort_by_key(|opcode| (opcode.value, number(opcode)));
        self.named(
            *b"OPCO",
            &opcodes,
            |opcode| &opcode.name,
            |this, opcode| {
                let task = number(opcode);
                let at = this.here();
                this.offsets.opcodes.insert((opcode.task.clone(), opcode.name.clone()), (opcode.value, at));
                this.out.u16(task);
                this.out.u16(opcode.value.into());
                let wanted = u32::from(task) << 16 | u32::from(opcode.value);
                let message = if opcode.name.starts_with("win:") {
                    this.messages.share(opcode.message.as_ref(), Owner::Opcode, wanted)
                } else {
                    this.message(opcode.message.as_ref(), Owner::Opcode, wanted, &opcode.at, "opcode")
                };
                this.out.u32(message);
                this.out.later()
            },
        );
    }

    fn levels(&mut self) {
        let names = self.provider.events.iter().filter_map(|event| event.level.clone());
        let declared = |name: &String| self.provider.levels.iter().any(|own| own.name == *name);
        let predefined = used(builtin::LEVELS, names).into_iter().filter(|(name, _)| !declared(name));
        let predefined = predefined.map(|(name, value)| {
            let message = builtin::text_of(builtin::LEVEL_TEXTS, &name);
            Level { name, value, message, ..Level::default() }
        });
        let mut levels: Vec<Level> = predefined.chain(self.provider.levels.iter().cloned()).collect();
        levels.sort_by_key(|level| level.value);
        self.named(
            *b"LEVL",
            &levels,
            |level| &level.name,
            |this, level| {
                let at = this.here();
                this.offsets.levels.insert(level.name.clone(), (level.value, at));
                this.out.u32(level.value.into());
                let message = if level.name.starts_with("win:") {
                    this.messages.share(level.message.as_ref(), Owner::Level, level.value.into())
                } else {
                    this.message(level.message.as_ref(), Owner::Level, level.value.into(), &level.at, "level")
                };
                this.out.u32(message);
                this.out.later()
            },
        );
    }

    fn tasks(&mut self) {
        let tasks: Vec<&crate::model::Task> = self.provider.tasks.iter().collect();
        self.named(
            *b"TASK",
            &tasks,
            |task| &task.name,
            |this, task| {
                if task.is_placeholder {
                    let message = format!(
                        "its number is not known; {} is a placeholder, and is written as if it were real",
                        task.value
                    );
                    this.found.warning(&task.at, format!("task {}", task.name), message);
                }
                let at = this.here();
                this.offsets.tasks.insert(&task.name, (task.value, at));
                this.out.u32(task.value.into());
                let message = this.message(task.message.as_ref(), Owner::Task, task.value.into(), &task.at, "task");
                this.out.u32(message);
                this.out.bytes(&task.event_guid.unwrap_or_default().to_bytes());
                this.out.later()
            },
        );
    }

    fn keywords(&mut self) {
        let names = self.provider.events.iter().flat_map(|event| event.keywords.iter().cloned());
        let declared = |name: &String| self.provider.keywords.iter().any(|own| own.name == *name);
        let predefined = used(builtin::KEYWORDS, names).into_iter().filter(|(name, _)| !declared(name));
        let predefined = predefined.map(|(name, mask)| Keyword { name, mask, ..Keyword::default() });
        let keywords: Vec<Keyword> = self.provider.keywords.iter().cloned().chain(predefined).collect();
        self.named(
            *b"KEYW",
            &keywords,
            |keyword| &keyword.name,
            |this, keyword| {
                let at = this.here();
                this.offsets.keywords.insert(keyword.name.clone(), (keyword.mask, at));
                this.out.u64(keyword.mask);
                let wanted = keyword.mask.trailing_zeros() + 1;
                let message = this.message(keyword.message.as_ref(), Owner::Keyword, wanted, &keyword.at, "keyword");
                this.out.u32(message);
                this.out.later()
            },
        );
    }

    fn events(&mut self) {
        let mut seen = BTreeSet::new();
        let mut events: Vec<&Event> = Vec::new();
        for event in &self.provider.events {
            let lost = event.template.as_deref().filter(|id| !self.offsets.templates.contains_key(id));
            let problem = match lost {
                _ if !seen.insert((event.id, event.version)) => "duplicate definition; the first is used".to_owned(),
                Some(template) => format!("unknown template {template}; the event is left out"),
                None => {
                    events.push(event);
                    continue;
                }
            };
            self.error(&event.at, event.key().to_string(), problem);
        }
        events.sort_by_key(|event| (event.id, event.version));
        let start = self.out.len();
        self.out.bytes(b"EVNT");
        let size = self.out.later();
        self.out.count(events.len());
        self.out.u32(0);
        let places: Vec<(Later, Vec<u32>)> = events.into_iter().map(|event| self.event(event)).collect();
        for (place, keywords) in places.into_iter().filter(|(_, keywords)| !keywords.is_empty()) {
            self.out.set_here(place);
            for keyword in keywords {
                self.out.u32(keyword);
            }
        }
        self.out.set(size, self.out.len() - start);
    }

    /// Writes an event. Returns the place for the offset of its keywords, and their offsets.
    fn event(&mut self, event: &Event) -> (Later, Vec<u32>) {
        let what = event.key().to_string();
        let header = self.header(event, &what);
        self.out.u16(event.id);
        self.out.u8(event.version);
        self.out.u8(header.channel.0);
        self.out.u8(header.level.0);
        self.out.u8(header.opcode.0);
        self.out.u16(header.task.0);
        self.out.u64(header.mask);
        let wanted = u32::from(event.version) << 16 | u32::from(event.id);
        let message = self.message(event.message.as_ref(), Owner::Event, wanted, &event.at, &what);
        self.out.u32(message);
        let template = event.template.as_deref().and_then(|id| self.offsets.templates.get(id));
        self.out.u32(template.copied().unwrap_or(0));
        self.out.u32(header.opcode.1);
        self.out.u32(header.level.1);
        self.out.u32(header.task.1);
        self.out.count(header.keywords.len());
        let keywords = self.out.later();
        self.out.u32(header.channel.1);
        (keywords, header.keywords)
    }

    /// The numbers and offsets of an event's names. A dangling reference is reported.
    fn header(&mut self, event: &Event, what: &str) -> Header {
        let mut header = Header::default();
        let mut dangling = Vec::new();
        if let Some(name) = &event.channel {
            let predefined = builtin::value_of(builtin::CHANNELS, name).map(|value| (value, 0, 0));
            match self.offsets.channels.get(name.as_str()).copied().or(predefined) {
                Some((value, offset, bit)) => {
                    header.channel = (value, offset);
                    header.mask |= bit;
                }
                None => dangling.push(("channel", name)),
            }
        }
        if let Some(name) = &event.level {
            match self.offsets.levels.get(name) {
                Some(level) => header.level = *level,
                None => dangling.push(("level", name)),
            }
        }
        if let Some(name) = event.task.as_ref().filter(|name| builtin::value_of(builtin::TASKS, name).is_none()) {
            match self.offsets.tasks.get(name.as_str()) {
                Some(task) => header.task = *task,
                None => dangling.push(("task", name)),
            }
        }
        if let Some(name) = &event.opcode {
            let of_task = self.offsets.opcodes.get(&(event.task.clone(), name.clone()));
            match of_task.or_else(|| self.offsets.opcodes.get(&(None, name.clone()))) {
                Some(opcode) => header.opcode = *opcode,
                None => dangling.push(("opcode", name)),
            }
        }
        for name in &event.keywords {
            match self.offsets.keywords.get(name) {
                Some((mask, offset)) => {
                    header.mask |= mask;
                    header.keywords.push(*offset);
                }
                None => dangling.push(("keyword", name)),
            }
        }
        for (kind, name) in dangling {
            self.error(&event.at, what, format!("unknown {kind} {name}; it is left out"));
        }
        header
    }
}

/// An event's header: numbers, and the offsets of the things with these numbers.
#[derive(Default)]
struct Header {
    channel: (u8, u32),
    level: (u8, u32),
    opcode: (u8, u32),
    task: (u16, u32),
    mask: u64,
    keywords: Vec<u32>,
}
