//! The canonical text of a manifest: one form for every capture, so that two of them differ where what they say differs.
//!
//! Declarations keep their order; events are sorted by id and version. Texts are in one string table, under ids made of
//! what they belong to.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::PLACEHOLDER;
use super::scope::PROVENANCE;
use crate::model::{
    Channel, ChannelType, Event, Field, InType, Isolation, Manifest, Map, MapKind, Message, Opcode, Provider, Size,
    Task,
};

/// Writes a manifest as text that [`super::read`] reads back to the same model, but for places, the order of events, and
/// opcodes, of which those of tasks come first. `comment` goes to the head of the file.
pub fn write(manifest: &Manifest, comment: Option<&str>) -> String {
    let mut writer = XmlWriter::default();
    writer.text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    if let Some(comment) = comment {
        // Two hyphens would end it.
        writer.text(&format!("<!-- {} -->", comment.replace("--", "- -").replace('\n', "\n     ")));
    }
    let attributes = Attributes::default().raw(NAMESPACES);
    let has_placeholders =
        manifest.providers.iter().flat_map(|provider| &provider.tasks).any(|task| task.is_placeholder);
    let provenance = has_placeholders.then_some(PROVENANCE);
    writer.open("instrumentationManifest", &attributes.maybe("xmlns:provenance", provenance));
    writer.inside("instrumentation", |writer| {
        writer.inside("events", |writer| {
            manifest.providers.iter().for_each(|provider| writer.provider(provider));
            writer.list("messageTable", &manifest.messages, XmlWriter::message);
        });
    });
    if !writer.strings.is_empty() {
        writer.string_table();
    }
    writer.close("instrumentationManifest");
    writer.out
}

const NAMESPACES: &str = "xmlns=\"http://schemas.microsoft.com/win/2004/08/events\" \
                          xmlns:win=\"http://manifests.microsoft.com/win/2004/08/windows/events\" \
                          xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";

/// The attributes of an element, in their order.
#[derive(Default)]
struct Attributes(String);

impl Attributes {
    fn raw(mut self, text: &str) -> Self {
        let _ = write!(self.0, " {text}");
        self
    }

    fn with(self, name: &str, value: impl AsRef<str>) -> Self {
        let value = escaped(value.as_ref());
        self.raw(&format!("{name}=\"{value}\""))
    }

