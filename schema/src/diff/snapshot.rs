//! What one build, or one manifest, says: the two sides of a comparison.

use std::collections::BTreeMap;

use crate::message;
use crate::model::schema::{Header, Schema};
use crate::model::{
    Channel, DeclarationKind, Declare, Field, Guid, Keyword, Level, Map, MapKind, Opcode, Provider, Size, Task,
    builtin, guid_text,
};
use crate::source::{Format, Holds};

/// A provider as one build has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What to call it: `build 26100`, or the file's name.
    pub label: String,
    /// The product, where it is known.
    pub product: String,
    /// The events by id and version.
    pub events: BTreeMap<(u16, u8), EventState>,
    /// The formats of the captures that it is of, where that is known: the snapshot lacks what none of them can hold.
    pub formats: Vec<Format>,
    /// Channels, levels, opcodes, tasks, keywords, maps and their entries: attributes by kind and name.
    pub declarations: BTreeMap<(DeclarationKind, String), Attributes>,
}

/// What a declaration says, by attribute.
pub type Attributes = BTreeMap<&'static str, String>;

/// An (id, version) in one build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventState {
    /// The rest of the event, without the fields.
    pub header: Header,
    /// The fields, in the order of the payload.
    pub fields: Vec<Field>,
}

impl EventState {
    /// The event's name for people: its symbol without the version, or its task.
    pub fn name(&self, version: u8) -> &str {
        self.header.unversioned_symbol(version).or(self.header.task.as_deref()).unwrap_or("(no name)")
    }
}

/// Removes from an event the facts that one of two captures cannot hold, and those that one spells out and the other omits.
fn keep_comparable(event: &mut EventState, both: &impl Fn(Holds) -> bool) {
    let header = &mut event.header;
    let silent = |slot: &mut Option<String>, word: &str| *slot = slot.take().filter(|known| known != word);
    silent(&mut header.level, "win:LogAlways");
    silent(&mut header.opcode, "win:Info");
    silent(&mut header.task, "win:None");
    header.symbol = header.symbol.take().filter(|_| both(Holds::Symbols));
    header.channel = header.channel.take().filter(|_| both(Holds::Channels));
    header.message = header.message.take().filter(|_| both(Holds::Messages)).map(|text| message::in_manifest(&text));
    header.keywords.retain(|keyword| both(Holds::PrefixedKeywords) || !keyword.contains(':'));
    header.keywords.sort();
    event.fields.iter_mut().for_each(|field| keep_comparable_field(field, both));
}

fn keep_comparable_field(field: &mut Field, both: &impl Fn(Holds) -> bool) {
    let default = field.in_type.default_out_type();
    field.out_type = field.out_type.filter(|out_type| both(Holds::OutTypes) && Some(*out_type) != default);
    field.map = field.map.take().filter(|_| both(Holds::Maps));
    if !field.in_type.takes_length() {
        field.length = None;
    }
    for size in [&mut field.length, &mut field.count] {
        *size = size.take().filter(|size| both(Holds::Lengths) || matches!(size, Size::Field(_)));
    }
    field.members.iter_mut().for_each(|member| keep_comparable_field(member, both));
}

/// What two captures can both hold of a declaration; none if they cannot both have it.
fn comparable_attributes(
    kind: DeclarationKind,
    mut attributes: Attributes,
    both: &impl Fn(Holds) -> bool,
) -> Option<Attributes> {
    let is_map = matches!(kind, DeclarationKind::Map | DeclarationKind::MapEntry);
    if (is_map && !both(Holds::Maps)) || (kind == DeclarationKind::Channel && !both(Holds::Channels)) {
        return None;
    }
    if !both(Holds::ChannelTypes) {
        for attribute in ["type", "enabled", "isolation"] {
            attributes.remove(attribute);
        }
    }
    let silent = !both(Holds::Messages) || (kind == DeclarationKind::Keyword && !both(Holds::KeywordTexts));
    if silent && !is_map {
        attributes.remove("text");
    }
    if let Some(text) = attributes.get_mut("text") {
        *text = message::in_manifest(text);
    }
    Some(attributes)
}

