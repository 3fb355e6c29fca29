//! `schema FILE…`: all that captures hold.

use std::io::{self, Write};
use std::path::PathBuf;

use etw_schema::combine::{Part, combine};
use etw_schema::diagnostic::Severity;
use etw_schema::model::{self, ChannelType, Isolation, MapKind, Provider, guid_text};
use etw_schema::validate;
use serde::Serialize;

use crate::Result;
use crate::schema::{Event, Field, Format, field, json, write_event};
use crate::{captures, print};

/// The JSON form of a provider. Its keys are a promise to scripts.
#[derive(Serialize)]
struct Document<'p> {
    provider: &'p str,
    guid: String,
    symbol: Option<&'p str>,
    message: Option<&'p str>,
    /// The files that it was read from, and what they are.
    files: &'p [(String, &'static str)],
    channels: Vec<Channel<'p>>,
    levels: Vec<Item<'p>>,
    tasks: Vec<Task<'p>>,
    opcodes: Vec<Opcode<'p>>,
    keywords: Vec<Keyword<'p>>,
    maps: Vec<Map<'p>>,
    events: Vec<Event<'p>>,
}

#[derive(Serialize)]
struct Channel<'p> {
    id: &'p str,
    name: &'p str,
    value: Option<u8>,
    #[serde(rename = "type")]
    kind: Option<ChannelType>,
    enabled: Option<bool>,
    isolation: Option<Isolation>,
    imported: bool,
    message: Option<&'p str>,
}

#[derive(Serialize)]
struct Item<'p> {
    name: &'p str,
    value: u16,
    message: Option<&'p str>,
}

#[derive(Serialize)]
struct Task<'p> {
    #[serde(flatten)]
    item: Item<'p>,
    event_guid: Option<String>,
}

#[derive(Serialize)]
struct Opcode<'p> {
    #[serde(flatten)]
    item: Item<'p>,
    task: Option<&'p str>,
}

#[derive(Serialize)]
struct Keyword<'p> {
    name: &'p str,
    mask: String,
    message: Option<&'p str>,
}

#[derive(Serialize)]
struct Map<'p> {
    name: &'p str,
    /// `value` or `bit`.
    kind: MapKind,
    entries: Vec<Entry<'p>>,
}

#[derive(Serialize)]
struct Entry<'p> {
    value: u32,
    message: Option<&'p str>,
}

pub(crate) fn run(paths: &[PathBuf], format: Format) -> Result<()> {
    let read = captures::read(paths)?;
    let mut found = read.diagnostics;
    let mut by_guid: Vec<Vec<Part>> = Vec::new();
    for part in read.parts {
        match by_guid.iter_mut().find(|parts| parts[0].provider.guid == part.provider.guid) {
            Some(parts) => parts.push(part),
            None => by_guid.push(vec![part]),
        }
    }
    let mut providers = Vec::new();
    for parts in by_guid {
        let mut files: Vec<(String, &str)> = parts.iter().map(|part| (part.file.clone(), part.format.name())).collect();
        files.extend(read.texts.iter().map(|file| (file.clone(), "message table")));
        let (provider, contradictions) = combine(parts, &[]);
        found.append(contradictions);
        found.append(validate::inserts(&provider, Severity::Warning));
        providers.push((provider, files));
    }
    captures::print(&found);
    let documents: Vec<Document<'_>> = providers.iter().map(|(provider, files)| document(provider, files)).collect();
    print::out(|out| match format {
        Format::Json => json(out, &documents),
        Format::Text => documents.iter().try_for_each(|document| write_text(out, document)),
    })?;
    match found.errors().count() {
        0 if documents.is_empty() => Err("the files declare no provider".to_owned()),
        0 => Ok(()),
        n => Err(format!("{n} {} in the captures", if n == 1 { "error" } else { "errors" })),
    }
}

fn item<'p>(name: &'p str, value: u16, message: Option<&'p String>) -> Item<'p> {
    Item { name, value, message: message.map(String::as_str) }
}

