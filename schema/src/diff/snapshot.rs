//! What one build, or one manifest, says: the two sides of a comparison.

use std::collections::BTreeMap;

use crate::model::schema::{Header, Schema};
use crate::model::{
    Channel, DeclarationKind, Declare, Field, Keyword, Level, Map, MapKind, Opcode, Provider, Task, guid_text,
};

/// A provider as one build has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What to call it: `build 26100`, or the file's name.
    pub label: String,
    /// The product, where it is known.
    pub product: String,
    /// The events by id and version.
    pub events: BTreeMap<(u16, u8), EventState>,
    /// Channels, levels, opcodes, tasks, keywords, maps and their entries: attributes by kind and name.
    pub declarations: BTreeMap<(DeclarationKind, String), Attributes>,
}

/// What a declaration says, by attribute.
pub type Attributes = BTreeMap<&'static str, String>;

/// An (id, version) in one build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventState {
    /// What stands beside the fields.
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

impl Snapshot {
    /// The schema as a captured build sees it.
    pub fn of_build(schema: &Schema, build: u32) -> Self {
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
    pub fn of_provider(label: &str, provider: &Provider) -> Self {
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
        self.numbered(it, ("guid", it.event_guid.map(guid_text)));
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