impl Snapshot {
    /// The schema as a captured build sees it.
    pub fn from_build(schema: &Schema, build: u32) -> Self {
        let product = schema.builds.iter().find(|known| known.number == build).map(|known| known.product.clone());
        let mut out = Self { label: format!("build {build}"), product: product.unwrap_or_default(), ..Self::default() };
        for (id, version, layout) in schema.layouts().filter(|(.., layout)| layout.builds.contains(build)) {
            let header = layout.header_at(build).cloned().unwrap_or_default();
            let fields = layout.fields_at(build).unwrap_or_default().to_vec();
            out.events.insert((id, version), EventState { header, fields });
        }
        macro_rules! declare {
            ($($items:ident: $declare:ident;)*) => {$(
                for held in schema.$items.iter().filter(|held| held.builds.contains(build)) {
                    out.$declare(&held.value);
                }
            )*};
        }
        declare! { channels: channel; levels: level; opcodes: opcode; tasks: task; keywords: keyword; maps: map; }
        out
    }

    /// A manifest that belongs to no merged schema.
    pub fn from_provider(label: &str, provider: &Provider) -> Self {
        let mut out = Self { label: label.to_owned(), ..Self::default() };
        for event in &provider.events {
            let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
            let fields = template.map(|template| template.fields.clone()).unwrap_or_default();
            out.events
                .entry((event.id, event.version))
                .or_insert(EventState { header: crate::merge::header(event), fields });
        }
        provider.channels.iter().for_each(|item| out.channel(item));
        provider.levels.iter().for_each(|item| out.level(item));
        provider.opcodes.iter().for_each(|item| out.opcode(item));
        provider.tasks.iter().for_each(|item| out.task(item));
        provider.keywords.iter().for_each(|item| out.keyword(item));
        provider.maps.iter().for_each(|item| out.map(item));
        out
    }

    /// The same snapshot as one of captures of these formats.
    #[must_use]
    pub fn with_formats(mut self, formats: &[Format]) -> Self {
        self.formats = formats.to_vec();
        self
    }

    /// Whether the snapshot would say so if the provider declared such a thing.
    fn holds(&self, what: Holds) -> bool {
        self.formats.is_empty() || self.formats.iter().any(|format| format.holds(what))
    }

    /// Two snapshots without what one of them cannot hold, and in the words of both.
    pub(super) fn comparable(old: &Self, new: &Self) -> (Self, Self) {
        let both = |what| old.holds(what) && new.holds(what);
        let plain = |side: &Self, other: &Self| {
            let mut side = side.clone();
            side.use_names_of_keywords(other);
            side.use_paths_of_channels();
            side.events.values_mut().for_each(|event| keep_comparable(event, &both));
            let declarations = std::mem::take(&mut side.declarations);
            let declarations = declarations.into_iter().filter_map(|((kind, name), attributes)| {
                Some(((kind, name), comparable_attributes(kind, attributes, &both)?))
            });
            side.declarations = declarations.collect();
            side
        };
        let mut plain_old = plain(old, new);
        let mut plain_new = plain(new, old);
        if !new.holds(Holds::EventList) {
            plain_old.keep_common(&plain_new);
        }
        if !old.holds(Holds::EventList) {
            plain_new.keep_common(&plain_old);
        }
        (plain_old, plain_new)
    }

    /// Keeps only what the other side has too: that side holds only what was recorded, so what it lacks may exist.
    fn keep_common(&mut self, other: &Self) {
        self.events.retain(|key, _| other.events.contains_key(key));
        self.declarations.retain(|key, _| other.declarations.contains_key(key));
    }

    /// Forgets the number of a task if the other side knows the task and not its number: that it is known now is no change of
    /// the provider.
    pub(super) fn forget_unknown_numbers(&mut self, other: &Self) {
        let tasks = self.declarations.iter_mut().filter(|((kind, _), _)| *kind == DeclarationKind::Task);
        for (key, attributes) in tasks {
            if other.declarations.get(key).is_some_and(|others| !others.contains_key("number")) {
                attributes.remove("number");
            }
        }
    }