fn document<'p>(provider: &'p Provider, files: &'p [(String, &'static str)]) -> Document<'p> {
    let channel = |it: &'p model::Channel| Channel {
        id: &it.id,
        name: &it.name,
        value: it.value,
        kind: it.kind,
        enabled: it.enabled,
        isolation: it.isolation,
        imported: it.imported,
        message: it.message.as_deref(),
    };
    let task = |it: &'p model::Task| Task {
        item: item(&it.name, it.value, it.message.as_ref()),
        event_guid: it.event_guid.map(guid_text),
    };
    let opcode = |it: &'p model::Opcode| Opcode {
        item: item(&it.name, it.value.into(), it.message.as_ref()),
        task: it.task.as_deref(),
    };
    let keyword = |it: &'p model::Keyword| Keyword {
        name: &it.name,
        mask: format!("{:#x}", it.mask),
        message: it.message.as_deref(),
    };
    let map = |it: &'p model::Map| Map {
        name: &it.name,
        kind: it.kind,
        entries: it.entries.iter().map(|e| Entry { value: e.value, message: e.message.as_deref() }).collect(),
    };
    Document {
        provider: &provider.name,
        guid: provider.guid.to_string(),
        symbol: provider.symbol.as_deref(),
        message: provider.message.as_deref(),
        files,
        channels: provider.channels.iter().map(channel).collect(),
        levels: provider.levels.iter().map(|it| item(&it.name, it.value.into(), it.message.as_ref())).collect(),
        tasks: provider.tasks.iter().map(task).collect(),
        opcodes: provider.opcodes.iter().map(opcode).collect(),
        keywords: provider.keywords.iter().map(keyword).collect(),
        maps: provider.maps.iter().map(map).collect(),
        events: provider.events.iter().map(|event| of_event(provider, event)).collect(),
    }
}

fn of_event<'p>(provider: &'p Provider, event: &'p model::Event) -> Event<'p> {
    let template = provider.templates.iter().find(|template| Some(&template.id) == event.template.as_ref());
    let fields: Vec<Field<'_>> =
        template.map(|template| template.fields.iter().map(field).collect()).unwrap_or_default();
    Event {
        id: event.id,
        version: event.version,
        layout: None,
        symbol: event.symbol.as_deref(),
        name: event.symbol.clone().or(event.task.clone()).unwrap_or_default(),
        channel: event.channel.as_deref(),
        level: event.level.as_deref(),
        opcode: event.opcode.as_deref(),
        task: event.task.as_deref(),
        keywords: &event.keywords,
        fields,
        message: event.message.as_deref(),
    }
}

fn write_text(out: &mut dyn Write, document: &Document<'_>) -> io::Result<()> {
    let text = |message: Option<&str>| message.map_or_else(String::new, |message| format!("  {message:?}"));
    writeln!(out, "{} {}{}", document.provider, document.guid, text(document.message))?;
    for (file, format) in document.files {
        writeln!(out, "  from {file} ({format})")?;
    }
    heading(out, "channels", document.channels.len())?;
    for it in &document.channels {
        let value = it.value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let kind = if it.imported { "imported" } else { it.kind.map_or("-", ChannelType::word) };
        let id = if it.id == it.name { String::new() } else { format!(", {}", it.id) };
        writeln!(out, "  {value:>6} {} ({kind}{id}){}", it.name, text(it.message))?;
    }
    heading(out, "levels", document.levels.len())?;
    for it in &document.levels {
        writeln!(out, "  {:>6} {}{}", it.value, it.name, text(it.message))?;
    }
    heading(out, "tasks", document.tasks.len())?;
    for Task { item: it, event_guid } in &document.tasks {
        let guid = event_guid.as_ref().map_or_else(String::new, |guid| format!(" {{{guid}}}"));
        writeln!(out, "  {:>6} {}{guid}{}", it.value, it.name, text(it.message))?;
    }
    heading(out, "opcodes", document.opcodes.len())?;
    for Opcode { item: it, task } in &document.opcodes {
        let task = task.map_or_else(String::new, |task| format!(" of {task}"));
        writeln!(out, "  {:>6} {}{task}{}", it.value, it.name, text(it.message))?;
    }
    heading(out, "keywords", document.keywords.len())?;
    for it in &document.keywords {
        writeln!(out, "  {:>18} {}{}", it.mask, it.name, text(it.message))?;
    }
    heading(out, "maps", document.maps.len())?;
    for it in &document.maps {
        writeln!(out, "  {} ({})", it.name, if it.kind == MapKind::Bit { "bits" } else { "values" })?;
        for entry in &it.entries {
            writeln!(out, "  {:#10x}{}", entry.value, text(entry.message))?;
        }
    }
    heading(out, "events", document.events.len())?;
    document.events.iter().try_for_each(|event| write_event(out, event))?;
    writeln!(out)
}

fn heading(out: &mut dyn Write, what: &str, count: usize) -> io::Result<()> {
    if count == 0 { Ok(()) } else { writeln!(out, "\n{count} {what}") }
}
