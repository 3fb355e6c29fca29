//! `schema`: all that captures hold.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use etw_schema::combine::{CapturedProvider, combine};
use etw_schema::diagnostic::Severity;
use etw_schema::model::{self, ChannelType, Isolation, MapKind, Message, Provider, guid_text};
use etw_schema::validate;
use etw_schema::visible::visible;
use serde::Serialize;

use crate::diagnostics::{DiagnosticOptions, Report};
use crate::document::{Event, Field, field, write_event};
use crate::failure::{EXIT_CODES, counted};
use crate::{Failure, Result, captures, print};

/// Shows all that captures hold: channels, levels, tasks, opcodes, keywords, maps, and events with their fields.
///
/// A capture is an instrumentation manifest (.man), a dump of a registered one (PerfView), a listing of WEPExplorer, a
/// binary with its message table (srv2.sys and en-US/srv2.sys.mui), or a merged trace (.etl) with the schema of the events in
/// it. What several say of one provider is combined.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Options {
    /// Captures, in any format
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    diagnostics: DiagnosticOptions,
}

fn after_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

const EXAMPLES: &str = "\
Examples:
  etw-codegen schema my-provider.man
  etw-codegen schema srv2.sys en-US/srv2.sys.mui
  etw-codegen schema trace.etl
  etw-codegen schema Microsoft-Windows-Kernel-Process.xml --format json | jq -r '.[].events[].id'";

/// How a schema is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs: one object, null where the manifest is silent
    Json,
}

/// The JSON form of a provider. Its keys are a promise to scripts.
#[derive(Default, Serialize)]
struct Document<'p> {
    /// None for the last object, whose messages belong to no provider.
    provider: Option<&'p str>,
    guid: Option<String>,
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
    /// Only of the object without a provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Text<'p>>,
}

/// A message that belongs to no provider: one of a `<messageTable>`, or one of a binary that nothing refers to.
#[derive(Serialize)]
struct Text<'p> {
    file: &'p str,
    value: u32,
    symbol: Option<&'p str>,
    message: Option<&'p str>,
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
    name: &'p str,
    /// Null where it is not known.
    value: Option<u16>,
    message: Option<&'p str>,
    /// The number that stands for one that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<u16>,
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

/// Runs the command.
///
/// # Errors
/// A file cannot be read, or has errors.
pub fn run(options: &Options) -> Result<()> {
    let mut report = Report::new(&options.diagnostics);
    let read = captures::read(&options.files, &mut report)?;
    let mut found = read.diagnostics;
    let mut by_guid: Vec<Vec<CapturedProvider>> = Vec::new();
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
    report.print(&found)?;
    let documents = providers.iter().map(|(provider, files)| document(provider, files));
    let of_no_provider = (!read.messages.is_empty()).then(|| of_messages(&read.messages));
    let documents: Vec<Document<'_>> = documents.chain(of_no_provider).collect();
    print::out(|out| match options.format {
        Format::Json => print::json(out, &documents),
        Format::Text => documents.iter().try_for_each(|document| write_text(out, document)),
    })?;
    match found.error_count() {
        0 if documents.is_empty() => Err(Failure::found("the files declare no provider")),
        0 => Ok(()),
        n => Err(Failure::found(format!("{} in the captures", counted(n, "error")))),
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
        name: &it.name,
        value: it.number(),
        message: it.message.as_deref(),
        placeholder: it.is_placeholder.then_some(it.value),
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
        provider: Some(&provider.name),
        guid: Some(provider.guid.to_string()),
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
        messages: Vec::new(),
    }
}

fn of_messages<'m>(messages: &'m [(String, Message)]) -> Document<'m> {
    let text = |(file, it): &'m (String, Message)| Text {
        file,
        value: it.value,
        symbol: it.symbol.as_deref(),
        message: it.message.as_deref(),
    };
    Document { messages: messages.iter().map(text).collect(), ..Document::default() }
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
    let (Some(provider), Some(guid)) = (document.provider, &document.guid) else {
        return write_messages(out, &document.messages);
    };
    writeln!(out, "{} {guid}{}", visible(provider), text(document.message))?;
    for (file, format) in document.files {
        writeln!(out, "  from {} ({format})", visible(file))?;
    }
    write_channels(out, &document.channels)?;
    heading(out, "levels", document.levels.len())?;
    for it in &document.levels {
        writeln!(out, "  {:>6} {}{}", it.value, visible(it.name), text(it.message))?;
    }
    heading(out, "tasks", document.tasks.len())?;
    for it in &document.tasks {
        let guid = it.event_guid.as_ref().map_or_else(String::new, |guid| format!(" {{{guid}}}"));
        let number = it.value.map_or_else(|| "?".to_owned(), |value| value.to_string());
        let unknown = if it.value.is_none() { " (number not known)" } else { "" };
        writeln!(out, "  {number:>6} {}{unknown}{guid}{}", visible(it.name), text(it.message))?;
    }
    heading(out, "opcodes", document.opcodes.len())?;
    for Opcode { item: it, task } in &document.opcodes {
        let task = task.map_or_else(String::new, |task| format!(" of {}", visible(task)));
        writeln!(out, "  {:>6} {}{task}{}", it.value, visible(it.name), text(it.message))?;
    }
    heading(out, "keywords", document.keywords.len())?;
    for it in &document.keywords {
        writeln!(out, "  {:>18} {}{}", it.mask, visible(it.name), text(it.message))?;
    }
    heading(out, "maps", document.maps.len())?;
    for it in &document.maps {
        writeln!(out, "  {} ({})", visible(it.name), if it.kind == MapKind::Bit { "bits" } else { "values" })?;
        for entry in &it.entries {
            writeln!(out, "  {:#10x}{}", entry.value, text(entry.message))?;
        }
    }
    heading(out, "events", document.events.len())?;
    document.events.iter().try_for_each(|event| write_event(out, event))?;
    writeln!(out)
}

/// The messages that belong to no provider.
fn write_messages(out: &mut dyn Write, messages: &[Text<'_>]) -> io::Result<()> {
    heading(out, "messages of no provider", messages.len())?;
    for it in messages {
        writeln!(out, "  {:#010x} of {}{}", it.value, visible(it.file), text(it.message))?;
    }
    Ok(())
}

fn write_channels(out: &mut dyn Write, channels: &[Channel<'_>]) -> io::Result<()> {
    heading(out, "channels", channels.len())?;
    for it in channels {
        let value = it.value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let kind = if it.imported { "imported" } else { it.kind.map_or("-", ChannelType::word) };
        let id = if it.id == it.name { String::new() } else { format!(", {}", it.id) };
        let kind = format!("{kind}{id}");
        writeln!(out, "  {value:>6} {} ({}){}", visible(it.name), visible(&kind), text(it.message))?;
    }
    Ok(())
}

/// A message, in quotes. What a terminal would obey is escaped.
fn text(message: Option<&str>) -> String {
    message.map_or_else(String::new, |message| visible(&format!("  {message:?}")).into_owned())
}

fn heading(out: &mut dyn Write, what: &str, count: usize) -> io::Result<()> {
    if count == 0 { Ok(()) } else { writeln!(out, "\n{count} {what}") }
}