    /// Calls keywords whose names a tool made up by those that the other side has for the same masks.
    fn use_names_of_keywords(&mut self, other: &Self) {
        let keywords = |side: &Self| {
            let keywords = side.declarations.iter().filter(|((kind, _), _)| *kind == DeclarationKind::Keyword);
            let masks = keywords.filter_map(|((_, name), it)| {
                let mask = u64::from_str_radix(it.get("mask")?.trim_start_matches("0x"), 16).ok()?;
                Some((mask, name.clone()))
            });
            masks.collect::<Vec<_>>()
        };
        let known: BTreeMap<u64, String> = keywords(other).into_iter().collect();
        let made_up = keywords(self).into_iter().filter(|(mask, name)| builtin::is_made_up_keyword(name, *mask));
        let names: BTreeMap<String, &String> =
            made_up.filter_map(|(mask, name)| Some((name, known.get(&mask)?))).collect();
        for (name, known) in &names {
            if let Some(attributes) = self.declarations.remove(&(DeclarationKind::Keyword, name.clone())) {
                self.declarations.insert((DeclarationKind::Keyword, (*known).clone()), attributes);
            }
        }
        for keyword in self.events.values_mut().flat_map(|event| &mut event.header.keywords) {
            if let Some(known) = names.get(keyword) {
                keyword.clone_from(known);
            }
        }
    }

    /// Calls channels by their paths: only manifests have ids for them.
    fn use_paths_of_channels(&mut self) {
        let mut paths: BTreeMap<String, String> = BTreeMap::new();
        let declarations = std::mem::take(&mut self.declarations);
        for ((kind, name), attributes) in declarations {
            let path = attributes.get("path").filter(|_| kind == DeclarationKind::Channel).cloned();
            let key = path.clone().unwrap_or_else(|| name.clone());
            if let Some(path) = path {
                paths.insert(name, path);
            }
            self.declarations.insert((kind, key), attributes);
        }
        for channel in self.events.values_mut().filter_map(|event| event.header.channel.as_mut()) {
            if let Some(path) = paths.get(channel) {
                channel.clone_from(path);
            }
        }
    }

    fn declare<const N: usize>(
        &mut self,
        kind: DeclarationKind,
        name: String,
        attributes: [(&'static str, Option<String>); N],
    ) {
        let said = attributes.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        self.declarations.entry((kind, name)).or_insert(said);
    }

    fn channel(&mut self, it: &Channel) {
        let number = ("number", it.value.map(|value| value.to_string()));
        let enabled = ("enabled", it.enabled.map(|enabled| enabled.to_string()));
        let rest = [
            ("type", it.kind.map(|kind| kind.to_string())),
            ("isolation", it.isolation.map(|it| it.to_string())),
            ("text", it.message.clone()),
        ];
        let [kind, isolation, text] = rest;
        let path = ("path", Some(it.name.clone()));
        self.declare(DeclarationKind::Channel, it.id.clone(), [number, path, kind, enabled, isolation, text]);
    }

    fn level(&mut self, it: &Level) {
        self.numbered(it, ("guid", None));
    }

    fn opcode(&mut self, it: &Opcode) {
        self.numbered(it, ("guid", None));
    }

    fn task(&mut self, it: &Task) {
        // A GUID of zeros is none: a compiled manifest has no other way to say so.
        let guid = it.event_guid.filter(|guid| *guid != Guid::default());
        self.numbered(it, ("guid", guid.map(guid_text)));
    }

    fn keyword(&mut self, it: &Keyword) {
        let attributes = [("mask", Some(format!("{:#x}", it.mask))), ("text", it.message.clone())];
        self.declare(DeclarationKind::Keyword, it.name.clone(), attributes);
    }

    fn numbered(&mut self, it: &impl Declare, more: (&'static str, Option<String>)) {
        let it = it.declaration();
        let name = it.task.map_or_else(|| it.name.to_owned(), |task| format!("{task}/{}", it.name));
        let number = ("number", it.value.map(|value| value.to_string()));
        self.declare(it.kind, name, [number, more, ("text", it.message.map(str::to_owned))]);
    }

    fn map(&mut self, it: &Map) {
        let kind = if it.kind == MapKind::Bit { "bits" } else { "values" };
        self.declare(DeclarationKind::Map, it.name.clone(), [("kind", Some(kind.to_owned()))]);
        for entry in &it.entries {
            let name = format!("{} {}", it.name, entry.value);
            self.declare(DeclarationKind::MapEntry, name, [("text", entry.message.clone())]);
        }
    }
}
