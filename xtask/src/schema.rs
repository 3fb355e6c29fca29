//! `schema`: the merged schema as one build sees it, or what captures hold ([`crate::listing`]).

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use etw_codegen::names_lock::NamesLock;
use etw_schema::model::schema::{Build, Exception, Fact, Layout, Schema};
use etw_schema::model::{self, FactKind, Size};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::Result;
use crate::{listing, manifests, print};

/// Prints the merged schema as one build sees it: its events with their layouts, fields and messages, and where each
/// kind of fact comes from. Or, with files in place of a build, all that these captures hold.
///
/// A capture is an instrumentation manifest (.man), a dump of a registered one (PerfView), a listing of WEPExplorer, or
/// a binary with its message table (srv2.sys and en-US/srv2.sys.mui). What several say of one provider is combined.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Captures, in any format
    #[arg(value_name = "FILE", required_unless_present = "build", conflicts_with = "build")]
    files: Vec<PathBuf>,
    /// The Windows build, for instance 26100. A build between two captures is shown as the lower one's.
    #[arg(long, value_name = "N")]
    build: Option<u32>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask schema --build 26100
  cargo xtask schema srv2.sys en-US/srv2.sys.mui
  cargo xtask schema Microsoft-Windows-Kernel-Process.xml --format json";

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
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
    facts: &'s BTreeMap<FactKind, Fact>,
    /// Single events whose facts have another source.
    exceptions: &'s [Exception],
    events: Vec<Event<'s>>,
}

#[derive(Serialize)]
pub(crate) struct Event<'s> {
    pub(crate) id: u16,
    pub(crate) version: u8,
    /// The layout's name in the generated crate; null for a capture that is not part of it.
    pub(crate) layout: Option<String>,
    pub(crate) symbol: Option<&'s str>,
    pub(crate) name: String,
    pub(crate) channel: Option<&'s str>,
    pub(crate) level: Option<&'s str>,
    pub(crate) opcode: Option<&'s str>,
    pub(crate) task: Option<&'s str>,
    pub(crate) keywords: &'s [String],
    pub(crate) fields: Vec<Field<'s>>,
    pub(crate) message: Option<&'s str>,
}

#[derive(Serialize)]
pub(crate) struct Field<'s> {
    name: &'s str,
    in_type: &'static str,
    out_type: Option<&'static str>,
    length: Option<&'s Size>,
    count: Option<&'s Size>,
    map: Option<&'s str>,
    /// The members of a struct.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<Self>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match options.build {
        Some(build) => of_build(build, options.format),
        None => listing::run(&options.files, options.format),
    }
}

fn of_build(build: u32, format: Format) -> Result<()> {
    let (schema, names) = manifests::checked_in()?;
    let known: Vec<String> = schema.builds.iter().map(|b| b.number.to_string()).collect();
    let capture = schema.capture_for(build);
    let Some(captured) = capture.and_then(|n| schema.builds.iter().find(|b| b.number == n)) else {
        return Err(format!("build {build} is older than every capture; captured are {}", known.join(", ")));
    };
    if captured.number != build {
        eprintln!("build {build} was not captured; showing the nearest below it, {}", captured.number);
    }
    let names = layout_names(&schema, &names);
    let document = document(&schema, captured, names);
    print::out(|out| match format {
        Format::Json => json(out, &document),
        Format::Text => write_text(out, &document),
    })
}

/// Writes a document for programs.
pub(crate) fn json(mut out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)
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
            layout: Some(name),
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
        guid: schema.guid.to_string(),
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

pub(crate) fn field(field: &model::Field) -> Field<'_> {
    Field {
        name: &field.name,
        in_type: field.in_type.name(),
        out_type: field.out_type.map(model::OutType::name),
        length: field.length.as_ref(),
        count: field.count.as_ref(),
        map: field.map.as_deref(),
        members: field.members.iter().map(self::field).collect(),
    }
}

fn write_text(out: &mut dyn Write, document: &Document<'_>) -> io::Result<()> {
    writeln!(out, "{} {}", document.provider, document.guid)?;
    writeln!(out, "build {} ({}), {} events", document.build, document.product, document.events.len())?;
    writeln!(out, "\nwhere the facts come from:")?;
    for (kind, fact) in document.facts {
        writeln!(out, "  {kind:30} {:9} {}", fact.status, fact.source)?;
    }
    for event in &document.events {
        write_event(out, event)?;
        write_exceptions(out, document.exceptions, event)?;
    }
    Ok(())
}

/// An event with its fields and its message.
pub(crate) fn write_event(out: &mut dyn Write, event: &Event<'_>) -> io::Result<()> {
    writeln!(out, "\n{} v{} {}", event.id, event.version, event.layout.as_ref().unwrap_or(&event.name))?;
    let header = [("channel", event.channel), ("level", event.level), ("opcode", event.opcode), ("task", event.task)];
    let mut parts: Vec<String> = header.iter().filter_map(|(k, v)| v.map(|v| format!("{k} {v}"))).collect();
    if !event.keywords.is_empty() {
        parts.push(format!("keywords {}", event.keywords.join(" ")));
    }
    if !parts.is_empty() {
        writeln!(out, "  {}", parts.join(", "))?;
    }
    write_fields(out, &event.fields, 4)?;
    event.message.map_or(Ok(()), |message| writeln!(out, "  message: {message}"))
}

fn write_fields(out: &mut dyn Write, fields: &[Field<'_>], indent: usize) -> io::Result<()> {
    let width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    for field in fields {
        write!(out, "{:indent$}{:width$}  {:18}", "", field.name, field.in_type)?;
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
        write_fields(out, &field.members, indent + 2)?;
    }
    Ok(())
}

fn write_exceptions(out: &mut dyn Write, exceptions: &[Exception], event: &Event<'_>) -> io::Result<()> {
    let names = [event.id.to_string(), format!("{} v{}", event.id, event.version)];
    for exception in exceptions.iter().filter(|e| e.events.iter().any(|name| names.contains(name))) {
        writeln!(out, "  note on {}: {}", exception.fact, exception.note)?;
    }
    Ok(())
}
