//! `schema`: the merged schema as one build sees it.

use std::io::{self, Write};

use clap::ValueEnum;
use etw_codegen::model::schema::{Build, Exception, Fact, Layout, Schema};
use etw_codegen::model::{self, Size};
use etw_codegen::names_lock::NamesLock;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::Result;
use crate::manifests;

/// Prints the merged schema as one build sees it: its events with their layouts, fields and messages, and where each
/// kind of fact comes from.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The Windows build, for instance 26100. A build between two captures is shown as the lower one's.
    #[arg(long, value_name = "N")]
    build: u32,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: one object, null where the manifest is silent
    Json,
}

/// The JSON form. Its keys are a promise to scripts.
#[derive(Serialize)]
struct Document<'s> {
    provider: &'s str,
    guid: String,
    /// The capture shown.
    build: u32,
    product: &'s str,
    /// Where each kind of fact comes from, and whether it was captured from this build.
    facts: &'s BTreeMap<String, Fact>,
    /// Single events whose facts have another source.
    exceptions: &'s [Exception],
    events: Vec<Event<'s>>,
}

#[derive(Serialize)]
struct Event<'s> {
    id: u16,
    version: u8,
    layout: String,
    symbol: Option<&'s str>,
    name: String,
    channel: Option<&'s str>,
    level: Option<&'s str>,
    opcode: Option<&'s str>,
    task: Option<&'s str>,
    keywords: &'s [String],
    fields: Vec<Field<'s>>,
    message: Option<&'s str>,
}

#[derive(Serialize)]
struct Field<'s> {
    name: &'s str,
    in_type: &'static str,
    out_type: Option<&'static str>,
    length: Option<&'s Size>,
    count: Option<&'s Size>,
    map: Option<&'s str>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (schema, names) = manifests::checked_in()?;
    let known: Vec<String> = schema.builds.iter().map(|b| b.number.to_string()).collect();
    let capture = schema.capture_for(options.build);
    let Some(build) = capture.and_then(|n| schema.builds.iter().find(|b| b.number == n)) else {
        return Err(format!("build {} is older than every capture; captured are {}", options.build, known.join(", ")));
    };
    if build.number != options.build {
        eprintln!("build {} was not captured; showing the nearest below it, {}", options.build, build.number);
    }
    let names = layout_names(&schema, &names);
    let document = document(&schema, build, names);
    let written = match options.format {
        Format::Json => serde_json::to_writer_pretty(io::stdout().lock(), &document)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(io::stdout())),
        Format::Text => write_text(&mut io::stdout().lock(), &document),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// The views' names, in the order of [`Schema::layouts`]. A layout without one is newer than `names.lock`.
pub(crate) fn layout_names(schema: &Schema, names: &NamesLock) -> Vec<String> {
    let name = |(id, version, layout): (u16, u8, &Layout)| {
        let known = names.view(id, version, layout.newest_fields());
        known.map_or_else(|| format!("Event{id}V{version}"), str::to_owned)
    };
    schema.layouts().map(name).collect()
}

fn document<'s>(schema: &'s Schema, build: &'s Build, names: Vec<String>) -> Document<'s> {
    let layouts = schema.layouts().zip(names).filter(|((_, _, layout), _)| layout.builds.contains(build.number));
    let events = layouts.filter_map(|((id, version, layout), name)| {
        let header = layout.header_at(build.number)?;
        Some(Event {
            id,
            version,
            symbol: header.symbol.as_deref(),
            name: event_name(&name, version),
            layout: name,
            channel: header.channel.as_deref(),
            level: header.level.as_deref(),
            opcode: header.opcode.as_deref(),
            task: header.task.as_deref(),
            keywords: &header.keywords,
            fields: layout.fields_at(build.number)?.iter().map(field).collect(),
            message: header.message.as_deref(),
        })
    });
    Document {
        provider: &schema.provider,
        guid: format!("{{{}}}", schema.guid),
        build: build.number,
        product: &build.product,
        facts: &build.facts,
        exceptions: &build.exceptions,
        events: events.collect(),
    }
}

/// The event's name within a layout's: what stands before its version.
fn event_name(layout: &str, version: u8) -> String {
    let end = layout.rfind(&format!("V{version}")).unwrap_or(layout.len());
    layout[..end].to_owned()
}

fn field(field: &model::Field) -> Field<'_> {
    Field {
        name: &field.name,
        in_type: field.in_type.name(),
        out_type: field.out_type.map(model::OutType::name),
        length: field.length.as_ref(),
        count: field.count.as_ref(),
        map: field.map.as_deref(),
    }
}

fn write_text(out: &mut impl Write, document: &Document<'_>) -> io::Result<()> {
    writeln!(out, "{} {}", document.provider, document.guid)?;
    writeln!(out, "build {} ({}), {} events", document.build, document.product, document.events.len())?;
    writeln!(out, "\nwhere the facts come from:")?;
    for (kind, fact) in document.facts {
        writeln!(out, "  {kind:30} {:9} {}", fact.status, fact.source)?;
    }
    for event in &document.events {
        writeln!(out, "\n{} v{} {}", event.id, event.version, event.layout)?;
        let header =
            [("channel", event.channel), ("level", event.level), ("opcode", event.opcode), ("task", event.task)];
        let mut parts: Vec<String> = header.iter().filter_map(|(k, v)| v.map(|v| format!("{k} {v}"))).collect();
        if !event.keywords.is_empty() {
            parts.push(format!("keywords {}", event.keywords.join(" ")));
        }
        writeln!(out, "  {}", parts.join(", "))?;
        write_fields(out, &event.fields)?;
        if let Some(message) = event.message {
            writeln!(out, "  message: {message}")?;
        }
        write_exceptions(out, document.exceptions, event)?;
    }
    Ok(())
}

fn write_fields(out: &mut impl Write, fields: &[Field<'_>]) -> io::Result<()> {
    let width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    for field in fields {
        write!(out, "    {:width$}  {:18}", field.name, field.in_type)?;
        for (what, size) in [("length", field.length), ("count", field.count)] {
            match size {
                Some(Size::Fixed(n)) => write!(out, " {what}={n}")?,
                Some(Size::Field(name)) => write!(out, " {what}={name}")?,
                None => {}
            }
        }
        if let Some(map) = field.map {
            write!(out, " map={map}")?;
        }
        writeln!(out, "{}", field.out_type.map_or_else(String::new, |out_type| format!(" -> {out_type}")))?;
    }
    Ok(())
}

fn write_exceptions(out: &mut impl Write, exceptions: &[Exception], event: &Event<'_>) -> io::Result<()> {
    let names = [event.id.to_string(), format!("{} v{}", event.id, event.version)];
    for exception in exceptions.iter().filter(|e| e.events.iter().any(|name| names.contains(name))) {
        writeln!(out, "  note on {}: {}", exception.fact, exception.note)?;
    }
    Ok(())
}