    fn maybe(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// A text as it is written between quotes. Line breaks and other controls are written as numbers, so that no reader takes them
/// for mere space.
pub(in super::super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c < ' ' => drop(write!(out, "&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[derive(Default)]
struct XmlWriter {
    out: String,
    depth: usize,
    /// The string table: id and text.
    strings: Vec<(String, String)>,
    ids: HashSet<String>,
}

impl XmlWriter {
    fn text(&mut self, line: &str) {
        let _ = writeln!(self.out, "{:width$}{line}", "", width = self.depth * 2);
    }

    fn open(&mut self, tag: &str, attributes: &Attributes) {
        self.text(&format!("<{tag}{}>", attributes.0));
        self.depth += 1;
    }

    fn close(&mut self, tag: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.text(&format!("</{tag}>"));
    }

    fn empty(&mut self, tag: &str, attributes: &Attributes) {
        self.text(&format!("<{tag}{}/>", attributes.0));
    }

    fn inside(&mut self, tag: &str, content: impl FnOnce(&mut Self)) {
        self.open(tag, &Attributes::default());
        content(self);
        self.close(tag);
    }

    /// A list element, which is left out where it would be empty.
    fn list<T>(&mut self, tag: &str, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        if !items.is_empty() {
            self.inside(tag, |writer| items.iter().for_each(|each| item(writer, each)));
        }
    }

    fn message(&mut self, message: &Message) {
        let text = self.string(&format!("message.{:#x}", message.value), message.message.as_ref());
        let attributes = Attributes::default().with("value", format!("{:#x}", message.value));
        self.empty("message", &attributes.maybe("symbol", message.symbol.as_ref()).maybe("message", text));
    }

    /// Puts a text into the string table and returns the reference to it.
    fn string(&mut self, id: &str, text: Option<&String>) -> Option<String> {
        let text = text?;
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let id: String = id.chars().map(|c| if plain(c) { c } else { '_' }).collect();
        let mut unique = id.clone();
        let mut number = 1;
        while !self.ids.insert(unique.clone()) {
            number += 1;
            unique = format!("{id}.{number}");
        }
        let reference = format!("$(string.{unique})");
        self.strings.push((unique, text.clone()));
        Some(reference)
    }

    fn string_table(&mut self) {
        let strings = std::mem::take(&mut self.strings);
        self.open("localization", &Attributes::default());
        self.open("resources", &Attributes::default().with("culture", "en-US"));
        self.list("stringTable", &strings, |writer, (id, text)| {
            writer.empty("string", &Attributes::default().with("id", id).with("value", text));
        });
        self.close("resources");
        self.close("localization");
    }

    fn provider(&mut self, provider: &Provider) {
        let attributes = Attributes::default()
            .with("name", &provider.name)
            .with("guid", provider.guid.to_string())
            .maybe("symbol", provider.symbol.as_ref())
            .maybe("resourceFileName", provider.resource_file.as_ref())
            .maybe("messageFileName", provider.message_file.as_ref())
            .maybe("parameterFileName", provider.parameter_file.as_ref())
            .maybe("message", self.string("Provider", provider.message.as_ref()));
        self.open("provider", &attributes);
        self.list("channels", &provider.channels, Self::channel);
        self.list("levels", &provider.levels, |writer, level| {
            let message = writer.string(&format!("Level.{}", level.name), level.message.as_ref());
            let attributes = named(&level.name, level.symbol.as_ref()).with("value", level.value.to_string());
            writer.empty("level", &attributes.maybe("message", message));
        });
        self.list("tasks", &provider.tasks, |writer, task| writer.task(task, &provider.opcodes));
        let of_no_task = |opcode: &&Opcode| {
            !opcode.task.as_ref().is_some_and(|name| provider.tasks.iter().any(|task| task.name == *name))
        };
        let opcodes: Vec<&Opcode> = provider.opcodes.iter().filter(of_no_task).collect();
        self.list("opcodes", &opcodes, |writer, opcode| writer.opcode(opcode));
        self.list("keywords", &provider.keywords, |writer, keyword| {
            let message = writer.string(&format!("Keyword.{}", keyword.name), keyword.message.as_ref());
            let attributes = named(&keyword.name, keyword.symbol.as_ref()).with("mask", format!("{:#x}", keyword.mask));
            writer.empty("keyword", &attributes.maybe("message", message));
        });
        self.list("maps", &provider.maps, Self::map);
        self.list("templates", &provider.templates, |writer, template| {
            let attributes = Attributes::default().with("tid", &template.id);
            if template.fields.is_empty() && template.user_data.is_none() {
                return writer.empty("template", &attributes);
            }
            writer.open("template", &attributes);
            template.fields.iter().for_each(|field| writer.field(field));
            if let Some(xml) = &template.user_data {
                writer.text(&format!("<UserData>{xml}</UserData>"));
            }
            writer.close("template");
        });
        let mut events: Vec<&Event> = provider.events.iter().collect();
        events.sort_by_key(|event| (event.id, event.version));
        self.list("events", &events, |writer, event| writer.event(event));
        self.close("provider");
    }

    fn channel(&mut self, channel: &Channel) {
        let message = self.string(&format!("Channel.{}", channel.id), channel.message.as_ref());
        let attributes = Attributes::default()
            .maybe("chid", Some(&channel.id).filter(|id| **id != channel.name))
            .with("name", &channel.name)
            .maybe("symbol", channel.symbol.as_ref());
        if channel.imported {
            return self.empty("importChannel", &attributes);
        }
        let attributes = attributes
            .maybe("type", channel.kind.map(ChannelType::word))
            .maybe("value", channel.value.map(|value| value.to_string()))
            .maybe("enabled", channel.enabled.map(|enabled| enabled.to_string()))
            .maybe("isolation", channel.isolation.map(Isolation::word))
            .maybe("message", message);
        self.empty("channel", &attributes);
    }

    fn task(&mut self, task: &Task, opcodes: &[Opcode]) {
        let attributes = named(&task.name, task.symbol.as_ref())
            .with("value", task.value.to_string())
            .maybe("provenance:value", task.is_placeholder.then_some(PLACEHOLDER))
            .maybe("eventGUID", task.event_guid.map(|guid| guid.to_string()))
            .maybe("message", self.string(&format!("Task.{}", task.name), task.message.as_ref()));
        let own: Vec<&Opcode> = opcodes.iter().filter(|opcode| opcode.task.as_ref() == Some(&task.name)).collect();
        if own.is_empty() {
            return self.empty("task", &attributes);
        }
        self.open("task", &attributes);
        self.list("opcodes", &own, |writer, opcode| writer.opcode(opcode));
        self.close("task");
    }

    fn opcode(&mut self, opcode: &Opcode) {
        let task = opcode.task.as_ref().map_or_else(String::new, |task| format!("{task}."));
        let message = self.string(&format!("Opcode.{task}{}", opcode.name), opcode.message.as_ref());
        let attributes = named(&opcode.name, opcode.symbol.as_ref()).with("value", opcode.value.to_string());
        self.empty("opcode", &attributes.maybe("message", message));
    }

    fn map(&mut self, map: &Map) {
        let tag = if map.kind == MapKind::Bit { "bitMap" } else { "valueMap" };
        let attributes = named(&map.name, map.symbol.as_ref());
        if map.entries.is_empty() {
            return self.empty(tag, &attributes);
        }
        self.open(tag, &attributes);
        for entry in &map.entries {
            let message = self.string(&format!("Map.{}.{}", map.name, entry.value), entry.message.as_ref());
            let attributes = Attributes::default().with("value", format!("{:#x}", entry.value));
            let attributes = attributes.maybe("symbol", entry.symbol.as_ref());
            self.empty("map", &attributes.maybe("message", message));
        }
        self.close(tag);
    }

    fn field(&mut self, field: &Field) {
        let size = |size: &Option<Size>| match size {
            Some(Size::Fixed(number)) => Some(number.to_string()),
            Some(Size::Field(field)) => Some(field.name().to_owned()),
            None => None,
        };
        let attributes = Attributes::default().with("name", &field.name);
        if field.in_type == InType::Struct {
            self.open("struct", &attributes.maybe("count", size(&field.count)));
            field.members.iter().for_each(|member| self.field(member));
            return self.close("struct");
        }
        let attributes = attributes
            .with("inType", field.in_type.name())
            .maybe("outType", field.out_type.map(crate::model::OutType::name))
            .maybe("map", field.map.as_ref())
            .maybe("length", size(&field.length))
            .maybe("count", size(&field.count));
        self.empty("data", &attributes);
    }

    fn event(&mut self, event: &Event) {
        let id = event.symbol.clone().unwrap_or_else(|| format!("{}.v{}", event.id, event.version));
        let message = self.string(&format!("Event.{id}"), event.message.as_ref());
        let keywords = (!event.keywords.is_empty()).then(|| event.keywords.join(" "));
        let attributes = Attributes::default()
            .with("value", event.id.to_string())
            .maybe("symbol", event.symbol.as_ref())
            .with("version", event.version.to_string())
            .maybe("channel", event.channel.as_ref())
            .maybe("level", event.level.as_ref())
            .maybe("task", event.task.as_ref())
            .maybe("opcode", event.opcode.as_ref())
            .maybe("keywords", keywords)
            .maybe("template", event.template.as_ref())
            .maybe("message", message);
        self.empty("event", &attributes);
    }
}

/// A name, and the symbol where there is one.
fn named(name: &str, symbol: Option<&String>) -> Attributes {
    Attributes::default().with("name", name).maybe("symbol", symbol)
}
